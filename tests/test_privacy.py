"""Small groups planted in frames must be gone, and must not come back by subtraction."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from eco.problems import DataProblem
from eco.sharing.privacy import differences, editions, gate, groups, masks

NUMBERS = ("gain_yuan_mean", "forest_yuan_mean", "juncao_yuan_mean", "bees_yuan_mean", "persons")


def frames(households):
    """What `Gains.by` gives, out of household rows with a gain in each livelihood."""
    answer = {}
    for level, digits in (("county", 6), ("township", 9), ("village", 12)):
        code = households["village_code"].str[:digits] + ("000" if level == "township" else "")
        sums = households.groupby(code.to_numpy())[list(NUMBERS)].sum()
        answer[level] = sums.rename_axis("code").reset_index().assign(name="地")
    return answer


def village(code, *, forest=0, bees=0, none=0):
    """`forest` households gain 100 yuan from forest, `bees` 1000 from bees, `none` nothing."""
    rows = forest + bees + none
    table = pd.DataFrame({"village_code": [code] * rows, "persons": 4})
    table["forest_yuan_mean"] = [100.0] * forest + [0.0] * (bees + none)
    table["bees_yuan_mean"] = [0.0] * forest + [1000.0] * bees + [0.0] * none
    table["juncao_yuan_mean"] = 0.0
    gain = table["forest_yuan_mean"] + table["bees_yuan_mean"]
    return table.assign(gain_yuan_mean=gain, linked=True)


def public(*villages):
    households = pd.concat(villages, ignore_index=True)
    return groups.public_places(frames(households), households)


def shown(frame):
    return dict(zip(frame["code"], frame["shown"]))


TOWN = "621102101"


def test_a_village_of_four_goes_and_the_smallest_other_with_it():
    answer = public(
        village(TOWN + "201", forest=4, none=40),
        village(TOWN + "202", forest=9),
        village(TOWN + "203", forest=7),
        village(TOWN + "204", forest=20),
    )
    assert shown(answer["village"]) == {
        TOWN + "201": False,
        TOWN + "202": True,
        TOWN + "203": False,
        TOWN + "204": True,
    }
    hidden = answer["village"].loc[~answer["village"]["shown"]]
    assert hidden[list(NUMBERS)].isna().all(axis=None)
    assert hidden["name"].eq("地").all()
    assert answer["township"]["gain_yuan_mean"].tolist() == [4000.0]


def test_two_small_villages_together_under_five_take_a_third_with_them():
    answer = public(
        village(TOWN + "201", forest=2),
        village(TOWN + "202", forest=1),
        village(TOWN + "203", forest=8),
        village(TOWN + "204", forest=30),
    )
    assert list(shown(answer["village"]).values()) == [False, False, False, True]


def test_a_hidden_township_takes_its_villages_and_one_neighbour():
    answer = public(
        village("621102101201", forest=3),
        village("621102102201", forest=11),
        village("621102103201", forest=6),
        village("621102103202", forest=5),
    )
    assert list(shown(answer["township"]).values()) == [False, False, True]
    assert list(shown(answer["village"]).values()) == [False, False, True, True]


def test_nothing_but_a_total_is_published_of_a_place():
    """A split or a count of those who gain, beside a total, gives single households away by subtraction."""
    public_columns = editions.edition_named("public").columns
    for level in ("county", "township", "village"):
        for name in public_columns[level]:
            assert not name.startswith(("forest_yuan", "juncao_yuan", "bees_yuan", "persons_gaining")), name


def test_inferred_households_hide_nobody():
    rows = village(TOWN + "201", forest=9).assign(linked=[True] * 3 + [False] * 6)
    answer = public(rows, village(TOWN + "202", forest=9), village(TOWN + "203", forest=30))
    assert list(shown(answer["village"]).values()) == [False, False, True]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(0, 9), st.integers(0, 3)),
        min_size=1,
        max_size=14,
        unique_by=lambda row: row[:2],
    )
)
def test_no_sum_of_hidden_villages_rests_on_fewer_than_five(rows):
    households = pd.concat(
        [
            village(f"62110210{town}20{place}", forest=forest, none=none + 1)
            for town, place, forest, none in rows
        ],
        ignore_index=True,
    )
    answer = groups.public_places(frames(households), households)
    behind = (
        households.assign(behind=households["gain_yuan_mean"].ne(0)).groupby("village_code")["behind"].sum()
    )
    villages = answer["village"].set_index("code")
    for town in answer["township"].loc[answer["township"]["shown"], "code"]:
        mine = villages[villages.index.str[:9] == town[:9]]
        counts = behind.reindex(mine.index)
        assert counts[mine["shown"]].ge(5).all()
        hidden = counts[~mine["shown"]]
        assert len(hidden) == 0 or hidden.sum() == 0 or hidden.sum() >= 5
        assert len(hidden) != 1 or hidden.sum() == 0 or len(mine) == 1
    hidden_towns = answer["township"].loc[~answer["township"]["shown"], "code"].str[:9]
    assert not villages[villages.index.str[:9].isin(hidden_towns)]["shown"].any()


def sites_and_links(sharing):
    sites = pd.DataFrame({"site_id": list(sharing), "township_code": TOWN + "000", "hives": 10.0})
    links = pd.DataFrame(
        [(f"h{site}{number}", site) for site, count in sharing.items() for number in range(count)],
        columns=["household_id", "site_id"],
    )
    return sites, links.assign(recorded=True)


@pytest.mark.parametrize(
    ("sharing", "left"),
    [
        ({"a": 5, "b": 9, "c": 12}, ["a", "b", "c"]),
        ({"a": 4, "b": 9, "c": 12}, ["c"]),  # a alone would come back from the township's total
        ({"a": 3, "b": 2, "c": 12}, ["c"]),
        ({"a": 0, "b": 9, "c": 12}, ["c"]),  # unknown counts as fewer than five
        ({"a": 4}, []),
    ],
)
def test_sites_shared_by_fewer_than_five_households_go(sharing, left):
    sites, links = sites_and_links(sharing)
    doubled = pd.concat([links, links], ignore_index=True)  # a household with two roles is one household
    assert groups.public_sites(sites, doubled)["site_id"].tolist() == left


def test_township_totals_of_sites_need_five_households():
    sites, links = sites_and_links({"a": 2, "b": 2})
    assert len(groups.site_totals(sites, links, "hives")) == 0
    sites, links = sites_and_links({"a": 2, "b": 3})
    assert groups.site_totals(sites, links, "hives").to_dict() == {TOWN + "000": 20.0}


def test_unknown_edition_answers_with_the_known_ones():
    with pytest.raises(ValueError, match=r"county, public"):
        editions.edition_named("pubic")


def test_columns_are_an_allow_list():
    frame = pd.DataFrame({"id": ["H1"], "x": [0.0], "head_name": ["某"], "phone": ["1"], "workers": [2]})
    assert list(editions.edition_named("county").allow(frame, "household").columns) == ["id", "x"]
    with pytest.raises(KeyError):
        editions.edition_named("public").allow(frame, "household")


def test_pseudonyms_hang_on_the_key_and_do_not_repeat():
    ids = pd.Series([f"HH{number:06d}" for number in range(20_000)])
    first, again = masks.pseudonyms(ids, b"k" * 32), masks.pseudonyms(ids, b"k" * 32)
    other = masks.pseudonyms(ids, b"l" * 32)
    assert first.equals(again)
    assert first.is_unique
    assert not first.isin(other).any()


def test_a_household_that_makes_most_of_a_total_hides_it():
    rich = village(TOWN + "201", forest=9)
    rich.loc[0, "gain_yuan_mean"] = 1100.0  # of 1,900
    answer = public(rich, village(TOWN + "202", forest=60), village(TOWN + "203", forest=70))
    assert list(shown(answer["village"]).values()) == [False, False, True]


def test_two_households_that_make_four_fifths_of_a_total_hide_it():
    two = village(TOWN + "201", forest=9).assign(gain_yuan_mean=[1000.0, 1000.0] + [60.0] * 7)
    answer = public(two, village(TOWN + "202", forest=60), village(TOWN + "203", forest=70))
    assert list(shown(answer["village"]).values()) == [False, False, True]


def test_who_knows_its_own_share_does_not_learn_the_other():
    """Of two large ones, each would know the other to a tenth: the p % rule, where neither makes most."""
    two = village(TOWN + "201", forest=9).assign(gain_yuan_mean=[1000.0, 1000.0] + [10.0] * 7)
    answer = public(two, village(TOWN + "202", forest=60), village(TOWN + "203", forest=70))
    assert list(shown(answer["village"]).values()) == [False, False, True]


def test_a_village_that_loses_is_not_told_but_its_township_is():
    losing = village(TOWN + "201", forest=9).assign(gain_yuan_mean=-100.0)
    answer = public(losing, village(TOWN + "202", forest=30), village(TOWN + "203", forest=40))
    assert not shown(answer["village"])[TOWN + "201"]
    assert answer["township"]["shown"].all()


def test_where_nothing_below_protects_a_place_it_goes_itself():
    """One village of the township has everything but one yuan: whoever has the township has the village."""
    large = village("621102101201", forest=4)
    small = village("621102101202", forest=6).assign(gain_yuan_mean=0.02)
    rest = [village(f"62110210{town}201", forest=40) for town in (2, 3, 4)]
    answer = public(large, small, *rest)
    assert not shown(answer["township"])["621102101000"]
    assert list(answer["township"]["shown"]).count(False) == 2


def test_the_difference_of_two_years_is_a_number_too():
    """A household more in the second year would be the difference of both: the village is not told."""
    then = pd.concat([village(TOWN + f"20{number}", forest=20) for number in (1, 2, 3)], ignore_index=True)
    then["household_id"] = [f"h{number}" for number in range(len(then))]
    now = then.copy()
    then.loc[0, "gain_yuan_mean"] = 0.0
    shares = groups.gain_shares({"now": now, "then": then})
    hidden = groups.hidden_places(shares, {level: frame["code"] for level, frame in frames(now).items()})
    assert {TOWN + "201", TOWN + "000", "621102", ""} <= hidden  # nothing above may tell it either
    alone = groups.gain_shares({"now": now})
    assert not groups.hidden_places(alone, {level: frame["code"] for level, frame in frames(now).items()})


def spots(count, *, apart=60.0, seed=3):
    chance = np.random.default_rng(seed)
    return 460_000.0 + chance.uniform(0, apart * np.sqrt(count), (count, 2))


def masked(xy, towns, **changes):
    ids = pd.Series([f"h{number}" for number in range(len(xy))])
    return masks.donut(xy, ids, pd.Series(towns), **({"key": b"k" * 32, "outlines": {}} | changes))


def test_a_moved_point_is_in_its_ring_in_its_township_and_among_the_promised():
    xy = spots(400)
    towns = np.where(xy[:, 0] < xy[:, 0].mean(), "west", "east")
    line = xy[:, 0].mean()
    outlines = {"west": shapely.box(0, 0, line, 9e6), "east": shapely.box(line, 0, 9e6, 9e6)}
    answer = masked(xy, towns, outlines=outlines, promised=7)
    away = np.hypot(*(answer.points - xy).T)
    assert answer.left_out == 0
    assert answer.k.min() >= 7
    assert away.min() >= masks.INNER_M - 1
    assert away.max() <= 16_000 + 1
    assert ((answer.points[:, 0] < line) == (towns == "west")).all()
    for home, town in ((0, towns[0]), (399, towns[399])):
        own = np.hypot(*(xy[towns == town] - answer.points[home]).T)
        assert (own <= away[home] + 1e-6).sum() >= answer.k[home]


def test_where_too_few_live_the_point_is_left_out_and_counted():
    xy = np.concatenate([spots(60), spots(4, seed=9) + 50_000])
    answer = masked(xy, ["near"] * 60 + ["far"] * 4)
    assert answer.left_out == 4
    assert np.isnan(answer.points[60:]).all()
    assert np.isfinite(answer.points[:60]).all()


def test_points_hang_on_the_key():
    xy, towns = spots(50), ["one"] * 50
    same, other = masked(xy, towns), masked(xy, towns, key=b"l" * 32)
    assert np.array_equal(same.points, masked(xy, towns).points)
    assert (same.points != other.points).any(axis=1).all()


def edition(households, hidden=()):
    """A finished edition of villages, as its readers have it."""
    answer = {}
    for level, frame in frames(households).items():
        counts = households.groupby(
            households["village_code"].str[: {"county": 6, "township": 9, "village": 12}[level]]
        ).size()
        frame = frame.assign(households=counts.to_numpy(), shown=~frame["code"].isin(hidden))
        frame["parent"] = [groups.parent_code(code, level) for code in frame["code"]]
        frame.loc[~frame["shown"], ["households", "persons", "gain_yuan_mean"]] = np.nan
        answer[level] = frame.set_index("code")
    return SimpleNamespace(places=answer, years={})


def two_months(*, joined):
    then = pd.concat([village(TOWN + f"20{number}", forest=30) for number in (1, 2, 3)], ignore_index=True)
    then["household_id"] = [f"h{number}" for number in range(len(then))]
    more = village(TOWN + "201", forest=joined).assign(household_id=[f"new{n}" for n in range(joined)])
    return then, pd.concat([then, more], ignore_index=True)


@pytest.mark.parametrize(("joined", "told"), [(0, False), (1, True), (4, True), (5, False), (9, False)])
def test_a_change_of_fewer_than_five_between_editions_is_found(joined, told):
    then, now = two_months(joined=joined)
    changed = differences.changed_households(then, now)
    assert len(changed) == joined
    exact = differences.differences(edition(then), edition(now), changed=changed)
    seen = differences.differences(edition(then), edition(now))
    for findings in (exact, seen):
        assert any(one.code == "E-DIFF-01" and one.where == TOWN + "201" for one in findings) == told
        assert not any(one.where == TOWN + "202" for one in findings)
    assert all(one.level == "error" for one in exact)


def test_a_place_that_comes_out_of_hiding_uncovers_its_neighbour():
    then, now = two_months(joined=0)
    first, second = edition(then, [TOWN + "201", TOWN + "202"]), edition(now, [TOWN + "202", TOWN + "203"])
    (finding,) = (one for one in differences.differences(first, second) if one.code == "E-DIFF-02")
    assert finding.level == "error"
    assert finding.where == TOWN + "000"
    assert not differences.differences(first, first)


REGISTER = pd.DataFrame(
    {
        "household_id": ["HH000412", "2020", "DX-11-0007", "622421000123"],
        "head_name": ["测试甲乙", "测二", None, "测试丙"],
        "id_number": ["622421199001011234", "62242119900101123X", None, ""],
        "phone": ["13812345678", "", None, "13912345678"],
    }
)
PAGE = '<h1>{text}</h1><script type="application/json">{{"a":["{inside}",{number}]}}</script>'


@pytest.mark.parametrize(
    "leak",
    [
        {"text": "户 HH000412"},
        {"inside": "HH000412"},
        {"inside": "小班 DX-11-0007 号"},
        {"inside": "户主测试甲乙的地"},
        {"inside": "测二"},
        {"inside": "2020"},
        {"inside": "tel13812345678"},
        {"number": "13912345678"},
        {"number": "622421199001011234"},
        {"text": "62242119900101123X"},
        {"inside": "622421000123"},
    ],
)
def test_a_planted_personal_value_is_refused_and_masked(leak):
    page = PAGE.format(**({"text": "图", "inside": "村", "number": "1"} | leak))
    with pytest.raises(DataProblem) as problem:
        gate.refuse_personal(page, REGISTER)
    value = next(iter(leak.values()))
    assert value not in str(problem.value)
    assert problem.value.findings[0].code == "E-PRIV-01"


def test_what_only_looks_like_a_personal_value_passes():
    page = PAGE.format(text="2020 年", inside="测试丙", number="2020")
    gate.refuse_personal(page, REGISTER, place_names=["测试丙"])
    # A name inside code is code: Leaflet's own words are nobody's.
    gate.refuse_personal("<script>var HH000412=1</script>", REGISTER)
