"""Places and households as a rule names them, found among the offers; and offers that are shut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.planning.options import PARTS, Options
from eco.planning.rules.faults import fault, unknown
from eco.problems import DataProblem, Finding

Level = Literal["county", "township", "village"]
_GIVE_CODE = Phrase("写代码，不写名称", "give the code, not the name")


def of_places(options: Options, level: Level, told: Iterable[str], *, of: str) -> np.ndarray:
    """Which bundles belong to places told by code or by name, bool (bundles,).

    Raises DataProblem where nobody knows a place (E-PLAN-22), or where a name stands for several (E-PLAN-23).
    """
    told = list(told)
    if not told:
        return np.zeros(len(options.bundles), bool)
    names = names_of(options, level)
    known = {*names, *(options.homes["village_code"] if level == "village" else ())}
    meant: set[str] = set()
    wrong: list[Finding] = []
    for one in told:
        named = [one] if one in known else sorted(code for code, name in names.items() if name == one)
        if not named:
            wrong.extend(unknown([one], {*names.values(), *known}, of=of))
        elif len(named) > 1:
            expected = Phrase(f"其中一个：{', '.join(named)}", f"one of {', '.join(named)}")
            wrong.append(fault("E-PLAN-23", of, one, expected, todo=_GIVE_CODE))
        meant.update(named)
    if wrong:
        raise DataProblem(wrong)
    return options.bundles[f"{level}_code"].isin(meant).to_numpy()


def of_households(options: Options, told: Iterable[str], *, of: str) -> np.ndarray:
    """Which bundles belong to households, bool (bundles,). Raises DataProblem (E-PLAN-22) where nobody knows one."""
    told = set(told)
    if not told:
        return np.zeros(len(options.bundles), bool)
    known = {*options.homes["household_id"], *options.bundles["household_id"]}
    if told - known:
        raise DataProblem(unknown(sorted(told - known), known, of=of))
    return options.bundles["household_id"].isin(told).to_numpy()


def of_parts(options: Options, parts: Iterable[str]) -> np.ndarray:
    """Which bundles hold any of the parts, bool (bundles,)."""
    return (options.bundles[[PARTS[part] for part in parts]].to_numpy(float) > 0).any(axis=1)


def shut(options: Options, bundles: np.ndarray) -> np.ndarray:
    """`most` of all columns with these bundles (bool) locked out, (columns,)."""
    return np.append(np.where(bundles, 0.0, 1.0), np.ones(len(options.yards)))


def groups_of(options: Options, level: Level) -> tuple[np.ndarray, list[str], list[str]]:
    """Position of every bundle's place in order of code, (bundles,), and the places' codes and names."""
    table = options.bundles
    position, codes = pd.factorize(table[f"{level}_code"], sort=True)
    named = names_of(options, level)
    return position, [str(code) for code in codes], [named.get(code) or str(code) for code in codes]


def names_of(options: Options, level: Level) -> dict[str, str]:
    """The names of the places of bundles by code."""
    here = options.bundles[[f"{level}_code", level]].drop_duplicates(f"{level}_code")
    return dict(zip(here[f"{level}_code"], here[level]))
