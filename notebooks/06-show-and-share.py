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
# # 6 给人看，给人用
# **How do I show it, and what if?** 一张能点的图，一张看得懂的表，五个能拖的滑块。
# A map to click, a table to read, five sliders to move.

# %%
from pathlib import Path

import eco

folder = Path("..") / "data" / "dingxi" if Path("../data/dingxi").exists() else Path("data/dingxi")
project = eco.load_project(folder)
numbers = eco.load_parameters(folder / "parameters.csv")
gains = eco.estimate_gains(eco.link(project, numbers), numbers, draws=200, seed=1)
gains

# %% [markdown]
# ## 看得懂的表 A table to read
# 表头带单位，中文在前；“–”是什么意思写在表下。表本身没有变，照样可以算。
# Headings with units; what "–" means stands below. The table beneath is as it was.

# %%
eco.shown(gains.by("county", year=2020).sort_values("gain_yuan_mean", ascending=False), rows=7)

# %% [markdown]
# ## 能点的图 A map to click
# 县级版：农户是化名，位置挪动过。图不联网，也不碰笔记本里别的东西。
# The county edition: pseudonyms, moved points. The map asks no network and cannot touch the notebook.

# %%
gains.explore(height=600)

# %% [markdown]
# ## 如果……会怎样 What if
# 松手即重算：差额是同一批抽样里逐个比较的。“复原”回到原测算。
# On release the answer is estimated again; the difference is world by world. Reset goes back.

# %%
what_if = eco.sliders(gains)
what_if

# %%
what_if.sliders["honey_price"].value = 80
lower = what_if.now.totals(year=2020)["mean"]
what_if.reset.click()
assert lower["gain_yuan"] < what_if.now.totals(year=2020)["mean"]["gain_yuan"]
list(what_if.sliders)
