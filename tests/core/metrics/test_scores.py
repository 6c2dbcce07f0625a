"""All figures of one image."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import chamfer_distance, score_image
from napari_slitseg.core.metrics.scores import score_matching
from tests.canonical import CASES, SHAPE, Case

points = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_canonical(case: Case):
    scores = score_image(
        case.predicted, case.annotated, shape=SHAPE, tolerance_px=case.tolerance_px
    )
    assert scores.true_positive == case.n_pairs
    assert scores.n_predicted == len(case.predicted)
    assert scores.n_annotated == len(case.annotated)
    if case.n_pairs:
        assert scores.localisation_px * case.n_pairs == pytest.approx(case.total_px)
    else:
        assert math.isnan(scores.localisation_px)


def test_by_hand():
    scores = score_image(
        [(0, 0), (10, 10), (50, 50)],
        [(0, 3), (10, 14), (99, 99), (99, 0)],
        shape=(100, 100),
        tolerance_px=5,
        pixel_size_nm=8.0,
    )
    assert (scores.true_positive, scores.false_positive, scores.missed) == (2, 1, 2)
    assert scores.precision == pytest.approx(2 / 3)
    assert scores.recall == 0.5
    assert scores.f1 == pytest.approx(4 / 7)
    assert scores.count_ratio == 0.75
    assert scores.point_loss == 1
    assert scores.proportional_point_loss == pytest.approx(2.5**3)
    assert (scores.localisation_px, scores.localisation_nm) == (3.5, 28.0)
    assert scores.localisation_rms_nm == pytest.approx(8 * math.sqrt(12.5))
    assert (scores.tolerance_px, scores.tolerance_nm) == (5, 40)
    there = (3 + 4 + math.hypot(36, 40)) / 3
    back = (3 + 4 + math.hypot(49, 49) + math.hypot(49, 50)) / 4
    assert scores.chamfer_px == pytest.approx((there + back) / 2)
    assert scores.chamfer_nm == pytest.approx(4 * (there + back))
    assert scores.vanilla_nm == scores.chamfer_nm


def test_erased_image():
    """Chamfer is undefined, vanilla charges the diagonal."""
    scores = score_image([], [(1, 1)], shape=(4, 5), tolerance_px=2, pixel_size_nm=10)
    assert math.isnan(scores.chamfer_px)
    assert math.isnan(scores.precision)
    assert (scores.vanilla_px, scores.vanilla_nm) == (5.0, 50.0)
    assert (scores.recall, scores.f1, scores.point_loss) == (0, 0, 1)


def test_nothing_to_find_and_nothing_found():
    scores = score_image([], [], shape=(4, 5), tolerance_px=2)
    assert (scores.chamfer_px, scores.vanilla_px, scores.f1) == (0, 0, 1)
    assert (scores.point_loss, scores.proportional_point_loss) == (0, 0)
    assert math.isnan(scores.count_ratio)


def test_without_pixel_size_every_nm_is_none():
    figures = score_image([(1, 1)], [(1, 1)], shape=(4, 5), tolerance_px=2).to_dict()
    lengths = {name for name in figures if name.endswith("_nm")}
    assert lengths == {
        "chamfer_nm", "vanilla_nm", "localisation_nm", "localisation_rms_nm", "tolerance_nm",
        "pixel_size_nm",
    }  # fmt: skip
    assert all(figures[name] is None for name in lengths)
    assert all(value is not None for name, value in figures.items() if name not in lengths)


class TestUncertain:
    def test_neither_right_nor_wrong_nor_missed(self):
        scores = score_image(
            [(0, 0), (20, 20), (20, 26)],
            [(0, 1)],
            shape=(40, 40),
            tolerance_px=3,
            ignored_yx=[(20, 22), (35, 35)],
        )
        assert (scores.true_positive, scores.false_positive, scores.missed) == (1, 1, 0)
        assert (scores.n_set_aside, scores.n_uncertain) == (1, 2)
        assert (scores.n_predicted, scores.n_annotated) == (2, 1)

    def test_distances_and_counts_leave_them_out(self):
        with_zone = score_image(
            [(0, 0), (20, 20)],
            [(0, 1)],
            shape=(40, 40),
            tolerance_px=3,
            ignored_yx=[(24, 23)],
            ignore_radius_px=5,
        )
        assert with_zone.n_set_aside == 1
        assert with_zone.chamfer_px == 1.0
        assert with_zone.point_loss == 0
        assert with_zone.count_ratio == 1

    def test_only_set_aside_predictions_is_no_prediction(self):
        scores = score_image(
            [(20, 20)], [(0, 0)], shape=(40, 40), tolerance_px=3, ignored_yx=[(20, 20)]
        )
        assert math.isnan(scores.chamfer_px)
        assert scores.vanilla_px == pytest.approx(39 * 2**0.5)

    @settings(max_examples=40, deadline=None)
    @given(points, points, points, st.sampled_from([0.0, 2.0, 6.0]))
    def test_count_identities(self, predicted, annotated, uncertain, radius_px):
        scores = score_image(
            predicted, annotated, shape=(31, 31), tolerance_px=3.0,
            ignored_yx=uncertain, ignore_radius_px=radius_px,
        )  # fmt: skip
        assert scores.true_positive + scores.false_positive == scores.n_predicted
        assert scores.n_predicted + scores.n_set_aside == len(predicted)
        assert scores.true_positive + scores.missed == scores.n_annotated == len(annotated)
        assert scores.n_uncertain == len(uncertain)
        assert 0 <= scores.f1 <= 1
        if not scores.n_set_aside and predicted and annotated:
            expected = chamfer_distance(predicted, annotated, empty_px=0)
            assert scores.chamfer_px == pytest.approx(expected)


def test_dict_is_plain_and_complete():
    figures = score_image(
        np.float32([(1, 1)]), [(1, 2)], shape=(9, 9), tolerance_px=2, pixel_size_nm=10.0
    ).to_dict()
    assert list(figures)[:5] == [
        "n_predicted", "n_annotated", "true_positive", "false_positive", "missed",
    ]  # fmt: skip
    assert all(type(value) in (int, float) for value in figures.values())


@pytest.mark.parametrize("size", [0.0, -1.0, math.nan, math.inf])
def test_pixel_size_refused(size):
    with pytest.raises(ValueError, match="pixel_size_nm must be a positive number"):
        score_image([], [], shape=(4, 4), tolerance_px=1, pixel_size_nm=size)


def test_tolerance_refused():
    with pytest.raises(ValueError, match="tolerance_px"):
        score_image([], [], shape=(4, 4), tolerance_px=-1)


def test_a_matching_that_is_known_already_gives_the_same_figures() -> None:
    rng = np.random.default_rng(4)
    predicted, annotated = rng.uniform(0, 60, (40, 2)), rng.uniform(0, 60, (35, 2))
    lengths = {"shape": (60, 60), "tolerance_px": 5.0, "ignore_radius_px": 3.0}
    found = match(predicted, annotated[5:], 5.0, uncertain_yx=annotated[:5], ignore_radius_px=3.0)
    anew = score_image(predicted, annotated[5:], ignored_yx=annotated[:5], **lengths)
    shared = score_matching(found, predicted, annotated[5:], shape=(60, 60), n_uncertain=5)
    assert anew == shared
    assert 0 < anew.true_positive < 30
