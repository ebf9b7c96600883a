"""Texts a register may hold that some program would run, and a toy project with them in every text field."""

import re
from dataclasses import replace
from itertools import cycle

import pandas as pd

LONG = "长" * 40_000  # Excel takes 32,767 signs in a cell
HOSTILE = (
    "=cmd|'/c calc'!A1",
    "@SUM(1+1)",
    "+1",
    "-1",
    "=1+1",
    '=HYPERLINK("http://x.example","点我")',
    '=DDE("cmd";"/c calc";"__DdeLink_60_870516294")',
    "\t=1+1",
    "\r=1+1",
    "${window.owned=1}",
    "{{7*7}}",
    "{% raw %}{{ 7*7 }}",
    "`+(window.owned=1)+`",
    "</script><script>window.owned=1</script>",
    "<img src=x onerror=window.owned=1>",
    '"><svg/onload=window.owned=1>',
    "<!--<script>window.owned=1",
    "javascript:window.owned=1",
    "\u202e倒写\u202c",
    "零\u200b宽\ufeff字",
    "C:\\temp\\..\\x",
    "%s%d%n{0}",
    "第一行\n第二行",
    "甲\t乙",
    "𬭎𰻝㛃",
    "]]>",
    "<![CDATA[x]]>",
    "&amp;&lt;b&gt;&#x41;",
    "\"双\"'单'",
    "_x0041_",
    "&[Picture]&G&P",
    "'; DROP TABLE village; --",
    "[% eval('1') %]",
    LONG,
)


def as_shown(text, most=None):
    """A text as XML can hold it: line ends as one sign, no other control signs, cut where a cell of Excel ends."""
    shown = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    return shown if most is None else shown[:most]


def planted(project, *, seed=0):
    """The project with a hostile text in every text field of every table, names of places and people too."""
    texts = cycle([*HOSTILE[seed:], *HOSTILE[:seed]])

    def take(rows):
        return [next(texts) for _ in range(rows)]

    tables = dict(project.tables)
    for name, columns in (
        ("counties", ["name"]),
        ("townships", ["name"]),
        ("villages", ["name"]),
        ("households", ["head_name"]),
        ("forest_plots", ["species", "funding", "programme"]),
        ("juncao_plots", ["use"]),
    ):
        tables[name] = tables[name].assign(**{column: take(len(tables[name])) for column in columns})
    homes = tables["households"]["household_id"].head(2 * len(HOSTILE))
    tables["payments"] = pd.DataFrame(
        {
            "household_id": homes,
            "item": take(len(homes)),
            "amount_yuan": 100.5,
            "paid_on": pd.Timestamp("2020-05-31"),
        }
    )
    settings = replace(project.settings, name=HOSTILE[14] + HOSTILE[0])
    return replace(project, tables=tables, settings=settings, inputs={HOSTILE[13]: "ab" * 32})
