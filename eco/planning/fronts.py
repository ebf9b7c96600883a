"""What is given up for what: most of one aim at every level of another, and what caution costs.

Every point of a front is a plan; the bound of a point holds for all plans with as much of the other aim. Plans are
proven within a gap only, so a plan sought for one level may be better at another: each level keeps the best of all that
were found, and so no point of a front is beaten by another.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.planning.options import AIMS, PARTS, Aim, Options
from eco.planning.planner import answer_again, plan
from eco.planning.plans import Plan
from eco.planning.pricing import CLOSE
from eco.planning.rows import Rule
from eco.planning.rules import ForestFloor
from eco.planning.rules.aims import AimFloor
from eco.problems import DataProblem, Finding
from eco.waiting import waiting

FOREST = "forest"
AMOUNTS = {"lifted": "lifted_persons", "gap": "gap_yuan", "gain": "gain_yuan", FOREST: "forest_mu"}
_SLACK = 1e-9  # relative: what sums of floats lose
_LEAST_POINTS = 2


@dataclass(frozen=True)
class _Point:
    """Chosen bundles, how much of both aims they bring, and a bound on what was asked for when they were found."""

    taken: np.ndarray | None
    first: float
    other: float
    bound: float


@waiting("plan_front_wait")
def front(
    options: Options,
    *,
    budget_yuan: float | Mapping[int, float],
    rules: Iterable[Rule] = (),
    of: Aim = "lifted",
    against: str = "gap",
    points: int = 7,
    time_limit: float = 180.0,
    gap: float = 1e-3,
    usual: bool = True,
) -> pd.DataFrame:
    """Most of one aim at levels of another ("gap", "lifted", "gain", or "forest": mu of trees), from end to end.

    One row a point, most of `of` first: at_least (the level), lifted_persons, gap_yuan, gain_yuan (a year, means),
    forest_mu, spent_yuan, households; status, bound and gap of `of` among all plans with that level of `against`. There
    are `points` levels, even between the ends, and fewer rows where one plan serves several. Budget, rules, `gap` and
    `usual` as in `eco.plan`; ends within `time_limit` seconds. Raises DataProblem as that does, and for aims that are
    none (E-PLAN-46).
    """
    _refuse(of, against, points)
    end, asks = time.monotonic() + time_limit, points + 2
    best = plan(
        *(options,), budget_yuan=budget_yuan, rules=rules, value=of,
        time_limit=time_limit / asks, gap=gap, usual=usual,
    )  # fmt: skip
    first, other = _worth(options, of), _worth(options, against)
    found = [_Point(best.taken, best.reached, float(other[best.taken].sum()), best.bound)]

    def ask(value: np.ndarray, floors: Iterable[Rule]) -> float:
        """Seek the most of a value beside floors; its bound."""
        seconds = (end - time.monotonic()) / max(asks - len(found), 1)
        answer = answer_again(best, floors, value=value, time_limit=seconds, gap=gap)
        taken = None if answer.taken is None else np.flatnonzero(answer.taken[: len(first)] > 0)
        found.append(_point(taken, first, other, answer.bound))
        return answer.bound

    ask(other, [_floor(of, best.reached)])
    low = max(one.other for one in found)
    ask(other, [])
    high = max(one.other for one in found)
    bounds = {low: best.bound}
    for level in np.linspace(low, high, points)[1:] if high > low else ():
        bounds[float(level)] = ask(first, [_floor(against, float(level))])
    return _table(options, found, bounds, of=of, against=against, gap=gap)


@waiting("plan_front_wait")
def cautious_plans(
    options: Options,
    *,
    budget_yuan: float | Mapping[int, float],
    rules: Iterable[Rule] = (),
    value: Aim = "gap",
    cautions: Sequence[float] = (0.0, 0.25, 0.5, 1.0),
    time_limit: float = 120.0,
    gap: float = 1e-3,
    usual: bool = True,
) -> pd.DataFrame:
    """What caution costs: the best plan at every weight of the worst fifth of worlds, one row a weight.

    Columns cautious; mean and bad: what the plan brings over all worlds and over the worst fifth, in the unit of
    `value`; given_up_share and won: how much less in the mean, and how much more in bad worlds, than the first row;
    lifted_persons, gap_yuan, gain_yuan (means), forest_mu, spent_yuan, households; status, bound and gap of what is
    weighed so. Other arguments as in `eco.plan`.
    """
    end, rules = time.monotonic() + time_limit, tuple(rules)
    plans = [
        plan(
            *(options,), budget_yuan=budget_yuan, rules=rules, value=value, cautious=cautious, gap=gap,
            usual=usual, time_limit=(end - time.monotonic()) / (len(cautions) - done),
        )
        for done, cautious in enumerate(cautions)
    ]  # fmt: skip
    rows = []
    for cautious, own in zip(cautions, plans):
        best = max(plans, key=lambda one: _brings(one, value, cautious))
        mean, bad = (_brings(best, value, weight) for weight in (0.0, 1.0))
        proof = _proof(_brings(best, value, cautious), own.bound, gap)
        rows.append(
            {"cautious": cautious, "mean": mean, "bad": bad, **_amounts(options, best.taken), **proof}
        )
    table = pd.DataFrame(rows)
    first = table.iloc[0]
    table.insert(3, "given_up_share", 1 - table["mean"] / first["mean"] if first["mean"] else 0.0)
    table.insert(4, "won", table["bad"] - first["bad"])
    return table


def _brings(one: Plan, aim: Aim, cautious: float) -> float:
    return float(one.options.worth(aim, cautious=cautious)[one.taken].sum())


def _worth(options: Options, name: str) -> np.ndarray:
    """What every bundle brings of an aim, or its mu of trees, (bundles,)."""
    if name == FOREST:
        return options.bundles[PARTS["forest"]].to_numpy(float)
    return options.worth(cast(Aim, name))


def _floor(name: str, amount: float) -> Rule:
    least = max(amount, 0.0) * (1 - _SLACK)
    return ForestFloor(least) if name == FOREST else AimFloor(cast(Aim, name), least)


def _point(taken: np.ndarray | None, first: np.ndarray, other: np.ndarray, bound: float) -> _Point:
    if taken is None:
        return _Point(None, -np.inf, -np.inf, bound)
    return _Point(taken, float(first[taken].sum()), float(other[taken].sum()), bound)


def _table(
    options: Options,
    found: Sequence[_Point],
    bounds: Mapping[float, float],
    *,
    of: str,
    against: str,
    gap: float,
) -> pd.DataFrame:
    """The best point of every level; a bound of a lower level holds at a higher one too."""
    rows, bound = [], np.inf
    for level in sorted(bounds):
        bound = min(bound, bounds[level])
        fits = [one for one in found if one.taken is not None and one.other >= level * (1 - _SLACK)]
        best = max(fits, key=lambda one: (one.first, one.other))
        rows.append({"at_least": level, **_amounts(options, best.taken), **_proof(best.first, bound, gap)})
    table = pd.DataFrame(rows)
    table = table.drop_duplicates([AMOUNTS[of], AMOUNTS[against]], keep="last", ignore_index=True)
    table.attrs.update(of=of, against=against)
    return table


def _amounts(options: Options, taken: np.ndarray) -> dict[str, float]:
    """What chosen bundles bring, hold and cost, and how many households get one."""
    brings = {AMOUNTS[name]: float(_worth(options, name)[taken].sum()) for name in AMOUNTS}
    return {**brings, "spent_yuan": int(options.fen()[taken].sum()) / 100, "households": len(taken)}


def _proof(reached: float, bound: float, gap: float) -> dict[str, object]:
    bound = max(bound, reached)
    apart = (bound - reached) / bound if bound > 0 else 0.0
    status = "optimal" if apart <= CLOSE else "within gap" if apart <= gap else "time limit"
    return {"status": status, "bound": bound, "gap": apart}


def _refuse(of: str, against: str, points: int) -> None:
    """Raise DataProblem (E-PLAN-46) for aims that are none or the same, or for fewer points than two ends."""
    wrong = []
    todo = Phrase("改用其中之一", "use one of them")
    for column, told, choice in (("of", of, tuple(AIMS)), ("against", against, tuple(AMOUNTS))):
        choice = tuple(one for one in choice if column == "of" or one != of)
        if told not in choice:
            expected = Phrase(f"{'、'.join(choice)} 之一", f"one of {', '.join(choice)}")
            wrong.append(Finding("E-PLAN-46", "error", "front", "", column, str(told), expected, todo))
    if points < _LEAST_POINTS:
        expected = Phrase(f"至少 {_LEAST_POINTS}", f"at least {_LEAST_POINTS}")
        more = Phrase("多要几个点", "ask for more points")
        wrong.append(Finding("E-PLAN-46", "error", "front", "", "points", str(points), expected, more))
    if wrong:
        raise DataProblem(wrong)
