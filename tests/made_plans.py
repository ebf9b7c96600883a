"""Plans written by hand for tests of how a plan is shown: offers to real rows, chosen by eye and proved by nobody."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from eco.phrases import Phrase
from eco.planning.options import AIMS, PARTS, Options
from eco.planning.planner import chosen_of
from eco.planning.plans import Plan
from eco.planning.programs import program_of
from eco.planning.rules import Budget, Capacity, OneEach

# One-off and yearly yuan of one unit, recurrent yuan a year it brings, days a year: about what the parameters say.
_MADE = {
    "hives": (1100.0, 0.0, 260.0, 3.0),
    "juncao_mu": (0.0, 180.0, 210.0, 6.0),
    "forest_mu": (900.0, 120.0, 95.0, 2.0),
    "guard_posts": (0.0, 8000.0, 7600.0, 150.0),
}
_LOTS = {"hives": 5.0, "juncao_mu": 5.0, "forest_mu": 5.0, "guard_posts": 1.0}
_NEED_M = 437.0  # between a made-up yard and the middle of its village's households


def made_options(project, *, every=1, first_year=2021):
    """Up to three offers to every so many households of a project, with a yard a village."""
    homes = project.households.reset_index(drop=True).iloc[::every]
    yards = _yards(project)
    offered = [name for name in PARTS.values() if name != "guard_posts"]
    parts = [_bundles(homes, yards, name) for name in offered]
    parts.append(_bundles(homes.iloc[::97], yards, "guard_posts"))
    bundles = _named(pd.concat(parts, ignore_index=True), project)
    count = len(yards)
    own = csr_array(np.diag(1 / yards["room_colonies"].to_numpy())) if count else csr_array((0, 0))
    return Options.of(
        bundles, yards=yards, meadows=own, first_year=first_year, draws=100, seed=1, line=4000.0
    )


def _yards(project):
    """The village's largest yard, or the middle of its households."""
    known = project.apiaries.sort_values("hives_received", ascending=False).drop_duplicates("village_code")
    xy = shapely.get_coordinates(known.geometry.to_numpy())
    there = pd.DataFrame(
        {"yard_id": known["apiary_id"].astype(str), "village_code": known["village_code"],
         "hives_there": known["hives_received"].astype(float), "x": xy[:, 0], "y": xy[:, 1]}
    )  # fmt: skip
    homes = project.households
    homes = homes[~homes.geometry.isna() & ~homes["village_code"].isin(there["village_code"])]
    points = shapely.get_coordinates(homes.geometry.to_numpy())
    middle = pd.DataFrame({"village_code": homes["village_code"], "x": points[:, 0], "y": points[:, 1]})
    middle = middle.groupby("village_code", as_index=False).mean()
    middle = middle.assign(yard_id="new " + middle["village_code"], hives_there=0.0, x=middle["x"] + _NEED_M)
    yards = pd.concat([there, middle], ignore_index=True).sort_values("village_code", ignore_index=True)
    return yards.assign(room_colonies=20.0 + 7.0 * (np.arange(len(yards)) % 9))


def _bundles(homes, yards, name):
    one_off, yearly, gain, days = _MADE[name]
    lot, persons = _LOTS[name], homes["persons"].to_numpy(float)
    ordinary = pd.Series(2500.0 + 100 * (np.arange(len(homes)) % 7), index=homes.index)
    income = homes.get("income_yuan_per_person", ordinary).to_numpy(float)
    luck = 0.7 + 0.05 * (np.arange(len(homes)) % 13)
    lacking = np.clip(4000.0 - income, 0, None) * persons
    mean = gain * lot * luck
    gap = np.minimum(mean, lacking) * 0.8
    check = np.arange(len(homes)) % 5
    reason = {"hives": "forage", "forest_mu": "farmland,slope", "juncao_mu": "slope"}.get(name, "")
    part = {column: part for part, column in PARTS.items()}[name]
    return pd.DataFrame(
        {
            "household_id": homes["household_id"].astype(str), "persons": persons.astype(int),
            "village_code": homes["village_code"], name: lot, "days": days * lot,
            "cost_one_off_yuan": one_off * lot, "cost_yearly_yuan": yearly * lot,
            "gain_yuan_mean": mean, "gain_yuan_p10": mean * 0.3, f"gain_{part}_yuan": mean,
            "gap_yuan": gap, "lifted_persons": np.clip(gap / 4000.0, 0, persons),
            "yard": homes["village_code"].map(dict(zip(yards["village_code"], yards.index))).fillna(-1)
            if name == "hives" else -1,
            "to_check": np.where(check == 0, reason, ""),
        }
    )  # fmt: skip


def _named(bundles, project):
    bundles = bundles.fillna(dict.fromkeys(PARTS.values(), 0.0))
    bundles["township_code"] = bundles["village_code"].str[:9] + "000"
    bundles["county_code"] = bundles["village_code"].str[:6]
    for level, table in (("village", "villages"), ("township", "townships"), ("county", "counties")):
        names = getattr(project, table).set_index("code")["name"]
        bundles[level] = bundles[f"{level}_code"].map(names).fillna("")
    gains = [name for name in bundles if name.startswith("gain_") and name.endswith("_yuan")]
    bundles = bundles.fillna(dict.fromkeys(gains, 0.0))
    return bundles.astype({"yard": int})


def made_plan(options, *, budget_yuan=3_000_000.0, aim="gap", leave=()):
    """One household after the other until the budget is gone; each fourth gets nothing, nor does anybody of `leave`."""
    table = options.bundles
    worth, fen = options.worth(aim), options.fen()
    # Guards first; of the others every household is meant for one kind, so that a small plan holds all of them.
    kind = table[list(PARTS.values())].to_numpy().argmax(axis=1)
    turn = options.household
    meant = np.flatnonzero((kind == 3) | ((kind == turn % 3) & (turn % 4 < 3)))
    order = meant[np.lexsort((table["household_id"].to_numpy()[meant], kind[meant] != 3))]
    room = options.yards["room_colonies"].to_numpy(float).copy()
    left, taken, given = round(budget_yuan * 100), [], set(leave)
    homes, yards, lots = (table[name].to_numpy() for name in ("household_id", "yard", "hives"))
    for row in order:
        home, yard, hives = homes[row], yards[row], lots[row]
        if home in given or fen[row] > left or worth[row] <= 0 or (yard >= 0 and room[yard] < hives):
            continue
        left -= fen[row]
        room[yard] -= hives if yard >= 0 else 0
        given.add(home)
        taken.append(row)
    return plan_of(options, taken, budget_yuan=budget_yuan, aim=aim)


def giving(options, given, *, budget_yuan=3_000_000.0):
    """A plan in which exactly these households get something: {household_id: column of what}."""
    table = options.bundles
    homes = table["household_id"].to_numpy()
    rows = [
        int(np.flatnonzero((homes == home) & (table[column].to_numpy() > 0))[0])
        for home, column in given.items()
    ]
    return plan_of(options, rows, budget_yuan=budget_yuan)


def plan_of(options, taken, *, budget_yuan=3_000_000.0, aim="gap"):
    """The plan that takes these bundles."""
    worth = options.worth(aim)
    rows = np.sort(np.array(taken, int))
    reached = float(worth[rows].sum())
    bound = reached * 1.0008 + 1.0
    rules = (Budget(), Capacity(of=("forage",)), OneEach())
    prices = made_prices(options, rules, rows, budget_yuan)
    return Plan(
        options, rules, float(budget_yuan), aim, 0.0, rows, chosen_of(options, rows), "within gap", reached, bound,
        AIMS[aim][1], (bound - reached) / bound, prices, 1.0,
        (Phrase("此规划为测试手工编写", "a test wrote this plan by hand"),),
    )  # fmt: skip


def made_prices(options, rules, rows, budget_yuan):
    """A price of a floor, and of every meadow the chosen hives take nearly all of: 35.123 to 41.123 yuan a hive."""
    asked = program_of(options, rules, budget_yuan=budget_yuan)
    flowers = np.array([unit == "share of a meadow" for unit in asked.units])
    full = np.flatnonzero(flowers & (asked.matrix[:, rows].sum(axis=1) > 0.7))
    here = [asked.matrix[[row]].tocoo().col[0] for row in full]
    yard, hives = (options.bundles[name].to_numpy()[here] for name in ("yard", "hives"))
    a_hive = np.array([asked.matrix[[row], [column]][0] for row, column in zip(full, here)]) / hives
    price = (35.123 + yard % 7) / a_hive
    told = [
        ("Capacity", asked.labels[row].zh, asked.labels[row].en, asked.units[row], "more", more, row)
        for row, more in zip(full, price)
    ]
    first = [
        ("Budget", asked.labels[0].zh, asked.labels[0].en, "yuan", "more", 0.21, 0),
        ("TownshipFloor", "甲镇的下限", "the floor of the first township", "yuan", "less", 0.004, 10**6),
    ]
    columns = ["rule", "label_zh", "label_en", "unit", "easing", "price", "row"]
    return pd.DataFrame(first + told, columns=columns)


def made_alternatives(plan, plans=5):
    """How often each village is chosen over made-up near-equal plans."""
    table = plan.options.bundles
    every = np.sort(table["village_code"].unique())
    mine = set(table["village_code"].iloc[plan.taken])
    times = [plans - place % 3 if code in mine else place % 2 for place, code in enumerate(every)]
    return pd.DataFrame({"village_code": every, "share": np.array(times) / plans})


def with_exposure(options, exposure):
    """The options as an estimate made them: with the project they are of."""
    return replace(options, exposure=exposure)


def planned_for(project, given=None, **more):
    """A plan for a toy project: an ordinary one, or one that gives exactly what is told."""
    options = with_exposure(made_options(project), SimpleNamespace(project=project))
    return made_plan(options, **more) if given is None else giving(options, given, **more)


def homes_of(project, village):
    """Ids of the households of a toy's village, by its name."""
    codes = project.villages.set_index("name")["code"]
    mine = project.households["village_code"] == codes[village]
    return project.households.loc[mine, "household_id"].tolist()
