"""Poverty and inequality by hand, by another package, and with weights as repetition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inequality.gini import Gini

import eco
from eco.income.poverty import crossing, fgt, gini
from eco.problems import DataProblem

_incomes = st.lists(st.tuples(st.floats(0.01, 1e5), st.integers(1, 6)), min_size=1, max_size=25)


def test_the_three_indices_by_hand():
    """Line 4,000: gaps of 3/4 and 1/4 among four persons; an income on the line is not poor."""
    incomes = [1000, 3000, 4000, 9000]
    assert fgt(incomes, 4000, 0) == pytest.approx(2 / 4)
    assert fgt(incomes, 4000, 1) == pytest.approx((3 / 4 + 1 / 4) / 4)
    assert fgt(incomes, 4000, 2) == pytest.approx((9 / 16 + 1 / 16) / 4)


def test_persons_weigh_households():
    assert fgt([1000, 9000], 4000, 0, weights=[3, 1]) == pytest.approx(0.75)
    assert fgt([1000, 9000], 4000, 1, weights=[3, 1]) == pytest.approx(0.75 * 0.75)


def test_the_doorway_shows_the_room():
    assert eco.poverty.fgt([1, 5], 3, 0) == 0.5 and eco.poverty.gini([2, 2]) == 0.0


@given(_incomes, st.floats(1, 1e5), st.sampled_from([0, 1, 2, 1.5]))
def test_a_weight_is_as_good_as_repetition(people, line, alpha):
    incomes, persons = map(list, zip(*people))
    every = np.repeat(incomes, persons)
    assert fgt(incomes, line, alpha, weights=persons) == pytest.approx(fgt(every, line, alpha), abs=1e-12)
    assert gini(incomes, weights=persons) == pytest.approx(gini(every), abs=1e-9)


@given(_incomes, st.floats(1, 1e5))
def test_deeper_indices_are_smaller_and_all_lie_between_0_and_1(people, line):
    incomes, persons = zip(*people)
    zero, one, two = (fgt(incomes, line, alpha, weights=persons) for alpha in (0, 1, 2))
    assert 0 <= two <= one + 1e-12 <= zero + 2e-12 <= 1 + 3e-12


@given(_incomes, st.floats(1, 1e5), st.floats(0.5, 50))
def test_the_unit_of_money_does_not_matter(people, line, factor):
    incomes, persons = map(np.array, zip(*people))
    assert gini(incomes * factor, weights=persons) == pytest.approx(gini(incomes, weights=persons), abs=1e-9)
    assert fgt(incomes * factor, line * factor, 1) == pytest.approx(fgt(incomes, line, 1), abs=1e-9)


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=60))
def test_gini_is_that_of_another_package(incomes):
    assert gini(incomes) == pytest.approx(Gini(np.array(incomes)).g, abs=1e-9)


@given(st.lists(st.floats(-500, 1e4), min_size=2, max_size=12))
def test_gini_is_half_the_mean_difference_over_the_mean(incomes):
    incomes = np.array(incomes)
    if incomes.mean() < 1:
        return
    half = np.abs(incomes[:, None] - incomes[None, :]).mean() / 2
    assert gini(incomes) == pytest.approx(half / incomes.mean(), rel=1e-6, abs=1e-9)


def test_gini_by_hand():
    assert gini([0, 0, 0, 8]) == pytest.approx(0.75)
    assert gini([1, 3]) == pytest.approx(0.25)
    assert gini([1, 3], weights=[1, 3]) == pytest.approx(gini([1, 3, 3, 3])) == pytest.approx(0.15)


def test_negative_incomes_count_with_their_whole_gap():
    assert fgt([-4000, 9000], 4000, 1) == pytest.approx(1.0)
    assert fgt([-4000, 9000], 4000, 0) == pytest.approx(0.5)


def test_crossing_counts_persons_both_ways_and_the_line_itself_is_above():
    without, with_ = [3000, 3999.9, 4000, 5000, 3000], [4000, 4100, 3999.9, 5100, 3500]
    assert crossing(without, with_, 4000, [4, 3, 5, 2, 6]) == (7.0, 5.0)


@given(_incomes, st.lists(st.floats(0.01, 1e5), min_size=25, max_size=25), st.floats(1, 1e5))
def test_crossing_explains_the_change_of_the_poor(people, later, line):
    before, persons = map(np.array, zip(*people))
    after = np.array(later[: len(before)])
    up, down = crossing(before, after, line, persons)
    poor = [fgt(income, line, 0, weights=persons) * persons.sum() for income in (before, after)]
    assert poor[0] - poor[1] == pytest.approx(up - down, abs=1e-6)


@pytest.mark.parametrize(
    ("income", "weights"),
    [
        ([], None),
        ([1.0, np.nan], None),
        ([1.0, np.inf], None),
        ([1.0, 2.0], [1.0]),
        ([1.0], [-1.0]),
        ([1.0], [0.0]),
    ],
)
def test_what_cannot_be_weighed_is_refused(income, weights):
    for ask in (lambda: fgt(income, 4000, 1, weights=weights), lambda: gini(income, weights=weights)):
        with pytest.raises(DataProblem):
            ask()


def test_a_line_or_a_mean_of_nothing_is_refused():
    for line in (0.0, -1.0, float("nan")):
        with pytest.raises(DataProblem):
            fgt([1.0], line, 1)
    with pytest.raises(DataProblem):
        gini([0.0, 0.0])
    with pytest.raises(DataProblem):
        gini([-3.0, 1.0])
