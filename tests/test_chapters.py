"""The report's chapters say what the functions say, in both languages, and never a number that is none."""

import re

import pytest
from small_projects import fixed, link_row, nothing_inferred, small_project

from eco.income.exposure import link
from eco.income.gains import estimate_gains
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


def test_yuan_and_land_stand_beside_each_other(gains):
    forest = rows(gains, "fiscal")["ecological forest"]
    assert forest[0] == "35.2" and forest[1] == "1.6" and forest[3] == "100"


def test_what_could_not_be_told_is_counted(gains):
    matters = rows(gains, "not be told")
    assert matters["distance of inferred links"] == ["straight line"]
    assert matters["yards of unknown flowers / over-full by nectar"] == ["1 / 0（1）"]
    assert matters["free seedlings beyond the nursery (mu)"] == ["2020: 500"]


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
