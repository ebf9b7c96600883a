"""What one edition may say of a project, formed once, before anything is drawn or written.

Maps, workbooks, layers and briefs take a `Release` and nothing else: a column that is not in it cannot leave.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pandas as pd

from eco.income.gains import Gains
from eco.income.places import flows_by_place
from eco.phrases import Phrase, word
from eco.planning.plans import Plan
from eco.sharing.privacy.editions import Edition, edition_named
from eco.sharing.privacy.masks import Masked
from eco.sharing.release import tables
from eco.sharing.release.homes import households
from eco.sharing.release.places import (
    Hidden,
    edition_numbers,
    edition_places,
    hidden_places,
    other_numbers,
)
from eco.sharing.release.plans import with_plan
from eco.sharing.release.sites import all_sites, allowed_sites, choice_label
from eco.sharing.release.told import BASES, LEVELS, Release, Scenario, Sheet

__all__ = ["BASES", "LEVELS", "Release", "Scenario", "Sheet", "choice_label", "release"]


def release(
    project,
    *,
    gains=None,
    edition: str = "county",
    lang: str = "zh",
    year: int | None = None,
    years: Iterable[int] | None = None,
    scenarios: Mapping[str, Gains] | None = None,
    labels: Mapping[str, Phrase] | None = None,
    earlier: Sequence = (),
    drivers: pd.DataFrame | None = None,
    plan: Plan | None = None,
    alternatives: pd.DataFrame | None = None,
    review_no: str | None = None,
    key: bytes | None = None,
    today: date | None = None,
) -> Release:
    """What an edition may say. Without `gains` places have no numbers.

    `years` are told beside `year` (default: all of the programme up to the project's own, every one an estimate);
    `scenarios` are other estimates of the same households by name, with `labels` for people. `earlier` are the
    estimates behind public editions given away before, the oldest first: what two of them would tell together is
    hidden too. `drivers`, where the caller has them, are not worked out again. `key` is what pseudonyms and moved
    points hang on: random unless given, and never written. `plan` adds what is given to places (and, where the edition
    has them, to households) and what flowers would bring at yards; `alternatives` (village_code, share) how often each
    village is chosen over plans nearly as good. Two public editions of two plans are not held against each other.
    `review_no` is the 审图号; a public release without it says 内部资料 请勿公开 across every sheet. ValueError for an
    unknown edition or language, and for a plan that is none.
    """
    rules = edition_named(edition)
    if lang not in ("zh", "en"):
        raise ValueError(f"语言 {lang!r}：可用 zh、en / language {lang!r}: use zh or en")
    if plan is not None and not isinstance(plan, Plan):
        raise ValueError("规划须是 eco.plan 的结果 / a plan is what eco.plan gives")
    year = project.settings.default_year if year is None else year
    links = project.links if gains is None else gains.exposure.links
    sites = all_sites(project, gains, lang)
    shown_sites = allowed_sites(project, sites, links, rules)
    review_no, today = (review_no or "").strip(), today or date.today()
    told_sites = {name: rules.allow(frame, name) for name, frame in shown_sites.items()}
    yards = shown_sites["bees"]["site_id"]
    if gains is None:
        places = edition_places(project, {}, rules, sites=sites, shown_sites=shown_sites, links=links)
        notes = _notes(project, None, lang, year, today)
        bare = _sheet(project, None, rules, lang, year, review_no, notes)
        plain = Release(rules, lang, year, bare, places, told_sites, None)
        return (
            plain
            if plan is None
            else with_plan(plain, plan, project, shown_yards=yards, alternatives=alternatives)
        )
    scenarios = scenarios or {}
    every = sorted({*(_programme_years(gains) if years is None else years)} - {year})
    hidden = Hidden()
    if rules.name == "public":
        hidden = hidden_places(project, gains, year=year, years=every, scenarios=scenarios, earlier=earlier)
    numbers = edition_numbers(gains, rules, year, hidden)
    homes, masked = None, None
    if "household" in rules.columns:
        secret = key or secrets.token_bytes(32)
        homes, masked = households(project, gains, rules, year=year, key=secret, lang=lang, plan=plan)
    notes = [
        *_privacy_notes(rules, hidden, masked, numbers, lang),
        *_notes(project, gains, lang, year, today),
    ]
    told = Release(
        rules,
        lang,
        year,
        _sheet(project, gains, rules, lang, year, review_no, notes),
        edition_places(project, numbers, rules, sites=sites, shown_sites=shown_sites, links=links),
        told_sites,
        homes,
        {one: other_numbers(gains, rules, one, hidden) for one in every},
        _scenarios(scenarios, labels or {}, rules, year, hidden),
        **_tables(project, gains, rules, year, hidden, drivers),
    )
    if plan is None:
        return told
    return with_plan(told, plan, project, shown_yards=yards, alternatives=alternatives, untold=hidden.gain)


def _programme_years(gains) -> list[int]:
    """From the first year of any link to the project's own; none of gains that know one year only."""
    if not isinstance(gains, Gains):
        return []
    last = gains.exposure.project.settings.default_year
    begun = gains.exposure.links["year"]
    return list(range(int(begun.min()), last + 1)) if len(begun) else []


def _scenarios(
    scenarios: Mapping[str, Gains], labels: Mapping[str, Phrase], rules: Edition, year: int, hidden: Hidden
) -> dict[str, Scenario]:
    levels = LEVELS[:2] if rules.name == "public" else LEVELS  # no scenario is told by village
    return {
        name: Scenario(
            labels.get(name, Phrase(name, name)), other_numbers(other, rules, year, hidden, levels=levels)
        )
        for name, other in scenarios.items()
    }


def _tables(project, gains, rules: Edition, year: int, hidden: Hidden, drivers) -> dict:
    """Flows, totals, causes, drivers and sources, as far as the edition has them."""
    if not isinstance(gains, Gains):
        return {}
    levels = [level for level in LEVELS if f"flows_{level}" in rules.columns]
    flows = flows_by_place(gains, year, levels=tuple(levels)) if levels else {}
    return {
        "flows": {level: rules.allow(frame, f"flows_{level}") for level, frame in flows.items()},
        "totals": tables.totals(gains, rules, year, hidden),
        "causes": tables.causes(project, gains, rules, year, hidden),
        "drivers": tables.drivers_of(gains, year) if drivers is None else drivers,
        "sources": tables.sources_of(gains),
    }


def _sheet(project, gains, rules: Edition, lang: str, year: int, review_no: str, notes: list[str]) -> Sheet:
    title = word("sheet_title" if gains is not None else "sheet_title_plain", lang)
    mark = word("sheet_watermark", "zh") if rules.name == "public" and not review_no else ""
    name = project.settings.name
    return Sheet(
        name,
        f"{name} · {title} · {year}",
        f"{title} · {year}",
        rules.label.say(lang),
        _stamp(rules, lang, review_no),
        mark,
        tuple(notes),
    )


def _stamp(rules: Edition, lang: str, review_no: str) -> str:
    """What the head of the sheet says of its use: internal, not public, or the review number."""
    if rules.name != "public":
        return word("sheet_internal", lang)
    return f"{word('sheet_review', lang)}：{review_no}" if review_no else word("sheet_watermark", lang)


def _privacy_notes(
    rules: Edition, hidden: Hidden, masked: Masked | None, numbers: Mapping[str, pd.DataFrame], lang: str
) -> list[str]:
    """What was done to protect people, and where nothing could be shown."""
    if masked is not None:
        promised = f"{word('sheet_masked', lang)} {masked.promised}"
        left = f"{word('sheet_masked_out', lang)} {masked.left_out}"
        return [f"{promised}; {left}" if lang == "en" else f"{promised}；{left}"]
    if rules.name == "public" and not any(frame["shown"].any() for frame in numbers.values()):
        return [word("sheet_nothing", lang)]
    return []


def _notes(project, gains, lang: str, year: int, today: date) -> list[str]:
    """The small print: line, draws, seed, what intervals mean, inputs by the start of their SHA-256."""
    notes = []
    if gains is not None:
        settings = project.settings
        line = settings.line_yuan_per_person.get(year) or gains.numbers.line(
            year, series=settings.line_series
        )
        said = f"{line:,.0f} {word('sheet_line_unit', lang)}" if line else word("sheet_no_line", lang)
        notes = [
            f"{word('sheet_line', lang)} {said}",
            f"{word('sheet_draws', lang)} {gains.draws}",
            f"{word('sheet_seed', lang)} {gains.seed}",
            word("sheet_conditional", lang),
        ]
    prints = " ".join(f"{name} {digest[:8]}" for name, digest in sorted(project.inputs.items()))
    if prints:
        notes.append(f"{word('sheet_inputs', lang)} {prints}")
    return [*notes, f"{word('sheet_made_on', lang)} {today.isoformat()}", word("sheet_made_with", lang)]
