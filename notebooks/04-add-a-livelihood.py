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
# # 4 添一种产业：药材
# **Add a livelihood: medicinal herbs**
#
# 岷县种黄芪：头年春播，次年秋挖，挖后这块地要歇几年。模型里没有药材。一个文件写清它的收支，一行把它加进来，别处不动。
# Minxian grows astragalus: sown one spring, dug the autumn after, and then the field must rest. The model knows no
# herbs. One file says what they pay and cost, one line adds it, and nothing else is touched.

# %% [markdown]
# ## 一个文件 One file
# 列进来，元出去。除 0 和 1 外没有数：数都有名字、单位和依据。
# Columns in, yuan out. No number but 0 and 1 stands here: numbers have names, units and sources.

# %%
from dataclasses import replace

from eco.livelihoods.livelihood import Flow, Livelihood, held
from eco.phrases import Phrase


def dug_value(mu, kg_per_mu, yuan_per_kg):
    """Yuan for dried roots: 2 mu x 200 kg x 14 yuan = 5,600."""
    return mu * kg_per_mu * yuan_per_kg


def grown_mu(x, n):
    return held(x, n["programme_poor_share"])


def in_the_ground(x, n, year):
    return (x["season"] <= year) & (year <= x["season"] + n["herb_years"])


def sold(x, n, year):
    mu = grown_mu(x, n) * (year == x["season"] + n["herb_years"])
    return dug_value(mu, n["herb_yield"], n["herb_price"])


def seed_and_fertiliser(x, n, year):
    return -grown_mu(x, n) * (year == x["season"]) * n["herb_cost"]


def wheat_given_up(x, n, year):
    return -grown_mu(x, n) * in_the_ground(x, n, year) * x["farmland"] * n["grain_net_wheat"]


def days(x, n, year):
    return grown_mu(x, n) * in_the_ground(x, n, year) * n["herb_labour"]


def site_columns(plots):
    return {
        "in_programme": plots["season"] > 0,
        "site_quantity": plots["area_mu"],
        "season": plots["season"],
        "farmland": plots["land_class"] == "farmland",
    }


def flow(name, zh, en, payer, income_class, yuan, given_up=False):
    # The field rests after the digging, so every flow ends by itself: one-off, not recurrent.
    return Flow(name, Phrase(zh, en), "grower", payer, income_class, False, yuan, given_up)


HERBS = Livelihood(
    name="herbs",
    label=Phrase("药材", "medicinal herbs"),
    site_table="herb_plots",
    site_columns=site_columns,
    inferences=(),
    needs=("quantity", "recorded", "weight", "site_quantity", "site_recorded", "season", "farmland"),
    parameters=(
        *("herb_yield", "herb_price", "herb_cost", "herb_labour", "herb_years"),
        *("grain_net_wheat", "programme_poor_share"),
    ),
    flows=(
        flow("herbs_sold", "药材出售", "herbs sold", "market", "operating", sold),
        flow("herb_cost", "种子肥料", "seed and fertiliser", "market", "cost", seed_and_fertiliser),
        flow("crop_given_up", "放弃的种粮收益", "crop given up", "nobody", "operating", wheat_given_up, True),
    ),
    days={"grower": days},
    day_rates={"grower": "herb_labour"},
)

# %% [markdown]
# ## 它的数 Its numbers
# 没有查到定西黄芪的产量和价格，下面全是判断（D 级），县里的中药材站应当换成自己的数。
# No yield or price of Dingxi's astragalus was looked up: all of this is judgement (grade D), for the county's own
# herb station to replace.

# %%
import pandas as pd

import eco
from eco.parameters.numbers import Source

GUESS = Source("judgement", "D", "example of this notebook: no source looked up")
OWN = [
    ("herb_yield", "黄芪干货亩产", "dried astragalus a mu", "kg/mu", 120, 200, 300, "pert"),
    ("herb_price", "黄芪价格", "price of dried astragalus", "yuan/kg", 8, 14, 22, "pert"),
    ("herb_cost", "种子肥料", "seed, fertiliser, film", "yuan/mu", 500, 900, 1500, "pert"),
    ("herb_labour", "药材用工", "labour", "person-days/mu-yr", 6, 10, 16, "pert"),
    ("herb_years", "播种到采挖", "years from sowing to digging", "year", 1, 1, 1, "chosen"),
]
own = {
    name: eco.Number(name, Phrase(zh, en), unit, low, mode, high, shape, "together", GUESS)
    for name, zh, en, unit, low, mode, high, shape in OWN
}
numbers = eco.load_parameters()
numbers = replace(numbers, values={**numbers.values, **own})

# %% [markdown]
# ## 先用手算核对 Check it by hand first
# 2 亩麦地，2019 年春播：当年支出 2 × 900，少收小麦 2 × 200；2020 年挖 2 × 200 公斤，每公斤 14 元，再少收一年小麦。
# 2 mu of wheat land sown in spring 2019: that year 2 x 900 spent and 2 x 200 of wheat not sown; in 2020
# 2 x 200 kg are dug at 14 yuan, and another year's wheat is missing.

# %%
import numpy as np

link = {"quantity": 2, "recorded": 1, "weight": 0, "site_quantity": 2, "site_recorded": 2}
x = {name: np.full((1, 1), value) for name, value in {**link, "season": 2019, "farmland": 1}.items()}
n = {name: np.full((1, 1), numbers[name].mode) for name in HERBS.parameters}
by_hand = pd.DataFrame(
    {year: {f.label.en: f.yuan(x, n, year).item() for f in HERBS.flows} for year in range(2018, 2022)}
)
assert by_hand.sum().tolist() == [0, -1800 - 400, 2 * 200 * 14 - 400, 0]
by_hand

# %% [markdown]
# ## 一行 One line
# 例子里没有药材地，这里给岷县三户各记一块。真的县把 `herb_plots` 加进 `eco/records/tables.py`，就从文件读。
# The example has no herb fields, so three households of Minxian get one each here. A real county declares
# `herb_plots` in `eco/records/tables.py` and has it read from its files.

# %%
from pathlib import Path

folder = Path("..") / "data" / "dingxi" if Path("../data/dingxi").exists() else Path("data/dingxi")
project = eco.load_project(folder)
homes = project.households
three = homes[homes["county_code"].str.startswith("621126") & (homes["workers"] > 0)].head(3)
fields = three[["village_code", "township_code", "county_code", "geometry"]].assign(
    plot_id=["YC1", "YC2", "YC3"], area_mu=[2.0, 3.0, 5.0], season=2019, land_class="farmland"
)
fields = fields[["plot_id", *fields.columns.drop("plot_id")]]
grown = pd.DataFrame(
    {
        "household_id": three["household_id"].to_numpy(),
        "site_id": fields["plot_id"].to_numpy(),
        "role": "grower",
        "quantity": fields["area_mu"].to_numpy(),
        "unit": "mu",
        "year": 2019,
        "assumed": "no",
    }
)
links = pd.concat([project.links, grown], ignore_index=True)
with_herbs = replace(project, tables={**project.tables, "herb_plots": fields, "links": links})

exposure = eco.link(with_herbs, numbers, livelihoods=(*eco.LIVELIHOODS, HERBS))  # the one line
gains = eco.estimate_gains(exposure, numbers, draws=300, seed=1)

# %% [markdown]
# 要让命令、报告和地图都认得它，同一行写进 `eco/livelihoods/__init__.py` 的 `LIVELIHOODS`。
# For the commands, the report and the maps to know it, the same line goes into `LIVELIHOODS` in
# `eco/livelihoods/__init__.py`.

# %%
grower = three["household_id"].iloc[0]
pd.concat({year: gains.flows(grower, year=year).query("livelihood == 'herbs'") for year in (2019, 2020)})

# %% [markdown]
# 先赔后赚：播种那年三户都是负的，采挖那年才有收入；只看一年会看错。
# First a loss, then the gain: in the year of sowing all three stand below zero, and a single year tells the wrong
# story.

# %%
years = pd.DataFrame(
    {
        year: gains.households(year=year)
        .set_index("household_id")
        .loc[three["household_id"], "herbs_yuan_mean"]
        for year in range(2018, 2022)
    }
)
assert (years[2019] < 0).all() and (years[2020] > 0).all() and not years[[2018, 2021]].any(axis=None)
years.round(0)

# %% [markdown]
# ## 靠哪个数 Which number it hangs on

# %%
hangs = eco.drivers(gains, year=2020).query("livelihood == 'herbs'")
hangs[["label_zh", "label_en", "share_of_livelihood", "grade"]].head(4).round(2)

# %% [markdown]
# ## 别的产业一分不变 Nothing else moves by a cent
# 新加的数不动旧的抽样。The new numbers move none of the old draws.

# %%
before = eco.estimate_gains(eco.link(project, numbers), numbers, draws=300, seed=1)
others = ["forest_yuan_mean", "bees_yuan_mean", "juncao_yuan_mean"]
a, b = (
    g.households(year=2020).query("household_id not in @three.household_id")[others] for g in (before, gains)
)
pd.testing.assert_frame_equal(a, b, check_exact=True)
