"""What may not stand in any file of an edition: the people of the register, and positions sharper than it allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eco.phrases import WORDS
from eco.records.figures import NOTHING
from eco.records.tables import TABLES, personal_columns
from eco.sharing.privacy.editions import Edition, edition_named
from eco.sharing.privacy.needles import BREAK, Folded, Match, Needles, folded, packed_texts, plain_text
from eco.sharing.privacy.passages import HAN
from eco.sharing.privacy.positions import Sharpness

_PLACES = ("counties", "townships", "villages")
_CHINA_M = (-3.2e6, 3e5, 3.9e6, 6.6e6)  # EPSG:4544, where a project draws no outline
_NOBODY = frozenset(
    ("无", "不详", "未知", "空", "暂无", "空户", "保密", "略", "户主", "姓名", "本人", "NAN", *NOTHING)
)
# Families of type have names of two signs too.
_TYPEFACES = (
    "宋体",
    "黑体",
    "楷体",
    "仿宋",
    "等线",
    "幼圆",
    "隶书",
    "微软雅黑",
    "微軟正黑體",
    "华文中宋",
    "方正小标宋",
)
_SHORTEST_ID, _SHORTEST_NUMBER = 5, 10
_HAN_RUN = re.compile(f"[{HAN}]{{2,}}")
_BRACKETS = re.compile(r"[(\[（【〔].*?[)\]）】〕]")
_APART = re.compile(r"[、,，;；/\n|]+")
_HAN = re.compile(f"[{HAN}]")
_NAME_LABEL = re.compile(
    r"(?:户主|姓名|农户|户名|贫困户|联系人|负责人|经办人|填表人|审核人|收款人|开户人|护林员|养蜂户|户主姓名)$"
)
_NAME_FOLLOWED = re.compile("户|家|同志|先生|女士")
_WIDEST_GAP = 3
_MOST_GROUPS = 5


@dataclass(frozen=True, eq=False)
class Watch:
    """What may not stand in a file of an edition.

    `needles` are the register's values as they are compared, `columns` the column each is from. `short` ones (few
    signs, or a number as any other) count only as a whole cell or behind their label. `laid_out` says how an id of
    digits and dashes must be written to count. `covers` are the places and words of the catalogue a name stands in,
    each with where: there it is nobody's name. `sharp` is how sharp positions may be, None to look for none.
    `sealed` says whether content that cannot be read may stand in a page: the household edition's.
    """

    edition: str
    needles: Needles
    columns: Mapping[str, str]
    short: Mapping[str, str]
    laid_out: Mapping[str, str]
    covers: Mapping[str, tuple[tuple[str, int], ...]]
    makers: frozenset[str]
    sharp: Sharpness | None
    sealed: bool

    @classmethod
    def of(cls, project, edition: Edition | str, *, words: Iterable[str] = ()) -> Watch:
        """The watch of a project's edition; `words` are further words that are nobody's name, such as species."""
        rules = edition_named(edition) if isinstance(edition, str) else edition
        places = [getattr(project, name) for name in _PLACES]
        known = {str(name) for table in places for name in table["name"]} | set(words)
        known.add(project.settings.name)
        bounds = _bounds(places)
        return watch_households(
            project.households,
            words=known,
            edition=rules.name,
            sharp=Sharpness.of(bounds, decimals=rules.decimals, grid_m=rules.grid_m),
            makers={"eco", project.settings.name},
        )


def watch_households(
    households: pd.DataFrame,
    *,
    words: Iterable[str] = (),
    edition: str = "",
    sharp: Sharpness | None = None,
    makers: Iterable[str] = ("eco",),
) -> Watch:
    """The watch of a register alone, in the columns it has; see `Watch`."""
    columns: dict[str, str] = {}
    short: dict[str, str] = {}
    laid_out: dict[str, str] = {}
    allowed = set(packed_texts({*words, *_catalogue()})) - {""}
    for column in (*personal_columns(), "household_id"):
        if column not in households.columns:
            continue
        for value, layout, long in _values(households[column], column):
            if value in allowed or value in _NOBODY or not value:
                continue
            (columns if long else short).setdefault(value, column)
            if long and layout:
                laid_out[value] = layout
    needles = Needles.of(columns)
    return Watch(
        edition,
        needles,
        columns,
        short,
        laid_out,
        _covers(Needles.of(name for name, column in columns.items() if column == "head_name"), allowed),
        frozenset(makers),
        sharp,
        sealed=edition == "household",
    )


def stands(watch: Watch, match: Match, text: Folded, *, loose: bool) -> bool:
    """Whether a match is the register's value and not a piece of another word or number.

    `loose` is for bytes in which one value runs into the next: there only names of two signs need an end.
    """
    column = watch.columns[match.value]
    before, after = text.plain[max(0, match.start - 2) : match.start], text.plain[match.end : match.end + 2]
    if column == "head_name":
        return _name_stands(match, text, watch, before=before, after=after)
    if (layout := watch.laid_out.get(match.value)) and text.plain[match.start : match.end] != layout:
        return False
    digits = match.value[:-1].isdigit()
    if match.gaps and not _evenly_spaced(match, digits):
        return False
    if loose and not match.gaps:
        return True
    if digits:
        fraction = before[-1:] == "." and before[:1].isdigit()
        return not (before[-1:].isdigit() or fraction or after[:1].isdigit())
    return not (is_word(before[-1:]) or is_word(after[:1]))


def _name_stands(match: Match, text: Folded, watch: Watch, *, before: str, after: str) -> bool:
    value = match.value
    for word, offset in watch.covers.get(value, ()):
        start = match.low - offset
        if start >= 0 and text.packed.startswith(word, start):
            return False
    if (is_word(value[0]) and is_word(before[-1:])) or (is_word(value[-1]) and is_word(after[:1])):
        return False
    begins, ends = not _HAN.match(before[-1:]), not _HAN.match(after[:1])
    if (len(value) > 2 and not match.gaps) or not _HAN.match(value):
        return not match.gaps or max(map(len, match.gaps)) == 1
    led = begins or _NAME_LABEL.search(text.plain[max(0, match.start - 6) : match.start])
    alone = bool(led and (ends or _NAME_FOLLOWED.match(after)))
    return alone and max(map(len, match.gaps), default=0) <= _WIDEST_GAP


def _evenly_spaced(match: Match, digits: bool) -> bool:
    """Whether the gaps are those of one value: all alike, and few, or one behind every sign."""
    if not digits:
        return max(map(len, match.gaps)) <= 1
    if len(set(match.gaps)) > 1 or max(map(len, match.gaps)) > _WIDEST_GAP or "\n" in match.gaps[0]:
        return False
    return len(match.gaps) < _MOST_GROUPS or len(match.gaps) >= len(match.value) - 2


def is_word(sign: str) -> bool:
    """Whether a sign is a letter or digit that words of other scripts than Chinese are made of."""
    return sign.isascii() and sign.isalnum()


def _values(cells: pd.Series, column: str) -> Iterable[tuple[str, str, bool]]:
    """Each value as it is compared, how it must be laid out ("" for any way), and whether it is long enough to tell."""
    texts = cells.dropna().astype(str).unique().tolist()
    if column == "head_name":
        texts = [_BRACKETS.sub("", text) for text in texts]
    if column in ("head_name", "phone"):
        texts = [part for text in texts for part in _APART.split(text)]
    for text, value in zip(texts, packed_texts(texts)):
        if column == "head_name":
            yield value, "", len(value) >= (2 if _HAN.search(value) else 3)
        elif not value.isdigit():
            yield value, "", len(value) >= _SHORTEST_ID
        elif column != "household_id" or text.strip().isdigit():
            yield value, "", len(value) >= _SHORTEST_NUMBER
        else:
            yield value, plain_text(text).strip(), len(value) > _SHORTEST_ID


def _catalogue() -> set[str]:
    """Chinese words of our own: what the papers say, and what the tables and their choices are called."""
    labels = [table.label.zh for table in TABLES.values()]
    labels += [column.label.zh for table in TABLES.values() for column in table]
    labels += [
        word
        for table in TABLES.values()
        for column in table
        for words in column.choices.values()
        for word in words
    ]
    said = [phrase.zh for phrase in WORDS.values()]
    return {run for text in labels + said for run in _HAN_RUN.findall(text)} | set(_TYPEFACES)


def _covers(names: Needles, words: Iterable[str]) -> dict[str, tuple[tuple[str, int], ...]]:
    """By name, the longer words it stands in, with the place in the word."""
    listed = list(words)
    text = folded(BREAK.join(listed))
    starts = np.cumsum([0, *(len(word) + 1 for word in listed)])
    covers: dict[str, list[tuple[str, int]]] = {}
    for match in names.matches(text):
        at = int(np.searchsorted(starts, match.low, side="right")) - 1
        covers.setdefault(match.value, []).append((listed[at], match.low - int(starts[at])))
    return {name: tuple(found) for name, found in covers.items()}


def _bounds(places: list) -> tuple[float, float, float, float]:
    bounds = np.array([table.total_bounds for table in places if len(table)]).reshape(-1, 4)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return _CHINA_M
    return (*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist())
