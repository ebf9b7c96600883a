"""Indices of a file's households: exact where households are few, the same as two other implementations."""

from dataclasses import replace

import inequality
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_projects import VILLAGES, fixed, link_row, nothing_inferred, small_project

from eco.income import poverty
from eco.income.exposure import link
from eco.income.fairness import (
    GROUPS,
    MEASURES,
    allowances_at_risk,
    county_rate,
    fairness,
    growth_alone,
    left_behind,
)
from eco.income.fiscal import grain_land, yuan_a_fiscal_yuan
from eco.income.gains import estimate_gains
from eco.problems import DataProblem

INCOMES = st.lists(st.floats(1, 50_000), min_size=2, max_size=40)


@given(INCOMES)
def test_theil_is_that_of_another_implementation(incomes):
    assert poverty.theil(incomes) == pytest.approx(inequality.theil.Theil(np.array(incomes)).T, abs=1e-9)


@given(INCOMES, st.integers(2, 5))
def test_indices_do_not_mind_how_many_copies_of_everybody_there_are(incomes, times):
    for index in (poverty.theil, poverty.gini, lambda y: poverty.sen(y, 4000)):
        assert index(incomes * times) == pytest.approx(index(incomes), abs=1e-9)


def test_sen_by_hand():
    # Two of five are poor: H 0.4; gaps 0.5 and 0.25, I 0.375; Gini of 2000 and 3000 is 0.1.
    assert poverty.sen([2000, 3000, 4000, 5000, 9000], 4000) == pytest.approx(0.4 * (0.375 + 0.625 * 0.1))
    assert poverty.sen([4000, 5000], 4000) == 0
    assert poverty.sen([0, 0, 9000], 4000) == pytest.approx(2 / 3)


def test_theil_refuses_what_it_is_not_defined_for():
    with pytest.raises(DataProblem, match="E-POV-04"):
        poverty.theil([-1, 5])


def village(incomes, persons=None, **said):
    homes = [
        {"household_id": f"H{i}", "income_yuan_per_person": float(y), "persons": float(persons[i] if persons else 4),
         "main_cause": "illness" if i % 2 else "schooling"}
        for i, y in enumerate(incomes)
    ]  # fmt: skip
    return small_project(households=homes, **said)


def estimate(project, **values):
    numbers = nothing_inferred(fixed(**values))
    return estimate_gains(link(project, numbers), numbers, draws=20, seed=3)


@settings(max_examples=10)
@given(st.lists(st.floats(200, 20_000), min_size=3, max_size=30), st.data())
def test_the_steps_lose_nothing_that_can_be_seen(incomes, data):
    persons = data.draw(st.lists(st.integers(1, 9), min_size=len(incomes), max_size=len(incomes)))
    table = fairness(estimate(village(incomes, persons)), 2020).set_index("measure")["without"]
    exact = {
        "poor_share": poverty.fgt(incomes, 4000, 0, persons),
        "gap": poverty.fgt(incomes, 4000, 1, persons),
        "squared_gap": poverty.fgt(incomes, 4000, 2, persons),
        "sen": poverty.sen(incomes, 4000, persons),
        "gini": poverty.gini(incomes, persons),
        "theil": poverty.theil(incomes, persons),
    }
    assert set(exact) == set(MEASURES)
    for name, value in exact.items():
        assert table[name] == pytest.approx(value, abs=2e-3), name


def test_a_guard_lifts_his_household_and_the_index_of_his_group_alone():
    project = village(
        [3000, 3000, 3500],
        forest_plots=[{"plot_id": "F1"}],
        links=[link_row("H1", "F1", "guard", 1, "posts", 2019)],
    )
    gains = estimate(project, guard_wage=8000)
    whole = fairness(gains, 2020).set_index("measure")
    assert whole.loc["poor_share", "without"] == 1 and whole.loc["poor_share", "with"] == pytest.approx(2 / 3)
    by_cause = fairness(gains, 2020, by="main_cause").set_index(["group", "measure"])
    assert by_cause.loc[("illness", "gap"), "change"] == pytest.approx(-0.25)
    assert by_cause.loc[("schooling", "gap"), "change"] == 0
    behind = left_behind(gains, 2020, by="main_cause").set_index("group")
    assert (
        behind.loc["schooling", "households_unlinked"] == 2
        and behind.loc["illness", "households_no_gain"] == 0
    )


def test_a_base_of_unknown_content_is_left_out():
    homes = [
        {"household_id": "H0", "income_yuan_per_person": 1000.0, "base_includes_programme": "unknown"},
        {"household_id": "H1", "income_yuan_per_person": 5000.0},
    ]
    table = fairness(estimate(small_project(households=homes)), 2020).set_index("measure")
    assert (table["households"] == 1).all() and table.loc["poor_share", "without"] == 0


def test_what_cannot_be_answered_is_said():
    gains = estimate(village([3000, 5000]))
    with pytest.raises(DataProblem, match="E-EST-02"):
        fairness(gains, 2020, by="colour")
    with pytest.raises(DataProblem, match="E-EST-08"):
        fairness(estimate(village([3000, 5000], line_yuan_per_person={})), 2045)
    assert set(GROUPS) >= {"file", "county", "township", "main_cause", "household_size"}


def guarded(**said):
    """Two guards: one of four persons on 3,000 a head, lifted by 2,000; one on 3,700 whom growth would lift alone."""
    homes = [
        {"household_id": "H0", "income_yuan_per_person": 3000.0, "village_code": VILLAGES[0]},
        {"household_id": "H1", "income_yuan_per_person": 3700.0, "village_code": VILLAGES[0]},
        {"household_id": "H2", "income_yuan_per_person": 3700.0, "village_code": VILLAGES[3], "persons": 3.0},
    ]
    for home, more in zip(homes, said.pop("homes", [{}, {}, {}])):
        home.update(more)
    links = [link_row(home, "F1", "guard", 1, "posts", 2017) for home in ("H0", "H1")]
    return estimate(
        small_project(households=homes, forest_plots=[{"plot_id": "F1", "planted_year": 2016}], links=links),
        guard_wage=8000,
    )


def test_growth_alone_takes_from_the_programme_what_it_did_not_do():
    # Four years from 2016 to 2020: 3,700 x 1.05^4 = 4,497; 3,000 x 1.05^4 = 3,647, x 1.1^4 = 4,392.
    table = growth_alone(guarded(), 2020).set_index("growth")
    assert table.index.tolist() == [0.0, 0.05, 0.1]
    assert table["crossing_by_growth"].tolist() == [0, 7, 11]
    assert table["crossing_up"].tolist() == [8, 4, 0]
    assert table["persons_above_line_with"].tolist() == [8, 11, 11]
    assert growth_alone(guarded(), 2020, growths=[0.02])["growth"].tolist() == [0.0, 0.02]


def test_growth_changes_neither_gain_nor_the_estimate_it_was_asked_of():
    gains = guarded()
    before = gains.totals(2020)
    growth_alone(gains, 2020)
    pd.testing.assert_frame_equal(gains.totals(2020), before)
    assert gains.numbers["base_growth"].mode == 0


def test_an_allowance_that_may_be_cut_is_flagged_with_the_most_it_may_lose():
    homes = [{"register_type": "minimum_allowance"}, {}, {"register_type": "minimum_allowance"}]
    table = allowances_at_risk(guarded(homes=homes), 2020).set_index("household_id")
    assert table.index.tolist() == ["H0"]  # H1 is on no allowance, H2 gains nothing
    assert table.loc["H0", "gain_recurrent_yuan"] == pytest.approx(8000)


def test_a_countys_rate_stands_on_its_rural_population():
    table = county_rate(guarded(), {"621102": 100.0, "621126": 60.0}, 2020).set_index("code")
    assert table["rate_without"].tolist() == pytest.approx([8 / 100, 3 / 60])
    assert table["rate_with"].tolist() == pytest.approx([0.0, 3 / 60])
    unjudged = guarded(homes=[{"base_includes_programme": "unknown"}, {}, {}])
    row = county_rate(unjudged, {"621102": 100.0}, 2020).iloc[0]
    assert (row["persons"], row["persons_unjudged"], row["rate_without"]) == (8, 4, pytest.approx(4 / 100))


def test_no_county_rate_without_a_denominator_that_can_be_one():
    with pytest.raises(DataProblem) as problem:
        county_rate(guarded(), {"621102": 7.0, "999999": 100.0, "621126": float("nan")}, 2020)
    assert [finding.column for finding in problem.value.findings] == ["621102", "999999", "621126"]
    assert all(f.code == "E-EST-15" and f.sentence("zh") and f.sentence("en") for f in problem.value.findings)
    with pytest.raises(DataProblem, match="E-EST-08"):
        growth_alone(estimate(village([3000, 5000], line_yuan_per_person={})), 2045)


def test_every_grouping_counts_every_person_once():
    homes = [
        {"persons": 9.0, "main_cause": "schooling"},
        {"persons": 7.0, "main_cause": ""},
        {"main_cause": np.nan},
    ]
    gains = guarded(homes=homes)
    expected = {
        "file": {"file": 19}, "county": {"621102 安定区": 16, "621126 岷县": 3},
        "township": {"621102101 甲镇": 16, "621126101 丙镇": 3}, "main_cause": {"schooling": 9, "other": 10},
        "household_size": {"3": 3, "7+": 16},
    }  # fmt: skip
    for by, persons in expected.items():
        table = fairness(gains, 2020, by=by).query("measure == 'gap'").set_index("group")["persons"]
        assert table.to_dict() == persons, by
        assert left_behind(gains, 2020, by=by).set_index("group")["persons"].to_dict() == persons, by


def test_indices_do_not_hang_on_chunks_or_the_order_of_rows():
    gains = guarded()
    project = gains.exposure.project
    turned = {name: table.iloc[::-1].reset_index(drop=True) for name, table in project.tables.items()}
    other = link(replace(project, tables=turned), gains.numbers)
    other = estimate_gains(other, gains.numbers, draws=20, seed=3, chunk_households=1)
    for ask in (fairness, left_behind, growth_alone, allowances_at_risk, yuan_a_fiscal_yuan, grain_land):
        pd.testing.assert_frame_equal(ask(gains, 2020), ask(other, 2020), check_exact=True)
