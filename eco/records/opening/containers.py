"""GeoPackage and GeoJSON looked through for what their drivers pass over in silence."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from eco.records.opening.shapefiles import Fault

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
        listed = base.execute(f"select count(*) from {_quoted(index)}").fetchone()[0] if index in names else 0
        # Features without a shape stand in no index.
        if said.get(layer) not in (None, count) or listed > count:
            return [Fault("E-GPKG-01", f"{layer}: {count}/{said.get(layer)}/{listed} 要素 / features")]
    return []


def _quoted(name: str) -> str:
    return '"' + str(name).replace('"', '""') + '"'


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("重复的键 / a key twice")
    return made


def _never(word: str) -> object:
    raise ValueError(word)
