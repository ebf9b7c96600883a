"""A plan put into the records: its hives, grass, trees and posts as sites and recorded links among the others.

Nothing of the planner's sums comes along. New hives stand among the old ones and share their flowers, whatever the
planner allotted: bees do not read plans.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from eco.income.exposure import Exposure
from eco.income.inference import LINK_COLUMNS, Calendar, asked_days, lasting_years
from eco.income.sites import sites_of
from eco.livelihoods import Livelihood
from eco.parameters.numbers import Numbers
from eco.phrases import Phrase
from eco.planning.ground import Ground, ground_of
from eco.planning.offers import site_id
from eco.planning.options import Options
from eco.planning.plans import Plan
from eco.problems import DataProblem, Finding
from eco.records.project import Project, Settings
from eco.records.tables import SITES, WORKING_CRS

_ORDER = ["household_id", "livelihood", "role", "site_id", "year", "unit", "quantity"]
# What the records say of new grass and trees: a household's own farmland and its grass sold; its own barren land and
# conifers, whose species nobody has chosen yet.
_GRASS = {"seedlings": "free", "use": "sold", "land_class": "farmland"}
_TREES = {
    "verified_mu": np.nan,
    "land_class": "barren",
    "tenure": "household",
    "species": "",
    "programme": "project",
    "funding": "",
    "end_year": np.nan,
}
_RECORDS = Phrase("带有户册和参数的选项", "options that hold the records and numbers they were listed from")
_LIST = Phrase("用 eco.list_options 列出选项", "list them with eco.list_options")
_A_YARD = Phrase("每个蜂箱都有放置的蜂场", "a yard for all hives")
_NAME_IT = Phrase("填写 yard（蜂场在 yards 中的位置）", "give yard, the position among the yards")
_EARLIER = Phrase(
    "基数已含项目的户，收入年度早于方案的第一年",
    "an income year before the plan's first, where the base holds the programme",
)
_WITHIN = Phrase("改用方案内的年份", "ask for a year of the plan")
_LATER = Phrase("改用更晚的年份列出选项", "list the options for a later year")


def carried_out(plan: Plan, *, year: int | None = None) -> Exposure:
    """The records with what a plan has begun by a year (default: its last) in them, linked and recorded.

    Hives stand as a further yard where the plan puts them, beside an old yard where there is one, so that old counts
    stay as they are; flowers are shared out again among all, as old as the records' own year sees them. Grass is one
    plot a village and season, trees one a village and year, on the village's own ground, at a point: nobody knows
    their outlines. A guard is linked to the largest plot of the programme that stands in the township. Inferred links
    stay as they are. The project's default year becomes `year`, its line in the plan's first year that of the
    options; the records that the options hold are not touched. Raises DataProblem for options without records, a year
    that is none of the plan's, hives without a place, and a household whose base income would hold the plan already.
    """
    options = plan.options
    if options.exposure is None or options.numbers is None:
        raise _problem("E-PLAN-60", "options", "–", _RECORDS, _LIST)
    last = options.first_year + options.years - 1
    year = last if year is None else year
    if not options.first_year <= year <= last:
        years = Phrase(f"{options.first_year}—{last} 年", f"a year from {options.first_year} to {last}")
        raise _problem("E-PLAN-63", "year", str(year), years, _WITHIN)
    exposure, known = options.exposure, {one.name: one for one in options.exposure.livelihoods}
    added = _added(begun_bundles(plan, year), options, year)
    tables = {known[name].site_table: one.sites for name, one in added.items()}
    new = pd.concat([exposure.links[:0], *(one.links for one in added.values())])
    tables["links"] = new.assign(assumed="yes")
    project = exposure.project
    project = replace(
        project, tables={name: _more(table, tables.get(name)) for name, table in project.tables.items()}
    )
    sites = dict(exposure.sites)
    for name, one in added.items():
        sites[name] = _sites(known[name], one.sites, sites[name], project, options.numbers)
    links = pd.concat([exposure.links, new]).sort_values(_ORDER, ignore_index=True)
    project = replace(project, settings=_settings(options, year))
    return replace(
        exposure,
        project=project,
        links=links,
        sites=sites,
        households=_counted(exposure.households, new),
        overbooked=_overbooked(project, links, sites, exposure.livelihoods, options.numbers),
    )


@dataclass(frozen=True)
class _Added:
    """What a plan adds to one livelihood: rows of its table of sites, with what the ground says, and links."""

    sites: gpd.GeoDataFrame
    links: pd.DataFrame

    @classmethod
    def of(cls, sites: pd.DataFrame, *links: pd.DataFrame) -> _Added:
        """Rows of sites with x and y (m), and links of several roles."""
        points = gpd.points_from_xy(sites["x"], sites["y"], crs=WORKING_CRS)
        rows = sites.assign(
            assumed="yes",
            township_code=sites["village_code"].str[:9] + "000",
            county_code=sites["village_code"].str[:6],
        )
        return cls(gpd.GeoDataFrame(rows.drop(columns=["x", "y"]), geometry=points), pd.concat(links))


def begun_bundles(plan: Plan, year: int) -> pd.DataFrame:
    """The chosen bundles that have begun by `year`, with `since` and the village their household lives in."""
    options = plan.options
    begun = options.bundles.iloc[np.sort(plan.taken)]
    begun = begun.assign(since=options.first_year + begun["start"].astype(int))
    begun = begun[begun["since"] <= year]
    homes = options.exposure.project.households.set_index("household_id")
    own = homes.loc[begun["household_id"]]
    in_base = (own["base_includes_programme"] == "yes") & (own["income_year"] >= begun["since"].to_numpy())
    if in_base.any():
        found = Phrase(f"{in_base.sum()} 户", f"{in_base.sum()} households")
        raise _problem("E-PLAN-62", "income_year", f"{found.zh} {found.en}", _EARLIER, _LATER)
    return begun.assign(village_code=own["village_code"].to_numpy())


def _added(begun: pd.DataFrame, options: Options, year: int) -> dict[str, _Added]:
    """By livelihood, what the bundles that have begun by `year` add."""
    project, numbers = options.exposure.project, options.numbers
    ground = ground_of(project, numbers, year=options.first_year)
    added = {
        "bees": _yards(begun[begun["hives"] > 0], options),
        "juncao": _grass(begun[begun["juncao_mu"] > 0], ground, options, year),
        "forest": _trees(begun, ground, options, year),
    }
    return {name: one for name, one in added.items() if len(one.links)}


def _yards(begun: pd.DataFrame, options: Options) -> _Added:
    """Hives as a further yard at every place that gets some."""
    if (begun["yard"] < 0).any():
        raise _problem("E-PLAN-61", "yard", "-1", _A_YARD, _NAME_IT)
    project, yards = options.exposure.project, options.yards.reset_index(drop=True)
    named = _unused(site_id("bees", yards["yard_id"]), project)
    sums = begun.groupby("yard").agg(hives_received=("hives", "sum"), started_year=("since", "min"))
    yards = yards.assign(apiary_id=named).loc[sums.index].join(sums)
    old = project.apiaries.set_index("apiary_id").geometry.reindex(yards["yard_id"])
    for axis, there in (("x", old.x.to_numpy(float)), ("y", old.y.to_numpy(float))):
        yards[axis] = np.where(np.isnan(there), yards.get(axis, np.nan), there)
    columns = ["apiary_id", "village_code", "hives_received", "started_year", "x", "y"]
    links = begun.assign(site_id=begun["yard"].map(named), quantity=begun["hives"], year=begun["since"])
    return _Added.of(yards[columns].assign(in_programme="yes"), _links(links, "bees", "keeper", "hives"))


def _grass(begun: pd.DataFrame, ground: Ground, options: Options, year: int) -> _Added:
    """Grass as one plot a village and season, sown anew every season until `year`."""
    project = options.exposure.project
    sown = _each_year(begun, until=year)
    sown = sown.assign(
        site_id=_plot_ids("juncao", sown["village_code"], sown["year"] - options.first_year, project)
    )
    sites = sown.groupby("site_id", as_index=False).agg(
        village_code=("village_code", "first"), season=("year", "first"), area_mu=("juncao_mu", "sum")
    )
    sites = sites.rename(columns={"site_id": "plot_id"}).assign(**_GRASS, **_on(ground.fields, sites))
    links = sown.assign(quantity=sown["juncao_mu"])
    return _Added.of(sites, _links(links, "juncao", "grower", "mu"))


def _trees(begun: pd.DataFrame, ground: Ground, options: Options, year: int) -> _Added:
    """Trees as one plot a village and year of planting, tended while young; guards on a plot of their township."""
    project, young = options.exposure.project, int(options.numbers["tending_years"].mode)
    plots = _plot_ids("forest", begun["village_code"], begun["start"], project)
    begun = begun.assign(site_id=plots, year=begun["since"], quantity=begun["forest_mu"])
    guards = begun[begun["guard_posts"] > 0]
    townships, standing = guards["village_code"].str[:9] + "000", _guarded(project, year)
    watched = [standing.get(code, own) for code, own in zip(townships, guards["site_id"])]
    guards = guards.assign(site_id=watched, quantity=guards["guard_posts"])
    own = begun[(begun["forest_mu"] > 0) | begun["site_id"].isin(watched)]
    sites = own.groupby("site_id", as_index=False).agg(
        village_code=("village_code", "first"), planted_year=("since", "first"), area_mu=("forest_mu", "sum")
    )
    sites = sites.rename(columns={"site_id": "plot_id"}).assign(**_TREES, **_on(ground.hillsides, sites))
    planted = begun[begun["forest_mu"] > 0]
    return _Added.of(
        sites,
        _links(planted, "forest", "planter", "mu"),
        _links(_each_year(planted, until=year, most=young), "forest", "tender", "mu"),
        _links(planted, "forest", "lessor", "mu"),
        _links(guards, "forest", "guard", "posts"),
    )


def _guarded(project: Project, year: int) -> pd.Series:
    """The largest plot of the programme that stands in `year`, by township."""
    plots = project.forest_plots
    standing = (
        (plots["programme"] != "none")
        & (plots["planted_year"] <= year)
        & (plots["end_year"].isna() | (plots["end_year"] >= year))
    )
    mu = plots["verified_mu"].fillna(plots["area_mu"])
    plots = plots.assign(mu=mu)[standing].sort_values(["mu", "plot_id"], ascending=[False, True])
    return plots.drop_duplicates("township_code").set_index("township_code")["plot_id"]


def _each_year(begun: pd.DataFrame, *, until: int, most: float = np.inf) -> pd.DataFrame:
    """Every row once for each of its years, from its first on: at most `most` of them, none after `until`."""
    times = np.minimum(until - begun["since"] + 1, most).astype(int)
    rows = begun.loc[begun.index.repeat(times)]
    return rows.assign(year=rows["since"] + rows.groupby(level=0).cumcount())


def _on(ground: pd.DataFrame, sites: pd.DataFrame) -> dict[str, np.ndarray]:
    """Where the sites of villages stand, and what their ground is; NaN is not known."""
    own = ground.reindex(sites["village_code"])
    known = {"elevation_m": "elevation_known", "slope_degrees": "slope_known", "shady_share": "aspect_known"}
    told = {
        name: own[name].where(own[sure].astype(bool)).to_numpy(float)
        for name, sure in known.items()
        if name in own
    }
    return {"x": own["x"].to_numpy(float), "y": own["y"].to_numpy(float), **told}


def _links(rows: pd.DataFrame, livelihood: str, role: str, unit: str) -> pd.DataFrame:
    """Recorded links of rows with household_id, site_id, quantity and year."""
    said = {"livelihood": livelihood, "role": role, "unit": unit, "recorded": True}
    return rows.assign(**said, weight=0.0, site_recorded=0.0)[LINK_COLUMNS]


def _plot_ids(livelihood: str, village_codes: pd.Series, plan_year: pd.Series, project: Project) -> pd.Series:
    """Ids of a village's plots: in the first plan year those of the offers, whose draws they share."""
    later = ("-" + plan_year.astype(int).astype(str)).where(plan_year > 0, "")
    return _unused(site_id(livelihood, village_codes) + later, project)


def _unused(names: pd.Series, project: Project) -> pd.Series:
    """The names as ids of sites that the project does not have yet."""
    taken = set().union(*(project.tables[table].iloc[:, 0] for table in SITES))
    while names.isin(taken).any():
        names = names.where(~names.isin(taken), names + " +")
    return names


def _more(table: pd.DataFrame, rows: pd.DataFrame | None) -> pd.DataFrame:
    """The table with further rows, its columns and their kinds as they were."""
    if rows is None or rows.empty:
        return table
    kinds = {name: kind for name, kind in table.dtypes.items() if name != "geometry" and kind.kind != "O"}
    more = pd.concat([table, rows.reindex(columns=table.columns).astype(kinds)], ignore_index=True)
    return more if "geometry" not in table else gpd.GeoDataFrame(more, crs=table.crs)


def _sites(
    one: Livelihood, new: pd.DataFrame, old: pd.DataFrame, project: Project, numbers: Numbers
) -> pd.DataFrame:
    """The sites of a livelihood as numbers: flowers shared out again among all yards, plots on the ground told."""
    if new.empty:
        return old
    if one.site_table == "apiaries":
        return sites_of(one, project, numbers)
    alone = replace(project, tables={**project.tables, one.site_table: new}, rasters={})
    numeric = {name: np.asarray(column, float) for name, column in one.site_columns(new).items()}
    return pd.concat([old, sites_of(one, alone, numbers).assign(**numeric)])


def _counted(households: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """The households of an exposure with what further recorded links give them."""
    of_role = {
        "planting_mu": "planter",
        "leased_mu": "lessor",
        "juncao_mu_seasons": "grower",
        "hives": "keeper",
        "guard_posts": "guard",
    }
    more = {
        column: links[links["role"] == role].groupby("household_id")["quantity"].sum()
        for column, role in of_role.items()
    }
    ids = households["household_id"]
    added = {column: households[column] + ids.map(sums).fillna(0.0) for column, sums in more.items()}
    return households.assign(**added, linked=households["linked"] | ids.isin(links["household_id"]))


def _overbooked(project: Project, links: pd.DataFrame, sites, livelihoods, numbers: Numbers) -> pd.DataFrame:
    """Recorded days beyond a household's free ones, the plan's among them."""
    calendar = Calendar.of(project, sites, numbers)
    booked = np.zeros(calendar.free.shape)
    for one in livelihoods:
        rows = links[links["recorded"].astype(bool) & (links["livelihood"] == one.name)]
        calendar.book(booked, rows, asked_days(one, rows, numbers), lasting_years(one, rows))
    return calendar.overbooked(booked)


def _settings(options: Options, year: int) -> Settings:
    """The project's settings in a plan year: the options' line is that of the first, and of later ones without any."""
    settings = options.exposure.project.settings
    lines = dict(settings.line_yuan_per_person)
    if options.line is not None:
        lines[options.first_year] = options.line
        for later in range(options.first_year + 1, year + 1):
            if options.numbers.line(later, series=settings.line_series) is None:
                lines.setdefault(later, options.line)
    return replace(settings, default_year=year, line_yuan_per_person=lines)


def _problem(code: str, column: str, found: str, expected: Phrase, todo: Phrase) -> DataProblem:
    return DataProblem([Finding(code, "error", "plan", "", column, found, expected, todo)])
