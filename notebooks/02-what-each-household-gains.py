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
# # 2 每户增收多少，有多确定
# **What each household gains, and how surely.**

# %%
from pathlib import Path

import eco

folder = Path("..") / "data" / "dingxi" if Path("../data/dingxi").exists() else Path("data/dingxi")
project = eco.load_project(folder)
numbers = eco.load_parameters(folder / "parameters.csv")
exposure = eco.link(project, numbers)
gains = eco.estimate_gains(exposure, numbers, draws=1000, seed=1)
gains.totals(year=2020).round(0)

# %% [markdown]
# 增收（`gain_yuan`）是人均纯收入的变化：收到的钱减成本、减放弃的庄稼和务工；自家劳动不计价。
# 毛收入和计入自家劳动后的账是另外两本，不能混用。
#
# `gain_yuan` is the change in register net income; gross receipts and the account with own labour priced are
# two others.

# %%
import matplotlib.pyplot as plt

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "DejaVu Sans"]
totals = gains.totals(year=2020)["mean"]
names = {
    "gross_receipts_yuan": "毛收入 gross",
    "gain_yuan": "登记口径 register",
    "gain_recurrent_yuan": "其中经常性 recurrent",
    "gain_economic_yuan": "计入自家劳动 economic",
}
figure, axis = plt.subplots(figsize=(8, 2.4))
axis.barh(list(names.values()), [totals[name] / 1e4 for name in names], color="#2f6f5e")
axis.invert_yaxis()
axis.set_xlabel("万元 10,000 yuan, 2020")
axis.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## 一户的账，一笔一笔 One household, flow by flow
# 谁付的、登记在哪一项、一次性还是经常性、登记的还是推算的。
# Who pays, where the register books it, one-off or recurrent, recorded or inferred.

# %%
households = gains.households(year=2020)
several = (households[["forest_yuan_mean", "juncao_yuan_mean", "bees_yuan_mean"]] != 0).sum(axis=1)
one = households.loc[several.idxmax(), "household_id"]
flows = gains.flows(one, year=2020)
flows.round(0)

# %%
steps = flows.groupby("flow_zh", sort=False)["yuan_mean"].sum()
ends = steps.cumsum()
figure, axis = plt.subplots(figsize=(8, 0.5 * len(steps) + 1))
colours = ["#2f6f5e" if yuan > 0 else "#b5543a" for yuan in steps]
axis.barh(steps.index, steps, left=ends - steps, color=colours)
axis.axvline(0, color="#333", linewidth=0.8)
axis.invert_yaxis()
axis.set_title(f"{one}：{ends.iloc[-1]:,.0f} 元/年 yuan in 2020", loc="left")
axis.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## 各县区 By county

# %%
columns = ["name", "persons_linked", "gain_yuan_mean", "gain_yuan_p10", "gain_yuan_p90", "crossing_up_mean"]
gains.by("county", year=2020)[columns].round(0)

# %% [markdown]
# ## 答案取决于哪个数 Which guess it hangs on
# `kind` 为 judgement 的是专家判断，没有出处：排在前面的先去核实。
# Where `kind` is judgement nobody has a source: verify those that rank high first.

# %%
columns = ["livelihood", "label_zh", "label_en", "share", "share_of_livelihood", "grade", "kind"]
eco.drivers(gains, year=2020)[columns].head(10).round(2)

# %% [markdown]
# ## 地图 The map
# 县级版不含姓名，离线可开。The county edition has no names and opens offline.

# %%
from IPython.display import IFrame

path = eco.save_map(
    Path("../maps") / "dingxi.html" if Path("../maps").exists() else "maps/dingxi.html", project, gains=gains
)
IFrame(path.as_posix(), width="100%", height=600)
