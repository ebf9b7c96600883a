"""GeoPackage and GeoJSON looked through for what their drivers pass over in silence."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import shapely

from eco.records.opening.shapefiles import Fault

_ROWS_A_LOOK = 50_000
_REAL_32 = 2.5e-7  # an R-tree keeps bounds in 32 bits, rounded outwards
_ENVELOPE_BYTES = {1: 32, 2: 48, 3: 48, 4: 64}
_LONGEST_LOOK_S = 60.0  # a GeoPackage may hold a view that never ends


def geopackage_faults(path: Path) -> list[Fault]:
    """Why a GeoPackage is damaged: cut, pages that do not fit each other, features its lists do not know."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(100)
    page = int.from_bytes(header[16:18], "big")
    wanted = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
    valid = header[24:28] == header[92:96]  # only then the header's count of pages holds
    if len(header) < 100 or (valid and not Path(f"{path}-wal").is_file() and size != wanted):
        return [Fault("E-GPKG-01", f"文件不完整 / {size}/{wanted} 字节 bytes")]
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
            until = time.monotonic() + _LONGEST_LOOK_S
            base.set_progress_handler(lambda: time.monotonic() > until, 100_000)
            base.execute("pragma trusted_schema = off")
            said = base.execute("pragma integrity_check(1)").fetchone()[0]
            if said != "ok":
                return [Fault("E-GPKG-01", "integrity_check")]
            return _count_faults(base)
    except (sqlite3.Error, UnicodeError, ValueError) as error:
        return [Fault("E-GPKG-01", type(error).__name__)]


def geojson_faults(path: Path) -> list[Fault]:
    """Why a GeoJSON is none: cut, too deep, a key twice, NaN or Infinity, no collection of features."""
    data = path.read_bytes()
    try:
        said = json.loads(data.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=_once, parse_constant=_never)
    except UnicodeDecodeError:
        return [Fault("E-ENC-01", "GeoJSON")]
    except RecursionError:
        return [Fault("E-JSON-01", "嵌套太深 / nested too deep")]
    except ValueError as error:
        return [Fault("E-JSON-01", str(error)[:60])]
    kind = said.get("type") if isinstance(said, dict) else None
    if kind == "FeatureCollection" and isinstance(said.get("features"), list):
        return []
    return [Fault("E-JSON-01", f"type: {str(kind)[:40]}")]


def _count_faults(base: sqlite3.Connection) -> list[Fault]:
    """Layers whose features are not as many as their list or their index says."""
    names = {name for (name,) in base.execute("select name from sqlite_master where type = 'table'")}
    if "gpkg_contents" not in names:
        return [Fault("E-GPKG-01", "没有 gpkg_contents / without gpkg_contents")]
    said = {}
    if "gpkg_ogr_contents" in names:
        said = dict(base.execute("select table_name, feature_count from gpkg_ogr_contents"))
    shapes = {}
    if "gpkg_geometry_columns" in names:
        shapes = dict(base.execute("select table_name, column_name from gpkg_geometry_columns"))
    for (layer,) in base.execute("select table_name from gpkg_contents where data_type = 'features'"):
        if layer not in names:
            return [Fault("E-GPKG-01", f"{layer} 不是表 / no table")]
        count = base.execute(f"select count(*) from {_quoted(layer)}").fetchone()[0]
        index = f"rtree_{layer}_{shapes.get(layer)}"
        if said.get(layer) not in (None, count):
            return [Fault("E-GPKG-01", f"{layer}: {count}/{said.get(layer)} 要素 / features")]
        odd = _beside_index(base, layer, str(shapes.get(layer)), index) if index in names else 0
        if odd:
            return [Fault("E-GPKG-01", f"{layer}: {odd} 个图形与索引不符 / shapes unlike their index")]
    return []


def _beside_index(base: sqlite3.Connection, layer: str, column: str, index: str) -> int:
    """How many shapes of a layer do not lie where its R-tree says, and entries of it that have no shape.

    SQLite has no check sum of a page: a flipped byte of a coordinate shows nowhere but here.
    """
    asked = base.execute(
        f"select s.{_quoted(column)}, r.minx, r.miny, r.maxx, r.maxy from {_quoted(layer)} s "
        f"left join {_quoted(index)} r on r.id = s.rowid"
    )
    listed = base.execute(f"select count(*) from {_quoted(index)}").fetchone()[0]
    odd = solid = 0
    while rows := asked.fetchmany(_ROWS_A_LOOK):
        bodies = [_well_known(row[0]) for row in rows]
        there = np.array([body is not None for body in bodies])
        shapes = shapely.from_wkb(np.array(bodies, dtype=object), on_invalid="ignore")
        bounds = np.array([row[1:] for row in rows], dtype=float)  # NaN where the index has no entry
        near = np.isclose(shapely.bounds(shapes), bounds, rtol=_REAL_32, atol=1e-9).all(axis=1)
        solid += int((there & ~shapely.is_empty(shapes)).sum())
        odd += int((~near & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)).sum())
    return odd or abs(listed - solid)


def _well_known(blob: object) -> bytes | None:
    """The WKB in a GeoPackage's shape; None for no shape and for one marked as empty (OGC 12-128, 2.1.3)."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP" or blob[3] & 0x10:
        return None
    return blob[8 + _ENVELOPE_BYTES.get(blob[3] >> 1 & 7, 0) :]


def _quoted(name: str) -> str:
    return '"' + str(name).replace('"', '""') + '"'


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("重复的键 / a key twice")
    return made


def _never(word: str) -> object:
    raise ValueError(word)
