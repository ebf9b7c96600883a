"""Who is near what: walked where the terrain is known, straight where it is not, and which of both is said."""

from dataclasses import replace

import numpy as np
import pytest
from small_projects import SOUTH, WEST, dingxi, small_project
from test_terrain import write_raster

from eco.income.exposure import link
from eco.income.sites import ground_report, plots_on_ground
from eco.parameters.numbers import load_parameters

NUMBERS = load_parameters()
SIZE, CELL = 640, 30.0
LEFT, TOP = WEST - 9600.0, SOUTH + 9600.0  # the raster's middle is the corner of the small county


def ground(path, heights, cell=CELL):
    write_raster(path, heights, crs="EPSG:4544", west=LEFT, north=TOP, cell=cell)
    return {"elevation": path}


def two_homes(rasters):
    """A grass plot with a household west of it and one east of it, equally far."""
    homes = [
        {"household_id": "H1", "east": -1500.0, "free_days": 60.0},
        {"household_id": "H2", "east": 1500.0, "free_days": 60.0},
    ]
    return small_project(households=homes, juncao_plots=[{"plot_id": "J1", "area_mu": 20.0}], rasters=rasters)


def shares(exposure):
    return exposure.links.query("~recorded").set_index("household_id")["weight"]


def test_without_a_raster_equal_lines_share_equally_and_the_line_is_declared():
    exposure = link(two_homes({}), NUMBERS)
    assert exposure.reach_by == "straight line"
    assert "reach by straight line" in repr(exposure)
    assert shares(exposure)["H1"] == pytest.approx(shares(exposure)["H2"])
    assert set(exposure.untold["why"]) == {"no raster"}


def test_a_household_beyond_a_ridge_gets_less_and_on_level_ground_both_get_the_same(tmp_path):
    columns = np.arange(SIZE) - SIZE / 2
    ridge = 2000 + np.maximum(300 - np.abs(columns - 25) * 15, 0)  # 750 m east, 300 m high
    for name, heights, equal in (("level.tif", np.full(SIZE, 2000.0), True), ("ridge.tif", ridge, False)):
        rasters = ground(tmp_path / name, np.broadcast_to(heights, (SIZE, SIZE)))
        exposure = link(two_homes(rasters), NUMBERS)
        assert exposure.reach_by == "walking time over the terrain"
        taken = shares(exposure)
        if equal:
            assert taken["H1"] == pytest.approx(taken["H2"], rel=0.01)
        else:
            assert taken["H1"] > taken["H2"] * 1.2


def test_a_wide_pixel_or_one_that_does_not_reach_leaves_the_line(tmp_path):
    plain = link(two_homes({}), NUMBERS).links
    wide = ground(tmp_path / "wide.tif", np.random.default_rng(1).uniform(1900, 2300, (200, 200)), cell=100.0)
    write_raster(
        tmp_path / "far.tif", np.full((50, 50), 2000.0), crs="EPSG:4544", west=0, north=SOUTH, cell=30.0
    )
    for rasters in (wide, {"elevation": tmp_path / "far.tif"}):
        exposure = link(two_homes(rasters), NUMBERS)
        assert exposure.reach_by == "straight line"
        assert exposure.links.equals(plain)


def test_the_finer_raster_speaks_first_and_the_wide_one_where_it_is_silent(tmp_path):
    fine = ground(tmp_path / "fine.tif", np.full((SIZE, SIZE), 1800.0) + np.arange(SIZE)[:, None])
    wide = tmp_path / "wide.tif"
    write_raster(wide, np.full((90, 90), 2500.0), crs="EPSG:4544", west=LEFT, north=TOP, cell=1000.0)
    project = small_project(
        forest_plots=[
            {"plot_id": "F1"},
            {"plot_id": "F2", "east": 40_000.0},
            {"plot_id": "F3", "east": -90_000.0},
        ],
        rasters={"elevation": wide, "elevation_fine": fine["elevation"]},
    )
    report = ground_report(project)
    told = report.set_index(["what", "why"])["sites"].to_dict()
    assert told == {
        ("elevation_m", "outside"): 1, ("slope_degrees", "outside"): 1, ("slope_degrees", "too coarse"): 1,
        ("shady_share", "outside"): 1, ("shady_share", "too coarse"): 1,
    }  # fmt: skip
    sites = link(project, NUMBERS).sites["forest"]
    assert sites["aspect_known"].tolist() == [1, 0, 0] and sites["shady_share"].tolist() == [1, 0, 0]
    assert all(report["zh"].str.len()) and all(report["en"].str.contains("cannot tell"))


def test_a_plot_given_as_a_point_says_why_its_slope_and_aspect_are_not_known(tmp_path):
    heights = np.full((SIZE, SIZE), 1800.0)
    rasters = ground(tmp_path / "level.tif", heights)
    project = small_project(forest_plots=[{"plot_id": "F1"}], rasters=rasters)
    table = project.forest_plots.set_geometry(project.forest_plots.centroid)
    pointed = replace(project, tables={**project.tables, "forest_plots": table})
    told = ground_report(pointed).set_index("what")["why"].to_dict()
    assert told == {"shady_share": "level"}
    assert plots_on_ground(pointed, table)["pixel_m"].item() == pytest.approx(CELL, rel=0.01)


def test_the_example_says_where_it_knows_slopes_and_that_its_lines_are_straight():
    exposure = dingxi().exposure
    assert exposure.reach_by == "straight line"
    coarse = exposure.untold.query(
        "what == 'slope_degrees' and why == 'too coarse' and table == 'forest_plots'"
    )
    assert 0 < coarse["sites"].item() < coarse["of"].item()
    assert (exposure.sites["forest"]["slope_known"] > 0).sum() > 50
    assert "slope unknown for" in repr(exposure)
