"""What an estimate keeps of every world beside its totals, and that looking a formula through changes no answer."""

import numpy as np
import pytest
from small_projects import dingxi

from eco.income import formulas
from eco.income.accounts import Stream, base_income, ledger, price_days, total_gain
from eco.income.gains import CLASSES, INCOME_BINS, INCOME_FIRST, INCOME_WIDTH, estimate_gains
from eco.income.poverty import fgt
from eco.parameters.draws import Worlds

YEAR, DRAWS = 2020, 101


@pytest.fixture(scope="module")
def example():
    return dingxi()


@pytest.fixture(scope="module")
def answer(example):
    return estimate_gains(example.exposure, example.numbers, draws=DRAWS, seed=1).answer(YEAR)


@pytest.fixture(scope="module")
def matrix(example):
    """Persons, income per head without and with recurrent gain of all judged households, kept whole for once."""
    parts = []
    for linked in (True, False):
        worlds = Worlds(example.numbers, DRAWS if linked else 1, 1)
        stream = Stream.of(example.exposure, worlds, year=YEAR, linked=linked)
        cut = (0, len(stream))
        book = ledger(stream, cut, YEAR)
        price_days(book, stream, cut, YEAR)
        homes, base = stream.homes, base_income(stream, cut, YEAR)
        known = homes["base_includes_programme"] != "unknown"
        persons = homes["persons"].astype(float)[:, None]
        recurrent = (total_gain(book) - book.one_off).astype(float)
        full = [np.broadcast_to(a, (len(persons), DRAWS)) for a in (base, base + recurrent / persons)]
        parts.append((persons[known, 0], full[0][known], full[1][known]))
    return [np.concatenate(columns) for columns in zip(*parts)]


@pytest.mark.parametrize(("when", "at"), [("without", 1), ("with", 2)])
def test_gaps_are_fgt_1_and_2_of_the_households_judged(answer, matrix, when, at):
    persons, income = matrix[0], matrix[at]
    judged = answer.persons_judged.sum()
    assert judged == persons.sum()
    poor = 1 - answer.worlds[f"persons_above_line_{when}"].sum(axis=0, dtype=float) / judged
    gaps = [answer.worlds[f"poverty_{gap}_{when}"].sum(axis=0, dtype=float) for gap in ("gap", "gap_squared")]
    for alpha, found in enumerate((poor, gaps[0] / judged, gaps[1] / judged)):
        expected = [fgt(income[:, d], answer.line, alpha, persons) for d in range(DRAWS)]
        np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize(("when", "at"), [("without", 1), ("with", 2)])
def test_incomes_are_counted_world_by_world(answer, matrix, when, at):
    persons, income = matrix[0], matrix[at]
    bins = answer.incomes[when]
    assert bins.shape == (DRAWS, INCOME_BINS) and (bins.sum(axis=1) == persons.sum()).all()
    for d in (0, 50, 100):
        edges = INCOME_FIRST + INCOME_WIDTH * np.arange(INCOME_BINS + 1)
        expected = np.histogram(np.clip(income[:, d], edges[0], edges[-1] - 1), edges, weights=persons)[0]
        assert np.abs(np.cumsum(bins[d].astype(float)) - np.cumsum(expected)).max() <= 0.001 * persons.sum()


def test_classes_add_up_to_the_gain(example, answer):
    gains = estimate_gains(example.exposure, example.numbers, draws=DRAWS, seed=1)
    table = gains.classes(YEAR).set_index(["income_class", "recurrent"])
    totals = gains.totals(YEAR)
    for recurs, measure in (
        ("all", "gain_yuan"),
        ("yes", "gain_recurrent_yuan"),
        ("no", "gain_one_off_yuan"),
    ):
        np.testing.assert_allclose(table.loc[("net", recurs)], totals.loc[measure], rtol=1e-5, atol=1)
        assert table.loc[(list(CLASSES), recurs), "mean"].sum() == pytest.approx(
            totals.loc[measure, "mean"], rel=1e-5
        )
    assert table.loc[("cost", "all"), "mean"] < 0 < table.loc[("operating", "all"), "mean"]
    for measure in ("gain_economic_yuan", "gross_receipts_yuan"):
        assert totals.loc[measure, "mean"] == pytest.approx(answer.households[measure].sum(), rel=1e-5)
        assert totals.loc[measure, "p10"] < totals.loc[measure, "p90"]


def test_a_formula_looked_through_answers_as_the_plain_one(example, monkeypatch):
    usual = estimate_gains(example.exposure, example.numbers, draws=DRAWS, seed=1).households(YEAR)
    plain = lambda formulas, columns, draws, year: dict(formulas)  # noqa: E731
    monkeypatch.setattr(formulas, "looked_through", plain)
    other = estimate_gains(example.exposure, example.numbers, draws=DRAWS, seed=1).households(YEAR)
    for name in (
        "gain_yuan_mean",
        "gain_yuan_p10",
        "gain_yuan_p90",
        "gross_receipts_yuan",
        "gain_economic_yuan",
    ):
        np.testing.assert_allclose(usual[name], other[name], atol=0.02, rtol=1e-5, err_msg=name)


def test_every_formula_of_the_house_can_be_looked_through(example):
    """One that cannot still answers rightly, many times slower."""
    stream = Stream.of(example.exposure, Worlds(example.numbers, 10, 1), year=YEAR)
    for booking in stream.bookings:
        for name, value in booking.program.results.items():
            assert isinstance(value, formulas.Value), f"{booking.block.one.name} {name}"
