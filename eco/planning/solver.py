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

from eco.planning.highs import Reply, asked
from eco.planning.lots import Lots
from eco.planning.pricing import CLOSE, NOTHING, PENALTIES, Field, Part, Sight, priced
from eco.planning.programs import Answer, Program, Status

_PRICING_SHARE, _DECIDING_SHARE = 0.4, 0.65  # of the time, until prices, and then yards, must be known
_SMALL = 1000  # columns: with so few, yards are left to HiGHS at once
_DECIDED_GAP = 4.0  # times the gap asked: prices of decided yards prove nothing
_DECIDED_CIRCLES = 3
_RATHER = 0.5  # of a yard, in the relaxed choice
_CIRCLES = (400, 2000, 8000, 30_000, 10**9)  # columns shown at a time
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


def solve(program: Program, *, time_limit: float = 60.0, gap: float = 1e-3) -> Answer:
    """The best choice within `gap` (relative), at the latest after `time_limit` seconds.

    "infeasible" is proven. Where time was too short to find any choice, `taken` is None and the status "time limit".
    """
    began = time.monotonic()
    if len(program.value):
        found, prices = _sought(program, began, began + time_limit, gap=gap)
        if found.taken is None and not found.impossible:
            found = _only_what_must(program, found)
    else:
        kept = bool(np.all(program.low <= 0) and np.all(program.high >= 0))
        found = _Found(np.zeros(0) if kept else None, 0.0, 0.0, not kept)
        prices = np.zeros(len(program.low))
    status: Status = "time limit" if time.monotonic() >= began + time_limit else "best found"
    if found.impossible:
        status = "infeasible"
    elif found.taken is not None and found.apart() <= gap:
        status = "optimal" if found.apart() <= CLOSE else "within gap"
    return Answer(found.taken, found.value, found.bound, status, prices, time.monotonic() - began)


def _only_what_must(program: Program, found: _Found) -> _Found:
    """Where time was too short: nothing but what is locked in, if that keeps the rows."""
    taken = program.least.copy()
    if not Field(program).keeps(taken):
        return found
    value = float(program.value @ taken)
    return replace(found, taken=taken, value=value, bound=max(found.bound, value))


def _sought(program: Program, began: float, end: float, *, gap: float) -> tuple[_Found, np.ndarray]:
    """What is found until the end, and the prices by which it is proven."""
    lots = Lots.of(program)
    apart = Field(lots.told_apart(program))
    loosely = _DECIDED_GAP if len(lots.yards) else 1.0
    sight, relaxed = priced(apart, began + _PRICING_SHARE * (end - began), gap=loosely * gap)
    prices = sight.prices[: len(program.low)]
    if apart.impossible_at(sight.prices):
        return _Found(None, -np.inf, -np.inf, impossible=True), prices
    found = _Found(None, -np.inf, sight.bound)
    if len(lots.yards) and len(program.value) > _SMALL:
        until = began + _DECIDING_SHARE * (end - began)
        decided = _decided(program, lots, relaxed, prices, gap=gap, end=until)
        found = _yards_first(*decided, lots, found, gap=gap, end=end)
        if found.taken is not None:
            return found, prices
    none = np.zeros(len(program.value), bool)
    field = Field(program)
    seen = field.seen_at(prices) if len(apart.program.low) > len(prices) else sight
    found = _in_circles(
        field, seen, relaxed, replace(found, bound=min(found.bound, seen.bound)), also=none, gap=gap, end=end
    )
    return found, prices


def _yards_first(
    field: Field, sight: Sight, relaxed: np.ndarray, lots: Lots, found: _Found, *, gap: float, end: float
) -> _Found:
    """A choice with the yards decided."""
    best = _in_circles(
        field,
        sight,
        relaxed,
        _Found(None, -np.inf, sight.bound),
        also=lots.ways(field, sight),
        gap=gap,
        end=end,
        circles=_CIRCLES[:_DECIDED_CIRCLES],
    )
    return replace(found, taken=best.taken, value=best.value, bound=max(found.bound, best.value))


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
        if np.array_equal(shown, last):
            continue
        last, found = shown, _circle(field, sight, shown, found, reach=reach, gap=gap, end=end)
        if found.impossible or reach >= apart:
            break
    return found


def _circle(
    field: Field, sight: Sight, shown: np.ndarray, found: _Found, *, reach: float, gap: float, end: float
) -> _Found:
    """The best of the choices whose columns are shown: all within reach, and some beyond."""
    for _ in range(_MENDINGS):
        part = Part.of(field, sight, shown, whole=True)
        target = sight.bound - gap * abs(sight.bound)
        reply = asked(replace(part.question, target=target, gap=gap / 4), end - time.monotonic())
        if reply.status != "infeasible":
            return _better(field, part, reply, found, beyond=sight.bound - reach)
        if not np.isfinite(reach):
            return replace(found, impossible=found.taken is None, bound=found.value)
        if found.taken is not None:
            break
        wider = shown | _mending(field, sight, shown, end)
        if np.array_equal(wider, shown):
            break
        shown = wider
    return found


def _better(field: Field, part: Part, reply: Reply, found: _Found, *, beyond: float) -> _Found:
    """What a reply adds: a choice if it is better, a bound if it is lower."""
    bound = min(found.bound, max(reply.bound, beyond))
    if reply.x is not None:
        taken = np.rint(part.all_columns(reply.x))
        value = float(field.program.value @ taken)
        if value > found.value and field.keeps(taken):
            found = replace(found, taken=taken, value=value)
    return replace(found, bound=max(bound, found.value))


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
