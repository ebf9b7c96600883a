"""Indices of a file's households: exact where households are few, the same as two other implementations."""

import inequality
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_projects import fixed, link_row, nothing_inferred, small_project

from eco.income import poverty
from eco.income.exposure import link
from eco.income.fairness import GROUPS, MEASURES, fairness, left_behind
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
