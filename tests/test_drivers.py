"""Which guess the answer hangs on: a planted truth is found, and shares are what they can be worked out to be."""

from dataclasses import replace

import numpy as np
import pytest
from small_projects import TOLD, dingxi, fixed, link_row, nothing_inferred, small_project

from eco.income.exposure import link
from eco.income.gains import estimate_gains
from eco.income.influence import FEWEST_DRAWS, doubts, doubts_in_words, doubts_of, drivers, drivers_by_flow
from eco.parameters.numbers import Source, load_parameters
from eco.problems import DataProblem

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
def example_gains():
    example = dingxi()
    return estimate_gains(example.exposure, example.numbers, draws=300, seed=1)


@pytest.fixture(scope="module")
def example_drivers(example_gains):
    return drivers(example_gains, 2020)


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


def _spread_out(numbers, **bounds):
    """Numbers drawn between the bounds given, as (low, mode, high)."""
    for name, (low, mode, high) in bounds.items():
        numbers = numbers.replace(name, low=low, mode=mode, high=high, source=TOLD)
    return numbers


def test_what_two_numbers_do_only_together_is_nobodys_share_but_the_rest():
    """10 hives x yield x price, both beta(1, 5): mean 1/6, variance 5/252, so that v = variance / mean^2 = 5/7.

    Var of the product / mean^2 = 2 v + v^2 = 95/49; each has v of it alone, 35/95, and 25/95 is left to both.
    """
    numbers = fixed(direct_sale_kg_per_household=0.0)
    numbers = _spread_out(numbers, honey_yield=(0.0, 0.0, 60.0), honey_price_wholesale=(0.0, 0.0, 90.0))
    found = drivers(_keepers(numbers, draws=8000), 2020)
    shares = found.set_index("parameter")["share"]
    assert shares[["honey_yield", "honey_price_wholesale"]].to_numpy() == pytest.approx(35 / 95, abs=0.06)
    table = doubts_of(found).set_index("kind")["share"]
    assert table["rest"] == pytest.approx(25 / 95, abs=0.06)
    assert table.sum() == pytest.approx(1)


def test_what_two_tied_numbers_explain_is_counted_once():
    """Half of 100 kg at either price, correlated by c.

    Both have one variance v of 50 kg x price, so the total has 2 v (1 + c). Knowing one tells (1 + c)^2 v: (1 + c) / 2
    of the whole, which for both together is more than there is. Each has half of it.
    """
    numbers = fixed(direct_sale_kg_per_household=50.0, honey_yield=10.0)
    both = {"honey_price": (140.0, 160.0, 180.0), "honey_price_wholesale": (40.0, 60.0, 80.0)}
    found = drivers(_keepers(_spread_out(numbers, **both), draws=3000), 2020).set_index("parameter").head(2)
    tie = load_parameters()["honey_price_wholesale"].correlation
    assert set(found.index) == set(both) and tie > 0.5
    assert found["share"].to_numpy() == pytest.approx((1 + tie) / 2, abs=0.04)
    assert found["part"].to_numpy() == pytest.approx(0.5, abs=0.04)
    assert found["part"].sum() == pytest.approx(1, abs=0.01)


def test_a_chance_and_its_event_are_one_doubt():
    """Frost comes in half of the years, more or less: the chance acts through the frost alone."""
    gains = _keepers(_spread_out(fixed(), frost_year_prob=(0.0, 0.5, 1.0)))
    found = drivers(gains, 2020).set_index("parameter")
    assert found.loc["frost_year_prob", "share"] > 0.05
    assert found.loc["frost_year_prob", "part"] == 0
    assert 0.99 < found["part"].sum() <= 1 + 1e-9


def _graded(numbers, name, grade, kind):
    old = numbers[name]
    values = {**numbers.values, name: replace(old, source=Source(kind, grade, TOLD))}
    return replace(numbers, values=values)


def test_doubts_by_grade_are_the_shares_planted():
    """Price and cost add up with variances 4 : 1 (widths 20 x 100 kg and 100 x 10 hives); one is a guess."""
    numbers = fixed(direct_sale_kg_per_household=0.0, honey_yield=10.0)
    bounds = {"honey_price_wholesale": (40.0, 50.0, 60.0), "hive_running_cost": (0.0, 50.0, 100.0)}
    numbers = _spread_out(numbers, **bounds)
    numbers = _graded(numbers, "honey_price_wholesale", "D", "judgement")
    numbers = _graded(numbers, "hive_running_cost", "A", "paper")
    gains = _keepers(numbers, draws=3000)
    table = doubts(gains, 2020)
    by_kind = table.set_index("kind")
    assert by_kind.loc["judgement", "share"] == pytest.approx(0.8, abs=0.04)
    assert by_kind.loc["paper", "share"] == pytest.approx(0.2, abs=0.04)
    assert by_kind.loc["paper", ["grade", "parameters", "seen"]].tolist() == ["A", 1, 1]
    assert list(table["kind"]) == ["judgement", "paper", *table["kind"][2:-1], "rest"]
    words = doubts_in_words(drivers(gains, 2020))
    share, label = (
        f"{by_kind.loc['judgement', 'share']:.0%}".replace("%", " %"),
        numbers["honey_price_wholesale"].label,
    )
    assert words.zh == f"这一个专家判断占不确定性的 {share}：{label.zh}。"
    assert words.en == f"This judgement carries {share} of the doubt: {label.en}."


def test_where_no_judgement_stands_out_the_sentence_says_so():
    assert doubts_in_words(drivers(_keepers(fixed()), 2020)).en == "No judgement stands out in the doubt."


def test_the_sentence_of_the_example_names_three_judgements_with_their_part(example_drivers):
    words = doubts_in_words(example_drivers)
    guesses = example_drivers[example_drivers["kind"] == "judgement"].drop_duplicates("parameter")
    first = guesses.nlargest(3, "part")
    assert words.zh.startswith("这三个专家判断占") and words.en.startswith("These three judgements carry")
    assert f"{first['part'].sum():.0%}".replace("%", " %") in words.zh
    assert all(label in words.en for label in first["label_en"])


def test_doubts_of_the_example_add_up_and_count_every_number_once(example_drivers):
    table = doubts_of(example_drivers)
    assert table["share"].sum() == pytest.approx(1)
    assert table["parameters"].sum() == example_drivers["parameter"].nunique()
    assert example_drivers.groupby("parameter")["part"].nunique().max() == 1
    assert (table["seen"] <= table["parameters"]).all()


def test_flows_get_the_shares_of_the_variance_planted():
    """Sales vary 4 times as much as costs, and add up: 80 and 20 of a hundred."""
    numbers = fixed(direct_sale_kg_per_household=0.0, honey_yield=10.0)
    bounds = {"honey_price_wholesale": (40.0, 50.0, 60.0), "hive_running_cost": (0.0, 50.0, 100.0)}
    found = drivers_by_flow(_keepers(_spread_out(numbers, **bounds), draws=2000), 2020).set_index("flow")
    assert found.loc["honey_sales", "share"] == pytest.approx(0.8, abs=0.06)
    assert found.loc["running_cost", "share"] == pytest.approx(0.2, abs=0.06)
    assert found.loc["running_cost", "sd_yuan"] == pytest.approx(10 * 100 / np.sqrt(28), rel=0.1)  # PERT's
    assert found.loc["given_up", "mean_yuan"].abs().max() < 0.01


def test_two_flows_that_move_against_each_other_have_shares_of_either_sign():
    """A better yield sells more honey; where the labour of 200 hives is dear, pay is given up beside it."""
    numbers = nothing_inferred(_uncertain(fixed(), "migrant_month", "honey_yield"))
    links = [link_row("H0", "B1", "keeper", 200, "hives", 2010)]
    project = small_project(
        households=[{"household_id": "H0"}], links=links,
        apiaries=[{"apiary_id": "B1", "started_year": 2010, "hives_received": 200.0}],
    )  # fmt: skip
    gains = estimate_gains(link(project, numbers), numbers, draws=400, seed=8)
    found = drivers_by_flow(gains, 2020)
    given_up = found[found["flow"] == "given_up"]
    assert given_up["mean_yuan"].min() < -100 and given_up["share"].max() > 0
    assert found["share"].sum() == pytest.approx(1, abs=1e-5)
    own = gains.flows("H0", 2020).groupby("flow_en")["yuan_mean"].sum()
    both = found.groupby("label_en")["mean_yuan"].sum()
    assert both[both.abs() > 0.01].to_dict() == pytest.approx(own.to_dict(), rel=1e-4)


def test_flows_of_the_example_add_up_to_the_total_and_its_spread(example_gains):
    found = drivers_by_flow(example_gains, 2020)
    total = example_gains.answer(2020).worlds["gain_yuan"].sum(axis=0)
    assert found["mean_yuan"].sum() == pytest.approx(total.mean(), rel=1e-6)
    assert found["share"].sum() == pytest.approx(1, abs=1e-6)
    assert (np.diff(found["share"]) <= 0).all() and found.notna().all(axis=None)
    assert (found.loc[found["livelihood"] == "labour", "mean_yuan"] <= 0.01).all()


def test_flows_are_looked_at_in_the_first_worlds_of_the_answer():
    """More draws than are looked at: what the total varies by there is still all told."""
    gains = _keepers(_uncertain(fixed(), "honey_price", "honey_yield"), draws=1000)
    found = drivers_by_flow(gains, 2020)
    first = gains.answer(2020).worlds["gain_yuan"].sum(axis=0)[:400]
    assert found["mean_yuan"].sum() == pytest.approx(first.mean(), rel=1e-5)
    assert found["share"].sum() == pytest.approx(1, abs=1e-5)


def test_nothing_uncertain_leaves_no_share_anywhere():
    gains = _keepers(fixed(), draws=FEWEST_DRAWS)
    assert (drivers_by_flow(gains, 2020)["share"] == 0).all()
    assert (doubts(gains, 2020)["share"] == 0).all()


@pytest.mark.parametrize("ask", [drivers, doubts, drivers_by_flow])
def test_too_few_draws_are_refused_in_both_languages(ask):
    with pytest.raises(DataProblem, match=r"增加 --draws(.|\n)*at least 200 draws"):
        ask(_keepers(fixed(), draws=FEWEST_DRAWS - 1), 2020)


def test_a_year_before_anything_began_has_no_drivers():
    gains = _keepers(load_parameters(), draws=FEWEST_DRAWS)
    found = drivers(gains, 2005)
    assert (found[["share", "part"]] == 0).all(axis=None)
    assert doubts_of(found).notna().all(axis=None) and drivers_by_flow(gains, 2005).notna().all(axis=None)
