"""Every numbered bad input as a real file through `eco check`: refused, set aside, mended or doubted, as said."""

import logging
import shutil
import traceback
import warnings
from collections import Counter
from typing import NamedTuple

import openpyxl
import pytest
from numbered_inputs import LINES, Line, sound_folder
from test_bad_tables import IDS, NAMES, PHONES
from typer.testing import CliRunner

import eco.records.project
from eco.cli import app
from eco.problems import DataProblem
from eco.records.project import Project, load_project

BESIDE = {"E-GEOM-04", "E-RAS-06"}  # what may be said of the sound folder, or of a raster beside the point
NUMBERS = range(1, 57)


class Run(NamedTuple):
    """What `eco check` made of one folder, and everything that was said on the way."""

    sent: dict
    answer: Project | DataProblem
    exit_code: int
    terminal: str
    book: bytes
    untouched: bool
    good: bool


class Kept(logging.Handler):
    """Every record of every logger, as it would be written."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.said = []

    def emit(self, record):
        self.said.append(self.format(record))


def ident(line: Line) -> str:
    return f"{line.number:02}-{line.en.replace(' ', '_')[:40]}"


@pytest.fixture(scope="module")
def logged():
    """All that is logged or warned of while this file's tests run."""
    handler, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield lambda: [*handler.said, *(str(item.message) for item in warned)]
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return sound_folder(tmp_path_factory.mktemp("sound") / "county")


@pytest.fixture(scope="module")
def runs(tmp_path_factory, sound, logged):
    """The run of a line, made once."""
    made: dict[int, Run] = {}

    def run(place):
        if place not in made:
            home = tmp_path_factory.mktemp("line")
            shutil.copytree(sound, home / "county")
            made[place] = checked(LINES[place], home)
            shutil.rmtree(home)
        return made[place]

    return run


def checked(line, home):
    """`eco check` of the line's folder, its project or its problem caught on the way through."""
    folder, answers = home / "county", []

    def load(*given, **more):
        try:
            answers.append(load_project(*given, **more))
        except DataProblem as problem:
            answers.append(problem)
            raise
        return answers[-1]

    sent = line.make(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eco.records.project, "load_project", load)
        done = CliRunner().invoke(app, ["check", str(folder), "--xlsx", str(home / "findings.xlsx")])
    assert isinstance(done.exception, SystemExit | None), done.exception
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    book = (home / "findings.xlsx").read_bytes()
    good = bool(line.good(answers[0]))
    return Run(dict(sent), answers[0], done.exit_code, done.output, book, before == after, good)


def at_level(answer, level):
    return [item.code for item in answer.findings if item.level == level]


def test_every_number_has_a_line_and_every_other_way_a_reason():
    assert {line.number for line in LINES} == set(NUMBERS)
    assert [line.number for line in LINES] == sorted(line.number for line in LINES)
    assert len({ident(line) for line in LINES}) == len(LINES)
    for line in LINES:
        plain = {"reject", "row", "repair", "keep"}
        assert line.reason or line.written not in plain or line.written == line.does, ident(line)


@pytest.mark.parametrize("place", range(len(LINES)), ids=list(map(ident, LINES)))
def test_a_numbered_input_behaves_as_its_line_says(place, runs):
    line, run = LINES[place], runs(place)
    assert run.untouched and run.book
    {"reject": refused, "row": set_aside}.get(line.does, taken)(line, run)
    assert run.good


def refused(line, run):
    """Nothing is loaded, and the reason is said on the terminal in both languages."""
    assert isinstance(run.answer, DataProblem) and run.exit_code == 2
    assert set(at_level(run.answer, "error")) == set(line.codes)
    item = next(item for item in run.answer.findings if item.code == line.codes[0])
    assert item.code in run.terminal and item.todo.en in run.terminal.replace("\n", " ")


def set_aside(line, run):
    """The rows are quarantined with the code, the others are kept, and the totals say so."""
    project = run.answer
    assert isinstance(project, Project), project
    assert run.exit_code == 1
    assert sorted(project.left_out["code"]) == sorted(line.codes)
    assert set(at_level(project, "error")) == set(line.codes)
    for table, sent in run.sent.items():
        out = int((project.left_out["table"] == table).sum())
        assert len(project.tables[table]) + out == sent and out == len(line.codes)
        assert f"left out: {table} {out}" in run.terminal
    assert f"{len(line.codes)} rows left out" in repr(project)


def taken(line, run):
    """Every row is kept; what was mended, noted or doubted is told at its level, or nothing is."""
    project = run.answer
    assert isinstance(project, Project), project
    assert run.exit_code == 0 and not len(project.left_out)
    for table, sent in run.sent.items():
        assert len(project.tables[table]) == sent
    level = {"doubt": "doubt", "keep": ""}.get(line.does, "note")
    told = Counter(item.code for item in project.findings if item.code not in BESIDE - set(line.codes))
    assert set(told) == set(line.codes)
    for item in project.findings:
        if item.code in line.codes:
            assert item.level == level and item.found


def sheets_said(book):
    """Every cell of the sheets that are ours, and every comment of all sheets."""
    from io import BytesIO

    workbook = openpyxl.load_workbook(BytesIO(book))
    for sheet in workbook.worksheets:
        own = sheet.title in ("问题清单 findings", "未采用 left out")
        for row in sheet.iter_rows():
            for cell in row:
                if own and cell.value is not None:
                    yield str(cell.value)
                if cell.comment is not None:
                    yield cell.comment.text


def said_of(run):
    yield run.terminal
    yield from sheets_said(run.book)
    if isinstance(run.answer, DataProblem):
        yield "".join(traceback.format_exception(run.answer))
        yield repr(run.answer)
    else:
        yield repr(run.answer)
        yield run.answer._repr_html_()
        yield run.answer.left_out.to_csv()
    for item in run.answer.findings:
        yield repr(item)
        yield from (item.sentence("zh"), item.sentence("en"))


def test_no_person_is_named_in_anything_that_is_said(runs, logged):
    everything = [(ident(line), text) for place, line in enumerate(LINES) for text in said_of(runs(place))]
    everything += [("log", text) for text in logged()]
    assert len(everything) > 20 * len(LINES)
    wide = {n + 0xFEE0: n for n in range(33, 127)}
    for where, text in everything:
        plain = text.translate(wide).replace("-", "").replace(" ", "").upper()
        for value in (*IDS, *(number[:15] for number in IDS), *PHONES, *NAMES):
            assert value not in plain, where


def test_the_sheets_that_are_looked_at_hold_what_was_found(runs):
    place = next(place for place, line in enumerate(LINES) if line.codes == ("E-ID-01",))
    text = "\n".join(sheets_said(runs(place).book))
    assert text.count("E-ID-01") >= 3 and "62***" in text


def test_what_looks_like_a_formula_is_no_formula_in_the_marked_workbook(runs):
    from io import BytesIO

    for place, line in enumerate(LINES):
        if line.number == 21:
            for sheet in openpyxl.load_workbook(BytesIO(runs(place).book)).worksheets:
                assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
