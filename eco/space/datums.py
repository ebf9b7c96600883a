"""Where a Chinese coordinate really stands: GCJ-02 and BD-09 undone, every file brought to EPSG:4544.

GCJ-02 displaces WGS-84 by a smooth published formula on the Krasovsky ellipsoid; BD-09 displaces
GCJ-02 once more. Both are left alone outside China. Over Dingxi the first shift is 218-358 m.
WGS-84 and CGCS2000 differ by less than a metre and are taken as one.
Beijing-54 and Xi'an-80 are not here: their parameters to CGCS2000 are not public.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from eco.phrases import Phrase

if TYPE_CHECKING:
    import geopandas as gpd
    import pyproj

WORKING_CRS = "EPSG:4544"
KNOWN_CRS = {
    "EPSG:4326": Phrase("WGS-84 经纬度", "WGS-84 degrees"),
    "EPSG:4490": Phrase("CGCS2000 经纬度", "CGCS2000 degrees"),
    "EPSG:4523": Phrase("CGCS2000 三度带 35 带（带带号）", "CGCS2000 zone 35 with prefix"),
    "EPSG:4544": Phrase("CGCS2000 三度带 105°E（不带带号）", "CGCS2000 105E without prefix"),
    "GCJ-02": Phrase("GCJ-02（火星坐标）", "GCJ-02 (Chinese web maps)"),
    "BD-09": Phrase("BD-09（百度坐标）", "BD-09 (Baidu)"),
}
DEGREES = ("EPSG:4326", "EPSG:4490", "GCJ-02", "BD-09")
# What EPSG:4544 can mean for a place in China: beyond it an easting carries a prefix or an axis is swapped.
WORKING_BOUNDS_M = (-3.2e6, 3e5, 3.9e6, 6.6e6)

_OLD_DATUMS = ("beijing 1954", "xian 1980", "new beijing")
_KRASOVSKY_M = 6378245.0
_ECCENTRICITY_2 = 0.00669342162296594323
_BAIDU_TURN = np.pi * 3000 / 180
# Each step of an inverse shrinks the error at least thirtyfold: 12 steps reach the last digits.
_STEPS = 12

Pair = tuple[np.ndarray, np.ndarray]


def wgs84_to_gcj02(lon, lat) -> Pair:
    """GCJ-02 longitude and latitude of WGS-84 ones: arrays in degrees, same shape out.

    >>> lon, lat = wgs84_to_gcj02(104.61, 35.58)
    >>> round(float(lon), 4), round(float(lat), 4)
    (104.6126, 35.5794)
    """
    return _where_in_china(lon, lat, _gcj02)


def gcj02_to_wgs84(lon, lat) -> Pair:
    """WGS-84 longitude and latitude of GCJ-02 ones, to well under 1 cm (fixed-point iteration)."""
    return _where_in_china(lon, lat, lambda x, y: _undo(_gcj02, x, y))


def wgs84_to_bd09(lon, lat) -> Pair:
    """BD-09 (Baidu) longitude and latitude of WGS-84 ones: arrays in degrees, same shape out."""
    return _where_in_china(lon, lat, lambda x, y: _bd09(*_gcj02(x, y)))


def bd09_to_wgs84(lon, lat) -> Pair:
    """WGS-84 longitude and latitude of BD-09 ones, to well under 1 cm (fixed-point iteration)."""
    return _where_in_china(lon, lat, lambda x, y: _undo(_gcj02, *_undo(_bd09, x, y)))


def known_crs(declared: object) -> str | None:
    """Our name of a declared system ("epsg:4490", 4490, "gcj02"), None when it is not one we take.

    >>> known_crs(4490), known_crs("gcj02"), known_crs("EPSG:3857")
    ('EPSG:4490', 'GCJ-02', None)
    """
    names = {_bare(name).removeprefix("epsg:"): name for name in KNOWN_CRS}
    return names.get(_bare(declared).removeprefix("epsg:"))


def embedded_crs(crs: pyproj.CRS) -> str | None:
    """Our name of the system a layer carries, None when it is not one we take."""
    code = crs.to_epsg(min_confidence=60)
    return known_crs(code) if code else None


def is_old_datum(declared: object) -> bool:
    """Whether a declaration means Beijing-54 or Xi'an-80, whose transformation is not public.

    >>> is_old_datum("EPSG:2412"), is_old_datum("EPSG:4610"), is_old_datum("EPSG:4490")
    (True, True, False)
    """
    import pyproj

    bare = _bare(declared)
    if any(word in bare for word in ("北京54", "beijing54", "beijing1954", "西安80", "xian80", "xian1980")):
        return True
    try:
        crs = pyproj.CRS.from_user_input(int(bare) if bare.isdigit() else declared)
    except (pyproj.exceptions.CRSError, ValueError):
        return False
    words = f"{crs.name} {crs.geodetic_crs.name if crs.geodetic_crs else ''}".lower().replace("_", " ")
    return any(datum in words for datum in _OLD_DATUMS)


def to_working(geometries, crs: str) -> tuple[gpd.GeoSeries, np.ndarray]:
    """Geometries in the system `crs` (a key of KNOWN_CRS) brought to EPSG:4544, and which were lost.

    The second array is True where a coordinate is not finite, before or after, or cannot lie in
    China; the geometry there is None. Index and empty rows are kept.
    """
    import geopandas as gpd
    import shapely

    index = geometries.index if isinstance(geometries, gpd.GeoSeries) else None
    shapes = np.asarray(geometries, dtype=object)
    move = _mover(crs)
    moved = shapely.transform(shapely.force_2d(shapes), lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1])))
    west, south, east, north = WORKING_BOUNDS_M
    coordinates, owners = shapely.get_coordinates(moved, return_index=True)
    x, y = coordinates.T
    within = (x >= west) & (x <= east) & (y >= south) & (y <= north)  # False for NaN and infinity too
    lost: np.ndarray = np.zeros(len(shapes), dtype=bool)
    lost[owners[~within]] = True
    moved[lost] = None
    return gpd.GeoSeries(moved, index=index, crs=WORKING_CRS), lost


def points_to_working(x, y, crs: str) -> tuple[gpd.GeoSeries, np.ndarray]:
    """Points of two arrays (degrees or metres, x east) in EPSG:4544, and which were lost.

    A row without coordinates has no geometry and is not lost.
    """
    import shapely

    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    points = shapely.points(np.where(np.isnan(x), 0.0, x), np.where(np.isnan(y), 0.0, y))
    points[np.isnan(x) | np.isnan(y)] = None
    return to_working(points, crs)


def to_degrees(geometries) -> np.ndarray:
    """Geometries in EPSG:4544 as an array of geometries in CGCS2000 degrees (EPSG:4490), x = longitude."""
    import pyproj
    import shapely

    move = pyproj.Transformer.from_crs(WORKING_CRS, "EPSG:4490", always_xy=True).transform
    shapes = np.asarray(geometries, dtype=object)
    return shapely.transform(shapes, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1])))


def _mover(crs: str) -> Callable[[np.ndarray, np.ndarray], Pair]:
    import pyproj

    undo = {"GCJ-02": gcj02_to_wgs84, "BD-09": bd09_to_wgs84}.get(crs)
    project = pyproj.Transformer.from_crs("EPSG:4326" if undo else crs, WORKING_CRS, always_xy=True).transform
    return (lambda x, y: project(*undo(x, y))) if undo else project


def _bare(declared: object) -> str:
    return str(declared).lower().translate(str.maketrans("", "", "-_ "))


def _where_in_china(lon, lat, convert: Callable[[np.ndarray, np.ndarray], Pair]) -> Pair:
    lon, lat = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    inside = (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)
    new_lon, new_lat = np.array(lon), np.array(lat)
    new_lon[inside], new_lat[inside] = convert(lon[inside], lat[inside])
    return new_lon, new_lat


def _undo(forward: Callable[[np.ndarray, np.ndarray], Pair], lon: np.ndarray, lat: np.ndarray) -> Pair:
    """The (x, y) with forward(x, y) = (lon, lat): x <- x - (forward(x) - lon), a contraction."""
    x, y = lon, lat
    for _ in range(_STEPS):
        there_x, there_y = forward(x, y)
        x, y = x - (there_x - lon), y - (there_y - lat)
    return x, y


def _gcj02(lon: np.ndarray, lat: np.ndarray) -> Pair:
    east_m, north_m = _gcj02_shift_m(lon - 105.0, lat - 35.0)
    sine = np.sin(np.radians(lat))
    w2 = 1 - _ECCENTRICITY_2 * sine**2
    meridian_m = _KRASOVSKY_M * (1 - _ECCENTRICITY_2) / w2**1.5
    parallel_m = _KRASOVSKY_M / np.sqrt(w2) * np.cos(np.radians(lat))
    return lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)


def _gcj02_shift_m(x: np.ndarray, y: np.ndarray) -> Pair:
    """Metres east and north that GCJ-02 moves a point `x`, `y` degrees from 105 E, 35 N."""

    def waves(t: np.ndarray, terms: tuple[tuple[float, float], ...]) -> np.ndarray:
        return 2 / 3 * sum((height * np.sin(t * rate * np.pi) for height, rate in terms), np.zeros_like(t))

    ripple = waves(x, ((20, 6), (20, 2)))
    root = np.sqrt(np.abs(x))
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * root
    east = east + ripple + waves(x, ((20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30)))
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * root
    north = north + ripple + waves(y, ((20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30)))
    return east, north


def _bd09(lon: np.ndarray, lat: np.ndarray) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
