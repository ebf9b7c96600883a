"""The 56 numbered bad inputs: what is sent, what must happen, and a maker of a real file of that kind.

A maker changes a small county folder that is sound and answers with the rows it sent, by table.
"""

# ruff: noqa: E501 - a table is read by its lines

import os
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xlsxwriter
from affine import Affine
from shapely.geometry import Point, Polygon, box
from small_folder import SOUTH, TOML, VILLAGES, WEST, forest_plots, villages, write_folder
from test_bad_files import (
    collection,
    far_apart,
    feature,
    link_member,
    many_plots,
    ole,
    rezipped,
    write_raster,
    write_shapefile,
    zipped_shapefile,
)
from test_bad_ground import (
    grass,
    grown,
    many_villages,
    measured_gpkg,
    outlined,
    plots,
    slope_raster,
    square,
    unclosed_geojson,
    with_points,
)
from test_bad_tables import (
    IDS,
    NAMES,
    PHONES,
    WITH_X,
    id_number,
    id_of,
    put,
    register,
    rows_of,
    workbook,
)
from test_bad_tables import (
    VILLAGES as CODES,
)
from test_whole_files import forked

from eco.files import one_writer, seal_path, sha256
from eco.space.rasters import open_raster
from eco.space.terrain import elevation_at

Sent = Mapping[str, int]
POPULATION, INCOME, ID, NAME, PHONE = "人口", "人均纯收入(元)", "身份证号", "户主姓名", "联系电话"
OLD_ID = "621102800215001"
SEAL = "{hash}  {name}\n"


def always(_: object) -> bool:
    return True


class Line(NamedTuple):
    """One bad input.

    `written` is the behaviour the list asks for ("" where it names a code and no behaviour), `does` what
    is asserted: reject, row, repair, doubt, note or keep. `codes` are those of the rows left out, of all
    that a refusal may say, or of the findings told. `good` looks at the project, or at the problem.
    """

    number: int
    zh: str
    en: str
    written: str
    does: str
    codes: tuple[str, ...]
    make: Callable[[Path], Sent]
    good: Callable = always
    reason: str = ""


def sound_folder(folder: Path) -> Path:
    """A county that is met with silence: register, places and a project.toml."""
    write_folder(folder)
    for name in ("households.csv", "forest_plots.gpkg", "apiaries.csv", "links.csv"):
        (folder / name).unlink()
    workbook(folder / "households.xlsx", rows_of(register()))
    return folder


# Makers ---------------------------------------------------------------------------------------------


def cells(heading, *values):
    """The register as Excel with the first cells of a column replaced."""

    def make(folder):
        table = register()
        column = table[heading].tolist()
        table[heading] = [*values, *column[len(values) :]]
        workbook(folder / "households.xlsx", rows_of(table))
        return {"households": len(table)}

    return make


def people(**columns):
    """The register as Excel with whole columns replaced."""

    def make(folder):
        workbook(folder / "households.xlsx", rows_of(register(**columns)))
        return {"households": 6}

    return make


def csv(change, *, encoding="utf-8"):
    """The register as CSV whose text `change` makes bad."""

    def make(folder):
        (folder / "households.xlsx").unlink()
        text = change(register().to_csv(index=False))
        data = text if isinstance(text, bytes) else text.encode(encoding)
        (folder / "households.csv").write_bytes(data)
        return {"households": 6}

    return make


def book(change):
    """The register's workbook, changed by `change(path)`."""

    def make(folder):
        change(folder / "households.xlsx")
        return {"households": 6}

    return make


def paid(*amounts, toml=""):
    def make(folder):
        ids = [f"H000{number}" for number in range(len(amounts))]
        table = pd.DataFrame({"户编号": ids, "项目": "劳务", "金额(元)": amounts, "领款人": NAMES[0]})
        workbook(folder / "payments.xlsx", rows_of(table.astype(object)))
        (folder / "project.toml").write_text(TOML.replace("[project]", f"[project]\n{toml}"), "utf-8")
        return {"payments": len(amounts)}

    return make


YARD = {
    "蜂场号": "B1",
    "村代码": CODES[2],
    "箱数": 20,
    "起始年度": 2019,
    "x": WEST + 15_000,
    "y": SOUTH + 700,
}


def yard_dates(*days, toml="", **options):
    def make(folder):
        rows = rows_of(
            pd.DataFrame(
                [
                    YARD | {"蜂场号": f"B{n}", "x": WEST + 15_000 + 3000 * n, "清点日期": day}
                    for n, day in enumerate(days)
                ]
            )
        )
        workbook(folder / "apiaries.xlsx", rows, **options)
        (folder / "project.toml").write_text(TOML + toml, "utf-8")
        return {"apiaries": len(days)}

    return make


def forest(count=2):
    """Forest plots that carry what a layer should not: a name, a phone and an ID number."""
    table = forest_plots() if count == 2 else many_plots(count)
    if count != 2:
        table.geometry = [square(100 + 220 * (n % 40), 100 + 220 * (n // 40)) for n in range(count)]
        table["面积(亩)"] = 60.0
    return table.assign(联系人=NAMES[0], 电话=PHONES[0], 证件=IDS[0])


def shapefile(change, *, encoding="UTF-8", count=2):
    """Forest plots as a shapefile, its parts changed by `change(path)`."""

    def make(folder):
        path = write_shapefile(folder / "forest_plots.shp", forest(count), encoding=encoding)
        change(path)
        return {"forest_plots": count}

    return make


def cpg(text):
    def change(path):
        path.with_suffix(".cpg").unlink(missing_ok=True)
        if text is not None:
            path.with_suffix(".cpg").write_text(text)

    return change


def cut(path, share=0.9):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def other_table(path):
    other = write_shapefile(path.with_name("other.shp"), forest(40))
    path.with_suffix(".dbf").write_bytes(other.with_suffix(".dbf").read_bytes())
    for part in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
        other.with_suffix(part).unlink(missing_ok=True)


def package(change, *, count=2):
    """Forest plots as a GeoPackage, its file changed by `change(path)`."""

    def make(folder):
        path = folder / "forest_plots.gpkg"
        forest(count).to_file(path, layer="forest_plots", driver="GPKG")
        change(path)
        return {"forest_plots": count}

    return make


def seal(path):
    seal_path(path).write_text(SEAL.format(hash=sha256(path), name=path.name))


def flipped(path):
    """Twenty bits turned over in a file that was sealed."""
    seal(path)
    data = bytearray(path.read_bytes())
    for at in np.random.default_rng(3).integers(100, len(data), 20):
        data[at] ^= 1
    path.write_bytes(data)


def without_triggers(path, statement):
    with sqlite3.connect(path) as base:
        for (name,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            base.execute(f'drop trigger "{name}"')
        base.executescript(statement)
    base.close()


def coordinate_flipped(path):
    """One bit of one easting turned over: SQLite's own check sees nothing."""
    data = bytearray(path.read_bytes())
    at = data.rindex(np.array([WEST + 2000, SOUTH + 100], dtype="<f8").tobytes())
    data[at + 5] ^= 0x08  # 16 km or so: 2^-8 of the number
    path.write_bytes(data)


def page_torn(path):
    """The header of a page in the middle overwritten."""
    data = bytearray(path.read_bytes())
    at = len(data) // 8192 * 4096
    data[at : at + 64] = b"\xff" * 64
    path.write_bytes(data)


def two_writers(path):
    """Two processes that append ten plots each to one GeoPackage at the same time."""

    def append(writer):
        for number in range(5):
            table = plots(
                [square(300 * number, 3000 + 500 * writer), square(300 * number, 6000 + 500 * writer)]
            )
            table["小班号"] = [f"W{writer}-{number}-{place}" for place in range(2)]
            with one_writer(path):
                table.to_file(path, layer="forest_plots", driver="GPKG", mode="a")

    writers = [forked(lambda writer=writer: append(writer)) for writer in (1, 2)]
    assert [os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]) for writer in writers] == [0, 0]


def written_twice(folder):
    path = folder / "forest_plots.gpkg"
    plots([square(5000, 100)]).assign(小班号="F0").to_file(path, layer="forest_plots", driver="GPKG")
    two_writers(path)
    return {"forest_plots": 21}


RING = [[104.39, 35.42], [104.40, 35.42], [104.40, 35.43], [104.39, 35.42]]
NEXT = [[104.41, 35.42], [104.42, 35.42], [104.42, 35.43], [104.41, 35.42]]
DEGREES = '[tables.forest_plots]\ncrs = "EPSG:4490"\n'


def geojson(*shapes, change=lambda text: text):
    """Plots as GeoJSON with given geometries, the text changed by `change`."""

    def make(folder):
        whole = {"type": "Polygon", "coordinates": [RING]}
        mu = float(gpd.GeoSeries([Polygon(RING)], crs=4490).to_crs(4544).area[0] * 3 / 2000)
        told = [
            feature(shape or whole, plot_id=f"F{n}", area_mu=mu, village_code=CODES[0], 联系人=NAMES[0])
            for n, shape in enumerate((None, *shapes))
        ]
        for item, shape in zip(told[1:], shapes):
            item["geometry"] = shape
        (folder / "forest_plots.geojson").write_text(change(collection(*told)), "utf-8")
        (folder / "project.toml").write_text(TOML + DEGREES, "utf-8")
        return {"forest_plots": len(told)}

    return make


def kml(folder):
    tags = {"apiary_id": "B1", "village_code": CODES[2], "hives_received": 20, "started_year": 2019}
    data = "".join(f'<Data name="{name}"><value>{value}</value></Data>' for name, value in tags.items())
    (folder / "apiaries.kml").write_text(
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        "<NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink>"
        f"<Placemark><name>B1</name><description><![CDATA[<img src='http://127.0.0.1:9/b'>{NAMES[0]}]]>"
        f"</description><ExtendedData>{data}</ExtendedData>"
        "<Point><coordinates>104.45,35.42</coordinates></Point></Placemark></Document></kml>",
        "utf-8",
    )
    (folder / "project.toml").write_text(TOML.replace("EPSG:4544", "EPSG:4326"), "utf-8")
    return {"apiaries": 1}


def text_file(name, text):
    def make(folder):
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return {}

    return make


def named_in_toml(address):
    def make(folder):
        text = f'{TOML}[tables.forest_plots]\nfile = "{address}"\n'
        (folder / "project.toml").write_text(text, "utf-8")
        return {}

    return make


def zipped(stem, *, gbk=False):
    def make(folder):
        inside = folder / "inside"
        inside.mkdir()
        names = {suffix: f"{stem}{suffix}" for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg")}
        path = zipped_shapefile(inside, names, folder / "forest_plots.zip")
        if gbk:
            path.write_bytes(path.read_bytes().replace(stem.encode(), "小班图".encode("gbk")))
        for part in inside.iterdir():
            part.unlink()
        inside.rmdir()
        return {"forest_plots": 2}

    return make


def archive(*members):
    def make(folder):
        with zipfile.ZipFile(folder / "forest_plots.zip", "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in members:
                file.writestr(name, data)
        return {}

    return make


def ground_metres(x, y):
    return 1800 + (np.asarray(x) - WEST) / 50 + (np.asarray(y) - SOUTH) / 80


def raster(
    change=lambda path: None, *, name="elevation", step=30.0, shift=0.0, values=None, unit="metre", **options
):
    """An elevation of 256 pixels, its file changed by `change(path)`."""

    def make(folder):
        rows, columns = np.mgrid[0:256, 0:256]
        top = SOUTH + 256 * step + shift
        made = ground_metres(WEST + shift + (columns + 0.5) * step, top - (rows + 0.5) * step)
        path = folder / f"{name}.tif"
        write_raster(
            path,
            made if values is None else values,
            transform=Affine(step, 0, WEST + shift, 0, -step, top),
            unit=unit,
            **options,
        )
        change(path)
        return {}

    return make


def degrees_raster(folder):
    """The same ground on a grid of degrees."""
    step = 0.0003
    rows, columns = np.mgrid[0:300, 0:400]
    lon, lat = 104.34 + (columns + 0.5) * step, 35.48 - (rows + 0.5) * step
    there = gpd.GeoSeries(shapely.points(lon.ravel(), lat.ravel()), crs=4490).to_crs(4544)
    values = ground_metres(there.x, there.y).reshape(lon.shape)
    write_raster(
        folder / "elevation.tif", values, crs="EPSG:4490", transform=Affine(step, 0, 104.34, 0, -step, 35.48)
    )
    return {}


def two_grids(folder):
    raster()(folder)
    raster(name="land_cover", shift=15.0, values=np.full((256, 256), 10.0), unit=None)(folder)
    return {}


def block_flipped(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)


def sealed_block(path):
    seal(path)
    block_flipped(path)


def wild_value(path):
    """The exponent of one raw pixel turned over."""
    with open_raster(path) as file:
        value = file.read(1)[128, 128]
    data = bytearray(path.read_bytes())
    data[data.index(value.astype("<f4").tobytes()) + 3] ^= 0x10
    path.write_bytes(data)


def half_written(path):
    """As after a full disk: the last blocks are not there."""
    cut(path, 0.6)


def sparse(size, **profile):
    import rasterio

    def make(folder):
        kept = {
            "driver": "GTiff",
            "height": size,
            "width": size,
            "count": 1,
            "dtype": "uint8",
            "crs": "EPSG:4544",
        }
        place = Affine(1, 0, WEST, 0, -1, SOUTH)
        with rasterio.open(folder / "elevation.tif", "w", **kept, SPARSE_OK=True, transform=place, **profile):
            pass
        return {}

    return make


def yards(crs="EPSG:4544", *, change=lambda table: table, declared=None):
    def make(folder):
        table = change(grown(crs=crs)).assign(养蜂人=NAMES[1], 电话=PHONES[1])
        table.to_csv(folder / "apiaries.csv", index=False)
        said = f'crs = "{declared or crs}"\n' if declared != "" else ""
        (folder / "project.toml").write_text(f"[project]\nname = '县'\n[tables.apiaries]\n{said}", "utf-8")
        return {"apiaries": len(table)}

    return make


def axes_exchanged(table):
    return table.rename(columns={"经度": "纬度", "纬度": "经度", "x": "y", "y": "x"})


def one_exchanged(table):
    table.loc[2, ["经度", "纬度"]] = table.loc[2, ["纬度", "经度"]].to_numpy()
    return table


def web_map_points(folder):
    places, _, points = many_villages()
    codes = np.repeat(places["村代码"], 10).tolist()
    table = pd.concat([register()] * 67, ignore_index=True).iloc[:400]
    table = table.assign(户编号=[f"H{n:04}" for n in range(400)], 村代码=codes, 身份证号="", 联系电话="")
    (folder / "villages.gpkg").unlink()
    places.to_file(folder / "villages.gpkg", layer="villages", driver="GPKG")
    workbook(folder / "households.xlsx", rows_of(with_points(table.assign(户主姓名=""), points, "GCJ-02")))
    (folder / "project.toml").write_text(TOML + '[tables.households]\ncrs = "EPSG:4326"\n', "utf-8")
    return {"households": 400}


def layer(table, name="forest_plots", *, beside=()):
    """One layer as a GeoPackage, with others beside it."""

    def make(folder):
        for other, rows in ((name, table), *beside):
            path = folder / f"{other}.gpkg"
            path.unlink(missing_ok=True)
            (folder / f"{other}.csv").unlink(missing_ok=True)
            rows.to_file(path, layer=other, driver="GPKG")
        return {name: len(table)}

    return make


def bow_tie(tip):
    """A square of 200 m whose ring crosses itself by `tip` metres; 200 is a whole bow tie."""
    x, y = WEST + 2000, SOUTH + 100
    if tip == 200:
        return Polygon([(x, y), (x + 200, y + 200), (x + 200, y), (x, y + 200)])
    return Polygon(
        [
            (x, y),
            (x + 200, y),
            (x + 200, y + 200),
            (x + tip, y + 200),
            (x, y + 200 - tip),
            (x + tip, y + 200 - tip),
            (x, y + 200),
        ]
    )


def with_shapes(*shapes):
    def make(folder):
        table = plots([square(1000, 100), *[square(2000 + 500 * n, 100) for n in range(len(shapes))]])
        own = table.geometry.to_numpy().copy()
        own[1:] = shapes
        table.set_geometry(own, crs="EPSG:4544").to_file(
            folder / "forest_plots.gpkg", layer="forest_plots", driver="GPKG"
        )
        return {"forest_plots": len(table)}

    return make


def measured(folder):
    sent = layer(plots([square(1000, 100), square(2000, 100)]))(folder)
    measured_gpkg(folder / "forest_plots.gpkg", "ZM")
    return sent


def unclosed(folder):
    unclosed_geojson(folder / "forest_plots.geojson")
    return {"forest_plots": 2}


def many_vertices(folder):
    angle = np.linspace(0, 2 * np.pi, 1_000_002)[:-1]
    rim = np.column_stack([WEST + 2000 + 100 * np.cos(angle), SOUTH + 500 + 100 * np.sin(angle)])
    return with_shapes(Polygon(rim))(folder)


def on_a_slope(folder):
    slope_raster(folder / "elevation.tif", cell_m=50, degrees=27)
    return layer(grass([square(3000, 3000)], [2020]), "juncao_plots")(folder)


def moved_yards(**places):
    def change(table):
        for name, (east, north) in places.items():
            table.loc[table["蜂场号"] == name, ["x", "y"]] = [WEST + east, SOUTH + north]
        return table

    return yards(change=change)


def villages_named(*names, code=None):
    """The villages under other names, and one more of a given code."""

    def make(folder):
        table = villages().assign(村名=names)
        if code:
            more = table.iloc[:1].assign(村代码=code)
            table = gpd.GeoDataFrame(pd.concat([table, more], ignore_index=True), crs=table.crs)
        return layer(table, "villages")(folder)

    return make


def odd_file_name(folder):
    with open(os.fsencode(folder) + b"/" + "小班".encode("gbk") + b".shp", "wb") as file:
        file.write(b"x")
    return {}


def linked_book(path):
    """A workbook that takes one figure from another book on the network."""
    rows = rows_of(register())
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet("花名册")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        sheet.write_formula(1, 4, "='[http://127.0.0.1:9/other.xlsx]Sheet1'!A1", value=3210)


def encrypted(path):
    path.write_bytes(ole(("EncryptedPackage", b"\x07" * 5000), ("EncryptionInfo", b"\x04\x00\x04\x00" * 20)))


def encrypted_xls(path):
    begin = bytes.fromhex("090810000006050000000000000000000000000000000000")[:20]
    path.unlink()
    password = b"\x2f\x00\x36\x00\x01\x00\x01\x00\x01\x00" + bytes(48)
    path.with_suffix(".xls").write_bytes(ole(("Workbook", begin + password + b"\x55" * 4000)))


def styled(path):
    """Five thousand rows of grey without a word, and one at Excel's last row."""
    with xlsxwriter.Workbook(str(path)) as made:
        grey = made.add_format({"bg_color": "#eeeeee"})
        sheet = made.add_worksheet("花名册")
        for number, row in enumerate(rows_of(register())):
            sheet.write_row(number, 0, row)
        for number in range(7, 5_000):
            sheet.write_blank(number, 0, None, grey)
        sheet.set_row(1_048_575, 15, grey)


def in_ten_thousands(county):
    table = register(村代码=[VILLAGES[0]] * 3 + [VILLAGES[2]] * 3)
    factor = [1e-4] * 3 + [1] * 3 if county == 1 else [100] * 3 + [1] * 3
    return people(
        村代码=table["村代码"].tolist(), **{INCOME: [round(v * f, 4) for v, f in zip(table[INCOME], factor)]}
    )


# What must have come out ----------------------------------------------------------------------------


def reads(column, value, row=0, table="households"):
    """The value a row must have after reading."""
    return lambda project: project.tables[table][column].iloc[row] == value


def species(project):
    return project.forest_plots["species"].tolist() == ["云杉", "山杏"]


def says(*words, code=None):
    """What the finding with the line's code must say."""
    return lambda told: all(
        any(
            word in item.sentence("zh") + item.sentence("en")
            for item in told.findings
            if code in (None, item.code)
        )
        for word in words
    )


def same_ground(project):
    """Points of the raster have the heights of the ground it was made from, whatever its grid."""
    points = np.array([[WEST + 2000.0, SOUTH + 2000.0], [WEST + 5000.0, SOUTH + 4321.0]])
    heights = elevation_at(project.rasters["elevation"], points)
    return bool(np.abs(heights - ground_metres(*points.T)).max() < 0.05)


def mu_once(project):
    return "去重后" in next(item for item in project.findings if item.code == "E-OVL-01").expected.zh


def head_names(*names):
    return lambda project: project.households["head_name"].tolist()[: len(names)] == list(names)


def without_html(project):
    cells = project.apiaries.drop(columns="geometry").astype(str)
    return not cells.apply(lambda column: column.str.contains("<img")).to_numpy().any()


SQUARE_OF_EXCEL = "=cmd|'/c calc'!A1"
PAYLOADS = ("<img src=x onerror=alert(1)>", "${alert(1)}", "`x`", "</script>", "王\\明")
NO_LEFT_LAYER = (
    "永久基本农田、饮用水源、自然保护区没有图层可比，不作判断：有图层后在规划中检查。"
    " No layer of farmland, water sources or reserves is given: nothing is said of them."
)

SILENT_BLOCK = "未封存而数值仍在范围内的损坏无从发现 / unsealed, a wrong value within the range shows nowhere"
KOREAN = ["가나다라", "마바사아", "자차카타", "파하고노", "도로모보", "소오조초"]

# One line each, as a table is read.
# fmt: off
LINES = [
    # Text, tables, IDs
    Line(1, "GBK 的 dbf，无 cpg", "a dbf in GBK without .cpg", "repair", "repair", ("E-ENC-02",),
         shapefile(cpg(None), encoding="GBK"), species),
    Line(1, "不是中文编码的文字", "a text in Big5", "reject", "reject", ("E-ENC-01",),
         csv(lambda text: "造林統計資料,漳縣\n漳縣,造林\n".encode("big5"))),
    Line(1, "EUC-KR 的韩文", "Korean in EUC-KR, which passes as GBK", "reject", "reject", ("E-ENC-01",),
         csv(lambda text: ('household_id,village_code\n' + '\n'.join(KOREAN)).encode('euc_kr'))),
    Line(2, "cpg 写 UTF-8，内容是 GBK", ".cpg says UTF-8, bytes GBK", "repair", "repair", ("E-ENC-03",),
         shapefile(cpg("UTF-8"), encoding="GBK"), species),
    Line(3, "cpg 写 GBK，内容是 UTF-8", ".cpg says GBK, bytes UTF-8", "repair", "repair", ("E-ENC-03",),
         shapefile(cpg("GBK")), species),
    Line(3, "已存成乱码的汉字", "Han spoilt before it was saved", "reject", "reject", ("E-ENC-01",),
         csv(lambda text: ('漳县殪虎桥镇石咀村建档立卡贫困户花名册\n' + text).encode().decode('gb18030', 'ignore').encode())),
    Line(4, "身份证号是数值", "an ID number as a number", "row", "row", ("E-ID-02",), cells(ID, float(IDS[0]))),
    Line(4, "后三位成了 000", "its last digits became 000", "row", "row", ("E-ID-02",), cells(ID, IDS[0][:15] + "000")),
    Line(5, "校验码不符", "a wrong check digit", "row", "row", ("E-ID-01",),
         cells(ID, IDS[0][:17] + ("1" if IDS[0][17] != "1" else "2")), says("校验码", code="E-ID-01")),
    Line(5, "十七位", "seventeen digits", "row", "row", ("E-ID-01",), cells(ID, IDS[0][:17]),
         says("位数", code="E-ID-01")),
    Line(5, "地区码不存在", "no such region", "row", "row", ("E-ID-01",), cells(ID, id_number("00110219800215001")),
         says("地区码", code="E-ID-01")),
    Line(6, "小写 x", "a small x", "repair", "repair", ("E-ID-04",), cells(ID, WITH_X.lower()),
         reads("id_number", WITH_X)),
    Line(6, "全角数字", "full-width digits", "repair", "repair", ("E-ID-04",),
         cells(ID, IDS[0].translate({n: n + 65248 for n in range(33, 127)})), reads("id_number", IDS[0])),
    Line(6, "夹空格", "blanks inside", "repair", "repair", ("E-ID-04",),
         cells(ID, f"{IDS[0][:6]} {IDS[0][6:14]} {IDS[0][14:]}"), reads("id_number", IDS[0])),
    Line(6, "前有单引号", "a leading apostrophe", "repair", "repair", ("E-ID-04",), cells(ID, "'" + IDS[0]),
         reads("id_number", IDS[0])),
    Line(7, "十五位旧号", "an old number of 15 digits", "row", "row", ("E-ID-03",), cells(ID, OLD_ID)),
    Line(7, "十五位旧号，项目允许", "15 digits where the project allows them", "repair", "repair", ("E-ID-06",),
         lambda folder: (text_file('project.toml', TOML.replace('default_year', 'allow_old_ids = true\ndefault_year'))(folder), cells(ID, OLD_ID)(folder))[1],
         reads("id_number", IDS[0])),
    Line(8, "2 月 30 日出生", "born on 30 February", "row", "row", ("E-ID-01",), cells(ID, id_of(9, "19800230"))),
    Line(8, "出生在今后", "born in the future", "row", "row", ("E-ID-01",), cells(ID, id_of(9, "20990101"))),
    Line(8, "超过 120 岁", "older than 120", "row", "row", ("E-ID-01",), cells(ID, id_of(9, "18990101"))),
    Line(9, "一人两户", "one ID number in two households", "reject both", "row", ("E-ID-05",) * 2,
         people(身份证号=put(IDS, 3, IDS[0]), 村代码=VILLAGES[0])),
    Line(9, "一人两村", "one ID number in two villages", "reject both", "row", ("E-HH-01",) * 2,
         people(身份证号=put(IDS, 1, IDS[0]))),
    Line(10, "同一户两个编号", "one household under two codes", "", "row", ("E-HH-02",) * 2,
         people(户主姓名=put(NAMES, 3, NAMES[0]), 联系电话=put(PHONES, 3, PHONES[0]), 身份证号="", 村代码=VILLAGES[0]),
         reason="户册没有成员表：按户主姓名和电话认户 / the register lists no members: name and phone tell"),
    Line(11, "同名不同人", "one name, two ID numbers", "keep", "keep", (), people(户主姓名=NAMES[0], 联系电话="")),
    Line(12, "已撤销的区划代码", "a region code abolished in 2003", "", "row", ("E-ADM-04",), cells("村代码", "622425101201"),
         says("2003", code="E-ADM-04")),
    Line(12, "不属于任何县的代码", "a code of no county here", "", "row", ("E-ADM-01",),
         villages_named("东村", "西村", "南村", code="620102101201")),
    Line(13, "3人", "3 with its unit", "repair", "repair", ("E-NUM-05",), cells(POPULATION, "3人"),
         reads("persons", 3)),
    Line(13, "三", "three in Han", "row", "row", ("E-NUM-01",), cells(POPULATION, "三")),
    Line(13, "３", "3 in full width", "repair", "repair", ("E-NUM-05",), cells(POPULATION, "３"),
         reads("persons", 3)),
    Line(13, "-1", "-1", "row", "row", ("E-NUM-02",), cells(POPULATION, -1)),
    Line(13, "空", "nothing", "row", "row", ("E-VAL-01",), cells(POPULATION, "")),
    Line(13, "姓名错列", "a name in the column of persons", "row", "row", ("E-NUM-01",), cells(POPULATION, NAMES[0])),
    Line(13, "电话错列", "a phone in the column of persons", "row", "row", ("E-NUM-02",), cells(POPULATION, PHONES[0])),
    Line(13, "身份证号错列", "an ID number in the column of the year", "row", "row", ("E-YEAR-01",),
         cells("收入年度", IDS[0])),
    Line(13, "箱数栏填了姓名", "a name in the column of hives", "row", "row", ("E-NUM-01",) * 6,
         yards(change=lambda table: table.assign(箱数=NAMES[1]))),
    Line(14, "收入以万元计", "incomes in 10,000 yuan", "", "row", ("E-UNIT-01",) * 3, in_ten_thousands(1),
         says("疑为万元", code="E-UNIT-01"), "取中位数，不取均值：一户大户不遮住全县 / the median: one rich household hides no county"),
    Line(14, "收入以分计", "incomes in fen", "", "row", ("E-UNIT-01",) * 3, in_ten_thousands(2),
         says("疑为分", code="E-UNIT-01")),
    Line(15, "0.1+0.2", "0.1 + 0.2 as a float", "integer fen", "keep", (), paid(0.1 + 0.2),
         lambda project: project.payments["amount_yuan"].tolist() == [0.3]),
    Line(15, "三位小数", "three decimals", "row", "row", ("E-FUND-01",), paid(3.333, 20)),
    Line(16, "零元和负数", "nothing and less", "", "row", ("E-FUND-03",) * 2, paid(0, -50, 20)),
    Line(16, "发放超过项目预算", "payments above the budget", "", "doubt", ("E-FUND-04",),
         paid(600, 300.5, 100, toml='budget_yuan = 1000\n'), says("1000.50 元", code="E-FUND-04"),
         "哪一笔多发无从判断，行不删 / which payment is too much nobody can say: no row is left out"),
    Line(17, "￥1,234.00", "yuan sign and thousands", "repair", "repair", ("E-NUM-05",), cells(INCOME, "￥1,234.00"),
         reads("income_yuan_per_person", 1234)),
    Line(17, "1.234,00", "a comma for the point", "row", "row", ("E-NUM-01",), cells(INCOME, "1.234,00")),
    Line(17, "（1,234）", "brackets for minus", "row", "row", ("E-NUM-01",), cells(INCOME, "（1,234）")),
    Line(18, "2020/2/30", "a day that never was", "row", "row", ("E-DATE-01",),
         yard_dates("2020/2/30", "2020-05-31")),
    Line(18, "2020年2月", "a month", "row", "row", ("E-DATE-01",), yard_dates("2020年2月")),
    Line(18, "44000", "a bare day number", "row", "row", ("E-DATE-03",), yard_dates(44000)),
    Line(18, "44000，已声明 1900", "a day number, epoch 1900 declared", "repair", "repair", ("E-DATE-04",),
         yard_dates(44000, toml='epoch = 1900\n'),
         reads("count_date", pd.Timestamp("2020-06-18"), table="apiaries")),
    Line(18, "44000，已声明 1904", "a day number, epoch 1904 declared", "repair", "repair", ("E-DATE-04",),
         yard_dates(44000, toml='epoch = 1904\n', date_1904=True),
         reads("count_date", pd.Timestamp("2024-06-19"), table="apiaries")),
    Line(19, "BOM", "a byte order mark", "sniff", "keep", (), csv(str, encoding="utf-8-sig"), head_names(*NAMES)),
    Line(19, "GB18030", "GB18030", "sniff", "repair", ("E-ENC-02",), csv(str, encoding="gb18030"),
         head_names(*NAMES)),
    Line(19, "制表符", "tabs", "sniff", "keep", (), csv(lambda text: text.replace(',', '\t')), head_names(*NAMES)),
    Line(19, "分号", "semicolons", "sniff", "keep", (), csv(lambda text: text.replace(",", ";")), head_names(*NAMES)),
    Line(19, "单独的 CR", "lone CR", "sniff", "repair", ("E-CSV-04",), csv(lambda text: text.replace('\n', '\r')),
         head_names(*NAMES)),
    Line(19, "NUL 字节", "a NUL", "reject", "reject", ("E-CSV-01",),
         csv(lambda text: text.replace(NAMES[2], NAMES[2] + '\x00')), says("line 4", code="E-CSV-01")),
    Line(19, "引号未闭合", "a quote never closed", "reject", "reject", ("E-CSV-02",),
         csv(lambda text: text.replace(NAMES[2], '"' + NAMES[2])), says("line 4", code="E-CSV-02")),
    Line(20, "一行三百万列", "one row of 3 M columns", "reject", "reject", ("E-CSV-03",), csv(lambda _: b"1," * 3000000)),
    Line(20, "一格两兆", "a field of 2 MB", "reject", "reject", ("E-CSV-03",),
         csv(lambda text: text.replace(NAMES[0], "x" * 2000000))),
    Line(21, "像公式的文字", "texts like formulas", "keep", "keep", (),
         cells(NAME, SQUARE_OF_EXCEL, '@SUM(A1)', '+1+1', '\t=1+1'),
         head_names(SQUARE_OF_EXCEL, "@SUM(A1)", "+1+1", "=1+1")),
    Line(21, "数字栏里的公式文字", "such a text for a number", "keep", "row", ("E-NUM-01",),
         cells(POPULATION, SQUARE_OF_EXCEL), reason="人口栏只收数字，文字仍原样列出 / no number: the row is told as it stands"),
    Line(22, "链接外部工作簿", "a link to another workbook", "values only", "keep", (), book(linked_book),
         reads("income_yuan_per_person", 3210)),
    Line(22, "xlsm", "a workbook with macros by name", "reject", "reject", ("E-FILE-10",),
         book(lambda path: path.rename(path.with_suffix(".xlsm"))), says("另存为 xlsx", code="E-FILE-10")),
    Line(22, "改名的宏工作簿", "macros under another name", "reject", "reject", ("E-XLS-01",),
         book(lambda path: rezipped(path, **{'xl/vbaProject.bin': b'\xd0\xcf'}))),
    Line(22, "加密的 xlsx", "an encrypted xlsx", "reject", "reject", ("E-XLS-01",), book(encrypted)),
    Line(22, "加密的 xls", "an encrypted xls", "reject", "reject", ("E-XLS-01",), book(encrypted_xls)),
    Line(23, "压缩炸弹", "a zip bomb", "reject", "reject", ("E-ZIP-01",),
         book(lambda path: rezipped(path, **{"xl/media/bomb.bin": bytes(60000000)}))),
    Line(23, "最后一格在 XFD1048576", "a cell at the far corner", "reject", "reject", ("E-ZIP-01",),
         book(lambda path: rezipped(path, **{"xl/worksheets/sheet1.xml": far_apart()}))),
    Line(23, "XML 实体", "entities", "reject", "reject", ("E-XML-01",),
         book(lambda path: rezipped(path, **{'xl/sharedStrings.xml': b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sst>&b;</sst>'}))),
    Line(23, "五千行空格式", "5,000 styled rows of nothing", "limits", "keep", (), book(styled), head_names(*NAMES)),
    Line(24, "姓名像网页代码", "names like a page's code", "shown as text", "keep", (), cells(NAME, *PAYLOADS),
         head_names(*PAYLOADS)),
    Line(24, "村名像网页代码", "a village's name like code", "shown as text", "keep", (), villages_named(*PAYLOADS[:3]),
         lambda project: project.villages["name"].tolist() == list(PAYLOADS[:3]) and "<img" not in project._repr_html_()),
    Line(25, "生僻字", "rare Han", "keep", "keep", (), cells(NAME, "李㛃", "张𬭎", "𠮷䶮"), head_names("李㛃", "张𬭎", "𠮷䶮")),
    Line(25, "双向控制符和零宽字符", "bidi and zero-width marks", "repair", "repair", ("E-TEXT-01",),
         cells(NAME, '王\u202e小\u200b明'), head_names("王小明")),
    Line(25, "自造字", "a private sign", "keep", "doubt", ("E-TEXT-02",), cells(NAME, '周\ue863海'),
         head_names('周\ue863海'), "保留原字，另行提示：他机可能不显示 / kept, and told: other machines may not show it"),
    Line(26, "压缩包内名字带 ../", "../ in a zip's names", "own names", "keep", (), zipped("../../evil"), species),
    Line(26, "GBK 文件名", "names in GBK bytes", "own names", "keep", (), zipped("inside", gbk=True), species),
    Line(26, "255 字节以上的名字", "a name of 300 signs", "own names", "keep", (), zipped("长" * 300), species),
    Line(26, "CON", "CON", "own names", "keep", (), zipped("CON"), species),
    Line(26, "不能显示的文件名", "a file name that is no text", "own names", "doubt", ("E-FILE-09",), odd_file_name,
         reason="文件夹里的原件不改名，提示后不读 / the bureau's own file is not renamed: told, and not read"),
    # Files and containers
    Line(27, "shp 只拷了 90 %", "a .shp cut to 90 %", "reject", "reject", ("E-SHP-01",), shapefile(cut, count=200)),
    Line(28, "缺 shx", "no .shx", "repair", "repair", ("E-SHP-04",),
         shapefile(lambda path: path.with_suffix(".shx").unlink()), species),
    Line(29, "缺 dbf", "no .dbf", "reject", "reject", ("E-SHP-02",),
         shapefile(lambda path: path.with_suffix(".dbf").unlink())),
    Line(30, "别的图层的 dbf", "another layer's .dbf", "reject", "reject", ("E-SHP-03",),
         shapefile(other_table, count=50)),
    Line(31, "缺 prj", "no .prj", "reject", "reject", ("E-CRS-01",),
         shapefile(lambda path: path.with_suffix(".prj").unlink()), says("数值像", code="E-CRS-01")),
    Line(32, "gpkg 截断", "a GeoPackage cut", "reject", "reject", ("E-GPKG-01",),
         package(lambda path: cut(path, 0.5)),
         lambda told: any(item.found.count("/") >= 2 and "字节" in item.found for item in told.findings)),
    Line(33, "封存后翻转二十个字节", "twenty bytes flipped after sealing", "reject", "reject", ("E-HASH-01",),
         package(flipped, count=50)),
    Line(33, "一页损坏", "a page torn", "reject", "reject", ("E-GPKG-01",), package(page_torn, count=200)),
    Line(33, "要素数与清单不符", "more features than the list says", "reject", "reject", ("E-GPKG-01",),
         package(lambda path: without_triggers(path, "update gpkg_ogr_contents set feature_count = 7"))),
    Line(33, "索引缺一个要素", "a feature missing in the R-tree", "reject", "reject", ("E-GPKG-01",),
         package(lambda path: without_triggers(path, "delete from rtree_forest_plots_geom where id = 2"))),
    Line(33, "一个坐标翻转，未封存", "one coordinate flipped, unsealed", "reject", "reject", ("E-GPKG-01",),
         package(coordinate_flipped),
         reason="外框一米以内或属性里的翻转只有封存能发现 / within a metre, or in a cell, only a seal tells"),
    Line(34, "两个程序同时写", "two writers at once", "wait", "keep", (), written_twice),
    Line(35, "GeoJSON 截断", "a GeoJSON cut", "reject", "reject", ("E-JSON-01",),
         geojson(change=lambda text: text[:len(text) * 2 // 3])),
    Line(36, "NaN 坐标", "NaN", "reject", "reject", ("E-JSON-01",),
         geojson(change=lambda text: text.replace("104.39", "NaN", 1))),
    Line(36, "Infinity", "Infinity", "reject", "reject", ("E-JSON-01",),
         geojson(change=lambda text: text.replace("104.39", "Infinity", 1))),
    Line(36, "空图形", "a null geometry", "row", "row", ("E-GEOM-01",), geojson(None)),
    Line(36, "没有坐标", "no coordinates", "row", "row", ("E-GEOM-01",),
         geojson({"type": "Polygon", "coordinates": []})),
    Line(36, "四维坐标", "four dimensions", "reject or row", "note", ("E-GEOM-08",),
         geojson({"type": "Polygon", "coordinates": [[[*xy, 1900, 7] for xy in NEXT]]}),
         reason="平面图形不受影响：高程舍去并说明 / the plane shape is whole: heights are dropped and told"),
    Line(36, "嵌套一万层", "nested 10,000 deep", "reject", "reject", ("E-JSON-01",),
         geojson(change=lambda text: '{"type": "FeatureCollection", "features": ' + '[' * 10000 + ']' * 10000 + '}')),
    Line(36, "重复的键", "a key twice", "reject", "reject", ("E-JSON-01",),
         geojson(change=lambda text: text.replace('"plot_id"', '"plot_id": "F9", "plot_id"', 1))),
    Line(37, "KML 带网络链接和网页", "a KML with links and HTML", "drop", "note", ("E-XML-02",), kml, without_html),
    Line(38, "shp 其实是 VRT", "a .shp that is a VRT", "reject", "reject", ("E-FILE-03",),
         text_file('forest_plots.shp', "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>CSV:/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>")),
    Line(38, "tif 其实是 VRT", "a .tif that is a VRT", "reject", "reject", ("E-RAS-01",),
         text_file('elevation.tif', "<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>")),
    Line(39, "网址", "a web address", "reject", "reject", ("E-FILE-04",), named_in_toml("http://127.0.0.1:9/a.gpkg")),
    Line(39, "/vsicurl/", "/vsicurl/", "reject", "reject", ("E-FILE-05",),
         named_in_toml("/vsicurl/http://127.0.0.1:9/a.gpkg")),
    Line(39, "/vsizip/", "/vsizip/", "reject", "reject", ("E-FILE-05",), named_in_toml("/vsizip/a.zip/a.shp")),
    Line(39, "PG:", "PG:", "reject", "reject", ("E-FILE-04",), named_in_toml("PG:dbname=eco")),
    Line(40, "压缩包里 ../../evil.shp", "a zip with ../../evil.shp", "never by name", "keep", (), zipped("../../evil"),
         species),
    Line(41, "压缩比超过 200", "a ratio over 200", "reject", "reject", ("E-ZIP-01",),
         archive(("forest_plots.shp", bytes(90000000)))),
    Line(41, "一千零一个成员", "1,001 members", "reject", "reject", ("E-ZIP-01",),
         archive(*((f"{n}.txt", b"") for n in range(1001)))),
    Line(41, "包中包", "a zip inside", "reject", "reject", ("E-ZIP-01",), archive(("inner.zip", b"PK"))),
    Line(41, "链接", "a link inside", "reject", "reject", ("E-ZIP-01",), archive((link_member(), b"/etc/passwd"))),
    Line(42, "tif 写到一半", "a half-written .tif", "", "reject", ("E-RAS-01",), raster(half_written)),
    Line(42, "块从未写入", "blocks never written", "reject", "reject", ("E-RAS-01",), sparse(512)),
    Line(43, "封存后一块损坏", "one bad block after sealing", "reject", "reject", ("E-HASH-01",), raster(sealed_block)),
    Line(43, "一块压缩数据损坏", "one bad deflated block", "reject", "reject", ("E-RAS-01",),
         raster(block_flipped, compress="deflate")),
    Line(43, "一个数值出界，未封存", "one value out of range, unsealed", "range check", "reject", ("E-RAS-04",),
         raster(wild_value), reason=SILENT_BLOCK),
    Line(44, "十万乘十万像元", "100,000 x 100,000 pixels", "check size", "reject", ("E-RAS-01",),
         sparse(100000, tiled=True, blockxsize=4096, blockysize=4096)),
    Line(45, "栅格用经纬度", "a raster in degrees", "reported", "note", ("E-RAS-05",), degrees_raster, same_ground),
    Line(45, "格网错开半个像元", "a grid half a pixel off", "reported", "note", ("E-RAS-05",), two_grids,
         lambda project: same_ground(project) and says("offset 0.50 px", code="E-RAS-05")(project)),
    Line(46, "高程以英尺计", "heights in feet by their unit", "declared", "reject", ("E-RAS-04",),
         raster(unit="US survey foot")),
    Line(46, "高程高于珠峰", "heights above any mountain", "range check", "reject", ("E-RAS-04",),
         raster(values=np.full((256, 256), 12000.0))),
    Line(46, "高程未写单位", "heights without a unit", "declared", "note", ("E-RAS-06",), raster(unit=""), same_ground,
         "多数 DEM 不写单位：按米读取并说明最低最高值；不读坡度栅格，坡度由高程算出 / most name no unit: read as metres, told with lowest and highest; slope is computed, never read"),
    # Coordinates and geometry
    Line(47, "全表经纬度颠倒", "axes exchanged throughout", "repair", "repair", ("E-CRS-06",),
         yards("EPSG:4490", change=axes_exchanged)),
    Line(47, "一行经纬度颠倒", "axes exchanged in one row", "", "row", ("E-CRS-02",),
         yards("EPSG:4490", change=one_exchanged)),
    Line(48, "带号坐标声明为无带号", "a prefix where none is declared", "", "row", ("E-CRS-07",) * 6,
         yards("EPSG:4523", declared="EPSG:4544")),
    Line(48, "带号 35 声明为 36", "zone 35 declared as 36", "", "row", ("E-CRS-07",) * 6,
         yards("EPSG:4523", declared="EPSG:4524"), says("EPSG:4523", code="E-CRS-07")),
    Line(49, "六位东坐标，不知带号", "an easting of six digits, no zone", "ask", "reject", ("E-CRS-01",), yards(declared=""),
         says("须写明中央经线", code="E-CRS-01")),
    Line(50, "火星坐标标为 WGS-84", "GCJ-02 labelled WGS-84", "", "doubt", ("E-DATUM-01",), web_map_points,
         says("GCJ-02", code="E-DATUM-01")),
    Line(51, "数十米的整体偏移", "a steady shift of tens of metres", "", "doubt", ("E-DATUM-02",),
         layer(outlined((62.0, -35.0)), "townships"), says("测绘主管部门", code="E-DATUM-02")),
    Line(51, "声明为北京 54", "declared as Beijing 54", "refuse", "reject", ("E-CRS-04",), yards(declared="EPSG:2412"),
         says("测绘主管部门", code="E-CRS-04")),
    Line(52, "蝴蝶结地块", "a bow tie", "row", "row", ("E-GEOM-07",), with_shapes(bow_tie(200)),
         says("0.00 → 30.00 mu", code="E-GEOM-07")),
    Line(52, "轻微自相交", "a small crossing", "repair", "repair", ("E-GEOM-02",), with_shapes(bow_tie(5)),
         says("→", code="E-GEOM-02")),
    Line(53, "地块重叠", "parcels that overlap", "", "doubt", ("E-OVL-01",),
         layer(plots([square(1000, 100), square(1100, 100)])), mu_once),
    Line(54, "退耕地上种巨菌草", "Juncao on Grain-for-Green land", "", "doubt", ("E-OVL-03",),
         layer(grass([square(1100, 100)], [2020]), "juncao_plots", beside=[("forest_plots", plots([square(1000, 100)], 项目类型="退耕还林"))]),
         reason=NO_LEFT_LAYER),
    Line(54, "25 度以上坡地耕种", "crops above 25 degrees", "", "doubt", ("E-SLOPE-01",), on_a_slope,
         says("27°", code="E-SLOPE-01")),
    *(
        Line(
            55,
            f"亩数其实是{unit}",
            f"mu that are {english}",
            "",
            "doubt",
            ("E-AREA-01",),
            layer(plots([square(1000, 100)], **{"面积(亩)": [60 * factor]})),
            says(unit, code="E-AREA-01"),
        )
        for unit, english, factor in (
            ("公顷", "hectares", 1 / 15),
            ("平方米", "square metres", 2000 / 3),
            ("墨卡托", "Web Mercator's", 1.51),
        )
    ),
    Line(56, "县外地块", "a plot outside the county", "row", "row", ("E-SITE-01",),
         layer(plots([square(1000, 100), square(23000, 100)])), says("km", code="E-SITE-01")),
    Line(56, "一部分在县外", "a plot partly outside", "row", "doubt", ("E-SITE-05",),
         layer(plots([square(1000, 100), square(-1000, 3000, 2400)])), says("%", code="E-SITE-05"),
         "多半在县内，行不删 / most of it lies inside: no row is left out"),
    Line(56, "空图形", "an empty shape", "row", "row", ("E-GEOM-01",), with_shapes(Polygon())),
    Line(56, "面层里的点", "a point among polygons", "row", "row", ("E-GEOM-01",),
         with_shapes(Point(WEST + 2000, SOUTH + 100))),
    Line(56, "混有 Z 和 M", "heights and measures mixed in", "row", "note", ("E-GEOM-08",), measured,
         reason="平面图形不受影响，舍去并说明 / the plane shape is whole: dropped and told"),
    Line(56, "环未闭合", "a ring not closed", "row", "row", ("E-GEOM-01",), unclosed),
    Line(56, "一百万以上折点", "over a million vertices", "row", "row", ("E-GEOM-09",), many_vertices),
    Line(56, "碎面", "a sliver", "row", "row", ("E-GEOM-06",),
         with_shapes(box(WEST + 2000, SOUTH + 100, WEST + 2000.004, SOUTH + 300))),
    Line(56, "蜂场在村里", "bees inside a village", "row", "doubt", ("E-BEE-03",),
         moved_yards(B1=(8000, 1000), B2=(2010, 5000)), says("10 m", code="E-BEE-03"),
         "蜂箱是真的，位置存疑：行不删 / the hives are real, the place is doubtful: no row is left out"),
    Line(56, "两蜂场同一处", "two yards in one place", "row", "doubt", ("E-BEE-01",),
         moved_yards(B0=(1500, 1000), B1=(1503, 1000)), says("3 m", code="E-BEE-01"), "同上 / likewise"),
    Line(56, "两公里内另有蜂场", "another yard within 2 km", "row", "note", ("E-BEE-02",),
         moved_yards(B3=(4500, 2500), B4=(4500, 4000)), says("1500 m", code="E-BEE-02"),
         "共用蜜源不是错误 / shared forage is no fault"),
]
# fmt: on
