"""The example's places: real outlines, names and codes; made-up village points and cells."""

from __future__ import annotations

import json
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from eco.records.examples.shares import INGREDIENTS, read_ingredient, stream
from eco.records.tables import WORKING_CRS

DEGREES = "EPSG:4490"
GRID_DEGREES = 1e-5  # about one metre, as the files are written

# County seats to a hundredth of a degree, general knowledge: the town of the seat grows around them.
SEATS = {
    "621102": (104.62, 35.58),
    "621121": (105.24, 35.21),
    "621122": (104.63, 35.00),
    "621123": (104.21, 35.14),
    "621124": (103.86, 35.38),
    "621125": (104.47, 34.85),
    "621126": (104.04, 34.44),
}
SEAT_TOWN = {county: f"{county}100000" for county in SEATS} | {"621102": "621102101000"}
FENGXIANG = "621102101000"
ZHONGCHUAN, LIJIACHA = "621102101212", "621102101214"
SHIZUI = "621126107208"
GULOU_TOWNS = ("621126109000", "621126204000", "621126106000")


@dataclass(frozen=True)
class Places:
    """Counties, townships and villages in EPSG:4544; `villages` has its seed as columns x, y (metres)."""

    counties: gpd.GeoDataFrame
    townships: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame


def make_places(seed: int) -> Places:
    """The seven counties with their townships and villages, cells made from a seed."""
    features = json.loads((INGREDIENTS / "counties.geojson").read_text(encoding="utf-8"))
    counties = gpd.GeoDataFrame.from_features(features, crs=DEGREES)[["code", "name", "geometry"]]
    counties["geometry"] = on_grid(counties.geometry)
    metric = counties.to_crs(WORKING_CRS).set_index("code").geometry
    names = village_names()
    parts = [
        _county_villages(names[names["county"] == code], metric[code], rng=stream(seed, f"villages {code}"))
        for code in sorted(SEATS)
    ]
    villages = pd.concat(parts, ignore_index=True).sort_values("code", ignore_index=True)
    degrees = gpd.GeoDataFrame(villages, crs=WORKING_CRS).to_crs(DEGREES)
    degrees["geometry"] = on_grid(degrees.geometry)
    townships = _townships(degrees)
    return Places(*(table.to_crs(WORKING_CRS) for table in (counties, townships, degrees)))


def on_grid(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """Outlines in degrees on the grid they are written on, valid and made of polygons only."""
    return gpd.GeoSeries(shapely.set_precision(geometry.array, GRID_DEGREES), crs=geometry.crs)


def village_names() -> pd.DataFrame:
    """Code, short name, township, county of the 1,987 villages; `urban` marks communities (社区)."""
    table = pd.DataFrame(read_ingredient("villages.csv"))
    table["name"] = [short_name(name) for name in table["name"]]
    table["township"] = table["code"].str[:9] + "000"
    table["county"] = table["code"].str[:6]
    table["urban"] = table["name"].str.endswith("社区")
    return table


def short_name(name: str) -> str:
    """A village's everyday name without its committee.

    >>> short_name("中川村民委员会"), short_name("东关社区居委会"), short_name("新城居民委员会")
    ('中川村', '东关社区', '新城社区')
    """
    for ending, short in (
        ("社区居民委员会", "社区"),
        ("社区居委会", "社区"),
        ("居民委员会", "社区"),
        ("村民委员会", "村"),
    ):
        if name.endswith(ending):
            return name.removesuffix(ending) + short
    return name


def _county_villages(names: pd.DataFrame, outline, *, rng: np.random.Generator) -> pd.DataFrame:
    """One county's villages with seed and cell: towns are blocks of seeds, communities crowd the town."""
    names = names.reset_index(drop=True)
    county = names["county"].iloc[0]
    seat = _metres(*SEATS[county])
    rural = names[~names["urban"]]
    points = even_points(outline, len(rural), rng=rng)
    sizes = rural.groupby("township").size()
    blocks = _town_blocks(points, sizes, seat=seat, seat_town=SEAT_TOWN[county], rng=rng)
    place = np.zeros((len(names), 2))
    for town in names["township"].unique():
        members = names.index[(names["township"] == town) & ~names["urban"]].to_numpy()
        own = points[blocks.get(town, [])]
        centre = own.mean(axis=0) if len(own) else seat + rng.uniform(-1500, 1500, 2)
        place[members[rng.permutation(len(members))]] = own
        crowd = names.index[(names["township"] == town) & names["urban"]]
        place[crowd] = centre + rng.uniform(-900, 900, (len(crowd), 2))
    if county == FENGXIANG[:6]:
        _south_of_seat(names, place, seat=seat)
    names["x"], names["y"] = place.T
    cells = shapely.voronoi_polygons(shapely.MultiPoint(place), extend_to=outline, ordered=True)
    names["geometry"] = shapely.intersection(shapely.get_parts(cells), outline)
    return names


def even_points(outline, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """`count` well-spread points inside an outline (metres): Lloyd's relaxation of random ones."""
    west, south, east, north = outline.bounds
    inside = np.empty((0, 2))
    shapely.prepare(outline)
    while len(inside) < 40 * count:
        more = rng.uniform((west, south), (east, north), (40 * count, 2))
        inside = np.vstack([inside, more[shapely.contains_xy(outline, more)]])
    centres = inside[:count]
    for _ in range(12):
        owner = KDTree(centres).query(inside)[1]
        held = np.maximum(np.bincount(owner, minlength=count), 1)
        sums = [np.bincount(owner, inside[:, axis], minlength=count) for axis in (0, 1)]
        centres = np.column_stack(sums) / held[:, None]
    return inside[KDTree(inside).query(centres)[1]]


def _town_blocks(
    points: np.ndarray, sizes: pd.Series, *, seat: np.ndarray, seat_town: str, rng
) -> dict[str, np.ndarray]:
    """Township code -> positions of its seeds: the seat's towns nearest the seat, the rest in blocks."""
    order = np.argsort(np.hypot(*(points - seat).T), kind="stable")
    first = [town for town in sizes.index if town <= seat_town]
    blocks, taken = {}, 0
    for town in first:
        blocks[town] = order[taken : taken + sizes[town]]
        taken += sizes[town]
    others = rng.permutation([town for town in sizes.index if town > seat_town])
    rest = order[taken:]
    for town, block in zip(others, deal(points[rest], sizes[others].to_numpy())):
        blocks[town] = rest[block]
    return blocks


def deal(points: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """Positions of `points` dealt into compact groups of the given sizes, by halving along the long axis.

    >>> [group.tolist() for group in deal(np.array([[0.0, 0], [9, 0], [1, 0], [8, 0]]), np.array([2, 2]))]
    [[0, 2], [3, 1]]
    """
    if len(sizes) == 1:
        return [np.arange(len(points))]
    half = 1 + int(np.argmin(np.abs(np.cumsum(sizes[:-1]) - sizes.sum() / 2)))
    spread = points - points.mean(axis=0)
    axis = np.linalg.eigh(spread.T @ spread)[1][:, -1]
    along = spread @ (axis * np.sign(axis[np.argmax(np.abs(axis))]))
    order = np.argsort(along, kind="stable")
    near, far = np.split(order, [sizes[:half].sum()])
    return [near[g] for g in deal(points[near], sizes[:half])] + [
        far[g] for g in deal(points[far], sizes[half:])
    ]


def _south_of_seat(names: pd.DataFrame, place: np.ndarray, *, seat: np.ndarray) -> None:
    """Swap seeds so that the two forest villages of 凤翔镇 lie straight south of the seat (南山)."""
    town = names.index[(names["township"] == FENGXIANG) & ~names["urban"]].to_numpy()
    offset = place[town] - seat
    southness = -offset[:, 1] - 1.5 * np.abs(offset[:, 0])
    for code, target in zip((ZHONGCHUAN, LIJIACHA), town[np.argsort(-southness, kind="stable")]):
        own = names.index[names["code"] == code][0]
        place[[own, target]] = place[[target, own]]


def _townships(villages: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Township outlines: the union of the cells of each one's villages (EPSG:4490)."""
    names = {row["code"]: row["name"] for row in read_ingredient("townships.csv")}
    merged = villages[["township", "geometry"]].dissolve("township").reset_index()
    merged = merged.rename(columns={"township": "code"})
    merged.insert(1, "name", merged["code"].map(names))
    merged["geometry"] = on_grid(merged.geometry)
    return merged


def _metres(lon: float, lat: float) -> np.ndarray:
    point = gpd.GeoSeries.from_xy([lon], [lat], crs=DEGREES).to_crs(WORKING_CRS)
    return np.array([point.x.iloc[0], point.y.iloc[0]])
