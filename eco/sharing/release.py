"""What one edition may say of a project, formed once, before anything is drawn or written.

Maps, workbooks, layers and briefs take a `Release` and nothing else: a column that is not in it cannot leave.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from eco.phrases import word
from eco.records.tables import TABLES
from eco.sharing.privacy import groups, masks
from eco.sharing.privacy.editions import FLOOR, Edition, edition_named

LEVELS = ("county", "township", "village")
BASES = ("none", "inferred", "mostly_inferred", "mostly_recorded", "recorded")
_TABLES = {"county": "counties", "township": "townships", "village": "villages"}
_SITE_TABLES = {"forest": "forest_plots", "juncao": "juncao_plots", "bees": "apiaries"}


@dataclass(frozen=True)
class Sheet:
    """What stands around every paper: its title, whom it is for, the stamp, the small print."""

    project: str
    title: str
    heading: str
    label: str
    stamp: str
    watermark: str  # printed across the sheet; empty where nothing is
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Release:
    """All that one edition may say, of one year, in one language.

    `places`: by level, a row a place: indexed by code, with name, parent (the code above), shown (None where there
    is nothing to show), the numbers the edition allows (NaN where hidden) and its outline, EPSG:4544.
    `sites`: by livelihood, a row a site with x and y in metres (EPSG:4544) and, where allowed, its outline.
    `households`: a row a household under its pseudonym; None where the edition has none.
    """

    edition: Edition
    lang: str
    year: int
    sheet: Sheet
    places: Mapping[str, gpd.GeoDataFrame]
    sites: Mapping[str, pd.DataFrame]
    households: pd.DataFrame | None


def release(
    project,
    *,
    gains=None,
    edition: str = "county",
    lang: str = "zh",
    year: int | None = None,
    review_no: str | None = None,
    key: bytes | None = None,
    today: date | None = None,
) -> Release:
    """What an edition may say. Without `gains` places have no numbers.

    `key` is what pseudonyms and blurred places hang on: random unless given. `review_no` is the 审图号; a public
    release without it says 内部资料 请勿公开 across every sheet. ValueError for an unknown edition or language.
    """
    rules = edition_named(edition)
    if lang not in ("zh", "en"):
        raise ValueError(f"语言 {lang!r}：可用 zh、en / language {lang!r}: use zh or en")
    year = project.settings.default_year if year is None else year
    links = project.links if gains is None else gains.exposure.links
    sites = {name: _sites(project, name, lang) for name in _SITE_TABLES}
    homes = None
    if "household" in rules.columns and gains is not None:
        homes = _households(project, gains, rules, year, key or secrets.token_bytes(32))
    return Release(
        rules,
        lang,
        year,
        _sheet(project, gains, rules, lang, year, (review_no or "").strip(), today or date.today()),
        _places(project, gains, rules, year, sites, links),
        {name: _allowed_sites(sites[name], links, rules, name) for name in sites},
        homes,
    )


def _sheet(project, gains, rules: Edition, lang: str, year: int, review_no: str, today: date) -> Sheet:
    title = word("sheet_title" if gains is not None else "sheet_title_plain", lang)
    mark = word("sheet_watermark", lang) if rules.name == "public" and not review_no else ""
    name = project.settings.name
    return Sheet(
        name,
        f"{name} · {title} · {year}",
        f"{title} · {year}",
        rules.label.say(lang),
        _stamp(rules, lang, review_no),
        mark and word("sheet_watermark", "zh"),
        tuple(_notes(project, gains, lang, year, today)),
    )


def _stamp(rules: Edition, lang: str, review_no: str) -> str:
    """What the head of the sheet says of its use: internal, not public, or the review number."""
    if rules.name != "public":
        return word("sheet_internal", lang)
    return f"{word('sheet_review', lang)}：{review_no}" if review_no else word("sheet_watermark", lang)


def _notes(project, gains, lang: str, year: int, today: date) -> list[str]:
    """The small print: line, draws, seed, what intervals mean, inputs by the start of their SHA-256."""
    notes = []
    if gains is not None:
        settings = project.settings
        line = settings.line_yuan_per_person.get(year) or gains.numbers.line(
            year, series=settings.line_series
        )
        said = f"{line:,.0f} {word('sheet_line_unit', lang)}" if line else word("sheet_no_line", lang)
        notes = [
            f"{word('sheet_line', lang)} {said}",
            f"{word('sheet_draws', lang)} {gains.draws}",
            f"{word('sheet_seed', lang)} {gains.seed}",
            word("sheet_conditional", lang),
        ]
    prints = " ".join(f"{name} {digest[:8]}" for name, digest in sorted(project.inputs.items()))
    if prints:
        notes.append(f"{word('sheet_inputs', lang)} {prints}")
    return [*notes, f"{word('sheet_made_on', lang)} {today.isoformat()}", word("sheet_made_with", lang)]


def _places(project, gains, rules: Edition, year: int, sites, links) -> dict[str, gpd.GeoDataFrame]:
    """The three levels, each as this edition may show it."""
    numbers: dict[str, pd.DataFrame] = {}
    if gains is not None:
        by_level = {level: gains.by(level, year=year) for level in LEVELS}
        households = gains.households(year=year)
        if rules.name == "public":
            by_level = groups.public_places(by_level, households)
        numbers = {level: _with_basis(frame, households, level) for level, frame in by_level.items()}
    answer = {}
    for level in LEVELS:
        places = getattr(project, _TABLES[level])[["code", "name", "geometry"]].sort_values("code")
        places = places.reset_index(drop=True)
        if level in numbers:
            places = places.merge(numbers[level].drop(columns="name"), on="code", how="left")
        if level == "township" and gains is not None:
            places = _with_totals(places, sites, links, rules)
        places = places.assign(parent=[groups.parent_code(code, level) for code in places["code"]])
        allowed = rules.allow(places, level).set_index(places["code"])
        answer[level] = gpd.GeoDataFrame(allowed, geometry=places.geometry.to_numpy(), crs="EPSG:4544")
    return answer


def _with_basis(places: pd.DataFrame, households: pd.DataFrame, level: str) -> pd.DataFrame:
    """Gain per head, and how far the links behind a place are recorded: a position in `BASES`."""
    answer = places.copy()
    for end in ("mean", "p10", "p90"):
        answer[f"gain_per_head_{end}"] = answer[f"gain_yuan_{end}"] / answer["persons"].where(
            answer["persons"] > 0
        )
    digits = {"county": 6, "township": 9, "village": 12}[level]
    share = _recorded_share(households).groupby(households["village_code"].str[:digits]).mean()
    recorded = answer["code"].str[:digits].map(share).to_numpy(dtype=float)
    answer["basis"] = _basis(recorded)
    if "shown" not in answer:  # None where there is nobody to show
        answer["shown"] = (answer["households"] > 0).astype(object).where(answer["households"] > 0, None)
    return answer.assign(basis=answer["basis"].where(answer["shown"].eq(True)))


def _recorded_share(households: pd.DataFrame) -> pd.Series:
    """How far a household's links are recorded: 1, 0.5 where some are inferred, 0; NaN without a link."""
    recorded, inferred = households["linked"].astype(float), households["inferred"].astype(float)
    return recorded / (recorded + inferred).where(recorded + inferred > 0)


def _basis(recorded_share: np.ndarray) -> np.ndarray:
    """Position in `BASES` of each share of recorded links; NaN means there is none."""
    steps = np.select([recorded_share <= 0, recorded_share < 0.5, recorded_share < 1], [1, 2, 3], 4)
    return np.where(np.isnan(recorded_share), 0, steps).astype(float)


def _with_totals(places: pd.DataFrame, sites, links: pd.DataFrame, rules: Edition) -> pd.DataFrame:
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


def _sites(project, name: str, lang: str) -> pd.DataFrame:
    """The rows of one livelihood's table in the map's columns; `outline` is None for points."""
    table = _SITE_TABLES[name]
    rows = getattr(project, table).reset_index(drop=True)
    centre = shapely.point_on_surface(rows.geometry.to_numpy().astype(object))

    def said(column: str) -> list[str]:
        return [choice_label(table, column, value, lang) for value in rows[column]]

    frame = pd.DataFrame(
        {
            "site_id": rows["apiary_id" if name == "bees" else "plot_id"].astype(str),
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


def _allowed_sites(sites: pd.DataFrame, links: pd.DataFrame, rules: Edition, name: str) -> pd.DataFrame:
    """The sites of a livelihood that the edition may show, as sharp as it may."""
    if rules.name == "public":
        sites = groups.public_sites(sites, links)
        sites = sites.assign(
            x=np.round(sites["x"] / rules.grid_m) * rules.grid_m,
            y=np.round(sites["y"] / rules.grid_m) * rules.grid_m,
        )
    return rules.allow(sites.assign(households_sharing=groups.households_sharing(sites, links)), name)


def _households(project, gains, rules: Edition, year: int, key: bytes) -> pd.DataFrame:
    """Households under pseudonyms, each somewhere in the 100 m square it stands in."""
    gain = gains.households(year=year)
    points = project.households.set_index("household_id").geometry.reindex(gain["household_id"])
    here = (~points.isna() & ~points.is_empty).to_numpy()
    gain, points = gain[here].reset_index(drop=True), points[here]
    xy = shapely.get_coordinates(points.to_numpy())
    blurred = masks.blur(xy, gain["household_id"], key=key, grid_m=rules.grid_m)
    frame = gain.assign(
        id=masks.pseudonyms(gain["household_id"], key),
        x=blurred[:, 0],
        y=blurred[:, 1],
        basis=_basis(_recorded_share(gain).to_numpy(dtype=float)),
    )
    return rules.allow(frame, "household")
