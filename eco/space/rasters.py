"""Whether a GeoTIFF is whole before its pixels are believed: GDAL reads missing blocks as zeros.

After TIFF 6.0 (Adobe, 1992), sections 2, 3 and 15, and the BigTIFF layout.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
from affine import Affine
from rasterio.errors import RasterioError
from rasterio.windows import Window

MOST_PIXELS = 4_000_000_000
# What a pixel may hold: metres between the lowest land of Asia and its highest, IGBP codes.
_HEIGHTS_M = (-430.0, 8850.0)
RANGES = {"elevation": _HEIGHTS_M, "elevation_fine": _HEIGHTS_M, "land_cover": (0.0, 255.0)}
_METRES = re.compile(r"\W*(m\b|met(re|er)|米|公尺)")
_TYPES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_WORDS = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8"}
_SAME_PIXEL = 0.01  # share of a pixel by which equal grids may differ after rounding
_DEFLATE = (8, 32946)
_MOST_PAGES = 64  # overviews and masks of one file
_MOST_TAGS = 4096


class Fault(NamedTuple):
    """A code of `eco.records.sentences.RULES` and what was found."""

    code: str
    found: str


def open_raster(path: Path | str) -> rasterio.DatasetReader:
    """Open a GeoTIFF and nothing else: a .tif may be a VRT in disguise."""
    return rasterio.open(path, driver="GTiff")


class RasterGrid(NamedTuple):
    """Where a raster's pixels lie: its system, and the affine map from pixels to its coordinates."""

    crs: rasterio.CRS
    transform: Affine

    @property
    def words(self) -> str:
        """System and pixel size, as in EPSG:4544 30 × 30."""
        a, b, _, d, e, _ = self.transform[:6]
        return f"{self.crs.to_string()[:60]} {np.hypot(a, d):.6g} × {np.hypot(b, e):.6g}"

    def in_system(self, crs: str) -> bool:
        """Whether the raster's system is `crs`."""
        return bool(self.crs == rasterio.CRS.from_string(crs))


def raster_grid(path: Path | str) -> RasterGrid:
    """The grid of a GeoTIFF that opens and declares its system."""
    with open_raster(path) as raster:
        return RasterGrid(raster.crs, raster.transform)


def grid_differences(one: RasterGrid, other: RasterGrid) -> list[str]:
    """In which of system, pixel size and offset two grids differ; an offset in shares of a pixel.

    >>> utm = rasterio.CRS.from_epsg(4544)
    >>> here, there = Affine(30, 0, 600.0, 0, -30, 900.0), Affine(30, 0, 615.0, 0, -30, 900.0)
    >>> grid_differences(RasterGrid(utm, there), RasterGrid(utm, here))
    ['偏移 offset 0.50 px']
    """
    if one.crs != other.crs:
        return ["坐标系 system"]
    if not np.allclose([one.transform[i] for i in (0, 1, 3, 4)], [other.transform[i] for i in (0, 1, 3, 4)]):
        return ["像元 pixel size"]
    a, b, c, d, e, f = (~other.transform)[:6]
    x, y = one.transform.c, one.transform.f
    pixels = np.array([a * x + b * y + c, d * x + e * y + f])
    offset = float(np.abs(pixels - np.round(pixels)).max())
    return [f"偏移 offset {offset:.2f} px"] if offset > _SAME_PIXEL else []


def raster_faults(path: Path, kind: str = "") -> list[Fault]:
    """Everything that makes a raster of a kind ("elevation", "land_cover") unusable, in order of weight."""
    try:
        blocks = _Tiff(path).faults()
    except (ValueError, struct.error) as error:
        return [Fault("E-RAS-01", str(error) or "TIFF")]
    if blocks:
        return blocks
    try:
        with open_raster(path) as raster:
            if raster.width * raster.height > MOST_PIXELS:
                return [Fault("E-RAS-03", f"{raster.width} × {raster.height}")]
            if raster.crs is None or raster.transform.is_identity:
                return [Fault("E-RAS-02", "未声明坐标系 / no declared system")]
            unit = (raster.units[0] or "").strip().lower()
            height = kind.startswith("elevation")
            if height and unit and not _METRES.match(unit):
                return [Fault("E-RAS-04", unit)]
            if (raster.scales[0], raster.offsets[0]) != (1, 0):  # pixels are read as they stand
                return [Fault("E-RAS-04", f"× {raster.scales[0]:g} + {raster.offsets[0]:g}")]
            return _value_faults(raster, kind, asked_unit=height and not unit)
    except (RasterioError, OSError, ValueError) as error:
        return [Fault("E-RAS-01", str(error).replace(str(path), path.name))]


def _value_faults(raster: rasterio.DatasetReader, kind: str, *, asked_unit: bool) -> list[Fault]:
    """Read every block once; pixels outside the range are a fault, a block that does not open raises.

    A unit that is asked for is told with the lowest and highest value: a reader sees feet. A code of land cover is
    a whole number.
    """
    within, codes = RANGES.get(kind), kind == "land_cover" and np.dtype(raster.dtypes[0]).kind == "f"
    rows = max(1, min(raster.height, 16_000_000 // raster.width))
    lowest, highest, known = np.inf, -np.inf, 0
    for top in range(0, raster.height, rows):
        window = Window(0, top, raster.width, min(rows, raster.height - top))
        values = raster.read(1, window=window, masked=True).compressed()
        values = values[np.isfinite(values)]
        known += len(values)
        if codes and len(parted := values[values % 1 != 0]):
            return [Fault("E-RAS-04", f"{parted[0]:g}")]
        if len(values):
            lowest, highest = min(lowest, float(values.min())), max(highest, float(values.max()))
    if not known:
        return [Fault("E-RAS-04", "没有一个有值的像元 / no pixel has a value")]
    if within and not within[0] <= lowest <= highest <= within[1]:
        return [Fault("E-RAS-04", f"{lowest:g} … {highest:g}")]
    return [Fault("E-RAS-06", f"{lowest:g} … {highest:g}")] if asked_unit else []


class _Tiff:
    """The directories of a TIFF, read by their own numbers; ValueError where one lies outside the file."""

    def __init__(self, path: Path):
        self.path, self.size = path, path.stat().st_size
        with path.open("rb") as file:
            head = file.read(16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 8:
            raise ValueError("不是 TIFF / no TIFF")
        self.order, version = order, struct.unpack_from(f"{order}H", head, 2)[0]
        if version not in (42, 43):
            raise ValueError("不是 TIFF / no TIFF")
        self.big = version == 43
        self.first = (
            struct.unpack_from(f"{order}Q", head, 8)[0]
            if self.big
            else struct.unpack_from(f"{order}I", head, 4)[0]
        )

    def faults(self) -> list[Fault]:
        """Blocks without a place in the file, outside it, or fewer than the picture has."""
        at, pages = self.first, 0
        while at:
            pages += 1
            if pages > _MOST_PAGES:
                raise ValueError("目录成环 / directories without end")
            tags, at = self._directory(at)
            fault = self._page_fault(tags)
            if fault:
                return [fault]
        return [] if pages else [Fault("E-RAS-01", "没有图像 / no picture")]

    def _bytes(self, at: int, count: int) -> bytes:
        if at + count > self.size:
            raise ValueError(f"{self.size}/{at + count} 字节 / bytes")
        with self.path.open("rb") as file:
            file.seek(at)
            return file.read(count)

    def _directory(self, at: int) -> tuple[dict[int, tuple[int, int, int]], int]:
        """Type, count and place of the values of each tag, and where the next directory lies."""
        number, entry, word = ("Q", 20, "Q") if self.big else ("H", 12, "I")
        head = struct.calcsize(number)
        count = struct.unpack(f"{self.order}{number}", self._bytes(at, head))[0]
        if count > _MOST_TAGS:
            raise ValueError("目录损坏 / a damaged directory")
        body = self._bytes(at + head, count * entry + struct.calcsize(word))
        tags = {}
        for i in range(count):
            tag, kind, many = struct.unpack_from(f"{self.order}HH{word}", body, i * entry)
            room = struct.calcsize(word)
            place = at + head + i * entry + entry - room
            long = _TYPES.get(kind, 1) * many
            if long > room:
                place = struct.unpack_from(f"{self.order}{word}", body, i * entry + entry - room)[0]
                if place + long > self.size:  # GDAL goes on without the tag, be it the system itself
                    raise ValueError(f"{self.size}/{place + long} 字节 / bytes")
            tags[tag] = (kind, many, place)
        return tags, struct.unpack_from(f"{self.order}{word}", body, count * entry)[0]

    def _values(self, tags: Mapping[int, tuple[int, int, int]], tag: int) -> np.ndarray:
        if tag not in tags:
            return np.zeros(0, dtype=np.int64)
        kind, many, place = tags[tag]
        if kind not in _WORDS:
            raise ValueError("目录损坏 / a damaged directory")
        return np.frombuffer(self._bytes(place, many * _TYPES[kind]), dtype=self.order + _WORDS[kind]).astype(
            np.int64
        )

    def _number(self, tags: Mapping[int, tuple[int, int, int]], tag: int, default: int = 0) -> int:
        values = self._values(tags, tag)
        return int(values[0]) if len(values) else default

    def _page_fault(self, tags: Mapping[int, tuple[int, int, int]]) -> Fault | None:
        width, height = self._number(tags, 256), self._number(tags, 257)
        if not width or not height:
            raise ValueError("没有图像 / no picture")
        tiled = 324 in tags
        across = self._number(tags, 322, width) if tiled else width
        down = self._number(tags, 323, height) if tiled else min(self._number(tags, 278, height), height)
        if not across or not down:
            raise ValueError("目录损坏 / a damaged directory")
        planes = self._number(tags, 277, 1) if self._number(tags, 284, 1) == 2 else 1
        wanted = -(-width // across) * -(-height // down) * planes
        offsets, counts = (self._values(tags, tag) for tag in ((324, 325) if tiled else (273, 279)))
        if len(offsets) != wanted or len(counts) != wanted:
            return Fault("E-RAS-01", f"{min(len(offsets), len(counts))}/{wanted} 块 / blocks")
        missing = int(((offsets == 0) | (counts == 0)).sum())
        outside = int(((offsets < 0) | (counts < 0) | (offsets + counts > self.size)).sum())
        if missing or outside:
            return Fault("E-RAS-01", f"{missing + outside}/{wanted} 块无数据 / blocks without data")
        if self._number(tags, 259, 1) in _DEFLATE:
            most = across * down * 64  # no pixel is wider, all its bands together
            broken = self._broken(zip(offsets.tolist(), counts.tolist()), most)
            if broken:
                return Fault("E-RAS-01", f"{broken}/{wanted} 块损坏 / damaged blocks")
        return None

    def _broken(self, blocks: Iterable[tuple[int, int]], most: int) -> int:
        """How many deflated blocks miss their own check sum, which GDAL does not look at."""
        broken = 0
        with self.path.open("rb") as file:
            for at, count in blocks:
                file.seek(at)
                stream = zlib.decompressobj()
                try:
                    stream.decompress(file.read(count), most)
                    broken += not stream.eof
                except zlib.error:
                    broken += 1
        return broken
