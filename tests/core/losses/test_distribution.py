"""Losses that compare pixel by pixel."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.distribution import (
    binary_cross_entropy,
    categorical_cross_entropy,
    focal,
    mean_squared_error,
)
from napari_slitseg.core.losses.probes import descend, hard_starts, pull
from napari_slitseg.core.losses.spec_distribution import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Focal,
    MeanSquaredError,
)
from napari_slitseg.core.losses.target import Target
from tests.core.losses.mask_cases import (
    EDGE_CASES,
    assert_correct_gradient,
    assert_finite,
    flat_example,
    labels,
    noise,
    value_and_gradient,
)

LOSSES = [
    binary_cross_entropy,
    partial(binary_cross_entropy, pos_weight=5.0, reduction="sum"),
    categorical_cross_entropy,
    partial(categorical_cross_entropy, eps=1e-7),
    focal,
    partial(focal, gamma=0.75, eps=1e-3),
    partial(focal, gamma=0.5, alpha=None, reduction="image_sum"),
    mean_squared_error,
]


def pixel(logit, annotated):
    """Return logits and mask of one pixel of one channel."""
    return (
        torch.full((1, 1, 1, 1), logit, dtype=torch.float64),
        torch.full((1, 1, 1, 1), annotated, dtype=torch.float64),
    )


def logit(p):
    return math.log(p / (1 - p))


@pytest.mark.parametrize("loss", LOSSES)
def test_values_and_gradients_are_finite(loss):
    for case in EDGE_CASES:
        assert_finite(loss, case)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_are_right(loss, channels):
    assert_correct_gradient(loss, channels)


@pytest.mark.parametrize("loss", LOSSES)
def test_autocast_changes_nothing(loss):
    logits, mask = noise(2, 1, 6, 7).float(), labels(2, 1).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = loss(logits, mask)
    assert within.dtype == torch.float32
    assert within == loss(logits, mask)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_mask_of_another_shape_is_refused(loss):
    with pytest.raises(ValueError, match=r"shape of the logits \(2, 1, 6, 7\)"):
        loss(noise(2, 1, 6, 7), labels(2, 2))


# Binary cross-entropy


@pytest.mark.parametrize(("annotated", "expected"), [(1.0, -math.log(0.8)), (0.0, -math.log(0.2))])
def test_bce_of_one_pixel(annotated, expected):
    assert binary_cross_entropy(*pixel(logit(0.8), annotated)).item() == pytest.approx(expected)


def test_bce_weighs_annotated_pixels_only():
    weighted = partial(binary_cross_entropy, pos_weight=3.0)
    assert weighted(*pixel(0.0, 1.0)).item() == pytest.approx(3 * math.log(2))
    assert weighted(*pixel(0.0, 0.0)).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("pos_weight", [1.0, 4.0])
@pytest.mark.parametrize("soft", [False, True])
def test_bce_agrees_with_torch(pos_weight, soft):
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    mask = torch.sigmoid(noise(2, 3, 6, 7, seed=5)) if soft else mask
    expected = functional.binary_cross_entropy_with_logits(
        logits, mask, pos_weight=torch.tensor(pos_weight)
    )
    result = binary_cross_entropy(logits, mask, pos_weight=pos_weight)
    torch.testing.assert_close(result, expected, rtol=1e-12, atol=0)


def test_class_weights_multiply_channels():
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    parts = [binary_cross_entropy(logits[:, [c]], mask[:, [c]]) for c in range(3)]
    weighted = binary_cross_entropy(logits, mask, class_weights=(1.0, 0.0, 4.0))
    torch.testing.assert_close(weighted, (parts[0] + 4 * parts[2]) / 3)


@pytest.mark.parametrize(
    ("loss", "channels"), [(binary_cross_entropy, 3), (categorical_cross_entropy, 3)]
)
def test_a_missing_class_weight_is_refused(loss, channels):
    with pytest.raises(ValueError, match="3 classes but 2 weights"):
        loss(noise(2, channels, 6, 7), labels(2, channels), class_weights=(1.0, 2.0))


@pytest.mark.parametrize(
    "loss", [binary_cross_entropy, categorical_cross_entropy, focal, mean_squared_error]
)
def test_reductions_differ_by_pixels_and_images(loss):
    logits, mask = noise(3, 1, 6, 7), labels(3, 1)
    mean = loss(logits, mask, reduction="mean")
    torch.testing.assert_close(loss(logits, mask, reduction="sum"), mean * 3 * 42)
    torch.testing.assert_close(loss(logits, mask, reduction="image_sum"), mean * 42)


def test_the_mean_does_not_grow_with_the_image_but_the_sum_does():
    logits, mask = noise(1, 1, 6, 7), labels(1, 1)
    twice = [torch.cat([each, each], -1) for each in (logits, mask)]
    torch.testing.assert_close(focal(*twice), focal(logits, mask))
    total = focal(logits, mask, reduction="sum")
    torch.testing.assert_close(focal(*twice, reduction="sum"), 2 * total)


@pytest.mark.parametrize("loss", [binary_cross_entropy, categorical_cross_entropy])
@pytest.mark.parametrize("sure", [-100.0, 100.0])
def test_cross_entropies_pull_back_logits_that_are_far_off(loss, sure):
    wrong = pixel(sure, float(sure < 0))
    value, gradient = value_and_gradient(loss, wrong[0].float(), wrong[1])
    assert value == pytest.approx(100)
    assert gradient.item() == pytest.approx(math.copysign(1, sure))


# Categorical cross-entropy


def test_cce_of_one_pixel():
    p = torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64).view(1, 3, 1, 1)
    mask = torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1)
    assert categorical_cross_entropy(p.log(), mask).item() == pytest.approx(-math.log(0.2))


@pytest.mark.parametrize("weights", [(), (1.0, 2.0, 0.5)])
def test_cce_agrees_with_torch(weights):
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    tensor = torch.tensor(weights, dtype=torch.float64) if weights else None
    expected = functional.cross_entropy(logits, mask, weight=tensor)
    result = categorical_cross_entropy(logits, mask, class_weights=weights)
    torch.testing.assert_close(result, expected, rtol=1e-12, atol=0)


def test_clipped_cce_is_the_clipped_logarithm_in_numpy():
    logits, mask = noise(2, 3, 6, 7, scale=20.0), labels(2, 3)
    p = np.exp(logits.numpy() - logits.numpy().max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    for eps in (1e-7, 1e-3):
        expected = (mask.numpy() * -np.log(np.clip(p, eps, 1 - eps))).sum(1).mean()
        result = categorical_cross_entropy(logits, mask, eps=eps)
        assert result.item() == pytest.approx(expected, rel=1e-12)


def test_clipping_takes_the_gradient_of_far_off_logits_away():
    wrong = pixel(-100.0, 1.0)
    value, gradient = value_and_gradient(partial(categorical_cross_entropy, eps=1e-7), *wrong)
    assert value == pytest.approx(-math.log(1e-7))
    assert gradient.item() == 0


def test_a_larger_eps_lowers_the_largest_and_raises_the_smallest_value():
    for logits, smaller_when_clipped in ((-100.0, True), (100.0, False)):
        exact = categorical_cross_entropy(*pixel(logits, 1.0), eps=1e-7)
        clipped = categorical_cross_entropy(*pixel(logits, 1.0), eps=1e-3)
        assert bool(clipped < exact) is smaller_when_clipped


def test_one_channel_is_two_classes():
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    two = torch.cat([torch.zeros_like(logits), logits], 1), torch.cat([1 - mask, mask], 1)
    expected = binary_cross_entropy(logits, mask)
    torch.testing.assert_close(categorical_cross_entropy(logits, mask), expected)
    torch.testing.assert_close(categorical_cross_entropy(*two), expected)
    weights = (1.0, 3.0)
    torch.testing.assert_close(
        categorical_cross_entropy(logits, mask, class_weights=weights),
        binary_cross_entropy(logits, mask, pos_weight=3.0),
    )


# Focal


@pytest.mark.parametrize(("gamma", "expected"), [(0.0, 0.2231), (1.0, 0.0446), (2.0, 0.0089)])
def test_focal_at_probability_four_fifths_is_cross_entropy_for_gamma_0_not_1(gamma, expected):
    value = focal(*pixel(logit(0.8), 1.0), gamma=gamma, alpha=None).item()
    assert value == pytest.approx(expected, abs=5e-5)
    assert value == pytest.approx(-((1 - 0.8) ** gamma) * math.log(0.8))


@pytest.mark.parametrize(("activation", "channels"), [("sigmoid", 2), ("softmax", 3), ("auto", 1)])
def test_focal_with_gamma_0_and_no_alpha_is_cross_entropy(activation, channels):
    logits, mask = noise(2, channels, 6, 7), labels(2, channels)
    entropy = categorical_cross_entropy if activation == "softmax" else binary_cross_entropy
    result = focal(logits, mask, gamma=0.0, alpha=None, activation=activation)
    torch.testing.assert_close(result, entropy(logits, mask))
    preset = build_loss(Focal.preset("cross_entropy", activation=activation))
    torch.testing.assert_close(preset(logits, Target(mask=mask)), entropy(logits, mask))


def test_alpha_weighs_foreground_and_its_rest_background():
    for annotated, weight in ((1.0, 0.3), (0.0, 0.7)):
        one = pixel(0.4, annotated)
        result = focal(*one, alpha=0.3) / focal(*one, alpha=None)
        assert result.item() == pytest.approx(weight)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_focal_agrees_with_monai(gamma, alpha):
    losses = pytest.importorskip("monai.losses")
    logits, mask = noise(2, 2, 6, 7), labels(2, 2)
    expected = losses.FocalLoss(gamma=gamma, alpha=alpha)(logits, mask)
    result = focal(logits, mask, gamma=gamma, alpha=alpha, activation="sigmoid")
    torch.testing.assert_close(result, expected.double(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_focal_over_classes_agrees_with_monai_which_divides_by_classes_too(gamma, alpha):
    losses = pytest.importorskip("monai.losses")
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    expected = losses.FocalLoss(gamma=gamma, alpha=alpha, use_softmax=True)(logits, mask)
    result = focal(logits, mask, gamma=gamma, alpha=alpha)
    torch.testing.assert_close(result, 3 * expected.double(), rtol=1e-6, atol=0)


def test_the_default_discounts_easy_pixels_more_than_the_blogs_three_quarters():
    easy = pixel(logit(0.97), 1.0)
    assert focal(*easy) < focal(*easy, gamma=Focal.presets["blog"]["gamma"])
    assert (Focal().gamma, Focal.preset("blog").gamma) == (2.0, 0.75)


def test_focal_of_a_certain_false_positive_is_finite_and_clipped_in_the_blogs_preset():
    loss = build_loss(Focal.preset("blog"))
    logits, mask = pixel(100.0, 0.0)
    expected = 0.75 * 0.999**0.75 * -math.log(0.001)
    assert loss(logits, Target(mask=mask)).item() == pytest.approx(expected)
    assert focal(logits, mask, gamma=0.75).item() == pytest.approx(0.75 * 100)


def test_the_blogs_preset_charges_each_pixel_once():
    loss = build_loss(Focal.preset("blog"))
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    p, g = torch.sigmoid(logits).numpy().clip(1e-3, 0.999), mask.numpy()
    of_foreground = 0.25 * (1 - p[g == 1]) ** 0.75 * np.log(p[g == 1])
    of_background = 0.75 * p[g == 0] ** 0.75 * np.log(1 - p[g == 0])
    expected = -of_foreground.sum() - of_background.sum()
    assert loss(logits, Target(mask=mask)).item() == pytest.approx(expected, rel=1e-12)


def test_a_softmax_over_one_channel_is_refused():
    for loss in (focal, mean_squared_error):
        with pytest.raises(ValueError, match="one channel is 1 everywhere"):
            loss(noise(1, 1, 6, 7), labels(1, 1), activation="softmax")


# Mean squared error


def test_mse_by_hand():
    logits, mask = flat_example()
    assert mean_squared_error(logits, mask).item() == pytest.approx(0.25)
    assert mean_squared_error(logits + 10, mask, activation="none").item() == pytest.approx(
        (90 * 100 + 10 * 81) / 100
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_mse_agrees_with_torch(channels):
    logits, mask = noise(2, channels, 6, 7), labels(2, channels)
    p = torch.sigmoid(logits) if channels == 1 else logits.softmax(1)
    torch.testing.assert_close(mean_squared_error(logits, mask), functional.mse_loss(p, mask))
    independent = mean_squared_error(logits, mask, activation="sigmoid")
    torch.testing.assert_close(independent, functional.mse_loss(torch.sigmoid(logits), mask))


def test_raw_values_against_masks_of_50_to_250_explain_errors_in_the_hundreds():
    mask = torch.zeros((1, 5, 20, 20))
    for channel, level in enumerate((50.0, 100.0, 150.0, 200.0, 250.0)):
        mask[:, channel, :4, :4] = level
    loss = build_loss(MeanSquaredError.preset("dlstudio"))
    nothing = loss(torch.zeros_like(mask), Target(mask=mask)).item()
    assert nothing == pytest.approx(16 / 400 * (50**2 + 100**2 + 150**2 + 200**2 + 250**2) / 5)
    assert nothing > 350


# Free fields


@pytest.mark.parametrize(
    "spec", [BinaryCrossEntropy(), CategoricalCrossEntropy(), Focal(), MeanSquaredError()]
)
def test_free_fields_end_right_where_dots_are_apart(spec):
    starts = [each for each in hard_starts() if each.name in ("none", "no annotation")]
    outcomes, _ = descend(build_loss(spec), starts, steps=75)
    assert all(each.right for each in outcomes)


def test_cross_entropy_merges_few_touching_dots_and_erases_none():
    touching = [each for each in hard_starts() if each.name == "4 px apart"]
    ((outcome,), _) = descend(build_loss(BinaryCrossEntropy()), touching)
    assert BinaryCrossEntropy.about.erasure == "inexact"
    assert 0.9 < outcome.count_ratio < 1
    assert outcome.chamfer_px < 1


def test_pixel_losses_pull_near_dots_only():
    near, far = pull(build_loss(BinaryCrossEntropy()), [2, 12])
    assert near > 0.4
    assert abs(far) < 0.05
