"""Inputs that cannot carry their estimate: each gives a finding that names it and a way out, and never a NaN."""

import numpy as np
import pytest
from small_projects import SOUTH, WEST, dingxi, link_row, small_project
from test_forage import write_cover
from test_terrain import write_raster

from eco.income import cautions as room
from eco.income.cautions import cautions
from eco.income.exposure import link
from eco.income.gains import estimate_gains
from eco.parameters.numbers import load_parameters

NUMBERS = load_parameters()
CONIFER, CROP = 1, 12


def told(exposure, year=2020):
    found = cautions(exposure, year)
    for item in found:
        assert item.expected.zh and item.expected.en and item.todo.zh and item.todo.en
        assert item.sentence("zh") != item.sentence("en")
    return {(item.code, item.table, item.where) for item in found}


def all_numbers(exposure, year=2020):
    gains = estimate_gains(exposure, NUMBERS, draws=21, seed=1)
    tables = (gains.households(year), gains.totals(year), gains.by("township", year), exposure.links)
    return all(np.isfinite(table.select_dtypes("number")).all(axis=None) for table in tables)


def test_a_year_before_the_planting_earns_nothing_and_says_so():
    homes = [{"household_id": "H1"}]
    links = [link_row("H1", "F1", "planter", 5, "mu", 2018), link_row("H1", "B1", "keeper", 5, "hives", 2019)]
    project = small_project(
        households=homes, forest_plots=[{"plot_id": "F1"}], juncao_plots=[{"plot_id": "J1"}],
        apiaries=[{"apiary_id": "B1", "started_year": 2019}], links=links,
    )  # fmt: skip
    exposure = link(project, NUMBERS)
    assert told(exposure, 2017) == {
        ("E-EST-11", "forest_plots", "F1"), ("E-EST-11", "juncao_plots", "J1"), ("E-EST-11", "apiaries", "B1")
    }  # fmt: skip
    assert ("E-EST-11", "apiaries", "B1") in told(exposure, 2018) and not told(exposure, 2020)
    gains = estimate_gains(exposure, NUMBERS, draws=21, seed=1)
    assert gains.totals(2017).loc["gain_yuan", "mean"] == 0 and all_numbers(exposure, 2017)


@pytest.mark.parametrize("nodata", [None, -9999.0])
def test_a_plot_the_elevation_does_not_cover_is_named(tmp_path, nodata):
    path = tmp_path / "dem.tif"
    write_raster(
        path, np.full((100, 100), 1900.0) + np.arange(100),
        crs="EPSG:4544", west=WEST - 1500, north=SOUTH + 1500, cell=30.0, nodata=nodata,
    )  # fmt: skip
    plots = [{"plot_id": "F1"}, {"plot_id": "F2", "east": 50_000.0}]
    project = small_project(
        households=[{"household_id": "H1"}], forest_plots=plots, rasters={"elevation": path}
    )
    exposure = link(project, NUMBERS)
    assert told(exposure) == {("E-EST-12", "forest_plots", "F2")}
    assert all_numbers(exposure)


def test_a_yard_without_flowers_or_outside_the_cover_is_named_and_earns_a_number(tmp_path):
    codes = np.full((80, 80), CROP)
    codes[:, 30:] = CONIFER
    yards = [
        {"apiary_id": "B1"},
        {"apiary_id": "B2", "east": -12_000.0},
        {"apiary_id": "B3", "east": 90_000.0},
    ]
    project = small_project(
        households=[{"household_id": "H1"}], apiaries=yards, links=[link_row("H1", "B1", "keeper", 5, "hives", 2018)],
        rasters={"land_cover": write_cover(tmp_path / "cover.tif", codes)},
    )  # fmt: skip
    exposure = link(project, NUMBERS)
    assert told(exposure) == {("E-EST-13", "apiaries", "B1"), ("E-EST-13", "apiaries", "B3")}
    assert all_numbers(exposure)


def test_a_household_without_a_worker_that_is_booked_is_named():
    homes = [{"household_id": "H0", "workers": 0.0}, {"household_id": "H1"}]
    links = [link_row(home, "F1", "planter", 5, "mu", 2018) for home in ("H0", "H1")]
    exposure = link(small_project(households=homes, forest_plots=[{"plot_id": "F1"}], links=links), NUMBERS)
    assert told(exposure, 2018) == {("E-EST-14", "households", "H0")}
    (finding,) = cautions(exposure, 2018)
    assert "workers 0, 45 days asked, 0 free" in finding.found
    assert not told(exposure, 2020) and all_numbers(exposure, 2018)


def test_what_goes_beyond_the_shown_is_counted(monkeypatch):
    monkeypatch.setattr(room, "SHOWN", 2)
    plots = [{"plot_id": f"F{number}", "planted_year": 2019} for number in range(5)]
    found = cautions(link(small_project(forest_plots=plots), NUMBERS), 2018)
    assert [item.where for item in found] == ["F0", "F1", ""] and "3" in found[-1].found


def test_the_example_has_no_plot_outside_its_raster():
    assert not [item for item in cautions(dingxi().exposure) if item.code == "E-EST-12"]
