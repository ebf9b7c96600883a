"""Numbers, dates and words as people write them: text in, value or the rule it breaks out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from eco.records.texts import as_arrow, distinct, is_text, matching, mended, signs_of, with_signs

NOTHING = ("", "/", "-", "—", "——")  # how the bureau's sheets write an empty cell
EARLIEST = date(1990, 1, 1)  # no record of these programmes is older
EPOCHS = {1900: date(1899, 12, 30), 1904: date(1904, 1, 1)}  # Excel's day 0, by the file's date system
EXACT = 2.0**53  # beyond it a float no longer holds every whole number
# Marks without ink that turn the writing round or hide between signs; a name is the same without them.
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
# Raised, lowered, ringed and broken figures: NFKC makes 102 of 10² and 31/2 of 3½, nobody means that.
_NO_RAISED = re.compile(
    "[^\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u215f\u2189\u2460-\u249b\u24ea"
    "\u3251-\u325f\u32b1-\u32bf\U0001f100-\U0001f10a]+"
)
# Signs that are their own NFKC, that no mark of Excel begins with and no blank stands among.
PLAIN_SIGNS = re.compile("[!#-&(-<>-_a-~\u3400-\u4dbf\u4e00-\u9fff]")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
_DECIMAL = re.compile(r"[+-]?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+)", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+", re.ASCII)
_DAY = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))"
    r"(?:[ T]\d{1,2}:\d{2}.*)?",
    re.ASCII,
)


class Number(NamedTuple):
    """A number read, NaN when the text is none, and whether its writing was repaired."""

    value: float
    repaired: bool


class Day(NamedTuple):
    """A date read, or the code of the rule the text breaks; neither for an empty cell."""

    value: date | None
    broken: str
    repaired: bool


class Numbers(NamedTuple):
    """A column of numbers: NaN where `nothing` stands or what stands is `wrong`; `repaired` were rewritten."""

    values: pd.Series
    nothing: pd.Series
    wrong: pd.Series
    repaired: pd.Series


def cell_text(cell: object) -> str:
    """A cell as text: a whole number without a point, nothing for an empty one.

    >>> cell_text(621102101000.0), cell_text(" a "), cell_text(None)
    ('621102101000', 'a', '')
    """
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def lost_digits(cell: object) -> bool:
    """Whether a code or ID number was kept as a number too long for one, so that its end is gone.

    >>> lost_digits(6.224211990010112e17), lost_digits("6.22421E+17"), lost_digits(621102101201.0)
    (True, True, False)
    """
    if isinstance(cell, float):
        return abs(cell) >= EXACT
    if not isinstance(cell, str) or "E" not in cell.upper():
        return False
    return _SCIENTIFIC.fullmatch(cell.strip()) is not None


def cell_texts(cells: pd.Series) -> pd.Series:
    """A column of any cells as `cell_text` gives each."""
    if is_text(cells):
        return cells.fillna("").str.strip()
    return pd.Series([cell_text(cell) for cell in cells.tolist()], index=cells.index, dtype="str")


def lost_ends(cells: pd.Series) -> np.ndarray:
    """Which cells of a column have `lost_digits`."""
    if not is_text(cells):
        return np.array([lost_digits(cell) for cell in cells.tolist()], dtype=bool)
    lost = with_signs(cells, "".join({"e", "E"} & set(signs_of(cells))))
    lost[lost] = [lost_digits(cell) for cell in cells[lost].tolist()]
    return lost


def half_widths(texts: pd.Series) -> pd.Series:
    """A column of stripped texts as `half_width` gives each."""
    return mended(texts, half_width, plain=PLAIN_SIGNS)


def without_hidden(text: str) -> str:
    """The text without marks that leave no ink: bidi controls, zero-width signs, control characters.

    Every Han sign stays, the rare and the private ones too.

    >>> without_hidden("王\\u200b小\\u202e明"), without_hidden("㛃𬭎")
    ('王小明', '㛃𬭎')
    """
    return text if text.isascii() and text.isprintable() else _HIDDEN.sub("", text).strip()


def has_private_signs(text: str) -> bool:
    """Whether the text holds signs of the private use area, which other machines may not show."""
    return not text.isascii() and _PRIVATE.search(text) is not None


def half_width(text: str) -> str:
    """The text in half-width signs (NFKC), without hidden marks, outer blanks or Excel's marks of a text.

    >>> half_width("６２Ｘ\\u200b "), half_width("'0012"), half_width('="0012"'), half_width("１０²")
    ('62X', '0012', '0012', '10²')
    """
    if text.isascii() and text.isalnum():
        return text
    text = without_hidden(text)
    if not text.isascii():
        text = _NO_RAISED.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    text = text.strip()
    if text[:2] == '="' and text[-1] == '"' and len(text) > 3:
        return text[2:-1].strip()
    return text.lstrip("'`").strip() if text[:1] in ("'", "`") else text


def number(text: str, *, units: Sequence[str] = ()) -> Number:
    """A number as a clerk writes it; `units` may stand behind it, a yuan sign before it.

    Repaired are full-width signs, groups of thousands, a yuan sign and the column's own unit.
    No number are 三, 1.234,00, （1,234）, 1e3 and a number with another unit.

    >>> number("３人", units=("人",)), number("￥1,234.00", units=("元",)), number("20.0").value
    (Number(value=3.0, repaired=True), Number(value=1234.0, repaired=True), 20.0)
    >>> number("（1,234）").value, number("1.234,00").value
    (nan, nan)
    """
    bare = half_width(text)
    if "元" in units:
        bare = bare.removeprefix("¥").lstrip()
    for unit in units:
        if bare.endswith(unit):
            bare = bare.removesuffix(unit).rstrip()
            break
    if not _DECIMAL.fullmatch(bare):
        return Number(np.nan, False)
    value = float(bare.replace(",", ""))
    return (
        Number(value, bare.replace(",", "") != text.strip()) if np.isfinite(value) else Number(np.nan, False)
    )


def numbers(cells: pd.Series, *, units: Sequence[str] = ()) -> Numbers:
    """Cells of any kind as floats; see `number` for what text is one. True, dates and infinity are none."""
    if not is_text(cells):
        return _numbers_of_cells(cells, units)
    values = pd.Series(_plain_decimals(cells), index=cells.index)
    odd = ~np.isfinite(values)
    nothing: pd.Series = pd.Series(False, index=cells.index)
    wrong, repaired = nothing.copy(), nothing.copy()
    if odd.any():
        codes, texts = distinct(cells[odd])
        read = _numbers_of_cells(texts, units)
        for column, seen in zip((values, nothing, wrong, repaired), read):
            column[odd] = seen.to_numpy()[codes]
    return Numbers(values, nothing, wrong, repaired)


def _plain_decimals(texts: pd.Series) -> np.ndarray:
    """The value of every text that is digits with or without a point, NaN for any other."""
    plain = matching(texts, r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$")
    digits = as_arrow(texts) if plain.all() else pc.if_else(pa.array(plain), as_arrow(texts), None)
    return pc.cast(digits, pa.float64()).to_numpy(zero_copy_only=False)


def _numbers_of_cells(cells: pd.Series, units: Sequence[str]) -> Numbers:
    kind = pd.api.types.infer_dtype(cells, skipna=True)
    values = pd.to_numeric(cells, errors="coerce").astype("float64")
    odd = ~np.isfinite(values)
    if kind == "string" and re.search("[A-Za-z]", "".join(cells.dropna())):
        odd |= cells.str.contains("[A-Za-z]", na=False).astype(bool)  # 1e3, nan: to pandas these are numbers
    elif kind.startswith(("mixed", "boolean")):
        odd |= pd.Series([isinstance(cell, str | bool | np.bool_) for cell in cells], index=cells.index)
    nothing: pd.Series = pd.Series(False, index=cells.index)
    repaired: pd.Series = pd.Series(False, index=cells.index)
    if odd.any():
        texts = cells[odd].map(cell_text).astype("str")
        nothing[odd] = texts.map(half_width).isin(NOTHING).astype(bool)
        read = {text: number(text, units=units) for text in texts.unique()}
        values[odd] = texts.map({text: one.value for text, one in read.items()}).astype("float64")
        repaired[odd] = texts.map({text: one.repaired for text, one in read.items()}).astype(bool)
    return Numbers(values, nothing, ~np.isfinite(values) & ~nothing, repaired)


def day(text: str, *, latest: date, epoch: int | None = None) -> Day:
    """A date as a clerk writes it, between EARLIEST and `latest`.

    A bare Excel day number is a date only under a declared `epoch` (1900 or 1904).
    Broken rules: E-DATE-01 no date, E-DATE-02 beyond the bounds, E-DATE-03 a day number.

    >>> day("2020年5月1日", latest=date(2026, 1, 1)).value, day("2020/2/30", latest=date(2026, 1, 1)).broken
    (datetime.date(2020, 5, 1), 'E-DATE-01')
    >>> day("44000", latest=date(2026, 1, 1)).broken, day("44000", latest=date(2026, 1, 1), epoch=1900).value
    ('E-DATE-03', datetime.date(2020, 6, 18))
    """
    bare = half_width(text)
    if bare in NOTHING:
        return Day(None, "", False)
    serial = re.fullmatch(r"(\d{5})(?:\.\d+)?", bare, re.ASCII)
    found = _DAY.fullmatch(bare)
    if serial and epoch is None:
        return Day(None, "E-DATE-03", False)
    try:
        if serial:
            value = EPOCHS[int(epoch or 0)] + timedelta(days=int(serial[1]))
        elif found:
            year, month, of_month = (int(part) for part in found.groups() if part and part.isdigit())
            value = date(year, month, of_month)
        else:
            return Day(None, "E-DATE-01", False)
    except ValueError:
        return Day(None, "E-DATE-01", False)
    if not EARLIEST <= value <= latest:
        return Day(None, "E-DATE-02", False)
    return Day(value, "", bool(serial) or bare != text.strip())
