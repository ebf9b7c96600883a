"""What a raster says of plots, against planes of known tilt, hand-made pixels and exactextract."""

import numpy as np
import pytest
import rasterio
import shapely
from exactextract import exact_extract
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine, from_origin
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box
from test_terrain import CELLS, CENTRE, plane_raster, write_raster

from eco.space import terrain, zones
from eco.space.zones import cover_shares, plot_ground

WEST, NORTH = 463_000.0, 3_934_000.0


def rolling(rows, columns, seed=1):
    """Hills of several widths, metres."""
    y, x = np.mgrid[:rows, :columns]
    phase = np.random.default_rng(seed).uniform(0, 6, 4)
    return (
        2000 + 80 * np.sin(x / 9 + phase[0]) * np.cos(y / 7 + phase[1]) + 25 * np.sin((x + y) / 3 + phase[2])
    )


def parcels(count, *, seed, width, height, cell):
    """Stars of all sizes, some with a hole, some in two parts, many on top of each other and over the rim."""
    rng = np.random.default_rng(seed)
    shapes = []
    for k in range(count):
        at = np.array([WEST + rng.uniform(-2, width + 2) * cell, NORTH - rng.uniform(-2, height + 2) * cell])
        angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 12)))
        reach = rng.uniform(1, 12) * cell * rng.uniform(0.4, 1, len(angle))
        star = Polygon(at + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]).buffer(0)
        if k % 3 == 0:
            star = star.difference(star.representative_point().buffer(reach.min() / 4))
        if k % 5 == 0:
            star = MultiPolygon([*shapely.get_parts(star), box(*(at + 20 * cell), *(at + 24 * cell))])
        shapes.append(star)
    return np.array([shape for shape in shapes if shape.area > 0], dtype=object)


def frame_of(shapes, crs="EPSG:4544"):
    import geopandas as gpd

    return gpd.GeoDataFrame({"plot": range(len(shapes))}, geometry=list(shapes), crs=crs)


@pytest.mark.parametrize("tile", [16, 2048])
def test_heights_are_those_of_exactextract_for_plots_on_top_of_each_other(tmp_path, monkeypatch, tile):
    monkeypatch.setattr(zones, "_TILE", tile)
    heights = rolling(90, 70)
    heights[30:34, 20:29] = -9999
    write_raster(tmp_path / "dem.tif", heights, crs="EPSG:4544", west=WEST, north=NORTH, cell=30.0)
    shapes = parcels(300, seed=2, width=70, height=90, cell=30.0)
    found = plot_ground(tmp_path / "dem.tif", shapes)
    told = exact_extract(tmp_path / "dem.tif", frame_of(shapes), ["mean", "count"], output="pandas")
    covered = told["count"] * 900 / shapely.area(shapes)
    np.testing.assert_allclose(found["covered_share"], covered, atol=1e-6)
    sure = np.abs(covered - 0.5) > 1e-5
    expected = np.where(covered >= 0.5, told["mean"], np.nan)
    np.testing.assert_allclose(found["elevation_m"][sure], expected[sure], rtol=1e-6)
    assert 20 < np.isnan(expected).sum() < 150


def test_slope_and_shade_are_those_of_the_pixels_weighed_by_exactextract(tmp_path):
    """An independent road: Horn over the whole picture first, then two rasters given to exactextract."""
    heights = rolling(60, 80)
    write_raster(tmp_path / "dem.tif", heights, crs="EPSG:4544", west=WEST, north=NORTH, cell=30.0)
    around = np.lib.stride_tricks.sliding_window_view(heights.astype("float32").astype(float), (3, 3))
    per_column, per_row = terrain.horn_gradient(around)
    slope = np.full(heights.shape, -1.0)
    slope[1:-1, 1:-1] = terrain.slope_degrees(per_column / 30, -per_row / 30)
    shade = np.full(heights.shape, -1.0)
    facing = terrain.aspect_degrees(per_column / 30, -per_row / 30)
    shade[1:-1, 1:-1] = np.cos(np.radians(facing)) > 0
    for name, values in (("slope", slope), ("shade", shade)):
        write_raster(
            tmp_path / f"{name}.tif", values, crs="EPSG:4544", west=WEST, north=NORTH, cell=30.0, nodata=-1
        )
    shapes = parcels(200, seed=5, width=80, height=60, cell=30.0)
    found = plot_ground(tmp_path / "dem.tif", shapes)
    for name, column in (("slope", "slope_degrees"), ("shade", "shady_share")):
        told = exact_extract(tmp_path / f"{name}.tif", frame_of(shapes), ["mean", "count"], output="pandas")
        share = told["count"] * 900 / shapely.area(shapes)
        sure = np.abs(share - 0.5) > 1e-5
        expected = np.where(share >= 0.5, told["mean"], np.nan)
        np.testing.assert_allclose(found[column][sure], expected[sure], atol=2e-3)
    assert found["shady_share"].between(0.05, 0.95).sum() > 20


@pytest.mark.parametrize("crs", list(CELLS))
@pytest.mark.parametrize(("tilt", "facing", "shady"), [(20, 10, 1), (35, 200, 0), (8, 80, 1), (8, 100, 0)])
def test_a_plot_on_a_plane_in_any_system(tmp_path, crs, tilt, facing, shady):
    rise = np.tan(np.radians(tilt))
    east, north = -rise * np.sin(np.radians(facing)), -rise * np.cos(np.radians(facing))
    plane_raster(tmp_path / "dem.tif", crs=crs, cell=CELLS[crs], east_rise=east, north_rise=north)
    plot = Polygon(CENTRE + np.array([[-200, -150], [260, -90], [180, 240], [-120, 130]]))
    found = plot_ground(tmp_path / "dem.tif", [plot]).iloc[0]
    away = np.array(plot.centroid.coords[0]) - CENTRE
    assert found["elevation_m"] == pytest.approx(2000 + away @ [east, north], abs=0.3)
    assert found["slope_degrees"] == pytest.approx(tilt, abs=0.1)
    assert found["shady_share"] == shady
    assert found["covered_share"] == pytest.approx(1)
    assert found["pixel_m"] == pytest.approx(CELLS[crs] if crs == "EPSG:4544" else 30, rel=0.25)


def test_a_plot_across_a_crest_is_shady_by_the_area_that_falls_north(tmp_path):
    """A ridge runs east-west; three quarters of the plot lie north of it, rows beside the crest count half."""
    rows = np.arange(80)[:, None] + np.zeros((1, 80))
    write_raster(
        tmp_path / "dem.tif", 3000 - abs(rows - 39.5) * 10, crs="EPSG:4544", west=WEST, north=NORTH, cell=30.0
    )
    plot = box(WEST + 600, NORTH - 50 * 30, WEST + 1500, NORTH - 10 * 30)
    found = plot_ground(tmp_path / "dem.tif", [plot]).iloc[0]
    assert found["shady_share"] == pytest.approx(0.75)


def test_what_cannot_be_told_is_not_a_number(tmp_path):
    heights = np.full((60, 60), 2100.0) + np.arange(60) * 3
    heights[:, 30:] = -9999
    write_raster(tmp_path / "dem.tif", heights, crs="EPSG:4544", west=WEST, north=NORTH, cell=30.0)

    def plot(left, right, top=300.0):
        return box(WEST + left, NORTH - top - 300, WEST + right, NORTH - top)

    shapes = [
        plot(300, 600),  # known
        plot(720, 960),  # three quarters known
        plot(880, 960),  # a quarter known
        plot(1200, 1500),  # no value
        plot(-5000, -4000),  # outside
        Point(WEST + 300, NORTH - 300),
        LineString([(WEST + 300, NORTH - 300), (WEST + 600, NORTH - 300)]),
        None,
        Polygon(),
        GeometryCollection([plot(300, 600), Point(WEST, NORTH)]),
    ]
    found = plot_ground(tmp_path / "dem.tif", shapes)
    np.testing.assert_allclose(found["covered_share"][:5], [1, 0.75, 0.25, 0, 0])
    assert found["elevation_m"].notna().tolist() == [True, True, *[False] * 7, True]
    assert found["slope_degrees"].notna().tolist() == [True, True, *[False] * 7, True]
    assert found["slope_degrees"][0] == pytest.approx(np.degrees(np.arctan(0.1)), abs=1e-4)
    assert found.index.tolist() == list(range(10))


def test_a_wide_pixel_tells_the_height_and_no_slope(tmp_path):
    for cell, fine in ((90.0, True), (100.0, False), (1000.0, False)):
        plane_raster(tmp_path / "dem.tif", crs="EPSG:4544", cell=cell, east_rise=0.3, north_rise=0.0)
        found = plot_ground(tmp_path / "dem.tif", [Point(*CENTRE).buffer(2 * cell)]).iloc[0]
        assert found["elevation_m"] == pytest.approx(2000, abs=0.1 * cell)
        assert found[["slope_degrees", "shady_share"]].notna().tolist() == [fine, fine]


def test_level_ground_has_a_slope_and_faces_nowhere(tmp_path):
    write_raster(
        tmp_path / "dem.tif", np.full((40, 40), 1900.0), crs="EPSG:4544", west=WEST, north=NORTH, cell=30.0
    )
    found = plot_ground(tmp_path / "dem.tif", [box(WEST + 300, NORTH - 600, WEST + 600, NORTH - 300)]).iloc[0]
    assert found["slope_degrees"] == 0
    assert np.isnan(found["shady_share"])


def test_zeros_of_a_raster_that_declares_no_missing_value_are_not_the_sea(tmp_path):
    heights = np.full((40, 40), 1900.0)
    heights[:, 20:] = 0
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", height=40, width=40, count=1, dtype="float32",
        crs="EPSG:4544", transform=from_origin(WEST, NORTH, 30, 30),
    ) as raster:  # fmt: skip
        raster.write(heights.astype("float32"), 1)
    dry = box(WEST + 200, NORTH - 600, WEST + 400, NORTH - 300)
    sea = box(WEST + 800, NORTH - 600, WEST + 1000, NORTH - 300)
    found = plot_ground(tmp_path / "dem.tif", [dry, sea])
    assert found["elevation_m"][0] == pytest.approx(1900) and np.isnan(found["elevation_m"][1])
    assert np.isnan(terrain.elevation_at(tmp_path / "dem.tif", np.array([[WEST + 900, NORTH - 400]]))[0])


def test_a_turned_raster_is_measured_where_it_lies(tmp_path):
    turned = Affine.translation(*CENTRE) @ Affine.rotation(30) @ Affine.scale(30, -30)
    rows, columns = np.mgrid[:80, :80] + 0.5 - 40.0
    turned = turned @ Affine.translation(-40, -40)
    x, y = (turned.a * (columns + 40) + turned.b * (rows + 40) + turned.c,
            turned.d * (columns + 40) + turned.e * (rows + 40) + turned.f)  # fmt: skip
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", height=80, width=80, count=1, dtype="float32",
        crs="EPSG:4544", transform=turned, nodata=-1,
    ) as raster:  # fmt: skip
        raster.write((2000 - (y - CENTRE[1]) * 0.2 + (x - CENTRE[0]) * 0).astype("float32"), 1)
    found = plot_ground(tmp_path / "dem.tif", [Point(*CENTRE).buffer(300)]).iloc[0]
    assert found["slope_degrees"] == pytest.approx(np.degrees(np.arctan(0.2)), abs=1e-3)
    assert found["shady_share"] == 1
    assert found["elevation_m"] == pytest.approx(2000, abs=0.1)


# To a millionth of a pixel: at 1e-38 it is GEOS that cuts out a whole pixel where there is nothing.
_place = st.floats(-3, 23).map(lambda place: round(place, 6))
_spot = st.tuples(_place, _place)


@given(
    corners=st.lists(_spot, min_size=3, max_size=9),
    tile=st.sampled_from([1, 3, 8, 64]),
)
@settings(max_examples=150, deadline=None)
def test_covered_parts_are_the_areas_of_the_pixels_within(corners, tile):
    """Any outline and any tiles: the parts of all pixels are what shapely cuts out."""
    outline = shapely.make_valid(Polygon(corners))
    outline = shapely.union_all([part for part in shapely.get_parts(outline) if part.area > 1e-9])
    if outline.is_empty or outline.geom_type not in ("Polygon", "MultiPolygon"):
        return
    coords, rings, starts = zones._ragged(np.array([shapely.orient_polygons(outline)]))
    found = np.zeros((20, 20))
    for row in range(0, 20, tile):
        for column in range(0, 20, tile):
            high, wide = min(tile, 20 - row), min(tile, 20 - column)
            part, left, top = zones._coverage(coords - (column, row), rings, starts[0], starts[1], wide, high)
            top, left = top + row, left + column
            found[top : top + part.shape[0], left : left + part.shape[1] - 1] += np.abs(part[:, :-1])
    x, y = np.meshgrid(np.arange(20), np.arange(20))
    expected = shapely.area(shapely.intersection(shapely.box(x, y, x + 1, y + 1), outline))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def cover_raster(path, codes, cell=30.0):
    with rasterio.open(
        path, "w", driver="GTiff", height=codes.shape[0], width=codes.shape[1], count=1, dtype="uint8",
        crs="EPSG:4544", transform=from_origin(WEST, NORTH, cell, cell), nodata=255,
    ) as raster:  # fmt: skip
        raster.write(codes.astype("uint8"), 1)


def test_cover_shares_by_hand(tmp_path):
    """Columns of forest (5), grass (10) and crops (12), the last unknown."""
    codes = np.repeat([[5] * 10 + [10] * 10 + [12] * 10 + [255] * 10], 40, axis=0)
    cover_raster(tmp_path / "cover.tif", codes)

    def plot(left, right):
        return box(WEST + left * 30, NORTH - 300, WEST + right * 30, NORTH - 90)

    shapes = [
        plot(2, 6),
        plot(8, 11),
        plot(5, 25),
        plot(28, 31),
        plot(28, 34),
        plot(-90, -80),
        plot(3.2, 3.3),
    ]
    found = cover_shares(tmp_path / "cover.tif", shapes)
    assert list(found.columns) == [5, 10, 12]
    expected = [[1, 0, 0], [2 / 3, 1 / 3, 0], [0.25, 0.5, 0.25], [0, 0, 1]]
    np.testing.assert_allclose(found[:4], expected, atol=1e-9)
    assert np.isnan(found[4:]).all(axis=None)  # a third known, outside, smaller than a pixel


def test_cover_shares_are_those_of_exactextract(tmp_path):
    codes = np.random.default_rng(1).choice(
        [1, 5, 10, 12, 14, 255], (90, 70), p=[0.2, 0.2, 0.2, 0.2, 0.1, 0.1]
    )
    cover_raster(tmp_path / "cover.tif", codes)
    shapes = parcels(200, seed=8, width=70, height=90, cell=30.0)
    found = cover_shares(tmp_path / "cover.tif", shapes)
    told = exact_extract(tmp_path / "cover.tif", frame_of(shapes), ["unique", "frac"], output="pandas")
    expected = [dict(zip(*row)) for row in zip(told["unique"], told["frac"])]
    compared = 0
    for row, shares in zip(found.itertuples(index=False), expected):
        if np.isfinite(row[0]):
            np.testing.assert_allclose(row, [shares.get(code, 0) for code in found.columns], atol=1e-6)
            compared += 1
    assert compared > 120


def test_no_plots_make_no_rows(tmp_path):
    plane_raster(tmp_path / "dem.tif", crs="EPSG:4544", cell=30.0, east_rise=0.1, north_rise=0)
    assert plot_ground(tmp_path / "dem.tif", np.array([], dtype=object)).shape == (0, 5)
    assert len(plot_ground(tmp_path / "dem.tif", [None, Point(*CENTRE)])) == 2
