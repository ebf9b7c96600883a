"""A folder becomes a Project: whatever the files are called and written in, or one error with all faults."""

import re
import time

import geopandas as gpd
import pandas as pd
import pytest
from small_folder import (
    SOUTH,
    TOML,
    VILLAGES,
    WEST,
    apiaries,
    counties,
    forest_plots,
    households,
    links,
    townships,
    villages,
    write_folder,
)

from eco.files import sha256
from eco.problems import DataProblem
from eco.records.project import findings_table, load_project
from eco.records.tables import TABLES
from eco.space.datums import to_degrees, wgs84_to_gcj02

ENGLISH = {"户编号": "household_id", "村代码": "village code", "人口": "persons", "劳动力": "workers"}


def problem_of(folder):
    with pytest.raises(DataProblem) as problem:
        load_project(folder)
    return problem.value


def test_every_table_has_our_columns_and_the_derived_codes(tmp_path):
    project = load_project(write_folder(tmp_path / "county"))
    for name, table in TABLES.items():
        frame = project.tables[name]
        assert frame is getattr(project, name)
        assert set(frame) >= {column.name for column in table}
        assert "where" not in frame
        assert list(frame.index) == list(range(len(frame)))
        if table.geometry:
            assert frame.crs == "EPSG:4544"
    assert project.counties["code"].tolist() == ["621102", "621126"]
    assert project.townships["code"].tolist() == ["621102101000", "621126101000"]
    assert project.villages["township_code"].tolist() == ["621102101000"] * 2 + ["621126101000"]
    assert project.households["county_code"].tolist() == ["621102", "621102", "621126"] * 2
    assert project.apiaries["township_code"].tolist() == ["621126101000"]
    assert project.forest_plots["planted_year"].dtype == "int64"
    assert project.settings.name == "试验县" and project.settings.default_year == 2020
    assert len(project.juncao_plots) == len(project.payments) == 0


def mixed_folder(folder):
    """The same county in every kind of file, under Chinese and English names and headings."""
    folder.mkdir()
    counties().to_crs("EPSG:4490").to_file(folder / "县界.geojson", driver="GeoJSON")
    (folder / "乡镇.csv").write_bytes(townships().to_csv(index=False).encode("gbk"))
    villages().to_crs("EPSG:4523").to_file(folder / "Villages.gpkg", driver="GPKG")
    register = households().rename(columns=ENGLISH)
    register["village code"] = register["village code"].astype("int64")
    with pd.ExcelWriter(folder / "花名册.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame({"说明": ["填表须知"]}).to_excel(book, sheet_name="说明", index=False)
        register.to_excel(book, sheet_name="register", index=False, startrow=2)
    plots = forest_plots().rename(columns={"面积(亩)": "面积公顷"}).assign(面积公顷=10.0)
    plots.to_file(folder / "forest_plots.shp", encoding="GBK")
    (folder / "forest_plots.cpg").unlink()
    degrees = to_degrees(gpd.points_from_xy(apiaries()["x"], apiaries()["y"]))[0]
    lon, lat = wgs84_to_gcj02(degrees.x, degrees.y)
    apiaries().drop(columns=["x", "y"]).assign(经度=lon, 纬度=lat).to_csv(folder / "bees.csv", index=False)
    links().to_csv(folder / "links.csv", index=False)
    (folder / "project.toml").write_text(
        '[tables.counties]\ncrs = "EPSG:4490"\n'
        '[tables.apiaries]\nfile = "bees.csv"\ncrs = "gcj-02"\n'
        '[tables.forest_plots.columns]\narea_mu = "面积公顷"\n'
        '[tables.forest_plots.units]\narea_mu = "公顷"\n',
        encoding="utf-8",
    )
    return folder


@pytest.mark.filterwarnings("ignore:Normalized/laundered field name")
def test_any_kind_of_file_gives_the_same_project(tmp_path):
    plain = load_project(write_folder(tmp_path / "plain"))
    mixed = load_project(mixed_folder(tmp_path / "mixed"))
    for name in TABLES:
        ours, theirs = (
            pd.DataFrame(p.tables[name]).drop(columns="geometry", errors="ignore") for p in (plain, mixed)
        )
        pd.testing.assert_frame_equal(ours, theirs)
        if TABLES[name].geometry:
            shapes = plain.tables[name].geometry
            assert shapes.isna().equals(mixed.tables[name].geometry.isna())
            apart = shapes.hausdorff_distance(mixed.tables[name].geometry).dropna()
            assert (apart < 0.02).all(), name
    assert {f.code for f in mixed.findings} == {"E-ENC-02", "E-UNIT-03", "E-GEOM-04", "E-GEOM-05"} - {
        "E-GEOM-05"
    }


def test_all_that_is_wrong_in_a_folder_is_said_at_once(tmp_path):
    """The issue's list: file, column, unit, CRS, name, area, village, county: each once, with its row."""
    register = households().assign(村代码=["621102999201", *households()["村代码"][1:]])
    plots = forest_plots().assign(**{"面积(亩)": [-5.0, 150.0]})
    astray = forest_plots().head(1).assign(小班号="F3")
    astray.geometry = astray.translate(80_000, 0)
    grass = forest_plots().rename(
        columns={"小班号": "地块号", "面积(亩)": "面积(顷)", "造林年度": "种植季(年)"}
    )
    folder = write_folder(
        tmp_path / "county",
        toml=TOML.replace("default_year", "default_yaer").replace('crs = "EPSG:4544"', ""),
        households=register,
        forest_plots=pd.concat([plots, astray], ignore_index=True),
        juncao_plots=grass.assign(种苗="免费", 用途="出售"),
        links=links().rename(columns={"数量": "数目字"}).assign(角色="栽植"),
    )
    (folder / "townships.csv").rename(folder / "towns.csv")
    problem = problem_of(folder)
    told = {(f.code, f.table): f for f in problem.findings}
    planted = {
        ("E-FILE-01", "townships"),
        ("E-COL-01", "links"),
        ("E-UNIT-02", "juncao_plots"),
        ("E-CRS-01", "apiaries"),
        ("E-SET-01", "project.toml"),
        ("E-NUM-03", "forest_plots"),
        ("E-ADM-03", "households"),
        ("E-SITE-01", "forest_plots"),
    }
    assert planted == {key for key, f in told.items() if f.level == "error"}
    assert all(sum((f.code, f.table) == key for f in problem.findings) == 1 for key in planted)
    assert told["E-NUM-03", "forest_plots"].where == "forest_plots.gpkg 第1个要素 / feature 1"
    assert told["E-NUM-03", "forest_plots"].found == "-5"
    assert told["E-ADM-03", "households"].where == "households.csv 第2行 / row 2"
    assert "default_year" in told["E-SET-01", "project.toml"].expected.en
    assert told["E-COL-01", "links"].column == "quantity"
    text = str(problem)
    assert all(f.sentence("zh") in text and f.sentence("en") in text for f in problem.findings)


def test_a_fault_in_one_table_does_not_hide_the_rows_of_another(tmp_path):
    folder = write_folder(tmp_path / "county", households=households().drop(columns="人口"))
    (folder / "counties.gpkg").unlink()
    yards = apiaries().assign(箱数=-1)
    yards.to_csv(folder / "apiaries.csv", index=False)
    assert {f.code for f in problem_of(folder).findings} >= {"E-FILE-01", "E-COL-01", "E-NUM-03"}


@pytest.mark.parametrize(
    ("toml", "code", "said"),
    [
        ('[project]\nnaem = "x"', "E-SET-01", "name"),
        ("[projct]", "E-SET-01", "project"),
        ("[tables.housholds]", "E-SET-01", "households"),
        ('[tables.households]\nflie = "a"', "E-SET-01", "file"),
        ('[tables.households.columns]\npersns = "人口"', "E-SET-01", "persons"),
        ('[tables.forest_plots.units]\nare_mu = "公顷"', "E-SET-01", "area_mu"),
        ('[tables.forest_plots.units]\narea_mu = "顷"', "E-UNIT-02", "公顷"),
        ('[rasters.elevaton]\nfile = "a.tif"', "E-SET-01", "elevation"),
        ("[project]\ndefault_year = 20200", "E-SET-02", "1990—2035"),
        ('[project]\ndefault_year = "2020"', "E-SET-02", "1990—2035"),
        ("[line]\n2020 = -1", "E-SET-02", "2020 = 4000"),
        ("[tables.households]\nencoding = 936", "E-SET-02", "引号"),
        ("[project", "E-SET-02", "TOML"),
        ('[tables.households]\nfile = "hh.csv"', "E-FILE-04", "households.csv"),
        ('[tables.households]\nfile = "../county2/households.csv"', "E-FILE-05", "项目文件夹内"),
        ('[tables.households]\nfile = "/etc/passwd"', "E-FILE-05", "项目文件夹内"),
        ('[tables.villages]\nlayer = "村"', "E-FILE-04", "villages"),
        ('[tables.villages]\ncrs = "北京54"', "E-CRS-04", "由测绘主管部门转换"),
        ('[tables.households]\nencoding = "gbk2"', "E-ENC-01", "GBK"),
    ],
)
def test_a_slip_in_project_toml_is_answered(tmp_path, toml, code, said):
    crs = "" if "tables.apiaries" in toml else '\n[tables.apiaries]\ncrs = "EPSG:4544"\n'
    folder = write_folder(tmp_path / "county", toml=toml + (crs if toml != "[project" else ""))
    told = [f for f in problem_of(folder).findings if f.code == code]
    assert len(told) == 1
    assert said in told[0].sentence("zh")


def test_settings_and_lines_are_read(tmp_path):
    toml = (
        '[project]\nname = "岷县"\ndefault_year = 2019\nprice_year = 2018\nincome_year = 2016\n'
        'line_series = "statistics"\n[line]\n2019 = 3800\n2020 = 4000.0\n'
    )
    register = households().drop(columns="收入年度")
    project = load_project(
        write_folder(tmp_path / "county", toml=toml + TOML.split("\n", 4)[4], households=register)
    )
    settings = project.settings
    assert (settings.name, settings.default_year, settings.price_year) == ("岷县", 2019, 2018)
    assert settings.line_yuan_per_person == {2019: 3800.0, 2020: 4000.0}
    assert settings.line_series == "statistics"
    assert set(project.households["income_year"]) == {2016}


def test_two_files_for_one_table_are_asked_about(tmp_path):
    folder = write_folder(tmp_path / "county")
    households(3).to_csv(folder / "花名册.csv", index=False)
    told = problem_of(folder).findings
    assert [f.code for f in told if f.level == "error"] == ["E-FILE-02"]
    assert "households.csv、花名册.csv" in str(told[0].found)
    (folder / "project.toml").write_text(
        TOML + '[tables.households]\nfile = "花名册.csv"\n', encoding="utf-8"
    )
    assert len(load_project(folder).households) == 3


def test_a_missing_file_names_its_likely_misspelling(tmp_path):
    folder = write_folder(tmp_path / "county")
    (folder / "households.csv").rename(folder / "housholds.csv")
    told = problem_of(folder).findings
    assert told[0].code == "E-FILE-01" and "housholds.csv" in told[0].found
    assert [f.where for f in told if f.code == "E-FILE-06"] == ["housholds.csv"]


def test_the_toml_may_be_absent_and_the_folder_may_not(tmp_path):
    folder = write_folder(tmp_path / "county", apiaries=apiaries().drop(columns=["x", "y"]))
    (folder / "project.toml").unlink()
    project = load_project(str(folder))
    assert project.settings.name == "county"
    assert "E-SET-03" in {f.code for f in project.findings}
    assert [f.code for f in problem_of(tmp_path / "nowhere").findings] == ["E-FILE-07"]


def test_a_register_without_a_usable_row_cannot_be_used(tmp_path):
    told = problem_of(write_folder(tmp_path / "county", households=households().assign(人口=-1))).findings
    assert told[0].code == "E-ROW-01"
    assert sum(f.code == "E-NUM-02" for f in told) == 6


def test_inputs_are_fingerprinted_and_nothing_is_written(tmp_path):
    folder = write_folder(tmp_path / "county")
    before = {path.name: sha256(path) for path in folder.iterdir()}
    project = load_project(folder)
    assert dict(project.inputs) == before
    assert {path.name: sha256(path) for path in folder.iterdir()} == before


def test_it_shows_itself_in_one_line_and_a_small_table(tmp_path):
    toml = TOML.replace("试验县", "<b>甲 & 乙</b>")
    folder = write_folder(
        tmp_path / "county", toml=toml, households=households().assign(人口=[0, 4, 4, 4, 4, 4])
    )
    project = load_project(folder)
    assert "\n" not in repr(project)
    assert "5 households" in repr(project) and "2 rows left out" in repr(project)
    page = project._repr_html_()
    assert "<b>" not in page and "&lt;b&gt;甲 &amp; 乙" in page
    row = re.search(r"<tr><td>建档立卡户 households</td><td>(\d+)</td><td>(\d+)</td>", page)
    assert row is not None and row.groups() == ("5", "1")


def test_findings_become_a_table(tmp_path):
    project = load_project(
        write_folder(tmp_path / "county", households=households().assign(人口=[0, *[4] * 5]))
    )
    table = findings_table(project.findings)
    places = ["code", "level", "table", "where", "column", "found"]
    assert list(table) == [*places, "expected_zh", "todo_zh", "expected_en", "todo_en"]
    assert len(table) == len(project.findings)
    assert table["level"].tolist() == sorted(table["level"], key=["error", "doubt", "note"].index)
    assert table.query("code == 'E-NUM-02'")["found"].tolist() == ["0"]
    assert list(findings_table([])) == list(table)


def test_a_whole_county_reads_in_a_few_seconds(tmp_path):
    count = 120_000
    register = households(count).assign(x=WEST + 5000.0, y=SOUTH + 5000.0)
    bond = pd.DataFrame(
        {
            "户编号": register["户编号"],
            "地点编号": "F1",
            "角色": "栽植",
            "数量": 3,
            "单位": "工日",
            "年度": 2018,
        }
    )
    toml = TOML + '[tables.households]\ncrs = "EPSG:4544"\n'
    folder = write_folder(tmp_path / "county", toml=toml, households=register, links=bond)
    start = time.process_time()
    project = load_project(folder)
    assert time.process_time() - start < 15  # 4 s alone; one Python step more a row and rule would show
    assert len(project.households) == len(project.links) == count
    assert set(project.households["village_code"]) == set(VILLAGES)
