"""Poverty and inequality without and with the programme, world by world, of the households in the file.

Incomes are register net income a head, weighted by persons; "with" adds the recurrent register gain, as the line test
does. Households whose base may already hold the programme are left out. Every index is taken in each world and
then averaged; shares, gaps and counts are exact, Gini, Theil and Sen come from a distribution in steps of
1 % of income (their error is below 0.002, and far less among many). None of these is a county's figure, whose
denominator is its registered rural population.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd

from eco.income.accounts import Stream, base_income, ledger, price_days, total_gain
from eco.income.gains import Gains, YearAnswer, estimate_gains, quantiles
from eco.parameters.draws import Worlds
from eco.phrases import Phrase
from eco.problems import DataProblem, Finding
from eco.waiting import waiting

WORLDS = 100
# Their allowance fills what income lacks to a norm, so it may be cut by what they earn more.
TOPPED_UP = ("minimum_allowance", "extreme")
GROUPS = {
    "file": Phrase("全部", "all in the file"),
    "county": Phrase("县区", "county"),
    "township": Phrase("乡镇", "township"),
    "main_cause": Phrase("主要致贫原因", "main cause"),
    "household_size": Phrase("户人口", "household size"),
}
MEASURES = {
    "poor_share": Phrase("线下人口占比 FGT0", "share of persons below the line, FGT 0"),
    "gap": Phrase("贫困差距 FGT1", "poverty gap, FGT 1"),
    "squared_gap": Phrase("平方贫困差距 FGT2", "squared gap, FGT 2"),
    "sen": Phrase("森指数", "Sen index"),
    "gini": Phrase("基尼系数（册内）", "Gini of the file"),
    "theil": Phrase("泰尔指数（册内）", "Theil of the file"),
}
_MOST_SIZE = 7  # larger households count as one group
_BINS, _STEP, _UNIT_YUAN = 1800, 0.01, 500.0  # steps of asinh(income / 500 yuan)
_MIDDLE = _BINS // 2


@dataclass(frozen=True)
class _Sums:
    """Sums over persons by state (without, with), group and world."""

    persons: np.ndarray  # (groups,)
    homes: np.ndarray  # (groups,)
    poor: np.ndarray  # (3, 2, groups, worlds): persons, gaps, squared gaps below the line
    count: np.ndarray  # (2, groups, worlds, bins) persons
    yuan: np.ndarray  # (2, groups, worlds, bins) their incomes

    @classmethod
    def empty(cls, groups: int, worlds: int) -> _Sums:
        """No household counted yet."""
        shape = (2, groups, worlds, _BINS)
        return cls(
            np.zeros(groups),
            np.zeros(groups),
            np.zeros((3, 2, groups, worlds)),
            np.zeros(shape, np.float32),
            np.zeros(shape, np.float32),
        )


@waiting("wait_fairness")
def fairness(
    gains: Gains, year: int | None = None, *, by: str = "file", worlds: int = WORLDS
) -> pd.DataFrame:
    """FGT 0, 1, 2, Sen, Gini and Theil without and with the programme, a row a group and measure.

    Columns: group, households, persons, measure, label_zh, label_en, without, with, change, change_p10, change_p90
    (means and quantiles over the first `worlds` worlds of the estimate). Gini and Theil are missing where incomes of a
    group fall below 0 or to nothing. Raises DataProblem for an unknown `by` or a year without a line.
    """
    if by not in GROUPS:
        raise DataProblem([_finding("E-EST-02", "by", by, Phrase("、".join(GROUPS), ", ".join(GROUPS)))])
    answer, line = _with_line(gains, year)
    worlds = min(worlds, gains.draws)
    codes, names = _groups(gains, by)
    sums = _Sums.empty(len(names), worlds)
    drawn = Worlds(gains.numbers, worlds, gains.seed)
    shared: dict = {}
    for linked in (False, True):
        stream = Stream.of(gains.exposure, drawn, year=answer.year, linked=linked)
        at = codes.reindex(stream.homes["household_id"]).to_numpy()
        for cut in stream.cuts(gains.chunk_households):
            _count(sums, stream, cut, answer.year, at[slice(*cut)], line=line, shared=shared)
    rows = [row for place, name in enumerate(names) for row in _rows(sums, place, name, line)]
    return pd.DataFrame(rows)


def left_behind(gains: Gains, year: int | None = None, *, by: str = "county") -> pd.DataFrame:
    """Who gains nothing: households and persons by group without any link, linked without gain, and losing.

    Columns: group, households, persons, and households_ and persons_ of `unlinked` (no recorded link), `no_gain`
    (a recorded link and a mean recurrent gain of nothing or less) and `losing` (a mean gain below 0).
    """
    if by not in GROUPS:
        raise DataProblem([_finding("E-EST-02", "by", by, Phrase("、".join(GROUPS), ", ".join(GROUPS)))])
    homes = gains.answer(year).households
    codes, names = _groups(gains, by)
    group = np.array(names, dtype=object)[codes.reindex(homes["household_id"]).to_numpy()]
    linked = homes["linked"].astype(bool)
    marks = {
        "unlinked": ~linked,
        "no_gain": linked & (homes["gain_recurrent_yuan"] <= 0),
        "losing": homes["gain_yuan_mean"] < 0,
    }
    table = pd.DataFrame({"group": group, "households": 1, "persons": homes["persons"]})
    for name, mark in marks.items():
        table[f"households_{name}"] = mark.astype(int)
        table[f"persons_{name}"] = homes["persons"].where(mark, 0)
    return table.groupby("group", sort=True).sum().astype(int).reset_index()


@waiting("wait_fairness")
def growth_alone(
    gains: Gains, year: int | None = None, *, growths: Iterable[float] | None = None
) -> pd.DataFrame:
    """What a growth of base income does to the line results without any programme, one row a growth.

    `growths` a year; by default the lowest, usual, middle and highest of `base_growth`. Columns: growth,
    persons_above_line_without, persons_above_line_with, crossing_up, crossing_down (means over worlds, persons),
    and crossing_by_growth: persons above the line without the programme beyond those of no growth. Raises
    DataProblem for a year without a line.
    """
    year = _with_line(gains, year)[0].year
    usual = gains.numbers["base_growth"]
    asked = (usual.low, usual.mode, (usual.low + usual.high) / 2, usual.high) if growths is None else growths
    measures = ("persons_above_line_without", "persons_above_line_with", "crossing_up", "crossing_down")
    rows = {}
    for growth in sorted({0.0, *(float(one) for one in asked)}):
        numbers = gains.numbers.replace("base_growth", mode=growth, source="假设情景 what if: growth")
        grown = estimate_gains(gains.exposure, numbers, draws=gains.draws, seed=gains.seed)
        rows[growth] = grown.totals(year).loc[list(measures), "mean"]
    table = pd.DataFrame(rows).T.rename_axis("growth")
    above = table["persons_above_line_without"]
    return table.assign(crossing_by_growth=above - above[0.0]).reset_index()


def allowances_at_risk(gains: Gains, year: int | None = None) -> pd.DataFrame:
    """Households on a minimum living allowance whose top-up may be cut by what they gain, the most first.

    Columns: household_id, county, township, village, register_type, persons, gain_recurrent_yuan, which is the most
    that may be cut. The estimate cuts nothing: rules and grace periods are the county's, and a cut leaves the gain of
    such a household between nothing and what is told. For the bureau's own use.
    """
    homes = gains.households(year)
    types = gains.exposure.project.households.set_index("household_id")["register_type"]
    homes = homes.assign(register_type=homes["household_id"].map(types))
    flagged = homes[homes["register_type"].isin(TOPPED_UP) & (homes["gain_recurrent_yuan"] > 0)]
    columns = ["household_id", "county", "township", "village", "register_type", "persons"]
    flagged = flagged.sort_values(["gain_recurrent_yuan", "household_id"], ascending=[False, True])
    return flagged[[*columns, "gain_recurrent_yuan"]].reset_index(drop=True)


def county_rate(gains: Gains, rural_population: Mapping[str, float], year: int | None = None) -> pd.DataFrame:
    """Poverty rate of counties: persons of the file below the line over the registered rural population.

    `rural_population` by county code (6 digits): persons. Columns: code, name, rural_population, persons (in the
    file), persons_unjudged (whose base may hold the programme: counted neither way), and rate_without, rate_with,
    each with _p10 and _p90. Who is not in the file counts as not poor. Raises DataProblem for a year without a line, a
    county that the project lacks, or a population smaller than the county's households in the file.
    """
    answer, _ = _with_line(gains, year)
    table = gains.by("county", answer.year).assign(code=lambda t: t["code"].str[:6]).set_index("code")
    findings = [
        _finding("E-EST-15", code, f"{people:g}", _population_of(table, code))
        for code, people in rural_population.items()
        if code not in table.index or not people >= max(table.loc[code, "persons"], 1)
    ]
    if findings:
        raise DataProblem(findings)
    rows = []
    for code, people in rural_population.items():
        here = answer.villages.str.startswith(code)
        judged = answer.persons_judged[here].sum()
        name, persons = table.loc[code, ["name", "persons"]]
        row = {"code": code, "name": name, "rural_population": people, "persons": persons}
        row["persons_unjudged"] = persons - judged
        for when in ("without", "with"):
            above = answer.worlds[f"persons_above_line_{when}"][here].sum(axis=0, dtype=float)
            rate = (judged - above) / people
            p10, _, p90 = quantiles(rate[None, :])[:, 0]
            row |= {f"rate_{when}": rate.mean(), f"rate_{when}_p10": p10, f"rate_{when}_p90": p90}
        rows.append(row)
    return pd.DataFrame(rows)


def _population_of(table: pd.DataFrame, code: str) -> Phrase:
    if code not in table.index:
        known = list(table.index)
        return Phrase("项目中的县代码：" + "、".join(known), "a county of the project: " + ", ".join(known))
    persons = table.loc[code, "persons"]
    return Phrase(
        f"不少于册内人口 {persons:,} 的农村户籍人口",
        f"a registered rural population of at least the {persons:,} persons in the file",
    )


def _with_line(gains: Gains, year: int | None) -> tuple[YearAnswer, float]:
    """The answer of the year asked for, and its line, which there must be."""
    answer = gains.answer(year)
    if answer.line is None:
        expected = Phrase("有贫困线的年份", "a year with a line")
        raise DataProblem([_finding("E-EST-08", "year", str(answer.year), expected)])
    return answer, answer.line


def _groups(gains: Gains, by: str) -> tuple[pd.Series, list[str]]:
    """The number of each household's group, by household_id, and the groups' names."""
    homes = gains.exposure.project.households
    if by in ("county", "township"):
        size = {"county": 6, "township": 9}[by]
        places = gains.exposure.project.tables[{"county": "counties", "township": "townships"}[by]]
        known = pd.Series(places["name"].to_numpy(), index=places["code"].str[:size])
        code = homes["village_code"].str[:size]
        label = code + " " + code.map(known[~known.index.duplicated()]).fillna("")
    elif by == "main_cause":
        label = homes["main_cause"].replace("", "other").fillna("other")
    elif by == "household_size":
        size_of = homes["persons"].astype(int)
        label = size_of.clip(upper=_MOST_SIZE).astype(str) + np.where(size_of >= _MOST_SIZE, "+", "")
    else:
        label = pd.Series("file", index=homes.index)
    numbers, names = pd.factorize(label.str.strip(), sort=True)
    return pd.Series(numbers, index=homes["household_id"]), list(names)


def _count(sums: _Sums, stream: Stream, cut, year: int, group: np.ndarray, *, line: float, shared: dict):
    """Add one chunk of households to the sums, in place."""
    homes = stream.part(cut)
    book = ledger(stream, cut, year, shared=shared)
    price_days(book, stream, cut, year, shared=shared)
    persons = homes["persons"].astype(np.float32)
    base = base_income(stream, cut, year, shared=shared)
    gain = (total_gain(book) - book.one_off) / persons[:, None]
    shape = (len(persons), sums.poor.shape[3])
    without = np.ascontiguousarray(np.broadcast_to(base, shape), np.float32)
    known = homes["base_includes_programme"] != "unknown"
    np.add.at(sums.persons, group[known], persons[known])
    np.add.at(sums.homes, group[known], 1)
    for state, income in enumerate((without, without + np.broadcast_to(gain, shape))):
        counts = sums.poor[:, state], sums.count[state], sums.yuan[state]
        _add(*counts, income[known], persons[known], group[known], np.float32(line))


@numba.njit(cache=True)
def _add(poor, count, yuan, income, persons, group, line):  # pragma: no cover - compiled
    for home in range(len(persons)):
        at, weight = group[home], persons[home]
        for world in range(income.shape[1]):
            value = income[home, world]
            place = _MIDDLE + int(np.floor(np.arcsinh(value / _UNIT_YUAN) / _STEP))
            if value < line:
                gap = (line - value) / line
                poor[0, at, world] += weight
                poor[1, at, world] += weight * gap
                poor[2, at, world] += weight * gap * gap
            else:
                place += 1  # the line parts two steps, so that Sen's index knows its poor
            place = min(max(place, 0), count.shape[2] - 1)
            count[at, world, place] += weight
            yuan[at, world, place] += weight * value


def _rows(sums: _Sums, place: int, name: str, line: float):
    indices = {}
    persons = sums.persons[place]
    if not persons:
        return
    for at, measure in enumerate(("poor_share", "gap", "squared_gap")):
        indices[measure] = sums.poor[at, :, place] / persons
    spread = [_indices(sums, state, place, line) for state in (0, 1)]
    for measure in ("sen", "gini", "theil"):
        indices[measure] = np.stack([one[measure] for one in spread])
    for measure, (without, with_programme) in indices.items():
        change = with_programme - without
        yield {
            "group": name,
            "households": int(sums.homes[place]),
            "persons": int(persons),
            "measure": measure,
            "label_zh": MEASURES[measure].zh,
            "label_en": MEASURES[measure].en,
            "without": without.mean(),
            "with": with_programme.mean(),
            "change": change.mean(),
            "change_p10": np.quantile(change, 0.1),
            "change_p90": np.quantile(change, 0.9),
        }


def _indices(sums: _Sums, state: int, place: int, line: float) -> dict[str, np.ndarray]:
    """Sen, Gini and Theil of every world, from persons and incomes by step."""
    count = sums.count[state, place].astype(float)
    yuan = sums.yuan[state, place].astype(float)
    border = _MIDDLE + int(np.floor(np.arcsinh(line / _UNIT_YUAN) / _STEP))
    head = sums.poor[0, state, place] / sums.persons[place]
    depth = np.divide(
        sums.poor[1, state, place], sums.poor[0, state, place], out=np.zeros_like(head), where=head > 0
    )
    of_poor = np.nan_to_num(_gini(count[:, : border + 1], yuan[:, : border + 1]))
    return {
        "sen": head * (depth + (1 - depth) * of_poor),
        "gini": _gini(count, yuan),
        "theil": _theil(count, yuan),
    }


def _gini(count: np.ndarray, yuan: np.ndarray) -> np.ndarray:
    """Gini of every row of ranked steps; nan where the mean income is not above 0."""
    persons, total = count.sum(axis=1, keepdims=True), yuan.sum(axis=1, keepdims=True)
    share = np.divide(count, persons, out=np.zeros_like(count), where=persons > 0)
    upto = np.cumsum(np.divide(yuan, total, out=np.full_like(yuan, np.nan), where=total > 0), axis=1)
    before = np.concatenate([np.zeros((len(upto), 1)), upto[:, :-1]], axis=1)
    return 1 - np.sum(share * (upto + before), axis=1)


def _theil(count: np.ndarray, yuan: np.ndarray) -> np.ndarray:
    """Theil's T of every row of steps; nan where any income is below 0 or all are nothing."""
    persons, total = count.sum(axis=1), yuan.sum(axis=1)
    bad = (yuan < 0).any(axis=1) | (total <= 0)
    share = np.divide(yuan, total[:, None], out=np.zeros_like(yuan), where=~bad[:, None])
    ratio = np.divide(
        share * persons[:, None], count, out=np.ones_like(share), where=(count > 0) & (share > 0)
    )
    return np.where(bad, np.nan, np.sum(share * np.log(ratio), axis=1))


def _finding(code: str, column: str, found: str, expected: Phrase) -> Finding:
    todo = Phrase("改用其中之一", "use one of them")
    return Finding(code, "error", "fairness", "", column, found, expected, todo)
