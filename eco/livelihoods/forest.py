"""Ecological forest: pays by labour, rent and guard posts, not by harvest (facts/domain, item 4).

Year 1 is the planting year. Wages of planting, replanting and tending, Grain-for-Green cash and crops between
young trees end by themselves and count as one-off; guard pay, rent, compensation and fruit recur.

Trees die in their first year by aspect and slope; part of the dead is replanted the year after. Those who tend a
plot do that work and the project pays it, as its contracts answer for the trees until they are accepted. A roll of
days is taken as it is: replanting is added only to tending known by area, or inferred.
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


def paid_days_per_mu(days_per_mu, wage, cost_per_mu, labour_share):
    """Planting days a mu that somebody pays: where the cap on pay binds, days fall with it.

    Days a mu are a guess, the labour share of the cost is what the project can have spent. A world in which the one
    times the wage exceeds the other cannot be; the days give way, so nobody is charged for days nobody paid.

    >>> [round(float(paid_days_per_mu(days, 100.0, 3000.0, 0.25)), 6) for days in (5.0, 9.0)]
    [5.0, 7.5]
    """
    affordable = np.divide(
        cost_per_mu * labour_share, wage, out=np.full_like(np.add(wage, cost_per_mu), np.inf), where=wage > 0
    )
    return np.minimum(days_per_mu, affordable)


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


def first_year_survival(on_flat, slope_degrees, steep_from, lost_per_degree):
    """Share of trees alive a year after planting: less on ground steeper than `steep_from`.

    >>> [round(float(first_year_survival(0.8, degrees, 15.0, 0.01)), 6) for degrees in (10.0, 25.0)]
    [0.8, 0.72]
    """
    return on_flat * np.clip(1 - lost_per_degree * np.maximum(slope_degrees - steep_from, 0), 0, 1)


def stocked(survival, replanted_share):
    """Share of places with a living tree once part of the dead was replanted, at the same survival.

    >>> round(float(stocked(0.8, 0.5)), 6)
    0.88
    """
    return survival + (1 - survival) * replanted_share * survival


def outliving(mortality, over_years, age):
    """Share alive at an age when `mortality` of them die within `over_years`, evenly by proportion.

    >>> round(float(outliving(0.75, 10.0, 5)), 6)
    0.5
    """
    return (1 - mortality) ** (np.maximum(age, 0) / over_years)


def on_both_sides(shady_share, on_shady, on_sunny):
    """What holds for a plot that is partly shady and partly sunny.

    >>> round(float(on_both_sides(0.25, 0.9, 0.7)), 6)
    0.75
    """
    return shady_share * on_shady + (1 - shady_share) * on_sunny


def _shady_share(x: Columns, n: Numbers) -> np.ndarray:
    return np.where(x["aspect_known"] > 0, x["shady_share"], n["unknown_shady_share"])


def _survival(x: Columns, n: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """First-year survival on the plot's shady and on its sunny side; an unknown slope counts as no hindrance."""
    slope = x["slope_degrees"] * x["slope_known"]
    less = first_year_survival(1, slope, n["survival_slope_from"], n["survival_slope_loss"])
    return n["survival_north"] * less, n["survival_south"] * less


def _bearing(x: Columns, n: Numbers, age: np.ndarray) -> np.ndarray:
    """Share of a plot with a living tree that bears, by aspect; sea-buckthorn goes on dying."""
    lasting, years = x["bears_fruit"] - x["seabuckthorn"], n["seabuckthorn_mort_years"]
    on_shady, on_sunny = (stocked(alive, n["replanted_share"]) for alive in _survival(x, n))
    on_shady = on_shady * (lasting + x["seabuckthorn"] * outliving(n["seabuckthorn_mort_north"], years, age))
    on_sunny = on_sunny * (lasting + x["seabuckthorn"] * outliving(n["seabuckthorn_mort_south"], years, age))
    return on_both_sides(_shady_share(x, n), on_shady, on_sunny)


def _work_mu(x: Columns, n: Numbers) -> np.ndarray:
    return held(x, n["plant_poor_share"])


def _paid_days(n: Numbers) -> np.ndarray:
    return paid_days_per_mu(
        n["plant_labour_days"], n["day_wage_planting"], n["forest_project_cost"], n["plant_labour_share"]
    )


def _planting_days(x: Columns, n: Numbers, year: int) -> np.ndarray:
    days = np.where(x["in_days"] > 0, x["quantity"], _work_mu(x, n) * _paid_days(n))
    return days * (x["link_year"] == year)


def _planting_wage(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _planting_days(x, n, year) * n["day_wage_planting"]


def _replanting_days(x: Columns, n: Numbers, year: int) -> np.ndarray:
    alive = on_both_sides(_shady_share(x, n), *_survival(x, n))
    due = year - x["planted_year"] == n["replanting_year"]
    due = due & np.where(x["recorded"] > 0, x["link_year"] == year, True)
    return _work_mu(x, n) * (1 - x["in_days"]) * due * (1 - alive) * n["replanted_share"] * _paid_days(n)


def _replanting_wage(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _replanting_days(x, n, year) * n["day_wage_planting"]


def _tending_days(x: Columns, n: Numbers, year: int) -> np.ndarray:
    days = np.where(x["in_days"] > 0, x["quantity"], _work_mu(x, n) * n["tending_days"])
    age = year - x["planted_year"]
    young = (age >= 0) & (age < n["tending_years"])
    return days * np.where(x["recorded"] > 0, x["link_year"] == year, young)


def _tending_wage(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _tending_days(x, n, year) * n["day_wage_local_light"]


def _tenders_days(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _tending_days(x, n, year) + _replanting_days(x, n, year)


def _guard_pay(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return x["quantity"] * n["guard_wage"] * in_year(x["link_year"], x["end_year"], year)


def _leased(x: Columns, year: int) -> np.ndarray:
    return x["quantity"] * in_year(x["link_year"], x["end_year"], year)


def _kept_by_owner(x: Columns) -> np.ndarray:
    """Land nobody rents: its owner draws the subsidy and picks the fruit."""
    return np.maximum(x["grain_for_green"], x["public_forest"])


def _rent(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _leased(x, year) * (1 - _kept_by_owner(x)) * x["household_land"] * n["land_rent_hill"]


def _collective_rent(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _leased(x, year) * (1 - _kept_by_owner(x)) * (1 - x["household_land"]) * n["land_rent_hill"]


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
    age = year - x["planted_year"]
    mu = _leased(x, year) * _kept_by_owner(x) * x["household_land"]
    return fruit_net(mu, n["econforest_net"], _bearing(x, n, age), age, n["econforest_first_yield"])


def _crop_given_up(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return -_leased(x, year) * x["household_land"] * x["farmland"] * n["grain_net_wheat"]


# Trees that bear something to sell; the conifers of the programme bear nothing.
SEA_BUCKTHORN = frozenset(("沙棘", "大果沙棘"))
BEARING_SPECIES = SEA_BUCKTHORN | frozenset(
    ("杏", "杏树", "山杏", "仁用杏", "核桃", "花椒", "苹果", "梨", "枣", "枸杞", "文冠果", "油用牡丹")
)
_BETWEEN_SPECIES = re.compile(r"[\s+＋、,，/／;；与和及]+")


def bearing_share(species: str, bearing: frozenset[str] = BEARING_SPECIES) -> float:
    """Share of the named species that bear something to sell; a mixture is taken in equal parts.

    >>> bearing_share("云杉"), bearing_share("云杉+沙棘"), bearing_share("银杏"), bearing_share("山杏")
    (0.0, 0.5, 0.0, 1.0)
    """
    named = [name for name in _BETWEEN_SPECIES.split(species.strip()) if name]
    return sum(name in bearing for name in named) / max(len(named), 1)


def site_columns(plots: pd.DataFrame) -> dict[str, np.ndarray]:
    """Forest plots as numbers: verified mu where given, else declared; 0/1 for what the flows ask.

    Where the ground cannot be told, `aspect_known` or `slope_known` is 0 and the flows ask a number instead.
    """
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
        "seabuckthorn": plots["species"].map(lambda species: bearing_share(species, SEA_BUCKTHORN)),
        "shady_share": plots["shady_share"].fillna(0),
        "aspect_known": plots["shady_share"].notna(),
        "slope_degrees": plots["slope_degrees"].fillna(0),
        "slope_known": plots["slope_degrees"].notna(),
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
        *("quantity", "in_days", "link_year", "recorded", "weight", "site_quantity", "site_recorded"),
        *("planted_year", "end_year", "grain_for_green", "public_forest", "household_land", "farmland"),
        *("bears_fruit", "seabuckthorn", "shady_share", "aspect_known", "slope_degrees", "slope_known"),
    ),
    parameters=(
        *("plant_labour_days", "plant_labour_share", "forest_project_cost", "plant_poor_share"),
        *("day_wage_planting", "day_wage_local_light", "tending_days", "tending_years"),
        *(
            "guard_wage",
            "land_rent_hill",
            "grain_net_wheat",
            "pubforest_comp",
            "intercrop_net",
            "intercrop_years",
        ),
        *("tghl_cash_first", "tghl_cash_second", "tghl_cash_third", "tghl_second_year", "tghl_third_year"),
        *("tghl_extension", "tghl_extension_from", "tghl_extension_years"),
        *("econforest_first_yield", "econforest_net", "survival_north", "survival_south"),
        *("survival_slope_from", "survival_slope_loss", "unknown_shady_share"),
        *("replanted_share", "replanting_year"),
        *("seabuckthorn_mort_north", "seabuckthorn_mort_south", "seabuckthorn_mort_years"),
    ),
    flows=(
        _flow(
            "planting_wage", "造林务工", "planting wage", "planter", "project", "wage", False, _planting_wage
        ),
        _flow("tending_wage", "抚育务工", "tending wage", "tender", "project", "wage", False, _tending_wage),
        _flow(
            "replanting_wage",
            "补植务工",
            "replanting wage",
            "tender",
            "project",
            "wage",
            False,
            _replanting_wage,
        ),
        _flow("guard_pay", "护林员工资", "guard pay", "guard", "state", "wage", True, _guard_pay),
        _flow("rent", "土地流转费", "land rent", "lessor", "project", "property", True, _rent),
        _flow(
            "collective_rent",
            "集体土地流转费",
            "land rent to the collective",
            "lessor",
            "project",
            "property",
            True,
            _collective_rent,
            payee="collective",
        ),
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
    days={"planter": _planting_days, "tender": _tenders_days},
    day_rates={"planter": "plant_labour_days", "tender": "tending_days"},
)
