"""Offers made up at random, small enough to try every choice there is; nobody's register, nobody's prices."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from plan_checker import broken
from scipy.sparse import csr_array

from eco.planning.options import KINDS, Options

PARTS = ("hives", "juncao_mu", "forest_mu", "guard_posts")


def places(township, village):
    """The columns of a bundle's place: townships and villages by number, one county."""
    return {
        "township_code": f"621102{101 + township:03d}000", "township": f"镇{township}",
        "village_code": f"621102{101 + township:03d}{201 + village:03d}", "village": f"村{township}-{village}",
        "county_code": "621102", "county": "安定区",
    }  # fmt: skip


def few_options(**columns):
    """One household a bundle, named a, b, c ..., of two hives for 1000 yuan, with columns told bundle by bundle.

    `at` tells their places by township and village; else each is in a village of its own.
    """
    count = len(next(iter(columns.values())))
    at = columns.pop("at", [(0, village) for village in range(count)])
    ids = {"household_id": list("abcdefgh"[:count])}
    table = pd.DataFrame([places(*place) for place in at]).assign(hives=2.0, cost_one_off_yuan=1000.0)
    return Options.of(table.assign(**(ids | columns)))


def random_options(seed, *, townships=2, villages=2, homes=2, bundles=2, yards=False, **more):
    """So many households a village with so many bundles each, of one part each; costs in fen, worths in hundredths."""
    dice = np.random.default_rng(seed)
    rows = []
    for township, village, home in product(range(townships), range(villages), range(homes)):
        for _ in range(bundles):
            part = PARTS[dice.integers(3)]
            gap, lifted, gain = (dice.integers(1, most) / 100 for most in (90_000, 300, 90_000))
            bad = dice.uniform(-0.5, 0.9, 3).round(2)
            rows.append(
                {
                    "household_id": f"H{township}{village}{home:03d}", **places(township, village),
                    **{name: float(dice.integers(2, 11)) if name == part else 0.0 for name in PARTS},
                    "yard": township if part == "hives" and yards else -1,
                    "cost_one_off_yuan": dice.integers(50_000, 900_000) / 100,
                    "basic_farmland": dice.choice(["yes", "no"]),
                    "chance_above_without": dice.random(), "gap_yuan": gap, "lifted_persons": lifted,
                    "gain_yuan_mean": gain, "gap_yuan_bad": gap * bad[0], "lifted_persons_bad": lifted * bad[1],
                    "gain_yuan_bad": gain * bad[2],
                }
            )  # fmt: skip
    if yards:
        more |= {"yards": _yards(dice, townships), "meadows": csr_array(np.full((1, townships), 1 / 25))}
    return Options.of(pd.DataFrame(rows), **more)


def _yards(dice, count):
    return pd.DataFrame(
        {
            "yard_id": [f"Y{place}" for place in range(count)],
            "village_code": [places(place, 0)["village_code"] for place in range(count)],
            "hives_there": dice.integers(0, 9, count).astype(float),
            "room_colonies": 25.0,
        }
    )


# What the checker reads of a bundle, beside its costs.
_READ = (
    *(
        "household_id",
        "township_code",
        "county_code",
        "county",
        "village_code",
        "village",
        "township",
        "start",
    ),
    *(
        *PARTS,
        "yard",
        "days",
        "free_days",
        "slope_degrees",
        "tree_slope_degrees",
        "basic_farmland",
        "chance_above_without",
    ),
    *(f"cost_{kind}_yuan" for kind in KINDS),
    *(f"cost_{part}_{kind}_yuan" for part in ("bees", "juncao", "forest", "guard") for kind in KINDS),
)


def ways(options, rules, budget_yuan):
    """Every choice that keeps the rules, by the checker that shares nothing with the planner: bundles by position."""
    slim = replace(options, bundles=options.bundles[list(_READ)])
    yuan = options.bundles[[f"cost_{kind}_yuan" for kind in KINDS]].sum(axis=1).to_numpy()
    several = [[None, *own] for own in options.bundles.groupby("household_id", sort=True).indices.values()]
    for way in product(*several):
        taken = [bundle for bundle in way if bundle is not None]
        if yuan[taken].sum() <= budget_yuan + 1 and not broken(slim, taken, rules, budget_yuan):
            yield np.array(taken, int)
