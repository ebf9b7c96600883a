"""Zip files, workbooks among them: counted and unfolded in thought before any reader unfolds them in memory."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from eco.records.opening.shapefiles import Fault

MOST_UNFOLDED = 2_000_000_000  # bytes of all members together
MOST_RATIO = 200
MOST_MEMBERS = 1000
MOST_CELLS = 50_000_000  # cells of the rectangle a sheet spans
_SMALL = 1_000_000  # a small member may be all blanks
_CHUNK = 1 << 20
_NESTED = (".zip", ".rar", ".7z", ".gz", ".kmz", ".tar")
# Cells far to the right or far down: readers make room for the whole rectangle.
_FAR_CELL = re.compile(rb'<c [^>]*?r="([A-Z]{2,3}(?=\d)|[A-Z](?=\d{6}))(\d+)"')
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_OVERLAP = 64  # signs of one chunk that may belong to the next one's find
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


def archive_faults(path: Path) -> list[Fault]:
    """Why a zip or .xlsx must not be unfolded: too large, nested, encrypted, damaged, macros, a sheet too wide."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            return _shape_faults(path, infos) or _content_faults(archive, infos)
    except _BROKEN as error:
        return [Fault("E-ZIP-02", type(error).__name__)]


def members_of(path: Path) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """A zip's files by their names, Chinese names mended; folders and what a Mac adds left out."""
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    named = {PurePosixPath(member_name(info)): info for info in infos}
    return {
        name: info
        for name, info in named.items()
        if "__MACOSX" not in name.parts and not name.name.startswith(".")
    }


def member_name(info: zipfile.ZipInfo) -> str:
    """A member's name; Windows writes GBK where the standard asks for code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename


def unpack(path: Path, parts: Mapping[str, zipfile.ZipInfo], folder: Path) -> None:
    """Copy members out as layer.shp, layer.dbf …: their own names never reach the disk."""
    with zipfile.ZipFile(path) as archive:
        for suffix, info in parts.items():
            if not re.fullmatch(r"\.[a-z]{2,7}", suffix):
                continue
            with archive.open(info) as member, (folder / f"layer{suffix}").open("wb") as file:
                while chunk := member.read(_CHUNK):
                    file.write(chunk)


def _shape_faults(path: Path, infos: list[zipfile.ZipInfo]) -> list[Fault]:
    """What the list of members says already."""
    names = [member_name(info) for info in infos]
    unfolded = sum(info.file_size for info in infos)
    if len(infos) > MOST_MEMBERS:
        return [Fault("E-ZIP-01", f"{len(infos)} 个文件 / members")]
    if unfolded > MOST_UNFOLDED:
        return [Fault("E-ZIP-01", f"{unfolded / 1e9:.1f} GB")]
    dense = [i for i in infos if i.file_size > _SMALL and i.file_size > MOST_RATIO * max(i.compress_size, 1)]
    if dense or unfolded > _SMALL + MOST_RATIO * path.stat().st_size:
        return [Fault("E-ZIP-01", f"{unfolded // path.stat().st_size} : 1")]
    if any(stat.S_ISLNK(info.external_attr >> 16) for info in infos):
        return [Fault("E-ZIP-01", "符号链接 / a symbolic link")]
    if any(name.lower().endswith(_NESTED) for name in names):
        return [Fault("E-ZIP-01", "包中有包 / a zip in the zip")]
    if any(info.flag_bits & 1 for info in infos):
        return [Fault("E-XLS-01", "加密 / encrypted")]
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return [Fault("E-XLS-01", "含宏 / with macros")]
    return []


def _content_faults(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> list[Fault]:
    """Every member read once to its end: its check sum, entities, and how wide its sheet is."""
    for info in infos:
        right, down = 1, 1
        is_sheet = "worksheets/" in info.filename
        is_xml = info.filename.endswith((".xml", ".rels", ".kml", ".gpx"))
        with archive.open(info) as member:
            tail = b""
            while chunk := member.read(_CHUNK):
                text = tail + chunk
                if is_xml and _ENTITIES.search(text):
                    return [Fault("E-XML-01", "DOCTYPE / ENTITY")]
                for column, row in _FAR_CELL.findall(text) if is_sheet else ():
                    right, down = max(right, _number(column)), max(down, int(row))
                tail = text[-_OVERLAP:]
        if right * down > MOST_CELLS:
            return [Fault("E-ZIP-01", f"{down} × {right} 单元格 / cells")]
    return []


def _number(letters: bytes) -> int:
    """The number of a column: A is 1, Z 26, AA 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
