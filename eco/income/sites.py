"""What the ground says of every site, beside what its table says.

Plots get their height, slope and shady share, yards the flowers they reach. NaN means "cannot tell": no raster,
outside it, or pixels too wide; nothing here guesses, and `ground_report` counts what was not told.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from eco.income.flowers import forage_columns
from eco.income.nearness import ELEVATIONS
from eco.livelihoods.livelihood import Livelihood
from eco.parameters.numbers import Numbers
from eco.phrases import Phrase
from eco.records.project import Project
from eco.records.tables import TABLES, WORKING_CRS
from eco.space.rasters import open_raster
from eco.space.terrain import WIDEST_M, elevation_at, ground_steps, pixels_of, slope_aspect
from eco.space.zones import plot_ground

GROUND = ("elevation_m", "slope_degrees", "shady_share")
PLOTS = ("forest_plots", "juncao_plots")
_WHAT = {
    "elevation_m": Phrase("海拔", "height"),
    "slope_degrees": Phrase("坡度", "slope"),
    "shady_share": Phrase("坡向", "aspect"),
}
_WHY = {
    "no raster": Phrase("没有高程栅格", "there is no elevation raster"),
    "outside": Phrase("栅格未覆盖地块一半以上", "the raster has no value on half of the plot or more"),
    "too coarse": Phrase("像元宽于90米，看不出坡度坡向", "pixels wider than 90 m know no slope"),
    "rim": Phrase(
        "地块在栅格边缘或紧邻无值像元", "the plot lies on the rim or beside pixels without a value"
    ),
    "level": Phrase("地面水平，没有坡向", "level ground faces nowhere"),
}


def sites_of(one: Livelihood, project: Project, numbers: Numbers) -> pd.DataFrame:
    """The sites of a livelihood as numbers, by site id: its own columns, `county` (code), `x`, `y` (m), `since`."""
    table = project.tables[one.site_table]
    place = table.geometry.representative_point() if len(table) else table.geometry
    if one.site_table == "apiaries":
        table = table.assign(**forage_columns(project, numbers))
    elif one.site_table in PLOTS:
        table = table.assign(**{name: plots_on_ground(project, table)[name].to_numpy() for name in GROUND})
    numeric = {name: np.asarray(column, float) for name, column in one.site_columns(table).items()}
    key = table.columns[0]
    frame = pd.DataFrame(numeric, index=pd.Index(table[key], name="site_id"))
    frame["county"] = pd.to_numeric(table["county_code"], errors="coerce").fillna(0).to_numpy(float)
    frame["x"], frame["y"] = place.x.to_numpy(), place.y.to_numpy()
    since = one.inferences[0].since if one.inferences else None
    frame["since"] = frame[since] if since else float(project.settings.default_year)
    return frame


def plots_on_ground(project: Project, table: pd.DataFrame) -> pd.DataFrame:
    """Height, slope and shady share of plots, with the covered share and the pixel they were read from.

    One row a plot, in their order. Each value comes from the finer elevation raster where that can tell, else from
    the county's; a plot without an outline is asked at its point.
    """
    shapes = np.asarray(table.geometry, dtype=object)
    told = pd.DataFrame(np.nan, index=range(len(table)), columns=[*GROUND, "covered_share", "pixel_m"])
    for name in ELEVATIONS:
        if name in project.rasters and len(table):
            ground = plot_ground(project.rasters[name], shapes)
            ground.update(_points_on_ground(project.rasters[name], shapes))
            new = told["elevation_m"].isna() & (ground["elevation_m"].notna() | told["pixel_m"].isna())
            told.loc[new, ["covered_share", "pixel_m"]] = ground.loc[new, ["covered_share", "pixel_m"]]
            told = told.fillna({column: ground[column] for column in GROUND})
    return told


def _points_on_ground(path, shapes: np.ndarray) -> pd.DataFrame:
    """The ground at plots that are points: rows of those only."""
    rows = np.flatnonzero(shapely.get_dimensions(shapes) == 0)
    points = shapely.get_coordinates(shapely.centroid(shapes[rows]))
    slope, aspect = slope_aspect(path, points)
    known = np.isfinite(aspect)
    with open_raster(path) as raster:
        east_of_column, north_of_column, east_of_row, north_of_row = ground_steps(
            raster, *pixels_of(raster, points, WORKING_CRS), WORKING_CRS
        )
    north = np.cos(np.radians(np.where(known, aspect, 0.0))) > 0
    height = elevation_at(path, points)
    return pd.DataFrame(
        {
            "elevation_m": height,
            "slope_degrees": slope,
            "shady_share": np.where(known, north, np.nan),
            "covered_share": np.isfinite(height).astype(float),
            "pixel_m": np.maximum(
                np.hypot(east_of_column, north_of_column), np.hypot(east_of_row, north_of_row)
            ),
        },
        index=rows,
    )


def ground_report(project: Project) -> pd.DataFrame:
    """What the elevation rasters could not tell of plots: table, what, why, sites, of (how many), and in words.

    A row with `why` "partly" counts plots whose value stands on the covered part only.
    """
    rows = []
    for name in PLOTS:
        table = project.tables[name]
        told = plots_on_ground(project, table)
        rows += [
            (name, what, why, int(mine.sum()), len(table))
            for what in GROUND
            for why, mine in _reasons(told, what, any(e in project.rasters for e in ELEVATIONS)).items()
            if mine.any()
        ]
    report = pd.DataFrame(rows, columns=["table", "what", "why", "sites", "of"])
    said = [_said(*row) for row in rows]
    return report.assign(zh=[words.zh for words in said], en=[words.en for words in said])


def _reasons(told: pd.DataFrame, what: str, any_raster: bool) -> dict[str, pd.Series]:
    """For each reason, the plots of which `what` is unknown because of it; each plot under one."""
    unknown = told[what].isna()
    if not any_raster:
        return {"no raster": unknown}
    outside = unknown & told["elevation_m"].isna()
    coarse = unknown & ~outside & ~(told["pixel_m"] <= WIDEST_M)
    rim = unknown & ~outside & ~coarse & told["slope_degrees"].isna()
    level = unknown & ~outside & ~coarse & ~rim
    partly = ~unknown & (told["covered_share"] < 1 - 1e-6)
    return {"outside": outside, "too coarse": coarse, "rim": rim, "level": level, "partly": partly}


def _said(table: str, what: str, why: str, sites: int, of: int) -> Phrase:
    label, thing = TABLES[table].label, _WHAT[what]
    if why == "partly":
        return Phrase(
            f"{label.zh}：{of:,}块中{sites:,}块的{thing.zh}只按栅格覆盖的部分计算",
            f"{label.en}: the {thing.en} of {sites:,} of {of:,} stands on the covered part only",
        )
    reason = _WHY[why]
    return Phrase(
        f"{label.zh}：{of:,}块中{sites:,}块的{thing.zh}无法判断：{reason.zh}",
        f"{label.en}: cannot tell the {thing.en} of {sites:,} of {of:,}: {reason.en}",
    )
