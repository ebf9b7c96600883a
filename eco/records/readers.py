"""One file, as the bureau wrote it: cells under our column names, each row with its place in the file.

Nothing is judged here but what stops reading: a file that does not open, a heading that is
missing or double, an unknown unit or coordinate system. `checks` reads the cells.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import python_calamine as calamine

from eco.phrases import neighbours
from eco.problems import DataProblem, Finding
from eco.records.sentences import finding
from eco.records.tables import COORDINATES, KNOWN_CRS, Column, Table
from eco.space.datums import DEGREES, embedded_crs, is_old_datum, known_crs
from eco.units import TO_MU, TO_YUAN

SHEETS = (".xlsx", ".xls")
LAYERS = (".gpkg", ".geojson", ".json", ".shp")
READABLE = (".csv", *SHEETS, *LAYERS)
_TITLE_ROWS = 10  # a heading stands somewhere in the first rows, under titles and notes
_UNITS = {"area": TO_MU, "money": TO_YUAN, "": {}}


@dataclass(frozen=True)
class Source:
    """Where a table comes from, and what project.toml declares of it."""

    table: Table
    path: Path
    sheet: str | None = None
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """A file's cells under our names: `where` is each row's place, `factors` turn cells into our units.

    `geometry` is None for a table without any; `crs` is then None too, otherwise a key of KNOWN_CRS.
    """

    source: Source
    cells: pd.DataFrame
    where: list[str]
    factors: Mapping[str, float]
    geometry: gpd.GeoSeries | None
    crs: str | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Sheet:
    """What stands in a file: a frame under the file's own headings."""

    frame: pd.DataFrame
    where: list[str]
    geometry: gpd.GeoSeries | None = None
    crs: Any = None  # pyproj.CRS of a layer
    findings: tuple[Finding, ...] = ()


def read_table(source: Source) -> Raw:
    """Read one table's file (CSV, Excel, GeoPackage, GeoJSON, Shapefile).

    Raises DataProblem with everything that makes the table unusable.
    """
    suffix = source.path.suffix.lower()
    if not source.path.is_file() or suffix not in READABLE:
        raise DataProblem([_fault(source, "E-FILE-03", source.path.name, kind=" ".join(READABLE))])
    read = _read_layer if suffix in LAYERS else _read_workbook if suffix in SHEETS else _read_csv
    sheet = read(source)
    matched, faults = match_headings(source, list(sheet.frame.columns))
    factors, unit_findings = _units(source, matched)
    crs, crs_faults = _declared_crs(source, sheet, matched)
    findings = (*sheet.findings, *faults, *unit_findings, *crs_faults)
    if any(item.level == "error" for item in findings):
        raise DataProblem(findings)
    cells = sheet.frame[list(matched.values())].set_axis(list(matched), axis="columns")
    return Raw(source, cells, sheet.where, factors, sheet.geometry, crs, findings)


def _fault(source: Source, code: str, found: object, column: str = "", **words: object) -> Finding:
    place, told = source.path.name, str(found).replace(f"{source.path.parent}/", "")
    return finding(code, table=source.table.name, where=place, found=told, column=column, **words)


def plain(text: object) -> str:
    """A name as it is compared: full-width signs made plain, no blanks or underscores, lower case.

    >>> plain("面积（公顷） "), plain("Village_Code")
    ('面积(公顷)', 'villagecode')
    """
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", str(text))).lower()


def split_unit(heading: str, column: Column) -> tuple[str, str]:
    """A heading's words and the unit it names: 面积(公顷), area_ha.

    >>> from eco.records.tables import TABLES
    >>> split_unit("面积（公顷）", TABLES["forest_plots"]["area_mu"])
    ('面积', '公顷')
    """
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(heading))).lower()
    bracket = re.fullmatch(r"(.+?)[(\[](.+)[)\]]", text)
    if bracket:
        return plain(bracket[1]), plain(bracket[2]).split("/")[0]
    tail = re.fullmatch(r"(.+)_(\w+)", text)
    if tail and tail[2] in _UNITS[column.dimension]:
        return plain(tail[1]), tail[2]
    return plain(text), ""


def match_headings(source: Source, headings: Sequence[str]) -> tuple[dict[str, str], list[Finding]]:
    """Our column names with the heading each is read from, and what is wrong with the headings.

    Our own name beats the label, the label beats an alias; two headings of one rank are an error.
    """
    matched: dict[str, str] = {}
    findings: list[Finding] = []
    for column in (*source.table, *COORDINATES["degrees"], *COORDINATES["metres"]):
        names = _names(column)
        words = {"label": column.label.zh, "names": f"{column.name} / {column.label.zh}"}
        declared = source.columns.get(column.name)
        ranked = _ranks(source, column, headings)
        if declared:
            ranked = [[heading for heading in headings if plain(heading) == plain(declared)]]
        best: list[str] = next((rank for rank in ranked if rank), [])
        every = [heading for rank in ranked for heading in rank]
        if best:
            matched[column.name] = best[0]
        elif column.required or declared:
            near = neighbours(declared or column.label.zh, headings) or neighbours(names[0], headings)
            found = f"相近表头 / near: {'、'.join(near)}" if near else "无此列 / no such heading"
            findings.append(_fault(source, "E-COL-01", found, column.name, **words))
        if len(every) > 1:
            code = "E-COL-02" if len(best) > 1 else "E-COL-03"
            findings.append(_fault(source, code, "、".join(every), column.name, **words))
    return matched, findings


def _names(column: Column) -> list[str]:
    return [column.name, column.label.zh, column.label.en, *column.aliases]


def _ranks(source: Source, column: Column, headings: Sequence[str]) -> list[list[str]]:
    """Headings that could mean the column, best first: our name, the labels, aliases, cut-off names."""
    names = _names(column)
    groups = ([names[0]], names[1:3], names[3:])
    known = [{w for name in group for w in (plain(name), split_unit(name, column)[0])} for group in groups]
    ranks: list[list[str]] = [[], [], []]
    for heading in headings:
        bare = {plain(heading), split_unit(heading, column)[0]}
        rank = next((i for i, words in enumerate(known) if bare & words), None)
        if rank is not None:
            ranks[rank].append(heading)
    if source.path.suffix.lower() == ".shp" and not any(ranks):
        # A dbf keeps ten bytes of a heading.
        starts = [plain(name) for name in names]
        cut = [h for h in headings if len(h.encode("gbk", "replace")) >= 9 or len(h.encode()) >= 9]
        ranks.append([h for h in cut if any(start.startswith(plain(h)) for start in starts)])
    return ranks


def _units(source: Source, matched: Mapping[str, str]) -> tuple[dict[str, float], list[Finding]]:
    """What each column with a dimension must be multiplied with, declared unit before heading."""
    factors: dict[str, float] = {}
    findings: list[Finding] = []
    for column in source.table:
        if column.name not in matched or not column.dimension:
            continue
        known = _UNITS[column.dimension]
        heading = matched[column.name]
        unit = source.units.get(column.name) or split_unit(heading, column)[1]
        factors[column.name] = known.get(unit, 1.0)
        if unit and unit not in known:
            findings.append(_fault(source, "E-UNIT-02", unit, column.name, known=" ".join(known)))
        elif factors[column.name] != 1.0:
            ours = {"area": "亩 mu", "money": "元 yuan"}[column.dimension]
            found = f"{heading}（{unit}）×{factors[column.name]:g}"
            findings.append(_fault(source, "E-UNIT-03", found, column.name, unit=ours))
    return factors, findings


def _declared_crs(
    source: Source, sheet: _Sheet, matched: Mapping[str, str]
) -> tuple[str | None, list[Finding]]:
    pairs = {kind: tuple(column.name for column in pair) for kind, pair in COORDINATES.items()}
    has_pair = {kind: all(name in matched for name in pair) for kind, pair in pairs.items()}
    if not source.table.geometry or (sheet.geometry is None and not any(has_pair.values())):
        return None, []
    declared = source.crs if source.crs is not None else sheet.crs
    known = "、".join(KNOWN_CRS)
    if declared is None:
        return None, [_fault(source, "E-CRS-01", "未声明坐标系 / no declared system", known=known)]
    crs = known_crs(declared) if isinstance(declared, str) else embedded_crs(declared)
    if crs is None:
        name = declared if isinstance(declared, str) else getattr(declared, "name", "?")
        code = "E-CRS-04" if is_old_datum(declared) else "E-CRS-03"
        return None, [_fault(source, code, name, known=known)]
    kind = "degrees" if crs in DEGREES else "metres"
    if sheet.geometry is None and not has_pair[kind]:
        other = "、".join(name for names in pairs.values() for name in names if name in matched)
        return None, [_fault(source, "E-CRS-05", other, names=", ".join(pairs[kind]), crs=crs)]
    return crs, []


def _places(name: str, numbers: Iterable[int], *, feature: bool = False) -> list[str]:
    zh, en = ("个要素", "feature") if feature else ("行", "row")
    return [f"{name} 第{number}{zh} / {en} {number}" for number in numbers]


def _grid(source: Source, rows: Sequence[Sequence[object]], first_row: int) -> _Sheet:
    """Rows of cells, the headings first; `first_row` is the file's number of the heading row.

    A row without any cell filled is no row of the table, but it counts.
    """
    headings = [str(cell).strip() for cell in rows[0]] if rows else []
    body = (
        pd.DataFrame(rows[1:], dtype=object) if len(rows) > 1 else pd.DataFrame(columns=range(len(headings)))
    )
    body = body.reindex(columns=range(len(headings))).set_axis(headings, axis="columns")
    return _filled(source, body, first_row)


def _filled(source: Source, body: pd.DataFrame, first_row: int) -> _Sheet:
    blank = body.isna() | (body == "")
    keep = ~blank.all(axis="columns").to_numpy(dtype=bool)
    numbers: np.ndarray = np.flatnonzero(keep) + first_row + 1
    return _Sheet(body[keep].reset_index(drop=True), _places(source.path.name, numbers))


def _heading_row(source: Source, rows: Sequence[Sequence[object]]) -> int:
    """Position of the row that holds most of the table's headings, the first when none does."""
    columns = (*source.table, *COORDINATES["degrees"], *COORDINATES["metres"])
    known = {plain(name) for column in columns for name in _names(column)}
    known |= {plain(heading) for heading in source.columns.values()}
    known |= {split_unit(name, column)[0] for column in columns for name in _names(column)}

    def score(row: Sequence[object]) -> int:
        return sum(bool({plain(cell), plain(cell).split("(")[0]} & known) for cell in row)

    scores = [score(row) for row in rows[:_TITLE_ROWS]]
    return scores.index(max(scores)) if scores else 0


def _read_csv(source: Source) -> _Sheet:
    data = source.path.read_bytes()
    encoding = source.encoding or _encoding(source, data)
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        raise DataProblem([_fault(source, "E-ENC-01", f"encoding={encoding}")]) from error
    head = [line for _, line in zip(range(_TITLE_ROWS), io.StringIO(text))]
    mark = max(",\t;", key=lambda sign: max((line.count(sign) for line in head), default=0))
    first = _heading_row(source, list(csv.reader(head, delimiter=mark)))
    options = {"sep": mark, "dtype": str, "keep_default_na": False, "skip_blank_lines": False}
    try:
        body = pd.read_csv(io.StringIO(text), skiprows=first, header=None, index_col=False, **options)
    except pd.errors.EmptyDataError:
        body = pd.DataFrame([[""]])
    except pd.errors.ParserError as error:
        raise DataProblem([_fault(source, "E-FILE-03", str(error).strip(), kind="CSV")]) from error
    headings = [str(cell).strip() for cell in body.iloc[0].fillna("")]
    sheet = _filled(source, body[1:].set_axis(headings, axis="columns"), first + 1)
    return _with_encoding(source, sheet, encoding)


def _with_encoding(source: Source, sheet: _Sheet, encoding: str) -> _Sheet:
    """The sheet with a note when its text was taken for GBK without a declaration."""
    if source.encoding or encoding != "gb18030":
        return sheet
    note = _fault(source, "E-ENC-02", "GBK 文字，按 GBK 读取 / GBK, read as such")
    return _Sheet(sheet.frame, sheet.where, sheet.geometry, sheet.crs, (*sheet.findings, note))


def _encoding(source: Source, data: bytes) -> str:
    """The encoding a text's bytes are in: by its mark, as UTF-8, as GBK, in this order."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise DataProblem([_fault(source, "E-ENC-01", "无法识别的编码 / bytes in no known encoding")])


def _read_workbook(source: Source) -> _Sheet:
    try:
        book = calamine.CalamineWorkbook.from_path(source.path)
        name = _choose(source, "sheet", source.sheet, book.sheet_names)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise DataProblem([_fault(source, "E-FILE-03", str(error), kind="Excel")]) from error
    first = _heading_row(source, rows)
    return _grid(source, rows[first:], first + 1)


def _choose(source: Source, key: str, declared: str | None, names: Sequence[str]) -> str:
    """The sheet or layer meant: the declared one, the one named like the table, the only one."""
    if declared is not None:
        fitting = [name for name in names if name == declared]
    else:
        words = {plain(word) for word in (source.table.name, source.table.label.zh, *source.table.aliases)}
        fitting = [name for name in names if plain(name) in words] or list(names)
    if len(fitting) == 1:
        return fitting[0]
    found = declared if declared is not None else f"{len(names)} 个 / {len(names)} of them"
    raise DataProblem([_fault(source, "E-FILE-04", f"{key}: {found}", key=key, known="、".join(names))])


def _read_layer(source: Source) -> _Sheet:
    _refuse_disguise(source)
    encoding = _dbf_encoding(source) if source.path.suffix.lower() == ".shp" else None
    try:
        names = [str(name) for name in pyogrio.list_layers(source.path)[:, 0]]
        layer = _choose(source, "layer", source.layer, names)
        try:
            frame = pyogrio.read_dataframe(source.path, layer=layer, encoding=encoding)
        except UnicodeDecodeError:
            frame = _read_cut_headings(source, layer, encoding or "utf-8")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeError) as error:
        raise DataProblem([_fault(source, "E-FILE-03", str(error), kind=source.path.suffix)]) from error
    where = _places(source.path.name, range(1, len(frame) + 1), feature=True)
    if not isinstance(frame, gpd.GeoDataFrame):
        return _Sheet(frame, where)
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return _with_encoding(source, _Sheet(cells, where, frame.geometry, frame.crs), encoding or "")


def _refuse_disguise(source: Source) -> None:
    """Raise when a layer's file does not begin as its ending says, or a shapefile's part is missing."""
    suffix = source.path.suffix.lower()
    with source.path.open("rb") as file:
        start = file.read(16)
    marks = {".shp": b"\x00\x00\x27\x0a", ".gpkg": b"SQLite format 3"}
    mark = marks.get(suffix, b"{")
    if not start.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n" if mark == b"{" else b"").startswith(mark):
        found = "内容与扩展名不符 / content that is not what the ending says"
        raise DataProblem([_fault(source, "E-FILE-03", found, kind=suffix)])
    parts = (".dbf", ".shx") if suffix == ".shp" else ()
    missing = [part for part in parts if _beside(source.path, part) is None]
    if missing:
        found = f"缺 / without {' '.join(source.path.stem + part for part in missing)}"
        raise DataProblem([_fault(source, "E-FILE-03", found, kind=".shp .dbf .shx")])


def _beside(path: Path, suffix: str) -> Path | None:
    """The file of the same stem with another ending, in either case."""
    names = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
    return next((name for name in names if name.is_file()), None)


def _dbf_encoding(source: Source) -> str:
    """The encoding of a dbf: declared, in its .cpg, or told from its bytes (GDAL would take Latin-1)."""
    if source.encoding:
        return source.encoding
    cpg, dbf = _beside(source.path, ".cpg"), _beside(source.path, ".dbf")
    if cpg is not None:
        name = cpg.read_text(encoding="ascii", errors="replace").strip()
        return {"65001": "utf-8", "936": "gbk"}.get(name, name or "utf-8")
    data = dbf.read_bytes() if dbf is not None else b""
    start = int.from_bytes(data[8:10], "little")
    names = b" ".join(data[at : at + 11].split(b"\0")[0] for at in range(32, start - 1, 32))
    encoding = _encoding(source, names + b" " + data[start:])
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _read_cut_headings(source: Source, layer: str, encoding: str) -> gpd.GeoDataFrame:
    """A shapefile with a heading cut in the middle of a sign: read as bytes, the broken sign dropped."""
    frame = pyogrio.read_dataframe(source.path, layer=layer, ENCODING="ISO-8859-1")
    texts = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name])]
    for name in texts:
        frame[name] = frame[name].map(
            lambda cell: cell.encode("latin-1").decode(encoding), na_action="ignore"
        )
    names = {name: name.encode("latin-1").decode(encoding, "ignore") for name in frame.columns}
    return frame.rename(columns=names)
