"""Thousands of damaged files through the readers, each in a child with a limit on time and memory.

    python tests/benchmarks/mutate.py 2000 [--seed 1] [--sealed] [--workers 2]

Six formats, GeoTIFF with four ways of packing; each file loses its tail, a few bytes, a block, or the part
of another file takes the place of its own: the start of a lone file, the whole of a sidecar. A run ends
well when the reader gives a table or raises DataProblem; a table that differs from the whole one without
a finding is counted as silent. With --sealed every file has its fingerprint beside it: then nothing may
pass in silence.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import xlsxwriter
from rasterio.transform import from_origin
from shapely.geometry import box

sys.path.insert(0, str(Path(__file__).parent.parent))
from small_folder import SOUTH, VILLAGES, WEST, households

from eco.files import seal_path, sha256
from eco.problems import DataProblem
from eco.records.checks import check_table
from eco.records.opening.doors import check_raster, parts_of
from eco.records.readers import Source, read_table
from eco.records.tables import TABLES
from eco.space.rasters import open_raster

FORMATS = ("shp", "gpkg", "geojson", "xlsx", "csv", "tif")
PACKINGS = ("none", "deflate", "lzw", "zstd")
ENDINGS = ("table", "refused", "silent", "escaped", "crashed", "hung")
ROWS = 60
SECONDS = 10.0
MEMORY = 3_000_000_000
PER_CHILD = 500  # files one child reads before a fresh one takes its place
Job = tuple[Path, Path, int]  # a whole file, another of its kind, the seed of the damage


def whole_files(folder: Path, mark: int) -> dict[str, list[Path]]:
    """Good files of each format, one of each way of packing; `mark` tells two sets apart."""
    rng = np.random.default_rng(mark)
    x, y = rng.uniform(0, 9000, (2, ROWS))
    plots = gpd.GeoDataFrame(
        {
            "plot_id": [f"F{mark}{i:03}" for i in range(ROWS)],
            "村代码": [VILLAGES[i % 3] for i in range(ROWS)],
            "面积": 1.5,
            "树种": "云杉",
            "造林年度": 2018,
        },
        geometry=[box(WEST + a, SOUTH + b, WEST + a + 50, SOUTH + b + 20) for a, b in zip(x, y)],
        crs="EPSG:4544",
    )
    folder.mkdir(parents=True)
    paths = {kind: folder / f"forest_plots.{kind}" for kind in FORMATS[:3]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(plots, paths["shp"], driver="ESRI Shapefile", encoding="GBK")
    plots.to_file(paths["gpkg"], layer="forest_plots", driver="GPKG")
    plots.to_crs(4490).to_file(paths["geojson"], driver="GeoJSON")
    people = households(ROWS).assign(户编号=[f"H{mark}{i:03}" for i in range(ROWS)])
    paths |= {kind: folder / f"households.{kind}" for kind in ("xlsx", "csv")}
    paths["csv"].write_bytes(people.to_csv(index=False).encode("gbk"))
    with xlsxwriter.Workbook(str(paths["xlsx"])) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([list(people.columns), *people.to_numpy().tolist()]):
            sheet.write_row(number, 0, row)
    ground = rng.uniform(1500, 2500, (128, 128)).astype("float32")
    rasters = [write_raster(folder / pack / "elevation.tif", ground, pack) for pack in PACKINGS]
    return {**{kind: [path] for kind, path in paths.items()}, "tif": rasters}


def write_raster(path: Path, ground: np.ndarray, pack: str) -> Path:
    """A GeoTIFF in tiles, packed in one of PACKINGS."""
    path.parent.mkdir()
    rows, columns = ground.shape
    profile = {"driver": "GTiff", "height": rows, "width": columns, "count": 1, "dtype": "float32"}
    tiles = {"tiled": True, "blockxsize": 32, "blockysize": 32, "compress": pack}
    place = {"crs": "EPSG:4544", "transform": from_origin(WEST, SOUTH, 30, 30)}
    with rasterio.open(path, "w", **profile, **tiles, **place) as raster:
        raster.write(ground, 1)
        raster.units = ["metre"]
    return path


def damage(path: Path, other: Path, rng: np.random.Generator) -> str:
    """One fault in one part of a file, and what it is called."""
    parts = [part for part in parts_of(path) if part.stat().st_size]
    part = parts[rng.integers(len(parts))]
    fault = rng.choice(["cut", "flip", "flips", "zeros", "noise", "twice", "swap"])
    data = bytearray(part.read_bytes())
    at = int(rng.integers(len(data)))
    if fault == "cut":
        data = data[:at]
    elif fault in ("flip", "flips"):
        for place in rng.integers(len(data), size=1 if fault == "flip" else 20):
            data[place] ^= 1 << int(rng.integers(8))
    elif fault in ("zeros", "noise"):
        count = min(512, len(data) - at)
        data[at : at + count] = bytes(count) if fault == "zeros" else rng.bytes(count)
    elif fault == "twice":
        data[at:at] = data[max(0, at - 200) : at]
    elif len(parts) > 1:
        data = bytearray(other.with_suffix(part.suffix).read_bytes())
    else:
        data = bytearray(other.with_suffix(part.suffix).read_bytes()[:at] + data[at:])
    part.write_bytes(data)
    return str(fault)


def outcome(path: Path, whole: object) -> str:
    """How reading a damaged file ends: table, refused, or silent; other exceptions escape."""
    try:
        found, told = contents(path)
    except DataProblem:
        return "refused"
    same = found.equals(whole) if isinstance(found, pd.DataFrame) else np.array_equal(found, whole)
    return "table" if same or told else "silent"


def contents(path: Path) -> tuple[object, bool]:
    """What a reader makes of a file, and whether it said anything of it."""
    if path.suffix == ".tif":
        faults = [item for item in check_raster(path, "elevation") if item.level == "error"]
        if faults:
            raise DataProblem(faults)
        with open_raster(path) as raster:
            return raster.read(1), False
    name = path.stem
    crs = "EPSG:4490" if path.suffix == ".geojson" else None
    checked = check_table(read_table(Source(TABLES[name], path, crs=crs)))
    frame = pd.DataFrame(checked.frame.drop(columns="where"))
    if "geometry" in frame:
        frame["geometry"] = [shape.wkb_hex if shape else None for shape in frame["geometry"]]
    known = {"E-ENC-02", "E-CRS-01"}
    return frame, bool({item.code for item in checked.findings} - known)


def read_some(jobs: list[Job], wholes: Mapping[Path, object], sealed: bool, answers) -> None:
    """Damage and read each file of a child's share; every answer goes out before the next file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    for whole, other, seed in jobs:
        with tempfile.TemporaryDirectory() as name:
            for part in parts_of(whole):
                copy = Path(name) / part.name
                shutil.copyfile(part, copy)
                if sealed:
                    seal_path(copy).write_text(f"{sha256(copy)}  {copy.name}\n")
            path = Path(name) / whole.name
            fault = damage(path, other, np.random.default_rng(seed))
            answers.send((fault, None))
            try:
                answers.send((fault, outcome(path, wholes[whole])))
            except BaseException as error:  # all that escapes is what is looked for
                answers.send((fault, f"escaped {type(error).__name__}: {str(error)[:80]}"))


def watch(jobs: list[Job], wholes: Mapping[Path, object], sealed: bool) -> Counter:
    """Counts of (format, fault, ending) of a share, read by one child, and by the next one where it died."""
    counts: Counter = Counter()
    context = multiprocessing.get_context("fork")
    start = 0
    while start < len(jobs):
        share = jobs[start:]
        receive, send = context.Pipe(duplex=False)
        child = context.Process(target=read_some, args=(share, wholes, sealed, send))
        child.start()
        send.close()
        done, fault, ending = 0, "", "crashed"
        try:
            while done < len(share):
                if not receive.poll(SECONDS):
                    ending = "hung"
                    raise EOFError
                fault, answer = receive.recv()
                if answer is not None:
                    counts[(name_of(share[done][0]), fault, answer)] += 1
                    done += 1
        except EOFError:
            counts[(name_of(share[done][0]), fault, ending)] += 1
            child.kill()
            done += 1
        child.join()
        start += done
    return counts


def run(files: int, *, seed: int, sealed: bool, folder: Path, workers: int = 1) -> Counter:
    """Counts of (format, fault, ending) over so many damaged files; the same for any number of workers."""
    own, foreign = whole_files(folder / "own", 1), whole_files(folder / "other", 2)
    jobs: list[Job] = []
    for i in range(files):
        kind = FORMATS[i % len(FORMATS)]
        way = i // len(FORMATS) % len(own[kind])
        jobs.append((own[kind][way], foreign[kind][way], seed * 1_000_000 + i))
    wholes = {path: contents(path)[0] for paths in own.values() for path in paths}
    shares = [jobs[start : start + PER_CHILD] for start in range(0, files, PER_CHILD)]
    counts: Counter = Counter()
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        for share in as_completed([pool.submit(watch, share, wholes, sealed) for share in shares]):
            counts += share.result()
            print(f"{counts.total()}/{files}", file=sys.stderr, flush=True)
    return counts


def name_of(path: Path) -> str:
    """A file's format, and how it is packed where there are several ways."""
    return f"tif {path.parent.name}" if path.suffix == ".tif" else path.suffix[1:]


def table(counts: Counter) -> pd.DataFrame:
    """One row a format, one column an ending."""
    rows = pd.DataFrame([(kind, ending.split()[0], count) for (kind, _, ending), count in counts.items()])
    rows.columns = ["format", "ending", "files"]
    counted = rows.pivot_table(index="format", columns="ending", values="files", aggfunc="sum", fill_value=0)
    names = [*FORMATS[:-1], *(f"tif {pack}" for pack in PACKINGS)]
    return counted.reindex(index=names, columns=list(ENDINGS), fill_value=0)


def main() -> None:
    """Damage so many files, print the table and everything that escaped."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("files", type=int, nargs="?", default=2000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--sealed", action="store_true")
    words.add_argument("--workers", type=int, default=2)
    asked = words.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        counts = run(
            asked.files, seed=asked.seed, sealed=asked.sealed, folder=Path(name), workers=asked.workers
        )
    print(table(counts).to_string())
    for (kind, fault, ending), count in sorted(counts.items()):
        if ending.split()[0] in ("escaped", "crashed", "hung", "silent"):
            print(f"{kind:12} {fault:6} {count:4} {ending}")
    print(f"{sum(counts.values())} files in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
