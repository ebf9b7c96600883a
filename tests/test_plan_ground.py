"""Places of a plan: left-over flowers by hand and by flows, ground by planes of known slope, posts and seedlings."""

import time
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rasterio.transform import from_origin
from scipy.optimize import linprog
from scipy.sparse import coo_array
from shapely.geometry import Point, box
from small_folder import write_folder
from small_projects import SOUTH, TOLD, VILLAGES, WEST, dingxi, link_row, small_project
from test_forage import write_cover

from eco.income.flowers import CLASSES, saturation
from eco.parameters.numbers import load_parameters
from eco.planning.ground import ground_of
from eco.records.project import load_project
from eco.space.forage import left_share, patches, read_meadow, share_meadow
from eco.space.terrain import elevation_at, slope_aspect

NUMBERS = load_parameters()
GRASS, CROP, BROADLEAF, CONIFER, UNKNOWN = 10, 12, 4, 1, 255
KG = {BROADLEAF: 66.5, GRASS: 6.1, CROP: 14.9}  # of nectar a hectare, at the modes
COLONY_KG = (40.0 + 8.5) / 0.4
CELL_M, RADIUS_CELLS = 100.0, 20  # land cover of 500 m is looked at in cells of 1/20 of the radius
FOREST = {"plot_id": "F1", "village_code": VILLAGES[0]}


def homes(*places, village=VILLAGES[0]):
    """Households of one village at (east, north)."""
    return [
        {"household_id": f"H{village[-6:]}{i}", "village_code": village, "east": float(x), "north": float(y)}
        for i, (x, y) in enumerate(places)
    ]


def county(folder=None, codes=GRASS, *, households=None, **said):
    """A county of which the land cover is known, its households in the middle of it unless told."""
    rasters = {} if folder is None else {"land_cover": write_cover(folder / "cover.tif", codes)}
    return small_project(
        households=homes((50, 50)) if households is None else households,
        rasters={**rasters, **said.pop("rasters", {})},
        **said,
    )


def circle_of(codes, x, y):
    """Codes of the cells of 100 m within 2 km of the middle of a point's own cell."""
    fine = np.kron(np.broadcast_to(codes, (80, 80)), np.ones((5, 5), int))
    row, column = int((20_000 - y) // CELL_M), int((x + 20_000) // CELL_M)
    down, right = np.mgrid[:400, :400]
    return fine[(down - row) ** 2 + (right - column) ** 2 <= RADIUS_CELLS**2]


def room_of(codes, x, y):
    circle = circle_of(codes, x, y)
    return sum(kg * (circle == code).sum() for code, kg in KG.items()) / COLONY_KG


def test_the_room_of_known_hectares_is_what_paper_and_pencil_say(tmp_path):
    (yard,) = ground_of(county(tmp_path), NUMBERS, year=2021).yards.to_dict("records")
    assert yard["room_colonies"] == pytest.approx(1257 * 6.1 * 0.4 / 48.5)  # 1,257 cells of one hectare
    assert yard["room_colonies"] == pytest.approx(63.2, abs=0.1)
    assert yard["forage_grass_ha"] == pytest.approx(COLONY_KG / 6.1)
    assert yard["forage_crop_ha"] == yard["forage_forest_ha"] == yard["forage_planted_ha"] == 0
    assert yard["forage_known"] and yard["yard_id"] == f"NEW-{VILLAGES[0]}" and yard["hives_there"] == 0


def test_a_colony_is_allotted_the_mix_of_its_radius_and_just_enough(tmp_path):
    rng = np.random.default_rng(3)
    codes = rng.choice([GRASS, CROP, BROADLEAF, CONIFER], (80, 80))
    places = [(0, 0), (4300, -2950), (-7100, 5005)]
    rows = [row for v, place in zip(VILLAGES, places) for row in homes(place, village=v)]
    ground = ground_of(county(tmp_path, codes, households=rows), NUMBERS, year=2021)
    for place, yard in zip(places, ground.yards.to_dict("records")):
        circle = circle_of(codes, *place)
        assert yard["room_colonies"] == pytest.approx(room_of(codes, *place), rel=1e-6)
        for name, code in (("forest", BROADLEAF), ("grass", GRASS), ("crop", CROP)):
            share = (circle == code).sum() / yard["room_colonies"]
            assert yard[f"forage_{name}_ha"] == pytest.approx(share, rel=1e-6)
        eaten = sum(yard[f"forage_{name}_ha"] * NUMBERS[f"nectar_{name}"].mode for name in CLASSES)
        assert eaten == pytest.approx(COLONY_KG, rel=1e-6)


@pytest.mark.parametrize("programme", ["yes", "no"])
def test_colonies_there_take_up_one_room_each_and_no_more(tmp_path, programme):
    alone = ground_of(county(tmp_path), NUMBERS, year=2021).yards["room_colonies"].iloc[0]

    def left(hives, east=50.0, **more):
        yard = {"apiary_id": "S1", "east": east, "north": 50.0, "hives_received": hives, **more}
        project = county(
            tmp_path, apiaries=[{**yard, "in_programme": programme, "village_code": VILLAGES[2]}]
        )
        return ground_of(project, NUMBERS, year=2021).yards["room_colonies"].iloc[0]

    assert left(20.0) == pytest.approx(alone - 20, rel=1e-5)
    assert left(20.0, hives_alive=12.0) == pytest.approx(alone - 20, rel=1e-5)  # as the income model shares
    assert left(alone + 1) == 0 == left(900.0)
    assert left(20.0, east=1850.0) > alone - 20 + 1  # takes part of its flowers elsewhere
    assert left(900.0, east=4250.0) == alone  # flies to none of them


def test_what_a_hungry_yard_takes_stops_at_its_circle(tmp_path):
    yard = {"apiary_id": "S1", "east": 1850.0, "north": 50.0, "hives_received": 900.0}
    project = county(tmp_path, apiaries=[{**yard, "village_code": VILLAGES[2]}])
    ground = ground_of(project, NUMBERS, year=2021)
    down, right = np.mgrid[-40:41, -40:41]
    free = (down**2 + right**2 <= 400) & (down**2 + (right - 18) ** 2 > 400)
    assert ground.yards["room_colonies"].iloc[0] == pytest.approx(free.sum() * 6.1 / COLONY_KG, rel=1e-6)


@given(
    codes=arrays(np.int64, (8, 8), elements=st.sampled_from([GRASS, CROP, BROADLEAF, CONIFER])),
    places=st.lists(
        st.tuples(st.integers(-5000, 5000), st.integers(-5000, 5000), st.sampled_from([0.0, 3.0, 70.0, 800.0])),
        min_size=1, max_size=6,
    ),
)  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_left_and_what_is_used_are_what_is_there(tmp_path, codes, places):
    cover = write_cover(tmp_path / "cover.tif", np.kron(codes, np.ones((10, 10), int)))
    points = np.array([(WEST + x, SOUTH + y) for x, y, _ in places])
    hives = np.array([n for *_, n in places])
    flight = {"radius_m": 2000.0, "scale_m": 1000.0}
    meadow = read_meadow(cover, points, radius_m=2000.0, crs="EPSG:4544")
    used = np.random.default_rng(len(places)).uniform(0, 1, len(places))
    left = left_share(meadow, points, hives=hives, used=used, **flight)
    share = share_meadow(meadow, points, hives=hives, **flight)
    assert left.min() >= 0 and left.max() <= 1
    for name, each in share.items():
        there = meadow.hectares(name)
        gone = (there * (1 - left.astype(float))).sum()
        assert gone == pytest.approx((hives * used * each).sum(), rel=1e-4, abs=1e-3)
    everything = left_share(meadow, points, hives=hives, used=np.ones(len(hives)), **flight)
    assert set(np.unique(everything)) <= {0.0, 1.0}


@given(
    where=arrays(bool, (13, 15), elements=st.sampled_from([True, True, True, False])),
    yards=st.lists(st.tuples(st.integers(-1, 13), st.integers(-1, 15)), max_size=7),
    radius=st.sampled_from([0.0, 1.0, 2.5, 4.2]),
)
@settings(max_examples=200, deadline=None)
def test_patches_are_the_largest_sets_of_yards_that_any_cell_lies_in_reach_of(where, yards, radius):
    row, column = np.array(yards, int).reshape(-1, 2).T
    found = patches(where, row, column, radius_cells=radius)
    sets = {
        frozenset(i for i, (r, c) in enumerate(yards) if np.hypot(r - y, c - x) <= radius)
        for y, x in np.argwhere(where)
    } - {frozenset()}
    largest = {one for one in sets if not any(one < other for other in sets)}
    told = [frozenset(np.flatnonzero(line)) for line in found.toarray()]
    assert set(told) == largest and len(told) == len(largest)
    assert found.shape[1] == len(yards) and (found.data == 1).all()


def fed_by_flows(codes, old, new, wanted):
    """Nectar (kg) that can flow from cells to yards at once, at most `wanted` to each: a linear program of its own."""
    fine = np.kron(codes, np.ones((5, 5), int))
    supply = np.select([fine == code for code in KG], list(KG.values()), 0.0).ravel()
    down, right = (part.ravel() for part in np.mgrid[:400, :400])
    cells, yards = [], []
    for yard, (x, y) in enumerate([*old, *new]):
        row, column = int((20_000 - y) // CELL_M), int((x + 20_000) // CELL_M)
        near = np.flatnonzero(((down - row) ** 2 + (right - column) ** 2 <= RADIUS_CELLS**2) & (supply > 0))
        cells.append(near)
        yards.append(np.full(len(near), yard))
    cell, yard = np.concatenate(cells), np.concatenate(yards)
    used, place = np.unique(cell, return_inverse=True)
    flows = np.arange(len(cell))
    rows = np.concatenate([place, len(used) + yard])
    most = np.concatenate([supply[used], wanted])
    matrix = coo_array(
        (np.ones(2 * len(cell)), (rows, np.tile(flows, 2))), shape=(len(most), len(cell))
    ).tocsr()
    found = linprog(-np.ones(len(cell)), A_ub=matrix, b_ub=most, method="highs")
    assert found.status == 0
    return -found.fun


@pytest.mark.parametrize("seed", range(6))
def test_any_hives_the_meadows_let_in_can_be_fed_beside_all_that_are_there(tmp_path, seed):
    rng = np.random.default_rng(seed)
    codes = np.kron(rng.choice([GRASS, CROP, BROADLEAF, CONIFER], (16, 16)), np.ones((5, 5), int))
    new = rng.uniform(-2500, 2500, (4, 2))
    old = rng.uniform(-3000, 3000, (3, 2))
    rows = [row for v, place in zip(VILLAGES, new) for row in homes(place, village=v)]
    bees = [
        {"apiary_id": f"S{i}", "east": x, "north": y, "hives_received": float(n), "in_programme": "no"}
        for i, ((x, y), n) in enumerate(zip(old, (15, 200, 1200 * (seed % 2))))
    ]
    project = county(tmp_path, codes, households=rows, apiaries=bees)
    ground = ground_of(project, NUMBERS, year=2021)
    meadows, room = ground.meadows, ground.yards["room_colonies"].to_numpy()
    assert (meadows.toarray().max(axis=1) > 0).all() and np.isfinite(meadows.data).all()
    yards = saturation(project, NUMBERS)
    kept = np.minimum(yards["hives"] * COLONY_KG, yards["nectar_kg"]).to_numpy()
    for direction in (*np.eye(4), rng.uniform(0, 1, 4), rng.uniform(0, 1, 4)):
        hives = direction / (meadows @ direction).max()
        wanted = np.concatenate([kept, hives * COLONY_KG])
        # What rounds off in single precision is a gram in a kilogram.
        assert fed_by_flows(codes, old, new, wanted) == pytest.approx(wanted.sum(), rel=1e-4)
        if np.count_nonzero(direction) == 1:
            assert hives.max() == pytest.approx(max(room[hives > 0][0], 0.01), rel=1e-9)


def test_one_hive_more_than_a_lone_yard_has_room_for_goes_hungry(tmp_path):
    codes = np.kron(np.random.default_rng(5).choice([GRASS, CROP, CONIFER], (16, 16)), np.ones((5, 5), int))
    ground = ground_of(county(tmp_path, codes), NUMBERS, year=2021)
    room = ground.yards["room_colonies"].iloc[0]
    wanted = np.array([room + 1]) * COLONY_KG
    assert fed_by_flows(codes, [], [(50, 50)], wanted) == pytest.approx(room * COLONY_KG, rel=1e-6)
    assert (ground.meadows @ [room + 1]).max() > 1


def test_two_yards_of_one_circle_share_it_and_far_ones_do_not_meet(tmp_path):
    rows = [*homes((0, 0)), *homes((0, 0), village=VILLAGES[1]), *homes((9000, 0), village=VILLAGES[2])]
    ground = ground_of(county(tmp_path, households=rows), NUMBERS, year=2021)
    room = ground.yards["room_colonies"].to_numpy()
    told = sorted(map(tuple, ground.meadows.toarray()))
    assert told == [(0, 0, 1 / room[2]), (1 / room[0], 1 / room[1], 0)]


def test_yards_that_share_only_barren_land_do_not_compete(tmp_path):
    codes = np.full((80, 80), GRASS)
    codes[:, 38:42] = CONIFER  # two kilometres wide, the only land both reach
    rows = [*homes((-1600, 0)), *homes((1600, 0), village=VILLAGES[1])]
    ground = ground_of(county(tmp_path, codes, households=rows), NUMBERS, year=2021)
    assert (ground.meadows.toarray() > 0).sum(axis=1).tolist() == [1, 1]


def test_a_yard_without_flowers_lets_no_hive_in(tmp_path):
    rows = [*homes((0, 0)), *homes((9000, 0), village=VILLAGES[1])]
    codes = np.full((80, 80), CONIFER)
    codes[:, 50:] = CROP
    ground = ground_of(county(tmp_path, codes, households=rows), NUMBERS, year=2021)
    barren, crop = ground.yards.to_dict("records")
    assert barren["room_colonies"] == 0 and barren["forage_known"] and crop["room_colonies"] > 100
    assert barren["forage_crop_ha"] == barren["forage_grass_ha"] == 0
    assert (ground.meadows @ [1, 0]).max() > 1 and np.isfinite(ground.meadows.data).all()


def test_where_nobody_can_tell_there_is_no_number(tmp_path):
    nothing = ground_of(county(), NUMBERS, year=2021)
    assert nothing.yards["room_colonies"].isna().all() and not nothing.yards["forage_known"].any()
    assert nothing.meadows.shape == (0, 1)
    rows = [*homes((30_000, 0)), *homes((0, 0), village=VILLAGES[1])]
    half = ground_of(county(tmp_path, households=rows), NUMBERS, year=2021)
    assert half.yards["forage_known"].tolist() == [False, True]
    assert half.yards["room_colonies"].isna().tolist() == [True, False]
    assert half.yards.loc[0, [f"forage_{name}_ha" for name in CLASSES]].isna().all()
    assert half.meadows.toarray().tolist() == [[0, 1 / half.yards["room_colonies"].iloc[1]]]
    coarse = county(rasters={"land_cover": write_cover(tmp_path / "wide.tif", GRASS, cell_m=2000.0)})
    assert ground_of(coarse, NUMBERS, year=2021).yards["room_colonies"].isna().all()


def test_a_village_has_its_largest_programme_yard_else_the_middle_of_its_households():
    rows = [*homes((0, 0), (100, 900), (5000, 200)), *homes((700, 700), village=VILLAGES[1])]
    bees = [
        {"apiary_id": "S1", "east": 1.0, "hives_received": 90.0, "hives_alive": 5.0},
        {"apiary_id": "S3", "east": 3.0, "hives_received": 30.0},
        {"apiary_id": "S2", "east": 2.0, "hives_received": 60.0, "hives_alive": 30.0},
        {"apiary_id": "S0", "east": 4.0, "hives_received": 99.0, "in_programme": "no"},
        {"apiary_id": "S9", "east": 5.0, "hives_received": 50.0, "village_code": VILLAGES[3]},
    ]
    yards = ground_of(county(households=rows, apiaries=bees), NUMBERS, year=2021).yards
    assert yards["yard_id"].tolist() == ["S2", f"NEW-{VILLAGES[1]}"]
    assert yards["village_code"].tolist() == [*VILLAGES[:2]] and yards["hives_there"].tolist() == [30, 0]
    assert yards["x"].tolist() == [WEST + 2, WEST + 700] and yards["y"].tolist() == [SOUTH, SOUTH + 700]
    plain = ground_of(county(households=rows), NUMBERS, year=2021).yards
    assert plain.loc[0, ["x", "y"]].tolist() == [WEST + 100, SOUTH + 200]


def test_households_without_a_place_make_no_yard_but_have_a_row():
    rows = [*homes((0, 0)), *homes((0, 0), village=VILLAGES[1])]
    project = county(households=rows)
    places = project.households.geometry.where(project.households["village_code"] == VILLAGES[0], None)
    project = replace(
        project, tables={**project.tables, "households": project.households.set_geometry(places)}
    )
    ground = ground_of(project, NUMBERS, year=2021)
    assert ground.yards["village_code"].tolist() == [VILLAGES[0]]
    assert ground.fields.index.tolist() == ground.hillsides.index.tolist() == [*VILLAGES[:2]]
    assert ground.fields.loc[VILLAGES[1], ["x", "y"]].isna().all()
    assert ground.hillsides["basic_farmland"].tolist() == ["unknown"] * 2


# Two slopes that meet at the corner of the small projects: gentle in the west, steep in the east.
GENTLE, STEEP = 0.05, 0.6


def write_plane(path, *, cell_m=30.0, east=STEEP, west=GENTLE, side_m=12_000.0, height=2000.0):
    """Ground that rises to the north, by `west` metres a metre west of the corner and by `east` east of it."""
    count = int(side_m / cell_m)
    along = (np.arange(count) + 0.5) * cell_m - side_m / 2
    rise = np.where(along < 0, west, east)
    heights = height + rise[None, :] * (-along)[:, None]
    with rasterio.open(
        path, "w", driver="GTiff", height=count, width=count, count=1, dtype="float32", crs="EPSG:4544",
        transform=from_origin(WEST - side_m / 2, SOUTH + side_m / 2, cell_m, cell_m), nodata=-9999.0,
    ) as raster:  # fmt: skip
        raster.write(heights.astype("float32"), 1)
    return path


def with_outlines(*shapes, households, basic_farmland=None, **said):
    """The small county with outlines for its first villages and a county that holds them all."""
    project = small_project(households=households, **said)
    villages = project.villages
    places = [*shapes, *[None] * (len(villages) - len(shapes))]
    drawn = gpd.GeoDataFrame(villages, geometry=gpd.GeoSeries(places), crs="EPSG:4544")
    land = box(WEST - 9000, SOUTH - 9000, WEST + 9000, SOUTH + 9000)
    far = box(WEST + 9000, SOUTH - 9000, WEST + 30_000, SOUTH + 9000)
    counties = gpd.GeoDataFrame(project.counties, geometry=[land, far], crs="EPSG:4544")
    tables = {**project.tables, "villages": drawn, "counties": counties}
    if basic_farmland is not None:
        ids = [f"P{i}" for i in range(len(basic_farmland))]
        tables["basic_farmland"] = gpd.GeoDataFrame(
            {"parcel_id": ids}, geometry=list(basic_farmland), crs="EPSG:4544"
        )
    return replace(project, tables=tables)


def around(x, y, half=1500.0):
    return box(WEST + x - half, SOUTH + y - half, WEST + x + half, SOUTH + y + half)


def test_fields_lie_on_the_gentlest_ground_and_woods_on_the_middle_of_it(tmp_path):
    plane = write_plane(tmp_path / "fine.tif")
    astride, in_the_east = around(500, 0), around(3500, 0)
    rows = [*homes((1500, 0)), *homes((3500, 0), village=VILLAGES[1])]
    project = with_outlines(astride, in_the_east, households=rows, rasters={"elevation_fine": plane})
    ground = ground_of(project, NUMBERS, year=2021)
    gentle, steep = np.degrees(np.arctan([GENTLE, STEEP]))
    assert ground.fields["slope_degrees"].tolist() == pytest.approx([gentle, steep], abs=0.01)
    # Two thirds of the first village lie on the steep side, so its middle hillside does.
    assert ground.hillsides["slope_degrees"].tolist() == pytest.approx([steep, steep], abs=0.01)
    assert ground.fields["slope_known"].all() and ground.hillsides["aspect_known"].all()
    assert ground.hillsides["shady_share"].tolist() == [0.0, 0.0]  # downhill is south
    for table in (ground.fields, ground.hillsides):
        points = table[["x", "y"]].to_numpy()
        assert [o.contains(Point(p)) for o, p in zip((astride, in_the_east), points)] == [True, True]
        slope, _ = slope_aspect(plane, points)
        np.testing.assert_allclose(table["slope_degrees"], slope)
    heights = elevation_at(plane, ground.fields[["x", "y"]].to_numpy())
    np.testing.assert_allclose(ground.fields["elevation_m"], heights)


def test_the_fine_raster_speaks_first_and_a_coarse_one_of_heights_only(tmp_path):
    fine = write_plane(tmp_path / "fine.tif", side_m=2400.0, height=1000.0)
    coarse = write_plane(tmp_path / "coarse.tif", cell_m=500.0, side_m=20_000.0)
    rows = [*homes((-300, 100)), *homes((-5000, 100), village=VILLAGES[1])]
    rasters = {"elevation_fine": fine, "elevation": coarse}
    fields = ground_of(county(households=rows, rasters=rasters), NUMBERS, year=2021).fields
    assert fields["slope_known"].tolist() == [True, False] and fields["elevation_known"].all()
    assert fields["elevation_m"].tolist() == pytest.approx([1000 + 5, 2000 + 5], abs=1e-3)
    assert fields["x"].tolist() == [WEST - 300, WEST - 5000]
    bare = ground_of(county(households=rows), NUMBERS, year=2021)
    assert not bare.fields["elevation_known"].any() and not bare.hillsides["slope_known"].any()
    assert bare.hillsides["shady_share"].isna().all()


def test_without_slopes_the_nearest_ground_to_the_households_is_taken():
    outline = around(0, 0, 3000.0)
    ground = ground_of(with_outlines(outline, households=homes((2600, 2600))), NUMBERS, year=2021)
    for table in (ground.fields, ground.hillsides):
        away = np.hypot(table["x"] - WEST - 2600, table["y"] - SOUTH - 2600)
        assert away.iloc[0] <= 6000 / 6 * np.sqrt(0.5)


def test_an_outline_too_thin_for_the_grid_still_has_a_place():
    thin = box(WEST, SOUTH, WEST + 6000, SOUTH + 6000).exterior.buffer(2.0)
    ground = ground_of(with_outlines(thin, households=homes((3000, 3000))), NUMBERS, year=2021)
    assert thin.contains(Point(*ground.fields[["x", "y"]].iloc[0]))


def test_trees_are_offered_off_basic_farmland_where_there_is_other_ground(tmp_path):
    plane = write_plane(tmp_path / "fine.tif")
    villages = [around(-3000, 0), around(0, 0), around(3000, 0)]
    rows = [*homes((-3000, 0)), *homes((0, 0), village=VILLAGES[1]), *homes((3000, 0), village=VILLAGES[2])]
    # All of the first village; of the second its gentle half and more; nothing of the third.
    land = [around(-3000, 0, 2000.0), box(WEST - 1500, SOUTH - 2000, WEST + 600, SOUTH + 2000)]
    project = with_outlines(
        *villages, households=rows, basic_farmland=land, rasters={"elevation_fine": plane}
    )
    ground = ground_of(project, NUMBERS, year=2021)
    assert ground.hillsides["basic_farmland"].tolist() == ["yes", "no", "no"]
    chosen = ground.hillsides.loc[VILLAGES[1]]
    assert chosen["slope_degrees"] == pytest.approx(np.degrees(np.arctan(STEEP)), abs=0.01)
    assert not any(parcel.intersects(Point(chosen["x"], chosen["y"])) for parcel in land)
    assert ground.fields.loc[VILLAGES[1], "slope_degrees"] < 5  # grass may stand there
    without = with_outlines(*villages, households=rows, rasters={"elevation_fine": plane})
    assert set(ground_of(without, NUMBERS, year=2021).hillsides["basic_farmland"]) == {"unknown"}


@pytest.mark.parametrize(
    "land",
    [[], [Point(WEST, SOUTH)], [None], [around(15_000, 0)]],
    ids=["no parcel", "points", "nothing drawn", "only in another county"],
)
def test_a_layer_that_does_not_tell_of_the_county_says_unknown(land):
    project = with_outlines(around(0, 0), households=homes((0, 0)), basic_farmland=land)
    assert ground_of(project, NUMBERS, year=2021).hillsides["basic_farmland"].tolist() == ["unknown"]


def test_many_parcels_are_told_as_few_are():
    grid = [around(x, y, 99.0) for x in np.arange(-1500.0, 1501, 200) for y in np.arange(-1500.0, 1501, 200)]
    few = [box(WEST - 1599, SOUTH - 1599, WEST + 1599, SOUTH + 1599)]
    told = [
        ground_of(
            with_outlines(around(0, 0), households=homes((0, 0)), basic_farmland=parcels), NUMBERS, year=2021
        ).hillsides["basic_farmland"].tolist()
        for parcels in (grid, few)
    ]  # fmt: skip
    assert told == [["yes"], ["yes"]]


def test_basic_farmland_is_read_from_a_folder_named_or_not(tmp_path):
    plain = load_project(write_folder(tmp_path / "plain"))
    assert len(plain.basic_farmland) == 0 and set(plain.basic_farmland) == {"parcel_id", "geometry"}
    assert set(ground_of(plain, NUMBERS, year=2021).hillsides["basic_farmland"]) == {"unknown"}
    here = plain.villages.geometry.iloc[0]
    layer = gpd.GeoDataFrame(
        {"BSM": ["7", "7", ""]}, geometry=[here.buffer(r) for r in (300, 30, 3)], crs=4544
    )
    project = load_project(write_folder(tmp_path / "told", basic_farmland=layer))
    assert project.basic_farmland["parcel_id"].tolist() == ["7", "7", ""] and not len(project.left_out)
    told = ground_of(project, NUMBERS, year=2021).hillsides["basic_farmland"]
    assert told.tolist() == ["yes", "no", "unknown"]  # the third village lies in another county


@pytest.mark.parametrize(
    ("plot", "posts", "year", "room"),
    [
        ({"area_mu": 3400.0}, [], 2021, 3),
        ({"area_mu": 999.0}, [], 2021, 0),
        ({"area_mu": 9000.0, "verified_mu": 2000.0}, [], 2021, 2),
        ({"area_mu": 3400.0}, [(1, 2019), (1, 2021)], 2021, 1),
        ({"area_mu": 3400.0}, [(1, 2019), (1, 2022)], 2021, 2),
        ({"area_mu": 3400.0}, [(9, 2019)], 2021, 0),
        ({"area_mu": 3400.0, "end_year": 2022.0}, [(1, 2019)], 2022, 2),
        ({"area_mu": 3400.0, "end_year": 2022.0}, [(1, 2019)], 2023, 0),
        ({"area_mu": 3400.0, "planted_year": 2022}, [], 2021, 0),
        ({"area_mu": 3400.0, "programme": "none"}, [], 2021, 0),
        ({"area_mu": 3400.0, "programme": "grain_for_green"}, [], 2021, 3),
    ],
)
def test_posts_still_open_are_whole_posts_of_standing_forest_less_recorded_ones(plot, posts, year, room):
    links = [
        link_row(f"H102101201{i}", "F1", "guard", n, "posts", since) for i, (n, since) in enumerate(posts)
    ]
    project = county(forest_plots=[{**FOREST, **plot}], links=links)
    told = ground_of(project, NUMBERS, year=year).guard_room
    assert told == {"621102101000": room}


def test_smaller_areas_of_a_guard_ask_for_more_guards():
    project = county(forest_plots=[{**FOREST, "area_mu": 0.1}, {**FOREST, "plot_id": "F2", "area_mu": 0.7}])
    area = NUMBERS.replace("guard_area", mode=0.1, source=TOLD, least=0.1)
    assert ground_of(project, area, year=2021).guard_room == {"621102101000": 8.0}


def test_posts_are_counted_by_township_and_every_township_has_an_answer():
    rows = [*homes((0, 0)), *homes((0, 0), village=VILLAGES[2])]
    plots = [
        {**FOREST, "area_mu": 600.0},
        {**FOREST, "plot_id": "F2", "village_code": VILLAGES[1], "area_mu": 1500.0},
        {**FOREST, "plot_id": "F3", "village_code": VILLAGES[3], "area_mu": 1000.0},
    ]
    links = [link_row("H1021012010", "F2", "guard", 1, "posts", 2019)]
    told = ground_of(county(households=rows, forest_plots=plots, links=links), NUMBERS, year=2021).guard_room
    assert told == {"621102101000": 1.0, "621102102000": 0.0, "621126101000": 1.0}


@pytest.mark.parametrize(("year", "left"), [(2019, 2500 - 800), (2020, 2500 - 300), (2021, 2500)])
def test_the_nursery_serves_what_records_do_not_ask_of_it_yet(year, left):
    grass = [
        {"plot_id": "J1", "season": 2019, "area_mu": 500.0},
        {"plot_id": "J2", "season": 2020, "area_mu": 300.0},
        {"plot_id": "J3", "season": 2020, "area_mu": 900.0, "seedlings": "bought"},
    ]
    assert ground_of(county(juncao_plots=grass), NUMBERS, year=year).seedling_mu == left
    more = [*grass, {"plot_id": "J4", "season": year, "area_mu": 9000.0}]
    assert ground_of(county(juncao_plots=more), NUMBERS, year=year).seedling_mu == 0


def test_the_order_of_the_rows_moves_nothing(tmp_path):
    project = dingxi().exposure.project
    some = project.villages["code"].sort_values().iloc[:150]
    tables = dict(project.tables)
    for name in ("households", "apiaries", "villages", "forest_plots"):
        key = "code" if name == "villages" else "village_code"
        tables[name] = project.tables[name][project.tables[name][key].isin(some)]
    mixed = {name: table.sample(frac=1, random_state=4) for name, table in tables.items()}
    one, two = (ground_of(replace(project, tables=t), NUMBERS, year=2021) for t in (tables, mixed))
    pd.testing.assert_frame_equal(one.yards, two.yards, rtol=1e-6)
    pd.testing.assert_frame_equal(one.fields, two.fields)
    pd.testing.assert_frame_equal(one.hillsides, two.hillsides)
    assert sorted(one.meadows.indices.tolist()) == sorted(two.meadows.indices.tolist())
    assert one.guard_room == two.guard_room and one.seedling_mu == two.seedling_mu


def test_the_example_county_has_a_place_for_everything_within_seconds():
    project = dingxi().exposure.project
    ground_of(project, NUMBERS, year=2021)  # compiled
    start = time.process_time()
    ground = ground_of(project, NUMBERS, year=2021)
    assert time.process_time() - start < 20  # 4 s of two cores alone
    yards, room = ground.yards, ground.yards["room_colonies"]
    codes = np.unique(project.households["village_code"])
    assert yards["village_code"].tolist() == codes.tolist() and yards["yard_id"].is_unique
    old = yards[~yards["yard_id"].str.startswith("NEW-")]
    bees = project.apiaries.set_index("apiary_id").loc[old["yard_id"]]
    assert len(old) >= 250 and (bees["in_programme"] == "yes").all()
    assert (bees["village_code"].to_numpy() == old["village_code"]).all()
    assert room.notna().all() and (room >= 0).all()
    assert ground.meadows.shape[1] == len(yards) and len(np.unique(ground.meadows.indices)) == len(yards)
    eaten = sum(yards[f"forage_{name}_ha"] * NUMBERS[f"nectar_{name}"].mode for name in CLASSES)
    np.testing.assert_allclose(eaten[room > 0], COLONY_KG, rtol=1e-6)
    assert ground.fields["elevation_known"].all() and 0 < ground.fields["slope_known"].sum() < 50
    assert set(ground.hillsides["basic_farmland"]) == {"unknown"}
    assert set(ground.guard_room) >= set(project.households["township_code"])


def test_in_the_example_county_no_more_is_left_than_grows():
    project = dingxi().exposure.project
    yards = ground_of(project, NUMBERS, year=2021).yards
    bare = replace(project, tables={**project.tables, "apiaries": project.apiaries.iloc[:0]})
    alone = ground_of(bare, NUMBERS, year=2021).yards
    new = yards["yard_id"].str.startswith("NEW-")
    assert alone["yard_id"].str.startswith("NEW-").all()
    before, after = (table["room_colonies"][new].to_numpy() for table in (alone, yards))
    assert (after <= before * (1 + 1e-6) + 1e-6).all() and (after < before - 1).any()
    # A colony within the radius takes at most one place, and only those within two radii take any.
    places, bees = yards.loc[new, ["x", "y"]].to_numpy(), project.apiaries
    away = np.hypot(
        places[:, :1] - bees.geometry.x.to_numpy()[None], places[:, 1:] - bees.geometry.y.to_numpy()[None]
    )
    hives = bees[["hives_received", "hives_alive"]].max(axis=1).to_numpy(float)
    assert (before - after <= (away <= 4300) @ hives + 1e-3).all()
