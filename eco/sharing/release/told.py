"""What a release is made of: values that every paper takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from eco.phrases import Phrase
from eco.sharing.privacy.editions import Edition

LEVELS = ("county", "township", "village")
BASES = ("none", "inferred", "mostly_inferred", "mostly_recorded", "recorded")


@dataclass(frozen=True)
class Sheet:
    """What stands around every paper: its title, whom it is for, the stamp, the small print."""

    project: str
    title: str
    heading: str
    label: str
    stamp: str
    watermark: str  # printed across the sheet; empty where nothing is
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """Another estimate of the same places: what it supposes, and its numbers by level, indexed by code."""

    label: Phrase
    places: Mapping[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Release:
    """All that one edition may say, of one year, in one language.

    `places`: by level, a row a place: indexed by code, with name, parent (the code above), shown (None where there
    is nothing to show), the numbers the edition allows (NaN where hidden) and its outline, EPSG:4544.
    `sites`: by livelihood, a row a site with x and y in metres (EPSG:4544) and, where allowed, its outline.
    `households`: a row a household under its pseudonym; None where the edition has none.
    `years`: the gains of other years by year and level, indexed by code; `scenarios` the same of other estimates
    of the edition's year. `flows`: by level, yuan a year by place and flow (code, livelihood, label_zh, label_en,
    income_class, recurrent, yuan_mean, yuan_p10, yuan_p90, grade: the worst grade of the numbers it hangs on).
    `totals`: a row a measure over the whole file, columns mean, p10, p50, p90; None where too few stand behind it.
    `plan_yards`: of a plan, a row a place where hives are offered: x, y, forage_yuan_per_hive or
    forage_persons_per_hive (what flowers for one more hive would bring there), and what else the edition allows.
    `causes`: code ("" for the whole file), main_cause, label_zh, label_en, households, persons, gain_yuan_mean; what
    is too small to tell is in the row of main_cause "rest". `drivers`: what the answer hangs on (`eco.drivers`).
    `sources`: a row a number used: name, label_zh, label_en, unit, low, mode, high, grade, kind, title, url, date.
    """

    edition: Edition
    lang: str
    year: int
    sheet: Sheet
    places: Mapping[str, gpd.GeoDataFrame]
    sites: Mapping[str, pd.DataFrame]
    households: pd.DataFrame | None
    years: Mapping[int, Mapping[str, pd.DataFrame]] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    flows: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    totals: pd.DataFrame | None = None
    causes: pd.DataFrame | None = None
    drivers: pd.DataFrame | None = None
    sources: pd.DataFrame | None = None
    plan_yards: pd.DataFrame | None = None
