"""A county's PostGIS read as its folder would be, and every way it can be wrong said in one sentence."""

import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest
from psycopg import sql
from shapely.geometry import Point
from small_folder import (
    apiaries,
    counties,
    forest_plots,
    households,
    links,
    townships,
    villages,
    write_folder,
)
from typer.testing import CliRunner

from eco.cli import app
from eco.problems import DataProblem
from eco.records.project import load_project
from eco.records.written import write_database

RARE = "㛃村𬭎"


def fill(url, name, table, *, schema="public", srid=4544, key=None):
    """A table as a bureau's own programs would make it: text and numbers, no order, perhaps no key."""
    spatial = isinstance(table, gpd.GeoDataFrame)
    kinds = {
        column: "double precision" if table[column].dtype.kind in "fi" else "text" for column in table.columns
    }
    if spatial:
        kinds["geometry"] = f"geometry(Geometry, {srid})"
    with psycopg.connect(url) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        columns = [sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(kind)) for c, kind in kinds.items()]
        columns += [sql.SQL("PRIMARY KEY ({})").format(sql.Identifier(key))] if key else []
        place = sql.Identifier(schema, name)
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(place, sql.SQL(", ").join(columns)))
        shapes = [f"SRID={srid};{shape.wkt}" for shape in table.geometry] if spatial else []
        table = pd.DataFrame(table).assign(geometry=shapes) if spatial else table
        marks = sql.SQL(", ").join(sql.Placeholder() * len(kinds))
        insert = sql.SQL("INSERT INTO {} VALUES ({})").format(place, marks)
        connection.cursor().executemany(
            insert, table.astype(object).where(table.notna(), None).to_numpy().tolist()
        )
    return url


def county(url, **tables):
    """The made-up county as tables of a database; None leaves one out."""
    yards = gpd.GeoDataFrame(
        apiaries().drop(columns=["x", "y"]),
        geometry=gpd.points_from_xy(apiaries()["x"], apiaries()["y"]),
        crs="EPSG:4544",
    )
    made = {
        "counties": counties(), "townships": townships(), "villages": villages(), "households": households(),
        "forest_plots": forest_plots(), "apiaries": yards, "links": links(), **tables,
    }  # fmt: skip
    for name, table in made.items():
        if table is not None:
            fill(url, name, table)
    return url


def run(url, *statements):
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def errors(url):
    with pytest.raises(DataProblem) as problem:
        load_project(url)
    return [finding for finding in problem.value.findings if finding.level == "error"]


def test_a_database_is_the_same_project_as_its_folder(tmp_path, postgis):
    here = load_project(write_folder(tmp_path / "county"))
    there = load_project(county(postgis))
    for name, frame in here.tables.items():
        pd.testing.assert_frame_equal(frame, there.tables[name])
    assert set(there.inputs) >= {"public.households", "public.forest_plots"}
    assert len(set(there.inputs.values())) == len(there.inputs)
    assert there.inputs == load_project(postgis).inputs


def test_tables_are_known_by_chinese_names_views_and_other_schemas(postgis):
    county(postgis, households=None, forest_plots=None)
    fill(postgis, "花名册", households().assign(户主=RARE), schema="fupin")
    fill(postgis, "plots_2020", forest_plots())
    run(postgis, 'CREATE VIEW "小班" AS SELECT * FROM plots_2020')
    project = load_project(postgis)
    assert set(project.households["head_name"]) == {RARE}
    assert project.forest_plots["plot_id"].tolist() == ["F1", "F2"]


@pytest.mark.parametrize(("srid", "moved_m"), [(4544, 0), (4523, 0), (4490, 0), (4326, 1)])
def test_the_srid_gives_the_system(postgis, srid, moved_m):
    plots = forest_plots().to_crs(srid)
    county(postgis, forest_plots=None)
    fill(postgis, "forest_plots", plots, srid=srid)
    moved = load_project(postgis).forest_plots.geometry.centroid.distance(forest_plots().geometry.centroid)
    assert moved.max() <= moved_m + 1e-3


def test_rows_come_by_primary_key_and_are_called_by_it(postgis):
    shuffled = households().sample(frac=1, random_state=1).assign(人口=0)
    county(postgis, households=None)
    fill(postgis, "households", pd.concat([shuffled, households(8)[6:]]), key="户编号")
    project = load_project(postgis)
    gone = project.left_out.query("table == 'households'")
    assert gone["where"].tolist() == [f"public.households 户编号=H{n:04}" for n in range(6)]
    assert project.households["household_id"].tolist() == ["H0006", "H0007"]
    assert {finding.cell for finding in project.findings} == {""}


def test_a_key_that_is_an_id_number_is_never_told(postgis):
    table = households().assign(证件=[f"62242119900101{n:04}" for n in range(6)], 人口=[0, 4, 4, 4, 4, 4])
    county(postgis, households=None)
    fill(postgis, "households", table, key="证件")
    project = load_project(postgis)
    said = " ".join(f.sentence() + f.where for f in project.findings) + project.left_out.to_string()
    assert "证件=62***" in said and "6224211990" not in said


def test_types_of_a_database_read_as_cells_do(postgis):
    county(postgis, apiaries=None)
    run(
        postgis,
        "CREATE TABLE apiaries (蜂场号 text, 村代码 bigint, 箱数 numeric, 现有群数 real, 起始年度 smallint, "
        "清点日期 date, 是否项目 boolean, photo bytea, geom geography(Point, 4326))",
        "INSERT INTO apiaries VALUES ('B1', 621126101201, 20.00, 'NaN', 2019, '2020-05-31', false, 'x', "
        "ST_SetSRID(ST_MakePoint(104.51, 35.45), 4326)), "
        "('B2', 621126101201, 20, 17, 2019, NULL, true, NULL, 'SRID=4326;POINT(104.51 35.46)')",
    )
    yards = load_project(postgis).apiaries
    assert yards["village_code"].tolist() == ["621126101201"] * 2
    assert np.isnan(yards["hives_alive"][0]) and yards["hives_alive"][1] == 17
    assert yards["count_date"].tolist() == [pd.Timestamp("2020-05-31"), pd.NaT]
    assert yards["in_programme"].tolist() == ["no", "yes"]
    assert yards.geometry[0].distance(yards.geometry[1]) == pytest.approx(1109.6, abs=1)  # 0.01 degrees north


def test_points_may_stand_in_columns(postgis):
    county(postgis, apiaries=apiaries())
    run(postgis, "CREATE TABLE project_toml (toml text)")
    run(
        postgis,
        'INSERT INTO project_toml VALUES (E\'[project]\\nname = "㛃县"\\n[tables.apiaries]\\ncrs = "EPSG:4544"\')',
    )
    project = load_project(postgis)
    assert project.apiaries.geometry[0] == Point(apiaries()["x"][0], apiaries()["y"][0])
    assert project.settings.name == "㛃县"


@pytest.mark.parametrize(
    "address", ["?host=/nowhere", "x:secret@127.0.0.1:1/x", "u:pa%zzsecret@h/d", "u:s@secret@h.invalid/d"]
)
def test_no_answer_is_one_sentence_without_the_password(address):
    for start in ("postgresql://", "postgres://"):
        found = errors(start + address)
        assert [finding.code for finding in found] == ["E-DB-01"]
        assert "secret" not in found[0].sentence("zh") + found[0].sentence("en")


def test_a_wrong_name_or_user_is_one_sentence(postgis):
    for url in (postgis.replace("/county_", "/nothing_"), postgis.replace("eco@", "nobody@")):
        assert [finding.code for finding in errors(url)] == ["E-DB-01"]


def test_a_missing_table_names_its_neighbours(postgis):
    county(postgis, households=None)
    fill(postgis, "househols", households())
    (found,) = errors(postgis)
    assert (found.code, found.table) == ("E-DB-02", "households")
    assert "househols" in found.found and "花名册" in found.expected.zh


def test_two_tables_of_one_meaning_are_asked_about_unless_one_is_on_the_path(postgis):
    county(postgis, households=households().assign(人口=3))
    fill(postgis, "花名册", households())
    (found,) = errors(postgis)
    assert found.code == "E-DB-03" and found.found == "public.households、public.花名册"
    run(postgis, "CREATE SCHEMA old", 'ALTER TABLE "花名册" SET SCHEMA old')
    assert set(load_project(postgis).households["persons"]) == {3}
    path = postgis + "&options=-csearch_path%3Dold,public"
    assert [finding.code for finding in errors(path)] == ["E-DB-03"]


def test_no_geometry_column_is_one_doubt(postgis):
    county(postgis, forest_plots=pd.DataFrame(forest_plots().drop(columns="geometry")))
    project = load_project(postgis)
    told = [finding for finding in project.findings if finding.code == "E-DB-04"]
    assert [finding.level for finding in told if finding.table == "forest_plots"] == ["doubt"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("ALTER TABLE forest_plots ADD COLUMN centre geometry(Point, 4544)", "E-DB-05"),
        ("SELECT UpdateGeometrySRID('forest_plots', 'geometry', 0)", "E-DB-06"),
        ("SELECT UpdateGeometrySRID('forest_plots', 'geometry', 2412)", "E-CRS-04"),
        ("SELECT UpdateGeometrySRID('forest_plots', 'geometry', 3857)", "E-CRS-03"),
        ('ALTER TABLE forest_plots RENAME COLUMN "树种" TO "某列"', "E-COL-01"),
    ],
)
def test_what_makes_one_table_unusable_is_told_of_it_alone(postgis, change, code):
    run(county(postgis), change)
    assert [(finding.code, finding.table) for finding in errors(postgis)] == [(code, "forest_plots")]


def test_a_table_that_may_not_be_read_is_told(postgis):
    county(postgis)
    name = postgis.rpartition("/county_")[2].partition("?")[0]
    run(postgis, f'CREATE ROLE "r{name}" LOGIN', f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "r{name}"')
    run(postgis, f'REVOKE SELECT ON links FROM "r{name}"')
    found = errors(postgis.replace("eco@", f"r{name}@"))
    assert [(finding.code, finding.table) for finding in found] == [("E-DB-07", "links")]


def test_reading_changes_nothing_even_through_a_view_that_would(postgis):
    county(postgis, forest_plots=None)
    fill(postgis, "plots", forest_plots())
    run(
        postgis,
        "CREATE FUNCTION wipe() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN DELETE FROM plots; RETURN true; END$$",
        "CREATE VIEW forest_plots AS SELECT * FROM plots WHERE wipe()",
    )
    assert [finding.code for finding in errors(postgis)] == ["E-DB-07"]
    with psycopg.connect(postgis) as connection:
        assert connection.execute("SELECT count(*) FROM plots").fetchone() == (2,)


def test_writing_spares_tables_that_are_not_ours_and_writes_all_or_nothing(tmp_path, postgis):
    project = load_project(write_folder(tmp_path / "county"))
    run(postgis, "CREATE TABLE links (theirs text)", "INSERT INTO links VALUES ('kept')")
    with pytest.raises(DataProblem, match="E-DB-08"):
        write_database(project, postgis, schema="public")
    with psycopg.connect(postgis) as connection:
        assert connection.execute("SELECT * FROM links").fetchall() == [("kept",)]
        assert connection.execute("SELECT to_regclass('public.households')").fetchone() == (None,)
    write_database(project, postgis)
    with psycopg.connect(postgis) as connection:
        query = "SELECT count(*), min(ST_SRID(geometry)), max(ST_SRID(geometry)) FROM eco.forest_plots"
        assert connection.execute(query).fetchone() == (2, 4544, 4544)


def test_without_psycopg_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert [finding.code for finding in errors("postgresql:///x")] == ["E-DB-09"]


def eco(*words):
    return CliRunner().invoke(app, words)


def test_eco_check_takes_an_address(postgis):
    county(postgis)
    clean = eco("check", postgis)
    assert clean.exit_code == 0, clean.output
    run(postgis, 'UPDATE households SET "人口" = 99 WHERE "户编号" = \'H0001\'')
    faulty = eco("check", postgis)
    assert faulty.exit_code == 1 and "E-NUM-02" in faulty.output and "public.households" in faulty.output


def test_eco_check_of_a_wrong_address_is_a_sentence_and_exit_2():
    command = [sys.executable, "-m", "eco.cli", "check", "postgresql://u:secret@127.0.0.1:1/county"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "E-DB-01" in done.stdout
    assert "Traceback" not in done.stderr and "secret" not in done.stdout + done.stderr


def test_households_gain_is_estimated_from_a_database(tmp_path, postgis):
    county(postgis)
    done = eco("estimate", postgis, "--out", str(tmp_path / "out"), "--draws", "50")
    assert done.exit_code == 0, done.output
    assert len(pd.read_parquet(tmp_path / "out" / "households.parquet")) == 6
