"""An edition as an Excel workbook: what the numbers mean, totals, a sheet a level, causes, what it all rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
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

_FONT = "微软雅黑"
_HEAD_ROWS = 4  # title, note, headings in Chinese, headings in English
_NARROW, _WIDE, _PAGE_SIGNS = 9.0, 48.0, 150.0
_BARS = ("gain_yuan_mean", "left_out_share", "share")
_SCALES = ("gain_per_head_mean", "saturation")
_SHEET_SIGNS, _HEADER_SIGNS = 31, 90


@dataclass(frozen=True)
class _Book:
    """The workbook in the making, with its looks and what stands on every sheet."""

    told: Release
    book: Any
    looks: Mapping[str, Any]

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
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
        "default_format_properties": {"font_name": _FONT, "font_size": 10},
    }
    with xlsxwriter.Workbook(str(draft), options) as book:
        made = _Book(told, book, _looks(book))
        tables = {name: columns for name, columns in tables_of(told) if columns and columns[0].values}
        _cover(made, list(tables))
        for name, columns in tables.items():
            _sheet(made, name, columns)


def _looks(book) -> dict[str, Any]:
    base = {"font_name": _FONT, "font_size": 10, "valign": "vcenter"}
    line = {**base, "bottom": 4, "bottom_color": "#BFBFBF"}
    head = {**base, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#E4EDF4", "top": 1}
    english = {**head, "bold": False, "font_size": 8, "font_color": "#6B7080", "top": 0, "bottom": 1}
    looks: dict[str, dict[str, Any]] = {
        "title": {**base, "bold": True, "font_size": 15},
        "note": {**base, "font_color": "#6B7080"},
        "stamp": {**base, "bold": True, "font_color": "#C2410C"},
        "head": head,
        "english": english,
        "label": {**base, "bold": True, "valign": "top", "font_color": "#33417F"},
        "prose": {**base, "text_wrap": True, "valign": "top"},
        "text": {**line, "num_format": "@", "indent": 1},
        "sign": {**line, "align": "right", "font_color": "#8D8A84"},
        **{kind: {**line, "num_format": code} for kind, code in FORMATS.items()},
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def _cover(made: _Book, tables: list[str]) -> None:
    """The first sheet: title, stamp, how to read the numbers, what the sheets hold, what it rests on."""
    told = made.told
    sheet = made.book.add_worksheet(made.say("cover"))
    _page(made, sheet, repeat=None)
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
    sheet = made.book.add_worksheet(made.say(name)[:_SHEET_SIGNS])
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
        sheet.write_string(2, place, cell_text(column.heading.zh), looks["head"])
        sheet.write_string(3, place, cell_text(column.heading.en), looks["english"])
        _fill(sheet, place, column, look, looks["sign"])
        _colour(sheet, place, column, rows)
    for row, texts, room in (
        (2, [c.heading.zh for c in columns], widths),
        (3, [c.heading.en for c in columns], [1.3 * w for w in widths]),
    ):
        sheet.set_row(row, (14 if row == 2 else 10.5) * max(map(lines_needed, texts, room)) + 3)
    sheet.freeze_panes(_HEAD_ROWS, names)
    sheet.autofilter(3, 0, 3 + rows, len(columns) - 1)
    _page(made, sheet, repeat=(2, 3), names=names, wide=sum(widths))


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
    """Wide enough for the longest of the first values, and for half a heading; a Han sign counts two."""
    shown = [
        value if isinstance(value, str) else f"{value:,.0f}"
        for value in column.values[:400]
        if value is not None
    ]
    longest = max((_signs_wide(text) for text in shown), default=0)
    chinese = _signs_wide(column.heading.zh)
    heading = max(chinese if chinese <= 14 else chinese / 2 + 2, _signs_wide(column.heading.en) / 3 + 1.5) + 2
    return min(max(longest + 2, heading, _NARROW), _WIDE)


def _signs_wide(text: str) -> int:
    return sum(2 if sign > "\u2e7f" else 1 for sign in text[:100])


def _colour(sheet, place: int, column: Column, rows: int) -> None:
    """Bars and colours where people look: total gain, gain per head, shares."""
    last = _HEAD_ROWS + rows - 1
    if column.name in _BARS:
        bar = {"type": "data_bar", "bar_color": "#90B5D7", "bar_solid": True, "bar_negative_color": "#D9A18A"}
        sheet.conditional_format(_HEAD_ROWS, place, last, place, bar)
    elif column.name in _SCALES:
        scale = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#90B5D7"}
        sheet.conditional_format(_HEAD_ROWS, place, last, place, scale)


def _page(made: _Book, sheet, *, repeat: tuple[int, int] | None, names: int = 0, wide: float = 0) -> None:
    """A4 landscape, headings on every page, and the names beside every part of a table too wide for one."""
    told = made.told
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
    sheet.fit_to_pages(max(1, ceil(wide / _PAGE_SIGNS)), 0)
    stamp = told.sheet.watermark or told.sheet.stamp
    sheet.set_header(f"&L&9{_header(title_of(told))}&R&9{_header(stamp)}", {"margin": 0.3})
    sheet.set_footer(f"&L&9{_header(told.sheet.label)}&C&9&A&R&9{made.say('page')}", {"margin": 0.3})
    if repeat is not None:
        sheet.repeat_rows(*repeat)
        sheet.print_across()
        if names:
            sheet.repeat_columns(0, names - 1)


def _header(text: str) -> str:
    """A text inside a header, where & begins a command and a digit after a size belongs to it."""
    return " " + cell_text(text).replace("\n", " ")[:_HEADER_SIGNS].replace("&", "&&")
