"""What project.toml says of a project folder, and which file holds which table."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eco.phrases import Phrase, neighbours
from eco.problems import Finding
from eco.records.cells import YEARS
from eco.records.figures import EPOCHS
from eco.records.opening.doors import REFUSED
from eco.records.readers import READABLE, Source, plain
from eco.records.sentences import finding
from eco.records.tables import COORDINATES, RASTERS, TABLES, Table

_MOST_LISTED = 1000  # files of a subfolder that are looked at by name
_RASTER_ENDINGS = (".tif", ".tiff")
PUBLISHED_FACTS = "published_facts.csv"  # what the press and offices published, for the report to hold beside
_OURS = ("parameters.csv", PUBLISHED_FACTS)  # read by eco.parameters and eco.income, no tables of the bureau
_ENTRY: dict[str, Any] = {
    "file": str,
    "sheet": str,
    "layer": str,
    "crs": (str, int),
    "encoding": str,
    "epoch": int,
}
_LINE_YEARS = {str(year) for year in range(YEARS[0], YEARS[1] + 1)}
_MOST_YUAN = 1e15  # more than there is, and every amount below it has its fen in a float
_WORDS = {
    "name": Phrase("文字", "a text"),
    "line_series": Phrase("文字", "a text"),
    "allow_old_ids": Phrase("true 或 false", "true or false"),
    "budget_yuan": Phrase("大于 0 的金额（元）", "an amount above 0, in yuan"),
    "default_year": Phrase("{low}—{high} 的年份", "a year from {low} to {high}"),
}


@dataclass(frozen=True)
class Settings:
    """The choices of a project: years, the series of the poverty line, a county's own line by year."""

    name: str
    default_year: int = 2020
    price_year: int = 2020
    income_year: int | None = None
    line_series: str = "exit check"
    allow_old_ids: bool = False
    budget_yuan: float | None = None  # what all payments together may not exceed
    line_yuan_per_person: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """A project folder read as a whole: settings, the file of each table and raster, what was found."""

    settings: Settings
    sources: Mapping[str, Source]
    rasters: Mapping[str, Path]
    findings: tuple[Finding, ...]


def read_layout(folder: Path) -> Layout:
    """Read project.toml, if there is one, and find the file of every table and raster.

    Whatever is wrong is a finding; an unknown name is answered with its neighbours.
    """
    toml = folder / "project.toml"
    said, findings = _load_toml(toml.read_bytes() if toml.is_file() else None)
    settings, faults = _settings(folder.name, said)
    tables, rasters = _section(said, "tables"), _section(said, "rasters")
    findings += faults
    sources: dict[str, Source] = {}
    for table in TABLES.values():
        entry = _section(tables, table.name)
        path, faults = _file_of(folder, table.name, entry, (table.name, table.label.zh, *table.aliases))
        findings += faults
        if path is not None:
            old = settings.allow_old_ids
            sources[table.name] = _source(table, path, entry, allow_old_ids=old)
        elif not faults:
            findings += [_no_file(folder, table)] if table.required else []
            findings += _overlooked(folder, table)
    found_rasters: dict[str, Path] = {}
    for name, aliases in RASTERS.items():
        words = (name, *aliases)
        path, faults = _file_of(folder, name, _section(rasters, name), words, endings=_RASTER_ENDINGS)
        findings += faults
        if path is not None:
            found_rasters[name] = path
    findings += [*_unused(folder, sources.values()), *_foreign(folder)]
    return Layout(settings, sources, found_rasters, tuple(findings))


def declared_layout(text: str | None, paths: Mapping[str, Path], *, name: str) -> Layout:
    """The layout of tables that stand elsewhere than in a folder, `text` being what project.toml would say.

    `paths` gives the place of each table that was found; `name` is the project's when `text` gives none.
    """
    said, findings = _load_toml(None if text is None else text.encode())
    settings, faults = _settings(name, said)
    tables, old = _section(said, "tables"), settings.allow_old_ids
    sources = {
        key: _source(TABLES[key], path, _section(tables, key), allow_old_ids=old)
        for key, path in paths.items()
    }
    return Layout(settings, sources, {}, (*findings, *faults))


def _load_toml(data: bytes | None) -> tuple[dict[str, Any], list[Finding]]:
    """What the TOML says; None stands for no project.toml."""
    if data is None:
        return {}, [_toml("E-SET-03", "无 project.toml / none: 2020, exit check")]
    try:
        return tomllib.loads(data.decode("utf-8-sig")), []
    except (ValueError, RecursionError) as error:  # figures of thousands of signs and deep brackets, too
        wanted = Phrase("UTF-8 的 TOML 文件", "a TOML file in UTF-8")
        return {}, [_toml("E-SET-02", str(error), wanted=wanted)]


def _toml(code: str, found: str, key: str = "", **words: Any) -> Finding:
    return finding(code, table="project.toml", found=found, where=key, **words)


def _section(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = said.get(name, {})
    return section if isinstance(section, dict) else {}


def _unknown(said: Mapping[str, Any], known: Iterable[str], place: str) -> list[Finding]:
    known = list(known)
    return [
        _toml(
            "E-SET-01",
            str(key),
            f"[{place}]" if place else "",
            known="、".join(neighbours(key, known) or known),
        )
        for key in said
        if key not in known
    ]


def _settings(name: str, said: Mapping[str, Any]) -> tuple[Settings, list[Finding]]:
    """The settings, and every key or value that cannot be meant in any section."""
    project, line = _section(said, "project"), _section(said, "line")
    years = ("default_year", "price_year", "income_year")
    faults = _unknown(said, ("project", "line", "tables", "rasters"), "")
    faults += _unknown(project, ("name", "line_series", "allow_old_ids", "budget_yuan", *years), "project")
    faults += _table_faults(_section(said, "tables"))
    faults += _unknown(_section(said, "rasters"), RASTERS, "rasters")
    kept: dict[str, Any] = {}
    for key, value in project.items():
        wanted = _WORDS.get("default_year" if key in years else key)
        if wanted is None:
            continue
        if _fits(key, value, years):
            kept[key] = value
        else:
            low, high = YEARS
            wanted = Phrase(*(text.format(low=low, high=high) for text in wanted))
            faults.append(_toml("E-SET-02", _written(value), f"[project] {key}", wanted=wanted))
    lines: dict[int, float] = {}
    for year, value in line.items():
        if year in _LINE_YEARS and _is_yuan(value):
            lines[int(year)] = float(value)
        else:
            wanted = Phrase("年份 = 元/人，如 2020 = 4000", "a year = yuan a head, as in 2020 = 4000")
            faults.append(_toml("E-SET-02", f"{year} = {_written(value)}", "[line]", wanted=wanted))
    return Settings(**{"name": name, **kept}, line_yuan_per_person=lines), faults


def _is_yuan(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _MOST_YUAN


def _text(value: object) -> str:
    return value if isinstance(value, str) else _written(value)


def _written(value: object) -> str:
    """A value as TOML's reader gave it; 0x with thousands of signs behind it has no decimal figures."""
    try:
        return repr(value)
    except ValueError:
        return type(value).__name__


def _fits(key: str, value: object, years: tuple[str, ...]) -> bool:
    if key in years:
        return isinstance(value, int) and not isinstance(value, bool) and YEARS[0] <= value <= YEARS[1]
    if key == "budget_yuan":
        return _is_yuan(value)
    return isinstance(value, bool if key == "allow_old_ids" else str)


def _table_faults(tables: Mapping[str, Any]) -> list[Finding]:
    """Unknown tables, keys and columns under [tables], and values of a wrong kind."""
    faults = _unknown(tables, TABLES, "tables")
    points = [column.name for pair in COORDINATES.values() for column in pair]
    for name in [name for name in TABLES if name in tables]:
        entry, place = _section(tables, name), f"tables.{name}"
        columns = _section(entry, "columns")
        ours = [column.name for column in TABLES[name]]
        faults += _unknown(entry, (*_ENTRY, "columns", "units"), place)
        faults += _unknown(columns, (*ours, *points), f"{place}.columns")
        measured = [column.name for column in TABLES[name] if column.dimension]
        faults += _unknown(_section(entry, "units"), measured, f"{place}.units")
        for key, value in {**entry, **columns}.items():
            if not isinstance(value, _ENTRY.get(key, (str, dict))) or (
                key == "epoch" and value not in EPOCHS
            ):
                wanted = Phrase("带引号的文字", "a text in quotes")
                if key == "epoch":
                    wanted = Phrase("1900 或 1904", "1900 or 1904")
                faults.append(_toml("E-SET-02", f"{key} = {_written(value)}", f"[{place}]", wanted=wanted))
    return faults


def _source(table: Table, path: Path, entry: Mapping[str, Any], *, allow_old_ids: bool) -> Source:
    texts = {key: _text(entry[key]) for key in ("sheet", "layer", "crs", "encoding") if key in entry}
    columns = {key: _text(value) for key, value in _section(entry, "columns").items()}
    units = {key: _text(value) for key, value in _section(entry, "units").items()}
    epoch = entry.get("epoch")
    return Source(
        table, path, **texts, columns=columns, units=units, epoch=epoch, allow_old_ids=allow_old_ids
    )


def _file_of(
    folder: Path,
    name: str,
    entry: Mapping[str, Any],
    words: Iterable[str],
    *,
    endings: tuple[str, ...] = READABLE,
) -> tuple[Path | None, list[Finding]]:
    """The table's file: the one project.toml names, or the one called like the table."""
    if "file" in entry:
        named = _text(entry["file"])
        path = folder / named
        try:
            inside, there = path.resolve().is_relative_to(folder.resolve()), path.is_file()
        except (OSError, ValueError):  # a name no disk can hold: too long, a NUL in it, links in a ring
            inside, there = True, False
        if inside and there and path.suffix.lower() in endings:
            return path, []
        if inside and there and path.suffix.lower() in REFUSED:
            return None, [_refused(name, path)]
        code = "E-FILE-05" if not inside else "E-FILE-04"
        known = "、".join(path.name for path in _files(folder, endings))
        return None, [finding(code, table=name, found=named, key="file", known=known)]
    plain_words = {plain(word) for word in words}
    fitting = [path for path in _files(folder, endings) if plain(path.stem) in plain_words]
    if len(fitting) > 1:
        return None, [finding("E-FILE-02", table=name, found="、".join(path.name for path in fitting))]
    others = [path for path in _files(folder, tuple(REFUSED)) if plain(path.stem) in plain_words]
    if not fitting and others and endings == READABLE:
        return None, [_refused(name, others[0])]
    return (fitting[0] if fitting else None), []


def _refused(name: str, path: Path) -> Finding:
    return finding("E-FILE-10", table=name, found=path.name, kind=REFUSED[path.suffix.lower()])


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """The folder's own files of these endings, without hidden ones, links that lead out and Excel's locks."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in endings
        and path.is_file()
        and not path.name.startswith((".", "~$"))
        and path.resolve().is_relative_to(folder.resolve())
        and _shown(path.name) == path.name
    )


def _shown(name: str) -> str:
    """A file name as it can be shown: GBK bytes of a USB stick that are no text here become signs."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _foreign(folder: Path) -> list[Finding]:
    """Files whose names are no text here, and links that lead out of the folder: never read, always told."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in (*READABLE, *_RASTER_ENDINGS):
            continue
        if _shown(path.name) != path.name:
            found.append(finding("E-FILE-09", table="", found=_shown(path.name)))
        elif not path.resolve().is_relative_to(folder.resolve()):
            found.append(finding("E-FILE-05", table="", found=path.name))
    return found


def _no_file(folder: Path, table: Table) -> Finding:
    names = (table.name, table.label.zh, *table.aliases)
    stems = {path.stem: path.name for path in _files(folder, READABLE)}
    near = [stems[stem] for name in names[:2] for stem in neighbours(name, stems)]
    found = f"无此文件，相近 / none; near: {'、'.join(near)}" if near else "无此文件 / no such file"
    return finding("E-FILE-01", table=table.name, found=found, label=table.label, names="、".join(names))


def _overlooked(folder: Path, table: Table) -> list[Finding]:
    """E-FILE-11: what bears the name of a table without a file and is not read: a .gdb, a folder, 2019年蜂场.xlsx."""
    names = {plain(word) for word in (table.name, table.label.zh, *table.aliases)}
    own = {name for name in names if len(name) > 1 and not _of_others(name, table)}
    seen = [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "~$"))]
    inside = [
        path
        for place in seen
        if place.is_dir() and place.suffix.lower() != ".gdb" and not place.is_symlink()
        for path in sorted(place.iterdir())[:_MOST_LISTED]
        if path.suffix.lower() in (*READABLE, *REFUSED) and not path.name.startswith((".", "~$"))
    ]
    near = [path for path in (*seen, *inside) if any(name in plain(path.name) for name in own)]
    if not near:
        return []
    kinds = [REFUSED.get(path.suffix.lower(), "xlsx") for path in near]
    found = "、".join(_shown(path.relative_to(folder).as_posix()) for path in near[:3])
    return [finding("E-FILE-11", table=table.name, found=found, label=table.label, kind=kinds[0])]


def _of_others(name: str, table: Table) -> bool:
    """Whether a table's name is also part of another table's: 村 of 村界, 小班 of nothing else."""
    others = (other for other in TABLES.values() if other.name != table.name)
    return any(name in plain(word) for t in others for word in (t.name, t.label.zh, *t.aliases))


def _unused(folder: Path, sources: Iterable[Source]) -> list[Finding]:
    used = {source.path.name for source in sources}
    claimed = {plain(word) for t in TABLES.values() for word in (t.name, t.label.zh, *t.aliases)}
    return [
        finding("E-FILE-06", table="", where=path.name, found="未使用的文件 / a file not used")
        for path in _files(folder, (*READABLE, *(end for end in REFUSED if end != ".dbf")))
        if path.name not in used and path.name not in _OURS and plain(path.stem) not in claimed
    ]
