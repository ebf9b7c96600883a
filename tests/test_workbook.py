"""The workbook of an edition: numbers are numbers, texts texts, hidden is said, the bureau's own table filled."""

import re
import zipfile
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hostile import HOSTILE, as_shown, planted
from openpyxl.styles import Font, PatternFill

from eco.files import sha256
from eco.phrases import WORDS
from eco.problems import DataProblem
from eco.sharing.columns import HIDDEN, tables_of
from eco.sharing.fields import LAYERS
from eco.sharing.filled import _shifted
from eco.sharing.office import MOST_SIGNS
from eco.sharing.privacy.editions import EDITIONS
from eco.sharing.workbook import write_workbook

HEAD = 5  # the first row of numbers


def rows(book, sheet):
    return [list(row) for row in book[sheet].iter_rows(values_only=True)]


def table(book, sheet):
    """A sheet's rows by their Chinese headings."""
    all_rows = rows(book, sheet)
    return [dict(zip(all_rows[2], row)) for row in all_rows[HEAD - 1 :]]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("edition", ["county", "public"])
def test_every_level_stands_in_a_sheet_with_its_numbers(tmp_path, told, edition, lang):
    release = told(edition, lang)
    book = openpyxl.load_workbook(write_workbook(tmp_path / "t.xlsx", release))
    for level in ("county", "township", "village"):
        shown = table(book, WORDS[f"book_{level}"].say(lang))
        frame = release.places[level]
        assert [row["代码"] for row in shown] == list(frame.index)
        for row, (_, own) in zip(shown, frame.iterrows()):
            said, number = row["年增收（测算）(元)"], own["gain_yuan_mean"]
            assert said == HIDDEN if np.isnan(number) else said == pytest.approx(number, abs=0.006)
    assert book[WORDS["book_cover"].say(lang)]["A1"].value.startswith("样例县 · ")
    sheet = book[WORDS["book_village"].say(lang)]
    assert sheet.freeze_panes == "E5" and sheet.auto_filter.ref.startswith("A4:")
    assert sheet.print_title_rows == "$3:$4" and sheet.print_title_cols == "$A:$D"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet["G5"].number_format == "#,##0"
    assert [str(area.sqref) for area in sheet.conditional_formatting]


def test_hidden_numbers_are_a_sign_that_the_cover_explains(tmp_path, told):
    book = openpyxl.load_workbook(write_workbook(tmp_path / "t.xlsx", told("public")))
    shown = table(book, "村")
    hidden = [row for row in shown if row["人口(人)"] == HIDDEN]
    assert 4 <= len(hidden) < 12
    for row in hidden:
        assert {row[name] for name in list(row)[4:]} == {HIDDEN}
    for sheet in book.worksheets[1:]:
        body = [cell.value for line in sheet.iter_rows(min_row=HEAD) for cell in line]
        assert None not in body
    said = "\n".join(str(cell) for row in rows(book, "说明") for cell in row)
    assert WORDS["book_hidden"].zh in said and "随机种子 1" in said and "ab12cd34" in said


def test_only_the_county_edition_lists_households_and_those_under_pseudonyms(tmp_path, told, toy_project):
    assert (
        "农户（化名）"
        not in openpyxl.load_workbook(write_workbook(tmp_path / "p.xlsx", told("public"))).sheetnames
    )
    path = write_workbook(tmp_path / "c.xlsx", told("county"))
    homes = table(openpyxl.load_workbook(path), "农户（化名）")
    assert len(homes) == len(toy_project.households)
    assert all(re.fullmatch(r"H[0-9A-Z]{10}", row["化名"]) for row in homes)
    with zipfile.ZipFile(path) as parts:
        whole = b"".join(parts.read(name) for name in parts.namelist()).decode("utf-8", "replace")
    for column in ("household_id", "head_name", "id_number", "phone"):
        assert not any(value in whole for value in toy_project.households[column].astype(str))
    assert "农户（化名）" not in [name for name, columns in tables_of(told("household")) if columns]


def test_the_same_release_gives_the_same_bytes_and_names_nobody(tmp_path, told):
    one = write_workbook(tmp_path / "a.xlsx", told())
    two = write_workbook(tmp_path / "b.xlsx", told())
    assert sha256(one) == sha256(two)
    with zipfile.ZipFile(one) as parts:
        core = parts.read("docProps/core.xml").decode()
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert re.findall(r"<(?:dc|cp|dcterms):(\w+)", core) == ["coreProperties", "title"]


@pytest.mark.parametrize("seed", range(0, len(HOSTILE), 5))
def test_hostile_texts_stay_texts(tmp_path, told, toy_project, seed):
    project = planted(toy_project, seed=seed)
    path = write_workbook(tmp_path / "t.xlsx", told(project=project))
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name]
    assert sheets and not any(re.search(r"<f[ >/]|<hyperlink", text) for text in sheets)
    book = openpyxl.load_workbook(path)
    names = [row["村"] for row in table(book, "村")]
    for said, name in zip(names, project.villages.sort_values("code")["name"]):
        assert said == as_shown(name, MOST_SIGNS) and len(said.encode("utf-16-le")) <= 2 * MOST_SIGNS
    assert {cell.data_type for sheet in book for line in sheet.iter_rows() for cell in line} <= {"s", "n"}


def test_every_column_an_edition_may_carry_has_words():
    beside = {"name", "parent", "shown", "outline", "x", "y"}
    for edition in (EDITIONS["county"], EDITIONS["public"]):
        for layer, fields in LAYERS.items():
            known = {field.name for field in fields} | beside
            assert set(edition.columns.get(layer, ())) <= known, layer
    assert all(field.heading.zh and field.heading.en for fields in LAYERS.values() for field in fields)


def test_optional_parts_are_left_out_or_shown(tmp_path, told):
    totals = pd.DataFrame({"mean": [1.5], "p10": [1.0], "p50": [1.4], "p90": [np.nan]}, index=["gain_yuan"])
    drivers = pd.DataFrame(
        {
            "livelihood": ["bees"], "parameter": ["honey_price"], "label_zh": ["蜜价"], "label_en": ["honey price"],
            "unit": ["yuan/kg"], "share": [0.25], "grade": ["D"], "kind": ["judgement"], "source": ["x"],
        }
    )  # fmt: skip
    causes = pd.DataFrame(
        {
            "code": ["621102", ""], "main_cause": ["no_skill", "rest"], "label_zh": ["缺技术", "其余"],
            "label_en": ["no skill", "rest"], "households": [12.0, 30.0], "persons": [40.0, 90.0],
            "gain_yuan_mean": [100.0, 200.0],
        }
    )  # fmt: skip
    bare = replace(told(), totals=None, causes=None, drivers=None, sources=None, flows={}, years={})
    names = openpyxl.load_workbook(write_workbook(tmp_path / "a.xlsx", bare)).sheetnames
    assert names == ["说明", "县区", "乡镇", "村", "农户（化名）"]
    full = replace(bare, totals=totals, drivers=drivers, causes=causes)
    book = openpyxl.load_workbook(write_workbook(tmp_path / "b.xlsx", full))
    assert table(book, "汇总") == [
        {
            "指标": "登记口径增收 register gain",
            "单位": "元 yuan",
            "均值": 1.5,
            "P10": 1.0,
            "P50": 1.4,
            "P90": "…",
        }
    ]
    assert table(book, "依据")[0]["占总不确定性"] == 0.25 and table(book, "依据")[0]["来源等级"] == "D"
    assert [row["名称"] for row in table(book, "致贫原因")] == ["全部", "安定区"]


def own_table(path, *, blank=2, listed=(), second_sheet=False):
    """A bureau's table: letterhead, headings over two rows, blank rows, a total, a signature."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "统计表"
    sheet["A1"] = "某某县乡村振兴局"
    sheet["A1"].font = Font(bold=True, size=18)
    sheet.merge_cells("A1:G1")
    sheet["A2"] = "填报日期："
    sheet.append(["序号", "乡镇", "行政村", "户数", "增收（万元）", "户均(元)", "备注"])
    for number in range(blank):
        row = 4 + number
        sheet.cell(row, 6, f"=E{row}*10000/D{row}")
        sheet.cell(row, 4).number_format = "0"
        sheet.cell(row, 2).fill = PatternFill("solid", fgColor="FFF2CC")
    for number, (town, village) in enumerate(listed):
        sheet.cell(4 + number, 2, town)
        sheet.cell(4 + number, 3, village)
    last = 4 + max(blank, len(listed))
    sheet.cell(last, 1, "合计")
    sheet.merge_cells(start_row=last, start_column=1, end_row=last, end_column=3)
    sheet.cell(last, 4, f"=SUM(D4:D{last - 1})")
    sheet.cell(last + 1, 1, "填表人：")
    sheet.row_dimensions[last].height = 33
    if second_sheet:
        book.create_sheet("汇总")["A1"] = f"='统计表'!D{last}"
    book.properties.creator = "张三"
    book.save(path)
    return path


def test_the_bureaus_own_table_is_filled_from_its_headings_down(tmp_path, told):
    own = own_table(tmp_path / "own.xlsx", second_sheet=True)
    before = sha256(own)
    release = told()
    path = write_workbook(tmp_path / "out.xlsx", release, template=own)
    assert sha256(own) == before
    assert sha256(path) == sha256(write_workbook(tmp_path / "again.xlsx", release, template=own))
    book = openpyxl.load_workbook(path)
    sheet = book["统计表"]
    assert sheet["A1"].value == "某某县乡村振兴局" and sheet["A1"].font.size == 18
    villages = release.places["village"]
    for row, (_, place) in enumerate(villages.iterrows(), start=4):
        assert sheet.cell(row, 1).value == row - 3
        assert sheet.cell(row, 3).value == place["name"]
        assert sheet.cell(row, 4).value == place["households"]
        assert sheet.cell(row, 5).value == pytest.approx(place["gain_yuan_mean"] / 10_000)
        assert sheet.cell(row, 5).number_format == "#,##0.00"
        assert sheet.cell(row, 6).value == f"=E{row}*10000/D{row}"
        assert sheet.cell(row, 2).fill.fgColor.rgb == "00FFF2CC"
    assert sheet["B4"].value == "甲川镇"
    assert (
        sheet["A16"].value == "合计"
        and sheet["D16"].value == "=SUM(D4:D15)"
        and sheet["A17"].value == "填表人："
    )
    assert {area.coord for area in sheet.merged_cells.ranges} == {"A1:G1", "A16:C16"}
    assert sheet.row_dimensions[16].height == 33
    assert book["汇总"]["A1"].value == "='统计表'!D16"
    told_lines = "\n".join(str(cell) for row in rows(book, "说明") for cell in row)
    assert "12 行" in told_lines and "未能填入的列：备注" in told_lines
    assert "张三" not in zipfile.ZipFile(path).read("docProps/core.xml").decode()


def test_rows_the_bureau_has_listed_are_filled_in_place(tmp_path, told):
    own = own_table(
        tmp_path / "own.xlsx",
        blank=0,
        listed=[("乙川镇", "乙西村"), ("甲川镇", "甲东村"), ("甲川镇", "无此村")],
    )
    sheet = openpyxl.load_workbook(write_workbook(tmp_path / "out.xlsx", told(), template=own))["统计表"]
    counts = told().places["village"].set_index("name")["households"]
    assert [sheet.cell(row, 4).value for row in (4, 5, 6)] == [counts["乙西村"], counts["甲东村"], None]
    assert sheet["A7"].value == "合计"


def test_a_public_table_of_the_bureau_gets_signs_and_no_formula(tmp_path, told, toy_project):
    own = own_table(tmp_path / "own.xlsx", blank=12)
    project = planted(toy_project)
    sheet = openpyxl.load_workbook(
        write_workbook(tmp_path / "out.xlsx", told("public", project=project), template=own)
    )["统计表"]
    shown = [sheet.cell(row, 5).value for row in range(4, 16)]
    assert HIDDEN in shown
    assert [sheet.cell(row, 6).value == HIDDEN for row in range(4, 16)] == [
        value == HIDDEN for value in shown
    ]
    for row in range(4, 16):
        for column in (2, 3):
            assert sheet.cell(row, column).data_type == "s"


@pytest.mark.parametrize(
    ("places", "moved"),
    [("D5:D10", "D5:D12"), ("D11", "D13"), ("D10", "D10"), ("$A$11:$B$11", "$A$13:$B$13")],
)
def test_addresses_follow_the_rows_that_go_down(places, moved):
    assert _shifted(places, 11, 2) == moved


def test_a_table_that_cannot_be_filled_is_told_and_leaves_no_file(tmp_path, told):
    strange = tmp_path / "strange.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["苹果", "梨"])
    book.save(strange)
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04")
    linked = own_table(tmp_path / "linked.xlsx")
    with zipfile.ZipFile(linked, "a") as parts:
        parts.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
    for path, code in ((strange, "E-BOOK-01"), (linked, "E-BOOK-02"), (tmp_path / "none.xlsx", "E-BOOK-01")):
        with pytest.raises(DataProblem) as problem:
            write_workbook(tmp_path / "out.xlsx", told(), template=path)
        assert [item.code for item in problem.value.findings] == [code]
    with pytest.raises(DataProblem):
        write_workbook(tmp_path / "out.xlsx", told(), template=tmp_path / "broken.xlsx")
    assert not (tmp_path / "out.xlsx").exists()
