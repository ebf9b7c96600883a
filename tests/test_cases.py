"""Worked cases an agronomist or an accountant could write, run through the real flows of one link.

Every line of `cases/{forest,juncao,bees}.csv` gives the link's columns, the numbers it stands on, a year, and the
yuan by income class and the own days worked out by hand; what a line does not name is an ordinary link and the mode.
"""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from eco.livelihoods import LIVELIHOODS
from eco.parameters.numbers import load_parameters

CASES = Path(__file__).parent / "cases"
CLASSES = ("wage", "operating", "transfer", "property", "cost")
RECORDED = {
    "quantity": 0.0, "in_days": 0, "recorded": 1, "weight": 0.0, "site_quantity": 0.0, "site_recorded": 0.0,
}  # fmt: skip
# A link to ordinary ground: barren, collective, gentle, no programme but the project's own.
ORDINARY = {
    "forest": {
        **RECORDED, "link_year": 2018, "planted_year": 2018, "end_year": np.inf, "grain_for_green": 0,
        "public_forest": 0, "household_land": 0, "farmland": 0, "bears_fruit": 0, "seabuckthorn": 0,
        "shady_share": 0.5, "aspect_known": 1, "slope_degrees": 0.0, "slope_known": 1,
    },
    "juncao": {
        **RECORDED, "link_year": 2020, "season": 2020, "sold": 1, "bought_seedlings": 0, "farmland": 0,
        "elevation_m": 1900.0, "elevation_known": 1, "slope_degrees": 0.0, "slope_known": 1,
    },
    "bees": {
        **RECORDED, "link_year": 2018, "started_year": 2018, "alive_share": 1.0, "counted": 0, "count_year": 2018,
        "share_of_own": 1.0, "forage_known": 0, "forage_forest_ha": 0.0, "forage_grass_ha": 0.0,
        "forage_crop_ha": 0.0, "forage_planted_ha": 0.0,
    },
}  # fmt: skip


def _lines():
    for name in ORDINARY:
        with (CASES / f"{name}.csv").open(encoding="utf-8") as file:
            yield from csv.DictReader(file)


def _said(text: str) -> dict[str, float]:
    pairs = (part.split("=") for part in text.split(";") if part.strip())
    return {name.strip(): float(value) for name, value in pairs}


def _column(value: float) -> np.ndarray:
    return np.full((1, 1), value, np.float32)


@pytest.mark.parametrize("line", list(_lines()), ids=lambda line: f"{line['livelihood']}: {line['case']}")
def test_yuan_by_class_and_own_days_are_those_worked_out_by_hand(line):
    one = next(one for one in LIVELIHOODS if one.name == line["livelihood"])
    columns, said = _said(line["columns"]), _said(line["numbers"])
    assert set(columns) <= set(one.needs) and set(said) <= set(one.parameters)
    x = {name: _column({**ORDINARY[one.name], **columns}[name]) for name in one.needs}
    numbers = load_parameters()
    n = {name: _column(said.get(name, numbers[name].mode)) for name in one.parameters}
    year, role = int(line["year"]), line["role"]
    found = dict.fromkeys((*CLASSES, "collective"), 0.0)
    for flow in one.flows:
        if flow.role == role:
            kind = flow.income_class if flow.payee == "household" else "collective"
            found[kind] += float(np.asarray(flow.yuan(x, n, year)).item())
    days = one.days.get(role)
    found["days"] = float(np.asarray(days(x, n, year)).item()) if days else 0.0
    assert all(map(math.isfinite, found.values()))
    expected = {name: float(line[name]) for name in found}
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-3)


def test_there_are_cases_enough_each_with_its_arithmetic_in_both_tongues():
    lines = list(_lines())
    assert len(lines) >= 40
    assert len({(line["livelihood"], line["case"]) for line in lines}) == len(lines)
    assert all(line["arithmetic_zh"].strip() and line["arithmetic_en"].strip() for line in lines)
    roles = {(one.name, flow.role) for one in LIVELIHOODS for flow in one.flows}
    assert roles <= {(line["livelihood"], line["role"]) for line in lines}
