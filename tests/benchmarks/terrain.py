"""Mean height, slope and shade of many parcels that overlap, beside exactextract and a loop of masks.

    python tests/benchmarks/terrain.py [--pixels 14142] [--parcels 30000] [--runs 3]

Ours measures height, slope and shade in one go; the others the mean height alone. A pixel counts by the part that
a parcel covers, but for the masks, which take it where its centre lies within.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.mask
import shapely
from exactextract import exact_extract
from measuring import RUNS, in_own_process, interleaved, peak_mb, print_table

from eco.space.zones import plot_ground

CELL_M, WEST, NORTH = 30.0, 400_000.0, 4_100_000.0
NAME = "elevation.tif"


def write(folder: Path, pixels: int) -> Path:
    """Ridges of two widths, whole metres, in tiles, deflated."""
    path = folder / NAME
    if path.exists():
        return path
    shape = {"width": pixels, "height": pixels, "count": 1, "dtype": "int16", "nodata": -32768}
    place = rasterio.transform.from_origin(WEST, NORTH, CELL_M, CELL_M)
    form = {"driver": "GTiff", "tiled": True, "compress": "deflate", "crs": "EPSG:4544", "transform": place}
    with rasterio.open(path, "w", **shape, **form) as raster:
        x = np.arange(pixels)
        for top in range(0, pixels, 512):
            y = np.arange(top, min(top + 512, pixels))[:, None]
            z = 2000 + 200 * np.sin(x / 23) * np.cos(y / 19) + 40 * np.sin((x + y) / 7)
            window = rasterio.windows.Window(0, top, pixels, len(y))
            raster.write(z.astype("int16"), 1, window=window)
    return path


def parcels(count: int, pixels: int, seed: int = 1) -> np.ndarray:
    """Rounded parcels of 5 to 25 pixels across, anywhere, also on top of each other."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(30, pixels - 30, (count, 2)) * CELL_M
    reach = rng.uniform(2.5, 12.5, count) * CELL_M
    return shapely.buffer(shapely.points(WEST + at[:, 0], NORTH - at[:, 1]), reach, quad_segs=4)


def ours(path, shapes) -> np.ndarray:
    """The package's own way."""
    return plot_ground(path, shapes)["elevation_m"].to_numpy()


def by_exactextract(path, shapes) -> np.ndarray:
    """The compiled tool, raster-sequential."""
    frame = gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4544")
    told = exact_extract(str(path), frame, "mean", strategy="raster-sequential", output="pandas")
    return told["mean"].to_numpy()


def by_masks(path, shapes) -> np.ndarray:
    """A loop over parcels with rasterio.mask."""
    means = np.full(len(shapes), np.nan)
    with rasterio.open(path) as raster:
        for k, shape in enumerate(shapes):
            values, _ = rasterio.mask.mask(raster, [shape], crop=True, filled=False)
            means[k] = values.mean()
    return means


WAYS = {"ours (height, slope, shade)": ours, "exactextract": by_exactextract, "rasterio.mask loop": by_masks}


def main() -> None:
    """Compare all ways, or measure the peak of one."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--pixels", type=int, default=14_142)
    arguments.add_argument("--parcels", type=int, default=30_000)
    arguments.add_argument("--runs", type=int, default=RUNS)
    arguments.add_argument("--folder", type=Path, help="where the raster is kept")
    arguments.add_argument("--peak", choices=WAYS, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as own:
        folder = asked.folder or Path(own)
        given = write(folder, asked.pixels), parcels(asked.parcels, asked.pixels)
        if asked.peak:
            before, began = peak_mb(), time.perf_counter()
            WAYS[asked.peak](*given)
            print(json.dumps({"peak": peak_mb() - before, "first": time.perf_counter() - began}))
            return
        compare(asked, folder, given)


def compare(asked, folder: Path, given) -> None:
    """Time all ways in turn and set their mean heights beside ours."""
    size = [f"--pixels={asked.pixels}", f"--parcels={asked.parcels}", f"--folder={folder}"]
    apart = {way: in_own_process(__file__, "--peak", way, *size) for way in WAYS}
    first = next(iter(WAYS))
    WAYS[first](given[0], given[1][:9])  # compiles
    seconds, answers = interleaved({way: lambda way=way: WAYS[way](*given) for way in WAYS}, runs=asked.runs)
    rows = []
    for way, taken in seconds.items():
        difference = np.abs(answers[way] - answers[first])
        rows.append((way, taken, taken / seconds[first], apart[way]["peak"], float(np.nanmax(difference))))
    title = f"{asked.pixels:,} x {asked.pixels:,} pixels, {asked.parcels:,} parcels, {asked.runs} runs"
    headings = ("way", "median s", "of ours", "peak MB above inputs", "largest difference, m")
    print_table(title, headings, rows)


if __name__ == "__main__":
    main()
