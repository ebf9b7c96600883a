"""Where a finding stands in the bureau's own file: file, sheet, row and cell, as Excel shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from eco.problems import Finding
from eco.records.texts import from_arrow

# A finding about positions is shown at the first of these columns that the file has.
_POINTS = ("lon", "x", "lat", "y")
_ROW = re.compile(r" 第(\d+)(行|个要素) / ")


@dataclass(frozen=True)
class Grid:
    """How a table lies in its file.

    `columns` gives each of our column names its position, 0 for column A. `heading` is the row of
    the headings, 0 for a file of features, whose first feature stands in row 2 once it is a sheet.
    """

    file: str
    sheet: str = ""
    heading: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)

    def sheet_row(self, row: int) -> int:
        """The row of a sheet a row or feature number means; row 0 means the headings."""
        if row == 0:
            return self.heading or 1
        return row if self.heading else row + 1


def row_places(file: str, numbers: Iterable[int], *, feature: bool = False) -> pd.Series:
    """The place of each row (or feature) of a file in words; `row_number` reads it back.

    >>> row_places("户.csv", [12]).tolist()
    ['户.csv 第12行 / row 12']
    """
    zh, en = ("个要素", "feature") if feature else ("行", "row")
    count = pc.cast(pa.array(np.fromiter(numbers, dtype=np.int64)), pa.large_string())
    parts = (f"{file} 第", count, f"{zh} / {en} ", count, "")
    words = [pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in parts]
    return from_arrow(pc.binary_join_element_wise(*words))


def row_number(where: str) -> int:
    """The row or feature number of a place, 0 of a whole file.

    >>> row_number("第9行 / row 9.csv 第12行 / row 12"), row_number("户.csv")
    (12, 0)
    """
    found = _ROW.findall(where)
    return int(found[-1][0]) if found else 0


def column_letters(position: int) -> str:
    """Excel's name of a column, counted from 0.

    >>> column_letters(0), column_letters(25), column_letters(26), column_letters(16383)
    ('A', 'Z', 'AA', 'XFD')
    """
    letters, rest = "", position + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


def at_its_cell(finding: Finding, grid: Grid) -> Finding:
    """The finding with its file, sheet, row and cell.

    What has a row but no column of the file (an outline, a column that is missing) stands at the
    row's first column we read; what has neither has no cell.
    """
    row = row_number(finding.where)
    names = (finding.column, *(_POINTS if finding.column == "geometry" else ()))
    position = next((grid.columns[name] for name in names if name in grid.columns), None)
    if position is None and row:
        position = next(iter(grid.columns.values()), 0)
    cell = "" if position is None else f"{column_letters(position)}{grid.sheet_row(row)}"
    return replace(finding, file=grid.file, sheet=grid.sheet, row=row, cell=cell)
