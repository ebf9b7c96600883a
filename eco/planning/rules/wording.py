"""Numbers in the sentences of rules."""

from __future__ import annotations

import math
from collections.abc import Iterable

from eco.phrases import WORDS, Phrase


def plain(value: float) -> str:
    """A number with no more decimals than it has, at most two.

    >>> plain(3000000), plain(0.5), plain(1234.567)
    ('3,000,000', '0.5', '1,234.57')
    """
    return f"{value:,.2f}".rstrip("0").removesuffix(".")


def percent(share: float) -> str:
    """A share in per cent.

    >>> percent(0.005), percent(0.07)
    ('0.5 %', '7 %')
    """
    return f"{100 * share:.10g} %"


def amount(part: str, units: float) -> Phrase:
    """So many hives, mu or posts.

    >>> amount("bees", 5).en
    '5 hives of bees'
    """
    told = WORDS[f"rule_amount_{part}"]
    return Phrase(told.zh.format(units=plain(units)), told.en.format(units=plain(units)))


def listed(phrases: Iterable[Phrase]) -> Phrase:
    """Several phrases as a list in each language.

    >>> listed([Phrase("蜂", "bees"), Phrase("草", "grass")])
    Phrase(zh='蜂、草', en='bees, grass')
    """
    several = list(phrases)
    return Phrase("、".join(one.zh for one in several), ", ".join(one.en for one in several))


def whole_fen(yuan: float, *, up: bool) -> float:
    """The next amount of whole fen from which, or up to which, sums of whole fen keep a bound, in yuan.

    A millionth of a fen is taken for what binary fractions lose.

    >>> whole_fen(10.004, up=True), whole_fen(10.006, up=False), whole_fen(0.07 * 3_000_000, up=True)
    (10.01, 10.0, 210000.0)
    """
    fen = yuan * 100
    return (math.ceil(fen - 1e-6) if up else math.floor(fen + 1e-6)) / 100
