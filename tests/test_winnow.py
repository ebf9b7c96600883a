"""Which bundles are kept: by brute force on small made-up households, and beside all of them on the example."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack
from small_projects import dingxi

from eco.parameters.draws import Worlds
from eco.planning import listing
from eco.planning.ground import ground_of
from eco.planning.winnow import Bundles, guide_of, winnowed

YEAR = 2021
values = st.integers(-3, 6).map(float)
bundle = st.tuples(
    st.tuples(*[values] * 6),
    st.tuples(st.integers(0, 5), st.integers(0, 5)),
    st.tuples(*[st.integers(0, 2)] * 5),
    st.booleans(),
)
NO_CASES = np.zeros((0, 5))


def bundles_of(homes):
    """Bundles of households, each a list of (values, fen, uses, fits)."""
    rows = [row for home in homes for row in home]
    return Bundles(
        np.array([row[0] for row in rows], float).reshape(-1, 6),
        np.array([row[1] for row in rows], np.int64).reshape(-1, 2),
        np.array([row[2] for row in rows], float).reshape(-1, 5),
        np.array([row[3] for row in rows], bool),
        np.repeat(np.arange(len(homes)), [len(home) for home in homes]),
    )


def survivors(rows):
    """Positions of bundles that neither lose nor are beaten, and how many of the others there are, by brute force."""
    told = bundles_of([rows])
    demands = np.hstack([told.fen, told.uses])

    def beats(a, b):
        no_worse = (told.values[a] >= told.values[b]).all() and (demands[a] <= demands[b]).all()
        better = (told.values[a] > told.values[b]).any() or (demands[a] < demands[b]).any()
        return no_worse and (better or a < b)

    hopeful = np.flatnonzero((told.values[:, :3] > 0).any(axis=1))
    live = [b for b in hopeful if not any(beats(a, b) for a in hopeful if a != b)]
    return live, len(rows) - len(hopeful), len(hopeful) - len(live)


@settings(max_examples=400)
@given(st.lists(bundle, min_size=1, max_size=24), st.integers(1, 8))
def test_nothing_that_loses_or_is_beaten_is_kept(rows, most):
    told = bundles_of([rows])
    kept = winnowed(told, guide_of(told, grass_mu=2.0), most=most)
    live, losing, beaten = survivors(rows)
    assert (kept.losing, kept.beaten, kept.beyond) == (losing, beaten, len(live) - len(kept.rows))
    assert len(kept.rows) == min(len(live), most) and set(kept.rows) <= set(live)
    left_fitting = [b for b in live if told.fits[b] and b not in kept.rows]
    assert not left_fitting or told.fits[kept.rows].all()


@settings(max_examples=150)
@given(st.lists(bundle, min_size=4, max_size=9), st.integers(1, 3), st.sampled_from([0.0, 1.5, np.inf]))
def test_what_is_kept_does_nearly_as_well_as_the_best_choice_there_is(rows, most, grass_mu):
    told = bundles_of([rows])
    guide = guide_of(told, grass_mu=grass_mu)
    live = [b for b in survivors(rows)[0] if told.fits[b]]
    kept = [b for b in winnowed(told, guide, most=most).rows if told.fits[b]]
    if len(live) <= most:
        assert kept == live
        return
    best = max(worth_of(told, guide, some) for some in combinations(live, most))
    # Taking the best one after the other reaches 1 - 1/e of what any choice of as many does.
    assert worth_of(told, guide, kept) >= (1 - np.exp(-1)) * best - 1e-9


def worth_of(told, guide, some):
    """The sum over cases, prices of hives and posts or none of the best that some bundles do, written out plainly."""
    total, some = 0.0, list(some)
    cost, live = told.fen.sum(axis=1), [b for b in survivors_of(told) if told.fits[b]]
    posts = (True, False) if any(told.uses[b, 3] > 0 for b in live) else (False,)
    for column, worth, price, trees, weight in guide:
        net = told.values[:, int(column)] - worth * cost - price * told.uses[:, 1]
        alone = [
            net[b] / told.uses[b, 0] for b in live if told.uses[b, 0] > 0 and not told.uses[b, 1:4].any()
        ]
        a_hive = max([0.0, *alone])
        for level in (0.0, 0.5, None):
            for open_ in posts:
                able = [
                    b for b in some
                    if (trees or not told.uses[b, 2]) and (open_ or not told.uses[b, 3])
                    and (level is not None or not told.uses[b, 0])
                ]  # fmt: skip
                nets = [net[b] - (level or 0.0) * a_hive * told.uses[b, 0] for b in able]
                total += max([0.0, *nets]) * weight
    return total


def survivors_of(told):
    rows = list(zip(told.values.tolist(), told.fen.tolist(), told.uses.tolist(), told.fits.tolist()))
    return survivors(rows)[0]


@settings(max_examples=100)
@given(st.lists(st.lists(bundle, min_size=1, max_size=6), min_size=1, max_size=6), st.integers(0, 6))
def test_the_price_of_seedlings_is_the_least_that_is_enough(homes, grass_mu):
    told = bundles_of(homes)
    cost = told.fen.sum(axis=1)
    for column, worth, price, trees, _ in guide_of(told, grass_mu=float(grass_mu)):
        able = told.fits & (told.uses[:, 3] == 0) & ((told.uses[:, 2] == 0) | (trees > 0))
        net = np.where(able, told.values[:, int(column)] - worth * cost, -1.0)

        def asked(mu_price, net=net):
            mu = 0.0
            for home in range(len(homes)):
                mine = np.flatnonzero(told.home == home)
                score = net[mine] - mu_price * told.uses[mine, 1]
                mu += told.uses[mine[np.argmax(score)], 1] if score.max() > 0 else 0.0
            return mu

        assert asked(price) <= grass_mu
        assert price == 0 or asked(price * 0.999) > grass_mu or asked(price * 0.999 - 1e-4) > grass_mu


@settings(max_examples=50)
@given(st.lists(st.lists(bundle, min_size=1, max_size=9), min_size=1, max_size=5))
def test_households_are_winnowed_each_by_itself(homes):
    told = bundles_of(homes)
    guide = guide_of(told, grass_mu=3.0)
    together = winnowed(told, guide, most=4).rows
    alone = [
        np.flatnonzero(told.home == one)[winnowed(bundles_of([home]), guide, most=4).rows]
        for one, home in enumerate(homes)
    ]
    assert together.tolist() == np.concatenate(alone).tolist()
    parts = [bundles_of([home]) for home in homes]
    joined = Bundles.joined(parts)
    assert (joined.values == told.values).all() and joined.starts.tolist() == told.starts.tolist()


def test_the_small_lot_is_kept_where_seedlings_are_scarce_and_the_large_where_they_are_not():
    # Ten mu bring little more than two: with seedlings for two mu a household only the small lot makes sense.
    def home():
        small = ((600.0, 0.0, 600.0) * 2, (0, 100), (0, 2, 0, 0, 12), True)
        large = ((700.0, 0.0, 700.0) * 2, (0, 500), (0, 10, 0, 0, 60), True)
        return [small, large]

    told = bundles_of([home() for _ in range(50)])
    scarce = winnowed(told, guide_of(told, grass_mu=100.0), most=1)
    plenty = winnowed(told, replace_worths(guide_of(told, grass_mu=1000.0)), most=1)
    assert (told.uses[scarce.rows, 1] == 2).all() and (told.uses[plenty.rows, 1] == 10).all()


def replace_worths(guide):
    """Only the cases in which money is no object."""
    return guide[guide[:, 1] == 0]


def test_without_cases_what_brings_most_for_a_fen_is_kept():
    rows = [
        ((float(gain),) * 6, (cost, 0), (0, 0, mu, 0, 0), True)
        for gain, cost, mu in ((3, 1, 1), (5, 2, 2), (6, 9, 3))
    ]
    assert winnowed(bundles_of([rows]), NO_CASES, most=1).rows.tolist() == [0]


@pytest.fixture(scope="module")
def some_options():
    """Options of some hundred households of the example: all bundles that are not beaten, and the few kept."""
    example = dingxi()
    exposure = example.exposure
    homes = exposure.project.households
    few = homes[homes["village_code"].isin(homes["village_code"].drop_duplicates().iloc[::9])]
    project = replace(exposure.project, tables={**exposure.project.tables, "households": few})
    links = exposure.links[exposure.links["household_id"].isin(few["household_id"])]
    exposure = replace(exposure, project=project, links=links)
    ground = ground_of(exposure.project, example.numbers, year=YEAR)
    ground = replace(ground, seedling_mu=300.0)
    worlds = Worlds(example.numbers, 100, 1)

    def listed(most):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(listing, "MOST_BUNDLES", most)
            return listing.options_on(ground, exposure, worlds, year=YEAR)

    return listed(1000), listed(8)


def relaxed(options, aim, budget_yuan):
    """What the plan of fractions brings within budget, seedlings, posts and free days."""
    table, value = options.bundles, options.worth(aim)
    able = np.flatnonzero((table["days"] <= table["free_days"]).to_numpy() & (value > 0))
    table, value, household = table.iloc[able], value[able], options.household[able]
    at = np.arange(len(able))
    towns, codes = table["township_code"].factorize()
    rows = [
        (csr_array((np.ones(len(able)), (household, at))), np.ones(household.max() + 1)),
        (csr_array(options.fen()[able][None, :] / 100), [budget_yuan]),
        (csr_array(table["juncao_mu"].to_numpy()[None, :]), [options.seedling_mu[0]]),
        (
            csr_array((table["guard_posts"].to_numpy(), (towns, at))),
            [options.guard_room[code] for code in codes],
        ),
    ]
    matrix, most = vstack([row for row, _ in rows]), np.concatenate([high for _, high in rows])
    return -linprog(-value, A_ub=matrix, b_ub=most, bounds=(0, 1), method="highs").fun


@pytest.mark.parametrize("aim", ["gap", "lifted", "gain"])
def test_eight_of_a_household_bring_nearly_what_all_do(some_options, aim):
    every, few = some_options
    assert (few.bundles.groupby("household_id").size() <= 8).all()
    assert len(every.bundles) > 1.5 * len(few.bundles)
    largest = every.fen().max() / 100 * len(every.homes) / 4
    for budget in np.array([0.005, 0.05, 0.1, 0.3, 0.5]) * largest:
        assert relaxed(few, aim, budget) >= 0.99 * relaxed(every, aim, budget)
