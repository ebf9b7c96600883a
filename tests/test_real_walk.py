"""The whole road over what nobody here made: real outlines, points, rasters and quantities, generated people."""

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box
from typer.testing import CliRunner

from eco.cli import app
from eco.records.project import load_project

SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA = SHARED / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not beside this checkout")

TOML = """
[project]
name = "定西市（实测底图）"
default_year = 2020
price_year = 2020
income_year = 2016
line_series = "exit check"
[tables.counties]
file = "counties.gpkg"
[tables.townships]
file = "townships.csv"
crs = "GCJ-02"
[tables.households]
file = "households.csv"
crs = "GCJ-02"
[tables.apiaries]
crs = "GCJ-02"
[rasters.elevation]
file = "elevation.tif"
[rasters.land_cover]
file = "land_cover.tif"
"""


def townships():
    table = pd.read_csv(DATA / "townships_2016_adcode.csv", dtype={"code": str})
    return table[table["level"] == "town"]


def located(kind, unit, place):
    facts = pd.read_csv(SHARED / "facts" / "programme_facts.csv")
    rows = facts[
        (facts["kind"] == kind) & facts["town_village"].str.contains(place) & facts["quantity"].notna()
    ]
    return float(rows[rows["unit"].str.startswith(unit)]["quantity"].iloc[0])


def square_plots(lon, lat, mu_each):
    """Squares of the declared mu side by side, south of a point, in EPSG:4490 degrees."""
    centre = gpd.GeoSeries.from_xy([lon], [lat], crs="EPSG:4490").to_crs("EPSG:4544").iloc[0]
    west, shapes = centre.x - 4000, []
    for mu in mu_each:
        side = np.sqrt(mu * 2000 / 3)
        shapes.append(box(west, centre.y - 3000 - side, west + side, centre.y - 3000))
        west += side + 50
    return gpd.GeoSeries(shapes, crs="EPSG:4544").to_crs("EPSG:4490")


def register(towns, villages, count=900):
    """Made-up households around the real township points, in GCJ-02 as phones give them."""
    random = np.random.default_rng(7)
    of_town = villages.groupby(villages["code"].str[:9])["code"].first()
    known = towns[towns["code"].str[:9].isin(of_town.index)].reset_index(drop=True)
    at = np.arange(count) % len(known)
    at[: count // 3] = known.index[known["name"] == "凤翔镇"][0]
    pick = known.iloc[at].reset_index(drop=True)
    return pd.DataFrame(
        {
            "户编号": [f"R{number:05d}" for number in range(count)],
            "行政村代码": pick["code"].str[:9].map(of_town),
            "家庭人口": random.integers(2, 7, count),
            "劳动力": random.integers(0, 4, count),
            "人均纯收入(元)": random.integers(1500, 3500, count),
            "年度": 2016,
            "基数含项目收入": "否",
            "农户类型": "建档立卡户",
            "经度": pick["lon_gcj02"] + random.normal(0, 0.01, count),
            "纬度": pick["lat_gcj02"] + random.normal(0, 0.01, count),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    shutil.copy(DATA / "counties_osm_odbl.gpkg", folder / "counties.gpkg")
    shutil.copy(DATA / "dem_1km_viewfinder15s_8bit_3857.tif", folder / "elevation.tif")
    shutil.copy(DATA / "landcover_mcd12c1_2019_igbp_5km.tif", folder / "land_cover.tif")
    (folder / "project.toml").write_text(TOML, encoding="utf-8")
    towns = townships()
    columns = {"lon_gcj02": "经度", "lat_gcj02": "纬度", "code": "乡镇代码", "name": "名称"}
    towns[list(columns)].rename(columns=columns).to_csv(folder / "townships.csv", index=False)
    villages = pd.read_csv(DATA / "villages_2016_names.csv", dtype=str)
    villages = villages[villages["parent"].isin(towns["code"])]
    villages[["code", "name"]].rename(columns={"code": "村代码", "name": "村名"}).to_csv(
        folder / "villages.csv", index=False, encoding="gbk"
    )
    homes = register(towns, villages)
    homes.to_csv(folder / "households.csv", index=False)
    write_sites(folder, towns, villages, homes)
    return folder


def write_sites(folder, towns, villages, homes):
    forest_mu = located("forest", "mu", "凤翔镇 中川村、李家岔村")
    phases = [1020.0, 1237.0, 2134.0]
    town = towns[towns["name"] == "凤翔镇"].iloc[0]
    zhongchuan = villages[villages["name"].str.startswith("中川村") & (villages["parent"] == town["code"])][
        "code"
    ].iloc[0]
    plots = gpd.GeoDataFrame(
        {
            "小班号": ["F1", "F2", "F3", "F4"],
            "村代码": zhongchuan,
            "面积(亩)": [*phases, forest_mu - sum(phases)],
            "树种": ["云杉", "油松", "云杉", "樟子松"],
            "造林年度": [2017, 2018, 2018, 2019],
        },
        geometry=square_plots(
            town["lon_wgs84"], town["lat_wgs84"], [*phases, forest_mu - sum(phases)]
        ).to_numpy(),
        crs="EPSG:4490",
    )
    plots.to_file(folder / "forest_plots.geojson")
    chabu = towns[towns["name"] == "茶埠镇"].iloc[0]
    hives = located("bees co-op", "hives", "石咀村")
    village = villages[villages["parent"] == chabu["code"]]["code"].iloc[0]
    pd.DataFrame(
        {"蜂场号": ["B1"], "村代码": village, "发放箱数": [hives], "起始年度": [2019], "是否项目": ["是"],
         "经度": chabu["lon_gcj02"], "纬度": chabu["lat_gcj02"]}
    ).to_csv(folder / "apiaries.csv", index=False)  # fmt: skip
    keepers = homes[homes["行政村代码"].str[:9] == chabu["code"][:9]]["户编号"]
    pd.DataFrame(
        {
            "户编号": keepers,
            "项目点编号": "B1",
            "角色": "养蜂",
            "数量": hives / len(keepers),
            "单位": "箱",
            "年度": 2019,
        }
    ).to_csv(folder / "links.csv", index=False)


@pytest.fixture(scope="module")
def out(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    done = CliRunner().invoke(app, ["run", str(folder), "--out", str(out), "--draws", "200"])
    assert done.exit_code == 0, done.output
    return out


def test_township_points_lie_where_the_delivered_wgs84_columns_say(folder):
    read = load_project(folder).townships.set_index("code").geometry
    delivered = townships().set_index("code").loc[read.index]
    truth = gpd.GeoSeries.from_xy(delivered["lon_wgs84"], delivered["lat_wgs84"], crs="EPSG:4326").to_crs(
        "EPSG:4544"
    )
    assert len(read) == 106
    assert read.distance(truth.set_axis(read.index)).max() < 1.0


def test_road_ends_with_the_located_quantities(out):
    summary = json.loads((out / "internal" / "summary.json").read_text(encoding="utf-8"))
    assert summary["forest_mu"] == 10_894
    assert summary["hives"] == 280
    assert summary["households"] == 900
    homes = pd.read_parquet(out / "internal" / "households.parquet")
    assert abs(homes["gain_yuan_mean"].sum() - summary["gain_yuan"]["mean"]) < 1
    assert homes["forest_yuan_mean"].sum() > 0
    assert homes.loc[homes["township"] == "茶埠镇", "bees_yuan_mean"].ne(0).all()


def test_one_kilometre_elevation_says_nothing_of_aspect(folder):
    from eco.income.exposure import link
    from eco.parameters.numbers import load_parameters

    sites = link(load_project(folder), load_parameters()).sites["forest"]
    assert not sites["aspect_known"].any() and not sites["slope_known"].any()


def test_both_maps_open_without_a_network(out, open_page):
    for edition in ("county", "public"):
        page = open_page(out / edition / "map.html")
        assert page.asks() == []
        assert page.complaints == []
