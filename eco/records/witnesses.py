"""What a folder's own layers say of each other's declared systems: which table is shifted, and by how much.

Witnesses are the villages, for what stands in many of them (one witness a village), outlines of one
kind for another's, and the counties for a wrong zone. Where they cannot tell, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import pandas as pd
import shapely

from eco.phrases import Phrase
from eco.problems import Finding
from eco.records.ground import Frames, none_for_nan
from eco.records.sentences import finding
from eco.records.tables import SITES, TABLES
from eco.space.datums import from_working
from eco.space.detective import (
    FEWEST_PAIRS,
    DatumEvidence,
    told_by_borders,
    told_by_membership,
    told_by_points,
)
from eco.space.places import centroids, representative_points, which_outline

Systems = Mapping[str, str | None]
STEADY_M = 5.0  # two drawings of one border never agree so well on a shift they do not really have
_PLACES = ("counties", "townships", "villages")
_MOST_OUTSIDE = 0.9


@dataclass(frozen=True)
class Testimony:
    """What the table `witness` says of the declared system of `table`."""

    table: str
    witness: str
    told: DatumEvidence


def datum_findings(frames: Frames, systems: Systems) -> dict[str, list[Finding]]:
    """E-DATUM-01, E-DATUM-02 and E-CRS-08 by table, from tables in EPSG:4544 and their declared `systems`."""
    found: dict[str, list[Finding]] = {}
    for heard in blamed(_hearings(frames, systems)):
        code = "E-DATUM-01" if heard.told.answer == "another system" else "E-DATUM-02"
        found.setdefault(heard.table, []).append(
            _finding(code, heard, Phrase(*map(heard.told.measured, ("zh", "en"))))
        )
    for name in ("households", *SITES):
        if name in frames and systems.get(name) and "counties" in frames:
            told = _by_counties(frames, str(systems[name]), name)
            if told is not None and told.answer == "another system":
                outside = Phrase("几乎各行都在县外", "nearly all rows outside the counties")
                found.setdefault(name, []).append(
                    _finding("E-CRS-08", Testimony(name, "counties", told), outside)
                )
    return found


def blamed(hearings: Iterable[tuple[Testimony, Testimony]]) -> list[Testimony]:
    """The tables to doubt: the fewest that explain every disagreement, the finer of two that do alike.

    A hearing is what two tables say of each other. A shift between them may be either's fault: it is
    laid on the one that disagrees with more of the others and agrees with fewer.
    """
    open_ = [pair for pair in hearings if any(one.told.answer != "cannot tell" for one in pair)]
    agreed = [one.table for pair in open_ if _agree(pair) for one in pair]
    open_ = [pair for pair in open_ if not _agree(pair)]
    doubted: list[Testimony] = []
    while open_:
        explained = [one for pair in open_ for one in pair if one.told.answer == "another system"]
        if not explained:
            return doubted + [one for one, _ in open_ if one.told.shift and one.told.shift.doubt_m < STEADY_M]
        tables = [one.table for one in explained]
        order = tuple(TABLES)
        worst = max(
            set(tables), key=lambda name: (tables.count(name) - agreed.count(name), order.index(name))
        )
        doubted.append(next(one for one in explained if one.table == worst))
        open_ = [pair for pair in open_ if worst not in (pair[0].table, pair[1].table)]
    return doubted


def _agree(pair: tuple[Testimony, Testimony]) -> bool:
    return any(one.told.answer == "as declared" for one in pair)


def _hearings(frames: Frames, systems: Systems) -> list[tuple[Testimony, Testimony]]:
    known = [name for name in TABLES if name in frames and systems.get(name)]
    outlines = [name for name in known if name in _PLACES and _are_outlines(frames[name])]
    heard = [_by_borders(frames, systems, pair) for pair in combinations(outlines, 2)]
    if "villages" in known:
        heard += [_by_villages(frames, systems, name) for name in known if name in ("households", *SITES)]
    return heard


def _are_outlines(frame: pd.DataFrame) -> bool:
    return len(frame) > 0 and bool((shapely.get_dimensions(frame.geometry.to_numpy()) == 2).all())


def _by_borders(frames: Frames, systems: Systems, pair: tuple[str, str]) -> tuple[Testimony, Testimony]:
    """What two layers of outlines say of each other, border against border."""

    def heard(name: str, witness: str) -> Testimony:
        crs = str(systems[name])
        shapes = from_working(frames[name].geometry.to_numpy(), crs)
        return Testimony(name, witness, told_by_borders(shapes, frames[witness].geometry.to_numpy(), crs=crs))

    one = heard(*pair)
    return one, Testimony(pair[1], pair[0], one.told) if one.told.answer == "as declared" else heard(
        *pair[::-1]
    )


def _by_villages(frames: Frames, systems: Systems, name: str) -> tuple[Testimony, Testimony]:
    """What the villages and the middles of a table's rows in each of them say of each other."""
    points = centroids(frames[name].geometry.to_numpy())
    places = pd.DataFrame({"x": shapely.get_x(points), "y": shapely.get_y(points)})
    middle = places.groupby(frames[name]["village_code"].array).median().dropna()
    villages = frames["villages"].drop_duplicates("code")
    centres = pd.Series(shapely.centroid(villages.geometry.to_numpy()), index=villages["code"])
    centre = none_for_nan(centres.reindex(middle.index))
    both = ~shapely.is_missing(centre)
    here, there = shapely.points(middle.to_numpy()[both]), centre[both]

    def heard(table: str, witness: str, ours, theirs) -> Testimony:
        crs = str(systems[table])
        return Testimony(table, witness, told_by_points(from_working(ours, crs), theirs, crs=crs))

    one = heard(name, "villages", here, there)
    if one.told.answer in ("as declared", "cannot tell"):  # the same vectors, turned round, say the same
        return one, Testimony("villages", name, one.told)
    return one, heard("villages", name, there, here)


def _by_counties(frames: Frames, crs: str, name: str) -> DatumEvidence | None:
    """The verdict of the county outlines on a table that lies outside them nearly whole."""
    outlines = frames["counties"].geometry.to_numpy()
    outlines = outlines[shapely.get_dimensions(outlines) == 2]
    shapes = frames[name].geometry.to_numpy()
    shapes = shapes[~shapely.is_missing(shapes)]
    if not len(outlines) or len(shapes) < FEWEST_PAIRS:
        return None
    outside = which_outline(representative_points(shapes), outlines) < 0
    if outside.mean() < _MOST_OUTSIDE:
        return None
    return told_by_membership(from_working(shapes, crs), outlines, crs=crs)


def _finding(code: str, heard: Testimony, found: Phrase) -> Finding:
    label = TABLES[heard.witness].label
    return finding(
        code,
        table=heard.table,
        column="geometry",
        found=f"{found.zh} / {found.en}",
        control=Phrase(f"{label.zh}表", f"the table of {label.en}"),
        system=heard.told.system.label if heard.told.system else Phrase("", ""),
        fix=heard.told.fix,
    )
