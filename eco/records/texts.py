"""Columns of text taken whole, so that only cells that could differ are looked at one by one.

A register of millions repeats a few words and a few signs: what holds for all signs of a column holds
for its cells, and what is read of one text holds wherever that text stands again.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_BLOCK = 1 << 20


def is_text(cells: pd.Series) -> bool:
    """Whether a column holds nothing but texts and empty cells."""
    return isinstance(cells.dtype, pd.StringDtype)


def as_arrow(texts: pd.Series) -> pa.LargeStringArray:
    """The column as one Arrow array, without a copy where it stands in one piece."""
    given = pa.array(texts.array, type=pa.large_string())
    if isinstance(given, pa.ChunkedArray):
        return given.chunk(0) if given.num_chunks == 1 else given.combine_chunks()
    return given


def from_arrow(texts: pa.Array, index: pd.Index | None = None) -> pd.Series:
    """An Arrow array of texts as a column."""
    return pd.Series(pd.array(texts, dtype="str"), index=index)


def repeated(text: str, index: pd.Index) -> pd.Series:
    """A column with one text in every row."""
    return from_arrow(pa.repeat(pa.scalar(text, pa.large_string()), len(index)), index)


def text_bytes(texts: pa.LargeStringArray) -> np.ndarray:
    """The UTF-8 of all cells, one behind the other."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return np.zeros(0, dtype=np.uint8)
    ends = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]


def signs_of(texts: pd.Series) -> str:
    """The different signs a column is written with, in the order of Unicode.

    >>> signs_of(pd.Series(["县城", "漳县", "a1"], dtype="str"))
    '1a县城漳'
    """
    data = text_bytes(as_arrow(texts))
    blocks = (data[start : start + _BLOCK] for start in range(0, len(data), _BLOCK))
    counts = sum((np.bincount(block, minlength=256) for block in blocks), np.zeros(256, dtype=np.int64))
    if counts[128:].any():
        return "".join(sorted(set(data.tobytes().decode("utf-8"))))
    return "".join(map(chr, np.flatnonzero(counts)))


def mended(texts: pd.Series, mend: Callable[[str], str], *, plain: re.Pattern[str]) -> pd.Series:
    """Every text as `mend` gives it; it must leave alone what is written in signs that are `plain`.

    >>> mended(pd.Series(["12", "１2"], dtype="str"), lambda text: "12", plain=re.compile("[0-9]")).tolist()
    ['12', '12']
    """
    rows = with_signs(texts, plain.sub("", signs_of(texts)))
    if not rows.any():
        return texts
    given = texts.copy()
    given[rows] = [mend(text) for text in texts[rows].tolist()]
    return given.astype("str")


def with_signs(texts: pd.Series, signs: str) -> np.ndarray:
    """Which texts hold any of the signs."""
    if not signs:
        return np.zeros(len(texts), dtype=bool)
    anyone = "[" + "".join(rf"\x{{{ord(sign):x}}}" for sign in signs) + "]"
    return _mask(pc.match_substring_regex(as_arrow(texts), anyone))


def matching(texts: pd.Series, pattern: str) -> np.ndarray:
    """Which texts hold a match of a regular expression of RE2's kind."""
    return _mask(pc.match_substring_regex(as_arrow(texts), pattern))


def lengths(texts: pd.Series) -> np.ndarray:
    """How many signs each text has."""
    return pc.utf8_length(as_arrow(texts)).to_numpy(zero_copy_only=False)


def distinct(texts: pd.Series) -> tuple[np.ndarray, pd.Series]:
    """For each row which text it holds, as a position, and the texts, in the order they first stand.

    >>> codes, values = distinct(pd.Series(["b", "a", "b"], dtype="str"))
    >>> codes.tolist(), values.tolist()
    ([0, 1, 0], ['b', 'a'])
    """
    found = as_arrow(texts).dictionary_encode(null_encoding="encode")
    return found.indices.to_numpy(), from_arrow(found.dictionary)


def spread(values: pd.Series, codes: np.ndarray, index: pd.Index) -> pd.Series:
    """What was read of each text of `distinct` set again into the rows that hold it."""
    return values.take(codes).set_axis(index)


def twice(texts: pd.Series) -> np.ndarray:
    """Which texts stand in another row, too; empty ones never.

    >>> twice(pd.Series(["a", "b", "a", "", ""], dtype="str")).tolist()
    [True, False, True, False, False]
    """
    if not len(texts):
        return np.zeros(0, dtype=bool)
    codes, values = distinct(texts)
    return ((np.bincount(codes) > 1) & (values != "").to_numpy(dtype=bool))[codes]


def among(texts: pd.Series, known: pd.Series) -> np.ndarray:
    """Which texts are among the known ones."""
    if not len(texts):
        return np.zeros(0, dtype=bool)
    return pc.is_in(as_arrow(texts), value_set=as_arrow(known)).to_numpy(zero_copy_only=False)


def _mask(marks: pa.BooleanArray) -> np.ndarray:
    return pc.fill_null(marks, False).to_numpy(zero_copy_only=False)
