"""Text tables (CSV, TSV): bytes to rows of cells, with every row and quote accounted for."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from eco.records.texts import from_arrow

LARGEST_BYTES = 1_000_000_000
LONGEST_LINE = 1_000_000  # bytes; a household's row has a few hundred
MOST_COLUMNS = 2_000
MOST_CELLS = 300_000_000
LIMITS = "1 GB, 2000 列 columns, 1 MB 一行 a line"
_MARKS = ",\t;|"


class Broken(NamedTuple):
    """Why a text is no table: a code, the line it shows in (0 for the whole file), what was found."""

    code: str
    line: int
    found: str


def over_limits(data: bytes) -> Broken | None:
    """E-CSV-01 or E-CSV-03: bytes no table has, told before anything is parsed.

    >>> over_limits(b"a,b\\n1,\\0\\n")
    Broken(code='E-CSV-01', line=2, found='NUL')
    """
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16 is half NUL bytes
    nul = -1 if wide else data.find(b"\0")
    if nul >= 0:
        return Broken("E-CSV-01", line_of(data, nul), "NUL")
    signs = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero((signs == 10) | (signs == 13))
    lengths = np.diff(np.concatenate([[-1], ends, [len(signs)]])) - 1
    longest = int(np.argmax(lengths))
    if lengths[longest] > LONGEST_LINE:
        line = line_of(data, int(ends[longest - 1]) + 1 if longest else 0)
        return Broken("E-CSV-03", line, f"{lengths[longest]} 字节 / bytes")
    return None


def line_of(data: bytes | str, position: int) -> int:
    """The number of the line a position stands in, from 1; CR, LF and CRLF end a line.

    >>> line_of(b"a\\r\\nb\\rc", 5), line_of("ab", 1)
    (3, 1)
    """
    before = data[:position]
    if isinstance(before, str):
        return before.count("\n") + before.count("\r") - before.count("\r\n") + 1
    return before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n") + 1


def plain_line_ends(text: str) -> tuple[str, bool]:
    """The text with LF for every line end, and whether a CR stood alone.

    >>> plain_line_ends("a\\r\\nb"), plain_line_ends("a\\rb")
    (('a\\nb', False), ('a\\nb', True))
    """
    if "\r" not in text:
        return text, False
    text = text.replace("\r\n", "\n")
    return text.replace("\r", "\n"), "\r" in text


def separator(head: list[str]) -> str:
    """The sign between cells: the one the first lines hold most of.

    >>> separator(["附件1, 花名册", "a;b;c", "1;2;3"])
    ';'
    """
    return max(_MARKS, key=lambda sign: max((line.count(sign) for line in head), default=0))


def unclosed_quote(text: str, mark: str, *, width: int) -> Broken | None:
    """E-CSV-02: a quote that opens a cell and is never closed, or closes before the cell ends.

    Such a quote would swallow the rows up to the next one; so would one closed rows later, which is told
    by a cell that holds a line end and all the separators of a row of `width` cells. A quote inside a bare
    cell is only a sign.

    >>> unclosed_quote('a,b\\n"1,2\\n3,4\\n', ",", width=2)
    Broken(code='E-CSV-02', line=2, found='"')
    >>> unclosed_quote('a,b\\n"1 ""x"", 5",2\\n', ",", width=2)
    """
    if '"' not in text:
        return None
    whole = re.compile(r'"[^"]*+(?:""[^"]*+)*+"')
    opening = re.compile(rf'(?:\A|(?<=[\n{re.escape(mark)}]))"')
    place = 0
    while found := opening.search(text, place):
        cell = whole.match(text, found.start())
        if cell is None or text[cell.end() : cell.end() + 1] not in ("", "\n", mark):
            return Broken("E-CSV-02", line_of(text, found.start()), '"')
        if "\n" in cell[0] and cell[0].count(mark) >= max(width - 1, 1):
            return Broken("E-CSV-02", line_of(text, found.start()), '"')
        place = cell.end()
    return None


def parse(text: str, mark: str) -> pd.DataFrame | Broken:
    """Every row of the text, blank ones too, as cells of text; as wide as its widest row."""
    whole = _even(text, mark)
    if whole is not None:
        return whole
    lines = text.count("\n") + 1
    width = max((line.count(mark) for line in io.StringIO(text)), default=0) + 1
    if width > MOST_COLUMNS or width * lines > MOST_CELLS:
        return Broken("E-CSV-03", 0, f"{lines} 行 × {width} 列 / rows x columns")
    try:
        cells = pd.read_csv(
            io.StringIO(text),
            sep=mark,
            dtype=str,
            header=None,
            names=list(range(width)),
            index_col=False,
            keep_default_na=False,
            skip_blank_lines=False,
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame([[""]])
    except pd.errors.ParserError:
        return Broken("E-CSV-02", 0, '"')
    return cells.fillna("")


def _even(text: str, mark: str) -> pd.DataFrame | None:
    """The cells of a text without quotes whose every line has as many, None of any other text.

    Most files are such; they are read in a tenth of the time.
    """
    if '"' in text:
        return None
    data = text.encode("utf-8")
    signs = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(signs == ord("\n"))
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    marks = np.flatnonzero(signs == ord(mark))
    width = len(marks) // max(len(ends), 1) + 1
    if width == 1 or len(marks) != len(ends) * (width - 1) or width > MOST_COLUMNS:
        return None
    starts, of_line = np.append(-1, ends[:-1]), marks.reshape(-1, width - 1)
    if len(ends) * width > MOST_CELLS or (of_line[:, 0] < starts).any() or (of_line[:, -1] > ends).any():
        return None
    names = [str(place) for place in range(width)]
    table = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=names, block_size=16 * LONGEST_LINE),
        parse_options=csv.ParseOptions(
            delimiter=mark, quote_char=False, double_quote=False, ignore_empty_lines=False
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
        ),
    )
    return pd.DataFrame({place: from_arrow(table[place].combine_chunks()) for place in range(width)})


def under_headings(
    cells: pd.DataFrame, headings: Sequence[str], first: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows below heading row `first`, as wide as the headings, and which hold more cells than those."""
    width = max((place + 1 for place, heading in enumerate(headings) if heading), default=len(headings))
    body = cells.iloc[first + 1 :]
    over = (body.iloc[:, width:] != "").any(axis="columns").to_numpy(dtype=bool)
    return body.iloc[:, :width].set_axis(list(headings[:width]), axis="columns"), over


def first_lines(text: str, count: int) -> list[str]:
    """The first lines of a text without reading all of it."""
    lines: list[str] = []
    start = 0
    while len(lines) < count and start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        lines.append(text[start:end])
        start = end
    return lines
