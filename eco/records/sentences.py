"""What is said about a file: every code once, in both languages, and the rows it is said of."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.problems import Finding, Level, mask
from eco.records.people import looks_like_a_name, mask_people
from eco.records.tables import Table

SHOWN_ROWS = 1000  # rows of one rule told one by one; the rest are counted


class Rule(NamedTuple):
    """What a code means: `{words}` in the phrases are filled in where it is said."""

    level: Level
    expected: Phrase
    todo: Phrase


def _rules() -> dict[str, Rule]:
    """The rules of rules.csv by code; `{words}` in a phrase are filled in where it is said."""
    text = (files("eco.records") / "rules.csv").read_text(encoding="utf-8")
    return {
        row["code"]: Rule(
            cast(Level, row["level"]),
            Phrase(row["expected_zh"], row["expected_en"]),
            Phrase(row["todo_zh"], row["todo_en"]),
        )
        for row in csv.DictReader(text.splitlines())
    }


RULES: Mapping[str, Rule] = _rules()


@dataclass(frozen=True)
class Hit:
    """Rows of one table that one rule speaks of.

    `rows` are positions, `found` the value of each; each of `words` is one word for all rows or a
    sequence with one a row. A hit that is `counted` becomes one finding for all its rows.
    """

    code: str
    column: str
    rows: np.ndarray
    found: Sequence[object]
    words: Mapping[str, Any] = field(default_factory=dict)
    counted: bool = False


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
        mask_people(found),
        Phrase(*(text.format(table=table, **_said(words, i)) for i, text in enumerate(rule.expected))),
        Phrase(*(text.format(table=table, **_said(words, i)) for i, text in enumerate(rule.todo))),
    )


def row_findings(hit: Hit, *, table: Table, where: pd.Series) -> list[Finding]:
    """One finding a row, SHOWN_ROWS at most, and one that counts the rest."""
    if hit.counted:
        return [_counted(hit, table=table, where=where)]
    shown = []
    for i, place in enumerate(where.iloc[hit.rows[:SHOWN_ROWS]]):
        words = {key: word[i] if _by_row(word) else word for key, word in hit.words.items()}
        found = _told(hit, table, i)
        shown.append(
            finding(hit.code, table=table.name, found=found, where=place, column=hit.column, **words)
        )
    return [*shown, count_finding(hit, table=table.name)] if len(hit.rows) > SHOWN_ROWS else shown


def _told(hit: Hit, table: Table, i: int) -> str:
    """What stands in a row, masked in a personal column; a name may stand in a wrong one, too."""
    value = str(hit.found[i])
    kinds = {column.name: column.kind for column in table}
    personal = any(column.personal for column in table if column.name == hit.column)
    # Places are called like people, too: only a register's texts, or what should be no text, are masked.
    suspect = "household_id" in kinds or kinds.get(hit.column, "text") != "text"
    if personal or (suspect and looks_like_a_name(value)):
        return mask(value) or "空 / nothing"
    return value[:60] or "空 / nothing"


def _counted(hit: Hit, *, table: Table, where: pd.Series) -> Finding:
    count, first = len(hit.rows), _told(hit, table, 0)
    found = f"{count} 处，首处为 {first} / {count} cells, the first {first}"
    words = {key: word[0] if _by_row(word) else word for key, word in hit.words.items()}
    place = where.iloc[hit.rows[0]]
    return finding(hit.code, table=table.name, found=found, where=place, column=hit.column, **words)


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
