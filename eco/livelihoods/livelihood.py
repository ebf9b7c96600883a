"""What a livelihood is: flows of yuan, own days, and the columns and numbers they need.

Columns arrive as float32 arrays of shape (links, 1), numbers as (1 or links, draws); a flow answers
yuan of shape (links, draws) or anything that broadcasts to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from eco.phrases import Phrase


class ByName(Protocol):
    """Arrays by name: the columns of links, or the numbers of all worlds."""

    def __getitem__(self, name: str, /) -> np.ndarray:
        """The array of a name."""


Columns = ByName
Numbers = ByName
Yuan = Callable[[Columns, Numbers, int], np.ndarray]
Payer = Literal["state", "project", "firm", "market", "nobody"]
Payee = Literal["household", "collective"]
IncomeClass = Literal["wage", "operating", "transfer", "property", "cost"]


@dataclass(frozen=True)
class Flow:
    """Yuan that reach (or leave) a household because of one link, in one year.

    `recurrent` flows come again as long as the site stands; a flow that ends by itself is one-off.
    `income_class` is where the register books it: A17a wage, A17b operating, A17c transfer, A17d property,
    or A18 cost (negative: paid; positive: saved). `given_up` marks the counterfactual: what the household
    would have had from the same land or days. What a collective receives counts 0 for the household until
    it is distributed.
    """

    name: str
    label: Phrase
    role: str
    payer: Payer
    income_class: IncomeClass
    recurrent: bool
    yuan: Yuan
    given_up: bool = False
    payee: Payee = "household"

    @property
    def gross(self) -> bool:
        """Whether the flow is a receipt, before costs and what was given up."""
        return self.income_class != "cost" and not self.given_up


@dataclass(frozen=True)
class Inference:
    """How unrecorded work of a role is split among registered households in reach of a site.

    `share` names the number that says what part of the site falls to them, `since` the site column of the first
    year, `years` the number of years it lasts (empty: one year; "open": no end), `most` the largest quantity one
    household takes at one site (empty: as much as its free days allow).
    """

    role: str
    unit: str
    share: str
    since: str
    years: str = ""
    most: str = ""


@dataclass(frozen=True)
class Livelihood:
    """One livelihood, complete: flows, own days by role, columns and numbers it needs.

    Days of a role whose flows all end by themselves end with them and count as one-off.

    `site_columns` turns its table of sites into numbers: at least `in_programme` (0/1), `site_quantity` and
    every site column of `needs`, each of shape (sites,).
    """

    name: str
    label: Phrase
    site_table: str
    site_columns: Callable[[pd.DataFrame], dict[str, np.ndarray]]
    inferences: tuple[Inference, ...]
    needs: tuple[str, ...]  # columns of its sites and links
    parameters: tuple[str, ...]
    flows: tuple[Flow, ...]
    days: Mapping[str, Yuan]  # own labour in days a year, by role
    day_rates: Mapping[str, str]  # the number of days that a unit (mu, hive) asks a year, by role


def in_year(since: np.ndarray, until: np.ndarray, year: int) -> np.ndarray:
    """1 where since <= year <= until, else 0 (float32)."""
    return ((since <= year) & (year <= until)).astype(np.float32)


def held(x: Columns, registered_share: np.ndarray) -> np.ndarray:
    """What links hold, in the site's unit: as recorded, or, where none is, a part of what is not recorded.

    Unrecorded: weight x max(site_quantity x registered_share - site_recorded, 0), so that recorded and inferred
    together stay within the registered share of the site.

    >>> half = {"recorded": np.zeros((1, 1)), "quantity": 9.0, "weight": 0.5}
    >>> half |= {"site_quantity": 100.0, "site_recorded": 20.0}
    >>> held(half, np.array([[0.1, 0.5]])).tolist()
    [[0.0, 15.0]]
    """
    if x["recorded"].all():
        return x["quantity"]
    return x["weight"] * np.maximum(x["site_quantity"] * registered_share - x["site_recorded"], 0)


def dividend(x: Columns, n: Numbers, year: int) -> np.ndarray:
    """Dividend recorded for a share, yuan a year, from the link's year on."""
    return x["quantity"] * (x["link_year"] <= year)


def dividend_flow() -> Flow:
    """The flow of a recorded share: property income, recurrent."""
    return Flow("dividend", Phrase("分红", "dividend"), "shareholder", "firm", "property", True, dividend)
