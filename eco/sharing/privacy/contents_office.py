"""What archives say: zip files with all their members, Excel workbooks cell by cell, Word parts, QGIS projects."""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import PurePosixPath

import numpy as np

from eco.phrases import Phrase
from eco.sharing.privacy.contents_pages import XML_KINDS, xml_told
from eco.sharing.privacy.passages import (
    LONG_NUMBER,
    Column,
    Item,
    Nested,
    Passage,
    Place,
    Unread,
    named,
    one,
    raw,
)

_MOST_UNFOLDED = 10**9
_HIDDEN_MEMBER = Phrase("压缩包里有目录未列出的内容", "an archive with content its directory does not list")
_SHEET = re.compile(r"xl/(?:worksheets|chartsheets)/[^/]+\.xml")
_CELL = re.compile(r"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.S)
_REF, _TYPE = re.compile(r'\br="([A-Z]+)(\d+)"'), re.compile(r'\bt="(\w+)"')
_VALUE, _FORMULA = re.compile(r"<v[^>]*>([^<]*)</v>"), re.compile(r"<f[^>]*>([^<]*)</f>")
_XML_TAG = re.compile(r"<[^>]*>")
_ROW_TAG = re.compile(r"</?row\b[^>]*>|</?sheetData>|\s+")
_ROW_NUMBERS = re.compile(r"^(?:[\d.\s:]|true|false)*$")


def read_gzip(content: bytes, where: str) -> Iterator[Item]:
    """What a gzip file unfolds to, and the name it keeps."""
    unfolded = gzip.GzipFile(fileobj=io.BytesIO(content)).read(_MOST_UNFOLDED)
    yield from raw(content[:512], f"{where} gzip header".strip())
    name = content[10 : content.find(b"\x00", 10)] if content[3] & 8 else b""
    yield Nested(name.decode("utf-8", "replace") or "content.txt", unfolded, Place("gzip"))


def read_zip(content: bytes, where: str) -> Iterator[Item]:
    """Every member of an archive, its name, comments and extra fields, and bytes that belong to no member."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        yield named("text", ((f"{where} member name".strip(), member.filename) for member in members))
        asides = [("comment", archive.comment)]
        asides += [(f"comment of {member.filename}", member.comment) for member in members]
        asides += [(f"extra field of {member.filename}", member.extra) for member in members]
        for said, aside in asides:
            yield from raw(aside, f"{where} {said}".strip())
        yield from _gaps(content, members, archive.start_dir, where)
        if sum(member.file_size for member in members) > _MOST_UNFOLDED:
            raise ValueError("too large")
        names = set(archive.namelist())
        sheets = _sheet_names(archive) if "xl/workbook.xml" in names else {}
        shared = _shared_strings(archive) if "xl/sharedStrings.xml" in names else []
        office = "[Content_Types].xml" in names
        for member in members:
            if member.is_dir():
                continue
            body = archive.read(member)
            if office and _SHEET.fullmatch(member.filename):
                yield from _sheet(body, sheets.get(member.filename, member.filename), shared, where)
            elif office and member.filename.startswith("xl/persons/"):
                told = [part for part in xml_told(body) if part.inside.lower().endswith("displayname>")]
                yield named("author", ((f"{where} {member.filename}".strip(), part.text) for part in told))
            else:
                yield Nested(_typed(member.filename, office), body, Place(member.filename))


def _typed(name: str, office: bool) -> str:
    """A member's name with the ending its content has: parts of office files are XML whatever they are called."""
    return (
        "part.xml"
        if office and PurePosixPath(name).suffix in (".rels", ".vml", ".xml")
        else PurePosixPath(name).name
    )


def _gaps(content: bytes, members: list[zipfile.ZipInfo], directory: int, where: str) -> Iterator[Item]:
    """Bytes between, before and after the members: what was cut out of the directory is still there."""
    ends, position, loose = [], 0, b""
    for member in sorted(members, key=lambda one: one.header_offset):
        start = member.header_offset
        names = struct.unpack("<HH", content[start + 26 : start + 30])
        loose += content[position:start]
        position = start + 30 + sum(names) + member.compress_size
        ends.append(position)
        if member.flag_bits & 8:  # sizes follow the content
            signed = content[position : position + 4] == b"PK\x07\x08"
            position += 16 if signed else 12
    loose += content[position:directory]
    tail = content.rfind(b"PK\x05\x06")
    loose += content[tail + 22 + struct.unpack("<H", content[tail + 20 : tail + 22])[0] :]
    if loose.strip(b"\x00"):
        yield from raw(loose, f"{where} between the members".strip())
        yield Unread(Place(f"{where} between the members".strip()), _HIDDEN_MEMBER)


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """By member, the name of its sheet, hidden or not."""
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    targets = {}
    for tag in re.findall(r"<Relationship\b[^>]*>", links):
        given = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        target = given.get("Target", "")
        targets[given.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    names = {}
    for tag in re.findall(r"<sheet\b[^>]*>", book):
        given = dict(re.findall(r'([\w:]+)="([^"]*)"', tag))
        names[targets.get(given.get("r:id", ""), "")] = unescape(given.get("name", ""))
    return names


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    text = archive.read("xl/sharedStrings.xml").decode("utf-8", "replace")
    return [
        unescape(_XML_TAG.sub("", item))
        for item in re.findall(r"<(?:\w+:)?si\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?si>)", text, re.S)
    ]


def _sheet(content: bytes, name: str, shared: list[str], where: str) -> Iterator[Item]:
    """The cells of a sheet, typed as they are stored, and all that stands around them."""
    text = content.decode("utf-8", "replace")
    head, mark, rest = text.partition("<sheetData>")
    body, end_mark, tail = rest.partition("</sheetData>")
    texts: dict[str, list[tuple[int, str]]] = {}
    numbers: dict[str, list[tuple[int, str]]] = {}
    formulas, between, last = [], [], 0
    for match in _CELL.finditer(body):
        between.append(body[last : match.start()])
        last = match.end()
        if not match[2] or (ref := _REF.search(match[1])) is None:
            between.append(match[2] or "")
            continue
        kind, value = _TYPE.search(match[1]), _VALUE.search(match[2])
        typed, column, row = kind[1] if kind else "n", ref[1], int(ref[2])
        if typed == "s" and value:
            texts.setdefault(column, []).append((row, shared[int(value[1])]))
        elif typed in ("n", "b", "d") and value:
            numbers.setdefault(column, []).append((row, value[1]))
        else:
            texts.setdefault(column, []).append((row, unescape(_XML_TAG.sub("", match[2]))))
        if "<f" in match[2] and (formula := _FORMULA.search(match[2])):
            formulas.append((f"{name}!{column}{row}", unescape(formula[1])))
    yield named("text", formulas)
    yield one("text", _ROW_TAG.sub(" ", "".join([*between, body[last:]])).strip(), f"{where} {name}".strip())
    yield from _told_around(f"{head}{mark}{end_mark}{tail}", f"{where} {name}".strip())
    for column, cells in texts.items():
        yield _cells("cell", name, column, cells, where)
    for column, cells in numbers.items():
        yield from _numbers(name, column, cells, where, head=texts.get(column, [(0, "")])[0][1])


def _numbers(
    sheet: str, column: str, cells: list[tuple[int, str]], where: str, *, head: str
) -> Iterator[Item]:
    """A column of number cells, and those long enough to be somebody's."""
    values = np.array([_number(value) for _, value in cells])
    yield Column(head, f"{where} {sheet}", values, _cells("digits", sheet, column, cells, where).place)
    long = [cells[i] for i in np.flatnonzero(np.abs(values) >= LONG_NUMBER)]
    digits = [(row, value if value.isdigit() else f"{float(value):.0f}") for row, value in long]
    yield _cells("digits", sheet, column, digits, where)


def _cells(kind, sheet: str, column: str, cells: list[tuple[int, str]], where: str) -> Passage:
    return Passage(
        kind,
        [text for _, text in cells],
        lambda i: Place(where, sheet=sheet, row=cells[i][0], cell=f"{column}{cells[i][0]}"),
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _told_around(text: str, where: str) -> Iterator[Item]:
    for kind in XML_KINDS:
        told = (part for part in xml_told(text.encode()) if part.kind == kind)
        yield named(kind, ((f"{where} {part.inside}", part.text) for part in told))
