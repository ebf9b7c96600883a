"""The accounts of a chunk of households in all worlds of one year.

For household h and world d, with F the flows of its links, D its own days and A its free days:

    given up = migrant pay a day x max(D - A, 0)           leaves the register's income, shared out by days
    gain     = sum F - given up                            change in register net income (A19)
    labour   = shadow wage x min(D, A)                     own labour inside the free days
    economic = gain - labour
    gross    = receipts, before costs and what was given up

Arrays are float32 (households, draws) and live only as long as the chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eco.income.exposure import Exposure
from eco.livelihoods import LIVELIHOODS, Flow, Livelihood
from eco.parameters.draws import Draws, Worlds, unit_keys

# Own days inside the free ones are priced like light local work.
SHADOW_WAGE = "day_wage_local_light"


@dataclass(frozen=True)
class Block:
    """Links of one livelihood and role, all recorded or all inferred, in order of household."""

    one: Livelihood
    role: str
    household: np.ndarray  # position in the stream, ascending
    columns: Mapping[str, np.ndarray]  # float32 (links, 1)
    sites: np.ndarray  # hash of the site, (links,)
    households: np.ndarray  # hash of the household, (links,)
    recorded: bool
    site_ids: np.ndarray  # (links,)

    def part(self, low: int, high: int) -> Block:
        """The links of the households at positions low <= position < high, counted from low."""
        start, stop = np.searchsorted(self.household, (low, high))
        cut = slice(int(start), int(stop))
        columns = {name: column[cut] for name, column in self.columns.items()}
        return Block(
            self.one,
            self.role,
            self.household[cut] - low,
            columns,
            self.sites[cut],
            self.households[cut],
            self.recorded,
            self.site_ids[cut],
        )

    @property
    def flows(self) -> Iterator[Flow]:
        """The flows of the block's role."""
        return (flow for flow in self.one.flows if flow.role == self.role)


@dataclass(frozen=True)
class Stream:
    """Linked households in order of village and id, with their links, ready to be walked in chunks."""

    homes: pd.DataFrame
    keys: np.ndarray  # hash of household_id, (households,)
    blocks: tuple[Block, ...]
    worlds: Worlds

    @classmethod
    def of(cls, exposure: Exposure, worlds: Worlds, *, linked: bool = True) -> Stream:
        """The households that have any link, or those that have none."""
        homes, links = exposure.project.households, exposure.links
        homes = homes[homes["household_id"].isin(links["household_id"]) == linked]
        homes = homes.sort_values(["village_code", "household_id"], ignore_index=True)
        blocks = blocks_of(links, exposure.sites, pd.Index(homes["household_id"])) if linked else ()
        return cls(homes, unit_keys(homes["household_id"]), blocks, worlds)

    def cuts(self, size: int) -> list[tuple[int, int]]:
        """Bounds of chunks of about `size` households; a village is never split, so no sum is."""
        village = self.homes["village_code"].to_numpy()
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
    gross: np.ndarray  # mean over worlds, (households,)


def ledger(
    stream: Stream, cut: tuple[int, int], year: int, *, shared: dict, recorded_only: bool = False
) -> Ledger:
    """Sum the flows of one chunk's links in one year."""
    low, high = cut
    shape = (high - low, stream.worlds.draws)
    gain: dict[str, np.ndarray] = {}
    days: dict[str, np.ndarray] = {}
    one_off, gross = np.zeros(shape, np.float32), np.zeros(shape[0])
    for whole in stream.blocks:
        block = whole.part(low, high)
        if not len(block.household) or (recorded_only and not block.recorded):
            continue
        name = block.one.name
        draws = Draws(stream.worlds, year, block.sites, block.households, shared)
        for flow in block.flows:
            yuan = flow.yuan(block.columns, draws, year)
            if not yuan.any():
                continue
            _add(_room(gain, name, shape), block.household, yuan)
            if not flow.recurrent:
                _add(one_off, block.household, yuan)
            if flow.gross:
                gross += np.bincount(block.household, row_means(yuan), minlength=shape[0])
        if block.role in block.one.days:
            asked = block.one.days[block.role](block.columns, draws, year)
            if asked.any():
                _add(_room(days, name, shape), block.household, asked)
    return Ledger(gain, one_off, days, gross)


def price_days(book: Ledger, stream: Stream, cut: tuple[int, int], year: int, *, shared: dict) -> np.ndarray:
    """Take pay given up for days beyond the free ones off the ledger's gains, in place.

    Returns the mean price of own days inside the free ones, yuan (households,).
    """
    low, high = cut
    keys = stream.keys[low:high]
    draws = Draws(stream.worlds, year, keys, keys, shared)
    if not book.days:
        return np.zeros(high - low)
    days = _total(book.days)
    free = _free_days(stream.homes.iloc[low:high], draws)
    if (days > free).any():
        given_up = np.maximum(days - free, 0) * (draws["migrant_month"] / draws["work_days_per_month"])
        a_day = given_up / np.maximum(days, np.finfo(np.float32).tiny)
        for name, own in book.days.items():
            np.subtract(_room(book.gain, name, days.shape), own * a_day, out=book.gain[name])
    return row_means(np.minimum(days, free) * draws[SHADOW_WAGE])


def total_gain(book: Ledger) -> np.ndarray:
    """Register gain over all livelihoods, (households, draws)."""
    return _total(book.gain) if book.gain else np.zeros_like(book.one_off)


def row_means(values: np.ndarray) -> np.ndarray:
    """Mean of every row in double precision: float32 (rows, draws) to (rows,).

    >>> row_means(np.array([[1, 2, 6]], np.float32)).tolist()
    [3.0]
    """
    return np.einsum("ij->i", values.astype(float)) / values.shape[1]


def base_income(stream: Stream, cut: tuple[int, int], year: int) -> np.ndarray:
    """Register income per person without the programme, carried to `year`: (households, 1 or draws).

    Where the base already holds the programme, what recorded links paid in the income year is taken out first.
    Growth a year is `base_growth`, by default none.
    """
    low, high = cut
    homes = stream.homes.iloc[low:high]
    base = homes["income_yuan_per_person"].to_numpy(np.float32)[:, None]
    since = homes["income_year"].to_numpy()
    holds = (homes["base_includes_programme"] == "yes").to_numpy()
    for known in np.unique(since[holds]):
        book = ledger(stream, cut, int(known), shared={}, recorded_only=True)
        paid = total_gain(book)
        rows = (holds & (since == known))[:, None]
        base = base - rows * paid / homes["persons"].to_numpy(np.float32)[:, None]
    growth = stream.worlds.numbers["base_growth"].mode
    return base * ((1 + growth) ** (year - since)).astype(np.float32)[:, None]


def blocks_of(
    links: pd.DataFrame, sites: Mapping[str, pd.DataFrame], households: pd.Index
) -> tuple[Block, ...]:
    """Links as blocks, each in the order of `households`; all households of the links must be among them."""
    blocks = []
    for one in LIVELIHOODS:
        own = links[links["livelihood"] == one.name]
        for (role, recorded), rows in own.groupby(["role", "recorded"], sort=True):
            blocks.append(_block(one, role, recorded, rows, sites[one.name], households))
    return tuple(blocks)


def _block(
    one: Livelihood, role, recorded, links: pd.DataFrame, sites: pd.DataFrame, position: pd.Index
) -> Block:
    at = position.get_indexer(links["household_id"])
    order = np.argsort(at, kind="stable")
    links = links.iloc[order]
    of_site = sites.loc[links["site_id"]]
    own = links.assign(in_days=links["unit"] == "days", link_year=links["year"])
    columns = {
        name: (own if name in own else of_site)[name].to_numpy(np.float32)[:, None] for name in one.needs
    }
    households, site_keys = unit_keys(links["household_id"]), unit_keys(links["site_id"])
    site_ids = links["site_id"].to_numpy()
    return Block(one, str(role), at[order], columns, site_keys, households, bool(recorded), site_ids)


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


def _add(total: np.ndarray, household: np.ndarray, yuan: np.ndarray) -> None:
    """Add rows of links to rows of households; links of one household are summed first, in their order."""
    starts = np.flatnonzero(np.diff(household, prepend=-1))
    if len(starts) < len(household):
        yuan = np.add.reduceat(yuan, starts, axis=0)
        household = household[starts]
    if len(household) == len(total):
        total += yuan
    else:
        total[household] += yuan


def _free_days(homes: pd.DataFrame, draws: Draws) -> np.ndarray:
    recorded = homes["free_days"].to_numpy(np.float32)[:, None]
    free = np.where(np.isnan(recorded), draws["hh_days_avail"], recorded)
    # A household without a worker has no migrant pay to give up: all its days are priced as light work.
    return np.where(homes["workers"].to_numpy()[:, None] > 0, free, np.float32(np.inf))
