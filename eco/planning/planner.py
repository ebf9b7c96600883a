"""A plan from a sentence: so much money, these rules, this aim."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from numbers import Real
from typing import get_args

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.planning.conflicts import why_impossible
from eco.planning.lots import as_they_stand
from eco.planning.options import AIMS, CALLED, PARTS, Aim, Options
from eco.planning.plans import PLAN_COLUMNS, Plan, gap_of
from eco.planning.pricing import CLOSE
from eco.planning.programs import Answer, Program, program_of
from eco.planning.rows import Rule
from eco.planning.rules import USUAL, Budget, contradictions, touches, with_usual
from eco.planning.solver import solve
from eco.problems import DataProblem, Finding
from eco.waiting import waiting

_YUAN_PER_WAN = 10_000
_FEW = 20  # offers at the cheapest price: a budget that buys fewer was perhaps meant in 万元
_TRIES = 5
_EXPLAINING_S = 1.0  # at the least, for the words of rules that cannot stand together
_PROVEN = ("optimal", "within gap")
MANY = 1000  # columns: with more, yards are left where a choice has them before they are decided anew


@waiting("wait_plan")
def plan(
    options: Options,
    *,
    budget_yuan: float | Mapping[int, float],
    rules: Iterable[Rule] = (),
    value: Aim = "gap",
    cautious: float = 0.0,
    time_limit: float = 60.0,
    gap: float = 1e-3,
    usual: bool = True,
) -> Plan:
    """Who gets what, so that most is reached with the budget and under the rules; with a bound that nothing beats.

    `value`: "gap" (yuan a year of what persons lack to the line), "lifted" (expected persons above the line; it creams
    those nearest to it), "gain" (recurrent register gain, yuan a year). `budget_yuan` pays once-costs and yearly costs
    of all plan years, or, by calendar year, each year's own (none is kept for later). `cautious` 0 looks at all worlds,
    1 at the worst fifth. The usual rules (one bundle each; flowers, seedlings, posts and days that are there; slope;
    farmland; yards of ten hives) hold beside the named ones, which replace those of their class; `usual=False` leaves
    only "one each".
    Ends within `time_limit` seconds, earlier when (bound - reached) / bound <= `gap`; where rules are proven impossible
    at the last moment, the words for it take a second more.

    Raises DataProblem with numbers and a way out: a budget that is none or buys nothing, rules that cannot stand
    together (the smallest set of them, and what would do), offers that bring nothing.
    """
    began = time.monotonic()
    _refuse_numbers(cautious=(cautious, 0, 1), gap=(gap, 0, 1), time_limit=(time_limit, 0, np.inf))
    total, rules = _asked(options, budget_yuan, rules, value, usual)
    if refused := contradictions(options, rules, total):
        raise DataProblem(refused)
    program = program_of(options, rules, budget_yuan=total, aim=value, cautious=cautious)
    _refuse_nothing(options, program, total, value)
    left = max(time_limit - (time.monotonic() - began), 0.0)
    answer = _within_a_fen(options, program, total, rules, time_limit=left, gap=gap)
    if answer.status == "infeasible":
        left = max(time_limit - (time.monotonic() - began), _EXPLAINING_S)
        raise DataProblem(why_impossible(options, rules, budget_yuan=total, time_limit=left))
    if answer.taken is None:
        raise DataProblem([_too_short(time_limit)])
    return _plan(options, rules, total, value, cautious, program, answer)


def _refuse_numbers(**told: tuple[float, float, float]) -> None:
    """Raise DataProblem for numbers that are none, or not from the first to the last that can be meant."""
    wrong = []
    for name, (number, least, most) in told.items():
        if not (isinstance(number, Real) and least <= number <= most):
            expected = Phrase(f"{least:g} 到 {most:g}", f"{least:g} to {most:g}")
            todo = Phrase("更正此数", "correct the number")
            wrong.append(_finding("E-PLAN-48", name, str(number), expected, todo))
    if wrong:
        raise DataProblem(wrong)


def _asked(
    options: Options,
    budget_yuan: float | Mapping[int, float],
    rules: Iterable[Rule],
    value: str,
    usual: bool,
) -> tuple[float, tuple[Rule, ...]]:
    """The budget in all, and every rule that holds; raises DataProblem for what cannot be meant."""
    problems = []
    if value not in get_args(Aim):
        expected = Phrase("gap、lifted 或 gain", "gap, lifted or gain")
        problems.append(
            _finding("E-PLAN-40", "value", str(value), expected, Phrase("改用其中之一", "use one of them"))
        )
    by_year, wrong = _by_year(budget_yuan) if isinstance(budget_yuan, Mapping) else ({}, [])
    amounts: list = list(by_year.values()) or [budget_yuan]
    # A year may be given nothing; all years together may not.
    some = any(_is_amount(one) and one > 0 for one in amounts)
    wrong += [str(one) for one in amounts if not (_is_amount(one) and one >= 0 and some)]
    expected = Phrase("大于 0 的元数，如 3000000", "yuan above 0, such as 3000000")
    if isinstance(budget_yuan, Mapping):
        expected = Phrase("各年的元数，如 {2021: 3000000}", "yuan by year, such as {2021: 3000000}")
    todo = Phrase("按元填写预算", "give the budget in yuan")
    problems += [_finding("E-PLAN-41", "budget_yuan", one, expected, todo) for one in wrong]
    if problems:
        raise DataProblem(problems)
    total = float(sum(float(amount) for amount in amounts))
    # Money of a year is for that year: years that are not told of get none.
    years = range(options.first_year, options.first_year + options.years)
    own = [Budget()] if not by_year else [Budget(by_year.get(year, 0.0), year) for year in (*years, *by_year)]
    own = list(dict.fromkeys(own))
    return total, (*own, *with_usual(rules, usual=usual))


def _by_year(told: Mapping) -> tuple[dict[int, float], list[str]]:
    """Yuan by calendar year, and what is no year or is told twice."""
    by_year: dict[int, float] = {}
    wrong = []
    for year, yuan in told.items():
        known = str(year).strip().isdecimal()
        if not known or int(year) in by_year:
            wrong.append(f"{year}: {yuan}")
        else:
            by_year[int(year)] = yuan
    return by_year, wrong


def _is_amount(told: object) -> bool:
    return isinstance(told, Real) and math.isfinite(told)


def _refuse_nothing(options: Options, program: Program, total: float, value: Aim) -> None:
    """Raise DataProblem where nothing can be bought, or nothing that can be bought brings anything."""
    fen = options.fen()
    open_ = program.most[: len(fen)] > 0
    if not open_.any():
        locked = f"{len(fen):,} 个可选项全被规则排除 / all {len(fen):,} offers are locked out by rules"
        expected = Phrase("至少一个规则允许的可选项", "at least one offer that the rules allow")
        todo = Phrase("放宽规则，或检查数据", "ease the rules, or look at the data")
        raise DataProblem([_finding("E-PLAN-43", "rules", locked, expected, todo)])
    cheapest = int(fen[open_].min()) / 100
    if total < cheapest:
        wan = total * _YUAN_PER_WAN
        expected = Phrase(
            f"至少 {cheapest:,.2f} 元（最便宜的一项）", f"at least {cheapest:,.2f} yuan, the cheapest offer"
        )
        todo = Phrase(
            f"若所指是 {total:g} 万元，请写 {wan:.0f}",
            f"if {total:g} ten thousand was meant, write {wan:.0f}",
        )
        raise DataProblem([_finding("E-PLAN-42", "budget_yuan", f"{total:,.2f}", expected, todo)])
    brought = program.value[: len(fen)]
    if not np.isfinite(brought).all():
        expected = Phrase("每个可选项的数值", "a number for every offer")
        todo = Phrase("填写该列，或去掉这些可选项", "fill in the column, or leave these offers out")
        found = f"NaN: {(~np.isfinite(brought)).sum():,} / {len(brought):,}"
        raise DataProblem([_finding("E-PLAN-47", AIMS[value][0], found, expected, todo)])
    brought = brought[open_]
    if brought.max() <= 0:
        unit = AIMS[value][1]
        found = f"{len(brought):,} × <= 0 ({unit}), max {brought.max():,.2f}"
        expected = Phrase(
            "至少一个有望带来改善的可选项", "at least one offer that is expected to bring something"
        )
        todo = Phrase(
            "换一个目标、降低 cautious，或检查价格参数",
            "choose another value, less caution, or look at the prices",
        )
        raise DataProblem([_finding("E-PLAN-44", "value", found, expected, todo)])


def _within_a_fen(
    options: Options,
    program: Program,
    total: float,
    rules: tuple[Rule, ...],
    *,
    first: np.ndarray | None = None,
    time_limit: float,
    gap: float,
) -> Answer:
    """The answer, and never a fen beyond a budget: where the solver's arithmetic allows one, it is asked again."""
    budgets = [(at, rule) for at, rule in enumerate(rules) if isinstance(rule, Budget)]
    answer, left = solve(program, time_limit=time_limit, gap=gap, first=first), time_limit
    for _ in range(_TRIES):
        if answer.taken is None:
            return answer
        over, high = False, program.high.copy()
        for at, rule in budgets:
            spent = int(rule.fen(options)[answer.taken[: len(options.bundles)] > 0].sum())
            beyond = spent - round(rule.yuan_of(total) * 100)
            high[program.rule == at] -= max(beyond, 0) / 100
            over |= beyond > 0
        if not over:
            return answer
        left -= answer.seconds
        program = replace(program, high=high)
        answer = replace(solve(program, time_limit=max(left, 1.0), gap=gap), bound=answer.bound)
    raise AssertionError("no choice within the budget after several attempts")


def _plan(
    options: Options,
    rules: tuple[Rule, ...],
    total: float,
    value: Aim,
    cautious: float,
    program: Program,
    answer: Answer,
) -> Plan:
    assert answer.taken is not None
    taken = np.flatnonzero(answer.taken[: len(options.bundles)] > 0)
    bound = max(answer.bound, answer.value)
    return Plan(
        options=options,
        rules=rules,
        budget_yuan=total,
        aim=value,
        cautious=cautious,
        taken=taken,
        chosen=chosen_of(options, taken),
        status="nothing" if not len(taken) and answer.status in _PROVEN else answer.status,
        reached=answer.value,
        bound=bound,
        unit=AIMS[value][1],
        gap=gap_of(answer.value, bound),
        prices=_prices(rules, program, answer),
        seconds=answer.seconds,
        notes=(*options.notes, *_notes(options, rules, total, taken)),
        answer=answer,
    )


def answer_again(
    plan: Plan,
    rules: Iterable[Rule] = (),
    *,
    aim: Aim | None = None,
    value: np.ndarray | None = None,
    first: np.ndarray | None = None,
    near: bool = False,
    time_limit: float,
    gap: float,
) -> Answer:
    """The answer to a plan's own question with more rules, another aim, or with bundles worth what `value` says.

    `value` is (bundles,), `first` a choice (columns,) that keeps the rules: the answer is no worse. With `near`, where
    columns are many, yards stay where that choice has them, which on whole counties is most of the way; nothing is said
    of other choices then. Where no choice was found `taken` of the answer is None.
    """
    options, told = plan.options, (*plan.rules, *rules)
    program = program_of(
        options, told, budget_yuan=plan.budget_yuan, aim=aim or plan.aim, cautious=plan.cautious
    )
    if value is not None:
        program = replace(program, value=np.append(value, np.zeros(len(options.yards))))
    ask = partial(_within_a_fen, options, total=plan.budget_yuan, rules=told, time_limit=time_limit, gap=gap)
    if not near or first is None or options.columns <= MANY:
        return ask(program=program, first=first)
    is_yard = program.group < 0
    answer = ask(program=as_they_stand(program, first), first=np.where(is_yard, 0.0, first))
    taken = None if answer.taken is None else np.where(is_yard, first, answer.taken)
    return replace(answer, taken=taken, bound=np.inf, status="best found")


def with_taken(plan: Plan, answer: Answer, *, bound: float, gap: float) -> Plan:
    """The plan with what another answer takes; `bound` holds for all it is compared with, `gap` is what was asked."""
    assert answer.taken is not None
    options = plan.options
    taken = np.flatnonzero(answer.taken[: len(options.bundles)] > 0)
    reached = float(options.worth(plan.aim, cautious=plan.cautious)[taken].sum())
    bound = max(bound, reached)
    apart = gap_of(reached, bound)
    status = "optimal" if apart <= CLOSE else "within gap" if apart <= gap else "best found"
    return replace(
        plan,
        taken=taken,
        chosen=chosen_of(options, taken),
        status=status if len(taken) else "nothing",
        reached=reached,
        bound=bound,
        gap=apart,
        seconds=answer.seconds,
        notes=(*options.notes, *_notes(options, plan.rules, plan.budget_yuan, taken)),
        answer=answer,
    )


def chosen_of(options: Options, taken: np.ndarray) -> pd.DataFrame:
    """The chosen bundles taken apart: one row a household and livelihood, PLAN_COLUMNS."""
    bundles = options.bundles.iloc[taken]
    parts = []
    for part, units in PARTS.items():
        rows = bundles[bundles[units] > 0]
        fen = options.fen(parts=(part,))[taken][(bundles[units] > 0).to_numpy()]
        table = rows[["household_id", "township", "village"]].assign(
            livelihood=CALLED[part],
            year=options.first_year + rows["start"].astype(int),
            units=rows[units].astype(float),
            cost_yuan=fen / 100,
            gain_yuan_mean=rows[f"gain_{part}_yuan"],
        )
        parts.append(table)
    table = pd.concat(parts).sort_values(["household_id", "livelihood"], ignore_index=True)
    return table[list(PLAN_COLUMNS)]


def _prices(rules: tuple[Rule, ...], program: Program, answer: Answer) -> pd.DataFrame:
    """One row a row of a rule that costs something, dearest rule first as the rules are named."""
    rows = np.flatnonzero(np.abs(answer.prices) > 1e-12)
    rows = rows[np.lexsort((-np.abs(answer.prices[rows]), program.rule[rows]))]
    return pd.DataFrame(
        {
            "rule": [type(rules[program.rule[row]]).__name__ for row in rows],
            "label_zh": [program.labels[row].zh for row in rows],
            "label_en": [program.labels[row].en for row in rows],
            "unit": [program.units[row] for row in rows],
            "easing": np.where(answer.prices[rows] > 0, "more", "less"),
            "price": np.abs(answer.prices[rows]),
            "row": rows,
        }
    )


def _afterwards(options: Options, taken: np.ndarray) -> list[Phrase]:
    """What goes on to be paid when the plan's years are over."""
    chosen, told = options.bundles.iloc[taken], []
    yearly = chosen["cost_yearly_yuan"].sum()
    if yearly > 0:
        told.append(
            Phrase(
                f"规划期以后每年还要 {yearly:,.0f} 元（租金、种苗、管护），停付则相应的增收也停",
                f"after the plan's years {yearly:,.0f} yuan a year go on (rent, seedlings, guards); "
                "where they stop, so does what they bring",
            )
        )
    left = np.maximum(options.tending_years - (options.years - chosen["start"]), 0)
    tending = (chosen["cost_tending_yuan"] * left).sum()
    if tending > 0:
        told.append(
            Phrase(
                f"规划期以后幼林抚育还要 {tending:,.0f} 元（栽后前 {options.tending_years} 年）",
                f"after the plan's years tending young trees takes another {tending:,.0f} yuan "
                f"(their first {options.tending_years} years)",
            )
        )
    return told


def _notes(options: Options, rules: tuple[Rule, ...], total: float, taken: np.ndarray) -> list[Phrase]:
    """What the planner should know beside the answer."""
    notes = []
    named = [rule for rule in rules if rule not in USUAL and not isinstance(rule, Budget)]
    for rule in named:
        if not touches(rule, options, total):
            said = rule.said
            notes.append(
                Phrase(
                    f"规则“{said.zh}”不涉及 {len(options.bundles):,} 个可选项中的任何一个，对方案没有作用",
                    f"the rule “{said.en}” touches none of the {len(options.bundles):,} offers: it changes nothing",
                )
            )
    cheapest = int(options.fen().min()) / 100
    if total < _FEW * cheapest:
        wan = f"{total * _YUAN_PER_WAN:.0f}"
        notes.append(
            Phrase(
                f"预算 {total:,.0f} 元最多够 {total // cheapest:.0f} 项；若所指是万元，请写 {wan}",
                f"{total:,.0f} yuan pay for at most {total // cheapest:.0f} offers; "
                f"if ten thousands were meant, write {wan}",
            )
        )
    notes.extend(_afterwards(options, taken))
    checks = options.bundles["to_check"].iloc[taken].ne("").sum()
    if checks:
        notes.append(
            Phrase(
                f"所选 {len(taken):,} 户中有 {checks:,} 户待核（坡度、基本农田或蜜源资料缺失）",
                f"{checks:,} of the {len(taken):,} households chosen are to be checked: "
                "slope, farmland or flowers are not known",
            )
        )
    return notes


def _too_short(time_limit: float) -> Finding:
    expected = Phrase("够找出一个方案的时间", "time enough to find any plan")
    todo = Phrase("放宽 time_limit", "give more time_limit")
    return _finding("E-PLAN-45", "time_limit", f"{time_limit:g} s", expected, todo)


def _finding(code: str, column: str, found: str, expected: Phrase, todo: Phrase) -> Finding:
    return Finding(code, "error", "plan", "", column, found, expected, todo)
