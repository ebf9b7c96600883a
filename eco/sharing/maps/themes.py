"""What the map can colour places and marks by: each theme stands on one column and is offered where that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eco.sharing.release import LEVELS, Release

CLASSES = 6


@dataclass(frozen=True)
class Theme:
    """One way to colour: the column shown, the ends of its interval, how it is read and where classes part.

    Its name, unit and sentence are the words map_theme_<key>, map_theme_<key>_unit and map_theme_<key>_says.
    `breaks` are fixed where the numbers have a meaning of their own; empty asks for classes of equal number, behind
    one of its own for 0 where `nothing`. `shown` names the column that says where it is told, if it has one of its
    own. `of_links`: whether it tells nothing of a household without a link.
    """

    key: str
    column: str
    kind: Literal["yuan", "share", "ratio", "mu"]
    ends: tuple[str, str] | tuple[()] = ()
    breaks: tuple[float, ...] = ()
    nothing: bool = False
    shown: str = ""
    of_links: bool = True


THEMES = (
    Theme("per_head", "gain_per_head_mean", "yuan", ("gain_per_head_p10", "gain_per_head_p90")),
    Theme("total", "gain_yuan_mean", "yuan", ("gain_yuan_p10", "gain_yuan_p90")),
    Theme("chance", "chance_above_line", "share"),
    Theme("one_off", "one_off_share", "share"),
    Theme("left_out", "left_out_share", "share", of_links=False),
    Theme("saturation", "saturation", "ratio", breaks=(0.5, 0.8, 1.0, 1.25, 2.0)),
    Theme("overlap", "overlap_mu", "mu", breaks=(0.0, 1.0, 10.0)),
)
PLAN_THEMES = (
    Theme("plan", "plan_cost_yuan", "yuan", nothing=True, shown="plan_shown", of_links=False),
    Theme("plan_times", "plan_times_share", "share", breaks=(0.0, 0.34, 0.67, 0.99), shown="plan_shown"),
    Theme("forage_yuan", "forage_yuan_per_hive", "yuan", nothing=True),
    Theme("forage_persons", "forage_persons_per_hive", "ratio", nothing=True),
)


def offered(told: Release) -> list[Theme]:
    """The themes whose column stands in the release, at any place or site."""
    frames = [*told.places.values(), *marks_of(told).values()]
    columns = {name for frame in frames for name in frame.columns}
    return [theme for theme in (*THEMES, *PLAN_THEMES) if theme.column in columns]


def themes_of(told: Release) -> list[dict[str, object]]:
    """The offered themes as the page reads them, with breaks by level that hold for all years and scenarios."""
    return [
        {
            "key": theme.key,
            "column": theme.column,
            "kind": theme.kind,
            "ends": list(theme.ends),
            "shown": theme.shown,
            "of_links": theme.of_links,
            "breaks": _breaks(told, theme),
        }
        for theme in offered(told)
    ]


def _breaks(told: Release, theme: Theme) -> dict[str, list[float]]:
    layers = {**{level: list(_everywhere(told, level)) for level in LEVELS}}
    layers |= {name: [frame] for name, frame in marks_of(told).items()}
    answer = {}
    for name, frames in layers.items():
        columns = [frame[theme.column] for frame in frames if theme.column in frame.columns]
        if columns:
            answer[name] = _parted(theme, columns)
    homes = told.households
    if homes is not None:
        values = household_values(homes, theme)
        if values is not None:
            answer["households"] = _parted(theme, [values])
    return answer


def marks_of(told: Release) -> dict[str, pd.DataFrame]:
    """All layers of points but the households: the sites, and a plan's yards."""
    yards = {} if told.plan_yards is None else {"plan_yards": told.plan_yards}
    return {**told.sites, **yards}


def _parted(theme: Theme, columns: list[pd.Series]) -> list[float]:
    classes = list(theme.breaks) or class_breaks(_numbers(columns))
    return [0.0, *classes] if theme.nothing else classes


def household_values(homes: pd.DataFrame, theme: Theme) -> pd.Series | None:
    """What a household is coloured by under a theme; None where the release does not say."""
    if theme.key == "per_head":
        return homes["gain_yuan_mean"] / homes["persons"].where(homes["persons"] > 0)
    column = "left_out" if theme.key == "left_out" else theme.column
    return homes[column].astype(float) if column in homes.columns else None


def _everywhere(told: Release, level: str) -> Iterator[pd.DataFrame]:
    """The frames of a level: of the release's year, of other years, of scenarios."""
    yield told.places[level]
    for by_level in (*told.years.values(), *(one.places for one in told.scenarios.values())):
        if level in by_level:
            yield by_level[level]


def _numbers(columns: list[pd.Series]) -> np.ndarray:
    return np.concatenate([column.to_numpy(dtype=float, na_value=np.nan) for column in columns])


def class_breaks(values: np.ndarray, classes: int = CLASSES) -> list[float]:
    """Inner bounds of `classes` classes with about the same number of positive values, two digits each.

    Fewer where values repeat; none where nothing is positive.

    >>> class_breaks(np.array([1.0, 2, 3, 4, 5, 6, np.nan, -9]), classes=3)
    [2.7, 4.3]
    """
    positive = values[np.isfinite(values) & (values > 0)]
    if len(positive) == 0:
        return []
    bounds = np.quantile(positive, np.arange(1, classes) / classes)
    digits = 1 - np.floor(np.log10(bounds)).astype(int)
    rounded = {round(float(bound), int(digit)) for bound, digit in zip(bounds, digits)}
    return sorted(bound for bound in rounded if positive.min() < bound < positive.max())
