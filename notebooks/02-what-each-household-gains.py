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
gains = eco.estimate_gains(exposure, numbers, draws=300, seed=1)
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
wan = [totals[name] / 1e4 for name in names]
bars = axis.barh(list(names.values()), wan, color=["#2f6f5e" if yuan > 0 else "#b5543a" for yuan in wan])
axis.bar_label(bars, fmt="{:,.0f}", padding=4)
axis.margins(x=0.12)
axis.axvline(0, color="#333", linewidth=0.8)
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
exposure.links.query("household_id == @one")[["site_id", "role", "quantity", "unit", "year", "recorded"]]

# %% [markdown]
# 这户和哪些地块、蜂场有联结；下面是这些联结带来的每一笔钱。
# What ties this household to plots and yards; below is every yuan these links bring.

# %%
flows = gains.flows(one, year=2020)
flows.round(0)

# %%
steps = flows.groupby(["flow_zh", "flow_en"], sort=False)["yuan_mean"].sum()
steps.index = [f"{zh}\n{en}" for zh, en in steps.index]
ends = steps.cumsum()
net = ends.iloc[-1]
own = households.set_index("household_id").loc[one]
low, high = own["gain_yuan_p10"], own["gain_yuan_p90"]
figure, axis = plt.subplots(figsize=(9, 0.62 * len(steps) + 2))
colours = ["#2f6f5e" if yuan > 0 else "#b5543a" for yuan in steps]
bars = axis.barh(steps.index, steps, left=ends - steps, color=colours)
white = {"facecolor": "white", "edgecolor": "none", "pad": 1}
axis.bar_label(bars, [f"{yuan:+,.0f}" for yuan in steps], padding=4, bbox=white)
axis.barh(["剩下 what is left"], [net], color="#1d2a2e")
axis.plot([low, high], [len(steps)] * 2, color="#d9a441", linewidth=4)
axis.annotate(
    f"平均 mean {net:,.0f}；八成可能在 eight in ten {low:,.0f} … {high:,.0f}",
    (low, len(steps) + 0.62), ha="left", va="center",
)  # fmt: skip
axis.set_ylim(len(steps) + 0.9, -0.6)
axis.set_xlim(min(low, ends.min(), 0) - 500, max(high, ends.max()) + 500)
axis.axvline(0, color="#333", linewidth=0.8)
axis.set_title(
    f"{one}，2020 年：绿的是进账，红的是花费或放弃的\ngreen comes in, red is spent or given up", loc="left"
)
axis.set_xlabel("元/年 yuan a year")
axis.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## 一年一年看 Year by year
# 深线是均值，带子里是十种可能中间的八种；虚线是只算经常性的（造林工钱等一次性的不算，种植成本年年算）。
# The line is the mean, the band holds eight of ten possible worlds; the dashed line is what recurs: without
# one-off money such as planting wages, but with the costs of the season.

# %%
years = range(2016, 2026)
path = {year: gains.households(year).set_index("household_id").loc[one] for year in years}
line = {name: [path[year][name] for year in years] for name in path[2020].index}
figure, axis = plt.subplots(figsize=(9, 3.4))
axis.fill_between(
    years, line["gain_yuan_p10"], line["gain_yuan_p90"], color="#9cc3b4", label="八成可能 eight in ten"
)
axis.plot(years, line["gain_yuan_mean"], color="#2f6f5e", linewidth=2, label="平均增收 mean gain")
axis.plot(
    years, line["gain_recurrent_yuan"], color="#d9a441", linestyle="--", label="只算经常性 recurrent alone"
)
axis.axhline(0, color="#333", linewidth=0.8)
axis.set_xticks(list(years))
axis.set_ylabel("元/年 yuan a year")
axis.set_title(f"{one}：2016—2025 年每年增收 gain year by year", loc="left")
axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
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
