"""Figures of masks against torchmetrics, MONAI, our own losses, and values by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.losses import DiceLoss as MonaiDiceLoss
from monai.metrics import DiceMetric
from torchmetrics.functional.classification import (
    binary_accuracy,
    binary_f1_score,
    binary_jaccard_index,
    multiclass_accuracy,
)

from napari_slitseg.core.losses.overlap import dice as dice_loss
from napari_slitseg.core.metrics import (
    PixelCounts,
    balanced_accuracy,
    count_pixels,
    dice,
    fpw_dice,
    iou,
    mean_precision_over_ious,
    pixel_accuracy,
)

HALF = np.full((10, 10), 0.5)
ONE_ROW = np.zeros((10, 10))
ONE_ROW[0] = 1
EMPTY, FULL = np.zeros((4, 5), bool), np.ones((4, 5), bool)

masks = st.integers(0, 2**12 - 1).map(
    lambda bits: np.array([bits >> k & 1 for k in range(12)], bool).reshape(3, 4)
)


def random_masks(seed, shape=(30, 40)):
    rng = np.random.default_rng(seed)
    return rng.random(shape) < rng.uniform(0.05, 0.9), rng.random(shape) < rng.uniform(0.05, 0.9)


@pytest.mark.parametrize("seed", range(10))
def test_against_torchmetrics(seed):
    p, g = random_masks(seed)
    tensors = [torch.tensor(each.astype(int)).flatten() for each in (p, g)]
    assert iou(p, g) == pytest.approx(float(binary_jaccard_index(*tensors)))
    assert dice(p, g) == pytest.approx(float(binary_f1_score(*tensors)))
    assert count_pixels(p, g).dice == pytest.approx(dice(p, g))
    assert pixel_accuracy(p, g) == pytest.approx(float(binary_accuracy(*tensors)))
    theirs = multiclass_accuracy(*tensors, num_classes=2, average="macro")
    assert balanced_accuracy(p, g) == pytest.approx(float(theirs))


@pytest.mark.parametrize("seed", range(5))
def test_against_monai(seed):
    p, g = random_masks(seed)
    theirs = DiceMetric()(*(torch.tensor(each)[None, None].float() for each in (p, g)))
    assert dice(p, g) == pytest.approx(float(theirs))


class TestDiceConventions:
    """10 of 100 px annotated, 0.5 predicted everywhere."""

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({}, 10 / 60),
            ({"squared": True}, 10 / 35),
            ({"smooth": 1.0}, 11 / 61),
            ({"smooth": 1.0, "smooth_in": "denominator"}, 10 / 61),
            ({"classes": "all"}, (10 / 60 + 90 / 140) / 2),
            ({"classes": "all", "reduction": "flat"}, 100 / 200),
        ],
    )
    def test_known_value(self, settings, expected):
        assert dice(HALF, ONE_ROW, **settings) == pytest.approx(expected)

    def test_published_values(self):
        values = [
            dice(HALF, ONE_ROW),
            dice(HALF, ONE_ROW, squared=True),
            dice(HALF, ONE_ROW, smooth=1.0),
            1 - dice(HALF, ONE_ROW, classes="all"),
        ]
        np.testing.assert_allclose(values, [0.1667, 0.2857, 0.1803, 0.5952], atol=5e-5)

    def test_reduction(self):
        """A right and a half-right image, the second with 4 times the area."""
        p, g = np.zeros((2, 1, 10, 10)), np.zeros((2, 1, 10, 10))
        p[0, 0, 0], g[0, 0, 0] = 1, 1
        p[1, 0, :4], g[1, 0, 2:6] = 1, 1
        assert dice(p, g, reduction="image") == pytest.approx((1 + 0.5) / 2)
        assert dice(p, g, reduction="batch") == pytest.approx(2 * 30 / 100)
        two = np.concatenate([p, p], axis=1), np.concatenate([g, 1 - g], axis=1)
        by_class = [dice(p, g, reduction="batch"), dice(p, 1 - g, reduction="batch")]
        assert dice(*two, reduction="batch", classes="channels") == pytest.approx(np.mean(by_class))
        assert dice(*two, reduction="batch") == pytest.approx(by_class[1])  # 0 is the background

    @pytest.mark.parametrize(
        ("squared", "smooth", "smooth_in", "reduction", "classes", "channels"),
        list(
            itertools.product(
                [False, True],
                [1e-7, 1.0],
                ["both", "denominator"],
                ["image", "batch", "flat"],
                ["foreground", "all", "channels"],
                [1, 3],
            )
        ),
    )
    def test_one_minus_the_loss(self, squared, smooth, smooth_in, reduction, classes, channels):
        rng = np.random.default_rng(channels)
        p, g = rng.random((2, channels, 6, 7)), rng.random((2, channels, 6, 7)).round()
        options = {
            "squared": squared,
            "smooth": smooth,
            "smooth_in": smooth_in,
            "reduction": reduction,
            "classes": classes,
        }
        loss = dice_loss(torch.tensor(p), torch.tensor(g), activation="none", **options)
        assert dice(p, g, **options) == pytest.approx(1 - float(loss))

    @pytest.mark.parametrize("squared", [False, True])
    @pytest.mark.parametrize("batch", [False, True])
    def test_monai_on_soft_maps(self, squared, batch):
        rng = np.random.default_rng(3)
        p, g = rng.random((3, 2, 8, 9)), rng.random((3, 2, 8, 9)).round()
        loss = MonaiDiceLoss(squared_pred=squared, batch=batch, smooth_nr=1.0, smooth_dr=1.0)
        expected = 1 - float(loss(torch.tensor(p), torch.tensor(g)))
        ours = dice(
            p,
            g,
            squared=squared,
            smooth=1.0,
            reduction="batch" if batch else "image",
            classes="channels",
        )
        assert ours == pytest.approx(expected)

    def test_empty(self):
        assert dice(EMPTY, EMPTY) == 1.0
        assert dice(EMPTY, EMPTY, smooth=1.0) == 1.0
        assert dice(EMPTY, EMPTY, smooth=1.0, smooth_in="denominator") == 0.0
        assert dice(EMPTY, FULL) == dice(FULL, EMPTY) == 0.0
        assert dice(EMPTY, FULL, smooth=1.0) == pytest.approx(1 / 21)


class TestFpwDice:
    def test_its_formula(self):
        rng = np.random.default_rng(0)
        p, g = rng.random((20, 30)), (rng.random((20, 30)) < 0.1).astype(float)
        assert fpw_dice(p, g) == pytest.approx((2 * (p * g).sum() + 1) / (p.sum() + g.sum() + 1))

    def test_8_bit_images(self):
        rng = np.random.default_rng(1)
        p, g = (rng.integers(0, 256, (9, 9)).astype(np.uint8) for _ in range(2))
        assert fpw_dice(p, g) == pytest.approx(fpw_dice(p / 255, g / 255))

    def test_a_mask_of_bytes_is_not_taken_for_grey_values(self):
        mask = ONE_ROW.astype(np.uint8)
        with pytest.raises(ValueError, match="give it as bool"):
            fpw_dice(HALF, mask)
        black = np.zeros((10, 10), np.uint8)
        assert fpw_dice(black, ONE_ROW) == pytest.approx(1 / 11)

    def test_empty(self):
        assert fpw_dice(EMPTY, EMPTY) == 1.0
        assert fpw_dice(EMPTY, FULL) == pytest.approx(1 / 21)


class TestMeanPrecision:
    @pytest.mark.parametrize(
        ("both", "union", "expected"),
        [(1, 2, 0.0), (51, 100, 0.1), (3, 4, 0.5), (31, 40, 0.6), (19, 20, 0.9), (1, 1, 1.0)],
    )
    def test_above_not_at_a_threshold(self, both, union, expected):
        p, g = np.zeros((1, union), bool), np.ones((1, union), bool)
        p[0, :both] = True
        assert iou(p, g) == both / union
        assert mean_precision_over_ious(p, g) == expected

    def test_empty(self):
        assert mean_precision_over_ious(EMPTY, EMPTY) == 1.0
        assert mean_precision_over_ious(EMPTY, FULL) == mean_precision_over_ious(FULL, EMPTY) == 0.0

    def test_over_64_images_it_is_a_multiple_of_one_in_640(self):
        rng = np.random.default_rng(0)
        values = [
            mean_precision_over_ious(g ^ (rng.random(g.shape) < 0.1), g)
            for g in rng.random((64, 9, 9)) < 0.5
        ]
        steps = np.mean(values) * 640
        assert steps == pytest.approx(round(steps))
        assert 0 < steps < 640


class TestPixelCounts:
    def test_known(self):
        p, g = np.array([[1, 1, 0, 0, 0]]), np.array([[1, 0, 1, 0, 0]])
        found = count_pixels(p, g)
        assert found == PixelCounts(1, 1, 1, 2)
        figures = (found.dice, found.iou, found.accuracy, found.balanced_accuracy)
        assert figures == pytest.approx((1 / 2, 1 / 3, 3 / 5, (1 / 2 + 2 / 3) / 2))

    def test_pooled_is_not_the_mean_of_images(self):
        good = count_pixels(FULL, FULL)
        bad = count_pixels(np.eye(2, dtype=bool), ~np.eye(2, dtype=bool))
        pooled = sum([good, bad], PixelCounts())
        assert pooled.iou == 20 / 24
        assert (good.iou + bad.iou) / 2 == 0.5

    def test_empty(self):
        nothing = count_pixels(EMPTY, EMPTY)
        assert (nothing.dice, nothing.iou, nothing.accuracy) == (1.0, 1.0, 1.0)
        assert nothing.balanced_accuracy == 1.0  # of the background alone
        one = count_pixels(EMPTY, FULL)
        assert (one.dice, one.iou, one.accuracy, one.balanced_accuracy) == (0, 0, 0, 0)
        assert math.isnan(PixelCounts().accuracy)
        assert math.isnan(PixelCounts().balanced_accuracy)

    @settings(max_examples=100)
    @given(masks, masks)
    def test_properties(self, p, g):
        found, back = count_pixels(p, g), count_pixels(g, p)
        whole = found.true_positive + found.false_positive + found.missed + found.true_negative
        assert whole == p.size
        assert (found.dice, found.iou, found.accuracy) == (back.dice, back.iou, back.accuracy)
        assert found.dice == pytest.approx(2 * found.iou / (1 + found.iou))
        assert mean_precision_over_ious(p, g) <= found.iou * 2
        turned = count_pixels(~p, ~g)
        assert turned.balanced_accuracy == pytest.approx(found.balanced_accuracy)
        assert turned.accuracy == found.accuracy


class TestRefusals:
    @pytest.mark.parametrize("figure", [iou, pixel_accuracy, mean_precision_over_ious, dice])
    def test_shapes(self, figure):
        with pytest.raises(ValueError, match=r"Bring both to the same size"):
            figure(EMPTY, np.zeros((5, 4), bool))

    def test_a_map_where_a_mask_belongs(self):
        with pytest.raises(ValueError, match="annotated mask has values other than 0 and 1"):
            iou(ONE_ROW, HALF)

    @pytest.mark.parametrize("bad", [255.0, -0.1, math.nan])
    def test_range(self, bad):
        with pytest.raises(ValueError, match=r"Maps must lie in \[0, 1\]"):
            dice(np.full((2, 2), bad), EMPTY[:2, :2])

    @pytest.mark.parametrize("shape", [(1, 2, 3), (0, 1, 4, 4), (2, 0, 4, 4)])
    def test_dimensions(self, shape):
        with pytest.raises(ValueError, match=r"\(H, W\) or \(B, C, H, W\)"):
            dice(np.zeros(shape), np.zeros(shape))

    @pytest.mark.parametrize(
        "wrong",
        [{"smooth": -1}, {"smooth_in": "numerator"}, {"reduction": "mean"}, {"classes": "fg"}],
    )
    def test_settings(self, wrong):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            dice(EMPTY, EMPTY, **wrong)
