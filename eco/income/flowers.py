"""Bee yards among their flowers: what each can take beside all others, in the programme or not."""

from __future__ import annotations

import numpy as np

from eco.parameters.numbers import Numbers
from eco.records.project import Project
from eco.records.tables import WORKING_CRS
from eco.space.forage import COVER_CLASSES, forage_hectares


def forage_columns(project: Project, numbers: Numbers) -> dict[str, np.ndarray]:
    """Hectares of each cover a colony of every yard has for itself: columns of (yards,), NaN without a raster."""
    yards = project.apiaries
    names = [f"forage_{name}_ha" for name in COVER_CLASSES]
    if "land_cover" not in project.rasters or not len(yards):
        return dict.fromkeys(names, np.full(len(yards), np.nan))
    # Competition at the largest number a yard held: what is shared out then is never too much in a thinner year.
    hives = yards[["hives_received", "hives_alive"]].max(axis=1).to_numpy(float)
    points = np.column_stack([yards.geometry.x, yards.geometry.y])
    hectares = forage_hectares(
        project.rasters["land_cover"],
        points,
        hives=hives,
        radius_km=numbers["forage_radius"].mode,
        crs=WORKING_CRS,
    )
    return dict(zip(names, hectares.values()))
