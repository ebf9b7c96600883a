"""Where a Chinese coordinate really stands: GCJ-02 and BD-09 undone, every file brought to EPSG:4544.

GCJ-02 displaces WGS-84 by a smooth published formula on the Krasovsky ellipsoid; BD-09 displaces
GCJ-02 once more. Both are left alone outside China. Over Dingxi the first shift is 218-358 m.
WGS-84 and CGCS2000 differ by less than a metre and are taken as one.
Gauss-Kruger zones are CGCS2000's: 21 of three degrees (numbers 25-45), 11 of six (13-23), each with its
number before the easting or without it.
Beijing-54 and Xi'an-80 are not here: their parameters to CGCS2000 are not public.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from eco.phrases import Phrase

if TYPE_CHECKING:
    import geopandas as gpd
    import pyproj

WORKING_CRS = "EPSG:4544"
_ZONES = ((4513, 3, 25, True), (4534, 3, 25, False), (4491, 6, 13, True), (4502, 6, 13, False))
_ZONE_COUNT = {3: 21, 6: 11}


@dataclass(frozen=True)
class Zone:
    """A Gauss-Kruger zone of CGCS2000; `prefixed` when its number stands before the easting."""

    crs: str
    width_degrees: int
    number: int
    prefixed: bool

    @property
    def meridian(self) -> int:
        """Central meridian in degrees east."""
        return self.number * self.width_degrees - (3 if self.width_degrees == 6 else 0)

    @property
    def label(self) -> Phrase:
        """What the zone is called."""
        width = "三" if self.width_degrees == 3 else "六"
        if self.prefixed:
            zh = f"CGCS2000 {width}度带 {self.number} 带（带带号）"
            return Phrase(zh, f"CGCS2000 {self.width_degrees}-degree zone {self.number} with prefix")
        zh = f"CGCS2000 {width}度带 {self.meridian}°E（不带带号）"
        return Phrase(zh, f"CGCS2000 {self.meridian}E, {self.width_degrees}-degree, without prefix")


ZONES: dict[str, Zone] = {
    zone.crs: zone
    for first, width, number, prefixed in _ZONES
    for i in range(_ZONE_COUNT[width])
    for zone in [Zone(f"EPSG:{first + i}", width, number + i, prefixed)]
}
KNOWN_CRS = {
    "EPSG:4326": Phrase("WGS-84 经纬度", "WGS-84 degrees"),
    "EPSG:4490": Phrase("CGCS2000 经纬度", "CGCS2000 degrees"),
    **{crs: zone.label for crs, zone in ZONES.items()},
    "GCJ-02": Phrase("GCJ-02（火星坐标）", "GCJ-02 (Chinese web maps)"),
    "BD-09": Phrase("BD-09（百度坐标）", "BD-09 (Baidu)"),
}
# The same list as one says it: 66 names would bury the sentence.
CRS_OFFERED = (
    "EPSG:4326、EPSG:4490、EPSG:4513-4533 (35: EPSG:4523)、EPSG:4534-4554 (105E: EPSG:4544)、"
    "EPSG:4491-4512、GCJ-02、BD-09"
)
DEGREES = ("EPSG:4326", "EPSG:4490", "GCJ-02", "BD-09")
CHINA_DEGREES = (
    73.0,
    3.0,
    136.0,
    54.0,
)  # west, south, east, north: longitude and latitude cannot be confused
# An easting or northing beyond these lies in no zone of China's mainland and islands.
_EASTING_M, _NORTHING_M = (1e5, 9e5), (3e5, 6.1e6)
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


def fits(x, y, crs: str) -> np.ndarray:
    """Which pairs can be coordinates of China under `crs`, x to the east; a prefix must be the zone's own.

    >>> fits([35_464_653.0, 36_464_653.0, 464_653.0], [3.9e6] * 3, "EPSG:4523").tolist()
    [True, False, False]
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if crs in DEGREES:
        west, south, east, north = CHINA_DEGREES
        return (x >= west) & (x <= east) & (y >= south) & (y <= north)
    zone = ZONES[crs]
    easting = x - zone.number * 1e6 if zone.prefixed else x
    low, high = _EASTING_M
    return (easting >= low) & (easting <= high) & (y >= _NORTHING_M[0]) & (y <= _NORTHING_M[1])


def axes_exchanged(x, y, crs: str) -> bool:
    """Whether every pair fits `crs` with its axes exchanged and not one as it stands.

    Chinese survey files often write the northing first, and call it X. Pairs that are not finite
    are passed over; none at all is no evidence.

    >>> axes_exchanged([35.58, 35.6], [104.61, 104.7], "EPSG:4490")
    True
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    return bool(len(x)) and bool(fits(y, x, crs).all()) and not fits(x, y, crs).any()


def possible_systems(x, y) -> tuple[str, ...]:
    """Every known system all pairs could stand in by their size alone, x to the east.

    A suggestion, never an answer: degrees fit four systems and an easting without prefix 32 zones.

    >>> possible_systems([35_464_653.0], [3_939_000.0]), len(possible_systems([464_653.0], [3_939_000.0]))
    (('EPSG:4523',), 32)
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    return tuple(crs for crs in KNOWN_CRS if known.any() and fits(x[known], y[known], crs).all())


def suggestion(x, y) -> Phrase | None:
    """What the size of the coordinates speaks for, in words; None where it speaks for nothing.

    >>> suggestion([35_464_653.0], [3_939_000.0]).en, suggestion([0.0], [0.0])
    ('the numbers speak for EPSG:4523', None)
    """
    for turned, east, north in ((False, x, y), (True, y, x)):
        systems = possible_systems(east, north)
        if not systems:
            continue
        exchanged = Phrase("坐标轴颠倒，", "axes exchanged, ") if turned else Phrase("", "")
        if systems[0] in DEGREES:
            return Phrase(f"{exchanged.zh}数值像经纬度", f"{exchanged.en}the numbers look like degrees")
        if len(systems) == 1:
            name = systems[0]
            return Phrase(f"{exchanged.zh}数值像 {name}", f"{exchanged.en}the numbers speak for {name}")
        return Phrase(
            f"{exchanged.zh}数值像不带带号的高斯坐标，须写明中央经线",
            f"{exchanged.en}metres without a zone prefix: say which central meridian",
        )
    return None


def swapped(geometries) -> np.ndarray:
    """Geometries with x and y exchanged, flat; empty rows are kept."""
    import shapely

    return shapely.transform(
        shapely.force_2d(np.asarray(geometries, dtype=object)), lambda xy: xy[:, ::-1].copy()
    )


def flat(geometries) -> np.ndarray:
    """Geometries without heights and measures."""
    import shapely

    shapes = np.asarray(geometries, dtype=object)
    return shapely.force_2d(shapes) if (shapely.has_z(shapes) | shapely.has_m(shapes)).any() else shapes


def to_working(geometries, crs: str) -> tuple[gpd.GeoSeries, np.ndarray]:
    """Geometries in the system `crs` (a key of KNOWN_CRS) brought to EPSG:4544, and which were lost.

    The second array is True where a coordinate is not finite, before or after, cannot lie in China
    or carries another prefix than its zone's; the geometry there is None. Index and empty rows are kept.
    """
    import geopandas as gpd
    import shapely

    index = geometries.index if isinstance(geometries, gpd.GeoSeries) else None
    shapes = flat(geometries)
    move = _mover(crs)
    given, owners = shapely.get_coordinates(shapes, return_index=True)
    moved = (
        shapes.copy()
        if crs == WORKING_CRS
        else shapely.transform(shapes, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1])))
    )
    west, south, east, north = WORKING_BOUNDS_M
    x, y = shapely.get_coordinates(moved).T
    within = (x >= west) & (x <= east) & (y >= south) & (y <= north)  # False for NaN and infinity too
    if crs in ZONES and ZONES[crs].prefixed:
        within &= given[:, 0] // 1e6 == ZONES[crs].number
    lost: np.ndarray = np.zeros(len(shapes), dtype=bool)
    lost[owners[~within]] = True
    moved[lost] = None
    return gpd.GeoSeries(moved, index=index, crs=WORKING_CRS), lost


def from_working(geometries, crs: str) -> np.ndarray:
    """Geometries in EPSG:4544 as they would be written in the system `crs`: `to_working` undone."""
    import shapely

    shift = {"GCJ-02": wgs84_to_gcj02, "BD-09": wgs84_to_bd09}.get(crs)
    project = _projection(WORKING_CRS, "EPSG:4326" if shift else crs)
    move = (lambda x, y: shift(*project(x, y))) if shift else project
    shapes = np.asarray(geometries, dtype=object)
    return shapely.transform(shapes, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1])))


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
    import shapely

    move = _projection(WORKING_CRS, "EPSG:4490")
    shapes = np.asarray(geometries, dtype=object)
    return shapely.transform(shapes, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1])))


@lru_cache(maxsize=256)
def _projection(source: str, target: str) -> Callable[[np.ndarray, np.ndarray], Pair]:
    """The projection from one system to another, x to the east; kept because making one costs 10 ms."""
    import pyproj

    return pyproj.Transformer.from_crs(source, target, always_xy=True).transform


def _mover(crs: str) -> Callable[[np.ndarray, np.ndarray], Pair]:
    undo = {"GCJ-02": gcj02_to_wgs84, "BD-09": bd09_to_wgs84}.get(crs)
    project = _projection("EPSG:4326" if undo else crs, WORKING_CRS)
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
