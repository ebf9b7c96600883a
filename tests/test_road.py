"""The road as a planner walks it: one command from the example's files to tables, report and maps."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from small_folder import apiaries, write_folder
from small_projects import dingxi
from typer.testing import CliRunner

from eco.cli import app
from eco.files import seal_of

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "data" / "dingxi"
DOORS = (
    "internal/households.parquet",
    "internal/by_county.csv",
    "internal/by_township.csv",
    "internal/findings.xlsx",
    "internal/summary.json",
    "internal/report.html",
    "county/map.html",
    "public/map.html",
)
DOOR_COLUMNS = {
    *("household_id", "county", "township", "village", "persons"),
    *("gain_yuan_mean", "gain_yuan_p10", "gain_yuan_p50", "gain_yuan_p90"),
    *(
        "gain_one_off_yuan",
        "gain_recurrent_yuan",
        "gain_economic_yuan",
        "chance_of_loss",
        "chance_above_line",
    ),
    *("forest_yuan_mean", "juncao_yuan_mean", "bees_yuan_mean"),
}
SPREADS = (
    *("gain_yuan", "gain_recurrent_yuan", "persons_gaining"),
    *("persons_above_line_without", "persons_above_line_with", "crossing_up", "crossing_down"),
)


def eco(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    out = tmp_path_factory.mktemp("road")
    done = eco("run", EXAMPLE, "--out", out, "--draws", 200)  # the fewest that tell what the answer hangs on
    assert done.exit_code == 0, done.output
    return out


@pytest.fixture
def small(tmp_path):
    """A county of six households, where the command is asked about and not the county."""
    return write_folder(tmp_path / "small")


def test_every_file_of_the_doors_is_there(out):
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    sealed = {f"{name}.sha256" for name in DOORS if not name.endswith(".xlsx")}  # a clerk edits the workbook
    assert set(DOORS) <= found | sealed
    assert all(seal_of(out / name) == ("whole" if f"{name}.sha256" in sealed else "none") for name in DOORS)


def test_summary_says_the_published_quantities(out):
    summary = json.loads((out / "internal/summary.json").read_text(encoding="utf-8"))
    assert summary["forest_mu"] == 20_292.3
    assert summary["juncao_mu_seasons"] == 24_000
    assert summary["hives"] == 20_000
    assert summary["persons_linked"] >= 17_000
    assert summary["year"] == 2020 and summary["line"] == 4000
    for name in SPREADS:
        assert summary[name]["p10"] <= summary[name]["p50"] <= summary[name]["p90"]
    inputs = {
        path.name for path in EXAMPLE.iterdir() if path.suffix in (".xlsx", ".csv", ".gpkg", ".dbf", ".toml")
    }
    assert inputs <= set(summary["sha256"])
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in summary["sha256"].values())


def test_household_means_add_up_to_the_totals(out):
    homes = pd.read_parquet(out / "internal/households.parquet")
    summary = json.loads((out / "internal/summary.json").read_text(encoding="utf-8"))
    assert set(homes) >= DOOR_COLUMNS
    assert len(homes) == summary["households"]
    assert abs(homes["gain_yuan_mean"].sum() - summary["gain_yuan"]["mean"]) < 1
    parts = homes[["forest_yuan_mean", "juncao_yuan_mean", "bees_yuan_mean"]].sum(axis=1)
    assert (parts - homes["gain_yuan_mean"]).abs().max() < 1e-6
    kinds = homes["gain_one_off_yuan"] + homes["gain_recurrent_yuan"]
    assert (kinds - homes["gain_yuan_mean"]).abs().max() < 1e-6
    for name in ("by_county.csv", "by_township.csv"):
        places = pd.read_csv(out / "internal" / name)
        assert abs(places["gain_yuan_mean"].sum() - summary["gain_yuan"]["mean"]) < 1


def test_report_speaks_both_languages_and_loads_nothing(out, small, tmp_path, open_page):
    from eco.phrases import WORDS

    text = (out / "internal/report.html").read_text(encoding="utf-8")
    assert WORDS["report_accounts"].zh in text
    assert not re.findall(r"(?:src|href)\s*=|url\(|@import|<script", text)
    page = open_page(out / "internal/report.html")
    assert page.asks() == [] and page.complaints == []
    done = eco("run", small, "--out", tmp_path / "en", "--lang", "en")
    assert done.exit_code == 0, done.output
    english = (tmp_path / "en/internal/report.html").read_text(encoding="utf-8")
    assert WORDS["report_accounts"].en in english and WORDS["report_accounts"].zh not in english
    assert json.loads((tmp_path / "en/internal/summary.json").read_text(encoding="utf-8"))["draws"] == 1000


def test_same_seed_same_bytes_for_any_chunk(tmp_path):
    import eco as house

    example, found = dingxi(), []
    for chunk in (500, 5000):
        gains = house.estimate_gains(
            example.exposure, example.numbers, draws=50, seed=5, chunk_households=chunk
        )
        house.write_estimate(gains, tmp_path / str(chunk))
        found.append((tmp_path / str(chunk) / "households.parquet").read_bytes())
    assert found[0] == found[1]


def test_another_seed_gives_other_numbers(small, tmp_path):
    for seed in (1, 2):
        done = eco("estimate", small, "--out", tmp_path / str(seed), "--draws", 50, "--seed", seed)
        assert done.exit_code == 0, done.output
    means = [pd.read_parquet(tmp_path / s / "households.parquet")["gain_yuan_mean"].sum() for s in "12"]
    assert means[0] != means[1]


def test_overrides_change_the_answer_and_are_named(small, tmp_path):
    override = tmp_path / "mine.csv"
    override.write_text(
        "name,low,mode,high,source,note\nhoney_price,,0,,county price bureau,\n", encoding="utf-8"
    )
    answers = {}
    for name, words in (("own", ("--parameters", override)), ("house", ())):
        done = eco("estimate", small, "--out", tmp_path / name, "--draws", 50, *words)
        assert done.exit_code == 0, done.output
        answers[name] = json.loads((tmp_path / name / "summary.json").read_text(encoding="utf-8"))
    own, house = answers["own"], answers["house"]
    assert own["overridden"] == ["honey_price"] and "mine.csv" in own["sha256"]
    assert house["overridden"] == [] and own["gain_yuan_mean"] < house["gain_yuan_mean"]


def test_check_of_the_example_is_clean(tmp_path):
    done = eco("check", EXAMPLE, "--xlsx", tmp_path / "findings.xlsx")
    assert done.exit_code == 0, done.output
    assert openpyxl.load_workbook(tmp_path / "findings.xlsx").sheetnames[0].endswith("findings")


@pytest.fixture
def broken(tmp_path):
    """The small county with a yard of fewer hives than none, and a sound one beside it."""
    yards = pd.concat([apiaries().assign(箱数=-5), apiaries().assign(蜂场号="B2", 箱数=30)])
    return write_folder(tmp_path / "broken", apiaries=yards)


def test_bad_rows_exit_1_and_are_left_out_of_the_totals(broken, tmp_path):
    assert eco("check", broken).exit_code == 1
    done = eco("estimate", broken, "--out", tmp_path / "o", "--draws", 20)
    assert done.exit_code == 0, done.output
    summary = json.loads((tmp_path / "o/summary.json").read_text(encoding="utf-8"))
    assert summary["left_out"]["apiaries"] == 1
    assert summary["hives"] == 30


def test_unreadable_folders_exit_2_with_every_reason_and_write_nothing(broken, tmp_path):
    (broken / "villages.gpkg").unlink()
    links = (broken / "links.csv").read_text(encoding="utf-8")
    (broken / "links.csv").write_text(links.replace("数量", "很多", 1), encoding="utf-8")
    out = tmp_path / "o"
    for words in (("check", broken), ("run", broken, "--out", out), ("estimate", broken, "--out", out)):
        done = eco(*words)
        assert done.exit_code == 2, done.output
        assert "villages" in done.output and "quantity" in done.output
        assert "Traceback" not in done.output
    assert not out.exists()


def test_no_such_folder_exits_2(tmp_path):
    done = eco("check", tmp_path / "nowhere")
    assert done.exit_code == 2 and "nowhere" in done.output


def test_help_is_quick():
    command = [sys.executable, "-m", "eco.cli", "--help"]
    subprocess.run(command, check=True, capture_output=True)
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    # The processor's time: another program's work is none of its own.
    assert after.children_user + after.children_system - before.children_user - before.children_system < 0.3


def test_a_killed_run_leaves_the_old_file_whole(tmp_path):
    """Killed at the worst moment, while the draft stands beside the old file."""
    target = tmp_path / "summary.json"
    target.write_text("old", encoding="utf-8")
    program = (
        "import time, sys\nfrom eco.files import whole_file\n"
        f"with whole_file({str(target)!r}) as draft:\n"
        "    draft.write_text('half')\n    print('writing', flush=True)\n    time.sleep(30)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline().strip() == b"writing"
        os.kill(child.pid, signal.SIGKILL)
    assert target.read_text(encoding="utf-8") == "old"


def test_notebooks_are_paired_and_without_outputs():
    import jupytext

    for script in sorted((ROOT / "notebooks").glob("*.py")):
        notebook = jupytext.read(script.with_suffix(".ipynb"))
        cells = [(cell.cell_type, cell.source) for cell in jupytext.read(script).cells]
        assert [(cell.cell_type, cell.source) for cell in notebook.cells] == cells
        assert not any(cell.get("outputs") for cell in notebook.cells)


def test_readme_names_the_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", readme, re.S)
    assert "eco run data/dingxi" in blocks[0] and len(blocks[0].strip().splitlines()) == 1
    assert blocks[1].strip() == "bash tests/run"
