"""An edition as a GeoPackage that opens coloured in QGIS: places by theme, sites by kind, names, what it all means.

Positions are in CGCS2000 degrees (EPSG:4490): the grid an edition's sharpness is told in is one of degrees, the
national datum of the bureaus' layers is kept, and a county that lies across two Gauss-Kruger zones stays one layer.
Areas stand in their columns and need no plane.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from eco.files import whole_file
from eco.phrases import Phrase, word
from eco.problems import DataProblem, Finding
from eco.records.tables import TABLES
from eco.sharing.fields import Field, fields_of, readable
from eco.sharing.maps.themes import themes_of
from eco.sharing.office import plain_text
from eco.sharing.release import LEVELS, Release, choice_label
from eco.sharing.styles import SITES, Categories, Classes, Style, qml
from eco.space.datums import to_degrees

CRS = "EPSG:4490"
_VERSION = "1.2"  # what QGIS of 2018 still reads
_TOLERANCE_M = {"county": 40.0, "public": 100.0}  # as the map draws outlines
_WHEN = "2000-01-01T00:00:00.000Z"  # no clock: the same bytes on every day
_LABELS_FROM = {"county": 0, "township": 600_000, "village": 150_000}
_KIND_OF = {"forest": "programme", "juncao": "use", "bees": "in_programme"}
_POINTS = "_point"
_COUNTED = ("households", "persons", "households_sharing", "hives", "colonies")
_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)
"""
_ABOUT = "CREATE TABLE about (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, text TEXT)"


@dataclass(frozen=True)
class _Layer:
    """One layer as it is written: its table name, its rows in degrees, its columns' words, its styles by name."""

    name: str
    title: str
    frame: gpd.GeoDataFrame
    areas: bool
    words: Mapping[str, str]
    styles: Sequence[tuple[str, Style]]


def write_geopackage(path: Path | str, told: Release) -> Path:
    """Write the layers of an edition, each with its styles, as one GeoPackage.

    Layers: county, township, village, and forest, juncao, bees, household where the edition has some; places known
    only as points stand in county_point, township_point, village_point. Positions are rounded to the edition's
    decimals of a degree; numbers that may not be shown are NULL. Nothing deleted stays in the file, and the same
    release gives the same bytes. DataProblem when what was written does not read back whole.
    """
    path = Path(path)
    layers = [layer for layer in _layers(told) if len(layer.frame)]

    def whole(draft: Path) -> None:
        _read_back(draft, layers)

    with whole_file(path, read_back=whole) as draft:
        draft.unlink()
        for layer in layers:
            _write_layer(draft, layer)
        _write_tables(draft, told, layers)
    return path


def _layers(told: Release) -> Iterable[_Layer]:
    for level in LEVELS:
        yield from _place_layers(told, level)
    for name in SITES:
        if name in told.sites:
            yield from _site_layers(told, name)
    # What the household edition knows of a household leaves in an encrypted page only.
    if told.households is not None and told.edition.name == "county":
        yield _household_layer(told)


def _place_layers(told: Release, level: str) -> Iterable[_Layer]:
    frame = told.places[level]
    fields = fields_of(frame, level)
    shown = [None if state is None or state != state else int(state) for state in frame.get("shown", [])]
    columns: dict[str, object] = {"code": frame.index.astype(str), "name": _texts(frame["name"])}
    if shown:
        columns["shown"] = pd.array(shown, dtype="Int64")
    columns |= _columns(frame, fields, told.lang)
    words: dict[str, str] = {}
    for key in ("code", "name", "shown"):
        if key in columns:
            words[key] = word(f"layer_{key}", told.lang)
    words |= {field.name: field.heading.say(told.lang) for field in fields}
    title = word(level, told.lang)
    shapes = _outlines(frame.geometry.to_numpy(), told, simplify=True)
    for suffix, areas, rows in _by_kind(shapes):
        layer = gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)[rows]
        styles = list(_themes(told, level, words, areas=areas, hides=bool(shown), label="name"))
        if not styles:  # a release without numbers: one colour, and names
            plain = Categories("name", (), SITES["forest"])
            styles = [(title, Style(plain, areas, list(words.items()), "name", _LABELS_FROM[level]))]
        yield _Layer(f"{level}{suffix}", title, layer, areas, words, styles)


def _site_layers(told: Release, name: str) -> Iterable[_Layer]:
    frame = told.sites[name].reset_index(drop=True)
    fields = fields_of(frame, name)
    columns = _columns(frame, fields, told.lang)
    words = {field.name: field.heading.say(told.lang) for field in fields}
    spots = _points(frame, told)
    shapes = spots
    if "outline" in frame:
        outlines = _outlines(frame["outline"].to_numpy(dtype=object), told, simplify=False)
        shapes = np.where(shapely.is_missing(outlines), spots, outlines)
    title = word(f"map_{name}", told.lang)
    for suffix, areas, rows in _by_kind(shapes):
        layer = gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)[rows]
        kind = _KIND_OF[name]
        values = _in_order(set(layer[kind].dropna()), kind, told.lang) if kind in layer else []
        first = Style(Categories(kind, values, SITES[name]), areas, list(words.items()))
        styles = [(title, first), *_themes(told, name, words, areas=areas)]
        # Public sites are points: their layer bears the plain name.
        yield _Layer(
            name if "outline" not in frame else f"{name}{suffix}", title, layer, areas, words, styles
        )


def _in_order(values: set[str], kind: str, lang: str) -> list[str]:
    """The words of a column in the order its table declares their choices, yes before no; others follow."""
    table = {"programme": "forest_plots", "use": "juncao_plots", "in_programme": "apiaries"}[kind]
    choices = TABLES[table][kind].choices
    known = [choice_label(table, kind, choice, lang) for choice in choices]
    if kind == "in_programme":
        known = [word("layer_yes", lang), word("layer_no", lang)]
    return [text for text in known if text in values] + sorted(values - set(known))


def _household_layer(told: Release) -> _Layer:
    assert told.households is not None
    frame = told.households.reset_index(drop=True)
    fields = fields_of(frame, "household")
    words = {field.name: field.heading.say(told.lang) for field in fields}
    layer = gpd.GeoDataFrame(_columns(frame, fields, told.lang), geometry=_points(frame, told), crs=CRS)
    breaks = next((theme.breaks for theme in _colourings(told) if theme.key == "per_head"), {})
    value = '"gain_yuan_mean" / nullif("persons", 0)'
    colours = Classes(value, breaks.get("households", []))
    title = word("map_households", told.lang)
    per_head = word("layer_gain_per_head_mean", told.lang)
    return _Layer(
        "household", title, layer, False, words, [(per_head, Style(colours, False, list(words.items())))]
    )


@dataclass(frozen=True)
class _Colouring:
    """A theme of the map: the column it stands on, and where its classes part by layer."""

    key: str
    column: str
    kind: str
    breaks: dict[str, list[float]]


def _colourings(told: Release) -> list[_Colouring]:
    return [
        _Colouring(str(theme["key"]), str(theme["column"]), str(theme["kind"]), cast(dict, theme["breaks"]))
        for theme in themes_of(told)
    ]


def _themes(
    told: Release, layer: str, words: Mapping[str, str], *, areas: bool, hides: bool = False, label: str = ""
) -> Iterable[tuple[str, Style]]:
    """The styles of a layer: one a theme of the map, with the map's breaks."""
    for theme in _colourings(told):
        column = theme.column
        if layer in theme.breaks and column in words:
            share = theme.kind == "share"
            colours = Classes(column, theme.breaks[layer], theme.key, share=share, hides=hides)
            style = Style(colours, areas, list(words.items()), label, _LABELS_FROM.get(layer, 0))
            yield words[column], style


def _columns(frame: pd.DataFrame, fields: Iterable[Field], lang: str) -> dict[str, object]:
    return {field.name: _values(frame[field.name], field, lang) for field in fields}


def _values(values: pd.Series, field: Field, lang: str) -> object:
    shown = readable(values, field, lang)
    if field.kind == "year" or (field.kind == "whole" and field.name in _COUNTED):
        whole = [None if number is None else round(number) for number in shown]
        if all(number is None or number == exact for number, exact in zip(whole, shown)):
            return pd.array(whole, dtype="Int64")
    if field.kind in ("text", "basis", "flag"):
        return np.array([None if text is None else plain_text(text) for text in shown], dtype=object)
    return np.array([np.nan if number is None else number for number in shown], dtype=float)


def _texts(values: pd.Series) -> np.ndarray:
    return np.array([plain_text(value) for value in values], dtype=object)


def _points(frame: pd.DataFrame, told: Release) -> np.ndarray:
    spots = shapely.points(frame["x"].to_numpy(dtype=float), frame["y"].to_numpy(dtype=float))
    return _rounded(to_degrees(spots), told.edition.decimals)


def _outlines(shapes: np.ndarray, told: Release, *, simplify: bool) -> np.ndarray:
    """Outlines in degrees, as sharp as the edition may be; points stay points, what falls together is None."""
    shapes = np.array(shapes, dtype=object)
    areas = shapely.get_dimensions(shapes) == 2
    if simplify and areas.any():  # neighbours keep their common border
        shapes[areas] = shapely.coverage_simplify(shapes[areas], _TOLERANCE_M.get(told.edition.name, 40.0))
    rounded = _rounded(to_degrees(shapes), told.edition.decimals)
    broken = areas & ~shapely.is_valid(rounded)
    # Where rounding made a ring cross itself it is mended on the same grid: a crossing elsewhere would be sharper.
    mended = shapely.set_precision(shapely.make_valid(rounded[broken]), 10.0**-told.edition.decimals)
    rounded[broken] = [_areas_of(shape) for shape in _rounded(mended, told.edition.decimals)]
    return rounded


def _rounded(shapes: np.ndarray, decimals: int) -> np.ndarray:
    return shapely.transform(shapes, lambda xy: np.round(xy, decimals))


def _areas_of(shape: shapely.Geometry) -> shapely.Geometry | None:
    parts = [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2]
    return shapely.union_all(parts) if parts else None


def _by_kind(shapes: np.ndarray) -> Iterable[tuple[str, bool, np.ndarray]]:
    """Rows that are areas or nothing, then rows that are points: suffix, whether areas, which rows."""
    points = shapely.get_dimensions(shapes) == 0
    if not points.all():
        yield "", True, ~points
    if points.any():
        yield _POINTS, False, points


def _write_layer(draft: Path, layer: _Layer) -> None:
    pyogrio.write_dataframe(
        layer.frame,
        draft,
        layer=layer.name,
        driver="GPKG",
        geometry_type="MultiPolygon" if layer.areas else "Point",
        promote_to_multi=layer.areas,
        dataset_options={} if draft.exists() else {"VERSION": _VERSION},
        layer_options={"SPATIAL_INDEX": "YES", "IDENTIFIER": f"{layer.title} {layer.name}"},
    )


def _write_tables(draft: Path, told: Release, layers: Sequence[_Layer]) -> None:
    """Styles, the words of the columns, what the paper says of itself; then nothing that was deleted is left."""
    with closing(sqlite3.connect(draft)) as base:
        base.execute(_STYLES)
        base.execute(_ABOUT)
        base.executemany("INSERT INTO about (text) VALUES (?)", [(line,) for line in _about(told)])
        rows = [
            (layer.name, name, qml(style, told.lang), int(place == 0), _WHEN)
            for layer in layers
            for place, (name, style) in enumerate(layer.styles)
        ]
        base.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
            "styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
            "VALUES ('', '', ?, 'geom', ?, ?, '', ?, '', '', NULL, ?)",
            rows,
        )
        for table in ("layer_styles", "about"):
            base.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
                "VALUES (?, 'attributes', ?, '', ?)",
                (table, table, _WHEN),
            )
        base.execute("UPDATE gpkg_contents SET last_change = ?", (_WHEN,))
        base.commit()
        base.execute("VACUUM")


def _about(told: Release) -> list[str]:
    sheet = told.sheet
    lines = (sheet.title, sheet.label, sheet.watermark or sheet.stamp, *sheet.notes)
    return [plain_text(line) for line in lines if line != word("sheet_made_with", told.lang)]


def _read_back(draft: Path, layers: Sequence[_Layer]) -> None:
    """Hold what was written against what was meant: SQLite finds it sound, and every row is there."""
    with closing(sqlite3.connect(draft)) as base:
        sound = base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        counts = {
            layer.name: base.execute(f'SELECT count(*) FROM "{layer.name}"').fetchone()[0] for layer in layers
        }
    if not sound or any(counts[layer.name] != len(layer.frame) for layer in layers):
        expected = Phrase("写入的行全部读得回来", "every row written reads back")
        todo = Phrase("检查磁盘后重试", "look at the disk and try again")
        raise DataProblem([Finding("E-DISK-02", "error", "", draft.name, "", str(counts), expected, todo)])
