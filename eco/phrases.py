"""Every word a person sees, in Chinese and in English: one catalogue."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple


class Phrase(NamedTuple):
    """The same words in Chinese and in English."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        """The words in one language, "zh" or "en"."""
        return self.zh if lang == "zh" else self.en


WORDS: dict[str, Phrase] = {
    "forest": Phrase("生态林", "ecological forest"),
    "juncao": Phrase("巨菌草", "Juncao grass"),
    "bees": Phrase("中蜂", "Chinese bees"),
    "labour": Phrase("劳动力", "labour"),
    "measure_gain_yuan": Phrase("登记口径增收", "register gain"),
    "measure_gain_recurrent_yuan": Phrase("其中经常性", "of which recurrent"),
    "measure_gain_one_off_yuan": Phrase("其中一次性", "of which one-off"),
    "measure_gain_economic_yuan": Phrase("计入自家劳动后", "own labour priced"),
    "measure_gross_receipts_yuan": Phrase("毛收入", "gross receipts"),
    "measure_forest_yuan": Phrase("生态林", "forest"),
    "measure_juncao_yuan": Phrase("巨菌草", "Juncao"),
    "measure_bees_yuan": Phrase("中蜂", "bees"),
    "measure_persons_gaining": Phrase("经常性增收一成以上人口", "persons gaining 10 %"),
    "measure_persons_above_line_without": Phrase("无项目时达线", "above the line without"),
    "measure_persons_above_line_with": Phrase("有项目时达线", "above the line with"),
    "measure_crossing_up": Phrase("因项目达线", "crossing up"),
    "measure_crossing_down": Phrase("因项目落线", "crossing down"),
    "measure_poverty_gap_without": Phrase("无项目时人口×差距", "persons x gap without"),
    "measure_poverty_gap_with": Phrase("有项目时人口×差距", "persons x gap with"),
    "measure_poverty_gap_squared_without": Phrase("无项目时人口×平方差距", "persons x squared gap without"),
    "measure_poverty_gap_squared_with": Phrase("有项目时人口×平方差距", "persons x squared gap with"),
    "county": Phrase("县区", "county"),
    "township": Phrase("乡镇", "township"),
    "village": Phrase("村", "village"),
    "household": Phrase("农户", "household"),
    # the map: what the page itself says begins with map_, what is printed on it with sheet_
    "sheet_title": Phrase("生态项目增收图（测算）", "Ecological programme: modelled gains"),
    "sheet_title_plain": Phrase("生态项目分布图", "Ecological programme"),
    "sheet_internal": Phrase("内部使用", "For internal use"),
    "sheet_watermark": Phrase("内部资料 请勿公开", "内部资料 请勿公开 · not for publication"),
    "sheet_review": Phrase("审图号", "Map review no. (审图号)"),
    "sheet_line": Phrase("贫困线", "Poverty line"),
    "sheet_line_unit": Phrase("元/人·年", "yuan a head and year"),
    "sheet_no_line": Phrase("未给定", "none given"),
    "sheet_draws": Phrase("抽样次数", "Draws"),
    "sheet_seed": Phrase("随机种子", "Seed"),
    "sheet_inputs": Phrase("输入文件校验", "Input fingerprints"),
    "sheet_made_on": Phrase("制作日期", "Made on"),
    "sheet_made_with": Phrase(
        "地图程序 Leaflet 1.9.3（BSD-2 许可）；无底图，不联网",
        "Drawn with Leaflet 1.9.3 (BSD-2 licence); no base map, no network",
    ),
    "sheet_conditional": Phrase(
        "区间为 P10–P90，以联结记录与基期收入为条件；合计只含册内农户",
        "Intervals are P10–P90, conditional on links and base income; totals are of households in the file",
    ),
    "map_search": Phrase("搜索乡镇", "Search a township"),
    "map_search_none": Phrase("没有这个乡镇", "No such township"),
    "map_level": Phrase("显示级别", "Level"),
    "map_auto": Phrase("自动", "auto"),
    "map_measure": Phrase("着色", "Colour"),
    "map_per_head": Phrase("人均增收", "per head"),
    "map_total": Phrase("增收总额", "total"),
    "map_layers": Phrase("图层", "Layers"),
    "map_forest": Phrase("生态林地块", "Forest plots"),
    "map_juncao": Phrase("巨菌草地块", "Juncao plots"),
    "map_bees": Phrase("蜂场", "Bee yards"),
    "map_households": Phrase("农户（化名）", "Households (pseudonyms)"),
    "map_relief": Phrase("地形", "Relief"),
    "map_legend_per_head": Phrase("人均年增收（元）", "Gain per head (yuan a year)"),
    "map_legend_total": Phrase("年增收总额（元）", "Total gain (yuan a year)"),
    "map_hidden": Phrase("不予显示", "Not shown"),
    "map_hidden_why": Phrase(
        "不足五户，或为保护邻近小组而隐去，不予显示。",
        "Not shown: fewer than five households, or hidden to protect such a group nearby.",
    ),
    "map_no_data": Phrase("册内无农户", "No household in the file"),
    "map_loss": Phrase("减收", "Loss"),
    "map_below": Phrase("以下", "or less"),
    "map_above": Phrase("以上", "or more"),
    "map_yuan": Phrase("元", "yuan"),
    "map_wan": Phrase("万", ""),
    "map_households_count": Phrase("户数", "Households"),
    "map_persons": Phrase("人口", "Persons"),
    "map_gain": Phrase("年增收（登记口径，含一次性）", "Register gain a year, one-off included"),
    "map_gain_per_head": Phrase("人均年增收", "Gain per head"),
    "map_by_livelihood": Phrase("其中", "Of which"),
    "map_persons_gaining": Phrase("经常性增收一成以上人口", "Persons gaining 10 % (recurrent)"),
    "map_basis": Phrase("依据", "Rests on"),
    "map_basis_recorded": Phrase("联结全部为登记", "recorded links only"),
    "map_basis_mostly_recorded": Phrase("联结以登记为主，部分推算", "mostly recorded links, some inferred"),
    "map_basis_mostly_inferred": Phrase("联结以推算为主，部分登记", "mostly inferred links, some recorded"),
    "map_basis_inferred": Phrase("联结全部为推算", "inferred links only"),
    "map_basis_none": Phrase("无联结", "no link"),
    "map_rests_on": Phrase("；区间以联结与基期收入为条件", "; interval conditional on links and base income"),
    "map_mu": Phrase("亩", "mu"),
    "map_area": Phrase("面积", "Area"),
    "map_mu_seasons": Phrase("亩·季", "mu-seasons"),
    "map_hives": Phrase("发放箱数", "Hives received"),
    "map_boxes": Phrase("箱", "boxes"),
    "map_colonies": Phrase("存活群数", "Colonies alive"),
    "map_swarms": Phrase("群", "colonies"),
    "map_species": Phrase("树种", "Species"),
    "map_planted": Phrase("造林年度", "Planted"),
    "map_programme": Phrase("项目类型", "Programme"),
    "map_season": Phrase("种植季", "Season"),
    "map_use": Phrase("用途", "Use"),
    "map_started": Phrase("起始年度", "Since"),
    "map_in_programme": Phrase("项目蜂场", "In the programme"),
    "map_sharing": Phrase("联结户数", "Households sharing"),
    "map_assumed": Phrase("位置为推定", "Placed by rule, not surveyed"),
    "map_sites_here": Phrase("辖区项目合计", "In this township"),
    "map_linked": Phrase("有联结", "Linked"),
    "map_not_linked": Phrase("无联结农户", "Household without a link"),
    "map_panel": Phrase("图层与图例", "Layers and legend"),
    "map_close": Phrase("关闭", "Close"),
    "map_zoom_in": Phrase("放大", "Zoom in"),
    "map_zoom_out": Phrase("缩小", "Zoom out"),
    "map_whole": Phrase("全图", "Whole map"),
    "map_about": Phrase("说明", "About"),
    "map_equal_area": Phrase("地块以等面积圆表示", "Plots are drawn as circles of the same area"),
    # the report: what the page says begins with report_
    "report_title": Phrase("生态扶贫增收测算", "Ecological poverty alleviation: modelled gains"),
    "report_lead": Phrase(
        "册内 {households} 户 {persons} 人中，{linked} 人有登记联结；{year} 年测算增收合计 {mean} 万元"
        "（P10–P90：{p10} 至 {p90} 万元）。",
        "Of {persons} persons in {households} households of the file, {linked} hold a recorded link. In {year} all "
        "households of the file gain {mean} x 10,000 yuan (P10–P90: {p10} to {p90}).",
    ),
    "report_accounts": Phrase("三本账", "Three accounts of the same year"),
    "report_gross": Phrase("毛收入", "gross receipts"),
    "report_gross_why": Phrase("卖出和领到的钱，未扣任何成本", "what was sold and paid, before any cost"),
    "report_register": Phrase("登记口径增收", "register gain"),
    "report_register_why": Phrase(
        "人均纯收入（A19）的变化：扣成本、扣放弃的庄稼和务工，自家劳动不计价",
        "change in register net income (A19): less costs, less the crop or migrant pay given up; own labour unpriced",
    ),
    "report_economic": Phrase("计入自家劳动后", "with own labour priced"),
    "report_economic_why": Phrase("再扣自家用工", "the same, with own days priced"),
    "report_recurrent": Phrase("其中经常性", "of which recurrent"),
    "report_one_off": Phrase("其中一次性", "of which one-off"),
    "report_wan": Phrase("万元", "x 10,000 yuan"),
    "report_people": Phrase("人", "Persons"),
    "report_measure": Phrase("指标", "measure"),
    "report_mean": Phrase("均值", "mean"),
    "report_line": Phrase(
        "线：{line} 元/人·年（{series}，{year} 年）；只用经常性增收比线。",
        "Line: {line} yuan a head ({series}, {year}); only recurrent gain is tested against it.",
    ),
    "report_no_line": Phrase(
        "{year} 年没有可用的线，不作达线测算。", "No line is known for {year}: no line results."
    ),
    "report_counties": Phrase("各县区", "By county"),
    "report_gain_wan": Phrase("增收（万元）", "gain (10,000 yuan)"),
    "report_interval": Phrase("P10–P90", "P10–P90"),
    "report_drivers": Phrase("答案取决于什么", "What the answer hangs on"),
    "report_share": Phrase("占总不确定性", "share of spread"),
    "report_grade": Phrase("来源等级", "grade"),
    "report_judgement": Phrase("判断", "judgement"),
    "report_drivers_why": Phrase(
        "等级 D 是专家判断，没有查到出处；这些数排在前面时，先去核实它们。",
        "Grade D is expert judgement without a source: where such a number ranks high, verify it first.",
    ),
    "report_doubts": Phrase("存疑", "Doubts"),
    "report_left_out": Phrase("未采用的行", "rows left out"),
    "report_findings": Phrase("数据问题", "findings"),
    "report_inferred": Phrase(
        "另有 {persons} 人的联结全靠推算，未计入有登记联结的人数；推算的联结约占增收户的 {share}。",
        "A further {persons} persons are linked by inference only and not counted as linked; inferred links "
        "touch {share} of the households that gain.",
    ),
    "report_overbooked": Phrase(
        "登记用工超过可用劳动日的有 {count} 户·年：原样报告，不作删减。",
        "Recorded work exceeds free days in {count} household-years: reported, never cut.",
    ),
    "report_persons_linked": Phrase("有登记联结人口", "persons with a recorded link"),
    "report_per_linked": Phrase("元/联结人口（含推算）", "yuan a linked person (inferred too)"),
    "report_growth": Phrase(
        "“无项目”取 {base} 年登记收入，年增长 {share}，比 {year} 年的线。",
        "“Without” is register income of {base}, grown by {share} a year, against the line of {year}.",
    ),
    "report_no_forage": Phrase(
        "有蜂场周围没有足够细的土地覆盖：其蜂蜜未受蜜源限制，养蜂增收可能偏高。",
        "Some yards have no land cover fine enough around them: flowers do not limit their honey; it may be too high.",
    ),
    "report_unallotted": Phrase(
        "可达范围内无人有余力承担、未作分配的数量（unallotted.csv）：",
        "Unrecorded work nobody in reach had days for (unallotted.csv):",
    ),
    "report_overridden": Phrase("被替换的参数：", "Numbers overridden:"),
    "report_capped": Phrase(
        "未按工日登记的造林工资按工日×日工资计，但不超过项目投资的劳务份额；{share} 的情形下封顶起作用。",
        "Planting not recorded in days is paid days x wage, at most the labour share of the project's cost: the cap "
        "binds in {share} of the worlds.",
    ),
    "report_outside": Phrase(
        "{count} 条登记联结在项目以外的地点，不计增收。",
        "{count} recorded links are to sites outside the programme and earn nothing here.",
    ),
    "report_conditional": Phrase(
        "区间以联结记录、地点数量和登记收入为条件；“户”只指册内农户。这是模型测算，不是脱贫认定。",
        "Intervals are conditional on links, quantities and register incomes; households are those of the "
        "file. A model's estimate is no decision about anybody.",
    ),
    "report_sources": Phrase("数据来源与校验", "Sources and fingerprints"),
    "report_run": Phrase("种子 {seed}，抽样 {draws} 次", "seed {seed}, {draws} draws"),
    "report_parameter": Phrase("参数", "parameter"),
    "report_file": Phrase("文件", "file"),
}


def word(key: str, lang: str = "zh") -> str:
    """The word of a key; an unknown key names its neighbours.

    >>> word("bees"), word("bees", "en")
    ('中蜂', 'Chinese bees')
    """
    if key not in WORDS:
        raise KeyError(f"no word {key!r}; near: {', '.join(neighbours(key, WORDS))}")
    return WORDS[key].say(lang)


def neighbours(name: str, known) -> list[str]:
    """Up to three known names that look like `name`.

    >>> neighbours("hony_price", ["honey_price", "guard_wage"])
    ['honey_price']
    """
    return get_close_matches(name, list(known), n=3, cutoff=0.5)
