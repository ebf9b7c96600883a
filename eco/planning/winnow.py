"""Which of a household's many bundles are kept: none that loses, none that another beats, at most eight.

What is kept must hold what a plan may want of the household whatever money and rationed things come to cost, so
bundles on the efficient frontier of cost against each aim come first: those that some price of money makes the best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

AIMS_WEIGHED = 3  # the first columns of `values`; the others are the same aims in the worst worlds
_FRONTIER, _RATIONED, _FITS, _TOO_LONG = range(4)


@dataclass(frozen=True)
class Kept:
    """Positions of kept bundles, ascending, and how many were left out for each reason."""

    rows: np.ndarray
    losing: int
    beaten: int
    beyond: int  # neither losing nor beaten, but more than a household may have


def winnowed(
    values: np.ndarray, fen: np.ndarray, uses: np.ndarray, *, fits: np.ndarray, home: np.ndarray, most: int
) -> Kept:
    """The bundles kept of every household, at most `most`.

    `values` (bundles, 6): what each brings towards the three aims, then in the worst worlds. `fen` (bundles, 2): once
    and yearly. `uses` (bundles, things): what is rationed, and own days last. `fits` (bundles,): within the
    household's free days. `home` (bundles,) ascending.

    Left out are bundles that bring nothing towards any aim, and those than which another costs no more in either way,
    uses no more of anything and brings no less of all six. Then come, best first: the frontier of first-year cost
    against each aim; the frontiers against all six with any of the rationed things closed; what else fits; what asks
    for more than the free days. Within each, what brings most for a fen towards any aim, beside the household's best.
    """
    starts = np.flatnonzero(np.append(True, home[1:] != home[:-1])) if len(home) else np.zeros(0, int)
    cost = fen.sum(axis=1).astype(float)
    demands = np.concatenate([fen, uses], axis=1).astype(float)
    fate = _fates(values, cost, demands, fits, starts, most)
    return Kept(np.flatnonzero(fate == 0), *(int((fate == why).sum()) for why in (1, 2, 3)))


@numba.njit(nogil=True, cache=True)
def _fates(values, cost, demands, fits, starts, most):  # pragma: no cover - compiled
    """0 kept, 1 losing, 2 beaten, 3 beyond `most`, of every bundle."""
    fate = np.zeros(len(cost), np.uint8)
    for run in range(len(starts)):
        low = starts[run]
        high = starts[run + 1] if run + 1 < len(starts) else len(cost)
        mine = fate[low:high]
        _mark_hopeless(mine, values[low:high], demands[low:high])
        live = np.flatnonzero(mine == 0)
        if len(live) > most:
            tier = _tiers(values[low:high], cost[low:high], demands[low:high], fits[low:high], live)
            rank = _per_fen(values[low:high], cost[low:high], live)
            for _ in range(len(live) - most):
                worst = live[0]
                for one in live:
                    if mine[one] == 0 and (
                        mine[worst] != 0
                        or tier[one] > tier[worst]
                        or (tier[one] == tier[worst] and rank[one] <= rank[worst])
                    ):
                        worst = one
                mine[worst] = 3
    return fate


@numba.njit(nogil=True, cache=True)
def _mark_hopeless(fate, values, demands):  # pragma: no cover - compiled
    """Mark losing bundles 1 and beaten ones 2, in place; of two that are alike the later is beaten."""
    for one in range(len(fate)):
        if not np.any(values[one, :AIMS_WEIGHED] > 0):
            fate[one] = 1
    for one in range(len(fate)):
        for other in range(len(fate)):
            if fate[one] == 0 and fate[other] == 0 and other != one:
                no_worse = np.all(values[other] >= values[one]) and np.all(demands[other] <= demands[one])
                alike = np.all(values[other] == values[one]) and np.all(demands[other] == demands[one])
                if no_worse and (not alike or other < one):
                    fate[one] = 2


@numba.njit(nogil=True, cache=True)
def _tiers(values, cost, demands, fits, live):  # pragma: no cover - compiled
    """The tier of every live bundle, 0 the first to be kept."""
    tier = np.full(len(cost), _TOO_LONG)
    for one in live:
        if fits[one]:
            tier[one] = _FITS
    rationed = demands.shape[1] - 3  # neither the two costs nor the days
    for closed in range(2**rationed):
        open_ = np.zeros(len(cost), np.bool_)
        for one in live:
            open_[one] = fits[one]
            for thing in range(rationed):
                if closed >> thing & 1 and demands[one, 2 + thing] > 0:
                    open_[one] = False
        for aim in range(values.shape[1]):
            new = _FRONTIER if closed == 0 and aim < AIMS_WEIGHED else _RATIONED
            for one in _frontier(cost, values[:, aim], np.flatnonzero(open_)):
                tier[one] = min(tier[one], new)
    return tier


@numba.njit(nogil=True, cache=True)
def _frontier(cost, value, rows):  # pragma: no cover - compiled
    """Rows on the upper convex hull of value over cost that begins at nothing for nothing."""
    order = rows[np.argsort(cost[rows], kind="mergesort")]
    hull = np.empty(len(rows), np.int64)
    size = 0
    for one in order:
        if value[one] <= (value[hull[size - 1]] if size else 0.0):
            continue
        while size:
            last = hull[size - 1]
            from_cost = cost[hull[size - 2]] if size > 1 else 0.0
            from_value = value[hull[size - 2]] if size > 1 else 0.0
            before = (value[last] - from_value) * (cost[one] - cost[last])
            if before > (value[one] - value[last]) * (cost[last] - from_cost):
                break
            size -= 1
        hull[size] = one
        size += 1
    return hull[:size]


@numba.njit(nogil=True, cache=True)
def _per_fen(values, cost, live):  # pragma: no cover - compiled
    """The most that a bundle brings for a fen towards any aim, as a part of the household's best towards it."""
    rank = np.zeros(len(cost))
    for aim in range(AIMS_WEIGHED):
        best = 0.0
        for one in live:
            best = max(best, values[one, aim] / max(cost[one], 1.0))
        for one in live:
            if best > 0:
                rank[one] = max(rank[one], values[one, aim] / max(cost[one], 1.0) / best)
    return rank
