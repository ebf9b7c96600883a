"""Who stands where: recorded links first, the rest never beyond a site, a reach or a household's free days."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_projects import SOUTH, TOLD, VILLAGES, WEST, dingxi, link_row, small_project

from eco.income.exposure import link
from eco.income.inference import fill
from eco.livelihoods import LIVELIHOODS
from eco.parameters.numbers import load_parameters
from eco.records.tables import POOR_TYPES

NUMBERS = load_parameters()
RULES = {(one.name, inference.role): inference for one in LIVELIHOODS for inference in one.inferences}
YEARS = range(2010, 2032)


def _mode(name: str) -> float:
    return NUMBERS[name].mode


@given(
    quantity=st.floats(0, 1e4),
    people=st.lists(st.tuples(st.floats(1e-6, 1e3), st.floats(0, 1e3)), min_size=1, max_size=30),
)
def test_filling_gives_all_there_is_to_nobody_beyond_capacity_and_evenly_below_it(quantity, people):
    weights, capacity = (np.array(column) for column in zip(*people))
    taken = fill(quantity, weights, capacity)
    assert taken.sum() == pytest.approx(min(quantity, capacity.sum()), rel=1e-6, abs=1e-6)
    assert np.all(taken <= capacity) and np.all(taken >= 0)
    below = taken < capacity * (1 - 1e-9)
    if below.any():
        level = (taken / weights)[below]
        assert level.max() - level.min() <= 1e-6 * level.max() + 1e-9
        assert np.all((taken / weights)[~below] <= level.min() * (1 + 1e-6) + 1e-6)


_spot = st.floats(0, 7000).map(lambda metres: round(metres, 1))
_household = st.fixed_dictionaries(
    {
        "east": _spot, "north": _spot, "workers": st.sampled_from([0.0, 1.0, 2.0, 3.0]),
        "free_days": st.sampled_from([np.nan, 0.0, 5.0, 40.0, 120.0, 400.0]),
        "register_type": st.sampled_from(["poor", "poor", "lifted", "marginal", "general"]),
        "village_code": st.sampled_from(VILLAGES),
    }
)  # fmt: skip
_forest = st.fixed_dictionaries(
    {
        "east": _spot, "north": _spot, "area_mu": st.sampled_from([0.0, 3.0, 60.0, 800.0]),
        "verified_mu": st.sampled_from([np.nan, 20.0]), "planted_year": st.integers(2015, 2020),
        "programme": st.sampled_from(["project", "grain_for_green", "public_forest", "none"]),
    }
)  # fmt: skip
_juncao = st.fixed_dictionaries(
    {
        "east": _spot,
        "north": _spot,
        "area_mu": st.sampled_from([2.0, 40.0, 300.0]),
        "season": st.integers(2015, 2020),
    }
)
_yard = st.fixed_dictionaries(
    {
        "east": _spot, "north": _spot, "hives_received": st.sampled_from([0.0, 4.0, 90.0]),
        "started_year": st.integers(2015, 2020), "in_programme": st.sampled_from(["yes", "yes", "no"]),
    }
)  # fmt: skip
_link = st.tuples(
    st.integers(0, 50),
    st.integers(0, 50),
    st.sampled_from(
        [
            ("F", "planter", "mu"), ("F", "planter", "days"), ("F", "tender", "mu"), ("F", "tender", "days"),
            ("F", "guard", "posts"), ("J", "grower", "mu"), ("B", "keeper", "hives"),
        ]
    ),
    st.sampled_from([0.5, 3.0, 30.0, 150.0]),
    st.integers(2015, 2020),
)  # fmt: skip


@st.composite
def layouts(draw):
    """A small county of any shape, with some of its links recorded."""
    homes = [
        {"household_id": f"H{k:02d}", **row}
        for k, row in enumerate(draw(st.lists(_household, min_size=1, max_size=8)))
    ]
    forest = [{"plot_id": f"F{k}", **row} for k, row in enumerate(draw(st.lists(_forest, max_size=3)))]
    juncao = [{"plot_id": f"J{k}", **row} for k, row in enumerate(draw(st.lists(_juncao, max_size=2)))]
    yards = [{"apiary_id": f"B{k}", **row} for k, row in enumerate(draw(st.lists(_yard, max_size=2)))]
    counts = {"F": len(forest), "J": len(juncao), "B": len(yards)}
    links = [
        link_row(
            homes[h % len(homes)]["household_id"], f"{kind}{s % counts[kind]}", role, quantity, unit, year
        )
        for h, s, (kind, role, unit), quantity, year in draw(st.lists(_link, max_size=5))
        if counts[kind]
    ]
    return small_project(
        households=homes, forest_plots=forest, juncao_plots=juncao, apiaries=yards, links=links
    )


def _rate(inference) -> str:
    """The number of days that a unit of an inferred role asks."""
    return next(one.day_rates[inference.role] for one in LIVELIHOODS if inference in one.inferences)


def _in_units(rows: pd.DataFrame, inference) -> pd.Series:
    return rows["quantity"] * np.where(rows["unit"] == "days", 1 / _mode(_rate(inference)), 1.0)


def _years_of(row) -> range:
    """Years in which a link asks for days."""
    inference = RULES.get((row.livelihood, row.role))
    if inference is None:
        return range(0)
    if inference.years == "open":
        return range(row.year, YEARS.stop)
    if row.recorded or not inference.years:
        return range(row.year, row.year + 1)
    return range(row.year, row.year + int(_mode(inference.years)))


def _days_by_year(links: pd.DataFrame) -> dict:
    asked: dict = {}
    for row in links.itertuples():
        for year in _years_of(row):
            rate = 1.0 if row.unit == "days" else _mode(_rate(RULES[row.livelihood, row.role]))
            asked[row.household_id, year] = asked.get((row.household_id, year), 0.0) + rate * row.quantity
    return asked


@given(layouts())
@settings(max_examples=60, deadline=None)
def test_inference_stays_within_the_site_the_reach_and_the_free_days(project):
    exposure = link(project, NUMBERS)
    links, homes = exposure.links, project.households.set_index("household_id")
    inferred = links[~links["recorded"].astype(bool)]
    _each_is_a_poor_worker_in_reach(inferred, homes, exposure)
    _no_site_gives_more_than_its_share(links, exposure)
    recorded, all_of_them = _days_by_year(links[links["recorded"].astype(bool)]), _days_by_year(links)
    free = homes["free_days"].fillna(_mode("hh_days_avail"))
    for (home, year), days in all_of_them.items():
        assert days <= max(free[home], recorded.get((home, year), 0.0)) + 1e-6, (home, year)


def _each_is_a_poor_worker_in_reach(inferred, homes, exposure):
    at = homes.loc[inferred["household_id"]]
    assert at["register_type"].isin(POOR_TYPES).all() and (at["workers"] > 0).all()
    for row, point in zip(inferred.itertuples(), at.geometry):
        site = exposure.sites[row.livelihood].loc[row.site_id]
        assert np.hypot(point.x - site["x"], point.y - site["y"]) <= _mode("reach_work") * 1000 + 1e-6
        assert site["in_programme"] == 1
        assert row.quantity > 0 and 0 < row.weight <= 1 + 1e-9


def _no_site_gives_more_than_its_share(links, exposure):
    left = exposure.unallotted.set_index(["site_id", "role"])["quantity"]
    for (livelihood, role), inference in RULES.items():
        for site_id, site in exposure.sites[livelihood].iterrows():
            own = links[(links["site_id"] == site_id) & (links["role"] == role)]
            held = own["recorded"].astype(bool)
            recorded = _in_units(own[held], inference).sum()
            recorded /= _mode(inference.years) if inference.years not in ("", "open") else 1
            share = site["site_quantity"] * _mode(inference.share) * site["in_programme"]
            allotted = own.loc[~held, "quantity"].sum()
            assert recorded + allotted <= max(recorded, share) + 1e-6
            assert own.loc[~held, "weight"].sum() <= 1 + 1e-9
            rest = max(share - recorded, 0.0)
            assert allotted + left.get((site_id, role), 0.0) == pytest.approx(rest, abs=1e-5)


@given(layouts())
@settings(max_examples=25, deadline=None)
def test_recorded_links_come_first_and_unchanged(project):
    links = link(project, NUMBERS).links
    kept = links[links["recorded"].astype(bool)]
    sites = {
        *project.forest_plots.loc[project.forest_plots["programme"] != "none", "plot_id"],
        *project.juncao_plots["plot_id"],
        *project.apiaries.loc[project.apiaries["in_programme"] == "yes", "apiary_id"],
    }
    columns = ["household_id", "site_id", "role", "quantity", "unit", "year"]
    told = project.links[project.links["site_id"].isin(sites)]
    assert sorted(kept[columns].itertuples(index=False)) == sorted(told[columns].itertuples(index=False))


def test_a_site_whose_share_is_recorded_needs_nobody_else():
    homes = [{"household_id": f"H{k}"} for k in range(6)]
    full = [
        link_row("H0", "F1", "planter", 45, "mu", 2018),
        link_row("H0", "F1", "tender", 45, "mu", 2018),
        link_row("H0", "F1", "tender", 45, "mu", 2019),
        link_row("H0", "F1", "tender", 45, "mu", 2020),
    ]
    project = small_project(households=homes, forest_plots=[{"plot_id": "F1"}], links=full)
    assert link(project, NUMBERS).links["recorded"].all()
    less = small_project(households=homes, forest_plots=[{"plot_id": "F1"}], links=full[1:])
    inferred = link(less, NUMBERS).links.query("~recorded")
    assert set(inferred["role"]) == {"planter"}
    assert inferred["quantity"].sum() == pytest.approx(45.0)


def test_the_nearest_and_freest_come_first_and_take_most():
    homes = [
        {"household_id": "near", "east": 100.0, "free_days": 400.0},
        {"household_id": "busy", "east": 100.0, "free_days": 50.0},
        {"household_id": "far", "east": 4800.0, "free_days": 300.0},
        {"household_id": "beyond", "east": 5200.0, "free_days": 400.0},
    ]

    def taken(area_mu):
        project = small_project(households=homes, juncao_plots=[{"plot_id": "J1", "area_mu": area_mu}])
        return link(project, NUMBERS).links.set_index("household_id")["quantity"].to_dict()

    assert taken(20.0) == pytest.approx({"near": 12.0, "busy": 4.0})
    willing = np.array([50 * np.exp(-100 / 2000), 300 * np.exp(-4800 / 2000)])
    busy, far = 12.0 * willing / willing.sum()  # of 24 mu, after twelve to the nearest, which hold no more
    assert taken(30.0) == pytest.approx({"near": 12.0, "busy": busy, "far": far})
    assert set(taken(500.0)) == {"near", "busy", "far"}


def test_what_asks_for_more_days_is_cut_last_livelihood_first_and_reported():
    """Hives ask 8 days and come first, grass 12, forest what is left; what finds no day is told."""
    sites = {
        "apiaries": [{"apiary_id": "B1", "hives_received": 5.0, "started_year": 2020}],  # 4 hives, 8 days
        "juncao_plots": [{"plot_id": "J1", "area_mu": 2.5, "season": 2020}],  # 2 mu, 12 days
        "forest_plots": [
            {"plot_id": "F1", "area_mu": 100.0, "planted_year": 2020}
        ],  # 45 mu to plant and tend
    }

    def taken(free_days):
        home = {"household_id": "H1", "free_days": free_days}
        exposure = link(small_project(households=[home], **sites), NUMBERS)
        got = exposure.links.groupby(["livelihood", "role"])["quantity"].sum()
        left = exposure.unallotted.set_index(["site_id", "role"])["quantity"]
        return got.to_dict(), left.to_dict()

    got, left = taken(5.0)
    assert got == pytest.approx({("bees", "keeper"): 2.5})
    assert left == pytest.approx(
        {("B1", "keeper"): 1.5, ("J1", "grower"): 2.0, ("F1", "planter"): 45.0, ("F1", "tender"): 45.0}
    )
    got, left = taken(11.0)
    assert got == pytest.approx({("bees", "keeper"): 4.0, ("juncao", "grower"): 0.5})
    assert left[("J1", "grower")] == pytest.approx(1.5) and left[("F1", "planter")] == pytest.approx(45.0)
    got, _ = taken(29.0)
    assert got[("forest", "planter")] == pytest.approx(1.0)


def test_overbooked_work_is_reported_and_never_cut():
    project = small_project(
        households=[{"household_id": "H1", "free_days": 60.0}, {"household_id": "H2", "free_days": 60.0}],
        forest_plots=[{"plot_id": "F1", "area_mu": 0.0, "planted_year": 2018}],
        apiaries=[{"apiary_id": "B1", "hives_received": 0.0, "started_year": 2018}],
        links=[
            link_row("H1", "F1", "planter", 90, "days", 2018),
            link_row("H1", "B1", "keeper", 25, "hives", 2018),
            link_row("H2", "F1", "planter", 59, "days", 2018),
        ],
    )
    exposure = link(project, NUMBERS)
    assert exposure.links["quantity"].tolist() == [25.0, 90.0, 59.0]
    over = exposure.overbooked
    assert over[["household_id", "year"]].to_numpy().tolist() == [["H1", 2018]]
    assert over[["asked_days", "free_days"]].to_numpy().tolist() == [[90 + 25 * 2.0, 60.0]]


def test_field_work_on_grass_counts_against_the_free_days_in_days_and_in_mu():
    for quantity, unit in ((90, "days"), (15, "mu")):
        project = small_project(
            households=[{"household_id": "H1", "free_days": 60.0}],
            juncao_plots=[{"plot_id": "J1", "area_mu": 0.0}],
            links=[link_row("H1", "J1", "planter", quantity, unit, 2020)],
        )
        over = link(project, NUMBERS).overbooked
        assert over["asked_days"].tolist() == [90.0], unit


def test_a_keepers_days_bind_in_every_later_year():
    project = small_project(
        households=[{"household_id": "H1", "free_days": 60.0}],
        forest_plots=[{"plot_id": "F1", "planted_year": 2020, "area_mu": 500.0}],
        apiaries=[{"apiary_id": "B1", "hives_received": 0.0, "started_year": 2016}],
        links=[link_row("H1", "B1", "keeper", 29, "hives", 2016)],
    )
    inferred = link(project, NUMBERS).links.query("~recorded")
    assert (inferred["quantity"] * inferred["role"].map({"planter": 9.0, "tender": 1.0})).sum() <= 2.0 + 1e-6


def test_the_order_of_the_rows_does_not_choose_among_equal_households():
    """Households without a point of their own stand at the village's, so that ties are the rule."""
    homes = [{"household_id": f"H{k:02d}", "village_code": VILLAGES[0]} for k in range(12)]
    plots = [{"plot_id": f"J{k}", "area_mu": 12.0, "season": 2020} for k in range(3)]
    yards = [{"apiary_id": f"B{k}", "hives_received": 9.0} for k in range(3)]
    project = small_project(households=homes, juncao_plots=plots, apiaries=yards)
    straight = link(project, NUMBERS).links
    turned = replace(
        project,
        tables={
            name: table.iloc[::-1].reset_index(drop=True) if len(table) else table
            for name, table in project.tables.items()
        },
    )
    pd.testing.assert_frame_equal(link(turned, NUMBERS).links, straight)


def test_a_household_that_is_not_poor_changes_nobodys_links():
    homes = [{"household_id": f"H{k}"} for k in range(4)]
    sites = {"juncao_plots": [{"plot_id": "J1", "area_mu": 20.0}], "apiaries": [{"apiary_id": "B1"}]}
    before = link(small_project(households=homes, **sites), NUMBERS).links
    more = [{"household_id": "A0", "register_type": "general"}, *homes]
    pd.testing.assert_frame_equal(link(small_project(households=more, **sites), NUMBERS).links, before)


def test_nothing_is_inferred_beyond_the_recorded_where_the_share_is_nothing():
    numbers = NUMBERS.replace("programme_poor_share", mode=0.0, source=TOLD)
    numbers = numbers.replace("plant_poor_share", mode=0.0, source=TOLD)
    project = small_project(
        households=[{"household_id": "H1"}], forest_plots=[{"plot_id": "F1"}], apiaries=[{"apiary_id": "B1"}]
    )
    exposure = link(project, numbers)
    assert len(exposure.links) == 0 and len(exposure) == 1
    assert not exposure.households[["linked", "inferred"]].to_numpy().any()


def test_a_verified_area_drives_the_share():
    plots = [{"plot_id": "F1", "area_mu": 100.0, "verified_mu": 60.0}]
    project = small_project(
        households=[{"household_id": f"H{k}", "free_days": 900.0} for k in range(3)], forest_plots=plots
    )
    planted = link(project, NUMBERS).links.query("role == 'planter'")["quantity"].sum()
    assert planted == pytest.approx(60 * 0.45)


def test_sites_stand_where_their_outline_is():
    project = small_project(
        forest_plots=[{"plot_id": "F1", "east": 1000.0, "north": 2000.0}], households=[{"household_id": "H"}]
    )
    site = link(project, NUMBERS).sites["forest"].loc["F1"]
    assert (site["x"], site["y"]) == pytest.approx((WEST + 1000, SOUTH + 2000))


def test_on_the_example_no_inferred_household_goes_beyond_its_free_days():
    exposure = dingxi().exposure
    links, homes = exposure.links, exposure.project.households.set_index("household_id")
    recorded, every = _days_by_year(links[links["recorded"].astype(bool)]), _days_by_year(links)
    free = homes["free_days"].fillna(_mode("hh_days_avail"))
    over = {key for key, days in every.items() if days > max(free[key[0]], recorded.get(key, 0.0)) + 1e-6}
    assert not over
    assert len(links) > 8000 and (~links["recorded"].astype(bool)).sum() > 1000
