"""Small groups hidden: what rests on too few households goes, and does not come back by subtraction.

One decision is made for a place over all numbers of one kind that are published of it, in all years and scenarios:
it is shown whole or not at all. Every published place above gives one equation, its own total less the shown places
inside it; the hidden places of different equations are different, so nothing is to be had by combining them, and
each remainder obeys the same rules as any published number (`cells`). Where no more places can be hidden the place
above goes too: the rules are reached or nothing is said.

Every function takes frames and gives frames; none reads or writes a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from eco.sharing.privacy.cells import Cells, remainder_tells
from eco.sharing.privacy.editions import FLOOR

LEVELS = ("county", "township", "village")
_DIGITS = {"county": 6, "township": 9, "village": 12}
FILE = ""  # the code of the whole file, above all counties


def parent_code(code: str, level: str) -> str:
    """The code of the place above: village to township, township to county, county to all ("").

    >>> parent_code("621102101203", "village"), parent_code("621102101000", "township")
    ('621102101000', '621102')
    """
    return {"village": code[:9] + "000", "township": code[:6], "county": FILE}[level]


@dataclass(frozen=True)
class Shares:
    """What every household adds to every number that is published of its places: (households, numbers).

    `needed` marks numbers without which a place has nothing to show: where fewer than the floor contribute to one of
    them, the place is hidden. `coarse` marks what is not told by village.
    """

    villages: np.ndarray
    shares: np.ndarray
    needed: np.ndarray
    coarse: np.ndarray

    @classmethod
    def of(
        cls,
        villages: pd.Series,
        columns: Mapping[str, np.ndarray],
        *,
        needed: Iterable[str],
        beside: Iterable[tuple[str, str]] = (),
        coarse: Iterable[str] = (),
    ) -> Shares:
        """Of columns by name; `beside` names pairs of which a reader can take one from the other."""
        pairs = list(beside)
        names, needed, coarse = [*columns, *pairs], set(needed), set(coarse)
        every = [*(columns[name] for name in columns), *(columns[a] - columns[b] for a, b in pairs)]
        return cls(
            villages.to_numpy(dtype=str),
            np.column_stack([np.nan_to_num(np.asarray(one, float)) for one in every]),
            np.array([name in needed for name in names]),
            np.array([bool(coarse & set([name] if isinstance(name, str) else name)) for name in names]),
        )


def hidden_places(
    shares: Shares,
    published: Mapping[str, Iterable[str]],
    *,
    never: Iterable[str] = (),
    untold: Iterable[str] = (),
    floor: int = FLOOR,
) -> frozenset[str]:
    """Codes of all places that must be hidden, with "" where even the whole file must be.

    `published` holds the codes of the places by level; a place that is not among them is never shown. `never` are
    places that stay hidden whatever stands behind them, and must not come back by subtraction; `untold` are places
    that are not shown for another reason.
    """
    cells = {FILE: Cells.of(shares.shares, np.zeros(len(shares.villages), int), 1)}
    codes: dict[str, pd.Index] = {}
    forced, untold = set(never), frozenset(untold)
    for level in LEVELS:
        own = pd.Index(_cut(shares.villages, level))
        codes[level] = pd.Index(np.union1d(own.unique(), np.asarray(list(published[level]), dtype=str)))
        forced |= set(codes[level].difference(pd.Index(list(published[level]))))
        cells[level] = Cells.of(shares.shares, codes[level].get_indexer(own), len(codes[level]))
    while True:
        hidden, failed = _hide_once(shares, cells, codes, forced=forced, untold=untold, floor=floor)
        if not failed:
            return frozenset(hidden)
        forced |= failed


def _cut(villages: np.ndarray, level: str) -> np.ndarray:
    tail = "000" if level == "township" else ""
    return np.array([code[: _DIGITS[level]] + tail for code in villages], dtype=object)


def _hide_once(
    shares: Shares, cells, codes, *, forced: set[str], untold: frozenset[str], floor: int
) -> tuple[set[str], set[str]]:
    """From the top down: what must be hidden, and shown places that no hiding below them can protect."""
    whole = cells[FILE].tell(floor=floor).any()
    hidden = {FILE} if whole or FILE in forced else set()
    failed: set[str] = set()
    for level in LEVELS:
        own = ~shares.coarse if level == "village" else np.ones(len(shares.coarse), bool)
        here = Cells(*(part[:, own] for part in vars(cells[level]).values()))
        parents = pd.Series([parent_code(code, level) for code in codes[level]])
        must = codes[level].isin(forced)
        gone = must | codes[level].isin(untold) | here.tell(floor=floor).any(axis=1)
        gone |= (here.count[:, shares.needed[own]] < floor).any(axis=1)
        gone |= (parents.isin(hidden) & parents.ne(FILE)).to_numpy()
        for parent, rows in parents.groupby(parents).groups.items():
            if parent not in hidden and not _hide_more(here, gone, must, rows.to_numpy(), floor):
                failed.add(str(parent))
        hidden |= set(codes[level][gone])
    return hidden, failed


def _hide_more(cells: Cells, gone: np.ndarray, must: np.ndarray, rows: np.ndarray, floor: int) -> bool:
    """Hide more of one place's parts, smallest first, in place, until what is left tells nothing; False if it does."""
    order = rows[np.lexsort((rows, cells.count[rows, 0]))]
    for candidate in (*order[~gone[order]], None):
        mine = rows[gone[rows]]
        if not remainder_tells(cells.rows(mine), must[mine], floor=floor):
            return True
        if candidate is not None:
            gone[candidate] = True
    return False


def public_places(
    by_level: Mapping[str, pd.DataFrame],
    households: pd.DataFrame,
    *,
    shares: Shares | None = None,
    never: Iterable[str] = (),
    floor: int = FLOOR,
) -> dict[str, pd.DataFrame]:
    """The frames of `Gains.by` with every number of a place gone that would give a household away.

    `by_level` holds "county", "township" and "village" frames (code, name and numbers), `households` what
    `Gains.households` gives of the same year, `shares` what else is published of the same places (default: their gain
    and persons). Each answer keeps every row, its code and name, and gets `shown`; the numbers of other rows are
    NaN. No loss is told by village. A split by livelihood beside a total, or a count of those who gain, is never
    published: either would need groups of its own.
    """
    shares = gain_shares({"gain": households}) if shares is None else shares
    published = {level: by_level[level]["code"] for level in LEVELS}
    hidden = hidden_places(shares, published, never=never, untold=losing(by_level["village"]), floor=floor)
    return {level: blanked(by_level[level], by_level[level]["code"].isin(hidden)) for level in LEVELS}


def gain_shares(
    estimates: Mapping[str, pd.DataFrame],
    *,
    earlier: Mapping[tuple[str, int], pd.DataFrame] | None = None,
    coarse: Iterable[str] = (),
) -> Shares:
    """What households add to the gains that stand beside each other: of years, scenarios and earlier editions.

    `estimates`: by name, what `Gains.households` gives; the first is the edition's own, whose persons are published
    too. `earlier` holds the same of an estimate of that name in a numbered edition before. A household contributes
    when it holds a recorded link and its mean gain is not zero; inferred households are nobody's record and hide
    nobody. A reader can take each gain from each other one of the edition, and from the same one of another edition.
    """
    first = next(iter(estimates))
    every = dict(estimates) | {_before(*which): homes for which, homes in (earlier or {}).items()}
    columns = {name: _by_household(homes, recorded_yuan(homes)) for name, homes in every.items()}
    people = {"persons": _by_household(estimates[first], estimates[first]["persons"].to_numpy(float))}
    beside = list(combinations(estimates, 2))
    for (name, edition), homes in (earlier or {}).items():
        beside.append((name, _before(name, edition)))
        if name == first:
            people[_before("persons", edition)] = _by_household(homes, homes["persons"].to_numpy(float))
            beside.append(("persons", _before("persons", edition)))
    table = pd.DataFrame(columns | people).fillna(0.0)
    villages = pd.Series(table.index.get_level_values("village_code"))
    return Shares.of(villages, dict(table.items()), needed=[first], beside=beside, coarse=coarse)


def _before(name: str, edition: int) -> str:
    return f"{name} in edition {edition}"


def recorded_yuan(homes: pd.DataFrame, column: str = "gain_yuan_mean") -> np.ndarray:
    """Yuan of households with a recorded link, 0 of all others: (households,)."""
    return np.where(homes["linked"].astype(bool), homes[column], 0.0)


def _by_household(homes: pd.DataFrame, values: np.ndarray) -> pd.Series:
    """Values by household and village: who moved away left one and came to another."""
    names = homes["household_id"] if "household_id" in homes else pd.Series(range(len(homes)))
    who = pd.MultiIndex.from_arrays([names, homes["village_code"]], names=["household_id", "village_code"])
    return pd.Series(values, index=who)


def losing(villages: pd.DataFrame) -> list[str]:
    """Codes of villages whose mean gain is below 0."""
    return list(villages.loc[villages["gain_yuan_mean"].lt(0), "code"])


def without_losses(villages: pd.DataFrame) -> pd.DataFrame:
    """Villages whose intervals begin at 0 where they would begin below: no loss of a village is told.

    >>> without_losses(pd.DataFrame({"gain_yuan_p10": [-5.0, 5.0]}))["gain_yuan_p10"].tolist()
    [0.0, 5.0]
    """
    ends = [name for name in villages if name.startswith("gain_") and name.endswith(("_p10", "_p90"))]
    return villages.assign(**{name: villages[name].clip(lower=0) for name in ends})


def blanked(places: pd.DataFrame, gone: pd.Series) -> pd.DataFrame:
    """Rows whose numbers may not be told without them, with `shown`."""
    numbers = [name for name in places.columns if name not in ("code", "name")]
    answer = places.astype(dict.fromkeys(numbers, float))
    answer.loc[gone.to_numpy(), numbers] = np.nan
    return answer.assign(shown=~gone.to_numpy()).reset_index(drop=True)


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

    A township's total counts its programme sites (`programme_site`; all where the column is missing). Where it would
    give a hidden one back by subtraction, the shown ones with the fewest households go too, until the hidden ones
    are several and rest on `floor` households.
    """
    links = _standing_for(links)
    sharing = households_sharing(sites, links)
    shown = (sharing >= floor).to_numpy(copy=True)
    members = links.groupby("site_id")["household_id"].agg(set)
    counted = sites.reset_index(drop=True)
    if "programme_site" in counted:
        counted = counted[counted["programme_site"]]
    for _, rows in counted.groupby("township_code").groups.items():
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
