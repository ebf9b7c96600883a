"""A plan as a page for whoever decides: question, answer, proof, why not more, who gets what, what to check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from eco.files import write_text
from eco.phrases import WORDS, Phrase, word
from eco.planning.plans import Plan
from eco.sharing.maps.page import data_uri
from eco.sharing.pages import report_template, wan
from eco.sharing.plan_facts import (
    COUNTED,
    GIVEN,
    answer,
    checks,
    given_by,
    livelihood_words,
    number_words,
    proof,
    question,
    reason_words,
    taken_bundles,
    value_words,
    wan_words,
    years_words,
)
from eco.sharing.release.plans import gap_words
from eco.units import YUAN_PER_WAN

_MOST_PLACES, _MOST_PRICES, _MOST_VILLAGES = 25, 8, 15


@dataclass(frozen=True)
class Part:
    """One part of the page below its heading: a sentence, a table, bars beside its rows, a picture.

    `numeric` says which columns hold numbers; `bars` holds for each row the kind and width (percent) of every piece.
    """

    title: str
    note: str = ""
    headings: Sequence[str] = ()
    numeric: Sequence[bool] = ()
    rows: Sequence[Sequence[str]] = ()
    bars: Sequence[Sequence[tuple[str, float]]] = ()
    bar_heading: str = ""
    legend: Sequence[tuple[str, str]] = ()
    below: str = ""
    picture: str = ""


@dataclass(frozen=True)
class PlanChapter:
    """All that the page says of a plan, in one language."""

    lang: str
    years: str
    question: str
    answer: str
    accounts: Sequence[dict]
    proof: str
    rules: Sequence[str]
    notes: Sequence[str]
    parts: Sequence[Part] = field(default_factory=tuple)

    def say(self, key: str, **filled: str) -> str:
        """A word of the plan's page."""
        return word(f"plan_{key}", self.lang).format(**filled)


def plan_chapter(
    plan: Plan,
    *,
    lang: str = "zh",
    outcome: pd.DataFrame | None = None,
    front: Path | bytes | None = None,
    alternatives: pd.DataFrame | None = None,
) -> PlanChapter:
    """What the page of a plan says; what is not given is left out.

    `outcome`: the table of an `Outcome`; `front`: a PNG picture (`front_png` draws one); `alternatives`: the villages
    of `Alternatives` (village_code, share: how often a village is chosen). No household is named on it.
    """
    parts = [
        _prices(plan, lang),
        _places(plan, "county", lang),
        _places(plan, "township", lang),
        None if outcome is None else _outcome(outcome, lang),
        None if front is None else _front(front, lang),
        None if alternatives is None else _alternatives(plan, alternatives, lang),
        _checks(plan, lang),
    ]
    notes = [*plan.notes, WORDS["plan_not_decided"]]
    if plan.aim == "lifted":
        notes.append(WORDS["plan_creams"])
    return PlanChapter(
        lang,
        years_words(plan).say(lang),
        question(plan).say(lang),
        answer(plan).say(lang),
        _accounts(plan, lang),
        proof(plan).say(lang),
        [rule.said.say(lang) for rule in plan.rules],
        [note.say(lang) for note in dict.fromkeys(notes)],
        [part for part in parts if part is not None],
    )


def write_plan_page(
    path: Path | str,
    plan: Plan,
    *,
    lang: str = "zh",
    outcome: pd.DataFrame | None = None,
    front: Path | bytes | None = None,
    alternatives: pd.DataFrame | None = None,
) -> None:
    """One HTML page with no script and no address to load, for the office; see `plan_chapter`."""
    chapter = plan_chapter(plan, lang=lang, outcome=outcome, front=front, alternatives=alternatives)
    exposure, options = plan.options.exposure, plan.options
    text = report_template("plan.html").render(
        lang="zh-CN" if lang == "zh" else "en",
        name="" if exposure is None else exposure.project.settings.name,
        plan=chapter,
        run=word("report_run", lang).format(seed=options.seed, draws=options.draws),
    )
    write_text(path, text, sealed=True)


def _accounts(plan: Plan, lang: str) -> list[dict]:
    """What was spent, what that reaches, and how far from the bound it is: three numbers, each with its bar."""
    spent, budget = plan.spent_yuan, plan.budget_yuan
    unit = word("layer_unit_persons" if plan.unit == "persons" else "plan_wan_a_year", lang)
    reached = 100 * float(np.clip(1 - plan.gap, 0, 1))
    bound = f"{value_words(plan, plan.bound)} {unit}"
    homes = number_words(len(plan.taken))
    return [
        _account(
            "spent",
            wan_words(spent),
            word("report_wan", lang),
            lang,
            width=_percent(spent, budget),
            budget=wan_words(budget),
            left=wan_words(budget - spent),
        ),
        _account(
            f"reached_{plan.aim}",
            value_words(plan, plan.reached),
            unit,
            lang,
            width=reached,
            households=homes,
        ),
        _account("gap", gap_words(plan.gap), "", lang, width=reached, open_=100 - reached, bound=bound),
    ]


def _account(
    key: str, value: str, unit: str, lang: str, *, width: float, open_: float = 0.0, **filled: str
) -> dict:
    return {
        "label": word(f"plan_account_{key}", lang),
        "value": value,
        "unit": unit,
        "width": round(width, 2),
        "open": round(max(open_, 1.5), 2) if open_ > 0 else 0,  # thin, but there
        "beside": word(f"plan_account_{key}_beside", lang).format(**filled),
    }


def _percent(part: float, whole: float) -> float:
    return 100 * min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0


def _prices(plan: Plan, lang: str) -> Part | None:
    """What one more of everything that binds would bring: the dearest rows of each rule, and how many more bind."""
    table = plan.prices[plan.prices["price"] > 0]
    if table.empty:
        return Part(word("plan_prices", lang), word("plan_prices_none", lang))
    rows, more = [], 0
    for _, mine in table.groupby(["rule", "unit"], sort=False):
        mine = mine.sort_values("price", ascending=False, kind="stable")
        shown = mine.head(_MOST_PRICES)
        more += len(mine) - len(shown)
        rows += [[row[f"label_{lang}"], *_price(plan, row, lang)] for row in shown.to_dict("records")]
    below = word("plan_prices_more", lang).format(count=number_words(more)) if more else ""
    heads = [word(f"plan_prices_{name}", lang) for name in ("what", "one", "brings")]
    return Part(
        word("plan_prices", lang),
        word("plan_prices_why", lang),
        heads,
        (False, False, True),
        rows,
        below=below,
    )


def _price(plan: Plan, row: dict, lang: str) -> tuple[str, str]:
    """How much more or less of what (ten thousand yuan, a hundredth of a share, else one unit), and what it brings."""
    money = row["unit"] == "yuan"
    price = row["price"] * (YUAN_PER_WAN if money else 0.01 if row["unit"].startswith("share") else 1)
    key = "plan_one_wan" if money else f"plan_one_{row['unit'].replace(' ', '_')}"
    one = word(key, lang) if key in WORDS else f"1 {row['unit']}"
    eased = word(f"plan_{row['easing']}", lang).format(one=one)
    unit = word("layer_unit_persons" if plan.unit == "persons" else "plan_yuan_a_year", lang)
    decimals = 0 if price >= 100 else 1 if price >= 10 else 3
    return eased, f"+{number_words(price, decimals)} {unit}"


def _places(plan: Plan, level: str, lang: str) -> Part | None:
    """Who gets what by county or township, with a bar of what each livelihood costs there."""
    table = given_by(plan, level)
    if table.empty:
        return None
    shown, rest = table.head(_MOST_PLACES), table.iloc[_MOST_PLACES:]
    costs = _costs(plan, level).reindex(shown["code"]).fillna(0.0)
    most = shown["cost_yuan"].max() or 1.0
    bars = [
        [(kind, round(100 * row[kind] / most, 2)) for kind in GIVEN if row[kind] > 0]
        for row in costs.to_dict("records")
    ]
    levels = ("county",) if level == "county" else ("township", "county")
    given = [(kind, column) for kind, column in COUNTED.items() if (table[column] > 0).any()]
    rows = [
        [
            *(str(row[name]) for name in levels),
            number_words(row["households"]),
            *(number_words(row[column], 1) for _, column in given),
            wan(row["cost_yuan"]),
        ]
        for row in shown.to_dict("records")
    ]
    heads = [word(name, lang) for name in levels] + [word("plan_households", lang)]
    heads += [word(f"plan_column_{column}", lang) for _, column in given] + [word("plan_wan", lang)]
    below = ""
    if len(rest):
        told = {"count": number_words(len(rest)), "wan": wan_words(rest["cost_yuan"].sum())}
        below = word("plan_places_more", lang).format(**told)
    numeric = [*(False for _ in levels), *(True for _ in heads[len(levels) :])]
    legend = [(kind, livelihood_words(kind).say(lang)) for kind, _ in given]
    return Part(
        word(f"plan_by_{level}", lang), "", heads, numeric, rows, bars, word("plan_bar", lang), legend, below
    )


def _costs(plan: Plan, level: str) -> pd.DataFrame:
    """Yuan by place (code) and livelihood."""
    codes = taken_bundles(plan).set_index("household_id")[f"{level}_code"]
    rows = plan.chosen.assign(code=plan.chosen["household_id"].map(codes))
    sums = rows.pivot_table("cost_yuan", index="code", columns="livelihood", aggfunc="sum", fill_value=0.0)
    return sums.reindex(columns=list(GIVEN), fill_value=0.0)


def _outcome(table: pd.DataFrame, lang: str) -> Part:
    """The plan estimated again by the whole income model, beside what it promised."""
    heads = [word(f"plan_outcome_{name}", lang) for name in ("what", "without", "with", "change", "planned")]
    rows = []
    for row in table.to_dict("records"):
        change = f"{_signed(row['difference'])}（{_signed(row['p10'])} … {_signed(row['p90'])}）"
        numbers = [_number(row["without"]), _number(row["with"]), change, _signed(row["planned"])]
        rows.append([row[f"label_{lang}"], *numbers])
    note = word("plan_outcome_why", lang)
    return Part(word("plan_outcome", lang), note, heads, (False, True, True, True, True), rows)


def _number(value: float) -> str:
    return "–" if pd.isna(value) else number_words(value)


def _signed(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:+,.0f}" if round(value) else "0"


def _front(picture: Path | bytes, lang: str) -> Part:
    content = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
    uri = data_uri(content, "image/png")
    return Part(word("plan_front", lang), word("plan_front_why", lang), picture=uri)


def _alternatives(plan: Plan, table: pd.DataFrame, lang: str) -> Part:
    """How often villages are chosen over near-equal plans: the sure ones counted, the others by name."""
    share = table["share"].to_numpy(float)
    always, never = int((share >= 1).sum()), int((share <= 0).sum())
    names = plan.options.bundles.drop_duplicates("village_code").set_index("village_code")
    open_ = table[(share > 0) & (share < 1)].sort_values(["share", "village_code"], ascending=[False, True])
    told = {"always": always, "sometimes": len(open_), "never": never}
    rows, bars = [], []
    for row in open_.head(_MOST_VILLAGES).to_dict("records"):
        place = [
            str(names[level].get(row["village_code"], "")) for level in ("village", "township", "county")
        ]
        rows.append([*place, f"{row['share']:.0%}"])
        bars.append([("share", round(100 * row["share"], 1))])
    more = len(open_) - len(rows)
    below = word("plan_villages_more", lang).format(count=number_words(more)) if more > 0 else ""
    heads = [word(level, lang) for level in ("village", "township", "county")]
    note = word("plan_alternatives_why", lang).format(**{key: number_words(one) for key, one in told.items()})
    return Part(
        word("plan_alternatives", lang),
        note,
        [*heads, word("plan_chosen_share", lang)],
        (False, False, False, True),
        rows,
        bars,
        below=below,
    )


def _checks(plan: Plan, lang: str) -> Part | None:
    """What has to be looked at on the spot before anything is given, counted."""
    table = checks(plan)
    if table.empty:
        return None
    counts = table.groupby(["reason", "livelihood"]).size().sort_values(ascending=False, kind="stable")
    rows = [
        [*(words.say(lang) for words in _check_words(reason, livelihood)), number_words(count)]
        for (reason, livelihood), count in counts.items()
    ]
    heads = [word(f"plan_{name}", lang) for name in ("check_why", "check_what", "check_who", "households")]
    note = word("plan_checks_why", lang).format(households=number_words(table["household_id"].nunique()))
    return Part(word("plan_checks", lang), note, heads, (False, False, False, True), rows)


def _check_words(reason: str, livelihood: str) -> Iterable[Phrase]:
    why, who = reason_words(reason)
    return why, livelihood_words(livelihood), who
