"""Which guess the answer hangs on: parameters ranked by their share of the spread of the year's total gain.

What all households share is judged by the worlds at hand: the share of a parameter p in the variance of the total T
is Var(E[T | p]) / Var(T), with E[T | p] a smooth curve (cubic in the rank of p) fitted over worlds. What differs by
county, site or household goes with the gain of those who meet it: see `scatter`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.income.accounts import COMMON_PARAMETERS
from eco.income.gains import Gains
from eco.income.scatter import own_variance
from eco.parameters.draws import Worlds
from eco.parameters.numbers import Number
from eco.phrases import Phrase
from eco.problems import DataProblem, Finding

_CURVE_DEGREE = 3
_NOISE = 4.0  # a curve through pure noise explains degree / draws, and seldom four times that
FEWEST_DRAWS = 200


def drivers(gains: Gains, year: int | None = None) -> pd.DataFrame:
    """Parameters by livelihood, ranked by share of the spread of the year's total gain.

    Columns: livelihood ("labour" for what all share), parameter, label_zh, label_en, unit, varies, share (of the
    variance of the total over all livelihoods), share_of_livelihood, grade, kind (of the source; judgement means a
    guess), source. Shares are first-order: interactions are left out, so they need not add up to 1.
    """
    if gains.draws < FEWEST_DRAWS:
        expected = Phrase(f"至少 {FEWEST_DRAWS} 次抽样", f"at least {FEWEST_DRAWS} draws")
        todo = Phrase("增加 --draws", "ask for more draws")
        raise DataProblem(
            [Finding("E-EST-03", "error", "drivers", "", "draws", str(gains.draws), expected, todo)]
        )
    answer = gains.answer(year)
    totals = {name: worlds.sum(axis=0, dtype=float) for name, worlds in answer.worlds.items()}
    named = [(one.name, name) for one in gains.exposure.livelihoods for name in one.parameters]
    named += [("labour", name) for name in COMMON_PARAMETERS]
    drawn = [(livelihood, gains.numbers[name]) for livelihood, name in named if gains.numbers[name].drawn]
    own = {number.name: number for _, number in drawn if number.varies != "together"}
    alone = own_variance(gains, answer.year)
    worlds = Worlds(gains.numbers, gains.draws, gains.seed)
    rows = []
    for livelihood, number in drawn:
        spreads = ("gain_yuan", f"{livelihood}_yuan" if livelihood != "labour" else "gain_yuan")
        if totals[spreads[1]].var() == 0:
            shares = [0.0, 0.0]  # a livelihood without a flow this year drives nothing
        elif number.name in own:
            parts = [alone.get((number.name, name), 0.0) / totals[name].var() for name in spreads]
            shares = [min(part, 1.0) if part > _NOISE / gains.draws else 0.0 for part in parts]
        else:
            ranks = _ranks(worlds, number, answer.year)
            shares = [_explained(ranks, totals[name]) for name in spreads]
        rows.append(_row(livelihood, number, *shares))
    table = pd.DataFrame(rows)
    return table.sort_values(["share", "share_of_livelihood"], ascending=False, ignore_index=True)


def _ranks(worlds: Worlds, number: Number, year: int) -> np.ndarray:
    values = worlds.shared(number.name, year=year)[0]
    return values if number.shape == "event" else np.argsort(np.argsort(values)) / len(values)


def _explained(driver: np.ndarray, total: np.ndarray) -> float:
    """Share of the variance of `total` that a smooth curve in `driver` explains; 0 where noise explains as much."""
    if total.var() == 0 or driver.var() == 0:
        return 0.0
    degree = 1 if len(np.unique(driver)) == 2 else _CURVE_DEGREE
    fitted = np.polynomial.Polynomial.fit(driver, total, degree)(driver)
    left = np.sum((total - fitted) ** 2) / np.sum((total - total.mean()) ** 2)
    share = 1 - left * (len(total) - 1) / (len(total) - 1 - degree)
    return float(share) if share > _NOISE * degree / len(total) else 0.0


def _row(livelihood: str, number: Number, share: float, share_of_livelihood: float) -> dict:
    return {
        "livelihood": livelihood,
        "parameter": number.name,
        "label_zh": number.label.zh,
        "label_en": number.label.en,
        "unit": number.unit,
        "varies": number.varies,
        "share": share,
        "share_of_livelihood": share_of_livelihood,
        "grade": number.source.grade,
        "kind": number.source.kind,
        "source": number.source.title,
    }
