"""What the ground says of every site, beside what its table says.

Plots get their height, slope and shady share, yards the flowers they reach. NaN means "cannot tell": no raster,
outside it, or pixels too wide; nothing here guesses.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.income.flowers import forage_columns
from eco.livelihoods.livelihood import Livelihood
from eco.parameters.numbers import Numbers
from eco.records.project import Project
from eco.records.tables import WORKING_CRS
from eco.space.terrain import elevation_at, slope_aspect


def sites_of(one: Livelihood, project: Project, numbers: Numbers) -> pd.DataFrame:
    """The sites of a livelihood as numbers, by site id: its own columns, `county` (code), `x`, `y` (m), `since`."""
    table = project.tables[one.site_table]
    place = table.geometry.representative_point() if len(table) else table.geometry
    if one.site_table == "apiaries":
        table = table.assign(**forage_columns(project, numbers))
    else:
        table = table.assign(**_ground_columns(project, place))
    numeric = {name: np.asarray(column, float) for name, column in one.site_columns(table).items()}
    key = table.columns[0]
    frame = pd.DataFrame(numeric, index=pd.Index(table[key], name="site_id"))
    frame["county"] = pd.to_numeric(table["county_code"], errors="coerce").fillna(0).to_numpy(float)
    frame["x"], frame["y"] = place.x.to_numpy(), place.y.to_numpy()
    since = one.inferences[0].since if one.inferences else None
    frame["since"] = frame[since] if since else float(project.settings.default_year)
    return frame


def _ground_columns(project: Project, place) -> dict[str, np.ndarray]:
    unknown = np.full(len(place), np.nan)
    if "elevation" not in project.rasters or not len(place):
        return {"elevation_m": unknown, "slope_degrees": unknown, "shady_share": unknown}
    points = np.column_stack([place.x, place.y])
    height = elevation_at(project.rasters["elevation"], points, crs=WORKING_CRS)
    slope, aspect = slope_aspect(project.rasters["elevation"], points, crs=WORKING_CRS)
    known = np.isfinite(aspect)
    north = np.cos(np.radians(np.where(known, aspect, 0.0))) > 0
    return {
        "elevation_m": height,
        "slope_degrees": slope,
        "shady_share": np.where(known, north, np.nan),
    }
