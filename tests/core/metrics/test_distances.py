"""Distances against scipy, the canonical cases, and their properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import (
    chamfer_distance,
    image_diagonal,
    localisation_error,
    localisation_rms,
    nearest_distances,
    vanilla_distance,
)
from tests.canonical import CASES, SHAPE, Case
from tests.core.metrics.points import points, random_points


def chamfer_by_scipy(predicted, annotated):
    distance = cdist(predicted, annotated)
    return (distance.min(axis=1).mean() + distance.min(axis=0).mean()) / 2


@pytest.mark.parametrize("seed", range(30))
def test_against_scipy(seed):
    rng = np.random.default_rng(seed)
    predicted, annotated = random_points(rng), random_points(rng)
    expected = chamfer_by_scipy(predicted, annotated)
    assert chamfer_distance(predicted, annotated, empty_px=99) == pytest.approx(expected)
    assert vanilla_distance(predicted, annotated, (640, 640)) == pytest.approx(expected)
    np.testing.assert_allclose(
        nearest_distances(predicted, annotated), cdist(predicted, annotated).min(axis=1)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_canonical(case: Case):
    found = chamfer_distance(case.predicted, case.annotated, empty_px=77.0)
    if not case.predicted and not case.annotated:
        assert found == 0
    elif not case.predicted or not case.annotated:
        assert found == 77.0
        assert vanilla_distance(case.predicted, case.annotated, SHAPE) == math.hypot(639, 479)
    else:
        assert found == pytest.approx(chamfer_by_scipy(case.predicted, case.annotated))
        assert found == pytest.approx(case.apart.chamfer_px)


def test_known_value():
    """Two predictions share one annotation: (0 + 4) / 2 there, 0 back."""
    assert chamfer_distance([(0, 0), (0, 4)], [(0, 0)], empty_px=0) == 1.0
    assert chamfer_distance([(0, 0)], [(0, 0), (0, 4)], empty_px=0) == 1.0


def test_distance_is_not_squared_and_each_direction_weighs_the_same():
    predicted = [(0, 0)] * 9 + [(0, 10)]
    assert chamfer_distance(predicted, [(0, 0)], empty_px=0) == pytest.approx((10 / 10 + 0) / 2)


class TestChamferOptions:
    """To the nearest: predictions 1, 2 and 3 px away (the annotation at 0), annotations 1 and 9."""

    predicted = ((0, 1), (0, 2), (0, 3))
    annotated = ((0, 0), (0, 12))

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, (2 + 5) / 2),
            ({"halved": False}, 2 + 5),
            ({"direction": "to_annotated"}, 2),
            ({"direction": "to_predicted"}, 5),
            ({"direction": "to_predicted", "halved": False}, 5),
            ({"reduction": "sum"}, (6 + 10) / 2),
            ({"reduction": "sum", "direction": "to_annotated"}, 6),
            ({"squared": True}, ((1 + 4 + 9) / 3 + (1 + 81) / 2) / 2),
            ({"squared": True, "halved": False}, (1 + 4 + 9) / 3 + (1 + 81) / 2),  # pytorch3d
            ({"squared": True, "halved": False, "reduction": "sum"}, 14 + 82),  # Fan et al.
        ],
        ids=str,
    )
    def test_known_value(self, options, expected):
        value = chamfer_distance(self.predicted, self.annotated, empty_px=0, **options)
        assert value == pytest.approx(expected)

    @pytest.mark.parametrize("seed", range(8))
    @pytest.mark.parametrize("squared", [False, True])
    def test_against_scipy(self, seed, squared):
        rng = np.random.default_rng(seed)
        predicted, annotated = random_points(rng), random_points(rng)
        distance = cdist(predicted, annotated) ** (2 if squared else 1)
        for direction, axis in (("to_annotated", 1), ("to_predicted", 0)):
            for reduction in ("mean", "sum"):
                value = chamfer_distance(
                    predicted,
                    annotated,
                    empty_px=0,
                    direction=direction,
                    reduction=reduction,
                    squared=squared,
                )
                expected = getattr(distance.min(axis=axis), reduction)()
                assert value == pytest.approx(expected)

    @pytest.mark.parametrize("direction", ["both", "to_annotated", "to_predicted"])
    def test_an_empty_set_costs_the_same_in_every_direction(self, direction):
        options = {"empty_px": 7.0, "direction": direction, "squared": True, "halved": False}
        assert chamfer_distance([], [(0, 0)], **options) == 7.0
        assert chamfer_distance([(0, 0)], [], **options) == 7.0
        assert chamfer_distance([], [], **options) == 0.0

    @pytest.mark.parametrize("wrong", [{"direction": "back"}, {"reduction": "max"}])
    def test_unknown_choice(self, wrong):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} cannot be"):
            chamfer_distance([], [], empty_px=0, **wrong)


@settings(max_examples=60, deadline=None)
@given(points, points, st.tuples(st.integers(-99, 99), st.integers(-99, 99)))
def test_properties(predicted, annotated, shift):
    value = chamfer_distance(predicted, annotated, empty_px=5.0)
    assert value >= 0
    assert chamfer_distance(annotated, predicted, empty_px=5.0) == pytest.approx(value)
    assert chamfer_distance(predicted, predicted, empty_px=5.0) == 0
    moved = [[(y + shift[0], x + shift[1]) for y, x in some] for some in (predicted, annotated)]
    assert chamfer_distance(*moved, empty_px=5.0) == pytest.approx(value, abs=1e-9)
    if predicted and annotated:
        doubled = [[(2 * y, 2 * x) for y, x in some] for some in (predicted, annotated)]
        assert chamfer_distance(*doubled, empty_px=5.0) == pytest.approx(2 * value)
        turned = [[(x, -y) for y, x in some] for some in (predicted, annotated)]
        assert chamfer_distance(*turned, empty_px=5.0) == pytest.approx(value)


@settings(max_examples=40, deadline=None)
@given(points, points)
def test_vanilla_never_exceeds_the_diagonal_within_the_image(predicted, annotated):
    diagonal = image_diagonal((501, 501))
    assert 0 <= vanilla_distance(predicted, annotated, (501, 501)) <= diagonal + 1e-9


@pytest.mark.parametrize(
    ("shape", "expected"), [((640, 640), 639 * 2**0.5), ((4, 5), 5.0), ((1, 1), 0.0)]
)
def test_diagonal(shape, expected):
    assert image_diagonal(shape) == pytest.approx(expected)


def test_nearest_without_a_goal():
    assert nearest_distances([(0, 0), (1, 1)], []).tolist() == [math.inf, math.inf]
    assert nearest_distances([], [(0, 0)]).tolist() == []


class TestLocalisation:
    def test_known(self):
        found = match([(0, 0), (10, 10), (50, 50)], [(0, 3), (10, 14)], 5)
        assert localisation_error(found) == 3.5
        assert localisation_rms(found) == pytest.approx(math.sqrt((9 + 16) / 2))

    def test_without_a_pair(self):
        found = match([(0, 0)], [(9, 9)], 1)
        assert math.isnan(localisation_error(found))
        assert math.isnan(localisation_rms(found))

    @settings(max_examples=40, deadline=None)
    @given(points, points)
    def test_mean_within_rms_within_tolerance(self, predicted, annotated):
        found = match(predicted, annotated, 50.0)
        if len(found):
            mean, rms = localisation_error(found), localisation_rms(found)
            assert mean <= rms + 1e-9
            assert rms <= 50.0 + 1e-8


class TestRefusals:
    def test_negative_empty_cost(self):
        with pytest.raises(ValueError, match="empty_px"):
            chamfer_distance([], [(0, 0)], empty_px=-1)

    @pytest.mark.parametrize("shape", [(0, 5), (5,), (5, 5, 3), (-1, 5)])
    def test_shape(self, shape):
        with pytest.raises(ValueError, match=r"two positive numbers \(H, W\)"):
            vanilla_distance([], [], shape)

    def test_nan(self):
        with pytest.raises(ValueError, match="annotated points: 1 of 1 positions are NaN"):
            chamfer_distance([(0, 0)], [(0, np.nan)], empty_px=0)

    def test_points_in_a_row(self):
        with pytest.raises(ValueError, match=r"from_yx: expected \(N, 2\)"):
            nearest_distances([1.0, 2.0], [(0, 0)])
