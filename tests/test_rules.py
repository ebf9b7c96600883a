"""The rules of a plan: rows by hand, as another program tells them, and what is said where they cannot be meant."""

import importlib.util
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_checker import broken
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

import eco
from eco.parameters.numbers import load_parameters
from eco.planning.options import PARTS, Options
from eco.planning.rows import Rows, Rule
from eco.planning.rules import (
    USUAL,
    Budget,
    Capacity,
    CountyShare,
    ForestFloor,
    LockedIn,
    LockedOut,
    MinLot,
    NoTreesOnFarmland,
    OneEach,
    PoorFirst,
    SlopeLimit,
    TownshipFloor,
    contradictions,
    touches,
    with_usual,
)
from eco.problems import DataProblem

NAN, INF = float("nan"), float("inf")
T1, T2 = "621102100000", "621126100000"
V1, V2, V3 = "621102100201", "621102100202", "621126100201"
_VILLAGES = {V1: ("一村", T1, "甲镇", "621102", "安定区"), V2: ("二村", T1, "甲镇", "621102", "安定区"),
             V3: ("三村", T2, "乙镇", "621126", "岷县")}  # fmt: skip
_PLACES = ("village", "township_code", "township", "county_code", "county")
# A toy: nobody's register, nobody's prices. One line a bundle.
_HEAD = (
    *("household_id", "village_code", "hives", "juncao_mu", "forest_mu", "guard_posts", "yard", "start"),
    *("cost_one_off_yuan", "cost_yearly_yuan", "days", "free_days", "slope_degrees", "basic_farmland"),
    "chance_above_without",
)
_TOY = [
    ("H1", V1, 5, 0, 0, 0, 0, 0, 5000.00, 0.00, 10, 20, NAN, "unknown", 0.2),
    ("H1", V1, 0, 2, 0, 0, -1, 0, 0.00, 300.50, 12, 20, 10, "unknown", 0.2),
    ("H1", V1, 5, 2, 0, 0, 0, 0, 5000.00, 300.50, 22, 20, 10, "unknown", 0.2),
    ("H2", V1, 10, 0, 0, 0, 0, 1, 10000.00, 0.00, 20, 20, NAN, "unknown", 0.4),
    ("H3", V2, 0, 0, 5, 0, -1, 0, 8000.00, 200.00, 30, INF, 30, "yes", 0.5),
    ("H3", V2, 0, 0, 2, 0, -1, 1, 3200.00, 80.00, 12, INF, NAN, "unknown", 0.5),
    ("H3", V2, 5, 0, 0, 0, 1, 0, 5000.00, 0.00, 10, INF, NAN, "unknown", 0.5),
    ("H4", V3, 0, 0, 0, 1, -1, 0, 0.00, 8000.00, 150, 100, NAN, "unknown", 0.9),
    ("H5", V3, 2, 0, 0, 0, 2, 0, 2000.25, 0.00, 4, 50, NAN, "unknown", 0.1),
    ("H5", V3, 0, 0, 0, 1, -1, 1, 0.00, 8000.00, 50, 50, NAN, "unknown", 0.1),
    ("H6", V3, 0, 5, 0, 0, -1, 1, 0.00, 700.10, 30, 40, 20, "no", NAN),
]
# What each costs in both plan years, and in the second alone, in yuan.
_COST = [5000, 601, 5601, 10000, 8400, 3280, 5000, 16000, 2000.25, 8000, 700.10]
_SECOND = [0, 300.50, 300.50, 10000, 200, 3280, 0, 8000, 0, 8000, 700.10]


def toy():
    bundles = pd.DataFrame(_TOY, columns=_HEAD)
    named = pd.DataFrame([_VILLAGES[code] for code in bundles["village_code"]], columns=_PLACES)
    parts = {
        f"cost_{part}_{kind}_yuan": np.where(bundles[column] > 0, bundles[f"cost_{kind}_yuan"], 0.0)
        for part, column in PARTS.items()
        for kind in ("one_off", "yearly")
    }
    bundles = bundles.join(named).assign(**parts)
    bundles.loc[2, ["cost_bees_yearly_yuan", "cost_juncao_one_off_yuan"]] = 0.0
    yards = pd.DataFrame(
        {"yard_id": ["Y0", "Y1", "Y2"], "village_code": [V1, V2, V3], "hives_there": [3.0, 0.0, 12.0],
         "room_colonies": [12.0, 20.0, NAN]}
    )  # fmt: skip
    meadows = csr_array([[1 / 12, 1 / 20, 0], [0, 1 / 20, 0.1], [0, 0, 0.2]])
    return Options.of(bundles, yards=yards, meadows=meadows, seedling_mu=(6.0, 8.0), guard_room={T2: 1.0})


def dense(rows: Rows):
    return rows.matrix.toarray(), list(rows.low), list(rows.high), list(rows.most)


OPEN = [1] * 14
NO_YARD = [0, 0, 0]
_IN_T1 = [5000, 601, 5601, 10000, 8400, 3280, 5000, 0, 0, 0, 0, *NO_YARD]
_IN_T2 = [0, 0, 0, 0, 0, 0, 0, 16000, 2000.25, 8000, 700.10, *NO_YARD]
# Of a budget of 40,000 yuan: rows, low, high, most.
BY_HAND = {
    Budget(): ([[*_COST, *NO_YARD]], [-INF], [40000], OPEN),
    Budget(yuan=123.456): ([[*_COST, *NO_YARD]], [-INF], [123.45], OPEN),
    Budget(yuan=9000, year=2022): ([[*_SECOND, *NO_YARD]], [-INF], [9000], OPEN),
    Budget(yuan=700, fund="衔接资金", livelihoods=("juncao", "forest_guard")): (
        [[0, 601, 601, 0, 0, 0, 0, 16000, 0, 8000, 700.10, *NO_YARD]], [-INF], [700], OPEN
    ),
    Budget(yuan=600, year=2021, livelihoods=("juncao",)): (
        [[0, 300.50, 300.50, 0, 0, 0, 0, 0, 0, 0, 0, *NO_YARD]], [-INF], [600], OPEN
    ),
    OneEach(): (
        [[1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, *NO_YARD], [0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, *NO_YARD],
         [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, *NO_YARD]], [-INF] * 3, [1] * 3, OPEN
    ),
    TownshipFloor(share=0.07): ([_IN_T1, _IN_T2], [2800, 2800], [INF, INF], OPEN),
    CountyShare("岷县", least=0.1): ([_IN_T2], [4000], [INF], OPEN),
    CountyShare("621102", least=0.2, most=0.6): ([_IN_T1], [8000], [24000], OPEN),
    PoorFirst(share=0.5): (
        [[2500, 300.5, 2800.5, 5000, -4200, -1640, -2500, -8000, 1000.125, 4000, -350.05, *NO_YARD]],
        [0], [INF], OPEN,
    ),
    Capacity(of=("forage",)): (
        [[5 / 12, 0, 5 / 12, 10 / 12, 0, 0, 5 / 20, 0, 0, 0, 0, *NO_YARD],
         [0, 0, 0, 0, 0, 0, 5 / 20, 0, 0, 0, 0, *NO_YARD]], [-INF] * 2, [1] * 2, OPEN
    ),
    Capacity(of=("nursery",)): (
        [[0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, *NO_YARD], [0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 5, *NO_YARD]],
        [-INF] * 2, [6, 8], OPEN,
    ),
    Capacity(of=("guards",)): ([[0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, *NO_YARD]], [-INF], [1], OPEN),
    Capacity(of=("labour",)): (
        np.zeros((0, 14)), [], [], [1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
    ),
    SlopeLimit(): (np.zeros((0, 14)), [], [], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1]),
    SlopeLimit(grass_degrees=5, tree_degrees=25): (
        np.zeros((0, 14)), [], [], [1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1]
    ),
    NoTreesOnFarmland(): (np.zeros((0, 14)), [], [], [1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ForestFloor(mu=4): ([[0, 0, 0, 0, 5, 2, 0, 0, 0, 0, 0, *NO_YARD]], [4], [INF], OPEN),
    LockedIn("H1", "bees", 5): ([[1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, *NO_YARD]], [1], [INF], OPEN),
    LockedIn(("H1", "H3", "H3"), ("juncao", "forest", "forest"), (1, 2, 2), (2021, 2021, None)): (
        [[0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, *NO_YARD], [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, *NO_YARD],
         [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, *NO_YARD]], [1] * 3, [INF] * 3, OPEN,
    ),
    LockedOut(household_ids=("H1",), villages=("三村",)): (
        np.zeros((0, 14)), [], [], [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1]
    ),
    LockedOut(townships=(T1,), livelihoods=("bees",)): (
        np.zeros((0, 14)), [], [], [0, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1]
    ),
    LockedOut(livelihoods=("forest_guard",)): (
        np.zeros((0, 14)), [], [], [1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1]
    ),
    # Y0 lacks 7 and its two households' largest lots are 15; Y1 lacks 10 and 5 are offered; Y2 lacks none.
    MinLot(hives=10): (
        [[5, 0, 5, 10, 0, 0, 0, 0, 0, 0, 0, -7, 0, 0], [5, 0, 5, 10, 0, 0, 0, 0, 0, 0, 0, -15, 0, 0]],
        [0, -INF], [INF, 0], [1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0],
    ),
    # Y0 lacks 13, which its flowers do not feed; Y1 16 and Y2 4, which nobody is offered.
    MinLot(hives=16): (
        np.zeros((0, 14)), [], [], [0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", BY_HAND, ids=lambda rule: rule.said.en)
def test_the_rows_of_every_rule_are_those_written_by_hand(rule):
    matrix, low, high, most = BY_HAND[rule]
    rows = rule.rows(toy(), 40_000)
    told = dense(rows)
    np.testing.assert_allclose(told[0], np.array(matrix, float), rtol=0, atol=1e-12)
    assert told[1:] == (low, high, most)
    assert not rows.least.any() and len(rows.labels) == len(matrix)
    assert len(rows.units) in (0, len(matrix)) and all(rows.unit_of(row) for row in range(len(matrix)))


def test_every_rule_is_among_those_written_by_hand_and_reads_aloud():
    told = {name for name in eco.rules.__all__ if isinstance(getattr(eco.rules, name), type)}
    assert {type(rule).__name__ for rule in BY_HAND} == told
    for rule in BY_HAND:
        assert isinstance(rule, Rule) and hash(rule) == hash(replace(rule))
        assert all(rule.said) and not set(rule.said.en) & set("，。的")
        if hasattr(rule, "level"):
            assert rule.easing in (1, -1) and hasattr(rule, rule.level)


def test_capacity_is_its_parts_each_in_its_unit():
    options, whole = toy(), Capacity().rows(toy(), 1)
    parts = [Capacity(of=(thing,)).rows(options, 1) for thing in ("forage", "nursery", "guards", "labour")]
    assert (whole.matrix.toarray() == np.vstack([one.matrix.toarray() for one in parts])).all()
    assert list(whole.most) == list(parts[-1].most)
    assert whole.units == ("share of a meadow",) * 2 + ("mu",) * 2 + ("posts",)
    assert [label.zh for label in whole.labels] == [
        "一村、二村蜂场共用的余蜜源", "二村、三村蜂场共用的余蜜源", "2021 年苗圃可供的亩数", "2022 年苗圃可供的亩数",
        "乙镇的护林岗位",
    ]  # fmt: skip


def test_sentences_with_their_numbers():
    assert TownshipFloor(share=0.005).said == (
        "每个乡镇至少得到预算的 0.5 %", "every township gets at least 0.5 % of the budget"
    )  # fmt: skip
    assert Budget(yuan=1_250_000.5, year=2022, fund="衔接资金", livelihoods=("bees", "guard")).said == (
        "衔接资金：2022 年中蜂、护林岗位费用合计不超过 1,250,000.5 元",
        "衔接资金: the cost of Chinese bees, guard posts in 2022 is at most 1,250,000.5 yuan",
    )
    assert Budget().said == ("费用合计不超过预算", "the cost is at most the budget")
    assert LockedIn("H1", "bees", 5).said.zh == "H1 至少得到 5 箱中蜂"
    assert LockedOut(townships=("甲镇",)).said == ("不给甲镇安排任何项目", "no bundle for 甲镇")
    assert "9 处" in LockedOut(villages=tuple("abcdefghi"), livelihoods=("bees",)).said.zh
    assert TownshipFloor(0.07).rows(toy(), 40_000).labels[1].zh == "乙镇至少得到 2,800 元"


def test_where_nothing_feeds_no_hive_is_placed():
    """A yard without room has an endless part of its meadows; what cannot be told binds nothing."""
    options = toy()
    yards = options.yards.assign(room_colonies=[0.0, NAN, 1.0])
    meadows = csr_array([[INF, 0, 0], [0, NAN, 1.0]])
    rows = Capacity(of=("forage",)).rows(replace(options, yards=yards, meadows=meadows), 1)
    assert rows.matrix.shape[0] == 0
    assert list(rows.most) == [0, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]


def test_a_nursery_without_bounds_and_an_empty_table_bind_nothing():
    assert Capacity(of=("nursery",)).rows(replace(toy(), seedling_mu=(INF, NAN)), 1).matrix.shape[0] == 0
    nothing = Options.of(pd.DataFrame({"household_id": pd.Series(dtype=str)}))
    for rule in (*USUAL, Budget(), TownshipFloor(), PoorFirst(), LockedOut(livelihoods=("bees",))):
        rows = rule.rows(nothing, 1000.0)
        assert rows.matrix.shape[1] == 0 and rows.matrix.nnz == 0 and touches(rule, nothing, 1000.0) == 0


def test_the_slope_is_the_practical_limit_of_the_numbers():
    assert SlopeLimit().grass_degrees == load_parameters()["juncao_slope_max"].mode


# Another program, on random options and random choices.


def random_options(rng, households=6):
    """Offers with all that a rule looks at, some of it unknown; meadows as the house makes them."""
    count = int(rng.integers(households, 3 * households + 1))
    village = rng.choice(list(_VILLAGES), households)
    owner = np.sort(rng.integers(0, households, count))
    several = rng.random(count) < 0.3
    held = rng.choice(4, count)[:, None] == np.arange(4)
    held |= several[:, None] & (rng.random((count, 4)) < 0.5)
    lots = np.column_stack([rng.choice([2, 5, 10], count) for _ in range(3)] + [np.ones(count, int)])
    quantities = pd.DataFrame(held * lots, columns=list(PARTS.values()))
    fen = held[:, :, None] * rng.integers(1, 900_000, (count, 4, 2))
    costs = {
        f"cost_{part}_{kind}_yuan": fen[:, i, j] / 100
        for i, part in enumerate(PARTS)
        for j, kind in enumerate(("one_off", "yearly"))
    }
    whole = {
        f"cost_{kind}_yuan": fen[:, :, j].sum(axis=1) / 100 for j, kind in enumerate(("one_off", "yearly"))
    }
    years = int(rng.integers(1, 4))
    home = village[owner]
    bundles = pd.DataFrame(
        {"household_id": [f"H{one}" for one in owner], "village_code": home, **costs, **whole,
         "yard": np.where(held[:, 0], [list(_VILLAGES).index(one) for one in home], -1),
         "start": rng.integers(0, years, count), "days": rng.integers(0, 60, count) * 1.0,
         "free_days": rng.choice([0.0, 30.0, 60.0, INF, NAN], count),
         "slope_degrees": rng.choice([5.0, 15.0, 15.5, 26.0, NAN], count),
         "basic_farmland": rng.choice(["yes", "no", "unknown"], count),
         "chance_above_without": rng.choice([0.1, 0.5, 0.9, NAN], count), "gap_yuan": rng.integers(1, 99, count)}
    ).join(quantities)  # fmt: skip
    bundles.loc[0, "chance_above_without"] = 0.1  # where nobody is poor nothing can go to the poor first
    bundles = bundles.join(pd.DataFrame([_VILLAGES[code] for code in home], columns=_PLACES))
    room = rng.choice([0.0, 3.0, 8.0, 20.0, NAN], 3)
    with np.errstate(divide="ignore"):
        meadows = np.where(rng.random((4, 3)) < 0.5, 1 / room, 0.0)
    yards = pd.DataFrame(
        {"yard_id": ["Y0", "Y1", "Y2"], "village_code": list(_VILLAGES), "room_colonies": room,
         "hives_there": rng.choice([0.0, 3.0, 12.0, NAN], 3)}
    )  # fmt: skip
    return Options.of(
        bundles, yards=yards, meadows=csr_array(meadows), guard_room={T1: float(rng.integers(0, 3))},
        seedling_mu=tuple(rng.choice([4.0, 12.0, INF], years)), first_year=2021,
    )  # fmt: skip


def random_rules(rng, options):
    """One rule of every class with numbers of its own."""
    one = options.bundles.iloc[int(rng.integers(len(options.bundles)))]
    part = next(part for part, column in PARTS.items() if one[column] > 0)
    year = int(rng.integers(2021, 2021 + options.years))
    share = float(rng.choice([0.01, 0.07, 1 / 3, 0.5]))
    things = ("forage", "nursery", "guards", "labour")
    return (
        OneEach(),
        Budget(yuan=float(rng.integers(0, 30_000))),
        Budget(yuan=float(rng.integers(0, 9_000)), year=year, livelihoods=(part, "juncao")),
        TownshipFloor(share=share / 10),
        CountyShare(str(options.bundles["county"].iloc[0]), least=share / 5),
        CountyShare(str(options.bundles["county_code"].iloc[-1]), most=share),
        PoorFirst(share=share),
        Capacity(of=tuple(rng.choice(things, int(rng.integers(1, 5)), replace=False).tolist())),
        SlopeLimit(grass_degrees=15.0, tree_degrees=float(rng.choice([10.0, 25.0]))),
        NoTreesOnFarmland(),
        ForestFloor(mu=float(rng.integers(1, 12))),
        LockedIn(one["household_id"], part, float(one[PARTS[part]]), int(2021 + one["start"])),
        LockedOut(villages=(one["village"],), livelihoods=(part,)),
        LockedOut(household_ids=(one["household_id"],)),
        MinLot(hives=float(rng.choice([4, 10, 14]))),
    )


def random_choice(rng, options, *, one_each):
    taken = np.flatnonzero(rng.random(len(options.bundles)) < rng.choice([0.15, 0.4, 0.9]))
    if one_each:
        taken = pd.Series(taken).groupby(options.household[taken]).first().to_numpy(int)
    return taken


def kept(rule, options, taken, budget_yuan):
    """Whether rows hold; a yard's column is 1 where new hives stand, if the rule leaves it open."""
    rows = rule.rows(options, budget_yuan)
    x = np.zeros(options.columns)
    x[taken] = 1
    yards = options.bundles["yard"].to_numpy()[taken]
    x[len(options.bundles) + yards[yards >= 0]] = 1
    x[len(options.bundles) :] *= rows.most[len(options.bundles) :]
    value = rows.matrix @ x
    inside = (value >= rows.low - 1e-7) & (value <= rows.high + 1e-7)
    return bool(inside.all() and (x >= rows.least).all() and (x <= rows.most).all())


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_rows_hold_exactly_where_another_program_says_so(seed):
    rng = np.random.default_rng(seed)
    options = random_options(rng)
    for rule in random_rules(rng, options):
        taken = random_choice(rng, options, one_each=isinstance(rule, MinLot))
        told = broken(options, taken, [rule], 30_000.0)
        assert kept(rule, options, taken, 30_000.0) == (not told), (rule, told)


def test_the_other_program_is_asked_about_kept_and_broken_rules_alike():
    counts = {}
    for seed in range(80):
        rng = np.random.default_rng(seed)
        options = random_options(rng)
        for rule in random_rules(rng, options):
            taken = random_choice(rng, options, one_each=isinstance(rule, MinLot))
            both = counts.setdefault(type(rule).__name__, [0, 0])
            both[bool(broken(options, taken, [rule], 30_000.0))] += 1
    assert len(counts) == 12 and all(min(both) >= 5 for both in counts.values()), counts


def _best_by_solver(options, rules, budget_yuan, worth):
    told = [rule.rows(options, budget_yuan) for rule in rules]
    most = np.min([one.most for one in told], axis=0)
    least = np.max([one.least for one in told], axis=0)
    value = np.append(worth, np.zeros(len(options.yards)))
    rows = [LinearConstraint(one.matrix, one.low, one.high) for one in told if one.matrix.shape[0]]
    found = milp(-value, integrality=np.ones(len(value)), bounds=Bounds(least, most), constraints=rows)
    return (None, None) if found.x is None else (-found.fun, np.flatnonzero(found.x[: len(worth)] > 0.5))


def _best_by_trying(options, rules, budget_yuan, worth):
    households = pd.Series(range(len(options.bundles))).groupby(options.household).agg(list)
    choices = itertools.product(*([None, *one] for one in households))
    taken = ([one for one in choice if one is not None] for choice in choices)
    kept = [worth[one].sum() for one in taken if not broken(options, one, rules, budget_yuan)]
    return max(kept, default=None)


@pytest.mark.parametrize("seed", range(40))
def test_the_best_choice_under_all_rules_is_the_one_found_by_trying_all(seed):
    rng = np.random.default_rng(seed)
    options = random_options(rng, households=4)
    every = random_rules(rng, options)
    picked = [rule for rule in every if rng.random() < 0.35 and not isinstance(rule, (OneEach, MinLot))]
    rules = [OneEach(), MinLot(hives=float(rng.choice([4, 10]))), Budget(), *picked]
    worth = options.bundles["gap_yuan"].to_numpy(float)
    value, taken = _best_by_solver(options, rules, 30_000.0, worth)
    best = _best_by_trying(options, rules, 30_000.0, worth)
    assert (value is None) == (best is None)
    if value is not None:
        assert value == pytest.approx(best) and not broken(options, taken, rules, 30_000.0)


# What a bundle's parts cost.


def test_a_bundle_of_one_part_has_its_cost_there_and_one_of_several_must_say_it():
    one = pd.DataFrame({"household_id": ["H1", "H2"], "hives": [5, 0], "guard_posts": [0, 1]})
    options = Options.of(
        one.assign(cost_one_off_yuan=[10.01, 0], cost_yearly_yuan=[0, 7.5]), seedling_mu=(1.0, 1.0)
    )
    assert list(options.fen(parts=("bees",))) == [1001, 0]
    assert list(options.fen(parts=("guard", "bees"))) == list(options.fen()) == [1001, 1500]
    assert list(options.fen(1, parts=("guard",))) == [0, 750]
    both = pd.DataFrame({"household_id": ["H1"], "hives": 5, "juncao_mu": 2, "cost_yearly_yuan": 10.5})
    for table in (both, both.assign(cost_bees_yearly_yuan=10.0)):
        with pytest.raises(DataProblem, match=r"E-PLAN-20.*H1: 0\+(0|10)\+0 != 0\+10.5\+0"):
            Options.of(table)
    split = Options.of(both.assign(cost_bees_yearly_yuan=10.0, cost_juncao_yearly_yuan=0.5))
    assert list(split.fen(parts=("juncao",))) == [50]
    assert list(split.over_years(2).fen(parts=("juncao",))) == [100, 50]
    assert Options.of(both.assign(hives=0, juncao_mu=0)).fen(parts=tuple(PARTS)).sum() == 0


def test_parts_of_all_costs_make_the_whole():
    options = random_options(np.random.default_rng(7), households=30)
    parts = [options.fen(parts=(part,)) for part in PARTS]
    assert (np.sum(parts, axis=0) == options.fen()).all()
    years = [options.fen(year, parts=("bees",)) for year in range(options.years)]
    assert (np.sum(years, axis=0) == options.fen(parts=("bees",))).all()


# What cannot be meant.


@pytest.mark.parametrize(
    ("made", "code", "said"),
    [
        (lambda: TownshipFloor(share=8), "E-PLAN-21", "TownshipFloor.share：发现 8；应为 0 到 1 之间的份额；请把"),
        (lambda: TownshipFloor(share=-0.1), "E-PLAN-21", "-0.1"),
        (lambda: PoorFirst(share=NAN), "E-PLAN-21", "nan"),
        (lambda: PoorFirst(share="0.5"), "E-PLAN-21", "0.5"),
        (lambda: CountyShare("岷县", least=0.6, most=0.4), "E-PLAN-21", "0.6 > 0.4"),
        (lambda: CountyShare("岷县", most=1.5), "E-PLAN-21", "CountyShare.most"),
        (lambda: ForestFloor(mu=-3), "E-PLAN-21", "ForestFloor.mu: found -3; expected a finite number, 0 or more"),
        (lambda: ForestFloor(mu=INF), "E-PLAN-21", "inf"),
        (lambda: Budget(yuan=-1), "E-PLAN-21", "Budget.yuan"),
        (lambda: Budget(yuan=NAN), "E-PLAN-21", "Budget.yuan"),
        (lambda: MinLot(hives=NAN), "E-PLAN-21", "MinLot.hives"),
        (lambda: SlopeLimit(tree_degrees=-5), "E-PLAN-21", "SlopeLimit.tree_degrees"),
        (lambda: LockedIn("H1", "bees", 0), "E-PLAN-21", "H1 LockedIn.units: found 0.0; expected a number above 0"),
        (lambda: LockedIn("H1", "bees", "many"), "E-PLAN-21", "many"),
        (lambda: LockedIn("H1", "bees", 5, 2021.5), "E-PLAN-21", "2021.5"),
        (lambda: LockedIn(("H1", "H2"), "bees", (5,)), "E-PLAN-21", "LockedIn.units: found 1; expected 2 entries"),
        (lambda: LockedOut(), "E-PLAN-21", "at least one of households"),
        (lambda: Budget(livelihoods=("pigs",)), "E-PLAN-24", "pigs; expected one of bees, juncao, forest, guard"),
        (lambda: LockedIn("H1", "pigs", 1), "E-PLAN-24", "LockedIn.livelihood"),
        (lambda: LockedOut(livelihoods="pigs"), "E-PLAN-24", "LockedOut.livelihoods"),
        (lambda: Capacity(of=("flowers",)), "E-PLAN-24", "forage, nursery, guards, labour"),
        (lambda: with_usual([OneEach]), "E-PLAN-29", "found OneEach; expected a rule, such as OneEach()"),
        (lambda: with_usual(["土地"]), "E-PLAN-29", "土地"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_says_so(made, code, said):
    with pytest.raises(DataProblem) as told:
        made()
    assert {one.code for one in told.value.findings} == {code} and said in str(told.value)


@pytest.mark.parametrize(
    ("rule", "code", "said"),
    [
        (CountyShare("岷线", least=0.1), "E-PLAN-22", "岷县"),
        (CountyShare("621127", least=0.1), "E-PLAN-22", "621126"),
        (LockedOut(villages=("四村",)), "E-PLAN-22", "三村"),
        (LockedOut(townships=("丙镇", "丁镇")), "E-PLAN-22", "丁镇"),
        (LockedOut(household_ids=("H11",)), "E-PLAN-22", "H1"),
        (LockedIn("H9", "bees", 5), "E-PLAN-22", "found H9"),
        (LockedIn("H1", "bees", 50), "E-PLAN-26", "bees 50; expected no more than what is offered by then: 5 hives"),
        (LockedIn("H2", "bees", 10, 2021), "E-PLAN-26", "bees 10 (2021)；应为 不超过届时可选的 0 箱"),
        (LockedIn("H3", "forest", 6), "E-PLAN-26", "5 mu of trees"),
        (Budget(yuan=1, year=2023), "E-PLAN-25", "found 2023; expected 2021 – 2022"),
    ],
)  # fmt: skip
def test_a_rule_that_names_what_is_not_there_says_what_is_near(rule, code, said):
    with pytest.raises(DataProblem) as told:
        rule.rows(toy(), 40_000)
    assert {one.code for one in told.value.findings} == {code} and said in str(told.value)


def test_a_name_of_two_townships_asks_for_the_code():
    options = toy()
    same = replace(options, bundles=options.bundles.assign(township="城关镇"))
    with pytest.raises(DataProblem, match=f"E-PLAN-23.*{T1}, {T2}"):
        LockedOut(townships=("城关镇",)).rows(same, 1)
    assert touches(LockedOut(townships=(T2,)), same, 1) == 4


def test_a_household_without_offers_may_be_left_out_and_one_text_is_one_name():
    options = toy()
    homes = pd.concat(
        [options.homes, pd.DataFrame({"household_id": ["H7"], "village_code": ["621126100299"]})]
    )
    options = replace(options, homes=homes)
    assert touches(LockedOut(household_ids="H7", villages="621126100299"), options, 1) == 0
    assert LockedOut(household_ids="H1") == LockedOut(household_ids=("H1",))


# Promises.


def _plan_file(path, rows, *, encoding="utf-8"):
    head = "household_id,livelihood,year,units,cost_yuan,gain_yuan_mean,township,village"
    path.write_text("\n".join([head, *rows]) + "\n", encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_an_earlier_plan_is_a_promise(tmp_path, encoding):
    rows = ["H1,bees,2021,5.0,5000,1,甲镇,一村", "H5,forest_guard,2022,1.0,8000,1,乙镇,三村"]
    rule = LockedIn.of_file(_plan_file(tmp_path / "plan.csv", rows, encoding=encoding))
    assert rule.said == ("已承诺的 2 项都兑现", "all 2 promises are kept")
    by_hand = LockedIn(("H1", "H5"), ("bees", "guard"), (5, 1), (2021, 2022))
    assert (rule.rows(toy(), 1).matrix.toarray() == by_hand.rows(toy(), 1).matrix.toarray()).all()
    assert broken(toy(), [0], [rule], 1) == ["LockedIn: H5 does not get 1.0 of forest_guard"]
    chosen = pd.DataFrame({"household_id": ["H1"], "livelihood": ["bees"], "units": [5.0], "year": [2021]})
    assert LockedIn.of_plan(chosen) == LockedIn(("H1",), ("bees",), (5.0,), (2021,))


def test_a_plan_that_gave_nothing_promises_nothing(tmp_path):
    rule = LockedIn.of_file(_plan_file(tmp_path / "plan.csv", []))
    assert rule.rows(toy(), 1).matrix.shape == (0, 14) and not broken(toy(), [], [rule], 1)
    assert not contradictions(toy(), [rule], 1)
    told = LockedIn.of_file(_plan_file(tmp_path / "plan.csv", ["H3,forest,,2,1,1,甲镇,二村"]))
    assert list(np.flatnonzero(told.rows(toy(), 1).matrix.toarray()[0])) == [4, 5]


@pytest.mark.parametrize("kind", [list, pd.Series, lambda told: (one for one in told)])
def test_promises_told_in_lists_are_those_told_in_tuples(kind):
    told = (("H1", "H3"), ("juncao", "forest"), (1, 2), (2021, None))
    rule, by_hand = LockedIn(*(kind(list(one)) for one in told[:3]), list(told[3])), LockedIn(*told)
    assert rule == by_hand and hash(rule) == hash(by_hand)
    assert (rule.rows(toy(), 1).matrix.toarray() == by_hand.rows(toy(), 1).matrix.toarray()).all()
    assert LockedIn(["H1", "H2"], "bees", 5) == LockedIn(("H1", "H2"), "bees", 5)
    with pytest.raises(DataProblem, match=r"E-PLAN-24.*pigs"):
        LockedIn("H1", ["pigs"], 1)


def test_a_promise_is_kept_by_the_bundles_at_their_places_whatever_they_are_called():
    options = toy()
    options.bundles.index += 100
    rows = LockedIn("H1", "bees", 5).rows(options, 1).matrix.toarray()
    assert list(np.flatnonzero(rows[0])) == [0, 2]


def test_what_was_to_begin_before_the_plan_begins_at_once():
    rows = LockedIn("H3", "forest", 2, 2019).rows(toy(), 1).matrix.toarray()
    assert list(np.flatnonzero(rows[0])) == [4]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"household_id,units\nH1,5\n", "no column livelihood, year"),
        (b'household_id,livelihood\n"H1,bees\n', "EOF"),
        (b"", "No columns"),
        (
            "household_id,livelihood,units,year\nH1,bees,5,2021\nH2,bees,五,\n".encode(),
            "row 3: found units=五",
        ),
        (bytes(range(128, 256)) * 3, "no text"),
    ],
)
def test_a_file_that_is_no_plan_says_so(tmp_path, content, said):
    path = tmp_path / "plan.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataProblem, match="E-PLAN-27") as told:
        LockedIn.of_file(path)
    assert said in str(told.value)


def test_a_promise_that_other_rules_lock_out_names_them():
    options = toy()
    rules = [
        LockedIn("H6", "juncao", 5),
        SlopeLimit(),
        LockedOut(livelihoods=("juncao",)),
        NoTreesOnFarmland(),
    ]
    (one,) = contradictions(options, rules, 40_000)
    assert one.code == "E-PLAN-28" and one.column == "LockedIn × SlopeLimit × LockedOut" and one.where == "H6"
    assert (
        "H6 gets at least 5 mu of Juncao grass; no grass on ground steeper than 15 degrees"
        in one.sentence("en")
    )
    assert not contradictions(options, [LockedIn("H6", "juncao", 5), SlopeLimit(25)], 40_000)


def test_two_promises_that_no_one_bundle_keeps_and_two_that_one_does():
    options = toy()
    (one,) = contradictions(options, [LockedIn("H5", "bees", 2), LockedIn("H5", "guard", 1)], 40_000)
    assert one.column == "LockedIn × OneEach" and "one offer that keeps all promises" in one.sentence("en")
    both = [LockedIn("H1", "bees", 5), LockedIn("H1", "juncao", 2)]
    assert not contradictions(options, both, 40_000)
    # The one bundle that holds both asks for more days than there are.
    (one,) = contradictions(options, [*both, Capacity()], 40_000)
    assert one.column == "LockedIn × Capacity" and one.where == "H1"


def test_promises_dearer_than_the_budget_at_their_cheapest():
    options = toy()
    promised = LockedIn(("H1", "H2"), "bees", (5, 10))
    (one,) = contradictions(options, [promised], 14_999.99)
    assert one.column == "LockedIn × Budget" and "at least 15,000 yuan" in one.sentence("en")
    assert "14,999.99" in one.sentence("zh")
    assert not contradictions(options, [promised], 15_000)
    (one,) = contradictions(options, [promised, Budget(yuan=9_000, year=2022), Budget()], 20_000)
    assert "in 2022 is at most 9,000 yuan" in one.sentence("en")


def test_bundles_locked_in_and_out_at_once():
    class Kept(OneEach):
        def rows(self, options, budget_yuan):
            return Rows.of(options, least=np.arange(options.columns) == 10)

    (one,) = contradictions(toy(), [Kept(), SlopeLimit()], 1)
    assert one.column == "Kept × SlopeLimit" and one.where == "H6"
    assert touches(Kept(), toy(), 1) == 1


# Which rules hold, and what they touch.


def test_usual_rules_stand_aside_for_one_of_their_class():
    assert with_usual([]) == USUAL == (OneEach(), Capacity(), SlopeLimit(), NoTreesOnFarmland(), MinLot())
    mine = [MinLot(hives=4), Budget(), LockedOut(villages="一村")]
    assert with_usual(mine) == (*mine, OneEach(), Capacity(), SlopeLimit(), NoTreesOnFarmland())
    assert with_usual(mine, usual=False) == (*mine, OneEach())


@pytest.mark.parametrize(
    ("rule", "touched"),
    [
        (Budget(), 11),
        (OneEach(), 8),
        (SlopeLimit(), 1),
        (SlopeLimit(grass_degrees=40), 0),
        (ForestFloor(mu=1), 2),
        (CountyShare("岷县", least=0.1), 4),
        (CountyShare("岷县"), 0),
        (LockedOut(livelihoods=("bees",)), 5),
        (MinLot(hives=0), 0),
        (MinLot(hives=10), 4),
        (Capacity(of=("labour",)), 2),
    ],
    ids=lambda value: value.said.en if isinstance(value, Rule) else "",
)
def test_how_many_bundles_a_rule_touches(rule, touched):
    assert touches(rule, toy(), 40_000) == touched


OWN_RULE = '''
"""A county's own rule: at most so many hives a village."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from eco.phrases import Phrase
from eco.planning.rows import Rows, by_group


@dataclass(frozen=True)
class HivesAVillage:
    hives: float = 12
    level: ClassVar[str] = "hives"
    easing: ClassVar[int] = 1

    def rows(self, options, budget_yuan):
        village, codes = pd.factorize(options.bundles["village_code"])
        matrix = by_group(options, village, options.bundles["hives"])
        labels = [Phrase(f"{code} 的蜂箱", f"hives of {code}") for code in codes]
        return Rows.of(options, matrix, high=self.hives, labels=labels, unit="hives")

    @property
    def said(self):
        return Phrase(f"每村至多 {self.hives:g} 箱", f"at most {self.hives:g} hives a village")
'''


def test_a_countys_own_rule_is_one_file_outside_the_package(tmp_path):
    path = tmp_path / "our_rules.py"
    path.write_text(OWN_RULE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("our_rules", path)
    ours = importlib.util.module_from_spec(spec)
    # A dataclass looks up its module by name.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "our_rules", ours)
        spec.loader.exec_module(ours)
    rule, options = ours.HivesAVillage(12), toy()
    assert isinstance(rule, Rule) and with_usual([rule])[0] == rule
    by_hand = [[5, 0, 5, 10, 0, 0, 0, 0, 0, 0, 0, *NO_YARD], [0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, *NO_YARD],
               [0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, *NO_YARD]]  # fmt: skip
    assert rule.rows(options, 1).matrix.toarray().tolist() == by_hand
    assert touches(rule, options, 1) == 5 and not contradictions(
        options, [rule, LockedIn("H2", "bees", 10)], 1e6
    )
    # One village's hives are worth most, and the rule keeps the solver from giving both.
    value, taken = _best_by_solver(options, [OneEach(), rule], 1, options.bundles["hives"].to_numpy(float))
    assert value == 10 + 5 + 2 and 3 in taken and not set(taken) & {0, 2}
