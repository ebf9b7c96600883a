"""KML, KMZ, GPX, GeoParquet, TSV and old Excel: read to the same cells, and what is dangerous in them refused."""

import http.server
import threading
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point
from small_folder import apiaries, forest_plots, households, write_folder

from eco.problems import DataProblem
from eco.records.checks import check_table
from eco.records.project import load_project
from eco.records.readers import Source, read_table
from eco.records.tables import TABLES

FILES = Path(__file__).parent / "files"
RARE = "㛃村𬭎"


def read(path, name="apiaries", **declared):
    return read_table(Source(TABLES[name], path, **declared))


def codes(problem):
    return [finding.code for finding in problem.value.findings]


def placemark(name, *, description="", lon=104.6, lat=35.5, shape=None, **data):
    fields = "".join(f'<Data name="{key}"><value>{value}</value></Data>' for key, value in data.items())
    shape = shape or f"<Point><coordinates>{lon},{lat},1900</coordinates></Point>"
    return (
        f"<Placemark><name>{name}</name><description>{description}</description>"
        f"<ExtendedData>{fields}</ExtendedData>{shape}</Placemark>"
    )


def kml(inner, *, head='<?xml version="1.0" encoding="UTF-8"?>'):
    return (
        f'{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>县</name>{inner}</Document></kml>'
    )


YARD = {"村代码": "621126101201", "箱数": "20", "起始年度": "2019"}
YARDS = kml(placemark("甲", 蜂场号="B1", **YARD) + placemark("乙", 蜂场号="B2", **YARD, lat=35.25))


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_kml_keeps_its_chinese_headings_and_stands_where_it_says(tmp_path):
    raw = read(written(tmp_path / "apiaries.kml", YARDS))
    checked = check_table(raw)
    assert checked.findings == ()
    assert checked.frame["apiary_id"].tolist() == ["B1", "B2"]
    assert checked.frame["hives_received"].tolist() == [20, 20]
    expected = gpd.GeoSeries([Point(104.6, 35.5), Point(104.6, 35.25)], crs="EPSG:4326").to_crs("EPSG:4544")
    assert checked.frame.geometry.distance(expected).max() < 1e-6
    assert raw.where[1] == "apiaries.kml 第2个要素 / feature 2"


SAID_GBK = '<?xml version="1.0" encoding="GBK"?>'


def test_a_kml_in_gbk_is_read_as_chinese_whether_it_says_so_or_not(tmp_path):
    path = tmp_path / "apiaries.kml"
    path.write_bytes(
        kml(placemark("甲", 蜂场号="东坡", **YARD), head='<?xml version="1.0" encoding="GBK"?>').encode("gbk")
    )
    assert read(path).cells["apiary_id"].tolist() == ["东坡"]
    path.write_bytes(kml(placemark("甲" * 20, 蜂场号="东坡", **YARD), head="").encode("gbk"))
    raw = read(path)
    assert raw.cells["apiary_id"].tolist() == ["东坡"]
    assert [finding.code for finding in raw.findings] == ["E-ENC-02"]


def test_html_in_a_kml_is_dropped_and_rare_han_kept(tmp_path):
    described = f"<![CDATA[<script>alert(1)</script><b>{RARE}</b><img src=x onerror=alert(1)>&amp; 坡]]>"
    path = written(tmp_path / "villages.kml", kml(placemark("x", description=described, 代码="621126101201")))
    raw = read(path, "villages", columns={"name": "description"})
    assert raw.cells["name"].tolist() == [f"{RARE} & 坡"]


@pytest.fixture
def asked():
    """Addresses a small web server of ours was asked for, and its port."""
    requests = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield requests, server.server_address[1]
        server.shutdown()


def test_a_network_link_is_counted_and_never_fetched(tmp_path, asked):
    requests, port = asked
    link = f"<NetworkLink><Link><href>http://127.0.0.1:{port}/x.kml</href></Link></NetworkLink>"
    icon = f"<Style><IconStyle><Icon><href>http://127.0.0.1:{port}/x.png</href></Icon></IconStyle></Style>"
    raw = read(written(tmp_path / "apiaries.kml", YARDS.replace("</Document>", link + icon + "</Document>")))
    assert [(finding.code, finding.level) for finding in raw.findings] == [("E-XML-02", "note")]
    assert raw.findings[0].found.startswith("1 处")
    assert len(raw.cells) == 2
    assert requests == []


BOMB = '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi")
)


@pytest.mark.parametrize(
    "head",
    [
        BOMB + "]>",
        '<!DOCTYPE kml SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE kml [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]>',
    ],
    ids=["bomb", "outer type", "outer entity", "parameter entity"],
)
@pytest.mark.parametrize("ending", ["kml", "gpx"])
def test_entities_are_refused_before_they_grow(tmp_path, head, ending):
    path = written(tmp_path / f"apiaries.{ending}", kml(placemark("&i;&x;"), head=head))
    began = time.process_time()
    with pytest.raises(DataProblem) as problem:
        read(path)
    assert codes(problem) == ["E-XML-01"]
    assert "root:" not in str(problem.value)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "E-FILE-03"),
        ("\0" * 100, "E-FILE-03"),
        ("{}", "E-FILE-03"),
        ("<kml", "E-XML-01"),
        (kml("<Folder>" * 5000), "E-XML-01"),
        ("<html></html>", "E-XML-01"),
        (YARDS[: len(YARDS) // 2], "E-XML-01"),
    ],
    ids=["empty", "nul", "json", "cut", "deep", "html", "half"],
)
def test_what_is_no_kml_is_one_clear_error(tmp_path, text, code):
    with pytest.raises(DataProblem) as problem:
        read(written(tmp_path / "apiaries.kml", text))
    assert codes(problem) == [code]


def test_folders_of_a_kml_are_listed_and_asked_for(tmp_path):
    inner = "".join(
        f"<Folder><name>{name}</name>{placemark('x', 蜂场号=name, **YARD)}</Folder>" for name in ("东", "西")
    )
    path = written(tmp_path / "apiaries.kml", kml(inner))
    with pytest.raises(DataProblem) as problem:
        read(path)
    assert codes(problem) == ["E-FILE-04"]
    assert "东、西" in str(problem.value)
    assert read(path, layer="西").cells["apiary_id"].tolist() == ["西"]
    path = written(tmp_path / "apiaries.kml", kml(inner.replace("西", "蜂场")))
    assert read(path).cells["apiary_id"].tolist() == ["蜂场"]  # named like the table


RING = "<coordinates>104.6,35.5 104.61,35.5 104.61,35.51 104.6,35.51 104.6,35.5</coordinates>"
HOLE = "<coordinates>104.602,35.502 104.604,35.502 104.604,35.504 104.602,35.502</coordinates>"
PATCH = (
    f"<Polygon><outerBoundaryIs><LinearRing>{RING}</LinearRing></outerBoundaryIs>"
    f"<innerBoundaryIs><LinearRing>{HOLE}</LinearRing></innerBoundaryIs></Polygon>"
)
NO_SHELL = "<Polygon><innerBoundaryIs/></Polygon>"


@pytest.mark.parametrize(
    ("shape", "kind", "said"),
    [
        (PATCH, "Polygon", []),
        (f"<MultiGeometry>{PATCH}{PATCH.replace('104.6', '104.7')}</MultiGeometry>", "MultiPolygon", []),
        ("<Polygon></Polygon>", None, ["E-GEOM-01"]),
        (NO_SHELL, None, ["E-GEOM-01"]),
        ("<Point><coordinates>east,north</coordinates></Point>", None, ["E-GEOM-01"]),
        ("<Point><coordinates>nan,35.5</coordinates></Point>", None, ["E-CRS-02"]),
        ("<Point><coordinates/></Point>", None, ["E-GEOM-01"]),
        ("<Point><coordinates>35.5,104.6</coordinates></Point>", None, ["E-CRS-02"]),
        (PATCH.replace(",", " , "), "Polygon", []),
        ("<LineString><coordinates>104,35 105,35</coordinates></LineString>", None, ["E-GEOM-01"]),
    ],
)
def test_shapes_of_a_kml_are_whole_or_their_row_is_left_out(tmp_path, shape, kind, said):
    fields = {"村代码": "621126101201", "面积": "1", "树种": "杏", "造林年度": "2019"}
    marks = placemark("a", shape=shape, 小班号="F1", **fields) + placemark(
        "b", shape=PATCH, 小班号="F2", **fields
    )
    checked = check_table(read(written(tmp_path / "forest_plots.kml", kml(marks)), "forest_plots"))
    assert [finding.code for finding in checked.findings if finding.level == "error"] == said
    assert checked.frame["plot_id"].tolist() == (["F1", "F2"] if kind else ["F2"])
    if kind:
        assert checked.frame.geometry.geom_type[0] == kind
    if kind == "Polygon":
        assert len(checked.frame.geometry[0].interiors) == 1


def test_a_kmz_is_read_in_memory_and_a_swollen_one_refused(tmp_path):
    path = tmp_path / "apiaries.kmz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../doc.kml", YARDS)
        archive.writestr("files/x.png", b"x")
    assert read(path).cells["apiary_id"].tolist() == ["B1", "B2"]
    assert sorted(item.name for item in tmp_path.rglob("*")) == ["apiaries.kmz"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", YARDS + " " * 250_000_000)
    began = time.process_time()
    with pytest.raises(DataProblem) as problem:
        read(path)
    assert codes(problem) == ["E-ZIP-01"]
    assert time.process_time() - began < 1
    path.write_bytes(b"PK\3\4rubbish")
    with pytest.raises(DataProblem) as problem:
        read(path)
    assert codes(problem) == ["E-ZIP-02"]


GPX = """<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">
<wpt lat="35.5" lon="104.6"><ele>1900</ele><name>B1</name><cmt>&lt;b&gt;东坡&lt;/b&gt;</cmt><extensions>
<village_code>621126101201</village_code><hives_received>20</hives_received><started_year>2019</started_year>
</extensions></wpt>{more}</gpx>"""
TRACK = '<trk><name>路</name><trkseg><trkpt lat="35" lon="104"/><trkpt lat="36" lon="105"/></trkseg></trk>'


def test_waypoints_of_a_gpx_are_points_and_tracks_are_asked_about(tmp_path):
    path = written(tmp_path / "apiaries.gpx", GPX.format(more=""))
    checked = check_table(read(path, columns={"apiary_id": "name"}))
    assert checked.findings == () and checked.frame["hives_received"].tolist() == [20]
    expected = gpd.GeoSeries([Point(104.6, 35.5)], crs="EPSG:4326").to_crs("EPSG:4544")
    assert checked.frame.geometry[0].distance(expected[0]) < 1e-6
    path = written(path, GPX.format(more=TRACK))
    with pytest.raises(DataProblem) as problem:
        read(path)
    assert "waypoints、tracks" in str(problem.value)
    assert len(read(path, layer="waypoints", columns={"apiary_id": "name"}).cells) == 1


def test_phone_points_may_be_declared_gcj02(tmp_path):
    path = written(tmp_path / "apiaries.gpx", GPX.format(more=""))
    plain = check_table(read(path, columns={"apiary_id": "name"})).frame.geometry[0]
    moved = check_table(read(path, columns={"apiary_id": "name"}, crs="GCJ-02")).frame.geometry[0]
    assert 200 < plain.distance(moved) < 700


def test_a_geoparquet_is_the_same_as_its_geopackage(tmp_path):
    plots = forest_plots().assign(树种=[RARE, "山杏"])
    plots.to_file(tmp_path / "forest_plots.gpkg", driver="GPKG")
    plots.to_parquet(tmp_path / "forest_plots.parquet")
    one, other = (
        check_table(read(tmp_path / f"forest_plots.{e}", "forest_plots")) for e in ("gpkg", "parquet")
    )
    pd.testing.assert_frame_equal(one.frame.drop(columns="where"), other.frame.drop(columns="where"))
    assert other.frame["species"].tolist() == [RARE, "山杏"]


def test_a_parquet_without_geometry_has_points_by_its_columns(tmp_path):
    apiaries().to_parquet(tmp_path / "apiaries.parquet")
    checked = check_table(read(tmp_path / "apiaries.parquet", crs="EPSG:4544"))
    assert checked.frame.geometry[0] == Point(apiaries()["x"][0], apiaries()["y"][0])


@pytest.mark.parametrize("cut", [0, 4, 100, -1])
def test_a_parquet_cut_short_is_refused(tmp_path, cut):
    path = tmp_path / "forest_plots.parquet"
    forest_plots().to_parquet(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataProblem) as problem:
        read(path, "forest_plots")
    assert codes(problem) == ["E-FILE-03"]


def test_a_tsv_in_gbk_is_a_table(tmp_path):
    path = tmp_path / "households.tsv"
    path.write_bytes(households().to_csv(sep="\t", index=False).encode("gbk"))
    raw = read(path, "households")
    assert raw.cells["household_id"].tolist() == households()["户编号"].tolist()
    assert raw.where[0] == "households.tsv 第2行 / row 2"


def test_an_xls_of_old_excel_lists_its_sheets_and_counts_its_title_rows():
    path = FILES / "register.xls"
    with pytest.raises(DataProblem) as problem:
        read(path, "households")
    assert codes(problem) == ["E-FILE-04"]
    assert "说明、2019年、2020年" in str(problem.value)
    older = read(path, "households", sheet="2019年")
    newer = read(path, "households", sheet="2020年")
    assert (len(older.cells), len(newer.cells)) == (6, 4)
    assert (older.where[0], newer.where[0]) == ("register.xls 第4行 / row 4", "register.xls 第2行 / row 2")
    expected = households().astype(str)["村代码"].tolist()
    assert check_table(older).frame["village_code"].tolist() == expected


def test_layers_of_a_geopackage_are_listed_and_asked_for(tmp_path):
    path = tmp_path / "plots.gpkg"
    for name in ("first", "second"):
        forest_plots().to_file(path, layer=name, driver="GPKG")
    with pytest.raises(DataProblem) as problem:
        read(path, "forest_plots")
    assert codes(problem) == ["E-FILE-04"] and "first、second" in str(problem.value)
    assert len(read(path, "forest_plots", layer="second").cells) == 2


def test_a_folder_of_such_files_is_a_project(tmp_path):
    folder = write_folder(tmp_path / "county")
    whole = load_project(folder)
    (folder / "forest_plots.gpkg").unlink()
    forest_plots().to_parquet(folder / "forest_plots.parquet")
    (folder / "households.csv").rename(folder / "households.tsv")
    degrees = whole.apiaries.to_crs("EPSG:4326").geometry[0]
    (folder / "apiaries.csv").unlink()
    marks = placemark("x", lon=degrees.x, lat=degrees.y, 蜂场号="B1", **YARD)
    written(folder / "apiaries.kml", kml(marks))
    (folder / "project.toml").write_text('[project]\nname = "试验县"\n', encoding="utf-8")
    project = load_project(folder)
    for name in ("forest_plots", "households"):
        pd.testing.assert_frame_equal(project.tables[name], whole.tables[name])
    assert project.apiaries.geometry[0].distance(whole.apiaries.geometry[0]) < 1e-6
    assert set(project.inputs) >= {"apiaries.kml", "households.tsv", "forest_plots.parquet"}
