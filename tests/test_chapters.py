"""The report's chapters say what the functions say, in both languages, and never a number that is none."""

import re
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest
from small_projects import fixed, link_row, nothing_inferred, small_project

from eco.income.backtest import FACT_COLUMNS
from eco.income.exposure import link
from eco.income.gains import estimate_gains
from eco.parameters.numbers import load_parameters
from eco.phrases import word
from eco.sharing.chapters import chapters
from eco.sharing.report import write_report


@pytest.fixture(scope="module")
def gains():
    project = small_project(
        households=[{"household_id": "H0"}, {"household_id": "H1", "income_yuan_per_person": 4500.0}],
        forest_plots=[{"plot_id": "F1", "land_class": "farmland"}],
        juncao_plots=[{"plot_id": "J1", "area_mu": 3000.0}],
        apiaries=[{"apiary_id": "B1"}],
        links=[link_row("H0", "F1", "guard", 1, "posts", 2019)],
    )
    numbers = nothing_inferred(fixed(guard_wage=8000))
    return estimate_gains(link(project, numbers), numbers, draws=300, seed=1)


def rows(gains, title):
    chapter = next(one for one in chapters(gains, 2020, lang="en") if title in one.title)
    return {row[0]: row[1:] for row in chapter.rows}


def test_a_guards_pay_is_a_wage_that_recurs(gains):
    classes = rows(gains, "income class")
    assert classes["A17a wage"][:3] == ["0.8", "0.0", "0.8"] and classes["A19 net income"][2] == "0.8"


def test_who_is_left_out_and_who_falls(gains):
    assert rows(gains, "left out")["621102 安定区"] == ["2", "1", "0", "0"]
    late = rows(gains, "hurts")["wages a year late: none this year"]
    assert late[0].startswith("-0.8") and late[2] == "1 / 4"


def test_growth_is_told_apart_from_the_programme(gains):
    grown = rows(gains, "Growth alone")
    assert next(iter(grown)) == "0%" and grown["0%"][1] == "0"
    assert all(int(row[0]) >= int(grown["0%"][0]) for row in grown.values())


def test_allowances_that_may_fall_are_shown_and_not_taken_off(gains):
    assert rows(gains, "may be cut") == {"none": ["0", "0", "0.0"]}


def test_yuan_and_land_stand_beside_each_other(gains):
    forest = rows(gains, "fiscal")["ecological forest"]
    assert forest[0] == "35.2" and forest[1] == "0.0" and forest[3] == "1.6" and forest[4] == "100"


def test_what_could_not_be_told_is_counted(gains):
    matters = rows(gains, "not be told")
    assert matters["distance of inferred links"] == ["straight line"]
    assert matters["yards of unknown flowers / over-full by nectar"] == ["1 / 0（1）"]
    assert matters["free seedlings beyond the nursery (mu)"] == ["2020: 500"]


PUBLISHED = [
    {"kind": "forest", "quantity": "90", "unit": "mu", "use": "input"},
    {"kind": "forest", "stated_income": "9000", "income_unit": "yuan/hh-yr", "year": "2020", "use": "check"},
    {"kind": "bees (plan)", "quantity": "500", "unit": "hives", "use": "check"},
]


def published():
    blank = {**dict.fromkeys(FACT_COLUMNS, ""), "county": "安定区", "town_village": "whole county"}
    return pd.DataFrame([blank | said for said in PUBLISHED])


def chapter_of_facts(gains, lang, facts):
    title = {"zh": "与公布的数对照", "en": "Beside what was published"}[lang]
    return next((one for one in chapters(gains, 2020, lang=lang, facts=facts) if one.title == title), None)


def test_the_model_stands_beside_what_was_published_and_claims_no_pass_rate(gains):
    told = chapter_of_facts(gains, "en", published())
    assert [row[1:3] for row in told.rows] == [["90", "100"], ["9,000", "8,000"]]
    assert told.rows[0][5] == "went into the model: tests nothing" and "press chooses" in told.rows[1][5]
    for said in ("2 published numbers", "1 of them went into it", "only 0 have an interval", "no pass rate"):
        assert said in told.note
    assert "a plan, nothing done yet 1" in told.note
    chinese = chapter_of_facts(gains, "zh", published())
    assert chinese.rows[0][0] == "安定区 生态林项目规模（亩）"
    assert chinese.rows[1][0] == "安定区 生态林每户年毛收入（2020 年，元）"
    assert "不能据此说模型“合格率”多少" in chinese.note and not re.search("[a-z]{3}", str(chinese.rows))


def test_a_spread_gives_a_width_and_a_score():
    numbers = nothing_inferred(load_parameters())
    project = small_project(
        households=[{"household_id": "H0"}], forest_plots=[{"plot_id": "F1"}],
        links=[link_row("H0", "F1", "guard", 1, "posts", 2019)],
    )  # fmt: skip
    gains = estimate_gains(link(project, numbers), numbers, draws=300, seed=1)
    row = chapter_of_facts(gains, "en", published().iloc[1:2]).rows[0]
    spread = gains.totals(2020).loc["gross_receipts_yuan"]
    assert row[2] == f"{spread['mean']:,.0f}（{spread['p10']:,.0f} … {spread['p90']:,.0f}）"
    assert row[3] == f"{(spread['p90'] - spread['p10']) / spread['mean']:.2f}" and row[4] != "–"


def test_without_facts_or_a_payment_roll_nothing_is_held_beside_anything(gains):
    assert chapter_of_facts(gains, "en", None) is None
    roll = pd.DataFrame(
        {"household_id": ["H0"], "item": "护林员工资", "amount_yuan": [7000.0],
         "paid_on": pd.to_datetime(["2020-12-31"])}
    )  # fmt: skip
    project = gains.exposure.project
    paid = replace(project, tables={**project.tables, "payments": roll})
    again = estimate_gains(link(paid, gains.numbers), gains.numbers, draws=20, seed=1)
    assert chapter_of_facts(again, "en", None).rows[0][:3] == ["payment roll of 2020, yuan", "7,000", "8,000"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_three_accounts_persons_and_grades_stand_on_the_page(gains, tmp_path, lang):
    """A guard of 8,000 yuan in a household of four: linked are 4 persons, and her days have a price."""
    write_report(tmp_path / "report.html", gains, year=2020, lang=lang)
    text = unescape((tmp_path / "report.html").read_text(encoding="utf-8"))
    for key in ("gross", "register", "economic", "accounts"):
        assert word(f"report_{key}", lang) in text and word(f"report_{key}_why", lang) in text
    big = re.findall(r'class="big[^"]*">([-\d.,]+)', text)
    economic = gains.totals(2020).loc["gain_economic_yuan", "mean"]
    assert big == ["0.8", "0.8", f"{economic / 1e4:,.1f}"]
    linked = rf"{word('measure_persons_linked', lang)}</td><td class=\"num\">4</td><td class=\"num\">–"
    assert re.search(linked, text)
    assert word("line_own", lang) in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_chapter_is_whole_in_its_language(gains, tmp_path, lang):
    for chapter in chapters(gains, 2020, lang=lang):
        assert chapter.title and chapter.note and chapter.rows
        assert all(len(row) == len(chapter.headings) for row in chapter.rows)
        cells = " ".join(cell for row in chapter.rows for cell in row)
        assert not re.search(r"\bnan\b|\binf\b", cells)
    write_report(tmp_path / "report.html", gains, year=2020, lang=lang)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(chapter.title in text for chapter in chapters(gains, 2020, lang=lang))
