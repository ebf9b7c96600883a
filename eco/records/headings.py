"""Headings over two rows and merged cells of a sheet: rows of cells in, plain rows out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

Cells = Sequence[Sequence[object]]
Span = tuple[tuple[int, int], tuple[int, int]]  # first and last (row, column) of a merged cell, from 0
_UNIT_WORDS = (
    *(
        "亩",
        "市亩",
        "mu",
        "公顷",
        "ha",
        "平方米",
        "m2",
        "㎡",
        "元",
        "万元",
        "分",
        "元/人",
        "元/年",
        "元/人年",
        "人",
        "口",
    ),
    *(
        "户",
        "个",
        "箱",
        "群",
        "天",
        "日",
        "工日",
        "个月",
        "年",
        "岗",
        "%",
        "株",
        "公斤",
        "吨",
        "米",
        "度",
        "°",
    ),
)
_SIGNS_OF_UNITS = re.compile(r"[\s()（）\[\]【】]|单位[:：]")
_FEWEST_NUMBERED = 4
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


def units_below(row: Sequence[object]) -> list[str]:
    """The units of a row that holds nothing else, "" where none stands; empty for any other row.

    >>> units_below(["", "（亩）", "元"]), units_below(["F1", "亩"])
    (['', '亩', '元'], [])
    """
    texts = [_SIGNS_OF_UNITS.sub("", "" if cell is None else str(cell)) for cell in row]
    filled = [text for text in texts if text]
    return texts if filled and all(text in _UNIT_WORDS for text in filled) else []


def is_numbering(row: Sequence[object]) -> bool:
    """Whether a row only numbers its columns: 1 2 3 4, or 甲 乙 1 2.

    >>> is_numbering(["甲", "乙", 1.0, 2.0]), is_numbering(["", "1", "2", "3", "4"]), is_numbering([1, 2])
    (True, True, False)
    """
    texts = [str(cell).strip().removesuffix(".0") for cell in row if cell not in ("", None)]
    letters = next((i for i, text in enumerate(texts) if text != "甲乙丙丁戊己"[i : i + 1]), len(texts))
    wanted = [str(number) for number in range(1, len(texts) - letters + 1)]
    return len(texts) >= _FEWEST_NUMBERED and texts[letters:] == wanted


def with_units(headings: Sequence[str], units: Sequence[str]) -> list[str]:
    """Headings with the units that stand below them; a heading with brackets keeps its own."""
    pairs = zip(headings, [*units, *[""] * len(headings)])
    return [
        f"{heading}({unit})" if unit and not re.search("[(（]", heading) else heading
        for heading, unit in pairs
    ]


def title_units(rows: Cells) -> list[str]:
    """The units a table's title names.

    >>> title_units([["某县", "单位：公顷、万元"], ["填报单位：某镇"]])
    ['公顷', '万元']
    """
    found = []
    for cell in (cell for row in rows for cell in row if isinstance(cell, str)):
        for words in re.findall(r"(?<![\u4e00-\u9fff])(?:计量|面积|金额)?单位[:：]\s*([^)）\n]+)", cell):
            found += [word for word in re.split(r"[、,，;；/\s]+", words) if word in _UNIT_WORDS]
    return found


def merged_downwards(spans: Iterable[Span], first_row: int) -> list[tuple[int, int, int]]:
    """Cells merged over rows below `first_row`, one column wide: (column, first row, last row)."""
    return [
        (left, max(top, first_row), bottom)
        for (top, left), (bottom, right) in spans
        if left == right and bottom > top and top >= first_row
    ]
