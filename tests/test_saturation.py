"""Saturation: more hives in one township than its flowers feed, in `data/dingxi` and in counties made up."""

from dataclasses import replace
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from small_projects import SOUTH, TOLD, WEST, dingxi, small_project
from test_forage import CIRCLE_HA, write_cover

from eco.income.exposure import link
from eco.income.flowers import colonies_fed, neighbours_loss, saturation, saturation_raster
from eco.income.gains import estimate_gains
from eco.parameters.numbers import load_parameters
from eco.problems import DataProblem

NUMBERS = load_parameters()
GRASS, CROP, CONIFER = 10, 12, 1
MORE_HIVES = 20_000.0
EIGHT_HUNDRED_AT_ONE_PLACE = (WEST, SOUTH, 800.0)


def _amid(folder, codes, yards, **said):
    return small_project(
        apiaries=[{"apiary_id": f"S{i}", **yard} for i, yard in enumerate(yards)],
        rasters={"land_cover": write_cover(folder / "cover.tif", codes)}, **said,
    )  # fmt: skip


def test_nectar_and_capacity_stand_beside_each_other_ninefold_apart(tmp_path):
    row = saturation(_amid(tmp_path, GRASS, [{}]), NUMBERS).iloc[0]
    assert row["nectar_in_reach_kg"] == pytest.approx(CIRCLE_HA * 6.1, rel=0.01)
    assert row["nectar_kg"] == pytest.approx(row["nectar_in_reach_kg"], rel=1e-5)
    assert row["colonies_fed"] == pytest.approx(63, abs=1) and row["colonies_allowed"] == pytest.approx(
        540, abs=6
    )
    assert row["saturation_nectar"] == pytest.approx(20 / row["colonies_fed"])
    assert row["saturation_capacity"] == pytest.approx(20 / row["colonies_allowed"])
    assert row["honey_kg"] == pytest.approx(20 * 8.5)


def test_colonies_eat_before_their_keeper_takes(tmp_path):
    # 80 colonies of one circle of grass: 3,060 kg of honey less 40 kg each is nothing; 70 have a little left.
    for hives, honey in ((80.0, 0.0), (70.0, CIRCLE_HA * 6.1 * 0.4 - 70 * 40), (40.0, 40 * 8.5)):
        row = saturation(_amid(tmp_path, GRASS, [{"hives_received": hives}]), NUMBERS).iloc[0]
        assert row["honey_kg"] == pytest.approx(honey, rel=0.15, abs=1e-9)


@given(
    codes=st.lists(st.sampled_from([CONIFER, 4, GRASS, CROP, 13, 255]), min_size=64, max_size=64),
    places=st.lists(
        st.tuples(st.integers(-9000, 9000), st.integers(-9000, 9000), st.sampled_from([0.0, 5.0, 80.0, 900.0])),
        min_size=1, max_size=8,
    ),
    scale=st.sampled_from([0.05, 0.5, 1.0, 30.0]),
)  # fmt: skip
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_raster_any_yards_take_no_more_than_there_is(tmp_path, codes, places, scale):
    raster = np.kron(np.array(codes, np.uint8).reshape(8, 8), np.ones((10, 10), np.uint8))
    yards = [{"east": float(x), "north": float(y), "hives_received": hives} for x, y, hives in places]
    numbers = NUMBERS.replace("forage_scale", mode=scale, source=TOLD)
    found = saturation(_amid(tmp_path, raster, yards), numbers)
    told = found[found["told"] == "yes"]
    kg = {4: 66.5, GRASS: 6.1, CROP: 14.9}
    there = 25.0 * sum(kg.get(int(code), 0.0) for code in raster.ravel())
    assert told["nectar_kg"].sum() <= there * (1 + 1e-5)
    assert (told["nectar_kg"] <= told["nectar_in_reach_kg"] * (1 + 1e-5) + 1e-6).all()
    assert (told["honey_kg"] + 40 * told["hives"] * (told["honey_kg"] > 0)).sum() <= there * 0.4 * (1 + 1e-5)
    assert told["honey_kg"].between(0, told["hives"] * 8.5 + 1e-9).all()
    assert not told.isna().any().any()


def test_every_yard_competes_in_the_programme_or_not(tmp_path):
    alone = saturation(_amid(tmp_path, GRASS, [{"hives_received": 60.0}]), NUMBERS)
    yards = [{"hives_received": 60.0}, {"hives_received": 60.0, "in_programme": "no"}]
    beside = saturation(_amid(tmp_path, GRASS, yards), NUMBERS)
    assert beside["nectar_kg"].iloc[0] == pytest.approx(alone["nectar_kg"].iloc[0] / 2, rel=1e-5)
    assert beside["saturation_nectar"].iloc[0] == pytest.approx(
        2 * alone["saturation_nectar"].iloc[0], rel=1e-5
    )
    assert beside["hives_in_reach"].tolist() == [120, 120]


def test_a_further_yard_far_away_and_another_order_move_nobody(tmp_path):
    yards = [{"apiary_id": f"S{i}", "east": 700.0 * i, "hives_received": 30.0 + i} for i in range(5)]
    here = saturation(_amid(tmp_path, CROP, yards), NUMBERS)
    far = {"apiary_id": "far", "east": -15_000.0, "north": 14_000.0}
    more = saturation(_amid(tmp_path, CROP, [far, *yards[::-1]]), NUMBERS).set_index("yard").loc[here["yard"]]
    pd.testing.assert_frame_equal(more.reset_index(), here)


def test_the_neighbours_loss_is_what_a_second_look_finds(tmp_path):
    yards = [{"east": 600.0 * i, "north": 250.0 * i, "hives_received": 25.0} for i in range(8)]
    before = _amid(tmp_path, CROP, yards)
    after = _amid(tmp_path, CROP, [*yards, {"apiary_id": "new", "hives_received": 800.0}])
    told = neighbours_loss(before, NUMBERS, *EIGHT_HUNDRED_AT_ONE_PLACE).set_index("yard")
    honey = [saturation(project, NUMBERS).set_index("yard")["honey_kg"] for project in (before, after)]
    lost = (honey[0] - honey[1].drop("new")).loc[lambda kg: kg > 1e-6]
    assert len(lost) >= 3
    np.testing.assert_allclose(told.loc[lost.index, "lost_kg"], lost, rtol=1e-4)
    assert told["lost_kg"].sum() == pytest.approx(lost.sum(), rel=1e-4)
    assert told["lost_kg"].is_monotonic_decreasing and (told["told"] == "yes").all()


def test_far_from_everybody_nobody_loses(tmp_path):
    project = _amid(tmp_path, CROP, [{}])
    assert not len(neighbours_loss(project, NUMBERS, WEST + 15_000, SOUTH, 500.0))
    assert neighbours_loss(project, NUMBERS, WEST, SOUTH, 0.0)["lost_kg"].tolist() == [0.0]


@pytest.mark.parametrize("place", [(np.nan, SOUTH, 5.0), (WEST, np.inf, 5.0), (WEST, SOUTH, -1.0)])
def test_a_place_or_number_that_is_none_is_refused_in_words(tmp_path, place):
    with pytest.raises(DataProblem, match="E-EST-06"):
        neighbours_loss(_amid(tmp_path, CROP, [{}]), NUMBERS, *place)


def test_the_saturation_map_is_that_of_the_kernel(tmp_path):
    codes = np.full((80, 80), GRASS)
    codes[:, :20] = CONIFER
    project = _amid(tmp_path, codes, [{"hives_received": 300.0}])
    ratio, transform = saturation_raster(project, NUMBERS)
    column, row = (
        ~transform @ (WEST, SOUTH) if hasattr(transform, "__matmul__") else ~transform * (WEST, SOUTH)
    )
    at_home = ratio[int(row), int(column)]
    assert ratio.dtype == np.float32 and at_home == np.nanmax(ratio)
    # exp(-d / 1 km) out to 2 km covers 2 pi (1 - 3 exp(-2)) km2 of full strength; grass everywhere in reach.
    strength_km2 = 2 * np.pi * (1 - 3 * np.exp(-2))
    fed = colonies_fed(100 * 6.1, 0.4, 40.0, 8.5)  # a square kilometre
    assert at_home == pytest.approx(300 / strength_km2 / fed, rel=0.02)
    assert not np.isnan(ratio[int(row), int(column)]) and np.nanmin(ratio) == 0


def test_the_map_tells_land_without_flowers_from_land_without_bees(tmp_path):
    flowerless, _ = saturation_raster(_amid(tmp_path, CONIFER, [{}]), NUMBERS)
    middle = flowerless.shape[0] // 2
    assert np.isinf(flowerless[middle, middle]) and np.isnan(flowerless[0, 0])
    nothing, _ = saturation_raster(small_project(apiaries=[{"apiary_id": "S1"}]), NUMBERS)
    assert np.isnan(nothing).all()


@cache
def _crowded_township():
    """The township of `data/dingxi` with most hives, before and after 20,000 more; none of them in the programme."""
    project = dingxi().exposure.project
    yards = project.apiaries
    township = yards.groupby("township_code")["hives_received"].sum().idxmax()
    home = yards[yards["township_code"] == township]
    rng = np.random.default_rng(1)
    chosen = home.iloc[rng.integers(0, len(home), 200)]
    new = chosen.assign(
        apiary_id=[f"NEW{i:03d}" for i in range(200)], hives_received=MORE_HIVES / 200, hives_alive=np.nan,
        count_date=pd.NaT, in_programme="no",
    )  # fmt: skip
    shifts = rng.uniform(-1500, 1500, (200, 2))
    new = new.set_geometry(
        [Point(p.x + x, p.y + y) for p, (x, y) in zip(chosen.geometry, shifts)], crs=yards.crs
    )
    crowded = gpd.GeoDataFrame(pd.concat([yards, new], ignore_index=True), crs=yards.crs)
    after = replace(project, tables={**project.tables, "apiaries": crowded})
    return project, after, home["apiary_id"]


def test_twenty_thousand_more_hives_in_one_township_saturate_it():
    before, after, home = _crowded_township()
    was, now = (saturation(project, NUMBERS).set_index("yard") for project in (before, after))
    assert (was["told"] == "yes").all(), "500 m cells: fifty in a circle of 2 km"
    # saturation
    assert now.loc[home, "saturation_nectar"].replace(np.inf, np.nan).median() > 5
    assert (now.loc[home, "hives_in_reach"] >= was.loc[home, "hives_in_reach"]).all()
    assert (now.loc[home, "nectar_kg"] <= was.loc[home, "nectar_kg"] * (1 + 1e-5)).all()
    # neighbours' honey falls, nobody's rises, those out of reach keep theirs
    old = was.index
    lost = was["honey_kg"] - now.loc[old, "honey_kg"]
    assert lost.loc[home].sum() > 0.5 * was.loc[home, "honey_kg"].sum() > 0
    assert lost.min() >= -1e-3
    assert (lost.abs() < 1e-3).mean() > 0.8
    # 20,000 hives would make 170 t with flowers enough; all yards together never make more than the nectar allows
    assert now["honey_kg"].sum() < was["honey_kg"].sum() + 0.25 * MORE_HIVES * 8.5
    local = now[now.index.str.startswith("NEW") | now.index.isin(home)]
    reached = _nectar_of_union(after, local.index)
    eaten = (local["honey_kg"] + 40 * local["hives"] * (local["honey_kg"] > 0)).sum()
    assert eaten <= local["nectar_kg"].sum() * 0.4 * (1 + 1e-5) <= reached * 0.4 * (1 + 2e-5)


def _nectar_of_union(project, names):
    """Nectar of all land within two kilometres of any of the yards, by a plain look at every cell."""
    from eco.income.flowers import CLASSES, _yards, nectar_kg

    yards = _yards(project, NUMBERS)
    meadow = yards.meadow
    field = nectar_kg({name: meadow.hectares(name) for name in CLASSES}, NUMBERS)
    row, column = meadow.places(yards.points[project.apiaries["apiary_id"].isin(names)])
    reached = np.zeros(field.shape, bool)
    cells = yards.radius_m / meadow.cell_m
    half = int(cells)
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    circle = x * x + y * y <= cells * cells
    for r, c in zip(row, column):
        reached[r - half : r + half + 1, c - half : c + half + 1] |= circle
    return field[reached].sum(dtype=float)


def test_households_of_the_crowded_township_earn_less_honey():
    before, after, home = _crowded_township()
    was, now = (
        estimate_gains(link(project, NUMBERS), NUMBERS, draws=50, seed=1) for project in (before, after)
    )
    one, two = (gains.households(2020).set_index("household_id") for gains in (was, now))
    links = before.links[before.links["site_id"].isin(home) & (before.links["role"] == "keeper")]
    keepers = links["household_id"].unique()
    assert two.loc[keepers, "bees_yuan_mean"].sum() < one.loc[keepers, "bees_yuan_mean"].sum()
    assert not two["gain_yuan_mean"].isna().any()


def test_one_yard_of_a_thousand_hives_beside_another_takes_its_honey():
    project = dingxi().exposure.project
    now = saturation(project, NUMBERS).set_index("yard")
    yard = now[(now["honey_kg"] > 300) & (now["hives_in_reach"] < 200)].index[0]
    place = project.apiaries.set_index("apiary_id").loc[yard, "geometry"]
    told = neighbours_loss(project, NUMBERS, place.x, place.y, 1000.0)
    assert told["yard"].iloc[0] == yard
    assert told["honey_before_kg"].iloc[0] == pytest.approx(now.loc[yard, "honey_kg"], rel=1e-4)
    assert told["lost_kg"].iloc[0] == pytest.approx(now.loc[yard, "honey_kg"], rel=0.2)
