"""How near each household is to each site: on foot over the terrain where it is known, else in a straight line.

Both are told in the metres of `reach_work` and `reach_decay`, which were judged on the map: a walk counts as the
straight line that takes as long on ordinary ground, where a way is `walk_detour` times as long as the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from eco.parameters.numbers import Numbers
from eco.space.reach import decay, pairs_within
from eco.space.walking import pace_minutes, straight_minutes, walks_within

ELEVATIONS = ("elevation_fine", "elevation")  # the finer one first
TERRAIN, STRAIGHT = "walking time over the terrain", "straight line"


@dataclass(frozen=True)
class Nearness:
    """For every site of a livelihood: which households are in reach, how close each is, and how that was told."""

    site_ids: pd.Index
    bounds: np.ndarray  # (sites + 1,): where the pairs of each site start
    homes: np.ndarray  # (pairs,): positions among the households
    closeness: np.ndarray  # (pairs,): 1 at the door, 1/e at `reach_decay`
    walked: np.ndarray  # (sites,): over the terrain

    def of(self, site_ids: pd.Index) -> list[tuple[np.ndarray, np.ndarray]]:
        """Households and their closeness, for each of some sites."""
        spans = list(pairwise(self.bounds))
        chosen = [spans[at] for at in self.site_ids.get_indexer(site_ids)]
        return [(self.homes[a:b], self.closeness[a:b]) for a, b in chosen]


def near_sites(
    sites: pd.DataFrame,
    points: np.ndarray,
    able: np.ndarray,
    *,
    rasters: Mapping[str, Path],
    numbers: Numbers,
) -> Nearness:
    """Households among `able` (positions in `points`, (n, 2) in metres) in reach of the programme's sites.

    The first elevation raster that tells of a site is used, for all households near it but those on unknown ground.
    """
    sites = sites[sites["in_programme"] > 0]
    places = sites[["x", "y"]].to_numpy()
    radius_m, detour = numbers["reach_work"].mode * 1000, numbers["walk_detour"].mode
    walked, found = np.zeros(len(sites), bool), []
    for name in ELEVATIONS:
        left = np.flatnonzero(~walked)
        if name in rasters and len(left):
            limit = straight_minutes(radius_m, detour)
            walks = walks_within(rasters[name], points[able], places[left], limit_minutes=limit)
            walked[left[walks.told]] = True
            site, home = left[walks.site], walks.point
            line = np.hypot(*(points[able[home]] - places[site]).T)
            metres = np.where(np.isnan(walks.minutes), line, as_distance(walks.minutes, detour))
            found.append((site[metres <= radius_m], home[metres <= radius_m], metres[metres <= radius_m]))
    left = np.flatnonzero(~walked)
    site, home, metres = pairs_within(places[left], points[able], radius_m=radius_m)
    found.append((left[site], home, metres))
    site, home, metres = (np.concatenate(parts) for parts in zip(*found))
    order = np.argsort(site, kind="stable")
    near = decay(metres[order], numbers["reach_decay"].mode * 1000)
    bounds = np.searchsorted(site[order], np.arange(len(sites) + 1))
    return Nearness(sites.index, bounds, able[home[order]], near, walked)


def as_distance(minutes, detour):
    """Metres of the straight line that takes as long on ordinary ground.

    >>> round(float(as_distance(straight_minutes(2500.0, 1.3), 1.3)), 6)
    2500.0
    """
    return minutes / pace_minutes(0.0) / detour


def told_by(near: Mapping[str, Nearness]) -> str:
    """In words: by what the reach of all sites was told."""
    walked = np.concatenate([one.walked for one in near.values()] or [np.zeros(0, bool)])
    if not walked.any():
        return STRAIGHT
    if walked.all():
        return TERRAIN
    return f"{TERRAIN} for {walked.sum():,} of {len(walked):,} sites, {STRAIGHT} for the others"
