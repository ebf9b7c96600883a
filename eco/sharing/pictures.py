"""Static pictures of an edition, PNG and SVG: map, gain by county, over the years, three accounts, drivers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from eco.files import whole_file
from eco.phrases import word
from eco.sharing.atlas import draw_map
from eco.sharing.ink import INK, QUIET, RULE, blank, drawn, ink, line_of
from eco.sharing.release import Release
from eco.sharing.styles import DOT, HIDDEN, LOSS, LOSS_LINE, RAMPS
from eco.units import YUAN_PER_WAN

_BLUE, _PALE = RAMPS["per_head"][3], RAMPS["per_head"][1]
_MOST_BARS, _MOST_PANELS, _MOST_DRIVERS = 20, 12, 10
_BOX = (0.16, 0.17, 0.79, 0.66)
ACCOUNTS = {
    "report_gross": "gross_receipts_yuan",
    "report_register": "gain_yuan",
    "report_economic": "gain_economic_yuan",
}
_GUESS = "judgement"


def write_pictures(folder: Path | str, told: Release) -> list[Path]:
    """Write what the release can be drawn as into `folder`, each picture as PNG (200 dpi) and SVG; their paths.

    map, then, where the release holds the numbers, gain_by_place, gain_by_year, accounts, drivers. Text in the SVG is
    text. The same release gives the same bytes on the same machine; no picture says when or by what it was drawn.
    DataProblem for a sign that no type of this machine has; then, as on a full disk, nothing half is left.
    """
    contents: dict[str, bytes] = {}
    with ink(told.edition.name):
        for name, figure in _figures(told):
            for suffix, content in drawn(figure, title=told.sheet.title).items():
                contents[name + suffix] = content
    paths = []
    for name, content in contents.items():
        path = Path(folder) / name
        with whole_file(path) as draft:
            draft.write_bytes(content)
        paths.append(path)
    return paths


def _figures(told: Release) -> Iterator[tuple[str, Figure]]:
    yield "map", draw_map(told)
    for name, draw in (
        ("gain_by_place", draw_places),
        ("gain_by_year", draw_years),
        ("accounts", draw_accounts),
        ("drivers", draw_drivers),
    ):
        figure = draw(told)
        if figure is not None:
            yield name, figure


def _sheet(told: Release, key: str, **values: object) -> Figure:
    """A sheet under the picture's title, with what it says and when it was made."""
    title = word(f"picture_{key}", told.lang).format(year=told.year, **values)
    # One line is enough on a chart: the map carries all of the small print.
    made = [note for note in told.sheet.notes if note.startswith(word("sheet_made_on", told.lang))]
    mark = "；" if told.lang == "zh" else "; "
    said = word(f"picture_{key}_note", told.lang)
    return blank(told.sheet, title, notes=[f"{said}{mark if made else ''}{mark.join(made)}"])


def places_level(told: Release) -> str:
    """Counties where there are several, else townships."""
    return "county" if len(told.places["county"]) > 1 else "township"


def _interval_bars(axes: Axes, mean: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Bars from 0 with their P10 to P90, the first on top; what is not known has none."""
    rows = np.arange(len(mean))
    for these, fill, hatch in ((mean >= 0, _BLUE, None), (mean < 0, LOSS, "////")):
        axes.barh(
            rows[these], mean[these], height=0.56, fc=fill, lw=0, hatch=hatch, hatchcolor=LOSS_LINE, zorder=2
        )
    known = np.isfinite(mean)
    axes.hlines(rows[known], low[known], high[known], color=INK, lw=1.1, zorder=3)
    for end in (low, high):
        axes.plot(end[known], rows[known], "|", color=INK, ms=7, mew=1.1, zorder=3)
    axes.axvline(0, color=QUIET, lw=0.8, zorder=1)
    axes.set_yticks(rows)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}".replace("-", "\u2212"))
    axes.grid(axis="x", color=RULE, lw=0.6, zorder=0)
    axes.set_axisbelow(True)


def draw_places(told: Release) -> Figure | None:
    """Gain by county (townships where there is one county only) with P10 to P90; None without numbers."""
    level = places_level(told)
    frame = told.places[level]
    if "gain_yuan_mean" not in frame or frame["gain_yuan_mean"].isna().all():
        return None
    order = frame.sort_values("gain_yuan_mean", ascending=False, kind="stable", na_position="last")
    order = order.head(_MOST_BARS)
    figure = _sheet(told, f"places_{level}")
    axes = figure.add_axes(_BOX)
    mean, low, high = (
        order[f"gain_yuan_{end}"].to_numpy(float) / YUAN_PER_WAN for end in ("mean", "p10", "p90")
    )
    _interval_bars(axes, mean, low, high)
    axes.set_yticklabels([line_of(name, 14) for name in order["name"]])
    axes.set_xlabel(word("picture_wan", told.lang))
    for row in np.flatnonzero(np.isnan(mean)):
        state = order["shown"].iloc[row]
        hidden = state is not None and state == 0
        said = word("map_hidden" if hidden else "map_no_data", told.lang)
        axes.text(0, int(row), f" {said}", va="center", fontsize=7.5, color=QUIET)
        if hidden:
            span = np.diff(axes.get_xlim())[0]
            axes.barh(
                row, span / 40, left=-span / 40, height=0.56, fc=HIDDEN, hatchcolor=DOT, hatch="....", lw=0
            )
    _key(figure, told.lang)
    return figure


def _key(figure: Figure, lang: str, *, band: bool = False) -> None:
    """What a bar or line is, and what stands round it."""
    handles = [
        Patch(fc=_BLUE, label=word("picture_mean", lang)),
        Patch(fc=_PALE, label=word("picture_interval", lang))
        if band
        else Line2D([], [], color=INK, lw=1.1, marker="|", ms=6, label=word("picture_interval", lang)),
    ]
    figure.legend(
        handles=handles, loc="upper right", bbox_to_anchor=(0.965, 0.9), ncols=2, frameon=False, fontsize=8,
        handlelength=1.2, handleheight=0.5,
    )  # fmt: skip


def years_of(told: Release, level: str) -> pd.DataFrame:
    """Gains of every year told, the edition's own among them: code, year, mean, p10, p90 in yuan."""
    frames = {year: by_level[level] for year, by_level in told.years.items() if level in by_level}
    if "gain_yuan_mean" in told.places[level]:
        frames[told.year] = told.places[level]
    ends = {f"gain_yuan_{end}": end for end in ("mean", "p10", "p90")}
    parts = [
        frame[list(ends)].rename(columns=ends).assign(year=year, code=frame.index)
        for year, frame in sorted(frames.items())
        if set(ends) <= set(frame.columns)
    ]
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else pd.DataFrame(columns=["code", "year"])


def draw_years(told: Release) -> Figure | None:
    """Gain of each county over the years with its band; None where fewer than two years are told.

    The ends of counties' intervals do not add up, so every county has its own panel on the common scale.
    """
    level = "county"
    table = years_of(told, level)
    if table.empty or table["mean"].isna().all():
        return None
    codes = list(told.places[level].index[:_MOST_PANELS])
    across = min(4, len(codes))
    down = -(-len(codes) // across)
    figure = _sheet(told, "years")
    spots = figure.subplots(
        down, across, sharex=True, sharey=True, squeeze=False,
        gridspec_kw={"left": 0.085, "right": 0.965, "bottom": 0.17, "top": 0.8, "hspace": 0.38, "wspace": 0.12},
    )  # fmt: skip
    for axes, code in zip(spots.flat, codes):
        own = table[table["code"] == code]
        years, mean, low, high = (own[name].to_numpy(float) for name in ("year", "mean", "p10", "p90"))
        axes.fill_between(years, low / YUAN_PER_WAN, high / YUAN_PER_WAN, color=_PALE, lw=0, zorder=1)
        axes.plot(years, mean / YUAN_PER_WAN, "-o", color=_BLUE, ms=3.5, lw=1.6, zorder=3)
        axes.axhline(0, color=QUIET, lw=0.8, zorder=2)
        axes.set_title(line_of(told.places[level].loc[code, "name"], 16), fontsize=9, color=INK, pad=4)
        axes.grid(axis="y", color=RULE, lw=0.6)
        axes.set_xticks(sorted(set(table["year"])))
        axes.tick_params(axis="x", labelsize=7, labelbottom=True)
        axes.tick_params(axis="y", length=0)
        axes.yaxis.label.set_visible(False)
        if np.isnan(mean).any():
            axes.text(0.5, 0.06, word("map_hidden", told.lang), transform=axes.transAxes, ha="center",
                      fontsize=7, color=QUIET)  # fmt: skip
    for axes in list(spots.flat)[len(codes) :]:
        axes.remove()
    figure.text(0.035, 0.83, word("picture_wan", told.lang), fontsize=8, color=QUIET)
    _key(figure, told.lang, band=True)
    return figure


def draw_accounts(told: Release) -> Figure | None:
    """The three accounts of the year beside each other; None unless the release tells all of them."""
    if told.totals is None or not set(ACCOUNTS.values()) <= set(told.totals.index):
        return None
    rows = told.totals.loc[list(ACCOUNTS.values())]
    figure = _sheet(told, "accounts")
    axes = figure.add_axes((0.22, 0.2, 0.73, 0.58))
    mean, low, high = (rows[end].to_numpy(float) / YUAN_PER_WAN for end in ("mean", "p10", "p90"))
    _interval_bars(axes, mean, low, high)
    axes.set_yticklabels([word(key, told.lang) for key in ACCOUNTS])
    axes.set_xlabel(word("picture_wan", told.lang))
    for row, value in enumerate(mean):
        axes.text(
            value,
            row - 0.42,
            f"{value:,.1f}".replace("-", "\u2212"),
            ha="center",
            va="bottom",
            fontsize=8.5,
            color=INK,
        )
    _key(figure, told.lang)
    return figure


def drivers_shown(told: Release, most: int = _MOST_DRIVERS) -> pd.DataFrame:
    """The numbers that stand out from noise, the heaviest first; empty where none is told."""
    if told.drivers is None or told.drivers.empty:
        return pd.DataFrame(columns=["parameter", "share"])
    rows = told.drivers[told.drivers["share"] > 0].drop_duplicates("parameter")
    return rows.nlargest(most, "share", keep="first")


def draw_drivers(told: Release) -> Figure | None:
    """What the answer hangs on by share of the spread, judgements hatched; None where nothing stands out."""
    rows = drivers_shown(told)
    if rows.empty:
        return None
    figure = _sheet(told, "drivers")
    axes = figure.add_axes((0.36, 0.17, 0.58, 0.66))
    places = np.arange(len(rows))
    guessed = rows["kind"].eq(_GUESS).to_numpy()
    for these, fill, hatch in ((guessed, LOSS, "////"), (~guessed, _BLUE, None)):
        axes.barh(
            places[these], rows["share"].to_numpy(float)[these], height=0.6, fc=fill, lw=0, hatch=hatch,
            hatchcolor=LOSS_LINE, zorder=2,
        )  # fmt: skip
    for place, (share, grade) in enumerate(zip(rows["share"], rows["grade"])):
        axes.text(share, place, f"  {share:.0%} · {grade}", va="center", fontsize=8, color=INK)
    axes.set_yticks(places, [line_of(label, 44) for label in rows[f"label_{told.lang}"]])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, float(rows["share"].max()) * 1.18)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(axis="x", color=RULE, lw=0.6, zorder=0)
    axes.set_axisbelow(True)
    axes.set_xlabel(word("report_share", told.lang))
    handles = [
        Patch(fc=LOSS, hatchcolor=LOSS_LINE, hatch="////", lw=0, label=word("source_judgement", told.lang))
    ]
    handles.append(Patch(fc=_BLUE, label=word("picture_sourced", told.lang)))
    figure.legend(
        handles=handles, loc="upper right", bbox_to_anchor=(0.965, 0.9), ncols=2, frameon=False, fontsize=8
    )
    return figure
