"""Walking time from many sources over one large raster, beside the usual tools.

    python tests/benchmarks/reach.py [--cells 4714] [--sources 200] [--runs 3] [--ways all]

Every way walks eight neighbours, there and back. scikit-image takes part where it is installed; it prices a step by
the mean cost of its two pixels, knows no slope along the way, and is given a surface made from Tobler on the steepest
slope: its work is the same, its answer another. scipy's csgraph is given the same steps as ours and must agree.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.util import find_spec

import numpy as np
from measuring import RUNS, in_own_process, interleaved, peak_mb, print_table

from eco.space.walking import minutes_over, pace_minutes

CELL_M = 30.0
STEPS = (CELL_M, 0.0, 0.0, -CELL_M)
HALF = ((0, 1), (1, 0), (1, 1), (1, -1))


def hilly(cells: int, sources: int, seed: int = 1):
    """Ridges of two widths, metres, and sources anywhere."""
    y, x = np.mgrid[:cells, :cells].astype(np.float32)
    z = 2000 + 60 * np.sin(x / 23) * np.cos(y / 19) + 15 * np.sin((x + y) / 7)
    return z.astype(np.float32), np.random.default_rng(seed).integers(0, cells, (sources, 2))


def ours(z, sources) -> np.ndarray:
    """The package's own way."""
    return minutes_over(z, sources, steps=STEPS, neighbours=8)


def by_csgraph(z, sources) -> np.ndarray:
    """scipy's Dijkstra on a sparse graph of all steps."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    number = np.arange(z.size, dtype=np.int32).reshape(z.shape)
    start, end, minutes = [], [], []
    for down, across in HALF:
        here = (slice(0, z.shape[0] - down), slice(max(0, -across), z.shape[1] - max(0, across)))
        there = (slice(down, None), slice(max(0, across), z.shape[1] + min(0, across)))
        length = CELL_M * np.hypot(down, across)
        start.append(number[here].ravel())
        end.append(number[there].ravel())
        minutes.append((length * pace_minutes((z[there] - z[here]) / length)).ravel())
    graph = coo_matrix((np.concatenate(minutes), (np.concatenate(start), np.concatenate(end))))
    flat = np.unique(sources[:, 0] * z.shape[1] + sources[:, 1])
    square = graph.tocsr()
    square.resize((z.size, z.size))
    return dijkstra(square, directed=False, indices=flat, min_only=True).reshape(z.shape)


def by_scikit_image(z, sources) -> np.ndarray:
    """MCP_Geometric over a surface of minutes a pixel."""
    from skimage.graph import MCP_Geometric

    steep = np.hypot(*np.gradient(z, CELL_M))
    times, _ = MCP_Geometric(CELL_M * pace_minutes(steep)).find_costs([tuple(at) for at in sources])
    return times


WAYS = {"ours": ours, "scipy csgraph.dijkstra": by_csgraph}
if find_spec("skimage"):
    WAYS["scikit-image MCP_Geometric"] = by_scikit_image


def main() -> None:
    """Compare all ways, or measure the peak of one."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--cells", type=int, default=4714)
    arguments.add_argument("--sources", type=int, default=200)
    arguments.add_argument("--runs", type=int, default=RUNS)
    arguments.add_argument("--peak", choices=WAYS, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    county = hilly(asked.cells, asked.sources)
    if asked.peak:
        before, began = peak_mb(), time.perf_counter()
        WAYS[asked.peak](*county)
        print(json.dumps({"peak": peak_mb() - before, "first": time.perf_counter() - began}))
        return
    size = [f"--cells={asked.cells}", f"--sources={asked.sources}"]
    apart = {way: in_own_process(__file__, "--peak", way, *size) for way in WAYS}
    minutes_over(county[0][:9, :9], [[1, 1]], steps=STEPS)  # compiles
    seconds, answers = interleaved({way: lambda way=way: WAYS[way](*county) for way in WAYS}, runs=asked.runs)
    rows = []
    for way, taken in seconds.items():
        difference = float(np.abs(answers[way] - answers["ours"]).max())
        rows.append((way, taken, taken / seconds["ours"], apart[way]["peak"], difference))
    title = f"{asked.cells:,} x {asked.cells:,} cells, {asked.sources} sources, {asked.runs} runs"
    print_table(
        title, ("way", "median s", "of ours", "peak MB above inputs", "largest difference, minutes"), rows
    )


if __name__ == "__main__":
    main()
