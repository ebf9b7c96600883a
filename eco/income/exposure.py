"""Which household stands where: recorded links first, the rest inferred by reach and free labour.

An inferred link is a statement about an average household in reach, never a record: it is marked
`recorded == False` everywhere, and its weight is the part of the site's unrecorded share it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from eco.income.inference import LINK_COLUMNS, Calendar, asked_days, infer, lasting_years
from eco.income.nearness import STRAIGHT, near_sites, told_by
from eco.income.sites import ground_report, sites_of
from eco.livelihoods import LIVELIHOODS, Livelihood
from eco.parameters.numbers import Numbers
from eco.records.project import Project
from eco.records.showing import said_html, shown
from eco.waiting import waiting

_NOBODY_ASKED = pd.DataFrame(columns=["site_id", "role", "quantity", "unit"]).astype({"quantity": float})


@dataclass(frozen=True)
class Exposure:
    """What every household has to do with every site of the programme.

    `links`: one row a household-site link (household_id, site_id, livelihood, role, quantity, unit, year, recorded,
    weight, site_recorded). `households`: one row a household. `sites`: by livelihood, numbers of its sites indexed
    by site id. `unallotted`: work no household in reach had days for. `overbooked`: recorded days beyond a
    household's free days; they are reported, never cut. `outside`: recorded links to sites outside the programme,
    which earn nothing here. `reach_by`: whether the reach of inferred links is walking time over the terrain or the
    straight line. `untold`: what the elevation rasters could not tell of plots, counted, with reasons in words.
    """

    project: Project
    links: pd.DataFrame
    households: pd.DataFrame
    sites: Mapping[str, pd.DataFrame]
    unallotted: pd.DataFrame
    overbooked: pd.DataFrame
    outside: pd.DataFrame
    livelihoods: tuple[Livelihood, ...] = LIVELIHOODS
    reach_by: str = STRAIGHT
    untold: pd.DataFrame = field(default_factory=pd.DataFrame)
    # Links as an estimate walks them, by year: worked out when first asked for, whatever the numbers.
    kept: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.households)

    def __repr__(self) -> str:
        recorded = int(self.links["recorded"].sum())
        linked = int((self.households["linked"]).sum())
        return (
            f"Exposure({len(self):,} households, {linked:,} with recorded links; links: {recorded:,} recorded, "
            f"{len(self.links) - recorded:,} inferred; overbooked {len(self.overbooked):,}, "
            f"outside the programme {len(self.outside):,}; reach by {self.reach_by}{self._untold()})"
        )

    def _untold(self) -> str:
        if self.untold.empty:
            return ""
        slopes = self.untold[(self.untold["what"] == "slope_degrees") & (self.untold["why"] != "partly")]
        return f"; slope unknown for {slopes['sites'].sum():,} plots" if len(slopes) else ""

    def _repr_html_(self) -> str:
        recorded = self.links["recorded"]
        table = self.links.assign(recorded=recorded.map({True: "yes", False: "no"}))
        table = table.groupby(["livelihood", "role", "unit", "recorded"], as_index=False).agg(
            households=("household_id", "nunique"), quantity=("quantity", "sum")
        )
        counts = {
            "households": len(self),
            "linked": int(self.households["linked"].sum()),
            "recorded": int(recorded.sum()),
            "inferred": int((~recorded).sum()),
            "overbooked": len(self.overbooked),
            "outside": len(self.outside),
        }
        said = said_html("shown_exposure", **{name: f"{count:,}" for name, count in counts.items()})
        return f"{said}{shown(table)._repr_html_()}{shown(self.untold)._repr_html_() if len(self.untold) else ''}"


@waiting("wait_link")
def link(
    project: Project, numbers: Numbers, *, livelihoods: tuple[Livelihood, ...] = LIVELIHOODS
) -> Exposure:
    """Link households to the sites of `livelihoods`, by default forest, grass and bee yards.

    Recorded links are taken as they are; what a site still lacks of its registered share is split among registered
    households within `reach_work`, by free days x exp(-distance / reach_decay), nearest and freest first, none
    beyond its free days. Distance is walked where an elevation raster is fine enough, else straight (`reach_by`).
    Order of the cut: the last livelihood first (bees, then Juncao, then forest), each by first year and site id.
    """
    sites = {one.name: sites_of(one, project, numbers) for one in livelihoods}
    recorded = _recorded(project, sites)
    calendar = Calendar.of(project, sites, numbers)
    booked = np.zeros(calendar.free.shape)
    for one in livelihoods:
        rows = recorded[recorded["livelihood"] == one.name]
        calendar.book(booked, rows, asked_days(one, rows, numbers), lasting_years(one, rows))
    free = np.maximum(calendar.free - booked, 0)
    able = np.flatnonzero(calendar.candidate)
    near = {
        name: near_sites(frame, calendar.points, able, rasters=project.rasters, numbers=numbers)
        for name, frame in sites.items()
    }
    parts, unallotted = [recorded], []
    for one in reversed(livelihoods):
        for inference in one.inferences:
            rows, rest = infer(
                one,
                inference,
                sites=sites[one.name],
                recorded=recorded,
                calendar=calendar,
                free=free,
                near=near[one.name],
                numbers=numbers,
            )
            parts.append(rows)
            unallotted.append(rest)
    links = pd.concat([part for part in parts if len(part)] or [recorded], ignore_index=True)
    links = links.sort_values(
        ["household_id", "livelihood", "role", "site_id", "year", "unit", "quantity"], ignore_index=True
    )
    return Exposure(
        project,
        links,
        _per_household(project, links, calendar),
        sites,
        pd.concat([_NOBODY_ASKED, *unallotted], ignore_index=True),
        calendar.overbooked(booked),
        project.links[~project.links["site_id"].isin(recorded["site_id"])],
        livelihoods,
        told_by(near),
        ground_report(project),
    )


def _recorded(project: Project, sites: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    links = project.links.sort_values(["household_id", "site_id", "role", "year", "unit", "quantity"])
    parts = []
    for name, frame in sites.items():
        inside = frame.index[frame["in_programme"] > 0]
        parts.append(links[inside.get_indexer(links["site_id"]) >= 0].assign(livelihood=name))
    found = pd.concat(parts, ignore_index=True)
    found = found.assign(recorded=True, weight=0.0, site_recorded=0.0)
    return found[LINK_COLUMNS]


def _per_household(project: Project, links: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    homes = project.households
    table = homes[["household_id", "village_code", "persons", "workers"]].copy()
    table["free_days"] = calendar.free[calendar.household_ids.get_indexer(homes["household_id"]), 0]

    at = pd.Index(homes["household_id"]).get_indexer(links["household_id"])
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
