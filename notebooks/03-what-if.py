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
# # 3 如果蜂蜜跌三成
# **What if honey falls by 30 %?**

# %%
from pathlib import Path

import eco

folder = Path("..") / "data" / "dingxi" if Path("../data/dingxi").exists() else Path("data/dingxi")
project = eco.load_project(folder)
numbers = eco.load_parameters(folder / "parameters.csv")
exposure = eco.link(project, numbers)
now = eco.estimate_gains(exposure, numbers, draws=300, seed=1)

# %% [markdown]
# 换一个数要写明依据。联结不重算，只换价格，所以一两秒就有答案。
# A number is replaced only with a source. Links are kept, so the answer comes in a second or two.

# %%
cheaper = numbers
for price in ("honey_price", "honey_price_wholesale"):
    cheaper = cheaper.scaled(price, 0.7, source="what if: honey falls by 30 %")
then = eco.estimate_gains(exposure, cheaper, draws=300, seed=1)
change = then.totals(year=2020)["mean"] - now.totals(year=2020)["mean"]
change.round(0)

# %% [markdown]
# ## 用手算核对 Check it by hand
# 两种价都跌三成，蜂蜜收入正好少三成，别的都不变。
# Both prices fall by 30 %, so honey receipts fall by exactly 30 %, and nothing else moves.

# %%
keeper = exposure.links.query("role == 'keeper' and recorded")["household_id"].iloc[0]
before = now.flows(keeper, year=2020).query("flow_en == 'honey sales'")["yuan_mean"].sum()
after = then.flows(keeper, year=2020).query("flow_en == 'honey sales'")["yuan_mean"].sum()
assert abs(after - 0.7 * before) < 0.01 * max(before, 1)
round(before), round(after)

# %%
assert abs(change["forest_yuan"]) < 1 and abs(change["juncao_yuan"]) < 1

# %% [markdown]
# 同一批抽样里逐个比较，差额的区间比两个区间相减窄得多。
# Compared world by world, the interval of the difference is far narrower than the difference of two intervals.

# %%
difference = then.answer(2020).worlds["gain_yuan"].sum(axis=0) - now.answer(2020).worlds["gain_yuan"].sum(
    axis=0
)
import numpy as np

np.quantile(difference, [0.1, 0.5, 0.9]).round(0)

# %% [markdown]
# ## 谁受影响 Who is hit

# %%
import matplotlib.pyplot as plt

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "DejaVu Sans"]
by = then.by("county", year=2020).set_index("name")["gain_yuan_mean"]
loss = (by - now.by("county", year=2020).set_index("name")["gain_yuan_mean"]) / 1e4
figure, axis = plt.subplots(figsize=(8, 3))
axis.barh(loss.index, loss, color="#b5543a")
axis.invert_yaxis()
axis.set_xlabel("万元 10,000 yuan")
axis.spines[["top", "right"]].set_visible(False)
