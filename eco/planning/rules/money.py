"""Rules of money: what may be spent, and which townships, counties and households it must reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eco.phrases import WORDS, Phrase
from eco.planning.options import Options
from eco.planning.rows import Rows, by_group
from eco.planning.rules.faults import check_amount, check_share, fault, parts
from eco.planning.rules.places import groups_of, of_places
from eco.planning.rules.wording import listed, percent, plain, whole_fen
from eco.problems import DataProblem, Finding

_BUDGET = Phrase("预算", "the budget")
_THIS_YEAR = Phrase("改为方案内的年份", "name a year of the plan")
_CHANCE = Phrase(
    "至少一户达线的可能性已知", "at least one household whose chance to be above the line is known"
)
_GIVE_LINE = Phrase(
    "在 project.toml 的 [line] 写明当年的线，或去掉此规则",
    "give the line of the year in project.toml, [line], or leave the rule out",
)
_SOME_POOR = Phrase(
    "至少一户没有方案时更可能在线下",
    "at least one household with an offer that is more likely below the line without the plan",
)
_OFFER_POOR = Phrase(
    "给这样的户增加可选项，或去掉此规则", "offer such households something, or leave the rule out"
)


@dataclass(frozen=True)
class Budget:
    """What is spent costs at most `yuan` in all plan years; None is the plan's own budget.

    With `year` (calendar) only that year's cost counts, with `livelihoods` (bees, juncao, forest, guard) only what
    these parts of a bundle cost. `fund` is what the money is called. A year outside the plan raises DataProblem
    (E-PLAN-25).
    """

    yuan: float | None = None
    year: int | None = None
    fund: str = ""
    livelihoods: tuple[str, ...] = ()
    level: ClassVar[str] = "yuan"
    easing: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_amount(self, "yuan")
        object.__setattr__(self, "livelihoods", parts(self.livelihoods, of="Budget.livelihoods"))

    def fen(self, options: Options) -> np.ndarray:
        """What of each bundle's cost this budget pays for, whole fen, int64 (bundles,)."""
        plan_year = None if self.year is None else self.year - options.first_year
        if plan_year is not None and not 0 <= plan_year < options.years:
            span = f"{options.first_year} – {options.first_year + options.years - 1}"
            raise DataProblem(
                [fault("E-PLAN-25", "Budget.year", self.year, Phrase(span, span), todo=_THIS_YEAR)]
            )
        return options.fen(plan_year, parts=self.livelihoods)

    def yuan_of(self, budget_yuan: float) -> float:
        """The most it may cost, given the plan's budget: yuan."""
        return whole_fen(budget_yuan if self.yuan is None else self.yuan, up=False)

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row: fen / 100 of every bundle <= yuan."""
        matrix = by_group(options, 0, self.fen(options) / 100, rows=1)
        most = self.yuan_of(budget_yuan)
        return Rows.of(options, matrix, high=most, labels=[self._sentence(_yuan(most))], unit="yuan")

    @property
    def said(self) -> Phrase:
        """The budget as a sentence."""
        return self._sentence(_BUDGET if self.yuan is None else _yuan(self.yuan_of(self.yuan)))

    def _sentence(self, most: Phrase) -> Phrase:
        whose = listed(WORDS[f"rule_part_{part}"] for part in self.livelihoods)
        when, of = (f"{self.year} 年", f" in {self.year}") if self.year else ("", "")
        fund = (f"{self.fund}：", f"{self.fund}: ") if self.fund else ("", "")
        whose = Phrase(whose.zh, f" of {whose.en}" if whose.en else "")
        return Phrase(
            f"{fund[0]}{when}{whose.zh}费用合计不超过{most.zh}",
            f"{fund[1]}the cost{whose.en}{of} is at most {most.en}",
        )


@dataclass(frozen=True)
class TownshipFloor:
    """Every township with an offer gets at least `share` of the budget."""

    share: float = 0.005
    level: ClassVar[str] = "share"
    easing: ClassVar[int] = -1

    def __post_init__(self) -> None:
        check_share(self, "share")

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row a township in order of code: what its bundles cost >= share x budget."""
        position, _, names = groups_of(options, "township")
        least = whole_fen(self.share * budget_yuan, up=True)
        labels = [
            Phrase(f"{name}至少得到 {plain(least)} 元", f"{name} gets at least {plain(least)} yuan")
            for name in names
        ]
        matrix = by_group(options, position, options.fen() / 100)
        return Rows.of(options, matrix, low=least, labels=labels, unit="yuan")

    @property
    def said(self) -> Phrase:
        """The floor as a sentence."""
        told = percent(self.share)
        return Phrase(f"每个乡镇至少得到预算的 {told}", f"every township gets at least {told} of the budget")


@dataclass(frozen=True)
class CountyShare:
    """A county, by name or by its six digits, gets from `least` to `most` of the budget.

    Where both bind, `most` is the number that can be eased.
    """

    county: str
    least: float = 0.0
    most: float = 1.0

    def __post_init__(self) -> None:
        check_share(self, "least", "most")
        if self.least > self.most:
            span = Phrase("least <= most", "least <= most")
            swap = Phrase("检查两个份额", "check the two shares")
            found = f"{self.least:g} > {self.most:g}"
            raise DataProblem([fault("E-PLAN-21", "CountyShare.least", found, span, todo=swap)])

    @property
    def level(self) -> str:
        """The side that can be eased."""
        return "most" if self.most < 1 else "least"

    @property
    def easing(self) -> int:
        """1 where more of `level` is easier, else -1."""
        return 1 if self.most < 1 else -1

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row: least x budget <= what its bundles cost <= most x budget; 0 and 1 bind nothing."""
        here = of_places(options, "county", [self.county], of="CountyShare.county")
        matrix = by_group(options, np.where(here, 0, -1), options.fen() / 100, rows=1)
        low = whole_fen(self.least * budget_yuan, up=True) if self.least > 0 else -np.inf
        high = whole_fen(self.most * budget_yuan, up=False) if self.most < 1 else np.inf
        return Rows.of(options, matrix, low=low, high=high, labels=[self.said], unit="yuan")

    @property
    def said(self) -> Phrase:
        """The share as a sentence."""
        least, most = percent(self.least), percent(self.most)
        if self.most == 1:
            return Phrase(
                f"{self.county}至少得到预算的 {least}", f"{self.county} gets at least {least} of the budget"
            )
        return Phrase(
            f"{self.county}得到预算的 {least} 到 {most}",
            f"{self.county} gets {least} to {most} of the budget",
        )


@dataclass(frozen=True)
class PoorFirst:
    """Of what is spent, at least `share` goes to households more likely below the line than above it without the plan.

    Whose chance nobody can tell (NaN) does not count among them. A share of which nothing could be spent, as nobody's
    chance is known or nobody who is offered something is poor, raises DataProblem (E-PLAN-30) as rows.
    """

    share: float = 0.5
    level: ClassVar[str] = "share"
    easing: ClassVar[int] = -1

    def __post_init__(self) -> None:
        check_share(self, "share")

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row: cost of the poor's bundles - share x cost of all >= 0, yuan."""
        chance = options.bundles["chance_above_without"].to_numpy(float)
        poor = chance < 0.5  # more likely below than above
        if self.share > 0 and len(poor) and not poor.any():
            raise DataProblem([_nobody_poor(options, known=not np.isnan(chance).all())])
        matrix = by_group(options, 0, options.fen() / 100 * (poor - self.share), rows=1)
        return Rows.of(options, matrix, low=0.0, labels=[self.said], unit="yuan")

    @property
    def said(self) -> Phrase:
        """The share as a sentence."""
        told = percent(self.share)
        return Phrase(
            f"所花的钱至少 {told} 给没有方案时更可能在线下的户",
            f"at least {told} of what is spent goes to households more likely below the line without the plan",
        )


def _nobody_poor(options: Options, *, known: bool) -> Finding:
    """Nobody is known to be poor: for want of a line, or because nobody is among those who are offered something."""
    homes = f"{options.bundles['household_id'].nunique():,}"
    if not known:
        return fault("E-PLAN-30", "PoorFirst", f"NaN: {homes} / {homes}", _CHANCE, todo=_GIVE_LINE)
    return fault("E-PLAN-30", "PoorFirst", f"0 / {homes}", _SOME_POOR, todo=_OFFER_POOR)


def _yuan(yuan: float) -> Phrase:
    return Phrase(f" {plain(yuan)} 元", f"{plain(yuan)} yuan")
