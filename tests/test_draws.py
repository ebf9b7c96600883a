"""Draws: the right shape, independent streams, and the same numbers whatever else is drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from small_projects import TOLD

from eco.parameters.draws import (
    NOBODY,
    Draws,
    Worlds,
    by_quantile,
    county_keys,
    quantile_table,
    stream_key,
    uniform_bits,
    unit_keys,
)
from eco.parameters.numbers import load_parameters

NUMBERS = load_parameters()
PERTS = [number for number in NUMBERS.values.values() if number.shape == "pert" and number.drawn]


def _beta(number):
    width = number.high - number.low
    a, b = 1 + 4 * (number.mode - number.low) / width, 1 + 4 * (number.high - number.mode) / width
    return stats.beta(a, b, loc=number.low, scale=width)


@pytest.mark.parametrize("number", PERTS, ids=lambda number: number.name)
def test_pert_draws_follow_the_beta_distribution(number):
    draws = by_quantile(number, stream_key(11, number.name), NOBODY, draws=40_000)[0].astype(float)
    truth = _beta(number)
    assert truth.mean() == pytest.approx((number.low + 4 * number.mode + number.high) / 6)
    assert draws.mean() == pytest.approx(truth.mean(), abs=5 * truth.std() / np.sqrt(len(draws)))
    assert draws.std() == pytest.approx(truth.std(), rel=0.03)
    at = np.array([0.01, 0.1, 0.5, 0.9, 0.99])
    np.testing.assert_allclose(np.quantile(draws, at), truth.ppf(at), atol=0.02 * (number.high - number.low))
    assert number.low <= draws.min() and draws.max() <= number.high * (1 + 1e-6)
    assert stats.kstest(draws, truth.cdf).pvalue > 1e-4


@pytest.mark.parametrize("number", PERTS, ids=lambda number: number.name)
def test_the_quantile_table_is_the_beta_quantile(number):
    table = quantile_table(number)
    assert table.shape == (1025,) and table.dtype == np.float32
    np.testing.assert_allclose(table, _beta(number).ppf(np.linspace(0, 1, 1025)), rtol=1e-5)


def test_the_compiled_loop_uses_the_bits_of_the_plain_one():
    number, key, units = NUMBERS["honey_price"], stream_key(5, "honey_price"), unit_keys(["A", "B", "C"])
    bits = uniform_bits(key, units, draws=333).astype(float)
    uniform = (bits + 0.5) / 2**24
    table = quantile_table(number).astype(float)
    expected = np.interp(uniform, np.linspace(0, 1, 1025), table)
    np.testing.assert_allclose(by_quantile(number, key, units, draws=333), expected, rtol=2e-6)


@pytest.mark.parametrize("seed", [0, 1, 2, 987_654_321])
def test_the_bits_are_uniform_along_worlds_and_along_units(seed):
    key = stream_key(seed, "honey_price")
    worlds = uniform_bits(key, NOBODY, draws=50_000)[0] / 2**24
    units = uniform_bits(key, unit_keys([f"H{k:06d}" for k in range(50_000)]), draws=1)[:, 0] / 2**24
    assert stats.kstest(worlds, "uniform").pvalue > 1e-4
    assert stats.kstest(units, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(worlds[:-1], worlds[1:])[0, 1]) < 0.02


def test_streams_of_different_names_units_seeds_and_neighbouring_worlds_are_independent():
    keys = [stream_key(seed, number.name) for seed in (1, 2) for number in PERTS[:10]]
    streams = [uniform_bits(key, NOBODY, draws=4000)[0] for key in keys]
    homes = uniform_bits(keys[0], unit_keys([f"H{k}" for k in range(20)]), draws=4000)
    rows = np.vstack([*streams, *homes]).astype(float)
    correlation = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(correlation).max() < 5.5 / np.sqrt(4000)
    table = np.histogram2d(rows[0], rows[1], bins=8)[0]
    assert stats.chisquare(table.ravel()).pvalue > 1e-4


def test_a_stream_stays_the_same_when_other_numbers_units_or_worlds_join():
    few = Worlds(NUMBERS, 50, 9)
    other = NUMBERS.replace("honey_yield", low=1.0, mode=2.0, high=3.0, source=TOLD)
    more = Worlds(other, 200, 9)
    np.testing.assert_array_equal(
        few.shared("honey_price", year=2020), more.shared("honey_price", year=2020)[:, :50]
    )
    homes = unit_keys([f"H{k}" for k in range(40)])
    together = few.each("migrant_month", homes, year=2020)
    np.testing.assert_array_equal(
        together[[7, 3]], more.each("migrant_month", homes[[7, 3]], year=2020)[:, :50]
    )


def test_the_key_of_a_unit_does_not_hang_on_its_company():
    ids = [f"H{k}" for k in range(100)]
    np.testing.assert_array_equal(unit_keys(ids)[[5]], unit_keys(["H5"]))
    assert len(np.unique(unit_keys([f"H{k:07d}" for k in range(120_000)]))) == 120_000


def test_a_seed_is_another_set_of_worlds():
    one, two = (Worlds(NUMBERS, 100, seed).shared("honey_price", year=2020) for seed in (1, 2))
    assert not np.any(one == two)


@pytest.mark.parametrize("chance", [0.0, 0.05, 0.3, 1.0])
def test_events_happen_at_the_stated_rate_and_anew_each_year(chance):
    numbers = NUMBERS.replace("frost_year_prob", mode=chance, source=TOLD)
    worlds = Worlds(numbers, 20_000, 4)
    by_year = np.array([worlds.shared("frost_year", year=year)[0] for year in (2019, 2020, 2021)])
    assert set(np.unique(by_year)) <= {0.0, 1.0}
    assert np.abs(by_year.mean(axis=1) - chance).max() <= 5 * np.sqrt(chance * (1 - chance) / 20_000)
    if 0 < chance < 1:
        assert np.abs(np.corrcoef(by_year) - np.eye(3)).max() < 0.04


def test_an_uncertain_chance_makes_frost_as_frequent_as_its_mean_and_goes_with_it():
    worlds = Worlds(NUMBERS, 60_000, 2)
    frost = worlds.shared("frost_year", year=2020)[0]
    chance = worlds.shared("frost_year_prob", year=2020)[0]
    assert frost.mean() == pytest.approx((0.03 + 4 * 0.12 + 0.25) / 6, abs=0.008)
    assert chance[frost == 1].mean() > chance[frost == 0].mean() + 0.005


def test_an_event_fixed_by_hand_is_fixed():
    for value in (0.0, 1.0):
        numbers = NUMBERS.replace("frost_year", mode=value, source=TOLD)
        assert np.all(Worlds(numbers, 300, 1).shared("frost_year", year=2020) == value)


def _draws(numbers=NUMBERS, *, sites=("S1", "S1", "S2"), homes=("H1", "H2", "H1")):
    counties = county_keys(["621102", "621102", "621121"])
    return Draws(Worlds(numbers, 64, 3), 2020, unit_keys(list(sites)), unit_keys(list(homes)), counties)


def test_together_is_one_row_for_all_site_and_household_one_row_a_link():
    draws = _draws()
    assert draws["honey_price"].shape == (1, 64)
    rent, wheat = draws["land_rent_hill"], draws["grain_net_wheat"]
    assert rent.shape == wheat.shape == (3, 64)
    np.testing.assert_array_equal(rent[0], rent[1])
    assert not np.any(rent[0] == rent[2])
    np.testing.assert_array_equal(wheat[0], wheat[2])
    assert np.mean(wheat[0] == wheat[1]) < 0.05
    assert draws["forage_radius"].shape == (1, 1)


def test_a_frost_year_is_shared_by_a_county_and_not_by_two():
    frost = _draws(NUMBERS.replace("frost_year_prob", mode=0.5, source=TOLD))["frost_year"]
    assert frost.shape == (3, 64)
    np.testing.assert_array_equal(frost[0], frost[1])
    assert 0.2 < np.mean(frost[0] != frost[2]) < 0.8


def test_chosen_and_fixed_numbers_are_never_drawn():
    for number in NUMBERS.values.values():
        if number.shape == "chosen":
            assert _draws()[number.name].ravel().tolist() == [np.float32(number.mode)]
    told = NUMBERS.replace("grain_net_wheat", mode=123.0, source=TOLD)
    assert np.all(_draws(told)["grain_net_wheat"] == 123.0)


@given(
    low=st.floats(-1e4, 1e4), rise=st.floats(1e-3, 1e4), fall=st.floats(1e-3, 1e4), seed=st.integers(0, 2**31)
)
@settings(max_examples=50, deadline=None)
def test_any_range_is_kept_and_its_mean_is_pert(low, rise, fall, seed):
    mode, high = low + rise, low + rise + fall
    numbers = NUMBERS.replace("econforest_net", low=low, mode=mode, high=high, source=TOLD)
    draws = Worlds(numbers, 2000, seed).shared("econforest_net", year=2020)[0].astype(float)
    slack = 1e-6 * max(abs(low), abs(high))
    assert low - slack <= draws.min() and draws.max() <= high + slack
    assert draws.mean() == pytest.approx((low + 4 * mode + high) / 6, abs=0.03 * (high - low) + slack)
