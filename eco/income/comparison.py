"""Two estimates of the same households beside each other, world against world.

Worlds are keyed by seed and name, so world d of one estimate is world d of the other: what both share falls out of
the difference, and its interval is narrower than the two intervals laid side by side would suggest.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.income.gains import Gains, quantiles
from eco.phrases import WORDS, Phrase
from eco.problems import DataProblem, Finding
from eco.waiting import waiting


@waiting("wait_compare")
def compare(a: Gains, b: Gains, *, year: int | None = None) -> pd.DataFrame:
    """What changes from estimate `a` to `b` in a year (default: the project's), one row a measure.

    Columns: measure, label_zh, label_en, a, b (means), difference (mean of b - a over worlds), p10, p90 (of the
    difference) and chance_higher (share of worlds in which b is above a). Raises DataProblem where households, draws
    or seed differ, for then worlds cannot be matched.
    """
    _same_worlds(a, b)
    ours, theirs = a.answer(year), b.answer(year)
    rows = []
    for name, worlds in ours.worlds.items():
        if name not in theirs.worlds:
            continue
        one, other = (_total(world) for world in (worlds, theirs.worlds[name]))
        rows.append(_row(name, one, other))
    return pd.DataFrame(rows)


def compare_households(a: Gains, b: Gains, *, year: int | None = None) -> pd.DataFrame:
    """What changes for each household: household_id, places, persons, gain and chance above the line in a and b.

    For the bureau's own use, as `Gains.households` is.
    """
    _same_worlds(a, b)
    who = ["household_id", "county", "township", "village", "persons"]
    what = ["gain_yuan_mean", "gain_recurrent_yuan", "chance_of_loss", "chance_above_line"]
    ours, theirs = (one.households(year).set_index("household_id") for one in (a, b))
    table = ours[who[1:]].copy()
    for name in what:
        table[f"{name}_a"], table[f"{name}_b"] = ours[name], theirs[name]
        table[f"{name}_change"] = theirs[name] - ours[name]
    return table.reset_index()


def _total(worlds: np.ndarray) -> np.ndarray:
    return worlds.sum(axis=0, dtype=float)


def _row(name: str, one: np.ndarray, other: np.ndarray) -> dict:
    difference = other - one
    p10, _, p90 = quantiles(difference[None, :])[:, 0]
    words = WORDS.get(f"measure_{name}", Phrase(name, name))
    known = np.isfinite(difference).all()
    return {
        "measure": name,
        "label_zh": words.zh,
        "label_en": words.en,
        "a": one.mean(),
        "b": other.mean(),
        "difference": difference.mean(),
        "p10": p10,
        "p90": p90,
        "chance_higher": np.mean(difference > 0) if known else np.nan,
    }


def _same_worlds(a: Gains, b: Gains) -> None:
    differs = [
        Phrase(zh, en)
        for zh, en, one, other in (
            ("抽样次数", "draws", a.draws, b.draws),
            ("随机种子", "seed", a.seed, b.seed),
            ("农户", "households", _ids(a), _ids(b)),
        )
        if one != other
    ]
    if differs:
        found = "、".join(f"{word.zh} {word.en}" for word in differs)
        expected = Phrase(
            "农户、抽样次数和种子都相同的两次测算", "two estimates of the same households, draws and seed"
        )
        todo = Phrase("用相同的设置重新测算", "estimate both with the same settings")
        raise DataProblem([Finding("E-EST-09", "error", "compare", "", "", found, expected, todo)])


def _ids(gains: Gains) -> list[str]:
    return sorted(gains.exposure.project.households["household_id"])
