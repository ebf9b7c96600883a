"""What an edition may say of a plan: sums of places, how often they are chosen, what flowers would bring at yards.

The public edition tells of a place only where at least `FLOOR` households are given something and as many are not, so
that neither who gets nor who gets nothing is known of anybody, and where the sums obey the rules of any published
number. What is given (hives, mu of grass, of trees) stands beside its cost, so the cost of what is not told must obey
them too: hives and grass are told where the rest of the money may be, trees where the guards' pay may be, and posts,
of which a township has one or two, never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from eco.income.places import cut_codes
from eco.phrases import word
from eco.planning.options import PARTS, Options
from eco.planning.plans import Plan
from eco.planning.programs import program_of
from eco.sharing.privacy import groups
from eco.sharing.privacy.editions import FLOOR, Edition
from eco.sharing.release.told import LEVELS, Release
from eco.units import YUAN_PER_WAN

_GIVEN = tuple(f"plan_{column}" for column in PARTS.values())
_SUMS = ("plan_households", "plan_cost_yuan")
_WITH_COST = ("plan_hives", "plan_juncao_mu")
_GRID_M = 100.0  # nobody surveyed a place that is only proposed
MEADOW = "share of a meadow"  # what a rule of flowers counts
_DIGITS = 2  # of a price: it rests on the few households at the margin


def plan_homes(plan: Plan) -> pd.DataFrame:
    """One row a household of the file: household_id, village_code, what it is given, plan_cost_yuan (all years).

    `plan_households` is 1 where it is given something; `rest_yuan` is what its trees and its post cost, `guard_yuan`
    what its post does.
    """
    options, taken = plan.options, plan.taken
    bundles = options.bundles.iloc[taken].set_index("household_id")
    mine = bundles[list(PARTS.values())].add_prefix("plan_").assign(
        plan_cost_yuan=options.fen()[taken] / 100,
        rest_yuan=options.fen(parts=("forest", "guard"))[taken] / 100,
        guard_yuan=options.fen(parts=("guard",))[taken] / 100,
        plan_households=1.0,
    )  # fmt: skip
    homes = options.homes[["household_id", "village_code"]].reset_index(drop=True)
    return homes.join(mine.astype(float), on="household_id").fillna(dict.fromkeys(mine.columns, 0.0))


def with_plan(
    told: Release,
    plan: Plan,
    project,
    *,
    shown_yards: Iterable[str],
    alternatives: pd.DataFrame | None = None,
    untold: frozenset[str] = frozenset(),
) -> Release:
    """The release with a plan in it: its sums beside the numbers of places, its yards, its line in the small print.

    `shown_yards`: site ids of the yards the edition shows; `alternatives` and `untold` as `plan_places` takes them.
    """
    published = {level: pd.Series(told.places[level].index) for level in LEVELS}
    sums = plan_places(plan, published, told.edition, alternatives=alternatives, untold=untold)
    places = {level: frame.join(sums[level]) for level, frame in told.places.items()}
    notes = (plan_note(plan, told.lang), *told.sheet.notes)
    return replace(
        told,
        sheet=replace(told.sheet, notes=notes),
        places=places,
        plan_yards=plan_yards(plan, project, told.edition, shown_yards=shown_yards),
    )


def plan_places(
    plan: Plan,
    published: Mapping[str, pd.Series],
    rules: Edition,
    *,
    alternatives: pd.DataFrame | None = None,
    untold: frozenset[str] = frozenset(),
) -> dict[str, pd.DataFrame]:
    """The plan's numbers of all places by level, indexed by code; NaN where the edition does not tell them.

    `published`: the codes of the places by level; `untold`: places of which nothing else is told either.
    `alternatives`: village_code and share, how often each village is chosen over near-equal plans. plan_shown is None
    where no household of the file lives.
    """
    homes = plan_homes(plan)
    public = rules.name == "public"
    hidden = _hidden(homes, published, untold) if public else (frozenset(),) * 3
    answer = {}
    for level in LEVELS:
        codes = pd.Index(published[level], name="code")
        sums = homes.groupby(cut_codes(homes["village_code"], level))[[*_SUMS, *_GIVEN]].sum()
        frame = sums.reindex(codes)
        lived_in = frame["plan_households"].notna()
        if level == "village" and alternatives is not None:
            frame["plan_times_share"] = alternatives.set_index("village_code")["share"].reindex(codes)
        frame["plan_shown"] = (~codes.isin(hidden[0]) & lived_in).astype(object).where(lived_in, None)
        frame.loc[codes.isin(hidden[0]), [*_SUMS, *_GIVEN]] = np.nan
        if "plan_times_share" in frame:
            frame.loc[codes.isin(hidden[0]), "plan_times_share"] = np.nan
        frame.loc[codes.isin(hidden[1]), list(_WITH_COST)] = np.nan
        frame.loc[codes.isin(hidden[2]), "plan_forest_mu"] = np.nan
        answer[level] = rules.allow(frame, level)
    return answer


def _hidden(
    homes: pd.DataFrame, published: Mapping[str, pd.Series], untold: frozenset[str]
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Places of which nothing is told, of which not what is given, and of which not even the trees."""
    villages, given = homes["village_code"], homes["plan_households"].to_numpy()
    sides = {"given": given, "not given": 1 - given, "yuan": homes["plan_cost_yuan"].to_numpy()}
    first = groups.Shares.of(villages, sides, needed=("given", "not given"))
    hidden = [groups.hidden_places(first, published, untold=untold)]
    for names in ((*_WITH_COST, "rest_yuan"), ("plan_forest_mu", "guard_yuan")):
        shares = groups.Shares.of(villages, {name: homes[name].to_numpy() for name in names}, needed=())
        hidden.append(groups.hidden_places(shares, published, untold=hidden[-1]))
    return hidden[0], hidden[1], hidden[2]


def plan_yards(plan: Plan, project, rules: Edition, *, shown_yards: Iterable[str]) -> pd.DataFrame:
    """Where hives are offered, and what flowers for one more hive would bring there, in the plan's unit.

    A yard of the records is shown where the edition shows it (`shown_yards`, site ids) and as sharp; a place that
    is only proposed, the middle of a village's households, where at least `FLOOR` of these have a place, on a grid of
    100 m. The public edition shows yards only that so many households are offered hives at, and prices of two digits.
    """
    options = plan.options
    prices = forage_prices(plan)
    yards = options.yards.loc[prices.index]
    known = yards["yard_id"].astype(str).isin(project.apiaries["apiary_id"].astype(str))
    located = project.households[~project.households.geometry.isna()]["village_code"].value_counts()
    kept = known | yards["village_code"].map(located).fillna(0).ge(FLOOR)
    if rules.name == "public":
        kept = (known & yards["yard_id"].isin(list(shown_yards))) | (~known & kept)
        kept &= _offered(options).reindex(yards.index, fill_value=0) >= FLOOR
        prices = _blunt(prices)
    grid = np.where(known & (rules.name != "public"), 1.0, np.maximum(rules.grid_m, _GRID_M))
    unit = "persons" if plan.unit == "persons" else "yuan"
    hives = options.bundles.iloc[plan.taken].groupby("yard")["hives"].sum()
    shown = pd.DataFrame(
        {
            "x": np.round(yards["x"] / grid) * grid,
            "y": np.round(yards["y"] / grid) * grid,
            f"forage_{unit}_per_hive": prices,
            "room_colonies": yards["room_colonies"],
            "plan_hives": hives.reindex(yards.index).fillna(0.0),
        }
    )
    return rules.allow(shown[kept].reset_index(drop=True), "plan_yards")


def _offered(options: Options) -> pd.Series:
    """Households that are offered hives at each yard."""
    lots = options.bundles[options.bundles["hives"] > 0]
    return lots.groupby("yard")["household_id"].nunique()


def _blunt(prices: pd.Series) -> pd.Series:
    return prices.map(lambda price: price if price != price else float(f"{price:.{_DIGITS}g}"))


def forage_prices(plan: Plan) -> pd.Series:
    """What the flowers of one more hive would bring at every yard where hives are offered, in the plan's unit.

    A hive at yard j takes takes_cj of every meadow c that it shares, and pi_c is the price of that meadow in
    `plan.prices`: sum_c pi_c takes_cj. 0 where flowers do not bind; NaN where nobody can tell how many there are.
    Index: position in `options.yards`.
    """
    options = plan.options
    program = program_of(
        options, plan.rules, budget_yuan=plan.budget_yuan, aim=plan.aim, cautious=plan.cautious
    )
    price = (
        plan.prices.set_index("row")["price"].reindex(range(len(program.units)), fill_value=0.0).to_numpy()
    )
    of_flowers = np.array([unit == MEADOW for unit in program.units], bool)
    worth = (program.matrix.T @ np.where(of_flowers, price, 0.0))[: len(options.bundles)]
    lots = options.bundles[["yard", "hives"]].assign(worth=worth)
    lots = lots[(lots["hives"] > 0) & (lots["yard"] >= 0)]
    answer = (lots["worth"] / lots["hives"]).groupby(lots["yard"].astype(int)).max()
    return answer.where(options.yards["room_colonies"].loc[answer.index].notna())


def plan_note(plan: Plan, lang: str) -> str:
    """The plan in the small print: what it was asked, and how good it provably is."""
    first, last = plan.options.first_year, plan.options.first_year + plan.options.years - 1
    years = str(first) if first == last else f"{first}–{last}"
    budget, aim = f"{plan.budget_yuan / YUAN_PER_WAN:,.1f}", word(f"plan_short_{plan.aim}", lang)
    return word("sheet_plan", lang).format(budget=budget, years=years, aim=aim, gap=gap_words(plan.gap))


def gap_words(gap: float) -> str:
    """How far from the bound, in percent; nothing that is there is called nothing.

    >>> gap_words(0.0123), gap_words(0.0000001), gap_words(0)
    ('1.23%', '<0.01%', '0%')
    """
    return "0%" if gap <= 0 else f"{gap:.2%}" if gap >= 0.0001 else "<0.01%"
