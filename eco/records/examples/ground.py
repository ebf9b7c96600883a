"""The example's made-up ground: smooth fractal terrain with true county means, and cover to match."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from rasterio.transform import Affine
from scipy.ndimage import gaussian_filter, map_coordinates

from eco.records.examples.shares import stream

CELL_M = 500.0
FINE_CELL_M = 30.0
NO_HEIGHT, NO_COVER = -32768, 255
RELIEF_M = 190.0  # standard deviation of the made-up relief within a county
FINE_RELIEF_M = 38.0

# Mean heights in metres, read from a public one-kilometre elevation model; everything finer is made up.
MEAN_HEIGHT_M = {
    "621102": 2065,
    "621121": 1965,
    "621122": 2035,
    "621123": 2375,
    "621124": 2263,
    "621125": 2525,
    "621126": 2748,
}
NEEDLELEAF, BROADLEAF, SAVANNA, GRASSLAND, CROPLAND, URBAN = 1, 4, 8, 10, 12, 13  # IGBP classes


@dataclass(frozen=True)
class Ground:
    """A raster in EPSG:4544: values (rows north to south), west and north edge, cell size in metres."""

    values: np.ndarray
    west: float
    north: float
    cell_m: float

    @property
    def transform(self):
        """Affine transform of the upper left corner, as rasterio wants it."""
        return Affine(self.cell_m, 0, self.west, 0, -self.cell_m, self.north)

    def at(self, x, y) -> np.ndarray:
        """Values at points (metres), interpolated between cell centres."""
        rows = (self.north - np.asarray(y)) / self.cell_m - 0.5
        columns = (np.asarray(x) - self.west) / self.cell_m - 0.5
        return map_coordinates(self.values, np.broadcast_arrays(rows, columns), order=1, mode="nearest")


def make_elevation(counties: gpd.GeoDataFrame, seed: int) -> Ground:
    """Heights in metres (float), everywhere; each county's mean comes out within a metre or so."""
    west, south, east, north = counties.total_bounds
    edge = 6 * CELL_M
    west, north = np.floor((west - edge) / CELL_M) * CELL_M, np.ceil((north + edge) / CELL_M) * CELL_M
    shape = int((north - south + edge) / CELL_M) + 1, int((east - west + edge) / CELL_M) + 1
    blank = Ground(np.zeros(shape), float(west), float(north), CELL_M)
    county = county_cells(counties, blank)
    means = np.array([MEAN_HEIGHT_M[code] for code in counties["code"]], float)
    height = means.mean() + RELIEF_M * fractal(shape, stream(seed, "relief"), widths=(36, 18, 9, 4.5, 2, 1))
    for _ in range(30):
        miss = means - [height[county == number].mean() for number in range(len(means))]
        height += spread_smoothly(county, miss, width=8)
    return Ground(height, blank.west, blank.north, CELL_M)


def county_cells(counties: gpd.GeoDataFrame, ground: Ground) -> np.ndarray:
    """Row number of the county each cell's centre lies in; -1 outside."""
    rows, columns = ground.values.shape
    x = ground.west + (np.arange(columns) + 0.5) * ground.cell_m
    y = ground.north - (np.arange(rows) + 0.5) * ground.cell_m
    county = np.full((rows, columns), -1, np.int16)
    for number, outline in enumerate(counties.geometry):
        shapely.prepare(outline)
        county[shapely.contains_xy(outline, x[None, :], y[:, None])] = number
    return county


def fractal(shape: tuple[int, int], rng: np.random.Generator, *, widths) -> np.ndarray:
    """Noise of standard deviation 1: one smoothed layer a width (cells), wider ones stronger."""
    total = np.zeros(shape)
    for width in widths:
        layer = gaussian_filter(rng.standard_normal(shape), width)
        total += layer / layer.std() * width**0.8
    return (total - total.mean()) / total.std()


def spread_smoothly(county: np.ndarray, values: np.ndarray, *, width: float) -> np.ndarray:
    """A smooth field that is near `values` inside each county and fades out beyond them."""
    inside = (county >= 0).astype(float)
    field = np.where(county >= 0, values[county], 0.0)
    return gaussian_filter(field, width) / np.maximum(gaussian_filter(inside, width), 0.02)


def make_land_cover(elevation: Ground, towns: np.ndarray, *, seed: int) -> Ground:
    """IGBP classes by height and chance: cropland low, grassland, then forest; towns (x, y) urban."""
    rough = fractal(elevation.values.shape, stream(seed, "cover"), widths=(6, 3, 1.5))
    height = elevation.values + 160 * rough
    steps = (2150, 2600, 2780, 2950)
    classes = np.array([CROPLAND, GRASSLAND, SAVANNA, BROADLEAF, NEEDLELEAF], np.uint8)
    cover = classes[np.digitize(height, steps)]
    cover[(cover == GRASSLAND) & (rough < -0.2)] = CROPLAND
    rows = ((elevation.north - towns[:, 1]) // elevation.cell_m).astype(int)
    columns = ((towns[:, 0] - elevation.west) // elevation.cell_m).astype(int)
    cover[rows, columns] = URBAN
    return Ground(cover, elevation.west, elevation.north, elevation.cell_m)


def fine_window(elevation: Ground, bounds: tuple[float, float, float, float], *, seed: int) -> Ground:
    """Heights on a 30 m grid over bounds (west, south, east, north): the coarse terrain plus gullies."""
    west, south, east, north = bounds
    west, north = float(np.floor(west)), float(np.ceil(north))
    rows, columns = int((north - south) / FINE_CELL_M) + 1, int((east - west) / FINE_CELL_M) + 1
    x = west + (np.arange(columns) + 0.5) * FINE_CELL_M
    y = north - (np.arange(rows) + 0.5) * FINE_CELL_M
    coarse = elevation.at(x[None, :], y[:, None])
    smooth = gaussian_filter(coarse, CELL_M / FINE_CELL_M / 2)
    gullies = fractal((rows, columns), stream(seed, "gullies"), widths=(12, 6, 3))
    return Ground(smooth + FINE_RELIEF_M * gullies, west, north, FINE_CELL_M)


def masked(ground: Ground, county: np.ndarray, *, empty: int) -> np.ndarray:
    """Values with `empty` more than a few cells outside the counties, so that files stay small."""
    near = gaussian_filter((county >= 0).astype(float), 2) > 0.01
    return np.where(near, np.round(ground.values), empty)
