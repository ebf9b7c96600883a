"""Flowers shared among bee yards: hectares of each cover that a colony can call its own.

All yards compete, in the programme or not. A cell's hectares are split among the colonies that reach it, so
what all colonies together get never exceeds what is there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import Resampling, reproject
from scipy.ndimage import convolve

from eco.space.rasters import open_raster

# IGBP classes by what bees find there; conifers (1, 3), water, ice, towns and bare ground feed none.
COVER_CLASSES = {"forest": (2, 4, 5), "grass": (6, 7, 8, 9, 10, 11), "crop": (12, 14)}
_CELL_M = 500.0
_SQUARE_METRES_PER_HECTARE = 10_000.0


def forage_hectares(
    land_cover: Path | str, yards: np.ndarray, *, hives: np.ndarray, radius_km: float, crs: str
):
    """Hectares of each cover class a colony of every yard has after sharing with all colonies in reach.

    `land_cover` is a raster of IGBP codes, `yards` (n, 2) metres in `crs`, `hives` (n,). Returns a dict of
    arrays (n,), one a class of COVER_CLASSES. Cells outside the raster count as no flowers.
    """
    reach = radius_km * 1000
    west, south = yards.min(axis=0) - reach - _CELL_M
    east, north = yards.max(axis=0) + reach + _CELL_M
    columns, rows = int(np.ceil((east - west) / _CELL_M)), int(np.ceil((north - south) / _CELL_M))
    codes = _read_codes(land_cover, from_origin(west, north, _CELL_M, _CELL_M), (rows, columns), crs)
    column = ((yards[:, 0] - west) // _CELL_M).astype(int)
    row = ((north - yards[:, 1]) // _CELL_M).astype(int)
    colonies = np.zeros((rows, columns))
    np.add.at(colonies, (row, column), hives)
    hectares = _CELL_M**2 / _SQUARE_METRES_PER_HECTARE
    disc = reach_disc(reach / _CELL_M)
    return {
        name: share_among(np.isin(codes, classes) * hectares, colonies, disc)[row, column]
        for name, classes in COVER_CLASSES.items()
    }


def share_among(supply: np.ndarray, colonies: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Supply that one colony standing in each cell gets, when every cell is split evenly among those in reach.

    `supply` and `colonies` are rasters of one shape, `reach` a symmetric 0/1 mask. With p = reach * colonies
    (convolution) and q = supply / p where p > 0, a colony gets reach * q; the sum over colonies is the supply
    of all cells that any colony reaches.

    >>> share_among(np.array([[6.0, 6.0]]), np.array([[2.0, 1.0]]), np.ones((1, 3)))
    array([[4., 4.]])
    """
    pressure = convolve(colonies, reach, mode="constant")
    each = np.divide(supply, pressure, out=np.zeros_like(supply), where=pressure > 0)
    return convolve(each, reach, mode="constant")


def reach_disc(radius_cells: float) -> np.ndarray:
    """A 0/1 disc of a radius in cells.

    >>> reach_disc(1.0).astype(int).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    half = int(radius_cells)
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    return (x * x + y * y <= radius_cells * radius_cells).astype(float)


def _read_codes(path, transform, shape, crs) -> np.ndarray:
    nothing = 255
    codes = np.full(shape, nothing, np.int16)
    with open_raster(path) as source:
        reproject(
            rasterio.band(source, 1),
            codes,
            src_nodata=source.nodata,
            dst_transform=transform,
            dst_crs=crs,
            dst_nodata=nothing,
            init_dest_nodata=True,
            resampling=Resampling.nearest,
        )
    return codes
