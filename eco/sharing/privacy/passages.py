"""What a finished file says, in the pieces the release gate searches: texts, number columns, files inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from eco.phrases import Phrase

# text: running words. cell: a value typed as text, which may be an id as a whole. digits: a value typed as a number.
# code: a script. source: all of a page as it is stored, read once more. raw: bytes read as text, where one value
# runs into the next. guess: the same in an encoding nobody told. author: who made the file. software: what made it.
# drawing: lengths on a sheet.
Kind = str
HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_END, _HAN_START = re.compile(f"[{HAN}]$"), re.compile(f"[{HAN}]")
LONG_NUMBER = 10**9  # shorter numbers are money, counts and coordinates
_NOISY = 7.2  # bits a byte; Chinese text has up to about 6.5
Inside = Callable[[int], "Place"]


class Place(NamedTuple):
    """Where in a file something stands; `inside` names what has no sheet or row."""

    inside: str = ""
    sheet: str = ""
    row: int = 0
    cell: str = ""


@dataclass(frozen=True, eq=False)
class Passage:
    """Texts of one kind, and where each of them stands."""

    kind: Kind
    texts: Sequence[str]
    place: Inside


@dataclass(frozen=True, eq=False)
class Column:
    """Numbers that stand under one heading, NaN where there is none; `table` is shared by columns of one table."""

    head: str
    table: str
    values: np.ndarray
    place: Inside


@dataclass(frozen=True, eq=False)
class Positions:
    """Corners of drawn shapes, (n, 2); `degrees` or else metres."""

    xy: np.ndarray
    degrees: bool
    place: Inside


@dataclass(frozen=True)
class Nested:
    """A file inside the file."""

    name: str
    content: bytes
    place: Place


@dataclass(frozen=True)
class Unread:
    """What could not be read, and why; `sealed` where it may be what an encrypted page carries."""

    place: Place
    why: Phrase
    sealed: bool = False


Item = Passage | Column | Positions | Nested | Unread


def at(inside: str, **more) -> Inside:
    """The same place for every text."""
    place = Place(inside, **more)
    return lambda _: place


def one(kind: Kind, text: str, inside: str) -> Passage:
    """A single text in a single place."""
    return Passage(kind, (text,), at(inside))


def named(kind: Kind, values: Iterable[tuple[str, str]]) -> Passage:
    """Texts with the place of each, as (place, text)."""
    pairs = tuple(values)
    return Passage(kind, [text for _, text in pairs], lambda i: Place(pairs[i][0]))


def han_meets_han(before: str, after: str) -> bool:
    """Whether two texts written next to each other make one Chinese word.

    >>> han_meets_han("王", "小明"), han_meets_han("138", "1234")
    (True, False)
    """
    return bool(_HAN_END.search(before) and _HAN_START.match(after))


def text_of(content: bytes) -> str:
    """Bytes as text: UTF-8 or UTF-16 with or without its mark, GB18030 where UTF-8 does not fit."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", "replace")


def raw(content: bytes, inside: str, *, wide: bool = True) -> Iterator[Passage]:
    """Bytes of no known form as the texts that could stand in them: UTF-8, and guessed UTF-16 and GB18030.

    Noise is not guessed at: any two of its bytes make a Chinese sign. `wide` is False where UTF-16 cannot be.
    """
    told = content.decode("utf-8", "replace")
    yield one("raw", told, inside)
    if noise(content) > _NOISY:
        return
    if content.count(0) * 8 > len(content) or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        for form in ("utf-16-le", "utf-16-be") if wide else ():
            yield from (one("guess", content[skip:].decode(form, "replace"), inside) for skip in (0, 1))
    elif "\ufffd" in told:
        yield one("guess", content.decode("gb18030", "replace"), inside)


def noise(content: bytes) -> float:
    """Shannon's entropy of the bytes, in bits a byte: 8 for noise."""
    if not content:
        return 0.0
    shares = np.bincount(np.frombuffer(content, dtype=np.uint8), minlength=256) / len(content)
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())
