"""Coordinates sharper than an edition allows, in degrees and in Gauss-Kruger metres: in texts, columns and shapes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from eco.sharing.privacy.passages import Column, Place, Positions
from eco.space.datums import to_degrees

Range = tuple[float, float]
_MARGIN_M = 20_000.0
_SLACK = 1e-6  # what floating point does to a rounded number, in steps
_NEAR = 40  # signs between the two numbers of one place
_MOST = 0.8  # of a column's numbers must lie in the county to make it one of coordinates
_FEWEST = 3  # numbers in a row that no heading names
_METRES_A_DEGREE_STEP = 5  # 10^-5 of a degree is about a metre
_HEAD = re.compile(
    r"(?:^|[^A-Za-z])(?:x|y|lon|lng|long|lat|longitude|latitude|east|north|easting|northing|geometry|coord\w*|point"
    r"|bounds|bbox|cent(?:er|re|roid)|position)(?:[^A-Za-z]|$)|经度|纬度|坐标|位置|经纬",
    re.I,
)
_LABEL = re.compile(rf"(?:{_HEAD.pattern}|POINT|POLYGON|LINESTRING)[^\d\x1e]{{0,24}}$", re.I)
_PAIR_M = re.compile(r"(?<![\d.])(\d{6,8}(?:\.\d+)?)[,;\s]{1,3}(\d{6,8}(?:\.\d+)?)(?![\d.])")
_UNIT = r"\s?(?:%|‰|元|亩|万|人|户|箱|群|岁|天|公里|千米|米|KM|YUAN|MU\b)"  # of what is no degree
_ANGLE = re.compile(r"(\d{2,3})°\s?(\d{1,2})[′'’分]\s?(\d{1,2}(?:\.\d+)?)[″\"”秒]")


@dataclass(frozen=True)
class Sharpness:
    """How sharp positions may be and where the project lies: ranges in degrees and in metres of EPSG:4544."""

    decimals: int
    grid_m: float
    east: Range
    north: Range
    east_m: Range
    north_m: Range

    @classmethod
    def of(cls, bounds: tuple[float, float, float, float], *, decimals: int, grid_m: float) -> Sharpness:
        """The sharpness `decimals` of a degree around bounds in EPSG:4544 (west, south, east, north)."""
        west, south, east, north = (edge + side * _MARGIN_M for edge, side in zip(bounds, (-1, -1, 1, 1)))
        corners = shapely.get_coordinates(to_degrees([shapely.box(west, south, east, north)]))
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        step = min(grid_m, 10.0 ** (_METRES_A_DEGREE_STEP - decimals))
        return cls(decimals, step, (x0, x1), (y0, y1), (west, east), (south, north))

    def too_fine(self, values: np.ndarray, *, degrees: bool) -> np.ndarray:
        """Which numbers are sharper than the edition allows."""
        steps = values * 10.0**self.decimals if degrees else values / self.grid_m
        return np.abs(steps - np.round(steps)) > _SLACK * (1 + 9 * (not degrees))

    def axis(self, values: np.ndarray) -> str:
        """What a column's numbers are: "east", "north", "east_m", "north_m", or "" for anything else."""
        for name in ("east", "north", "east_m", "north_m"):
            if (
                _inside(_without_zone(values) if name == "east_m" else values, getattr(self, name)).mean()
                >= _MOST
            ):
                return name
        return ""


def shapes_found(shapes: Positions, sharp: Sharpness) -> tuple[Place, str] | None:
    """The first corner of drawn shapes that is too sharp: its place, and the number."""
    fine = sharp.too_fine(shapes.xy, degrees=shapes.degrees).any(axis=1)
    if not fine.any():
        return None
    row = int(np.argmax(fine))
    return shapes.place(row), f"{shapes.xy[row, 0]:.10g}"


def columns_found(columns: Iterable[Column], sharp: Sharpness) -> Iterator[tuple[Place, str]]:
    """The first too sharp number of each column that holds coordinates.

    A column does when four in five of its numbers lie in the county, and its heading says so, another column of
    the same table is the other axis, or there are three of them (degrees) or the two axes and three (metres).
    """
    tables: dict[str, list[tuple[Column, str, np.ndarray]]] = defaultdict(list)
    for column in columns:
        values = column.values[np.isfinite(column.values)]
        if len(values) and (axis := sharp.axis(values)):
            tables[column.table].append((column, axis, values))
    for found in tables.values():
        axes = {axis for _, axis, _ in found}
        for column, axis, values in found:
            degrees = not axis.endswith("_m")
            both = {"east", "north"} <= axes if degrees else {"east_m", "north_m"} <= axes
            enough = len(values) >= _FEWEST
            sure = _HEAD.search(column.head) or (both or enough if degrees else both and enough)
            fine = sharp.too_fine(np.nan_to_num(column.values), degrees=degrees) & np.isfinite(column.values)
            if sure and fine.any():
                row = int(np.argmax(fine))
                yield column.place(row), f"{column.values[row]:.10g}"


def texts_found(text: str, sharp: Sharpness) -> Iterator[tuple[int, int]]:
    """Where in a text a position stands that is too sharp: two numbers near each other, or one under a label."""
    east, north = _fine_degrees(text, sharp.east), _fine_degrees(text, sharp.north)
    for mine, other in ((east, north), (north, east)):
        starts = np.array([start for start, _, _ in other])
        for number, (start, end, value) in enumerate(mine):
            if not _too_many(value, sharp.decimals):
                continue
            if (
                _neighbour(starts, start)
                or _LABEL.search(text[max(0, start - _NEAR) : start])
                or _in_a_row(text, mine, number)
            ):
                yield start, end
    yield from _metres(text, sharp)
    yield from _angles(text, sharp)


def _neighbour(starts: np.ndarray, start: int) -> bool:
    right = int(np.searchsorted(starts, start))
    return any(abs(int(other) - start) <= _NEAR for other in starts[max(0, right - 1) : right + 1])


def _fine_degrees(text: str, within: Range) -> list[tuple[int, int, str]]:
    whole = "|".join(str(degree) for degree in range(int(within[0]), int(within[1]) + 1))
    numbers = re.finditer(rf"(?<![\d.])(?:{whole})\.\d+(?![\d.])(?!{_UNIT})", text)
    return [(match.start(), match.end(), match[0]) for match in numbers]


def _too_many(number: str, decimals: int) -> bool:
    return len(number.rstrip("0").partition(".")[2]) > decimals


def _in_a_row(text: str, numbers: list[tuple[int, int, str]], at: int) -> bool:
    """Whether the next two numbers follow at once: a list of one axis."""
    if at + _FEWEST > len(numbers):
        return False
    run = numbers[at : at + _FEWEST]
    return all(not text[one[1] : two[0]].strip(" ,;\t\n") for one, two in pairwise(run))


def _metres(text: str, sharp: Sharpness) -> Iterator[tuple[int, int]]:
    found = []
    for match in _PAIR_M.finditer(text):
        one, two = (np.array([float(number)]) for number in match.groups())
        pairs = [(one, two), (two, one)]
        for east, north in pairs:
            inside = _inside(_without_zone(east), sharp.east_m)[0] and _inside(north, sharp.north_m)[0]
            if inside and sharp.too_fine(np.array([one, two]), degrees=False).any():
                found.append(match)
    enough = len(found) >= _FEWEST
    for match in found:
        if enough or _LABEL.search(text[max(0, match.start() - _NEAR) : match.start()]):
            yield match.span()


def _angles(text: str, sharp: Sharpness) -> Iterator[tuple[int, int]]:
    for match in _ANGLE.finditer(text) if "°" in text else ():
        decimals = len(match[3].partition(".")[2])
        if 10.0**-decimals / 3600 < 10.0**-sharp.decimals * (1 - _SLACK) and not _whole_minutes(match):
            yield match.span()


def _whole_minutes(match: re.Match) -> bool:
    return float(match[3]) == 0


def _without_zone(values: np.ndarray) -> np.ndarray:
    """Eastings without the number of their zone before them."""
    return np.where((values > 1.3e7) & (values < 4.6e7), values % 1e6, values)


def _inside(values: np.ndarray, within: Range) -> np.ndarray:
    return (values >= within[0]) & (values <= within[1])
