"""The release gate: a finished page is read again, and one personal value in it stops it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import pandas as pd

from eco.phrases import Phrase
from eco.problems import DataProblem, Finding, mask
from eco.records.tables import personal_columns

_SCRIPT = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.S | re.I)
_TOKEN = re.compile(r"[0-9A-Za-z]+")
_DIGITS = re.compile(r"\d{11,}[Xx]?")
_SHORTEST_WORD = 6  # "2020" may be a household's id, and is a year
_LONG_NUMBER = 10**9  # shorter numbers in the page are coordinates, money and counts


def refuse_personal(page: str, households: pd.DataFrame, *, place_names: Iterable[str] = ()) -> None:
    """DataProblem if a household's id, name, ID number or phone stands in the finished page.

    Text outside scripts and every text and long number inside the JSON is searched: ids and
    numbers as whole words, Chinese names of three signs anywhere. Shorter values count only as a
    whole text, and a text that is the name of a place (`place_names`) is nobody's name.
    """
    texts = _texts(page, frozenset(place_names))
    joined = "\n".join(texts)
    words = {word for word in _TOKEN.findall(joined) if len(word) >= _SHORTEST_WORD}
    words |= set(texts) | set(_DIGITS.findall(joined))
    found = []
    for column in ("household_id", *personal_columns()):
        if column not in households.columns:
            continue
        values = {text for text in households[column].dropna().astype(str).str.strip() if text}
        standing = (values & words) | _standing_inside(values, joined)
        found += [_leak(column, value, len(standing)) for value in sorted(standing)[:1]]
    if found:
        raise DataProblem(found)


def _texts(page: str, place_names: frozenset[str]) -> list[str]:
    texts = [_SCRIPT.sub(" ", page)]
    for kind, attributes, body in _SCRIPT.findall(page):
        if kind.lower() == "script" and "application/json" in attributes:
            texts += [text for text in _leaves(json.loads(body)) if text not in place_names]
    return texts


def _leaves(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _LONG_NUMBER:
        yield str(int(value))
    elif isinstance(value, list | dict):
        if isinstance(value, dict):
            yield from value
            value = list(value.values())
        for part in value:
            yield from _leaves(part)


def _standing_inside(values: set[str], text: str) -> set[str]:
    """The values that are not one plain word (王小明, DX-000412) and stand anywhere in the text."""
    apart = {
        value
        for value in values
        if len(value) >= (_SHORTEST_WORD if value.isascii() else 3) and not _TOKEN.fullmatch(value)
    }
    found: set[str] = set()
    for length in {len(value) for value in apart}:
        starts = range(len(text) - length + 1)
        found.update(part for at in starts if (part := text[at : at + length]) in apart)
    return found


def _leak(column: str, value: str, count: int) -> Finding:
    return Finding(
        code="E-PRIV-01",
        level="error",
        table="households",
        where="page",
        column=column,
        found=f"{mask(value)} (+{count - 1})" if count > 1 else mask(value),
        expected=Phrase("页面中没有个人信息", "no personal value in a page that leaves the office"),
        todo=Phrase("从名称、树种等文字列中删去该值", "take it out of names, species and other texts"),
    )
