"""Chinese datums: another implementation agrees, inverses undo, every system lands on the same metre."""

import geocoordinates_ffi as oracle
import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely.geometry import Point, box

from eco.records.tables import KNOWN_CRS
from eco.space import datums

CM_IN_DEGREES = 9e-8
LON = st.floats(73.5, 135.0)
LAT = st.floats(3.9, 53.5)
SHIFTS = {
    "gcj02": (datums.wgs84_to_gcj02, datums.gcj02_to_wgs84, oracle.wgs84_to_gcj02),
    "bd09": (datums.wgs84_to_bd09, datums.bd09_to_wgs84, oracle.wgs84_to_bd09),
}


@pytest.mark.parametrize("system", SHIFTS)
def test_forward_agrees_with_another_implementation(system):
    forward, _, theirs = SHIFTS[system]
    random = np.random.default_rng(7)
    lon, lat = random.uniform(73.5, 135, 500), random.uniform(3.9, 53.5, 500)
    expected = [theirs(p=oracle.Wgs84(lat=float(b), lon=float(a))) for a, b in zip(lon, lat)]
    got_lon, got_lat = forward(lon, lat)
    assert np.allclose(got_lon, [place.lon for place in expected], rtol=0, atol=1e-9)
    assert np.allclose(got_lat, [place.lat for place in expected], rtol=0, atol=1e-9)


@pytest.mark.parametrize("system", SHIFTS)
@given(lon=LON, lat=LAT)
@settings(max_examples=300, deadline=None)
def test_inverse_undoes_within_a_centimetre(system, lon, lat):
    forward, inverse, _ = SHIFTS[system]
    back_lon, back_lat = inverse(*forward(lon, lat))
    assert abs(back_lon - lon) < CM_IN_DEGREES / 10
    assert abs(back_lat - lat) < CM_IN_DEGREES / 10


@pytest.mark.parametrize("system", SHIFTS)
def test_outside_china_nothing_moves(system):
    forward, inverse, _ = SHIFTS[system]
    lon, lat = np.array([13.4, 151.2, 104.6]), np.array([52.5, -33.9, 35.6])
    for function in (forward, inverse):
        new_lon, new_lat = function(lon, lat)
        moved = (new_lon != lon) | (new_lat != lat)
        assert moved.tolist() == [False, False, True]


def test_shift_over_dingxi_is_what_the_field_knows():
    lon, lat = np.meshgrid(np.linspace(103.9, 105.2, 20), np.linspace(34.1, 35.9, 20))
    there = datums.wgs84_to_gcj02(lon, lat)
    metres = np.hypot((there[0] - lon) * 111_320 * np.cos(np.radians(lat)), (there[1] - lat) * 111_000)
    assert 200 < metres.min() < metres.max() < 400
    assert there[0].shape == lon.shape


def test_every_known_system_brings_a_point_to_the_same_place():
    lon, lat = 104.61, 35.58
    planted = gpd.GeoSeries([Point(lon, lat)], crs="EPSG:4490")
    given_in = {
        "EPSG:4326": planted[0],
        "EPSG:4490": planted[0],
        "EPSG:4523": planted.to_crs("EPSG:4523")[0],
        "EPSG:4544": planted.to_crs("EPSG:4544")[0],
        "GCJ-02": Point(*datums.wgs84_to_gcj02(lon, lat)),
        "BD-09": Point(*datums.wgs84_to_bd09(lon, lat)),
    }
    assert set(given_in) | set(datums.ZONES) == set(KNOWN_CRS)
    assert str(int(given_in["EPSG:4523"].x)).startswith("35")
    for crs, point in given_in.items():
        moved, lost = datums.to_working(gpd.GeoSeries([point]), crs)
        assert not lost.any()
        assert moved.crs == "EPSG:4544"
        assert moved[0].distance(given_in["EPSG:4544"]) < 0.01, crs


@pytest.mark.parametrize(
    ("crs", "x", "y"),
    [
        ("EPSG:4326", 35.58, 104.61),  # axes swapped
        ("EPSG:4544", 35_464_653.0, 3_939_000.0),  # a prefix where none belongs
        ("EPSG:4523", 464_653.0, 3_939_000.0),  # none where one belongs
        ("EPSG:4490", np.inf, 35.58),
    ],
)
def test_what_cannot_lie_in_china_is_lost_not_infinite(crs, x, y):
    moved, lost = datums.points_to_working([x, np.nan], [y, np.nan], crs)
    assert lost.tolist() == [True, False]
    assert moved.isna().all()


def test_index_and_holes_survive_the_way_to_metres():
    ring = box(104.60, 35.57, 104.62, 35.59).difference(box(104.605, 35.575, 104.61, 35.58))
    moved, _ = datums.to_working(gpd.GeoSeries([ring, None], index=["a", "b"]), "GCJ-02")
    assert moved.index.tolist() == ["a", "b"]
    assert len(moved["a"].interiors) == 1
    assert moved["b"] is None


@pytest.mark.parametrize("crs", datums.ZONES)
def test_every_zone_keeps_its_number_and_its_meridian(crs):
    zone = datums.ZONES[crs]
    assert zone.prefixed == (4513 <= int(crs[5:]) <= 4533 or 4491 <= int(crs[5:]) <= 4501)
    on_meridian = gpd.GeoSeries([Point(zone.meridian, 35.0)], crs="EPSG:4490").to_crs(crs)[0]
    assert abs(on_meridian.x - (zone.number * 1e6 if zone.prefixed else 0) - 500_000) < 0.001
    moved, lost = datums.to_working([on_meridian], crs)
    assert not lost.any()
    assert datums.to_degrees(moved)[0].distance(Point(zone.meridian, 35.0)) < 1e-9
    assert datums.known_crs(int(crs[5:])) == crs and datums.embedded_crs(CRS.from_user_input(crs)) == crs
    esri = CRS.from_wkt(CRS.from_user_input(crs).to_wkt("WKT1_ESRI"))
    assert datums.embedded_crs(esri) == crs


@pytest.mark.parametrize("crs", [crs for crs, zone in datums.ZONES.items() if zone.prefixed])
@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_prefix_must_be_its_zones(crs, wrong):
    number = datums.ZONES[crs].number
    easting = np.array([number * 1e6 + 464_653, (number + wrong) * 1e6 + 464_653, 464_653.0])
    _, lost = datums.points_to_working(easting, np.full(3, 3_939_000.0), crs)
    assert lost.tolist() == [False, True, True]


@pytest.mark.parametrize("crs", ["EPSG:4490", "GCJ-02", "BD-09", "EPSG:4523", "EPSG:4544", "EPSG:4496"])
def test_the_way_back_undoes_the_way_there(crs):
    there = datums.from_working([Point(440_000, 3_920_000), None], crs)
    back, lost = datums.to_working(there, crs)
    assert not lost.any() and back[1] is None
    assert back[0].distance(Point(440_000, 3_920_000)) < 1e-3


@pytest.mark.parametrize(
    ("x", "y", "crs", "exchanged"),
    [
        ([35.5, 35.6], [104.6, 104.7], "GCJ-02", True),
        ([35.5, 104.7], [104.6, 35.6], "GCJ-02", False),  # one row stands right
        ([35.5, 0.0], [104.6, 0.0], "GCJ-02", False),  # one row fits neither way
        ([3_939_000.0], [464_653.0], "EPSG:4544", True),
        ([3_939_000.0], [35_464_653.0], "EPSG:4523", True),
        ([3_939_000.0], [36_464_653.0], "EPSG:4523", False),
        ([np.nan], [np.nan], "EPSG:4490", False),
        ([35.5, np.nan], [104.6, 104.6], "EPSG:4490", True),
    ],
)
def test_axes_count_as_exchanged_only_when_no_row_says_otherwise(x, y, crs, exchanged):
    assert datums.axes_exchanged(x, y, crs) is exchanged


@pytest.mark.parametrize(
    "declared", ["EPSG:4214", "EPSG:4610", 2412, "2327", "EPSG:2390", "EPSG:21413", "北京54", "Xian_1980"]
)
def test_old_datums_are_known_and_never_taken(declared):
    assert datums.is_old_datum(declared)
    assert datums.known_crs(declared) is None


def test_degrees_and_metres_are_inverse():
    point = Point(440_000, 3_920_000)
    degrees = datums.to_degrees([point])
    back, _ = datums.to_working(degrees, "EPSG:4490")
    assert back[0].distance(point) < 1e-5
