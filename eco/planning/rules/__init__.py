"""The rules of a plan: each a small value that reads aloud and gives the solver its rows.

>>> TownshipFloor(share=0.005).said
Phrase(zh='每个乡镇至少得到预算的 0.5 %', en='every township gets at least 0.5 % of the budget')

A county adds its own in one file: a frozen dataclass with `rows` and `said`, and nothing to register. `by_group` makes
the matrix, one row a group of bundles; `level` and `easing` (1 where more is easier, else -1) let the planner be told
what would do where rules cannot stand together.

>>> import pandas as pd
>>> from dataclasses import dataclass
>>> from typing import ClassVar
>>> from eco.phrases import Phrase
>>> from eco.planning.options import Options
>>> from eco.planning.rows import Rows, by_group
>>> @dataclass(frozen=True)
... class HivesAVillage:
...     hives: float = 100
...     level: ClassVar[str] = "hives"
...     easing: ClassVar[int] = 1
...
...     def rows(self, options, budget_yuan):
...         village, codes = pd.factorize(options.bundles["village_code"])
...         matrix = by_group(options, village, options.bundles["hives"])
...         labels = [Phrase(f"{code} 的蜂箱", f"hives of {code}") for code in codes]
...         return Rows.of(options, matrix, high=self.hives, labels=labels, unit="hives")
...
...     @property
...     def said(self):
...         return Phrase(f"每村至多 {self.hives} 箱", f"at most {self.hives} hives a village")
>>> bundles = {"household_id": ["a", "b", "c"], "village_code": ["v", "w", "v"], "hives": [5, 2, 10]}
>>> HivesAVillage(12).rows(Options.of(pd.DataFrame(bundles)), 1000.0).matrix.toarray()
array([[ 5., 0., 10.],
       [ 0., 2., 0.]])

Then `eco.plan(options, budget_yuan=..., rules=[HivesAVillage(60)])`.
"""

from eco.planning.rules.ground import Capacity, ForestFloor, MinLot, NoTreesOnFarmland, SlopeLimit
from eco.planning.rules.households import LockedOut, OneEach
from eco.planning.rules.money import Budget, CountyShare, PoorFirst, TownshipFloor
from eco.planning.rules.promises import LockedIn
from eco.planning.rules.standing import USUAL, contradictions, touches, with_usual

__all__ = [
    "USUAL",
    "Budget",
    "Capacity",
    "CountyShare",
    "ForestFloor",
    "LockedIn",
    "LockedOut",
    "MinLot",
    "NoTreesOnFarmland",
    "OneEach",
    "PoorFirst",
    "SlopeLimit",
    "TownshipFloor",
    "contradictions",
    "touches",
    "with_usual",
]
