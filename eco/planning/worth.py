"""What bundles are worth in all worlds: the income model's own flows and days, streamed by villages.

For household h and world d, with own flows F and days D of the records, those of the chosen lots added (F', D'),
A free days and p migrant pay a day:

    given up  = p x max(D - A, 0) / D         for every day worked, as in `eco.income.accounts`
    G         = recurrent F - given up x recurrent D           the same with the lots: G'
    gain      = G' - G
    gap       = persons x (lack(G) - lack(G')),  lack(G) = max(line - base - G / persons, 0)
    lifted    = persons x ([base + G' / persons >= line] - [base + G / persons >= line])

Lots add up in F and D; an offered hive is what the household's hives bring with it less what they bring without it,
since all sell to the same friends. No household x draw matrix outlives its chunk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba
import numpy as np
import pandas as pd

from eco.income.accounts import OWN_DAYS, Block, Booking, Stream, base_income, blocks_of, day_prices
from eco.income.exposure import Exposure
from eco.income.gains import quantiles
from eco.income.tallies import add_outer, add_rows, given_up_a_day
from eco.parameters.draws import Worlds, unit_keys
from eco.planning.offers import Offers, links_of
from eco.planning.options import AIMS, PARTS, bad_column

# Columns of what is weighed of every bundle: the aims, then the same in the worst fifth of worlds.
WEIGHED = (*(column for column, _ in AIMS.values()), *(bad_column(column) for column, _ in AIMS.values()))
CHUNK_HOUSEHOLDS = 128
WORST_SHARE = 0.2
SAMPLE_HOUSEHOLDS = 1000
# Whose flows hang on what else the household holds in the role: hives sell to the same friends.
_SHARED_ROLE = ("bees", "keeper")


@dataclass(frozen=True)
class Booked:
    """Yuan before pay given up, and own days, lasting or ending by themselves: float32, each (rows, draws)."""

    lasting: np.ndarray
    ending: np.ndarray
    lasting_days: np.ndarray
    ending_days: np.ndarray

    @classmethod
    def of(cls, bookings: tuple[Booking, ...], cut: tuple[int, int], draws: int, shared: dict) -> Booked:
        """What bookings come to for the rows of a cut."""
        low, high = cut
        sums = [np.zeros((high - low, draws), np.float32) for _ in range(4)]
        for booking in bookings:
            for what, at, column, worlds in booking.worked_out(low, high, shared):
                if what == OWN_DAYS:
                    total = sums[2 + booking.one_off_days]
                else:
                    total = sums[0 if booking.flows[what].recurrent else 1]
                if column is None:
                    add_rows(total, at, worlds)
                else:
                    add_outer(total, at, column, worlds)
        return cls(*sums)

    def take_off(self, other: Booked, rows: np.ndarray, at: np.ndarray) -> None:
        """Take rows `at` of another off some rows, in place."""
        for mine, less in zip(self._all, other._all):
            mine[rows] -= less[at]

    @property
    def _all(self) -> tuple[np.ndarray, ...]:
        return self.lasting, self.ending, self.lasting_days, self.ending_days


@dataclass(frozen=True)
class Trial:
    """All households as the records leave them in a year, and every lot as if it alone were given."""

    stream: Stream
    lots: pd.DataFrame
    home: np.ndarray  # position of a lot's household in the stream, ascending, (lots,)
    bookings: tuple[Booking, ...]  # of the lots, hives together with those the household has
    keeping: tuple[Booking, ...]  # of the stream's hives
    year: int

    @classmethod
    def of(cls, exposure: Exposure, offers: Offers, worlds: Worlds, *, year: int) -> Trial:
        """The trial of all open lots in a year."""
        stream = Stream.of(exposure, worlds, year=year, linked=None)
        lots = offers.lots
        home = pd.Index(stream.homes["household_id"]).get_indexer(lots["household_id"])
        links = _lot_links(exposure.links, lots, year)
        sites = {
            name: pd.concat([frame, offers.sites[name]]) if name in offers.sites else frame
            for name, frame in exposure.sites.items()
        }
        blocks = blocks_of(links, replace(exposure, sites=sites), pd.RangeIndex(len(lots)), year=year)
        kinds = (
            kind
            for block in blocks
            for kind in replace(block, households=stream.keys[home[block.household]]).kinds
        )
        bookings = (Booking.of(kind, worlds, year, stream.shared) for kind in kinds)
        keeping = tuple(one for one in stream.bookings if _shares(one.block))
        return cls(stream, lots, home, tuple(one for one in bookings if one), keeping, year)

    def rows(self, cut: tuple[int, int]) -> tuple[int, int]:
        """The lots of a cut of households."""
        low, high = (int(at) for at in np.searchsorted(self.home, cut))
        return low, high

    def lots_of(self, cut: tuple[int, int]) -> Booked:
        """What each lot of a cut of households brings by itself."""
        low, high = self.rows(cut)
        draws, shared = self.stream.worlds.draws, self.stream.shared
        booked = Booked.of(self.bookings, (low, high), draws, shared)
        hives = np.flatnonzero(self.lots["part"].to_numpy()[low:high] == _SHARED_ROLE[0])
        if len(hives) and self.keeping:
            kept = Booked.of(self.keeping, cut, draws, shared)
            booked.take_off(kept, hives, self.home[low:high][hives] - cut[0])
        return booked

    def own(self, cut: tuple[int, int]) -> Booked:
        """What the records bring the households of a cut."""
        return Booked.of(self.stream.bookings, cut, self.stream.worlds.draws, self.stream.shared)


def _shares(block: Block) -> bool:
    return (block.one.name, block.role) == _SHARED_ROLE


def _lot_links(links: pd.DataFrame, lots: pd.DataFrame, year: int) -> pd.DataFrame:
    """Links of lots beside those that share with them; `household_id` is the row of the lot."""
    own = links_of(lots, year=year)
    name, role = _SHARED_ROLE
    beside = links[(links["livelihood"] == name) & (links["role"] == role)]
    hives = lots.loc[lots["part"] == name, ["household_id"]]
    hives = hives.assign(row=hives.index)
    beside = beside.merge(hives, on="household_id", how="inner")
    both = pd.concat([own, beside[own.columns]], ignore_index=True) if len(beside) else own
    both = both.sort_values(["row", "livelihood", "role", "site_id", "year", "quantity"], kind="stable")
    return both.assign(household_id=both["row"], recorded=both["recorded"].astype(bool)).drop(columns="row")


@dataclass(frozen=True)
class Standing:
    """Where the households of a cut stand without any lot: float32 (homes, draws), or (homes,)."""

    own: Booked
    a_day: np.ndarray  # migrant pay given up for every day worked
    gain: np.ndarray  # recurrent, pay given up taken off
    need: np.ndarray  # yuan of the household from the base to the line; below 0 where the base is above it
    income: np.ndarray  # yuan a person, base and recurrent gain, mean over worlds, (homes,)
    persons: np.ndarray
    judged: np.ndarray  # whether a line can be held against the household
    free: np.ndarray
    pay: np.ndarray
    shadow_wage: np.ndarray

    @classmethod
    def of(cls, trial: Trial, cut: tuple[int, int], line: float | None) -> Standing:
        """The households of a cut; without a line nobody is judged."""
        homes, own = trial.stream.part(cut), trial.own(cut)
        shape = own.lasting.shape
        free, pay, shadow_wage = (
            np.ascontiguousarray(np.broadcast_to(one, shape))
            for one in day_prices(trial.stream, cut, trial.year)
        )
        a_day = given_up_a_day(own.lasting_days + own.ending_days, free, pay)
        persons = homes["persons"].astype(np.float32)
        base = base_income(trial.stream, cut, trial.year)
        lacking = np.float32(0 if line is None else line) - base
        need = np.ascontiguousarray(np.broadcast_to(lacking * persons[:, None], shape))
        judged = (homes["base_includes_programme"] != "unknown") & (line is not None)
        gain = own.lasting - a_day * own.lasting_days
        income = base.mean(axis=1, dtype=float) + gain.mean(axis=1, dtype=float) / persons
        return cls(own, a_day, gain, need, income, persons, judged, free, pay, shadow_wage)

    @property
    def chance_above(self) -> np.ndarray:
        """Share of worlds in which each household stands above the line, (homes,); NaN where not judged."""
        above = np.count_nonzero(self.gain >= self.need, axis=1) / self.gain.shape[1]
        return np.where(self.judged, above, np.nan)

    @property
    def gap(self) -> np.ndarray:
        """Yuan that all persons of a household lack to the line, mean over worlds, (homes,); 0 where not judged."""
        lack = np.maximum(self.need - self.gain, 0).mean(axis=1, dtype=float)
        return np.where(self.judged, lack, 0.0)


def weighed(
    choice: np.ndarray, home: np.ndarray, given: Booked, standing: Standing, bad: np.ndarray
) -> np.ndarray:
    """What bundles bring towards every aim, in the mean of all worlds and of the bad ones: (bundles, 6) as WEIGHED.

    `choice` (bundles, parts): rows of the lots of a bundle, -1 for none. `home` (bundles,): row of its household.
    `bad` (draws,): bool. Where a household is not judged only gain is weighed.
    """
    own = standing.own
    sums = _weigh(
        *(choice, home),
        *(given.lasting, given.lasting_days, given.ending_days),
        *(own.lasting, own.lasting_days, own.ending_days),
        *(standing.gain, standing.need, standing.persons, standing.judged, standing.free, standing.pay),
        bad.astype(np.float32),
    )
    draws = len(bad)
    return sums / np.repeat([draws, max(np.count_nonzero(bad), 1)], len(AIMS))


def told(choice: np.ndarray, home: np.ndarray, given: Booked, standing: Standing) -> dict[str, np.ndarray]:
    """What else bundles bring, by column of `options.Options.bundles`, each (bundles,).

    A part's gain is its own flows less pay given up for its own days; what more is given up for days that the
    household worked before falls to the parts by their days.
    """
    own, judged = standing.own, standing.judged[home]
    gains, sums, parts = _tell(
        *(choice, home),
        *(given.lasting, given.ending, given.lasting_days, given.ending_days),
        *(own.lasting, own.ending, own.lasting_days, own.ending_days),
        *(standing.gain, standing.need, standing.a_day, standing.free, standing.pay, standing.shadow_wage),
    )
    one_off, economic, loss, above = sums.T / gains.shape[1]
    return {
        "gain_yuan_p10": quantiles(gains)[0],
        "gain_one_off_yuan": one_off,
        "gain_economic_yuan": economic,
        "chance_of_loss": loss,
        "chance_above_without": standing.chance_above[home],
        "chance_above_with": np.where(judged, above, np.nan),
        **{f"gain_{part}_yuan": yuan for part, yuan in zip(PARTS, parts.T / gains.shape[1])},
    }


def sample_of(exposure: Exposure, offers: Offers) -> tuple[Exposure, Offers]:
    """The households with the smallest hashes of their ids that are offered anything, at most 1,000.

    So the sample is the same for any order of rows.
    """
    ids = offers.lots["household_id"].unique()
    ids = np.sort(ids[np.argsort(unit_keys(ids), kind="stable")[:SAMPLE_HOUSEHOLDS]])

    def own(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["household_id"].isin(ids)]

    tables = exposure.project.tables
    project = replace(exposure.project, tables={**tables, "households": own(tables["households"])})
    few = replace(offers, lots=own(offers.lots).reset_index(drop=True), homes=own(offers.homes))
    return replace(exposure, project=project, links=own(exposure.links)), few


def bad_worlds(sample: Trial) -> np.ndarray:
    """The worst fifth of worlds by what all single lots of a sample bring together, bool (draws,)."""
    draws = sample.stream.worlds.draws
    total = np.zeros(draws)
    for cut in sample.stream.cuts(CHUNK_HOUSEHOLDS):
        standing, given = Standing.of(sample, cut, None), sample.lots_of(cut)
        low, high = sample.rows(cut)
        own = standing.own
        _add_alone(
            *(total, sample.home[low:high] - cut[0], given.lasting, given.lasting_days, given.ending_days),
            *(own.lasting, own.lasting_days, own.ending_days, standing.gain, standing.free, standing.pay),
        )
    worst = np.argsort(total, kind="stable")[: int(np.ceil(WORST_SHARE * draws))]
    return np.isin(np.arange(draws), worst)


@numba.njit(nogil=True, cache=True)
def _given_up(pay, days, free):  # pragma: no cover - compiled
    """Migrant pay given up for every day worked, as `tallies.given_up_a_day`."""
    return pay * max(days - free, np.float32(0)) / max(days, np.float32(1e-6))


@numba.njit(nogil=True, cache=True)
def _bundle(into, choice, lots, own):  # pragma: no cover - compiled
    """Own worlds (draws,) with those of the chosen lots added, into a row."""
    into[:] = own
    for lot in choice:
        if lot >= 0:
            into += lots[lot]


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def _weigh(
    choice, home, yuan, lasting, ending, own_yuan, own_lasting, own_ending, gain, need, persons, judged,
    free, pay, bad,
):  # fmt: skip  # pragma: no cover - compiled
    """Sums over worlds of gap, lifted persons and gain, then over the bad worlds: float64 (bundles, 6).

    yuan, and days `lasting` and `ending`, of lots and homes before pay given up, float32 (rows, draws); `bad` (draws,)
    is 1 in the bad worlds.
    """
    sums = np.zeros((len(home), 6))
    money, days, end = np.empty((3, len(bad)), np.float32)
    nothing = np.float32(0)
    for bundle in range(len(home)):
        at = home[bundle]
        _bundle(money, choice[bundle], yuan, own_yuan[at])
        _bundle(days, choice[bundle], lasting, own_lasting[at])
        _bundle(end, choice[bundle], ending, own_ending[at])
        gap, lifted, more, bad_gap, bad_lifted, bad_more = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for draw in range(len(bad)):
            before, least = gain[at, draw], need[at, draw]
            now = money[draw] - _given_up(pay[at, draw], days[draw] + end[draw], free[at, draw]) * days[draw]
            closed = max(least - before, nothing) - max(least - now, nothing)
            up = (1.0 if now >= least else 0.0) - (1.0 if before >= least else 0.0)
            gap += closed
            lifted += up
            more += now - before
            bad_gap += bad[draw] * closed
            bad_lifted += bad[draw] * up
            bad_more += bad[draw] * (now - before)
        sums[bundle, 2], sums[bundle, 5] = more, bad_more
        if judged[at]:
            sums[bundle, 0], sums[bundle, 3] = gap, bad_gap
            sums[bundle, 1], sums[bundle, 4] = lifted * persons[at], bad_lifted * persons[at]
    return sums


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def _tell(
    choice, home, yuan, once, lasting, ending, own_yuan, own_once, own_lasting, own_ending, gain, need,
    own_a_day, free, pay, wage,
):  # fmt: skip  # pragma: no cover - compiled
    """Recurrent gains (bundles, draws), and sums over worlds: one-off, economic, losses, above; gain by part."""
    draws = gain.shape[1]
    gains = np.empty((len(home), draws), np.float32)
    sums, parts = np.zeros((len(home), 4)), np.zeros((len(home), choice.shape[1]))
    money, ends, days, end = np.empty((4, draws), np.float32)
    a_day, a_new_day = np.empty((2, draws), np.float32)
    for bundle in range(len(home)):
        at = home[bundle]
        _bundle(money, choice[bundle], yuan, own_yuan[at])
        _bundle(ends, choice[bundle], once, own_once[at])
        _bundle(days, choice[bundle], lasting, own_lasting[at])
        _bundle(end, choice[bundle], ending, own_ending[at])
        one_off, economic, loss, above = 0.0, 0.0, 0.0, 0.0
        for draw in range(draws):
            worked, rest = days[draw] + end[draw], free[at, draw]
            own_worked = own_lasting[at, draw] + own_ending[at, draw]
            price, own_price = _given_up(pay[at, draw], worked, rest), own_a_day[at, draw]
            now = money[draw] - price * days[draw]
            more = now - gain[at, draw]
            one_off += ends[draw] - price * end[draw] - own_once[at, draw] + own_price * own_ending[at, draw]
            share = min(worked, rest) / max(worked, np.float32(1e-6)) * days[draw]
            own_share = min(own_worked, rest) / max(own_worked, np.float32(1e-6)) * own_lasting[at, draw]
            economic += more - wage[at, draw] * (share - own_share)
            loss += more < 0
            above += now >= need[at, draw]
            a_day[draw] = price
            new = max(worked - own_worked, np.float32(1e-6))
            a_new_day[draw] = (price - own_price) * own_lasting[at, draw] / new
            gains[bundle, draw] = more
        sums[bundle, 0], sums[bundle, 1], sums[bundle, 2], sums[bundle, 3] = one_off, economic, loss, above
        for part in range(choice.shape[1]):
            lot = choice[bundle, part]
            if lot >= 0:
                total = 0.0
                for draw in range(draws):
                    own_days = a_day[draw] * lasting[lot, draw]
                    total += yuan[lot, draw] - own_days
                    total -= a_new_day[draw] * (lasting[lot, draw] + ending[lot, draw])
                parts[bundle, part] = total
    return gains, sums, parts


@numba.njit(nogil=True, cache=True)
def _add_alone(
    total, home, yuan, lasting, ending, own_yuan, own_lasting, own_ending, gain, free, pay
):  # pragma: no cover - compiled
    """Add the recurrent gain of every lot alone to a total (draws,), one after the other, so no cut changes it."""
    for lot in range(len(home)):
        at = home[lot]
        for draw in range(len(total)):
            days = own_lasting[at, draw] + lasting[lot, draw]
            worked = days + own_ending[at, draw] + ending[lot, draw]
            price = _given_up(pay[at, draw], worked, free[at, draw])
            total[draw] += own_yuan[at, draw] + yuan[lot, draw] - price * days - gain[at, draw]
