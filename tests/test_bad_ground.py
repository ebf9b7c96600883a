"""Bad inputs 47-56: each planted in a real file, found with its row, and only there."""

import re
import sqlite3
import struct

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from shapely.geometry import Point, Polygon, box
from small_folder import (
    MU_OF_PLOT,
    SIDE_M,
    SOUTH,
    VILLAGES,
    WEST,
    apiaries,
    forest_plots,
    households,
    links,
    villages,
    write_folder,
)

from eco.problems import DataProblem
from eco.records.project import load_project
from eco.space.datums import from_working

TOML = '[tables.apiaries]\ncrs = "{yards}"\n[tables.households]\ncrs = "{houses}"\n'


def load(tmp_path, *, yards="EPSG:4544", houses="EPSG:4544", toml="", **tables):
    text = TOML.format(yards=yards, houses=houses) + toml
    return load_project(write_folder(tmp_path / "county", toml=text, **tables))


def said(project, code, table=None):
    return [item for item in project.findings if item.code == code and table in (None, item.table)]


def grown(count=6, crs="EPSG:4544", **columns):
    """`count` bee yards on a grid of 3 km with their own points, written in `crs`."""
    table = pd.concat([apiaries()] * count, ignore_index=True)
    table["蜂场号"] = [f"B{number}" for number in range(count)]
    east, north = np.divmod(np.arange(count), 3)
    shapes = shapely.points(WEST + 1500 + 3000 * east, SOUTH + 1000 + 3000 * north)
    table["村代码"] = np.where(shapely.get_x(shapes) < WEST + 10_000, VILLAGES[1], VILLAGES[2])
    written = from_working(shapes, crs)
    degrees = crs in ("EPSG:4490", "GCJ-02", "BD-09")
    table["经度" if degrees else "x"], table["纬度" if degrees else "y"] = shapely.get_coordinates(written).T
    return table.drop(columns=["x", "y"] if degrees else []).assign(**columns)


def plots(shapes, *, crs="EPSG:4544", **columns):
    """Forest plots of given shapes in EPSG:4544, their declared mu right, written in `crs`."""
    mu = [shapely.area(shape) * 3 / 2000 for shape in shapes]
    table = pd.concat([forest_plots()] * len(shapes), ignore_index=True).iloc[: len(shapes)]
    table = table.drop(columns="geometry").assign(小班号=[f"F{number}" for number in range(len(shapes))])
    table = table.assign(**{"村代码": VILLAGES[0], "面积(亩)": mu, **columns})
    return gpd.GeoDataFrame(table, geometry=list(from_working(np.array(shapes), crs)), crs=crs)


def square(east, north, side=200.0):
    return box(WEST + east, SOUTH + north, WEST + east + side, SOUTH + north + side)


# 47 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crs", ["EPSG:4490", "GCJ-02", "EPSG:4544", "EPSG:4523"])
def test_axes_exchanged_in_every_row_are_put_right_and_told(tmp_path, crs):
    straight = load(tmp_path / "a", yards=crs, apiaries=grown(crs=crs))
    table = grown(crs=crs)
    pair = ["经度", "纬度"] if "经度" in table else ["x", "y"]
    table = table.rename(columns=dict(zip(pair, pair[::-1])))
    project = load(tmp_path / "b", yards=crs, apiaries=table)
    assert [item.level for item in said(project, "E-CRS-06")] == ["note"]
    assert said(project, "E-CRS-06")[0].found.startswith("6 处")
    assert project.apiaries.distance(straight.apiaries).max() < 0.001
    assert not said(straight, "E-CRS-06")


def test_axes_exchanged_in_one_row_are_not_guessed(tmp_path):
    table = grown(crs="EPSG:4490")
    table.loc[2, ["经度", "纬度"]] = table.loc[2, ["纬度", "经度"]].to_numpy()
    project = load(tmp_path, yards="EPSG:4490", apiaries=table)
    told = said(project, "E-CRS-02")
    assert len(told) == 1 and "第4行" in told[0].where and "坐标轴颠倒" in told[0].found
    assert len(project.apiaries) == 5 and not said(project, "E-CRS-06")


# 48 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "declared"),
    [
        ("EPSG:4523", "EPSG:4544"),
        ("EPSG:4523", "EPSG:4524"),
        ("EPSG:4544", "EPSG:4523"),
        ("EPSG:4523", "EPSG:4496"),
    ],
)
def test_a_prefix_of_another_zone_rejects_the_table_and_names_the_zone(tmp_path, written, declared):
    project = load(tmp_path, yards=declared, apiaries=grown(crs=written))
    told = said(project, "E-CRS-07")
    assert len(told) == 1 and told[0].level == "error" and len(project.apiaries) == 0
    assert (written if written == "EPSG:4523" else "中央经线") in told[0].expected.zh
    assert (project.left_out["table"] == "apiaries").sum() == 6


def test_a_shapefile_whose_prj_names_another_zone_is_rejected(tmp_path):
    layer = plots([square(1000, 100), square(2000, 100), square(3000, 100)], crs="EPSG:4523")
    folder = write_folder(tmp_path / "county", forest_plots=forest_plots())
    (folder / "forest_plots.gpkg").unlink()
    layer.set_crs("EPSG:4524", allow_override=True).to_file(folder / "forest_plots.shp", encoding="utf-8")
    project = load_project(folder)
    assert "EPSG:4523" in said(project, "E-CRS-07")[0].expected.en
    assert len(project.forest_plots) == 0


def test_a_zone_without_prefix_that_is_wrong_is_told_by_the_counties(tmp_path):
    project = load(tmp_path, yards="EPSG:4547", apiaries=grown())
    assert len(said(project, "E-SITE-01")) == 6
    told = said(project, "E-CRS-08")
    assert [item.level for item in told] == ["doubt"] and "105°E" in told[0].expected.zh


# 49 -------------------------------------------------------------------------------------------------


def test_an_easting_without_zone_is_asked_for_and_degrees_are_only_suggested(tmp_path):
    folder = write_folder(tmp_path / "a", toml="[project]\nname = '县'\n", apiaries=grown())
    with pytest.raises(DataProblem, match=r"E-CRS-01.*不带带号.*须写明中央经线") as problem:
        load_project(folder)
    assert "say which central meridian" in str(problem.value)
    folder = write_folder(tmp_path / "b", toml="[project]\nname = '县'\n", apiaries=grown(crs="EPSG:4490"))
    with pytest.raises(DataProblem, match=r"E-CRS-01.*数值像经纬度"):
        load_project(folder)
    folder = write_folder(tmp_path / "c", toml="[project]\nname = '县'\n", apiaries=grown(crs="EPSG:4523"))
    with pytest.raises(DataProblem, match=r"E-CRS-01.*数值像 EPSG:4523"):
        load_project(folder)


# 50, 51 ---------------------------------------------------------------------------------------------


def many_villages(count=40):
    """Villages a kilometre apart, and households with points of their own around them."""
    random = np.random.default_rng(5)
    codes = [f"6211021012{number:02}" for number in range(count)]
    east, north = np.divmod(np.arange(count), 8)
    points = np.column_stack([WEST + 900 + 1500 * east, SOUTH + 900 + 1000 * north])
    places = gpd.GeoDataFrame(
        {"村代码": codes, "村名": [f"村{code[-2:]}" for code in codes]},
        geometry=shapely.points(points),
        crs="EPSG:4544",
    )
    table = households(count * 10).assign(村代码=np.repeat(codes, 10))
    return places, table, np.repeat(points, 10, axis=0) + random.normal(0, 150, (count * 10, 2))


def with_points(table, points, crs):
    lon, lat = shapely.get_coordinates(from_working(shapely.points(points), crs)).T
    return table.assign(经度=lon, 纬度=lat)


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_households_in_a_web_maps_datum_are_told_by_their_villages(tmp_path, crs):
    places, table, points = many_villages()
    given = {
        "villages": places,
        "households": with_points(table, points, crs),
        "forest_plots": plots([square(9000, 100)]).assign(村代码="621102101201"),
    }
    given |= {"apiaries": apiaries().assign(村代码="621102101201", x=WEST + 3000), "links": links().iloc[:0]}
    project = load(tmp_path / "wrong", houses="EPSG:4326", **given)
    told = said(project, "E-DATUM-01")
    assert [(item.table, item.level) for item in told] == [("households", "doubt")]
    assert crs in told[0].todo.zh and len(project.households) == 400
    assert not said(load(tmp_path / "right", houses=crs, **given), "E-DATUM-01")


def test_one_village_or_a_few_tell_nothing_of_a_datum(tmp_path):
    _, table, points = many_villages(3)
    table = table.assign(村代码=np.repeat(VILLAGES, 10))
    table = with_points(table, points, "GCJ-02")
    project = load(tmp_path, houses="EPSG:4326", households=table)
    assert not [item for item in project.findings if item.code.startswith("E-DATUM")]


def outlined(towards=(0.0, 0.0), crs="EPSG:4544"):
    """Townships whose outlines make up the counties, moved and written in `crs`."""
    shapes = [
        box(WEST + x, SOUTH + y, WEST + x + 10_000, SOUTH + y + 5000) for x in (0, 10_000) for y in (0, 5000)
    ]
    shapes = shapely.transform(np.array(shapes), lambda xy: xy + np.array(towards))
    codes = {"乡镇代码": ["621102101", "621102102", "621126101", "621126102"], "乡镇名": list("甲乙丙丁")}
    return gpd.GeoDataFrame(
        codes, geometry=list(from_working(shapes, crs)), crs="EPSG:4490" if crs != "EPSG:4544" else crs
    )


def test_township_outlines_in_gcj02_are_told_by_the_counties(tmp_path):
    project = load(tmp_path, townships=outlined(crs="GCJ-02"))
    assert [(item.table, "GCJ-02" in item.todo.en) for item in said(project, "E-DATUM-01")] == [
        ("townships", True)
    ]


def test_a_steady_shift_of_tens_of_metres_asks_for_the_surveying_authority(tmp_path):
    project = load(tmp_path, townships=outlined((62.0, -35.0)))
    told = said(project, "E-DATUM-02")
    assert len(told) == 1 and "测绘主管部门" in told[0].todo.zh and "71 m" in told[0].found
    assert not said(load(tmp_path / "sound", townships=outlined()), "E-DATUM-02")


@pytest.mark.parametrize("old", ["EPSG:2412", "EPSG:4610", "北京54", "西安80"])
def test_old_datums_are_refused_with_whom_to_ask(tmp_path, old):
    with pytest.raises(DataProblem, match=r"E-CRS-04.*测绘主管部门"):
        load(tmp_path, yards=old, apiaries=grown())


# 52 -------------------------------------------------------------------------------------------------


def test_a_bow_tie_is_a_row_to_draw_again_with_its_mu_before_and_after(tmp_path):
    x, y = WEST + 1000, SOUTH + 100
    bow_tie = Polygon([(x, y), (x + 400, y + 400), (x + 400, y), (x, y + 400)])
    layer = plots([square(3000, 100), bow_tie])
    project = load(tmp_path, forest_plots=layer)
    told = said(project, "E-GEOM-07")
    assert len(told) == 1 and told[0].level == "error" and "0.00 → 120.00 mu" in told[0].found
    assert project.forest_plots["plot_id"].tolist() == ["F0"]
    assert "第2个要素" in project.left_out.query("table == 'forest_plots'")["where"].iloc[0]


# 53, 54 ---------------------------------------------------------------------------------------------


def test_plots_that_overlap_are_paired_and_their_land_counted_once(tmp_path):
    shapes = [square(1000, 100), square(1100, 100), square(3000, 100), square(3200, 100)]
    shapes.append(
        box(WEST + 3399.99, SOUTH + 100, WEST + 3600, SOUTH + 300)
    )  # a centimetre into its neighbour
    project = load(tmp_path, forest_plots=plots(shapes))
    told = said(project, "E-OVL-01")
    assert [item.level for item in told] == ["doubt"]
    assert told[0].found.startswith("F1 × F0: 30.00") and "第2个要素" in told[0].where
    assert "相加 300.0 亩，去重后 270.0 亩" in told[0].expected.zh
    assert len(project.forest_plots) == 5


def grass(shapes, seasons, **columns):
    mu = [shapely.area(shape) * 3 / 2000 for shape in shapes]
    cells = {
        "地块号": [f"J{n}" for n in range(len(shapes))],
        "村代码": VILLAGES[0],
        "面积(亩)": mu,
        "种植季(年)": seasons,
    }
    return gpd.GeoDataFrame(
        {**cells, "种苗": "免费", "用途": "出售", **columns}, geometry=list(shapes), crs="EPSG:4544"
    )


def test_grass_of_two_seasons_may_share_its_land(tmp_path):
    two = [square(5000, 100), square(5000, 100)]
    assert not said(load(tmp_path / "a", juncao_plots=grass(two, [2019, 2020])), "E-OVL-01")
    assert len(said(load(tmp_path / "b", juncao_plots=grass(two, [2020, 2020])), "E-OVL-01")) == 1


@pytest.mark.parametrize(
    ("programme", "code", "level"),
    [("项目", "E-OVL-02", "note"), ("公益林", "E-OVL-02", "note"), ("退耕还林", "E-OVL-03", "doubt")],
)
def test_grass_under_trees_is_noted_and_on_returned_land_doubted(tmp_path, programme, code, level):
    given = {"forest_plots": plots([square(1000, 100)], 项目类型=programme)}
    project = load(
        tmp_path, juncao_plots=grass([square(1100, 100), square(2000, 100)], [2020, 2020]), **given
    )
    told = [item for item in project.findings if item.code.startswith("E-OVL")]
    assert [(item.code, item.level, item.table) for item in told] == [(code, level, "juncao_plots")]
    assert "J0 × F0: 30.00" in told[0].found and "30.0 mu" in told[0].expected.en


def test_shapes_placed_by_rule_are_not_doubted_for_where_they_lie(tmp_path):
    both = plots([square(1000, 100), square(1100, 100)], 推定="是")
    yards = grown(推定="是").assign(x=WEST + 2000, y=SOUTH + 5000)
    project = load(tmp_path, forest_plots=both, apiaries=yards)
    assert not [item for item in project.findings if item.code.startswith(("E-OVL", "E-BEE"))]


def slope_raster(path, *, cell_m, degrees):
    """Ground that rises eastwards at `degrees` in its western half and is flat in its eastern."""
    size = int(20_000 / cell_m)
    east = (np.arange(size) + 0.5) * cell_m
    heights = np.minimum(east, 10_000.0) * np.tan(np.radians(degrees))
    profile = {
        "driver": "GTiff",
        "width": size,
        "height": int(10_000 / cell_m),
        "count": 1,
        "dtype": "float32",
    }
    profile |= {
        "crs": "EPSG:4544",
        "transform": rasterio.transform.from_origin(WEST, SOUTH + 10_000, cell_m, cell_m),
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.tile(heights, (profile["height"], 1)).astype("float32"), 1)


@pytest.mark.parametrize(
    ("cell_m", "degrees", "steep"),
    [(50, 27, ["J0"]), (50, 23, []), (500, 27, [])],
    ids=["steep", "gentle", "coarse"],
)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_crops_above_25_degrees_are_doubted_where_the_raster_can_tell(tmp_path, cell_m, degrees, steep):
    table = grass([square(3000, 3000), square(15_000, 3000)], [2020, 2020]).assign(
        村代码=[VILLAGES[0], VILLAGES[2]]
    )
    folder = write_folder(tmp_path / "county", juncao_plots=table)
    slope_raster(folder / "elevation.tif", cell_m=cell_m, degrees=degrees)
    told = said(load_project(folder), "E-SLOPE-01")
    assert [item.level for item in told] == ["doubt"] * len(steep)
    assert all("27°" in item.found and "第1个要素" in item.where for item in told)


# 55 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "unit"),
    [
        (1 / 15, "公顷"),
        (2000 / 3, "平方米"),
        (15, "又乘了一次"),
        (1 / 1500, "平方公里"),
        ("mercator", "墨卡托"),
        ("degrees", "平方度"),
        (1.06, ""),
    ],
)
def test_an_area_off_its_shape_names_the_probable_unit(tmp_path, factor, unit):
    layer = forest_plots()
    if factor == "mercator":
        declared = layer.to_crs("EPSG:3857").area[0] * 3 / 2000
    elif factor == "degrees":
        declared = shapely.area(from_working(layer.geometry, "EPSG:4490")[0])
    else:
        declared = MU_OF_PLOT * factor
    layer = layer.assign(**{"面积(亩)": [declared, MU_OF_PLOT]})
    told = said(load(tmp_path, forest_plots=layer), "E-AREA-01")
    assert len(told) == 1 and "第1个要素" in told[0].where
    assert unit in told[0].todo.zh and ("疑" in told[0].todo.zh) == bool(unit)


# 56 -------------------------------------------------------------------------------------------------


def test_a_plot_outside_the_counties_is_left_out_and_one_across_the_line_doubted(tmp_path):
    layer = plots([square(1000, 100), square(23_000, 100), square(12_000, 100)])
    project = load(tmp_path, forest_plots=layer)
    outside, other = said(project, "E-SITE-01"), said(project, "E-SITE-02")
    assert ["第2个要素" in outside[0].where, "第3个要素" in other[0].where] == [True, True]
    assert "3.1 km" in outside[0].found
    assert project.forest_plots["plot_id"].tolist() == ["F0", "F2"]


def test_points_and_nothing_among_polygons_are_rows_to_draw(tmp_path):
    layer = plots([square(1000, 100), square(2000, 100), square(3000, 100)])
    shapes = layer.geometry.to_numpy().copy()
    shapes[1], shapes[2] = Point(WEST + 2000, SOUTH + 100), None
    project = load(tmp_path, forest_plots=layer.set_geometry(shapes, crs="EPSG:4544"))
    assert [item.found for item in said(project, "E-GEOM-01")] == ["Point", "空图形 / no shape"]
    assert project.forest_plots["plot_id"].tolist() == ["F0"]


def test_plots_that_all_come_as_points_are_taken(tmp_path):
    layer = plots([square(1000, 100), square(2000, 100)])
    project = load(tmp_path, forest_plots=layer.set_geometry(layer.centroid))
    assert len(project.forest_plots) == 2 and not said(project, "E-GEOM-01")


def measured_gpkg(path, kind):
    """Make the second plot of a GeoPackage carry heights or measures, as a survey's export does."""
    with sqlite3.connect(path) as book:
        for (name,) in book.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            book.execute(f'drop trigger "{name}"')
        (blob,) = book.execute("select geom from forest_plots where fid = 2").fetchone()
        start = 8 + {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[blob[3] >> 1 & 7]
        flat = shapely.get_coordinates(shapely.from_wkb(blob[start:]))
        ring = struct.pack("<BIII", 1, 3 + {"Z": 1000, "M": 2000, "ZM": 3000}[kind], 1, len(flat))
        wkb = ring + np.hstack([flat, np.full((len(flat), len(kind)), 1990.0)]).astype("<f8").tobytes()
        book.execute("update forest_plots set geom = ? where fid = 2", (blob[:start] + wkb,))
        book.execute("update gpkg_geometry_columns set z = 2, m = 2")
    book.close()


@pytest.mark.parametrize("kind", ["Z", "M", "ZM"])
@pytest.mark.filterwarnings("ignore:Measured")
def test_mixed_heights_and_measures_leave_the_plane_shape_as_it_is(tmp_path, kind):
    layer = plots([square(1000, 100), square(2000, 100)])
    folder = write_folder(tmp_path / "county", forest_plots=layer)
    measured_gpkg(folder / "forest_plots.gpkg", kind)
    project = load_project(folder)
    shapes = project.forest_plots.geometry.to_numpy()
    assert shapely.equals(shapes, layer.geometry.to_numpy()).all() and not shapely.has_z(shapes).any()
    if "Z" in kind:
        assert [item.level for item in said(project, "E-GEOM-08")] == ["note"]


def test_a_sliver_under_a_square_metre_is_left_out(tmp_path):
    thin = box(WEST + 2000, SOUTH + 100, WEST + 2000.004, SOUTH + 300)
    project = load(tmp_path, forest_plots=plots([square(1000, 100), thin]))
    assert [item.found for item in said(project, "E-GEOM-06")] == ["0.80 m2"]
    assert project.forest_plots["plot_id"].tolist() == ["F0"]


def test_a_shape_of_a_million_vertices_is_left_out(tmp_path):
    angle = np.linspace(0, 2 * np.pi, 1_000_002)[:-1]
    rim = np.column_stack([WEST + 2000 + 100 * np.cos(angle), SOUTH + 500 + 100 * np.sin(angle)])
    project = load(tmp_path, forest_plots=plots([square(1000, 100), Polygon(rim)]))
    assert [item.found for item in said(project, "E-GEOM-09")] == ["1,000,002"]
    assert project.forest_plots["plot_id"].tolist() == ["F0"]


def unclosed_geojson(path):
    """A forest layer as GeoJSON whose second ring does not come back to its start."""
    layer = plots([square(1000, 100), square(2000, 100)], crs="EPSG:4490")
    layer.to_file(path, driver="GeoJSON")
    text = path.read_text(encoding="utf-8")
    rings = list(re.finditer(r"\[ \[ (\[ [^\]]+ \])(.*?), (\[ [^\]]+ \]) \] \]", text))
    assert len(rings) == 2
    path.write_text(text[: rings[1].start(3)].rstrip(", ") + text[rings[1].end(3) :], encoding="utf-8")


def test_a_ring_that_is_not_closed_is_closed_or_left_out_but_never_lost_silently(tmp_path):
    folder = write_folder(tmp_path / "county")
    (folder / "forest_plots.gpkg").unlink()
    unclosed_geojson(folder / "forest_plots.geojson")
    project = load_project(folder)
    kept, told = len(project.forest_plots), [f for f in project.findings if f.table == "forest_plots"]
    assert kept == 2 or any(item.level == "error" for item in told)
    assert project.forest_plots.geometry.is_valid.all()
    assert project.forest_plots.area[0] == pytest.approx(40_000, rel=1e-3)


def test_yards_at_one_place_on_a_village_and_within_two_kilometres(tmp_path):
    table = grown(6)
    table.loc[1, ["x", "y"]] = table.loc[0, ["x", "y"]].to_numpy() + [3.0, 0.0]
    table.loc[2, ["x", "y"]] = [WEST + 2 * SIDE_M + 10, SOUTH + 5 * SIDE_M]  # on the first village
    table.loc[3, ["x", "y"]] = table.loc[4, ["x", "y"]].to_numpy() + [0.0, 1500.0]
    project = load(tmp_path, apiaries=table)
    assert [(f.found, f.level) for f in said(project, "E-BEE-01")] == [
        ("B1: 3 m", "doubt"),
        ("B0: 3 m", "doubt"),
    ]
    assert [f.found for f in said(project, "E-BEE-03")] == ["10 m"]
    near = said(project, "E-BEE-02")
    assert {"B4: 1500 m", "B3: 1500 m"} <= {f.found for f in near} and {f.level for f in near} == {"note"}
    assert len(project.apiaries) == 6


def test_a_villages_outline_is_land_and_not_houses(tmp_path):
    fields = villages()
    fields.geometry = [box(WEST + x, SOUTH, WEST + x + 5000, SOUTH + 10_000) for x in (0, 5000, 10_000)]
    assert not said(load(tmp_path, villages=fields, apiaries=grown()), "E-BEE-03")


def test_a_household_far_from_its_village_is_doubted_without_its_coordinates(tmp_path):
    table = households().assign(x=WEST + 2500.0, y=SOUTH + 5000.0, 村代码=VILLAGES[0])
    table.loc[3, ["x", "y"]] = [WEST + 14_500.0, SOUTH + 5000.0]
    project = load(tmp_path, households=table)
    told = said(project, "E-SITE-03")
    assert [(f.found, f.level) for f in told] == [("12.5 km", "doubt")] and "第5行" in told[0].where
    assert len(project.households) == 6


def test_a_village_point_outside_its_county_is_doubted(tmp_path):
    places = villages()
    places.geometry = [places.geometry[0], Point(WEST + 16_000, SOUTH + 5000), places.geometry[2]]
    told = said(load(tmp_path, villages=places), "E-SITE-04", "villages")
    assert [f.found for f in told] == ["621126"] and "第2个要素" in told[0].where


def test_coordinates_that_are_no_numbers_or_endless_never_pass(tmp_path):
    table = grown().astype({"x": object})
    table.loc[0, "x"], table.loc[1, "x"], table.loc[2, "x"] = "inf", "nan", "1e400"
    project = load(tmp_path, apiaries=table)
    # "nan" is how a program writes an empty cell: the yard may stand at its village, but says so.
    assert set(project.apiaries.query("assumed == 'no'")["apiary_id"]) == {"B3", "B4", "B5"}
    assert np.isfinite(shapely.get_coordinates(project.apiaries.geometry.to_numpy())).all()
