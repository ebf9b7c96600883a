"""The frames of a map, packed into what the page's renderer reads: layers of columns and coordinates.

Nothing here decides who may see what: the frames arrive as an edition allows them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from eco.phrases import WORDS, word
from eco.sharing.maps.packing import pack, pack_columns
from eco.sharing.maps.page import data_uri
from eco.sharing.release import LEVELS
from eco.space.datums import to_degrees
from eco.space.terrain import relief

_RELIEF_BYTES = 300_000


def place_layer(places: gpd.GeoDataFrame, *, decimals: int, tolerance_m: float) -> dict[str, object]:
    """One level of places: its columns and its outlines, packed.

    `places` is in EPSG:4544 with name, shown (None where there is nothing to show) and numbers in
    yuan and persons. Neighbours keep their common border when outlines are simplified.
    """
    columns = places.drop(columns=places.geometry.name)
    shapes = pack_shapes(_simplified(places.geometry, tolerance_m), decimals=decimals)
    return {"rows": len(places), "columns": pack_columns(columns), "shapes": shapes}


def point_layer(frame: pd.DataFrame, *, decimals: int) -> dict[str, object]:
    """Points (x, y in EPSG:4544) with their columns, and outlines where the frame has some."""
    points = shapely.points(frame["x"].to_numpy(dtype=float), frame["y"].to_numpy(dtype=float))
    answer: dict[str, object] = {
        "rows": len(frame),
        "sharp": decimals,
        "points": pack_points(points, decimals=decimals),
        "columns": pack_columns(frame.drop(columns=["x", "y", "outline"], errors="ignore")),
    }
    if "outline" in frame.columns:
        answer["shapes"] = pack_shapes(frame["outline"].to_numpy(dtype=object), decimals=decimals)
    return answer


def in_walking_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows from row to row of a grid about as fine as the points lie, so that steps are short and pack small."""
    if frame.empty:
        return frame.reset_index(drop=True)
    spread = [max(float(frame[axis].max() - frame[axis].min()), 1.0) for axis in ("x", "y")]
    step_m = 1.5 * np.sqrt(spread[0] * spread[1] / len(frame))
    north, east = (frame["y"] // step_m).astype(int), frame["x"]
    return frame.iloc[np.lexsort((np.where(north % 2 == 0, east, -east), north))].reset_index(drop=True)


def pack_points(points: np.ndarray, *, decimals: int) -> str:
    """Points in EPSG:4544 as packed steps of longitude and latitude, `decimals` of a degree sharp."""
    return pack(np.diff(_whole_degrees(points, decimals), axis=0, prepend=[[0, 0]]).ravel())


def pack_shapes(shapes: np.ndarray, *, decimals: int) -> str:
    """Outlines as one packed stream: parts, rings of each, points of each ring, steps of each point.

    A point has 0 parts and one step; a row without geometry -1. A ring that falls together at this
    sharpness is left out, and an outline that loses all its rings becomes a point.
    """
    stream: list[np.ndarray] = []
    last: np.ndarray = np.zeros((1, 2), dtype=np.int64)
    inside = _whole_degrees(_inner_points(shapes), decimals)
    degrees = to_degrees(shapes)
    for shape, middle in zip(degrees, inside):
        parts = [] if shape is None else _rings(shape, decimals)
        if not parts:
            known = shape is not None and not shape.is_empty
            stream.append(np.array([0, *(middle - last[0])] if known else [-1]))
            last = middle[None, :] if known else last
            continue
        stream.append(np.array([len(parts)]))
        for rings in parts:
            stream.append(np.array([len(rings)]))
            for ring in rings:
                stream.append(np.array([len(ring)]))
                stream.append(np.diff(ring, axis=0, prepend=last).ravel())
                last = ring[-1:]
    return pack(np.concatenate(stream)) if stream else ""


def _rings(shape: shapely.Geometry, decimals: int) -> list[list[np.ndarray]]:
    """Rings of each polygon in whole steps, without the closing point and without repeats."""
    parts = []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type != "Polygon":
            continue
        rings = [_ring(polygon.exterior, decimals), *(_ring(hole, decimals) for hole in polygon.interiors)]
        if len(rings[0]) > 2:
            parts.append([ring for ring in rings if len(ring) > 2])
    return parts


def _ring(ring: shapely.LinearRing, decimals: int) -> np.ndarray:
    whole = np.round(shapely.get_coordinates(ring)[:-1] * 10**decimals).astype(np.int64)
    return whole[(whole != np.roll(whole, 1, axis=0)).any(axis=1)]


def _inner_points(shapes: np.ndarray) -> np.ndarray:
    inside = shapely.point_on_surface(np.asarray(shapes, dtype=object))
    return np.where(shapely.is_missing(inside) | shapely.is_empty(inside), shapely.Point(0, 0), inside)


def _whole_degrees(points: np.ndarray, decimals: int) -> np.ndarray:
    xy = shapely.get_coordinates(to_degrees(points))
    return np.round(xy * 10**decimals).astype(np.int64)


def _simplified(outlines: gpd.GeoSeries, tolerance_m: float) -> np.ndarray:
    shapes = outlines.to_numpy().astype(object)
    areas = shapely.get_dimensions(shapes) == 2
    if areas.any():
        shapes[areas] = shapely.coverage_simplify(shapes[areas], tolerance_m)
    return shapes


def relief_layer(path: Path, counties: gpd.GeoSeries, *, decimals: int) -> dict[str, object]:
    """The shaded relief over the counties (EPSG:4544) as a picture inside the page, at most 300 KB."""
    outline = shapely.union_all(counties.to_numpy())
    width = 900
    while True:
        picture, (west, south, east, north) = relief(path, outline.bounds, width=width, within=outline)
        png = _png(picture)
        if len(png) <= _RELIEF_BYTES:
            return {
                "png": data_uri(png, "image/png"),
                "bounds": _rounded([[south, west], [north, east]], decimals),
            }
        width = int(width * 0.8)


def _png(picture: np.ndarray) -> bytes:
    """A PNG (ISO/IEC 15948) of grey and alpha, shape (2, height, width), the same bytes every time."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    _, height, width = picture.shape
    pixels = np.moveaxis(picture, 0, 2).reshape(height, 2 * width)
    # Each line is led by its filter: 2, the difference from the line above.
    steps = np.diff(pixels, axis=0, prepend=np.zeros((1, 2 * width), dtype=np.uint8))
    lines = np.hstack([np.full((height, 1), 2, dtype=np.uint8), steps])
    size = struct.pack(">IIBBBBB", width, height, 8, 4, 0, 0, 0)
    body = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def degree_bounds(places: gpd.GeoSeries, *, decimals: int) -> list[list[float]]:
    """[[south, west], [north, east]] in degrees of everything in the series (EPSG:4544)."""
    west, south, east, north = shapely.total_bounds(to_degrees(places.to_numpy()))
    return _rounded([[south, west], [north, east]], decimals)


def _rounded(corners: list[list[float]], decimals: int) -> list[list[float]]:
    return [[round(float(value), decimals) for value in corner] for corner in corners]


def words(lang: str) -> Mapping[str, str]:
    """Every word the renderer may say, in one language: levels, livelihoods and all named map_..."""
    keys = (
        *LEVELS,
        "household",
        "forest",
        "juncao",
        "bees",
        "plan_yards",
        *(key for key in WORDS if key.startswith("map_")),
    )
    return {key: word(key, lang) for key in keys}
