"""Millions of texts through the parsers, led by the branches they reach: only DataProblem may escape.

    python tests/benchmarks/fuzz.py --target id --runs 1000000 [--seed 1]

Needs atheris, in an environment of its own. Each target also asks what a wrong answer would break:
a number that comes back as written, an ID number that checks by another formula, a masked text that
still holds a phone. `--target all` gives every target its share of the runs and prints one table.
"""

from __future__ import annotations

import argparse
import math
import re
import struct
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

import atheris

with atheris.instrument_imports(include=["eco.records", "eco.phrases", "eco.problems", "eco.space.datums"]):
    from eco.problems import DataProblem
    from eco.records import delimited, encodings, figures, formats, people, readers, settings, shapes
    from eco.records.sources import Raw, Source
    from eco.records.tables import COORDINATES, TABLES, WORKING_CRS
    from eco.space import datums

import numpy as np
import pandas as pd
import shapely

ASOF = date(2026, 11, 1)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, table A.1
DECIMAL = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?i:nan|inf|infinity)"
PROVINCES = {f"{ten}{one}" for ten, most in zip("1234568", (5, 3, 7, 6, 4, 5, 3)) for one in range(most + 1)}
PROVINCES = PROVINCES - {"10", "20", "30", "40", "60", "80"} | {"71"}
UNITS = ("元", "人")
HAN = [bytes([row, cell]).decode("gb2312") for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFF)]
HAN_SIGNS = re.compile("[\u3400-\u9fff]")
PLACES = Source(TABLES["villages"], Path("villages.csv"), crs="EPSG:4490")
FOLDER = Path(tempfile.mkdtemp(prefix="eco-fuzz-"))
CORNER = struct.pack("<2d", 104.61, 35.58), struct.pack("<2d", 35_464_653.0, 3_939_000.0)


class Target(NamedTuple):
    """What is run on every input, the inputs to begin with, and its share of the runs of `all`."""

    once: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    share: float


def texts(data: bytes) -> str:
    """The input as text; bytes that are no UTF-8 are left out."""
    return data.decode("utf-8", "ignore")


def is_sound_id(text: str) -> bool:
    """Whether 18 signs are an ID number, by the standard's own words."""
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        return False
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    too_old = (ASOF.year - born.year - ((ASOF.month, ASOF.day) < (born.month, born.day))) > 120
    province = text[:2] in PROVINCES
    return born <= ASOF and not too_old and province and check_sign(text) == text[17]


def digits_of(text: str) -> str:
    """The digits of a text that a clerk means as digits: half and full width, no ² or ½ or ①."""
    return "".join(
        str(unicodedata.digit(sign))
        for sign in text
        if unicodedata.category(sign) == "Nd"
        and (sign.isascii() or "<wide>" in unicodedata.decomposition(sign))
    )


def encoding(data: bytes) -> None:
    """An encoding found decodes the bytes; Chinese in GBK or UTF-8 is never read as something else."""
    kind, rest = data[:1], data[1:]
    declared = (None, "utf-8", "gbk", rest[:12].decode("latin-1"))[kind[0] % 4] if kind else None
    found = encodings.read_encoding(rest, declared, cut=[rest[:7]] if kind and kind[0] & 4 else ())
    if found is not None:
        rest.decode(found.encoding)
        assert not (declared is None and found.overruled)
    meant = "".join(
        HAN[place % len(HAN)] for (place,) in struct.iter_unpack("<H", rest[: len(rest) // 2 * 2])
    )
    for written in ("utf-8", "gb18030"):
        found = encodings.read_encoding(meant.encode(written))
        again = meant if found is None else meant.encode(written).decode(found.encoding)
        # 路 alone in GBK is the bytes of · in UTF-8: such a text of signs everybody writes may be either.
        assert again == meant or (not HAN_SIGNS.search(again) and encodings.common_share(again) > 0.7), again


def lines(data: bytes) -> None:
    """Faults of a text table stand in a line it has; what is passed on has one kind of line end."""
    broken = delimited.over_limits(data)
    text, lone = delimited.plain_line_ends(texts(data))
    assert "\r" not in text and (not lone or b"\r" in data)
    head = delimited.first_lines(text, 10)
    assert len(head) <= 10 and text.startswith("".join(head))
    mark = delimited.separator(head)
    open_ = delimited.unclosed_quote(text, mark, width=max((one.count(mark) for one in head), default=0) + 1)
    for one in filter(None, (broken, open_)):
        assert 0 <= one.line <= text.count("\n") + data.count(b"\n") + data.count(b"\r") + 1


def table(data: bytes) -> None:
    """Without quotes every cell of a table stands where the separators put it."""
    text, _ = delimited.plain_line_ends(texts(data.replace(b"\0", b"")))
    mark = delimited.separator(delimited.first_lines(text, 10))
    if delimited.unclosed_quote(text, mark, width=2) is not None:
        return
    cells = delimited.parse(text, mark)
    if isinstance(cells, delimited.Broken) or '"' in text:
        return
    rows = [line.split(mark) for line in text.removesuffix("\n").split("\n")] if text else []
    width = max(map(len, rows), default=1)
    assert cells.to_numpy().tolist() == [row + [""] * (width - len(row)) for row in rows]


def id_number(data: bytes) -> None:
    """A number is sound exactly when the standard's words say so; 15 digits made 18 check."""
    given = texts(data.replace(b"\0", b"")).split("\n")[:20]
    made = [one[:17] + check_sign(one) for one in given if re.fullmatch(r"[0-9]{17}", one[:17])]
    for one, fault in zip([*given, *made], people.id_faults(np.array([*given, *made]), asof=ASOF)):
        assert (fault == "") == is_sound_id(one), fault
    for one in given:
        if re.fullmatch(r"[0-9]{15}", one):
            long = people.to_eighteen(one)
            assert long[:6] + long[8:17] == one and long[17:] == check_sign(long)


def check_sign(text: str) -> str:
    """The check sign of 17 digits."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(text, WEIGHTS)) % 11]


def id_column(data: bytes) -> None:
    """Numbers read from cells of any kind are sound and have the digits that were written."""
    cells = [cell_of(one) for one in texts(data).split("\n")[:8]]
    for allow_old in (False, True):
        read = people.read_ids(pd.Series(cells, dtype=object), asof=ASOF, allow_old=allow_old)
        for cell, value, fault, converted in zip(cells, read.values, read.faults, read.converted):
            assert fault in ("", *people.ID_FAULTS)
            assert value == "" or (is_sound_id(value) and fault == "")
            written = digits_of(figures.cell_text(cell))
            assert value == "" or (
                value[:6] + value[8:17] == written if converted else value.rstrip("X") == written
            )


def cell_of(text: str) -> object:
    """A text as a workbook might hold it: a number, nothing, or itself."""
    if text.startswith("#"):
        try:
            return float(text[1:])
        except ValueError:
            return None
    return text


def phone(data: bytes) -> None:
    """A phone is digits that were written, in their order, and is read the same once more."""
    text = texts(data)
    read = people.phone(text)
    assert set(read) <= set("0123456789、") and (read == "" or people.phone(read) == read)
    written = iter(digits_of(text))
    assert all(digit in written for digit in read.replace("、", ""))


def mask(data: bytes) -> None:
    """No ID number or mobile number is left in a masked text."""
    narrow = str.maketrans("０１２３４５６７８９Ｘｘ－　", "0123456789Xx- ")
    text, masked = (one.translate(narrow) for one in (texts(data), people.mask_people(texts(data))))
    for run in re.findall(r"[0-9](?:[ \-]?[0-9])*[ \-]?[Xx]?", text):
        bare = re.sub(r"[ \-]", "", run)
        if re.fullmatch(r"[0-9]{17}[0-9Xx]|1[3-9][0-9]{9}", bare):
            before, after = (re.sub(r"[ \-]", "", one).count(bare) for one in (text, masked))
            assert after < before, run


def day(data: bytes) -> None:
    """A date is within its bounds, has the figures that were written, and is read the same once more."""
    text = texts(data)
    for epoch in (None, 1900, 1904):
        read = figures.day(text, latest=ASOF, epoch=epoch)
        assert read.value is None or read.broken == ""
        if read.value is None:
            continue
        assert figures.EARLIEST <= read.value <= ASOF
        assert figures.day(read.value.isoformat(), latest=ASOF) == (read.value, "", False)
        written = digits_of(text)
        shown = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cc", "Cf"))
        if re.fullmatch(r"\D*\d{5}(\.\d*)?\D*", unicodedata.normalize("NFKC", shown)):
            first = date(1899, 12, 30) if epoch == 1900 else date(1904, 1, 1)
            assert epoch and first + timedelta(int(written[:5])) == read.value
        else:
            ymd = read.value.timetuple()[:3]
            ways = [f"{ymd[0]}{ymd[1]:0{a}}{ymd[2]:0{b}}" for a in (1, 2) for b in (1, 2)]
            assert written.startswith(tuple(ways))


def number(data: bytes) -> None:
    """A number is what its digits say, exactly rounded, and a plain one needs no repair."""
    text = texts(data)
    for units in ((), UNITS):
        read = figures.number(text, units=units)
        if math.isnan(read.value):
            assert not read.repaired
            continue
        whole, _, part = unicodedata.normalize("NFKC", text).partition(".")
        wanted = digits_of(whole) + "." + (digits_of(part) or "0")
        sign = -1 if "-" in unicodedata.normalize("NFKC", text).replace("—", "-") else 1
        assert read.value == sign * float(Fraction(wanted)), wanted
        assert read.repaired or float(text.strip()) == read.value
        assert (
            figures.number(f"{Fraction(read.value).limit_denominator(1).numerator}").value
            == round(read.value)
            or abs(read.value) % 1 == 0.5
        )


def number_column(data: bytes) -> None:
    """A column of cells and its cells one by one are the same numbers."""
    cells = texts(data).split("\n")[:8]
    read = figures.numbers(pd.Series(cells, dtype="str"), units=UNITS)
    for cell, value, nothing, wrong in zip(cells, read.values, read.nothing, read.wrong):
        one = figures.number(cell, units=UNITS)
        assert value == one.value or (math.isnan(value) and math.isnan(one.value)), cell
        assert nothing + wrong == math.isnan(value)


def heading(data: bytes) -> None:
    """A heading parts into words and a unit, whatever it holds."""
    text = texts(data)
    for column in (*TABLES["forest_plots"], *TABLES["households"]):
        words, unit = readers.split_unit(text, column)
        assert " " not in words + unit and words == readers.plain(words)


def degrees(data: bytes) -> None:
    """A point that is not lost is finite, stands in bounds and goes back to where it came from."""
    if len(data) < 17:
        return
    x, y = struct.unpack("<2d", data[1:17])
    crs = list(datums.KNOWN_CRS)[data[0] % len(datums.KNOWN_CRS)]
    moved, lost = datums.points_to_working([x], [y], crs)
    west, south, east, north = datums.WORKING_BOUNDS_M
    assert not lost[0] or moved[0] is None
    datums.suggestion([x], [y])
    if moved[0] is not None:
        assert west <= moved[0].x <= east and south <= moved[0].y <= north
        if datums.fits([x], [y], crs)[0]:
            back = datums.from_working(moved.to_numpy(), crs)[0]
            near = 1e-7 if crs in datums.DEGREES else 0.01
            assert abs(back.x - x) < near and abs(back.y - y) < near, (crs, back)


def columns(data: bytes) -> None:
    """Coordinates in columns of text: each row has a point in bounds, or is told, or is empty."""
    rows = [line.split("\t") for line in texts(data).split("\n")[:6]]
    pairs = [(row[0], row[1] if len(row) > 1 else "") for row in rows]
    metres = data[:1] == b"m"
    crs = "EPSG:4523" if metres else "EPSG:4490"
    names = [column.name for column in COORDINATES["metres" if metres else "degrees"]]
    raw = Raw(PLACES, pd.DataFrame(pairs, columns=names, dtype="str"), [""] * len(pairs), {}, None, crs, ())
    points, hits = shapes.read_geometry(raw)
    told = {row for hit in hits for row in hit.rows}
    assert points.crs == WORKING_CRS
    for row, point in enumerate(points):
        if point is not None:
            assert math.isfinite(point.x) and math.isfinite(point.y)
            digits = [figures.number(text).value for text in pairs[row]]
            assert all(map(math.isfinite, digits))
        else:
            assert row in told or all(figures.half_width(text) in figures.NOTHING for text in pairs[row])


def coordinates(data: bytes) -> None:
    """A KML's point is the figures that stand there, or none."""
    text = texts(data[1:])
    kinds = ("Point", "LineString", "Polygon", "MultiGeometry")
    outer = Element(kinds[data[0] % 4] if data else "Point")
    inner = Element("coordinates")
    inner.text = text
    edge = Element("outerBoundaryIs")
    edge.append(inner)
    outer.append(edge if outer.tag == "Polygon" else inner)
    shape = formats._kml_shape([outer])
    if shape is None:
        return
    if outer.tag == "Point":
        lon, lat, *_ = re.sub(r"\s*,\s*", ",", text).split()[0].split(",")
        written = [unicodedata.normalize("NFKC", one) for one in (lon, lat)]
        assert all(re.fullmatch(DECIMAL, one) for one in written), written


def toml(data: bytes) -> None:
    """A project.toml gives settings of the right kinds, and says the rest in findings."""
    said, _ = settings._load_toml(data)
    made, faults = settings._settings("x", said)
    for key in settings.TABLES:
        section = settings._section(settings._section(said, "tables"), key)
        if not faults:
            settings._source(TABLES[key], Path("x.csv"), section, allow_old_ids=made.allow_old_ids)
    years = (made.default_year, made.price_year, *made.line_yuan_per_person)
    assert all(type(year) is int and 1990 <= year <= 2035 for year in years)
    assert all(math.isfinite(line) and line > 0 for line in made.line_yuan_per_person.values())
    assert isinstance(made.name, str) and isinstance(made.allow_old_ids, bool)
    for fault in faults:
        fault.sentence("zh"), fault.sentence("en")


def folder(data: bytes) -> None:
    """A project folder is laid out or its faults are told, whatever its project.toml holds."""
    (FOLDER / "project.toml").write_bytes(data)
    layout = settings.read_layout(FOLDER)
    assert all(path.parent == FOLDER for path in [source.path for source in layout.sources.values()])


def markup(data: bytes) -> None:
    """The features of a KML or GPX: cells of text without marks of HTML, shapes or none."""
    source = Source(TABLES["villages"], Path("villages.kml"))
    root = formats._tree(source, data.decode("utf-8", "surrogateescape"))
    for feature in (*formats._kml_features(root), *formats._gpx_features(root)):
        assert all(isinstance(cell, str) for cell in feature.cells.values())
        assert feature.shape is None or isinstance(feature.shape, shapely.Geometry)


ID = b"11010519491231002X"
KML = (
    "<kml xmlns='http://www.opengis.net/kml/2.2'><Document><name>村</name><Folder><Placemark><name>a</name>"
    "<ExtendedData><Data name='村代码'><value>621102101201</value></Data></ExtendedData><Polygon>"
    "<outerBoundaryIs><LinearRing><coordinates>104,35 104,36 105,36 104,35</coordinates></LinearRing>"
    "</outerBoundaryIs></Polygon></Placemark></Folder></Document></kml>"
).encode()
GPX = b"<gpx><wpt lat='35.1' lon='104.2'><name>a</name></wpt><trk><trkseg><trkpt lat='1' lon='2'/></trkseg></trk></gpx>"
TOML = (
    '[project]\nname = "x"\ndefault_year = 2020\nallow_old_ids = true\n[line]\n2020 = 4000\n[tables.households]\n'
    'file = "a.csv"\nepoch = 1900\ncrs = 4544\ncolumns = {persons = "人口"}\nunits = {income_yuan = "万元"}\n'
).encode()
TABLE = '户编号,人口\nH1,"3\n人"\r\nH2;4\t5\rH3,6'.encode()
NUMBERS = tuple(
    one.encode() for one in ("￥1,234.00元", "３人", "-2.50", "（1,234）", "1.234,00", "1e3", "10²", "½")
)
DAYS = tuple(
    one.encode()
    for one in ("2020年5月1日", "2020/2/30", "44000.5", "20200229", "２０２０-１-１ 10:00", "1904")
)
PHONES = tuple(
    one.encode() for one in ("138-1234 5678", "+86 13812345678/0932-8212345", "4001234567、０９３２8212345")
)
PAIRS = tuple(
    one.encode() for one in ("104.61,35.58,0", "1 104.6 , 35.5 104.7,35.6 105,36", "1_0,2", "nan,inf")
)
TARGETS = {
    "encoding": Target(
        encoding, (b"\0" + "漳县".encode("gbk"), b"\1" + "漳县".encode(), b"\2\xff\xfea"), 1.0
    ),
    "lines": Target(lines, (TABLE, b'a,b\n"1,2\n3,4\n', b"\xef\xbb\xbfa\tb"), 0.8),
    "table": Target(table, (TABLE, b"a,b\n1,2\n\n3"), 0.05),
    "id": Target(id_number, (ID + b"\n110105491231002\n622421199001011234\n11010519491231", ID), 0.1),
    "id_column": Target(
        id_column, (ID + b"\n110105491231002\n#6.2e17", "１1010519491231002ｘ".encode()), 0.05
    ),
    "phone": Target(phone, PHONES, 0.3),
    "mask": Target(mask, (*PHONES, ID, b"6224 2119 9001 0112 34"), 0.5),
    "date": Target(day, DAYS, 2.0),
    "number": Target(number, NUMBERS, 2.0),
    "number_column": Target(number_column, (b"\n".join(NUMBERS),), 0.05),
    "heading": Target(heading, ("面积（公顷）".encode(), b"area_ha", "人均(元/人)".encode()), 0.1),
    "degrees": Target(degrees, (b"\1" + CORNER[0], b"\x0c" + CORNER[1]), 0.2),
    "columns": Target(columns, (b"104.61\t35.58\n35.58\t104.6\n\t", b"m35464653\t3939000\nm1\t2"), 0.02),
    "coordinates": Target(coordinates, tuple(b"\0" + pair for pair in PAIRS), 2.5),
    "toml": Target(toml, (TOML, b"[line]\n2021 = inf", b"[tables]\nx = 1979-05-27"), 0.2),
    "folder": Target(folder, (TOML, b'[tables.households]\nfile = "../a.csv"'), 0.02),
    "markup": Target(markup, (KML, GPX), 0.2),
}


def guarded(once: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """The target, with a DataProblem for an answer."""

    def run(data: bytes) -> None:
        try:
            once(data)
        except DataProblem as problem:
            assert problem.findings

    return run


def fuzz(name: str, *, runs: int, seed: int) -> None:
    """So many inputs through one target; the process ends with libFuzzer's own account."""
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as folder:
        for place, data in enumerate(target.seeds):
            (Path(folder) / str(place)).write_bytes(data)
        limits = (
            "-max_len=400",
            "-timeout=10",
            "-rss_limit_mb=3000",
            f"-artifact_prefix={tempfile.gettempdir()}/",
        )
        words = [sys.argv[0], folder, f"-runs={runs}", f"-seed={seed}", *limits, "-print_final_stats=1"]
        atheris.Setup(words, guarded(target.once))
        atheris.Fuzz()


def fuzz_all(runs: int, *, seed: int) -> None:
    """Every target in a process of its own, its runs by its share; one line each."""
    whole = sum(target.share for target in TARGETS.values())
    print(f"{'target':14} {'runs':>10} {'runs/s':>8}  ended")
    for name, target in TARGETS.items():
        share = math.ceil(runs * target.share / whole)
        words = [sys.executable, __file__, "--target", name, "--runs", str(share), "--seed", str(seed)]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
        said = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stderr))
        speed = said.get("average_exec_per_sec", "")
        ended = "well" if done.returncode == 0 else f"code {done.returncode}"
        print(f"{name:14} {said.get('number_of_executed_units', '?'):>10} {speed:>8}  {ended}", flush=True)
        if done.returncode:
            print(done.stdout[-2000:])
            print("\n".join(line for line in done.stderr.splitlines() if not line.startswith("#"))[-3000:])


def main() -> None:
    """Fuzz one target, or all."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--target", choices=[*TARGETS, "all"], default="all")
    words.add_argument("--runs", type=int, default=1_000_000)
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args()
    if asked.target == "all":
        fuzz_all(asked.runs, seed=asked.seed)
    else:
        fuzz(asked.target, runs=asked.runs, seed=asked.seed)


if __name__ == "__main__":
    main()
