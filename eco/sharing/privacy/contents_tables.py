"""What tables say: CSV, SQLite (GeoPackage) with its free pages, Parquet with its metadata."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
import shapely

from eco.sharing.privacy.passages import (
    LONG_NUMBER,
    Column,
    Inside,
    Item,
    Nested,
    Passage,
    Place,
    Positions,
    at,
    named,
    one,
    raw,
    text_of,
)

_MOST_CELL = 2**31 - 1
_OWNERS = frozenset({"owner", "author", "creator", "user", "username", "last_editor"})
_METADATA_BLOB = 64  # bytes: a shorter blob is a flag or a hash
_POINT_HEADERS = (0, 32, 48, 48, 64)  # bytes of envelope by its kind in a GeoPackage geometry


def read_csv(content: bytes, where: str) -> Iterator[Item]:
    """The cells of a delimited table, by column, and the text as it is."""
    text = text_of(content)
    yield one("source", text, where)
    csv.field_size_limit(_MOST_CELL)
    head = text[:4096]
    delimiter = max(",\t;|", key=head.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    width = max((len(row) for row in rows), default=0)
    for number in range(width):
        cells = [row[number] if number < len(row) else "" for row in rows]
        heading = cells[0] if cells else ""
        yield from cells_items(cells, f"{where} {heading}", table=where, head=heading, first_row=1)


def cells_items(cells: Sequence[str], where: str, *, table: str, head: str, first_row: int) -> Iterator[Item]:
    """A column of texts: the texts, and the numbers among them."""
    yield Passage("cell", cells, lambda i: Place(where.strip(), row=i + first_row))
    numbers = np.array([_number(cell) for cell in cells], dtype=float)
    if np.isfinite(numbers).any():
        yield Column(head, table, numbers, lambda i: Place(where.strip(), row=i + first_row))


def _number(text: str) -> float:
    try:
        return float(text) if len(text) < 40 else np.nan
    except ValueError:
        return np.nan


def read_sqlite(content: bytes, where: str) -> Iterator[Item]:
    """Every table of a database, its schema, and its bytes: what was deleted still stands in them."""
    # A database that was written beside a log says so in two bytes, and could not be opened alone.
    plain = content[:18] + b"\x01\x01" + content[20:]
    wide = content[56:60] != b"\x00\x00\x00\x01"  # the encoding of its texts: 1 is UTF-8
    yield from raw(content, f"{where} bytes, free pages too".strip(), wide=wide)
    yield from _stored_geometries(content, where)
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(plain)
        database.text_factory = lambda value: value.decode("utf-8", "surrogateescape")
        schema = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        yield named(
            "text", ((f"{where} schema {name}".strip(), f"{name} {sql or ''}") for _, name, sql in schema)
        )
        degrees = _in_degrees(database, schema)
        for kind, name, sql in schema:
            if kind == "table" and not (sql or "").upper().startswith("CREATE VIRTUAL"):
                yield from _table(database, name, where, degrees=degrees.get(name))


def _in_degrees(database: sqlite3.Connection, schema: list[tuple]) -> dict[str, bool]:
    """By layer, whether its geometries are in degrees."""
    if not {"gpkg_geometry_columns", "gpkg_spatial_ref_sys"} <= {name for _, name, _ in schema}:
        return {}
    rows = database.execute(
        "SELECT g.table_name, s.definition FROM gpkg_geometry_columns g LEFT JOIN gpkg_spatial_ref_sys s USING (srs_id)"
    )
    kinds = {"PROJ": False, "GEOG": True}  # how definitions begin; of an undefined system the numbers tell
    return {
        name: kinds[start]
        for name, definition in rows
        if (start := (definition or "").lstrip()[:4].upper()) in kinds
    }


def _table(database: sqlite3.Connection, name: str, where: str, *, degrees: bool | None) -> Iterator[Item]:
    quoted = name.replace('"', '""')
    cursor = database.execute(f'SELECT * FROM "{quoted}"')
    heads = [part[0] for part in cursor.description]
    table = f"{where} {name}".strip()
    for head, values in zip(heads, zip(*cursor.fetchall())):
        yield from values_items(list(values), head, table, degrees=degrees, read_before=True)


def values_items(
    values: list, head: str, table: str, *, degrees: bool | None, read_before: bool = False
) -> Iterator[Item]:
    """A column of values of any type: texts, numbers, geometries, files.

    Bytes of no known form are read as text unless they were `read_before`, with the file around them.
    """

    def place(rows: Sequence[int]):
        return lambda i: Place(f"{table}.{head}", row=rows[i] + 1)

    texts = [row for row, value in enumerate(values) if isinstance(value, str)]
    if texts:
        kind = "author" if head.lower() in _OWNERS else "cell"
        yield Passage(kind, [values[row] for row in texts], place(texts))
    numeric = [isinstance(value, int | float) and not isinstance(value, bool) for value in values]
    if any(numeric):
        column = np.array(
            [value if is_one else np.nan for value, is_one in zip(values, numeric)], dtype=float
        )
        yield Column(head, table, column, place(range(len(values))))
        long = [int(row) for row in np.flatnonzero((np.abs(column) >= LONG_NUMBER) & np.isfinite(column))]
        yield Passage("digits", [_digits(values[row]) for row in long], place(long))
    blobs = [row for row, value in enumerate(values) if isinstance(value, bytes)]
    if blobs:
        found = _blobs([values[row] for row in blobs], degrees, place(blobs))
        yield from (item for item in found if not (read_before and isinstance(item, Passage)))


def _digits(value: int | float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.0f}"


def _blobs(blobs: list[bytes], degrees: bool | None, place: Inside) -> Iterator[Item]:
    shapes = shapely.from_wkb(np.array([_wkb(blob) for blob in blobs], dtype=object), on_invalid="ignore")
    known = np.array([shape is not None for shape in shapes], dtype=bool)
    if known.any():
        rows = np.flatnonzero(known)
        xy, which = shapely.get_coordinates(np.asarray(shapes, dtype=object)[known], return_index=True)
        in_degrees = bool(np.abs(xy).max(initial=0.0) <= 360) if degrees is None else degrees
        yield Positions(xy, in_degrees, lambda i: place(int(rows[which[i]])))
    for row in np.flatnonzero(~known):
        blob = blobs[int(row)]
        told = place(int(row))
        if len(blob) >= _METADATA_BLOB and blob[:4] in (
            b"\x89PNG",
            b"\xff\xd8\xff\xe0",
            b"\xff\xd8\xff\xe1",
            b"PK\x03\x04",
            b"%PDF",
        ):
            yield Nested("", blob, Place(f"{told.inside} row {told.row}"))
        else:
            yield from raw(blob, f"{told.inside} row {told.row}")


def _wkb(blob: bytes) -> bytes | None:
    """The well-known binary of a GeoPackage geometry, or the blob itself where it may be one."""
    if blob[:2] == b"GP" and len(blob) > 8:
        envelope = (blob[3] >> 1) & 7
        return blob[8 + _POINT_HEADERS[envelope] :] if envelope < len(_POINT_HEADERS) else None
    if len(blob) < 9 or blob[0] > 1:
        return None
    kind = int.from_bytes(blob[1:5], "big" if blob[0] == 0 else "little") & 0x0FFFFFFF  # without EWKB's flags
    return blob if 1 <= kind % 1000 <= 7 and kind < 4000 else None


def _stored_geometries(content: bytes, where: str) -> Iterator[Item]:
    """Points anywhere in the bytes of a database, of deleted rows too; their reference system is told by their size."""
    points, start = [], content.find(b"GP\x00")
    while start >= 0:
        wkb = _wkb(content[start : start + 100])
        if (
            wkb is not None
            and wkb[:5] in (b"\x01\x01\x00\x00\x00", b"\x00\x00\x00\x00\x01")
            and len(wkb) >= 21
        ):
            points.append(np.frombuffer(wkb[5:21], dtype="<f8" if wkb[0] else ">f8"))
        start = content.find(b"GP\x00", start + 3)
    xy = np.array([point for point in points if np.isfinite(point).all()]).reshape(-1, 2)
    degrees = (np.abs(xy) <= 360).all(axis=1)
    for some, in_degrees in ((xy[degrees], True), (xy[~degrees], False)):
        if len(some):
            yield Positions(some, in_degrees, at(f"{where} bytes, free pages too".strip()))


def read_parquet(content: bytes, where: str) -> Iterator[Item]:
    """Every column of a Parquet file and its metadata."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(content))
    metadata = {**(file.metadata.metadata or {}), **(file.schema_arrow.metadata or {})}
    pairs = [
        (key.decode("utf-8", "replace"), value.decode("utf-8", "replace")) for key, value in metadata.items()
    ]
    kept = [(key, value) for key, value in pairs if key != "ARROW:schema"]
    yield named("text", ((f"{where} metadata {key}".strip(), f"{key} {value}") for key, value in kept))
    owners = [(key, value) for key, value in kept if key.lower() in _OWNERS]
    yield named("author", ((f"{where} metadata {key}".strip(), value) for key, value in owners))
    yield one("software", file.metadata.created_by or "", f"{where} created by".strip())
    for field in file.schema_arrow:
        own = field.metadata or {}
        yield named(
            "text",
            ((f"{where} {field.name}".strip(), value.decode("utf-8", "replace")) for value in own.values()),
        )
    table = file.read()
    for head in table.column_names:
        yield named("cell", [(f"{where} heading".strip(), head)])
        values = [_spread(value) for value in table.column(head).to_pylist()]
        yield from values_items(values, head, where, degrees=None)


def _spread(value: object) -> object:
    """A cell as text, number or bytes; dates and nested values as they are written."""
    return value if value is None or isinstance(value, str | int | float | bytes) else str(value)
