"""Households without their names and doors: pseudonyms and moved points that hang on a secret key.

Whoever has the key can repeat both; it comes from `secrets.token_bytes` and is never written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

FEWEST_NEAR = 5  # the spatial k that is promised
INNER_M = 100.0  # a point moves at least this far
OUTER_M = 500.0  # and at most this far, where enough households live around
_WIDER = 5  # how often the outer bound may double: at most 16 km
_TRIES = 12  # spots looked at before the bound doubles
_APART_M = 1e7  # townships stand so far apart that none is searched for another's households
_HASH_ROOM = 2**32


@dataclass(frozen=True)
class Masked:
    """Points (n, 2) in metres, NaN where no place reached `promised`; k measured at each, 0 where left out."""

    points: np.ndarray
    k: np.ndarray
    promised: int

    @property
    def left_out(self) -> int:
        """Households whose point is not given."""
        return int((self.k == 0).sum())


def pseudonyms(ids: pd.Series, key: bytes) -> pd.Series:
    """Names that say nothing: "H" and ten signs, a keyed hash that nobody without `key` can repeat."""

    def pseudonym(name: str) -> str:
        digest = hashlib.blake2b(str(name).encode(), key=key, digest_size=8).digest()
        return "H" + np.base_repr(int.from_bytes(digest), 36)[-10:].rjust(10, "0")

    return ids.map(pseudonym)


def donut(
    xy: np.ndarray,
    ids: pd.Series,
    townships: pd.Series,
    *,
    key: bytes,
    outlines: Mapping[str, shapely.Geometry],
    promised: int = FEWEST_NEAR,
    inner_m: float = INNER_M,
    outer_m: float = OUTER_M,
) -> Masked:
    """Every household's point (n, 2) moved out of a hole and into a ring around it, with the spatial k it reached.

    Direction and distance hang on the key: at least `inner_m` and at most `outer_m` away, all places of the ring alike,
    inside the outline of the household's own township where it has one, in whole metres. The k of a moved point m of a
    household at x, among the households of the same township (all of them, as they stand in the register), is the
    smaller of

        households at most |m - x| from m, itself among them          who looks for the nearest finds k - 1 others first
        households from which m lies between both bounds of the ring  who knows the bounds cannot tell these apart

    The bound doubles where `promised` is not reached, up to 32 times `outer_m`; a household that never reaches it gets
    no point. The method is geographic masking by a donut with its spatial k-anonymity measured afterwards (Hampton and
    others 2010, doi 10.1093/aje/kwq248).
    """
    from scipy.spatial import cKDTree

    xy = np.asarray(xy, float).reshape(-1, 2)
    town = pd.factorize(townships.to_numpy(dtype=object))[0]
    tree = cKDTree(np.column_stack([xy, town * _APART_M]))
    points, reached = np.full(xy.shape, np.nan), np.zeros(len(xy), int)
    open_ = np.arange(len(xy))
    for wider in range(_WIDER + 1):
        outer = outer_m * 2**wider
        for attempt in range(_TRIES):
            if not len(open_):
                break
            salt = b"ring%d.%d" % (wider, attempt)
            spots = _spots(xy[open_], _chances(ids.iloc[open_], key, salt), inner_m, outer)
            inside = _within(spots, townships.iloc[open_], outlines)
            k = np.where(inside, _k(tree, spots, xy[open_], town[open_], inner_m, outer), 0)
            good = k >= promised
            points[open_[good]], reached[open_[good]] = spots[good], k[good]
            open_ = open_[~good]
    return Masked(points, reached, promised)


def _chances(ids: pd.Series, key: bytes, salt: bytes) -> np.ndarray:
    """Two numbers 0..1 for every id that only the key repeats: (n, 2)."""
    spots = [hashlib.blake2b(str(name).encode(), key=key, person=salt, digest_size=8) for name in ids]
    raw = np.frombuffer(b"".join(spot.digest() for spot in spots), dtype="<u4").reshape(-1, 2)
    return raw / _HASH_ROOM


def _spots(xy: np.ndarray, chances: np.ndarray, inner_m: float, outer_m: float) -> np.ndarray:
    """Places in the ring around each point, in whole metres."""
    far = np.sqrt(inner_m**2 + chances[:, 0] * (outer_m**2 - inner_m**2))
    turn = 2 * np.pi * chances[:, 1]
    return np.round(xy + np.column_stack([far * np.cos(turn), far * np.sin(turn)]))


def _within(spots: np.ndarray, townships: pd.Series, outlines: Mapping[str, shapely.Geometry]) -> np.ndarray:
    """Whether each place lies in its own township; a township without an outline holds all places."""
    inside = np.ones(len(spots), bool)
    codes = townships.to_numpy(dtype=object)
    for code in pd.unique(codes):
        outline = outlines.get(code)
        if outline is not None and shapely.get_dimensions(outline) == 2:
            mine = codes == code
            inside[mine] = shapely.contains_xy(outline, spots[mine])
    return inside


def _k(tree, spots: np.ndarray, xy: np.ndarray, town: np.ndarray, inner_m: float, outer_m: float):
    """The k of each place, as `donut` counts it."""
    at = np.column_stack([spots, town * _APART_M])
    away = np.hypot(*(spots - xy).T)

    def within(metres) -> np.ndarray:
        return tree.query_ball_point(at, metres, return_length=True)

    # One point more or less within a rounding is no matter of k: equally far counts as nearer.
    nearer = within(away + 1e-6)
    ring = within(np.full(len(at), outer_m)) - within(np.full(len(at), inner_m - 1e-6))
    return np.minimum(nearer, ring)
