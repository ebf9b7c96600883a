"""How the signs of place names are read, so that 凤翔镇 is found by fengxiang, fxz or feng镇."""

from __future__ import annotations

from collections.abc import Iterable


def readings(names: Iterable[str]) -> dict[str, str]:
    """The signs of all names by syllable, without tones: {"feng": "凤", "zhen": "镇"}.

    A sign that the names read in two ways (长川, 县长) stands under both.
    """
    from pypinyin import lazy_pinyin

    signs: dict[str, set[str]] = {}
    for name in sorted(set(names)):
        for part in _chinese_parts(name):
            for sign, syllable in zip(part, lazy_pinyin(part)):
                if syllable != sign:
                    signs.setdefault(syllable, set()).add(sign)
    return {syllable: "".join(sorted(signs[syllable])) for syllable in sorted(signs)}


def _chinese_parts(name: str) -> list[str]:
    """Runs of Han signs, the only text with one syllable a sign.

    >>> _chinese_parts("凤翔镇 (East) 村")
    ['凤翔镇', '村']
    """
    return "".join(sign if "\u3400" <= sign <= "\u9fff" else " " for sign in name).split()
