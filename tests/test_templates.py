"""A filled template reads back as it was filled: codes stay codes, every word of a drop-down is known."""

import tomllib
from datetime import date

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from typer.testing import CliRunner

from eco.cli import app
from eco.problems import DataProblem
from eco.records.project import load_project
from eco.records.tables import TABLES
from eco.records.templates import first_words, template_columns, write_template

PLACE = {"经度": 104.62, "纬度": 35.58}
VILLAGE = "621102101201"
ROWS = {
    "counties": [{"代码": "621102", "名称": "安定区", **PLACE}],
    "townships": [{"代码": "621102101000", "名称": "甲川镇", **PLACE}],
    "villages": [{"代码": VILLAGE, "名称": "东村", **PLACE}],
    "households": [
        {
            "户编号": "0000123456789012345",
            "村代码": VILLAGE,
            "人口": 4,
            "劳动力": 2,
            "人均纯收入(元)": 2836.5,
            "收入年度": 2016,
            "基数含项目收入": "否",
        }
    ],
    "forest_plots": [
        {"小班号": "007", "村代码": VILLAGE, "面积(亩)": 12.5, "树种": "云杉", "造林年度": 2018, **PLACE}
    ],
    "juncao_plots": [
        {
            **{"地块号": "J1", "村代码": VILLAGE, "面积(亩)": 3, "种植季(年)": 2019},
            **{"种苗": "免费", "用途": "出售"},
        }
    ],
    "apiaries": [
        {
            **{"蜂场号": "B1", "村代码": VILLAGE, "发放箱数(箱)": 20, "起始年度": 2019},
            **{"清点日期": date(2020, 5, 31), **PLACE},
        }
    ],
    "links": [
        {
            **{"户编号": "0000123456789012345", "地点编号": "007", "角色": "栽植"},
            **{"数量": 30, "单位": "工日", "年度": 2018},
        }
    ],
    "payments": [{"户编号": "0000123456789012345", "项目": "退耕还林", "金额(元)": 1200.5}],
    "basic_farmland": [{"图斑编号": "0042", **PLACE}],
}


def book_of(folder, name):
    path = folder / f"{TABLES[name].label.zh}.xlsx"
    return path, openpyxl.load_workbook(path)


def fill(folder, name, rows):
    """Type rows into a template as Excel would: under its headings, in the cells' own formats."""
    path, book = book_of(folder, name)
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for number, row in enumerate(rows, start=2):
        for heading, value in row.items():
            sheet.cell(number, columns[heading]).value = value
    book.save(path)


@pytest.fixture
def filled(tmp_path):
    write_template(tmp_path / "county")
    for name, rows in ROWS.items():
        fill(tmp_path / "county", name, rows)
    return tmp_path / "county"


def test_a_filled_template_passes_the_check(filled):
    done = CliRunner().invoke(app, ["check", str(filled)])
    assert done.exit_code == 0, done.output
    project = load_project(filled)
    assert [len(project.tables[name]) for name in TABLES] == [1] * len(TABLES)
    assert project.households["household_id"].tolist() == ["0000123456789012345"]
    assert project.households["income_yuan_per_person"].tolist() == [2836.5]
    assert project.forest_plots["plot_id"].tolist() == ["007"]
    assert project.apiaries["count_date"].tolist()[0].date() == date(2020, 5, 31)
    assert {finding.level for finding in project.findings} <= {"doubt", "note"}


def test_tables_left_blank_are_tables_without_rows(tmp_path):
    write_template(tmp_path / "county")
    for name in ("counties", "townships", "villages", "households"):
        fill(tmp_path / "county", name, ROWS[name])
    project = load_project(tmp_path / "county")
    assert len(project.households) == 1 and len(project.forest_plots) == len(project.payments) == 0
    assert not [finding for finding in project.findings if finding.level == "error"]


@pytest.mark.parametrize("name", TABLES)
def test_headings_formats_and_rules_follow_the_dictionary(tmp_path, name):
    write_template(tmp_path)
    _, book = book_of(tmp_path, name)
    sheet, told = book.worksheets
    columns = template_columns(TABLES[name])
    assert [cell.value for cell in sheet[1]] == [column.label.zh for column in columns]
    assert sheet.title == TABLES[name].label.zh and sheet.freeze_panes == "B2"
    rules = {
        str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation if rule.type
    }
    groups = sheet.column_dimensions.values()
    formats = {at: group.number_format for group in groups for at in range(group.min, group.max + 1)}
    for position, column in enumerate(columns, start=1):
        letter = get_column_letter(position)
        rule = rules.get(f"{letter}2")
        if column.kind in ("code", "text", "choice", "id_number", "phone"):
            assert formats[position] == "@", column.name
        if column.choices:
            assert rule.type == "list" and rule.formula1 == f'"{",".join(first_words(column))}"'
        elif column.kind in ("number", "year", "date"):
            assert rule.type == {"number": "decimal", "year": "whole", "date": "date"}[column.kind]
    explained = [row[0] for row in told.iter_rows(min_row=4, values_only=True)]
    assert explained == [column.label.zh for column in columns]


WORDS = [
    (table.name, column.label.zh, word)
    for table in TABLES.values()
    for column in table
    for word in first_words(column)
    if table.name != "links"  # a role must fit its unit and its site: see below
]


def test_every_word_of_every_drop_down_is_read(filled):
    asked = {}
    for name, heading, word in WORDS:
        asked.setdefault(name, []).append((heading, word))
    for name, words in asked.items():
        key = TABLES[name].key and TABLES[name][TABLES[name].key].label.zh
        rows = [
            {**ROWS[name][0], heading: word, **({key: f"W{number}"} if key and key != "代码" else {})}
            for number, (heading, word) in enumerate(words)
        ]
        fill(filled, name, ROWS[name] + rows if key != "代码" else ROWS[name][:1])
    fill(filled, "links", ROWS["links"])
    project = load_project(filled)
    assert not [f.sentence() for f in project.findings if f.code == "E-WORD-01"]
    for name in ("forest_plots", "juncao_plots", "apiaries", "households"):
        column = next(column for column in TABLES[name] if column.choices and column.name != "assumed")
        assert set(column.choices) <= set(project.tables[name][column.name])


def test_roles_and_units_of_the_drop_downs_are_read(filled):
    pairs = {"栽植": "工日", "抚育": "工日", "护林员": "岗", "流转": "亩", "种植": "亩", "入股": "元"}
    rows = [{**ROWS["links"][0], "角色": role, "单位": unit} for role, unit in pairs.items()]
    rows.append({**ROWS["links"][0], "角色": "养蜂", "单位": "箱", "地点编号": "B1"})
    fill(filled, "links", rows)
    assert set(load_project(filled).links["role"]) == set(TABLES["links"]["role"].choices)
    assert {row["角色"] for row in rows} == set(first_words(TABLES["links"]["role"]))


def test_no_file_that_stands_is_overwritten(tmp_path):
    standing = tmp_path / "建档立卡户.xlsx"
    standing.write_bytes(b"ours")
    with pytest.raises(DataProblem, match="E-FILE-20"):
        write_template(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [standing.name]
    assert standing.read_bytes() == b"ours"


def test_the_toml_names_every_table_and_any_folder(tmp_path):
    folder = tmp_path / 'a "quoted" \\ 县'
    write_template(folder)
    said = tomllib.loads((folder / "project.toml").read_text(encoding="utf-8"))
    assert said["project"]["name"] == folder.name
    assert list(said["tables"]) == list(TABLES)
    assert all((folder / entry["file"]).is_file() for entry in said["tables"].values())


def test_the_same_bytes_every_time(tmp_path):
    first, second = (write_template(tmp_path / name / "county") for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
