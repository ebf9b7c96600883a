"""Juncao: an annual in Dingxi, sown and sold season by season (facts/domain, items 1 to 3).

A plot is one season; nothing is carried over a winter, so a year without a season earns nothing. The
margin can be negative.
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


def seedling_bill(mu, plants_per_mu, yuan_per_plant):
    """Cost of bought seedlings in yuan.

    >>> seedling_bill(2.0, 2500.0, 0.2)
    1000.0
    """
    return mu * plants_per_mu * yuan_per_plant


def _grown_mu(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return held(x, n["programme_poor_share"]) * (x["season"] == year)


def _sold(x: Columns, n: Numbers, year: int) -> np.ndarray:
    mu = _grown_mu(x, n, year) * x["sold"]
    return harvest_value(mu, n["juncao_yield_dryland"], n["juncao_price"])


def _fed(x: Columns, n: Numbers, year: int) -> np.ndarray:
    mu = _grown_mu(x, n, year) * (1 - x["sold"])
    return harvest_value(mu, n["juncao_yield_dryland"], n["juncao_price"])


def _growing_cost(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return -_grown_mu(x, n, year) * n["juncao_plant_cost"]


def _seedlings(x: Columns, n: Numbers, year: int) -> np.ndarray:
    mu = _grown_mu(x, n, year) * x["bought_seedlings"]
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


def site_columns(plots: pd.DataFrame) -> dict[str, np.ndarray]:
    """Juncao plots as numbers: one row is one season on one plot."""
    return {
        "in_programme": plots["season"] > 0,
        "site_quantity": plots["area_mu"],
        "season": plots["season"],
        "sold": plots["use"] == "sold",
        "bought_seedlings": plots["seedlings"] == "bought",
        "farmland": plots["land_class"] == "farmland",
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
        "quantity",
        "in_days",
        "link_year",
        "recorded",
        "weight",
        "site_quantity",
        "site_recorded",
        "season",
        "sold",
        "bought_seedlings",
        "farmland",
    ),
    parameters=(
        "juncao_yield_dryland",
        "juncao_price",
        "juncao_plant_cost",
        "juncao_plants_per_mu",
        "juncao_seedling_price",
        "juncao_labour",
        "grain_net_wheat",
        "day_wage_local_light",
        "land_rent_valley",
        "programme_poor_share",
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
