"""The example's register: made-up households whose income adds up to the yuan. No names, no numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.problems import DataProblem, Finding
from eco.records.examples.places import Places
from eco.records.examples.shares import pert, stream, uneven
from eco.records.examples.sites import scattered
from eco.records.tables import CAUSES, REGISTER_TYPES

INCOME_YEAR = 2016
SLACK = 1.35  # households of a village for each one its groups want
PERSONS = {1: 0.05, 2: 0.12, 3: 0.21, 4: 0.29, 5: 0.18, 6: 0.11, 7: 0.03, 8: 0.01}
TYPE_SHARE = {
    "poor": 0.44,
    "lifted": 0.30,
    "minimum_allowance": 0.08,
    "extreme": 0.02,
    "unstable": 0.03,
    "marginal": 0.02,
    "sudden": 0.01,
    "general": 0.10,
}
CAUSE_SHARE = {
    "illness": 0.20,
    "no_skill": 0.16,
    "no_funds": 0.13,
    "no_labour": 0.12,
    "disability": 0.10,
    "schooling": 0.10,
    "disaster": 0.06,
    "poor_roads": 0.04,
    "no_water": 0.03,
    "no_land": 0.03,
    "no_drive": 0.02,
    "other": 0.01,
}
FEW_WORKERS = ("illness", "disability", "no_labour")


def make_register(places: Places, wanted: pd.Series, *, households: int | None, seed: int) -> pd.DataFrame:
    """One row a household in our words (yuan, metres in EPSG:4544), in village order.

    `wanted` is how many households the sites' groups need from each village. Raises DataProblem
    where `households` is too few for them.
    """
    villages = _village_of_each(wanted, households, seed=seed)
    rng = stream(seed, "register")
    count = len(villages)
    kind = rng.choice(list(TYPE_SHARE), count, p=list(TYPE_SHARE.values()))
    cause = rng.choice(list(CAUSE_SHARE), count, p=list(CAUSE_SHARE.values()))
    cause[kind == "general"] = "other"
    persons = rng.choice(list(PERSONS), count, p=list(PERSONS.values()))
    persons[kind == "extreme"] = np.minimum(persons[kind == "extreme"], 2)
    able = np.where(np.isin(cause, FEW_WORKERS), 0.33, 0.56)
    workers = np.where(kind == "extreme", 0, rng.binomial(persons, able))
    x, y = scattered(places, villages, spread_m=350, rng=rng)
    table = pd.DataFrame(
        {
            "household_id": [f"H{n:06d}" for n in range(1, count + 1)],
            "village_code": villages,
            "persons": persons,
            "workers": workers,
            "x": x,
            "y": y,
            "poor": kind != "general",
            "register_type": [REGISTER_TYPES[name][0] for name in kind],
            "main_cause": [CAUSES[name][0] for name in cause],
        }
    )
    return table.join(_income(persons, workers, kind=kind, rng=rng))


def _village_of_each(wanted: pd.Series, households: int | None, *, seed: int) -> pd.Series:
    rng = stream(seed, "households")
    needed = np.ceil(wanted * SLACK).astype(int)
    total = households if households is not None else round(1.5 * needed.sum(), -2)
    if total < needed.sum():
        raise DataProblem([_too_few(total, int(needed.sum()))])
    weights = uneven(len(needed), rng)
    more = rng.multinomial(total - needed.sum(), weights / weights.sum())
    return pd.Series(np.repeat(wanted.index.to_numpy(), needed.to_numpy() + more))


def _too_few(found: int, least: int) -> Finding:
    return Finding(
        "example-households",
        "error",
        "households",
        "",
        "--households",
        str(found),
        Phrase(
            f"至少 {least} 户（项目公布的数量需要这么多户）",
            f"at least {least}, which the published quantities need",
        ),
        Phrase("增加 --households 或不写此项", "raise --households or leave it out"),
    )


def _income(persons: np.ndarray, workers: np.ndarray, *, kind: np.ndarray, rng) -> pd.DataFrame:
    """Income parts (whole yuan): wage + operating + property + transfer - cost = per head x persons."""
    count = len(persons)
    head = np.where(
        kind == "general",
        pert(count, low=4200, mode=6300, high=9800, rng=rng),
        pert(count, low=1500, mode=2600, high=3500, rng=rng),
    ).round()
    net = head * persons
    transfer = np.floor(net * rng.uniform(0.08, 0.25, count) * np.where(workers == 0, 2.5, 1))
    rent = np.floor(net * rng.uniform(0, 0.04, count) * (rng.random(count) < 0.3))
    farm = np.floor(net * rng.uniform(0.15, 0.35, count) * np.where(workers == 0, 0.4, 1))
    cost = np.floor(farm * rng.uniform(0.25, 0.6, count))
    parts = {
        "income_yuan_per_person": head,
        "wage_yuan": net - transfer - rent - farm,
        "operating_yuan": farm + cost,
        "transfer_yuan": transfer,
        "property_yuan": rent,
        "production_cost_yuan": cost,
    }
    return pd.DataFrame(parts).astype("int64")
