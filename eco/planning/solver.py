"""The best choice with a proof: relax, settle what the prices settle, leave to HiGHS what is open.

Once some choice of value V is known, every column whose loss at the prices exceeds L(y) - V is settled: it is in no
better choice. Whole choices are sought among the nearest columns, in widening circles, until value and bound meet, all
that is not settled has been shown, or time is up. Yards that need a least number of hives are decided first, by what
the prices say is lost either way.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from eco.planning.highs import HERE_WHOLE, Reply, asked
from eco.planning.lots import Lots
from eco.planning.pricing import CLOSE, NOTHING, PENALTIES, Field, Part, Sight, priced
from eco.planning.programs import Answer, Program, Status
from eco.planning.rounding import rounded

# Of the time, until prices without yards, prices with them, and the yards must be known.
_PRICING_SHARE, _APART_SHARE, _DECIDING_SHARE = 0.3, 0.5, 0.7
_SIZE = 10  # largest values are brought to two to this power
_SMALL = 1000  # columns: with so few, yards are left to HiGHS at once
_ROUNDING_SHARE = 0.15  # of the time left, where a choice is at hand
_DECIDED_GAP = 4.0  # times the gap asked: prices of decided yards prove nothing
_DECIDED_CIRCLES = 3
_RATHER = 0.5  # of a yard, in the relaxed choice
_CIRCLES = (400, 2000, 8000, 30_000, 10**9)  # columns shown at a time
_MOST = 0.5  # of all that is not settled: where so much is shown, all is
_MENDINGS = 6  # of a circle that cannot keep the rows


@dataclass(frozen=True)
class _Found:
    """The best whole choice so far, and a bound on all."""

    taken: np.ndarray | None
    value: float
    bound: float
    impossible: bool = False

    def apart(self) -> float:
        """How far value and bound are apart, relative to the bound."""
        return (self.bound - self.value) / max(abs(self.bound), NOTHING)


def solve(
    program: Program, *, time_limit: float = 60.0, gap: float = 1e-3, first: np.ndarray | None = None
) -> Answer:
    """The best choice within `gap` (relative), at the latest after `time_limit` seconds.

    `first` is a choice (columns,) to begin with: the answer is no worse, if it can be taken. "infeasible" is proven.
    Where time was too short to find any choice, `taken` is None and the status "time limit".
    """
    began, unit = time.monotonic(), _unit(program.value)
    if len(program.value):
        told = replace(program, value=program.value / unit)
        found, prices = _sought(told, first, began, began + time_limit, gap=gap)
        if found.taken is None and not found.impossible:  # no more than what must be is a choice as well
            found = _with(found, Field(told), told.least)
    else:
        kept = bool(np.all(program.low <= 0) and np.all(program.high >= 0))
        found = _Found(np.zeros(0) if kept else None, 0.0, 0.0, not kept)
        prices = np.zeros(len(program.low))
    status: Status = "time limit" if time.monotonic() >= began + time_limit else "best found"
    if found.impossible:
        status = "infeasible"
    elif found.taken is not None and found.apart() <= max(gap, CLOSE):
        status = "optimal" if found.apart() <= CLOSE else "within gap"
    value = -np.inf if found.taken is None else float(program.value @ found.taken)
    bound = max(found.bound * unit, value)
    return Answer(found.taken, value, bound, status, prices * unit, time.monotonic() - began)


def _unit(value: np.ndarray) -> float:
    """A power of two in which values come to sizes that HiGHS's tolerances are made for."""
    most = float(np.abs(value).max(initial=0))
    if not np.isfinite(most):
        raise ValueError("a column whose value nobody knows")
    return float(2.0 ** (np.floor(np.log2(most)) - _SIZE)) if most > 0 else 1.0


def _sought(
    program: Program, first: np.ndarray | None, began: float, end: float, *, gap: float
) -> tuple[_Found, np.ndarray]:
    """What is found until the end, and the prices by which it is proven."""
    field = Field(program)
    if field.torn:
        return _Found(None, -np.inf, -np.inf, impossible=True), np.zeros(len(program.low))
    lots = Lots.of(program)
    apart, span = Field(lots.told_apart(program)), end - began
    loosely = (_DECIDED_GAP if len(lots.yards) else 1.0) * gap
    eased = Field(lots.eased(program))
    sight, relaxed = priced(eased, began + _PRICING_SHARE * span, gap=loosely)
    bound, impossible = sight.bound, eased.impossible_at(sight.prices)
    if len(lots.yards) and not impossible:
        start = np.append(sight.prices, np.zeros(len(apart.program.low) - len(sight.prices)))
        sight, relaxed = priced(apart, began + _APART_SHARE * span, gap=loosely, start=start)
        bound, impossible = min(bound, sight.bound), apart.impossible_at(sight.prices)
    prices = sight.prices[: len(program.low)]
    if impossible:
        return _Found(None, -np.inf, -np.inf, impossible=True), prices
    if first is not None and (np.any(first > program.most) or np.any(first < program.least)):
        first = None
    found = _with(_Found(None, -np.inf, bound), field, first)
    if found.apart() > gap and len(program.value) > HERE_WHOLE:  # of fewer, HiGHS finds the best as soon
        left = end - time.monotonic()
        until = end if found.taken is None else end - (1 - _ROUNDING_SHARE) * left
        found = _with(found, field, rounded(apart, sight, relaxed, until))
    if len(lots.yards) and len(program.value) > _SMALL and found.apart() > gap:
        until = began + _DECIDING_SHARE * (end - began)
        decided = _decided(program, lots, relaxed, prices, gap=gap, end=until)
        best = _yards_first(*decided, lots, gap=gap, end=end)
        if best.taken is not None:
            return _with(found, field, best.taken), prices
    none = np.zeros(len(program.value), bool)
    seen = field.seen_at(prices) if len(apart.program.low) > len(prices) else sight
    found = _in_circles(
        field, seen, relaxed, replace(found, bound=min(found.bound, seen.bound)), also=none, gap=gap, end=end
    )
    return found, prices


def _yards_first(
    field: Field, sight: Sight, relaxed: np.ndarray, lots: Lots, *, gap: float, end: float
) -> _Found:
    """A choice with the yards decided."""
    return _in_circles(
        field,
        sight,
        relaxed,
        _with(_Found(None, -np.inf, sight.bound), field, rounded(field, sight, relaxed, end)),
        also=lots.ways(field, sight),
        gap=gap,
        end=end,
        circles=_CIRCLES[:_DECIDED_CIRCLES],
    )


def _decided(
    program: Program, lots: Lots, relaxed: np.ndarray, prices: np.ndarray, *, gap: float, end: float
) -> tuple[Field, Sight, np.ndarray]:
    """The program with its yards decided as the relaxed choice has them rather than not, priced.

    Yards that cannot come to their least go after all.
    """
    stands = relaxed[lots.yards] > _RATHER
    while True:
        decided = Field(lots.decided(program, stands))
        sight, relaxed = priced(decided, end, gap=_DECIDED_GAP * gap, start=prices, penalties=PENALTIES[:1])
        lacking = stands & (lots.hives @ relaxed < lots.least * (1 - CLOSE) - NOTHING)
        if not lacking.any() or time.monotonic() >= end:
            return decided, sight, relaxed
        stands, prices = stands & ~lacking, sight.prices


def _in_circles(
    field: Field,
    sight: Sight,
    relaxed: np.ndarray,
    found: _Found,
    *,
    also: np.ndarray,
    gap: float,
    end: float,
    circles: tuple[int, ...] = _CIRCLES,
) -> _Found:
    """Whole choices in widening circles, until value and bound are near enough, or time is up.

    Columns in doubt, and `also` these, are shown from the first circle on.
    """
    parted = (relaxed > NOTHING) & (relaxed < 1 - NOTHING)
    doubtful = field.beside(parted | ((relaxed > 0.5) != field.base(sight))) | also
    last = np.zeros(0, bool)
    for count in circles:
        if found.apart() <= gap or time.monotonic() >= end:
            break
        apart = (sight.bound - found.value) * (1 + CLOSE) + NOTHING
        reach = min(field.distance(sight, count), apart)
        shown = field.near(sight, reach) | doubtful
        last_resort = field.near(sight, apart) | doubtful
        if _MOST * last_resort.sum() < shown.sum():
            reach, shown = apart, last_resort
        if found.taken is not None:  # so that what is shown holds the best choice so far
            shown = shown | field.turning(sight, found.taken)
        if not np.array_equal(shown, last):
            last, found = shown, _circle(field, sight, shown, found, gap=gap, end=end)
        if found.impossible or reach >= apart:
            break
    return found


def _circle(
    field: Field, sight: Sight, shown: np.ndarray, found: _Found, *, gap: float, end: float
) -> _Found:
    """The best of the choices whose columns are shown."""
    for _ in range(_MENDINGS):
        part = Part.of(field, sight, shown, whole=True)
        target = sight.bound - gap * abs(sight.bound)
        guess = None if found.taken is None else found.taken[part.columns]
        question = replace(part.question, target=target, gap=gap / 4, guess=guess)
        reply = asked(question, end - time.monotonic())
        beyond = sight.bound - field.unseen(sight, shown)
        if reply.status != "infeasible":
            return _better(field, part, reply, found, beyond=beyond)
        if found.taken is not None or beyond == -np.inf:
            bound = max(min(found.bound, beyond), found.value)
            return replace(found, impossible=found.taken is None, bound=bound)
        wider = shown | _mending(field, sight, shown, end)
        if np.array_equal(wider, shown):
            break
        shown = wider
    return found


def _better(field: Field, part: Part, reply: Reply, found: _Found, *, beyond: float) -> _Found:
    """What a reply adds: a choice if it is better, a bound if it is lower."""
    bound = min(found.bound, max(reply.bound, beyond))
    if reply.x is not None:
        found = _with(found, field, np.abs(np.rint(part.all_columns(reply.x))))
    return replace(found, bound=max(bound, found.value))


def _with(found: _Found, field: Field, taken: np.ndarray | None) -> _Found:
    """What is found, or this choice if it keeps the rows and is better."""
    value = -np.inf if taken is None else float(field.program.value @ taken)
    if taken is None or value <= found.value or not field.keeps(taken):
        return found
    return replace(found, taken=taken, value=value, bound=max(found.bound, value))


def _mending(field: Field, sight: Sight, shown: np.ndarray, end: float) -> np.ndarray:
    """Columns of the rows that lack something when the shown ones do their best, nearest first: bool (columns,)."""
    part = Part.of(field, sight, shown, penalty=PENALTIES[-1], whole=True)
    reply = asked(replace(part.question, gap=1e-2), end - time.monotonic())
    more = np.zeros(len(shown), bool)
    if reply.x is None:
        return more
    program, done = field.program, field.program.matrix @ part.all_columns(reply.x)
    short = (done > program.high + NOTHING) | (done < program.low - NOTHING)
    touched = np.flatnonzero((abs(field.turned) @ short.astype(float) > 0) & field.open & ~shown)
    nearest = touched[np.argsort(sight.loss[touched], kind="stable")[: _CIRCLES[0]]]
    more[nearest] = True
    return field.beside(more)
