"""The households of an edition: under pseudonyms and moved, or, in the encrypted one, as they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from eco.income.gains import Gains
from eco.income.places import left_out, one_off_share
from eco.planning.plans import Plan
from eco.problems import mask
from eco.sharing.privacy import masks
from eco.sharing.privacy.editions import Edition
from eco.sharing.release.places import basis_of, recorded_share
from eco.sharing.release.plans import plan_homes
from eco.sharing.release.sites import choice_label


def households(
    project, gains, rules: Edition, *, year: int, key: bytes, lang: str, plan: Plan | None = None
) -> tuple[pd.DataFrame, masks.Masked | None]:
    """A row a household with a place, in the edition's columns; and how its points were masked."""
    table = _table(project, gains, year)
    if plan is not None:
        given = plan_homes(plan).drop(columns="village_code")
        table = table.merge(given, on="household_id", how="left")
    register = project.households.set_index("household_id").loc[table["household_id"]]
    xy = shapely.get_coordinates(register.geometry.to_numpy())
    if rules.name == "household":
        named = _named(table, register.reset_index(drop=True), lang)
        shown = named.assign(id=table["household_id"], x=xy[:, 0], y=xy[:, 1])
        return rules.allow(shown, "household"), None
    townships = register["township_code"].reset_index(drop=True)
    outlines = dict(zip(project.townships["code"], project.townships.geometry))
    masked = masks.donut(xy, table["household_id"], townships, key=key, outlines=outlines)
    shown = table.assign(
        id=masks.pseudonyms(table["household_id"], key), x=masked.points[:, 0], y=masked.points[:, 1]
    )
    # In order of pseudonym: the order of the file would say who is whose neighbour.
    shown = shown[masked.k > 0].sort_values("id", ignore_index=True)
    return rules.allow(shown, "household"), masked


def _table(project, gains, year: int) -> pd.DataFrame:
    """Households that have a place, with the numbers told of them."""
    table = gains.households(year=year)
    points = project.households.set_index("household_id").geometry.reindex(table["household_id"])
    here = (~points.isna() & ~points.is_empty).to_numpy()
    table = table[here].reset_index(drop=True)
    table = table.assign(basis=basis_of(recorded_share(table).to_numpy(dtype=float)))
    if isinstance(gains, Gains):
        table = table.assign(
            one_off_share=one_off_share(table["gain_one_off_yuan"], table["gain_recurrent_yuan"]),
            left_out=left_out(gains).reindex(table["household_id"]).to_numpy(dtype=bool),
        )
    return table


def _named(table: pd.DataFrame, register: pd.DataFrame, lang: str) -> pd.DataFrame:
    """With what the bureau knows of a household, its head's name masked."""
    more: dict[str, object] = {}
    if "head_name" in register:
        more["head_name"] = [mask(name) if isinstance(name, str) else "" for name in register["head_name"]]
    for column in ("register_type", "main_cause"):
        if column in register:
            values = register[column].replace({np.nan: ""}).fillna("")
            more[column] = [choice_label("households", column, value, lang) for value in values]
    return table.assign(**more)
