"""What several tests share: a made-up county small enough to count by hand, and a real browser."""

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import hypothesis
import numpy as np
import pandas as pd
import psycopg
import pytest
import rasterio
from playwright.sync_api import sync_playwright
from postgis_server import named, running_server
from rasterio.transform import from_origin
from shapely.geometry import Point, box
from told_releases import KEY, TODAY, told_toy

from eco.records.project import Project, Settings
from eco.sharing import ink
from eco.sharing.release import release

# A slow or busy machine is no fault of the code.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

# Files that take longest, the longest first: a worker that came upon one at the end would keep the others waiting.
LONG = (
    *("05-where-to-spend", "test_papers", "test_map", "test_report", "test_numbered_inputs", "test_road"),
    *("test_pictures", "test_matching", "test_map_page", "test_livelihoods", "test_release", "test_locked"),
    *("test_gains", "02-what-each-household-gains", "test_bad_tables", "test_notices", "test_gate"),
    *("test_examples", "test_round_trip", "test_real_walk", "test_database", "test_jupyter", "test_project"),
    *("test_bad_files", "test_printing", "06-show-and-share", "04-add-a-livelihood", "test_drivers"),
    *("03-what-if", "01-look-at-the-data", "test_whole_files", "test_chapters", "test_saturation"),
)


def pytest_collection_modifyitems(items):
    """The long files first; the others in their order."""
    place = {name: at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


ORIGIN = (440_000.0, 3_920_000.0)  # EPSG:4544, inside Dingxi
VILLAGE_M = 4000.0
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class ToyGains:
    """Stands in for `eco.income.gains.Gains`: the same methods over gains written down by hand."""

    exposure: SimpleNamespace
    numbers: SimpleNamespace
    table: pd.DataFrame
    draws: int = 1000
    seed: int = 1

    def households(self, year=2020):
        return self.table.copy()

    def by(self, level, year=2020):
        digits = {"county": 6, "township": 9, "village": 12}[level]
        tail = "000" if level == "township" else ""
        project = self.exposure.project
        places = {"county": project.counties, "township": project.townships, "village": project.villages}
        names = places[level].set_index("code")["name"]
        table = self.table.assign(code=self.table["village_code"].str[:digits] + tail)
        rows = table.groupby("code")
        linked = table["persons"].where(table["linked"], 0).groupby(table["code"]).sum()
        sums = rows[[name for name in table if name.endswith(("_yuan", "_yuan_mean", "_p10", "_p90"))]].sum()
        answer = sums.assign(
            households=rows.size(),
            households_linked=rows["linked"].sum(),
            persons=rows["persons"].sum(),
            persons_linked=linked,
            persons_gaining_mean=linked * 0.8,
        )
        answer["persons_gaining_p10"] = answer["persons_gaining_mean"] * 0.5
        answer["persons_gaining_p90"] = answer["persons_gaining_mean"] * 1.2
        answer.insert(0, "name", names.reindex(answer.index))
        return answer.reset_index()


def _places():
    """Two counties, the first of two townships of four villages each, the second of one of four."""
    townships, villages = [], []
    for column, code in enumerate(("621102101000", "621102102000", "621126101000")):
        west, south = ORIGIN[0] + column * 2 * VILLAGE_M, ORIGIN[1]
        townships.append(
            (code, "甲乙丙"[column] + "川镇", box(west, south, west + 2 * VILLAGE_M, south + 2 * VILLAGE_M))
        )
        for number in range(4):
            x, y = west + number % 2 * VILLAGE_M, south + number // 2 * VILLAGE_M
            name = "甲乙丙"[column] + "东南西北"[number] + "村"
            villages.append((code[:9] + f"20{number}", name, box(x, y, x + VILLAGE_M, y + VILLAGE_M)))
    counties = [
        ("621102", "安定区", box(*ORIGIN, ORIGIN[0] + 4 * VILLAGE_M, ORIGIN[1] + 2 * VILLAGE_M)),
        ("621126", "岷县", townships[2][2]),
    ]
    return tuple(_frame(rows) for rows in (counties, townships, villages))


def _frame(rows):
    frame = gpd.GeoDataFrame(rows, columns=["code", "name", "geometry"], crs="EPSG:4544")
    return frame.assign(
        assumed="no", township_code=frame["code"].str[:9] + "000", county_code=frame["code"].str[:6]
    )


# Households with a link in each of the twelve villages, and without one.
LINKED = (12, 9, 3, 8, 7, 6, 10, 11, 4, 9, 8, 7)
UNLINKED = 3


def _households(villages):
    rows = []
    for village, linked in zip(villages.itertuples(), LINKED):
        for number in range(linked + UNLINKED):
            spot = Point(village.geometry.bounds[0] + 300 + 150 * number, village.geometry.bounds[1] + 900)
            name = f"HH{village.code[3:]}{number:03d}"
            rows.append(
                (
                    name,
                    village.code,
                    3 + number % 3,
                    f"测试户{name}",
                    13_000_000_000 + len(rows),
                    spot,
                    number < linked,
                )
            )
    columns = ["household_id", "village_code", "persons", "head_name", "phone", "geometry", "linked"]
    frame = gpd.GeoDataFrame(rows, columns=columns, crs="EPSG:4544")
    serial = pd.Series(range(len(frame))).astype(str).str.zfill(3)
    frame["id_number"] = frame["village_code"].str[:6] + "19700101" + serial + "X"
    frame["phone"] = frame["phone"].astype(str)
    return frame.assign(
        township_code=frame["village_code"].str[:9] + "000", county_code=frame["village_code"].str[:6]
    )


def _sites(villages, key):
    inside = gpd.GeoDataFrame(
        {
            key: [f"{key[0].upper()}{number:02d}" for number in range(len(villages))],
            "village_code": villages["code"],
            "township_code": villages["township_code"],
            "county_code": villages["county_code"],
            "assumed": ["yes", "no"] * 6,
        },
        geometry=villages.geometry.centroid,
        crs="EPSG:4544",
    )
    return inside


def _tables():
    counties, townships, villages = _places()
    households = _households(villages)
    forest = _sites(villages, "plot_id").assign(
        area_mu=300.0, verified_mu=np.nan, land_class="barren", tenure="collective", species="云杉",
        planted_year=2018, programme="project", funding="", end_year=np.nan,
    )  # fmt: skip
    forest["geometry"] = forest.buffer(700)
    juncao = _sites(villages, "plot_id").assign(
        plot_id=[f"J{number:02d}" for number in range(12)], area_mu=40.5, season=2020,
        seedlings="free", use="fed", land_class="farmland",
    )  # fmt: skip
    juncao["geometry"] = juncao.translate(1200, 800).buffer(200)
    bees = _sites(villages, "apiary_id").assign(
        hives_received=25.0, hives_alive=22.0, started_year=2018, in_programme=["yes"] * 11 + ["no"]
    )
    bees["geometry"] = bees.translate(-900, -700)
    # Everyone linked works on the village's plot; its first six share the yard, its first three the grass.
    order = households.groupby("village_code").cumcount()
    links = [
        pd.DataFrame(
            {
                "household_id": mine["household_id"], "site_id": mine["village_code"].map(ids),
                "livelihood": livelihood, "role": role, "quantity": 5.0, "unit": unit, "year": 2018,
                "recorded": livelihood != "bees",
            }
        )
        for livelihood, role, unit, first, ids in (
            ("forest", "tender", "days", 99, dict(zip(forest["village_code"], forest["plot_id"]))),
            ("bees", "keeper", "hives", 6, dict(zip(bees["village_code"], bees["apiary_id"]))),
            ("juncao", "grower", "mu", 3, dict(zip(juncao["village_code"], juncao["plot_id"]))),
        )
        for mine in [households[households["linked"] & (order < first)]]
    ]  # fmt: skip
    return {
        "counties": counties, "townships": townships, "villages": villages, "households": households,
        "forest_plots": forest, "juncao_plots": juncao, "apiaries": bees,
        "links": pd.concat(links, ignore_index=True), "payments": pd.DataFrame(),
    }  # fmt: skip


def _gain_table(project):
    households = project.households
    links = pd.crosstab(project.links["household_id"], project.links["livelihood"])
    links = links.reindex(households["household_id"], fill_value=0)
    table = pd.DataFrame(
        {
            "household_id": households["household_id"],
            "village_code": households["village_code"],
            "persons": households["persons"],
            "forest_yuan_mean": 900.0 * links["forest"].to_numpy(),
            "juncao_yuan_mean": -50.0 * links["juncao"].to_numpy(),
            "bees_yuan_mean": 2400.0 * links["bees"].to_numpy(),
        }
    )
    table["gain_yuan_mean"] = table[["forest_yuan_mean", "juncao_yuan_mean", "bees_yuan_mean"]].sum(axis=1)
    table["gain_yuan_p10"] = table["gain_yuan_mean"] * 0.6
    table["gain_yuan_p90"] = table["gain_yuan_mean"] * 1.5
    return table.assign(linked=households["linked"], inferred=False)


def _toy_project(folder: Path, **changes) -> Project:
    dem = folder / "elevation.tif"
    columns, rows = np.meshgrid(np.arange(60), np.arange(60))
    heights = 2000 + 150 * np.sin(columns / 5) + 100 * np.cos(rows / 7)
    with rasterio.open(
        dem, "w", driver="GTiff", height=60, width=60, count=1, dtype="float32", crs="EPSG:4544",
        transform=from_origin(ORIGIN[0] - 1000, ORIGIN[1] + 12_000, 500, 500),
    ) as raster:  # fmt: skip
        raster.write(heights.astype("float32"), 1)
    project = Project(
        folder=folder,
        settings=Settings(name="样例县", default_year=2020),
        tables=_tables(),
        findings=(),
        left_out=pd.DataFrame(columns=["table", "where", "code", "reason"]),
        rasters={"elevation": dem},
        inputs={"households.csv": "ab12cd34" * 8},
    )
    return replace(project, **changes)


@pytest.fixture
def toy_project(tmp_path):
    """Twelve villages in three townships; every name, person and number in it is made up."""
    return _toy_project(tmp_path)


@pytest.fixture
def toy_gains():
    """Makes hand-written gains for a toy project."""

    def make(project):
        return ToyGains(
            exposure=SimpleNamespace(project=project, links=project.links),
            numbers=SimpleNamespace(line=lambda year, series: 4000.0),
            table=_gain_table(project),
        )

    return make


@pytest.fixture
def told(toy_project, toy_gains):
    """Makes the release of a project, the toy's unless told, of one key and day."""

    def make(edition="county", lang="zh", project=None):
        project = project or toy_project
        return release(project, gains=toy_gains(project), edition=edition, lang=lang, key=KEY, today=TODAY)

    return make


@pytest.fixture
def toy(toy_project, toy_gains):
    """Makes such a release with totals and drivers by hand."""

    def make(edition="county", lang="zh", project=None, **more):
        project = project or toy_project
        return told_toy(project, toy_gains(project), edition, lang, **more)

    return make


@pytest.fixture
def coarse(monkeypatch):
    """Pictures of few dots, where it is their text that matters: the fine ones take twice as long."""
    monkeypatch.setattr(ink, "DPI", 20)


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, one for the session."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        yield browser
        browser.close()


@dataclass(frozen=True)
class Opened:
    """A page opened with the network cut, with everything it asked for and complained about."""

    page: object
    requests: list
    complaints: list

    def asks(self):
        """Requests beyond the file itself and what it carries inside."""
        return [url for url in self.requests[1:] if not url.startswith(("data:", "blob:"))]


@pytest.fixture
def open_page(chromium):
    """Opens a file in Chromium, offline; the window is 1280 x 800 unless told."""
    contexts = []

    def open_(path, *, width=1280, height=800):
        context = chromium.new_context(offline=True, viewport={"width": width, "height": height})
        contexts.append(context)
        page, requests, complaints = context.new_page(), [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on(
            "console",
            lambda message: message.type in ("error", "warning") and complaints.append(message.text),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(Path(path).resolve().as_uri())
        page.wait_for_timeout(300)
        return Opened(page, requests, complaints)

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def postgis_server():
    """The address of a PostgreSQL server of our own."""
    with running_server() as url:
        yield url


@pytest.fixture
def postgis(postgis_server):
    """The address of an empty database with PostGIS."""
    name = f"county_{uuid.uuid4().hex}"
    with psycopg.connect(postgis_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template_gis')
    return named(postgis_server, name)
