"""Rules that cannot stand together: found among planted ones, as few as there are, with numbers that are true."""

import time
from dataclasses import dataclass, replace
from itertools import combinations, count
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from plan_checker import broken
from planted_options import places, random_options
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

import eco
from eco.phrases import Phrase
from eco.planning import easing
from eco.planning.clashes import Tried
from eco.planning.conflicts import conflict_of, unit_words, why_impossible
from eco.planning.highs import Question, irreducible
from eco.planning.options import Options
from eco.planning.rows import Rows, by_group
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
    TownshipFloor,
    with_usual,
)
from eco.problems import DataProblem

NEARBY = 0.03  # a value so much stricter than what would do is strict enough not to do
INSTANCES = 24


@dataclass(frozen=True)
class HivesAVillage:
    """A county's own rule: at least so many hives in every village."""

    hives: float
    level: ClassVar[str] = "hives"
    easing: ClassVar[int] = -1

    def rows(self, options, budget_yuan):
        village, codes = pd.factorize(options.bundles["village_code"])
        matrix = by_group(options, village, options.bundles["hives"])
        labels = [Phrase(f"{code} 的箱数", f"hives of {code}") for code in codes]
        return Rows.of(options, matrix, low=self.hives, labels=labels, unit="hives")

    @property
    def said(self):
        return Phrase(f"每村至少 {self.hives:g} 箱", f"at least {self.hives:g} hives a village")


def stand(options, rules, budget_yuan):
    """Whether whole choices keep some rules, by scipy from the rules' own rows; "one each" always holds."""
    told = [rule.rows(options, budget_yuan) for rule in (OneEach(), *rules)]
    most, least = np.min([one.most for one in told], axis=0), np.max([one.least for one in told], axis=0)
    matrix = csr_array(vstack([one.matrix for one in told]))
    sides = (np.concatenate([getattr(one, side) for one in told]) for side in ("low", "high"))
    rows = [LinearConstraint(matrix, *sides)] if matrix.shape[0] else []
    nothing = np.zeros(options.columns)
    found = milp(nothing, integrality=nothing + 1, bounds=Bounds(least, most), constraints=rows)
    assert found.status in (0, 2)
    return found.status == 0


def assert_least_set(options, conflict, rules, budget_yuan):
    """The set cannot stand, without any one of its rules it can, and no smaller set of all rules cannot."""
    own = conflict.rules
    assert not stand(options, own, budget_yuan)
    assert all(stand(options, few, budget_yuan) for few in combinations(own, len(own) - 1))
    smaller = (few for size in range(1, len(own)) for few in combinations(rules, size))
    assert all(stand(options, few, budget_yuan) for few in smaller)
    assert conflict.sure


def assert_would_do(options, conflict, budget_yuan):
    """What would do does, a value a little stricter does not; where none is told none on a ladder does."""
    for one in conflict.eased:
        own, easing = conflict.rules[one.position], conflict.rules[one.position].easing

        def stands(value, own=own):
            if own == Budget(budget_yuan):  # the plan's own: shares of it move with it
                return stand(options, [Budget() if rule is own else rule for rule in conflict.rules], value)
            eased = replace(own, **{own.level: value})
            return stand(options, [eased if rule is own else rule for rule in conflict.rules], budget_yuan)

        assert one.known
        if one.rule is None:
            level = getattr(own, own.level)
            assert not any(stands(level * 1.25 ** (easing * step)) for step in range(1, 20))
        else:
            assert (one.value - getattr(own, own.level)) * easing > 0
            assert getattr(one.rule, own.level) == one.value
            assert stands(one.value) and not stands(one.value * (1 - easing * NEARBY))


def conflict(options, rules, budget_yuan, time_limit=120.0):
    return conflict_of(
        options, [Budget(), *with_usual(rules)], budget_yuan=budget_yuan, time_limit=time_limit
    )


def test_floors_of_eighteen_townships_ask_more_than_the_budget():
    options = random_options(1, townships=18, villages=1, homes=40, seedling_mu=(500.0,))
    found = conflict(options, [TownshipFloor(0.08), PoorFirst(0.2)], 1_500_000)
    assert set(found.rules) == {Budget(1_500_000), TownshipFloor(0.08)} and not found.whole
    assert_least_set(
        options, found, [Budget(), *with_usual([TownshipFloor(0.08), PoorFirst(0.2)])], 1_500_000
    )
    assert [one.value for one in found.eased if one.rule] == [0.055]
    eased = [Budget(), TownshipFloor(0.055)]
    # A witness is proof enough, and scipy alone is a minute about this packing.
    witness = eco.plan(options, budget_yuan=1_500_000, rules=eased[1:], gap=0.5).taken
    assert not broken(options, witness, eased, 1_500_000)
    assert not stand(options, [Budget(), TownshipFloor(0.055 * (1 + NEARBY))], 1_500_000)
    ladder = (1_500_000 * 1.25**step for step in range(1, 20))
    assert not any(stand(options, [Budget(), TownshipFloor(0.08)], budget) for budget in ladder)
    told = found.asked[1]
    assert (told.asked, told.unit, len(told.labels)) == (2_160_000, "yuan", 18)
    assert told.there == pytest.approx(1_500_000, rel=1e-6)
    with pytest.raises(DataProblem) as refused:
        eco.plan(options, budget_yuan=1_500_000, rules=[TownshipFloor(0.08), PoorFirst(0.2)])
    [finding] = refused.value.findings
    assert finding.code == "E-PLAN-50" and finding.column == "Budget × TownshipFloor"
    zh, en = finding.sentence("zh"), finding.sentence("en")
    assert "18 处合计要 2,160,000 元" in zh and "144 %" in zh and "每个乡镇至少得到预算的 5.5 %" in zh
    assert (
        "the 18 of them ask 2,160,000 yuan" in en and "144 %" in en and "5.5 % of the budget” would do" in en
    )
    assert "镇0" in zh and "镇3" not in zh and "and 15 more" in en
    assert "no number of Budget alone would do" in en


def test_trees_that_stand_on_farmland_only():
    options = random_options(2, townships=3, villages=2, homes=6, bundles=3)
    rules = [ForestFloor(130), TownshipFloor(0.001), PoorFirst(0.1)]
    found = conflict(options, rules, 2_000_000)
    assert set(found.rules) == {ForestFloor(130), NoTreesOnFarmland()}
    assert_least_set(options, found, [Budget(), *with_usual(rules)], 2_000_000)
    assert_would_do(options, found, 2_000_000)
    trees = options.bundles.assign(
        open=options.bundles["basic_farmland"].ne("yes") * options.bundles["forest_mu"]
    )
    most = trees.groupby("household_id")["open"].max().sum()
    told = found.asked[found.rules.index(ForestFloor(130))]
    assert (told.asked, told.unit) == (130, "mu") and told.there == pytest.approx(most, rel=1e-6)
    [eased] = found.eased
    assert most * (1 - NEARBY) <= eased.value <= most
    assert f"其余规则之下至多 {most:g} 亩" in found.finding.sentence("zh")


def test_promises_of_grass_beyond_the_nursery_name_the_nursery_alone():
    bundles = [
        {
            "household_id": f"H{home}",
            **places(home % 2, 0),
            "juncao_mu": 5.0,
            "cost_one_off_yuan": 100.0,
            "gap_yuan": 1.0,
        }
        for home in range(8)
    ]
    options = Options.of(pd.DataFrame(bundles), seedling_mu=(20.0,))
    promised = LockedIn(tuple(f"H{home}" for home in range(6)), "juncao", 5)
    found = conflict(options, [promised, ForestFloor(0)], 10_000)
    assert set(found.rules) == {promised, Capacity(of=("nursery",))}
    assert_least_set(options, found, [Budget(), promised, Capacity(of=("nursery",))], 10_000)
    capacity = found.asked[found.rules.index(Capacity(of=("nursery",)))]
    assert (capacity.asked, capacity.there, capacity.unit) == (pytest.approx(30), 20, "mu")
    assert not found.eased
    assert "其余规则至少要 30 亩（150 %）" in found.finding.sentence("zh")


def test_three_rules_of_which_any_two_can_stand():
    options = random_options(3, townships=3, villages=2, homes=8)
    rules = [Budget(), PoorFirst(0.97), ForestFloor(100), TownshipFloor(0.01)]
    found = conflict_of(options, rules, budget_yuan=90_000, time_limit=120)
    assert set(found.rules) == {Budget(90_000), PoorFirst(0.97), ForestFloor(100)}
    assert_least_set(options, found, rules, 90_000)
    assert_would_do(options, found, 90_000)


def test_one_township_that_cannot_spend_its_floor_is_named():
    options = random_options(4, townships=4, villages=1, homes=4)
    few = options.bundles["township"].ne("镇2") | options.bundles["household_id"].eq("H20000")
    options = replace(options, bundles=options.bundles[few].reset_index(drop=True))
    found = conflict(options, [TownshipFloor(0.1)], 150_000)
    assert found.rules == (TownshipFloor(0.1),)
    [told] = found.asked
    most = options.fen()[options.bundles["household_id"] == "H20000"].max() / 100
    assert told.labels == (Phrase("镇2至少得到 15,000 元", "镇2 gets at least 15,000 yuan"),)
    assert (told.asked, told.there) == (15_000, pytest.approx(most, rel=1e-6))
    assert_would_do(options, found, 150_000)
    assert "全部可选项至多" in found.finding.sentence("zh")


def test_all_townships_that_cannot_spend_their_floor_are_named_the_poorest_first():
    options = random_options(8, townships=5, villages=1, homes=3)
    found = conflict(options, [TownshipFloor(0.4)], 50_000)
    yuan = pd.Series(options.fen() / 100).groupby(options.bundles["household_id"]).max()
    most = yuan.groupby([f"镇{home[1]}" for home in yuan.index]).sum()
    short = most[most < 20_000].sort_values()
    assert 1 < len(short) < 5 and found.rules == (TownshipFloor(0.4),)
    [told] = found.asked
    assert [label.zh for label in told.labels] == [f"{name}至少得到 20,000 元" for name in short.index]
    assert told.there == pytest.approx(short.iloc[0], rel=1e-6) and not told.together
    assert "头一处要 20,000 元" in found.finding.sentence("zh")


def test_whole_bundles_that_no_share_fits():
    bundles = [
        {
            "household_id": f"H{home}",
            **places(0, home),
            "hives": 5.0,
            "cost_one_off_yuan": 3000.0,
            "gap_yuan": 1.0,
        }
        for home in range(4)
    ]
    options = Options.of(pd.DataFrame(bundles))
    rules = [CountyShare("安定区", least=0.35, most=0.55), TownshipFloor(0.1)]
    found = conflict_of(options, [Budget(), *rules], budget_yuan=10_000, time_limit=60)
    assert found.whole and found.rules == (rules[0],)
    assert_least_set(options, found, [Budget(), *rules], 10_000)
    [eased] = found.eased
    assert eased.value == 0.6 and stand(options, [eased.rule], 10_000)
    assert "拆开组合本可成立" in found.finding.sentence("zh")


def test_a_countys_own_rule_is_eased_like_any_other():
    options = random_options(5, townships=2, villages=2, homes=5, yards=True)
    rules = [HivesAVillage(9), ForestFloor(1)]
    found = conflict(options, rules, 400_000)
    assert HivesAVillage(9) in found.rules
    assert_least_set(options, found, [Budget(), *with_usual(rules)], 400_000)
    assert_would_do(options, found, 400_000)


def random_rules(seed):
    """The first rules drawn from a seed that cannot stand, over few enough offers to be sure of it."""
    for draw in count():
        dice = np.random.default_rng([seed, draw])
        nursery = float(dice.integers(0, 40))
        options = random_options([seed, draw], homes=3, yards=bool(draw % 2), seedling_mu=(nursery,))
        some = [
            TownshipFloor(round(dice.uniform(0.2, 0.7), 2)),
            PoorFirst(round(dice.uniform(0.4, 1.0), 2)),
            ForestFloor(float(dice.integers(10, 60))),
            CountyShare("621102", most=round(dice.uniform(0.2, 1.0), 2)),
            LockedOut(villages=options.bundles["village_code"].iloc[0], livelihoods=("bees", "forest")),
            HivesAVillage(float(dice.integers(2, 15))),
        ]
        budget = float(dice.integers(5_000, 60_000))
        rules = [Budget(), *with_usual([rule for rule in some if dice.random() < 0.5])]
        if not stand(options, rules, budget):
            return options, rules, budget


@pytest.mark.parametrize("seed", range(INSTANCES))
def test_the_smallest_set_of_random_rules_is_found(seed):
    options, rules, budget = random_rules(seed)
    found = conflict_of(options, rules, budget_yuan=budget, time_limit=120)
    assert_least_set(options, found, [rule for rule in rules if not isinstance(rule, OneEach)], budget)
    assert_would_do(options, found, budget)


def test_the_time_is_kept_and_something_is_said():
    options = random_options(6, townships=18, villages=3, homes=20, bundles=3)
    began = time.monotonic()
    found = conflict(
        options, [TownshipFloor(0.08), PoorFirst(0.5), ForestFloor(100)], 300_000, time_limit=1.0
    )
    assert time.monotonic() - began < 4.0  # rows are built before the clock can be looked at
    assert not stand(options, found.rules, 300_000)
    assert found.finding.code == "E-PLAN-50" and found.finding.found


def test_highs_names_rows_that_none_can_be_spared_of():
    """Three floors of 4 each cannot be met with 10, a fourth row binds nothing."""
    matrix = csr_array(
        np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], float) * 5
    ).tocsc()
    question = Question(
        value=np.zeros(4), start=matrix.indptr, row=matrix.indices, entry=matrix.data,
        low=np.array([-np.inf, 4, 4, 4, 0]), high=np.array([10, np.inf, np.inf, np.inf, 9]),
        least=np.zeros(4), most=np.ones(4),
    )  # fmt: skip
    assert sorted(irreducible(question, 10.0)) == [0, 1, 2, 3]


def test_units_nobody_declared_keep_their_names():
    assert unit_words("mu") == Phrase("亩", "mu") and unit_words("barrels") == Phrase("barrels", "barrels")


def test_what_always_holds_is_not_among_the_rules_of_a_conflict():
    options = random_options(7)
    found = conflict(options, [ForestFloor(10_000)], 1e6)
    assert found.rules == (ForestFloor(10_000),)
    assert {type(rule) for rule in USUAL} >= {OneEach, MinLot}


def test_what_was_not_found_in_the_time_is_not_said_to_be_impossible(monkeypatch):
    """Nobody answers any more once 0 is known to do: then no number is named, and none is called useless."""
    options = random_options(8, townships=5, villages=1, homes=3)
    monkeypatch.setattr(easing, "_alone", lambda case, position: None)
    answer = easing.tried

    def tired(case, *, end, whole):
        return answer(case, end=end, whole=whole) if case.rules[0].share == 0 else Tried(None)

    monkeypatch.setattr(easing, "tried", tired)
    [finding] = why_impossible(options, [TownshipFloor(0.4)], budget_yuan=50_000, time_limit=20)
    assert "would do" not in finding.expected.en and "no number" not in finding.sentence("en")
    monkeypatch.undo()
    [finding] = why_impossible(options, [TownshipFloor(0.4)], budget_yuan=50_000, time_limit=20)
    assert "would do" in finding.expected.en
