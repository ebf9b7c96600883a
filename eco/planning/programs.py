"""A plan's question as the solver gets it, and the answer as it comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import csr_array, vstack

from eco.phrases import Phrase
from eco.planning.options import Aim, Options
from eco.planning.rows import Rows, Rule
from eco.planning.rules import OneEach

Status = Literal["optimal", "within gap", "best found", "time limit", "infeasible"]


@dataclass(frozen=True)
class Program:
    """Choose whole columns, at most one of a group, so that `value` is greatest and all rows hold.

    `value` (columns,); `matrix` (rows, columns) without the rows of "one each"; low, high (rows,); least, most
    (columns,), 0 or 1; `group` (columns,): household of a bundle, -1 for a yard; `rule` (rows,): position of the rule a
    row belongs to; `labels` and `units` one a row.
    """

    value: np.ndarray
    matrix: csr_array
    low: np.ndarray
    high: np.ndarray
    least: np.ndarray
    most: np.ndarray
    group: np.ndarray
    rule: np.ndarray
    labels: tuple[Phrase, ...] = ()
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the solver found: `taken` (columns,) 0 or 1 (None if there is none), its value, and a bound nothing beats.

    `bound` holds by the prices (weak duality), not by the solver's word; where HiGHS tries out all that the prices
    leave open, by its bound for that too. `prices` (rows,): what one more of `high` brings, or, negative, of `low`.
    """

    taken: np.ndarray | None
    value: float
    bound: float
    status: Status
    prices: np.ndarray
    seconds: float


def program_of(
    options: Options,
    rules: Sequence[Rule],
    *,
    budget_yuan: float,
    aim: Aim = "gap",
    cautious: float = 0.0,
) -> Program:
    """The rules over the options, with what every bundle brings towards the aim.

    "One each" is kept by the groups; a column whose yard no row asks about is left out of all.
    """
    told = [rule.rows(options, budget_yuan) for rule in rules]
    value = np.concatenate([options.worth(aim, cautious=cautious), np.zeros(len(options.yards))])
    return program_of_rows(options, rules, told, value=value)


def program_of_rows(
    options: Options, rules: Sequence[Rule], told: Sequence[Rows], *, value: np.ndarray
) -> Program:
    """The program of rules whose rows are told already; `value` (columns,) may be any."""
    spoken = [
        (at, rows)
        for at, (rule, rows) in enumerate(zip(rules, told))
        if rows.matrix.shape[0] and not isinstance(rule, OneEach)
    ]
    empty = [csr_array((0, options.columns))]
    bundles, yards = len(options.bundles), len(options.yards)
    asked = np.zeros(options.columns, bool)
    for _, rows in spoken:
        asked[rows.matrix.indices[rows.matrix.data != 0]] = True
    most = np.min([rows.most for rows in told], axis=0, initial=1.0)
    most[bundles:] *= asked[bundles:]
    return Program(
        value=value,
        matrix=csr_array(vstack([rows.matrix for _, rows in spoken] or empty)),
        low=np.concatenate([rows.low for _, rows in spoken] or [np.zeros(0)]),
        high=np.concatenate([rows.high for _, rows in spoken] or [np.zeros(0)]),
        least=np.max([rows.least for rows in told], axis=0, initial=0.0),
        most=most,
        group=np.concatenate([options.household, np.full(yards, -1)]),
        rule=np.repeat([at for at, _ in spoken], [rows.matrix.shape[0] for _, rows in spoken]).astype(int),
        labels=tuple(label for _, rows in spoken for label in rows.labels),
        units=tuple(rows.unit_of(row) for _, rows in spoken for row in range(rows.matrix.shape[0])),
    )
