"""An edition as an Excel workbook: what the numbers mean, totals, a sheet a level, causes, what it all rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from eco.files import whole_file
from eco.phrases import word
from eco.records.templates import lines_needed
from eco.sharing.columns import FORMATS, HIDDEN, NOBODY, UNKNOWN, Column, cover_lines, tables_of, title_of
from eco.sharing.filled import fill_template
from eco.sharing.office import cell_text, without_traces
from eco.sharing.release import Release
from eco.sharing.sheets import (
    BOOK_OPTIONS,
    SHEET_SIGNS,
    Margins,
    book_looks,
    fitting_width,
    set_up_page,
    signs_wide,
    write_headings,
)

_HEAD_ROWS = 4  # title, note, headings in Chinese, headings in English
_BARS = ("gain_yuan_mean", "left_out_share", "share")
_SCALES = ("gain_per_head_mean", "saturation")


@dataclass(frozen=True)
class _Book:
    """The workbook in the making, with its looks and what stands on every sheet."""

    told: Release
    book: Any
    looks: Mapping[str, Any]
    around: Margins

    def say(self, key: str) -> str:
        return word(f"book_{key}", self.told.lang)


def write_workbook(path: Path | str, told: Release, *, template: Path | str | None = None) -> Path:
    """Write an edition as .xlsx; with `template`, into a copy of the bureau's own table.

    Texts are texts whatever they begin with, numbers are numbers, and a number that may not be shown is a sign
    that the first sheet explains. The same release gives the same bytes. With `template` its headings are matched
    as in reading, rows are filled in below them, and what could not be filled is told on a sheet of its own.
    DataProblem where the template cannot be opened or none of its headings is known.
    """
    path = Path(path)
    with whole_file(path) as draft:
        if template is not None:
            fill_template(draft, told, Path(template))
        else:
            _write(draft, told)
        without_traces(draft, title=title_of(told))
    return path


def _write(draft: Path, told: Release) -> None:
    with xlsxwriter.Workbook(str(draft), BOOK_OPTIONS) as book:
        made = _Book(told, book, book_looks(book), _margins(told))
        tables = {name: columns for name, columns in tables_of(told) if columns and columns[0].values}
        _cover(made, list(tables))
        for name, columns in tables.items():
            _sheet(made, name, columns)


def _cover(made: _Book, tables: list[str]) -> None:
    """The first sheet: title, stamp, how to read the numbers, what the sheets hold, what it rests on."""
    told = made.told
    sheet = made.book.add_worksheet(made.say("cover"))
    set_up_page(sheet, made.around, repeat=None)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 104)
    sheet.set_row(0, 30)
    sheet.write_string(0, 0, cell_text(title_of(told)), made.looks["title"])
    row = 2
    for label, lines, look in cover_lines(told, tables):
        for place, text in enumerate(lines):
            sheet.write_string(row, 0, label if place == 0 else "", made.looks["label"])
            sheet.write_string(row, 1, cell_text(text), made.looks[look])
            sheet.set_row(row, 16.5 * min(lines_needed(cell_text(text), 114), 24))
            row += 1
    sheet.hide_gridlines(2)


def _sheet(made: _Book, name: str, columns: list[Column]) -> None:
    told, looks = made.told, made.looks
    sheet = made.book.add_worksheet(made.say(name)[:SHEET_SIGNS])
    rows = len(columns[0].values)
    names = sum(column.kind == "text" for column in columns[:4])
    # Short texts: where the names stand on every part of a wide table, what runs on beside them is cut off.
    sheet.write_string(0, 0, f"{made.say(name)} · {told.year}", looks["title"])
    sheet.write_string(1, 0, cell_text(told.sheet.stamp), looks["note"])
    sheet.write_string(1, max(names, 1), cell_text(_signs(columns, told.lang)), looks["note"])
    sheet.set_row(0, 26)
    widths = [_width(column) for column in columns]
    for place, (column, width) in enumerate(zip(columns, widths)):
        look = looks[column.kind if column.kind in FORMATS else "text"]
        sheet.set_column(place, place, width)
        _fill(sheet, place, column, look, looks["sign"])
        _colour(sheet, place, column, rows)
    write_headings(sheet, [column.heading for column in columns], widths, row=2, looks=looks)
    sheet.freeze_panes(_HEAD_ROWS, names)
    sheet.autofilter(3, 0, 3 + rows, len(columns) - 1)
    set_up_page(sheet, made.around, repeat=(2, 3), names=names, wide=sum(widths))


def _fill(sheet, place: int, column: Column, look, sign) -> None:
    for row, value in enumerate(column.values, start=_HEAD_ROWS):
        if isinstance(value, str):
            plain = column.kind == "text" and value not in (HIDDEN, NOBODY, UNKNOWN)
            text_look = look if plain or column.kind in ("basis", "flag") else sign
            sheet.write_string(row, place, cell_text(value), text_look)
        elif value is None:
            sheet.write_string(row, place, UNKNOWN, sign)
        else:
            sheet.write_number(row, place, value, look)


def _signs(columns: list[Column], lang: str) -> str:
    """What the signs on this sheet mean."""
    seen = {value for column in columns for value in column.values if isinstance(value, str)}
    meant = ((HIDDEN, "hidden"), (NOBODY, "nobody"), (UNKNOWN, "unknown"))
    return "　".join(word(f"book_{key}", lang) for sign, key in meant if sign in seen)


def _width(column: Column) -> float:
    """Wide enough for the longest of the first values, and for half a heading."""
    shown = [
        value if isinstance(value, str) else f"{value:,.0f}"
        for value in column.values[:400]
        if value is not None
    ]
    return fitting_width(column.heading, max((signs_wide(text) for text in shown), default=0))


def _colour(sheet, place: int, column: Column, rows: int) -> None:
    """Bars and colours where people look: total gain, gain per head, shares."""
    last = _HEAD_ROWS + rows - 1
    if column.name in _BARS:
        bar = {"type": "data_bar", "bar_color": "#90B5D7", "bar_solid": True, "bar_negative_color": "#D9A18A"}
        sheet.conditional_format(_HEAD_ROWS, place, last, place, bar)
    elif column.name in _SCALES:
        scale = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#90B5D7"}
        sheet.conditional_format(_HEAD_ROWS, place, last, place, scale)


def _margins(told: Release) -> Margins:
    stamp = told.sheet.watermark or told.sheet.stamp
    return Margins(title_of(told), stamp, told.sheet.label, told.lang)
