"""What is said about a file: every code once, in both languages, and the rows it is said of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.problems import Finding, Level, mask
from eco.records.people import looks_like_a_name, mask_people
from eco.records.tables import Table

SHOWN_ROWS = 1000  # rows of one rule told one by one; the rest are counted


class Rule(NamedTuple):
    """What a code means: `{words}` in the phrases are filled in where it is said."""

    level: Level
    expected: Phrase
    todo: Phrase


def _rule(level: Level, expected: tuple[str, str], todo: tuple[str, str]) -> Rule:
    return Rule(level, Phrase(*expected), Phrase(*todo))


RULES: dict[str, Rule] = {
    "E-FILE-01": _rule(
        "error",
        ("{label}的文件（{names}）", "a file of {label} ({names})"),
        (
            "放入该文件，或在 project.toml 的 [tables.{table}] 写 file=",
            "add it, or name it in [tables.{table}]",
        ),
    ),
    "E-FILE-02": _rule(
        "error",
        ("每张表只有一个文件", "one file a table"),
        (
            "在 project.toml 的 [tables.{table}] 写明 file=",
            "say which in project.toml, [tables.{table}] file=",
        ),
    ),
    "E-FILE-03": _rule(
        "error",
        ("能打开的完整文件（{kind}）", "a whole file that opens ({kind})"),
        ("从原处重新拷贝或另存", "copy or save it again from its source"),
    ),
    "E-FILE-04": _rule(
        "error",
        ("其中之一：{known}", "one of: {known}"),
        ("改正 project.toml 中 [tables.{table}] 的 {key}=", "set {key}= in project.toml, [tables.{table}]"),
    ),
    "E-FILE-05": _rule(
        "error",
        ("项目文件夹内的本地文件", "a local file inside the project folder"),
        ("把文件放进项目文件夹", "put the file into the project folder"),
    ),
    "E-FILE-06": _rule(
        "note",
        ("文件名为表名或别名", "a file named like a table"),
        ("若要使用，请改名或写入 project.toml", "rename it or name it in project.toml if it is to be used"),
    ),
    "E-FILE-07": _rule("error", ("已有的文件夹", "a folder that exists"), ("核对路径", "check the path")),
    "E-FILE-20": _rule(
        "error",
        ("没有同名文件的文件夹", "a folder without files of these names"),
        ("换一个文件夹，已有的文件不会被覆盖", "choose another folder: no file is overwritten"),
    ),
    "E-FILE-08": _rule(
        "error",
        ("不超过 2 GB 的文件", "a file of 2 GB at most"),
        ("只留本县的行，或分成几个文件", "keep this county's rows only, or split it"),
    ),
    "E-FILE-09": _rule(
        "doubt",
        ("能显示的文件名", "a file name that can be shown"),
        ("重新命名；现不读取", "rename it; it is not read until then"),
    ),
    "E-FILE-10": _rule(
        "error",
        ("{kind} 等能读取的格式", "a format that is read, such as {kind}"),
        ("另存为 {kind}", "save it as {kind}"),
    ),
    "E-HASH-01": _rule(
        "error",
        ("与封存时相同的文件（.sha256）", "the file as it was sealed (.sha256)"),
        (
            "从原处重新拷贝；若是有意修改，删去旁边的 .sha256",
            "copy it again from its source; if it was changed on purpose, delete the .sha256 beside it",
        ),
    ),
    "E-ZIP-01": _rule(
        "error",
        (
            "展开不超过 2 GB、200 倍、1000 个文件，没有套包和链接",
            "no more than 2 GB, 200 times its size and 1,000 members when unfolded, no zip inside, no link",
        ),
        ("另存一份干净的文件", "save a clean copy"),
    ),
    "E-ZIP-02": _rule(
        "error",
        ("完整的 {kind} 文件", "a whole {kind} file"),
        ("从原处重新拷贝", "copy it again from its source"),
    ),
    "E-XLS-01": _rule(
        "error",
        ("不加密、不含宏的 xlsx", "an xlsx without password or macros"),
        ("另存为 xlsx", "save it as xlsx"),
    ),
    "E-SHP-01": _rule(
        "error",
        ("完整的 .shp、.shx、.dbf", "whole files .shp, .shx, .dbf"),
        ("从原处重新拷贝全部部件", "copy all parts again from their source"),
    ),
    "E-SHP-02": _rule(
        "error",
        ("同名的 .dbf（属性表）", "a .dbf of the same name (the attributes)"),
        ("补上 .dbf", "add the .dbf"),
    ),
    "E-SHP-03": _rule(
        "error",
        ("图形数与属性行数相同", "as many shapes as rows of attributes"),
        ("核对 .dbf 是否来自另一文件", "look whether the .dbf belongs to another file"),
    ),
    "E-SHP-04": _rule(
        "note",
        ("同名的 .shx（索引）", "a .shx of the same name (the index)"),
        ("无需处理，已在副本中重建", "nothing; it was made again in a copy"),
    ),
    "E-GPKG-01": _rule(
        "error",
        ("完整的 GeoPackage", "a whole GeoPackage"),
        ("关闭正在使用它的程序后重新拷贝", "close the program that uses it and copy it again"),
    ),
    "E-JSON-01": _rule(
        "error",
        ("规范的 GeoJSON 要素集", "a sound GeoJSON collection of features"),
        ("重新导出", "export it again"),
    ),
    "E-RAS-01": _rule(
        "error",
        ("完整的 GeoTIFF", "a whole GeoTIFF"),
        ("从原处重新拷贝或导出", "copy or export it again"),
    ),
    "E-RAS-02": _rule(
        "error",
        ("写有坐标系的 GeoTIFF", "a GeoTIFF with its system"),
        ("重新导出并写入坐标系", "export it again with its system"),
    ),
    "E-RAS-03": _rule(
        "error",
        ("不超过 40 亿像元", "4 billion pixels at most"),
        ("裁切到本县范围", "cut it to the county"),
    ),
    "E-RAS-04": _rule(
        "error",
        ("以米计的高程，或 IGBP 地类代码", "elevation in metres, or IGBP codes"),
        ("核对单位和内容", "check unit and content"),
    ),
    "E-ENC-03": _rule(
        "note",
        ("声明的编码与内容一致", "the encoding that was declared"),
        ("核对中文是否正确，改正 .cpg", "look whether the Chinese reads well, correct the .cpg"),
    ),
    "E-ROW-01": _rule(
        "error",
        ("{label}至少一行可用", "at least one usable row of {label}"),
        ("先改正本表各行", "correct the rows of this table first"),
    ),
    "E-ROW-02": _rule(
        "note",
        ("每行一条记录，不含合计行", "one record a row, no totals"),
        ("无需处理，未计入", "nothing; left out"),
    ),
    "E-ROW-03": _rule(
        "note",
        ("每行一条记录，不含表尾说明", "one record a row, no foot"),
        ("无需处理，未计入", "nothing; left out"),
    ),
    "E-ROW-04": _rule(
        "note",
        ("只有一行表头", "headings in one row only"),
        ("无需处理，重复的表头未计入", "nothing; the repeated headings were left out"),
    ),
    "E-ROW-05": _rule(
        "error",
        ("不多于 {wanted} 个单元格", "no more than {wanted} cells"),
        ("核对分隔符；含逗号的内容应加引号", "check the separators; a text with a comma needs quotes"),
    ),
    "E-SUM-01": _rule(
        "doubt",
        ("各行之和 {wanted}", "the rows' sum {wanted}"),
        ("核对是否缺行或合计有误", "check whether rows are missing or the total is wrong"),
    ),
    "E-CSV-01": _rule(
        "error",
        ("不含 NUL 字节的文字", "text without NUL bytes"),
        ("从原处重新拷贝或另存", "copy or save it again from its source"),
    ),
    "E-CSV-02": _rule(
        "error",
        ("成对的引号", "quotes in pairs"),
        ("在该行补上或删去引号", "close or drop the quote in that line"),
    ),
    "E-CSV-03": _rule(
        "error",
        ("不超过 {high} 的文件", "a file within {high}"),
        ("核对分隔符和换行，或拆分文件", "check separators and line ends, or split the file"),
    ),
    "E-CSV-04": _rule(
        "note", ("LF 或 CRLF 换行", "lines that end in LF or CRLF"), ("核对行数", "check the number of rows")
    ),
    "E-COL-04": _rule(
        "note",
        ("一行表头", "headings in one row"),
        ("核对两行表头合并的结果", "check how the two rows of headings were joined"),
    ),
    "E-CELL-01": _rule(
        "note",
        ("没有合并的单元格", "no merged cells"),
        ("核对填入各行的值", "check the value filled into every row"),
    ),
    "E-CELL-02": _rule(
        "error",
        ("每行自己的数", "a number of each row's own"),
        ("取消合并，各行分别填写", "unmerge the cells and write each row's own"),
    ),
    "E-SHEET-01": _rule(
        "note",
        ("没有隐藏的工作表", "no hidden sheets"),
        ("核对其中有无应计入的行", "check whether they hold rows that belong here; they were not read"),
    ),
    "E-ENC-01": _rule(
        "error",
        ("UTF-8 或 GBK/GB18030 文字", "text in UTF-8 or GBK/GB18030"),
        ("另存为 UTF-8，或写明 encoding=", "save it as UTF-8 or declare encoding="),
    ),
    "E-ENC-02": _rule(
        "note", ("UTF-8 文字", "text in UTF-8"), ("核对中文是否正确", "look whether the Chinese reads well")
    ),
    "E-SET-01": _rule(
        "error",
        ("已知的名称：{known}", "a known name: {known}"),
        ("改正 project.toml", "correct project.toml"),
    ),
    "E-SET-02": _rule("error", ("{wanted}", "{wanted}"), ("改正 project.toml", "correct project.toml")),
    "E-SET-03": _rule(
        "note", ("project.toml 写明", "a line in project.toml"), ("确认所用数值", "confirm the value taken")
    ),
    "E-COL-01": _rule(
        "error",
        ("表头“{label}”或 {names}", "a heading {names}"),
        (
            "补上该列，或在 [tables.{table}.columns] 写明对应表头",
            "add it or map it in [tables.{table}.columns]",
        ),
    ),
    "E-COL-02": _rule(
        "error",
        ("“{label}”只有一列", "one heading for {names}"),
        ("删去一列，或在 [tables.{table}.columns] 写明", "drop one or say which in [tables.{table}.columns]"),
    ),
    "E-COL-03": _rule(
        "doubt",
        ("“{label}”只有一列", "one heading for {names}"),
        ("核对所采用的列", "check which heading was taken"),
    ),
    "E-UNIT-02": _rule(
        "error",
        ("单位之一：{known}", "one of the units {known}"),
        ("改表头单位，或写 [tables.{table}.units]", "correct the heading or declare [tables.{table}.units]"),
    ),
    "E-UNIT-03": _rule(
        "note", ("以{unit}计", "values in {unit}"), ("核对换算", "check the conversion made here")
    ),
    "E-CRS-01": _rule(
        "error",
        ("坐标系之一：{known}", "a declared system, one of {known}"),
        ("在 project.toml 的 [tables.{table}] 写 crs=", "declare crs= in project.toml, [tables.{table}]"),
    ),
    "E-CRS-02": _rule(
        "error",
        ("按 {crs} 落在中国境内的坐标", "coordinates that lie in China under {crs}"),
        ("核对坐标系、带号和经纬度次序", "check the system, the zone prefix and the order of the axes"),
    ),
    "E-CRS-03": _rule(
        "error",
        ("坐标系之一：{known}", "one of the systems {known}"),
        ("转换后重新提供，或改正 crs=", "convert the file, or correct crs="),
    ),
    "E-CRS-04": _rule(
        "error",
        ("CGCS2000 成果", "data in CGCS2000"),
        ("由测绘主管部门转换后重新提供", "ask the surveying authority to convert it to CGCS2000"),
    ),
    "E-CRS-05": _rule(
        "error",
        ("列 {names}（{crs}）", "columns {names} under {crs}"),
        ("补上坐标列，或改正 crs=", "add the coordinate columns or correct crs="),
    ),
    "E-CRS-06": _rule(
        "note",
        ("先经度（东坐标）后纬度（北坐标）", "longitude or easting first"),
        ("核对；全表坐标轴颠倒，已对调", "confirm: the axes of the whole table were exchanged here"),
    ),
    "E-CRS-07": _rule(
        "error",
        (
            "按 {crs} 落在中国境内的坐标；全表{seems}",
            "coordinates of China under {crs}; in the whole table {seems}",
        ),
        ("改正 [tables.{table}] 的 crs=", "correct crs= in [tables.{table}]"),
    ),
    "E-CRS-08": _rule(
        "doubt",
        ("县区界线之内；{system} 下各行都在县内", "places inside the counties, as they are under {system}"),
        ("核对带号后改 [tables.{table}] 的 crs=", "check the zone, then correct crs= in [tables.{table}]"),
    ),
    "E-DATUM-01": _rule(
        "doubt",
        ("与{control}相合的坐标（{system}）", "coordinates that meet {control} ({system})"),
        ("{fix}；现仍按声明使用", "{fix}; until then the declared system is used"),
    ),
    "E-DATUM-02": _rule(
        "doubt",
        ("与{control}相合的坐标", "coordinates that meet {control}"),
        ("核对来源：{fix}", "check where it comes from: {fix}"),
    ),
    "E-GEOM-06": _rule(
        "error", ("不小于 1 平方米的面", "an outline of 1 m2 or more"), ("删去碎面", "delete the sliver")
    ),
    "E-GEOM-07": _rule(
        "error",
        ("修复后面积变化不超过 1 % 的图形", "a shape whose area a repair changes by 1 % at most"),
        ("重画该图形", "draw it again"),
    ),
    "E-GEOM-08": _rule(
        "note",
        ("平面图形", "flat shapes"),
        ("无需处理，高程和量测值未用", "nothing; heights and measures are not used"),
    ),
    "E-GEOM-09": _rule(
        "error", ("不多于 {high} 个折点", "{high} vertices at most"), ("简化图形", "simplify the shape")
    ),
    "E-OVL-01": _rule(
        "doubt",
        (
            "互不重叠的图形；全表相加 {sum} 亩，去重后 {union} 亩",
            "shapes side by side; all added {sum} mu, once each {union} mu",
        ),
        (
            "核定重叠部分归哪一块；测算按申报面积",
            "decide whose the shared land is; the model takes declared mu",
        ),
    ),
    "E-OVL-02": _rule(
        "note",
        (
            "林与巨菌草各有其地；共 {total} 亩在两表",
            "forest and Juncao on land of their own; {total} mu in both tables",
        ),
        ("确认是否林下种草；同一块地两项都计", "confirm it is grass under trees: the land counts in both"),
    ),
    "E-OVL-03": _rule(
        "doubt",
        (
            "退耕还林地不再种巨菌草；共 {total} 亩在两表",
            "no Juncao on Grain-for-Green land; {total} mu in both tables",
        ),
        ("核对是否重复补助", "check whether the land is subsidised twice"),
    ),
    "E-SLOPE-01": _rule(
        "doubt",
        ("坡度不大于 25 度的耕种地块", "a slope of 25 degrees at most for a crop"),
        ("核对位置；25 度以上禁止开垦", "check the place: above 25 degrees cultivation is banned"),
    ),
    "E-SITE-03": _rule(
        "doubt",
        ("距本村 {high} 公里以内", "a place within {high} km of its village"),
        ("核对村代码和坐标", "check the village code and the coordinates"),
    ),
    "E-SITE-04": _rule(
        "doubt",
        ("在代码所属县之内", "a place inside the county of its code"),
        ("核对代码和坐标系", "check the code and the system"),
    ),
    "E-BEE-01": _rule(
        "doubt",
        ("各蜂场各有位置", "a place of its own for each yard"),
        ("核对是否同一蜂场重复登记", "check whether one yard was entered twice"),
    ),
    "E-BEE-02": _rule(
        "note",
        ("两公里内没有别的蜂场", "no other yard within 2 km"),
        ("核对蜜源是否够用", "check whether the forage is enough for all"),
    ),
    "E-BEE-03": _rule(
        "doubt",
        (
            "村庄以外的蜂场（距村点 {high} 米以上）",
            "a yard outside the village, more than {high} m from its point",
        ),
        ("核对是否用村点代替了蜂场坐标", "check whether the village's point was written for the yard's"),
    ),
    "E-VAL-01": _rule("error", ("必填值", "a value"), ("补填", "fill it in")),
    "E-NUM-01": _rule("error", ("数字", "a number"), ("改为数字", "write a number")),
    "E-NUM-02": _rule(
        "error",
        ("{low} 至 {high} 之间", "between {low} and {high}"),
        ("核对数值和单位", "check the value and its unit"),
    ),
    "E-NUM-03": _rule("error", ("不小于 {low}", "not below {low}"), ("核对数值", "check the value")),
    "E-NUM-05": _rule(
        "note",
        ("只写半角数字", "plain half-width digits"),
        ("核对读出的数", "check the numbers read here"),
    ),
    "E-FUND-01": _rule(
        "error", ("至多两位小数的金额", "an amount of two decimals at most"), ("核对金额", "check the amount")
    ),
    "E-FUND-03": _rule("error", ("大于 0 的金额", "an amount above 0"), ("核对金额", "check the amount")),
    "E-CODE-01": _rule(
        "error",
        ("以文本存储的编号", "a code kept as text"),
        ("改为文本格式并从原件重新录入", "set the cells to text and type the codes again from the source"),
    ),
    "E-TEXT-01": _rule(
        "note",
        ("没有隐藏字符和全角字符的文字", "text without hidden or full-width signs"),
        ("核对清理结果", "check what was cleaned"),
    ),
    "E-TEXT-02": _rule(
        "doubt",
        ("国家标准字库中的字", "signs of the national character set"),
        ("换成标准字，否则他机可能不显示", "use the standard sign: other machines may not show this one"),
    ),
    "E-ID-01": _rule(
        "error",
        ("有效的 18 位身份证号，此号{kind}", "a sound ID number of 18 signs; wrong here: {kind}"),
        ("对照证件更正", "correct it from the card"),
    ),
    "E-ID-02": _rule(
        "error",
        ("以文本存储的身份证号；以数值存储，{kind}", "an ID number kept as text; as a number, {kind}"),
        ("改为文本格式并从原件重新录入", "set the cells to text and type the numbers again from the source"),
    ),
    "E-ID-03": _rule(
        "error",
        ("18 位身份证号，此为{kind}", "an ID number of 18 signs, not {kind}"),
        (
            "换成 18 位，或在 project.toml 的 [project] 写 allow_old_ids = true",
            "write all 18, or set allow_old_ids = true in project.toml, [project]",
        ),
    ),
    "E-ID-04": _rule(
        "note",
        ("半角、无空格、大写 X 的身份证号", "ID numbers in half-width signs without blanks, X in capitals"),
        ("无需处理，已按规范读取", "nothing; they were read so"),
    ),
    "E-ID-05": _rule(
        "error",
        ("一个身份证号只在一户；同号：{known}", "an ID number in one household only; also in {known}"),
        ("查明属于哪一户", "find out which household it belongs to"),
    ),
    "E-ID-06": _rule(
        "note",
        ("18 位身份证号", "ID numbers of 18 signs"),
        ("核对由 15 位换算的号码", "check the numbers converted"),
    ),
    "E-TEL-01": _rule("doubt", ("电话号码", "a phone number"), ("核对电话", "check the phone")),
    "E-TEL-02": _rule(
        "note",
        ("只写数字的电话", "phones in digits alone"),
        ("无需处理，已按规范读取", "nothing; they were read so"),
    ),
    "E-HH-01": _rule(
        "error",
        ("一户只在一个村；同一人：{known}", "a household in one village; the same person in {known}"),
        ("查明属于哪个村", "find out which village it belongs to"),
    ),
    "E-HH-02": _rule(
        "error",
        ("一户只登记一次；同名同电话：{known}", "a household once; the same name and phone in {known}"),
        ("删去重复的一户", "take out the double"),
    ),
    "E-HH-03": _rule(
        "doubt",
        ("不多于人口 {high} 人的劳动力", "no more workers than its {high} persons"),
        ("核对人口和劳动力", "check persons and workers"),
    ),
    "E-HH-04": _rule(
        "doubt",
        ("一户只登记一次；各项全同：{known}", "a household once; all the same in {known}"),
        ("核对是否重复登记", "check whether it stands here twice"),
    ),
    "E-UNIT-01": _rule(
        "error",
        (
            "{county}人均纯收入中位数在 {low}—{high} 元之间{kind}",
            "a median net income per head of {low} to {high} yuan in {county}{kind}",
        ),
        (
            "在表头或 [tables.{table}.units] 写明单位（元、万元、分）",
            "say the unit in the heading or in [tables.{table}.units]: yuan, 10,000 yuan or fen",
        ),
    ),
    "E-UNIT-04": _rule(
        "doubt",
        ("{low} 至 {high} 元的人均纯收入{kind}", "a net income per head of {low} to {high} yuan{kind}"),
        ("核对数值和单位", "check the value and its unit"),
    ),
    "E-INC-01": _rule(
        "doubt",
        (
            "人均纯收入 = (A17 - A18) / 人口 = {wanted} 元{kind}",
            "net income per head = (A17 - A18) / persons = {wanted} yuan{kind}",
        ),
        ("核对各项收入、支出和人口", "check the incomes, the cost and the persons"),
    ),
    "E-INC-02": _rule(
        "doubt", ("不小于 0 的毛收入", "a gross income not below 0"), ("核对数值", "check the value")
    ),
    "E-YEAR-01": _rule(
        "error", ("{low}—{high} 的年份", "a year from {low} to {high}"), ("核对年份", "check the year")
    ),
    "E-DATE-01": _rule(
        "error", ("日期，如 2020-05-31", "a date such as 2020-05-31"), ("改为日期", "write a date")
    ),
    "E-DATE-02": _rule(
        "error", ("{low} 至 {high} 的日期", "a date from {low} to {high}"), ("核对日期", "check the date")
    ),
    "E-DATE-03": _rule(
        "error",
        ("日期，不是 Excel 的日期序号", "a date, no bare day number of Excel"),
        (
            "把单元格改为日期格式，或在 [tables.{table}] 写 epoch = 1900 或 1904",
            "set the cells to a date format, or declare epoch = 1900 or 1904 in [tables.{table}]",
        ),
    ),
    "E-DATE-04": _rule(
        "note",
        ("日期格式的单元格", "cells in a date format"),
        ("核对读出的日期", "check the dates read here"),
    ),
    "E-WORD-01": _rule(
        "error", ("其中之一：{known}", "one of: {known}"), ("改为所列用语", "use one of these words")
    ),
    "E-KEY-01": _rule(
        "error", ("每行编号不重复", "a key no other row has"), ("更正重复编号", "give each row its own")
    ),
    "E-ADM-01": _rule(
        "error",
        ("上级代码在{parent}表中", "its first digits in the table of {parent}"),
        ("核对代码或补充{parent}表", "check the code or complete the table of {parent}"),
    ),
    "E-ADM-02": _rule(
        "error", ("{digits} 位数字代码", "a code of {digits} digits"), ("核对代码", "check the code")
    ),
    "E-ADM-04": _rule(
        "error",
        ("现行代码；{known} 已于 2003 年撤销", "a code in force; {known} was abolished in 2003"),
        ("换用现行代码，今为{county}", "use today's code: it is {county} now"),
    ),
    "E-ADM-03": _rule(
        "error",
        ("村表中的代码", "a code of the table of villages that was not left out"),
        ("核对村代码或补充村表", "check the code or complete the table of villages"),
    ),
    "E-GEOM-01": _rule("error", ("{kind}图形", "a shape of {kind}"), ("补画图形", "draw the shape")),
    "E-GEOM-02": _rule(
        "note",
        ("不自相交的图形", "a shape that does not cross itself"),
        ("核对修复结果", "check the repair"),
    ),
    "E-GEOM-04": _rule(
        "doubt",
        ("{label}有自己的坐标", "{label} with coordinates of their own"),
        ("补充坐标；现按所在村的点", "add coordinates; until then the village's point stands for them"),
    ),
    "E-GEOM-05": _rule(
        "doubt",
        ("{label}有图形", "{label} with geometry"),
        ("补充图形；现不作位置检查", "add geometry; until then positions are not checked"),
    ),
    "E-SITE-01": _rule(
        "error",
        ("县区界线之内", "a place inside one of the counties"),
        ("核对坐标和坐标系", "check the coordinates and their system"),
    ),
    "E-SITE-02": _rule(
        "doubt",
        ("位于村代码所属县 {county}", "a place in {county}, the county of its village code"),
        ("核对村代码和坐标", "check the village code and the coordinates"),
    ),
    "E-LINK-01": _rule(
        "error",
        ("农户表中保留的户编号", "a household that stands in the register and was not left out"),
        ("核对户编号", "check the household id"),
    ),
    "E-LINK-02": _rule(
        "error",
        ("地块或蜂场表中保留的编号", "a plot or yard that stands in its table and was not left out"),
        ("核对地点编号", "check the site id"),
    ),
    "E-LINK-03": _rule(
        "error",
        ("{role}以 {known} 计", "{role} counted in {known}"),
        ("核对角色和单位", "check role and unit"),
    ),
    "E-LINK-04": _rule(
        "error",
        ("{role}的地点在 {known} 中", "a site of {known} for {role}"),
        ("核对角色和地点编号", "check role and site id"),
    ),
    "E-LINK-05": _rule(
        "error",
        ("只属于一张表的地点编号", "a site id that stands in one table only"),
        ("改用不重复的编号", "give each site an id of its own"),
    ),
    "E-AREA-01": _rule(
        "doubt",
        ("图形面积 {measured} 亩上下 5 %", "within 5 % of the shape's {measured} mu"),
        ("核对面积{unit}", "check the area{unit}"),
    ),
    "E-BASE-01": _rule(
        "note",
        ("“基数是否含项目”填是或否", "yes or no in base_includes_programme"),
        ("补填，否则不作达线测算", "fill it in; until then these households get no line result"),
    ),
    "E-BASE-02": _rule(
        "note",
        ("收入年度", "the year of the incomes"),
        ("补填收入年度，或写 [project] income_year=", "fill in income_year or set it in [project]"),
    ),
    "E-XML-01": _rule(
        "error",
        ("没有实体和文件类型声明的 KML 或 GPX", "KML or GPX without entities or a document type"),
        ("从原软件重新导出", "export it again from the program it came from"),
    ),
    "E-XML-02": _rule(
        "note",
        ("不含网络链接的 KML", "KML without network links"),
        ("如需其中内容，请另存为本地文件", "save what they point to as a file if it is needed"),
    ),
    "E-DB-01": _rule(
        "error",
        ("能连接的 PostgreSQL 数据库", "a PostgreSQL database that answers"),
        ("核对地址、库名、用户名和密码", "check host, database, user and password"),
    ),
    "E-DB-02": _rule(
        "error",
        ("{label}的表（{names}）", "a table of {label} ({names})"),
        ("在数据库中建立该表或视图", "make that table, or a view of that name"),
    ),
    "E-DB-03": _rule(
        "error",
        ("每张表只有一个同名的表或视图", "one table or view for each of ours"),
        (
            "改名，或在地址中以 search_path 指明模式",
            "rename one, or name the schema in the url by search_path",
        ),
    ),
    "E-DB-04": _rule(
        "doubt",
        ("一个 geometry 类型的列", "a column of type geometry"),
        ("导入图形；现按无图形处理", "load the shapes; until then its rows have none"),
    ),
    "E-DB-05": _rule(
        "error",
        ("只有一个几何列", "one geometry column"),
        ("建一个只含所需几何列的视图", "make a view with the one that is meant"),
    ),
    "E-DB-06": _rule(
        "error",
        ("几何列带有 SRID", "a geometry column with its SRID"),
        ("用 UpdateGeometrySRID 写明坐标系", "declare it with UpdateGeometrySRID"),
    ),
    "E-DB-07": _rule(
        "error",
        ("可以读写的表", "a table that may be read or written"),
        ("核对权限和表结构", "check its rights and its columns"),
    ),
    "E-DB-08": _rule(
        "error",
        ("由 eco 写出的表，或没有同名的表", "a table that eco wrote, or none of that name"),
        ("换一个模式 schema=，或先改名", "choose another schema=, or rename that table first"),
    ),
    "E-OUT-01": _rule(
        "error",
        ("不超过 1048575 行", "1048575 rows at most"),
        ("改存为 GeoPackage", "write a GeoPackage instead"),
    ),
    "E-DB-09": _rule(
        "error",
        ("已安装 psycopg", "psycopg installed"),
        ("安装 eco[postgis]", "install eco[postgis]"),
    ),
}


@dataclass(frozen=True)
class Hit:
    """Rows of one table that one rule speaks of.

    `rows` are positions, `found` the value of each; each of `words` is one word for all rows or a
    sequence with one a row. A hit that is `counted` becomes one finding for all its rows.
    """

    code: str
    column: str
    rows: np.ndarray
    found: Sequence[object]
    words: Mapping[str, Any] = field(default_factory=dict)
    counted: bool = False


def finding(
    code: str, *, table: str, found: str, where: str = "", column: str = "", **words: object
) -> Finding:
    """One finding; what was found is masked where it could name a person."""
    rule = RULES[code]
    return Finding(
        code,
        rule.level,
        table,
        where,
        column,
        mask_people(found),
        Phrase(*(text.format(table=table, **_said(words, i)) for i, text in enumerate(rule.expected))),
        Phrase(*(text.format(table=table, **_said(words, i)) for i, text in enumerate(rule.todo))),
    )


def row_findings(hit: Hit, *, table: Table, where: Sequence[str]) -> list[Finding]:
    """One finding a row, SHOWN_ROWS at most, and one that counts the rest."""
    if hit.counted:
        return [_counted(hit, table=table, where=where)]
    shown = []
    for i, row in enumerate(hit.rows[:SHOWN_ROWS]):
        words = {key: word[i] if _by_row(word) else word for key, word in hit.words.items()}
        found = _told(hit, table, i)
        shown.append(
            finding(hit.code, table=table.name, found=found, where=where[row], column=hit.column, **words)
        )
    return [*shown, count_finding(hit, table=table.name)] if len(hit.rows) > SHOWN_ROWS else shown


def _told(hit: Hit, table: Table, i: int) -> str:
    """What stands in a row, masked in a personal column; a name may stand in a wrong one, too."""
    value = str(hit.found[i])
    personal = any(column.personal for column in table if column.name == hit.column)
    of_people = any(column.name == "household_id" for column in table)
    if personal or (of_people and looks_like_a_name(value)):
        return mask(value) or "空 / nothing"
    return value[:60] or "空 / nothing"


def _counted(hit: Hit, *, table: Table, where: Sequence[str]) -> Finding:
    count, first = len(hit.rows), _told(hit, table, 0)
    found = f"{count} 处，首处为 {first} / {count} cells, the first {first}"
    words = {key: word[0] if _by_row(word) else word for key, word in hit.words.items()}
    place = where[hit.rows[0]]
    return finding(hit.code, table=table.name, found=found, where=place, column=hit.column, **words)


def count_finding(hit: Hit, *, table: str) -> Finding:
    """One finding that counts the rows not told one by one; words that differ by row are left open."""
    rest = len(hit.rows) - SHOWN_ROWS
    words = {key: "…" if _by_row(word) else word for key, word in hit.words.items()}
    found = f"另有 {rest} 行同类问题 / {rest} more rows"
    return finding(hit.code, table=table, found=found, column=hit.column, **words)


def findings_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a table, one row each: code, level, place, found, and both languages' advice."""
    columns = ["code", "level", "table", "where", "column", "found"]
    columns += ["expected_zh", "todo_zh", "expected_en", "todo_en"]
    rows = [
        (
            *(f.code, f.level, f.table, f.where, f.column, f.found),
            *(f.expected.zh, f.todo.zh, f.expected.en, f.todo.en),
        )
        for f in findings
    ]
    return pd.DataFrame(rows, columns=columns)


def _by_row(word: object) -> bool:
    return not isinstance(word, str | Phrase | int | float)


def _said(words: Mapping[str, object], language: int) -> dict[str, object]:
    return {key: word[language] if isinstance(word, Phrase) else word for key, word in words.items()}
