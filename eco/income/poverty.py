"""Poverty and inequality of the households in a file, weighted by persons.

Poor means income < line. These are rates of the households in the file; a county's rate needs its registered rural
population as denominator. FGT: Foster, Greer & Thorbecke 1984, Econometrica 52(3), doi 10.2307/1913475.
"""

from __future__ import annotations

import numpy as np

from eco.phrases import Phrase
from eco.problems import DataProblem, Finding


def fgt(income, line: float, alpha: float, weights=None) -> float:
    """Foster-Greer-Thorbecke index: mean over persons of ((line - income) / line)^alpha for income < line.

    `income` (n,) in yuan per person, `line` > 0 in the same unit, `weights` (n,) persons (default 1 each). alpha 0 is
    the share of poor persons, 1 the poverty gap, 2 the squared gap.

    >>> round(fgt([1000, 3000, 5000, 4000], 4000, 0), 4), round(fgt([1000, 3000, 5000, 4000], 4000, 1), 4)
    (0.5, 0.25)
    """
    income, weights = _checked(income, weights)
    if not line > 0:
        raise DataProblem([_finding("E-POV-02", "line", str(line), Phrase("大于 0 的线", "a line above 0"))])
    gap = np.clip((line - income) / line, 0, None)
    depth = np.where(income < line, gap**alpha, 0.0)
    return float(np.sum(weights * depth) / np.sum(weights))


def gini(income, weights=None) -> float:
    """Population Gini coefficient: half the mean difference of two persons drawn at random, over the mean.

    With incomes ranked, F the cumulated share of persons and L of income: 1 - sum (F_i - F_{i-1})(L_i + L_{i-1}).
    Negative incomes are allowed where the mean is positive; the index may then exceed 1.

    >>> round(gini([1, 1, 1, 5]), 4), round(gini([2, 2, 2]), 4)
    (0.375, 0.0)
    """
    income, weights = _checked(income, weights)
    order = np.argsort(income, kind="stable")
    share = weights[order] / weights.sum()
    total = np.sum(share * income[order])
    if not total > 0:
        raise DataProblem(
            [_finding("E-POV-03", "income", f"mean {total:g}", Phrase("均值大于 0", "a mean above 0"))]
        )
    upto = np.cumsum(share * income[order]) / total
    before = np.concatenate([[0.0], upto[:-1]])
    return float(max(1 - np.sum(share * (upto + before)), 0.0))


def crossing(without, with_programme, line: float, persons) -> tuple[float, float]:
    """Persons who cross a line upward and downward, from incomes per person without and with, all (n,).

    >>> crossing([3000, 3000, 5000], [4500, 3500, 3900], 4000, [4, 2, 5])
    (4.0, 5.0)
    """
    without, persons = _checked(without, persons)
    with_programme, _ = _checked(with_programme, persons)
    up = (without < line) & (with_programme >= line)
    down = (without >= line) & (with_programme < line)
    return float(persons[up].sum()), float(persons[down].sum())


def _checked(income, weights) -> tuple[np.ndarray, np.ndarray]:
    income = np.asarray(income, float)
    weights = np.ones(len(income)) if weights is None else np.asarray(weights, float)
    bad = (
        ~np.isfinite(income) | ~np.isfinite(weights) | (weights < 0) if len(income) == len(weights) else None
    )
    if bad is None or bad.any() or not weights.sum() > 0:
        found = (
            f"{len(income)} incomes, {len(weights)} weights, {0 if bad is None else int(bad.sum())} unusable"
        )
        expected = Phrase(
            "等长、有限、权重非负且不全为零", "equal lengths, finite, weights not negative and not all 0"
        )
        raise DataProblem([_finding("E-POV-01", "income", found, expected)])
    return income, weights


def _finding(code: str, column: str, found: str, expected: Phrase) -> Finding:
    todo = Phrase("检查输入", "check the input")
    return Finding(code, "error", "poverty", "", column, found, expected, todo)
