"""Which rules clash: the smallest set of them that cannot stand together, found by leaving rules out and trying again.

A set is tried by its relaxed rows. Prices at which even choices worth nothing have a bound below 0 prove that nothing
keeps the rows; a relaxed choice that keeps them proves that the relaxed rows can stand. Both are remembered: prices
that prove one set may prove a smaller one, a choice that keeps the rules of one set may keep those of others. Where
relaxed rows can stand and whole bundles cannot, sets are tried by whole choices.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
import pandas as pd

from eco.planning.highs import HERE_COLUMNS, irreducible
from eco.planning.options import Options
from eco.planning.pricing import NOTHING, Field, Part, priced
from eco.planning.programs import Program, program_of_rows
from eco.planning.rows import Rows, Rule
from eco.planning.rules import USUAL, Capacity, OneEach
from eco.planning.solver import solve

_EXACT = 1e-7  # relative gap of prices that are to prove something
_KEPT = 1e-7  # of the sum of a row's entries: what a relaxed choice may exceed it by
_FOUND = 0.5  # relative gap at which a whole choice that only has to keep the rules is good enough
_SMALLER_SHARE = 0.3  # of the time left, for sets smaller than the one found
_NAMING_S = 2.0


@dataclass(frozen=True)
class Case:
    """Rules over options with a budget, and what each of them says to the solver."""

    options: Options
    rules: tuple[Rule, ...]
    budget_yuan: float
    told: tuple[Rows, ...]

    @classmethod
    def of(cls, options: Options, rules: Iterable[Rule], budget_yuan: float) -> Case:
        """The case of some rules beside "one each", which holds always; raises DataProblem as their rows do."""
        rules = tuple(rule for rule in rules if not isinstance(rule, OneEach))
        return cls(options, rules, budget_yuan, tuple(rule.rows(options, budget_yuan) for rule in rules))

    def only(self, among: Iterable[int]) -> Case:
        """The case of some of its rules, by position."""
        among = sorted(among)
        rules = tuple(self.rules[at] for at in among)
        return replace(self, rules=rules, told=tuple(self.told[at] for at in among))

    def instead(self, position: int, rule: Rule) -> Case:
        """The case with another rule in one place."""
        rules, told = list(self.rules), list(self.told)
        rules[position], told[position] = rule, rule.rows(self.options, self.budget_yuan)
        return replace(self, rules=tuple(rules), told=tuple(told))

    def program(self, value: np.ndarray | None = None) -> Program:
        """The rules as a program; by default every choice is worth nothing."""
        value = np.zeros(self.options.columns) if value is None else value
        return program_of_rows(self.options, self.rules, self.told, value=value)

    def kept_by(self, choice: np.ndarray) -> frozenset[int]:
        """Which rules a relaxed choice (columns,) keeps."""
        return frozenset(at for at, rows in enumerate(self.told) if _keeps(rows, choice))


@dataclass(frozen=True)
class Tried:
    """Whether a case can stand: None where nobody knows in the time. `prices` by rule prove that it cannot."""

    possible: bool | None
    prices: tuple[np.ndarray, ...] | None = None
    choice: np.ndarray | None = None


@dataclass(frozen=True)
class Clash:
    """Rules that cannot stand together, by position in the case that was asked about.

    `whole`: only whole bundles cannot, parts of them could. `prices` by rule prove it for relaxed rows, None where they
    do not. `sure`: the case without any one of them was shown to stand, and no smaller set was left untried.
    """

    among: tuple[int, ...]
    case: Case
    prices: tuple[np.ndarray, ...] | None
    whole: bool
    sure: bool


@dataclass
class _Known:
    """What was learnt of one case while its sets were tried."""

    case: Case
    proofs: list[dict[int, np.ndarray]] = field(default_factory=list)
    kept: list[frozenset[int]] = field(default_factory=list)


def tried(case: Case, *, end: float, whole: bool) -> Tried:
    """Whether relaxed choices, or with `whole` whole ones, keep all rules of a case; an answer at `end`."""
    program = case.program()
    if not len(program.value):
        return Tried(bool(np.all(program.low <= 0) and np.all(program.high >= 0)))
    here = Field(program)
    if not whole:
        sight, relaxed = priced(here, end, gap=_EXACT)
        if here.impossible_at(sight.prices):
            return Tried(False, _by_rule(case, program, sight.prices))
        stands = len(case.kept_by(relaxed)) == len(case.rules)
        return Tried(True if stands else None, choice=relaxed)
    # What choices are worth does not matter here; those that cost little keep budgets, and rules of shares, soonest.
    dear = np.append(case.options.fen() / -100, np.zeros(len(case.options.yards)))
    answer = solve(case.program(dear), time_limit=max(end - time.monotonic(), 0.0), gap=_FOUND)
    if answer.taken is not None:
        return Tried(True, choice=answer.taken)
    proven = here.impossible_at(answer.prices)
    prices = _by_rule(case, program, answer.prices) if proven else None
    return Tried(False if answer.status == "infeasible" else None, prices)


def most_alone(case: Case, position: int) -> np.ndarray:
    """The most that all open offers, one of each household, come to in every row of a rule, (rows,)."""
    program = case.program()
    own = np.flatnonzero(program.rule == position)
    entries, groups = program.matrix[own].tocoo(), Field(program).group
    could = pd.Series(np.maximum(entries.data * program.most[entries.col], 0.0))
    by_row = could.groupby([entries.row, groups[entries.col]]).max().groupby(level=0).sum()
    return by_row.reindex(range(len(own)), fill_value=0.0).to_numpy()


def disproved(case: Case, prices: Sequence[np.ndarray]) -> bool:
    """Whether prices by rule, found for another case of the same rows, prove that nothing keeps the rules."""
    if [len(one) for one in prices] != [len(told.low) for told in case.told]:
        return False
    return Field(case.program()).impossible_at(np.concatenate(prices))


def clash_of(case: Case, *, end: float) -> Clash:
    """The smallest set of rules found in the time that cannot stand together, of a case that cannot."""
    everything = frozenset(range(len(case.rules)))
    known = _Known(case)
    whole = _stand(known, everything, end=end, whole=False).possible is not False
    if whole:
        known.kept.clear()  # what parts of bundles keep says nothing of whole ones
    among, sure = everything, not whole or _stand(known, everything, end=end, whole=True).possible is False
    for at in _first_to_go(case, everything):
        without = _stand(known, among - {at}, end=end, whole=whole)
        sure &= without.possible is not None
        among = among - {at} if without.possible is False else among
    smaller_end = time.monotonic() + _SMALLER_SHARE * (end - time.monotonic())
    smaller, all_tried = _smaller(known, among, end=smaller_end, whole=whole)
    own = _narrowed(case.only(smaller), end=end, whole=whole)
    prices = tried(own, end=end, whole=False).prices
    return Clash(tuple(sorted(smaller)), own, prices, whole, sure and all_tried)


def named_rows(clash: Clash, *, end: float) -> list[np.ndarray]:
    """The rows of each rule that a clash of relaxed rows hangs on, by position in the rule.

    Rows that the proof does without are left out; of what remains HiGHS names a set of which none can be spared, as far
    as that is few columns. Without prices they are the rows of rules that have one.
    """
    case = clash.case
    if clash.prices is None:
        return [np.arange(len(told.low)) if len(told.low) == 1 else np.zeros(0, int) for told in case.told]
    program = case.program()
    prices = _spared(Field(program), np.concatenate(clash.prices), end=end)
    rows = np.flatnonzero(prices)
    rows = rows[_irreducible(_only_rows(program, rows))]
    return [rows[program.rule[rows] == at] - _first(program, at) for at in range(len(case.rules))]


def _first(program: Program, rule: int) -> int:
    return int(np.searchsorted(program.rule, rule))


def _by_rule(case: Case, program: Program, prices: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(prices[program.rule == at] for at in range(len(case.rules)))


def _stand(known: _Known, among: frozenset[int], *, end: float, whole: bool) -> Tried:
    """Whether some rules can stand, from what is known or by trying."""
    if not among or any(among <= kept for kept in known.kept):
        return Tried(True)
    case = known.case.only(among)
    for proof in known.proofs:
        prices = tuple(proof.get(at, np.zeros(len(known.case.told[at].low))) for at in sorted(among))
        if disproved(case, prices):
            return Tried(False, prices)
    found = tried(case, end=end, whole=whole)
    if found.prices is not None:
        known.proofs.append(dict(zip(sorted(among), found.prices)))
    if found.possible and found.choice is not None:
        known.kept.append(known.case.kept_by(found.choice) | among)
    return found


def _first_to_go(case: Case, among: frozenset[int]) -> list[int]:
    """Rules nobody named are left out first, then the named ones from the last to the first."""
    return sorted(among, key=lambda at: (case.rules[at] not in USUAL, -at))


def _smaller(known: _Known, among: frozenset[int], *, end: float, whole: bool) -> tuple[frozenset[int], bool]:
    """The smallest set that cannot stand, no larger than `among`; and whether every smaller one was tried."""
    for size in range(1, len(among)):
        for few in map(frozenset, combinations(range(len(known.case.rules)), size)):
            if time.monotonic() >= end:
                return among, False
            found = _stand(known, few, end=end, whole=whole)
            if found.possible is False:
                return few, True
    return among, True


def _narrowed(case: Case, *, end: float, whole: bool) -> Case:
    """The case with a rule of capacities that names only those it cannot do without."""
    for at, rule in enumerate(case.rules):
        if isinstance(rule, Capacity):
            for thing in rule.of:
                fewer = replace(rule, of=tuple(one for one in rule.of if one != thing))
                less = case.instead(at, fewer)
                if fewer.of and tried(less, end=end, whole=whole).possible is False:
                    case, rule = less, fewer
    return case


def _spared(here: Field, prices: np.ndarray, *, end: float) -> np.ndarray:
    """Prices that still prove it, with every row left out that can be, the lightest first."""
    for row in np.argsort(np.abs(prices), kind="stable"):
        fewer = prices.copy()
        fewer[row] = 0.0
        if prices[row] and time.monotonic() < end and here.impossible_at(fewer):
            prices = fewer
    return prices


def _irreducible(program: Program) -> np.ndarray:
    """Positions of rows that cannot keep each other's company, none to spare; all where HiGHS cannot tell."""
    every = np.arange(len(program.low))
    touched = np.zeros(len(program.value), bool)
    touched[program.matrix.indices] = True
    here = Field(replace(program, most=program.most * (touched | (program.least > 0))))
    if len(every) < 2 or here.open.sum() > HERE_COLUMNS:
        return every
    part = Part.of(here, here.seen_at(np.zeros(len(every))), here.open)
    rows = irreducible(part.question, _NAMING_S)
    rows = rows[rows < len(every)]
    few = Field(_only_rows(program, rows))
    sight, _ = priced(few, time.monotonic() + _NAMING_S, gap=_EXACT)
    return rows if len(rows) and few.impossible_at(sight.prices) else every


def _only_rows(program: Program, rows: np.ndarray) -> Program:
    """The program without its other rows."""
    return replace(
        program,
        matrix=program.matrix[rows],
        low=program.low[rows],
        high=program.high[rows],
        rule=program.rule[rows],
        labels=tuple(program.labels[row] for row in rows),
        units=tuple(program.units[row] for row in rows),
    )


def _keeps(rows: Rows, choice: np.ndarray) -> bool:
    done, slack = rows.matrix @ choice, _KEPT * (abs(rows.matrix) @ choice) + NOTHING
    columns = np.all(choice <= rows.most + NOTHING) and np.all(choice >= rows.least - NOTHING)
    return bool(columns and np.all(done <= rows.high + slack) and np.all(done >= rows.low - slack))
