"""A plan: who gets what, with its proof, its prices and the reason why not more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.planning.options import Aim, Options
from eco.planning.rows import Rule

PLAN_COLUMNS = (
    *("household_id", "livelihood", "year", "units", "cost_yuan", "gain_yuan_mean", "township", "village"),
)


@dataclass(frozen=True)
class Plan:
    """What is chosen, and how good it provably is.

    `chosen`: one row a household and livelihood (bees, juncao, forest, forest_guard), PLAN_COLUMNS; cost over all plan
    years, gain recurrent a year. `status`: optimal, within gap, time limit, nothing. `reached` and `bound` in `unit`
    (persons or yuan a year); `gap` = (bound - reached) / bound. `prices`: one row a binding row of a rule: rule,
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
