"""Yards that stand with a least number of hives or not at all: what that takes off the bound, and which should stand.

A yard j with column z_j asks  n_j - lacking_j z_j >= 0  and  n_j - most_j z_j <= 0  of its new hives n_j. Where the
best columns at some prices would put a few hives there, fewer than the least, either all of them must go or some
household must take more: at least the cheaper of the two is lost, yard by yard, for every household has one yard only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba
import numpy as np
from scipy.sparse import csr_array, vstack

from eco.planning.pricing import NOTHING, Field, Sight
from eco.planning.programs import Program

_PLENTY = 2.5  # times the hives a yard lacks, shown as ways to come to them


@dataclass(frozen=True)
class Lots:
    """The yards of a program: their columns, the hives a bundle has at each (yards, columns), the least that stands.

    `rows` are those that ask whether yards stand.
    """

    yards: np.ndarray
    hives: csr_array
    least: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, program: Program) -> Lots:
        """The yards asked for in this way; none where a rule asks otherwise, or a household has several."""
        is_yard = program.group < 0
        rows = np.flatnonzero(abs(program.matrix[:, is_yard]).sum(axis=1) > 0)
        entries = program.matrix[rows][:, is_yard].tocoo()
        lacking = np.isfinite(program.low[rows[entries.row]]) & (entries.data < 0)
        yard, row = entries.col[lacking], rows[entries.row[lacking]]
        hives = csr_array(program.matrix[row] * np.where(is_yard, 0.0, 1.0))
        hives.eliminate_zeros()
        least = program.low[row] - entries.data[lacking]
        asked_so = len(np.unique(yard)) == len(yard) and 2 * len(yard) == len(rows) == len(entries.data)
        if asked_so and (not hives.nnz or hives.data.min() > 0) and _one_yard_each(hives, program.group):
            return cls(np.flatnonzero(is_yard)[yard], hives, least, rows)
        return cls(np.zeros(0, int), csr_array((0, len(is_yard))), np.zeros(0), rows)

    def eased(self, program: Program) -> Program:
        """The program without the rows of yards: what cannot be reached so, cannot be reached at all."""
        if not len(self.rows):
            return program
        low, high = program.low.copy(), program.high.copy()
        low[self.rows], high[self.rows] = -np.inf, np.inf
        return replace(program, low=low, high=high)

    def told_apart(self, program: Program) -> Program:
        """The program with a row more for every household and yard: who has hives there needs the yard to stand.

        The rows of the yards say so too, of whole columns; of parts of columns these say far more.
        """
        at = self.hives.tocoo()
        if not len(at.data):
            return program
        pairs, row = np.unique(np.column_stack([program.group[at.col], at.row]), axis=0, return_inverse=True)
        shape = len(pairs), len(program.value)
        own = csr_array((np.ones(len(at.col)), (row.ravel(), at.col)), shape)
        stands = csr_array((-np.ones(len(pairs)), (np.arange(len(pairs)), self.yards[pairs[:, 1]])), shape)
        return replace(
            program,
            matrix=csr_array(vstack([program.matrix, own + stands])),
            low=np.append(program.low, np.full(len(pairs), -np.inf)),
            high=np.append(program.high, np.zeros(len(pairs))),
        )

    def decided(self, program: Program, stands: np.ndarray) -> Program:
        """The program with its yards decided, bool (yards,): at those that do not stand nothing can be put."""
        least, most = program.least.copy(), program.most.copy()
        least[self.yards] = most[self.yards] = np.minimum(stands, program.most[self.yards])
        most[(self.hives[~stands].sum(axis=0) > 0) & (least <= 0)] = 0
        return replace(program, least=least, most=most)

    def judged(self, field: Field, sight: Sight) -> tuple[float, np.ndarray]:
        """What the least takes off the bound at these prices, and which yards had better stand: bool (yards,).

        Prices must leave the rows of yards out.
        """
        if not len(self.yards):
            return 0.0, np.zeros(0, bool)
        told = self._told(field, sight)
        short = (told.have > 0) & (told.have < self.least)
        gone, more = self._loss_if_gone(field, sight, told), self._loss_if_more(field, sight, told, short)
        lost = np.where(short, np.minimum(gone, more), 0)
        return float(lost.sum()), (told.have >= self.least) | (short & (more < gone))

    def ways(self, field: Field, sight: Sight) -> np.ndarray:
        """Columns by which standing yards come to their least, cheapest first, some to spare: bool (columns,)."""
        shown = np.zeros(len(sight.loss), bool)
        if not len(self.yards):
            return shown
        told = self._told(field, sight)
        stands = field.program.least[self.yards] > 0
        ways, before = self._cheapest(sight, told, np.where(stands, self.least - told.have, 0))
        shown[ways[before < _PLENTY * (self.least - told.have)[told.yard[ways]]]] = True
        return field.turning(sight, shown.astype(float))

    def _told(self, field: Field, sight: Sight) -> _Told:
        at = self.hives.tocoo()
        own, yard = np.zeros(len(sight.loss)), np.full(len(sight.loss), -1)
        own[at.col], yard[at.col] = at.data, at.row
        held = np.where(sight.best >= 0, own[sight.best], 0.0)
        have = self.hives @ field.base(sight).astype(float)
        return _Told(own, own - held[field.group], yard, held, have)

    def _loss_if_gone(self, field: Field, sight: Sight, told: _Told) -> np.ndarray:
        """What is lost if nobody has hives at a yard: each household's next best without, (yards,)."""
        without = np.minimum.reduceat(np.where(told.own > 0, np.inf, sight.loss), field.starts)
        without = np.minimum(without, sight.loss_none)
        of_best = told.yard[np.maximum(sight.best, 0)]
        there = (told.held > 0) & (of_best >= 0)
        return np.bincount(of_best[there], without[there], minlength=len(self.yards))

    def _loss_if_more(self, field: Field, sight: Sight, told: _Told, short: np.ndarray) -> np.ndarray:
        """What is lost at least until a yard has what it is lacking, each household taking one more lot at most."""
        lacking = np.where(short, self.least - told.have, 0)
        ways, _ = self._cheapest(sight, told, lacking)
        ways = ways[np.lexsort((field.group[ways], told.yard[ways]))]
        lost = np.full(len(self.yards), np.inf)
        # Rounded so that more seems to be there than is: what is lost is never said too large.
        extra = np.ceil(told.extra[ways] - NOTHING).astype(np.int64)
        needs = np.floor(lacking + NOTHING).astype(np.int64)
        _cover(lost, told.yard[ways], field.group[ways], extra, sight.loss[ways], needs)
        return lost

    def _cheapest(self, sight: Sight, told: _Told, lacking: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Columns with more hives than the best of their group, by yard and loss a hive; hives of those before each."""
        some = (told.extra > 0) & (told.yard >= 0) & np.isfinite(sight.loss)
        ways = np.flatnonzero(some & (lacking[told.yard] > 0))
        ways = ways[np.lexsort((sight.loss[ways] / told.extra[ways], told.yard[ways]))]
        of, extra = told.yard[ways], told.extra[ways]
        before = np.cumsum(extra) - extra
        first = np.flatnonzero(np.diff(of, prepend=-1))
        return ways, before - np.repeat(before[first], np.diff(np.append(first, len(of))))


@dataclass(frozen=True)
class _Told:
    """Hives as the best columns at some prices have them."""

    own: np.ndarray  # (columns,): hives of a column
    extra: np.ndarray  # (columns,): beyond those of the best of its group
    yard: np.ndarray  # (columns,): position of its yard, -1 for none
    held: np.ndarray  # (groups,): of the best column
    have: np.ndarray  # (yards,): of all best columns


@numba.njit(cache=True)
def _cover(lost, yard, group, extra, loss, needs):  # pragma: no cover - compiled; tested by trying every way
    """Least loss by which each yard gets what it needs, at most one column a group: into `lost` (yards,)."""
    at = 0
    while at < len(yard):
        here, need = yard[at], needs[yard[at]]
        least = np.full(need + 1, np.inf)
        least[0] = 0.0
        while at < len(yard) and yard[at] == here:
            before, own = least.copy(), group[at]
            while at < len(yard) and yard[at] == here and group[at] == own:
                for got in range(need + 1):
                    then = min(got + extra[at], need)
                    least[then] = min(least[then], before[got] + loss[at])
                at += 1
        lost[here] = least[need]


def as_they_stand(program: Program, choice: np.ndarray) -> Program:
    """The program with its yards as a choice (columns,) has them: none is to be decided, and elsewhere nothing stands.

    The choice keeps its rows without its yards, of whose columns none can be taken.
    """
    is_yard = program.group < 0
    used = program.matrix[:, is_yard] @ choice[is_yard]
    matrix = csr_array(program.matrix * np.where(is_yard, 0.0, 1.0))
    matrix.eliminate_zeros()
    low, high, most = program.low - used, program.high - used, np.where(is_yard, 0.0, program.most)
    nothing = (high <= 0) & (matrix.min(axis=1).toarray().ravel() >= 0)
    most[(matrix[nothing].sum(axis=0) > 0) & (program.least <= 0)] = 0
    return replace(program, matrix=matrix, low=low, high=high, most=most)


def _one_yard_each(hives: csr_array, group: np.ndarray) -> bool:
    """Whether every household has bundles with hives at one yard only."""
    at = hives.tocoo()
    pairs = np.unique(np.column_stack([group[at.col], at.row]), axis=0)
    return len(np.unique(pairs[:, 0])) == len(pairs)
