"""Which outline holds a point, and how many mu it has."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, box

from eco.space.places import area_mu, representative_points, which_outline

WEST, SOUTH = 500_000.0, 3_900_000.0  # on the central meridian the map has no distortion


def square(x: float, y: float, side: float):
    return box(WEST + x, SOUTH + y, WEST + x + side, SOUTH + y + side)


def test_points_find_their_outline_and_strays_none():
    outlines = [square(0, 0, 100), None, square(100, 0, 100)]
    points = [Point(WEST + 50, SOUTH + 50), Point(WEST + 150, SOUTH + 50), Point(WEST + 500, SOUTH), None]
    assert which_outline(points, outlines).tolist() == [0, 2, -1, -1]


def test_shared_border_belongs_to_the_first_and_near_ones_reach_within_the_tolerance():
    outlines = [square(0, 0, 100), square(100, 0, 100)]
    points = [Point(WEST + 100, SOUTH + 50), Point(WEST + 240, SOUTH + 50), Point(WEST + 260, SOUTH + 50)]
    assert which_outline(points, outlines, within_m=50).tolist() == [0, 1, -1]


def test_agrees_with_asking_one_by_one():
    random = np.random.default_rng(3)
    outlines = [square(*random.uniform(0, 800, 2), 150) for _ in range(20)]
    points = shapely.points(WEST + random.uniform(0, 1000, 500), SOUTH + random.uniform(0, 1000, 500))
    slow = [next((i for i, o in enumerate(outlines) if o.intersects(p)), -1) for p in points]
    assert -1 in slow
    assert which_outline(points, outlines).tolist() == slow


@given(side=st.floats(10, 5000))
@settings(max_examples=40, deadline=None)
def test_a_square_on_the_meridian_has_its_mu(side):
    assert np.isclose(area_mu([square(-side / 2, 0, side)])[0], side**2 * 15 / 10_000, rtol=2e-5)


def test_holes_are_taken_off_parts_added_points_count_nothing():
    ring = square(0, 0, 1000).difference(square(100, 100, 500))
    both = MultiPolygon([square(0, 2000, 1000), square(0, 4000, 1000)])
    mu = area_mu([ring, both, Point(WEST, SOUTH), None, shapely.reverse(ring)])
    assert np.allclose(mu, [1125, 3000, 0, 0, 1125], rtol=2e-5)


def test_far_from_the_meridian_the_ellipsoid_counts_not_the_map():
    far = box(360_000, SOUTH, 361_000, SOUTH + 1000)
    stretched = far.area * 15 / 10_000
    assert 0.0003 < 1 - area_mu([far])[0] / stretched < 0.0007  # scale 1 + 140 km squared over 2 R2, twice


def test_representative_points_stand_inside():
    crescent = Point(WEST, SOUTH).buffer(100).difference(Point(WEST + 30, SOUTH).buffer(95))
    inside = representative_points([crescent, Point(1, 2), None])
    assert crescent.contains(inside[0]) and not crescent.contains(crescent.centroid)
    assert inside[1] == Point(1, 2) and inside[2] is None
