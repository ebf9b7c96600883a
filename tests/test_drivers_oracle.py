"""Shares of the spread beside Sobol's indices from SALib, on a toy whose total is worked out at given values.

The oracle draws its own values (Saltelli's scheme, beta quantiles from scipy) and asks the package only what the
flows come to there: neither its draws nor its curves. That flows at given values are what an estimate with the
numbers fixed there says is a test of its own.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta
from small_projects import TOLD, fixed, link_row, nothing_inferred, small_project

from eco.income.accounts import blocks_of
from eco.income.exposure import link
from eco.income.gains import estimate_gains
from eco.income.influence import drivers
from eco.parameters.draws import Worlds

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what SALib imports may warn as it likes
    from SALib.analyze import sobol as indices
    from SALib.sample import sobol as saltelli

SAMPLES = 4096  # the base of Saltelli's scheme: (numbers + 2) x 4,096 totals
YEAR = 2020
# Yield and price multiply, a cost is added; the middle of each is no mean.
UNCERTAIN = {
    "honey_yield": (0.0, 8.0, 30.0),
    "honey_price_wholesale": (10.0, 30.0, 120.0),
    "hive_running_cost": (0.0, 300.0, 400.0),
}
NAMES = list(UNCERTAIN)


def _exposed(numbers):
    project = small_project(
        households=[{"household_id": "H0", "free_days": 2000.0}],
        links=[link_row("H0", "B1", "keeper", 10, "hives", 2010)],
        apiaries=[{"apiary_id": "B1", "started_year": 2010, "hives_received": 10.0}],
    )
    return link(project, numbers)


def _pert(share, low, mode, high):
    """The quantile of a PERT number, by scipy."""
    width = high - low
    return low + width * beta.ppf(share, 1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width)


def _numbers():
    numbers = nothing_inferred(fixed(direct_sale_kg_per_household=0.0))
    for name, (low, mode, high) in UNCERTAIN.items():
        numbers = numbers.replace(name, low=low, mode=mode, high=high, source=TOLD)
    return numbers


def _totals(exposure, values: np.ndarray) -> np.ndarray:
    """Yuan to the household in the year with the drawn numbers at given values: (samples, numbers) to (samples,)."""
    numbers = _numbers()
    known = {name: np.full((1, 1), numbers[name].mode) for name in numbers}
    known |= {name: values[:, at][None, :] for at, name in enumerate(NAMES)}
    total = np.zeros(len(values))
    for block in blocks_of(exposure.links, exposure, pd.Index(["H0"]), year=YEAR):
        for flow in block.flows:
            total += np.broadcast_to(flow.yuan(block.columns, known, YEAR), (1, len(values)))[0]
    return total


@pytest.fixture(scope="module")
def exposure():
    return _exposed(_numbers())


@pytest.fixture(scope="module")
def sobol(exposure):
    """Sobol's indices of first and of all orders, by SALib."""
    problem = {"num_vars": len(NAMES), "names": NAMES, "bounds": [[0.0, 1.0]] * len(NAMES)}
    shares = saltelli.sample(problem, SAMPLES, calc_second_order=False, seed=3)
    values = np.column_stack([_pert(shares[:, at], *UNCERTAIN[name]) for at, name in enumerate(NAMES)])
    totals = _totals(exposure, values)
    found = indices.analyze(problem, totals, calc_second_order=False, num_resamples=10, seed=3)
    return {key: dict(zip(NAMES, found[key])) for key in ("S1", "ST")}


@pytest.fixture(scope="module")
def found(exposure):
    gains = estimate_gains(exposure, _numbers(), draws=4000, seed=8)
    return drivers(gains, YEAR).set_index("parameter")


@pytest.mark.parametrize("name", NAMES)
def test_a_share_is_sobols_first_order_index(sobol, found, name):
    assert found.loc[name, "share"] == pytest.approx(sobol["S1"][name], abs=0.03)
    assert found.loc[name, "part"] == pytest.approx(sobol["S1"][name], abs=0.03)


def test_the_ranking_is_sobols(sobol, found):
    by_sobol = sorted(NAMES, key=lambda name: -sobol["S1"][name])
    assert [name for name in found.index if name in NAMES] == by_sobol


def test_the_toy_is_no_sum_and_shares_leave_out_what_numbers_do_only_together(sobol, found):
    left = 1 - sum(sobol["S1"].values())
    assert left > 0.05
    assert sobol["ST"]["honey_yield"] - sobol["S1"]["honey_yield"] > 0.05
    assert 1 - found["part"].sum() == pytest.approx(left, abs=0.05)


@pytest.mark.parametrize("values", [(8.0, 30.0, 300.0), (29.0, 12.0, 10.0), (0.5, 110.0, 390.0)])
def test_an_estimate_with_the_numbers_fixed_says_what_the_flows_say(exposure, values):
    numbers = _numbers()
    for name, value in zip(NAMES, values):
        numbers = numbers.replace(name, mode=value, source=TOLD)
    worlds = estimate_gains(exposure, numbers, draws=10, seed=1).answer(YEAR).worlds["gain_yuan"].sum(axis=0)
    assert worlds == pytest.approx(_totals(exposure, np.array([values] * 10)), rel=1e-5)


def test_worlds_at_the_values_they_drew_are_the_worlds_of_the_estimate(exposure):
    gains = estimate_gains(exposure, _numbers(), draws=50, seed=8)
    drawn = Worlds(gains.numbers, 50, 8)
    values = np.array([drawn.shared(name, year=YEAR)[0] for name in NAMES], float).T
    worlds = gains.answer(YEAR).worlds["gain_yuan"].sum(axis=0)
    assert worlds == pytest.approx(_totals(exposure, values), rel=1e-4, abs=0.1)
