"""Columns and steps as short text that a page carries: no digit, quote, bracket or slash in a packed number.

Texts stay texts and numbers of nine digits and more stay numbers, so that the release gate can read them.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

# No digit, quote, bracket or slash: packed numbers never look like an id, a tag or an address.
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%*+,-.;?_"
_SIGNS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_WORD = re.compile(r"[0-9A-Za-z_-]+")
_BLOCK = 60  # numbers a block: each bit more is ten signs, none of them half used
_LONG = 10**9  # from here on a number may be somebody's: it is written out
_DECIMALS = {
    **{"forest_mu": 1, "juncao_mu_seasons": 1, "mu": 1, "overlap_mu": 1, "saturation": 2},
    **{"plan_juncao_mu": 1, "plan_forest_mu": 1, "forage_persons_per_hive": 3},
}


def pack(numbers: np.ndarray) -> str:
    """Whole numbers as text: zigzag, then five bits a sign, 32 added where more follow.

    >>> pack([0, -1, 1, 15, 16])
    'ABCegB'
    """
    signed = np.asarray(numbers, dtype=np.int64)
    rest = np.where(signed < 0, -2 * signed - 1, 2 * signed)
    columns = []
    while True:
        columns.append(rest)
        rest = rest >> 5
        if not rest.any():
            break
    places = np.stack(columns, axis=1)
    needed = (places > 0) | (np.arange(places.shape[1]) == 0)
    digits = (places & 31) + np.where(places >> 5 > 0, 32, 0)
    return _SIGNS[digits[needed]].tobytes().decode()


def pack_blocks(numbers: np.ndarray) -> str:
    """Whole numbers from 0 up as text: sixty a block, one sign for the bits of its largest, then six bits a sign.

    The last block is filled up with zeros; a block of zeros is one sign.

    >>> pack_blocks([0, 0]), pack_blocks([1] + [0] * 59)
    ('A', 'BgAAAAAAAAA')
    """
    whole = np.asarray(numbers, dtype=np.int64)
    blocks = np.zeros((-(-len(whole) // _BLOCK), _BLOCK), dtype=np.int64)
    blocks.ravel()[: len(whole)] = whole
    widths = np.array([int(largest).bit_length() for largest in blocks.max(axis=1)], dtype=np.int64)
    answer = np.empty(len(blocks), dtype=object)
    for width in np.unique(widths):
        rows = np.flatnonzero(widths == width)
        bits = (blocks[rows][:, :, None] >> np.arange(width)[::-1]) & 1
        signs = (
            bits.reshape(len(rows), -1, 6) @ (1 << np.arange(6)[::-1])
            if width
            else np.zeros((len(rows), 0), int)
        )
        signs = np.hstack([np.full((len(rows), 1), width), signs])
        answer[rows] = [_SIGNS[row].tobytes().decode() for row in signs]
    return "".join(answer)


def pack_columns(frame: pd.DataFrame) -> dict[str, object]:
    """Each column of a frame, packed as its values allow."""
    return {str(name): pack_column(frame[name]) for name in frame.columns}


def pack_column(column: pd.Series) -> object:
    """Numbers and yes/no as blocks, repeated texts as a list of them and their places in it, others as they are.

    A number is a whole count of steps of 10^-k above `low`; 0 stands for a missing one. Money and heads are whole,
    mu have one decimal, shares and chances three.
    """
    column = column.infer_objects()
    if _is_yes_or_no(column):
        answers = [0 if pd.isna(value) else 1 + bool(value) for value in column]
        return {"n": pack_blocks(np.array(answers, dtype=np.int64)), "low": 0, "k": 0}
    if pd.api.types.is_numeric_dtype(column):
        return _packed_numbers(column.to_numpy(dtype=float, na_value=np.nan), _decimals(str(column.name)))
    texts = [None if pd.isna(value) else str(value) for value in column]
    known = sorted({text for text in texts if text is not None})
    if 2 * len(known) > len(texts):
        bare = len(texts) > 1 and all(text is not None and _WORD.fullmatch(text) for text in texts)
        return {"words": " ".join(text or "" for text in texts)} if bare else texts
    place = {text: at + 1 for at, text in enumerate(known)}
    return {"of": known, "at": pack_blocks(np.array([0 if text is None else place[text] for text in texts]))}


def _is_yes_or_no(column: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(column):
        return True
    known = column.dropna()
    return (
        column.dtype == object
        and len(known) > 0
        and all(isinstance(value, bool | np.bool_) for value in known)
    )


def _decimals(name: str) -> int:
    if name.endswith("_share") or name.startswith("chance_"):
        return 3
    return _DECIMALS.get(name, 0)


def _packed_numbers(values: np.ndarray, decimals: int) -> object:
    known = np.isfinite(values)
    if not known.any():
        return {"n": pack_blocks(np.zeros(len(values))), "low": 0, "k": 0}
    if np.abs(values[known]).max() * 10**decimals >= _LONG:
        return [round(float(value), decimals) if np.isfinite(value) else None for value in values]
    steps = np.round(np.where(known, values, 0) * 10**decimals).astype(np.int64)
    low = int(steps[known].min())
    return {"n": pack_blocks(np.where(known, steps - low + 1, 0)), "low": low, "k": decimals}
