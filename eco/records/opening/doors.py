"""A file looked at before any driver may open it: what it begins with, how large it is, whether it is whole.

Drivers are many and trusting: a .shp may be a recipe that reads another file, a workbook of 300 KB may
unfold to gigabytes, half a shapefile reads as a whole one.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from eco.files import seal_of
from eco.problems import DataProblem, Finding
from eco.records.opening.archives import archive_faults, members_of, unpack
from eco.records.opening.containers import geojson_faults, geopackage_faults
from eco.records.opening.shapefiles import PARTS, Fault, beside, shapefile_faults, write_index
from eco.records.sentences import finding
from eco.records.sources import Source, choose, fault
from eco.records.tables import WORKING_CRS
from eco.space.rasters import grid_differences, raster_faults, raster_grid

MOST_BYTES = 2_000_000_000
_ZIP, _OLE, _XML = (b"PK\x03\x04",), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), (b"<",)
_MARKS = {
    ".xlsx": _ZIP,
    ".zip": _ZIP,
    ".kmz": _ZIP,
    ".xls": (*_OLE, b"\x09\x08", b"\x09\x04", b"\x09\x02"),  # older than Excel 97: no container
    ".shp": (b"\x00\x00\x27\x0a",),
    ".gpkg": (b"SQLite format 3\x00",),
    ".geojson": (b"{",),
    ".json": (b"{",),
    ".kml": _XML,
    ".gpx": _XML,
    ".parquet": (b"PAR1",),
    ".geoparquet": (b"PAR1",),
}
_TEXTS = (".csv", ".tsv", ".txt")
_SPACED = (b"{", b"<")  # marks that may stand behind blanks and a byte order mark
LAYER_ENDINGS = (".shp", ".gpkg", ".geojson", ".json")
# Endings a county sends that no reader takes, and what to do instead.
REFUSED = {
    **dict.fromkeys((".xlsm", ".xlsb", ".xltm", ".et", ".ett", ".ods", ".fods"), "xlsx"),
    **dict.fromkeys((".doc", ".docx", ".wps", ".pdf", ".dbf", ".accdb"), "xlsx"),
    **dict.fromkeys((".rar", ".7z", ".tar", ".gz"), "zip"),
    **dict.fromkeys((".dwg", ".dxf", ".mdb", ".tab", ".mif", ".gdb", ".e00", ".wl", ".wt"), "gpkg"),
    **dict.fromkeys((".ovkml", ".ovkmz", ".ovjsn", ".ovobj", ".qgz", ".qgs", ".mxd", ".lyr", ".lpk"), "gpkg"),
}


def check_opening(source: Source) -> None:
    """Raise DataProblem when a table's file is not what its ending says, too large, damaged or cut."""
    path = source.path
    suffix = path.suffix.lower()
    faults = _outside_faults(path) or _kind_faults(path, suffix)
    if not faults:
        faults = _seal_faults(path) or _inside_faults(path, suffix)
    if faults:
        # Whatever a workbook was before, Excel and WPS save it as xlsx.
        kind = {"E-FILE-10": "xlsx"}
        raise DataProblem(
            [fault(source, item.code, item.found, kind=kind.get(item.code, suffix)) for item in faults]
        )


@contextmanager
def opened_layer(source: Source) -> Iterator[tuple[Path, tuple[Finding, ...]]]:
    """A layer's file as GDAL may read it, and what was mended on the way.

    It is the bureau's own file, or a copy under a name of ours where that must be unpacked or
    mended, or where reading would write beside it. Run `check_opening` first.
    """
    path = source.path
    suffix = path.suffix.lower()
    lone = suffix == ".shp" and beside(path, ".shx") is None
    live = suffix == ".gpkg" and _is_live(path)
    if suffix != ".zip" and not lone and not live:
        yield path, ()
        return
    with tempfile.TemporaryDirectory(prefix="eco-") as name:
        folder = Path(name)
        if suffix == ".zip":
            copy = _unpacked(source, folder)
            lone = copy.suffix == ".shp" and beside(copy, ".shx") is None
        else:
            copy = _copied(path, folder)
        notes = []
        if lone:
            write_index(copy, copy.with_suffix(".shx"))
            notes.append(fault(source, "E-SHP-04", f"缺 / without {path.stem}.shx"))
        yield copy, tuple(notes)


def check_raster(path: Path, name: str) -> list[Finding]:
    """What makes a raster unusable: `name` is its key in tables.RASTERS."""
    faults = _outside_faults(path) or _seal_faults(path) or raster_faults(path, name)
    return [
        finding(code, table=name, where=path.name, found=found, kind="GeoTIFF") for code, found, *_ in faults
    ]


def different_grids(rasters: Mapping[str, Path]) -> list[Finding]:
    """E-RAS-05: rasters that lie on another grid than the tables' system or than the first raster.

    Nothing is laid upon each other: each raster is read at the points asked for, on its own grid.
    """
    found = []
    grids = {name: raster_grid(path) for name, path in rasters.items()}
    for name, grid in grids.items():
        other = next(iter(grids))
        off = grid_differences(grid, grids[other])
        if off:
            found.append((name, f"{grid.words}；与 / beside {other}: {'、'.join(off)}"))
        elif not grid.in_system(WORKING_CRS):
            found.append((name, grid.words))
    return [
        finding("E-RAS-05", table=name, where=rasters[name].name, found=words, crs=WORKING_CRS)
        for name, words in found
    ]


def parts_of(path: Path) -> list[Path]:
    """All files one layer is made of."""
    if path.suffix.lower() != ".shp":
        return [path]
    return [path, *filter(None, (beside(path, part) for part in PARTS[1:]))]


def _outside_faults(path: Path) -> list[Fault]:
    """What can be told without opening: no file, a device, too many bytes, none at all."""
    if not path.is_file():
        return [Fault("E-FILE-05", path.name)]
    size = path.stat().st_size
    if not size:
        return [Fault("E-FILE-03", "0 字节的空文件 / an empty file")]
    if size > MOST_BYTES:
        return [Fault("E-FILE-08", f"{size / 1e9:.1f} GB")]
    return []


def _kind_faults(path: Path, suffix: str) -> list[Fault]:
    with path.open("rb") as file:
        start = file.read(4096)
    marks = _MARKS.get(suffix, ())
    bare = start.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not marks:
        known = suffix in _TEXTS
        looks = next((word for word, sign in _LOOKS if start.startswith(sign)), "")
        return [] if known and not looks else [Fault("E-FILE-03", looks or suffix)]
    if any((bare if mark in _SPACED else start).startswith(mark) for mark in marks):
        return []
    if suffix == ".xlsx" and start.startswith(_OLE):
        return [Fault("E-XLS-01", "加密或旧格式 / encrypted or of the old format")]
    looks = next((word for word, sign in _LOOKS if bare.startswith(sign)), "")
    if not looks and b"\0" not in start and re.search(rb"[\t,;][^\n]*\n[^\n]*[\t,;]", start):
        looks = _EXCEL_OPENS[0]
    if looks in _EXCEL_OPENS and suffix in (".xls", ".xlsx"):
        return [Fault("E-FILE-10", f"{path.name}：其实是 / in truth {looks}")]
    found = "内容与扩展名不符 / content that is not what the ending says"
    return [Fault("E-FILE-03", f"{found}{f'：{looks}' if looks else ''}")]


# What a file may be instead of what its ending says: web systems save tables of HTML as .xls.
_LOOKS = (
    ("HTML", b"<html"),
    ("HTML", b"<HTML"),
    ("HTML", b"<!DOCTYPE"),
    ("HTML", b"<table"),
    ("xlsx / zip", b"PK\x03\x04"),
    ("xls", _OLE[0]),
    ("RAR", b"Rar!"),
    ("PDF", b"%PDF"),
    ("SQLite", b"SQLite format 3"),
    ("OGR VRT", b"<OGRVRTDataSource"),
    ("GDAL VRT", b"<VRTDataset"),
)

_EXCEL_OPENS = ("文字表 / a text table", "HTML", "xlsx / zip", "xls")  # whatever their ending is


def _seal_faults(path: Path) -> list[Fault]:
    changed = [part.name for part in parts_of(path) if seal_of(part) == "changed"]
    return [Fault("E-HASH-01", "、".join(changed))] if changed else []


def _inside_faults(path: Path, suffix: str) -> list[Fault]:
    """What the container itself says against being read."""
    if suffix in (".xlsx", ".zip", ".kmz"):
        return archive_faults(path)
    if suffix == ".xls":
        return _old_workbook_faults(path)
    if suffix == ".shp":
        return shapefile_faults(path)
    if suffix == ".gpkg":
        if not _is_live(path):
            return geopackage_faults(path)
        with tempfile.TemporaryDirectory(prefix="eco-") as folder:
            return geopackage_faults(_copied(path, Path(folder)))
    if suffix in (".geojson", ".json"):
        return geojson_faults(path)
    if suffix in (".parquet", ".geoparquet"):
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - 4, 0))
            return [] if file.read() == b"PAR1" else [Fault("E-FILE-03", "文件不完整 / cut at its end")]
    return []


def _old_workbook_faults(path: Path) -> list[Fault]:
    """An .xls whose stream is encrypted: a FILEPASS record among the first after its BOF (MS-XLS 2.4.117)."""
    data = path.read_bytes()
    for found in re.finditer(rb"\x09\x08\x10\x00\x00[\x05\x06]", data):
        at = found.start()
        for _ in range(20):
            if at + 4 > len(data):
                break
            kind, length = (int.from_bytes(data[at + i : at + i + 2], "little") for i in (0, 2))
            if kind == 0x2F:
                return [Fault("E-XLS-01", "加密 / encrypted")]
            at += 4 + length
        break
    return []


def _is_live(path: Path) -> bool:
    """Whether SQLite would write beside a GeoPackage to read it: it is in WAL mode or was left unfinished."""
    with path.open("rb") as file:
        header = file.read(20)
    return header[18:20] == b"\x02\x02" or any(Path(f"{path}{end}").is_file() for end in ("-wal", "-journal"))


def _copied(path: Path, folder: Path) -> Path:
    copy = folder / f"layer{path.suffix.lower()}"
    for part in parts_of(path):
        shutil.copyfile(part, folder / f"layer{part.suffix.lower()}")
    for end in ("-wal", "-journal"):
        if Path(f"{path}{end}").is_file():
            shutil.copyfile(f"{path}{end}", f"{copy}{end}")
    return copy


def _unpacked(source: Source, folder: Path) -> Path:
    """The one layer of a zip, copied out under our own names; DataProblem where it is none, or no whole."""
    members = members_of(source.path)
    layers = {name.stem: name for name in members if name.suffix.lower() in LAYER_ENDINGS}
    if not layers:
        raise DataProblem([fault(source, "E-FILE-03", "压缩包里没有图层 / no layer in the zip", kind="zip")])
    chosen = layers[choose(source, "layer", source.layer, list(layers))]
    parts = {
        name.suffix.lower(): info
        for name, info in members.items()
        if name.parent == chosen.parent and name.stem == chosen.stem
    }
    unpack(source.path, parts, folder)
    copy = folder / f"layer{chosen.suffix.lower()}"
    suffix = copy.suffix
    faults = _kind_faults(copy, suffix) or _inside_faults(copy, suffix)
    if faults:
        raise DataProblem([fault(source, item.code, item.found, kind=suffix) for item in faults])
    return copy
