"""The estimate against a plain-Python second one, hand calculations, and itself in other orders."""

from dataclasses import replace
from io import BytesIO
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from plain_estimate import estimate
from small_projects import TOLD, VILLAGES, dingxi, fixed, link_row, nothing_inferred, small_project
from test_forage import write_cover

from eco.income import gains as gains_module
from eco.income.exposure import link
from eco.income.gains import estimate_gains
from eco.livelihoods import Flow, Livelihood
from eco.livelihoods.forest import FOREST
from eco.parameters.numbers import load_parameters
from eco.phrases import Phrase
from eco.problems import DataProblem

NUMBERS = load_parameters()
DRAWS, SEED = 37, 5
LINE = 4000.0
HOME_MEASURES = (
    "gain_yuan_mean", "gain_yuan_p10", "gain_yuan_p50", "gain_yuan_p90", "gain_one_off_yuan", "gain_recurrent_yuan",
    "gain_economic_yuan", "gross_receipts_yuan", "forest_yuan_mean", "juncao_yuan_mean", "bees_yuan_mean",
)  # fmt: skip
WORLD_MEASURES = (
    "gain_yuan", "gain_recurrent_yuan", "persons_gaining", "persons_above_line_without", "persons_above_line_with",
    "crossing_up", "crossing_down",
)  # fmt: skip


def _register():
    """Thirty households: workers with days to spare, keepers without, one without a worker, some not poor."""
    homes = []
    for k in range(30):
        keeper = k % 5 == 4
        homes.append(
            {
                "household_id": f"H{k:02d}", "village_code": VILLAGES[k % 4], "persons": float(2 + k % 4),
                "workers": 0.0 if k == 7 else float(1 + k % 2), "free_days": np.nan if keeper else 2000.0,
                "income_yuan_per_person": 2500.0 + 137.0 * k, "income_year": 2018.0 if k % 3 == 1 else 2016.0,
                "base_includes_programme": ("no", "yes", "unknown")[k % 3],
                "register_type": "general" if k % 9 == 8 else "poor", "east": 400.0 * (k % 4), "north": 150.0 * k,
            }
        )  # fmt: skip
    return homes


def _everything(folder):
    """A county with every role, both units, plots of every kind, forage, and work left to infer."""
    forest = [
        {"plot_id": "F1", "planted_year": 2018, "area_mu": 120.0, "end_year": 2020.0},
        {"plot_id": "F2", "planted_year": 2016, "programme": "grain_for_green", "tenure": "household",
         "land_class": "farmland", "species": "山杏", "area_mu": 30.0, "east": 900.0},
        {"plot_id": "F3", "planted_year": 2019, "programme": "public_forest", "tenure": "household", "area_mu": 50.0},
        {"plot_id": "F4", "planted_year": 2018, "tenure": "household", "land_class": "farmland", "verified_mu": 80.0},
        {"plot_id": "F5", "planted_year": 2017, "programme": "none", "area_mu": 500.0},
    ]  # fmt: skip
    juncao = [
        {"plot_id": "J2018", "season": 2018, "area_mu": 60.0, "use": "fed", "land_class": "farmland"},
        {"plot_id": "J2019", "season": 2019, "area_mu": 60.0, "seedlings": "bought"},
        {"plot_id": "J2020", "season": 2020, "area_mu": 60.0, "land_class": "farmland"},
    ]  # fmt: skip
    yards = [
        {
            "apiary_id": "B1",
            "started_year": 2017,
            "hives_received": 121.0,
            "hives_alive": 79.0,
            "count_date": "2019-10-01",
        },
        {"apiary_id": "B2", "started_year": 2019, "hives_received": 60.0, "east": 300.0, "north": 2000.0},
        {
            "apiary_id": "B3",
            "started_year": 2016,
            "hives_received": 80.0,
            "hives_alive": 0.0,
            "count_date": "2018-10-01",
        },
        {
            "apiary_id": "B4",
            "started_year": 2014,
            "hives_received": 90.0,
            "in_programme": "no",
            "north": 1000.0,
        },
        {
            "apiary_id": "B5",
            "started_year": 2018,
            "hives_received": 40.0,
            "hives_alive": 31.0,
            "count_date": "2019-09-01",
        },
    ]
    links = [
        link_row("H00", "F1", "planter", 8, "mu", 2018), link_row("H01", "F1", "planter", 45, "days", 2018),
        link_row("H01", "F1", "planter", 5, "days", 2018), link_row("H02", "F1", "tender", 6, "mu", 2020),
        link_row("H03", "F1", "tender", 20, "days", 2019), link_row("H05", "F1", "guard", 1, "posts", 2018),
        link_row("H01", "F3", "guard", 1, "posts", 2018), link_row("H06", "F2", "lessor", 7, "mu", 2016),
        link_row("H07", "F4", "lessor", 5, "mu", 2018), link_row("H08", "F3", "lessor", 9, "mu", 2019),
        link_row("H10", "F4", "grower", 4, "mu", 2020), link_row("H11", "F1", "shareholder", 350, "yuan", 2019),
        link_row("H12", "F5", "planter", 70, "mu", 2018), link_row("H13", "J2018", "grower", 6, "mu", 2018),
        link_row("H13", "J2020", "grower", 9, "mu", 2020), link_row("H15", "J2019", "grower", 5, "mu", 2019),
        link_row("H16", "J2020", "planter", 12, "days", 2020), link_row("H17", "J2020", "tender", 3, "mu", 2020),
        link_row("H18", "J2020", "lessor", 6, "mu", 2020), link_row("H20", "J2018", "shareholder", 120, "yuan", 2018),
        link_row("H04", "B1", "keeper", 45, "hives", 2017), link_row("H09", "B1", "keeper", 46, "hives", 2018),
        link_row("H14", "B2", "keeper", 20, "hives", 2019), link_row("H14", "B1", "keeper", 25, "hives", 2017),
        link_row("H19", "B3", "keeper", 80, "hives", 2016), link_row("H07", "B1", "keeper", 5, "hives", 2018),
        link_row("H24", "B1", "shareholder", 200, "yuan", 2018), link_row("H29", "B2", "keeper", 45, "hives", 2020),
    ]  # fmt: skip
    cover = np.full((80, 80), 10)
    cover[:, 40:], cover[:30] = 12, 4
    return small_project(
        households=_register(), forest_plots=forest, juncao_plots=juncao, apiaries=yards, links=links,
        rasters={"land_cover": write_cover(folder / "cover.tif", cover)},
    )  # fmt: skip


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    project = _everything(tmp_path_factory.mktemp("county"))
    return link(project, NUMBERS)


YEARS = (2016, 2018, 2019, 2020, 2021, 2024)


@pytest.fixture(scope="module")
def plain(county):
    """The second, plain estimate of every year."""
    return {year: estimate(county, NUMBERS, draws=DRAWS, seed=SEED, year=year, line=LINE) for year in YEARS}


def test_the_county_of_the_oracle_has_every_role_recorded_and_work_inferred(county):
    roles = set(county.links["livelihood"] + " " + county.links["role"])
    assert {
        f"forest {role}" for role in ("planter", "tender", "guard", "lessor", "grower", "shareholder")
    } <= roles
    assert {f"juncao {role}" for role in ("grower", "planter", "tender", "lessor", "shareholder")} <= roles
    assert {"bees keeper", "bees shareholder"} <= roles
    inferred = county.links[~county.links["recorded"].astype(bool)]
    assert {"planter", "tender", "grower", "keeper"} <= set(inferred["role"])


@pytest.mark.parametrize("year", YEARS)
def test_every_household_gains_what_the_plain_estimate_says(county, plain, year):
    found = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED, chunk_households=4).households(year)
    expected = pd.DataFrame(plain[year]).T.loc[found["household_id"]].reset_index(drop=True)
    for measure in HOME_MEASURES:
        np.testing.assert_allclose(
            found[measure], expected[measure].astype(float), atol=0.01, rtol=0, err_msg=measure
        )
    for measure in ("chance_of_loss", "chance_above_line"):
        np.testing.assert_allclose(
            found[measure], expected[measure].astype(float), atol=1e-9, err_msg=measure
        )


@pytest.mark.parametrize("level", ["village", "township", "county"])
def test_places_add_up_world_by_world_as_in_the_plain_estimate(county, plain, level):
    year, size = 2020, {"village": 12, "township": 9, "county": 6}[level]
    table = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED).by(level, year=year).set_index("code")
    homes = county.project.households.set_index("household_id")["village_code"].str[:size]
    for code, row in table.iterrows():
        own = [plain[year][home] for home in homes.index[homes == code[:size]]]
        assert row["households"] == len(own)
        assert row["persons"] == sum(home["persons"] for home in own)
        for measure in WORLD_MEASURES:
            worlds = np.sum([home["worlds"][measure] for home in own], axis=0, initial=0.0) * np.ones(DRAWS)
            spread = [worlds.mean(), *np.quantile(worlds, [0.1, 0.5, 0.9])]
            got = [row[f"{measure}_{suffix}"] for suffix in ("mean", "p10", "p50", "p90")]
            np.testing.assert_allclose(got, spread, atol=0.05, rtol=0, err_msg=f"{code} {measure}")
        for measure in ("gain_one_off_yuan", "gain_economic_yuan", "gross_receipts_yuan", "bees_yuan_mean"):
            assert row[measure] == pytest.approx(sum(home[measure] for home in own), abs=0.05)


def test_totals_are_those_of_the_plain_estimate(county, plain):
    totals = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED).totals(2020)
    for measure in WORLD_MEASURES:
        worlds = np.sum([home["worlds"][measure] for home in plain[2020].values()], axis=0)
        spread = [worlds.mean(), *np.quantile(worlds, [0.1, 0.5, 0.9])]
        np.testing.assert_allclose(
            totals.loc[measure, ["mean", "p10", "p50", "p90"]].astype(float), spread, atol=0.1, rtol=0
        )


def _bytes(gains, year=2020) -> bytes:
    stream = BytesIO()
    gains.households(year).to_parquet(stream)
    return stream.getvalue()


def _all(gains, year=2020):
    frames = [gains.by(level, year) for level in ("village", "township", "county")]
    return [
        _bytes(gains, year),
        *(frame.to_csv(float_format="%.17g") for frame in frames),
        gains.totals(year).to_csv(),
        gains.classes(year).to_csv(float_format="%.17g"),
        *(
            worlds.tobytes()
            for kept in (gains.answer(year).worlds, gains.answer(year).incomes)
            for worlds in kept.values()
        ),
    ]


@pytest.mark.parametrize("chunk", [1, 7, 5000])
def test_the_size_of_a_chunk_changes_no_byte(county, chunk):
    usual = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED, chunk_households=500)
    assert _all(estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED, chunk_households=chunk)) == _all(
        usual
    )


def test_on_the_example_neither_chunks_nor_threads_nor_a_second_run_change_a_byte(monkeypatch):
    example = dingxi()
    usual = _all(example.gains)
    pool = gains_module.ThreadPoolExecutor
    for chunk, threads in ((1, 8), (7, 1), (500, 2), (5000, 3)):
        monkeypatch.setattr(gains_module, "ThreadPoolExecutor", lambda threads=threads: pool(threads))
        again = estimate_gains(example.exposure, example.numbers, draws=101, seed=1, chunk_households=chunk)
        assert _all(again) == usual, (chunk, threads)


def _shuffled(project, seed):
    rng = np.random.default_rng(seed)
    tables = {
        name: table.iloc[rng.permutation(len(table))].reset_index(drop=True)
        for name, table in project.tables.items()
    }
    return replace(project, tables=tables)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_rows_changes_no_byte(county, seed):
    turned = link(_shuffled(county.project, seed), NUMBERS)
    usual = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED)
    assert _all(estimate_gains(turned, NUMBERS, draws=DRAWS, seed=SEED)) == _all(usual)


def test_an_unrelated_household_changes_nobody_else(county):
    project = county.project
    usual = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED).households(2020)
    stranger = {
        "household_id": "A0",
        "village_code": VILLAGES[1],
        "register_type": "general",
        "east": 90_000.0,
    }
    other = small_project(
        households=[stranger], forest_plots=[{"plot_id": "FX", "east": 90_000.0, "area_mu": 0.0}],
        links=[link_row("A0", "FX", "guard", 1, "posts", 2018)],
    )  # fmt: skip
    tables = {
        name: pd.concat([other.tables[name], table], ignore_index=True)
        if name in ("households", "forest_plots", "links")
        else table
        for name, table in project.tables.items()
    }
    more = estimate_gains(
        link(replace(project, tables=tables), NUMBERS), NUMBERS, draws=DRAWS, seed=SEED
    ).households(2020)
    assert more.loc[more["household_id"] == "A0", "gain_yuan_mean"].item() > 7000
    rest = more[more["household_id"] != "A0"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, usual, check_exact=True)


def test_another_parameter_changes_no_byte(county):
    usual = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED)
    extra = replace(NUMBERS["honey_price"], name="a_new_number")
    more = type(NUMBERS)(MappingProxyType({"a_new_number": extra, **NUMBERS.values}), NUMBERS.lines)
    assert _all(estimate_gains(county, more, draws=DRAWS, seed=SEED)) == _all(usual)


def test_another_seed_is_another_answer(county):
    one, two = (estimate_gains(county, NUMBERS, draws=DRAWS, seed=seed).totals(2020) for seed in (1, 2))
    assert one.loc["gain_yuan", "mean"] != two.loc["gain_yuan", "mean"]


def test_what_a_reader_does_to_a_table_does_not_change_the_next_answer(county):
    gains = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED)
    kept = gains.households(2020).copy()
    gains.households(2020)["gain_yuan_mean"] = 0.0
    pd.testing.assert_frame_equal(gains.households(2020), kept)


def test_too_few_draws_and_unknown_levels_are_refused(county):
    with pytest.raises(DataProblem, match="10"):
        estimate_gains(county, NUMBERS, draws=9)
    with pytest.raises(DataProblem, match="township"):
        estimate_gains(county, NUMBERS, draws=10).by("town", 2020)


@pytest.mark.parametrize("year", [2018, 2020])
def test_on_the_example_everything_adds_up(year):
    gains = dingxi().gains
    homes, totals = gains.households(year), gains.totals(year)
    three = homes[["forest_yuan_mean", "juncao_yuan_mean", "bees_yuan_mean"]].sum(axis=1)
    np.testing.assert_allclose(three, homes["gain_yuan_mean"], atol=1e-6)
    np.testing.assert_allclose(
        homes["gain_one_off_yuan"] + homes["gain_recurrent_yuan"], homes["gain_yuan_mean"], atol=1e-6
    )
    assert (homes["gain_yuan_p10"] <= homes["gain_yuan_p50"]).all() and (
        homes["gain_yuan_p50"] <= homes["gain_yuan_p90"]
    ).all()
    assert homes["chance_of_loss"].between(0, 1).all()
    assert (homes["gain_economic_yuan"] <= homes["gain_yuan_mean"] + 1e-9).all()
    for measure in (
        "gain_yuan",
        "gain_recurrent_yuan",
        "gain_one_off_yuan",
        "gain_economic_yuan",
        "gross_receipts_yuan",
    ):
        column = measure if measure in homes else f"{measure}_mean"
        assert homes[column].sum() == pytest.approx(totals.loc[measure, "mean"], abs=1.0)
    expected = homes["chance_above_line"].fillna(0) * homes["persons"]
    assert expected.sum() == pytest.approx(totals.loc["persons_above_line_with", "mean"], abs=0.01)


@pytest.mark.parametrize("year", [2018, 2020])
def test_on_the_example_villages_add_up_to_townships_counties_and_totals(year):
    gains = dingxi().gains
    village, township, county = (gains.by(level, year) for level in ("village", "township", "county"))
    sums = [
        name
        for name in village
        if name not in ("code", "name") and not name.endswith(("_p10", "_p50", "_p90"))
    ]
    assert len(sums) >= 17
    by_township = village.groupby(village["code"].str[:9])[sums].sum()
    own = township.set_index(township["code"].str[:9]).reindex(by_township.index)[sums]
    np.testing.assert_allclose(by_township.astype(float), own.astype(float), atol=0.01)
    by_county = township.groupby(township["code"].str[:6])[sums].sum()
    np.testing.assert_allclose(
        by_county.astype(float), county.set_index("code")[sums].astype(float), atol=0.01
    )
    totals = gains.totals(year)
    for measure in WORLD_MEASURES:
        assert county[f"{measure}_mean"].sum() == pytest.approx(totals.loc[measure, "mean"], abs=0.1)
    homes = gains.households(year)
    assert county["households"].sum() == len(homes) and county["persons"].sum() == homes["persons"].sum()


def _one(home=None, *, links=(), numbers=None, draws=10, infer=False, **sites):
    home = {"household_id": "H1", "free_days": 2000.0, **(home or {})}
    project = small_project(households=[home], links=links, **sites)
    numbers = fixed() if numbers is None else numbers
    numbers = numbers if infer else nothing_inferred(numbers)
    return estimate_gains(link(project, numbers), numbers, draws=draws, seed=2)


def _keeper(hives=10, home=None, **more):
    return _one(
        home, links=[link_row("H1", "B1", "keeper", hives, "hives", 2010)],
        apiaries=[{"apiary_id": "B1", "started_year": 2010, "hives_received": float(hives)}], **more,
    )  # fmt: skip


def _guard(home=None, **more):
    return _one(
        home,
        links=[link_row("H1", "F1", "guard", 1, "posts", 2018)],
        forest_plots=[{"plot_id": "F1"}],
        **more,
    )


def test_honey_thirty_percent_cheaper_changes_the_answer_as_by_hand():
    """10 hives, 85 kg: 30 kg sold directly at 100 or 70, 55 kg in bulk at 50; 1,000 running, 960 replaced."""
    before = _keeper(numbers=fixed()).households(2020).iloc[0]
    after = _keeper(numbers=fixed().scaled("honey_price", 0.7, source=TOLD)).households(2020).iloc[0]
    assert before["gain_yuan_mean"] == pytest.approx(30 * 100 + 55 * 50 - 1000 - 960, abs=0.01)
    assert after["gain_yuan_mean"] == pytest.approx(30 * 70 + 55 * 50 - 1000 - 960, abs=0.01)
    cheap = _keeper(numbers=fixed(honey_price=40.0)).households(2020).iloc[0]
    assert cheap["gain_yuan_mean"] == pytest.approx(85 * 40 - 1000 - 960, abs=0.01)


def test_an_uncertain_price_scales_world_by_world():
    numbers = load_parameters().replace("direct_sale_kg_per_household", mode=1e6, source=TOLD)
    for name in ("hive_running_cost", "hive_cost_colony"):
        numbers = numbers.replace(name, mode=0.0, source=TOLD)
    whole, less = (
        _keeper(numbers=numbers, draws=200),
        _keeper(numbers=numbers.scaled("honey_price", 0.7, source=TOLD), draws=200),
    )
    a, b = (gains.answer(2020).worlds["gain_yuan"].sum(axis=0) for gains in (whole, less))
    np.testing.assert_allclose(b, 0.7 * a, rtol=1e-5)
    assert np.mean(a == 0) == pytest.approx(0.127, abs=0.09)  # frost years


def test_register_economic_and_gross_are_three_different_numbers():
    """2 mu of bought Juncao on farmland: 2,340 sold; 1,200 + 1,000 spent, 400 of wheat given up; 12 days at 80."""
    gains = _one(
        links=[link_row("H1", "J1", "grower", 2, "mu", 2020)],
        juncao_plots=[{"plot_id": "J1", "seedlings": "bought", "land_class": "farmland"}],
    )
    row = gains.households(2020).iloc[0]
    assert row["gross_receipts_yuan"] == pytest.approx(2340, abs=0.01)
    assert row["gain_yuan_mean"] == pytest.approx(2340 - 1200 - 1000 - 400, abs=0.01)
    assert row["gain_economic_yuan"] == pytest.approx(-260 - 12 * 80, abs=0.01)
    assert row["chance_of_loss"] == 1.0


def test_days_beyond_the_free_ones_cost_migrant_pay():
    """60 hives ask 120 days: 100 inside at 80, 20 beyond at 4,000 / 26 a day."""
    row = _keeper(60, {"free_days": 100.0}).households(2020).iloc[0]
    spare = _keeper(60, {"free_days": 120.0}).households(2020).iloc[0]
    beyond = 20 * 4000 / 26
    assert spare["gain_yuan_mean"] - row["gain_yuan_mean"] == pytest.approx(beyond, abs=0.02)
    assert row["gain_recurrent_yuan"] == pytest.approx(row["gain_yuan_mean"], abs=0.01)
    assert row["gain_yuan_mean"] - row["gain_economic_yuan"] == pytest.approx(100 * 80, abs=0.02)
    assert spare["gain_yuan_mean"] - spare["gain_economic_yuan"] == pytest.approx(120 * 80, abs=0.02)


def test_pay_given_up_for_work_that_ends_is_no_recurrent_loss():
    """100 planting days with 90 free: 10 days of migrant pay are lost once, in the planting year."""
    links = [link_row("H1", "F1", "planter", 100, "days", 2020)]
    row = _one({"free_days": 90.0}, links=links, forest_plots=[{"plot_id": "F1"}]).households(2020).iloc[0]
    assert row["gain_yuan_mean"] == pytest.approx(100 * 100 - 10 * 4000 / 26, abs=0.02)
    assert row["gain_recurrent_yuan"] == pytest.approx(0.0, abs=0.02)


def test_a_gift_of_hives_is_no_income():
    numbers = fixed(honey_yield=0.0, hive_running_cost=0.0, hive_cost_colony=0.0)
    for year in (2010, 2011, 2020):
        row = _keeper(50, numbers=numbers).households(year).iloc[0]
        assert row["gain_yuan_mean"] == row["gross_receipts_yuan"] == 0


def test_a_keeper_who_gave_up_stays_in_the_file_with_zero():
    gains = _one(
        links=[link_row("H1", "B1", "keeper", 10, "hives", 2018)],
        apiaries=[
            {"apiary_id": "B1", "hives_received": 10.0, "hives_alive": 0.0, "count_date": "2019-10-01"}
        ],
    )
    row = gains.households(2020).iloc[0]
    assert row["gain_yuan_mean"] == row["bees_yuan_mean"] == row["gain_economic_yuan"] == 0
    assert row["linked"] and gains.by("county", 2020)["households_linked"].sum() == 1
    assert gains.households(2018).iloc[0]["gain_yuan_mean"] != 0


def test_only_recurrent_income_lifts_above_the_line():
    poor = {"persons": 1.0, "income_yuan_per_person": 3500.0}
    once = _one(
        poor, links=[link_row("H1", "F1", "planter", 300, "days", 2020)], forest_plots=[{"plot_id": "F1"}]
    )
    lasting = _guard(poor)
    assert once.households(2020).iloc[0]["gain_yuan_mean"] == pytest.approx(30_000, abs=0.1)
    assert once.households(2020).iloc[0]["chance_above_line"] == 0
    assert once.totals(2020).loc[["persons_gaining", "crossing_up"], "mean"].tolist() == [0, 0]
    assert lasting.households(2020).iloc[0]["chance_above_line"] == 1
    assert lasting.totals(2020).loc[["persons_gaining", "crossing_up"], "mean"].tolist() == [1, 1]


def test_a_loss_can_carry_a_household_below_the_line():
    home = {"persons": 2.0, "income_yuan_per_person": 4010.0}
    gains = _one(
        home, links=[link_row("H1", "J1", "grower", 2, "mu", 2020)],
        juncao_plots=[{"plot_id": "J1", "seedlings": "bought", "land_class": "farmland"}],
    )  # fmt: skip
    totals = gains.totals(2020)["mean"]
    assert totals[
        ["persons_above_line_without", "persons_above_line_with", "crossing_up", "crossing_down"]
    ].tolist() == [2, 0, 0, 2]


@pytest.mark.parametrize(
    ("says", "without", "with_", "up", "chance"),
    [("no", 4, 4, 0, 1.0), ("yes", 0, 4, 4, 1.0), ("unknown", 0, 0, 0, np.nan)],
)
def test_what_the_base_income_includes_decides_the_line_result(says, without, with_, up, chance):
    """Base 5,000 a head of 2018 for four, 8,000 of it guard pay where the base includes the programme."""
    home = {"income_yuan_per_person": 5000.0, "income_year": 2018.0, "base_includes_programme": says}
    gains = _guard(home)
    totals = gains.totals(2020)["mean"]
    measures = ["persons_above_line_without", "persons_above_line_with", "crossing_up", "crossing_down"]
    assert totals[measures].tolist() == [without, with_, up, 0]
    row = gains.households(2020).iloc[0]
    assert row["gain_yuan_mean"] == pytest.approx(8000, abs=0.01)
    np.testing.assert_equal(row["chance_above_line"], chance)


def test_the_income_of_a_year_before_the_programme_loses_nothing():
    home = {"income_yuan_per_person": 3900.0, "income_year": 2017.0, "base_includes_programme": "yes"}
    totals = _guard(home).totals(2020)["mean"]
    assert totals["persons_above_line_without"] == 0 and totals["persons_above_line_with"] == 4
    rich = {**home, "income_yuan_per_person": 4100.0}
    assert _guard(rich).totals(2020).loc["persons_above_line_without", "mean"] == 4


def test_a_base_without_its_year_stops_nobody():
    home = {"income_year": np.nan, "base_includes_programme": "yes"}
    row = _guard(home).households(2020).iloc[0]
    assert row["gain_yuan_mean"] == pytest.approx(8000, abs=0.01)


@pytest.mark.parametrize("line", [4000.0, 4001.0])
def test_in_its_own_year_a_base_that_holds_the_programme_is_what_the_register_says(line):
    """60 hives ask 120 days of 100: the register's 4,000 a head already lack the migrant pay of the other 20."""
    home = {"free_days": 100.0, "income_yuan_per_person": 4000.0, "income_year": 2020.0}
    home |= {"base_includes_programme": "yes"}
    gains = _one(
        home, links=[link_row("H1", "B1", "keeper", 60, "hives", 2010)],
        apiaries=[{"apiary_id": "B1", "started_year": 2010, "hives_received": 60.0}],
        line_yuan_per_person={2020: line, 2021: line},
    )  # fmt: skip
    for year in (2020, 2021):
        above = gains.totals(year).loc["persons_above_line_with", "mean"]
        assert above == (4 if line == 4000 else 0), year


def test_a_countys_own_line_stands_above_the_national_one():
    def line(**said):
        return _guard(**said).answer(2019).line

    assert line(line_yuan_per_person={}) == 3747 and line(line_yuan_per_person={2019: 3800.0}) == 3800
    assert line(line_yuan_per_person={2019: 3300.0}, line_series="statistics") == 3300
    with pytest.raises(DataProblem, match="E-EST-10") as problem:
        line(line_yuan_per_person={2019: 3300.0})
    finding = problem.value.findings[0]
    assert "3300" in finding.sentence("zh") and "3747 yuan a head (exit check, 2019)" in finding.sentence(
        "en"
    )


def test_series_are_never_mixed():
    """The series of the statistics ends in 2019: no other one stands in for it."""
    gains = _guard(line_yuan_per_person={}, line_series="statistics")
    assert gains.answer(2019).line == 3218 and gains.answer(2020).line is None
    with pytest.raises(DataProblem, match="E-PAR-01"):
        _guard(line_yuan_per_person={}, line_series="statistic").answer(2020)


def _between_households() -> Livelihood:
    """One household leases land to another: 300 yuan a mu from hand to hand, written down once on either side."""
    rent = 300

    def received(x, n, year):
        return x["quantity"] * (x["link_year"] <= year) * rent

    def paid(x, n, year):
        return -received(x, n, year)

    label = Phrase("户间流转", "lease among households")
    flows = (
        Flow("rent_received", label, "lessor", "market", "property", True, received),
        Flow("rent_paid", label, "grower", "market", "cost", True, paid),
    )
    needs = ("quantity", "link_year")
    return Livelihood("lease", label, "forest_plots", FOREST.site_columns, (), needs, (), flows, {}, {})


def test_what_households_of_the_file_pay_each_other_nets_out():
    links = [link_row("H1", "F1", "lessor", 5, "mu", 2018), link_row("H2", "F1", "grower", 5, "mu", 2018)]
    homes = [{"household_id": home, "income_yuan_per_person": 5000.0} for home in ("H1", "H2")]
    project = small_project(households=homes, forest_plots=[{"plot_id": "F1"}], links=links)
    numbers = fixed()
    gains = estimate_gains(link(project, numbers, livelihoods=(_between_households(),)), numbers, draws=10)
    assert gains.households(2020)["gain_yuan_mean"].tolist() == [1500, -1500]
    measures = ["gain_yuan", "gain_recurrent_yuan", "gain_economic_yuan"]
    assert not gains.totals(2020).loc[measures].to_numpy().any()
    net = gains.classes(2020).query("income_class == 'net'")
    assert not net[["mean", "p10", "p90"]].to_numpy().any()
    assert (gains.by("county", 2020)["gain_yuan_mean"] == 0).all()


def test_a_named_growth_carries_the_base_to_the_year():
    home = {"income_yuan_per_person": 3700.0, "income_year": 2018.0}
    sites = {
        "forest_plots": [{"plot_id": "F1"}],
        "links": [link_row("H1", "F1", "shareholder", 1, "yuan", 2018)],
    }
    gains = _one(home, numbers=fixed().replace("base_growth", mode=0.05, source=TOLD), **sites)
    above = [gains.totals(year).loc["persons_above_line_without", "mean"] for year in (2018, 2019, 2020)]
    assert above == [0, 0, 4]  # 3,700; 3,885; 4,079


def test_without_a_known_line_gains_are_given_but_no_line_result():
    project = small_project(
        households=[{"household_id": "H1"}], forest_plots=[{"plot_id": "F1"}], line_yuan_per_person={},
        links=[link_row("H1", "F1", "guard", 1, "posts", 2018)],
    )  # fmt: skip
    numbers = nothing_inferred(fixed())
    gains = estimate_gains(link(project, numbers), numbers, draws=10)
    assert gains.answer(2020).line == 4000 and gains.answer(2023).line is None
    row, totals = gains.households(2023).iloc[0], gains.totals(2023)
    assert row["gain_yuan_mean"] == pytest.approx(8000, abs=0.01) and np.isnan(row["chance_above_line"])
    assert totals.loc[["persons_above_line_with", "crossing_up"], "mean"].isna().all()
    assert totals.loc["persons_gaining", "mean"] == 4


@pytest.mark.parametrize(("persons", "gaining"), [(19.0, 19), (21.0, 0)])
def test_gaining_means_a_tenth_of_the_base(persons, gaining):
    """4,000 yuan a head: 8,000 of guard pay is a tenth of the base of 20 persons."""
    home = {"persons": persons, "income_yuan_per_person": 4000.0}
    assert _guard(home).totals(2020).loc["persons_gaining", "mean"] == gaining


def test_persons_are_expected_numbers_over_worlds_not_the_mean_household_compared():
    numbers = load_parameters().replace("honey_price", low=68.0, mode=100.0, high=200.0, source=TOLD)
    home = {"persons": 4.0, "income_yuan_per_person": 3500.0}
    gains = _keeper(10, home, numbers=numbers, draws=400)
    worlds = gains.answer(2020).worlds["gain_yuan"].sum(axis=0)
    expected = 4 * np.mean(3500 + worlds / 4 >= 4000)
    assert 0.2 < expected < 3.8
    assert gains.totals(2020).loc["persons_above_line_with", "mean"] == pytest.approx(expected)


def test_a_household_without_a_worker_has_no_migrant_pay_to_give_up():
    lean = _keeper(60, {"workers": 0.0, "free_days": np.nan}).households(2020).iloc[0]
    spare = _keeper(60, {"free_days": 120.0}).households(2020).iloc[0]
    assert lean["gain_yuan_mean"] == pytest.approx(spare["gain_yuan_mean"], abs=0.01)


def test_two_yards_share_one_network_of_buyers():
    """5 + 5 hives sell no more directly than 10: 30 kg at 100 and 55 kg at 50."""
    links = [link_row("H1", name, "keeper", 5, "hives", 2010) for name in ("B1", "B2")]
    yards = [{"apiary_id": name, "started_year": 2010, "hives_received": 5.0} for name in ("B1", "B2")]
    row = _one(links=links, apiaries=yards).households(2020).iloc[0]
    assert row["gain_yuan_mean"] == pytest.approx(
        _keeper(10).households(2020).iloc[0]["gain_yuan_mean"], abs=0.01
    )


def test_a_second_yard_to_come_takes_no_buyers_from_the_first_one_yet():
    links = [
        link_row("H1", "B1", "keeper", 5, "hives", 2010),
        link_row("H1", "B2", "keeper", 5, "hives", 2019),
    ]
    yards = [
        {"apiary_id": name, "started_year": since, "hives_received": 5.0}
        for name, since in (("B1", 2010), ("B2", 2019))
    ]
    row = _one(links=links, apiaries=yards).households(2015).iloc[0]
    assert row["gain_yuan_mean"] == pytest.approx(
        _keeper(5).households(2015).iloc[0]["gain_yuan_mean"], abs=0.01
    )


def test_flows_of_a_household_add_up_to_its_gain(county):
    gains = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED)
    homes = gains.households(2020).set_index("household_id")
    for home in ("H01", "H06", "H13", "H18", "H24", "H09", "H14", "H29"):
        flows = gains.flows(home, 2020).query("payee == 'household' or payer == 'household'")
        assert flows["yuan_mean"].sum() == pytest.approx(homes.loc[home, "gain_yuan_mean"], abs=0.02)
        once = flows.loc[~flows["recurrent"], "yuan_mean"].sum()
        assert once == pytest.approx(homes.loc[home, "gain_one_off_yuan"], abs=0.02)
        assert (flows["site_id"] == "").any() == (home in ("H09", "H14", "H29")), home


def test_pay_given_up_stands_among_the_flows_as_by_hand():
    flows = _keeper(60, {"free_days": 100.0}).flows("H1", 2020).set_index("site_id")
    assert flows.loc["", "yuan_mean"] == pytest.approx(-20 * 4000 / 26, abs=0.02)
    assert "" not in _keeper(60, {"free_days": 120.0}).flows("H1", 2020)["site_id"].tolist()
