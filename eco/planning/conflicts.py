"""Rules that cannot stand together, in words: which, what they ask, what there is, and what would do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eco.phrases import WORDS, Phrase
from eco.planning.clashes import Case, Clash, clash_of, most_alone, named_rows
from eco.planning.easing import Eased, eased
from eco.planning.options import Options
from eco.planning.pricing import Field, priced
from eco.planning.programs import Program
from eco.planning.rows import Rule
from eco.planning.rules import Budget
from eco.planning.rules.wording import plain
from eco.planning.solver import solve
from eco.problems import Finding

_FINDING_SHARE, _NAMING_SHARE = 0.5, 0.7  # of the time, at the end of which each stage is over
_EXACT = 1e-7
_SHOWS = 1e-6  # relative: what is asked must exceed what there is by more to be told
_NAMED = 3
_UNITS = {"hives": WORDS["plan_unit_bees"], "share of a meadow": Phrase("份蜜源", "of a meadow")}


@dataclass(frozen=True)
class Asked:
    """What a rule of a conflict asks against what there is, in `unit`; NaN where no one number says it.

    `least`: the rule asks for `asked` at least and the others leave at most `there`; else it allows `there` and the
    others ask for `asked` at least. `labels` name the rows that clash; the numbers are of all of them `together`, or
    else of the first.
    """

    said: Phrase
    labels: tuple[Phrase, ...]
    asked: float
    there: float
    unit: str
    least: bool
    together: bool = True


@dataclass(frozen=True)
class Conflict:
    """The smallest set of rules that cannot stand together; without any one of them the others can.

    `asked`, one a rule; `eased`, for rules that have a number, the nearest value that would do. `whole`: parts of
    bundles could keep the rules, whole ones cannot. `sure` False: time was up before all smaller sets were tried.
    """

    rules: tuple[Rule, ...]
    asked: tuple[Asked, ...]
    eased: tuple[Eased, ...]
    whole: bool
    sure: bool

    @property
    def finding(self) -> Finding:
        """The conflict as one finding, E-PLAN-50."""
        told = [_told(one, alone=len(self.asked) == 1) for one in self.asked]
        found = " / ".join((f"{'；'.join(one.zh for one in told)}", f"{'; '.join(one.en for one in told)}"))
        names = " × ".join(type(rule).__name__ for rule in self.rules)
        return Finding("E-PLAN-50", "error", "plan", "", names, found, _expected(self), _todo(self))


def conflict_of(
    options: Options, rules: Sequence[Rule], *, budget_yuan: float, time_limit: float
) -> Conflict:
    """The smallest set of rules that cannot stand together, of rules that cannot; ends within `time_limit` seconds.

    Rules count one by one, the plan's budget among them; "one each" always holds.
    """
    began = time.monotonic()
    case = Case.of(options, rules, budget_yuan)
    clash = clash_of(case, end=began + _FINDING_SHARE * time_limit)
    naming_end = began + _NAMING_SHARE * time_limit
    rows = named_rows(clash, end=naming_end)
    asked = [_asked(clash, at, rows[at], end=naming_end) for at in range(len(rows))]
    told = tuple(_in_yuan(rule, budget_yuan) for rule in clash.case.rules)
    return Conflict(told, tuple(asked), tuple(eased(clash, end=began + time_limit)), clash.whole, clash.sure)


def why_impossible(
    options: Options, rules: Sequence[Rule], *, budget_yuan: float, time_limit: float
) -> list[Finding]:
    """The smallest set of rules that cannot stand together, with what would do, as a finding (E-PLAN-50)."""
    return [conflict_of(options, rules, budget_yuan=budget_yuan, time_limit=time_limit).finding]


def _in_yuan(rule: Rule, budget_yuan: float) -> Rule:
    """The rule; the plan's budget with its yuan."""
    return replace(rule, yuan=budget_yuan) if isinstance(rule, Budget) and rule.yuan is None else rule


def _asked(clash: Clash, position: int, named: np.ndarray, *, end: float) -> Asked:
    """What one rule asks: of a row that cannot be kept alone, of its one named row, or of all its rows together."""
    case, rows = clash.case, clash.case.told[position]
    said = _in_yuan(case.rules[position], case.budget_yuan).said
    nothing = Asked(said, tuple(rows.labels[row] for row in named), np.nan, np.nan, "", True)
    if not len(named):
        return nothing
    least = _least(clash, position, named)
    side, alone = (rows.low, _alone(case, position)) if least else (rows.high, named[:0])
    of = alone[:1] if len(alone) else named if len(named) == 1 else np.flatnonzero(np.isfinite(side))
    units = {rows.unit_of(int(row)) for row in of}
    limit = float(side[of].sum())
    if len(units) > 1 or not np.isfinite(limit) or limit == 0:
        return nothing
    total = np.asarray(rows.matrix[of].sum(axis=0)).ravel()
    program = _without(case, position, value=total if least else -total)
    reached = _most(program, whole=clash.whole, end=end)
    asked, there = (limit, reached) if least else (-reached, limit)
    if not asked > there + _SHOWS * abs(asked):
        return nothing
    labels = tuple(rows.labels[row] for row in (alone if len(alone) else of))
    return Asked(said, labels, asked, there, units.pop(), least, together=not len(alone))


def _alone(case: Case, position: int) -> np.ndarray:
    """Rows of a rule that all open offers cannot meet, the furthest from it first; none where other rules have rows."""
    if any(len(rows.low) for at, rows in enumerate(case.told) if at != position):
        return np.zeros(0, int)
    low, there = case.told[position].low, most_alone(case, position)
    short = np.flatnonzero(low > there * (1 + _SHOWS))
    return short[np.argsort(there[short] / low[short], kind="stable")]


def _least(clash: Clash, position: int, named: np.ndarray) -> bool:
    """Whether it is the least side of the named rows that cannot be had."""
    rows = clash.case.told[position]
    if clash.prices is not None:
        return bool(clash.prices[position][named].sum() < 0)
    return bool(np.isfinite(rows.low[named]).all())


def _without(case: Case, position: int, *, value: np.ndarray) -> Program:
    """The case without the rows of a rule, worth what is told; what the rule locks in or out stays so."""
    program = case.program(value)
    own = program.rule == position
    low, high = np.where(own, -np.inf, program.low), np.where(own, np.inf, program.high)
    return replace(program, low=low, high=high)


def _most(program: Program, *, whole: bool, end: float) -> float:
    """A bound on the value of all choices, as near as time allows."""
    if whole:
        return solve(program, time_limit=max(end - time.monotonic(), 0.0), gap=_EXACT).bound
    return priced(Field(program), end, gap=_EXACT)[0].bound


def unit_words(unit: str) -> Phrase:
    """A unit in both languages; one that nobody declared under its own name."""
    return _UNITS.get(unit) or WORDS.get(f"layer_unit_{unit}") or Phrase(unit, unit)


def _told(asked: Asked, *, alone: bool) -> Phrase:
    """The rule with its numbers as a clause."""
    zh, en = asked.said
    if len(asked.labels) > 1 or (asked.labels and asked.labels[0] != asked.said):
        names, more = asked.labels[:_NAMED], len(asked.labels) - _NAMED
        zh += f"（{'、'.join(one.zh for one in names)}{f' 等 {len(asked.labels)} 处' if more > 0 else ''}）"
        en += f" ({', '.join(one.en for one in names)}{f' and {more} more' if more > 0 else ''})"
    if np.isnan(asked.asked):
        return Phrase(zh, en)
    unit, much, there = unit_words(asked.unit), plain(asked.asked), plain(asked.there)
    ratio = f"{plain(round(100 * asked.asked / asked.there, 1))} %" if asked.there > 0 else "–"
    if not asked.least:
        zh += f"：其余规则至少要 {much} {unit.zh}（{ratio}）"
        en += f": the others ask at least {much} {unit.en} ({ratio})"
        return Phrase(zh, en)
    of, sums = len(asked.labels), Phrase("", "it asks")
    if of > 1:
        sums = (
            Phrase(f"{of} 处合计", f"the {of} of them ask")
            if asked.together
            else Phrase("头一处", "the first asks")
        )
    whose = (
        Phrase("全部可选项", "all offers come to") if alone else Phrase("其余规则之下", "the others leave")
    )
    zh += f"：{sums.zh}要 {much} {unit.zh}，{whose.zh}至多 {there} {unit.zh}（{ratio}）"
    en += f": {sums.en} {much} {unit.en}, {whose.en} at most {there} ({ratio})"
    return Phrase(zh, en)


def _expected(conflict: Conflict) -> Phrase:
    """What would do, rule by rule."""
    would = [one.rule.said for one in conflict.eased if one.rule is not None]
    if not would:
        return Phrase("能同时成立的规则", "rules that can stand together")
    zh, en = ("；或".join(f"“{one.zh}”" for one in would), "; or ".join(f"“{one.en}”" for one in would))
    return Phrase(f"能同时成立的规则，改成{zh}即可", f"rules that can stand together: {en} would do")


def _todo(conflict: Conflict) -> Phrase:
    """What to change, which numbers are no way out, and how far this was looked into."""
    zh, en = "放宽或去掉其中一条", "ease one of them, or leave one out"
    never = [conflict.rules[one.position] for one in conflict.eased if one.rule is None and one.known]
    if never:
        zh += f"（只改 {'、'.join(type(rule).__name__ for rule in never)} 的数没有用）"
        en += f"; no number of {', '.join(type(rule).__name__ for rule in never)} alone would do"
    if conflict.whole:
        zh += "；拆开组合本可成立，整组给则不行"
        en += "; parts of bundles could keep them, whole bundles cannot"
    if not conflict.sure:
        zh += "；时间不够，冲突的规则或许更少"
        en += "; time was short, fewer of them may clash"
    return Phrase(zh, en)
