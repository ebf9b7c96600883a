"""Tables of an edition that are no map: totals of the file, causes, what the answer rests on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eco.income.accounts import COMMON_PARAMETERS
from eco.income.gains import Gains
from eco.income.influence import FEWEST_DRAWS, drivers
from eco.phrases import Phrase
from eco.records.tables import TABLES
from eco.sharing.privacy import groups
from eco.sharing.privacy.cells import Cells
from eco.sharing.privacy.editions import FLOOR, FLOOR_HEALTH, Edition
from eco.sharing.privacy.groups import FILE
from eco.sharing.release.places import Hidden

REST = "rest"
_REST = Phrase("其余各类合计", "all other causes")
_YUAN = {
    "gain_yuan": "gain_yuan_mean",
    "gain_recurrent_yuan": "gain_recurrent_yuan",
    "gain_one_off_yuan": "gain_one_off_yuan",
    "gain_economic_yuan": "gain_economic_yuan",
    "gross_receipts_yuan": "gross_receipts_yuan",
}
_LINE = ("persons_above_line_without", "persons_above_line_with", "crossing_up", "crossing_down")
_SOURCE_COLUMNS = (
    *("name", "label_zh", "label_en", "unit", "low", "mode", "high"),
    *("grade", "kind", "title", "url", "date"),
)


def totals(gains: Gains, rules: Edition, year: int, hidden: Hidden) -> pd.DataFrame | None:
    """A row a measure over the whole file; of the public edition only what enough households stand behind.

    Yuan obey the rules of any published number; persons are told where they are more than the members of `FLOOR`
    households, and those of the line where the line is told at all. None where nothing is left.
    """
    table = rules.allow(gains.totals(year), "totals")
    livelihoods = [f"{one.name}_yuan" for one in gains.exposure.livelihoods]
    if rules.name != "public":
        return table
    if FILE in hidden.gain:
        return None
    homes = gains.households(year=year)
    linked = homes["linked"].astype(bool).to_numpy()
    shares = np.column_stack([np.where(linked, homes[column], 0.0) for column in _YUAN.values()])
    cells = Cells.of(shares, np.zeros(len(homes), int), 1)
    tell = cells.tell()[0] | (cells.count[0] == 0)
    gone = {name for name, tells in zip(_YUAN, tell) if tells} | set(livelihoods)
    members = FLOOR * homes["persons"].mean()
    gone |= {name for name in table.index if name not in _YUAN and table.loc[name, "mean"] < members}
    gone |= set(_LINE) if FILE in hidden.line else set()
    left = table[~table.index.isin(gone)].dropna(how="all")
    return left if len(left) else None


def causes(project, gains, rules: Edition, year: int, hidden: Hidden) -> pd.DataFrame | None:
    """Households, persons and gain by main cause, of the whole file and, without gain, by county.

    A cause is told only where `FLOOR_HEALTH` households stand behind each of its numbers, in the file and in every
    county; all others are added up in one row "rest", the same ones everywhere. So nothing is hidden that a sum or
    difference could give back: every row is told, and all that can be formed of rows are larger groups. The by-county
    rows are left out where one county is too small. None where no two groups can be told apart.
    """
    if "main_cause" not in project.households:
        return None
    homes = gains.households(year=year)
    cause = project.households.set_index("household_id")["main_cause"].reindex(homes["household_id"])
    homes = homes.assign(
        main_cause=cause.fillna(REST).astype(str).replace("", REST).to_numpy(),
        county_code=homes["village_code"].str[:6],
    )
    floor = 0 if rules.name == "household" else FLOOR_HEALTH
    counties = homes["county_code"].isin(project.counties["code"]).all()
    by_county = counties and _all_told(homes.assign(main_cause=REST), floor, by_county=True)
    merged = _merged(homes, floor, by_county=by_county)
    if (rules.name == "public" and FILE in hidden.gain) or merged["main_cause"].nunique() < 2:
        return None
    rows = [_sums(merged.assign(code=FILE))]
    if by_county:
        rows.append(_sums(merged.assign(code=merged["county_code"])).assign(gain_yuan_mean=np.nan))
    table = pd.concat(rows, ignore_index=True)
    labels = TABLES["households"]["main_cause"].choices
    table["label_zh"] = [_REST.zh if c == REST else labels.get(c, (c,))[0] for c in table["main_cause"]]
    table["label_en"] = [_REST.en if c == REST else c.replace("_", " ") for c in table["main_cause"]]
    return rules.allow(table, "cause")


def _merged(homes: pd.DataFrame, floor: int, *, by_county: bool) -> pd.DataFrame:
    """With the smallest causes added to the rest, one by one, until every group may be told."""
    homes = homes.copy()
    while len(set(homes["main_cause"])) > 1 and not _all_told(homes, floor, by_county=by_county):
        sizes = homes.loc[homes["main_cause"] != REST, "main_cause"].value_counts()
        smallest = min(sizes.index, key=lambda name: (sizes[name], name))
        homes.loc[homes["main_cause"] == smallest, "main_cause"] = REST
    return homes


def _all_told(homes: pd.DataFrame, floor: int, *, by_county: bool) -> bool:
    """Whether enough households stand behind every row: persons and gain of the file, persons by county."""
    gain = groups.recorded_yuan(homes)
    persons = homes["persons"].to_numpy(float)
    cause, county = homes["main_cause"], homes["county_code"]
    if not _rows_told(cause, np.column_stack([persons, gain]), floor):
        return False
    if not by_county:
        return True
    # A cause that a county does not have would be told by its absence.
    everywhere = (county + cause).nunique() == county.nunique() * cause.nunique()
    return bool(not floor or everywhere) and _rows_told(county + cause, persons[:, None], floor)


def _rows_told(group: pd.Series, shares: np.ndarray, floor: int) -> bool:
    place, names = pd.factorize(group)
    return not (floor and Cells.of(shares, place, len(names)).tell(floor=floor).any())


def _sums(homes: pd.DataFrame) -> pd.DataFrame:
    return homes.groupby(["code", "main_cause"], as_index=False).agg(
        households=("household_id", "size"),
        persons=("persons", "sum"),
        gain_yuan_mean=("gain_yuan_mean", "sum"),
    )


def drivers_of(gains: Gains, year: int) -> pd.DataFrame | None:
    """What the answer hangs on; None for too few draws to tell."""
    return drivers(gains, year) if gains.draws >= FEWEST_DRAWS else None


def sources_of(gains: Gains) -> pd.DataFrame:
    """A row a number that the estimate uses, in order of name, with its range, source and grade."""
    names = {name for one in gains.exposure.livelihoods for name in one.parameters} | set(COMMON_PARAMETERS)
    rows = []
    for name in sorted(names):
        one = gains.numbers[name]
        source = one.source
        said = (one.label.zh, one.label.en, one.unit, one.low, one.mode, one.high)
        rows.append((name, *said, source.grade, source.kind, source.title, source.url, source.date))
    return pd.DataFrame(rows, columns=_SOURCE_COLUMNS)
