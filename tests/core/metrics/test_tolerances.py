"""F1 over tolerances against one matching per tolerance, and deepBlink's own sum."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from napari_slitseg.core.detection.peaks import Detections, select
from napari_slitseg.core.matching import match
from napari_slitseg.core.matching_edges import pairs_within
from napari_slitseg.core.metrics import (
    ScoredImage,
    f1,
    integrated_f1,
    precision,
    recall,
    tolerance_curve,
)
from napari_slitseg.core.metrics.tolerances import pair_onsets
from tests.canonical import CASES, Case


def scored(predicted, annotated, largest_px, **more):
    found = Detections(np.reshape(predicted, (-1, 2)), np.full(len(predicted), 0.5))
    return ScoredImage(found=found, annotated_yx=annotated, tolerance_px=largest_px, **more)


def random_image(rng, *, uncertain=0, largest_px=6.0):
    n, m = rng.integers(0, 20, 2)
    p, g, u = (rng.integers(0, 25, (k, 2)) for k in (n, m, uncertain))
    return scored(p, g, largest_px, uncertain_yx=u, ignore_radius_px=1.5, min_distance_px=1.5)


def f1_by_matching(images, fraction, threshold=0.0):
    return f1(*counts_by_matching(images, fraction, threshold))


def counts_by_matching(images, fraction, threshold=0.0):
    counts = np.zeros(3, int)
    for image in images:
        kept = select(image.found, threshold=threshold, min_distance_px=image.min_distance_px)
        found = match(
            kept.yx,
            image.annotated_yx,
            fraction * image.tolerance_px,
            uncertain_yx=image.uncertain_yx,
            ignore_radius_px=image.ignore_radius_px,
        )
        counts += [len(found), len(found.false_positive), len(found.missed)]
    return tuple(int(each) for each in counts)


@pytest.mark.parametrize("uncertain", [0, 4])
@pytest.mark.parametrize("seed", range(8))
def test_equals_a_matching_at_every_tolerance(seed, uncertain):
    rng = np.random.default_rng(seed)
    sizes = [6.0, float(rng.choice([3.0, 6.0]))]
    images = [random_image(rng, uncertain=uncertain, largest_px=size) for size in sizes]
    curve = tolerance_curve(images, threshold=0.0)
    fractions = np.union1d(np.arange(0, 37) / 36, [0.0, 1.0])  # whole px at every sixth
    expected = [f1_by_matching(images, fraction) for fraction in fractions]
    np.testing.assert_array_equal(curve.f1_at(fractions), expected)
    middles = (np.append(curve.fraction[1:], 1.0) + curve.fraction) / 2
    steps = np.diff(curve.fraction, append=1.0)
    inside = [f1_by_matching(images, middle) for middle in middles]
    assert curve.integrated_f1 == pytest.approx(float(np.sum(steps * inside)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 9), st.integers(0, 9))
def test_onsets_by_brute_force(seed, n, m):
    rng = np.random.default_rng(seed)
    p, g = rng.uniform(0, 9, (n, 2)), rng.uniform(0, 9, (m, 2))
    i, j, distance = pairs_within(p, g, 5.0)
    onsets = pair_onsets(i, j, distance, (n, m))
    for tolerance in [*distance, *rng.uniform(0, 5, 5)]:
        within = cdist(p, g) <= tolerance + 1e-12
        assert np.count_nonzero(onsets <= tolerance + 1e-12) == (
            within[linear_sum_assignment(~within)].sum()
        )


def test_known_integral():
    """One pair at 1 px of 4: F1 is 0 for a quarter and 2 / 3 after."""
    image = scored([(0, 1), (9, 9)], [(0, 0)], 4.0)
    assert integrated_f1([image], threshold=0.5) == pytest.approx(0.75 * 2 / 3)
    assert integrated_f1([image], threshold=0.6) == 0


@pytest.mark.parametrize("uncertain", [0, 4])
def test_precision_and_recall_by_matching(uncertain):
    images = [random_image(np.random.default_rng(seed), uncertain=uncertain) for seed in (1, 2)]
    curve = tolerance_curve(images, threshold=0.0)
    edges = np.append(curve.fraction, 1.0)
    total = np.zeros(2)
    for k, width in enumerate(np.diff(edges)):
        at = (edges[k] + edges[k + 1]) / 2
        right, wrong, missed = counts_by_matching(images, at)
        assert curve.precision[k] == precision(right, wrong, missed)
        assert curve.recall[k] == recall(right, wrong, missed)
        total += width * curve.precision[k], width * curve.recall[k]
    assert (curve.integrated_precision, curve.integrated_recall) == pytest.approx(total.tolist())
    assert 0 < curve.integrated_precision != curve.integrated_recall > 0


@pytest.mark.parametrize(
    ("predicted", "annotated", "expected"),
    [([], [], (1, 1)), ([], [(0, 0)], (math.nan, 0)), ([(0, 0)], [], (0, math.nan))],
)
def test_integrals_of_empty_sets(predicted, annotated, expected):
    curve = tolerance_curve([scored(predicted, annotated, 3.0)], threshold=0.0)
    found = curve.integrated_precision, curve.integrated_recall
    assert found == pytest.approx(expected, nan_ok=True)


def deepblink_integral(p, g, cutoff=3.0, steps=50):
    """Write down their definition: trapezoid rule over F1 at 50 cutoffs, / 3."""
    cutoffs = np.linspace(0, cutoff, steps)
    values = [f1_by_matching([scored(p, g, cutoff)], each / cutoff) for each in cutoffs]
    return np.trapezoid(values, cutoffs) / cutoff


@pytest.mark.parametrize("seed", range(3))
def test_deepblink_within_its_grid(seed):
    rng = np.random.default_rng(seed)
    g = rng.uniform(0, 40, (15, 2))
    p = g + rng.normal(0, 1.0, g.shape)
    ours = integrated_f1([scored(p, g, 3.0)], threshold=0.0)
    assert ours == pytest.approx(deepblink_integral(p, g), abs=0.5 / 49)
    finer = deepblink_integral(p, g, steps=300)
    assert ours == pytest.approx(finer, abs=0.5 / 299)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_canonical(case: Case):
    image = scored(case.predicted, case.annotated, max(case.tolerance_px, 1.0))
    curve = tolerance_curve([image], threshold=0.0)
    at = case.tolerance_px / image.tolerance_px
    wrong = len(case.predicted) - case.n_pairs, len(case.annotated) - case.n_pairs
    assert curve.f1_at(at) == f1(case.n_pairs, *wrong)
    assert np.all(np.diff(curve.true_positive) >= 0)
    if not (case.predicted or case.annotated):
        assert curve.integrated_f1 == 1.0
    elif not (case.predicted and case.annotated):
        assert curve.integrated_f1 == 0.0


def test_tolerances_are_inclusive_whatever_the_rounding():
    """3 * 0.1 is a little above 0.3, which is a tenth of 3."""
    curve = tolerance_curve([scored([(0, 3 * 0.1)], [(0, 0)], 3.0)], threshold=0.0)
    assert 3 * 0.1 / 3.0 > 0.1
    assert curve.f1_at(0.1) == 1
    assert curve.f1_at(0.0999) == 0


def test_nearer_is_better_and_a_larger_range_more_lenient():
    g = [(0, 20 * k) for k in range(4)]
    values = [
        integrated_f1([scored([(off, x) for _, x in g], g, largest)], threshold=0.0)
        for off, largest in [(2, 3.0), (1, 3.0), (1, 6.0), (0, 3.0)]
    ]
    assert values == pytest.approx([1 / 3, 2 / 3, 5 / 6, 1.0], abs=1e-8)


def test_images_of_other_pixel_sizes_are_pooled_at_the_same_fraction():
    near = scored([(0, 1)], [(0, 0)], 4.0)
    same_in_finer_pixels = scored([(0, 2)], [(0, 0)], 8.0)
    curve = tolerance_curve([near, same_in_finer_pixels], threshold=0.0)
    assert curve.f1_at([0.2, 0.25, 1.0]).tolist() == [0, 1, 1]


class TestRefusals:
    def test_no_image(self):
        with pytest.raises(ValueError, match="at least one image"):
            tolerance_curve([], threshold=0.5)

    @pytest.mark.parametrize("largest_px", [0.0, -1.0, np.nan, np.inf])
    def test_largest_tolerance(self, largest_px):
        image = dataclasses.replace(scored([], [], 1.0), tolerance_px=largest_px)
        with pytest.raises(ValueError, match="largest tolerance must be above 0"):
            tolerance_curve([image], threshold=0.5)

    @pytest.mark.parametrize("fraction", [-0.1, 1.1, np.nan])
    def test_fraction(self, fraction):
        with pytest.raises(ValueError, match="Fractions of the largest tolerance"):
            tolerance_curve([scored([], [], 1.0)], threshold=0.5).f1_at(fraction)
