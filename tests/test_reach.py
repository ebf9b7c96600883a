"""All pairs within a distance, against the plainest way to find them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eco.space import reach
from eco.space.reach import decay, pairs_within

LARGE = reach._PLAIN_LIMIT + 500


def _brute(points, sites, radius):
    distance = np.hypot(*(points[:, None, :] - sites[None, :, :]).transpose(2, 0, 1))
    point, site = np.nonzero(distance <= radius)
    return {(int(i), int(j)): distance[i, j] for i, j in zip(point, site)}


def _found(points, sites, radius):
    point, site, distance = pairs_within(points, sites, radius_m=radius)
    assert np.all(np.diff(point) >= 0)
    found = {(int(i), int(j)): d for i, j, d in zip(point, site, distance)}
    assert len(found) == len(point)
    return found


def _scattered(count, *, seed, width=30_000.0):
    return np.random.default_rng(seed).uniform(0, width, (count, 2)) + (440_000, 3_920_000)


@pytest.mark.parametrize("count", [1, 40, LARGE])
@pytest.mark.parametrize(("sites", "radius"), [(1, 3000.0), (60, 900.0), (25, 5000.0), (25, 60_000.0)])
def test_pairs_are_those_of_brute_force(count, sites, radius):
    points, places = _scattered(count, seed=count), _scattered(sites, seed=7)
    expected, found = _brute(points, places, radius), _found(points, places, radius)
    assert found.keys() == expected.keys()
    np.testing.assert_allclose([found[pair] for pair in expected], list(expected.values()), rtol=1e-9)


@pytest.mark.parametrize("count", [50, LARGE])
def test_points_far_outside_the_sites_find_nobody(count):
    points = _scattered(count, seed=3)
    points[: count // 2] += (-500_000, 300_000)
    points[count // 2 : count // 2 + 10] += (900_000, -800_000)
    sites = _scattered(12, seed=4, width=8000.0)
    expected = _brute(points, sites, 2500.0)
    assert expected and _found(points, sites, 2500.0).keys() == expected.keys()


@pytest.mark.parametrize("count", [3, LARGE])
def test_a_pair_at_no_distance_and_one_at_exactly_the_radius_count(count):
    points = np.tile([440_000.0, 3_920_000.0], (count, 1))
    sites = points[:1] + np.array([[0.0, 0.0], [3000.0, 4000.0], [3000.0, 4001.0]])
    point, site, distance = pairs_within(points, sites, radius_m=5000.0)
    assert np.bincount(site, minlength=3).tolist() == [count, count, 0]
    assert sorted(set(distance.tolist())) == [0.0, 5000.0]
    assert np.array_equal(np.unique(point), np.arange(count))


_coordinates = st.floats(0, 1000)


@given(
    points=arrays(float, st.tuples(st.integers(1, 20), st.just(2)), elements=_coordinates),
    sites=arrays(float, st.tuples(st.integers(1, 20), st.just(2)), elements=_coordinates),
    radius=st.sampled_from([10.0, 137.5, 500.0, 2000.0]),
)
def test_any_small_layout_is_found_whole(points, sites, radius):
    expected, found = _brute(points, sites, radius), _found(points, sites, radius)
    doubtful = set(expected.keys() ^ found.keys())
    distance = np.hypot(*(points[:, None, :] - sites[None, :, :]).transpose(2, 0, 1))
    assert all(abs(distance[pair] - radius) < 1e-6 for pair in doubtful)


def test_nobody_and_nothing_make_no_pairs():
    for points, sites in ((np.empty((0, 2)), np.ones((3, 2))), (np.ones((3, 2)), np.empty((0, 2)))):
        point, site, distance = pairs_within(points, sites, radius_m=10.0)
        assert len(point) == len(site) == len(distance) == 0


def test_willingness_falls_to_1_over_e_at_the_decay_distance():
    near = decay(np.array([0.0, 500.0, 2000.0, 4000.0]), 2000.0)
    np.testing.assert_allclose(near, [1, np.exp(-0.25), np.exp(-1), np.exp(-2)])
