"""The rows of a county's `parameters.csv`, each with its line as an editor counts it, and what is wrong with them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from eco.phrases import Phrase
from eco.problems import DataProblem, Finding

COLUMNS = ("name", "low", "mode", "high", "source", "note")
_ENCODINGS = ("utf-8-sig", "gb18030")  # as the house writes it, and as Excel saves CSV in China
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_ONCE = Phrase("每个参数一行", "one row a number")
_KEEP_ONE = Phrase("只留一行", "keep one of the rows")
_COLUMN_EXPECTED = Phrase("name, low, mode, high, source 各列", "the columns name, low, mode, high, source")
_COLUMN_TODO = Phrase("补上此列", "add the column")
_TEXT_TABLE = Phrase("完整的 CSV（UTF-8 或 GB18030）", "a whole CSV in UTF-8 or GB18030")
_SAVE_AGAIN = Phrase("在 Excel 中另存为 CSV UTF-8", "save it again as CSV UTF-8")
_CELLS = Phrase("与表头一样多的单元格", "as many cells as headings")
_QUOTE = Phrase("含逗号的内容用引号括起", "put what holds a comma in quotes")


def override_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Line and cells of every row that is not blank, by heading and without spaces around; a short row ends in "".

    Raises DataProblem (E-PAR-02, 06, 07, 12) where the file is none, no text, or lacks a column, where a row has more
    cells than headings, or a name stands in it twice.
    """
    if not path.is_file():
        expected = Phrase("存在的文件", "an existing file")
        todo = Phrase("检查文件名", "check the name")
        raise DataProblem([_finding("E-PAR-06", path, 0, "", "没有此文件 / no such file", expected, todo)])
    head, rows = _cells(path)
    findings = [
        _finding("E-PAR-02", path, 0, column, "无此列 / no such column", _COLUMN_EXPECTED, _COLUMN_TODO)
        for column in COLUMNS[:-1]
        if column not in head
    ]
    if findings:
        raise DataProblem(findings)
    told, seen = [], set()
    for line, cells in rows:
        row = dict.fromkeys(head, "") | dict(zip(head, cells))
        if any(cells[len(head) :]):
            found = ", ".join(cells[len(head) :])
            findings.append(_finding("E-PAR-12", path, line, row["name"], found, _CELLS, _QUOTE))
        if row["name"] in seen:
            found = "重复 / twice"
            findings.append(_finding("E-PAR-07", path, line, row["name"], found, _ONCE, _KEEP_ONE))
        seen.add(row["name"])
        told.append((line, row))
    if findings:
        raise DataProblem(findings)
    return told


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Headings, and the line and cells of each row with anything in it."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    rows, first = [], 1
    try:
        for cells in reader:
            tidy = [cell.strip() for cell in cells]
            if any(tidy):
                rows.append((first, tidy))
            first = reader.line_num + 1
    except csv.Error as error:
        raise DataProblem(
            [_finding("E-PAR-12", path, first, "", str(error), _TEXT_TABLE, _SAVE_AGAIN)]
        ) from None
    return (rows[0][1], rows[1:]) if rows else ([], [])


def _text(path: Path) -> str:
    data = path.read_bytes()
    for encoding in ("utf-16",) if data.startswith(_UTF_16) else _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    found = "读不出的字节 / bytes that are no text"
    raise DataProblem([_finding("E-PAR-12", path, 0, "", found, _TEXT_TABLE, _SAVE_AGAIN)])


def _finding(
    code: str, path: Path, line: int, column: str, found: str, expected: Phrase, todo: Phrase
) -> Finding:
    where = f"第{line}行 row {line}" if line else ""
    return Finding(code, "error", path.name, where, column, found, expected, todo)
