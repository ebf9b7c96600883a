"""The map of one edition: a release packed into one page, refused where anything personal stands in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from eco.files import whole_file
from eco.phrases import Phrase, word
from eco.planning.plans import Plan
from eco.sharing.maps import layers
from eco.sharing.maps.packing import pack_blocks, pack_column, pack_columns
from eco.sharing.maps.page import refuse_outside, sealed_page
from eco.sharing.maps.pinyin import readings
from eco.sharing.maps.themes import marks_of, themes_of
from eco.sharing.privacy import gate
from eco.sharing.release import LEVELS, Release, release
from eco.waiting import waiting

_TOLERANCE_M = {"county": 40.0, "household": 40.0, "public": 100.0}
_HOUSEHOLD_DECIMALS = 4  # of a degree, about ten metres: households stand blurred over a hundred
_KIND = ("livelihood", "label_zh", "label_en", "income_class", "recurrent")
_YUAN = ("yuan_mean", "yuan_p10", "yuan_p90")


@waiting("wait_map")
def save_map(
    path: Path | str,
    project,
    *,
    gains=None,
    plan: Plan | None = None,
    alternatives: pd.DataFrame | None = None,
    edition: str = "county",
    lang: str = "zh",
    year: int | None = None,
    review_no: str | None = None,
    key: bytes | None = None,
) -> Path:
    """Write one HTML file that opens without a network: places by theme, sites, relief, search, legend, print.

    `edition` is "county" (households under pseudonyms, each moved until five or more stand as near; plots in their
    outlines) or "public" (township and village totals of five households or more; sites that five or more share). A
    public map without `review_no` (审图号) says 内部资料 请勿公开 across itself. `key` is what pseudonyms and moved
    points hang on: random unless given, the only thing that differs between two runs. Without `gains` places have no
    colour of theirs. `plan` adds what is given to places and what flowers for one more hive would bring at yards, as
    far as the edition tells it; `alternatives` (village_code, share) how often villages are chosen over plans nearly
    as good. Raises DataProblem, and leaves an old file alone, when the page would load anything from outside or
    carries a personal value of the register; ValueError for an unknown edition or language, and for "household",
    which is never written in the clear.
    """
    if edition == "household":
        raise ValueError(_never_in_the_clear())
    told = release(
        project,
        gains=gains,
        edition=edition,
        lang=lang,
        year=year,
        plan=plan,
        alternatives=alternatives,
        review_no=review_no,
        key=key,
    )
    tables = (project.counties, project.townships, project.villages)
    names = {name for table in tables for name in table["name"]}
    return _write(
        Path(path),
        map_page(told, relief=project.rasters.get("elevation")),
        lambda page: gate.refuse_personal(page, project.households, place_names=names),
    )


def write_map(path: Path | str, told: Release, *, relief: Path | None = None) -> Path:
    """Write the page of a release; `relief` is an elevation raster to shade the ground from.

    ValueError for the household edition, which is never written in the clear. The release gate reads the file
    afterwards.
    """
    if told.edition.name == "household":
        raise ValueError(_never_in_the_clear())
    return _write(Path(path), map_page(told, relief=relief), lambda page: None)


def map_page(told: Release, *, relief: Path | None = None) -> str:
    """The finished page of a release as text, sealed: it asks nobody for anything."""
    payload = _payload(told)
    outlines = told.places["county"].geometry
    if relief is not None and outlines.area.sum() > 0:
        payload["relief"] = layers.relief_layer(relief, outlines, decimals=told.edition.decimals)
    return sealed_page(payload, title=told.sheet.title, lang=told.lang, watermark=told.sheet.watermark)


def _never_in_the_clear() -> str:
    return (
        "农户版只以加密网页写出，请用 eco export --edition household / "
        "the household edition is only written encrypted: use eco export --edition household"
    )


def _write(path: Path, page: str, check: Callable[[str], None]) -> Path:
    with whole_file(path, sealed=True) as draft:
        draft.write_text(page, encoding="utf-8", newline="\n")
        finished = draft.read_text("utf-8")
        refuse_outside(finished)
        check(finished)
    return path


def _payload(told: Release) -> dict[str, object]:
    """What the page carries, and the words the renderer needs."""
    sheet, decimals = told.sheet, told.edition.decimals
    payload: dict[str, object] = {
        "lang": told.lang,
        "edition": told.edition.name,
        "words": _words(told),
        "project": sheet.project,
        "title": sheet.title,
        "heading": sheet.heading,
        "label": sheet.label,
        "stamp": sheet.stamp,
        "notes": list(sheet.notes),
        "year": told.year,
        "sharp": decimals,
        "bounds": layers.degree_bounds(
            pd.concat([frame.geometry for frame in told.places.values()]), decimals=told.edition.decimals
        ),
        "places": _places(told),
        "sites": {
            name: layers.point_layer(layers.in_walking_order(frame), decimals=decimals)
            for name, frame in marks_of(told).items()
        },
        "themes": themes_of(told),
        "frames": _frames(told),
        "flows": {level: _flows(told, level) for level in LEVELS if level in told.flows},
        "sources": _sources(told),
        "pinyin": readings(name for frame in told.places.values() for name in frame["name"]),
    }
    if told.households is not None:
        homes = layers.in_walking_order(told.households)
        payload["households"] = layers.point_layer(homes, decimals=min(decimals, _HOUSEHOLD_DECIMALS))
    return payload


def _words(told: Release) -> dict[str, str]:
    """What the page may say; only the household edition has households under their own ids."""
    own = {"map_households": word("household", told.lang)} if told.edition.name == "household" else {}
    return {**layers.words(told.lang), **own}


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


def _frames(told: Release) -> list[dict[str, object]]:
    """Other years, in their order, and other estimates of the release's own year."""
    years = [(str(year), year, told.years[year]) for year in sorted(told.years) if year != told.year]
    others = [(one.label.say(told.lang), told.year, one.places) for one in told.scenarios.values()]
    return [
        {"label": label, "year": year, "scenario": at >= len(years), "places": _numbers_of(told, by_level)}
        for at, (label, year, by_level) in enumerate((*years, *others))
    ]


def _numbers_of(told: Release, by_level: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    """The numbers of each level in the order of its places; whether they are shown is told again for each frame."""
    answer: dict[str, object] = {}
    for level, frame in by_level.items():
        places = told.places[level]
        numbers = frame.drop(columns=["name", "parent", "geometry"], errors="ignore").reindex(places.index)
        if "shown" not in numbers and "shown" in places:
            numbers = numbers.assign(shown=places["shown"])
        answer[level] = pack_columns(pd.DataFrame(numbers))
    return answer


def _flows(told: Release, level: str) -> dict[str, object]:
    """The flows of each place: what a flow is stands once in `kinds`, its yuan and grade at each place."""
    frame, places = told.flows[level], told.places[level].index
    frame = frame[frame["code"].isin(places)]
    row = pd.Series(places.get_indexer(frame["code"]), index=frame.index)
    frame = frame.loc[row.sort_values(kind="stable").index].reset_index(drop=True)
    row = row.sort_values(kind="stable").to_numpy()
    kinds = frame[list(_KIND)].drop_duplicates()
    number = frame[list(_KIND)].merge(kinds.assign(kind=range(len(kinds))), how="left")["kind"]
    return {
        "rows": len(frame),
        "kinds": [
            {
                "livelihood": kind["livelihood"],
                "label": kind[f"label_{told.lang}"],
                "income_class": kind["income_class"],
                "recurrent": bool(kind["recurrent"]),
            }
            for kind in kinds.to_dict("records")
        ],
        "place": pack_blocks(np.diff(row, prepend=0)),
        "kind": pack_blocks(number.to_numpy()),
        "columns": {name: pack_column(frame[name]) for name in (*_YUAN, "grade")},
    }


def _sources(told: Release) -> list[list[str]]:
    """A line a number that the estimate used: what it is, where it is from, its grade."""
    if told.sources is None or told.sources.empty:
        return []
    known = told.sources.columns
    wanted = ((f"label_{told.lang}", "label", "name"), (f"source_{told.lang}", "source", "title"), ("grade",))
    names = [next((name for name in names if name in known), None) for names in wanted]

    def said(value: object) -> str:
        if isinstance(value, Phrase):
            return value.say(told.lang)
        return "" if value is None or value != value else str(value)

    return [[said(row[name]) if name else "" for name in names] for row in told.sources.to_dict("records")]
