"""Why not my village: the cheapest swap that would bring it into a plan, who would leave for it, and what it costs.

The swap is a plan under the same rules and one more, so its cost has a bound as a plan has: no way to bring the village
in costs less than the plan's value less that bound.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from eco.phrases import WORDS, Phrase
from eco.planning.clashes import Case, clash_of
from eco.planning.options import PARTS, Options
from eco.planning.planner import answer_again, with_taken
from eco.planning.plans import Plan
from eco.planning.programs import Answer
from eco.planning.rows import Rows, Rule, by_group
from eco.planning.rules.aims import AsMuch
from eco.planning.rules.faults import fault, unknown
from eco.planning.rules.places import shut
from eco.planning.rules.wording import amount, listed, plain
from eco.problems import DataProblem
from eco.records.showing import said_html, shown
from eco.records.tables import POOR_TYPES
from eco.waiting import waiting

_SLACK = 1e-9  # relative: what sums of floats lose
_DIRECT_SHARE, _FULL_SHARE = 0.3, 0.8  # of the time, at which the direct and the full search end
_NEAR = 1e-3  # relative gap of how few households change
_GIVE_CODE = Phrase("写代码，不写名称", "give the code, not the name")


@dataclass(frozen=True)
class WhyNot:
    """Why a village is not in a plan, and what it would take.

    `state`: "in" (it is in already), "swap", "no offers", "impossible" (rules stand against it) or "time" (none found
    in the time). `said` says it. For a swap: `cost` in `unit` (persons or yuan a year), below 0 where the swap reaches
    more than the plan, which was proven within a gap only; no swap costs less than `cost_least`. lifted_persons and
    gap_yuan: how many more (below 0: fewer) the swap brings. `villages`: one row a village that changes: village_code,
    township, village, households_in, households_out, yuan_change; a household whose offer moves leaves one village and
    comes to another. `households`, for the office: household_id, township, village, village_code (of what it gets, or
    else got), change (in, out, other), yuan_before, yuan_after. `swapped` is the plan with the swap made.
    """

    plan: Plan
    village_code: str
    village: str
    state: str
    said: Phrase
    cost: float = np.nan
    cost_least: float = np.nan
    unit: str = ""
    lifted_persons: float = np.nan
    gap_yuan: float = np.nan
    villages: pd.DataFrame | None = None
    households: pd.DataFrame | None = None
    swapped: Plan | None = None

    def __repr__(self) -> str:
        return f"WhyNot({self.village_code} {self.village}: {self.said.en})"

    def _repr_html_(self) -> str:
        table = "" if self.villages is None else shown(self.villages)._repr_html_()
        return said_html("plan_why_said", zh=self.said.zh, en=self.said.en) + table


@dataclass(frozen=True)
class _Brought:
    """A village is in the plan: one of its bundles at least, or at least so many yuan."""

    village_code: str
    village: str
    yuan: float | None

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row over the village's bundles."""
        here = np.where(options.bundles["village_code"] == self.village_code, 0, -1)
        each = 1.0 if self.yuan is None else options.fen() / 100
        least, unit = (1.0, "households") if self.yuan is None else (self.yuan, "yuan")
        matrix = by_group(options, here, each, rows=1)
        return Rows.of(options, matrix, low=least, labels=[self.said], unit=unit)

    @property
    def said(self) -> Phrase:
        """What is asked for the village."""
        key = "plan_why_one" if self.yuan is None else "plan_why_yuan"
        told = {"village": self.village, "yuan": plain(self.yuan or 0.0)}
        return _filled(key, **told)


@dataclass(frozen=True, eq=False)
class _Only:
    """Nothing but some bundles, bool (bundles,)."""

    bundles: np.ndarray

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """No row: all others are locked out."""
        return Rows.of(options, most=shut(options, ~self.bundles))

    @property
    def said(self) -> Phrase:
        """Never said."""
        return Phrase("", "")


@waiting("plan_why_wait")
def why_not(
    plan: Plan, village: str, *, yuan: float | None = None, time_limit: float = 60.0, gap: float = 1e-3
) -> WhyNot:
    """Why a village, by name or 12-digit code, is not in a plan, and the cheapest swap that would bring it in.

    In it is with one household at least, or with `yuan` at least. The swap's cost is proven within `gap` of what the
    plan reaches; where the plan itself may be that far from the best, a swap that brings in the village's own
    households alone is told rather than one that mends the plan elsewhere. Ends within `time_limit` seconds. Raises
    DataProblem for a village nobody knows (E-PLAN-22), a name of several (E-PLAN-23), or yuan that are none
    (E-PLAN-21).
    """
    end = time.monotonic() + time_limit
    code, name = _village(plan.options, village)
    if yuan is not None and not (np.isfinite(yuan) and yuan > 0):
        expected, todo = Phrase("大于 0 的元数", "yuan above 0"), Phrase("更正此数", "correct the number")
        raise DataProblem([fault("E-PLAN-21", "why_not.yuan", yuan, expected, todo=todo)])
    here = (plan.options.bundles["village_code"] == code).to_numpy()
    if not here.any():
        return WhyNot(plan, code, name, "no offers", _no_offers(plan.options, code, name))
    mine = plan.taken[here[plan.taken]]
    if plan.options.fen()[mine].sum() / 100 >= (yuan or 0.0) and len(mine):
        return WhyNot(plan, code, name, "in", _gets(plan, mine, name))
    brought = _Brought(code, name, yuan)
    answer = _swap(plan, brought, here, end=end, gap=gap)
    if answer.taken is None:
        return _none_found(plan, brought, answer, end)
    return _swapped(plan, brought, answer, gap)


def _swap(plan: Plan, brought: _Brought, here: np.ndarray, *, end: float, gap: float) -> Answer:
    """The best plan with the village in it: of swaps that bring in its own households only, and of all.

    Of all that are as good it is one that changes little; its bound is that of all.
    """
    began = time.monotonic()
    taken = np.zeros(len(here), bool)
    taken[plan.taken] = True

    def left(share: float) -> float:
        return max(began + share * (end - began) - time.monotonic(), 0.0)

    direct = answer_again(plan, [brought, _Only(taken | here)], time_limit=left(_DIRECT_SHARE), gap=_SLACK)
    full = answer_again(plan, [brought], first=direct.taken, time_limit=left(_FULL_SHARE), gap=gap)
    best = direct if direct.taken is not None else full
    # What the plan itself may be short of its bound is no merit of the village: a small swap is told then.
    open_yet = max(plan.bound - plan.reached, _SLACK * abs(full.value))
    if full.taken is not None and full.value > direct.value + open_yet:
        as_good = AsMuch(plan.aim, full.value, cautious=plan.cautious)
        kept = np.where(taken, 1.0, -1.0)
        ask = partial(answer_again, plan, [brought, as_good], value=kept, gap=_NEAR)
        tidy = ask(first=full.taken, near=True, time_limit=left(1.0))
        best = full if tidy.taken is None else tidy
    return replace(best, bound=min(full.bound, plan.bound))  # no rule more makes anything better


def _swapped(plan: Plan, brought: _Brought, answer: Answer, gap: float) -> WhyNot:
    """The swap with what it costs."""
    swapped = with_taken(plan, answer, bound=answer.bound, gap=gap)
    lifted, gap_yuan = (
        float(plan.options.worth(aim)[swapped.taken].sum() - plan.options.worth(aim)[plan.taken].sum())
        for aim in ("lifted", "gap")
    )
    changes = _changes(plan, swapped)
    households, villages = _by_household(plan.options, changes), _by_village(plan.options, changes)
    cost, least = plan.reached - swapped.reached, plan.reached - swapped.bound
    unit = WORDS["layer_unit_persons" if plan.unit == "persons" else "plan_yuan_a_year"]
    told = {
        "asked": brought.said,
        "come": int(villages["households_in"].sum()),
        "leave": int(villages["households_out"].sum()),
        "other": int(_stays(plan.options, changes).sum()),
        "of": int((villages["households_out"] > 0).sum()),
        "cost": plain(max(cost, 0.0)),
        "least": plain(max(least, 0.0)),
        "unit": unit,
        "lifted": f"{lifted:+,.2f}",
        "gap": f"{round(gap_yuan) + 0:+,}",
    }
    said = _filled("plan_why_swap" if cost > 0 else "plan_why_free", **told)
    return WhyNot(
        plan, brought.village_code, brought.village, "swap", said, cost, least, plan.unit, lifted, gap_yuan,
        villages, households, swapped,
    )  # fmt: skip


def _none_found(plan: Plan, brought: _Brought, answer: Answer, end: float) -> WhyNot:
    """No plan has the village in it: because of rules, or none was found in the time."""
    code, name = brought.village_code, brought.village
    if answer.status != "infeasible":
        return WhyNot(plan, code, name, "time", _filled("plan_why_time", asked=brought.said))
    case = Case.of(plan.options, (*plan.rules, brought), plan.budget_yuan)
    against: list[Rule] = [rule for rule in clash_of(case, end=end).case.rules if rule != brought]
    if not against:
        most = _most_yuan(plan.options, code)
        return WhyNot(plan, code, name, "impossible", _filled("plan_why_most", asked=brought.said, most=most))
    rules = Phrase(
        "、".join(f"“{rule.said.zh}”" for rule in against), ", ".join(f"“{rule.said.en}”" for rule in against)
    )
    return WhyNot(plan, code, name, "impossible", _filled("plan_why_rules", asked=brought.said, rules=rules))


def _most_yuan(options: Options, code: str) -> str:
    """What a village's households would cost if each got its dearest bundle."""
    here = (options.bundles["village_code"] == code).to_numpy()
    yuan = pd.Series(options.fen()[here] / 100)
    return plain(yuan.groupby(options.bundles["household_id"].to_numpy()[here]).max().sum())


def _village(options: Options, told: str) -> tuple[str, str]:
    """Code and name of a village that the offers or the records know."""
    known = options.bundles[["village_code", "village"]].drop_duplicates("village_code")
    names = dict.fromkeys(options.homes["village_code"].astype(str), "")
    if options.exposure is not None:
        villages = options.exposure.project.villages
        names |= dict(zip(villages["code"].astype(str), villages["name"].fillna("").astype(str)))
    names |= {
        code: name or names.get(code, "") for code, name in zip(known["village_code"], known["village"])
    }
    told = str(told).strip()
    named = [told] if told in names else [code for code, name in names.items() if name == told]
    if not named:
        raise DataProblem(unknown([told], {*names, *names.values()} - {""}, of="why_not.village"))
    if len(named) > 1:
        expected = Phrase(f"其中一个：{', '.join(named)}", f"one of {', '.join(named)}")
        raise DataProblem([fault("E-PLAN-23", "why_not.village", told, expected, todo=_GIVE_CODE)])
    return named[0], names[named[0]] or named[0]


def _no_offers(options: Options, code: str, name: str) -> Phrase:
    """Why nothing is offered in a village, as far as the records tell."""
    homes = int((options.homes["village_code"] == code).sum())
    if options.exposure is None:
        return _filled("plan_why_none" if homes else "plan_why_nobody", village=name, homes=homes)
    here = options.exposure.project.households
    here = here[here["village_code"] == code]
    registered = here[here["register_type"].isin(POOR_TYPES)]
    placed = registered[np.isfinite(registered.geometry.x.to_numpy(float))]
    able = placed[placed["workers"] > 0]
    for key, few in (("nobody", here), ("general", registered), ("nowhere", placed), ("workless", able)):
        if few.empty:
            return _filled(f"plan_why_{key}", village=name, homes=len(here), registered=len(registered))
    yards = options.yards[options.yards["village_code"] == code]
    room = yards["room_colonies"].max() if len(yards) else 0.0
    return _filled("plan_why_no_gain", village=name, able=len(able), room=plain(np.floor(room)))


def _gets(plan: Plan, mine: np.ndarray, name: str) -> Phrase:
    """What a village gets."""
    bundles = plan.options.bundles.iloc[mine]
    sums = {part: float(bundles[column].sum()) for part, column in PARTS.items()}
    what = listed(amount(part, units) for part, units in sums.items() if units > 0)
    told = {
        "village": name,
        "homes": len(mine),
        "what": what,
        "yuan": plain(plan.options.fen()[mine].sum() / 100),
        "gain": f"{bundles['gain_yuan_mean'].sum():,.0f}",
    }
    return _filled("plan_why_in", **told)


def _changes(plan: Plan, swapped: Plan) -> pd.DataFrame:
    """One row a household that gets something else: before and after, positions of its bundles, -1 for none."""
    ids = plan.options.bundles["household_id"]
    before, after = (pd.Series(one.taken, index=ids.iloc[one.taken]) for one in (plan, swapped))
    both = pd.DataFrame({"before": before, "after": after}).fillna(-1).astype(int)
    return both[both["before"] != both["after"]]


def _by_household(options: Options, changes: pd.DataFrame) -> pd.DataFrame:
    """One row a household that gets something else, where what it gets is, or else what it got."""
    had, has = changes["before"].to_numpy(), changes["after"].to_numpy()
    where = options.bundles.iloc[np.where(has >= 0, has, had)]
    table = where[["household_id", "township", "village", "village_code"]].reset_index(drop=True)
    return table.assign(
        change=np.where(had < 0, "in", np.where(has < 0, "out", "other")),
        yuan_before=_yuan(options, had),
        yuan_after=_yuan(options, has),
    )


def _by_village(options: Options, changes: pd.DataFrame) -> pd.DataFrame:
    """One row a village that changes, the one that gains most first: what left it and what came to it."""
    had, has = changes["before"].to_numpy(), changes["after"].to_numpy()
    stays = _stays(options, changes)
    sides = [
        options.bundles.iloc[at[at >= 0]][["village_code", "township", "village"]].assign(
            households_in=int(sign > 0) * ~stays[at >= 0],
            households_out=int(sign < 0) * ~stays[at >= 0],
            yuan_change=sign * _yuan(options, at[at >= 0]),
        )
        for at, sign in ((had, -1), (has, 1))
    ]
    sums = pd.concat(sides).groupby(["village_code", "township", "village"], as_index=False).sum()
    return sums.sort_values(["yuan_change", "village_code"], ascending=[False, True], ignore_index=True)


def _stays(options: Options, changes: pd.DataFrame) -> np.ndarray:
    """Whether each household that gets something else gets it in the village where it got something, (changes,)."""
    village = np.append(pd.factorize(options.bundles["village_code"])[0], -1)
    had, has = changes["before"].to_numpy(), changes["after"].to_numpy()
    return (had >= 0) & (has >= 0) & (village[had] == village[has])


def _yuan(options: Options, bundles: np.ndarray) -> np.ndarray:
    """What bundles at positions cost, 0 for -1."""
    return np.append(options.fen(), 0)[bundles] / 100


def _filled(key: str, **told: object) -> Phrase:
    """A sentence of the catalogue with what is told; a phrase speaks each language."""
    zh, en = (
        text.format(**{name: one[at] if isinstance(one, Phrase) else one for name, one in told.items()})
        for at, text in enumerate(WORDS[key])
    )
    return Phrase(zh, en)
