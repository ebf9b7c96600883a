"""A plan estimated again by the whole income model: what it does, beside what it promised.

Nothing here rests on the planner's own sums: the plan is put into the records (`carried_out`) and both are estimated
in the same worlds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eco.income.comparison import compare
from eco.income.gains import Gains, estimate_gains
from eco.phrases import WORDS
from eco.planning.carried import begun_bundles, carried_out
from eco.planning.plans import Plan
from eco.records.showing import number_text, said_html, shown
from eco.waiting import waiting

_ONE_OFF = "gain_one_off_yuan"
# What is told of a plan: the measure of the estimate, and the columns of bundles that promised it.
_MEASURES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "persons_above_line": ("persons_above_line_with", ("lifted_persons",)),
    "gap_yuan": ("poverty_gap_with", ("gap_yuan",)),
    "gain_recurrent_yuan": ("gain_recurrent_yuan", ("gain_yuan_mean",)),
    "gain_yuan": ("gain_yuan", ("gain_yuan_mean", _ONE_OFF)),
    "persons_gaining": ("persons_gaining", ()),
}
_OLD_KEEPERS = "old_keepers_bees_yuan"
_CHANGE = ["a", "b", "difference", "p10", "p90"]
_MUCH = 0.1  # a household that loses more of its honey is counted


@dataclass(frozen=True)
class Outcome:
    """A plan as the income model sees it in one year of it.

    `without`, `with_plan`: estimates of the records as they are and with the plan in them, same worlds. `table`: one
    row a measure: measure, label_zh, label_en, without, with (means), difference (mean over worlds) with p10 and p90,
    planned (the same difference as the plan promised it; NaN where offers do not tell it) and apart (difference -
    planned). gap_yuan is what persons
    below the line lack to it, yuan a year, so a plan makes it smaller; old_keepers_bees_yuan is what those who keep
    bees already have from the hives they had. `keepers`: one row a household of these: honey_before_yuan and
    honey_after_yuan (sales of its old hives), lost_yuan, lost_share; for the bureau's own use.
    """

    plan: Plan
    year: int
    without: Gains
    with_plan: Gains
    table: pd.DataFrame
    keepers: pd.DataFrame

    @property
    def lost_yuan(self) -> float:
        """Honey sales that old keepers lose to new hives, yuan a year."""
        return float(self.keepers["lost_yuan"].sum())

    @property
    def households_losing(self) -> int:
        """Old keepers who lose more than a tenth of their honey sales."""
        return int((self.keepers["lost_share"] > _MUCH).sum())

    def __repr__(self) -> str:
        row = self.table.set_index("measure").loc["persons_above_line"]
        return (
            f"Outcome({self.year}: {row['difference']:,.1f} persons lifted "
            f"({row['p10']:,.1f} to {row['p90']:,.1f}), planned {row['planned']:,.1f}; old keepers lose "
            f"{self.lost_yuan:,.0f} yuan a year, {self.households_losing:,} of {len(self.keepers):,} over a tenth)"
        )

    def _repr_html_(self) -> str:
        row = self.table.set_index("measure").loc["persons_above_line"]
        told = {name: number_text(row[name], decimals=1) for name in ("difference", "p10", "p90", "planned")}
        told |= {"lost": number_text(self.lost_yuan), "losing": number_text(self.households_losing)}
        said = said_html("plan_outcome_said", **told, year=self.year, keepers=number_text(len(self.keepers)))
        table = self.table.rename(columns={"without": "without_plan", "with": "with_plan"})
        return said + shown(table)._repr_html_()


@waiting("plan_outcome_wait")
def outcome(
    plan: Plan, *, year: int | None = None, draws: int | None = None, seed: int | None = None
) -> Outcome:
    """What a plan comes to in one of its years (default: its first) when the whole model estimates it.

    `draws` and `seed` are those of the options unless told. Raises DataProblem as `carried_out` does.
    """
    without, with_plan = estimates(plan, year=year, draws=draws, seed=seed)
    year = with_plan.exposure.project.settings.default_year
    before, after = (_old_hives(without, one.exposure.sites) for one in (without, with_plan))
    table = _measures(plan, without, with_plan)
    bees = compare(before, after, year=year).set_index("measure").reindex(["bees_yuan"])[_CHANGE]
    bees = bees.assign(measure=_OLD_KEEPERS, planned=0.0)  # plans allot what old keepers' bees leave
    table = _told(pd.concat([table, bees], ignore_index=True))
    return Outcome(plan, year, without, with_plan, table, _keepers(before, after, year))


def estimates(
    plan: Plan, *, year: int | None = None, draws: int | None = None, seed: int | None = None
) -> tuple[Gains, Gains]:
    """The records without and with a plan, estimated in the same worlds; their own year is `year` of the plan."""
    options = plan.options
    year = options.first_year if year is None else year
    draws, seed = options.draws if draws is None else draws, options.seed if seed is None else seed
    with_plan = carried_out(plan, year=year)
    as_is = options.exposure
    project = replace(as_is.project, settings=with_plan.project.settings)
    without = replace(as_is, project=project)
    first, second = (
        estimate_gains(one, options.numbers, draws=draws, seed=seed) for one in (without, with_plan)
    )
    return first, second


def _measures(plan: Plan, without: Gains, with_plan: Gains) -> pd.DataFrame:
    """The change of every measure by the model, and as the plan promised it."""
    year = with_plan.exposure.project.settings.default_year
    line = with_plan.answer(year).line
    changes = compare(without, with_plan, year=year).set_index("measure")
    begun = begun_bundles(plan, year)
    rows = []
    for name, (measure, promised) in _MEASURES.items():
        unit, sign = (np.nan if line is None else line, -1) if name == "gap_yuan" else (1, 1)
        planned = sign * begun[list(promised)].sum().sum() + 0.0 if promised else np.nan
        if _ONE_OFF in promised and (begun["since"] < year).any():
            planned = (
                np.nan
            )  # a list of offers tells what is paid once in the first year, and nothing of later ones
        rows.append(
            {"measure": name, **changes.loc[measure, _CHANGE].astype(float) * unit, "planned": planned}
        )
    return pd.DataFrame(rows)


def _told(table: pd.DataFrame) -> pd.DataFrame:
    """The table of measures as it is shown: words first, then what is apart from the promise."""
    words = [WORDS[f"plan_outcome_{name}"] for name in table["measure"]]
    table = table.rename(columns={"a": "without", "b": "with"})
    table.insert(1, "label_zh", [one.zh for one in words])
    table.insert(2, "label_en", [one.en for one in words])
    return table.assign(apart=table["difference"] - table["planned"])


def _old_hives(without: Gains, sites: Mapping[str, pd.DataFrame]) -> Gains:
    """What old keepers have from the hives they had, on the flowers of `sites`."""
    exposure, links = without.exposure, without.exposure.links
    bees = tuple(one for one in exposure.livelihoods if one.site_table == "apiaries")
    names = [one.name for one in bees]
    kept = links[links["livelihood"].isin(names) & (links["role"] == "keeper")]
    alone = replace(exposure, livelihoods=bees, links=kept, sites={name: sites[name] for name in names})
    return replace(without, exposure=alone, answers={})


def _keepers(before: Gains, after: Gains, year: int) -> pd.DataFrame:
    """One row a household that keeps bees already: its honey without and with new hives around."""
    ids = np.unique(before.exposure.links["household_id"])
    honey, less = (one.households(year).set_index("household_id").loc[ids] for one in (before, after))
    table = honey[["county", "township", "village", "persons"]].reset_index()
    table["honey_before_yuan"] = honey["gross_receipts_yuan"].to_numpy()
    table["honey_after_yuan"] = less["gross_receipts_yuan"].to_numpy()
    table["lost_yuan"] = table["honey_before_yuan"] - table["honey_after_yuan"]
    table["lost_share"] = (table["lost_yuan"] / table["honey_before_yuan"]).where(
        table["honey_before_yuan"] > 0, 0
    )
    return table.sort_values(["lost_share", "household_id"], ascending=[False, True], ignore_index=True)
