"""A rule of what a plan must at least bring, so that another aim can be sought beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from eco.phrases import Phrase
from eco.planning.options import AIMS, Aim, Options
from eco.planning.rows import Rows
from eco.planning.rules.faults import check_amount, check_share, one_of
from eco.planning.rules.wording import plain

_SLACK = 1e-9  # relative: what sums of floats lose
_SAID = {
    "gap": Phrase(
        "离线的差距每年至少缩小 {least} 元", "the gap to the line shrinks by at least {least} yuan a year"
    ),
    "lifted": Phrase(
        "预计至少多 {least} 人达线（测算）", "at least {least} more persons are expected above the line"
    ),
    "gain": Phrase("经常性增收每年至少 {least} 元", "recurrent gain is at least {least} yuan a year"),
}


@dataclass(frozen=True)
class AimFloor:
    """A plan brings at least `least` of an aim (gap, lifted or gain), with the weight `cautious` on bad worlds."""

    aim: Aim
    least: float
    cautious: float = 0.0
    level: ClassVar[str] = "least"
    easing: ClassVar[int] = -1

    def __post_init__(self) -> None:
        one_of([self.aim], tuple(AIMS), of="AimFloor.aim")
        check_amount(self, "least")
        check_share(self, "cautious")

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row: what every bundle brings >= least."""
        worth = options.worth(self.aim, cautious=self.cautious)
        matrix = np.append(worth, np.zeros(len(options.yards)))[None]
        return Rows.of(options, matrix, low=self.least, labels=[self.said], unit=AIMS[self.aim][1])

    @property
    def said(self) -> Phrase:
        """The floor as a sentence."""
        zh, en = (text.format(least=plain(self.least)) for text in _SAID[self.aim])
        if self.cautious:
            zh += f"（{self.cautious:.0%} 的分量只看最坏的五分之一情形）"
            en += f", with {self.cautious:.0%} of the weight on the worst fifth of worlds"
        return Phrase(zh, en)


@dataclass(frozen=True)
class AsMuch(AimFloor):
    """As much of an aim as some choice brings, `least`, which may be below 0; less what sums of floats lose.

    What the planner asks beside the rules of a plan, whose own floors are never below 0.
    """

    def __post_init__(self) -> None:
        one_of([self.aim], tuple(AIMS), of="AsMuch.aim")
        check_share(self, "cautious")

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row: what every bundle brings >= nearly least."""
        rows = super().rows(options, budget_yuan)
        return replace(rows, low=np.array([nearly(self.least)]))


def nearly(amount: float) -> float:
    """An amount less what sums of floats lose: below it, whatever its sign.

    >>> nearly(2.0) < 2.0, nearly(-2.0) < -2.0
    (True, True)
    """
    return amount - _SLACK * abs(amount)
