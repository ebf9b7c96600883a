"""Which lots are open to whom, at what cost: a county written down row by row, and rules that shut one door each."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_ground import hand_ground
from small_projects import VILLAGES, dingxi, fixed, link_row, nothing_inferred, small_project

from eco.income.exposure import link
from eco.livelihoods import FOREST, JUNCAO
from eco.planning.ground import ground_of
from eco.planning.offers import booked_days, choices, land_left, links_of, offers_of, sizes_of, unit_cost
from eco.planning.options import KINDS, PARTS

HOMES = [
    {"household_id": "H0"},
    {"household_id": "H1", "village_code": VILLAGES[1], "register_type": "lifted"},
]
YEAR = 2021


def offers(ground=None, numbers=None, *, livelihoods=None, year=YEAR, **said):
    numbers = nothing_inferred(fixed() if numbers is None else numbers)
    project = small_project(**({"households": HOMES} | said))
    told = {} if livelihoods is None else {"livelihoods": livelihoods}
    return offers_of(
        link(project, numbers, **told), numbers, hand_ground() if ground is None else ground, year=year
    )


def sizes(lots, household_id="H0"):
    own = lots[lots["household_id"] == household_id]
    return {part: own.loc[own["part"] == part, "size"].tolist() for part in PARTS}


def test_everything_is_open_to_a_registered_household_with_a_worker():
    found = offers()
    everything = {"bees": [2, 5, 10], "juncao": [2, 5, 10], "forest": [2, 5, 10], "guard": [1]}
    assert sizes(found.lots) == sizes(found.lots, "H1") == everything
    assert found.lots["household_id"].tolist() == ["H0"] * 10 + ["H1"] * 10
    assert (found.lots[list(PARTS.values())].sum(axis=1) == found.lots["size"]).all()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"register_type": "general"}, "not registered"),
        ({"workers": 0.0}, "without a worker"),
        ({"east": np.nan}, "without a place"),
    ],
)
def test_nothing_is_open_to_who_cannot_be_given_anything(row, reason):
    found = offers(households=[HOMES[0] | row, HOMES[1]])
    assert set(found.lots["household_id"]) == {"H1"}
    assert {why.en: count for why, count in found.closed.items()}[reason] == 1


def test_hives_need_room_for_the_whole_lot():
    rooms = np.array([4.9, np.nan, 10.0, 0.0])
    homes = [{"household_id": f"H{at}", "village_code": code} for at, code in enumerate(VILLAGES)]
    found = offers(hand_ground(room=rooms), households=homes).lots
    assert [sizes(found, f"H{at}")["bees"] for at in range(4)] == [[2], [2, 5, 10], [2, 5, 10], []]


def test_grass_needs_a_field_that_is_not_too_high():
    limit = fixed()["juncao_alt_max"].mode
    found = offers(hand_ground(elevation_m=np.array([limit, limit + 1, np.nan, 0.0]))).lots
    assert sizes(found)["juncao"] == [2, 5, 10] and sizes(found, "H1")["juncao"] == []
    unknown = offers(hand_ground(elevation_m=np.nan)).lots
    assert sizes(unknown)["juncao"] == [2, 5, 10]


def test_grass_and_trees_take_what_land_is_left():
    plots = [
        {"plot_id": "J1", "season": YEAR, "land_class": "farmland"},
        {"plot_id": "J2", "season": YEAR - 1},
    ]
    woods = [
        {"plot_id": "F1", "tenure": "household"},
        {"plot_id": "F2", "tenure": "household", "end_year": 2020.0},
        {"plot_id": "F3", "tenure": "collective"},
    ]
    links = [
        link_row("H0", "J1", "grower", 3, "mu", YEAR),
        link_row("H0", "J2", "grower", 9, "mu", YEAR - 1),  # a past season stands no more
        *(link_row("H0", plot, "lessor", 4, "mu", 2019) for plot in ("F1", "F2", "F3")),
    ]
    found = offers(juncao_plots=plots, forest_plots=woods, links=links)
    assert found.homes.set_index("household_id")["land_mu"].tolist() == [12 - 3 - 4, 12]
    assert sizes(found.lots)["juncao"] == sizes(found.lots)["forest"] == [2, 5]


def test_a_post_is_open_where_one_is_free_and_none_is_held():
    plots = [{"plot_id": "F1"}, {"plot_id": "F2", "end_year": 2020.0}]
    assert sizes(offers(hand_ground(posts=0.9)).lots)["guard"] == []
    held = offers(forest_plots=plots, links=[link_row("H0", "F1", "guard", 1, "posts", 2019)]).lots
    assert sizes(held)["guard"] == [] and sizes(held, "H1")["guard"] == [1]
    over = offers(forest_plots=plots, links=[link_row("H0", "F2", "guard", 1, "posts", 2019)]).lots
    assert sizes(over)["guard"] == [1]


def test_a_livelihood_that_nobody_linked_is_not_offered():
    found = offers(livelihoods=(JUNCAO,)).lots
    assert set(found["part"]) == {"juncao"}
    assert set(offers(livelihoods=(FOREST, JUNCAO)).lots["part"]) == {"juncao", "forest", "guard"}


def test_costs_by_hand_in_whole_fen():
    numbers = fixed(
        hive_cost_colony=750.004, hive_box_cost=294, juncao_plants_per_mu=2500, juncao_seedling_price=0.2,
        forest_project_cost=3519, land_rent_hill=200, tending_days=1, day_wage_local_light=80, guard_wage=8000,
    )  # fmt: skip
    lots = offers(numbers=numbers).lots
    lots = lots[lots["household_id"] == "H0"].set_index(["part", "size"])
    costs = lots[[f"cost_{kind}_yuan" for kind in KINDS]]
    assert costs.loc[("bees", 5)].tolist() == [5220.02, 0, 0]
    assert costs.loc[("juncao", 2)].tolist() == [0, 1000, 0]
    assert costs.loc[("forest", 10)].tolist() == [35_190, 2_000, 800]
    assert costs.loc[("guard", 1)].tolist() == [0, 8_000, 0]
    assert unit_cost("bees", numbers) == {"one_off": 1044.004, "yearly": 0, "tending": 0}


def test_sizes_are_whole_hives_and_none_of_nothing():
    numbers = fixed().replace("hives_per_hh_given", low=0.2, mode=4.6, high=5.4, source="a test")
    assert sizes_of("bees", numbers).tolist() == [5]
    assert sizes_of("guard", numbers).tolist() == [1]


def test_days_are_those_that_the_links_book():
    numbers = fixed(hive_labour=2, juncao_labour=6, plant_labour_days=9, tending_days=1)
    lots = offers(numbers=numbers).lots.set_index(["household_id", "part", "size"])["days"]
    assert lots.loc["H0"].loc[[("bees", 5), ("juncao", 5), ("forest", 5), ("guard", 1)]].tolist() == [
        10,
        30,
        50,
        0,
    ]


def test_days_left_are_free_days_less_what_is_booked():
    plots = [{"plot_id": "F1", "planted_year": YEAR}, {"plot_id": "F2", "planted_year": 2018}]
    links = [
        link_row("H0", "F1", "planter", 25, "days", YEAR),
        link_row("H0", "F2", "tender", 7, "days", 2019),  # over
        link_row("H0", "B1", "keeper", 4, "hives", 2018),  # go on
        link_row("H1", "F1", "planter", 200, "days", YEAR),
    ]
    homes = [HOMES[0] | {"free_days": 60.0}, HOMES[1]]
    said = {"forest_plots": plots, "apiaries": [{"apiary_id": "B1"}], "links": links, "households": homes}
    found = offers(numbers=fixed(hive_labour=2), **said)
    assert found.homes["free_days"].tolist() == [60 - 25 - 8, 0]


def test_inferred_work_lasts_as_long_as_it_was_inferred_for():
    example = dingxi()
    exposure, numbers = example.exposure, example.numbers
    tenders = exposure.links[(exposure.links["role"] == "tender") & ~exposure.links["recorded"].astype(bool)]
    late = tenders[tenders["year"] + numbers["tending_years"].mode > YEAR]
    assert len(late) and len(late) < len(tenders)
    for rows, least in ((late, 1e-9), (tenders[~tenders["household_id"].isin(late["household_id"])], 0)):
        own = exposure.links[exposure.links["household_id"].isin(rows["household_id"])]
        alone = own[(own["role"] == "tender") & ~own["recorded"].astype(bool)]
        days = booked_days(
            replace(exposure, links=alone), rows["household_id"].drop_duplicates(), numbers, year=YEAR
        )
        assert (days >= least).all() and (days > 0).any() == (least > 0)


def test_bundles_take_one_size_of_a_part_and_no_more_land_than_there_is():
    found = offers()
    lots, land = found.lots, np.array([12.0, 5.0])
    home = np.repeat([0, 1], 10)
    choice, of = choices(lots, home, land)
    mu = np.append((lots["juncao_mu"] + lots["forest_mu"]).to_numpy(), 0)[choice].sum(axis=1)
    assert (mu <= land[of]).all() and (np.diff(of) >= 0).all()
    assert len(np.unique(choice, axis=0)) == len(choice) and (choice >= 0).any(axis=1).all()
    by_hand = [
        sum(
            grass + trees <= most
            for grass in (0, 2, 5, 10)
            for trees in (0, 2, 5, 10)
        ) * 4 * 2 - 1
        for most in land
    ]  # fmt: skip
    assert np.bincount(of).tolist() == by_hand
    for at, part in enumerate(PARTS):
        taken = choice[:, at]
        assert set(lots["part"].to_numpy()[taken[taken >= 0]]) == {part}
        assert (home[taken[taken >= 0]] == of[taken >= 0]).all()


def test_sites_and_links_are_as_records_have_them():
    example = dingxi()
    exposure, numbers = example.exposure, example.numbers
    found = offers_of(exposure, numbers, ground_of(exposure.project, numbers, year=YEAR), year=YEAR)
    for name, sites in found.sites.items():
        assert list(sites.columns) == list(exposure.sites[name].columns)
        assert not sites.index.isin(exposure.sites[name].index).any() and sites.index.is_unique
        numeric = sites.drop(columns=["x", "y", "end_year"], errors="ignore")
        assert np.isfinite(numeric.to_numpy()).all()
    links = links_of(found.lots, year=YEAR)
    assert list(links.columns) == [*exposure.links.columns, "row"]
    for name, own in links.groupby("livelihood"):
        assert own["site_id"].isin(found.sites[name].index).all()
    trees = links[links["role"].isin(["planter", "tender", "lessor"])]
    assert (trees.groupby("row").size() == 3).all()
    assert set(links["role"]) == {"keeper", "grower", "planter", "tender", "lessor", "guard"}


def test_rows_in_another_order_are_the_same_offers():
    example = dingxi()
    exposure, numbers = example.exposure, example.numbers
    homes = exposure.project.households.sample(frac=1, random_state=3)
    project = replace(exposure.project, tables={**exposure.project.tables, "households": homes})
    links = exposure.links.sample(frac=1, random_state=4)
    ground = ground_of(exposure.project, numbers, year=YEAR)
    a = offers_of(exposure, numbers, ground, year=YEAR)
    b = offers_of(replace(exposure, project=project, links=links), numbers, ground, year=YEAR)
    pd.testing.assert_frame_equal(a.lots, b.lots)
    pd.testing.assert_frame_equal(a.homes, b.homes, check_exact=False, rtol=1e-12)


def test_land_left_is_never_less_than_nothing():
    numbers = nothing_inferred(fixed())
    project = small_project(
        households=HOMES,
        juncao_plots=[{"plot_id": "J1", "season": YEAR}],
        links=[link_row("H0", "J1", "grower", 30, "mu", YEAR)],
    )
    exposure = link(project, numbers)
    assert land_left(exposure, project.households["household_id"], numbers, year=YEAR).tolist() == [0, 12]
