"""The static map of an edition: gain per head by township, sites, legend, scale bar, north."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon, Rectangle
from matplotlib.path import Path as Outline

from eco.phrases import word
from eco.sharing.ink import INK, QUIET, blank, line_of
from eco.sharing.maps.themes import themes_of
from eco.sharing.release import Release
from eco.sharing.styles import DOT, HIDDEN, LOSS, LOSS_LINE, NOBODY, SITES, ramp

VALUE = "gain_per_head_mean"
_LEVEL = "township"
_TOLERANCE_M = 100.0
# What a colour alone must not carry, as on the page: losses are hatched, hidden places dotted.
_TEXTURES = {"hidden": ("....", DOT), "loss": ("////", LOSS_LINE)}
_MARKS = {"forest": "^", "juncao": "D", "bees": "h"}
_AMOUNT = {"forest": "mu", "juncao": "mu", "bees": "hives"}
_MAP_BOX = (0.035, 0.135, 0.70, 0.75)
_KEY_BOX = (0.755, 0.3, 0.21, 0.585)
_SCALE_BOX = (0.755, 0.135, 0.21, 0.15)
_NAME_PT, _COUNTY_PT = 5.2, 10.5


def breaks_of(told: Release, level: str = _LEVEL) -> list[float]:
    """Where the map's page parts the classes of gain per head at a level; none where it offers no such theme."""
    for theme in themes_of(told):
        if theme["column"] == VALUE:
            breaks = theme["breaks"]
            assert isinstance(breaks, dict)
            return breaks.get(level, [])
    return []


def colours_of(values: pd.Series, shown: pd.Series, breaks: list[float]) -> tuple[list[str], list[str]]:
    """The fill and the kind ("hidden", "nobody", "loss" or "class") of every place."""
    fills, kinds = [], []
    for value, state in zip(values.astype(float), shown):
        if state is not None and state == 0:
            fill, kind = HIDDEN, "hidden"
        elif np.isnan(value):
            fill, kind = NOBODY, "nobody"
        elif value < 0:
            fill, kind = LOSS, "loss"
        else:  # a value on a break is in the lower class, as on the page
            fill, kind = ramp(int(np.searchsorted(breaks, value, side="left")), breaks), "class"
        fills.append(fill)
        kinds.append(kind)
    return fills, kinds


def draw_map(told: Release) -> Figure:
    """The map on a sheet of A4 across."""
    title = word("picture_map" if _told(told) else "picture_map_plain", told.lang).format(year=told.year)
    figure = blank(told.sheet, title, size="wide", notes=_small_print(told))
    axes = figure.add_axes(_MAP_BOX)
    axes.set_axis_off()
    axes.set_aspect("equal")
    kinds = _places(axes, told)
    _marks(axes, told)
    _frame(axes, told)
    _borders(axes, told)
    _names(figure, axes, told)
    _scale(figure, axes, told.lang)
    key = figure.add_axes(_KEY_BOX)
    key.set_axis_off()
    _legend(key, told, kinds)
    return figure


def _told(told: Release) -> bool:
    return VALUE in told.places[_LEVEL]


def _small_print(told: Release) -> list[str]:
    own = word("sheet_made_with", told.lang)
    notes = [note for note in told.sheet.notes if note != own]
    mark = "；" if told.lang == "zh" else "; "
    return [mark.join(notes), word("picture_map_note", told.lang)]


def _areas(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Outlines as fine as the sheet can show, neighbours keeping their common border."""
    shapes = frame.geometry.to_numpy().astype(object)
    areas = shapely.get_dimensions(shapes) == 2
    if areas.any():
        shapes[areas] = shapely.coverage_simplify(shapes[areas], _TOLERANCE_M)
    return shapes


def _outline(shape: shapely.Geometry) -> Outline:
    """All rings of an area as one path, holes left open."""
    rings = [
        ring
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    paths = [Outline(shapely.get_coordinates(ring), closed=True) for ring in rings if not ring.is_empty]
    return Outline.make_compound_path(*paths) if paths else Outline(np.empty((0, 2)))


def _places(axes: Axes, told: Release) -> set[str]:
    """Places in their colours; which kinds of colour there are."""
    frame = told.places[_LEVEL]
    shapes = _areas(frame)
    if _told(told):
        fills, kinds = colours_of(frame[VALUE], frame["shown"], breaks_of(told))
    else:
        fills, kinds = [NOBODY] * len(frame), ["plain"] * len(frame)
    areas = shapely.get_dimensions(shapes) == 2
    kinds_of, fills_of = np.array(kinds, dtype=object), np.array(fills, dtype=object)
    for kind in dict.fromkeys(kinds):
        rows = np.flatnonzero(areas & (kinds_of == kind))
        if len(rows):
            hatch, line = _TEXTURES.get(kind, (None, "white"))
            axes.add_collection(
                PathCollection(
                    [_outline(shapes[row]) for row in rows],
                    facecolors=list(fills_of[rows]),
                    edgecolors="white",
                    hatchcolors=line,
                    linewidths=0.5,
                    hatch=hatch,
                    zorder=1,
                )
            )
    spots = np.flatnonzero(shapely.get_dimensions(shapes) == 0)
    if len(spots):
        xy = shapely.get_coordinates(shapes[spots])
        axes.scatter(
            xy[:, 0], xy[:, 1], s=60, c=list(fills_of[spots]), edgecolors=QUIET, linewidths=0.5, zorder=1
        )
    return set(kinds)


def _marks(axes: Axes, told: Release) -> None:
    for name, frame in told.sites.items():
        if frame.empty:
            continue
        amount = frame[_AMOUNT[name]].fillna(0).to_numpy(float) if _AMOUNT[name] in frame else 0.0
        size = 3.0 + 34.0 * amount / max(float(np.max(amount)), 1.0)
        axes.scatter(
            *(frame["x"], frame["y"], size), marker=_MARKS[name], c=SITES[name], edgecolors="white",
            linewidths=0.25, zorder=4,
        )  # fmt: skip


def _frame(axes: Axes, told: Release) -> None:
    """The map as large as its box allows, with room for the bar and the arrow."""
    boxes = [frame.geometry.total_bounds for frame in told.places.values() if len(frame)]
    bounds = np.array([box for box in boxes if np.isfinite(box).all()]).reshape(-1, 4)
    west, south = bounds[:, :2].min(axis=0) if len(bounds) else (0, 0)
    east, north = bounds[:, 2:].max(axis=0) if len(bounds) else (1000, 1000)
    pad = 0.02 * max(east - west, north - south, 1000.0)
    axes.set_xlim(west - pad, east + pad)
    axes.set_ylim(south - pad, north + pad)
    axes.set_anchor("C")


def _borders(axes: Axes, told: Release) -> None:
    shapes = _areas(told.places["county"])
    rows = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    axes.add_collection(
        PathCollection(
            [_outline(shapes[row]) for row in rows],
            facecolors="none", edgecolors="#4a5160", linewidths=1.1, zorder=3,
        )
    )  # fmt: skip


def _names(figure: Figure, axes: Axes, told: Release) -> None:
    """Names of counties, then of townships where there is room for them."""
    metres_a_point = _metres_a_point(figure, axes)
    taken: list[tuple[float, float, float, float]] = []
    for level, size, colour in (("county", _COUNTY_PT, INK), (_LEVEL, _NAME_PT, "#39404d")):
        frame = told.places[level]
        shapes = frame.geometry.to_numpy().astype(object)
        order = np.argsort(-shapely.area(shapes), kind="stable")
        inside = shapely.point_on_surface(shapes)
        for row in order:
            text = line_of(frame["name"].iloc[row], 16)
            if not text or shapely.is_empty(inside[row]) or shapely.is_missing(inside[row]):
                continue
            half = np.array([_signs(text) * size * 0.52, size * 0.62]) * metres_a_point
            spot = _middle(shapes[row], half[0]) if level == "county" else inside[row]
            box = (spot.x - half[0], spot.y - half[1], spot.x + half[0], spot.y + half[1])
            room = shapely.bounds(shapes[row])
            area = shapely.get_dimensions(shapes[row]) == 2
            tight = room[2] - room[0] < 2 * half[0] or room[3] - room[1] < 4 * half[1]
            small = level != "county" and area and tight
            if small or any(_meet(box, other) for other in taken):
                continue
            taken.append(box)
            pale = {"boxstyle": "square,pad=0.12", "facecolor": "white", "alpha": 0.62, "edgecolor": "none"}
            axes.text(
                *(spot.x, spot.y, text), fontsize=size, color=colour, ha="center", va="center", zorder=6,
                fontweight="bold" if level == "county" else "normal", bbox=pale,
            )  # fmt: skip


def _middle(shape: shapely.Geometry, half_m: float) -> shapely.Point:
    """Where a name stands well inside an area: far from its border."""
    if shapely.get_dimensions(shape) < 2:
        return shapely.point_on_surface(shape)
    circle = shapely.maximum_inscribed_circle(shape, tolerance=max(half_m / 4, 1.0))
    return shapely.Point(shapely.get_coordinates(circle)[0])


def _signs(text: str) -> float:
    return sum(1.0 if ord(sign) > 0x2E7F else 0.55 for sign in text)


def _meet(one: tuple, other: tuple) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _scale(figure: Figure, axes: Axes, lang: str) -> None:
    """North and a bar of a round number of kilometres under the legend, where they cover nothing."""
    corner = figure.add_axes(_SCALE_BOX)
    corner.set_axis_off()
    wide_m = _SCALE_BOX[2] * figure.get_figwidth() * 72 * _metres_a_point(figure, axes)
    high_in = _SCALE_BOX[3] * figure.get_figheight()
    corner.set_xlim(0, wide_m)
    corner.set_ylim(0, high_in)
    wanted = 0.6 * wide_m
    unit = 10.0 ** np.floor(np.log10(wanted))
    long = max(step * unit for step in (1, 2, 5) if step * unit <= wanted)
    left = 0.03 * wide_m
    for start, fill in ((0, INK), (1, "white")):
        corner.add_patch(Rectangle((left + start * long / 2, 0.04), long / 2, 0.06, fc=fill, ec=INK, lw=0.6))
    km = word("picture_km", lang)
    for at, said in ((0, "0"), (0.5, f"{long / 2000:g}"), (1, f"{long / 1000:g} {km}")):
        corner.text(left + at * long, 0.15, said, fontsize=7.5, ha="center", va="bottom")
    x, inch = 2.2 * left, wide_m / (_SCALE_BOX[2] * figure.get_figwidth())
    for side, fill in ((-1, INK), (1, "white")):
        corners = [(x, 0.92), (x + side * 0.1 * inch, 0.45), (x, 0.57)]
        corner.add_patch(Polygon(corners, closed=True, fc=fill, ec=INK, lw=0.6))
    corner.text(x, 0.97, word("picture_north", lang), fontsize=9, ha="center", va="bottom")


def _metres_a_point(figure: Figure, axes: Axes) -> float:
    axes.apply_aspect()
    return float(np.diff(axes.get_xlim())[0]) / (axes.get_position().width * figure.get_figwidth() * 72)


def _legend(key: Axes, told: Release, kinds: set[str]) -> None:
    """What colours, hatches, marks and lines mean."""
    patches: list[object] = []
    if _told(told):
        breaks = breaks_of(told)
        patches += [
            Patch(fc=ramp(place, breaks), ec="none", label=label)
            for place, label in enumerate(_class_words(breaks, told.lang))
        ]
        if "loss" in kinds:
            patches.insert(0, _patch(LOSS, "loss", word("map_loss", told.lang)))
        if "hidden" in kinds:
            patches.append(_patch(HIDDEN, "hidden", word("map_hidden", told.lang)))
        if "nobody" in kinds:
            patches.append(_patch(NOBODY, "nobody", word("map_no_data", told.lang)))
    top = 1.0
    if patches:
        top = _block(key, patches, word("picture_per_head", told.lang), top)
    marks = [
        Line2D(
            *([], []), ls="none", marker=_MARKS[name], ms=7, mfc=SITES[name], mec="white",
            label=f"{word(f'map_{name}', told.lang)}（{len(frame):,}）"
            if told.lang == "zh"
            else f"{word(f'map_{name}', told.lang)} ({len(frame):,})",
        )
        for name, frame in told.sites.items()
        if len(frame)
    ]  # fmt: skip
    if marks:
        top = _block(key, marks, word("picture_sites", told.lang), top)
    lines = [
        Line2D([], [], color="#4a5160", lw=1.6, label=word("county", told.lang)),
        Line2D([], [], color="#c9ccd2", lw=1.6, label=word("township", told.lang)),
    ]
    _block(key, lines, word("picture_borders", told.lang), top)


def _patch(colour: str, kind: str, label: str) -> Patch:
    hatch, line = _TEXTURES.get(kind, (None, "white"))
    return Patch(fc=colour, ec="#cfcac0", lw=0.5, hatch=hatch, hatchcolor=line, label=label)


def _class_words(breaks: list[float], lang: str) -> list[str]:
    if not breaks:
        return ["≥ 0"]
    between = [f"{low:,.6g} – {high:,.6g}" for low, high in pairwise(breaks)]
    return [f"0 – {breaks[0]:,.6g}", *between, f"> {breaks[-1]:,.6g}"]


def _block(key: Axes, handles: list, title: str, top: float) -> float:
    """One part of the legend from `top` down; where it ends."""
    legend = Legend(
        *(key, handles, [handle.get_label() for handle in handles]), title=title, loc="upper left",
        bbox_to_anchor=(0, top), frameon=False, fontsize=8.5,
        title_fontsize=9.5, alignment="left", labelspacing=0.55, handlelength=2.0, handleheight=1.2,
        borderpad=0, borderaxespad=0,
    )  # fmt: skip
    key.add_artist(legend)
    box = legend.get_window_extent().transformed(key.transAxes.inverted())
    return box.y0 - 0.05
