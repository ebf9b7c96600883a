"""The solver against all choices there are, planted answers and scipy: values, bounds, prices, statuses, time."""

import itertools
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

from eco.planning.programs import Program
from eco.planning.solver import solve

INF = float("inf")
MANY = 300  # instances of a property


def program(value, matrix=None, *, low=None, high=None, least=None, most=None, group=None):
    """A program of what is given; every column a household of its own where `group` is left out."""
    value = np.asarray(value, float)
    columns = len(value)
    matrix = (
        csr_array((0, columns)) if matrix is None else csr_array(np.atleast_2d(np.asarray(matrix, float)))
    )
    rows = matrix.shape[0]

    def side(given, count, otherwise):
        return (
            np.full(count, otherwise) if given is None else np.broadcast_to(np.asarray(given, float), count)
        )

    return Program(
        value,
        matrix,
        side(low, rows, -INF),
        side(high, rows, INF),
        side(least, columns, 0.0),
        side(most, columns, 1.0),
        np.arange(columns) if group is None else np.asarray(group, int),
        np.zeros(rows, int),
    )


def ways(asked):
    """All choices that keep the columns' sides and take at most one of a group, as tuples of columns."""
    groups = [np.flatnonzero(asked.group == one).tolist() for one in dict.fromkeys(asked.group) if one >= 0]
    groups += [[column] for column in np.flatnonzero(asked.group < 0).tolist()]
    for chosen in itertools.product(*([None, *group] for group in groups)):
        taken = {column for column in chosen if column is not None}
        if all(
            asked.least[column] <= (column in taken) <= asked.most[column]
            for column in range(len(asked.value))
        ):
            yield sorted(taken)


def keeps(asked, taken):
    """Whether the rows hold, in whole numbers: entries and sides of these tests are hundredths."""
    entries = np.rint(asked.matrix.toarray() * 100).astype(int)[:, taken].sum(axis=1)
    return all(
        (low == -INF or done >= round(low * 100)) and (high == INF or done <= round(high * 100))
        for done, low, high in zip(entries.tolist(), asked.low, asked.high)
    )


def best_of(asked):
    """The greatest value there is, by trying all; None where no choice keeps the rows."""
    return max((float(asked.value[way].sum()) for way in ways(asked) if keeps(asked, way)), default=None)


def bound_at(prices, asked):
    """What nobody can beat at some prices, by loops: sides at their prices, and of each group the best that is left."""
    total = sum(y * (high if y > 0 else low) for y, low, high in zip(prices, asked.low, asked.high) if y != 0)
    left = asked.value - asked.matrix.toarray().T @ prices
    groups = Counter(asked.group.tolist())
    own = [[column] for column in np.flatnonzero(asked.group < 0)]
    for columns in own + [np.flatnonzero(asked.group == one) for one in groups if one >= 0]:
        forced = [column for column in columns if asked.least[column] > 0]
        open_ = [left[column] for column in forced or columns if asked.most[column] > 0]
        total += max(open_ if forced else [0.0, *open_])
    return total


def assert_whole(asked, answer):
    """What is taken is a choice, keeps the rows, and has the value that is told."""
    taken = np.flatnonzero(answer.taken)
    assert set(np.unique(answer.taken)) <= {0.0, 1.0}
    assert (answer.taken >= asked.least).all() and (answer.taken <= asked.most).all()
    assert max(Counter(asked.group[taken][asked.group[taken] >= 0].tolist()).values(), default=0) <= 1
    assert keeps(asked, taken)
    assert answer.value == pytest.approx(asked.value[taken].sum(), rel=1e-12, abs=1e-300)
    assert answer.bound >= answer.value


@st.composite
def programs(draw):
    """Up to four households of up to three bundles and two yards, up to four rows with floors and negative entries."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    yards = draw(st.integers(0, 2))
    group = np.append(np.repeat(np.arange(len(sizes)), sizes), np.full(yards, -1))
    columns, rows = len(group), draw(st.integers(0, 4))
    worth = st.one_of(st.integers(-2, 4), st.integers(-300, 900).map(lambda hundredths: hundredths / 100))
    entry = st.one_of(st.integers(-2, 8), st.just(0), st.integers(-150, 700).map(lambda cents: cents / 100))
    several = {"min_size": columns, "max_size": columns}
    value = draw(st.lists(worth, **several))
    matrix = [draw(st.lists(entry, **several)) for _ in range(rows)]
    low = [draw(st.one_of(st.just(-INF), st.integers(-3, 8))) for _ in range(rows)]
    high = [max(draw(st.one_of(st.just(INF), st.integers(-1, 25))), side) for side in low]
    most = draw(st.lists(st.sampled_from([1, 1, 1, 1, 0]), **several))
    least = np.zeros(columns)
    if draw(st.booleans()):
        least[draw(st.integers(0, columns - 1))] = 1
    value = np.where(group < 0, 0.0, value) if draw(st.booleans()) else value
    return program(
        value,
        np.array(matrix, float).reshape(rows, columns),
        low=low,
        high=high,
        least=least,
        most=np.maximum(most, least),
        group=group,
    )


def test_solver_is_as_good_as_trying_all():
    told = Counter()

    @settings(max_examples=MANY, derandomize=True, database=None)
    @given(programs())
    def each(asked):
        best, answer = best_of(asked), solve(asked, time_limit=20, gap=0)
        told[answer.status] += 1
        if best is None:
            assert answer.status == "infeasible" and answer.taken is None
            return
        assert answer.status == "optimal"
        assert_whole(asked, answer)
        assert answer.value == pytest.approx(best, abs=1e-9) and answer.bound >= best - 1e-9
        assert bound_at(answer.prices, asked) >= best - 1e-7 * max(1, np.abs(answer.prices).max(initial=0))

    each()
    print(dict(told))
    assert told["optimal"] >= MANY // 2 and told["infeasible"] >= MANY // 10


@settings(max_examples=MANY // 3, derandomize=True, database=None)
@given(programs(), st.permutations(range(6)), st.sampled_from([1e-9, 1e-4, 1e4, 1e9]))
def test_order_and_size_change_no_value(asked, order, size):
    """Households in another order, bundles of each from the last to the first, and values in other units."""
    groups = [one for one in range(6) if one in asked.group]
    turned = [one for one in order if one in groups]
    columns = [column for one in turned for column in np.flatnonzero(asked.group == one)[::-1]]
    columns = np.append(columns, np.flatnonzero(asked.group < 0)).astype(int)
    other = replace(
        asked,
        value=asked.value[columns] * size,
        matrix=csr_array(asked.matrix[:, columns]),
        least=asked.least[columns],
        most=asked.most[columns],
        group=asked.group[columns],
    )
    first, second = solve(asked, time_limit=20, gap=0), solve(other, time_limit=20, gap=0)
    assert first.status == second.status
    if first.taken is not None:
        assert_whole(other, second)
        assert second.value == pytest.approx(first.value * size, rel=1e-9, abs=1e-9 * size)


def test_a_choice_to_begin_with_changes_no_answer():
    """Worst or best choice there is, or one that breaks a rule: the best is found whatever was told first."""
    told = Counter()

    @settings(max_examples=MANY, derandomize=True, database=None)
    @given(programs(), st.sampled_from([min, max]), st.booleans())
    def each(asked, which, broken):
        every = [way for way in ways(asked) if keeps(asked, way) != broken]
        if not every:
            return
        first = np.zeros(len(asked.value))
        first[which(every, key=lambda way: asked.value[way].sum())] = 1
        best, answer = best_of(asked), solve(asked, time_limit=20, gap=0, first=first)
        told[broken, answer.status] += 1
        if best is None:
            assert answer.status == "infeasible" and answer.taken is None
            return
        assert answer.status == "optimal"
        assert_whole(asked, answer)
        assert answer.value == pytest.approx(best, abs=1e-9)

    each()
    print(dict(told))
    assert min(told[broken, "optimal"] for broken in (True, False)) >= MANY // 20


def planted(seed, *, households, bundles, rows, forced=0):
    """A program and its only best choice: at the planted prices every other bundle brings less, all rows are met.

    Costs are whole hundredths; a household's planted bundle, or none, is its best at the prices, by at least 1.
    """
    rng = np.random.default_rng(seed)
    columns = households * bundles
    matrix = rng.integers(50, 9000, (rows, columns)) / 100
    matrix[rng.random(matrix.shape) < 0.3] = 0
    prices = np.append(rng.uniform(0.5, 3, rows - 1), -0.4)  # the last row is a floor
    taken = np.zeros(columns)
    chosen = rng.integers(-1, bundles, households)
    taken[(np.arange(households) * bundles + chosen)[chosen >= 0]] = 1
    loss = rng.uniform(1, 5, columns)
    value = prices @ matrix + np.where(taken > 0, loss, -loss)
    done = np.rint(matrix @ taken * 100) / 100
    floor = prices < 0
    asked = program(
        value,
        matrix,
        low=np.where(floor, done, -INF),
        high=np.where(floor, INF, done),
        group=np.repeat(np.arange(households), bundles),
    )
    return asked, taken


@pytest.mark.parametrize(
    ("seed", "households", "bundles", "rows"), [(1, 40, 3, 3), (2, 700, 4, 8), (3, 4000, 3, 20)]
)
def test_planted_choice_is_found_and_proven(seed, households, bundles, rows):
    asked, taken = planted(seed, households=households, bundles=bundles, rows=rows)
    answer = solve(asked, time_limit=60, gap=0)
    assert answer.status == "optimal"
    np.testing.assert_array_equal(answer.taken, taken)
    assert answer.bound == pytest.approx(asked.value @ taken, rel=1e-6)


def test_knapsack_with_a_planted_sum():
    """Values are weights: whoever fills the sack to the last hundredth is best, and a planted choice does."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        weight = rng.integers(1000, 9000, 24) / 100
        inside = rng.random(24) < 0.5
        room = round(weight[inside].sum(), 2)
        answer = solve(program(weight, weight, high=[room]), time_limit=20, gap=0)
        assert answer.status == "optimal" and answer.value == pytest.approx(room, abs=1e-6)


def county(seed, *, households, bundles=3, places=4, floor=0.05, tight=0.3):
    """A small county at random: a budget, a floor for every place and a nursery; gains follow costs loosely."""
    rng = np.random.default_rng(seed)
    columns = households * bundles
    place = np.repeat(rng.integers(0, places, households), bundles)
    cost = rng.integers(100_000, 900_000, columns) / 100
    mu = rng.choice([0.0, 0.0, 2.0, 5.0], columns)
    value = cost * rng.lognormal(-1, 0.5, columns)
    budget = round(tight * cost.sum() / bundles)
    matrix = np.vstack([cost, mu, *(np.where(place == one, cost, 0.0) for one in range(places))])
    low = [-INF, -INF, *([floor * budget] * places)]
    high = [budget, round(0.2 * mu.sum()), *([INF] * places)]
    return program(value, matrix, low=low, high=high, group=np.repeat(np.arange(households), bundles))


def grouped(asked):
    """The rows of a program with one more a household."""
    ones = csr_array((np.ones(len(asked.value)), (asked.group, np.arange(len(asked.value)))))
    matrix = vstack([asked.matrix, ones]).tocsr()
    none, one = np.full(ones.shape[0], -INF), np.ones(ones.shape[0])
    return matrix, np.append(asked.low, none), np.append(asked.high, one)


def by_scipy(asked):
    """The best value, by the whole program in scipy's milp."""
    matrix, low, high = grouped(asked)
    done = milp(
        -asked.value,
        constraints=LinearConstraint(matrix, low, high),
        integrality=np.ones(len(asked.value)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0},
    )
    return None if done.x is None else -done.fun


def relaxed_by_scipy(asked):
    """The relaxed program in scipy's linprog, (value, price of the first row's `high`)."""
    matrix, low, high = grouped(asked)
    above, below = np.flatnonzero(np.isfinite(high)), np.flatnonzero(np.isfinite(low))
    sides = vstack([matrix[above], -matrix[below]]).tocsr()
    done = linprog(-asked.value, A_ub=sides, b_ub=np.append(high[above], -low[below]), bounds=(0, 1))
    return -done.fun, -done.ineqlin.marginals[0]


@pytest.mark.parametrize("gap", [0.0, 0.02])
def test_no_plan_beats_the_bound(gap):
    told = Counter()
    for seed in range(20):
        asked = county(seed, households=20 + 2 * seed)
        best, answer = by_scipy(asked), solve(asked, time_limit=30, gap=gap)
        told[answer.status] += 1
        assert_whole(asked, answer)
        assert answer.bound >= best * (1 - 1e-9) and answer.value <= best * (1 + 1e-9)
        assert (answer.bound - answer.value) / answer.bound <= max(gap, 1e-6)
        assert answer.status == "optimal" or (answer.bound - answer.value) / answer.bound > 1e-6
    print(dict(told))
    assert told["optimal"] + told["within gap"] == 20


def test_a_price_is_what_one_more_yuan_brings():
    compared = 0
    for seed in range(20):
        asked = county(seed, households=60, tight=0.2 + 0.01 * seed)

        def with_budget(more, asked=asked):
            return replace(asked, high=np.append(asked.high[0] + more, asked.high[1:]))

        less, here, more = (relaxed_by_scipy(with_budget(step))[0] for step in (-1, 0, 1))
        if abs((more - here) - (here - less)) > 1e-9 * here:
            continue  # at a corner there are two prices
        compared += 1
        answer = solve(asked, time_limit=30, gap=1e-4)
        assert answer.prices[0] == pytest.approx(more - here, rel=1e-4)
        assert answer.prices[0] == pytest.approx(relaxed_by_scipy(asked)[1], rel=1e-4)
        assert (answer.prices[2:] <= 0).all() and answer.prices[1] >= 0
        assert bound_at(answer.prices, asked) == pytest.approx(here, rel=1e-4)
    assert compared >= 10


NAN_VALUE, APART = "value nobody knows", "do not stand together"
# value, matrix, sides; what comes of it: the columns taken, or a word.
ODD = {
    "one household": (program([1], [[1]], high=1), [0]),
    "one too dear": (program([1], [[2]], high=1), []),
    "a floor that costs": (program([-1, -3], [[2, 2]], low=1), [0]),
    "no rows": (program([1, 2, 3]), [0, 1, 2]),
    "no rows, one household": (program([1, 2, 3], group=[4, 4, 4]), [2]),
    "all locked out": (program([1, 2], [[1, 1]], high=1, most=0), []),
    "all locked out under a floor": (program([1, 2], [[1, 1]], low=1, most=0), None),
    "nothing is worth anything": (program([0, 0], [[1, 1]], low=1, high=1), 1),
    "all lose": (program([-1, -2], [[1, 1]], high=1), []),
    "no columns": (program([]), []),
    "no columns under a floor": (program([], np.zeros((1, 0)), low=1), None),
    "a forced loss": (program([-5, 2, 1], [[1, 1, 1]], high=2, least=[1, 0, 0]), [0, 1]),
    "and in a household": (program([-5, 2, 1], [[1, 1, 1]], high=2, least=[1, 0, 0], group=[0, 0, 1]), [0, 2]),
    "a forced one too dear": (program([5, 2], [[3, 1]], high=1, least=[1, 0]), None),
    "two forced in a household": (program([5, 2], [[1, 1]], high=5, least=1, group=[0, 0]), None),
    "forced and locked out": (program([5, 2], [[1, 1]], high=5, least=[1, 0], most=[0, 1]), None),
    "a row of zeros": (program([1, 2], [[0, 0]], high=5), [0, 1]),
    "a row of zeros under a floor": (program([1, 2], [[0, 0]], low=1), None),
    "a row of zeros below 0": (program([1, 2], [[0, 0]], high=-1), None),
    "sides the wrong way round": (program([1, 2], [[1, 1]], low=2, high=1), None),
    "halves would do": (program([1, 1, 1, 1], [[2, 2, 2, 2]], low=3, high=3), None),
    "tiny beside large": (program([1e-6, 1e9, 1], [[1, 1, 1]], high=2), [1, 2]),
    "yards first": (program([0, 2, 3, 4], [[1, 1, 1, 1]], high=2, group=[-1, 0, 0, 1]), [2, 3]),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_programs(name):
    asked, expected = ODD[name]
    answer = solve(asked, time_limit=20, gap=0)
    if expected is None:
        assert answer.status == "infeasible" and answer.taken is None
        return
    assert answer.status == "optimal"
    taken = np.flatnonzero(answer.taken).tolist()
    assert len(taken) == expected if isinstance(expected, int) else taken == expected


def test_what_is_no_program_is_refused():
    with pytest.raises(ValueError, match=NAN_VALUE):
        solve(program([1, np.nan], [[1, 1]], high=1))
    with pytest.raises(ValueError, match=APART):
        solve(program([1, 2, 3], [[1, 1, 1]], high=3, group=[0, 1, 0]))


def test_thousands_of_equals():
    """All alike: the bound is met by whole numbers, or whole numbers cannot meet it."""
    count = 3000
    place = np.arange(count) % 10
    ones, own = np.ones(count), np.vstack([place == one for one in range(10)]).astype(float)
    assert solve(program(ones, ones, high=1000.5), time_limit=30, gap=0).value == 1000
    each_of_8 = program(ones, ones, high=100.5, group=np.arange(count) // 8)
    assert solve(each_of_8, time_limit=30, gap=0).value == 100
    floors = np.vstack([2 * ones, 2 * own])
    least = np.append(-INF, np.full(10, 5.0))
    fits = solve(program(ones, floors, low=least, high=np.append(60, np.full(10, INF))), time_limit=30, gap=0)
    assert fits.status == "optimal" and fits.value == 30
    short = solve(
        program(ones, floors, low=least, high=np.append(59, np.full(10, INF))), time_limit=30, gap=0
    )
    assert short.status == "infeasible"


def hard(seed=1, households=4000, bundles=3, rows=12):
    """Values that follow the costs closely, and many budgets: nobody proves the best within seconds."""
    rng = np.random.default_rng(seed)
    columns = households * bundles
    cost = rng.integers(100_000, 5_000_000, columns) / 100
    own = np.vstack([np.where(rng.random(columns) < 0.5, cost, 0.0) for _ in range(rows)])
    value = cost + rng.integers(0, 100, columns)
    floors = np.append(np.full(rows - 2, -INF), np.round(own[-2:].sum(axis=1) * 0.13, 2))
    highs = np.append(np.round(own[:-2].sum(axis=1) * 0.1, 2), [INF, INF])
    return program(value, own, low=floors, high=highs, group=np.repeat(np.arange(households), bundles))


@pytest.mark.parametrize("limit", [0.5, 1.0, 2.0, 5.0])
def test_time_limit_is_kept(limit):
    asked = hard()
    began = time.monotonic()
    answer = solve(asked, time_limit=limit, gap=0)
    over = time.monotonic() - began - limit
    print(
        f"limit {limit} s, passed by {over:.2f} s: {answer.status}, {answer.value:,.0f} of {answer.bound:,.0f}"
    )
    assert over < 1
    assert answer.status in ("time limit", "optimal", "best found")
    assert answer.taken is not None or limit < 1
    if answer.taken is not None:
        assert_whole(asked, answer)
