"""The public notices: recorded facts, masked names, no health and no number of anybody, hostile texts inert."""

import re
import time
from dataclasses import replace
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
from hostile import HOSTILE, as_shown, planted

from eco.phrases import WORDS
from eco.problems import DataProblem
from eco.sharing.notices import masked_item, masked_name, write_notice

ID = "62112219700101123X"


def paid(project, rows):
    payments = pd.DataFrame(rows, columns=["household_id", "item", "amount_yuan", "paid_on"])
    return replace(
        project,
        tables={**project.tables, "payments": payments.assign(paid_on=pd.to_datetime(payments["paid_on"]))},
    )


def first_homes(project, count):
    return list(project.households["household_id"].head(count))


def text_of(open_page, path):
    opened = open_page(path)
    assert opened.complaints == [] and opened.asks() == []
    return opened.page.inner_text("body")


def test_a_village_sees_its_links_and_payments(tmp_path, toy_project, open_page):
    homes = first_homes(toy_project, 3)
    project = paid(
        toy_project, [(homes[0], "退耕还林补助", 1200.5, "2020-05-31"), (homes[1], "护林员工资", 8000, None)]
    )
    paths = write_notice(
        tmp_path, project, office="安定区乡村振兴局", hotline="0932-12345", standards={"退耕还林补助": "每亩 1200 元"},
        posted_on=date(2026, 3, 1), days=15,
    )  # fmt: skip
    assert len(paths) == 13 and paths[-1].name == "index.html"
    page = next(path for path in paths if path.name.startswith("621102101200"))
    assert page.name == "621102101200-甲东村.html" and page.parent.name.startswith("621102101")
    said = text_of(open_page, page)
    for words in (
        "甲东村生态项目受益情况公示",
        "安定区乡村振兴局",
        "0932-12345",
        "每亩 1200 元",
        "1,200.50",
        "9,200.50",
    ):
        assert words in said
    assert "15 天，自 2026-03-01 起至 2026-03-16" in said
    assert "测**" in said and "生态林 · 抚育" in said and "5 工日" in said and "2018 年" in said
    other = text_of(open_page, next(path for path in paths if path.name.startswith("621102101201")))
    assert WORDS["notice_no_payments"].zh in other and "1,200.50" not in other
    assert len(open_page(paths[-1]).page.query_selector_all("li a")) == 12


def test_nothing_personal_and_nothing_modelled_is_in_it(tmp_path, toy_project, toy_gains):
    homes = first_homes(toy_project, 4)
    name = str(toy_project.households["head_name"].iloc[0])
    project = paid(
        toy_project,
        [
            (homes[0], f"危房改造 {name} {ID} 13812345678 6222 0212 0000 1234 567", 500, "2020-01-01"),
            (homes[0], "大病救助", 7777.25, "2020-01-02"),
            (homes[1], "残疾人补贴", 8888.75, "2020-01-02"),
            (homes[2], "林木病虫害防治", 66, "2020-01-03"),
        ],
    )
    write_notice(tmp_path, project)
    whole = "\n".join(path.read_text("utf-8") for path in tmp_path.rglob("*.html"))
    register = project.households
    for column in ("household_id", "head_name", "id_number", "phone"):
        assert not any(str(value) in whole for value in register[column])
    for words in (ID, "13812345678", "6222", "大病", "残疾", "7,777", "8,888", "增收"):
        assert words not in whole
    assert "病虫害防治" in whole and "另有 2 笔涉及个人健康" in whole
    gains = toy_gains(project).table["gain_yuan_mean"]
    assert not any(f"{value:,.0f}" in whole for value in gains if abs(value) > 1000)


def test_inferred_links_are_no_recorded_facts(tmp_path, toy_project):
    write_notice(tmp_path, toy_project)
    whole = "\n".join(path.read_text("utf-8") for path in tmp_path.rglob("6*.html"))
    assert "中蜂" not in whole and "生态林" in whole  # the toy's bee links are inferred


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_not_given_is_left_to_be_filled_in(tmp_path, toy_project, lang):
    page = write_notice(tmp_path, toy_project, lang=lang)[0].read_text("utf-8")
    for key in ("office", "hotline"):
        assert re.search(rf"{WORDS[f'notice_{key}'].say(lang)}</dt><dd><bdi>（填写", page)
    assert ("10 天" if lang == "zh" else "10 days") in page


def test_one_year_can_be_asked_for(tmp_path, toy_project):
    assert [path.name for path in write_notice(tmp_path, toy_project, year=1999)] == ["index.html"]


def test_too_few_days_and_unknown_languages_are_refused(tmp_path, toy_project):
    with pytest.raises(DataProblem, match="E-NOTE-01"):
        write_notice(tmp_path, toy_project, days=9)
    with pytest.raises(ValueError, match="zh"):
        write_notice(tmp_path, toy_project, lang="fr")
    assert list(tmp_path.glob("*.html")) == []


@pytest.mark.parametrize("seed", [0, 11, 22])
def test_hostile_texts_are_only_text(tmp_path, toy_project, open_page, seed):
    project = planted(toy_project, seed=seed)
    paths = write_notice(
        tmp_path,
        project,
        office=HOSTILE[13],
        hotline=HOSTILE[14],
        standards=dict.fromkeys(HOSTILE, HOSTILE[15]),
    )
    assert all(path.resolve().is_relative_to(tmp_path) for path in paths)
    names = dict(zip(project.villages["code"], project.villages["name"]))
    for path in [path for path in paths if path.name != "index.html"][:6]:
        opened = open_page(path)
        look = opened.page.evaluate
        assert as_shown(names[path.name[:12]]) in look("document.querySelector('h1').textContent")
        assert look("document.querySelectorAll('dd')[0].textContent") == HOSTILE[13]
        assert look("typeof window.owned") == "undefined"
        assert look("document.querySelectorAll('script, img, svg, iframe').length") == 0
        assert opened.complaints == [] and opened.asks() == []
    shown = "".join(path.read_text("utf-8") for path in paths)
    assert "<img" not in shown and "<script" not in shown


def test_masks():
    assert masked_name("\u202e欧阳修") == "欧**" and masked_name(float("nan")) == ""
    assert masked_item("卡号 6222021200001234567") == "卡号 ***"


def test_three_hundred_villages_take_seconds(tmp_path, toy_project):
    villages, homes, links = (toy_project.tables[name] for name in ("villages", "households", "links"))
    parts = {"villages": [], "households": [], "links": []}
    for copy in range(25):
        town = {code: f"{code[:6]}{int(code[6:9]) + 3 * copy}{code[9:]}" for code in villages["code"]}
        parts["villages"].append(villages.assign(code=villages["code"].map(town)))
        tail = f"-{copy}"
        home = homes.assign(
            household_id=homes["household_id"] + tail, village_code=homes["village_code"].map(town)
        )
        parts["households"].append(home)
        parts["links"].append(links.assign(household_id=links["household_id"] + tail))
    many = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    many["villages"] = gpd.GeoDataFrame(many["villages"].drop_duplicates("code"), crs=villages.crs)
    started = time.monotonic()
    written = write_notice(tmp_path, replace(toy_project, tables={**toy_project.tables, **many}))
    assert len(written) == 301
    assert time.monotonic() - started < 20
