"""Which household stands where: recorded links first, the rest inferred by reach and free labour.

An inferred link is a statement about an average household in reach, never a record: it is marked
`recorded == False` everywhere, and its weight is the part of the site's unrecorded share it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from eco.livelihoods import LIVELIHOODS
from eco.livelihoods.livelihood import Inference, Livelihood
from eco.parameters.numbers import Numbers
from eco.records.project import Project
from eco.records.tables import POOR_TYPES, WORKING_CRS
from eco.space.forage import COVER_CLASSES, forage_hectares
from eco.space.reach import decay, pairs_within
from eco.space.terrain import slope_aspect

# Where the aspect is unknown a plot counts as half shady, half sunny.
UNKNOWN_SHADY_SHARE = 0.5
_LINK_COLUMNS = [
    "household_id",
    "site_id",
    "livelihood",
    "role",
    "quantity",
    "unit",
    "year",
    "recorded",
    "weight",
    "site_recorded",
]


@dataclass(frozen=True)
class Exposure:
    """What every household has to do with every site of the programme.

    `links`: one row a household-site link (household_id, site_id, livelihood, role, quantity, unit, year, recorded,
    weight, site_recorded, share_of_own). `households`: one row a household. `sites`: by livelihood, numbers
    of its sites indexed by site id. `unallotted`: work no household in reach had days for. `overbooked`: recorded
    days beyond a household's free days; they are reported, never cut.
    """

    project: Project
    links: pd.DataFrame
    households: pd.DataFrame
    sites: Mapping[str, pd.DataFrame]
    unallotted: pd.DataFrame
    overbooked: pd.DataFrame

    def __len__(self) -> int:
        return len(self.households)

    def __repr__(self) -> str:
        recorded = int(self.links["recorded"].sum())
        linked = int((self.households["linked"]).sum())
        return (
            f"Exposure({len(self):,} households, {linked:,} with recorded links; links: {recorded:,} recorded, "
            f"{len(self.links) - recorded:,} inferred; overbooked {len(self.overbooked):,})"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.households.head().to_html(index=False)}"


def link(project: Project, numbers: Numbers) -> Exposure:
    """Link households to forest, grass and bee yards.

    Recorded links are taken as they are; what a site still lacks of its registered share is split among registered
    households within `reach_work`, by free days x exp(-distance / reach_decay), nearest and freest first, none
    beyond its free days. Order of the cut: bees, then Juncao, then forest, each by first year and site id.
    """
    sites = {one.name: _sites(one, project, numbers) for one in LIVELIHOODS}
    recorded = _recorded(project, sites)
    calendar = _Calendar.of(project, sites, numbers)
    booked = np.zeros(calendar.free.shape)
    for one in LIVELIHOODS:
        rows = recorded[recorded["livelihood"] == one.name]
        calendar.book(booked, rows, _asked_days(one, rows, numbers), _lasting(one, rows))
    free = np.maximum(calendar.free - booked, 0)
    parts, unallotted = [recorded], []
    for one in reversed(LIVELIHOODS):
        for inference in one.inferences:
            rows, rest = _infer(one, inference, sites[one.name], recorded, calendar, free, project, numbers)
            parts.append(rows)
            unallotted.append(rest)
    links = pd.concat([part for part in parts if len(part)] or [recorded], ignore_index=True)
    links = links.sort_values(["household_id", "livelihood", "role", "site_id", "year"], ignore_index=True)
    total = links.groupby(["household_id", "livelihood", "role"])["quantity"].transform("sum")
    links["share_of_own"] = (links["quantity"] / total.where(total > 0)).fillna(0)
    return Exposure(
        project,
        links,
        _per_household(project, links, calendar),
        sites,
        pd.concat(unallotted, ignore_index=True),
        calendar.overbooked(booked),
    )


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


@dataclass(frozen=True)
class _Calendar:
    """Free days of every household in every year of the programme."""

    household_ids: pd.Index
    first_year: int
    free: np.ndarray  # (households, years)
    candidate: np.ndarray  # registered, with a worker and a place
    points: np.ndarray  # (households, 2)

    @classmethod
    def of(cls, project: Project, sites: Mapping[str, pd.DataFrame], numbers: Numbers) -> _Calendar:
        homes = project.households
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


def _sites(one: Livelihood, project: Project, numbers: Numbers) -> pd.DataFrame:
    table = project.tables[one.site_table]
    place = table.geometry.representative_point() if len(table) else table.geometry
    if one.site_table == "apiaries":
        table = table.assign(**_forage(project, numbers))
    else:
        table = table.assign(shady_share=_shady_share(project, place))
    numeric = {name: np.asarray(column, float) for name, column in one.site_columns(table).items()}
    key = table.columns[0]
    frame = pd.DataFrame(numeric, index=pd.Index(table[key], name="site_id"))
    frame["x"], frame["y"] = place.x.to_numpy(), place.y.to_numpy()
    since = one.inferences[0].since if one.inferences else None
    frame["since"] = frame[since] if since else float(project.settings.default_year)
    return frame


def _shady_share(project: Project, place) -> np.ndarray:
    """1 where a plot faces north, 0 where it faces south, by the elevation raster where that is fine enough."""
    if "elevation" not in project.rasters or not len(place):
        return np.full(len(place), UNKNOWN_SHADY_SHARE)
    _, aspect = slope_aspect(
        project.rasters["elevation"], np.column_stack([place.x, place.y]), crs=WORKING_CRS
    )
    facing = np.where(np.isfinite(aspect), aspect, 0.0)
    return np.where(np.isfinite(aspect), np.cos(np.radians(facing)) > 0, UNKNOWN_SHADY_SHARE)


def _forage(project: Project, numbers: Numbers) -> dict[str, np.ndarray]:
    yards = project.apiaries
    names = [f"forage_{name}_ha" for name in COVER_CLASSES]
    if "land_cover" not in project.rasters or not len(yards):
        return dict.fromkeys(names, np.full(len(yards), np.nan))
    hives = yards["hives_alive"].fillna(yards["hives_received"]).to_numpy(float)
    points = np.column_stack([yards.geometry.x, yards.geometry.y])
    hectares = forage_hectares(
        project.rasters["land_cover"],
        points,
        hives=hives,
        radius_km=numbers["forage_radius"].mode,
        crs=WORKING_CRS,
    )
    return dict(zip(names, hectares.values()))


def _recorded(project: Project, sites: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    links = project.links
    parts = []
    for name, frame in sites.items():
        inside = frame.index[frame["in_programme"] > 0]
        parts.append(links[inside.get_indexer(links["site_id"]) >= 0].assign(livelihood=name))
    found = pd.concat(parts, ignore_index=True)
    found = found.assign(recorded=True, weight=0.0, site_recorded=0.0)
    return found[_LINK_COLUMNS]


def _asked_days(one: Livelihood, links: pd.DataFrame, numbers: Numbers) -> np.ndarray:
    per_unit = {inference.role: numbers[inference.days].mode for inference in one.inferences}
    rate = links["role"].map(per_unit).fillna(0).to_numpy(float)
    return np.where(links["unit"] == "days", 1.0, rate) * links["quantity"].to_numpy(float)


def _lasting(one: Livelihood, links: pd.DataFrame) -> np.ndarray:
    endless = [inference.role for inference in one.inferences if inference.years == "open"]
    return np.where(links["role"].isin(endless), np.inf, 1.0)


def _infer(one, inference: Inference, sites, recorded, calendar: _Calendar, free, project, numbers):
    """Inferred links of one role, and what found nobody; takes the days it allots out of `free`."""
    rows = recorded[(recorded["livelihood"] == one.name) & (recorded["role"] == inference.role)]
    days_per_unit = numbers[inference.days].mode
    lasting = {"": 1.0, "open": np.inf}.get(inference.years) or numbers[inference.years].mode
    in_units = np.where(rows["unit"] == "days", 1 / days_per_unit, 1.0) * rows["quantity"]
    a_year = in_units.groupby(rows["site_id"]).sum() / (lasting if np.isfinite(lasting) else 1)
    done = a_year.reindex(sites.index).fillna(0.0)
    rest = sites["site_quantity"] * numbers[inference.share].mode - done
    lacking = sites.assign(rest=rest, done=done)[(rest > 1e-6) & (sites["in_programme"] > 0)]
    lacking = lacking.sort_values(["since"], kind="stable")
    able = np.flatnonzero(calendar.candidate)
    site, home, distance = pairs_within(
        lacking[["x", "y"]].to_numpy(), calendar.points[able], radius_m=numbers["reach_work"].mode * 1000
    )
    near = decay(distance, numbers["reach_decay"].mode * 1000)
    most = numbers[inference.most].mode if inference.most else np.inf
    bounds = np.searchsorted(site, np.arange(len(lacking) + 1))
    rest, since = lacking["rest"].to_numpy(), lacking["since"].to_numpy()
    chosen, taken = [], []
    for at in range(len(lacking)):
        span = slice(bounds[at], bounds[at + 1])
        years = calendar.years(since[at], lasting)
        who, much = _allot(rest[at], able[home[span]], near[span], free, years, days_per_unit, most)
        free[who, years] -= (much * days_per_unit)[:, None]
        chosen.append(who)
        taken.append(much)
    left = rest - np.array([much.sum() for much in taken])
    columns = {"site_id": lacking.index, "role": inference.role, "quantity": left, "unit": inference.unit}
    unallotted = pd.DataFrame(columns)
    links = _inferred_rows(one, inference, lacking, calendar.household_ids, chosen, taken)
    return links, unallotted[unallotted["quantity"] > 1e-6]


def _allot(rest, homes, near, free, years, days_per_unit, most):
    """The nearest and freest households that the rest needs, and how much each takes."""
    days = free[homes, years].min(axis=1) if len(homes) else np.empty(0)
    weights = days * near
    order = np.lexsort((homes, -weights))
    order = order[weights[order] > 0]
    capacity = np.minimum(days[order] / days_per_unit, most)
    enough = int(np.searchsorted(np.cumsum(capacity), rest)) + 1
    order, capacity = order[:enough], capacity[:enough]
    return homes[order], fill(rest, weights[order], capacity)


def _inferred_rows(
    one, inference: Inference, lacking: pd.DataFrame, household_ids, chosen, taken
) -> pd.DataFrame:
    """One row a household that takes part of a site's rest; `chosen` and `taken` hold an array a site."""
    if not len(lacking):
        return pd.DataFrame(columns=_LINK_COLUMNS)
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


def _per_household(project: Project, links: pd.DataFrame, calendar: _Calendar) -> pd.DataFrame:
    homes = project.households
    table = homes[["household_id", "village_code", "persons", "workers"]].copy()
    table["free_days"] = calendar.free[:, 0]

    at = calendar.household_ids.get_indexer(links["household_id"])
    quantity, recorded = links["quantity"].to_numpy(float), links["recorded"].to_numpy(bool)
    livelihood, role, unit = links["livelihood"], links["role"], links["unit"]

    def total(rows, what=quantity) -> np.ndarray:
        return np.bincount(at[rows], what[rows], minlength=len(homes))

    table["planting_mu"] = total((role == "planter") & (unit == "mu"))
    table["work_days"] = total(unit == "days")
    table["leased_mu"] = total(role == "lessor")
    table["juncao_mu_seasons"] = total((role == "grower") & (livelihood == "juncao"))
    table["hives"] = total(role == "keeper")
    table["guard_posts"] = total(role == "guard")
    ones = np.ones(len(links))
    table["linked"], table["inferred"] = total(recorded, ones) > 0, total(~recorded, ones) > 0
    return table
