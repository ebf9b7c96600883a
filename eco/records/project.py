"""A project: one county's files, checked, in our words, with everything that was found on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from eco.files import sha256
from eco.phrases import WORDS, Phrase
from eco.problems import LEVELS, DataProblem, Finding
from eco.records.addresses import Grid, at_its_cell
from eco.records.checks import Checked, Tables, absent, check_across, check_table
from eco.records.database import is_database, read_database
from eco.records.opening.doors import check_raster, different_grids, parts_of
from eco.records.readers import Raw, Source, read_table
from eco.records.register import over_budget
from eco.records.sentences import finding, findings_table
from eco.records.settings import PUBLISHED_FACTS, Layout, Settings, read_layout
from eco.records.showing import shown
from eco.records.tables import TABLES
from eco.records.village_names import with_codes
from eco.waiting import waiting

__all__ = ["Project", "Settings", "findings_table", "load_project"]

_WORST_SHOWN = 20
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

    @property
    def basic_farmland(self) -> pd.DataFrame:
        """Parcels of permanent basic farmland, where no trees may stand."""
        return self.tables["basic_farmland"]

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
            f"<table><caption>{escape(self.settings.name)}：{_counted(self.findings)}</caption>"
            "<tr><th>表 table</th><th>行 rows</th><th>未计入 left out</th><th>发现 findings</th></tr>"
            f"{body}</table>{_worst_html(self.findings)}"
        )


def load_project(folder: Path | str, *, progress: Callable[[Phrase], None] | None = None) -> Project:
    """Read and check a project folder (README tells which files it may hold), or a PostGIS database.

    A database is an address, postgresql://user@host/county. Bad rows are left out and told in
    `findings` and `left_out`. `progress` is told the name of each table before it is read. Raises
    DataProblem with everything found, in all tables, when one table is missing or cannot be used.
    """

    if progress is not None:
        return _loaded(folder, progress)
    with waiting("wait_read") as wait:
        return _loaded(folder, wait.at)


def _loaded(folder: Path | str, at: Callable[[Phrase], None]) -> Project:
    """The project; `at` is told each table before it is read."""

    def read(source: Source) -> Raw:
        at(source.table.label)
        return read_table(source)

    if is_database(folder):
        base = read_database(str(folder))
        place = Path(f"postgresql:{base.name}")  # nowhere among the files
        return _checked(place, base.layout, lambda source: base.raws[source.table.name], base.inputs)
    folder = Path(folder)
    if not folder.is_dir():
        raise DataProblem([finding("E-FILE-07", table="", found=f"无 {folder.name} / no such folder")])
    layout = read_layout(folder)
    return _checked(folder, layout, read, _fingerprints(folder, layout))


def _checked(
    folder: Path, layout: Layout, read: Callable[[Source], Raw], inputs: Mapping[str, str]
) -> Project:
    """The project of a layout whose tables `read` gives, all of them checked."""
    tables, faults, grids = _read_all(layout, read)
    faults += [item for item in layout.findings if item.level == "error"]
    told = [item for name, path in layout.rasters.items() for item in check_raster(path, name)]
    if layout.settings.budget_yuan is not None and "payments" in tables:
        told += over_budget(tables["payments"].frame, layout.settings.budget_yuan)
    faults += [item for item in told if item.level == "error"]
    if not faults:
        told += different_grids(layout.rasters)
    tables = check_across(tables, elevation=layout.rasters.get("elevation"))
    if not faults:
        faults = _without_rows(tables)
    found = _placed(tables, grids) + [item for item in told if item.level != "error"]
    found += [item for item in layout.findings if item.level != "error"]
    if faults:
        raise DataProblem([*faults, *found])
    findings = tuple(sorted(found, key=lambda item: LEVELS.index(item.level)))
    left_out = pd.concat([tables[name].left_out for name in TABLES], ignore_index=True)
    frames = {name: _finished(tables[name], layout.settings) for name in TABLES}
    return Project(folder, layout.settings, frames, findings, left_out, dict(layout.rasters), inputs)


def _read_all(layout: Layout, read: Callable[[Source], Raw]) -> tuple[Tables, list[Finding], dict[str, Grid]]:
    """Every table that can be read, the faults of those that cannot, and how each lies in its file."""
    tables: Tables = {}
    grids: dict[str, Grid] = {}
    faults: list[Finding] = []
    broken = {item.table for item in layout.findings if item.level == "error"}
    for name, table in TABLES.items():
        if name in layout.sources:
            try:
                raw = read(layout.sources[name])
                if "villages" in tables and name in _VILLAGE_TABLES:
                    raw = with_codes(raw, tables["villages"].frame)
                tables[name], grids[name] = check_table(raw), raw.grid
            except DataProblem as problem:
                faults += problem.findings
        elif not table.required and name not in broken:
            tables[name] = absent(table)
    return tables, faults, grids


def _placed(tables: Tables, grids: Mapping[str, Grid]) -> list[Finding]:
    """All that was found in the tables, each finding at its cell."""
    return [
        at_its_cell(item, grids[name]) if name in grids else item
        for name, checked in tables.items()
        for item in checked.findings
    ]


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
    paths = [folder / "project.toml", folder / PUBLISHED_FACTS, *layout.rasters.values()]
    paths += [part for source in layout.sources.values() for part in parts_of(source.path)]
    return {
        path.relative_to(folder).as_posix(): sha256(path) for path in sorted(set(paths)) if path.is_file()
    }


def _worst_html(findings: Sequence[Finding]) -> str:
    """The first findings as a table; whatever a file's cell holds is shown as text."""
    if not findings:
        return ""
    more = len(findings) - _WORST_SHOWN
    rest = f"<p>另有 {more} 条 / {more} more: eco.write_findings(project, ...)</p>" if more > 0 else ""
    worst = findings[:_WORST_SHOWN]
    places = [" ".join(filter(None, (item.where, item.address))) for item in worst]
    return shown(findings_table(worst).assign(where=places))._repr_html_() + rest


def _counted(findings: Iterable[Finding]) -> str:
    levels = [item.level for item in findings]
    words = (WORDS[f"value_{level}"] for level in LEVELS)
    return "，".join(f"{word.zh} {word.en} {levels.count(level)}" for level, word in zip(LEVELS, words))


def _counts(findings: Iterable[Finding]) -> str:
    levels = [item.level for item in findings]
    return ", ".join(f"{levels.count(level)} {level}s" for level in LEVELS)
