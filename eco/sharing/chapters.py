"""Chapters of the report an expert reads after the leader's page: each a sentence, a table, and what it cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from eco.income.fairness import fairness, left_behind
from eco.income.fiscal import grain_land, yuan_a_fiscal_yuan
from eco.income.flowers import saturation
from eco.income.gains import Gains, estimate_gains
from eco.income.nearness import STRAIGHT
from eco.income.stress import stress_table
from eco.livelihoods.juncao import nursery_load
from eco.phrases import Phrase

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


@dataclass(frozen=True)
class Chapter:
    """A heading, one sentence, the headings of a table and its rows of text; rows may be none."""

    title: str
    note: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def chapters(gains: Gains, year: int, *, lang: str = "zh") -> list[Chapter]:
    """All chapters of one year in one language; what a year cannot answer (no line) is left out."""
    made = [_classes(gains, year, lang), _fiscal(gains, year, lang)]
    if gains.answer(year).line is not None:
        made += [_fairness(gains, year, lang), _behind(gains, year, lang), _stress(gains, year, lang)]
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
        f"到 {year} 年为止，财政和项目的钱有多少以工资、补助、租金到了登记的贫困户手里（毛数）；"
        "蜂箱蜂群是资产，不算到手收入。",
        f"Up to {year}: what of the public money reached registered poor households as wages, transfers or rent "
        "(gross); hives are an asset and no income.",
    )
    heads = (
        Phrase("生计", "livelihood"),
        Phrase("投入（万元）", "spent (10,000 yuan)"),
        Phrase("到户（万元）", "reached (10,000 yuan)"),
        Phrase("每元到户（P10–P90）", "a yuan brings (P10-P90)"),
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
        rows.append([row[f"label_{lang}"], _wan(row["spent_yuan"]), _wan(row["reached_yuan"]), told, mu])
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
    note = Phrase(
        f"每次只变一件事，其余不变（{fewer.draws} 次抽样）；说的是会怎样，不是有多大可能。",
        f"One thing changed at a time ({fewer.draws} draws): what would happen, not how likely it is.",
    )
    heads = (
        Phrase("情景", "stress"),
        Phrase("增收变化（万元，P10–P90）", "change in gain (10,000 yuan, P10-P90)"),
        Phrase("达线人口变化", "persons above the line"),
        Phrase("由达线变为不达线（户/人）", "falling below (households/persons)"),
    )
    rows = [
        [
            row[f"label_{lang}"],
            f"{_wan(row['gain_change'])}（{_wan(row['gain_change_p10'])} … {_wan(row['gain_change_p90'])}）",
            f"{row['persons_above_change']:,.0f}",
            f"{row['households_falling']:,} / {row['persons_falling']:,}",
        ]
        for row in stress_table(fewer, year).to_dict("records")
    ]
    return _chapter(Phrase("压力情景", "What hurts"), note, heads, rows, lang)


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


def _share(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.3f}"
