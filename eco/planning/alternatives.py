"""Plans that are nearly as good and differ most: which villages are sure, which could be swapped for next to nothing.

Two plans are as far apart as the share of the money that goes to other villages. The money a new plan has in common
with an earlier one in a village, min(new, earlier), is concave in the new: over what the village can take it lies
nowhere below its chord, and nowhere above a tangent. So each plan is first the choice with the most money above the
chords, among those that give up no more than is allowed; then, time after time, that with the most above the tangents
at the choice before, where the earlier plans that are nearest weigh most.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.planning.options import Options
from eco.planning.planner import answer_again, with_taken
from eco.planning.plans import Plan
from eco.planning.rows import Rows, Rule
from eco.planning.rules.aims import AsMuch
from eco.records.showing import number_text, said_html, shown
from eco.waiting import waiting

_NEAR = 0.02  # relative gap of how different a plan is: a proxy need not be met exactly
_NO_TIME = Phrase("时间不够再找一个", "time was too short to find one more")
_NO_OTHER = Phrase("再没有不同而同样好的", "no other choice is as good")
_TANGENTS = 2  # times that a choice is sought again at its tangents
_NEAREST = 20.0  # a plan one twentieth of the money further off weighs e times less
_VILLAGES_SHOWN = 12  # of a county


@dataclass(frozen=True)
class Alternatives:
    """A plan, others nearly as good, and how often each village is chosen.

    `villages`: one row a village with an offer, in order of code: village_code, township, village, chosen_in (of all
    plans, the first among them), share (the same as a part of them), yuan_mean, yuan_least, yuan_most (over the plans).
    `apart`: (plans, plans), the first plan first: share of the money that goes to other villages. `notes` say why there
    are fewer plans than asked for.
    """

    plan: Plan
    plans: tuple[Plan, ...]
    villages: pd.DataFrame
    apart: np.ndarray
    notes: tuple[Phrase, ...] = ()

    @property
    def all_plans(self) -> tuple[Plan, ...]:
        """The plan and its alternatives."""
        return (self.plan, *self.plans)

    def __repr__(self) -> str:
        least = min((one.reached for one in self.all_plans), default=0.0)
        far = f", {self.apart[0, 1:].min():.0%} to {self.apart[0, 1:].max():.0%} apart" if self.plans else ""
        return f"Alternatives({len(self.plans)} plans reach {least:,.1f} {self.plan.unit} or more{far})"

    def _repr_html_(self) -> str:
        share = self.villages["share"]
        whole = self.plan.reached
        given_up = whole - min(one.reached for one in self.all_plans)
        told = {
            "plans": len(self.all_plans),
            "kept": number_text(1 - given_up / abs(whole), "share") if whole else "–",
            "always": number_text((share >= 1).sum()),
            "sometimes": number_text(((share > 0) & (share < 1)).sum()),
            "never": number_text((share <= 0).sum()),
        }
        notes = "".join(f"<p>{note.zh}<br><small>{note.en}</small></p>" for note in self.notes)
        table = self.villages.rename(columns={"share": "share_of_plans"})
        table = table.sort_values(["chosen_in", "yuan_mean"], ascending=False, kind="stable")
        return (
            said_html("plan_alternatives_said", **told)
            + notes
            + shown(table, rows=_VILLAGES_SHOWN)._repr_html_()
        )


@dataclass(frozen=True, eq=False)
class _NotThis:
    """Some other choice than this one: bundles by position."""

    taken: np.ndarray

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row: of the bundles one at least is not taken, or another one is."""
        sign = np.append(-np.ones(len(options.bundles)), np.zeros(len(options.yards)))
        sign[self.taken] = 1.0
        return Rows.of(options, sign[None], high=len(self.taken) - 1.0, labels=[self.said], unit="households")

    @property
    def said(self) -> Phrase:
        """The rule as a sentence."""
        return Phrase("不同于这个方案", "not this plan")


@waiting("plan_alternatives_wait")
def alternatives(
    plan: Plan, *, count: int = 5, give_up: float = 0.01, time_limit: float = 60.0
) -> Alternatives:
    """Up to `count` plans under the same rules that give up no more than a share `give_up` of what the plan reaches.

    Each reaches reached - give_up |reached| or more, differs as far as it can from those before it, and from each in
    some household at least. There are fewer where no other choice reaches as much, or where `time_limit` seconds were
    too short.
    """
    end = time.monotonic() + time_limit
    plans, notes = [plan], []
    while len(plan.taken) and len(plans) <= count:
        own_end = time.monotonic() + (end - time.monotonic()) / (count + 1 - len(plans))
        found = _furthest(plans, give_up, own_end)
        if isinstance(found, Phrase):
            notes.append(
                Phrase(f"只找到 {len(plans) - 1} 个：{found.zh}", f"only {len(plans) - 1} found: {found.en}")
            )
            break
        plans.append(found)
    spent = _spent(plans)
    return Alternatives(plan, tuple(plans[1:]), _villages(plan, spent), _apart(spent), tuple(notes))


def _furthest(plans: Sequence[Plan], give_up: float, end: float) -> Plan | Phrase:
    """A plan nearly as good as the first and as far as can be from all, or why there is none."""
    spent = _spent(plans)
    best: Plan | Phrase = _NO_TIME
    furthest, value = 0.0, _moved(plans)
    for passed in range(1 + _TANGENTS):
        found = _other(plans, value, give_up, end)
        if isinstance(found, Phrase):
            return found if isinstance(best, Phrase) else best
        apart = _apart(np.vstack([spent, _spent([found])]))[-1, :-1]
        if passed and apart.min() <= furthest:
            break
        best, furthest = found, float(apart.min())
        value = _above_tangents(plans, found, np.exp(-_NEAREST * (apart - apart.min())))
    return best


def _other(plans: Sequence[Plan], value: np.ndarray, give_up: float, end: float) -> Plan | Phrase:
    """The choice of the greatest value that is nearly as good and none of the plans, or why there is none."""
    plan = plans[0]
    floor = AsMuch(plan.aim, plan.reached - give_up * abs(plan.reached), cautious=plan.cautious)
    first = None if plan.answer is None else plan.answer.taken
    # Rows against plans that there are cost time, and are seldom needed.
    for others in ((), tuple(_NotThis(one.taken) for one in plans)):
        left = max(end - time.monotonic(), 0.0)
        rules: tuple[Rule, ...] = (floor, *others)
        begin = None if others else first
        answer = answer_again(plan, rules, value=value, first=begin, near=True, time_limit=left, gap=_NEAR)
        if answer.taken is None:
            return _NO_OTHER if answer.status == "infeasible" else _NO_TIME
        found = with_taken(plan, answer, bound=plan.bound, gap=give_up + plan.gap)
        if not any(np.array_equal(found.taken, one.taken) for one in plans):
            return found
    return _NO_OTHER


def _village(plan: Plan) -> tuple[np.ndarray, pd.Index]:
    """Position of every bundle's village, (bundles,), and the villages' codes in order."""
    return pd.factorize(plan.options.bundles["village_code"], sort=True)


def _spent(plans: Sequence[Plan]) -> np.ndarray:
    """Yuan by plan and village, (plans, villages)."""
    village, codes = _village(plans[0])
    fen = plans[0].options.fen()
    return np.array([np.bincount(village[one.taken], fen[one.taken], len(codes)) for one in plans]) / 100


def _moved(plans: Sequence[Plan]) -> np.ndarray:
    """What of each bundle's cost is moved, yuan (bundles,): all where no plan spent any, none where all was spent."""
    options = plans[0].options
    village, codes = _village(plans[0])
    yuan = options.fen() / 100
    # What a household's offers in several villages could cost counts in each of them.
    pairs, pair = np.unique(options.household * len(codes) + village, return_inverse=True)
    dearest = np.zeros(len(pairs))
    np.maximum.at(dearest, pair, yuan)
    could = np.bincount(pairs % len(codes), dearest, len(codes))
    chord = np.divide(_spent(plans).mean(axis=0), could, out=np.zeros(len(codes)), where=could > 0)
    return yuan * (1 - chord[village])


def _above_tangents(plans: Sequence[Plan], found: Plan, weights: np.ndarray) -> np.ndarray:
    """What of each bundle's cost is moved at the tangents of a choice, yuan: none where all plans spent more."""
    village, _ = _village(found)
    common = _spent([found]) < _spent(plans)
    return found.options.fen() / 100 * (1 - weights @ common / weights.sum())[village]


def _apart(spent: np.ndarray) -> np.ndarray:
    """Share of the money that goes to other villages, (plans, plans)."""
    share = spent / np.maximum(spent.sum(axis=1, keepdims=True), 1e-9)
    return (
        np.array([[1 - np.minimum(one, other).sum() for other in share] for one in share])
        .clip(0, 1)
        .round(12)
    )


def _villages(plan: Plan, spent: np.ndarray) -> pd.DataFrame:
    _, codes = _village(plan)
    named = plan.options.bundles.drop_duplicates("village_code").set_index("village_code")
    chosen = (spent > 0).sum(axis=0)
    return pd.DataFrame(
        {
            "village_code": codes,
            "township": named["township"].reindex(codes).to_numpy(),
            "village": named["village"].reindex(codes).to_numpy(),
            "chosen_in": chosen,
            "share": chosen / len(spent),
            "yuan_mean": spent.mean(axis=0),
            "yuan_least": spent.min(axis=0),
            "yuan_most": spent.max(axis=0),
        }
    )
