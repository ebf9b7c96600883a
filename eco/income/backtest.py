"""The model's interval beside every published fact it can be held against; nothing is fed back.

A fact is a row with a place, a kind, a quantity, households, persons or a stated income. What went into the model
(`use` input) is compared too and marked so: it tests nothing. A stated income is held against gross receipts, or,
where its unit says net or increase, against the net gain. From a handful of such facts no pass rate follows, and none
is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from eco.income.accounts import blocks_of
from eco.income.gains import FIRST_YEAR, LAST_YEAR, Gains, quantiles
from eco.parameters.draws import Worlds
from eco.phrases import Phrase
from eco.problems import DataProblem, Finding
from eco.records.encodings import read_encoding
from eco.waiting import waiting

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
_NET = ("net", "increase", "gain", "纯", "净", "增收", "增加")
_PLANNED = ("plan", "target", "计划", "规划", "目标")
_UNTIL = ("to ", "before ", "by ", "end", "截至", "至", "到")
_NOTHING = Phrase("", "")
_NO_PLACE = Phrase("项目里没有整个这个地方", "the project does not have that place as a whole")
_A_PLAN = Phrase("是计划，不是做成的数", "a plan, nothing done yet")
_A_TARGET = Phrase("是计划目标，不是实绩", "a plan's target, no result")
_SELECTED = Phrase(
    "报道挑选好的户和地方，数字为毛收入，且常含未来计划：偏高是常情",
    "the press chooses good households and places, states gross income and often plans: expect it to be high",
)
_SELECTED_NET = Phrase(
    "报道挑选好的户和地方，说是净增收：偏高是常情；误工减少的务工收入未扣",
    "the press chooses good households and places and says net: expect it to be high; pay given up is not taken off",
)


@waiting("wait_backtest")
def backtest(gains: Gains, facts: pd.DataFrame | Path | str) -> pd.DataFrame:
    """One row a fact: what was published and what the model says of the same place and time.

    `facts` is a table, or a CSV, with FACT_COLUMNS (and `town_village`, `use`, `grade`, `source_title`, `note` where
    known). `use` is input where a number went into the model ("input: quantity, households" where only these did). A
    fact that names years is held against them: sites by its last year, receipts of that year.

    Columns: county, place, kind, what_zh, what_en, unit, published, model_mean, model_p10, model_p90, width
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
    payments = gains.exposure.project.tables.get("payments")
    rows = []
    if payments is not None and len(payments):
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
        reading = read_encoding(path.read_bytes())
        if reading is None:
            expected = Phrase("UTF-8 或 GBK 的 CSV", "a CSV in UTF-8 or GBK")
            raise DataProblem([_finding("E-BACK-01", path.name, "不是文本 / no text", expected)])
        facts = pd.read_csv(path, dtype=str, keep_default_na=False, encoding=reading.encoding)
    missing = [name for name in FACT_COLUMNS if name not in facts]
    if missing:
        expected = Phrase("、".join(FACT_COLUMNS), ", ".join(FACT_COLUMNS))
        raise DataProblem([_finding("E-BACK-02", "facts", "缺 / without " + "、".join(missing), expected)])
    return facts.fillna("").astype(str)


def _held(gains: Gains, fact: Mapping[str, str]) -> Iterable[dict]:
    """Every number of one fact that the model can speak of, or one row that says why there is none."""
    kind = fact["kind"].split("(")[0].strip()
    one = next((name for word, name in _KINDS.items() if kind == word or kind.startswith(f"{word} ")), "")
    if kind != "persons" and one not in gains.exposure.sites:
        return [_untold(fact, Phrase("模型不含此项", "the model has no such livelihood"))]
    if kind.endswith(("nursery", "survival", "understory")):
        return [_untold(fact, Phrase("不是面积、箱数、人数或收入", "no mu, hives, persons or income"))]
    codes = _codes(gains, fact["county"], fact.get("town_village", ""))
    if codes is None:
        return [_untold(fact, _NO_PLACE)]
    if kind == "persons":
        links, rows = _links_of(gains, codes), []
        fact = {**fact, "persons": fact["persons"] or fact["quantity"]}
    else:
        sites, links = _inside(gains, one, codes)
        rows = _quantity(fact, one, sites)
    planned = _says(fact["kind"], _PLANNED)
    rows += [] if planned else _linked(gains, fact, links)
    rows += _income(gains, fact, one, links)
    return rows or [_untold(fact, _A_PLAN if planned else Phrase("没有可比的数", "no number to compare"))]


def _quantity(fact: Mapping[str, str], one: str, sites: pd.DataFrame) -> list[dict]:
    """Mu or hives of the programme at the fact's time: what was there by its last year; of grass its seasons alone."""
    stated = _number(fact["quantity"])
    if stated is None or "phase" in fact["kind"]:
        return []
    what = Phrase("项目规模", "quantity of the programme")
    if _says(fact["kind"], _PLANNED):
        return [_row(fact, what, fact["unit"], stated, why=_A_PLAN)]
    first, last = _years(fact["year"])
    then = sites["since"].between(first if one == "juncao" else FIRST_YEAR, last) | sites["since"].isna()
    total = float(sites.loc[then & (sites["in_programme"] > 0), "site_quantity"].sum())
    return [_row(fact, what, fact["unit"], stated, np.array([total]), of="quantity")]


def _linked(gains: Gains, fact: Mapping[str, str], links: pd.DataFrame) -> list[dict]:
    """Households and persons with recorded links, where the fact counts them."""
    homes = gains.exposure.project.households
    held = homes[homes["household_id"].isin(links.loc[links["recorded"], "household_id"])]
    counted = (
        ("households", float(len(held)), Phrase("有记录联结的户", "households with recorded links")),
        ("persons", float(held["persons"].sum()), Phrase("有记录联结的人口", "persons with recorded links")),
    )
    return [
        _row(fact, what, unit, _number(fact[unit]), np.array([total]), of=unit)
        for unit, total, what in counted
        if _number(fact[unit]) is not None
    ]


def _income(gains: Gains, fact: Mapping[str, str], one: str, links: pd.DataFrame) -> list[dict]:
    """A stated income beside what the households linked there receive by the model: gross to gross, net to net."""
    stated, unit = _number(fact["stated_income"]), fact["income_unit"]
    if stated is None:
        return []
    net = _says(unit, _NET)
    what = (
        Phrase("每户年净增收", "net gain a household and year")
        if net
        else Phrase("每户年毛收入", "gross receipts a household and year")
    )
    if _says(unit, ("month", "月")):
        return [_row(fact, what, unit, stated, why=Phrase("月收入，不是一年", "a month's pay, no year's"))]
    last = _years(fact["year"])[1]
    year = gains.exposure.project.settings.default_year if last == LAST_YEAR else last
    links = links[links["recorded"] & (links["livelihood"] == one)]
    if links.empty:
        why = Phrase("那里没有记录的联结", "no recorded link there")
        return [_row(fact, what, "yuan", stated, why=why)]
    worlds = _flows(gains, links, year, lambda flow: net or flow.gross) / links["household_id"].nunique()
    target = _says(fact["kind"], _PLANNED) or _says(unit, _PLANNED)
    why = _A_TARGET if target else _SELECTED_NET if net else _SELECTED
    return [_row(fact, what, f"yuan ({year})", stated, worlds, why=why, of="stated_income")]


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


def _inside(gains: Gains, one: str, codes: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sites of a livelihood, and links to them, whose village code begins with one of `codes`."""
    sites, links = gains.exposure.sites[one], gains.exposure.links
    livelihood = next(known for known in gains.exposure.livelihoods if known.name == one)
    table = gains.exposure.project.tables[livelihood.site_table]
    ids = table.loc[table["village_code"].str.startswith(codes), table.columns[0]]
    sites = sites[sites.index.isin(ids)]
    return sites, links[(links["livelihood"] == one) & links["site_id"].isin(sites.index)]


def _links_of(gains: Gains, codes: tuple[str, ...]) -> pd.DataFrame:
    """Links of the households whose village code begins with one of `codes`."""
    homes, links = gains.exposure.project.households, gains.exposure.links
    here = homes.loc[homes["village_code"].str.startswith(codes), "household_id"]
    return links[links["household_id"].isin(here)]


def _codes(gains: Gains, county: str, place: str) -> tuple[str, ...] | None:
    """How the village codes of a fact's place begin: ("",) for all, None for what the project does not have whole.

    A place is all of a city or county, a township, or a township and villages in it ("凤翔镇 中川村、李家岔村").
    """
    project = gains.exposure.project
    everywhere = _whole(place) or not place.strip()
    if county.strip().endswith("市"):
        return ("",) if everywhere else None
    known = project.counties.loc[project.counties["name"].str.strip() == county.strip(), "code"]
    if known.empty:
        return None
    code = str(known.iloc[0])[:6]
    if everywhere:
        return (code,)
    town, *rest = re.sub(r"[(（].*", "", place).split()
    named = _named(project.townships, code, town)
    if named is None or not rest:
        return None if named is None else (named[:9],)
    villages = [_named(project.villages, named[:9], name) for name in "".join(rest).split("、")]
    whole = [village for village in villages if village is not None]
    return tuple(whole) if len(whole) == len(villages) else None


def _named(places: pd.DataFrame, code: str, name: str) -> str | None:
    """The code of the one place of that name whose code begins with `code`."""
    found = places.loc[places["code"].str.startswith(code) & (places["name"] == name), "code"]
    return str(found.iloc[0]) if len(found) == 1 else None


def _whole(place: str) -> bool:
    """Whether a place means all of the county or city."""
    return place.strip().lower() in ("all", "whole county") or place.strip().endswith("counties")


def _years(text: str) -> tuple[int, int]:
    """First and last year a fact speaks of, open where it names none or says until when.

    >>> _years("2017-2020"), _years("to 2019-04"), _years("undated")
    ((2017, 2020), (1990, 2019), (1990, 2060))
    """
    named = [int(year) for year in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", text)]
    if not named:
        return FIRST_YEAR, LAST_YEAR
    return FIRST_YEAR if text.strip().startswith(_UNTIL) else min(named), max(named)


def _says(text: str, words: Iterable[str]) -> bool:
    return any(word in text.lower() for word in words)


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


def _use(fact: Mapping[str, str], field: str) -> str:
    """The use a fact's number was put to: "input: quantity, households" says which of them went into the model."""
    use, _, fields = fact.get("use", "").partition(":")
    return "check" if fields and field not in re.split(r"[,、\s]+", fields) else use.strip()


def _row(
    fact, what: Phrase, unit: str, published=None, worlds=None, *, why: Phrase = _NOTHING, of: str = ""
) -> dict:
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
        "use": _use(fact, of),
        "grade": fact.get("grade", ""),
        "source": fact.get("source_title", ""),
        "told": "no" if worlds is None else "yes",
        "why_zh": why.zh,
        "why_en": why.en,
    }


def _untold(fact, why: Phrase) -> dict:
    return _row(fact, Phrase("–", "–"), "", why=why)


def _finding(code: str, table: str, found: str, expected: Phrase) -> Finding:
    todo = Phrase("更正后再试", "correct it and try again")
    return Finding(code, "error", table, "", "", found, expected, todo)
