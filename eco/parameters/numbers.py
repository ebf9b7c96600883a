"""Every number of the model with unit, range, source and grade; overriding one needs a source.

Low and high are the smallest and largest believable value. `shape` says how a number is drawn:
`pert` (beta on low, mode, high), `triangular`, `event` (0 or 1, with the chance another number gives) or
`chosen` (always its mode: legal units, schedules and rules are never drawn). `varies` says who shares a draw:
all `together`, each `county`, each `site`, or each `household`. `persistence` says how much a year keeps of the
year before: 1 the same in all years (what nobody knows), 0 anew each year (weather), between them a correlation.
`partner` and `correlation` tie a number to another one. Both are judgement (grade D) where the note names no source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

import pandas as pd

from eco.files import sha256
from eco.parameters.overrides import override_rows
from eco.phrases import Phrase, neighbours
from eco.problems import DataProblem, Finding
from eco.records.showing import said_html, shown

Shape = Literal["pert", "triangular", "event", "chosen"]
Varies = Literal["together", "county", "site", "household"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
VARIES: tuple[Varies, ...] = get_args(Varies)
# Columns a county's file may have besides: how a number is drawn.
_HOW_COLUMNS = {"shape": str, "varies": str, "persistence": float, "with": str, "correlation": float}


@dataclass(frozen=True)
class Source:
    """Where a number comes from. `kind` is paper, press, web, judgement or override."""

    kind: str
    grade: str
    title: str
    url: str = ""
    date: str = ""


@dataclass(frozen=True)
class Number:
    """One number of the model, complete with unit, range and source."""

    name: str
    label: Phrase
    unit: str
    low: float
    mode: float
    high: float
    shape: Shape
    varies: Varies
    source: Source
    chance: str = ""  # for an event: the number that gives its probability
    note: str = ""
    persistence: float = 1.0  # correlation of a year's normal score with that of the year before
    partner: str = ""  # the number it goes with
    correlation: float = 0.0  # of its normal score with that of its partner
    least: float = 0.0  # below it the number makes no sense
    most: float = math.inf  # above it, too; a share or a chance ends at 1

    def __post_init__(self):
        if findings := _faults_of(self):
            raise DataProblem(findings)

    @property
    def drawn(self) -> bool:
        """Whether worlds differ in this number."""
        return self.shape != "chosen" and self.low < self.high

    @property
    def mean(self) -> float:
        """Expected value over worlds; of an event its mode, since its chance is another number."""
        weight = {"pert": 4, "triangular": 1}.get(self.shape)
        if weight is None or not self.drawn:
            return self.mode
        return (self.low + weight * self.mode + self.high) / (weight + 2)

    def _repr_html_(self) -> str:
        span = f"{self.low:g} – <b>{self.mode:g}</b> – {self.high:g} {escape(self.unit)}"
        source = " · ".join(filter(None, (self.source.kind, self.source.grade, self.source.title)))
        return (
            f'<p>{escape(self.label.zh)} <small style="color:#666">{escape(self.label.en)}</small>: {span}'
            f"<br><small>{escape(self.name)} · {escape(source)}</small></p>"
        )


@dataclass(frozen=True)
class Numbers:
    """All numbers by name, and the poverty lines by series and year."""

    values: Mapping[str, Number]
    lines: pd.DataFrame  # series, year, yuan_per_person, source, grade
    inputs: Mapping[str, str] = field(default_factory=dict)  # file of overrides -> sha256

    def __post_init__(self):
        findings = [f for number in self.values.values() for f in _faults_among(number, self.values)]
        if findings:
            raise DataProblem(findings)

    def __getitem__(self, name: str) -> Number:
        if name not in self.values:
            raise DataProblem([_unknown(name, self.values, "parameters")])
        return self.values[name]

    def __iter__(self):
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def replace(
        self,
        name: str,
        *,
        source: str,
        low: float | None = None,
        mode: float | None = None,
        high: float | None = None,
        **how,
    ) -> Numbers:
        """The same numbers with one overridden; `source` says on whose word.

        Give `mode` alone to fix the number at one value. `how` may say shape, varies, persistence, partner and
        correlation anew. Raises DataProblem for an unknown name, an empty source, low > high, or a value that
        makes no sense.
        """
        old = self[name]
        if not source.strip():
            raise DataProblem([_unsourced(name)])
        if mode is not None and low is None and high is None:
            low = high = mode
        new = replace(
            old,
            low=old.low if low is None else low,
            mode=old.mode if mode is None else mode,
            high=old.high if high is None else high,
            source=Source("override", "", source),
            **how,
        )
        return replace(self, values=MappingProxyType({**self.values, name: new}))

    def scaled(self, name: str, factor: float, *, source: str) -> Numbers:
        """The same numbers with low, mode and high of one multiplied by `factor`."""
        old = self[name]
        return self.replace(
            name, low=old.low * factor, mode=old.mode * factor, high=old.high * factor, source=source
        )

    def line(self, year: int, *, series: str) -> float | None:
        """The poverty line of a series in a year, yuan per person; None where none is known."""
        known = self.lines[(self.lines["series"] == series) & (self.lines["year"] == year)]
        if series not in set(self.lines["series"]):
            raise DataProblem([_unknown(series, self.lines["series"].unique(), "lines")])
        return None if known.empty else float(known["yuan_per_person"].iloc[0])

    def table(self) -> pd.DataFrame:
        """One row a number: name, label, unit, low, mode, high, shape, varies, persistence, kind, grade, source."""
        return pd.DataFrame(
            [
                {
                    "name": n.name,
                    "label_zh": n.label.zh,
                    "label_en": n.label.en,
                    "unit": n.unit,
                    "low": n.low,
                    "mode": n.mode,
                    "high": n.high,
                    "shape": n.shape,
                    "varies": n.varies,
                    "persistence": n.persistence,
                    "with": n.partner,
                    "correlation": n.correlation,
                    "kind": n.source.kind,
                    "grade": n.source.grade,
                    "source": n.source.title,
                    "note": n.note,
                }
                for n in self.values.values()
            ]
        )

    def __repr__(self) -> str:
        kinds = pd.Series([n.source.kind for n in self.values.values()]).value_counts()
        return f"Numbers({len(self)}: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()) + ")"

    def _repr_html_(self) -> str:
        table = self.table().rename(columns={"name": "parameter"}).drop(columns=["note", "persistence"])
        kinds = [number.source.kind for number in self.values.values()]
        told = {kind: kinds.count(kind) for kind in ("judgement", "override")}
        return (
            said_html("shown_numbers", count=len(self), **told) + shown(table, rows=len(self))._repr_html_()
        )


def load_parameters(path: str | Path | None = None, *, upon: Numbers | None = None) -> Numbers:
    """The numbers of the house (or those it stands `upon`), with the overrides of a `parameters.csv` on top.

    The file has the columns name, low, mode, high, source, note; every row needs a source. Raises
    DataProblem with all faults at once.
    """
    numbers = upon or _own_numbers()
    if path is None:
        return numbers
    numbers = _overridden(numbers, Path(path))
    return replace(numbers, inputs={**numbers.inputs, Path(path).name: sha256(path)})


def _own_numbers() -> Numbers:
    folder = files("eco.parameters")
    sources = {
        row["source"]: Source(row["kind"], row["grade"], row["title"], row["url"], row["date"])
        for row in _rows(folder / "sources.csv")
    }
    values, findings = {}, []
    for position, row in enumerate(_rows(folder / "values.csv"), start=2):
        try:
            values[row["name"]] = _number(row, sources)
        except DataProblem as problem:
            findings.extend(_at_row(problem, "values.csv", position))
    if findings:
        raise DataProblem(findings)
    with (folder / "lines.csv").open("rb") as file:
        lines = pd.read_csv(file)
    return Numbers(MappingProxyType(values), lines)


def _number(row: dict[str, str], sources: Mapping[str, Source]) -> Number:
    return Number(
        name=row["name"],
        label=Phrase(row["label_zh"], row["label_en"]),
        unit=row["unit"],
        low=float(row["low"]),
        mode=float(row["mode"]),
        high=float(row["high"]),
        shape=row["shape"],  # type: ignore[arg-type]  # told by _faults_of
        varies=row["varies"],  # type: ignore[arg-type]
        source=sources[row["source"]],
        chance=row["chance"],
        note=row["note"],
        # An event comes anew each year unless told; what nobody knows stays unknown in all years.
        persistence=float(row["persistence"] or row["shape"] != "event"),
        partner=row["with"],
        correlation=float(row["correlation"] or 0),
        least=float(row["least"] or 0),
        most=float(row["most"] or (1 if _is_share(row["unit"]) else math.inf)),
    )


def _is_share(unit: str) -> bool:
    return unit.startswith("fraction") or unit in _CHANCE_UNITS


def _at_row(problem: DataProblem, table: str, position: int) -> list[Finding]:
    where = f"第{position}行 row {position}"
    return [replace(finding, table=table, where=where) for finding in problem.findings]


def _rows(path) -> list[dict]:
    with path.open("rb") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False).fillna("").to_dict("records")


def _overridden(numbers: Numbers, path: Path) -> Numbers:
    findings = []
    for line, row in override_rows(path):
        try:
            bounds = {key: float(row[key]) for key in ("low", "mode", "high") if row[key]}
            numbers = numbers.replace(row["name"], source=row["source"], **bounds, **_how(row))
        except ValueError:
            given = ("low", "mode", "high", "persistence", "correlation")
            found = "/".join(row[key] for key in given if row.get(key))
            where = f"第{line}行 row {line}"
            findings.append(_finding("E-PAR-03", path.name, where, row["name"], found, _A_NUMBER, _WRITE))
        except DataProblem as problem:
            findings.extend(_at_row(problem, path.name, line))
    if findings:
        raise DataProblem(findings)
    return numbers


def _how(row: dict[str, str]) -> dict:
    """What a row says of how its number is drawn; an empty cell says nothing."""
    told = {key: kind(row[key]) for key, kind in _HOW_COLUMNS.items() if row.get(key, "").strip()}
    return {"partner" if key == "with" else key: value for key, value in told.items()}


def _faults_of(number: Number) -> list[Finding]:
    """What is wrong with a number by itself."""
    ordered = (
        math.isfinite(number.low) and math.isfinite(number.high) and number.low <= number.mode <= number.high
    )
    faults = [] if ordered else [_misordered(number)]
    if ordered and not number.least <= number.low <= number.high <= number.most:
        span = "".join(
            (
                f"{number.least:g} <= " if math.isfinite(number.least) else "",
                "…",
                f" <= {number.most:g}" if math.isfinite(number.most) else "",
            )
        )
        faults.append(_odd(number, "E-PAR-09", f"{number.low:g}–{number.high:g} {number.unit}", span))
    for what, allowed in (("shape", SHAPES), ("varies", VARIES)):
        if getattr(number, what) not in allowed:
            faults.append(
                _odd(number, "E-PAR-08", f"{what}={getattr(number, what) or '–'}", ", ".join(allowed))
            )
    if not 0 <= number.persistence <= 1:
        faults.append(
            _odd(number, "E-PAR-10", f"persistence={number.persistence:g}", "0 <= persistence <= 1")
        )
    if not -1 < number.correlation < 1 or bool(number.partner) != (number.correlation != 0):
        found = f"with={number.partner or '–'}, correlation={number.correlation:g}"
        faults.append(_odd(number, "E-PAR-10", found, "with=name, -1 < correlation < 1, != 0"))
    return faults


def _faults_among(number: Number, values: Mapping[str, Number]) -> list[Finding]:
    """What is wrong with a number beside the others: its chance, or the partner it goes with."""
    faults = []
    chance = values.get(number.chance)
    shared = (
        chance is not None and chance.shape != "event" and chance.varies == "together" and chance.most == 1
    )
    if number.shape == "event" and not shared:
        wanted = "chance=name (varies=together; 0 <= … <= 1)"
        faults.append(_odd(number, "E-PAR-11", f"chance={number.chance or '–'}", wanted))
    if number.partner:
        other = values.get(number.partner)
        able = other is not None and {number.shape, other.shape} <= {"pert", "triangular", "chosen"}
        if (
            other is None
            or not able
            or other.varies not in ("together", number.varies)
            or _circle(number, values)
        ):
            wanted = f"with=name (pert/triangular; varies=together/{number.varies}; A → B, not B → A)"
            faults.append(_odd(number, "E-PAR-11", f"with={number.partner}", wanted))
    return faults


def _circle(number: Number, values: Mapping[str, Number]) -> bool:
    """Whether a number's partners lead back to it or to one another."""
    seen: set[str] = set()
    while number.partner in values and number.name not in seen:
        seen.add(number.name)
        number = values[number.partner]
    return number.name in seen


_CHANCE_UNITS = ("1/yr", "0/1")
_A_NUMBER = Phrase("数字", "a number")
_WRITE = Phrase("改写此格", "correct this cell")


def _finding(
    code: str, table: str, where: str, column: str, found: str, expected: Phrase, todo: Phrase
) -> Finding:
    return Finding(code, "error", table, where, column, found, expected, todo)


def _odd(number: Number, code: str, found: str, wanted: str) -> Finding:
    todo = Phrase("改写该参数", "correct the number")
    return _finding(code, "parameters", "", number.name, found, Phrase(wanted, wanted), todo)


def _unknown(name: str, known, table: str) -> Finding:
    near = ", ".join(neighbours(name, known)) or ", ".join(sorted(known)[:5])
    expected = Phrase(f"已有的名称，相近的有 {near}", f"a known name, near: {near}")
    return _finding("E-PAR-01", table, "", "name", name, expected, Phrase("更正名称", "correct the name"))


def _unsourced(name: str) -> Finding:
    expected = Phrase("数据来源", "a source")
    return _finding(
        "E-PAR-04", "parameters", "", name, "空 / empty", expected, Phrase("写明依据", "say on whose word")
    )


def _misordered(number: Number) -> Finding:
    found = f"low {number.low}, mode {number.mode}, high {number.high}"
    expected = Phrase("low <= mode <= high", "low <= mode <= high")
    return _finding(
        "E-PAR-05",
        "parameters",
        "",
        number.name,
        found,
        expected,
        Phrase("检查三个值", "check the three values"),
    )
