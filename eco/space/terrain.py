"""Height, slope and aspect out of an elevation raster, and a plain relief picture of it.

Slope follows Horn (1981), "Hill shading and the reflectance map", Proc. IEEE 69(1): the
eight neighbours of a pixel, the four nearest counted twice.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.enums import MaskFlags, Resampling
from rasterio.features import geometry_mask
from rasterio.transform import from_bounds
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window

from eco.space.rasters import open_raster

WORKING_CRS = "EPSG:4544"
MERCATOR = "EPSG:3857"
WIDEST_PIXEL_FOR_SLOPE_M = 90.0  # a wider pixel averages gullies and terraces away: no slope is better
WIDEST_M = (
    WIDEST_PIXEL_FOR_SLOPE_M * 1.01
)  # a raster of just 90 m measures a hair more or less after projection
_BAND_ROWS = 1024
_LEVEL_LIGHT = 0.74  # level ground under a sun 45 degrees high has 0.707


def horn_gradient(elevation_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metres gained per pixel towards the next column and towards the next row.

    `elevation_m` has shape (..., 3, 3), rows downwards; both answers have shape (...).

    >>> plane = np.array([[0.0, 1, 2], [10, 11, 12], [20, 21, 22]])
    >>> [float(part) for part in horn_gradient(plane)]
    [1.0, 10.0]
    """
    z = elevation_m
    right = z[..., 0, 2] + 2 * z[..., 1, 2] + z[..., 2, 2]
    left = z[..., 0, 0] + 2 * z[..., 1, 0] + z[..., 2, 0]
    below = z[..., 2, 0] + 2 * z[..., 2, 1] + z[..., 2, 2]
    above = z[..., 0, 0] + 2 * z[..., 0, 1] + z[..., 0, 2]
    return (right - left) / 8, (below - above) / 8


def slope_degrees(dz_dx: np.ndarray, dz_dy: np.ndarray) -> np.ndarray:
    """Steepness in degrees from the rise per metre eastwards and northwards.

    >>> round(float(slope_degrees(1.0, 0.0)), 6)
    45.0
    """
    return np.degrees(np.arctan(np.hypot(dz_dx, dz_dy)))


def aspect_degrees(dz_dx: np.ndarray, dz_dy: np.ndarray) -> np.ndarray:
    """Direction the ground faces (downhill), degrees clockwise from north; NaN where it is flat.

    >>> float(aspect_degrees(np.float64(0.0), np.float64(1.0))), float(aspect_degrees(-1.0, 0.0))
    (180.0, 90.0)
    """
    facing = np.degrees(np.arctan2(-np.asarray(dz_dx), -np.asarray(dz_dy))) % 360
    return np.where(np.hypot(dz_dx, dz_dy) > 0, facing, np.nan)


def hillshade(
    elevation_m: np.ndarray, cell_m: float, *, azimuth: float = 315.0, altitude: float = 45.0
) -> np.ndarray:
    """Light on the ground, 0 (shade) to 1, same shape as `elevation_m`; rows run north to south.

    `cell_m` is the width of a pixel on the ground; the sun stands at `azimuth` (clockwise from
    north) and `altitude` degrees. The rim repeats its nearest pixel.
    """
    around = np.lib.stride_tricks.sliding_window_view(np.pad(elevation_m, 1, mode="edge"), (3, 3))
    per_column, per_row = horn_gradient(around)
    dz_dx, dz_dy = per_column / cell_m, -per_row / cell_m
    sun, height = np.radians(azimuth), np.radians(altitude)
    towards_sun = -dz_dx * np.sin(sun) - dz_dy * np.cos(sun)
    light = (np.sin(height) + np.cos(height) * towards_sun) / np.sqrt(1 + dz_dx**2 + dz_dy**2)
    return np.clip(light, 0, 1)


def elevation_at(path: Path | str, points_xy: np.ndarray, *, crs: str = WORKING_CRS) -> np.ndarray:
    """Metres above the sea at points (n, 2) of `crs`, bilinear between pixel centres.

    NaN outside the raster and where one of the four pixels has no value. The raster may be in
    any CRS; only the rows the points need are read.
    """
    with open_raster(path) as raster:
        column, row = pixels_of(raster, points_xy, crs)
        left, top = np.floor(column).astype(int), np.floor(row).astype(int)
        corners = _neighbourhoods(raster, top, left, 2)
    right_share, lower_share = column - left, row - top
    upper = corners[:, 0, 0] * (1 - right_share) + corners[:, 0, 1] * right_share
    lower = corners[:, 1, 0] * (1 - right_share) + corners[:, 1, 1] * right_share
    return upper * (1 - lower_share) + lower * lower_share


def slope_aspect(
    path: Path | str, points_xy: np.ndarray, *, crs: str = WORKING_CRS
) -> tuple[np.ndarray, np.ndarray]:
    """Slope and aspect in degrees at points (n, 2) of `crs`, by Horn on the raster's own grid.

    NaN means "cannot tell": outside, beside a missing pixel, or where a pixel is wider than 90 m on
    the ground. Pixels are measured where they lie, so degrees and Mercator rasters come out right.
    """
    with open_raster(path) as raster:
        column, row = pixels_of(raster, points_xy, crs)
        left, top = np.round(column).astype(int) - 1, np.round(row).astype(int) - 1
        around = _neighbourhoods(raster, top, left, 3)
        steps = ground_steps(raster, column, row, crs)
    per_column, per_row = horn_gradient(around)
    east_of_column, north_of_column, east_of_row, north_of_row = steps
    area = east_of_column * north_of_row - north_of_column * east_of_row
    dz_dx = (per_column * north_of_row - per_row * north_of_column) / area
    dz_dy = (per_row * east_of_column - per_column * east_of_row) / area
    width = np.maximum(np.hypot(east_of_column, north_of_column), np.hypot(east_of_row, north_of_row))
    fine = (width <= WIDEST_M) & np.isfinite(around[:, 1, 1])
    slope, aspect = slope_degrees(dz_dx, dz_dy), aspect_degrees(dz_dx, dz_dy)
    return np.where(fine, slope, np.nan), np.where(fine, aspect, np.nan)


def relief(
    path: Path | str,
    bounds: tuple[float, float, float, float],
    *,
    crs: str = WORKING_CRS,
    width: int = 800,
    steepen: float = 5.0,
    within: shapely.Geometry | None = None,
) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """A shaded relief for a web map: bytes (2, height, width) of grey and alpha, and its bounds.

    `bounds` are (west, south, east, north) in `crs`; the picture is in Web Mercator and its bounds
    come back in WGS-84 degrees. `steepen` exaggerates height: county relief is faint without it.
    Level ground is nearly white, so that a map multiplied by it keeps its colours. Outside `within`
    (a geometry in `crs`) and where height is unknown the picture is clear.
    """
    frame = transform_bounds(crs, MERCATOR, *bounds)
    height = max(1, round(width * (frame[3] - frame[1]) / (frame[2] - frame[0])))
    elevation = np.full((height, width), np.nan, dtype=np.float64)
    with open_raster(path) as raster:
        reproject(
            rasterio.band(raster, 1),
            elevation,
            dst_transform=from_bounds(*frame, width, height),
            dst_crs=CRS.from_string(MERCATOR),
            dst_nodata=np.nan,
            resampling=Resampling.cubic_spline,
        )
    degrees = transform_bounds(MERCATOR, "EPSG:4326", *frame)
    stretch = np.cos(np.radians((degrees[1] + degrees[3]) / 2))
    known = np.isfinite(elevation)
    filled = np.where(known, elevation, np.nanmean(elevation) if known.any() else 0.0)
    light = hillshade(filled * steepen, (frame[2] - frame[0]) / width * stretch)
    # 32 greys are as good to the eye and a third of the bytes.
    steps = np.round(np.clip(light / _LEVEL_LIGHT, 0, 1) * 31)
    grey: np.ndarray = (steps * (255 / 31)).astype(np.uint8)
    if within is not None:
        shape = shapely.geometry.mapping(_reprojected(within, crs, MERCATOR))
        known &= geometry_mask([shape], known.shape, from_bounds(*frame, width, height), invert=True)
    return np.stack([grey, np.where(known, 255, 0).astype(np.uint8)]), degrees


def _reprojected(shape: shapely.Geometry, source: str, target: str) -> shapely.Geometry:
    move = Transformer.from_crs(source, target, always_xy=True).transform
    return shapely.transform(shape, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1])))


def read_heights(raster: rasterio.DatasetReader, window: Window) -> np.ndarray:
    """Heights of a window (rows, columns), float32; NaN outside the raster and where no height is known.

    A raster that declares no missing value often fills its rim with zeros: an exact 0 there is not believed.
    """
    inside = window.intersection(Window(0, 0, raster.width, raster.height))
    values = raster.read(1, window=inside, masked=True).astype(np.float32).filled(np.nan)
    if MaskFlags.all_valid in raster.mask_flag_enums[0]:
        values[values == 0] = np.nan
    heights = np.full((int(window.height), int(window.width)), np.nan, np.float32)
    top, left = int(inside.row_off - window.row_off), int(inside.col_off - window.col_off)
    heights[top : top + values.shape[0], left : left + values.shape[1]] = values
    return heights


def pixels_of(
    raster: rasterio.DatasetReader, points_xy: np.ndarray, crs: str
) -> tuple[np.ndarray, np.ndarray]:
    """Fractional (column, row) of points, whole numbers at pixel centres; far outside where unknown."""
    points = np.asarray(points_xy, dtype=np.float64).reshape(-1, 2)
    to_raster = Transformer.from_crs(crs, raster.crs, always_xy=True)
    x, y = np.stack(to_raster.transform(points[:, 0], points[:, 1]))
    known = np.isfinite(x) & np.isfinite(y)
    column, row = turn(~raster.transform, np.where(known, x, 0.0), np.where(known, y, 0.0))
    return np.where(known, column - 0.5, -9.0), np.where(known, row - 0.5, -9.0)


def turn(transform: Affine, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The affine map of arrays; the operator for it differs between releases of affine."""
    a, b, c, d, e, f = transform[:6]
    return a * x + b * y + c, d * x + e * y + f


def _neighbourhoods(
    raster: rasterio.DatasetReader, top: np.ndarray, left: np.ndarray, size: int
) -> np.ndarray:
    """Squares of `size` pixels with their first pixel at (top, left): (n, size, size), NaN outside."""
    squares = np.full((len(top), size, size), np.nan)
    inside = (top >= 0) & (left >= 0) & (top + size <= raster.height) & (left + size <= raster.width)
    if not inside.any():
        return squares
    first, last = int(left[inside].min()), int(left[inside].max()) + size
    for band in np.unique(top[inside] // _BAND_ROWS):
        mine = np.flatnonzero(inside & (top // _BAND_ROWS == band))
        start, stop = int(top[mine].min()), int(top[mine].max()) + size
        window = Window(first, start, last - first, stop - start)
        values = read_heights(raster, window).astype(np.float64)
        views = np.lib.stride_tricks.sliding_window_view(values, (size, size))
        squares[mine] = views[top[mine] - start, left[mine] - first]
    return squares


def ground_steps(
    raster: rasterio.DatasetReader, column: np.ndarray, row: np.ndarray, crs: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Metres east and north that one column, then one row, covers at each pixel."""
    to_ground = Transformer.from_crs(raster.crs, crs, always_xy=True)

    def place(columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        x, y = turn(raster.transform, columns + 0.5, rows + 0.5)
        return np.stack(to_ground.transform(x, y))

    per_column = (place(column + 1, row) - place(column - 1, row)) / 2
    per_row = (place(column, row + 1) - place(column, row - 1)) / 2
    return per_column[0], per_column[1], per_row[0], per_row[1]
