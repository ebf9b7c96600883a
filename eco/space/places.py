"""Which outline holds a point, how large it is, and where it stands: geometry in EPSG:4544, arrays out."""

from __future__ import annotations

import numpy as np
import shapely

from eco.space.datums import to_degrees
from eco.units import SQUARE_METRES_PER_MU

_FEW_OUTLINES = 64  # asked one after the other sooner than a tree of all points is grown
_POINT = int(shapely.GeometryType.POINT)


def which_outline(points, outlines, *, within_m: float = 0.0) -> np.ndarray:
    """Position of the outline that holds each point, -1 where none does.

    A point on a shared border belongs to the outline named first. With `within_m` a point in no
    outline goes to the nearest one at most so far away. Empty points and outlines hold nothing.
    """
    points, outlines = np.asarray(points, dtype=object), np.asarray(outlines, dtype=object)
    found = _held(points, outlines)
    if within_m > 0:
        open_ = np.flatnonzero(found < 0)
        open_ = open_[~shapely.is_missing(points[open_]) & ~shapely.is_empty(points[open_])]
        asked, near = shapely.STRtree(outlines).query_nearest(
            points[open_], max_distance=within_m, all_matches=False
        )
        found[open_[asked]] = near
    return found


def _held(points: np.ndarray, outlines: np.ndarray) -> np.ndarray:
    """Position of the first outline that meets each point, -1 where none does."""
    found: np.ndarray = np.full(len(points), -1)
    if len(outlines) > _FEW_OUTLINES:
        # The tree stands on the points because a query prepares what it asks with: here the outlines.
        outline, point = shapely.STRtree(points).query(outlines, predicate="intersects")
        first = np.lexsort((outline, point))[::-1]
        found[point[first]] = outline[first]
        return found
    x, y = shapely.get_x(points), shapely.get_y(points)  # NaN, within no bounds, for an empty point
    shapely.prepare(outlines)
    for place, (west, south, east, north) in enumerate(shapely.bounds(outlines)):
        near = (found < 0) & (x >= west) & (x <= east) & (y >= south) & (y <= north)
        rows = np.flatnonzero(near)
        found[rows[shapely.intersects_xy(outlines[place], x[rows], y[rows])]] = place
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
    inside = np.array(geometries, dtype=object)
    wide = shapely.get_type_id(inside) != _POINT
    inside[wide] = shapely.point_on_surface(inside[wide])
    inside[shapely.is_empty(inside)] = None
    return inside


def centroids(geometries) -> np.ndarray:
    """The centroid of each shape, a point itself, None for no shape."""
    middle = np.array(geometries, dtype=object)
    wide = shapely.get_type_id(middle) != _POINT
    middle[wide] = shapely.centroid(middle[wide])
    return middle
