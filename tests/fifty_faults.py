"""A county folder with fifty faults in seven files, and where Excel shows each of them."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import openpyxl
import pandas as pd
from openpyxl.styles import Font, PatternFill
from shapely import affinity
from shapely.geometry import Point, box
from small_folder import MU_OF_PLOT, SOUTH, VILLAGES, WEST, counties, townships

ROWS = 30
NAME, PHONE = "欧阳春晓", "13993212345"
BAD_ID = "622421199001011235"  # its check digit should be another


class Fault(NamedTuple):
    """One wrong cell: `row` counts the table's rows from 0, `heading` is the file's own."""

    table: str
    row: int
    heading: str
    value: object
    code: str


class Layout(NamedTuple):
    """How a table lies in its file: the row of its headings and its first column, as Excel counts."""

    file: str
    sheet: str
    heading: int
    first: int


LAYOUTS = {
    "villages": Layout("villages.geojson", "", 1, 1),
    "households": Layout("households.xlsx", "建档立卡户", 4, 2),
    "forest_plots": Layout("forest_plots.shp", "", 1, 1),
    "juncao_plots": Layout("juncao_plots.gpkg", "", 1, 1),
    "apiaries": Layout("apiaries.csv", "", 1, 1),
    "links": Layout("links.csv", "", 3, 1),
    "payments": Layout("payments.xlsx", "发放花名册", 1, 1),
}

FAULTS = [
    *(
        Fault("households", row, *fault)
        for row, fault in enumerate(
            [
                ("人口", "很多", "E-NUM-01"),
                ("人口", 0, "E-NUM-02"),
                ("人口", 31, "E-NUM-02"),
                ("人口", None, "E-VAL-01"),
                ("劳动力", "全部", "E-NUM-01"),
                ("劳动力", -1, "E-NUM-02"),
                ("劳动力", None, "E-VAL-01"),
                ("人均纯收入(元)", "=1/0 不详", "E-NUM-01"),
                ("人均纯收入(元)", None, "E-VAL-01"),
                ("收入年度", 2106, "E-YEAR-01"),
                ("收入年度", 1899, "E-YEAR-01"),
                ("基数含项目收入", "也许", "E-WORD-01"),
                ("村代码", "62110210120", "E-ADM-02"),
                ("村代码", "621102101299", "E-ADM-03"),
                ("村代码", None, "E-VAL-01"),
                ("户类型", "富户", "E-WORD-01"),
                ("主要致贫原因", "<b>懒</b>", "E-WORD-01"),
                ("可用劳动日", 3000, "E-NUM-02"),
                ("身份证号", BAD_ID, "E-ID-01"),
            ]
        )
    ),
    Fault("forest_plots", 0, "面积", -3.0, "E-NUM-03"),
    Fault("forest_plots", 1, "村代码", "621102101299", "E-ADM-03"),
    Fault("forest_plots", 2, "造林年度", 1899, "E-YEAR-01"),
    Fault("forest_plots", 3, "树种", None, "E-VAL-01"),
    Fault("forest_plots", 4, "项目类型", "福利林", "E-WORD-01"),
    Fault("forest_plots", 5, "面积", MU_OF_PLOT * 1.2, "E-AREA-01"),
    Fault("forest_plots", 6, "面积", MU_OF_PLOT / 15, "E-AREA-01"),
    Fault("forest_plots", 7, "小班号", "geometry", "E-SITE-01"),
    Fault("juncao_plots", 0, "种苗", "捡的", "E-WORD-01"),
    Fault("juncao_plots", 1, "用途", "烧了", "E-WORD-01"),
    Fault("juncao_plots", 2, "种植季(年)", 1980, "E-YEAR-01"),
    Fault("juncao_plots", 3, "面积(亩)", -1.0, "E-NUM-03"),
    Fault("apiaries", 0, "箱数", "-5", "E-NUM-03"),
    Fault("apiaries", 1, "箱数", "许多", "E-NUM-01"),
    Fault("apiaries", 2, "起始年度", "2050", "E-YEAR-01"),
    Fault("apiaries", 3, "清点日期", "2020-13-40", "E-DATE-01"),
    Fault("apiaries", 4, "x", str(WEST + 90_000), "E-SITE-01"),
    Fault("apiaries", 5, "x", "35440000", "E-CRS-02"),
    Fault("apiaries", 6, "y", "北边", "E-NUM-01"),
    Fault("apiaries", 7, "是否项目", "=半个", "E-WORD-01"),
    Fault("links", 0, "户编号", "H9999", "E-LINK-01"),
    Fault("links", 1, "地点编号", "F99", "E-LINK-02"),
    Fault("links", 2, "单位", "箱", "E-LINK-03"),
    Fault("links", 3, "角色", "村长", "E-WORD-01"),
    Fault("links", 4, "数量", "-1", "E-NUM-03"),
    Fault("links", 5, "年度", "明年", "E-YEAR-01"),
    Fault("payments", 0, "户编号", "H9999", "E-LINK-01"),
    Fault("payments", 1, "金额(元)", "一大笔", "E-NUM-01"),
    Fault("payments", 2, "发放日期", "2020/2/30", "E-DATE-01"),
    Fault("villages", 3, "村代码", "621102999201", "E-ADM-01"),
    Fault("villages", 4, "村名", None, "E-VAL-01"),
]


def sheet_name(fault: Fault) -> str:
    """The title of the marked sheet a fault stands in."""
    layout = LAYOUTS[fault.table]
    return layout.sheet or layout.file


def cell_of(fault: Fault) -> str:
    """The fault's cell as Excel shows it, reckoned from the layout and nothing else."""
    layout = LAYOUTS[fault.table]
    column = layout.first + headings()[fault.table].index(fault.heading)
    return f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[column - 1]}{layout.heading + 1 + fault.row}"


@cache
def headings() -> dict[str, list[str]]:
    """Every table's headings in their order."""
    return {name: list(table.columns) for name, table in tables().items()}


def tables() -> dict[str, pd.DataFrame]:
    """The seven tables without a fault, as the bureau keeps them."""
    village = [VILLAGES[row % 2] for row in range(ROWS)]
    square = box(WEST + 1000, SOUTH + 100, WEST + 1500, SOUTH + 300)
    apart = [affinity.translate(square, 1000 * (row % 8), 400 * (row // 8)) for row in range(2 * ROWS)]
    places = gpd.GeoDataFrame(
        {
            "村代码": [*VILLAGES, "621102101203", "621102101204"],
            "村名": ["东村", "西村", "南村", "北村", "中村"],
        },
        geometry=[Point(WEST + east, SOUTH + 5000) for east in (2000, 6000, 15_000, 3000, 4000)],
        crs="EPSG:4544",
    )
    forest = gpd.GeoDataFrame(
        {
            "小班号": [f"F{row}" for row in range(10)],
            **{
                "村代码": village[:10],
                "面积": MU_OF_PLOT,
                "树种": "云杉",
                "造林年度": 2018,
                "项目类型": "项目",
            },
        },
        geometry=apart[:10],
        crs="EPSG:4544",
    )
    juncao = gpd.GeoDataFrame(
        {
            "地块号": [f"J{row}" for row in range(6)],
            **{
                "村代码": village[:6],
                "面积(亩)": MU_OF_PLOT,
                "种植季(年)": 2019,
                "种苗": "免费",
                "用途": "出售",
            },
        },
        geometry=apart[ROWS : ROWS + 6],
        crs="EPSG:4544",
    )
    return {
        "villages": places.to_crs("EPSG:4490"),
        "households": _households(village),
        "forest_plots": forest,
        "juncao_plots": juncao,
        **_lists(village),
    }


def _households(village: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "户编号": [f"H{row:04}" for row in range(ROWS)],
            "户主姓名": [f"{NAME}{'甲乙丙丁戊己庚辛壬癸'[row % 10]}" for row in range(ROWS)],
            "身份证号": "",
            "联系电话": [f"{int(PHONE) + row}" for row in range(ROWS)],
            "村代码": village,
            "人口": [3 + row % 4 for row in range(ROWS)],
            "劳动力": 2,
            "人均纯收入(元)": [2500 + 37 * row for row in range(ROWS)],
            "收入年度": 2016,
            "基数含项目收入": "否",
            "户类型": "建档立卡户",
            "主要致贫原因": "因病",
            "可用劳动日": 200,
        }
    )


def _lists(village: list[str]) -> dict[str, pd.DataFrame]:
    yards = {
        "蜂场号": [f"B{row}" for row in range(10)],
        **{
            "村代码": village[:10],
            "箱数": "20",
            "清点日期": "2020-05-31",
            "起始年度": "2019",
            "是否项目": "是",
        },
        "x": [str(WEST + 2000 + 300 * row) for row in range(10)],
        "y": str(SOUTH + 8000),
    }
    clean = [f"H{row:04}" for row in range(ROWS - 10, ROWS)]
    bonds = {
        **{"户编号": clean, "地点编号": "F9", "角色": "栽植", "数量": "30", "单位": "工日"},
        "年度": "2018",
    }
    paid = {"户编号": clean, "补贴项目": "退耕还林", "金额(元)": 1200.5, "发放日期": "2020-05-31"}
    return {
        "apiaries": pd.DataFrame(yards),
        "links": pd.DataFrame(bonds),
        "payments": pd.DataFrame(paid),
    }


def _planted() -> dict[str, pd.DataFrame]:
    made = tables()
    for fault in FAULTS:
        table = made[fault.table]
        if fault.value == "geometry":
            table.loc[fault.row, "geometry"] = affinity.translate(table.geometry[fault.row], 90_000, 0)
            continue
        if not (pd.api.types.is_numeric_dtype(table[fault.heading]) and isinstance(fault.value, int | float)):
            table[fault.heading] = table[fault.heading].astype(object)
        table.loc[fault.row, fault.heading] = fault.value
    return made


def write_fifty_faults(folder: Path) -> Path:
    """The folder: two workbooks, two CSV files (one GBK under a title), a shapefile, two layers."""
    folder.mkdir(parents=True)
    made = _planted()
    counties().to_file(folder / "counties.gpkg", driver="GPKG")
    townships().to_csv(folder / "townships.csv", index=False)
    made["villages"].to_file(folder / "villages.geojson", driver="GeoJSON")
    made["forest_plots"].to_file(folder / "forest_plots.shp", encoding="GBK")
    made["juncao_plots"].to_file(folder / "juncao_plots.gpkg", driver="GPKG")
    made["apiaries"].to_csv(folder / "apiaries.csv", index=False, encoding="utf-8-sig")
    text = made["links"].to_csv(index=False)
    (folder / "links.csv").write_bytes(f"利益联结表,,,,,\n单位：乡镇,,,,,\n{text}".encode("gbk"))
    _workbook(folder, "households", made["households"])
    _workbook(folder, "payments", made["payments"])
    (folder / "project.toml").write_text(
        '[project]\nname = "五十处"\n[tables.apiaries]\ncrs = "EPSG:4544"\n'
        '[tables.links]\nencoding = "gbk"\n[tables.villages]\ncrs = "EPSG:4490"\n',
        encoding="utf-8",
    )
    return folder


def _workbook(folder: Path, name: str, table: pd.DataFrame) -> None:
    """A workbook with its own colours, a formula, a merged title over a blank row where there is room."""
    layout = LAYOUTS[name]
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = layout.sheet
    book.create_sheet("说明").cell(1, 1).value = "填表说明"
    if layout.heading > 2:
        sheet.cell(2, layout.first).value = "二〇一六年建档立卡户花名册"
        sheet.cell(2, layout.first).font = Font(size=16, bold=True)
        sheet.merge_cells(start_row=2, end_row=2, start_column=layout.first, end_column=layout.first + 6)
    for position, heading in enumerate(table.columns, start=layout.first):
        sheet.cell(layout.heading, position).value = heading
        sheet.cell(layout.heading, position).fill = PatternFill("solid", fgColor="C6E0B4")
        for row, value in enumerate(table[heading].tolist(), start=layout.heading + 1):
            cell = sheet.cell(row, position)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    beside = layout.first + len(table.columns)
    sheet.cell(layout.heading, beside).value = "小计"
    sheet.cell(layout.heading + 1, beside).value = f"=1+{layout.heading}"
    sheet.cell(layout.heading + 2, beside).value = "=说明!A1"
    sheet.column_dimensions["D"].width = 24
    book.save(folder / layout.file)
