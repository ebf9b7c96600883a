"""Flows against cases worked out by hand, and the ten things the income model must respect."""

import ast
import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_projects import fixed, link_row, nothing_inferred, small_project
from test_forage import write_cover

import eco.livelihoods
from eco.income.exposure import link
from eco.income.gains import estimate_gains
from eco.livelihoods import LIVELIHOODS, bees
from eco.livelihoods.bees import colonies
from eco.livelihoods.forest import FOREST, site_columns
from eco.livelihoods.juncao import JUNCAO
from eco.parameters.draws import Worlds
from eco.parameters.numbers import load_parameters

CASES = Path(__file__).parent / "cases" / "flows.csv"
HOUSE = Path(eco.livelihoods.__file__).parent
KEYS = {"forest_plots": "plot_id", "juncao_plots": "plot_id", "apiaries": "apiary_id"}
CONIFERS = ("云杉", "油松", "樟子松", "侧柏", "落叶松", "华山松", "圆柏", "祁连圆柏")


def _cases():
    """Every case and year, with all flows it names: {flow: yuan}."""
    with CASES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    grouped: dict = {}
    for row in rows:
        expected = grouped.setdefault((row["case"], int(row["year"])), (row, {}))[1]
        if row["flow"]:
            assert row["flow"] not in expected
            expected[row["flow"]] = float(row["yuan"])
    return [
        pytest.param(row, year, flows, id=f"{case} {year}") for (case, year), (row, flows) in grouped.items()
    ]


def _said(text: str) -> dict:
    pairs = (part.split("=") for part in text.split(";") if part.strip())
    return {key.strip(): _value(value.strip()) for key, value in pairs}


def _value(text: str):
    if text.isdecimal():
        return int(text)
    try:
        return float(text)
    except ValueError:
        return pd.Timestamp(text) if text[:4].isdigit() else text


def _one_link(table, site, role, quantity, unit, link_year, *, numbers, draws=10):
    """Gains of one household with free days to spare and one recorded link to one site."""
    project = small_project(
        households=[{"household_id": "H1", "free_days": 2000.0}],
        links=[link_row("H1", "S1", role, quantity, unit, link_year)],
        **{table: [{KEYS[table]: "S1", **site}]},
    )
    numbers = nothing_inferred(numbers)
    return estimate_gains(link(project, numbers), numbers, draws=draws, seed=3)


def _flows(gains, year) -> dict[str, float]:
    table = gains.flows("H1", year).query("payee == 'household' or payer == 'household'")
    assert table["flow_en"].is_unique
    return dict(zip(table["flow_en"], table["yuan_mean"]))


@pytest.mark.parametrize(("row", "year", "expected"), _cases())
def test_flows_are_what_the_worked_case_says(row, year, expected):
    gains = _one_link(
        row["table"], _said(row["site"]), row["role"], float(row["quantity"]), row["unit"],
        int(row["link_year"]), numbers=fixed(**_said(row["numbers"])),
    )  # fmt: skip
    assert _flows(gains, year) == pytest.approx(expected, rel=1e-5)
    answer = gains.households(year).iloc[0]
    assert answer["gain_yuan_mean"] == pytest.approx(sum(expected.values()), abs=0.01)


def test_worked_cases_name_every_flow_of_every_livelihood():
    named = {flow for case in _cases() for flow in case.values[2]}
    assert named == {flow.label.en for one in LIVELIHOODS for flow in one.flows if flow.payee == "household"}


def test_compensation_to_a_collective_is_shown_and_counts_nothing_for_the_household():
    site = {"programme": "public_forest", "tenure": "collective"}
    gains = _one_link("forest_plots", site, "lessor", 10, "mu", 2018, numbers=fixed())
    (flow,) = gains.flows("H1", 2020).to_dict("records")
    assert (flow["payee"], flow["yuan_mean"]) == ("collective", pytest.approx(150))
    row = gains.households(2020).iloc[0]
    assert row["gain_yuan_mean"] == row["gross_receipts_yuan"] == row["gain_economic_yuan"] == 0


@pytest.mark.parametrize("role", ["grower", "planter", "tender", "lessor"])
@pytest.mark.parametrize("use", ["sold", "fed"])
def test_juncao_never_earns_in_a_year_without_a_season(role, use):
    unit = "days" if role in ("planter", "tender") else "mu"
    site = {"season": 2019, "use": use, "land_class": "farmland", "seedlings": "bought"}
    gains = _one_link("juncao_plots", site, role, 4, unit, 2019, numbers=load_parameters())
    assert _flows(gains, 2019)
    for year in (2016, 2017, 2018, 2020, 2021, 2022):
        assert not _flows(gains, year)
        assert not gains.answer(year).worlds["juncao_yuan"].any()


def test_inferred_juncao_does_not_outlive_its_season_either():
    project = small_project(
        households=[{"household_id": f"H{k}"} for k in range(4)],
        juncao_plots=[{"plot_id": "J1", "season": 2019, "area_mu": 30.0}],
    )
    gains = estimate_gains(link(project, load_parameters()), load_parameters(), draws=50)
    assert np.abs(gains.answer(2019).worlds["juncao_yuan"].sum(axis=0)).min() > 0
    assert not gains.answer(2018).worlds["gain_yuan"].any()
    assert not gains.answer(2020).worlds["gain_yuan"].any()


@pytest.mark.parametrize("species", [*CONIFERS, "云杉+油松", "云杉、樟子松"])
def test_conifers_never_bear_fruit(species):
    site = {"species": species, "tenure": "household", "planted_year": 2012, "programme": "grain_for_green"}
    gains = _one_link("forest_plots", site, "lessor", 10, "mu", 2012, numbers=load_parameters(), draws=50)
    for year in range(2012, 2031, 3):
        assert "fruit" not in _flows(gains, year)


@pytest.mark.parametrize("species", ["银杏", "银杏+云杉"])
def test_a_ginkgo_is_no_apricot(species):
    plots = small_project(forest_plots=[{"plot_id": "F1", "species": species}]).forest_plots
    assert not site_columns(plots.assign(shady_share=0.5, slope_degrees=0.0))["bears_fruit"].any()


def test_bearing_trees_bear_only_after_their_first_yield():
    site = {"species": "山杏", "tenure": "household", "planted_year": 2010, "programme": "grain_for_green"}
    gains = _one_link("forest_plots", site, "lessor", 10, "mu", 2010, numbers=load_parameters(), draws=400)
    early, middle, late = (gains.flows("H1", year).set_index("flow_en") for year in (2012, 2014, 2017))
    assert "fruit" not in early.index
    assert 0 < middle.loc["fruit", "yuan_mean"] < late.loc["fruit", "yuan_mean"]


@pytest.mark.parametrize(("unit", "quantity"), [("mu", 6), ("days", 40)])
def test_planting_wages_fall_in_the_planting_year_only(unit, quantity):
    site = {"planted_year": 2018}
    gains = _one_link(
        "forest_plots", site, "planter", quantity, unit, 2018, numbers=load_parameters(), draws=50
    )
    paid = {year: gains.answer(year).worlds["gain_yuan"].sum(axis=0) for year in range(2015, 2026)}
    assert paid.pop(2018).min() > 0
    assert not np.any(list(paid.values()))


def test_inferred_planting_wages_fall_in_the_planting_year_only_and_tending_in_three():
    project = small_project(
        households=[{"household_id": f"H{k}"} for k in range(5)],
        forest_plots=[{"plot_id": "F1", "planted_year": 2017, "area_mu": 40.0}],
    )
    gains = estimate_gains(link(project, load_parameters()), load_parameters(), draws=20)
    seen = {
        year: {
            flow for home in project.households["household_id"] for flow in gains.flows(home, year)["flow_en"]
        }
        for year in range(2015, 2023)
    }
    assert [year for year in seen if "planting wage" in seen[year]] == [2017]
    assert [year for year in seen if "tending wage" in seen[year]] == [2017, 2018, 2019]


@pytest.mark.parametrize("programme", ["project", "public_forest", "grain_for_green"])
def test_grain_for_green_cash_comes_in_years_1_3_5_and_only_where_the_programme_says_so(programme):
    site = {"planted_year": 2014, "tenure": "household", "programme": programme}
    gains = _one_link("forest_plots", site, "lessor", 1, "mu", 2014, numbers=load_parameters())
    paid = {year: _flows(gains, year).get("Grain-for-Green cash", 0.0) for year in range(2010, 2025)}
    expected = {2014: 500.0, 2016: 300.0, 2018: 400.0} if programme == "grain_for_green" else {}
    assert {year: yuan for year, yuan in paid.items() if yuan} == expected


def test_rent_is_paid_only_on_land_that_is_leased():
    for role, unit in (
        ("planter", "mu"),
        ("tender", "mu"),
        ("guard", "posts"),
        ("grower", "mu"),
        ("shareholder", "yuan"),
    ):
        gains = _one_link(
            "forest_plots", {"tenure": "household"}, role, 3, unit, 2018, numbers=load_parameters()
        )
        assert "land rent" not in _flows(gains, 2018)
    kept = {"tenure": "household", "programme": "grain_for_green"}
    gains = _one_link("forest_plots", kept, "lessor", 3, "mu", 2018, numbers=load_parameters())
    assert "land rent" not in _flows(gains, 2018)


def test_nobody_has_both_the_rent_and_the_fruit_of_one_mu():
    site = {"tenure": "household", "species": "山杏", "planted_year": 2012}
    gains = _one_link("forest_plots", site, "lessor", 3, "mu", 2012, numbers=fixed())
    assert not {"land rent", "fruit"} <= set(_flows(gains, 2020))


def test_recorded_days_are_paid_in_full_while_planting_by_area_is_capped_in_every_world():
    numbers = load_parameters()
    by_area = _one_link("forest_plots", {}, "planter", 1, "mu", 2018, numbers=numbers, draws=500)
    worlds = Worlds(by_area.numbers, by_area.draws, by_area.seed)
    names = ("plant_labour_days", "day_wage_planting", "forest_project_cost", "plant_labour_share")
    days, wage, cost, share = (worlds.shared(name, year=2018)[0].astype(float) for name in names)
    paid = by_area.answer(2018).worlds["gain_yuan"][0]
    assert np.all(paid <= cost * share + 0.01)
    assert 0 < np.mean(days * wage > cost * share) < 1
    np.testing.assert_allclose(paid, np.minimum(days * wage, cost * share), rtol=1e-5)
    by_days = _one_link("forest_plots", {}, "planter", 100, "days", 2018, numbers=numbers, draws=500)
    np.testing.assert_allclose(by_days.answer(2018).worlds["gain_yuan"][0], 100 * wage, rtol=1e-5)


@given(
    received=st.floats(1, 500),
    alive=st.floats(0, 1),
    started=st.integers(2010, 2020),
    later=st.integers(0, 5),
)
def test_colonies_never_grow_and_end_at_the_count(received, alive, started, later):
    years = np.arange(started - 2, started + 10)
    kept = np.array([float(colonies(received, alive, started, started + later, year)) for year in years])
    assert not kept[years < started].any()
    assert np.all(np.diff(kept[years >= started]) <= 1e-9 * received)
    assert kept[years >= started + later] == pytest.approx(received * alive)


@given(started=st.integers(2015, 2018), later=st.integers(0, 4), alive=st.integers(0, 20))
@settings(max_examples=8, deadline=None)
def test_a_lost_colony_is_either_missing_next_year_or_replaced_never_both(started, later, alive):
    site = {
        "started_year": started, "hives_received": 20.0, "hives_alive": float(alive),
        "count_date": pd.Timestamp(started + later, 10, 1),
    }  # fmt: skip
    gains = _one_link("apiaries", site, "keeper", 20, "hives", started, numbers=fixed())
    flows = {year: _flows(gains, year) for year in range(started, 2025)}
    at_work = {year: -flows[year].get("running cost", 0.0) / 100 for year in flows}
    for year in range(started, 2024):
        replaced = -flows[year].get("colonies replaced", 0.0)
        if year < started + later:
            assert replaced == 0
        if at_work[year + 1] < at_work[year] - 1e-6:
            assert replaced == 0
        if year > started + later and alive:
            assert replaced > 0


def test_a_beginners_loss_is_never_added_to_the_winter():
    worlds = np.linspace(0.1, 0.5, 9)
    lost = bees.lost_share(True, worlds, 0.128, 0.25, np.zeros(9))
    np.testing.assert_allclose(lost, worlds)
    assert bees.lost_share(True, 0.2, 0.9, 0.25, 0) == pytest.approx(0.2)


def test_a_frost_year_takes_all_honey_and_drives_colonies_away():
    calm, frost = (
        _one_link(
            "apiaries", {"started_year": 2015}, "keeper", 10, "hives", 2015, numbers=fixed(frost_year_prob=p)
        )
        for p in (0.0, 1.0)
    )
    assert _flows(calm, 2020)["honey sales"] > 0
    assert "honey sales" not in _flows(frost, 2020)
    absconded = _flows(calm, 2020)["colonies replaced"] - _flows(frost, 2020)["colonies replaced"]
    assert absconded == pytest.approx(10 * 0.25 * (1 - 0.128) * 750, rel=1e-5)


def test_bulk_pays_less_even_in_worlds_where_its_draw_is_dearer():
    assert bees.honey_receipts(100.0, 30.0, 60.0, 80.0) == pytest.approx(100 * 60)


@given(
    kg=st.floats(0, 1e4),
    direct_kg=st.floats(0, 100),
    price=st.floats(1, 200),
    bulk=st.floats(1, 200),
    more=st.floats(0, 100),
)
def test_honey_receipts_rise_with_honey_and_with_the_network(kg, direct_kg, price, bulk, more):
    paid = bees.honey_receipts(kg, direct_kg, price, bulk)
    assert kg * min(price, bulk) - 1e-6 <= paid <= kg * price + 1e-6
    assert bees.honey_receipts(kg + more, direct_kg, price, bulk) >= paid - 1e-6
    assert bees.honey_receipts(kg, direct_kg + more, price, bulk) >= paid - 1e-6


def _counted_yard(folder, alive):
    """A yard of 400 hives of 2018 amid grass, `alive` of them left in 2020; exposure and gains of its keeper."""
    numbers = nothing_inferred(fixed(direct_sale_kg_per_household=1e6, honey_yield=15.0))
    project = small_project(
        households=[{"household_id": "H1", "free_days": 2000.0}],
        apiaries=[
            {
                "apiary_id": "S1",
                "hives_received": 400.0,
                "hives_alive": alive,
                "count_date": pd.Timestamp("2020-10-01"),
            }
        ],
        links=[link_row("H1", "S1", "keeper", 400, "hives", 2018)],
        rasters={"land_cover": write_cover(folder / "cover.tif", 10)},
    )
    exposure = link(project, numbers)
    return exposure, estimate_gains(exposure, numbers, draws=10)


def test_honey_never_exceeds_the_nectar_in_the_years_before_the_count_either(tmp_path):
    exposure, gains = _counted_yard(tmp_path, 40.0)
    hectares = exposure.sites["bees"].loc["S1", "forage_grass_ha"] * 40  # all that the yard reaches
    for year in (2018, 2019, 2020):
        flows = _flows(gains, year)
        at_work, honey = -flows["running cost"] / 100, flows.get("honey sales", 0.0) / 100
        assert honey <= hectares * 6.1 * 0.4, year
        assert honey == 0 or honey + at_work * 40 <= hectares * 6.1 * 0.4 * 1.0001, year


def test_a_yard_given_up_later_had_flowers_while_it_lived(tmp_path):
    numbers = nothing_inferred(fixed())
    project = small_project(
        households=[{"household_id": "H1", "free_days": 2000.0}],
        apiaries=[
            {
                "apiary_id": "S1",
                "hives_received": 20.0,
                "hives_alive": 0.0,
                "count_date": pd.Timestamp("2020-10-01"),
            }
        ],
        links=[link_row("H1", "S1", "keeper", 20, "hives", 2018)],
        rasters={"land_cover": write_cover(tmp_path / "cover.tif", 12)},
    )
    gains = estimate_gains(link(project, numbers), numbers, draws=10)
    assert _flows(gains, 2018)["honey sales"] == pytest.approx(30 * 100 + 140 * 50, rel=1e-5)


def test_no_number_but_0_and_1_is_written_into_a_livelihood():
    found = [
        (path.name, node.lineno, node.value)
        for path in sorted(HOUSE.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float | complex)
        and not isinstance(node.value, bool)
        and node.value not in (0, 1)
    ]
    assert not found
    assert len(list(HOUSE.glob("*.py"))) >= 5


def _asked(one, variable: str) -> set[str]:
    """Names that a livelihood's code takes from `n` or `x`."""
    path = HOUSE / f"{one.name}.py"
    trees = [ast.parse(path.read_text(encoding="utf-8"))]
    return {
        node.slice.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == variable
        and isinstance(node.slice, ast.Constant)
    }


@pytest.mark.parametrize("one", LIVELIHOODS, ids=lambda one: one.name)
def test_a_livelihood_declares_what_it_asks_for(one):
    numbers = load_parameters()
    assert _asked(one, "n") and _asked(one, "n") <= set(one.parameters)
    assert set(one.parameters) <= set(numbers)
    assert _asked(one, "x") and _asked(one, "x") <= set(one.needs)
    for inference in one.inferences:
        named = (inference.share, one.day_rates[inference.role], inference.most, inference.years)
        assert all(name in numbers for name in named if name and name != "open")
    indirect = {"frost_year_prob", "juncao_failure_prob"}
    assert set(one.parameters) - _asked(one, "n") <= indirect


@pytest.mark.parametrize("one", LIVELIHOODS, ids=lambda one: one.name)
def test_every_flow_is_booked_in_one_class_of_the_register(one):
    classes = {flow.name: flow.income_class for flow in one.flows}
    expected = {
        "replanting_wage": "wage", "collective_rent": "property",
        "planting_wage": "wage", "tending_wage": "wage", "guard_pay": "wage", "rent": "property",
        "green_cash": "transfer", "green_extension": "transfer", "compensation": "transfer",
        "collective_compensation": "transfer",
        "intercrop": "operating", "fruit": "operating", "crop_given_up": "operating", "dividend": "property",
        "grass_sold": "operating", "feed_saved": "cost", "growing_cost": "cost", "seedlings_bought": "cost",
        "planting_field_wage": "wage", "tending_field_wage": "wage", "leased_crop_given_up": "operating",
        "honey_sales": "operating", "running_cost": "cost", "colonies_replaced": "cost",
    }  # fmt: skip
    assert classes == {name: expected[name] for name in classes}
    assert len(classes) == len(one.flows)


def test_one_off_flows_are_those_that_end_by_themselves():
    one_off = {flow.name for one in (FOREST, JUNCAO, bees.BEES) for flow in one.flows if not flow.recurrent}
    assert one_off == {
        "planting_wage",
        "tending_wage",
        "replanting_wage",
        "green_cash",
        "green_extension",
        "intercrop",
    }
