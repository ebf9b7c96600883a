"""What an estimate of one year stands on with one foot: findings with the site or household, and a way out.

Nothing here changes a number. Records are taken as they are, and what is not known counts as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from eco.income.exposure import Exposure
from eco.income.sites import PLOTS, plots_on_ground
from eco.phrases import Phrase
from eco.problems import Finding, Level
from eco.space.zones import LEAST_COVERED

SHOWN = 100  # findings of one kind and table; the rest is counted
_FLOWERS = [f"forage_{name}_ha" for name in ("forest", "grass", "crop", "planted")]


def cautions(exposure: Exposure, year: int | None = None) -> list[Finding]:
    """Findings about an estimate of a year (default: the project's).

    E-EST-11: a site begins after the year and earns nothing in it. E-EST-12: the elevation raster knows less than half
    of a plot. E-EST-13: a yard reaches no flowers, or the land cover does not reach it. E-EST-14: recorded work asks
    more days than a household has, or one without a worker has any.
    """
    year = exposure.project.settings.default_year if year is None else year
    return [
        *_not_begun(exposure, year),
        *_uncovered(exposure),
        *_flowerless(exposure),
        *_overworked(exposure, year),
    ]


def _not_begun(exposure: Exposure, year: int) -> Iterable[Finding]:
    expected = Phrase(f"{year} 年已有的地点", f"a site that stands in {year}")
    todo = Phrase(
        "换一个年份，或更正造林、种植或起始年度；该年计 0 元",
        "choose another year, or correct the year it begins; it earns 0 yuan in this one",
    )
    for one in exposure.livelihoods:
        since = exposure.sites[one.name]["since"]
        late = since[since > year]
        found = [f"{first:.0f}" for first in late]
        yield from _told("E-EST-11", "note", one.site_table, late.index, "since", found, expected, todo)


def _uncovered(exposure: Exposure) -> Iterable[Finding]:
    expected = Phrase(
        "覆盖地块一半以上的高程栅格", "an elevation raster with a value on more than half of it"
    )
    todo = Phrase(
        "换用覆盖该地块的栅格，或核对地块位置；坡度坡向按未知计",
        "supply a raster that covers it, or check its place; slope and aspect count as unknown",
    )
    outside = (
        exposure.untold[exposure.untold["why"] == "outside"] if len(exposure.untold) else exposure.untold
    )
    for name in PLOTS:
        if len(outside) and (outside["table"] == name).any():
            table = exposure.project.tables[name]
            share = plots_on_ground(exposure.project, table)["covered_share"].fillna(0).to_numpy()
            bare = share < LEAST_COVERED
            found = [f"覆盖 {part:.0%} covered" for part in share[bare]]
            yield from _told(
                "E-EST-12", "doubt", name, table["plot_id"][bare], "geometry", found, expected, todo
            )


def _flowerless(exposure: Exposure) -> Iterable[Finding]:
    if "bees" not in exposure.sites or "land_cover" not in exposure.project.rasters:
        return
    yards = exposure.sites["bees"]
    known = yards["forage_known"] > 0
    bare = known & (yards[_FLOWERS].sum(axis=1) <= 0)
    expected = Phrase("采集半径内有蜜源", "flowers within the foraging radius")
    todo = Phrase(
        "核对蜂场坐标和土地覆盖，或迁场；现按无蜜计",
        "check its point and the land cover, or move it; it is taken to give no honey",
    )
    found = ["蜜源 0 公顷 / 0 ha of flowers"] * int(bare.sum())
    yield from _told("E-EST-13", "doubt", "apiaries", yards.index[bare], "geometry", found, expected, todo)
    if known.any():  # else the raster as a whole is too coarse, which is no yard's fault
        expected = Phrase(
            "覆盖蜂场周围一半以上的土地覆盖栅格", "a land cover of more than half of its circle"
        )
        todo = Phrase(
            "换用覆盖该蜂场的栅格，或核对坐标；蜜源按无法判断计",
            "supply a raster that covers it, or check its point; its flowers count as unknown",
        )
        found = ["无法判断 / cannot tell"] * int((~known).sum())
        yield from _told(
            "E-EST-13", "doubt", "apiaries", yards.index[~known], "geometry", found, expected, todo
        )


def _overworked(exposure: Exposure, year: int) -> Iterable[Finding]:
    rows = exposure.overbooked[exposure.overbooked["year"] == year]
    homes = exposure.project.households.set_index("household_id")
    workers = homes["workers"].reindex(rows["household_id"]).to_numpy()
    expected = Phrase("不多于该户空闲劳动日的登记用工", "recorded work within the household's free days")
    todo = Phrase(
        "核对劳动力、空闲天数和联结；登记的不削减",
        "check workers, free days and links; what is recorded is not cut",
    )
    found = [
        f"劳动力 {hands:g}，用工 {asked:.0f} 天，空闲 {free:.0f} 天 / "
        f"workers {hands:g}, {asked:.0f} days asked, {free:.0f} free"
        for hands, asked, free in zip(workers, rows["asked_days"], rows["free_days"])
    ]
    yield from _told(
        "E-EST-14", "doubt", "households", rows["household_id"], "workers", found, expected, todo
    )


def _told(
    code: str, level: Level, table: str, ids: Iterable, column: str, found: list[str], expected, todo
) -> list[Finding]:
    """One finding a site or household, and one that counts those beyond the first hundred."""
    names = np.asarray(pd.Index(ids), dtype=object)
    shown = [
        Finding(code, level, table, str(name), column, what, expected, todo)
        for name, what in zip(names[:SHOWN], found)
    ]
    if more := len(names) - len(shown):
        words = f"另有 {more:,} 处 / {more:,} more"
        shown.append(Finding(code, level, table, "", column, words, expected, todo))
    return shown
