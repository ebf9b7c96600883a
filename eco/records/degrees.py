"""Longitudes and latitudes as people write them: degrees, minutes and seconds, 104.5°, E104.5."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from eco.records.figures import Numbers, half_width, numbers

_FEWEST = 5  # rows from which a pattern of digits is no accident
_LETTERS = re.compile(r"^(?:东经|北纬|[EN])[:：]?|(?:东经|北纬|[EN])$", re.I)
_PARTS = re.compile(
    r"(\d{1,3}(?:\.\d+)?)(?:[°度º˚](?:(\d{1,2}(?:\.\d+)?)[′'’‘´分](?:(\d{1,2}(?:\.\d+)?)(?:[″\"”“秒]|''|′′))?)?)?",
    re.ASCII,
)


def degree_numbers(cells: pd.Series) -> Numbers:
    """Cells as decimal degrees; see `degree` for what is read beside plain numbers."""
    read = numbers(cells)
    if not read.wrong.any():
        return read
    found = cells[read.wrong].map(lambda cell: degree(str(cell)))
    values, repaired = read.values.copy(), read.repaired.copy()
    values[read.wrong] = found.astype("float64")
    repaired[read.wrong] = found.notna()
    return Numbers(values, read.nothing, values.isna() & ~read.nothing, repaired)


def degree(text: str) -> float:
    """Decimal degrees of a text, NaN where it is none; minutes and seconds are below 60.

    >>> round(degree("104°37′12″E"), 6), degree("北纬35度30分"), degree("E104.5")
    (104.62, 35.5, 104.5)
    >>> degree("104.37.12"), degree("104°61′"), degree("104,5")
    (nan, nan, nan)
    """
    # NFKC would turn ″ into two ′ and ˚ into a blank with a ring.
    bare = half_width(re.sub("[″”“]", '"', text).replace("˚", "°").replace("º", "°"))
    found = _PARTS.fullmatch(re.sub(r"\s+", "", _LETTERS.sub("", _LETTERS.sub("", bare.strip()))))
    if found is None:
        return np.nan
    whole, minutes, seconds = (float(part or 0) for part in found.groups())
    if minutes >= 60 or seconds >= 60 or (minutes % 1 and seconds) or (whole % 1 and found[2]):
        return np.nan
    return whole + minutes / 60 + seconds / 3600


def looks_sexagesimal(*columns: np.ndarray) -> bool:
    """Whether decimals look like minutes and seconds (104.3712 for 104°37′12″) in every row of every column.

    >>> bad = np.array([104.3712, 104.5903, 104.0145, 104.2210, 104.4059])
    >>> looks_sexagesimal(bad), looks_sexagesimal(bad + 0.0055)
    (True, False)
    """
    for column in columns:
        values = column[np.isfinite(column)]
        signs = np.round(values * 10_000)
        if len(values) < _FEWEST or np.abs(values * 10_000 - signs).max() > 1e-4:
            return False
        minutes, seconds = signs // 100 % 100, signs % 100
        if (minutes >= 60).any() or (seconds >= 60).any() or (seconds > 0).mean() < 0.5:
            return False
    return True
