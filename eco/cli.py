"""The same road for a terminal: check, template, estimate, plan, map, run, export, example."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from eco.road import PLAN_TABLES, estimated, linked, planned, save_maps
from eco.terminal import (
    print_answer,
    print_cautions,
    print_findings,
    print_findings_count,
    print_left_out,
    print_papers,
    print_plan,
    progressing,
    reading,
    said,
    step,
    warn_older,
    warn_unreviewed,
    written,
)

app = typer.Typer(
    help="生态扶贫规划：从县里的文件到每户增收。 From a county's files to each household's gain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

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


class Value(StrEnum):
    """What a plan is to bring most of."""

    gap = "gap"
    lifted = "lifted"
    gain = "gain"


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

    with said():
        try:
            with reading() as told:
                project = load_project(folder, progress=told)
        except DataProblem as problem:
            if xlsx and Path(folder).is_dir():
                write_findings(problem, xlsx, folder=Path(folder))
                written(xlsx)
            raise
        print_findings(project.findings)
        print_left_out(project)
        if xlsx:
            write_findings(project, xlsx)
            written(xlsx)
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

    with said(), progressing() as progress:
        gains = estimated(folder, progress, draws=draws, seed=seed, year=year, parameters=parameters)
        write_estimate(gains, out, year=year)
    print_findings_count(gains.exposure.project)
    print_cautions(gains, year)
    written(out)


@app.command(name="plan")
def plan_(
    folder: Place,
    out: Out,
    budget_yuan: Annotated[float, typer.Option(help="预算（元，不是万元） budget in yuan, not in 万元")],
    value: Annotated[
        Value,
        typer.Option(
            help="目标：gap 缩小离线的差距；lifted 让预计达线的人最多，会优先离线最近的户，最穷的可能轮不上；"
            "gain 增加经常性收入。 What is to be greatest: gap closed, persons lifted (creams those nearest the line: "
            "the poorest may get nothing), recurrent gain"
        ),
    ] = Value.gap,
    years: Annotated[int, typer.Option(min=1, max=10, help="规划年数 years of the plan")] = 1,
    township_floor: Annotated[
        float,
        typer.Option(min=0, max=1, help="每个乡镇至少占预算的份额，如 0.005 least share of every township"),
    ] = 0.0,
    time_limit: Annotated[
        float, typer.Option(min=1, help="求解时限（秒） seconds to look for a better plan")
    ] = 60.0,
    lang: Annotated[Language, typer.Option(help="语言 language")] = Language.zh,
    draws: Draws = 1000,
    seed: Seed = 1,
    year: Annotated[
        int | None,
        typer.Option(help="规划第一年，默认项目年度的下一年 first year (default: the project's, plus 1)"),
    ] = None,
    parameters: Parameters = None,
):
    """下一笔钱给谁、给什么，附证明。 Where the next yuan goes, with a proof: a list, a workbook, a page."""
    from eco.sharing.plan_page import write_plan_page
    from eco.sharing.plan_tables import write_plan_json, write_plan_tables

    with said(), progressing() as progress:
        exposure, numbers = linked(folder, progress, parameters)
        made = planned(
            exposure,
            numbers,
            progress,
            budget_yuan=budget_yuan,
            value=value.value,
            years=years,
            township_floor=township_floor,
            time_limit=time_limit,
            draws=draws,
            seed=seed,
            year=year,
        )
        with step(progress, "表格 tables"):
            write_plan_tables(made, out)
            write_plan_json(made, out / "plan.json")
            write_plan_page(out / "plan.html", made, lang=lang.value)
    print_findings_count(exposure.project)
    print_plan(made)
    for name in ("plan.csv", "plan.xlsx", "plan.json", "plan.html"):
        written(out / name)


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

    with said(), progressing() as progress:
        gains = estimated(folder, progress, draws=draws, seed=seed, year=year, parameters=parameters)
        with step(progress, "地图 map"):
            save_map(
                out,
                gains.exposure.project,
                gains=gains,
                edition=edition.value,
                review_no=review_no,
                lang=lang.value,
                year=year,
            )
    written(out)
    warn_unreviewed(edition.value, review_no)


@app.command()
def run(
    folder: Place,
    out: Out = Path("out"),
    review_no: Annotated[str | None, typer.Option(help="审图号 map review number")] = None,
    lang: Annotated[Language, typer.Option(help="语言 language")] = Language.zh,
    budget_yuan: Annotated[
        float | None, typer.Option(help="预算（元）：一并做规划 budget in yuan: with a plan of it")
    ] = None,
    draws: Draws = 1000,
    seed: Seed = 1,
    year: Year = None,
    parameters: Parameters = None,
):
    """检查、测算、（规划、）地图、报告，一次完成。 Check, estimate, (plan,) maps and report in one go."""
    from eco.records.settings import PUBLISHED_FACTS
    from eco.sharing.exports import write_estimate
    from eco.sharing.marked import write_findings
    from eco.sharing.plan_tables import write_plan_tables
    from eco.sharing.report import write_report

    inside = out / "internal"
    with said(), progressing() as progress:
        gains = estimated(folder, progress, draws=draws, seed=seed, year=year, parameters=parameters)
        project = gains.exposure.project
        published = Path(folder) / PUBLISHED_FACTS
        made = None
        if budget_yuan is not None:
            first = None if year is None else year + 1
            made = planned(
                gains.exposure,
                gains.numbers,
                progress,
                budget_yuan=budget_yuan,
                draws=draws,
                seed=seed,
                year=first,
            )
        with step(progress, "表格 tables"):
            write_findings(project, inside / "findings.xlsx")
            write_estimate(gains, inside, year=year, plan=made)
            if made is not None:
                write_plan_tables(made, inside)
        with step(progress, "报告 report"):
            facts = published if published.is_file() else None
            write_report(inside / "report.html", gains, year=year, lang=lang.value, facts=facts, plan=made)
        save_maps(out, gains, progress, plan=made, year=year, review_no=review_no, lang=lang.value)
    print_answer(gains, year)
    if made is not None:
        print_plan(made)
    print_findings_count(project)
    print_cautions(gains, year)
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        if made is None and path.name in PLAN_TABLES:
            warn_older(path)
        else:
            written(path)
    warn_unreviewed("public", review_no)


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

    def gains_of(place):
        return estimated(place, progress, draws=draws, seed=seed, year=year, parameters=parameters)

    with said(), progressing() as progress:
        before = [gains_of(str(place)) for place in earlier or ()]
        gains = gains_of(folder)
        with step(progress, f"材料 papers: {edition.value}") as task:
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
        written(path)
    print_papers(papers)
    warn_unreviewed(edition.value, review_no)


@app.command()
def template(folder: Folder):
    """空白表格：中文表头、单位、下拉选项和填写说明。 Blank tables to fill in, and a project.toml."""
    from eco.records.templates import write_template

    with said():
        for path in write_template(folder):
            written(path)


@app.command()
def example(
    folder: Folder,
    households: Annotated[int | None, typer.Option(help="登记户数 households in the register")] = None,
    seed: Seed = 1,
):
    """生成示例项目（人口均为虚构）。 The example; its people are made up."""
    from eco.records.examples.example import write_example

    with said(), progressing() as progress, step(progress, "示例 example"):
        write_example(folder, households=households, seed=seed)
    written(folder)


def main() -> None:
    """The command `eco`."""
    app()


if __name__ == "__main__":
    main()
