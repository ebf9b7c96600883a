"""What an .xlsx sheet holds that its values do not show: errors, formulas never worked out, hidden rows."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

_CHUNK = 1 << 24
_ROW_END = b"</row>"
_HIDDEN = re.compile(rb'<row(?=[^>]*\shidden="(?:1|true)")[^>]*\sr="(\d+)"')
_ERROR = re.compile(rb'<c(?=[^>]*\st="e")[^>]*\sr="([A-Z]+)(\d+)"[^>]*>(?:<f[^>]*/>|<f.*?</f>)?\s*<v>([^<]*)')
# Excel writes an empty text as t="str"; without it a formula with no value was never worked out.
_UNWORKED = re.compile(
    rb'<c(?![^>]*\st="str")[^>]*\sr="([A-Z]+)(\d+)"[^>]*>\s*(?:<f[^>]*/>|<f[^<]*</f>)\s*(?:<v\s*/>|<v></v>|</c>)'
)
_UNZIPPABLE = (zipfile.BadZipFile, KeyError, ElementTree.ParseError, ValueError, OSError)


class Unseen(NamedTuple):
    """Cells (column from 0, row from 1) with an error and what it says, formulas without a value, hidden rows."""

    errors: dict[tuple[int, int], str]
    unworked: list[tuple[int, int]]
    hidden: list[int]


def unseen(path: Path, sheet: str) -> Unseen:
    """What is unseen in a sheet of an .xlsx that `check_opening` let pass; nothing where the sheet is not found."""
    seen = Unseen({}, [], [])
    try:
        with zipfile.ZipFile(path) as book:
            for rows in _whole_rows(book, _part_of(book, sheet)):
                seen.hidden.extend(int(row) for row in _HIDDEN.findall(rows))
                for letters, row, word in _ERROR.findall(rows):
                    seen.errors[_position(letters), int(row)] = word.decode("ascii", "replace")
                seen.unworked.extend(
                    (_position(letters), int(row)) for letters, row in _UNWORKED.findall(rows)
                )
    except _UNZIPPABLE:
        return seen
    return seen


def _part_of(book: zipfile.ZipFile, sheet: str) -> str:
    """The member a sheet's rows stand in; KeyError when the workbook has no such sheet."""
    entries = ElementTree.fromstring(book.read("xl/workbook.xml")).iter()
    key = next(
        value
        for entry in entries
        if entry.tag.endswith("}sheet") and entry.get("name") == sheet
        for name, value in entry.items()
        if name.endswith("}id")
    )
    for link in ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels")):
        if link.get("Id") == key:
            return posixpath.normpath(posixpath.join("/xl", link.get("Target", ""))).lstrip("/")
    raise KeyError(sheet)


def _whole_rows(book: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A sheet's XML in pieces that each end with a row."""
    rest = b""
    with book.open(part) as member:
        while chunk := member.read(_CHUNK):
            whole, end, rest = (rest + chunk).rpartition(_ROW_END)
            yield whole + end
    yield rest


def _position(letters: bytes) -> int:
    position = 0
    for letter in letters:
        position = 26 * position + letter - 64
    return position - 1
