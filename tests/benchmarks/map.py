"""A map of 20,000 points and 3,000 polygons in one file: ours beside folium's GeoJson and geopandas.explore.

Built and opened three times each, in turn, in Chromium with the network cut. The peers are measured
as they come: what they cannot fetch they cannot draw, and the table says so. `explore` needs
matplotlib and mapclassify, which are no dependencies of ours; without them its row says that.

    python tests/benchmarks/map.py
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import folium
import geopandas as gpd
import numpy as np
import shapely
from measuring import RUNS, print_table
from playwright.sync_api import sync_playwright

from eco.files import write_text
from eco.sharing.maps import layers
from eco.sharing.maps.page import sealed_page

POINTS, POLYGONS, SIDE_M = 20_000, 3_000, 141_000.0
CORNER = np.array([400_000.0, 3_850_000.0])
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]


def made_up(seed: int = 1) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Villages (Voronoi outlines) and households clustered in them, with gains out of a hat."""
    rng = np.random.default_rng(seed)
    centres = CORNER + rng.uniform(0, SIDE_M, (POLYGONS, 2))
    frame = shapely.box(*CORNER, *(CORNER + SIDE_M))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=frame))
    outlines = shapely.segmentize(shapely.intersection(cells, frame), 800)
    villages = gpd.GeoDataFrame(_gains(rng, POLYGONS, "V"), geometry=outlines, crs="EPSG:4544")
    spots = centres[rng.integers(0, POLYGONS, POINTS)] + rng.normal(0, 600, (POINTS, 2))
    homes = gpd.GeoDataFrame(_gains(rng, POINTS, "H"), geometry=shapely.points(spots), crs="EPSG:4544")
    return villages, homes


def _gains(rng: np.random.Generator, rows: int, letter: str) -> dict:
    mean = rng.gamma(2, 900, rows)
    return {
        "name": [f"{letter}{number:05d}" for number in range(rows)],
        "persons": rng.integers(1, 8, rows),
        "gain_yuan_mean": mean,
        "gain_yuan_p10": mean * 0.6,
        "gain_yuan_p90": mean * 1.5,
    }


def ours(villages: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, path: Path) -> None:
    """Villages as the township level, so that both layers stand when the page opens."""
    places = villages.assign(shown=True, parent=-1, basis=4)
    for end in ("mean", "p10", "p90"):
        places[f"gain_per_head_{end}"] = places[f"gain_yuan_{end}"] / places["persons"]
    level = layers.place_layer(places, decimals=5, tolerance_m=40.0)
    nowhere = layers.place_layer(places.iloc[:0], decimals=5, tolerance_m=40.0)
    xy = shapely.get_coordinates(homes.geometry.to_numpy())
    marks = homes.drop(columns="geometry").rename(columns={"name": "id"})
    marks = layers.in_walking_order(marks.assign(x=xy[:, 0], y=xy[:, 1], basis=4))
    points = layers.point_layer(marks, decimals=5)
    points["breaks"] = {"gain_per_head_mean": layers.class_breaks(marks["gain_yuan_mean"].to_numpy())}
    none = layers.point_layer(marks.iloc[:0], decimals=5)
    payload = {
        "lang": "zh", "edition": "county", "words": layers.words("zh"), "project": "toy", "heading": "toy",
        "label": "toy", "stamp": "", "notes": ["toy"], "year": 2020, "sharp": 5,
        "bounds": layers.degree_bounds(villages.geometry), "households": points,
        "places": {"county": nowhere, "township": level, "village": nowhere},
        "sites": {"forest": none, "juncao": none, "bees": none},
    }  # fmt: skip
    write_text(path, sealed_page(payload, title="toy", lang="zh"))


def folium_geojson(villages: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, path: Path) -> None:
    fields = ["name", "persons", "gain_yuan_mean", "gain_yuan_p10", "gain_yuan_p90"]
    chart = folium.Map(location=[35.2, 104.6], zoom_start=8, prefer_canvas=True)
    folium.GeoJson(villages.to_crs(4326), tooltip=folium.GeoJsonTooltip(fields)).add_to(chart)
    folium.GeoJson(
        homes.to_crs(4326), marker=folium.CircleMarker(radius=3), tooltip=folium.GeoJsonTooltip(fields)
    ).add_to(chart)
    chart.save(str(path))


def explore(villages: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, path: Path) -> None:
    chart = villages.explore(column="gain_yuan_mean", prefer_canvas=True)
    homes.explore(m=chart, column="gain_yuan_mean", prefer_canvas=True).save(str(path))


METHODS = {"eco": ours, "folium GeoJson": folium_geojson, "geopandas.explore": explore}
# Households are off until asked for; the double frame waits for the canvas to be painted.
DRAW = """() => new Promise((done) => {
    if (window.eco) eco.toggle("households", true);
    requestAnimationFrame(() => requestAnimationFrame(() => done(
        document.querySelectorAll(".leaflet-overlay-pane canvas, .leaflet-overlay-pane path").length)));
})"""


def opened(browser, path: Path) -> tuple[float, int, set[str]]:
    """Seconds until everything that can be drawn is, canvases on the sheet, hosts asked."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    began = time.perf_counter()
    page.goto(path.as_uri())
    drawn = page.evaluate(DRAW)
    seconds = time.perf_counter() - began
    context.close()
    outside = [url for url in asked if url.startswith("http")]
    return seconds, drawn, {urlsplit(url).netloc + f" ({len(outside)})" for url in outside}


def main() -> None:
    villages, homes = made_up()
    built, loaded, notes = defaultdict(list), defaultdict(list), {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for _ in range(RUNS):
            for name, method in METHODS.items():
                path = Path(folder) / f"{name}.html"
                began = time.perf_counter()
                try:
                    method(villages, homes, path)
                except ImportError as missing:
                    notes[name] = ("-", "-", str(missing).splitlines()[0])
                    continue
                built[name].append(time.perf_counter() - began)
                seconds, drawn, hosts = opened(browser, path)
                loaded[name].append(seconds)
                asked = f"asks {len(hosts)} hosts" if hosts else "asks nobody"
                size = f"{path.stat().st_size / 1e6:.2f}"
                notes[name] = (size, "yes" if drawn else "nothing", asked)
        browser.close()
    rows = []
    for name in METHODS:
        size, drawn, asked = notes[name]
        times = (median(built[name]), median(loaded[name])) if built[name] else ("-", "-")
        rows.append((name, size, *times, drawn, asked))
    print_table(
        f"{POINTS:,} points, {POLYGONS:,} polygons, network cut, medians of {RUNS}",
        ("method", "MB", "built s", "opened s", "drawn", "network"),
        rows,
    )


if __name__ == "__main__":
    main()
