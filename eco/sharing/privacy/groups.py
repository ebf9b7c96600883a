"""Small groups hidden: what rests on too few households goes, and does not come back by subtraction.

Every function takes frames and gives frames; none reads or writes a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from eco.sharing.privacy.editions import FLOOR


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
