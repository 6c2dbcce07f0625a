"""One-to-one matching: canonical cases, brute force, dense scipy, properties."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from napari_slitseg.core import matching_edges
from napari_slitseg.core.matching import match
from tests.canonical import CASES, Case

points = st.lists(
    st.tuples(st.integers(-20, 20), st.integers(-20, 20)).map(lambda p: (p[0] / 2, p[1] / 2)),
    max_size=12,
)


def by_brute_force(predicted, annotated, tolerance_px):
    """Try every one-to-one assignment; return (number of pairs, least sum of distances)."""
    if len(predicted) > len(annotated):
        predicted, annotated = annotated, predicted
    distance = cdist(predicted, annotated) if len(predicted) else np.zeros((0, len(annotated)))
    best = (0, 0.0)
    for columns in itertools.permutations(range(len(annotated)), len(predicted)):
        chosen = [d for d in distance[range(len(columns)), list(columns)] if d <= tolerance_px]
        best = min(best, (-len(chosen), float(sum(chosen))))
    return -best[0], best[1]


def by_dense_scipy(predicted, annotated, tolerance_px):
    distance = cdist(predicted, annotated)
    within = distance <= tolerance_px
    row, column = linear_sum_assignment(np.where(within, distance, 1e5))
    real = within[row, column]
    return int(real.sum()), float(distance[row, column][real].sum())


def assert_valid(found, predicted, annotated, tolerance_px):
    i, j = found.pairs.T
    assert len(set(i)) == len(i)
    assert len(set(j)) == len(j)
    assert np.all(np.diff(i) > 0)
    direct = np.linalg.norm(np.asarray(predicted)[i] - np.asarray(annotated)[j], axis=1)
    np.testing.assert_allclose(found.distance_px, direct, rtol=1e-14)
    assert np.all(direct <= tolerance_px + 1e-9)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("dense_entries", [10**6, 0], ids=["dense", "sparse"])
def test_canonical(case: Case, dense_entries, monkeypatch):
    monkeypatch.setattr(matching_edges, "_DENSE_ENTRIES", dense_entries)
    found = match(case.predicted, case.annotated, case.tolerance_px)
    assert len(found) == case.n_pairs
    assert found.distance_px.sum() == pytest.approx(case.total_px)
    if case.pairs is not None:
        assert [tuple(pair) for pair in found.pairs.tolist()] == list(case.pairs)
    assert len(found.true_positive) + len(found.false_positive) == len(case.predicted)
    assert len(found.pairs) + len(found.missed) == len(case.annotated)


def test_1000_random_cases_against_brute_force_and_scipy():
    rng = np.random.default_rng(7)
    for trial in range(1000):
        large = trial % 4 == 3
        top = 60 if large else 8 - (trial % 4)
        n, m = rng.integers(0, top + 1, 2)
        n, m = (n + 1, m + 1) if large else (min(n, 5), m)
        side = rng.choice([4.0, 12.0, 40.0])
        predicted, annotated = rng.uniform(0, side, (n, 2)), rng.uniform(0, side, (m, 2))
        if trial % 2:  # a grid gives many ties and exact tolerances
            predicted, annotated = np.round(predicted), np.round(annotated)
        tolerance = float(rng.choice([1.0, 2.0, 3.5]))
        reference = by_dense_scipy if large else by_brute_force
        found = match(predicted, annotated, tolerance)
        assert_valid(found, predicted, annotated, tolerance)
        expected = reference(predicted, annotated, tolerance)
        assert (len(found), found.distance_px.sum()) == pytest.approx(expected), trial


@pytest.mark.parametrize("seed", range(3))
def test_sparse_solver_agrees_with_dense(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    predicted, annotated = rng.integers(0, 60, (150, 2)), rng.integers(0, 60, (170, 2))
    dense = match(predicted, annotated, 6.0)
    monkeypatch.setattr(matching_edges, "_DENSE_ENTRIES", 0)
    sparse = match(predicted, annotated, 6.0)
    assert_valid(sparse, predicted, annotated, 6.0)
    assert len(sparse) == len(dense)
    assert sparse.distance_px.sum() == pytest.approx(dense.distance_px.sum())


@pytest.mark.parametrize("offset", [0.0, 0.1, 1 / 3, 1234.56789])
def test_tolerance_is_inclusive_whatever_the_rounding(offset):
    start = np.array([[offset, offset]])
    for angle in np.linspace(0, 2 * np.pi, 37):
        end = start + 5.0 * np.array([np.sin(angle), np.cos(angle)])
        assert len(match(start, end, 5.0)) == 1
        assert len(match(start, end, 4.999)) == 0


def test_fast_for_thousands_of_points():
    rng = np.random.default_rng(0)
    predicted = rng.uniform(0, 10_000, (5000, 2))
    annotated = (predicted + rng.normal(0, 2, predicted.shape))[rng.permutation(5000)]
    started = time.process_time()
    found = match(predicted, annotated, 6.0)
    assert time.process_time() - started < 2.0  # dense: 25 million distances, several seconds
    assert len(found) > 4900


def test_deterministic():
    rng = np.random.default_rng(3)
    predicted, annotated = rng.integers(0, 9, (30, 2)), rng.integers(0, 9, (30, 2))
    first, second = (match(predicted, annotated, 2.0) for _ in range(2))
    np.testing.assert_array_equal(first.pairs, second.pairs)


@settings(max_examples=60, deadline=None)
@given(points, points, st.sampled_from([0.0, 0.5, 1.0, 2.5, 5.0]))
def test_properties(predicted, annotated, tolerance_px):
    found = match(predicted, annotated, tolerance_px)
    back = match(annotated, predicted, tolerance_px)
    assert len(found) == len(back)
    assert found.distance_px.sum() == pytest.approx(back.distance_px.sum())
    used = sorted([*found.true_positive, *found.false_positive])
    assert used == list(range(len(predicted)))
    assert sorted([*found.pairs[:, 1], *found.missed]) == list(range(len(annotated)))
    assert len(match(predicted, annotated, tolerance_px + 1.0)) >= len(found)


class TestUncertain:
    def test_match_excuses_one_prediction(self):
        found = match([(0, 0), (0, 1), (9, 9)], [], 2.0, uncertain_yx=[(0, 0.4)])
        assert found.set_aside.tolist() == [0]
        assert found.false_positive.tolist() == [1, 2]

    def test_radius_excuses_all_within(self):
        found = match(
            [(0, 0), (0, 1), (0, 4), (0, 4.1)], [], 2.0, uncertain_yx=[(0, 0)], ignore_radius_px=4.0
        )
        assert found.set_aside.tolist() == [0, 1, 2]
        assert found.false_positive.tolist() == [3]

    def test_annotation_comes_first(self):
        """A prediction on an uncertain point still finds the slit that only it can reach."""
        found = match([(0, 0)], [(0, 2)], 2.0, uncertain_yx=[(0, 0)], ignore_radius_px=5.0)
        assert found.true_positive.tolist() == [0]
        assert len(found.set_aside) == 0

    @settings(max_examples=40, deadline=None)
    @given(points, points, points, st.sampled_from([0.0, 1.0, 5.0]))
    def test_only_takes_false_positives_away(self, predicted, annotated, uncertain, radius_px):
        plain = match(predicted, annotated, 2.0)
        found = match(predicted, annotated, 2.0, uncertain_yx=uncertain, ignore_radius_px=radius_px)
        np.testing.assert_array_equal(found.pairs, plain.pairs)
        np.testing.assert_array_equal(found.missed, plain.missed)
        together = sorted([*found.false_positive, *found.set_aside])
        assert together == plain.false_positive.tolist()
        if uncertain and len(found.false_positive):
            left = np.asarray(predicted)[found.false_positive]
            assert cdist(left, uncertain).min() > radius_px


class TestRefusals:
    @pytest.mark.parametrize("tolerance", [-1.0, np.nan, np.inf])
    def test_tolerance(self, tolerance):
        with pytest.raises(ValueError, match="tolerance_px must be a finite number"):
            match([(0, 0)], [(0, 0)], tolerance)

    def test_radius(self):
        with pytest.raises(ValueError, match="ignore_radius_px"):
            match([(0, 0)], [(0, 0)], 1.0, ignore_radius_px=-1.0)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_not_finite(self, bad):
        with pytest.raises(ValueError, match=r"annotated points: 1 of 2 .* the first in row 1"):
            match([(0, 0)], [(0, 0), (bad, 0)], 1.0)

    @pytest.mark.parametrize("wrong", [(1, 2), [(1, 2, 3)], np.zeros((2, 2, 2)), 5.0])
    def test_shape(self, wrong):
        with pytest.raises(ValueError, match=r"predicted points: expected \(N, 2\)"):
            match(wrong, [(0, 0)], 1.0)
