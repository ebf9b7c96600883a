"""The page a leader reads: question, answer, three accounts, what it hangs on, doubts, sources."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eco.files import write_text
from eco.income.gains import Gains
from eco.income.influence import FEWEST_DRAWS, doubts_in_words, doubts_of, drivers
from eco.phrases import WORDS, word
from eco.planning.plans import Plan
from eco.sharing.chapters import chapters
from eco.sharing.exports import summary
from eco.sharing.pages import number, report_template, wan
from eco.sharing.plan_page import plan_chapter

_PERSON_MEASURES = (
    "persons_gaining",
    "persons_above_line_without",
    "persons_above_line_with",
    "crossing_up",
    "crossing_down",
)
_DRIVERS_SHOWN = 12


def write_report(
    path: Path | str,
    gains: Gains,
    *,
    year: int | None = None,
    lang: str = "zh",
    facts: pd.DataFrame | Path | None = None,
    plan: Plan | None = None,
) -> None:
    """One HTML page with no script and no address to load, for the office (`internal/`).

    `facts` are published numbers, as `backtest` takes them, that the page holds beside the model's. `plan` gets a
    chapter of its own.
    """
    page = report_template("report.html")
    said = summary(gains, year=year)
    table = drivers(gains, year=said["year"]) if gains.draws >= FEWEST_DRAWS else pd.DataFrame()
    text = page.render(
        lang="zh-CN" if lang == "zh" else "en",
        say=lambda key, **values: word(f"report_{key}", lang).format(**values),
        name=gains.exposure.project.settings.name,
        facts=said,
        lead=_lead(said),
        accounts=_accounts(gains, said),
        people=_people(said),
        counties=_bars(gains.by("county", said["year"])),
        drivers=_drivers(table, lang),
        grades=_grades(table, lang),
        doubt="" if table.empty else doubts_in_words(table).say(lang),
        chapters=chapters(gains, said["year"], lang=lang, facts=facts),
        plan=None if plan is None else plan_chapter(plan, lang=lang),
        levels=_level_counts(gains),
        inferred=_inferred(gains, said),
        series=_word_or_own("line", said["line_series"], lang),
        measure_words=lambda name: word(f"measure_{name}", lang),
        wan=wan,
        number=number,
    )
    write_text(path, text, sealed=True)


def _word_or_own(kind: str, name: str, lang: str) -> str:
    """The page's word for a name of that kind, or the name itself where a county has one of its own."""
    key = f"{kind}_{name}"
    return word(key, lang) if key in WORDS else name


def _lead(facts: dict) -> dict:
    gain = facts["gain_yuan"]
    return {
        "households": number(facts["households"]),
        "persons": number(facts["persons"]),
        "linked": number(facts["persons_linked"]),
        "year": facts["year"],
        "mean": wan(facts["gain_yuan_mean"]),
        "p10": wan(gain["p10"]),
        "p90": wan(gain["p90"]),
    }


def _accounts(gains: Gains, facts: dict) -> list[dict]:
    linked = facts["persons_linked"] + facts["persons_linked_only_inferred"]
    totals = gains.totals(facts["year"])
    names = {"gross": "gross_receipts_yuan", "register": "gain_yuan", "economic": "gain_economic_yuan"}
    most = max(abs(totals.loc[name, "mean"]) for name in names.values()) or 1
    return [
        {
            "key": key,
            "yuan": totals.loc[name, "mean"],
            "p10": totals.loc[name, "p10"],
            "p90": totals.loc[name, "p90"],
            "per_head": totals.loc[name, "mean"] / linked if linked else None,
            "width": round(100 * abs(totals.loc[name, "mean"]) / most, 1),
            "lost": totals.loc[name, "mean"] < 0,
        }
        for key, name in names.items()
    ]


def _people(facts: dict) -> list[tuple[str, dict]]:
    """Persons by measure; who is linked is counted in the records and has no interval."""
    counted = [
        (name, {"mean": facts[name], "p10": None, "p50": None, "p90": None})
        for name in ("persons_linked", "persons_linked_only_inferred")
    ]
    return counted + [(measure, facts[measure]) for measure in _PERSON_MEASURES]


def _bars(counties: pd.DataFrame) -> list[dict]:
    """Rows of the county table, with places of the interval in percent of the common scale."""
    low = min(counties["gain_yuan_p10"].min(), 0)
    span = max(counties["gain_yuan_p90"].max() - low, 1)

    def at(yuan: float) -> float:
        return round(100 * (yuan - low) / span, 2)

    rows = counties.sort_values("gain_yuan_mean", ascending=False).to_dict("records")
    return [
        {
            **row,
            "from": at(row["gain_yuan_p10"]),
            "width": round(at(row["gain_yuan_p90"]) - at(row["gain_yuan_p10"]), 2),
            "mean": at(row["gain_yuan_mean"]),
            "zero": at(0),
        }
        for row in rows
    ]


def _drivers(table: pd.DataFrame, lang: str) -> list[dict]:
    if table.empty:
        return []
    shown = table[table["share"] > 0].drop_duplicates("parameter").head(_DRIVERS_SHOWN)
    return [
        {**row, "label": row[f"label_{lang}"], "of": word(row["livelihood"], lang)}
        for row in shown.to_dict("records")
    ]


def _grades(table: pd.DataFrame, lang: str) -> list[dict]:
    """Shares of the spread by grade and kind of source, as the page shows them."""
    if table.empty:
        return []
    return [
        {**row, "words": _word_or_own("source", row["kind"], lang)}
        for row in doubts_of(table).to_dict("records")
        if row["share"] or row["seen"]
    ]


def _level_counts(gains: Gains) -> dict[str, int]:
    levels = [finding.level for finding in gains.exposure.project.findings]
    return {level: levels.count(level) for level in ("error", "doubt", "note")}


def _inferred(gains: Gains, facts: dict) -> dict:
    homes = gains.households(facts["year"])
    gaining = homes["gain_yuan_mean"] > 0
    share = homes.loc[gaining, "inferred"].mean() if gaining.any() else 0.0
    return {"persons": number(facts["persons_linked_only_inferred"]), "share": f"{share:.0%}"}
