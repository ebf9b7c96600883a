"""What goes into files of Excel and Word: text that stays text, and no trace of who wrote them or when."""

from __future__ import annotations

import re
import zipfile
from datetime import date, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl.cell import Cell

MOST_SIGNS = 32_767  # of UTF-16 that Excel takes in a cell
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?")
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # Excel reads _x0041_ as A
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say
_TRACES = ("docProps/custom.xml", "docProps/thumbnail.jpeg")
_MENTIONS = re.compile(
    rb'<(?:Relationship|Override)\b[^>]*(?:Target|PartName)="/?(?:%s)"[^>]*/>'
    % b"|".join(re.escape(name.encode()) for name in _TRACES)
)
_CORE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></cp:coreProperties>'
)


def plain_text(value: object) -> str:
    """A text as XML can hold it: without control signs, every line end one sign.

    >>> plain_text("=1+1\\r\\n\\x07a")
    '=1+1\\na'
    """
    return _UNPRINTABLE.sub("", _LINE_ENDS.sub("\n", str(value)))


def cell_text(value: object) -> str:
    """A text as a cell of Excel can hold it: as `plain_text`, and at most 32,767 signs of UTF-16.

    >>> len(cell_text("a" * 40_000)), len(cell_text("\\U0002CB4E" * 40_000))
    (32767, 16383)
    """
    text = plain_text(value)
    if 2 * len(text) <= MOST_SIGNS:
        return text
    return text.encode("utf-16-le")[: 2 * MOST_SIGNS].decode("utf-16-le", "ignore")


def put(cell: Cell, value: object) -> Cell:
    """The cell with a value in it; text stays text, whatever sign it begins with."""
    if isinstance(value, str):
        text = cell_text(value)
        cell.value = cell_text(_ESCAPED.sub("_x005F_", text))
        cell.data_type = "s"
        cell.quotePrefix = text[:1] in ("=", "+", "-", "@")
    elif isinstance(value, bool | int | float | date | time | timedelta):
        cell.value = value
    elif hasattr(value, "item"):
        cell.value = value.item()
    elif value is not None:
        put(cell, str(value))
    return cell


def without_traces(path: Path, *, title: str) -> None:
    """Write an Office file anew: a title as its only property, no dates, no thumbnail; the same bytes every time."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist() if name not in _TRACES}
    parts["docProps/core.xml"] = _CORE.format(title=escape(plain_text(title))).encode()
    for name in ("_rels/.rels", "[Content_Types].xml"):
        parts[name] = _without_mentions(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            book.writestr(entry, content)


def _without_mentions(listing: bytes) -> bytes:
    """A listing of an Office file's parts without those that were taken out."""
    return _MENTIONS.sub(b"", listing)
