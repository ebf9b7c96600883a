"""A file is the old one or the new one, never a third: kills, full disks, many writers, one bad byte."""

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from shapely.geometry import Point
from small_folder import forest_plots, write_folder

from eco.files import one_writer, seal_of, seal_path, sha256, whole_file, write_text
from eco.problems import DataProblem
from eco.records.project import load_project

KILLS = 200
LAYER = "points"


def child(program, *arguments, **more):
    """A Python child that runs `program` with the project's own modules."""
    words = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.Popen(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def forked(work):
    """The number of a copy of this process that does some work and ends; a new interpreter takes seconds."""
    worker = os.fork()
    if worker == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return worker


def points(count, mark=0):
    return gpd.GeoDataFrame({"mark": [mark] * count}, geometry=[Point(i, i) for i in range(count)], crs=4544)


def killed(kind, path, kills):
    """The marks found in a file after every kill of its writer."""
    program = Path(__file__).with_name("killed_writers.py")
    command = [sys.executable, program, kind, path, str(kills)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_hundred_kills_leave_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "register.csv"
    found = killed("text", path, KILLS)
    assert len(found) == KILLS and len(set(found)) > KILLS / 4
    write_text(path, "end", sealed=True)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["register.csv", "register.csv.sha256"]


def test_a_geopackage_killed_in_the_middle_is_whole(tmp_path):
    found = killed("layer", tmp_path / "plots.gpkg", 12)
    assert len(found) == 12 and len(set(found)) > 3


def test_eight_writers_on_one_geopackage_lose_nothing(tmp_path):
    path = tmp_path / "yards.gpkg"
    points(1).to_file(path, layer=LAYER, driver="GPKG")

    def append(writer):
        for _ in range(5):
            with one_writer(path):
                points(20, writer).to_file(path, layer=LAYER, driver="GPKG", mode="a")

    writers = [forked(lambda number=number: append(number)) for number in range(1, 9)]
    assert [os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]) for writer in writers] == [0] * 8
    table = pyogrio.read_dataframe(path, layer=LAYER)
    assert table["mark"].value_counts().to_dict() == {0: 1, **dict.fromkeys(range(1, 9), 100)}
    assert [item.name for item in tmp_path.iterdir()] == ["yards.gpkg"]


def test_writers_of_a_whole_file_may_read_the_old_one(tmp_path):
    path = tmp_path / "counts.json"
    write_text(path, "[]")
    program = """
        import json, sys
        from pathlib import Path
        from eco.files import whole_file
        for number in range(25):
            with whole_file(sys.argv[1]) as draft:
                known = json.loads(Path(sys.argv[1]).read_text())
                draft.write_text(json.dumps([*known, [sys.argv[2], number]]))
    """
    for writer in [child(program, path, name) for name in "abcd"]:
        _, told = writer.communicate(timeout=60)
        assert writer.returncode == 0, told
    assert len(json.loads(path.read_text())) == 100


def test_a_writer_that_does_not_end_is_told_of(tmp_path):
    path = tmp_path / "links.csv"
    with one_writer(path), pytest.raises(DataProblem) as problem, one_writer(path, wait_seconds=0.05):
        pass
    assert [item.code for item in problem.value.findings] == ["E-LOCK-01"]
    with one_writer(path, wait_seconds=0.05):
        pass


@pytest.mark.parametrize("kind", ["text", "GPKG", "GeoJSON"])
def test_a_full_disk_leaves_the_old_file(tmp_path, kind):
    path = tmp_path / f"plots.{'csv' if kind == 'text' else kind.lower()}"
    path.write_text("the old one")
    program = """
        import resource, signal, sys
        import geopandas as gpd
        from shapely.geometry import Point
        from eco.files import whole_file, write_text
        from eco.problems import DataProblem
        table = gpd.GeoDataFrame({"mark": range(9000)}, geometry=[Point(i, i) for i in range(9000)], crs=4544)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            if sys.argv[2] == "text":
                write_text(sys.argv[1], "x" * 1_000_000)
            else:
                with whole_file(sys.argv[1]) as draft:
                    table.to_file(draft, driver=sys.argv[2])
        except DataProblem as problem:
            print(problem.findings[0].code)
        except Exception as error:
            print(type(error).__name__)
    """
    worker = child(program, path, kind)
    said, told = worker.communicate(timeout=60)
    assert said.strip() in ("E-DISK-01", "DataSourceError", "DataLayerError", "FeatureError"), (said, told)
    assert path.read_text() == "the old one"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_a_full_disk_is_said_in_a_sentence(tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", mount], check=False).returncode:
        mount = None  # nobody but root may mount; the limit on a file's size says the same
    target = (mount or tmp_path) / "map.html"
    try:
        write_text(target, "the old one", sealed=True)
        with pytest.raises(DataProblem) as problem:
            fill(target, limited=mount is None)
        assert [item.code for item in problem.value.findings] == ["E-DISK-01"]
        assert target.read_text() == "the old one" and seal_of(target) == "whole"
        assert len(list(target.parent.iterdir())) == 2 + (mount is None)
    finally:
        if mount:
            subprocess.run(["umount", mount], check=True)


def fill(target, *, limited):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if limited:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        write_text(target, "x" * 1_000_000, sealed=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)


def test_a_draft_that_does_not_read_back_never_takes_the_place(tmp_path):
    path = tmp_path / "plots.gpkg"
    path.write_text("the old one")

    def reads(draft):
        assert len(pyogrio.read_dataframe(draft)) == 2

    with pytest.raises(pyogrio.errors.DataSourceError), whole_file(path, read_back=reads) as draft:
        draft.write_bytes(b"SQLite format 3\0")
    assert path.read_text() == "the old one"
    with whole_file(path, read_back=reads) as draft:
        forest_plots().to_file(draft, layer=LAYER, driver="GPKG")
    assert len(pyogrio.read_dataframe(path)) == 2


def test_one_flipped_byte_of_a_sealed_file_is_refused(tmp_path):
    folder = write_folder(tmp_path / "county")
    path = folder / "forest_plots.gpkg"
    with whole_file(path, sealed=True) as draft:
        forest_plots().to_file(draft, layer="forest_plots", driver="GPKG")
    assert seal_path(path).read_text() == f"{sha256(path)}  forest_plots.gpkg\n"
    assert len(load_project(folder).forest_plots) == 2
    whole = path.read_bytes()
    for at in range(0, len(whole), 997):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert seal_of(path) == "changed"
    with pytest.raises(DataProblem) as problem:
        load_project(folder)
    assert "E-HASH-01" in [item.code for item in problem.value.findings]


def test_a_file_written_without_seal_loses_the_old_one(tmp_path):
    path = tmp_path / "links.csv"
    write_text(path, "a", sealed=True)
    write_text(path, "b")
    assert seal_of(path) == "none" and [item.name for item in tmp_path.iterdir()] == ["links.csv"]
