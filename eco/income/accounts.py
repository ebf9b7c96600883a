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

import numpy as np
import pandas as pd

from eco.income.exposure import Exposure
from eco.income.formulas import Program, kinds_of
from eco.income.tallies import add_outer, add_rows, given_up_a_day, row_means, sum_runs
from eco.livelihoods import Flow, Livelihood
from eco.parameters.draws import Draws, Worlds, county_keys, unit_keys

# Own days inside the free ones are priced like light local work.
SHADOW_WAGE = "day_wage_local_light"
# Numbers of the household rather than of a livelihood, which move its register income.
COMMON_PARAMETERS = ("hh_days_avail", "migrant_month")
_HOME_COLUMNS = ("village_code", "household_id", "persons", "workers", "free_days")
OWN_DAYS = "own days"
_YEARS_KEPT = 4
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

    @property
    def kinds(self) -> Iterator[Block]:
        """The block sorted into kinds of links that share their formulas, each in order of household."""
        kind = kinds_of(self.columns)
        return (self.rows(np.flatnonzero(kind == one)) for one in range(kind.max(initial=-1) + 1))


@dataclass(frozen=True)
class Booking:
    """What links of one kind book in one year: links with anything but 0, and the program of their flows and days."""

    block: Block
    flows: Mapping[str, Flow]
    program: Program

    @classmethod
    def of(cls, block: Block, worlds: Worlds, year: int, shared: dict) -> Booking | None:
        """The booking of a block of one kind of link; None where nothing is booked in the year."""
        flows = {flow.name: flow for flow in block.flows if flow.payee == "household"}
        formulas = {name: flow.yuan for name, flow in flows.items()}
        if block.role in block.one.days:
            formulas[OWN_DAYS] = block.one.days[block.role]
        if not formulas:
            return None
        active, program = Program.of(formulas, block.columns, block.draws(worlds, year, shared))
        return cls(block.rows(active), flows, program) if len(active) else None

    @property
    def one_off_days(self) -> bool:
        """Whether the days end by themselves, as all flows of the role do."""
        return not any(flow.recurrent for flow in self.block.flows)

    def worked_out(self, low: int, high: int, shared: dict) -> Iterator[tuple]:
        """Name, household (from low), column and worlds of every flow of the households low <= position < high."""
        start, stop = (int(at) for at in np.searchsorted(self.block.household, (low, high)))
        for tile in self.program.tiles(slice(start, stop)):
            draws = self.block.rows(tile).draws(self.program.worlds, self.program.year, shared)
            household = self.block.household[tile] - low
            for name, column, worlds in self.program.work_out(tile, draws):
                yield name, household, column, worlds


@dataclass(frozen=True)
class Stream:
    """Linked households in order of village and id, with what they book, ready to be walked in chunks."""

    homes: Mapping[str, np.ndarray]  # columns of the households, each (households,)
    keys: np.ndarray  # hash of household_id, (households,)
    counties: np.ndarray  # hash of the household's county, (households,)
    bookings: tuple[Booking, ...]
    worlds: Worlds
    in_base: Mapping[int, tuple[Booking, ...]]  # by income year: recorded links whose yuan the base holds
    livelihoods: tuple[Livelihood, ...]
    shared: dict  # draws that links have in common, filled once

    @classmethod
    def of(cls, exposure: Exposure, worlds: Worlds, *, year: int, linked: bool | None = True) -> Stream:
        """The households that have any link, or those that have none (`None`: all), as a year sees them."""
        key = (year, linked)
        if key not in exposure.kept:
            while len(exposure.kept) >= _YEARS_KEPT:  # what the year asks does not hang on any number
                exposure.kept.pop(next(iter(exposure.kept)))
            exposure.kept[key] = _walk(exposure, year, linked=linked)
        homes, keys, counties, blocks, base_blocks = exposure.kept[key]
        shared: dict = {}

        def booked(blocks: tuple[Block, ...], year: int) -> tuple[Booking, ...]:
            own = (Booking.of(block, worlds, year, shared) for block in blocks)
            return tuple(one for one in own if one is not None)

        in_base = {known: booked(own, known) for known, own in base_blocks.items()}
        bookings = booked(blocks, year)
        return cls(homes, keys, counties, bookings, worlds, in_base, exposure.livelihoods, shared)

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
    """Flows summed by household: yuan and own days by livelihood, of which one-off; and by village and class."""

    gain: dict[str, np.ndarray]
    one_off: np.ndarray
    days: dict[str, np.ndarray]
    one_off_days: np.ndarray
    gross: np.ndarray  # mean over worlds, (households,)
    classes: dict[tuple[str, bool], np.ndarray]  # by class and recurrent: float64 (villages, draws)
    receipts: np.ndarray  # gross receipts, float64 (villages, draws)


def ledger(stream: Stream, cut: tuple[int, int], year: int, *, shared: dict | None = None) -> Ledger:
    """Sum the flows of one chunk's links in one year."""
    del year, shared  # the stream knows both
    return _booked(stream.bookings, stream, cut)


def village_starts(homes: Mapping[str, np.ndarray]) -> np.ndarray:
    """Positions at which villages begin, of households in order of village."""
    village = homes["village_code"]
    return np.flatnonzero(np.append(True, village[1:] != village[:-1]))


def _booked(bookings: Iterable[Booking], stream: Stream, cut: tuple[int, int]) -> Ledger:
    low, high = cut
    starts = village_starts(stream.part(cut))
    of_village = np.searchsorted(starts, np.arange(high - low), side="right") - 1
    book = _empty(high - low, len(starts), stream.worlds.draws)
    for booking in bookings:
        name = booking.block.one.name
        for what, at, column, worlds in booking.worked_out(low, high, stream.shared):
            if what == OWN_DAYS:
                _add(_room(book.days, name, book.one_off), at, column, worlds)
                if booking.one_off_days:
                    _add(book.one_off_days, at, column, worlds)
                continue
            flow = booking.flows[what]
            _add(_room(book.gain, name, book.one_off), at, column, worlds)
            if not flow.recurrent:
                _add(book.one_off, at, column, worlds)
            kept = _room(book.classes, (flow.income_class, flow.recurrent), book.receipts)
            _add(kept, of_village[at], column, worlds)
            if flow.gross:
                _add(book.receipts, of_village[at], column, worlds)
                means = row_means(worlds)
                means = means if column is None else column[:, 0] * means
                book.gross[:] += np.bincount(at, means, minlength=high - low)
    return book


def _empty(households: int, villages: int, draws: int) -> Ledger:
    own, own_days = (np.zeros((households, draws), np.float32) for _ in range(2))
    return Ledger({}, own, {}, own_days, np.zeros(households), {}, np.zeros((villages, draws)))


def _add(total: np.ndarray, at: np.ndarray, column: np.ndarray | None, worlds: np.ndarray) -> None:
    if column is None:
        add_rows(total, at, worlds)
    else:
        add_outer(total, at, column, worlds)


def price_days(
    book: Ledger, stream: Stream, cut: tuple[int, int], year: int, *, shared: dict | None = None
) -> np.ndarray:
    """Take pay given up for days beyond the free ones off the ledger's gains, in place.

    Returns the price of own days inside the free ones, yuan, float32 (households, draws or 1).
    """
    del shared
    if not book.days:
        return np.zeros((cut[1] - cut[0], 1), np.float32)
    days = total_of(book.days)
    free, pay, shadow_wage = day_prices(stream, cut, year)
    a_day = given_up_a_day(days, free, pay)
    for name, own in book.days.items():
        gain = _room(book.gain, name, days)
        gain -= own * a_day
    one_off = book.one_off_days * a_day
    np.subtract(book.one_off, one_off, out=book.one_off)
    starts = village_starts(stream.part(cut))
    ending = sum_runs(one_off, starts)
    lasting = sum_runs(np.multiply(a_day, days, out=a_day), starts) - ending
    for recurrent, given_up in ((True, lasting), (False, ending)):
        wages = _room(book.classes, ("wage", recurrent), book.receipts)
        wages -= given_up
    np.minimum(days, free, out=days)
    return np.multiply(days, shadow_wage, out=days)


def day_prices(stream: Stream, cut: tuple[int, int], year: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Free days a year, migrant pay a day beyond them and the price of a day inside them.

    Each float32 (households of the chunk or 1, draws or 1); a household without a worker has free days without end.
    """
    keys = stream.keys[slice(*cut)]
    draws = Draws(stream.worlds, year, keys, keys, stream.counties[slice(*cut)], stream.shared)
    pay = draws["migrant_month"] / draws["work_days_per_month"]
    return _free_days(stream.part(cut), draws), pay, draws[SHADOW_WAGE]


def total_gain(book: Ledger) -> np.ndarray:
    """Register gain over all livelihoods, (households, draws)."""
    return total_of(book.gain) if book.gain else np.zeros_like(book.one_off)


def base_income(stream: Stream, cut: tuple[int, int], year: int, *, shared: dict | None = None) -> np.ndarray:
    """Register income per person without the programme, carried to `year`: (households, 1 or draws).

    Where the base already holds the programme, what recorded links gained in the income year is taken out first, pay
    given up for it among them: without plus gain of that year is what the register says.
    Growth a year is `base_growth`, by default none.
    """
    del shared
    homes = stream.part(cut)
    base: np.ndarray = homes["income_yuan_per_person"].astype(np.float32)[:, None]
    since, persons = homes["income_year"], homes["persons"].astype(np.float32)[:, None]
    holder = homes["base_includes_programme"] == "yes"
    for known, bookings in stream.in_base.items():
        if np.any(holder & (since == known)):
            book = _booked(bookings, stream, cut)
            price_days(book, stream, cut, known)
            base = base - total_gain(book) / persons
    growth = stream.worlds.numbers["base_growth"].mode
    carried = np.where(np.isnan(since), 0, year - since)
    return base * ((1 + growth) ** carried).astype(np.float32)[:, None]


def _walk(exposure: Exposure, year: int, *, linked: bool | None) -> tuple:
    """Households in order, their keys and counties, the kinds of their links, and those the base holds by year."""
    homes, links = exposure.project.households, exposure.links
    holding = pd.Index(links["household_id"].unique()).get_indexer(homes["household_id"]) >= 0
    homes = homes if linked is None else homes.loc[holding == linked]
    homes = homes[[*_HOME_COLUMNS, *_BASE_COLUMNS]].sort_values(["village_code", "household_id"])
    # A base that holds the programme of an unknown year cannot be freed of it.
    undated = (homes["base_includes_programme"] == "yes") & homes["income_year"].isna()
    homes["base_includes_programme"] = homes["base_includes_programme"].mask(undated, "unknown")
    ids = pd.Index(homes["household_id"])
    holders = homes[homes["base_includes_programme"] == "yes"]
    recorded = links[links["recorded"].astype(bool)]

    def kinds(links: pd.DataFrame, year: int) -> tuple[Block, ...]:
        return tuple(kind for block in blocks_of(links, exposure, ids, year=year) for kind in block.kinds)

    in_base = {
        int(known): kinds(recorded[recorded["household_id"].isin(rows["household_id"])], int(known))
        for known, rows in (holders.groupby("income_year") if linked is not False else ())
    }
    columns = {name: column.to_numpy() for name, column in homes.items()}
    counties = county_keys(homes["village_code"].str[:6])
    return columns, unit_keys(ids), counties, kinds(links, year) if linked is not False else (), in_base


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


def _room(rooms: dict, key, like: np.ndarray) -> np.ndarray:
    if key not in rooms:
        rooms[key] = np.zeros_like(like)
    return rooms[key]


def total_of(by_livelihood: Mapping[str, np.ndarray]) -> np.ndarray:
    """The sum over livelihoods, a new array."""
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
