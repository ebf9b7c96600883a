"""What else arrives on a USB stick from a township: one line each of what is read, and what is said of it."""

import datetime
import os
import shutil

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from shapely.geometry import Point
from small_folder import SOUTH, TOML, VILLAGES, WEST, apiaries, forest_plots, households, write_folder

from eco.problems import DataProblem
from eco.records.project import load_project

FILE = "建档立卡户.xlsx"
DEGREES = TOML.replace("EPSG:4544", "EPSG:4490")
YARD = gpd.GeoSeries([Point(WEST + 15_000, SOUTH + 5700)], crs="EPSG:4544").to_crs("EPSG:4490").iloc[0]


def workbook(folder, rows, *, file=FILE, sheet="建档立卡户", edit=None):
    """A folder whose register is a workbook of these rows as they stand, headings included."""
    write_folder(folder)
    (folder / "households.csv").unlink()
    book = openpyxl.Workbook()
    book.worksheets[0].title = sheet
    for row in rows:
        book.worksheets[0].append(list(row))
    if edit:
        edit(book, book.worksheets[0])
    book.save(folder / file)
    return folder


def register(**columns):
    """The register's rows with some columns replaced, under its headings."""
    table = households().astype(object).assign(**columns)
    return [list(table.columns), *table.to_numpy().tolist()]


def codes(found):
    return {item.code for item in found.findings}


def told(found, code):
    return next(item for item in found.findings if item.code == code)


def refused(folder):
    with pytest.raises(DataProblem) as problem:
        load_project(folder)
    return problem.value


def with_yards(folder, toml=DEGREES, **columns):
    """A folder whose bee yards have these columns in place of x and y."""
    table = apiaries().drop(columns=["x", "y"]).assign(**columns)
    return load_project(write_folder(folder, toml=toml, apiaries=table))


def metres_off(project):
    return project.apiaries.geometry.iloc[0].distance(Point(WEST + 15_000, SOUTH + 5700))


def test_formulas_never_worked_out_are_no_empty_cells(tmp_path):
    def formula(_, sheet):
        sheet.cell(1, 8).value = "工资性收入"
        sheet.cell(3, 8).value = "=1000+200"

    project = load_project(workbook(tmp_path / "县", register(), edit=formula))
    assert told(project, "E-CELL-04").address == "建档立卡户!H3"
    assert len(project.households) == 5


def test_errors_of_excel_are_told_as_written_also_in_optional_columns(tmp_path):
    def errors(_, sheet):
        sheet.cell(1, 8).value = "工资性收入"
        for row, word in ((4, "#N/A"), (5, "#DIV/0!")):
            sheet.cell(row, 8).value = word
            sheet.cell(row, 8).data_type = "e"

    project = load_project(workbook(tmp_path / "县", register(), edit=errors))
    found = {item.address: item.found for item in project.findings if item.code == "E-CELL-03"}
    assert found == {"建档立卡户!H4": "#N/A", "建档立卡户!H5": "#DIV/0!"}
    assert len(project.households) == 4


def test_an_empty_text_a_formula_gave_is_an_empty_cell(tmp_path):
    def formula(_, sheet):
        sheet.cell(1, 8).value = "工资性收入"
        sheet.cell(3, 8).value = '=IF(1,"","")'

    folder = workbook(tmp_path / "县", register(), edit=formula)
    inside = "xl/worksheets/sheet1.xml"
    _rewrite(folder / FILE, inside, b'<c r="H3">', b'<c r="H3" t="str">')
    assert "E-CELL-04" not in codes(load_project(folder))


def _rewrite(path, member, old, new):
    """Replace bytes of one member of a zip, as another program would have written them."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[member]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data.replace(old, new) if name == member else data)


def test_hidden_rows_count_and_are_told(tmp_path):
    def hide(_, sheet):
        sheet.row_dimensions[3].hidden = sheet.row_dimensions[5].hidden = True

    project = load_project(workbook(tmp_path / "县", register(), edit=hide))
    assert told(project, "E-ROW-07").row == 3 and told(project, "E-ROW-07").found.startswith("2 ")
    assert len(project.households) == 6


@pytest.mark.parametrize(
    "below", [["", "", "（人）", "人", "万元", "", ""], ["", "", "", "", "(万元)", "", ""]]
)
def test_units_below_the_headings_are_read(tmp_path, below):
    rows = register(**{"人均纯收入(元)": 0.25})
    rows[0] = ["户编号", "村代码", "人口", "劳动力", "人均纯收入", "收入年度", "基数含项目收入"]
    project = load_project(workbook(tmp_path / "县", [rows[0], below, *rows[1:]]))
    assert project.households["income_yuan_per_person"].tolist() == [2500.0] * 6
    assert {"E-COL-04", "E-UNIT-03"} <= codes(project) and not len(project.left_out)


@pytest.mark.parametrize("below", [[1, 2, 3, 4, 5, 6, 7], ["甲", "乙", 1, 2, 3, 4, 5]])
def test_a_row_that_numbers_the_columns_is_no_household(tmp_path, below):
    rows = register()
    project = load_project(workbook(tmp_path / "县", [rows[0], below, *rows[1:]]))
    assert len(project.households) == 6 and not len(project.left_out)


def test_a_unit_in_the_title_alone_is_asked_about(tmp_path):
    rows = register()
    rows[0][4] = "人均纯收入"
    folder = workbook(tmp_path / "县", [["花名册", "", "", "", "", "单位：户、万元"], *rows])
    assert told(refused(folder), "E-UNIT-05").found == "单位：万元"
    declared = TOML + '[tables.households.units]\nincome_yuan_per_person = "元"\n'
    (folder / "project.toml").write_text(declared, encoding="utf-8")
    assert "E-UNIT-05" not in codes(load_project(folder))


def test_a_title_in_our_own_unit_is_let_be(tmp_path):
    rows = register()
    rows[0][4] = "人均纯收入"
    title = ["填报单位：甲川镇", "", "单位：元、人"]
    assert "E-UNIT-05" not in codes(load_project(workbook(tmp_path / "县", [title, *rows])))


def test_headings_stand_as_low_as_a_cover_pushes_them(tmp_path):
    rows = [["建档立卡户花名册"], *[["说明"]] * 12, *register()]
    assert len(load_project(workbook(tmp_path / "县", rows)).households) == 6


@pytest.mark.parametrize("heading", ["村名", "行政村", "村", "村代码"])
def test_villages_by_name_are_matched_to_their_codes(tmp_path, heading):
    rows = register(村代码=["东村", "西村委会", "南村村民委员会", "东", "西村", "南村"])
    rows[0][1] = heading
    project = load_project(workbook(tmp_path / "县", rows))
    assert project.households["village_code"].tolist() == [*VILLAGES, *VILLAGES]
    assert told(project, "E-ADM-05").column == "village_code"


def test_a_name_two_villages_share_is_nobodys(tmp_path):
    rows = register(村代码=["东村", *VILLAGES, *VILLAGES[:2]])
    folder = workbook(tmp_path / "县", rows)
    (folder / "villages.gpkg").unlink()
    pd.DataFrame({"村代码": VILLAGES, "村名": ["东村", "东村", "南村"]}).to_csv(
        folder / "村.csv", index=False
    )
    project = load_project(folder)
    assert VILLAGES[0] in told(project, "E-ADM-06").expected.zh
    assert VILLAGES[1] in told(project, "E-ADM-06").expected.zh
    assert len(project.households) == 5


def test_traditional_headings_are_read(tmp_path):
    rows = register()
    rows[0] = ["戶編號", "村代碼", "人口", "勞動力", "人均純收入(元)", "收入年度", "基數含項目收入"]
    assert len(load_project(workbook(tmp_path / "县", rows)).households) == 6


def test_numbered_blank_lines_of_a_form_are_one_doubt(tmp_path):
    rows = [["序号", *register()[0]], *([i, *row] for i, row in enumerate(register()[1:], start=1))]
    rows += [[i] for i in range(7, 20)]
    project = load_project(workbook(tmp_path / "县", rows))
    assert told(project, "E-ROW-06").found.startswith("13 ") and "E-VAL-01" not in codes(project)
    assert len(project.left_out) == 13 and len(project.households) == 6


def test_a_sentence_at_the_foot_is_no_household_and_names_nobody(tmp_path):
    line = "本表由村会计欧阳春晓负责填写并核对，一式三份。"
    project = load_project(workbook(tmp_path / "县", [*register(), [line]]))
    assert len(project.households) == 6 and "E-VAL-01" not in codes(project)
    assert "欧阳" not in "".join(item.sentence() for item in project.findings)


def test_a_subtotal_is_not_held_against_the_whole(tmp_path):
    rows = register()
    rows.insert(4, ["", "东村小计", 12, 6])
    project = load_project(workbook(tmp_path / "县", rows))
    assert "E-ROW-02" in codes(project) and "E-SUM-01" not in codes(project)


def test_persons_are_whole(tmp_path):
    project = load_project(workbook(tmp_path / "县", register(人口=[3.7, 4, 4, 4, 4, 4])))
    assert told(project, "E-NUM-04").cell == "C2" and len(project.households) == 5


@pytest.mark.parametrize("written", ["3,200元/年", "3200元/人", "￥3200"])
def test_yuan_a_year_is_yuan(tmp_path, written):
    project = load_project(workbook(tmp_path / "县", register(**{"人均纯收入(元)": written})))
    assert project.households["income_yuan_per_person"].tolist() == [3200.0] * 6


def test_blank_sheets_beside_the_one_are_nobodys(tmp_path):
    def blanks(book, _):
        book.create_sheet("Sheet2")
        book.create_sheet("Sheet3")

    assert (
        len(load_project(workbook(tmp_path / "县", register(), sheet="Sheet1", edit=blanks)).households) == 6
    )


def test_two_years_on_two_sheets_are_asked_about(tmp_path):
    def later(book, _):
        book.create_sheet("2017年").append(register()[0])

    folder = workbook(tmp_path / "县", register(), sheet="2016年", edit=later)
    assert told(refused(folder), "E-FILE-04").expected.zh.endswith("2016年、2017年")


def _minutes(value):
    whole = int(value)
    return whole, int((value - whole) * 60), (value - whole) * 3600 % 60


@pytest.mark.parametrize(
    "pattern",
    ["{}°{}′{:.2f}″", "{}°{}'{:.2f}\"", "{}度{}分{:.2f}秒", "E{}°{}′{:.2f}″", "{} ° {} ′ {:.2f} ″ N"],
)
def test_degrees_minutes_seconds_are_read(tmp_path, pattern):
    lon, lat = (pattern.format(*_minutes(value)) for value in (YARD.x, YARD.y))
    project = with_yards(tmp_path / "县", 经度=lon, 纬度=lat)
    assert metres_off(project) < 1 and "E-NUM-05" in codes(project)


@pytest.mark.parametrize("text", ["104.30.15", "104,50427", "104°75′", "东一里"])
def test_other_writings_of_degrees_are_left_out(tmp_path, text):
    project = with_yards(tmp_path / "县", 经度=text, 纬度=YARD.y)
    assert told(project, "E-NUM-01").column == "lon" and not len(project.apiaries)


def test_minutes_written_as_decimals_are_doubted(tmp_path):
    west, south = 104.40, 35.40
    table = pd.concat([apiaries()] * 6).drop(columns=["x", "y"]).assign(蜂场号=[f"B{i}" for i in range(6)])
    lon = [west + 0.0001 * (100 * i + 7 * i + 5) for i in range(6)]
    lat = [south + 0.0001 * (200 * i + 9 * i + 3) for i in range(6)]
    folder = write_folder(tmp_path / "县", toml=DEGREES, apiaries=table.assign(经度=lon, 纬度=lat))
    assert told(load_project(folder), "E-CRS-09").level == "doubt"
    finer = table.assign(经度=[value + 0.00004 for value in lon], 纬度=lat)
    again = write_folder(tmp_path / "又", toml=DEGREES, apiaries=finer)
    assert "E-CRS-09" not in codes(load_project(again))


@pytest.mark.parametrize("heading", ["坐标", "经纬度", "GPS坐标"])
def test_coordinates_in_one_cell_are_not_lost_in_silence(tmp_path, heading):
    project = with_yards(tmp_path / "县", **{heading: f"{YARD.x},{YARD.y}"})
    assert told(project, "E-COL-05").found == heading


def test_east_and_north_are_longitude_and_latitude(tmp_path):
    assert metres_off(with_yards(tmp_path / "县", 东经=YARD.x, 北纬=YARD.y)) < 1


def test_a_surveyors_x_is_the_north(tmp_path):
    yard = apiaries()
    project = with_yards(tmp_path / "县", TOML, X坐标=yard["y"], Y坐标=yard["x"])
    assert metres_off(project) < 1 and "E-CRS-06" in codes(project)


def test_a_workbook_of_the_1904_system_keeps_its_days(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    table = apiaries().assign(清点日期=datetime.date(2020, 5, 31))
    for row in (list(table.columns), table.iloc[0].tolist()):
        book.worksheets[0].append(row)
    folder = write_folder(tmp_path / "县")
    (folder / "apiaries.csv").unlink()
    book.save(folder / "蜂场.xlsx")
    assert load_project(folder).apiaries["count_date"].tolist() == [pd.Timestamp("2020-05-31")]


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("建档立卡户.xls", b"<html><table>"),
        ("建档立卡户.xls", b"PK\x03\x04"),
        ("建档立卡户.xlsx", b"a,b\n1,2\n"),
    ],
)
def test_what_is_no_workbook_is_to_be_saved_as_one(tmp_path, name, start):
    folder = workbook(tmp_path / "县", register())
    (folder / FILE).unlink()
    (folder / name).write_bytes(start)
    assert told(refused(folder), "E-FILE-10").todo.zh == "另存为 xlsx"


@pytest.mark.parametrize("name", ["建档立卡户.xlsx", "建档立卡户.csv"])
def test_a_placeholder_without_bytes_is_called_empty(tmp_path, name):
    folder = workbook(tmp_path / "县", register())
    (folder / FILE).unlink()
    (folder / name).write_bytes(b"")
    assert "0 字节" in told(refused(folder), "E-FILE-03").found


@pytest.mark.parametrize(
    "name",
    [
        "生态林.gdb/a.gdbtable",
        "2019年生态林.shp.lnk",
        "资料/生态林.gpkg",
        "生态林.txt",
        "生态林（终稿）.xlsx",
    ],
)
def test_what_bears_a_tables_name_and_is_not_read_is_told(tmp_path, name):
    folder = write_folder(tmp_path / "县")
    (folder / "forest_plots.gpkg").unlink()
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    found = told(load_project(folder), "E-FILE-11")
    assert found.table == "forest_plots" and "生态林" in found.found


def test_locks_and_the_systems_own_files_are_passed_over(tmp_path):
    folder = workbook(tmp_path / "县", register())
    plain = codes(load_project(folder))
    for name in (
        "~$建档立卡户.xlsx",
        ".~lock.建档立卡户.xlsx#",
        "._建档立卡户.xlsx",
        ".DS_Store",
        "Thumbs.db",
    ):
        (folder / name).write_bytes(b"x")
    os.chmod(folder / FILE, 0o444)
    assert codes(load_project(folder)) == plain


def test_a_copy_beside_the_file_is_not_read(tmp_path):
    folder = workbook(tmp_path / "县", register())
    shutil.copy(folder / FILE, folder / "建档立卡户 - 副本.xlsx")
    project = load_project(folder)
    assert told(project, "E-FILE-06").where == "建档立卡户 - 副本.xlsx" and len(project.households) == 6


def test_a_shapefile_in_capitals_is_one_layer(tmp_path):
    folder = write_folder(tmp_path / "县")
    (folder / "forest_plots.gpkg").unlink()
    forest_plots().to_file(folder / "生态林.shp", encoding="GBK")
    for path in list(folder.glob("生态林.*")):
        path.rename(path.with_suffix(path.suffix.upper()))
    assert len(load_project(folder).forest_plots) == 2
