"""Flowers shared among bee yards: nothing is made or lost, and conifers feed no bees."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rasterio.transform import from_origin
from small_projects import SOUTH, WEST

from eco.space.forage import (
    COVER_CLASSES,
    PLANTED,
    foraging_kernel,
    pressure,
    read_meadow,
    share_meadow,
    shared_out,
)

CRS = "EPSG:4544"
CIRCLE_HA = np.pi * 200**2 / 100  # 2 km around


def forage_hectares(cover, yards, *, hives, radius_km=2.0, scale_km=1.0, crs=CRS):
    """Hectares a colony of every yard has of each cover of a file."""
    meadow = read_meadow(cover, yards, radius_m=radius_km * 1000, crs=crs)
    return share_meadow(meadow, yards, hives=hives, radius_m=radius_km * 1000, scale_m=scale_km * 1000)


def write_cover(path: Path, codes, *, cell_m: float = 500.0, side: int = 80) -> Path:
    """A square of land cover around the corner of the small projects; `codes` is one code or an array."""
    codes = np.broadcast_to(np.asarray(codes, np.uint8), (side, side))
    half = side * cell_m / 2
    with rasterio.open(
        path, "w", driver="GTiff", height=side, width=side, count=1, dtype="uint8", crs=CRS,
        transform=from_origin(WEST - half, SOUTH + half, cell_m, cell_m),
    ) as raster:  # fmt: skip
        raster.write(codes, 1)
    return path


@given(
    supply=arrays(np.float32, (9, 11), elements=st.floats(0, 100, width=32)),
    colonies=arrays(float, (9, 11), elements=st.sampled_from([0.0, 0.0, 0.0, 1.0, 5.0, 300.0])),
    radius=st.floats(0, 4),
    scale=st.floats(0.3, 20),
)
def test_sharing_gives_away_exactly_the_supply_that_somebody_reaches(supply, colonies, radius, scale):
    kernel = foraging_kernel(radius, scale)
    row, column = np.nonzero(colonies >= 0)
    hives = colonies[row, column]
    pressed = pressure(supply.shape, row, column, colonies=hives, kernel=kernel)
    each = shared_out(supply, pressed, row, column, kernel=kernel)
    reached = np.zeros(supply.shape, bool)
    half = kernel.shape[0] // 2
    for r, c in np.argwhere(colonies > 0):
        for y, x in np.argwhere(kernel > 0) - half:
            if 0 <= r + y < 9 and 0 <= c + x < 11:
                reached[r + y, c + x] = True
    assert np.sum(each * hives) == pytest.approx(supply[reached].sum(dtype=float), rel=1e-5, abs=1e-5)
    assert each.min() >= 0


@given(st.floats(0, 12), st.floats(0.2, 50))
def test_the_kernel_is_symmetric_falls_with_distance_and_sums_to_one(radius, scale):
    kernel = foraging_kernel(radius, scale)
    half = kernel.shape[0] // 2
    assert np.array_equal(kernel, kernel.T) and np.array_equal(kernel, kernel[::-1, ::-1])
    assert kernel.sum() == pytest.approx(1) and kernel.argmax() == kernel.size // 2
    along = kernel[half, half:]
    assert np.all(np.diff(along) <= 0)
    if half:
        assert along[1] / along[0] == pytest.approx(np.exp(-1 / scale))
    assert np.count_nonzero(kernel[half, half + 1 :]) == int(radius)


def test_a_lone_yard_gets_all_there_is_in_reach(tmp_path):
    cover = write_cover(tmp_path / "cover.tif", 10)
    found = forage_hectares(
        cover, np.array([[WEST + 100.0, SOUTH + 100.0]]), hives=np.array([40.0]), radius_km=2.0, crs=CRS
    )
    assert found["grass"][0] * 40 == pytest.approx(CIRCLE_HA, rel=0.01)
    assert found["forest"][0] == found["crop"][0] == 0


@pytest.mark.parametrize("code", [0, 1, 3, 13, 15, 16, 17, 255])
def test_conifers_water_towns_and_bare_ground_feed_no_bees(tmp_path, code):
    cover = write_cover(tmp_path / "cover.tif", code)
    found = forage_hectares(cover, np.array([[WEST, SOUTH]]), hives=np.array([10.0]), radius_km=2.0, crs=CRS)
    assert set(found) == {*COVER_CLASSES, PLANTED}
    assert not any(hectares.any() for hectares in found.values())


@pytest.mark.parametrize(
    ("code", "name"), [(4, "forest"), (5, "forest"), (9, "grass"), (10, "grass"), (12, "crop")]
)
def test_every_cover_feeds_under_its_own_name(tmp_path, code, name):
    cover = write_cover(tmp_path / "cover.tif", code)
    found = forage_hectares(cover, np.array([[WEST, SOUTH]]), hives=np.array([10.0]), radius_km=2.0, crs=CRS)
    assert {cover for cover, hectares in found.items() if hectares[0] > 0} == {name}


def test_two_yards_at_one_place_halve_it_and_far_ones_do_not_meet(tmp_path):
    cover = write_cover(tmp_path / "cover.tif", 10)
    together, apart = np.array([[WEST, SOUTH]] * 2), np.array([[WEST, SOUTH], [WEST + 9000, SOUTH]])
    hives = np.array([30.0, 10.0])
    near = forage_hectares(cover, together, hives=hives, radius_km=2.0, crs=CRS)["grass"]
    far = forage_hectares(cover, apart, hives=hives, radius_km=2.0, crs=CRS)["grass"]
    assert near[0] == pytest.approx(near[1])
    assert near @ hives == pytest.approx(far[0] * 30, rel=1e-6)
    assert far[1] == pytest.approx(3 * far[0], rel=1e-6)


def test_a_yard_sees_the_flowers_on_its_own_side(tmp_path):
    codes = np.full((80, 80), 16)
    codes[:, 40:] = 12
    cover = write_cover(tmp_path / "cover.tif", codes)
    yards = np.array([[WEST + 6000.0, SOUTH], [WEST - 6000.0, SOUTH], [WEST + 1.0, SOUTH]])
    crop = forage_hectares(cover, yards, hives=np.array([1.0, 1.0, 1.0]), radius_km=2.0, crs=CRS)["crop"]
    assert crop[1] == 0
    assert crop[0] == pytest.approx(CIRCLE_HA, rel=0.01)
    assert crop[2] == pytest.approx(crop[0] / 2, rel=0.05)


def test_outside_the_raster_grow_no_flowers(tmp_path):
    cover = write_cover(tmp_path / "cover.tif", 10, side=20)
    yards = np.array([[WEST, SOUTH], [WEST + 60_000.0, SOUTH]])
    grass = forage_hectares(cover, yards, hives=np.array([5.0, 5.0]), radius_km=2.0, crs=CRS)["grass"]
    assert grass[0] > 0 and grass[1] == 0
