"""A county's whole folder made from a seed: real places and published totals, everything else made up."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from eco.files import write_text
from eco.phrases import Phrase
from eco.problems import DataProblem, Finding
from eco.records.examples import files as out
from eco.records.examples.ground import (
    NO_COVER,
    NO_HEIGHT,
    Ground,
    county_cells,
    fine_window,
    make_elevation,
    make_land_cover,
    masked,
)
from eco.records.examples.groups import demand, make_groups
from eco.records.examples.links import choose_members, make_links
from eco.records.examples.places import FENGXIANG, Places, make_places
from eco.records.examples.register import make_register
from eco.records.examples.shares import INGREDIENTS, published, read_ingredient
from eco.records.examples.sites import Sites, make_sites
from eco.records.settings import PUBLISHED_FACTS

MARK = "# eco 示例 example"  # first words of project.toml: this folder may be written over
WINDOW_MARGIN_M = 600


def write_example(folder: Path | str, *, households: int | None = None, seed: int = 1) -> Path:
    """Write the example project and return its folder.

    `households` is the size of the made-up register (default about 9,000); the programme's published
    quantities do not change with it. The same seed gives the same bytes. The folder appears whole; an
    older example in it is replaced file by file, other files in it stay.

    Raises DataProblem where the folder holds something that is no example, or where `households` is
    fewer than the published quantities need.
    """
    target = Path(folder)
    _refuse_other(target)
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".eco-", dir=target.absolute().parent))
    try:
        _write_all(draft, households=households, seed=seed)
        _move_in(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def is_example(folder: Path) -> bool:
    """Whether a folder was written by `write_example`."""
    project = folder / "project.toml"
    return project.is_file() and project.read_text(encoding="utf-8", errors="replace").startswith(MARK)


def _refuse_other(target: Path) -> None:
    taken = target.exists() and (not target.is_dir() or any(target.iterdir()))
    if taken and not (target.is_dir() and is_example(target)):
        finding = Finding(
            "example-folder",
            "error",
            "project",
            str(target),
            "",
            "已有其他文件的路径 (something else is there)",
            Phrase("空文件夹、新文件夹或旧的示例", "an empty or new folder, or an older example"),
            Phrase("换一个文件夹名", "name another folder"),
        )
        raise DataProblem([finding])


def _move_in(draft: Path, target: Path) -> None:
    """Take the draft's place; in an older example file by file, project.toml last."""
    draft.chmod(0o755)
    if not target.exists() or not any(target.iterdir()):
        os.replace(draft, target)
        return
    for file in sorted(draft.iterdir(), key=lambda file: file.name == "project.toml"):
        os.replace(file, target / file.name)


def _write_all(folder: Path, *, households: int | None, seed: int) -> None:
    places = make_places(seed)
    elevation = make_elevation(places.counties, seed)
    sites = make_sites(places, elevation, seed=seed)
    groups = make_groups(sites, seed)
    register = make_register(places, demand(groups, places.villages), households=households, seed=seed)
    persons = round(published()["persons_linked"])
    members = choose_members(groups, register, persons_wanted=persons, seed=seed)
    links = make_links(sites, groups, members=members, register=register, seed=seed)
    out.write_places(folder / "counties.geojson", places.counties, assumed="否")
    out.write_places(folder / "townships.geojson", places.townships, assumed="是")
    out.write_places(folder / "villages.geojson", places.villages, assumed="是")
    out.write_register(folder / "households.xlsx", register)
    out.write_forest(folder / "forest_plots.shp", sites.forest)
    out.write_juncao(folder / "juncao_plots.gpkg", sites.juncao)
    out.write_yards(folder / "apiaries.csv", sites.yards)
    out.write_links(folder / "links.csv", links)
    _write_rasters(folder, places, elevation=elevation, sites=sites, seed=seed)
    write_text(folder / "parameters.csv", "name,low,mode,high,source,note\n")
    out.write_facts(folder / PUBLISHED_FACTS, pd.DataFrame(read_ingredient("programme_facts.csv")))
    linked = np.concatenate(members)
    counts = {
        "seed": seed,
        "households": f"{len(register):,}",
        "register_persons": f"{register['persons'].sum():,}",
        "linked_households": f"{len(linked):,}",
        "linked_persons": f"{register['persons'].to_numpy()[linked].sum():,}",
        "links": f"{len(links):,}",
        "forest_plots": len(sites.forest),
        "juncao_plots": f"{len(sites.juncao):,}",
        "yards": int((sites.yards["in_programme"] == "是").sum()),
        "outside_yards": int((sites.yards["in_programme"] == "否").sum()),
    }
    for name, source in (("README.md", "example_readme.md"), ("project.toml", "example_project.toml")):
        text = (INGREDIENTS / source).read_text(encoding="utf-8")
        write_text(folder / name, text.format(**counts))


def _write_rasters(folder: Path, places: Places, *, elevation: Ground, sites: Sites, seed: int) -> None:
    county = county_cells(places.counties, elevation)
    towns = places.villages.loc[places.villages["urban"], ["x", "y"]].to_numpy()
    cover = make_land_cover(elevation, towns, seed=seed)
    heights = masked(elevation, county, empty=NO_HEIGHT)
    out.write_raster(folder / "elevation.tif", elevation, values=heights.astype("int16"), nodata=NO_HEIGHT)
    classes = masked(cover, county, empty=NO_COVER)
    out.write_raster(folder / "land_cover.tif", cover, values=classes.astype("uint8"), nodata=NO_COVER)
    own = sites.forest[sites.forest["village_code"].str.startswith(FENGXIANG[:9])]
    west, south, east, north = own.total_bounds
    edge = WINDOW_MARGIN_M
    fine = fine_window(elevation, (west - edge, south - edge, east + edge, north + edge), seed=seed)
    near = np.round(fine.values, 1).astype("float32")
    out.write_raster(folder / "elevation_fengxiang_30m.tif", fine, values=near, nodata=NO_HEIGHT)
