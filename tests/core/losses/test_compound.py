"""Sums of a comparison of pixels and one of areas."""

from functools import partial

import pytest
import torch
from torch.nn import functional

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.compound import dice_bce, mse_dice
from napari_slitseg.core.losses.distribution import binary_cross_entropy, categorical_cross_entropy
from napari_slitseg.core.losses.overlap import dice
from napari_slitseg.core.losses.probes import descend, hard_starts
from napari_slitseg.core.losses.spec_overlap import DiceBCE, MSEDice
from napari_slitseg.core.losses.target import Target
from tests.core.losses.mask_cases import (
    EDGE_CASES,
    assert_correct_gradient,
    assert_finite,
    corner,
    flat_example,
    labels,
    noise,
    value_and_gradient,
)

VARIANTS = [
    dice_bce,
    partial(dice_bce, squared=True, smooth=1e-7, reduction="batch"),
    mse_dice,
    partial(mse_dice, squared=True, smooth_in="denominator", smooth=1e-6, classes="all"),
]


@pytest.mark.parametrize("loss", VARIANTS)
def test_values_and_gradients_are_finite(loss):
    for case in EDGE_CASES:
        assert_finite(loss, case)


@pytest.mark.parametrize("loss", VARIANTS)
@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_are_right(loss, channels):
    assert_correct_gradient(loss, channels)


@pytest.mark.parametrize("loss", VARIANTS)
def test_autocast_changes_nothing(loss):
    logits, mask = noise(2, 1, 6, 7).float(), labels(2, 1).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = loss(logits, mask)
    assert within.dtype == torch.float32
    assert within == loss(logits, mask)


@pytest.mark.parametrize("loss", VARIANTS)
def test_a_mask_of_another_shape_is_refused(loss):
    with pytest.raises(ValueError, match=r"shape of the logits \(2, 1, 6, 7\)"):
        loss(noise(2, 1, 6, 7), labels(2, 2))


def test_the_shared_example():
    example = flat_example()
    assert dice_bce(*example).item() == pytest.approx(0.6931 + 1 - 11 / 61, abs=1e-4)
    assert mse_dice(*example).item() == pytest.approx(0.25 + 20 * (1 - 11 / 61))


def test_weights_multiply_the_terms():
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    entropy, area = binary_cross_entropy(logits, mask), dice(logits, mask)
    torch.testing.assert_close(dice_bce(logits, mask), entropy + area)
    torch.testing.assert_close(dice_bce(logits, mask, bce_weight=0.0), area)
    torch.testing.assert_close(dice_bce(logits, mask, dice_weight=3.0), entropy + 3 * area)
    error = functional.mse_loss(torch.sigmoid(logits), mask)
    torch.testing.assert_close(mse_dice(logits, mask, scale=0.0), error)
    torch.testing.assert_close(mse_dice(logits, mask, mse_weight=0.0, scale=1.0), area)
    torch.testing.assert_close(mse_dice(logits, mask, scale=400.0), error + 400 * area)


def test_settings_of_the_areas_arrive():
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    settings = {"squared": True, "smooth": 3.0, "reduction": "batch"}
    area = dice(logits, mask, **settings)
    torch.testing.assert_close(dice_bce(logits, mask, bce_weight=0.0, **settings), area)
    settings |= {"smooth_in": "denominator", "classes": "all", "activation": "none"}
    area = dice(logits, mask, **settings)
    torch.testing.assert_close(mse_dice(logits, mask, mse_weight=0.0, scale=1.0, **settings), area)
    error = functional.mse_loss(logits, mask)
    torch.testing.assert_close(mse_dice(logits, mask, scale=0.0, **settings), error)


def test_several_channels_are_classes_of_one_softmax():
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    expected = categorical_cross_entropy(logits, mask) + dice(logits, mask)
    torch.testing.assert_close(dice_bce(logits, mask), expected)


def test_dice_bce_agrees_with_monai():
    losses = pytest.importorskip("monai.losses")
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    monai = losses.DiceCELoss(sigmoid=True, smooth_nr=1.0, smooth_dr=1.0)
    torch.testing.assert_close(dice_bce(logits, mask), monai(logits, mask), rtol=1e-6, atol=0)


def test_dice_bce_pulls_back_logits_that_are_far_off():
    mask = corner(1.0)
    _, gradient = value_and_gradient(dice_bce, 100 - 200 * mask, mask)
    assert bool((gradient * (1 - 2 * mask) > 0.01).all())


@pytest.mark.parametrize("scale", [20, 400])
def test_raw_values_are_compared_as_in_dlstudio(scale):
    mask = torch.zeros((2, 5, 8, 8))
    for channel, level in enumerate((50.0, 100.0, 150.0, 200.0, 250.0)):
        mask[:, channel, :4, :4] = level
    output = noise(2, 5, 8, 8, scale=60.0).float()
    top, below = (output * mask).sum(), output.square().sum() + mask.square().sum() + 1e-6
    expected = (output - mask).square().mean() + scale * (1 - 2 * top / below)
    spec = MSEDice.preset(f"dlstudio_{scale}")
    torch.testing.assert_close(build_loss(spec)(output, Target(mask=mask)), expected)


def test_false_positives_of_an_empty_image_cost():
    empty = torch.zeros(1, 1, 8, 8)
    for loss in (dice_bce, mse_dice):
        value, gradient = value_and_gradient(loss, empty + 2, empty)
        assert value > loss(empty - 2, empty).item() + 0.1
        assert bool((gradient > 0).all())


@pytest.mark.parametrize("spec", [DiceBCE(), MSEDice()])
def test_free_fields_end_with_the_right_points(spec):
    names = ("none", "twice as many", "no annotation")
    starts = [each for each in hard_starts() if each.name in names]
    outcomes, _ = descend(build_loss(spec), starts, steps=75)
    assert all(each.right for each in outcomes)
