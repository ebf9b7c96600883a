"""The best choice with a proof: relax, settle what the prices settle, leave to HiGHS what is open.

With prices y of the rows (y > 0 where more of `high` helps, y < 0 where less of `low` does) every choice x that keeps
the rows satisfies

    v x <= L(y) = sum_i max(y_i high_i, y_i low_i) + sum_g max(0, max over b of g of v_b - (y A)_b)

for groups g of which at most one column is taken: weak duality, whatever y. The `loss` of a column is how far it lies
behind the best of its group at these prices; a choice that takes a column of loss l has a value of at most L(y) - l. So
once some choice of value V is known, every column of a loss above L(y) - V is settled: it is in no better choice.

Prices come from the relaxed question, of which only columns near the best of their group are shown to HiGHS, time and
again until the value of what was shown meets L(y). Then whole choices are sought among the nearest columns, in widening
circles, until value and bound meet, all that is not settled has been shown, or time is up.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array, csr_array, hstack, vstack

from eco.planning.highs import Question, Reply, asked
from eco.planning.programs import Answer, Program, Status

_CLOSE = 1e-6  # relative distance at which value and bound are the same
_ENOUGH = 1e-5  # relative distance at which pricing ends
_KEPT = 1e-12, 1e-9  # excess at which a row is still kept: of the sum of its entries' sizes, and at all
_NOTHING = 1e-6  # of a column, or of what a row lacks
_ROUNDS = 60  # of pricing
_PRICING_SHARE = 0.6  # of the time
_FIRST_SHOWN = 4000
_SAMPLED = 1500  # groups whose prices come first
_CIRCLES = (400, 2000, 8000, 30_000, 10**9)  # columns shown at a time
_MENDINGS = 6  # of a circle that cannot keep the rows
# Price of what a row lacks, as a multiple of the dearest column's value a unit: raised while something is lacking.
_PENALTIES = (1.0, 1e2, 1e4)


@dataclass(frozen=True)
class _Sight:
    """All columns at given prices: how far behind the best of its group each is, and what nobody can beat."""

    prices: np.ndarray
    bound: float
    loss: np.ndarray  # (columns,): of taking it; inf where it cannot be taken
    loss_none: np.ndarray  # (groups,): of taking none of the group
    best: np.ndarray  # (groups,): column taken, -1 for none


@dataclass(frozen=True)
class _Field:
    """A program ready to be priced; each yard is a group of its own."""

    program: Program

    @cached_property
    def by_column(self) -> csc_array:
        """The matrix by columns."""
        return self.program.matrix.tocsc()

    @cached_property
    def turned(self) -> csr_array:
        """The matrix with a row for every column."""
        return self.program.matrix.T.tocsr()

    @cached_property
    def group(self) -> np.ndarray:
        """Group of every column from 0 up, (columns,); a group's columns stand together."""
        own = self.program.group.copy()
        yards = own < 0
        own[yards] = own.max(initial=-1) + 1 + np.arange(yards.sum())
        return np.cumsum(np.append(0, own[1:] != own[:-1]))

    @cached_property
    def starts(self) -> np.ndarray:
        """First column of every group."""
        return np.flatnonzero(np.append(True, self.group[1:] != self.group[:-1]))

    @cached_property
    def forced(self) -> np.ndarray:
        """Groups of which a column must be taken, bool (groups,)."""
        return np.maximum.reduceat(self.program.least, self.starts) > 0

    @cached_property
    def open(self) -> np.ndarray:
        """Columns that can be taken at all: not locked out, nor beside one that must be taken."""
        beside = self.forced[self.group] & (self.program.least <= 0)
        return (self.program.most > 0) & ~beside

    @cached_property
    def dearest(self) -> np.ndarray:
        """The largest value of a column over the smallest entry of a row, (rows,)."""
        most = float(np.abs(self.program.value).max(initial=0)) or 1.0
        least = np.full(len(self.program.low), np.inf)
        entries = self.program.matrix.tocoo()
        np.minimum.at(least, entries.row, np.where(entries.data != 0, np.abs(entries.data), np.inf))
        return most / np.where(np.isfinite(least), least, 1.0)

    def seen_at(self, prices: np.ndarray) -> _Sight:
        """Losses and bound at some prices; a price for a side that is not there counts as none."""
        program = self.program
        usable = np.where(prices > 0, np.isfinite(program.high), np.isfinite(program.low))
        y = np.where(usable, prices, 0.0)
        side = np.where(y > 0, program.high, program.low)
        rows = float(np.sum(y[y != 0] * side[y != 0]))
        left = np.where(self.open, program.value - self.turned @ y, -np.inf)
        top = np.maximum.reduceat(left, self.starts)
        best_value = np.where(self.forced, top, np.maximum(top, 0))
        at_top = np.flatnonzero(left == top[self.group])
        best = np.full(len(self.starts), -1)
        best[self.group[at_top][::-1]] = at_top[::-1]  # the first of equals
        best[(top <= 0) & ~self.forced] = -1
        loss = np.full(len(left), np.inf)
        loss[self.open] = best_value[self.group[self.open]] - left[self.open]
        none = np.where(self.forced, np.inf, best_value)
        return _Sight(y, rows + float(best_value.sum()), loss, none, best)

    def impossible_at(self, prices: np.ndarray) -> bool:
        """Whether prices prove that no choice keeps the rows: then even choices worth nothing have a bound below 0."""
        worthless = _Field(replace(self.program, value=np.zeros(len(self.program.value))))
        size = float(np.abs(prices) @ np.abs(self.program.matrix).max(axis=1).toarray().ravel())
        return worthless.seen_at(prices).bound < -_CLOSE * max(size, _NOTHING)

    def distance(self, sight: _Sight, count: int) -> float:
        """The loss within which about `count` columns, or groups left out, lie."""
        losses = np.concatenate([sight.loss, sight.loss_none[sight.best >= 0]])
        losses = losses[np.isfinite(losses)]
        return float(np.partition(losses, count)[count]) if count < len(losses) else np.inf

    def near(self, sight: _Sight, reach: float) -> np.ndarray:
        """Columns of a loss within reach, of groups that have more than one way within it: bool (columns,)."""
        within = self.open & (sight.loss <= reach)
        ways = np.bincount(self.group[within], minlength=len(self.starts)) + (sight.loss_none <= reach)
        return within & (ways > 1)[self.group]

    def beside(self, columns: np.ndarray) -> np.ndarray:
        """All open columns of the groups that some columns are of: bool (columns,)."""
        some = np.zeros(len(self.starts), bool)
        some[self.group[columns]] = True
        return self.open & some[self.group]

    def base(self, sight: _Sight) -> np.ndarray:
        """The best column of every group at some prices: bool (columns,)."""
        taken = np.zeros(len(sight.loss), bool)
        taken[sight.best[sight.best >= 0]] = True
        return taken

    def turning(self, sight: _Sight, relaxed: np.ndarray) -> np.ndarray:
        """The columns that a relaxed choice takes, and the best, of groups where the two differ: bool (columns,)."""
        base = self.base(sight)
        differ = np.zeros(len(self.starts), bool)
        differ[self.group[np.abs(relaxed - base) > _NOTHING]] = True
        return (base | (relaxed > _NOTHING)) & differ[self.group] & self.open

    def keeps(self, taken: np.ndarray) -> bool:
        """Whether a whole choice keeps all rows."""
        done = self.program.matrix @ taken
        slack = _KEPT[0] * (np.abs(self.program.matrix) @ taken) + _KEPT[1]
        return bool(np.all(done <= self.program.high + slack) and np.all(done >= self.program.low - slack))


@dataclass(frozen=True)
class _Part:
    """A question of which some columns are shown and all other groups are settled at the best of their prices."""

    question: Question
    columns: np.ndarray  # positions of the shown columns
    settled: np.ndarray  # (columns,): 1 where a column is taken for settled

    @classmethod
    def of(
        cls, field: _Field, sight: _Sight, shown: np.ndarray, *, penalty: float = 0.0, whole: bool = False
    ):
        """The question of shown columns; with a penalty, rows may lack something at that price."""
        program, columns = field.program, np.flatnonzero(shown)
        count = np.bincount(field.group[columns], minlength=len(field.starts))
        settled = np.zeros(len(program.value))
        settled[sight.best[(count == 0) & (sight.best >= 0)]] = 1
        several = (count > 1) | (field.forced & (count > 0))
        own = (np.cumsum(several) - 1)[field.group[columns]]
        inside = several[field.group[columns]]
        shape = int(several.sum()), len(columns)
        ones = csr_array((np.ones(inside.sum()), (own[inside], np.flatnonzero(inside))), shape)
        used = program.matrix @ settled
        matrix = vstack([field.by_column[:, columns], ones]).tocsc()
        low = np.concatenate([program.low - used, np.where(field.forced[several], 1.0, -np.inf)])
        high = np.concatenate([program.high - used, np.ones(shape[0])])
        value, most = program.value[columns], np.ones(len(columns))
        if penalty:
            slacks, price = _slacks(field, penalty, shape[0])
            matrix = hstack([matrix, slacks]).tocsc()
            value, most = np.append(value, -price), np.append(most, np.full(len(price), np.inf))
        question = Question(
            value=value,
            start=matrix.indptr,
            row=matrix.indices,
            entry=matrix.data,
            low=low,
            high=high,
            least=np.zeros(len(value)),
            most=most,
            whole=np.arange(len(value)) < len(columns) if whole else None,
            offset=float(program.value @ settled),
        )
        return cls(question, columns, settled)

    def all_columns(self, x: np.ndarray) -> np.ndarray:
        """The choice over all columns of the program."""
        taken = self.settled.copy()
        taken[self.columns] = x[: len(self.columns)]
        return taken


def _slacks(field: _Field, penalty: float, others: int) -> tuple[csc_array, np.ndarray]:
    """Columns by which every side of every row may lack something, and their prices."""
    program = field.program
    over, under = np.flatnonzero(np.isfinite(program.high)), np.flatnonzero(np.isfinite(program.low))
    row = np.concatenate([over, under])
    sign = np.concatenate([-np.ones(len(over)), np.ones(len(under))])
    shape = len(program.low) + others, len(row)
    return csc_array((sign, (row, np.arange(len(row)))), shape), penalty * field.dearest[row]


@dataclass(frozen=True)
class _Found:
    """The best whole choice so far, and a bound on all."""

    taken: np.ndarray | None
    value: float
    bound: float
    impossible: bool = False

    def apart(self) -> float:
        """How far value and bound are apart, relative to the bound."""
        return (self.bound - self.value) / max(abs(self.bound), _NOTHING)


def solve(program: Program, *, time_limit: float = 60.0, gap: float = 1e-3) -> Answer:
    """The best choice within `gap` (relative), at the latest after `time_limit` seconds.

    "infeasible" is proven. Where time was too short to find any choice, `taken` is None and the status "time limit".
    """
    began = time.monotonic()
    if not len(program.value):
        kept = bool(np.all(program.low <= 0) and np.all(program.high >= 0))
        found = _Found(np.zeros(0) if kept else None, 0.0, 0.0, not kept)
        sight = None
    else:
        field = _Field(program)
        sight, relaxed = _priced(field, began + _PRICING_SHARE * time_limit)
        if field.impossible_at(sight.prices):
            found = _Found(None, -np.inf, -np.inf, impossible=True)
        else:
            found = _in_circles(field, sight, relaxed, gap=gap, end=began + time_limit)
    status: Status = "time limit"
    if found.impossible:
        status = "infeasible"
    elif found.taken is not None and found.apart() <= gap:
        status = "optimal" if found.apart() <= _CLOSE else "within gap"
    prices = np.zeros(len(program.low)) if sight is None else sight.prices
    return Answer(found.taken, found.value, found.bound, status, prices, time.monotonic() - began)


def _priced(field: _Field, end: float) -> tuple[_Sight, np.ndarray]:
    """Prices with the least bound found, and the relaxed choice that goes with them."""
    sight = best = _first_sight(field, end)
    relaxed = field.base(sight).astype(float)
    penalty, count = 0, _FIRST_SHOWN
    for _ in range(_ROUNDS):
        shown = field.near(sight, field.distance(sight, count)) | field.turning(sight, relaxed)
        part = _Part.of(field, sight, shown, penalty=_PENALTIES[penalty])
        reply = asked(part.question, end - time.monotonic())
        if reply.x is None:
            break
        relaxed, lacks = part.all_columns(reply.x), reply.x[len(part.columns) :]
        sight = field.seen_at(reply.prices[: len(field.program.low)])
        best = min(best, sight, key=lambda one: one.bound)
        if sight.bound - reply.value > _ENOUGH * max(abs(sight.bound), _NOTHING):
            count = int(count * 1.5)
        elif np.any(lacks > _NOTHING) and penalty + 1 < len(_PENALTIES):
            penalty += 1
        else:
            break
    return best, relaxed


def _first_sight(field: _Field, end: float) -> _Sight:
    """Prices of a sample of the groups, with rows that ask of it what falls to its part of their entries."""
    program, groups = field.program, len(field.starts)
    every = max(groups // _SAMPLED, 1)
    sampled = field.open & (np.arange(groups) % every == 0)[field.group]
    entries = abs(program.matrix)
    all_of, some_of = entries @ np.ones(len(program.value)), entries @ sampled.astype(float)
    share = np.divide(some_of, all_of, out=np.ones(len(all_of)), where=all_of > 0)
    low, high = (
        np.where(share > 0, side * np.where(share > 0, share, 1), wide)
        for side, wide in ((program.low, -np.inf), (program.high, np.inf))
    )
    part_of = _Field(replace(program, low=low, high=high, most=program.most * sampled))
    nobody = part_of.seen_at(np.zeros(len(low)))
    part = _Part.of(part_of, nobody, sampled, penalty=_PENALTIES[0])
    reply = asked(part.question, (end - time.monotonic()) / 2)
    prices = np.zeros(len(low)) if reply.x is None else reply.prices[: len(low)]
    return field.seen_at(prices)


def _in_circles(field: _Field, sight: _Sight, relaxed: np.ndarray, *, gap: float, end: float) -> _Found:
    """Whole choices in widening circles, until value and bound are near enough, or time is up."""
    found = _Found(None, -np.inf, sight.bound)
    parted = (relaxed > _NOTHING) & (relaxed < 1 - _NOTHING)
    doubtful = field.beside(parted | ((relaxed > 0.5) != field.base(sight)))
    for count in _CIRCLES:
        apart = (sight.bound - found.value) * (1 + _CLOSE) + _NOTHING
        reach = min(field.distance(sight, count), apart)
        found = _circle(field, sight, doubtful, found, reach=reach, gap=gap, end=end)
        if found.impossible or found.apart() <= gap or reach >= apart or time.monotonic() >= end:
            break
    return found


def _circle(
    field: _Field, sight: _Sight, doubtful: np.ndarray, found: _Found, *, reach: float, gap: float, end: float
) -> _Found:
    """The best of the choices whose columns lie within reach or are doubtful."""
    shown = field.near(sight, reach) | doubtful
    for _ in range(_MENDINGS):
        part = _Part.of(field, sight, shown, whole=True)
        target = sight.bound - gap * abs(sight.bound)
        reply = asked(replace(part.question, target=target, gap=gap / 4), end - time.monotonic())
        if reply.status != "infeasible":
            return _better(field, part, reply, found, beyond=sight.bound - reach)
        if not np.isfinite(reach):
            return replace(found, impossible=found.taken is None, bound=found.value)
        wider = shown | _mending(field, sight, shown, end)
        if np.array_equal(wider, shown):
            break
        shown = wider
    return found


def _better(field: _Field, part: _Part, reply: Reply, found: _Found, *, beyond: float) -> _Found:
    """What a reply adds: a choice if it is better, a bound if it is lower."""
    bound = min(found.bound, max(reply.bound, beyond))
    if reply.x is not None:
        taken = np.rint(part.all_columns(reply.x))
        value = float(field.program.value @ taken)
        if value > found.value and field.keeps(taken):
            found = replace(found, taken=taken, value=value)
    return replace(found, bound=max(bound, found.value))


def _mending(field: _Field, sight: _Sight, shown: np.ndarray, end: float) -> np.ndarray:
    """Columns of the rows that lack something when the shown ones do their best, nearest first: bool (columns,)."""
    part = _Part.of(field, sight, shown, penalty=_PENALTIES[-1], whole=True)
    reply = asked(replace(part.question, gap=1e-2), end - time.monotonic())
    more = np.zeros(len(shown), bool)
    if reply.x is None:
        return more
    program, done = field.program, field.program.matrix @ part.all_columns(reply.x)
    short = (done > program.high + _NOTHING) | (done < program.low - _NOTHING)
    touched = np.flatnonzero((abs(field.turned) @ short.astype(float) > 0) & field.open & ~shown)
    nearest = touched[np.argsort(sight.loss[touched], kind="stable")[: _CIRCLES[0]]]
    more[nearest] = True
    return field.beside(more)
