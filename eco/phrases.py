"""Every word a person sees, in Chinese and in English: one catalogue."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple


class Phrase(NamedTuple):
    """The same words in Chinese and in English."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        """The words in one language, "zh" or "en"."""
        return self.zh if lang == "zh" else self.en


WORDS: dict[str, Phrase] = {
    "forest": Phrase("生态林", "ecological forest"),
    "juncao": Phrase("巨菌草", "Juncao grass"),
    "bees": Phrase("中蜂", "Chinese bees"),
    "county": Phrase("县区", "county"),
    "township": Phrase("乡镇", "township"),
    "village": Phrase("村", "village"),
    "household": Phrase("农户", "household"),
}


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
