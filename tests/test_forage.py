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

from eco.space.forage import COVER_CLASSES, forage_hectares, reach_disc, share_among

CRS = "EPSG:4544"


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
    supply=arrays(float, (9, 11), elements=st.floats(0, 100)),
    colonies=arrays(float, (9, 11), elements=st.sampled_from([0.0, 0.0, 0.0, 1.0, 5.0, 300.0])),
    radius=st.floats(0, 4),
)
def test_sharing_gives_away_exactly_the_supply_that_somebody_reaches(supply, colonies, radius):
    disc = reach_disc(radius)
    each = share_among(supply, colonies, disc)
    reached = np.zeros(supply.shape, bool)
    half = disc.shape[0] // 2
    for row, column in np.argwhere(colonies > 0):
        for y, x in np.argwhere(disc > 0) - half:
            if 0 <= row + y < 9 and 0 <= column + x < 11:
                reached[row + y, column + x] = True
    assert np.sum(each * colonies) == pytest.approx(supply[reached].sum(), rel=1e-9, abs=1e-9)
    assert each.min() >= 0


@given(st.floats(0, 12))
def test_the_disc_is_round_symmetric_and_holds_its_centre(radius):
    disc = reach_disc(radius)
    assert disc[disc.shape[0] // 2, disc.shape[1] // 2] == 1
    assert (
        np.array_equal(disc, disc.T)
        and np.array_equal(disc, disc[::-1])
        and np.array_equal(disc, disc[:, ::-1])
    )
    assert abs(disc.sum() - np.pi * radius**2) <= 2 * np.pi * radius * np.sqrt(2) + 3


def test_a_lone_yard_gets_all_there_is_in_reach(tmp_path):
    cover = write_cover(tmp_path / "cover.tif", 10)
    found = forage_hectares(
        cover, np.array([[WEST + 100.0, SOUTH + 100.0]]), hives=np.array([40.0]), radius_km=2.0, crs=CRS
    )
    cells = reach_disc(4.0).sum()
    assert found["grass"][0] * 40 == pytest.approx(cells * 25.0)
    assert cells * 25 == pytest.approx(np.pi * 200**2 / 100, rel=0.05)
    assert found["forest"][0] == found["crop"][0] == 0


@pytest.mark.parametrize("code", [0, 1, 3, 13, 15, 16, 17, 255])
def test_conifers_water_towns_and_bare_ground_feed_no_bees(tmp_path, code):
    cover = write_cover(tmp_path / "cover.tif", code)
    found = forage_hectares(cover, np.array([[WEST, SOUTH]]), hives=np.array([10.0]), radius_km=2.0, crs=CRS)
    assert set(found) == set(COVER_CLASSES)
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
    assert near @ hives == pytest.approx(far[0] * 30)
    assert far[1] == pytest.approx(3 * far[0])


def test_a_yard_sees_the_flowers_on_its_own_side(tmp_path):
    codes = np.full((80, 80), 16)
    codes[:, 40:] = 12
    cover = write_cover(tmp_path / "cover.tif", codes)
    yards = np.array([[WEST + 6000.0, SOUTH], [WEST - 6000.0, SOUTH], [WEST + 1.0, SOUTH]])
    crop = forage_hectares(cover, yards, hives=np.array([1.0, 1.0, 1.0]), radius_km=2.0, crs=CRS)["crop"]
    assert crop[1] == 0
    assert crop[0] == pytest.approx(reach_disc(4.0).sum() * 25)
    assert 0.4 * crop[0] < crop[2] < 0.65 * crop[0]


def test_outside_the_raster_grow_no_flowers(tmp_path):
    cover = write_cover(tmp_path / "cover.tif", 10, side=20)
    yards = np.array([[WEST, SOUTH], [WEST + 60_000.0, SOUTH]])
    grass = forage_hectares(cover, yards, hives=np.array([5.0, 5.0]), radius_km=2.0, crs=CRS)["grass"]
    assert grass[0] > 0 and grass[1] == 0
