"""What a planner sees in a notebook: values in words, a live map, progress, sliders; a real kernel runs it."""

import csv
import json
import os
import pty
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient
from small_projects import fixed, link_row, small_project

import eco
from eco.income.comparison import compare_households
from eco.income.flowers import gift_assets, nectar_by_month
from eco.income.gains import estimate_gains
from eco.parameters.numbers import load_parameters
from eco.phrases import WORDS, Phrase
from eco.problems import DataProblem, Finding
from eco.records.showing import heading, heading_html, number_text, shown, unit_of
from eco.sharing.explore import Explored, explore
from eco.sharing.sliders import sliders
from eco.space.detective import DatumEvidence
from eco.waiting import waiting

ROOT = Path(__file__).parents[1]
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "'\" onmouseover='alert(1)",
    "${alert(1)} `x` {{7*7}} {0} {zh}",
    "=cmd|'/c calc'!A1",
    "\\</td></tr></table>\u202e反",
)
HOMES = [
    {"household_id": f"H{number}", "income_yuan_per_person": 3000.0 + 300 * number} for number in range(6)
]
LINKS = [
    link_row("H0", "F1", "guard", 1, "posts", 2019),
    link_row("H1", "F1", "planter", 40, "days", 2020),
    link_row("H2", "A1", "keeper", 6, "hives", 2018),
    link_row("H3", "J1", "grower", 5, "mu", 2020),
    link_row("H4", "F1", "lessor", 3, "mu", 2020),
]


def county(**said):
    rows = {
        "households": HOMES,
        "forest_plots": [{"plot_id": "F1", "land_class": "farmland", "planted_year": 2019}],
        "juncao_plots": [{"plot_id": "J1", "east": 400.0}],
        "apiaries": [{"apiary_id": "A1", "east": 900.0}],
        "links": LINKS,
    }
    return small_project(**(rows | said))


def estimated(draws=200, **said):
    numbers = load_parameters()
    return estimate_gains(eco.link(county(**said), numbers), numbers, draws=draws, seed=3)


@pytest.fixture(scope="module")
def gains():
    return estimated()


class _Reader(HTMLParser):
    """The elements and the text of some HTML, as a browser would see them."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.names, self.text = set(), set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


PLAIN = {
    "table",
    "thead",
    "tbody",
    "caption",
    "tr",
    "th",
    "td",
    "p",
    "small",
    "br",
    "b",
    "div",
    "span",
    "ul",
    "li",
}
PLAIN |= {"svg", "line", "rect", "path"}


def inert(page, *texts):
    """The page holds nothing but plain elements, and the texts stand in it letter by letter."""
    read = _Reader(page)
    assert read.tags <= PLAIN, read.tags - PLAIN
    assert not any(name.startswith("on") or name in ("src", "href") for name in read.names)
    for text in texts:
        assert text in read.text


# words


def tables_of(gains):
    """Every table that a planner is given, by where it comes from."""
    project, numbers = gains.exposure.project, gains.numbers
    cheaper = estimate_gains(
        gains.exposure,
        numbers.scaled("honey_price", 0.7, source="a test"),
        draws=gains.draws,
        seed=gains.seed,
    )
    payments = pd.DataFrame(
        {
            "household_id": ["H0"],
            "item": ["工资"],
            "amount_yuan": [8000.0],
            "paid_on": pd.to_datetime(["2020-06-01"]),
        }
    )
    paid = estimated(draws=20, tables={"payments": payments})
    finding = Finding(
        "E-X-01",
        "error",
        "households",
        "row 2",
        "persons",
        "0",
        Phrase("正数", "above 0"),
        Phrase("更正", "correct"),
    )
    return {
        "households": gains.households(),
        **{level: gains.by(level) for level in ("county", "township", "village")},
        "totals": gains.totals(),
        "classes": gains.classes(),
        "flows": gains.flows("H0"),
        "drivers": eco.drivers(gains),
        "drivers_by_flow": eco.drivers_by_flow(gains),
        "doubts": eco.doubts(gains),
        "compare": eco.compare(gains, cheaper),
        "compare_households": compare_households(gains, cheaper),
        "stress_table": eco.stress_table(gains),
        **{f"fairness {by}": eco.fairness(gains, by=by) for by in ("file", "main_cause", "county")},
        "left_behind": eco.left_behind(gains),
        "growth_alone": eco.growth_alone(gains),
        "allowances_at_risk": eco.allowances_at_risk(gains),
        "county_rate": eco.county_rate(gains, {"621102": 20_000.0}),
        "yuan_a_fiscal_yuan": eco.yuan_a_fiscal_yuan(gains),
        "grain_land": eco.grain_land(gains),
        "saturation": eco.saturation(project, numbers),
        "neighbours_loss": eco.neighbours_loss(project, numbers, 440_900.0, 3_920_000.0, 50.0),
        "gift_assets": gift_assets(gains.exposure.links, numbers),
        "nectar_by_month": nectar_by_month(project, numbers),
        "backtest": eco.backtest(gains, ROOT / "data" / "dingxi" / "published_facts.csv"),
        "against_payments": eco.against_payments(paid),
        "findings": eco.findings_table([finding]),
        "left_out": project.left_out,
        "numbers": numbers.table(),
        **{name: getattr(gains.exposure, name) for name in ("links", "unallotted", "overbooked", "untold")},
        "exposure": gains.exposure.households,
        **{name: table.drop(columns="geometry", errors="ignore") for name, table in project.tables.items()},
    }


def wordless(table):
    """Columns (and measures) of a table that no catalogue has a word for."""
    frame = table.reset_index() if table.index.name else table
    names = [name for name in frame if name not in ("zh", "en", "with")]
    names = {name.removesuffix("_zh").removesuffix("_en") for name in names}
    if "measure" in frame and "label_zh" not in frame:
        names |= set(frame["measure"])
    return sorted(name for name in names if heading(name) is None)


def test_every_column_has_words_in_both_languages(gains):
    missing = {name: wordless(table) for name, table in tables_of(gains).items()}
    assert {name: columns for name, columns in missing.items() if columns} == {}
    assert wordless(pd.DataFrame(columns=["persons", "bee_mood"])) == ["bee_mood"]  # the walk can fail


def test_every_table_shows_without_a_raw_name(gains):
    for name, table in tables_of(gains).items():
        page = shown(table)._repr_html_()
        heads = _Reader(page[: page.index("</thead>")]).text
        assert "_" not in heads, (name, heads)
        inert(page)


def test_headings_carry_units_in_both_languages():
    said = {
        "gain_yuan_p10": ("年增收 P10（元）", "gain a year, P10 (yuan)"),
        "farmland_mu": ("占用耕地（亩）", "farmland taken (mu)"),
        "free_days": ("可用劳动日", "free days"),
        "nectar_kg": ("分到的花蜜（公斤）", "its share of nectar (kg)"),
        "hives_in_reach": ("采集范围内蜂箱", "hives in reach"),
        "chance_of_loss": ("减收的可能", "chance of loss"),
    }
    for name, (zh, en) in said.items():
        text = _Reader(heading_html(name, unit_of(name))).text
        assert text.startswith(zh) and en in text, text
    assert unit_of("chance_of_loss") == unit_of("share_of_livelihood") == "share"


def test_catalogue_has_each_key_once_and_every_word_in_chinese():
    with (ROOT / "eco" / "words.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    keys = [row[0] for row in rows]
    assert all(len(row) == 3 for row in rows) and len(set(keys)) == len(keys)
    assert all(words.zh for words in WORDS.values())


# tables and values


def test_numbers_are_grouped_shares_are_per_cent_and_a_gap_is_explained():
    table = pd.DataFrame(
        {
            "household_id": ["H1", "H2"],
            "gain_yuan_mean": [1234567.8, -0.4],
            "chance_above_line": [0.256, np.nan],
            "year": [2020, 2019],
            "persons": [3, 12_000],
            "linked": [True, False],
        }
    )
    page = shown(table)._repr_html_()
    read = _Reader(page).text
    for text in ("1,234,568", "25.6 %", "2020", "12,000", "是", "否", "–", "年增收 均值（元）"):
        assert text in read
    assert "2,020" not in read and "-0<" not in page and "nan" not in read.lower()
    assert WORDS["missing_chance_above_line"].zh in read
    assert WORDS["missing_chance_above_line"].zh not in _Reader(shown(table.head(1))._repr_html_()).text
    assert table["gain_yuan_mean"].iloc[0] == shown(table).table["gain_yuan_mean"].iloc[0] == 1234567.8


def test_a_long_table_says_how_much_of_it_is_shown():
    page = shown(pd.DataFrame({"persons": range(5000)}), rows=50)._repr_html_()
    assert page.count("<tr>") == 51 and "前 50 行，共 5,000 行" in page
    assert WORDS["shown_none"].zh in shown(pd.DataFrame({"persons": []}))._repr_html_()


def test_personal_columns_are_masked():
    table = pd.DataFrame(
        {
            "household_id": ["H1"],
            "head_name": ["测试户甲"],
            "id_number": ["622421197001010013"],
            "phone": ["13900000000"],
        }
    )
    read = _Reader(shown(table)._repr_html_()).text
    assert "H1" in read and not any(
        text in read for text in ("测试户甲", "622421197001010013", "13900000000")
    )


@pytest.mark.parametrize("payload", HOSTILE)
def test_hostile_text_is_text_in_every_value(payload):
    said = Phrase(payload, payload)
    finding = Finding("E-X-01", "error", "households", payload, payload, payload, said, said)
    number = replace(load_parameters()["honey_price"], label=said, note=payload)
    evidence = DatumEvidence("cannot tell", None, None, said, 3, why=said)
    project = replace(county(name=payload), findings=(finding,))
    numbers = load_parameters()
    numbers = replace(numbers, values={**numbers.values, "honey_price": number})
    gains = estimate_gains(eco.link(project, numbers), numbers, draws=20, seed=1)
    inert(finding._repr_html_(), payload)
    inert(DataProblem([finding])._repr_html_(), payload)
    inert(evidence._repr_html_(), payload)
    inert(number._repr_html_(), payload)
    inert(numbers._repr_html_(), payload)
    inert(project._repr_html_(), payload)
    inert(gains._repr_html_())
    inert(gains.exposure._repr_html_())
    inert(shown(pd.DataFrame({payload: [payload]}))._repr_html_(), payload)
    what_if = sliders(gains, ["honey_price"])
    what_if.sliders["honey_price"].value = 70
    inert(what_if.picture.value, payload)
    for part in (what_if.box.children[0], what_if.box.children[1].children[0]):
        inert(part.value, payload)


def test_values_say_what_they_are_in_chinese_first(gains):
    values = (gains, gains.exposure, gains.numbers, gains.numbers["honey_price"], gains.exposure.project)
    for value in values:
        read = _Reader(value._repr_html_()).text.strip()
        assert "\u4e00" <= read[0] <= "\u9fff", read[:40]
    assert "honey_price" in gains.numbers["honey_price"]._repr_html_()
    assert "4 – " not in number_text(4.0)


# the map


def test_explore_is_the_sealed_page_in_a_frame_that_runs_no_more_than_itself(
    toy_project, toy_gains, open_page, tmp_path
):
    told = explore(toy_gains(replace(toy_project)), height=500)
    frame = told._repr_html_()
    assert frame.startswith("<iframe sandbox='allow-scripts' ") and "height:500px" in frame
    assert _Reader(frame).tags == {"iframe"}
    path = tmp_path / "notebook.html"
    path.write_text(f"<meta charset=utf-8><title>notebook</title>{frame}", encoding="utf-8")
    opened = open_page(path)
    inside = opened.page.frames[1]
    assert (
        inside.evaluate("document.title")
        and inside.evaluate("document.querySelectorAll('canvas').length") > 0
    )
    assert (
        inside.evaluate("(() => { try { return parent.document.title } catch (error) { return 'shut' } })()")
        == "shut"
    )
    assert opened.asks() in ([], ["about:srcdoc"]) and opened.complaints == []


def test_explore_keeps_page_and_title_inside_their_quotes():
    page = '<p title="a">it\'s &amp; <b>&#39;</b></p>'
    attributes = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            attributes.update(attrs)

    Reader().feed(Explored(page, "x' onload='alert(1)", 400)._repr_html_())
    assert attributes["srcdoc"] == page and attributes["title"] == "x' onload='alert(1)"
    assert set(attributes) == {"sandbox", "title", "srcdoc", "style"}


@pytest.mark.parametrize(("how", "code"), [({"edition": "household"}, "E-NB-01"), ({"height": 3}, "E-NB-02")])
def test_explore_refuses_in_a_sentence(toy_project, toy_gains, how, code):
    with pytest.raises(DataProblem) as caught:
        explore(toy_gains(toy_project), **how)
    assert caught.value.findings[0].code == code


# sliders


def test_a_slider_moves_the_answer_as_the_estimate_itself_would_and_reset_brings_it_back(gains):
    what_if = sliders(gains, ["honey_price", "guard_wage"], draws=100)
    before, first = what_if.now.totals(), what_if.picture.value
    what_if.sliders["honey_price"].value = 75
    by_hand = estimate_gains(
        gains.exposure, gains.numbers.replace("honey_price", mode=75, source="by hand"), draws=100, seed=3
    )
    pd.testing.assert_frame_equal(what_if.now.totals(), by_hand.totals())
    assert what_if.now.totals()["mean"]["bees_yuan"] < before["mean"]["bees_yuan"]
    assert what_if.picture.value != first and "蜂蜜出售价 = 75 yuan/kg" in what_if.picture.value
    source = what_if.numbers["honey_price"].source
    assert source.kind == "override" and "假设" in source.title and "what if" in source.title
    assert (
        what_if.numbers["guard_wage"] == gains.numbers["guard_wage"]
    )  # what stands still is drawn as before
    drawn = []
    what_if.picture.observe(lambda change: drawn.append(change), names="value")
    what_if.sliders["guard_wage"].value = 9000
    what_if.reset.click()
    assert len(drawn) == 2  # reset draws once, however many sliders go home
    assert what_if.picture.value == first and what_if.changes == {}
    pd.testing.assert_frame_equal(what_if.now.totals(), before)


def test_a_slider_stays_within_its_range_and_says_unit_grade_and_name(gains):
    what_if = sliders(gains, ["honey_price"])
    number, slider = gains.numbers["honey_price"], what_if.sliders["honey_price"]
    slider.value = 10_000
    assert (slider.min, slider.max, slider.value) == (number.low, number.high, number.high)
    read = _Reader(what_if.box.children[1].children[0].value).text
    for text in (number.label.zh, number.label.en, number.unit, f"grade {number.source.grade}"):
        assert text in read


def test_the_five_sliders_are_the_heaviest_that_one_can_picture(gains):
    names = list(sliders(gains).sliders)
    ranked = list(eco.drivers(sliders(gains, ["honey_price"])._gains)["parameter"])
    assert len(names) == 5 and len(set(names)) == 5
    places = [
        ranked.index(
            "frost_year"
            if name == "frost_year_prob"
            else "juncao_failure"
            if name == "juncao_failure_prob"
            else name
        )
        for name in names
    ]
    assert places == sorted(places)
    assert all(gains.numbers[name].low < gains.numbers[name].high for name in names)


def test_sliders_show_counties_intervals_and_the_difference(gains):
    what_if = sliders(gains, ["guard_wage"])
    what_if.sliders["guard_wage"].value = 10_000
    difference = eco.compare(what_if._gains, what_if.now).set_index("measure").loc["gain_yuan"]
    read = _Reader(what_if.picture.value).text
    assert f"{difference['difference'] / 1e4:+,.0f}" in read
    for text in ("安定区", "有项目时达线人口", "假设情景", "what if", "P10"):
        assert text in read
    page = what_if.picture.value
    assert page.count("<svg") == 4 + 2  # four totals, two counties


def test_sliders_of_a_year_without_a_line_leave_the_line_out():
    gains = estimated(draws=20, line_yuan_per_person={})
    read = _Reader(sliders(gains, ["guard_wage"], year=1999).picture.value).text
    assert "年增收" in read and "有项目时达线人口" not in read


def test_sliders_refuse_in_a_sentence(gains, monkeypatch):
    with pytest.raises(DataProblem, match="honey_price"):
        sliders(gains, ["hony_price"])
    flat = estimate_gains(gains.exposure, fixed(), draws=20)
    with pytest.raises(DataProblem, match="E-NB-04"):
        sliders(flat, ["honey_price"])
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(DataProblem, match=r'pip install "eco\[jupyter\]"'):
        sliders(gains)


# progress and the kernel

SLOW = """
import time
from eco.waiting import waiting
with waiting('wait_map') as wait:
    wait.count(1, 4)
    time.sleep(1.6)
"""
NESTED = "with waiting('wait_map') as wait:\n    with waiting('wait_link'):\n        time.sleep(1.6)\n"
QUICK = "with waiting('wait_map') as wait:\n    time.sleep(0.2)\n"


def run(*cells):
    """The outputs of cells run in a real kernel, cell by cell."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(
        book, timeout=300, allow_errors=True, resources={"metadata": {"path": str(ROOT / "tests")}}
    ).execute()
    return [cell.outputs for cell in book.cells], book


def test_a_real_kernel_shows_values_progress_sliders_and_faults():
    outputs, book = run(
        "import eco\nfrom test_jupyter import estimated\ngains = estimated(draws=50)\ngains",
        "eco.shown(gains.totals())",
        "what_if = eco.sliders(gains, ['honey_price'])\nwhat_if",
        "before = what_if.now.totals()['mean']['bees_yuan']\nwhat_if.sliders['honey_price'].value = 75\n"
        "print(what_if.now.totals()['mean']['bees_yuan'] < before)",
        SLOW,
        NESTED,
        QUICK,
        "gains.answer(1066)",
    )
    value, table, widget, moved, slow, nested, quick, fault = outputs
    assert "测算" in value[-1]["data"]["text/html"] and "Gains(" in value[-1]["data"]["text/plain"]
    assert "年增收（元）" in table[-1]["data"]["text/html"]
    bundle = widget[-1]["data"]
    assert set(bundle) >= {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    state = book.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] in state
    assert "蜂蜜出售价 = 75" in json.dumps(state, ensure_ascii=False)
    assert [out["text"].strip() for out in moved if out["output_type"] == "stream"] == ["True"]
    assert len(slow) == len(nested) == 1
    for out in (*slow, *nested):
        assert "✓ 画地图 draw the map" in out["data"]["text/html"]
    assert quick == []
    assert fault[-1]["output_type"] == "error"
    said = "\n".join(fault[-1]["traceback"])
    assert "E-EST-05" in said and "1066" in said and "Traceback" not in said and ".py" not in said


def test_a_script_shows_nothing():
    done = subprocess.run(
        [sys.executable, "-c", SLOW + NESTED], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def _on_a_terminal(*arguments):
    """What a program writes to a terminal that a person looks at."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm"},
    ) as child:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            said += part
        child.wait(60)
    os.close(ours)
    return said.decode("utf-8", errors="replace")


def test_a_person_at_a_prompt_sees_a_bar_and_a_script_on_a_terminal_none():
    leave = "import os\nos._exit(0)\n"
    seen = _on_a_terminal("-i", "-c", SLOW + leave)
    assert "画地图" in seen and "draw the map" in seen
    assert "画地图" not in _on_a_terminal("-c", SLOW + leave)
    assert "画地图" not in _on_a_terminal(
        "-i", "-c", "import time\nfrom eco.waiting import waiting\n" + QUICK + leave
    )


def test_waiting_costs_nothing_where_nobody_looks():
    begun = time.perf_counter()
    for _ in range(1000):
        with waiting("wait_map"):
            pass
    assert time.perf_counter() - begun < 1.0
