"""Precision-recall curves against one matching per threshold, brute force and torchmetrics."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_average_precision

from napari_slitseg.core.detection.peaks import Detections, select
from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import (
    ScoredImage,
    average_precision,
    best_threshold,
    f1,
    precision,
    precision_recall,
    rank_image,
    recall,
)
from napari_slitseg.core.metrics.ranking import growing_pairs
from tests.canonical import CASES, Case

NOTHING = Detections(np.zeros((0, 2)), np.zeros(0))


def detections(points, scores):
    order = np.argsort(-np.asarray(scores, float), kind="stable")
    return Detections(np.reshape(points, (-1, 2))[order], np.asarray(scores, float)[order])


def random_image(rng, *, uncertain=False, side=30.0, top=25):
    n, m, u = rng.integers(0, top, 3)
    scores = np.round(rng.uniform(0, 1, n), 1 + int(rng.integers(0, 3)))
    return ScoredImage(
        found=detections(rng.uniform(0, side, (n, 2)), scores),
        annotated_yx=rng.uniform(0, side, (m, 2)),
        tolerance_px=float(rng.choice([1.0, 3.0, 6.0])),
        min_distance_px=float(rng.choice([0.0, 2.0, 4.0])),
        uncertain_yx=rng.uniform(0, side, (u // 3 if uncertain else 0, 2)),
        ignore_radius_px=float(rng.choice([0.0, 2.0, 8.0])),
    )


def counts_by_matching(images, threshold):
    """Select and match every image anew at this threshold, and add up."""
    total = np.zeros(3, int)
    for image in images:
        kept = select(image.found, threshold=threshold, min_distance_px=image.min_distance_px)
        found = match(
            kept.yx,
            image.annotated_yx,
            image.tolerance_px,
            uncertain_yx=image.uncertain_yx,
            ignore_radius_px=image.ignore_radius_px,
        )
        total += [len(found), len(found.false_positive), len(found.missed)]
    return tuple(int(each) for each in total)


def thresholds_of(images):
    return sorted({float(s) for image in images for s in image.found.score}, reverse=True)


@pytest.mark.parametrize("uncertain", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_equals_a_matching_at_every_threshold(seed, uncertain):
    rng = np.random.default_rng(seed)
    images = [random_image(rng, uncertain=uncertain) for _ in range(int(rng.integers(1, 4)))]
    curve = precision_recall(images)
    assert set(curve.threshold) <= set(thresholds_of(images))
    for threshold in [*thresholds_of(images), *rng.uniform(0, 1, 5), 0.0, 1.0]:
        assert curve.counts_at(threshold) == counts_by_matching(images, threshold)
    for k, threshold in enumerate(curve.threshold):
        expected = counts_by_matching(images, threshold)
        for figure, value in ((precision, curve.precision), (recall, curve.recall), (f1, curve.f1)):
            assert value[k] == pytest.approx(figure(*expected), nan_ok=True)


def test_a_detection_moves_to_another_annotation_where_that_makes_more_pairs():
    """One after the other the second would find its annotation taken."""
    found = detections([(5, 5), (5, 2)], [0.9, 0.8])
    image = ScoredImage(found=found, annotated_yx=[(5, 4), (5, 8)], tolerance_px=3.0)
    assert precision_recall([image]).true_positive.tolist() == [1, 2]


def test_dropping_near_detections_uses_scores_below_the_threshold_nowhere():
    found = detections([(0, 0), (0, 2), (0, 4)], [0.9, 0.8, 0.7])
    image = ScoredImage(found=found, annotated_yx=[(0, 2)], tolerance_px=1.0, min_distance_px=3.0)
    assert precision_recall([image]).n_predicted.tolist() == [1, 2]  # 0.8 lies too near 0.9
    assert precision_recall([image]).true_positive.tolist() == [0, 0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=18), st.data())
def test_growing_pairs_by_brute_force(edges, data):
    edges = sorted(set(edges))
    i, j = (np.array([edge[k] for edge in edges], np.int64) for k in (0, 1))
    gains = growing_pairs(i, j, (6, 5))
    rows = data.draw(st.integers(0, 6))
    within = [edge for edge in edges if edge[0] < rows]
    best = max(
        sum((r, c) in within for r, c in zip(range(rows), order, strict=False))
        for order in itertools.permutations(range(6), rows)
    )
    assert gains[:rows].sum() == best


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_canonical(case: Case):
    found = detections(case.predicted, np.full(len(case.predicted), 0.5))
    image = ScoredImage(found=found, annotated_yx=case.annotated, tolerance_px=case.tolerance_px)
    curve = precision_recall([image])
    wrong = len(case.predicted) - case.n_pairs, len(case.annotated) - case.n_pairs
    assert curve.counts_at(0.5) == (case.n_pairs, *wrong)
    assert curve.counts_at(0.6) == (0, 0, len(case.annotated))
    assert curve.f1_at(0.5) == f1(case.n_pairs, *wrong)
    if not case.annotated:
        expected = math.nan if case.predicted else 1.0
    else:
        pairs = case.n_pairs / max(len(case.predicted), 1)
        expected = pairs * case.n_pairs / len(case.annotated)
    assert curve.average_precision() == pytest.approx(expected, nan_ok=True)


class TestAveragePrecision:
    def curve(self):
        """Right, wrong, right, right, wrong, and one that nothing finds."""
        found = detections([(0, k) for k in (0, 15, 20, 30, 45)], [0.9, 0.8, 0.7, 0.6, 0.5])
        annotated = [(0, 0), (0, 20), (0, 30), (0, 99)]
        return [ScoredImage(found=found, annotated_yx=annotated, tolerance_px=1.0)]

    def test_known_value(self):
        assert average_precision(self.curve()) == pytest.approx((1 + 2 / 3 + 3 / 4) / 4)

    def test_envelope_lifts_to_the_best_precision_of_higher_recalls(self):
        value = average_precision(self.curve(), envelope=True)
        assert value == pytest.approx((1 + 3 / 4 + 3 / 4) / 4)

    @pytest.mark.parametrize("seed", range(10))
    def test_torchmetrics_on_the_labels_of_a_matching(self, seed):
        """It knows no missed annotations, so its recall is that of the found ones."""
        rng = np.random.default_rng(seed)
        image = dataclasses.replace(random_image(rng), annotated_yx=rng.uniform(0, 30, (12, 2)))
        ranked = rank_image(image)
        if not ranked.paired.any():
            assert average_precision([image]) == 0
            return
        theirs = binary_average_precision(
            torch.tensor(ranked.score), torch.tensor(ranked.paired), thresholds=None
        )
        expected = float(theirs) * ranked.paired.sum() / 12
        assert average_precision([image]) == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize("seed", range(10))
    def test_envelope_by_brute_force(self, seed):
        images = [random_image(np.random.default_rng(seed)) for _ in range(2)]
        curve = precision_recall(images)
        levels = np.unique(curve.recall)
        best = [max(curve.precision[curve.recall >= r], default=0.0) for r in levels]
        expected = float(np.sum(np.diff(levels, prepend=0.0) * best))
        assert curve.average_precision(envelope=True) == pytest.approx(expected)
        assert expected >= curve.average_precision() - 1e-12

    def test_empty(self):
        def value(found, annotated):
            image = ScoredImage(found=found, annotated_yx=annotated, tolerance_px=1)
            return average_precision([image])

        one = detections([(0, 0)], [0.5])
        assert value(NOTHING, []) == 1.0
        assert value(NOTHING, [(0, 0)]) == 0.0
        assert math.isnan(value(one, []))

    def test_pooled_is_not_the_mean_of_images(self):
        rng = np.random.default_rng(5)
        images = [
            dataclasses.replace(random_image(rng), annotated_yx=rng.uniform(0, 30, (9, 2)))
            for _ in range(2)
        ]
        single = [average_precision([image]) for image in images]
        assert average_precision(images) != pytest.approx(np.mean(single), rel=1e-3)


class TestBestThreshold:
    def image(self, right, wrong, annotated=4):
        """Candidates far apart from each other with the scores given."""
        scores = [*right, *wrong]
        points = [(0.0, 20.0 * k) for k in range(len(scores))]
        more = [(50.0, 20.0 * k) for k in range(annotated - len(right))]
        return ScoredImage(
            found=detections(points, scores),
            annotated_yx=[*points[: len(right)], *more],
            tolerance_px=1.0,
        )

    def test_middle_between_the_worst_right_and_the_best_wrong(self):
        best = best_threshold([self.image([0.9, 0.8, 0.7, 0.6], [0.4, 0.3])])
        assert (best.f1, best.lowest, best.highest) == (1.0, 0.4, 0.6)
        assert best.threshold == pytest.approx(0.5)

    def test_of_two_ranges_the_wider(self):
        """F1 is 2/3 with the first alone, as 1 of 1 and 1 of 2, and with all, as 2 of 4 and 2."""
        found = detections([(0, 20.0 * k) for k in range(4)], [0.9, 0.8, 0.7, 0.4])
        right = [(0, 0), (0, 60)]
        image = ScoredImage(found=found, annotated_yx=right, tolerance_px=1)
        best = best_threshold([image])
        assert precision_recall([image]).f1 == pytest.approx([2 / 3, 2 / 4, 2 / 5, 2 / 3])
        assert (best.lowest, best.highest) == (0.0, 0.4)
        assert best.threshold == pytest.approx(0.2)

    def test_of_two_ranges_of_one_width_the_higher(self):
        found = detections([(0, 20.0 * k) for k in range(4)], [0.75, 0.5, 0.375, 0.25])
        image = ScoredImage(found=found, annotated_yx=[(0, 0), (0, 60)], tolerance_px=1)
        best = best_threshold([image])
        assert (best.lowest, best.highest) == (0.5, 0.75)

    def test_neighbouring_ranges_of_the_same_f1_are_one(self):
        found = detections([(0, 20.0 * k) for k in range(3)], [0.9, 0.6, 0.3])
        # The second is set aside, so that F1 is 1 with it as without it.
        image = ScoredImage(
            found=found,
            annotated_yx=[(0, 0)],
            tolerance_px=1.0,
            uncertain_yx=[(0, 20)],
        )
        best = best_threshold([image])
        assert (best.lowest, best.highest) == (0.3, 0.9)
        assert best.threshold == pytest.approx(0.6)

    @pytest.mark.parametrize("seed", range(15))
    def test_never_beaten_and_inside_its_range(self, seed):
        rng = np.random.default_rng(seed)
        images = [random_image(rng, uncertain=bool(seed % 2)) for _ in range(3)]
        best = best_threshold(images)
        tried = [*thresholds_of(images), *np.linspace(0, 1, 21)]
        values = [f1(*counts_by_matching(images, t)) for t in tried]
        assert best.f1 == max(values)
        assert f1(*counts_by_matching(images, best.threshold)) == best.f1
        assert f1(*counts_by_matching(images, best.highest)) == best.f1
        assert best.lowest <= best.threshold <= best.highest
        assert best.lowest < best.threshold < best.highest or best.highest == 0

    def test_nothing_annotated_wants_a_threshold_above_every_score(self):
        best = best_threshold([self.image([], [0.6, 0.2], annotated=0)])
        assert (best.f1, best.threshold) == (1.0, pytest.approx(0.8))

    def test_nothing_annotated_and_a_score_of_one(self):
        best = best_threshold([self.image([], [1.0, 0.5], annotated=0)])
        assert best.f1 == 0
        assert best.threshold == pytest.approx(0.5)  # every threshold is as bad: the middle

    def test_no_candidates(self):
        image = ScoredImage(found=NOTHING, annotated_yx=[(0, 0)], tolerance_px=1)
        best = best_threshold([image])
        assert (best.f1, best.threshold, best.lowest, best.highest) == (0.0, 0.5, 0.0, 1.0)

    def test_neighbouring_floats_have_no_middle(self):
        high = float(np.nextafter(0.5, 1))
        assert (0.5 + high) / 2 == 0.5  # a threshold that would let the wrong one in
        image = self.image([high], [0.5, 0.2], annotated=1)
        assert best_threshold([image]).threshold == high


class TestRefusals:
    def test_no_image(self):
        with pytest.raises(ValueError, match="at least one image"):
            precision_recall([])

    @pytest.mark.parametrize("settings", [{"tolerance_px": -1}, {"ignore_radius_px": np.nan}])
    def test_nonsense(self, settings):
        image = ScoredImage(found=NOTHING, annotated_yx=[], **{"tolerance_px": 1, **settings})
        with pytest.raises(ValueError, match=next(iter(settings))):
            precision_recall([image])
