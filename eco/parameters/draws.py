"""Draws keyed by name and place: the same for any chunk, thread, row order or added parameter.

A draw is a world. The uniform number of parameter `p`, unit `u` (a county, site or household id; none for what
all share) in world `d` is a hash of (seed, p, u, d): a counter-based stream in which nothing depends on what
else was drawn. The mixing step is splitmix64 (Steele, Lea & Flood 2014, doi 10.1145/2660193.2660195).

What changes from year to year follows a Gaussian copula. With e(s) the normal score of the uniform of year s and
r the persistence, the score of year t is z(t) = r z(t-1) + sqrt(1 - r^2) e(t), z = e in the first year: a sum over
innovations keyed by their years, so any year is known without walking through others. A number that goes with a
partner has the score c z(partner) + sqrt(1 - c^2) z(own), c the correlation.
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
# The walk from year to year begins here; before it every year is like the first.
FIRST_YEAR = 1950
NOBODY = np.zeros(1, np.uint64)


def unit_keys(ids) -> np.ndarray:
    """Hashes (uint64) of site or household ids, shape (n,)."""
    return pd.util.hash_array(np.asarray(ids, dtype=object))


def county_keys(codes) -> np.ndarray:
    """Hashes (uint64) of county codes of 6 digits, as text or number, shape (n,); a place of no county is its own.

    >>> bool(county_keys(["621102"])[0] == county_keys([621102.0])[0])
    True
    """
    number = pd.to_numeric(pd.Series(codes), errors="coerce").fillna(0).astype(int)
    return unit_keys(number.astype(str))


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
    """Quantiles of a PERT or triangular number at 0, 1/1024 .. 1: float32, shape (1025,).

    PERT is the beta distribution on [low, high] with a = 1 + 4 (mode - low)/(high - low) and
    b = 1 + 4 (high - mode)/(high - low), mean (low + 4 mode + high)/6 (Malcolm et al. 1959). Triangular has
    the mean (low + mode + high)/3, and more weight near its ends.
    """
    table = {"pert": _pert_table, "triangular": _triangular_table}[number.shape]
    return table(number.low, number.mode, number.high)


@lru_cache(maxsize=512)
def _pert_table(low: float, mode: float, high: float) -> np.ndarray:
    from scipy.special import betaincinv

    width = high - low
    a, b = 1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width
    return (low + width * betaincinv(a, b, np.linspace(0, 1, _CELLS + 1))).astype(np.float32)


@lru_cache(maxsize=512)
def _triangular_table(low: float, mode: float, high: float) -> np.ndarray:
    width, at = high - low, np.linspace(0, 1, _CELLS + 1)
    rising = low + np.sqrt(at * width * (mode - low))
    falling = high - np.sqrt((1 - at) * width * (high - mode))
    return np.where(at * width < mode - low, rising, falling).astype(np.float32)


def by_quantile(number: Number, key: np.uint64, units: np.ndarray, *, draws: int) -> np.ndarray:
    """Draws of a PERT or triangular number for every unit and world: float32, shape (units, draws).

    A uniform of 24 bits picks one of 1024 cells of the quantile table and a place inside it.
    """
    table = quantile_table(number)
    out = np.empty((len(units), draws), np.float32)
    _fill(out, _start(key, units), _steps(draws), table, np.diff(table))
    return out


def normal_scores(key: np.uint64, units: np.ndarray, *, draws: int) -> np.ndarray:
    """Normal scores of the uniforms of a stream: float64, shape (units, draws)."""
    from scipy.special import ndtri

    return ndtri((uniform_bits(key, units, draws=draws) + 0.5) * 2.0**-24)


def innovation_weights(persistence: float, year: int) -> dict[int, float]:
    """How much the innovation of each year weighs in the normal score of `year`; their squares add up to 1.

    What weighs less than single precision shows is left out.

    >>> innovation_weights(0.0, 2020), innovation_weights(1.0, 2020)
    ({2020: 1.0}, {1950: 1.0})
    >>> {past: round(w, 3) for past, w in innovation_weights(0.6, 1952).items()}
    {1950: 0.36, 1951: 0.48, 1952: 0.8}
    """
    year = max(year, FIRST_YEAR)
    weights = {past: persistence ** (year - past) for past in range(FIRST_YEAR, year + 1)}
    fresh = float(np.sqrt(1 - persistence**2))
    weights = {past: w if past == FIRST_YEAR else w * fresh for past, w in weights.items()}
    return {past: w for past, w in weights.items() if w > 2.0**-24}


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
def _fill(out, start, steps, table, rise):  # pragma: no cover - compiled; tested against uniform_bits
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
        """What all households share: float32, shape (1, draws), or (1, 1) for a number that is not drawn."""
        return self.each(name, NOBODY, year=year)

    def each(self, name: str, units: np.ndarray, *, year: int) -> np.ndarray:
        """One row a unit (hashes of county, site or household ids): float32, (units, draws); (1, 1) if not drawn."""
        number = self.numbers[name]
        if not number.drawn:
            return np.full((1, 1), number.mode, np.float32)
        if number.shape == "event":
            return self._happens(number, units, year)
        if number.partner or 0 < number.persistence < 1:
            return self._by_score(number, units, year)
        return by_quantile(number, self._key(number, year), units, draws=self.draws)

    def _key(self, number: Number, year: int) -> np.uint64:
        """The one stream of a number that is the same in all years, or new each year."""
        return stream_key(self.seed, number.name if number.persistence == 1 else f"{number.name}|{year}")

    def _happens(self, number: Number, units: np.ndarray, year: int) -> np.ndarray:
        chance = self.shared(number.chance, year=year)
        if 0 < number.persistence < 1:
            from scipy.special import ndtr

            return (ndtr(self._own_score(number, units, year)) < chance).astype(np.float32)
        bits = uniform_bits(self._key(number, year), units, draws=self.draws)
        return (bits < chance * np.float32(2.0**24)).astype(np.float32)

    def _by_score(self, number: Number, units: np.ndarray, year: int) -> np.ndarray:
        from scipy.special import ndtr

        score = self._score(number, units, year)
        table = quantile_table(number).astype(float)
        return np.interp(ndtr(score), np.linspace(0, 1, _CELLS + 1), table).astype(np.float32)

    def _score(self, number: Number, units: np.ndarray, year: int) -> np.ndarray:
        own = self._own_score(number, units, year)
        if not number.partner:
            return own
        other, shared = self.numbers[number.partner], number.correlation
        of_other = units if other.varies == number.varies else NOBODY
        return shared * self._score(other, of_other, year) + np.sqrt(1 - shared**2) * own

    def _own_score(self, number: Number, units: np.ndarray, year: int) -> np.ndarray:
        """Normal scores without a partner's part: float64, (units, draws). They hang on name and years alone."""
        if number.persistence in (0, 1):
            return normal_scores(self._key(number, year), units, draws=self.draws)
        total = np.zeros((len(units), self.draws))
        for past, weight in innovation_weights(number.persistence, year).items():
            key = stream_key(self.seed, f"{number.name}|{past}")
            total += weight * normal_scores(key, units, draws=self.draws)
        return total


@dataclass(frozen=True)
class Draws:
    """The numbers that a block of links sees in one year: `draws[name]` is (1 or links, draws or 1)."""

    worlds: Worlds
    year: int
    sites: np.ndarray  # hash of each link's site, shape (links,)
    households: np.ndarray  # hash of each link's household, shape (links,)
    counties: np.ndarray  # hash of the county of each link's site, shape (links,)
    shared: dict[tuple, np.ndarray] = field(default_factory=dict)  # filled once, read by all blocks

    def __getitem__(self, name: str) -> np.ndarray:
        known = self.shared.get((name, self.year))
        if known is not None:
            return known
        number = self.worlds.numbers[name]
        if number.varies == "together" or not number.drawn:
            return self._kept((name, self.year), name, NOBODY)
        if number.varies == "household":
            return self.worlds.each(name, self.households, year=self.year)
        units, position = np.unique(
            self.counties if number.varies == "county" else self.sites, return_inverse=True
        )
        if number.varies == "site":
            return self.worlds.each(name, units, year=self.year)[position]
        rows = [
            self._kept((name, self.year, unit), name, units[at : at + 1]) for at, unit in enumerate(units)
        ]
        return rows[0] if len(rows) == 1 else np.concatenate(rows)[position]

    def _kept(self, key: tuple, name: str, units: np.ndarray) -> np.ndarray:
        known = self.shared.get(key)
        if known is None:
            known = self.shared.setdefault(key, self.worlds.each(name, units, year=self.year))
        return known
