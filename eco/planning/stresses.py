"""A plan carried out under one named misfortune at a time: what is left of what it brings.

Both the records as they are and the records with the plan suffer the same stress in the same worlds, so the difference
is still the plan's own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.income.comparison import compare
from eco.income.gains import Gains
from eco.income.stress import STRESSES, Stress, under
from eco.planning.outcome import estimates
from eco.planning.plans import Plan
from eco.waiting import waiting

# What a plan brings, the measure of the estimate it is read from, and whether more of that is less of this.
_BRINGS = {
    "gain_recurrent_yuan": ("gain_recurrent_yuan", 1),
    "lifted_persons": ("persons_above_line_with", 1),
    "gap_closed_yuan": ("poverty_gap_with", -1),
}


def stressed(
    plan: Plan,
    *,
    stresses: tuple[Stress, ...] = STRESSES,
    year: int | None = None,
    draws: int | None = None,
    seed: int | None = None,
) -> pd.DataFrame:
    """One row a stress: what the plan, carried out, still brings under it, the worst first by recurrent gain.

    Columns: stress, label_zh, label_en; gain_recurrent_yuan (a year), lifted_persons and gap_closed_yuan (by how much
    persons below the line lack less to it, yuan a year), each a mean over worlds with _p10 and _p90, and _left_share:
    the part of what the plan brings without any stress (NaN where that is nothing). `year`, `draws` and `seed` as in
    `outcome`, whose table shows the plan without stress.
    """
    with waiting("plan_outcome_stress") as wait:
        without, with_plan = estimates(plan, year=year, draws=draws, seed=seed)
        calm = _brings(without, with_plan)
        rows = []
        for done, stress in enumerate(stresses):
            wait.at(stress.label)
            wait.count(done, len(stresses))
            hurt = _brings(under(without, stress), under(with_plan, stress))
            left = {f"{name}_left_share": _share(hurt[name], calm[name]) for name in _BRINGS}
            words = {"stress": stress.name, "label_zh": stress.label.zh, "label_en": stress.label.en}
            rows.append({**words, **hurt, **left})
    columns = ["stress", "label_zh", "label_en", *calm, *(f"{name}_left_share" for name in _BRINGS)]
    return pd.DataFrame(rows, columns=columns).sort_values("gain_recurrent_yuan", ignore_index=True)


def _brings(without: Gains, with_plan: Gains) -> dict[str, float]:
    """What the plan adds: means over worlds with p10 and p90."""
    year = with_plan.exposure.project.settings.default_year
    line = with_plan.answer(year).line
    changes = compare(without, with_plan, year=year).set_index("measure")
    told: dict[str, float] = {}
    for name, (measure, sign) in _BRINGS.items():
        unit = 1.0 if sign > 0 else np.nan if line is None else -line
        mean, *ends = changes.loc[measure, ["difference", "p10", "p90"]].to_numpy(float) * unit
        told |= {name: mean, f"{name}_p10": min(ends), f"{name}_p90": max(ends)}
    return told


def _share(left: float, of: float) -> float:
    return left / of if of else np.nan
