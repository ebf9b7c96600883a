"""What is given up for what: most of one aim at every level of another, and what caution costs.

Every point of a front is a plan; the bound of a point holds for all plans with as much of the other aim. Plans are
proven within a gap only, so a plan sought for one level may be better at another: each level keeps the best of all that
were found, and so no point of a front is beaten by another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.planning.options import AIMS, PARTS, Aim, Options
from eco.planning.planner import MANY, answer_again, plan
from eco.planning.plans import Plan, gap_of
from eco.planning.pricing import CLOSE
from eco.planning.rows import Rule
from eco.planning.rules import ForestFloor
from eco.planning.rules.aims import AsMuch, nearly
from eco.problems import DataProblem, Finding
from eco.waiting import waiting

FOREST = "forest"
AMOUNTS = {"lifted": "lifted_persons", "gap": "gap_yuan", "gain": "gain_yuan", FOREST: "forest_mu"}
_NEARBY_SHARE = 0.6  # of a point's time, for plans with yards where a plan at hand has them
_LEAST_POINTS = 2
_NOTHING_BRINGS = "E-PLAN-44"
_ANY_SHARE = 0.3  # of the time of a plan where nothing brings anything, for some plan that keeps the rules


@dataclass(frozen=True)
class _Point:
    """Chosen bundles, how much of both aims they bring, and the choice of all columns."""

    taken: np.ndarray
    first: float
    other: float
    columns: np.ndarray


@waiting("plan_front_wait")
def front(
    options: Options,
    *,
    budget_yuan: float | Mapping[int, float],
    rules: Iterable[Rule] = (),
    of: Aim = "lifted",
    against: str = "gap",
    points: int = 7,
    time_limit: float = 300.0,
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
    end = time.monotonic() + time_limit
    ask_first = partial(plan, options, budget_yuan=budget_yuan, rules=rules, gap=gap, usual=usual)
    best = ask_first(value=of, time_limit=2 * time_limit / (points + 4))  # ends take two parts of the time
    first, other = _worth(options, of), _worth(options, against)
    found = [_Point(best.taken, best.reached, float(other[best.taken].sum()), best.answer.taken)]

    def ask(value: np.ndarray, floors: Sequence[Rule], begin: _Point | None, share: float) -> float:
        """Seek the most of a value beside floors that a point keeps, in a share of the time left; its bound."""
        seconds = (end - time.monotonic()) * share
        again = partial(answer_again, best, floors, value=value, gap=gap)
        known = None if begin is None else begin.columns
        if known is not None and len(known) > MANY:
            nearby = again(first=known, near=True, time_limit=_NEARBY_SHARE * seconds)
            known, seconds = known if nearby.taken is None else nearby.taken, seconds - nearby.seconds
        answer = again(first=known, time_limit=max(seconds, 0.0))
        if answer.taken is not None:
            taken = np.flatnonzero(answer.taken[: len(first)] > 0)
            found.append(_Point(taken, float(first[taken].sum()), float(other[taken].sum()), answer.taken))
        return answer.bound if np.isfinite(answer.bound) else np.inf

    ask(other, [_floor(of, best.reached)], found[0], 1 / (points + 2))
    low = max(one.other for one in found)
    ask(other, [], None, 2 / (points + 1))
    high = max(one.other for one in found)
    bounds = {low: best.bound}
    # From the far end back: a plan with more of the other aim is one to begin with.
    for done, level in enumerate(np.linspace(low, high, points)[:0:-1].tolist() if high > low else ()):
        bounds[level] = ask(first, [_floor(against, level)], _best(found, level), 1 / (points - 1 - done))
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
    weighed so. Where nothing brings anything any more, no more is bought than the rules ask for. Other arguments as in
    `eco.plan`; raises DataProblem as that does, for offers that bring nothing only if they bring nothing in the mean.
    """
    end, rules = time.monotonic() + time_limit, tuple(rules)
    ask = partial(plan, options, budget_yuan=budget_yuan, rules=rules, value=value, usual=usual)
    found = []
    for done, cautious in enumerate(cautions):
        seconds = (end - time.monotonic()) / (len(cautions) - done)
        found.append(_taken_and_bound(ask, cautious=cautious, time_limit=seconds, gap=gap))
    rows = []
    for cautious, (_, bound) in zip(cautions, found):
        worth = options.worth(value, cautious=cautious)
        taken = max((own for own, _ in found), key=lambda own: worth[own].sum())
        mean, bad = (float(options.worth(value, cautious=weight)[taken].sum()) for weight in (0.0, 1.0))
        proof = _proof(float(worth[taken].sum()), bound, gap)
        rows.append({"cautious": cautious, "mean": mean, "bad": bad, **_amounts(options, taken), **proof})
    table = pd.DataFrame(rows)
    first = table.iloc[0]
    table.insert(3, "given_up_share", 1 - table["mean"] / first["mean"] if first["mean"] else 0.0)
    table.insert(4, "won", table["bad"] - first["bad"])
    return table


def _taken_and_bound(
    ask: Callable[..., Plan], *, cautious: float, time_limit: float, gap: float
) -> tuple[np.ndarray, float]:
    """The bundles of a plan and its bound; where nothing that can be bought brings anything, those that lose least."""
    began = time.monotonic()
    try:
        found = ask(cautious=cautious, time_limit=time_limit, gap=gap)
    except DataProblem as problem:
        if {finding.code for finding in problem.findings} != {_NOTHING_BRINGS} or not cautious:
            raise
    else:
        return found.taken, found.bound
    # Any plan of the mean will do: budget and rules are its own, and rules may forbid to buy nothing.
    some = ask(cautious=0.0, time_limit=_ANY_SHARE * time_limit, gap=1.0)
    left = max(began + time_limit - time.monotonic(), 0.0)
    answer = answer_again(replace(some, cautious=cautious), time_limit=left, gap=gap)
    if answer.taken is None:
        return some.taken, answer.bound
    return np.flatnonzero(answer.taken[: len(some.options.bundles)] > 0), answer.bound


def _worth(options: Options, name: str) -> np.ndarray:
    """What every bundle brings of an aim, or its mu of trees, (bundles,)."""
    if name == FOREST:
        return options.bundles[PARTS["forest"]].to_numpy(float)
    return options.worth(cast(Aim, name))


def _floor(name: str, amount: float) -> Rule:
    """As much of an aim, or as many mu of trees, as a point brings."""
    return ForestFloor(max(nearly(amount), 0.0)) if name == FOREST else AsMuch(cast(Aim, name), amount)


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
        best = _best(found, level)
        rows.append({"at_least": level, **_amounts(options, best.taken), **_proof(best.first, bound, gap)})
    table = pd.DataFrame(rows)
    table = table.drop_duplicates([AMOUNTS[of], AMOUNTS[against]], keep="last", ignore_index=True)
    table.attrs.update(of=of, against=against)
    return table


def _best(found: Sequence[_Point], level: float) -> _Point:
    """The point with the most of the first aim among those that have so much of the other."""
    fits = [one for one in found if one.other >= nearly(level)]
    return max(fits, key=lambda one: (one.first, one.other))


def _amounts(options: Options, taken: np.ndarray) -> dict[str, float]:
    """What chosen bundles bring, hold and cost, and how many households get one."""
    brings = {AMOUNTS[name]: float(_worth(options, name)[taken].sum()) for name in AMOUNTS}
    return {**brings, "spent_yuan": int(options.fen()[taken].sum()) / 100, "households": len(taken)}


def _proof(reached: float, bound: float, gap: float) -> dict[str, object]:
    bound = max(bound, reached)
    apart = gap_of(reached, bound)
    status = "optimal" if apart <= CLOSE else "within gap" if apart <= gap else "best found"
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
