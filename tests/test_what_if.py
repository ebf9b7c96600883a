"""Two estimates beside each other, misfortunes, what reached whom, and published facts: each with a truth planted."""

import numpy as np
import pandas as pd
import pytest
from small_projects import fixed, link_row, nothing_inferred, small_project

from eco.income.backtest import FACT_COLUMNS, against_payments, backtest
from eco.income.comparison import compare, compare_households
from eco.income.exposure import link
from eco.income.fiscal import grain_land, yuan_a_fiscal_yuan
from eco.income.gains import estimate_gains
from eco.income.stress import STRESSES, Stress, falling, stress_table, under
from eco.parameters.numbers import load_parameters
from eco.problems import DataProblem

HOMES = [
    {"household_id": "H0", "income_yuan_per_person": 3000.0},
    {"household_id": "H1", "income_yuan_per_person": 3900.0},
    {"household_id": "H2", "income_yuan_per_person": 4500.0, "register_type": "general"},
]
PLOTS = [{"plot_id": "F1", "land_class": "farmland", "area_mu": 100.0, "planted_year": 2019}]
LINKS = [
    link_row("H0", "F1", "guard", 1, "posts", 2019),
    link_row("H1", "F1", "guard", 1, "posts", 2020),
    link_row("H2", "F1", "planter", 30, "days", 2019),
]


def county(**said):
    return small_project(**({"households": HOMES, "forest_plots": PLOTS, "links": LINKS} | said))


def estimate(project, numbers=None, *, draws=50, seed=2):
    numbers = nothing_inferred(numbers or fixed(guard_wage=8000, day_wage_planting=100))
    return estimate_gains(link(project, numbers), numbers, draws=draws, seed=seed)


def test_a_difference_is_taken_world_by_world():
    numbers = nothing_inferred(load_parameters())
    dearer = numbers.scaled("guard_wage", 1.1, source="what if")
    a, b = estimate(county(), numbers, draws=400), estimate(county(), dearer, draws=400)
    row = compare(a, b, year=2020).set_index("measure").loc["gain_recurrent_yuan"]
    tenth = a.answer(2020).worlds["gain_recurrent_yuan"].sum(axis=0) * 0.1
    assert row["difference"] == pytest.approx(tenth.mean(), rel=1e-5)
    assert (row["p10"], row["p90"]) == pytest.approx(np.quantile(tenth, (0.1, 0.9)), rel=1e-5)
    assert row["chance_higher"] == 1
    spread = a.totals(2020).loc["gain_recurrent_yuan"]
    assert row["p90"] - row["p10"] < 0.2 * (spread["p90"] - spread["p10"])


def test_estimates_of_other_worlds_cannot_be_compared():
    a = estimate(county())
    for other in (
        estimate(county(), seed=3),
        estimate(county(), draws=40),
        estimate(county(households=HOMES[:2], links=LINKS[:2])),
    ):
        with pytest.raises(DataProblem, match="E-EST-09"):
            compare(a, other)


def test_households_before_and_after():
    a = estimate(county())
    b = under(a, Stress("half", STRESSES[0].label, scaled={"guard_wage": 0.5}))
    table = compare_households(a, b, year=2020).set_index("household_id")
    assert table.loc["H0", "gain_yuan_mean_change"] == pytest.approx(-4000)
    assert table.loc["H2", "gain_yuan_mean_change"] == 0


def test_who_falls_below_the_line_is_named_by_the_wages_that_do_not_come():
    gains = estimate(county())
    late = next(stress for stress in STRESSES if stress.name == "wages_late")
    assert list(falling(gains, under(gains, late), 2020)["household_id"]) == ["H0", "H1"]
    table = stress_table(gains, 2020).set_index("stress")
    assert table.loc["wages_late", "recurrent_change"] == pytest.approx(-16_000)
    assert table.loc["wages_late", "persons_falling"] == 8
    assert table.loc["wages_late", ["first_place", "first_place_persons"]].tolist() == ["安定区甲镇", 8]
    assert table.loc["frost", ["first_place", "first_place_persons"]].tolist() == ["", 0]
    assert table.loc["frost", "recurrent_change"] == 0 and table.notna().all().all()
    assert table.index[0] == "wages_late"


def test_every_stress_names_numbers_there_are_and_says_so():
    numbers = load_parameters()
    for stress in STRESSES:
        hurt = stress.upon(numbers)
        for name in (*stress.scaled, *stress.fixed):
            assert hurt[name] != numbers[name] and stress.label.zh in hurt[name].source.title


def test_yuan_a_fiscal_yuan_by_hand():
    # 100 mu at 3,519 yuan; of its planters one is poor (20 days at 100), the other is not; two guards of 8,000, one
    # from 2019 and one from 2020, are paid by the state, which no mu of the project's cost holds.
    links = [*LINKS, link_row("H1", "F1", "planter", 20, "days", 2019)]
    numbers = fixed(guard_wage=8000, day_wage_planting=100, forest_project_cost=3519)
    row = (
        yuan_a_fiscal_yuan(estimate(county(links=links), numbers), 2020).set_index("livelihood").loc["forest"]
    )
    assert row["spent_yuan"] == pytest.approx(351_900)
    assert row["reached_yuan"] == pytest.approx(2_000, rel=1e-5)
    assert row["state_yuan"] == pytest.approx(24_000, rel=1e-5)
    assert row["ratio_mean"] == pytest.approx(2_000 / 351_900, rel=1e-5)


def test_only_a_gift_of_hives_is_called_an_asset():
    table = yuan_a_fiscal_yuan(estimate(county(apiaries=[{"apiary_id": "B1"}])), 2020).set_index("livelihood")
    assert (table.loc[["forest", "bees"], "reached_yuan"] == 0).all()
    assert table.loc["forest", "note_en"] == "" and "asset" in table.loc["bees", "note_en"]


def test_a_livelihood_without_a_cost_cannot_tell():
    gains = estimate(county(juncao_plots=[{"plot_id": "J1"}]))
    row = yuan_a_fiscal_yuan(gains, 2020).set_index("livelihood").loc["juncao"]
    assert np.isnan(row["ratio_mean"]) and "cannot tell" in row["note_en"]


def test_grain_land_counts_farmland_alone_and_grass_in_its_season():
    plots = [
        {"plot_id": "J1", "land_class": "farmland", "area_mu": 30.0, "season": 2019},
        {"plot_id": "J2", "land_class": "farmland", "area_mu": 40.0, "season": 2020},
        {"plot_id": "J3", "area_mu": 50.0, "season": 2020},
    ]
    table = grain_land(estimate(county(juncao_plots=plots)), 2020).set_index("livelihood")
    assert table.loc["juncao", "farmland_mu"] == 40 and table.loc["juncao", "all_mu"] == 90
    assert table.loc["forest", "farmland_mu"] == 100


def fact(**said):
    row = {
        **dict.fromkeys(FACT_COLUMNS, ""),
        "county": "安定区",
        "kind": "bees",
        "use": "check",
        "town_village": "",
    }
    return pd.DataFrame([row | said])


def yards():
    return county(
        apiaries=[{"apiary_id": "B1", "hives_received": 10.0, "started_year": 2016}],
        links=[link_row("H0", "B1", "keeper", 10, "hives", 2016)],
    )


def test_a_stated_income_is_held_against_gross_receipts():
    gains = estimate(yards(), load_parameters(), draws=500)
    told = backtest(gains, fact(stated_income="50000", income_unit="yuan/hh-yr")).iloc[0]
    gross = gains.households(2020).set_index("household_id").loc["H0", "gross_receipts_yuan"]
    assert told["told"] == "yes" and told["model_mean"] == pytest.approx(gross, rel=1e-4)
    assert told["model_p10"] < told["model_mean"] < told["model_p90"] and told["z"] > 0
    assert "gross" in told["why_en"]


def test_quantities_and_persons_have_no_spread_and_no_score():
    table = backtest(estimate(yards()), fact(quantity="12", unit="hives", persons="9")).set_index("what_en")
    hives, persons = table.loc["quantity of the programme"], table.loc["persons with recorded links"]
    assert (hives["published"], hives["model_mean"]) == (12, 10) and np.isnan(hives["z"])
    assert (persons["published"], persons["model_mean"]) == (9, 4)


def test_a_stated_increase_is_held_against_the_net_gain():
    gains = estimate(yards(), load_parameters(), draws=500)
    told = backtest(gains, fact(stated_income="1000", income_unit="yuan/hh increase")).iloc[0]
    own = gains.flows("H0", 2020)
    net, gross = own["yuan_mean"].sum(), own.loc[own["payee"] == "household", "yuan_mean"].sum()
    assert own["livelihood"].unique().tolist() == ["bees"]  # ten hives ask for no paid day to be given up
    assert told["model_mean"] == pytest.approx(net, rel=1e-4) and net < gross - 100
    assert told["what_en"].startswith("net gain") and "net" in told["why_en"]


def test_a_fact_is_held_against_its_own_time_and_village():
    yard = {"hives_received": 10.0, "started_year": 2016}
    later = {"apiary_id": "B2", "hives_received": 30.0, "started_year": 2019}
    beside = {"apiary_id": "B3", "hives_received": 7.0, "started_year": 2016, "village_code": "621102101202"}
    project = county(
        apiaries=[{"apiary_id": "B1", **yard}, later, beside],
        juncao_plots=[
            {"plot_id": "J1", "season": 2018, "area_mu": 5.0},
            {"plot_id": "J2", "season": 2019, "area_mu": 6.0},
        ],
        links=[link_row("H0", "B1", "keeper", 10, "hives", 2016)],
    )
    gains = estimate(project)

    def model(**said):
        return backtest(gains, fact(quantity="1", **said)).iloc[0]["model_mean"]

    assert model(year="to 2018-09") == 17 and model(year="2019-2020") == 47 and model(year="undated") == 47
    assert model(town_village="甲镇 东村", year="2018") == 10
    assert model(town_village="甲镇 东村、南村 (城边)", year="2018") == 17
    assert model(kind="juncao", year="2019") == 6 and model(kind="juncao", year="2018-2019") == 11


def test_receipts_are_those_of_the_year_the_press_speaks_of():
    gains = estimate(county(), fixed(guard_wage=8000, day_wage_planting=100))
    said = fact(kind="forest", stated_income="9000", income_unit="yuan/hh-yr", year="2019")
    told = backtest(gains, said).iloc[0]
    # In 2019 the guard H0 has 8,000 and the planter H2 3,000; H1 has a post from 2020 on.
    assert told["model_mean"] == pytest.approx(11_000 / 3) and told["unit"] == "yuan (2019)"


def test_a_target_is_called_one_and_an_input_is_one_number_of_a_fact():
    said = fact(
        kind="bees (plan)", stated_income="10000", income_unit="yuan/hh-yr target",
        quantity="12", households="3", use="input: quantity, households",
    )  # fmt: skip
    table = backtest(estimate(yards()), said).set_index("what_en")
    assert table.loc["quantity of the programme", ["told", "why_en"]].tolist() == [
        "no",
        "a plan, nothing done yet",
    ]
    income = table.loc["gross receipts a household and year"]
    assert income["why_en"] == "a plan's target, no result" and income["use"] == "check"
    done = backtest(estimate(yards()), said.assign(kind="bees", stated_income="")).set_index("what_en")
    assert done["use"].tolist() == ["input", "input"]
    assert done.loc["households with recorded links", "model_mean"] == 1


def test_persons_of_a_county_are_those_with_any_recorded_link():
    told = backtest(estimate(county()), fact(kind="persons", quantity="9", unit="persons")).iloc[0]
    assert (told["published"], told["model_mean"]) == (9, 12)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_facts_are_read_from_a_file_as_an_office_saves_it(tmp_path, encoding):
    fact(quantity="12", unit="hives").to_csv(tmp_path / "facts.csv", index=False, encoding=encoding)
    assert backtest(estimate(yards()), tmp_path / "facts.csv").iloc[0]["model_mean"] == 10


def test_facts_change_no_number():
    gains = estimate(yards(), load_parameters(), draws=50)
    before, numbers = gains.totals(2020), dict(gains.numbers.values)
    backtest(gains, fact(stated_income="50000", income_unit="yuan/hh-yr"))
    assert gains.numbers.values == numbers and gains.totals(2020).equals(before)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "workshops", "quantity": "3"}, "no such livelihood"),
        ({"county": "别县", "quantity": "3"}, "does not have that place"),
        ({"town_village": "甲镇、乙镇等7乡镇", "quantity": "3"}, "does not have that place"),
        ({"town_village": "甲镇 东村小庄", "quantity": "3"}, "does not have that place"),
        ({"kind": "bees (plan)", "persons": "3"}, "a plan, nothing done yet"),
        ({"stated_income": "3000", "income_unit": "yuan/month"}, "month"),
        ({}, "no number"),
    ],
)
def test_what_cannot_be_compared_says_why(said, why):
    told = backtest(estimate(yards()), fact(**said)).iloc[0]
    assert told["told"] == "no" and why in told["why_en"] and np.isnan(told["model_mean"])


def test_facts_without_their_columns_are_refused():
    with pytest.raises(DataProblem, match="E-BACK-02"):
        backtest(estimate(yards()), fact().drop(columns="kind"))


def test_a_payment_roll_stands_beside_what_the_model_says():
    roll = pd.DataFrame(
        {"household_id": ["H0", "H0"], "item": "护林员工资", "amount_yuan": [4000.0, 4000.0],
         "paid_on": pd.to_datetime(["2020-06-30", "2020-12-31"])}
    )  # fmt: skip
    row = against_payments(estimate(county(tables={"payments": roll}))).iloc[0]
    assert (row["year"], row["households_paid"], row["paid_yuan"]) == (2020, 1, 8000)
    assert row["model_mean"] == pytest.approx(8000)
