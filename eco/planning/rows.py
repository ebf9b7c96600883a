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
    """

    matrix: csr_array
    low: np.ndarray
    high: np.ndarray
    labels: tuple[Phrase, ...]
    unit: str
    least: np.ndarray
    most: np.ndarray

    @classmethod
    def of(
        cls, options: Options, matrix=None, *, low=None, high=None, labels=(), unit="", least=None, most=None
    ):
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
        )


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
