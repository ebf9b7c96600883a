"""Ecological forest: pays by labour, rent and guard posts, not by harvest (facts/domain, item 4).

Year 1 is the planting year. Wages of planting and tending, Grain-for-Green cash and crops between young
trees end by themselves and count as one-off; guard pay, rent, compensation and fruit recur.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from eco.livelihoods.livelihood import (
    Columns,
    Flow,
    Inference,
    Livelihood,
    Numbers,
    dividend_flow,
    held,
    in_year,
)
from eco.phrases import Phrase


def planting_pay_per_mu(days_per_mu, wage, cost_per_mu, labour_share):
    """Planting wages a mu: days x wage, but no more than the labour share of the project's cost.

    >>> [float(planting_pay_per_mu(days, 100.0, 3000.0, 0.25)) for days in (5.0, 9.0)]
    [500.0, 750.0]
    """
    return np.minimum(days_per_mu * wage, cost_per_mu * labour_share)


def grain_for_green_cash(age, first, second, third, second_year, third_year):
    """Grain-for-Green cash a mu in year `age` (the planting year is 1).

    >>> [float(grain_for_green_cash(k, 500.0, 300.0, 400.0, 3, 5)) for k in (1, 2, 3, 4, 5, 6)]
    [500.0, 0.0, 300.0, 0.0, 400.0, 0.0]
    """
    return first * (age == 1) + second * (age == second_year) + third * (age == third_year)


def fruit_net(mu, net_per_mu, surviving_share, age, first_yield_age):
    """Net of bearing trees: nothing before the first-yield age, then on the surviving share.

    `age` is in years since planting.

    >>> float(fruit_net(10.0, 300.0, 0.5, 3, 4)), float(fruit_net(10.0, 300.0, 0.5, 4, 4))
    (0.0, 1500.0)
    """
    return mu * net_per_mu * surviving_share * (age >= first_yield_age)


def surviving(shady_share, on_shady, on_sunny):
    """Surviving share of a plot that is partly shady and partly sunny.

    >>> round(float(surviving(0.25, 0.9, 0.7)), 6)
    0.75
    """
    return shady_share * on_shady + (1 - shady_share) * on_sunny


def _work_mu(x: Columns, n: Numbers) -> np.ndarray:
    return held(x, n["plant_poor_share"])


def _planting_days(x: Columns, n: Numbers, year: int) -> np.ndarray:
    days = np.where(x["in_days"] > 0, x["quantity"], _work_mu(x, n) * n["plant_labour_days"])
    return days * (x["link_year"] == year)


def _planting_wage(x: Columns, n: Numbers, year: int) -> np.ndarray:
    per_mu = planting_pay_per_mu(
        n["plant_labour_days"], n["day_wage_planting"], n["forest_project_cost"], n["plant_labour_share"]
    )
    paid = np.where(x["in_days"] > 0, x["quantity"] * n["day_wage_planting"], _work_mu(x, n) * per_mu)
    return paid * (x["link_year"] == year)


def _tending_days(x: Columns, n: Numbers, year: int) -> np.ndarray:
    days = np.where(x["in_days"] > 0, x["quantity"], _work_mu(x, n) * n["tending_days"])
    age = year - x["planted_year"]
    young = (age >= 0) & (age < n["tending_years"])
    return days * np.where(x["recorded"] > 0, x["link_year"] == year, young)


def _tending_wage(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _tending_days(x, n, year) * n["day_wage_local_light"]


def _guard_pay(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return x["quantity"] * n["guard_wage"] * in_year(x["link_year"], x["end_year"], year)


def _leased(x: Columns, year: int) -> np.ndarray:
    return x["quantity"] * in_year(x["link_year"], x["end_year"], year)


def _kept_by_owner(x: Columns) -> np.ndarray:
    """Land nobody rents: its owner draws the subsidy and picks the fruit."""
    return np.maximum(x["grain_for_green"], x["public_forest"])


def _rent(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _leased(x, year) * (1 - _kept_by_owner(x)) * n["land_rent_hill"]


def _green_cash(x: Columns, n: Numbers, year: int) -> np.ndarray:
    age = year - x["planted_year"] + 1
    cash = grain_for_green_cash(
        age,
        n["tghl_cash_first"],
        n["tghl_cash_second"],
        n["tghl_cash_third"],
        n["tghl_second_year"],
        n["tghl_third_year"],
    )
    return _leased(x, year) * x["grain_for_green"] * cash


def _green_extension(x: Columns, n: Numbers, year: int) -> np.ndarray:
    start = np.maximum(n["tghl_extension_from"], x["planted_year"] + n["tghl_third_year"])
    due = (start <= year) & (year < start + n["tghl_extension_years"])
    return _leased(x, year) * x["grain_for_green"] * due * n["tghl_extension"]


def _compensation(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _leased(x, year) * x["public_forest"] * x["household_land"] * n["pubforest_comp"]


def _collective_compensation(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _leased(x, year) * x["public_forest"] * (1 - x["household_land"]) * n["pubforest_comp"]


def _intercrop(x: Columns, n: Numbers, year: int) -> np.ndarray:
    age = year - x["planted_year"]
    young = (age >= 0) & (age < n["intercrop_years"]) & (x["link_year"] == year)
    return x["quantity"] * young * n["intercrop_net"]


def _fruit(x: Columns, n: Numbers, year: int) -> np.ndarray:
    alive = surviving(x["shady_share"], n["survival_north"], n["survival_south"])
    mu = _leased(x, year) * _kept_by_owner(x) * x["bears_fruit"] * x["household_land"]
    return fruit_net(mu, n["econforest_net"], alive, year - x["planted_year"], n["econforest_first_yield"])


def _crop_given_up(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return -_leased(x, year) * x["farmland"] * n["grain_net_wheat"]


# Trees that bear something to sell; the conifers of the programme bear nothing.
BEARING_SPECIES = frozenset(
    (
        "沙棘",
        "大果沙棘",
        "杏",
        "杏树",
        "山杏",
        "仁用杏",
        "核桃",
        "花椒",
        "苹果",
        "梨",
        "枣",
        "枸杞",
        "文冠果",
        "油用牡丹",
    )
)
_BETWEEN_SPECIES = re.compile(r"[\s+＋、,，/／;；与和及]+")


def bearing_share(species: str) -> float:
    """Share of the named species that bear something to sell; a mixture is taken in equal parts.

    >>> bearing_share("云杉"), bearing_share("云杉+沙棘"), bearing_share("银杏"), bearing_share("山杏")
    (0.0, 0.5, 0.0, 1.0)
    """
    named = [name for name in _BETWEEN_SPECIES.split(species.strip()) if name]
    return sum(name in BEARING_SPECIES for name in named) / max(len(named), 1)


def site_columns(plots: pd.DataFrame) -> dict[str, np.ndarray]:
    """Forest plots as numbers: verified mu where given, else declared; 0/1 for what the flows ask."""
    programme = plots["programme"]
    return {
        "in_programme": programme != "none",
        "site_quantity": plots["verified_mu"].fillna(plots["area_mu"]),
        "planted_year": plots["planted_year"],
        "end_year": plots["end_year"].fillna(np.inf),
        "grain_for_green": programme == "grain_for_green",
        "public_forest": programme == "public_forest",
        "household_land": plots["tenure"] == "household",
        "farmland": plots["land_class"] == "farmland",
        "bears_fruit": plots["species"].map(bearing_share),
        "shady_share": plots["shady_share"],
    }


def _flow(name, zh, en, role, payer, income_class, recurrent, yuan, **more) -> Flow:
    return Flow(name, Phrase(zh, en), role, payer, income_class, recurrent, yuan, **more)


FOREST = Livelihood(
    name="forest",
    label=Phrase("生态林", "ecological forest"),
    site_table="forest_plots",
    site_columns=site_columns,
    inferences=(
        Inference("planter", "mu", "plant_poor_share", "planted_year"),
        Inference("tender", "mu", "plant_poor_share", "planted_year", years="tending_years"),
    ),
    needs=(
        "quantity",
        "in_days",
        "link_year",
        "recorded",
        "weight",
        "site_quantity",
        "site_recorded",
        "planted_year",
        "end_year",
        "grain_for_green",
        "public_forest",
        "household_land",
        "farmland",
        "bears_fruit",
        "shady_share",
    ),
    parameters=(
        "plant_labour_days",
        "plant_labour_share",
        "forest_project_cost",
        "plant_poor_share",
        "day_wage_planting",
        "day_wage_local_light",
        "tending_days",
        "tending_years",
        "guard_wage",
        "land_rent_hill",
        "grain_net_wheat",
        "tghl_cash_first",
        "tghl_cash_second",
        "tghl_cash_third",
        "tghl_second_year",
        "tghl_third_year",
        "tghl_extension",
        "tghl_extension_from",
        "tghl_extension_years",
        "pubforest_comp",
        "intercrop_net",
        "intercrop_years",
        "econforest_first_yield",
        "econforest_net",
        "survival_north",
        "survival_south",
    ),
    flows=(
        _flow(
            "planting_wage", "造林务工", "planting wage", "planter", "project", "wage", False, _planting_wage
        ),
        _flow("tending_wage", "抚育务工", "tending wage", "tender", "project", "wage", False, _tending_wage),
        _flow("guard_pay", "护林员工资", "guard pay", "guard", "state", "wage", True, _guard_pay),
        _flow("rent", "土地流转费", "land rent", "lessor", "project", "property", True, _rent),
        _flow(
            "green_cash",
            "退耕还林补助",
            "Grain-for-Green cash",
            "lessor",
            "state",
            "transfer",
            False,
            _green_cash,
        ),
        _flow(
            "green_extension",
            "退耕还林延长补助",
            "Grain-for-Green extension",
            "lessor",
            "state",
            "transfer",
            False,
            _green_extension,
        ),
        _flow(
            "compensation",
            "公益林补偿",
            "public-forest compensation",
            "lessor",
            "state",
            "transfer",
            True,
            _compensation,
        ),
        _flow(
            "collective_compensation",
            "集体公益林补偿",
            "public-forest compensation to the collective",
            "lessor",
            "state",
            "transfer",
            True,
            _collective_compensation,
            payee="collective",
        ),
        _flow(
            "intercrop", "林下套种", "crop between trees", "grower", "market", "operating", False, _intercrop
        ),
        _flow("fruit", "经济林收益", "fruit", "lessor", "market", "operating", True, _fruit),
        _flow(
            "crop_given_up",
            "放弃的种粮收益",
            "crop given up",
            "lessor",
            "nobody",
            "operating",
            True,
            _crop_given_up,
            given_up=True,
        ),
        dividend_flow(),
    ),
    days={"planter": _planting_days, "tender": _tending_days},
    day_rates={"planter": "plant_labour_days", "tender": "tending_days"},
)
