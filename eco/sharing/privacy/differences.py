"""Two editions of one project laid beside each other: what their difference would tell of a single household.

A number that is safe on its own may not be beside last month's: if one household joined, the difference is that
household. `release(earlier=...)` forms an edition so that this cannot happen; here two finished ones are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.problems import Finding, Level
from eco.sharing.privacy.editions import FLOOR
from eco.sharing.privacy.groups import LEVELS

_LEAST_YUAN = 0.5
_COLUMNS = ("households", "persons", "gain_yuan_mean")
_TODO = Phrase(
    "把上一版一并交给 release(earlier=…)，或本期不发布该数",
    "hand the earlier estimate to release(earlier=...), or do not publish this number now",
)


class Told(Protocol):
    """What is compared of an edition: a `Release`."""

    @property
    def places(self) -> Mapping[str, pd.DataFrame]:
        """Places by level, indexed by code."""

    @property
    def years(self) -> Mapping[int, Mapping[str, pd.DataFrame]]:
        """Gains of other years by year and level."""


def changed_households(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Households whose own numbers changed, came or went, with the village they were or are in: for the bureau.

    Both frames are what `Gains.households` gives; columns household_id, village_code. Only recorded links count.
    """
    columns = ["village_code", "persons", "gain"]
    ours, theirs = (
        homes.assign(gain=homes["gain_yuan_mean"].where(homes["linked"].astype(bool), 0.0)).set_index(
            "household_id"
        )[columns]
        for homes in (before, after)
    )
    ids = ours.index.union(theirs.index)
    ours, theirs = ours.reindex(ids), theirs.reindex(ids)
    moved = ours["village_code"].fillna("") != theirs["village_code"].fillna("")
    moved |= ours["persons"].fillna(0) != theirs["persons"].fillna(0)
    moved |= (ours["gain"].fillna(0) - theirs["gain"].fillna(0)).abs() > _LEAST_YUAN
    parts = [one.loc[moved, "village_code"].dropna() for one in (ours, theirs)]
    return pd.concat(parts).rename("village_code").rename_axis("household_id").reset_index().drop_duplicates()


def differences(
    before: Told, after: Told, *, changed: pd.DataFrame | None = None, floor: int = FLOOR
) -> list[Finding]:
    """What a reader of both editions could learn of fewer than `floor` households, errors first.

    E-DIFF-01: a number of a place changed by what fewer than `floor` households could account for. Where `changed`
    (see `changed_households`) is given it is counted who changed, and 1 to floor - 1 are an error; else it is judged
    by the place's own mean, and is a doubt. E-DIFF-02: places hidden before are shown now (or the other way round),
    so that what rests hidden of the place above is a single one (an error), or fewer than before (a doubt).
    """
    findings: list[Finding] = []
    for level in LEVELS:
        ours, theirs = before.places[level], after.places[level]
        if changed is None:
            findings += _small_steps(ours, theirs, level, floor)
            for year in sorted(set(before.years) & set(after.years)):
                one = _with_size(before.years[year].get(level, pd.DataFrame()), ours)
                other = _with_size(after.years[year].get(level, pd.DataFrame()), theirs)
                findings += _small_steps(one, other, level, floor)
        else:
            findings += _few_changed(ours, theirs, level, changed, floor)
        findings += _uncovered(ours, theirs, level)
    return sorted(dict.fromkeys(findings), key=lambda one: one.level != "error")


def _with_size(year: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """A year's gains with the households of the edition's own year, which say how much one may be."""
    return year.assign(households=places["households"].reindex(year.index)) if len(year) else year


def _both(ours: pd.DataFrame, theirs: pd.DataFrame) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    """Column, and its numbers in both editions, of places that both tell."""
    for column in _COLUMNS:
        if column in ours and column in theirs:
            codes = ours.index[ours[column].notna()].intersection(theirs.index[theirs[column].notna()])
            yield column, ours.loc[codes, column].astype(float), theirs.loc[codes, column].astype(float)


def _small_steps(ours: pd.DataFrame, theirs: pd.DataFrame, level: str, floor: int) -> list[Finding]:
    """Changes that fewer than `floor` households of the place's mean could account for."""
    findings = []
    for column, one, other in _both(ours, theirs):
        a_home = np.maximum(*(_a_home(values, frame) for values, frame in ((one, ours), (other, theirs))))
        step = (other - one).abs()
        least = _LEAST_YUAN if column.startswith("gain") else 0
        for code in one.index[(step > least) & (step < floor * a_home)]:
            found = f"{one[code]:,.0f} → {other[code]:,.0f}"
            findings.append(_finding("E-DIFF-01", "doubt", level, code, column, found, floor))
    return findings


def _a_home(values: pd.Series, places: pd.DataFrame) -> pd.Series:
    """What a household of each place comes to in the mean."""
    homes = places["households"].astype(float).reindex(values.index)
    return values.abs() / homes.where(homes > 0)


def _few_changed(
    ours: pd.DataFrame, theirs: pd.DataFrame, level: str, changed: pd.DataFrame, floor: int
) -> list[Finding]:
    """Places told in both editions in which somebody's numbers changed, and fewer than `floor` households'."""
    size = {"county": 6, "township": 9, "village": 12}[level]
    code = changed["village_code"].str[:size] + ("000" if level == "township" else "")
    counts = changed.groupby(code)["household_id"].nunique()
    findings = []
    shown = ours.index[ours["shown"].eq(True)].intersection(theirs.index[theirs["shown"].eq(True)])
    for place in shown.intersection(counts.index[counts < floor]):
        findings.append(
            _finding("E-DIFF-01", "error", level, place, "gain_yuan_mean", f"{counts[place]} 户", floor)
        )
    return findings


def _uncovered(ours: pd.DataFrame, theirs: pd.DataFrame, level: str) -> list[Finding]:
    """Places above whose hidden parts changed, so that one edition's shown part uncovers the other's hidden one."""
    if "shown" not in ours or "shown" not in theirs:
        return []
    findings = []
    hidden = [set(frame.index[frame["shown"].eq(False)]) for frame in (ours, theirs)]
    for parent, rows in ours.groupby("parent"):
        one, other = (gone & set(rows.index) for gone in hidden)
        rest = one & other
        if one != other and one and other:
            kind: Level = "error" if len(rest) == 1 else "doubt"
            found = " ".join(sorted(one ^ other))
            expected = Phrase("两版隐去同样的地方", "the same places hidden in both editions")
            table, where = (
                {"county": "counties", "township": "townships", "village": "villages"}[level],
                str(parent),
            )
            findings.append(Finding("E-DIFF-02", kind, table, where, "shown", found, expected, _TODO))
    return findings


def _finding(code: str, kind: Level, level: str, place: str, column: str, found: str, floor: int) -> Finding:
    expected = Phrase(
        f"两版之间的变化至少出自 {floor} 户，或没有变化",
        f"a change between the editions that {floor} households or more stand behind, or none",
    )
    table = {"county": "counties", "township": "townships", "village": "villages"}[level]
    return Finding(code, kind, table, str(place), column, found, expected, _TODO)
