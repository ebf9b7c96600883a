"""Rules of households: one bundle each, and who or what is left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eco.phrases import WORDS, Phrase
from eco.planning.options import Options
from eco.planning.rows import Rows, by_group
from eco.planning.rules.faults import fault, parts, texts
from eco.planning.rules.places import of_households, of_parts, of_places, shut
from eco.planning.rules.wording import listed
from eco.problems import DataProblem

_SOMETHING = Phrase(
    "至少一项：户、村、乡镇或生计", "at least one of households, villages, townships, livelihoods"
)
_NAME_ONE = Phrase("写明不给谁，或不给什么", "name who gets nothing, or what nobody gets")
_NAMED = 3


@dataclass(frozen=True)
class OneEach:
    """A household gets at most one of its bundles: a bundle is all it gets, and two do not add up."""

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row a household that has more than one bundle: their sum <= 1."""
        household = options.household
        several = np.bincount(household) > 1
        row = np.where(several[household], np.cumsum(several)[household] - 1, -1)
        matrix = by_group(options, row, 1.0, rows=int(several.sum()))
        labels = [self.said] * matrix.shape[0]
        return Rows.of(options, matrix, high=1.0, labels=labels, unit="households")

    @property
    def said(self) -> Phrase:
        """The rule as a sentence."""
        return Phrase("每户至多得到一组", "every household gets at most one bundle")


@dataclass(frozen=True)
class LockedOut:
    """Nothing, or none of `livelihoods`, for these households, villages and townships; for all where none is named.

    Places are told by 12-digit code or by name. Raises DataProblem where nothing is told (E-PLAN-21), and as rows where
    nobody knows a name (E-PLAN-22) or several places bear it (E-PLAN-23).
    """

    household_ids: tuple[str, ...] = ()
    villages: tuple[str, ...] = ()
    townships: tuple[str, ...] = ()
    livelihoods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("household_ids", "villages", "townships"):
            object.__setattr__(self, name, texts(getattr(self, name)))
        object.__setattr__(self, "livelihoods", parts(self.livelihoods, of="LockedOut.livelihoods"))
        if not (self._whose or self.livelihoods):
            raise DataProblem([fault("E-PLAN-21", "LockedOut", "–", _SOMETHING, todo=_NAME_ONE)])

    @property
    def _whose(self) -> tuple[str, ...]:
        return (*self.household_ids, *self.villages, *self.townships)

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """No row: the bundles are locked out."""
        who = (
            of_households(options, self.household_ids, of="LockedOut.household_ids")
            | of_places(options, "village", self.villages, of="LockedOut.villages")
            | of_places(options, "township", self.townships, of="LockedOut.townships")
            | (not self._whose)
        )
        what = of_parts(options, self.livelihoods) if self.livelihoods else True
        return Rows.of(options, most=shut(options, who & what))

    @property
    def said(self) -> Phrase:
        """Who or what is left out, as a sentence."""
        named, more = self._whose[:_NAMED], len(self._whose) - _NAMED
        zh = "、".join(named) + (f" 等 {len(self._whose)} 处" if more > 0 else "") or "任何户"
        en = ", ".join(named) + (f" and {more} more" if more > 0 else "") or "anybody"
        what = listed(WORDS[f"rule_part_{part}"] for part in self.livelihoods)
        return Phrase(f"不给{zh}安排{what.zh or '任何项目'}", f"no {what.en or 'bundle'} for {en}")
