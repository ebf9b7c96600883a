"""Rules over a whole register: who stands in it twice, what does not add up, which rows are no households.

Each function takes a table as read and gives the rows one rule speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.problems import Finding
from eco.records.figures import half_width, numbers
from eco.records.sentences import Hit, finding, row_findings
from eco.records.sources import Raw
from eco.records.texts import among, distinct, is_text, matching, repeated, twice

# Median net income per head of a county's register, yuan a year: below it 万元 were typed, above it fen.
MEDIAN_YUAN = (100.0, 100_000.0)
ROW_YUAN = (20.0, 200_000.0)  # a single household's, 0 and losses apart
_PARTS = ("wage_yuan", "operating_yuan", "property_yuan", "transfer_yuan")
_SIGNS = re.compile("[计:：]|total|sum", re.I)
_NOT_SUMMED = ("income_yuan_per_person",)
_TOTAL = re.compile(
    r"(?:本页|全村|全乡|全镇|全县|[^ 0-9]{0,12})?(?:合|总|小|共|累)计(?:数|户)?[:：]?|total|sum", re.I
)
_FOOT = re.compile(r"(?:填表|制表|填报|审核|复核|负责|经办|联系|单位|日期|说明|备注|注)\S{0,3}?[:：].*", re.S)
_HAN = re.compile("[\u4e00-\u9fff]")
_SENTENCE = 10  # Han signs no code and no name has
# Codes of the prefecture of Dingxi until 2003, and the counties they became.
_OLD_COUNTIES = {
    "622421": "安定区 621102",
    "622424": "通渭县 621121",
    "622425": "陇西县 621122",
    "622426": "渭源县 621123",
    "622427": "临洮县 621124",
    "622428": "漳县 621125",
    "622429": "岷县 621126",
}


def set_apart(raw: Raw) -> tuple[Raw, list[tuple[str, list[int]]], pd.DataFrame]:
    """The table without the rows that are none of its own, which rows those are, and the totals' cells.

    Set apart are totals (E-ROW-02), lines of the form's foot (E-ROW-03), headings repeated on a later
    page (E-ROW-04) and rows in which none of our columns is filled (E-ROW-06), by position.
    """
    texts, key = _first_words(raw), _key_words(raw)
    total = _are(texts, _TOTAL) | _are(key, _TOTAL)
    foot = _are(texts, _FOOT)
    foot[foot] = _filled(raw.cells[foot]) <= 2
    lone, bare = _hardly_filled(raw)
    foot |= lone
    again = _repeats_headings(raw)
    kinds = (
        ("E-ROW-02", total),
        ("E-ROW-03", foot & ~total),
        ("E-ROW-04", again & ~total & ~foot),
        ("E-ROW-06", bare & ~total & ~foot & ~again),
    )
    gone = total | foot | again | bare
    if not gone.any():
        return raw, [], raw.cells.iloc[:0]
    rows = [(code, [int(row) for row in np.flatnonzero(mark)]) for code, mark in kinds if mark.any()]
    kept = replace(
        raw,
        cells=raw.cells[~gone].reset_index(drop=True),
        where=raw.where[~gone].reset_index(drop=True),
        geometry=None if raw.geometry is None else raw.geometry[~gone].reset_index(drop=True),
        hits=tuple(_moved(hit, gone) for hit in raw.hits),
    )
    part = np.array(["小计" in text or "本页" in text for text in texts[total] + key[total]], dtype=bool)
    return kept, rows, raw.cells[total][~part]


def told_apart(raw: Raw, apart: list[tuple[str, list[int]]]) -> tuple[list[Finding], pd.DataFrame]:
    """One note a kind of row that was set apart, and those rows as quarantine keeps them."""
    words = _first_words(raw) if apart else pd.Series(dtype="str")
    table = raw.source.table
    hits = [
        Hit(code, "", np.array(rows), [_shown(words.iloc[row]) for row in rows], counted=True)
        for code, rows in apart
    ]
    findings = [item for hit in hits for item in row_findings(hit, table=table, where=raw.where)]
    gone = [
        (table.name, raw.where.iloc[row], hit.code, "不是本表的行 / no row of the table")
        for hit in hits
        for row in hit.rows
    ]
    return findings, pd.DataFrame(gone, columns=["table", "where", "code", "reason"], dtype="str")


def _shown(text: str) -> str:
    """The first word of a total or a foot; any other text may name a person."""
    return text.partition(":")[0][:12] if _TOTAL.fullmatch(text) or _FOOT.fullmatch(text) else ""


def _moved(hit: Hit, gone: np.ndarray) -> Hit:
    keep = [i for i, row in enumerate(hit.rows) if not gone[row]]
    rows = (np.cumsum(~gone) - 1)[hit.rows[keep]]
    return replace(hit, rows=rows, found=[hit.found[i] for i in keep])


def _first_words(raw: Raw) -> pd.Series:
    """The first text of each row of the file as it is compared, "" where it cannot be a total or a foot."""
    return repeated("", raw.cells.index) if raw.leading is None else _all_words(raw.leading)


def _key_words(raw: Raw) -> pd.Series:
    key = raw.source.table.key or "household_id"
    return _all_words(raw.cells[key]) if key in raw.cells else repeated("", raw.cells.index)


def _all_words(cells: pd.Series) -> pd.Series:
    if not is_text(cells):
        return pd.Series([_words(cell) for cell in cells.tolist()], index=cells.index, dtype="str")
    asked = matching(cells, f"(?i){_SIGNS.pattern}")
    words = repeated("", cells.index)
    words[asked] = [_words(cell) for cell in cells[asked].tolist()]
    return words


def _are(texts: pd.Series, kind: re.Pattern[str]) -> np.ndarray:
    """Which texts are of a kind as a whole."""
    codes, values = distinct(texts)
    return np.array([kind.fullmatch(text) is not None for text in values], dtype=bool)[codes]


def _filled(cells: pd.DataFrame) -> np.ndarray:
    return (cells.notna() & (cells != "")).sum(axis="columns").to_numpy()


def _words(cell: object) -> str:
    if not isinstance(cell, str) or (cell.isascii() and cell[:1] not in "TtSs"):
        return ""
    return re.sub(r"\s+", "", half_width(cell)) if _SIGNS.search(cell) else ""


def _hardly_filled(raw: Raw) -> tuple[np.ndarray, np.ndarray]:
    """Rows of one long Chinese text and nothing else, as forms have at their foot; rows without any cell of ours."""
    lone, bare = np.zeros((2, len(raw.cells)), dtype=bool)
    asked = [column.name for column in raw.source.table if column.required and column.name in raw.cells]
    if not asked:
        return lone, bare
    last = raw.cells[asked[-1]]
    rows = np.flatnonzero((last.isna() | (last == "")).to_numpy(dtype=bool))
    filled = _filled(raw.cells.iloc[rows])
    shapeless = True if raw.geometry is None else raw.geometry.isna().to_numpy()[rows]
    bare[rows] = (filled == 0) & shapeless
    if raw.leading is not None:
        first = raw.leading.iloc[rows].fillna("")
        lone[rows] = first.map(lambda text: len(_HAN.findall(text)) >= _SENTENCE).to_numpy(dtype=bool)
        lone[rows] &= filled <= 1
    return lone, bare


def _repeats_headings(raw: Raw) -> np.ndarray:
    names = [name for name in raw.headings if name in raw.cells][:4]
    same = [(raw.cells[name] == raw.headings[name]).to_numpy(dtype=bool) for name in names]
    return np.sum(same, axis=0) >= 2 if names else np.zeros(len(raw.cells), dtype=bool)


def totals_against_rows(raw: Raw, totals: pd.DataFrame) -> list[Finding]:
    """E-SUM-01: columns whose total at the foot is not the sum of the rows, as the file writes them.

    Only the last total counts, and only where it is larger than every row: others are of one page.
    """
    table, cells, off = raw.source.table, raw.cells, []
    for column in table:
        name = column.name
        if column.kind != "number" or name not in cells or name in _NOT_SUMMED or not len(totals):
            continue
        total = float(numbers(totals[name]).values.iloc[-1])
        values = numbers(cells[name]).values
        if (
            np.isfinite(total)
            and total > values.max()
            and abs(total - values.sum()) > 0.005 * max(len(values), 1)
        ):
            found = f"合计 / total {total:g}"
            words = {"wanted": f"{values.sum():g}", "where": raw.source.path.name}
            off.append(finding("E-SUM-01", table=table.name, found=found, column=name, **words))
    return off


def same_id(frame: pd.DataFrame) -> list[Hit]:
    """E-ID-05, E-HH-01: households with one ID number, in one village or in two; which is right we cannot say."""
    ids = frame["id_number"]
    return _doubles(frame, ids, in_one="E-ID-05", column="id_number")


def same_name_and_phone(frame: pd.DataFrame) -> list[Hit]:
    """E-HH-02, E-HH-01: one name and phone under two household ids, unless two ID numbers tell them apart."""
    names, phones = frame["head_name"], frame["phone"]
    both = (names != "") & (phones != "")
    if not both.any():
        return []
    keys = (names + "\n" + phones).where(both, "").astype("str")
    keys = keys.where(twice(keys), "").astype("str")
    some = frame["id_number"][(keys != "") & (frame["id_number"] != "")]
    apart = keys.map(some.groupby(keys[some.index]).nunique()) > 1
    return _doubles(frame, keys.mask(apart, "").astype("str"), in_one="E-HH-02", column="head_name")


def _doubles(frame: pd.DataFrame, keys: pd.Series, *, in_one: str, column: str) -> list[Hit]:
    """The rows that share a key under different household ids, each told where the others stand."""
    rows_twice = np.flatnonzero(twice(keys))
    if not len(rows_twice):
        return []
    some = frame.iloc[rows_twice]
    groups = some.groupby(keys.iloc[rows_twice])
    strangers = (groups["household_id"].transform("nunique") > 1).to_numpy()
    apart = (groups["village_code"].transform("nunique") > 1).to_numpy()
    hits = []
    for code, wrong in ((in_one, strangers & ~apart), ("E-HH-01", strangers & apart)):
        rows = rows_twice[wrong]
        if len(rows):
            known = _others(frame["where"].iloc[rows], keys.iloc[rows])
            hits.append(Hit(code, column, rows, list(frame[column].iloc[rows]), {"known": known}))
    return hits


def _others(where: pd.Series, keys: pd.Series) -> list[str]:
    """For each row the places of the other rows with its key, three at most."""
    places = where.groupby(keys.to_numpy()).agg(list)
    told = []
    for place, key in zip(where, keys):
        others = [other for other in places[key] if other != place]
        told.append("、".join(others[:3]) + ("…" if len(others) > 3 else ""))
    return told


def same_in_all(frame: pd.DataFrame) -> list[Hit]:
    """E-HH-04: named households of one village alike in every figure; a doubt, for they may be two."""
    compared = ["head_name", "village_code", "persons", "workers", "income_yuan_per_person", *_PARTS]
    asked = ((frame["id_number"] == "") & (frame["head_name"] != "")).to_numpy(dtype=bool)
    alike = np.flatnonzero(among(frame["head_name"], frame["head_name"][asked]) & twice(frame["head_name"]))
    doubled = frame[compared].iloc[alike].duplicated(keep=False).to_numpy(dtype=bool)
    rows = alike[doubled & asked[alike]]
    if not len(rows):
        return []
    keys = frame.iloc[rows].groupby(compared, dropna=False).ngroup()
    words = {"known": _others(frame["where"].iloc[rows], keys)}
    return [Hit("E-HH-04", "head_name", rows, list(frame["head_name"].iloc[rows]), words)]


def more_workers_than_persons(frame: pd.DataFrame) -> list[Hit]:
    """E-HH-03: households with more workers than persons."""
    wrong = frame["workers"] > frame["persons"]
    high = [f"{persons:g}" for persons in frame["persons"][wrong]]
    return _hit("E-HH-03", "workers", wrong, frame["workers"], high=high)


def income_units(frame: pd.DataFrame) -> list[Hit]:
    """E-UNIT-01: counties whose median net income per head is in another unit; E-UNIT-04: single such rows."""
    income = frame["income_yuan_per_person"]
    medians = income.groupby(frame["village_code"].str[:6]).transform("median").to_numpy()
    low, high = MEDIAN_YUAN
    # Half a dozen households may well be all without income; a county is not.
    wrong_unit = ((medians > 0) & (medians < low)) | (medians > high)
    hits = []
    for county in frame["village_code"].str[:6][wrong_unit].unique():
        rows = wrong_unit & (frame["village_code"].str[:6] == county).to_numpy()
        median = float(medians[rows][0])
        words = {"county": county, "low": f"{low:g}", "high": f"{high:g}", "kind": _probable_unit(median)}
        found = [f"中位数 / median {median:g}"] * int(rows.sum())
        hits.append(
            Hit("E-UNIT-01", "income_yuan_per_person", np.flatnonzero(rows), found, words, counted=True)
        )
    low, high = ROW_YUAN
    odd = ~wrong_unit & ((income > 0) & (income < low) | (income > high) | (income < -high))
    kinds = [_probable_unit(value) for value in income[odd]]
    words = {"low": f"{low:g}", "high": f"{high:g}", "kind": kinds}
    return [*hits, *_hit("E-UNIT-04", "income_yuan_per_person", odd, income.round(4), **words)]


def _probable_unit(yuan: float) -> Phrase:
    if 0.02 <= yuan < ROW_YUAN[0]:
        return Phrase("，疑为万元", "; this looks like 10,000 yuan")
    if yuan > MEDIAN_YUAN[1]:
        return Phrase("，疑为分", "; this looks like fen")
    return Phrase("", "")


def whole_persons(frame: pd.DataFrame) -> list[Hit]:
    """E-NUM-04: persons that are no whole number; workers may be halves."""
    return _hit("E-NUM-04", "persons", frame["persons"] % 1 > 0, frame["persons"])


def whole_hives(frame: pd.DataFrame) -> list[Hit]:
    """E-NUM-04: hives or colonies that are no whole number."""
    names = ("hives_received", "hives_alive")
    return [hit for name in names for hit in _hit("E-NUM-04", name, frame[name] % 1 > 0, frame[name])]


def negative_parts(frame: pd.DataFrame) -> list[Hit]:
    """E-INC-02: gross incomes (A17a-d) below 0; a loss shows only once the cost A18 is taken off."""
    return [hit for name in _PARTS for hit in _hit("E-INC-02", name, frame[name] < 0, frame[name])]


def income_adds_up(frame: pd.DataFrame) -> list[Hit]:
    """E-INC-01: A20 is not (A17a + b + c + d - A18) / persons, where all of them are filled in.

    Each of the five may be rounded to the yuan, and so may the income per head; 1 % more is let be.
    """
    net = frame[list(_PARTS)].sum(axis="columns", skipna=False) - frame["production_cost_yuan"]
    told = frame["income_yuan_per_person"] * frame["persons"]
    slack = np.maximum(0.5 * frame["persons"] + 3, 0.01 * net.abs())
    wrong = (net - told).abs() > slack
    undivided = (net - frame["income_yuan_per_person"]).abs() <= slack
    kinds = [
        Phrase("，疑为全户收入", "; this looks like the whole household's") if whole else Phrase("", "")
        for whole in undivided[wrong]
    ]
    wanted = [f"{value:.2f}" for value in (net / frame["persons"])[wrong]]
    found = frame["income_yuan_per_person"].round(2)
    return _hit("E-INC-01", "income_yuan_per_person", wrong, found, wanted=wanted, kind=kinds)


def old_codes(frame: pd.DataFrame) -> list[Hit]:
    """E-ADM-04: villages under a code of the prefecture abolished in 2003, with the county of today."""
    before = frame["village_code"].str[:6]
    wrong = before.isin(list(_OLD_COUNTIES))
    county = [_OLD_COUNTIES[code] for code in before[wrong]]
    return _hit(
        "E-ADM-04", "village_code", wrong, frame["village_code"], known=list(before[wrong]), county=county
    )


def amounts_paid(frame: pd.DataFrame) -> list[Hit]:
    """E-FUND-03: payments of nothing or less; E-FUND-01: of a part of a fen."""
    paid = frame["amount_yuan"]
    fen = paid * 100
    broken = (fen - fen.round()).abs() > 1e-4
    return [
        *_hit("E-FUND-03", "amount_yuan", paid <= 0, paid),
        *_hit("E-FUND-01", "amount_yuan", broken & (paid > 0), paid),
    ]


def over_budget(payments: pd.DataFrame, budget_yuan: float) -> list[Finding]:
    """E-FUND-04: payments that come to more than the project's budget; which is too much we cannot say.

    Summed in whole fen, over every payment that could be read.
    """
    paid_fen = int((payments["amount_yuan"] * 100).round().sum())
    if paid_fen <= round(budget_yuan * 100):
        return []
    found = (
        f"{len(payments)} 笔共 {paid_fen / 100:.2f} 元 / {len(payments)} payments, {paid_fen / 100:.2f} yuan"
    )
    words = {"table": "payments", "column": "amount_yuan", "high": f"{budget_yuan:.2f}"}
    return [finding("E-FUND-04", found=found, **words)]


RULES_OF_TABLE: Mapping[str, tuple] = {
    "households": (
        same_id,
        same_name_and_phone,
        same_in_all,
        more_workers_than_persons,
        whole_persons,
        income_units,
        negative_parts,
        income_adds_up,
        old_codes,
    ),
    "apiaries": (whole_hives,),
    "payments": (amounts_paid,),
}


def register_hits(name: str, frame: pd.DataFrame) -> list[Hit]:
    """All that the rules over a whole table find in it."""
    return [hit for rule in RULES_OF_TABLE.get(name, ()) for hit in rule(frame)]


def _hit(code: str, column: str, wrong: pd.Series, cells: pd.Series, **words: object) -> list[Hit]:
    rows = np.flatnonzero(np.asarray(wrong, dtype=bool))
    return [Hit(code, column, rows, list(cells.iloc[rows]), words)] if len(rows) else []
