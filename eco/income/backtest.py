"""The model's interval beside every published fact it can be held against; nothing is fed back.

A fact is a row with a place, a kind, a quantity, persons or a stated income. What went into the model (`use` input) is
compared too and marked so: it tests nothing. Stated incomes of the press are gross and of chosen keepers: they are held
against gross receipts. From a handful of such facts no pass rate follows, and none is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from eco.income.accounts import blocks_of
from eco.income.gains import Gains, quantiles
from eco.parameters.draws import Worlds
from eco.phrases import Phrase
from eco.problems import DataProblem, Finding

FACT_COLUMNS = (
    "county",
    "kind",
    "quantity",
    "unit",
    "year",
    "households",
    "persons",
    "stated_income",
    "income_unit",
)
_KINDS = {"forest": "forest", "juncao": "juncao", "bees": "bees"}
_UNITS = {"mu": "area", "hives": "hives"}
_NOTHING = Phrase("", "")
_NO_PLACE = Phrase("项目里没有整个这个地方", "the project does not have that place as a whole")
_SELECTED = Phrase(
    "报道挑选好的户和地方，数字为毛收入，且常含未来计划：偏高是常情",
    "the press chooses good households and places, states gross income and often plans: expect it to be high",
)


def backtest(gains: Gains, facts: pd.DataFrame | Path | str) -> pd.DataFrame:
    """One row a fact: what was published and what the model says of the same place and time.

    `facts` is a table, or a CSV, with FACT_COLUMNS (and `town_village`, `use`, `grade`, `source_title`, `note` where
    known). Columns: county, place, kind, what_zh, what_en, unit, published, model_mean, model_p10, model_p90, width
    ((p90 - p10) / mean), z ((published - mean) / standard deviation; missing where the model has no spread), use,
    grade, source, told (whether it could be compared) and why_zh, why_en. Raises DataProblem for missing columns.
    """
    table = _facts(facts)
    rows = [row for fact in table.to_dict("records") for row in _held(gains, fact)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def against_payments(gains: Gains) -> pd.DataFrame:
    """A county's own payment roll beside the model: yuan paid a year, and what the model says public payers pay.

    One row a year; columns year, households_paid, paid_yuan, model_mean, model_p10, model_p90, width, z. The roll may
    hold items outside the programme (low-income allowances): what they are is the county's to say.
    """
    payments = gains.exposure.project.payments
    rows = []
    if len(payments):
        years = payments["paid_on"].dt.year
        for year in sorted(int(year) for year in years.dropna().unique()):
            of_year = payments[years == year]
            worlds = _public(gains, year, set(of_year["household_id"]))
            told = _told(float(of_year["amount_yuan"].sum()), worlds)
            row = {"year": year, "households_paid": of_year["household_id"].nunique()}
            rows.append(row | {"paid_yuan": told.pop("published")} | told)
    columns = ["year", "households_paid", "paid_yuan", "model_mean", "model_p10", "model_p90", "width", "z"]
    return pd.DataFrame(rows, columns=columns)


_COLUMNS = (
    *("county", "place", "kind", "what_zh", "what_en", "unit", "published"),
    *("model_mean", "model_p10", "model_p90", "width", "z"),
    *("use", "grade", "source", "told", "why_zh", "why_en"),
)


def _facts(facts: pd.DataFrame | Path | str) -> pd.DataFrame:
    if not isinstance(facts, pd.DataFrame):
        path = Path(facts)
        if not path.is_file():
            expected = Phrase("存在的文件", "an existing file")
            raise DataProblem([_finding("E-BACK-01", path.name, "无此文件 / no such file", expected)])
        facts = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [name for name in FACT_COLUMNS if name not in facts]
    if missing:
        expected = Phrase("、".join(FACT_COLUMNS), ", ".join(FACT_COLUMNS))
        raise DataProblem([_finding("E-BACK-02", "facts", "缺 / without " + "、".join(missing), expected)])
    return facts.fillna("").astype(str)


def _held(gains: Gains, fact: Mapping[str, str]) -> Iterable[dict]:
    """Every number of one fact that the model can speak of, or one row that says why there is none."""
    kind = fact["kind"].split("(")[0].strip()
    one = next((name for word, name in _KINDS.items() if kind == word or kind.startswith(f"{word} ")), None)
    if one is None or one not in gains.exposure.sites:
        return [
            _row(fact, Phrase("–", "–"), "", why=Phrase("模型不含此项", "the model has no such livelihood"))
        ]
    if kind.endswith(("nursery", "survival", "understory")):
        return [
            _row(
                fact,
                Phrase("–", "–"),
                "",
                why=Phrase("不是面积、箱数、人数或收入", "no mu, hives, persons or income"),
            )
        ]
    code = _code(gains, fact["county"], fact.get("town_village", ""))
    if code is None:
        return [_row(fact, Phrase("–", "–"), "", why=_NO_PLACE)]
    sites, links = _inside(gains, one, code)
    rows = []
    if _number(fact["quantity"]) is not None and "phase" not in kind:
        what = Phrase("项目规模", "quantity of the programme")
        total = np.array([float(sites.loc[sites["in_programme"] > 0, "site_quantity"].sum())])
        rows.append(_row(fact, what, fact["unit"], _number(fact["quantity"]), total))
    if _number(fact["persons"]) is not None:
        what = Phrase("有记录联结的人口", "persons with recorded links")
        homes = gains.exposure.project.households
        held = homes[homes["household_id"].isin(links.loc[links["recorded"], "household_id"])]
        total = np.array([float(held["persons"].sum())])
        rows.append(_row(fact, what, "persons", _number(fact["persons"]), total))
    rows += _income(gains, fact, one, links)
    return rows or [_row(fact, Phrase("–", "–"), "", why=Phrase("没有可比的数", "no number to compare"))]


def _income(gains: Gains, fact: Mapping[str, str], one: str, links: pd.DataFrame) -> list[dict]:
    stated = _number(fact["stated_income"])
    if stated is None:
        return []
    what = Phrase("每户年毛收入", "gross receipts a household and year")
    if "month" in fact["income_unit"]:
        return [
            _row(
                fact,
                what,
                fact["income_unit"],
                stated,
                why=Phrase("月收入，不是一年", "a month's pay, no year's"),
            )
        ]
    year = gains.exposure.project.settings.default_year
    worlds = _gross_a_household(gains, one, links[links["recorded"]], year)
    if worlds is None:
        return [
            _row(
                fact,
                what,
                "yuan",
                stated,
                why=Phrase("该县没有记录的联结", "no recorded link in that county"),
            )
        ]
    return [_row(fact, what, f"yuan ({year})", stated, worlds, why=_SELECTED)]


def _gross_a_household(gains: Gains, one: str, links: pd.DataFrame, year: int) -> np.ndarray | None:
    """Mean gross receipts from a livelihood of the households linked to it, yuan: (draws,)."""
    links = links[links["livelihood"] == one]
    if links.empty:
        return None
    total = _flows(gains, links, year, lambda flow: flow.gross)
    return total / links["household_id"].nunique()


def _public(gains: Gains, year: int, households: set[str]) -> np.ndarray:
    """What state and project pay these households in a year by the model: yuan, (draws,)."""
    links = gains.exposure.links
    links = links[links["household_id"].isin(households) & links["recorded"]]
    return _flows(gains, links, year, lambda flow: flow.gross and flow.payer in ("state", "project"))


def _flows(gains: Gains, links: pd.DataFrame, year: int, wanted) -> np.ndarray:
    total = np.zeros(gains.draws)
    ids = pd.Index(links["household_id"].unique())
    worlds = Worlds(gains.numbers, gains.draws, gains.seed)
    shared: dict = {}
    for block in blocks_of(links, gains.exposure, ids, year=year):
        for low in range(0, len(block.household), 4096):
            part = block.rows(slice(low, low + 4096))
            draws = part.draws(worlds, year, shared)
            for flow in part.flows:
                if flow.payee == "household" and wanted(flow):
                    shape = (len(part.household), gains.draws)
                    total += np.broadcast_to(flow.yuan(part.columns, draws, year), shape).sum(
                        axis=0, dtype=float
                    )
    return total


def _inside(gains: Gains, one: str, code: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sites of a livelihood, and links to them, whose village code begins with `code`."""
    sites, links = gains.exposure.sites[one], gains.exposure.links
    livelihood = next(known for known in gains.exposure.livelihoods if known.name == one)
    table = gains.exposure.project.tables[livelihood.site_table]
    ids = table.loc[table["village_code"].str.startswith(code), table.columns[0]]
    sites = sites[sites.index.isin(ids)]
    return sites, links[(links["livelihood"] == one) & links["site_id"].isin(sites.index)]


def _code(gains: Gains, county: str, place: str) -> str | None:
    """How the village codes of a fact's place begin: "" for all, None for a place the project does not have whole."""
    project = gains.exposure.project
    if county.strip().endswith("市"):
        return "" if _whole(place) or not place.strip() else None
    known = project.counties.loc[project.counties["name"].str.strip() == county.strip(), "code"]
    if known.empty:
        return None
    code = str(known.iloc[0])[:6]
    if _whole(place) or not place.strip():
        return code
    here = project.townships[project.townships["code"].str.startswith(code)]
    words = place.split()[0]
    named = here.loc[here["name"] == words, "code"]
    return str(named.iloc[0])[:9] if len(named) == 1 else None


def _whole(place: str) -> bool:
    """Whether a place means all of the county or city."""
    return place.strip().lower() in ("all", "whole county") or place.strip().endswith("counties")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _told(published: float, worlds: np.ndarray) -> dict[str, float]:
    mean, spread = float(worlds.mean()), float(worlds.std())
    p10, _, p90 = quantiles(np.atleast_2d(worlds))[:, 0]
    return {
        "published": published,
        "model_mean": mean,
        "model_p10": float(p10),
        "model_p90": float(p90),
        "width": (float(p90) - float(p10)) / mean if mean else np.nan,
        "z": (published - mean) / spread if spread > 0 else np.nan,
    }


def _row(fact, what: Phrase, unit: str, published=None, worlds=None, *, why: Phrase = _NOTHING) -> dict:
    blank = dict.fromkeys(("published", "model_mean", "model_p10", "model_p90", "width", "z"), np.nan)
    told = blank if worlds is None else _told(float(published), worlds)
    if worlds is None and published is not None:
        told["published"] = published
    return {
        "county": fact["county"],
        "place": fact.get("town_village", ""),
        "kind": fact["kind"],
        "what_zh": what.zh,
        "what_en": what.en,
        "unit": unit,
        **told,
        "use": fact.get("use", ""),
        "grade": fact.get("grade", ""),
        "source": fact.get("source_title", ""),
        "told": "no" if worlds is None else "yes",
        "why_zh": why.zh,
        "why_en": why.en,
    }


def _finding(code: str, table: str, found: str, expected: Phrase) -> Finding:
    todo = Phrase("更正后再试", "correct it and try again")
    return Finding(code, "error", table, "", "", found, expected, todo)
