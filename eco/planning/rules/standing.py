"""Whether rules can stand: what they touch, which stand unasked, and promises that others lock out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.planning.options import Options
from eco.planning.rows import Rows, Rule
from eco.planning.rules.faults import fault
from eco.planning.rules.ground import Capacity, MinLot, NoTreesOnFarmland, SlopeLimit
from eco.planning.rules.households import OneEach
from eco.planning.rules.money import Budget
from eco.planning.rules.promises import LockedIn, sentences
from eco.planning.rules.wording import plain
from eco.problems import DataProblem, Finding

# Hold in every plan unless its planner names one of the same class.
USUAL: tuple[Rule, ...] = (OneEach(), Capacity(), SlopeLimit(), NoTreesOnFarmland(), MinLot())
_A_RULE = Phrase("一条规则，例如 OneEach()", "a rule, such as OneEach()")
_WRITE_RULE = Phrase("写成带括号的规则", "write the rule with its brackets")
_ONE_OFFER = Phrase("至少一个各条规则都允许的可选项", "at least one offer that all rules allow")
_ONE_OF_ALL = Phrase("一个可选项兑现该户的全部承诺", "one offer that keeps all promises to the household")
_ONE_WAY = Phrase("不同时锁定和排除", "not locked in and out at once")
_FITS = Phrase("预算够付承诺", "a budget that pays for what is promised")
_EASE = Phrase("放宽其中一条规则，或减少承诺", "ease one of the rules, or promise less")
_MORE_MONEY = Phrase("增加预算，或减少承诺", "raise the budget, or promise less")


def with_usual(rules: Iterable[Rule], *, usual: bool = True) -> tuple[Rule, ...]:
    """The rules, then the usual ones of which none of the same class is among them.

    With `usual` False only OneEach is added: the bundles of one household do not add up. Raises DataProblem
    (E-PLAN-29) for what is no rule, as a class without its brackets.
    """
    told = tuple(rules)
    wrong = [
        fault("E-PLAN-29", "rules", getattr(one, "__name__", repr(one)), _A_RULE, todo=_WRITE_RULE)
        for one in told
        if isinstance(one, type) or not isinstance(one, Rule)
    ]
    if wrong:
        raise DataProblem(wrong)
    named = {type(rule) for rule in told}
    unasked = USUAL if usual else (OneEach(),)
    return (*told, *(one for one in unasked if type(one) not in named))


def touches(rule: Rule, options: Options, budget_yuan: float) -> int:
    """How many bundles a rule touches: they stand in a row that binds, or are locked in or out."""
    told = rule.rows(options, budget_yuan)
    touched = (told.least > 0) | (told.most < 1)
    binding = told.matrix[np.flatnonzero(np.isfinite(told.low) | np.isfinite(told.high))]
    touched[binding.indices[binding.data != 0]] = True
    return int(touched[: len(options.bundles)].sum())


def contradictions(options: Options, rules: Sequence[Rule], budget_yuan: float) -> tuple[Finding, ...]:
    """What cannot be kept whatever else is chosen, with the rules by name (E-PLAN-28); empty: nothing of these.

    A household whose promises no single bundle keeps, or whose bundles that do are locked out by other rules; a bundle
    locked in by one rule and out by another; promises that at their cheapest cost more than a budget. Rules that can
    only not be kept all together are found by the solver.
    """
    told = [rule.rows(options, budget_yuan) for rule in rules]
    promised = _promised(options, rules)
    most = np.min([one.most for one in told], axis=0, initial=1.0)[: len(options.bundles)]
    able = promised.keeping.groupby("household_id")["bundle"].agg(list).to_dict()
    open_ = promised.keeping[most[promised.keeping["bundle"]] > 0]
    never = sorted(set(promised.said) - set(open_["household_id"]))
    return (
        *_both_ways(options, rules, told),
        *(
            _unkept(household, promised.said[household], able.get(household, []), rules, told)
            for household in never
        ),
        *_too_dear(options, rules, budget_yuan, open_),
    )


@dataclass(frozen=True)
class _Promised:
    """All promises: `said`, sentences by household; `keeping`, household_id and bundle that keeps all made to it."""

    said: dict[str, list[Phrase]]
    keeping: pd.DataFrame


def _promised(options: Options, rules: Sequence[Rule]) -> _Promised:
    said: dict[str, list[Phrase]] = {}
    kept = np.zeros(len(options.bundles), int)
    for rule in rules:
        if isinstance(rule, LockedIn):
            told = rule.promises
            for household, sentence in zip(told["household_id"], sentences(told)):
                said.setdefault(household, []).append(sentence)
            kept += np.bincount(rule.keeping(options)["bundle"], minlength=len(kept))
    households = options.bundles["household_id"]
    asked = households.map({household: len(several) for household, several in said.items()})
    whole = np.flatnonzero(kept == asked.to_numpy(float))
    return _Promised(said, pd.DataFrame({"household_id": households.iloc[whole], "bundle": whole}))


def _unkept(
    household: str, said: list[Phrase], bundles: list[int], rules: Sequence[Rule], told: Sequence[Rows]
) -> Finding:
    """Promises to a household that no open bundle keeps, with the rules that stand against them."""
    against = [rule for rule, one in zip(rules, told) if (one.most[bundles] <= 0).any()]
    expected = _ONE_OFFER if against else _ONE_OF_ALL
    return _contradiction(
        [LockedIn, *map(type, against or [OneEach()])],
        [*said, *(rule.said for rule in against)],
        expected,
        household=household,
    )


def _both_ways(options: Options, rules: Sequence[Rule], told: Sequence[Rows]) -> list[Finding]:
    """Bundles that one rule locks in and another out."""
    if not any(one.least.any() for one in told):
        return []
    least, most = np.max([one.least for one in told], axis=0), np.min([one.most for one in told], axis=0)
    found = []
    for bundle in np.flatnonzero((least > most)[: len(options.bundles)]):
        between = [rule for rule, one in zip(rules, told) if one.least[bundle] > 0 or one.most[bundle] < 1]
        household = options.bundles["household_id"].iloc[bundle]
        said = [rule.said for rule in between]
        found.append(_contradiction([*map(type, between)], said, _ONE_WAY, household=household))
    return found


def _too_dear(
    options: Options, rules: Sequence[Rule], budget_yuan: float, keeping: pd.DataFrame
) -> list[Finding]:
    """Budgets below what the promises cost at their cheapest."""
    found = []
    for budget in dict.fromkeys([rule for rule in rules if isinstance(rule, Budget)] or [Budget()]):
        fen = pd.Series(budget.fen(options)[keeping["bundle"]])
        least = int(fen.groupby(keeping["household_id"].to_numpy()).min().sum()) / 100
        most = budget.yuan_of(budget_yuan)
        if least > most:
            told = budget if budget.yuan is not None else replace(budget, yuan=budget_yuan)
            cost = Phrase(f"承诺最少要 {plain(least)} 元", f"the promises cost at least {plain(least)} yuan")
            found.append(_contradiction([LockedIn, Budget], [cost, told.said], _FITS, todo=_MORE_MONEY))
    return found


def _contradiction(
    names: Sequence[type],
    said: Sequence[Phrase],
    expected: Phrase,
    *,
    household: str = "",
    todo: Phrase = _EASE,
) -> Finding:
    """Rules against each other, by name and as they read."""
    both = Phrase("；".join(one.zh for one in said), "; ".join(one.en for one in said))
    of = " × ".join(one.__name__ for one in names)
    return fault("E-PLAN-28", of, f"{both.zh} / {both.en}", expected, todo=todo, where=household)
