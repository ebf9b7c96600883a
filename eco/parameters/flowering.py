"""When and how richly what bees fly to flowers: `flowering.csv`, every row with its source.

`richness` of a species is its nectar as a share of full-grown black locust, whose kilograms are the number
`nectar_planted`; a cover has numbers of its own. Shares by month add up to 1, or to 0 where there is no nectar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import pandas as pd

from eco.phrases import Phrase

MONTHS = ("march", "april", "may", "june", "july", "august", "september")
_BETWEEN_SPECIES = re.compile(r"[\s+＋、,，/／;；与和及]+")


@dataclass(frozen=True)
class Bloom:
    """One cover or species: nectar beside black locust, its share in each of MONTHS, and a key of sources.csv."""

    name: str
    kind: str
    label: Phrase
    richness: float
    months: tuple[float, ...]
    source: str
    note: str


@cache
def blooms() -> Mapping[str, Bloom]:
    """Every cover (forest, grass, crop) and species by name."""
    with (files("eco.parameters") / "flowering.csv").open("rb") as file:
        table = pd.read_csv(file, keep_default_na=False)
    return MappingProxyType(
        {
            row["name"]: Bloom(
                row["name"],
                row["kind"],
                Phrase(row["label_zh"], row["label_en"]),
                float(row["richness"]),
                tuple(float(row[month]) for month in MONTHS),
                row["source"],
                row["note"],
            )
            for row in table.to_dict("records")
        }
    )


def species_richness(species: str) -> float | None:
    """Nectar of a stand beside full-grown black locust, a mixture in equal parts; None where a name is unknown.

    >>> species_richness("刺槐"), species_richness("云杉、刺槐"), species_richness("云杉"), species_richness("某树")
    (1.0, 0.5, 0.0, None)
    """
    names = [name for name in _BETWEEN_SPECIES.split(species.strip()) if name]
    known = [
        blooms()[name].richness for name in names if name in blooms() and blooms()[name].kind == "species"
    ]
    return sum(known) / len(known) if names and len(known) == len(names) else None


def species_months(species: str) -> tuple[float, ...]:
    """Nectar of a stand by month, beside a year of full-grown black locust: its richness spread over MONTHS.

    >>> species_months("刺槐")[2:4], sum(species_months("云杉"))
    ((0.8, 0.2), 0.0)
    """
    names = [name for name in _BETWEEN_SPECIES.split(species.strip()) if name in blooms()]
    parts = [[blooms()[name].richness * share for share in blooms()[name].months] for name in names]
    return tuple(sum(part) / len(parts) for part in zip(*parts)) if parts else (0.0,) * len(MONTHS)


def flowering_share(age_years, full_age_years: float):
    """Part of full flower at an age, growing evenly; nothing before planting.

    >>> [flowering_share(age, 8.0) for age in (-1, 2, 8, 30)]
    [0.0, 0.25, 1.0, 1.0]
    """
    return min(max(age_years / full_age_years, 0.0), 1.0)
