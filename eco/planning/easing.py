"""What would do: for a rule of a clash with one number, the nearest value at which the rules can stand.

Prices that prove one value impossible prove others too, so most of the way to the nearest value is gone by looking at
old proofs; a new relaxed question is asked only where none of them holds any more. The value told is round, and whole
bundles were found that keep the rules with it.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eco.planning.clashes import Case, Clash, disproved, most_alone, tried
from eco.planning.rows import Rule
from eco.planning.rules import Budget
from eco.problems import DataProblem

_NEAR = 1e-4  # relative distance of two values that are the same
_ROUND = 0.02  # relative distance by which a round value may lie beyond the nearest
_LEAST = 0.01  # where doubling begins if the rule asks for 0
_DOUBLINGS = 40
_STEPS = 60
_SHARE = 0.3  # of the time left, for one question about whole bundles
_DIGITS = 6


@dataclass(frozen=True)
class Eased:
    """One rule of a clash at the nearest round value with which the others stand.

    `rule` None: no value of it would do, or, with `known` False, time was up. `value` is that of its number; the plan's
    own budget is told as a Budget of that many yuan.
    """

    position: int
    rule: Rule | None
    value: float
    known: bool = True


@dataclass(frozen=True)
class _Lever:
    """A case and the one number of a rule in it that is moved; `sign` 1 where more of it is easier, else -1."""

    case: Case
    position: int
    name: str
    level: float
    sign: int

    @classmethod
    def of(cls, case: Case, position: int) -> _Lever | None:
        """None for a rule that has no number that can be eased."""
        rule: Any = case.rules[position]
        name, sign = getattr(rule, "level", None), getattr(rule, "easing", 0)
        level = getattr(rule, name) if name else None
        if level is None and isinstance(rule, Budget):
            level = case.budget_yuan
        if not (sign and isinstance(level, (int, float)) and math.isfinite(level)):
            return None
        return cls(case, position, str(name), float(level), int(np.sign(sign)))

    @property
    def of_plan(self) -> bool:
        """Whether what is moved is the plan's own budget, of which other rules take shares."""
        return getattr(self.case.rules[self.position], self.name) is None

    def rule_at(self, value: float) -> Rule | None:
        """The rule with another number; None where it cannot have it."""
        try:
            rule: Any = self.case.rules[self.position]
            return replace(rule, **{self.name: value})
        except DataProblem:
            return None

    def at(self, value: float) -> Case | None:
        """The case with another number."""
        rule = self.rule_at(value)
        if rule is None:
            return None
        if self.of_plan:
            return Case.of(self.case.options, self.case.rules, value)
        return self.case.instead(self.position, rule)


@dataclass
class _Search:
    """A lever and all proofs met while it is moved."""

    lever: _Lever
    end: float
    proofs: list[tuple[np.ndarray, ...]]
    open: bool = False  # some question was not answered in its time

    def same(self, one: float, other: float) -> bool:
        """Whether two values are as good as one; what is next to nothing beside the level is nothing."""
        return abs(one - other) <= _NEAR * max(abs(one), abs(other), self.lever.level)

    def never(self, value: float) -> bool:
        """Whether a proof that is known holds at a value too."""
        case = self.lever.at(value)
        return case is None or any(disproved(case, proof) for proof in self.proofs)

    def stands(self, value: float, *, whole: bool) -> bool | None:
        """Whether the rules can stand at a value; a new proof that they cannot is kept."""
        case = self.lever.at(value)
        if case is None:
            return False
        now = time.monotonic()
        # No one question may take all the time: what it leaves open counts as no.
        found = tried(case, end=now + _SHARE * (self.end - now) if whole else self.end, whole=whole)
        if found.prices is not None:
            self.proofs.append(found.prices)
        self.open |= found.possible is None
        return found.possible


def eased(clash: Clash, *, end: float) -> list[Eased]:
    """What would do, for every rule of a clash that has a number to ease; each is given its part of the time."""
    levers = [(at, _Lever.of(clash.case, at)) for at in range(len(clash.case.rules))]
    known = [(at, lever) for at, lever in levers if lever is not None]
    found = []
    for done, (at, lever) in enumerate(known):
        now = time.monotonic()
        own_end = now + (end - now) / (len(known) - done)
        proofs = [one for one in (clash.prices, _alone(clash.case, at)) if one is not None]
        found.append(_eased(at, _Search(lever, own_end, proofs), whole=clash.whole))
    return found


def _alone(case: Case, position: int) -> tuple[np.ndarray, ...] | None:
    """The proof by prices that all offers cannot meet a rule's hardest row, whatever else holds; None: they can."""
    low, there = case.told[position].low, most_alone(case, position)
    hard = np.flatnonzero(low > there)
    if not len(hard):
        return None
    prices = tuple(np.zeros(len(rows.low)) for rows in case.told)
    prices[position][hard[np.argmin(there[hard] / low[hard])]] = -1.0
    return prices


def _eased(position: int, search: _Search, *, whole: bool) -> Eased:
    far = _far(search)
    if far is None:
        value = None
    else:
        relaxed = search.lever.level if whole else _nearest(search, far)
        value = _nearest_whole(search, relaxed, far)
    # Asking for next to nothing is leaving the rule out.
    if value is None or (search.lever.sign < 0 and search.same(value, 0.0)):
        known = not (search.open or time.monotonic() >= search.end)
        return Eased(position, None, math.nan, known=known)
    lever = search.lever
    return Eased(position, lever.rule_at(value), value)


def _far(search: _Search) -> float | None:
    """A value at which relaxed rows stand: 0, or the level doubled until it is enough; None where none is."""
    lever = search.lever
    if lever.sign < 0:
        return 0.0 if not search.never(0.0) and search.stands(0.0, whole=False) else None
    value = lever.level or _LEAST
    if search.never(value * 2.0**_DOUBLINGS) and lever.rule_at(value * 2.0**_DOUBLINGS) is not None:
        return None  # what proves both ends impossible proves all between
    for _ in range(_DOUBLINGS):
        if time.monotonic() >= search.end:
            return None
        last, value = value, 2 * value
        if lever.rule_at(value) is None:
            value = _last_allowed(lever, last, value)
            return value if not search.never(value) and search.stands(value, whole=False) else None
        if not search.never(value) and search.stands(value, whole=False):
            return value
    return None


def _last_allowed(lever: _Lever, allowed: float, refused: float) -> float:
    """The largest value that the rule can have."""
    for _ in range(_STEPS):
        middle = (allowed + refused) / 2
        if lever.rule_at(middle) is None:
            refused = middle
        else:
            allowed = middle
    return _round(allowed, 1) if lever.rule_at(_round(allowed, 1)) is not None else allowed


def _nearest(search: _Search, far: float) -> float:
    """The nearest value, to one part in ten thousand, at which relaxed rows stand."""
    bad, good = search.lever.level, far
    while not search.same(bad, good) and time.monotonic() < search.end:
        edge = _edge(search, bad, good)
        at = (bad + good) / 2 if search.same(edge, bad) else edge
        if search.same(at, good):
            break
        if search.stands(at, whole=False):
            good = at
            if at == edge:
                break
        else:
            bad = at
    return good


def _edge(search: _Search, bad: float, good: float) -> float:
    """The first value from `bad` on at which no known proof holds."""
    while not search.same(bad, good) and time.monotonic() < search.end:
        middle = (bad + good) / 2
        if search.never(middle):
            bad = middle
        else:
            good = middle
    return good


def _nearest_whole(search: _Search, relaxed: float, far: float) -> float | None:
    """A round value near the relaxed one at which whole bundles keep the rules, and no round one nearer does."""
    lever, step = search.lever, _ROUND
    bad, good = None, _allowed(lever, _round(relaxed, lever.sign), far)
    while not search.stands(good, whole=True):
        if good == bad or time.monotonic() >= search.end:
            return None
        eased = _round(relaxed * (1 + lever.sign * step), lever.sign)
        bad, good, step = good, _allowed(lever, eased, far), 2 * step
    while bad is not None and time.monotonic() < search.end:
        middle = _round((bad + good) / 2, lever.sign)
        if search.same(bad, good) or not min(bad, good) < middle < max(bad, good):
            break
        if search.stands(middle, whole=True):
            good = middle
        else:
            bad = middle
    return good


def _allowed(lever: _Lever, value: float, far: float) -> float:
    """The value, or the one far off where the rule cannot have it."""
    return far if lever.rule_at(value) is None else value


def _round(value: float, sign: int) -> float:
    """The value with the fewest digits that lies no more than a fiftieth beyond it, up with sign 1, down with -1.

    >>> _round(0.055556, -1), _round(4312345.6, 1), _round(0.0, 1)
    (0.055, 4320000.0, 0.0)
    """
    if value <= 0:
        return 0.0
    for digits in range(1, _DIGITS):
        places = digits - 1 - math.floor(math.log10(value))
        scaled = value * 10.0**places
        whole = math.ceil(scaled - _NEAR) if sign > 0 else math.floor(scaled + _NEAR)
        rounded = round(whole / 10.0**places, max(places, 0))
        if abs(rounded - value) <= _ROUND * value:
            return rounded
    return value
