"""What shows by its own form that it is personal: ID numbers, mobile phones, bank cards, paths of a machine.

Every function takes a text in plain signs (`needles.folded`) and gives where something stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_PROVINCES = frozenset((
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
    "83"
))  # fmt: skip
_MONTH_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# Digits that begin a number of their own: not the tail of another one, nor of a fraction.
_START, _END = r"(?<!\d)(?<!\d\.)", r"(?!\d)"
_DASHES = "-‐‑‒–—·. "
_DASH = f"[{_DASHES}]"
_DASH_CODES = np.array([ord(sign) for sign in _DASHES], dtype=np.uint32)
_FEWEST_DIGITS = 11
_BEHIND = 6  # signs behind the last digit: a check sign X, a fraction
_ID = re.compile(rf"{_START}[1-9]\d{{16}}[\dX]{_END}|{_START}[1-9]\d{{14}}{_END}(?!\.\d*[1-9])")
_SPACED_ID = re.compile(rf"{_START}(?=((?:\d{_DASH}?){{14}}(?:(?:\d{_DASH}?){{2}}\d{_DASH}?)?[\dX]{_END}))")
# How people part the digits of an ID number; every digit alone is read as well.
_ID_GROUPS = frozenset(
    [(6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (6, 8, 3, 1), (6, 12), (14, 4), (6, 6, 6), (3, 3, 4, 4, 4)]
    + [(4, 4, 4, 4, 2), (3, 3, 8, 4), (6, 4, 4, 3, 1), (17, 1), (2, 4, 8, 4), (3,) * 6, (2,) * 9]
    + [(6, 6, 3), (6, 2, 2, 2, 3), (5, 5, 5), (3,) * 5, (4, 4, 4, 3)]
)
_PHONE = re.compile(rf"{_START}(?:86)?1[3-9]\d{{9}}{_END}(?!\.\d*[1-9])")
_SPACED_PHONE = re.compile(
    rf"{_START}(?P<abroad>\+? ?86\)?{_DASH}?|0086{_DASH}?)?(?P<phone>"
    rf"1[3-9]\d(?P<one>{_DASH})\d{{4}}(?P<two>{_DASH})\d{{4}}"
    rf"|1[3-9](?:{_DASH}\d){{9}}|1[3-9]\d{{9}}|1[3-9]\d{_DASH}\d{{3}}{_DASH}\d{{5}}|1[3-9]\d{{2}}{_DASH}\d{{3}}{_DASH}\d{{4}}"
    rf"|1[3-9]\d{{5}}{_DASH}\d{{4}}|1[3-9]\d{_DASH}\d{{8}}){_END}"
)
_CARD_STARTS = r"(?:6[0-9]|9[4-9])\d{14,17}|(?:4\d|5[0-9]|35|2[2-7])\d{14}"
_CARD = re.compile(rf"{_START}(?:{_CARD_STARTS}){_END}(?!\.\d*[1-9])")
_SPACED_CARD = re.compile(
    rf"{_START}(?:\d{{4}}{_DASH}){{3}}\d{{4}}(?:{_DASH}\d{{1,3}})?{_END}|{_START}\d{{6}}{_DASH}\d{{10,13}}{_END}"
)
_CARD_DIGITS = re.compile(_CARD_STARTS)
# Fingerprints: hexadecimal of a usual length, UUIDs, and the hashes of a page's policy.
_PRINTS = re.compile(
    r"(?<![0-9A-Z])(?:[0-9A-F]{128}|[0-9A-F]{96}|[0-9A-F]{64}|[0-9A-F]{56}|[0-9A-F]{40}|[0-9A-F]{32}"
    r"|[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}|SHA(?:256|384|512)-[0-9A-Z+/]{43,86}={0,2})(?![0-9A-Z])"
)
_LABELLED = re.compile(
    r"(?:电话|手机|联系|TEL|PHONE|MOBILE|☎|卡号|账号|帐号|银行|CARD|ACCOUNT|身份证|证号|证件|公民|ID)[^\d\x1e\n]{0,12}$"
)
_PATHS = re.compile(
    r"(?<![\w.:/])/(?:home|Users)/[^\s/\"'<>\\\x1e]+"
    r"|(?<![\w.:/])/root(?=[/\s\"'<,;)\]\x1e]|$)"
    r"|(?<![\w.:/])/(?:tmp|mnt|media|private|var|opt|srv|build|data)/[\w.-]+(?:/[\w.-]+)*"
    r"|file:/{1,3}[^\s\"'<>\x1e]+"
    r"|(?<![A-Za-z])[A-Za-z]:(?:\\{1,2}|/)(?:Users|Documents and Settings)[\\/]+[^\s\\/\"'<>\x1e]+"
    r"|(?<![A-Za-z])[A-Za-z]:\\{1,2}[^\s\\/\"'<>|?*:;,()\x1e]{2,60}\\{1,2}[^\s\\/\"'<>|?*:\x1e]"
    r"|(?<![\\\w])\\\\[A-Za-z0-9][\w.-]{1,30}\\[\w$.-]{2,}"
)
# What each of them begins with, and how far in: only there is the slow look taken.
_PATH_MARKS = (
    *(
        ("/home/", 0),
        ("/Users/", 0),
        ("/root", 0),
        ("/tmp/", 0),
        ("/mnt/", 0),
        ("/media/", 0),
        ("/private/", 0),
    ),
    *(
        ("/var/", 0),
        ("/opt/", 0),
        ("/srv/", 0),
        ("/build/", 0),
        ("/data/", 0),
    ),
    *(("file:/", 0), (":\\", 1), (":/Users", 1), (":/Documents", 1), ("\\\\", 0)),
)


class Found(NamedTuple):
    """Something found by its form, from `start` to before `end`."""

    what: str
    start: int
    end: int


def without_prints(plain: str) -> str:
    """The text with fingerprints blanked out, every sign in its place: digits of a hash are nobody's phone.

    >>> without_prints("A" * 31 + "1 13812345678")
    '                                 13812345678'
    """
    return _PRINTS.sub(lambda match: " " * len(match[0]), plain)


def numbers_found(plain: str) -> Iterator[Found]:
    """ID numbers with a true check digit, mobile phones and bank cards in a text without fingerprints."""
    taken: set[int] = set()
    for first, last in _digit_groups(plain):
        for what, find in (("id_number", _ids), ("phone", _phones), ("card", _cards)):
            for start, end in find(plain, first, last):
                if taken.isdisjoint(range(start, end)):
                    taken.update(range(start, end))
                    yield Found(what, start, end)


def _digit_groups(plain: str) -> Iterator[tuple[int, int]]:
    """Where eleven digits or more follow each other, with one blank or dash between two at the most."""
    codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    at = np.flatnonzero((codes >= ord("0")) & (codes <= ord("9")))
    if len(at) < _FEWEST_DIGITS:
        return
    steps = np.diff(at)
    dashed = np.isin(codes[np.minimum(at[:-1] + 1, len(codes) - 1)], _DASH_CODES)
    parted = np.flatnonzero(~((steps == 1) | ((steps == 2) & dashed)))
    starts, ends = np.concatenate([[0], parted + 1]), np.concatenate([parted, [len(at) - 1]])
    for group in np.flatnonzero(ends - starts + 1 >= _FEWEST_DIGITS):
        yield int(at[starts[group]]), min(int(at[ends[group]]) + _BEHIND, len(plain))


def is_id_number(digits: str) -> bool:
    """Whether 18 signs are an ID number by GB 11643 (province, birth date, check), or 15 digits an old one.

    >>> is_id_number("11010519491231002X"), is_id_number("110105194912310021"), is_id_number("110105491231002")
    (True, False, True)
    """
    if digits[:2] not in _PROVINCES:
        return False
    if len(digits) == 15:
        return _is_day(int(digits[8:10]), int(digits[10:12])) and digits[12:] != "000"
    right_day = 1850 <= int(digits[6:10]) <= 2150 and _is_day(int(digits[10:12]), int(digits[12:14]))
    weighted = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits[:17]))
    return right_day and "10X98765432"[weighted % 11] == digits[17]


def is_card(digits: str) -> bool:
    """Whether 16 to 19 digits are a bank card's: an issuer's first digits and Luhn's sum (ISO/IEC 7812-1).

    >>> is_card("6222021234567890128"), is_card("6222021234567890123"), is_card("0000000000000000")
    (True, False, False)
    """
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    luhn = sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
    return luhn and len(set(digits)) > 1 and _CARD_DIGITS.fullmatch(digits) is not None


def machine_paths(text: str) -> Iterator[Found]:
    """Absolute paths that tell whose machine a file was made on, in a text as it was written."""
    for mark, before in _PATH_MARKS:
        at = text.find(mark)
        while at >= 0:
            if at >= before and (match := _PATHS.match(text, at - before)):
                yield Found("path", *match.span())
            at = text.find(mark, at + 1)


def alone_or_named(plain: str, start: int, end: int) -> bool:
    """Whether spaced digits are a number and no row of a table: they fill their line, or a label leads them."""
    before = plain[max(0, start - 24) : start]
    ends = end >= len(plain) or plain[end] in "\n\r\x1e"
    begins = not before or before[-1] in "\n\r\x1e"
    return (begins and ends) or _LABELLED.search(before) is not None


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month]


def _ids(plain: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _ID.finditer(plain, first, last):
        if is_id_number(match[0]):
            yield match.span()
    for match in _SPACED_ID.finditer(plain, first, last):
        parts = re.split(_DASH, match[1])
        digits = "".join(parts)
        if len(parts) == 1 or not is_id_number(digits):
            continue
        sizes = tuple(len(part) for part in parts)
        if set(sizes) == {1} or (
            sizes in _ID_GROUPS and (len(digits) == 18 or alone_or_named(plain, *match.span(1)))
        ):
            yield match.span(1)


def _phones(plain: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _PHONE.finditer(plain, first, last):
        yield match.span()
    for match in _SPACED_PHONE.finditer(plain, first, last):
        start, end = match.span("phone")
        told = match["abroad"] or (match["one"] == match["two"] and match["one"] not in (None, " ", "."))
        if re.search(_DASH, match["phone"]) is None and not match["abroad"]:
            continue
        if told or alone_or_named(plain, match.start(), end):
            yield start, end


def _cards(plain: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _CARD.finditer(plain, first, last):
        if is_card(match[0]):
            yield match.span()
    for match in _SPACED_CARD.finditer(plain, first, last):
        digits = re.sub(_DASH, "", match[0])
        dashed = " " not in match[0] and "." not in match[0]
        if is_card(digits) and (dashed or alone_or_named(plain, *match.span())):
            yield match.span()
