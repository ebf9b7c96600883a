"""A made-up project folder of two counties, small enough to know every row of, written with real drivers."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point, box

WEST, SOUTH = 440_000.0, 3_920_000.0  # EPSG:4544, inside Dingxi
SIDE_M = 1000.0
MU_OF_PLOT = 150.0  # 100,000 m2 = 10 ha
VILLAGES = ("621102101201", "621102101202", "621126101201")


def counties() -> gpd.GeoDataFrame:
    shapes = [box(WEST, SOUTH, WEST + 10 * SIDE_M, SOUTH + 10 * SIDE_M)]
    shapes.append(box(WEST + 10 * SIDE_M, SOUTH, WEST + 20 * SIDE_M, SOUTH + 10 * SIDE_M))
    return gpd.GeoDataFrame(
        {"gb": ["156621102", "156621126"], "name": ["安定区", "岷县"]}, geometry=shapes, crs="EPSG:4544"
    )


def townships() -> pd.DataFrame:
    return pd.DataFrame({"乡镇代码": ["621102101", "621126101"], "乡镇名": ["甲川镇", "乙川镇"]})


def villages() -> gpd.GeoDataFrame:
    points = [Point(WEST + east * SIDE_M, SOUTH + 5 * SIDE_M) for east in (2, 6, 15)]
    return gpd.GeoDataFrame(
        {"村代码": VILLAGES, "村名": ["东村", "西村", "南村"]}, geometry=points, crs="EPSG:4544"
    )


def households(count: int = 6) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "户编号": [f"H{number:04}" for number in range(count)],
            "村代码": [VILLAGES[number % 3] for number in range(count)],
            "人口": 4,
            "劳动力": 2,
            "人均纯收入(元)": [2500 + 100 * (number % 7) for number in range(count)],
            "收入年度": 2016,
            "基数含项目收入": "否",
        }
    )


def forest_plots() -> gpd.GeoDataFrame:
    shapes = [box(WEST + x, SOUTH + 100, WEST + x + 500, SOUTH + 300) for x in (1000, 2000)]
    return gpd.GeoDataFrame(
        {
            "小班号": ["F1", "F2"],
            "村代码": [VILLAGES[0], VILLAGES[1]],
            "面积(亩)": [MU_OF_PLOT, MU_OF_PLOT],
            "树种": ["云杉", "山杏"],
            "造林年度": [2018, 2019],
        },
        geometry=shapes,
        crs="EPSG:4544",
    )


def apiaries() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "蜂场号": ["B1"],
            "村代码": [VILLAGES[2]],
            "箱数": [20],
            "起始年度": [2019],
            "x": [WEST + 15 * SIDE_M],
            "y": [SOUTH + 5 * SIDE_M + 700],
        }
    )


def links() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "户编号": ["H0000", "H0001", "H0002"],
            "地点编号": ["F1", "F2", "B1"],
            "角色": ["栽植", "护林员", "养蜂"],
            "数量": [30, 1, 20],
            "单位": ["工日", "岗", "箱"],
            "年度": [2018, 2019, 2019],
        }
    )


TOML = """
[project]
name = "试验县"
default_year = 2020
[tables.apiaries]
crs = "EPSG:4544"
"""


def write_folder(folder: Path, *, toml: str = TOML, **tables: pd.DataFrame) -> Path:
    """Every table written into `folder`: geometry as GeoPackage, the rest as CSV; `tables` replace ours."""
    made = {
        "counties": counties(),
        "townships": townships(),
        "villages": villages(),
        "households": households(),
        "forest_plots": forest_plots(),
        "apiaries": apiaries(),
        "links": links(),
        **tables,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in made.items():
        if isinstance(table, gpd.GeoDataFrame):
            table.to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG")
        else:
            table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "project.toml").write_text(toml, encoding="utf-8")
    return folder
