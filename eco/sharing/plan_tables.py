"""A plan as tables of the office: plan.csv for machines, and a list in Excel that a township can tick off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from eco.files import whole_file, write_text
from eco.phrases import WORDS, Phrase
from eco.planning.options import PARTS
from eco.planning.plans import PLAN_COLUMNS, Plan
from eco.problems import mask
from eco.records.templates import lines_needed
from eco.sharing.office import cell_text, without_traces
from eco.sharing.plan_facts import (
    answer,
    checks,
    given_by,
    livelihood_words,
    plan_summary,
    proof,
    question,
    reason_words,
    taken_bundles,
)
from eco.sharing.sheets import (
    BOOK_OPTIONS,
    SHEET_SIGNS,
    Margins,
    book_looks,
    fitting_width,
    set_up_page,
    signs_wide,
    write_headings,
)

MOST_SHEETS = 20  # townships that get a sheet of their own; more stand in one list with a filter
_TICK = "✓"
_HEAD_ROW, _FIRST_ROW = 2, 4
_WORDED = 60  # rows whose texts are measured
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


@dataclass(frozen=True)
class _Field:
    """One column of a sheet: its heading, how its cells look ("tick" ones are chosen from a list), its values.

    `most` is how wide it may be, so that a list prints on one sheet across.
    """

    heading: Phrase
    look: str
    values: Sequence[object]
    most: float = 16.0


def write_plan_tables(plan: Plan, folder: Path | str) -> None:
    """plan.csv (PLAN_COLUMNS, UTF-8 with a byte order mark, sealed) and plan.xlsx in `folder`."""
    folder = Path(folder)
    # The byte order mark lets Excel read Chinese.
    text = "\ufeff" + plan.chosen[list(PLAN_COLUMNS)].to_csv(index=False, lineterminator="\n")
    write_text(folder / "plan.csv", text, sealed=True)
    write_plan_list(folder / "plan.xlsx", plan)


def write_plan_json(plan: Plan, path: Path | str) -> None:
    """The plan's numbers and sentences as JSON, sealed, with the fingerprints of what it was made from."""
    exposure, numbers = plan.options.exposure, plan.options.numbers
    inputs = {} if exposure is None else dict(exposure.project.inputs)
    inputs |= {} if numbers is None else dict(numbers.inputs)
    versions = {name: version(name) for name in ("eco", "highspy", "scipy", "numpy", "pandas")}
    told = {"plan": plan_summary(plan), "sha256": inputs, "versions": versions}
    write_text(Path(path), json.dumps(told, ensure_ascii=False, indent=2) + "\n", sealed=True)


def write_plan_list(path: Path | str, plan: Plan) -> Path:
    """The plan as a workbook for those who carry it out, for the office alone: household ids, heads' names masked.

    A first sheet with question, answer, rules and how to use it, one with the townships' sums, then a sheet a
    township, or one list with a filter where there are more than `MOST_SHEETS`. Each row is to be ticked when it is
    done, and before where something must be checked (待核). Texts are texts whatever they begin with; the same plan
    gives the same bytes. No seal: it is there to be written into.
    """
    path = Path(path)
    title = WORDS["plan_list_title"]
    around = Margins(" ".join(title), " ".join(WORDS["sheet_internal"]), _project_name(plan), "zh")
    with whole_file(path) as draft:
        with xlsxwriter.Workbook(str(draft), BOOK_OPTIONS) as book:
            looks = book_looks(book)
            _cover(book, plan, looks, around)
            _sums(book, plan, looks, around)
            for name, rows in _sheets(plan):
                _table(book, name, rows, looks, around)
        without_traces(draft, title=" ".join(title))
    return path


def _project_name(plan: Plan) -> str:
    exposure = plan.options.exposure
    return "" if exposure is None else exposure.project.settings.name


def _cover(book, plan: Plan, looks: Mapping[str, Any], around: Margins) -> None:
    sheet = book.add_worksheet(_bilingual("plan_list_cover"))
    set_up_page(sheet, around, repeat=None)
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 108)
    sheet.set_row(0, 30)
    named = filter(None, (_project_name(plan), around.title))
    sheet.write_string(0, 0, cell_text(" · ".join(named)), looks["title"])
    row = 2
    for label, phrases in _cover_lines(plan):
        for place, phrase in enumerate(phrases):
            for beside, text, look in zip(label, phrase, ("label", "note")):
                sheet.write_string(row, 0, cell_text(beside) if place == 0 else "", looks[look])
                sheet.write_string(row, 1, cell_text(text), looks["prose"])
                sheet.set_row(row, 16.5 * min(lines_needed(cell_text(text), 118), 12))
                row += 1
    sheet.hide_gridlines(2)


def _cover_lines(plan: Plan) -> Iterable[tuple[Phrase, Sequence[Phrase]]]:
    yield WORDS["plan_asked"], [question(plan)]
    yield WORDS["plan_answered"], [answer(plan), proof(plan)]
    yield WORDS["plan_rules"], [rule.said for rule in plan.rules]
    yield WORDS["plan_list_use"], [WORDS[f"plan_list_use_{number}"] for number in (1, 2, 3)]
    yield WORDS["plan_notes"], [*plan.notes, WORDS["plan_not_decided"]]


def _sums(book, plan: Plan, looks: Mapping[str, Any], around: Margins) -> None:
    """What each township is given in all."""
    table = given_by(plan, "township")
    fields = [_Field(WORDS[level], "text", table[level].tolist()) for level in ("county", "township")]
    counted = ("households", "persons", *PARTS.values())
    fields += [
        _Field(WORDS[f"plan_column_{name}"], _counts(table[name]), table[name].tolist()) for name in counted
    ]
    fields.append(_Field(WORDS["plan_column_cost_yuan"], "fen", table["cost_yuan"].tolist()))
    fields.append(_Field(WORDS["plan_column_gain_yuan_mean"], "whole", table["gain_yuan_mean"].tolist()))
    sheet = book.add_worksheet(_bilingual("plan_list_sums"))
    _write(sheet, fields, looks, around, title=_bilingual("plan_list_sums"), names=2)


def _counts(amounts: pd.Series) -> str:
    """Hives and posts are whole; mu may have tenths."""
    return "whole" if (amounts.astype(float) % 1 == 0).all() else "tenths"


def _sheets(plan: Plan) -> Iterable[tuple[str, pd.DataFrame]]:
    """Name and rows of every list: a township's, or the only one."""
    rows = _rows(plan)
    codes = rows["township_code"].unique()
    if len(codes) > MOST_SHEETS:
        yield _bilingual("plan_list_rows"), rows
        return
    taken = {_bilingual("plan_list_cover").lower(), _bilingual("plan_list_sums").lower()}
    for code, mine in rows.groupby("township_code", sort=True):
        name = _sheet_name(str(mine["township"].iloc[0]) or str(code), taken)
        taken.add(name.lower())
        yield name, mine


def _sheet_name(text: str, taken: set[str]) -> str:
    """A name Excel takes for a sheet that no other has yet.

    >>> _sheet_name("a/b:'", {"a b"})
    'a b 2'
    """
    clean = _NOT_IN_A_NAME.sub(" ", cell_text(text)).strip(" '")[:SHEET_SIGNS] or "-"
    name, number = clean, 1
    while name.lower() in taken or name.lower() == "history":
        number += 1
        tail = f" {number}"
        name = clean[: SHEET_SIGNS - len(tail)] + tail
    return name


def _rows(plan: Plan) -> pd.DataFrame:
    """`plan.chosen` with places' codes, persons, the head's masked name, reasons to check and who checks."""
    homes = taken_bundles(plan)
    places = ["county_code", "county", "township_code", "village_code", "persons"]
    rows = plan.chosen.merge(homes[["household_id", *places]], on="household_id", how="left")
    told = checks(plan).groupby(["household_id", "livelihood"])["reason"].agg(list)
    keys = pd.MultiIndex.from_frame(rows[["household_id", "livelihood"]])
    reasons = told.reindex(keys).to_list()
    rows = rows.assign(
        head=_heads(plan, rows["household_id"]),
        check=[_said(one, 0) for one in reasons],
        who=[_said(one, 1) for one in reasons],
    )
    order = ["township_code", "village_code", "household_id", "livelihood"]
    return rows.sort_values(order, ignore_index=True)


def _said(reasons: object, part: int) -> str:
    """Reasons in both languages, or who checks them, each once."""
    phrases = [reason_words(reason)[part] for reason in reasons] if isinstance(reasons, list) else []
    return "\n".join(dict.fromkeys(f"{phrase.zh}\n{phrase.en}" for phrase in phrases))


def _heads(plan: Plan, ids: pd.Series) -> list[str] | None:
    """Heads' names with all but the first sign masked; None where the register has none or is not known."""
    exposure = plan.options.exposure
    if exposure is None or "head_name" not in exposure.project.households:
        return None
    names = exposure.project.households.set_index("household_id")["head_name"].reindex(ids)
    return [mask(name) if isinstance(name, str) else "" for name in names]


def _table(book, name: str, rows: pd.DataFrame, looks: Mapping[str, Any], around: Margins) -> None:
    """The list of one township, or of all of them with their names."""
    one_list = len(rows["township_code"].unique()) > 1
    levels = ("county", "township", "village") if one_list else ("village",)
    what = [_together(livelihood_words(one)) for one in rows["livelihood"]]
    units = [_together(WORDS[f"plan_unit_{one}"]) for one in rows["livelihood"]]

    def field(key: str, look: str, values: Sequence[object], most: float) -> _Field:
        return _Field(WORDS[f"plan_column_{key}"], look, values, most)

    fields = [
        field("done", "tick", [""] * len(rows), 6),
        field("household", "text", rows["household_id"].tolist(), 14),
        *([field("head", "text", rows["head"].tolist(), 8)] if rows["head"].any() else []),
        *(_Field(WORDS[level], "text", rows[level].tolist(), 14) for level in levels),
        field("persons", "whole", rows["persons"].tolist(), 7),
        field("what", "text", what, 21),
        field("units", _counts(rows["units"]), rows["units"].tolist(), 7),
        field("unit", "text", units, 9),
        field("year", "year", rows["year"].tolist(), 7),
        field("cost_yuan", "fen", rows["cost_yuan"].tolist(), 13),
        field("gain_yuan_mean", "whole", rows["gain_yuan_mean"].tolist(), 13),
        field("check", "wrapped", rows["check"].tolist(), 27),
        field("who", "wrapped", rows["who"].tolist(), 23),
        field("checked", "tick", [None if not check else "" for check in rows["check"]], 7),
        field("remark", "wrapped", [""] * len(rows), 12),
    ]
    _write(book.add_worksheet(name), fields, looks, around, title=name, names=2)


def _write(
    sheet, fields: Sequence[_Field], looks: Mapping[str, Any], around: Margins, *, title: str, names: int
) -> None:
    """A table below its title: headings in two languages, frozen and filtered, one printed sheet across."""
    rows = len(fields[0].values)
    sheet.write_string(0, 0, cell_text(title), looks["title"])
    sheet.write_string(1, 0, cell_text(around.stamp), looks["note"])
    sheet.set_row(0, 26)
    widths = [_width(field) for field in fields]
    for place, (field, width) in enumerate(zip(fields, widths)):
        sheet.set_column(place, place, width)
        for row, value in enumerate(field.values, start=_FIRST_ROW):
            _put(sheet, row, place, value, looks[field.look if value is not None else "text"])
        if field.look == "tick" and rows:
            asked = {"validate": "list", "source": [_TICK]}
            sheet.data_validation(_FIRST_ROW, place, _FIRST_ROW + rows - 1, place, asked)
    wrapped = [(field.values, width) for field, width in zip(fields, widths) if field.look == "wrapped"]
    for row in range(rows):
        lines = max((lines_needed(str(values[row] or ""), width) for values, width in wrapped), default=1)
        sheet.set_row(_FIRST_ROW + row, 14 * lines + 4)
    write_headings(sheet, [field.heading for field in fields], widths, row=_HEAD_ROW, looks=looks)
    sheet.freeze_panes(_FIRST_ROW, names)
    sheet.autofilter(_FIRST_ROW - 1, 0, _FIRST_ROW - 1 + rows, len(fields) - 1)
    set_up_page(sheet, around, repeat=(_HEAD_ROW, _HEAD_ROW + 1), names=names)


def _put(sheet, row: int, place: int, value: Any, look) -> None:
    if value is None or value == "" or value != value:
        sheet.write_blank(row, place, None, look)
    elif isinstance(value, str):
        sheet.write_string(row, place, cell_text(value), look)
    else:
        sheet.write_number(row, place, float(value), look)


def _width(field: _Field) -> float:
    if field.look == "tick":
        return field.most
    shown = [
        value if isinstance(value, str) else f"{value:,.2f}"
        for value in field.values[:_WORDED]
        if value is not None
    ]
    lines = [line for text in shown for line in text.split("\n")]
    return min(fitting_width(field.heading, max(map(signs_wide, lines), default=0)), field.most)


def _bilingual(key: str) -> str:
    return _together(WORDS[key])


def _together(words: Phrase) -> str:
    """Both languages on one line, once where they are the same."""
    return " ".join(dict.fromkeys(words))
