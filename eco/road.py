"""The road that the commands share, step by step: read and link, estimate, plan, draw the maps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eco.terminal import step

if TYPE_CHECKING:  # a command's help need not wait for the tables
    from eco.planning.options import Aim

PLAN_TABLES = ("plan.csv", "plan.xlsx")  # what a plan adds to the tables of a run


def linked(folder: str, progress, parameters: Path | None):
    """The project linked, and the numbers it is estimated with."""
    from eco.income.exposure import link
    from eco.parameters.numbers import load_parameters
    from eco.records.project import load_project

    with step(progress, "读取与检查 read and check"):
        project = load_project(folder)
        own = Path(folder) / "parameters.csv"
        numbers = load_parameters(own if own.is_file() else None)
        if parameters:
            numbers = load_parameters(parameters, upon=numbers)
    with step(progress, "联结 link households to sites"):
        exposure = link(project, numbers)
    return exposure, numbers


def estimated(folder: str, progress, *, draws: int, seed: int, year: int | None, parameters: Path | None):
    """The gains of a folder, their totals of the year worked out."""
    from eco.income.gains import estimate_gains

    exposure, numbers = linked(folder, progress, parameters)
    gains = estimate_gains(exposure, numbers, draws=draws, seed=seed)
    with step(progress, "测算 estimate") as task:
        gains.answer(year, progress=lambda done, of: progress.update(task, completed=done, total=of))
    return gains


def planned(
    exposure,
    numbers,
    progress,
    *,
    budget_yuan: float,
    draws: int,
    seed: int,
    year: int | None,
    value: Aim = "gap",
    years: int = 1,
    township_floor: float = 0.0,
    time_limit: float = 60.0,
):
    """The plan of a budget for the years from `year`."""
    from eco.planning.listing import list_options
    from eco.planning.planner import plan
    from eco.planning.rules import TownshipFloor

    with step(progress, "可选项 what could be given"):
        options = list_options(exposure, numbers, year=year, draws=draws, seed=seed)
        options = options.over_years(years) if years > 1 else options
    with step(progress, "规划 plan"):
        rules = [TownshipFloor(share=township_floor)] if township_floor else []
        return plan(options, budget_yuan=budget_yuan, rules=rules, value=value, time_limit=time_limit)


def save_maps(
    out: Path, gains, progress, *, plan, year: int | None, review_no: str | None, lang: str
) -> None:
    """The county's and the public map, each in the folder of its edition."""
    from eco.sharing.maps.editions import save_map

    for edition in ("county", "public"):
        with step(progress, f"地图 map: {edition}"):
            path = out / edition / "map.html"
            save_map(
                path,
                gains.exposure.project,
                gains=gains,
                plan=plan,
                edition=edition,
                review_no=review_no,
                lang=lang,
                year=year,
            )
