"""What townships really send inside their tables: every bad input a real file, read, said, and not lost."""

import io
import logging
import random
import traceback
from datetime import date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from small_folder import TOML, VILLAGES, households, links, villages, write_folder

from eco.problems import DataProblem, mask
from eco.records import delimited, figures, people
from eco.records.checks import check_table
from eco.records.project import load_project
from eco.records.readers import read_sheet, read_table
from eco.records.settings import read_layout
from eco.records.sources import Source
from eco.records.tables import TABLES

ASOF = date(2026, 11, 1)
OLD = TOML.replace("default_year", "allow_old_ids = true\ndefault_year")


def check_sign(first: str) -> str:
    """GB 11643 by its own definition: weights 2^(i-1) mod 11 from the right, the sum is 1 modulo 11."""
    for sign in "0123456789X":
        digits = [int(one) for one in first] + [10 if sign == "X" else int(sign)]
        if sum(digit * 2**power for power, digit in enumerate(reversed(digits))) % 11 == 1:
            return sign
    raise AssertionError(first)


def id_number(first: str = "62112119800230100") -> str:
    return first + check_sign(first)


def id_of(number: int, born: str = "19800215") -> str:
    return id_number(f"621102{born}{number:03}")


IDS = [id_of(number) for number in range(1, 7)]
WITH_X = next(found for found in map(id_of, range(10, 99)) if found.endswith("X"))
NAMES = ["王小明", "李㛃", "张𬭎", "赵四", "欧阳雪", "周大海"]
PHONES = [f"138123456{number:02}" for number in range(6)]


def register(**columns):
    """A register with people in it; each of `columns` replaces one."""
    table = households().astype({"人口": object, "劳动力": object, "人均纯收入(元)": object})
    return table.assign(户主姓名=NAMES, 身份证号=IDS, 联系电话=PHONES).assign(**columns)


def put(values, row, value):
    """The list with one value replaced."""
    return [value if place == row else old for place, old in enumerate(values)]


def workbook(path, rows, *, formats=None, **options):
    """A sheet written cell by cell, texts as texts and numbers as numbers."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, **options}) as book:
        sheet = book.add_worksheet("花名册")
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if cell is not None and cell != "":
                    sheet.write(number, place, cell)
    return path


def rows_of(table):
    return [list(table.columns), *table.astype(object).to_numpy().tolist()]


def read(path, name="households", **declared):
    return check_table(read_table(Source(TABLES[name], path, **declared)))


def read_register(tmp_path, table, **declared):
    return read(workbook(tmp_path / "households.xlsx", rows_of(table)), **declared)


def codes(checked, *levels):
    return [item.code for item in checked.findings if not levels or item.level in levels]


def refusal(path, name="households", **declared):
    with pytest.raises(DataProblem) as problem:
        read(path, name, **declared)
    return problem.value.findings


def test_a_register_with_people_in_it_is_met_with_silence(tmp_path):
    checked = read_register(tmp_path, register())
    assert checked.findings == () and len(checked.frame) == 6
    assert checked.frame["id_number"].tolist() == IDS
    assert checked.frame["head_name"].tolist() == NAMES


# 4-8: ID numbers, each in an Excel file
@pytest.mark.parametrize(
    ("cell", "code", "word"),
    [
        (float(IDS[1]), "E-ID-02", "后三位已丢失"),
        ("6.21102E+17", "E-ID-02", "后三位已丢失"),
        (IDS[1][:15] + "000", "E-ID-02", "后三位已丢失"),
        (IDS[1][:17] + ("1" if IDS[1][17] != "1" else "2"), "E-ID-01", "校验码不符"),
        (IDS[1][:17], "E-ID-01", "位数不对"),
        (IDS[1] + "1", "E-ID-01", "位数不对"),
        ("62110219800215O" + IDS[1][15:], "E-ID-01", "含有不该有的字符"),
        (id_number("00110219800215001"), "E-ID-01", "地区码不对"),
        (id_of(9, "19800230"), "E-ID-01", "出生日期不存在"),
        (id_of(9, "19001301"), "E-ID-01", "出生日期不存在"),
        (id_of(9, "20990101"), "E-ID-01", "出生日期在今后"),
        (id_of(9, "18990101"), "E-ID-01", "年龄超过"),
        ("621102800215001", "E-ID-03", "15 位旧号"),
    ],
)
def test_an_id_number_that_cannot_stand_takes_its_row_out(tmp_path, cell, code, word):
    checked = read_register(tmp_path, register(身份证号=put(IDS, 2, cell)))
    assert codes(checked) == [code]
    assert checked.left_out["where"].tolist() == ["households.xlsx 第4行 / row 4"]
    assert checked.left_out["code"].tolist() == [code]
    told = checked.findings[0].sentence("zh")
    assert word in told and str(cell) not in told
    assert len(checked.frame) == 5


@pytest.mark.parametrize(
    "written",
    [
        WITH_X.lower(),
        "'" + IDS[0],
        f"{IDS[0][:6]} {IDS[0][6:14]} {IDS[0][14:]}",
        IDS[0].translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789X"}),
        "\u200b" + IDS[0] + "\t",
        f'="{IDS[0]}"',
    ],
)
def test_an_id_number_untidily_written_is_read_and_noted(tmp_path, written):
    checked = read_register(tmp_path, register(身份证号=put(IDS, 0, written)))
    meant = WITH_X if written.islower() else IDS[0]
    assert checked.frame["id_number"][0] == meant
    changed = written != meant and written.strip() != meant
    assert codes(checked) == (["E-ID-04"] if changed else [])
    assert len(checked.left_out) == 0


def test_fifteen_digits_are_read_only_where_the_project_says_so(tmp_path):
    old = "621102800215001"
    table = register(身份证号=put(IDS, 0, old))
    strict = load_project(write_folder(tmp_path / "strict", households=table))
    assert "E-ID-03" in set(strict.left_out["code"]) and len(strict.households) == 5
    allowed = load_project(write_folder(tmp_path / "allowed", toml=OLD, households=table))
    assert allowed.households["id_number"][0] == IDS[0]
    assert [item.found[:3] for item in allowed.findings if item.code == "E-ID-06"] == ["1 处"]
    assert old not in "".join(item.sentence() for item in allowed.findings)


def test_two_households_with_one_id_number_both_stand_aside(tmp_path):  # 9
    table = register(身份证号=put(IDS, 3, IDS[0]), 村代码=VILLAGES[0])
    checked = read_register(tmp_path, table)
    assert codes(checked) == ["E-ID-05"] * 2
    assert checked.frame["household_id"].tolist() == ["H0001", "H0002", "H0004", "H0005"]
    assert "row 5" in checked.findings[0].sentence("en") and "row 2" in checked.findings[1].sentence("en")


def test_a_person_in_two_villages_is_told_with_both(tmp_path):
    by_id = read_register(tmp_path, register(身份证号=put(IDS, 1, IDS[0])))
    assert codes(by_id) == ["E-HH-01"] * 2 and len(by_id.frame) == 4
    table = register(身份证号="", 户主姓名=put(NAMES, 1, NAMES[0]), 联系电话=put(PHONES, 1, PHONES[0]))
    assert codes(read_register(tmp_path, table)) == ["E-HH-01"] * 2


def test_the_same_household_under_two_ids(tmp_path):  # 10
    twins = {"户主姓名": put(NAMES, 3, NAMES[0]), "身份证号": "", "村代码": VILLAGES[0]}
    by_phone = read_register(tmp_path, register(**twins, 联系电话=put(PHONES, 3, PHONES[0])))
    assert codes(by_phone) == ["E-HH-02"] * 2 and len(by_phone.frame) == 4
    alike = register(**twins, **{"联系电话": "", "人均纯收入(元)": 2500})
    by_figures = read_register(tmp_path, alike)
    assert codes(by_figures) == ["E-HH-04"] * 2 and len(by_figures.frame) == 6  # a doubt: they may be two


def test_one_name_with_two_id_numbers_is_two_people(tmp_path):  # 11
    table = register(户主姓名="王伟", 联系电话=PHONES[0], 村代码=VILLAGES[0])
    checked = read_register(tmp_path, table)
    assert checked.findings == () and len(checked.frame) == 6


def test_a_code_abolished_in_2003_is_told_with_its_county_of_today(tmp_path):  # 12
    table = register(村代码=["622425101201", *[VILLAGES[0]] * 5])
    project = load_project(write_folder(tmp_path / "county", households=table))
    told = [item for item in project.findings if item.code == "E-ADM-04"]
    assert len(told) == 1 and "2003" in told[0].sentence("en") and "陇西县 621122" in told[0].sentence()
    assert len(project.households) == 5


# 13, 17: figures as they are typed
@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("人口", "3人", 3),
        ("人口", "３", 3),
        ("人口", " ３ 口", 3),
        ("人均纯收入(元)", "￥1,234.00", 1234),
        ("人均纯收入(元)", "1,234,567", 1234567),
        ("人均纯收入(元)", "3200元", 3200),
        ("人均纯收入(元)", "３２００", 3200),
        ("收入年度", "２０１６年", 2016),
    ],
)
def test_a_figure_that_can_only_mean_one_thing_is_read_and_noted(tmp_path, column, cell, value):
    table = register()
    table[column] = put(table[column].tolist(), 0, cell)
    checked = read_register(tmp_path, table)
    ours = {"人口": "persons", "人均纯收入(元)": "income_yuan_per_person", "收入年度": "income_year"}[column]
    assert checked.frame[ours][0] == value
    assert codes(checked, "note") == ["E-NUM-05"] and codes(checked, "error") == []
    note = next(item for item in checked.findings if item.code == "E-NUM-05")
    assert note.where == "households.xlsx 第2行 / row 2" and cell.strip() in note.found


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("人口", "三", "E-NUM-01"),
        ("人口", -1, "E-NUM-02"),
        ("人口", "", "E-VAL-01"),
        ("人口", "3万", "E-NUM-01"),
        ("人口", "4户", "E-NUM-01"),
        ("人口", True, "E-NUM-01"),
        ("人口", "4-5", "E-NUM-01"),
        ("人均纯收入(元)", "1.234,00", "E-NUM-01"),
        ("人均纯收入(元)", "（1,234）", "E-NUM-01"),
        ("人均纯收入(元)", "1,23", "E-NUM-01"),
        ("人均纯收入(元)", "0.32万元", "E-NUM-01"),
        ("人均纯收入(元)", "3e3", "E-NUM-01"),
        ("人均纯收入(元)", "#DIV/0!", "E-NUM-01"),
        ("人均纯收入(元)", "nan", "E-NUM-01"),
        ("户编号", "1.23457E+15", "E-CODE-01"),
        ("户编号", 1.2345678901234567e17, "E-CODE-01"),
        ("村代码", "６２１１０２１０１２０", "E-ADM-02"),
    ],
)
def test_a_figure_that_may_mean_two_things_takes_its_row_out(tmp_path, column, cell, code):
    table = register()
    table[column] = put(table[column].tolist(), 0, cell)
    checked = read_register(tmp_path, table)
    assert checked.left_out["code"].tolist() == [code]
    assert checked.frame["household_id"].tolist() == [f"H000{number}" for number in range(1, 6)]


def test_a_persons_cell_formatted_as_a_date_is_no_number(tmp_path):
    path = workbook(tmp_path / "households.xlsx", rows_of(register()), default_date_format="yyyy-mm-dd")
    book = openpyxl.load_workbook(path)
    book.active["C3"] = datetime(1900, 1, 3)
    book.save(path)
    checked = read(path)
    assert checked.left_out["code"].tolist() == ["E-NUM-01"]


# 14: units of income
@pytest.mark.parametrize(("factor", "word"), [(1e-4, "万元"), (100, "分")])
def test_a_county_in_another_unit_of_income_is_refused_until_it_is_declared(tmp_path, factor, word):
    table = register(**{"人均纯收入(元)": [round(v * factor, 4) for v in households()["人均纯收入(元)"]]})
    checked = read_register(tmp_path, table)
    told = [item for item in checked.findings if item.code == "E-UNIT-01"]
    assert len(told) == 2 and all(f"疑为{word}" in item.sentence() for item in told)  # once a county
    assert len(checked.frame) == 0 and len(checked.left_out) == 6
    declared = read_register(tmp_path, table, units={"income_yuan_per_person": word})
    assert len(declared.frame) == 6
    assert (
        declared.frame["income_yuan_per_person"].round(2).tolist() == households()["人均纯收入(元)"].tolist()
    )


def test_one_household_in_ten_thousand_yuan_is_doubted(tmp_path):
    incomes = put(households()["人均纯收入(元)"].tolist(), 0, 0.32)
    checked = read_register(tmp_path, register(**{"人均纯收入(元)": incomes}))
    assert codes(checked) == ["E-UNIT-04"] and "疑为万元" in checked.findings[0].sentence()


def parts(persons, wage, operating, transfer, land, cost):
    net = wage + operating + transfer + land - cost
    return {
        "人口": persons,
        "工资性收入(元)": wage,
        "生产经营性收入(元)": operating,
        "转移性收入(元)": transfer,
        "财产性收入(元)": land,
        "生产经营性支出(元)": cost,
        "人均纯收入(元)": net / persons,
    }


def test_the_registers_own_arithmetic(tmp_path):
    sound = [parts(persons, 9000, 4000, 800, 200, 1500) for persons in (1, 2, 3, 4, 5, 6)]
    table = register(**{name: [row[name] for row in sound] for name in sound[0]}, 劳动力=1)
    assert read_register(tmp_path, table).findings == ()
    heads = [round(value) for value in table["人均纯收入(元)"]]
    assert read_register(tmp_path, table.assign(**{"人均纯收入(元)": heads})).findings == ()
    whole = put(put(heads, 3, 12500), 5, 2500)
    checked = read_register(tmp_path, table.assign(**{"人均纯收入(元)": whole}))
    assert codes(checked) == ["E-INC-01"] * 2 and len(checked.frame) == 6
    assert "全户收入" in checked.findings[0].sentence() and "3125.00" in checked.findings[0].sentence()
    assert "全户收入" not in checked.findings[1].sentence() and "2083.33" in checked.findings[1].sentence()


def test_gross_income_below_nothing_and_more_workers_than_persons(tmp_path):
    table = register(**{"工资性收入(元)": [-5, *[0] * 5]}, 劳动力=[2, 2, 5, 2, 2, 2])
    assert sorted(codes(read_register(tmp_path, table))) == ["E-HH-03", "E-INC-02"]


def test_payments_of_nothing_less_or_a_part_of_a_fen(tmp_path):  # 15, 16
    amounts = [0.1 + 0.2, "￥1,200.00", 0, -50, 3.333, "0.01"]
    table = pd.DataFrame({"户编号": [f"H000{n}" for n in range(6)], "项目": "劳务", "金额(元)": amounts})
    checked = read(workbook(tmp_path / "payments.xlsx", rows_of(table)), "payments")
    assert checked.left_out["code"].tolist() == ["E-FUND-03", "E-FUND-03", "E-FUND-01"]
    assert checked.frame["amount_yuan"].round(6).tolist() == [0.3, 1200, 0.01]


YARDS = {"蜂场号": "B1", "村代码": VILLAGES[0], "箱数": 20, "起始年度": 2019}


# 18: dates
@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("2020/2/30", "E-DATE-01"),
        ("2020年2月", "E-DATE-01"),
        ("20.5.1", "E-DATE-01"),
        ("2020-13-01", "E-DATE-01"),
        ("去年春天", "E-DATE-01"),
        ("202025", "E-DATE-01"),
        (44000, "E-DATE-03"),
        ("44000", "E-DATE-03"),
        ("1899-12-31", "E-DATE-02"),
        ("2098-01-01", "E-DATE-02"),
    ],
)
def test_what_is_no_date_takes_its_row_out(tmp_path, cell, code):
    rows = rows_of(pd.DataFrame([{**YARDS, "清点日期": cell}]))
    checked = read(workbook(tmp_path / "apiaries.xlsx", rows), "apiaries")
    assert codes(checked) == [code] and len(checked.frame) == 0 and len(checked.left_out) == 1


@pytest.mark.parametrize(("epoch", "day"), [(1900, "2020-06-18"), (1904, "2024-06-19")])
def test_day_numbers_are_dates_under_a_declared_epoch(tmp_path, epoch, day):
    toml = TOML.replace("[tables.apiaries]", f"[tables.apiaries]\nepoch = {epoch}")
    yards = pd.DataFrame([{**YARDS, "清点日期": 44000}])
    project = load_project(write_folder(tmp_path / "county", toml=toml, apiaries=yards))
    assert project.apiaries["count_date"][0] == pd.Timestamp(day)
    assert [item.code for item in project.findings if item.table == "apiaries"][-1:] != ["E-DATE-03"]
    assert "E-DATE-04" in {item.code for item in project.findings}
    with pytest.raises(DataProblem) as problem:
        load_project(write_folder(tmp_path / "odd", toml=toml.replace(str(epoch), "1903")))
    assert "1900 或 1904" in str(problem.value)


@pytest.mark.parametrize("date_1904", [False, True])
def test_real_dates_are_the_same_in_both_of_excels_systems(tmp_path, date_1904):
    options = {"date_1904": date_1904, "default_date_format": "yyyy-mm-dd"}
    rows = rows_of(pd.DataFrame([YARDS]))
    rows = [[*rows[0], "清点日期"], [*rows[1], datetime(2020, 5, 1)]]
    checked = read(workbook(tmp_path / "apiaries.xlsx", rows, **options), "apiaries")
    assert checked.frame["count_date"].tolist() == [pd.Timestamp("2020-05-01")]


# 19, 20: text tables
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_table_in_any_hand_gives_the_same_rows(tmp_path, encoding, mark, end):
    path = tmp_path / "households.csv"
    text = register().to_csv(index=False, sep=mark, lineterminator=end)
    path.write_bytes(text.encode(encoding))
    checked = read(path)
    assert checked.frame["household_id"].tolist() == households()["户编号"].tolist()
    assert checked.frame["head_name"].tolist() == NAMES  # rare Han too
    assert checked.frame["where"][5] == "households.csv 第7行 / row 7"
    assert ("E-CSV-04" in codes(checked)) == (end == "\r")
    assert codes(checked, "error", "doubt") == []


def test_a_quote_never_closed_and_a_nul_are_refused_with_their_line(tmp_path):
    path = tmp_path / "households.csv"
    lines = register().to_csv(index=False).splitlines()
    for row, damage, code in (
        (3, lambda line: line.replace(NAMES[2], f'"{NAMES[2]}'), "E-CSV-02"),
        (4, lambda line: line.replace(NAMES[3], f'"{NAMES[3]}" 户'), "E-CSV-02"),
        (5, lambda line: line.replace("H", "H\0"), "E-CSV-01"),
    ):
        path.write_text("\n".join(put(lines, row, damage(lines[row]))), encoding="utf-8")
        found = refusal(path)
        assert [item.code for item in found] == [code]
        assert f"line {row + 1}" in found[0].found


def test_two_broken_quotes_do_not_swallow_the_rows_between(tmp_path):
    lines = register().to_csv(index=False).splitlines()
    lines[2] = lines[2].replace(NAMES[1], f'"{NAMES[1]}')
    lines[4] = lines[4].replace(NAMES[3], f'{NAMES[3]}"')
    path = tmp_path / "households.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    silent = pd.read_csv(path, header=None, names=range(10), dtype=str)
    assert len(silent) == 5  # pandas takes three rows for one
    assert [item.code for item in refusal(path)] == ["E-CSV-02"]


def test_a_cell_of_several_lines_is_one_row(tmp_path):
    table = register(户主姓名=put(NAMES, 1, "李\n㛃"))
    path = tmp_path / "households.csv"
    table.to_csv(path, index=False)
    checked = read(path)
    assert checked.frame["head_name"][1] == "李\n㛃" and checked.frame["where"][5].endswith("row 7")


def test_a_row_with_a_cell_too_many_is_not_shifted_into_place(tmp_path):
    lines = register().to_csv(index=False).splitlines()
    lines[2] = lines[2].replace("2600", "2,600")
    path = tmp_path / "households.csv"
    path.write_text("\n".join([*lines, "", ",,,,,,,,,,,备注"]), encoding="utf-8")
    checked = read(path)
    told = dict(zip(checked.left_out["code"], checked.left_out["where"].str.rpartition(" ")[2]))
    assert told == {"E-ROW-05": "3", "E-ROW-06": "9"}
    assert len(checked.frame) == 5


@pytest.mark.parametrize(
    "data",
    [b",".join([b"1"] * 3000) + b"\n", b"a,b\n1," + b"x" * 2_000_000 + b"\n", b"1," * 3_000_000],
    ids=["columns", "field", "one row"],
)
def test_a_text_beyond_all_measure_is_refused_before_it_is_parsed(tmp_path, monkeypatch, data):
    path = tmp_path / "households.csv"
    path.write_bytes(data)
    monkeypatch.setattr(pd, "read_csv", lambda *_, **__: pytest.fail("parsed"))
    assert [item.code for item in refusal(path)] == ["E-CSV-03"]


def test_a_file_too_large_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "households.csv"
    register().to_csv(path, index=False)
    monkeypatch.setattr(delimited, "LARGEST_BYTES", 100)
    assert [item.code for item in refusal(path)] == ["E-CSV-03"]


# 21, 24, 25: texts
@pytest.mark.parametrize(
    "text",
    [
        "=cmd|'/c calc'!A1",
        "@SUM(A1)",
        "+1+1",
        "<img src=x onerror=alert(1)>",
        "${alert(1)}",
        "`x`",
        "</script>",
        "王\\明",
        "㛃𬭎𠮷䶮",
    ],
)
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_text_that_looks_like_code_stays_a_text(tmp_path, text, ending):
    table = register(户主姓名=put(NAMES, 0, text))
    path = tmp_path / f"households.{ending}"
    if ending == "xlsx":
        workbook(path, rows_of(table))
    else:
        table.to_csv(path, index=False)
    checked = read(path)
    assert checked.frame["head_name"][0] == text and checked.findings == ()


def test_hidden_marks_go_and_rare_signs_stay(tmp_path):
    written = [
        "王\u200b小\u202e明",
        "李\ufeff㛃",
        "\u2066张𬭎\u2069",
        "赵\u00ad四",
        "欧阳\x07雪",
        "周\ue863海",
    ]
    checked = read_register(tmp_path, register(户主姓名=written))
    assert checked.frame["head_name"].tolist() == [*NAMES[:5], "周\ue863海"]
    assert codes(checked) == ["E-TEXT-01", "E-TEXT-02"]
    assert checked.findings[0].found.startswith("5 处")
    assert codes(checked, "doubt") == ["E-TEXT-02"] and len(checked.frame) == 6


def test_phones_in_every_hand(tmp_path):
    written = [
        "138-1234-5678",
        "+86 13812345678",
        13812345678.0,
        "0932-8212345",
        "13812345678/13912345678",
        "无",
    ]
    checked = read_register(tmp_path, register(联系电话=written))
    mobile = "13812345678"
    wanted = [mobile, mobile, mobile, "09328212345", f"{mobile}、13912345678", "无"]
    assert checked.frame["phone"].tolist() == wanted
    assert codes(checked) == ["E-TEL-01", "E-TEL-02"] and len(checked.frame) == 6


# Neighbours: how a sheet is laid out
def test_a_total_at_the_foot_is_set_apart_and_held_against_the_rows(tmp_path):
    body = rows_of(register())
    foot = [["合  计", "", 24, 12], ["填表人：王小明", "", "", "", "", "审核人：李大山"]]
    checked = read(workbook(tmp_path / "households.xlsx", [*body, *foot]))
    assert codes(checked) == ["E-ROW-02", "E-ROW-03"] and codes(checked, "error") == []
    assert checked.left_out["where"].tolist() == [f"households.xlsx 第{n}行 / row {n}" for n in (8, 9)]
    assert len(checked.frame) == 6
    assert "王小明" not in str(checked.findings)
    lost = read(workbook(tmp_path / "households.xlsx", [*body[:-1], *foot]))
    told = [item for item in lost.findings if item.code == "E-SUM-01"]
    assert [(item.column, item.found, item.expected.en) for item in told] == [
        ("persons", "合计 / total 24", "the rows' sum 20"),
        ("workers", "合计 / total 12", "the rows' sum 10"),
    ]


def test_a_total_in_a_column_nobody_reads_is_seen_too(tmp_path):
    table = register()
    table.insert(0, "序号", range(1, 7))
    rows = [*rows_of(table), ["总计：", "", "", 24]]
    checked = read(workbook(tmp_path / "households.xlsx", rows))
    assert codes(checked) == ["E-ROW-02"] and len(checked.frame) == 6


def test_headings_repeated_on_every_page(tmp_path):
    body = rows_of(register())
    checked = read(workbook(tmp_path / "households.xlsx", [*body[:4], body[0], *body[4:]]))
    assert codes(checked) == ["E-ROW-04"] and len(checked.frame) == 6
    assert checked.frame["where"][3].endswith("row 6")


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_two_rows_of_headings_with_merged_groups(tmp_path, ending):
    table = register()
    path = tmp_path / f"households.{ending}"
    upper = ["户编号", "村代码", "家庭情况", "", "收入情况", "", "", "户主", "", ""]
    lower = [
        "",
        "",
        "人口",
        "劳动力",
        "人均纯收入(元)",
        "收入年度",
        "基数含项目收入",
        "户主姓名",
        "身份证号",
        "联系电话",
    ]
    rows = [["附件1 花名册"], upper, lower, *rows_of(table)[1:]]
    if ending == "xlsx":
        workbook(path, rows)
        book = openpyxl.load_workbook(path)
        for span in ("A2:A3", "B2:B3", "C2:D2", "E2:G2", "H2:J2"):
            book.active.merge_cells(span)
        book.save(path)
    else:
        path.write_text("\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")
    checked = read(path)
    assert "E-COL-04" in codes(checked) and codes(checked, "error", "doubt") == []
    assert checked.frame["persons"].tolist() == [4.0] * 6 and checked.frame["id_number"].tolist() == IDS
    assert checked.frame["where"][0].endswith("row 4")


def test_merged_cells_are_filled_downwards_but_a_number_is_not_shared(tmp_path):
    path = workbook(tmp_path / "households.xlsx", rows_of(register(村代码=VILLAGES[0])))
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("B2:B5")
    book.save(path)
    checked = read(path)
    assert set(checked.frame["village_code"]) == {VILLAGES[0]} and len(checked.frame) == 6
    assert codes(checked) == ["E-CELL-01"] and checked.findings[0].found.startswith("3 ")
    book.active.merge_cells("C4:C5")
    book.save(path)
    shared = read(path)
    assert shared.left_out["code"].tolist() == ["E-CELL-02"] * 2
    assert shared.frame["household_id"].tolist() == ["H0000", "H0001", "H0004", "H0005"]


def test_a_hidden_sheet_is_not_taken_and_is_told(tmp_path):
    path = workbook(tmp_path / "households.xlsx", rows_of(register()))
    book = openpyxl.load_workbook(path)
    book.active.title = "register"
    hidden = book.copy_worksheet(book.active)
    hidden.title, hidden.sheet_state = "花名册", "hidden"
    book.save(path)
    checked = read(path)
    assert codes(checked) == ["E-SHEET-01"] and checked.findings[0].found == "花名册"
    assert len(read(path, sheet="花名册").frame) == 6


def test_half_filled_rows_name_every_missing_cell(tmp_path):
    rows = [*rows_of(register()), ["H0099", VILLAGES[0]]]
    checked = read(workbook(tmp_path / "households.xlsx", rows))
    assert [(item.code, item.column) for item in checked.findings] == [
        ("E-VAL-01", "persons"),
        ("E-VAL-01", "workers"),
        ("E-VAL-01", "income_yuan_per_person"),
    ]
    assert checked.left_out["where"].tolist() == ["households.xlsx 第8行 / row 8"]


def test_the_same_heading_twice_is_asked_about_unless_nobody_reads_it(tmp_path):
    rows = [[*row, *extra] for row, extra in zip(rows_of(register()), [["备注", "备注"], *[["a", "b"]] * 6])]
    assert read(workbook(tmp_path / "households.xlsx", rows)).findings == ()
    rows[0][-1] = "人口"
    assert [item.code for item in refusal(workbook(tmp_path / "households.xlsx", rows))] == ["E-COL-02"]


def test_nothing_personal_is_ever_said(tmp_path, caplog, capsys):
    """Every bad register above in one folder: no ID number, phone or name in any message, log or traceback."""
    caplog.set_level(logging.DEBUG)
    shifted = [NAMES[5], PHONES[4], IDS[4], 4, 4, 4]
    said = []
    worst = {
        "ids": register(身份证号=[IDS[0], IDS[0], IDS[2][:17], float(IDS[3]), IDS[4].lower(), f" {IDS[5]}"]),
        "names": register(户主姓名=[NAMES[0]] * 6, 联系电话=[PHONES[0]] * 5 + ["13812"], 身份证号=""),
        "shifted": register(人口=shifted, 劳动力=shifted[::-1], 收入年度=NAMES, 基数含项目收入=NAMES),
        "spaced": register(
            人口=[f"{p[:3]}-{p[3:7]}-{p[7:]}" for p in PHONES], 劳动力=[f"{i[:6]} {i[6:]}" for i in IDS]
        ),
        "wide": register(人口=[p.translate({n: n + 0xFEE0 for n in range(48, 58)}) for p in PHONES]),
        "keyed": register(户编号=[IDS[0], IDS[0], PHONES[0], PHONES[0], IDS[4], "H1"], 村代码=IDS),
        "headless": register().rename(columns=dict(zip(register().columns, [IDS[0], NAMES[0], PHONES[0]]))),
    }
    tied = links().assign(户编号=IDS[:3], 地点编号=PHONES[:3], 角色=NAMES[:3])
    for name, table in worst.items():
        for kind, extra in (("plain", {}), ("tied", {"links": tied})):
            try:
                project = load_project(write_folder(tmp_path / f"{name}-{kind}", households=table, **extra))
                said += [repr(project), project._repr_html_(), project.left_out.to_csv()]
                said += [
                    str(project.findings),
                    *(f.sentence(lang) for f in project.findings for lang in ("zh", "en")),
                ]
            except DataProblem as problem:
                said += ["".join(traceback.format_exception(problem)), str(problem.findings)]
    for data in (register().to_csv().replace(NAMES[1], f'"{NAMES[1]}'), register().to_csv() + "\0"):
        path = tmp_path / "households.csv"
        path.write_text(data, encoding="utf-8")
        with pytest.raises(DataProblem) as problem:
            read(path)
        said.append("".join(traceback.format_exception(problem.value)))
    captured = capsys.readouterr()
    told = "\n".join([*said, caplog.text, captured.out, captured.err])
    assert told.count("E-ID-0") > 10 and "E-HH-01" in told
    plain = told.translate({n + 0xFEE0: n for n in range(48, 58)}).replace("-", "").replace(" ", "").upper()
    for value in (*IDS, *(i[:15] for i in IDS), *PHONES, *NAMES):
        assert value not in plain


# The parsers, against oracles
@given(st.text(max_size=40))
def test_only_an_answer_comes_out_of_a_parser(text):
    number = figures.number(text, units=("元",))
    assert np.isfinite(number.value) or (np.isnan(number.value) and not number.repaired)
    day = figures.day(text, latest=ASOF)
    assert (day.value is None) == (day.broken != "" or figures.half_width(text) in figures.NOTHING)
    assert people.id_faults(np.array([text], dtype=str), asof=ASOF)[0] in ("", *people.ID_FAULTS)
    assert set(people.phone(text)) <= set("0123456789、")
    assert figures.without_hidden(figures.without_hidden(text)) == figures.without_hidden(text)
    people.mask_people(text)
    read = people.read_ids(pd.Series([text], dtype=object), asof=ASOF, allow_old=True)
    assert (read.values[0] == "") == (read.faults[0] != "" or figures.half_width(text) in figures.NOTHING)


@given(
    st.integers(11, 65).filter(lambda code: code in people._PROVINCES),
    st.integers(0, 9999),
    st.dates(date(1910, 1, 1), ASOF),
    st.integers(0, 999),
    st.integers(0, 17),
    st.integers(1, 9),
)
def test_a_sound_id_number_is_sound_and_one_wrong_digit_never_is(region, place, born, order, at, more):
    sound = id_number(f"{region}{place:04}{born:%Y%m%d}{order:03}")
    signs = list("0123456789X") if at == 17 else list("0123456789")
    wrong = sound[:at] + signs[(signs.index(sound[at]) + more) % len(signs)] + sound[at + 1 :]
    faults = people.id_faults(np.array([sound, wrong, sound[:17], sound + "1"]), asof=ASOF)
    assert faults[0] == "" and faults[1] != ""
    assert list(faults[2:]) == ["length", "length"]
    if 1900 <= born.year <= 1999:
        assert people.to_eighteen(sound[:6] + sound[8:17]) == sound


@given(st.integers(-(10**9), 10**9), st.integers(0, 2), st.booleans(), st.booleans())
def test_a_number_written_in_any_hand_comes_back(whole, places, grouped, wide):
    text = f"{whole:,}" if grouped else str(whole)
    text += "." + "5" * places if places else ""
    meant = float(text.replace(",", ""))
    if wide:
        text = text.translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789,.-"})
    assert figures.number(text).value == meant
    assert figures.number(f"￥{text}元", units=("元",)).value == meant
    assert figures.number(text).repaired == (wide or "," in text)


@given(
    st.dates(date(1990, 1, 1), ASOF),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"]),
)
def test_a_date_written_in_any_hand_comes_back(day, form):
    assert figures.day(day.strftime(form), latest=ASOF) == figures.Day(day, "", False)
    serial = str((day - date(1899, 12, 30)).days)
    assert figures.day(serial, latest=ASOF, epoch=1900).value == day
    assert figures.day(serial, latest=ASOF).broken == "E-DATE-03"


@given(st.binary(max_size=200), st.sampled_from([0, 1, 2, 3]))
def test_any_bytes_are_a_register_or_a_problem_told(tmp_path_factory, noise, kind):
    whole = register().to_csv(index=False).encode("gb18030" if kind % 2 else "utf-8")
    at = random.Random(len(noise)).randrange(len(whole))
    path = tmp_path_factory.mktemp("bytes") / "households.csv"
    path.write_bytes(whole[:at] + noise + (whole[at:] if kind < 2 else b""))
    try:
        checked = read(path)
    except DataProblem as problem:
        assert problem.findings
    else:
        assert len(checked.frame) + len(checked.left_out) >= 0
        assert checked.frame.columns[0] == "where"


def test_columns_and_single_texts_are_read_alike():
    texts = ["3人", "３", "", "—", "1,234", "x", "1e3", "-2.50", "4"]
    column = figures.numbers(pd.Series(texts, dtype="str"), units=("人",))
    single = [figures.number(text, units=("人",)).value for text in texts]
    np.testing.assert_array_equal(column.values, single)
    assert column.nothing.tolist() == [text in ("", "—") for text in texts]
    assert column.wrong.tolist() == [text in ("x", "1e3") for text in texts]


@pytest.mark.parametrize("text", ["10²", "3½", "1①", "２₀", "12¹⁄₂", "5⒈"])
def test_raised_and_ringed_figures_are_no_digits(text):  # NFKC reads 10² as 102
    assert np.isnan(figures.number(text).value) and figures.numbers(pd.Series([text], dtype="str")).wrong[0]
    assert people.phone(f"1381234567{text[-1]}") == ""
    assert figures.day(f"2020年5月1{text[-1]}日", latest=ASOF).broken == (
        "E-DATE-01" if not text[-1].isascii() else ""
    )


def test_a_number_that_begins_with_its_point_is_read_alone_and_in_a_column():
    assert figures.number(".5").value == figures.numbers(pd.Series([".5", "1"], dtype="str")).values[0] == 0.5


@pytest.mark.parametrize("written", ["1 3812345678", "1-381-234-5678", "1 567834 5678"])
def test_a_phone_parted_after_its_first_digit_is_masked(written):
    assert people.mask_people(f"电话{written}转") == f"电话{mask(written)}转"


@pytest.mark.parametrize(
    "line",
    [
        "[line]\n2020 = inf",
        '[line]\n"²" = 4000',
        f"[line]\n2020 = 1{'0' * 400}",
        f"[line]\n2020 = 1{'0' * 5000}",
        f"[project]\ndefault_year = 0x{'f' * 5000}",
        f"[tables.links]\nepoch = 0x{'f' * 5000}",
        f"[project]\nname = {'[' * 5000}",
        '[tables.links]\nfile = "a\\u0000.csv"',
        f'[tables.links]\nfile = "{"a" * 5000}.csv"',
    ],
)
def test_a_value_no_toml_should_hold_is_told_and_not_met(tmp_path, line):
    folder = write_folder(tmp_path / "county", toml=line)
    layout = read_layout(folder)
    assert any(item.code in ("E-SET-02", "E-FILE-04") for item in layout.findings)
    assert not layout.settings.line_yuan_per_person and layout.settings.default_year == 2020


def test_pythons_way_of_parting_thousands_is_no_coordinate(tmp_path):
    path = tmp_path / "villages.kml"
    mark = "<Placemark><name>a</name><Point><coordinates>10_4.6,35.5</coordinates></Point></Placemark>"
    path.write_text(f"<kml><Document>{mark}</Document></kml>", encoding="utf-8")
    assert read_sheet(Source(TABLES["villages"], path)).geometry.isna().all()


def test_the_village_table_survives_a_stray_total(tmp_path):
    stray = pd.concat([pd.DataFrame(villages().drop(columns="geometry")), pd.DataFrame([{"村代码": "合计"}])])
    buffer = io.StringIO()
    stray.to_csv(buffer, index=False)
    path = tmp_path / "villages.csv"
    path.write_text(buffer.getvalue(), encoding="utf-8")
    checked = read(path, "villages")
    assert codes(checked) == ["E-ROW-02"] and checked.frame["name"].tolist() == ["东村", "西村", "南村"]
