"""Planes of known tilt go in; their height, slope and aspect must come out."""

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.transform import from_origin

from eco.space import terrain

CENTRE = np.array([463_000.0, 3_934_000.0])


def write_raster(path, heights, *, crs, west, north, cell, nodata=-9999.0):
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=heights.shape[0],
        width=heights.shape[1],
        count=1,
        dtype="float32",
        crs=crs,
        transform=from_origin(west, north, cell, cell),
        nodata=nodata,
    ) as raster:
        raster.write(heights.astype("float32"), 1)


def plane_raster(path, *, crs, cell, east_rise, north_rise, size=81):
    """A raster in `crs` whose heights are a plane of the working CRS (metres a metre)."""
    x, y = Transformer.from_crs("EPSG:4544", crs, always_xy=True).transform(*CENTRE)
    west, north = x - cell * size / 2, y + cell * size / 2
    columns, rows = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    back = Transformer.from_crs(crs, "EPSG:4544", always_xy=True)
    ground_x, ground_y = back.transform(west + columns * cell, north - rows * cell)
    heights = 2000 + (ground_x - CENTRE[0]) * east_rise + (ground_y - CENTRE[1]) * north_rise
    write_raster(path, heights, crs=crs, west=west, north=north, cell=cell)


CELLS = {"EPSG:4544": 30.0, "EPSG:4326": 0.0003, "EPSG:3857": 30.0}


@pytest.mark.parametrize("crs", list(CELLS))
def test_height_of_a_plane_is_found_between_the_pixels(tmp_path, crs):
    plane_raster(tmp_path / "dem.tif", crs=crs, cell=CELLS[crs], east_rise=0.2, north_rise=-0.1)
    away = np.random.default_rng(3).uniform(-600, 600, (200, 2))
    found = terrain.elevation_at(tmp_path / "dem.tif", CENTRE + away)
    assert np.allclose(found, 2000 + away[:, 0] * 0.2 - away[:, 1] * 0.1, atol=0.01)


@pytest.mark.parametrize("crs", list(CELLS))
@pytest.mark.parametrize(
    ("east_rise", "north_rise", "slope", "aspect"),
    [
        (0.0, -np.tan(np.radians(20)), 20.0, 0.0),  # falls to the north: a shady slope
        (-np.tan(np.radians(10)), 0.0, 10.0, 90.0),
        (0.0, np.tan(np.radians(35)), 35.0, 180.0),  # sunny
        (np.tan(np.radians(5)), 0.0, 5.0, 270.0),
    ],
)
def test_slope_and_aspect_of_a_plane(tmp_path, crs, east_rise, north_rise, slope, aspect):
    plane_raster(tmp_path / "dem.tif", crs=crs, cell=CELLS[crs], east_rise=east_rise, north_rise=north_rise)
    found_slope, found_aspect = terrain.slope_aspect(tmp_path / "dem.tif", CENTRE[None, :])
    assert found_slope[0] == pytest.approx(slope, abs=0.05)
    turn = (found_aspect[0] - aspect + 180) % 360 - 180
    assert abs(turn) < 0.3


def test_a_wide_pixel_cannot_tell_slope(tmp_path):
    plane_raster(tmp_path / "fine.tif", crs="EPSG:4544", cell=90.0, east_rise=0.3, north_rise=0.0)
    plane_raster(tmp_path / "wide.tif", crs="EPSG:4544", cell=100.0, east_rise=0.3, north_rise=0.0)
    assert np.isfinite(terrain.slope_aspect(tmp_path / "fine.tif", CENTRE[None, :])[0]).all()
    assert np.isnan(terrain.slope_aspect(tmp_path / "wide.tif", CENTRE[None, :])).all()
    assert np.isfinite(terrain.elevation_at(tmp_path / "wide.tif", CENTRE[None, :])).all()


def test_outside_and_missing_pixels_are_not_a_number(tmp_path):
    heights = np.full((50, 50), 2100.0)
    heights[25, 25] = -9999
    west, north = CENTRE[0] - 25 * 30, CENTRE[1] + 25 * 30
    write_raster(tmp_path / "dem.tif", heights, crs="EPSG:4544", west=west, north=north, cell=30.0)
    hole = [west + 25.5 * 30, north - 25.5 * 30]
    points = np.array([hole, [west - 1000, north], [np.inf, np.inf], [west + 300, north - 300]])
    found = terrain.elevation_at(tmp_path / "dem.tif", points)
    assert np.isnan(found[:3]).all()
    assert found[3] == pytest.approx(2100)
    slope, aspect = terrain.slope_aspect(tmp_path / "dem.tif", points)
    assert np.isnan(slope[:3]).all()
    assert slope[3] == 0
    assert np.isnan(aspect[3])  # flat ground faces nowhere


@given(
    tilt=st.floats(1, 60),
    facing=st.floats(0, 359.9),
    cell_m=st.floats(1, 500),
)
@settings(max_examples=80, deadline=None)
def test_hillshade_is_the_cosine_to_the_sun(tilt, facing, cell_m):
    """On a plane light is n.s, the angle between the ground's normal and the sun (planted)."""
    rise = np.tan(np.radians(tilt))
    east, north = -rise * np.sin(np.radians(facing)), -rise * np.cos(np.radians(facing))
    columns, rows = np.meshgrid(np.arange(7), np.arange(7))
    heights = (columns * east - rows * north) * cell_m
    normal = np.array([-east, -north, 1]) / np.sqrt(east**2 + north**2 + 1)
    sun = np.array([-np.sqrt(0.25), np.sqrt(0.25), np.sqrt(0.5)])  # north-west, 45 degrees high
    assert terrain.hillshade(heights, cell_m)[3, 3] == pytest.approx(max(normal @ sun, 0), abs=1e-9)


def test_relief_lies_where_the_ground_lies(tmp_path):
    """A ridge running north-south: its western side is lit, its eastern side is not."""
    size, cell = 200, 100.0
    columns = np.broadcast_to(np.arange(size), (size, size))
    west, north = CENTRE[0] - size / 2 * cell, CENTRE[1] + size / 2 * cell
    write_raster(
        tmp_path / "dem.tif",
        3000 - np.abs(columns - size / 2) * 40.0,
        crs="EPSG:4544",
        west=west,
        north=north,
        cell=cell,
    )
    bounds = (west, north - size * cell, west + size * cell, north)
    picture, degrees = terrain.relief(tmp_path / "dem.tif", bounds, width=240)
    grey, alpha = picture.astype(int)
    middle = grey[100:140]
    assert middle[:, 60:100].mean() > middle[:, 140:180].mean() + 60
    assert alpha[120, 120] == 255
    lon, lat = Transformer.from_crs("EPSG:4544", "EPSG:4326", always_xy=True).transform(*CENTRE)
    assert degrees[0] < lon < degrees[2] and degrees[1] < lat < degrees[3]
    assert (degrees[0] + degrees[2]) / 2 == pytest.approx(lon, abs=0.002)
