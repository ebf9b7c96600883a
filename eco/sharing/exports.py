"""The tables and the summary an estimate leaves in the office (`internal/`)."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from eco.files import whole_file, write_text
from eco.income.gains import Gains
from eco.livelihoods import LIVELIHOODS
from eco.livelihoods.forest import planting_pay_per_mu
from eco.parameters.draws import Worlds
from eco.planning.plans import Plan
from eco.sharing.plan_facts import plan_summary

HOUSEHOLD_COLUMNS = (
    "household_id",
    "county",
    "township",
    "village",
    "persons",
    "gain_yuan_mean",
    "gain_yuan_p10",
    "gain_yuan_p50",
    "gain_yuan_p90",
    "gain_one_off_yuan",
    "gain_recurrent_yuan",
    "gain_economic_yuan",
    "gross_receipts_yuan",
    "chance_of_loss",
    "chance_above_line",
    *(f"{one.name}_yuan_mean" for one in LIVELIHOODS),
    "linked",
    "inferred",
)
SPREAD_MEASURES = (
    "gain_yuan",
    "gain_recurrent_yuan",
    "persons_gaining",
    "persons_above_line_without",
    "persons_above_line_with",
    "crossing_up",
    "crossing_down",
)
_PACKAGES = ("eco", "geopandas", "numpy", "pandas", "scipy", "shapely", "rasterio", "folium")


def write_estimate(gains: Gains, folder: Path, *, year: int | None = None, plan: Plan | None = None) -> None:
    """households.parquet, by_county.csv, by_township.csv and summary.json of one year, in `folder`.

    Beside them overbooked.csv (recorded work beyond free days) and unallotted.csv (work nobody had days for). With a
    plan the summary has a part "plan".
    """
    households = gains.households(year)[list(HOUSEHOLD_COLUMNS)]
    with whole_file(folder / "households.parquet", sealed=True) as draft:
        households.to_parquet(draft, index=False)
    for level, name in (("county", "by_county.csv"), ("township", "by_township.csv")):
        # The byte order mark lets Excel read Chinese.
        text = "\ufeff" + gains.by(level, year).to_csv(index=False, lineterminator="\n")
        write_text(folder / name, text, sealed=True)
    for name in ("overbooked", "unallotted"):
        table = getattr(gains.exposure, name)
        write_text(folder / f"{name}.csv", "\ufeff" + table.to_csv(index=False, lineterminator="\n"))
    told = summary(gains, year=year) | ({} if plan is None else {"plan": plan_summary(plan)})
    text = json.dumps(told, ensure_ascii=False, indent=2)
    write_text(folder / "summary.json", text + "\n", sealed=True)


def summary(gains: Gains, *, year: int | None = None) -> dict:
    """What was estimated, from which files, with what result: plain numbers, ready for JSON."""
    answer, project = gains.answer(year), gains.exposure.project
    homes, totals = answer.households, gains.totals(answer.year)
    forest, yards = project.forest_plots, project.apiaries
    programme = forest["programme"] != "none"
    own_line = answer.year in project.settings.line_yuan_per_person
    return {
        "year": answer.year,
        "line": answer.line,
        "line_series": "own" if own_line else project.settings.line_series,
        "households": len(homes),
        "persons": int(homes["persons"].sum()),
        "forest_mu": round(float(forest["verified_mu"].fillna(forest["area_mu"])[programme].sum()), 4),
        "juncao_mu_seasons": round(float(project.juncao_plots["area_mu"].sum()), 4),
        "hives": round(float(yards.loc[yards["in_programme"] == "yes", "hives_received"].sum()), 4),
        "left_out": {
            str(k): int(v) for k, v in project.left_out["table"].value_counts().sort_index().items()
        },
        "persons_linked": int(homes.loc[homes["linked"], "persons"].sum()),
        "persons_linked_only_inferred": int(homes.loc[homes["inferred"] & ~homes["linked"], "persons"].sum()),
        "overbooked_household_years": len(gains.exposure.overbooked),
        "unallotted": {
            str(unit): round(float(rows["quantity"].sum()), 1)
            for unit, rows in gains.exposure.unallotted.groupby("unit")
        },
        "forage_known": bool((gains.exposure.sites["bees"]["forage_known"] > 0).all()),
        "income_years": _span(project.households["income_year"]),
        "base_growth": gains.numbers["base_growth"].mode,
        "links_outside_programme": len(gains.exposure.outside),
        "planting_pay_capped_share": planting_capped_share(gains),
        **{name: _three(totals.loc[name]) for name in SPREAD_MEASURES},
        "gain_yuan_mean": _number(totals.loc["gain_yuan", "mean"]),
        "gain_one_off_yuan_mean": _number(totals.loc["gain_one_off_yuan", "mean"]),
        "gain_economic_yuan_mean": _number(totals.loc["gain_economic_yuan", "mean"]),
        "gross_receipts_yuan_mean": _number(totals.loc["gross_receipts_yuan", "mean"]),
        "overridden": sorted(n for n in gains.numbers if gains.numbers[n].source.kind == "override"),
        "seed": gains.seed,
        "draws": gains.draws,
        "sha256": {**project.inputs, **gains.numbers.inputs},
        "versions": {name: version(name) for name in _PACKAGES},
    }


def planting_capped_share(gains: Gains) -> float:
    """Share of worlds in which days x wage exceed the labour share of the project's cost and planting is paid less."""
    worlds = Worlds(gains.numbers, gains.draws, gains.seed)
    days, wage, cost, share = (
        worlds.shared(name, year=0)
        for name in ("plant_labour_days", "day_wage_planting", "forest_project_cost", "plant_labour_share")
    )
    return round(float(np.mean(planting_pay_per_mu(days, wage, cost, share) < days * wage)), 4)


def _span(years: pd.Series) -> str:
    known = years.dropna()
    if known.empty:
        return "–"
    low, high = int(known.min()), int(known.max())
    return str(low) if low == high else f"{low}–{high}"


def _three(row: pd.Series) -> dict:
    return {name: _number(row[name]) for name in ("mean", "p10", "p50", "p90")}


def _number(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 2)
