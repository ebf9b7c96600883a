"""Sums over links, households and villages, compiled: every sum in a fixed order, so that no split changes a digit."""

from __future__ import annotations

import numba
import numpy as np


@numba.vectorize(["float32(float32, float32, float32)"], cache=True)
def given_up_a_day(days, free, pay):
    """Migrant pay given up for days beyond the free ones, a day worked: pay x max(days - free, 0) / days.

    >>> [float(given_up_a_day(*np.float32([days, 30, 150]))) for days in (0, 20, 40)]
    [0.0, 0.0, 37.5]
    """
    return pay * max(days - free, np.float32(0)) / max(days, np.float32(1e-6))  # no branch: SIMD takes both


@numba.njit(nogil=True, cache=True, fastmath={"reassoc"})
def row_means(values):  # pragma: no cover - compiled
    """Mean of every row in double precision: float32 (rows, draws) to (rows,).

    >>> row_means(np.array([[1, 2, 6]], np.float32)).tolist()
    [3.0]
    """
    means = np.empty(values.shape[0])
    for row in range(values.shape[0]):
        total = 0.0
        for draw in range(values.shape[1]):
            total += values[row, draw]
        means[row] = total / values.shape[1]
    return means


@numba.njit(nogil=True, cache=True)
def add_rows(total, household, yuan):  # pragma: no cover - compiled
    """Add rows of links (links, draws or 1) to the rows of their households, in place and in order.

    >>> total = np.zeros((2, 2), np.float32)
    >>> add_rows(total, np.array([1, 1]), np.array([[1, 2], [3, 4]], np.float32))
    >>> total.tolist()
    [[0.0, 0.0], [4.0, 6.0]]
    """
    for link in range(len(household)):
        row = total[household[link]]
        if yuan.shape[1] == 1:
            row += yuan[link, 0]
        else:
            row += yuan[link]


@numba.njit(nogil=True, cache=True)
def add_outer(total, household, column, worlds):  # pragma: no cover - compiled
    """Add column (links, 1) x worlds (1, draws or 1) to the rows of their households, in place and in order.

    >>> total = np.zeros((2, 2), np.float32)
    >>> add_outer(total, np.array([1, 1]), np.float32([[1], [2]]), np.float32([[10, 20]]))
    >>> total.tolist()
    [[0.0, 0.0], [30.0, 60.0]]
    """
    for link in range(len(household)):
        row = total[household[link]]
        if worlds.shape[1] == 1:
            row += column[link, 0] * worlds[0, 0]
        else:
            row += column[link, 0] * worlds[0]


@numba.njit(nogil=True, cache=True)
def sum_runs(values, starts):  # pragma: no cover - compiled
    """Sums over runs of rows in double precision: float32 (rows, draws) to (runs, draws); starts say where.

    >>> sum_runs(np.array([[1], [2], [4]], np.float32), np.array([0, 2])).tolist()
    [[3.0], [4.0]]
    """
    sums = np.zeros((len(starts), values.shape[1]))
    for run in range(len(starts)):
        end = starts[run + 1] if run + 1 < len(starts) else len(values)
        for row in range(starts[run], end):
            for draw in range(values.shape[1]):
                sums[run, draw] += values[row, draw]
    return sums


@numba.njit(nogil=True, cache=True)
def add_in_order(total, rows):  # pragma: no cover - compiled
    """Add rows (villages, draws or 1) to a total (draws,) one after the other, so that no split changes a digit.

    >>> total = np.zeros(2)
    >>> add_in_order(total, np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> total.tolist()
    [4.0, 6.0]
    """
    for row in range(rows.shape[0]):
        if rows.shape[1] == 1:
            total += rows[row, 0]
        else:
            total += rows[row]


@numba.njit(nogil=True, cache=True)
def count_persons(
    counts, starts, recurrent, base, persons, known, line, threshold
):  # pragma: no cover - compiled
    """Add persons to counts (9, villages, draws): gaining, above without and with, crossing up and down, gaps.

    A household gains where its recurrent gain is above 0 and at least threshold x base x persons; it stands
    above where base + gain / persons >= line. A gap is (line - income) / line below the line, times persons:
    counts 5 and 6 hold gaps without and with, 7 and 8 their squares. `recurrent` (households, draws) is yuan a
    household, `base` (households, 1 or draws) yuan a person. Returns in how many worlds each household stands above.
    """
    above = np.zeros(len(persons), np.int64)
    village = -1
    before = np.empty(recurrent.shape[1], np.float32)
    nothing = np.float32(0)
    for home in range(len(persons)):
        village += village + 1 < len(starts) and starts[village + 1] == home
        if base.shape[1] == 1:
            before[:] = base[home, 0]
        else:
            before[:] = base[home]
        who, judged = persons[home], persons[home] * known[home]
        for draw in range(len(before)):
            gain, without = recurrent[home, draw], before[draw]
            was = known[home] and without >= line
            stands = known[home] and gain >= (line - without) * who
            gaining = gain > 0 and gain >= threshold * without * who
            above[home] += stands
            counts[0, village, draw] += who * gaining
            counts[1, village, draw] += who * was
            counts[2, village, draw] += who * stands
            counts[3, village, draw] += who * (stands and not was)
            counts[4, village, draw] += who * (was and not stands)
            short = max(line - without, nothing) / line
            still = nothing if stands else max(line - without - gain / who, nothing) / line
            counts[5, village, draw] += judged * short
            counts[6, village, draw] += judged * still
            counts[7, village, draw] += judged * short * short
            counts[8, village, draw] += judged * still * still
    return above


@numba.njit(nogil=True, cache=True)
def count_incomes(bins, income, recurrent, persons, known, first, width):  # pragma: no cover - compiled
    """Add persons to bins (draws, bins) of income per head, income + recurrent / persons; the ends are open.

    `income` (households, 1 or draws) yuan a person, `recurrent` (households, draws) yuan a household. Whole
    numbers, so the order of counting changes nothing. Worlds go in groups that stay in the cache.
    """
    most = bins.shape[1] - 1
    for begin in range(0, bins.shape[0], 16):
        for home in range(len(persons)):
            if known[home]:
                for draw in range(begin, min(begin + 16, bins.shape[0])):
                    own = income[home, draw if income.shape[1] > 1 else 0]
                    per_head = own + recurrent[home, draw if recurrent.shape[1] > 1 else 0] / persons[home]
                    at = min(max((per_head - first) / width, 0), most)
                    bins[draw, int(at)] += persons[home]
