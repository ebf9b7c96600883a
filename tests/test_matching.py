"""An attack: from what leaves the office, find one household of the register. It must not succeed.

The attacker holds the whole register and every number of the editions; what it does shares no code with what hides.
Unknown are the yuan of households. A village's households, or the changed ones among them, stand in the same sums,
so an attack by linear algebra works on these groups: a group whose sum follows from published sums must be large.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import block_diag, csr_array
from scipy.spatial import cKDTree
from shapely import contains_xy, get_coordinates
from small_projects import dingxi

from eco.income.gains import estimate_gains
from eco.sharing.privacy import groups
from eco.sharing.release import release

K = 5
LENGTH = {"county": 6, "township": 9, "village": 12}
KEY = bytes(range(32))
CEILING = 1e9  # yuan or persons; what no sum holds down is at it


@cache
def first_month():
    return dingxi().gains


@cache
def next_month():
    """The same county a month on: 40 households lost their recorded links, 25 have a person more."""
    before = first_month()
    exposure = before.exposure
    chance = np.random.default_rng(5)
    linked = exposure.households.loc[exposure.households["linked"], "household_id"].to_numpy()
    lost = set(chance.choice(linked, 40, replace=False))
    born = set(chance.choice(exposure.households["household_id"], 25, replace=False))
    links = exposure.links[~exposure.links["household_id"].isin(lost)]
    homes = exposure.households.copy()
    homes.loc[homes["household_id"].isin(lost), ["linked", "inferred"]] = False
    people = exposure.project.households
    more = people.assign(persons=people["persons"] + people["household_id"].isin(born))
    project = replace(exposure.project, tables={**exposure.project.tables, "households": more})
    changed = replace(exposure, project=project, links=links, households=homes)
    return estimate_gains(changed, before.numbers, draws=before.draws, seed=before.seed)


@cache
def dear_honey():
    gains = first_month()
    return replace(gains, numbers=gains.numbers.scaled("honey_price", 1.4, source="what if"), answers={})


@cache
def public(*, scenario=False, second=False, alone=False):
    gains = next_month() if second else first_month()
    return release(
        gains.exposure.project,
        gains=gains,
        edition="public",
        scenarios={"dear": dear_honey()} if scenario else None,
        earlier=[first_month()] if second and not alone else (),
    )


@cache
def county():
    gains = first_month()
    return release(gains.exposure.project, gains=gains, edition="county", years=(), key=KEY)


def code_at(villages, level):
    return villages.str[: LENGTH[level]] + ("000" if level == "township" else "")


def recorded_gain(gains, year):
    """Yuan by household of those whose link is on record; what is inferred is nobody's."""
    homes = gains.households(year)
    return homes["gain_yuan_mean"].where(homes["linked"].astype(bool), 0.0).to_numpy()


def sums_of(told, frame_of):
    """Codes of the places whose sum a reader knows, the whole file among them."""
    known = ["" if told.totals is not None else None]
    for level in LENGTH:
        frame = frame_of(level)
        known += list(frame.index[frame["gain_yuan_mean"].notna()]) if frame is not None else []
    return {code for code in known if code is not None}


def incidence(known, codes):
    """One row a known sum, one column a group: 1 where the group's village (its code) lies in the place."""
    stems = {code: code[:9] if code.endswith("000") and len(code) == 12 else code for code in known}
    return np.array([[float(group.startswith(stems[code])) for group in codes] for code in sorted(known)])


def determined(matrix):
    """Which unknowns follow from the sums: those whose unit vector lies in the span of the rows."""
    _, sizes, rows = np.linalg.svd(matrix, full_matrices=False)
    span = rows[sizes > 1e-9 * sizes.max()]
    return (span**2).sum(axis=0) > 1 - 1e-6


def bounds_of(unknowns, matrix, sums):
    """The least and most that each of some unknowns, none below 0, can be where the sums are known.

    One linear program a side: a copy of all unknowns for each asked about, under a ceiling no sum comes near.
    """
    size, asked = matrix.shape[1], len(unknowns)
    mine = np.arange(asked) * size + unknowns
    goal = np.zeros(size * asked)
    goal[mine] = 1.0
    known = {}
    if len(matrix):
        known = {"A_eq": block_diag([csr_array(matrix)] * asked), "b_eq": np.tile(sums, asked)}
    ends = [linprog(sign * goal, bounds=(0, CEILING), **known) for sign in (1, -1)]
    assert all(end.status == 0 for end in ends)
    return [end.x[mine] for end in ends]


def test_every_published_number_has_five_households_behind_it():
    gains, told = first_month(), public(scenario=True)
    frames = {2020: told.places, **told.years, "dear": told.scenarios["dear"].places}
    assert set(told.years) == {2017, 2018, 2019}
    villages = gains.households(2020)["village_code"]
    seen = 0
    for name, places in frames.items():
        yuan = recorded_gain(dear_honey() if name == "dear" else gains, 2020 if name == "dear" else name)
        for level, frame in places.items():
            behind = pd.Series(np.abs(yuan) > 0.005).groupby(code_at(villages, level)).sum()
            shown = frame.index[frame["gain_yuan_mean"].notna()]
            counts = behind.reindex(shown)
            assert counts[counts > 0].ge(K).all(), (name, level)
            seen += len(shown)
    assert seen > 600  # there is something to attack


def test_no_two_published_numbers_of_a_place_differ_by_fewer_than_five():
    gains, told = first_month(), public(scenario=True)
    villages = gains.households(2020)["village_code"]
    yuan = {year: recorded_gain(gains, year) for year in (2017, 2018, 2019, 2020)}
    yuan["dear"] = recorded_gain(dear_honey(), 2020)
    names = list(yuan)
    for level in LENGTH:
        shown = told.places[level].index[told.places[level]["shown"].eq(True)]
        for one, other in ((a, b) for at, a in enumerate(names) for b in names[at + 1 :]):
            if level == "village" and "dear" in (one, other):
                assert "village" not in told.scenarios["dear"].places
                continue
            step = np.abs(yuan[one] - yuan[other])
            table = pd.DataFrame({"place": code_at(villages, level), "moved": step > 0.005, "step": step})
            rows = table[table["place"].isin(shown)].groupby("place")
            moved = rows["moved"].sum()
            assert moved[moved > 0].ge(K).all(), (level, one, other)
            share = (rows["step"].max() / rows["step"].sum().where(moved > 0)).dropna()
            assert share.le(0.5 + 1e-9).all(), (level, one, other)


@pytest.mark.parametrize("year", [2017, 2018, 2019, 2020])
def test_sums_and_differences_of_places_give_no_village_of_few_away(year):
    gains, told = first_month(), public(scenario=True)
    frames = told.places if year == 2020 else told.years[year]
    known = sums_of(told, frames.get)
    homes = gains.households(year)
    behind = pd.Series(np.abs(recorded_gain(gains, year)) > 0.005).groupby(homes["village_code"]).sum()
    behind = behind[behind > 0]
    given = determined(incidence(known, list(behind.index)))
    assert given.any() and not given.all()
    assert behind[given].ge(K).all()


def test_persons_of_hidden_villages_stay_within_a_wide_interval():
    """Bounds of every hidden village by linear programming: its persons are known to no better than a tenth."""
    told, homes = public(scenario=True), first_month().households(2020)
    persons = homes.groupby("village_code")["persons"].sum()
    few = homes.groupby("village_code").size().lt(K)
    known = {code for code in sums_of(told, told.places.get) if code}
    matrix = incidence(known, list(persons.index))
    sums = matrix @ persons.to_numpy(float)
    town = persons.index.str[:9]
    # Townships do not share unknowns: one of each size is attacked whole, village by village.
    towns = [name for name in sorted(set(town)) if few[persons.index[town == name]].any()][::9]
    for name in towns:
        mine = np.flatnonzero((town == name) & few.to_numpy())
        rows = np.flatnonzero(matrix[:, town == name].any(axis=1))
        low, high = bounds_of(mine, matrix[rows], sums[rows])
        assert (high - low >= 0.1 * persons.iloc[mine]).all(), name
    assert len(towns) > 5


def test_two_public_editions_a_month_apart_give_nobody_away():
    before, after = public(), public(second=True)
    changed = who_changed()
    assert after.places["township"]["shown"].eq(True).sum() > 5
    assert not given_away(before, after, changed)
    for year in (2017, 2018, 2019):
        assert not given_away(before, after, who_changed(year), year=year)
    assert not given_away(before, after, who_grew(), everybody=True)


def test_the_attack_on_two_editions_works_where_nothing_was_done():
    """Formed as if no edition had gone before, the second gives households away: the attack can succeed."""
    assert given_away(public(), public(second=True, alone=True), who_changed())


def who_changed(year=2020):
    """Households whose yuan of a year changed, with their village."""
    homes = first_month().households(year)
    step = recorded_gain(first_month(), year) - recorded_gain(next_month(), year)
    changed = homes.loc[np.abs(step) > 0.005, ["household_id", "village_code"]]
    assert len(changed) > 0
    return changed


def who_grew():
    """Households with another number of persons."""
    ours, theirs = (month().households(2020) for month in (first_month, next_month))
    return ours.loc[ours["persons"] != theirs["persons"], ["household_id", "village_code"]]


def given_away(before, after, changed, *, year=2020, everybody=False):
    """Whether fewer than five changed households are known by what both editions' sums tell together."""
    homes = first_month().households(year)
    behind = everybody | (np.abs(recorded_gain(first_month(), year)) > 0.005)
    everywhere = list(homes.loc[np.broadcast_to(behind, len(homes)), "village_code"].unique())
    where = changed.groupby("village_code").size()
    ours, theirs = (
        sums_of(told, told.places.get if year == 2020 else told.years[year].get) for told in (before, after)
    )
    if everybody:  # persons of the whole file stand in no table
        ours, theirs = ours - {""}, theirs - {""}
    then, now = incidence(ours, everywhere), incidence(theirs, everywhere)
    moved = incidence(theirs, list(where.index))
    matrix = np.block([[then, np.zeros((len(then), len(where)))], [now, moved]])
    groups_given = determined(matrix)[len(everywhere) :]
    few = where.to_numpy() < K
    # Villages changed together inside one place that both tell are known as one group, too.
    for level in LENGTH:
        both = (
            before.places[level]
            .index[before.places[level]["shown"].eq(True)]
            .intersection(after.places[level].index[after.places[level]["shown"].eq(True)])
        )
        counts = changed.groupby(code_at(changed["village_code"], level)).size()
        if counts.reindex(both).dropna().lt(K).any():
            return True
    return bool((groups_given & few).any())


def test_public_sites_are_shared_by_five_and_do_not_come_back_from_totals():
    gains, told = first_month(), public()
    project, links = gains.exposure.project, gains.exposure.links
    for name, table, key, column, amount in (
        ("forest", project.forest_plots, "plot_id", "forest_mu", "verified_mu"),
        ("juncao", project.juncao_plots, "plot_id", "juncao_mu_seasons", "area_mu"),
        ("bees", project.apiaries, "apiary_id", "hives", "hives_received"),
    ):
        sharing = links.groupby("site_id")["household_id"].nunique()
        amounts = table[amount].fillna(table.get("area_mu", 0.0))
        table = table.assign(amount=amounts.round(6), sharing=table[key].map(sharing).fillna(0))
        wide = table[table["sharing"] >= K]
        shown = told.sites[name]
        assert 0 < len(shown) <= len(wide)
        assert (shown["x"] % 100 == 0).all() and (shown["y"] % 100 == 0).all()
        # Each shown site is one of those that five share: match them by their amount.
        assert set(shown["hives" if name == "bees" else "mu"].round(6)) <= set(wide["amount"])
        assert not {"site_id", "outline", "village_code"} & set(shown)
        assert told.places["township"][column].notna().any()


def test_causes_have_ten_households_and_hide_nothing_that_a_sum_gives_back():
    gains, told = first_month(), public()
    table = told.causes
    cause = gains.exposure.project.households.set_index("household_id")["main_cause"]
    homes = gains.households(2020)
    cause = cause.reindex(homes["household_id"]).to_numpy()
    named = set(table["main_cause"]) - {"rest"}
    own = pd.Series(np.where(np.isin(cause.astype(str), list(named)), cause, "rest"))
    counts = pd.crosstab(homes["village_code"].str[:6], own)
    behind = pd.Series(np.abs(recorded_gain(gains, 2020)) > 0.005).groupby(own).sum()
    assert counts.to_numpy().min() >= 10 and behind.min() >= 10
    whole = table[table["code"] == ""].set_index("main_cause")["households"]
    assert whole.to_dict() == counts.sum().to_dict()
    inside = table[table["code"] != ""].pivot_table(index="code", columns="main_cause", values="households")
    assert (inside.to_numpy() == counts.to_numpy()).all()
    assert table.loc[table["code"] != "", "gain_yuan_mean"].isna().all()


def test_moved_households_hide_among_at_least_the_promised_number():
    """Independent of how points are moved: the k of each, from the register's points and the published ones."""
    told, gains = county(), first_month()
    register = gains.exposure.project.households.reset_index(drop=True)
    truth = match_by_key(told, register)
    xy = get_coordinates(register.geometry.to_numpy())
    moved = told.households[["x", "y"]].to_numpy()
    away = np.hypot(*(moved - xy[truth]).T)
    assert away.min() >= 100 - 1
    town = register["township_code"].to_numpy()
    outlines = gains.exposure.project.townships.set_index("code").geometry
    for at, code in enumerate(np.unique(town)):
        mine = town[truth] == code
        tree = cKDTree(xy[town == code])
        assert tree.query_ball_point(moved[mine], away[mine] + 1e-6, return_length=True).min() >= K
        if at % 10 == 0:
            assert contains_xy(outlines[code], moved[mine]).all()


def test_the_nearest_household_of_the_register_is_seldom_the_true_one():
    told, register = county(), first_month().exposure.project.households.reset_index(drop=True)
    truth = match_by_key(told, register)
    xy = get_coordinates(register.geometry.to_numpy())
    moved = told.households[["x", "y"]].to_numpy()
    _, guess = cKDTree(xy).query(moved)
    assert np.mean(guess == truth) <= 1 / K
    # Whoever knows the ring's inner bound looks for the nearest beyond it.
    _, near = cKDTree(xy).query(moved, k=12)
    far = np.hypot(*(moved[:, None, :] - xy[near]).transpose(2, 0, 1)) >= 100
    first = near[np.arange(len(near)), far.argmax(axis=1)]
    assert np.mean(first == truth) <= 1 / K


def match_by_key(told, register):
    """Position in the register of each row: only who holds the key can do this, here to know the truth."""
    from eco.sharing.privacy.masks import pseudonyms

    names = pd.Series(register.index, index=pseudonyms(register["household_id"], KEY))
    assert names.index.is_unique
    return names.loc[told.households["id"]].to_numpy()


amounts = st.lists(
    st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3000)),
    min_size=5,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(amounts)
def test_hidden_villages_are_known_to_no_better_than_a_tenth(rows):
    """Any tree of places with gains above 0: bounds of every hidden village of few, by linear programming."""
    homes = pd.DataFrame(
        {
            "household_id": [f"h{number}" for number in range(len(rows))],
            "village_code": [f"62110{c}10{t}20{v}" for c, t, v, _ in rows],
            "gain_yuan_mean": [float(yuan) for *_, yuan in rows],
            "persons": 3,
            "linked": True,
        }
    )
    frames = {}
    for level in LENGTH:
        sums = homes.groupby(code_at(homes["village_code"], level))[["gain_yuan_mean", "persons"]].sum()
        frames[level] = sums.rename_axis("code").reset_index().assign(name="x")
    answer = groups.public_places(frames, homes)
    by_village = homes.groupby("village_code")["gain_yuan_mean"].agg(["sum", "size", "max"])
    known = {
        code
        for frame in answer.values()
        for code in frame.loc[frame["shown"] & frame["gain_yuan_mean"].notna(), "code"]
    }
    # Counties rest on the whole file, which is published unless even it is too small.
    matrix = incidence(known, list(by_village.index)) if known else np.zeros((0, len(by_village)))
    few = (by_village["size"].lt(K) | by_village["max"].gt(by_village["sum"] / 2)).to_numpy()
    yuan = by_village["sum"].to_numpy()
    if few.any():
        low, high = bounds_of(np.flatnonzero(few), matrix, matrix @ yuan)
        assert (high - low >= 0.1 * yuan[few]).all()
