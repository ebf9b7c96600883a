"""Headings over two rows and merged cells of a sheet: rows of cells in, plain rows out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

Cells = Sequence[Sequence[object]]
Span = tuple[tuple[int, int], tuple[int, int]]  # first and last (row, column) of a merged cell, from 0
_DATA = re.compile(r"[A-Za-z]*[\d.,/-]{3,}\S*|\d+")


def second_heading_row(rows: Cells, first: int, known: Callable[[object], bool]) -> int | None:
    """The row above or below heading row `first` that names columns row `first` leaves unnamed."""
    for other in (first + 1, first - 1):
        if 0 <= other < len(rows) and not any(map(_is_data, rows[other])):
            pairs = zip(rows[first], rows[other])
            if any(known(cell) and not known(own) for own, cell in pairs):
                return other
    return None


def _is_data(cell: object) -> bool:
    return not isinstance(cell, str) or bool(_DATA.fullmatch(cell.strip()))


def joined_headings(
    upper: Sequence[object], lower: Sequence[object], known: Callable[[object], bool]
) -> list[str]:
    """One heading a column from two rows: the lower where it is known, else the upper, else both.

    >>> joined_headings(["户编号", "收入", ""], ["", "工资性收入", "其他"], {"户编号", "工资性收入"}.__contains__)
    ['户编号', '工资性收入', '其他']
    """
    return [
        str(low).strip() if known(low) else str(up).strip() if known(up) else f"{up}{low}".strip()
        for up, low in zip(upper, lower)
    ]


def merged_downwards(spans: Iterable[Span], first_row: int) -> list[tuple[int, int, int]]:
    """Cells merged over rows below `first_row`, one column wide: (column, first row, last row)."""
    return [
        (left, max(top, first_row), bottom)
        for (top, left), (bottom, right) in spans
        if left == right and bottom > top and top >= first_row
    ]
