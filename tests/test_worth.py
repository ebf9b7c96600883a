"""What a bundle is worth: by hand at fixed numbers, and as the whole income model estimates it with the bundle in."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hand_ground import hand_ground
from small_projects import TOLD, VILLAGES, dingxi, fixed, link_row, nothing_inferred, small_project

import eco
from eco.income.exposure import link
from eco.income.gains import estimate_gains
from eco.parameters.draws import Worlds
from eco.parameters.numbers import load_parameters
from eco.planning.ground import ground_of
from eco.planning.listing import list_options, options_on
from eco.planning.offers import links_of, offers_of
from eco.planning.options import MOST_BUNDLES, PARTS
from eco.planning.worth import Trial, bad_worlds, sample_of
from eco.problems import DataProblem

YEAR = 2021
HOME = {"household_id": "H0", "income_yuan_per_person": 3000.0, "free_days": 90.0}
QUANTITIES = list(PARTS.values())
# Numbers of a world without chance; shares of lost colonies by year of keeping are 20 % and 10 %.
LIKELY = {
    "honey_yield": 8, "honey_price": 100, "honey_price_wholesale": 50, "direct_sale_kg_per_household": 30,
    "hive_running_cost": 100, "hive_loss_smallholder": 0.2, "hive_loss_winter": 0.1, "hive_cost_colony": 750,
    "hive_labour": 2, "juncao_yield_dryland": 4, "juncao_price": 250, "juncao_plant_cost": 500, "juncao_labour": 6,
    "grain_net_wheat": 200, "land_rent_hill": 200, "guard_wage": 8000, "migrant_month": 5200,
    "work_days_per_month": 26, "day_wage_planting": 100, "plant_labour_days": 5, "plant_labour_share": 0.5,
    "forest_project_cost": 4000, "tending_days": 1, "day_wage_local_light": 80,
}  # fmt: skip


def options(
    numbers=None, *, parts=tuple(PARTS), ground=None, draws=20, year=YEAR, chunk_households=128, **said
):
    """Options of a small county, with only some parts open; `ground` says how it differs from `hand_ground`."""
    numbers = nothing_inferred(only() if numbers is None else numbers)
    if "forest" not in parts:
        numbers = numbers.replace("forest_lot_mu", mode=99.0, source=TOLD)  # more than there is land
    closed = {"juncao": {"elevation_m": 9000.0}, "guard": {"posts": 0.0}, "bees": {"room": 0.0}}
    shut = [how for part, how in closed.items() if part not in parts]
    project = small_project(**({"households": [HOME]} | said))
    made = hand_ground(**({key: value for how in shut for key, value in how.items()} | (ground or {})))
    worlds = Worlds(numbers, draws, 1)
    return options_on(made, link(project, numbers), worlds, year=year, chunk_households=chunk_households)


def one(found, household_id="H0", **held):
    """The bundle of a household that holds just this."""
    table = found.bundles
    wanted = [held.get(name, 0) for name in QUANTITIES]
    rows = table[(table["household_id"] == household_id) & (table[QUANTITIES] == wanted).all(axis=1)]
    assert len(rows) == 1, f"{household_id} has no bundle of {held}"
    return rows.iloc[0]


def only(**low_mode_high):
    """Likely numbers in which each part named has the one size given, and the others next to none."""
    sizes = {"hives_per_hh_given": 2, "grass_lot_mu": 2, "forest_lot_mu": 2}
    told = LIKELY | sizes | low_mode_high
    return fixed(**{name: float(value) for name, value in told.items()})


def test_hives_by_hand():
    # 2 hives: 16 kg at 100, all to friends; 100 a hive to run; a beginner loses a fifth of them, 750 each.
    row = one(options(parts=("bees",)), hives=2)
    assert row["gain_yuan_mean"] == pytest.approx(1600 - 200 - 300, rel=1e-6)
    assert (row["days"], row["free_days"]) == (4, 90)
    assert row["gain_economic_yuan"] == pytest.approx(1100 - 4 * 80, rel=1e-6)
    # 5 hives: 40 kg, of which 30 to friends and 10 in bulk at 50.
    row = one(options(only(hives_per_hh_given=5), parts=("bees",)), hives=5)
    assert row["gain_yuan_mean"] == row["gain_bees_yuan"] == pytest.approx(3000 + 500 - 500 - 750, rel=1e-6)
    assert row["gain_one_off_yuan"] == 0 and row["chance_of_loss"] == 0


def test_offered_hives_sell_to_the_friends_that_the_old_ones_left():
    yard = [{"apiary_id": "B1", "hives_received": 3.0, "started_year": 2016}]
    links = [link_row("H0", "B1", "keeper", 3, "hives", 2016)]
    row = one(options(parts=("bees",), apiaries=yard, links=links), hives=2)
    # 3 old hives have sold 24 kg: of 16 kg more 6 go to friends.
    assert row["gain_yuan_mean"] == pytest.approx(6 * 100 + 10 * 50 - 200 - 300, rel=1e-5)
    assert row["free_days"] == 90 - 6


def test_hives_have_the_flowers_allotted_to_them():
    # 100 ha of grass at 6.1 kg of sugar, 0.4 of it honey, less 40 kg of own need: more than the crop; 8 ha: nothing.
    numbers = only(nectar_grass=6.1, nectar_to_honey=0.4, colony_nectar_need=40)
    fed = one(options(numbers, parts=("bees",), ground={"room": 9.0, "forage_grass_ha": 100.0}), hives=2)
    assert fed["gain_yuan_mean"] == pytest.approx(1100, rel=1e-6) and "forage" not in fed["to_check"]
    short = {"room": 9.0, "forage_grass_ha": (40 + 3) / 0.4 / 6.1}
    assert one(options(numbers, parts=("bees",), ground=short), hives=2)["gain_yuan_mean"] == pytest.approx(
        600 - 500, rel=1e-4
    )


def test_grass_by_hand_and_pay_given_up_for_days_nobody_has():
    row = one(options(only(grass_lot_mu=5), parts=("juncao",)), juncao_mu=5)
    margin = 4 * 250 - 500 - 200
    assert row["gain_yuan_mean"] == pytest.approx(5 * margin, rel=1e-6) and row["days"] == 30
    tired = [HOME | {"free_days": 26.0}]
    row = one(options(only(grass_lot_mu=5), parts=("juncao",), households=tired), juncao_mu=5)
    assert row["gain_yuan_mean"] == pytest.approx(5 * margin - 4 * 200, rel=1e-6)
    assert row["gain_economic_yuan"] == pytest.approx(5 * margin - 4 * 200 - 26 * 80, rel=1e-6)


def test_trees_by_hand():
    row = one(options(parts=("forest",)), forest_mu=2)
    assert row["gain_yuan_mean"] == row["gain_forest_yuan"] == pytest.approx(2 * 200, rel=1e-6)
    assert row["gain_one_off_yuan"] == pytest.approx(2 * (5 * 100 + 1 * 80), rel=1e-6)
    assert row["gain_economic_yuan"] == pytest.approx(400, rel=1e-6)  # no day of theirs recurs


def test_a_post_lifts_four_persons_and_closes_their_gap():
    row = one(options(parts=("guard",)), guard_posts=1)
    assert row["gain_yuan_mean"] == pytest.approx(8000) and row["gap_yuan"] == pytest.approx(4000)
    assert row["lifted_persons"] == 4
    assert (row["chance_above_without"], row["chance_above_with"]) == (0, 1)
    near = [HOME | {"income_yuan_per_person": 4000.0}]
    row = one(options(parts=("guard",), households=near), guard_posts=1)
    assert (row["gap_yuan"], row["lifted_persons"], row["chance_above_without"]) == (0, 0, 1)


def test_a_gain_that_does_not_reach_the_line_closes_as_much_as_it_is():
    row = one(options(parts=("bees",)), hives=2)
    assert row["gap_yuan"] == pytest.approx(1100) and row["lifted_persons"] == 0
    assert row["gap_yuan_bad"] == pytest.approx(1100) and row["gain_yuan_bad"] == pytest.approx(1100)


def test_pay_given_up_is_shared_by_days_among_the_parts():
    # 4 days of bees and 12 of grass with 14 free: 2 days at 200 are given up, a quarter of them for the bees.
    tired = [HOME | {"free_days": 14.0}]
    row = one(options(parts=("bees", "juncao"), households=tired), hives=2, juncao_mu=2)
    assert row["gain_bees_yuan"] == pytest.approx(1100 - 400 / 4, rel=1e-6)
    assert row["gain_juncao_yuan"] == pytest.approx(600 - 400 * 3 / 4, rel=1e-6)
    assert row["gain_yuan_mean"] == pytest.approx(1700 - 400, rel=1e-6)


def test_old_days_that_turn_dear_fall_to_the_parts_that_made_them_so():
    # 5 old hives ask 10 of 12 free days; 2 mu of grass 12 more: 10 days at 200 given up in all.
    yard = [{"apiary_id": "B1", "hives_received": 5.0, "started_year": 2016}]
    links = [link_row("H0", "B1", "keeper", 5, "hives", 2016)]
    tired = [HOME | {"free_days": 12.0}]
    numbers = only(juncao_price=1000)
    row = one(options(numbers, parts=("juncao",), households=tired, apiaries=yard, links=links), juncao_mu=2)
    for column in ("gain_yuan_mean", "gain_juncao_yuan"):
        assert row[column] == pytest.approx(2 * 3300 - 2000, rel=1e-5)


@cache
def county():
    """The example with a line in the plan's year, bases of three kinds and few free days here and there."""
    example = dingxi()
    project = example.exposure.project
    homes = project.households.copy()
    at = np.arange(len(homes))
    homes["base_includes_programme"] = np.choose(at % 5, ["no", "yes", "no", "unknown", "yes"])
    homes["income_year"] = np.where(at % 2, 2019.0, 2020.0)
    homes["free_days"] = np.where(at % 3 == 0, at % 40, homes["free_days"])
    project = replace(
        project,
        tables={**project.tables, "households": homes},
        settings=replace(project.settings, line_yuan_per_person={YEAR: 4200.0}),
    )
    exposure = replace(example.exposure, project=project)
    before = estimate_gains(exposure, example.numbers, draws=101, seed=1)
    return exposure, before, list_options(exposure, example.numbers, year=YEAR, draws=101)


def put_in(exposure, offers, bundles):
    """The exposure with the links and sites of one bundle a household."""
    links = links_of(bundles, year=YEAR).drop(columns="row")
    sites = {name: pd.concat([own, offers.sites[name]]) for name, own in exposure.sites.items()}
    links = pd.concat([exposure.links, links], ignore_index=True)
    return replace(
        exposure, links=links.sort_values("household_id", kind="stable", ignore_index=True), sites=sites
    )


@pytest.mark.parametrize("which", [0, 1])
def test_the_whole_model_estimates_a_bundle_at_what_it_is_listed_for(which):
    exposure, before, found = county()
    numbers = before.numbers
    offers = offers_of(exposure, numbers, ground_of(exposure.project, numbers, year=YEAR), year=YEAR)
    picks = np.random.default_rng(which)
    rows = found.bundles.groupby("household_id").sample(n=1, random_state=int(picks.integers(1 << 30)))
    chosen = rows.set_index("household_id", drop=False)
    after = estimate_gains(put_in(exposure, offers, rows), numbers, draws=101, seed=1)
    old, new = (
        gains.households(YEAR).set_index("household_id").loc[chosen.index] for gains in (before, after)
    )
    for column, listed in (
        ("gain_recurrent_yuan", "gain_yuan_mean"),
        ("gain_one_off_yuan", "gain_one_off_yuan"),
    ):
        more = new[column] - old[column]
        np.testing.assert_allclose(more, chosen[listed], rtol=1e-4, atol=0.05)
    np.testing.assert_allclose(new["chance_above_line"], chosen["chance_above_with"], atol=0.011)
    np.testing.assert_allclose(old["chance_above_line"], chosen["chance_above_without"], atol=0.011)
    assert (new["chance_above_line"] - chosen["chance_above_with"]).abs().mean() < 1e-4
    _same_by_village(before.answer(YEAR), after.answer(YEAR), chosen)
    _same_economic(old, new, chosen, exposure)
    _many_of_every_kind(chosen, exposure)


def _same_by_village(before, after, chosen):
    """Persons lifted and gaps closed of each village are what its bundles add up to."""
    for measure, listed, unit, within in (
        ("poverty_gap_with", "gap_yuan", -before.line, 1.0),
        ("persons_above_line_with", "lifted_persons", 1.0, 0.02),
    ):
        change = pd.Series(after.worlds[measure].mean(axis=1) - before.worlds[measure].mean(axis=1)) * unit
        change.index = after.villages
        sums = chosen.groupby("village_code")[listed].sum().reindex(after.villages, fill_value=0.0)
        assert (sums != 0).sum() > 500
        np.testing.assert_allclose(change, sums, rtol=1e-3, atol=within)


def _same_economic(old, new, chosen, exposure):
    """Where no day ends by itself, the economic gain less one-off yuan is the recurrent one."""
    roles = exposure.links["role"].isin(["planter", "tender"])
    ending = set(exposure.links.loc[roles, "household_id"])
    lasting = (chosen["forest_mu"] == 0) & ~chosen.index.isin(ending)
    assert lasting.sum() > 500
    gain, one_off = (new[name] - old[name] for name in ("gain_economic_yuan", "gain_one_off_yuan"))
    more = gain - one_off
    np.testing.assert_allclose(more[lasting], chosen.loc[lasting, "gain_economic_yuan"], rtol=1e-4, atol=0.1)


def _many_of_every_kind(chosen, exposure):
    keepers = exposure.links.loc[exposure.links["role"] == "keeper", "household_id"]
    homes = exposure.project.households.set_index("household_id").loc[chosen.index]
    assert ((chosen["hives"] > 0) & chosen.index.isin(keepers)).sum() > 100
    assert (chosen["days"] > chosen["free_days"]).sum() > 50
    assert (homes["base_includes_programme"] == "yes").sum() > 100
    unknown = (homes["base_includes_programme"] == "unknown").to_numpy()
    assert unknown.sum() > 100 and (chosen.loc[unknown, ["gap_yuan", "lifted_persons"]] == 0).all(axis=None)
    assert (
        chosen.loc[unknown, "gain_yuan_mean"].ne(0).any()
        and chosen.loc[unknown, "chance_above_with"].isna().all()
    )


def test_parts_add_up_and_costs_are_whole_fen():
    _, _, found = county()
    table = found.bundles
    parts = table[[f"gain_{part}_yuan" for part in PARTS]]
    np.testing.assert_allclose(parts.sum(axis=1), table["gain_yuan_mean"], rtol=1e-4, atol=0.02)
    for part, column in PARTS.items():
        assert (table.loc[table[column] == 0, f"gain_{part}_yuan"] == 0).all()
    for kind in ("one_off", "yearly"):
        fen = table[f"cost_{kind}_yuan"] * 100
        assert np.abs(fen - fen.round()).max() < 1e-6
    assert (table.groupby("household_id").size() <= MOST_BUNDLES).all()
    assert table["household_id"].is_monotonic_increasing


def test_homes_are_all_households_as_the_records_leave_them():
    exposure, before, found = county()
    homes = found.homes
    assert homes["household_id"].tolist() == sorted(exposure.project.households["household_id"])
    answer = before.answer(YEAR)
    chance = answer.households.set_index("household_id")["chance_above_line"].loc[homes["household_id"]]
    np.testing.assert_allclose(homes["chance_above_without"], chance, atol=0.011)
    gap = homes["gap_without_yuan"].sum()
    assert gap == pytest.approx(answer.worlds["poverty_gap_with"].mean(axis=1).sum() * answer.line, rel=1e-4)


def test_neither_chunks_nor_the_order_of_rows_change_a_digit():
    numbers = nothing_inferred(load_parameters())
    homes = [
        {
            "household_id": f"H{at}",
            "village_code": VILLAGES[at % 4],
            "income_yuan_per_person": 2500.0 + 37 * at,
        }
        for at in range(30)
    ]
    yards = [{"apiary_id": "B1"}, {"apiary_id": "B2", "village_code": VILLAGES[2]}]
    links = [link_row(f"H{at}", f"B{1 + at % 2}", "keeper", 2 + at % 3, "hives", 2018) for at in range(9)]
    tables = []
    for order, chunk in ((slice(None), 1), (slice(None), 1000), (slice(None, None, -1), 7)):
        said = {"households": homes[order], "apiaries": yards[order], "links": links[order]}
        tables.append(options(numbers, draws=300, chunk_households=chunk, **said))
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0].bundles, other.bundles, check_exact=True)
        pd.testing.assert_frame_equal(tables[0].homes, other.homes, check_exact=True)
        assert tables[0].notes == other.notes


def test_the_bad_worlds_are_the_fifth_in_which_all_lots_bring_least():
    numbers = nothing_inferred(load_parameters())
    exposure = link(small_project(households=[HOME]), numbers)
    worlds = Worlds(numbers, 500, 3)
    offers = offers_of(exposure, numbers, hand_ground(posts=0.0), year=YEAR)
    few, theirs = sample_of(exposure, offers)
    bad = bad_worlds(Trial.of(few, theirs, worlds, year=YEAR))
    assert bad.sum() == 100
    total = np.zeros(500)
    for at in range(len(offers.lots)):
        with_it = put_in(exposure, offers, offers.lots.iloc[[at]])
        answer = estimate_gains(with_it, numbers, draws=500, seed=3).answer(YEAR)
        total += answer.worlds["gain_recurrent_yuan"].sum(axis=0)
    assert set(np.flatnonzero(bad)) == set(np.argsort(total)[:100])
    found = options_on(hand_ground(posts=0.0), exposure, worlds, year=YEAR)
    assert found.bundles["gain_yuan_bad"].sum() < 0.3 * found.bundles["gain_yuan_mean"].sum()
    assert found.worth("gain", cautious=1).sum() == pytest.approx(found.bundles["gain_yuan_bad"].sum())


def test_the_tenth_percentile_and_the_chance_of_loss_are_those_of_the_worlds():
    numbers = nothing_inferred(load_parameters())
    exposure = link(small_project(households=[HOME]), numbers)
    offers = offers_of(exposure, numbers, hand_ground(), year=YEAR)
    found = options_on(hand_ground(), exposure, Worlds(numbers, 400, 1), year=YEAR)
    for at in range(len(found.bundles)):
        row = found.bundles.iloc[[at]]
        answer = estimate_gains(put_in(exposure, offers, row), numbers, draws=400, seed=1).answer(YEAR)
        worlds = answer.worlds["gain_recurrent_yuan"].sum(axis=0)
        assert row["gain_yuan_p10"].item() == pytest.approx(np.quantile(worlds, 0.1), rel=1e-4, abs=0.1)
        assert row["chance_of_loss"].item() == pytest.approx((worlds < 0).mean(), abs=0.003)


def test_the_line_is_the_last_one_known():
    numbers = only()
    late = options(numbers, line_yuan_per_person={2019: 4100.0, 2020: 4300.0})
    assert late.line == 4300 and any("2020" in note.en and "4300" in note.en for note in late.notes)
    exact = options(numbers, line_yuan_per_person={2021: 4400.0})
    assert exact.line == 4400 and not any("no line" in note.en for note in exact.notes)


def test_without_a_line_only_gain_counts():
    found = options(only(), line_yuan_per_person={}, year=2010, default_year=2009)
    assert found.line is None and any("no line is known" in note.en for note in found.notes)
    assert (found.bundles[["gap_yuan", "lifted_persons"]] == 0).all(axis=None)
    assert (found.worth("gain") > 0).all() and found.homes["gap_without_yuan"].eq(0).all()


def test_a_base_nobody_knows_gives_gains_alone_and_says_so():
    homes = [HOME, HOME | {"household_id": "H1", "base_includes_programme": "unknown"}]
    found = options(only(), households=homes)
    rows = found.bundles[found.bundles["household_id"] == "H1"]
    assert (rows["gap_yuan"] == 0).all() and (rows["gain_yuan_mean"] > 0).all()
    assert any("1 households nobody says" in note.en for note in found.notes)
    assert found.homes["chance_above_without"].isna().tolist() == [False, True]


def test_what_is_to_be_checked_is_said():
    row = one(options(parts=("forest",)), forest_mu=2)
    assert (row["to_check"], row["basic_farmland"]) == ("farmland,slope", "unknown")
    assert np.isnan(row["slope_degrees"])
    assert one(options(parts=("bees",)), hives=2)["to_check"] == "forage"
    assert one(options(parts=("guard",)), guard_posts=1)["to_check"] == ""
    ground = {"room": 20.0, "slope": 8.0, "farmland": "no"}
    told = options(only(nectar_grass=6.1), ground=ground).bundles
    assert (told["to_check"] == "").all() and set(told["slope_degrees"].dropna()) == {8.0}
    assert told["yard"].where(told["hives"] > 0, -1).eq(told["yard"]).all() and set(told["yard"]) == {-1, 0}
    assert set(told["township_code"]) == {"621102101000"} and set(told["township"]) == {"甲镇"}


def test_grass_stands_on_the_field_and_trees_on_the_hillside():
    found = options(parts=("juncao", "forest"), ground={"slope": 4.0, "hill_slope": 22.0})
    both = one(found, juncao_mu=2, forest_mu=2)
    assert (both["slope_degrees"], both["tree_slope_degrees"]) == (4, 22)
    trees = one(found, forest_mu=2)
    assert (trees["slope_degrees"], trees["tree_slope_degrees"]) == (22, 22)
    usual, gentle = (eco.rules.SlopeLimit(tree_degrees=most).rows(found, 1e6).most for most in (None, 20.0))
    assert usual.all()
    assert (gentle[: len(found.bundles)] == (found.bundles["forest_mu"] == 0)).all()


def test_bad_input_is_answered_in_both_languages():
    exposure, numbers = dingxi().exposure, dingxi().numbers
    with pytest.raises(DataProblem, match=r"E-PLAN-01.*9.*至少 10"):
        list_options(exposure, numbers, draws=9)
    for year in (1800, 3000):
        with pytest.raises(DataProblem, match="E-PLAN-02"):
            list_options(exposure, numbers, year=year)


def test_nothing_open_says_why():
    homes = [HOME | {"workers": 0.0}, HOME | {"household_id": "H1", "register_type": "general"}]
    with pytest.raises(DataProblem, match=r"E-PLAN-03(.|\n)*2 户 households(.|\n)*without a worker: 1"):
        options(households=homes)


def test_all_losses_name_the_largest_cause():
    numbers = only().replace("hh_land", low=0.0, mode=0.0, high=0.0, source=TOLD)
    numbers = numbers.replace("honey_price", mode=0.0, source=TOLD)
    with pytest.raises(
        DataProblem, match=r"E-PLAN-04(.|\n)*1 lots(.|\n)*colonies replaced \(-300 yuan a lot\)"
    ):
        options(numbers, parts=("bees", "forest"))


def test_the_door_lists_what_the_example_offers():
    _, _, found = county()
    assert eco.list_options is list_options
    assert (
        found.first_year == YEAR and found.line == 4200 and found.draws == 101 and len(found.seedling_mu) == 1
    )
    assert len(found.yards) == found.meadows.shape[1]
    assert (
        found.bundles["household_id"].nunique() > 5000 and (found.bundles["gain_yuan_mean"] > 0).mean() > 0.8
    )
