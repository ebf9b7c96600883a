"""Whether chosen bundles keep a plan's rules, told by loops and sums that share nothing with the planner.

Rules are known by the name of their class and read by their fields; money is counted in whole fen and in fractions.
"""

from fractions import Fraction
from math import isfinite, isnan

PART_COLUMNS = {"bees": "hives", "juncao": "juncao_mu", "forest": "forest_mu", "guard": "guard_posts"}
_COSTS = [
    f"cost_{part}{kind}_yuan"
    for part in ("", *(f"{one}_" for one in PART_COLUMNS))
    for kind in ("one_off", "yearly", "tending")
]
_LOOKED_AT = [
    *("household_id", "village_code", "village", "township_code", "township", "county_code", "county"),
    *(
        *PART_COLUMNS.values(),
        *_COSTS,
        "yard",
        "start",
        "days",
        "free_days",
        "slope_degrees",
        "tree_slope_degrees",
    ),
    *("basic_farmland", "chance_above_without"),
]
_SLIGHT = Fraction(1, 10**6)  # of a fen, or of a unit: what binary fractions lose


def broken(options, taken, rules, budget_yuan) -> list[str]:
    """What the bundles at positions `taken` break, one sentence each; empty: they keep all rules."""
    positions = sorted(int(position) for position in taken)
    told = ["a bundle is chosen twice"] if len(set(positions)) < len(positions) else []
    columns = {name: options.bundles[name].tolist() for name in _LOOKED_AT}
    chosen = [{name: values[position] for name, values in columns.items()} for position in positions]
    for rule in rules:
        name = type(rule).__name__
        if name not in _CHECKS:
            raise LookupError(f"nobody taught this checker the rule {name}")
        told.extend(f"{name}: {one}" for one in _CHECKS[name](rule, options, chosen, budget_yuan))
    return told


def fen_of(bundle, *, years, tended=3, only_year=None, parts=()):
    """Whole fen that one bundle (a dict) costs in a plan of so many years."""

    def fen(kind):
        names = [f"cost_{part}_{kind}_yuan" for part in parts] or [f"cost_{kind}_yuan"]
        return sum(round(bundle[name] * 100) for name in names)

    total = 0
    for year in range(years):
        if only_year is None or year == only_year:
            total += fen("one_off") if bundle["start"] == year else 0
            total += fen("yearly") if bundle["start"] <= year else 0
            total += fen("tending") if 0 <= year - bundle["start"] < tended else 0
    return total


def _exact(number):
    return Fraction(repr(float(number)))


def _cost(bundles, options, **how):
    years, tended = len(options.seedling_mu), options.tending_years
    return sum(fen_of(one, years=years, tended=tended, **how) for one in bundles)


def _budget(rule, options, chosen, budget_yuan):
    only = None if rule.year is None else rule.year - options.first_year
    spent = _cost(chosen, options, only_year=only, parts=rule.livelihoods)
    most = _exact(budget_yuan if rule.yuan is None else rule.yuan) * 100
    return [f"{spent} fen of {float(most):.2f}"] if spent > most + _SLIGHT else []


def _one_each(rule, options, chosen, budget_yuan):
    seen, twice = set(), []
    for one in chosen:
        if one["household_id"] in seen:
            twice.append(f"{one['household_id']} gets two bundles")
        seen.add(one["household_id"])
    return twice


def _township_floor(rule, options, chosen, budget_yuan):
    least = _exact(rule.share) * _exact(budget_yuan) * 100
    told = []
    for township in sorted(set(options.bundles["township_code"])):
        spent = _cost([one for one in chosen if one["township_code"] == township], options)
        if spent < least - _SLIGHT:
            told.append(f"{township} gets {spent} fen, not {float(least):.2f}")
    return told


def _county_share(rule, options, chosen, budget_yuan):
    here = [one for one in chosen if rule.county in (one["county_code"], one["county"])]
    spent, whole = _cost(here, options), _exact(budget_yuan) * 100
    told = []
    if spent < _exact(rule.least) * whole - _SLIGHT:
        told.append(f"{rule.county} gets {spent} fen, too little")
    if rule.most < 1 and spent > _exact(rule.most) * whole + _SLIGHT:
        told.append(f"{rule.county} gets {spent} fen, too much")
    return told


def _poor_first(rule, options, chosen, budget_yuan):
    poor = _cost([one for one in chosen if one["chance_above_without"] < 0.5], options)
    spent = _cost(chosen, options)
    asked = _exact(rule.share) * spent
    return [f"{poor} fen of {spent} to the poor"] if poor < asked - _SLIGHT * (1 + spent) / 1000 else []


def _capacity(rule, options, chosen, budget_yuan):
    told = []
    for thing in rule.of:
        told.extend(_CAPACITIES[thing](options, chosen))
    return told


def _forage(options, chosen):
    told = []
    rooms = list(options.yards["room_colonies"])
    hives = [0.0] * len(rooms)
    for one in chosen:
        if one["hives"] > 0 and one["yard"] >= 0 and not isnan(rooms[one["yard"]]):
            hives[one["yard"]] += one["hives"]
            if one["hives"] > rooms[one["yard"]]:
                told.append(f"{one['hives']} hives where flowers feed {rooms[one['yard']]}")
    for number, meadow in enumerate(options.meadows.toarray().tolist()):
        taken = sum(part * here for part, here in zip(meadow, hives) if here > 0)
        if taken > 1 + 1e-9:
            told.append(f"{taken:.3f} of meadow {number}")
    return told


def _nursery(options, chosen):
    told = []
    for year, most in enumerate(options.seedling_mu):
        mu = sum(one["juncao_mu"] for one in chosen if one["start"] <= year)
        if mu > most + 1e-9:
            told.append(f"{mu} mu of grass in plan year {year}, the nursery serves {most}")
    return told


def _guards(options, chosen):
    told = []
    for township in sorted({one["township_code"] for one in chosen}):
        posts = sum(one["guard_posts"] for one in chosen if one["township_code"] == township)
        most = options.guard_room.get(township, 0)
        if posts > most:
            told.append(f"{posts} posts in {township}, open are {most}")
    return told


def _labour(options, chosen):
    return [
        f"{one['household_id']} has {one['free_days']} days, asked for {one['days']}"
        for one in chosen
        if one["days"] > one["free_days"]
    ]


_CAPACITIES = {"forage": _forage, "nursery": _nursery, "guards": _guards, "labour": _labour}


def _slope(rule, options, chosen, budget_yuan):
    told = []
    for one in chosen:
        slope = one["slope_degrees"]
        if one["juncao_mu"] > 0 and isfinite(slope) and slope > rule.grass_degrees:
            told.append(f"grass at {slope} degrees")
        hill = one["tree_slope_degrees"]
        hill = hill if isfinite(hill) else slope
        if rule.tree_degrees is not None and one["forest_mu"] > 0 and hill > rule.tree_degrees:
            told.append(f"trees at {hill} degrees")
    return told


def _farmland(rule, options, chosen, budget_yuan):
    return [
        f"trees of {one['household_id']} on basic farmland"
        for one in chosen
        if one["forest_mu"] > 0 and one["basic_farmland"] == "yes"
    ]


def _forest_floor(rule, options, chosen, budget_yuan):
    mu = sum(one["forest_mu"] for one in chosen)
    return [f"{mu} mu of trees, not {rule.mu}"] if mu < rule.mu - 1e-9 else []


def _entries(told, count):
    return list(told) if isinstance(told, tuple) else [told] * count


def _locked_in(rule, options, chosen, budget_yuan):
    households = _entries(rule.household_id, 1)
    entries = (_entries(told, len(households)) for told in (rule.livelihood, rule.units, rule.year))
    told = []
    for household, livelihood, units, year in zip(households, *entries):
        column = PART_COLUMNS["guard" if livelihood == "forest_guard" else livelihood]
        latest = (
            len(options.seedling_mu) if year is None or isnan(year) else max(year - options.first_year, 0)
        )
        kept = [
            one
            for one in chosen
            if one["household_id"] == household and one[column] >= units and one["start"] <= latest
        ]
        if not kept:
            told.append(f"{household} does not get {units} of {livelihood}")
    return told


def _locked_out(rule, options, chosen, budget_yuan):
    everybody = not (rule.household_ids or rule.villages or rule.townships)
    told = []
    for one in chosen:
        meant = everybody or one["household_id"] in rule.household_ids
        meant = meant or one["village_code"] in rule.villages or one["village"] in rule.villages
        meant = meant or one["township_code"] in rule.townships or one["township"] in rule.townships
        held = [part for part, column in PART_COLUMNS.items() if one[column] > 0]
        if meant and (not rule.livelihoods or set(held) & set(rule.livelihoods)):
            told.append(f"{one['household_id']} gets {', '.join(held)}")
    return told


def _min_lot(rule, options, chosen, budget_yuan):
    told = []
    for position, yard in enumerate(options.yards.to_dict("records")):
        new = sum(one["hives"] for one in chosen if one["yard"] == position and one["hives"] > 0)
        there = 0 if isnan(yard["hives_there"]) else yard["hives_there"]
        if new > 0 and new + there < rule.hives - 1e-9:
            told.append(f"{new} new hives beside {there} at {yard['yard_id']}")
        if new > 0 and there + yard["room_colonies"] < rule.hives:
            told.append(f"{yard['yard_id']} has flowers for {yard['room_colonies']} beside {there}")
    return told


_CHECKS = {
    "Budget": _budget,
    "OneEach": _one_each,
    "TownshipFloor": _township_floor,
    "CountyShare": _county_share,
    "PoorFirst": _poor_first,
    "Capacity": _capacity,
    "SlopeLimit": _slope,
    "NoTreesOnFarmland": _farmland,
    "ForestFloor": _forest_floor,
    "LockedIn": _locked_in,
    "LockedOut": _locked_out,
    "MinLot": _min_lot,
}
