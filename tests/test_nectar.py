"""Nectar: kernels against scipy, plots that flower, months that add up, and what a coarse raster cannot tell."""

import numpy as np
import pandas as pd
import plain_estimate
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin
from scipy.ndimage import convolve
from scipy.signal import fftconvolve
from shapely.geometry import box
from small_projects import SOUTH, TOLD, WEST, fixed, link_row, nothing_inferred, small_project
from test_forage import CIRCLE_HA, write_cover

from eco.income.exposure import link
from eco.income.flowers import forage_columns, gift_assets, nectar_by_month, saturation
from eco.income.gains import estimate_gains
from eco.livelihoods import bees
from eco.parameters.flowering import MONTHS, blooms, flowering_share, species_months, species_richness
from eco.parameters.numbers import load_parameters
from eco.problems import DataProblem
from eco.space.forage import foraging_kernel, in_reach, pressure, read_meadow, shared_out

NUMBERS = load_parameters()
CROP, GRASS, CONIFER = 12, 10, 1


def _yards(seed, *, shape=(90, 70), many=40):
    rng = np.random.default_rng(seed)
    row, column = rng.integers(0, shape[0], many), rng.integers(0, shape[1], many)
    return row, column, rng.integers(1, 300, many).astype(float), rng.random(shape, dtype=np.float32)


@pytest.mark.parametrize(
    ("radius", "scale"), [(0.0, 1.0), (1.0, 3.0), (7.5, 2.0), (20.0, 10.0), (40.0, 20.0)]
)
def test_pressure_and_shares_are_those_of_two_convolutions(radius, scale):
    row, column, hives, supply = _yards(1)
    kernel = foraging_kernel(radius, scale)
    standing = np.zeros(supply.shape)
    np.add.at(standing, (row, column), hives)
    by_sum = convolve(standing, kernel, mode="constant")
    pressed = pressure(supply.shape, row, column, colonies=hives, kernel=kernel)
    np.testing.assert_allclose(pressed, by_sum, rtol=2e-6)
    np.testing.assert_allclose(fftconvolve(standing, kernel, mode="same"), by_sum, atol=1e-9)
    each = np.divide(supply, by_sum, out=np.zeros(supply.shape), where=by_sum > 0)
    expected = convolve(each, kernel, mode="constant")[row, column]
    np.testing.assert_allclose(shared_out(supply, pressed, row, column, kernel=kernel), expected, rtol=2e-5)


def test_all_that_lies_in_reach_is_summed_over_a_circle():
    row, column, _, supply = _yards(2)
    y, x = np.mgrid[: supply.shape[0], : supply.shape[1]]
    expected = [supply[np.hypot(y - r, x - c) <= 9.5].sum(dtype=float) for r, c in zip(row, column)]
    np.testing.assert_allclose(in_reach(supply, row, column, radius_cells=9.5), expected, rtol=1e-5)


@given(seed=st.integers(0, 1000), order=st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_yards_changes_no_bit(seed, order):
    row, column, hives, supply = _yards(seed)
    kernel = foraging_kernel(8.0, 3.0)
    at = np.array(order.sample(range(len(row)), len(row)))
    pressed = pressure(supply.shape, row, column, colonies=hives, kernel=kernel)
    again = pressure(supply.shape, row[at], column[at], colonies=hives[at], kernel=kernel)
    assert np.array_equal(pressed, again)
    each = shared_out(supply, pressed, row, column, kernel=kernel)
    assert np.array_equal(each[at], shared_out(supply, again, row[at], column[at], kernel=kernel))


def _near(folder, codes=CROP, *, cell_m=500.0, side=80, plots=(), yards=({"apiary_id": "S1"},), **said):
    """A project of yards amid one land cover."""
    cover = write_cover(folder / "cover.tif", codes, cell_m=cell_m, side=side)
    return small_project(
        apiaries=list(yards), forest_plots=list(plots), rasters={"land_cover": cover}, **said
    )


def _with_outline(project, outline):
    plots = project.forest_plots
    plots.loc[:, "geometry"] = [outline] * len(plots)
    return project


def _plot(species, planted_year=2000):
    return {"plot_id": "P1", "species": species, "planted_year": planted_year}


WHOLE = box(WEST - 3000, SOUTH - 3000, WEST + 3000, SOUTH + 3000)
WESTERN_HALF = box(
    WEST - 3000, SOUTH - 3000, WEST + 50, SOUTH + 3000
)  # the yard stands in the middle of its cell


def test_a_plot_speaks_where_it_stands_and_the_cover_around_it(tmp_path):
    project = _with_outline(_near(tmp_path, plots=[_plot("刺槐")]), WESTERN_HALF)
    found = {name: hectares[0] * 20 for name, hectares in forage_columns(project, NUMBERS).items()}
    assert found["forage_planted_ha"] == pytest.approx(CIRCLE_HA / 2, rel=0.01)
    assert found["forage_crop_ha"] == pytest.approx(CIRCLE_HA / 2, rel=0.01)
    assert found["forage_forest_ha"] == found["forage_grass_ha"] == 0


@pytest.mark.parametrize("species", ["云杉", "油松", "樟子松", "云杉、油松", "沙棘"])
def test_conifers_feed_no_bees_even_where_the_raster_still_shows_fields(tmp_path, species):
    project = _with_outline(_near(tmp_path, plots=[_plot(species)]), WHOLE)
    assert not any(hectares.any() for hectares in forage_columns(project, NUMBERS).values())
    row = saturation(project, NUMBERS).iloc[0]
    assert (
        row["honey_kg"] == row["nectar_kg"] == 0
        and row["told"] == "yes"
        and np.isinf(row["saturation_nectar"])
    )
    assert "no honey" in row["why_en"] and "蜂蜜为零" in row["why_zh"]


def test_a_species_nobody_knows_leaves_the_word_to_the_cover(tmp_path):
    project = _with_outline(_near(tmp_path, plots=[_plot("某树")]), WHOLE)
    assert forage_columns(project, NUMBERS)["forage_crop_ha"][0] * 20 == pytest.approx(CIRCLE_HA, rel=0.01)


@pytest.mark.parametrize(
    ("planted", "share"), [(2000, 1.0), (2012, 1.0), (2016, 0.5), (2019, 0.125), (2020, 0.0)]
)
def test_young_trees_give_less(tmp_path, planted, share):
    project = _with_outline(_near(tmp_path, plots=[_plot("刺槐", planted)]), WHOLE)
    assert NUMBERS["nectar_full_age"].mode == 8 and project.settings.default_year == 2020
    found = forage_columns(project, NUMBERS)["forage_planted_ha"][0] * 20
    assert found == pytest.approx(CIRCLE_HA * share, rel=0.01, abs=1e-9)


def test_overlapping_plots_never_make_more_ground_than_there_is(tmp_path):
    plots = [_plot("刺槐"), {**_plot("刺槐"), "plot_id": "P2"}]
    project = _with_outline(_near(tmp_path, plots=plots), WHOLE)
    found = forage_columns(project, NUMBERS)
    assert found["forage_planted_ha"][0] * 20 == pytest.approx(CIRCLE_HA, rel=0.01)
    assert found["forage_crop_ha"][0] == pytest.approx(0, abs=1e-6)


def test_a_plots_hectares_are_its_own_whatever_the_grid(tmp_path):
    cover = write_cover(tmp_path / "cover.tif", CROP)
    outline = box(WEST + 137, SOUTH + 211, WEST + 480, SOUTH + 643)
    meadow = read_meadow(
        cover, np.array([[WEST, SOUTH]]), radius_m=2000.0, crs="EPSG:4544", plots=[outline], richness=[0.5]
    )
    assert meadow.planted.sum() == pytest.approx(outline.area / 2 / 1e4, rel=1e-5)
    assert (1 - meadow.own).sum() * meadow.cell_hectares == pytest.approx(outline.area / 1e4, rel=1e-5)


def test_planted_flowers_reach_the_honey_of_a_household(tmp_path):
    def honey(planted):
        project = _near(
            tmp_path, CONIFER, plots=[_plot("刺槐", planted)], households=[{"household_id": "H1"}],
            links=[link_row("H1", "S1", "keeper", 20, "hives", 2018)],
        )  # fmt: skip
        project = _with_outline(project, WHOLE)
        numbers = nothing_inferred(fixed(direct_sale_kg_per_household=1e6))
        flows = estimate_gains(link(project, numbers), numbers, draws=10).flows("H1", 2020)
        return flows.loc[flows["flow_en"] == "honey sales", "yuan_mean"].sum()

    assert honey(2000) == pytest.approx(20 * 8.5 * 100, rel=1e-5)
    assert honey(2020) == 0


def test_the_months_add_up_to_the_year(tmp_path):
    codes = np.full((80, 80), GRASS)
    codes[:, 40:] = CROP
    project = _with_outline(_near(tmp_path, codes, plots=[_plot("刺槐、山杏")]), WESTERN_HALF)
    months = nectar_by_month(project, NUMBERS).set_index("yard").loc["S1"]
    assert list(months.index) == [f"{month}_kg" for month in MONTHS]
    assert months.sum() == pytest.approx(saturation(project, NUMBERS)["nectar_kg"].iloc[0])
    planted = forage_columns(project, NUMBERS)["forage_planted_ha"][0] * 20 * 66.5
    crop = CIRCLE_HA / 2 * 14.9
    # by hand: half of 1 for locust (May 0.8) and half of 0.3 for apricot, so 0.4 of 0.65 in May
    assert months["may_kg"] == pytest.approx(planted * 0.4 / 0.65 + crop * 0.05, rel=0.01)


@pytest.mark.parametrize("name", list(blooms()))
def test_the_flowering_table_is_whole(name):
    bloom = blooms()[name]
    assert 0 <= bloom.richness <= 1 and min(bloom.months) >= 0 and bloom.source
    assert sum(bloom.months) == pytest.approx(1 if bloom.richness else 0)
    assert bloom.label.zh and bloom.label.en


def test_the_flow_keeps_the_calendar_that_is_known():
    crop = dict(zip(MONTHS, blooms()["crop"].months))
    assert crop["april"] > crop["may"] < crop["june"], "rape is over, herbs have not begun"
    for bloom in blooms().values():
        assert bloom.months[MONTHS.index("september")] <= 8 / 30, "over by about 8 September"
    assert max(blooms()["forest"].months) == blooms()["forest"].months[MONTHS.index("may")]


def test_mixtures_are_taken_in_equal_parts():
    assert (
        species_richness("刺槐+云杉") == 0.5
        and species_richness("") is None
        and species_richness("grass") is None
    )
    assert sum(species_months("刺槐+云杉")) == pytest.approx(0.5)
    assert flowering_share(4, 8) == 0.5


@pytest.mark.parametrize("cell_m", [1000.0, 5000.0])
def test_a_raster_too_coarse_says_so_and_gives_no_number(tmp_path, cell_m):
    project = _near(tmp_path, CONIFER, cell_m=cell_m, side=20)
    row = saturation(project, NUMBERS).iloc[0]
    assert row["told"] == "cannot tell" and f"{cell_m:,.0f} m" in row["why_en"] and "太粗" in row["why_zh"]
    numbers = ["nectar_in_reach_kg", "nectar_kg", "colonies_fed", "colonies_allowed", "honey_kg"]
    assert row[[*numbers, "saturation_nectar", "saturation_capacity"]].isna().all()
    assert row["hives"] == row["hives_in_reach"] == 20
    assert link(project, NUMBERS).sites["bees"]["forage_known"].eq(0).all()


def test_without_a_raster_nobody_can_tell():
    row = saturation(small_project(apiaries=[{"apiary_id": "S1"}]), NUMBERS).iloc[0]
    assert row["told"] == "cannot tell" and "land-cover" in row["why_en"] and np.isnan(row["honey_kg"])


def test_a_yard_outside_the_raster_cannot_tell_while_its_neighbour_can(tmp_path):
    yards = ({"apiary_id": "S1"}, {"apiary_id": "S2", "east": 60_000.0})
    found = saturation(_near(tmp_path, side=20, yards=yards), NUMBERS).set_index("yard")
    assert found["told"].to_dict() == {"S1": "yes", "S2": "cannot tell"}
    assert "most of the land around" in found.loc["S2", "why_en"] and found.loc["S1", "honey_kg"] > 0


@pytest.mark.parametrize("nodata", [None, -9999.0])
def test_pixels_that_are_no_number_are_unknown_and_no_water(tmp_path, nodata):
    project = _near(tmp_path, CROP)
    path = project.rasters["land_cover"]
    with rasterio.open(path) as raster:
        place = {"crs": raster.crs, "transform": raster.transform, "width": 80, "height": 80}
    codes = np.full((80, 80), CROP, "float32")
    codes[:, 39:] = np.nan  # half the circle and a column more
    with rasterio.open(path, "w", driver="GTiff", count=1, dtype="float32", nodata=nodata, **place) as raster:
        raster.write(codes, 1)
    assert saturation(project, NUMBERS)["told"].tolist() == ["cannot tell"]


def test_no_yards_no_rows(tmp_path):
    found = saturation(_near(tmp_path, yards=()), NUMBERS)
    assert not len(found) and "saturation_nectar" in found
    assert not len(nectar_by_month(_near(tmp_path, yards=()), NUMBERS))


def test_cover_in_another_system_tells_the_same(tmp_path):
    project = _near(tmp_path, CROP)
    here = forage_columns(project, NUMBERS)["forage_crop_ha"]
    path = tmp_path / "degrees.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=400, width=400, count=1, dtype="uint8", crs="EPSG:4326",
        transform=from_origin(103.5, 36.5, 0.005, 0.005),
    ) as raster:  # fmt: skip
        raster.write(np.full((400, 400), CROP, np.uint8), 1)
    project = small_project(apiaries=[{"apiary_id": "S1"}], rasters={"land_cover": path})
    there = forage_columns(project, NUMBERS)["forage_crop_ha"]
    assert there == pytest.approx(here, rel=0.01)


@pytest.mark.parametrize("name", ["forage_radius", "forage_scale"])
def test_a_reach_of_nothing_is_refused_in_words(tmp_path, name):
    with pytest.raises(DataProblem, match=name) as problem:
        saturation(_near(tmp_path), NUMBERS.replace(name, mode=0.0, source=TOLD))
    assert problem.value.findings[0].expected.zh


def test_gifts_are_assets_and_never_income():
    homes = [{"household_id": "H1"}, {"household_id": "H2"}]
    links = [
        link_row("H1", "S1", "keeper", 5, "hives", 2018),
        link_row("H2", "S1", "shareholder", 100, "yuan", 2018),
    ]
    numbers = nothing_inferred(fixed())
    exposure = link(small_project(households=homes, apiaries=[{"apiary_id": "S1"}], links=links), numbers)
    gifts = gift_assets(exposure.links, NUMBERS)
    assert gifts.to_dict("records") == [
        {"household_id": "H1", "hives": 5.0, "asset_yuan": 5 * (750 + 294), "asset_low_yuan": 5 * 550.0,
         "asset_high_yuan": 5 * 1550.0}
    ]  # fmt: skip
    dear = numbers.replace("hive_box_cost", mode=10_000.0, source=TOLD)
    same = [estimate_gains(exposure, n, draws=10).households(2018)["gain_yuan_mean"] for n in (numbers, dear)]
    assert np.array_equal(*same)


def _keeper(year, *, given_up=False, **values):
    """The flows of ten hives of 2018, counted ten (or none) in October 2018."""
    site = {
        "apiary_id": "S1", "hives_received": 10.0, "started_year": 2018,
        "hives_alive": 0.0 if given_up else 10.0, "count_date": pd.Timestamp("2018-10-01"),
    }  # fmt: skip
    numbers = fixed(hive_loss_smallholder=0.2, hive_loss_winter=0.1, **values)
    numbers = nothing_inferred(numbers)
    project = small_project(
        households=[{"household_id": "H1"}],
        apiaries=[site],
        links=[link_row("H1", "S1", "keeper", 10, "hives", 2018)],
    )
    flows = estimate_gains(link(project, numbers), numbers, draws=10).flows("H1", year)
    by_name = flows.set_index("flow_en")["yuan_mean"]
    return -by_name.get("running cost", 0.0) / 100, -by_name.get("colonies replaced", 0.0) / 750


def test_a_keeper_who_gave_up_stays_in_the_file_and_earns_nothing():
    assert _keeper(2020, given_up=True) == (0.0, 0.0)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_what_is_not_bought_again_is_missing_and_nothing_is_counted_twice(share):
    # Counted in autumn 2018; 2019 is the second beginner's year (0.2), later winters take 0.1.
    colonies, lost = 10.0, {2019: 0.2, 2020: 0.1, 2021: 0.1}
    for year in (2019, 2020, 2021):
        at_work, bought = _keeper(year, colony_replaced_share=share)
        assert at_work == pytest.approx(colonies, rel=1e-5)
        assert bought == pytest.approx(colonies * lost[year] * share, rel=1e-5, abs=1e-9)
        colonies -= colonies * lost[year] * (1 - share)


def test_own_swarms_fill_places_first_and_never_beyond_the_boxes():
    for year in (2019, 2020, 2023):
        at_work, bought = _keeper(year, colony_increase=0.5, colony_replaced_share=0.0)
        assert at_work == pytest.approx(10) and bought == 0
    shrunk, bought = _keeper(2020, colony_increase=0.15, colony_replaced_share=0.0)
    assert shrunk == pytest.approx(10 * 0.95, rel=1e-5) and bought == 0
    refilled, _ = _keeper(2022, colony_increase=0.15, colony_replaced_share=0.0)
    assert refilled == pytest.approx(10.0, rel=1e-5)


@given(
    lost=st.floats(0, 1), increase=st.floats(0, 2), share=st.floats(0, 1),
)  # fmt: skip
def test_every_lost_colony_is_a_swarm_bought_or_missing(lost, increase, share):
    after = float(bees.next_year(lost, increase, share))
    bought = float(bees.bought_share(lost, increase, share))
    assert after >= 0 and 0 <= bought <= lost
    if lost > increase:
        assert 1 - lost + increase + bought == pytest.approx(after)
    else:
        assert bought == 0 and after == pytest.approx(1 + increase - lost)


@pytest.mark.parametrize("year", [2018, 2019, 2021, 2024])
def test_growing_and_dying_yards_earn_what_plain_python_says(tmp_path, year):
    yards = [
        {
            "apiary_id": "S1",
            "hives_received": 90.0,
            "hives_alive": 60.0,
            "count_date": pd.Timestamp("2019-10-01"),
        },
        {"apiary_id": "S2", "hives_received": 60.0, "east": 900.0},
    ]
    links = [
        link_row("H1", "S1", "keeper", 50, "hives", 2018),
        link_row("H2", "S2", "keeper", 30, "hives", 2018),
    ]
    homes = [{"household_id": "H1"}, {"household_id": "H2"}]
    project = _near(
        tmp_path, CROP, yards=yards, links=links, households=homes, plots=[_plot("刺槐、云杉", 2015)]
    )
    project = _with_outline(project, WESTERN_HALF)
    numbers = NUMBERS.replace("colony_replaced_share", mode=0.4, source=TOLD)
    numbers = numbers.replace("colony_increase", mode=0.15, source=TOLD)
    exposure = link(project, numbers)
    assert exposure.sites["bees"]["forage_planted_ha"].gt(0).all()
    ours = estimate_gains(exposure, numbers, draws=12, seed=5).households(year).set_index("household_id")
    plain = plain_estimate.estimate(exposure, numbers, draws=12, seed=5, year=year, line=4000.0)
    for home, told in plain.items():
        assert ours.loc[home, "bees_yuan_mean"] == pytest.approx(told["bees_yuan_mean"], rel=1e-4)
