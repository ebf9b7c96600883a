"""What may leave the office: columns by edition, small groups hidden, personal values refused.

Every function takes frames and gives frames; none reads or writes a file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eco.livelihoods import LIVELIHOODS as ALL_LIVELIHOODS
from eco.phrases import Phrase
from eco.problems import DataProblem, Finding, mask
from eco.records.tables import personal_columns

FLOOR = 5  # households that must stand behind a published number
LIVELIHOODS = tuple(one.name for one in ALL_LIVELIHOODS)

_PLACE = (
    "name",
    "parent",
    "shown",
    "households",
    "persons",
    "gain_yuan_mean",
    "gain_yuan_p10",
    "gain_yuan_p90",
    "gain_per_head_mean",
    "gain_per_head_p10",
    "gain_per_head_p90",
    "basis",
)
_INSIDE = (
    *(f"{name}_yuan_mean" for name in LIVELIHOODS),
    *("persons_gaining_mean", "persons_gaining_p10", "persons_gaining_p90"),
)
_TOTALS = ("forest_mu", "juncao_mu_seasons", "hives")
_SITES = {
    "forest": ("x", "y", "mu", "species", "planted_year", "programme", "assumed"),
    "juncao": ("x", "y", "mu", "season", "use", "assumed"),
    "bees": ("x", "y", "hives", "colonies", "started_year", "in_programme", "assumed"),
}
_COUNTY_ONLY = ("households_sharing", "outline")
_HOUSEHOLD = ("id", "x", "y", "persons", "gain_yuan_mean", "gain_yuan_p10", "gain_yuan_p90", "basis")


@dataclass(frozen=True)
class Edition:
    """Who a paper is for: which columns of which layer it may carry, and how sharp its positions are.

    `columns` maps a layer to its allow-list; a layer that is not named does not exist in the edition.
    `decimals` are those of a degree kept in the file, `grid_m` the grid points are snapped to.
    """

    name: str
    label: Phrase
    decimals: int
    grid_m: float
    columns: Mapping[str, tuple[str, ...]]

    def allow(self, frame: pd.DataFrame, layer: str) -> pd.DataFrame:
        """Only the columns of `layer` this edition may carry; KeyError where it has no such layer."""
        return frame[[name for name in self.columns[layer] if name in frame.columns]]


EDITIONS: dict[str, Edition] = {
    edition.name: edition
    for edition in (
        Edition(
            "county",
            Phrase("县级版", "county edition"),
            decimals=5,
            grid_m=100.0,
            columns={
                "county": _PLACE + _INSIDE,
                "township": _PLACE + _INSIDE + _TOTALS,
                "village": _PLACE + _INSIDE,
                **{name: columns + _COUNTY_ONLY for name, columns in _SITES.items()},
                "household": _HOUSEHOLD,
            },
        ),
        Edition(
            "public",
            Phrase("公开版", "public edition"),
            decimals=3,
            grid_m=100.0,
            columns={"county": _PLACE, "township": _PLACE + _TOTALS, "village": _PLACE, **_SITES},
        ),
    )
}


def edition_named(name: str) -> Edition:
    """The edition of a name; ValueError names the known ones."""
    if name not in EDITIONS:
        known = ", ".join(EDITIONS)
        raise ValueError(f"没有版本 {name!r}，可用：{known} / no edition {name!r}; known: {known}")
    return EDITIONS[name]


def contributors(households: pd.DataFrame) -> pd.Series:
    """Households behind each village's total, by village_code.

    `households` is what `Gains.households()` gives. A household contributes when it holds a recorded link and its
    mean gain is not zero; inferred households are nobody's record and hide nobody.
    """
    behind = households["linked"].astype(bool) & households["gain_yuan_mean"].ne(0)
    return behind.groupby(households["village_code"]).sum().astype(int)


def parent_code(code: str, level: str) -> str:
    """The code of the place above: village to township, township to county, county to all ("").

    >>> parent_code("621102101203", "village"), parent_code("621102101000", "township")
    ('621102101000', '621102')
    """
    return {"village": code[:9] + "000", "township": code[:6], "county": ""}[level]


def hide_small(
    counts: pd.Series, parents: pd.Series, *, hidden_parents: Iterable[str] = (), floor: int = FLOOR
) -> pd.Series:
    """Which rows of one level must be hidden: boolean, indexed like `counts`.

    `counts` holds the households behind each published number, `parents` the code whose own number is published.
    A row goes when its number rests on fewer than `floor` households, or when its parent went. Then what a reader
    gets by taking the shown rows from the parent must be neither one row's number nor rest on fewer than `floor`
    households: further rows go, smallest first, until that holds.
    """
    gone = (counts.lt(floor) | parents.isin(set(hidden_parents))).to_numpy(copy=True)
    values = counts.to_numpy()
    order = np.lexsort((counts.index.to_numpy(dtype=str), values))
    for _, rows in parents.reset_index(drop=True).groupby(parents.to_numpy()).groups.items():
        mine = order[np.isin(order, rows.to_numpy())]
        for candidate in mine:
            if _remainder_tells_nothing(values[mine][gone[mine]], floor):
                break
            gone[candidate] = True
    return pd.Series(gone, index=counts.index)


def _remainder_tells_nothing(hidden: np.ndarray, floor: int) -> bool:
    """Whether the sum of the hidden rows may be known to a reader."""
    total, parts = hidden.sum(), np.count_nonzero(hidden)
    return bool(total == 0 or (total >= floor and parts > 1))


def public_places(
    by_level: Mapping[str, pd.DataFrame], households: pd.DataFrame, *, floor: int = FLOOR
) -> dict[str, pd.DataFrame]:
    """The frames of `Gains.by` with every number that rests on fewer than `floor` households gone.

    `by_level` holds "county", "township" and "village" frames (code, name and numbers), `households` what
    `Gains.households` gives of the same year. Each answer keeps every row, its code and name, and gets `shown`; the
    numbers of other rows are NaN. What goes on one level is protected against subtraction on the next. A row has one
    total and nothing else is published of it: a split by livelihood beside a total, or a count of those who gain,
    would give single households away by subtraction.
    """
    behind = contributors(households)
    hidden: Iterable[str] = ()
    answer = {}
    for level in ("county", "township", "village"):
        places = by_level[level].set_index("code", drop=False)
        counts = _behind_each(behind, level).reindex(places.index, fill_value=0)
        parents = pd.Series([parent_code(code, level) for code in places.index], index=places.index)
        gone = hide_small(counts, parents, hidden_parents=hidden, floor=floor)
        answer[level] = _blank(places, gone)
        hidden = gone.index[gone]
    return answer


def _behind_each(behind: pd.Series, level: str) -> pd.Series:
    digits = {"county": 6, "township": 9, "village": 12}[level]
    summed = behind.groupby(behind.index.str[:digits]).sum()
    return summed.set_axis(summed.index + ("000" if level == "township" else ""))


def _blank(places: pd.DataFrame, gone: pd.Series) -> pd.DataFrame:
    numbers = [name for name in places.columns if name not in ("code", "name")]
    answer = places.astype(dict.fromkeys(numbers, float))
    answer.loc[gone.to_numpy(), numbers] = np.nan
    return answer.assign(shown=~gone).reset_index(drop=True)


def _standing_for(links: pd.DataFrame) -> pd.DataFrame:
    """Recorded links; the inferred ones only of sites that have none recorded, since they are nobody's record."""
    recorded = links["recorded"].astype(bool)
    return links[recorded | ~links["site_id"].isin(links.loc[recorded, "site_id"])]


def households_sharing(sites: pd.DataFrame, links: pd.DataFrame) -> pd.Series:
    """Distinct households behind each site_id, as `_standing_for` counts them; 0 where none is known."""
    links = _standing_for(links)
    counts = links.groupby("site_id")["household_id"].nunique()
    return sites["site_id"].map(counts).fillna(0).astype(int)


def public_sites(sites: pd.DataFrame, links: pd.DataFrame, *, floor: int = FLOOR) -> pd.DataFrame:
    """The rows of `sites` (site_id, township_code) that at least `floor` households share.

    Where a township's total would give a hidden site back by subtraction, the shown sites with the
    fewest households go too, until the hidden ones are several and rest on `floor` households.
    """
    links = _standing_for(links)
    sharing = households_sharing(sites, links)
    shown = (sharing >= floor).to_numpy(copy=True)
    members = links.groupby("site_id")["household_id"].agg(set)
    for _, rows in sites.reset_index(drop=True).groupby("township_code").groups.items():
        order = sorted(rows, key=lambda row: (sharing.iloc[row], str(sites["site_id"].iloc[row])))
        for row in order:
            hidden = [members.get(sites["site_id"].iloc[r], set()) for r in rows if not shown[r]]
            if not hidden or (len(hidden) > 1 and len(set().union(*hidden)) >= floor):
                break
            shown[row] = False
    return sites[shown]


def site_totals(sites: pd.DataFrame, links: pd.DataFrame, amount: str, *, floor: int = FLOOR) -> pd.Series:
    """Sum of the column `amount` by township_code, only where `floor` households share the sites."""
    links = _standing_for(links)
    inside = links[["household_id", "site_id"]].merge(sites[["site_id", "township_code"]], on="site_id")
    behind = inside.groupby("township_code")["household_id"].nunique()
    totals = sites.groupby("township_code")[amount].sum()
    return totals[behind.reindex(totals.index, fill_value=0) >= floor]


def pseudonyms(ids: pd.Series, key: bytes) -> pd.Series:
    """Names that say nothing: "H" and ten signs, a keyed hash that nobody without `key` can repeat."""

    def pseudonym(name: str) -> str:
        digest = hashlib.blake2b(str(name).encode(), key=key, digest_size=8).digest()
        return "H" + np.base_repr(int.from_bytes(digest), 36)[-10:].rjust(10, "0")

    return ids.map(pseudonym)


def blur(xy: np.ndarray, ids: pd.Series, *, key: bytes, grid_m: float) -> np.ndarray:
    """Points (n, 2) moved inside their grid cell to a spot that the key chooses, wherever they were."""
    spots = [hashlib.blake2b(str(name).encode(), key=key, person=b"spot", digest_size=8) for name in ids]
    raw = np.frombuffer(b"".join(spot.digest() for spot in spots), dtype="<u4").reshape(-1, 2)
    return (np.floor(np.asarray(xy) / grid_m) + raw / 2**32) * grid_m


_SCRIPT = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.S | re.I)
_TOKEN = re.compile(r"[0-9A-Za-z]+")
_DIGITS = re.compile(r"\d{11,}[Xx]?")
_SHORTEST_WORD = 6  # "2020" may be a household's id, and is a year
_LONG_NUMBER = 10**9  # shorter numbers in the page are coordinates, money and counts


def refuse_personal(page: str, households: pd.DataFrame, *, place_names: Iterable[str] = ()) -> None:
    """DataProblem if a household's id, name, ID number or phone stands in the finished page.

    Text outside scripts and every text and long number inside the JSON is searched: ids and
    numbers as whole words, Chinese names of three signs anywhere. Shorter values count only as a
    whole text, and a text that is the name of a place (`place_names`) is nobody's name.
    """
    texts = _texts(page, frozenset(place_names))
    joined = "\n".join(texts)
    words = {word for word in _TOKEN.findall(joined) if len(word) >= _SHORTEST_WORD}
    words |= set(texts) | set(_DIGITS.findall(joined))
    found = []
    for column in ("household_id", *personal_columns()):
        if column not in households.columns:
            continue
        values = {text for text in households[column].dropna().astype(str).str.strip() if text}
        standing = (values & words) | _standing_inside(values, joined)
        found += [_leak(column, value, len(standing)) for value in sorted(standing)[:1]]
    if found:
        raise DataProblem(found)


def _texts(page: str, place_names: frozenset[str]) -> list[str]:
    texts = [_SCRIPT.sub(" ", page)]
    for kind, attributes, body in _SCRIPT.findall(page):
        if kind.lower() == "script" and "application/json" in attributes:
            texts += [text for text in _leaves(json.loads(body)) if text not in place_names]
    return texts


def _leaves(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _LONG_NUMBER:
        yield str(int(value))
    elif isinstance(value, list | dict):
        if isinstance(value, dict):
            yield from value
            value = list(value.values())
        for part in value:
            yield from _leaves(part)


def _standing_inside(values: set[str], text: str) -> set[str]:
    """The values that are not one plain word (王小明, DX-000412) and stand anywhere in the text."""
    apart = {
        value
        for value in values
        if len(value) >= (_SHORTEST_WORD if value.isascii() else 3) and not _TOKEN.fullmatch(value)
    }
    found: set[str] = set()
    for length in {len(value) for value in apart}:
        starts = range(len(text) - length + 1)
        found.update(part for at in starts if (part := text[at : at + length]) in apart)
    return found


def _leak(column: str, value: str, count: int) -> Finding:
    return Finding(
        code="E-PRIV-01",
        level="error",
        table="households",
        where="page",
        column=column,
        found=f"{mask(value)} (+{count - 1})" if count > 1 else mask(value),
        expected=Phrase("页面中没有个人信息", "no personal value in a page that leaves the office"),
        todo=Phrase("从名称、树种等文字列中删去该值", "take it out of names, species and other texts"),
    )
