"""Real township points as a Chinese web map gives them, against their WGS-84 columns."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from eco.space.datums import gcj02_to_wgs84, points_to_working

TOWNSHIPS = Path(__file__).parents[2] / "shared" / "data" / "townships_2016_adcode.csv"
pytestmark = pytest.mark.skipif(
    not TOWNSHIPS.parents[1].is_dir(), reason="../shared is not beside this project"
)


@pytest.fixture(scope="module")
def delivered():
    return pd.read_csv(TOWNSHIPS, dtype={"code": str}).query("level == 'town'").dropna(subset="lon_gcj02")


def test_converted_township_points_match_within_a_metre(delivered):
    lon, lat = gcj02_to_wgs84(delivered["lon_gcj02"], delivered["lat_gcj02"])
    metres = Geod(ellps="WGS84").inv(lon, lat, delivered["lon_wgs84"], delivered["lat_wgs84"])[2]
    unmoved = Geod(ellps="WGS84").inv(
        *(delivered[name] for name in ("lon_gcj02", "lat_gcj02", "lon_wgs84", "lat_wgs84"))
    )[2]
    assert len(delivered) == 106
    assert np.max(metres) < 1.0
    assert np.min(unmoved) > 200  # what being in the right county would not have shown


def test_the_road_of_a_project_file_ends_at_the_same_points(delivered):
    from_web, lost = points_to_working(delivered["lon_gcj02"], delivered["lat_gcj02"], "GCJ-02")
    from_gps, _ = points_to_working(delivered["lon_wgs84"], delivered["lat_wgs84"], "EPSG:4326")
    assert not lost.any()
    assert from_web.distance(from_gps).max() < 1.0
