"""A map in one file, ours beside folium, geopandas, lonboard and pydeck with the same content, network cut.

20,000 points, then 200,000, each with 3,000 polygons: size of the file, time to build, time to open in Chromium, what
was drawn and who was asked. Three rounds of 20,000, one of 200,000 (the peers take minutes). The peers are measured as
they come: what they cannot fetch they cannot draw, and the table says so. They stand in an environment of their own.

    python tests/benchmarks/map.py --peers /tmp/peers/bin/python
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import geopandas as gpd
import numpy as np
import shapely

POLYGONS, SIDE_M = 3_000, 141_000.0
ROUNDS = {20_000: 3, 200_000: 1}
CORNER = np.array([400_000.0, 3_850_000.0])
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FIELDS = ["name", "persons", "gain_yuan_mean", "gain_yuan_p10", "gain_yuan_p90"]


def made_up(points: int, seed: int = 1) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Villages (Voronoi outlines) and households clustered in them, with gains out of a hat."""
    rng = np.random.default_rng(seed)
    centres = CORNER + rng.uniform(0, SIDE_M, (POLYGONS, 2))
    frame = shapely.box(*CORNER, *(CORNER + SIDE_M))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=frame))
    outlines = shapely.segmentize(shapely.intersection(cells, frame), 800)
    villages = gpd.GeoDataFrame(_gains(rng, POLYGONS, "V"), geometry=outlines, crs="EPSG:4544")
    spots = centres[rng.integers(0, POLYGONS, points)] + rng.normal(0, 600, (points, 2))
    homes = gpd.GeoDataFrame(_gains(rng, points, "H"), geometry=shapely.points(spots), crs="EPSG:4544")
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
    from eco.sharing.maps.editions import write_map
    from eco.sharing.privacy.editions import edition_named
    from eco.sharing.release import Release, Sheet

    towns = villages.assign(shown=True, parent="621102", basis=4)
    towns.index = [f"6211021{number:05d}" for number in range(len(towns))]
    for end in ("mean", "p10", "p90"):
        towns[f"gain_per_head_{end}"] = towns[f"gain_yuan_{end}"] / towns["persons"]
    county = gpd.GeoDataFrame(
        {"name": ["toy"], "parent": [""]},
        geometry=[shapely.box(*CORNER, *(CORNER + SIDE_M))],
        index=["621102"],
        crs="EPSG:4544",
    )
    xy = shapely.get_coordinates(homes.geometry.to_numpy())
    marks = (
        homes.drop(columns="geometry").rename(columns={"name": "id"}).assign(x=xy[:, 0], y=xy[:, 1], basis=4)
    )
    sites = {name: marks.iloc[:0][["x", "y"]] for name in ("forest", "juncao", "bees")}
    sheet = Sheet("toy", "toy", "toy", "toy", "", "", ("toy",))
    places = {"county": county, "township": towns, "village": towns.iloc[:0]}
    told = Release(edition_named("county"), "zh", 2020, sheet, places, sites, marks)
    write_map(path, told)


def folium_geojson(villages: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, path: Path) -> None:
    import folium

    chart = _folium_villages(villages)
    folium.GeoJson(
        homes.to_crs(4326), marker=folium.CircleMarker(radius=3), tooltip=folium.GeoJsonTooltip(FIELDS)
    ).add_to(chart)
    chart.save(str(path))


def folium_cluster(villages: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, path: Path) -> None:
    """Points as a list of rows that a callback turns into clustered marks with a popup of the same fields."""
    from folium.plugins import FastMarkerCluster

    chart = _folium_villages(villages)
    at = homes.to_crs(4326)
    rows = [
        [point.y, point.x, *values]
        for point, values in zip(at.geometry, at[FIELDS].round(1).to_numpy().tolist())
    ]
    callback = "function (row) { return L.circleMarker([row[0], row[1]], {radius: 3}).bindPopup(row.slice(2).join()); }"
    FastMarkerCluster(rows, callback=callback).add_to(chart)
    chart.save(str(path))


def _folium_villages(villages: gpd.GeoDataFrame):
    import folium

    chart = folium.Map(location=[35.2, 104.6], zoom_start=8, prefer_canvas=True)
    folium.GeoJson(villages.to_crs(4326), tooltip=folium.GeoJsonTooltip(FIELDS)).add_to(chart)
    return chart


def explore(villages: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, path: Path) -> None:
    chart = villages.explore(column="gain_yuan_mean", prefer_canvas=True)
    homes.explore(m=chart, column="gain_yuan_mean", prefer_canvas=True).save(str(path))


def lonboard(villages: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, path: Path) -> None:
    from lonboard import Map, PolygonLayer, ScatterplotLayer

    layers = [
        PolygonLayer.from_geopandas(villages.to_crs(4326)),
        ScatterplotLayer.from_geopandas(homes.to_crs(4326)),
    ]
    Map(layers).to_html(str(path))


def pydeck(villages: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, path: Path) -> None:
    import pydeck as deck

    at = homes.to_crs(4326)
    points = at[FIELDS].assign(lon=at.geometry.x, lat=at.geometry.y)
    layers = [
        deck.Layer("GeoJsonLayer", json.loads(villages.to_crs(4326).to_json()), pickable=True),
        deck.Layer(
            "ScatterplotLayer",
            points,
            get_position=["lon", "lat"],
            get_radius=60,
            get_fill_color=[60, 90, 160],
        ),
    ]
    chart = deck.Deck(
        layers, initial_view_state=deck.ViewState(35.2, 104.6, zoom=8), map_provider=None, tooltip=True
    )
    chart.to_html(str(path), open_browser=False, notebook_display=False)


METHODS = {
    "eco": ours,
    "folium GeoJson": folium_geojson,
    "folium FastMarkerCluster": folium_cluster,
    "geopandas.explore": explore,
    "lonboard": lonboard,
    "pydeck": pydeck,
}
# Households are off until asked for; the double frame waits for the canvas to be painted.
DRAW = """() => new Promise((done) => {
    if (window.eco) eco.toggle("households", true);
    requestAnimationFrame(() => requestAnimationFrame(() => done(
        document.querySelectorAll(".leaflet-overlay-pane canvas, .leaflet-overlay-pane path, canvas").length)));
})"""


def opened(browser, path: Path) -> tuple[float, int, list[str]]:
    """Seconds until everything that can be drawn is, canvases on the sheet, addresses asked."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    page, asked = context.new_page(), []
    page.set_default_timeout(300_000)
    page.on("request", lambda request: asked.append(request.url))
    began = time.perf_counter()
    page.goto(path.as_uri())
    drawn = page.evaluate(DRAW)
    seconds = time.perf_counter() - began
    context.close()
    return seconds, drawn, [url for url in asked if url.startswith(("http", "ws"))]


def build(name: str, points: int, path: Path) -> float:
    """Seconds to write one file, imports with it; ImportError where a peer is not there."""
    villages, homes = made_up(points)
    began = time.perf_counter()
    METHODS[name](villages, homes, path)
    return time.perf_counter() - began


def _built(name: str, points: int, path: Path, peers: str | None) -> float | str:
    """Seconds, or why there is no file."""
    python = sys.executable if name == "eco" else peers or sys.executable
    arguments = [python, __file__, "--build", name, str(points), str(path)]
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1][:60]
    return float(done.stdout.splitlines()[-1])


def table(points: int, peers: str | None) -> None:
    """One table of all ways with this many points."""
    from measuring import print_table
    from playwright.sync_api import sync_playwright

    built, loaded, notes = defaultdict(list), defaultdict(list), {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for _ in range(ROUNDS[points]):
            for name in METHODS:
                path = Path(folder) / f"{name}.html"
                seconds = _built(name, points, path, peers)
                if isinstance(seconds, str):
                    notes[name] = ("-", "-", seconds)
                    continue
                built[name].append(seconds)
                try:
                    taken, drawn, asked = opened(browser, path)
                    loaded[name].append(taken)
                    hosts = {urlsplit(url).netloc for url in asked}
                    network = f"{len(asked)} requests, {len(hosts)} hosts" if asked else "asks nobody"
                except Exception as problem:
                    drawn, network = 0, str(problem).splitlines()[0][:60]
                notes[name] = (f"{path.stat().st_size / 1e6:.2f}", "yes" if drawn else "nothing", network)
                path.unlink()
        browser.close()
    rows = []
    for name in METHODS:
        size, drawn, network = notes[name]
        times = (median(one[name]) if one[name] else "-" for one in (built, loaded))
        rows.append((name, size, *times, drawn, network))
    print_table(
        f"{points:,} points, {POLYGONS:,} polygons, network cut, medians of {ROUNDS[points]}",
        ("method", "MB", "built s", "opened s", "drawn", "network"),
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="a Python that has the peers")
    parser.add_argument("--points", type=int, choices=list(ROUNDS), help="only this many")
    parser.add_argument("--build", nargs=3, metavar=("NAME", "POINTS", "PATH"))
    given = parser.parse_args()
    if given.build:
        name, points, path = given.build
        print(build(name, int(points), Path(path)))
        return
    for points in [given.points] if given.points else ROUNDS:
        table(points, given.peers)


if __name__ == "__main__":
    main()
