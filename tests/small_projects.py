"""Tiny counties written down row by row: no file is read, and every number in them is known.

A row is a dict of what differs from an ordinary row; `east` and `north` are metres from the corner.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point, box

from eco.income.exposure import Exposure, link
from eco.income.gains import Gains, estimate_gains
from eco.parameters.numbers import Numbers, load_parameters
from eco.records.project import Project, Settings, load_project

EXAMPLE = Path(__file__).parents[1] / "data" / "dingxi"

WEST, SOUTH = 440_000.0, 3_920_000.0  # EPSG:4544, inside Dingxi
VILLAGES = ("621102101201", "621102101202", "621102102201", "621126101201")
LINES = dict.fromkeys(range(2010, 2031), 4000.0)
TOLD = "a test fixes it"

_PLACE = {"east": 0.0, "north": 0.0, "village_code": VILLAGES[0]}
_ORDINARY = {
    "households": {
        **_PLACE, "persons": 4.0, "workers": 2.0, "income_yuan_per_person": 3000.0, "income_year": 2016.0,
        "base_includes_programme": "no", "register_type": "poor", "main_cause": "other", "free_days": np.nan,
    },
    "forest_plots": {
        **_PLACE, "area_mu": 100.0, "verified_mu": np.nan, "land_class": "barren", "tenure": "collective",
        "species": "云杉", "planted_year": 2018, "programme": "project", "funding": "", "end_year": np.nan,
        "assumed": "no",
    },
    "juncao_plots": {
        **_PLACE, "area_mu": 100.0, "season": 2020, "seedlings": "free", "use": "sold", "land_class": "barren",
        "assumed": "no",
    },
    "apiaries": {
        **_PLACE, "hives_received": 20.0, "hives_alive": np.nan, "count_date": pd.NaT, "started_year": 2018,
        "in_programme": "yes", "assumed": "no",
    },
}  # fmt: skip
_KEYS = {
    "households": "household_id",
    "forest_plots": "plot_id",
    "juncao_plots": "plot_id",
    "apiaries": "apiary_id",
}


def small_project(*, links=(), rasters=None, tables=None, **said) -> Project:
    """A project of the rows given: `households`, `forest_plots`, `juncao_plots`, `apiaries` and `links`.

    What is neither a table nor `links` is a setting; the line is 4,000 yuan in every year unless told.
    """
    rows = {name: said.pop(name, ()) for name in _KEYS}
    settings = Settings(**{"name": "小县", "line_yuan_per_person": LINES, **said})
    made = {name: _table(name, rows[name]) for name in _KEYS}
    made |= _places() | {"links": _links(links), **(tables or {})}
    left_out = pd.DataFrame(columns=["table", "where", "code", "reason"])
    return Project(Path("."), settings, made, (), left_out, rasters or {}, {})


def link_row(household_id, site_id, role, quantity, unit, year) -> dict:
    return {
        "household_id": household_id, "site_id": site_id, "role": role, "quantity": float(quantity),
        "unit": unit, "year": int(year),
    }  # fmt: skip


def fixed(numbers: Numbers | None = None, **values: float) -> Numbers:
    """Every drawn number at its mode, or at the value given; no frost or failed grass unless their chance is given."""
    numbers = load_parameters() if numbers is None else numbers
    values = {"frost_year_prob": 0.0, "juncao_failure_prob": 0.0, **values}
    for number in list(numbers.values.values()):
        if number.shape == "pert" or number.name in values:
            numbers = numbers.replace(number.name, mode=values.get(number.name, number.mode), source=TOLD)
    return numbers


def nothing_inferred(numbers: Numbers) -> Numbers:
    """Numbers by which no site lacks any registered worker, so that recorded links stand alone."""
    for name in ("plant_poor_share", "programme_poor_share"):
        numbers = numbers.replace(name, mode=0.0, source=TOLD)
    return numbers


def _table(name: str, rows) -> gpd.GeoDataFrame:
    ordinary, key = _ORDINARY[name], _KEYS[name]
    full = [{**ordinary, **row} for row in rows]
    frame = pd.DataFrame(full, columns=[key, *(column for column in ordinary)])
    frame = frame.assign(
        township_code=frame["village_code"].astype(str).str[:9] + "000",
        county_code=frame["village_code"].astype(str).str[:6],
    )
    shape = (lambda x, y: box(x - 50, y - 50, x + 50, y + 50)) if name.endswith("_plots") else Point
    geometry = [shape(WEST + x, SOUTH + y) for x, y in zip(frame.pop("east"), frame.pop("north"))]
    if name == "apiaries":
        frame["count_date"] = pd.to_datetime(frame["count_date"])
    return gpd.GeoDataFrame(frame, geometry=geometry, crs="EPSG:4544")


def _links(rows) -> pd.DataFrame:
    columns = ["household_id", "site_id", "role", "quantity", "unit", "year", "assumed"]
    types = {"quantity": float, "year": "int64"}
    return pd.DataFrame([{"assumed": "no", **row} for row in rows], columns=columns).astype(types)


def _places() -> dict[str, pd.DataFrame]:
    villages = pd.DataFrame({"code": list(VILLAGES), "name": [f"{sign}村" for sign in "东南西北"]})
    townships = pd.DataFrame(
        {"code": ["621102101000", "621102102000", "621126101000"], "name": ["甲镇", "乙镇", "丙镇"]}
    )
    counties = pd.DataFrame({"code": ["621102", "621126"], "name": ["安定区", "岷县"]})
    villages["township_code"] = villages["code"].str[:9] + "000"
    villages["county_code"] = villages["code"].str[:6]
    return {"villages": villages, "townships": townships, "counties": counties}


@dataclass(frozen=True)
class Example:
    """The example county, linked, with a small estimate."""

    numbers: Numbers
    exposure: Exposure
    gains: Gains


@cache
def dingxi() -> Example:
    """`data/dingxi`, read and linked once for all tests that only look at it."""
    numbers = load_parameters()
    exposure = link(load_project(EXAMPLE), numbers)
    return Example(numbers, exposure, estimate_gains(exposure, numbers, draws=101, seed=1))
