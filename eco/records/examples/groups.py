"""Who could hold a recorded link in the example: groups of households around groups of sites.

A group is the plots of one livelihood in one village, or one bee yard. Its size follows from the
busiest year, so that every member gets a link. Three sites in ten have no recorded link at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eco.records.examples.shares import stream
from eco.records.examples.sites import GULOU_HIVES_A_HOUSEHOLD, Sites

UNRECORDED_SHARE = 0.3
PLANTER_MU, GROWER_MU, KEEPER_HIVES = 12.5, 6.0, 7.2  # of the busiest year, one household
COOP_HOUSEHOLDS = 27
OWN_VILLAGE_MOST = 60  # members from the village itself; the others come from its township


@dataclass(frozen=True)
class Group:
    """Recorded sites that share their households: row numbers of the site table, members wanted."""

    livelihood: str
    village_code: str
    rows: tuple[int, ...]
    members: int
    fixed: bool  # published number of households: never trimmed


def make_groups(sites: Sites, seed: int) -> list[Group]:
    """Groups of the recorded sites, in a fixed order."""
    rng = stream(seed, "recorded")
    forest = sites.forest.assign(year=sites.forest["planted_year"])
    juncao = sites.juncao.assign(year=sites.juncao["season"])
    groups = _plot_groups("forest", forest[_recorded(len(forest), rng=rng)], mu_each=PLANTER_MU)
    groups += _plot_groups("juncao", juncao[_recorded(len(juncao), rng=rng)], mu_each=GROWER_MU)
    yards = sites.yards[sites.yards["in_programme"] == "是"]
    published = (yards["source"] != "rule").to_numpy()
    return groups + [
        _yard_group(row) for row in yards[_recorded(len(yards), rng=rng, always=published)].itertuples()
    ]


def _recorded(count: int, *, rng: np.random.Generator, always: np.ndarray | None = None) -> np.ndarray:
    """Which sites have recorded links: seven in ten, those of `always` first."""
    rank = rng.random(count)
    if always is not None:
        rank[always] = -1
    place = np.argsort(np.argsort(rank, kind="stable"), kind="stable")
    return place < count - round(UNRECORDED_SHARE * count)


def _plot_groups(livelihood: str, plots: pd.DataFrame, *, mu_each: float) -> list[Group]:
    groups = []
    for village, own in plots.groupby("village_code"):
        busiest = own.groupby("year")["area_mu"].sum().max()
        groups.append(Group(livelihood, village, tuple(own.index), max(3, round(busiest / mu_each)), False))
    return groups


def _yard_group(yard) -> Group:
    hives = int(yard.hives_received)
    members = {"co-op": COOP_HOUSEHOLDS, "Gulou": hives // GULOU_HIVES_A_HOUSEHOLD}.get(
        yard.source, max(-(-hives // 10), round(hives / KEEPER_HIVES))
    )
    return Group("bees", yard.village_code, (yard.Index,), members, yard.source != "rule")


def turns(areas: np.ndarray, years: np.ndarray, *, members: int, mu_each: float) -> list[np.ndarray]:
    """Positions of the members who work each plot, taking turns within a year.

    A plot takes one member a `mu_each`, at least one; in the busiest year every member has a turn.

    >>> [turn.tolist() for turn in turns(np.array([6.0, 12.0]), np.array([2019, 2019]), members=3, mu_each=6)]
    [[0], [1, 2]]
    """
    out: list[np.ndarray] = [np.empty(0, int)] * len(areas)
    sums = {year: areas[years == year].sum() for year in np.unique(years)}
    busiest = max(sums, key=lambda year: sums[year])
    for year in sums:
        rows = np.flatnonzero(years == year)
        wanted = np.clip(np.round(areas[rows] / mu_each), 1, members).astype(int)
        while year == busiest and wanted.sum() < members:
            wanted[np.argmax(np.where(wanted < members, areas[rows] / wanted, -1))] += 1
        start = np.concatenate([[0], np.cumsum(wanted)[:-1]])
        for row, first, count in zip(rows, start, wanted):
            out[row] = (first + np.arange(count)) % members
    return out


def demand(groups: list[Group], villages: pd.DataFrame) -> pd.Series:
    """Members wanted from each village (by code): own village first, then its township in equal parts."""
    wanted = pd.Series(0, index=villages["code"])
    mates = villages[~villages["urban"]].groupby("township")["code"].apply(list)
    for group in groups:
        own = min(group.members, OWN_VILLAGE_MOST)
        wanted[group.village_code] += own
        others = [
            code for code in mates.get(group.village_code[:9] + "000", []) if code != group.village_code
        ]
        if group.members > own:
            wanted[others] += -(-(group.members - own) // len(others))
    return wanted
