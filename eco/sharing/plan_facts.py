"""What a plan says, before it is laid out: its question and answer in sentences, who gets what where, what to check."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.phrases import WORDS, Phrase
from eco.planning.options import PARTS
from eco.planning.plans import Plan
from eco.sharing.release.plans import gap_words
from eco.units import YUAN_PER_WAN

LEVELS = ("county", "township", "village")
GIVEN = ("bees", "juncao", "forest", "forest_guard")
# The column of a bundle that counts what a livelihood of the plan is given in.
COUNTED = {"bees": PARTS["bees"], "juncao": PARTS["juncao"], "forest": PARTS["forest"]} | {
    "forest_guard": PARTS["guard"]
}
# What a reason to check is about; one that is not listed is about everything a household is given.
_ABOUT = {"farmland": ("forest",), "slope": ("juncao", "forest"), "forage": ("bees",)}


def taken_bundles(plan: Plan) -> pd.DataFrame:
    """One row a household that is given something: its bundle, with cost_yuan over all plan years."""
    table = plan.options.bundles.iloc[plan.taken]
    return table.assign(cost_yuan=plan.options.fen()[plan.taken] / 100).reset_index(drop=True)


def given_by(plan: Plan, level: str) -> pd.DataFrame:
    """Who gets what by "county", "township" or "village": one row a place that gets something, most yuan first.

    Columns code, county, township, village (names, down to the level), households, persons, hives, juncao_mu,
    forest_mu, guard_posts, cost_yuan (all plan years), gain_yuan_mean (recurrent, a year).
    """
    names = list(LEVELS[: LEVELS.index(level) + 1])
    table = taken_bundles(plan).rename(columns={f"{level}_code": "code"})
    sums = ["persons", *PARTS.values(), "cost_yuan", "gain_yuan_mean"]
    rows = table.groupby(["code", *names], sort=True)
    answer = rows[sums].sum()
    answer.insert(0, "households", rows.size())
    return answer.reset_index().sort_values(["cost_yuan", "code"], ascending=[False, True], ignore_index=True)


def checks(plan: Plan) -> pd.DataFrame:
    """What has to be looked at on the spot (待核): one row a household, livelihood and reason.

    Columns household_id, livelihood, reason ("farmland", "slope", "forage" or another word of the options).
    """
    table = taken_bundles(plan)[["household_id", "to_check", *PARTS.values()]]
    rows = table.assign(reason=table["to_check"].str.split(",")).explode("reason", ignore_index=True)
    rows = rows.assign(reason=rows["reason"].str.strip())
    parts = []
    for livelihood, column in COUNTED.items():
        about = [livelihood in _ABOUT.get(str(reason), GIVEN) for reason in rows["reason"]]
        mine = rows[(rows[column] > 0) & rows["reason"].ne("") & np.array(about, bool)]
        parts.append(mine[["household_id", "reason"]].assign(livelihood=livelihood))
    answer = pd.concat(parts, ignore_index=True)[["household_id", "livelihood", "reason"]]
    return answer.sort_values(["household_id", "livelihood", "reason"], ignore_index=True)


def reason_words(reason: str) -> tuple[Phrase, Phrase]:
    """Why something must be checked, and who checks it."""
    why, who = (WORDS.get(f"plan_{what}_{reason}") for what in ("why", "who"))
    return why or Phrase(reason, reason), who or WORDS["plan_who_other"]


def number_words(value: float, decimals: int = 0) -> str:
    """A number with thousands marked, without decimals that are all zero.

    >>> number_words(1234.0), number_words(2.50, 1), number_words(3.0, 1)
    ('1,234', '2.5', '3')
    """
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def wan_words(yuan: float) -> str:
    """Yuan as ten thousands, sharp enough that a small sum is not nothing.

    >>> wan_words(3_000_000), wan_words(1234.0), wan_words(0)
    ('300', '0.12', '0')
    """
    wan = yuan / YUAN_PER_WAN
    return number_words(wan, 1 if abs(wan) >= 10 else 2)


def years_words(plan: Plan) -> Phrase:
    """The years of the plan."""
    first, last = plan.options.first_year, plan.options.first_year + plan.options.years - 1
    if first == last:
        return Phrase(*(text.format(first=first) for text in WORDS["plan_year"]))
    return Phrase(*(text.format(first=first, last=last) for text in WORDS["plan_years"]))


def question(plan: Plan) -> Phrase:
    """What the plan was asked, as a sentence."""
    years, aim = years_words(plan), WORDS[f"plan_aim_{plan.aim}"]
    asked = WORDS["plan_question_cautious" if plan.cautious else "plan_question"]
    return Phrase(
        *(
            text.format(
                budget=wan_words(plan.budget_yuan), years=year, aim=what, cautious=f"{plan.cautious:.0%}"
            )
            for text, year, what in zip(asked, years, aim)
        )
    )


def answer(plan: Plan) -> Phrase:
    """What the plan gives to how many, for how much, and what that is expected to bring."""
    table = taken_bundles(plan)
    if table.empty:
        return WORDS["plan_nothing"]
    reached = WORDS[f"plan_reached_{plan.aim}"]
    said = {
        "households": number_words(len(table)),
        "persons": number_words(table["persons"].sum()),
        "spent": wan_words(plan.spent_yuan),
    }
    value = value_words(plan, plan.reached)
    return Phrase(
        *(
            text.format(what=what, reached=brings.format(reached=value), **said)
            for text, what, brings in zip(WORDS["plan_answer"], given_words(table), reached)
        )
    )


def given_words(table: pd.DataFrame) -> Phrase:
    """What a table with hives, juncao_mu, forest_mu and guard_posts gives in all: 中蜂 50 箱、巨菌草 20 亩."""
    sums = {livelihood: float(table[column].sum()) for livelihood, column in COUNTED.items()}
    told = [(name, amount) for name, amount in sums.items() if amount > 0]
    zh = "、".join(
        f"{WORDS[_word(name)].zh} {number_words(amount, 1)} {WORDS[f'plan_unit_{name}'].zh}"
        for name, amount in told
    )
    en = ", ".join(
        f"{number_words(amount, 1)} {WORDS[f'plan_unit_{name}'].en} of {WORDS[_word(name)].en}"
        for name, amount in told
    )
    return Phrase(zh, en)


def _word(livelihood: str) -> str:
    return livelihood if livelihood in WORDS else f"plan_{livelihood}"


def livelihood_words(livelihood: str) -> Phrase:
    """What a livelihood of the plan is called."""
    return WORDS[_word(livelihood)]


def value_words(plan: Plan, value: float) -> str:
    """A value in the plan's unit as its sentences write it: ten thousands of yuan, or persons."""
    return number_words(value, 1) if plan.unit == "persons" else wan_words(value)


def proof(plan: Plan) -> Phrase:
    """How good the plan provably is."""
    key = f"plan_status_{plan.status.replace(' ', '_')}"
    gap = gap_words(plan.gap)
    return Phrase(*(text.format(gap=gap) for text in WORDS[key]))


def plan_summary(plan: Plan) -> dict:
    """The plan as plain numbers and sentences, ready for JSON: part "plan" of summary.json, and plan.json."""
    options, table = plan.options, taken_bundles(plan)
    return {
        "question": _both(question(plan)),
        "answer": _both(answer(plan)),
        "value": plan.aim,
        "cautious": plan.cautious,
        "budget_yuan": plan.budget_yuan,
        "spent_yuan": plan.spent_yuan,
        "households": len(table),
        "persons": int(table["persons"].sum()),
        **{column: float(table[column].sum()) for column in PARTS.values()},
        "gain_yuan_mean": round(float(table["gain_yuan_mean"].sum()), 2),
        "status": plan.status,
        "reached": round(float(plan.reached), 4),
        "bound": round(float(plan.bound), 4),
        "unit": plan.unit,
        "gap": round(float(plan.gap), 8),
        "first_year": options.first_year,
        "years": options.years,
        "line": options.line,
        "rules": [_both(rule.said) for rule in plan.rules],
        "prices": [{**row, "price": round(float(row["price"]), 6)} for row in plan.prices.to_dict("records")],
        "to_check": {
            str(reason): int(count) for reason, count in checks(plan)["reason"].value_counts().items()
        },
        "notes": [_both(note) for note in plan.notes],
        "draws": options.draws,
        "seed": options.seed,
    }


def _both(words: Phrase) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}
