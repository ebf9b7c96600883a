"""Which single lots are open to which household, what they cost, and the links and sites they would bring.

A lot is one livelihood in one size for one registered household: hives, mu of grass or of trees, or a guard post.
Costs stand at the most likely numbers, in whole fen; nothing here says what a lot is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from eco.income.exposure import Exposure
from eco.income.inference import LINK_COLUMNS, asked_days, free_days, lasting_years
from eco.livelihoods import Livelihood
from eco.parameters.numbers import Numbers
from eco.phrases import Phrase
from eco.planning.ground import Ground
from eco.planning.options import KINDS, PARTS
from eco.records.tables import POOR_TYPES

# The number whose low, mode and high are the sizes of a part; of guard posts a household holds one.
SIZES = {"bees": "hives_per_hh_given", "juncao": "grass_lot_mu", "forest": "forest_lot_mu"}
# The links of a part: livelihood, role and unit, each of the lot's quantity.
LINKS = {
    "bees": (("bees", "keeper", "hives"),),
    "juncao": (("juncao", "grower", "mu"),),
    "forest": (("forest", "planter", "mu"), ("forest", "tender", "mu"), ("forest", "lessor", "mu")),
    "guard": (("forest", "guard", "posts"),),
}
ORDER = ["village_code", "household_id", "part", "size"]
_CLOSED = {
    "general": Phrase("非建档立卡户", "not registered"),
    "nowhere": Phrase("没有位置", "without a place"),
    "workless": Phrase("没有劳动力", "without a worker"),
    "bees": Phrase("村里没有还能放蜂的场地", "no room for hives in the village"),
    "juncao": Phrase("村里的地过高或本户没有地种草", "fields too high for grass, or no land left for it"),
    "forest": Phrase("本户没有地栽树", "no land left for trees"),
    "guard": Phrase("乡镇没有空缺的护林岗位或本户已有", "no guard post open, or one held already"),
}


@dataclass(frozen=True)
class Offers:
    """All open lots, and what they stand on.

    `lots`: one row a lot in order of village, household, part (that of `options.PARTS`) and size: household_id,
    village_code, part, size, the four quantities of `options.PARTS`, days (own days in the first year, as `eco.link`
    books them), and the costs of `options.KINDS` (cost_one_off_yuan and so on) in whole fen. `homes`: households that
    may be given anything, in order of village and id: household_id, village_code, township_code, land_mu, which grass
    and trees share, and free_days that the records leave. `sites`: by livelihood, as-if sites in the columns of
    `Exposure.sites`.
    `closed`: households that something is closed to, by reason.
    """

    lots: pd.DataFrame
    homes: pd.DataFrame
    sites: Mapping[str, pd.DataFrame]
    closed: Mapping[Phrase, int]


def offers_of(exposure: Exposure, numbers: Numbers, ground: Ground, *, year: int) -> Offers:
    """The lots open in `year` on the ground told.

    Only registered households with a place and a worker get any. Hives need room for the lot at the village's yard
    (where nobody can tell the room they are open), grass a field not above the mode of `juncao_alt_max`, grass and
    trees land that `hh_land` leaves, a guard a post open in the township and none held. A part of which `exposure`
    does not know the livelihood is not offered.
    """
    homes, closed = _able(exposure.project.households)
    ids = homes["household_id"]
    homes["land_mu"] = land_left(exposure, ids, numbers, year=year)
    free = free_days(homes, numbers["hh_days_avail"].mode)
    homes["free_days"] = np.maximum(free - booked_days(exposure, ids, numbers, year=year), 0)
    most = _most(homes, exposure, ground, numbers, year)
    known = {one.name for one in exposure.livelihoods}
    parts = []
    for part, quantity in most.items():
        if all(livelihood in known for livelihood, _, _ in LINKS[part]):
            sizes = sizes_of(part, numbers)
            closed[_CLOSED[part]] = int((quantity < sizes.min(initial=np.inf)).sum())
            parts.append(_lots(homes, part, quantity, sizes, numbers))
    lots = pd.concat(parts, ignore_index=True) if parts else _lots(homes[:0], "guard", *_NONE, numbers)
    days = {part: _days_a_unit(part, exposure, numbers) for part in PARTS}
    lots["days"] = lots["size"] * lots["part"].map(days).astype(float)
    lots["part"] = pd.Categorical(lots["part"], categories=list(PARTS), ordered=True)
    lots = lots.sort_values(ORDER, ignore_index=True)
    return Offers(
        lots.assign(part=lots["part"].astype(str)),
        homes,
        as_if_sites(exposure, numbers, ground, year),
        closed,
    )


def sizes_of(part: str, numbers: Numbers) -> np.ndarray:
    """The sizes of a part's lots, ascending: whole hives, mu, or one post."""
    if part not in SIZES:
        return np.ones(1)
    number = numbers[SIZES[part]]
    sizes = np.array([number.low, number.mode, number.high], float)
    sizes = np.unique(np.rint(sizes) if part == "bees" else sizes)
    return sizes[sizes > 0]


def unit_cost(part: str, numbers: Numbers) -> dict[str, float]:
    """What one unit of a part costs at the modes, yuan, by `options.KINDS`: once, every year, and while it is tended.

    The fund buys colonies in their boxes and pays seedlings of grass each season; trees cost the project once, rent
    each year and tending in their first years; a guard is paid each year.
    """

    def mode(name: str) -> float:
        return numbers[name].mode

    once, yearly, tending = 0.0, 0.0, 0.0
    if part == "bees":
        once = mode("hive_cost_colony") + mode("hive_box_cost")
    elif part == "juncao":
        yearly = mode("juncao_plants_per_mu") * mode("juncao_seedling_price")
    elif part == "forest":
        once, yearly = mode("forest_project_cost"), mode("land_rent_hill")
        tending = mode("tending_days") * mode("day_wage_local_light")
    else:
        yearly = mode("guard_wage")
    return dict(zip(KINDS, (once, yearly, tending)))


def land_left(exposure: Exposure, household_ids: pd.Series, numbers: Numbers, *, year: int) -> np.ndarray:
    """Mu that `hh_land` leaves households beside the grass they grow in a year and the own land they lease out."""
    links = exposure.links
    used = np.zeros(len(links))
    for name, role in (("juncao", "grower"), ("juncao", "lessor"), ("forest", "lessor")):
        if name not in exposure.sites:
            continue
        mine = np.flatnonzero((links["livelihood"] == name) & (links["role"] == role))
        site = exposure.sites[name].loc[links["site_id"].iloc[mine]]
        begun = links["year"].to_numpy()[mine] <= year
        if name == "juncao":
            now = site["season"].to_numpy() == year
        else:
            now = begun & (site["end_year"].to_numpy() >= year) & (site["household_land"].to_numpy() > 0)
        used[mine] = links["quantity"].to_numpy(float)[mine] * now
    of_home = pd.Series(used).groupby(links["household_id"].to_numpy()).sum()
    own = of_home.reindex(household_ids, fill_value=0.0).to_numpy()
    return np.maximum(numbers["hh_land"].mode - own, 0.0)


def booked_days(exposure: Exposure, household_ids: pd.Series, numbers: Numbers, *, year: int) -> np.ndarray:
    """Own days that the links of households ask in a year at the modes, as `eco.link` books them, (households,)."""
    total = pd.Series(0.0, pd.Index(household_ids))
    for one in exposure.livelihoods:
        links = exposure.links[exposure.links["livelihood"] == one.name]
        lasting = lasting_years(one, links)
        years = {
            each.role: numbers[each.years].mode for each in one.inferences if each.years not in ("", "open")
        }
        inferred = links["role"].map(years).where(~links["recorded"].astype(bool)).to_numpy(float)
        lasting = np.where(np.isnan(inferred), lasting, inferred)
        since = links["year"].to_numpy(float)
        days = asked_days(one, links, numbers) * ((since <= year) & (year < since + lasting))
        asked = pd.Series(days).groupby(links["household_id"].to_numpy()).sum()
        total += asked.reindex(total.index, fill_value=0.0)
    return total.to_numpy()


def choices(lots: pd.DataFrame, home: np.ndarray, land_mu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All bundles that lots can make: rows of lots by part, -1 for none, (bundles, parts), and the households' rows.

    `lots` and `home` (lots,) in the order of Offers.lots; `land_mu` (homes,). A bundle takes at most one size of each
    part, something at least, and grass and trees together no more than the land: up to 4 x 4 x 4 x 2 - 1 of them.
    """
    part = lots["part"].map(list(PARTS).index).to_numpy(int)
    key = home * len(PARTS) + part
    first = np.searchsorted(key, np.arange(len(land_mu) * len(PARTS))).reshape(-1, len(PARTS))
    count = np.bincount(key, minlength=len(land_mu) * len(PARTS)).reshape(-1, len(PARTS))
    sizes = (range(most + 1) for most in count.max(axis=0, initial=0))
    grid = np.array(list(product(*sizes)), int)
    taken = (grid[None] > 0) & (grid[None] <= count[:, None])
    choice = np.where(taken, first[:, None] + grid[None] - 1, -1)
    land = np.append(lots["juncao_mu"] + lots["forest_mu"], 0.0)
    fits = (land[choice].sum(axis=2) <= land_mu[:, None]) & np.any(grid > 0, axis=1)
    homes, which = np.nonzero(fits & np.all(grid[None] <= count[:, None], axis=2))
    return choice[homes, which], homes


def as_if_sites(exposure: Exposure, numbers: Numbers, ground: Ground, year: int) -> dict[str, pd.DataFrame]:
    """The sites that lots would stand on, one a village and livelihood, in the columns of `Exposure.sites`."""
    rooms = {"bees": _new_yards, "juncao": _new_fields, "forest": _new_woods}
    return {
        one.name: _as_numbers(one, rooms[one.name](ground, numbers, year), year)
        for one in exposure.livelihoods
        if one.name in rooms
    }


def site_id(livelihood: str, village_codes: pd.Series) -> pd.Series:
    """The ids of as-if sites of a livelihood, by village."""
    return "plan-" + livelihood + "-" + village_codes.astype(str)


def links_of(rows: pd.DataFrame, *, year: int) -> pd.DataFrame:
    """The links that lots or bundles would be from `year` on, recorded, in the columns of `Exposure.links`.

    `rows` has household_id, village_code and the quantities of `options.PARTS`; a column `row` says which of them
    each link comes from.
    """
    made = []
    for part, links in LINKS.items():
        mine = np.flatnonzero(rows[PARTS[part]].to_numpy(float) > 0)
        held = rows.iloc[mine]
        for livelihood, role, unit in links:
            made.append(
                pd.DataFrame(
                    {
                        "household_id": held["household_id"].to_numpy(),
                        "site_id": site_id(livelihood, held["village_code"]).to_numpy(),
                        "livelihood": livelihood,
                        "role": role,
                        "quantity": held[PARTS[part]].to_numpy(float),
                        "unit": unit,
                        "year": year,
                        "recorded": True,
                        "weight": 0.0,
                        "site_recorded": 0.0,
                        "row": mine,
                    }
                )
            )
    return pd.concat(made, ignore_index=True)[[*LINK_COLUMNS, "row"]]


_NONE = np.zeros(0), np.zeros(0)


def _able(households: pd.DataFrame) -> tuple[pd.DataFrame, dict[Phrase, int]]:
    """Households that may be given anything, in order, and how many of the others there are."""
    registered = households["register_type"].isin(POOR_TYPES).to_numpy()
    placed = np.isfinite(households.geometry.x.to_numpy(float)) if len(households) else registered
    working = (households["workers"] > 0).to_numpy()
    closed = {
        _CLOSED["general"]: int((~registered).sum()),
        _CLOSED["nowhere"]: int((registered & ~placed).sum()),
        _CLOSED["workless"]: int((registered & placed & ~working).sum()),
    }
    columns = ["household_id", "village_code", "township_code", "workers", "free_days"]
    homes = pd.DataFrame(households.loc[registered & placed & working, columns])
    return homes.sort_values(["village_code", "household_id"], ignore_index=True), closed


def _most(
    homes: pd.DataFrame, exposure: Exposure, ground: Ground, numbers: Numbers, year: int
) -> dict[str, np.ndarray]:
    """The most of each part that a household may get, (homes,)."""
    room = ground.yards.set_index("village_code")["room_colonies"].fillna(np.inf)
    field = ground.fields.reindex(homes["village_code"])
    height = field["elevation_m"].where(field["elevation_known"].astype(float) > 0, -np.inf).to_numpy(float)
    land = homes["land_mu"].to_numpy(float)
    posts = homes["township_code"].map(ground.guard_room).fillna(0.0).to_numpy(float)
    told = homes["village_code"].isin(ground.hillsides.index)
    return {
        "bees": homes["village_code"].map(room).fillna(0.0).to_numpy(float),
        "juncao": np.where(height <= numbers["juncao_alt_max"].mode, land, 0.0),
        "forest": np.where(told, land, 0.0),
        "guard": np.where(told & ~homes["household_id"].isin(_guards(exposure, year)), posts, 0.0),
    }


def _guards(exposure: Exposure, year: int) -> pd.Series:
    """Households that hold a guard post in a year."""
    links = exposure.links
    held = links[(links["livelihood"] == "forest") & (links["role"] == "guard") & (links["year"] <= year)]
    if held.empty:
        return held["household_id"]
    until = exposure.sites["forest"]["end_year"].reindex(held["site_id"]).to_numpy()
    return held.loc[until >= year, "household_id"]


def _days_a_unit(part: str, exposure: Exposure, numbers: Numbers) -> float:
    """Own days that one unit of a part asks in its first year, at the modes."""
    rates = {one.name: one.day_rates for one in exposure.livelihoods}
    asked = (rates.get(livelihood, {}).get(role) for livelihood, role, _ in LINKS[part])
    return sum(numbers[name].mode for name in asked if name)


def _lots(
    homes: pd.DataFrame, part: str, most: np.ndarray, sizes: np.ndarray, numbers: Numbers
) -> pd.DataFrame:
    """Lots of one part, a row a household and size that fits."""
    home, size = np.nonzero(sizes[None, :] <= most[:, None])
    lots = homes.iloc[home][["household_id", "village_code"]].reset_index(drop=True)
    lots = lots.assign(part=part, size=sizes[size] if len(sizes) else np.zeros(0))
    for name, column in PARTS.items():
        lots[column] = lots["size"] if name == part else 0.0
    for name, cost in unit_cost(part, numbers).items():
        lots[f"cost_{name}_yuan"] = np.rint(lots["size"] * cost * 100) / 100
    return lots


def _as_numbers(one: Livelihood, table: pd.DataFrame, year: int) -> pd.DataFrame:
    """A table of as-if sites as `sites_of` gives sites: the livelihood's own columns, county, x, y, since."""
    numeric = {name: np.asarray(column, float) for name, column in one.site_columns(table).items()}
    frame = pd.DataFrame(numeric, index=pd.Index(site_id(one.name, table["village_code"]), name="site_id"))
    frame["county"] = pd.to_numeric(table["village_code"].str[:6], errors="coerce").fillna(0).to_numpy(float)
    frame["x"], frame["y"] = table["x"].to_numpy(float), table["y"].to_numpy(float)
    frame["since"] = float(year)
    return frame


def _new_yards(ground: Ground, numbers: Numbers, year: int) -> pd.DataFrame:
    """Yards of offered hives, each colony with the flowers it is allotted."""
    yards = ground.yards
    known = yards["forage_known"].astype(float) > 0
    forage = {name: yards[name].where(known) for name in yards if name.endswith("_ha")}
    return yards.assign(
        **forage,
        in_programme="yes",
        hives_received=sizes_of("bees", numbers).max(initial=1),
        hives_alive=np.nan,
        count_date=pd.NaT,
        started_year=year,
    )


def _new_fields(ground: Ground, numbers: Numbers, year: int) -> pd.DataFrame:
    """Fields of offered grass: a household's own farmland, seedlings from the fund, the grass sold."""
    fields = _told(ground.fields, {"elevation_m": "elevation_known", "slope_degrees": "slope_known"})
    return fields.assign(
        season=year,
        area_mu=sizes_of("juncao", numbers).max(initial=1),
        use="sold",
        seedlings="free",
        land_class="farmland",
    )


def _new_woods(ground: Ground, numbers: Numbers, year: int) -> pd.DataFrame:
    """Hillsides of offered trees: a household's own land that is no farmland, conifers that bear nothing."""
    hills = _told(ground.hillsides, {"slope_degrees": "slope_known", "shady_share": "aspect_known"})
    return hills.assign(
        programme="project",
        area_mu=sizes_of("forest", numbers).max(initial=1),
        verified_mu=np.nan,
        planted_year=year,
        end_year=np.nan,
        tenure="household",
        land_class="barren",
        species="",
    )


def _told(ground: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """Ground by village as a table, NaN where a column says that it is not known."""
    told = {
        name: ground[name].astype(float).where(ground[flag].astype(float) > 0) for name, flag in known.items()
    }
    return ground.assign(**told).rename_axis("village_code").reset_index()
