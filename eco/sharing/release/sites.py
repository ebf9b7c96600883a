"""The sites of an edition: plots and yards in the map's columns, as sharp as it may say them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import shapely

from eco.income.flowers import saturation
from eco.income.gains import Gains
from eco.income.places import cut_codes
from eco.records.ground import shared_mu
from eco.records.tables import TABLES
from eco.sharing.privacy import groups
from eco.sharing.privacy.editions import FLOOR, Edition

SITE_TABLES = {"forest": "forest_plots", "juncao": "juncao_plots", "bees": "apiaries"}
# Where nothing flowers colonies are infinitely many for what feeds them: a number for it that can be written.
NO_FLOWERS = 99.0


def all_sites(project, gains, lang: str) -> dict[str, pd.DataFrame]:
    """All sites by livelihood, nothing hidden: for `allowed_sites` and the sums of places."""
    sites = {name: _sites(project, name, lang) for name in SITE_TABLES}
    if isinstance(gains, Gains):
        told = saturation(project, gains.numbers).set_index("yard")
        yards = sites["bees"]
        sites["bees"] = yards.assign(
            saturation=yards["site_id"].map(told["saturation_nectar"]).clip(upper=NO_FLOWERS),
            fed=yards["site_id"].map(told["colonies_fed"]),
            flying=yards["site_id"].map(told["hives"]),
        )
    return sites


def _sites(project, name: str, lang: str) -> pd.DataFrame:
    """The rows of one livelihood's table in the map's columns; `outline` is None for points."""
    table = SITE_TABLES[name]
    rows = getattr(project, table).reset_index(drop=True)
    centre = shapely.point_on_surface(rows.geometry.to_numpy().astype(object))

    def said(column: str) -> list[str]:
        return [choice_label(table, column, value, lang) for value in rows[column]]

    frame = pd.DataFrame(
        {
            "site_id": rows["apiary_id" if name == "bees" else "plot_id"].astype(str),
            "village_code": rows["village_code"],
            "township_code": rows["township_code"],
            "x": shapely.get_x(centre),
            "y": shapely.get_y(centre),
            "assumed": rows["assumed"].eq("yes"),
            "programme_site": True,
        }
    )
    if name == "bees":
        frame = frame.assign(
            hives=rows["hives_received"],
            colonies=rows["hives_alive"],
            started_year=rows["started_year"],
            in_programme=rows["in_programme"].eq("yes"),
            programme_site=rows["in_programme"].eq("yes"),
        )
    else:
        frame["outline"] = rows.geometry.to_numpy().astype(object)
        frame["mu"] = rows["area_mu"]
    if name == "forest":
        frame["mu"] = rows["verified_mu"].fillna(rows["area_mu"])
        frame = frame.assign(
            programme_site=rows["programme"].ne("none"),
            species=rows["species"],
            planted_year=rows["planted_year"],
            programme=said("programme"),
        )
    elif name == "juncao":
        frame = frame.assign(season=rows["season"], use=said("use"))
    return frame[frame["x"].notna()].reset_index(drop=True)


def choice_label(table: str, column: str, value: object, lang: str) -> str:
    """One of our words for a choice as a reader of `lang` says it; other texts as they are.

    >>> choice_label("juncao_plots", "use", "fed", "zh"), choice_label("juncao_plots", "use", "fed", "en")
    ('自用', 'fed')
    """
    choices = TABLES[table][column].choices
    if value not in choices:
        return str(value)
    return choices[str(value)][0] if lang == "zh" else str(value).replace("_", " ")


def allowed_sites(
    project, sites: Mapping[str, pd.DataFrame], links: pd.DataFrame, rules: Edition
) -> dict[str, pd.DataFrame]:
    """The sites the edition may show, as sharp as it may, not yet without the columns it may not carry."""
    answer = dict(sites)
    if rules.name == "public":
        for name, frame in sites.items():
            kept = groups.public_sites(frame, links)
            blunt = {axis: np.round(kept[axis] / rules.grid_m) * rules.grid_m for axis in "xy"}
            answer[name] = kept.assign(**blunt)
    overlaps = _overlaps(project, answer)
    for name, frame in answer.items():
        more = {"households_sharing": groups.households_sharing(frame, links)}
        if name in overlaps:
            more["overlap_mu"] = frame["site_id"].map(overlaps[name]).fillna(0.0)
        answer[name] = frame.assign(**more)
    return answer


def _overlaps(project, sites: Mapping[str, pd.DataFrame]) -> dict[str, pd.Series]:
    """Mu of each plot that also lie in another shown plot, by site_id: grass only in grass of the same season."""
    plots = {}
    for name in ("forest", "juncao"):
        table = getattr(project, SITE_TABLES[name])
        plots[name] = table[table["plot_id"].astype(str).isin(sites[name]["site_id"])]
    shared: dict[str, list] = {"forest": [], "juncao": []}
    for one, other in (("forest", "forest"), ("juncao", "juncao"), ("juncao", "forest")):
        row, there, mu = shared_mu(plots[one], plots[other])
        if one == other == "juncao":
            season = plots["juncao"]["season"].to_numpy()
            same = season[row] == season[there]
            row, there, mu = row[same], there[same], mu[same]
        shared[one].append(pd.Series(mu, plots[one]["plot_id"].to_numpy(dtype=object)[row]))
        if one != other:
            shared[other].append(pd.Series(mu, plots[other]["plot_id"].to_numpy(dtype=object)[there]))
    answer = {}
    for name, parts in shared.items():
        summed = pd.concat(parts).groupby(level=0).sum()
        own = sites[name].set_index("site_id")["mu"]
        answer[name] = np.minimum(summed, own.reindex(summed.index).fillna(np.inf)) if len(summed) else summed
    return answer


def with_totals(
    places: pd.DataFrame, sites: Mapping[str, pd.DataFrame], links: pd.DataFrame, rules: Edition
) -> pd.DataFrame:
    """Mu of forest, mu-seasons of Juncao and programme hives of each township the edition shows."""
    floor = FLOOR if rules.name == "public" else 0
    shown = places["shown"].eq(True) | (rules.name != "public")
    answer = places
    for name, amount, column in (
        ("forest", "mu", "forest_mu"),
        ("juncao", "mu", "juncao_mu_seasons"),
        ("bees", "hives", "hives"),
    ):
        counted = sites[name][sites[name]["programme_site"]]
        totals = groups.site_totals(counted, links, amount, floor=floor)
        answer = answer.assign(**{column: places["code"].map(totals).where(shown)})
    return answer


def with_saturation(places: pd.DataFrame, yards: pd.DataFrame, level: str) -> pd.DataFrame:
    """Colonies flying per colony that the flowers feed, over the shown yards of each place.

    The mean of the yards' numbers by hives (harmonic, so that yards without flowers count by what they lack): it says
    nothing that the shown yards do not. NaN where nobody can tell.
    """
    if "fed" not in yards:
        return places
    known = yards[yards["fed"].notna() & (yards["flying"] > 0)]
    sums = known.groupby(cut_codes(known["village_code"], level))[["flying", "fed"]].sum()
    ratio = (sums["flying"] / sums["fed"].where(sums["fed"] > 0)).fillna(NO_FLOWERS).clip(upper=NO_FLOWERS)
    return places.assign(saturation=places["code"].map(ratio))
