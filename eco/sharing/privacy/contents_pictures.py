"""What pictures and prints say beside their pixels: PNG and JPEG metadata; PDF text, notes, attachments, streams."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress

from eco.phrases import Phrase
from eco.sharing.privacy.passages import Item, Nested, Place, Unread, named, one, raw

_MOST_FORMS = 10_000_000
_MOST_TEXT = 50_000_000
_PIXELS = frozenset(
    (
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"pHYs",
        b"sBIT",
        b"bKGD",
        b"hIST",
        b"cICP",
    )
)
_TIMES = frozenset((b"tIME",))
_PEOPLE = frozenset({"author", "artist", "creator", "copyright", "ownername", "cameraownername", "xpauthor"})
_SOFTWARE = frozenset({"software", "creator tool", "producer"})
_EXIF_PEOPLE = {
    0x013B: "Artist",
    0x9C9D: "XPAuthor",
    0xA430: "CameraOwnerName",
    0x013C: "HostComputer",
    0xA431: "BodySerialNumber",
}
_EXIF_GPS = 0x8825
_GPS = Phrase("照片带有拍摄地点", "a picture that says where it was taken")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")


def read_png(content: bytes, where: str) -> Iterator[Item]:
    """The texts of a PNG (tEXt, zTXt, iTXt, eXIf and any chunk that is no pixel), and what follows its end."""
    at_byte = 8
    while at_byte + 12 <= len(content):
        size = struct.unpack(">I", content[at_byte : at_byte + 4])[0]
        kind, body = content[at_byte + 4 : at_byte + 8], content[at_byte + 8 : at_byte + 8 + size]
        at_byte += 12 + size
        said = f"{where} PNG {kind.decode('latin-1')}".strip()
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            key, text = _png_text(kind, body)
            yield from _metadata(key, text, said)
        elif kind == b"eXIf":
            yield from _exif(body, said)
        elif kind not in _PIXELS | _TIMES:
            yield from raw(body, said)
        if kind == b"IEND":
            break
    if content[at_byte:]:
        yield from _after(content[at_byte:], where)


def _png_text(kind: bytes, body: bytes) -> tuple[str, str]:
    key, _, rest = body.partition(b"\x00")
    if kind == b"zTXt":
        rest = zlib.decompressobj().decompress(rest[1:], _MOST_TEXT)
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:].split(b"\x00", 2)[-1]
        rest = zlib.decompressobj().decompress(rest, _MOST_TEXT) if packed else rest
    return key.decode("latin-1"), rest.decode("utf-8", "replace") if kind == b"iTXt" else _any_text(rest)


def _any_text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return f"{content.decode('gb18030', 'replace')}\n{content.decode('latin-1')}"


def _metadata(key: str, text: str, where: str) -> Iterator[Item]:
    short = key.lower().strip()
    if "xmp" in short or text.lstrip().startswith(("<?xpacket", "<x:xmpmeta")):
        yield Nested("metadata.xmp", _xmp(text).encode(), Place(f"{where} {key}"))
    kind = "author" if short in _PEOPLE else "software" if short in _SOFTWARE else "text"
    yield one(kind, text, f"{where} {key}")


def _xmp(text: str) -> str:
    return re.sub(r"<\?xpacket.*?\?>", "", text, flags=re.S).strip().strip("\x00")


def _exif(body: bytes, where: str) -> Iterator[Item]:
    from PIL import Image

    tags = Image.Exif()
    tags.load(body if body.startswith(b"Exif") else b"Exif\x00\x00" + body)
    found = dict(tags.items())
    for directory in (0x8769, _EXIF_GPS, 0xA005):
        found.update(tags.get_ifd(directory))
    if tags.get_ifd(_EXIF_GPS):
        yield Unread(Place(f"{where} GPS"), _GPS)
    for tag, value in found.items():
        wide = 0x9C9B <= tag <= 0x9C9F  # Windows writes these in UTF-16
        told = (
            (value.decode("utf-16-le", "replace") if wide else _any_text(value))
            if isinstance(value, bytes)
            else value
        )
        kind = "author" if tag in _EXIF_PEOPLE else "software" if tag == 0x0131 else "text"
        yield one(kind, str(told).strip("\x00"), f"{where} {_EXIF_PEOPLE.get(tag, hex(tag))}")
    yield from raw(body, where)


def read_jpeg(content: bytes, where: str) -> Iterator[Item]:
    """The segments of a JPEG that hold words (APPn with EXIF and XMP, COM), and what follows its end."""
    at_byte = 2
    while at_byte + 4 <= len(content) and content[at_byte] == 0xFF and content[at_byte + 1] != 0xDA:
        kind, size = content[at_byte + 1], struct.unpack(">H", content[at_byte + 2 : at_byte + 4])[0]
        body = content[at_byte + 4 : at_byte + 2 + size]
        at_byte += 2 + size
        said = f"{where} JPEG {'COM' if kind == 0xFE else f'APP{kind - 0xE0}'}".strip()
        if body.startswith(b"Exif\x00"):
            yield from _exif(body, said)
        elif kind == 0xFE or (
            0xE0 <= kind <= 0xEF and not body.startswith((b"JFIF", b"ICC_PROFILE", b"Adobe"))
        ):
            start = body.find(b"<x:xmpmeta")
            if start >= 0:
                yield Nested(
                    "metadata.xmp", _xmp(body[start:].decode("utf-8", "replace")).encode(), Place(said)
                )
            yield from raw(body, said)
    end = content.rfind(b"\xff\xd9")
    if end >= 0 and content[end + 2 :]:
        yield from _after(content[end + 2 :], where)


def _after(content: bytes, where: str) -> Iterator[Item]:
    """Bytes after the end of a picture: somebody's, whatever they are."""
    if not content.strip(b"\x00\r\n "):
        return
    said = f"{where} after the picture".strip()
    yield from raw(content, said)
    yield Unread(Place(said), Phrase("图片之后还有别的内容", "more content after the end of a picture"))


def read_pdf(content: bytes, where: str) -> Iterator[Item]:
    """Text of all pages, metadata, notes, bookmarks, attachments, and every object and stream as it is stored."""
    from pypdf import PdfReader, apply_configuration

    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        raise ValueError("encrypted")
    # Its usual limit leaves out, in silence, what a page of many drawn points says behind them.
    with apply_configuration(xform_maximum_invocations_per_extraction=_MOST_FORMS):
        pages = [page.extract_text() for page in reader.pages]
    yield from (
        one("text", text, f"{where} page {number}".strip()) for number, text in enumerate(pages, start=1)
    )
    yield from _pdf_information(reader, where)
    for name, bodies in (reader.attachments or {}).items():
        yield one("text", name, f"{where} attachment name".strip())
        for body in bodies:
            yield Nested(name, body, Place(f"attachment {name}"))
    yield from _pdf_objects(reader, where)
    yield from _pdf_streams(content, where)


def _pdf_information(reader, where: str) -> Iterator[Item]:
    for key, value in (reader.metadata or {}).items():
        kind = {"/Author": "author", "/Creator": "software", "/Producer": "software"}.get(key, "text")
        yield one(kind, str(value), f"{where} {key}".strip())
    if (stream := reader.root_object.get("/Metadata")) is not None:
        body = stream.get_object().get_data().decode("utf-8", "replace")
        yield Nested("metadata.xmp", _xmp(body).encode(), Place("XMP"))


def _pdf_objects(reader, where: str) -> Iterator[Item]:
    """Strings in every object of the file, of earlier versions' pages and of notes too."""
    from pypdf.generic import IndirectObject

    numbers = {number for generation in reader.xref.values() for number in generation} | set(
        reader.xref_objStm
    )
    told: list[tuple[str, str]] = []
    for number in sorted(numbers):
        value = reader.get_object(IndirectObject(number, 0, reader))
        for key, text in _strings(value, ""):
            told.append((f"{where} object {number} {key}".strip(), text))
    yield named("text", told)
    yield named("author", (pair for pair in told if pair[0].endswith(" /T") and "/Annot" in pair[0]))


def _strings(value: object, key: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    from pypdf.generic import ArrayObject, ByteStringObject, DictionaryObject, TextStringObject

    if depth > 12:
        return
    if isinstance(value, TextStringObject):
        yield key, str(value)
    elif isinstance(value, ByteStringObject):
        yield key, _any_text(bytes(value))
    elif isinstance(value, DictionaryObject):
        note = "/Annot " if "/Rect" in value and value.get("/Subtype") not in ("/Widget", "/Link") else ""
        for name, inner in value.items():
            yield from _strings(inner, f"{note}{name}", depth + 1)
    elif isinstance(value, ArrayObject):
        for inner in value:
            yield from _strings(inner, key, depth + 1)


def _pdf_streams(content: bytes, where: str) -> Iterator[Item]:
    """All streams of the file as they are stored, in use or not; fonts and pixels hold nothing that is read."""
    plain, position = [], 0
    for match in _STREAM.finditer(content):
        if match.start() < position:
            continue
        end = content.find(b"endstream", match.end())
        end = len(content) if end < 0 else end
        body = content[match.end() : end]
        plain.append(content[position : match.start()])
        position = end
        head = content[max(0, match.start() - 600) : match.start()].rpartition(b" obj")[2]
        if re.search(rb"/Subtype\s*/Image|/FontFile|/Length1\b|/DCTDecode|/Type\s*/XRef", head):
            continue
        unpacker = zlib.decompressobj()
        with suppress(zlib.error):
            body = unpacker.decompress(body, _MOST_TEXT)
        yield from raw(body, f"{where} stream at byte {match.start()}".strip())
    plain.append(content[position:])
    yield from raw(b"".join(plain), f"{where} PDF source".strip())
