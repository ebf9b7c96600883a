"""How far one layer stands from another: vectors between points, or border laid on border.

Everything is in EPSG:4544 metres; a shift points from the layer to where its control says it belongs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

FARTHEST_M = 5000.0  # layers further apart differ by a zone or their axes, not by a datum
_STEP_M, _BLOCKS, _ROUNDS = 400.0, 24, 12  # sampling of borders, stretches they are judged on, fits


@dataclass(frozen=True)
class Shift:
    """How far a layer stands from its control: median and range of the distances, and their common part.

    `common_m` is the length of the median vector from the layer to where it belongs, `bearing` its
    direction (degrees clockwise from north), `doubt_m` its standard error.
    """

    median_m: float
    low_m: float
    high_m: float
    common_m: float
    bearing: float
    doubt_m: float


def shift_of_points(vectors: np.ndarray) -> Shift:
    """The shift of vectors (n, 2) from places to their controls, n at least 2.

    It is their median; its standard error is about 1.8 s / sqrt(n), s the spread on one axis.

    >>> shift_of_points(np.array([[3.0, 4.0]] * 9)).common_m
    5.0
    """
    lengths, common = np.hypot(*vectors.T), np.median(vectors, axis=0)
    apart = np.hypot(*(vectors - common).T)
    count = len(vectors)
    # Of few pairs the median lies on one of them and the robust spread comes out too small.
    spread = np.median(apart) / 1.177 if count >= 8 else np.sqrt((apart**2).sum() / (2 * (count - 1)))
    doubt = 1.25 * np.sqrt(2) * spread / np.sqrt(count)
    median, low, high = np.median(lengths), lengths.min(), lengths.max()
    return Shift(float(median), float(low), float(high), *_polar(common), float(doubt))


def _polar(vector: np.ndarray) -> tuple[float, float]:
    return float(np.hypot(*vector)), float(np.degrees(np.arctan2(vector[0], vector[1])) % 360)


@dataclass(frozen=True)
class BorderLines:
    """The segments of a control's borders (n, 2) from `start` to `end`, and a tree over them."""

    start: np.ndarray
    end: np.ndarray
    tree: shapely.STRtree


def border_lines(outlines) -> BorderLines:
    """The borders of outlines, ready to be asked how far others stand from them."""
    lines = shapely.get_parts(shapely.boundary(np.asarray(outlines, dtype=object)))
    points, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    start, end = points[:-1][same], points[1:][same]
    return BorderLines(start, end, shapely.STRtree(shapely.linestrings(np.stack([start, end], axis=1))))


def shift_of_borders(outlines: np.ndarray, control: BorderLines) -> Shift | None:
    """The translation that lays the outlines' borders on the control's, None where few lie near them.

    Found by fitting the gaps along the control's normals again and again, each time from the new place.
    """
    samples, moved = _along(outlines), np.zeros(2)
    first_m = 0.0
    for turn in range(_ROUNDS):
        away, normals, distance = _gaps(samples + moved, control)
        near = distance < FARTHEST_M / 2
        if near.mean() < 0.5:
            return None
        first_m = first_m if turn else float(np.median(distance))
        step, doubt = _translation(away[near], normals[near])
        moved = moved + step
        if np.hypot(*step) < 0.5:
            break
    common, bearing = _polar(moved)
    # Two drawings of one border err together over long stretches, which leaving stretches out cannot show.
    left_m = float(np.median(_gaps(samples + moved, control)[2]))
    doubt = float(np.hypot(doubt, left_m / 2))
    low, high = max(0.0, common - 2 * doubt), common + 2 * doubt
    return Shift(max(first_m, common), low, high, common, bearing, doubt)


def _gaps(points: np.ndarray, control: BorderLines) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Metres along the nearest segment's normal, that normal, and the plain distance, of each point."""
    (_, segment), distance = control.tree.query_nearest(
        shapely.points(points), return_distance=True, all_matches=False
    )
    along = control.end[segment] - control.start[segment]
    normals = np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]
    return ((control.start[segment] - points) * normals).sum(axis=1), normals, distance


def _along(outlines: np.ndarray) -> np.ndarray:
    """Points (n, 2) along the outlines' borders in their order, at most about 2,500."""
    lines = shapely.get_parts(shapely.boundary(outlines))
    lengths = shapely.length(lines)
    counts = np.maximum(1, (lengths / max(_STEP_M, lengths.sum() / 2500)).astype(int))
    order = np.concatenate([np.arange(count) / count for count in counts])
    return shapely.get_coordinates(
        shapely.line_interpolate_point(lines.repeat(counts), order, normalized=True)
    )


def _translation(away: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, float]:
    """The vector t with normals @ t = away (least squares, far gaps weighed down), and its standard error.

    The error comes from leaving out one stretch of border after another: neighbours err alike.
    """
    shift, weights = np.zeros(2), np.ones(len(away))
    for _ in range(10):
        rest = np.abs(away - normals @ shift)
        weights = 1 / np.maximum(1.0, rest / max(1.0, 1.5 * float(np.median(rest))))
        shift = _solve(normals, away, weights)
    stretch = np.arange(len(away)) * _BLOCKS // len(away)
    left = np.array([_solve(normals, away, weights * (stretch != block)) for block in range(_BLOCKS)])
    variance = (_BLOCKS - 1) / _BLOCKS * ((left - left.mean(axis=0)) ** 2).sum()
    return shift, float(np.sqrt(variance))


def _solve(normals: np.ndarray, away: np.ndarray, weights: np.ndarray) -> np.ndarray:
    weighted = normals * weights[:, None]
    return np.linalg.lstsq(weighted.T @ normals, weighted.T @ away, rcond=None)[0]
