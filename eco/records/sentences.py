"""What is said about a file: every code once, in both languages, and the rows it is said of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.problems import Finding, Level, mask, mask_personal
from eco.records.tables import Table

SHOWN_ROWS = 1000  # rows of one rule told one by one; the rest are counted


class Rule(NamedTuple):
    """What a code means: `{words}` in the phrases are filled in where it is said."""

    level: Level
    expected: Phrase
    todo: Phrase


def _rule(level: Level, expected: tuple[str, str], todo: tuple[str, str]) -> Rule:
    return Rule(level, Phrase(*expected), Phrase(*todo))


RULES: dict[str, Rule] = {
    "E-FILE-01": _rule(
        "error",
        ("{label}的文件（{names}）", "a file of {label} ({names})"),
        (
            "放入该文件，或在 project.toml 的 [tables.{table}] 写 file=",
            "add it, or name it in [tables.{table}]",
        ),
    ),
    "E-FILE-02": _rule(
        "error",
        ("每张表只有一个文件", "one file a table"),
        (
            "在 project.toml 的 [tables.{table}] 写明 file=",
            "say which in project.toml, [tables.{table}] file=",
        ),
    ),
    "E-FILE-03": _rule(
        "error",
        ("能打开的完整文件（{kind}）", "a whole file that opens ({kind})"),
        ("从原处重新拷贝或另存", "copy or save it again from its source"),
    ),
    "E-FILE-04": _rule(
        "error",
        ("其中之一：{known}", "one of: {known}"),
        ("改正 project.toml 中 [tables.{table}] 的 {key}=", "set {key}= in project.toml, [tables.{table}]"),
    ),
    "E-FILE-05": _rule(
        "error",
        ("项目文件夹内的本地文件", "a local file inside the project folder"),
        ("把文件放进项目文件夹", "put the file into the project folder"),
    ),
    "E-FILE-06": _rule(
        "note",
        ("文件名为表名或别名", "a file named like a table"),
        ("若要使用，请改名或写入 project.toml", "rename it or name it in project.toml if it is to be used"),
    ),
    "E-FILE-07": _rule("error", ("已有的文件夹", "a folder that exists"), ("核对路径", "check the path")),
    "E-ROW-01": _rule(
        "error",
        ("{label}至少一行可用", "at least one usable row of {label}"),
        ("先改正本表各行", "correct the rows of this table first"),
    ),
    "E-ENC-01": _rule(
        "error",
        ("UTF-8 或 GBK/GB18030 文字", "text in UTF-8 or GBK/GB18030"),
        ("另存为 UTF-8，或写明 encoding=", "save it as UTF-8 or declare encoding="),
    ),
    "E-ENC-02": _rule(
        "note", ("UTF-8 文字", "text in UTF-8"), ("核对中文是否正确", "look whether the Chinese reads well")
    ),
    "E-SET-01": _rule(
        "error",
        ("已知的名称：{known}", "a known name: {known}"),
        ("改正 project.toml", "correct project.toml"),
    ),
    "E-SET-02": _rule("error", ("{wanted}", "{wanted}"), ("改正 project.toml", "correct project.toml")),
    "E-SET-03": _rule(
        "note", ("project.toml 写明", "a line in project.toml"), ("确认所用数值", "confirm the value taken")
    ),
    "E-COL-01": _rule(
        "error",
        ("表头“{label}”或 {names}", "a heading {names}"),
        (
            "补上该列，或在 [tables.{table}.columns] 写明对应表头",
            "add it or map it in [tables.{table}.columns]",
        ),
    ),
    "E-COL-02": _rule(
        "error",
        ("“{label}”只有一列", "one heading for {names}"),
        ("删去一列，或在 [tables.{table}.columns] 写明", "drop one or say which in [tables.{table}.columns]"),
    ),
    "E-COL-03": _rule(
        "doubt",
        ("“{label}”只有一列", "one heading for {names}"),
        ("核对所采用的列", "check which heading was taken"),
    ),
    "E-UNIT-02": _rule(
        "error",
        ("单位之一：{known}", "one of the units {known}"),
        ("改表头单位，或写 [tables.{table}.units]", "correct the heading or declare [tables.{table}.units]"),
    ),
    "E-UNIT-03": _rule(
        "note", ("以{unit}计", "values in {unit}"), ("核对换算", "check the conversion made here")
    ),
    "E-CRS-01": _rule(
        "error",
        ("坐标系之一：{known}", "a declared system, one of {known}"),
        ("在 project.toml 的 [tables.{table}] 写 crs=", "declare crs= in project.toml, [tables.{table}]"),
    ),
    "E-CRS-02": _rule(
        "error",
        ("按 {crs} 落在中国境内的坐标", "coordinates that lie in China under {crs}"),
        ("核对坐标系、带号和经纬度次序", "check the system, the zone prefix and the order of the axes"),
    ),
    "E-CRS-03": _rule(
        "error",
        ("坐标系之一：{known}", "one of the systems {known}"),
        ("转换后重新提供，或改正 crs=", "convert the file, or correct crs="),
    ),
    "E-CRS-04": _rule(
        "error",
        ("CGCS2000 成果", "data in CGCS2000"),
        ("由测绘主管部门转换后重新提供", "ask the surveying authority to convert it to CGCS2000"),
    ),
    "E-CRS-05": _rule(
        "error",
        ("列 {names}（{crs}）", "columns {names} under {crs}"),
        ("补上坐标列，或改正 crs=", "add the coordinate columns or correct crs="),
    ),
    "E-VAL-01": _rule("error", ("必填值", "a value"), ("补填", "fill it in")),
    "E-NUM-01": _rule("error", ("数字", "a number"), ("改为数字", "write a number")),
    "E-NUM-02": _rule(
        "error",
        ("{low} 至 {high} 之间", "between {low} and {high}"),
        ("核对数值和单位", "check the value and its unit"),
    ),
    "E-NUM-03": _rule("error", ("不小于 {low}", "not below {low}"), ("核对数值", "check the value")),
    "E-YEAR-01": _rule(
        "error", ("{low}—{high} 的年份", "a year from {low} to {high}"), ("核对年份", "check the year")
    ),
    "E-DATE-01": _rule(
        "error", ("日期，如 2020-05-31", "a date such as 2020-05-31"), ("改为日期", "write a date")
    ),
    "E-WORD-01": _rule(
        "error", ("其中之一：{known}", "one of: {known}"), ("改为所列用语", "use one of these words")
    ),
    "E-KEY-01": _rule(
        "error", ("每行编号不重复", "a key no other row has"), ("更正重复编号", "give each row its own")
    ),
    "E-ADM-01": _rule(
        "error",
        ("上级代码在{parent}表中", "its first digits in the table of {parent}"),
        ("核对代码或补充{parent}表", "check the code or complete the table of {parent}"),
    ),
    "E-ADM-02": _rule(
        "error", ("{digits} 位数字代码", "a code of {digits} digits"), ("核对代码", "check the code")
    ),
    "E-ADM-03": _rule(
        "error",
        ("村表中的代码", "a code of the table of villages that was not left out"),
        ("核对村代码或补充村表", "check the code or complete the table of villages"),
    ),
    "E-GEOM-01": _rule("error", ("{kind}图形", "a shape of {kind}"), ("补画图形", "draw the shape")),
    "E-GEOM-02": _rule(
        "note",
        ("不自相交的图形", "a shape that does not cross itself"),
        ("核对修复结果", "check the repair"),
    ),
    "E-GEOM-04": _rule(
        "doubt",
        ("{label}有自己的坐标", "{label} with coordinates of their own"),
        ("补充坐标；现按所在村的点", "add coordinates; until then the village's point stands for them"),
    ),
    "E-GEOM-05": _rule(
        "doubt",
        ("{label}有图形", "{label} with geometry"),
        ("补充图形；现不作位置检查", "add geometry; until then positions are not checked"),
    ),
    "E-SITE-01": _rule(
        "error",
        ("县区界线之内", "a place inside one of the counties"),
        ("核对坐标和坐标系", "check the coordinates and their system"),
    ),
    "E-SITE-02": _rule(
        "doubt",
        ("位于村代码所属县 {county}", "a place in {county}, the county of its village code"),
        ("核对村代码和坐标", "check the village code and the coordinates"),
    ),
    "E-LINK-01": _rule(
        "error",
        ("农户表中保留的户编号", "a household that stands in the register and was not left out"),
        ("核对户编号", "check the household id"),
    ),
    "E-LINK-02": _rule(
        "error",
        ("地块或蜂场表中保留的编号", "a plot or yard that stands in its table and was not left out"),
        ("核对地点编号", "check the site id"),
    ),
    "E-LINK-03": _rule(
        "error",
        ("{role}以 {known} 计", "{role} counted in {known}"),
        ("核对角色和单位", "check role and unit"),
    ),
    "E-LINK-04": _rule(
        "error",
        ("{role}的地点在 {known} 中", "a site of {known} for {role}"),
        ("核对角色和地点编号", "check role and site id"),
    ),
    "E-LINK-05": _rule(
        "error",
        ("只属于一张表的地点编号", "a site id that stands in one table only"),
        ("改用不重复的编号", "give each site an id of its own"),
    ),
    "E-AREA-01": _rule(
        "doubt",
        ("图形面积 {measured} 亩上下 5 %", "within 5 % of the shape's {measured} mu"),
        ("核对面积{unit}", "check the area{unit}"),
    ),
    "E-BASE-01": _rule(
        "note",
        ("“基数是否含项目”填是或否", "yes or no in base_includes_programme"),
        ("补填，否则不作达线测算", "fill it in; until then these households get no line result"),
    ),
    "E-BASE-02": _rule(
        "note",
        ("收入年度", "the year of the incomes"),
        ("补填收入年度，或写 [project] income_year=", "fill in income_year or set it in [project]"),
    ),
}


@dataclass(frozen=True)
class Hit:
    """Rows of one table that one rule speaks of.

    `rows` are positions, `found` the value of each; each of `words` is one word for all rows or a
    sequence with one a row.
    """

    code: str
    column: str
    rows: np.ndarray
    found: Sequence[object]
    words: Mapping[str, Any] = field(default_factory=dict)


def finding(
    code: str, *, table: str, found: str, where: str = "", column: str = "", **words: object
) -> Finding:
    """One finding; what was found is masked where it could name a person."""
    rule = RULES[code]
    return Finding(
        code,
        rule.level,
        table,
        where,
        column,
        mask_personal(found),
        Phrase(*(text.format(table=table, **_said(words, i)) for i, text in enumerate(rule.expected))),
        Phrase(*(text.format(table=table, **_said(words, i)) for i, text in enumerate(rule.todo))),
    )


def row_findings(hit: Hit, *, table: Table, where: Sequence[str]) -> list[Finding]:
    """One finding a row, SHOWN_ROWS at most, and one that counts the rest."""
    personal = any(column.personal for column in table if column.name == hit.column)
    shown = []
    for i, row in enumerate(hit.rows[:SHOWN_ROWS]):
        words = {key: word[i] if _by_row(word) else word for key, word in hit.words.items()}
        value = str(hit.found[i])
        found = (mask(value) if personal else value[:60]) or "空 / nothing"
        shown.append(
            finding(hit.code, table=table.name, found=found, where=where[row], column=hit.column, **words)
        )
    return [*shown, count_finding(hit, table=table.name)] if len(hit.rows) > SHOWN_ROWS else shown


def count_finding(hit: Hit, *, table: str) -> Finding:
    """One finding that counts the rows not told one by one; words that differ by row are left open."""
    rest = len(hit.rows) - SHOWN_ROWS
    words = {key: "…" if _by_row(word) else word for key, word in hit.words.items()}
    found = f"另有 {rest} 行同类问题 / {rest} more rows"
    return finding(hit.code, table=table, found=found, column=hit.column, **words)


def findings_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a table, one row each: code, level, place, found, and both languages' advice."""
    columns = ["code", "level", "table", "where", "column", "found"]
    columns += ["expected_zh", "todo_zh", "expected_en", "todo_en"]
    rows = [
        (
            *(f.code, f.level, f.table, f.where, f.column, f.found),
            *(f.expected.zh, f.todo.zh, f.expected.en, f.todo.en),
        )
        for f in findings
    ]
    return pd.DataFrame(rows, columns=columns)


def _by_row(word: object) -> bool:
    return not isinstance(word, str | Phrase | int | float)


def _said(words: Mapping[str, object], language: int) -> dict[str, object]:
    return {key: word[language] if isinstance(word, Phrase) else word for key, word in words.items()}
