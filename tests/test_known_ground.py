"""Where height, slope and aspect are known: the estimate against the plain one, on ground that matters to both."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from plain_estimate import estimate
from test_gains import DRAWS, HOME_MEASURES, LINE, NUMBERS, SEED, _everything

from eco.income.exposure import link
from eco.income.gains import estimate_gains


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """The county of the oracle, its plots on slopes of every kind and partly under sea-buckthorn."""
    exposure = link(_everything(tmp_path_factory.mktemp("ground")), NUMBERS)
    forest, juncao = exposure.sites["forest"], exposure.sites["juncao"]
    forest = forest.assign(
        aspect_known=1.0, slope_known=1.0, shady_share=np.linspace(0, 1, len(forest)),
        slope_degrees=np.linspace(5, 30, len(forest)), seabuckthorn=forest["bears_fruit"] / 2,
    )  # fmt: skip
    juncao = juncao.assign(
        elevation_known=1.0,
        slope_known=1.0,
        elevation_m=[1900.0, 2080.0, 2010.0],
        slope_degrees=[11.0, 3.0, 8.0],
    )
    return replace(exposure, sites={**exposure.sites, "forest": forest, "juncao": juncao})


@pytest.mark.parametrize("year", [2018, 2020])
def test_every_household_gains_what_the_plain_estimate_says_on_known_ground(county, year):
    found = estimate_gains(county, NUMBERS, draws=DRAWS, seed=SEED, chunk_households=4).households(year)
    plain = estimate(county, NUMBERS, draws=DRAWS, seed=SEED, year=year, line=LINE)
    expected = pd.DataFrame(plain).T.loc[found["household_id"]].reset_index(drop=True)
    for measure in HOME_MEASURES:
        np.testing.assert_allclose(
            found[measure], expected[measure].astype(float), atol=0.01, rtol=0, err_msg=measure
        )
