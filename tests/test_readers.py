"""Real files of every kind, read to the same cells: any heading, any of their encodings, any unit."""

import warnings

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import xlsxwriter
from shapely.geometry import Point
from small_folder import WEST, forest_plots, households

from eco.problems import DataProblem
from eco.records.checks import check_table
from eco.records.readers import Source, plain, read_table
from eco.records.tables import COORDINATES, TABLES

ENGLISH = {
    "户编号": "household id",
    "村代码": "village_code",
    "人口": "Persons",
    "劳动力": "workers",
    "人均纯收入(元)": "income_yuan_per_person",
    "收入年度": "income year",
    "基数含项目收入": "base_includes_programme",
}


def write_workbook(path, rows, *, before=()):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("花名册")
        for number, row in enumerate([*before, *rows]):
            sheet.write_row(number, 0, row)


def rows_of(table: pd.DataFrame):
    return [list(table.columns), *table.to_numpy().tolist()]


def write_shapefile(table, path, *, encoding="UTF-8"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # headings cut to ten bytes are what we want
        pyogrio.write_dataframe(table, path, driver="ESRI Shapefile", encoding=encoding)


def read(path, name="households", **declared):
    return read_table(Source(TABLES[name], path, **declared))


def codes(problem):
    return [finding.code for finding in problem.value.findings]


def test_no_two_columns_of_a_table_share_a_word():
    for table in TABLES.values():
        points = [column for pair in COORDINATES.values() for column in pair] if table.geometry else []
        words = [
            plain(word) for c in (*table, *points) for word in {c.name, c.label.zh, c.label.en, *c.aliases}
        ]
        assert len(words) - len(set(words)) == sum(
            plain(c.name) == plain(c.label.en) for c in (*table, *points) if c.name != c.label.en
        )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("headings", ["zh", "en"])
@pytest.mark.parametrize("mark", [",", "\t"])
def test_csv_of_every_encoding_gives_the_same_register(tmp_path, encoding, headings, mark):
    table = households().assign(致贫原因="因病")
    if headings == "en":
        table = table.rename(columns=ENGLISH)
    path = tmp_path / "households.csv"
    path.write_bytes(table.to_csv(index=False, sep=mark).encode(encoding))
    raw = read(path)
    checked = check_table(raw)
    assert checked.frame["household_id"].tolist() == households()["户编号"].tolist()
    assert checked.frame["income_yuan_per_person"].tolist() == households()["人均纯收入(元)"].tolist()
    assert set(checked.frame["main_cause"]) == {"illness"}
    assert raw.where[0] == "households.csv 第2行 / row 2"
    assert [f.code for f in checked.findings] == (["E-ENC-02"] if encoding.startswith("gb") else [])


def test_a_declared_encoding_is_taken_and_a_wrong_one_is_refused(tmp_path):
    path = tmp_path / "households.csv"
    path.write_bytes(households().to_csv(index=False).encode("gbk"))
    assert read(path, encoding="gbk").findings == ()
    with pytest.raises(DataProblem) as problem:
        read(path, encoding="utf-8")
    assert codes(problem) == ["E-ENC-01"]


def test_a_workbook_keeps_excels_row_numbers_and_long_codes(tmp_path):
    path = tmp_path / "households.xlsx"
    table = households().assign(村代码=621102101201)
    body = rows_of(table)
    write_workbook(path, [body[0], body[1], [], *body[2:]], before=[[], ["附件1 建档立卡户花名册"], []])
    raw = read(path)
    checked = check_table(raw)
    assert raw.where.tolist()[:2] == ["households.xlsx 第5行 / row 5", "households.xlsx 第7行 / row 7"]
    assert set(checked.frame["village_code"]) == {"621102101201"}
    assert checked.frame["persons"].tolist() == [4.0] * 6


def test_a_sheet_must_be_named_when_several_could_be_meant(tmp_path):
    path = tmp_path / "台账.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, count in (("一季度", 6), ("二季度", 3)):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows_of(households(count))):
                sheet.write_row(number, 0, row)
    with pytest.raises(DataProblem) as problem:
        read(path)
    assert codes(problem) == ["E-FILE-04"]
    assert "一季度、二季度" in str(problem.value)
    assert len(read(path, sheet="二季度").cells) == 3


def test_headings_of_several_lines_and_marks_are_known(tmp_path):
    path = tmp_path / "households.csv"
    odd = {"人均纯收入(元)": "人均\n纯收入（元）", "户编号": " 户 编号 ", "人口": "家庭人口(人)"}
    path.write_text("\ufeff" + households().rename(columns=odd).to_csv(index=False), encoding="utf-8")
    assert check_table(read(path, encoding="utf-8")).frame["income_yuan_per_person"][1] == 2600


@pytest.mark.parametrize("driver", ["GPKG", "GeoJSON", "ESRI Shapefile"])
def test_layers_of_every_kind_give_the_same_plots(tmp_path, driver):
    ending = {"GPKG": "gpkg", "GeoJSON": "geojson", "ESRI Shapefile": "shp"}[driver]
    path = tmp_path / f"forest_plots.{ending}"
    plots = forest_plots().to_crs("EPSG:4490" if driver == "GeoJSON" else "EPSG:4544")
    if ending == "shp":
        write_shapefile(plots, path)
    else:
        pyogrio.write_dataframe(plots, path, driver=driver)
    declared = {"crs": "EPSG:4490"} if driver == "GeoJSON" else {}
    raw = read(path, "forest_plots", **declared)
    checked = check_table(raw)
    assert checked.frame["plot_id"].tolist() == ["F1", "F2"]
    assert checked.frame["planted_year"].tolist() == [2018, 2019]
    assert checked.frame.geometry.crs == "EPSG:4544"
    assert abs(checked.frame.geometry[0].bounds[0] - (WEST + 1000)) < 0.01
    assert raw.where[1] == f"forest_plots.{ending} 第2个要素 / feature 2"


def test_a_utf8_heading_cut_within_a_sign_is_still_known(tmp_path):
    path = tmp_path / "forest_plots.shp"
    write_shapefile(forest_plots(), path)
    with pytest.raises(UnicodeDecodeError):
        pyogrio.read_dataframe(path)
    raw = read(path, "forest_plots")
    assert raw.cells["planted_year"].tolist() == [2018, 2019]
    assert raw.cells["species"].tolist() == ["云杉", "山杏"]


def test_a_gbk_shapefile_without_cpg_reads_as_chinese(tmp_path):
    path = tmp_path / "forest_plots.shp"
    write_shapefile(forest_plots(), path, encoding="GBK")
    path.with_suffix(".cpg").unlink()
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes()[:29] + b"\0" + dbf.read_bytes()[30:])  # nor a language byte
    raw = read(path, "forest_plots")
    assert raw.cells["species"].tolist() == ["云杉", "山杏"]
    assert [finding.code for finding in raw.findings] == ["E-ENC-02"]


def test_headings_cut_to_ten_bytes_by_a_dbf_are_known(tmp_path):
    path = tmp_path / "apiaries.shp"
    yards = gpd.GeoDataFrame(
        {
            "apiary_id": ["B1"],
            "village_code": ["621102101201"],
            "hives_received": [20.0],
            "hives_alive": [17.0],
            "started_year": [2019],
        },
        geometry=[Point(WEST, 3_920_000)],
        crs="EPSG:4523",
    )
    write_shapefile(yards, path)
    raw = read(path, "apiaries", crs="EPSG:4544")
    assert "hives_rece" in pyogrio.read_info(path)["fields"]
    assert raw.cells[["hives_received", "hives_alive", "started_year"]].iloc[0].tolist() == [20, 17, 2019]


@pytest.mark.parametrize(
    ("heading", "value", "units", "expected"),
    [
        ("面积(公顷)", 10.0, {}, 150.0),
        ("面积（亩）", 150.0, {}, 150.0),
        ("area_ha", 10.0, {}, 150.0),
        ("小班面积(平方米)", 100_000.0, {}, 150.0),
        ("面积", 10.0, {"area_mu": "公顷"}, 150.0),
        ("面积(亩)", 10.0, {"area_mu": "公顷"}, 150.0),
    ],
)
def test_units_in_a_heading_or_declared_become_mu(tmp_path, heading, value, units, expected):
    path = tmp_path / "forest_plots.gpkg"
    plots = forest_plots().assign(**{"面积(亩)": value}).rename(columns={"面积(亩)": heading})
    plots.to_file(path, driver="GPKG")
    checked = check_table(read(path, "forest_plots", units=units))
    assert checked.frame["area_mu"].round(6).tolist() == [expected] * 2
    noted = [finding.code for finding in checked.findings]
    assert noted == ([] if value == expected else ["E-UNIT-03"])


def test_income_in_ten_thousand_yuan(tmp_path):
    path = tmp_path / "households.csv"
    table = households().assign(**{"人均纯收入(元)": 0.32})
    table.rename(columns={"人均纯收入(元)": "人均纯收入（万元/人）"}).to_csv(path, index=False)
    assert check_table(read(path)).frame["income_yuan_per_person"].round(6).tolist() == [3200.0] * 6


def test_every_fault_of_a_table_is_told_at_once_with_near_headings(tmp_path):
    path = tmp_path / "forest_plots.gpkg"
    plots = forest_plots().rename(columns={"面积(亩)": "面积(顷)", "树种": "树木种类", "小班号": "编号"})
    plots.set_crs("EPSG:3857", allow_override=True).to_file(path, driver="GPKG")
    with pytest.raises(DataProblem) as problem:
        read(path, "forest_plots")
    assert sorted(codes(problem)) == ["E-COL-01", "E-COL-01", "E-CRS-03", "E-UNIT-02"]
    sentences = str(problem.value)
    assert "顷" in sentences and "公顷" in sentences and "EPSG:4523" in sentences


def test_two_headings_for_one_column_are_asked_about(tmp_path):
    path = tmp_path / "households.csv"
    households().assign(家庭人口=4, 户人口=5).to_csv(path, index=False)
    assert [f.code for f in read(path).findings] == ["E-COL-03"]
    households().drop(columns="人口").assign(家庭人口=4, 户人口=5).to_csv(path, index=False)
    with pytest.raises(DataProblem) as problem:
        read(path)
    assert codes(problem) == ["E-COL-02"]
    assert len(read(path, columns={"persons": "户人口"}).cells) == 6


@pytest.mark.parametrize(
    ("crs", "code"), [(None, "E-CRS-01"), ("EPSG:4326", "E-CRS-05"), ("火星", "E-CRS-03")]
)
def test_points_need_a_system_that_fits_their_columns(tmp_path, crs, code):
    path = tmp_path / "households.csv"
    households().assign(东坐标=WEST, 北坐标=3_920_000).to_csv(path, index=False)
    with pytest.raises(DataProblem) as problem:
        read(path, crs=crs)
    assert codes(problem) == [code]


@pytest.mark.parametrize("epsg", [4214, 4610, 2412, 2327, 21413])
def test_old_datums_are_refused_with_whom_to_ask(tmp_path, epsg):
    path = tmp_path / "forest_plots.gpkg"
    forest_plots().set_crs(epsg, allow_override=True).to_file(path, driver="GPKG")
    with pytest.raises(DataProblem) as problem:
        read(path, "forest_plots")
    assert codes(problem) == ["E-CRS-04"]
    assert "由测绘主管部门转换" in str(problem.value)


@pytest.mark.parametrize("name", ["forest_plots.shp", "forest_plots.gpkg", "forest_plots.geojson"])
def test_a_virtual_file_in_disguise_is_not_opened(tmp_path, name):
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nhunter2\n")
    path = tmp_path / name
    path.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="forest_plots"><SrcDataSource>CSV:{secret}</SrcDataSource>'
        "<SrcLayer>secret</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises(DataProblem) as problem:
        read(path, "forest_plots")
    assert codes(problem) == ["E-FILE-03"]
    with pytest.raises(pyogrio.errors.DataSourceError):
        pyogrio.read_dataframe(path)  # GDAL's own doors are shut too


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # GDAL warns too
@pytest.mark.parametrize("name", ["households.xlsx", "households.xls", "households.gpkg", "households.json"])
def test_rubbish_is_one_clear_error(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"SQLite format 3\0" + b"\x07rubbish" * 400)
    with pytest.raises(DataProblem) as problem:
        read(path)
    assert codes(problem) == ["E-GPKG-01" if name.endswith("gpkg") else "E-FILE-03"]
    assert name in str(problem.value)


def test_an_empty_file_is_called_empty(tmp_path):
    path = tmp_path / "links.csv"
    path.write_bytes(b"")
    with pytest.raises(DataProblem) as problem:
        read(path, "links")
    assert codes(problem) == ["E-FILE-03"]
