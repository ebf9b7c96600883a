"""A county that keeps its tables in PostGIS: every table found by name and read as a file's would be.

The server is asked only to read, in one transaction that sees one state of the data. Nothing told
here holds the address or the password.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from eco.phrases import neighbours
from eco.problems import DataProblem, Finding, mask_personal
from eco.records.addresses import Grid
from eco.records.readers import named
from eco.records.sentences import finding
from eco.records.settings import Layout, declared_layout
from eco.records.sources import Raw, Sheet, Source, fault, plain
from eco.records.tables import COORDINATES, TABLES, Table

if TYPE_CHECKING:
    import psycopg

SETTINGS_TABLE = "project_toml"  # one row, one column `toml`: what project.toml says in a folder
_WAIT_SECONDS = 10
_OFTEN_BARE = ("townships", "households")  # names and a register; their rows stand at their villages
_NOT_READ = ("bytea", "raster", "tsvector")
_RELATIONS = """
    SELECT n.nspname, c.relname, c.oid, n.nspname = ANY (current_schemas(false))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
      AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2"""
_COLUMNS = """
    SELECT a.attname, t.typname, coalesce(a.attnum = ANY (i.indkey), false)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
    WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""


class _Relation(NamedTuple):
    schema: str
    name: str
    oid: int
    on_path: bool


class _Field(NamedTuple):
    name: str
    kind: str
    key: bool


@dataclass(frozen=True)
class Database:
    """What was read from a database: the layout, each table's cells, SHA-256 of every table's text."""

    name: str
    layout: Layout
    raws: Mapping[str, Raw]
    inputs: Mapping[str, str]


def is_database(place: object) -> bool:
    """Whether a place is an address such as postgresql://user@host/county.

    >>> is_database("postgresql:///county"), is_database("data/dingxi")
    (True, False)
    """
    return isinstance(place, str) and place.startswith(("postgresql://", "postgres://"))


def read_database(url: str) -> Database:
    """Read every table the database holds under a name of ours.

    Tables in the schemas of `search_path` come before others. Raises DataProblem when there is no
    answer; what is wrong with a single table is an error among the layout's findings.
    """
    with connect(url) as connection:
        connection.read_only = True
        connection.isolation_level = _one_state()
        relations = [_Relation(*row) for row in connection.execute(_RELATIONS)]
        text, faults = _settings_text(connection, relations)
        found: dict[str, _Relation] = {}
        for table in TABLES.values():
            relation, missing = _relation_of(table, relations)
            faults += missing
            if relation is not None:
                found[table.name] = relation
        paths = {name: Path(f"{relation.schema}.{relation.name}") for name, relation in found.items()}
        name = str(connection.info.dbname)
        layout = declared_layout(text, paths, name=name)
        raws, inputs = {}, {}
        for key, source in layout.sources.items():
            try:
                raws[key], inputs[source.path.name] = _read(connection, source, found[key])
            except DataProblem as problem:
                faults += problem.findings
    kept = {key: source for key, source in layout.sources.items() if key in raws}
    layout = replace(layout, sources=kept, findings=(*layout.findings, *faults))
    return Database(name, layout, raws, inputs)


@contextmanager
def connect(url: str) -> Iterator[psycopg.Connection]:
    """A connection, committed when the block ends well; DataProblem when there is none to be had."""
    try:
        import psycopg
    except ImportError as error:
        raise DataProblem([finding("E-DB-09", table="", found="无 psycopg / none")]) from error
    try:
        said = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # libpq repeats the part it stumbles over, which may be the password.
        raise _no_answer("地址无法解析 / an address that cannot be parsed") from None
    wait = int(said.get("connect_timeout") or _WAIT_SECONDS)
    try:
        connection = psycopg.connect(
            url, application_name="eco", client_encoding="utf8", connect_timeout=wait
        )
    except psycopg.Error as error:
        # A second @ means an unescaped password, of which libpq takes the end for a host.
        raise _no_answer("无应答 / no answer" if url.count("@") > 1 else _first_line(error)) from None
    try:
        with connection:
            yield connection
    except psycopg.Error as error:
        raise DataProblem([finding("E-DB-07", table="", found=_first_line(error))]) from None


def _no_answer(found: str) -> DataProblem:
    return DataProblem([finding("E-DB-01", table="", found=found)])


def _one_state():
    from psycopg import IsolationLevel

    return IsolationLevel.REPEATABLE_READ


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _relation_of(table: Table, relations: Sequence[_Relation]) -> tuple[_Relation | None, list[Finding]]:
    """The table or view called like one of ours; those on the search path come before others."""
    names = (table.name, table.label.zh, *table.aliases)
    words = {plain(name) for name in names}
    fitting = [relation for relation in relations if plain(relation.name) in words]
    fitting = [relation for relation in fitting if relation.on_path] or fitting
    if len(fitting) == 1:
        return fitting[0], []
    if fitting:
        known = "、".join(f"{relation.schema}.{relation.name}" for relation in fitting)
        return None, [finding("E-DB-03", table=table.name, found=known)]
    if not table.required:
        return None, []
    near = [near for name in names[:2] for near in neighbours(name, [r.name for r in relations])]
    found = f"无此表，相近 / none; near: {'、'.join(near)}" if near else "无此表 / no such table"
    every = "、".join(names)
    return None, [finding("E-DB-02", table=table.name, found=found, label=table.label, names=every)]


def _settings_text(connection: psycopg.Connection, relations: Sequence[_Relation]):
    """What the database says in place of project.toml, None when it says nothing."""
    from psycopg import sql

    fitting = [relation for relation in relations if relation.name == SETTINGS_TABLE]
    fitting = [relation for relation in fitting if relation.on_path] or fitting
    if len(fitting) > 1:
        known = "、".join(f"{relation.schema}.{relation.name}" for relation in fitting)
        return None, [finding("E-DB-03", table=SETTINGS_TABLE, found=known)]
    if not fitting:
        return None, []
    query = sql.SQL("SELECT toml FROM {}").format(sql.Identifier(fitting[0].schema, SETTINGS_TABLE))
    row = connection.execute(query).fetchone()
    return (row[0] if row else None), []


def _read(connection: psycopg.Connection, source: Source, relation: _Relation) -> tuple[Raw, str]:
    """One table's cells, and the SHA-256 of its text."""
    import psycopg

    try:
        with connection.transaction():
            fields = [_Field(*row) for row in connection.execute(_COLUMNS, (relation.oid,))]
            fields = [item for item in fields if item.kind not in _NOT_READ]
            spatial = _geometry_column(source, fields)
            with connection.cursor().copy(_query(relation, fields)) as copy:
                data = b"".join(copy)
    except psycopg.Error as error:
        raise DataProblem([fault(source, "E-DB-07", _first_line(error))]) from None
    names = [item.name for item in fields]
    frame = pd.read_csv(io.BytesIO(data), header=None, names=names, dtype=str, keep_default_na=False)
    where = _where(source, frame, [item.name for item in fields if item.key])
    notes: tuple[Finding, ...] = ()
    if spatial is None:
        if source.table.geometry and source.table.name not in _OFTEN_BARE and not _has_coordinates(names):
            notes = (fault(source, "E-DB-04", "无几何列 / no geometry column"),)
        sheet = Sheet(frame, where, findings=notes)
    else:
        shapes, crs = _shapes(source, frame[spatial])
        sheet = Sheet(frame.drop(columns=spatial), where, shapes, crs)
    return _without_cells(source, sheet), hashlib.sha256(data).hexdigest()


def _query(relation: _Relation, fields: Sequence[_Field]):
    """COPY as CSV, each column as the reader of files would see it, in the order of the primary key."""
    from psycopg import sql

    forms = {
        "geometry": "encode(ST_AsEWKB(ST_CurveToLine(ST_Force2D({}))), 'hex')",
        "geography": "encode(ST_AsEWKB(ST_Force2D({}::geometry)), 'hex')",
        "bool": "{}::text",
        "money": "{}::numeric",
        **dict.fromkeys(("float4", "float8", "numeric"), "NULLIF({}, 'NaN')"),
    }
    columns = [sql.SQL(forms.get(item.kind, "{}")).format(sql.Identifier(item.name)) for item in fields]
    keys = [sql.Identifier(item.name) for item in fields if item.key]
    order = sql.SQL("ORDER BY {}").format(sql.SQL(", ").join(keys)) if keys else sql.SQL("")
    return sql.SQL("COPY (SELECT {} FROM {} {}) TO STDOUT (FORMAT csv)").format(
        sql.SQL(", ").join(columns), sql.Identifier(relation.schema, relation.name), order
    )


def _geometry_column(source: Source, fields: Sequence[_Field]) -> str | None:
    spatial = [item.name for item in fields if item.kind in ("geometry", "geography")]
    if len(spatial) > 1 and source.table.geometry:
        raise DataProblem([fault(source, "E-DB-05", "、".join(spatial))])
    return spatial[0] if spatial else None


def _has_coordinates(names: Sequence[str]) -> bool:
    words = {plain(name) for name in names}
    return any(
        all(words & {plain(word) for word in (axis.name, axis.label.zh, *axis.aliases)} for axis in pair)
        for pair in COORDINATES.values()
    )


def _shapes(source: Source, texts: pd.Series) -> tuple[gpd.GeoSeries, pyproj.CRS | None]:
    """Shapes of hexadecimal EWKB and the system of their SRID."""
    shapes = shapely.from_wkb([text or None for text in texts])
    numbers = np.unique(shapely.get_srid(shapes[~shapely.is_missing(shapes)]))
    if not len(numbers) or (source.crs is not None and len(numbers) == 1):
        return gpd.GeoSeries(shapes), None
    known = "、".join(map(str, numbers))
    if len(numbers) > 1 or numbers[0] == 0:
        raise DataProblem([fault(source, "E-DB-06", f"SRID {known}")])
    try:
        crs = pyproj.CRS.from_epsg(int(numbers[0]))
    except pyproj.exceptions.CRSError:
        raise DataProblem([fault(source, "E-DB-06", f"SRID {known}")]) from None
    return gpd.GeoSeries(shapes, crs=crs), crs


def _where(source: Source, frame: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """Each row's place: its primary key, or its number where there is none."""
    name = source.path.name
    if not keys:
        numbers = range(1, len(frame) + 1)
        return pd.Series([f"{name} 第{number}条 / record {number}" for number in numbers], dtype="str")
    places = f"{name} {keys[0]}=" + frame[keys[0]]
    for key in keys[1:]:
        places = places + f", {key}=" + frame[key]
    # A key may be an ID number.
    return places.map(mask_personal).astype("str") if _long_number(frame[keys]) else places


def _long_number(keys: pd.DataFrame) -> bool:
    return any(keys[name].str.len().max() >= 11 for name in keys)


def _without_cells(source: Source, sheet: Sheet) -> Raw:
    """The table under our names; a database has no cells that Excel would show."""

    def bare(findings: Sequence[Finding]) -> tuple[Finding, ...]:
        return tuple(replace(item, cell="") for item in findings)

    try:
        raw = named(source, sheet)
    except DataProblem as problem:
        raise DataProblem(bare(problem.findings)) from None
    return replace(raw, findings=bare(raw.findings), grid=Grid(source.path.name))
