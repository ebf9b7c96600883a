"""What is wrong in the tables: one small function a rule. A row with an error leaves its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from eco.problems import Finding
from eco.records.cells import empty_table, read_cells
from eco.records.ground import BORDER_M, ground_hits
from eco.records.readers import Raw
from eco.records.register import register_hits, set_apart, told_apart, totals_against_rows
from eco.records.sentences import RULES, Hit, count_finding, finding, row_findings
from eco.records.shapes import read_geometry
from eco.records.tables import (
    LINK_UNITS,
    ROLE_SITES,
    ROLE_UNITS,
    ROLES,
    SITES,
    TABLES,
    WORKING_CRS,
    Table,
)
from eco.records.texts import among, twice
from eco.records.witnesses import datum_findings
from eco.space.places import representative_points, which_outline

_LEFT_OUT = ("table", "where", "code", "reason")


@dataclass(frozen=True)
class Checked:
    """A table with its good rows (and `where` in the file), all that was found, and what was left out."""

    table: Table
    frame: pd.DataFrame
    findings: tuple[Finding, ...]
    left_out: pd.DataFrame
    crs: str | None = None  # what its coordinates were declared to be


Tables = dict[str, Checked]


def check_table(raw: Raw) -> Checked:
    """Read one table's cells and geometry and leave out the rows that cannot be used by themselves."""
    table, whole = raw.source.table, raw
    raw, apart, totals = set_apart(raw)
    notes, gone = told_apart(whole, apart)
    notes += totals_against_rows(raw, totals)
    frame, hits = read_cells(raw)
    if table.geometry:
        shapes, shape_hits = read_geometry(raw)
        frame = gpd.GeoDataFrame(frame, geometry=shapes.to_numpy(), crs=WORKING_CRS)
        hits += shape_hits
    left_out = gone if len(gone) else nothing_left_out()
    checked = Checked(table, frame, (*raw.findings, *notes), left_out, raw.crs)
    return leave_out(
        checked, [*raw.hits, *hits, *double_keys(table, frame), *register_hits(table.name, frame)]
    )


def absent(table: Table) -> Checked:
    """An optional table without a file: no rows, the right columns."""
    frame = empty_table(table)
    if table.geometry:
        frame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=WORKING_CRS))
    return Checked(table, frame, (), nothing_left_out())


def nothing_left_out() -> pd.DataFrame:
    """The table of rows left out, without rows: table, where, code, reason."""
    return pd.DataFrame({name: pd.Series(dtype="str") for name in _LEFT_OUT})


def leave_out(checked: Checked, hits: Iterable[Hit]) -> Checked:
    """The table without the rows an error was found in, every finding added.

    A row with several errors is left out once, for the first.
    """
    hits, frame = list(hits), checked.frame
    found = [item for hit in hits for item in row_findings(hit, table=checked.table, where=frame["where"])]
    first: np.ndarray = np.full(len(frame), -1)
    for place, hit in reversed(list(enumerate(hits))):
        if RULES[hit.code].level == "error":
            first[hit.rows] = place
    out = first >= 0
    if not out.any():
        return replace(checked, findings=(*checked.findings, *found))
    codes, reasons = [hit.code for hit in hits], [_reason(hit) for hit in hits]
    gone = pd.DataFrame(
        {
            "table": checked.table.name,
            "where": frame["where"][out],
            "code": [codes[place] for place in first[out]],
            "reason": [reasons[place] for place in first[out]],
        },
        columns=list(_LEFT_OUT),
    )
    return replace(
        checked,
        frame=frame[~out].reset_index(drop=True),
        findings=(*checked.findings, *found),
        left_out=pd.concat([checked.left_out, gone], ignore_index=True),
    )


def _reason(hit: Hit) -> str:
    expected = count_finding(hit, table="").expected
    return f"{hit.column}: 应为{expected.zh} / expected {expected.en}"


def check_across(tables: Tables, *, elevation: Path | None = None) -> Tables:
    """Check every table against the others, from counties down to links, and against the ground.

    A table that could not be read is absent from `tables`: rules that need it are passed over.
    """
    steps: tuple[tuple[str, tuple[str, ...], Callable[[Tables], list[Hit]]], ...] = (
        ("townships", ("counties",), lambda t: unknown_parent(t, "townships", "counties")),
        ("villages", ("counties",), lambda t: unknown_parent(t, "villages", "counties")),
        ("villages", ("townships",), lambda t: unknown_parent(t, "villages", "townships")),
        *((name, ("villages",), _village_rule(name)) for name in ("households", *SITES)),
        *((name, ("counties",), _county_rule(name)) for name in ("households", *SITES)),
        ("links", ("households",), lambda t: unknown_household(t, "links")),
        ("payments", ("households",), lambda t: unknown_household(t, "payments")),
        ("links", SITES, sites_of_links),
        ("links", (), lambda t: units_of_links(t["links"].frame)),
    )
    tables = seasons_apart(tables)
    # Before rows that lie outside are left out: a table whole in a wrong zone is told as such.
    for name, told in datum_findings(
        _frames(tables), {name: one.crs for name, one in tables.items()}
    ).items():
        tables = {**tables, name: _noted(tables[name], told)}
    for name, needed, rule in steps:
        if all(other in tables for other in (name, *needed)):
            tables = {**tables, name: leave_out(tables[name], rule(tables))}
    for name, hits in ground_hits(_frames(tables), elevation=elevation).items():
        tables = {**tables, name: leave_out(tables[name], hits)}
    for name in ("counties", "villages"):
        if name in tables:
            tables = {**tables, name: _noted(tables[name], without_geometry(tables[name]))}
    if "households" in tables:
        tables = {**tables, "households": _noted(tables["households"], open_base(tables["households"]))}
    if "villages" in tables:
        for name in ("households", *SITES):
            if name in tables:
                tables = {**tables, name: stand_at_village(tables[name], tables["villages"].frame)}
    return tables


def _frames(tables: Tables) -> dict[str, pd.DataFrame]:
    return {name: checked.frame for name, checked in tables.items()}


def _noted(checked: Checked, findings: Sequence[Finding]) -> Checked:
    return replace(checked, findings=(*checked.findings, *findings))


def _village_rule(name: str) -> Callable[[Tables], list[Hit]]:
    return lambda tables: unknown_village(tables[name].frame, tables["villages"].frame["code"])


def _county_rule(name: str) -> Callable[[Tables], list[Hit]]:
    outside = in_another_county if name == "households" else site_outside
    return lambda tables: outside(tables[name].frame, tables["counties"].frame)


def double_keys(table: Table, frame: pd.DataFrame) -> list[Hit]:
    """E-KEY-01: rows that share their key; which of them is right is not for us to say."""
    if table.key is None:
        return []
    keys = frame[table.key]
    if table.key_year:
        keys = (keys + _year_words(frame[table.key_year])).where(keys != "", "")
    return _hit("E-KEY-01", table.key, twice(keys), keys)


def seasons_apart(tables: Tables) -> Tables:
    """Tables with every season of a plot as a site of its own, called plot@year, and links to match (E-KEY-02)."""
    for name, table in TABLES.items():
        if table.key is None or table.key_year is None or name not in tables:
            continue
        frame, key = tables[name].frame, table.key
        several = frame[key].duplicated(keep=False) & (frame[key] != "")
        if not several.any():
            continue
        found = f"{frame[key][several].nunique()} 块 / plots"
        note = finding("E-KEY-02", table=name, column=key, found=found)
        tables = {**tables, name: _renamed(tables[name], key, several, table.key_year)}
        tables[name] = _noted(tables[name], [note])
        if "links" in tables:
            links = tables["links"].frame
            of_these = among(links["site_id"], frame[key][several])
            tables["links"] = _renamed(tables["links"], "site_id", of_these, "year")
    return tables


def _renamed(checked: Checked, column: str, rows: pd.Series, year: str) -> Checked:
    frame = checked.frame
    names = frame[column].mask(rows, frame[column] + _year_words(frame[year]))
    return replace(checked, frame=frame.assign(**{column: names.astype("str")}))


def _year_words(years: pd.Series) -> pd.Series:
    words = {year: f"@{year:.0f}" for year in years.dropna().unique()}
    return years.map(words).fillna("@").astype("str")


def unknown_parent(tables: Tables, name: str, parent: str) -> list[Hit]:
    """E-ADM-01: places whose code begins with no known county or township."""
    codes = tables[name].frame["code"]
    above = codes.str[:6] if parent == "counties" else codes.str[:9] + "000"
    wrong = ~among(above, tables[parent].frame["code"])
    return _hit("E-ADM-01", "code", wrong, codes, parent=TABLES[parent].label)


def unknown_village(frame: pd.DataFrame, villages: pd.Series) -> list[Hit]:
    """E-ADM-03: rows whose village is not in the table of villages."""
    codes = frame["village_code"]
    return _hit("E-ADM-03", "village_code", ~among(codes, villages), codes)


def counties_of_shapes(frame: pd.DataFrame, counties: pd.DataFrame) -> np.ndarray:
    """The code of the county each row's shape stands in, "" outside all, None where it has no shape."""
    outlines = counties.geometry.to_numpy()
    points = representative_points(frame.geometry.to_numpy())
    held = which_outline(points, outlines, within_m=BORDER_M)
    codes = np.append(counties["code"].to_numpy(dtype=object), "")[held]
    codes[shapely.is_missing(points)] = None
    return codes


def site_outside(frame: pd.DataFrame, counties: pd.DataFrame) -> list[Hit]:
    """E-SITE-01: sites outside every county; E-SITE-02: in another than their village's."""
    if not _has_outlines(counties):
        return []
    held = counties_of_shapes(frame, counties)
    points = representative_points(frame.geometry.to_numpy()[held == ""])
    rows = np.flatnonzero(held == "")
    away = shapely.distance(points, shapely.union_all(counties.geometry.to_numpy())) / 1000
    places = zip(shapely.get_coordinates(points), away)
    found = [f"x={x:.0f} y={y:.0f} ({WORKING_CRS}), {km:.1f} km" for (x, y), km in places]
    outside = [Hit("E-SITE-01", "geometry", rows, found)] if len(rows) else []
    return [*outside, *_another_county(frame, held, counties)]


def in_another_county(frame: pd.DataFrame, counties: pd.DataFrame) -> list[Hit]:
    """E-SITE-02: households whose point stands outside the county of their village code."""
    if not _has_outlines(counties):
        return []
    held = counties_of_shapes(frame, counties)
    return _another_county(frame, np.where(held == "", "县外 / outside", held), counties)


def _another_county(frame: pd.DataFrame, held: np.ndarray, counties: pd.DataFrame) -> list[Hit]:
    own = frame["village_code"].str[:6]
    wrong = pd.notna(held) & (held != "") & (held != own.to_numpy(dtype=object))
    names = counties.set_index("code")["name"]
    labels = [f"{names.get(code, '')} {code}".strip() for code in own[wrong]]
    return _hit("E-SITE-02", "geometry", wrong, pd.Series(held), county=labels)


def _has_outlines(counties: pd.DataFrame) -> bool:
    return bool((shapely.get_dimensions(counties.geometry.to_numpy()) == 2).any())


def unknown_household(tables: Tables, name: str) -> list[Hit]:
    """E-LINK-01: links and payments of a household that is not in the register, or was left out."""
    ids = tables[name].frame["household_id"]
    known = tables["households"].frame["household_id"]
    return _hit("E-LINK-01", "household_id", ~among(ids, known), ids)


def sites_of_links(tables: Tables) -> list[Hit]:
    """E-LINK-02 unknown site, E-LINK-05 a site of two tables, E-LINK-04 a role its site has no place for."""
    links = tables["links"].frame
    ids = links["site_id"]
    held = pd.DataFrame({name: among(ids, tables[name].frame[str(TABLES[name].key)]) for name in SITES})
    tables_of = held.sum(axis="columns")
    fits: np.ndarray = np.zeros(len(links), dtype=bool)
    for role, names in ROLE_SITES.items():
        fits |= ((links["role"] == role) & held[list(names)].any(axis="columns")).to_numpy()
    misfit = (tables_of == 1).to_numpy() & ~fits & (links["role"] != "").to_numpy()
    roles = links["role"][misfit]
    words = {"role": [_named(ROLES, role) for role in roles]}
    words["known"] = ["、".join(ROLE_SITES[role]) for role in roles]
    return [
        *_hit("E-LINK-02", "site_id", tables_of == 0, ids),
        *_hit("E-LINK-05", "site_id", tables_of > 1, ids),
        *_hit("E-LINK-04", "site_id", misfit, ids, **words),
    ]


def units_of_links(links: pd.DataFrame) -> list[Hit]:
    """E-LINK-03: links counted in a unit their role does not know."""
    fits: np.ndarray = np.zeros(len(links), dtype=bool)
    for role, units in ROLE_UNITS.items():
        fits |= ((links["role"] == role) & links["unit"].isin(units)).to_numpy()
    roles = links["role"][~fits]
    words = {"role": [_named(ROLES, role) for role in roles]}
    words["known"] = ["、".join(_named(LINK_UNITS, unit) for unit in ROLE_UNITS[role]) for role in roles]
    found = links["unit"].map(lambda unit: _named(LINK_UNITS, unit) if unit else "")
    return _hit("E-LINK-03", "unit", ~fits, found, **words)


def without_geometry(places: Checked) -> list[Finding]:
    """E-GEOM-05, once a table: places without a shape, so that positions cannot be checked."""
    bare = int(places.frame.geometry.isna().sum())
    found = f"{bare} 行无图形 / {bare} rows without geometry"
    name, label = places.table.name, places.table.label
    return [finding("E-GEOM-05", table=name, column="geometry", found=found, label=label)] if bare else []


def open_base(households: Checked) -> list[Finding]:
    """E-BASE-01 and E-BASE-02, once each: households whose base income says too little for a line test."""
    frame = households.frame
    unknown = int((frame["base_includes_programme"] == "unknown").sum())
    undated = int(frame["income_year"].isna().sum())
    rules = (
        ("E-BASE-01", "base_includes_programme", unknown),
        ("E-BASE-02", "income_year", undated),
    )
    return [
        finding(code, table="households", column=column, found=f"{count} 户不详 / {count} unknown")
        for code, column, count in rules
        if count
    ]


def stand_at_village(checked: Checked, villages: pd.DataFrame) -> Checked:
    """The table with its rows without coordinates set to their village's point, said once.

    Rows so placed are marked `assumed` where the table has that column.
    """
    frame = checked.frame
    points = pd.Series(representative_points(villages.geometry.to_numpy()), index=villages["code"])
    points = points[~points.index.duplicated()]
    bare = np.flatnonzero(frame.geometry.isna())
    placed = points.reindex(frame["village_code"].iloc[bare]).to_numpy()
    known = ~shapely.is_missing(placed)
    if not known.any():
        return checked
    shapes = frame.geometry.to_numpy().copy()
    shapes[bare[known]] = placed[known]
    frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=WORKING_CRS))
    if "assumed" in frame:
        frame["assumed"] = frame["assumed"].mask(np.isin(np.arange(len(frame)), bare[known]), "yes")
    count = int(known.sum())
    note = finding(
        "E-GEOM-04",
        table=checked.table.name,
        column="geometry",
        found=f"{count} 行无坐标 / {count} rows without coordinates",
        label=checked.table.label,
    )
    return replace(checked, frame=frame, findings=(*checked.findings, note))


def _named(choices: Mapping[str, Sequence[str]], ours: str) -> str:
    return f"{choices[ours][0]} {ours}"


def _hit(code: str, column: str, wrong, cells: pd.Series, **words: object) -> list[Hit]:
    rows = np.flatnonzero(np.asarray(wrong, dtype=bool))
    return [Hit(code, column, rows, list(cells.iloc[rows]), words)] if len(rows) else []
