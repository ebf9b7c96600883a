"""What hurts: the estimate again under one named misfortune at a time, and who falls below the line first.

A stress fixes or scales a few numbers and leaves all others, links and worlds as they are, so that the difference is
the stress alone. It says what would happen, not how likely it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from eco.income.comparison import compare, compare_households
from eco.income.gains import Gains, estimate_gains
from eco.parameters.numbers import Numbers
from eco.phrases import Phrase
from eco.waiting import waiting

_LIKELY = 0.5  # stands above the line in more worlds than not
_MEASURES = {
    "gain_yuan": "gain_change",
    "gain_recurrent_yuan": "recurrent_change",
    "persons_above_line_with": "persons_above_change",
}


@dataclass(frozen=True)
class Stress:
    """A misfortune: numbers multiplied by a factor, and numbers fixed at a value, each in its own unit."""

    name: str
    label: Phrase
    scaled: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)

    def upon(self, numbers: Numbers) -> Numbers:
        """The numbers under this stress; every one of them says so in its source."""
        source = f"假设情景 stress: {self.label.zh} {self.label.en}"
        for name, factor in self.scaled.items():
            numbers = numbers.scaled(name, factor, source=source)
        for name, value in self.fixed.items():
            numbers = numbers.replace(name, mode=value, source=source)
        return numbers


_WAGES = ("day_wage_planting", "day_wage_local_light", "guard_wage")
STRESSES: tuple[Stress, ...] = (
    Stress(
        "honey_price",
        Phrase("蜂蜜价格跌三成", "honey price down 30 %"),
        scaled={"honey_price": 0.7, "honey_price_wholesale": 0.7},
    ),
    Stress("frost", Phrase("各县春霜", "a spring frost in every county"), fixed={"frost_year_prob": 1.0}),
    Stress(
        "winter_loss",
        Phrase("越冬损失四成", "winter loss of 40 %"),
        fixed={"hive_loss_winter": 0.4, "hive_loss_smallholder": 0.4},
    ),
    Stress(
        "buyer_leaves", Phrase("鲜草收购商退出", "the buyer of grass leaves"), fixed={"juncao_price": 0.0}
    ),
    Stress(
        "seedlings_bought",
        Phrase("草苗不再免费", "seedlings no longer free"),
        fixed={"juncao_free_seedlings_paid": 0.0},
    ),
    Stress(
        "wages_late",
        Phrase("工资拖欠一年", "wages a year late: none this year"),
        fixed=dict.fromkeys(_WAGES, 0.0),
    ),
)


def stress_table(
    gains: Gains, year: int | None = None, *, stresses: tuple[Stress, ...] = STRESSES
) -> pd.DataFrame:
    """One row a stress: the change in total gain and in persons above the line, and who falls below it.

    Columns: stress, label_zh, label_en; gain_change, recurrent_change (yuan) and persons_above_change (persons), each
    with _p10 and _p90 over worlds; households_falling and persons_falling: those that stood above the line in more
    than half of the worlds and no longer do; first_place, first_place_persons: the township most of them live in ("",
    0 where nobody falls). Worst first by recurrent gain.
    """
    with waiting("wait_stress") as wait:
        rows = []
        for done, stress in enumerate(stresses):
            wait.at(stress.label)
            wait.count(done, len(stresses))
            rows.append(_row(gains, stress, year))
    return pd.DataFrame(rows).sort_values("recurrent_change", ignore_index=True)


def _row(gains: Gains, stress: Stress, year: int | None) -> dict[str, object]:
    """What one stress changes."""
    hurt = under(gains, stress)
    changes = compare(gains, hurt, year=year).set_index("measure")
    row: dict[str, object] = {
        "stress": stress.name,
        "label_zh": stress.label.zh,
        "label_en": stress.label.en,
    }
    for measure, name in _MEASURES.items():
        row[name], row[f"{name}_p10"], row[f"{name}_p90"] = changes.loc[measure, ["difference", "p10", "p90"]]
    fallen = falling(gains, hurt, year)
    row |= {"households_falling": len(fallen), "persons_falling": int(fallen["persons"].sum())}
    return row | _first_place(fallen)


def _first_place(fallen: pd.DataFrame) -> dict[str, object]:
    persons = fallen.groupby(["county", "township"])["persons"].sum()
    place = "".join(map(str, persons.idxmax())) if len(persons) else ""
    return {"first_place": place, "first_place_persons": int(persons.max()) if len(persons) else 0}


def under(gains: Gains, stress: Stress) -> Gains:
    """The same estimate under a stress: same links, draws and seed."""
    return estimate_gains(
        gains.exposure,
        stress.upon(gains.numbers),
        draws=gains.draws,
        seed=gains.seed,
        chunk_households=gains.chunk_households,
    )


def falling(gains: Gains, hurt: Gains, year: int | None = None) -> pd.DataFrame:
    """Households above the line in more than half of the worlds before and not after, the deepest fall first.

    For the bureau's own use; columns as in `compare_households`.
    """
    table = compare_households(gains, hurt, year=year)
    fell = (table["chance_above_line_a"] > _LIKELY) & ~(table["chance_above_line_b"] > _LIKELY)
    return table[fell].sort_values(["chance_above_line_change", "household_id"], ignore_index=True)
