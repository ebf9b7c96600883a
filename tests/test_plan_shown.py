"""A plan as people see it: its tables, its page, and the command that writes them."""

import json
import re
import shutil
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from hostile import HOSTILE, planted
from made_plans import giving, made_alternatives, planned_for
from map_pages import carried
from python_calamine import CalamineWorkbook
from small_folder import households, write_folder
from typer.testing import CliRunner

from eco.cli import app
from eco.files import seal_of
from eco.phrases import WORDS, word
from eco.planning.options import PARTS
from eco.planning.plans import PLAN_COLUMNS
from eco.sharing.plan_facts import checks, given_by, plan_summary
from eco.sharing.plan_page import plan_chapter, write_plan_page
from eco.sharing.plan_tables import MOST_SHEETS, write_plan_json, write_plan_list, write_plan_tables

LANGS = ["zh", "en"]


@pytest.fixture
def planned(toy_project):
    """Makes a plan for a toy project."""

    def make(project=None, **more):
        return planned_for(project or toy_project, **more)

    return make


# ---- tables


def test_csv_has_exactly_the_doors_columns_and_all_of_the_plan(tmp_path, planned):
    plan = planned()
    shuffled = replace(plan, chosen=plan.chosen[sorted(plan.chosen)].assign(secret="x"))
    write_plan_tables(shuffled, tmp_path)
    raw = (tmp_path / "plan.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf" + ",".join(PLAN_COLUMNS).encode() + b"\n")
    table = pd.read_csv(tmp_path / "plan.csv", dtype={"household_id": str})
    assert tuple(table.columns) == PLAN_COLUMNS
    fen = plan.options.fen()[plan.taken].sum()
    assert round(table["cost_yuan"].sum() * 100) == fen and round(plan.spent_yuan * 100) == fen
    taken = plan.options.bundles.iloc[plan.taken]
    units = table.groupby("livelihood")["units"].sum()
    for livelihood, column in (("bees", "hives"), ("juncao", "juncao_mu"), ("forest_guard", "guard_posts")):
        assert units[livelihood] == taken[column].sum() > 0
    assert set(table["household_id"]) == set(taken["household_id"])
    assert seal_of(tmp_path / "plan.csv") == "whole" and seal_of(tmp_path / "plan.xlsx") == "none"


def list_rows(path):
    """Rows of all lists of a workbook, by the Chinese headings."""
    book = CalamineWorkbook.from_path(str(path))
    rows = []
    for name in book.sheet_names[2:]:
        cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        rows += [dict(zip(cells[2], row)) | {"sheet": name} for row in cells[4:]]
    return book.sheet_names, rows


def test_the_list_has_a_sheet_a_township_and_a_row_for_everything_that_is_given(
    tmp_path, planned, toy_project
):
    plan = planned()
    names, rows = list_rows(write_plan_list(tmp_path / "plan.xlsx", plan))
    assert names == ["说明 read me", "各乡镇合计 by township", "甲川镇", "乙川镇", "丙川镇"]
    key = ["household_id", "livelihood"]
    mine = plan.chosen.set_index(key).sort_index()
    what = {WORDS[name].zh: name for name in ("bees", "juncao", "forest", "plan_forest_guard")}
    assert len(rows) == len(mine)
    for row in rows:
        livelihood = what[row["给什么"].split(" ")[0]].removeprefix("plan_")
        own = mine.loc[(row["户编号"], livelihood)]
        assert (row["数量"], row["费用（元，规划期合计）"]) == (own["units"], own["cost_yuan"])
        assert row["单位"].split(" ")[0] == WORDS[f"plan_unit_{livelihood}"].zh
        assert (row["sheet"], row["村"], row["开始年度"]) == (own["township"], own["village"], own["year"])
        assert row["办结"] == row["备注"] == "" and row["人口"] > 0
    sums = CalamineWorkbook.from_path(str(tmp_path / "plan.xlsx")).get_sheet_by_name(names[1]).to_python()
    assert sum(row[-2] for row in sums[4:]) == plan.spent_yuan


def test_what_must_be_checked_is_said_with_who_checks_it_and_a_place_to_tick(tmp_path, planned):
    plan = planned()
    asked = checks(plan)
    told = set(zip(asked["household_id"], asked["livelihood"], asked["reason"]))
    # By hand: only what the reason is about, and of nothing that is not given.
    bundles = plan.options.bundles.iloc[plan.taken]
    by_hand = set()
    for _, row in bundles[bundles["to_check"] != ""].iterrows():
        for reason in row["to_check"].split(","):
            about = {"forage": ["bees"], "slope": ["juncao", "forest"], "farmland": ["forest"]}[reason]
            column = {"bees": "hives", "juncao": "juncao_mu", "forest": "forest_mu"}
            by_hand |= {(row["household_id"], one, reason) for one in about if row[column[one]] > 0}
    assert told == by_hand and {reason for _, _, reason in told} == {"forage", "slope", "farmland"}
    path = write_plan_list(tmp_path / "plan.xlsx", plan)
    _, rows = list_rows(path)
    for row in rows:
        reasons = {reason for home, livelihood, reason in told if home == row["户编号"]}
        for reason in ("forage", "slope", "farmland"):
            assert (WORDS[f"plan_why_{reason}"].zh in row["待核：为什么"]) == (reason in reasons)
            assert (WORDS[f"plan_who_{reason}"].zh in row["谁来核"]) == (reason in reasons)
    book = openpyxl.load_workbook(path)
    sheet = book["甲川镇"]
    assert sheet.freeze_panes == "C5" and sheet.auto_filter.ref.startswith("A4:")
    assert sheet.print_title_rows == "$3:$4" and sheet.page_setup.orientation == "landscape"
    ticks = [rule for rule in sheet.data_validations.dataValidation if rule.formula1 == '"✓"']
    assert len(ticks) == 2 and all(str(rule.sqref).split(":")[0].endswith("5") for rule in ticks)


def test_heads_names_are_masked_and_hostile_texts_stay_texts(tmp_path, planned, toy_project):
    names = toy_project.households["head_name"].tolist()
    path = write_plan_list(tmp_path / "plan.xlsx", planned())
    _, rows = list_rows(path)
    assert {row["户主"] for row in rows} <= {f"{name[:2]}***{name[-1]}" for name in names}
    assert not any(name in json.dumps(rows, ensure_ascii=False) for name in names)
    for seed in range(0, len(HOSTILE), 6):
        project = planted(toy_project, seed=seed)
        path = write_plan_list(tmp_path / "bad.xlsx", planned(project))
        book = openpyxl.load_workbook(path)
        cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
        assert {cell.data_type for cell in cells} <= {"s", "n"}
        assert not any(cell.hyperlink for cell in cells)
        assert len(book.sheetnames) == len({name.lower() for name in book.sheetnames}) == 5
        assert all(len(name) <= 31 for name in book.sheetnames)


def test_many_townships_stand_in_one_list_with_a_filter(tmp_path, planned):
    plan = planned()
    code = pd.Series(plan.options.household % (MOST_SHEETS + 1))
    bundles = plan.options.bundles.assign(
        township_code="6211" + code.astype(str).str.zfill(5) + "000", township="镇" + code.astype(str)
    )
    taken = bundles.groupby("township_code").head(1).index.to_numpy()
    plan = giving(replace(plan.options, bundles=bundles), {
        bundles["household_id"][row]: next(name for name in PARTS.values() if bundles[name][row] > 0) for row in taken
    })  # fmt: skip
    assert plan.options.bundles.iloc[plan.taken]["township_code"].nunique() > MOST_SHEETS
    names, rows = list_rows(write_plan_list(tmp_path / "plan.xlsx", plan))
    assert names[2:] == ["清单 list"] and len(rows) == len(plan.chosen)
    assert {row["乡镇"] for row in rows} == set(plan.chosen["township"])


def test_same_plan_same_bytes_and_no_traces(tmp_path, planned):
    plan = planned()
    for name in ("a", "b"):
        write_plan_tables(plan, tmp_path / name)
        write_plan_json(plan, tmp_path / name / "plan.json")
        write_plan_page(tmp_path / name / "plan.html", plan)
    for file in ("plan.csv", "plan.xlsx", "plan.json", "plan.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_json_says_what_was_asked_and_how_good_it_is(tmp_path, planned):
    plan = planned()
    write_plan_json(plan, tmp_path / "plan.json")
    told = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    part = told["plan"]
    assert part == json.loads(json.dumps(plan_summary(plan)))
    assert part["budget_yuan"] == 3_000_000 and part["spent_yuan"] == plan.spent_yuan <= part["budget_yuan"]
    for name in ("status", "unit", "reached", "bound", "gap"):
        assert part[name] == pytest.approx(getattr(plan, name), abs=1e-3)
    assert part["first_year"] == 2021
    assert [rule["zh"] for rule in part["rules"]] == [rule.said.zh for rule in plan.rules]
    assert part["notes"] == [{"zh": note.zh, "en": note.en} for note in plan.notes]
    assert told["sha256"] == plan.options.exposure.project.inputs
    assert not re.search(r"HH\d|测试户", (tmp_path / "plan.json").read_text(encoding="utf-8"))


# ---- page


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_opens_alone_and_says_question_answer_and_proof(tmp_path, planned, open_page, lang):
    plan = planned()
    outcome = pd.DataFrame(
        [("lifted", "达线人口", "persons above", 100.0, 130.0, 30.0, 20.0, 41.0, 33.0)],
        columns=["measure", "label_zh", "label_en", "without", "with", "difference", "p10", "p90", "planned"],
    )
    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63646060f80f"
        "00010501013f5a2d5b0000000049454e44ae426082"
    )
    write_plan_page(
        tmp_path / "plan.html", plan, lang=lang, outcome=outcome, front=picture, alternatives=made_alternatives(plan)
    )  # fmt: skip
    opened = open_page(tmp_path / "plan.html")
    assert opened.asks() == [] and opened.complaints == []
    assert opened.page.evaluate("document.scripts.length") == 0
    said = opened.page.inner_text("body")
    for key in (
        "asked",
        "rules",
        "prices",
        "by_county",
        "by_township",
        "outcome",
        "front",
        "alternatives",
        "checks",
    ):
        assert word(f"plan_{key}", lang) in said
    foreign = "en" if lang == "zh" else "zh"
    assert word("plan_by_county", foreign) not in said
    assert f"{len(plan.taken):,}" in said and f"{plan.gap:.2%}" in said
    assert "+30" in said and "+41" in said
    assert word("plan_not_decided", lang) in said
    assert not re.search(r"HH\d|测试户", opened.page.content())
    for width in opened.page.evaluate("[...document.querySelectorAll('.stack')].map(bar => [...bar.children].reduce("
                                      "(sum, piece) => sum + parseFloat(piece.style.width), 0))"):  # fmt: skip
        assert 0 < width <= 100.1
    phone = open_page(tmp_path / "plan.html", width=390, height=780)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_places_on_the_page_add_up_to_the_plan_and_prices_are_said_in_words(planned):
    plan = planned()
    chapter = plan_chapter(plan, lang="en")
    by_county = next(part for part in chapter.parts if part.title == word("plan_by_county", "en"))
    households = [int(row[1].replace(",", "")) for row in by_county.rows]
    assert sum(households) == len(plan.taken)
    assert sum(float(row[-1].replace(",", "")) for row in by_county.rows) == pytest.approx(
        plan.spent_yuan / 1e4, abs=0.1
    )
    table = given_by(plan, "village")
    assert (
        table["cost_yuan"].sum() == pytest.approx(plan.spent_yuan)
        and table["cost_yuan"].is_monotonic_decreasing
    )
    prices = next(part for part in chapter.parts if part.title == word("plan_prices", "en"))
    eased = {row[0]: row[1:] for row in prices.rows}
    assert eased["the floor of the first township"] == ["10,000 yuan less", "+40 yuan a year"]
    assert eased[plan.prices["label_en"][0]] == ["10,000 yuan more", "+2,100 yuan a year"]
    meadow = plan.prices[plan.prices["unit"] == "share of a meadow"].iloc[0]
    assert eased[meadow["label_en"]][0] == "1 % of its flowers more"


def test_lifting_says_whom_it_favours(planned):
    assert word("plan_creams") in plan_chapter(planned(aim="lifted")).notes
    assert word("plan_creams") not in plan_chapter(planned()).notes


@pytest.mark.parametrize("seed", range(0, len(HOSTILE), 7))
def test_hostile_texts_on_the_page_do_nothing(tmp_path, planned, toy_project, open_page, seed):
    plan = planned(planted(toy_project, seed=seed))
    write_plan_page(tmp_path / "plan.html", plan)
    opened = open_page(tmp_path / "plan.html")
    assert opened.asks() == [] and opened.complaints == []
    assert opened.page.evaluate("window.owned === undefined && document.scripts.length === 0")
    shown = opened.page.evaluate("[...document.querySelectorAll('td')].map(one => one.textContent)")
    for name in plan.options.bundles["county"].iloc[plan.taken].unique():
        assert name.replace("\r", "\n") in shown


# ---- the command


def eco(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("small") / "county", households=households(120))


def test_the_command_leaves_four_papers_straight_in_its_folder(tmp_path, folder, open_page):
    done = eco("plan", folder, "--budget-yuan", 100_000, "--out", tmp_path, "--draws", 30, "--time-limit", 20)
    assert done.exit_code == 0, done.output
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {
        "plan.csv", "plan.csv.sha256", "plan.xlsx", "plan.json", "plan.json.sha256", "plan.html", "plan.html.sha256",
    }  # fmt: skip
    told = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["plan"]
    table = pd.read_csv(tmp_path / "plan.csv")
    assert tuple(table.columns) == PLAN_COLUMNS and len(table)
    assert table["cost_yuan"].sum() == pytest.approx(told["spent_yuan"]) and told["spent_yuan"] <= 100_000
    assert told["value"] == "gap" and told["first_year"] == 2021 and told["bound"] >= told["reached"] > 0
    assert told["status"] in ("optimal", "within gap", "time limit")
    assert told["answer"]["zh"] in re.sub(r"\n", "", done.output)
    _, rows = list_rows(tmp_path / "plan.xlsx")
    assert len(rows) == len(table)
    opened = open_page(tmp_path / "plan.html")
    assert told["answer"]["zh"] in opened.page.inner_text("body") and opened.complaints == []


def test_floor_years_and_value_reach_the_planner(tmp_path, folder):
    done = eco(
        "plan", folder, "--budget-yuan", 60_000, "--out", tmp_path, "--draws", 30, "--time-limit", 20,
        "--years", 3, "--value", "lifted", "--township-floor", 0.1, "--lang", "en",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["plan"]
    assert (told["value"], told["unit"], told["years"]) == ("lifted", "persons", 3)
    assert any("10 %" in rule["en"] for rule in told["rules"])
    table = pd.read_csv(tmp_path / "plan.csv")
    assert (table.groupby("township")["cost_yuan"].sum() >= 6000 - 0.01).all() and table[
        "township"
    ].nunique() == 2
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert word("plan_creams", "en") in page and word("plan_asked", "en") in page


def test_a_bad_budget_is_a_sentence_and_leaves_nothing(tmp_path, folder):
    done = eco("plan", folder, "--budget-yuan", 10, "--out", tmp_path / "o", "--draws", 30)
    assert done.exit_code == 2 and "E-PLAN-42" in done.output and "Traceback" not in done.output
    assert not (tmp_path / "o").exists()


def test_help_says_that_lifting_creams():
    said = re.sub(r"\s+", " ", eco("plan", "--help").output)
    assert "creams those nearest the line" in said and "[default: gap]" in said
    assert "--budget-yuan" in eco("run", "--help").output


def test_run_with_a_budget_puts_the_plan_everywhere(tmp_path, folder):
    shutil.copytree(folder, tmp_path / "in")
    out = tmp_path / "out"
    done = eco("run", tmp_path / "in", "--out", out, "--budget-yuan", 100_000, "--draws", 30)
    assert done.exit_code == 0, done.output
    for name in ("plan.csv", "plan.xlsx", "summary.json", "report.html"):
        assert (out / "internal" / name).is_file()
    summary = json.loads((out / "internal/summary.json").read_text(encoding="utf-8"))
    assert summary["year"] == 2020 and summary["plan"]["first_year"] == 2021
    report = (out / "internal/report.html").read_text(encoding="utf-8")
    assert word("plan_title") in report and summary["plan"]["answer"]["zh"] in report
    spent = {}
    for edition in ("county", "public"):
        data = carried(out / edition / "map.html")
        assert "plan" in [theme["key"] for theme in data["themes"]]
        spent[edition] = sum(yuan or 0 for yuan in data["places"]["county"]["columns"]["plan_cost_yuan"])
    assert spent["county"] == pytest.approx(summary["plan"]["spent_yuan"], abs=2)
    ticked = tmp_path / "plain/internal/plan.xlsx"  # of an earlier run: somebody may have written into it
    ticked.parent.mkdir(parents=True)
    ticked.write_bytes(b"ticked")
    without = eco("run", tmp_path / "in", "--out", tmp_path / "plain", "--draws", 30)
    assert without.exit_code == 0 and not (tmp_path / "plain/internal/plan.csv").exists()
    assert ticked.read_bytes() == b"ticked"
    assert re.search(r"of an earlier run, not of this one:\s*\S*plan\.xlsx", without.output)
    assert "plan" not in json.loads((tmp_path / "plain/internal/summary.json").read_text(encoding="utf-8"))
