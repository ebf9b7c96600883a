"""Who takes up what the records leave open: split by free days and distance among registered households.

An inferred link is a statement about an average household in reach, never a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eco.income.nearness import Nearness
from eco.livelihoods.livelihood import Inference, Livelihood
from eco.parameters.numbers import Numbers
from eco.records.project import Project
from eco.records.tables import POOR_TYPES

LINK_COLUMNS = [
    *("household_id", "site_id", "livelihood", "role", "quantity", "unit", "year"),
    *("recorded", "weight", "site_recorded"),
]
_NOTHING = 1e-6  # mu or hives


@dataclass(frozen=True)
class Calendar:
    """Free days of every household, in order of id, in every year of the programme."""

    household_ids: pd.Index
    first_year: int
    free: np.ndarray  # (households, years)
    candidate: np.ndarray  # registered, with a worker and a place
    points: np.ndarray  # (households, 2)

    @classmethod
    def of(cls, project: Project, sites: Mapping[str, pd.DataFrame], numbers: Numbers) -> Calendar:
        """The calendar of a project, from the first year of any site to its last or to the default year."""
        homes = project.households.sort_values("household_id")  # equal weights are settled by id, not by row
        years = [project.settings.default_year]
        years += [int(y) for s in sites.values() if len(s) for y in (s["since"].min(), s["since"].max())]
        span = max(years) - min(years) + 1
        free = free_days(homes, numbers["hh_days_avail"].mode)
        points = np.column_stack([homes.geometry.x, homes.geometry.y])
        able = homes["register_type"].isin(POOR_TYPES) & (homes["workers"] > 0) & np.isfinite(points[:, 0])
        ids = pd.Index(homes["household_id"])
        return cls(ids, min(years), np.repeat(free[:, None], span, axis=1), able.to_numpy(), points)

    def years(self, since: float, lasting: float) -> slice:
        """Columns of the years from `since` on, at least one and within the calendar."""
        start = int(min(max(since - self.first_year, 0), self.free.shape[1] - 1))
        return slice(start, int(min(start + lasting, self.free.shape[1])))

    def book(self, booked: np.ndarray, links: pd.DataFrame, days: np.ndarray, lasting: np.ndarray) -> None:
        """Add the days of links to `booked`, in place."""
        at = self.household_ids.get_indexer(links["household_id"])
        for last in np.unique(lasting):
            for year in np.unique(links["year"]):
                rows = (lasting == last) & (links["year"] == year).to_numpy()
                asked = np.bincount(at[rows], days[rows], minlength=len(booked))
                booked[:, self.years(year, last)] += asked[:, None]

    def overbooked(self, booked: np.ndarray) -> pd.DataFrame:
        """Households and years whose recorded work asks more than their free days."""
        household, year = np.nonzero(booked > self.free + 0.5)
        return pd.DataFrame(
            {
                "household_id": self.household_ids[household],
                "year": self.first_year + year,
                "asked_days": booked[household, year],
                "free_days": self.free[household, year],
            }
        )


def free_days(households: pd.DataFrame, usual: float) -> np.ndarray:
    """Free labour days a year: recorded where given, else the usual number; none without a worker."""
    days = households["free_days"].fillna(usual).to_numpy(float)
    return np.where(households["workers"] > 0, days, 0.0)


def asked_days(one: Livelihood, links: pd.DataFrame, numbers: Numbers) -> np.ndarray:
    """Days a year that links ask, at the modes of the numbers, shape (links,)."""
    per_unit = {role: numbers[name].mode for role, name in one.day_rates.items()}
    rate = links["role"].map(per_unit).fillna(0).to_numpy(float)
    return np.where(links["unit"] == "days", 1.0, rate) * links["quantity"].to_numpy(float)


def lasting_years(one: Livelihood, links: pd.DataFrame) -> np.ndarray:
    """For how many years links ask their days: 1, or infinity for what has no end, shape (links,)."""
    endless = [inference.role for inference in one.inferences if inference.years == "open"]
    return np.where(links["role"].isin(endless), np.inf, 1.0)


def infer(
    one: Livelihood,
    inference: Inference,
    *,
    sites: pd.DataFrame,
    recorded: pd.DataFrame,
    calendar: Calendar,
    free: np.ndarray,
    near: Nearness,
    numbers: Numbers,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Inferred links of one role, and what found nobody; takes the days it allots out of `free`, in place.

    Sites come in order of first year and id. A household's weight is its free days x exp(-distance / reach_decay);
    the nearest and freest that the rest needs share it in proportion, none beyond its free days or `most`.
    """
    a_unit = numbers[one.day_rates[inference.role]].mode
    lasting = {"": 1.0, "open": np.inf}.get(inference.years) or numbers[inference.years].mode
    most = numbers[inference.most].mode if inference.most else np.inf
    rows = recorded[(recorded["livelihood"] == one.name) & (recorded["role"] == inference.role)]
    lacking = _lacking(sites, rows, a_unit, lasting, numbers[inference.share].mode)
    rest, since = lacking["rest"].to_numpy(), lacking["since"].to_numpy()
    chosen, taken = [], []
    for at, (homes, closeness) in enumerate(near.of(lacking.index)):
        years = calendar.years(since[at], lasting)
        days = free[homes, years].min(axis=1) if len(homes) else np.empty(0)
        who, much = _allot(rest[at], homes, days * closeness, np.minimum(days / a_unit, most))
        free[who, years] -= (much * a_unit)[:, None]
        chosen.append(who)
        taken.append(much)
    left = rest - np.array([much.sum() for much in taken])
    columns = {"site_id": lacking.index, "role": inference.role, "quantity": left, "unit": inference.unit}
    links = _inferred_rows(one, inference, lacking, calendar.household_ids, chosen, taken)
    return links, pd.DataFrame(columns)[left > _NOTHING]


def _lacking(sites: pd.DataFrame, rows: pd.DataFrame, days_a_unit, lasting, share) -> pd.DataFrame:
    """Sites of the programme whose registered share is not yet recorded, with what is done and what rests."""
    in_units = np.where(rows["unit"] == "days", 1 / days_a_unit, 1.0) * rows["quantity"]
    a_year = in_units.groupby(rows["site_id"]).sum() / (lasting if np.isfinite(lasting) else 1)
    done = a_year.reindex(sites.index).fillna(0.0)
    rest = sites["site_quantity"] * share - done
    lacking = sites.assign(rest=rest, done=done)[(rest > _NOTHING) & (sites["in_programme"] > 0)]
    return lacking.sort_index(kind="stable").sort_values("since", kind="stable")


def _allot(rest, homes, weights, capacity):
    """The households with the largest weights that the rest needs, and how much each takes."""
    order = np.lexsort((homes, -weights))
    order = order[weights[order] > 0]
    enough = int(np.searchsorted(np.cumsum(capacity[order]), rest)) + 1
    order = order[:enough]
    return homes[order], fill(rest, weights[order], capacity[order])


def fill(quantity: float, weights: np.ndarray, capacity: np.ndarray) -> np.ndarray:
    """Split a quantity in proportion to weights, nobody beyond its capacity (water-filling).

    Returns min(capacity, level x weights) with the level at which the sum is `quantity`, or `capacity` where
    that is too little. Shapes (n,).

    >>> fill(9.0, np.array([1.0, 1.0, 1.0]), np.array([1.0, 9.0, 9.0])).tolist()
    [1.0, 4.0, 4.0]
    """
    if capacity.sum() <= quantity:
        return capacity.copy()
    order = np.argsort(capacity / weights, kind="stable")
    full = np.concatenate([[0], np.cumsum(capacity[order])[:-1]])
    open_weight = np.cumsum(weights[order][::-1])[::-1]
    levels = (quantity - full) / open_weight
    level = levels[np.argmax(levels <= capacity[order] / weights[order])]
    return np.minimum(capacity, level * weights)


def _inferred_rows(
    one, inference: Inference, lacking: pd.DataFrame, household_ids, chosen, taken
) -> pd.DataFrame:
    """One row a household that takes part of a site's rest; `chosen` and `taken` hold an array a site."""
    if not len(lacking):
        return pd.DataFrame(columns=LINK_COLUMNS)
    of_site = np.repeat(np.arange(len(lacking)), [len(who) for who in chosen])
    sites, quantity = lacking.iloc[of_site], np.concatenate(taken)
    return pd.DataFrame(
        {
            "household_id": household_ids[np.concatenate(chosen)],
            "site_id": sites.index,
            "livelihood": one.name,
            "role": inference.role,
            "quantity": quantity,
            "unit": inference.unit,
            "year": sites["since"].to_numpy(int),
            "recorded": False,
            "weight": quantity / sites["rest"].to_numpy(),
            "site_recorded": sites["done"].to_numpy(),
        }
    )
