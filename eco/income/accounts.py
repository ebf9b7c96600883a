"""The accounts of a chunk of households in all worlds of one year.

For household h and world d, with F the flows of its links, D its own days and A its free days:

    given up = migrant pay a day x max(D - A, 0)           leaves the register's income, shared out by days; what
                                                           falls to days that end by themselves is one-off
    gain     = sum F - given up                            change in register net income (A19)
    labour   = shadow wage x min(D, A)                     own labour inside the free days
    economic = gain - labour
    gross    = receipts, before costs and what was given up

Arrays are float32 (households, draws) and live only as long as the chunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numba
import numpy as np
import pandas as pd

from eco.income.exposure import Exposure
from eco.livelihoods import Flow, Livelihood
from eco.parameters.draws import Draws, Worlds, county_keys, unit_keys

# Own days inside the free ones are priced like light local work.
SHADOW_WAGE = "day_wage_local_light"
# Numbers of the household rather than of a livelihood, which move its register income.
COMMON_PARAMETERS = ("hh_days_avail", "migrant_month")
_HOME_COLUMNS = ("village_code", "household_id", "persons", "workers", "free_days")
_BASE_COLUMNS = ("income_yuan_per_person", "income_year", "base_includes_programme")


@dataclass(frozen=True)
class Block:
    """Links of one livelihood and role, all recorded or all inferred, in order of household."""

    one: Livelihood
    role: str
    household: np.ndarray  # position in the stream, ascending
    columns: Mapping[str, np.ndarray]  # float32 (links, 1)
    sites: np.ndarray  # hash of the site, (links,)
    households: np.ndarray  # hash of the household, (links,)
    counties: np.ndarray  # hash of the site's county, (links,)
    recorded: bool

    def part(self, low: int, high: int) -> Block:
        """The links of the households at positions low <= position < high, counted from low."""
        start, stop = np.searchsorted(self.household, (low, high))
        part = self.rows(slice(int(start), int(stop)))
        return replace(part, household=part.household - low)

    def rows(self, links) -> Block:
        """The links that a slice or a mask picks."""
        return replace(
            self,
            household=self.household[links],
            columns={name: column[links] for name, column in self.columns.items()},
            sites=self.sites[links],
            households=self.households[links],
            counties=self.counties[links],
        )

    def draws(self, worlds: Worlds, year: int, shared: dict | None = None) -> Draws:
        """The numbers that the block's links see in a year; `shared` keeps what others see too."""
        known = {} if shared is None else shared
        return Draws(worlds, year, self.sites, self.households, self.counties, known)

    @property
    def flows(self) -> Iterator[Flow]:
        """The flows of the block's role."""
        return (flow for flow in self.one.flows if flow.role == self.role)


@dataclass(frozen=True)
class Stream:
    """Linked households in order of village and id, with their links, ready to be walked in chunks."""

    homes: Mapping[str, np.ndarray]  # columns of the households, each (households,)
    keys: np.ndarray  # hash of household_id, (households,)
    blocks: tuple[Block, ...]
    worlds: Worlds
    in_base: Mapping[
        int, tuple[Block, ...]
    ]  # by income year: recorded links whose yuan the base already holds
    livelihoods: tuple[Livelihood, ...]

    @classmethod
    def of(cls, exposure: Exposure, worlds: Worlds, *, year: int, linked: bool = True) -> Stream:
        """The households that have any link, or those that have none, as a year sees them."""
        homes, links = exposure.project.households, exposure.links
        holding = pd.Index(links["household_id"].unique()).get_indexer(homes["household_id"]) >= 0
        homes = homes.loc[holding == linked]
        homes = homes[[*_HOME_COLUMNS, *_BASE_COLUMNS]].sort_values(["village_code", "household_id"])
        # A base that holds the programme of an unknown year cannot be freed of it.
        undated = (homes["base_includes_programme"] == "yes") & homes["income_year"].isna()
        homes["base_includes_programme"] = homes["base_includes_programme"].mask(undated, "unknown")
        ids = pd.Index(homes["household_id"])
        blocks = blocks_of(links, exposure, ids, year=year) if linked else ()
        holders = homes[homes["base_includes_programme"] == "yes"]
        recorded = links[links["recorded"].astype(bool)]
        in_base = {
            int(known): blocks_of(
                recorded[recorded["household_id"].isin(rows["household_id"])],
                exposure,
                ids,
                year=int(known),
            )
            for known, rows in (holders.groupby("income_year") if linked else ())
        }
        columns = {name: column.to_numpy() for name, column in homes.items()}
        return cls(columns, unit_keys(homes["household_id"]), blocks, worlds, in_base, exposure.livelihoods)

    def __len__(self) -> int:
        return len(self.keys)

    def part(self, cut: tuple[int, int]) -> dict[str, np.ndarray]:
        """The columns of one chunk's households."""
        return {name: column[slice(*cut)] for name, column in self.homes.items()}

    def cuts(self, size: int) -> list[tuple[int, int]]:
        """Bounds of chunks of about `size` households; a village is never split, so no sum is."""
        village = self.homes["village_code"]
        ends = np.append(np.flatnonzero(village[1:] != village[:-1]) + 1, len(village))
        cuts, low = [], 0
        for end, following in zip(ends, np.append(ends[1:], np.iinfo(np.int64).max)):
            if following - low > size:
                cuts.append((low, int(end)))
                low = int(end)
        return [(low, high) for low, high in cuts if high > low]


@dataclass(frozen=True)
class Ledger:
    """Flows summed by household: yuan and own days by livelihood, of which one-off, and mean receipts."""

    gain: dict[str, np.ndarray]
    one_off: np.ndarray
    days: dict[str, np.ndarray]
    one_off_days: np.ndarray
    gross: np.ndarray  # mean over worlds, (households,)


def ledger(stream: Stream, cut: tuple[int, int], year: int, *, shared: dict) -> Ledger:
    """Sum the flows of one chunk's links in one year."""
    low, high = cut
    blocks = (block.part(low, high) for block in stream.blocks)
    return _booked(blocks, stream.worlds, high - low, year, shared)


def _booked(blocks: Iterable[Block], worlds: Worlds, households: int, year: int, shared: dict) -> Ledger:
    shape = (households, worlds.draws)
    gain: dict[str, np.ndarray] = {}
    days: dict[str, np.ndarray] = {}
    one_off, one_off_days, gross = (
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
        np.zeros(households),
    )
    for block in blocks:
        if not len(block.household):
            continue
        name = block.one.name
        draws = block.draws(worlds, year, shared)
        for flow in block.flows:
            if flow.payee != "household":
                continue
            yuan = flow.yuan(block.columns, draws, year)
            add_rows(_room(gain, name, shape), block.household, yuan)
            if not flow.recurrent:
                add_rows(one_off, block.household, yuan)
            if flow.gross:
                gross += np.bincount(block.household, row_means(yuan), minlength=households)
        if block.role in block.one.days:
            asked = block.one.days[block.role](block.columns, draws, year)
            add_rows(_room(days, name, shape), block.household, asked)
            if not any(flow.recurrent for flow in block.flows):
                add_rows(one_off_days, block.household, asked)
    return Ledger(gain, one_off, days, one_off_days, gross)


def price_days(book: Ledger, stream: Stream, cut: tuple[int, int], year: int, *, shared: dict) -> np.ndarray:
    """Take pay given up for days beyond the free ones off the ledger's gains, in place.

    Returns the mean price of own days inside the free ones, yuan (households,).
    """
    keys, homes = stream.keys[slice(*cut)], stream.part(cut)
    counties = county_keys(pd.Series(homes["village_code"]).str[:6])
    draws = Draws(stream.worlds, year, keys, keys, counties, shared)
    if not book.days:
        return np.zeros(len(keys))
    days = _total(book.days)
    free = _free_days(homes, draws)
    a_day = given_up_a_day(days, free, draws["migrant_month"] / draws["work_days_per_month"])
    for name, own in book.days.items():
        gain = _room(book.gain, name, days.shape)
        gain -= own * a_day
    np.subtract(book.one_off, book.one_off_days * a_day, out=book.one_off)
    return row_means(np.minimum(days, free, out=days) * draws[SHADOW_WAGE])


def total_gain(book: Ledger) -> np.ndarray:
    """Register gain over all livelihoods, (households, draws)."""
    return _total(book.gain) if book.gain else np.zeros_like(book.one_off)


@numba.vectorize(["float32(float32, float32, float32)"], cache=True)
def given_up_a_day(days, free, pay):
    """Migrant pay given up for days beyond the free ones, a day worked: pay x max(days - free, 0) / days.

    >>> [float(given_up_a_day(*np.float32([days, 30, 150]))) for days in (0, 20, 40)]
    [0.0, 0.0, 37.5]
    """
    return pay * max(days - free, np.float32(0)) / max(days, np.float32(1e-6))  # no branch: SIMD takes both


@numba.njit(nogil=True, cache=True, fastmath={"reassoc"})
def row_means(values):  # pragma: no cover - compiled
    """Mean of every row in double precision: float32 (rows, draws) to (rows,).

    >>> row_means(np.array([[1, 2, 6]], np.float32)).tolist()
    [3.0]
    """
    means = np.empty(values.shape[0])
    for row in range(values.shape[0]):
        total = 0.0
        for draw in range(values.shape[1]):
            total += values[row, draw]
        means[row] = total / values.shape[1]
    return means


@numba.njit(nogil=True, cache=True)
def add_rows(total, household, yuan):  # pragma: no cover - compiled
    """Add rows of links (links, draws or 1) to the rows of their households, in place and in order.

    >>> total = np.zeros((2, 2), np.float32)
    >>> add_rows(total, np.array([1, 1]), np.array([[1, 2], [3, 4]], np.float32))
    >>> total.tolist()
    [[0.0, 0.0], [4.0, 6.0]]
    """
    for link in range(len(household)):
        row = total[household[link]]
        if yuan.shape[1] == 1:
            row += yuan[link, 0]
        else:
            row += yuan[link]


@numba.njit(nogil=True, cache=True)
def sum_runs(values, starts):  # pragma: no cover - compiled
    """Sums over runs of rows in double precision: float32 (rows, draws) to (runs, draws); starts say where.

    >>> sum_runs(np.array([[1], [2], [4]], np.float32), np.array([0, 2])).tolist()
    [[3.0], [4.0]]
    """
    sums = np.zeros((len(starts), values.shape[1]))
    for run in range(len(starts)):
        end = starts[run + 1] if run + 1 < len(starts) else len(values)
        for row in range(starts[run], end):
            for draw in range(values.shape[1]):
                sums[run, draw] += values[row, draw]
    return sums


@numba.njit(nogil=True, cache=True)
def count_persons(
    counts, starts, recurrent, base, persons, known, line, threshold
):  # pragma: no cover - compiled
    """Add persons to counts (5, villages, draws): gaining, above without, above with, crossing up and down.

    A household gains where its recurrent gain is above 0 and at least threshold x base x persons; it stands
    above where base + gain / persons >= line. `recurrent` (households, draws) is yuan a household, `base`
    (households, 1 or draws) yuan a person. Returns in how many worlds each household stands above.
    """
    above = np.zeros(len(persons), np.int64)
    village = -1
    before = np.empty(recurrent.shape[1], np.float32)
    for home in range(len(persons)):
        village += village + 1 < len(starts) and starts[village + 1] == home
        if base.shape[1] == 1:
            before[:] = base[home, 0]
        else:
            before[:] = base[home]
        for draw in range(len(before)):
            gain, without = recurrent[home, draw], before[draw]
            was = known[home] and without >= line
            stands = known[home] and gain >= (line - without) * persons[home]
            gaining = gain > 0 and gain >= threshold * without * persons[home]
            above[home] += stands
            counts[0, village, draw] += persons[home] * gaining
            counts[1, village, draw] += persons[home] * was
            counts[2, village, draw] += persons[home] * stands
            counts[3, village, draw] += persons[home] * (stands and not was)
            counts[4, village, draw] += persons[home] * (was and not stands)
    return above


def base_income(stream: Stream, cut: tuple[int, int], year: int, *, shared: dict) -> np.ndarray:
    """Register income per person without the programme, carried to `year`: (households, 1 or draws).

    Where the base already holds the programme, what recorded links paid in the income year is taken out first.
    Growth a year is `base_growth`, by default none.
    """
    low, high = cut
    homes = stream.part(cut)
    base: np.ndarray = homes["income_yuan_per_person"].astype(np.float32)[:, None]
    since, persons = homes["income_year"], homes["persons"].astype(np.float32)[:, None]
    for known, blocks in stream.in_base.items():
        parts = (block.part(low, high) for block in blocks)
        paid = total_gain(_booked(parts, stream.worlds, high - low, known, shared))
        base = base - paid / persons
    growth = stream.worlds.numbers["base_growth"].mode
    carried = np.where(np.isnan(since), 0, year - since)
    return base * ((1 + growth) ** carried).astype(np.float32)[:, None]


def blocks_of(
    links: pd.DataFrame, exposure: Exposure, households: pd.Index, *, year: int
) -> tuple[Block, ...]:
    """Links as blocks, each in the order of `households`; all households of the links must be among them.

    `share_of_own` is a link's part of what its household holds in the role in `year`.
    """
    begun = links["quantity"].where(links["year"] <= year, 0)
    total = begun.groupby([links["household_id"], links["livelihood"], links["role"]]).transform("sum")
    links = links.assign(share_of_own=(begun / total.where(total > 0)).fillna(0))
    blocks = []
    for one in exposure.livelihoods:
        own = links[links["livelihood"] == one.name]
        for (role, recorded), rows in own.groupby(["role", "recorded"], sort=True):
            blocks.append(_block(one, role, recorded, rows, exposure.sites[one.name], households))
    return tuple(blocks)


def _block(
    one: Livelihood, role, recorded, links: pd.DataFrame, sites: pd.DataFrame, position: pd.Index
) -> Block:
    at = position.get_indexer(links["household_id"])
    order = np.argsort(at, kind="stable")
    links = links.iloc[order]
    of_site = sites.index.get_indexer(links["site_id"])
    own = {"in_days": links["unit"] == "days", "link_year": links["year"], **links}
    columns = {
        name: own[name].to_numpy(np.float32)[:, None]
        if name in own
        else sites[name].to_numpy(np.float32)[of_site, None]
        for name in one.needs
    }
    households, site_keys = unit_keys(links["household_id"]), unit_keys(links["site_id"])
    counties = county_keys(sites["county"].to_numpy()[of_site])
    return Block(one, str(role), at[order], columns, site_keys, households, counties, bool(recorded))


def _room(by_livelihood: dict[str, np.ndarray], name: str, shape: tuple[int, int]) -> np.ndarray:
    if name not in by_livelihood:
        by_livelihood[name] = np.zeros(shape, np.float32)
    return by_livelihood[name]


def _total(by_livelihood: Mapping[str, np.ndarray]) -> np.ndarray:
    first, *others = by_livelihood.values()
    total = first.copy()
    for other in others:
        total += other
    return total


def _free_days(homes: Mapping[str, np.ndarray], draws: Draws) -> np.ndarray:
    usual = draws["hh_days_avail"]
    recorded = homes["free_days"].astype(np.float32)
    free = np.empty((len(recorded), usual.shape[1]), np.float32)
    free[:] = usual
    known = ~np.isnan(recorded)
    free[known] = recorded[known, None]
    # A household without a worker has no migrant pay to give up: all its days are priced as light work.
    free[homes["workers"] <= 0] = np.inf
    return free
