"""The page as people use it: themes, years, side by side, flows, search, keyboard, print, contrast, colours."""

import re
import unicodedata
from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from map_pages import blocks, carried, column
from pypdf import PdfReader
from test_map import HOSTILE

from eco.phrases import WORDS, Phrase
from eco.sharing.maps import layers, packing, page
from eco.sharing.maps.editions import save_map, write_map
from eco.sharing.maps.pinyin import readings
from eco.sharing.maps.themes import PLAN_THEMES, THEMES, class_breaks, offered
from eco.sharing.release import Scenario, release

TOWNS = ("621102101000", "621102102000", "621126101000")
GAINS = {TOWNS[0]: 120.0, TOWNS[1]: -80.0, TOWNS[2]: 900.0}
COLUMNS = {
    "gain_per_head_mean": [120.0, -80.0, 900.0],
    "gain_per_head_p10": [60.0, -300.0, 500.0],
    "gain_per_head_p90": [200.0, 40.0, 1400.0],
    "gain_yuan_mean": [40_000.0, -9_000.0, 300_000.0],
    "gain_yuan_p10": [20_000.0, -30_000.0, 100_000.0],
    "gain_yuan_p90": [60_000.0, 4_000.0, 500_000.0],
    "chance_above_line": [0.2, 0.55, 0.913],
    "chance_above_line_without": [0.1, 0.5, 0.8],
    "one_off_share": [0.05, 0.4, 0.875],
    "left_out_share": [0.0, 0.25, 0.5],
    "persons_left_out": [0.0, 33.0, 61.0],
    "saturation": [0.4, 1.1, 3.0],
}
FLOWS = [
    ("bees", "蜂蜜", "honey", "operating", True, 5_000.0, 2_000.0, 9_000.0, "D"),
    ("forest", "造林工资", "planting wages", "wage", False, 700.0, 500.0, 900.0, "B"),
    ("juncao", "草种成本", "seedlings", "cost", True, -1_300.0, -2_000.0, -800.0, "C"),
]


@pytest.fixture
def told(toy_project, toy_gains):
    """Makes a release of the toy county with numbers planted at its three townships."""

    def make(edition="county", lang="zh", **changes):
        made = release(
            toy_project, gains=toy_gains(toy_project), edition=edition, lang=lang, key=b"k", year=2020
        )
        made = replace(
            made, years={}, scenarios={}, flows={}, sources=None, sites={**made.sites, "bees": yards(made)}
        )
        return replace(made, places={**made.places, "township": planted(made)}, **changes)

    def planted(made):
        return made.places["township"].assign(**COLUMNS, shown=True)

    def yards(made):
        return made.sites["bees"].assign(
            saturation=np.where(np.arange(len(made.sites["bees"])) % 2, 0.7, np.nan)
        )

    return make


def frame_of(factor):
    return {
        "township": pd.DataFrame({n: np.array(v) * factor for n, v in COLUMNS.items()}, index=list(TOWNS))
    }


FLOW_NAMES = (
    *("livelihood", "label_zh", "label_en", "income_class", "recurrent"),
    *("yuan_mean", "yuan_p10", "yuan_p90", "grade"),
)


def flows_of():
    frame = pd.DataFrame(FLOWS, columns=list(FLOW_NAMES))
    return {"township": frame.assign(code=TOWNS[1])}


@pytest.fixture
def shown(told, tmp_path, open_page):
    """Opens the page of a planted release."""

    def show(edition="county", lang="zh", *, width=1280, height=800, **changes):
        path = write_map(tmp_path / f"{edition}_{lang}.html", told(edition, lang, **changes))
        return open_page(path, width=width, height=height)

    return show


PIXEL = """([row, dx]) => {
    const app = eco.app, shape = app.read.places[app.state.shown].shapes[row], map = app.map, paper = app.ground;
    const at = map.latLngToLayerPoint(map.unproject([shape.x, shape.y], 0)).subtract(paper._bounds.min);
    const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
        .getContext("2d", { willReadFrequently: true });
    pen.drawImage(paper._container, -Math.round((at.x + dx) * paper._dots), -Math.round(at.y * paper._dots));
    const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
    return "rgb(" + r + ", " + g + ", " + b + ")";
}"""
LEGEND = """() => Array.from(document.querySelectorAll("#eco-legend > .eco-class"), (row) =>
    [getComputedStyle(row.querySelector("i")).backgroundColor, row.textContent])"""


def without_marks(look):
    look("for (const name of ['forest', 'juncao', 'bees', 'relief']) eco.toggle(name, false)")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_theme_colours_each_place_as_its_legend_says(shown, lang):
    opened = shown(lang=lang)
    look = opened.page.evaluate
    without_marks(look)
    themes = look("eco.data.themes")
    assert [theme["key"] for theme in themes] == [theme.key for theme in THEMES]
    for theme in themes[:-1]:
        opened.page.select_option("#eco-theme", theme["key"])
        said = opened.page.inner_text("#eco-legend")
        assert WORDS[f"map_theme_{theme['key']}_says"].say(lang) in said
        assert WORDS[f"map_theme_{theme['key']}_unit"].say(lang) in said
        classes = [entry for entry in look(LEGEND) if entry[1] != WORDS["map_unknown"].say(lang)]
        losses = [entry for entry in classes if entry[1] == WORDS["map_loss"].say(lang)]
        steps = [entry for entry in classes if entry not in losses]
        breaks = theme["breaks"]["township"]
        assert len(steps) == len(breaks) + 1
        for row, value in enumerate(COLUMNS[theme["column"]]):
            expected = losses[0] if value < 0 else steps[int(np.searchsorted(breaks, value, side="left"))]
            seen = {look(PIXEL, [row, dx]) for dx in range(-4, 5)}
            assert expected[0] in seen, (theme["key"], row)
            assert (len(seen) > 1) == (value < 0)  # a loss is hatched, a gain is plain
    assert opened.complaints == [] and opened.asks() == []


def test_a_theme_is_offered_exactly_when_its_column_is_there(told):
    whole = told()
    assert offered(whole) == list(THEMES)
    for theme in THEMES:
        bare = replace(
            whole,
            places={
                level: frame.drop(columns=theme.column, errors="ignore")
                for level, frame in whole.places.items()
            },
            sites={
                name: frame.drop(columns=theme.column, errors="ignore") for name, frame in whole.sites.items()
            },
        )
        assert offered(bare) == [other for other in THEMES if other is not theme]


def test_plots_that_overlap_and_yards_without_forage_are_said_and_coloured(shown):
    opened = shown()
    look = opened.page.evaluate
    look("eco.theme('saturation')")
    assert "无法判断" in opened.page.inner_text("#eco-legend")
    rows = look("Array.from(eco.app.read.sites.bees.columns.saturation)")
    look(
        f"eco.openSite('bees', {next(row for row, value in enumerate(rows) if value is None or value != value)})"
    )
    assert "无法判断" in opened.page.inner_text(".eco-card")
    look(f"eco.openSite('bees', {rows.index(0.7)})")
    assert "0.70" in opened.page.inner_text(".eco-card")
    look("eco.theme('overlap')")
    assert "地块重叠" in opened.page.inner_text("#eco-panel")
    assert opened.complaints == []


def test_years_walk_by_slider_keys_and_play(shown):
    opened = shown(years={2018: frame_of(0.1), 2019: frame_of(4.0)})
    look, keyboard = opened.page.evaluate, opened.page.keyboard
    without_marks(look)
    now = look(PIXEL, [0, 0])
    assert opened.page.inner_text("#eco-years output") == "2020"
    opened.page.focus("#eco-years input")
    keyboard.press("ArrowLeft")
    assert opened.page.inner_text("#eco-years output") == "2019"
    assert opened.page.get_attribute("#eco-years input", "aria-valuetext") == "2019"
    assert look(PIXEL, [0, 0]) != now
    opened.page.focus(".leaflet-container")
    keyboard.press("[")
    assert opened.page.inner_text("#eco-years output") == "2018"
    keyboard.press("[")
    assert opened.page.inner_text("#eco-years output") == "2018"
    look("eco.select('township', 0)")
    said = opened.page.inner_text(".eco-card")
    assert "2018" in said and "12 元" in said
    keyboard.press("Escape")
    opened.page.focus(".leaflet-container")
    keyboard.press(" ")
    opened.page.wait_for_timeout(2600)
    assert opened.page.inner_text("#eco-years output") == "2020"
    assert look(PIXEL, [0, 0]) == now
    assert opened.complaints == []


def test_class_breaks_hold_for_all_years(told):
    made = told(years={2018: frame_of(0.1), 2019: frame_of(4.0)})
    from eco.sharing.maps.themes import themes_of

    breaks = next(theme for theme in themes_of(made) if theme["key"] == "per_head")["breaks"]["township"]
    pooled = np.concatenate([np.array(COLUMNS["gain_per_head_mean"]) * factor for factor in (1, 0.1, 4)])
    assert breaks == class_breaks(pooled)


def test_two_scenarios_side_by_side(shown):
    less = Scenario(Phrase("蜜价降三成", "honey at 70 %"), frame_of(0.1))
    opened = shown(scenarios={"less": less})
    look, keyboard = opened.page.evaluate, opened.page.keyboard
    without_marks(look)
    plain = look(PIXEL, [2, 0])
    opened.page.check("#eco-compare")
    assert opened.page.inner_text("#eco-swipe").split() == ["2020", "◂", "▸", "蜜价降三成"]
    opened.page.focus("#eco-swipe")
    for _ in range(12):
        keyboard.press("ArrowRight")
    assert opened.page.get_attribute("#eco-swipe", "aria-valuenow") == "95"
    assert look(PIXEL, [2, 0]) == plain
    for _ in range(24):
        keyboard.press("ArrowLeft")
    other = look(PIXEL, [2, 0])
    assert other != plain
    look("eco.select('township', 2)")
    said = opened.page.inner_text(".eco-compared")
    assert "900 元" in said and "90 元" in said and "P10–P90" in said
    opened.page.uncheck("#eco-compare")
    assert look(PIXEL, [2, 0]) == plain
    opened.page.select_option("#eco-scenario", "0")
    assert look(PIXEL, [2, 0]) == other
    assert opened.complaints == [] and opened.asks() == []


def test_the_divider_follows_the_pointer(shown):
    opened = shown(years={2019: frame_of(0.5)})
    opened.page.check("#eco-compare")
    box = opened.page.locator("#eco-swipe").bounding_box()
    opened.page.mouse.move(box["x"] + 1, box["y"] + 200)
    opened.page.mouse.down()
    opened.page.mouse.move(320, box["y"] + 220, steps=4)
    opened.page.mouse.up()
    assert opened.page.evaluate("eco.app.state.swipe") == pytest.approx(0.25, abs=0.01)
    assert opened.complaints == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_flows_of_a_place_with_interval_class_and_worst_grade(shown, lang):
    sources = pd.DataFrame(
        {"label_zh": ["蜂蜜价"], "label_en": ["honey price"], "source": ["《甘肃日报》"], "grade": ["B"]}
    )
    opened = shown(lang=lang, flows=flows_of(), sources=sources)
    opened.page.evaluate("eco.select('township', 1)")
    rows = opened.page.locator(".eco-flows li").all_inner_texts()
    assert len(rows) == 3
    for row, name in zip(rows, (FLOWS[0], FLOWS[2], FLOWS[1])):  # largest first
        assert name[1 if lang == "zh" else 2] in row
        assert WORDS[f"map_class_{name[3]}"].say(lang) in row
        assert WORDS["map_recurrent" if name[4] else "map_one_off"].say(lang) in row
        assert f"{WORDS['map_grade'].say(lang)} {name[8]}" in row
        low, high = (f"{value:,.0f}".replace("-", "\u2212") for value in name[6:8])
        assert f"{low} – {high}" in row
    opened.page.click(".eco-link")
    assert opened.page.is_visible(".eco-sources") and "《甘肃日报》" in opened.page.inner_text(".eco-sources")
    opened.page.evaluate("eco.select('township', 0)")
    assert opened.page.locator(".eco-flows").count() == 0
    assert opened.complaints == []


# ---- search


ASKED = [
    ("甲川", "甲川镇"), ("jiachuan", "甲川镇"), ("jcz", "甲川镇"), ("Jiachuan Town", "甲川镇"), ("jia chuan", "甲川镇"),
    ("jia川", "甲川镇"), ("AND", "安定区"), ("anding district", "安定区"), ("adq", "安定区"), ("Mínxiàn", "岷县"),
    ("mx", "岷县"), ("min county", "岷县"), ("yi'chuan", "乙川镇"), ("丙西", "丙西村"), ("bxc", "丙西村"),
    ("bingxi village", "丙西村"),
    ("chuanzhen", "甲川镇"),
]  # fmt: skip


def test_search_by_sign_pinyin_initials_and_english(shown):
    opened = shown()
    found = {asked: opened.page.evaluate("(asked) => eco.find(asked)[0]?.name", asked) for asked, _ in ASKED}
    assert found == dict(ASKED)
    assert (
        opened.page.evaluate("eco.find('zzz').length + eco.find('  ').length + eco.find('镇甲').length") == 0
    )


def test_readings_pack_one_sign_once_and_read_it_as_the_name_does():
    assert readings(["凤翔镇", "长川乡", "县长村", "吕家", "A1 <镇>"]) == {
        "cun": "村", "chang": "长", "chuan": "川", "feng": "凤", "jia": "家", "lv": "吕", "xian": "县",
        "xiang": "乡翔", "zhang": "长", "zhen": "镇",
    }  # fmt: skip


def test_u_with_dots_is_found_however_it_is_typed(told, tmp_path, open_page):
    made = told()
    made.places["village"].loc[made.places["village"].index[0], "name"] = "吕家村"
    opened = open_page(write_map(tmp_path / "map.html", made))
    for asked in ("lvjia", "lujia", "lüjia", "ljc"):
        assert opened.page.evaluate("(asked) => eco.find(asked)[0].name", asked) == "吕家村"


# ---- keyboard


FOCUS = """() => {
    const on = document.activeElement, style = getComputedStyle(on);
    return [on.id || on.className || on.tagName, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
}"""


def test_a_walk_through_the_map_without_a_mouse(shown):
    opened = shown(years={2019: frame_of(2.0)}, flows=flows_of())
    look, keyboard = opened.page.evaluate, opened.page.keyboard
    stops = []
    for _ in range(40):
        keyboard.press("Tab")
        name, visible = look(FOCUS)
        if name == "BODY":
            break
        assert visible, name
        stops.append(name)
    for part in (
        "eco-print-open",
        "map_eco",
        "eco-home",
        "eco-theme",
        "on",
        "eco-compare",
        "eco-play",
    ):
        assert any(part in stop for stop in stops), (part, stops)
    assert sum("INPUT" in stop for stop in stops) >= 5 and any("SUMMARY" in stop for stop in stops)

    opened.page.focus(".leaflet-container")
    keyboard.press("/")
    keyboard.type("yichuan")
    assert look("document.querySelector('.eco-search ul').hidden") is False
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    assert "乙川镇" in opened.page.inner_text(".leaflet-popup-content")
    assert "乙川镇" in opened.page.text_content(".eco-said")
    keyboard.press("Escape")
    assert opened.page.locator(".leaflet-popup").count() == 0

    opened.page.focus(".leaflet-container")
    look("eco.show('township'); eco.app.state.chosen = null")
    read = []
    for _ in range(3):
        keyboard.press("n")
        read.append(opened.page.text_content(".eco-said"))
    assert [name in text for name, text in zip(("甲川镇", "乙川镇", "丙川镇"), read)] == [True] * 3
    assert "120 元" in read[0] and "P10–P90" in read[0]
    keyboard.press("p")
    assert "乙川镇" in opened.page.text_content(".eco-said")
    keyboard.press("Escape")

    opened.page.focus(".leaflet-container")
    before = look("[eco.map.getCenter().lng, eco.map.getZoom()]")
    keyboard.press("+")
    assert look("eco.map.getZoom()") == before[1] + 1
    keyboard.press("ArrowRight")
    assert look("eco.map.getCenter().lng") > before[0]
    keyboard.press("-")
    assert look("eco.map.getZoom()") == before[1]
    assert opened.complaints == []


def test_letters_typed_in_the_search_move_nothing(shown):
    opened = shown()
    opened.page.focus("input[type=search]")
    opened.page.keyboard.type("np+-/[")
    assert opened.page.input_value("input[type=search]") == "np+-/["
    assert opened.page.locator(".leaflet-popup").count() == 0


# ---- print


PAPERS = {"a3": (1191, 842), "a4": (842, 595)}
CUT = """() => {
    const sheet = document.body.getBoundingClientRect(), out = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const node = walk.currentNode, of = node.parentElement;
        if (!node.textContent.trim() || of.closest("script, .eco-watermark, .eco-said")) continue;
        if (!of.checkVisibility()) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) {
            const part = of.closest("#eco-panel, #eco-foot, #eco-head, .leaflet-container");
            for (const room of [part.getBoundingClientRect(), sheet])
                if (box.right > room.right + 1 || box.bottom > room.bottom + 1 || box.left < room.left - 1
                    || box.top < room.top - 1) out.push(node.textContent);
        }
    }
    const map = eco.map, size = map.getSize();
    for (const corner of [eco.app.home.getNorthWest(), eco.app.home.getSouthEast()]) {
        const at = map.latLngToContainerPoint(corner);
        if (at.x < 0 || at.y < 0 || at.x > size.x || at.y > size.y) out.push("map " + at);
    }
    return out;
}"""


def plain(text):
    """Text without spaces, its dashes and look-alike signs as one."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).translate(str.maketrans("‒–−戶", "---户"))


@pytest.mark.parametrize("paper", list(PAPERS))
@pytest.mark.parametrize(("edition", "lang"), [("county", "zh"), ("public", "en")])
def test_one_sheet_of_paper_holds_it_all(shown, edition, lang, paper):
    opened = shown(
        edition, lang, flows=flows_of() if edition == "county" else {}, years={2019: frame_of(2.0)}
    )
    look = opened.page.evaluate
    before = look("[eco.map.getZoom(), eco.map.getSize().x]")
    assert look(f"eco.paper('{paper}')").startswith(f"@page {{ size: {paper}")
    opened.page.evaluate("eco.app.print.enter()")
    assert look(CUT) == []
    opened.page.evaluate("eco.app.print.leave()")
    pdf = PdfReader(BytesIO(opened.page.pdf(prefer_css_page_size=True, print_background=True)))
    assert len(pdf.pages) == 1
    assert (round(pdf.pages[0].mediabox.width), round(pdf.pages[0].mediabox.height)) == PAPERS[paper]
    text = plain(pdf.pages[0].extract_text())
    for said in (
        look("eco.data.heading"), look("eco.data.stamp"), look("eco.data.label"), *look("eco.data.notes"),
        WORDS["map_theme_per_head"].say(lang), WORDS["map_theme_per_head_says"].say(lang),
        WORDS["map_loss"].say(lang), WORDS["map_north"].say(lang), WORDS["map_bees"].say(lang), "km",
    ):  # fmt: skip
        assert plain(said) in text, said
    assert ("内部资料请勿公开" in text) == (edition == "public")
    assert len(pdf.pages[0].images) >= 1  # the places, as a picture
    assert look("[eco.map.getZoom(), eco.map.getSize().x]") == before
    assert opened.complaints == [] and opened.asks() == []


def test_the_print_button_lets_one_choose(shown):
    opened = shown()
    opened.page.evaluate("void (window.print = () => { window.printed = true; })")
    opened.page.click(".eco-print-open")
    assert opened.page.locator(".eco-print-menu button").all_inner_texts() == ["A3 横向", "A4 横向"]
    opened.page.click(".eco-print-menu button >> nth=1")
    assert opened.page.evaluate("window.printed")
    rules = opened.page.evaluate(
        "Array.from(document.styleSheets).flatMap((s) => Array.from(s.cssRules, (r) => r.cssText))"
    )
    assert sum(rule.startswith("@page") for rule in rules) == 1
    assert next(rule for rule in rules if rule.startswith("@page")).startswith("@page { size: a4 landscape")


# ---- contrast and colours


CONTRAST = """() => {
    const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
    const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat([1]);
    const part = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : Math.pow((v / 255 + 0.055) / 1.055, 2.4));
    const light = (c) => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
    const behind = (node) => {
        const above = [];
        for (let at = node; at; at = at.parentElement) above.push(parse(getComputedStyle(at).backgroundColor));
        return above.reverse().reduce((under, colour) => over(colour, under), [255, 255, 255, 1]);
    };
    const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let seen = 0;
    while (walk.nextNode()) {
        const of = walk.currentNode.parentElement;
        if (!walk.currentNode.textContent.trim() || of.closest("script, .eco-watermark, .eco-said")) continue;
        if (!of.checkVisibility()) continue;
        const back = behind(of), ink = over(parse(getComputedStyle(of).color), back);
        const [a, b] = [light(ink), light(back)];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        seen++;
        if (ratio < 4.5) found.push([of.className || of.tagName, walk.currentNode.textContent, ratio]);
    }
    return [seen, found];
}"""


@pytest.mark.parametrize(("edition", "lang"), [("county", "zh"), ("public", "en")])
def test_text_stands_out_from_its_ground(shown, edition, lang):
    opened = shown(edition, lang, flows=flows_of(), years={2019: frame_of(2.0)})
    look = opened.page.evaluate
    look("eco.select('township', 1); for (const one of document.querySelectorAll('details')) one.open = true")
    opened.page.fill("input[type=search]", "c")
    opened.page.click(".eco-print-open")
    for act in (
        "0",
        "eco.toggle('households', true)",
        "eco.theme('saturation')",
        "eco.app.frames.compare(true)",
    ):
        if "households" not in act or edition == "county":
            look(act)
        seen, found = look(CONTRAST)
        assert seen > 60 and found == []


def lightness(colour):
    """CIE L*a*b* of sRGB 0..255 under D65."""
    linear = np.where(colour <= 10.31475, colour / 255 / 12.92, ((colour / 255 + 0.055) / 1.055) ** 2.4)
    return lab(linear)


def lab(linear):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(np.clip(xyz / np.array([0.9505, 1.0, 1.089]), 1e-9, None))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# Machado, Oliveira and Fernandes 2009, severity 1: what protanopes and deuteranopes see, in linear sRGB.
BLIND = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def test_classes_can_be_told_apart_by_those_who_see_fewer_hues(shown):
    look = shown().page.evaluate
    for key, ramp in look("eco.app.colours.RAMPS").items():
        rgb = [np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float) for colour in ramp]
        light = [lightness(colour)[0] for colour in rgb]
        if key != "saturation":
            assert all(np.diff(light) < -5), key
        else:  # two hues about 1, each darker outwards
            assert all(np.diff(light[:3]) > 5) and all(np.diff(light[3:]) < -5)
        for matrix in BLIND.values():
            linear = [((colour / 255 + 0.055) / 1.055) ** 2.4 for colour in rgb]
            seen = [lab(np.clip(np.array(matrix) @ colour, 0, 1)) for colour in linear]
            assert min(np.linalg.norm(a - b) for a, b in pairwise(seen)) > 7, key
            assert min(np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[i + 1 :]) > 7, key


# ---- phone, editions, hostile text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_phone_shows_all_of_it(shown, lang):
    opened = shown(lang=lang, width=390, height=780, years={2019: frame_of(2.0)}, flows=flows_of())
    look = opened.page.evaluate
    assert look("document.documentElement.scrollWidth") <= 390
    assert opened.page.is_visible("#eco-years") and opened.page.is_visible(".eco-north")
    opened.page.click(".eco-open")
    assert opened.page.is_visible("#eco-theme")
    opened.page.check("#eco-compare")
    opened.page.click(".eco-shut")
    assert not opened.page.is_visible("#eco-panel") and opened.page.is_visible("#eco-swipe")
    look("eco.select('township', 1)")
    box = opened.page.locator(".leaflet-popup").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert opened.complaints == []


@pytest.mark.parametrize(("edition", "lang"), [(e, g) for e in ("county", "public") for g in ("zh", "en")])
def test_nothing_is_asked_for_and_nothing_complains(shown, edition, lang):
    less = Scenario(Phrase("蜜价降三成", "honey at 70 %"), frame_of(0.1))
    opened = shown(edition, lang, years={2019: frame_of(2.0)}, scenarios={"less": less}, flows=flows_of())
    look = opened.page.evaluate
    assert look("document.documentElement.lang") == ("zh-CN" if lang == "zh" else "en")
    for theme in THEMES:
        for level in ("county", "township", "village"):
            look(f"eco.theme('{theme.key}'); eco.show('{level}'); eco.select('{level}', 0)")
    look("eco.map.setZoom(13, {animate: false}); eco.frame(0); eco.compare(true); eco.compare(false)")
    look("eco.app.print.enter(); eco.app.print.leave()")
    if edition == "county":
        look("eco.toggle('households', true); eco.openSite('households', 0)")
    said = look("document.body.innerText")
    assert WORDS["map_frames"].say(lang) in said
    assert WORDS["map_frames"].say("en" if lang == "zh" else "zh") not in said
    assert opened.complaints == [] and opened.asks() == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_text_in_flows_sources_scenarios_and_notes_is_only_text(told, tmp_path, open_page, lang):
    bad = [
        *HOSTILE,
        "=cmd|' /C calc'!A0",
        "@SUM(1)",
        "\u202e13\u202c",
        "{{constructor.constructor('x')()}}",
        "\\",
    ]
    base = dict(zip(FLOW_NAMES, ("bees", "", "", "cost", True, 1.0, 0.0, 2.0, "D")))
    flows = pd.DataFrame([{**base, "label_zh": t, "label_en": t, "grade": t, "code": TOWNS[0]} for t in bad])
    sources = pd.DataFrame({"label": bad, "source": bad, "grade": bad})
    scenarios = {str(i): Scenario(Phrase(t, t), frame_of(0.5)) for i, t in enumerate(bad)}
    made = told("county", lang, flows={"township": flows}, sources=sources, scenarios=scenarios)
    made = replace(
        made, sheet=replace(made.sheet, notes=tuple(bad), stamp=bad[0], label=bad[1], heading=bad[3])
    )
    opened = open_page(write_map(tmp_path / "map.html", made))
    look = opened.page.evaluate
    look("eco.select('township', 0)")
    assert sorted(opened.page.locator(".eco-flow-name").all_text_contents()) == sorted(bad)
    cells = look("Array.from(document.querySelectorAll('.eco-sources td'), (cell) => cell.textContent)")
    assert cells == [text for text in bad for _ in range(3)]
    options = opened.page.locator("#eco-left option").all_text_contents()
    assert set(bad) <= set(options)
    look("eco.compare(true)")
    for frame in range(len(bad)):
        look(f"eco.app.state.right = {frame}; eco.compare(true); eco.select('township', 0)")
        assert look("document.querySelector('.eco-right').textContent") == bad[frame]
    assert look("document.querySelector('h1').textContent") == bad[3]
    look("eco.app.print.enter(); eco.app.print.leave()")
    assert look("typeof window.owned") == "undefined"
    assert look("document.querySelectorAll('iframe, svg, body img').length") == 0
    assert opened.complaints == [] and opened.asks() == []


def test_the_household_edition_is_never_written_in_the_clear(told, tmp_path, toy_project, toy_gains):
    path = tmp_path / "map.html"
    with pytest.raises(ValueError, match="eco export"):
        save_map(path, toy_project, gains=toy_gains(toy_project), edition="household")
    made = told()
    with pytest.raises(ValueError, match="eco export"):
        write_map(path, replace(made, edition=replace(made.edition, name="household")))
    assert not path.exists()


def test_a_release_of_nothing_but_places_is_drawn(told, tmp_path, open_page):
    made = told()
    bare = {level: frame[["name", "parent", "geometry"]] for level, frame in made.places.items()}
    sites = {name: frame[["x", "y"]] for name, frame in made.sites.items()}
    opened = open_page(
        write_map(tmp_path / "map.html", replace(made, places=bare, sites=sites, households=None))
    )
    assert opened.page.locator("#eco-theme, #eco-years, #eco-compare").count() == 0
    opened.page.evaluate("eco.select('township', 0); eco.openSite('forest', 0); eco.app.print.enter()")
    assert opened.complaints == []


# ---- words, files, packing


def test_every_word_of_the_page_is_there_and_none_is_idle():
    code = "".join(page._asset(name) for name in page.RENDERER)
    named = set(re.findall(r'"(map_[a-z0-9_]*[a-z0-9])"', code))
    made = {f"map_theme_{theme.key}{part}" for theme in THEMES for part in ("", "_unit", "_says")}
    made |= {
        f"map_basis_{name}" for name in ("none", "inferred", "mostly_inferred", "mostly_recorded", "recorded")
    }
    made |= {f"map_class_{name}" for name in ("wage", "operating", "transfer", "property", "cost")}
    made |= {f"map_{name}" for name in ("forest", "juncao", "bees", "households", "relief", "left", "right")}
    made |= {f"map_theme_{theme.key}{part}" for theme in PLAN_THEMES for part in ("", "_unit", "_says")}
    made |= {"map_plan_yards"}
    made |= {"map_print_a3", "map_print_a4"}
    known = {key for key in layers.words("zh") if key.startswith("map_")}
    assert named | made == known
    assert all(WORDS[key].zh and (WORDS[key].en or key == "map_wan") for key in known)


def test_no_script_of_the_page_is_long():
    assert max(page._asset(name).count("\n") for name in page.RENDERER) <= 300


@given(st.lists(st.integers(0, 2**40), max_size=200))
def test_blocks_come_back(numbers):
    assert blocks(packing.pack_blocks(np.array(numbers, dtype=np.int64)), len(numbers)) == numbers


@given(st.lists(st.none() | st.integers(-(10**8), 10**8), min_size=1, max_size=130))
def test_columns_of_numbers_come_back(numbers):
    series = pd.Series([np.nan if n is None else n for n in numbers], dtype=float, name="gain_yuan_mean")
    assert column(packing.pack_column(series), len(numbers)) == numbers


@given(st.lists(st.none() | st.sampled_from(["a", "云杉", "b c", "", "H0123"]) | st.text(), min_size=1))
def test_columns_of_texts_come_back(texts):
    series = pd.Series(texts, dtype=object, name="species")
    assert column(packing.pack_column(series), len(texts)) == texts


def test_long_numbers_stay_for_the_gate_to_read():
    series = pd.Series([13_912_345_678.0, 5.0], name="mu")
    assert packing.pack_column(series) == [13_912_345_678.0, 5.0]
    assert isinstance(packing.pack_column(pd.Series([99_999_999.0, 5.0], name="hives")), dict)


def test_twenty_thousand_points_are_under_the_promised_size(told, tmp_path):
    rng = np.random.default_rng(3)
    made, rows = told(), 20_000
    homes = pd.DataFrame(
        {
            "id": [f"H{value:010X}" for value in rng.integers(16**9, 16**10, rows)],
            "x": 400_000 + rng.uniform(0, 140_000, rows),
            "y": 3_850_000 + rng.uniform(0, 140_000, rows),
            "persons": rng.integers(1, 8, rows),
            **{f"gain_yuan_{end}": rng.gamma(2, 900, rows) for end in ("mean", "p10", "p90")},
            "basis": rng.integers(0, 5, rows),
        }
    )
    path = write_map(tmp_path / "map.html", replace(made, households=homes))
    assert path.stat().st_size < 1_000_000
    assert sorted(carried(path)["households"]["columns"]["id"]) == sorted(homes["id"])
