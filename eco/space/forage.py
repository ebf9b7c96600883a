"""Flowers shared among bee yards: what every cell gives is split among the colonies that fly there.

All yards compete, in the programme or not. A colony works a cell at distance d with the strength
k(d) = exp(-d / scale) within the radius, 0 beyond; a cell is split among all colonies in proportion to k, so what
all of them get is never more than what is there. A yard counts as standing in the middle of its cell.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
import rasterio
import shapely
from rasterio.transform import Affine, from_origin
from rasterio.warp import Resampling, reproject
from rasterio.warp import transform as transform_points
from scipy.sparse import csr_array

from eco.space.rasters import open_raster

# IGBP classes by what bees find there; conifers (1, 3), water, ice, towns and bare ground feed none.
COVER_CLASSES = {"forest": (2, 4, 5), "grass": (6, 7, 8, 9, 10, 11), "crop": (12, 14)}
PLANTED = "planted"  # the project's own plots, where they stand instead of the cover
NOT_COVER = 255
# A circle with fewer cells than this is a matter of where the raster happens to begin: it tells nothing of one yard.
CELLS_THAT_TELL = 20
# Cells of the working grid in a radius, at most and at least: a yard moves at most 1/28 of the radius to its middle.
_FINEST, _COARSEST = 40, 20
_SQUARE_METRES_PER_HECTARE = 10_000.0
_BAND_ROWS = 128


@dataclass(frozen=True)
class Meadow:
    """Land cover around all yards on one grid: IGBP codes and, where plots stand, what they give instead.

    `codes` (rows, columns) uint8 with 255 for unknown; `own` 1 - the share of a cell that plots cover, `planted`
    hectares of full flower on plots, both float32 of that shape or (1, 1) where no plot stands. `source_cell_m` is
    the side of the file's own cells.
    """

    codes: np.ndarray
    own: np.ndarray
    planted: np.ndarray
    transform: Affine
    cell_m: float
    source_cell_m: float

    @property
    def cell_hectares(self) -> float:
        """Hectares of one cell."""
        return self.cell_m**2 / _SQUARE_METRES_PER_HECTARE

    def places(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns (int64) of points (n, 2) in metres."""
        column = np.floor((points[:, 0] - self.transform.c) / self.cell_m).astype(np.int64)
        return np.floor((self.transform.f - points[:, 1]) / self.cell_m).astype(np.int64), column

    def hectares(self, name: str) -> np.ndarray:
        """Hectares of one class in every cell, float32 (rows, columns)."""
        if name == PLANTED:
            return np.ascontiguousarray(np.broadcast_to(self.planted, self.codes.shape))
        blooms = np.zeros(256, np.float32)
        blooms[list(COVER_CLASSES[name])] = self.cell_hectares
        return blooms[self.codes] * self.own


def tells(cell_m: float, radius_m: float) -> bool:
    """Whether cells are fine enough to say what stands in one circle.

    >>> tells(500.0, 2000.0), tells(1000.0, 2000.0), tells(5000.0, 2000.0)
    (True, False, False)
    """
    return np.pi * (radius_m / cell_m) ** 2 >= CELLS_THAT_TELL


def foraging_kernel(radius_cells: float, scale_cells: float) -> np.ndarray:
    """exp(-d / scale) within a radius, all cells together 1: float64, odd and square.

    >>> foraging_kernel(1.0, 1e9).round(3).tolist()
    [[0.0, 0.2, 0.0], [0.2, 0.2, 0.2], [0.0, 0.2, 0.0]]
    """
    half = int(radius_cells)
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    away = np.hypot(x, y)
    # However short the scale, an edge cell that one yard alone reaches stays divisible in single precision.
    strength = np.where(away <= radius_cells, np.exp(-np.minimum(away / scale_cells, 30.0)), 0.0)
    return strength / strength.sum()


def pressure(shape: tuple[int, int], row, column, *, colonies, kernel: np.ndarray) -> np.ndarray:
    """Colonies at work in every cell: sum over yards of colonies x kernel, float32 of `shape`.

    The same for any order of the yards and any number of threads: every cell adds its yards from north to south.
    """
    at = np.lexsort((colonies, column, row))
    row, column, colonies = row[at], column[at], np.asarray(colonies, np.float32)[at]
    spans, strength = _spans(kernel), kernel.astype(np.float32)
    out = np.zeros(shape, np.float32)
    tops = range(0, shape[0], _BAND_ROWS)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda top: _press(out, top, row, column, colonies, strength, spans), tops))
    return out


def shared_out(supply: np.ndarray, pressed: np.ndarray, row, column, *, kernel: np.ndarray) -> np.ndarray:
    """What one colony of every yard gets of a raster `supply`: float64, shape (yards,).

    A colony gets sum over cells of supply x kernel / pressure; over all colonies that is at most the supply.
    """
    each = np.divide(supply, pressed, out=np.zeros(supply.shape, np.float32), where=pressed > 0)
    return gathered(each, row, column, kernel=kernel)


def gathered(raster: np.ndarray, row, column, *, kernel: np.ndarray) -> np.ndarray:
    """Sum over cells of a float32 raster x kernel around every yard: float64, shape (yards,)."""
    out = np.zeros(len(row))
    spans, strength = _spans(kernel), kernel.astype(np.float32)
    threads = os.cpu_count() or 1
    order = np.lexsort((column, row))  # neighbours one after the other: what one read, the next has at hand
    row, column = row[order], column[order]
    cuts = np.linspace(0, len(row), 4 * threads + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda a, b: _gather(out, a, b, raster, row, column, strength, spans), cuts, cuts[1:]))
    sums = np.empty_like(out)
    sums[order] = out
    return sums


def in_reach(raster: np.ndarray, row, column, *, radius_cells: float) -> np.ndarray:
    """All that lies within the radius of every yard, shared with nobody: float64, shape (yards,)."""
    circle = (foraging_kernel(radius_cells, 1.0) > 0).astype(float)
    return gathered(np.ascontiguousarray(raster, np.float32), row, column, kernel=circle)


def patches(where: np.ndarray, row, column, *, radius_cells: float) -> csr_array:
    """Land told apart by the yards it is in reach of: (patches, yards), 1 where a patch lies within a yard's radius.

    All cells of `where` (rows, columns, truth values) with the same yards in reach are one patch. One whose yards
    all reach another patch too is left out: what holds there for a sum over yards, none below 0, holds here.
    """
    half = int(radius_cells)
    away = np.argwhere(foraging_kernel(radius_cells, 1.0) > 0) - half
    name: np.ndarray = np.zeros(where.shape, np.int32)  # of a cell, by the yards seen so far; 0: none of them
    before, newest = [np.zeros(1, np.int64)], [np.full(1, -1)]  # of a name: that without its newest yard
    count = 1
    for yard, cell in enumerate(zip(row, column)):
        y, x = (away + cell).T
        inside = (y >= 0) & (y < where.shape[0]) & (x >= 0) & (x < where.shape[1])
        old, new = np.unique(name[y[inside], x[inside]], return_inverse=True)
        name[y[inside], x[inside]] = count + new
        before.append(old)
        newest.append(np.full(len(old), yard))
        count += len(old)
    name[~where] = 0
    found = np.unique(name)
    found = found[found > 0]
    reach = _reach_of(found, np.concatenate(before), np.concatenate(newest), len(row))
    # Land beside a patch mostly settles that it is left out; the few that stay are held against each other.
    here, there = _neighbours(name, found, count)
    shared = reach[here].multiply(reach[there]).sum(axis=1)
    reach = _without(reach, here[shared == _size(reach)[here]])
    both = (reach @ reach.T).tocoo()
    return _without(reach, both.row[(both.row != both.col) & (both.data == _size(reach)[both.row])])


def _reach_of(names: np.ndarray, before: np.ndarray, newest: np.ndarray, yards: int) -> csr_array:
    """Yards of each name: its newest, the newest of the name before it, and so on."""
    at, left, pairs = np.arange(len(names)), names, []
    while len(left):
        pairs.append((at, newest[left]))
        at, left = at[before[left] > 0], before[left][before[left] > 0]
    patch, yard = np.hstack([np.zeros((2, 0), np.int64), *map(np.array, pairs)])
    return csr_array((np.ones(len(patch)), (patch, yard)), shape=(len(names), yards))


def _neighbours(name: np.ndarray, found: np.ndarray, count: int) -> np.ndarray:
    """Positions in `found` of names that lie side by side, each pair both ways: (2, pairs)."""
    place = np.full(count, -1)
    place[found] = np.arange(len(found))
    keys = []
    for one, other in ((name[:, :-1], name[:, 1:]), (name[:-1], name[1:])):
        beside = (one != other) & (one > 0) & (other > 0)
        keys.append(place[one[beside]] * len(found) + place[other[beside]])
    pairs = np.array(np.divmod(np.unique(np.concatenate(keys)), max(len(found), 1)))
    return np.hstack([pairs, pairs[::-1]])


def _size(reach: csr_array) -> np.ndarray:
    return np.diff(reach.indptr)


def _without(reach: csr_array, rows: np.ndarray) -> csr_array:
    return reach[np.setdiff1d(np.arange(reach.shape[0]), rows)]


def _spans(kernel: np.ndarray) -> np.ndarray:
    """Half the width of the kernel in each of its rows, -1 where it is empty."""
    half = kernel.shape[0] // 2
    width = (kernel > 0).sum(axis=1)
    return np.where(width > 0, np.minimum(width // 2, half), -1)


@numba.njit(nogil=True, cache=True)
def _press(
    out, top, row, column, colonies, kernel, spans
):  # pragma: no cover - compiled; tested against scipy
    half = kernel.shape[0] // 2
    bottom = min(top + _BAND_ROWS, out.shape[0])
    for i in range(np.searchsorted(row, top - half), np.searchsorted(row, bottom + half)):
        if colonies[i] <= 0:
            continue
        for y in range(max(row[i] - half, top), min(row[i] + half + 1, bottom)):
            span = spans[y - row[i] + half]
            left, right = max(column[i] - span, 0), min(column[i] + span + 1, out.shape[1])
            cells, strength = out[y, left:right], kernel[y - row[i] + half, left - column[i] + half :]
            for x in range(right - left):
                cells[x] += colonies[i] * strength[x]


@numba.njit(nogil=True, cache=True)
def _gather(out, start, stop, raster, row, column, kernel, spans):  # pragma: no cover - compiled
    half = kernel.shape[0] // 2
    for i in range(start, stop):
        total = 0.0
        for y in range(max(row[i] - half, 0), min(row[i] + half + 1, raster.shape[0])):
            span = spans[y - row[i] + half]
            left, right = max(column[i] - span, 0), min(column[i] + span + 1, raster.shape[1])
            total += _dot(raster[y, left:right], kernel[y - row[i] + half, left - column[i] + half :])
        out[i] = total


@numba.njit(nogil=True, cache=True, fastmath={"reassoc"})
def _dot(cells, strength):  # pragma: no cover - compiled
    total = np.float32(0)
    for x in range(len(cells)):
        total += cells[x] * strength[x]
    return total


def read_meadow(
    land_cover: Path | str,
    points: np.ndarray,
    *,
    radius_m: float,
    crs: str,
    plots: np.ndarray | None = None,
    richness: np.ndarray | None = None,
) -> Meadow:
    """The land cover within reach of `points` (n, 2, metres in `crs`), with plots drawn over it.

    `land_cover` is a GeoTIFF of IGBP codes in any system; outside it nothing is known and nothing flowers. `plots`
    are polygons in `crs`, `richness` (plots,) the hectares of full flower a hectare of each counts for: where a plot
    stands it speaks, not the cover. The grid begins at a multiple of its cell, so that a further yard moves nothing.
    """
    with open_raster(land_cover) as source:
        own_cell = _cell_side(source, crs)
    cell = float(np.clip(own_cell, radius_m / _FINEST, radius_m / _COARSEST))
    west, south = np.floor((points.min(axis=0) - radius_m) / cell) - 1
    east, north = np.ceil((points.max(axis=0) + radius_m) / cell) + 1
    transform = from_origin(west * cell, north * cell, cell, cell)
    shape = (int(north - south), int(east - west))
    codes = _read_codes(land_cover, transform, shape, crs)
    covered, planted = np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32)
    if plots is not None and len(plots):
        covered, planted = _drawn_over(transform, shape, plots, richness)
    return Meadow(codes, 1 - covered, planted, transform, cell, own_cell)


def share_meadow(
    meadow: Meadow, points: np.ndarray, *, hives: np.ndarray, radius_m: float, scale_m: float
) -> Mapping[str, np.ndarray]:
    """Hectares of each class a colony of every yard has after sharing: (yards,) for COVER_CLASSES and "planted"."""
    row, column = meadow.places(points)
    kernel = foraging_kernel(radius_m / meadow.cell_m, scale_m / meadow.cell_m)
    pressed = pressure(meadow.codes.shape, row, column, colonies=hives, kernel=kernel)
    return {
        name: shared_out(meadow.hectares(name), pressed, row, column, kernel=kernel)
        for name in (*COVER_CLASSES, PLANTED)
    }


def left_share(
    meadow: Meadow,
    points: np.ndarray,
    *,
    hives: np.ndarray,
    used: np.ndarray,
    radius_m: float,
    scale_m: float,
) -> np.ndarray:
    """Part of every cell that the colonies there leave, float32 (rows, columns): all of it where none fly.

    `used` (yards,) is the part of its own share that a colony of each yard takes, the same in all its cells: a cell
    keeps 1 - sum(hives x used x kernel) / sum(hives x kernel).
    """
    row, column = meadow.places(points)
    kernel = foraging_kernel(radius_m / meadow.cell_m, scale_m / meadow.cell_m)
    pressed, taken = (
        pressure(meadow.codes.shape, row, column, colonies=colonies, kernel=kernel)
        for colonies in (hives, hives * used)
    )
    return 1 - np.divide(taken, pressed, out=np.zeros_like(taken), where=pressed > 0)


def _cell_side(source, crs) -> float:
    """Side of a square as large as the cell in the middle of a raster, metres of `crs`."""
    row, column = source.height // 2, source.width // 2
    corners = [source.xy(*at, offset="ul") for at in ((row, column), (row, column + 1), (row + 1, column))]
    x, y = (np.array(part) for part in transform_points(source.crs, crs, *zip(*corners)))
    return float(np.sqrt(abs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]))))


def _read_codes(path, transform, shape, crs) -> np.ndarray:
    with open_raster(path) as source:
        # Turned into whole numbers by GDAL, a NaN would be water, which is known to bear no flowers.
        parted = np.dtype(source.dtypes[0]).kind == "f"
        codes = np.full(shape, NOT_COVER, np.float32 if parted else np.uint8)
        reproject(
            rasterio.band(source, 1),
            codes,
            src_nodata=source.nodata,
            dst_transform=transform,
            dst_crs=crs,
            dst_nodata=NOT_COVER,
            init_dest_nodata=True,
            resampling=Resampling.nearest,
        )
    return np.where(np.isnan(codes), NOT_COVER, codes).astype(np.uint8) if parted else codes


def _drawn_over(transform, shape, plots, richness) -> tuple[np.ndarray, np.ndarray]:
    """Share of each cell under plots, at most 1, and hectares of full flower there; overlaps share the ground."""
    cell = transform.a
    covered, planted = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for plot, rich in zip(plots, richness):
        left, low, right, high = plot.bounds
        x = np.arange(
            max(int((left - transform.c) // cell), 0), min(int((right - transform.c) // cell) + 1, shape[1])
        )
        y = np.arange(
            max(int((transform.f - high) // cell), 0), min(int((transform.f - low) // cell) + 1, shape[0])
        )
        if not len(x) or not len(y):
            continue
        row, column = (grid.ravel() for grid in np.meshgrid(y, x, indexing="ij"))
        west, north = transform.c + column * cell, transform.f - row * cell
        within = shapely.area(shapely.intersection(plot, shapely.box(west, north - cell, west + cell, north)))
        np.add.at(covered, (row, column), within / cell**2)
        np.add.at(planted, (row, column), within * rich / _SQUARE_METRES_PER_HECTARE)
    crowded = np.maximum(covered, 1)
    return covered / crowded, planted / crowded
