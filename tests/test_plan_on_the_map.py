"""A plan on the map of each edition: what the page carries is held against the plan, counted here row by row."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_plans import homes_of, made_alternatives, made_options, planned_for
from map_pages import carried
from python_calamine import CalamineWorkbook

from eco.phrases import word
from eco.planning.options import PARTS, Options
from eco.planning.programs import program_of
from eco.problems import DataProblem
from eco.sharing.geopackage import write_geopackage
from eco.sharing.maps.editions import save_map
from eco.sharing.plan_tables import write_plan_tables
from eco.sharing.privacy.editions import FLOOR, edition_named
from eco.sharing.privacy.gate import leaks, refuse_leaks
from eco.sharing.privacy.watch import Watch
from eco.sharing.release import release
from eco.sharing.release.plans import forage_prices, plan_places
from eco.sharing.workbook import write_workbook

LANGS = ["zh", "en"]
KEY = b"k" * 32
LEVELS = ("county", "township", "village")


@pytest.fixture
def planned(toy_project):
    """Makes a plan for a toy project: an ordinary one, or one that gives exactly what is told."""

    def make(project=None, given=None, **more):
        return planned_for(project or toy_project, given, **more)

    return make


def published_of(project):
    tables = zip(LEVELS, ("counties", "townships", "villages"))
    return {level: getattr(project, table)["code"] for level, table in tables}


def village_numbers(data, level="village"):
    """The page's plan columns of a level by place name."""
    columns = data["places"][level]["columns"]
    names = [name for name in columns if name.startswith("plan_")]
    return {place: {name: columns[name][row] for name in names} for row, place in enumerate(columns["name"])}


def test_the_public_map_tells_nothing_that_rests_on_fewer_than_five_households(
    tmp_path, toy_project, toy_gains, planned
):
    """Planted: 4 who get, 3 who do not, a village where all get, one whose gain is hidden, and villages of many."""
    given = dict.fromkeys(homes_of(toy_project, "甲东村")[:4], "hives")
    given |= dict.fromkeys(homes_of(toy_project, "甲南村")[:-3], "hives")
    given |= dict.fromkeys(homes_of(toy_project, "丙西村"), "forest_mu")
    for village in ("甲西村", "甲北村", "乙东村", "乙南村", "乙西村", "乙北村", "丙东村", "丙南村", "丙北村"):
        given |= dict.fromkeys(homes_of(toy_project, village)[:5], "juncao_mu")
    plan = planned(given=given)
    path = save_map(
        tmp_path / "map.html", toy_project, gains=toy_gains(toy_project), plan=plan, edition="public",
        alternatives=made_alternatives(plan),
    )  # fmt: skip
    data = carried(path)
    assert "households" not in data
    texts = json.dumps({name: part for name, part in data.items() if name != "relief"}, ensure_ascii=False)
    assert not re.search(r"HH\d|测试户", texts)
    assert all("plan_guard_posts" not in data["places"][level]["columns"] for level in LEVELS)
    register, homes = toy_project.households, plan.options.homes
    gets = homes["household_id"].isin(given)
    told = 0
    silent = [
        name
        for name, state in zip(*(data["places"]["village"]["columns"][one] for one in ("name", "shown")))
        if not state
    ]
    assert "丙北村" in silent
    assert not any(one["plan_shown"] for name, one in village_numbers(data).items() if name in silent)
    for level, digits, tail in (("village", 12, ""), ("township", 9, "000"), ("county", 6, "")):
        names = getattr(toy_project, {"county": "counties"}.get(level, f"{level}s")).set_index("code")["name"]
        where = homes["village_code"].str[:digits].add(tail).map(names)
        for place, numbers in village_numbers(data, level).items():
            some, none = int((gets & (where == place)).sum()), int((~gets & (where == place)).sum())
            if some < FLOOR or none < FLOOR:
                assert set(numbers.values()) <= {None, False}, (level, place)
            if numbers["plan_shown"]:
                told += 1
                assert numbers["plan_households"] == some
            else:
                assert all(value is None for name, value in numbers.items() if name != "plan_shown")
    assert told >= 3 and len(register) == len(homes)
    # What stands hidden in a shown township is not to be had by subtraction either.
    villages = village_numbers(data)
    for town, numbers in village_numbers(data, "township").items():
        mine = {name: one for name, one in villages.items() if name[0] == town[0]}
        hidden = [name for name, one in mine.items() if not one["plan_shown"]]
        if numbers["plan_shown"] and hidden:
            where = homes["village_code"].map(toy_project.villages.set_index("code")["name"]).isin(hidden)
            assert (gets & where).sum() >= FLOOR and (~gets & where).sum() >= FLOOR


def test_who_gets_nothing_is_not_told_of_a_village_where_nobody_gets_anything(planned, toy_project):
    given = dict.fromkeys(homes_of(toy_project, "乙东村")[:6], "hives")
    plan = planned(given=given)
    published = published_of(toy_project)
    public = plan_places(plan, published, edition_named("public"))
    office = plan_places(plan, published, edition_named("county"))
    silent = office["village"]["plan_households"] == 0
    assert silent.sum() == 11 and public["village"].loc[silent, "plan_households"].isna().all()
    assert office["village"]["plan_cost_yuan"].sum() == plan.spent_yuan
    assert office["county"]["plan_households"].sum() == 6


def test_one_guard_in_a_township_hides_what_is_given_and_leaves_the_sum(planned, toy_project):
    """Hives and grass are told beside the cost only where the rest of the money gives nobody away."""
    bees = {}
    for name in ("甲东村", "甲南村", "甲西村", "甲北村"):
        bees |= dict.fromkeys(homes_of(toy_project, name)[1:6], "hives")
    posts = made_options(toy_project).bundles.query("guard_posts > 0 and township == '甲川镇'")
    guard = posts["household_id"].iloc[0]
    published = published_of(toy_project)
    for gives, parts in ((bees, True), (bees | {guard: "guard_posts"}, False)):
        frame = plan_places(planned(given=gives), published, edition_named("public"))["township"]
        row = frame.loc["621102101000"]
        assert row["plan_shown"] and row["plan_cost_yuan"] > 0
        assert np.isfinite(row["plan_hives"]) == parts, parts


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(0, 9), st.integers(0, 9)),
        min_size=1, max_size=12, unique_by=lambda row: row[:2],
    ),
    st.integers(0, 3),
)  # fmt: skip
def test_no_sum_or_difference_of_any_plan_rests_on_fewer_than_five(rows, turn):
    bundles, homes, taken = [], [], []
    for town, place, some, none in rows:
        village = f"62110210{town}20{place}"
        for number in range(some + none):
            name = f"{village}-{number}"
            homes.append({"household_id": name, "village_code": village, "persons": 3})
            part = ("hives", "juncao_mu", "forest_mu", "guard_posts")[(number + turn) % 4]
            row = {"household_id": name, "village_code": village, part: 5.0}
            bundles.append(row | {"cost_one_off_yuan": 1000.0 + number})
            taken += [name] if number < some else []
    if not homes:
        return
    table = pd.DataFrame(bundles)
    parts = [name for name in PARTS.values() if name in table]
    options = Options.of(table.fillna(dict.fromkeys(parts, 0.0)), homes=pd.DataFrame(homes))
    plan = SimpleNamespace(options=options, taken=np.flatnonzero(options.bundles["household_id"].isin(taken)))
    codes = options.homes["village_code"]
    published = {
        "county": pd.Series(codes.str[:6].unique()), "village": pd.Series(codes.unique()),
        "township": pd.Series((codes.str[:9] + "000").unique()),
    }  # fmt: skip
    told = plan_places(plan, published, edition_named("public"))
    held = options.homes.assign(gets=options.homes["household_id"].isin(taken))
    held = held.merge(options.bundles[["household_id", *PARTS.values()]], on="household_id")
    villages = told["village"]
    for town, row in told["township"].iterrows():
        if row["plan_shown"] is not True:
            assert np.isnan(row["plan_cost_yuan"])
            continue
        mine = villages[villages.index.str[:9] == town[:9]]
        hidden = held[held["village_code"].isin(mine.index[~mine["plan_shown"].eq(True)])]
        counts = [hidden["gets"].sum(), (~hidden["gets"]).sum()]
        assert all(count == 0 or count >= FLOOR for count in counts)
        whole = held[held["village_code"].str[:9] == town[:9]]
        for column in ("plan_hives", "plan_juncao_mu"):
            behind = int((whole["gets"] & (whole[column.removeprefix("plan_")] > 0)).sum())
            assert np.isnan(row[column]) or behind == 0 or behind >= FLOOR
        if np.isfinite(row["plan_hives"]):
            rest = int((whole["gets"] & (whole["forest_mu"] + whole["guard_posts"] > 0)).sum())
            assert rest == 0 or rest >= FLOOR


def test_the_county_map_has_households_under_pseudonyms_and_all_sums(
    tmp_path, toy_project, toy_gains, planned
):
    plan = planned()
    data = carried(
        save_map(tmp_path / "map.html", toy_project, gains=toy_gains(toy_project), plan=plan, key=KEY)
    )
    homes = data["households"]["columns"]
    assert sum(homes["plan_cost_yuan"]) == plan.spent_yuan
    assert all(re.fullmatch(r"H[0-9A-Z]{10}", name) for name in homes["id"])
    for level in LEVELS:
        numbers = village_numbers(data, level).values()
        assert sum(one["plan_cost_yuan"] or 0 for one in numbers) == plan.spent_yuan
        assert sum(one["plan_guard_posts"] or 0 for one in numbers) > 0
    refuse_leaks(tmp_path / "map.html", Watch.of(toy_project, "county"))


def test_flowers_for_one_more_hive_bring_what_the_prices_say(planned):
    plan = planned()
    program = program_of(plan.options, plan.rules, budget_yuan=plan.budget_yuan)
    told, seen = forage_prices(plan), 0
    for yard, price in told.items():
        # By hand: price of each meadow times the share of it that one hive here takes.
        expected = 0.0
        for _, row in plan.prices[plan.prices["unit"] == "share of a meadow"].iterrows():
            lots = np.flatnonzero(
                (plan.options.bundles["yard"] == yard) & (plan.options.bundles["hives"] > 0)
            )
            entry = program.matrix[[int(row["row"])], [lots[0]]][0]
            expected += row["price"] * entry / plan.options.bundles["hives"][lots[0]]
        assert price == pytest.approx(expected)
        seen += price > 0
    assert seen > 0 and set(np.round(told[told > 0], 3)) <= {35.123 + more for more in range(7)}


def test_places_for_hives_are_as_sharp_as_the_edition_and_hide_small_villages(
    toy_project, toy_gains, planned
):
    # One village is left with four households that have a place, and no yard of the records stands in two.
    few = homes_of(toy_project, "乙东村")[4:]
    tables = dict(toy_project.tables)
    tables["households"] = toy_project.households[~toy_project.households["household_id"].isin(few)]
    codes = toy_project.villages.set_index("name")["code"]
    bare = [codes["乙东村"], codes["乙南村"]]
    tables["apiaries"] = toy_project.apiaries[~toy_project.apiaries["village_code"].isin(bare)]
    project = replace(toy_project, tables=tables)
    plan = planned(
        project, given=dict.fromkeys(homes_of(project, "乙南村"), "hives")
    )  # flowers for 9 more, not 45
    assert len(plan.options.yards) == 12
    made = {
        edition: release(project, gains=toy_gains(project), plan=plan, edition=edition, key=KEY)
        for edition in ("county", "public")
    }
    assert len(made["county"].plan_yards) == 11  # not the middle of four households
    public = made["public"].plan_yards
    assert 0 < len(public) < 11 and set(public.columns) == {"x", "y", "forage_yuan_per_hive"}
    assert (public[["x", "y"]] % 100 == 0).all(axis=None)
    prices = public["forage_yuan_per_hive"]
    assert set(prices) == {0.0, float(f"{forage_prices(plan).max():.2g}")} and forage_prices(
        plan
    ).max() not in set(prices)
    middle = plan.options.yards[plan.options.yards["village_code"] == codes["乙南村"]].iloc[0]
    near = np.hypot(
        made["county"].plan_yards["x"] - middle["x"], made["county"].plan_yards["y"] - middle["y"]
    )
    assert 0 < near.min() < 71 and (made["county"].plan_yards.loc[near.idxmin(), ["x", "y"]] % 100 == 0).all()


def test_the_gate_stops_a_household_of_the_plan_in_any_paper_that_leaves(
    tmp_path, toy_project, toy_gains, planned
):
    plan, watch = planned(), Watch.of(toy_project, "county")
    write_plan_tables(plan, tmp_path / "inside")
    for name in ("plan.csv", "plan.xlsx"):
        found = leaks(tmp_path / "inside" / name, watch)
        assert {finding.code for finding in found} == {"E-PRIV-01"} and len(found) >= len(plan.taken)
    for edition in ("county", "public"):
        path = save_map(
            tmp_path / f"{edition}.html",
            toy_project,
            gains=toy_gains(toy_project),
            plan=plan,
            edition=edition,
        )
        refuse_leaks(path, Watch.of(toy_project, edition))
    villages = toy_project.villages.assign(
        name=lambda rows: rows["name"] + " " + plan.chosen["household_id"].iloc[0]
    )
    leaking = replace(toy_project, tables=dict(toy_project.tables) | {"villages": villages})
    with pytest.raises(DataProblem, match="E-PRIV-01"):
        save_map(tmp_path / "bad.html", leaking, gains=toy_gains(leaking), plan=plan)
    assert not (tmp_path / "bad.html").exists()


@pytest.mark.parametrize("edition", ["county", "public"])
def test_other_papers_take_a_release_with_a_plan(tmp_path, toy_project, toy_gains, planned, edition):
    out = tmp_path / "out"
    told = release(toy_project, gains=toy_gains(toy_project), plan=planned(), edition=edition, key=KEY)
    write_geopackage(out / "layers.gpkg", told)
    write_workbook(out / "tables.xlsx", told)
    refuse_leaks(out, Watch.of(toy_project, edition))
    layer = gpd.read_file(out / "layers.gpkg", layer="township").set_index("code")
    expected = told.places["township"]["plan_cost_yuan"].astype(float)
    assert np.allclose(layer["plan_cost_yuan"].reindex(expected.index), expected, equal_nan=True)
    assert expected.notna().any() and ("plan_guard_posts" in layer) == (edition == "county")
    heading = f"{word('layer_plan_cost_yuan')}(元)"
    cells = CalamineWorkbook.from_path(str(out / "tables.xlsx")).get_sheet_by_name("乡镇").to_python()
    assert heading in cells[2]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("edition", ["county", "public"])
def test_the_map_opens_with_the_plan_and_asks_nobody(
    tmp_path, toy_project, toy_gains, planned, open_page, edition, lang
):
    plan = planned()
    path = save_map(
        tmp_path / "map.html", toy_project, gains=toy_gains(toy_project), plan=plan, edition=edition, lang=lang,
        alternatives=made_alternatives(plan), key=KEY,
    )  # fmt: skip
    opened = open_page(path)
    look = opened.page.evaluate
    keys = look("eco.data.themes.map((theme) => theme.key)")
    assert {"plan", "plan_times", "forage_yuan"} <= set(keys) and "forage_persons" not in keys
    for key in ("plan", "plan_times", "forage_yuan"):
        opened.page.select_option("#eco-theme", key)
        said = opened.page.inner_text("#eco-legend")
        assert word(f"map_theme_{key}_unit", lang) in said and word(f"map_theme_{key}_says", lang) in said
        for level in LEVELS:
            look(f"eco.show('{level}')")
    assert look("eco.on('plan_yards')")  # switched on by the colour that is theirs alone
    assert opened.page.is_checked("input[data-layer=plan_yards]")
    look("eco.show('township'); eco.theme('plan')")
    columns = carried(path)["places"]["township"]["columns"]
    shown = next(row for row, state in enumerate(columns["plan_shown"]) if state)
    look(f"eco.select('township', {shown})")
    said = opened.page.inner_text(".eco-card")
    assert word("map_plan", lang) in said and word("map_plan_cost", lang) in said
    assert f"{columns['plan_households'][shown]:,}" in said
    if edition == "county":
        opened.page.check("input[data-layer=households]")
        row = carried(path)["households"]["columns"]["plan_hives"].index(5)
        look(f"eco.openSite('households', {row})")
        assert word("map_plan_household", lang) in opened.page.inner_text(".eco-card")
    look("eco.openSite('plan_yards', 0)")
    assert word("map_plan_price", lang) in opened.page.inner_text(".eco-card")
    phone = open_page(path, width=390, height=780)
    phone.page.click(".eco-open")
    phone.page.select_option("#eco-theme", "plan")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert opened.complaints == phone.complaints == [] and opened.asks() == phone.asks() == []


def test_what_the_public_hides_is_dotted_and_said(tmp_path, toy_project, toy_gains, planned, open_page):
    given = dict.fromkeys(homes_of(toy_project, "乙东村")[:8], "hives")
    plan = planned(given=given | dict.fromkeys(homes_of(toy_project, "丙东村")[:2], "hives"))
    path = save_map(
        tmp_path / "m.html", toy_project, gains=toy_gains(toy_project), plan=plan, edition="public"
    )
    opened = open_page(path)
    opened.page.evaluate("eco.theme('plan'); eco.show('township')")
    assert word("map_hidden") in opened.page.inner_text("#eco-legend")
    columns = carried(path)["places"]["township"]["columns"]
    row = columns["name"].index("丙川镇")
    assert columns["plan_shown"][row] is not True and columns["shown"][row]
    opened.page.evaluate(f"eco.select('township', {row})")
    assert word("map_plan_hidden") in opened.page.inner_text(".eco-card")


def test_a_map_of_a_plan_alone(tmp_path, toy_project, planned, open_page):
    plan = planned()
    opened = open_page(save_map(tmp_path / "m.html", toy_project, plan=plan))
    opened.page.evaluate("eco.select('township', 0)")
    assert word("map_plan_cost") in opened.page.inner_text(".eco-card")
    assert opened.complaints == []
