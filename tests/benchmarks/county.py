"""A made-up county for the benchmarks: every household has bees, Juncao and something to do with a forest.

Toy data, seeded, in memory. Per village a recorded yard, grass plot and two forest plots; in 57 of 100
villages a yard, a grass plot and a forest plot more whose links nobody recorded: 30 % of all sites.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from eco.records.project import Project, Settings
from eco.records.tables import TABLES, WORKING_CRS

COUNTIES = ("621102", "621121", "621122", "621123", "621124", "621125", "621126")
TOWNSHIPS = 122
WIDTH_M = 141_000.0  # 20,000 km2
UNRECORDED_VILLAGES = 0.57
ROLES = np.array(["planter", "tender", "lessor", "guard"])
UNITS = np.array(["mu", "days", "mu", "posts"])
QUANTITIES = np.array([3.0, 20.0, 4.0, 1.0])
YEAR = 2020


def made_up_county(*, households: int, villages: int, seed: int = 1) -> Project:
    """A project of so many households in so many villages over 20,000 km2."""
    rng = np.random.default_rng(seed)
    towns, places = _places(villages, rng)
    homes = _households(places, households, rng)
    sites = _sites(places, households / villages, rng)
    tables = {
        "counties": _frame({"code": COUNTIES, "name": COUNTIES}, np.zeros((len(COUNTIES), 2))),
        "townships": towns,
        "villages": places,
        "households": homes,
        **sites,
        "links": _links(homes, places, sites["forest_plots"]),
        "payments": pd.DataFrame(columns=[column.name for column in TABLES["payments"]]),
    }
    left_out = pd.DataFrame(columns=["table", "where", "code", "reason"])
    return Project(Path("made-up"), Settings("made-up", YEAR), tables, (), left_out, {}, {})


def _frame(columns: dict, points: np.ndarray) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*points.T), crs=WORKING_CRS)


def _coded(code: pd.Series) -> dict:
    return {"village_code": code, "township_code": code.str[:9] + "000", "county_code": code.str[:6]}


def _places(villages: int, rng) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    centre = rng.uniform(0, WIDTH_M, (TOWNSHIPS, 2))
    town = np.sort(np.arange(villages) % TOWNSHIPS)
    number = pd.Series(np.arange(villages)).groupby(town).cumcount()
    town_code = [f"{COUNTIES[t % len(COUNTIES)]}{100 + t}" for t in range(TOWNSHIPS)]
    code = pd.Series([f"{town_code[t]}{200 + n}" for t, n in zip(town, number)])
    towns = _frame({"code": [c + "000" for c in town_code], "name": town_code, "assumed": "yes"}, centre)
    columns = {"code": code, "name": code, "assumed": "yes", **_coded(code)}
    return towns, _frame(columns, centre[town] + rng.normal(0, 4000, (villages, 2)))


def _households(places: gpd.GeoDataFrame, count: int, rng) -> gpd.GeoDataFrame:
    village = np.arange(count) * len(places) // count
    workers = rng.integers(0, 4, count)
    columns = {
        "household_id": [f"H{i:07d}" for i in range(count)],
        **_coded(places["code"].iloc[village].reset_index(drop=True)),
        "persons": workers + rng.integers(1, 4, count),
        "workers": workers,
        "income_yuan_per_person": rng.uniform(1500, 6000, count),
        "income_year": 2016,
        # How a base was taken is a habit of a place, not of a household.
        "base_includes_programme": rng.choice(["no", "yes", "unknown"], len(places), p=[0.92, 0.03, 0.05])[
            village
        ],
        "register_type": rng.choice(["poor", "lifted", "general"], count, p=[0.6, 0.3, 0.1]),
        "free_days": np.where(rng.random(count) < 0.7, np.nan, rng.integers(20, 200, count)),
    }
    columns["income_year"] = np.where(columns["base_includes_programme"] == "yes", 2019, 2016)
    points = np.column_stack([places.geometry.x, places.geometry.y])[village]
    return _frame(columns, points + rng.normal(0, 600, (count, 2)))


def _sites(places: gpd.GeoDataFrame, homes_each: float, rng) -> dict[str, gpd.GeoDataFrame]:
    """Recorded sites of every village first (ids end in R, leased forest in L), then unrecorded ones (U)."""
    code = places["code"]
    more = code[rng.random(len(code)) < UNRECORDED_VILLAGES]
    at = pd.DataFrame({"x": places.geometry.x.to_numpy(), "y": places.geometry.y.to_numpy()}, index=code)

    def table(key: str, letter: str, recorded: tuple[str, ...], columns) -> gpd.GeoDataFrame:
        parts = [code + mark for mark in recorded] + [more + "U"]
        ids = letter + pd.concat(parts, ignore_index=True)
        village = ids.str[1:13]
        points = at.loc[village].to_numpy() + rng.normal(0, 800, (len(ids), 2))
        return _frame({key: ids, **_coded(village), **columns(ids)}, points)

    def forest(ids: pd.Series) -> dict:
        leased = ids.str.endswith("L")
        return {
            "area_mu": homes_each * 5.0,
            "verified_mu": np.nan,
            "land_class": np.where(leased, "farmland", "barren"),
            "tenure": np.where(leased, "household", "collective"),
            "species": np.where(leased, "杏", "云杉"),
            "planted_year": YEAR - 3 + np.arange(len(ids)) % 4,
            "programme": np.where(leased & (np.arange(len(ids)) % 2 == 0), "grain_for_green", "project"),
            "end_year": np.nan,
        }

    def juncao(ids: pd.Series) -> dict:
        odd = np.arange(len(ids)) % 2
        return {
            "area_mu": homes_each * 2.0,
            "season": YEAR,
            "seedlings": np.where(odd, "bought", "free"),
            "use": np.where(odd, "sold", "fed"),
            "land_class": "farmland",
        }

    def yards(ids: pd.Series) -> dict:
        return {
            "hives_received": homes_each * 4.0,
            "hives_alive": homes_each * rng.uniform(2.0, 4.0, len(ids)),
            "count_date": pd.Timestamp(YEAR, 10, 1),
            "started_year": YEAR - 2 + np.arange(len(ids)) % 3,
            "in_programme": "yes",
        }

    return {
        "forest_plots": table("plot_id", "F", ("R", "L"), forest),
        "juncao_plots": table("plot_id", "J", ("R",), juncao),
        "apiaries": table("apiary_id", "A", ("R",), yards),
    }


def _links(homes: gpd.GeoDataFrame, places: gpd.GeoDataFrame, forest: gpd.GeoDataFrame) -> pd.DataFrame:
    """One link of each livelihood a household; forest roles go round, in the years the work was done."""
    code, turn = homes["village_code"], np.arange(len(homes)) % len(ROLES)
    plot = "F" + code + np.where(ROLES[turn] == "lessor", "L", "R")
    planted = forest.set_index("plot_id")["planted_year"].loc[plot].to_numpy()
    later = np.where(ROLES[turn] == "tender", np.arange(len(homes)) // len(ROLES) % 3, 0)

    def rows(site, role, quantity, unit, year) -> pd.DataFrame:
        columns = {"household_id": homes["household_id"], "site_id": site, "role": role}
        return pd.DataFrame({**columns, "quantity": quantity, "unit": unit, "year": year, "assumed": "no"})

    return pd.concat(
        [
            rows(plot, ROLES[turn], QUANTITIES[turn], UNITS[turn], planted + later),
            rows("J" + code + "R", "grower", 2.0, "mu", YEAR),
            rows("A" + code + "R", "keeper", 4.0, "hives", YEAR - 2),
        ],
        ignore_index=True,
    )
