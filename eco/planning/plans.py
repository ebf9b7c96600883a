"""A plan: who gets what, with its proof, its prices and the reason why not more."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from eco.phrases import WORDS, Phrase
from eco.planning.options import Aim, Options
from eco.planning.pricing import NOTHING
from eco.planning.rows import Rule
from eco.records.showing import shown

PLAN_COLUMNS = (
    *("household_id", "livelihood", "year", "units", "cost_yuan", "gain_yuan_mean", "township", "village"),
)


@dataclass(frozen=True, repr=False)
class Plan:
    """What is chosen, and how good it provably is.

    `chosen`: one row a household and livelihood (bees, juncao, forest, forest_guard), PLAN_COLUMNS; cost over all plan
    years, gain recurrent a year. `status`: optimal, within gap, best found (no way
    to a better one was seen, `gap` says how far it may be), time limit, nothing. `reached` and `bound` in `unit`
    (persons or yuan a year); `gap` = (bound - reached) / |bound|. `prices`: one row a binding row of a rule: rule,
    label_zh, label_en, unit, price (what one more of the unit brings, in the plan's unit). `taken`: positions of chosen
    bundles in options.bundles.
    """

    options: Options
    rules: tuple[Rule, ...]
    budget_yuan: float
    aim: Aim
    cautious: float
    taken: np.ndarray
    chosen: pd.DataFrame
    status: str
    reached: float
    bound: float
    unit: str
    gap: float
    prices: pd.DataFrame
    seconds: float
    notes: tuple[Phrase, ...] = ()
    answer: Any = field(default=None, repr=False, compare=False)

    @property
    def spent_yuan(self) -> float:
        """What all of it costs over the plan's years, yuan to the fen."""
        return int(self.options.fen()[self.taken].sum()) / 100

    @property
    def said(self) -> Phrase:
        """The question as one sentence, its answer and its proof as another."""
        aim, unit = WORDS[f"proof_aim_{self.aim}"], WORDS[f"proof_unit_{self.unit}"]
        first, last = self.options.first_year, self.options.first_year + self.options.years - 1
        years = f"{first}" if first == last else f"{first}—{last}"
        status = WORDS[f"proof_status_{self.status.replace(' ', '_')}"]
        households = self.chosen["household_id"].nunique()
        reached, bound = f"{self.reached:,.0f}", f"{self.bound:,.0f}"
        return Phrase(
            f"{years} 年用 {self.budget_yuan:,.0f} 元，使{aim.zh}最多：{households:,} 户，"
            f"花 {self.spent_yuan:,.2f} 元，达到 {reached} {unit.zh}；"
            f"任何方案不超过 {bound}（差 {self.gap:.2%}，{status.zh}）",
            f"{years}: with {self.budget_yuan:,.0f} yuan the most of {aim.en}: {households:,} households, "
            f"{self.spent_yuan:,.2f} yuan spent, {reached} {unit.en} reached; no plan reaches more than {bound} "
            f"(gap {self.gap:.2%}, {status.en})",
        )

    def __repr__(self) -> str:
        rules = "".join(f"\n├─ {rule.said.zh} {rule.said.en}" for rule in self.rules)
        notes = "".join(f"\n└─ {note.zh} {note.en}" for note in self.notes)
        seen = f"{self.options.draws} draws, seed {self.options.seed}; {self.seconds:.1f} s"
        return f"Plan\n├─ {self.said.zh}\n├─ {self.said.en}{rules}\n├─ {seen}{notes}"

    def _repr_html_(self) -> str:
        rules = "".join(
            f"<li>{escape(rule.said.zh)} <small>{escape(rule.said.en)}</small></li>" for rule in self.rules
        )
        notes = "".join(f"<li>{escape(note.zh)} <small>{escape(note.en)}</small></li>" for note in self.notes)
        table = self.chosen.groupby("livelihood").agg(
            households=("household_id", "nunique"),
            units=("units", "sum"),
            cost_yuan=("cost_yuan", "sum"),
            gain_yuan_mean=("gain_yuan_mean", "sum"),
        )
        return (
            f"<p><b>{escape(self.said.zh)}</b><br><small>{escape(self.said.en)}</small></p><ul>{rules}</ul>"
            f"{shown(table.reset_index())._repr_html_()}<ul>{notes}</ul>"
        )


def gap_of(reached: float, bound: float) -> float:
    """How far what is reached may lie from the best: (bound - reached) / |bound|, both of either sign.

    >>> gap_of(95.0, 100.0), gap_of(-110.0, -100.0), gap_of(0.0, 0.0)
    (0.05, 0.1, 0.0)
    """
    return (bound - reached) / max(abs(bound), NOTHING)
