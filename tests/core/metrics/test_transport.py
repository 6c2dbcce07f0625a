"""One-to-one distances against brute force and scipy's own transport, and their properties."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance, wasserstein_distance_nd

from napari_slitseg.core.metrics import (
    bijective_chamfer_distance,
    earth_movers_distance,
    unbalanced_earth_movers_distance,
)
from tests.canonical import CASES, Case
from tests.core.metrics.points import moved, points, scaled, shifts

few = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=5)


def by_permutations(p, g, cost_of):
    """Return the least sum of cost_of(distance) over all ways to pair up the smaller set."""
    small, large = sorted([p, g], key=len)
    if not small:
        return 0.0
    cost = cost_of(cdist(small, large))
    orders = itertools.permutations(range(len(large)), len(small))
    return min(float(cost[range(len(small)), list(order)].sum()) for order in orders)


def by_partial_program(p, g, penalty):
    """Move any mass up to 1 a point, pay the penalty for all that is not moved."""
    if not (p and g):
        return penalty * (len(p) + len(g))
    n, m = len(p), len(g)
    rows = [np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))]
    saved = cdist(p, g).ravel() - 2 * penalty
    done = linprog(saved, A_ub=np.vstack(rows), b_ub=np.ones(n + m))
    return penalty * (n + m) + done.fun


class TestBijectiveChamfer:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_canonical(self, case: Case):
        n, m = len(case.predicted), len(case.annotated)
        value = bijective_chamfer_distance(case.predicted, case.annotated, penalty_px=10.0)
        total = case.apart.one_to_one_px if case.apart else 0.0
        assert value == pytest.approx((total + 10 * abs(n - m)) / max(n, m, 1))

    @settings(max_examples=60, deadline=None)
    @given(few, few, st.sampled_from([0.0, 2.0, 7.5]), st.booleans(), st.booleans())
    def test_brute_force(self, p, g, penalty, squared, capped):
        power = 2 if squared else 1

        def cost(distance):
            return np.minimum(distance, penalty if capped else np.inf) ** power

        expected = by_permutations(p, g, cost) + penalty**power * abs(len(p) - len(g))
        value = bijective_chamfer_distance(p, g, penalty_px=penalty, squared=squared, capped=capped)
        assert value == pytest.approx(expected / max(len(p), len(g), 1))

    def test_no_two_share_one(self):
        """Chamfer would be 0 in one direction: both predictions are nearest to the first."""
        value = bijective_chamfer_distance([(0, 0), (0, 1)], [(0, 0), (0, 9)], penalty_px=0)
        assert value == (0 + 8) / 2

    def test_every_option_moves_the_value(self):
        p, g = [(0, 0), (0, 30)], [(0, 2)]
        assert bijective_chamfer_distance(p, g, penalty_px=5) == (2 + 5) / 2
        assert bijective_chamfer_distance(p, g, penalty_px=9) == (2 + 9) / 2
        assert bijective_chamfer_distance(p, g, penalty_px=5, squared=True) == (4 + 25) / 2
        assert bijective_chamfer_distance(p, g, penalty_px=1, capped=True) == (1 + 1) / 2

    @settings(max_examples=60, deadline=None)
    @given(points, points, points, st.sampled_from([0.5, 20.0]))
    def test_capped_is_a_metric(self, p, g, third, penalty):
        def value(a, b):
            return bijective_chamfer_distance(a, b, penalty_px=penalty, capped=True)

        assert value(p, g) == pytest.approx(value(g, p))
        assert value(p, p) == 0
        assert value(p, g) <= value(p, third) + value(third, g) + 1e-9
        assert value(p, g) <= penalty + 1e-9


class TestEarthMovers:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_canonical(self, case: Case):
        value = earth_movers_distance(case.predicted, case.annotated, empty_px=77.0)
        assert value == pytest.approx(case.apart.earth_movers_px if case.apart else 77.0)

    @pytest.mark.parametrize("seed", range(8))
    def test_scipy(self, seed):
        rng = np.random.default_rng(seed)
        n, m = rng.integers(1, 14, 2)
        m = n if seed % 2 else m
        p, g = rng.uniform(0, 99, (n, 2)), rng.uniform(0, 99, (m, 2))
        value = earth_movers_distance(p, g, empty_px=0)
        assert value == pytest.approx(wasserstein_distance_nd(p, g))

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.integers(0, 99), min_size=1), st.lists(st.integers(0, 99), min_size=1))
    def test_on_a_line_it_is_the_area_between_distributions(self, p, g):
        value = earth_movers_distance([(0, x) for x in p], [(0, x) for x in g], empty_px=0)
        assert value == pytest.approx(wasserstein_distance(p, g), abs=1e-9)

    @settings(max_examples=40, deadline=None)
    @given(points, points, points, shifts)
    def test_properties(self, p, g, third, shift):
        def value(a, b):
            return earth_movers_distance(a, b, empty_px=9.0)

        way = value(p, g)
        assert value(g, p) == pytest.approx(way, abs=1e-9)
        assert value(p, p) == pytest.approx(0, abs=1e-9)
        assert value(moved(p, shift), moved(g, shift)) == pytest.approx(way, abs=1e-7)
        if p and g:
            assert value(scaled(p, 4), scaled(g, 4)) == pytest.approx(4 * way, abs=1e-7)
            assert value([*p, *p], g) == pytest.approx(way, abs=1e-7)
            middles = np.linalg.norm(np.mean(p, axis=0) - np.mean(g, axis=0))
            assert middles <= way + 1e-7
            if third:
                assert way <= value(p, third) + value(third, g) + 1e-7

    @pytest.mark.parametrize("points", [[], [(0, 0)]])
    def test_refuses_a_negative_cost_of_an_empty_set(self, points):
        with pytest.raises(ValueError, match="empty_px"):
            earth_movers_distance(points, points, empty_px=-1)

    def test_nan_for_one_empty_set(self):
        assert math.isnan(earth_movers_distance([], [(0, 0)], empty_px=math.nan))


class TestUnbalanced:
    @settings(max_examples=60, deadline=None)
    @given(few, few, st.sampled_from([0.0, 1.0, 2.5, 40.0]))
    def test_partial_transport_by_linear_program(self, p, g, penalty):
        value = unbalanced_earth_movers_distance(p, g, penalty_px=penalty)
        assert value == pytest.approx(by_partial_program(p, g, penalty), abs=1e-7)

    def test_known_values(self):
        p, g = [(0, 0), (0, 50)], [(0, 3)]
        assert unbalanced_earth_movers_distance(p, g, penalty_px=10) == 3 + 10
        assert unbalanced_earth_movers_distance(p, g, penalty_px=1) == 3  # all three replaced
        assert unbalanced_earth_movers_distance([], g, penalty_px=4) == 4
        assert unbalanced_earth_movers_distance([], [], penalty_px=4) == 0

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_canonical_with_a_penalty_that_nothing_exceeds(self, case: Case):
        value = unbalanced_earth_movers_distance(case.predicted, case.annotated, penalty_px=999)
        left = abs(len(case.predicted) - len(case.annotated))
        assert value == pytest.approx((case.apart.one_to_one_px if case.apart else 0) + 999 * left)

    @settings(max_examples=50, deadline=None)
    @given(points, points, points, st.sampled_from([0.5, 30.0]))
    def test_a_metric_between_its_bounds(self, p, g, third, penalty):
        def value(a, b, price=penalty):
            return unbalanced_earth_movers_distance(a, b, penalty_px=price)

        assert value(p, g) == pytest.approx(value(g, p))
        assert value(p, p) == 0
        assert value(p, g) <= value(p, third) + value(third, g) + 1e-7
        assert value(p, g) <= value(p, g, 2 * penalty) + 1e-9
        assert penalty * abs(len(p) - len(g)) <= value(p, g) + 1e-9
        assert value(p, g) <= penalty * (len(p) + len(g)) + 1e-9


@pytest.mark.parametrize("penalty", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("distance", [bijective_chamfer_distance, unbalanced_earth_movers_distance])
def test_refuses_a_senseless_penalty(distance, penalty):
    with pytest.raises(ValueError, match="penalty_px must be a finite number"):
        distance([], [], penalty_px=penalty)


def test_refuses_a_negative_empty_cost():
    with pytest.raises(ValueError, match="empty_px"):
        earth_movers_distance([], [(0, 0)], empty_px=-1)
