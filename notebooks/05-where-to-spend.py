# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5 三千万元用在哪里
# **Where should thirty million yuan go?**
#
# 一位规划员，一笔预算，一个问题：给谁几箱蜂、几亩草、几亩林，才能让离线的差距缩得最多？示例的人口是虚构的。
# One planner, one budget, one question: who should get how many hives, how much grass, how many trees, so that the gap
# to the line shrinks most? The people of the example are made up.

# %%
from pathlib import Path

import eco

folder = Path("..") / "data" / "dingxi" if Path("../data/dingxi").exists() else Path("data/dingxi")
project = eco.load_project(folder)
numbers = eco.load_parameters(folder / "parameters.csv")
exposure = eco.link(project, numbers)

# %% [markdown]
# 能给谁什么：每户至多八种搭配，价钱、增收和占用的土地、劳力、蜜源都由同一个收入模型算出。
# What could be given to whom: at most eight bundles a household, each valued by the income model itself.

# %%
options = eco.list_options(exposure, numbers, draws=100, seed=1)
options

# %% [markdown]
# 问题就是一句话；答案带着证明：任何方案都不可能超过 `bound`。
# The question is a sentence; the answer carries its proof: no plan can reach more than `bound`.

# %%
plan = eco.plan(options, budget_yuan=30_000_000, value="gap", time_limit=15)
plan

# %%
assert plan.spent_yuan <= 30_000_000 and plan.reached <= plan.bound
eco.shown(plan.chosen, rows=5)

# %% [markdown]
# 多一元、多一亩苗、多一箱蜜源各值多少？
# What would one more yuan, one more mu of seedlings, one more hive of flowers bring?

# %%
eco.shown(plan.prices.drop_duplicates("rule").drop(columns="row"))

# %% [markdown]
# 每个乡镇都要照顾到，代价是多少？
# What does it cost to leave no township out?

# %%
rules = [eco.rules.TownshipFloor(share=0.004)]
fair = eco.plan(options, budget_yuan=30_000_000, rules=rules, value="gap", time_limit=15)
less, most = plan.reached - fair.reached, plan.bound - fair.reached
f"少缩小 {less:,.0f} 元/年，已证明至多 {most:,.0f}; less closed, yuan a year: {less:,.0f}, proven at most {most:,.0f}"

# %% [markdown]
# 规则互相打架时，说出是哪几条、差多少、怎样才行。
# Rules that cannot stand together are named, with numbers and with what would do.

# %%
try:
    eco.plan(options, budget_yuan=30_000_000, rules=[eco.rules.TownshipFloor(share=0.02)], time_limit=20)
except eco.DataProblem as problem:
    told = problem
told

# %% [markdown]
# 把方案放回台账，整个模型重算一遍：蜜源真的由新老蜂群共享，达线人数带区间。
# The plan put into the records and estimated again: old and new bees really share the flowers; intervals are given.

# %%
eco.outcome(plan)

# %% [markdown]
# 差不多好的方案不止一个：每个村被选中几次？
# More than one plan is nearly as good: how often is each village chosen?

# %%
others = eco.alternatives(plan, count=5, time_limit=40)
others

# %% [markdown]
# “为什么没有我们村？”——换它进来最便宜的办法，要付出什么。
# "Why not my village?" The cheapest swap that would bring it in, and what it costs.

# %%
left_out = others.villages.query("chosen_in == 0")
village = (left_out if len(left_out) else others.villages.sort_values("chosen_in"))["village_code"].iloc[0]
eco.why_not(plan, village, time_limit=12)

# %% [markdown]
# 让更多的人达线，还是让差距缩得更多？
# More persons above the line, or more of the gap closed?

# %%
asked = {"of": "lifted", "against": "gap", "points": 4}
front = eco.front(options, budget_yuan=30_000_000, **asked, time_limit=60, gap=0.01)
eco.front_picture(front)

# %% [markdown]
# 最后是给县里看的地图：化名，不含个人信息，断网也能打开。
# At last the map for the county: pseudonyms, nothing personal, opens offline.

# %%
gains = eco.estimate_gains(exposure, numbers, draws=100, seed=1)
page = folder.parent.parent / "maps" / "where-to-spend.html"
eco.save_map(page, project, gains=gains, plan=plan, alternatives=others.villages, edition="county")
f"{page.stat().st_size / 1e6:.1f} MB"
