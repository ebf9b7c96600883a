"""How our workbooks look: type, headings in two languages, widths, and A4 sheets that print with their headings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from eco.phrases import Phrase, word
from eco.records.templates import lines_needed
from eco.sharing.columns import FORMATS
from eco.sharing.office import cell_text

FONT = "微软雅黑"
# Texts are texts whatever they begin with, and numbers that are none are no error of Excel's.
BOOK_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "in_memory": True,
    "default_format_properties": {"font_name": FONT, "font_size": 10},
}
SHEET_SIGNS = 31  # that Excel takes in a sheet's name
NARROW, WIDE = 9.0, 48.0
_PAGE_SIGNS, _HEADER_SIGNS = 150.0, 90
_CHINESE_ROW, _ENGLISH_ROW = 14, 10.5  # height of one line of a heading


@dataclass(frozen=True)
class Margins:
    """What stands around every printed sheet: its title, its stamp, whom it is for; and in which language."""

    title: str
    stamp: str
    label: str
    lang: str


def book_looks(book) -> dict[str, Any]:
    """The looks of cells by name: title, note, stamp, head, english, label, prose, text, sign and kinds of numbers."""
    base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
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
        "wrapped": {**line, "num_format": "@", "indent": 1, "text_wrap": True},
        "sign": {**line, "align": "right", "font_color": "#8D8A84"},
        "tick": {**line, "align": "center", "border": 1, "border_color": "#8D8A84", "bg_color": "#FFFDF2"},
        "fen": {**line, "num_format": "#,##0.00"},
        **{kind: {**line, "num_format": code} for kind, code in FORMATS.items()},
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def signs_wide(text: str) -> int:
    """How many letters wide a text is; a Han sign counts two.

    >>> signs_wide("户 a")
    4
    """
    return sum(2 if sign > "\u2e7f" else 1 for sign in text[:100])


def fitting_width(heading: Phrase, longest: int) -> float:
    """The width of a column: room for the longest of its values, and for half a heading."""
    chinese = signs_wide(heading.zh)
    half = max(chinese if chinese <= 14 else chinese / 2 + 2, signs_wide(heading.en) / 3 + 1.5) + 2
    return min(max(longest + 2, half, NARROW), WIDE)


def write_headings(
    sheet, headings: Sequence[Phrase], widths: Sequence[float], *, row: int, looks: Mapping[str, Any]
) -> None:
    """Chinese headings in `row`, English ones below, high enough for all of them in columns of these widths."""
    for place, heading in enumerate(headings):
        sheet.write_string(row, place, cell_text(heading.zh), looks["head"])
        sheet.write_string(row + 1, place, cell_text(heading.en), looks["english"])
    chinese = max(map(lines_needed, [heading.zh for heading in headings], widths))
    english = max(map(lines_needed, [heading.en for heading in headings], [1.3 * width for width in widths]))
    sheet.set_row(row, _CHINESE_ROW * chinese + 3)
    sheet.set_row(row + 1, _ENGLISH_ROW * english + 3)


def set_up_page(
    sheet, around: Margins, *, repeat: tuple[int, int] | None, names: int = 0, wide: float = 0
) -> None:
    """A4 landscape, headings on every page, and the names beside every part of a table too wide for one."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
    sheet.fit_to_pages(max(1, ceil(wide / _PAGE_SIGNS)), 0)
    sheet.set_header(f"&L&9{_header(around.title)}&R&9{_header(around.stamp)}", {"margin": 0.3})
    page = word("book_page", around.lang)
    sheet.set_footer(f"&L&9{_header(around.label)}&C&9&A&R&9{page}", {"margin": 0.3})
    if repeat is not None:
        sheet.repeat_rows(*repeat)
        sheet.print_across()
        if names:
            sheet.repeat_columns(0, names - 1)


def _header(text: str) -> str:
    """A text inside a header, where & begins a command and a digit after a size belongs to it."""
    return " " + cell_text(text).replace("\n", " ")[:_HEADER_SIGNS].replace("&", "&&")
