"""What a finished file says, whatever its format: every text, number and file inside it, down to the last one.

The format is told by the bytes, and must agree with the ending; what is not known is not read, and says so.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

import numpy as np

from eco.phrases import Phrase
from eco.sharing.privacy import contents_office, contents_pages, contents_pictures, contents_tables
from eco.sharing.privacy.passages import HAN, Item, Nested, Passage, Place, Unread, noise, raw

MOST_DEEP = 8
MOST_BYTES = 2 * 10**9  # unfolded, of one file and all inside it
MOST_FILES = 20_000
_SMALL = 256  # bytes: a key, a salt or a hash, no file
_NOISE = 7.6  # bits a byte: above it bytes are sealed or packed by a way not known here

Reader = Callable[[bytes, str], Iterator[Item]]
_UNKNOWN = Phrase("不认识的格式，读不了", "a format nobody here can read")
_TOO_DEEP = Phrase("层层嵌套或展开后过大", "nested too deep, or too large when unfolded")
_BROKEN = Phrase("文件已损坏或加密，读不了", "damaged or encrypted: it cannot be read")
_SEALED = Phrase("内含读不懂的密文或压缩内容", "holds sealed or packed content that cannot be read")

_READERS: dict[str, Reader] = {
    "html": contents_pages.read_html,
    "json": contents_pages.read_json,
    "xml": contents_pages.read_xml,
    "text": contents_pages.read_text,
    "csv": contents_tables.read_csv,
    "sqlite": contents_tables.read_sqlite,
    "parquet": contents_tables.read_parquet,
    "zip": contents_office.read_zip,
    "gzip": contents_office.read_gzip,
    "png": contents_pictures.read_png,
    "jpeg": contents_pictures.read_jpeg,
    "pdf": contents_pictures.read_pdf,
}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"%PDF-", "pdf"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b\x08", "gzip"),
)
_ENDINGS = {
    "html": "html htm xhtml",
    "json": "json geojson ipynb",
    "xml": "xml svg rels qgs qml sld kml gpx vml xmp psmdcp",
    "text": "txt md css js log ini toml yaml yml sha256 sha256sums py prj cpg qmd",
    "csv": "csv tsv",
    "sqlite": "gpkg sqlite db qgd",
    "parquet": "parquet geoparquet",
    "zip": "zip xlsx docx qgz kmz",
    "gzip": "gz",
    "png": "png",
    "jpeg": "jpg jpeg",
    "pdf": "pdf",
}
_FORMAT_OF = {ending: name for name, endings in _ENDINGS.items() for ending in endings.split()}
_TEXTS = frozenset({"html", "json", "xml", "text", "csv"})

_DATA_URI = re.compile(r"data:([\w.+-]*/[\w.+-]*)?((?:;[\w-]+=[^;,\"'\s]*)*)(;base64)?,([^\"'<>\s)]*)", re.I)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}={0,2}")
_ESCAPE = re.compile(r"\\u\{?([0-9a-fA-F]{4,6})\}?|\\x([0-9a-fA-F]{2})")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_TAG_IN_WORD = re.compile(rf"(?<=[{HAN}])(?:<[^<>]{{1,400}}>)+(?=[{HAN}])")
_TAG = re.compile(r"<[^<>]{1,4000}>")


def contents(path: Path) -> Iterator[Item]:
    """Everything a file says: texts, columns of numbers, shapes, and what could not be read.

    Files inside are opened in turn, at most `MOST_DEEP` deep; no `Nested` comes out.
    """
    waiting = [(Nested(path.name, path.read_bytes(), Place()), "", 0)]
    bytes_left, files_left = MOST_BYTES, MOST_FILES
    while waiting:
        file, where, depth = waiting.pop()
        bytes_left, files_left = bytes_left - len(file.content), files_left - 1
        if depth > MOST_DEEP or bytes_left < 0 or files_left < 0:
            yield Unread(Place(where), _TOO_DEEP)
            continue
        for item in read(file.name, file.content, where):
            if isinstance(item, Nested):
                inside = item.place.inside or item.place.sheet
                waiting.append((item, " > ".join(filter(None, (where, inside))), depth + 1))
            else:
                yield item


def format_of(name: str, content: bytes) -> str:
    """The format by bytes and ending: "" where neither is known, or where they speak against each other."""
    ending = _FORMAT_OF.get(name.rpartition(".")[2].lower(), "")
    told = next((form for magic, form in _MAGIC if content.startswith(magic)), "")
    if told:
        return told if ending in ("", told) else ""
    if ending in _TEXTS:
        return "" if content.count(0) and content[:2] not in (b"\xff\xfe", b"\xfe\xff") else ending
    if ending == "zip" or (not ending and b"PK\x05\x06" in content[-66_000:]):
        return "zip"
    return ""


def read(name: str, content: bytes, where: str) -> Iterator[Item]:
    """What one file says; files inside it come out as `Nested`."""
    if not content:
        return
    form = format_of(name, content)
    if not form:
        yield from raw(content, where)
        yield Unread(Place(where), _UNKNOWN)
        return
    try:
        for item in _READERS[form](content, where):
            yield item
            if isinstance(item, Passage) and item.kind not in ("digits", "source"):
                yield from _unfolded(item)
    except Exception as error:  # whatever a reader stumbles over, the file was not read
        yield from raw(content, where)
        yield Unread(
            Place(where),
            Phrase(f"{_BROKEN.zh}（{type(error).__name__}）", f"{_BROKEN.en} ({type(error).__name__})"),
        )


def _unfolded(passage: Passage) -> Iterator[Item]:
    """What is written in a text in another way: data addresses, base64, escapes, tags within a word."""
    more: list[tuple[int, str]] = []
    for row, text in enumerate(passage.texts):
        if len(text) < 5 or (text.isalnum() and len(text) < 40):
            continue
        for item, plain in _in_base64(text, passage.place(row)):
            if item is not None:
                yield item
            if plain:
                more.append((row, plain))
        if passage.kind not in ("raw", "guess"):
            more += [(row, other) for other in _otherwise(text)]
    if more:
        yield Passage(passage.kind, [text for _, text in more], lambda i: passage.place(more[i][0]))


def _otherwise(text: str) -> Iterator[str]:
    """The text with entities, escapes and tags resolved, each where there are some."""
    if "&" in text and (told := html.unescape(text)) != text:
        yield told
    if "\\" in text and (told := _ESCAPE.sub(_escaped, text)) != text:
        yield told
    if "%" in text and _PERCENT.search(text):
        yield unquote(text)
    if "<" in text and ">" in text:
        joined = _TAG_IN_WORD.sub("", text)
        yield _TAG.sub(" ", html.unescape(joined))


def _escaped(match: re.Match) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0x110000 else ""


def _in_base64(text: str, place: Place) -> Iterator[tuple[Item | None, str]]:
    where = place.inside or f"{place.sheet}!{place.cell}"
    spans = []
    if "data:" in text.lower():
        for match in _DATA_URI.finditer(text):
            spans.append(match.span())
            if match[3]:
                content = _decoded(unquote(match[4]))
                yield from _of_bytes(
                    content if content is not None else match[4].encode(), where, match[1] or ""
                )
            else:
                yield from _of_bytes(unquote_to_bytes(match[4]), where, match[1] or "")
    if len(text) < 40:
        return
    for match in _BASE64.finditer(text):
        if any(start <= match.start() < end for start, end in spans) or not _like_base64(match[0]):
            continue
        if (content := _decoded(match[0])) is not None:
            yield from _of_bytes(content, where, "")


def _like_base64(run: str) -> bool:
    """A long run without a digit is a packed number of the map, a word or a rule of dashes."""
    return len(set(run)) > 8 and any(sign.isdigit() for sign in run[:400])


def _decoded(run: str) -> bytes | None:
    bare = re.sub(r"\s", "", run).rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        bare = bare[:-1]
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _of_bytes(content: bytes, where: str, kind: str) -> Iterator[tuple[Item | None, str]]:
    """What bytes written as base64 are: a file, a text, packed bytes, or noise."""
    inside = Place("data:" + kind if kind else "base64")
    form = next((form for magic, form in _MAGIC if content.startswith(magic)), "")
    if not form and kind in ("text/html", "image/svg+xml", "application/json"):
        form = {"text/html": "html", "image/svg+xml": "xml", "application/json": "json"}[kind]
    if form:
        yield Nested(f"data.{_ENDINGS[form].split()[0]}", content, inside), ""
    elif (told := _as_text(content)) is not None:
        yield None, told
    elif (packed := inflated(content)) is not None:
        yield from (
            _of_bytes(packed, where, kind) if _as_text(packed) is None else [(None, _as_text(packed) or "")]
        )
    elif len(content) >= _SMALL and noise(content) > _noise_of(len(content)):
        # Not searched: a megabyte of chance holds something like a path or a phone now and then.
        yield Unread(Place(where), _SEALED, sealed=True), ""
    else:
        for passage in raw(content, f"{where} {inside.inside}".strip()):
            yield passage, ""


def _as_text(content: bytes) -> str | None:
    """Bytes as text where they are one: nearly all signs of it can be read."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if sum(sign.isprintable() or sign in "\n\r\t" for sign in text) >= 0.97 * len(text) else None


def inflated(content: bytes) -> bytes | None:
    """Deflated bytes unfolded, None where they are none; more than `MOST_BYTES` are not."""
    for bits in (15, -15):
        unpacker = zlib.decompressobj(bits)
        try:
            answer = unpacker.decompress(content, MOST_BYTES // 4)
        except zlib.error:
            continue
        if unpacker.eof and answer:
            return answer
    return None


def _noise_of(length: int) -> float:
    """The entropy from which bytes of a length are noise: few bytes show less of it (Miller and Madow)."""
    return min(_NOISE, 8 - 255 / (2 * np.log(2) * length) - 0.15)
