"""Shapes out of a file, brought to EPSG:4544, and the rows whose shape cannot be used as it stands."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely

from eco.phrases import Phrase
from eco.records.degrees import degree_numbers, looks_sexagesimal
from eco.records.figures import numbers
from eco.records.sentences import Hit
from eco.records.sources import Raw
from eco.records.tables import COORDINATES, SITES, WORKING_CRS
from eco.space.datums import DEGREES, axes_exchanged, flat, suggestion, swapped, to_working
from eco.units import SQUARE_METRES_PER_MU

MOST_VERTICES = 1_000_000  # of one shape; a whole county's border has some ten thousand
SMALLEST_M2 = 1.0
REPAIR_TOLERANCE = 0.01  # share of its area a repaired outline may gain or lose
_FEW_ROWS = 3  # fewer rows may be wrong one by one, not all in one system
_KINDS = {
    "point": (("Point",), Phrase("点", "a point")),
    "outline": (("Point", "Polygon", "MultiPolygon"), Phrase("面", "a polygon")),
    "place": (("Point", "Polygon", "MultiPolygon"), Phrase("点或面", "a point or a polygon")),
}


def read_geometry(raw: Raw) -> tuple[gpd.GeoSeries, list[Hit]]:
    """The rows' shapes in EPSG:4544, None where there is none, and the rows whose shape is at fault.

    Axes that are exchanged in every row are put right and told; heights and measures are dropped and told.
    """
    if raw.crs is None:
        nothing: np.ndarray = np.full(len(raw.cells), None, dtype=object)
        return gpd.GeoSeries(nothing, index=raw.cells.index, crs=WORKING_CRS), []
    given, hits = _given(raw, raw.crs)
    hits += [*_heights(given), *_endless(given)]
    endless = np.concatenate(
        [hit.rows for hit in hits if hit.code == "E-GEOM-09"] or [np.zeros(0, dtype=int)]
    )
    given[endless] = None
    given = flat(given)
    x, y = shapely.get_coordinates(given).T
    if axes_exchanged(x, y, raw.crs):
        rows = np.flatnonzero(~shapely.is_empty(given) & ~shapely.is_missing(given))
        hits.append(Hit("E-CRS-06", "geometry", rows, _written(given[rows[:1]]), counted=True))
        given = swapped(given)
    moved, lost = to_working(given, raw.crs)
    hits += _lost(given, lost, raw.crs)
    lost[endless] = True  # told already
    shapes, repairs = _repair(moved.to_numpy())
    hits += repairs
    if raw.geometry is not None:
        shapes, faults = _kinds(shapes, lost, raw)
        hits += faults
    return gpd.GeoSeries(shapes, index=raw.cells.index, crs=WORKING_CRS), hits


def _given(raw: Raw, crs: str) -> tuple[np.ndarray, list[Hit]]:
    """The shapes as the file has them: its own, or points of its coordinate columns."""
    if raw.geometry is not None:
        return raw.geometry.to_numpy().copy(), []
    pair = COORDINATES["degrees" if crs in DEGREES else "metres"]
    in_degrees = crs in DEGREES
    read = [(degree_numbers if in_degrees else numbers)(raw.cells[column.name]) for column in pair]
    hits = [
        Hit(code, column.name, np.flatnonzero(wrong), list(raw.cells[column.name][wrong]))
        for column, own, other in zip(pair, read, read[::-1])
        for code, wrong in (("E-NUM-01", own.wrong), ("E-VAL-01", own.nothing & ~other.nothing))
        if wrong.any()
    ]
    hits += [
        Hit(
            "E-NUM-05",
            column.name,
            np.flatnonzero(own.repaired),
            list(raw.cells[column.name][own.repaired]),
            counted=True,
        )
        for column, own in zip(pair, read)
        if own.repaired.any()
    ]
    x, y = (own.values.mask(own.wrong | own.nothing).to_numpy() for own in read)
    if in_degrees and looks_sexagesimal(x, y):
        rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        hits.append(
            Hit(
                "E-CRS-09",
                "geometry",
                rows,
                [f"{x[row]:.4f}, {y[row]:.4f}" for row in rows[:1]],
                counted=True,
            )
        )
    bare = np.isnan(x) | np.isnan(y)
    points = shapely.points(np.where(bare, 0.0, x), np.where(bare, 0.0, y))
    points[bare] = None
    return points, hits


def _written(shapes: np.ndarray) -> list[str]:
    """The first pair of coordinates of each shape, as a person reads it."""
    pairs = [shapely.get_coordinates(shape)[:1] for shape in shapes]
    return [f"{pair[0, 0]:.10g}, {pair[0, 1]:.10g}" if len(pair) else "" for pair in pairs]


def _lost(given: np.ndarray, lost: np.ndarray, crs: str) -> list[Hit]:
    """E-CRS-02: rows whose coordinates cannot mean what was declared; E-CRS-07 when all mean one other system."""
    rows = np.flatnonzero(lost)
    if not len(rows):
        return []
    whole = suggestion(*shapely.get_coordinates(given[rows]).T)
    if whole is not None and len(rows) >= _FEW_ROWS and len(rows) == (~shapely.is_missing(given)).sum():
        return [
            Hit(
                "E-CRS-07",
                "geometry",
                rows,
                _written(given[rows]),
                {"crs": crs, "seems": whole},
                counted=True,
            )
        ]
    said = [suggestion(*shapely.get_coordinates(shape).T) for shape in given[rows]]
    found = [f"{pair}；{words.zh}" if words else pair for pair, words in zip(_written(given[rows]), said)]
    return [Hit("E-CRS-02", "geometry", rows, found, {"crs": crs})]


def _heights(given: np.ndarray) -> list[Hit]:
    """E-GEOM-08, counted: shapes with heights (Z) or measures (M), which are dropped."""
    rows = np.flatnonzero(shapely.has_z(given) | shapely.has_m(given))
    kinds = {(True, True): "ZM", (True, False): "Z", (False, True): "M"}
    found = [kinds[bool(shapely.has_z(shape)), bool(shapely.has_m(shape))] for shape in given[rows]]
    return [Hit("E-GEOM-08", "geometry", rows, found, counted=True)] if len(rows) else []


def _endless(given: np.ndarray) -> list[Hit]:
    """E-GEOM-09: shapes of more vertices than any piece of land has."""
    counts = shapely.get_num_coordinates(given)
    rows = np.flatnonzero(counts > MOST_VERTICES)
    words = {"high": f"{MOST_VERTICES:,}"}
    return [Hit("E-GEOM-09", "geometry", rows, [f"{n:,}" for n in counts[rows]], words)] if len(rows) else []


def _repair(shapes: np.ndarray) -> tuple[np.ndarray, list[Hit]]:
    """Outlines that cross themselves made valid, and their mu before and after.

    E-GEOM-02 notes a repair that keeps the area; one that changes it is not ours to make: E-GEOM-07.
    """
    rows = np.flatnonzero(shapely.get_type_id(shapes) > 0)  # a point has nothing to repair
    rows = rows[~shapely.is_valid(shapes[rows])]
    if not len(rows):
        return shapes, []
    after = shapely.make_valid(shapes[rows], method="structure", keep_collapsed=False)
    before_m2, after_m2 = shapely.area(shapes[rows]), shapely.area(after)
    changed = np.abs(after_m2 - before_m2) > REPAIR_TOLERANCE * np.maximum(after_m2, before_m2)
    mu = zip(before_m2 / SQUARE_METRES_PER_MU, after_m2 / SQUARE_METRES_PER_MU)
    found = np.array([f"图形自相交 / crosses itself: {old:.2f} → {new:.2f} mu" for old, new in mu])
    repaired = shapes.copy()
    repaired[rows] = after
    hits = [
        Hit(code, "geometry", rows[which], list(found[which]))
        for code, which in (("E-GEOM-02", ~changed), ("E-GEOM-07", changed))
        if which.any()
    ]
    return repaired, hits


def _kinds(shapes: np.ndarray, lost: np.ndarray, raw: Raw) -> tuple[np.ndarray, list[Hit]]:
    """E-GEOM-01: shapes of a wrong kind, or none where a site needs one; E-GEOM-06: outlines under 1 m2."""
    table = raw.source.table
    empty = (shapely.is_missing(shapes) | shapely.is_empty(shapes)) & ~lost
    types = np.asarray(gpd.GeoSeries(shapes).geom_type, dtype=object)
    kinds, words = _KINDS[str(table.geometry)]
    wrong = ~empty & ~lost & ~np.isin(types, kinds)
    outlines = shapely.get_dimensions(shapes) == 2
    if table.geometry == "outline" and outlines.any():
        wrong |= types == "Point"  # among polygons a point is a plot somebody forgot to draw
    if table.name in SITES:
        wrong |= empty
    area_m2 = shapely.area(shapes)
    sliver = outlines & ~empty & ~lost & (area_m2 < SMALLEST_M2)
    kept = shapes.copy()
    kept[empty | wrong] = None
    rows = np.flatnonzero(wrong)
    found: Sequence[str] = ["空图形 / no shape" if empty[row] else str(types[row]) for row in rows]
    hits = [Hit("E-GEOM-01", "geometry", rows, found, {"kind": words})] if len(rows) else []
    rows = np.flatnonzero(sliver)
    if len(rows):
        hits.append(Hit("E-GEOM-06", "geometry", rows, [f"{m2:.2f} m2" for m2 in area_m2[rows]]))
    return kept, hits
