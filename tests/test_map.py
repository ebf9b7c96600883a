"""Maps opened in Chromium with the network cut: what is drawn, said, asked for, and what is not there."""

import json
import re
from collections import Counter
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from map_pages import carried, unpacked
from small_projects import dingxi

from eco.phrases import WORDS
from eco.problems import DataProblem
from eco.sharing.maps import layers, packing, page
from eco.sharing.maps.editions import save_map

MARK = "内部资料 请勿公开"
EDITIONS = [(edition, lang) for edition in ("county", "public") for lang in ("zh", "en")]


@pytest.mark.parametrize(("edition", "lang"), EDITIONS)
def test_a_map_opens_without_a_network(tmp_path, toy_project, toy_gains, open_page, edition, lang):
    path = save_map(
        tmp_path / "map.html", toy_project, gains=toy_gains(toy_project), edition=edition, lang=lang
    )
    opened = open_page(path)
    look = opened.page.evaluate
    assert opened.complaints == []
    assert opened.asks() == []
    assert look("eco.level()") == "township"
    assert look("eco.drawn()") == 3
    assert look("eco.on('forest') && eco.on('bees') && eco.on('relief')")
    assert _colours(look) > 40  # polygons and marks stand on the canvas, not only a background
    look("eco.show('village')")
    assert look("eco.drawn()") == 12
    said = look("document.body.innerText")
    for key in ("map_level", "map_layers", "map_forest", "map_bees"):
        assert WORDS[key].say(lang) in said
    foreign = "en" if lang == "zh" else "zh"
    assert WORDS["map_layers"].say(foreign) not in said


def _colours(look):
    return look(
        """(() => {
            const canvas = document.querySelector('.leaflet-overlay-pane canvas');
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 200) seen.add(pixels[i] * 65536 + pixels[i + 1] * 256 + pixels[i + 2]);
            return seen.size;
        })()"""  # noqa: E501
    )


@pytest.mark.parametrize("edition", ["county", "public"])
def test_search_finds_a_township_and_says_gain_with_its_interval(
    tmp_path, toy_project, toy_gains, open_page, edition
):
    gains = toy_gains(toy_project)
    opened = open_page(save_map(tmp_path / "map.html", toy_project, gains=gains, edition=edition))
    opened.page.fill("input[type=search]", "乙川")
    assert opened.page.inner_text(".eco-search li") == "乙川镇\n安定区"
    opened.page.press("input[type=search]", "Enter")
    said = opened.page.inner_text(".leaflet-popup-content")
    row = gains.by("township").set_index("name").loc["乙川镇"]
    per_head = round(row["gain_yuan_mean"] / row["persons"])
    assert "乙川镇" in said
    assert f"{per_head} 元" in said
    low, high = (round(row[f"gain_yuan_{end}"] / row["persons"]) for end in ("p10", "p90"))
    assert f"P10–P90 {low} – {high}" in said.replace("\u00a0", " ").replace("  ", " ")
    assert "1,200 亩" in said  # four plots of 300 mu
    assert "100 箱" in said
    opened.page.fill("input[type=search]", "没有的地方")
    assert "没有这个地方" in opened.page.inner_text(".eco-search")
    assert opened.complaints == []


def test_a_click_on_a_polygon_opens_its_popup(tmp_path, toy_project, toy_gains, open_page):
    path = save_map(tmp_path / "map.html", toy_project, gains=toy_gains(toy_project))
    opened = open_page(path)
    for name in ("forest", "juncao", "bees"):
        opened.page.click(f"input[data-layer={name}]")
    spot = opened.page.evaluate(
        "(() => { const c = eco.data.bounds, at = eco.map.latLngToContainerPoint("
        "[(c[0][0] + c[1][0]) / 2, c[0][1] + (c[1][1] - c[0][1]) * 0.2]),"
        "box = eco.map.getContainer().getBoundingClientRect(); return [at.x + box.x, at.y + box.y]; })()"
    )
    opened.page.mouse.move(*spot)
    opened.page.wait_for_timeout(200)
    assert "甲川镇" in opened.page.inner_text(".eco-tooltip")
    opened.page.mouse.click(*spot)
    opened.page.wait_for_timeout(300)
    assert "甲川镇" in opened.page.inner_text(".leaflet-popup-content")


HOSTILE = [
    "<img src=x onerror=window.owned=1>",
    "${window.owned=1}",
    "`+(window.owned=1)+`",
    "</script><script>window.owned=1</script>",
    "\\u003cimg src=x onerror=window.owned=1\\u003e",
    "\u2028window.owned=1//",
    '"><svg/onload=window.owned=1>',
    "{{ 7*7 }}{% raw %}",
    "<!--<script>window.owned=1",
    "javascript:window.owned=1",
    "&lt;b&gt;",
    "]]><iframe src=javascript:parent.owned=1>",
]


@pytest.mark.parametrize(("edition", "lang"), EDITIONS)
def test_hostile_text_is_only_text(tmp_path, toy_project, toy_gains, open_page, edition, lang):
    tables = dict(toy_project.tables)
    forest = tables["forest_plots"].assign(species=HOSTILE)
    villages = tables["villages"].assign(name=HOSTILE)
    townships = tables["townships"].assign(name=HOSTILE[:3])
    tables |= {"forest_plots": forest, "villages": villages, "townships": townships}
    name = "".join(HOSTILE[:2])
    project = replace(
        toy_project,
        tables=tables,
        settings=replace(toy_project.settings, name=name),
        inputs={HOSTILE[3]: "ab"},
    )
    path = save_map(
        tmp_path / "map.html", project, gains=toy_gains(project), edition=edition, lang=lang,
        review_no="</title>" + HOSTILE[0],
    )  # fmt: skip
    opened = open_page(path)
    look = opened.page.evaluate
    places = carried(path)["places"]
    for level, names in (("village", HOSTILE), ("township", HOSTILE[:3])):
        look(f"eco.show('{level}')")
        for row, text in enumerate(places[level]["columns"]["name"]):
            assert text in names
            look(f"eco.open('{level}', {row})")
            assert look("[...document.querySelectorAll('.eco-card h2')].pop().textContent") == text
    species = carried(path)["sites"]["forest"]["columns"]["species"]
    assert edition == "public" or sorted(species) == sorted(HOSTILE)
    for row, text in enumerate(species):
        look(f"eco.openSite('forest', {row})")
        assert text in look("[...document.querySelectorAll('.eco-card table')].pop().textContent")
    opened.page.fill("input[type=search]", "<img")
    assert look("document.querySelector('.eco-search li button').firstChild.textContent") == HOSTILE[0]
    assert look("typeof window.owned") == "undefined"
    assert look("document.title").endswith("2020")
    assert look("document.querySelectorAll('iframe, svg, body img:not(.leaflet-image-layer)').length") == 0
    assert opened.complaints == [] and opened.asks() == []


def test_the_public_page_carries_no_household_and_no_small_site(tmp_path, toy_project, toy_gains):
    path = save_map(tmp_path / "map.html", toy_project, gains=toy_gains(toy_project), edition="public")
    data = carried(path)
    assert "households" not in data
    texts = json.dumps({name: part for name, part in data.items() if name != "relief"}, ensure_ascii=False)
    assert not re.search(r"HH\d|测试户|P0\d|A0\d|J0\d", texts)
    register = toy_project.households[["household_id", "head_name", "id_number", "phone"]]
    assert not any(value in texts for value in register.to_numpy().ravel())
    villages = data["places"]["village"]["columns"]
    # Planted: villages with 3 and 4 linked households; 8 and 7 stand beside them and go for cover.
    hidden = [name for name, shown in zip(villages["name"], villages["shown"]) if not shown]
    assert hidden == ["甲西村", "甲北村", "丙东村", "丙北村"]
    for column in set(villages) - {"name", "parent", "shown"}:
        assert [villages[column][row] for row in (2, 3, 8, 11)] == [None] * 4
    assert data["sites"]["juncao"]["rows"] == 0  # three growers a plot
    assert 0 < data["sites"]["forest"]["rows"] < 12
    assert "households_sharing" not in data["sites"]["forest"]["columns"]
    assert "shapes" not in data["sites"]["forest"]
    assert data["places"]["township"]["columns"]["hives"] == [100, 100, 75]  # one yard is not the programme's


def test_public_positions_are_blunt(tmp_path, toy_project, toy_gains):
    data = carried(save_map(tmp_path / "m.html", toy_project, gains=toy_gains(toy_project), edition="public"))
    assert data["sharp"] == 3
    steps = np.cumsum(np.array(unpacked(data["sites"]["forest"]["points"])).reshape(-1, 2), axis=0)
    assert ((steps[:, 0] > 104_000) & (steps[:, 0] < 105_000)).all()  # thousandths of a degree east
    assert ((steps[:, 1] > 35_000) & (steps[:, 1] < 36_000)).all()


def test_the_county_page_has_pseudonyms_only(tmp_path, toy_project, toy_gains):
    gains = toy_gains(toy_project)
    path = save_map(tmp_path / "map.html", toy_project, gains=gains, edition="county")
    columns = carried(path)["households"]["columns"]
    assert len(columns["id"]) == len(toy_project.households)
    assert all(re.fullmatch(r"H[0-9A-Z]{10}", name) for name in columns["id"])
    assert sum(columns["gain_yuan_mean"]) == gains.table["gain_yuan_mean"].sum()
    assert set(columns) == {"id", "persons", "gain_yuan_mean", "gain_yuan_p10", "gain_yuan_p90", "basis"}
    other = carried(save_map(tmp_path / "other.html", toy_project, gains=gains, edition="county"))
    assert not set(columns["id"]) & set(other["households"]["columns"]["id"])


def test_households_are_drawn_when_asked_for(tmp_path, toy_project, toy_gains, open_page):
    opened = open_page(save_map(tmp_path / "map.html", toy_project, gains=toy_gains(toy_project)))
    assert not opened.page.evaluate("eco.on('households')")
    opened.page.click("input[data-layer=households]")
    assert opened.page.evaluate("eco.rows('households')") == len(toy_project.households)
    opened.page.evaluate("eco.openSite('households', 0)")
    said = opened.page.inner_text(".eco-card")
    assert carried(tmp_path / "map.html")["households"]["columns"]["id"][0] in said
    assert "P10–P90" in said
    assert opened.complaints == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_mark_stands_across_a_public_map_until_it_is_reviewed(
    tmp_path, toy_project, toy_gains, open_page, lang
):
    gains = toy_gains(toy_project)

    def made(**choices):
        return save_map(tmp_path / "map.html", toy_project, gains=gains, lang=lang, **choices)

    opened = open_page(made(edition="public"))
    assert MARK in opened.page.inner_text(".eco-watermark")
    assert MARK in opened.page.inner_text("#eco-head")
    reviewed = made(edition="public", review_no="甘S(2020)12号")
    assert MARK not in reviewed.read_text("utf-8")
    opened = open_page(reviewed)
    assert "审图号" in opened.page.inner_text("#eco-head")
    assert "甘S(2020)12号" in opened.page.inner_text("#eco-head")
    opened = open_page(made(edition="county"))
    assert WORDS["sheet_internal"].say(lang) in opened.page.inner_text("#eco-head")
    assert opened.page.query_selector(".eco-watermark") is None


def test_it_works_on_a_phone(tmp_path, toy_project, toy_gains, open_page):
    path = save_map(tmp_path / "map.html", toy_project, gains=toy_gains(toy_project))
    opened = open_page(path, width=390, height=780)
    assert not opened.page.is_visible("#eco-panel")
    opened.page.click(".eco-open")
    assert opened.page.is_visible("#eco-legend")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_map_without_gains_draws_the_sites(tmp_path, toy_project, open_page):
    opened = open_page(save_map(tmp_path / "map.html", toy_project, edition="county"))
    assert opened.complaints == []
    assert opened.page.evaluate("eco.rows('forest')") == 12
    opened.page.evaluate("eco.open('township', 0)")
    assert opened.page.inner_text(".eco-card").split() == ["乡镇", "·", "安定区", "甲川镇"]


def test_places_known_only_as_points_or_names(tmp_path, toy_project, toy_gains, open_page):
    tables = dict(toy_project.tables)
    tables["townships"] = tables["townships"].set_geometry(tables["townships"].centroid)
    tables["villages"] = tables["villages"].set_geometry(
        gpd.GeoSeries([None] * len(tables["villages"]), crs="EPSG:4544")
    )
    project = replace(toy_project, tables=tables)
    opened = open_page(save_map(tmp_path / "map.html", project, gains=toy_gains(project), edition="public"))
    assert opened.page.evaluate("eco.drawn()") == 3
    opened.page.fill("input[type=search]", "丙")
    opened.page.press("input[type=search]", "Enter")
    assert "丙川镇" in opened.page.inner_text(".eco-card")
    opened.page.evaluate("eco.show('village')")
    assert opened.page.evaluate("eco.drawn()") == 0
    assert opened.complaints == []


@pytest.mark.parametrize("edition", ["county", "public"])
def test_the_example_is_small_and_whole(tmp_path, open_page, edition):
    gains = dingxi().gains
    project = gains.exposure.project
    path = save_map(tmp_path / "map.html", project, gains=gains, edition=edition)
    assert path.stat().st_size < 2_500_000
    opened = open_page(path)
    assert opened.complaints == [] and opened.asks() == []
    assert opened.page.evaluate("eco.drawn()") == len(project.townships)
    assert opened.page.evaluate(
        "[eco.rows('forest'), eco.rows('juncao'), eco.rows('bees')].every((n) => n > 0)"
    )
    opened.page.fill("input[type=search]", "凤翔镇")
    opened.page.press("input[type=search]", "Enter")
    assert "10,894 亩" in opened.page.inner_text(".eco-card")


def test_no_site_of_the_public_example_has_fewer_than_five_households(tmp_path):
    gains = dingxi().gains
    project, links = gains.exposure.project, gains.exposure.links
    data = carried(save_map(tmp_path / "map.html", project, gains=gains, edition="public"))
    pairs = set(zip(links["site_id"], links["household_id"]))
    sharing = Counter(site for site, _ in pairs)
    for name, table, key, amount in (
        ("forest", project.forest_plots, "plot_id", "verified_mu"),
        ("juncao", project.juncao_plots, "plot_id", "area_mu"),
        ("bees", project.apiaries, "apiary_id", "hives_received"),
    ):
        values = table[amount].fillna(table.get("area_mu", 0)).round(1)
        wide = Counter(value for site, value in zip(table[key], values) if sharing[site] >= 5)
        shown = Counter(data["sites"][name]["columns"]["hives" if name == "bees" else "mu"])
        assert shown and not shown - wide
    assert "households" not in data


def test_the_same_input_and_key_give_the_same_bytes(tmp_path, toy_project, toy_gains):
    paths = [
        save_map(tmp_path / name, toy_project, gains=toy_gains(toy_project), key=b"key")
        for name in ("one.html", "two.html")
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()


PLANTED = [
    '<script src="https://cdn.example.org/a.js"></script>',
    '<link rel="stylesheet" href="//cdn.example.org/a.css">',
    '<img src="picture.png">',
    "<style>@import 'a.css';</style>",
    "<style>body{background:url(http://example.org/a.png)}</style>",
    "<p style=\"background:url('//example.org/a.png')\">x</p>",
    "<script>fetch('a.json')</script>",
    "<script>importScripts('a.js')</script>",
    "<script>new Image().src = 'https://example.org/' + 1</script>",
    "<script>var quiet = 1</script>",  # not in the policy: it would not run, and it was not ours
    '<iframe srcdoc="x"></iframe>',
    '<meta http-equiv="refresh" content="0;url=x">',
    '<p onclick="go()">x</p>',
    '<a href="https://example.org">source</a>',
]


@pytest.mark.parametrize("planted", PLANTED)
def test_the_seal_finds_what_would_load(planted):
    clean = page.sealed_page(_empty(), title="t", lang="zh")
    page.refuse_outside(clean)
    with pytest.raises(DataProblem) as problem:
        page.refuse_outside(clean.replace("</body>", planted + "</body>"))
    assert {finding.code for finding in problem.value.findings} == {"E-SEAL-01"}


def test_a_page_without_its_policy_is_refused():
    clean = page.sealed_page(_empty(), title="t", lang="zh")
    with pytest.raises(DataProblem, match="E-SEAL-01"):
        page.refuse_outside(re.sub(r"<meta http-equiv[^>]*>", "", clean))
    with pytest.raises(DataProblem, match="E-SEAL-01"):
        page.refuse_outside(clean.replace("script-src", "script-src 'unsafe-inline'"))


def _empty():
    return {"words": layers.words("zh")}


def test_another_leaflet_is_refused(monkeypatch):
    monkeypatch.setitem(page.LEAFLET, "leaflet.js", "0" * 64)
    with pytest.raises(DataProblem, match="E-SEAL-02"):
        page.sealed_page(_empty(), title="t", lang="zh")


def test_a_personal_value_in_a_species_stops_the_map_and_keeps_the_old_one(tmp_path, toy_project, toy_gains):
    path = tmp_path / "map.html"
    path.write_text("old", "utf-8")
    leaking = toy_project.households["head_name"].iloc[7]
    tables = dict(toy_project.tables)
    tables["forest_plots"] = tables["forest_plots"].assign(species=f"云杉 {leaking}")
    project = replace(toy_project, tables=tables)
    with pytest.raises(DataProblem, match="E-PRIV-01") as problem:
        save_map(path, project, gains=toy_gains(project), edition="county")
    assert leaking not in str(problem.value)
    assert path.read_text("utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".html"] == ["map.html"]


def test_unknown_names_and_plans_are_refused(tmp_path, toy_project):
    for choices in ({"edition": "pubic"}, {"lang": "fr"}, {"plan": object()}):
        with pytest.raises(ValueError, match="/"):
            save_map(tmp_path / "map.html", toy_project, **choices)
    assert not (tmp_path / "map.html").exists()


def test_every_word_the_renderer_says_is_in_the_catalogue():
    code = "".join(page._asset(name) for name in page.RENDERER)
    said = set(re.findall(r'say\("([a-z_]+)"\)', code)) | set(re.findall(r'"(map_[a-z_]+[a-z])"', code))
    assert len(said) > 40
    assert said <= set(layers.words("zh"))
    for lang in ("zh", "en"):
        assert layers.words(lang).keys() == layers.words("zh").keys()
    assert all(WORDS[key].zh for key in said)


def test_the_renderer_never_makes_markup_of_data():
    code = "".join(page._asset(name) for name in page.RENDERER)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|`", code)


@given(st.lists(st.integers(-(2**40), 2**40)))
def test_packed_numbers_come_back(numbers):
    assert unpacked(packing.pack(np.array(numbers, dtype=np.int64))) == numbers


@given(
    st.recursive(
        st.text() | st.none() | st.integers(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)
    )
)
def test_json_in_a_page_has_no_sign_that_could_end_it(value):
    text = page.json_text(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")


def test_neighbours_keep_their_common_border_when_simplified():
    rng = np.random.default_rng(5)
    wave = np.column_stack([np.linspace(0, 20_000, 300), rng.normal(0, 60, 300).cumsum() * 0.2])
    south = shapely.Polygon([(0, -9000), (20_000, -9000), *wave[::-1]])
    north = shapely.Polygon([(0, 9000), (20_000, 9000), *wave[::-1]])
    moved = gpd.GeoSeries([south, north], crs="EPSG:4544").translate(440_000, 3_920_000)
    simple = layers._simplified(moved, 100.0)
    assert shapely.get_num_coordinates(simple).sum() < shapely.get_num_coordinates(moved.to_numpy()).sum() / 3
    assert shapely.area(shapely.intersection(*simple)) == pytest.approx(0, abs=1)
    assert shapely.area(shapely.union_all(simple)) == pytest.approx(shapely.area(simple).sum())


def test_points_and_missing_outlines_are_packed_too():
    shapes = np.array(
        [shapely.Point(440_000, 3_920_000), None, shapely.box(4e5, 39e5, 41e4, 391e4)], dtype=object
    )
    stream = unpacked(layers.pack_shapes(shapes, decimals=4))
    assert stream[0] == 0
    assert stream[3] == -1
    assert stream[4:7] == [1, 1, 4]
    assert len(stream) == 7 + 8
