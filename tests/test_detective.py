"""The detective names the datum, zone and axes a layer is really in, and says so when it cannot tell."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

import eco
from eco.space.datums import from_working, points_to_working, to_working, wgs84_to_bd09
from eco.space.detective import FEWEST_PAIRS, repaired
from eco.space.shifts import border_lines, shift_of_borders
from eco.space.systems import System, placed, possible

DATA = Path(__file__).parents[2] / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason="../shared is not beside this project")


@pytest.fixture(scope="module")
def delivered():
    table = pd.read_csv(DATA / "townships_2016_adcode.csv", dtype={"code": str}).query("level == 'town'")
    return table.dropna(subset="lon_gcj02").reset_index(drop=True)


@pytest.fixture(scope="module")
def counties():
    table = gpd.read_file(DATA / "counties_osm_odbl.gpkg").rename(columns={"adcode": "code"})
    return table[["code", "name", "geometry"]]


def columns(table, datum):
    """Code, lon and lat of the delivered township points in one datum."""
    return pd.DataFrame({"code": table["code"], "lon": table[f"lon_{datum}"], "lat": table[f"lat_{datum}"]})


def moved(layer, crs):
    """The layer's shapes written in another system, without saying so."""
    shapes = from_working(to_working(layer.geometry, "EPSG:4490")[0], crs)
    return gpd.GeoDataFrame(layer.drop(columns="geometry"), geometry=shapes)


def metres(shapes, right):
    return shapely.distance(np.asarray(shapes, dtype=object), np.asarray(right, dtype=object))


@real
def test_township_points_in_gcj02_are_found_and_put_right_within_a_metre(delivered):
    layer, control = columns(delivered, "gcj02"), columns(delivered, "wgs84")
    before = layer.copy()
    told = eco.detect_datum(layer, control, crs="EPSG:4326", control_crs="EPSG:4326")
    assert (told.answer, told.system, told.pairs) == ("another system", System("EPSG:4490", "GCJ-02"), 106)
    assert 207 < told.shift.low_m < told.shift.median_m < told.shift.high_m < 369
    assert 240 < told.shift.bearing < 300  # back to the west
    right = points_to_working(control["lon"], control["lat"], "EPSG:4326")[0]
    assert metres(repaired(layer, told), right).max() < 1
    pd.testing.assert_frame_equal(layer, before)  # nothing is moved unasked
    assert 'crs = "GCJ-02"' in told.sentence("zh") and "火星" in str(told)
    assert "208-368" in told.sentence("en")


@real
def test_township_points_in_bd09_are_found_and_put_right(delivered):
    control = columns(delivered, "wgs84")
    lon, lat = wgs84_to_bd09(control["lon"], control["lat"])
    told = eco.detect_datum(
        control.assign(lon=lon, lat=lat), control, crs="EPSG:4490", control_crs="EPSG:4326"
    )
    assert told.system == System("EPSG:4490", "BD-09")
    assert 900 < told.shift.median_m < 1200
    right = points_to_working(control["lon"], control["lat"], "EPSG:4326")[0]
    assert metres(repaired(control.assign(lon=lon, lat=lat), told), right).max() < 1


@real
def test_a_right_declaration_is_left_alone_and_a_wrong_gcj02_is_undone(delivered):
    control = columns(delivered, "wgs84")
    assert (
        eco.detect_datum(control, control, crs="EPSG:4490", control_crs="EPSG:4326").answer == "as declared"
    )
    told = eco.detect_datum(control, control, crs="GCJ-02", control_crs="EPSG:4326")
    assert told.system == System("EPSG:4490") and 'crs = "EPSG:4490"' in told.fix.en


@real
@pytest.mark.parametrize("datum", ["gcj02", "wgs84"])
def test_lying_in_the_county_is_no_evidence(delivered, counties, datum):
    points = columns(delivered, datum)
    outlines = to_working(counties.geometry, "EPSG:4326")[0].to_numpy()
    shapes = points_to_working(points["lon"], points["lat"], "EPSG:4326")[0].to_numpy()
    assert shapely.contains(shapely.union_all(outlines), shapes).all()  # in either datum
    for control in (counties, counties.drop(columns=["code", "name"])):
        told = eco.detect_datum(points, control, crs="EPSG:4326")
        assert told.answer == "cannot tell" and told.system is None
        assert "县界" in told.sentence("zh") and "no evidence" in told.sentence("en")
        with pytest.raises(ValueError, match="no system is believed"):
            repaired(points, told)


@real
def test_without_a_control_nothing_is_told(delivered):
    told = eco.detect_datum(columns(delivered, "gcj02"), crs="EPSG:4326")
    assert told.answer == "cannot tell" and "没有控制" in told.sentence("zh")
    two = columns(delivered, "wgs84").head(FEWEST_PAIRS - 1)
    told = eco.detect_datum(columns(delivered, "gcj02"), two, crs="EPSG:4326", control_crs="EPSG:4326")
    assert told.answer == "cannot tell" and "fewer than three" in told.sentence("en")
    unknown = eco.detect_datum(columns(delivered, "gcj02"), columns(delivered, "wgs84"), crs="EPSG:4326")
    assert unknown.answer == "cannot tell"  # a control of unknown datum is none


@real
@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_a_county_layer_moved_is_found_against_the_outlines(counties, crs):
    layer = moved(counties, crs)
    told = eco.detect_datum(layer, counties, crs="EPSG:4326")
    assert told.system == System("EPSG:4490", crs)
    low, high = {"GCJ-02": (218, 358), "BD-09": (900, 1200)}[crs]
    assert low < told.shift.common_m < high
    right = to_working(counties.geometry, "EPSG:4326")[0]
    assert shapely.hausdorff_distance(np.asarray(repaired(layer, told)), right.to_numpy()).max() < 1


@real
def test_one_county_and_unmatched_counties_are_enough(counties):
    layer = moved(counties, "GCJ-02")
    for some in (layer.iloc[[3]], layer.drop(columns=["code", "name"])):
        assert eco.detect_datum(some, counties, crs="EPSG:4326").system == System("EPSG:4490", "GCJ-02")


@real
def test_gcj02_inside_projected_metres_is_found(counties):
    shapes = to_working(moved(counties, "GCJ-02").geometry, "EPSG:4490")[0]
    layer = counties.set_geometry(shapes)
    told = eco.detect_datum(layer, counties)
    assert told.declared == "EPSG:4544" and told.system == System("EPSG:4544", "GCJ-02")
    assert told.system.crs is None and "crs =" not in told.fix.en  # no name in project.toml means this
    right = to_working(counties.geometry, "EPSG:4326")[0]
    assert shapely.hausdorff_distance(np.asarray(repaired(layer, told)), right.to_numpy()).max() < 1


@real
def test_outlines_of_another_drawing_are_too_coarse_to_tell(counties):
    ours = gpd.read_file(Path(__file__).parents[1] / "data/dingxi/counties.geojson")
    ours = ours.rename(columns={"代码": "code"})
    for crs in ("EPSG:4490", "GCJ-02"):
        told = eco.detect_datum(moved(ours, crs), counties, crs="EPSG:4490")
        assert told.answer == "cannot tell" and "粗" in told.sentence("zh")


@real
@pytest.mark.parametrize("really", ["EPSG:4490", "GCJ-02"])
def test_exchanged_axes_are_found_with_their_datum(delivered, really):
    control = columns(delivered, "wgs84")
    layer = columns(delivered, {"EPSG:4490": "wgs84", "GCJ-02": "gcj02"}[really])
    layer = layer.rename(columns={"lon": "lat", "lat": "lon"})
    told = eco.detect_datum(layer, control, crs="EPSG:4490", control_crs="EPSG:4326")
    assert told.system == System("EPSG:4490", really, exchanged=True)
    assert "exchange the axes" in told.fix.en and "对调" in told.fix.zh


@real
@pytest.mark.parametrize(
    ("really", "declared"),
    [
        ("EPSG:4523", "EPSG:4524"),
        ("EPSG:4523", "EPSG:4544"),
        ("EPSG:4544", "EPSG:4545"),
        ("EPSG:4544", "EPSG:4523"),
        ("EPSG:4544", None),
        ("EPSG:4496", "EPSG:4523"),
    ],
)
def test_a_wrong_zone_is_found_by_points_and_by_the_county_outline(delivered, counties, really, declared):
    control = columns(delivered, "wgs84")
    shapes = from_working(points_to_working(control["lon"], control["lat"], "EPSG:4326")[0], really)
    layer = pd.DataFrame({"code": control["code"], "x": shapely.get_x(shapes), "y": shapely.get_y(shapes)})
    by_points = eco.detect_datum(layer, control, crs=declared, control_crs="EPSG:4326")
    by_outline = eco.detect_datum(layer, counties, crs=declared)
    assert by_points.system == by_outline.system == System(really)
    assert "zone and axes only" in by_outline.sentence("en")
    northing_first = layer.rename(columns={"x": "y", "y": "x"})
    assert eco.detect_datum(northing_first, counties, crs=declared).system == System(really, exchanged=True)


@real
def test_a_steady_shift_of_an_old_datum_is_told_and_not_moved(delivered):
    control = columns(delivered, "wgs84")
    shapes = points_to_working(control["lon"], control["lat"], "EPSG:4326")[0]
    layer = pd.DataFrame({"code": control["code"], "x": shapes.x + 63, "y": shapes.y - 40})
    told = eco.detect_datum(layer, control, crs="EPSG:4544", control_crs="EPSG:4326")
    assert told.answer == "unexplained shift" and told.system is None
    assert "测绘主管部门" in told.sentence("zh") and "shifted by 75 m" in told.sentence("en")


def scattered(seed, noise_m, count):
    """Places over a county, and the same places seen `noise_m` off, in GCJ-02 degrees."""
    random = np.random.default_rng(seed)
    true = np.column_stack([random.uniform(4.2e5, 5.2e5, count), random.uniform(3.82e6, 3.95e6, count)])
    seen = true + random.normal(0, noise_m, true.shape)
    codes = [f"{number:012}" for number in range(count)]
    control = gpd.GeoDataFrame({"code": codes}, geometry=shapely.points(true), crs="EPSG:4544")
    layer = gpd.GeoDataFrame({"code": codes}, geometry=from_working(shapely.points(seen), "GCJ-02"))
    return layer, control


@given(seed=st.integers(0, 10**6), noise_m=st.sampled_from([0, 5, 50, 500, 1500]), count=st.integers(3, 200))
@settings(max_examples=25, deadline=None)
def test_under_any_noise_the_answer_is_right_or_none(seed, noise_m, count):
    layer, control = scattered(seed, noise_m, count)
    for declared, right in (("EPSG:4490", "another system"), ("GCJ-02", "as declared")):
        told = eco.detect_datum(layer, control, crs=declared)
        assert told.answer in (right, "cannot tell")
        assert told.system in (None, System("EPSG:4490", "GCJ-02"))
    if noise_m <= 5:
        assert told.answer == "as declared"


def test_a_few_places_written_wrong_hide_nothing():
    layer, control = scattered(1, 10, 60)
    shapes = layer.geometry.to_numpy().copy()
    shapes[:6] = shapely.points(104.9, 35.1)
    shapes[6] = None
    told = eco.detect_datum(layer.set_geometry(shapes), control, crs="EPSG:4490")
    assert told.system == System("EPSG:4490", "GCJ-02")


def test_names_match_where_codes_do_not_and_double_ones_are_left_aside():
    layer, control = scattered(2, 0, 30)
    names = [f"镇{number}" for number in range(28)] + ["城关镇", "城关镇"]
    layer, control = layer.assign(name=names, code=""), control.assign(name=names)
    told = eco.detect_datum(layer, control, crs="EPSG:4490")
    assert (told.answer, told.pairs) == ("another system", 28)
    told = eco.detect_datum(layer.assign(id=names), control.assign(id=names), crs="EPSG:4490", match="id")
    assert told.pairs == 28
    with pytest.raises(ValueError, match="in both"):
        eco.detect_datum(layer, control, match="village")


def test_what_cannot_be_read_is_refused_with_words():
    layer, control = scattered(3, 0, 5)
    with pytest.raises(ValueError, match="EPSG:4490"):
        eco.detect_datum(layer, control, crs="Beijing 1954")
    with pytest.raises(ValueError, match="lon and lat"):
        eco.detect_datum(pd.DataFrame({"经": [1.0]}), control)


@pytest.mark.parametrize("towards", [(0, 0), (40, -25), (-300, 120), (700, 600)])
def test_a_planted_translation_of_borders_comes_back(towards):
    blocks = [box(x, y, x + 9000, y + 7000) for x in (4.4e5, 4.5e5, 4.62e5) for y in (3.90e6, 3.91e6)]
    there = shapely.transform(np.array(blocks), lambda xy: xy - np.array(towards))
    shift = shift_of_borders(there, border_lines(blocks))
    assert shift.common_m == pytest.approx(np.hypot(*towards), abs=3)
    if any(towards):
        assert shift.bearing == pytest.approx(np.degrees(np.arctan2(*towards)) % 360, abs=2)


def test_borders_of_a_finer_layer_are_laid_the_other_way_round():
    blocks = [box(x, y, x + 9000, y + 7000) for x in (4.4e5, 4.49e5, 4.58e5) for y in (3.90e6, 3.907e6)]
    county = gpd.GeoDataFrame(geometry=[shapely.union_all(blocks)], crs="EPSG:4544")
    townships = gpd.GeoDataFrame(geometry=from_working(blocks, "GCJ-02"))
    told = eco.detect_datum(townships, county, crs="EPSG:4490")
    assert told.system == System("EPSG:4490", "GCJ-02")
    assert 240 < told.shift.bearing < 300


def test_possible_systems_are_few_and_every_one_lands_where_it_should():
    point = shapely.points([[4.65e5, 3.94e6]])
    assert {system.frame for system in possible(from_working(point, "EPSG:4523"))} == {"EPSG:4523"}
    assert (
        len({system.frame for system in possible(point)}) == 21
    )  # six-degree zones without prefix are among them
    assert {system.datum for system in possible(from_working(point, "EPSG:4490"))} == {
        "EPSG:4490",
        "GCJ-02",
        "BD-09",
    }
    for system in (System("EPSG:4490", "BD-09"), System("EPSG:4523"), System("EPSG:4490", exchanged=True)):
        written = from_working(point, system.crs)
        written = shapely.transform(written, lambda xy: xy[:, ::-1]) if system.exchanged else written
        assert metres(placed(written, system), point).max() < 0.01
