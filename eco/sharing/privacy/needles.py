"""Many thousand values looked for in a text at once, however wide, spaced or interspersed they were written.

A text is folded first: full-width and other dress of a sign becomes the plain sign, small letters capitals,
signs without width go. Blanks and dashes go too, but what stood where is remembered, so that a match knows
its neighbours and its gaps. Then each window of a length is hashed by one running sum (Karp and Rabin),

    sum(i) = s_0 r^0 + ... + s_(i-1) r^(i-1)        hash(i, L) = (sum(i + L) - sum(i)) r^-i    (modulo 2^64),

looked up in a table of bits, and only what the table knows is compared. Time grows with the text times the
number of different lengths, not with the number of values.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

BREAK = "\x1e"  # stands between texts; nothing matches across it
_DROPPED, _GAP = 0, 1
_BLOCK = 1 << 20
_ROOT = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_ROOT, -1, 1 << 64)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SIGNS = 0x110000
# Signs whose plain form is another one: full-width, circled, mathematical, compatibility ideographs, radicals.
_DRESSED = (
    (0xA0, 0x3400),
    (0xA000, 0xA800),
    (0xF900, 0xFFF0),
    (0x10400, 0x11000),
    (0x1D400, 0x1F200),
    (0x2F800, 0x2FA20),
)
_WITHOUT_WIDTH = (
    (0x00, 0x09), (0x0B, 0x0D), (0x0E, 0x1E), (0x7F, 0xA0), (0xAD, 0xAE), (0x34F, 0x350), (0x61C, 0x61D),
    (0x115F, 0x1161), (0x17B4, 0x17B6), (0x180B, 0x1810), (0x200B, 0x2010), (0x202A, 0x202F), (0x2060, 0x2070),
    (0x3164, 0x3165), (0xFE00, 0xFE10), (0xFEFF, 0xFF00), (0xFFA0, 0xFFA1), (0xFFF9, 0xFFFC), (0x1D173, 0x1D17B),
    (0xE0000, 0xE01F0),
)  # fmt: skip
# Signs that share one shape with another in fonts of a Chinese system, which the browser then names by the wrong one;
# Unicode's own decomposition knows the rest of the Kangxi radicals. The tests print all of GB 2312.
TWINS = dict(
    zip(
        "⺅⺉⺎⺐⺒⺓⺕⺖⺘⺙⺟⺠⺡⺣⺦⺨⺭⺰⺺⺾⻁⻂⻄⻅⻆⻈⻉⻋⻌⻐⻑"
        "⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳⼾㬵",
        "亻刂兀尢巳幺彐忄扌攵母民氵灬丬犭礻纟肀艹虎衤西见角讠贝车辶钅長"
        "长门阝雨青韦页风飞食饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟户胶",
        strict=True,
    )
)
_GAPS = " \t\n\r\u2028\u2029-‐‑‒–—―−_·•・‧∙⋅.\u3002/\\'’`|*~"


@lru_cache(maxsize=1)
def _plain_signs() -> np.ndarray:
    """The plain sign of every sign, 0 where it has no width."""
    table = np.arange(_SIGNS, dtype=np.uint32)
    for low, high in ((0x61, 0x250), *_DRESSED):
        for code in range(low, high):
            plain = unicodedata.normalize("NFKC", chr(code))
            digit = unicodedata.digit(chr(code), None)
            plain = (plain if digit is None else str(digit)).upper()
            if len(plain) == 1:
                table[code] = ord(plain)
    for twin, sign in TWINS.items():
        table[ord(twin)] = ord(sign)
    for low, high in _WITHOUT_WIDTH:
        table[low:high] = _DROPPED
    table[0x2028] = table[0x2029] = ord("\n")
    return table


@lru_cache(maxsize=1)
def _gap_signs() -> np.ndarray:
    table = np.zeros(_SIGNS, dtype=bool)
    table[[ord(sign) for sign in _GAPS]] = True
    return table


@lru_cache(maxsize=1)
def _powers() -> tuple[np.ndarray, np.ndarray]:
    """r^i and r^-i for every place of a block and its overlap, modulo 2^64."""
    count = _BLOCK + 4096
    answers = []
    for root in (_ROOT, _INVERSE):
        factors = np.full(count, root, dtype=np.uint64)
        factors[0] = 1
        answers.append(np.multiply.accumulate(factors))
    return answers[0], answers[1]


@dataclass(frozen=True, eq=False)
class Folded:
    """A text in plain signs (`plain`), each with its place in the text it came from (`source`).

    `packed` is `plain` without blanks and dashes, `codes` the same as numbers, `at` the place of each of its signs
    in `plain`.
    """

    plain: str
    source: np.ndarray
    packed: str
    codes: np.ndarray
    at: np.ndarray


def folded(text: str) -> Folded:
    """A text made ready to be searched."""
    given = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    signs = _plain_signs()[given]
    source = np.flatnonzero(signs != _DROPPED)
    signs = signs[source]
    at = np.flatnonzero(~_gap_signs()[signs])
    codes = signs[at]
    plain, packed = (some.tobytes().decode("utf-32-le", "surrogatepass") for some in (signs, codes))
    return Folded(plain, source, packed, codes, at)


def plain_text(text: str) -> str:
    """A text in plain signs.

    >>> plain_text("ｈ０１２\\u200b３")
    'H0123'
    """
    return folded(text).plain


def packed_text(text: str) -> str:
    """A text in plain signs without blanks and dashes, as values are compared.

    >>> packed_text("王　小 明"), packed_text("dx-11-0007"), packed_text("⻢⻁")
    ('王小明', 'DX110007', '马虎')
    """
    return folded(text).packed


def packed_texts(texts: Iterable[str]) -> list[str]:
    """Many texts packed at once.

    >>> packed_texts(["王 小明", "h-1"])
    ['王小明', 'H1']
    """
    return folded(BREAK.join(text.replace(BREAK, "") for text in texts)).packed.split(BREAK)


@dataclass(frozen=True, eq=False)
class Match:
    """A value found: from `start` to before `end` in the plain text, `gaps` the plain text between its signs.

    `low` is where it starts in the packed text.
    """

    value: str
    low: int
    start: int
    end: int
    gaps: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Needles:
    """Values to be found, packed, by their length; and the table of bits that knows their hashes."""

    values: Mapping[int, frozenset[str]]
    tables: Mapping[int, np.ndarray]

    @classmethod
    def of(cls, values: Iterable[str]) -> Needles:
        """The needles of packed values; values of one sign, and of more than 200, are left out."""
        by_length: dict[int, set[str]] = {}
        for value in values:
            if 1 < len(value) <= 200:
                by_length.setdefault(len(value), set()).add(value)
        frozen = {length: frozenset(some) for length, some in sorted(by_length.items())}
        return cls(frozen, {length: _table(some, length) for length, some in frozen.items()})

    def __contains__(self, value: str) -> bool:
        return value in self.values.get(len(value), ())

    def matches(self, text: Folded) -> Iterator[Match]:
        """Every place where a value stands, whatever stands beside it."""
        longest = max(self.values, default=0)
        for first in range(0, len(text.codes) if longest else 0, _BLOCK):
            block = text.codes[first : first + _BLOCK + longest - 1]
            sums = _sums(block)
            for length, known in self.values.items():
                for start in _likely(sums, length, self.tables[length]):
                    low = first + int(start)
                    if start < _BLOCK and (value := text.packed[low : low + length]) in known:
                        yield _match(text, value, low)


def _sums(codes: np.ndarray) -> np.ndarray:
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(codes.astype(np.uint64) * _powers()[0][: len(codes)], out=sums[1:])
    return sums


def _likely(sums: np.ndarray, length: int, table: np.ndarray) -> np.ndarray:
    """Where windows of a length start whose hash the table knows."""
    count = len(sums) - length
    if count <= 0:
        return np.empty(0, dtype=int)
    hashes = (sums[length:] - sums[:count]) * _powers()[1][:count]
    return np.flatnonzero(table[_slots(hashes, len(table))])


def _slots(hashes: np.ndarray, size: int) -> np.ndarray:
    return ((hashes ^ (hashes >> np.uint64(31))) * _MIX) >> np.uint64(65 - size.bit_length())


def _table(values: frozenset[str], length: int) -> np.ndarray:
    codes = np.frombuffer("".join(values).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    rows = codes.reshape(-1, length).astype(np.uint64)
    hashes = (rows * _powers()[0][:length]).sum(axis=1, dtype=np.uint64)
    size = 1 << min(max((len(values) * 32).bit_length(), 12), 23)
    table = np.zeros(size, dtype=bool)
    table[_slots(hashes, size)] = True
    return table


def _match(text: Folded, value: str, low: int) -> Match:
    first, last = int(text.at[low]), int(text.at[low + len(value) - 1])
    if last - first + 1 == len(value):
        return Match(value, low, first, last + 1, ())
    at = text.at[low : low + len(value)]
    holes = np.flatnonzero(np.diff(at) > 1)
    gaps = tuple(text.plain[at[hole] + 1 : at[hole + 1]] for hole in holes)
    return Match(value, low, first, last + 1, gaps)
