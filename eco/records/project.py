"""A project: one county's files, checked, in our words, with everything that was found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from eco.files import sha256
from eco.problems import LEVELS, DataProblem, Finding
from eco.records.checks import Checked, Tables, absent, check_across, check_table
from eco.records.readers import Source, read_table
from eco.records.sentences import finding, findings_table
from eco.records.settings import Layout, Settings, read_layout
from eco.records.tables import TABLES

__all__ = ["Project", "Settings", "findings_table", "load_project"]

_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_VILLAGE_TABLES = ("households", "forest_plots", "juncao_plots", "apiaries")


@dataclass(frozen=True, eq=False)
class Project:
    """A county's tables, all checked and in EPSG:4544, and what was found and left out.

    `left_out` has one row a quarantined row: table, where, code, reason. `inputs` gives the
    SHA-256 of every file read.
    """

    folder: Path
    settings: Settings
    tables: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]
    left_out: pd.DataFrame
    rasters: Mapping[str, Path]
    inputs: Mapping[str, str]

    @property
    def counties(self) -> pd.DataFrame:
        """Counties: code of 6 digits, name, outline."""
        return self.tables["counties"]

    @property
    def townships(self) -> pd.DataFrame:
        """Townships: code of 12 digits, name, outline or point or nothing."""
        return self.tables["townships"]

    @property
    def villages(self) -> pd.DataFrame:
        """Villages: code of 12 digits, township_code, county_code, name, outline or point or nothing."""
        return self.tables["villages"]

    @property
    def households(self) -> pd.DataFrame:
        """The register, one row a household, at its own point or its village's."""
        return self.tables["households"]

    @property
    def forest_plots(self) -> pd.DataFrame:
        """Forest plots with declared and verified mu."""
        return self.tables["forest_plots"]

    @property
    def juncao_plots(self) -> pd.DataFrame:
        """Juncao plots, one row a plot and season."""
        return self.tables["juncao_plots"]

    @property
    def apiaries(self) -> pd.DataFrame:
        """Bee yards, in the programme or not."""
        return self.tables["apiaries"]

    @property
    def links(self) -> pd.DataFrame:
        """Recorded benefit links of households and sites."""
        return self.tables["links"]

    @property
    def payments(self) -> pd.DataFrame:
        """The payment roll."""
        return self.tables["payments"]

    def __repr__(self) -> str:
        rows = ", ".join(f"{len(frame)} {name}" for name, frame in self.tables.items() if len(frame))
        counts = _counts(self.findings)
        return f"Project({self.settings.name!r}: {rows}; {counts}; {len(self.left_out)} rows left out)"

    def _repr_html_(self) -> str:
        body = "".join(
            f"<tr><td>{escape(TABLES[name].label.zh)} {escape(name)}</td><td>{len(frame)}</td>"
            f"<td>{int((self.left_out['table'] == name).sum())}</td>"
            f"<td>{sum(f.table == name for f in self.findings)}</td></tr>"
            for name, frame in self.tables.items()
        )
        return (
            f"<table><caption>{escape(self.settings.name)}: {escape(_counts(self.findings))}</caption>"
            "<tr><th>表 table</th><th>行 rows</th><th>未计入 left out</th><th>发现 findings</th></tr>"
            f"{body}</table>"
        )


def load_project(folder: Path | str) -> Project:
    """Read and check a project folder (README tells which files it may hold).

    Bad rows are left out and told in `findings` and `left_out`. Raises DataProblem with
    everything found, in all tables, when one table is missing or cannot be used.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataProblem([finding("E-FILE-07", table="", found=f"无 {folder.name} / no such folder")])
    layout = read_layout(folder)
    tables, faults = _read_all(layout)
    faults += [item for item in layout.findings if item.level == "error"]
    tables = check_across(tables)
    if not faults:
        faults = _without_rows(tables)
    found = [item for checked in tables.values() for item in checked.findings]
    found += [item for item in layout.findings if item.level != "error"]
    if faults:
        raise DataProblem([*faults, *found])
    findings = tuple(sorted(found, key=lambda item: LEVELS.index(item.level)))
    left_out = pd.concat([tables[name].left_out for name in TABLES], ignore_index=True)
    frames = {name: _finished(tables[name], layout.settings) for name in TABLES}
    inputs = _fingerprints(folder, layout)
    return Project(folder, layout.settings, frames, findings, left_out, dict(layout.rasters), inputs)


def _read_all(layout: Layout) -> tuple[Tables, list[Finding]]:
    """Every table that can be read, and the faults of those that cannot."""
    tables: Tables = {}
    faults: list[Finding] = []
    broken = {item.table for item in layout.findings if item.level == "error"}
    for name, table in TABLES.items():
        if name in layout.sources:
            try:
                tables[name] = check_table(read_table(layout.sources[name]))
            except DataProblem as problem:
                faults += problem.findings
        elif not table.required and name not in broken:
            tables[name] = absent(table)
    return tables, faults


def _without_rows(tables: Tables) -> list[Finding]:
    """E-ROW-01: required tables of which no row is left."""
    return [
        finding("E-ROW-01", table=name, found="没有可用的行 / no usable row", label=table.label)
        for name, table in TABLES.items()
        if table.required and tables[name].frame.empty
    ]


def _finished(checked: Checked, settings: Settings) -> pd.DataFrame:
    """The table as later floors see it: no file places, derived codes, whole years where required."""
    frame = checked.frame.drop(columns="where")
    years = [column.name for column in checked.table if column.kind == "year" and column.required]
    frame = frame.astype(dict.fromkeys(years, "int64"))
    codes = {"villages": "code"}.get(checked.table.name, "village_code")
    if checked.table.name in ("villages", *_VILLAGE_TABLES):
        frame = frame.assign(
            township_code=(frame[codes].str[:9] + "000").astype("str"),
            county_code=frame[codes].str[:6].astype("str"),
        )
    if "income_year" in frame and settings.income_year is not None:
        frame = frame.assign(income_year=frame["income_year"].fillna(settings.income_year))
    return frame


def _fingerprints(folder: Path, layout: Layout) -> dict[str, str]:
    """SHA-256 of every file the project was read from, by its name in the folder."""
    paths = [folder / "project.toml", *layout.rasters.values()]
    paths += [part for source in layout.sources.values() for part in _parts(source)]
    return {
        path.relative_to(folder).as_posix(): sha256(path) for path in sorted(set(paths)) if path.is_file()
    }


def _parts(source: Source) -> list[Path]:
    if source.path.suffix.lower() != ".shp":
        return [source.path]
    return [source.path.with_suffix(part) for part in _SHAPEFILE_PARTS]


def _counts(findings: Iterable[Finding]) -> str:
    levels = [item.level for item in findings]
    return ", ".join(f"{levels.count(level)} {level}s" for level in LEVELS)
