"""A check of the software, not of the truth: where the model itself makes the truth, intervals cover what they say.

Every world draws its own parameters; one further world of the same kind is the truth. Worlds are what is counted:
households of one world share prices and frost, so they are no independent trials.
"""

import numpy as np
import pytest
from small_projects import VILLAGES, link_row, nothing_inferred, small_project

from eco.income.exposure import link
from eco.income.gains import estimate_gains
from eco.parameters.numbers import load_parameters

TRUTHS, DRAWS, YEAR = 8000, 8000, 2020


@pytest.fixture(scope="module")
def exposure():
    """Forty households with bees, grass, forest work and leases, in four villages of two counties."""
    homes = [
        {
            "household_id": f"H{k:02d}",
            "village_code": VILLAGES[k % 4],
            "income_yuan_per_person": 3300.0 + 50 * k,
        }
        for k in range(40)
    ]
    yards = [
        {"apiary_id": f"B{k}", "village_code": VILLAGES[k], "started_year": 2016 + k, "hives_received": 60.0}
        for k in range(4)
    ]
    links = [link_row(f"H{k:02d}", f"B{k % 4}", "keeper", 2 + k % 5, "hives", 2018) for k in range(40)]
    links += [link_row(f"H{k:02d}", "J", "grower", 2, "mu", YEAR) for k in range(0, 40, 2)]
    links += [link_row(f"H{k:02d}", "F", "tender", 20, "days", YEAR) for k in range(0, 40, 3)]
    links += [link_row(f"H{k:02d}", "L", "lessor", 4, "mu", 2019) for k in range(0, 40, 5)]
    leased = {"plot_id": "L", "tenure": "household", "land_class": "farmland", "planted_year": 2019}
    project = small_project(
        households=homes, apiaries=yards, links=links, juncao_plots=[{"plot_id": "J"}],
        forest_plots=[{"plot_id": "F", "planted_year": 2019}, leased],
    )  # fmt: skip
    return link(project, nothing_inferred(load_parameters()))


def test_intervals_cover_the_planted_truth_as_often_as_they_say(exposure):
    numbers = nothing_inferred(load_parameters())
    truth = estimate_gains(exposure, numbers, draws=TRUTHS, seed=71).answer(YEAR)
    estimate = estimate_gains(exposure, numbers, draws=DRAWS, seed=72)
    bounds = estimate.totals(YEAR)
    worlds = {
        name: truth.worlds[name].sum(axis=0, dtype=float) for name in ("gain_yuan", "gain_recurrent_yuan")
    }
    worlds |= {f"{one}_yuan": truth.worlds[f"{one}_yuan"].sum(axis=0) for one in ("forest", "juncao", "bees")}
    worlds |= {name: truth.totals[name] for name in ("gain_economic_yuan", "gross_receipts_yuan")}
    error = np.sqrt(0.8 * 0.2 / TRUTHS)
    print(f"\ncoverage of P10-P90 over {TRUTHS:,} worlds, standard error {error:.4f}:")
    for name, values in worlds.items():
        low, high = bounds.loc[name, ["p10", "p90"]]
        covered = np.mean((low <= values) & (values <= high))
        print(f"  {name:22} {covered:.4f}")
        # Both ends of the interval are estimated from as many worlds, which doubles the variance.
        assert covered == pytest.approx(0.8, abs=0.02), name
