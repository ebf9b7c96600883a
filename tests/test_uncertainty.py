"""How numbers are drawn: year by year, county by county, in company; and what is refused."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from scipy import stats
from small_projects import TOLD

from eco.parameters.draws import NOBODY, Worlds, county_keys, innovation_weights, quantile_table, unit_keys
from eco.parameters.numbers import Numbers, load_parameters
from eco.problems import DataProblem

NUMBERS = load_parameters()
DRAWS = 40_000
NOISE = 5 / np.sqrt(DRAWS)
HEAD = "name,low,mode,high,source,note,shape,varies,persistence,with,correlation\n"


def _told(name, **how):
    return NUMBERS.replace(name, source=TOLD, **how)


def _scores(worlds, name, year):
    values = worlds.shared(name, year=year)[0]
    return stats.norm.ppf((stats.rankdata(values) - 0.5) / len(values))


def _corr(first, second):
    return np.corrcoef(first, second)[0, 1]


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8, 0.95, 1.0])
def test_years_are_correlated_as_the_persistence_says(rho):
    worlds = Worlds(_told("hive_running_cost", persistence=rho), DRAWS, 3)
    years = {year: _scores(worlds, "hive_running_cost", year) for year in (2016, 2017, 2020)}
    assert _corr(years[2016], years[2017]) == pytest.approx(rho, abs=NOISE)
    assert _corr(years[2017], years[2020]) == pytest.approx(rho**3, abs=NOISE)
    if rho == 1:
        np.testing.assert_array_equal(years[2016], years[2020])


@pytest.mark.parametrize("year", [1950, 1951, 2020, 2060])
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8, 0.99, 1.0])
def test_the_spread_of_a_number_is_the_same_in_every_year(rho, year):
    assert sum(w**2 for w in innovation_weights(rho, year).values()) == pytest.approx(1, abs=1e-6)
    if year == 2020:
        number = NUMBERS["hive_running_cost"]
        draws = Worlds(_told("hive_running_cost", persistence=rho), DRAWS, 3).shared(number.name, year=year)[
            0
        ]
        span = number.high - number.low
        assert draws.mean() == pytest.approx(number.mean, abs=NOISE * span)
        truth = stats.beta(
            1 + 4 * (number.mode - number.low) / span, 1 + 4 * (number.high - number.mode) / span
        )
        assert stats.kstest((draws.astype(float) - number.low) / span, truth.cdf).pvalue > 1e-4


def test_a_year_is_the_same_whatever_other_years_are_asked():
    alone = Worlds(NUMBERS, 300, 7).shared("honey_price", year=2020)
    walked = Worlds(NUMBERS, 300, 7)
    for year in range(2010, 2020):
        walked.shared("honey_price", year=year)
    np.testing.assert_array_equal(walked.shared("honey_price", year=2020), alone)


def test_prices_and_harvests_keep_part_of_the_year_before_and_frost_nothing():
    assert 0 < NUMBERS["honey_price"].persistence < 1 and 0 < NUMBERS["honey_yield"].persistence < 1
    assert NUMBERS["frost_year"].persistence == 0 and NUMBERS["frost_year"].varies == "county"
    assert NUMBERS["plant_labour_days"].persistence == 1


def test_a_county_shares_its_frost_and_another_has_its_own():
    numbers = _told("frost_year_prob", mode=0.3)
    keys = county_keys(["621102", 621102.0, "621126"])
    frost = Worlds(numbers, DRAWS, 4).each("frost_year", keys, year=2020)
    np.testing.assert_array_equal(frost[0], frost[1])
    assert frost.mean(axis=1) == pytest.approx(0.3, abs=NOISE)
    assert _corr(frost[0], frost[2]) == pytest.approx(0, abs=NOISE)


def test_an_event_may_last():
    numbers = _told("frost_year_prob", mode=0.3).replace("frost_year", persistence=0.9, source=TOLD)
    worlds = Worlds(numbers, DRAWS, 4)
    frost = np.array([worlds.shared("frost_year", year=year)[0] for year in (2018, 2019)])
    assert frost.mean(axis=1) == pytest.approx(0.3, abs=NOISE)
    assert _corr(*frost) > 0.5


@pytest.mark.parametrize(("low", "mode", "high"), [(2.0, 3.0, 9.0), (0.0, 0.0, 1.0), (5.0, 9.0, 9.0)])
def test_triangular_quantiles_are_those_of_scipy(low, mode, high):
    number = _told("hive_running_cost", low=low, mode=mode, high=high, shape="triangular")[
        "hive_running_cost"
    ]
    truth = stats.triang((mode - low) / (high - low), loc=low, scale=high - low)
    np.testing.assert_allclose(
        quantile_table(number), truth.ppf(np.linspace(0, 1, 1025)), rtol=1e-5, atol=1e-6
    )
    assert number.mean == pytest.approx(truth.mean())
    draws = Worlds(_told(number.name, low=low, mode=mode, high=high, shape="triangular"), DRAWS, 1)
    values = draws.shared(number.name, year=2020)[0].astype(float)
    assert stats.kstest(values, truth.cdf).pvalue > 1e-4


@pytest.mark.parametrize("correlation", [-0.9, -0.3, 0.5, 0.95])
@pytest.mark.parametrize("persistence", [1.0, 0.6])
def test_partners_go_together_as_told(correlation, persistence):
    numbers = _told(
        "hive_running_cost", partner="honey_yield", correlation=correlation, persistence=persistence
    )
    worlds = Worlds(numbers, DRAWS, 9)
    own, other = (_scores(worlds, name, 2020) for name in ("hive_running_cost", "honey_yield"))
    assert _corr(own, other) == pytest.approx(correlation, abs=NOISE)
    assert stats.kstest(own, "norm").pvalue > 1e-4


def test_households_may_go_with_what_all_share():
    numbers = _told("migrant_month", partner="honey_price", correlation=0.6)
    worlds = Worlds(numbers, DRAWS, 9)
    pay = worlds.each("migrant_month", unit_keys(["H1", "H2"]), year=2020)
    price = worlds.shared("honey_price", year=2020)[0]
    ranks = [stats.norm.ppf((stats.rankdata(row) - 0.5) / DRAWS) for row in (*pay, price)]
    correlation = np.corrcoef(ranks)
    assert correlation[0, 2] == pytest.approx(0.6, abs=NOISE)
    assert correlation[0, 1] == pytest.approx(0.36, abs=NOISE)


def test_a_number_that_joins_or_is_fixed_changes_no_other():
    homes = unit_keys(["H1", "H2"])
    joined = MappingProxyType(
        {"a_new_one": replace(NUMBERS["honey_yield"], name="a_new_one"), **NUMBERS.values}
    )
    fewer = MappingProxyType(
        {name: number for name, number in NUMBERS.values.items() if name != "juncao_price"}
    )
    fixed = _told("honey_price", mode=100.0).values  # its partner keeps its draws
    usual = Worlds(NUMBERS, 64, 5)
    for values in (joined, fewer, fixed):
        other = Worlds(Numbers(values, NUMBERS.lines), 64, 5)
        for name in set(values) & set(NUMBERS.values) - {"honey_price"}:
            for units in (NOBODY, homes):
                np.testing.assert_array_equal(
                    usual.each(name, units, year=2020), other.each(name, units, year=2020), err_msg=name
                )


@pytest.mark.parametrize(
    ("name", "how", "code"),
    [
        ("honey_price", {"shape": "normal"}, "E-PAR-08"),
        ("honey_price", {"varies": "village"}, "E-PAR-08"),
        ("honey_price", {"persistence": 1.2}, "E-PAR-10"),
        ("honey_price", {"persistence": float("nan")}, "E-PAR-10"),
        ("honey_price", {"partner": "honey_yield", "correlation": 1.5}, "E-PAR-10"),
        ("honey_price", {"partner": "honey_yield"}, "E-PAR-10"),
        ("honey_price", {"correlation": 0.5}, "E-PAR-10"),
        ("honey_price", {"partner": "honey_jield", "correlation": 0.5}, "E-PAR-11"),
        ("honey_yield", {"partner": "frost_year", "correlation": 0.5}, "E-PAR-11"),
        ("honey_price", {"partner": "honey_price", "correlation": 0.5}, "E-PAR-11"),
        ("honey_yield", {"partner": "migrant_month", "correlation": 0.5}, "E-PAR-11"),
        ("honey_yield", {"shape": "event"}, "E-PAR-11"),
        ("survival_north", {"high": 1.1}, "E-PAR-09"),
        ("frost_year_prob", {"mode": 1.5}, "E-PAR-09"),
        ("honey_price", {"low": -1.0}, "E-PAR-09"),
        ("honey_price", {"low": 150.0}, "E-PAR-05"),
    ],
)
def test_what_makes_no_sense_is_refused_in_both_languages(name, how, code):
    with pytest.raises(DataProblem) as problem:
        _told(name, **how)
    finding = next(finding for finding in problem.value.findings if finding.column == name)
    assert finding.code == code
    assert finding.sentence("zh") and finding.sentence("en")


def test_numbers_may_go_with_one_that_goes_with_another_but_never_in_a_circle():
    chain = _told("honey_price", partner="honey_yield", correlation=0.5)
    worlds = Worlds(chain, DRAWS, 2)
    scores = [_scores(worlds, name, 2020) for name in ("honey_yield", "honey_price", "honey_price_wholesale")]
    assert _corr(scores[0], scores[2]) == pytest.approx(
        0.5 * chain["honey_price_wholesale"].correlation, abs=NOISE
    )
    with pytest.raises(DataProblem, match="E-PAR-11"):
        _told("honey_price", partner="honey_price_wholesale", correlation=0.5)


def test_a_net_may_be_negative():
    assert _told("grain_net_wheat", low=-50.0)["grain_net_wheat"].low == -50


def test_a_countys_file_may_say_how_a_number_is_drawn(tmp_path):
    path = tmp_path / "parameters.csv"
    path.write_text(
        HEAD + "juncao_price,60,80,90,县蜂业站,,triangular,county,0.5,honey_yield,-0.4\n", encoding="utf-8"
    )
    price = load_parameters(path)["juncao_price"]
    assert (price.shape, price.varies, price.persistence) == ("triangular", "county", 0.5)
    assert (price.partner, price.correlation) == ("honey_yield", -0.4)


def test_faults_of_a_countys_file_are_told_with_their_rows(tmp_path):
    path = tmp_path / "parameters.csv"
    rows = [
        "honey_price,60,80,90,县蜂业站,,round,,,,",
        "survival_north,0.8,0.9,1.4,县林业局,,,,,,",
        "juncao_price,1,2,3,县,,,,often,,",
        "honey_yield,4,9,12,县,,,,2,,",
    ]
    path.write_text(HEAD + "\n".join(rows), encoding="utf-8")
    with pytest.raises(DataProblem) as problem:
        load_parameters(path)
    told = {finding.code: finding.where for finding in problem.value.findings}
    expected = {"E-PAR-08": "row 2", "E-PAR-09": "row 3", "E-PAR-03": "row 4", "E-PAR-10": "row 5"}
    assert told.keys() == expected.keys() and all(expected[code] in told[code] for code in told)
