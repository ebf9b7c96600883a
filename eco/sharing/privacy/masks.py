"""Households without their names and doors: pseudonyms and blurred places that hang on a secret key."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd


def pseudonyms(ids: pd.Series, key: bytes) -> pd.Series:
    """Names that say nothing: "H" and ten signs, a keyed hash that nobody without `key` can repeat."""

    def pseudonym(name: str) -> str:
        digest = hashlib.blake2b(str(name).encode(), key=key, digest_size=8).digest()
        return "H" + np.base_repr(int.from_bytes(digest), 36)[-10:].rjust(10, "0")

    return ids.map(pseudonym)


def blur(xy: np.ndarray, ids: pd.Series, *, key: bytes, grid_m: float) -> np.ndarray:
    """Points (n, 2) moved inside their grid cell to a spot that the key chooses, wherever they were."""
    spots = [hashlib.blake2b(str(name).encode(), key=key, person=b"spot", digest_size=8) for name in ids]
    raw = np.frombuffer(b"".join(spot.digest() for spot in spots), dtype="<u4").reshape(-1, 2)
    return (np.floor(np.asarray(xy) / grid_m) + raw / 2**32) * grid_m
