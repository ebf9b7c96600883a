"""The example's plots and yards: published totals to the last mu and hive, spread by stated rules."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from eco.records.examples.ground import Ground
from eco.records.examples.places import FENGXIANG, GULOU_TOWNS, LIJIACHA, SHIZUI, ZHONGCHUAN, Places
from eco.records.examples.plots import drawn_in, lay_plots
from eco.records.examples.shares import apportion, published, stream, uneven
from eco.records.tables import WORKING_CRS
from eco.units import SQUARE_METRES_PER_MU

# Rules of the example where nothing is published; README.md of the example states them.
FOREST_PLOT_MU, JUNCAO_PLOT_MU, YARD_HIVES, OUTSIDE_YARD_HIVES = 95, 22, 50, 120
FOREST_TOWNS_A_COUNTY = 5
JUNCAO_SEASONS = {2017: 0.1, 2018: 0.2, 2019: 0.3, 2020: 0.4}
JUNCAO_VILLAGES, JUNCAO_HIGHEST_M = 90, 2300
UNDER_FOREST_MU = (42.0, 38.5, 40.0)
GULOU_HIVES_A_HOUSEHOLD, GULOU_YARDS = 5, 50
BEE_WEIGHT = {
    "621126": 30,
    "621125": 25,
    "621123": 20,
    "621124": 15,
    "621122": 5,
    "621102": 3,
    "621121": 2,
}
OUTSIDE_HIVES = 20_000
SOUTH = -np.pi / 2


@dataclass(frozen=True)
class Sites:
    """The three site tables in our words, EPSG:4544."""

    forest: gpd.GeoDataFrame
    juncao: gpd.GeoDataFrame
    yards: gpd.GeoDataFrame


def make_sites(places: Places, elevation: Ground, *, seed: int) -> Sites:
    """Forest plots, Juncao plots by season and bee yards of the example."""
    villages = site_villages(places, elevation)
    facts = published()
    forest = pd.concat(
        [_fengxiang(facts, seed), _other_forest(villages, facts, seed=seed)], ignore_index=True
    )
    forest.insert(0, "plot_id", [f"LD{n:04d}" for n in range(1, len(forest) + 1)])
    juncao = _juncao(villages, facts, seed=seed)
    forest["geometry"], juncao["geometry"] = _shapes(forest, juncao, places=places, seed=seed)
    forest, juncao = (gpd.GeoDataFrame(table, crs=WORKING_CRS) for table in (forest, juncao))
    juncao = pd.concat([juncao, _under_forest(forest)], ignore_index=True)
    order = juncao.groupby("season").cumcount() + 1
    juncao.insert(0, "plot_id", [f"JC{season}-{n:04d}" for season, n in zip(juncao["season"], order)])
    return Sites(forest, juncao, _yards(places, villages, facts=facts, seed=seed))


def site_villages(places: Places, elevation: Ground) -> pd.DataFrame:
    """Rural villages with a compact cell, where the rules may place a site, and their height (m)."""
    villages = places.villages
    hull = shapely.area(shapely.convex_hull(villages.geometry.array))
    sound = ~villages["urban"] & (villages.area / hull > 0.93) & (villages.area > 4e6)
    table = pd.DataFrame(villages[sound].drop(columns="geometry")).reset_index(drop=True)
    return table.assign(height_m=elevation.at(table["x"], table["y"]))


def _split(total_mu: float, count: int, *, rng: np.random.Generator) -> np.ndarray:
    return apportion(total_mu, uneven(count, rng), step=0.1)


def _fengxiang(facts: dict[str, float], seed: int) -> pd.DataFrame:
    """The located forest of 凤翔镇 by phase; the years after 2018 follow the published plan of 2019."""
    rng = stream(seed, "forest of Fengxiang")
    second = facts["forest_phase_2"] / 2
    known = facts["forest_phase_1"] + facts["forest_phase_2"] + facts["forest_phase_2_extension"]
    planned = facts["forest_2019_plan"]
    phases = [
        (ZHONGCHUAN, "一期", 2017, facts["forest_phase_1"], 27),
        (ZHONGCHUAN, "二期", 2017, second, 9),
        (ZHONGCHUAN, "二期", 2018, second, 8),
        (ZHONGCHUAN, "二期扩建", 2018, facts["forest_phase_2_extension"], 20),
        (LIJIACHA, "三期", 2019, planned, 28),
        (LIJIACHA, "三期", 2020, facts["forest_fengxiang"] - known - planned, 27),
    ]
    rows = [
        {"village_code": village, "area_mu": area, "planted_year": year, "funding": f"福州林{phase}"}
        for village, phase, year, total, count in phases
        for area in _split(total, count, rng=rng)
    ]
    table = pd.DataFrame(rows)
    farmed = (table["village_code"] == LIJIACHA) & (rng.random(len(table)) < 0.35)
    return table.assign(
        verified_mu=table["area_mu"].where(table["planted_year"] < 2020),
        land_class=np.where(farmed, "坡耕地", "荒山"),
        tenure=np.where(farmed, "农户", "集体"),
        species=_conifers(len(table), rng),
        programme="项目",
        assumed="否",
    )


def _conifers(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(["云杉", "油松", "樟子松", "云杉、油松"], count, p=[0.4, 0.3, 0.2, 0.1])


def _other_forest(villages: pd.DataFrame, facts: dict[str, float], *, seed: int) -> pd.DataFrame:
    """The forest published without a place: over six counties by their number of villages."""
    rng = stream(seed, "forest elsewhere")
    rest = villages[villages["county"] != FENGXIANG[:6]]
    counts = rest.groupby("county").size()
    shares = apportion(facts["forest_total"] - facts["forest_fengxiang"], counts, step=0.1)
    parts = []
    for county, share in zip(counts.index, shares):
        own = rest[rest["county"] == county]
        towns = rng.permutation(own["township"].unique())[:FOREST_TOWNS_A_COUNTY]
        chosen = rng.permutation(own.loc[own["township"].isin(towns), "code"].to_numpy())
        count = max(6, round(share / FOREST_PLOT_MU))
        chosen = chosen[: -(-count // 3)]
        parts.append(
            pd.DataFrame(
                {"village_code": np.resize(chosen, count), "area_mu": _split(share, count, rng=rng)}
            ).sort_values("village_code", kind="stable")
        )
    return _other_forest_kinds(pd.concat(parts, ignore_index=True), rng)


def _other_forest_kinds(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Programme, land, tenure and species that go together, by chance, as the rule says."""
    count = len(table)
    kind = rng.choice(["项目", "退耕还林", "公益林"], count, p=[0.55, 0.30, 0.15])
    green, public = kind == "退耕还林", kind == "公益林"
    farmed = green | (~public & (rng.random(count) < 0.3))
    bearing = green & (rng.random(count) < 0.7)
    year = rng.choice([2017, 2018, 2019, 2020], count, p=[0.2, 0.3, 0.3, 0.2])
    return table.assign(
        planted_year=year,
        funding=np.select([green, public], ["退耕还林补助", "公益林补偿"], "东西部扶贫协作资金"),
        verified_mu=table["area_mu"].where(year < 2019),
        land_class=np.select([farmed, public], ["坡耕地", "林地"], "荒山"),
        tenure=np.where(farmed, "农户", "集体"),
        species=np.where(bearing, rng.choice(["沙棘", "山杏"], count), _conifers(count, rng)),
        programme=kind,
        assumed="是",
    )


def _juncao(villages: pd.DataFrame, facts: dict[str, float], *, seed: int) -> pd.DataFrame:
    """Juncao by season on new land each year, in villages below 2,300 m; no geometry yet."""
    rng = stream(seed, "juncao")
    low = villages[(villages["height_m"] < JUNCAO_HIGHEST_M) & ~villages["code"].isin([ZHONGCHUAN, LIJIACHA])]
    chosen = rng.permutation(low["code"].to_numpy())[:JUNCAO_VILLAGES]
    shares = apportion(facts["juncao_total"], list(JUNCAO_SEASONS.values()), step=0.1)
    rows = []
    for (season, share), total in zip(JUNCAO_SEASONS.items(), shares):
        own = chosen[: round(JUNCAO_VILLAGES * (0.25 + 0.75 * share / max(JUNCAO_SEASONS.values())))]
        in_open = total - (sum(UNDER_FOREST_MU) if season == max(JUNCAO_SEASONS) else 0)
        for village, area in zip(own, _split(in_open, len(own), rng=rng)):
            count = max(1, round(area / JUNCAO_PLOT_MU))
            rows += [(village, season, plot) for plot in _split(area, count, rng=rng)]
    table = pd.DataFrame(rows, columns=["village_code", "season", "area_mu"])
    feeds = dict(zip(chosen, rng.random(len(chosen)) < 0.45))
    return table.assign(
        seedlings=np.where(rng.random(len(table)) < 0.15, "自购", "免费"),
        use=np.where(table["village_code"].map(feeds), "饲喂", "出售"),
        land_class=np.where(rng.random(len(table)) < 0.1, "荒地", "耕地"),
        assumed="是",
    )


def _shapes(forest: pd.DataFrame, juncao: pd.DataFrame, *, places: Places, seed: int) -> tuple[list, list]:
    """Polygons of both layers, laid village by village together so that they keep apart."""
    rng = stream(seed, "plots")
    cells = places.villages.set_index("code").geometry
    both = pd.concat([forest, juncao], ignore_index=True)
    shapes: list = [None] * len(both)
    for village, rows in both.groupby("village_code").groups.items():
        heading = SOUTH if village in (ZHONGCHUAN, LIJIACHA) else rng.uniform(-np.pi, np.pi)
        areas = both.loc[rows, "area_mu"].to_numpy() * SQUARE_METRES_PER_MU
        for row, shape in zip(rows, lay_plots(cells[village], areas, heading=heading, rng=rng)):
            shapes[row] = shape
    return shapes[: len(forest)], shapes[len(forest) :]


def _under_forest(forest: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Juncao between the trees of 凤翔镇 in 2020, as the press saw it: the same land in both layers."""
    host = forest[(forest["village_code"] == ZHONGCHUAN) & (forest["area_mu"] > 60)].iloc[::12][:3]
    shapes = [
        drawn_in(shape, area * SQUARE_METRES_PER_MU) for shape, area in zip(host.geometry, UNDER_FOREST_MU)
    ]
    rows = {
        "village_code": ZHONGCHUAN,
        "season": max(JUNCAO_SEASONS),
        "area_mu": list(UNDER_FOREST_MU),
        "seedlings": "免费",
        "use": "饲喂",
        "land_class": "荒山",
        "assumed": "否",
    }
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=WORKING_CRS)


def _yards(places: Places, villages: pd.DataFrame, *, facts: dict[str, float], seed: int) -> gpd.GeoDataFrame:
    """Bee yards of the programme, located ones first, then as many hives outside it."""
    rng = stream(seed, "yards")
    gulou = facts["bees_gulou"] * GULOU_HIVES_A_HOUSEHOLD
    aided = places.villages.loc[
        places.villages["township"].isin(GULOU_TOWNS) & ~places.villages["urban"], "code"
    ]
    aided = np.sort(rng.permutation(aided.to_numpy())[:GULOU_YARDS])
    rest = facts["bees_total"] - facts["bees_coop"] - gulou
    yards = pd.concat(
        [
            pd.DataFrame({"village_code": [SHIZUI], "hives_received": facts["bees_coop"]}).assign(
                started_year=2019, in_programme="是", source="co-op"
            ),
            pd.DataFrame(
                {"village_code": aided, "hives_received": apportion(gulou, np.ones(len(aided)))}
            ).assign(started_year=2018, in_programme="是", source="Gulou"),
            _spread_yards(villages, rest, size=YARD_HIVES, rng=rng).assign(in_programme="是", source="rule"),
            _spread_yards(villages, OUTSIDE_HIVES, size=OUTSIDE_YARD_HIVES, rng=rng).assign(
                started_year=2015, in_programme="否", source="outside"
            ),
        ],
        ignore_index=True,
    )
    yards.insert(0, "apiary_id", [f"FC{n:04d}" for n in range(1, len(yards) + 1)])
    yards = _counted(yards, rng)
    x, y = scattered(places, yards["village_code"], spread_m=700, rng=rng)
    return gpd.GeoDataFrame(yards, geometry=gpd.points_from_xy(x, y), crs=WORKING_CRS)


def _spread_yards(villages: pd.DataFrame, hives: float, *, size: int, rng) -> pd.DataFrame:
    """Yards of about `size` hives, counties by BEE_WEIGHT, villages by chance."""
    parts = []
    for county, share in zip(BEE_WEIGHT, apportion(hives, list(BEE_WEIGHT.values()))):
        count = max(2, round(share / size))
        own = villages.loc[villages["county"] == county, "code"].to_numpy()
        parts.append(
            pd.DataFrame(
                {
                    "village_code": np.sort(rng.choice(own, count, replace=count > len(own))),
                    "hives_received": apportion(share, uneven(count, rng)),
                    "started_year": rng.choice([2017, 2018, 2019, 2020], count, p=[0.15, 0.3, 0.3, 0.25]),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _counted(yards: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Colonies found alive in October 2020: most yards counted, some given up, never more than received."""
    count = len(yards)
    alive = rng.binomial(yards["hives_received"].astype(int), rng.beta(14, 5, count)).astype(float)
    made_it_up = yards["source"] == "rule"
    alive[made_it_up & (rng.random(count) < 0.07)] = 0
    alive[made_it_up & (rng.random(count) < 0.15)] = np.nan
    day = [f"2020-10-{d:02d}" for d in rng.integers(9, 29, count)]
    counted = ~np.isnan(alive)
    assumed = np.where(yards["source"] == "co-op", "否", "是")
    return yards.assign(hives_alive=alive, count_date=np.where(counted, day, ""), assumed=assumed)


def scattered(
    places: Places, villages: pd.Series, *, spread_m: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Made-up points (metres) around the seeds of the villages named, always inside their cells."""
    rows = places.villages.set_index("code").loc[villages]
    offset = spread_m * rng.standard_normal((len(rows), 2))
    cells, seeds = rows.geometry.array, rows[["x", "y"]].to_numpy()
    for _ in range(12):
        points = seeds + offset
        offset[~shapely.contains_xy(cells, points[:, 0], points[:, 1])] *= 0.5
    return seeds[:, 0] + offset[:, 0], seeds[:, 1] + offset[:, 1]
