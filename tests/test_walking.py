"""Walking times, against the plainest Dijkstra, scipy's, level ground, walls and Tobler's own figures."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from test_terrain import plane_raster, write_raster

from eco.space import walking
from eco.space.walking import minutes_over, pace_minutes, straight_minutes, tobler_km_h, walks_within

WEST, NORTH = 463_000.0, 3_934_000.0
STEPS = (30.0, 0.0, 0.0, -30.0)
QUEEN = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]
KNIGHT = [(r, c) for r in (-2, -1, 1, 2) for c in (-2, -1, 1, 2) if abs(r) != abs(c)]


def minutes_a_metre(slope, way):
    """Tobler's function once more; up is positive."""
    there, back = (60 / (6000 * np.exp(-3.5 * abs(s + 0.05))) for s in (slope, -slope))
    return {"from": there, "to": back, "both": (there + back) / 2}[way]


def edges(z, steps, way, neighbours):
    """Every passable step of a grid: (from, to, minutes), out from the source."""
    rows, columns = z.shape
    east, north, down_east, down_north = steps
    for r, c in np.ndindex(z.shape):
        for dr, dc in QUEEN + (KNIGHT if neighbours == 16 else []):
            if not (0 <= r + dr < rows and 0 <= c + dc < columns):
                continue
            length = np.hypot(dc * east + dr * down_east, dc * north + dr * down_north)
            if abs(dr) + abs(dc) == 3:
                one = (r + int(dr / 2), c + int(dc / 2))
                two = (r + dr - int(dr / 2), c + dc - int(dc / 2))
                heights = [z[r, c], (z[one] + z[two]) / 2, z[r + dr, c + dc]]
            else:
                heights = [z[r, c], z[r + dr, c + dc]]
            part = length / (len(heights) - 1)
            rises = np.diff(heights) / part
            if np.isfinite(rises).all() and (np.abs(rises) < 2).all():
                yield (r, c), (r + dr, c + dc), sum(part * minutes_a_metre(s, way) for s in rises)


def plain(z, source, steps=STEPS, way="both", neighbours=16):
    """Dijkstra with a heap, in plain Python."""
    out: dict = {}
    for start, end, minutes in edges(z, steps, way, neighbours):
        out.setdefault(start, []).append((end, minutes))
    times, heap = np.full(z.shape, np.inf), [(0.0, source)]
    if np.isnan(z[source]):
        return times
    while heap:
        now, place = heapq.heappop(heap)
        if now >= times[place]:
            continue
        times[place] = now
        for end, minutes in out.get(place, ()):
            heapq.heappush(heap, (now + minutes, end))
    return times


def test_tobler_in_his_own_figures():
    """6 km/h down a slope of 5 %, about 5 on the level; (Tobler 1993)."""
    assert tobler_km_h(-0.05) == 6
    assert tobler_km_h(0.0) == pytest.approx(5.0366, abs=1e-3)
    assert pace_minutes(0.1, "from") == pytest.approx(60 / 6000 * np.exp(3.5 * 0.15))
    assert pace_minutes(0.1, "to") == pytest.approx(60 / 6000 * np.exp(3.5 * 0.05))
    assert pace_minutes(0.1) == pytest.approx((pace_minutes(0.1, "from") + pace_minutes(0.1, "to")) / 2)
    assert straight_minutes(5036.6, 1.0) == pytest.approx(60, rel=1e-4)


@given(
    z=arrays(float, (6, 7), elements=st.one_of(st.floats(0, 60).map(lambda m: round(m, 2)), st.just(np.nan))),
    way=st.sampled_from(["to", "from", "both"]),
    neighbours=st.sampled_from([8, 16]),
    steps=st.sampled_from([STEPS, (30.0, 0.0, 0.0, 30.0), (24.0, 3.0, -4.0, -31.0)]),
)
@settings(max_examples=60, deadline=None)
def test_any_small_ground_is_walked_as_by_the_plainest_dijkstra(z, way, neighbours, steps):
    found = minutes_over(z, [[2, 3]], steps=steps, way=way, neighbours=neighbours)
    expected = plain(z.astype(np.float32).astype(float), (2, 3), steps, way, neighbours)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("way", ["to", "from", "both"])
def test_a_hilly_county_is_walked_as_by_scipy_and_one_way_is_not_the_other(way):
    y, x = np.mgrid[:60, :50]
    z = (200 * np.sin(x / 9) * np.cos(y / 7) + 30 * np.sin((x + y) / 3)).astype("float32").astype(float)
    z[20:22, 5:40] = np.nan
    sources = [[3, 4], [50, 40], [31, 7]]
    start, end, minutes = zip(*edges(z, STEPS, way, 16))
    flat = [np.ravel_multi_index(np.array(part).T, z.shape) for part in (start, end)]
    graph = coo_matrix((minutes, flat), shape=(z.size, z.size)).tocsr()
    expected = dijkstra(graph, indices=[r * 50 + c for r, c in sources], min_only=True).reshape(z.shape)
    found = minutes_over(z, sources, steps=STEPS, way=way)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    other = minutes_over(z, sources, steps=STEPS, way={"to": "from", "from": "to", "both": "to"}[way])
    seen = np.isfinite(found)
    assert np.abs(other[seen] - found[seen]).max() > 1


@pytest.mark.parametrize(("neighbours", "longest"), [(8, 1.0824), (16, 1.0275)])
def test_on_level_ground_time_is_the_straight_line_within_the_error_of_the_grid(neighbours, longest):
    found = minutes_over(np.full((101, 101), 2000.0), [[50, 50]], steps=STEPS, neighbours=neighbours)
    rows, columns = np.mgrid[:101, :101] - 50
    straight = np.hypot(rows, columns) * 30 * pace_minutes(0.0)
    ratio = found[straight > 0] / straight[straight > 0]
    assert ratio.min() > 1 - 1e-5 and 1 + (longest - 1) * 0.9 < ratio.max() < longest + 1e-4
    assert found[50, 80] == pytest.approx(straight[50, 80], rel=1e-5)


def test_a_wall_is_walked_round_and_behind_a_closed_one_is_nobody():
    z = np.full((41, 41), 2000.0)
    z[20, :38] = np.nan
    round_it = minutes_over(z, [[10, 5]], steps=STEPS)[30, 5]
    straight = 20 * 30 * pace_minutes(0.0)
    by_hand = 2 * np.hypot(10, 33) * 30 * pace_minutes(0.0)
    assert straight * 3 < round_it == pytest.approx(by_hand, rel=0.04)
    z[20, :] = np.nan
    assert np.isinf(minutes_over(z, [[10, 5]], steps=STEPS)[21:]).all()
    z[20, :] = 2500.0  # a cliff is a wall as well
    assert np.isinf(minutes_over(z, [[10, 5]], steps=STEPS)[21:]).all()


def test_beyond_the_limit_is_infinity_and_within_it_nothing_changes():
    y, x = np.mgrid[:80, :80]
    z = 100 * np.sin(x / 8) * np.cos(y / 9)
    whole, part = (minutes_over(z, [[40, 40]], steps=STEPS, limit_minutes=limit) for limit in (np.inf, 11.5))
    assert np.array_equal(np.where(whole <= 11.5, whole, np.inf), part)
    assert 50 < np.isfinite(part).sum() < z.size / 2


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_more_sources_never_make_a_walk_longer_and_each_alone_explains_the_nearest(seed):
    rng = np.random.default_rng(seed)
    z, sources = rng.uniform(0, 40, (25, 25)), rng.integers(0, 25, (4, 2))
    alone = [minutes_over(z, [source], steps=STEPS) for source in sources]
    assert np.array_equal(minutes_over(z, sources, steps=STEPS), np.min(alone, axis=0))


def test_there_and_back_is_the_same_from_both_ends():
    z = np.random.default_rng(4).uniform(0, 60, (30, 30))
    there = minutes_over(z, [[3, 4]], steps=STEPS)[25, 20]
    assert minutes_over(z, [[25, 20]], steps=STEPS)[3, 4] == pytest.approx(there, rel=1e-5)
    to, back = (minutes_over(z, [[3, 4]], steps=STEPS, way=way)[25, 20] for way in ("to", "from"))
    assert minutes_over(z, [[25, 20]], steps=STEPS, way="to")[3, 4] == pytest.approx(back, rel=1e-5)
    assert (to + back) / 2 <= there + 1e-4


def hills(path, *, cell=30.0, size=200, nodata=None):
    y, x = np.mgrid[:size, :size]
    z = 2000 + 60 * np.sin(x / 9) * np.cos(y / 7)
    if nodata is not None:
        z[nodata] = -9999
    write_raster(path, z, crs="EPSG:4544", west=WEST, north=NORTH, cell=cell)
    return z


def test_pairs_on_level_ground_are_the_straight_line(tmp_path):
    path = tmp_path / "level.tif"
    write_raster(path, np.full((220, 220), 1900.0), crs="EPSG:4544", west=WEST, north=NORTH, cell=30.0)
    rng = np.random.default_rng(2)
    points = np.column_stack([WEST + rng.uniform(1500, 5000, 400), NORTH - rng.uniform(1500, 5000, 400)])
    sites = points[:5] + 1.0
    limit = 1000 * pace_minutes(0.0)
    walks = walks_within(path, points, sites, limit_minutes=limit)
    assert walks.told.all() and np.all(np.diff(walks.site) >= 0)
    straight = np.hypot(*(points[walks.point] - sites[walks.site]).T)
    metres = walks.minutes / pace_minutes(0.0)
    assert np.all(metres >= straight * (1 - 1e-4)) and np.all(metres <= straight * 1.03 + 30)
    assert np.all(metres[straight < 60] == pytest.approx(straight[straight < 60], rel=1e-4))
    near = np.hypot(*(points[:, None] - sites[None]).transpose(2, 0, 1)) < 940
    assert set(map(tuple, np.argwhere(near))) <= set(zip(walks.point, walks.site))


def test_pairs_are_the_times_of_the_whole_raster_for_any_batch_and_company(tmp_path, monkeypatch):
    z = hills(tmp_path / "dem.tif")
    rows, columns = np.array([60, 90, 120]), np.array([70, 100, 88])
    centre = lambda r, c: np.column_stack([WEST + (c + 0.5) * 30, NORTH - (r + 0.5) * 30])  # noqa: E731
    sites, points = centre(rows, columns), centre(*np.mgrid[50:140:7, 50:140:5].reshape(2, -1))
    walks = walks_within(tmp_path / "dem.tif", points, sites, limit_minutes=20)
    for k, (row, column) in enumerate(zip(rows, columns)):
        whole = minutes_over(z, [[row, column]], steps=STEPS)[
            tuple(np.mgrid[50:140:7, 50:140:5].reshape(2, -1))
        ]
        found = np.full(len(points), np.inf)
        found[walks.point[walks.site == k]] = walks.minutes[walks.site == k]
        far = np.hypot(*(points - sites[k]).T) > 90
        np.testing.assert_allclose(found[far], np.where(whole <= 20, whole, np.inf)[far], rtol=1e-4)
    monkeypatch.setattr(walking, "_BATCH_BYTES", 1)
    alone = walks_within(tmp_path / "dem.tif", points, sites, limit_minutes=20)
    for one, other in zip(walks, alone):
        assert np.array_equal(one, other)
    second = walks_within(tmp_path / "dem.tif", points[::-1], sites[1:2], limit_minutes=20)
    mine = walks.minutes[walks.site == 1]
    assert np.array_equal(np.sort(second.minutes), np.sort(mine))


def test_the_terrain_tells_nothing_of_a_site_outside_on_the_rim_or_on_wide_pixels(tmp_path):
    unknown = np.zeros((200, 200), bool)
    unknown[:, 120:] = True
    hills(tmp_path / "dem.tif", nodata=unknown)
    x = WEST + np.array([1800.0, 3300.0, 3900.0, 5900.0, -4000.0])
    sites = np.column_stack([x, np.full(5, NORTH - 3000.0)])
    walks = walks_within(tmp_path / "dem.tif", sites, sites, limit_minutes=12)
    assert walks.told.tolist() == [True, True, False, False, False]
    assert not set(walks.site) & {2, 3, 4}
    hills(tmp_path / "wide.tif", cell=100.0)
    middle = np.array([[WEST + 10_000, NORTH - 10_000]])
    assert not walks_within(tmp_path / "wide.tif", middle, middle, limit_minutes=12).told.any()


def test_a_household_on_unknown_ground_is_told_of_as_unknown(tmp_path):
    unknown = np.zeros((200, 200), bool)
    unknown[100:104, 100:104] = True
    hills(tmp_path / "dem.tif", nodata=unknown)
    at = lambda r, c: [WEST + (c + 0.5) * 30, NORTH - (r + 0.5) * 30]  # noqa: E731
    points = np.array([at(101, 101), at(95, 95), at(101.5, 109)])
    walks = walks_within(tmp_path / "dem.tif", points, np.array([at(95.0, 98.0)]), limit_minutes=25)
    assert walks.point.tolist() == [0, 1, 2]
    assert np.isnan(walks.minutes).tolist() == [True, False, False]


@pytest.mark.parametrize(("crs", "cell"), [("EPSG:4326", 0.0003), ("EPSG:3857", 30.0)])
def test_a_raster_of_any_system_gives_minutes_of_the_ground(tmp_path, crs, cell):
    plane_raster(tmp_path / "dem.tif", crs=crs, cell=cell, east_rise=0.0, north_rise=0.2, size=161)
    site = np.array([[463_000.0, 3_934_000.0]])
    points = site + [[700.0, 0], [0, 700.0]]
    walks = walks_within(tmp_path / "dem.tif", points, site, limit_minutes=20)
    order = np.argsort(walks.point)
    assert walks.minutes[order][0] == pytest.approx(700 * pace_minutes(0.0), rel=0.04)
    assert walks.minutes[order][1] == pytest.approx(700 * pace_minutes(0.2), rel=0.04)
