"""Plans nearly as good, swaps, fronts and caution, against every choice there is where offers are few enough."""

from dataclasses import replace

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from plan_checker import broken
from planted_options import few_options, places, random_options, ways
from small_projects import VILLAGES, fixed, small_project

import eco
from eco.income.exposure import link
from eco.planning.alternatives import _apart, _moved, _spent
from eco.planning.fronts import AMOUNTS
from eco.planning.options import Options
from eco.planning.rules import Budget, ForestFloor, LockedOut, PoorFirst, TownshipFloor, with_usual
from eco.planning.rules.aims import AimFloor
from eco.problems import DataProblem
from eco.sharing.plan_front import front_png

EXACT = 1e-6  # relative: HiGHS's own last digits
SMALL = 200  # cases for which every choice is tried
REFUSED = 3  # villages that nothing can bring in, asked about in each part


def small_case(seed):
    """Six households of one bundle, or five of two, each in a village of its own, and money for about two of them."""
    dice = np.random.default_rng(seed)
    options = random_options(
        seed,
        townships=2,
        villages=3,
        homes=1,
        bundles=1 + seed % 2,
        yards=bool(seed % 3),
        seedling_mu=(20.0,),
    )
    if seed % 2:
        options = replace(options, bundles=options.bundles.iloc[:-2])
    rules = [TownshipFloor(0.05)] if seed % 4 < 2 else [PoorFirst(0.3)]
    return options, rules, float(dice.integers(6_000, 15_000))


def planned(options, rules, budget, **how):
    return eco.plan(options, budget_yuan=budget, rules=rules, gap=EXACT, **how)


def test_alternatives_are_nearly_as_good_keep_the_rules_and_differ():
    options = random_options(
        11, townships=5, villages=4, homes=6, bundles=3, yards=True, seedling_mu=(120.0,)
    )
    rules = [TownshipFloor(0.05), PoorFirst(0.3)]
    plan = planned(options, rules, 150_000.0)
    found = eco.alternatives(plan, count=5, give_up=0.03)
    assert len(found.plans) == 5 and not found.notes
    for one in found.plans:
        assert plan.bound >= one.reached >= (1 - 0.03) * plan.reached * (1 - EXACT)
        assert one.reached == pytest.approx(options.worth("gap")[one.taken].sum())
        assert not broken(options, one.taken, plan.rules, plan.budget_yuan)
        assert one.chosen["cost_yuan"].sum() == pytest.approx(options.fen()[one.taken].sum() / 100)
        assert one.gap <= 0.03 + plan.gap + EXACT and one.status == "within gap"
    assert len({one.taken.tobytes() for one in found.all_plans}) == 6
    np.testing.assert_allclose(found.apart, found.apart.T)
    assert not found.apart.diagonal().any()
    assert found.apart[np.triu_indices(6, 1)].min() > 0.1
    assert_villages_told(found)
    shown = found._repr_html_()
    assert "6 plans" in shown and "选中的比例" in shown and "alternatives" in repr(found).lower()


def assert_villages_told(found):
    """The table of villages and the distances, once more by loops."""
    options, table = found.plan.options, found.villages.set_index("village_code")
    names, fen = options.bundles["village_code"].to_numpy(), options.fen()
    money = [
        {code: sum(fen[at] for at in one.taken if names[at] == code) / 100 for code in table.index}
        for one in found.all_plans
    ]
    assert list(table.index) == sorted(set(names))
    for code, row in table.iterrows():
        yuan = [one[code] for one in money]
        assert (row["chosen_in"], row["share"]) == (
            sum(one > 0 for one in yuan),
            np.mean([one > 0 for one in yuan]),
        )
        assert (row["yuan_least"], row["yuan_most"]) == (min(yuan), max(yuan))
        assert row["yuan_mean"] == pytest.approx(np.mean(yuan))
    for first, one in enumerate(money):
        for second, other in enumerate(money):
            both = sum(min(one[code] / sum(one.values()), other[code] / sum(other.values())) for code in one)
            assert found.apart[first, second] == pytest.approx(1 - both, abs=1e-9)


def test_an_alternative_is_about_as_far_as_any_choice_that_is_as_good():
    """By trying all choices: there is one where there is one, and together they come to most of the furthest."""
    far, furthest = [], []
    for seed in range(24):
        options, rules, budget = small_case(seed)
        plan = planned(options, rules, 2 * budget)
        worth = options.worth("gap")
        others = [
            replace(plan, taken=way)
            for way in ways(options, plan.rules, 2 * budget)
            if worth[way].sum() >= 0.8 * plan.reached and not np.array_equal(way, plan.taken)
        ]
        found = eco.alternatives(plan, count=1, give_up=0.2)
        assert bool(found.plans) == bool(others)
        if others:
            apart = _apart(_spent([plan, *others]))[0, 1:]
            assert found.apart[0, 1] <= apart.max() + EXACT
            far.append(found.apart[0, 1])
            furthest.append(apart.max())
        else:
            assert found.notes[0].en == "only 0 found: no other choice is as good"
    assert len(far) > 12 and sum(far) > 0.85 * sum(furthest)


def test_money_is_moved_where_no_plan_spent_any():
    """Of two villages alike the plan spends all that one can take: nothing of it counts, and all of the other does."""
    rows = [
        {"household_id": f"H{village}{home}", **places(0, village), "hives": 2.0, "cost_one_off_yuan": 1000.0,
         "gap_yuan": 100.0 - village}
        for village in range(2) for home in range(3)
    ]  # fmt: skip
    options = Options.of(pd.DataFrame(rows))
    plan = planned(options, [], 3000.0)
    np.testing.assert_allclose(_moved([plan]), [0, 0, 0, 1000, 1000, 1000])
    found = eco.alternatives(plan, count=3, give_up=0.02)
    assert found.apart[0, 1] == 1 and len(found.plans) == 3  # 2 of one and 1 of the other are plans too
    none = eco.alternatives(plan, count=2, give_up=0.0)
    assert not none.plans and none.notes[0].en == "only 0 found: no other choice is as good"


def test_a_household_with_offers_in_two_villages_could_take_money_to_either():
    """b can spend 1000 in its first village or 3000 in another, where the plan spends it all."""
    options = few_options(
        household_id=["a", "b", "b"], at=[(0, 0), (0, 0), (0, 1)], cost_one_off_yuan=[1000.0, 1000.0, 3000.0],
        gap_yuan=[1.0, 2.0, 9.0],
    )  # fmt: skip
    plan = planned(options, [], 3000.0)
    assert plan.taken.tolist() == [2]
    np.testing.assert_allclose(_moved([plan]), [1000, 1000, 0])


def test_a_plan_that_can_only_lose_has_alternatives_too():
    """Money for two in two townships, c alone in one: a with c loses 38 yuan as b with c does, d with c loses 40."""
    bad, at = [2.0, 2.0, -40.0, 0.0], [(0, 0), (0, 1), (1, 0), (0, 2)]
    options = few_options(gap_yuan=[2.0] * 4, gap_yuan_bad=bad, at=at)
    plan = planned(options, [TownshipFloor(0.3)], 2000.0, cautious=1)
    assert plan.reached == -38
    found = eco.alternatives(plan)
    assert sorted(one.taken.tolist() for one in found.all_plans) == [[0, 2], [1, 2]]
    assert "目标都不低于原方案的 100.0 %" in found._repr_html_()
    far = eco.alternatives(plan, give_up=0.06)  # 40.28 yuan lost at most
    assert sorted(one.taken.tolist() for one in far.all_plans) == [[0, 2], [1, 2], [2, 3]]
    worst = next(one for one in far.plans if 3 in one.taken)
    assert worst.gap == pytest.approx(2 / 38) and worst.status == "within gap"
    assert "目标都不低于原方案的 94.7 %" in far._repr_html_()


@pytest.mark.parametrize("part", range(5))
def test_the_cheapest_swap_is_that_of_all_choices(part):
    """Villages of some of the small cases: the cost told is the best there is less the best with the village."""
    swaps, refused = 0, 0
    for seed in range(part, SMALL, 5):
        options, rules, budget = small_case(seed)
        every = list(ways(options, [Budget(), *with_usual(rules)], budget))
        if not every:
            continue
        plan = planned(options, rules, budget)
        worth, code = options.worth("gap"), options.bundles["village_code"].to_numpy()
        assert plan.reached == pytest.approx(max(worth[way].sum() for way in every), rel=EXACT)
        for village in sorted(set(code) - set(code[plan.taken])):
            with_it = [worth[way].sum() for way in every if (code[way] == village).any()]
            swaps, refused = swaps + bool(with_it), refused + (not with_it)
            if with_it:
                told = eco.why_not(plan, village, gap=EXACT)
                assert_swap(plan, told, plan.reached - max(with_it))
            elif refused <= REFUSED:
                assert eco.why_not(plan, village).state == "impossible"
    assert swaps > SMALL / 8 and refused


def assert_swap(plan, told, cost):
    options, swapped = plan.options, told.swapped
    assert told.state == "swap" and told.unit == "yuan"
    assert told.cost == pytest.approx(cost, rel=EXACT, abs=EXACT * plan.reached)
    assert told.cost_least <= told.cost + EXACT and told.cost_least == pytest.approx(
        cost, abs=2 * EXACT * plan.reached
    )
    assert not broken(options, swapped.taken, plan.rules, plan.budget_yuan)
    assert (options.bundles["village_code"].iloc[swapped.taken] == told.village_code).any()
    for aim, change in (("lifted", told.lifted_persons), ("gap", told.gap_yuan)):
        worth = options.worth(aim)
        assert change == pytest.approx(worth[swapped.taken].sum() - worth[plan.taken].sum())
    ids = options.bundles["household_id"].to_numpy()
    before, after = ({ids[at]: at for at in one.taken} for one in (plan, swapped))
    change = {
        home: "in" if home not in before else "out" if home not in after else "other"
        for home in before.keys() | after.keys()
        if before.get(home) != after.get(home)
    }
    assert dict(zip(told.households["household_id"], told.households["change"])) == change
    yuan = options.fen()[swapped.taken].sum() / 100 - options.fen()[plan.taken].sum() / 100
    assert told.villages["yuan_change"].sum() == pytest.approx(yuan)
    assert told.villages["households_out"].sum() == sum(one == "out" for one in change.values())


def test_a_swap_among_equals_changes_no_more_than_it_must():
    """Eight villages alike, money for four: another comes in for the least of the four, and costs what is planted."""
    rows = [
        {"household_id": f"H{village}", **places(0, village), "hives": 2.0, "cost_one_off_yuan": 1000.0,
         "gap_yuan": 100.0 - village, "lifted_persons": 1.0 + 0.5 * village}
        for village in range(8)
    ]  # fmt: skip
    options = Options.of(pd.DataFrame(rows))
    plan = planned(options, [], 4000.0)
    told = eco.why_not(plan, "村0-6")
    assert (told.cost, told.cost_least) == (pytest.approx(3), pytest.approx(3))
    assert told.households["household_id"].tolist() == ["H3", "H6"]
    assert told.households["change"].tolist() == ["out", "in"]
    assert told.lifted_persons == pytest.approx(1.5) and told.gap_yuan == pytest.approx(-3)
    assert told.villages["village"].tolist() == ["村0-6", "村0-3"]
    assert "目标少 3 元/年" in told.said.zh and "3 yuan a year less" in told.said.en
    assert "H3" not in told._repr_html_() and "村0-3" in told._repr_html_()
    more = eco.why_not(plan, "村0-6", yuan=1000)
    assert more.cost == pytest.approx(3)


def test_a_swap_by_a_household_with_offers_in_two_villages_moves_its_money():
    """b leaves a village with its 3000 yuan and comes to another with 1000; then there is money for c."""
    options = few_options(
        household_id=["a", "b", "b", "c"], at=[(0, 0), (0, 1), (0, 2), (0, 3)], gap_yuan=[20.0, 9.0, 6.0, 1.0],
        cost_one_off_yuan=[1000.0, 3000.0, 1000.0, 1000.0],
    )  # fmt: skip
    told = eco.why_not(planned(options, [], 4000.0), "村0-2")
    assert told.households[["household_id", "village", "change", "yuan_before", "yuan_after"]].to_numpy().tolist() == [
        ["b", "村0-2", "other", 3000, 1000], ["c", "村0-3", "in", 0, 1000]
    ]  # fmt: skip
    assert told.villages.drop(columns=["village_code", "township"]).to_numpy().tolist() == [
        ["村0-2", 1, 0, 1000], ["村0-3", 1, 0, 1000], ["村0-1", 0, 1, -3000]
    ]  # fmt: skip
    assert "brings in 2 households, leaves out 1 of 1 villages and gives 0 others" in told.said.en


def test_a_village_that_is_in_tells_what_it_gets_unless_more_is_asked():
    options, rules, budget = small_case(3)
    plan = planned(options, rules, budget)
    village = options.bundles["village_code"].iloc[plan.taken[0]]
    told = eco.why_not(plan, village)
    mine = plan.chosen[plan.chosen["village"] == told.village]
    assert told.state == "in" and f"{mine['household_id'].nunique()} 户" in told.said.zh
    assert f"{mine['cost_yuan'].sum():,.2f}".rstrip("0").rstrip(".") in told.said.zh
    asked = eco.why_not(plan, village, yuan=float(mine["cost_yuan"].sum()) + 1)
    assert asked.state in ("swap", "impossible")
    if asked.state == "swap":
        here = options.bundles["village_code"].eq(village).to_numpy()[asked.swapped.taken]
        assert options.fen()[asked.swapped.taken][here].sum() / 100 >= mine["cost_yuan"].sum() + 1
    assert eco.why_not(plan, village, yuan=1e9).state == "impossible"


def test_rules_that_stand_against_a_village_are_named():
    options, _, _ = small_case(5)
    village = options.bundles["village"].iloc[0]
    plan = planned(options, [LockedOut(villages=village), ForestFloor(1)], 20_000.0)
    told = eco.why_not(plan, village)
    assert told.state == "impossible" and f"不给{village}安排任何项目" in told.said.zh
    assert "trees" not in told.said.en
    far = eco.why_not(plan, options.bundles["village"].iloc[-1], yuan=1e9)
    assert far.state == "impossible" and "全部可选项加起来至多" in far.said.zh


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "没有一项对三个目标之一有益"),
        ({"register_type": "general"}, "都不是建档立卡户"),
        ({"workers": 0.0}, "都没有劳动力"),
        ({"east": np.nan}, "都没有位置"),
        (None, "没有一户在户册里"),
    ],
)
def test_a_village_without_offers_is_told_why(row, said):
    homes = [{"household_id": "H1"}]
    if row is not None:
        homes.append({"household_id": "H2", "village_code": VILLAGES[1], "east": 4000.0, **row})
    exposure = link(small_project(households=homes), fixed())
    bundles = [{"household_id": "H1", "village_code": VILLAGES[0], "village": "东村", "hives": 2.0,
                "cost_one_off_yuan": 1000.0, "gap_yuan": 50.0}]  # fmt: skip
    options = Options.of(pd.DataFrame(bundles), exposure=exposure)
    plan = planned(options, [], 5000.0)
    told = eco.why_not(plan, "南村")
    assert (told.state, told.village_code) == ("no offers", VILLAGES[1])
    assert said in told.said.zh and told.said.en
    with pytest.raises(DataProblem, match=r"E-PLAN-22.*南村"):
        eco.why_not(plan, "南山村")


def test_villages_nobody_knows_or_several_bear_are_refused():
    options, rules, budget = small_case(1)
    options.bundles["village"] = options.bundles["village"].replace({"村0-0": "新村", "村1-0": "新村"})
    plan = planned(options, rules, budget)
    with pytest.raises(DataProblem, match=r"E-PLAN-23.*621102101201, 621102102201"):
        eco.why_not(plan, "新村")
    with pytest.raises(DataProblem, match="E-PLAN-22"):
        eco.why_not(plan, "621102999999")
    with pytest.raises(DataProblem, match="E-PLAN-21"):
        eco.why_not(plan, "621102101201", yuan=0)


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("against", ["gap", "forest"])
def test_fronts_are_those_of_all_choices(seed, against):
    options, rules, budget = small_case(seed)
    best = planned(options, rules, budget, value="lifted")
    front = eco.front(options, budget_yuan=budget, rules=rules, against=against, points=5, gap=EXACT)
    worth = options.worth("lifted")
    other = options.bundles["forest_mu"].to_numpy() if against == "forest" else options.worth("gap")
    every = [(worth[way].sum(), other[way].sum()) for way in ways(options, best.rules, budget)]
    ups, rights = front["lifted_persons"].to_numpy(), front[AMOUNTS[against]].to_numpy()
    assert (np.diff(ups) < 0).all() and (np.diff(rights) > 0).all()  # none beats another
    assert ups[0] == pytest.approx(max(up for up, _ in every), rel=EXACT)
    assert rights[-1] == pytest.approx(max(right for _, right in every), rel=EXACT)
    for row in front.itertuples():
        most = max(up for up, right in every if right >= row.at_least * (1 - EXACT))
        assert row.lifted_persons == pytest.approx(most, rel=EXACT)
        assert row.bound >= most * (1 - EXACT) and row.status in ("optimal", "within gap")
        assert row.spent_yuan <= budget
    assert front["at_least"].is_monotonic_increasing


def test_a_front_keeps_its_best_end_where_the_other_aim_is_lost():
    """Money for one: the most gain is where 10 yuan of the gap are lost, and a little less than that is no more."""
    options = few_options(gap_yuan=[-10.0, 1.0, 0.0], gain_yuan_mean=[100.0, 5.0, 6.0])
    front = eco.front(options, budget_yuan=1000, of="gain", against="gap", points=4)
    assert front[["gain_yuan", "gap_yuan"]].to_numpy().tolist() == [[100, -10], [6, 0], [5, 1]]
    assert front["bound"].tolist() == pytest.approx([100, 6, 5]) and set(front["status"]) == {"optimal"}
    lost = few_options(
        gap_yuan=[-10.0, -4.0], gain_yuan_mean=[9.0, 2.0]
    )  # one must be bought, so both ends lose
    front = eco.front(lost, budget_yuan=1000, rules=[TownshipFloor(1)], of="gain", against="gap", points=3)
    assert front[["gain_yuan", "gap_yuan"]].to_numpy().tolist() == [[9, -10], [2, -4]]


@pytest.mark.parametrize("seed", range(8))
def test_fronts_of_what_may_be_lost_are_those_of_all_choices(seed):
    """Offers that lose as often as they win: at every level the most there is among all choices."""
    options, rules, budget = small_case(2 * seed + 1)
    dice = np.random.default_rng(seed)
    lost = {
        name: dice.uniform(-100, 100, len(options.bundles)).round(2)
        for name in ("gap_yuan", "lifted_persons")
    }
    options, rules = replace(options, bundles=options.bundles.assign(**lost)), [TownshipFloor(0.15)]
    front = eco.front(options, budget_yuan=budget, rules=rules, points=5, gap=EXACT)
    first, other = options.worth("lifted"), options.worth("gap")
    kept = planned(options, rules, budget, value="lifted").rules
    every = [(first[way].sum(), other[way].sum()) for way in ways(options, kept, budget)]
    for row in front.itertuples():
        most = max(up for up, right in every if right >= row.at_least - EXACT * abs(row.at_least))
        assert row.lifted_persons == pytest.approx(most, rel=EXACT)
        assert row.bound >= most - EXACT * abs(most) and row.status in ("optimal", "within gap")


def test_a_front_whose_ends_meet_is_one_point():
    rows = [
        {"household_id": f"H{home}", **places(0, 0), "hives": 2.0, "cost_one_off_yuan": 10.0, "gap_yuan": 3.0,
         "lifted_persons": 1.0, "gain_yuan_mean": 5.0, "persons": 2}
        for home in range(3)
    ]  # fmt: skip
    options = Options.of(pd.DataFrame(rows))
    front = eco.front(options, budget_yuan=1000.0)
    assert len(front) == 1
    assert front.iloc[0][["lifted_persons", "gap_yuan", "gain_yuan", "spent_yuan"]].tolist() == [3, 9, 15, 30]
    for how in ({"of": "people"}, {"against": "lifted"}, {"against": "bees"}, {"points": 1}):
        with pytest.raises(DataProblem, match="E-PLAN-46"):
            eco.front(options, budget_yuan=1000.0, **how)


@pytest.mark.parametrize("seed", range(6))
def test_caution_costs_what_all_choices_say(seed):
    options, rules, budget = small_case(seed)
    cautions = (0.0, 0.25, 0.5, 1.0)
    table = eco.cautious_plans(options, budget_yuan=budget, rules=rules, cautions=cautions, gap=EXACT)
    mean, bad = options.worth("gap"), options.worth("gap", cautious=1)
    every = list(ways(options, planned(options, rules, budget).rules, budget))
    for cautious, row in zip(cautions, table.itertuples()):
        weighed = (1 - cautious) * mean + cautious * bad
        most = max(weighed[way].sum() for way in every)
        assert (1 - cautious) * row.mean + cautious * row.bad == pytest.approx(most, rel=EXACT, abs=1e-6)
        assert row.bound >= most - EXACT * abs(most)
    assert (np.diff(table["mean"]) <= 1e-6).all() and (np.diff(table["bad"]) >= -1e-6).all()
    assert table["given_up_share"].tolist() == pytest.approx(1 - table["mean"] / table["mean"][0])
    assert table["won"].tolist() == pytest.approx(table["bad"] - table["bad"][0])


def test_where_caution_leaves_nothing_to_buy_nothing_is_bought():
    row = {"household_id": "H", **places(0, 0), "hives": 2.0, "cost_one_off_yuan": 10.0, "gap_yuan": 3.0}
    options = Options.of(pd.DataFrame([{**row, "gap_yuan_bad": -5.0}]))
    table = eco.cautious_plans(options, budget_yuan=100.0)
    assert table["households"].tolist() == [1, 1, 0, 0]
    assert table["mean"].tolist() == [3, 3, 0, 0] and table["bad"].tolist() == [-5, -5, 0, 0]


def test_where_caution_leaves_nothing_rules_are_kept_all_the_same():
    """Every township gets its share, whatever is lost by it: the plan that loses least, at every weight."""
    columns = {"gap_yuan": [10.0, 20.0, 5.0], "gap_yuan_bad": [-3.0, -2.0, -40.0]}
    options, rules = few_options(**columns, at=[(0, 0), (0, 1), (1, 0)]), [TownshipFloor(0.3)]
    table = eco.cautious_plans(options, budget_yuan=2000, rules=rules, cautions=(0, 0.3, 0.5, 1))
    assert table["spent_yuan"].tolist() == [2000] * 4 and set(table["status"]) == {"optimal"}
    assert table["mean"].tolist() == [25] * 4 and table["bad"].tolist() == [-42] * 4
    assert table["bound"].tolist() == pytest.approx([25, 4.9, -8.5, -42])
    late = eco.cautious_plans(options, budget_yuan=2000, rules=rules, cautions=(1, 0))
    assert late["bound"].tolist() == pytest.approx([-42, 25])
    with pytest.raises(DataProblem, match="E-PLAN-44"):
        eco.cautious_plans(few_options(gap_yuan=[-1.0, -2.0]), budget_yuan=2000)


def test_a_floor_of_an_aim_binds_and_reads_aloud():
    options, _, budget = small_case(2)
    most = planned(options, [], budget).reached
    plan = planned(options, [AimFloor("gap", 0.9 * most)], budget, value="lifted")
    assert options.worth("gap")[plan.taken].sum() >= 0.9 * most * (1 - EXACT)
    assert plan.reached < planned(options, [], budget, value="lifted").reached * (1 + EXACT)
    assert AimFloor("lifted", 12.5).said.zh == "预计至少多 12.5 人达线（测算）"
    assert "25%" in AimFloor("gain", 1, cautious=0.25).said.en
    for wrong in (
        {"aim": "bees", "least": 1},
        {"aim": "gap", "least": -1},
        {"aim": "gap", "least": 1, "cautious": 2},
    ):
        with pytest.raises(DataProblem):
            AimFloor(**wrong)


def test_the_picture_of_a_front_is_the_same_every_time():
    options, rules, budget = small_case(4)
    front = eco.front(options, budget_yuan=budget, rules=rules, points=4, gap=EXACT)
    pictures = [front_png(front, lang=lang) for lang in ("zh", "zh", "en")]
    assert pictures[0] == pictures[1] != pictures[2] and pictures[0].startswith(b"\x89PNG")
    figure = eco.front_picture(front, lang="en")
    assert isinstance(figure, matplotlib.figure.Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")  # so Jupyter shows it
    [axes] = figure.axes
    bound, drawn = axes.lines
    np.testing.assert_allclose(drawn.get_ydata(), front["lifted_persons"])
    np.testing.assert_allclose(drawn.get_xdata(), front["gap_yuan"] / 10_000)
    assert (np.interp(drawn.get_xdata(), bound.get_xdata(), bound.get_ydata()) >= 0).all()
    assert axes.get_ylabel() == "more persons above the line (modelled)"
