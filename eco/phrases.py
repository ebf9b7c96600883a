"""Every word a person sees, in Chinese and in English: one catalogue, words.csv.

A new word is a new row there. What a key begins with says where it stands: map_, sheet_, layer_, book_, report_,
brief_, notice_, picture_, locked_, gate_, column_, measure_, and so on; `{names}` are filled in by who says it.
"""

from __future__ import annotations

from csv import reader
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import NamedTuple


class Phrase(NamedTuple):
    """The same words in Chinese and in English."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        """The words in one language, "zh" or "en"."""
        return self.zh if lang == "zh" else self.en


def _catalogue() -> dict[str, Phrase]:
    """The words by key, as words.csv beside this file holds them: key, zh, en."""
    with Path(__file__).with_name("words.csv").open(encoding="utf-8", newline="") as file:
        return {key: Phrase(zh, en) for key, zh, en in islice(reader(file), 1, None)}


WORDS = _catalogue()


def word(key: str, lang: str = "zh") -> str:
    """The word of a key; an unknown key names its neighbours.

    >>> word("bees"), word("bees", "en")
    ('中蜂', 'Chinese bees')
    """
    if key not in WORDS:
        raise KeyError(f"no word {key!r}; near: {', '.join(neighbours(key, WORDS))}")
    return WORDS[key].say(lang)


def neighbours(name: str, known) -> list[str]:
    """Up to three known names that look like `name`.

    >>> neighbours("hony_price", ["honey_price", "guard_wage"])
    ['honey_price']
    """
    return get_close_matches(name, list(known), n=3, cutoff=0.5)
