"""How the example divides published totals: seeded streams, exact shares, PERT draws, facts."""

from __future__ import annotations

import csv
import io
import zlib
from importlib.resources import files

import numpy as np

INGREDIENTS = files("eco.records.examples") / "ingredients"


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for every part, so that one part can grow without moving the others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def apportion(total: float, weights, *, step: float = 1.0) -> np.ndarray:
    """Shares of `total` in proportion to `weights`, whole multiples of `step` with the exact sum.

    Largest remainders take what rounding left over; ties go to the earlier share.

    >>> apportion(10, [1, 1, 1]).tolist(), apportion(0.5, [2, 3], step=0.1).tolist()
    ([4.0, 3.0, 3.0], [0.2, 0.3])
    """
    weights = np.asarray(weights, float)
    units = round(total / step)
    exact = units * weights / weights.sum()
    shares = np.floor(exact)
    left = int(units - shares.sum())
    shares[np.argsort(shares - exact, kind="stable")[:left]] += 1
    return np.round(shares * step, 6)


def apportion_between(total: int, count: int, *, low: int, high: int, rng: np.random.Generator) -> np.ndarray:
    """`count` random whole shares of `total`, none under `low` or over `high`.

    Raises ValueError where no such shares exist.
    """
    if not low * count <= total <= high * count:
        raise ValueError(f"{total} cannot be {count} shares of {low} to {high}")
    shares = np.full(count, low)
    for _ in range(total - low * count):
        shares[rng.choice(np.flatnonzero(shares < high))] += 1
    return shares


def uneven(count: int, rng: np.random.Generator) -> np.ndarray:
    """Weights of moderately unequal things: lognormal, median 1, spread 0.35."""
    return np.exp(0.35 * rng.standard_normal(count))


def pert(size: int, *, low: float, mode: float, high: float, rng: np.random.Generator) -> np.ndarray:
    """Draws of a PERT distribution between `low` and `high` with its peak at `mode`."""
    first = 1 + 4 * (mode - low) / (high - low)
    return low + (high - low) * rng.beta(first, 6 - first, size)


def read_ingredient(name: str) -> list[dict[str, str]]:
    """Rows of a CSV ingredient, every cell text."""
    return list(csv.DictReader(io.StringIO((INGREDIENTS / name).read_text(encoding="utf-8"))))


def published() -> dict[str, float]:
    """Published quantity of each named fact of programme_facts.csv, households where it gives no quantity.

    Facts without a name went into nothing: they are there for the model to be held against.
    """
    rows = read_ingredient("programme_facts.csv")
    named = [r for r in rows if r["fact"]]
    return {r["fact"]: float(r["quantity"] or r["households"] or "nan") for r in named}
