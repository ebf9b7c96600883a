"""What could be given to whom: bundles of hives, grass, trees and guard posts, at what cost, for what gain.

A bundle is all that one household would get; at most one of a household's bundles is chosen, so what its parts do to
each other (days, flowers sold to the same friends) is inside its value and all values add up over households.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from eco.phrases import Phrase
from eco.problems import DataProblem, Finding
from eco.records.showing import shown

Aim = Literal["gap", "lifted", "gain"]
# What a bundle may hold, and the unit it is counted in.
PARTS: dict[str, str] = {
    "bees": "hives",
    "juncao": "juncao_mu",
    "forest": "forest_mu",
    "guard": "guard_posts",
}
# What a part is called as a livelihood.
CALLED = {"bees": "bees", "juncao": "juncao", "forest": "forest", "guard": "forest_guard"}
AIMS: dict[str, tuple[str, str]] = {
    "gap": ("gap_yuan", "yuan"),
    "lifted": ("lifted_persons", "persons"),
    "gain": ("gain_yuan_mean", "yuan"),
}
MOST_BUNDLES = 8  # of one household
# When a cost is due: in the year a bundle begins; in that and every later year; in its first `tending_years` years.
KINDS = ("one_off", "yearly", "tending")

_TEXTS = ("county_code", "county", "township_code", "township", "village_code", "village", "to_check")
_NUMBERS = (
    *PARTS.values(),
    *("days", "gain_yuan_mean", "gain_yuan_p10", "gain_one_off_yuan", "gain_economic_yuan", "chance_of_loss"),
    *("gap_yuan", "lifted_persons", "gain_yuan_bad", "gap_yuan_bad", "lifted_persons_bad"),
    *(f"gain_{part}_yuan" for part in PARTS),
    *(f"cost_{kind}_yuan" for kind in KINDS),
    *("chance_above_without", "chance_above_with"),
)
_OTHERS: dict[str, Any] = {
    "persons": 1,
    "yard": -1,  # position among the yards where its hives would stand
    "free_days": np.inf,  # days a year the household has left for it
    "slope_degrees": np.nan,  # of the field of its grass, else of the hillside of its trees; NaN: cannot tell
    "tree_slope_degrees": np.nan,  # of the hillside of its trees
    "basic_farmland": "unknown",  # yes, no, unknown: trees would stand on permanent basic farmland
    "start": 0,  # plan year in which it begins, 0 the first
}


@dataclass(frozen=True, repr=False)
class Options:
    """All bundles that can be chosen, and what they compete for.

    `bundles`: one row a bundle in order of household_id; columns household_id, persons; county_code (6 digits),
    township_code and village_code (12 digits) with their names in county, township, village; hives, juncao_mu,
    forest_mu, guard_posts; yard (position in `yards`, -1 where no hives); days (own days a year at the most likely
    numbers) and free_days; slope_degrees, tree_slope_degrees; basic_farmland; to_check (reasons, comma apart:
    "farmland", "slope", "forage"; empty: none); start; cost_one_off_yuan, cost_yearly_yuan and cost_tending_yuan (a
    year, in the first `tending_years` years only), whole fen, and of each part cost_<part>_one_off_yuan and so on
    (they add up to the three); gain_yuan_mean and gain_yuan_p10
    (recurrent register gain a year, over worlds), gain_one_off_yuan, gain_economic_yuan (recurrent, own days priced),
    gain_<part>_yuan (they add up to gain_yuan_mean), chance_of_loss; gap_yuan (yuan a year by which it shortens what
    its persons lack to the line), lifted_persons (expected persons above the line with it less without it); the same
    three with `_bad` over the worst fifth of worlds; chance_above_without, chance_above_with.
    `yards`: one row a place for hives: yard_id, village_code, hives_there, room_colonies (colonies that flowers left
    over feed; NaN: cannot tell), x, y (EPSG:4544).
    `meadows`: (meadows, yards): the part of a meadow's flowers left over that one hive at a yard takes.
    `seedling_mu`: mu the nursery can serve in each plan year. `guard_room`: posts still open by township_code.
    `tending_years`: years in which trees are tended, the year of planting among them.
    `homes`: one row a household of the file: household_id, persons, village_code, base_yuan_per_person,
    chance_above_without, gap_without_yuan.
    """

    bundles: pd.DataFrame
    yards: pd.DataFrame
    meadows: csr_array
    seedling_mu: tuple[float, ...]
    guard_room: Mapping[str, float]
    homes: pd.DataFrame
    first_year: int
    line: float | None = None
    exposure: Any = field(default=None, repr=False, compare=False)
    numbers: Any = field(default=None, repr=False, compare=False)
    draws: int = 0
    seed: int = 1
    notes: tuple[Phrase, ...] = ()
    tending_years: int = 3

    def __post_init__(self) -> None:
        """Bundles in order of household and counted from 0, as whoever narrowed the list may not have left them."""
        bundles = self.bundles
        if not bundles["household_id"].is_monotonic_increasing:
            bundles = bundles.sort_values("household_id", kind="stable")
        object.__setattr__(self, "bundles", bundles.reset_index(drop=True))
        object.__setattr__(self, "yards", self.yards.reset_index(drop=True))
        if self.meadows.shape[1] != len(self.yards):
            found = f"{self.meadows.shape[1]:,} / {len(self.yards):,}"
            expected = Phrase("meadows 的每一列是一处蜂场", "a column of meadows for every yard")
            todo = Phrase("两者一同筛选", "narrow both alike")
            raise DataProblem(
                [Finding("E-PLAN-20", "error", "options", "", "meadows", found, expected, todo)]
            )

    @classmethod
    def of(
        cls,
        bundles: pd.DataFrame,
        *,
        yards: pd.DataFrame | None = None,
        meadows: csr_array | None = None,
        seedling_mu: tuple[float, ...] = (np.inf,),
        guard_room: Mapping[str, float] | None = None,
        homes: pd.DataFrame | None = None,
        first_year: int = 2021,
        **more: Any,
    ) -> Options:
        """Options of a table that has at least household_id: what it leaves out is nothing, or not known.

        The costs of parts may be left out where every bundle has one part. Raises DataProblem (E-PLAN-20) where they
        do not add up to the bundle's cost, so too where a bundle of several parts has none, and for costs, quantities,
        days or a start that are empty or below 0.
        """
        table = bundles.sort_values("household_id", kind="stable", ignore_index=True)
        missing = dict.fromkeys(_TEXTS, "") | dict.fromkeys(_NUMBERS, 0.0) | _OTHERS
        table = table.assign(**{name: value for name, value in missing.items() if name not in table})
        if wrong := _no_amounts(table):
            raise DataProblem(wrong)
        table = _with_costs_of_parts(table)
        if yards is None:
            columns = {"yard_id": str, "village_code": str, "hives_there": float, "room_colonies": float}
            yards = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
        meadows = csr_array((0, len(yards))) if meadows is None else meadows
        if homes is None:
            homes = table.drop_duplicates("household_id")[["household_id", "persons", "village_code"]]
        room = {} if guard_room is None else guard_room
        return cls(table, yards, meadows, seedling_mu, room, homes, first_year, **more)

    @property
    def said(self) -> Phrase:
        """How many bundles there are, for whom, from when, and where they could be."""
        homes, bundles = self.bundles["household_id"].nunique(), len(self.bundles)
        return Phrase(
            f"自 {self.first_year} 年起 {self.years} 年：{homes:,} 户的 {bundles:,} 个组合，{len(self.yards):,} 处蜂场",
            f"{self.years} year(s) from {self.first_year}: {bundles:,} bundles for {homes:,} households, "
            f"{len(self.yards):,} places for hives",
        )

    def __repr__(self) -> str:
        notes = "".join(f"\n└─ {note.zh} {note.en}" for note in self.notes)
        seen = f"{self.draws} draws, seed {self.seed}"
        return f"Options\n├─ {self.said.zh}\n├─ {self.said.en}\n├─ {seen}{notes}"

    def _repr_html_(self) -> str:
        said = (self.said, *self.notes)
        told = "".join(f"<li>{escape(one.zh)} <small>{escape(one.en)}</small></li>" for one in said)
        return f"<ul>{told}</ul>{shown(self._parts())._repr_html_()}"

    def _parts(self) -> pd.DataFrame:
        """One row a livelihood: households offered it alone, and the middle of what a bundle of it costs and brings."""
        held = self.bundles[list(PARTS.values())].to_numpy(float) > 0
        alone = held.sum(axis=1) == 1
        rows = []
        for at, (part, column) in enumerate(PARTS.items()):
            mine = self.bundles[held[:, at] & alone]
            if mine.empty:
                continue
            cost = mine[[f"cost_{kind}_yuan" for kind in KINDS]].sum(axis=1)
            rows.append(
                {
                    "livelihood": CALLED[part],
                    "households": mine["household_id"].nunique(),
                    "units": mine[column].median(),
                    "cost_yuan": cost.median(),
                    "gain_yuan_mean": mine["gain_yuan_mean"].median(),
                }
            )
        return pd.DataFrame(rows)

    @property
    def years(self) -> int:
        """Plan years."""
        return len(self.seedling_mu)

    @property
    def columns(self) -> int:
        """Columns of a rule's matrix: the bundles, then the yards (1 where new hives stand)."""
        return len(self.bundles) + len(self.yards)

    @property
    def household(self) -> np.ndarray:
        """Position of every bundle's household, ascending from 0, (bundles,)."""
        ids = self.bundles["household_id"].to_numpy()
        return np.cumsum(np.append(False, ids[1:] != ids[:-1])) if len(ids) else np.zeros(0, int)

    def fen(self, plan_year: int | None = None, *, parts: tuple[str, ...] = ()) -> np.ndarray:
        """What every bundle costs, in whole fen, int64 (bundles,): in one plan year (0 the first), or in all.

        With `parts` (keys of PARTS) only what those parts of it cost.
        """
        years = range(self.years) if plan_year is None else (plan_year,)
        start = self.bundles["start"].to_numpy(int)
        once, yearly, tending = (_fen(self.bundles[_cost_columns(kind, parts)]).sum(axis=1) for kind in KINDS)
        by_year = [
            once * (start == year)
            + yearly * (start <= year)
            + tending * ((start <= year) & (year < start + self.tending_years))
            for year in years
        ]
        return np.asarray(np.sum(by_year, axis=0, dtype=np.int64))

    def worth(self, aim: Aim, *, cautious: float = 0.0) -> np.ndarray:
        """What every bundle brings towards an aim, as a mean over the plan's years: yuan a year or persons, (bundles,).

        `cautious` 0 looks at all worlds, 1 at the worst fifth only.
        """
        column, _ = AIMS[aim]
        names = column, bad_column(column)
        mean, bad = (self.bundles[name].to_numpy(float) for name in names)
        standing = (self.years - self.bundles["start"].to_numpy(float)) / self.years
        return ((1 - cautious) * mean + cautious * bad) * standing

    def over_years(self, years: int, *, nursery_growth: float = 0.0) -> Options:
        """The same bundles for a plan of several years: each may begin in any of them and then stays.

        The nursery serves `nursery_growth` more of its first year's mu with every year.
        """
        table = pd.concat([self.bundles.assign(start=start) for start in range(years)])
        table = table.sort_values("household_id", kind="stable", ignore_index=True)
        seedlings = tuple(self.seedling_mu[0] * (1 + nursery_growth) ** year for year in range(years))
        return replace(self, bundles=table, seedling_mu=seedlings)


def bad_column(column: str) -> str:
    """The column of the same thing in the worst fifth of worlds.

    >>> bad_column("gain_yuan_mean"), bad_column("gap_yuan")
    ('gain_yuan_bad', 'gap_yuan_bad')
    """
    return column.removesuffix("_mean") + "_bad"


def _cost_columns(kind: str, parts: tuple[str, ...]) -> list[str]:
    return [f"cost_{part}_{kind}_yuan" for part in parts] if parts else [f"cost_{kind}_yuan"]


def _fen(yuan: pd.DataFrame) -> np.ndarray:
    return np.rint(yuan.to_numpy(float) * 100).astype(np.int64)


def _no_amounts(table: pd.DataFrame) -> list[Finding]:
    """A finding for every column that must be a number, 0 or more, in every bundle, and is not in some."""
    columns = [*PARTS.values(), "days", "start", *(one for one in table if str(one).startswith("cost_"))]
    found = []
    for name in columns:
        numbers = pd.to_numeric(table[name], errors="coerce").to_numpy(float)
        wrong = ~(np.isfinite(numbers) & (numbers >= 0))
        if wrong.any():
            first = table.loc[wrong, ["household_id", name]].iloc[0]
            told = f"{first['household_id']}: {first[name]} ({wrong.sum():,} ×)"
            expected = Phrase("每个组合一个不小于 0 的数", "a number, 0 or more, for every bundle")
            todo = Phrase("填写该列，或去掉这些组合", "fill in the column, or leave these bundles out")
            found.append(Finding("E-PLAN-20", "error", "options", "", str(name), told, expected, todo))
    return found


def _with_costs_of_parts(table: pd.DataFrame) -> pd.DataFrame:
    """The table with what each part of a bundle costs; a bundle that holds nothing has no part to pay for."""
    held = table[list(PARTS.values())].to_numpy(float) > 0
    wrong = np.zeros(len(table), bool)
    for kind in KINDS:
        names, whole = _cost_columns(kind, tuple(PARTS)), table[_cost_columns(kind, ())]
        if set(names) & set(table.columns):
            given = table.reindex(columns=names, fill_value=0.0)
        else:
            split = np.where(held & (held.sum(axis=1, keepdims=True) == 1), whole.to_numpy(float), 0.0)
            given = pd.DataFrame(split, columns=names, index=table.index)
        table = table.assign(**given)
        wrong |= held.any(axis=1) & (_fen(given).sum(axis=1) != _fen(whole)[:, 0])
    if wrong.any():
        raise DataProblem([_unsplit(table[wrong])])
    return table


def _unsplit(bundles: pd.DataFrame) -> Finding:
    first = bundles.iloc[0]
    whole = "+".join(f"{first[f'cost_{kind}_yuan']:g}" for kind in KINDS)
    names = (_cost_columns(kind, tuple(PARTS)) for kind in KINDS)
    parts = "+".join(f"{sum(first[name] for name in one):g}" for one in names)
    found = f"{first['household_id']}: {parts} != {whole} ({len(bundles)} ×)"
    expected = Phrase("各部分的费用之和等于该组合的费用", "costs of parts that add up to the bundle's cost")
    todo = Phrase("填写各部分的费用列", "fill in the columns of parts")
    return Finding("E-PLAN-20", "error", "options", "", "cost_<part>_*_yuan", found, expected, todo)
