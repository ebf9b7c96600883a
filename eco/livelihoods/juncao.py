"""Juncao: an annual in Dingxi, sown and sold season by season (facts/domain, items 1 to 3).

A plot is one season; nothing is carried over a winter, so a year without a season earns nothing. The margin can
be negative.

The yield is told for terraces up to a certain height (`juncao_alt_full`, part of what that number says, so nothing is
taken off below it); it falls from there to nothing at the limit, and likewise on slopes. A season's weather is
the same for all who grow in it, a failed crop for all of a county; it costs what a good one costs. What the records
call free seedlings stays free, even beyond what the nursery can raise: `nursery_load` shows how much that is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.livelihoods.livelihood import Columns, Flow, Inference, Livelihood, Numbers, dividend, held
from eco.phrases import Phrase


def harvest_value(mu, tonnes_per_mu, yuan_per_tonne):
    """Value of a season's fresh grass in yuan.

    >>> harvest_value(2.0, 4.5, 260.0)
    2340.0
    """
    return mu * tonnes_per_mu * yuan_per_tonne


def falling(value, full, limit):
    """1 up to `full`, then falling evenly to 0 at `limit` (at once where the limit is not above `full`).

    >>> falling(np.array([1900.0, 2100.0, 2300.0]), 2000.0, 2200.0).round(6).tolist()
    [1.0, 0.5, 0.0]
    >>> falling(np.array([2000.0, 2001.0]), 2000.0, 1900.0).tolist()
    [1.0, 0.0]
    """
    share = (limit - value) / np.maximum(limit - full, 1)
    return np.where(value <= full, 1, np.clip(share, 0, 1))


def seedling_bill(mu, plants_per_mu, yuan_per_plant):
    """Cost of bought seedlings in yuan.

    >>> seedling_bill(2.0, 2500.0, 0.2)
    1000.0
    """
    return mu * plants_per_mu * yuan_per_plant


def _grown_mu(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return held(x, n["programme_poor_share"]) * (x["season"] == year)


def _ground(x: Columns, n: Numbers) -> np.ndarray:
    """Part of the told yield that height and slope leave; where they are not known, the plot is a told terrace."""
    height = falling(x["elevation_m"], n["juncao_alt_full"], n["juncao_alt_max"])
    slope = falling(x["slope_degrees"], n["juncao_slope_full"], n["juncao_slope_max"])
    return np.where(x["elevation_known"] > 0, height, 1) * np.where(x["slope_known"] > 0, slope, 1)


def _harvest(x: Columns, n: Numbers, mu: np.ndarray) -> np.ndarray:
    season = n["juncao_season"] * (1 - n["juncao_failure"])
    return harvest_value(mu, n["juncao_yield_dryland"] * season * _ground(x, n), n["juncao_price"])


def _sold(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _harvest(x, n, _grown_mu(x, n, year) * x["sold"])


def _fed(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _harvest(x, n, _grown_mu(x, n, year) * (1 - x["sold"]))


def _growing_cost(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return -_grown_mu(x, n, year) * n["juncao_plant_cost"]


def _seedlings(x: Columns, n: Numbers, year: int) -> np.ndarray:
    own = np.where(x["bought_seedlings"] > 0, 1, 1 - n["juncao_free_seedlings_paid"])
    mu = _grown_mu(x, n, year) * own
    return -seedling_bill(mu, n["juncao_plants_per_mu"], n["juncao_seedling_price"])


def _crop_given_up(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return -_grown_mu(x, n, year) * x["farmland"] * n["grain_net_wheat"]


def _growing_days(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _grown_mu(x, n, year) * n["juncao_labour"]


def _hired_days(x: Columns, n: Numbers, year: int) -> np.ndarray:
    days = np.where(x["in_days"] > 0, x["quantity"], x["quantity"] * n["juncao_labour"])
    return days * ((x["link_year"] == year) & (x["season"] == year))


def _field_wage(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _hired_days(x, n, year) * n["day_wage_local_light"]


def _leased(x: Columns, year: int) -> np.ndarray:
    return x["quantity"] * (x["season"] == year)


def _rent(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _leased(x, year) * n["land_rent_valley"]


def _leased_crop_given_up(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return -_leased(x, year) * x["farmland"] * n["grain_net_wheat"]


def _dividend(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return dividend(x, n, year) * (x["season"] == year)


def nursery_load(plots: pd.DataFrame, *, capacity_mu: float) -> pd.DataFrame:
    """What free seedlings ask of the nursery, one row a season: season, free_mu, capacity_mu, beyond_mu.

    Records are not cut to the nursery's capacity: seedlings beyond it came from elsewhere, or the record is doubtful.

    >>> plots = pd.DataFrame({"season": [2019, 2019, 2020], "area_mu": [2000.0, 900.0, 50.0], "seedlings": "free"})
    >>> nursery_load(plots, capacity_mu=2500.0)["beyond_mu"].tolist()
    [400.0, 0.0]
    """
    free = plots[plots["seedlings"] == "free"].groupby("season", as_index=False)["area_mu"].sum()
    free = free.rename(columns={"area_mu": "free_mu"}).assign(capacity_mu=capacity_mu)
    return free.assign(beyond_mu=np.maximum(free["free_mu"] - capacity_mu, 0))


def site_columns(plots: pd.DataFrame) -> dict[str, np.ndarray]:
    """Juncao plots as numbers: one row is one season on one plot."""
    return {
        "in_programme": plots["season"] > 0,
        "site_quantity": plots["area_mu"],
        "season": plots["season"],
        "sold": plots["use"] == "sold",
        "bought_seedlings": plots["seedlings"] == "bought",
        "farmland": plots["land_class"] == "farmland",
        "elevation_m": plots["elevation_m"].fillna(0),
        "elevation_known": plots["elevation_m"].notna(),
        "slope_degrees": plots["slope_degrees"].fillna(0),
        "slope_known": plots["slope_degrees"].notna(),
    }


def _flow(name, zh, en, role, payer, income_class, yuan, given_up=False) -> Flow:
    return Flow(name, Phrase(zh, en), role, payer, income_class, True, yuan, given_up)


JUNCAO = Livelihood(
    name="juncao",
    label=Phrase("巨菌草", "Juncao grass"),
    site_table="juncao_plots",
    site_columns=site_columns,
    inferences=(Inference("grower", "mu", "programme_poor_share", "season", most="hh_land"),),
    needs=(
        *("quantity", "in_days", "link_year", "recorded", "weight", "site_quantity", "site_recorded"),
        *("season", "sold", "bought_seedlings", "farmland"),
        *("elevation_m", "elevation_known", "slope_degrees", "slope_known"),
    ),
    parameters=(
        *("juncao_yield_dryland", "juncao_season", "juncao_failure", "juncao_failure_prob"),
        *("juncao_alt_full", "juncao_alt_max", "juncao_slope_full", "juncao_slope_max"),
        *("juncao_price", "juncao_plant_cost", "juncao_labour", "grain_net_wheat"),
        *("juncao_plants_per_mu", "juncao_seedling_price", "juncao_free_seedlings_paid"),
        *("day_wage_local_light", "land_rent_valley", "programme_poor_share"),
    ),
    flows=(
        _flow("grass_sold", "鲜草出售", "grass sold", "grower", "firm", "operating", _sold),
        _flow("feed_saved", "节省饲料", "feed saved", "grower", "nobody", "cost", _fed),
        _flow("growing_cost", "种植成本", "growing cost", "grower", "market", "cost", _growing_cost),
        _flow("seedlings_bought", "购苗", "seedlings bought", "grower", "market", "cost", _seedlings),
        _flow(
            "crop_given_up",
            "放弃的种粮收益",
            "crop given up",
            "grower",
            "nobody",
            "operating",
            _crop_given_up,
            True,
        ),
        _flow("planting_field_wage", "草地务工", "field wage", "planter", "firm", "wage", _field_wage),
        _flow(
            "tending_field_wage", "草地管护务工", "field tending wage", "tender", "firm", "wage", _field_wage
        ),
        _flow("rent", "土地流转费", "land rent", "lessor", "firm", "property", _rent),
        _flow(
            "leased_crop_given_up",
            "流转地放弃的种粮收益",
            "crop given up on leased land",
            "lessor",
            "nobody",
            "operating",
            _leased_crop_given_up,
            True,
        ),
        _flow("dividend", "分红", "dividend", "shareholder", "firm", "property", _dividend),
    ),
    days={"grower": _growing_days, "planter": _hired_days, "tender": _hired_days},
    day_rates={"grower": "juncao_labour", "planter": "juncao_labour", "tender": "juncao_labour"},
)
