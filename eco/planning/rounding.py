"""A whole choice near a relaxed one, at once: so that there is an answer even where HiGHS has no time for any.

What the relaxed choice has more than half of is taken. Then, one group after another, the change that mends most of
what the rows lack for the least loss, until all rows are kept; last whatever still fits and brings something.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.sparse import csc_array, hstack

from eco.planning.pricing import NOTHING, Field, Sight

_HALF = 0.5
_NEAREST = 4000  # columns looked at first
_FURTHER = 20_000  # of rows that lack something, where the nearest do not mend them
_AT_ONCE = 500  # changes made together
_URGED = 3.0  # times the weight, of rows that nothing mends
_DEARER = 2.0  # times the cheapest: made with it
_PATIENCE = 40  # rounds of changes in which rows do not come to lack less
_SLIGHT = 1e-12, 1e-9  # by which a row may be passed: of its side, and at all


def rounded(field: Field, sight: Sight, relaxed: np.ndarray, end: float) -> np.ndarray | None:
    """A choice that keeps the rows, (columns,) 0 or 1; None where none was come by in half the time until `end`.

    Where the nearest comes to nothing, it is begun with nothing, in half of what is left.
    """
    nothing = np.where(field.forced, sight.best, -1)
    most = np.flatnonzero((relaxed > _HALF) & field.open)
    nearest = nothing.copy()
    nearest[field.group[most]] = most
    for column in (nearest, nothing):
        now = time.monotonic()
        until = now + (end - now) / 2
        mended = _mended(field, sight, column, until)
        if mended is not None:
            taken = _taken(field, _filled(field, sight, mended, until))
            if field.keeps(taken):
                return taken
    return None


def _taken(field: Field, column: np.ndarray) -> np.ndarray:
    taken = np.zeros(len(field.group))
    taken[column[column >= 0]] = 1
    return taken


def _with_none(field: Field) -> csc_array:
    """The matrix by columns, and at its end one for none, so that column -1 is nothing."""
    return csc_array(hstack([field.by_column, csc_array((len(field.program.low), 1))]))


def _changes(field: Field, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All ways of the groups of shown columns: groups, and the column each would get, -1 for none."""
    columns = np.flatnonzero(shown)
    groups = np.unique(field.group[columns])
    none = groups[~field.forced[groups]]
    return np.append(field.group[columns], none), np.append(columns, np.full(len(none), -1))


def _mended(field: Field, sight: Sight, column: np.ndarray, end: float) -> np.ndarray | None:
    """The columns of all groups, changed until the rows are kept, (groups,); None where that comes to no end.

    Where no change mends anything, what is lacking is weighed more: a way out leads over other rows.
    """
    by_column, column = _with_none(field), column.copy()
    done = field.program.matrix @ _taken(field, column)
    usual = _weights(field, sight)
    weight, least, waited = usual.copy(), np.inf, 0
    shown, further = field.near(sight, field.distance(sight, _NEAREST)), False
    group, to = _changes(field, shown)
    while (lack := _lacking(field, done)).any():
        waited = 0 if lack @ usual < least else waited + 1
        least = min(least, float(lack @ usual))
        if time.monotonic() >= end or waited > _PATIENCE:
            return None
        moved = csc_array(by_column[:, to] - by_column[:, column[group]])
        dear = np.maximum(_loss(sight, group, to) - _loss(sight, group, column[group]), 0) + NOTHING
        cheapest = _cheapest(field, moved, dear, done, weight)
        for one in _still_mending(field, moved, cheapest, group, done, weight):
            column[group[one]] = to[one]
        if not len(cheapest):
            weight[lack > 0] *= _URGED if further else 1
            shown, further = shown | _touching(field, sight, lack > 0), True
            group, to = _changes(field, shown)
    return column


def _cheapest(
    field: Field, moved: csc_array, dear: np.ndarray, done: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Changes that mend something, cheapest first: those that lose not much more for it than the cheapest."""
    at = moved.tocoo()
    mends = np.bincount(at.col, _mends(field, at.row, at.data, done, weight), minlength=len(dear))
    price = np.divide(dear, mends, out=np.full(len(mends), np.inf), where=mends > NOTHING)
    cheapest = np.argsort(price, kind="stable")[:_AT_ONCE]
    return cheapest[price[cheapest] < _DEARER * price.min(initial=np.inf)]


def _still_mending(
    field: Field,
    moved: csc_array,
    changes: np.ndarray,
    group: np.ndarray,
    done: np.ndarray,
    weight: np.ndarray,
) -> list[int]:
    """Those of the changes that still mend something after the ones before; `done` comes to what they make of it."""
    made: dict[int, int] = {}
    for at in changes:
        here = slice(moved.indptr[at], moved.indptr[at + 1])
        rows, more = moved.indices[here], moved.data[here]
        if group[at] not in made and _mends(field, rows, more, done, weight).sum() > NOTHING:
            done[rows] += more
            made[group[at]] = int(at)
    return list(made.values())


def _lacking(field: Field, done: np.ndarray, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
    """By how much rows pass their sides."""
    high, low = field.program.high[rows], field.program.low[rows]
    size = [np.where(np.isfinite(side), np.abs(side), 0) for side in (high, low)]
    over = done - high > _SLIGHT[0] * size[0] + _SLIGHT[1]
    under = low - done > _SLIGHT[0] * size[1] + _SLIGHT[1]
    return np.where(over, done - high, 0) + np.where(under, low - done, 0)


def _mends(
    field: Field, rows: np.ndarray, more: np.ndarray, done: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """By how much less rows lack with more in them, weighed."""
    return (_lacking(field, done[rows], rows) - _lacking(field, done[rows] + more, rows)) * weight[rows]


def _weights(field: Field, sight: Sight) -> np.ndarray:
    """What a unit that rows lack is taken for: twice its price, at least the usual value of their largest entry."""
    largest = abs(field.program.matrix).max(axis=1).toarray().ravel()
    values = np.abs(field.program.value[field.program.value != 0])
    usual = float(np.median(values)) if len(values) else 1.0
    return np.maximum(2 * np.abs(sight.prices), usual / np.maximum(largest, NOTHING))


def _loss(sight: Sight, group: np.ndarray, column: np.ndarray) -> np.ndarray:
    return np.where(column >= 0, sight.loss[column], sight.loss_none[group])


def _touching(field: Field, sight: Sight, rows: np.ndarray) -> np.ndarray:
    """The nearest open columns of some rows, bool (columns,)."""
    touched = np.flatnonzero((abs(field.turned) @ rows.astype(float) > 0) & field.open)
    shown = np.zeros(len(field.group), bool)
    shown[touched[np.argsort(sight.loss[touched], kind="stable")[:_FURTHER]]] = True
    return shown


def _filled(field: Field, sight: Sight, column: np.ndarray, end: float) -> np.ndarray:
    """The columns of all groups, changed wherever the rows stay kept and more is brought, nearest first."""
    by_column, column = _with_none(field), column.copy()
    value, done = np.append(field.program.value, 0.0), field.program.matrix @ _taken(field, column)
    group, to = _changes(field, field.near(sight, field.distance(sight, _NEAREST)))
    loss = _loss(sight, group, to)
    for at in np.argsort(loss, kind="stable"):
        before, after = column[group[at]], to[at]
        nearer = loss[at] < (sight.loss[before] if before >= 0 else sight.loss_none[group[at]])
        if before == after or not (nearer or value[after] > value[before]):
            continue
        if time.monotonic() >= end:
            break
        rows = np.append(_put(by_column, done, after, 1), _put(by_column, done, before, -1))
        if _lacking(field, done[rows], rows).any():
            _put(by_column, done, after, -1)
            _put(by_column, done, before, 1)
        else:
            column[group[at]] = after
    return column


def _put(by_column: csc_array, done: np.ndarray, column: int, times: int) -> np.ndarray:
    """Add a column to the rows' sums so many times; the rows it stands in."""
    last = by_column.shape[1] - 1
    start, stop = by_column.indptr[column % (last + 1)], by_column.indptr[column % (last + 1) + 1]
    rows = by_column.indices[start:stop]
    done[rows] += times * by_column.data[start:stop]
    return rows
