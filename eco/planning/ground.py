"""Where a plan can put things: yards and the flowers left for them, fields, hillsides, guard posts, seedlings.

A household's offer needs a place, and no table names one. A village stands in for its households: one yard, one
field and one hillside a village, chosen by a stated rule. NaN means "cannot tell", as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array, vstack

from eco.income.flowers import CLASSES, colonies_fed, flowers_left, nectar_kg
from eco.income.sites import plots_on_ground
from eco.parameters.numbers import Numbers
from eco.records.ground import none_for_nan
from eco.records.project import Project
from eco.records.tables import WORKING_CRS
from eco.space.places import representative_points, which_outline

_A_SIDE = 6  # points a side of a village's frame: 36 looks at its ground, less those outside it
# No hive fits where less than one colony is fed; below this the solver need not know how much less.
_LEAST_ROOM = 0.01


@dataclass(frozen=True)
class Ground:
    """The places of a plan and what they still hold at the most likely numbers. NaN: cannot tell.

    `yards`: one row a village whose households have a place, in order of village_code: yard_id, village_code,
    hives_there (colonies alive), room_colonies (colonies that flowers left over feed with a full crop), x, y (m,
    EPSG:4544), forage_known and forage_<class>_ha (hectares that one offered colony is allotted).
    `meadows` (meadows, yards): the part of what is left in a meadow that one hive at a yard takes.
    `fields`: by village_code, one row a village with households: elevation_m, slope_degrees, elevation_known,
    slope_known, x, y. `hillsides`: likewise slope_degrees, slope_known, shady_share, aspect_known, basic_farmland
    (yes, no, unknown), x, y. `guard_room`: posts still open by township_code. `seedling_mu`: mu the nursery can serve.
    """

    yards: pd.DataFrame
    meadows: csr_array
    fields: pd.DataFrame
    hillsides: pd.DataFrame
    guard_room: Mapping[str, float]
    seedling_mu: float


def ground_of(project: Project, numbers: Numbers, *, year: int) -> Ground:
    """The ground of a plan whose first year is `year`."""
    middles = _middles(project)
    yards, meadows = _yards(project, numbers, middles)
    spots = _spots(project, middles)
    return Ground(
        yards,
        meadows,
        _fields(spots, middles.index),
        _hillsides(spots, middles.index),
        guard_room(project, numbers, year=year),
        seedling_mu(project, numbers, year=year),
    )


def _middles(project: Project) -> pd.DataFrame:
    """x and y of the median of each village's households, by village_code; NaN where none has a place."""
    homes = project.households
    places = pd.DataFrame({"x": homes.geometry.x.to_numpy(), "y": homes.geometry.y.to_numpy()})
    return places.groupby(homes["village_code"].to_numpy()).median().rename_axis("village_code").sort_index()


def _yards(project: Project, numbers: Numbers, middles: pd.DataFrame) -> tuple[pd.DataFrame, csr_array]:
    """One candidate a village with its room and allotment, and the meadows they share."""
    yards = _candidates(project, middles)
    left = flowers_left(project, numbers, yards[["x", "y"]].to_numpy())
    nectar = nectar_kg(left.hectares, numbers)
    per_nectar, need, crop = (
        numbers[name].mode for name in ("nectar_to_honey", "colony_nectar_need", "honey_yield")
    )
    room = colonies_fed(nectar, per_nectar, need, crop)
    yards["room_colonies"], yards["forage_known"] = room, np.isfinite(room)
    for name in CLASSES:
        none = np.where(np.isnan(room), np.nan, 0.0)
        yards[f"forage_{name}_ha"] = np.divide(left.hectares[name], room, out=none, where=room > 0)
    return yards, meadows_of(left.patches, room)


def _candidates(project: Project, middles: pd.DataFrame) -> pd.DataFrame:
    """The programme yard of a village with most colonies, else the middle of its households."""
    bees = project.apiaries
    x, y = (np.asarray(part, float) for part in (bees.geometry.x, bees.geometry.y))
    alive = bees["hives_alive"].fillna(bees["hives_received"]).astype(float)
    there = bees[["village_code"]].assign(yard_id=bees["apiary_id"], hives_there=alive, x=x, y=y)
    there = there[(bees["in_programme"] == "yes") & np.isfinite(x) & np.isfinite(y)]
    there = there.sort_values(["hives_there", "yard_id"], ascending=[False, True])
    largest = there.drop_duplicates("village_code").set_index("village_code")
    new = middles.assign(yard_id="NEW-" + middles.index.astype(str), hives_there=0.0).dropna()
    chosen = largest.loc[largest.index.intersection(new.index)]
    yards = pd.concat([chosen, new.drop(chosen.index)]).sort_index().reset_index(names="village_code")
    return yards[["yard_id", "village_code", "hives_there", "x", "y"]]


def meadows_of(reach: csr_array, room: np.ndarray) -> csr_array:
    """What one hive at each yard takes of what is left in each meadow, (meadows, yards).

    `reach` (patches, yards) is 1 where a patch with something left lies within a yard's radius; `room` (yards,) is
    what is left in the radius over what a colony with a full crop needs. A hive at yard j takes 1/room_j of every
    patch in its radius: together 1/room_j of all that is left there, which is just what it needs. So if
    sum_j hives_j / room_j <= 1 holds in every patch, no patch is promised more than what is left over in it. Bees do
    not keep to that: they fly for the nearest flowers, and a colony that was there may lose some of its own, which
    eco.outcome tells. Yards without any flowers left have a row of their own that lets no hive in.
    """
    empty = np.flatnonzero(room <= 0)
    alone = csr_array((np.ones(len(empty)), (np.arange(len(empty)), empty)), shape=(len(empty), len(room)))
    takes = 1 / np.maximum(np.where(np.isnan(room), np.inf, room), _LEAST_ROOM)
    return csr_array(vstack([reach, alone]).multiply(takes[None, :]))


def _spots(project: Project, middles: pd.DataFrame) -> pd.DataFrame:
    """Places to look at in each village: some points of its outline, else the middle of its households.

    Columns village (position), x, y, away (m from the middle), on_farmland (1, 0, NaN unknown), and the ground.
    """
    village, points = _grid(_outlines(project, middles.index))
    rest = np.setdiff1d(np.flatnonzero(middles["x"].notna()), village)
    village = np.append(village, rest)
    x, y = np.vstack([points, middles.to_numpy()[rest]]).T
    shapes = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=WORKING_CRS)
    spots = plots_on_ground(project, shapes)[["elevation_m", "slope_degrees", "shady_share"]]
    away = np.hypot(x - middles["x"].to_numpy()[village], y - middles["y"].to_numpy()[village])
    farmland = _on_farmland(project, shapes.geometry.to_numpy(), middles.index.str[:6].to_numpy()[village])
    return spots.assign(village=village, x=x, y=y, away=np.nan_to_num(away), on_farmland=farmland)


def _outlines(project: Project, codes: pd.Index) -> np.ndarray:
    """The outline of each village, None where there is none."""
    villages = project.villages
    if "geometry" not in villages:
        return np.full(len(codes), None)
    shapes = none_for_nan(villages.drop_duplicates("code").set_index("code")["geometry"].reindex(codes))
    shapes[shapely.get_dimensions(shapes) != 2] = None
    return shapes


def _grid(outlines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) on an even grid within each outline, at least one, and whose they are, (n,)."""
    rows = np.flatnonzero(~shapely.is_missing(outlines))
    shapes = outlines[rows]
    steps = (np.arange(_A_SIDE) + 0.5) / _A_SIDE
    across, up = (part.ravel() for part in np.meshgrid(steps, steps))
    west, south, east, north = (side[:, None] for side in shapely.bounds(shapes).reshape(-1, 4).T)
    x, y = west + (east - west) * across, south + (north - south) * up
    shapely.prepare(shapes)
    inside = shapely.contains_xy(shapes[:, None], x, y)
    bare = ~inside.any(axis=1)
    sure = shapely.get_coordinates(representative_points(shapes[bare]))
    village = np.append(np.repeat(rows, inside.sum(axis=1)), rows[bare])
    return village, np.vstack([np.column_stack([x[inside], y[inside]]), sure])


def _on_farmland(project: Project, points: np.ndarray, county: np.ndarray) -> np.ndarray:
    """1 on permanent basic farmland, 0 beside it, NaN in counties of which no parcel is known."""
    parcels = project.tables.get("basic_farmland")
    land = np.zeros(0, object) if parcels is None or not len(parcels) else parcels.geometry.to_numpy()
    land = land[shapely.get_dimensions(land) == 2]
    if not len(land):
        return np.full(len(points), np.nan)
    counties = project.counties
    codes = counties["code"].to_numpy().astype(str)
    borders = counties.geometry.to_numpy() if "geometry" in counties else np.full(len(counties), None)
    drawn = shapely.get_dimensions(borders) == 2
    held = which_outline(representative_points(land), borders[drawn]) if drawn.any() else np.zeros(0, int)
    told = codes[drawn][np.unique(held[held >= 0])] if drawn.any() else codes
    return np.where(np.isin(county.astype(str), told), which_outline(points, land) >= 0, np.nan)


def _fields(spots: pd.DataFrame, codes: pd.Index) -> pd.DataFrame:
    """The gentlest ground of each village whose slope is known, else the nearest to its households."""
    order = spots.assign(untold=spots["elevation_m"].isna()).sort_values(
        ["village", "slope_degrees", "untold", "away", "x", "y"]
    )
    chosen = order.drop_duplicates("village")
    table = chosen[["elevation_m", "slope_degrees", "x", "y"]].set_index(codes[chosen["village"]])
    table = table.reindex(codes)
    known = {"elevation_known": table["elevation_m"].notna(), "slope_known": table["slope_degrees"].notna()}
    return table.assign(**known)


def _hillsides(spots: pd.DataFrame, codes: pd.Index) -> pd.DataFrame:
    """The middle one by slope of each village's spots off permanent basic farmland, else of all.

    Which hillside it would be is for the village to say: its gentlest would flatter the trees, its steepest slander
    them. Where no slope is known it is the spot nearest to the households.
    """
    order = spots.sort_values(
        ["village", "on_farmland", "slope_degrees", "away", "x", "y"], ignore_index=True
    )
    by_village = order.groupby("village")
    least = by_village["on_farmland"].transform("min")
    order = order[(order["on_farmland"] == least) | least.isna()]
    by_village = order.groupby("village")
    known = by_village["slope_degrees"].transform("count")
    middle = by_village.cumcount() == np.maximum(known - 1, 0) // 2
    chosen = order[middle]
    table = chosen[["slope_degrees", "shady_share", "x", "y", "on_farmland"]]
    table = table.set_index(codes[chosen["village"]]).reindex(codes)
    table["slope_known"], table["aspect_known"] = table["slope_degrees"].notna(), table["shady_share"].notna()
    table["basic_farmland"] = table.pop("on_farmland").map({1.0: "yes", 0.0: "no"}).fillna("unknown")
    return table


def guard_room(project: Project, numbers: Numbers, *, year: int) -> dict[str, float]:
    """Posts of guards still open in each township: what forest standing in `year` asks for, less recorded ones.

    Whole posts of `guard_area` mu; a township without programme forest has none. A recorded post stands from its
    year to the last year of its plot, as it is paid.
    """
    plots = project.forest_plots
    standing = (plots["planted_year"] <= year) & (plots["end_year"].fillna(np.inf) >= year)
    plots = plots[standing & (plots["programme"] != "none")]
    mu = plots["verified_mu"].fillna(plots["area_mu"]).groupby(plots["township_code"]).sum()
    links = project.links
    guards = links[(links["role"] == "guard") & (links["year"] <= year)]
    of_plot = plots.set_index("plot_id")["township_code"]
    held = guards["quantity"].groupby(guards["site_id"].map(of_plot)).sum()
    codes = sorted({*project.households["township_code"], *mu.index})
    # Mu are added up in any order: what is whole but for a last digit is whole.
    asked = np.floor((mu.reindex(codes, fill_value=0.0) / numbers["guard_area"].mode).round(9))
    return np.maximum(asked - held.reindex(codes, fill_value=0.0), 0).astype(float).to_dict()


def seedling_mu(project: Project, numbers: Numbers, *, year: int) -> float:
    """Mu the nursery can still serve: its capacity less free seedlings recorded for `year` or later."""
    grass = project.juncao_plots
    promised = grass.loc[(grass["seedlings"] == "free") & (grass["season"] >= year), "area_mu"].sum()
    return max(numbers["juncao_seedling_capacity"].mode - float(promised), 0.0)
