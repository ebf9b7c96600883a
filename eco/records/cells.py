"""Cells made into values, one kind at a time, and the rows whose cells cannot be read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from eco.phrases import Phrase
from eco.records.readers import Raw, plain
from eco.records.sentences import Hit
from eco.records.tables import COORDINATES, SITES, WORKING_CRS, Column, Table
from eco.space.datums import DEGREES, points_to_working, to_working
from eco.units import square_metres_to_mu

YEARS = (1990, 2035)
_NOTHING = ("", "/", "-", "—", "——")  # how the bureau's sheets write an empty cell
_SHAPES = {
    "point": (("Point",), Phrase("点", "a point")),
    "outline": (("Point", "Polygon", "MultiPolygon"), Phrase("面", "a polygon")),
    "place": (("Point", "Polygon", "MultiPolygon"), Phrase("点或面", "a point or a polygon")),
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
            series, found = read(raw.cells[column.name], column, raw.factors.get(column.name, 1.0))
            hits += found
        else:
            series = pd.Series(_default(column), index=raw.cells.index, dtype=_DTYPES[column.kind])
        values[column.name] = series
    return pd.DataFrame(values), hits


def empty_table(table: Table) -> pd.DataFrame:
    """A table without rows, its columns and their kinds as `read_cells` gives them."""
    kinds = {column.name: pd.Series(dtype=_DTYPES[column.kind]) for column in table}
    return pd.DataFrame({"where": pd.Series(dtype="str"), **kinds})


def cell_text(cell: object) -> str:
    """A cell as text: a whole number without a point, nothing for an empty one.

    >>> cell_text(621102101000.0), cell_text(" a "), cell_text(None)
    ('621102101000', 'a', '')
    """
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


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
    return pd.Series([cell_text(cell) for cell in cells], index=cells.index, dtype="str")


def _default(column: Column) -> object:
    if column.default is None:
        return "" if column.kind in ("code", "text", "choice") else np.nan
    return column.default


def _hit(code: str, column: Column, wrong: pd.Series, cells: pd.Series, **words: object) -> list[Hit]:
    """The rule's hit on the rows marked wrong, none when there are none."""
    rows = np.flatnonzero(wrong.to_numpy(dtype=bool))
    return [Hit(code, column.name, rows, list(map(cell_text, cells.iloc[rows])), words)] if len(rows) else []


def _missing(column: Column, nothing: pd.Series, cells: pd.Series) -> list[Hit]:
    return _hit("E-VAL-01", column, nothing, cells) if column.required else []


def _read_numbers(cells: pd.Series, column: Column, factor: float) -> tuple[pd.Series, list[Hit]]:
    values, nothing, wrong = _numbers(cells)
    values = values * factor
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    beyond = (values < low) | (values > high)
    hits = [*_missing(column, nothing, cells), *_hit("E-NUM-01", column, wrong, cells)]
    if column.maximum is None:
        return values, [*hits, *_hit("E-NUM-03", column, beyond, cells, low=f"{low:g}")]
    return values, [*hits, *_hit("E-NUM-02", column, beyond, cells, low=f"{low:g}", high=f"{high:g}")]


def _numbers(cells: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Cells as floats, which of them are empty, and which are no finite number."""
    values = pd.to_numeric(cells, errors="coerce").astype("float64")
    odd = ~np.isfinite(values)
    nothing: pd.Series = pd.Series(False, index=cells.index)
    if odd.any():
        texts = _texts(cells[odd]).map(_half_width)
        nothing[odd] = texts.isin(_NOTHING)
        grouped = texts.str.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
        values[odd] = pd.to_numeric(texts.mask(grouped, texts.str.replace(",", "")), errors="coerce")
    return values, nothing, ~np.isfinite(values) & ~nothing


def _half_width(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _read_years(cells: pd.Series, column: Column, _: float) -> tuple[pd.Series, list[Hit]]:
    texts = _texts(cells).str.removesuffix("年").str.removesuffix("年度")
    values, nothing, wrong = _numbers(texts)
    low, high = YEARS
    wrong |= ~nothing & ~((values >= low) & (values <= high) & (values % 1 == 0))
    return values, [
        *_missing(column, nothing, cells),
        *_hit("E-YEAR-01", column, wrong, cells, low=low, high=high),
    ]


def _read_codes(cells: pd.Series, column: Column, _: float) -> tuple[pd.Series, list[Hit]]:
    texts = _texts(cells).map(_half_width).astype("str").str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    nothing = texts.isin(_NOTHING)
    texts = texts.mask(nothing, "").astype("str")
    hits = _missing(column, nothing, cells)
    if column.digits:
        digits = column.digits
        texts = texts.map(lambda text: region_code(text, digits)).astype("str")
        wrong = ~nothing & ~texts.str.fullmatch(rf"\d{{{digits}}}")
        hits += _hit("E-ADM-02", column, wrong, cells, digits=digits)
    return texts, hits


def _read_texts(cells: pd.Series, column: Column, _: float) -> tuple[pd.Series, list[Hit]]:
    texts = _texts(cells)
    nothing = texts.isin(_NOTHING)
    return texts.mask(nothing, str(column.default or "")).astype("str"), _missing(column, nothing, cells)


def _read_choices(cells: pd.Series, column: Column, _: float) -> tuple[pd.Series, list[Hit]]:
    texts = _texts(cells)
    meant = {plain(ours): ours for ours in column.choices}
    meant |= {plain(word): ours for ours, words in column.choices.items() for word in words}
    nothing = texts.isin(_NOTHING)
    values = texts.map({text: meant.get(plain(text), "") for text in texts.unique()})
    wrong = ~nothing & (values == "")
    known = "、".join("/".join((ours, *words[:1])) for ours, words in column.choices.items())
    hits = [*_missing(column, nothing, cells), *_hit("E-WORD-01", column, wrong, cells, known=known)]
    return values.mask(nothing, str(column.default or "")).astype("str"), hits


def _read_dates(cells: pd.Series, column: Column, _: float) -> tuple[pd.Series, list[Hit]]:
    texts = _texts(cells).str.split(" ").str[0].str.replace(r"[年月/.]", "-", regex=True).str.rstrip("日-")
    nothing = texts.isin(_NOTHING)
    values = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
    values = values.fillna(pd.to_datetime(texts, format="%Y%m%d", errors="coerce"))
    wrong = values.isna() & ~nothing
    return values, [*_missing(column, nothing, cells), *_hit("E-DATE-01", column, wrong, cells)]


_READ = {
    "number": _read_numbers,
    "year": _read_years,
    "code": _read_codes,
    "text": _read_texts,
    "choice": _read_choices,
    "date": _read_dates,
}
_DTYPES = {
    "number": "float64",
    "year": "float64",
    "code": "str",
    "text": "str",
    "choice": "str",
    "date": "datetime64[us]",
}


def read_geometry(raw: Raw) -> tuple[gpd.GeoSeries, list[Hit]]:
    """The rows' shapes in EPSG:4544, None where there is none, and the rows whose shape is at fault."""
    table = raw.source.table
    if raw.crs is None:
        nothing: np.ndarray = np.full(len(raw.cells), None, dtype=object)
        return gpd.GeoSeries(nothing, index=raw.cells.index, crs=WORKING_CRS), []
    if raw.geometry is None:
        shapes, hits = _points(raw, raw.crs)
        return shapes, hits
    given = raw.geometry.reset_index(drop=True)
    moved, lost = to_working(given, raw.crs)
    shapes, hits = _repair(moved)
    empty = np.asarray(shapes.isna() | shapes.is_empty) & ~lost
    kinds, words = _SHAPES[str(table.geometry)]
    types = np.asarray(shapes.geom_type, dtype=object)
    wrong = ~empty & ~lost & ~np.isin(types, kinds)
    if table.name in SITES:
        wrong |= empty
    shapes[empty | wrong] = None
    found = ["空图形 / no shape" if empty[row] else str(types[row]) for row in np.flatnonzero(wrong)]
    if found:
        hits.append(Hit("E-GEOM-01", "geometry", np.flatnonzero(wrong), found, {"kind": words}))
    return shapes, [*hits, *_lost(lost, [str(shape)[:60] for shape in given[lost]], raw.crs)]


def _points(raw: Raw, crs: str) -> tuple[gpd.GeoSeries, list[Hit]]:
    pair = COORDINATES["degrees" if crs in DEGREES else "metres"]
    read = [_numbers(raw.cells[column.name]) for column in pair]
    (x, no_x, bad_x), (y, no_y, bad_y) = read
    shapes, lost = points_to_working(x.mask(bad_x | no_x), y.mask(bad_y | no_y), crs)
    hits = [
        hit
        for column, (_, nothing, bad), (_, other_nothing, _) in zip(pair, read, read[::-1])
        for hit in (
            *_hit("E-NUM-01", column, bad, raw.cells[column.name]),
            *_hit("E-VAL-01", column, nothing & ~other_nothing, raw.cells[column.name]),
        )
    ]
    found = [f"{a:g}, {b:g}" for a, b in zip(x[lost], y[lost])]
    return shapes.set_axis(raw.cells.index), [*hits, *_lost(lost, found, crs)]


def _lost(lost: np.ndarray, found: Sequence[object], crs: str) -> list[Hit]:
    rows = np.flatnonzero(lost)
    return [Hit("E-CRS-02", "geometry", rows, found, {"crs": crs})] if len(rows) else []


def _repair(shapes: gpd.GeoSeries) -> tuple[gpd.GeoSeries, list[Hit]]:
    """Outlines that cross themselves made valid, and a note of the mu before and after."""
    rows = np.flatnonzero(~shapely.is_valid(shapes.to_numpy()) & ~shapely.is_missing(shapes.to_numpy()))
    if not len(rows):
        return shapes, []
    before = shapes.iloc[rows].to_numpy()
    after = shapely.make_valid(before, method="structure", keep_collapsed=False)
    repaired = shapes.copy()
    repaired.iloc[rows] = after
    areas = zip(shapely.area(before), shapely.area(after))
    mu = [tuple(map(square_metres_to_mu, pair)) for pair in areas]
    found = [f"图形自相交 / crosses itself: {old:.2f} → {new:.2f} mu" for old, new in mu]
    return repaired, [Hit("E-GEOM-02", "geometry", rows, found)]
