"""Which guess the answer hangs on: a planted truth is found, and shares are what they can be worked out to be."""

import numpy as np
import pytest
from small_projects import TOLD, dingxi, fixed, link_row, nothing_inferred, small_project

from eco.income.exposure import link
from eco.income.gains import estimate_gains
from eco.income.influence import drivers
from eco.parameters.numbers import load_parameters

DRAWS = 1500


def _gains(numbers, *, homes=1, draws=DRAWS, links=(), **sites):
    project = small_project(
        households=[{"household_id": f"H{k}", "free_days": 2000.0} for k in range(homes)],
        links=links,
        **sites,
    )
    numbers = nothing_inferred(numbers)
    return estimate_gains(link(project, numbers), numbers, draws=draws, seed=8)


def _keepers(numbers, *, homes=1, hives=10, **more):
    return _gains(
        numbers, homes=homes, links=[link_row(f"H{k}", "B1", "keeper", hives, "hives", 2010) for k in range(homes)],
        apiaries=[{"apiary_id": "B1", "started_year": 2010, "hives_received": float(hives * homes)}], **more,
    )  # fmt: skip


def _uncertain(numbers, *names):
    """Fixed numbers of which `names` are drawn again as the house knows them."""
    own = load_parameters()
    for name in names:
        number = own[name]
        numbers = numbers.replace(name, low=number.low, mode=number.mode, high=number.high, source=TOLD)
    return numbers


def test_the_only_uncertain_number_takes_nearly_all_of_the_spread():
    found = drivers(_keepers(_uncertain(fixed(direct_sale_kg_per_household=1e6), "honey_price")), 2020)
    first = found.iloc[0]
    assert first["parameter"] == "honey_price" and first["livelihood"] == "bees"
    assert first["share"] > 0.99 and first["share_of_livelihood"] > 0.99
    assert found.loc[found["parameter"] != "honey_price", "share"].to_numpy().max(initial=0) < 0.01


def test_two_known_contributions_get_their_shares_of_the_variance():
    """10 hives, all in bulk at 50: price a and running cost b add up, so the shares are their variances."""
    numbers = fixed(direct_sale_kg_per_household=0.0, honey_yield=10.0)
    numbers = numbers.replace("honey_price_wholesale", low=40.0, mode=50.0, high=60.0, source=TOLD)
    numbers = numbers.replace("hive_running_cost", low=0.0, mode=50.0, high=100.0, source=TOLD)
    found = drivers(_keepers(numbers, draws=6000), 2020).set_index("parameter")["share"]
    price, cost = (
        (10 * 10 * 20) ** 2,
        (10 * 100) ** 2,
    )  # both PERT of one shape: variance goes with width squared
    assert found["honey_price_wholesale"] == pytest.approx(price / (price + cost), abs=0.05)
    assert found["hive_running_cost"] == pytest.approx(cost / (price + cost), abs=0.05)
    assert list(found.index[:2]) == ["honey_price_wholesale", "hive_running_cost"]


def test_a_frost_year_is_found_as_a_driver():
    numbers = fixed(frost_year_prob=0.3)
    found = drivers(_keepers(numbers), 2020).iloc[0]
    assert found["parameter"] == "frost_year" and found["share"] > 0.99


def test_a_site_number_is_found_where_there_is_one_site():
    numbers = _uncertain(fixed(), "land_rent_hill")
    gains = _gains(
        numbers,
        links=[link_row("H0", "F1", "lessor", 10, "mu", 2018)],
        forest_plots=[{"plot_id": "F1", "tenure": "household"}],
    )
    found = drivers(gains, 2020).iloc[0]
    assert (found["parameter"], found["varies"]) == ("land_rent_hill", "site")
    assert found["share"] > 0.99


def test_household_draws_average_out_beside_what_all_share():
    """Forty keepers: what each has for itself weighs a fortieth of what it weighs for one."""
    numbers = _uncertain(fixed(), "direct_sale_kg_per_household", "honey_price")
    one = drivers(_keepers(numbers), 2020).set_index("parameter")["share"]
    many = drivers(_keepers(numbers, homes=40), 2020).set_index("parameter")["share"]
    assert many["direct_sale_kg_per_household"] < 0.3 * one["direct_sale_kg_per_household"]
    assert many["honey_price"] > one["honey_price"]


@pytest.mark.parametrize("name", ["migrant_month", "hh_days_avail"])
def test_what_labour_costs_is_among_the_drivers_too(name):
    """200 hives ask 400 days; the pay given up beyond the free ones is all that is uncertain."""
    numbers = nothing_inferred(_uncertain(fixed(), name))
    project = small_project(
        households=[{"household_id": "H0"}], links=[link_row("H0", "B1", "keeper", 200, "hives", 2010)],
        apiaries=[{"apiary_id": "B1", "started_year": 2010, "hives_received": 200.0}],
    )  # fmt: skip
    gains = estimate_gains(link(project, numbers), numbers, draws=400, seed=8)
    assert gains.answer(2020).worlds["gain_yuan"].sum(axis=0).std() > 100
    found = drivers(gains, 2020)
    assert name in set(found["parameter"]) and found.iloc[0]["parameter"] == name


def test_nothing_uncertain_has_no_drivers_to_speak_of():
    found = drivers(_keepers(fixed()), 2020)
    assert (found["share"] == 0).all() if len(found) else True
    assert not {"honey_price", "honey_yield"} & set(found.get("parameter", []))


@pytest.fixture(scope="module")
def example_drivers():
    example = dingxi()
    return drivers(estimate_gains(example.exposure, example.numbers, draws=500, seed=1), 2020)


def test_on_the_example_bees_hang_on_yield_price_or_loss(example_drivers):
    bees = example_drivers[example_drivers["livelihood"] == "bees"].sort_values(
        "share_of_livelihood", ascending=False
    )
    named = {
        "honey_yield",
        "honey_price",
        "honey_price_wholesale",
        "hive_loss_smallholder",
        "hive_loss_winter",
    }
    assert len(set(bees["parameter"].head(3)) & named) >= 2


def test_the_table_is_ranked_and_says_how_well_each_number_is_sourced(example_drivers):
    table, numbers = example_drivers, load_parameters()
    assert (np.diff(table["share"]) <= 0).all()
    assert table[["share", "share_of_livelihood"]].to_numpy().min() >= 0
    assert table[["share", "share_of_livelihood"]].to_numpy().max() <= 1
    for row in table.itertuples():
        number = numbers[row.parameter]
        assert (row.grade, row.kind, row.source) == (
            number.source.grade,
            number.source.kind,
            number.source.title,
        )
        assert number.drawn and row.unit == number.unit and row.varies == number.varies
    assert {"forest", "juncao", "bees", "labour"} == set(table["livelihood"])


def test_shares_do_not_move_much_with_the_seed():
    numbers = load_parameters()
    gains = _keepers(numbers, homes=5, draws=800)
    other = estimate_gains(gains.exposure, gains.numbers, draws=800, seed=99)
    first, second = (drivers(one, 2020).set_index("parameter")["share"] for one in (gains, other))
    assert first.sub(second).abs().max() < 0.12
