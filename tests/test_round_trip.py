"""A project written as GeoPackage, PostGIS and Excel and read again holds the same tables."""

import string

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_folder import VILLAGES, WEST, apiaries, forest_plots, households, links, write_folder

from eco.problems import DataProblem
from eco.records.project import load_project
from eco.records.written import write_database, write_project

RARE = "㛃𬭎䶮\U0002b5aa\u3007"


def assert_same_tables(project, other, *, exact=True):
    """Equal values, kinds, order and shapes; Excel keeps sixteen digits."""
    assert project.settings == other.settings
    for name, frame in project.tables.items():
        again = other.tables[name]
        plain, plain_again = (
            pd.DataFrame(table.drop(columns="geometry", errors="ignore")) for table in (frame, again)
        )
        pd.testing.assert_frame_equal(plain, plain_again, check_exact=exact, rtol=1e-14)
        if "geometry" in frame:
            assert again.geometry.crs == frame.geometry.crs
            same = shapely.equals_exact(
                *(t.geometry.to_numpy() for t in (frame, again)), 0 if exact else 1e-8
            )
            assert (same | frame.geometry.isna()).all(), name
            assert (again.geometry.isna() == frame.geometry.isna()).all()


def assert_round(project, folder, url):
    """Project -> GeoPackage -> PostGIS -> Excel -> project."""
    write_project(project, folder / "geopackage")
    first = load_project(folder / "geopackage")
    assert_same_tables(project, first)
    write_database(first, url)
    second = load_project(url)
    assert_same_tables(project, second)
    write_project(second, folder / "excel", form="excel")
    last = load_project(folder / "excel")
    assert_same_tables(project, last, exact=False)
    return last


def test_the_example_makes_the_round(tmp_path, postgis):
    project = load_project("data/dingxi")
    last = assert_round(project, tmp_path, postgis)
    assert last.left_out.empty
    assert {"county.gpkg", "county.xlsx"} <= {path.name for path in (tmp_path / "excel").iterdir()}


def test_rare_han_dates_gaps_and_settings_make_the_round(tmp_path, postgis):
    toml = (
        '[project]\nname = "试\\"验\\\\县𬭎"\ndefault_year = 2019\nincome_year = 2017\n[line]\n2020 = 4000.5\n'
        '[tables.apiaries]\ncrs = "EPSG:4544"\n'
    )
    yards = pd.concat([apiaries()] * 3, ignore_index=True).assign(
        蜂场号=["B㛃", "B𬭎", "=1+1"], 清点日期=["2020-05-31", "", "2019-12-01"], 现有群数=["", "17", "0"]
    )
    people = households().assign(户主姓名=["王" + sign for sign in RARE] + ['O\'甲\\n"乙"'])
    plots = forest_plots().assign(树种=[RARE, "<b>杏</b>"], 权属=["国有", ""])
    folder = write_folder(
        tmp_path / "county", toml=toml, apiaries=yards, households=people, forest_plots=plots,
        links=links().assign(地点编号=["F1", "F2", "B𬭎"]),
    )  # fmt: skip
    project = load_project(folder)
    assert project.settings.line_yuan_per_person == {2020: 4000.5}
    assert project.households["head_name"].tolist()[:5] == ["王" + sign for sign in RARE]
    assert project.apiaries["apiary_id"].tolist() == ["B㛃", "B𬭎", "=1+1"]
    assert_round(project, tmp_path, postgis)


def test_writing_again_replaces_and_what_is_written_is_sealed(tmp_path, postgis):
    project = load_project(write_folder(tmp_path / "county"))
    for _ in range(2):
        write_project(project, tmp_path / "written", form="excel")
        write_database(project, postgis)
    assert_same_tables(project, load_project(postgis))
    book = tmp_path / "written" / "county.xlsx"
    book.write_bytes(book.read_bytes()[:-1] + b"\1")
    with pytest.raises(DataProblem, match="E-HASH-01"):
        load_project(tmp_path / "written")


NAMES = st.text(string.ascii_letters + "东坡_=+-@'\"\\<&,;." + RARE, min_size=1, max_size=8)
YUAN = st.integers(100_000, 9_000_000).map(lambda fen: fen / 100)


@st.composite
def registers(draw):
    count = draw(st.integers(1, 12))
    rows = st.lists
    table = households(count).assign(
        **{
            "村代码": draw(rows(st.sampled_from(VILLAGES), min_size=count, max_size=count)),
            "人口": draw(rows(st.integers(1, 9), min_size=count, max_size=count)),
            "劳动力": 0,
            "人均纯收入(元)": draw(rows(YUAN, min_size=count, max_size=count)),
            "工资性收入": draw(rows(st.none() | YUAN, min_size=count, max_size=count)),
            "户主": draw(rows(NAMES, min_size=count, max_size=count)),
            "东坐标": draw(rows(st.floats(WEST, WEST + 1e4), min_size=count, max_size=count)),
            "北坐标": draw(rows(st.floats(3.921e6, 3.929e6), min_size=count, max_size=count)),
        }
    )
    return table, draw(st.booleans())


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=registers())
def test_any_small_register_makes_the_round(tmp_path_factory, postgis, made):
    table, placed = made
    toml = '[tables.apiaries]\ncrs = "EPSG:4544"\n[tables.households]\ncrs = "EPSG:4544"\n'
    folder = tmp_path_factory.mktemp("round")
    table = table if placed else table.drop(columns=["东坐标", "北坐标"])
    none = links().head(0)
    project = load_project(write_folder(folder / "county", toml=toml, households=table, links=none))
    assert_round(project, folder, postgis)
    assert np.isfinite(project.households["income_yuan_per_person"]).all()
