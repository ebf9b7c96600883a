"""How the benchmarks measure: interleaved medians in one process, peak memory in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

RUNS = 3


def interleaved(methods: Mapping[str, Callable], *, runs: int = RUNS) -> tuple[dict[str, float], dict]:
    """Median seconds of every method over `runs` rounds, each round in turn; and the last answers."""
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    answers = {}
    for _ in range(runs):
        for name, method in methods.items():
            began = time.perf_counter()
            answers[name] = method()
            seconds[name].append(time.perf_counter() - began)
    return {name: median(taken) for name, taken in seconds.items()}, answers


def peak_mb() -> float:
    """Most memory this process ever held, MB (Linux: VmHWM, which a new program starts at zero)."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def in_own_process(program: str, *arguments: str) -> dict:
    """Run a benchmark again with arguments and read the JSON it prints last."""
    done = subprocess.run([sys.executable, program, *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def print_table(title: str, headings: tuple[str, ...], rows: list[tuple]) -> None:
    """One table on the terminal; numbers to the right."""
    table = Table(title=title, title_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, str) else f"{cell:,.3g}" for cell in row))
    Console(width=140).print(table)
