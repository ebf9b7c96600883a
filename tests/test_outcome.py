"""A plan carried out: what the whole income model says of it, beside what was promised, with truths worked by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_origin
from small_projects import SOUTH, VILLAGES, WEST, dingxi, fixed, link_row, nothing_inferred, small_project
from test_forage import write_cover

from eco.income.exposure import link
from eco.income.flowers import neighbours_loss
from eco.income.gains import estimate_gains
from eco.income.stress import STRESSES, Stress
from eco.parameters.numbers import load_parameters
from eco.phrases import Phrase
from eco.planning.carried import carried_out
from eco.planning.ground import ground_of
from eco.planning.listing import list_options
from eco.planning.offers import as_if_sites, site_id
from eco.planning.options import Options
from eco.planning.outcome import estimates, outcome
from eco.planning.planner import plan
from eco.planning.plans import Plan
from eco.planning.stresses import stressed
from eco.problems import DataProblem

GRASS, YEAR = 10, 2021
HOMES = [
    {"household_id": f"H{number}", "income_yuan_per_person": 3000.0 + 200 * number, "free_days": 300.0}
    for number in range(6)
]
PLOTS = [
    {"plot_id": "F1", "area_mu": 100.0, "planted_year": 2018},
    {"plot_id": "F2", "area_mu": 900.0, "planted_year": 2018, "end_year": 2020.0, "east": 300.0},
    {"plot_id": "F3", "area_mu": 300.0, "verified_mu": 250.0, "planted_year": 2019, "east": 600.0},
]
YARDS = pd.DataFrame(
    {"yard_id": ["NEW"], "village_code": [VILLAGES[0]], "hives_there": [0.0], "room_colonies": [90.0],
     "x": [WEST + 500.0], "y": [SOUTH]}
)  # fmt: skip
# Five hives, five mu of grass, five of trees and a post, each to another household.
GIVEN = [
    {"household_id": "H0", "hives": 5.0, "yard": 0, "gain_yuan_mean": 2400.0},
    {"household_id": "H1", "juncao_mu": 5.0, "gain_yuan_mean": 1800.0},
    {"household_id": "H2", "forest_mu": 5.0, "gain_yuan_mean": 1000.0, "gain_one_off_yuan": 4300.0},
    {"household_id": "H3", "guard_posts": 1.0, "gain_yuan_mean": 8000.0, "lifted_persons": 4.0, "gap_yuan": 1600.0},
]  # fmt: skip
NUMBERS = {
    "honey_yield": 8.0, "honey_price": 100.0, "honey_price_wholesale": 50.0, "direct_sale_kg_per_household": 30.0,
    "hive_running_cost": 100.0, "hive_loss_smallholder": 0.2, "hive_cost_colony": 750.0, "guard_wage": 8000.0,
    "juncao_yield_dryland": 4.5, "juncao_price": 260.0, "juncao_plant_cost": 600.0, "grain_net_wheat": 200.0,
    "land_rent_hill": 200.0, "plant_labour_days": 7.0, "day_wage_planting": 100.0, "tending_days": 1.0,
    "day_wage_local_light": 80.0,
}  # fmt: skip


def county(**said):
    return small_project(**({"households": HOMES, "forest_plots": PLOTS} | said))


def known(**values):
    return nothing_inferred(fixed(**(NUMBERS | values)))


def options_of(project, numbers, bundles=GIVEN, *, yards=YARDS, line=4000.0, draws=20, **more):
    exposure = link(project, numbers)
    table = pd.DataFrame(bundles).assign(yard=[one.get("yard", -1) for one in bundles]).fillna(0.0)
    told = {"exposure": exposure, "numbers": numbers, "line": line, "draws": draws, "seed": 3}
    return Options.of(table, yards=yards, first_year=YEAR, **told, **more)


def plan_of(options, taken=None):
    """A plan written by hand: nothing of it but what is taken matters here."""
    taken = np.arange(len(options.bundles)) if taken is None else np.asarray(taken, int)
    reached = float(options.worth("gap")[taken].sum())
    return Plan(options, (), 1e6, "gap", 0.0, taken, pd.DataFrame(), "optimal", reached, reached, "yuan", 0.0,
                pd.DataFrame(), 0.0)  # fmt: skip


def row(found, measure):
    return found.table.set_index("measure").loc[measure]


def test_with_flowers_in_plenty_the_gain_is_the_sum_a_pocket_calculator_gives(tmp_path):
    cover = write_cover(
        tmp_path / "cover.tif", 4
    )  # broadleaf forest all around: a circle feeds hundreds of colonies
    found = outcome(plan_of(options_of(county(rasters={"land_cover": cover}), known())))
    honey = (
        30 * 100 + (5 * 8 - 30) * 50 - 5 * 100 - 5 * 0.2 * 750
    )  # bulk above the network; a beginner's loss bought
    grass = 5 * (4.5 * 260 - 600 - 200)
    lasting = honey + grass + 5 * 200 + 8000
    passing = 5 * 7 * 100 + 5 * 1 * 80
    assert row(found, "gain_recurrent_yuan")["difference"] == pytest.approx(lasting, rel=1e-6)
    assert row(found, "gain_yuan")["difference"] == pytest.approx(lasting + passing, rel=1e-6)
    assert row(found, "gain_recurrent_yuan")["planned"] == 13_200
    assert row(found, "gain_yuan")["planned"] == 17_500
    assert row(found, "gain_recurrent_yuan")["apart"] == pytest.approx(lasting - 13_200, rel=1e-6)
    assert found.lost_yuan == 0 and found.households_losing == 0


def test_lifted_persons_and_the_gap_by_plain_numpy_in_a_certain_world():
    found = outcome(plan_of(options_of(county(), known())))
    homes = pd.DataFrame(HOMES)
    lack = np.maximum(4 * (4000 - homes["income_yuan_per_person"]), 0)
    more = found.with_plan.households()["gain_recurrent_yuan"].to_numpy()
    still = np.maximum(4 * (4000 - homes["income_yuan_per_person"]) - more, 0)
    # 3,600 + 8,000 / 4 lifts the guard, 3,200 + 1,850 / 4 does not lift the grower.
    assert row(found, "persons_above_line")[["without", "with", "difference", "planned"]].tolist() == [
        4,
        8,
        4,
        4,
    ]
    gap = row(found, "gap_yuan")
    assert gap["without"] == pytest.approx(lack.sum(), rel=1e-5) == 12_000
    assert gap["difference"] == pytest.approx((still - lack).sum(), rel=1e-5) and gap["planned"] == -1600


def test_lifted_persons_are_those_of_the_two_tables_of_households():
    homes = [
        {"household_id": f"H{number:03}", "income_yuan_per_person": 3300.0 + 7 * number, "persons": 2.0 + number % 4,
         "base_includes_programme": ("no", "unknown", "no")[number % 3]}
        for number in range(100)
    ]  # fmt: skip
    bundles = [{"household_id": f"H{number:03}", "hives": 5.0, "yard": 0} for number in range(0, 100, 2)]
    numbers = nothing_inferred(load_parameters())
    found = outcome(plan_of(options_of(county(households=homes), numbers, bundles, draws=300)))
    before, after = (one.households().set_index("household_id") for one in (found.without, found.with_plan))
    lifted = (before["persons"] * (after["chance_above_line"] - before["chance_above_line"])).sum()
    told = row(found, "persons_above_line")
    assert lifted > 1 and told["difference"] == pytest.approx(lifted, rel=1e-9)
    worlds = [
        one.answer().worlds["persons_above_line_with"].sum(axis=0) for one in (found.without, found.with_plan)
    ]
    assert told[["p10", "p90"]].tolist() == pytest.approx(np.quantile(worlds[1] - worlds[0], (0.1, 0.9)))
    assert told["p10"] < told["difference"] < told["p90"]


SCARCE = {"apiary_id": "B1", "hives_received": 55.0}
ONE_PRICE = {"honey_price": 60.0, "honey_price_wholesale": 60.0}
KEEPERS = [
    link_row("H4", "B1", "keeper", 40, "hives", 2018),
    link_row("H5", "B1", "keeper", 15, "hives", 2018),
    link_row("H5", "B1", "shareholder", 50_000, "yuan", 2018),  # a dividend is no honey
]


@pytest.mark.parametrize(("yard", "east"), [("NEW", 600.0), ("B1", 0.0)])
def test_on_scarce_flowers_old_keepers_lose_what_their_neighbours_take(tmp_path, yard, east):
    project = county(
        apiaries=[SCARCE], links=KEEPERS, rasters={"land_cover": write_cover(tmp_path / "cover.tif", GRASS)}
    )
    numbers = known(**ONE_PRICE)
    yards = YARDS.assign(yard_id=yard, x=WEST + east, y=SOUTH)
    bundles = [{"household_id": "H0", "hives": 15.0, "yard": 0}]
    found = outcome(plan_of(options_of(project, numbers, bundles, yards=yards)))
    lost = neighbours_loss(project, numbers, WEST + east, SOUTH, 15.0)["lost_kg"].sum()
    assert lost > 50 and found.lost_yuan == pytest.approx(60 * lost, rel=1e-4)
    assert row(found, "old_keepers_bees_yuan")["difference"] == pytest.approx(-60 * lost, rel=1e-4)
    assert row(found, "old_keepers_bees_yuan")["planned"] == 0
    keepers = found.keepers.set_index("household_id")
    assert keepers["lost_share"].to_dict() == pytest.approx(
        {"H4": lost / (55 * 8), "H5": lost / (55 * 8)}, rel=1e-3
    )  # the yard feeds a full crop before
    assert found.households_losing == 2
    # An old keeper who is given hives as well does not lose the network that both now share.
    both = outcome(
        plan_of(options_of(project, numbers, [{"household_id": "H4", "hives": 15.0, "yard": 0}], yards=yards))
    )
    assert both.lost_yuan == pytest.approx(found.lost_yuan, rel=1e-6)


def recorded_by_hand(**said):
    """The county as a bureau would have recorded the plan `GIVEN` itself."""
    trees, grass = (site_id(name, pd.Series([VILLAGES[0]])).iloc[0] for name in ("forest", "juncao"))
    own = {"east": 0.0, "area_mu": 5.0}
    return county(
        forest_plots=[*PLOTS, {"plot_id": trees, **own, "tenure": "household", "species": "", "planted_year": YEAR}],
        juncao_plots=[{"plot_id": grass, **own, "season": YEAR, "land_class": "farmland"}],
        apiaries=[{"apiary_id": "plan-bees-NEW", "hives_received": 5.0, "started_year": YEAR, "east": 500.0}],
        links=[
            link_row("H0", "plan-bees-NEW", "keeper", 5, "hives", YEAR),
            link_row("H1", grass, "grower", 5, "mu", YEAR),
            link_row("H2", trees, "planter", 5, "mu", YEAR),
            link_row("H2", trees, "tender", 5, "mu", YEAR),
            link_row("H2", trees, "lessor", 5, "mu", YEAR),
            link_row("H3", "F3", "guard", 1, "posts", YEAR),
        ],
        **said,
    )  # fmt: skip


def test_a_plan_carried_out_is_what_a_bureau_would_have_recorded():
    numbers = nothing_inferred(load_parameters())
    options = options_of(county(), numbers)
    made, by_hand = carried_out(plan_of(options)), link(recorded_by_hand(), numbers)
    both = [estimate_gains(one, numbers, draws=50, seed=3).households(YEAR) for one in (made, by_hand)]
    pd.testing.assert_frame_equal(*both)
    pd.testing.assert_frame_equal(made.links, by_hand.links, check_dtype=False)
    columns = ["planting_mu", "leased_mu", "juncao_mu_seasons", "hives", "guard_posts", "linked"]
    pd.testing.assert_frame_equal(
        made.households.set_index("household_id")[columns].sort_index(),
        by_hand.households.set_index("household_id")[columns].sort_index(),
    )
    for name in ("apiaries", "juncao_plots", "links"):
        ours, theirs = (
            pd.DataFrame(one.project.tables[name]).drop(columns=["geometry", "assumed"], errors="ignore")
            for one in (made, by_hand)
        )
        pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)


def sloping(path):
    """Ground that rises ten metres in a hundred to the north: 5.7 degrees, all of it facing south."""
    rise = np.linspace(2200, 1800, 81).astype(np.float32)[:, None].repeat(81, axis=1)
    with rasterio.open(
        path, "w", driver="GTiff", height=81, width=81, count=1, dtype="float32", crs="EPSG:4544",
        transform=from_origin(WEST - 2025, SOUTH + 2025, 50, 50),
    ) as raster:  # fmt: skip
        raster.write(rise, 1)
    return path


def test_the_sites_are_those_the_offers_were_valued_on(tmp_path):
    numbers = load_parameters()
    options = options_of(county(rasters={"elevation": sloping(tmp_path / "height.tif")}), numbers)
    made = carried_out(plan_of(options)).sites
    ground = ground_of(options.exposure.project, numbers, year=YEAR)
    as_if = as_if_sites(options.exposure, numbers, ground, YEAR)
    for name in ("juncao", "forest"):
        own = made[name].loc[site_id(name, pd.Series([VILLAGES[0]]))].drop(columns="site_quantity").iloc[0]
        assert own.to_dict() == pytest.approx(
            as_if[name].loc[own.name, list(own.index)].to_dict(), nan_ok=True
        )
        assert own["slope_degrees"] == pytest.approx(5.71, abs=0.05) and own["slope_known"] == 1
    assert made["juncao"]["elevation_m"].tolist() == pytest.approx([2000], abs=20)
    assert made["forest"]["aspect_known"].iloc[-1] == 1 and made["forest"]["shady_share"].iloc[-1] == 0
    old = options.exposure.sites["forest"]
    pd.testing.assert_frame_equal(made["forest"].loc[old.index], old)


def test_the_records_themselves_are_not_touched():
    options = options_of(county(apiaries=[SCARCE], links=KEEPERS), load_parameters())
    exposure, project = options.exposure, options.exposure.project
    held = {**project.tables, "exposure": exposure.links, "homes": exposure.households, **exposure.sites}
    before = {name: frame.copy(deep=True) for name, frame in held.items()}
    settings, told = project.settings, dict(project.settings.line_yuan_per_person)
    outcome(plan_of(options))
    for name, frame in held.items():
        pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before[name]))
    assert (
        project.settings is settings
        and settings.line_yuan_per_person == told
        and settings.default_year == 2020
    )


def test_a_plan_of_nothing_changes_nothing():
    options = options_of(county(apiaries=[SCARCE], links=KEEPERS), load_parameters())
    found = outcome(plan_of(options, []))
    assert (found.table[["difference", "p10", "p90"]] == 0).all(axis=None) and found.lost_yuan == 0
    assert len(found.keepers) >= 2


def test_no_yuan_is_counted_twice():
    links = [
        link_row("H3", "F1", "guard", 1, "posts", 2019),
        link_row("H0", "B1", "keeper", 5, "hives", 2018),
    ]
    homes = [home | {"base_includes_programme": "yes", "income_year": 2020.0} for home in HOMES]
    project = county(households=homes, apiaries=[{"apiary_id": "B1"}], links=links)
    found = outcome(plan_of(options_of(project, known())))
    gained = found.with_plan.households().set_index("household_id")["gain_recurrent_yuan"]
    had = found.without.households().set_index("household_id")["gain_recurrent_yuan"]
    # Two posts are two wages; ten hives of one family sell 30 kg to its friends, not twice 30.
    assert gained["H3"] == pytest.approx(16_000) and had["H3"] == pytest.approx(8000)
    assert gained["H0"] - had["H0"] == pytest.approx(5 * 8 * 50 - 5 * 100 - 5 * 0.2 * 750)
    assert (gained - had)[["H4", "H5"]].tolist() == [0, 0]
    # A base of 2020 that holds the programme does not hold the plan: what is taken out of it is the same.
    assert (
        row(found, "persons_above_line")["without"]
        == found.without.totals().loc["persons_above_line_with", "mean"]
    )
    for one in (found.without, found.with_plan):
        assert one.totals().loc["persons_above_line_without", "mean"] == 4  # H5, who has nothing of it


def test_a_base_that_would_hold_the_plan_is_refused():
    homes = [home | {"base_includes_programme": "yes", "income_year": 2021.0} for home in HOMES]
    with pytest.raises(DataProblem, match="E-PLAN-62"):
        outcome(plan_of(options_of(county(households=homes), known())))


@pytest.mark.parametrize("line", [3700.0, 4300.0])
def test_the_line_is_that_of_the_options(line):
    project = replace(county(), settings=replace(county().settings, line_yuan_per_person={}))
    found = outcome(plan_of(options_of(project, known(), line=line)))
    assert found.with_plan.answer().line == found.without.answer(YEAR).line == line
    above = 4 * sum(home["income_yuan_per_person"] >= line for home in HOMES)
    assert row(found, "persons_above_line")["without"] == above


def test_without_any_line_the_gain_is_still_told():
    project = replace(county(), settings=replace(county().settings, line_yuan_per_person={}))
    found = outcome(plan_of(options_of(project, known(), line=None)))
    assert row(found, "persons_above_line")[["with", "difference"]].isna().all()
    assert row(found, "gain_recurrent_yuan")["difference"] > 0 and "–" in found._repr_html_()


def test_a_guard_watches_the_largest_plot_that_stands_or_the_plans_own():
    made = carried_out(plan_of(options_of(county(), known())))
    assert made.links.set_index("role").loc["guard", "site_id"] == "F3"  # F2 is larger and ended in 2020
    alone = options_of(county(forest_plots=[]), known(), [{"household_id": "H3", "guard_posts": 1.0}])
    made = carried_out(plan_of(alone))
    plot = made.project.forest_plots.iloc[0]
    assert made.links["site_id"].tolist() == [plot["plot_id"]] and plot["area_mu"] == 0
    assert row(outcome(plan_of(alone)), "gain_yuan")["difference"] == pytest.approx(8000)


def test_years_of_a_plan_contain_one_another(tmp_path):
    project = county(rasters={"land_cover": write_cover(tmp_path / "cover.tif", GRASS)})
    bundles = [*GIVEN, {"household_id": "H4", "hives": 60.0, "yard": 0}]
    options = options_of(project, known(), bundles).over_years(3)
    later = {"H2": 1, "H4": 2}
    start = options.bundles["household_id"].map(later).fillna(0)
    plan = plan_of(options, np.flatnonzero(options.bundles["start"] == start))
    first, last = carried_out(plan, year=2021), carried_out(plan)
    assert set(first.links["household_id"]) == {"H0", "H1", "H3"} and len(first.project.apiaries) == 1
    assert last.project.juncao_plots["season"].tolist() == [2021, 2022, 2023]
    of_role = last.links.groupby("role")["year"].apply(list)
    assert of_role["grower"] == [2021, 2022, 2023] and of_role["tender"] == [2022, 2023]
    assert of_role["planter"] == of_role["lessor"] == [2022] and of_role["keeper"] == [2021, 2023]
    assert (
        last.project.apiaries["hives_received"].tolist() == [65.0]
        and last.project.settings.default_year == 2023
    )
    # Hives of the third year take no flowers in the first.
    assert first.sites["bees"]["forage_grass_ha"].iloc[0] > 10 * last.sites["bees"]["forage_grass_ha"].iloc[0]
    grass = [
        outcome(plan, year=year).with_plan.households().loc[1, "juncao_yuan_mean"] for year in (2021, 2023)
    ]
    assert grass == pytest.approx([1850, 1850])
    assert row(outcome(plan, year=2022), "gain_recurrent_yuan")["planned"] == 13_200
    assert row(outcome(plan, year=2021), "gain_recurrent_yuan")["planned"] == 12_200
    paid_once = [row(outcome(plan, year=year), "gain_yuan")["planned"] for year in (2021, 2022)]
    assert np.isfinite(paid_once[0]) and np.isnan(
        paid_once[1]
    )  # what was paid once is no promise of a later year
    with pytest.raises(DataProblem, match="E-PLAN-63"):
        carried_out(plan, year=2024)


def test_a_plan_upon_a_plan_has_sites_of_its_own():
    options = options_of(county(), known())
    once = carried_out(plan_of(options))
    twice = carried_out(plan_of(replace(options, exposure=once)))
    for name in ("apiaries", "forest_plots", "juncao_plots"):
        ids = twice.project.tables[name].iloc[:, 0]
        assert ids.is_unique and len(ids) == len(once.project.tables[name]) + 1
    gained = estimate_gains(twice, known(), draws=10).households(YEAR)
    assert gained["juncao_yuan_mean"].sum() == pytest.approx(3700)


def test_what_cannot_be_carried_out_says_why():
    options = options_of(county(), known())
    with pytest.raises(DataProblem, match="E-PLAN-60"):
        carried_out(plan_of(replace(options, exposure=None)))
    with pytest.raises(DataProblem, match="E-PLAN-61"):
        carried_out(plan_of(options_of(county(), known(), [{"household_id": "H0", "hives": 5.0}])))


def test_days_that_a_plan_asks_beyond_the_free_ones_are_told():
    homes = [home | {"free_days": 20.0} for home in HOMES]
    options = options_of(county(households=homes), known())
    told = carried_out(plan_of(options)).overbooked.set_index("household_id")
    # Five mu of trees ask 35 days of planting and 5 of tending, five of grass 30; five hives only 10.
    assert told["asked_days"].to_dict() == {"H1": 30, "H2": 40} and (told["year"] == YEAR).all()


def test_an_outcome_introduces_itself():
    found = outcome(plan_of(options_of(county(), known())))
    page, said = found._repr_html_(), repr(found)
    assert said.startswith("Outcome(2021: 4.0 persons lifted (4.0 to 4.0), planned 4.0;")
    for words in (
        "多 4.0 人测算收入达线",
        "4.0 more persons modelled above the line",
        "离线差距",
        "difference planned",
        "12,000",
    ):
        assert words in page, words
    assert "H0" not in page


# stresses


def test_under_a_stress_what_is_left_is_the_plans_own():
    old = [link_row("H4", "B1", "keeper", 20, "hives", 2018), link_row("H5", "F1", "guard", 1, "posts", 2019)]
    plan = plan_of(options_of(county(apiaries=[{"apiary_id": "B1"}], links=old), known()))
    half = Stress(
        "half", Phrase("价减半", "half the price"), scaled={"honey_price": 0.5, "honey_price_wholesale": 0.5}
    )
    late = next(one for one in STRESSES if one.name == "wages_late")
    table = stressed(plan, stresses=(half, late)).set_index("stress")
    calm = row(outcome(plan), "gain_recurrent_yuan")["difference"]
    honey = 30 * 100 + 10 * 50
    assert table.loc["half", "gain_recurrent_yuan"] == pytest.approx(calm - honey / 2, rel=1e-6)
    assert table.loc["half", "gain_recurrent_yuan_left_share"] == pytest.approx(
        1 - honey / 2 / calm, rel=1e-6
    )
    assert table.loc["half", ["lifted_persons", "lifted_persons_left_share"]].tolist() == [4, 1]
    assert table.loc["wages_late", "gain_recurrent_yuan"] == pytest.approx(calm - 8000, rel=1e-6)
    assert table.loc["wages_late", ["lifted_persons", "lifted_persons_left_share"]].tolist() == [0, 0]
    assert list(table.index) == ["wages_late", "half"]
    gap = row(outcome(plan), "gap_yuan")["difference"]
    assert table.loc["wages_late", "gap_closed_yuan"] == pytest.approx(-gap - 1600, rel=1e-5)


def test_every_stress_leaves_a_row_with_its_interval():
    numbers = nothing_inferred(load_parameters())
    table = stressed(plan_of(options_of(county(), numbers, draws=100)))
    assert set(table["stress"]) == {one.name for one in STRESSES} and table.notna().all(axis=None)
    assert table["gain_recurrent_yuan"].is_monotonic_increasing
    for name in ("gain_recurrent_yuan", "lifted_persons", "gap_closed_yuan"):
        assert (table[f"{name}_p10"] <= table[f"{name}_p90"]).all()
    frost = table.set_index("stress").loc["frost"]
    without, with_plan = estimates(plan_of(options_of(county(), numbers, draws=100)))
    hives = with_plan.households().loc[0, "bees_yuan_mean"] - without.households().loc[0, "bees_yuan_mean"]
    assert frost["gain_recurrent_yuan_left_share"] < 1 and hives > 0


# the example county


@pytest.fixture(scope="module")
def listed():
    example = dingxi()
    return list_options(example.exposure, example.numbers, draws=20)


def test_what_the_offers_promise_of_grass_trees_and_posts_the_whole_model_finds_to_the_yuan(listed):
    bundles = listed.bundles
    some = bundles[(bundles["hives"] == 0) & (np.arange(len(bundles)) % 3 == 0)]
    plan = plan_of(listed, some.index[~some["household_id"].duplicated()])
    taken = bundles.iloc[plan.taken]
    assert all((taken[part] > 0).sum() > 50 for part in ("juncao_mu", "forest_mu", "guard_posts"))
    found = outcome(plan)
    told = found.table.set_index("measure")
    for measure in ("gain_recurrent_yuan", "gain_yuan", "gap_yuan", "persons_above_line"):
        assert abs(told.loc[measure, "difference"]) > 1
        assert told.loc[measure, "difference"] == pytest.approx(told.loc[measure, "planned"], rel=1e-4), (
            measure
        )
    assert found.lost_yuan == 0
    for column, promised in (
        ("gain_recurrent_yuan", "gain_yuan_mean"),
        ("gain_one_off_yuan", "gain_one_off_yuan"),
    ):
        before, after = (
            one.households().set_index("household_id")[column] for one in (found.without, found.with_plan)
        )
        gained = (after - before).loc[taken["household_id"]].to_numpy()
        assert gained == pytest.approx(taken[promised].to_numpy(), abs=0.01)


def test_a_plan_of_the_planner_carried_out(listed):
    chosen = plan(listed, budget_yuan=1_000_000, time_limit=300, gap=0.05)
    found = outcome(chosen)
    before, after = (one.households().set_index("household_id") for one in (found.without, found.with_plan))
    gained = after["gain_recurrent_yuan"] - before["gain_recurrent_yuan"]
    bundles = listed.bundles.iloc[chosen.taken].set_index("household_id")
    keepers = set(found.keepers["household_id"])
    # Who is given something and keeps no bees has it as promised; who is given nothing and keeps none has no change.
    plain = bundles[(bundles["hives"] == 0) & ~bundles.index.isin(keepers)]
    assert len(plain) > 0 and gained[plain.index].to_numpy() == pytest.approx(
        plain["gain_yuan_mean"], abs=0.01
    )
    assert (gained.drop([*bundles.index, *(keepers - set(bundles.index))]) == 0).all()
    assert row(found, "gain_recurrent_yuan")["difference"] == pytest.approx(gained.sum(), rel=1e-6)
    assert row(found, "gap_yuan")["planned"] == pytest.approx(-chosen.reached)
    hives = found.with_plan.exposure.project.apiaries["hives_received"].sum()
    assert hives - found.without.exposure.project.apiaries["hives_received"].sum() == bundles["hives"].sum()
