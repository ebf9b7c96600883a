"""The numbers of places in an edition: one year's, other years', other estimates'; hidden where too few stand behind.

Kinds of numbers have households of their own behind them, and each kind its own decision for a place: gains (of all
years and scenarios), their one-off part, who is left out, who stands above the line. What is not told of the gain is
not told of the others either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from eco.income.gains import Gains
from eco.income.places import chances_without, cut_codes, left_out, place_shares
from eco.records.tables import POOR_TYPES
from eco.sharing.privacy import groups
from eco.sharing.privacy.editions import Edition
from eco.sharing.release.sites import with_saturation, with_totals
from eco.sharing.release.told import LEVELS

PLACE_TABLES = {"county": "counties", "township": "townships", "village": "villages"}
_GAIN = tuple(f"{name}_{end}" for name in ("gain_yuan", "gain_per_head") for end in ("mean", "p10", "p90"))
_ONE_OFF = ("one_off_share",)
_LEFT_OUT = ("persons_left_out", "left_out_share")
_LINE = ("chance_above_line", "chance_above_line_without")


@dataclass(frozen=True)
class Hidden:
    """Codes of the places that are not told, by kind of number, with "" where the whole file is not."""

    gain: frozenset[str] = frozenset()
    one_off: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    line: frozenset[str] = frozenset()

    def out_of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A frame of places (code, name and numbers) without what is hidden, with `shown`."""
        answer = groups.blanked(frame, frame["code"].isin(self.gain))
        kinds = ((_ONE_OFF, self.one_off), (_LEFT_OUT, self.left_out), (_LINE, self.line))
        for names, codes in kinds:
            own = [name for name in names if name in answer]
            answer.loc[answer["code"].isin(codes).to_numpy(), own] = np.nan
        return answer


def hidden_places(
    project,
    gains,
    *,
    year: int,
    years: Iterable[int] = (),
    scenarios: Mapping[str, Gains] | None = None,
    earlier: Sequence = (),
) -> Hidden:
    """What the public edition may not tell of a year, with other years and scenarios beside it.

    `earlier`: the estimates behind public editions given away before, the oldest first: their numbers stand beside
    this one's, and what they hid of anybody stays hidden.
    """
    own, years, scenarios = gains.households(year=year), list(years), scenarios or {}
    estimates = {"own": own} | {f"year {one}": gains.households(year=one) for one in years}
    estimates |= {f"scenario {name}": other.households(year=year) for name, other in scenarios.items()}
    untold = {code for one in (year, *years) for code in _losing(gains.households(year=one))}
    never: set[str] = set()
    stood: dict[tuple[str, int], pd.DataFrame] = {}
    for number, before in enumerate(earlier):
        stood |= {
            ("own" if one == year else f"year {one}", number): before.households(year=one)
            for one in (year, *years)
        }
        told = hidden_places(
            before.exposure.project, before, year=year, years=years, earlier=earlier[:number]
        )
        homes = stood["own", number]
        linked = homes.loc[homes["linked"].astype(bool), "village_code"]
        of_somebody = {code for level in LEVELS for code in cut_codes(linked, level)}
        never |= told.gain & (of_somebody | {groups.FILE})
    published = {level: getattr(project, PLACE_TABLES[level])["code"] for level in LEVELS}
    coarse = [name for name in estimates if name.startswith("scenario ")]
    shares = groups.gain_shares(estimates, earlier=stood, coarse=coarse)
    hidden = groups.hidden_places(shares, published, never=never, untold=untold)
    if not isinstance(gains, Gains):
        return Hidden(hidden)
    others = (
        groups.hidden_places(one, published, untold=hidden)
        for one in (
            _one_off_shares(own),
            _left_out_shares(project, gains, own),
            _line_shares(gains, own, year),
        )
    )
    return Hidden(hidden, *others)


def _losing(homes: pd.DataFrame) -> list[str]:
    sums = homes.groupby("village_code")["gain_yuan_mean"].sum()
    return groups.losing(sums.rename_axis("code").reset_index())


def _one_off_shares(homes: pd.DataFrame) -> groups.Shares:
    """Gain and its one-off part, and so the recurrent one: each has households of its own, or nobody."""
    sides = {
        "gain": groups.recorded_yuan(homes),
        "one off": groups.recorded_yuan(homes, "gain_one_off_yuan"),
    }
    return groups.Shares.of(homes["village_code"], sides, needed=["gain"], beside=[("gain", "one off")])


def _left_out_shares(project, gains: Gains, homes: pd.DataFrame) -> groups.Shares:
    """Persons left out and not, of registered households: both sides are known where one is."""
    types = project.households.set_index("household_id")["register_type"].reindex(homes["household_id"])
    registered = homes["persons"].where(types.isin(POOR_TYPES).to_numpy(), 0).to_numpy(float)
    out = left_out(gains).reindex(homes["household_id"]).to_numpy(dtype=bool)
    sides = {"out": np.where(out, registered, 0.0), "in": np.where(out, 0.0, registered)}
    return groups.Shares.of(homes["village_code"], sides, needed=sides)


def _line_shares(gains: Gains, homes: pd.DataFrame, year: int) -> groups.Shares:
    """Judged persons above the line and below it, with the programme and without, and what it changes."""
    sides = {}
    without = chances_without(gains, year).to_numpy(float)
    persons = homes["persons"].to_numpy(float)
    for name, chance in (("with", homes["chance_above_line"].to_numpy(float)), ("without", without)):
        sides[f"above {name}"] = persons * chance
        sides[f"below {name}"] = persons * (1 - chance)
    beside = [("above with", "above without")]
    return groups.Shares.of(homes["village_code"], sides, needed=sides, beside=beside)


def numbers_of(gains, level: str, year: int) -> pd.DataFrame:
    """All numbers of the places of a level: `Gains.by` with gain per head, basis and shares; nothing hidden."""
    frame = gains.by(level, year=year)
    persons = frame["persons"].where(frame["persons"] > 0)
    frame = frame.assign(**{f"gain_per_head_{end}": frame[f"gain_yuan_{end}"] / persons for end in _ENDS})
    homes = gains.households(year=year)
    share = recorded_share(homes).groupby(cut_codes(homes["village_code"], level)).mean()
    frame["basis"] = basis_of(frame["code"].map(share).to_numpy(dtype=float))
    if isinstance(gains, Gains):
        frame = frame.merge(place_shares(gains, level, year), on="code", how="left")
    return frame


_ENDS = ("mean", "p10", "p90")


def recorded_share(households: pd.DataFrame) -> pd.Series:
    """How far a household's links are recorded: 1, 0.5 where some are inferred, 0; NaN without a link."""
    recorded, inferred = households["linked"].astype(float), households["inferred"].astype(float)
    return recorded / (recorded + inferred).where(recorded + inferred > 0)


def basis_of(share: np.ndarray) -> np.ndarray:
    """Position in `BASES` of each share of recorded links; NaN means there is none."""
    steps = np.select([share <= 0, share < 0.5, share < 1], [1, 2, 3], 4)
    return np.where(np.isnan(share), 0, steps).astype(float)


def edition_numbers(gains, rules: Edition, year: int, hidden: Hidden) -> dict[str, pd.DataFrame]:
    """The numbers of one year by level, hidden where the edition hides them."""
    answer = {}
    for level in LEVELS:
        frame = numbers_of(gains, level, year)
        if rules.name == "public":
            frame = hidden.out_of(groups.without_losses(frame) if level == "village" else frame)
        else:  # None where there is nobody to show
            some = frame["households"] > 0
            frame = frame.assign(shown=some.astype(object).where(some, None))
        answer[level] = frame.assign(basis=frame["basis"].where(frame["shown"].eq(True)))
    return answer


def other_numbers(
    gains, rules: Edition, year: int, hidden: Hidden, *, levels: Sequence[str] = LEVELS
) -> dict[str, pd.DataFrame]:
    """Numbers of another year or estimate by level, indexed by code: of the public edition gains only."""
    numbers = edition_numbers(gains, rules, year, hidden)
    answer = {}
    for level in levels:
        frame = rules.allow(numbers[level], level).set_index(pd.Index(numbers[level]["code"], name="code"))
        kept = _GAIN if rules.name == "public" else [name for name in frame if name not in ("name", "basis")]
        answer[level] = frame[[name for name in kept if name in frame]]
    return answer


def edition_places(
    project,
    numbers: Mapping[str, pd.DataFrame],
    rules: Edition,
    *,
    sites: Mapping[str, pd.DataFrame],
    shown_sites: Mapping[str, pd.DataFrame],
    links: pd.DataFrame,
) -> dict[str, gpd.GeoDataFrame]:
    """The three levels with their outlines, names and what the edition may carry of `numbers`."""
    answer = {}
    for level in LEVELS:
        places = getattr(project, PLACE_TABLES[level])[["code", "name", "geometry"]].sort_values("code")
        places = places.reset_index(drop=True)
        if level in numbers:
            places = places.merge(numbers[level].drop(columns="name"), on="code", how="left")
            places = with_saturation(places, shown_sites["bees"], level)
        if level == "township" and level in numbers:
            places = with_totals(places, sites, links, rules)
        places = places.assign(parent=[groups.parent_code(code, level) for code in places["code"]])
        allowed = rules.allow(places, level).set_index(places["code"])
        answer[level] = gpd.GeoDataFrame(allowed, geometry=places.geometry.to_numpy(), crs="EPSG:4544")
    return answer
