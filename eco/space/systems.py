"""What the numbers of a layer can mean: every frame, datum and order of axes they allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from eco.phrases import Phrase
from eco.space.datums import DEGREES, KNOWN_CRS, ZONES, fits, swapped, to_degrees, to_working

DATUMS = ("EPSG:4490", "GCJ-02", "BD-09")
MOST = 0.95  # a few bad rows do not hide the system of the others


@dataclass(frozen=True)
class System:
    """What coordinates can mean: a frame (degrees or a zone), the datum inside it, axes exchanged or not."""

    frame: str
    datum: str = "EPSG:4490"
    exchanged: bool = False

    @property
    def crs(self) -> str | None:
        """The one name for it in project.toml, None where GCJ-02 or BD-09 stands in a zone's metres."""
        if self.frame in DEGREES:
            return self.datum
        return self.frame if self.datum == "EPSG:4490" else None

    @property
    def label(self) -> Phrase:
        """The system in words."""
        words = KNOWN_CRS[self.datum if self.frame in DEGREES else self.frame]
        if self.frame not in DEGREES and self.datum != "EPSG:4490":
            datum = KNOWN_CRS[self.datum]
            words = Phrase(f"{datum.zh}投影为 {words.zh}", f"{datum.en} projected to {words.en}")
        if self.exchanged:
            words = Phrase(f"{words.zh}，坐标轴颠倒", f"{words.en}, axes exchanged")
        return words


def placed(shapes, system: System) -> np.ndarray:
    """Shapes in EPSG:4544 if their numbers mean `system`; None where they cannot."""
    given = swapped(shapes) if system.exchanged else np.asarray(shapes, dtype=object)
    if system.frame in DEGREES:
        return to_working(given, system.datum)[0].to_numpy()
    there = to_working(given, system.frame)[0].to_numpy()
    if system.datum == "EPSG:4490":
        return there
    return to_working(to_degrees(there), system.datum)[0].to_numpy()


def possible(shapes, crs: str | None = None) -> list[System]:
    """Every system the numbers allow for nearly all shapes: frame, datum and order of the axes."""
    middle = middles(np.asarray(shapes, dtype=object))
    x, y = middle[np.isfinite(middle).all(axis=1)].T
    frames = ["EPSG:4490"]
    seen: set[tuple[int, int]] = set()
    for name in sorted(ZONES, key=lambda name: (name != crs, ZONES[name].width_degrees)):
        zone = ZONES[name]  # without a prefix a six-degree zone is the three-degree one of its meridian
        mark = (zone.meridian, zone.number * zone.prefixed)
        if mark not in seen:
            seen.add(mark)
            frames.append(name)
    return [
        System(frame, datum, exchanged)
        for frame in frames
        for exchanged in (False, True)
        if len(x) and fits(*((y, x) if exchanged else (x, y)), frame).mean() >= MOST
        for datum in DATUMS
    ]


def declared_system(crs: str | None) -> System | None:
    """The system a name of KNOWN_CRS declares; WGS-84 and CGCS2000 are one."""
    if crs is None:
        return None
    if crs in DEGREES:
        return System("EPSG:4490", crs if crs in DATUMS else "EPSG:4490")
    return System(crs)


def middles(shapes: np.ndarray) -> np.ndarray:
    """Centroid (n, 2) of each shape, NaN for an empty row."""
    middle = shapely.centroid(np.asarray(shapes, dtype=object))
    return np.column_stack([shapely.get_x(middle), shapely.get_y(middle)])
