"""Bee yards among their flowers: what each can take beside all others, in the programme or not.

Two measures stand side by side and differ ninefold: the nectar balance (kilograms of sugar against what a colony
eats and its keeper takes) and the capacity that the province's bee institute states (colonies per hectare).
Where no land cover is known, or its cells are too wide for one circle of flight, both say "cannot tell".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from rasterio.transform import Affine
from scipy.signal import fftconvolve
from scipy.sparse import csr_array

from eco.livelihoods.bees import gift_yuan, honey_per_colony
from eco.parameters.flowering import MONTHS, blooms, flowering_share, species_months, species_richness
from eco.parameters.numbers import Numbers
from eco.phrases import Phrase
from eco.problems import DataProblem, Finding
from eco.records.project import Project
from eco.records.tables import WORKING_CRS
from eco.space.forage import (
    COVER_CLASSES,
    NOT_COVER,
    PLANTED,
    Meadow,
    foraging_kernel,
    in_reach,
    left_share,
    patches,
    pressure,
    read_meadow,
    share_meadow,
    tells,
)
from eco.waiting import waiting

CLASSES = (*COVER_CLASSES, PLANTED)
# A circle of which less is known says nothing: the flowers may all stand in the other half.
_LEAST_KNOWN = 0.5
_TELLS = Phrase("可判断", "can tell")
_NO_COVER = Phrase("没有土地覆盖栅格", "no land-cover raster")
_COARSE = Phrase("土地覆盖像元太粗", "the land cover's cells are too wide")
_OUTSIDE = Phrase("蜂场周围大半没有土地覆盖", "most of the land around has no land cover")
_NO_FLOWERS = Phrase("采集半径内没有蜜源：蜂蜜为零", "no flowers in reach: no honey")


def nectar_kg(hectares: Mapping[str, np.ndarray], numbers: Numbers) -> np.ndarray:
    """Nectar of hectares by class, kg of sugar a year, at the most likely yields."""
    return np.sum([hectares[name] * _mode(numbers, f"nectar_{name}") for name in CLASSES], axis=0)


def colonies_fed(nectar_kg, honey_per_nectar, own_need_kg, honey_yield_kg):
    """Colonies that nectar feeds with a full crop of honey: kg x honey per kg / (own need + crop).

    1,256.6 ha of grass (2 km around) at 6.1 kg/ha:

    >>> round(float(colonies_fed(1256.6 * 6.1, 0.4, 40.0, 8.5)), 1)
    63.2
    """
    return nectar_kg * honey_per_nectar / (own_need_kg + honey_yield_kg)


@dataclass(frozen=True)
class _Yards:
    """Points (n, 2) in metres, colonies that compete (n,), reach and, where it can tell, the meadow around."""

    points: np.ndarray
    colonies: np.ndarray
    radius_m: float
    scale_m: float
    meadow: Meadow | None
    why: Phrase

    @property
    def kernel(self) -> np.ndarray:
        """The foraging kernel on the meadow's grid."""
        assert self.meadow is not None
        return foraging_kernel(self.radius_m / self.meadow.cell_m, self.scale_m / self.meadow.cell_m)

    def reached(self, raster: np.ndarray) -> np.ndarray:
        """Sum of a raster within every yard's radius, (yards,)."""
        assert self.meadow is not None
        row, column = self.meadow.places(self.points)
        return in_reach(raster, row, column, radius_cells=self.radius_m / self.meadow.cell_m)

    def known(self) -> np.ndarray:
        """Whether enough of a yard's circle has a land cover, (yards,)."""
        if self.meadow is None:
            return np.zeros(len(self.points), bool)
        some = self.reached((self.meadow.codes != NOT_COVER).astype(np.float32))
        return some >= _LEAST_KNOWN * (self.kernel > 0).sum()

    def shares(self) -> dict[str, np.ndarray]:
        """Hectares of each class a colony of every yard has; NaN where nobody can tell."""
        if self.meadow is None:
            return dict.fromkeys(CLASSES, np.full(len(self.points), np.nan))
        shared = share_meadow(
            self.meadow, self.points, hives=self.colonies, radius_m=self.radius_m, scale_m=self.scale_m
        )
        known = self.known()
        return {name: np.where(known, hectares, np.nan) for name, hectares in shared.items()}


def forage_columns(project: Project, numbers: Numbers) -> dict[str, np.ndarray]:
    """Hectares of each class a colony of every yard has for itself: columns of (yards,), NaN where nobody can tell.

    Nectar is these hectares times the nectar numbers, so that worlds differ without looking at the raster again.
    Plots flower as old as they are in the project's default year.
    """
    return {f"forage_{name}_ha": shared for name, shared in _yards(project, numbers).shares().items()}


@dataclass(frozen=True)
class FlowersLeft:
    """What existing colonies leave around places where others could stand.

    `hectares` of each class within the foraging radius of every place, (places,), NaN where nobody can tell.
    `patches` (patches, places): 1 where a patch with flowers left lies within a place's radius (eco.space.forage).
    """

    hectares: Mapping[str, np.ndarray]
    patches: csr_array


def flowers_left(project: Project, numbers: Numbers, places: np.ndarray) -> FlowersLeft:
    """What is left around `places` (n, 2; m, EPSG:4544) once all yards, in the programme or not, took their part.

    A colony uses no more of what sharing gives it than it eats and its keeper takes, at the most likely numbers.
    """
    yards = _yards(project, numbers, at=places)
    if yards.meadow is None:
        untold = dict.fromkeys(CLASSES, np.full(len(places), np.nan))
        return FlowersLeft(untold, csr_array((0, len(places))))
    flight = {"radius_m": yards.radius_m, "scale_m": yards.scale_m}
    shared = share_meadow(yards.meadow, yards.points, hives=yards.colonies, **flight)
    fed = colonies_fed(nectar_kg(shared, numbers), *(_mode(numbers, name) for name in _BALANCE))
    used = 1 / np.maximum(fed, 1)
    left = left_share(yards.meadow, yards.points, hives=yards.colonies, used=used, **flight)
    rasters = {name: yards.meadow.hectares(name) * left for name in CLASSES}
    new = replace(yards, points=places)
    known = new.known()
    at, cells = yards.meadow.places(places[known]), yards.radius_m / yards.meadow.cell_m
    told = patches(nectar_kg(rasters, numbers) > 0, *at, radius_cells=cells).tocoo()
    column = np.flatnonzero(known)[told.col]
    return FlowersLeft(
        {name: np.where(known, new.reached(raster), np.nan) for name, raster in rasters.items()},
        csr_array((told.data, (told.row, column)), shape=(told.shape[0], len(places))),
    )


@waiting("wait_saturation")
def saturation(project: Project, numbers: Numbers) -> pd.DataFrame:
    """One row a yard, at the most likely numbers: are there more colonies than flowers feed?

    `hives` compete at the yard, `hives_in_reach` within the foraging radius; `nectar_in_reach_kg` grows there and
    `nectar_kg` of it falls to the yard. `colonies_fed` live on that with a full crop, `colonies_allowed` by the
    capacity parameter on the same land; `saturation_nectar` and `saturation_capacity` are hives over these (inf
    where nothing flowers). `honey_kg` is the yard's honey in a calm year. Where `told` is "cannot tell" the numbers
    are NaN and `why_zh`, `why_en` say why.
    """
    yards = _yards(project, numbers)
    shares = yards.shares()
    nectar = nectar_kg(shares, numbers)
    hives = yards.colonies
    fed = hives * colonies_fed(nectar, *(_mode(numbers, name) for name in _BALANCE))
    land = sum(shares[name] for name in CLASSES)
    allowed = hives * land * _mode(numbers, "bee_capacity_province")
    why = _why(yards, nectar)
    return pd.DataFrame(
        {
            "yard": project.apiaries["apiary_id"].to_numpy(),
            "hives": hives,
            "hives_in_reach": _hives_in_reach(yards),
            "nectar_in_reach_kg": _nectar_in_reach(yards, numbers),
            "nectar_kg": hives * nectar,
            "colonies_fed": fed,
            "colonies_allowed": allowed,
            "saturation_nectar": _over(hives, fed),
            "saturation_capacity": _over(hives, allowed),
            "honey_kg": _honey_kg(hives, nectar, numbers),
            "told": np.where(np.isfinite(nectar), "yes", "cannot tell"),
            "why_zh": [phrase.zh for phrase in why],
            "why_en": [phrase.en for phrase in why],
        }
    )


def saturation_raster(project: Project, numbers: Numbers) -> tuple[np.ndarray, Affine]:
    """For maps: colonies that fly over each place beside those its flowers feed, float32, and its transform.

    Both are means over the foraging kernel around the cell (EPSG:4544). NaN where nobody can tell or nothing
    flowers and nobody flies; inf where colonies fly over land without flowers.
    """
    yards = _yards(project, numbers)
    if yards.meadow is None:
        return np.full((1, 1), np.nan, np.float32), Affine.identity()
    meadow, kernel = yards.meadow, yards.kernel
    row, column = meadow.places(yards.points)
    flying = pressure(meadow.codes.shape, row, column, colonies=yards.colonies, kernel=kernel)
    nectar = nectar_kg({name: meadow.hectares(name) for name in CLASSES}, numbers)
    around = np.maximum(fftconvolve(nectar, kernel.astype(np.float32), mode="same"), 0)
    # What is left of a transform where there are no flowers at all is no flower.
    around[around < meadow.cell_hectares / _FLOWERLESS] = 0
    fed = colonies_fed(around, *(_mode(numbers, name) for name in _BALANCE))
    ratio = _over(flying, fed)
    ratio[(flying == 0) & (fed == 0) | (meadow.codes == NOT_COVER)] = np.nan
    return ratio.astype(np.float32), meadow.transform


_BALANCE = ("nectar_to_honey", "colony_nectar_need", "honey_yield")
_FLOWERLESS = 1e4  # less than a tenth of a gram on a square metre of the best land


def nectar_by_month(project: Project, numbers: Numbers) -> pd.DataFrame:
    """Kilograms of nectar that fall to each yard in each month of the flow; the months add up to the year's.

    The months of plots are those of all plots of the project together, weighted by area and richness.
    """
    yards = _yards(project, numbers)
    shares = yards.shares()
    calendar = {name: np.array(blooms()[name].months) for name in COVER_CLASSES} | {
        PLANTED: _planted_months(project)
    }
    months = sum(
        np.outer(yards.colonies * shares[name] * _mode(numbers, f"nectar_{name}"), calendar[name])
        for name in CLASSES
    )
    table = pd.DataFrame(months, columns=[f"{month}_kg" for month in MONTHS])
    table.insert(0, "yard", project.apiaries["apiary_id"].to_numpy())
    return table


def neighbours_loss(project: Project, numbers: Numbers, x: float, y: float, hives: float) -> pd.DataFrame:
    """Honey (kg in a calm year) that yards lose when `hives` more stand at `x`, `y` (m, EPSG:4544).

    One row a yard whose flight meets theirs, most harmed first: yard, honey_before_kg, honey_after_kg, lost_kg, told.
    Raises DataProblem for a place or number that is none.
    """
    if not (np.isfinite([x, y, hives]).all() and hives >= 0):
        expected = Phrase("米制坐标和不小于 0 的箱数", "metres and a number of hives of at least 0")
        todo = Phrase("更正后再试", "correct them")
        found = f"{x}, {y}, {hives}"
        raise DataProblem([Finding("E-EST-06", "error", "apiaries", "", "hives", found, expected, todo)])
    everywhere, points = _points(project.apiaries), np.array([[x, y]])
    away = np.hypot(*(everywhere - points).T)
    reach = 2000 * _above_zero(numbers, "forage_radius")
    # Who meets the newcomer is at most two radii away, who meets these at most four.
    near = project.apiaries[away <= 2 * reach + _GRID_SLACK_M]
    frame = _losses(_yards(project, numbers, near, at=points), near, numbers, hives)
    return frame[away[away <= 2 * reach + _GRID_SLACK_M] <= reach + _GRID_SLACK_M].sort_values(
        ["lost_kg", "yard"], ascending=[False, True], ignore_index=True
    )


_GRID_SLACK_M = 1000.0  # yards move to the middle of a cell


def _losses(yards: _Yards, near: pd.DataFrame, numbers: Numbers, hives: float) -> pd.DataFrame:
    """Honey of the yards `near` without and with the last of `yards`, which stands there with `hives`."""
    honey = []
    for added in (0.0, hives):
        colonies = np.append(yards.colonies[:-1], added)
        each = nectar_kg(replace(yards, colonies=colonies).shares(), numbers)
        honey.append(_honey_kg(colonies, each, numbers)[:-1])
    told = np.where(np.isfinite(honey[0]), "yes", "cannot tell")
    names = near["apiary_id"].to_numpy()
    lost = honey[0] - honey[1]
    return pd.DataFrame(
        {
            "yard": names,
            "honey_before_kg": honey[0],
            "honey_after_kg": honey[1],
            "lost_kg": lost,
            "told": told,
        }
    )


def gift_assets(links: pd.DataFrame, numbers: Numbers) -> pd.DataFrame:
    """What hives given to keepers are worth, shown beside gains and never in them: one row a household.

    `links` are those of an Exposure; only recorded keepers count. Columns household_id, hives, asset_yuan and its
    low and high (a colony and a box each).
    """
    kept = links[links["recorded"] & (links["role"] == "keeper") & (links["unit"] == "hives")]
    table = (
        kept.groupby("household_id", as_index=False)["quantity"].sum().rename(columns={"quantity": "hives"})
    )
    for column, bound in (("asset_yuan", "mode"), ("asset_low_yuan", "low"), ("asset_high_yuan", "high")):
        prices = [getattr(numbers[name], bound) for name in ("hive_cost_colony", "hive_box_cost")]
        table[column] = gift_yuan(table["hives"], *prices)
    return table


def _yards(
    project: Project, numbers: Numbers, table: pd.DataFrame | None = None, *, at: np.ndarray | None = None
) -> _Yards:
    """The yards of a table (default: all), and places `at` (n, 2) without colonies behind them."""
    table = project.apiaries if table is None else table
    points = _points(table)
    # Competition at the largest number a yard held: what is shared out then is never too much in a thinner year.
    hives = table[["hives_received", "hives_alive"]].max(axis=1).fillna(0).to_numpy(float)
    if at is not None:
        points, hives = np.vstack([points, at]), np.append(hives, np.zeros(len(at)))
    radius, scale = (1000 * _above_zero(numbers, name) for name in ("forage_radius", "forage_scale"))
    if "land_cover" not in project.rasters or not len(points):
        return _Yards(points, hives, radius, scale, None, _NO_COVER)
    plots, richness = _plots(project, numbers)
    meadow = read_meadow(
        project.rasters["land_cover"],
        points,
        radius_m=radius,
        crs=WORKING_CRS,
        plots=plots,
        richness=richness,
    )
    if not tells(meadow.source_cell_m, radius):
        width = f"{meadow.source_cell_m:,.0f} m"
        return _Yards(
            points, hives, radius, scale, None, Phrase(f"{_COARSE.zh}（{width}）", f"{_COARSE.en} ({width})")
        )
    return _Yards(points, hives, radius, scale, meadow, _TELLS)


def _points(table: pd.DataFrame) -> np.ndarray:
    return np.column_stack([table.geometry.x, table.geometry.y]) if len(table) else np.zeros((0, 2))


def _plots(project: Project, numbers: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Outlines of forest plots whose species are known, and their flowering in the default year."""
    plots = project.forest_plots
    rich = pd.Series(
        [species_richness(str(species)) for species in plots["species"]], plots.index, dtype=float
    )
    full, year = _above_zero(numbers, "nectar_full_age"), project.settings.default_year
    grown = np.array([flowering_share(year - planted, full) for planted in plots["planted_year"]], float)
    drawn = (rich.notna() & ~plots.geometry.is_empty).to_numpy() if len(plots) else np.zeros(0, bool)
    return plots.geometry.to_numpy()[drawn], (rich.to_numpy(float) * grown)[drawn]


def _planted_months(project: Project) -> np.ndarray:
    plots = project.forest_plots
    months = np.array([species_months(str(species)) for species in plots["species"]]).reshape(-1, len(MONTHS))
    total = plots["area_mu"].to_numpy(float) @ months
    return total / total.sum() if total.sum() else np.full(len(MONTHS), 1 / len(MONTHS))


def _mode(numbers: Numbers, name: str) -> float:
    return numbers[name].mode


def _above_zero(numbers: Numbers, name: str) -> float:
    value = numbers[name].mode
    if value <= 0:
        expected = Phrase("大于 0 的数", "a number above 0")
        todo = Phrase("更正参数", "correct the parameter")
        raise DataProblem(
            [Finding("E-EST-07", "error", "parameters", "", name, f"{value:g}", expected, todo)]
        )
    return value


def _over(hives: np.ndarray, room: np.ndarray) -> np.ndarray:
    """hives / room; inf where there is no room for any, 0 where there are none."""
    empty = np.where(hives > 0, np.inf, 0.0)
    return np.where(np.isnan(room), np.nan, np.divide(hives, room, out=empty, where=room > 0))


def _honey_kg(hives: np.ndarray, nectar: np.ndarray, numbers: Numbers) -> np.ndarray:
    """Honey of whole yards in a year without frost, kg."""
    per_nectar, need, potential = (_mode(numbers, name) for name in _BALANCE)
    return hives * honey_per_colony(nectar, per_nectar, need, potential, 0)


def _hives_in_reach(yards: _Yards) -> np.ndarray:
    from scipy.spatial import cKDTree

    if not len(yards.points):
        return np.zeros(0)
    tree = cKDTree(yards.points)
    near = tree.query_ball_point(yards.points, yards.radius_m)
    return np.array([yards.colonies[sorted(found)].sum() for found in near])


def _nectar_in_reach(yards: _Yards, numbers: Numbers) -> np.ndarray:
    if yards.meadow is None:
        return np.full(len(yards.points), np.nan)
    reached = {name: yards.reached(yards.meadow.hectares(name)) for name in CLASSES}
    return np.where(yards.known(), nectar_kg(reached, numbers), np.nan)


def _why(yards: _Yards, nectar: np.ndarray) -> list[Phrase]:
    if yards.meadow is None:
        return [yards.why] * len(nectar)
    return [_OUTSIDE if np.isnan(kg) else _TELLS if kg > 0 else _NO_FLOWERS for kg in nectar]
