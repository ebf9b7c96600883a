"""The map of one edition: who sees which places, sites and households, and what is printed on the sheet."""

from __future__ import annotations

import secrets
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from eco.files import whole_file
from eco.phrases import word
from eco.sharing import privacy
from eco.sharing.maps import layers
from eco.sharing.maps.page import refuse_outside, sealed_page

_TABLES = {"county": "counties", "township": "townships", "village": "villages"}
_SITE_TABLES = {"forest": "forest_plots", "juncao": "juncao_plots", "bees": "apiaries"}
_TOLERANCE_M = {"county": 40.0, "public": 100.0}
_BASES = ("none", "inferred", "mostly_inferred", "mostly_recorded", "recorded")


def save_map(
    path: Path | str,
    project,
    *,
    gains=None,
    plan=None,
    edition: str = "county",
    lang: str = "zh",
    year: int | None = None,
    review_no: str | None = None,
    key: bytes | None = None,
) -> Path:
    """Write one HTML file that opens without a network: places by gain, sites, relief, search, legend.

    `edition` is "county" (pseudonymous households, plots in their outlines) or "public" (township and
    village totals of five households or more; sites that five or more share). A public map without
    `review_no` (审图号) says 内部资料 请勿公开 across itself. `key` is what household pseudonyms and
    their blurred places hang on: random unless given, the only thing that differs between two runs.
    Without `gains` places have no colour. Raises DataProblem, and leaves an old file alone, when the
    page would load anything from outside or carries a personal value of the register; ValueError
    for an unknown edition or language.
    """
    rules = privacy.edition_named(edition)
    if lang not in ("zh", "en"):
        raise ValueError(f"语言 {lang!r}：可用 zh、en / language {lang!r}: use zh or en")
    if plan is not None:
        raise ValueError("地图尚不能显示规划，请去掉 plan / maps do not draw plans yet: leave plan out")
    year = project.settings.default_year if year is None else year
    review_no = (review_no or "").strip()
    sites = {name: _sites(project, name, lang) for name in _SITE_TABLES}
    links = _links(project, gains)
    payload = _sheet(project, gains, rules, lang, year, review_no)
    payload["places"] = _places(project, gains, rules, year, sites, links)
    payload["sites"] = {name: _site_layer(sites[name], links, rules, name) for name in sites}
    if "household" in rules.columns and gains is not None:
        payload["households"] = _households(project, gains, rules, year, key or secrets.token_bytes(32))
    if "elevation" in project.rasters and project.counties.area.sum() > 0:
        payload["relief"] = layers.relief_layer(project.rasters["elevation"], project.counties.geometry)
    watermark = word("sheet_watermark", "zh") if rules.name == "public" and not review_no else ""
    page = sealed_page(payload, title=str(payload["title"]), lang=lang, watermark=watermark)
    return _write(Path(path), page, project)


def _write(path: Path, page: str, project) -> Path:
    names = {name for table in _TABLES.values() for name in getattr(project, table)["name"]}
    with whole_file(path, sealed=True) as draft:
        draft.write_text(page, encoding="utf-8", newline="\n")
        finished = draft.read_text("utf-8")
        refuse_outside(finished)
        privacy.refuse_personal(finished, project.households, place_names=names)
    return path


def _sheet(project, gains, rules: privacy.Edition, lang: str, year: int, review_no: str) -> dict[str, object]:
    """What is printed round the map, and the words the renderer needs."""
    title = word("sheet_title" if gains is not None else "sheet_title_plain", lang)
    places = [getattr(project, table).geometry for table in _TABLES.values()]
    return {
        "lang": lang,
        "edition": rules.name,
        "words": layers.words(lang),
        "project": project.settings.name,
        "title": f"{project.settings.name} · {title} · {year}",
        "heading": f"{title} · {year}",
        "label": rules.label.say(lang),
        "stamp": _stamp(rules, lang, review_no),
        "notes": _notes(project, gains, lang, year),
        "year": year,
        "sharp": rules.decimals,
        "bounds": layers.degree_bounds(pd.concat(places)),
    }


def _stamp(rules: privacy.Edition, lang: str, review_no: str) -> str:
    """What the head of the sheet says of its use: internal, not public, or the review number."""
    if rules.name != "public":
        return word("sheet_internal", lang)
    return f"{word('sheet_review', lang)}：{review_no}" if review_no else word("sheet_watermark", lang)


def _notes(project, gains, lang: str, year: int) -> list[str]:
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
    return [*notes, word("sheet_made_with", lang)]


def _links(project, gains) -> pd.DataFrame:
    return project.links if gains is None else gains.exposure.links


def _places(project, gains, rules: privacy.Edition, year: int, sites, links) -> dict[str, object]:
    """The three levels, each as this edition may show it."""
    numbers: dict[str, pd.DataFrame] = {}
    if gains is not None:
        by_level = {level: gains.by(level, year=year) for level in layers.LEVELS}
        households = gains.households(year=year)
        if rules.name == "public":
            by_level = privacy.public_places(by_level, households)
        numbers = {level: _with_basis(frame, households, level) for level, frame in by_level.items()}
    answer: dict[str, object] = {}
    above = {"": -1}
    for level in layers.LEVELS:
        places = getattr(project, _TABLES[level])[["code", "name", "geometry"]].sort_values("code")
        places = places.reset_index(drop=True)
        if level in numbers:
            places = places.merge(numbers[level].drop(columns="name"), on="code", how="left")
        if level == "township" and gains is not None:
            places = _with_totals(places, sites, links, rules)
        parents = [above.get(privacy.parent_code(code, level), -1) for code in places["code"]]
        frame = gpd.GeoDataFrame(rules.allow(places.assign(parent=parents), level), geometry=places.geometry)
        answer[level] = layers.place_layer(
            frame, decimals=rules.decimals, tolerance_m=_TOLERANCE_M[rules.name]
        )
        above = {code: row for row, code in enumerate(places["code"])}
    return answer


def _with_basis(places: pd.DataFrame, households: pd.DataFrame, level: str) -> pd.DataFrame:
    """Gain per head, and how far the links behind a place are recorded: a position in `_BASES`."""
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
    """Position in `_BASES` of each share of recorded links; NaN means there is none."""
    steps = np.select([recorded_share <= 0, recorded_share < 0.5, recorded_share < 1], [1, 2, 3], 4)
    return np.where(np.isnan(recorded_share), 0, steps).astype(float)


def _with_totals(places: pd.DataFrame, sites, links: pd.DataFrame, rules: privacy.Edition) -> pd.DataFrame:
    """Mu of forest, mu-seasons of Juncao and programme hives of each township the edition shows."""
    floor = privacy.FLOOR if rules.name == "public" else 0
    shown = places["shown"].eq(True) | (rules.name != "public")
    answer = places
    for name, amount, column in (
        ("forest", "mu", "forest_mu"),
        ("juncao", "mu", "juncao_mu_seasons"),
        ("bees", "hives", "hives"),
    ):
        counted = sites[name][sites[name]["programme_site"]]
        totals = privacy.site_totals(counted, links, amount, floor=floor)
        answer = answer.assign(**{column: places["code"].map(totals).where(shown)})
    return answer


def _sites(project, name: str, lang: str) -> pd.DataFrame:
    """The rows of one livelihood's table in the map's columns; `outline` is None for points."""
    table = _SITE_TABLES[name]
    rows = getattr(project, table).reset_index(drop=True)
    centre = shapely.point_on_surface(rows.geometry.to_numpy().astype(object))

    def said(column: str) -> list[str]:
        return [layers.choice_label(table, column, value, lang) for value in rows[column]]

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
            programme_site=rows["programme"].ne("none"), species=rows["species"], planted_year=rows["planted_year"], programme=said("programme")
        )
    elif name == "juncao":
        frame = frame.assign(season=rows["season"], use=said("use"))
    return frame[frame["x"].notna()].reset_index(drop=True)


def _site_layer(
    sites: pd.DataFrame, links: pd.DataFrame, rules: privacy.Edition, name: str
) -> dict[str, object]:
    if rules.name == "public":
        sites = privacy.public_sites(sites, links)
        sites = sites.assign(
            x=np.round(sites["x"] / rules.grid_m) * rules.grid_m,
            y=np.round(sites["y"] / rules.grid_m) * rules.grid_m,
        )
    sites = sites.assign(households_sharing=privacy.households_sharing(sites, links))
    allowed = rules.allow(layers.in_walking_order(sites), name)
    return layers.point_layer(allowed, decimals=rules.decimals)


def _households(project, gains, rules: privacy.Edition, year: int, key: bytes) -> dict[str, object]:
    """Households under pseudonyms, each somewhere in the 100 m square it stands in."""
    gain = gains.households(year=year)
    points = project.households.set_index("household_id").geometry.reindex(gain["household_id"])
    here = (~points.isna() & ~points.is_empty).to_numpy()
    gain, points = gain[here].reset_index(drop=True), points[here]
    xy = shapely.get_coordinates(points.to_numpy())
    blurred = privacy.blur(xy, gain["household_id"], key=key, grid_m=rules.grid_m)
    frame = gain.assign(
        id=privacy.pseudonyms(gain["household_id"], key),
        x=blurred[:, 0],
        y=blurred[:, 1],
        basis=_basis(_recorded_share(gain).to_numpy(dtype=float)),
    )
    frame = rules.allow(layers.in_walking_order(frame), "household")
    layer = layers.point_layer(frame, decimals=rules.decimals)
    per_head = frame["gain_yuan_mean"] / frame["persons"]
    layer["breaks"] = {"gain_per_head_mean": layers.class_breaks(per_head.to_numpy(dtype=float))}
    return layer
