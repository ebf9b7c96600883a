"""Villages written by name where a code is asked for: matched to the table of villages, or told why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from eco.records.figures import cell_texts
from eco.records.sentences import Hit, finding
from eco.records.sources import Raw, plain
from eco.records.texts import distinct

_ENDINGS = ("村民委员会", "村委会", "行政村", "村")


def with_codes(raw: Raw, villages: pd.DataFrame) -> Raw:
    """The table with village names made codes (E-ADM-05), and names that stand for several villages told (E-ADM-06).

    `villages` has code and name. A name two villages share is nobody's: the row keeps it and is left out.
    """
    if "village_code" not in raw.cells or not len(raw.cells):
        return raw
    cells = raw.cells["village_code"]
    places, values = distinct(cell_texts(cells))
    by_name = ~values.str.fullmatch(r"[\d.eE+\s]*").to_numpy(dtype=bool)
    if not by_name.any():
        return raw
    rows = np.flatnonzero(by_name[places])
    named = pd.Series(values.to_numpy()[places[rows]], index=cells.index[rows])
    codes = _codes_by_name(villages)
    meant = named.map({text: codes.get(_bare(text), ()) for text in named.unique()})
    one, many = meant[meant.map(len) == 1], meant[meant.map(len) > 1]
    table = raw.source.table
    hits, notes = raw.hits, raw.findings
    if len(one):
        cells = cells.astype(object).copy()
        cells[one.index] = one.map(lambda found: found[0])
        found = f"{len(one)} 行，共 {named[one.index].nunique()} 个村名 / {len(one)} rows by name"
        where = raw.source.path.name
        notes = (
            *notes,
            finding("E-ADM-05", table=table.name, found=found, where=where, column="village_code"),
        )
    if len(many):
        shared = raw.cells.index.get_indexer(many.index)
        words = {"known": ["、".join(found[:5]) for found in many]}
        hits = (*hits, Hit("E-ADM-06", "village_code", shared, list(named[many.index]), words))
    return replace(raw, cells=raw.cells.assign(village_code=cells), findings=notes, hits=hits)


def _codes_by_name(villages: pd.DataFrame) -> Mapping[str, tuple[str, ...]]:
    pairs = pd.DataFrame({"name": villages["name"].map(_bare), "code": villages["code"]})
    return pairs.groupby("name")["code"].agg(lambda codes: tuple(dict.fromkeys(codes))).to_dict()


def _bare(name: str) -> str:
    """A village's name as it is compared: 东坪村村民委员会, 东坪村 and 东坪 are one.

    >>> _bare("东坪村村民委员会"), _bare("东坪村"), _bare(" 东坪 "), _bare("村")
    ('东坪', '东坪', '东坪', '村')
    """
    text = plain(name)
    for ending in _ENDINGS:
        if text.endswith(ending) and text != ending:
            text = text.removesuffix(ending)
    return text
