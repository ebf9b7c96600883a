"""Which encoding a text's bytes are in: by its mark, by its bytes, by whether people write such Han.

UTF-8 bytes read as GBK often decode without an error, into rare signs (婕冲幙 for 漳县). Signs that
GB 2312 knows make up nearly all of a county's text, so their share tells the right reading.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CANDIDATES = ("utf-8", "gb18030")
_FEWEST_COMMON = 0.7  # real texts have 0.98 and more, UTF-8 taken for GBK about half
_FEWEST_HANGUL, _HANGUL_SHARE = 16, 0.95
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_KEPT_SIGNS = 0.4  # two or three bytes taken for one and a half to two signs
_SAMPLE = 200_000  # signs looked at for their share
_SAME = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "936": "gb18030", "cp65001": "utf-8"}
_SAME |= {"65001": "utf-8", "ansi 936": "gb18030", "utf8": "utf-8", "utf_8": "utf-8", "gbk2312": "gb18030"}


class Reading(NamedTuple):
    """An encoding that fits, and whether a declaration had to be set aside for it."""

    encoding: str
    overruled: bool


def read_encoding(data: bytes, declared: str | None = None, *, cut: Iterable[bytes] = ()) -> Reading | None:
    """The encoding of a text, None when no reading of it looks like written Chinese or English.

    `cut` are texts of the same encoding that may end within a sign, as fields of a dbf do.
    `declared` wins where its reading is as good as any; it is overruled when its bytes do not
    decode or turn into signs nobody writes.

    >>> read_encoding("漳县".encode("gbk")), read_encoding("漳县".encode(), "gbk")
    (Reading(encoding='gb18030', overruled=False), Reading(encoding='utf-8', overruled=True))
    """
    mark = next((name for start, name in _MARKS.items() if data.startswith(start)), None)
    if mark is not None:
        return Reading(mark, False) if _decoded(data, mark) is not None else None
    told = known_encoding(declared) if declared else None
    names = [*([told] if told else []), *(name for name in _CANDIDATES if name != told)]
    pieces = list(cut)
    texts: dict[str, str] = {}
    for name in names:
        # Valid UTF-8 is read as such where it was declared or holds one Han: no other reading is asked for.
        first = texts.get("utf-8", "") if told in (None, "utf-8") else ""
        if first and (told or first.isascii() or _HAN.search(first)):
            break
        text = _joined(data, pieces, name)
        if text is not None:
            texts[name] = text
    shares = {name: common_share(text) for name, text in texts.items()}
    # Valid UTF-8 is no accident: the rare Han of a few names may stand in it.
    fitting = {name: share for name, share in shares.items() if name == "utf-8" or share >= _FEWEST_COMMON}
    if not fitting or _is_double(texts.get("utf-8")):
        return None
    if "utf-8" not in fitting and told is None and _is_korean(data, pieces):
        return None
    if not told and len(fitting) > 1 and shares["utf-8"] < _FEWEST_COMMON:
        return None  # é of a café or 茅 of a village: both are whole, somebody has to say it
    best = max(fitting, key=lambda name: (fitting[name] >= _FEWEST_COMMON, name == told, -names.index(name)))
    if told in (None, "utf-8") and "utf-8" in fitting:
        best = "utf-8"
    return Reading(best, bool(declared) and best != told)


def known_encoding(name: str) -> str | None:
    """An encoding by Python's name, whatever a .cpg or a person calls it; None when there is none such."""
    plain = name.strip().lower()
    try:
        found = codecs.lookup(_SAME.get(plain, plain)).name
    except (LookupError, ValueError):
        return None
    return _SAME.get(found, found)


def common_share(text: str) -> float:
    """Share of a text's signs beyond ASCII that GB 2312 knows; 1 when it has none.

    >>> common_share("漳县 Zhang 3 mu"), round(common_share("漳县".encode().decode("gbk", "ignore")), 2)
    (1.0, 0.67)
    """
    signs = np.frombuffer(text[:_SAMPLE].encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    beyond = signs[signs > 127]
    if not len(beyond):
        return 1.0
    return float(_common()[np.minimum(beyond, 0xFFFF)].mean())


@cache
def _common() -> np.ndarray:
    """For each code point of the basic plane whether GB 2312 has it among its signs and Han."""
    known: np.ndarray = np.zeros(0x10000, dtype=bool)
    for row in (*range(0xA1, 0xA4), *range(0xB0, 0xF8)):
        text = bytes(byte for cell in range(0xA1, 0xFF) for byte in (row, cell)).decode("gb2312", "ignore")
        known[[ord(sign) for sign in text]] = True
    known[[ord(sign) for sign in "㎡²³°·–—…“”‘’"]] = True
    return known


def whole_signs(data: bytes, encoding: str) -> str:
    """A text without the sign its end was cut within; UnicodeDecodeError for any other fault.

    >>> whole_signs("漳县".encode()[:-1], "utf-8")
    '漳'
    """
    return codecs.getincrementaldecoder(encoding)().decode(data)


def _joined(data: bytes, pieces: Iterable[bytes], encoding: str) -> str | None:
    text = _decoded(data, encoding)
    try:
        return None if text is None else " ".join([*(whole_signs(piece, encoding) for piece in pieces), text])
    except UnicodeError:
        return None


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError):
        return None
    return text if isinstance(text, str) else None


def _is_korean(data: bytes, pieces: Iterable[bytes]) -> bool:
    """Whether bytes that read as GBK are Korean: pairs of EUC-KR whose first bytes are those of Hangul.

    GB 2312 keeps its common Han in rows B0 to D7 by their sound, EUC-KR its Hangul in B0 to C8, so that
    one Chinese sign in two lies beyond; sixteen different ones do not all stay within by chance.
    """
    seen: set[str] = set()
    for piece in (data, *pieces):
        try:
            text = whole_signs(piece, "euc_kr")
        except UnicodeDecodeError:
            return False
        seen.update(sign for sign in text[:_SAMPLE] if sign > "\u2fff")
    hangul = sum("\uac00" <= sign <= "\ud7a3" for sign in seen)
    return hangul >= _FEWEST_HANGUL and hangul >= _HANGUL_SHARE * len(seen)


def _beyond_ascii(text: str) -> int:
    return sum(not sign.isascii() for sign in text)


def _is_double(text: str | None) -> bool:
    """Whether valid UTF-8 holds GBK that was once read as Latin-1 or as UTF-8: ÕÄÏØ, 婕冲幙."""
    if text is None or common_share(text) >= _FEWEST_COMMON:
        return False
    for wrong, right in (("latin-1", "gb18030"), ("cp1252", "gb18030"), ("gb18030", "utf-8")):
        try:
            again = text[:_SAMPLE].encode(wrong).decode(right, "ignore")  # a byte or two was lost on the way
        except UnicodeError:
            continue
        enough = _beyond_ascii(again) >= _KEPT_SIGNS * _beyond_ascii(text[:_SAMPLE])
        if again != text[:_SAMPLE] and enough and common_share(again) >= _FEWEST_COMMON:
            return True
    return False
