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
# # 1 看数据：文件里有什么，哪里不对
# **Look at the data: what is in the files, and what is wrong with them?**
#
# 示例项目 `data/dingxi` 的地名、界线和公布数量是真的，人是虚构的。把路径换成本县的文件夹即可。
# The places and published quantities of the example are real, its people are made up. Put your own folder in its place.

# %%
from pathlib import Path

import eco

folder = Path("..") / "data" / "dingxi" if Path("../data/dingxi").exists() else Path("data/dingxi")
project = eco.load_project(folder)
project

# %% [markdown]
# 读进来的表一律用我们的列名、亩和元，坐标统一为 CGCS2000（EPSG:4544）。
# Every table arrives in our words, in mu and yuan, in one coordinate system.

# %%
project.forest_plots.drop(columns="geometry").groupby(["programme", "planted_year"])[
    "area_mu"
].sum().unstack().round(1)

# %% [markdown]
# ## 有什么问题 What is wrong
# 每一条写明哪张表、哪一行、发现什么、应为什么、怎么办；个人信息已遮盖。
# Each line says which table and row, what was found, what was expected, what to do; personal values are masked.

# %%
eco.findings_table(project.findings)

# %% [markdown]
# 未采用的行单独放着，不会悄悄进入合计。Rows that could not be used stand apart; no total holds them silently.

# %%
project.left_out

# %% [markdown]
# ## 在哪里 Where
# 县区、生态林、蜂场。Counties, forest and bee yards.

# %%
import matplotlib.pyplot as plt

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "DejaVu Sans"]
figure, axis = plt.subplots(figsize=(8, 8))
project.counties.plot(ax=axis, color="#f2f0ea", edgecolor="#7a7f80")
project.forest_plots.plot(ax=axis, color="#2f6f5e")
for inside, colour, label in (
    ("yes", "#d98a1f", "项目蜂场 in the programme"),
    ("no", "#b9b4a8", "其他蜂场 other"),
):
    yards = project.apiaries[project.apiaries["in_programme"] == inside]
    axis.scatter(yards.geometry.x, yards.geometry.y, s=yards["hives_received"] / 8, color=colour, label=label)
axis.legend(loc="upper right", frameon=False)
axis.set_axis_off()

# %% [markdown]
# ## 谁与哪里有关 Who is linked to what
# 有登记的联结照登记；没有的，按劳动日和距离在登记户中分摊，标为推算。
# Recorded links are taken as they are; the rest is inferred by free days and distance, and marked.

# %%
numbers = eco.load_parameters(folder / "parameters.csv")
exposure = eco.link(project, numbers)
exposure.links.groupby(["livelihood", "role", "recorded"])["household_id"].nunique().unstack(fill_value=0)

# %% [markdown]
# 哪些户的登记用工超过了可用劳动日？Whose recorded work exceeds their free days?

# %%
exposure.overbooked.sort_values("asked_days", ascending=False).head()
