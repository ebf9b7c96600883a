"""Points and outlines from phones, web maps and notebooks: KML, KMZ, GPX and GeoParquet.

KML and GPX are read by expat, not GDAL: it keeps Chinese headings (GDAL writes ____ for them), asks no
network and refuses document types, so an entity can neither grow nor name a file.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import geopandas as gpd
import pandas as pd
import pyarrow
import pyarrow.parquet
import shapely

from eco.problems import DataProblem
from eco.records.addresses import row_places
from eco.records.encodings import read_encoding
from eco.records.sources import Sheet, Source, choose, fault

MARKUP = (".kml", ".kmz", ".gpx")
PARQUET = (".parquet", ".geoparquet")
_LARGEST_MARKUP_BYTES = 200_000_000
_LARGEST_PARQUET_BYTES = 2_000_000_000  # as it lies in memory
_DEEPEST = 100
_LONGEST_TEXT = 10_000
_WEB_DEGREES = "EPSG:4326"  # both standards know no other


class _Feature(NamedTuple):
    layer: str
    cells: dict[str, str]
    shape: shapely.Geometry | None


def read_markup(source: Source) -> Sheet:
    """The features of a KML, KMZ or GPX file under their own headings, in WGS-84 degrees.

    Folders, or waypoints, routes and tracks, are layers. HTML in descriptions is dropped, a network
    link is counted and never opened. Raises DataProblem when the file is no such file, holds a
    document type, or has several layers and none is chosen.
    """
    text, overruled = _markup_text(source)
    root = _tree(source, text)
    wanted, features = (
        ("gpx", _gpx_features) if source.path.suffix.lower() == ".gpx" else ("kml", _kml_features)
    )
    if _local(root) != wanted:
        raise DataProblem([fault(source, "E-XML-01", f"<{_local(root)[:40]}>")])
    found = list(features(root))
    layers = list(dict.fromkeys(feature.layer for feature in found))
    layer = choose(source, "layer", source.layer, layers) if layers or source.layer else ""
    mine = [feature for feature in found if feature.layer == layer]
    frame = pd.DataFrame([feature.cells for feature in mine], dtype=object)
    shapes = gpd.GeoSeries([feature.shape for feature in mine], crs=_WEB_DEGREES)
    where = row_places(source.path.name, range(1, len(mine) + 1), feature=True)
    links = sum(_local(element) == "NetworkLink" for element in root.iter())
    notes = [fault(source, "E-XML-02", f"{links} 处 / {links} of them")] if links else []
    if overruled:
        notes.append(fault(source, "E-ENC-02", "GBK 文字，按 GBK 读取 / GBK, read as such"))
    return Sheet(frame, where, shapes, shapes.crs, tuple(notes))


def read_parquet(source: Source) -> Sheet:
    """A Parquet table, with its geometry when it is a GeoParquet one."""
    kind = "GeoParquet"
    try:
        file = pyarrow.parquet.ParquetFile(source.path)
        groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
        size = sum(group.total_byte_size for group in groups)
        if size > _LARGEST_PARQUET_BYTES:
            raise DataProblem([fault(source, "E-FILE-03", f"{size / 1e9:.1f} GB", kind=kind)])
        spatial = b"geo" in (file.schema_arrow.metadata or {})
        frame = gpd.read_parquet(source.path) if spatial else pd.read_parquet(source.path)
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, shapely.GEOSException) as error:
        raise DataProblem([fault(source, "E-FILE-03", _first_line(error), kind=kind)]) from error
    frame = frame.reset_index(drop=True)
    where = row_places(source.path.name, range(1, len(frame) + 1), feature=True)
    if not spatial:
        return Sheet(frame, where)
    return Sheet(pd.DataFrame(frame.drop(columns=frame.geometry.name)), where, frame.geometry, frame.crs)


def _markup_text(source: Source) -> tuple[str, bool]:
    """The file's text, and whether it was taken for GBK without saying so."""
    data = _unzipped(source) if source.path.suffix.lower() == ".kmz" else _whole(source)
    declared = re.match(rb"[^<]{0,3}<\?xml[^>]*?encoding=[\"']([\w.-]+)", data)
    said = source.encoding or (declared[1].decode("ascii") if declared else None)
    reading = read_encoding(data, said)
    if reading is None:
        raise DataProblem([fault(source, "E-ENC-01", said or "无法识别的编码 / bytes in no known encoding")])
    text = data.decode(reading.encoding).removeprefix("\ufeff")
    return text, reading.encoding == "gb18030" and (said is None or reading.overruled)


def _whole(source: Source) -> bytes:
    size = source.path.stat().st_size
    if size > _LARGEST_MARKUP_BYTES:
        raise DataProblem([fault(source, "E-FILE-03", f"{size / 1e6:.0f} MB", kind="< 200 MB")])
    return source.path.read_bytes()


def _unzipped(source: Source) -> bytes:
    """The one KML of a KMZ, read in memory; its pictures stay where they are."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = [item for item in archive.infolist() if item.filename.lower().endswith(".kml")]
            if len(members) != 1:
                found = f"{len(members)} 个 KML / {len(members)} of them"
                raise DataProblem([fault(source, "E-FILE-03", found, kind="KMZ")])
            with archive.open(members[0]) as member:
                return member.read(_LARGEST_MARKUP_BYTES)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise DataProblem([fault(source, "E-FILE-03", _first_line(error), kind="KMZ")]) from error


def _tree(source: Source, text: str) -> Element:
    """The elements of a text; a document type, and with it every entity, ends the reading."""
    builder, parser, depth = TreeBuilder(), expat.ParserCreate(namespace_separator=" "), 0

    def refuse(found: str) -> DataProblem:
        return DataProblem([fault(source, "E-XML-01", found)])

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise refuse(f"嵌套超过 {_DEEPEST} 层 / nested deeper than {_DEEPEST}")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def document_type(*_: object) -> None:
        raise refuse("文件类型声明或实体 / a document type or entities")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = document_type
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise refuse(_first_line(error)) from error
    return builder.close()


def _kml_features(root: Element) -> Iterator[_Feature]:
    """Every placemark, its folder's name as layer (a document's own placemarks bear the document's)."""

    def walk(element: Element, layer: str) -> Iterator[_Feature]:
        for child in element:
            kind = _local(child)
            if kind == "Placemark":
                yield _Feature(layer, _kml_cells(child), _kml_shape(child))
            elif kind in ("Folder", "Document"):
                yield from walk(child, _words(child, "name") or layer or kind)

    return walk(root, "")


def _kml_cells(placemark: Element) -> dict[str, str]:
    cells = {name: _plain_text(_words(placemark, name)) for name in ("name", "description")}
    for data in placemark.iter():
        heading = data.get("name", "")
        if _local(data) == "Data":
            cells[heading] = _plain_text(_words(data, "value"))
        elif _local(data) == "SimpleData":
            cells[heading] = _plain_text(data.text or "")
    return cells


def _kml_shape(children: Iterable[Element]) -> shapely.Geometry | None:
    """The first shape among a placemark's elements, None where there is none or it does not close."""
    made: dict[str, Callable[[Element], shapely.Geometry]] = {
        "Point": lambda part: shapely.Point(_coordinates(part)[0]),
        "LineString": lambda part: shapely.LineString(_coordinates(part)),
        "Polygon": _kml_polygon,
        "MultiGeometry": _kml_many,
    }
    try:
        return next((made[kind](child) for child in children if (kind := _local(child)) in made), None)
    except (ValueError, IndexError, shapely.GEOSException):
        return None


def _kml_polygon(polygon: Element) -> shapely.Polygon:
    rings = [(_local(edge), _coordinates(edge)) for edge in polygon]
    shell = next((ring for kind, ring in rings if kind == "outerBoundaryIs"), [])
    return shapely.Polygon(shell, [ring for kind, ring in rings if kind == "innerBoundaryIs"])


def _kml_many(group: Element) -> shapely.Geometry:
    """Parts as one: polygons as a MultiPolygon, one point as a point, anything else as a collection."""
    found = [_kml_shape([child]) for child in group]
    parts = [part for part in found if part is not None]
    if not parts or len(parts) < len(found):
        raise ValueError("a part without a shape")
    if len(parts) == 1:
        return parts[0]
    if all(part.geom_type == "Polygon" for part in parts):
        return shapely.MultiPolygon(parts)
    return shapely.GeometryCollection(parts)


def _coordinates(element: Element) -> list[tuple[float, float]]:
    """Longitude and latitude of `lon,lat[,height] lon,lat ...`; some hands put blanks after the commas."""
    texts = (part.text or "" for part in element.iter() if _local(part) == "coordinates")
    tuples = re.sub(r"\s*,\s*", ",", " ".join(texts)).split()
    return [(_degrees(x), _degrees(y)) for x, y, *_ in (one.split(",") for one in tuples)]


def _degrees(text: str) -> float:
    """A coordinate's figures; Python's own 1_0 for 10 is no such figure."""
    if "_" in text:
        raise ValueError("no number")
    return float(text)


def _gpx_features(root: Element) -> Iterator[_Feature]:
    """Waypoints as points, routes and tracks as lines; what hangs on them, extensions too, as cells."""
    for element in root:
        layer = {"wpt": "waypoints", "rte": "routes", "trk": "tracks"}.get(_local(element))
        if layer is None:
            continue
        points = [part for part in element.iter() if _local(part) in ("wpt", "rtept", "trkpt")]
        own = (part for part in element if _local(part) not in ("rtept", "trkseg"))
        cells = {
            _local(leaf): _plain_text(leaf.text or "")
            for part in own
            for leaf in part.iter()
            if not len(leaf) and (leaf.text or "").strip()
        }
        try:
            pairs = [(_degrees(point.get("lon", "")), _degrees(point.get("lat", ""))) for point in points]
            shape = shapely.Point(pairs[0]) if layer == "waypoints" else shapely.LineString(pairs)
        except (ValueError, shapely.GEOSException):
            shape = None
        yield _Feature(layer, cells, shape)


def _local(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition(" ")[2]


def _words(element: Element, name: str) -> str:
    return next((child.text or "" for child in element if _local(child) == name), "").strip()


def _plain_text(text: str) -> str:
    """A text without its HTML; scripts and styles go with all they hold.

    >>> _plain_text("<b>东坡</b><img src=x onerror=y>&amp;<script>z</script>")
    '东坡 &'
    """
    text = text[:_LONGEST_TEXT]
    if "<" in text:
        for name in ("script", "style"):
            text = re.sub(rf"(?is)<{name}\b.*?(</{name}\s*>|\Z)", " ", text)
        text = re.sub(r"<[^<>]*(>|\Z)", " ", text)
    return " ".join(html.unescape(text).split())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
