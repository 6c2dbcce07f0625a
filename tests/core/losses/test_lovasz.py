"""Lovász hinge and Lovász softmax."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.lovasz import lovasz_hinge, lovasz_softmax
from napari_slitseg.core.losses.overlap import jaccard
from napari_slitseg.core.losses.probes import descend, hard_starts
from napari_slitseg.core.losses.spec_overlap import LovaszHinge, LovaszSoftmax
from tests.core.losses.mask_cases import (
    EDGE_CASES,
    assert_correct_gradient,
    assert_finite,
    corner,
    labels,
    noise,
    value_and_gradient,
)

VARIANTS = [
    lovasz_hinge,
    partial(lovasz_hinge, per_image=False),
    lovasz_softmax,
    partial(lovasz_softmax, classes="all"),
    partial(lovasz_softmax, classes="foreground", per_image=False),
]


def jaccard_of_wrong(wrong, annotated):
    """Return 1 - intersection / union when exactly the pixels of one set are wrong."""
    predicted = annotated ^ wrong
    union = predicted | annotated
    return 1 - len(predicted & annotated) / len(union) if union else 0.0


def extension(errors, mask):
    """Return the integral over all levels of the set function of the pixels above the level."""
    annotated = set(np.flatnonzero(mask).tolist())
    levels = [0.0, *sorted(set(errors.ravel().tolist()))]
    total = 0.0
    for low, high in pairwise(levels):
        above = set(np.flatnonzero(errors >= high).tolist())
        total += (high - low) * jaccard_of_wrong(above, annotated)
    return total


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


# Lovász hinge


def test_hinge_by_hand():
    mask = torch.tensor([[[[1.0, 0.0, 0.0]]]])
    logits = torch.tensor([[[[0.5, 0.0, -3.0]]]])
    # Errors 1 (false) and 0.5 (annotated): 1 px wrong of a union of 2, then the last hit gone.
    assert lovasz_hinge(logits, mask).item() == pytest.approx(1 * 1 / 2 + 0.5 * 1 / 2)


def test_hinge_is_0_where_sure_and_right_1_at_logits_of_0_and_twice_the_jaccard_loss_at_1():
    mask = corner(1.0)
    assert lovasz_hinge(2 * mask - 1, mask) == 0
    assert lovasz_hinge(0 * mask, mask).item() == pytest.approx(1)
    predicted = torch.zeros_like(mask)
    predicted[..., 2:6, :] = 1
    result = lovasz_hinge(2 * predicted - 1, mask)
    torch.testing.assert_close(result, 2 * jaccard(predicted, mask, activation="none", smooth=0.0))


@pytest.mark.parametrize("seed", range(5))
def test_hinge_is_the_integral_of_the_set_function(seed):
    logits, mask = noise(3, 1, 3, 4, seed=seed), labels(3, 1, 3, 4, seed=seed)
    mask[0] = 0
    errors = np.maximum(0, 1 - logits.numpy() * (2 * mask.numpy() - 1))
    each = [extension(e, g) for e, g in zip(errors, mask.numpy(), strict=True)]
    assert lovasz_hinge(logits, mask).item() == pytest.approx(np.mean(each), rel=1e-12)
    together = lovasz_hinge(logits, mask, per_image=False).item()
    assert together == pytest.approx(extension(errors, mask.numpy()), rel=1e-12)


def test_hinge_agrees_with_kornia():
    losses = pytest.importorskip("kornia.losses")
    logits, mask = noise(3, 1, 9, 11), labels(3, 1, 9, 11)
    expected = losses.lovasz_hinge_loss(logits, mask[:, 0])
    torch.testing.assert_close(lovasz_hinge(logits, mask), expected, rtol=1e-6, atol=0)


def test_channels_of_a_hinge_are_questions_of_their_own():
    logits, mask = noise(2, 2, 6, 7), labels(2, 2)
    each = [lovasz_hinge(logits[:, [c]], mask[:, [c]]) for c in range(2)]
    torch.testing.assert_close(lovasz_hinge(logits, mask), sum(each) / 2)


def test_hinge_pulls_back_logits_that_are_far_off():
    mask = corner(1.0)
    value, gradient = value_and_gradient(lovasz_hinge, 100 - 200 * mask, mask)
    assert value == pytest.approx(101)
    assert bool((gradient * (1 - 2 * mask) > 0).any())
    assert bool((gradient * (1 - 2 * mask) >= 0).all())


@pytest.mark.parametrize("loss", VARIANTS)
def test_soft_masks_are_cut_at_one_half(loss):
    logits = noise(1, 1, 8, 8).float()
    assert loss(logits, corner(0.5)) == loss(logits, corner(1.0))
    assert loss(logits, corner(0.49)) == loss(logits, corner(0.0))


# Lovász softmax


def test_softmax_by_hand():
    mask = torch.tensor([[[[1.0, 0.0, 0.0]]]])
    p = torch.tensor([[[[0.5, 0.8, 0.1]]]])
    # Foreground: errors .8 .5 .1, increments 1/2 1/2 0; background: .8 .5 .1, 1/2 1/6 1/3.
    foreground, background = 0.4 + 0.25, 0.4 + 0.5 / 6 + 0.1 / 3
    values = {
        classes: lovasz_softmax(p, mask, classes=classes, activation="none").item()
        for classes in ("foreground", "present", "all")
    }
    assert values["foreground"] == pytest.approx(foreground)
    assert values["present"] == pytest.approx((foreground + background) / 2)
    assert values["all"] == values["present"]


def test_softmax_of_probabilities_0_and_1_is_the_jaccard_loss():
    mask, predicted = corner(1.0), torch.zeros(1, 1, 8, 8)
    predicted[..., 2:6, :] = 1
    result = lovasz_softmax(predicted, mask, classes="foreground", activation="none")
    assert result.item() == pytest.approx(1 - 16 / 48)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", ["present", "all", "foreground"])
def test_softmax_is_the_integral_of_the_set_function(seed, classes):
    logits, mask = noise(2, 3, 3, 4, seed=seed), labels(2, 3, 3, 4, seed=seed)
    mask[0, 1] += mask[0, 2]
    mask[0, 2] = 0
    errors, g = (logits.softmax(1) - mask).abs().numpy(), mask.numpy()
    kept = [0, 1, 2] if classes != "foreground" else [1, 2]

    def mean(e, annotated):
        counted = [c for c in kept if classes != "present" or annotated[c].any()]
        return np.mean([extension(e[c], annotated[c]) for c in counted])

    expected = np.mean([mean(e, annotated) for e, annotated in zip(errors, g, strict=True)])
    assert lovasz_softmax(logits, mask, classes=classes).item() == pytest.approx(expected)
    together = lovasz_softmax(logits, mask, classes=classes, per_image=False).item()
    assert together == pytest.approx(mean(errors.swapaxes(0, 1), g.swapaxes(0, 1)))


def test_softmax_agrees_with_kornia():
    losses = pytest.importorskip("kornia.losses")
    logits, mask = noise(3, 4, 9, 11), labels(3, 4, 9, 11)
    expected = losses.lovasz_softmax_loss(logits, mask.argmax(1))
    result = lovasz_softmax(logits, mask, classes="all")
    torch.testing.assert_close(result, expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("classes", ["present", "all", "foreground"])
def test_one_channel_is_the_softmax_of_two(classes):
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    two = torch.cat([torch.zeros_like(logits), logits], 1), torch.cat([1 - mask, mask], 1)
    torch.testing.assert_close(
        lovasz_softmax(logits, mask, classes=classes), lovasz_softmax(*two, classes=classes)
    )


def test_absent_classes_count_by_their_highest_probability_or_not_at_all():
    logits, mask = noise(1, 3, 6, 7), labels(1, 3)
    mask[:, 1] += mask[:, 2]
    mask[:, 2] = 0
    present = lovasz_softmax(logits, mask)
    highest = logits.softmax(1)[:, 2].max()
    both = lovasz_softmax(logits, mask, classes="all")
    torch.testing.assert_close(both, (2 * present + highest) / 3)


def test_activations():
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    assert lovasz_softmax(logits, mask) == lovasz_softmax(logits, mask, activation="softmax")
    torch.testing.assert_close(
        lovasz_softmax(logits, mask, activation="sigmoid"),
        lovasz_softmax(torch.sigmoid(logits), mask, activation="none"),
    )


# Without foreground


@pytest.mark.parametrize(
    ("loss", "pushed"),
    [
        (lovasz_softmax, 256),
        (partial(lovasz_softmax, classes="foreground"), 1),
        (lovasz_hinge, 1),
    ],
)
def test_false_positives_of_an_empty_image_cost_all_of_them_or_the_highest(loss, pushed):
    field = torch.full((1, 1, 16, 16), -5.0)
    dotted = field.clone()
    dotted[..., 4:7, 4:7] = 5.0
    dotted[..., 5, 5] = 6.0
    empty = torch.zeros_like(field)
    value, gradient = value_and_gradient(loss, dotted, empty)
    assert value > loss(field, empty).item() + 0.01
    assert int((gradient > 0).sum()) == pushed
    assert gradient[..., 5, 5].item() > 0


# Free fields


def test_a_field_of_lovasz_softmax_ends_right():
    names = ("none", "twice as many", "no annotation")
    starts = [each for each in hard_starts() if each.name in names]
    outcomes, _ = descend(build_loss(LovaszSoftmax()), starts, steps=75)
    assert all(each.right for each in outcomes)


def test_a_field_of_the_hinge_ends_right_but_keeps_dots_where_none_is_annotated():
    starts = [each for each in hard_starts() if each.name in ("none", "no annotation")]
    (filled, emptied), _ = descend(build_loss(LovaszHinge()), starts, steps=75)
    assert LovaszHinge.about.erasure == "inexact"
    assert filled.right
    assert emptied.count_ratio == np.inf
