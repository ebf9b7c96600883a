"""Poverty and inequality of the households in a file, weighted by persons.

Poor means income < line. These are rates of the households in the file; a county's rate needs its registered rural
population as denominator. FGT: Foster, Greer & Thorbecke 1984, Econometrica 52(3), doi 10.2307/1913475. Sen: Sen 1976,
Econometrica 44(2), doi 10.2307/1912718. Theil: Theil 1967, Economics and Information Theory, chapter 4.
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


def sen(income, line: float, weights=None) -> float:
    """Sen index H (I + (1 - I) G): share of poor H, their mean gap I as a share of the line, their Gini G.

    The form for many persons; 0 where nobody is poor. Poor persons without any income count with G = 0.

    >>> round(sen([1000, 3000, 5000, 4000], 4000), 4)
    0.3125
    """
    income, weights = _checked(income, weights)
    poor = (income < line) & (weights > 0)
    head = fgt(income, line, 0, weights)
    if not poor.any():
        return 0.0
    depth = fgt(income, line, 1, weights) / head
    some = float(np.sum(income[poor] * weights[poor])) > 0
    return head * (depth + (1 - depth) * (gini(income[poor], weights[poor]) if some else 0.0))


def theil(income, weights=None) -> float:
    """Theil's T: mean over persons of (y / m) ln(y / m) with m the mean income; an income of 0 adds 0.

    Raises DataProblem for a negative income, for which it is not defined.

    >>> round(theil([1, 1, 1, 5]), 4), theil([2, 2])
    (0.3128, 0.0)
    """
    income, weights = _checked(income, weights)
    negative = int((income < 0).sum())
    if negative or not np.sum(income * weights) > 0:
        found = f"{negative} negative" if negative else "mean 0"
        raise DataProblem(
            [
                _finding(
                    "E-POV-04",
                    "income",
                    found,
                    Phrase("没有负收入，均值大于 0", "no income below 0, a mean above 0"),
                )
            ]
        )
    share = income / (np.sum(income * weights) / weights.sum())
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    return float(max(np.sum(weights * share * logs) / weights.sum(), 0.0))


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
