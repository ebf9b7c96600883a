"""Blank Excel tables a bureau can fill in: our headings, units, drop-downs, and what each column asks for."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter

from eco.files import whole_file, write_text
from eco.phrases import Phrase
from eco.problems import DataProblem
from eco.records.cells import YEARS
from eco.records.sentences import finding
from eco.records.tables import COORDINATES, TABLES, Column, Table

TEMPLATE_CRS = "EPSG:4490"  # what a receiver of today gives, and what the templates' 经度 and 纬度 mean
_LAST_ROW = 1_048_575
_MADE = datetime.datetime(2026, 1, 1)  # the same bytes on every day
_TITLE_SIGNS, _MESSAGE_SIGNS, _LIST_SIGNS = 32, 255, 255  # what Excel takes
_EXPLAINED = {
    Phrase("列", "column"): 22,
    Phrase("必填", "required"): 15,
    Phrase("填什么", "what to write"): 44,
    Phrase("可选的词", "words to choose from"): 50,
    Phrase("也认的表头", "other headings taken"): 34,
    Phrase("英文", "in English"): 40,
}
_KINDS = {
    "code": Phrase("编号，按文本填写", "a code, kept as text"),
    "text": Phrase("文字", "text"),
    "id_number": Phrase("18 位身份证号，按文本填写", "an ID number of 18 signs, kept as text"),
    "phone": Phrase("电话号码，按文本填写", "a phone number, kept as text"),
    "number": Phrase("数字", "a number"),
    "year": Phrase("年份，如 2020", "a year such as 2020"),
    "date": Phrase("日期，如 2020-05-31", "a date such as 2020-05-31"),
    "choice": Phrase("从下拉选项中选", "one of the drop-down's words"),
}


def template_columns(table: Table) -> tuple[Column, ...]:
    """The columns of a table's template: its own, and longitude and latitude where it has a place."""
    return (*table, *(COORDINATES["degrees"] if table.geometry else ()))


def first_words(column: Column) -> list[str]:
    """The Chinese words of a column's drop-down, one for each of our words.

    >>> first_words(TABLES["links"]["unit"])
    ['工日', '亩', '箱', '岗', '元']
    """
    return [words[0] for words in column.choices.values()]


def lines_needed(text: str, width: float) -> int:
    """Lines a text takes in a column of this width; a Han sign is as wide as two letters.

    >>> lines_needed("户编号", 10), lines_needed("户编号" * 4, 10), lines_needed("a\\nb", 10)
    (1, 3, 2)
    """
    broad = [sum(2 if sign > "\u2e7f" else 1 for sign in line) for line in text.split("\n")]
    return sum(max(1, ceil(size / (0.92 * width))) for size in broad)


def write_template(folder: Path | str) -> list[Path]:
    """Write one blank workbook a table, and a project.toml, into `folder`; the paths written.

    Raises DataProblem, and writes nothing, when one of these files stands there already.
    """
    folder = Path(folder)
    paths = {name: folder / f"{table.label.zh}.xlsx" for name, table in TABLES.items()}
    toml = folder / "project.toml"
    standing = [path.name for path in (*paths.values(), toml) if path.exists()]
    if standing:
        raise DataProblem([finding("E-FILE-20", table="", where=folder.name, found="、".join(standing))])
    for name, path in paths.items():
        with whole_file(path) as draft:
            _write_table(draft, TABLES[name])
    write_text(toml, _project_toml(folder.resolve().name))
    return [*paths.values(), toml]


def _write_table(path: Path, table: Table) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"author": "", "created": _MADE, "title": " ".join(table.label)})
        _blank_sheet(book, table)
        _explanations(book, table)


def _blank_sheet(book, table: Table) -> None:
    sheet = book.add_worksheet(table.label.zh)
    look: dict[str, Any] = {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1}
    required = book.add_format({**look, "bg_color": "#FFE699"})
    optional = book.add_format({**look, "bg_color": "#F2F2F2"})
    formats = {
        "text": book.add_format({"num_format": "@"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "number": book.add_format({"num_format": "General"}),
    }
    kinds = {"date": "date", "number": "number", "year": "number"}
    for position, column in enumerate(template_columns(table)):
        width = max(12, 2 * len(column.label.zh) + 2, 20 if column.kind in ("code", "text") else 0)
        sheet.set_column(position, position, width, formats[kinds.get(column.kind, "text")])
        sheet.write_string(0, position, column.label.zh, required if column.required else optional)
        rule = _validation(column)
        if rule:
            sheet.data_validation(1, position, _LAST_ROW, position, rule)
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 1)
    fit_to_page(sheet)


def _validation(column: Column) -> dict[str, Any]:
    """What Excel lets into a column, and what it says on the way."""
    told = {
        "input_title": column.label.zh[:_TITLE_SIGNS],
        "input_message": _asked(column).zh[:_MESSAGE_SIGNS],
        "error_title": column.label.zh[:_TITLE_SIGNS],
        "error_message": f"应为：{_asked(column).zh}"[:_MESSAGE_SIGNS],
    }
    low, high = _limits(column)
    if column.kind == "choice":
        return {**told, "validate": "list", "source": first_words(column)}
    if column.kind == "year":
        return {**told, "validate": "integer", "criteria": "between", "minimum": low, "maximum": high}
    if column.kind == "number":
        return {**told, "validate": "decimal", "criteria": "between", "minimum": low, "maximum": high}
    if column.kind == "date":
        first, last = (datetime.date(year, *day) for year, day in zip(YEARS, ((1, 1), (12, 31))))
        return {**told, "validate": "date", "criteria": "between", "minimum": first, "maximum": last}
    if column.digits:
        return {**told, "validate": "length", "criteria": "==", "value": column.digits}
    return {**told, "validate": "any"}


def _limits(column: Column) -> tuple[float, float]:
    if column.kind == "year":
        return YEARS
    degrees = {"lon": (73.0, 136.0), "lat": (3.0, 54.0)}
    low, high = degrees.get(column.name, (column.minimum, column.maximum))
    return (-1e9 if low is None else low, 1e9 if high is None else high)


def _asked(column: Column) -> Phrase:
    """What a column asks for: kind, unit and limits, in both languages."""
    kind = _KINDS[column.kind]
    if column.digits:
        kind = Phrase(f"{column.digits} 位行政区划代码", f"a region code of {column.digits} digits")
    limits = [limit for limit in _limits(column) if column.kind == "number" and abs(limit) < 1e9]
    if len(limits) == 2:
        low, high = limits
        return Phrase(f"{kind.zh}，{low:g} 至 {high:g}", f"{kind.en} from {low:g} to {high:g}")
    if limits:
        return Phrase(f"{kind.zh}，不小于 {limits[0]:g}", f"{kind.en}, not below {limits[0]:g}")
    return kind


def _explanations(book, table: Table) -> None:
    sheet = book.add_worksheet("填写说明")
    bold = book.add_format({"bold": True, "bg_color": "#F2F2F2", "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    told = (
        f"{' '.join(table.label)}：填在“{table.label.zh}”页，第一行表头不要改，黄色列必填。"
        "不要合计行、合并单元格和密码；填好后运行 eco check 文件夹。"
    )
    sheet.write_string(0, 0, told)
    sheet.write_string(
        1, 0, "Fill in the first sheet under its headings, yellow ones always; no totals, no merged cells."
    )
    for position, (words, width) in enumerate(_EXPLAINED.items()):
        sheet.set_column(position, position, width)
        sheet.write_string(2, position, " ".join(words), bold)
    for row, column in enumerate(template_columns(table), start=3):
        texts = _explained(column)
        for position, text in enumerate(texts):
            sheet.write_string(row, position, text, wrap)
        sheet.set_row(row, 15 * max(map(lines_needed, texts, _EXPLAINED.values())))
    sheet.freeze_panes(3, 1)
    fit_to_page(sheet)


def fit_to_page(sheet) -> None:
    """Print a sheet of xlsxwriter on A4, landscape, as many pages long as it needs."""
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _explained(column: Column) -> Sequence[str]:
    personal = "；属个人信息，只留在本单位" if column.personal else ""
    return (
        column.label.zh,
        "是 yes" if column.required else "",
        f"{_asked(column).zh}{personal}",
        "、".join(first_words(column)),
        "、".join((column.name, *column.aliases)),
        f"{column.label.en}: {_asked(column).en}",
    )


def _project_toml(name: str) -> str:
    lines = [
        "# 项目说明：“#”之后是注释。 What eco should know of this folder; a # begins a comment.",
        "[project]",
        f"name = {json.dumps(name, ensure_ascii=False)}  # 项目名称 shown on maps and reports",
        "default_year = 2020  # 测算年度 the year asked about",
        "price_year = 2020  # 价格年度 the year of the prices",
        "# income_year = 2016  # 户册未填收入年度时的年度 the year of incomes without one",
        "",
        "# 本县的线（元/人·年），没有就不写。 A line of the county's own, yuan a head and year.",
        "# [line]",
        "# 2020 = 4000",
        "",
        "# 每张表的文件和坐标系。手机地图取的点多为 GCJ-02，百度为 BD-09，请改 crs。",
        "# Each table's file and coordinate system: phones often give GCJ-02, Baidu BD-09.",
    ]
    for table in TABLES.values():
        lines += ["", f"[tables.{table.name}]  # {' '.join(table.label)}", f'file = "{table.label.zh}.xlsx"']
        if table.geometry:
            lines.append(f'crs = "{TEMPLATE_CRS}"')
    return "\n".join([*lines, ""])
