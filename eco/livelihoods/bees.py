"""Chinese bees: honey the flowers there can feed, sold directly or in bulk (facts/domain, items 7 and 8).

A gift of hives is an asset, not income. Colonies shrink along the recorded count; after it a lost colony is filled
by an own swarm, bought again or missing next year: one of the three. A frost year takes the crop of all yards that
share it. Honey is what a colony's flowers give beyond its own need: the months add up, since a colony stores what it
gathers, and the year's need is set against the year's flow.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.livelihoods.livelihood import Columns, Flow, Inference, Livelihood, Numbers, dividend_flow, held
from eco.phrases import Phrase


def colonies(received, alive_share, started_year, count_year, year):
    """Colonies at work in a year: shrinking evenly up to the count, held at the counted number afterwards.

    >>> [float(colonies(10.0, 0.5, 2018, 2020, t)) for t in (2017, 2018, 2019, 2020, 2021)]
    [0.0, 10.0, 7.5, 5.0, 5.0]
    """
    span = np.maximum(count_year - started_year, 1)
    walked = np.clip((year - started_year) / span, 0, 1)
    walked = np.where(count_year <= started_year, 1, walked)
    return received * (1 - (1 - alive_share) * walked) * (year >= started_year)


def honey_per_colony(nectar_kg, honey_per_nectar, own_need_kg, potential_kg, frost):
    """Honey a colony yields: what its nectar gives beyond its own need, at most its potential; none in a frost year.

    >>> [float(honey_per_colony(kg, 0.5, 40.0, 8.0, 0)) for kg in (60.0, 90.0, 200.0)]
    [0.0, 5.0, 8.0]
    """
    return np.clip(nectar_kg * honey_per_nectar - own_need_kg, 0, potential_kg) * (1 - frost)


def honey_receipts(kg, direct_kg, direct_price, bulk_price):
    """Yuan for honey: up to `direct_kg` through the household's own network, the rest in bulk.

    Bulk never pays more than direct.

    >>> float(honey_receipts(50.0, 30.0, 100.0, 50.0)), float(honey_receipts(20.0, 30.0, 100.0, 50.0))
    (4000.0, 2000.0)
    """
    direct = np.minimum(kg, direct_kg)
    return direct * direct_price + (kg - direct) * np.minimum(bulk_price, direct_price)


def lost_share(beginner, beginner_loss, winter_loss, absconding, frost):
    """Share of colonies lost in a year; a beginner's loss includes the winter and absconding.

    >>> round(float(lost_share(1, 0.2, 0.1, 0.25, 1)), 6), round(float(lost_share(0, 0.2, 0.1, 0.25, 1)), 6)
    (0.25, 0.325)
    """
    established = winter_loss + frost * absconding * (1 - winter_loss)
    return np.where(beginner, np.maximum(beginner_loss, frost * absconding), established)


def next_year(lost, increase, replaced_share):
    """Colonies next year for one of this year: own swarms fill lost places, keepers buy a share of what is left.

    >>> [round(float(next_year(0.2, 0.0, share)), 6) for share in (1.0, 0.5, 0.0)], float(next_year(0.2, 0.5, 0.0))
    ([1.0, 0.9, 0.8], 1.3)
    """
    missing = lost - increase
    return 1 - np.where(missing > 0, (1 - replaced_share) * missing, missing)


def bought_share(lost, increase, replaced_share):
    """Colonies bought in a year for one at work: a share of the lost places that no own swarm fills.

    >>> round(float(bought_share(0.2, 0.1, 0.5)), 6), float(bought_share(0.2, 0.5, 1.0))
    (0.05, 0.0)
    """
    return replaced_share * np.maximum(lost - increase, 0)


def gift_yuan(hives, colony_yuan, box_yuan):
    """What hives received are worth, each a colony in a box: an asset, never income.

    >>> float(gift_yuan(5.0, 750.0, 294.0))
    5220.0
    """
    return hives * (colony_yuan + box_yuan)


def _kept(x: Columns, n: Numbers, year: int) -> np.ndarray:
    received = held(x, n["programme_poor_share"])
    since = np.maximum(x["started_year"], x["link_year"])
    alive = np.where(
        x["count_year"] < since, 1, x["alive_share"]
    )  # an older count says nothing of these hives
    at_work = colonies(received, alive, since, np.maximum(x["count_year"], since), year)
    if np.all(n["colony_replaced_share"] == 1) and np.all(n["colony_increase"] == 0):
        return at_work
    return np.minimum(at_work * _grown(x, n, year, since), received * np.maximum(alive, 1))


def _grown(x: Columns, n: Numbers, year: int, since: np.ndarray) -> np.ndarray:
    """Growth or dying out from the count on, calm years taken: the frost of a year past is not carried over."""
    counted = np.where(x["counted"] > 0, np.maximum(x["count_year"], since) + 1, since)
    years = np.maximum(year - counted, 0)
    as_beginner = np.clip(np.minimum(year, since + n["beginner_years"]) - counted, 0, years)
    how = n["colony_increase"], n["colony_replaced_share"]
    first, later = (next_year(n[loss], *how) for loss in ("hive_loss_smallholder", "hive_loss_winter"))
    return first**as_beginner * later ** (years - as_beginner)


def _nectar_kg(x: Columns, n: Numbers) -> np.ndarray:
    return (
        x["forage_forest_ha"] * n["nectar_forest"]
        + x["forage_grass_ha"] * n["nectar_grass"]
        + x["forage_crop_ha"] * n["nectar_crop"]
        + x["forage_planted_ha"] * n["nectar_planted"]
    )


def _honey(x: Columns, n: Numbers, year: int) -> np.ndarray:
    fed = np.where(x["forage_known"] > 0, _nectar_kg(x, n), np.inf)
    each = honey_per_colony(
        fed, n["nectar_to_honey"], n["colony_nectar_need"], n["honey_yield"], n["frost_year"]
    )
    return _kept(x, n, year) * each


def _sales(x: Columns, n: Numbers, year: int) -> np.ndarray:
    network = x["share_of_own"] * n["direct_sale_kg_per_household"]
    return honey_receipts(_honey(x, n, year), network, n["honey_price"], n["honey_price_wholesale"])


def _running_cost(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return -_kept(x, n, year) * n["hive_running_cost"]


def _replacement(x: Columns, n: Numbers, year: int) -> np.ndarray:
    since = np.maximum(x["started_year"], x["link_year"])
    beginner = year - since < n["beginner_years"]
    lost = lost_share(
        beginner, n["hive_loss_smallholder"], n["hive_loss_winter"], n["frost_absconding"], n["frost_year"]
    )
    bought = bought_share(lost, n["colony_increase"], n["colony_replaced_share"])
    # Up to the count the loss is already in the shrinking number.
    held = np.where(x["counted"] > 0, np.maximum(x["count_year"], since) < year, 1)
    return -_kept(x, n, year) * held * bought * n["hive_cost_colony"]


def _keeping_days(x: Columns, n: Numbers, year: int) -> np.ndarray:
    return _kept(x, n, year) * n["hive_labour"]


def site_columns(yards: pd.DataFrame) -> dict[str, np.ndarray]:
    """Bee yards as numbers: a yard never counted is taken as whole, from its first year."""
    received = yards["hives_received"].to_numpy(float)
    alive = yards["hives_alive"].fillna(yards["hives_received"]).to_numpy(float)
    counted = pd.to_datetime(yards["count_date"]).dt.year.where(yards["hives_alive"].notna())
    return {
        "in_programme": yards["in_programme"] == "yes",
        "site_quantity": received,
        "started_year": yards["started_year"],
        "alive_share": np.divide(alive, received, out=np.zeros_like(alive), where=received > 0),
        "counted": counted.notna(),
        "count_year": counted.fillna(yards["started_year"]),
        "forage_known": yards["forage_forest_ha"].notna(),
        "forage_forest_ha": yards["forage_forest_ha"].fillna(0),
        "forage_grass_ha": yards["forage_grass_ha"].fillna(0),
        "forage_crop_ha": yards["forage_crop_ha"].fillna(0),
        "forage_planted_ha": yards["forage_planted_ha"].fillna(0),
    }


def _flow(name, zh, en, payer, income_class, yuan) -> Flow:
    return Flow(name, Phrase(zh, en), "keeper", payer, income_class, True, yuan)


BEES = Livelihood(
    name="bees",
    label=Phrase("中蜂", "Chinese bees"),
    site_table="apiaries",
    site_columns=site_columns,
    inferences=(
        Inference(
            "keeper",
            "hives",
            "programme_poor_share",
            "started_year",
            years="open",
            most="hives_per_hh_given",
        ),
    ),
    needs=(
        "quantity",
        "link_year",
        "recorded",
        "weight",
        "site_quantity",
        "site_recorded",
        "started_year",
        "alive_share",
        "counted",
        "count_year",
        "share_of_own",
        "forage_known",
        "forage_forest_ha",
        "forage_grass_ha",
        "forage_crop_ha",
        "forage_planted_ha",
    ),
    parameters=(
        "honey_yield",
        "honey_price",
        "honey_price_wholesale",
        "direct_sale_kg_per_household",
        "hive_running_cost",
        "hive_loss_winter",
        "hive_loss_smallholder",
        "beginner_years",
        "frost_year",
        "frost_year_prob",
        "frost_absconding",
        "hive_cost_colony",
        "colony_increase",
        "colony_replaced_share",
        "hive_labour",
        "colony_nectar_need",
        "nectar_to_honey",
        "nectar_forest",
        "nectar_grass",
        "nectar_crop",
        "nectar_planted",
        "programme_poor_share",
    ),
    flows=(
        _flow("honey_sales", "蜂蜜销售", "honey sales", "market", "operating", _sales),
        _flow("running_cost", "养蜂成本", "running cost", "market", "cost", _running_cost),
        _flow("colonies_replaced", "补充蜂群", "colonies replaced", "market", "cost", _replacement),
        dividend_flow(),
    ),
    days={"keeper": _keeping_days},
    day_rates={"keeper": "hive_labour"},
)
