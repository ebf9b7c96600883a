"""The example's recorded links: real roles, made-up households, never more than the site holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.records.examples.groups import (
    COOP_HOUSEHOLDS,
    GROWER_MU,
    PLANTER_MU,
    Group,
    turns,
)
from eco.records.examples.shares import apportion, apportion_between, stream, uneven
from eco.records.examples.sites import GULOU_HIVES_A_HOUSEHOLD, Sites

PLANTER_DAYS_A_MU, PLANTER_MU_SHARE = 3.6, 0.4  # of poor households; all hands together work about 9 days
TENDER_DAYS_A_MU, TENDERS, TENDING_YEARS = 0.35, 3, 3
GUARD_MU = 1000
INTERCROP_SHARE = 0.15
SHAREHOLDERS, LAST_YEAR = 20, 2020
COLUMNS = ("household_id", "site_id", "role", "quantity", "unit", "year")


def choose_members(
    groups: list[Group], register: pd.DataFrame, *, persons_wanted: int, seed: int
) -> list[np.ndarray]:
    """Register rows of each group's members: poor households with workers of the village, then township.

    No household is in two groups. Members of groups without a published size are dropped by chance
    while at least `persons_wanted` persons remain.
    """
    rng = stream(seed, "members")
    rank = (
        2 * ~register["poor"].to_numpy() + (register["workers"].to_numpy() == 0) + rng.random(len(register))
    )
    order = np.argsort(rank, kind="stable")
    queues = {code: list(order[::-1][rows]) for code, rows in _positions(register, order[::-1]).items()}
    towns: dict[str, list[str]] = {}
    for code in queues:
        towns.setdefault(code[:9], []).append(code)
    chosen = []
    for group in groups:
        own = queues[group.village_code]
        members = [own.pop() for _ in range(min(group.members, len(own)))]
        mates = [code for code in towns[group.village_code[:9]] if code != group.village_code]
        while len(members) < group.members:
            fullest = max(mates, key=lambda code: len(queues[code]))
            members.append(queues[fullest].pop())
        chosen.append(members)
    return _trimmed(groups, chosen, persons=register["persons"].to_numpy(), wanted=persons_wanted, rng=rng)


def _positions(register: pd.DataFrame, order: np.ndarray) -> dict[str, np.ndarray]:
    """Village code -> positions in `order` of its households."""
    return (
        register["village_code"]
        .iloc[order]
        .reset_index(drop=True)
        .groupby(register["village_code"].iloc[order].to_numpy())
        .indices
    )


def _trimmed(groups, chosen: list[list[int]], *, persons: np.ndarray, wanted: int, rng) -> list[np.ndarray]:
    """Members without those whom the published number of persons leaves out; three stay in a group."""
    left = sum(int(persons[members].sum()) for members in chosen)
    if left < wanted:
        raise ValueError(f"the groups hold {left} persons, {wanted} are wanted")
    spare = [
        (number, row)
        for number, (group, members) in enumerate(zip(groups, chosen))
        if not group.fixed and group.livelihood != "bees"
        for row in members[3:]
    ]
    dropped = set()
    for position in rng.permutation(len(spare)):
        row = spare[position][1]
        if left - persons[row] >= wanted:
            left -= persons[row]
            dropped.add(row)
    return [np.array([row for row in members if row not in dropped]) for members in chosen]


def make_links(
    sites: Sites, groups: list[Group], *, members: list[np.ndarray], register: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Link rows in Chinese words, sorted by household, site, role and year."""
    rng = stream(seed, "links")
    ids = register["household_id"].to_numpy()
    rows: list[tuple] = []
    for group, own in zip(groups, members):
        make = {"forest": _forest_links, "juncao": _grower_links, "bees": _keeper_links}[group.livelihood]
        rows += make(group, ids[own], sites=sites, rng=rng)
    rows += _guards(sites, groups, people=[ids[own] for own in members])
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(
        ["household_id", "site_id", "role", "year"], ignore_index=True
    )


def _split(total: float, people: np.ndarray, *, step: float, rng) -> list[tuple]:
    shares = apportion(total, uneven(len(people), rng), step=step)
    return [(person, share) for person, share in zip(people, shares) if share > 0]


def _forest_links(group: Group, people: np.ndarray, *, sites: Sites, rng) -> list[tuple]:
    plots = sites.forest.loc[list(group.rows)]
    areas, years = plots["area_mu"].to_numpy(), plots["planted_year"].to_numpy()
    rows = []
    for plot, turn in zip(plots.itertuples(), turns(areas, years, members=len(people), mu_each=PLANTER_MU)):
        workers = people[turn]
        if rng.random() < 0.7:
            given, unit = _split(np.floor(PLANTER_DAYS_A_MU * plot.area_mu), workers, step=1, rng=rng), "工日"
        else:
            given, unit = _split(PLANTER_MU_SHARE * plot.area_mu, workers, step=0.1, rng=rng), "亩"
        rows += [(who, plot.plot_id, "栽植", amount, unit, plot.planted_year) for who, amount in given]
        rows += _tenders(plot, workers, rng=rng)
        if plot.tenure == "农户":
            land = _split(plot.area_mu, workers, step=0.1, rng=rng)
            rows += [(who, plot.plot_id, "流转", mu, "亩", plot.planted_year) for who, mu in land]
        if plot.funding in ("福州林一期", "福州林二期") and rng.random() < 0.4:
            crop = _split(INTERCROP_SHARE * plot.area_mu, workers[:2], step=0.1, rng=rng)
            rows += [(who, plot.plot_id, "种植", mu, "亩", plot.planted_year + 1) for who, mu in crop]
    return rows


def _tenders(plot, workers: np.ndarray, *, rng) -> list[tuple]:
    if rng.random() < 0.5:
        return []
    years = range(plot.planted_year + 1, min(plot.planted_year + TENDING_YEARS, LAST_YEAR) + 1)
    days = np.floor(TENDER_DAYS_A_MU * plot.area_mu)
    return [
        (who, plot.plot_id, "抚育", amount, "工日", year)
        for year in years
        for who, amount in _split(days, workers[:TENDERS], step=1, rng=rng)
    ]


def _grower_links(group: Group, people: np.ndarray, *, sites: Sites, rng) -> list[tuple]:
    plots = sites.juncao.loc[list(group.rows)]
    areas, seasons = plots["area_mu"].to_numpy(), plots["season"].to_numpy()
    return [
        (who, plot.plot_id, "种植", mu, "亩", plot.season)
        for plot, turn in zip(
            plots.itertuples(), turns(areas, seasons, members=len(people), mu_each=GROWER_MU)
        )
        for who, mu in _split(plot.area_mu, people[turn], step=0.1, rng=rng)
    ]


def _keeper_links(group: Group, people: np.ndarray, *, sites: Sites, rng) -> list[tuple]:
    yard = sites.yards.loc[group.rows[0]]
    hives = int(yard["hives_received"])
    if yard["source"] == "Gulou":
        given = np.full(len(people), GULOU_HIVES_A_HOUSEHOLD)
    else:
        most = 11 if len(people) == COOP_HOUSEHOLDS else 10
        given = apportion_between(hives, len(people), low=min(2, hives), high=most, rng=rng)
    site, year = yard["apiary_id"], yard["started_year"]
    rows = [(who, site, "养蜂", float(count), "箱", year) for who, count in zip(people, given)]
    if yard["source"] == "co-op":
        rows += [
            (who, site, "入股", float(rng.integers(4, 9) * 100), "元", year) for who in people[:SHAREHOLDERS]
        ]
    return rows


def _guards(sites: Sites, groups: list[Group], *, people: list[np.ndarray]) -> list[tuple]:
    """One post a thousand mu of recorded forest, each for another household of the plot's own group."""
    rows, since = [], 0.0
    for group, own in zip(groups, people):
        if group.livelihood != "forest":
            continue
        free = list(own[::-1])
        for plot in sites.forest.loc[list(group.rows)].itertuples():
            since += plot.area_mu
            if since >= GUARD_MU and free:
                since -= GUARD_MU
                rows.append((free.pop(), plot.plot_id, "护林员", 1.0, "岗", plot.planted_year))
    return rows
