"""All papers of an edition or none: made, read by the gate, put in place; nothing half, nothing left aside."""

import hashlib
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from small_folder import VILLAGES, households, links, write_folder
from small_projects import dingxi

import eco
from eco.files import sha256
from eco.income.exposure import link
from eco.parameters.numbers import load_parameters
from eco.problems import DataProblem
from eco.sharing import papers as made
from eco.sharing.locked import open_locked
from eco.sharing.papers import SUMS, write_papers
from eco.sharing.privacy.gate import refuse_leaks
from eco.sharing.privacy.watch import Watch

ID_NUMBER = "11010519491231002X"  # a valid check digit, nobody's
EVERY = {
    *("map.html", "wall_map.pdf", "report.html", "report.pdf", "tables.xlsx", "layers.gpkg", "brief.docx"),
    *("pictures/map.png", "pictures/map.svg"),
}


@pytest.fixture
def gains():
    return dingxi().gains


@pytest.fixture
def small(tmp_path):
    """A folder of thirty households, ten of each of three villages, all planting trees: enough for a public page."""
    homes = households(30)
    work = links().head(1)
    work = pd.concat([work.assign(户编号=name) for name in homes["户编号"]], ignore_index=True)
    work["地点编号"] = ["F1" if village == VILLAGES[0] else "F2" for village in homes["村代码"]]
    return write_folder(tmp_path / "small", households=homes, links=work)


def names(out):
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("edition", "lang"), [("public", "en"), ("county", "zh")])
def test_an_edition_makes_every_paper_and_the_gate_passes_each(tmp_path, gains, monkeypatch, edition, lang):
    out, passed = tmp_path / "out" / edition, {}

    def gate(folder, watch):
        """The gate itself, and what it let pass under which rules."""
        refuse_leaks(folder, watch)
        own = Watch.of(gains.exposure.project, edition)
        assert (watch.edition, watch.sharp, watch.sealed) == (edition, own.sharp, own.sealed)
        assert (watch.columns, watch.short, watch.laid_out) == (own.columns, own.short, own.laid_out)
        passed.update({name: sha256(folder / name) for name in names(folder)})

    monkeypatch.setattr(made, "refuse_leaks", gate)
    papers = write_papers(out, gains, edition=edition, lang=lang, office="镇政府", hotline="12345")
    assert papers.findings == () and papers.passphrase is None
    released = names(out)
    assert released >= EVERY
    assert any(name.startswith("notices/") for name in released) == (edition == "public")
    assert {path.relative_to(out).as_posix() for path in papers.paths} == released - {SUMS}
    assert {name: sha256(out / name) for name in released - {SUMS}} == passed
    for line in (out / SUMS).read_text("utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert list(out.parent.iterdir()) == [out]
    if edition == "public":
        notices = [path for path in (out / "notices").rglob("*.html") if path.name != "index.html"]
        assert all("12345" in path.read_text("utf-8") for path in notices)


def test_the_household_edition_is_one_page_that_its_passphrase_opens(tmp_path, gains):
    out = tmp_path / "household"
    papers = write_papers(out, gains, edition="household")
    assert names(out) == {"map.html", "map.html.sha256", SUMS}
    page = open_locked(out / "map.html", papers.passphrase)
    ids = gains.exposure.project.households["household_id"]
    assert sum(name in page for name in ids) > 0.9 * len(ids)
    assert '"map_households":"农户"' in page  # under their own ids, no pseudonyms
    carried = (out / "map.html").read_text("utf-8")
    assert not any(name in carried for name in ids)
    assert papers.passphrase not in carried


def test_papers_no_longer_made_go_and_what_is_not_ours_stays(tmp_path, gains):
    out = tmp_path / "household"
    out.mkdir()
    old, own, changed = out / "notices.html", out / "memo.txt", out / "changed.html"
    for path in (old, own, changed):
        path.write_text(path.name, "utf-8")
    sums = {old.name: old.read_bytes(), changed.name: b"before somebody changed it"}
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sums.items()]
    outside = f"{hashlib.sha256(b'kept').hexdigest()}  ../kept.txt\n"
    (tmp_path / "kept.txt").write_bytes(b"kept")
    (out / SUMS).write_text("".join([*lines, outside]), "utf-8")
    write_papers(out, gains, edition="household")
    assert not old.exists()
    assert own.exists() and changed.exists() and (tmp_path / "kept.txt").exists()


def test_one_personal_value_and_nothing_is_released(tmp_path, small):
    project, numbers = eco.load_project(small), load_parameters()
    forest = project.forest_plots.assign(species=f"云杉 {ID_NUMBER}")
    villages = project.villages.assign(name=[f"{ID_NUMBER}", *project.villages["name"][1:]])
    leaking = replace(project, tables={**project.tables, "forest_plots": forest, "villages": villages})
    gains = eco.estimate_gains(link(leaking, numbers), numbers, draws=10)
    out = tmp_path / "released" / "out"
    out.mkdir(parents=True)
    (out / "map.html").write_text("old", "utf-8")
    with pytest.raises(DataProblem, match="E-PRIV-02") as problem:
        write_papers(out, gains, edition="public")
    assert ID_NUMBER not in str(problem.value)
    assert {"map.html", "tables.xlsx"} <= {finding.file for finding in problem.value.findings}
    assert names(tmp_path / "released") == {"out/map.html"}
    assert (out / "map.html").read_text("utf-8") == "old"


def test_an_unknown_edition_writes_nothing(tmp_path, gains):
    with pytest.raises(ValueError, match="public"):
        write_papers(tmp_path / "out", gains, edition="pubic")
    assert not any(tmp_path.iterdir())


def exported(folder, out, *words, most_bytes=None):
    def small_disk():
        if most_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    command = [sys.executable, "-m", "eco.cli", "export", folder, "--out", out, "--draws", "10", *words]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=small_disk, check=False)


def test_the_command_says_the_passphrase_once(tmp_path, small):
    done = exported(small, tmp_path / "out", "--edition", "household")
    assert done.returncode == 0, done.stderr
    passphrase = next(line for line in done.stdout.splitlines() if "passphrase:" in line).split(": ")[1]
    assert done.stdout.count(passphrase) == 1
    assert "<html" in open_locked(tmp_path / "out" / "map.html", passphrase)


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, small):
    out = tmp_path / "released" / "out"
    done = exported(small, out, "--edition", "county", most_bytes=200_000)
    assert done.returncode == 2, done.stderr
    assert "E-DISK-01" in done.stdout
    assert not out.exists() and not any(Path(tmp_path / "released").iterdir())
