"""The GeoPackage of an edition: layers and positions as it allows, coloured as the map, nothing left inside."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from hostile import HOSTILE, as_shown, planted
from told_releases import KEY, TODAY

from eco.files import sha256
from eco.phrases import WORDS
from eco.sharing import styles
from eco.sharing.geopackage import CRS, write_geopackage
from eco.sharing.maps.themes import themes_of
from eco.sharing.release import release

EDITIONS = [(edition, lang) for edition in ("county", "public") for lang in ("zh", "en")]
ASSETS = Path(styles.__file__).parent / "maps" / "assets"


def ask(path, question):
    with closing(sqlite3.connect(path)) as base:
        return base.execute(question).fetchall()


def qmls(path):
    return [
        (layer, name, default, ElementTree.fromstring(qml))
        for layer, name, default, qml in ask(
            path, "SELECT f_table_name, styleName, useAsDefault, styleQML FROM layer_styles ORDER BY id"
        )
    ]


def layers_of(path):
    return [name for name, kind in pyogrio.list_layers(path) if kind is not None]


@pytest.mark.parametrize(("edition", "lang"), EDITIONS)
def test_layers_hold_what_the_release_says(tmp_path, told, edition, lang):
    made = told(edition, lang)
    path = write_geopackage(tmp_path / "x.gpkg", made)
    expected = [*made.places, *(name for name, frame in made.sites.items() if len(frame))]
    assert layers_of(path) == expected + (["household"] if edition == "county" else [])
    for level, frame in made.places.items():
        read = pyogrio.read_dataframe(path, layer=level)
        assert str(read.crs) == CRS and len(read) == len(frame)
        assert list(read["code"]) == list(frame.index) and list(read["name"]) == list(frame["name"])
        np.testing.assert_allclose(read["gain_yuan_mean"], frame["gain_yuan_mean"], atol=0.006)
    for name in layers_of(path):
        assert ask(path, f'SELECT count(*) FROM "rtree_{name}_geom"') == ask(
            path, f'SELECT count(*) FROM "{name}"'
        )
    assert ask(path, "PRAGMA user_version") == [(10200,)]
    about = [text for (text,) in ask(path, "SELECT text FROM about")]
    assert made.sheet.title in about and (made.sheet.watermark or made.sheet.stamp) in about


@pytest.mark.parametrize("edition", ["county", "public"])
def test_positions_are_no_finer_than_the_edition(tmp_path, told, edition):
    made = told(edition)
    path = write_geopackage(tmp_path / "x.gpkg", made)
    for name in layers_of(path):
        xy = shapely.get_coordinates(pyogrio.read_dataframe(path, layer=name).geometry.to_numpy())
        steps = xy * 10**made.edition.decimals
        assert len(xy) and np.abs(steps - np.round(steps)).max() < 1e-6, name
        assert xy[:, 0].min() > 104 and xy[:, 1].max() < 36
    if edition == "public":
        assert pyogrio.read_info(path, layer="forest")["geometry_type"] == "Point"


@pytest.mark.parametrize(("edition", "lang"), EDITIONS)
def test_styles_are_the_maps_and_name_columns_that_exist(tmp_path, told, edition, lang):
    made = told(edition, lang)
    path = write_geopackage(tmp_path / "x.gpkg", made)
    found = qmls(path)
    assert {layer for layer, _, default, _ in found if default} == set(layers_of(path))
    assert sum(default for _, _, default, _ in found) == len(layers_of(path))
    breaks = {theme["column"]: theme["breaks"] for theme in themes_of(made)}
    for layer, _, _, root in found:
        fields = set(pyogrio.read_info(path, layer=layer)["fields"])
        renderer = root.find("renderer-v2")
        value = renderer.get("attr")
        used = set(re.findall(r'"(\w+)"', value)) if '"' in value else {value}
        assert used <= fields, (layer, value)
        symbols = {symbol.get("name") for symbol in renderer.find("symbols")}
        parts = (
            renderer.find("ranges")
            if renderer.get("type") == "graduatedSymbol"
            else renderer.find("categories")
        )
        assert {part.get("symbol") for part in parts} <= symbols
        assert {alias.get("field") for alias in root.iter("alias")} <= fields
        if layer in made.places:
            column = next(name for name in used if name != "shown")
            ends = [float(part.get("upper")) for part in parts if float(part.get("lower")) >= 0][:-1]
            assert ends == breaks[column][layer]
            assert root.find("labeling/settings/text-style").get("fieldName") == "name"
    first = {layer: root.find("renderer-v2").get("type") for layer, _, default, root in found if default}
    assert first["township"] == "graduatedSymbol" and first["forest"] == "categorizedSymbol"


def colour_of(root, row):
    """The colour that a graduated style gives a row, worked out as QGIS does."""
    if row["shown"] == 0:
        value = styles._HIDDEN_VALUE
    else:
        value = row["gain_per_head_mean"]
        value = styles._NO_VALUE if np.isnan(value) else value
    renderer = root.find("renderer-v2")
    for part in renderer.find("ranges"):
        if float(part.get("lower")) <= value <= float(part.get("upper")):
            symbol = next(s for s in renderer.find("symbols") if s.get("name") == part.get("symbol"))
            red, green, blue, _ = next(
                p.get("v") for p in symbol.iter("prop") if p.get("k") == "color"
            ).split(",")
            return f"#{int(red):02x}{int(green):02x}{int(blue):02x}"
    return None


def test_places_wear_the_colours_of_the_map(tmp_path, told):
    made = told("public")
    path = write_geopackage(tmp_path / "x.gpkg", made)
    root = next(root for layer, _, default, root in qmls(path) if layer == "village" and default)
    breaks = next(theme["breaks"]["village"] for theme in themes_of(made) if theme["key"] == "per_head")
    seen = set()
    for _, row in pyogrio.read_dataframe(path, layer="village").iterrows():
        value = row["gain_per_head_mean"]
        place = sum(value > bound for bound in breaks)
        wanted = styles.HIDDEN if np.isnan(value) else styles.ramp(place, breaks)
        assert colour_of(root, row) == wanted
        seen.add(wanted)
    assert styles.HIDDEN in seen and len(seen) > 3


def test_colours_are_those_of_the_page():
    page = (ASSETS / "colours.js").read_text("utf-8")
    ramps = {
        key: tuple(re.findall("#[0-9a-f]{6}", line)) for key, line in re.findall(r"(\w+): \[(.*?)\]", page)
    }
    assert ramps and {**ramps, "total": ramps["per_head"]} == dict(styles.RAMPS)
    named = dict(re.findall(r'(\w+)\s*[=:] "(#[0-9a-f]{6})"', page))
    assert {name: named[name] for name in styles.SITES} == styles.SITES
    for name in ("HIDDEN", "NOBODY", "LOSS", "LOSS_LINE", "DOT"):
        assert named[name] == getattr(styles, name)


def test_losses_are_hatched_and_hidden_places_dotted(tmp_path, told):
    found = qmls(write_geopackage(tmp_path / "x.gpkg", told("public")))
    root = next(root for layer, _, default, root in found if layer == "village" and default)
    patterns = [
        [prop.get("v") for prop in symbol.iter("prop") if prop.get("k") == "style"]
        for symbol in root.find("renderer-v2/symbols")
    ]
    assert patterns[:4] == [["solid", "dense7"], ["solid"], ["solid", "f_diagonal"], ["solid"]]


def test_nothing_deleted_and_no_hand_or_clock_is_left_inside(tmp_path, told, toy_project):
    one = write_geopackage(tmp_path / "a.gpkg", told())
    two = write_geopackage(tmp_path / "b.gpkg", told())
    assert sha256(one) == sha256(two)
    assert ask(one, "PRAGMA integrity_check") == [("ok",)]
    assert ask(one, "PRAGMA freelist_count") == [(0,)]
    assert {when for (when,) in ask(one, "SELECT last_change FROM gpkg_contents")} == {
        "2000-01-01T00:00:00.000Z"
    }
    assert {owner for (owner,) in ask(one, "SELECT owner FROM layer_styles")} == {""}
    whole = one.read_bytes()
    for column in ("household_id", "head_name", "id_number", "phone"):
        assert not any(str(value).encode() in whole for value in toy_project.households[column])
    assert sorted(path.name for path in tmp_path.glob("*gpkg*")) == ["a.gpkg", "b.gpkg"]


def test_what_the_household_edition_knows_is_in_no_layer(tmp_path, told):
    assert "household" not in layers_of(write_geopackage(tmp_path / "x.gpkg", told("household")))


@pytest.mark.parametrize("seed", range(0, len(HOSTILE), 7))
def test_hostile_texts_stay_texts(tmp_path, told, toy_project, seed):
    project = planted(toy_project, seed=seed)
    path = write_geopackage(tmp_path / "x.gpkg", told(project=project))
    names = pyogrio.read_dataframe(path, layer="village")["name"]
    assert list(names) == [as_shown(name) for name in project.villages.sort_values("code")["name"]]
    species = pyogrio.read_dataframe(path, layer="forest")["species"]
    assert sorted(species) == sorted(map(as_shown, project.forest_plots["species"]))
    for _, _, _, root in qmls(path):
        assert root.tag == "qgis" and root.find("mapTip").text.startswith("[% replace(replace(")


def test_places_known_as_points_or_not_at_all(tmp_path, told, toy_project):
    tables = dict(toy_project.tables)
    villages = tables["villages"]
    shapes = villages.geometry.to_numpy().astype(object)
    shapes[:5] = shapely.centroid(shapes[:5])
    shapes[5] = None
    tables["villages"] = villages.set_geometry(gpd.GeoSeries(shapes, crs=villages.crs, index=villages.index))
    path = write_geopackage(tmp_path / "x.gpkg", told(project=replace(toy_project, tables=tables)))
    assert pyogrio.read_info(path, layer="village")["features"] == 7
    points = pyogrio.read_dataframe(path, layer="village_point")
    assert len(points) == 5 and (points.geometry.geom_type == "Point").all()
    symbol = next(root.find(".//symbol") for layer, _, _, root in qmls(path) if layer == "village_point")
    assert symbol.get("type") == "marker"


def test_a_release_without_numbers_still_has_names(tmp_path, toy_project):
    path = write_geopackage(tmp_path / "x.gpkg", release(toy_project, edition="public", key=KEY, today=TODAY))
    assert list(pyogrio.read_dataframe(path, layer="township")["name"]) == ["甲川镇", "乙川镇", "丙川镇"]
    assert WORDS["township"].zh in [name for layer, name, _, _ in qmls(path) if layer == "township"]
