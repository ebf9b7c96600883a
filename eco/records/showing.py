"""A table as a planner reads it: headings in Chinese and English with units, numbers grouped, words for codes.

Our columns carry their units in their names, so one rule a unit is enough; their words stand in the catalogue
(column_) or in the declaration of the bureau's tables. A column that nobody declared is shown under its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from eco.phrases import WORDS, Phrase
from eco.problems import mask
from eco.records.tables import TABLES, Column

ROWS = 200
_ENDS = re.compile(r"^(?P<stem>.+)_(?P<end>mean|p10|p50|p90|a|b|change)$")
# The unit of a column by its name without mean, p10, ...: the first that fits.
_UNITS = tuple(
    (re.compile(pattern), unit)
    for pattern, unit in (
        (r"_yuan_per_person$|_per_head$", "yuan_head"),
        (r"(^|_)yuan$|_yuan_change$|^(gain|recurrent)_change$", "yuan"),
        (r"_mu_seasons$", "mu_seasons"),
        (r"(^|_)mu$", "mu"),
        (r"_days$", "days"),
        (r"_kg$", "kg"),
        (r"(^|_)share(_|$)|^chance_|^rate_|^(part|growth|gap|squared_gap)$", "share"),
        (r"^persons|_persons$|^crossing_|_population$", "persons"),
        (r"^households", "households"),
        (r"^hives", "boxes"),
        (r"^colonies", "colonies"),
        (r"_posts$", "posts"),
    )
)
_PLAIN = re.compile(r"(^|_)(year|season|code)$")  # never grouped by thousands
# Columns that hold our own words, and how the keys of these words begin.
_CODED: Mapping[str, tuple[str, ...]] = {
    "livelihood": ("", "plan_"),
    "kind": ("source_", ""),
    "rule": ("rule_called_",),
    "easing": ("value_easing_",),
    "unit": ("value_unit_", "layer_unit_"),
    "status": ("proof_status_",),
    "measure": ("measure_", "column_"),
    **dict.fromkeys(
        (
            "income_class",
            "recurrent",
            "recorded",
            "payer",
            "payee",
            "varies",
            "level",
            "told",
            "shape",
            "use",
        ),
        ("value_",),
    ),
}
_OF_A_MEASURE = (
    "mean",
    "p10",
    "p50",
    "p90",
    "a",
    "b",
    "difference",
    "without",
    "with",
    "change",
    "change_p10",
    "change_p90",
    "without_plan",
    "with_plan",
    "planned",
    "apart",
)
_CHOICES: Mapping[str, Column] = {
    column.name: column for table in TABLES.values() for column in table.columns if column.choices
}
_DECLARED: Mapping[str, Column] = {
    column.name: column for table in reversed(TABLES.values()) for column in table.columns
}
_MISSING = (
    ("chance_above_line", "chance_above_line"),
    ("persons_above_line", "persons_above_line"),
    ("crossing", "persons_above_line"),
    ("yuan_p", "amount"),
    ("saturation", "saturation"),
    ("colonies", "saturation"),
    ("honey", "saturation"),
    ("nectar", "saturation"),
    ("lost_kg", "saturation"),
    ("model", "published"),
    ("width", "published"),
    ("z", "published"),
)


@dataclass(frozen=True, eq=False)
class Shown:
    """A table that shows itself in Jupyter; `table` is untouched beneath. Personal columns are masked."""

    table: pd.DataFrame
    rows: int = ROWS

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        frame = _plain_frame(self.table)
        units = {name: _unit_of(name, frame) for name in frame}
        top = frame.head(self.rows)
        columns = {name: _cells(name, top, units.get(name, "")) for name in _merged(frame)}
        heads = "".join(
            f"<th{_side(name, frame, head=True)}>{heading_html(name, units.get(name, ''))}</th>"
            for name in columns
        )
        sides = [_side(name, frame, head=False) for name in columns]
        body = "".join(
            "<tr>" + "".join(f"<td{side}>{text}</td>" for side, text in zip(sides, row)) + "</tr>"
            for row in zip(*columns.values())
        )
        above, below = _said_above(frame, self.rows), _said_below(top)
        return f"<table>{above}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{below}"


def shown(table: pd.DataFrame, *, rows: int = ROWS) -> Shown:
    """The table with bilingual headings, units, grouped numbers and shares in per cent, its first `rows` rows.

    A missing number is "–" and the line below says what it means. Texts are text, whatever they hold; names, ID
    numbers and phones of the register are masked.
    """
    return Shown(table, rows)


def said_html(key: str, **told) -> str:
    """A sentence of the catalogue in both languages, filled in, as HTML; what is told may hold anything."""
    zh, en = (escape(text.format(**told)) for text in WORDS[key])
    return f'<p>{zh}<br><small style="color:#666">{en}</small></p>'


def heading(name: str) -> Phrase | None:
    """The words of one of our columns without its unit; None for a column that nobody declared.

    >>> heading("gain_yuan_p10").zh, heading("nobody_knows")
    ('年增收 P10', None)
    """
    found = _words(name)
    if found is not None:
        return found
    parts = _ENDS.match(name)
    if parts is None:
        return None
    words, end = heading(parts["stem"]), WORDS[f"stat_{parts['end']}"]
    return words and Phrase(f"{words.zh} {end.zh}", f"{words.en}, {end.en}")


def unit_of(name: str) -> str:
    """The unit of a column by the end of its name: "yuan", "mu", "share" ...; "" where it has none.

    >>> unit_of("gain_yuan_p10"), unit_of("chance_of_loss"), unit_of("village")
    ('yuan', 'share', '')
    """
    parts = _ENDS.match(name)
    names = (name, parts["stem"]) if parts else (name,)
    return next((unit for own in names for pattern, unit in _UNITS if pattern.search(own)), "")


def heading_html(name: str, unit: str = "") -> str:
    """A heading: Chinese with the unit, English small beneath; an undeclared column under its own name."""
    words = heading(name)
    if words is None:
        return escape(name)
    named = WORDS.get(f"layer_unit_{unit}")
    if named is None or "(" in words.zh or named.zh in words.zh or named.en in words.en:
        named = Phrase("", "")  # it is said already
    zh = escape(words.zh + (f"（{named.zh}）" if named.zh else ""))
    en = escape(words.en + (f" ({named.en})" if named.en else ""))
    return f'{zh}<br><small style="font-weight:normal">{en}</small>' if zh != en else zh


def number_text(value: float, unit: str = "", *, decimals: int = 0) -> str:
    """A number as people read it; a share in per cent, what is missing as a dash.

    >>> number_text(1234567.8), number_text(0.256, "share"), number_text(float("nan"))
    ('1,234,568', '25.6 %', '–')
    """
    if value is None or value is pd.NA or value != value:
        return "–"
    if unit == "share":
        return f"{100 * value + 0:.1f} %"
    return f"{round(value, decimals) + 0:,.{decimals}f}"


def _words(name: str) -> Phrase | None:
    if f"column_{name}" in WORDS:
        return WORDS[f"column_{name}"]
    if name in ("county", "township", "village"):
        return WORDS[name]
    return _DECLARED[name].label if name in _DECLARED else WORDS.get(f"measure_{name}")


def _plain_frame(table: pd.DataFrame) -> pd.DataFrame:
    """A plain frame with a named index among its columns; outlines and points are left out."""
    frame = pd.DataFrame(table)
    if frame.index.name or frame.index.nlevels > 1:
        frame = frame.reset_index()
    frame = frame[[name for name in frame if name != "geometry"]]
    frame.columns = [str(name) for name in frame.columns]
    frame = frame.rename(columns={"zh": "note_zh", "en": "note_en"})
    return frame.rename(columns={"with": "partner"}) if "persistence" in frame else frame


def _merged(frame: pd.DataFrame) -> list[str]:
    """Columns as they are shown: the two languages of one text share a column."""
    names = list(frame)
    names = [name.removesuffix("_zh") if name.endswith("_zh") else name for name in names]
    return [name for name in names if not (name.endswith("_en") and name.removesuffix("_en") in names)]


def _unit_of(name: str, frame: pd.DataFrame) -> str:
    """The unit of a column in its table; "measure" where each row has its own."""
    if name in _OF_A_MEASURE and "measure" in frame:
        return "measure"
    if name in ("mean", "p10", "p50", "p90") and "income_class" in frame:
        return "yuan"
    if name == "mode":
        return ""
    numeric = name not in frame or frame.empty or pd.api.types.is_numeric_dtype(frame[name])
    return unit_of(name) if numeric else ""


def _cells(name: str, frame: pd.DataFrame, unit: str) -> list[str]:
    """The cells of a column as HTML."""
    if name not in frame:
        return [_both(zh, en) for zh, en in zip(frame[f"{name}_zh"], frame[f"{name}_en"])]
    values = frame[name]
    if unit == "measure":
        units = [unit_of(measure) for measure in frame["measure"]]
        decimals = [_decimals([value]) if not own else _decimals_of(own) for value, own in zip(values, units)]
        return [number_text(*one, decimals=places) for *one, places in zip(values, units, decimals)]
    if pd.api.types.is_bool_dtype(values):
        return [_word_html(WORDS["value_yes" if value else "value_no"]) for value in values]
    if pd.api.types.is_numeric_dtype(values):
        if _PLAIN.search(name):
            return [number_text(value).replace(",", "") for value in values]
        if name in ("low", "mode", "high", "price") and "unit" in frame:  # each row in its own unit
            return [f"{value:,.6g}" for value in values]
        places = _decimals(values)
        return [number_text(value, unit, decimals=places) for value in values]
    return [_text(name, value, frame) for value in values]


def _decimals_of(unit: str) -> int:
    return 0 if unit in ("yuan", "persons", "households") else 1


def _decimals(values: Iterable[float]) -> int:
    """So many that the largest shows three digits or more; none where all are whole."""
    known = [abs(value) for value in values if value == value and np.isfinite(value)]
    if all(value == int(value) for value in known):
        return 0
    largest = max(known, default=0.0)
    return next((places for places, least in enumerate((100, 10, 1)) if largest >= least), 3)


def _text(name: str, value: object, frame: pd.DataFrame) -> str:
    if value is None or value is pd.NA or value != value:
        return "–"
    if name in _DECLARED and _DECLARED[name].personal:
        return escape(mask(value))
    if name == "measure" and "label_zh" in frame:
        return escape(str(value))  # its words stand beside it
    if name == "measure" and heading(str(value)) is not None:
        return heading_html(str(value), unit_of(str(value))).replace("<br>", " ")
    for prefix in _CODED.get(name, ()):
        key = f"{prefix}{value}".replace(" ", "_")
        if key in WORDS:
            return _word_html(WORDS[key])
    column = _CHOICES.get("main_cause" if name == "group" else name)
    if column is not None and value in column.choices:
        return _word_html(Phrase(column.choices[str(value)][0], str(value).replace("_", " ")))
    if name == "table" and value in TABLES:
        return _word_html(TABLES[str(value)].label)
    return escape(str(value))


def _both(zh: object, en: object) -> str:
    texts = ["" if text is None or text != text else str(text) for text in (zh, en)]
    return _word_html(Phrase(*texts))


def _word_html(words: Phrase) -> str:
    zh, en = escape(words.zh), escape(words.en)
    return f'{zh} <small style="color:#666">{en}</small>' if en and en != zh else zh


def _side(name: str, frame: pd.DataFrame, *, head: bool) -> str:
    """How a cell stands: numbers to the right and unbroken, texts to the left and not too narrow."""
    number = (
        name in frame
        and pd.api.types.is_numeric_dtype(frame[name])
        and not pd.api.types.is_bool_dtype(frame[name])
    )
    if head:
        return f' style="text-align:{"right" if number else "left"};vertical-align:bottom"'
    stands = "right;white-space:nowrap" if number else "left;min-width:4.5em"
    return f' style="text-align:{stands};vertical-align:top"'


def _said_above(frame: pd.DataFrame, rows: int) -> str:
    if len(frame) > rows:
        said = (text.format(shown=f"{rows:,}", all=f"{len(frame):,}") for text in WORDS["shown_rows"])
    elif frame.empty:
        said = (text for text in WORDS["shown_none"])
    else:
        return ""
    return f'<caption style="text-align:left">{escape(" ".join(said))}</caption>'


def _said_below(frame: pd.DataFrame) -> str:
    """What a dash means in the columns that have one."""
    reasons: dict[str, list[str]] = {}
    for name in frame:
        if pd.api.types.is_numeric_dtype(frame[name]) and frame[name].isna().any():
            reason = next((word for start, word in _MISSING if name.startswith(start)), "other")
            reasons.setdefault(reason, []).append(name)
    said = [_word_html(WORDS[f"missing_{reason}"]) for reason in reasons]
    return f'<p style="margin:2px 0;font-size:90%">– {"；".join(said)}</p>' if said else ""
