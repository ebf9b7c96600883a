"""The map of one edition: a release packed into one page, refused where anything personal stands in it."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from eco.files import whole_file
from eco.sharing.maps import layers
from eco.sharing.maps.page import refuse_outside, sealed_page
from eco.sharing.privacy import gate
from eco.sharing.release import LEVELS, Release, release

_TOLERANCE_M = {"county": 40.0, "public": 100.0}


def save_map(
    path: Path | str,
    project,
    *,
    gains=None,
    plan=None,
    edition: str = "county",
    lang: str = "zh",
    year: int | None = None,
    review_no: str | None = None,
    key: bytes | None = None,
) -> Path:
    """Write one HTML file that opens without a network: places by gain, sites, relief, search, legend.

    `edition` is "county" (pseudonymous households, plots in their outlines) or "public" (township and
    village totals of five households or more; sites that five or more share). A public map without
    `review_no` (审图号) says 内部资料 请勿公开 across itself. `key` is what household pseudonyms and
    their blurred places hang on: random unless given, the only thing that differs between two runs.
    Without `gains` places have no colour. Raises DataProblem, and leaves an old file alone, when the
    page would load anything from outside or carries a personal value of the register; ValueError
    for an unknown edition or language.
    """
    if plan is not None:
        raise ValueError("地图尚不能显示规划，请去掉 plan / maps do not draw plans yet: leave plan out")
    told = release(
        project, gains=gains, edition=edition, lang=lang, year=year, review_no=review_no, key=key
    )
    payload = _payload(told)
    if "elevation" in project.rasters and project.counties.area.sum() > 0:
        payload["relief"] = layers.relief_layer(project.rasters["elevation"], project.counties.geometry)
    page = sealed_page(payload, title=told.sheet.title, lang=lang, watermark=told.sheet.watermark)
    return _write(Path(path), page, project)


def _write(path: Path, page: str, project) -> Path:
    tables = (project.counties, project.townships, project.villages)
    names = {name for table in tables for name in table["name"]}
    with whole_file(path, sealed=True) as draft:
        draft.write_text(page, encoding="utf-8", newline="\n")
        finished = draft.read_text("utf-8")
        refuse_outside(finished)
        gate.refuse_personal(finished, project.households, place_names=names)
    return path


def _payload(told: Release) -> dict[str, object]:
    """What the page carries, and the words the renderer needs."""
    sheet = told.sheet
    payload: dict[str, object] = {
        "lang": told.lang,
        "edition": told.edition.name,
        "words": layers.words(told.lang),
        "project": sheet.project,
        "title": sheet.title,
        "heading": sheet.heading,
        "label": sheet.label,
        "stamp": sheet.stamp,
        "notes": list(sheet.notes),
        "year": told.year,
        "sharp": told.edition.decimals,
        "bounds": layers.degree_bounds(pd.concat([frame.geometry for frame in told.places.values()])),
        "places": _places(told),
        "sites": {
            name: layers.point_layer(layers.in_walking_order(frame), decimals=told.edition.decimals)
            for name, frame in told.sites.items()
        },
    }
    if told.households is not None:
        payload["households"] = _households(told.households, told.edition.decimals)
    return payload


def _places(told: Release) -> dict[str, object]:
    """The three levels; a place names the one above by its row."""
    answer: dict[str, object] = {}
    above = pd.Index([""])
    for level in LEVELS:
        frame = told.places[level]
        numbered = frame.assign(parent=above.get_indexer(frame["parent"]))
        answer[level] = layers.place_layer(
            gpd.GeoDataFrame(numbered, geometry="geometry"),
            decimals=told.edition.decimals,
            tolerance_m=_TOLERANCE_M[told.edition.name],
        )
        above = frame.index
    return answer


def _households(frame: pd.DataFrame, decimals: int) -> dict[str, object]:
    frame = layers.in_walking_order(frame)
    layer = layers.point_layer(frame, decimals=decimals)
    per_head = frame["gain_yuan_mean"] / frame["persons"]
    layer["breaks"] = {"gain_per_head_mean": layers.class_breaks(per_head.to_numpy(dtype=float))}
    return layer
