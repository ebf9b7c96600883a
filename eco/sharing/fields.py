"""The columns of a release as people read them: label, unit, how a number is written, the words for codes.

Workbooks, layers of a GeoPackage and briefs show a column under the same words. A column that is not declared
here is in no paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eco.phrases import WORDS, Phrase, word
from eco.records.tables import Column
from eco.sharing.privacy.editions import LIVELIHOODS
from eco.sharing.release import BASES, LEVELS

Kind = Literal["text", "whole", "tenths", "hundredths", "share", "year", "basis", "flag"]
_DECIMALS = {"whole": 2, "tenths": 2, "hundredths": 3, "share": 4, "year": 0}  # whole yuan keep their fen
_SPREAD = ("mean", "p10", "p90")


@dataclass(frozen=True)
class Field:
    """One column of a release: label (a word layer_<name>), unit (unit_<unit>), and what bureaus call it."""

    name: str
    kind: Kind = "text"
    unit: str = ""
    aliases: tuple[str, ...] = ()
    dimension: Literal["area", "money", ""] = ""

    @property
    def label(self) -> Phrase:
        """What the column is called, without its unit."""
        if f"layer_{self.name}" in WORDS:
            return WORDS[f"layer_{self.name}"]
        of = WORDS[self.name.removesuffix("_yuan_mean")]
        return Phrase(*(text.format(of=of.say(lang)) for text, lang in zip(WORDS["layer_of"], ("zh", "en"))))

    @property
    def heading(self) -> Phrase:
        """Label and unit: 年增收(元)."""
        if not self.unit:
            return self.label
        unit = WORDS[f"layer_unit_{self.unit}"]
        return Phrase(f"{self.label.zh}({unit.zh})", f"{self.label.en} ({unit.en})")

    def column(self) -> Column:
        """The column as tables of the bureau are declared, so that its own headings are matched as in reading."""
        kind: Literal["text", "number"] = "text" if self.kind in ("text", "basis", "flag") else "number"
        return Column(self.name, kind, self.heading, self.aliases, dimension=self.dimension)


def _spread(stem: str, unit: str, aliases: tuple[str, ...] = (), dimension: Literal["money", ""] = ""):
    """Mean, P10 and P90 of one measure; what bureaus call the measure means its mean."""
    return tuple(
        Field(f"{stem}_{end}", "whole", unit, aliases if end == "mean" else (), dimension) for end in _SPREAD
    )


_GAIN = _spread("gain_yuan", "yuan", ("增收", "年增收", "增收额", "增收总额", "测算增收"), "money")
_PLAN = (
    *(Field("plan_cost_yuan", "whole", "yuan"), Field("plan_hives", "whole", "boxes")),
    *(Field("plan_juncao_mu", "tenths", "mu"), Field("plan_forest_mu", "tenths", "mu")),
    Field("plan_guard_posts", "whole", "posts"),
)
_PLACE = (
    Field("households", "whole", "households", ("户数", "总户数", "建档立卡户数", "农户数")),
    Field("persons", "whole", "persons", ("人口", "人数", "总人口", "人口数")),
    *_GAIN,
    *_spread("gain_per_head", "yuan_head", ("人均增收", "人均年增收", "户均人均增收"), "money"),
    Field("one_off_share", "share"),
    Field("chance_above_line", "share"),
    Field("chance_above_line_without", "share"),
    *_spread("persons_gaining", "persons", ("增收人数", "增收人口")),
    Field("persons_left_out", "whole", "persons", ("未联结人口", "未覆盖人口")),
    Field("left_out_share", "share"),
    *(Field(f"{name}_yuan_mean", "whole", "yuan", dimension="money") for name in LIVELIHOODS),
    Field("forest_mu", "tenths", "mu", ("生态林面积", "造林面积", "生态林"), "area"),
    Field("juncao_mu_seasons", "tenths", "mu_seasons", ("巨菌草面积", "种草面积", "巨菌草"), "area"),
    Field("hives", "whole", "boxes", ("蜂箱数", "箱数", "发放箱数", "中蜂")),
    Field("saturation", "hundredths"),
    Field("plan_shown", "flag"),
    Field("plan_households", "whole", "households"),
    *_PLAN,
    Field("plan_times_share", "share"),
    Field("basis", "basis"),
)
_MU = Field("mu", "tenths", "mu", ("面积",), "area")
_SHARING = Field("households_sharing", "whole", "households")
_ASSUMED = Field("assumed", "flag")
_OVERLAP = Field("overlap_mu", "tenths", "mu", dimension="area")

LAYERS: Mapping[str, tuple[Field, ...]] = {
    **dict.fromkeys(LEVELS, _PLACE),
    "forest": (
        *(_MU, Field("species"), Field("planted_year", "year"), Field("programme")),
        *(_OVERLAP, _SHARING, _ASSUMED),
    ),
    "juncao": (_MU, Field("season", "year"), Field("use"), _OVERLAP, _SHARING, _ASSUMED),
    "bees": (
        *(Field("hives", "whole", "boxes"), Field("colonies", "whole", "colonies")),
        *(Field("started_year", "year"), Field("in_programme", "flag"), Field("saturation", "hundredths")),
        *(_SHARING, _ASSUMED),
    ),
    "household": (
        *(Field("id"), Field("persons", "whole", "persons"), *_GAIN, Field("one_off_share", "share")),
        *(Field("chance_above_line", "share"), Field("left_out", "flag"), *_PLAN, Field("basis", "basis")),
    ),
}


def fields_of(frame: pd.DataFrame, layer: str) -> tuple[Field, ...]:
    """The declared columns of a layer that the frame has, in the order they are shown."""
    return tuple(one for one in LAYERS[layer] if one.name in frame.columns)


def readable(values: pd.Series, field: Field, lang: str) -> list:
    """The values of a column as they are shown: whole floats, words for codes, None for what is not known.

    >>> readable(pd.Series([0.25, np.nan]), Field("one_off_share", "share"), "zh")
    [0.25, None]
    >>> readable(pd.Series([True, False]), Field("assumed", "flag"), "en")
    ['yes', 'no']
    """
    if field.kind == "flag":
        return [None if _missing(value) else _flag(value, lang) for value in values]
    if field.kind == "text":
        return [None if _missing(value) else str(value) for value in values]
    numbers = pd.to_numeric(values).to_numpy(dtype=float)
    if field.kind == "basis":
        return [_basis(number, lang) if np.isfinite(number) else None for number in numbers]
    decimals = _DECIMALS[field.kind]
    # Adding 0 makes a negative zero a plain one.
    return [round(number, decimals) + 0.0 if np.isfinite(number) else None for number in numbers.tolist()]


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value != value


def _flag(value: object, lang: str) -> str:
    return word("layer_yes" if value else "layer_no", lang)


def _basis(position: float, lang: str) -> str:
    return word(f"map_basis_{BASES[int(position)]}", lang)
