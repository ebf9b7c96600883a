"""Which outline holds a point, how large it is, and where it stands: geometry in EPSG:4544, arrays out."""

from __future__ import annotations

import numpy as np
import shapely

from eco.space.datums import to_degrees
from eco.units import SQUARE_METRES_PER_MU


def which_outline(points, outlines, *, within_m: float = 0.0) -> np.ndarray:
    """Position of the outline that holds each point, -1 where none does.

    A point on a shared border belongs to the outline named first. With `within_m` a point in no
    outline goes to the nearest one at most so far away. Empty points and outlines hold nothing.
    """
    points, outlines = np.asarray(points, dtype=object), np.asarray(outlines, dtype=object)
    found = np.full(len(points), -1)
    # The tree stands on the points because a query prepares what it asks with: here the few outlines.
    outline, point = shapely.STRtree(points).query(outlines, predicate="intersects")
    first = np.lexsort((outline, point))[::-1]
    found[point[first]] = outline[first]
    if within_m > 0:
        open_ = np.flatnonzero((found < 0) & ~shapely.is_missing(points) & ~shapely.is_empty(points))
        asked, near = shapely.STRtree(outlines).query_nearest(
            points[open_], max_distance=within_m, all_matches=False
        )
        found[open_[asked]] = near
    return found


def area_mu(outlines) -> np.ndarray:
    """Area of each outline in mu, measured on the CGCS2000 ellipsoid; 0 for points, lines and empty rows."""
    import pyproj

    measure = pyproj.Geod(ellps="GRS80").polygon_area_perimeter
    parts, owner = shapely.get_parts(to_degrees(outlines), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    square_metres = np.zeros(len(outlines))
    if not len(rings):
        return square_metres
    sizes = np.array([abs(measure(*shapely.get_coordinates(ring).T)[0]) for ring in rings])
    outer = np.concatenate(([True], part[1:] != part[:-1]))  # a polygon's first ring; the rest are holes
    np.add.at(square_metres, owner[part], np.where(outer, sizes, -sizes))
    return square_metres / SQUARE_METRES_PER_MU


def representative_points(geometries) -> np.ndarray:
    """A point surely inside each outline, a point itself, None for an empty row."""
    shapes = np.asarray(geometries, dtype=object)
    inside = shapely.point_on_surface(shapes)
    inside[shapely.is_missing(shapes) | shapely.is_empty(shapes)] = None
    return inside
