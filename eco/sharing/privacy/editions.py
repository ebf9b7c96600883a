"""Who a paper is for: which columns of which layer it may carry, and how sharp its positions are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from eco.livelihoods import LIVELIHOODS as ALL_LIVELIHOODS
from eco.phrases import Phrase

FLOOR = 5  # households that must stand behind a published number
FLOOR_HEALTH = 10  # where the cause of poverty, and so an illness, is told
LIVELIHOODS = tuple(one.name for one in ALL_LIVELIHOODS)

# What the whole of a place comes to, and shares of it.
_PLACE = (
    *("name", "parent", "shown", "households", "persons"),
    *("gain_yuan_mean", "gain_yuan_p10", "gain_yuan_p90"),
    *("gain_per_head_mean", "gain_per_head_p10", "gain_per_head_p90", "basis"),
    *("one_off_share", "chance_above_line", "chance_above_line_without"),
    *("persons_left_out", "left_out_share", "saturation"),
    *("plan_shown", "plan_households", "plan_cost_yuan", "plan_hives", "plan_juncao_mu", "plan_forest_mu"),
    "plan_times_share",
)
_INSIDE = (
    *(f"{name}_yuan_mean" for name in LIVELIHOODS),
    *("persons_gaining_mean", "persons_gaining_p10", "persons_gaining_p90"),
    "plan_guard_posts",
)
_TOTALS = ("forest_mu", "juncao_mu_seasons", "hives")
_SITES = {
    "forest": ("x", "y", "mu", "species", "planted_year", "programme", "assumed", "overlap_mu"),
    "juncao": ("x", "y", "mu", "season", "use", "assumed", "overlap_mu"),
    "bees": ("x", "y", "hives", "colonies", "started_year", "in_programme", "assumed", "saturation"),
}
_PLAN_YARDS = ("x", "y", "forage_yuan_per_hive", "forage_persons_per_hive")
_COUNTY_ONLY = ("households_sharing", "outline")
_HOUSEHOLD = (
    *("id", "x", "y", "persons", "gain_yuan_mean", "gain_yuan_p10", "gain_yuan_p90", "basis"),
    *("chance_above_line", "one_off_share", "left_out"),
    *("plan_cost_yuan", "plan_hives", "plan_juncao_mu", "plan_forest_mu", "plan_guard_posts"),
)
_IDENTITY = (
    *("household_id", "village", "township", "head_name", "register_type", "main_cause"),
    *(f"{name}_yuan_mean" for name in LIVELIHOODS),
)
_FLOW = (
    *("code", "livelihood", "label_zh", "label_en", "income_class", "recurrent"),
    *("yuan_mean", "yuan_p10", "yuan_p90", "grade"),
)
_CAUSE = ("code", "main_cause", "label_zh", "label_en", "households", "persons", "gain_yuan_mean")
_TABLES = {"totals": ("mean", "p10", "p50", "p90"), "cause": _CAUSE}
_OFFICE = {
    "county": _PLACE + _INSIDE,
    "township": _PLACE + _INSIDE + _TOTALS,
    "village": _PLACE + _INSIDE,
    **{name: columns + _COUNTY_ONLY for name, columns in _SITES.items()},
    "plan_yards": (*_PLAN_YARDS, "room_colonies", "plan_hives"),
    **{f"flows_{level}": _FLOW for level in ("county", "township", "village")},
    **_TABLES,
}


@dataclass(frozen=True)
class Edition:
    """Who a paper is for: which columns of which layer it may carry, and how sharp its positions are.

    `columns` maps a layer to its allow-list; a layer that is not named does not exist in the edition.
    `decimals` are those of a degree kept in the file, `grid_m` the grid of metres points are snapped to.
    """

    name: str
    label: Phrase
    decimals: int
    grid_m: float
    columns: Mapping[str, tuple[str, ...]]

    def allow(self, frame: pd.DataFrame, layer: str) -> pd.DataFrame:
        """Only the columns of `layer` this edition may carry; KeyError where it has no such layer."""
        return frame[[name for name in self.columns[layer] if name in frame.columns]]


EDITIONS: dict[str, Edition] = {
    edition.name: edition
    for edition in (
        Edition(
            "county",
            Phrase("县级版", "county edition"),
            decimals=5,
            grid_m=1.0,
            columns={**_OFFICE, "household": _HOUSEHOLD},
        ),
        Edition(
            "public",
            Phrase("公开版", "public edition"),
            decimals=3,
            grid_m=100.0,
            columns={
                "county": _PLACE,
                "township": _PLACE + _TOTALS,
                "village": _PLACE,
                **_SITES,
                "plan_yards": _PLAN_YARDS,
                **_TABLES,
            },
        ),
        # Everything of a household: only ever inside an encrypted page.
        Edition(
            "household",
            Phrase("农户版（加密）", "household edition (encrypted)"),
            decimals=6,
            grid_m=1.0,
            columns={**_OFFICE, "household": _HOUSEHOLD + _IDENTITY},
        ),
    )
}


def edition_named(name: str) -> Edition:
    """The edition of a name; ValueError names the known ones."""
    if name not in EDITIONS:
        known = ", ".join(EDITIONS)
        raise ValueError(f"没有版本 {name!r}，可用：{known} / no edition {name!r}; known: {known}")
    return EDITIONS[name]
