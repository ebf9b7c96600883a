"""A writer killed at any moment, a program of its own: a copy of a small process is made at once, a test's is not.

python killed_writers.py text|layer PATH KILLS: after every kill the file is looked at; the marks found are printed.
"""

import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from eco.files import seal_of, whole_file, write_text

LAYER, POINTS = "points", 2000
_FIRST = 10_000  # marks of one writer


def killed(kills: int, write: Callable[[int], None], look: Callable[[], int]) -> list[int]:
    """What is found after every kill; the kills are spread over four writings, however slow the machine is."""
    took = statistics.median(_seconds(write) for _ in range(5))
    found = []
    for kill in range(1, kills + 1):
        ready, told = os.pipe()
        worker = os.fork()
        if worker == 0:
            _write_on(kill, write, told)
        assert os.read(ready, 1)
        os.close(ready)
        os.close(told)
        share = 4 * (kill * 7 % 60) / 60
        time.sleep(share * took)
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        found.append(look())
        if (
            share > 2 and found[-1] < _FIRST * kill
        ):  # not one writing in the time of two: the machine is slower by now
            took *= 2
    return found


def _seconds(write: Callable[[int], None]) -> float:
    before = time.perf_counter()
    write(0)
    return time.perf_counter() - before


def _write_on(kill: int, write: Callable[[int], None], told: int) -> None:
    """Another mark every time, until killed; whatever else ends it is no end of the parent's program."""
    try:
        os.write(told, b".")
        for number in range(_FIRST):
            write(_FIRST * kill + number)
    finally:
        os._exit(1)


def text_at(path: Path) -> tuple[Callable[[int], None], Callable[[], int]]:
    """A sealed text of one mark over and over, and what is read of it again."""

    def look() -> int:
        text = path.read_text(encoding="utf-8")
        assert len(text) == 400_000 and text == text[:8] * 50_000
        assert seal_of(path) == "whole"
        return int(text[:8])

    return lambda mark: write_text(path, f"{mark:08}" * 50_000, sealed=True), look


def layer_at(path: Path) -> tuple[Callable[[int], None], Callable[[], int]]:
    """A GeoPackage whose points all bear one mark, and what is read of it again."""
    import geopandas as gpd
    import pyogrio
    from shapely.geometry import Point

    points = gpd.GeoDataFrame(geometry=[Point(i, i) for i in range(POINTS)], crs=4544)

    def write(mark: int) -> None:
        with whole_file(path) as draft:
            points.assign(mark=mark).to_file(draft, layer=LAYER, driver="GPKG")

    def look() -> int:
        table = pyogrio.read_dataframe(path, layer=LAYER)
        assert len(table) == POINTS and table["mark"].nunique() == 1
        return int(table["mark"].iloc[0])

    return write, look


if __name__ == "__main__":
    _, kind, place, times = sys.argv
    print(json.dumps(killed(int(times), *{"text": text_at, "layer": layer_at}[kind](Path(place)))))
