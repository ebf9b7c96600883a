"""Files a county may send that are not what they seem: each refused in a sentence, or mended and told."""

import http.server
import importlib.util
import json
import os
import re
import sqlite3
import stat
import struct
import sys
import threading
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import xlsxwriter
from affine import Affine
from small_folder import SOUTH, TOML, WEST, forest_plots, households, write_folder

from eco.files import seal_path, sha256
from eco.problems import DataProblem
from eco.records.checks import check_table
from eco.records.encodings import read_encoding
from eco.records.opening.doors import check_raster
from eco.records.project import load_project
from eco.records.readers import Source, read_table
from eco.records.tables import TABLES
from eco.space.terrain import elevation_at

PLOTS = "forest_plots"


def write_shapefile(path, table=None, encoding="UTF-8"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # headings cut to ten bytes
        table = forest_plots() if table is None else table
        pyogrio.write_dataframe(table, path, driver="ESRI Shapefile", encoding=encoding)
    return path


def many_plots(count):
    plots = pd.concat([forest_plots().iloc[:1]] * count, ignore_index=True)
    return gpd.GeoDataFrame(plots.assign(小班号=[f"F{i}" for i in range(count)]), crs="EPSG:4544")


def write_book(path, rows=None):
    table = households()
    rows = rows or [list(table.columns), *table.to_numpy().tolist()]
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("花名册")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path


def rezipped(path, **changed):
    """The zip with members changed or added: {name: bytes}, dots and slashes as they are."""
    with zipfile.ZipFile(path) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in {**members, **changed}.items():
            new.writestr(name, data)
    return path


def read(path, name=PLOTS, **declared):
    return read_table(Source(TABLES[name], path, **declared))


def refused(path, name=PLOTS, **declared):
    """The codes a file is refused with; its sentences tell its name and hide its folder."""
    with pytest.raises(DataProblem) as problem:
        read(path, name, **declared)
    text = str(problem.value)
    assert path.name in text and str(path.parent) not in text
    return [item.code for item in problem.value.findings]


def noted(raw):
    return [item.code for item in raw.findings]


# 1, 2, 3: encodings


@pytest.mark.parametrize(
    ("bytes_are", "cpg_says", "codes"),
    [
        ("GBK", None, ["E-ENC-02"]),
        ("GBK", "UTF-8", ["E-ENC-03"]),
        ("UTF-8", "GBK", ["E-ENC-03"]),
        ("UTF-8", "936", ["E-ENC-03"]),
        ("UTF-8", "", []),
        ("GBK", "OEM 66", ["E-ENC-03"]),
        ("GBK", "GBK", []),
    ],
)
def test_a_dbf_reads_as_chinese_whatever_its_cpg_says(tmp_path, bytes_are, cpg_says, codes):
    path = write_shapefile(tmp_path / f"{PLOTS}.shp", encoding=bytes_are)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg_says is not None:
        path.with_suffix(".cpg").write_text(cpg_says)
    raw = read(path)
    assert raw.cells["species"].tolist() == ["云杉", "山杏"]
    assert noted(raw) == codes


@pytest.mark.parametrize("encoding", ["big5", "shift_jis", "cp1251"])
def test_a_text_in_no_encoding_of_ours_is_refused(tmp_path, encoding):
    words = {
        "big5": "漳縣造林統計資料",
        "shift_jis": "これはひらがなです",
        "cp1251": "Посадка леса",
    }
    path = tmp_path / "households.csv"
    body = households().assign(备注=words[encoding]).rename(columns={"备注": words[encoding]})
    english = {"户编号": "household_id", "村代码": "village_code", "人口": "persons", "劳动力": "workers"}
    english |= {"人均纯收入(元)": "income_yuan_per_person", "收入年度": "income_year"}
    body = body.rename(columns=english).drop(columns="基数含项目收入")
    path.write_bytes(body.to_csv(index=False).encode(encoding))
    assert refused(path, "households") == ["E-ENC-01"]


def test_words_spoilt_before_they_were_saved_are_seen():
    county = "漳县殪虎桥镇石咀村建档立卡贫困户花名册"
    assert read_encoding(county.encode()).encoding == "utf-8"
    assert read_encoding(county.encode("gbk").decode("latin-1").encode()) is None
    assert read_encoding(county.encode().decode("gbk", "ignore").encode("gbk")) is None
    rare = "㛃村 𬭎 " + county
    assert read_encoding(rare.encode()).encoding == "utf-8"
    assert read_encoding(rare.encode("gb18030")).encoding == "gb18030"


# 22, 23: workbooks


def test_cells_linked_to_another_book_give_the_values_saved(tmp_path):
    path = tmp_path / "households.xlsx"
    table = households(1)
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(table.columns))
        sheet.write_row(1, 0, table.iloc[0].tolist())
        sheet.write_formula(1, 4, "='[http://127.0.0.1/evil.xlsx]Sheet1'!A1", value=3210)
    assert check_table(read(path, "households")).frame["income_yuan_per_person"].tolist() == [3210]


def test_a_book_with_macros_is_refused_under_any_name(tmp_path):
    path = rezipped(write_book(tmp_path / "households.xlsx"), **{"xl/vbaProject.bin": b"\xd0\xcf"})
    assert refused(path, "households") == ["E-XLS-01"]
    folder = write_folder(tmp_path / "county")
    (folder / "households.csv").unlink()
    path.rename(folder / "households.xlsm")
    with pytest.raises(DataProblem) as problem:
        load_project(folder)
    told = next(item for item in problem.value.findings if item.code == "E-FILE-10")
    assert told.table == "households" and told.todo.zh == "另存为 xlsx"


def ole(*streams):
    """A container of Microsoft's old kind (MS-CFB) with streams of 4 KB and more, of one sector chain each."""
    free, last = 0xFFFFFFFF, 0xFFFFFFFE
    bodies = [data.ljust(-(-max(len(data), 4096) // 512) * 512, b"\0") for _, data in streams]
    fat, starts = [0xFFFFFFFD, last], []
    for body in bodies:
        starts.append(len(fat))
        fat += [*range(len(fat) + 1, len(fat) + len(body) // 512), last]
    fat = struct.pack("<128I", *fat, *[free] * (128 - len(fat)))
    entries = [("Root Entry", 5, 1, free, 0, 0)]
    for number, ((name, _), body, start) in enumerate(zip(streams, bodies, starts), 1):
        right = number + 1 if number < len(streams) else free
        entries.append((name, 2, free, right, start, len(body)))
    directory = b""
    for name, kind, child, right, start, size in entries:
        letters = name.encode("utf-16-le")
        directory += letters.ljust(64, b"\0") + struct.pack("<HBB", len(letters) + 2, kind, 1)
        directory += struct.pack("<III", free, right, child) + bytes(36)
        directory += struct.pack("<IQ", start if kind == 2 else last, size)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, last, 0, last, 0) + struct.pack("<I", 0)
    return head.ljust(512, b"\xff") + fat + directory.ljust(512, b"\0") + b"".join(bodies)


def test_books_under_a_password_are_refused(tmp_path):
    path = tmp_path / "households.xlsx"
    path.write_bytes(ole(("EncryptedPackage", b"\x07" * 5000), ("EncryptionInfo", b"\x04\x00\x04\x00" * 20)))
    assert refused(path, "households") == ["E-XLS-01"]
    begin = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 5, 0, 0, 0, 0)
    password = struct.pack("<HH", 0x2F, 54) + b"\x01\x00\x01\x00\x01\x00" + bytes(48)
    old = tmp_path / "households.xls"
    old.write_bytes(ole(("Workbook", begin + password + b"\x55" * 4000)))
    assert refused(old, "households") == ["E-XLS-01"]


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (b"<html><table>", "E-FILE-10"),
        (b"PK\x03\x04", "E-FILE-10"),
        ("户编号\t村代码".encode("gbk"), "E-FILE-03"),
    ],
)
def test_an_xls_that_is_something_else_is_named(tmp_path, start, code):
    path = tmp_path / "households.xls"
    path.write_bytes(start + b"<tr><td>1</td></tr>" * 99)
    assert refused(path, "households") == [code]


def far_apart(last="XFD1048576"):
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        f'<row r="{last.lstrip("XFDA")}"><c r="{last}"><v>1</v></c></row></sheetData></worksheet>'
    ).encode()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("member", "data", "code"),
    [
        (SHEET, far_apart(), "E-ZIP-01"),
        ("xl/media/bomb.bin", bytes(60_000_000), "E-ZIP-01"),
        ("xl/embeddings/inner.zip", b"PK\x05\x06" + bytes(18), "E-ZIP-01"),
        (
            "xl/sharedStrings.xml",
            b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sst>&b;</sst>',
            "E-XML-01",
        ),
    ],
)
def test_a_book_that_unfolds_too_far_is_refused(tmp_path, member, data, code):
    path = rezipped(write_book(tmp_path / "households.xlsx"), **{member: data})
    assert refused(path, "households") == [code]


def test_a_million_styled_rows_without_a_word_are_no_rows(tmp_path):
    path = tmp_path / "households.xlsx"
    table = households()
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        grey = book.add_format({"bg_color": "#eeeeee"})
        sheet = book.add_worksheet()
        for number, row in enumerate([list(table.columns), *table.to_numpy().tolist()]):
            sheet.write_row(number, 0, row)
        for number in range(7, 100_000):
            sheet.write_blank(number, 0, None, grey)
        sheet.set_row(1_048_575, 15, grey)
    assert len(read(path, "households").cells) == 6


def test_a_member_that_lies_about_its_size_is_refused(tmp_path):
    path = write_book(tmp_path / "households.xlsx")
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10)  # its unfolded size
    path.write_bytes(data)
    assert refused(path, "households") == ["E-ZIP-02"]


# 26, 40, 41: zipped layers


def zipped_shapefile(tmp_path, names, path=None):
    """A zip of a shapefile whose members bear `names` by ending."""
    write_shapefile(tmp_path / "inside.shp")
    path = path or tmp_path / f"{PLOTS}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix, name in names.items():
            archive.write(tmp_path / f"inside{suffix}", name)
    return path


@pytest.mark.parametrize(
    "stem", ["../../evil", "/etc/小班", "小班/造林", "CON", "长" * 300, "C:\\小班", "a\nb", "小班"]
)
def test_a_zipped_shapefile_is_read_under_our_own_names(tmp_path, stem):
    home = tmp_path / "a" / "b"
    home.mkdir(parents=True)
    names = {suffix: f"{stem}{suffix}" for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg")}
    path = zipped_shapefile(tmp_path, names, home / f"{PLOTS}.zip")
    raw = read(path)
    assert raw.cells["plot_id"].tolist() == ["F1", "F2"] and raw.geometry.crs == 4544
    assert sorted(item.name for item in home.iterdir()) == [path.name]
    assert not (tmp_path / "evil.shp").exists()


def test_a_zip_from_windows_with_names_in_gbk(tmp_path):
    names = {suffix: f"inside{suffix}" for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg")}
    path = zipped_shapefile(tmp_path, names)
    data = path.read_bytes().replace(b"inside", "小班图".encode("gbk"))
    path.write_bytes(data)
    assert read(path).cells["species"].tolist() == ["云杉", "山杏"]
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(tmp_path / "inside.shp", "另一层.shp")
    assert refused(path) == ["E-FILE-04"]


def test_a_zip_without_index_is_mended_and_without_table_refused(tmp_path):
    path = zipped_shapefile(tmp_path, {s: f"p{s}" for s in (".shp", ".dbf", ".prj", ".cpg")})
    raw = read(path)
    assert noted(raw) == ["E-SHP-04"] and len(raw.cells) == 2
    path = zipped_shapefile(tmp_path, {s: f"p{s}" for s in (".shp", ".shx", ".prj")})
    assert refused(path) == ["E-SHP-02"]


def link_member():
    info = zipfile.ZipInfo("forest_plots.shp")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "members",
    [
        [("forest_plots.shp", bytes(90_000_000))],
        [(f"{number}.txt", b"") for number in range(1001)],
        [("inner.zip", b"PK")],
        [(link_member(), b"/etc/passwd")],
    ],
    ids=["ratio", "members", "nested", "link"],
)
def test_a_zip_beyond_the_limits_is_refused(tmp_path, members):
    path = tmp_path / f"{PLOTS}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    assert refused(path) == ["E-ZIP-01"]


def test_two_gigabytes_in_all_are_too_many(tmp_path):
    path = tmp_path / f"{PLOTS}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("forest_plots.shp", b"x")
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 2_100_000_000)
    path.write_bytes(data)
    assert refused(path) == ["E-ZIP-01"]


def test_file_names_that_are_no_text_are_told_and_left(tmp_path):
    folder = write_folder(tmp_path / "county")
    (folder / ".." / "outside.csv").resolve().write_text("户编号\n")
    os.symlink(tmp_path / "outside.csv", folder / "payments.csv")
    with open(os.fsencode(folder) + b"/" + "小班".encode("gbk") + b".shp", "wb") as file:
        file.write(b"x")
    with pytest.raises(DataProblem) as problem:
        load_project(folder)
    told = {item.code: item for item in problem.value.findings}
    assert {"E-FILE-05", "E-FILE-09"} <= set(told)
    assert told["E-FILE-05"].found == "payments.csv"
    str(problem.value).encode("utf-8")


# 27 to 31: shapefiles


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_a_shapefile_cut_anywhere_is_refused(tmp_path, part, share):
    path = write_shapefile(tmp_path / f"{PLOTS}.shp", many_plots(200))
    file = path.with_suffix(part)
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    empty = part == ".shp" and share == 0
    assert refused(path) == ["E-FILE-03" if empty else "E-SHP-01"]


def test_a_missing_index_is_made_again_in_a_copy(tmp_path):
    path = write_shapefile(tmp_path / f"{PLOTS}.shp", many_plots(50))
    whole = read(path)
    path.with_suffix(".shx").unlink()
    raw = read(path)
    assert noted(raw) == ["E-SHP-04"]
    assert raw.geometry.geom_equals(whole.geometry).all() and raw.cells.equals(whole.cells)
    assert not path.with_suffix(".shx").exists()


def test_parts_of_two_files_are_refused(tmp_path):
    path = write_shapefile(tmp_path / f"{PLOTS}.shp", many_plots(50))
    other = write_shapefile(tmp_path / "other.shp", many_plots(40))
    own, foreign = (file.with_suffix(".dbf").read_bytes() for file in (path, other))
    path.with_suffix(".dbf").write_bytes(foreign)
    assert refused(path) == ["E-SHP-03"]
    path.with_suffix(".dbf").write_bytes(own)
    path.with_suffix(".shx").write_bytes(other.with_suffix(".shx").read_bytes())
    assert refused(path) in (["E-SHP-03"], ["E-SHP-01"])
    path.with_suffix(".dbf").unlink()
    assert refused(path) == ["E-SHP-02"]


def test_a_damaged_coordinate_of_an_outline_is_seen_by_its_box(tmp_path):
    path = write_shapefile(tmp_path / f"{PLOTS}.shp", many_plots(50))
    whole, box, corner = path.read_bytes(), 100 + 8 + 4, 100 + 8 + 44 + 4
    for at in (box + 5, box + 24 + 5, corner + 7, corner + 16 + 7, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert refused(path) == ["E-SHP-01"]
    path.write_bytes(whole)
    read(path)


@pytest.mark.parametrize("damaged", [b"1x5", b"--1", b"1,5"])
def test_a_number_of_a_dbf_that_gdal_would_read_a_part_of_is_refused(tmp_path, damaged):
    plots = many_plots(5).assign(**{"面积(亩)": 123.25})
    path = write_shapefile(tmp_path / f"{PLOTS}.shp", plots)
    dbf = path.with_suffix(".dbf")
    data = dbf.read_bytes()
    field = re.search(rb"123\.250*", data)[0]
    dbf.write_bytes(data.replace(field, damaged.ljust(len(field)), 1))
    assert refused(path) == ["E-SHP-01"]
    dbf.write_bytes(data.replace(field, b"*" * len(field), 1))  # a number too wide for its field
    read(path)


def test_bytes_that_are_whole_in_two_encodings_are_asked_about():
    both = "挺".encode("gbk")
    assert both.decode("utf-8") and read_encoding(both) is None
    assert read_encoding(both, "gbk").encoding == "gb18030"
    assert read_encoding("挺，陇西".encode()).encoding == "utf-8"
    assert read_encoding("挺，陇西".encode("gbk")).encoding == "gb18030"


def test_a_layer_without_a_system_is_asked_for_one(tmp_path):
    path = write_shapefile(tmp_path / f"{PLOTS}.shp")
    path.with_suffix(".prj").unlink()
    assert refused(path) == ["E-CRS-01"]
    assert read(path, crs="EPSG:4544").crs == "EPSG:4544"


def test_upper_case_parts_of_an_old_disk_are_one_shapefile(tmp_path):
    path = write_shapefile(tmp_path / f"{PLOTS}.shp")
    for part in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
        path.with_suffix(part).rename(tmp_path / f"{PLOTS}{part.upper()}")
    assert read(tmp_path / f"{PLOTS}.SHP").cells["species"].tolist() == ["云杉", "山杏"]


# 32, 33: GeoPackages


def test_a_geopackage_cut_at_any_page_is_refused(tmp_path):
    path = tmp_path / f"{PLOTS}.gpkg"
    many_plots(300).to_file(path, layer=PLOTS, driver="GPKG")
    whole = path.read_bytes()
    for size in range(4096, len(whole), 4096):
        path.write_bytes(whole[:size])
        assert refused(path) == ["E-GPKG-01"]
    path.write_bytes(whole)
    assert len(read(path).cells) == 300


def test_flipped_bytes_of_a_geopackage_are_refused_or_harm_nothing_we_seal(tmp_path):
    path = tmp_path / f"{PLOTS}.gpkg"
    many_plots(300).to_file(path, layer=PLOTS, driver="GPKG")
    seal_path(path).write_text(f"{sha256(path)}  {path.name}\n")
    whole, random = path.read_bytes(), np.random.default_rng(1)
    for _ in range(25):
        data = bytearray(whole)
        for at in random.integers(100, len(whole), 20):
            data[at] ^= 1 << int(random.integers(8))
        path.write_bytes(data)
        assert refused(path) == ["E-HASH-01"]


@pytest.mark.parametrize(
    "statement",
    [
        "delete from rtree_forest_plots_geom where id = 2; update gpkg_ogr_contents set feature_count = 7",
        "drop table gpkg_contents",
        "drop table forest_plots; create view forest_plots as select 1 as fid, null as geom",
        "update gpkg_contents set table_name = 'nothing'",
    ],
)
def test_a_geopackage_whose_lists_do_not_fit_is_refused(tmp_path, statement):
    path = tmp_path / f"{PLOTS}.gpkg"
    forest_plots().to_file(path, layer=PLOTS, driver="GPKG")
    with sqlite3.connect(path) as base:
        base.execute("pragma foreign_keys = off")
        for name, kind in base.execute(
            "select name, type from sqlite_master where type = 'trigger'"
        ).fetchall():
            base.execute(f"drop {kind} {name}")
        base.executescript(statement)
    base.close()
    assert refused(path) == ["E-GPKG-01"]


def test_a_geopackage_still_open_elsewhere_is_read_from_a_copy(tmp_path):
    path = tmp_path / f"{PLOTS}.gpkg"
    forest_plots().to_file(path, layer=PLOTS, driver="GPKG")
    base = sqlite3.connect(path)
    base.execute("pragma journal_mode = wal")
    for (name,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        base.execute(f"drop trigger {name}")
    base.execute("update forest_plots set 树种 = '侧柏'")
    base.commit()
    before = {item.name: sha256(item) for item in tmp_path.iterdir() if not item.name.endswith("-shm")}
    assert set(read(path).cells["species"]) == {"侧柏"}
    assert {name: sha256(tmp_path / name) for name in before} == before
    base.close()


# 35, 36: GeoJSON


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": list(features)}, ensure_ascii=False)


def feature(geometry, **more):
    cells = {
        "plot_id": "F1",
        "village_code": "621102101201",
        "area_mu": 150,
        "species": "云杉",
        "planted_year": 2018,
    }
    return {"type": "Feature", "properties": {**cells, **more}, "geometry": geometry}


SQUARE = {"type": "Polygon", "coordinates": [[[104.3, 35.4], [104.31, 35.4], [104.31, 35.41], [104.3, 35.4]]]}


def test_geojson_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / f"{PLOTS}.geojson"
    whole = collection(*[feature(SQUARE)] * 3).encode()
    for size in range(1, len(whole) - 1, 37):
        path.write_bytes(whole[:size])
        assert set(refused(path)) <= {"E-JSON-01", "E-ENC-01"}


@pytest.mark.parametrize(
    "text",
    [
        collection(feature(SQUARE)).replace("104.3,", "NaN,"),
        collection(feature(SQUARE)).replace("35.41", "Infinity"),
        collection(feature(SQUARE)).replace('"plot_id"', '"plot_id": "F0", "plot_id"'),
        '{"type": "FeatureCollection", "features": ' + "[" * 10_000 + "]" * 10_000 + "}",
        '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"}',
        '{"type": "Topology", "objects": {}}',
        '{"type": "FeatureCollection"}',
    ],
    ids=["nan", "infinity", "key twice", "deep", "pipeline", "topology", "no features"],
)
def test_geojson_that_gdal_would_take_is_refused(tmp_path, text):
    path = tmp_path / f"{PLOTS}.geojson"
    path.write_text(text, encoding="utf-8")
    assert refused(path, crs="EPSG:4490") == ["E-JSON-01"]


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
    ],
)
def test_a_shape_without_a_place_leaves_its_row_out(tmp_path, geometry):
    path = tmp_path / f"{PLOTS}.geojson"
    path.write_text(collection(feature(SQUARE), feature(geometry, plot_id="F2")), encoding="utf-8")
    checked = check_table(read(path, crs="EPSG:4490"))
    assert checked.frame["plot_id"].tolist() == ["F1"]
    assert set(checked.left_out["code"]) <= {"E-GEOM-01", "E-CRS-02"} and len(checked.left_out) == 1


def test_a_number_beyond_all_numbers_is_refused(tmp_path):
    path = tmp_path / f"{PLOTS}.geojson"
    path.write_text(collection(feature(SQUARE)).replace("35.41", "1e999"), encoding="utf-8")
    assert refused(path, crs="EPSG:4490") == ["E-FILE-03"]


def test_a_fourth_coordinate_moves_nothing(tmp_path):
    path = tmp_path / f"{PLOTS}.geojson"
    four = {"type": "Polygon", "coordinates": [[[*xy, 1900.0, 7.0] for xy in SQUARE["coordinates"][0]]]}
    path.write_text(collection(feature(four)), encoding="utf-8")
    frame = check_table(read(path, crs="EPSG:4490")).frame
    assert frame.geometry.force_2d()[0].bounds[0] > 300_000


# 37, 38, 39: nothing else is read


@pytest.fixture
def listener():
    """A web server on this machine and the paths it was asked for."""
    asked = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], asked
    server.shutdown()


def test_a_kml_fetches_nothing_and_keeps_no_html(tmp_path, listener):
    port, asked = listener
    path = tmp_path / "apiaries.kml"
    cells = {"apiary_id": "B1", "village_code": "621126101201", "hives_received": 20, "started_year": 2019}
    data = "".join(f'<Data name="{name}"><value>{value}</value></Data>' for name, value in cells.items())
    path.write_text(
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<NetworkLink><Link><href>http://127.0.0.1:{port}/a.kml</href></Link></NetworkLink>"
        f"<Placemark><name>B1</name><description><![CDATA[<img src='http://127.0.0.1:{port}/b' "
        f"onerror='x()'>蜂场]]></description><ExtendedData>{data}</ExtendedData>"
        "<Point><coordinates>104.3,35.4</coordinates></Point></Placemark></Document></kml>",
        encoding="utf-8",
    )
    raw = read(path, "apiaries", crs="EPSG:4326")
    assert raw.cells["hives_received"].tolist() == ["20"] and asked == []
    assert not raw.cells.astype(str).apply(lambda column: column.str.contains("onerror")).to_numpy().any()


@pytest.mark.parametrize(
    "name", ["http://127.0.0.1:{port}/a.gpkg", "/vsicurl/http://127.0.0.1:{port}/a.gpkg"]
)
@pytest.mark.parametrize("where", ["file", "path"])
def test_a_web_address_is_no_file(tmp_path, listener, name, where):
    port, asked = listener
    address = name.format(port=port)
    if where == "path":
        with pytest.raises(DataProblem):
            read(type(tmp_path)(address))
    else:
        folder = write_folder(tmp_path / "c", toml=f'{TOML}[tables.forest_plots]\nfile = "{address}"\n')
        with pytest.raises(DataProblem) as problem:
            load_project(folder)
        assert {"E-FILE-04", "E-FILE-05"} & {item.code for item in problem.value.findings}
    assert asked == []


@pytest.mark.parametrize(
    "name",
    ["/vsizip/a.zip/forest_plots.shp", "/vsistdin/", "PG:dbname=eco", "/dev/zero", "/vsimem/a.gpkg", ".."],
)
def test_a_driver_s_own_address_is_no_file(tmp_path, name):
    folder = write_folder(tmp_path / "c", toml=f'{TOML}[tables.forest_plots]\nfile = "{name}"\n')
    with pytest.raises(DataProblem) as problem:
        load_project(folder)
    assert {"E-FILE-04", "E-FILE-05"} & {item.code for item in problem.value.findings}


# 42 to 46: rasters


def write_raster(path, values=None, *, crs="EPSG:4544", transform=None, unit="metre", **options):
    values = np.fromfunction(lambda r, c: 1800 + r + 2 * c, (256, 256)) if values is None else values
    transform = transform or Affine(30, 0, WEST, 0, -30, SOUTH + 30 * values.shape[0])
    profile = {"driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1, "crs": crs}
    with rasterio.open(path, "w", **profile, dtype="float32", transform=transform, **options) as raster:
        raster.write(values.astype("float32"), 1)
        raster.units = [unit]
    return path


def raster_codes(path, name="elevation"):
    return [item.code for item in check_raster(path, name)]


KINDS = {
    "strips": {},
    "tiles": {"tiled": True, "blockxsize": 64, "blockysize": 64},
    "deflate": {"compress": "deflate"},
    "zstd": {"compress": "zstd", "tiled": True, "blockxsize": 64, "blockysize": 64},
    "big": {"BIGTIFF": "YES"},
    "motorola": {"ENDIANNESS": "BIG"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_raster_cut_anywhere_is_refused(tmp_path, kind):
    path = write_raster(tmp_path / "elevation.tif", **KINDS[kind])
    assert raster_codes(path) == []
    whole = path.read_bytes()
    for share in (0.0, 0.001, 0.1, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        assert raster_codes(path) == ["E-RAS-01" if path.stat().st_size else "E-FILE-03"]


def test_a_raster_with_blocks_never_written_is_refused(tmp_path):
    path = tmp_path / "elevation.tif"
    profile = {
        "driver": "GTiff",
        "height": 512,
        "width": 512,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4544",
    }
    with rasterio.open(
        path, "w", **profile, **KINDS["tiles"], SPARSE_OK=True, transform=Affine(30, 0, WEST, 0, -30, SOUTH)
    ) as raster:
        raster.write(np.full((64, 64), 1900, "float32"), 1, window=rasterio.windows.Window(0, 0, 64, 64))
    assert raster_codes(path) == ["E-RAS-01"]
    assert "63/64" in check_raster(path, "elevation")[0].found


@pytest.mark.parametrize("kind", ["strips", "deflate", "zstd"])
def test_one_bad_block_of_a_sealed_raster_is_always_found(tmp_path, kind):
    path = write_raster(tmp_path / "elevation.tif", **KINDS[kind])
    seal_path(path).write_text(f"{sha256(path)}  {path.name}\n")
    whole = path.read_bytes()
    for at in range(len(whole) // 2, len(whole), len(whole) // 40):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        assert raster_codes(path) == ["E-HASH-01"]


def test_a_huge_header_is_refused_before_a_pixel_is_read(tmp_path):
    path = tmp_path / "elevation.tif"
    profile = {"driver": "GTiff", "height": 100_000, "width": 100_000, "count": 1, "crs": "EPSG:4544"}
    with rasterio.open(
        path,
        "w",
        **profile,
        dtype="uint8",
        SPARSE_OK=True,
        tiled=True,
        blockxsize=4096,
        blockysize=4096,
        transform=Affine(1, 0, WEST, 0, -1, SOUTH),
    ):
        pass
    assert path.stat().st_size < 100_000
    assert raster_codes(path) == ["E-RAS-01"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"crs": None}, "E-RAS-02"),
        ({"values": np.full((8, 8), 12_000.0)}, "E-RAS-04"),
        ({"values": np.full((8, 8), np.nan)}, "E-RAS-04"),
        ({"values": np.full((8, 8), -9999.0)}, "E-RAS-04"),
    ],
    ids=["no system", "feet", "empty", "undeclared nodata"],
)
def test_a_raster_that_says_too_little_is_refused(tmp_path, options, code):
    path = write_raster(tmp_path / "elevation.tif", **options)
    assert raster_codes(path) == [code]


def test_a_raster_in_feet_is_refused_by_its_unit(tmp_path):
    path = write_raster(tmp_path / "elevation.tif")
    with rasterio.open(path, "r+") as raster:
        raster.units = ["US survey foot"]
    assert raster_codes(path) == ["E-RAS-04"]


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        *((metres, None) for metres in ("m", "Metre", "米", "[m]", "meters above sea level")),
        *((other, "E-RAS-04") for other in ("ft", "英尺", "km", "cm", "mm", "dm")),
        ("", "E-RAS-06"),
    ],
)
@pytest.mark.parametrize("name", ["elevation", "elevation_fine"])
def test_heights_are_taken_in_metres_only(tmp_path, unit, code, name):
    path = write_raster(tmp_path / "elevation.tif", unit=unit)
    assert raster_codes(path, name) == ([code] if code else [])


def test_pixels_that_stand_for_something_else_are_refused(tmp_path):
    path = write_raster(tmp_path / "elevation.tif")
    with rasterio.open(path, "r+") as raster:
        raster.scales = [0.1]
    assert raster_codes(path) == ["E-RAS-04"]
    cover = write_raster(tmp_path / "land_cover.tif", np.full((8, 8), 10.5), unit="")
    assert raster_codes(cover, "land_cover") == ["E-RAS-04"]


@pytest.mark.parametrize(
    "text", ["<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>", "II*\0", "", "PK\3\4"]
)
def test_a_tif_that_is_none_is_not_opened(tmp_path, text):
    folder = write_folder(tmp_path / "county")
    (folder / "elevation.tif").write_text(text)
    with pytest.raises(DataProblem) as problem:
        load_project(folder)
    assert [(item.code, item.table) for item in problem.value.findings if item.level == "error"] == [
        ("E-RAS-01" if text else "E-FILE-03", "elevation")
    ]


@pytest.mark.parametrize(("step", "shift"), [(30.0, 0.0), (30.0, 15.0), (47.0, 11.0)])
def test_a_grid_of_any_step_and_offset_gives_the_same_ground(tmp_path, step, shift):
    def ground(x, y):
        return 1800 + (x - WEST) / 50 + (y - SOUTH) / 80

    size = int(9000 / step)
    rows, columns = np.mgrid[0:size, 0:size]
    top = SOUTH + 9000 + shift
    values = ground(WEST + shift + (columns + 0.5) * step, top - (rows + 0.5) * step)
    path = write_raster(tmp_path / "dem.tif", values, transform=Affine(step, 0, WEST + shift, 0, -step, top))
    points = np.random.default_rng(2).uniform(500, 8000, (50, 2)) + [WEST, SOUTH]
    assert np.abs(elevation_at(path, points) - ground(*points.T)).max() < 0.01


# whatever is done to a file: a table or a DataProblem, and nothing in silence where it is sealed


@pytest.mark.parametrize("sealed", [False, True])
def test_a_hundred_damaged_files_end_in_a_table_or_a_problem(tmp_path, monkeypatch, sealed):
    harness = Path(__file__).parent / "benchmarks" / "mutate.py"
    spec = importlib.util.spec_from_file_location("mutate", harness)
    mutate = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "mutate", mutate)  # its children look it up by name
    spec.loader.exec_module(mutate)
    counts = mutate.table(mutate.run(100, seed=7, sealed=sealed, folder=tmp_path)).sum()
    assert counts.sum() == 100 and counts[["escaped", "crashed", "hung"]].sum() == 0
    assert counts["refused"] > 50
    assert not sealed or counts["silent"] == 0
