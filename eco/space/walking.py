"""Walking time over the terrain, by Tobler's hiking function, along the quickest way from pixel to pixel.

Tobler (1993), "Three presentations on geographical analysis and modeling", NCGIA 93-1: on a slope S (rise over
run, up positive) one walks W = 6 exp(-3.5 |S + 0.05|) km/h on a footpath. Quickest ways are found as Dijkstra
(1959) does, in the order of buckets of time no wider than the shortest step (Dial 1969, CACM 12(11)).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numba
import numpy as np
import rasterio
from rasterio.windows import Window

from eco.space.rasters import open_raster
from eco.space.reach import pairs_within
from eco.space.terrain import WIDEST_M, WORKING_CRS, ground_steps, pixels_of, read_heights

Way = Literal["to", "from", "both"]
LEAST_KNOWN = 0.5  # of the ground round a site: with less, ways round the unknown are guesses
STEEPEST = 2.0  # rise over run; what is steeper is a wall
_TOP_KM_H = 6.0
_PER_UNIT = 1000  # steps of the table of paces per unit of slope
_RIM = 2  # a knight's move reaches no further
_CHUNK = 256
_BATCH_BYTES = 64_000_000
_QUEEN = [(0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]
_KNIGHT = [(1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2)]


def tobler_km_h(slope):
    """Walking speed on a slope (rise over run, up positive), km/h: 6 exp(-3.5 |S + 0.05|).

    >>> [round(float(tobler_km_h(slope)), 3) for slope in (0.0, -0.05, 0.35, -0.45)]
    [5.037, 6.0, 1.48, 1.48]
    """
    return _TOP_KM_H * np.exp(-3.5 * np.abs(np.asarray(slope) + 0.05))


def pace_minutes(slope, way: Way = "both"):
    """Minutes a metre of map distance, walked up a slope ("from"), down it ("to"), or the mean there and back.

    >>> round(1000 * float(pace_minutes(0.0)), 2), round(1000 * float(pace_minutes(0.2, "from")), 2)
    (11.91, 23.99)
    """
    up, down = (60 / (1000 * tobler_km_h(slope * sign)) for sign in (1.0, -1.0))
    return {"from": up, "to": down, "both": (up + down) / 2}[way]


def straight_minutes(distance_m, detour):
    """Minutes for a distance where no terrain is known: on level ground, lengthened by a detour factor.

    >>> round(float(straight_minutes(1000.0, 1.3)), 2)
    15.49
    """
    return distance_m * detour * pace_minutes(0.0)


def minutes_over(
    elevation_m: np.ndarray,
    sources: np.ndarray,
    *,
    steps: tuple[float, float, float, float],
    limit_minutes: float = np.inf,
    way: Way = "both",
    neighbours: Literal[8, 16] = 16,
) -> np.ndarray:
    """Minutes between every pixel and the nearest source in time, float32 of the shape of `elevation_m`.

    `elevation_m` (rows, columns) in metres, NaN where none may pass; `sources` (n, 2) rows and columns; `steps` the
    metres east and north of one column, then of one row. `way`: "to" the source, "from" it, or the mean of there
    and back along one way. Infinity is beyond the limit or out of reach. With 8 neighbours a way on level ground is
    up to 8.2 % longer than the straight line, with 16 up to 2.8 %.
    """
    elevation = np.ascontiguousarray(elevation_m, np.float32)
    minutes = np.full(elevation.shape, np.inf, np.float32)
    sources = np.asarray(sources, np.int64).reshape(-1, 2)
    moves = np.array(_QUEEN if neighbours == 8 else _QUEEN + _KNIGHT)
    _spread(
        elevation,
        minutes,
        np.ascontiguousarray(sources[:, 0] * elevation.shape[1] + sources[:, 1]),
        np.zeros(len(sources)),
        moves,
        _lengths(moves, np.array(steps, float)),
        _pace_table(way),
        limit_minutes,
    )
    return minutes


class Walks(NamedTuple):
    """Walks between sites and points: positions of both and minutes, (pairs,); which sites the terrain tells of.

    Minutes are NaN where the point stands on unknown ground. A site that is not told of has no pairs.
    """

    site: np.ndarray
    point: np.ndarray
    minutes: np.ndarray
    told: np.ndarray


def walks_within(
    path: Path | str,
    points: np.ndarray,
    sites: np.ndarray,
    *,
    limit_minutes: float,
    crs: str = WORKING_CRS,
    way: Way = "both",
) -> Walks:
    """Every walk of at most `limit_minutes` between points (n, 2) and sites (m, 2) of `crs`, in order of site.

    A raster of any CRS tells of a site where its pixels are no wider than 90 m (a wider pixel knows no slope) and it
    knows at least half of the ground that could be reached. It is read in windows round the sites; what is held is
    flat in their number. Between the pixels ground is bilinear.
    """
    pace = _pace_table(way)
    radius_m = limit_minutes / float(pace.min())
    with open_raster(path) as raster:
        frame = _Frame.of(raster, np.asarray(sites, float).reshape(-1, 2), crs, radius_m)
        able = np.flatnonzero(frame.inside)
        near, point, distance = pairs_within(np.asarray(sites)[able], points, radius_m=radius_m)
        column, row = pixels_of(raster, points, crs)
        told, minutes = np.zeros(len(frame.inside), bool), np.full(len(near), np.nan)
        bounds = np.searchsorted(near, np.arange(len(able) + 1))
        for batch in frame.batches(able):
            heights = frame.read(raster, able[batch])
            told[able[batch]] = known = (
                _known_share(heights, frame.steps[able[batch]], radius_m) >= LEAST_KNOWN
            )
            batch, heights = batch[known], heights[known]
            mine = np.concatenate([np.arange(bounds[k], bounds[k + 1]) for k in batch] or [np.zeros(0, int)])
            of = np.repeat(able[batch], bounds[batch + 1] - bounds[batch])
            minutes[mine] = _walk_batch(
                heights,
                frame.row[able[batch]] - frame.top[able[batch]],
                frame.column[able[batch]] - frame.left[able[batch]],
                frame.steps[able[batch]],
                np.concatenate([[0], np.cumsum(bounds[batch + 1] - bounds[batch])]),
                row[point[mine]] - frame.top[of],
                column[point[mine]] - frame.left[of],
                distance[mine],
                np.array(_QUEEN + _KNIGHT),
                pace,
                limit_minutes,
            )
    keep = told[able[near]] & ~(minutes > limit_minutes)
    return Walks(able[near[keep]], point[keep], minutes[keep], told)


@dataclass(frozen=True)
class _Frame:
    """Where sites lie in a raster, in fractional pixels, and the window of equal size round each."""

    row: np.ndarray
    column: np.ndarray
    top: np.ndarray
    left: np.ndarray
    steps: np.ndarray  # (sites, 4): metres east and north of a column, then of a row
    inside: np.ndarray  # on the raster, and fine enough there
    shape: tuple[int, int]

    @classmethod
    def of(cls, raster: rasterio.DatasetReader, sites: np.ndarray, crs: str, radius_m: float) -> _Frame:
        column, row = pixels_of(raster, sites, crs)
        steps = np.column_stack(ground_steps(raster, column, row, crs)).reshape(-1, 4)
        a_column, a_row = np.hypot(*steps[:, :2].T), np.hypot(*steps[:, 2:].T)
        inside = (row > -0.5) & (row < raster.height - 0.5) & (column > -0.5) & (column < raster.width - 0.5)
        inside &= np.maximum(a_column, a_row) <= WIDEST_M
        # Pixels a metre of ground spans at most, also where the grid is turned or skewed.
        turned = np.abs(steps[:, 0] * steps[:, 3] - steps[:, 1] * steps[:, 2])
        down, across = (
            int(np.ceil((radius_m * width / turned)[inside].max(initial=1))) + 2
            for width in (a_column, a_row)
        )
        top, left = np.round(row).astype(int) - down, np.round(column).astype(int) - across
        return cls(row, column, top, left, steps, inside, (2 * down + 1, 2 * across + 1))

    def batches(self, able: np.ndarray) -> Iterator[np.ndarray]:
        """Positions in `able`, neighbours together, as many at once as memory is meant for."""
        size = max(1, _BATCH_BYTES // (4 * self.shape[0] * self.shape[1]))
        order = np.lexsort((self.left[able], self.top[able] // self.shape[0]))
        return (order[start : start + size] for start in range(0, len(order), size))

    def read(self, raster: rasterio.DatasetReader, which: np.ndarray) -> np.ndarray:
        """Heights round sites, (sites, rows, columns)."""
        windows = [Window(int(self.left[k]), int(self.top[k]), self.shape[1], self.shape[0]) for k in which]
        return np.stack([read_heights(raster, window) for window in windows])


def _known_share(heights: np.ndarray, steps: np.ndarray, radius_m: float) -> np.ndarray:
    """Part of the ground within a radius of the middle of each window that has a height."""
    rows, columns = (np.arange(size) - size // 2 for size in heights.shape[1:])
    shares = np.zeros(len(heights))
    for k, (column_east, column_north, row_east, row_north) in enumerate(steps):
        east = columns[None, :] * column_east + rows[:, None] * row_east
        north = columns[None, :] * column_north + rows[:, None] * row_north
        within = east**2 + north**2 <= radius_m**2
        shares[k] = np.isfinite(heights[k][within]).mean()
    return shares


def _pace_table(way: Way) -> np.ndarray:
    """Minutes a metre at slopes from -STEEPEST to STEEPEST; the kinks of the function are among them."""
    slopes = np.arange(-STEEPEST * _PER_UNIT, STEEPEST * _PER_UNIT + 1) / _PER_UNIT
    return pace_minutes(slopes, way).astype(np.float32)


@numba.njit(cache=True)
def _lengths(moves, steps):  # pragma: no cover - compiled
    """Metres on the map of every move."""
    east = moves[:, 1] * steps[0] + moves[:, 0] * steps[2]
    north = moves[:, 1] * steps[1] + moves[:, 0] * steps[3]
    return np.hypot(east, north)


@numba.njit(cache=True)
def _step_minutes(rise, length, an_inverse, pace):  # pragma: no cover - compiled
    """Minutes of a step by the table of paces; infinity up or down a wall, or where a height is unknown."""
    at = (rise * an_inverse + np.float32(STEEPEST)) * np.float32(_PER_UNIT)
    if not (at >= 0 and at < len(pace) - 1):
        return np.float32(np.inf)
    k = int(at)
    return length * (pace[k] + (at - np.float32(k)) * (pace[k + 1] - pace[k]))


@numba.njit(cache=True)
def _spread(elevation, minutes, starts, begin, moves, metres, pace, limit):  # pragma: no cover - compiled
    """Fill `minutes` with the quickest times from `starts` (flat pixels), which begin at their own minutes.

    Buckets are no wider than the shortest step, so what leaves a bucket is final; a pixel that was reached quicker
    since it was put there is passed over. Time and height of a pixel lie side by side, within a rim of walls.
    """
    rows, columns = elevation.shape
    wide = columns + 2 * _RIM
    ground = _walled(elevation)
    lengths, inverse = metres.astype(np.float32), (1 / metres).astype(np.float32)
    shortest = lengths * pace.min()
    offset, first, second = _offsets(moves, wide)
    width = 0.999 * pace.min() * metres.min()
    per_width = 1 / width
    count = int(pace.max() * metres.max() / width) + int(_longest(begin) / width) + 3
    heads, fills = np.full(count, -1, np.int32), np.zeros(count, np.int32)
    nodes, times = np.empty(64 * _CHUNK, np.int32), np.empty(64 * _CHUNK, np.float32)
    before, spare = _free_list(np.empty(0, np.int32), 64), np.zeros(2, np.int64)
    spare[1] = 64
    for k in range(len(starts)):
        node = (starts[k] // columns + _RIM) * wide + starts[k] % columns + _RIM
        now = np.float32(begin[k])
        if now <= limit and now < ground[node, 0]:
            ground[node, 0] = now
            _put(heads, fills, nodes, times, before, spare, int(now * per_width) % count, node, now)
            if spare[1] <= len(offset):
                nodes, times, before = _more(nodes, times, before, spare)
    bucket, idle = 0, 0
    while idle <= count:
        if heads[bucket] < 0:
            bucket, idle = (bucket + 1) % count, idle + 1
            continue
        idle = 0
        if spare[1] <= len(offset):
            nodes, times, before = _more(nodes, times, before, spare)
        at = _take(heads, fills, before, spare, bucket)
        node, now = np.int64(nodes[at]), times[at]
        if now != ground[node, 0]:
            continue
        height = ground[node, 1]
        for m in range(len(offset)):
            other = node + offset[m]
            if ground[other, 0] <= now + shortest[m]:
                continue
            if m < 8:
                step = _step_minutes(ground[other, 1] - height, lengths[m], inverse[m], pace)
            else:  # over the middle between two pixels
                middle = (ground[node + first[m], 1] + ground[node + second[m], 1]) / np.float32(2)
                half, twice = lengths[m] / np.float32(2), inverse[m] * np.float32(2)
                step = _step_minutes(middle - height, half, twice, pace)
                step += _step_minutes(ground[other, 1] - middle, half, twice, pace)
            then = now + step
            if then < ground[other, 0] and then <= limit:
                ground[other, 0] = then
                _put(heads, fills, nodes, times, before, spare, int(then * per_width) % count, other, then)
    for row in range(rows):
        for column in range(columns):
            now = ground[(row + _RIM) * wide + column + _RIM, 0]
            minutes[row, column] = now if now >= 0 else np.inf


@numba.njit(cache=True)
def _longest(begin):  # pragma: no cover - compiled
    longest = 0.0
    for now in begin:
        if longest < now < np.inf:
            longest = now
    return longest


@numba.njit(cache=True)
def _walled(elevation):  # pragma: no cover - compiled
    """Time and height of every pixel and of a rim, (pixels, 2); where none may pass time is before all time."""
    rows, columns = elevation.shape
    wide = columns + 2 * _RIM
    ground = np.empty(((rows + 2 * _RIM) * wide, 2), np.float32)
    ground[:, 0], ground[:, 1] = -np.inf, np.nan
    for row in range(rows):
        for column in range(columns):
            z = elevation[row, column]
            if not np.isnan(z):
                at = (row + _RIM) * wide + column + _RIM
                ground[at, 0], ground[at, 1] = np.inf, z
    return ground


@numba.njit(cache=True)
def _offsets(moves, wide):  # pragma: no cover - compiled
    """How far off in the flat grid each move ends, and the two pixels between which a knight's move passes."""
    down, across = moves[:, 0], moves[:, 1]
    between = (down.astype(np.float64) / 2).astype(np.int64) * wide
    between += (across.astype(np.float64) / 2).astype(np.int64)
    whole = down * wide + across
    return whole, between, whole - between


# The queue: by bucket its last chunk (`heads`, -1: none) and how many of it are filled; nodes and times of all
# chunks; `before`: by chunk the one before it in its bucket or, of a free one, the next free; `spare`: the first
# free chunk, and how many are free.


@numba.njit(cache=True)
def _free_list(before, chunks):  # pragma: no cover - compiled
    first = len(before)
    longer = np.empty(first + chunks, np.int32)
    longer[:first] = before
    for chunk in range(first, first + chunks):
        longer[chunk] = chunk + 1
    return longer


@numba.njit(cache=True)
def _more(nodes, times, before, spare):  # pragma: no cover - compiled
    """Twice the chunks; the new ones stand before the free ones that were left."""
    chunks = len(before)
    longer = _free_list(before, chunks)
    longer[-1], spare[0], spare[1] = spare[0], chunks, spare[1] + chunks
    return (
        np.concatenate((nodes, np.empty_like(nodes))),
        np.concatenate((times, np.empty_like(times))),
        longer,
    )


@numba.njit(cache=True)
def _put(heads, fills, nodes, times, before, spare, bucket, node, now):  # pragma: no cover - compiled
    if heads[bucket] < 0 or fills[bucket] == _CHUNK:
        chunk = spare[0]
        spare[0], spare[1] = before[chunk], spare[1] - 1
        before[chunk] = heads[bucket]
        heads[bucket], fills[bucket] = chunk, 0
    at = heads[bucket] * _CHUNK + fills[bucket]
    nodes[at], times[at] = node, now
    fills[bucket] += 1


@numba.njit(cache=True)
def _take(heads, fills, before, spare, bucket):  # pragma: no cover - compiled
    chunk = heads[bucket]
    fills[bucket] -= 1
    at = chunk * _CHUNK + fills[bucket]
    if fills[bucket] == 0:
        heads[bucket], fills[bucket] = before[chunk], _CHUNK
        before[chunk] = spare[0]
        spare[0], spare[1] = chunk, spare[1] + 1
    return at


@numba.njit(parallel=True, cache=True)
def _walk_batch(
    heights, rows, columns, steps, firsts, point_rows, point_columns, distances, moves, pace, limit
):  # pragma: no cover - compiled
    """Minutes of the pairs of a batch of sites, `firsts[k]` to `firsts[k + 1]` those of site k; NaN unknown ground."""
    answer = np.full(len(point_rows), np.nan)
    for k in numba.prange(len(heights)):
        elevation = heights[k]
        minutes = np.full(elevation.shape, np.inf, np.float32)
        lengths = _lengths(moves, steps[k])
        at_site = _height_at(elevation, rows[k], columns[k])
        corners, begin = np.empty(4, np.int64), np.empty(4)
        for c in range(4):
            r, q = int(np.floor(rows[k])) + c // 2, int(np.floor(columns[k])) + c % 2
            corners[c] = r * elevation.shape[1] + q
            begin[c] = _leg(elevation[r, q] - at_site, _metres(steps[k], r - rows[k], q - columns[k]), pace)
        _spread(elevation, minutes, corners, begin, moves, lengths, pace, limit)
        for pair in range(firsts[k], firsts[k + 1]):
            row, column = point_rows[pair], point_columns[pair]
            at_point = _height_at(elevation, row, column)
            if np.isnan(at_point):
                continue
            best = np.inf
            for c in range(4):
                r, q = int(np.floor(row)) + c // 2, int(np.floor(column)) + c % 2
                if 0 <= r < elevation.shape[0] and 0 <= q < elevation.shape[1]:
                    last = _metres(steps[k], r - row, q - column)
                    best = min(best, minutes[r, q] + _leg(at_point - elevation[r, q], last, pace))
            if distances[pair] <= 2 * lengths.min():  # nearer than the grid can tell
                best = min(best, _leg(at_point - at_site, distances[pair], pace))
            answer[pair] = best
    return answer


@numba.njit(cache=True)
def _leg(rise, metres, pace):  # pragma: no cover - compiled
    """Minutes between a place and a pixel's centre; infinity over a wall or an unknown pixel."""
    if metres < 1e-3:
        return np.inf if np.isnan(rise) else 0.0
    return float(_step_minutes(np.float32(rise), np.float32(metres), np.float32(1 / metres), pace))


@numba.njit(cache=True)
def _height_at(elevation, row, column):  # pragma: no cover - compiled
    """Height between the pixels, bilinear among those known of the four around; NaN where none is."""
    above, left = int(np.floor(row)), int(np.floor(column))
    total, weights = 0.0, 0.0
    for c in range(4):
        r, q = above + c // 2, left + c % 2
        if 0 <= r < elevation.shape[0] and 0 <= q < elevation.shape[1] and not np.isnan(elevation[r, q]):
            weight = (1 - abs(r - row)) * (1 - abs(q - column))
            total, weights = total + weight * elevation[r, q], weights + weight
    return total / weights if weights > 1e-9 else np.nan


@numba.njit(cache=True)
def _metres(steps, down, across):  # pragma: no cover - compiled
    return np.hypot(across * steps[0] + down * steps[2], across * steps[1] + down * steps[3])
