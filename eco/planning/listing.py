"""The list of what could be given to whom: lots that are open, bundles of them, their worth, and the few kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from eco.income.accounts import OWN_DAYS, day_prices
from eco.income.exposure import Exposure
from eco.income.gains import FIRST_YEAR, LAST_YEAR, PAY_GIVEN_UP, line_of
from eco.income.tallies import given_up_a_day
from eco.parameters.draws import Worlds
from eco.parameters.numbers import Numbers
from eco.phrases import Phrase
from eco.planning.ground import Ground, ground_of
from eco.planning.offers import Offers, choices, offers_of
from eco.planning.options import KINDS, MOST_BUNDLES, PARTS, Options
from eco.planning.winnow import Bundles, guide_of, winnowed
from eco.planning.worth import (
    CHUNK_HOUSEHOLDS,
    WEIGHED,
    Booked,
    Standing,
    Trial,
    bad_worlds,
    sample_of,
    told,
    weighed,
)
from eco.problems import DataProblem, Finding
from eco.waiting import waiting

_LEVELS = {"county": ("counties", 6), "township": ("townships", 9), "village": ("villages", 12)}
_AT_LEAST_DRAWS = 10
# Formed, and left out: losing, beaten by another, beyond the most of a household.
_Counts = tuple[int, int, int, int]


def list_options(
    exposure: Exposure, numbers: Numbers, *, year: int | None = None, draws: int = 1000, seed: int = 1
) -> Options:
    """What could be given to registered households in `year`, by default the one after the project's.

    Every bundle is valued by the income model in the worlds of `eco.estimate_gains` of the same draws and seed, beside
    what then still stands of the records, in its first year. All combinations of one size of each part are formed;
    of these a household keeps at most eight, none that loses in every aim and none that another beats. `homes` tells
    every household of the file without any of it: base_yuan_per_person is its income a head with what stands of the
    records, mean over worlds; chances are NaN where nobody can judge, and gaps 0. Raises
    DataProblem for fewer than 10 draws (E-PLAN-01), a year that is none (E-PLAN-02), where nothing is open to anybody
    (E-PLAN-03) or everything that is open brings a loss (E-PLAN-04).
    """
    if draws < _AT_LEAST_DRAWS:
        expected = Phrase(f"至少 {_AT_LEAST_DRAWS} 次", f"at least {_AT_LEAST_DRAWS}")
        todo = Phrase("增加抽样次数", "ask for more draws")
        raise _problem("E-PLAN-01", "draws", str(draws), expected, todo)
    year = exposure.project.settings.default_year + 1 if year is None else int(year)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        expected = Phrase(f"{FIRST_YEAR}—{LAST_YEAR} 的年份", f"a year from {FIRST_YEAR} to {LAST_YEAR}")
        raise _problem("E-PLAN-02", "year", str(year), expected, Phrase("更正年份", "correct the year"))
    with waiting("plan_list_wait") as wait:
        ground = ground_of(exposure.project, numbers, year=year)
        return options_on(ground, exposure, Worlds(numbers, draws, seed), year=year, progress=wait.count)


def options_on(
    ground: Ground,
    exposure: Exposure,
    worlds: Worlds,
    *,
    year: int,
    chunk_households: int = CHUNK_HOUSEHOLDS,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Options:
    """The options on a ground told; no chunk size, thread count or order of rows changes a digit."""
    numbers = worlds.numbers
    offers = offers_of(exposure, numbers, ground, year=year)
    if offers.lots.empty:
        raise _nothing_open(exposure, offers)
    line, of_year = _line(exposure, numbers, year)
    sight = _sight(exposure, offers, worlds, line, year=year, grass_mu=ground.seedling_mu)
    trial = Trial.of(exposure, offers, worlds, year=year)
    parts = []
    for part, done in _parts(trial, offers, sight, chunk_households):
        parts.append(part)
        progress(done, len(trial.stream))
    bundles = pd.concat([part.bundles for part in parts], ignore_index=True)
    if bundles.empty:
        raise _all_lose(exposure, offers, numbers, year)
    homes = pd.concat([part.homes for part in parts]).sort_values("household_id", ignore_index=True)
    counts = [sum(part.counts[at] for part in parts) for at in range(4)]
    return Options.of(
        _placed(bundles, exposure, ground),
        yards=ground.yards,
        meadows=ground.meadows,
        seedling_mu=(ground.seedling_mu,),
        guard_room=ground.guard_room,
        homes=homes,
        first_year=year,
        line=line,
        exposure=exposure,
        numbers=numbers,
        draws=worlds.draws,
        seed=worlds.seed,
        notes=_notes(year, line, of_year, tuple(counts), bundles, trial),
        tending_years=int(numbers["tending_years"].mode),
    )


@dataclass(frozen=True)
class _Sight:
    """By what all bundles are judged: the line, the bad worlds, and the cases a plan may come to."""

    line: float | None
    bad: np.ndarray
    guide: np.ndarray


def _sight(
    exposure: Exposure, offers: Offers, worlds: Worlds, line: float | None, *, year: int, grass_mu: float
) -> _Sight:
    """What a sample of households tells; its part of the nursery is its part of the households offered grass."""
    few, their_offers = sample_of(exposure, offers)
    sample = Trial.of(few, their_offers, worlds, year=year)
    bad = bad_worlds(sample)
    own = _own(sample, their_offers)
    formed = [
        _formed(sample, cut, line, bad, own.iloc[slice(*cut)]).bundles
        for cut in sample.stream.cuts(CHUNK_HOUSEHOLDS)
    ]
    growers, all_growers = (
        one.lots.loc[one.lots["part"] == "juncao", "household_id"].nunique() for one in (their_offers, offers)
    )
    part = growers / all_growers if all_growers else 1.0
    return _Sight(line, bad, guide_of(Bundles.joined(formed), grass_mu=grass_mu * part))


@dataclass(frozen=True)
class _Formed:
    """All bundles of one chunk's households, and what they are made of."""

    bundles: Bundles
    table: pd.DataFrame  # what they hold, ask and cost
    choice: np.ndarray
    standing: Standing
    given: Booked


def _formed(
    trial: Trial, cut: tuple[int, int], line: float | None, bad: np.ndarray, own: pd.DataFrame
) -> _Formed:
    standing, given = Standing.of(trial, cut, line), trial.lots_of(cut)
    low, high = trial.rows(cut)
    lots = trial.lots.iloc[low:high]
    choice, home = choices(lots, trial.home[low:high] - cut[0], own["land_mu"].to_numpy())
    table = _held(choice, lots).assign(free_days=own["free_days"].to_numpy()[home])
    bundles = Bundles(
        weighed(choice, home, given, standing, bad),
        np.rint(table[[f"cost_{kind}_yuan" for kind in KINDS]].to_numpy() * 100).astype(np.int64),
        table[[*PARTS.values(), "days"]].to_numpy(),
        (table["days"] <= table["free_days"]).to_numpy(),
        home,
    )
    return _Formed(bundles, table, choice, standing, given)


def _own(trial: Trial, offers: Offers) -> pd.DataFrame:
    """Land and free days of all households of a trial, in its order."""
    own = offers.homes.set_index("household_id")[["land_mu", "free_days"]]
    return own.reindex(trial.stream.homes["household_id"]).fillna(0.0)


@dataclass(frozen=True)
class _Part:
    """What a chunk of households leaves behind: kept bundles, a row a household, and how many were formed."""

    bundles: pd.DataFrame
    homes: pd.DataFrame
    counts: _Counts


def _parts(trial: Trial, offers: Offers, sight: _Sight, size: int) -> Iterator[tuple[_Part, int]]:
    """Parts in the order of villages, each with the number of households done."""
    own = _own(trial, offers)
    cuts = trial.stream.cuts(size)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = pool.map(lambda cut: _part(trial, cut, sight, own.iloc[slice(*cut)]), cuts)
        for part, (_, done) in zip(parts, cuts):
            yield part, done


def _part(trial: Trial, cut: tuple[int, int], sight: _Sight, own: pd.DataFrame) -> _Part:
    """The bundles of one chunk's households, weighed and winnowed, and what else is told of those kept."""
    formed = _formed(trial, cut, sight.line, sight.bad, own)
    kept = winnowed(formed.bundles, sight.guide, most=MOST_BUNDLES)
    rows, standing = kept.rows, formed.standing
    home = formed.bundles.home[rows]
    who = pd.DataFrame(trial.stream.part(cut))[["household_id", "persons", "village_code"]]
    who = who.astype({"persons": int})
    bundles = pd.concat(
        [who.iloc[home].reset_index(drop=True), formed.table.iloc[rows].reset_index(drop=True)], axis=1
    )
    bundles[list(WEIGHED)] = formed.bundles.values[rows]
    bundles = bundles.assign(**told(formed.choice[rows], home, formed.given, standing))
    homes = who.assign(
        base_yuan_per_person=standing.income,
        chance_above_without=standing.chance_above,
        gap_without_yuan=standing.gap,
    )
    counts = len(formed.bundles.home), kept.losing, kept.beaten, kept.beyond
    return _Part(bundles, homes, counts)


def _held(choice: np.ndarray, lots: pd.DataFrame) -> pd.DataFrame:
    """What bundles hold, ask and cost, in all and by part: rows of `choice`."""

    def sums(column: str, chosen: np.ndarray) -> np.ndarray:
        return np.append(lots[column].to_numpy(float), 0.0)[chosen].sum(axis=1)

    table = {column: sums(column, choice) for column in (*PARTS.values(), "days")}
    for kind in KINDS:
        column = f"cost_{kind}_yuan"
        by_part = {f"cost_{part}_{kind}_yuan": sums(column, choice[:, [at]]) for at, part in enumerate(PARTS)}
        table |= by_part | {column: np.rint(sum(by_part.values()) * 100) / 100}
    return pd.DataFrame(table)


def _placed(bundles: pd.DataFrame, exposure: Exposure, ground: Ground) -> pd.DataFrame:
    """Bundles with their place, the ground they would stand on, and what is to be checked about it."""
    village = bundles["village_code"]
    hives, grass, trees = (bundles[PARTS[part]] > 0 for part in ("bees", "juncao", "forest"))
    yard = pd.Series(np.arange(len(ground.yards)), index=ground.yards["village_code"])
    room = ground.yards.set_index("village_code")["room_colonies"]
    hill, field = ground.hillsides.reindex(village), ground.fields.reindex(village)
    field_slope, tree_slope = (
        one["slope_degrees"].where(one["slope_known"].eq(True)).to_numpy(float) for one in (field, hill)
    )
    farmland = hill["basic_farmland"].fillna("unknown").to_numpy()
    unknown = {
        "farmland": trees & (farmland == "unknown"),
        "slope": grass & np.isnan(field_slope) | trees & np.isnan(tree_slope),
        "forage": hives & village.map(room).isna(),
    }
    checks = [",".join(name for name, holds in zip(unknown, row) if holds) for row in zip(*unknown.values())]
    names = {
        name: (village.str[:digits]).map(_names(exposure, table, digits)).fillna("")
        for name, (table, digits) in _LEVELS.items()
    }
    return bundles.assign(
        county_code=village.str[:6],
        township_code=village.str[:9] + "000",
        **names,
        yard=np.where(hives, village.map(yard).fillna(-1), -1).astype(int),
        # One bundle has one slope: that of its field where it holds grass, else that of its hillside.
        slope_degrees=np.where(grass, field_slope, np.where(trees, tree_slope, np.nan)),
        tree_slope_degrees=np.where(trees, tree_slope, np.nan),
        basic_farmland=np.where(trees, farmland, "no"),
        to_check=checks,
        start=0,
    )


def _names(exposure: Exposure, table: str, digits: int) -> pd.Series:
    places = exposure.project.tables[table]
    known = pd.Series(places["name"].to_numpy(), index=places["code"].astype(str).str[:digits])
    return known[~known.index.duplicated()]


def _line(exposure: Exposure, numbers: Numbers, year: int) -> tuple[float | None, int | None]:
    """The line of a year, else of the last year before it that has one, and of which year it is."""
    for earlier in range(year, FIRST_YEAR - 1, -1):
        line = line_of(exposure, numbers, earlier)
        if line is not None:
            return line, earlier
    return None, None


def _notes(
    year: int, line: float | None, of_year: int | None, counts: tuple, bundles: pd.DataFrame, trial: Trial
) -> tuple[Phrase, ...]:
    """What stands behind the list and is not seen in it."""
    formed, losing, beaten, beyond = counts
    notes = [
        Phrase(
            f"共组成 {formed:,} 个组合（每类至多一种规模），保留 {len(bundles):,} 个：{losing:,} 个对三个目标都无益，"
            f"{beaten:,} 个不如同户另一组合，{beyond:,} 个超出每户 {MOST_BUNDLES} 个",
            f"{formed:,} bundles formed (at most one size of each part), {len(bundles):,} kept: {losing:,} help no "
            f"aim, {beaten:,} are beaten by another of the household, {beyond:,} are beyond {MOST_BUNDLES} a household",
        )
    ]
    if line is None:
        notes.append(
            Phrase(
                f"{year} 年及以前都没有贫困线：缺口和达线人数记为 0，只能按增收排",
                f"no line is known for {year} or before: gap and lifted persons count 0, only gain can be planned",
            )
        )
    elif of_year != year:
        notes.append(
            Phrase(
                f"{year} 年没有贫困线，用 {of_year} 年的 {line:g} 元/人",
                f"no line is known for {year}: that of {of_year} is used, {line:g} yuan a head",
            )
        )
    homes = pd.Series(trial.stream.homes["base_includes_programme"], trial.stream.homes["household_id"])
    unknown = homes[bundles["household_id"].unique()] == "unknown"
    if line is not None and unknown.any():
        notes.append(
            Phrase(
                f"{unknown.sum():,} 户不知基数是否含项目收入：有增收，缺口和达线人数记为 0",
                f"of {unknown.sum():,} households nobody says whether the base holds the programme: they gain, their "
                "gap and lifted persons count 0",
            )
        )
    return tuple(notes)


def _nothing_open(exposure: Exposure, offers: Offers) -> DataProblem:
    households = len(exposure.project.households)
    zh = "，".join(f"{why.zh} {count:,} 户" for why, count in offers.closed.items() if count)
    en = ", ".join(f"{why.en}: {count:,}" for why, count in offers.closed.items() if count)
    found = f"{households:,} 户 households; {zh}; {en}"
    expected = Phrase(
        "至少一户能得到蜂、草、树或护林岗位", "at least one household open to hives, grass, trees or a post"
    )
    todo = Phrase(
        "先在户册里补上户类型、位置、劳动力，或放宽 hives_per_hh_given、grass_lot_mu、forest_lot_mu、hh_land",
        "complete register_type, place and workers in the register, or ease hives_per_hh_given, grass_lot_mu, "
        "forest_lot_mu, hh_land",
    )
    return _problem("E-PLAN-03", "lots", found, expected, todo)


def _all_lose(exposure: Exposure, offers: Offers, numbers: Numbers, year: int) -> DataProblem:
    causes = _causes(exposure, offers, numbers, year)
    (zh, en), yuan = min(causes.items(), key=lambda cause: cause[1], default=(Phrase("–", "–"), 0.0))
    lots, of = len(offers.lots), offers.lots["household_id"].nunique()
    found = (
        f"{of:,} 户的 {lots:,} 份平均都不增收，最大的原因是{zh}（每份 {yuan / lots:,.0f} 元/年）; of {lots:,} lots of "
        f"{of:,} households none brings a gain in the mean, the largest cause is {en} ({yuan / lots:,.0f} yuan a lot)"
    )
    expected = Phrase("至少一份平均有增收", "at least one lot that brings a gain in the mean")
    todo = Phrase(
        "核对相关参数和价格，或换一年再列", "check the numbers and prices behind it, or list another year"
    )
    return _problem("E-PLAN-04", "gain", found, expected, todo)


def _causes(exposure: Exposure, offers: Offers, numbers: Numbers, year: int) -> dict[Phrase, float]:
    """Yuan that lots lose by each flow that is a loss, and by pay given up, all summed at the most likely numbers."""
    modes = {name: replace(one, low=one.mode, high=one.mode) for name, one in numbers.values.items()}
    likely = Worlds(replace(numbers, values=MappingProxyType(modes)), 1, 1)
    trial = Trial.of(replace(exposure, links=exposure.links[:0]), offers, likely, year=year)
    causes: dict[Phrase, float] = {}
    for booking in trial.bookings:
        for what, _, column, worlds in booking.worked_out(0, len(trial.lots), trial.stream.shared):
            yuan = float(np.sum(worlds if column is None else column * worlds))
            if what != OWN_DAYS and booking.flows[what].recurrent and yuan < 0:
                label = booking.flows[what].label
                causes[label] = causes.get(label, 0.0) + yuan
    everybody = (0, len(trial.stream))
    given = Booked.of(trial.bookings, (0, len(trial.lots)), 1, trial.stream.shared)
    free, pay, _ = (
        np.broadcast_to(one, (len(trial.stream), 1)) for one in day_prices(trial.stream, everybody, year)
    )
    worked = given.lasting_days + given.ending_days
    given_up = -float(np.sum(given_up_a_day(worked, free[trial.home], pay[trial.home]) * given.lasting_days))
    return causes | ({PAY_GIVEN_UP: given_up} if given_up < 0 else {})


def _problem(code: str, column: str, found: str, expected: Phrase, todo: Phrase) -> DataProblem:
    return DataProblem([Finding(code, "error", "options", "", column, found, expected, todo)])
