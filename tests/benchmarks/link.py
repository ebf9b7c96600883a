"""Link households to the sites within 5 km and share each site's benefit among them, beside the usual tools.

    python tests/benchmarks/link.py [--households 120000] [--sites 3000] [--km2 20000] [--runs 3]

The answer is the two-step floating catchment (Luo & Wang 2003, doi 10.1068/b29120): a site's supply over
the persons within reach of it, summed for every household over the sites within reach. Every way links all
over again and must give the same shares. duckdb takes part where it is installed (see README.md).
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from measuring import RUNS, in_own_process, interleaved, peak_mb, print_table
from scipy.spatial import cKDTree

from eco.space.reach import pairs_within

RADIUS_M = 5000.0
HOMES_A_VILLAGE = 60


def scattered(households: int, sites: int, km2: float, seed: int = 1):
    """Households clustered in villages, sites anywhere; persons of each and supply of each site."""
    rng = np.random.default_rng(seed)
    width = np.sqrt(km2) * 1000
    villages = rng.uniform(0, width, (-(-households // HOMES_A_VILLAGE), 2))
    homes = np.repeat(villages, HOMES_A_VILLAGE, axis=0)[:households] + rng.normal(0, 600, (households, 2))
    persons = rng.integers(1, 8, households).astype(float)
    return homes, rng.uniform(0, width, (sites, 2)), persons, rng.uniform(10, 100, sites)


def shared(home, site, persons, supply) -> np.ndarray:
    """Two-step floating catchment of pairs given as index arrays, (households,)."""
    demand = np.bincount(site, persons[home], minlength=len(supply))
    a_head = np.divide(supply, demand, out=np.zeros_like(supply), where=demand > 0)
    return np.bincount(home, a_head[site], minlength=len(persons))


def ours(homes, sites, persons, supply) -> np.ndarray:
    """The package's own way."""
    home, site, _ = pairs_within(homes, sites, radius_m=RADIUS_M)
    return shared(home, site, persons, supply)


def by_geopandas(homes, sites, persons, supply) -> np.ndarray:
    """A spatial join of two GeoDataFrames by distance."""
    left = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*homes.T), crs=4544)
    right = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*sites.T), crs=4544)
    pairs = left.sjoin(right, predicate="dwithin", distance=RADIUS_M)
    return shared(pairs.index.to_numpy(), pairs["index_right"].to_numpy(), persons, supply)


def by_tree(homes, sites, persons, supply) -> np.ndarray:
    """A k-d tree of the sites asked for every household, on all threads."""
    near = cKDTree(sites).query_ball_point(homes, RADIUS_M, workers=-1)
    home = np.repeat(np.arange(len(homes)), [len(found) for found in near])
    return shared(home, np.concatenate(near).astype(int), persons, supply)


def by_tree_pairs(homes, sites, persons, supply) -> np.ndarray:
    """Two k-d trees, pairs as one array with distances."""
    found = cKDTree(homes).sparse_distance_matrix(cKDTree(sites), RADIUS_M, output_type="ndarray")
    return shared(found["i"], found["j"], persons, supply)


def by_duckdb(homes, sites, persons, supply) -> np.ndarray:
    """A spatial join in SQL."""
    import duckdb
    import duckdb_extension_spatial

    base = duckdb.connect()
    extension = next(Path(duckdb_extension_spatial.__file__).parent.rglob("*.duckdb_extension"))
    base.execute(f"LOAD '{extension}'")
    home_table = pd.DataFrame({"home": np.arange(len(homes)), "x": homes[:, 0], "y": homes[:, 1]})
    site_table = pd.DataFrame({"site": np.arange(len(sites)), "x": sites[:, 0], "y": sites[:, 1]})
    base.register("homes", home_table)
    base.register("sites", site_table)
    pairs = base.execute(
        f"""
        SELECT h.home, s.site FROM (SELECT home, ST_Point(x, y) AS at FROM homes) h
        JOIN (SELECT site, ST_Point(x, y) AS at FROM sites) s ON ST_DWithin(h.at, s.at, {RADIUS_M})
        """
    ).fetchnumpy()
    return shared(pairs["home"], pairs["site"], persons, supply)


WAYS = {
    "ours": ours,
    "geopandas sjoin dwithin": by_geopandas,
    "scipy cKDTree query_ball_point": by_tree,
    "scipy cKDTree sparse_distance_matrix": by_tree_pairs,
}
if find_spec("duckdb") and find_spec("duckdb_extension_spatial"):
    WAYS["duckdb ST_DWithin"] = by_duckdb


def peak_of(way: str, county) -> None:
    """What a process of its own needs beyond its inputs to link in one way; printed as JSON."""
    before = peak_mb()
    began = time.perf_counter()
    WAYS[way](*county)
    print(json.dumps({"peak": peak_mb() - before, "first": time.perf_counter() - began}))


def compare(asked, county) -> None:
    """Time all ways in turn, measure their peaks apart, check every household's share against ours."""
    size = [f"--{name}={getattr(asked, name)}" for name in ("households", "sites", "km2")]
    apart = {way: in_own_process(__file__, "--peak", way, *size) for way in WAYS}
    ours(*county)  # compiles
    seconds, answers = interleaved({way: lambda way=way: WAYS[way](*county) for way in WAYS}, runs=asked.runs)
    rows = []
    for way, taken in seconds.items():
        difference = float(np.abs(answers[way] - answers["ours"]).max() / answers["ours"].max())
        own = apart[way]
        rows.append((way, taken, taken / seconds["ours"], own["first"], own["peak"], difference))
    pairs = len(pairs_within(county[0], county[1], radius_m=RADIUS_M)[0])
    title = f"{asked.households:,} households x {asked.sites:,} sites, {pairs:,} pairs, {asked.runs} runs"
    headings = ("way", "median s", "of ours", "first call s", "peak MB above inputs", "relative difference")
    print_table(title, headings, rows)


def main() -> None:
    """Compare all ways, or measure the peak of one."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--households", type=int, default=120_000)
    arguments.add_argument("--sites", type=int, default=3000)
    arguments.add_argument("--km2", type=float, default=20_000.0)
    arguments.add_argument("--runs", type=int, default=RUNS)
    arguments.add_argument("--peak", choices=WAYS, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    county = scattered(asked.households, asked.sites, asked.km2)
    if asked.peak:
        peak_of(asked.peak, county)
    else:
        compare(asked, county)


if __name__ == "__main__":
    main()
