"""Which datum, zone and axis order a layer is really in, told from a control that is known to be right.

A layer is brought to EPSG:4544 under every system its numbers allow. Under the true one the vectors
from layer to control scatter about nothing; under another they share a shift. The shift of n vectors
is their median, known to about 1.8 s / sqrt(n) with s their spread on one axis: a system is refused when its
shift is more than five times that, and believed only when it alone is left. Lying in the right
county proves nothing (a shift of 300 m leaves every township in its county), so points against a mere
outline can tell a wrong zone or exchanged axes, never a datum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from eco.phrases import Phrase
from eco.space.datums import (
    CRS_OFFERED,
    DEGREES,
    KNOWN_CRS,
    WORKING_CRS,
    embedded_crs,
    known_crs,
    to_working,
)
from eco.space.shifts import FARTHEST_M, Shift, border_lines, shift_of_borders, shift_of_points
from eco.space.systems import MOST, System, declared_system, middles, placed, possible

Answer = Literal["as declared", "another system", "unexplained shift", "cannot tell"]
FEWEST_PAIRS = 3
_CLEAR = 5.0  # standard errors between a system refused and one believed
_WORSE = 3.0  # a system that leaves the layer so many times further from its control than the best is refused
_FINER = 1.5  # times the length of the control's borders
_FLOOR_M = 20.0  # no known datum stands so near another; a surveyor's and a map's point may
_NOTHING = Phrase("", "")
_NO_CONTROL = Phrase("没有控制点或界线", "there is no control of known datum")
_NO_SYSTEM = Phrase("控制数据没有坐标系", "the control has no known system")
_FEW = Phrase("与控制相同的地点少于三处", "fewer than three places are in both")
_COARSE = Phrase(
    "控制太粗，不止一个坐标系说得通", "the control is too coarse: more than one system would explain it"
)
_MEMBERSHIP = Phrase(
    "落在县界内不是证据，各坐标系都在", "lying in the county is no evidence: in every datum they do"
)


@dataclass(frozen=True)
class DatumEvidence:
    """What the control says of a layer's coordinates; a value that introduces itself in both languages.

    `shift` is measured under the declared system, `rest` under the one believed. Nothing is moved:
    `repaired` does that when asked.
    """

    answer: Answer
    declared: str | None
    system: System | None
    control: Phrase
    pairs: int
    shift: Shift | None = None
    rest: Shift | None = None
    why: Phrase = _NOTHING

    @property
    def fix(self) -> Phrase:
        """What to do about it."""
        if self.answer == "unexplained shift":
            return Phrase(
                "询问数据来源；若原为北京 54 或西安 80，由测绘主管部门转换",
                "ask where the data come from; if Beijing-54 or Xi'an-80, the surveying authority converts them",
            )
        if self.answer != "another system" or self.system is None:
            return Phrase("", "")
        if self.system.crs is None:
            return Phrase("按该坐标系改正后重新提供", "bring it back to a known system and send it again")
        turned = Phrase("，并对调两轴", " and exchange the axes") if self.system.exchanged else _NOTHING
        return Phrase(
            f'核对后在 project.toml 写 crs = "{self.system.crs}"{turned.zh}',
            f'confirm, then write crs = "{self.system.crs}" in project.toml{turned.en}',
        )

    def sentence(self, lang: str = "zh") -> str:
        """The evidence as one sentence."""
        parts = _SENTENCES[self.answer].say(lang).format(**self._words(lang)), self.fix.say(lang)
        return ("；" if lang == "zh" else "; ").join(part for part in parts if part)

    def __str__(self) -> str:
        return f"{self.sentence('zh')}\n{self.sentence('en')}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        zh, en = escape(self.sentence("zh")), escape(self.sentence("en"))
        return f'<p>{zh}<br><small style="color:#666">{en}</small></p>'

    def measured(self, lang: str = "zh") -> str:
        """The shift under the declared system in words."""
        return _measured(self.shift, zh=lang == "zh")

    def _words(self, lang: str) -> dict[str, str]:
        unknown = Phrase("没有声明坐标系", "without a declared system")
        after = Phrase("，改后中位差 {} m", ", {} m apart once corrected")
        return {
            "declared": (KNOWN_CRS[self.declared] if self.declared else unknown).say(lang),
            "system": self.system.label.say(lang) if self.system else "",
            "shift": self.measured(lang),
            "control": self.control.say(lang),
            "why": self.why.say(lang),
            "rest": after.say(lang).format(f"{self.rest.median_m:.1f}") if self.rest else "",
            "apart": f"{self.rest.median_m:.1f}" if self.rest else "",
        }


_SENTENCES = {
    "as declared": Phrase(
        "与声明一致：{declared}（据{control}，中位差 {apart} m）",
        "as declared: {declared} (told by {control}, {apart} m apart)",
    ),
    "another system": Phrase(
        "声明：{declared}；实为 {system}：{shift}（据{control}{rest}）",
        "declared: {declared}; really {system}: {shift} (told by {control}{rest})",
    ),
    "unexplained shift": Phrase(
        "声明：{declared}；有一致的偏移，不合任何已知坐标系：{shift}（据{control}）",
        "declared: {declared}; a steady shift that no known system explains: {shift} (told by {control})",
    ),
    "cannot tell": Phrase("无法判断：{why}", "cannot tell: {why}"),
}


def detect_datum(
    layer: pd.DataFrame,
    control: pd.DataFrame | None = None,
    *,
    crs: str | None = None,
    control_crs: str | None = None,
    match: str | None = None,
) -> DatumEvidence:
    """Which system `layer` is really in, told from `control`; nothing is moved.

    Both are GeoDataFrames, or tables with lon and lat (degrees) or x and y (metres). `crs` is what the
    layer is declared to be (its own CRS when not given) and may be wrong; `control_crs` is believed.
    Places are matched by the column `match`, else by `code`, else by `name`, double values left aside;
    outlines are compared along their borders. Raises ValueError for an unknown system or missing columns.
    """
    shapes, known = _geometry(layer, crs)
    if control is None:
        return _silent(known, _NO_CONTROL)
    theirs, system = _geometry(control, control_crs)
    if system is None:
        return _silent(known, _NO_SYSTEM)
    right = to_working(theirs, system)[0].to_numpy()
    rows, others = _matched(layer, control, match)
    is_outline, is_place = shapely.get_dimensions(shapes) == 2, shapely.get_dimensions(right) >= 0
    both = (shapely.get_dimensions(shapes[rows]) >= 0) & is_place[others]
    rows, others = rows[both], others[both]
    outlines = right[shapely.get_dimensions(right) == 2]
    if len(rows) and is_outline[rows].all() and (shapely.get_dimensions(right[others]) == 2).all():
        return told_by_borders(shapes[rows], right[others], crs=known)
    if len(rows) >= FEWEST_PAIRS:
        return told_by_points(shapes[rows], right[others], crs=known)
    if len(outlines) and is_outline.any():
        return told_by_borders(shapes[is_outline], outlines, crs=known)
    if len(outlines):
        return told_by_membership(shapes, outlines, crs=known)
    return _silent(known, _FEW)


def told_by_points(shapes, right, *, crs: str | None, groups=None) -> DatumEvidence:
    """The evidence of places matched one to one: `shapes` as the file has them, `right` in EPSG:4544.

    Outlines stand for their centroids. With `groups` (one label a pair) the pairs of a group count as
    one, at their median: houses of one village are not so many witnesses.
    """
    shapes, target = np.asarray(shapes, dtype=object), shapely.get_coordinates(shapely.centroid(right))

    def measure(system: System) -> Shift | None:
        vectors = target - middles(placed(shapes, system))
        if groups is not None:
            vectors = pd.DataFrame(vectors).groupby(np.asarray(groups)).median().to_numpy()
        vectors = vectors[np.isfinite(vectors).all(axis=1)]
        return shift_of_points(vectors) if len(vectors) >= FEWEST_PAIRS else None

    pairs = len(target) if groups is None else len(np.unique(groups))
    if pairs < FEWEST_PAIRS:
        return _silent(crs, _FEW)
    return _judged(shapes, measure, crs, Phrase(f"{pairs} 处同一地点", f"{pairs} places in both"), pairs)


def told_by_borders(shapes, right, *, crs: str | None) -> DatumEvidence:
    """The evidence of outlines against outlines in EPSG:4544: the shift that lays border on border."""
    shapes, right = np.asarray(shapes, dtype=object), np.asarray(right, dtype=object)
    pairs, control = len(shapes), border_lines(right)
    west, south, east, north = shapely.total_bounds(right)
    centroids = shapely.centroid(shapes)

    def measure(system: System) -> Shift | None:
        middle = middles(placed(centroids, system))
        middle = middle[np.isfinite(middle).all(axis=1)]
        if not len(middle):
            return None
        x, y = np.median(middle, axis=0)
        if not (west <= x <= east and south <= y <= north):
            return None
        there = placed(shapes, system)
        there = there[~shapely.is_missing(there)]
        if shapely.length(there).sum() > _FINER * shapely.length(right).sum():
            # The layer has borders its control lacks: the control's are laid on the layer's.
            back = shift_of_borders(right, border_lines(there))
            return back and replace(back, bearing=(back.bearing + 180) % 360)
        return shift_of_borders(there, control)

    control_words = Phrase(f"{pairs} 个界线", f"the borders of {pairs} outlines")
    return _judged(shapes, measure, crs, control_words, pairs)


def told_by_membership(shapes, outlines, *, crs: str | None) -> DatumEvidence:
    """What lying inside outlines (EPSG:4544) can tell: a zone or exchanged axes, never a datum."""
    shapes, declared = np.asarray(shapes, dtype=object), declared_system(crs)
    county = shapely.buffer(shapely.union_all(outlines), FARTHEST_M / 2)
    shapely.prepare(county)

    def inside(system: System) -> bool:
        x, y = middles(placed(shapes, system)).T
        known = shapely.get_dimensions(shapes) >= 0
        return bool(known.any()) and shapely.contains_xy(county, x[known], y[known]).mean() >= MOST

    frames = [system for system in possible(shapes, crs) if system.datum == "EPSG:4490"]
    held = [system for system in frames if inside(system)]
    if not held:
        return _silent(crs, Phrase("按任何坐标系都不在该县", "in no system do they lie in the county"))
    if len(held) > 1 or (declared and held[0].frame == declared.frame and not held[0].exchanged):
        return _silent(crs, _MEMBERSHIP)
    system = held[0]
    if declared and declared.frame in DEGREES and system.frame in DEGREES:
        system = replace(system, datum=declared.datum)
    control = Phrase("县界，它只能定带号和坐标轴", "the county outline, which tells zone and axes only")
    return DatumEvidence("another system", crs, system, control, len(shapes))


def repaired(layer: pd.DataFrame, evidence: DatumEvidence) -> gpd.GeoSeries:
    """The layer's shapes in EPSG:4544 under the system the evidence believes; the layer is left as it is.

    Raises ValueError where the evidence believes none.
    """
    if evidence.system is None:
        raise ValueError(
            f"没有可信的坐标系，不能移动 / no system is believed, nothing to move to: {evidence}"
        )
    shapes, _ = _geometry(layer, None)
    return gpd.GeoSeries(placed(shapes, evidence.system), index=layer.index, crs=WORKING_CRS)


def _judged(shapes, measure, crs: str | None, control: Phrase, pairs: int) -> DatumEvidence:
    """The verdict over all possible systems, each measured by `measure`."""
    declared = declared_system(crs)
    shifts: dict[System, Shift] = {}
    if declared is not None:
        # The declared system first: where it lays layer on control every other stands 200 m off at least.
        now = measure(declared)
        if now is not None and now.median_m < _FLOOR_M / _WORSE:
            return DatumEvidence("as declared", crs, declared, control, pairs, now, now)
    for system in possible(shapes, crs):
        # One datum tells whether the frame is in the right region at all.
        if system.datum != "EPSG:4490" and replace(system, datum="EPSG:4490") not in shifts:
            continue
        shift = measure(system)
        if shift is not None and shift.median_m < FARTHEST_M:
            shifts[system] = shift
    if not shifts:
        return _silent(crs, Phrase("按任何坐标系都不与控制相合", "it meets the control in no system"))
    least = min(shift.median_m for shift in shifts.values())
    left = [system for system, shift in shifts.items() if _believable(shift, least)]
    now = shifts.get(declared) if declared else None
    if len(left) == 1:
        answer: Answer = "as declared" if left[0] == declared else "another system"
        return DatumEvidence(answer, crs, left[0], control, pairs, now, shifts[left[0]])
    if not left and now is not None:
        return DatumEvidence("unexplained shift", crs, None, control, pairs, now)
    return replace(_silent(crs, _COARSE), control=control, pairs=pairs, shift=now)


def _believable(shift: Shift, least_m: float) -> bool:
    own = shift.common_m <= max(_FLOOR_M, _CLEAR * shift.doubt_m)
    return own and shift.median_m <= max(_FLOOR_M, _WORSE * least_m)


def _geometry(layer: pd.DataFrame, crs: str | None) -> tuple[np.ndarray, str | None]:
    """A layer's shapes as they stand, and the known system declared for them or carried by them."""
    known = known_crs(crs) if crs is not None else None
    if crs is not None and known is None:
        raise ValueError(f"坐标系 {crs}：应为其中之一 / system {crs}: expected one of {CRS_OFFERED}")
    if isinstance(layer, gpd.GeoDataFrame):
        own = embedded_crs(layer.crs) if known is None and layer.crs is not None else None
        return shapely.force_2d(layer.geometry.to_numpy()), known or own
    pair = next((pair for pair in (("lon", "lat"), ("x", "y")) if set(pair) <= set(layer.columns)), None)
    if pair is None:
        raise ValueError(
            f"应有图形，或列 lon lat，或列 x y；发现 / expected geometry, lon and lat, or x and y; "
            f"found {list(layer.columns)}"
        )
    x, y = (layer[name].to_numpy(dtype=float) for name in pair)
    points = shapely.points(np.nan_to_num(x), np.nan_to_num(y))
    points[np.isnan(x) | np.isnan(y)] = None
    return points, known


def _matched(layer: pd.DataFrame, control: pd.DataFrame, match: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rows that are the same place, by `match`, else `code`, else `name`."""
    if match is not None and not {match} <= set(layer.columns) & set(control.columns):
        raise ValueError(f"两表都应有列 {match} / expected a column {match} in both tables")
    for name in (match,) if match else ("code", "name"):
        if name in layer and name in control:
            ours, theirs = (_once(table[name]) for table in (layer, control))
            both = ours.merge(theirs, on="value", suffixes=("", "_there"))
            if len(both):
                return both["row"].to_numpy(), both["row_there"].to_numpy()
    return np.empty(0, dtype=int), np.empty(0, dtype=int)


def _once(values: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame({"value": values.astype(str).str.strip().to_numpy(), "row": np.arange(len(values))})
    return table[~table["value"].duplicated(keep=False) & (table["value"] != "")]


def _silent(crs: str | None, why: Phrase) -> DatumEvidence:
    return DatumEvidence("cannot tell", crs, None, _NOTHING, 0, why=why)


def _measured(shift: Shift | None, *, zh: bool) -> str:
    if shift is None:
        return "按声明不在控制处" if zh else "far off as declared"
    quarter = int((shift.bearing + 22.5) % 360 // 45)
    towards = ("北 N", "东北 NE", "东 E", "东南 SE", "南 S", "西南 SW", "西 W", "西北 NW")[quarter].split()[
        not zh
    ]
    apart = f"{shift.median_m:.0f} m ({shift.low_m:.0f}-{shift.high_m:.0f})"
    if (
        abs(shift.median_m - shift.common_m) > shift.median_m / 10
    ):  # scattered places: only their common part counts
        common = f"{shift.common_m:.0f} ± {shift.doubt_m:.0f} m"
        apart += f"，其中一致部分 {common}" if zh else f", {common} of it in common"
    return f"偏移中位 {apart}，应向{towards}移" if zh else f"shifted by {apart}, belongs to the {towards}"
