"""What a terminal shows: progress while work goes on, problems in sentences, answers, and what was written."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import typer

_COLOURS = {"error": "red", "doubt": "yellow", "note": "blue"}
_SHOWN_A_RULE = 20


@contextmanager
def progressing():
    """A bar for every step, while they are taken."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as bars:
        yield bars


@contextmanager
def reading():
    """Shows which table is being read and for how long, then goes; what is piped on stays clean."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("读取与检查 read and check", total=None)
        yield lambda label: progress.update(task, description=f"读取与检查 {label.zh} {label.en}")


@contextmanager
def step(progress, words: str):
    """One step of `progress`, done when the block ends."""
    task = progress.add_task(words, total=None)
    yield task
    progress.update(task, total=1, completed=1)


@contextmanager
def said():
    """Problems with the data are said in sentences, with exit code 2; anything else is our fault and shows."""
    from eco.problems import DataProblem

    try:
        yield
    except DataProblem as problem:
        print_findings(problem.findings)
        raise typer.Exit(2) from None


def written(path: Path) -> None:
    """A file or folder that is there now."""
    from rich.markup import escape

    say(f"[green]✓[/] {escape(str(path))}")


def warn_older(path: Path) -> None:
    """A file that an earlier run has written, and this one has not: it may have been written into, and stays."""
    from rich.markup import escape

    say(f"[yellow]以前一次运行的结果，本次未更新 of an earlier run, not of this one:[/] {escape(str(path))}")


def say(words: str) -> None:
    """One line, in rich's marks."""
    from rich.console import Console

    Console(soft_wrap=True).print(words, highlight=False)


def print_findings(findings) -> None:
    """Worst first: each rule with its count and its first rows, what is expected said once for rows alike."""
    from itertools import groupby

    from rich.console import Console

    from eco.problems import LEVELS
    from eco.sharing.marked import LEVEL_WORDS, worst_first

    console = Console(soft_wrap=True, stderr=False)
    if not console.is_terminal:
        console.width = 160  # nobody reads a pipe through a window
    of_rule = sorted(worst_first(findings), key=lambda f: (LEVELS.index(f.level), f.code))
    for (level, code), items in groupby(of_rule, key=lambda f: (f.level, f.code)):
        rule = list(items)
        words = " ".join(LEVEL_WORDS[level])
        console.print(f"[{_COLOURS[level]}]● {words} {code}[/] ×{len(rule)}", highlight=False)
        _print_rows(console, rule[:_SHOWN_A_RULE])
        if more := len(rule[_SHOWN_A_RULE:]):
            console.print(
                f"  另有 {more} 条见 findings.xlsx / and {more} more in findings.xlsx", highlight=False
            )
    counts = {level: sum(f.level == level for f in findings) for level in LEVELS}
    console.print(
        "错误 errors {error}, 存疑 doubts {doubt}, 说明 notes {note}".format(**counts), highlight=False
    )


def _print_rows(console, findings) -> None:
    """Findings of one rule: what is expected in both languages, and the places below."""
    from itertools import groupby

    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from eco.sharing.marked import column_words

    for (expected, todo), items in groupby(findings, key=lambda f: (f.expected, f.todo)):
        table = Table.grid(padding=(0, 2, 0, 0))
        for f in items:
            words = (f.table, f.where, f.address, column_words(f.table, f.column), f.found)
            table.add_row(*(Text(word, overflow="fold") for word in words))
        console.print(Text(f"  应为{expected.zh}；请{todo.zh}。"), highlight=False)
        console.print(Text(f"  Expected {expected.en}; {todo.en}.", style="dim"), highlight=False)
        console.print(Padding(table, (0, 0, 0, 4), expand=False), soft_wrap=False)


def print_answer(gains, year: int | None) -> None:
    """The totals of a year with their intervals."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from eco.phrases import WORDS

    answer = gains.answer(year)
    line = "–" if answer.line is None else f"{answer.line:,.0f}"
    title = f"{answer.year} 年增收 gain (元 yuan, 人 persons) · 线 line {line} · {gains.draws} 次抽样 draws"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    for heading in ("", "mean", "P10", "P50", "P90"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, row in gains.totals(year).iterrows():
        words = WORDS[f"measure_{name}"]
        table.add_row(f"{words.zh} {words.en}", *("" if value != value else f"{value:,.0f}" for value in row))
    Console().print(table)


def print_plan(plan) -> None:
    """The plan's question, answer and proof, what binds most, and its notes."""
    from rich.markup import escape

    from eco.sharing.plan_facts import answer, proof, question

    for words in (question(plan), answer(plan), proof(plan)):
        say(f"{escape(words.zh)}\n  {escape(words.en)}")
    for note in plan.notes:
        say(f"[yellow]{escape(note.zh)}[/]\n  {escape(note.en)}")


def print_findings_count(project) -> None:
    """How many findings the project has, and how many rows were left out."""
    if project.findings:
        say(f"数据问题 findings: {len(project.findings)} (findings.xlsx, eco check)")
    print_left_out(project)


def print_cautions(gains, year: int | None) -> None:
    """What the estimate of the year stands on with one foot: how many of a kind, and the first in full."""
    from itertools import groupby

    from rich.markup import escape

    from eco.income.cautions import cautions

    found = cautions(gains.exposure, gains.answer(year).year)
    for _, items in groupby(found, key=lambda f: (f.code, f.table, f.expected)):
        alike = list(items)
        of = "" if len(alike) == 1 else f"（共 {len(alike)} 条 in all; eco.cautions）"
        say(f"[yellow]{escape(alike[0].sentence('zh'))}[/]{of}\n  {escape(alike[0].sentence('en'))}")


def print_left_out(project) -> None:
    """How many rows of each table were left out."""
    for table, count in project.left_out["table"].value_counts().items():
        say(f"[yellow]未采用 left out: {table} {count}[/]")


def print_papers(papers) -> None:
    """What could not be made, and the passphrase of an encrypted page, this once."""
    if papers.findings:
        print_findings(papers.findings)
    if papers.passphrase:
        say(f"[bold]口令 passphrase: {papers.passphrase}[/]")
        say(
            "[yellow]口令只显示这一次，别处没有保存；丢了就打不开。请与文件分开、用别的方式告知。 "
            "The passphrase is shown once and kept nowhere: lost is lost. Send it apart from the file.[/]"
        )


def warn_unreviewed(edition: str, review_no: str | None) -> None:
    """Says that a public map without a review number calls itself internal."""
    if edition == "public" and not review_no:
        say(
            "[yellow]无审图号，公开版地图印有“内部资料 请勿公开”。 "
            "No --review-no: the public map says it is internal.[/]"
        )
