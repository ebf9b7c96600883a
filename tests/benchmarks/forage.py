"""Share the flowers of a county raster among bee yards, beside the usual convolutions.

    python tests/benchmarks/forage.py [--side 4714] [--yards 3000] [--pixels 201] [--runs 3]

A pressure raster (colonies x foraging kernel), then what a colony of every yard gets of each cell's nectar over
its pressure. Every way does both and must give the same kilograms. The usual way convolves the whole raster twice;
ours sums at the yards alone, exactly. opencv takes part where it is installed (see README.md).
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.util import find_spec

import numpy as np
from measuring import RUNS, in_own_process, interleaved, peak_mb, print_table
from scipy.signal import fftconvolve, oaconvolve

from eco.space.forage import foraging_kernel, pressure, shared_out


def county(side: int, yards: int, pixels: int, seed: int = 1):
    """Nectar of side x side cells, yards anywhere with their colonies, and a kernel `pixels` wide."""
    rng = np.random.default_rng(seed)
    nectar = rng.random((side, side), dtype=np.float32)
    row, column = rng.integers(0, side, (2, yards))
    kernel = foraging_kernel(pixels // 2, pixels // 4)
    return nectar, row, column, rng.integers(10, 200, yards).astype(float), kernel


def ours(nectar, row, column, hives, kernel) -> np.ndarray:
    """The package's own way."""
    pressed = pressure(nectar.shape, row, column, colonies=hives, kernel=kernel)
    return shared_out(nectar, pressed, row, column, kernel=kernel)


def by_convolution(convolve):
    """Both steps by a convolution of the whole raster in single precision, sampled at the yards."""

    def way(nectar, row, column, hives, kernel) -> np.ndarray:
        standing = np.zeros(nectar.shape, np.float32)
        np.add.at(standing, (row, column), hives)
        pressed = convolve(standing, kernel.astype(np.float32))
        # A transform leaves dust where no colony flies.
        flown = pressed > 0.5 * kernel[kernel > 0].min() * hives.min()
        each = np.divide(nectar, pressed, out=np.zeros_like(nectar), where=flown)
        return convolve(each, kernel.astype(np.float32))[row, column].astype(float)

    return way


WAYS = {
    "ours": ours,
    "scipy fftconvolve, twice": by_convolution(lambda a, k: fftconvolve(a, k, mode="same")),
    "scipy oaconvolve, twice": by_convolution(lambda a, k: oaconvolve(a, k, mode="same")),
}
if find_spec("cv2"):
    import cv2

    WAYS["opencv filter2D, twice"] = by_convolution(
        lambda a, k: cv2.filter2D(a, cv2.CV_32F, k, borderType=cv2.BORDER_CONSTANT)
    )


def peak_of(way: str, land) -> None:
    """What a process of its own needs beyond its inputs in one way; printed as JSON."""
    before = peak_mb()
    began = time.perf_counter()
    WAYS[way](*land)
    print(json.dumps({"peak": peak_mb() - before, "first": time.perf_counter() - began}))


def compare(asked, land) -> None:
    """Time all ways in turn, measure their peaks apart, check every yard against ours and against what is there."""
    size = [f"--{name}={getattr(asked, name)}" for name in ("side", "yards", "pixels")]
    apart = {way: in_own_process(__file__, "--peak", way, *size) for way in WAYS}
    ours(*land)  # compiles
    seconds, answers = interleaved({way: lambda way=way: WAYS[way](*land) for way in WAYS}, runs=asked.runs)
    rows = []
    for way, taken in seconds.items():
        difference = float(np.abs(answers[way] / answers["ours"] - 1).max())
        own = apart[way]
        rows.append((way, taken, taken / seconds["ours"], own["first"], own["peak"], difference))
    nectar, hives = land[0], land[3]
    title = f"{nectar.size / 1e6:,.1f} M cells, {asked.yards:,} yards, kernel {asked.pixels} wide, {asked.runs} runs"
    headings = (
        "way",
        "median s",
        "of ours",
        "first call s",
        "peak MB above inputs",
        "largest relative difference",
    )
    print_table(title, headings, rows)
    taken, there = float(answers["ours"] @ hives), float(nectar.sum(dtype=float))
    print(f"taken by all colonies {taken:,.0f} of {there:,.0f} kg: {taken / there:.4f}")


def main() -> None:
    """Compare all ways, or measure the peak of one."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--side", type=int, default=4714)
    arguments.add_argument("--yards", type=int, default=3000)
    arguments.add_argument("--pixels", type=int, default=201)
    arguments.add_argument("--runs", type=int, default=RUNS)
    arguments.add_argument("--peak", choices=WAYS, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    land = county(asked.side, asked.yards, asked.pixels)
    if asked.peak:
        peak_of(asked.peak, land)
    else:
        compare(asked, land)


if __name__ == "__main__":
    main()
