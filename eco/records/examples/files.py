"""The example's tables and rasters written as a bureau would have them: mixed formats, Chinese headings."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
import xlsxwriter

from eco.files import write_text
from eco.records.examples.ground import Ground
from eco.records.examples.places import DEGREES, GRID_DEGREES
from eco.records.examples.register import INCOME_YEAR
from eco.records.tables import TABLES
from eco.space.datums import to_degrees, wgs84_to_gcj02

MADE = "2020-12-31"  # the date inside files that must carry one: the bytes may not depend on today
ROUND_M = 0.1
MADE_UP = "示例地形，虚构 (example terrain, made up)"
SHEET = "建档立卡户"
FOREST_FIELDS = {  # a shapefile's field name holds ten bytes: five Chinese signs in GBK
    "plot_id": "小班号",
    "village_code": "村代码",
    "area_mu": "小班面积",
    "verified_mu": "验收面积",
    "land_class": "地类",
    "tenure": "权属",
    "species": "树种",
    "planted_year": "造林年度",
    "programme": "项目类型",
    "funding": "资金来源",
    "assumed": "推定",
}


def write_places(path: Path, places: gpd.GeoDataFrame, *, assumed: str) -> None:
    """GeoJSON of a place table in EPSG:4490, five decimals, code and name under Chinese headings."""
    degrees = shapely.set_precision(places.to_crs(DEGREES).geometry.array, GRID_DEGREES)
    lines = [
        _feature({"代码": code, "名称": name, "推定": assumed}, shape)
        for code, name, shape in zip(places["code"], places["name"], degrees)
    ]
    crs = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}'
    body = ",\n".join(lines)
    write_text(path, f'{{"type":"FeatureCollection",{crs},"features":[\n{body}\n]}}\n')


def _feature(properties: dict[str, str], shape) -> str:
    geometry = {
        "type": shape.geom_type,
        "coordinates": _rounded(shapely.geometry.mapping(shape)["coordinates"]),
    }
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))


def _rounded(coordinates):
    if isinstance(coordinates[0], float | int):
        return [round(value, 5) for value in coordinates]
    return [_rounded(part) for part in coordinates]


def to_gcj02(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude in GCJ-02, six decimals, of points in EPSG:4544."""
    degrees = shapely.get_coordinates(to_degrees(gpd.points_from_xy(x, y)))
    lon, lat = wgs84_to_gcj02(degrees[:, 0], degrees[:, 1])
    return np.round(lon, 6), np.round(lat, 6)


def write_register(path: Path, register: pd.DataFrame) -> None:
    """The register as an Excel workbook: no personal column, points in GCJ-02."""
    lon, lat = to_gcj02(register["x"], register["y"])
    table = register.assign(income_year=INCOME_YEAR, base_includes_programme="否")
    columns = TABLES["households"]
    names = {column.name: column.label.zh for column in columns if column.name in table}
    table = table[list(names)].rename(columns=names)
    _write_xlsx(path, table.assign(经度=lon, 纬度=lat))


def _write_xlsx(path: Path, table: pd.DataFrame) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": datetime.datetime.fromisoformat(MADE)})
        sheet = book.add_worksheet(SHEET)
        sheet.write_row(0, 0, table.columns)
        write = {True: sheet.write_number, False: sheet.write_string}
        numeric = [pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]
        writers = [write[is_number] for is_number in numeric]
        for number, row in enumerate(zip(*(table[name].tolist() for name in table)), start=1):
            for position, (writer, value) in enumerate(zip(writers, row)):
                writer(number, position, value)


def write_forest(path: Path, forest: gpd.GeoDataFrame) -> None:
    """The forest plots as a shapefile with GBK fields in EPSG:4544."""
    table = forest.rename(columns=FOREST_FIELDS)[[*FOREST_FIELDS.values(), "geometry"]]
    table["geometry"] = _to_grid(forest.geometry)
    pyogrio.write_dataframe(table, path, driver="ESRI Shapefile", encoding="GBK", DBF_DATE_LAST_UPDATE=MADE)


def write_juncao(path: Path, juncao: gpd.GeoDataFrame) -> None:
    """The Juncao plots as a GeoPackage in EPSG:4523 (zone prefix in the easting)."""
    columns = TABLES["juncao_plots"]
    table = juncao.rename(columns={c: columns[c].label.zh for c in juncao.columns if c != "geometry"})
    table = table.to_crs("EPSG:4523")
    table["geometry"] = _to_grid(table.geometry)
    with _fixed_clock():
        pyogrio.write_dataframe(table, path, driver="GPKG", layer="巨菌草地块", promote_to_multi=False)


def _to_grid(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    return gpd.GeoSeries(
        shapely.set_precision(geometry.array, ROUND_M), index=geometry.index, crs=geometry.crs
    )


@contextmanager
def _fixed_clock() -> Iterator[None]:
    """GDAL writes MADE instead of today into a GeoPackage while this holds."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{MADE}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_yards(path: Path, yards: gpd.GeoDataFrame) -> None:
    """The bee yards as CSV (UTF-8 with the mark Excel wants), points in GCJ-02."""
    lon, lat = to_gcj02(yards.geometry.x, yards.geometry.y)
    columns = TABLES["apiaries"]
    names = [column.name for column in columns]
    table = yards[names].rename(columns={name: columns[name].label.zh for name in names})
    for name in ("hives_received", "hives_alive"):
        label = columns[name].label.zh
        table[label] = table[label].astype("Int64")
    _write_csv(path, table.assign(经度=lon, 纬度=lat), encoding="utf-8-sig")


def write_links(path: Path, links: pd.DataFrame) -> None:
    """The recorded links as CSV in GBK, as older office programs save it."""
    columns = TABLES["links"]
    names = {name: columns[name].label.zh for name in links.columns}
    table = links.assign(quantity=[f"{value:g}" for value in links["quantity"]]).rename(columns=names)
    _write_csv(path, table, encoding="gbk")


def write_facts(path: Path, facts: pd.DataFrame) -> None:
    """What was published, as CSV that Excel opens in Chinese; names of facts stay with the ingredients."""
    _write_csv(path, facts.drop(columns="fact"), encoding="utf-8-sig")


def _write_csv(path: Path, table: pd.DataFrame, *, encoding: str) -> None:
    path.write_bytes(table.to_csv(index=False, lineterminator="\r\n").encode(encoding))


def write_raster(path: Path, ground: Ground, *, values: np.ndarray, nodata: float) -> None:
    """One band as a compressed GeoTIFF in EPSG:4544 that says it is made up."""
    predictor = 3 if values.dtype.kind == "f" else 2
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype=values.dtype,
        crs="EPSG:4544",
        transform=ground.transform,
        nodata=nodata,
        compress="deflate",
        predictor=predictor,
        zlevel=9,
    ) as file:
        file.write(values, 1)
        file.update_tags(TITLE=MADE_UP)
