"""What is wrong with a rule as it was written: numbers that cannot be meant, names that nobody knows."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from numbers import Real
from typing import Any

from eco.phrases import Phrase, neighbours
from eco.planning.options import PARTS
from eco.problems import DataProblem, Finding

_SHARE = Phrase("0 到 1 之间的份额", "a share from 0 to 1")
_WRITE_SHARE = Phrase("把百分数写成小数，例如 8 % 写成 0.08", "write a percentage as a share: 8 % is 0.08")
_AMOUNT = Phrase("不小于 0 的有限的数", "a finite number, 0 or more")
_CORRECT = Phrase("更正此数", "correct the number")
_CORRECT_NAME = Phrase("更正名称，或写代码", "correct the name, or give the code")
# How a plan's table calls the part.
_ALSO = {"forest_guard": "guard"}
_NAMED_AT_MOST = 5


def fault(code: str, of: str, found: object, expected: Phrase, *, todo: Phrase, where: str = "") -> Finding:
    """One thing wrong with a rule; `of` is "Rule.field"."""
    return Finding(code, "error", "rules", where, of, str(found), expected, todo)


def check_share(rule: Any, *fields: str) -> None:
    """Raise DataProblem (E-PLAN-21) where a field is no share from 0 to 1."""
    _check(rule, fields, lambda value: 0 <= value <= 1, _SHARE, _WRITE_SHARE)


def check_amount(rule: Any, *fields: str) -> None:
    """Raise DataProblem (E-PLAN-21) where a field is told and is no finite number, 0 or more."""
    told = [field for field in fields if getattr(rule, field) is not None]
    _check(rule, told, lambda value: math.isfinite(value) and value >= 0, _AMOUNT, _CORRECT)


def _check(rule: Any, fields: Iterable[str], fits, expected: Phrase, todo: Phrase) -> None:
    name = type(rule).__name__
    wrong = [
        fault("E-PLAN-21", f"{name}.{field}", getattr(rule, field), expected, todo=todo)
        for field in fields
        if not isinstance(getattr(rule, field), Real) or not fits(getattr(rule, field))
    ]
    if wrong:
        raise DataProblem(wrong)


def texts(told: str | Iterable[str]) -> tuple[str, ...]:
    """One text, or several."""
    return (told,) if isinstance(told, str) else tuple(str(one) for one in told)


def parts(told: str | Iterable[str], *, of: str) -> tuple[str, ...]:
    """Livelihoods as keys of PARTS; "forest_guard" is "guard". Raises DataProblem (E-PLAN-24) for another."""
    named = tuple(_ALSO.get(one, one) for one in texts(told))
    one_of(named, tuple(PARTS), of=of)
    return named


def one_of(told: Iterable[str], known: tuple[str, ...], *, of: str) -> None:
    """Raise DataProblem (E-PLAN-24) where something is told that is not among the few that are known."""
    choice = ", ".join(known)
    expected = Phrase(f"{choice} 之一", f"one of {choice}")
    wrong = [fault("E-PLAN-24", of, one, expected, todo=_CORRECT_NAME) for one in told if one not in known]
    if wrong:
        raise DataProblem(wrong)


def unknown(told: Iterable[str], known: Collection[str], *, of: str) -> list[Finding]:
    """Names that nobody knows (E-PLAN-22), with those that look like them."""
    pool = sorted({one for one in known if one})
    found = []
    for one in told:
        near = ", ".join(neighbours(one, pool) or pool[:_NAMED_AT_MOST]) or "–"
        expected = Phrase(
            f"方案可选项中的名称或代码，相近的有 {near}", f"a name or code of the offers, near: {near}"
        )
        found.append(fault("E-PLAN-22", of, one, expected, todo=_CORRECT_NAME))
    return found
