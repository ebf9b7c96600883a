"""Who is near what: all pairs of points within a distance, as index arrays.

Coordinates are metres in one projected system. Straight line.
"""

from __future__ import annotations

import numba
import numpy as np

_PLAIN_LIMIT = 20_000  # points and sites below which a tree answers before a loop is compiled


def pairs_within(points: np.ndarray, sites: np.ndarray, *, radius_m: float):
    """Every (point, site) at most `radius_m` apart, in order of point.

    `points` (n, 2) and `sites` (m, 2) in metres. Returns (point index, site index, distance in metres), each
    of shape (pairs,); sites of one point come in no order that matters.
    """
    points = np.ascontiguousarray(points, np.float64)
    sites = np.ascontiguousarray(sites, np.float64)
    if len(points) == 0 or len(sites) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    if len(points) + len(sites) < _PLAIN_LIMIT:
        return _pairs_by_tree(points, sites, radius_m)
    low = sites.min(axis=0) - radius_m
    shape = ((sites.max(axis=0) - low) // radius_m).astype(np.int64) + 2
    cell = ((sites - low) // radius_m).astype(np.int64)
    key = cell[:, 0] * shape[1] + cell[:, 1]
    order = np.argsort(key, kind="stable")
    starts = np.searchsorted(key[order], np.arange(shape[0] * shape[1] + 1))
    ends = np.cumsum(_count(points, sites[order], starts, low, shape, radius_m))
    point, site, distance = _fill(points, sites[order], starts, low, shape, radius_m, ends)
    return point, order[site], distance


def decay(distance_m: np.ndarray, decay_m: float) -> np.ndarray:
    """Willingness left at a distance: exp(-distance / decay).

    >>> float(decay(0.0, 2000.0)), round(float(decay(2000.0, 2000.0)), 4)
    (1.0, 0.3679)
    """
    return np.exp(-np.asarray(distance_m) / decay_m)


def _pairs_by_tree(points, sites, radius_m):
    from scipy.spatial import cKDTree

    found = cKDTree(points).sparse_distance_matrix(cKDTree(sites), radius_m, output_type="ndarray")
    order = np.lexsort((found["j"], found["i"]))
    return found["i"][order].astype(np.int64), found["j"][order].astype(np.int64), found["v"][order]


@numba.njit(parallel=True, cache=True)
def _count(points, sites, starts, low, shape, radius):  # pragma: no cover - tested against the tree
    counts = np.zeros(len(points), np.int64)
    for i in numba.prange(len(points)):
        column = int((points[i, 0] - low[0]) // radius)
        row = int((points[i, 1] - low[1]) // radius)
        for c in range(max(column - 1, 0), min(column + 2, shape[0])):
            first = c * shape[1] + max(row - 1, 0)
            last = c * shape[1] + min(row + 2, shape[1])
            if last <= first:
                continue
            for j in range(starts[first], starts[last]):
                dx, dy = points[i, 0] - sites[j, 0], points[i, 1] - sites[j, 1]
                counts[i] += dx * dx + dy * dy <= radius * radius
    return counts


@numba.njit(parallel=True, cache=True)
def _fill(points, sites, starts, low, shape, radius, ends):  # pragma: no cover - tested against the tree
    total = ends[-1]
    point, site, distance = np.empty(total, np.int64), np.empty(total, np.int64), np.empty(total)
    for i in numba.prange(len(points)):
        at = ends[i - 1] if i else 0
        column = int((points[i, 0] - low[0]) // radius)
        row = int((points[i, 1] - low[1]) // radius)
        for c in range(max(column - 1, 0), min(column + 2, shape[0])):
            first = c * shape[1] + max(row - 1, 0)
            last = c * shape[1] + min(row + 2, shape[1])
            if last <= first:
                continue
            for j in range(starts[first], starts[last]):
                dx, dy = points[i, 0] - sites[j, 0], points[i, 1] - sites[j, 1]
                squared = dx * dx + dy * dy
                if squared <= radius * radius:
                    point[at], site[at], distance[at] = i, j, np.sqrt(squared)
                    at += 1
    return point, site, distance
