"""Plots of a given area cut out of a village's cell: never overlapping, never outside."""

from __future__ import annotations

import numpy as np
import shapely

MARGIN_M = 40.0  # from the village's edge
FILL = 0.72  # share of the block that plots take; the rest is paths and slopes
ROUNDING = 0.12  # radius of a plot's corners as a share of the root of its area


def lay_plots(cell, areas_m2: np.ndarray, *, heading: float, rng: np.random.Generator) -> list:
    """One polygon an area, in order, inside `cell`, on the side `heading` (radians from east) points to.

    The block is cut until every plot has its piece, then each piece is drawn in to its area, which
    is made 0-3 % wrong on purpose: declared and measured area never agree to the metre.
    Raises ValueError where the cell is too small.
    """
    inner = largest(cell.buffer(-MARGIN_M))
    wanted = areas_m2.sum() / FILL
    if wanted > inner.area:
        raise ValueError(f"plots of {areas_m2.sum():.0f} m2 do not fit a cell of {inner.area:.0f} m2")
    block = _block(inner, wanted, heading=heading)
    wrong = np.clip(0.012 * rng.standard_normal(len(areas_m2)), -0.03, 0.03)
    pieces = _pieces(block, areas_m2, rng=rng)
    return [drawn_in(piece, area) for piece, area in zip(pieces, areas_m2 * (1 + wrong))]


def _block(inner, area_m2: float, *, heading: float):
    """The part of a cell within a circle of the right size, off its middle towards `heading`."""
    middle = np.array(inner.centroid.coords[0])
    towards = np.array([np.cos(heading), np.sin(heading)])
    centre = shapely.Point(middle + 0.25 * np.sqrt(inner.area) * towards)
    low, high = 0.0, float(shapely.minimum_bounding_radius(inner)) * 2
    for _ in range(30):
        radius = (low + high) / 2
        low, high = (
            (radius, high) if inner.intersection(centre.buffer(radius)).area < area_m2 else (low, radius)
        )
    return largest(inner.intersection(centre.buffer(high)))


def largest(shape):
    """The largest part of a shape."""
    return max(shapely.get_parts(shape), key=lambda part: part.area)


def cut(shape, heading: float, *, share: float) -> tuple:
    """A shape cut in two across `heading` (radians): the first part has `share` of the area."""
    along = np.array([np.cos(heading), np.sin(heading)])
    across = np.array([-along[1], along[0]])
    reach = shapely.minimum_bounding_radius(shape) * 2.5
    centre = np.array(shape.centroid.coords[0])

    def half(at: float):
        near, far = centre + along * at, centre - along * 2 * reach
        corners = [near + across * reach, near - across * reach, far - across * reach, far + across * reach]
        return shapely.Polygon(corners)

    low, high, wanted = -reach, reach, share * shape.area
    for _ in range(26):
        middle = (low + high) / 2
        low, high = (middle, high) if shape.intersection(half(middle)).area < wanted else (low, middle)
    side = half((low + high) / 2)
    return shape.intersection(side), shape.difference(side)


def _pieces(block, areas: np.ndarray, *, rng: np.random.Generator) -> list:
    if len(areas) == 1:
        return [block]
    half = 1 + int(np.argmin(np.abs(np.cumsum(areas[:-1]) - areas.sum() / 2)))
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(block))
    sides = np.diff(corners[:3], axis=0)
    x, y = sides[np.argmax(np.hypot(*sides.T))]
    heading = np.arctan2(y, x) + rng.uniform(-0.25, 0.25)
    first, second = cut(block, heading, share=areas[:half].sum() / areas.sum())
    return _pieces(first, areas[:half], rng=rng) + _pieces(second, areas[half:], rng=rng)


def drawn_in(piece, area_m2: float):
    """The piece drawn in from its edge, corners rounded, until it has the area (to a square metre or so)."""
    radius = ROUNDING * np.sqrt(area_m2)

    def shrunk(by: float):
        return piece.buffer(-by - radius, quad_segs=2).buffer(radius, quad_segs=2)

    low, high = 0.0, np.sqrt(piece.area) / 2
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if shrunk(middle).area > area_m2 else (low, middle)
    return largest(shrunk((low + high) / 2))
