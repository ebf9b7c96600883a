"""The release gate: leaks planted one by one in real files are found and masked; what only looks like one passes."""

import base64
import io
import json
import re
import sqlite3
import time
import zipfile
import zlib
from dataclasses import dataclass, replace

import geopandas as gpd
import matplotlib
import nbformat
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pypdf
import pytest
import xlsxwriter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from shapely.geometry import Point

from eco.problems import DataProblem
from eco.sharing.maps import layers, packing, page
from eco.sharing.privacy import gate
from eco.sharing.privacy.needles import Needles, folded
from eco.sharing.privacy.patterns import is_card, is_id_number
from eco.sharing.privacy.watch import watch_households

matplotlib.use("Agg")

# Nobody's: the numbers are made up, and the names are put together from a list of signs.
NAMES = ("王小明", "欧阳春兰", "李德福", "张平", "阿依古丽·买买提", "ZHANG Weiguo", "高山")
IDS = ("H000412", "DX-11-0007", "621102101203", "K9", "2020", "H000418", "H000419")
ID_NUMBER, WRONG_ID_NUMBER = "622421198503071236", "622421198503071230"
PHONE, LANDLINE = "13912345678", "09328212345"
CARD = "6222021234567890128"
REGISTER = pd.DataFrame(
    {
        "household_id": IDS,
        "head_name": NAMES,
        "id_number": [ID_NUMBER, WRONG_ID_NUMBER, None, "", None, None, None],
        "phone": [f"{PHONE}、{LANDLINE}", "8212345", None, "", None, None, None],
    }
)
SPARE_ID, SPARE_PHONE = "110105194912310011", "18612340000"  # of nobody in the register
FONTS = ["Noto Sans CJK SC", "WenQuanYi Micro Hei", "DejaVu Sans"]
HARMLESS = "云杉 300 亩，2020 年"


@pytest.fixture
def project(toy_project):
    """The toy county with the register above; 高山村 is one of its villages."""
    households = toy_project.households.head(len(REGISTER)).assign(
        **{name: REGISTER[name].to_numpy() for name in REGISTER}
    )
    villages = toy_project.villages.copy()
    villages.loc[0, "name"] = "高山村"
    return replace(toy_project, tables={**toy_project.tables, "households": households, "villages": villages})


@pytest.fixture
def public(project):
    return gate.Watch.of(project, "public")


@pytest.fixture
def county(project):
    return gate.Watch.of(project, "county")


# Each writer makes a file with one text in one place of it.


def html(template):
    def write(path, text, _):
        path.write_text(f"<!DOCTYPE html><html><body>{template.replace('{}', text)}</body></html>", "utf-8")

    return write


def html_json(path, text, _):
    payload = page.json_text({"places": [{"name": "安定区"}, {"name": text}], "rows": [1, 2]})
    path.write_text(f'<h1>图</h1><script type="application/json">{payload}</script>', "utf-8")


def html_number(path, text, _):
    payload = json.dumps({"rows": [1, int(text) if text.isdigit() else 2]})
    path.write_text(f'<h1>图</h1><script type="application/json">{payload}</script>', "utf-8")


def html_base64(path, text, _):
    inside = base64.b64encode(
        f"<svg xmlns='http://www.w3.org/2000/svg'><text>{text}</text></svg>".encode()
    ).decode()
    path.write_text(f'<img src="data:image/svg+xml;base64,{inside}">', "utf-8")


def html_packed(path, text, _):
    inside = base64.b64encode(zlib.compress(("云杉，" * 40 + text).encode())).decode()
    path.write_text(f"<script>const data = '{inside}'</script>", "utf-8")


def html_escaped(path, text, _):
    told = "".join(f"\\u{ord(sign):04x}" for sign in text)
    path.write_text(f"<script>const data = ['{told}']</script>", "utf-8")


def html_percent(path, text, _):
    from urllib.parse import quote

    path.write_text(f'<a href="#{quote(text)}">图</a>', "utf-8")


def book(place):
    """A workbook as the papers make it, with the text in one place."""

    def write(path, text, _):
        with xlsxwriter.Workbook(path, {"in_memory": True}) as workbook:
            sheet = workbook.add_worksheet("村")
            sheet.write_row(0, 0, ["村", "增收（元）"])
            sheet.write_row(1, 0, ["甲东村", 1234.5])
            if place == "cell":
                sheet.write_string("C7", text)
            elif place == "number":
                sheet.write_number("C7", float(text) if text.isdigit() else 7.0)
            elif place == "hidden":
                hidden = workbook.add_worksheet("备份")
                hidden.write_string("B3", text)
                hidden.very_hidden()
            elif place == "comment":
                sheet.write_comment("B2", text)
            elif place == "rich":
                bold = workbook.add_format({"bold": True})
                sheet.write_rich_string("C7", bold, text[:1], text[1:] + " ", "好")
            elif place == "formula":
                sheet.write_formula("C7", f'=IF(A1="{text}",1,0)')
            elif place == "name":
                workbook.define_name("说明", f'="{text}"')
            elif place == "sheet name":
                workbook.add_worksheet(text[:20].replace("/", "").replace("\\", ""))
            elif place == "header":
                sheet.set_header(f"&C{text}")
            elif place == "validation":
                sheet.data_validation("D1", {"validate": "list", "source": [text, "好"]})
            elif place == "subject":
                workbook.set_properties({"subject": text})
            elif place == "author":
                workbook.set_properties({"author": text})

    return write


def book_inline(path, text, _):
    workbook = openpyxl.Workbook()
    workbook.properties.creator = "eco"
    workbook.active["A1"] = "村"
    workbook.active["B5"] = "标记"
    workbook.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    old = re.search(rb'<c r="B5"[^>]*>.*?</c>', parts[name])[0]
    parts[name] = parts[name].replace(old, f'<c r="B5" t="inlineStr"><is><t>{text}</t></is></c>'.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def zipped(change):
    """A workbook to whose archive something was added afterwards."""

    def write(path, text, _):
        book("none")(path, "", None)
        with zipfile.ZipFile(path, "a") as archive:
            if change == "comment":
                archive.comment = text.encode()
            elif change == "member":
                archive.writestr("docProps/notes.txt", text)
            elif change == "zip":
                inner = io.BytesIO()
                with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as second:
                    second.writestr("old/list.csv", f"a,b\n1,{text}\n")
                archive.writestr("backup.zip", inner.getvalue())

    return write


def layer(place):
    """A GeoPackage as pyogrio writes it, changed with sqlite3 as QGIS would."""

    def write(path, text, _):
        names = ["甲东村", text if place == "cell" else "甲南村"]
        frame = gpd.GeoDataFrame(
            {"name": names, "hives": [3, 4]}, geometry=[Point(104.5, 35.5), Point(104.6, 35.6)], crs=4490
        )
        pyogrio.write_dataframe(
            frame,
            path,
            layer="villages",
            driver="GPKG",
            metadata={"note": text} if place == "metadata" else None,
        )
        with sqlite3.connect(path) as base:
            if place == "table":
                base.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, said TEXT)")
                base.execute("INSERT INTO notes (said) VALUES (?)", (text,))
            elif place in ("deleted", "dropped"):
                base.execute(
                    "CREATE TABLE notes (id INTEGER PRIMARY KEY, before TEXT, said TEXT, after TEXT)"
                )
                base.executemany(
                    "INSERT INTO notes (before, said, after) VALUES ('x', ?, 'y')",
                    [(text,), *(("好",) for _ in range(300))],
                )
            elif place == "style":
                base.execute("CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, styleQML TEXT, owner TEXT)")
                base.execute(
                    "INSERT INTO layer_styles (styleQML, owner) VALUES ('<qgis/>', ?)",
                    (text,),
                )
        base.close()
        if place in ("deleted", "dropped"):
            with sqlite3.connect(path) as base:
                base.execute("PRAGMA secure_delete = OFF")
                base.execute("DELETE FROM notes WHERE id = 1" if place == "deleted" else "DROP TABLE notes")
            base.close()
        assert place not in ("deleted", "dropped") or text.encode() in path.read_bytes()

    return write


def printed(path, text, browser):
    sheet = browser.new_page()
    sheet.set_content(
        f"<html><body style='font-family: Noto Sans CJK SC'><p>甲东村</p><p>{text}</p></body></html>"
    )
    sheet.pdf(path=path)
    sheet.close()


def drawn_pdf(path, text, _):
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"pdf.fonttype": 42, "font.family": FONTS}):
        figure = Figure()
        figure.text(0.2, 0.5, text)
        figure.savefig(path, metadata={"CreationDate": None})


def pdf(place):
    def write(path, text, _):
        writer = pypdf.PdfWriter()
        writer.add_blank_page(200, 200)
        if place == "author":
            writer.add_metadata({"/Author": text})
        elif place == "note":
            from pypdf.annotations import FreeText

            writer.add_annotation(0, FreeText(text=text, rect=(10, 10, 90, 90)))
        elif place == "bookmark":
            writer.add_outline_item(title=text, page_number=0)
        elif place == "attachment":
            writer.add_attachment("list.csv", f"村,户主\n甲东村,{text}\n".encode())
        elif place.startswith("left over"):  # a stream nothing in the file points to
            from pypdf.generic import NameObject, StreamObject

            if place.endswith("behind a picture"):  # which is passed over, its end and the next beginning not
                picture = StreamObject()
                picture[NameObject("/Subtype")] = NameObject("/Image")
                picture.set_data(b"endless")
                writer._add_object(picture)
            stream = StreamObject()
            stream.set_data(text.encode())
            writer._add_object(stream.flate_encode())
        writer.write(path)

    return write


def word_file(place):
    def write(path, text, _):
        document = Document()
        document.core_properties.author = "eco"
        document.add_paragraph("甲东村")
        if place == "runs":
            paragraph = document.add_paragraph()
            for part in (text[:1], text[1:]):
                paragraph.add_run(part).bold = part == text[:1]
        elif place == "table":
            document.add_table(1, 2).cell(0, 1).text = text
        elif place == "header":
            document.sections[0].header.paragraphs[0].text = text
        elif place == "comment":
            document.add_comment(document.paragraphs[0].runs, text=text, author="eco", initials="")
        elif place == "commenter":
            document.add_comment(
                document.paragraphs[0].runs,
                text="好",
                author=text,
                initials="",
            )
        elif place == "keywords":
            document.core_properties.keywords = text
        elif place == "last modified by":
            document.core_properties.last_modified_by = text
        elif place == "picture":
            picture = path.with_name("inside.png")
            png("Title")(picture, text, None)
            document.add_picture(str(picture))
            picture.unlink()
        document.save(path)
        if place == "deleted":
            mark = (
                f'<w:p><w:del w:id="1" w:author="eco"><w:r><w:delText>{text}</w:delText></w:r></w:del></w:p>'
            )
            rewritten(
                path, "word/document.xml", lambda body: body.replace(b"<w:body>", b"<w:body>" + mark.encode())
            )

    return write


def rewritten(path, member, change):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def qgis(path, text, _):
    saved = text
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p.qgs", f'<qgis saveUser="{saved}" version="3.40"><title>图</title></qgis>')


def notebook(place):
    def write(path, text, _):
        book_ = nbformat.v4.new_notebook()
        cell = nbformat.v4.new_code_cell("eco.load_project('data')")
        if place == "output":
            cell.outputs = [
                nbformat.v4.new_output("display_data", {"text/html": f"<td><b>{text[:1]}</b>{text[1:]}</td>"})
            ]
        elif place == "traceback":
            cell.outputs = [
                nbformat.v4.new_output("error", ename="E", evalue="", traceback=[f"File {text}, line 3"])
            ]
        elif place == "source":
            cell.source = f"gains.flows('{text}')"
        book_.cells.append(cell)
        if place == "authors":
            book_.metadata["authors"] = [{"name": text}]
        nbformat.write(book_, path)

    return write


def png(key):
    def write(path, text, _):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(1, 1))
        value = text
        figure.savefig(path, metadata={key: value, "Software": None})

    return write


def jpeg(place):
    def write(path, text, _):
        tags = Image.Exif()
        if place == "artist":
            tags[0x013B] = text
        elif place == "comment":
            tags[0x010E] = text
        Image.new("RGB", (8, 8)).save(path, exif=tags)
        if place == "after":
            path.write_bytes(path.read_bytes() + (b"" if text == HARMLESS else text.encode()))

    return write


def plain(template="{}", encoding="utf-8"):
    def write(path, text, _):
        path.write_bytes(template.replace("{}", text).encode(encoding))

    return write


def parquet(path, text, _):
    pd.DataFrame({"name": ["甲东村", text], "yuan": [1.0, 2.0]}).to_parquet(path)


def svg(path, text, _):
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "font.family": FONTS}):
        figure = Figure()
        figure.text(0.2, 0.5, text)
        figure.savefig(path, metadata={"Date": None})


def points_in_metres(path, text, _):
    spot = Point(445_300, 3_921_200) if text == HARMLESS else Point(445_312.4, 3_921_207.9)
    gpd.GeoDataFrame({"name": ["甲"]}, geometry=[spot], crs=4544).to_file(path)


def points_in_degrees(path, text, _):
    spot = Point(104.45, 35.421) if text == HARMLESS else Point(104.45123, 35.42117)
    gpd.GeoDataFrame({"name": ["甲"]}, geometry=[spot], crs=4490).to_file(path, driver="GeoJSON")


def deleted_point(path, text, _):
    spots = [Point(104.45, 35.421), Point(104.45, 35.421) if text == HARMLESS else Point(104.45123, 35.42117)]
    gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=spots, crs=4490).to_file(
        path, driver="GPKG", SPATIAL_INDEX="NO"
    )
    with sqlite3.connect(path) as base:
        for (trigger,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{trigger}"')
        base.execute("PRAGMA secure_delete = OFF")
        base.execute(f"DELETE FROM \"{path.stem}\" WHERE name = '乙'")
    base.close()


PAIR = "104.45123, 35.42117"
METRES = "POINT (445312.4 3921207.9)"

LEAKS = [
    # name, file, how it is made, what is planted, code, where it must be told to stand
    ("html text", "a.html", html("<p>{}</p>"), "户主王小明", "E-PRIV-01", "line 1"),
    ("html name cut by tags", "a.html", html("<p><b>王</b>小明</p>"), None, "E-PRIV-01", ""),
    ("html attribute", "a.html", html('<p title="{}">图</p>'), "H000412", "E-PRIV-01", "<p title>"),
    ("html comment", "a.html", html("<!-- {} -->"), ID_NUMBER, "E-PRIV-01", "<!-- -->"),
    ("html entities", "a.html", html("<p>&#29579;&#23567;&#26126;</p>"), None, "E-PRIV-01", ""),
    ("html json", "a.html", html_json, "李德福", "E-PRIV-01", "places[].name[1]"),
    ("html json number", "a.html", html_number, PHONE, "E-PRIV-01", "rows[1]"),
    ("html script", "a.html", html("<script>const who = '{}'</script>"), "DX-11-0007", "E-PRIV-01", ""),
    ("html script escapes", "a.html", html_escaped, "欧阳春兰", "E-PRIV-01", ""),
    ("html percent signs", "a.html", html_percent, "王小明", "E-PRIV-01", "<a href>"),
    ("html data uri", "a.html", html_base64, "王小明", "E-PRIV-01", "data:image/svg+xml"),
    ("html packed data", "a.html", html_packed, "王小明", "E-PRIV-01", ""),
    ("html srcdoc", "a.html", html('<iframe srcdoc="&lt;p>{}&lt;/p>"></iframe>'), "王小明", "E-PRIV-01", "srcdoc"),
    ("html author", "a.html", html('<meta name="author" content="{}">'), "县扶贫办小刘", "E-PRIV-06", ""),
    ("xlsx cell", "a.xlsx", book("cell"), "王小明", "E-PRIV-01", "村!C7"),
    ("xlsx number", "a.xlsx", book("number"), PHONE, "E-PRIV-01", "村!C7"),
    ("xlsx very hidden sheet", "a.xlsx", book("hidden"), "王　小 明", "E-PRIV-01", "备份!B3"),
    ("xlsx comment", "a.xlsx", book("comment"), LANDLINE, "E-PRIV-01", "comments"),
    ("xlsx rich string", "a.xlsx", book("rich"), "李德福", "E-PRIV-01", "村!C7"),
    ("xlsx inline string", "a.xlsx", book_inline, "H000412", "E-PRIV-01", "!B5"),
    ("xlsx formula", "a.xlsx", book("formula"), "王小明", "E-PRIV-01", "C7"),
    ("xlsx defined name", "a.xlsx", book("name"), "王小明", "E-PRIV-01", "workbook.xml"),
    ("xlsx sheet name", "a.xlsx", book("sheet name"), "王小明", "E-PRIV-01", "workbook.xml"),
    ("xlsx header", "a.xlsx", book("header"), SPARE_PHONE, "E-PRIV-03", "header"),
    ("xlsx drop-down", "a.xlsx", book("validation"), "王小明", "E-PRIV-01", "村"),
    ("xlsx subject", "a.xlsx", book("subject"), CARD, "E-PRIV-04", "core.xml"),
    ("xlsx author", "a.xlsx", book("author"), "县扶贫办小刘", "E-PRIV-06", "core.xml"),
    ("xlsx zip comment", "a.xlsx", zipped("comment"), "王小明", "E-PRIV-01", "comment"),
    ("xlsx extra member", "a.xlsx", zipped("member"), "张平", "E-PRIV-01", "notes.txt"),
    ("xlsx zip in the zip", "a.xlsx", zipped("zip"), "张平", "E-PRIV-01", "backup.zip > old/list.csv"),
    ("gpkg cell", "a.gpkg", layer("cell"), "欧阳春兰", "E-PRIV-01", "villages.name"),
    ("gpkg other table", "a.gpkg", layer("table"), "62242119850307123 6", "E-PRIV-01", "notes.said"),
    ("gpkg deleted row", "a.gpkg", layer("deleted"), "王小明", "E-PRIV-01", "free pages"),
    ("gpkg dropped table", "a.gpkg", layer("dropped"), "H000412", "E-PRIV-01", "free pages"),
    ("gpkg metadata", "a.gpkg", layer("metadata"), "王小明", "E-PRIV-01", "gpkg_metadata"),
    ("gpkg style's owner", "a.gpkg", layer("style"), "liuxm", "E-PRIV-06", "layer_styles.owner"),
    ("gpkg metres", "a.gpkg", points_in_metres, METRES, "E-PRIV-05", "a.geom"),
    ("gpkg deleted point", "a.gpkg", deleted_point, PAIR, "E-PRIV-05", "free pages"),
    ("geojson degrees", "a.geojson", points_in_degrees, PAIR, "E-PRIV-05", "coordinates"),
    ("pdf printed", "a.pdf", printed, "户主：王小明", "E-PRIV-01", "page 1"),
    ("pdf drawn", "a.pdf", drawn_pdf, "李德福", "E-PRIV-01", "page 1"),
    ("pdf author", "a.pdf", pdf("author"), "Liu Xiaomei", "E-PRIV-06", "/Author"),
    ("pdf note", "a.pdf", pdf("note"), "王小明", "E-PRIV-01", "/Contents"),
    ("pdf bookmark", "a.pdf", pdf("bookmark"), "王小明", "E-PRIV-01", "/Title"),
    ("pdf attachment", "a.pdf", pdf("attachment"), "张平", "E-PRIV-01", "attachment list.csv"),
    ("pdf left over stream", "a.pdf", pdf("left over"), "欧阳春兰", "E-PRIV-01", ""),
    ("pdf stream behind", "a.pdf", pdf("left over behind a picture"), "欧阳春兰", "E-PRIV-01", ""),
    ("docx runs", "a.docx", word_file("runs"), "王小明", "E-PRIV-01", "document.xml"),
    ("docx table", "a.docx", word_file("table"), "张平", "E-PRIV-01", "document.xml"),
    ("docx header", "a.docx", word_file("header"), "DX-11-0007", "E-PRIV-01", "header"),
    ("docx comment", "a.docx", word_file("comment"), "王小明", "E-PRIV-01", "comments.xml"),
    ("docx commenter", "a.docx", word_file("commenter"), "刘小梅", "E-PRIV-06", "comments.xml"),
    ("docx deleted text", "a.docx", word_file("deleted"), "王小明", "E-PRIV-01", "document.xml"),
    ("docx keywords", "a.docx", word_file("keywords"), SPARE_ID, "E-PRIV-02", "core.xml"),
    ("docx last user", "a.docx", word_file("last modified by"), "root", "E-PRIV-06", "core.xml"),
    ("docx picture's title", "a.docx", word_file("picture"), "王小明", "E-PRIV-01", "media/image1.png"),
    ("qgz user", "a.qgz", qgis, "root", "E-PRIV-06", "saveUser"),
    ("ipynb output", "a.ipynb", notebook("output"), "王小明", "E-PRIV-01", "outputs"),
    ("ipynb source", "a.ipynb", notebook("source"), "H000412", "E-PRIV-01", "cells"),
    ("ipynb traceback", "a.ipynb", notebook("traceback"), "/home/liu/county/households.xlsx", "E-PRIV-07", "traceback"),
    ("ipynb authors", "a.ipynb", notebook("authors"), "刘小梅", "E-PRIV-06", "authors"),
    ("png author", "a.png", png("Author"), "Liu", "E-PRIV-06", "Author"),
    ("png description", "a.png", png("Description"), "王小明", "E-PRIV-01", "Description"),
    ("jpeg artist", "a.jpg", jpeg("artist"), "Liu", "E-PRIV-06", "Artist"),
    ("jpeg description", "a.jpg", jpeg("comment"), "H000412", "E-PRIV-01", "JPEG"),
    ("jpeg after its end", "a.jpg", jpeg("after"), "王小明", "E-PRIV-01", "after"),
    ("csv cell", "a.csv", plain("村,树种\n甲东村,云杉\n甲南村,{}\n"), "张平", "E-PRIV-01", "row 3"),
    ("csv in gbk", "a.csv", plain("村,树种\n甲南村,{}\n", "gb18030"), "王小明", "E-PRIV-01", "row 2"),
    ("csv degrees", "a.csv", plain("村,经度,纬度\n甲,104.45,35.42\n乙,{}\n"), PAIR, "E-PRIV-05", "row 3"),
    ("json key", "a.json", plain('{"{}": 1}'), "王小明", "E-PRIV-01", "key"),
    ("json whole short id", "a.json", plain('{"id": "{}"}'), "K9", "E-PRIV-01", "id"),
    ("txt labelled short id", "a.txt", plain("一\n二\n户编号：{}"), "2020", "E-PRIV-01", "line 3"),
    ("txt path of linux", "a.txt", plain("源 {} 结束"), "/root", "E-PRIV-07", ""),
    ("txt path of windows", "a.md", plain("见 {}"), r"C:\Users\刘\桌面\户册.xlsx", "E-PRIV-07", ""),
    ("txt metres", "a.txt", plain("户址 {}"), METRES, "E-PRIV-05", ""),
    ("txt in utf-16", "a.txt", plain("{}", "utf-16"), "王小明", "E-PRIV-01", ""),
    ("parquet cell", "a.parquet", parquet, "欧阳春兰", "E-PRIV-01", "name"),
    ("svg text", "a.svg", svg, "王小明", "E-PRIV-01", "text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "file", "write", "planted", "code", "where"), LEAKS, ids=[row[0] for row in LEAKS]
)
def test_a_planted_leak_is_found_masked_and_stops_all(
    tmp_path, public, chromium, name, file, write, planted, code, where
):
    """The clean file passes; the same file with one value in one place does not."""
    if planted is not None:
        clean = tmp_path / "clean"
        clean.mkdir()
        harmless = {"E-PRIV-06": "eco"}.get(code, HARMLESS)
        write(clean / file, "104.45,35.42" if file == "a.csv" and planted == PAIR else harmless, chromium)
        gate.refuse_leaks(clean, public)
    folder = tmp_path / "out"
    folder.mkdir()
    write(folder / file, planted or "", chromium)
    with pytest.raises(DataProblem) as problem:
        gate.refuse_leaks(folder, public)
    found = [finding for finding in problem.value.findings if finding.code == code]
    assert found, problem.value.findings
    said = [f"{finding.where} {finding.address}" for finding in found]
    assert any(where in text for text in said), said
    assert all(finding.file == file for finding in problem.value.findings)
    told = [finding for finding in problem.value.findings if finding.code != "E-PRIV-08"]
    for sentence in (finding.sentence(lang) for finding in told for lang in ("zh", "en")):
        secret = {"户主王小明": "王小明", "户主：王小明": "王小明"}.get(planted, planted or "王小明")
        assert "***" in sentence
        assert secret not in sentence or (len(secret) < 5 and secret.isascii())


def test_there_are_forty_leaks_and_more():
    assert len(LEAKS) >= 40
    assert len({row[1].rpartition(".")[2] for row in LEAKS}) >= 12


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("１３９１２３４５６７８", "E-PRIV-01"),
        ("139-1234-5678", "E-PRIV-01"),
        ("139 1234 5678 等", "E-PRIV-01"),
        ("+86 186 1234 0000", "E-PRIV-03"),
        ("186-1234-0000", "E-PRIV-03"),
        ("手机 186 1234 0000 备用", "E-PRIV-03"),
        ("8618612340000", "E-PRIV-03"),
        ("18612340000.0", "E-PRIV-03"),
        ("6224 2119 8503 0712 36", "E-PRIV-01"),
        ("622421 19850307 1230", "E-PRIV-01"),
        ("６２２４２１１９８５０３０７１２３６", "E-PRIV-01"),
        ("1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 1 1", "E-PRIV-02"),
        ("110105-19491231-0011", "E-PRIV-02"),
        ("110105491231002", "E-PRIV-02"),
        ("证号：110105 491231 002", "E-PRIV-02"),
        ("11010519491231002x", "E-PRIV-02"),
        ("6222-0212-3456-7890-128", "E-PRIV-04"),
        ("卡号 6222 0212 3456 7890 128", "E-PRIV-04"),
        ("4111111111111111", "E-PRIV-04"),
        ("王\u200b小\u200d明", "E-PRIV-01"),
        ("户主王·小·明", "E-PRIV-01"),
        ("王\n小明", "E-PRIV-01"),
        ("户主张平家", "E-PRIV-01"),
        ("张 平", "E-PRIV-01"),
        ("阿依古丽买买提", "E-PRIV-01"),
        ("zhang weiguo", "E-PRIV-01"),
        ("h000412", "E-PRIV-01"),
        ("H 000412", "E-PRIV-01"),
        ("104.4512 35.421", "E-PRIV-05"),
        ("经度：104.4512", "E-PRIV-05"),
        ("104°27′04.4″", "E-PRIV-05"),
        ("lng=104.45120001", "E-PRIV-05"),
        (r"\\office-pc\share\户册", "E-PRIV-07"),
        ("file:///D:/data/a.xlsx", "E-PRIV-07"),
    ],
)
def test_a_value_is_found_however_it_is_written(tmp_path, public, text, code):
    path = tmp_path / "a.txt"
    path.write_text(f"一 {text} 二" if "\n" not in text and " " not in text else f"{text}", "utf-8")
    if "等" in text or "备用" in text:
        path.write_text(f"一二。{text}", "utf-8")
    assert code in {finding.code for finding in gate.leaks(path, public)}


HARMLESS_TEXTS = [
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "a18612340000b" + "0f" * 19 + "c" * 13,  # a fingerprint of 64 signs with a phone's digits in it
    "3f2b8c1e-1391-4567-8abc-139123456789",
    "sha256-" + base64.b64encode(bytes(range(32))).decode(),
    "2016 2017 2018 2019 2020",
    "共 20000 亩、24000 亩、20000 箱，1,234,567.89 元",
    "甲东村 152 1234 5678 9",  # a row of a table: four numbers
    "甲东村 6212 5123 4432 9926 8",
    "0.13912345678 0.6222021234567890128",
    "621102101203000 行政代码",
    "高山村 300 亩",  # 高山 is somebody, 高山村 is a place
    "高山草甸、平张家",  # two signs inside another word
    "增收 35.4211 元，占 104.5678 %",
    "104.451, 35.421",
    "104.4510000, 35.4210000",
    "(445300, 3921200)",
    "H0004127XYZ",  # a pseudonym that begins like an id
    "http://example.org/home/x 见 /docProps/core.xml",
    "H2020 2020 年 K9x",
    "1603123456789 毫秒",
    "王***, 62***6, 13***8",
]


@pytest.mark.parametrize("text", HARMLESS_TEXTS)
def test_what_only_looks_like_a_leak_passes(tmp_path, public, text):
    for name in ("a.txt", "a.md", "a.html", "a.csv"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        assert gate.leaks(path, public) == [], text


def test_the_pinned_leaflet_and_packed_coordinates_pass(tmp_path, county):
    rng = np.random.default_rng(1)
    packed = packing.pack(rng.integers(-(10**6), 10**6, 200_000))
    payload = {"words": layers.words("zh"), "shapes": packed, "mu": [300.5, 41], "years": [2016, 2020]}
    path = tmp_path / "map.html"
    path.write_text(page.sealed_page(payload, title="图", lang="zh"), "utf-8")
    assert gate.leaks(path, county) == []


def test_the_county_edition_may_be_sharper(tmp_path, public, county):
    path = tmp_path / "a.txt"
    path.write_text("104.45123, 35.42117", "utf-8")
    assert gate.leaks(path, public) and not gate.leaks(path, county)
    path.write_text("104.451234, 35.421178", "utf-8")
    assert gate.leaks(path, county)


@pytest.mark.parametrize(
    "name", ["a.bin", "a", "a.exe", "a.gpkg-wal", "a.doc", "a.xlsm", "a.xlsx", "a.pdf", "a.html"]
)
def test_what_nobody_can_read_is_refused(tmp_path, public, name):
    (tmp_path / name).write_bytes(b"\x00\x01\x02 what is this " * 9)
    with pytest.raises(DataProblem, match="E-PRIV-08"):
        gate.refuse_leaks(tmp_path, public)


def test_a_file_under_a_false_ending_an_encrypted_pdf_and_hidden_bytes_are_refused(tmp_path, public):
    book("cell")(tmp_path / "a.xlsx", HARMLESS, None)
    (tmp_path / "a.xlsx").rename(tmp_path / "a.png")
    assert [finding.code for finding in gate.leaks(tmp_path / "a.png", public)] == ["E-PRIV-08"]
    writer = pypdf.PdfWriter()
    writer.add_blank_page(10, 10)
    writer.encrypt("x")
    writer.write(tmp_path / "b.pdf")
    assert [finding.code for finding in gate.leaks(tmp_path / "b.pdf", public)] == ["E-PRIV-08"]
    book("cell")(tmp_path / "c.xlsx", HARMLESS, None)
    (tmp_path / "c.xlsx").write_bytes("王小明".encode() + (tmp_path / "c.xlsx").read_bytes())
    assert {"E-PRIV-08"} <= {finding.code for finding in gate.leaks(tmp_path / "c.xlsx", public)}


def test_a_bomb_is_refused_in_time(tmp_path, public):
    inner = b"0" * 50_000_000
    for _ in range(10):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.zip" if inner[:2] == b"PK" else "a.txt", inner)
        inner = out.getvalue()
    (tmp_path / "a.zip").write_bytes(inner)
    assert [finding.code for finding in gate.leaks(tmp_path / "a.zip", public)] == ["E-PRIV-08"]


def test_a_name_of_a_file_or_folder_is_read_and_not_told(tmp_path, public):
    folder = tmp_path / "王小明"
    folder.mkdir()
    (folder / "a.txt").write_text("好", "utf-8")
    with pytest.raises(DataProblem, match="E-PRIV-01") as problem:
        gate.refuse_leaks(tmp_path, public)
    assert "王小明" not in str(problem.value)
    book("cell")(tmp_path / "b.xlsx", "好", None)
    sheet = tmp_path / "c.xlsx"
    workbook = openpyxl.Workbook()
    workbook.properties.creator = ""
    workbook.active.title = "王小明"
    workbook.active["A1"] = "李德福"
    workbook.save(sheet)
    assert "王小明" not in " ".join(finding.sentence() for finding in gate.leaks(sheet, public))


def test_all_findings_of_all_files_are_told(tmp_path, public):
    tmp_path = tmp_path / "out"
    tmp_path.mkdir()
    (tmp_path / "a.txt").write_text("王小明 李德福\n王小明", "utf-8")
    (tmp_path / "b.csv").write_text(f"x\n{PHONE}\n", "utf-8")
    (tmp_path / "c.bin").write_bytes(b"\x00")
    with pytest.raises(DataProblem) as problem:
        gate.refuse_leaks(tmp_path, public)
    told = [(finding.file, finding.code) for finding in problem.value.findings]
    assert told == [("a.txt", "E-PRIV-01")] * 3 + [("b.csv", "E-PRIV-01"), ("c.bin", "E-PRIV-08")]


@dataclass(frozen=True)
class Locked:
    """A page whose payload is AES-GCM ciphertext, as base64."""

    outside: str = ""

    def write(self, path):
        secret = AESGCM(bytes(32)).encrypt(bytes(12), json.dumps(list(NAMES) * 900).encode(), None)
        box = json.dumps({"header": "AES-256-GCM", "text": base64.b64encode(secret).decode()})
        path.write_text(f'<p>{self.outside}</p><script type="application/json">{box}</script>', "utf-8")


def test_an_encrypted_page_passes_only_as_the_household_edition_and_with_nothing_outside(tmp_path, project):
    household = gate.Watch.of(project, "household")
    path = tmp_path / "a.html"
    Locked().write(path)
    assert gate.leaks(path, household) == []
    assert [finding.code for finding in gate.leaks(path, gate.Watch.of(project, "county"))] == ["E-PRIV-08"]
    Locked("王小明").write(path)
    assert [finding.code for finding in gate.leaks(path, household)] == ["E-PRIV-01"]


# Any value of the register, anywhere in a text.

WORDY = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="<>&\"'\\,;|\t"),
    max_size=30,
)
SECRETS = st.sampled_from(
    [
        "王小明",
        "欧阳春兰",
        "李德福",
        "H000412",
        "DX-11-0007",
        "621102101203",
        ID_NUMBER,
        WRONG_ID_NUMBER,
        PHONE,
        LANDLINE,
    ]
)
BETWEEN = st.sampled_from(["", "\u200b", "\ufeff", "\u00ad", "\u2060"])


def written(kind, text):
    if kind == "html":
        return f"<p>{text}</p>"
    if kind == "attribute":
        return f'<p title="{text}"></p>'
    if kind == "script":
        return f'<script type="application/json">{page.json_text({"a": [text]})}</script>'
    if kind in ("json", "ipynb", "geojson"):
        return json.dumps({"a": {"b": [text, 1]}})
    if kind == "svg":
        return f"<svg xmlns='http://www.w3.org/2000/svg'><text>{text}</text></svg>"
    return f"a,{text},b\n" if kind == "csv" else f"一\n{text}\n二"


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=WORDY,
    after=WORDY,
    secret=SECRETS,
    between=BETWEEN,
    kind=st.sampled_from(
        ["txt", "md", "csv", "html", "attribute", "script", "json", "ipynb", "geojson", "svg"]
    ),
)
def test_any_value_of_the_register_is_found_anywhere_in_any_text(
    tmp_path, public, before, after, secret, between, kind
):
    """Numbers and ids stand as words of their own: `H000412` inside `XH0004129` is another id."""
    if secret[0].isascii():
        before, after = before + "：", "（" + after
    text = before + between.join(secret) + after
    name = {"attribute": "html", "script": "html"}.get(kind, kind)
    path = tmp_path / f"a.{name}"
    path.write_text(written(kind, text.replace("\x1e", "")), "utf-8")
    found = gate.leaks(path, public)
    assert "E-PRIV-01" in {finding.code for finding in found}
    assert not any(secret in finding.sentence(lang) for finding in found for lang in ("zh", "en"))


@given(
    st.lists(st.text("ab王李H0", min_size=2, max_size=6), min_size=1, max_size=8, unique=True),
    st.text("ab王李H0", max_size=80),
)
def test_needles_are_found_exactly_where_a_plain_search_finds_them(values, text):
    values = [value.upper() for value in values]
    told = {(match.value, match.start) for match in Needles.of(values).matches(folded(text))}
    searched = {(v, at) for v in values for at in range(len(text)) if text.upper().startswith(v, at)}
    assert told == searched


def test_check_digits_by_hand():
    # GB 11643-1999, its own example, and one digit changed; Luhn's own example of ISO/IEC 7812 with a known issuer.
    assert is_id_number("11010519491231002X") and not is_id_number("110105194912310021")
    assert not is_id_number("99010519491231002X") and not is_id_number("110105194913310029")
    assert is_card("4111111111111111") and not is_card("4111111111111112") and not is_card("1111111111111117")


def test_register_values_that_say_nothing_are_nobody(tmp_path):
    watch = watch_households(
        pd.DataFrame({"head_name": ["无", "不详", "王", "户主", None, "王小明（已故）、李德福"]})
    )
    path = tmp_path / "a.txt"
    path.write_text("无 不详 王 户主 已故", "utf-8")
    assert gate.leaks(path, watch) == []
    for name in ("王小明", "李德福"):
        path.write_text(f"户主{name}的地", "utf-8")
        assert len(gate.leaks(path, watch)) == 1


def test_a_large_county_is_searched_in_seconds(tmp_path):
    """120,000 households against a page of 5 MB: processor's time, on one core."""
    rng = np.random.default_rng(7)
    signs = np.array(list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗德福春兰秀英建国志强玉梅桂芳小明海霞文军"))
    some = signs[rng.integers(0, len(signs), (120_000, 2))]
    names = [f"{one}{two}{chr(0x6000 + i % 9000)}" for i, (one, two) in enumerate(some)]
    register = pd.DataFrame({"household_id": [f"H{i:06d}" for i in range(120_000)], "head_name": names})
    text = [f"第{i}村：云杉 {i % 977} 亩，增收 {i * 13.7:.1f} 元；Q{i:07d}" for i in range(70_000)]
    payload = {"rows": text, "yuan": [round(i * 1.7, 1) for i in range(100_000)]}
    path = tmp_path / "a.html"

    def found():
        path.write_text(f'<script type="application/json">{page.json_text(payload)}</script>', "utf-8")
        return [finding.where for finding in gate.leaks(path, watch)]

    began = time.process_time()
    watch = watch_households(register)
    assert found() == []
    assert path.stat().st_size > 5_000_000
    assert time.process_time() - began < 20
    text[55_555] += f"户主{names[99]}"
    assert found() == ["a.html > script JSON > rows[55555]"]
