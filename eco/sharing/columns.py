"""The tables of an edition as columns ready to be written: totals, levels, causes, flows, years, what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from eco.phrases import WORDS, Phrase, word
from eco.sharing.fields import Field, Kind, fields_of, readable
from eco.sharing.release import LEVELS, Release

HIDDEN, NOBODY, UNKNOWN = (
    "※",
    "—",
    "…",
)  # what stands where no number may, or can; the cover says what they mean
FORMATS = {"whole": "#,##0", "tenths": "#,##0.0", "hundredths": "0.00", "share": "0%", "year": "0"}
_TOTAL_UNITS = {"yuan": "yuan", "persons": "persons", "crossing": "persons", "poverty": "persons"}
_RANGES = ("low", "mode", "high")


@dataclass(frozen=True)
class Column:
    """One column of a sheet: its heading, how it is written, its values; None is a number that is not there."""

    name: str
    heading: Phrase
    kind: Kind
    values: Sequence[object]


def tables_of(told: Release) -> Iterable[tuple[str, list[Column]]]:
    """Name and columns of every sheet but the first, in their order; empty ones are left out later."""
    yield "totals", _totals(told.totals)
    for level in LEVELS:
        yield level, columns_of(told, level)
    yield "causes", _causes(told)
    yield "flows", _flows(told)
    yield "years", _years(told)
    yield "drivers", _declared(told.drivers, told.lang)
    yield "sources", _declared(told.sources, told.lang)
    yield "household", columns_of(told, "household")


def _heading(key: str) -> Phrase:
    return WORDS[f"book_{key}"]


def place_columns(frame: pd.DataFrame, layer: str, lang: str) -> list[Column]:
    """The declared columns of a layer's frame as they are shown."""
    return [
        Column(field.name, field.heading, field.kind, _shown(frame, field, lang))
        for field in fields_of(frame, layer)
    ]


def _shown(frame: pd.DataFrame, field: Field, lang: str) -> list[object]:
    """Values of a column; where there is none, the sign that says why."""
    states = frame["shown"] if "shown" in frame else pd.Series(True, index=frame.index)
    signs = [
        HIDDEN if state is False or state == 0 else NOBODY if state is None or state != state else UNKNOWN
        for state in states
    ]
    return [
        sign if value is None else value
        for value, sign in zip(readable(frame[field.name], field, lang), signs)
    ]


def columns_of(told: Release, level: str) -> list[Column]:
    """A level's places under their names and those above, or the households under their pseudonyms."""
    if level == "household":
        # What the household edition knows of a household leaves in an encrypted page only.
        homes = told.households if told.edition.name == "county" else None
        return [] if homes is None else place_columns(homes, level, told.lang)
    frame = told.places[level]
    columns = [Column("code", WORDS["layer_code"], "text", [str(code) for code in frame.index])]
    above = frame.get("parent")
    names: list[Column] = []
    for upper in reversed(LEVELS[: LEVELS.index(level)]):
        if above is None:
            break
        places = told.places[upper]
        names.insert(0, Column(upper, WORDS[upper], "text", _looked_up(above, places["name"])))
        above = above.map(places["parent"]) if "parent" in places else None
    own = Column("name", WORDS[level], "text", readable(frame["name"], Field("name"), told.lang))
    return [*columns, *names, own, *place_columns(frame, level, told.lang)]


def _looked_up(codes: pd.Series, names: pd.Series) -> list[object]:
    known = dict(zip(names.index, names))
    return [str(known.get(code, "")) for code in codes]


def _totals(frame: pd.DataFrame | None) -> list[Column]:
    """A row a measure; those without a word of their own are left out."""
    if frame is None:
        return []
    rows = frame[[f"measure_{name}" in WORDS for name in frame.index]]
    measures = [f"{WORDS[f'measure_{name}'].zh} {WORDS[f'measure_{name}'].en}" for name in rows.index]
    spread = [
        Column(end, _heading(end), "whole", _numbers(rows[end]))
        for end in ("mean", "p10", "p50", "p90")
        if end in rows
    ]
    unit = [_unit_of(str(name)) for name in rows.index]
    return [
        Column("measure", _heading("measure"), "text", measures),
        Column("unit", _heading("unit"), "text", unit),
        *spread,
    ]


def _unit_of(measure: str) -> str:
    """The unit of a measure by its name, in both languages."""
    key = next((unit for part, unit in _TOTAL_UNITS.items() if part in measure), "")
    return " ".join(WORDS[f"layer_unit_{key}"]) if key else ""


def _numbers(values: pd.Series) -> list[object]:
    shown = readable(values, Field("share", "share"), "zh")
    return [UNKNOWN if value is None else value for value in shown]


def _causes(told: Release) -> list[Column]:
    """Households, persons and gain by main cause, of the whole file first."""
    if told.causes is None or told.causes.empty:
        return []
    frame = told.causes.sort_values("code", kind="stable")
    names = pd.concat([told.places[level]["name"] for level in LEVELS])
    places = pd.concat([pd.Series({"": word("book_whole", told.lang)}), names])
    return [
        Column("place", WORDS["layer_name"], "text", _looked_up(frame["code"], places)),
        Column("cause", _heading("cause"), "text", [str(label) for label in frame[f"label_{told.lang}"]]),
        *place_columns(frame, "county", told.lang),
    ]


def _declared(frame: pd.DataFrame | None, lang: str) -> list[Column]:
    """A table of numbers and their sources: livelihood, name, range, share of the doubt, grade, kind, source."""
    if frame is None or frame.empty:
        return []
    columns: list[Column] = []

    def text(name: str, heading: str, words: Callable[[str], str] = str) -> None:
        if name in frame:
            told = ["" if value is None or value != value else words(str(value)) for value in frame[name]]
            columns.append(Column(heading, _heading(heading), "text", told))

    text("livelihood", "livelihood", lambda name: WORDS[name].say(lang) if name in WORDS else name)
    text(f"label_{lang}", "parameter")
    if f"label_{lang}" not in frame:
        text("parameter" if "parameter" in frame else "name", "parameter")
    text("unit", "unit")
    for name in _RANGES:
        if name in frame:
            columns.append(Column(name, _heading(name), "hundredths", _numbers(frame[name])))
    if "share" in frame:
        columns.append(Column("share", _heading("share"), "share", _numbers(frame["share"])))
    text("grade", "grade")
    text(
        "kind", "kind", lambda kind: WORDS[f"source_{kind}"].say(lang) if f"source_{kind}" in WORDS else kind
    )
    text("source" if "source" in frame else "title", "source")
    return columns


def _flows(told: Release) -> list[Column]:
    """The county's yuan flow by flow."""
    frame = told.flows.get("county")
    if frame is None or frame.empty:
        return []
    lang, names = told.lang, told.places["county"]["name"]
    columns = [Column("county", WORDS["county"], "text", _looked_up(frame["code"], names))]
    for name, heading in (("livelihood", "livelihood"), (f"label_{lang}", "flow")):
        words = [WORDS[text].say(lang) if text in WORDS else str(text) for text in frame[name]]
        columns.append(Column(heading, _heading(heading), "text", words))
    recurs = readable(frame["recurrent"], Field("recurrent", "flag"), lang)
    columns.append(Column("recurrent", _heading("recurrent"), "text", recurs))
    for end in ("mean", "p10", "p90"):
        if f"yuan_{end}" in frame:
            yuan = (f"{text} ({unit})" for text, unit in zip(_heading(end), WORDS["layer_unit_yuan"]))
            columns.append(Column(end, Phrase(*yuan), "whole", _numbers(frame[f"yuan_{end}"])))
    if "grade" in frame:
        columns.append(Column("grade", _heading("grade"), "text", [str(grade) for grade in frame["grade"]]))
    return columns


def _years(told: Release) -> list[Column]:
    """The county's gain of other years, one row a county and year."""
    parts = [
        frames["county"].assign(year=year)
        for year, frames in sorted(told.years.items())
        if "county" in frames
    ]
    if not parts:
        return []
    frame = pd.concat(parts)
    names = _looked_up(pd.Series(frame.index), told.places["county"]["name"])
    return [
        Column("county", WORDS["county"], "text", names),
        Column("year", _heading("year"), "year", [int(year) for year in frame["year"]]),
        *place_columns(frame, "county", told.lang),
    ]


def title_of(told: Release) -> str:
    """The title of a workbook: the project, what the tables are, the year."""
    return f"{told.sheet.project} · {word('book_title', told.lang)} · {told.year}"


def cover_lines(told: Release, tables: Iterable[str]) -> list[tuple[str, list[str], str]]:
    """What the first sheet says, part by part: the label, its lines, how they look."""

    def say(key: str) -> str:
        return word(f"book_{key}", told.lang)

    sheet = told.sheet
    uses = [text for text in (sheet.watermark, sheet.stamp) if text]
    return [
        (say("edition"), [sheet.label], "prose"),
        (say("use"), list(dict.fromkeys(uses)), "stamp"),
        (say("year"), [str(told.year)], "prose"),
        (say("reading"), [say(f"reading_{part}") for part in ("gain", "interval", "saturation")], "prose"),
        (say("signs"), [say(sign) for sign in ("hidden", "nobody", "unknown")], "prose"),
        (say("sheets"), ["　".join(say(name) for name in tables)], "prose"),
        (say("basis"), [note for note in sheet.notes if note != word("sheet_made_with", told.lang)], "prose"),
    ]
