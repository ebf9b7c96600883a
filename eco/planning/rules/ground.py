"""Rules of the ground: what flowers, nursery, posts, days, slopes and land allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from eco.phrases import WORDS, Phrase
from eco.planning.options import Options
from eco.planning.rows import Rows, by_group
from eco.planning.rules.faults import check_amount, one_of, texts
from eco.planning.rules.places import groups_of, names_of, shut
from eco.planning.rules.wording import listed, plain

THINGS = ("forage", "nursery", "guards", "labour")
_VILLAGES_NAMED = 3


@dataclass(frozen=True)
class Capacity:
    """No more is asked than there is: of flowers, seedlings, guard posts, and a household's own days.

    forage: of no meadow is more than the whole taken; a lot of more hives than a yard's flowers feed is locked out,
    and where nobody can tell (room NaN) nothing binds. nursery: mu of grass standing in a plan year. guards: posts by
    township, none where the township is not listed. labour: bundles that ask for more than the free days are locked
    out. `of` may name fewer; another name raises DataProblem (E-PLAN-24).
    """

    of: tuple[str, ...] = THINGS

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", texts(self.of))
        one_of(self.of, THINGS, of="Capacity.of")

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """The rows of what is named, in the order forage, nursery, guards."""
        made = [_MADE[thing](options) for thing in THINGS if thing in self.of]
        return Rows.of(
            options,
            vstack([one.matrix for one in made], format="csr") if made else None,
            high=np.concatenate([one.high for one in made]) if made else None,
            labels=[label for one in made for label in one.labels],
            units=[one.unit for one in made for _ in one.labels],
            most=np.min([one.most for one in made], axis=0) if made else None,
        )

    @property
    def said(self) -> Phrase:
        """The capacities as a sentence."""
        told = listed(WORDS[f"rule_of_{thing}"] for thing in THINGS if thing in self.of)
        if not self.of:
            return Phrase("不看容量", "capacities are not looked at")
        return Phrase(f"用量不超过{told.zh}", f"no more is asked than there is of {told.en}")


def _forage(options: Options) -> Rows:
    """One row a meadow in reach of a hive that is offered: parts of it that the hives take <= 1."""
    hives, yard = _hives(options)
    room = np.append(options.yards["room_colonies"].to_numpy(float), np.nan)[yard]
    known = (hives > 0) & ~np.isnan(room)
    full = known & (hives > room)
    # What is locked out stands in no row: where there is no room at all, a hive's part of a meadow would be endless.
    bees = by_group(options, np.where(known & ~full, yard, -1), hives, rows=len(options.yards))
    meadows = csr_array(options.meadows)
    meadows.data = np.where(np.isfinite(meadows.data), meadows.data, 0.0)
    matrix = csr_array(meadows @ bees)
    matrix.eliminate_zeros()
    used = np.flatnonzero(np.diff(matrix.indptr))
    labels = _meadow_labels(options, meadows[used])
    most = shut(options, full)
    return Rows.of(options, matrix[used], high=1.0, labels=labels, unit="share of a meadow", most=most)


def _meadow_labels(options: Options, meadows: csr_array) -> list[Phrase]:
    """Meadows are known by the villages whose yards reach them."""
    named = names_of(options, "village")
    villages = [named.get(code) or str(code) for code in options.yards["village_code"]]
    labels = []
    for start, end in zip(meadows.indptr[:-1], meadows.indptr[1:]):
        here = list(dict.fromkeys(villages[yard] for yard in np.sort(meadows.indices[start:end])))
        first, more = here[:_VILLAGES_NAMED], len(here) - _VILLAGES_NAMED
        zh = "、".join(first) + (f" 等 {len(here)} 村" if more > 0 else "")
        en = ", ".join(first) + (f" and {more} more" if more > 0 else "")
        labels.append(Phrase(f"{zh}蜂场共用的余蜜源", f"flowers left over that yards of {en} share"))
    return labels


def _nursery(options: Options) -> Rows:
    """One row a plan year: mu of grass of bundles that have begun <= what the nursery serves."""
    mu, start = options.bundles["juncao_mu"].to_numpy(float), options.bundles["start"].to_numpy(int)
    years = [year for year, most in enumerate(options.seedling_mu) if np.isfinite(most)]
    rows = [by_group(options, np.where(start <= year, 0, -1), mu, rows=1) for year in years]
    calendar = [options.first_year + year for year in years]
    return Rows.of(
        options,
        vstack(rows, format="csr") if rows else None,
        high=[options.seedling_mu[year] for year in years],
        labels=[Phrase(f"{year} 年苗圃可供的亩数", f"mu the nursery serves in {year}") for year in calendar],
        unit="mu",
    )


def _guards(options: Options) -> Rows:
    """One row a township where a post is offered: posts <= posts still open."""
    posts = options.bundles["guard_posts"].to_numpy(float)
    position, codes, names = groups_of(options, "township")
    offered = np.bincount(position[posts > 0], minlength=len(codes)) > 0
    room = np.array([options.guard_room.get(code, 0.0) for code in codes])
    binding = np.flatnonzero(offered & np.isfinite(room))
    return Rows.of(
        options,
        by_group(options, position, posts, rows=len(codes))[binding],
        high=room[binding],
        labels=[Phrase(f"{names[at]}的护林岗位", f"guard posts of {names[at]}") for at in binding],
        unit="posts",
    )


def _labour(options: Options) -> Rows:
    """No row: bundles that ask for more own days than the household has left are locked out."""
    asked, free = (options.bundles[name].to_numpy(float) for name in ("days", "free_days"))
    return Rows.of(options, most=shut(options, asked > free))


_MADE = {"forage": _forage, "nursery": _nursery, "guards": _guards, "labour": _labour}


@dataclass(frozen=True)
class SlopeLimit:
    """No grass on ground steeper than `grass_degrees`, no trees on ground steeper than `tree_degrees` (None: any).

    The default is the most likely practical limit of grass, the number juncao_slope_max. Ground whose slope nobody
    knows stays, and is to be checked.
    """

    grass_degrees: float = 15.0
    tree_degrees: float | None = None
    level: ClassVar[str] = "grass_degrees"
    easing: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_amount(self, "grass_degrees", "tree_degrees")

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """No row: bundles on ground that is known to be too steep are locked out."""
        slope, hill, grass, trees = (
            options.bundles[name].to_numpy(float)
            for name in ("slope_degrees", "tree_slope_degrees", "juncao_mu", "forest_mu")
        )
        steep = (grass > 0) & (slope > self.grass_degrees)
        if self.tree_degrees is not None:
            # Of a bundle with grass and trees the one slope is its field's; the trees stand on another ground.
            steep |= (trees > 0) & (np.where(np.isnan(hill), slope, hill) > self.tree_degrees)
        return Rows.of(options, most=shut(options, steep))

    @property
    def said(self) -> Phrase:
        """The limit as a sentence."""
        told = plain(self.grass_degrees)
        zh, en = f"坡度超过 {told} 度的地不种草", f"no grass on ground steeper than {told} degrees"
        if self.tree_degrees is not None:
            zh += f"，超过 {plain(self.tree_degrees)} 度的地不造林"
            en += f", no trees on ground steeper than {plain(self.tree_degrees)} degrees"
        return Phrase(zh, en)


@dataclass(frozen=True)
class NoTreesOnFarmland:
    """No trees on permanent basic farmland (永久基本农田); where nobody knows, the offer stays, to be checked."""

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """No row: bundles with trees on land that is known to be basic farmland are locked out."""
        trees = options.bundles["forest_mu"].to_numpy(float) > 0
        farmland = options.bundles["basic_farmland"].eq("yes").to_numpy(bool)
        return Rows.of(options, most=shut(options, trees & farmland))

    @property
    def said(self) -> Phrase:
        """The rule as a sentence."""
        return Phrase("永久基本农田上不造林", "no trees on permanent basic farmland")


@dataclass(frozen=True)
class ForestFloor:
    """At least `mu` of trees in all."""

    mu: float
    level: ClassVar[str] = "mu"
    easing: ClassVar[int] = -1

    def __post_init__(self) -> None:
        check_amount(self, "mu")

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """One row: mu of trees >= mu."""
        matrix = by_group(options, 0, options.bundles["forest_mu"], rows=1)
        return Rows.of(options, matrix, low=self.mu, labels=[self.said], unit="mu")

    @property
    def said(self) -> Phrase:
        """The floor as a sentence."""
        return Phrase(f"造林合计至少 {plain(self.mu)} 亩", f"at least {plain(self.mu)} mu of trees in all")


@dataclass(frozen=True)
class MinLot:
    """A yard at which new hives stand holds at least `hives` with those already there, at the end of the plan.

    Where the flowers left over are known not to feed that many, or all lots together do not make them, none is placed.
    """

    hives: float = 10
    level: ClassVar[str] = "hives"
    easing: ClassVar[int] = -1

    def __post_init__(self) -> None:
        check_amount(self, "hives")

    def rows(self, options: Options, budget_yuan: float) -> Rows:
        """Two rows a yard j that lacks hives, over its new hives n_j and its column z_j (1 where new hives stand).

        n_j - lacking_j z_j >= 0 and n_j - most_j z_j <= 0, with lacking_j = hives - hives there and most_j the sum of
        every household's largest lot there. This says the same as n_j + there_j >= hives z_j, and allows less where
        z_j is a fraction. Yards that need no z have theirs at 0.
        """
        yards = options.yards
        lacking = np.clip(self.hives - np.nan_to_num(yards["hives_there"].to_numpy(float)), 0, None)
        most = _largest_lots(options)
        cannot = (lacking > most) | (lacking > yards["room_colonies"].to_numpy(float))
        asked = np.flatnonzero((lacking > 0) & (most > 0) & ~cannot)
        hives, yard = _hives(options)
        new = by_group(options, yard, hives, rows=len(yards))[asked]
        rows = [_less_opened(new, options, asked, times[asked]) for times in (lacking, most)]
        named = names_of(options, "village")
        names = [named.get(code) or str(code) for code in yards["village_code"].to_numpy()[asked]]
        told = plain(self.hives)
        lots = [
            Phrase(f"{name}蜂场至少 {told} 箱", f"at least {told} hives at the yard of {name}")
            for name in names
        ]
        opened = [
            Phrase(f"{name}蜂场是否放新箱", f"whether new hives stand at the yard of {name}")
            for name in names
        ]
        closed = shut(options, (hives > 0) & np.append(cannot, False)[yard])
        closed[len(options.bundles) :] = np.isin(np.arange(len(yards)), asked)
        return Rows.of(
            options,
            vstack(rows, format="csr"),
            low=np.repeat([0.0, -np.inf], len(asked)),
            high=np.repeat([np.inf, 0.0], len(asked)),
            labels=lots + opened,
            unit="hives",
            most=closed,
        )

    @property
    def said(self) -> Phrase:
        """The rule as a sentence."""
        told = plain(self.hives)
        return Phrase(
            f"放新箱的蜂场连同已有的至少 {told} 箱",
            f"a yard with new hives holds at least {told} with those already there",
        )


def _hives(options: Options) -> tuple[np.ndarray, np.ndarray]:
    """Hives of every bundle and the position of their yard, -1 where there are none, (bundles,)."""
    hives = options.bundles["hives"].to_numpy(float)
    return hives, np.where(hives > 0, options.bundles["yard"].to_numpy(int), -1)


def _largest_lots(options: Options) -> np.ndarray:
    """Most hives that can be placed at every yard, (yards,): a household gets one of its bundles."""
    hives, yard = _hives(options)
    lots = pd.Series(hives).groupby([options.household, yard]).max()
    at = lots.index.get_level_values(1).to_numpy(int)
    return np.bincount(at[at >= 0], weights=lots.to_numpy()[at >= 0], minlength=len(options.yards))


def _less_opened(new: csr_array, options: Options, yards: np.ndarray, times: np.ndarray) -> csr_array:
    """New hives of a yard less so many times the yard's own column, (yards asked, columns)."""
    at = (np.arange(len(yards)), len(options.bundles) + yards)
    return csr_array(new - csr_array((times, at), shape=new.shape))
