"""What pages and texts say: HTML with its scripts, comments and attributes, JSON and notebooks, XML and SVG, text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple
from xml.parsers import expat

import numpy as np

from eco.sharing.privacy.passages import (
    LONG_NUMBER,
    Column,
    Item,
    Kind,
    Nested,
    Passage,
    Place,
    at,
    han_meets_han,
    named,
    one,
    text_of,
)

_INLINE = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "kbd", "label",
    "mark", "q", "ruby", "s", "small", "span", "strong", "sub", "sup", "tspan", "u", "var", "wbr"
))  # fmt: skip
_AUTHORS = frozenset(
    {"author", "creator", "dc.creator", "owner", "user", "username", "lastmodifiedby", "authors"}
)


_PAGE_KINDS = ("text", "code", "author", "drawing")
XML_KINDS = ("text", "author", "software", "drawing")


class Told(NamedTuple):
    """One text of a page: its kind and where it stands."""

    kind: str
    inside: str
    text: str


class _Page(HTMLParser):
    """Everything written in a page, in the order of its source."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.told: list[Told] = []
        self._words: list[str] = []
        self._script: str | None = None
        self._line = 1

    def _flush(self):
        if text := "".join(self._words).strip():
            self.told.append(Told(self._script or "text", f"line {self._line}", text))
        self._words = []

    def handle_starttag(self, tag, attrs):
        if tag not in _INLINE:
            self._flush()
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            kind = "srcdoc" if name == "srcdoc" else "text"
            kind = "drawing" if name in DRAWING else kind
            if name == "content" and given.get("name", "").lower() in _AUTHORS:
                kind = "author"
            self.told.append(Told(kind, f"line {self.getpos()[0]} <{tag} {name}>", value))
        if tag in ("script", "style"):
            self._script = "json" if "json" in given.get("type", "") else "code"

    def handle_endtag(self, tag):
        if tag not in _INLINE:
            self._flush()
        if tag in ("script", "style"):
            self._script = None

    def handle_data(self, data):
        if not self._words:
            self._line = self.getpos()[0]
        elif data and not han_meets_han(self._words[-1], data):
            self._words.append(" ")
        self._words.append(data)

    def handle_comment(self, data):
        self.told.append(Told("text", f"line {self.getpos()[0]} <!-- -->", data))

    def handle_decl(self, decl):
        self.told.append(Told("text", f"line {self.getpos()[0]} <! >", decl))

    def unknown_decl(self, data):
        self.handle_decl(data)

    def handle_pi(self, data):
        self.handle_decl(data)

    def close(self):
        super().close()
        self._flush()


def read_html(content: bytes, where: str) -> Iterator[Item]:
    """A page's texts, attributes, comments and scripts; JSON inside scripts as JSON; and the source as it is."""
    page, source = _Page(), text_of(content)
    page.feed(source)
    page.close()
    plain = [told for told in page.told if told.kind in _PAGE_KINDS]
    for kind in _PAGE_KINDS:
        yield named(kind, ((_join(where, told.inside), told.text) for told in plain if told.kind == kind))
    for told in page.told:
        if told.kind == "srcdoc":
            yield Nested("srcdoc.html", told.text.encode(), Place(told.inside))
        elif told.kind == "json":
            yield from _json_or_code(told.text, _join(where, "script JSON"))
    yield _source(source, where)


def _source(source: str, where: str) -> Passage:
    """The source as it stands: what a reader of pages overlooks does not get by."""
    return Passage("source", (source,), at(where))


def _json_or_code(text: str, where: str) -> Iterator[Item]:
    try:
        value = json.loads(text)
    except ValueError:
        yield one("code", text, where)
        return
    yield from json_items(value, where)


def read_json(content: bytes, where: str) -> Iterator[Item]:
    """Every key, text and number of JSON, GeoJSON or a notebook, and the source as it is."""
    source = text_of(content)
    yield from json_items(json.loads(source), where)
    yield _source(source, where)


def json_items(value: object, where: str) -> Iterator[Item]:
    """Texts and columns of a JSON value; lists of like objects are read as tables."""
    waiting: list[tuple[object, str, str]] = [(value if isinstance(value, dict) else [value], "", where)]
    while waiting:
        part, path, table = waiting.pop()
        if isinstance(part, dict):
            yield from _members(part, path, where)
            waiting += [
                (inner, f"{path}.{key}", table)
                for key, inner in part.items()
                if isinstance(inner, dict | list)
            ]
        elif isinstance(part, list):
            for item in _listed(part, path, table, where):
                if isinstance(item, tuple):
                    waiting.append(item)
                else:
                    yield item


def _json_kind(path: str) -> Kind:
    """Texts under a key for people are authors', the others cells."""
    keys = path.lower().replace("[]", "").split(".")[-2:]
    return "author" if _AUTHORS.intersection(keys) else "cell"


def _members(part: dict, path: str, where: str) -> Iterator[Item]:
    yield named("cell", ((f"{_join(where, path)} key", str(key)) for key in part))
    for kind in ("cell", "author"):
        yield named(
            kind,
            (
                (_join(where, f"{path}.{key}"), inner)
                for key, inner in part.items()
                if isinstance(inner, str) and _json_kind(f"{path}.{key}") == kind
            ),
        )
    for key, inner in part.items():
        if isinstance(inner, int | float) and not isinstance(inner, bool):
            yield from _numbers([inner], f"{path}.{key}", path, where)


def _listed(part: list, path: str, table: str, where: str) -> Iterator[Item | tuple[object, str, str]]:
    texts = [(row, value) for row, value in enumerate(part) if isinstance(value, str)]
    if texts:
        yield Passage(
            _json_kind(path),
            [value for _, value in texts],
            lambda i: Place(_join(where, f"{path}[{texts[i][0]}]")),
        )
    if any(isinstance(value, int | float) for value in part):
        yield from _numbers(part, path, table, where)
    objects = [value for value in part if isinstance(value, dict)]
    if objects:
        columns: dict[str, list] = {}
        for row, value in enumerate(objects):
            for key, inner in value.items():
                columns.setdefault(str(key), [None] * row).append(inner)
            for column in columns.values():
                column += [None] * (row + 1 - len(column))
        yield named("cell", ((f"{_join(where, path)} key", key) for key in columns))
        for key, column in columns.items():
            yield column, f"{path}[].{key}", path
    lists = [value for value in part if isinstance(value, list)]
    if lists and all(2 <= len(value) <= 4 and all(type(n) in (int, float) for n in value) for value in lists):
        for axis in range(min(len(value) for value in lists)):
            yield [value[axis] for value in lists], f"{path}[{axis}]", f"{path}[]"
    else:
        for row, inner in enumerate(lists):
            yield inner, f"{path}[{row}]", f"{path}[{row}]"


def _numbers(part: list, path: str, table: str, where: str) -> Iterator[Item]:
    values = [
        float(value) if type(value) in (int, float) and abs(value) < 1e300 else np.nan for value in part
    ]
    yield Column(path, f"{where} {table}", np.array(values), lambda i: Place(_join(where, f"{path}[{i}]")))
    long = [
        (row, value)
        for row, value in enumerate(part)
        if type(value) in (int, float) and abs(value) >= LONG_NUMBER
    ]
    texts = [
        str(value) if isinstance(value, int) else f"{value:.0f}" for _, value in long if abs(value) < 1e300
    ]
    if texts:
        yield Passage("digits", texts, lambda i: Place(_join(where, f"{path}[{long[i][0]}]")))


def read_text(content: bytes, where: str) -> Iterator[Item]:
    """The lines of a text."""
    text = text_of(content)
    yield Passage("text", (text,), at(where))


def read_xml(content: bytes, where: str) -> Iterator[Item]:
    """Texts, attributes, comments and instructions of XML; an entity of its own is an error."""
    told = xml_told(content)
    for kind in XML_KINDS:
        yield named(kind, ((_join(where, part.inside), part.text) for part in told if part.kind == kind))


_XML_AUTHORS = frozenset((
    "author", "creator", "lastmodifiedby", "lastauthor", "manager", "company", "owner", "userid",
    "saveuser", "saveuserfull", "initials", "lastsavedby", "username", "cameraownername", "artist"
))  # fmt: skip
_XML_SOFTWARE = frozenset({"application", "creatortool", "producer", "generator", "software"})
# Places and styles of cells, colours, ids of revisions and shapes: nothing that anybody wrote.
_XML_DUMB = frozenset((
    "r", "ref", "sqref", "spans", "topleftcell", "activecell", "rsidr", "rsidrdefault", "rsidp", "rsidrpr",
    "paraid", "textid"
))  # fmt: skip
# Attributes of SVG that hold lengths on the sheet, not places on the earth.
DRAWING = frozenset((
    "d", "points", "transform", "viewbox", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry",
    "dx", "dy", "width", "height", "style", "offset"
))  # fmt: skip
_JOINED = frozenset({"tspan", "span"})  # a word may run through these
_PARAGRAPHS = frozenset({"p", "si"})  # and through everything inside these but a break
_BREAKS = frozenset({"p", "si", "br", "cr", "tab"})


def xml_told(content: bytes) -> list[Told]:
    """The texts of XML; what people's names stand in by rule is an "author", what programs' names a "software"."""
    told: list[Told] = []
    words: list[str] = []
    path: list[str] = []

    def flush():
        if text := "".join(words).strip():
            told.append(Told(_xml_kind(path), "/".join(path[-2:]), text))
        words.clear()

    def parted(name):
        if name in _BREAKS or not (name in _JOINED or _PARAGRAPHS.intersection(path)):
            flush()

    def start(tag, attributes):
        name = _local(tag)
        parted(name)
        path.append(name)
        for key, value in attributes.items():
            short = _local(key)
            if value and short not in _XML_DUMB:
                kind = "author" if short in _XML_AUTHORS else "drawing" if short in DRAWING else "text"
                told.append(Told(kind, f"<{tag} {key}>", value))

    def end(tag):
        parted(_local(tag))
        path.pop()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = words.append
    parser.CommentHandler = lambda data: told.append(Told("text", "<!-- -->", data))
    parser.ProcessingInstructionHandler = lambda target, data: told.append(
        Told("text", f"<?{target}?>", data)
    )
    parser.EntityDeclHandler = _refuse_entity
    parser.Parse(content, True)
    return told


def _xml_kind(path: list[str]) -> str:
    near = set(path[-3:])
    if near & _XML_AUTHORS:
        return "author"
    return "software" if path and path[-1] in _XML_SOFTWARE else "text"


def _refuse_entity(*_: object) -> None:
    raise ValueError("an entity of its own")


def _local(tag: str) -> str:
    return tag.rpartition(":")[2].lower()


def _join(where: str, inside: str) -> str:
    return " > ".join(filter(None, (where, inside.lstrip("."))))
