"""A plan's question as the solver gets it, and the answer as it comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

Status = Literal["optimal", "within gap", "time limit", "infeasible"]


@dataclass(frozen=True)
class Program:
    """Choose whole columns, at most one of a group, so that `value` is greatest and all rows hold.

    `value` (columns,); `matrix` (rows, columns) without the rows of "one each"; low, high (rows,); least, most
    (columns,), 0 or 1; `group` (columns,): household of a bundle, -1 for a yard; `rule` (rows,): position of the rule a
    row belongs to.
    """

    value: np.ndarray
    matrix: csr_array
    low: np.ndarray
    high: np.ndarray
    least: np.ndarray
    most: np.ndarray
    group: np.ndarray
    rule: np.ndarray


@dataclass(frozen=True)
class Answer:
    """What the solver found: `taken` (columns,) 0 or 1 (None if there is none), its value, and a bound nothing beats.

    `bound` holds by the prices alone (weak duality), not by the solver's word. `prices` (rows,): value of one more of a
    row's binding side, >= 0 where more of `high`, or less of `low`, helps.
    """

    taken: np.ndarray | None
    value: float
    bound: float
    status: Status
    prices: np.ndarray
    seconds: float
