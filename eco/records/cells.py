"""Cells made into values, one kind at a time, and the rows whose cells cannot be read."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd

from eco.records import figures, people
from eco.records.figures import (
    NOTHING,
    PLAIN_SIGNS,
    cell_text,
    cell_texts,
    half_widths,
    lost_ends,
    without_hidden,
)
from eco.records.readers import Raw, plain
from eco.records.sentences import Hit
from eco.records.tables import Column, Table
from eco.records.texts import distinct, mended, repeated, signs_of, spread, with_signs

YEARS = (1990, 2035)
# What may stand behind a number without changing it.
_OWN_UNITS = {
    "money": ("元/人·年", "元/人年", "元/年", "元/人", "元", "圆"),
    "area": ("亩",),
    "persons": ("人", "口"),
    "workers": ("人", "个"),
    "hives_received": ("箱",),
    "hives_alive": ("群", "箱"),
    "free_days": ("天", "工日"),
}


def read_cells(raw: Raw) -> tuple[pd.DataFrame, list[Hit]]:
    """Every declared column of the table as values in our units, with `where`, and the unreadable rows.

    Codes, texts and choices are str, numbers float (NaN where empty), years float, dates datetime64.
    """
    hits: list[Hit] = []
    values: dict[str, object] = {"where": raw.where}
    for column in raw.source.table:
        if column.name in raw.cells:
            read = _READ[column.kind]
            series, found = read(raw.cells[column.name], column, raw)
            hits += found
        else:
            series = _defaults(column, raw.cells.index)
        values[column.name] = series
    return pd.DataFrame(values), hits


def empty_table(table: Table) -> pd.DataFrame:
    """A table without rows, its columns and their kinds as `read_cells` gives them."""
    kinds = {column.name: pd.Series(dtype=_DTYPES[column.kind]) for column in table}
    return pd.DataFrame({"where": pd.Series(dtype="str"), **kinds})


def region_code(text: str, digits: int) -> str:
    """A region code in its usual length: gb codes lose 156, nine-digit townships gain 000.

    >>> region_code("156621102", 6), region_code("621102101", 12), region_code("621102000000", 6)
    ('621102', '621102101000', '621102')
    """
    if digits == 6 and len(text) == 9 and text.startswith("156"):
        return text[3:]
    if digits == 6 and len(text) == 12 and text.endswith("000000"):
        return text[:6]
    if digits == 12 and len(text) == 9:
        return text + "000"
    return text


def _defaults(column: Column, index: pd.Index) -> pd.Series:
    """What stands in every row of a column the file does not have."""
    if _DTYPES[column.kind] == "str":
        return repeated(str(column.default or ""), index)
    default = np.nan if column.default is None else column.default
    return pd.Series(default, index=index, dtype=_DTYPES[column.kind])


def _hit(
    code: str, column: Column, wrong, cells: pd.Series, *, counted: bool = False, **words: object
) -> list[Hit]:
    """The rule's hit on the rows marked wrong, none when there are none."""
    rows = np.flatnonzero(np.asarray(wrong, dtype=bool))
    found = list(map(cell_text, cells.iloc[rows]))
    return [Hit(code, column.name, rows, found, words, counted)] if len(rows) else []


def _missing(column: Column, nothing, cells: pd.Series) -> list[Hit]:
    return _hit("E-VAL-01", column, nothing, cells) if column.required else []


def _read_numbers(cells: pd.Series, column: Column, raw: Raw) -> tuple[pd.Series, list[Hit]]:
    factor = raw.factors.get(column.name, 1.0)
    units = _OWN_UNITS.get(column.dimension or column.name, ()) if factor == 1.0 else ()
    values, nothing, wrong, repaired = figures.numbers(cells, units=units)
    values = values * factor
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    beyond = (values < low) | (values > high)
    hits = [
        *_missing(column, nothing, cells),
        *_hit("E-NUM-01", column, wrong, cells),
        *_hit("E-NUM-05", column, repaired, cells, counted=True),
    ]
    if column.maximum is None:
        return values, [*hits, *_hit("E-NUM-03", column, beyond, cells, low=f"{low:g}")]
    return values, [*hits, *_hit("E-NUM-02", column, beyond, cells, low=f"{low:g}", high=f"{high:g}")]


def _read_years(cells: pd.Series, column: Column, _: Raw) -> tuple[pd.Series, list[Hit]]:
    texts = cell_texts(cells).str.removesuffix("年").str.removesuffix("年度")
    values, nothing, wrong, repaired = figures.numbers(texts)
    low, high = YEARS
    wrong |= ~nothing & ~((values >= low) & (values <= high) & (values % 1 == 0))
    return values, [
        *_missing(column, nothing, cells),
        *_hit("E-YEAR-01", column, wrong, cells, low=low, high=high),
        *_hit("E-NUM-05", column, repaired & ~wrong, cells, counted=True),
    ]


def _read_codes(cells: pd.Series, column: Column, _: Raw) -> tuple[pd.Series, list[Hit]]:
    given = mended(cell_texts(cells), _without_zeros, plain=re.compile(r"[^.]"))
    texts = half_widths(given)
    nothing = texts.isin(NOTHING)
    lost = lost_ends(cells)
    hits = [
        *_missing(column, nothing, cells),
        *_hit("E-CODE-01", column, lost, cells),
        *_hit("E-TEXT-01", column, (texts != given) & ~nothing & ~lost, given, counted=True),
    ]
    texts = texts.mask(nothing, "").astype("str")
    if column.digits:
        digits = column.digits
        codes, values = distinct(texts)
        values = values.map(lambda text: region_code(text, digits)).astype("str")
        texts = spread(values, codes, cells.index)
        whole = values.str.fullmatch(rf"[0-9]{{{digits}}}").to_numpy(dtype=bool)[codes]
        hits += _hit("E-ADM-02", column, ~nothing & ~lost & ~whole, cells, digits=digits)
    return texts, hits


def _without_zeros(text: str) -> str:
    """A code that a sheet kept as a number, 621102.0, without its end."""
    return re.sub(r"^([0-9]+)\.0+$", r"\1", text)


def _read_texts(cells: pd.Series, column: Column, _: Raw) -> tuple[pd.Series, list[Hit]]:
    given = cell_texts(cells)
    texts = mended(given, without_hidden, plain=PLAIN_SIGNS)
    nothing = texts.isin(NOTHING)
    private = with_signs(texts, "".join(filter(figures.has_private_signs, signs_of(texts))))
    return texts.mask(nothing, str(column.default or "")).astype("str"), [
        *_missing(column, nothing, cells),
        *_hit("E-TEXT-01", column, texts != given, texts, counted=True),
        *_hit("E-TEXT-02", column, private, texts),
    ]


def _read_ids(cells: pd.Series, column: Column, raw: Raw) -> tuple[pd.Series, list[Hit]]:
    values, faults, repaired, converted = people.read_ids(
        cells, asof=date.today(), allow_old=raw.source.allow_old_ids
    )
    hits = [
        *_hit("E-ID-04", column, repaired, cells, counted=True),
        *_hit("E-ID-06", column, converted, cells, counted=True),
    ]
    bad = np.flatnonzero(faults != "")
    rules = np.array([people.ID_FAULTS[fault][0] for fault in faults.iloc[bad]], dtype=object)
    for code in ("E-ID-01", "E-ID-02", "E-ID-03"):
        wrong = np.isin(np.arange(len(cells)), bad[rules == code])
        kind = [people.ID_FAULTS[fault][1] for fault in faults[wrong]]
        hits += _hit(code, column, wrong, cells, kind=kind)
    return values, hits


def _read_phones(cells: pd.Series, column: Column, _: Raw) -> tuple[pd.Series, list[Hit]]:
    values, odd, repaired = people.read_phones(cells)
    return values, [
        *_hit("E-TEL-01", column, odd, cells),
        *_hit("E-TEL-02", column, repaired, cells, counted=True),
    ]


def _read_choices(cells: pd.Series, column: Column, _: Raw) -> tuple[pd.Series, list[Hit]]:
    codes, words = distinct(cell_texts(cells))
    meant = {plain(ours): ours for ours in column.choices}
    meant |= {plain(word): ours for ours, words in column.choices.items() for word in words}
    texts = words.map(without_hidden).astype("str")
    nothing = texts.isin(NOTHING)
    values = texts.map({text: meant.get(plain(text), "") for text in texts.unique()}).astype("str")
    wrong = (~nothing & (values == "")).to_numpy(dtype=bool)[codes]
    known = "、".join("/".join((ours, *words[:1])) for ours, words in column.choices.items())
    hits = [
        *_missing(column, nothing.to_numpy(dtype=bool)[codes], cells),
        *_hit("E-WORD-01", column, wrong, cells, known=known),
    ]
    values = values.mask(nothing, str(column.default or "")).astype("str")
    return spread(values, codes, cells.index), hits


def _read_dates(cells: pd.Series, column: Column, raw: Raw) -> tuple[pd.Series, list[Hit]]:
    codes, texts = distinct(cell_texts(cells))
    today = date.today()
    read = [figures.day(text, latest=today, epoch=raw.source.epoch) for text in texts]
    values = pd.to_datetime(pd.Series([one.value for one in read], dtype=object)).astype("datetime64[us]")
    broken = np.array([one.broken for one in read], dtype=object)[codes]
    repaired = np.array([one.repaired for one in read], dtype=bool)[codes]
    days = spread(values, codes, cells.index)
    hits = _missing(column, days.isna() & (broken == ""), cells)
    low, high = figures.EARLIEST.isoformat(), today.isoformat()
    for code in ("E-DATE-01", "E-DATE-02", "E-DATE-03"):
        hits += _hit(code, column, broken == code, cells, low=low, high=high)
    return days, [*hits, *_hit("E-DATE-04", column, repaired, cells, counted=True)]


_READ = {
    "number": _read_numbers,
    "year": _read_years,
    "code": _read_codes,
    "text": _read_texts,
    "id_number": _read_ids,
    "phone": _read_phones,
    "choice": _read_choices,
    "date": _read_dates,
}
_DTYPES = {
    "number": "float64",
    "year": "float64",
    "code": "str",
    "text": "str",
    "id_number": "str",
    "phone": "str",
    "choice": "str",
    "date": "datetime64[us]",
}
