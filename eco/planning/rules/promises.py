"""What was promised to households, one by one or in an earlier plan's file, is kept."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from eco.phrases import Phrase
from eco.planning.options import PARTS, Options
from eco.planning.rows import Rows
from eco.planning.rules.faults import fault, parts, texts, unknown
from eco.planning.rules.wording import amount, plain
from eco.problems import DataProblem, Finding
from eco.records.encodings import read_encoding

PROMISED = ("household_id", "livelihood", "units", "year")  # what of a plan's table is a promise
_ABOVE_0 = Phrase("大于 0 的数", "a number above 0")
_YEAR = Phrase("年份，或不写", "a calendar year, or none")
_CORRECT = Phrase("更正此数", "correct the number")
_PLAN_FILE = Phrase("eco plan 写出的 plan.csv", "a plan.csv as eco plan writes it")
_CHECK_FILE = Phrase("检查文件，或另存为 CSV UTF-8", "check the file, or save it again as CSV UTF-8")
_PROMISE_LESS = Phrase("减少承诺，或增加可选项", "promise less, or offer more")
_SAME = 1e-9  # units are whole lots: a decimal loses less than this


@dataclass(frozen=True)
class LockedIn:
    """Promised: a household gets at least so many units of a livelihood.

    One promise, or lists with one entry a promise. `livelihood` is bees (hives), juncao (mu), forest (mu) or guard
    (posts; also forest_guard); with `year` (calendar) it begins in that year or before. Raises DataProblem where a
    number cannot be meant (E-PLAN-21), and as rows where a household has no offers (E-PLAN-22) or none so large
    (E-PLAN-26).
    """

    household_id: str | Sequence[str]
    livelihood: str | Sequence[str]
    units: float | Sequence[float]
    year: int | Sequence[int | None] | None = None

    def __post_init__(self) -> None:
        for name in ("household_id", "livelihood", "units", "year"):
            object.__setattr__(self, name, _kept_as(getattr(self, name)))
        told = self.promises
        year = told["year"].to_numpy(float)
        wrong = [
            *_told_wrong(told, "units", ~(np.isfinite(told["units"]) & (told["units"] > 0)), _ABOVE_0),
            *_told_wrong(told, "year", np.isinf(year) | (year % 1 > 0), _YEAR),
        ]
        if wrong:
            raise DataProblem(wrong)

    @classmethod
    def of_plan(cls, chosen: pd.DataFrame) -> LockedIn:
        """All that a plan gives, as its table `chosen` says, each from its year on."""
        told = (tuple(chosen[name].tolist()) for name in PROMISED)
        return cls(*told)

    @classmethod
    def of_file(cls, path: str | Path) -> LockedIn:
        """All that an earlier plan gives, from its plan.csv. Raises DataProblem (E-PLAN-27) where that is none."""
        return cls.of_plan(_plan_table(Path(path)))

    @property
    def promises(self) -> pd.DataFrame:
        """One row a promise: household_id, part, units, year (NaN: any)."""
        household = texts(self.household_id)
        named = parts(_each(self.livelihood, household, of="livelihood"), of="LockedIn.livelihood")
        units = _numbers(_each(self.units, household, of="units"), of="units")
        year = _numbers(_each(self.year, household, of="year"), of="year")
        return pd.DataFrame(
            {
                "household_id": np.array(household, object),
                "part": np.array(named, object),
                "units": units,
                "year": year,
            }
        )

    def keeping(self, options: Options) -> pd.DataFrame:
        """Which bundles would keep each promise: `promise` (its position) and `bundle`, in order."""
        told = self.promises.reset_index(names="promise")
        offers = options.bundles[["household_id", "start", *PARTS.values()]].reset_index(drop=True)
        offers = offers.reset_index(names="bundle")
        both = told.merge(offers, on="household_id")
        given = np.select([both["part"] == part for part in PARTS], [both[name] for name in PARTS.values()])
        # What was to begin before this plan does begins at once.
        late = both["start"] > (both["year"] - options.first_year).clip(lower=0)
        kept = both[(given >= both["units"] - _SAME) & ~late]
        return kept[["promise", "bundle"]].sort_values(["promise", "bundle"], ignore_index=True)

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row a promise: sum of the household's bundles that would keep it >= 1."""
        told, keeping = self.promises, self.keeping(options)
        unkept = ~told.index.isin(keeping["promise"])
        if unkept.any():
            raise DataProblem(_not_offered(told[unkept], options))
        at = (keeping["promise"].to_numpy(int), keeping["bundle"].to_numpy(int))
        matrix = csr_array((np.ones(len(keeping)), at), shape=(len(told), options.columns))
        return Rows.of(options, matrix, low=1.0, labels=sentences(told), unit="households")

    @property
    def said(self) -> Phrase:
        """The promise, or how many there are, as a sentence."""
        told = self.promises
        if len(told) == 1:
            return sentences(told)[0]
        return Phrase(f"已承诺的 {len(told)} 项都兑现", f"all {len(told)} promises are kept")


def sentences(promises: pd.DataFrame) -> list[Phrase]:
    """Every promise as a sentence."""
    said = []
    for household, part, units in zip(promises["household_id"], promises["part"], promises["units"]):
        told = amount(part, units)
        said.append(Phrase(f"{household} 至少得到 {told.zh}", f"{household} gets at least {told.en}"))
    return said


def _kept_as(told: Any) -> Any:
    """One value as it is, several as a tuple: what is frozen can be hashed, and compared."""
    return tuple(told) if isinstance(told, Iterable) and not isinstance(told, str) else told


def _each(told: object, household: Sequence[str], *, of: str) -> tuple:
    """What is told for every promise; one value stands for all."""
    if not isinstance(told, tuple):
        return (told,) * len(household)
    if len(told) != len(household):
        expected = Phrase(f"{len(household)} 项", f"{len(household)} entries")
        raise DataProblem([fault("E-PLAN-21", f"LockedIn.{of}", len(told), expected, todo=_CORRECT)])
    return told


def _numbers(told: Iterable, *, of: str) -> np.ndarray:
    """Numbers, NaN for what is empty."""
    try:
        return np.array([np.nan if one is None or one == "" else one for one in told], float)
    except (TypeError, ValueError) as error:
        expected = _ABOVE_0 if of == "units" else _YEAR
        raise DataProblem([fault("E-PLAN-21", f"LockedIn.{of}", error, expected, todo=_CORRECT)]) from None


def _told_wrong(told: pd.DataFrame, column: str, wrong: Iterable, expected: Phrase) -> list[Finding]:
    rows = told[np.asarray(wrong, bool)]
    return [
        fault("E-PLAN-21", f"LockedIn.{column}", value, expected, todo=_CORRECT, where=household)
        for household, value in zip(rows["household_id"], rows[column])
    ]


def _not_offered(unkept: pd.DataFrame, options: Options) -> list[Finding]:
    """Promises that no bundle keeps: nobody knows the household, or nothing it is offered is as large or as early."""
    bundles, findings = options.bundles, []
    known = set(bundles["household_id"])
    for one in unkept.itertuples():
        if one.household_id not in known:
            findings.extend(unknown([one.household_id], known, of="LockedIn.household_id"))
            continue
        in_time = ~(bundles["start"] > max(one.year - options.first_year, 0))
        here = (bundles["household_id"] == one.household_id) & in_time
        most = amount(one.part, bundles.loc[here, PARTS[one.part]].max() if here.any() else 0)
        expected = Phrase(f"不超过届时可选的 {most.zh}", f"no more than what is offered by then: {most.en}")
        found = f"{one.part} {plain(one.units)}" + ("" if np.isnan(one.year) else f" ({one.year:.0f})")
        where = str(one.household_id)
        findings.append(
            fault("E-PLAN-26", "LockedIn.units", found, expected, todo=_PROMISE_LESS, where=where)
        )
    return findings


def _plan_table(path: Path) -> pd.DataFrame:
    """The promises of a plan.csv."""
    if not path.is_file():
        raise DataProblem([_no_plan(path, "没有此文件 / no such file")])
    data = path.read_bytes()
    reading = read_encoding(data)
    if reading is None:
        raise DataProblem([_no_plan(path, "读不出的字节 / bytes that are no text")])
    try:
        table = pd.read_csv(
            io.StringIO(data.decode(reading.encoding)),
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
        )
    except ValueError as error:  # pandas tells a broken CSV as one
        raise DataProblem([_no_plan(path, str(error))]) from None
    table = table.rename(columns=lambda name: name.strip().lstrip("\ufeff"))
    missing = [name for name in PROMISED if name not in table]
    if missing:
        raise DataProblem([_no_plan(path, f"无此列 / no column {', '.join(missing)}")])
    for name in ("units", "year"):
        numbers = pd.to_numeric(table[name], errors="coerce")
        wrong = np.flatnonzero(numbers.isna() & (table[name].str.strip() != ""))
        if len(wrong):
            raise DataProblem(
                [_no_plan(path, f"{name}={table[name].iloc[at]}", row=at + 2) for at in wrong.tolist()]
            )
        table[name] = numbers
    return table[list(PROMISED)]


def _no_plan(path: Path, found: str, *, row: int = 0) -> Finding:
    where = f"第{row}行 row {row}" if row else ""
    return Finding("E-PLAN-27", "error", path.name, where, "", found, _PLAN_FILE, _CHECK_FILE, row=row)
