"""What is wrong with the data, said once, in Chinese and English.

A `Finding` is countable and carries the row as the bureau sees it. A `DataProblem` is
raised only when a table cannot be used at all; it carries every finding, not the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal

from eco.phrases import Phrase

Level = Literal["error", "doubt", "note"]
LEVELS: tuple[Level, ...] = ("error", "doubt", "note")


@dataclass(frozen=True)
class Finding:
    """One thing found in one place.

    `where` is the row as the bureau sees it ("households.xlsx, row 12"), `found` the offending
    value (masked if personal), `expected` and `todo` one short clause each in both languages.
    `file`, `sheet`, `row` (or feature number) and `cell` say the place for machines, as Excel shows it;
    they are empty, and `row` 0, for what is no row's fault.
    """

    code: str
    level: Level
    table: str
    where: str
    column: str
    found: str
    expected: Phrase
    todo: Phrase
    file: str = ""
    sheet: str = ""
    row: int = 0
    cell: str = ""

    def sentence(self, lang: str = "zh") -> str:
        """The finding as one sentence."""
        place = " ".join(filter(None, (self.table, self.where, self.address, self.column)))
        if lang == "zh":
            return f"[{self.code}] {place}：发现 {self.found}；应为 {self.expected.zh}；请{self.todo.zh}。"
        return f"[{self.code}] {place}: found {self.found}; expected {self.expected.en}; {self.todo.en}."

    def _repr_html_(self) -> str:
        zh, en = escape(self.sentence("zh")), escape(self.sentence("en"))
        return f'<p>{zh}<br><small style="color:#666">{en}</small></p>'

    @property
    def address(self) -> str:
        """Sheet and cell as Excel writes them, 建档立卡户!C12; empty for what has no cell."""
        return f"{self.sheet}!{self.cell}" if self.sheet and self.cell else self.cell


SENTENCES_SHOWN = 100


class DataProblem(Exception):
    """Input that cannot be used. `findings` holds every reason, worst first; the text the first hundred."""

    def __init__(self, findings: Iterable[Finding]):
        self.findings = tuple(sorted(findings, key=lambda f: LEVELS.index(f.level)))
        lines = [f"{f.sentence('zh')}\n  {f.sentence('en')}" for f in self.findings[:SENTENCES_SHOWN]]
        more = len(self.findings) - SENTENCES_SHOWN
        super().__init__("\n".join([*lines, f"另有 {more} 条 / {more} more"] if more > 0 else lines))

    def _repr_html_(self) -> str:
        shown = "".join(finding._repr_html_() for finding in self.findings[:SENTENCES_SHOWN])
        more = len(self.findings) - SENTENCES_SHOWN
        return f"{shown}<p>另有 {more} 条 / {more} more</p>" if more > 0 else shown

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows in place of a traceback: it is the data that are at fault, not the program."""
        return str(self).splitlines()


def mask(value: object) -> str:
    """A personal value with all but its first two signs and its last one hidden.

    >>> mask("622421199001011234"), mask("王小明"), mask("")
    ('62***4', '王***', '')
    """
    text = str(value).strip()
    if len(text) < 5:
        return text[:1] + "***" if text else ""
    return f"{text[:2]}***{text[-1]}"


_PERSONAL = re.compile(r"(?<!\d)(\d{17}[\dXx]|1[3-9]\d{9})(?!\d)")


def mask_personal(text: str) -> str:
    """Free text with every ID number and mobile number in it masked.

    >>> mask_personal("电话 13812345678")
    '电话 13***8'
    """
    return _PERSONAL.sub(lambda match: mask(match.group()), text)
