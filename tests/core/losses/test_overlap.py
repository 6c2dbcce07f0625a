"""Losses that compare areas."""

from functools import partial

import numpy as np
import pytest
import torch

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.overlap import dice, focal_tversky, jaccard, tversky
from napari_slitseg.core.losses.probes import descend, hard_starts, pull
from napari_slitseg.core.losses.spec_overlap import Dice, FocalTversky, Jaccard, Tversky
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

FUNCTIONS = [dice, jaccard, tversky, focal_tversky]
VARIANTS = [
    *FUNCTIONS,
    *(partial(f, smooth=0.0) for f in FUNCTIONS),
    partial(dice, squared=True, smooth=1e-7, reduction="batch", classes="all"),
    partial(dice, squared=True, smooth=1e-6, smooth_in="denominator", reduction="flat"),
    partial(jaccard, squared=True, classes="channels", sign="negative"),
    partial(focal_tversky, exponent=2.0, reduction="batch", classes="all"),
]
SPECS = [Dice, Jaccard, Tversky, FocalTversky]


def run(spec, logits, mask):
    return build_loss(spec)(logits, Target(mask=mask))


def of_probabilities(loss, p, mask, **settings):
    return loss(p, mask, activation="none", **settings).item()


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


@pytest.mark.parametrize("loss", FUNCTIONS)
def test_a_mask_of_another_shape_is_refused(loss):
    with pytest.raises(ValueError, match=r"shape of the logits \(2, 1, 6, 7\)"):
        loss(noise(2, 1, 6, 7), labels(2, 2))
    with pytest.raises(ValueError, match="one channel is 1 everywhere"):
        loss(noise(2, 1, 6, 7), labels(2, 1), activation="softmax")


# Known values


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"smooth": 0.0}, 10 / 60),
        ({"smooth": 0.0, "squared": True}, 10 / 35),
        ({"smooth": 1.0}, 11 / 61),
        ({"smooth": 1.0, "smooth_in": "denominator"}, 10 / 61),
        ({"smooth": 0.0, "classes": "all"}, (10 / 60 + 90 / 140) / 2),
    ],
)
def test_dice_of_the_shared_example(settings, expected):
    value = dice(*flat_example(), **settings).item()
    assert value == pytest.approx(1 - expected, abs=1e-12)
    negative = dice(*flat_example(), sign="negative", **settings).item()
    assert negative == pytest.approx(-expected, abs=1e-12)


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("study", -0.1803),
        ("fpw_eval", 1 - 0.1803),
        ("milletari", 1 - 0.2857),
        ("dice", 0.5952),
        ("dice_square", 1 - (10 / 35 + 90 / 115) / 2),
        ("dicefg", 1 - 0.1667),
        ("dicefg_square", 1 - 0.2857),
        ("two_class", 0.5952),
    ],
)
def test_presets_of_the_shared_example(preset, expected):
    assert run(Dice.preset(preset), *flat_example()).item() == pytest.approx(expected, abs=5e-5)


def test_jaccard_and_tversky_of_the_shared_example():
    example = flat_example()
    assert jaccard(*example, smooth=0.0).item() == pytest.approx(1 - 5 / 55)
    assert jaccard(*example).item() == pytest.approx(1 - 6 / 56)
    assert jaccard(*example, smooth=0.0, squared=True).item() == pytest.approx(1 - 5 / 30)
    index = 6 / (5 + 0.3 * 45 + 0.7 * 5 + 1)
    assert tversky(*example).item() == pytest.approx(1 - index)
    assert focal_tversky(*example).item() == pytest.approx((1 - index) ** 0.75)
    assert focal_tversky(*example, sign="negative").item() == pytest.approx((1 - index) ** 0.75 - 1)


@pytest.mark.parametrize("loss", FUNCTIONS)
def test_a_perfect_prediction_costs_nothing_and_a_disjoint_one_nearly_1(loss):
    mask = corner(1.0, side=40)
    assert of_probabilities(loss, mask, mask) == 0
    assert of_probabilities(loss, 1 - mask, mask) == pytest.approx(1, abs=0.003)


@pytest.mark.parametrize("loss", FUNCTIONS)
def test_negative_is_one_less_everywhere(loss):
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    assert loss(logits, mask, sign="negative") == loss(logits, mask) - 1


def test_dice_is_not_intersection_over_union():
    logits, mask = noise(1, 1, 6, 7), labels(1, 1)
    iou = 1 - jaccard(logits, mask, smooth=0.0)
    torch.testing.assert_close(1 - dice(logits, mask, smooth=0.0), 2 * iou / (1 + iou))
    smoothed = 1 - jaccard(logits, mask, smooth=1.0)
    torch.testing.assert_close(1 - dice(logits, mask, smooth=2.0), 2 * smoothed / (1 + smoothed))


def test_tversky_contains_dice_and_jaccard():
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    half = tversky(logits, mask, fp_weight=0.5, fn_weight=0.5, smooth=0.5)
    torch.testing.assert_close(half, dice(logits, mask))
    torch.testing.assert_close(run(Tversky.preset("dice"), logits, mask), dice(logits, mask))
    ones = tversky(logits, mask, fp_weight=1.0, fn_weight=1.0)
    torch.testing.assert_close(ones, jaccard(logits, mask))


# Reductions and classes


def images_of_two_sizes():
    """Return p and g: one image with 1 hit of 1 px, one with 8 hits of 32 px."""
    p, g = torch.zeros(2, 1, 8, 8), torch.zeros(2, 1, 8, 8)
    p[0, 0, 0, 0] = g[0, 0, 0, 0] = 1
    g[1, 0, :4] = 1
    p[1, 0, 0] = 1
    return p, g


@pytest.mark.parametrize(
    ("reduction", "expected"), [("image", (1 + 16 / 40) / 2), ("batch", 18 / 42), ("flat", 18 / 42)]
)
def test_images_count_the_same_or_by_area(reduction, expected):
    value = of_probabilities(dice, *images_of_two_sizes(), smooth=0.0, reduction=reduction)
    assert value == pytest.approx(1 - expected)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("image", (32 / 40 + 2 / 10) / 2), ("batch", (32 / 40 + 2 / 10) / 2), ("flat", 34 / 50)],
)
def test_classes_count_the_same_or_by_area(reduction, expected):
    p, g = torch.zeros(1, 2, 8, 8), torch.zeros(1, 2, 8, 8)
    p[0, 0, :, :3] = g[0, 0, :, :2] = 1
    p[0, 1, 0, 0] = g[0, 1, :3, :3] = 1
    settings = {"smooth": 0.0, "classes": "channels", "reduction": reduction}
    assert of_probabilities(dice, p, g, **settings) == pytest.approx(1 - expected)


def test_classes_drop_add_or_keep_the_background():
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    each = [dice(logits.softmax(1)[:, [c]], mask[:, [c]], activation="none") for c in range(3)]
    torch.testing.assert_close(dice(logits, mask), (each[1] + each[2]) / 2)
    torch.testing.assert_close(dice(logits, mask, classes="all"), sum(each) / 3)
    torch.testing.assert_close(dice(logits, mask, classes="channels"), sum(each) / 3)
    one, one_mask = logits[:, :1], mask[:, :1]
    assert dice(one, one_mask) == dice(one, one_mask, classes="channels")
    both = (dice(one, one_mask) + dice(-one, 1 - one_mask)) / 2
    torch.testing.assert_close(dice(one, one_mask, classes="all"), both)


@pytest.mark.parametrize("squared", [False, True])
def test_foreground_and_background_may_change_places_where_both_count(squared):
    logits, mask = noise(2, 2, 6, 7), labels(2, 2)
    swapped = logits.flip(1), mask.flip(1)
    both = partial(dice, classes="all", squared=squared)
    torch.testing.assert_close(both(logits, mask), both(*swapped))
    alone = partial(dice, squared=squared)
    assert abs(alone(logits, mask) - alone(*swapped)) > 0.01


def test_one_channel_is_the_softmax_of_two():
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    two = torch.cat([torch.zeros_like(logits), logits], 1), torch.cat([1 - mask, mask], 1)
    for classes in ("foreground", "all"):
        torch.testing.assert_close(dice(*two, classes=classes), dice(logits, mask, classes=classes))


def test_activations():
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    settings = {"activation": "none", "classes": "channels"}
    torch.testing.assert_close(
        dice(logits, mask, activation="sigmoid", classes="channels"),
        dice(torch.sigmoid(logits), mask, **settings),
    )
    assert dice(logits, mask) == dice(logits, mask, activation="softmax")
    one, one_mask = logits[:, :1], mask[:, :1]
    assert dice(one, one_mask) == dice(one, one_mask, activation="sigmoid")


# Directions


@pytest.mark.parametrize("loss", FUNCTIONS)
def test_smoothing_lowers_the_loss_and_in_the_denominator_alone_raises_it(loss):
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    values = [loss(logits, mask, smooth=s).item() for s in (0.0, 1.0, 10.0)]
    assert values == sorted(values, reverse=True)
    below = [loss(logits, mask, smooth=s, smooth_in="denominator").item() for s in (0.0, 1.0, 10.0)]
    assert below == sorted(below)
    assert below[0] == values[0]


@pytest.mark.parametrize("loss", [tversky, focal_tversky])
def test_weights_of_errors_are_named_after_what_they_weigh(loss):
    mask = corner(1.0)
    too_much, too_little = torch.ones_like(mask), mask * (torch.arange(8) < 4)
    for name, wrong, other in (
        ("fp_weight", too_much, too_little),
        ("fn_weight", too_little, too_much),
    ):
        low = {"fp_weight": 0.5, "fn_weight": 0.5}
        high = low | {name: 0.9}
        assert of_probabilities(loss, wrong, mask, **high) > of_probabilities(
            loss, wrong, mask, **low
        )
        assert of_probabilities(loss, other, mask, **high) == of_probabilities(
            loss, other, mask, **low
        )


def test_misses_cost_more_than_false_positives_by_default():
    mask = corner(1.0, side=40)
    missing, extra = mask.clone(), mask.clone()
    missing[..., :5, :] = 0
    extra[..., 20:25, :] = 1
    for loss in (tversky, focal_tversky):
        assert of_probabilities(loss, missing, mask) > of_probabilities(loss, extra, mask)


def test_a_higher_exponent_lowers_the_loss():
    logits, mask = noise(2, 1, 6, 7), labels(2, 1)
    values = [focal_tversky(logits, mask, exponent=e).item() for e in (0.5, 0.75, 1.0, 4 / 3)]
    assert values == sorted(values, reverse=True)
    torch.testing.assert_close(
        focal_tversky(logits, mask, exponent=1.0), tversky(logits, mask), rtol=1e-6, atol=0
    )


def test_exponents_below_1_keep_the_gradient_of_a_nearly_perfect_image_and_above_lose_it():
    mask = corner(1.0)
    nearly = mask - 1e-3 * mask
    steepness = [
        value_and_gradient(partial(focal_tversky, exponent=e, activation="none"), nearly, mask)[1]
        .abs()
        .max()
        for e in (0.75, 1.0, 1.5)
    ]
    assert steepness[0] > 4 * steepness[1]
    assert steepness[2] < steepness[1] / 4


def test_linear_and_squared_denominators_differ_in_where_soft_masks_are_best():
    mask = corner(0.3)
    p = torch.arange(0.0, 1.01, 0.1)
    best = {
        squared: p[
            int(
                np.argmin(
                    [of_probabilities(dice, corner(v), mask, squared=squared) for v in p.tolist()]
                )
            )
        ].item()
        for squared in (False, True)
    }
    assert best == pytest.approx({False: 1.0, True: 0.3})


# Without foreground


@pytest.mark.parametrize("spec", [each() for each in SPECS])
def test_false_positives_of_an_empty_image_cost_and_are_pushed_down(spec):
    field, empty = torch.full((1, 1, 16, 16), -5.0), torch.zeros(1, 1, 16, 16)
    dotted = field.clone()
    dotted[..., 4:7, 4:7] = 5.0
    value, gradient = value_and_gradient(lambda z, g: run(spec, z, g), dotted, empty)
    assert value > run(spec, field, empty).item() + 0.1
    assert bool((gradient > 0).all())


def test_a_tiny_smoothing_does_not_teach_from_empty_images_but_1_px_does():
    empty = torch.zeros(1, 1, 16, 16)
    steepness = {
        smooth: value_and_gradient(partial(dice, smooth=smooth), torch.zeros_like(empty), empty)[
            1
        ].max()
        for smooth in (1e-7, 1.0)
    }
    assert steepness[1e-7] < 1e-11
    assert steepness[1.0] == pytest.approx(0.25 / 129**2)


def test_an_empty_and_right_image_costs_nothing_or_1_by_where_the_smoothing_is():
    empty = torch.zeros(1, 1, 8, 8)
    assert of_probabilities(dice, empty, empty) == 0
    assert of_probabilities(dice, empty, empty, smooth_in="denominator") == 1
    assert of_probabilities(dice, empty, empty, smooth=0.0) == 1


# Agreement with others


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("is_jaccard", [False, True])
def test_dice_and_jaccard_agree_with_monai(channels, squared, batch, is_jaccard):
    losses = pytest.importorskip("monai.losses")
    logits, mask = noise(2, channels, 6, 7), labels(2, channels)
    expected = losses.DiceLoss(
        sigmoid=channels == 1,
        softmax=channels > 1,
        squared_pred=squared,
        jaccard=is_jaccard,
        batch=batch,
        smooth_nr=1.0,
        smooth_dr=1.0,
    )(logits, mask)
    loss, smooth = (jaccard, 0.5) if is_jaccard else (dice, 1.0)
    reduction = "batch" if batch else "image"
    result = loss(
        logits, mask, squared=squared, smooth=smooth, reduction=reduction, classes="channels"
    )
    torch.testing.assert_close(result, expected, rtol=1e-6, atol=0)


def test_foreground_agrees_with_monai_without_background():
    losses = pytest.importorskip("monai.losses")
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    monai = losses.DiceLoss(include_background=False, softmax=True, smooth_nr=0.0, smooth_dr=1e-6)
    result = dice(logits, mask, smooth=1e-6, smooth_in="denominator")
    torch.testing.assert_close(result, monai(logits, mask), rtol=1e-6, atol=0)


@pytest.mark.parametrize("batch", [False, True])
def test_tversky_agrees_with_monai_whose_alpha_weighs_false_positives(batch):
    losses = pytest.importorskip("monai.losses")
    logits, mask = noise(2, 3, 6, 7), labels(2, 3)
    monai = losses.TverskyLoss(
        softmax=True, alpha=0.2, beta=0.9, smooth_nr=1.0, smooth_dr=1.0, batch=batch
    )
    result = tversky(
        logits,
        mask,
        fp_weight=0.2,
        fn_weight=0.9,
        classes="channels",
        reduction="batch" if batch else "image",
    )
    torch.testing.assert_close(result, monai(logits, mask), rtol=1e-6, atol=0)


def softmax(z):
    powers = np.exp(z - z.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


@pytest.mark.parametrize("foreground", [False, True])
@pytest.mark.parametrize("square", [False, True])
def test_four_forms_over_the_batch_as_published(foreground, square):
    logits, mask = noise(4, 3, 6, 7), labels(4, 3)
    p, g = softmax(logits.numpy()), mask.numpy()
    indices = []
    for c in range(1 if foreground else 0, 3):
        power = 2 if square else 1
        total = (p[:, c] ** power).sum() + (g[:, c] ** power).sum()
        indices.append((2 * (p[:, c] * g[:, c]).sum() + 1e-7) / (total + 1e-7))
    preset = f"dice{'fg' if foreground else ''}{'_square' if square else ''}"
    result = run(Dice.preset(preset), logits, mask).item()
    assert result == pytest.approx(1 - np.mean(indices), rel=1e-12)


def test_two_class_dice_is_the_formula_with_two_terms():
    logits, mask = noise(1, 1, 6, 7), labels(1, 1)
    p, r = torch.sigmoid(logits).numpy(), mask.numpy()
    first = (p * r).sum() / (p + r).sum()
    second = ((1 - p) * (1 - r)).sum() / (2 - p - r).sum()
    result = run(Dice.preset("two_class"), logits, mask).item()
    assert result == pytest.approx(1 - first - second, abs=1e-6)
    perfect = run(Dice.preset("two_class"), 200 * mask - 100, mask).item()
    assert perfect == pytest.approx(0, abs=1e-6)


def test_flat_squared_dice_of_raw_values_lets_bright_classes_outweigh_dim_ones():
    loss = build_loss(Dice.preset("dlstudio"))
    mask = torch.zeros((1, 5, 16, 16))
    for channel, level in enumerate((50.0, 100.0, 150.0, 200.0, 250.0)):
        mask[0, channel, 3 * channel : 3 * channel + 3, :8] = level
    output = noise(1, 5, 16, 16, scale=100.0).float()
    literal = 1 - 2 * (output * mask).sum() / (output.square().sum() + mask.square().sum() + 1e-6)
    torch.testing.assert_close(loss(output, Target(mask=mask)), literal)
    missing = []
    for channel in (0, 4):
        part = mask.clone()
        part[:, channel] = 0
        missing.append(loss(part, Target(mask=mask)).item())
    assert missing[1] == pytest.approx(25 * missing[0], rel=0.3)
    assert loss(-mask, Target(mask=mask)).item() == pytest.approx(2)
    assert loss(0 * mask, Target(mask=0 * mask)).item() == 1


# Free fields


@pytest.mark.parametrize("spec", [each() for each in SPECS])
@pytest.mark.parametrize(
    ("names", "steps"), [(["none", "twice as many", "no annotation"], 75), (["4 px apart"], 400)]
)
def test_free_fields_end_with_the_right_points(spec, names, steps):
    starts = [each for each in hard_starts() if each.name in names]
    outcomes, _ = descend(build_loss(spec), starts, steps=steps)
    assert all(each.right for each in outcomes)


def test_squared_dice_with_a_tiny_smoothing_keeps_what_is_not_annotated():
    (start,) = (each for each in hard_starts() if each.name == "no annotation")
    ((outcome,), _) = descend(build_loss(Dice.preset("milletari")), [start], steps=75)
    assert outcome.count_ratio == np.inf


def test_dice_pulls_near_dots_only():
    near, far = pull(build_loss(Dice()), [2, 12])
    assert near > 0.5
    assert abs(far) < 0.01
