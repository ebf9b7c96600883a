"""Static pictures of an edition: what they show against the release, the same bytes, type for every sign, no traces."""

import io
import re
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hostile import HOSTILE, planted
from matplotlib import rcParams
from matplotlib.colors import to_hex
from PIL import Image
from small_projects import dingxi
from told_releases import small_disk, told_dingxi, told_toy, with_hidden

from eco.phrases import word
from eco.problems import DataProblem
from eco.sharing import atlas
from eco.sharing.ink import blank, drawn, ink, line_of, rows_of
from eco.sharing.maps.themes import themes_of
from eco.sharing.pictures import draw_accounts, draw_places, write_pictures, years_of
from eco.sharing.privacy.gate import refuse_leaks
from eco.sharing.privacy.watch import Watch
from eco.sharing.release import Sheet, release
from eco.sharing.styles import HIDDEN, LOSS, RAMPS

ALL = ["map", "gain_by_place", "gain_by_year", "accounts", "drivers"]
SVG = "{http://www.w3.org/2000/svg}"


def texts(path):
    return ["".join(one.itertext()) for one in ElementTree.parse(path).iter(f"{SVG}text")]


def test_all_pictures_of_the_real_example_pass_the_gate(tmp_path):
    edition, lang = "public", "zh"
    told = told_dingxi(edition, lang)
    paths = write_pictures(tmp_path, told)
    assert [path.name for path in paths] == [f"{name}.{kind}" for name in ALL for kind in ("png", "svg")]
    refuse_leaks(tmp_path, Watch.of(dingxi().exposure.project, edition))
    for path in paths[::2]:
        picture = Image.open(path)
        assert picture.info["dpi"][0] == pytest.approx(200, abs=0.1) and set(picture.info) == {"dpi"}
    said = texts(tmp_path / "map.svg")
    assert {word("picture_north", lang), word("map_loss", lang)} <= set(said)
    assert ("内部资料 请勿公开" in said) == (edition == "public")
    assert any(text.endswith(word("picture_km", lang)) for text in said)
    assert any("2026-01-01" in text for text in said)
    assert {"安定区", "岷县"} <= set(said)


def test_same_release_same_bytes_and_no_trace(tmp_path, toy):
    told = toy("public")
    for path in write_pictures(tmp_path / "a", told):
        again = tmp_path / "b" / path.name
        if path.suffix == ".png":
            write_pictures(tmp_path / "b", told)
        assert path.read_bytes() == again.read_bytes()
        content = path.read_bytes().lower()
        for trace in (
            b"matplotlib",
            b"software",
            b"dc:date",
            b"dc:creator",
            b"<!doctype",
            str(tmp_path).encode(),
        ):
            assert trace not in content


def test_breaks_and_colours_are_those_of_the_map_page(toy):
    told = toy()
    theme = next(one for one in themes_of(told) if one["column"] == "gain_per_head_mean")
    breaks = atlas.breaks_of(told)
    assert breaks == theme["breaks"]["township"] and breaks
    values = told.places["township"]["gain_per_head_mean"].iloc[[0, 0, 0, 0]].copy()
    values[:] = [breaks[0], np.nextafter(breaks[0], np.inf), -1.0, np.nan]
    shown = values.astype(object)
    shown[:] = [True, True, True, False]
    fills, kinds = atlas.colours_of(values, shown, breaks)
    assert kinds == ["class", "class", "loss", "hidden"]
    assert fills[0] == RAMPS["per_head"][0] and fills[1] != fills[0]
    assert fills[2:] == [LOSS, HIDDEN]
    assert atlas.colours_of(values[:1] * 1e6, shown[:1], breaks)[0] == [RAMPS["per_head"][-1]]


def test_hidden_places_are_hatched_and_in_the_legend(tmp_path, toy):
    open_, told = toy(), with_hidden(toy(), "621102101000")
    write_pictures(tmp_path / "open", open_)
    write_pictures(tmp_path / "hidden", told)
    said = word("map_hidden", "zh")
    assert said not in texts(tmp_path / "open" / "map.svg")
    assert said in texts(tmp_path / "hidden" / "map.svg")
    assert HIDDEN in (tmp_path / "hidden" / "map.svg").read_text()
    with ink("x"):
        figure = atlas.draw_map(told)
        areas = [one for one in figure.axes[0].collections if one.get_hatch()]
        assert [to_hex(one.get_facecolor()[0]) for one in areas] == [HIDDEN]
        assert not any(to_hex(c) == "#ffffff" for c in figure.axes[0].collections[0].get_facecolor())


def test_bars_are_the_numbers_of_the_release_with_their_ends(toy):
    told = toy()
    with ink("x"):
        axes = draw_places(told).axes[0]
        frame = told.places["county"].sort_values("gain_yuan_mean", ascending=False)
        bars = sorted((bar.get_y(), bar.get_width()) for bar in axes.patches)
        assert [width for _, width in bars] == pytest.approx(list(frame["gain_yuan_mean"] / 1e4))
        ends = [line[:, 0] for line in axes.collections[0].get_segments()]
        assert np.array(ends) == pytest.approx(frame[["gain_yuan_p10", "gain_yuan_p90"]].to_numpy() / 1e4)
        accounts = draw_accounts(told).axes[0]
        assert sorted(bar.get_width() for bar in accounts.patches) == pytest.approx([-100.0, 400.0, 1200.0])


def test_years_hold_every_year_told_and_a_picture_is_left_out_where_nothing_is(tmp_path, toy):
    told = told_dingxi("public")
    years = years_of(told, "county")
    assert sorted(set(years["year"])) == [2019, 2020] and len(years) == 14
    own = told.places["county"]["gain_yuan_mean"]
    assert list(years.loc[years["year"] == 2020, "mean"]) == list(own)
    bare = replace(toy(), totals=None, drivers=None, years={})
    assert [path.stem for path in write_pictures(tmp_path, bare)][::2] == ["map", "gain_by_place"]


def test_without_numbers_and_without_outlines_there_still_is_a_map(tmp_path, toy_project, toy_gains):
    plain = release(toy_project, edition="county", key=b"k" * 32)
    assert [path.name for path in write_pictures(tmp_path / "plain", plain)] == ["map.png", "map.svg"]
    told = told_toy(toy_project, toy_gains(toy_project))
    points = {
        level: frame.set_geometry(frame.geometry.representative_point())
        for level, frame in told.places.items()
    }
    write_pictures(tmp_path / "points", replace(told, places=points))
    assert "甲川镇" in " ".join(texts(tmp_path / "points" / "map.svg"))


@pytest.mark.parametrize("seed", range(0, len(HOSTILE), 2))
def test_hostile_names_are_text_and_nothing_else(tmp_path, toy, toy_project, coarse, seed, open_page):
    project = planted(toy_project, seed=seed)
    told = toy(project=project)
    write_pictures(tmp_path, told)
    names = [line_of(name, 16) for name in told.places["county"]["name"]]
    for path in tmp_path.glob("*.svg"):
        root = ElementTree.parse(path).getroot()
        assert not [one for one in root.iter() if one.tag in (f"{SVG}script", f"{SVG}image", f"{SVG}a")]
        assert not [key for one in root.iter() for key in one.attrib if key.lower().startswith("on")]
    said = texts(tmp_path / "map.svg")
    assert any(name.strip() in text for name in names for text in said)
    opened = open_page(tmp_path / "map.svg")
    assert opened.asks() == [] and opened.page.evaluate("window.owned === undefined")


def test_a_sign_without_type_is_one_sentence_and_no_file(tmp_path, toy, toy_project):
    names = toy_project.counties.assign(name=["\U00013000", "岷县"])  # a hieroglyph
    project = replace(toy_project, tables={**toy_project.tables, "counties": names})
    with pytest.raises(DataProblem) as told:
        write_pictures(tmp_path / "out", toy(project=project))
    assert [finding.code for finding in told.value.findings] == ["E-PIC-01"]
    assert "U+13000" in str(told.value) and not list(tmp_path.glob("out/*"))


def test_full_disk_is_one_sentence_and_no_half_file(tmp_path, toy):
    told = toy()
    with small_disk(20_000), pytest.raises(DataProblem) as full:
        write_pictures(tmp_path / "out", told)
    assert [finding.code for finding in full.value.findings] == ["E-DISK-01"]
    assert not [path for path in (tmp_path / "out").iterdir() if path.stat().st_size]


def test_no_setting_of_the_machine_changes_a_picture(tmp_path, toy):
    told, before = toy(), dict(rcParams)
    first = [path.read_bytes() for path in write_pictures(tmp_path / "a", told)]
    try:
        rcParams.update({"font.size": 30, "axes.grid": True, "svg.fonttype": "path"})
        assert [path.read_bytes() for path in write_pictures(tmp_path / "b", told)] == first
        assert rcParams["font.size"] == 30
    finally:
        rcParams.update(before)
    alone = "import sys, eco.sharing.pictures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", alone], check=False).returncode == 0


def test_formulas_are_no_formulas_and_lines_break():
    with ink("x"):
        sheet = Sheet("$x^2$", "t", "h", "l", "s", "", ())
        svg = drawn(blank(sheet, "$\\frac{1}{2}$", notes=["甲" * 300]), title="x")[".svg"]
    said = ["".join(one.itertext()) for one in ElementTree.parse(io.BytesIO(svg)).iter(f"{SVG}text")]
    assert "$\\frac{1}{2}$" in said and "$x^2$ · l" in said
    assert [len(row) for row in rows_of("甲" * 300, 100)] == [100, 100, 100]
    assert re.fullmatch(r"长+…", line_of("长" * 40_000))
