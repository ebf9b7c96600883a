"""What an expert reads of an edition after the leader's page: passages with a table or a picture, from the release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eco.income.influence import doubts_in_words, doubts_of
from eco.phrases import WORDS, word
from eco.sharing.columns import HIDDEN, NOBODY, UNKNOWN, Column, tables_of
from eco.sharing.privacy.cells import ONE_AT_MOST, PROTECTED, TWO_AT_MOST
from eco.sharing.privacy.editions import FLOOR, FLOOR_HEALTH
from eco.sharing.release import LEVELS, Release
from eco.units import YUAN_PER_WAN

_MOST_ROWS = 160  # a table longer than three pages is one for the workbook
_PLACE = ("name", "households", "persons", "gain_yuan_mean", "interval", "gain_per_head_mean")
_SHARES = ("one_off_share", "chance_above_line", "left_out_share")
_GUESS = "judgement"
_RANGE = ("low", "mode", "high")
_DECIMALS = {"whole": 0, "tenths": 1, "hundredths": 2, "year": 0}
_SIGNS = {HIDDEN: "book_hidden", NOBODY: "book_nobody", UNKNOWN: "book_unknown"}


@dataclass(frozen=True)
class Table:
    """Headings and rows of text; which columns hold numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    below: str = ""  # what its signs mean, or how many rows are elsewhere


@dataclass(frozen=True)
class Passage:
    """A heading, what is said under it, and what is shown: pictures by their names, a table."""

    title: str
    said: Sequence[str] = ()
    pictures: Sequence[str] = ()
    table: Table | None = None


def passages(told: Release) -> Iterator[Passage]:
    """All that the release holds for an expert, in reading order; what it does not hold is left out."""
    tables = {name: columns for name, columns in tables_of(told) if columns and len(columns[0].values)}
    for level, pictures in (("county", ("gain_by_place",)), ("township", ())):
        if level in tables and any(column.name == "gain_yuan_mean" for column in tables[level]):
            table = _places(tables[level], level, told.lang)
            yield Passage(_say(told, f"by_{level}"), (_say(told, "by_place_why"),), pictures, table)
    if "years" in tables:
        only = ("county", "year", "gain_yuan_mean", "interval", "gain_per_head_mean")
        table = _table(_with_interval(tables["years"], told.lang), told.lang, only=only)
        yield Passage(_say(told, "years"), (_say(told, "years_why"),), ("gain_by_year",), table)
    if "totals" in tables:
        yield Passage(
            _say(told, "totals"),
            (_say(told, "accounts_why"),),
            ("accounts",),
            _totals(tables["totals"], told),
        )
    yield from _made_of(told)
    if "causes" in tables:
        table = _table(_whole_file(tables["causes"], told), told.lang)
        yield Passage(_say(told, "causes"), (_say(told, "causes_why", floor=FLOOR_HEALTH),), (), table)
    yield from _drivers(told)
    yield Passage(_say(told, "doubts"), tuple(_doubts(told)))
    yield Passage(_say(told, "method"), tuple(_say(told, f"method_{step}") for step in range(1, 7)))
    yield Passage(_say(told, "rules"), tuple(_rules(told)))
    if told.sources is not None and len(told.sources):
        yield Passage(_say(told, "numbers_used"), (_say(told, "drivers_why"),), (), _sources(told))
    notes = [note for note in told.sheet.notes if note != word("sheet_made_with", told.lang)]
    if notes:
        yield Passage(_say(told, "sources"), tuple(notes))


def _say(told: Release, key: str, **values: object) -> str:
    return word(f"report_{key}", told.lang).format(**values)


def figure(value: Any, kind: str) -> str:
    """One value as it is read.

    >>> figure(-1234.5, "whole"), figure(0.25, "share"), figure("※", "whole"), figure(2020, "year")
    ('−1,234', '25%', '※', '2020')
    """
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return UNKNOWN
    if kind == "share":
        return f"{float(value):.0%}".replace("-", "−")
    text = (
        f"{float(value):.{_DECIMALS.get(kind, 0)}f}"
        if kind == "year"
        else f"{float(value):,.{_DECIMALS.get(kind, 0)}f}"
    )
    return text.replace("-", "−")


def _table(columns: Sequence[Column], lang: str, *, only: Sequence[str] = ()) -> Table:
    """Columns as a table of text; with `only`, those of these names in their order here."""
    shown = [column for column in columns if not only or column.name in only]
    rows = [
        [figure(value, column.kind) for value, column in zip(values, shown)]
        for values in zip(*(column.values for column in shown))
    ]
    below = [word(key, lang) for sign, key in _SIGNS.items() if any(sign in row for row in rows)]
    if len(rows) > _MOST_ROWS:
        below.append(word("brief_table_more", lang).format(count=len(rows) - _MOST_ROWS))
    return Table(
        [column.heading.say(lang) for column in shown],
        rows[:_MOST_ROWS],
        [column.kind not in ("text", "basis", "flag") for column in shown],
        "　".join(below),
    )


def _sources(told: Release) -> Table:
    """A row a number used: its range and unit in one, its grade, where it comes from."""
    rows = []
    for row in [] if told.sources is None else told.sources.to_dict("records"):
        sign = "" if row["unit"] == "year" else ","  # a calendar year is no count
        low, mode, high = (f"{row[end]:{sign}.6g}".replace("-", "−") for end in _RANGE)
        spread = mode if low == high else f"{low} – {mode} – {high}"
        title = row["title"] if row["kind"] != _GUESS else word(f"source_{_GUESS}", told.lang)
        unit = row["unit"] if row["unit"] != "fraction" else ""
        cells = (
            row[f"label_{told.lang}"],
            f"{spread} {unit}".strip(),
            row["grade"],
            _dated(title, row["date"]),
        )
        rows.append([str(cell) for cell in cells])
    keys = ("parameter", "spread", "grade", "source")
    return Table([_say(told, key) for key in keys], rows, [False] * len(keys))


def _dated(title: object, date: object) -> str:
    said = "" if date is None or pd.isna(date) else str(date)
    return f"{title} · {said}" if said and said not in str(title) else str(title)


def _with_interval(columns: Sequence[Column], lang: str) -> list[Column]:
    """With the two ends of the gain in one column, which reads better and takes less room."""
    by_name = {column.name: column for column in columns}
    ends = [by_name.get(f"gain_yuan_{end}") for end in ("p10", "p90")]
    answer = []
    for column in columns:
        answer.append(column)
        low, high = ends
        if column.name == "gain_yuan_mean" and low is not None and high is not None:
            values = [
                a if isinstance(a, str) else f"{figure(a, 'whole')} … {figure(b, 'whole')}"
                for a, b in zip(low.values, high.values)
            ]
            answer.append(Column("interval", WORDS["report_interval"], "whole", values))
    return answer


def _places(columns: Sequence[Column], level: str, lang: str) -> Table:
    names = ("county", *_PLACE, *_SHARES) if level == "township" else (*_PLACE, *_SHARES)
    return _table(_with_interval(columns, lang), lang, only=names)


def _totals(columns: Sequence[Column], told: Release) -> Table:
    """The measures of the file; the workbook names each in both languages at once, a page speaks one."""
    table = _table(columns, told.lang)
    names = [] if told.totals is None else [name for name in told.totals.index if f"measure_{name}" in WORDS]
    units = ["layer_unit_yuan" if name.endswith("_yuan") else "layer_unit_persons" for name in names]
    rows = [
        [word(f"measure_{name}", told.lang), word(unit, told.lang), *row[2:]]
        for name, unit, row in zip(names, units, table.rows)
        if not name.startswith("poverty_gap")
    ]
    return Table(table.headings, rows, table.numeric, table.below)


def _whole_file(columns: Sequence[Column], told: Release) -> list[Column]:
    """Causes of the whole file, the largest first and the rest last: those of counties are in the workbook."""
    if told.causes is None:
        return []
    order = told.causes.sort_values("code", kind="stable")
    order = order[order["code"] == ""].reset_index(drop=True)
    order = order.assign(rest=order["main_cause"] == "rest").sort_values(
        ["rest", "households"], ascending=[True, False], kind="stable"
    )
    return [
        Column(column.name, column.heading, column.kind, [column.values[row] for row in order.index])
        for column in columns
        if column.name != "place"
    ]


def _made_of(told: Release) -> Iterator[Passage]:
    """Flows summed over counties, and what other suppositions would change: means, which add up."""
    flows = told.flows.get("county")
    lang = told.lang
    if flows is not None and len(flows):
        keys = ["livelihood", f"label_{lang}", "recurrent", "grade"]
        sums = flows.groupby(keys, sort=False)["yuan_mean"].sum().reset_index()
        sums = sums.sort_values("yuan_mean", ascending=False, kind="stable")
        rows = [
            [
                word(row["livelihood"], lang) if row["livelihood"] in WORDS else str(row["livelihood"]),
                str(row[f"label_{lang}"]),
                word("report_recurs" if row["recurrent"] else "report_once", lang),
                wan(row["yuan_mean"]),
                str(row["grade"]),
            ]
            for row in sums.to_dict("records")
        ]
        heads = [
            word(key, lang)
            for key in ("book_livelihood", "book_flow", "report_kind", "report_gain_wan", "report_grade")
        ]
        table = Table(heads, rows, [False, False, False, True, False])
        yield Passage(_say(told, "flows"), (_say(told, "flows_why"),), (), table)
    own = told.places["county"].get("gain_yuan_mean")
    if told.scenarios and own is not None:
        rows = []
        for scenario in told.scenarios.values():
            mean = float(scenario.places["county"]["gain_yuan_mean"].sum())
            rows.append([scenario.label.say(lang), wan(mean), wan(mean - float(own.sum()))])
        heads = [_say(told, "supposed"), _say(told, "gain_wan"), _say(told, "change_wan")]
        yield Passage(
            _say(told, "scenarios"),
            (_say(told, "scenarios_why"),),
            (),
            Table(heads, rows, [False, True, True]),
        )


def wan(yuan: float) -> str:
    """Yuan as ten thousands.

    >>> wan(-123456.0), wan(float("nan"))
    ('−12.3', '…')
    """
    return UNKNOWN if pd.isna(yuan) else f"{yuan / YUAN_PER_WAN:,.1f}".replace("-", "−")


def _drivers(told: Release) -> Iterator[Passage]:
    """What the answer hangs on, crossed with how well it is sourced."""
    if told.drivers is None or told.drivers.empty:
        return
    lang = told.lang
    grades = [row for row in doubts_of(told.drivers).to_dict("records") if row["share"] or row["seen"]]
    rows = [
        [
            word(f"source_{row['kind']}", lang) if f"source_{row['kind']}" in WORDS else str(row["kind"]),
            row["grade"] or "–",
            f"{row['parameters']} ({row['seen']})" if row["parameters"] else "–",
            figure(row["share"], "share"),
        ]
        for row in grades
    ]
    heads = [_say(told, key) for key in ("grades", "grade", "numbers", "share")]
    said = (doubts_in_words(told.drivers).say(lang), _say(told, "drivers_why"))
    yield Passage(_say(told, "drivers"), said, ("drivers",), Table(heads, rows, [False, False, True, True]))


def _doubts(told: Release) -> Iterator[str]:
    yield _say(told, "conditional")
    counties = told.places["county"]
    if "persons_left_out" in counties and counties["persons_left_out"].notna().all():
        yield word("brief_doubts_left_out", told.lang).format(
            persons=f"{counties['persons_left_out'].sum():,.0f}"
        )
    if told.sources is not None and len(told.sources):
        guessed = int((told.sources["kind"] == _GUESS).sum())
        yield _say(told, "guessed", guessed=guessed, all=len(told.sources))
    placed = sum(int(frame["assumed"].sum()) for frame in told.sites.values() if "assumed" in frame)
    if placed:
        yield _say(told, "assumed", count=f"{placed:,}", all=f"{sum(map(len, told.sites.values())):,}")
    yield _say(told, "doubt_labour")


def _rules(told: Release) -> Iterator[str]:
    """What the edition shows and hides, and by which rules."""
    name = told.edition.name
    yield _say(told, f"rules_{name}", label=told.sheet.label)
    if name == "public":
        yield _say(told, "rules_floor", floor=FLOOR, health=FLOOR_HEALTH)
        shares = (f"{share:.0%}" for share in (ONE_AT_MOST, TWO_AT_MOST, PROTECTED))
        yield _say(told, "rules_share", **dict(zip(("one", "two", "protected"), shares)))
        yield _say(told, "rules_beside")
        yield _say(told, "rules_sites", floor=FLOOR, grid=f"{told.edition.grid_m:g}")
    hidden: Mapping[str, int] = {
        level: int(told.places[level]["shown"].eq(False).sum())
        for level in LEVELS
        if "shown" in told.places[level]
    }
    if any(hidden.values()):
        mark = "、" if told.lang == "zh" else ", "
        counts = mark.join(
            f"{word(level, told.lang)} {count:,} / {len(told.places[level]):,}"
            for level, count in hidden.items()
            if count
        )
        yield _say(told, "rules_hidden", counts=counts)
