"""Chapters of the report an expert reads after the leader's page: each a sentence, a table, and what it cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from eco.income.backtest import against_payments, backtest
from eco.income.fairness import allowances_at_risk, fairness, growth_alone, left_behind
from eco.income.fiscal import grain_land, yuan_a_fiscal_yuan
from eco.income.flowers import saturation
from eco.income.gains import Gains, estimate_gains
from eco.income.nearness import STRAIGHT
from eco.income.stress import stress_table
from eco.livelihoods.juncao import nursery_load
from eco.phrases import Phrase, word

STRESS_DRAWS = 200  # a stress is told by its difference, which needs fewer worlds than an interval
_YUAN_PER_WAN = 10_000
_CLASSES = {
    "wage": Phrase("A17a 工资性", "A17a wage"),
    "operating": Phrase("A17b 经营性", "A17b operating"),
    "transfer": Phrase("A17c 转移性", "A17c transfer"),
    "property": Phrase("A17d 财产性", "A17d property"),
    "cost": Phrase("A18 生产经营支出", "A18 production cost"),
    "net": Phrase("A19 纯收入", "A19 net income"),
}
_AN_INPUT = Phrase("模型的输入，不算检验", "went into the model: tests nothing")
_A_CHECK = Phrase("没有用进模型", "did not go into the model")
_UNITS_ZH = {"mu": "亩", "hives": "箱", "households": "户", "persons": "人", "yuan": "元"}
_EVERYWHERE = ("all", "whole county", "7 counties")


@dataclass(frozen=True)
class Chapter:
    """A heading, one sentence, the headings of a table and its rows of text; rows may be none."""

    title: str
    note: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def chapters(
    gains: Gains, year: int, *, lang: str = "zh", facts: pd.DataFrame | Path | None = None
) -> list[Chapter]:
    """All chapters of one year in one language; what a year cannot answer (no line) is left out.

    `facts` are published numbers as `backtest` takes them; without them and without a payment roll there is no
    chapter that holds the model against anything.
    """
    made = [_classes(gains, year, lang), _fiscal(gains, year, lang)]
    if gains.answer(year).line is not None:
        parts = (_fairness, _growth, _behind, _stress)
        made += [part(gains, year, lang) for part in parts]
    made.append(_allowances(gains, year, lang))
    paid = against_payments(gains)
    if facts is not None or len(paid):
        made.append(_honesty(gains, facts, paid, lang=lang))
    return [*made, _untold(gains, lang)]


def _classes(gains: Gains, year: int, lang: str) -> Chapter:
    table = gains.classes(year).set_index(["income_class", "recurrent"])
    note = Phrase(
        "按户册的收入科目；支出为负，放弃的收入已从所属科目扣除。",
        "As the register books it; cost is negative, what was given up is taken off its class.",
    )
    heads = (
        Phrase("科目", "class"),
        Phrase("经常性", "recurrent"),
        Phrase("一次性", "one-off"),
        Phrase("合计", "all"),
        Phrase("P10", "P10"),
        Phrase("P90", "P90"),
    )
    rows = []
    for name, words in _CLASSES.items():
        whole = table.loc[(name, "all")]
        parts = [table.loc[(name, part), "mean"] for part in ("yes", "no")]
        rows.append([words.say(lang), *map(_wan, (*parts, whole["mean"], whole["p10"], whole["p90"]))])
    title = Phrase("按收入科目（万元）", "By income class (10,000 yuan)")
    return _chapter(title, note, heads, rows, lang)


def _fiscal(gains: Gains, year: int, lang: str) -> Chapter:
    land = grain_land(gains, year).set_index("livelihood")["farmland_mu"]
    note = Phrase(
        f"到 {year} 年为止，项目的钱有多少以工资、租金到了登记的贫困户手里（毛数）；国家另付的护林员、退耕还林、"
        "公益林补偿单列，不算在比例里；蜂箱蜂群是资产，不算到手收入。",
        f"Up to {year}: what of the project's money reached registered poor households as wages or rent (gross). What "
        "the state pays beside it (guards, Grain-for-Green, compensation) stands apart and is no part of the ratio; "
        "hives are an asset and no income.",
    )
    heads = (
        Phrase("生计", "livelihood"),
        Phrase("投入（万元）", "spent (10,000 yuan)"),
        Phrase("到户（万元）", "reached (10,000 yuan)"),
        Phrase("每元到户（P10–P90）", "a yuan brings (P10-P90)"),
        Phrase("国家另付（万元）", "paid by the state beside it (10,000 yuan)"),
        Phrase("占用耕地（亩）", "farmland taken (mu)"),
    )
    rows = []
    for row in yuan_a_fiscal_yuan(gains, year).to_dict("records"):
        known = row["ratio_mean"] == row["ratio_mean"]
        ratio = (
            f"{row['ratio_mean']:.2f}（{row['ratio_p10']:.2f} … {row['ratio_p90']:.2f}）" if known else "–"
        )
        told = f"{ratio} {row[f'note_{lang}']}".strip()
        mu = f"{land[row['livelihood']]:,.0f}" if row["livelihood"] in land else "–"
        money = [_wan(row["spent_yuan"]), _wan(row["reached_yuan"]), told, _wan(row["state_yuan"])]
        rows.append([row[f"label_{lang}"], *money, mu])
    return _chapter(Phrase("一元财政资金到户多少", "Yuan a fiscal yuan"), note, heads, rows, lang)


def _fairness(gains: Gains, year: int, lang: str) -> Chapter:
    note = Phrase(
        "只说册内农户，按人口加权；县的贫困率要以农村户籍人口为分母，这里没有。",
        "Of the households in the file, weighted by persons; a county's rate needs its registered rural population.",
    )
    heads = (
        Phrase("指标", "index"),
        Phrase("无项目", "without"),
        Phrase("有项目", "with"),
        Phrase("变化（P10–P90）", "change (P10-P90)"),
    )
    rows = [
        [
            row[f"label_{lang}"],
            _share(row["without"]),
            _share(row["with"]),
            f"{_share(row['change'])}（{_share(row['change_p10'])} … {_share(row['change_p90'])}）",
        ]
        for row in fairness(gains, year).to_dict("records")
        if row["with"] == row["with"] and row["without"] == row["without"]
    ]
    return _chapter(Phrase("贫困与公平", "Poverty and fairness"), note, heads, rows, lang)


def _growth(gains: Gains, year: int, lang: str) -> Chapter:
    fewer = gains
    if gains.draws > STRESS_DRAWS:
        fewer = estimate_gains(gains.exposure, gains.numbers, draws=STRESS_DRAWS, seed=gains.seed)
    note = Phrase(
        f"没有项目，收入自己也会增长：不同年增长下的达线人口（{fewer.draws} 次抽样）。测算所用的增长写在上面；"
        "增长带来的达线不是项目的功劳。",
        f"Incomes grow without any programme: persons above the line by growth a year ({fewer.draws} draws). The "
        "growth of this estimate is named above; whom growth lifts, the programme did not.",
    )
    heads = (
        Phrase("年增长", "growth a year"),
        Phrase("无项目达线", "above without"),
        Phrase("其中单靠增长", "of which by growth alone"),
        Phrase("有项目达线", "above with"),
        Phrase("因项目越线", "crossing up"),
        Phrase("因项目跌下", "crossing down"),
    )
    measures = (
        "persons_above_line_without",
        "crossing_by_growth",
        "persons_above_line_with",
        "crossing_up",
        "crossing_down",
    )
    rows = [
        [f"{row['growth']:.0%}", *(f"{row[name]:,.0f}" for name in measures)]
        for row in growth_alone(fewer, year).to_dict("records")
    ]
    return _chapter(Phrase("不靠项目也会增长", "Growth alone"), note, heads, rows, lang)


def _allowances(gains: Gains, year: int, lang: str) -> Chapter:
    table = (
        allowances_at_risk(gains, year)
        .groupby("county", sort=True)
        .agg(
            households=("household_id", "size"),
            persons=("persons", "sum"),
            yuan=("gain_recurrent_yuan", "sum"),
        )
    )
    note = Phrase(
        "低保、特困户的补差可能因增收而减少；最多减去全部经常性增收。测算没有扣减，按当地规定核对。",
        "Top-ups of minimum living allowances may be cut by what is gained, at most by all of the recurrent gain. The "
        "estimate cuts nothing: check the county's rule.",
    )
    heads = (
        Phrase("县区", "county"),
        Phrase("户", "households"),
        Phrase("人", "persons"),
        Phrase("最多可能减少（万元）", "most that may be cut (10,000 yuan)"),
    )
    rows = [
        [str(county), f"{row.households:,.0f}", f"{row.persons:,.0f}", _wan(row.yuan)]
        for county, row in table.iterrows()
    ]
    rows = rows or [[Phrase("无", "none").say(lang), "0", "0", "0.0"]]
    return _chapter(Phrase("可能减少的低保", "Allowances that may be cut"), note, heads, rows, lang)


def _behind(gains: Gains, year: int, lang: str) -> Chapter:
    note = Phrase(
        "没有联结的户、有联结却没有经常性增收的户、测算为亏的户。",
        "Households without any recorded link, linked without recurrent gain, and losing.",
    )
    heads = (
        Phrase("县区", "county"),
        Phrase("户", "households"),
        Phrase("无联结", "unlinked"),
        Phrase("有联结无增收", "linked, no gain"),
        Phrase("测算为亏", "losing"),
    )
    columns = ("households", "households_unlinked", "households_no_gain", "households_losing")
    rows = [
        [row["group"], *(f"{row[name]:,}" for name in columns)]
        for row in left_behind(gains, year).to_dict("records")
    ]
    return _chapter(Phrase("谁没有受益", "Who is left out"), note, heads, rows, lang)


def _stress(gains: Gains, year: int, lang: str) -> Chapter:
    fewer = gains
    if gains.draws > STRESS_DRAWS:
        fewer = estimate_gains(gains.exposure, gains.numbers, draws=STRESS_DRAWS, seed=gains.seed)
    table = stress_table(fewer, year).sort_values("persons_falling", ascending=False, kind="stable")
    first = table.iloc[0]
    note = Phrase(
        f"每次只变一件事，其余不变（{fewer.draws} 次抽样）；说的是会怎样，不是有多大可能。落线人数最多的是："
        f"{first['label_zh']}，{first['persons_falling']:,} 人。",
        f"One thing changed at a time ({fewer.draws} draws): what would happen, not how likely it is. Most persons "
        f"fall below the line by this: {first['label_en']}, {first['persons_falling']:,}.",
    )
    heads = (
        Phrase("情景", "stress"),
        Phrase("增收变化（万元，P10–P90）", "change in gain (10,000 yuan, P10-P90)"),
        Phrase("达线人口变化（P10–P90）", "persons above the line (P10-P90)"),
        Phrase("由达线变为不达线（户/人）", "falling below (households/persons)"),
        Phrase("落线最多的乡镇（人）", "township where most fall (persons)"),
    )
    rows = [
        [
            row[f"label_{lang}"],
            _ranged(row, "gain_change", _wan),
            _ranged(row, "persons_above_change", _count),
            f"{row['households_falling']:,} / {row['persons_falling']:,}",
            f"{row['first_place']} {row['first_place_persons']:,}" if row["first_place"] else "–",
        ]
        for row in table.to_dict("records")
    ]
    return _chapter(Phrase("压力情景：什么最伤人", "What hurts"), note, heads, rows, lang)


def _honesty(gains: Gains, facts: pd.DataFrame | Path | None, paid: pd.DataFrame, *, lang: str) -> Chapter:
    """The model beside what was published and paid: a handful of numbers, and no pass rate."""
    told = pd.DataFrame() if facts is None else backtest(gains, facts)
    held = told[told["told"] == "yes"] if len(told) else told
    heads = (
        Phrase("什么", "what"),
        Phrase("公布的数", "published"),
        Phrase("模型均值（P10–P90）", "model's mean (P10-P90)"),
        Phrase("区间宽度/均值", "width / mean"),
        Phrase("z 值（差几个标准差）", "z-score (standard deviations off)"),
        Phrase("怎么看", "how to read it"),
    )
    rows = [
        [
            _what(row, lang),
            *_beside(row, row["published"]),
            (_AN_INPUT.say(lang) if row["use"] == "input" else row[f"why_{lang}"]) or _A_CHECK.say(lang),
        ]
        for row in held.to_dict("records")
    ]
    for row in paid.to_dict("records"):
        what = Phrase(f"发放花名册 {row['year']} 年，元", f"payment roll of {row['year']}, yuan")
        why = Phrase("花名册可能含项目以外的钱", "the roll may hold pay from outside the programme")
        rows.append([what.say(lang), *_beside(row, row["paid_yuan"]), why.say(lang)])
    return _chapter(
        Phrase("与公布的数对照", "Beside what was published"), _honest(told, held), heads, rows, lang
    )


def _what(row: dict, lang: str) -> str:
    """Where, of what kind and in which unit a published number is."""
    where = "" if row["place"] in _EVERYWHERE else row["place"]
    if lang != "zh":
        return f"{row['county']}{where} {row['kind']}: {row['what_en']}, {row['unit']}"
    first = row["kind"].split()[0]
    kind = word(first) if first in ("forest", "juncao", "bees") else ""
    planned = "（计划）" if "plan" in row["kind"] else ""
    unit = next((zh for en, zh in _UNITS_ZH.items() if row["unit"].startswith(en)), row["unit"])
    year = re.search(r"\((\d{4})\)", row["unit"])
    when = f"{year[1]} 年，" if year else ""
    return f"{row['county']}{where} {kind}{planned}{row['what_zh']}（{when}{unit}）"


def _honest(told: pd.DataFrame, held: pd.DataFrame) -> Phrase:
    """How few the facts are, how they were chosen, and what they can not show."""
    inputs = int((held["use"] == "input").sum()) if len(held) else 0
    scored = int(held["z"].notna().sum()) if len(held) else 0
    missing = told[told["told"] == "no"] if len(told) else told
    zh, en = (
        mark.join(f"{why} {count}" for why, count in missing[f"why_{lang}"].value_counts().items())
        if len(missing)
        else "–"
        for lang, mark in (("zh", "；"), ("en", "; "))
    )
    return Phrase(
        f"公布的数里有 {len(held)} 个可与模型对照，其中 {inputs} 个本来就是模型的输入，检验不了什么；"
        f"有区间、可算 z 值的只有 {scored} 个。"
        f"报道挑的是好户、好地方，偏高是常情：数太少，又是挑过的，不能据此说模型“合格率”多少，"
        f"也不据此改任何参数。不能对照的：{zh}。",
        f"{len(held)} published numbers can be held against the model; {inputs} of them went into it and test nothing; "
        f"only {scored} have an interval and so a z-score. The press chooses good households and places, so it is "
        f"high as a rule: so few numbers, chosen so, give no pass rate, and change no parameter. Not compared: {en}.",
    )


def _beside(row: dict, published: float) -> list[str]:
    sure = row["model_p10"] == row["model_p90"] and pd.isna(row["z"])
    model = _count(row["model_mean"]) if sure else _ranged(row, "model", _count, mean="model_mean")
    width = "–" if sure or pd.isna(row["width"]) else f"{row['width']:.2f}"
    return [_count(published), model, width, "–" if pd.isna(row["z"]) else f"{row['z']:+.1f}"]


def _ranged(row: dict, name: str, words: Callable[[float], str], *, mean: str = "") -> str:
    return f"{words(row[mean or name])}（{words(row[f'{name}_p10'])} … {words(row[f'{name}_p90'])}）"


def _untold(gains: Gains, lang: str) -> Chapter:
    """What the ground, the flowers and the records could not tell, counted."""
    note = Phrase(
        "没有数据就不给数；以下各项按所述假设处理。",
        "No number without data: these stand on the assumption told.",
    )
    heads = (Phrase("事项", "matter"), Phrase("说明", "what is told"))
    rows = [[words.say(lang), said] for words, said in _matters(gains, lang)]
    return _chapter(Phrase("说不清的", "What could not be told"), note, heads, rows, lang)


def _matters(gains: Gains, lang: str) -> Iterable[tuple[Phrase, str]]:
    exposure = gains.exposure
    project = exposure.project
    straight = exposure.reach_by == STRAIGHT
    way = Phrase("直线", STRAIGHT) if straight else Phrase("地形上的步行时间", exposure.reach_by)
    yield Phrase("推定联结的距离", "distance of inferred links"), way.say(lang)
    for row in exposure.untold.to_dict("records"):
        yield Phrase("地面", "ground"), row[lang]
    if len(project.apiaries):
        yards = saturation(project, gains.numbers)
        blind, full = (yards["told"] != "yes").sum(), (yards["saturation_nectar"] > 1).sum()
        words = Phrase("蜜源无法判断 / 群数超过蜜源的蜂场", "yards of unknown flowers / over-full by nectar")
        yield words, f"{blind:,} / {full:,}（{len(yards):,}）"
        by_land = (yards["saturation_capacity"] > 1).sum()
        yield (
            Phrase("按载蜂量参数超载的蜂场", "over-full by the capacity parameter"),
            f"{by_land:,}（{len(yards):,}）",
        )
    if len(project.juncao_plots):
        load = nursery_load(project.juncao_plots, capacity_mu=gains.numbers["juncao_seedling_capacity"].mode)
        beyond = "、".join(
            f"{s:.0f}: {mu:,.0f}" for s, mu in zip(load["season"], load["beyond_mu"]) if mu > 0
        )
        yield Phrase("免费苗超出繁育能力（亩）", "free seedlings beyond the nursery (mu)"), beyond or "0"
        yield (
            Phrase(
                "海拔高于产量参数所指上界的草地（亩）", "grass above the height its yield is told for (mu)"
            ),
            _high(gains),
        )


def _high(gains: Gains) -> str:
    sites = gains.exposure.sites["juncao"]
    limit = gains.numbers["juncao_alt_full"].mode
    high = (sites["elevation_m"] > limit) & (sites["elevation_known"] > 0)
    mu = sites["site_quantity"]
    return f"> {limit:,.0f} m: {mu[high].sum():,.0f} / {mu.sum():,.0f}"


def _chapter(title: Phrase, note: Phrase, heads: Sequence[Phrase], rows, lang: str) -> Chapter:
    return Chapter(title.say(lang), note.say(lang), [head.say(lang) for head in heads], rows)


def _wan(yuan: float) -> str:
    return "–" if pd.isna(yuan) else f"{yuan / _YUAN_PER_WAN:,.1f}"


def _count(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.0f}"


def _share(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.3f}"
