"""Whether the tables agree with the ground: land counted twice, areas, slopes, places, distances.

Every rule takes checked tables in EPSG:4544 and answers with the rows it speaks of. A shape that was
placed by rule (`assumed`) says nothing of the ground and is never doubted for where it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from eco.phrases import Phrase
from eco.records.sentences import Hit
from eco.records.tables import TABLES
from eco.space.datums import to_degrees
from eco.space.places import area_mu, representative_points, which_outline
from eco.units import MU_PER_HECTARE, SQUARE_METRES_PER_MU

Frames = Mapping[str, pd.DataFrame]

AREA_TOLERANCE = 0.05
# Neighbours share a border that two hands drew: less than this is a line, not land.
LEAST_SHARE, LEAST_MU = 0.01, 0.1
STEEPEST_DEGREES = 25.0  # above it the Water and Soil Conservation Law (2010, art. 20) bans crops
FAR_KM = 10.0
# Generalised outlines stand up to 150 m beside the true line; a site just across is not lost.
BORDER_M = 300.0
OUTSIDE_M = 2_000.0  # a village's point may stand beside a generalised border, not this far
BEE_REACH_M = 2_000.0
SAME_YARD_M = 20.0
VILLAGE_YARD_M = 50.0


def overlapping(frame: pd.DataFrame, *, season: str | None = None) -> list[Hit]:
    """E-OVL-01: plots that share land, each with the plot it shares most with and the mu counted twice.

    Plots of different seasons (column `season`) may lie on one piece of land.
    """
    left, right, shared = shared_mu(frame, frame)
    together = left < right
    if season is not None:
        seasons = frame[season].to_numpy()
        together &= seasons[left] == seasons[right]
    left, right, shared = left[together], right[together], shared[together]
    if not len(left):
        return []
    mine = pd.DataFrame({"row": right, "other": left, "mu": shared}).sort_values("mu", ascending=False)
    mine = mine.drop_duplicates("row").sort_values("row")
    rows, others, ids = mine["row"].to_numpy(), mine["other"].to_numpy(), frame["plot_id"].to_numpy()
    found = [f"{ids[row]} × {ids[other]}: {mu:.2f} 亩 mu" for row, other, mu in mine.itertuples(index=False)]
    total, union = _added_and_once(frame, np.unique([rows, others]), season)
    return [Hit("E-OVL-01", "geometry", rows, found, {"sum": f"{total:.1f}", "union": f"{union:.1f}"})]


def shared_mu(one: pd.DataFrame, other: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of plots of two tables that share land, and how many mu: more than a drawn line's width."""
    ours, theirs = one.geometry.to_numpy(), other.geometry.to_numpy()
    row, there = shapely.STRtree(theirs).query(ours, predicate="intersects")
    if one is other:
        row, there = row[row != there], there[row != there]
    outlines = (shapely.get_dimensions(ours[row]) == 2) & (shapely.get_dimensions(theirs[there]) == 2)
    row, there = row[outlines], there[outlines]
    mu = shapely.area(shapely.intersection(ours[row], theirs[there])) / SQUARE_METRES_PER_MU
    smaller = np.minimum(shapely.area(ours[row]), shapely.area(theirs[there])) / SQUARE_METRES_PER_MU
    real = (mu >= LEAST_MU) & (mu >= LEAST_SHARE * smaller)
    real &= ~(_assumed(one)[row] & _assumed(other)[there])
    return row[real], there[real], mu[real]


def _added_and_once(frame: pd.DataFrame, rows: np.ndarray, season: str | None) -> tuple[float, float]:
    """Mu of all shapes added up, and with the land of the overlapping `rows` counted once a season."""
    shapes = frame.geometry.to_numpy()
    added_m2 = shapely.area(shapes).sum()
    seasons = np.zeros(len(rows)) if season is None else frame[season].to_numpy()[rows]
    twice_m2 = 0.0
    for year in np.unique(seasons):
        these = shapes[rows[seasons == year]]
        twice_m2 += shapely.area(these).sum() - shapely.area(shapely.union_all(these))
    return added_m2 / SQUARE_METRES_PER_MU, (added_m2 - twice_m2) / SQUARE_METRES_PER_MU


def grass_in_forest(frames: Frames) -> list[Hit]:
    """E-OVL-02: Juncao on land that is a forest plot, too; E-OVL-03: on Grain-for-Green land."""
    grass, forest = frames["juncao_plots"], frames["forest_plots"]
    row, plot, mu = shared_mu(grass, forest)
    returned = forest["programme"].to_numpy(dtype=object)[plot] == "grain_for_green"
    ids, plots = grass["plot_id"].to_numpy(), forest["plot_id"].to_numpy()
    hits = []
    for code, which in (("E-OVL-02", ~returned), ("E-OVL-03", returned)):
        pairs = zip(ids[row[which]], plots[plot[which]], mu[which])
        found = [f"{ours} × {theirs}: {shared:.2f} 亩 mu" for ours, theirs, shared in pairs]
        words = {"total": f"{mu[which].sum():.1f}"}
        if found:
            hits.append(Hit(code, "geometry", row[which], found, words, counted=code == "E-OVL-02"))
    return hits


def area_against_shape(frame: pd.DataFrame) -> list[Hit]:
    """E-AREA-01: declared mu more than 5 % off the outline's on the ellipsoid, with the probable unit."""
    shapes = frame.geometry.to_numpy()
    measured, declared = area_mu(shapes), frame["area_mu"].to_numpy()
    off = (measured > 0) & (np.abs(declared - measured) > AREA_TOLERANCE * measured)
    if not off.any():
        return []
    degrees = to_degrees(shapes[off])
    latitude = np.radians(shapely.get_y(shapely.centroid(degrees)))
    square_degrees = shapely.area(degrees)
    own, said = measured[off], declared[off]
    # What would stand in the column had the area been written or computed otherwise, the likely first.
    guesses = (
        (own / MU_PER_HECTARE, Phrase("，疑为公顷", ": this looks like hectares")),
        (own * SQUARE_METRES_PER_MU, Phrase("，疑为平方米", ": this looks like square metres")),
        (
            own / np.cos(latitude) ** 2,
            Phrase("，疑按网络墨卡托投影量算", ": this looks measured in Web Mercator"),
        ),
        (square_degrees, Phrase("，疑按经纬度（平方度）量算", ": this looks measured in square degrees")),
        (
            square_degrees / SQUARE_METRES_PER_MU,
            Phrase("，疑按经纬度（平方度）量算", ": this looks measured in square degrees"),
        ),
        (own / MU_PER_HECTARE / 100, Phrase("，疑为平方公里", ": this looks like square kilometres")),
        (own * MU_PER_HECTARE, Phrase("，疑把公顷数又乘了一次 15", ": this looks multiplied by 15 twice")),
    )
    likely: np.ndarray = np.full(len(own), len(guesses))
    for place, (would, _) in reversed(list(enumerate(guesses))):
        likely[np.abs(said / would - 1) < AREA_TOLERANCE] = place
    units = [*(unit for _, unit in guesses), Phrase("", "")]
    told = {"measured": [f"{mu:.2f}" for mu in own], "unit": [units[place] for place in likely]}
    return [Hit("E-AREA-01", "area_mu", np.flatnonzero(off), list(said.round(2)), told)]


def steep(frame: pd.DataFrame, elevation: Path | None) -> list[Hit]:
    """E-SLOPE-01: crops on more than 25 degrees; nothing is said where the raster is too coarse to tell."""
    shapes = representative_points(frame.geometry.to_numpy())
    asked = np.flatnonzero(~shapely.is_missing(shapes) & ~_assumed(frame))
    if elevation is None or not len(asked):
        return []
    from eco.space.terrain import slope_aspect

    slope, _ = slope_aspect(elevation, shapely.get_coordinates(shapes[asked]))
    over = slope > STEEPEST_DEGREES  # NaN, cannot tell, is not over
    found = [f"{degrees:.0f}°" for degrees in slope[over]]
    return [Hit("E-SLOPE-01", "geometry", asked[over], found)] if found else []


def far_from_village(frame: pd.DataFrame, villages: pd.DataFrame) -> list[Hit]:
    """E-SITE-03: households and sites more than 10 km from their village's point or outline."""
    known = villages.drop_duplicates("code").set_index("code").geometry
    own = none_for_nan(known.reindex(frame["village_code"]))
    distance = np.nan_to_num(shapely.distance(frame.geometry.to_numpy(), own)) / 1000
    rows = np.flatnonzero((distance > FAR_KM) & ~_assumed(frame))
    found = [f"{km:.1f} km" for km in distance[rows]]
    return [Hit("E-SITE-03", "geometry", rows, found, {"high": f"{FAR_KM:g}"})] if len(rows) else []


def partly_outside(frame: pd.DataFrame, counties: pd.DataFrame) -> list[Hit]:
    """E-SITE-05: plots that reach more than 300 m across the counties' border, with the share beyond it."""
    outlines = counties.geometry.to_numpy()
    outlines = outlines[shapely.get_dimensions(outlines) == 2]
    shapes = frame.geometry.to_numpy()
    asked = np.flatnonzero((shapely.get_dimensions(shapes) == 2) & ~_assumed(frame))
    if not len(outlines) or not len(asked):
        return []
    land = shapely.buffer(shapely.union_all(outlines), BORDER_M)
    shapely.prepare(land)
    across = asked[~shapely.contains_properly(land, shapes[asked])]
    share = shapely.area(shapely.difference(shapes[across], land)) / shapely.area(shapes[across])
    real = share >= LEAST_SHARE
    found = [f"{part:.0%}" for part in share[real]]
    return [Hit("E-SITE-05", "geometry", across[real], found)] if found else []


def places_outside(frame: pd.DataFrame, counties: pd.DataFrame) -> list[Hit]:
    """E-SITE-04: townships and villages that stand outside the county their code begins with."""
    outlines = counties.geometry.to_numpy()
    points = representative_points(frame.geometry.to_numpy())
    held = which_outline(points, outlines, within_m=OUTSIDE_M)
    codes = np.append(counties["code"].to_numpy(dtype=object), "")[held]
    own = frame["code"].str[:6].to_numpy(dtype=object)
    listed = np.isin(own.astype(str), counties["code"][shapely.get_dimensions(outlines) == 2].astype(str))
    rows = np.flatnonzero(~shapely.is_missing(points) & (codes != own) & listed)
    found = [codes[row] or "县外 / outside" for row in rows]
    return [Hit("E-SITE-04", "geometry", rows, found)] if len(rows) else []


def yards_together(frame: pd.DataFrame) -> list[Hit]:
    """E-BEE-01: two yards at one place; E-BEE-02: yards within 2 km of each other, which share the forage."""
    shapes = frame.geometry.to_numpy()
    row, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=BEE_REACH_M)
    real = (row != other) & ~_assumed(frame)[row] & ~_assumed(frame)[other]
    row, other = row[real], other[real]
    if not len(row):
        return []
    pairs = pd.DataFrame({"row": row, "other": other, "m": shapely.distance(shapes[row], shapes[other])})
    nearest = pairs.sort_values("m").drop_duplicates("row").sort_values("row")
    ids, hits = frame["apiary_id"].to_numpy(), []
    same = nearest["m"] < SAME_YARD_M
    for code, which in (("E-BEE-01", nearest[same]), ("E-BEE-02", nearest[~same])):
        found = [f"{ids[other]}: {metres:.0f} m" for _, other, metres in which.itertuples(index=False)]
        if found:
            hits.append(Hit(code, "geometry", which["row"].to_numpy(), found))
    return hits


def yards_in_villages(frame: pd.DataFrame, villages: pd.DataFrame) -> list[Hit]:
    """E-BEE-03: yards on a village's own point. A village's outline is its land, not its houses: no evidence."""
    points = villages.geometry.to_numpy()
    points = points[shapely.get_dimensions(points) == 0]
    rows = np.flatnonzero((shapely.get_dimensions(frame.geometry.to_numpy()) == 0) & ~_assumed(frame))
    if not len(points) or not len(rows):
        return []
    yards = frame.geometry.to_numpy()[rows]
    (_, _), metres = shapely.STRtree(points).query_nearest(yards, return_distance=True, all_matches=False)
    inside = metres < VILLAGE_YARD_M
    found = [f"{distance:.0f} m" for distance in metres[inside]]
    words = {"high": f"{VILLAGE_YARD_M:g}"}
    return [Hit("E-BEE-03", "geometry", rows[inside], found, words)] if found else []


def ground_hits(frames: Frames, *, elevation: Path | None = None) -> dict[str, list[Hit]]:
    """Every rule over the tables at hand, by the table whose rows are spoken of.

    Rows have their own coordinates only: what stands at its village for want of any is asked later.
    """
    hits: dict[str, list[Hit]] = {name: [] for name in TABLES}
    counties, villages = frames.get("counties"), frames.get("villages")
    for name, season in (("forest_plots", None), ("juncao_plots", "season")):
        if name in frames:
            hits[name] += [*overlapping(frames[name], season=season), *area_against_shape(frames[name])]
    if "juncao_plots" in frames:
        hits["juncao_plots"] += steep(frames["juncao_plots"], elevation)
        if "forest_plots" in frames:
            hits["juncao_plots"] += grass_in_forest(frames)
    if "apiaries" in frames:
        hits["apiaries"] += yards_together(frames["apiaries"])
        if villages is not None:
            hits["apiaries"] += yards_in_villages(frames["apiaries"], villages)
    for name in ("forest_plots", "juncao_plots"):
        if name in frames and counties is not None:
            hits[name] += partly_outside(frames[name], counties)
    for name in ("townships", "villages"):
        if name in frames and counties is not None:
            hits[name] += places_outside(frames[name], counties)
    for name in ("households", "forest_plots", "juncao_plots", "apiaries"):
        if name in frames and villages is not None:
            hits[name] += far_from_village(frames[name], villages)
    return {name: found for name, found in hits.items() if found}


def none_for_nan(shapes: pd.Series) -> np.ndarray:
    """Shapes as an array: a reindexed series holds NaN, which is no missing shape."""
    values = shapes.to_numpy(dtype=object, copy=True)
    values[pd.isna(values)] = None
    return values


def _assumed(frame: pd.DataFrame) -> np.ndarray:
    if "assumed" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return (frame["assumed"] == "yes").to_numpy(dtype=bool)
