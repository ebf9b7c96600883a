"""Estimate 120,000 households in 1,000 worlds, all flows, beside the usual ways, with the same answer.

    python tests/benchmarks/estimate.py [--households 120000] [--runs 3]

"Drawing alone" fills households x draws x 5 normals (numpy Generator, float32): five numbers of the model differ by
household. What is below 1 in the last column of a way of computing is yuan a household a year away from ours.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
from county import YEAR, made_up_county
from measuring import RUNS, in_own_process, interleaved, peak_mb, print_table
from scipy.sparse import csr_array

import eco
from eco.income.accounts import blocks_of
from eco.parameters.draws import Draws, Worlds, county_keys, unit_keys

DRAWS, SEED = 1000, 1
HOMES_A_VILLAGE = 60
PANDAS_HOMES = 4000  # its long table of links x draws is far too large at full size
HOUSEHOLD_NUMBERS = 5
PRICE = "honey_price"


def linked(project, numbers):
    """Ours: links of the county; the forage a raster would give is put in by hand."""
    exposure = eco.link(project, numbers)
    yards = exposure.sites["bees"].assign(
        forage_known=1.0, forage_forest_ha=1.5, forage_grass_ha=3.0, forage_crop_ha=2.0, forage_planted_ha=0.0
    )
    return replace(exposure, sites={**exposure.sites, "bees": yards})


def drawn(households: int, *, threads: int) -> None:
    """The random numbers alone, in blocks that stay in cache."""

    def fill(seed: int) -> None:
        rng, block = np.random.default_rng(seed), np.empty((250, DRAWS), np.float32)
        for _ in range(households * HOUSEHOLD_NUMBERS // 250 // threads):
            rng.standard_normal(out=block, dtype=np.float32)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, range(threads)))


def ours(exposure, numbers) -> pd.DataFrame:
    """The package's own way."""
    return eco.estimate_gains(exposure, numbers, draws=DRAWS, seed=SEED).households(YEAR)


def flows_of(exposure, numbers, ids: pd.Index):
    """Of every block of links: positions of the households, yuan and own days, each (links, draws)."""
    links = exposure.links
    links = links[ids.get_indexer(links["household_id"]) >= 0]
    worlds, shared = Worlds(numbers, DRAWS, SEED), {}
    for block in blocks_of(links, exposure, ids, year=YEAR):
        draws = block.draws(worlds, YEAR, shared)
        received = (flow for flow in block.flows if flow.payee == "household")
        yuan = sum(flow.yuan(block.columns, draws, YEAR) for flow in received)
        shape = (len(block.household), DRAWS)
        asked = block.one.days.get(block.role)
        days = asked(block.columns, draws, YEAR) if asked else np.float32(0)
        yield block.household, np.broadcast_to(yuan, shape), np.broadcast_to(days, shape)


def free_and_pay(exposure, numbers, ids: pd.Index):
    """Free days (households, draws) and migrant pay a day, of the households named."""
    homes = exposure.project.households.set_index("household_id").loc[ids]
    keys = unit_keys(ids)
    counties = county_keys(homes["village_code"].str[:6])
    draws = Draws(Worlds(numbers, DRAWS, SEED), YEAR, keys, keys, counties)
    recorded = homes["free_days"].to_numpy(np.float32)[:, None]
    free = np.where(np.isnan(recorded), draws["hh_days_avail"], recorded)
    free[homes["workers"].to_numpy() == 0] = np.inf
    return free, draws["migrant_month"] / draws["work_days_per_month"]


def whole_matrix(exposure, numbers) -> pd.DataFrame:
    """The usual numpy way: one matrix of all households and draws, quantiles of its rows."""
    ids = pd.Index(exposure.households["household_id"])
    gain = np.zeros((len(ids), DRAWS), np.float32)
    days = np.zeros_like(gain)
    for household, yuan, asked in flows_of(exposure, numbers, ids):
        ones = np.ones(len(household), np.float32)
        who = csr_array((ones, (household, np.arange(len(household)))), shape=(len(ids), len(household)))
        gain += who @ yuan
        days += who @ asked
    free, pay = free_and_pay(exposure, numbers, ids)
    gain -= np.maximum(days - free, 0) * pay
    p10, p90 = np.quantile(gain, [0.1, 0.9], axis=1)
    return _answer(ids, gain.mean(axis=1, dtype=float), p10, p90)


def long_table(exposure, numbers) -> pd.DataFrame:
    """The usual pandas way: one row a link and draw, grouped by household and draw, then by household."""
    ids = pd.Index(exposure.households["household_id"][:PANDAS_HOMES])
    parts = [
        pd.DataFrame(
            {
                "household": np.repeat(household, DRAWS),
                "draw": np.tile(np.arange(DRAWS), len(household)),
                "yuan": yuan.ravel(),
                "days": asked.ravel(),
            }
        )
        for household, yuan, asked in flows_of(exposure, numbers, ids)
    ]
    worlds = pd.concat(parts).groupby(["household", "draw"])[["yuan", "days"]].sum()
    free, pay = free_and_pay(exposure, numbers, ids)
    given_up = np.maximum(worlds["days"].to_numpy().reshape(len(ids), DRAWS) - free, 0) * pay
    by_home = (worlds["yuan"] - given_up.ravel()).groupby(level="household")
    return _answer(ids, by_home.mean(), by_home.quantile(0.1), by_home.quantile(0.9))


def _answer(ids, mean, p10, p90) -> pd.DataFrame:
    columns = {"gain_yuan_mean": mean, "gain_yuan_p10": p10, "gain_yuan_p90": p90}
    return pd.DataFrame({name: np.asarray(values) for name, values in columns.items()}, index=ids)


def difference(answer: pd.DataFrame, own: pd.DataFrame) -> float:
    """Largest difference of mean, p10 and p90 over households, yuan."""
    own = own.set_index("household_id").loc[answer.index, answer.columns]
    return float(np.abs(answer.to_numpy() - own.to_numpy()).max())


WAYS = {"ours": ours, "numpy whole matrix": whole_matrix, "pandas groupby": long_table}


def county_of(households: int):
    """The made-up county of a size, and the numbers of the house."""
    project = made_up_county(households=households, villages=households // HOMES_A_VILLAGE)
    return project, eco.load_parameters()


def peak_of(way: str, households: int) -> None:
    """What a process of its own needs to link and estimate in one way; printed as JSON."""
    project, numbers = county_of(households)
    before = peak_mb()
    WAYS[way](linked(project, numbers), numbers)
    print(json.dumps({"peak": peak_mb(), "before": before}))


def compare(households: int, runs: int) -> None:
    """Time all ways in turn, measure their peaks apart, check the answers against each other."""
    project, numbers = county_of(households)
    peaks = {way: in_own_process(__file__, "--peak", way, "--households", str(households)) for way in WAYS}
    exposure = linked(project, numbers)
    ours(exposure, numbers)  # compiles
    methods = {
        "link": lambda: linked(project, numbers),
        "draw 1": lambda: drawn(households, threads=1),
        "draw 2": lambda: drawn(households, threads=2),
        **{way: lambda way=WAYS[way]: way(exposure, numbers) for way in WAYS},
    }
    seconds, answers = interleaved(methods, runs=runs)
    alone, alone_2 = seconds["link"] + seconds["draw 1"], seconds["link"] + seconds["draw 2"]
    rows = [
        ("drawing alone + link, 1 thread", alone, 1.0, alone / alone_2, "", ""),
        ("drawing alone + link, 2 threads", alone_2, alone_2 / alone, 1.0, "", ""),
    ]
    for way in WAYS:
        scale = households / min(households, PANDAS_HOMES) if way == "pandas groupby" else 1.0
        taken = seconds["link"] + seconds[way] * scale
        apart = 0.0 if way == "ours" else difference(answers[way], answers["ours"])
        name = f"{way} of {PANDAS_HOMES:,}, x {scale:.0f}" if scale > 1 else way
        rows.append((f"{name} + link", taken, taken / alone, taken / alone_2, peaks[way]["peak"], apart))
    headings = ("way", "median s", "of 1 thread", "of 2 threads", "peak MB", "yuan apart")
    links = (
        f"{len(exposure.links):,} links, {int((~exposure.links['recorded'].astype(bool)).sum()):,} inferred"
    )
    title = f"{households:,} households x {DRAWS:,} draws, {links}, {runs} runs"
    print_table(title, headings, rows)
    print(f"link alone {seconds['link']:.2f} s; the inputs alone hold {peaks['ours']['before']:.0f} MB")
    again(exposure, numbers, answers["ours"])


def again(exposure, numbers, before: pd.DataFrame) -> None:
    """A price changed with the links kept, and what the answer hangs on."""
    dearer = numbers.scaled(PRICE, 0.7, source="benchmark")
    exposure.kept.clear()
    began = time.perf_counter()
    ours(exposure, numbers)
    print(f"first estimate {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    after = ours(exposure, dearer)
    changed = time.perf_counter() - began
    moved = (after["bees_yuan_mean"] - before["bees_yuan_mean"]).sum() / before["bees_yuan_mean"].sum()
    gains = eco.estimate_gains(exposure, numbers, draws=DRAWS, seed=SEED)
    gains.answer(YEAR)
    began = time.perf_counter()
    first = eco.drivers(gains, YEAR)["parameter"].iloc[0]
    took = time.perf_counter() - began
    print(
        f"{PRICE} x 0.7, links kept: {changed:.2f} s, bees {moved:+.1%}; drivers {took:.1f} s, first {first}"
    )


def main() -> None:
    """Compare all ways, or measure the peak of one."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--households", type=int, default=120_000)
    arguments.add_argument("--runs", type=int, default=RUNS)
    arguments.add_argument("--peak", choices=WAYS, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.peak:
        peak_of(asked.peak, asked.households)
    else:
        compare(asked.households, asked.runs)


if __name__ == "__main__":
    main()
