"""How much of the spread of a total goes with numbers that differ by household, site or county.

For a number p of unit u, independent of all other units, the part of Var(T) that goes with it in a straight line is
sum over u of Cov(G_u, p_u)^2 / Var(p_u), with G_u the gain of the households that meet p_u. One more walk over the
households answers for all such numbers at once; nothing but one covariance a unit is kept.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eco.income.accounts import COMMON_PARAMETERS, Stream, ledger, price_days, total_gain
from eco.income.gains import Gains
from eco.parameters.draws import Worlds
from eco.parameters.numbers import Number

TOTAL = "gain_yuan"


def own_variance(gains: Gains, year: int) -> dict[tuple[str, str], float]:
    """Variance (yuan^2) of a year's totals by (parameter, measure), for all drawn numbers that not all share.

    Measures are `gain_yuan` and `<livelihood>_yuan`, as in the year's worlds.
    """
    worlds = Worlds(gains.numbers, gains.draws, gains.seed)
    stream = Stream.of(gains.exposure, worlds, year=year)
    users = _users(gains)
    units: dict[tuple[str, str], dict[int, np.ndarray]] = {}
    for cut in stream.cuts(gains.chunk_households):
        book = ledger(stream, cut, year)
        price_days(book, stream, cut, year)
        measures = {f"{name}_yuan": yuan for name, yuan in book.gain.items()} | {TOTAL: total_gain(book)}
        centred = {name: yuan - yuan.mean(axis=1, keepdims=True) for name, yuan in measures.items()}
        for number in users:
            home, unit = _meeting(stream, cut, number, users[number])
            if len(home):
                _collect(units, number, worlds, year, home, unit, centred)
    return {
        key: float(sum(cov**2 / var for cov, var in found.values() if var > 0))
        for key, found in units.items()
    }


def _users(gains: Gains) -> dict[Number, set[str]]:
    """Drawn numbers that not all share, and the livelihoods that use each; none for a household's own."""
    users: dict[Number, set[str]] = {}
    named = [(one.name, name) for one in gains.exposure.livelihoods for name in one.parameters]
    named += [("", name) for name in COMMON_PARAMETERS]
    for livelihood, name in named:
        number = gains.numbers[name]
        if number.drawn and number.varies != "together":
            users.setdefault(number, set()).add(livelihood)
    return users


def _meeting(stream: Stream, cut, number: Number, livelihoods: set[str]) -> tuple[np.ndarray, np.ndarray]:
    """Which household of a chunk meets the number of which unit: positions from the chunk's first, hashes."""
    low, high = cut
    if "" in livelihoods:
        return np.arange(high - low), stream.keys[low:high]
    pairs = [np.empty((0, 2), np.uint64), *_pairs(stream, cut, number, livelihoods)]
    found = np.unique(np.concatenate(pairs), axis=0)
    return found[:, 0].astype(int), found[:, 1]


def _pairs(stream: Stream, cut, number: Number, livelihoods: set[str]) -> Iterator[np.ndarray]:
    for booking in stream.bookings:
        block = booking.block
        if block.one.name in livelihoods:
            links = slice(*np.searchsorted(block.household, cut))
            keys = {"household": block.households, "site": block.sites, "county": block.counties}
            home = (block.household[links] - cut[0]).astype(np.uint64)
            yield np.column_stack([home, keys[number.varies][links]])


def _collect(units, number: Number, worlds: Worlds, year: int, home, unit, centred) -> None:
    """Add the covariances of one chunk's households to those of their units."""
    own, position = np.unique(unit, return_inverse=True)
    values = worlds.each(number.name, own, year=year).astype(float)
    values -= values.mean(axis=1, keepdims=True)
    spread = values.var(axis=1)
    for name, yuan in centred.items():
        products = np.einsum("ij,ij->i", yuan[home], values[position]) / worlds.draws
        cov = np.bincount(position, products, minlength=len(own))
        found = units.setdefault((number.name, name), {})
        for at, key in enumerate(own):
            before = found.get(int(key), (0.0, 0.0))[0]
            found[int(key)] = (before + cov[at], spread[at])
