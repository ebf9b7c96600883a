"""The same road for a terminal: check, template, estimate, map, run, example."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="生态扶贫规划：从县里的文件到每户增收。 From a county's files to each household's gain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_COLOURS = {"error": "red", "doubt": "yellow", "note": "blue"}
Place = Annotated[
    str,
    typer.Argument(
        metavar="FOLDER", help="项目文件夹，或数据库 project folder, or postgresql://...", show_default=False
    ),
]
Folder = Annotated[Path, typer.Argument(help="项目文件夹 project folder", show_default=False)]
Out = Annotated[Path, typer.Option("--out", help="结果文件夹 folder for the results")]
Draws = Annotated[int, typer.Option(help="抽样次数 worlds drawn")]
Seed = Annotated[int, typer.Option(help="随机种子 seed")]
Year = Annotated[int | None, typer.Option(help="年度，默认取 project.toml year (default: the project's)")]
Parameters = Annotated[Path | None, typer.Option(help="参数覆盖表 overrides, each with its source")]


class Edition(StrEnum):
    """Who a map is for."""

    public = "public"
    county = "county"


class AnyEdition(StrEnum):
    """Who papers are for."""

    public = "public"
    county = "county"
    household = "household"


class Language(StrEnum):
    """The language of a page."""

    zh = "zh"
    en = "en"


@app.command()
def check(
    folder: Place, xlsx: Annotated[Path | None, typer.Option(help="问题清单 write the findings here")] = None
):
    """检查文件，列出全部问题。 Everything that is wrong, worst first.

    退出码 exit code: 0 无错 clean, 1 有错或有未采用的行 errors or rows left out, 2 无法读取 cannot read.
    """
    from eco.problems import DataProblem
    from eco.records.project import load_project
    from eco.sharing.marked import write_findings

    with _said():
        try:
            with _reading() as told:
                project = load_project(folder, progress=told)
        except DataProblem as problem:
            if xlsx and Path(folder).is_dir():
                write_findings(problem, xlsx, folder=Path(folder))
                _written(xlsx)
            raise
        _print_findings(project.findings)
        _print_left_out(project)
        if xlsx:
            write_findings(project, xlsx)
            _written(xlsx)
    bad = len(project.left_out) or any(finding.level == "error" for finding in project.findings)
    raise typer.Exit(1 if bad else 0)


@app.command()
def estimate(
    folder: Place,
    out: Out,
    draws: Draws = 1000,
    seed: Seed = 1,
    year: Year = None,
    parameters: Parameters = None,
):
    """测算每户增收。 Each household's gain, with its interval."""
    from eco.sharing.exports import write_estimate

    with _said(), _progress() as progress:
        gains = _gains(folder, progress, draws=draws, seed=seed, year=year, parameters=parameters)
        write_estimate(gains, out, year=year)
    _print_findings_count(gains.exposure.project)
    _print_cautions(gains, year)
    _written(out)


@app.command(name="map")
def map_(
    folder: Place,
    out: Annotated[Path, typer.Option("--out", help="网页文件 FILE.html")],
    edition: Annotated[Edition, typer.Option(help="版本 edition")] = Edition.county,
    review_no: Annotated[str | None, typer.Option(help="审图号 map review number")] = None,
    lang: Annotated[Language, typer.Option(help="语言 language")] = Language.zh,
    draws: Draws = 1000,
    seed: Seed = 1,
    year: Year = None,
    parameters: Parameters = None,
):
    """一张可离线打开的地图。 One map that opens offline."""
    from eco.sharing.maps.editions import save_map

    with _said(), _progress() as progress:
        gains = _gains(folder, progress, draws=draws, seed=seed, year=year, parameters=parameters)
        with _step(progress, "地图 map"):
            save_map(
                out,
                gains.exposure.project,
                gains=gains,
                edition=edition.value,
                review_no=review_no,
                lang=lang.value,
                year=year,
            )
    _written(out)
    _warn_unreviewed(edition.value, review_no)


@app.command()
def run(
    folder: Place,
    out: Out = Path("out"),
    review_no: Annotated[str | None, typer.Option(help="审图号 map review number")] = None,
    lang: Annotated[Language, typer.Option(help="语言 language")] = Language.zh,
    draws: Draws = 1000,
    seed: Seed = 1,
    year: Year = None,
    parameters: Parameters = None,
):
    """检查、测算、地图、报告，一次完成。 Check, estimate, maps and report in one go."""
    from eco.records.settings import PUBLISHED_FACTS
    from eco.sharing.exports import write_estimate
    from eco.sharing.maps.editions import save_map
    from eco.sharing.marked import write_findings
    from eco.sharing.report import write_report

    inside = out / "internal"
    with _said(), _progress() as progress:
        gains = _gains(folder, progress, draws=draws, seed=seed, year=year, parameters=parameters)
        project = gains.exposure.project
        published = Path(folder) / PUBLISHED_FACTS
        with _step(progress, "表格 tables"):
            write_findings(project, inside / "findings.xlsx")
            write_estimate(gains, inside, year=year)
        with _step(progress, "报告 report"):
            facts = published if published.is_file() else None
            write_report(inside / "report.html", gains, year=year, lang=lang.value, facts=facts)
        for edition in ("county", "public"):
            with _step(progress, f"地图 map: {edition}"):
                path = out / edition / "map.html"
                save_map(
                    path,
                    project,
                    gains=gains,
                    edition=edition,
                    review_no=review_no,
                    lang=lang.value,
                    year=year,
                )
    _print_answer(gains, year)
    _print_findings_count(project)
    _print_cautions(gains, year)
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        _written(path)
    _warn_unreviewed("public", review_no)


@app.command()
def export(
    folder: Place,
    out: Out,
    edition: Annotated[AnyEdition, typer.Option(help="版本 edition")],
    review_no: Annotated[str | None, typer.Option(help="审图号 map review number")] = None,
    lang: Annotated[Language, typer.Option(help="语言 language")] = Language.zh,
    template: Annotated[Path | None, typer.Option(help="本单位的表格模板 the bureau's own workbook")] = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(
            help="以前发布过公开版的项目文件夹，可重复 folders of public editions given away before"
        ),
    ] = None,
    office: Annotated[str, typer.Option(help="公示的责任单位 office responsible, on notices")] = "",
    hotline: Annotated[str, typer.Option(help="公示的监督电话 hotline, on notices")] = "",
    draws: Draws = 1000,
    seed: Seed = 1,
    year: Year = None,
    parameters: Parameters = None,
):
    """一个版本的全部材料。 Every paper of an edition, read by the release gate before any of them is released."""
    from eco.sharing.papers import write_papers

    def estimated(place, progress):
        return _gains(place, progress, draws=draws, seed=seed, year=year, parameters=parameters)

    with _said(), _progress() as progress:
        before = [estimated(str(place), progress) for place in earlier or ()]
        gains = estimated(folder, progress)
        with _step(progress, f"材料 papers: {edition.value}") as task:
            papers = write_papers(
                out,
                gains,
                edition=edition.value,
                lang=lang.value,
                year=year,
                review_no=review_no,
                earlier=before,
                template=template,
                office=office,
                hotline=hotline,
                tell=lambda words: progress.update(task, description=f"{words.zh} {words.en}"),
            )
    for path in papers.paths:
        _written(path)
    _print_papers(papers)
    _warn_unreviewed(edition.value, review_no)


@app.command()
def template(folder: Folder):
    """空白表格：中文表头、单位、下拉选项和填写说明。 Blank tables to fill in, and a project.toml."""
    from eco.records.templates import write_template

    with _said():
        for path in write_template(folder):
            _written(path)


@app.command()
def example(
    folder: Folder,
    households: Annotated[int | None, typer.Option(help="登记户数 households in the register")] = None,
    seed: Seed = 1,
):
    """生成示例项目（人口均为虚构）。 The example; its people are made up."""
    from eco.records.examples.example import write_example

    with _said(), _progress() as progress, _step(progress, "示例 example"):
        write_example(folder, households=households, seed=seed)
    _written(folder)


def main() -> None:
    """The command `eco`."""
    app()


def _gains(folder: str, progress, *, draws: int, seed: int, year: int | None, parameters: Path | None):
    from eco.income.exposure import link
    from eco.income.gains import estimate_gains
    from eco.parameters.numbers import load_parameters
    from eco.records.project import load_project

    with _step(progress, "读取与检查 read and check"):
        project = load_project(folder)
        own = Path(folder) / "parameters.csv"
        numbers = load_parameters(own if own.is_file() else None)
        if parameters:
            numbers = load_parameters(parameters, upon=numbers)
    with _step(progress, "联结 link households to sites"):
        exposure = link(project, numbers)
    gains = estimate_gains(exposure, numbers, draws=draws, seed=seed)
    with _step(progress, "测算 estimate") as task:
        gains.answer(year, progress=lambda done, of: progress.update(task, completed=done, total=of))
    return gains


@contextmanager
def _progress():
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as progress:
        yield progress


@contextmanager
def _reading():
    """Shows which table is being read and for how long, then goes; what is piped on stays clean."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("读取与检查 read and check", total=None)
        yield lambda label: progress.update(task, description=f"读取与检查 {label.zh} {label.en}")


@contextmanager
def _step(progress, words: str):
    task = progress.add_task(words, total=None)
    yield task
    progress.update(task, total=1, completed=1)


@contextmanager
def _said():
    """Problems with the data are said in sentences, with exit code 2; anything else is our fault and shows."""
    from eco.problems import DataProblem

    try:
        yield
    except DataProblem as problem:
        _print_findings(problem.findings)
        raise typer.Exit(2) from None


def _written(path: Path) -> None:
    from rich.markup import escape

    _say(f"[green]✓[/] {escape(str(path))}")


def _say(words: str) -> None:
    from rich.console import Console

    Console(soft_wrap=True).print(words, highlight=False)


_SHOWN_A_RULE = 20


def _print_findings(findings) -> None:
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


def _print_answer(gains, year: int | None) -> None:
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


def _print_findings_count(project) -> None:
    if project.findings:
        _say(f"数据问题 findings: {len(project.findings)} (findings.xlsx, eco check)")
    _print_left_out(project)


def _print_cautions(gains, year: int | None) -> None:
    """What the estimate of the year stands on with one foot: how many of a kind, and the first in full."""
    from itertools import groupby

    from rich.markup import escape

    from eco.income.cautions import cautions

    found = cautions(gains.exposure, gains.answer(year).year)
    for _, items in groupby(found, key=lambda f: (f.code, f.table, f.expected)):
        alike = list(items)
        of = "" if len(alike) == 1 else f"（共 {len(alike)} 条 in all; eco.cautions）"
        _say(f"[yellow]{escape(alike[0].sentence('zh'))}[/]{of}\n  {escape(alike[0].sentence('en'))}")


def _print_left_out(project) -> None:
    for table, count in project.left_out["table"].value_counts().items():
        _say(f"[yellow]未采用 left out: {table} {count}[/]")


def _print_papers(papers) -> None:
    if papers.findings:
        _print_findings(papers.findings)
    if papers.passphrase:
        _say(f"[bold]口令 passphrase: {papers.passphrase}[/]")
        _say(
            "[yellow]口令只显示这一次，别处没有保存；丢了就打不开。请与文件分开、用别的方式告知。 "
            "The passphrase is shown once and kept nowhere: lost is lost. Send it apart from the file.[/]"
        )


def _warn_unreviewed(edition: str, review_no: str | None) -> None:
    if edition == "public" and not review_no:
        _say(
            "[yellow]无审图号，公开版地图印有“内部资料 请勿公开”。 "
            "No --review-no: the public map says it is internal.[/]"
        )


if __name__ == "__main__":
    main()
