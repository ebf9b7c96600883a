"""Plans that are nearly as good and differ most: which villages are sure, which could be swapped for next to nothing.

Two plans are as far apart as the share of the money that goes to other villages. The money a new plan has in common
with an earlier one in a village, min(new, earlier), is concave in the new; over what the village can take it lies
nowhere below its chord, which is linear. So each plan in turn takes the choice with the most money above the chords of
all plans before it, among those that give up no more than is allowed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.planning.planner import answer_again, with_taken
from eco.planning.plans import Plan
from eco.planning.rules.aims import AimFloor
from eco.records.showing import number_text, said_html, shown
from eco.waiting import waiting

_NEAR = 0.02  # relative gap of how different a plan is: a proxy need not be met exactly
_SLACK = 1e-9  # relative: what sums of floats lose


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
        told = {
            "plans": len(self.all_plans),
            "kept": number_text(min(one.reached for one in self.all_plans) / self.plan.reached, "share")
            if self.plan.reached
            else "–",
            "always": number_text((share >= 1).sum()),
            "sometimes": number_text(((share > 0) & (share < 1)).sum()),
            "never": number_text((share <= 0).sum()),
        }
        notes = "".join(f"<p>{note.zh}<br><small>{note.en}</small></p>" for note in self.notes)
        table = self.villages.rename(columns={"share": "share_of_plans"})
        table = table.sort_values(["chosen_in", "yuan_mean"], ascending=False, kind="stable")
        return said_html("plan_alternatives_said", **told) + notes + shown(table)._repr_html_()


@waiting("plan_alternatives_wait")
def alternatives(
    plan: Plan, *, count: int = 5, give_up: float = 0.01, time_limit: float = 60.0
) -> Alternatives:
    """Up to `count` plans under the same rules that reach at least (1 - give_up) of what the plan reaches.

    Each differs as far as it can from those before it. There are fewer where no other choice reaches as much, or where
    `time_limit` seconds were too short.
    """
    end = time.monotonic() + time_limit
    floor = AimFloor(plan.aim, max((1 - give_up) * plan.reached, 0.0) * (1 - _SLACK), cautious=plan.cautious)
    plans, notes = [plan], []
    while len(plan.taken) and len(plans) <= count:
        left = end - time.monotonic()
        value = _moved(plans)
        answer = answer_again(
            plan, [floor], value=value, time_limit=left / (count + 1 - len(plans)), gap=_NEAR
        )
        if answer.taken is None:
            notes.append(_few(len(plans) - 1, "时间不够再找一个", "time was too short to find one more"))
            break
        found = with_taken(plan, answer, bound=plan.bound, gap=give_up + plan.gap)
        if any(np.array_equal(found.taken, one.taken) for one in plans):
            notes.append(_few(len(plans) - 1, "再没有不同而同样好的", "no other choice is as good"))
            break
        plans.append(found)
    spent = _spent(plans)
    return Alternatives(plan, tuple(plans[1:]), _villages(plan, spent), _apart(spent), tuple(notes))


def _few(found: int, zh: str, en: str) -> Phrase:
    return Phrase(f"只找到 {found} 个：{zh}", f"only {found} found: {en}")


def _village(plan: Plan) -> tuple[np.ndarray, pd.Index]:
    """Position of every bundle's village, (bundles,), and the villages' codes in order."""
    return pd.factorize(plan.options.bundles["village_code"], sort=True)


def _spent(plans: list[Plan]) -> np.ndarray:
    """Yuan by plan and village, (plans, villages)."""
    village, codes = _village(plans[0])
    yuan = plans[0].options.fen() / 100
    return np.array([np.bincount(village[one.taken], yuan[one.taken], len(codes)) for one in plans])


def _moved(plans: list[Plan]) -> np.ndarray:
    """What of each bundle's cost is moved, yuan (bundles,): all where no plan spent any, none where all was spent."""
    options = plans[0].options
    village, codes = _village(plans[0])
    yuan = options.fen() / 100
    household = options.household
    dearest = np.zeros(household.max(initial=-1) + 1)
    np.maximum.at(dearest, household, yuan)
    first = np.append(True, household[1:] != household[:-1])
    could = np.bincount(village[first], dearest, len(codes))
    chord = np.divide(_spent(plans).mean(axis=0), could, out=np.zeros(len(codes)), where=could > 0)
    return yuan * (1 - chord[village])


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
