"""Whether a number gives a household away: the counts and the heaviest shares behind every published total.

A total of a place, the difference of two totals that stand beside each other, and what is left when shown places are
taken from the place above are all numbers that a reader has, and all obey the same rules. With s the sum of the
|shares| of households, and first and second the two largest:

    count >= floor or count = 0       households that contribute to this very number
    first <= 1/2 s                    no one household makes most of it (dominance, n = 1, k = 50 %)
    first + second <= 4/5 s           nor two of them (n = 2, k = 80 %)
    s - first - second >= p first     nor does the second, who knows its own share, learn the first within p = 10 %

s is not |total|: gains and losses may cancel, and a total near 0 of many large shares tells of none of them, while a
household that makes most of a total makes most of s, too, unless others as large hide it. Rules of this kind:
Hundepool and others, Statistical Disclosure Control, Wiley 2012, chapter 4.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from eco.sharing.privacy.editions import FLOOR

ONE_AT_MOST = 0.5
TWO_AT_MOST = 0.8
PROTECTED = 0.1  # p: nobody's number may be known to a tenth
_NOTHING = 0.005  # yuan or persons: what is written as 0


@dataclass(frozen=True)
class Cells:
    """What stands behind the numbers of places: arrays (places, numbers).

    `count` households contribute, their |shares| come to `size`; `first` and `second` are the two largest of these.
    """

    count: np.ndarray
    size: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @classmethod
    def of(cls, shares: np.ndarray, place: np.ndarray, places: int) -> Cells:
        """Of shares (households, numbers), each household in one of `places` places."""
        shares = np.where(np.abs(shares) > _NOTHING, shares, 0.0)
        order = np.argsort(place, kind="stable")
        place, shares = place[order], shares[order]
        bounds = np.searchsorted(place, np.arange(places + 1))
        rows = [_row(shares[low:high]) for low, high in itertools.pairwise(bounds)]
        stacked = np.array(rows, float).reshape(places, 4, shares.shape[1])
        return cls(*(stacked[:, part] for part in range(4)))

    def rows(self, where: np.ndarray) -> Cells:
        """The places that a mask or positions pick."""
        return Cells(*(part[where] for part in (self.count, self.size, self.first, self.second)))

    def together(self) -> Cells:
        """All places as one."""
        pairs = np.sort(np.concatenate([self.first, self.second]), axis=0)
        empty = np.zeros((2, pairs.shape[1]))
        pairs = np.concatenate([empty, pairs])
        sums = (part.sum(axis=0) for part in (self.count, self.size))
        return Cells(*(part[None, :] for part in (*sums, pairs[-1], pairs[-2])))

    def tell(self, *, floor: int = FLOOR) -> np.ndarray:
        """Which numbers would give a household away: boolean (places, numbers)."""
        few = self.count < floor
        heavy = (self.first > ONE_AT_MOST * self.size) | (self.first + self.second > TWO_AT_MOST * self.size)
        close = self.size - self.first - self.second < PROTECTED * self.first
        return (self.count > 0) & (few | heavy | close)


def _row(shares: np.ndarray) -> np.ndarray:
    """Count, size, first and second of one place's shares (households, numbers): (4, numbers)."""
    if not len(shares):
        return np.zeros((4, shares.shape[1]))
    size = np.abs(shares)
    top = np.partition(size, -2, axis=0)[-2:] if len(size) > 1 else np.concatenate([size * 0, size])
    return np.stack([(size > 0).sum(axis=0), size.sum(axis=0), top[1], top[0]])


def remainder_tells(cells: Cells, forced: np.ndarray, *, floor: int = FLOOR) -> bool:
    """Whether the sum of hidden places, which a reader gets by subtraction, gives anything hidden away.

    `forced` (places,) marks places that must stay hidden whatever stands behind them. The sum obeys the rules of any
    number; beside each place that must be hidden the others come to at least p of it, so that its number is not known
    to a tenth even by one who knows that no number is below 0.
    """
    if not len(cells.count):
        return False
    together = cells.together()
    if together.tell(floor=floor).any():
        return True
    guarded = cells.tell(floor=floor) | (forced[:, None] & (cells.count > 0))
    others = together.size - cells.size
    return bool((guarded & (others < PROTECTED * cells.size)).any())
