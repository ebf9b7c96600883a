"""A shapefile's parts held against each other: GDAL reads half a file, or another's table, without a word.

Sizes and record numbers after the ESRI Shapefile Technical Description (1998) and the dBASE III layout.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

_HEADER = 100  # bytes before the first record of .shp and .shx
_DBF_HEADER = 32
_OUTLINES = (3, 5, 13, 15, 23, 25)  # lines and polygons, with Z, with M
_OUTLINE_WORDS = 11  # 32-bit words before the list of parts: kind, box, two counts
_SAME_PLACE, _SAME_PLACE_32 = 1e-9, 2.5e-7  # share of a coordinate: millimetres, and a metre
# What stands in a number's field: figures, nothing, stars where they did not fit, what C writes for no number.
_FIGURES = re.compile(
    rb"\s*(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\*+|[+-]?(?i:nan|inf|1\.#)\S*|)[\s\0]*"
)
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


class Fault(NamedTuple):
    """A code of `sentences.RULES` and what was found."""

    code: str
    found: str


def beside(path: Path, suffix: str) -> Path | None:
    """The file of the same stem with another ending, in either case."""
    names = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
    return next((name for name in names if name.is_file()), None)


def shapefile_faults(path: Path) -> list[Fault]:
    """Why the parts of a shapefile are no whole: a cut part, a part missing, parts of different files.

    A missing .shx is no fault here, it can be made again (`index_of`).
    """
    dbf, shx = beside(path, ".dbf"), beside(path, ".shx")
    if dbf is None:
        return [Fault("E-SHP-02", f"缺 / without {path.stem}.dbf")]
    cut = _cut(path, dbf, shx)
    if cut:
        return cut
    if shx is None:
        try:
            records = len(index_of(path))
        except ValueError as error:
            return [Fault("E-SHP-01", str(error))]
    else:
        index = np.frombuffer(shx.read_bytes(), dtype=">i4", offset=_HEADER).reshape(-1, 2)
        if not _points_at_records(path, index):
            return [Fault("E-SHP-01", ".shx 与 .shp 对不上 / .shx does not fit .shp")]
        records = len(index)
        odd = _beside_boxes(path, index)
        if odd:
            return [Fault("E-SHP-01", f"{path.name} {odd} 个图形与其外框不符 / shapes unlike their boxes")]
    rows = struct.unpack_from("<I", dbf.open("rb").read(_DBF_HEADER), 4)[0]
    if rows != records:
        return [Fault("E-SHP-03", f".shp {records}，.dbf {rows}")]
    odd = _odd_cells(dbf)
    return [Fault("E-SHP-01", f"{dbf.name} {odd} 格不是数字 / cells that are no number")] if odd else []


def index_of(path: Path) -> np.ndarray:
    """What a .shx lists: where each record of a .shp begins and how long it is, in 16-bit words, (n, 2).

    Raises ValueError where a record runs over the end of the file.
    """
    data = path.read_bytes()
    at, index = _HEADER, []
    while at < len(data):
        if at + 8 > len(data):
            raise ValueError(f"{path.name} {at}/{len(data)}")
        words = struct.unpack_from(">i", data, at + 4)[0]
        if words < 2 or at + 8 + 2 * words > len(data):
            raise ValueError(f"{path.name} {at}/{len(data)}")
        index.append((at // 2, words))
        at += 8 + 2 * words
    return np.array(index, dtype=">i4").reshape(-1, 2)


def write_index(shp: Path, shx: Path) -> None:
    """Make the .shx of a .shp again."""
    index = index_of(shp)
    with shp.open("rb") as file:
        header = bytearray(file.read(_HEADER))
    struct.pack_into(">i", header, 24, (_HEADER + 8 * len(index)) // 2)
    shx.write_bytes(bytes(header) + index.tobytes())


def dbf_texts(path: Path) -> tuple[list[bytes], list[bytes]]:
    """The headings of a dbf and its different texts, as bytes without the blanks around them."""
    data = path.read_bytes()
    rows, start, width = struct.unpack_from("<IHH", data, 4)
    names: list[bytes] = []
    texts: set[bytes] = set()
    at = 1
    body = np.frombuffer(data, dtype=f"S{width}", count=rows, offset=start)
    for name, kind, wide in _fields(data[:start]):
        names.append(name)
        if kind == b"C":
            column = np.frombuffer(body.tobytes(), dtype=np.uint8).reshape(rows, width)[:, at : at + wide]
            texts.update(
                np.unique(np.ascontiguousarray(column).view(f"S{wide}")[:, 0]).tolist() if rows else []
            )
        at += wide
    return names, [text.strip() for text in texts]


def _cut(path: Path, dbf: Path, shx: Path | None) -> list[Fault]:
    """Parts whose size is not what their header says."""
    faults = []
    for part in filter(None, (path, shx)):
        size = part.stat().st_size
        with part.open("rb") as file:
            header = file.read(_HEADER)
        said = 2 * struct.unpack_from(">i", header, 24)[0] if len(header) == _HEADER else _HEADER
        if said != size or not header.startswith(b"\x00\x00\x27\x0a") or (part is shx and size % 8 != 4):
            faults.append(Fault("E-SHP-01", f"{part.name} {size}/{said} 字节 / bytes"))
    size = dbf.stat().st_size
    with dbf.open("rb") as file:
        header = file.read(_DBF_HEADER)
    if len(header) < _DBF_HEADER:
        return [*faults, Fault("E-SHP-01", f"{dbf.name} {size}/{_DBF_HEADER} 字节 / bytes")]
    rows, start, width = struct.unpack_from("<IHH", header, 4)
    said = start + rows * width
    # Writers end a dbf with one sign, with two, or with none.
    if start < _DBF_HEADER or width < 1 or not said <= size <= said + 2 or not _fields_fit(dbf, start, width):
        faults.append(Fault("E-SHP-01", f"{dbf.name} {size}/{said} 字节 / bytes"))
    return faults


def _fields_fit(dbf: Path, start: int, width: int) -> bool:
    """Whether a dbf's fields together are as wide as a record, with the sign that marks it deleted."""
    with dbf.open("rb") as file:
        head = file.read(start)
    return len(head) == start and 1 + sum(wide for _, _, wide in _fields(head)) == width


def _fields(head: bytes) -> list[tuple[bytes, bytes, int]]:
    """Name, kind and width of each field of a dbf's header."""
    fields = []
    for at in range(_DBF_HEADER, len(head) - 18, 32):
        if head[at] == 0x0D:
            break
        kind = head[at + 11 : at + 12]
        wide = head[at + 16] + 256 * head[at + 17] * (kind == b"C")  # texts may be wider than 255 bytes
        fields.append((head[at : at + 11].split(b"\0")[0], kind, wide))
    return fields


def _beside_boxes(path: Path, index: np.ndarray) -> int:
    """How many lines and polygons do not fill the box written before their points.

    A shapefile has no check sum: a damaged coordinate shows nowhere but here.
    """
    data = np.fromfile(path, dtype="<i4")
    at, words = index[:, 0].astype(np.int64) // 2 + 2, index[:, 1].astype(np.int64) // 2
    outlined = np.isin(data[at], _OUTLINES) & (words > _OUTLINE_WORDS)
    at, words = at[outlined], words[outlined]
    parts, points = data[at + 9].astype(np.int64), data[at + 10].astype(np.int64)
    whole = (parts > 0) & (points > 0) & (_OUTLINE_WORDS + parts + 4 * points <= words)
    broken = int((~whole & (points != 0)).sum())
    at, parts, points = at[whole], parts[whole], points[whole]
    if not len(at):
        return broken
    ends = np.cumsum(points)
    # Four words a point, the points of a record one after another.
    words_of = np.repeat(at + _OUTLINE_WORDS + parts - 4 * (ends - points), 4 * points) + np.arange(
        4 * ends[-1]
    )
    xy = data[words_of].view("<f8").reshape(-1, 2)
    real = np.hstack([edge.reduceat(xy, ends - points) for edge in (np.minimum, np.maximum)])
    said = data[at[:, None] + np.arange(1, 9)].view("<f8").reshape(-1, 4)
    with np.errstate(over="ignore"):
        short = (said == said.astype(np.float32)).all()  # a writer that kept its boxes in 32 bits
    near = np.isclose(real, said, rtol=_SAME_PLACE_32 if short else _SAME_PLACE, atol=0)
    return broken + int((~near).any(axis=1).sum())


def _odd_cells(dbf: Path) -> int:
    """How many cells of number fields GDAL would read a part of: 1x5 as 1; rows neither kept nor deleted."""
    data = dbf.read_bytes()
    rows, start, width = struct.unpack_from("<IHH", data, 4)
    body = np.frombuffer(data, dtype=np.uint8, count=rows * width, offset=start).reshape(rows, width)
    odd, at = int((~np.isin(body[:, 0], list(b" *"))).sum()), 1
    for _, kind, wide in _fields(data[:start]):
        if kind in (b"N", b"F") and wide and rows:
            cells = np.ascontiguousarray(body[:, at : at + wide]).view(f"S{wide}")[:, 0]
            different, counts = np.unique(cells, return_counts=True)
            odd += sum(
                int(count) for cell, count in zip(different.tolist(), counts) if not _FIGURES.fullmatch(cell)
            )
        at += wide
    return odd


def _points_at_records(path: Path, index: np.ndarray) -> bool:
    """Whether every entry of an index meets a record of that length inside the .shp."""
    data: np.ndarray = np.fromfile(path, dtype=">i4" if path.stat().st_size % 4 == 0 else np.uint8)
    at, words = index[:, 0].astype(np.int64), index[:, 1].astype(np.int64)
    if data.dtype == np.uint8:
        return False  # every record is a whole number of 32-bit words
    if (at < _HEADER // 2).any() or (words < 2).any() or (at % 2).any():
        return False
    if (2 * (at + 4 + words) > 4 * len(data)).any():
        return False
    return bool((data[at // 2 + 1] == words).all())
