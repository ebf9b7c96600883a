"""What a rule says to the solver: rows over bundles and yards, with words for every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from scipy.sparse import csr_array

from eco.phrases import Phrase
from eco.planning.options import Options


@dataclass(frozen=True)
class Rows:
    """low <= matrix @ columns <= high, and least <= columns <= most.

    `matrix` is (rows, columns) over bundles, then yards; `low` and `high` (rows,); `labels` one a row; `unit` is what
    `high` and `low` count (yuan, mu, hives, posts, persons, households). `least` and `most` are (columns,).
    `units`, where rows count different things: one a row; `unit_of` tells either.
    """

    matrix: csr_array
    low: np.ndarray
    high: np.ndarray
    labels: tuple[Phrase, ...]
    unit: str
    least: np.ndarray
    most: np.ndarray
    units: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        options: Options,
        matrix=None,
        *,
        low=None,
        high=None,
        labels=(),
        unit="",
        least=None,
        most=None,
        units=(),
    ) -> Rows:
        """Rows whose left-out sides bind nothing: low -inf, high inf, columns from 0 to 1."""
        matrix = csr_array((0, options.columns)) if matrix is None else csr_array(matrix)
        rows = matrix.shape[0]
        return cls(
            matrix,
            np.full(rows, -np.inf) if low is None else np.broadcast_to(np.asarray(low, float), rows),
            np.full(rows, np.inf) if high is None else np.broadcast_to(np.asarray(high, float), rows),
            tuple(labels),
            unit,
            np.zeros(options.columns) if least is None else np.asarray(least, float),
            np.ones(options.columns) if most is None else np.asarray(most, float),
            tuple(units),
        )

    def unit_of(self, row: int) -> str:
        """What one row counts."""
        return self.units[row] if self.units else self.unit


def by_group(options: Options, group, coefficient, *, rows: int | None = None) -> csr_array:
    """A matrix with one row a group of bundles: the coefficient of a bundle in the row of its group, yards 0.

    `group` (bundles,), or one for all, is 0, 1, ..., or -1 for a bundle that is in no row; `coefficient` (bundles,) or
    one for all; `rows`: groups, where there may be some without a bundle.

    >>> import pandas as pd
    >>> toy = Options.of(pd.DataFrame({"household_id": ["a", "b", "c"], "hives": [5, 2, 10]}))
    >>> by_group(toy, [0, 1, 0], toy.bundles["hives"]).toarray()
    array([[ 5., 0., 10.],
           [ 0., 2., 0.]])
    """
    bundles = len(options.bundles)
    group = np.broadcast_to(np.asarray(group, int), bundles)
    here = np.flatnonzero(group >= 0)
    values = np.broadcast_to(np.asarray(coefficient, float), bundles)[here]
    rows = int(group.max(initial=-1)) + 1 if rows is None else rows
    matrix = csr_array((values, (group[here], here)), shape=(rows, options.columns))
    matrix.eliminate_zeros()
    return matrix


@runtime_checkable
class Rule(Protocol):
    """A rule of a plan: a frozen dataclass whose `rows` bind the solver and whose `said` reads aloud.

    A rule with one number that can be eased names it in `level`; `easing` is 1 where more of it is easier, else -1.
    """

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """The rule as rows; raises DataProblem where it names what is not there."""

    @property
    def said(self) -> Phrase:
        """The rule as a sentence."""
