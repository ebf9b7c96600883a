"""What an edition holds: each column against the estimate it comes from, and nothing the edition may not carry."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from small_projects import dingxi
from told_releases import KEY, dingxi_in

from eco.income.gains import estimate_gains
from eco.income.places import chances_without, flows_by_place, left_out
from eco.income.stress import STRESSES, under
from eco.phrases import Phrase
from eco.records.tables import POOR_TYPES, personal_columns
from eco.sharing.release import LEVELS, release


@cache
def gains():
    return dingxi().gains


@cache
def frost():
    return under(gains(), STRESSES[0])


@cache
def told(edition, lang="zh"):
    return dingxi_in(edition, lang, scenarios={"frost": frost()}, labels={"frost": Phrase("霜冻", "frost")})


def test_every_column_is_on_the_edition_s_list():
    for edition in ("public", "county", "household"):
        answer = told(edition)
        for level, frame in answer.places.items():
            allowed = answer.edition.columns[level]
            assert set(frame.columns) - {"geometry"} <= set(allowed)
            for other in (answer.years[2019], answer.scenarios["frost"].places):
                assert set(other.get(level, pd.DataFrame()).columns) <= set(allowed)
        for name, frame in answer.sites.items():
            assert set(frame.columns) <= set(answer.edition.columns[name])


def test_public_has_no_household_flow_key_or_scenario_by_village():
    answer = told("public")
    assert answer.households is None and not answer.flows
    assert "village" not in answer.scenarios["frost"].places
    assert answer.scenarios["frost"].label.zh == "霜冻"
    assert not [name for name in answer.places["village"] if name.startswith(("forest_yuan", "persons_gain"))]
    shown = answer.places["village"][answer.places["village"]["shown"].eq(True)]
    assert len(shown) > 50
    for name in ("gain_yuan_mean", "gain_yuan_p10", "gain_per_head_p10"):
        assert shown[name].ge(0).all()
    assert (
        answer.years[2019]["village"]
        .filter(like="gain_")
        .ge(0)
        .where(answer.years[2019]["village"].notna(), True)
        .all(axis=None)
    )


def test_the_keyed_points_are_moved_and_no_personal_column_is_there():
    answer, project = told("county"), gains().exposure.project
    assert not set(personal_columns()) & set(answer.households)
    assert answer.households["id"].is_monotonic_increasing
    xy = set(zip(project.households.geometry.x.round(), project.households.geometry.y.round()))
    assert not xy & set(zip(answer.households["x"], answer.households["y"]))
    assert not project.households["household_id"].isin(answer.households["id"]).any()
    lost = len(project.households) - len(answer.households)
    assert any(note.endswith(f" {lost}") for note in answer.sheet.notes)
    assert not any(KEY.hex() in note or "kkkk" in note for note in answer.sheet.notes)


def test_the_household_edition_knows_the_household_but_not_its_name():
    answer, project = told("household"), gains().exposure.project
    row = answer.households.set_index("household_id").loc["H000491"]
    true = project.households.set_index("household_id").loc["H000491"]
    assert (row["x"], row["y"]) == (true.geometry.x, true.geometry.y)
    parts = [row[f"{name}_yuan_mean"] for name in ("forest", "juncao", "bees")]
    assert sum(parts) == pytest.approx(row["gain_yuan_mean"])
    named = replace(
        project, tables={**project.tables, "households": project.households.assign(head_name="欧阳小明")}
    )
    estimate = gains()
    own = release(named, gains=estimate, edition="household", years=(), drivers=pd.DataFrame())
    assert set(own.households["head_name"]) == {"欧***"}
    assert "phone" not in own.households and "id_number" not in own.households


def test_shares_of_places_are_those_of_their_households():
    """Counted again household by household, in plain pandas."""
    estimate, answer = gains(), told("county")
    homes = estimate.households(2020).set_index("household_id")
    register = estimate.exposure.project.households.set_index("household_id").loc[homes.index]
    poor = register["register_type"].isin(POOR_TYPES)
    links = set(estimate.exposure.links["household_id"])
    out = poor & ~homes.index.isin(links)
    assert (left_out(estimate).reindex(homes.index) == out).all()
    town = homes["village_code"].str[:9] + "000"
    told_ = answer.places["township"]
    persons = homes["persons"].where(out, 0).groupby(town).sum()
    assert (told_["persons_left_out"].reindex(persons.index) == persons).all()
    share = persons / homes["persons"].where(poor, 0).groupby(town).sum()
    assert np.allclose(told_["left_out_share"].reindex(share.index), share, equal_nan=True)
    one_off = homes["gain_one_off_yuan"].groupby(town).sum().abs()
    size = one_off + homes["gain_recurrent_yuan"].groupby(town).sum().abs()
    expected = (one_off / size.where(size > 0.01)).reindex(told_.index)
    assert np.allclose(told_["one_off_share"], expected, equal_nan=True)


def test_the_chance_above_the_line_is_the_expected_share_of_persons():
    estimate, answer = gains(), told("county")
    homes = estimate.households(2020)
    town = homes["village_code"].str[:9] + "000"
    for column, chance in (
        ("chance_above_line", homes["chance_above_line"]),
        ("chance_above_line_without", pd.Series(chances_without(estimate, 2020).to_numpy())),
    ):
        judged = homes["persons"].where(chance.notna(), 0)
        expected = (chance.fillna(0) * judged).groupby(town).sum() / judged.groupby(town).sum()
        assert np.allclose(answer.places["township"][column].reindex(expected.index), expected, atol=1e-6)
    assert (
        answer.places["county"]["chance_above_line"]
        .gt(answer.places["county"]["chance_above_line_without"])
        .any()
    )


def test_flows_and_pay_given_up_add_up_to_the_gain_of_every_place():
    estimate, answer = gains(), told("county")
    for level in LEVELS:
        flows = answer.flows[level].groupby("code")["yuan_mean"].sum()
        gain = answer.places[level]["gain_yuan_mean"].reindex(flows.index)
        assert np.allclose(flows, gain, atol=1.0)
    rows = answer.flows["county"]
    assert set(rows.loc[rows["label_zh"] != "分红", "grade"]) <= set("ABCD")
    assert set(rows.loc[rows["label_zh"] == "分红", "grade"]) == {""}  # as recorded: it asks for no number
    assert rows.loc[rows["label_zh"] == "蜂蜜销售", "grade"].eq("D").all()
    one = flows_by_place(estimate, 2020, levels=("village",))["village"]
    home = estimate.households(2020).set_index("household_id").loc["H000491"]
    neighbours = estimate.households(2020).query("village_code == @home.village_code")["household_id"]
    parts = pd.concat([estimate.flows(name, 2020) for name in neighbours])
    parts = parts[parts["payee"].eq("household") | parts["payer"].eq("household")]
    mine = one[one["code"] == home["village_code"]]
    expected = parts[parts["livelihood"] != "labour"].groupby("flow_zh")["yuan_mean"].sum().astype(float)
    got = mine[mine["livelihood"] != "labour"].groupby("label_zh")["yuan_mean"].sum()
    assert np.allclose(got.reindex(expected.index), expected, rtol=1e-4, atol=0.5)


def test_years_and_scenarios_are_other_estimates():
    estimate, answer = gains(), told("county")
    by = estimate.by("township", 2019).set_index("code")["gain_yuan_mean"]
    assert np.allclose(answer.years[2019]["township"]["gain_yuan_mean"].reindex(by.index), by)
    hurt = frost().by("village", 2020).set_index("code")["gain_yuan_mean"]
    assert np.allclose(
        answer.scenarios["frost"].places["village"]["gain_yuan_mean"].reindex(hurt.index), hurt
    )
    every = release(estimate.exposure.project, gains=estimate, edition="county", drivers=pd.DataFrame())
    assert list(every.years) == [2017, 2018, 2019]


def test_saturation_and_overlaps_are_those_of_the_sites():
    estimate, answer = gains(), told("county")
    yards = answer.sites["bees"]
    assert yards["saturation"].notna().any()
    assert yards["saturation"].max() <= 99
    forest = answer.sites["forest"]
    assert forest["overlap_mu"].ge(0).all()
    assert forest["overlap_mu"].le(forest["mu"] + 1e-6).all()
    from eco.records.ground import overlapping

    project = estimate.exposure.project
    doubted = sum(len(hit.rows) for hit in overlapping(project.forest_plots))
    assert (forest["overlap_mu"] > 0).sum() >= doubted


def test_sources_name_every_number_with_its_grade():
    answer = told("county")
    table = answer.sources.set_index("name")
    number = gains().numbers["honey_price"]
    assert table.loc["honey_price", "mode"] == number.mode
    assert table.loc["honey_price", "grade"] == number.source.grade
    assert table["label_zh"].ne("").all() and table["unit"].notna().all()


def test_too_few_draws_leave_the_drivers_out():
    assert told("county").drivers is None  # 101 draws
    more = estimate_gains(gains().exposure, gains().numbers, draws=200, seed=1)
    answer = release(more.exposure.project, gains=more, edition="public", years=())
    assert {"parameter", "share", "grade"} <= set(answer.drivers)


def test_without_gains_or_with_plain_ones_the_rest_stays_empty(toy_project, toy_gains):
    bare = release(toy_project, edition="public")
    assert bare.households is None and not bare.years and bare.totals is None
    plain = release(toy_project, gains=toy_gains(toy_project), edition="county", key=KEY)
    assert not plain.flows and not plain.years and plain.causes is None and plain.sources is None
    assert len(plain.households) == len(toy_project.households)


def test_where_nothing_can_be_shown_the_sheet_says_so(toy_project, toy_gains):
    estimate = toy_gains(toy_project)
    few = replace(estimate, table=estimate.table.assign(linked=lambda t: t.index < 3))
    answer = release(toy_project, gains=few, edition="public")
    assert not any(frame["shown"].any() for frame in answer.places.values())
    assert "户数太少" in answer.sheet.notes[0]


def test_places_of_two_keys_differ_and_of_one_key_agree(toy_project, toy_gains):
    made = [
        release(toy_project, gains=toy_gains(toy_project), key=key).households
        for key in (KEY, KEY, None, None)
    ]
    assert made[0].equals(made[1])
    assert not made[2]["id"].isin(made[3]["id"]).any()
    assert not np.isin(made[2]["x"], made[3]["x"]).all()


@pytest.mark.parametrize("wrong", [{"edition": "pubic"}, {"lang": "fr"}])
def test_unknown_editions_and_languages_are_named(toy_project, wrong):
    with pytest.raises(ValueError, match=r"public|zh"):
        release(toy_project, **wrong)
