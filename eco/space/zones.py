"""What a raster says of plots: mean height and slope, shady share, shares of land cover, by exact area.

A pixel counts with the part of it that the plot covers. Every plot is measured alone, so plots that overlap
lose nothing to each other. Tiles of the raster are read one after the other, none of them whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import rasterio
import shapely
from pyproj import Transformer
from rasterio.windows import Window

from eco.space.rasters import open_raster
from eco.space.terrain import WIDEST_M, WORKING_CRS, ground_steps, read_heights, turn

LEAST_COVERED = 0.5  # a mean over less than half a plot says nothing of the plot
_TILE = 2048
_CODES = 256


def plot_ground(path: Path | str, shapes: np.ndarray, *, crs: str = WORKING_CRS) -> pd.DataFrame:
    """Height, slope and shady share of outlines in `crs`, one row an outline, in their order.

    `elevation_m` and `slope_degrees` are means by area, `shady_share` the part of the sloping ground that falls
    north of east-west, `covered_share` the part of the area with a height, `pixel_m` the width of a pixel on the
    ground. NaN is "cannot tell": less than half the area has the value, a pixel wider than 90 m says no slope, flat
    ground faces nowhere, and what is no outline has no area. The raster may be in any CRS.
    """
    with open_raster(path) as raster:
        plots = _Plots(raster, shapes, crs)
        sums = np.zeros((len(plots.areas), 6))
        for window, mine in plots.tiles(raster):
            heights = read_heights(raster, _wider(window))
            _add_ground(
                heights,
                plots.coords - (window.col_off, window.row_off),
                plots.ring_starts,
                plots.starts,
                mine,
                plots.steps,
                sums,
            )
    with np.errstate(invalid="ignore", divide="ignore"):
        known, sloping, facing = (sums[:, k] / plots.areas for k in (0, 2, 4))
        height, slope, shady = (sums[:, k + 1] / sums[:, k] for k in (0, 2, 4))
    sloping = np.where(plots.pixel_m <= WIDEST_M, sloping, 0)
    facing = np.where((sloping >= LEAST_COVERED) & (facing > 0), 1.0, 0.0)
    frame = {
        "elevation_m": _where(known, height),
        "slope_degrees": _where(sloping, slope),
        "shady_share": _where(facing, shady),
        "covered_share": np.where(np.isfinite(known), np.minimum(known, 1), 0),
        "pixel_m": plots.pixel_m,
    }
    return plots.all_rows(frame)


def cover_shares(path: Path | str, shapes: np.ndarray, *, crs: str = WORKING_CRS) -> pd.DataFrame:
    """Share of every outline under each class of a land-cover raster: a column a code seen, a row an outline.

    Shares are of the part that has a class and add up to 1. NaN is "cannot tell": less than half the area has a
    class, or the outline is smaller than a pixel. The raster holds whole numbers from 0 to 255.
    """
    with open_raster(path) as raster:
        plots = _Plots(raster, shapes, crs)
        sums = np.zeros((len(plots.areas), _CODES))
        for window, mine in plots.tiles(raster):
            codes = raster.read(1, window=window, masked=True).astype(np.float32).filled(np.nan)
            _add_cover(
                codes,
                plots.coords - (window.col_off, window.row_off),
                plots.ring_starts,
                plots.starts,
                mine,
                sums,
            )
    known = sums.sum(axis=1)
    told = (plots.areas >= 1) & (known >= LEAST_COVERED * plots.areas)
    shares = np.where(told[:, None], sums / np.where(told, known, 1)[:, None], np.nan)
    return plots.all_rows({int(code): shares[:, code] for code in np.flatnonzero(sums.sum(axis=0))})


class _Plots:
    """Outlines in the pixels of a raster: x in columns, y in rows, both from the upper left corner."""

    def __init__(self, raster: rasterio.DatasetReader, shapes: np.ndarray, crs: str):
        shapes = _areas_only(np.asarray(shapes, dtype=object))
        self.count, self.rows = len(shapes), np.flatnonzero(shapes != None)  # noqa: E711
        to_raster = Transformer.from_crs(crs, raster.crs, always_xy=True)

        def into_pixels(xy: np.ndarray) -> np.ndarray:
            return np.column_stack(turn(~raster.transform, *to_raster.transform(xy[:, 0], xy[:, 1])))

        moved = shapely.orient_polygons(shapely.transform(shapes[self.rows], into_pixels))
        self.areas, self.bounds = shapely.area(moved), shapely.bounds(moved)
        middle = (self.bounds[:, :2] + self.bounds[:, 2:]) / 2 - 0.5
        self.steps = np.column_stack(ground_steps(raster, middle[:, 0], middle[:, 1], crs)).reshape(-1, 4)
        self.pixel_m = np.maximum(
            np.hypot(self.steps[:, 0], self.steps[:, 1]), np.hypot(self.steps[:, 2], self.steps[:, 3])
        )
        self.coords, self.ring_starts, self.starts = _ragged(moved)

    def tiles(self, raster: rasterio.DatasetReader) -> Iterator[tuple[Window, np.ndarray]]:
        """Windows of at most a tile, row by row, and the outlines that reach into each."""
        size = np.array([raster.width, raster.height])
        first = np.floor(np.clip(self.bounds[:, :2], 0, size)).astype(np.int64)
        last = np.ceil(np.clip(self.bounds[:, 2:], 0, size)).astype(np.int64)
        inside = np.flatnonzero((last > first).all(axis=1) & np.isfinite(self.bounds).all(axis=1))
        low, high = first[inside] // _TILE, (last[inside] - 1) // _TILE
        for row in range(low[:, 1].min(initial=1), high[:, 1].max(initial=0) + 1):
            in_row = (low[:, 1] <= row) & (row <= high[:, 1])
            for column in range(low[in_row, 0].min(initial=1), high[in_row, 0].max(initial=0) + 1):
                mine = inside[in_row & (low[:, 0] <= column) & (column <= high[:, 0])]
                if len(mine):
                    corner = np.array([column, row]) * _TILE
                    start = np.maximum(first[mine].min(axis=0), corner)
                    stop = np.minimum(last[mine].max(axis=0), corner + _TILE)
                    yield Window(*start.tolist(), *(stop - start).tolist()), mine

    def all_rows(self, columns) -> pd.DataFrame:
        """Columns of the outlines with an area, with a row of NaN for each of the others."""
        return pd.DataFrame(columns, index=self.rows).reindex(range(self.count))


def _areas_only(shapes: np.ndarray) -> np.ndarray:
    """Polygons as they are, the polygons within a collection together, None for everything else."""
    kinds = shapely.get_type_id(shapes)
    flat = shapes.copy()
    for at in np.flatnonzero(kinds == shapely.GeometryType.GEOMETRYCOLLECTION):
        parts = shapely.get_parts(shapes[at])
        flat[at] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    flat[(shapely.get_dimensions(flat) != 2) | ~(shapely.area(flat) > 0)] = None
    return flat


def _ragged(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates (vertices, 2), where each ring starts among them, where each polygon starts among the rings."""
    if not len(polygons):
        return np.zeros((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64)
    kind, coords, offsets = shapely.to_ragged_array(polygons, include_z=False)
    rings, starts = offsets[0], offsets[1]
    if kind == shapely.GeometryType.MULTIPOLYGON:
        starts = starts[offsets[2]]
    return coords, rings.astype(np.int64), starts.astype(np.int64)


def _wider(window: Window) -> Window:
    return Window(window.col_off - 1, window.row_off - 1, window.width + 2, window.height + 2)


def _where(share: np.ndarray, value: np.ndarray) -> np.ndarray:
    return np.where(share >= LEAST_COVERED, value, np.nan)


@numba.njit(cache=True)
def _coverage(coords, ring_starts, first_ring, last_ring, width, height):  # pragma: no cover - compiled
    """Covered part of the pixels of a polygon's frame, and the frame's first column and row.

    Green's theorem a pixel: an edge that rises by dy within a pixel at mean depth x adds dy (1 - x) to it and
    dy x to its right neighbour; the running sum along a row is the covered part.
    """
    a, b = ring_starts[first_ring], ring_starts[last_ring]
    x_low, x_high = coords[a, 0], coords[a, 0]
    y_low, y_high = coords[a, 1], coords[a, 1]
    for k in range(a, b):
        x_low, x_high = min(x_low, coords[k, 0]), max(x_high, coords[k, 0])
        y_low, y_high = min(y_low, coords[k, 1]), max(y_high, coords[k, 1])
    left, right = max(int(np.floor(x_low)), 0), min(int(np.ceil(x_high)), width)
    top, bottom = max(int(np.floor(y_low)), 0), min(int(np.ceil(y_high)), height)
    part = np.zeros((max(bottom - top, 0), max(right - left, 0) + 1))
    for ring in range(first_ring, last_ring):
        for k in range(ring_starts[ring], ring_starts[ring + 1] - 1):
            _add_edge(
                part,
                coords[k, 0] - left,
                coords[k, 1] - top,
                coords[k + 1, 0] - left,
                coords[k + 1, 1] - top,
            )
    for row in range(part.shape[0]):
        for column in range(1, part.shape[1]):
            part[row, column] += part[row, column - 1]
    return part, left, top


@numba.njit(cache=True)
def _add_edge(part, x0, y0, x1, y1):  # pragma: no cover - compiled
    """Add one edge to the differences of a coverage; what lies left of the frame covers all of its rows."""
    if y0 == y1:
        return
    sign = 1.0
    if y0 > y1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -1.0
    lean, wide = (x1 - x0) / (y1 - y0), part.shape[1] - 1
    for row in range(max(int(np.floor(y0)), 0), min(int(np.ceil(y1)), part.shape[0])):
        y, end = max(y0, float(row)), min(y1, row + 1.0)
        x, x_end = x0 + (y - y0) * lean, x0 + (end - y0) * lean
        from_left, rise = (x, end - y) if x <= x_end else (x_end, end - y)
        to_right = max(x, x_end)
        run = to_right - from_left
        at = from_left
        while True:
            column = int(np.floor(at))
            stop = to_right if column >= wide else min(to_right, 0.0 if column < 0 else column + 1.0)
            piece = rise if run <= 0 else rise * (stop - at) / run
            if column < 0:
                part[row, 0] += sign * piece
            elif column < wide:
                depth = (at + stop) / 2 - column
                part[row, column] += sign * piece * (1 - depth)
                part[row, column + 1] += sign * piece * depth
            if stop >= to_right:
                break
            at = stop


@numba.njit(parallel=True, cache=True)
def _add_ground(heights, coords, ring_starts, starts, mine, steps, sums):  # pragma: no cover - compiled
    """Add to `sums` (plots, 6) the area with a height, height x area, then the same of slope and of shade.

    `heights` has a rim of one pixel round the window that `coords` start from; `steps` are metres east and north
    of a column, then of a row.
    """
    for k in numba.prange(len(mine)):
        plot = mine[k]
        part, left, top = _coverage(
            coords,
            ring_starts,
            starts[plot],
            starts[plot + 1],
            heights.shape[1] - 2,
            heights.shape[0] - 2,
        )
        column_east, column_north, row_east, row_north = steps[plot]
        turned = column_east * row_north - column_north * row_east
        for i in range(part.shape[0]):
            for j in range(part.shape[1] - 1):
                share, r, c = abs(part[i, j]), top + i + 1, left + j + 1
                z = heights[r, c]
                if share < 1e-12 or np.isnan(z):
                    continue
                sums[plot, 0] += share
                sums[plot, 1] += share * z
                above = heights[r - 1, c - 1] + 2 * heights[r - 1, c] + heights[r - 1, c + 1]
                below = heights[r + 1, c - 1] + 2 * heights[r + 1, c] + heights[r + 1, c + 1]
                west = heights[r - 1, c - 1] + 2 * heights[r, c - 1] + heights[r + 1, c - 1]
                east = heights[r - 1, c + 1] + 2 * heights[r, c + 1] + heights[r + 1, c + 1]
                per_column, per_row = (east - west) / 8, (below - above) / 8
                dz_dx = (per_column * row_north - per_row * column_north) / turned
                dz_dy = (per_row * column_east - per_column * row_east) / turned
                steep = np.hypot(dz_dx, dz_dy)
                if np.isnan(steep):
                    continue
                sums[plot, 2] += share
                sums[plot, 3] += share * np.degrees(np.arctan(steep))
                if steep > 0:
                    sums[plot, 4] += share
                    sums[plot, 5] += share * (dz_dy < 0)


@numba.njit(parallel=True, cache=True)
def _add_cover(codes, coords, ring_starts, starts, mine, sums):  # pragma: no cover - compiled
    """Add to `sums` (plots, 256) the area under each code."""
    for k in numba.prange(len(mine)):
        plot = mine[k]
        part, left, top = _coverage(
            coords, ring_starts, starts[plot], starts[plot + 1], codes.shape[1], codes.shape[0]
        )
        for i in range(part.shape[0]):
            for j in range(part.shape[1] - 1):
                code = codes[top + i, left + j]
                if code >= 0 and code < sums.shape[1]:
                    sums[plot, int(code)] += abs(part[i, j])
