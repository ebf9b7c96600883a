"""Which of a household's many bundles are kept: none that loses, none that another beats, at most eight.

A plan wants of a household whichever bundle brings most beside what it costs and what it takes of scarce things. What
money and seedlings come to cost is not known before the plan, but a sample of households tells it near enough: for
every worth of a yuan there is a price of seedlings at which the sample asks for just its part of the nursery. The
bundles kept are those that do best over all such cases together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

# What a fen must bring, as a part of the most that any fen brings; 0: money is no object.
_WORTHS = (0.0, *(2.0 ** (-step / 2) for step in range(11, 0, -1)))
# What a hive's flowers cost, as a part of what a hive brings: nobody else wants them, somebody does, all are taken.
_HIVE_PRICES = np.array([0.0, 0.5, np.inf])
_HALVINGS = 20
_HIVES, _GRASS, _TREES, _POSTS, _DAYS = range(5)


@dataclass(frozen=True)
class Bundles:
    """Bundles of several households before any is left out, all (bundles,) or (bundles, n).

    `values`: what each brings towards the three aims, then towards the same in the worst worlds. `fen`: once and
    yearly. `uses`: hives, mu of grass and of trees, posts, own days. `fits`: within the household's free days. `home`:
    number of its household, ascending.
    """

    values: np.ndarray
    fen: np.ndarray
    uses: np.ndarray
    fits: np.ndarray
    home: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[Bundles]) -> Bundles:
        """Bundles of chunks of households, one after the other."""
        before = np.cumsum([0, *(part.home.max(initial=-1) + 1 for part in parts)])
        homes = [part.home + low for part, low in zip(parts, before)]
        values, fen, uses, fits = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("values", "fen", "uses", "fits")
        )
        return cls(values, fen, uses, fits, np.concatenate(homes))

    @property
    def cost(self) -> np.ndarray:
        """Fen in the first year, (bundles,)."""
        return self.fen.sum(axis=1).astype(float)

    @property
    def starts(self) -> np.ndarray:
        """Where households begin, and the end."""
        first = np.flatnonzero(np.append(True, self.home[1:] != self.home[:-1]))
        return np.append(first[: len(self.home)], len(self.home))


@dataclass(frozen=True)
class Kept:
    """Positions of kept bundles, ascending, and how many were left out for each reason."""

    rows: np.ndarray
    losing: int
    beaten: int
    beyond: int  # neither losing nor beaten, but more than a household may have


def guide_of(sample: Bundles, *, grass_mu: float) -> np.ndarray:
    """Cases that a plan may come to: value column, worth of a fen, price of a mu of grass, trees or none, weight.

    One row a case, float64 (cases, 5). For every column of values, with and without trees, and for every worth w of a
    fen, the price p is the least at which the sample's households, each with the bundle of most value - w x fen - p x
    mu, ask for no more than `grass_mu`. A case weighs one over what its bundles bring, so that all count alike.
    """
    cases = []
    for column in range(sample.values.shape[1]):
        value = np.ascontiguousarray(sample.values[:, column])
        best = (value / np.maximum(sample.cost, 1))[sample.fits].max(initial=0.0)
        for trees in (1.0, 0.0):
            # Posts are rationed by township: who gets one is in no case of the others.
            able = sample.fits & (sample.uses[:, _POSTS] == 0) & ((sample.uses[:, _TREES] == 0) | (trees > 0))
            for worth in _WORTHS:
                net = np.where(able, value - worth * best * sample.cost, 0.0)
                price = _price(net, sample, grass_mu)
                _, brought = _asked(net, value, sample.uses[:, _GRASS], sample.starts, price)
                if brought > 0:
                    cases.append((column, worth * best, price, trees, 1 / brought))
    return np.array(cases, float).reshape(-1, 5)


def winnowed(bundles: Bundles, guide: np.ndarray, *, most: int) -> Kept:
    """The bundles kept of every household, at most `most`, for the cases of a guide.

    Left out are bundles that bring nothing towards any aim, and those than which another costs no more in either way,
    uses no more of anything and brings no less of all six values. Of the others, within the free days, those are kept
    by which a household does best over all cases, hives at any price and posts to be had or not: one after the other
    whichever adds most. Places left go to what brings most for a fen, last to what asks for more than the free days.
    """
    demands = np.concatenate([bundles.fen, bundles.uses], axis=1).astype(float)
    fate = _fates(
        bundles.values, bundles.cost, demands, bundles.uses, bundles.fits, bundles.starts, guide, most
    )
    return Kept(np.flatnonzero(fate == 0), *(int((fate == why).sum()) for why in (1, 2, 3)))


def _price(net: np.ndarray, sample: Bundles, grass_mu: float) -> float:
    """The least price of a mu at which no more than there is is asked for, by halving; 0 where there is enough."""
    mu = sample.uses[:, _GRASS]
    if _asked(net, net, mu, sample.starts, 0.0)[0] <= grass_mu:
        return 0.0
    low, high = 0.0, (net / np.maximum(mu, 1e-9))[mu > 0].max()
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _asked(net, net, mu, sample.starts, middle)[0] > grass_mu:
            low = middle
        else:
            high = middle
    return high


@numba.njit(nogil=True, cache=True)
def _asked(net, value, mu, starts, price):  # pragma: no cover - compiled
    """Mu that households ask for at a price, each with its best bundle or none, and what these bring."""
    asked, brought = 0.0, 0.0
    for home in range(len(starts) - 1):
        best, own_mu, own_value = 0.0, 0.0, 0.0
        for one in range(starts[home], starts[home + 1]):
            if net[one] - price * mu[one] > best:
                best, own_mu, own_value = net[one] - price * mu[one], mu[one], value[one]
        asked += own_mu
        brought += own_value
    return asked, brought


@numba.njit(nogil=True, cache=True)
def _fates(values, cost, demands, uses, fits, starts, guide, most):  # pragma: no cover - compiled
    """0 kept, 1 losing, 2 beaten, 3 beyond `most`, of every bundle."""
    fate = np.zeros(len(cost), np.uint8)
    for home in range(len(starts) - 1):
        low, high = starts[home], starts[home + 1]
        mine = fate[low:high]
        _mark_hopeless(mine, values[low:high], demands[low:high])
        live = low + np.flatnonzero(mine == 0)
        if len(live) > most:
            fate[live] = 3
            fitting = live[fits[live]]
            scores = _scores(values[fitting], cost[fitting], uses[fitting], guide)
            for one in _best_together(scores, most):
                fate[fitting[one]] = 0
            _fill(fate, live, values, cost, fits, most)
    return fate


@numba.njit(nogil=True, cache=True)
def _mark_hopeless(fate, values, demands):  # pragma: no cover - compiled
    """Mark losing bundles 1 and beaten ones 2, in place; of two that are alike the later is beaten."""
    for one in range(len(fate)):
        if not np.any(values[one, : values.shape[1] // 2] > 0):
            fate[one] = 1
    for one in range(len(fate)):
        for other in range(len(fate)):
            if fate[one] == 0 and fate[other] == 0 and other != one:
                no_worse = np.all(values[other] >= values[one]) and np.all(demands[other] <= demands[one])
                alike = np.all(values[other] == values[one]) and np.all(demands[other] == demands[one])
                if no_worse and (not alike or other < one):
                    fate[one] = 2


@numba.njit(nogil=True, cache=True)
def _scores(values, cost, uses, guide):  # pragma: no cover - compiled
    """What each bundle is worth in every case and price of hives, posts to be had or not: (cases, bundles), >= 0."""
    with_posts = 1 + np.any(uses[:, _POSTS] > 0)
    scores = np.zeros((len(guide) * len(_HIVE_PRICES) * with_posts, len(cost)))
    case = 0
    for row in range(len(guide)):
        column, worth, mu_price, trees, weight = guide[row]
        net = values[:, int(column)] - worth * cost - mu_price * uses[:, _GRASS]
        a_hive = _alone(net, uses)
        for level in _HIVE_PRICES:
            for posts in range(with_posts):
                for one in range(len(cost)):
                    shut = (
                        (uses[one, _TREES] > 0 and trees == 0)
                        or (uses[one, _POSTS] > 0 and posts == 0)
                        or (uses[one, _HIVES] > 0 and level == np.inf)
                    )
                    if not shut:
                        hives = level * a_hive * uses[one, _HIVES] if uses[one, _HIVES] > 0 else 0.0
                        scores[case, one] = max(net[one] - hives, 0.0) * weight
                case += 1
    return scores


@numba.njit(nogil=True, cache=True)
def _alone(net, uses):  # pragma: no cover - compiled
    """The most that a hive brings in a bundle of hives alone, 0 where there is none."""
    most = 0.0
    for one in range(len(net)):
        if uses[one, _HIVES] > 0 and uses[one, _GRASS] + uses[one, _TREES] + uses[one, _POSTS] == 0:
            most = max(most, net[one] / uses[one, _HIVES])
    return most


@numba.njit(nogil=True, cache=True)
def _best_together(scores, most):  # pragma: no cover - compiled
    """Bundles chosen one after the other, each adding most to the sum over cases of the best of those chosen."""
    best = np.zeros(len(scores))
    chosen = np.empty(min(most, scores.shape[1]), np.int64)
    for place in range(len(chosen)):
        which, gain = -1, 0.0
        for one in range(scores.shape[1]):
            more = 0.0
            for case in range(len(scores)):
                more += max(scores[case, one] - best[case], 0.0)
            if more > gain:
                which, gain = one, more
        if which < 0:
            return chosen[:place]
        chosen[place] = which
        best = np.maximum(best, scores[:, which])
    return chosen


@numba.njit(nogil=True, cache=True)
def _fill(fate, live, values, cost, fits, most):  # pragma: no cover - compiled
    """Keep of what is left what fits first and brings most for a fen towards any aim, beside the household's best."""
    rank = np.zeros(len(live))
    for aim in range(values.shape[1] // 2):
        a_fen = values[live, aim] / np.maximum(cost[live], 1.0)
        if a_fen.max() > 0:
            rank = np.maximum(rank, a_fen / a_fen.max())
    rank += 2.0 * fits[live]
    for _ in range(most - np.count_nonzero(fate[live] == 0)):
        which = -1
        for at in range(len(live)):
            if fate[live[at]] != 0 and (which < 0 or rank[at] > rank[which]):
                which = at
        fate[live[which]] = 0
