"""A project written back: a folder that `load_project` reads to the same tables, or a PostGIS database.

GeoPackage and PostGIS keep every bit. Excel keeps 16 digits of a number, and points as two columns;
outlines do not go into cells and stand in a GeoPackage beside the workbook.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
import xlsxwriter

from eco.files import whole_file, write_text
from eco.problems import DataProblem
from eco.records.database import SETTINGS_TABLE, connect
from eco.records.project import Project, Settings
from eco.records.sentences import finding
from eco.records.tables import COORDINATES, TABLES, WORKING_CRS, Column, Table

if TYPE_CHECKING:
    import psycopg

_WRITTEN_BY = "eco"  # the comment by which a table of ours is known in a database
_SQL_KINDS = {"number": "double precision", "year": "double precision", "date": "date"}
_MOST_ROWS = 1_048_575
_SRID = int(WORKING_CRS.removeprefix("EPSG:"))


def write_project(
    project: Project, folder: Path | str, *, form: Literal["geopackage", "excel"] = "geopackage"
) -> None:
    """Write the project's tables, its rasters and a project.toml into a folder, each file whole or not at all.

    Raises DataProblem when a table has more rows than a sheet of Excel.
    """
    folder = Path(folder)
    tables = {name: _declared(project, TABLES[name]) for name in TABLES if len(project.tables[name])}
    sheets = {name: frame for name, frame in tables.items() if form == "excel" and not _outlined(frame)}
    layers = {name: frame for name, frame in tables.items() if name not in sheets}
    entries = {name: {"file": "county.gpkg", "layer": name} for name in layers}
    for name in sheets:
        entries[name] = {"file": "county.xlsx", "sheet": TABLES[name].label.zh, "crs": WORKING_CRS}
    if layers:
        with whole_file(folder / "county.gpkg", sealed=True) as draft:
            _write_layers(layers, draft)
    if sheets:
        with whole_file(folder / "county.xlsx", sealed=True) as draft:
            _write_sheets(sheets, draft)
    for path in project.rasters.values():
        with whole_file(folder / path.name, sealed=True) as draft:
            shutil.copyfile(path, draft)
    rasters = {name: {"file": path.name} for name, path in project.rasters.items()}
    write_text(folder / "project.toml", _toml(project.settings, tables=entries, rasters=rasters))


def write_database(project: Project, url: str, *, schema: str = "eco") -> None:
    """Write the project's tables and settings into a schema of a PostGIS database, all of them or none.

    Tables that eco wrote there before are replaced. Raises DataProblem when the database does not
    answer, forbids it, or holds a table of that name which is not ours.
    """
    from psycopg import sql

    with connect(url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        for name in (*TABLES, SETTINGS_TABLE):
            _make_room(connection, schema, name)
        for name, table in TABLES.items():
            frame = _declared(project, table)
            if len(frame):
                _copy_in(connection, sql.Identifier(schema, name), frame, table)
        place = sql.Identifier(schema, SETTINGS_TABLE)
        connection.execute(sql.SQL("CREATE TABLE {} (toml text NOT NULL)").format(place))
        text = _toml(project.settings, tables={}, rasters={})
        connection.execute(sql.SQL("INSERT INTO {} VALUES (%s)").format(place), (text,))
        connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(place, sql.Literal(_WRITTEN_BY)))


def _declared(project: Project, table: Table) -> pd.DataFrame:
    """A project's table with the columns the bureau declares, and its shapes where there are any."""
    frame = project.tables[table.name]
    names = [column.name for column in table]
    if isinstance(frame, gpd.GeoDataFrame) and frame.geometry.notna().any():
        return gpd.GeoDataFrame(frame[names], geometry=frame.geometry.to_numpy(), crs=WORKING_CRS)
    return pd.DataFrame(frame[names])


def _outlined(frame: pd.DataFrame) -> bool:
    return isinstance(frame, gpd.GeoDataFrame) and bool((frame.geom_type.dropna() != "Point").any())


def _write_layers(layers: Mapping[str, pd.DataFrame], path: Path) -> None:
    path.unlink()  # GDAL takes an empty file for a broken GeoPackage
    for number, (name, frame) in enumerate(layers.items()):
        spatial = isinstance(frame, gpd.GeoDataFrame)
        kind = {"geometry_type": "Unknown", "promote_to_multi": False} if spatial else {}
        pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=number > 0, **kind)


def _write_sheets(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(str(path), {**plain, "constant_memory": True}) as book:
        dates = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, frame in sheets.items():
            if len(frame) > _MOST_ROWS:
                raise DataProblem([finding("E-OUT-01", table=name, found=f"{len(frame)} 行 / rows")])
            sheet = book.add_worksheet(TABLES[name].label.zh)
            columns = [(column, frame[column.name]) for column in TABLES[name]]
            if isinstance(frame, gpd.GeoDataFrame):
                columns += list(zip(COORDINATES["metres"], (frame.geometry.x, frame.geometry.y)))
            sheet.write_row(0, 0, [column.label.zh for column, _ in columns])
            for row, cells in enumerate(
                zip(*(_cells(column, values) for column, values in columns)), start=1
            ):
                _write_row(sheet, row, cells, dates)


def _write_row(sheet, row: int, cells: tuple, dates) -> None:
    for place, cell in enumerate(cells):
        if cell is None:
            continue
        if isinstance(cell, str):
            sheet.write_string(row, place, cell)
        elif isinstance(cell, float):
            sheet.write_number(row, place, cell)
        else:
            sheet.write_datetime(row, place, cell, dates)


def _cells(column: Column, values: pd.Series) -> list[Any]:
    """A column as plain values: text, a float or a date, None where nothing stands."""
    if column.kind in ("number", "year"):
        return [None if value != value else value for value in values.astype(float).tolist()]
    if column.kind == "date":
        return [None if value is pd.NaT else value.date() for value in values]
    return [value or None for value in values]


def _make_room(connection: psycopg.Connection, schema: str, name: str) -> None:
    """Drop a table that eco wrote before; any other of that name stays and stops the writing."""
    from psycopg import sql

    query = "SELECT obj_description(c.oid, 'pg_class') FROM pg_class c WHERE c.oid = to_regclass(%s)"
    place = sql.Identifier(schema, name)
    row = connection.execute(query, (place.as_string(connection),)).fetchone()
    if row is None:
        return
    if row[0] != _WRITTEN_BY:
        raise DataProblem([finding("E-DB-08", table=name, found=f"{schema}.{name}")])
    connection.execute(sql.SQL("DROP TABLE {}").format(place))


def _copy_in(connection: psycopg.Connection, place, frame: pd.DataFrame, table: Table) -> None:
    """One table made and filled; `fid` keeps the order of its rows."""
    from psycopg import sql

    columns: list[Any] = [_cells(column, frame[column.name]) for column in table]
    kinds = [(column.name, _SQL_KINDS.get(column.kind, "text")) for column in table]
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = shapely.set_srid(frame.geometry.to_numpy(), _SRID)
        columns.append(shapely.to_wkb(shapes, hex=True, include_srid=True))
        kinds.append(("geometry", f"geometry(Geometry, {_SRID})"))
    fields = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in kinds]
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in kinds)
    comma = sql.SQL(", ")
    connection.execute(
        sql.SQL("CREATE TABLE {} (fid integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {})").format(
            place, comma.join(fields)
        )
    )
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(place, names)) as copy:
        for row in zip(*columns):
            copy.write_row(row)
    if isinstance(frame, gpd.GeoDataFrame):
        connection.execute(sql.SQL("CREATE INDEX ON {} USING gist (geometry)").format(place))
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(place, sql.Literal(_WRITTEN_BY)))


def _toml(
    settings: Settings, *, tables: Mapping[str, Mapping[str, str]], rasters: Mapping[str, Mapping[str, str]]
) -> str:
    """A project.toml that says what the settings say and where each table stands."""
    said = {name: value for name, value in vars(settings).items() if name != "line_yuan_per_person"}
    sections: dict[str, Mapping[str, Any]] = {"project": said}
    sections["line"] = {str(year): yuan for year, yuan in settings.line_yuan_per_person.items()}
    sections |= {f"tables.{name}": entry for name, entry in tables.items()}
    sections |= {f"rasters.{name}": entry for name, entry in rasters.items()}
    lines = []
    for section, entries in sections.items():
        kept = {key: value for key, value in entries.items() if value is not None}
        lines += ["", f"[{section}]"] if kept else []
        # What JSON writes of texts, numbers and truth values is TOML too.
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in kept.items()]
    return "\n".join(lines[1:]) + "\n"
