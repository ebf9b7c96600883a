"""Prices of a plan's rows, what nobody can beat at them, and the relaxed choice they come from.

With prices y of the rows (y > 0 where more of `high` helps, y < 0 where less of `low` does) every choice x that keeps
the rows satisfies

    v x <= L(y) = sum_i max(y_i high_i, y_i low_i) + sum_g max(0, max over b of g of v_b - (y A)_b)

for groups g of which at most one column is taken: weak duality, whatever y. The `loss` of a column is how far it lies
behind the best of its group at these prices; a choice that takes a column of loss l has a value of at most L(y) - l.

Prices come from the relaxed question, of which only columns near the best of their group are shown to HiGHS, time and
again until the value of what was shown meets L(y): on whole counties ten times as fast as the question shown whole.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array, csr_array, hstack, vstack

from eco.planning.highs import Question, asked
from eco.planning.programs import Program

CLOSE = 1e-6  # relative distance at which value and bound are the same
NOTHING = 1e-6  # of a column, or of what a row lacks
# Price of what a row lacks, as a multiple of the dearest column's value a unit: raised while something is lacking.
PENALTIES = (1.0, 1e2, 1e4)
_KEPT = 1e-12, 1e-9  # excess at which a row is still kept: of the sum of its entries' sizes, and at all
_ROUNDS = 60  # of pricing
_PRICING_GAP = 0.1  # of the gap asked: the relative distance at which pricing ends
_AT_ONCE = 8000  # columns: so few are shown whole
_FIRST_SHOWN = 4000
_STEPS = (0.75, 0.5, 0.25, 0.1)  # of the way to new prices
_SAMPLED = 1500  # groups whose prices come first


@dataclass(frozen=True)
class Sight:
    """All columns at given prices: how far behind the best of its group each is, and what nobody can beat."""

    prices: np.ndarray
    bound: float
    loss: np.ndarray  # (columns,): of taking it; inf where it cannot be taken
    loss_none: np.ndarray  # (groups,): of taking none of the group
    best: np.ndarray  # (groups,): column taken, -1 for none


@dataclass(frozen=True)
class Field:
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
        group = np.cumsum(np.append(0, own[1:] != own[:-1]))
        if group[-1] + 1 != len(np.unique(own)):
            raise ValueError("the columns of a group do not stand together")
        return group

    @cached_property
    def starts(self) -> np.ndarray:
        """First column of every group."""
        return np.flatnonzero(np.append(True, self.group[1:] != self.group[:-1]))

    @cached_property
    def forced(self) -> np.ndarray:
        """Groups of which a column must be taken, bool (groups,)."""
        return np.maximum.reduceat(self.program.least, self.starts) > 0

    @property
    def torn(self) -> bool:
        """Whether two columns of a group must be taken, or one that cannot be."""
        forced = np.add.reduceat((self.program.least > 0).astype(int), self.starts)
        return bool((forced > 1).any() or (self.program.least > self.program.most).any())

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

    def seen_at(self, prices: np.ndarray) -> Sight:
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
        return Sight(y, rows + float(best_value.sum()), loss, none, best)

    def impossible_at(self, prices: np.ndarray) -> bool:
        """Whether prices prove that no choice keeps the rows: then even choices worth nothing have a bound below 0."""
        worthless = Field(replace(self.program, value=np.zeros(len(self.program.value))))
        size = float(np.abs(prices) @ np.abs(self.program.matrix).max(axis=1).toarray().ravel())
        return worthless.seen_at(prices).bound < -CLOSE * max(size, NOTHING)

    def distance(self, sight: Sight, count: int) -> float:
        """The loss within which about `count` columns, or groups left out, lie."""
        losses = np.concatenate([sight.loss, sight.loss_none[sight.best >= 0]])
        losses = losses[np.isfinite(losses)]
        return float(np.partition(losses, count)[count]) if count < len(losses) else np.inf

    def near(self, sight: Sight, reach: float) -> np.ndarray:
        """Columns of a loss within reach, of groups that have more than one way within it: bool (columns,)."""
        within = self.open & (sight.loss <= reach)
        ways = np.bincount(self.group[within], minlength=len(self.starts)) + (sight.loss_none <= reach)
        return within & (ways > 1)[self.group]

    def unseen(self, sight: Sight, shown: np.ndarray) -> float:
        """The least loss of what the question of shown columns leaves out; inf where it leaves out nothing."""
        untouched = np.bincount(self.group[shown], minlength=len(self.starts)) == 0
        settled = untouched & (sight.best >= 0)
        out = self.open & ~shown
        out[sight.best[settled]] = False
        return float(min(sight.loss[out].min(initial=np.inf), sight.loss_none[settled].min(initial=np.inf)))

    def beside(self, columns: np.ndarray) -> np.ndarray:
        """All open columns of the groups that some columns are of: bool (columns,)."""
        some = np.zeros(len(self.starts), bool)
        some[self.group[columns]] = True
        return self.open & some[self.group]

    def base(self, sight: Sight) -> np.ndarray:
        """The best column of every group at some prices: bool (columns,)."""
        taken = np.zeros(len(sight.loss), bool)
        taken[sight.best[sight.best >= 0]] = True
        return taken

    def turning(self, sight: Sight, relaxed: np.ndarray) -> np.ndarray:
        """The columns that a relaxed choice takes, and the best, of groups where the two differ: bool (columns,)."""
        base = self.base(sight)
        differ = np.zeros(len(self.starts), bool)
        differ[self.group[np.abs(relaxed - base) > NOTHING]] = True
        return (base | (relaxed > NOTHING)) & differ[self.group] & self.open

    def keeps(self, taken: np.ndarray) -> bool:
        """Whether a whole choice keeps all rows."""
        done = self.program.matrix @ taken
        slack = _KEPT[0] * (np.abs(self.program.matrix) @ taken) + _KEPT[1]
        return bool(np.all(done <= self.program.high + slack) and np.all(done >= self.program.low - slack))


@dataclass(frozen=True)
class Part:
    """A question of which some columns are shown and all other groups are settled at the best of their prices."""

    question: Question
    columns: np.ndarray  # positions of the shown columns
    settled: np.ndarray  # (columns,): 1 where a column is taken for settled

    @classmethod
    def of(cls, field: Field, sight: Sight, shown: np.ndarray, *, penalty: float = 0.0, whole: bool = False):
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


def _slacks(field: Field, penalty: float, others: int) -> tuple[csc_array, np.ndarray]:
    """Columns by which every side of every row may lack something, and their prices."""
    program = field.program
    over, under = np.flatnonzero(np.isfinite(program.high)), np.flatnonzero(np.isfinite(program.low))
    row = np.concatenate([over, under])
    sign = np.concatenate([-np.ones(len(over)), np.ones(len(under))])
    shape = len(program.low) + others, len(row)
    return csc_array((sign, (row, np.arange(len(row)))), shape), penalty * field.dearest[row]


def priced(
    field: Field,
    end: float,
    *,
    gap: float,
    start: np.ndarray | None = None,
    penalties: tuple[float, ...] = PENALTIES,
) -> tuple[Sight, np.ndarray]:
    """Prices with the least bound found, and the relaxed choice that goes with them, (columns,).

    `start` (rows,) are prices to begin with. Rows that cannot be kept are left lacking at the last of the `penalties`.
    """
    if start is None and field.open.sum() <= _AT_ONCE and (whole := _priced_at_once(field, end)) is not None:
        return whole
    sight = best = _first_sight(field, end) if start is None else field.seen_at(start)
    relaxed = field.base(sight).astype(float)
    penalty, count, enough = 0, _FIRST_SHOWN, max(gap * _PRICING_GAP, CLOSE)
    for _ in range(_ROUNDS):
        shown = field.near(sight, field.distance(sight, count)) | field.turning(sight, relaxed)
        part = Part.of(field, sight, shown, penalty=penalties[penalty])
        reply = asked(part.question, end - time.monotonic())
        if reply.x is None:
            break
        relaxed, lacks = part.all_columns(reply.x), reply.x[len(part.columns) :]
        sight = field.seen_at(reply.prices[: len(field.program.low)])
        best = min(best, _on_the_way(field, best, sight), key=lambda one: one.bound)
        if best.bound - reply.value > enough * max(abs(best.bound), NOTHING):
            count = int(count * 1.5)
        elif np.any(lacks > NOTHING) and penalty + 1 < len(penalties):
            penalty += 1
        else:
            break
    return best, relaxed


def _priced_at_once(field: Field, end: float) -> tuple[Sight, np.ndarray] | None:
    """Prices of the relaxed question shown whole; None where its rows cannot be kept, or not in half the time."""
    part = Part.of(field, field.seen_at(np.zeros(len(field.program.low))), field.open)
    now = time.monotonic()
    reply = asked(part.question, (end - now) / 2)
    if reply.x is None:
        return None
    return field.seen_at(reply.prices[: len(field.program.low)]), part.all_columns(reply.x)


def _on_the_way(field: Field, best: Sight, new: Sight) -> Sight:
    """The prices of the lowest bound between the best so far and new ones: the bound is convex, new ones overshoot."""
    step = new.prices - best.prices
    return min(
        [new, *(field.seen_at(best.prices + part * step) for part in _STEPS)], key=lambda one: one.bound
    )


def _first_sight(field: Field, end: float) -> Sight:
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
    part_of = Field(replace(program, low=low, high=high, most=program.most * sampled))
    nobody = part_of.seen_at(np.zeros(len(low)))
    part = Part.of(part_of, nobody, sampled, penalty=PENALTIES[0])
    reply = asked(part.question, (end - time.monotonic()) / 2)
    prices = np.zeros(len(low)) if reply.x is None else reply.prices[: len(low)]
    return field.seen_at(prices)
