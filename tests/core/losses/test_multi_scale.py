"""Dice at several scales."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.multi_scale import multi_scale_dice
from napari_slitseg.core.losses.overlap import dice
from napari_slitseg.core.losses.probes import RADIUS_PX, descend, hard_starts, pull
from napari_slitseg.core.losses.spec_multi_scale import MultiScaleDice
from napari_slitseg.core.losses.spec_overlap import Dice
from napari_slitseg.core.targets import dots
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
    multi_scale_dice,
    partial(multi_scale_dice, squared=False),
    partial(multi_scale_dice, smooth=0.0),
    partial(multi_scale_dice, squared=False, smooth=0.0),
    partial(multi_scale_dice, reduction="batch", classes="all", sigmas_px=(1.5,)),
    partial(multi_scale_dice, reduction="flat", classes="channels", sigmas_px=(0.0, 20.0)),
]


def sure(*pixels, side=41):
    """Return logits of +-100 and the mask of single pixels."""
    mask = torch.zeros((1, 1, side, side), dtype=torch.float64)
    for y, x in pixels:
        mask[0, 0, y, x] = 1
    return 200 * mask - 100, mask


def of_pixels(predicted, annotated, **settings):
    logits, _ = sure(*predicted)
    return multi_scale_dice(logits, sure(*annotated)[1], **settings).item()


@pytest.mark.parametrize("loss", VARIANTS)
def test_values_and_gradients_are_finite(loss):
    for case in EDGE_CASES:
        assert_finite(loss, case)


@pytest.mark.parametrize("loss", VARIANTS)
@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_are_right(loss, channels):
    assert_correct_gradient(loss, channels)


def test_autocast_changes_nothing():
    logits, mask = noise(2, 1, 6, 7).float(), labels(2, 1).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = multi_scale_dice(logits, mask)
    assert within.dtype == torch.float32
    assert within == multi_scale_dice(logits, mask)


@pytest.mark.parametrize(
    ("sigmas_px", "message"),
    [
        ((), "sigmas_px is empty"),
        ((1.0, -1.0), r"at least 0, got \(1.0, -1.0\)"),
        ((math.nan,), "must be finite"),
        ((math.inf,), "must be finite"),
    ],
)
def test_scales_that_are_none_are_refused(sigmas_px, message):
    with pytest.raises(ValueError, match=message):
        multi_scale_dice(*flat_example(), sigmas_px=sigmas_px)


def test_a_mask_of_another_shape_and_a_spec_without_scales_are_refused():
    with pytest.raises(ValueError, match=r"shape of the logits \(2, 1, 6, 7\)"):
        multi_scale_dice(noise(2, 1, 6, 7), labels(2, 2))
    with pytest.raises(ValueError, match=r"MultiScaleDice\.sigmas_px is empty"):
        MultiScaleDice(sigmas_px=())
    with pytest.raises(ValueError, match=r"MultiScaleDice\.sigmas_px"):
        MultiScaleDice(sigmas_px=(1.0, -1.0))


# Known values


def test_a_narrow_blur_by_hand():
    side = math.exp(-2)
    weights = np.array([side, 1, side]) / (1 + 2 * side)
    own, beside, two_apart = (
        (weights**2).sum(),
        2 * weights[0] * weights[1],
        weights[0] ** 2,
    )
    settings = {"sigmas_px": (0.5,), "smooth": 0.0}
    far = math.exp(-8) / (1 + 2 * side)
    for shift, overlap in ((1, beside / own), (2, two_apart / own)):
        value = of_pixels([(20, 20 + shift)], [(20, 20)], **settings)
        assert value == pytest.approx(1 - overlap, abs=4 * far)
    linear = of_pixels([(20, 21)], [(20, 20)], squared=False, **settings)
    assert linear == pytest.approx(1 - own * beside, abs=4 * far)


@pytest.mark.parametrize(("shift", "sigma"), [(0, 2.0), (3, 2.0), (6, 4.0), (12, 8.0)])
def test_two_pixels_overlap_as_gaussians_do(shift, sigma):
    value = of_pixels([(20, 20 + shift)], [(20, 20)], sigmas_px=(sigma,), smooth=0.0)
    assert value == pytest.approx(1 - math.exp(-(shift**2) / (4 * sigma**2)), abs=2e-4)


def test_a_lone_pixel_against_nothing_is_the_cost_of_its_squared_area():
    area = 1 / (4 * math.pi * 2**2)
    value = of_pixels([(20, 20)], [], sigmas_px=(2.0,), smooth=0.03)
    assert value == pytest.approx(area / (area + 0.03), rel=1e-3)


def test_values_of_the_shared_example():
    settings = {"sigmas_px": (0.0,), "smooth": 1.0}
    assert multi_scale_dice(*flat_example(), **settings).item() == pytest.approx(1 - 11 / 36)
    linear = multi_scale_dice(*flat_example(), squared=False, **settings).item()
    assert linear == pytest.approx(1 - 11 / 61)


def test_an_empty_and_right_image_costs_nothing_and_without_smoothing_1():
    assert of_pixels([], []) == pytest.approx(0, abs=1e-12)
    assert of_pixels([], [], smooth=0.0) == 1


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("reduction", ["image", "batch", "flat"])
@pytest.mark.parametrize("classes", ["foreground", "all", "channels"])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_scale_of_0_is_dice(squared, reduction, classes, channels):
    logits, mask = noise(2, channels, 6, 7), labels(2, channels)
    settings = {"squared": squared, "reduction": reduction, "classes": classes, "smooth": 0.7}
    result = multi_scale_dice(logits, mask, sigmas_px=(0.0,), **settings)
    torch.testing.assert_close(result, dice(logits, mask, **settings), rtol=1e-12, atol=0)


def test_scales_count_the_same():
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    each = [multi_scale_dice(logits, mask, sigmas_px=(s,)) for s in (0.0, 1.0, 3.0)]
    torch.testing.assert_close(
        multi_scale_dice(logits, mask, sigmas_px=(0.0, 1.0, 3.0)), sum(each) / 3
    )


def by_filters(logits, mask, *, sigmas_px, squared, smooth):
    """Compute the loss of each image with scipy's filter on a wide frame of zeros."""
    losses = []
    for z, g in zip(logits.numpy()[:, 0], mask.numpy()[:, 0], strict=True):
        for sigma in sigmas_px:
            wide = math.ceil(4 * sigma) + 3
            p, r = (
                gaussian_filter(np.pad(m, wide), sigma, radius=math.ceil(4 * sigma))
                for m in (1 / (1 + np.exp(-z)), g)
            )
            power = 2 if squared else 1
            below = (p**power).sum() + (r**power).sum() + smooth
            losses.append(1 - (2 * (p * r).sum() + smooth) / below)
    return np.mean(losses)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("sigmas_px", [(0.6,), (1.0, 2.3), (0.0, 2.0, 4.0, 8.0)])
@pytest.mark.parametrize("shape", [(6, 7), (30, 17)])
def test_agrees_with_filters_of_scipy(squared, sigmas_px, shape):
    logits, mask = noise(2, 1, *shape), labels(2, 1, *shape)
    settings = {"sigmas_px": sigmas_px, "squared": squared, "smooth": 0.2}
    expected = by_filters(logits, mask, **settings)
    assert multi_scale_dice(logits, mask, **settings).item() == pytest.approx(expected, rel=1e-9)
    single = multi_scale_dice(logits.float(), mask.float(), **settings).item()
    assert single == pytest.approx(expected, rel=1e-5)


# Borders


def test_borders_neither_wrap_nor_reflect_nor_lose_mass():
    settings = {"sigmas_px": (2.0,), "smooth": 0.03}
    inside = of_pixels([(20, 17)], [(20, 20)], **settings)
    for predicted, annotated in ([(20, 3)], [(20, 0)]), ([(40, 37)], [(40, 40)]):
        assert of_pixels(predicted, annotated, **settings) == pytest.approx(inside, rel=1e-9)
    assert of_pixels([(20, 0)], [(20, 40)], sigmas_px=(2.0,), smooth=0.0) == pytest.approx(1)
    assert of_pixels([(0, 20)], [(40, 20)], sigmas_px=(2.0,), smooth=0.0) == pytest.approx(1)


def test_rows_and_columns_are_alike():
    logits, mask = noise(1, 1, 6, 9), labels(1, 1, 6, 9)
    turned = multi_scale_dice(logits.mT, mask.mT)
    torch.testing.assert_close(multi_scale_dice(logits, mask), turned)


# Directions


def test_wider_blurs_see_a_dot_beside_its_annotation():
    values = [
        of_pixels([(20, 26)], [(20, 20)], sigmas_px=(s,), smooth=0.0) for s in (0.0, 1.0, 3.0, 8.0)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(1)
    assert values[-1] < 0.2


def test_the_nearer_a_dot_the_less_it_costs():
    values = [of_pixels([(20, 20 + d)], [(20, 20)]) for d in (0, 1, 2, 4, 8, 12, 20)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(0, abs=1e-12)
    steps = np.diff(values)
    assert (steps > 0.01).all()


def test_smoothing_lowers_the_loss():
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    values = [multi_scale_dice(logits, mask, smooth=s).item() for s in (0.0, 0.03, 1.0, 10.0)]
    assert values == sorted(values, reverse=True)


def test_only_the_squared_form_is_lowest_at_the_mask_itself():
    _, mask = sure((20, 20), (20, 21), (21, 20), (21, 21))
    best = 200 * mask - 100
    value, _ = value_and_gradient(multi_scale_dice, best, mask)
    assert value == pytest.approx(0, abs=1e-12)
    linear, _ = value_and_gradient(partial(multi_scale_dice, squared=False), best, mask)
    assert linear > 0.1


@pytest.mark.parametrize("reduction", ["image", "batch"])
def test_images_count_the_same_or_by_area(reduction):
    one, few = sure((20, 20)), sure((5, 5), (5, 30), (30, 5))
    logits = torch.cat([one[0], torch.full_like(few[0], -100)])
    mask = torch.cat([one[1], few[1]])
    value = multi_scale_dice(logits, mask, reduction=reduction, smooth=0.0, sigmas_px=(1.0,)).item()
    expected = {"image": (0 + 1) / 2, "batch": 1 - 2 / 5}[reduction]
    assert value == pytest.approx(expected, abs=1e-9)


def test_classes_drop_or_add_the_background():
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    both = (multi_scale_dice(logits, mask) + multi_scale_dice(-logits, 1 - mask)) / 2
    torch.testing.assert_close(multi_scale_dice(logits, mask, classes="all"), both)
    several, one_hot = noise(2, 3, 6, 7), labels(2, 3)
    every = multi_scale_dice(several, one_hot, classes="channels")
    torch.testing.assert_close(multi_scale_dice(several, one_hot, classes="all"), every)
    assert abs(multi_scale_dice(several, one_hot) - every) > 1e-3


def test_false_positives_of_an_empty_image_cost_and_are_pushed_down():
    field = torch.full((1, 1, 16, 16), -5.0)
    field[..., 4:7, 4:7] = 5.0
    value, gradient = value_and_gradient(multi_scale_dice, field, torch.zeros_like(field))
    assert value > 0.8
    assert bool((gradient > 0).all())
    assert value_and_gradient(multi_scale_dice, 20 * corner(0.0) - 20, corner(0.0))[0] < 1e-3


# Free fields


def test_it_pulls_dots_that_dice_does_not_see():
    multi, plain = (pull(build_loss(spec), [1, 4, 8, 12]) for spec in (MultiScaleDice(), Dice()))
    assert (multi > 0.3).all()
    assert abs(plain[2:]).max() < 0.01
    near = pull(build_loss(MultiScaleDice.preset("near")), [2, 6, 12])
    assert near[0] > 0.7
    assert near[1] > 0.7
    assert near[2] < multi[3]


def test_a_smoothing_of_1_px_hides_far_dots_from_the_squared_form():
    far = [pull(build_loss(MultiScaleDice(smooth=s)), [8])[0] for s in (0.03, 1.0)]
    assert far[0] > 2 * far[1]


def test_free_fields_end_with_the_right_points():
    starts = [each for each in hard_starts() if each.name != "4 px apart"]
    outcomes, _ = descend(build_loss(MultiScaleDice()), starts, steps=75)
    assert all(each.right for each in outcomes)


def test_the_field_becomes_the_mask_where_one_pair_in_twenty_of_touching_dots_is_joined():
    (start,) = (each for each in hard_starts() if each.name == "4 px apart")
    ((outcome,), (field,)) = descend(build_loss(MultiScaleDice()), [start], steps=75)
    assert outcome.count_ratio == 39 / 40
    probability = torch.sigmoid(torch.from_numpy(field)).numpy()
    assert abs(probability - dots(start.points, field.shape, RADIUS_PX)).max() < 0.1
