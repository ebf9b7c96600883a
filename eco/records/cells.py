"""Cells made into values, one kind at a time, and the rows whose cells cannot be read."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from eco.records import figures, people
from eco.records.figures import NOTHING, cell_text, half_width, lost_digits, without_hidden
from eco.records.readers import Raw, plain
from eco.records.sentences import Hit
from eco.records.tables import Column, Table

YEARS = (1990, 2035)
# What may stand behind a number without changing it.
_OWN_UNITS = {
    "money": ("元", "圆"),
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
    values: dict[str, object] = {"where": pd.Series(raw.where, dtype="str")}
    for column in raw.source.table:
        if column.name in raw.cells:
            read = _READ[column.kind]
            series, found = read(raw.cells[column.name], column, raw)
            hits += found
        else:
            series = pd.Series(_default(column), index=raw.cells.index, dtype=_DTYPES[column.kind])
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


def _texts(cells: pd.Series) -> pd.Series:
    return pd.Series([cell_text(cell) for cell in cells.tolist()], index=cells.index, dtype="str")


def _default(column: Column) -> object:
    if column.default is None:
        return "" if _DTYPES[column.kind] == "str" else np.nan
    return column.default


def _hit(
    code: str, column: Column, wrong: pd.Series, cells: pd.Series, *, counted: bool = False, **words: object
) -> list[Hit]:
    """The rule's hit on the rows marked wrong, none when there are none."""
    rows = np.flatnonzero(wrong.to_numpy(dtype=bool))
    found = list(map(cell_text, cells.iloc[rows]))
    return [Hit(code, column.name, rows, found, words, counted)] if len(rows) else []


def _missing(column: Column, nothing: pd.Series, cells: pd.Series) -> list[Hit]:
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
    texts = _texts(cells).str.removesuffix("年").str.removesuffix("年度")
    values, nothing, wrong, repaired = figures.numbers(texts)
    low, high = YEARS
    wrong |= ~nothing & ~((values >= low) & (values <= high) & (values % 1 == 0))
    return values, [
        *_missing(column, nothing, cells),
        *_hit("E-YEAR-01", column, wrong, cells, low=low, high=high),
        *_hit("E-NUM-05", column, repaired & ~wrong, cells, counted=True),
    ]


def _read_codes(cells: pd.Series, column: Column, _: Raw) -> tuple[pd.Series, list[Hit]]:
    given = _texts(cells).str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    texts = given.map(half_width).astype("str")
    nothing = texts.isin(NOTHING)
    lost = cells.map(lost_digits).astype(bool)
    hits = [
        *_missing(column, nothing, cells),
        *_hit("E-CODE-01", column, lost, cells),
        *_hit("E-TEXT-01", column, (texts != given) & ~nothing & ~lost, given, counted=True),
    ]
    texts = texts.mask(nothing, "").astype("str")
    if column.digits:
        digits = column.digits
        texts = texts.map(lambda text: region_code(text, digits)).astype("str")
        wrong = ~nothing & ~lost & ~texts.str.fullmatch(rf"[0-9]{{{digits}}}")
        hits += _hit("E-ADM-02", column, wrong, cells, digits=digits)
    return texts, hits


def _read_texts(cells: pd.Series, column: Column, _: Raw) -> tuple[pd.Series, list[Hit]]:
    given = _texts(cells)
    texts = given.map(without_hidden).astype("str")
    nothing = texts.isin(NOTHING)
    private = texts.map(figures.has_private_signs).astype(bool)
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
    for code in ("E-ID-01", "E-ID-02", "E-ID-03"):
        wrong = faults.isin([fault for fault, (rule, _) in people.ID_FAULTS.items() if rule == code])
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
    texts = _texts(cells).map(without_hidden).astype("str")
    meant = {plain(ours): ours for ours in column.choices}
    meant |= {plain(word): ours for ours, words in column.choices.items() for word in words}
    nothing = texts.isin(NOTHING)
    values = texts.map({text: meant.get(plain(text), "") for text in texts.unique()})
    wrong = ~nothing & (values == "")
    known = "、".join("/".join((ours, *words[:1])) for ours, words in column.choices.items())
    hits = [*_missing(column, nothing, cells), *_hit("E-WORD-01", column, wrong, cells, known=known)]
    return values.mask(nothing, str(column.default or "")).astype("str"), hits


def _read_dates(cells: pd.Series, column: Column, raw: Raw) -> tuple[pd.Series, list[Hit]]:
    texts = _texts(cells)
    today = date.today()
    read = {text: figures.day(text, latest=today, epoch=raw.source.epoch) for text in texts.unique()}
    values = pd.to_datetime(texts.map({text: one.value for text, one in read.items()}))
    broken = texts.map({text: one.broken for text, one in read.items()})
    repaired = texts.map({text: one.repaired for text, one in read.items()}).astype(bool)
    hits = _missing(column, values.isna() & (broken == ""), cells)
    low, high = figures.EARLIEST.isoformat(), today.isoformat()
    for code in ("E-DATE-01", "E-DATE-02", "E-DATE-03"):
        hits += _hit(code, column, broken == code, cells, low=low, high=high)
    return values.astype("datetime64[us]"), [*hits, *_hit("E-DATE-04", column, repaired, cells, counted=True)]


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
