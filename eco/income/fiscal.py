"""Yuan a fiscal yuan: what reached registered poor households of what was spent, and the grain land it took.

Spent is reckoned from mu and hives at the numbers of the house, from the first year up to the year asked; what no
number prices is left missing, never guessed. Reached is gross: receipts before costs and before what was given up.
Only what the project pays is held against what the project cost: guard pay, Grain-for-Green cash and compensation are
other money of the state, stand beside it, and make no ratio better.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from eco.income.accounts import blocks_of
from eco.income.gains import Gains, quantiles
from eco.parameters.draws import Worlds
from eco.phrases import Phrase
from eco.records.tables import POOR_TYPES
from eco.waiting import waiting

_COST_OF_UNIT: dict[str, tuple[str, ...]] = {
    "forest": ("forest_project_cost",),  # yuan a mu, all in
    "bees": ("hive_cost_colony", "hive_box_cost"),  # yuan a hive
}


@waiting("wait_fiscal")
def yuan_a_fiscal_yuan(gains: Gains, year: int | None = None) -> pd.DataFrame:
    """By livelihood, up to a year: yuan spent, yuan that reached poor households, and their ratio over worlds.

    Columns: livelihood, label_zh, label_en, units (mu or hives of the programme begun by then), spent_yuan (mean),
    reached_yuan (mean; wages and rent paid by the project), state_yuan (mean; what the state pays them for the same
    sites beside it, no part of spent or of the ratio), ratio_mean, ratio_p10, ratio_p90, note_zh, note_en. A gift of
    hives is an asset and no income: it does not count as reached. Spent and ratio are missing where no cost a unit is
    known.
    """
    last = gains.exposure.project.settings.default_year if year is None else int(year)
    worlds = Worlds(gains.numbers, gains.draws, gains.seed)
    rows = []
    for one in gains.exposure.livelihoods:
        sites = gains.exposure.sites[one.name]
        inside = sites[(sites["in_programme"] > 0) & (sites["since"] <= last)]
        units = float(inside["site_quantity"].sum())
        costs = [worlds.shared(name, year=last)[0] for name in _COST_OF_UNIT.get(one.name, ())]
        spent = units * np.sum(costs, axis=0) if costs and units else np.full(1, np.nan)
        paid = _reached(gains, one.name, last)
        rows.append(_row(one, units, spent, paid))
    return pd.DataFrame(rows)


def grain_land(gains: Gains, year: int | None = None) -> pd.DataFrame:
    """Mu of farmland that stands under trees or grass of the programme in a year, by livelihood.

    Columns: livelihood, label_zh, label_en, plots, farmland_mu, all_mu. A Juncao plot takes its land for its season.
    """
    last = gains.exposure.project.settings.default_year if year is None else int(year)
    rows = []
    for one in gains.exposure.livelihoods:
        sites = gains.exposure.sites[one.name]
        if "farmland" not in sites:
            continue
        standing = sites["season"] == last if "season" in sites else sites["since"] <= last
        here = sites[standing & (sites["in_programme"] > 0)]
        mu = here["site_quantity"] * here["farmland"]
        rows.append(
            {
                "livelihood": one.name,
                "label_zh": one.label.zh,
                "label_en": one.label.en,
                "plots": int((mu > 0).sum()),
                "farmland_mu": float(mu.sum()),
                "all_mu": float(here["site_quantity"].sum()),
            }
        )
    return pd.DataFrame(rows)


def _reached(gains: Gains, livelihood: str, last: int) -> dict[str, np.ndarray]:
    """Public money that reached poor households up to a year, by who paid it: yuan, (draws,)."""
    project, links = gains.exposure.project, gains.exposure.links
    poor = project.households[project.households["register_type"].isin(POOR_TYPES)]
    mine = links[(links["livelihood"] == livelihood) & links["household_id"].isin(poor["household_id"])]
    total = {payer: np.zeros(gains.draws) for payer in ("project", "state")}
    since = gains.exposure.sites[livelihood]["since"]
    if not len(mine) or not len(since):
        return total
    ids = pd.Index(poor["household_id"])
    worlds = Worlds(gains.numbers, gains.draws, gains.seed)
    for year in range(int(since.min()), last + 1):
        for payer, yuan in _public_yuan(blocks_of(mine, gains.exposure, ids, year=year), worlds, year):
            total[payer] += yuan
    return total


def _public_yuan(blocks, worlds: Worlds, year: int) -> Iterator[tuple[str, np.ndarray]]:
    shared: dict = {}
    for block in blocks:
        for rows in _slices(len(block.household)):
            part = block.rows(rows)
            draws = part.draws(worlds, year, shared)
            for flow in part.flows:
                if flow.payer in ("project", "state") and flow.payee == "household" and flow.gross:
                    shape = (len(part.household), worlds.draws)
                    yuan = np.broadcast_to(flow.yuan(part.columns, draws, year), shape)
                    yield flow.payer, yuan.sum(axis=0, dtype=float)


def _slices(count: int, size: int = 4096) -> Iterator[slice]:
    return (slice(low, low + size) for low in range(0, count, size))


def _row(one, units: float, spent: np.ndarray, paid: dict[str, np.ndarray]) -> dict:
    reached = paid["project"]
    ratio = reached / spent
    p10, _, p90 = quantiles(ratio[None, :])[:, 0] if np.isfinite(ratio).all() else (np.nan, 0, np.nan)
    note = Phrase("", "")
    if not np.isfinite(spent).all():
        note = Phrase("没有单位投资额，无法判断", "no cost a unit is known: cannot tell")
    elif one.site_table == "apiaries" and not reached.any():
        note = Phrase("给的是资产（蜂箱、蜂群），不是收入", "what is given is an asset (hives), no income")
    return {
        "livelihood": one.name,
        "label_zh": one.label.zh,
        "label_en": one.label.en,
        "units": units,
        "spent_yuan": float(spent.mean()),
        "reached_yuan": float(reached.mean()),
        "state_yuan": float(paid["state"].mean()),
        "ratio_mean": float(ratio.mean()),
        "ratio_p10": p10,
        "ratio_p90": p90,
        "note_zh": note.zh,
        "note_en": note.en,
    }
