"""One file, as the bureau wrote it: cells under our column names, each row with its place in the file.

Nothing is judged here but what stops reading: a file that does not open, a heading that is
missing or double, an unknown unit or coordinate system. `checks` reads the cells.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import python_calamine as calamine

from eco.phrases import neighbours
from eco.problems import DataProblem, Finding
from eco.records import delimited
from eco.records.addresses import Grid, at_its_cell, row_number, row_places
from eco.records.encodings import read_encoding, whole_signs
from eco.records.formats import MARKUP, PARQUET, read_markup, read_parquet
from eco.records.headings import (
    is_numbering,
    joined_headings,
    merged_downwards,
    second_heading_row,
    title_units,
    units_below,
    with_units,
)
from eco.records.opening.doors import check_opening, opened_layer
from eco.records.opening.shapefiles import beside, dbf_texts
from eco.records.sentences import Hit
from eco.records.sources import Raw, Sheet, Source, choose, fault, plain
from eco.records.tables import COORDINATES, Column
from eco.records.texts import is_text, repeated
from eco.records.workbooks import unseen
from eco.space.datums import CRS_OFFERED, DEGREES, embedded_crs, is_old_datum, known_crs, suggestion
from eco.units import TO_MU, TO_YUAN

SHEETS = (".xlsx", ".xls")
LAYERS = (".gpkg", ".geojson", ".json", ".shp", ".zip")
READABLE = (".csv", ".tsv", *SHEETS, *LAYERS, *MARKUP, *PARQUET)
_TITLE_ROWS = 20  # a heading stands somewhere in the first rows, under titles and notes
# Longitude and latitude in one cell, or one of them under a heading we know.
_ONE_CELL = ("坐标", "经纬度", "经纬度坐标", "地理坐标", "gps", "gps坐标", "坐标位置", "定位", "经度", "纬度")
_UNREADABLE = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeError, ValueError)
_VILLAGE_NAMES = (
    "村名",
    "行政村",
    "行政村名",
    "行政村名称",
    "村名称",
    "所在村",
    "村委会",
    "村",
    "villagename",
)
_UNITS = {"area": TO_MU, "money": TO_YUAN, "": {}}


def read_sheet(source: Source) -> Sheet:
    """What stands in a table's file (READABLE says which kinds), under its own headings.

    Raises DataProblem when it does not open.
    """
    suffix = source.path.suffix.lower()
    if not source.path.is_file() or suffix not in READABLE:
        raise DataProblem([fault(source, "E-FILE-03", source.path.name, kind=" ".join(READABLE))])
    kinds = {LAYERS: _read_layer, SHEETS: _read_workbook, MARKUP: read_markup, PARQUET: read_parquet}
    read = next((read for endings, read in kinds.items() if suffix in endings), _read_csv)
    check_opening(source)
    return read(source)


def read_table(source: Source) -> Raw:
    """Read one table's file, its cells under our column names.

    Raises DataProblem with everything that makes the table unusable.
    """
    return named(source, read_sheet(source))


def named(source: Source, sheet: Sheet) -> Raw:
    """What stands in a file or a database table, its cells under our column names."""
    matched, faults = match_headings(source, list(sheet.frame.columns))
    grid = _grid_of(source, sheet, matched)
    factors, unit_findings = _units(source, matched)
    crs, crs_faults = _declared_crs(source, sheet, matched)
    found = (*sheet.findings, *faults, *unit_findings, *crs_faults)
    findings = tuple(at_its_cell(item, grid) for item in found)
    if any(item.level == "error" for item in findings):
        raise DataProblem(findings)
    cells = sheet.frame[list(matched.values())].set_axis(list(matched), axis="columns")
    return Raw(
        *(source, cells, sheet.where, factors, sheet.geometry, crs, findings, grid),
        headings=matched,
        leading=_first_texts(sheet.frame),
        hits=sheet.hits,
    )


def _first_texts(frame: pd.DataFrame) -> pd.Series:
    """The first text among the first three cells of each row, "" where none of them is one."""
    first = repeated("", frame.index)
    for place in range(min(3, len(frame.columns))):
        cells = frame.iloc[:, place]
        if not is_text(cells):
            cells = pd.Series([cell if isinstance(cell, str) else "" for cell in cells], dtype="str")
        first = first.where(first != "", cells.fillna(""))
    return first


def _grid_of(source: Source, sheet: Sheet, matched: Mapping[str, str]) -> Grid:
    headings = list(sheet.frame.columns)
    columns = {ours: headings.index(heading) for ours, heading in matched.items()}
    return Grid(source.path.name, sheet.name, sheet.heading, columns)


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
        elif column.name == "village_code" and (named := _village_heading(headings)):
            matched[column.name] = named
        elif column.required or declared:
            near = neighbours(declared or column.label.zh, headings) or neighbours(names[0], headings)
            found = f"相近表头 / near: {'、'.join(near)}" if near else "无此列 / no such heading"
            findings.append(fault(source, "E-COL-01", found, column.name, **words))
        if len(every) > 1:
            code = "E-COL-02" if len(best) > 1 else "E-COL-03"
            findings.append(fault(source, code, "、".join(every), column.name, **words))
    return matched, findings


def _village_heading(headings: Sequence[str]) -> str | None:
    """The heading of villages' names, taken where there are no codes; `village_names` makes them codes."""
    return next((heading for heading in headings if plain(heading) in _VILLAGE_NAMES), None)


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
    if source.path.suffix.lower() in (".shp", ".zip") and not any(ranks):
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
            findings.append(fault(source, "E-UNIT-02", unit, column.name, known=" ".join(known)))
        elif factors[column.name] != 1.0:
            ours = {"area": "亩 mu", "money": "元 yuan"}[column.dimension]
            found = f"{heading}（{unit}）×{factors[column.name]:g}"
            findings.append(fault(source, "E-UNIT-03", found, column.name, unit=ours))
    return factors, findings


def _suggested(sheet: Sheet, matched: Mapping[str, str]) -> str:
    """Which systems the coordinates could stand in by their size: words, never a decision."""
    if sheet.geometry is not None:
        pairs = [sheet.geometry.get_coordinates().to_numpy().T]
    else:
        names = [[matched.get(column.name, "") for column in pair] for pair in COORDINATES.values()]
        pairs = [
            sheet.frame[pair].apply(pd.to_numeric, errors="coerce").to_numpy().T
            for pair in names
            if all(pair)
        ]
    return "".join(f"；{said.zh} / {said.en}" for said in (suggestion(*pair) for pair in pairs) if said)


def _declared_crs(
    source: Source, sheet: Sheet, matched: Mapping[str, str]
) -> tuple[str | None, list[Finding]]:
    pairs = {kind: tuple(column.name for column in pair) for kind, pair in COORDINATES.items()}
    has_pair = {kind: all(name in matched for name in pair) for kind, pair in pairs.items()}
    if not source.table.geometry:
        return None, []
    if sheet.geometry is None and not any(has_pair.values()):
        near = [heading for heading in sheet.frame.columns if plain(heading).split("(")[0] in _ONE_CELL]
        return None, [fault(source, "E-COL-05", heading) for heading in near]
    declared = source.crs if source.crs is not None else sheet.crs
    known = CRS_OFFERED
    if declared is None:
        found = f"未声明坐标系 / no declared system{_suggested(sheet, matched)}"
        return None, [fault(source, "E-CRS-01", found, known=known)]
    crs = known_crs(declared) if isinstance(declared, str) else embedded_crs(declared)
    if crs is None:
        name = declared if isinstance(declared, str) else getattr(declared, "name", "?")
        code = "E-CRS-04" if is_old_datum(declared) else "E-CRS-03"
        return None, [fault(source, code, name, known=known)]
    kind = "degrees" if crs in DEGREES else "metres"
    if sheet.geometry is None and not has_pair[kind]:
        other = "、".join(name for names in pairs.values() for name in names if name in matched)
        return None, [fault(source, "E-CRS-05", other, names=", ".join(pairs[kind]), crs=crs)]
    return crs, []


def _grid(source: Source, rows: Sequence[Sequence[object]]) -> Sheet:
    """Rows of cells as a sheet; a row without any cell filled is no row of the table, but it counts."""
    headings, first, notes = _headings(source, rows)
    body = pd.DataFrame(rows[first + 1 :], dtype=object) if len(rows) > first + 1 else pd.DataFrame()
    body = body.reindex(columns=range(len(headings))).set_axis(headings, axis="columns")
    return replace(_filled(source, body, first + 1), findings=tuple(notes))


def _filled(source: Source, body: pd.DataFrame, first_row: int, over: np.ndarray | None = None) -> Sheet:
    """The rows with any cell filled; E-ROW-05 where `over` says that a row has more cells than headings."""
    over = np.zeros(len(body), dtype=bool) if over is None else over
    keep = ~(body.isna() | (body == "")).all(axis="columns").to_numpy(dtype=bool) | over
    numbers: np.ndarray = np.flatnonzero(keep) + first_row + 1
    wide, width = np.flatnonzero(over[keep]), len(body.columns)
    found = [f"多于 {width} 个 / more than {width}"] * len(wide)
    hits = (Hit("E-ROW-05", "", wide, found, {"wanted": width}),) if len(wide) else ()
    where = row_places(source.path.name, numbers)
    kept = body if keep.all() else body[keep]
    return Sheet(kept.reset_index(drop=True), where, heading=first_row, hits=hits)


def _headings(source: Source, rows: Sequence[Sequence[object]]) -> tuple[list[str], int, list[Finding]]:
    """The headings, the position of their last row, and a note where they stand in several rows."""
    if not len(rows):
        return [], 0, []
    columns = (*source.table, *COORDINATES["degrees"], *COORDINATES["metres"])
    known = {plain(name) for column in columns for name in _names(column)}
    known |= {plain(heading) for heading in source.columns.values()}
    known |= {split_unit(name, column)[0] for column in columns for name in _names(column)}

    def is_known(cell: object) -> bool:
        return bool({plain(cell), plain(cell).split("(")[0]} & known)

    scores = [sum(map(is_known, row)) for row in rows[:_TITLE_ROWS]]
    first = scores.index(max(scores))
    other = second_heading_row(rows, first, is_known)
    upper, lower = (first, first) if other is None else sorted((first, other))
    headings = [str(cell).strip() for cell in rows[first]]
    if other is not None:
        headings = joined_headings(rows[upper], rows[lower], is_known)
    last = lower
    for row in rows[lower + 1 : lower + 3]:
        units = units_below(row)
        if not units and not is_numbering(row):
            break
        headings, last = with_units(headings, units), last + 1
    notes = _title_faults(source, rows[:upper], headings)
    if last > upper:
        found = f"第 {upper + 1}—{last + 1} 行 / rows {upper + 1} to {last + 1}"
        notes.append(fault(source, "E-COL-04", found))
    return headings, last, notes


def _title_faults(
    source: Source, titles: Sequence[Sequence[object]], headings: Sequence[str]
) -> list[Finding]:
    """E-UNIT-05: columns without a unit of their own under a title that says another than ours."""
    said = title_units(titles)
    found = []
    for name, heading in match_headings(source, headings)[0].items():
        column = next((column for column in source.table if column.name == name), None)
        if column is None or not column.dimension or source.units.get(name) or split_unit(heading, column)[1]:
            continue
        other = [unit for unit in said if _UNITS[column.dimension].get(unit, 1.0) != 1.0]
        if other:
            found.append(fault(source, "E-UNIT-05", f"单位：{'、'.join(other)}", name, heading=heading))
    return found


def _read_csv(source: Source) -> Sheet:
    size = source.path.stat().st_size
    if size > delimited.LARGEST_BYTES:
        raise _refusal(source, delimited.Broken("E-CSV-03", 0, f"{size} 字节 / bytes"))
    data = source.path.read_bytes()
    broken = delimited.over_limits(data)
    if broken is not None:
        raise _refusal(source, broken)
    encoding, notes = _encoding(source, data, source.encoding)
    text, lone = delimited.plain_line_ends(data.decode(encoding).removeprefix("\ufeff"))
    head = delimited.first_lines(text, _TITLE_ROWS)
    mark = delimited.separator(head)
    width = max((line.count(mark) for line in head), default=0) + 1
    cells = delimited.unclosed_quote(text, mark, width=width) or delimited.parse(text, mark)
    if isinstance(cells, delimited.Broken):
        raise _refusal(source, cells)
    rows = cells.head(_TITLE_ROWS + 1).to_numpy().tolist()
    headings, first, joined = _headings(source, rows)
    body, over = delimited.under_headings(cells, headings, first)
    sheet = _filled(source, body, first + 1, over)
    notes += joined + ([fault(source, "E-CSV-04", "CR 换行 / CR line ends")] if lone else [])
    return replace(sheet, findings=(*sheet.findings, *notes))


def _refusal(source: Source, broken: delimited.Broken) -> DataProblem:
    found = f"第 {broken.line} 行 / line {broken.line}: {broken.found}" if broken.line else broken.found
    return DataProblem([fault(source, broken.code, found, high=delimited.LIMITS)])


def _encoding(
    source: Source, data: bytes, declared: str | None, cut: Iterable[bytes] = ()
) -> tuple[str, list[Finding]]:
    """The encoding a text's bytes are in, with a note where nobody had said so."""
    reading = read_encoding(data, declared, cut=cut)
    if reading is None or (reading.overruled and source.encoding):
        found = f"encoding={declared}" if declared else "无法识别的编码 / bytes in no known encoding"
        raise DataProblem([fault(source, "E-ENC-01", found)])
    name = {"gb18030": "GBK"}.get(reading.encoding, reading.encoding.upper())
    if reading.overruled:
        return reading.encoding, [fault(source, "E-ENC-03", f"{declared}，按 {name} 读取 / read as {name}")]
    if reading.encoding == "gb18030" and not declared:
        return reading.encoding, [fault(source, "E-ENC-02", "GBK 文字，按 GBK 读取 / GBK, read as such")]
    return reading.encoding, []


def _read_workbook(source: Source) -> Sheet:
    try:
        book = calamine.CalamineWorkbook.from_path(source.path)
        seen = [s.name for s in book.sheets_metadata if s.visible == calamine.SheetVisibleEnum.Visible]
        names = book.sheet_names if source.sheet is not None else seen or book.sheet_names
        if source.sheet is None and len(names) > 1:
            # Excel used to begin every workbook with three sheets; blank ones are nobody's.
            names = [one for one in names if book.get_sheet_by_name(one).start is not None] or names
        name = choose(source, "sheet", source.sheet, names)
        sheet = book.get_sheet_by_name(name)
        rows: list[list[object]] = list(map(list, sheet.to_python(skip_empty_area=False)))
        spans = sheet.merged_cell_ranges or []
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise DataProblem([fault(source, "E-FILE-03", str(error), kind="Excel")]) from error
    hidden = [other for other in book.sheet_names if other not in seen and other != name]
    notes = [fault(source, "E-SHEET-01", "、".join(hidden))] if hidden else []
    filled, merged, hits = _unmerged(source, rows, spans)
    read = _grid(source, filled)
    hits += _unseen_hits(source, read, name)
    return replace(read, name=name, findings=(*read.findings, *notes, *merged), hits=(*read.hits, *hits))


def _unseen_hits(source: Source, read: Sheet, name: str) -> list[Hit]:
    """Cells of ours in error (E-CELL-03) or never worked out (E-CELL-04), and hidden rows (E-ROW-07)."""
    if source.path.suffix.lower() != ".xlsx":
        return []
    seen = unseen(source.path, name)
    if not any(seen):
        return []
    rows = {row_number(where): row for row, where in enumerate(read.where)}
    headings = list(read.frame.columns)
    ours = {headings.index(heading): own for own, heading in match_headings(source, headings)[0].items()}
    kinds = (("E-CELL-03", seen.errors), ("E-CELL-04", dict.fromkeys(seen.unworked, "空的公式 / a formula")))
    hits = []
    for code, cells in kinds:
        for place, column in ours.items():
            at = [(rows[row], word) for (col, row), word in cells.items() if col == place and row in rows]
            if at:
                hits.append(Hit(code, column, np.array([row for row, _ in at]), [word for _, word in at]))
    hidden = [row for row in seen.hidden if row in rows]
    if hidden:
        found = [f"第 {row} 行 / row {row}" for row in hidden]
        hits.append(Hit("E-ROW-07", "", np.array([rows[row] for row in hidden]), found, counted=True))
    return hits


def _unmerged(
    source: Source, rows: list[list[object]], spans: Sequence[Any]
) -> tuple[list[list[object]], list[Finding], list[Hit]]:
    """Cells merged downwards written into every row; a number so shared by rows is nobody's (E-CELL-02)."""
    headings, first, _ = _headings(source, rows)
    ours = {headings.index(heading): name for name, heading in match_headings(source, headings)[0].items()}
    kinds = {column.name: column.kind for column in source.table}
    filled, hits, count = [list(row) for row in rows] if spans else rows, [], 0
    full = np.cumsum([any(cell not in ("", None) for cell in row) for row in rows]) - 1
    full -= full[first] + 1 if len(full) else 0
    for place, top, bottom in merged_downwards(spans, first + 1):
        if place not in ours:
            continue
        bottom = min(bottom, len(rows) - 1)
        if kinds.get(ours[place]) in ("code", "text", "choice", "year", "date"):
            for row in range(top + 1, bottom + 1):
                filled[row][place] = filled[top][place]
            count += bottom - top
        else:
            at = full[top : bottom + 1]
            hits.append(Hit("E-CELL-02", ours[place], at, [rows[top][place]] * len(at)))
    notes = [fault(source, "E-CELL-01", f"{count} 格 / {count} cells")] if count else []
    return filled, notes, hits


def _read_layer(source: Source) -> Sheet:
    with opened_layer(source) as (path, mended):
        encoding, notes = _dbf_encoding(source, path) if path.suffix == ".shp" else (None, [])
        try:
            names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
            ours = path != source.path and len(names) == 1
            layer = names[0] if ours else choose(source, "layer", source.layer, names)
            try:
                frame = pyogrio.read_dataframe(path, layer=layer, encoding=encoding, on_invalid="ignore")
            except UnicodeDecodeError:
                frame = _read_cut_headings(path, layer, encoding or "utf-8")
        except _UNREADABLE as error:
            raise DataProblem([fault(source, "E-FILE-03", error, kind=source.path.suffix)]) from error
    findings = (*mended, *notes)
    where = row_places(source.path.name, range(1, len(frame) + 1), feature=True)
    if not isinstance(frame, gpd.GeoDataFrame):
        return Sheet(frame, where, findings=findings)
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return Sheet(cells, where, frame.geometry, frame.crs, findings)


def _dbf_encoding(source: Source, path: Path) -> tuple[str, list[Finding]]:
    """The encoding of a dbf: declared, in its .cpg, or told from its bytes (GDAL would take Latin-1)."""
    cpg, dbf = beside(path, ".cpg"), beside(path, ".dbf")
    said = cpg.read_text(encoding="ascii", errors="replace").strip() if cpg is not None else None
    names, texts = dbf_texts(dbf) if dbf is not None else ([], [])
    return _encoding(source, b"", source.encoding or said, [*names, *texts])


def _read_cut_headings(path: Path, layer: str, encoding: str) -> gpd.GeoDataFrame:
    """A shapefile with a heading cut in the middle of a sign: read as bytes, the broken sign dropped."""
    frame = pyogrio.read_dataframe(path, layer=layer, ENCODING="ISO-8859-1", on_invalid="ignore")
    texts = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name])]
    for name in texts:
        frame[name] = frame[name].map(
            lambda cell: whole_signs(cell.encode("latin-1"), encoding), na_action="ignore"
        )
    names = {name: name.encode("latin-1").decode(encoding, "ignore") for name in frame.columns}
    return frame.rename(columns=names)
