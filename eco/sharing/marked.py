"""findings.xlsx: the bureau's own tables with every offending cell coloured and explained, and a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path

import openpyxl
import pandas as pd
import python_calamine as calamine
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from eco.files import whole_file
from eco.phrases import Phrase
from eco.problems import LEVELS, DataProblem, Finding
from eco.records.addresses import Grid, row_number
from eco.records.project import Project
from eco.records.readers import SHEETS, Source, read_sheet
from eco.records.settings import read_layout
from eco.records.tables import COORDINATES, TABLES
from eco.records.templates import lines_needed
from eco.sharing.office import plain_text, put

WHOLE_ROWS = 20_000  # of a longer table only the headings and the marked rows are shown
STYLED_BYTES = 2_000_000  # a larger workbook comes without its colours and widths
LEVEL_WORDS = {
    "error": Phrase("错误", "error"),
    "doubt": Phrase("存疑", "doubt"),
    "note": Phrase("说明", "note"),
}
_COLOURS = {"error": "F8CBAD", "doubt": "FFE699", "note": "DDEBF7"}
_FILLS = {level: PatternFill("solid", fgColor=colour) for level, colour in _COLOURS.items()}
_LIST = {
    Phrase("级别", "level"): 11,
    Phrase("表", "table"): 20,
    Phrase("位置", "place"): 30,
    Phrase("单元格", "cell"): 18,
    Phrase("列", "column"): 22,
    Phrase("发现", "found"): 26,
    Phrase("应为", "expected"): 38,
    Phrase("怎么办", "what to do"): 40,
    Phrase("代码", "code"): 12,
}
_LEFT_OUT = {
    Phrase("表", "table"): 20,
    Phrase("位置", "place"): 30,
    Phrase("单元格", "cell"): 18,
    Phrase("原因", "reason"): 60,
    Phrase("怎么办", "what to do"): 40,
    Phrase("代码", "code"): 12,
}
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_HAIRLINE = Border(bottom=Side("hair", color="BFBFBF"))
_TOLD_IN_A_CELL = 12

Marks = dict[str, list[Finding]]  # the findings of each cell of a sheet


def write_findings(
    found: Project | DataProblem, path: Path | str, *, folder: Path | str | None = None
) -> None:
    """Write all findings, worst first, with a marked copy of every table that a finding points into.

    The first sheet lists them, the second the rows left out with the reason, the others are the
    bureau's tables, cell for cell at their own addresses: formulas that stay in their sheet are
    kept, images and macros are not. Nothing in the folder is changed. A DataProblem does not know
    the `folder` it was raised for; without one it is listed and no table is copied.
    """
    left_out, title = None, Path(folder or "").name
    if isinstance(found, Project):
        left_out, title, folder = found.left_out, found.settings.name, found.folder
    findings = worst_first(found.findings)
    book = openpyxl.Workbook()
    book.properties.creator, book.properties.title = "", "eco findings"
    sources = read_layout(Path(folder)).sources if folder and Path(folder).is_dir() else {}
    titles = _sheet_titles([item for item in findings if item.table in sources])
    _list_sheet(book.worksheets[0], findings, titles, title=title, rows_out=_count(left_out))
    if left_out is not None and len(left_out):
        _quarantine_sheet(book.create_sheet("未采用 left out"), left_out, findings, titles)
    for place, name in titles.items():
        inside = [item for item in findings if item.cell and (item.file, item.sheet) == place]
        sheet = book.create_sheet(name)
        sheet.sheet_properties.tabColor = _COLOURS[inside[0].level]
        marks: Marks = {}
        for item in inside:
            marks.setdefault(item.cell, []).append(item)
        _copy_table(sheet, sources[inside[0].table], place[1], marks)
        _mark(sheet, marks)
        _fit_to_page(sheet)
    with whole_file(path) as draft:
        book.save(draft)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors, then doubts, then notes; inside a level by table, row and column as the file has them."""
    order = {name: place for place, name in enumerate(TABLES)}
    return sorted(
        findings, key=lambda f: (LEVELS.index(f.level), order.get(f.table, -1), f.row, len(f.cell), f.cell)
    )


def _count(left_out: pd.DataFrame | None) -> int:
    return 0 if left_out is None else len(left_out)


def _sheet_titles(findings: Sequence[Finding]) -> dict[tuple[str, str], str]:
    """The title of each marked sheet by (file, sheet), in the order of the tables."""
    order = {name: place for place, name in enumerate(TABLES)}
    placed = sorted((f for f in findings if f.cell and f.table in TABLES), key=lambda f: order[f.table])
    titles: dict[tuple[str, str], str] = {}
    for file, sheet in dict.fromkeys((f.file, f.sheet) for f in placed):
        bare = re.sub(r"[\[\]:*?/\\']", "_", sheet or file)[:27] or "_"
        taken = {title.lower() for title in titles.values()}
        free = (bare, *(f"{bare} {number}" for number in range(2, 99)))
        titles[file, sheet] = next(title for title in free if title.lower() not in taken)
    return titles


def _list_sheet(
    sheet: Worksheet,
    findings: Sequence[Finding],
    titles: Mapping[tuple[str, str], str],
    *,
    title: str,
    rows_out: int,
) -> None:
    sheet.title = "问题清单 findings"
    levels: list[str] = [finding.level for finding in findings]
    counts = "　".join(f"{word} {levels.count(level)}" for level, word in _both(LEVEL_WORDS).items())
    put(sheet.cell(1, 1), f"问题清单 findings · {title}").font = Font(bold=True, size=14)
    put(sheet.cell(2, 1), f"{counts}　未采用的行 rows left out {rows_out}")
    hint = "点单元格地址可跳到标色处；原文件未改动。 Click a cell's address to see it marked; no file was changed."
    put(sheet.cell(3, 1), hint).font = Font(color="7F7F7F")
    _headings(sheet, _LIST, row=4)
    for row, item in enumerate(findings, start=5):
        words = (
            " ".join(LEVEL_WORDS[item.level]),
            _table_words(item.table),
            item.where,
            item.address,
            column_words(item.table, item.column),
            item.found,
            f"{item.expected.zh}\n{item.expected.en}",
            f"{item.todo.zh}\n{item.todo.en}",
            item.code,
        )
        _line(sheet, row, words)
        sheet.cell(row, 1).fill = _FILLS[item.level]
        _link(sheet.cell(row, 4), item, titles)
    _finish(sheet, heading=4, columns=len(_LIST), rows=len(findings))


def _quarantine_sheet(
    sheet: Worksheet,
    left_out: pd.DataFrame,
    findings: Iterable[Finding],
    titles: Mapping[tuple[str, str], str],
) -> None:
    """The rows left out, each with the finding it was left out for."""
    told = {(f.table, f.where, f.code, f.column): f for f in findings if f.level == "error"}
    _headings(sheet, _LEFT_OUT, row=1)
    rows = left_out[["table", "where", "code", "reason"]].itertuples(index=False, name=None)
    for row, (table, where, code, reason) in enumerate(rows, start=2):
        item = told.get((table, where, code, reason.partition(":")[0]))
        todo = f"{item.todo.zh}\n{item.todo.en}" if item else ""
        reason = f"{_reason_words(item)}\n{item.expected.en}" if item else reason
        address = item.address if item else ""
        _line(sheet, row, (_table_words(table), where, address, reason, todo, code))
        if item:
            _link(sheet.cell(row, 3), item, titles)
    _finish(sheet, heading=1, columns=len(_LEFT_OUT), rows=len(left_out))


def _reason_words(item: Finding) -> str:
    return f"{column_words(item.table, item.column)}：发现 {item.found}；应为{item.expected.zh}"


def _both(words: Mapping[str, Phrase]) -> dict[str, str]:
    return {key: " ".join(word) for key, word in words.items()}


def _table_words(name: str) -> str:
    return f"{TABLES[name].label.zh} {name}" if name in TABLES else name


def column_words(table: str, name: str) -> str:
    """A column's Chinese label and our name of it; only the name where it is no column of the table."""
    columns = [*TABLES[table], *COORDINATES["degrees"], *COORDINATES["metres"]] if table in TABLES else []
    label = next((column.label.zh for column in columns if column.name == name), "")
    return f"{label} {name}".strip()


def _headings(sheet: Worksheet, columns: Mapping[Phrase, int], *, row: int) -> None:
    for position, (words, width) in enumerate(columns.items(), start=1):
        cell = put(sheet.cell(row, position), " ".join(words))
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="F2F2F2")
        sheet.column_dimensions[get_column_letter(position)].width = width


def _line(sheet: Worksheet, row: int, words: Sequence[str]) -> None:
    for position, text in enumerate(words, start=1):
        cell = put(sheet.cell(row, position), text)
        cell.alignment, cell.border = _WRAPPED, _HAIRLINE
    widths = (sheet.column_dimensions[get_column_letter(at)].width for at in range(1, len(words) + 1))
    # LibreOffice fits no row of a file by itself; Excel refuses rows over 409 points.
    sheet.row_dimensions[row].height = min(409, 16 * max(map(lines_needed, words, widths)))


def _finish(sheet: Worksheet, *, heading: int, columns: int, rows: int) -> None:
    sheet.freeze_panes = f"A{heading + 1}"
    sheet.auto_filter.ref = f"A{heading}:{get_column_letter(columns)}{heading + max(rows, 1)}"
    sheet.print_title_rows = f"{heading}:{heading}"
    _fit_to_page(sheet)


def _fit_to_page(sheet: Worksheet) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 9, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _link(cell: Cell, item: Finding, titles: Mapping[tuple[str, str], str]) -> None:
    if item.cell and (item.file, item.sheet) in titles:
        target = f"'{titles[item.file, item.sheet]}'!{item.cell}"
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=target)
        cell.font = Font(color="0563C1", underline="single")


def _copy_table(sheet: Worksheet, source: Source, name: str, marks: Marks) -> None:
    """The table as it stands in its file, every cell at its own address."""
    if source.path.suffix.lower() == ".xlsx" and source.path.stat().st_size <= STYLED_BYTES:
        _copy_styled(sheet, source.path, name)
        return
    rows, heading = _rows(source, name)
    wanted = {int(re.sub("[A-Z]", "", cell)) for cell in marks}
    short = len(rows) > WHOLE_ROWS
    # Rows between the shown ones stay at their numbers and are hidden.
    sheet.sheet_format.zeroHeight = True if short else None
    for number, values in rows:
        if not short or number <= heading or number in wanted:
            sheet.row_dimensions[number].hidden = False
            for position, value in enumerate(values, start=1):
                if value is not None and value == value and value != "":
                    put(sheet.cell(number, position), value).font = Font(bold=number == heading)
    sheet.freeze_panes = f"A{heading + 1}"
    for position in range(1, sheet.max_column + 1):
        sheet.column_dimensions[get_column_letter(position)].width = 16


def _rows(source: Source, name: str) -> tuple[list[tuple[int, Sequence[object]]], int]:
    """Rows of a file with their number in a sheet, and the number of the row of headings."""
    read = read_sheet(source)
    grid = Grid(source.path.name, heading=read.heading)
    if source.path.suffix.lower() in SHEETS:
        return list(enumerate(_values(source.path, name), start=1)), grid.sheet_row(0)
    numbers = (grid.sheet_row(row_number(where)) for where in read.where)
    body = zip(numbers, read.frame.itertuples(index=False, name=None))
    return [(grid.sheet_row(0), list(read.frame.columns)), *body], grid.sheet_row(0)


def _values(path: Path, name: str) -> list[list]:
    book = calamine.CalamineWorkbook.from_path(path)
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _copy_styled(sheet: Worksheet, path: Path, name: str) -> None:
    """A sheet of an .xlsx with its formulas, styles, widths and merged cells."""
    old_sheet = openpyxl.load_workbook(path, keep_links=False)[name]
    shown = _values(path, name)
    styles: dict[int, object] = {}
    for old in (cell for row in old_sheet.iter_rows() for cell in row):
        if isinstance(old, MergedCell) or (old.value is None and not old.has_style):
            continue
        new = sheet.cell(old.row, old.column)
        if old.data_type == "f" and _reaches_out(old.value):
            put(new, shown[old.row - 1][old.column - 1])
        else:
            new.value, new.data_type = old.value, old.data_type
        _dress(new, old, styles)
        if old.comment:
            new.comment = Comment(old.comment.text, old.comment.author or "")
    for letter, old_column in old_sheet.column_dimensions.items():
        column = sheet.column_dimensions[letter]
        column.min, column.max, column.width = old_column.min, old_column.max, old_column.width
    for number, old_row in old_sheet.row_dimensions.items():
        sheet.row_dimensions[number].height = old_row.height
    for merged in old_sheet.merged_cells.ranges:
        sheet.merge_cells(merged.coord)
    sheet.freeze_panes = old_sheet.freeze_panes


def _reaches_out(formula: object) -> bool:
    """Whether a formula names another sheet, workbook or program: none of them is in our workbook."""
    return bool(re.search(r"[!\[|]", str(getattr(formula, "text", formula))))


def _dress(new: Cell, old: Cell, styles: dict[int, object]) -> None:
    """Give a cell the look of one of another workbook; each look is carried over once."""
    if not old.has_style:
        return
    known = styles.get(old.style_id)
    if known is None:
        new.font, new.fill, new.border = copy(old.font), copy(old.fill), copy(old.border)
        new.alignment, new.number_format = copy(old.alignment), old.number_format
        styles[old.style_id] = copy(new._style)
    else:
        new._style = copy(known)


def _mark(sheet: Worksheet, marks: Marks) -> None:
    """Colour each cell by its worst finding and tell them in a comment."""
    for address, findings in marks.items():
        cell = sheet[address]
        if isinstance(cell, MergedCell):
            whole = next(area for area in sheet.merged_cells.ranges if address in area)
            cell = sheet.cell(whole.min_row, whole.min_col)
        cell.fill = _FILLS[findings[0].level]
        told = [_told(item) for item in findings[:_TOLD_IN_A_CELL]]
        if len(findings) > _TOLD_IN_A_CELL:
            more = len(findings) - _TOLD_IN_A_CELL
            told.append(f"另有 {more} 条 / {more} more")
        if cell.comment:
            told.append(f"—— {cell.comment.text}")
        cell.comment = Comment("\n\n".join(told), "eco", width=380, height=40 + 100 * min(len(told), 4))
        column = sheet.column_dimensions[get_column_letter(cell.column)]
        column.hidden = False


def _told(item: Finding) -> str:
    zh, en = LEVEL_WORDS[item.level]
    text = (
        f"{zh} {item.code}：发现 {item.found}；应为{item.expected.zh}；请{item.todo.zh}。\n"
        f"{en}: found {item.found}; expected {item.expected.en}; {item.todo.en}."
    )
    return plain_text(text)
