"""Fifty faults in seven files: each is told at its own cell, in words, and no byte of the bureau changes."""

import re
import shutil
import zipfile

import openpyxl
import pandas as pd
import pytest
from fifty_faults import (
    BAD_ID,
    FAULTS,
    LAYOUTS,
    NAME,
    PHONE,
    cell_of,
    sheet_name,
    tables,
    write_fifty_faults,
)
from small_folder import TOML, households, write_folder
from typer.testing import CliRunner

from eco.cli import app
from eco.files import sha256
from eco.problems import DataProblem
from eco.records.project import load_project
from eco.records.tables import TABLES
from eco.sharing import marked
from eco.sharing.marked import write_findings

COLOURS = {"error": "00F8CBAD", "doubt": "00FFE699", "note": "00DDEBF7"}


def check(folder, *words):
    return CliRunner().invoke(app, ["check", str(folder), *map(str, words)])


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return write_fifty_faults(tmp_path_factory.mktemp("fifty") / "county")


@pytest.fixture(scope="module")
def project(county):
    return load_project(county)


@pytest.fixture(scope="module")
def run(county, tmp_path_factory):
    before = {path.name: sha256(path) for path in county.iterdir()}
    path = tmp_path_factory.mktemp("out") / "findings.xlsx"
    done = check(county, "--xlsx", path)
    after = {path.name: sha256(path) for path in county.iterdir()}
    return done, path, before, after


@pytest.fixture(scope="module")
def book(run):
    return openpyxl.load_workbook(run[1])


def test_there_are_fifty_in_seven_files():
    assert len(FAULTS) == 50
    assert {fault.table for fault in FAULTS} == set(LAYOUTS) and len(LAYOUTS) == 7
    assert len({(fault.table, cell_of(fault)) for fault in FAULTS}) == 50


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f.table}-{f.row}-{f.code}")
def test_each_is_told_at_its_own_cell(project, fault):
    layout = LAYOUTS[fault.table]
    told = [
        item
        for item in project.findings
        if (item.code, item.table, item.cell) == (fault.code, fault.table, cell_of(fault))
    ]
    assert len(told) == 1
    assert (told[0].file, told[0].sheet) == (layout.file, layout.sheet)
    assert told[0].address in told[0].sentence("zh")
    for lang in ("zh", "en"):
        assert len(told[0].sentence(lang)) > 20 and "{" not in told[0].sentence(lang)


def test_no_other_error_is_told(project):
    planted = {(fault.code, fault.table, cell_of(fault)) for fault in FAULTS}
    errors = {(f.code, f.table, f.cell) for f in project.findings if f.level == "error"}
    assert errors <= planted


def test_one_run_lists_all_and_exits_1(run):
    done, path, before, after = run
    assert done.exit_code == 1, done.output
    assert path.is_file() and before == after
    for fault in FAULTS:
        line = next(line for line in done.output.splitlines() if is_said_of(line, fault))
        assert LAYOUTS[fault.table].file in line
    assert "应为" in done.output and "Expected" in done.output


def is_said_of(line, fault):
    sheet = LAYOUTS[fault.table].sheet
    address = f"{sheet}!{cell_of(fault)}" if sheet else cell_of(fault)
    return line.split()[:1] == [fault.table] and address in line.split()


def test_the_list_comes_first_and_worst_first(book, project):
    sheet = book.worksheets[0]
    assert sheet.title == "问题清单 findings"
    rows = list(sheet.iter_rows(min_row=5, values_only=True))
    levels = [row[0].split()[1] for row in rows]
    assert levels == sorted(levels, key=["error", "doubt", "note"].index)
    assert len(rows) == len(project.findings)
    by_cell = {(row[1].split()[-1], (row[3] or "").rpartition("!")[2], row[8]) for row in rows}
    assert by_cell >= {(fault.table, cell_of(fault), fault.code) for fault in FAULTS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f.table}-{f.row}-{f.code}")
def test_each_cell_is_coloured_and_explained(book, project, fault):
    cell = book[sheet_name(fault)][cell_of(fault)]
    level = next(f.level for f in project.findings if f.code == fault.code)
    assert cell.fill.fgColor.rgb == COLOURS[level]
    assert fault.code in cell.comment.text
    assert "应为" in cell.comment.text and "expected" in cell.comment.text


def test_the_bureau_s_cells_stand_at_their_own_addresses(book):
    for name, layout in LAYOUTS.items():
        sheet = book[layout.sheet or layout.file]
        headings = [sheet.cell(layout.heading, layout.first + at).value for at in range(2)]
        assert headings == [name for name in tables()[name].columns if name != "geometry"][: len(headings)]
    planted = [fault for fault in FAULTS if isinstance(fault.value, str) and fault.value != "geometry"]
    for fault in planted:
        assert str(book[sheet_name(fault)][cell_of(fault)].value) == fault.value
    homes = book["建档立卡户"]
    assert homes["B2"].value == "二〇一六年建档立卡户花名册" and homes["B2"].font.size == 16
    assert [str(area) for area in homes.merged_cells.ranges] == ["B2:H2"]
    assert homes["B4"].fill.fgColor.rgb == "00C6E0B4" and homes.column_dimensions["D"].width == 24


def test_only_clean_cells_keep_no_colour(book):
    sheet = book["建档立卡户"]
    planted = {cell_of(fault) for fault in FAULTS if fault.table == "households"}
    coloured = {
        cell.coordinate
        for row in sheet.iter_rows(min_row=5)
        for cell in row
        if cell.fill.fgColor.rgb == COLOURS["error"]
    }
    assert coloured == planted


def test_formulas_are_the_bureau_s_own_and_none_is_ours(run, book):
    """A formula of its sheet stays; one that reaches out is a value; no text of anybody becomes one."""
    formulas = {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }
    assert formulas == {("建档立卡户", "O5"): "=1+4", ("发放花名册", "E2"): "=1+1"}
    assert book["apiaries.csv"]["F9"].value == "=半个" and book["apiaries.csv"]["F9"].data_type == "s"
    with zipfile.ZipFile(run[1]) as parts:
        assert not [name for name in parts.namelist() if "external" in name.lower() or "vba" in name.lower()]


def test_links_lead_to_the_marked_cells(book):
    sheet = book.worksheets[0]
    targets = {cell.hyperlink.location for cell in sheet["D"][4:] if cell.hyperlink}
    for fault in FAULTS:
        assert f"'{sheet_name(fault)}'!{cell_of(fault)}" in targets
    assert all(not cell.hyperlink.target for cell in sheet["D"][4:] if cell.hyperlink)


def test_rows_left_out_stand_in_quarantine_with_the_reason(book, project):
    rows = list(book["未采用 left out"].iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(project.left_out) > 40
    assert all("应为" in row[3] and row[5].startswith("E-") for row in rows)


def test_a_row_s_reason_is_of_its_own_column(project):
    """Two columns at fault under one code: each row keeps the reason it was left out for."""
    rows = project.left_out.query("table == 'juncao_plots' and code == 'E-WORD-01'")
    assert [reason.partition(":")[0] for reason in rows["reason"]] == ["seedlings", "use"]


def test_no_personal_value_leaves_its_cell(run, book, project):
    """Our sheets, comments and words know no name, no phone and no ID number; the bureau's copy does."""
    done, *_ = run
    ours = [done.output, *(item.sentence(lang) for item in project.findings for lang in ("zh", "en"))]
    for sheet in book:
        own = sheet in book.worksheets[:2]
        for row in sheet.iter_rows():
            ours += [str(cell.value) for cell in row if own]
            ours += [cell.comment.text for cell in row if cell.comment]
    text = "\n".join(ours)
    for value in (BAD_ID, NAME, PHONE, PHONE[:9]):
        assert value not in text
    assert book["建档立卡户"]["D23"].value == BAD_ID


def test_jupyter_shows_the_worst_escaped(project):
    page = project._repr_html_()
    assert "建档立卡户!" in page and "E-NUM-01" in page
    assert "<b>懒" not in page
    assert page.count("<tr>") < 60


def test_a_folder_that_cannot_be_read_gets_its_workbook_too(county, tmp_path):
    broken = tmp_path / "county"
    shutil.copytree(county, broken)
    register = broken / "households.xlsx"
    book = openpyxl.load_workbook(register)
    book["建档立卡户"]["G4"].value = "人 数 几何"
    book.save(register)
    done = check(broken, "--xlsx", tmp_path / "findings.xlsx")
    assert done.exit_code == 2, done.output
    listed = openpyxl.load_workbook(tmp_path / "findings.xlsx").worksheets[0]
    assert "E-COL-01" in [row[8] for row in listed.iter_rows(min_row=5, values_only=True)]
    with pytest.raises(DataProblem):
        load_project(broken)


def test_more_than_twenty_of_a_rule_are_counted_not_told(tmp_path):
    folder = write_folder(tmp_path / "county", households=households(60).assign(劳动力=99))
    done = check(folder)
    assert done.exit_code == 2  # no household is left
    assert "×60" in done.output and "另有 40 条" in done.output and "40 more in findings.xlsx" in done.output
    assert len(re.findall(r"households\.csv 第\d+行.* 劳动力 workers  99 *$", done.output, re.M)) == 20


def test_a_long_table_shows_its_marked_rows_at_their_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(marked, "WHOLE_ROWS", 50)
    table = households(60).astype({"劳动力": object})
    table.loc[41, "劳动力"] = "全部"
    project = load_project(write_folder(tmp_path / "county", households=table))
    write_findings(project, tmp_path / "findings.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "findings.xlsx")["households.csv"]
    assert sheet["D43"].value == "全部" and sheet["D43"].comment and sheet["A1"].value == "户编号"
    assert sheet["A42"].value is None and sheet.sheet_format.zeroHeight
    assert not sheet.row_dimensions[43].hidden


def test_two_sheets_of_one_name_and_odd_signs(tmp_path):
    """Two workbooks whose sheets are both called Sheet1, a control sign and a long text in a cell."""
    folder = write_folder(tmp_path / "county", toml=TOML)
    (folder / "households.csv").unlink()
    (folder / "links.csv").unlink()
    register = households().astype({"人口": object})
    register.loc[0, "人口"] = "x" * 32_700
    with pd.ExcelWriter(folder / "households.xlsx", engine="xlsxwriter") as writer:
        register.to_excel(writer, index=False, sheet_name="Sheet1")
    bonds = pd.DataFrame({"户编号": ["H0001"], "地点编号": ["F1"], "角色": ["@村长"], "数量": [1]})
    with pd.ExcelWriter(folder / "links.xlsx", engine="xlsxwriter") as writer:
        bonds.assign(单位="岗", 年度=2019).to_excel(writer, index=False, sheet_name="Sheet1")
    write_findings(load_project(folder), tmp_path / "findings.xlsx")
    book = openpyxl.load_workbook(tmp_path / "findings.xlsx")
    assert [name for name in book.sheetnames if name.startswith("Sheet1")] == ["Sheet1", "Sheet1 2"]
    assert book["Sheet1"]["C2"].comment and book["Sheet1 2"]["C2"].comment
    assert book["Sheet1 2"]["C2"].value == "@村长"


def test_every_table_has_a_place_in_the_order(project):
    order = [TABLES[name].name for name in TABLES]
    told = [item.table for item in marked.worst_first(project.findings) if item.level == "error"]
    assert told == sorted(told, key=order.index)
