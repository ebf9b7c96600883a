"""An edition written into a copy of the bureau's own table: its headings, letterhead, styles and formulas stay."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from openpyxl.cell import Cell, MergedCell
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.formula.tokenizer import Token, Tokenizer
from openpyxl.formula.translate import Translator
from openpyxl.packaging.core import DocumentProperties
from openpyxl.packaging.custom import CustomPropertyList
from openpyxl.styles import Alignment
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet.cell_range import MultiCellRange
from openpyxl.worksheet.worksheet import Worksheet

from eco.phrases import WORDS, Phrase, word
from eco.problems import DataProblem, Finding
from eco.records import headings
from eco.records.opening.doors import check_opening
from eco.records.readers import Source, match_headings, plain, split_unit
from eco.records.tables import Column, Table
from eco.records.templates import lines_needed
from eco.sharing.columns import FORMATS, HIDDEN, NOBODY, UNKNOWN, columns_of, cover_lines, title_of
from eco.sharing.columns import Column as Shown
from eco.sharing.fields import LAYERS
from eco.sharing.office import cell_text, put
from eco.sharing.release import LEVELS, Release
from eco.units import TO_MU, TO_YUAN

_TITLE_ROWS = 20  # a heading stands somewhere in the first rows, under letterhead and notes
_NAMES = {
    "county": ("县区", "县", "区县", "县名", "县区名称"),
    "township": ("乡镇", "乡", "镇", "乡镇名", "乡镇名称", "所在乡镇"),
    "village": ("村", "行政村", "村名", "行政村名称", "村名称", "所在村", "建制村"),
}
_SERIAL = ("序号", "编号", "no", "no.")
_REFERENCE = re.compile(r"(\$?[A-Z]{1,3}\$?)(\d+)(?::(\$?[A-Z]{1,3}\$?)(\d+))?")


@dataclass(frozen=True)
class _Form:
    """One sheet to fill in: rows from `first` to before `footer`, and our column in each of its columns."""

    sheet: Worksheet
    level: str
    first: int
    footer: int
    columns: Mapping[int, str]  # position from 1: our name
    units: Mapping[int, float]  # what a value is divided by: 10,000 under 万元
    serial: int | None
    unknown: Mapping[int, str]  # headings that mean none of our columns


def fill_template(draft: Path, told: Release, template: Path) -> None:
    """Write a copy of `template` with the edition's rows in it to `draft`; `template` itself is only read.

    Its last sheet says what was filled in, what could not be, and what the numbers mean. DataProblem where it is
    no sound .xlsx (E-FILE-..), reaches into other workbooks (E-BOOK-02) or has no heading we know (E-BOOK-01).
    """
    if not template.is_file():
        raise DataProblem([_fault("E-BOOK-01", template.name, "无此文件 / no such file")])
    check_opening(Source(_table("village"), template))
    with zipfile.ZipFile(template) as book:
        if any(name.startswith("xl/externalLinks/") for name in book.namelist()):
            raise DataProblem([_fault("E-BOOK-02", template.name, "externalLinks")])
    made = openpyxl.load_workbook(template)
    forms = [form for sheet in made.worksheets if (form := _form(sheet, template, told)) is not None]
    if not forms:
        raise DataProblem([_fault("E-BOOK-01", template.name, "、".join(made.sheetnames)[:80])])
    lines = [line for form in forms for line in _fill(form, told)]
    _about(made, told, lines)
    made.properties, made.custom_doc_props = DocumentProperties(), CustomPropertyList()
    for cell in (c for sheet in made.worksheets for row in sheet.iter_rows() for c in row if c.comment):
        cell.comment.author = ""
    made.save(draft)


def _fault(code: str, where: str, found: str) -> Finding:
    expected, todo = {
        "E-BOOK-01": (
            Phrase(
                "表头含县区、乡镇、村或户以及户数、人口、增收等列的 .xlsx",
                "an .xlsx whose headings name a place and households, persons or gain",
            ),
            Phrase("对照 eco export 的工作簿改表头", "name the headings as the workbook of eco export does"),
        ),
        "E-BOOK-02": (
            Phrase("不引用其他工作簿的表格", "a table that reaches into no other workbook"),
            Phrase("在 Excel 中断开外部链接后另存", "break its links in Excel and save it again"),
        ),
    }[code]
    return Finding(code, "error", "template", where, "", found, expected, todo)


def _table(level: str) -> Table:
    """Our columns of one level as a table of the bureau is declared: code, names of places, numbers."""
    names = [Column(f"{upper}_name", "text", WORDS[upper], aliases) for upper, aliases in _NAMES.items()]
    code = Column("code", "code", WORDS["layer_code"], ("行政区划代码", "村代码", "乡镇代码", "县代码"))
    columns = (code, *names, *(field.column() for field in LAYERS[level]))
    return Table(level, WORDS[level], (), None, columns)


def _form(sheet: Worksheet, template: Path, told: Release) -> _Form | None:
    """Where and what a sheet wants filled in; None where it has no heading row we know."""
    rows = [list(row) for row in sheet.iter_rows(min_row=1, max_row=_TITLE_ROWS, values_only=True)]
    tables = {name: _table(name) for name in ("village", "household")}

    def known(cell: object) -> bool:
        return isinstance(cell, str) and any(
            match_headings(Source(t, template), [cell])[0] for t in tables.values()
        )

    counts = [sum(map(known, row)) for row in rows]
    if not counts or max(counts) < 2:
        return None
    upper = lower = counts.index(max(counts))
    second = headings.second_heading_row(rows, upper, known)
    if second is not None:
        upper, lower = min(upper, second), max(upper, second)
    texts = [str(cell or "").strip() for cell in rows[lower]]
    if upper != lower:
        texts = headings.joined_headings(
            [cell or "" for cell in rows[upper]], [cell or "" for cell in rows[lower]], known
        )
    while lower + 1 < len(rows) and (units := headings.units_below(rows[lower + 1])):
        texts, lower = headings.with_units(texts, units), lower + 1
    if lower + 1 < len(rows) and headings.is_numbering(rows[lower + 1]):
        lower += 1
    table = tables["household" if any(plain(t) in ("化名", "pseudonym") for t in texts) else "village"]
    return _matched(sheet, table, texts, first=lower + 2, template=template)


def _matched(sheet: Worksheet, table: Table, texts: list[str], *, first: int, template: Path) -> _Form:
    matched, _ = match_headings(Source(table, template), [text for text in texts if text])
    columns = {texts.index(heading) + 1: name for name, heading in matched.items()}
    serial = next((place for place, text in enumerate(texts, 1) if plain(text) in _SERIAL), None)
    declared = {column.name: column for column in table}
    units = {
        place: {**TO_MU, **TO_YUAN}.get(split_unit(texts[place - 1], declared[name])[1], 1.0)
        for place, name in columns.items()
        if declared[name].dimension
    }
    level = "household" if table.name == "household" else "county"
    for upper in LEVELS:
        if f"{upper}_name" in columns.values() and level != "household":
            level = upper
    unknown = {
        place: text
        for place, text in enumerate(texts, 1)
        if text and place not in columns and place != serial
    }
    footer = _footer(sheet, first, serial)
    return _Form(sheet, level, first, footer, columns, units, serial, unknown)


def _footer(sheet: Worksheet, first: int, serial: int | None) -> int:
    """The first row below the blank ones: a total, a signature, or the row after the last."""
    for row in range(first, sheet.max_row + 1):
        for cell in sheet[row]:
            value = cell.value
            if value is None or cell.column == serial or isinstance(cell, MergedCell):
                continue
            if not isinstance(value, str) or not value.startswith("=") or _sums_rows(value, row):
                return row
    return sheet.max_row + 1 if sheet.max_row >= first else first


def _sums_rows(formula: str, row: int) -> bool:
    """Whether a formula looks at other rows than its own: that of a total."""
    return any({int(r) for r in (a, b) if r} != {row} for _, a, _, b in _REFERENCE.findall(formula))


def _fill(form: _Form, told: Release) -> list[str]:
    """Fill one sheet from its first row down; what was done, and what could not be, in words."""
    shown = {one.name: one for one in columns_of(told, form.level)}
    shown |= {f"{level}_name": shown[level] for level in LEVELS if level in shown}
    if "name" in shown:
        shown[f"{form.level}_name"] = shown["name"]
    values = {place: shown[name] for place, name in form.columns.items() if name in shown}
    formulas = {} if form.first >= form.footer else _formulas(form)
    listed = _listed(form, shown)
    if listed:
        for row, place in listed.items():
            _write_row(form, row, place, values, formulas)
    else:
        rows = len(next(iter(values.values())).values) if values else 0
        _make_room(form, rows - (form.footer - form.first))
        for place in range(rows):
            _write_row(form, form.first + place, place, values, formulas)
    empty = [WORDS[f"layer_{name}"].say(told.lang) for name in form.columns.values() if name not in shown]
    heads = [text for place, text in form.unknown.items() if place not in formulas] + empty
    lines = [word("book_filled", told.lang).format(sheet=form.sheet.title, rows=len(listed) or rows)]
    if heads:
        lines.append(word("book_unfilled", told.lang).format(columns="、".join(heads)))
    return lines


def _formulas(form: _Form) -> dict[int, str]:
    """The formulas of the first blank row by column: every row gets them."""
    cells = form.sheet[form.first]
    return {
        cell.column: cell.value for cell in cells if isinstance(cell.value, str) and cell.value[:1] == "="
    }


def _listed(form: _Form, shown: Mapping[str, Shown]) -> dict[int, int]:
    """Rows that already name a place, with its position among ours: by code, else by the names of all levels given."""
    keys = ["code"] if "code" in form.columns.values() else [f"{level}_name" for level in LEVELS]
    places = [(place, name) for place, name in form.columns.items() if name in keys and name in shown]
    if not places:
        return {}
    ours = list(zip(*(shown[name].values for _, name in places)))
    known = {tuple(plain(text) for text in row): at for at, row in enumerate(ours)}
    listed: dict[int, int] = {}
    last = [""] * len(places)
    for row in range(form.first, form.sheet.max_row + 1):
        texts = [plain(form.sheet.cell(row, place).value or "") for place, _ in places]
        last = [text or before for text, before in zip(texts, last)]  # a township merged over its villages
        if texts[-1] and tuple(last) in known:
            listed[row] = known[tuple(last)]
    return listed


def _write_row(
    form: _Form, row: int, position: int, values: Mapping[int, Shown], formulas: Mapping[int, str]
) -> None:
    """One place in one row: our values, the row's number, the formulas of the first row moved down."""
    sheet = form.sheet
    if form.serial is not None and sheet.cell(row, form.serial).value is None:
        _set(sheet.cell(row, form.serial), row - form.first + 1)
    for place, formula in formulas.items():
        cell = sheet.cell(row, place)
        signs = [s for s in _looked_at(formula, values, position) if s in (HIDDEN, NOBODY, UNKNOWN)]
        if signs:  # of what may not be told nothing is worked out
            _sign(cell, signs[0])
        elif cell.value is None:
            start = sheet.cell(form.first, place).coordinate
            cell.value = Translator(formula, origin=start).translate_formula(cell.coordinate)
    for place, column in values.items():
        cell = sheet.cell(row, place)
        if place in formulas or isinstance(cell, MergedCell) or cell.value is not None:
            continue
        value = column.values[position]
        if isinstance(value, int | float):
            unit = form.units.get(place, 1.0)
            _set(cell, value / unit)
            if cell.number_format == "General":
                cell.number_format = "#,##0.00" if unit > 1 else FORMATS.get(column.kind, "General")
        elif value in (HIDDEN, NOBODY, UNKNOWN):
            _sign(cell, value)
        else:
            _set(cell, value)


def _looked_at(formula: str, values: Mapping[int, Shown], position: int) -> list[object]:
    """Our values that a formula of the first row looks at, as they are in the row of `position`."""
    letters = {found[0].strip("$") for found in _REFERENCE.findall(formula)}
    places = [column_index_from_string(letter) for letter in sorted(letters)]
    return [values[place].values[position] for place in places if place in values]


def _sign(cell: Cell, sign: object) -> None:
    _set(cell, sign)
    look = copy(cell.alignment)
    look.horizontal = "right"
    cell.alignment = look


def _set(cell: Cell, value: object) -> None:
    if not isinstance(cell, MergedCell):
        put(cell, value)


def _make_room(form: _Form, rows: int) -> None:
    """Push what stands below the blank rows down by `rows`, with merged cells, heights and all that points there."""
    sheet, footer = form.sheet, form.footer
    pattern = max(form.first, footer - 1)
    if rows <= 0:
        return
    merged = [area.coord for area in sheet.merged_cells.ranges if area.min_row >= footer]
    for area in merged:
        sheet.unmerge_cells(area)
    heights = {row: sheet.row_dimensions[row].height for row in range(footer, sheet.max_row + 1)}
    looks = {cell.column: copy(cell._style) for cell in sheet[pattern]}
    if footer <= sheet.max_row:
        last = sheet.cell(sheet.max_row, sheet.max_column).coordinate
        sheet.move_range(f"A{footer}:{last}", rows=rows)
    for row, height in heights.items():
        sheet.row_dimensions[row + rows].height = height
    for row in range(footer, footer + rows):
        sheet.row_dimensions[row].height = sheet.row_dimensions[pattern].height
        for column, look in looks.items():
            sheet.cell(row, column)._style = copy(look)
    for area in merged:
        sheet.merge_cells(_shifted(area, footer, rows))
    _point_anew(sheet, footer, rows)


def _point_anew(sheet: Worksheet, footer: int, rows: int) -> None:
    """Formulas, coloured ranges and drop-downs that point at or below `footer` follow what they point at."""
    for other in sheet.parent.worksheets:
        for cell in (cell for line in other.iter_rows() for cell in line if cell.data_type == "f"):
            cell.value = _formula(str(getattr(cell.value, "text", cell.value)), other, sheet, footer, rows)
    rules = ConditionalFormattingList()
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            rules.add(_shifted(str(area.sqref), footer, rows), rule)
    sheet.conditional_formatting = rules
    for choice in sheet.data_validations.dataValidation:
        choice.sqref = MultiCellRange(_shifted(str(choice.sqref), footer, rows))
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = _shifted(sheet.auto_filter.ref, footer, rows)


def _formula(formula: str, here: Worksheet, moved: Worksheet, footer: int, rows: int) -> str:
    """A formula of sheet `here` after the rows of `moved` from `footer` on went down."""
    told = Tokenizer(formula)
    parts = []
    for token in told.items:
        sheet, mark, place = token.value.rpartition("!")
        same = sheet.strip("'") == moved.title if mark else here is moved
        if token.type == Token.OPERAND and token.subtype == Token.RANGE and same:
            parts.append(f"{sheet}{mark}{_shifted(place, footer, rows)}")
        else:
            parts.append(token.value)
    return "=" + "".join(parts)


def _shifted(places: str, footer: int, rows: int) -> str:
    """Cell addresses after the rows from `footer` on went down; a range that ended just above them grows.

    >>> _shifted("D5:D10 A11", 11, 3), _shifted("$B$11:$B$12", 11, 3), _shifted("C4", 11, 3)
    ('D5:D13 A14', '$B$14:$B$15', 'C4')
    """

    def move(found: re.Match[str]) -> str:
        left, top, right, bottom = found.groups()
        first = int(top) + (rows if int(top) >= footer else 0)
        if bottom is None:
            return f"{left}{first}"
        last = int(bottom) + (rows if int(bottom) >= footer - 1 else 0)
        return f"{left}{first}:{right}{last}"

    return _REFERENCE.sub(move, places)


def _about(book: openpyxl.Workbook, told: Release, lines: Sequence[str]) -> None:
    """A last sheet: what was filled in, what the numbers and signs mean, what they rest on."""
    sheet = book.create_sheet(
        word("book_cover", told.lang)
    )  # openpyxl gives it a number where the name is taken
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, 110
    texts = [("", title_of(told)), *(("", line) for line in lines)]
    texts += [(label, line) for label, parts, _ in cover_lines(told, ()) for line in parts]
    for row, (label, line) in enumerate(texts, start=1):
        put(sheet.cell(row, 1), label)
        put(sheet.cell(row, 2), line).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[row].height = min(409, 16 * lines_needed(cell_text(line), 110))
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 9, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
