"""Every table and column, declared once: reading, checks, help and map labels follow from here.

A column's unit stands at the end of its name. `choices` maps our word to what files write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from eco.phrases import Phrase
from eco.space.datums import KNOWN_CRS as KNOWN_CRS
from eco.space.datums import WORKING_CRS as WORKING_CRS

Kind = Literal["code", "text", "id_number", "phone", "number", "year", "date", "choice"]
Shape = Literal["point", "outline", "place"]  # a place is a point or an outline


@dataclass(frozen=True)
class Column:
    """One column: our name, the words for it, what it may hold."""

    name: str
    kind: Kind
    label: Phrase
    aliases: tuple[str, ...] = ()
    required: bool = False
    personal: bool = False
    minimum: float | None = None
    maximum: float | None = None
    dimension: Literal["area", "money", ""] = ""  # may arrive in another unit: 公顷, 万元
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default: object = None  # what a missing column, or an empty cell of an optional one, means
    digits: int | None = None  # length of a region code


@dataclass(frozen=True)
class Table:
    """One table of the bureau's files."""

    name: str
    label: Phrase
    aliases: tuple[str, ...]
    key: str | None  # the column no two rows may share
    columns: tuple[Column, ...]
    geometry: Shape | None = None
    required: bool = False
    key_year: str | None = None  # the column by which rows of one key are told apart: the seasons of a plot

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)


LAND_CLASSES = {
    "farmland": ("耕地", "旱地", "水浇地", "梯田", "坡耕地"),
    "barren": ("荒山", "荒地", "宜林地", "未利用地"),
    "forest": ("林地", "有林地"),
    "grassland": ("草地", "牧草地"),
    "garden": ("园地", "果园"),
}
TENURES = {
    "household": ("农户", "农户承包", "承包地", "个人"),
    "collective": ("集体", "村集体"),
    "state": ("国有",),
}
PROGRAMMES = {
    "project": ("项目", "协作项目", "东西协作", "福州林"),
    "grain_for_green": ("退耕还林", "新一轮退耕还林"),
    "public_forest": ("公益林", "生态公益林"),
    "none": ("无", "其他"),
}
REGISTER_TYPES = {
    "poor": ("建档立卡户", "一般贫困户", "贫困户"),
    "lifted": ("脱贫户", "已脱贫户"),
    "unstable": ("脱贫不稳定户",),
    "marginal": ("边缘易致贫户", "边缘户"),
    "sudden": ("突发严重困难户",),
    "minimum_allowance": ("低保户", "低保"),
    "extreme": ("特困户", "五保户", "特困供养户"),
    "general": ("一般农户", "非贫困户"),
}
CAUSES = {
    "illness": ("因病",),
    "disability": ("因残",),
    "schooling": ("因学",),
    "disaster": ("因灾",),
    "no_land": ("缺土地",),
    "no_water": ("缺水",),
    "no_skill": ("缺技术",),
    "no_labour": ("缺劳力", "缺劳动力"),
    "no_funds": ("缺资金",),
    "poor_roads": ("交通条件落后",),
    "no_drive": ("自身发展动力不足", "自身发展力不足"),
    "other": ("其他",),
}
ROLES = {
    "planter": ("栽植", "造林", "造林务工"),
    "tender": ("抚育", "管护务工"),
    "guard": ("护林员", "生态护林员"),
    "lessor": ("流转", "土地流转", "出租", "地主户", "承包户"),
    "grower": ("种植", "种植户"),
    "keeper": ("养蜂", "养殖", "养蜂户"),
    "shareholder": ("入股", "分红", "股东"),
}
LINK_UNITS = {
    "days": ("工日", "天"),
    "mu": ("亩",),
    "hives": ("箱", "群"),
    "posts": ("岗", "人"),
    "yuan": ("元",),
}
# What a link's quantity may count, by its role, and the tables its site may stand in.
ROLE_UNITS = {
    "planter": ("days", "mu"),
    "tender": ("days", "mu"),
    "guard": ("posts",),
    "lessor": ("mu",),
    "grower": ("mu",),
    "keeper": ("hives",),
    "shareholder": ("yuan",),
}
ROLE_SITES = {
    "planter": ("forest_plots", "juncao_plots"),
    "tender": ("forest_plots", "juncao_plots"),
    "guard": ("forest_plots",),
    "lessor": ("forest_plots", "juncao_plots"),
    "grower": ("forest_plots", "juncao_plots"),
    "keeper": ("apiaries",),
    "shareholder": ("forest_plots", "juncao_plots", "apiaries"),
}
YES_NO = {"yes": ("是", "有", "1", "true", "y"), "no": ("否", "无", "0", "false", "n")}

_VILLAGE = Column(
    "village_code",
    "code",
    Phrase("村代码", "village code"),
    ("行政村代码", "村编码"),
    required=True,
    digits=12,
)
_AREA = Column(
    "area_mu",
    "number",
    Phrase("面积(亩)", "declared area (mu)"),
    ("面积", "申报面积", "小班面积", "area"),
    required=True,
    minimum=0,
    dimension="area",
)
_LAND = Column(
    "land_class",
    "choice",
    Phrase("地类", "land class"),
    ("土地类型", "原地类"),
    choices=LAND_CLASSES,
    default="barren",
)
_ASSUMED = Column(
    "assumed", "choice", Phrase("推定", "placed by rule"), ("推定位置",), choices=YES_NO, default="no"
)
_NAME = Column(
    "name", "text", Phrase("名称", "name"), ("名", "地名", "县名", "乡镇名", "村名"), required=True
)


def _place(
    name: str, zh: str, en: str, aliases: tuple[str, ...], codes: tuple[str, ...], required: bool
) -> Table:
    digits = 6 if name == "counties" else 12
    code = Column(
        "code", "code", Phrase("代码", "code"), (*codes, "行政区划代码"), required=True, digits=digits
    )
    return Table(name, Phrase(zh, en), aliases, "code", (code, _NAME, _ASSUMED), "place", required)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _place("counties", "县区", "counties", ("县区", "县界"), ("县代码", "adcode", "gb"), True),
        _place("townships", "乡镇", "townships", ("乡镇", "乡镇界"), ("乡镇代码", "乡代码"), True),
        _place("villages", "村", "villages", ("行政村", "村界", "村点"), ("村代码", "行政村代码"), True),
        Table(
            "households",
            Phrase("建档立卡户", "registered households"),
            ("建档立卡户", "农户", "贫困户", "花名册", "register"),
            "household_id",
            (
                Column("household_id", "code", Phrase("户编号", "household id"), ("户编码", "户号"), True),
                _VILLAGE,
                Column(
                    "persons",
                    "number",
                    Phrase("人口", "persons"),
                    ("家庭人口", "人口数", "户人口"),
                    True,
                    minimum=1,
                    maximum=30,
                ),
                Column(
                    "workers",
                    "number",
                    Phrase("劳动力", "workers"),
                    ("劳动力人数", "劳力"),
                    True,
                    minimum=0,
                    maximum=30,
                ),
                Column(
                    "income_yuan_per_person",
                    "number",
                    Phrase("人均纯收入(元)", "net income per head (yuan)"),
                    ("人均纯收入", "人均年纯收入", "A20"),
                    required=True,
                    dimension="money",
                ),
                Column("income_year", "year", Phrase("收入年度", "income year"), ("年度",), default=None),
                Column(
                    "base_includes_programme",
                    "choice",
                    Phrase("基数含项目收入", "base includes the programme"),
                    ("基数是否含项目",),
                    choices={**YES_NO, "unknown": ("不详", "未知")},
                    default="unknown",
                ),
                Column(
                    "wage_yuan",
                    "number",
                    Phrase("工资性收入(元)", "wage income (yuan)"),
                    ("工资性收入", "A17a"),
                    dimension="money",
                ),
                Column(
                    "operating_yuan",
                    "number",
                    Phrase("生产经营性收入(元)", "operating income (yuan)"),
                    ("生产经营性收入", "A17b"),
                    dimension="money",
                ),
                Column(
                    "property_yuan",
                    "number",
                    Phrase("财产性收入(元)", "property income (yuan)"),
                    ("财产性收入", "A17d"),
                    dimension="money",
                ),
                Column(
                    "transfer_yuan",
                    "number",
                    Phrase("转移性收入(元)", "transfer income (yuan)"),
                    ("转移性收入", "A17c"),
                    dimension="money",
                ),
                Column(
                    "production_cost_yuan",
                    "number",
                    Phrase("生产经营性支出(元)", "production cost (yuan)"),
                    ("生产经营性支出", "A18"),
                    minimum=0,
                    dimension="money",
                ),
                Column(
                    "register_type",
                    "choice",
                    Phrase("户类型", "register type"),
                    ("农户类型", "贫困户属性"),
                    choices=REGISTER_TYPES,
                    default="poor",
                ),
                Column(
                    "main_cause",
                    "choice",
                    Phrase("主要致贫原因", "main cause of poverty"),
                    ("致贫原因",),
                    choices=CAUSES,
                    default="other",
                ),
                Column(
                    "free_days",
                    "number",
                    Phrase("可用劳动日", "free labour days a year"),
                    ("空闲工日",),
                    minimum=0,
                    maximum=2000,
                ),
                Column(
                    "head_name",
                    "text",
                    Phrase("户主姓名", "head of household"),
                    ("户主", "姓名"),
                    personal=True,
                ),
                Column(
                    "id_number",
                    "id_number",
                    Phrase("身份证号", "ID number"),
                    ("身份证号码", "证件号码"),
                    personal=True,
                ),
                Column("phone", "phone", Phrase("联系电话", "phone"), ("电话", "手机号"), personal=True),
            ),
            "point",
            required=True,
        ),
        Table(
            "forest_plots",
            Phrase("生态林小班", "forest plots"),
            ("生态林", "小班", "林地小班", "造林小班", "forest"),
            "plot_id",
            (
                Column(
                    "plot_id", "code", Phrase("小班号", "plot id"), ("小班编号", "小班", "地块编号"), True
                ),
                _VILLAGE,
                _AREA,
                Column(
                    "verified_mu",
                    "number",
                    Phrase("验收面积(亩)", "verified area (mu)"),
                    ("验收面积", "核实面积"),
                    minimum=0,
                    dimension="area",
                ),
                _LAND,
                Column(
                    "tenure",
                    "choice",
                    Phrase("权属", "tenure"),
                    ("土地权属", "林地权属"),
                    choices=TENURES,
                    default="collective",
                ),
                Column("species", "text", Phrase("树种", "species"), ("主要树种", "造林树种"), required=True),
                Column(
                    "planted_year", "year", Phrase("造林年度", "year planted"), ("栽植年度", "造林年"), True
                ),
                Column(
                    "programme",
                    "choice",
                    Phrase("项目类型", "programme"),
                    ("工程类别", "林业工程"),
                    choices=PROGRAMMES,
                    default="project",
                ),
                Column("funding", "text", Phrase("资金来源", "funding"), ("资金",), default=""),
                Column("end_year", "year", Phrase("截止年度", "last year"), ("管护截止年",)),
                _ASSUMED,
            ),
            "outline",
        ),
        Table(
            "juncao_plots",
            Phrase("巨菌草地块", "Juncao plots"),
            ("巨菌草", "菌草", "菌草地块", "juncao"),
            "plot_id",
            (
                Column("plot_id", "code", Phrase("地块号", "plot id"), ("地块编号", "地块"), True),
                _VILLAGE,
                _AREA,
                Column(
                    "season",
                    "year",
                    Phrase("种植季(年)", "season (year)"),
                    ("种植年度", "年度", "种植年份"),
                    True,
                ),
                Column(
                    "seedlings",
                    "choice",
                    Phrase("种苗", "seedlings"),
                    ("种苗来源",),
                    choices={"free": ("免费", "项目提供", "发放"), "bought": ("自购", "购买")},
                    required=True,
                ),
                Column(
                    "use",
                    "choice",
                    Phrase("用途", "use"),
                    ("利用方式",),
                    choices={"sold": ("出售", "销售"), "fed": ("自用", "饲喂", "自家喂养")},
                    required=True,
                ),
                _LAND,
                _ASSUMED,
            ),
            "outline",
            key_year="season",
        ),
        Table(
            "apiaries",
            Phrase("蜂场", "bee yards"),
            ("蜂场", "养蜂场", "中蜂", "蜂点", "bees"),
            "apiary_id",
            (
                Column("apiary_id", "code", Phrase("蜂场号", "yard id"), ("蜂场编号", "蜂场代码"), True),
                _VILLAGE,
                Column(
                    "hives_received",
                    "number",
                    Phrase("发放箱数(箱)", "hives received (boxes)"),
                    ("发放箱数", "箱数"),
                    True,
                    minimum=0,
                ),
                Column(
                    "hives_alive",
                    "number",
                    Phrase("存活群数(群)", "colonies alive"),
                    ("存活群数", "现有群数", "存栏"),
                    minimum=0,
                ),
                Column("count_date", "date", Phrase("清点日期", "date of count"), ("核查日期",)),
                Column(
                    "started_year", "year", Phrase("起始年度", "first year"), ("发放年度", "建场年度"), True
                ),
                Column(
                    "in_programme",
                    "choice",
                    Phrase("项目蜂场", "in the programme"),
                    ("是否项目",),
                    choices=YES_NO,
                    default="yes",
                ),
                _ASSUMED,
            ),
            "point",
        ),
        Table(
            "links",
            Phrase("利益联结", "benefit links"),
            ("利益联结", "联结", "带动关系"),
            None,
            (
                Column("household_id", "code", Phrase("户编号", "household id"), ("户编码", "户号"), True),
                Column(
                    "site_id",
                    "code",
                    Phrase("地点编号", "site id"),
                    ("小班号", "地块号", "蜂场号", "项目点编号"),
                    True,
                ),
                Column(
                    "role",
                    "choice",
                    Phrase("角色", "role"),
                    ("联结方式", "参与方式"),
                    choices=ROLES,
                    required=True,
                ),
                Column("quantity", "number", Phrase("数量", "quantity"), ("数",), True, minimum=0),
                Column(
                    "unit", "choice", Phrase("单位", "unit"), ("计量单位",), choices=LINK_UNITS, required=True
                ),
                Column("year", "year", Phrase("年度", "year"), ("年份",), True),
                _ASSUMED,
            ),
        ),
        Table(
            "payments",
            Phrase("发放花名册", "payments"),
            ("发放花名册", "发放表", "补贴发放"),
            None,
            (
                Column("household_id", "code", Phrase("户编号", "household id"), ("户编码", "户号"), True),
                Column("item", "text", Phrase("项目", "item"), ("补贴项目", "政策项目"), True),
                Column(
                    "amount_yuan",
                    "number",
                    Phrase("金额(元)", "amount (yuan)"),
                    ("金额", "发放金额"),
                    True,
                    dimension="money",
                ),
                Column("paid_on", "date", Phrase("发放日期", "paid on"), ("日期",)),
            ),
        ),
        Table(
            "basic_farmland",
            Phrase("永久基本农田", "permanent basic farmland"),
            ("基本农田", "基本农田保护图斑", "永久基本农田图斑"),
            None,  # land is land, whatever number it bears twice
            (
                Column(
                    "parcel_id",
                    "code",
                    Phrase("图斑编号", "parcel id"),
                    ("标识码", "图斑号", "BSM", "TBBH"),
                    default="",  # what bears no number is farmland all the same
                ),
            ),
            "outline",
        ),
    )
}

SITES = ("forest_plots", "juncao_plots", "apiaries")

RASTERS: dict[str, tuple[str, ...]] = {
    "elevation": ("高程", "dem"),
    "elevation_fine": ("精细高程", "dem_fine"),
    "land_cover": ("土地覆盖", "landcover"),
}

# Which households the word "poor" means in the income model: all of the register but general ones.
POOR_TYPES = tuple(name for name in REGISTER_TYPES if name != "general")

# Where a point stands in a table without geometry: degrees, or metres with x to the east.
COORDINATES: dict[str, tuple[Column, Column]] = {
    "degrees": (
        Column("lon", "number", Phrase("经度", "longitude"), ("lng", "经度坐标", "东经")),
        Column("lat", "number", Phrase("纬度", "latitude"), ("纬度坐标", "北纬")),
    ),
    "metres": (
        Column("x", "number", Phrase("东坐标", "easting"), ("横坐标", "X坐标")),
        Column("y", "number", Phrase("北坐标", "northing"), ("纵坐标", "Y坐标")),
    ),
}


def personal_columns() -> tuple[str, ...]:
    """Names of the columns that never leave the office."""
    return tuple(c.name for table in TABLES.values() for c in table if c.personal)
