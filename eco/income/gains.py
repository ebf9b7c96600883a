"""How many yuan a year each household gains: causes kept, effects streamed in chunks of whole villages.

No household x draw matrix is kept. Sums over worlds are formed village by village, so neither the chunk size, nor
the number of threads, nor the order of the rows changes a digit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import pandas as pd

from eco.income.accounts import (
    Block,
    Ledger,
    Stream,
    base_income,
    blocks_of,
    ledger,
    price_days,
    total_gain,
    village_starts,
)
from eco.income.exposure import Exposure
from eco.income.tallies import add_in_order, count_incomes, count_persons, row_means, sum_runs
from eco.livelihoods import Livelihood
from eco.parameters.draws import Draws, Worlds, unit_keys
from eco.parameters.numbers import Numbers
from eco.phrases import Phrase, neighbours
from eco.problems import DataProblem, Finding
from eco.records.showing import said_html, shown
from eco.waiting import waiting

LEVELS = {"county": "counties", "township": "townships", "village": "villages"}
_CODE_LENGTH = {"county": 6, "township": 9, "village": 12}
_LINE_MEASURES = ("persons_above_line_without", "persons_above_line_with", "crossing_up", "crossing_down")
# Persons x (line - income) / line below the line, and persons x its square: divided by `persons_judged` FGT 1 and 2.
_GAPS = tuple(f"poverty_{gap}_{when}" for gap in ("gap", "gap_squared") for when in ("without", "with"))
_COUNTS = ("persons_gaining", *_LINE_MEASURES, *_GAPS)
# Income per head is counted in 1,024 bins of 40 yuan; what lies beyond them is in the first and the last.
INCOME_BINS, INCOME_FIRST, INCOME_WIDTH = 1024, -5000.0, 40.0
CLASSES = ("wage", "operating", "transfer", "property", "cost")
_WORLD_MEASURES = ("gain_yuan", "gain_recurrent_yuan", "persons_gaining", *_LINE_MEASURES)
_MEAN_MEASURES = ("gain_one_off_yuan", "gain_economic_yuan", "gross_receipts_yuan")
_WHEN = ("without", "with")
_CHUNKS_AHEAD = 8
_SPREAD = ["mean", "p10", "p50", "p90"]
FIRST_YEAR, LAST_YEAR = 1990, 2060
_FLOW_COLUMNS = (
    *("livelihood", "site_id", "flow_zh", "flow_en", "payer", "payee", "income_class"),
    *("recurrent", "recorded", "yuan_mean", "yuan_p10", "yuan_p90"),
)
PAY_GIVEN_UP = Phrase("误工减少的外出务工收入", "migrant pay given up for days beyond the free ones")
_CENT = 0.01
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class YearAnswer:
    """One year: a table of households, and what it came to in every world.

    `worlds`: by measure, by village, (villages, draws): yuan, persons, or persons x gap (`poverty_gap_with`: persons
    times the share of the line they lack; `poverty_gap_squared_with`: times its square; divided by the sum of
    `persons_judged` they are FGT 1 and 2, and 1 - persons_above_line / persons_judged is FGT 0).
    `totals`: sums over all villages, (draws,): gain_economic_yuan, gross_receipts_yuan, gain_one_off_yuan.
    `classes`: by income class and whether it recurs, yuan (draws,), migrant pay given up among the wages.
    `incomes`: persons by income per head, `without` and `with` recurrent gain, (draws, 1024): bin b holds
    INCOME_FIRST + INCOME_WIDTH x (b, b + 1), the ends everything beyond. Only households whose base is judged count.
    """

    year: int
    line: float | None  # yuan per person; None where no line is known for the year
    households: pd.DataFrame
    villages: pd.Index  # codes of all villages with households, sorted
    worlds: Mapping[str, np.ndarray]
    totals: Mapping[str, np.ndarray]
    classes: Mapping[tuple[str, bool], np.ndarray]
    incomes: Mapping[str, np.ndarray]
    persons_judged: (
        np.ndarray
    )  # (villages,): persons of whom it is known whether the base holds the programme


@dataclass(frozen=True)
class Gains:
    """An estimate: exposure, numbers, draws and seed. A year is computed when asked for, then remembered."""

    exposure: Exposure
    numbers: Numbers
    draws: int
    seed: int
    chunk_households: int
    answers: dict[int, YearAnswer] = field(default_factory=dict, repr=False, compare=False)

    def answer(self, year: int | None = None, *, progress: Progress | None = None) -> YearAnswer:
        """Everything about one year (default: the project's); `progress(done, all)` counts households."""
        year = self.exposure.project.settings.default_year if year is None else int(year)
        if not FIRST_YEAR <= year <= LAST_YEAR:
            expected = Phrase(f"{FIRST_YEAR}—{LAST_YEAR} 的年份", f"a year from {FIRST_YEAR} to {LAST_YEAR}")
            todo = Phrase("更正年份", "correct the year")
            raise DataProblem(
                [Finding("E-EST-05", "error", "estimate", "", "year", str(year), expected, todo)]
            )
        if year not in self.answers:
            if progress is not None:
                self.answers[year] = _answer(self, year, progress)
                return self.answers[year]
            with waiting("wait_estimate") as wait:
                self.answers[year] = _answer(self, year, wait.count)
        return self.answers[year]

    def households(self, year: int | None = None) -> pd.DataFrame:
        """One row a household, in order of id: gain with interval, by livelihood, chances of loss and line."""
        return self.answer(year).households.copy()

    def by(self, level: str, year: int | None = None) -> pd.DataFrame:
        """One row a county, township or village: sums with mean, p10, p50 and p90 over worlds."""
        return _by(self.exposure, self.answer(year), level)

    def totals(self, year: int | None = None) -> pd.DataFrame:
        """One row a measure; columns mean, p10, p50, p90 over worlds."""
        answer = self.answer(year)
        shown = {name: worlds for name, worlds in answer.worlds.items() if name not in _GAPS}
        spread = {name: _spread(worlds.sum(axis=0, dtype=float)) for name, worlds in shown.items()}
        spread |= {name: _spread(answer.totals[name]) for name in _MEAN_MEASURES}
        return pd.DataFrame(spread, index=_SPREAD).T.rename_axis("measure")

    def classes(self, year: int | None = None) -> pd.DataFrame:
        """Yuan by income class as the register books it (A17a-d, A18), one-off and recurrent: a row each.

        Columns: income_class (wage, operating, transfer, property, cost; "net" their sum, A19), recurrent (yes, no,
        all), mean, p10, p50, p90 over worlds. Cost is negative where paid; what was given up is taken off its class.
        """
        answer = self.answer(year)
        nothing = np.zeros(self.draws)
        rows = []
        for name in (*CLASSES, "net"):
            own = CLASSES if name == "net" else (name,)
            split = [sum((answer.classes.get((c, r), nothing) for c in own), nothing) for r in (True, False)]
            for recurs, worlds in zip(("yes", "no", "all"), (*split, split[0] + split[1])):
                rows.append((name, recurs, *_spread(worlds)))
        return pd.DataFrame(rows, columns=["income_class", "recurrent", *_SPREAD])

    def flows(self, household_id: str, year: int | None = None) -> pd.DataFrame:
        """One household's yuan flow by flow: site, payer, payee, class, recurrent, recorded, mean, p10, p90.

        What the household receives, and the migrant pay it gives up, add up to its gain.
        """
        answer = self.answer(year)
        return _flow_table(self, household_id, answer.year)

    def __repr__(self) -> str:
        years = ", ".join(map(str, sorted(self.answers))) or "none yet"
        return (
            f"Gains({len(self.exposure):,} households, {self.draws} draws, seed {self.seed}; years: {years})"
        )

    def _repr_html_(self) -> str:
        told = {"households": f"{len(self.exposure):,}", "draws": f"{self.draws:,}", "seed": self.seed}
        totals = shown(self.totals())._repr_html_()
        return said_html("shown_gains", **told, year=self.exposure.project.settings.default_year) + totals

    def explore(self, **how):
        """A live map in the notebook: `eco.explore` of these gains, with its `edition`, `lang`, `year`, `height`."""
        import eco  # a map belongs to a higher floor: out by the front door

        return eco.explore(self, **how)


def estimate_gains(
    exposure: Exposure, numbers: Numbers, *, draws: int = 1000, seed: int = 1, chunk_households: int = 512
) -> Gains:
    """An estimate of every household's gain over `draws` worlds.

    The same seed gives the same numbers for any chunk size, thread count and row order. Raises DataProblem for fewer
    than 10 draws, which say nothing of a tenth quantile.
    """
    if draws < 10:
        expected = Phrase("至少 10 次", "at least 10")
        todo = Phrase("增加抽样次数", "ask for more draws")
        raise DataProblem([Finding("E-EST-01", "error", "estimate", "", "draws", str(draws), expected, todo)])
    return Gains(exposure, numbers, draws, seed, chunk_households)


@dataclass(frozen=True)
class _Part:
    """What a chunk leaves behind: a row a household, and worlds by village."""

    households: dict[str, np.ndarray]
    villages: np.ndarray
    worlds: dict[str, np.ndarray]  # kept by village
    sums: dict  # only their total over villages is kept
    judged: np.ndarray  # persons by village


class _Incomes:
    """Persons by income per head, counted by all threads: whole numbers, in any order."""

    def __init__(self, draws: int):
        self._by_world = {when: np.zeros((draws, INCOME_BINS), np.uint32) for when in _WHEN}
        self._in_all = {when: np.zeros((1, INCOME_BINS), np.uint32) for when in _WHEN}
        self._turn = Lock()

    def count(self, homes, base: np.ndarray, recurrent: np.ndarray) -> None:
        """Add households of one chunk; what is the same in all worlds comes as one column."""
        persons = homes["persons"].astype(np.uint32)
        known = homes["base_includes_programme"] != "unknown"
        grid = np.float32(INCOME_FIRST), np.float32(INCOME_WIDTH)
        nothing = np.zeros((len(persons), 1), np.float32)
        with self._turn:
            for when, gain in zip(_WHEN, (nothing, recurrent)):
                bins = self._in_all if max(base.shape[1], gain.shape[1]) == 1 else self._by_world
                count_incomes(bins[when], base, gain, persons, known, *grid)

    @property
    def bins(self) -> dict[str, np.ndarray]:
        """Persons by bin of income per head, without and with: uint32 (draws, bins)."""
        return {when: self._by_world[when] + self._in_all[when] for when in _WHEN}


def _answer(gains: Gains, year: int, progress: Progress | None) -> YearAnswer:
    exposure = gains.exposure
    line = line_of(exposure, gains.numbers, year)
    linked = Stream.of(exposure, Worlds(gains.numbers, gains.draws, gains.seed), year=year)
    # Households without a link are the same in all worlds: one world answers for them.
    others = Stream.of(exposure, Worlds(gains.numbers, 1, gains.seed), year=year, linked=False)
    villages = pd.Index(
        np.union1d(exposure.project.villages["code"], exposure.project.households["village_code"])
    )
    worlds = _no_worlds(len(villages), gains.draws, line, exposure.livelihoods)
    sums: dict = {name: np.zeros(gains.draws) for name in _MEAN_MEASURES}
    judged = np.zeros(len(villages))
    incomes = _Incomes(gains.draws)
    rows = []
    for part, done in _parts(linked, others, year, line=line, size=gains.chunk_households, incomes=incomes):
        at = villages.get_indexer(part.villages)
        for name, values in part.worlds.items():
            worlds[name][at] += values
        for name, values in part.sums.items():
            add_in_order(sums.setdefault(name, np.zeros(gains.draws)), values)
        judged[at] += part.judged
        rows.append(part.households)
        if progress:
            progress(done, len(linked) + len(others))
    households = _household_table(exposure, rows)
    totals = {name: sums.pop(name) for name in _MEAN_MEASURES}
    return YearAnswer(
        year, line, households, villages.rename("code"), worlds, totals, sums, incomes.bins, judged
    )


def _parts(
    linked: Stream, others: Stream, year: int, *, line: float | None, size: int, incomes: _Incomes
) -> Iterator[tuple[_Part, int]]:
    """Parts of all households in a fixed order, each with the number of households done."""
    if len(others):
        yield _part(others, (0, len(others)), year, line=line, incomes=incomes), len(others)
    cuts = linked.cuts(size)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        todo = (pool.submit(_part, linked, cut, year, line=line, incomes=incomes) for cut in cuts)
        for part, (_, done) in zip(_in_order(todo), cuts):
            yield part, len(others) + done


def _no_worlds(
    villages: int, draws: int, line: float | None, livelihoods: tuple[Livelihood, ...]
) -> dict[str, np.ndarray]:
    names = [*_WORLD_MEASURES, *_GAPS, *(f"{one.name}_yuan" for one in livelihoods)]
    # Counts of persons in a village are whole numbers: single precision holds them exactly.
    worlds = {name: np.zeros((villages, draws), np.float32 if name in _COUNTS else float) for name in names}
    for name in (*_LINE_MEASURES, *_GAPS) if line is None else ():
        worlds[name][:] = np.nan
    return worlds


def _in_order(futures: Iterator) -> Iterator:
    """Results in order, with few chunks in flight so that memory stays flat."""
    waiting: list = []
    for future in futures:
        waiting.append(future)
        if len(waiting) > _CHUNKS_AHEAD:
            yield waiting.pop(0).result()
    while waiting:
        yield waiting.pop(0).result()


def line_of(exposure: Exposure, numbers: Numbers, year: int) -> float | None:
    """The county's own line of a year, else that of the chosen series; an own line stands above the national one."""
    settings = exposure.project.settings
    own = settings.line_yuan_per_person.get(year)
    national = numbers.line(year, series=settings.line_series)
    if own is not None and national is not None and own < national:
        series = settings.line_series
        expected = Phrase(
            f"不低于国家线 {national:g} 元/人（{series}，{year} 年）",
            f"at least the national line of {national:g} yuan a head ({series}, {year})",
        )
        todo = Phrase(
            "更正 project.toml 的 [line]，或改 line_series", "correct [line] in project.toml, or line_series"
        )
        where = f"[line] {year}"
        raise DataProblem(
            [Finding("E-EST-10", "error", "project.toml", where, "line", f"{own:g}", expected, todo)]
        )
    return national if own is None else own


def _part(stream: Stream, cut: tuple[int, int], year: int, *, line: float | None, incomes: _Incomes) -> _Part:
    homes = stream.part(cut)
    book = ledger(stream, cut, year)
    labour = price_days(book, stream, cut, year)
    gain = total_gain(book)
    base = base_income(stream, cut, year)
    threshold = stream.worlds.numbers["gain_threshold"].mode
    starts = village_starts(homes)
    recurrent = gain - book.one_off
    counts, chance = _counts(homes, starts, base, recurrent, line=line, threshold=threshold)
    incomes.count(homes, base, recurrent)
    rows = {
        "household_id": homes["household_id"],
        **_household_rows(book, gain, row_means(labour), stream.livelihoods),
        "chance_above_line": chance,
    }
    worlds, sums = _village_worlds(book, starts, labour)
    judged = np.where(homes["base_includes_programme"] != "unknown", homes["persons"], 0).astype(float)
    return _Part(rows, homes["village_code"][starts], worlds | counts, sums, np.add.reduceat(judged, starts))


def _village_worlds(book: Ledger, starts: np.ndarray, labour: np.ndarray) -> tuple[dict, dict]:
    """Sums by village, float64 (villages, draws), kept by village or added up; each village on its own."""
    summed = {f"{name}_yuan": sum_runs(yuan, starts) for name, yuan in book.gain.items()}
    gain = sum(summed.values()) if summed else np.zeros((len(starts), 1))
    one_off = sum_runs(book.one_off, starts)
    kept = summed | {"gain_yuan": gain, "gain_recurrent_yuan": gain - one_off}
    economic = gain - sum_runs(labour, starts)
    return kept, {
        "gain_one_off_yuan": one_off,
        "gain_economic_yuan": economic,
        "gross_receipts_yuan": book.receipts,
        **book.classes,
    }


def _household_rows(
    book: Ledger, gain: np.ndarray, labour: np.ndarray, livelihoods: tuple[Livelihood, ...]
) -> dict[str, np.ndarray]:
    means = {}
    for one in livelihoods:
        own = book.gain.get(one.name)
        means[f"{one.name}_yuan_mean"] = np.zeros(len(gain)) if own is None else row_means(own)
    mean = sum(means.values())
    one_off = row_means(book.one_off)
    p10, p50, p90 = quantiles(gain)
    return {
        "gain_yuan_mean": mean,
        "gain_yuan_p10": p10,
        "gain_yuan_p50": p50,
        "gain_yuan_p90": p90,
        "gain_one_off_yuan": one_off,
        "gain_recurrent_yuan": mean - one_off,
        "gain_economic_yuan": mean - labour,
        "gross_receipts_yuan": book.gross,
        "chance_of_loss": _chance(gain < 0),
        **means,
    }


def _counts(
    homes,
    starts: np.ndarray,
    base: np.ndarray,
    recurrent: np.ndarray,
    *,
    line: float | None,
    threshold: float,
):
    """Persons gaining, above the line and crossing it, (villages, draws); chance of standing above it.

    A base of which nobody says whether it holds the programme gives no line result.
    """
    persons = homes["persons"].astype(np.float32)
    known = homes["base_includes_programme"] != "unknown"
    least = np.float32(np.inf if line is None else line)
    known = known & (line is not None)
    counts = np.zeros((len(_COUNTS), len(starts), recurrent.shape[1]), np.float32)
    above = count_persons(counts, starts, recurrent, base, persons, known, least, np.float32(threshold))
    chance = np.where(known, above / recurrent.shape[1], np.nan)
    return dict(zip(_COUNTS, counts)), chance


def _chance(holds: np.ndarray) -> np.ndarray:
    return np.count_nonzero(holds, axis=1) / holds.shape[1]


def quantiles(values: np.ndarray) -> np.ndarray:
    """p10, p50 and p90 of every row, linear between ranks: shape (3, rows).

    >>> quantiles(np.arange(11.0)[None, :]).ravel().tolist()
    [1.0, 5.0, 9.0]
    """
    ranked = np.sort(values, axis=1)
    at = np.array([0.1, 0.5, 0.9]) * (values.shape[1] - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, values.shape[1] - 1)
    part = at - low
    return (ranked[:, low] * (1 - part) + ranked[:, high] * part).T


def _spread(worlds: np.ndarray) -> list[float]:
    return [float(worlds.mean()), *(float(q) for q in quantiles(worlds[None, :])[:, 0])]


def _household_table(exposure: Exposure, parts: list[dict[str, np.ndarray]]) -> pd.DataFrame:
    rows = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    who = _who(exposure).sort_values("household_id", ignore_index=True)
    return who.join(rows.set_index("household_id"), on="household_id")


def _who(exposure: Exposure) -> pd.DataFrame:
    project, homes = exposure.project, exposure.project.households
    code = homes["village_code"]
    table = pd.DataFrame({"household_id": homes["household_id"]})
    for level, size in _CODE_LENGTH.items():
        places = project.tables[LEVELS[level]]
        known = pd.Series(places["name"].to_numpy(), index=places["code"].str[:size])
        table[level] = code.str[:size].map(known[~known.index.duplicated()]).to_numpy()
    table["village_code"] = code
    table["persons"] = homes["persons"].astype(int)
    own = exposure.households.set_index("household_id")[["linked", "inferred"]]
    return table.join(own, on="household_id")


def _by(exposure: Exposure, answer: YearAnswer, level: str) -> pd.DataFrame:
    if level not in LEVELS:
        expected = Phrase("county、township 或 village", "county, township or village")
        todo = Phrase("改用其中之一", "use one of them")
        raise DataProblem([Finding("E-EST-02", "error", "gains", "", "level", str(level), expected, todo)])
    places = exposure.project.tables[LEVELS[level]]
    size = _CODE_LENGTH[level]
    homes = answer.households.assign(at=answer.households["village_code"].str[:size])
    groups = homes.groupby("at")
    table = pd.DataFrame({"code": places["code"], "name": places["name"]}).sort_values(
        "code", ignore_index=True
    )
    at = table["code"].str[:size]
    linked = homes[homes["linked"]].groupby("at")
    sums = {
        "households": groups.size(),
        "households_linked": linked.size(),
        "persons": groups["persons"].sum(),
        "persons_linked": linked["persons"].sum(),
    }
    for name, values in sums.items():
        table[name] = at.map(values).fillna(0).astype(int)
    for name in (*_MEAN_MEASURES, *(f"{one.name}_yuan_mean" for one in exposure.livelihoods)):
        table[name] = at.map(groups[name].sum()).fillna(0.0)
    codes, of_village = np.unique(answer.villages.str[:size], return_inverse=True)
    starts = np.flatnonzero(np.diff(of_village, prepend=-1))
    row = pd.Index(codes).get_indexer(at)
    for name in _WORLD_MEASURES:
        worlds = np.add.reduceat(answer.worlds[name], starts, axis=0, dtype=float)
        worlds = np.where((row >= 0)[:, None], worlds[row], 0.0)
        table[f"{name}_mean"] = worlds.mean(axis=1)
        for suffix, values in zip(("p10", "p50", "p90"), quantiles(worlds)):
            table[f"{name}_{suffix}"] = values
    return table


def _flow_table(gains: Gains, household_id: str, year: int) -> pd.DataFrame:
    known = gains.exposure.project.households["household_id"]
    if household_id not in set(known):
        near = ", ".join(neighbours(household_id, known)) or "–"
        expected = Phrase(f"册内的户编号，相近的有 {near}", f"a household of the file, near: {near}")
        todo = Phrase("更正户编号", "correct the id")
        raise DataProblem(
            [Finding("E-EST-04", "error", "gains", "", "household_id", household_id, expected, todo)]
        )
    links = gains.exposure.links
    worlds = Worlds(gains.numbers, gains.draws, gains.seed)
    links = links[links["household_id"] == household_id]
    names = dict(zip(unit_keys(links["site_id"]), links["site_id"]))
    rows = [
        row
        for block in blocks_of(links, gains.exposure, pd.Index([household_id]), year=year)
        for row in _flow_rows(block, names, block.draws(worlds, year), year)
    ]
    table = pd.DataFrame(rows, columns=_FLOW_COLUMNS)
    table = table[(table["yuan_mean"] != 0) | (table["yuan_p90"] != 0)]
    return pd.concat([table, _pay_given_up(gains, table, household_id, year)], ignore_index=True)


def _pay_given_up(gains: Gains, flows: pd.DataFrame, household_id: str, year: int) -> pd.DataFrame:
    """Rows for migrant pay given up: what the flows leave unexplained of the household's gain."""
    gained = gains.answer(year).households.set_index("household_id").loc[household_id]
    own = flows[(flows["payee"] == "household") | (flows["payer"] == "household")]
    rows = []
    for recurrent, column in ((True, "gain_recurrent_yuan"), (False, "gain_one_off_yuan")):
        left = gained[column] - own.loc[own["recurrent"] == recurrent, "yuan_mean"].sum()
        if left < -_CENT:
            who = ("labour", "", *PAY_GIVEN_UP, "household", "nobody", "wage")
            rows.append((*who, recurrent, False, left, np.nan, np.nan))
    return pd.DataFrame(rows, columns=_FLOW_COLUMNS).astype(flows.dtypes.to_dict())


def _flow_rows(block: Block, names: Mapping, draws: Draws, year: int) -> Iterator[tuple]:
    shape = (len(block.sites), draws.worlds.draws)
    for flow in block.flows:
        yuan = np.broadcast_to(flow.yuan(block.columns, draws, year), shape)
        for site, worlds in zip(block.sites, yuan):
            mean, p10, _, p90 = _spread(worlds)
            paid = mean < 0 and not flow.given_up
            hands = (flow.payee, flow.payer) if paid else (flow.payer, flow.payee)
            who = (flow.label.zh, flow.label.en, *hands, flow.income_class)
            yield block.one.name, names[site], *who, flow.recurrent, block.recorded, mean, p10, p90
