"""What a livelihood is: flows of yuan, own days, and the columns and numbers they need.

Columns arrive as float32 arrays of shape (links, 1), numbers as (1 or links, draws); a flow answers
yuan of shape (links, draws) or anything that broadcasts to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eco.phrases import Phrase

Columns = Mapping[str, np.ndarray]
Numbers = Mapping[str, np.ndarray]
Yuan = Callable[[Columns, Numbers, int], np.ndarray]
Payer = Literal["state", "project", "firm", "market", "nobody"]
IncomeClass = Literal["wage", "operating", "transfer", "property", "cost"]


@dataclass(frozen=True)
class Flow:
    """Yuan that reach (or leave) a household because of one link, in one year.

    `recurrent` flows come again as long as the site stands; a flow that ends by itself is one-off.
    `income_class` is where the register books it: A17a wage, A17b operating, A17c transfer, A17d property,
    or A18 cost (negative: paid; positive: saved). `given_up` marks the counterfactual: what the household
    would have had from the same land or days.
    """

    name: str
    label: Phrase
    role: str
    payer: Payer
    income_class: IncomeClass
    recurrent: bool
    yuan: Yuan
    given_up: bool = False

    @property
    def gross(self) -> bool:
        """Whether the flow is a receipt, before costs and what was given up."""
        return self.income_class != "cost" and not self.given_up


@dataclass(frozen=True)
class Livelihood:
    """One livelihood, complete: flows, own days by role, columns and numbers it needs."""

    name: str
    label: Phrase
    site_table: str
    needs: tuple[str, ...]  # columns of its sites and links
    parameters: tuple[str, ...]
    flows: tuple[Flow, ...]
    days: Mapping[str, Yuan]  # own labour in days a year, by role


def in_year(since: np.ndarray, until: np.ndarray, year: int) -> np.ndarray:
    """1 where since <= year <= until, else 0 (float32)."""
    return ((since <= year) & (year <= until)).astype(np.float32)


def dividend(x: Columns, n: Numbers, year: int) -> np.ndarray:
    """Dividend recorded for a share, yuan a year, from the link's year on."""
    return x["quantity"] * (x["link_year"] <= year)


def dividend_flow() -> Flow:
    """The flow of a recorded share: property income, recurrent."""
    return Flow("dividend", Phrase("分红", "dividend"), "shareholder", "firm", "property", True, dividend)
