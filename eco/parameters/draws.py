"""Draws keyed by name and place: the same for any chunk, thread, row order or added parameter.

A draw is a world. The uniform number of parameter `p`, unit `u` (a site or household id; none for what
all share) in world `d` is a hash of (seed, p, u, d): a counter-based stream in which nothing depends on what
else was drawn. The mixing step is splitmix64 (Steele, Lea & Flood 2014, doi 10.1145/2660193.2660195).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache

import numba
import numpy as np
import pandas as pd

from eco.parameters.numbers import Number, Numbers

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_CELLS = 1024


def unit_keys(ids) -> np.ndarray:
    """Hashes (uint64) of site or household ids, shape (n,)."""
    return pd.util.hash_array(np.asarray(ids, dtype=object))


@cache
def stream_key(seed: int, name: str) -> np.uint64:
    """The key of the stream of one name under one seed."""
    return pd.util.hash_array(np.array([f"{seed}|{name}"], dtype=object))[0]


def uniform_bits(key: np.uint64, units: np.ndarray, *, draws: int) -> np.ndarray:
    """24 random bits for every unit and world: uint32, shape (units, draws)."""
    out = np.empty((len(units), draws), np.uint32)
    _bits(out, _start(key, units), _steps(draws))
    return out


def quantile_table(number: Number) -> np.ndarray:
    """Quantiles of a PERT number at 0, 1/1024 .. 1: float32, shape (1025,).

    PERT is the beta distribution on [low, high] with a = 1 + 4 (mode - low)/(high - low) and
    b = 1 + 4 (high - mode)/(high - low), mean (low + 4 mode + high)/6 (Malcolm et al. 1959).
    """
    return _pert_table(number.low, number.mode, number.high)


@lru_cache(maxsize=512)
def _pert_table(low: float, mode: float, high: float) -> np.ndarray:
    from scipy.special import betaincinv

    width = high - low
    a, b = 1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width
    return (low + width * betaincinv(a, b, np.linspace(0, 1, _CELLS + 1))).astype(np.float32)


def pert(number: Number, key: np.uint64, units: np.ndarray, *, draws: int) -> np.ndarray:
    """PERT draws of a number for every unit and world: float32, shape (units, draws).

    A uniform of 24 bits picks one of 1024 cells of the quantile table and a place inside it.
    """
    table = quantile_table(number)
    out = np.empty((len(units), draws), np.float32)
    _fill_pert(out, _start(key, units), _steps(draws), table, np.diff(table))
    return out


def _start(key: np.uint64, units: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return _mixed(np.asarray(units, np.uint64) * _GOLDEN ^ key)


def _steps(draws: int) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.arange(1, draws + 1, dtype=np.uint64) * _GOLDEN


def _mixed(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint64(30))) * _MIX_A
        z = (z ^ (z >> np.uint64(27))) * _MIX_B
    return z ^ (z >> np.uint64(31))


def _bits(out: np.ndarray, start: np.ndarray, steps: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        out[:] = _mixed(start[:, None] + steps[None, :]) >> np.uint64(40)


@numba.njit(nogil=True, cache=True)
def _fill_pert(out, start, steps, table, rise):  # pragma: no cover - compiled; tested against uniform_bits
    for row in range(out.shape[0]):
        for draw in range(out.shape[1]):
            z = start[row] + steps[draw]
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            bits = (z ^ (z >> np.uint64(31))) >> np.uint64(40)
            cell = bits >> np.uint64(14)
            fraction = (np.float32(bits & np.uint64(16383)) + np.float32(0.5)) * np.float32(2.0**-14)
            out[row, draw] = table[cell] + fraction * rise[cell]


@dataclass(frozen=True)
class Worlds:
    """All worlds of one estimate: what every number is in each of `draws` worlds under one seed."""

    numbers: Numbers
    draws: int
    seed: int

    def shared(self, name: str, *, year: int) -> np.ndarray:
        """What all households share: float32, shape (1, draws), or (1, 1) for a chosen number."""
        number = self.numbers[name]
        nobody = np.zeros(1, np.uint64)
        if number.shape == "event" and number.drawn:
            chance = self.shared(number.chance, year=year)
            bits = uniform_bits(stream_key(self.seed, f"{name}|{year}"), nobody, draws=self.draws)
            return (bits < chance * np.float32(2.0**24)).astype(np.float32)
        if not number.drawn:
            return np.full((1, 1), number.mode, np.float32)
        return pert(number, stream_key(self.seed, name), nobody, draws=self.draws)

    def each(self, name: str, units: np.ndarray) -> np.ndarray:
        """One row a unit (hashes of site or household ids): float32, shape (units, draws)."""
        return pert(self.numbers[name], stream_key(self.seed, name), units, draws=self.draws)


@dataclass(frozen=True)
class Draws:
    """The numbers that a block of links sees in one year: `draws[name]` is (1 or links, draws or 1)."""

    worlds: Worlds
    year: int
    sites: np.ndarray  # hash of each link's site, shape (links,)
    households: np.ndarray  # hash of each link's household, shape (links,)
    shared: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)  # filled once, read by all blocks

    def __getitem__(self, name: str) -> np.ndarray:
        known = self.shared.get((name, self.year))
        if known is not None:
            return known
        number = self.worlds.numbers[name]
        if number.varies == "together" or not number.drawn:
            return self.shared.setdefault((name, self.year), self.worlds.shared(name, year=self.year))
        if number.varies == "household":
            return self.worlds.each(name, self.households)
        sites, position = np.unique(self.sites, return_inverse=True)
        return self.worlds.each(name, sites)[position]
