"""A live map in the notebook: the sealed page of an edition in a frame that may run its own script and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from eco.phrases import Phrase, word
from eco.problems import DataProblem, Finding
from eco.sharing.maps.editions import map_page
from eco.sharing.maps.page import refuse_outside
from eco.sharing.privacy import gate
from eco.sharing.release import release
from eco.waiting import waiting

EDITIONS = ("county", "public")
_LEAST_PX, _MOST_PX = 200, 4000


@dataclass(frozen=True)
class Explored:
    """A map that shows itself in Jupyter; `page` is the whole sealed page, which asks no network for anything."""

    page: str = field(repr=False)
    title: str
    height: int

    def _repr_html_(self) -> str:
        # Between single quotes only & and ' need care: a page full of double quotes stays as small as it is.
        srcdoc, title = (text.replace("&", "&amp;").replace("'", "&#39;") for text in (self.page, self.title))
        return (
            f"<iframe sandbox='allow-scripts' title='{title}' srcdoc='{srcdoc}' "
            f"style='width:100%;height:{self.height}px;border:1px solid #ccc'></iframe>"
        )


@waiting("wait_map")
def explore(
    gains,
    *,
    edition: str = "county",
    lang: str = "zh",
    year: int | None = None,
    years: Iterable[int] = (),
    height: int = 640,
    **how,
) -> Explored:
    """The map of `gains` to look at in a notebook, `height` pixels high.

    `edition` is "county" (pseudonymous households) or "public". The household edition is not shown: a notebook keeps
    what it shows, unencrypted. `years` beside `year` give the map its year slider; each is an estimate of its own.
    `how` goes to the release (review_no, key, scenarios, labels). Raises DataProblem for another edition, a height
    outside 200 to 4,000, and where the page carries a personal value of the register.
    """
    if edition not in EDITIONS:
        expected = Phrase(
            "county 或 public（笔记本会把显示的内容存下来）",
            "county or public: a notebook keeps what it shows",
        )
        raise _refused("E-NB-01", "edition", edition, expected)
    if not _LEAST_PX <= height <= _MOST_PX:
        expected = Phrase(f"{_LEAST_PX} 到 {_MOST_PX} 像素", f"{_LEAST_PX} to {_MOST_PX} pixels")
        raise _refused("E-NB-02", "height", height, expected)
    project = gains.exposure.project
    told = release(
        project,
        gains=gains,
        edition=edition,
        lang=lang,
        year=year,
        years=years,
        drivers=pd.DataFrame(),  # no map draws them, and they take longer than the rest
        **how,
    )
    page = map_page(told, relief=project.rasters.get("elevation"))
    tables = (project.counties, project.townships, project.villages)
    refuse_outside(page)
    gate.refuse_personal(
        page, project.households, place_names={name for table in tables for name in table["name"]}
    )
    return Explored(page, f"{project.settings.name} {word('sheet_title', lang)}", int(height))


def _refused(code: str, column: str, found: object, expected: Phrase) -> DataProblem:
    todo = Phrase("改用其中之一", "use one of these")
    return DataProblem([Finding(code, "error", "explore", "", column, str(found), expected, todo)])
