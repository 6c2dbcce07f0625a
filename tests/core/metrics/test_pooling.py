"""Many images together: sums of counts, and means over images that say so."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_slitseg.core.metrics import ImageScores, pool_scores, score_image


def scored(n_right, n_wrong, n_missed, *, off_px=1.0, tolerance_px=5.0, pixel_size_nm=10.0):
    """Image of one row: right predictions `off_px` away, wrong and missed ones far from all."""
    right = [(0.0, 30.0 * k) for k in range(n_right)]
    wrong = [(100.0, 30.0 * k) for k in range(n_wrong)]
    missed = [(200.0, 30.0 * k) for k in range(n_missed)]
    return score_image(
        [*right, *wrong],
        [*[(y, x + off_px) for y, x in right], *missed],
        shape=(301, 401),
        tolerance_px=tolerance_px,
        pixel_size_nm=pixel_size_nm,
    )


def test_counts_are_summed_and_means_are_means():
    images = [scored(9, 1, 0), scored(1, 1, 3)]
    pooled = pool_scores(images)
    assert (pooled.n_images, pooled.true_positive, pooled.false_positive, pooled.missed) == (
        2, 10, 2, 3,
    )  # fmt: skip
    assert pooled.precision == pytest.approx(10 / 12)
    assert pooled.recall == pytest.approx(10 / 13)
    assert pooled.f1 == pytest.approx(20 / 25)
    assert pooled.mean_image_f1 == pytest.approx((18 / 19 + 2 / 6) / 2)
    assert pooled.f1 != pytest.approx(pooled.mean_image_f1)
    assert pooled.count_ratio == pytest.approx(12 / 13)
    assert pooled.mean_image_chamfer_px == pytest.approx(np.mean([s.chamfer_px for s in images]))
    assert pooled.mean_image_vanilla_nm == pytest.approx(np.mean([s.vanilla_nm for s in images]))
    assert pooled.mean_image_point_loss == pytest.approx((1 + 8) / 2)
    assert (pooled.tolerance_px, pooled.tolerance_nm) == (5, 50)


def test_localisation_is_over_pairs():
    pooled = pool_scores([scored(3, 0, 0, off_px=1.0), scored(1, 0, 2, off_px=5.0)])
    assert pooled.localisation_px == pytest.approx((3 * 1 + 5) / 4)
    assert pooled.localisation_nm == pytest.approx(20.0)


def test_one_image_pools_to_itself():
    image = scored(3, 2, 1)
    pooled = pool_scores([image]).to_dict()
    shared = {"f1", "precision", "recall", "count_ratio", "n_predicted", "localisation_nm"}
    assert {name: pooled[name] for name in shared} == {
        name: value for name, value in image.to_dict().items() if name in shared
    }
    assert pooled["mean_image_chamfer_px"] == image.chamfer_px


def test_erased_image_has_no_chamfer_but_costs_its_diagonal():
    pooled = pool_scores([scored(2, 0, 0), scored(0, 0, 4)])
    assert pooled.n_images_with_chamfer == 1
    assert pooled.mean_image_chamfer_px == 1.0
    assert pooled.mean_image_vanilla_px == pytest.approx((1 + 500) / 2)


def test_no_pair_at_all():
    pooled = pool_scores([scored(0, 0, 4)])
    assert math.isnan(pooled.localisation_px)
    assert math.isnan(pooled.mean_image_chamfer_px)
    assert pooled.f1 == 0


def test_px_of_different_size_are_not_averaged():
    images = [
        scored(2, 0, 0, pixel_size_nm=10.0, tolerance_px=5.0),
        scored(2, 0, 0, pixel_size_nm=5.0, tolerance_px=10.0),
    ]
    pooled = pool_scores(images)
    assert pooled.mean_image_chamfer_px is None
    assert pooled.mean_image_vanilla_px is None
    assert pooled.localisation_px is None
    assert pooled.mean_image_chamfer_nm == pytest.approx(7.5)
    assert pooled.localisation_nm == pytest.approx(7.5)
    assert (pooled.tolerance_px, pooled.tolerance_nm) == (None, 50)


def test_nm_needs_every_pixel_size():
    pooled = pool_scores([scored(2, 0, 0), scored(2, 0, 0, pixel_size_nm=None)])
    assert pooled.mean_image_chamfer_nm is None
    assert pooled.mean_image_chamfer_px is None
    assert pooled.f1 == 1
    unknown = pool_scores([scored(2, 0, 0, pixel_size_nm=None)] * 2)
    assert unknown.mean_image_chamfer_px == 1.0
    assert unknown.mean_image_chamfer_nm is None


def test_different_tolerances_are_refused():
    with pytest.raises(ValueError, match="different tolerances"):
        pool_scores([scored(2, 0, 0), scored(2, 0, 0, tolerance_px=6.0)])


def test_nothing_to_pool():
    nothing: list[ImageScores] = []
    with pytest.raises(ValueError, match="no scores to pool"):
        pool_scores(nothing)


def test_dict():
    figures = pool_scores([scored(2, 1, 0)]).to_dict()
    assert list(figures)[:4] == ["n_images", "true_positive", "false_positive", "missed"]
    assert all(type(value) in (int, float, type(None)) for value in figures.values())
