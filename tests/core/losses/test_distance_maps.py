"""Losses that weigh pixels by distances."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt
from scipy.special import expit
from torch.nn.functional import conv2d, pad

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.distance_maps import (
    boundary,
    distance_to_mask,
    distance_weighted,
    hausdorff_dt,
)
from napari_slitseg.core.losses.draw import draw_dots
from napari_slitseg.core.losses.probes import SIDE, Start, descend, field_of, hard_starts, pull
from napari_slitseg.core.losses.spec_maps import Boundary, DistanceWeighted, HausdorffDT

RNG = np.random.default_rng(3)
SPECS = [
    DistanceWeighted(),
    Boundary(),
    Boundary(empty="diagonal"),
    HausdorffDT(),
    HausdorffDT(empty="diagonal", log=True),
]
STARTS = {start.name: start for start in hard_starts()}


def logits_of(*ones, shape=(20, 21), others=-100.0):
    """Return logits of +100 at some pixels and of `others` elsewhere."""
    logits = torch.full((1, 1, *shape), others)
    for y, x in ones:
        logits[0, 0, y, x] = 100
    return logits


def mask_of(*ones, shape=(20, 21)):
    return (logits_of(*ones, shape=shape) > 0).float()


def block(top, left, side):
    return [(top + i, left + j) for i in range(side) for j in range(side)]


def random_case(shape=(2, 1, 13, 17), dtype=torch.float64):
    logits = torch.from_numpy(RNG.normal(0, 2, shape)).to(dtype)
    points = [torch.from_numpy(RNG.uniform(0, 12, (n, 2))) for n in (4, 0)]
    mask = draw_dots(points, shape[-2:], radius_px=1.9).to(dtype)
    return logits, points, mask


# distance transform


@pytest.mark.parametrize("density", [0.002, 0.02, 0.3, 0.999])
def test_distances_to_a_mask_are_those_of_scipy(density):
    mask = RNG.uniform(size=(3, 2, 61, 47)) < density
    mask[0, 0], mask[..., 5, 40] = False, True
    found, present = distance_to_mask(torch.from_numpy(mask))
    expected = [[distance_transform_edt(~each) for each in image] for image in mask]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert present.all()


@pytest.mark.parametrize("corner", [(0, 0), (59, 0), (0, 79), (59, 79)])
def test_one_pixel_is_seen_across_the_whole_image(corner):
    mask = torch.zeros((60, 80), dtype=torch.bool)
    mask[corner] = True
    assert float(distance_to_mask(mask)[0].max()) == pytest.approx(math.hypot(59, 79))


def test_an_empty_mask_among_others_is_reported():
    masks = torch.stack([mask_of()[0, 0], mask_of((0, 0))[0, 0]]) > 0.5
    distance, present = distance_to_mask(masks)
    assert present.flatten().tolist() == [False, True]
    assert not distance[0].any()
    assert distance[1, 3, 4] == 5


# distance-weighted area


def test_distance_weighted_by_hand():
    point = [torch.tensor([[10.0, 10.0]])]
    loss = distance_weighted(logits_of((10, 13)), point, radius_px=0.5, cap_px=10)
    assert float(loss) == pytest.approx(1 + 0.3)
    right = distance_weighted(logits_of((10, 10)), point, radius_px=0.5)
    assert float(right) == pytest.approx(0, abs=1e-6)


def test_nothing_predicted_costs_1_per_image_with_points():
    points = [torch.tensor([[5.0, 5.3], [15.0, 14.0]]), torch.zeros((0, 2))]
    logits = logits_of().repeat(2, 1, 1, 1)
    assert float(distance_weighted(logits, points)) == pytest.approx(0.5)


def test_false_positives_cost_without_annotations_too():
    none = [torch.zeros((0, 2))]
    one = distance_weighted(logits_of((3, 4)), none, radius_px=1.9)
    two = distance_weighted(logits_of((3, 4), (9, 9)), none, radius_px=1.9)
    assert float(one) == pytest.approx(1 / (math.pi * 1.9**2))
    assert float(two) == pytest.approx(2 * float(one))


def test_distance_weighted_agrees_with_a_pixel_by_pixel_sum():
    logits, points, _ = random_case()
    expected = []
    for z, yx in zip(logits.numpy()[:, 0], points, strict=True):
        wrong = area = 0.0
        for (y, x), value in np.ndenumerate(z):
            near = min((math.hypot(y - a, x - b) for a, b in yx.tolist()), default=math.inf)
            area += near <= 1.9
            wrong += expit(-value) if near <= 1.9 else expit(value) * min(near, 6) / 6
        expected.append(wrong / (area or math.pi * 1.9**2))
    loss = distance_weighted(logits, points, radius_px=1.9, cap_px=6)
    assert float(loss) == pytest.approx(np.mean(expected), rel=1e-6)


def test_a_larger_cap_spares_what_is_near_and_not_what_is_far():
    point = [torch.tensor([[2.0, 2.0]])]

    def extra(pixel, cap):
        return float(distance_weighted(logits_of(pixel), point, radius_px=0.5, cap_px=cap)) - 1

    assert extra((2, 6), 5) == pytest.approx(0.8)
    assert extra((2, 6), 10) == pytest.approx(0.4)
    assert extra((2, 18), 5) == extra((2, 18), 10) == pytest.approx(1)


def test_a_larger_radius_takes_nearby_pixels_for_right():
    point = [torch.tensor([[10.0, 10.0]])]
    ring = logits_of(*block(8, 8, 5))
    costs = [float(distance_weighted(ring, point, radius_px=r)) for r in (1.0, 2.0, 3.0)]
    assert costs == sorted(costs, reverse=True)


def test_distance_weighted_pulls_a_dot_over_12_px():
    assert (pull(build_loss(DistanceWeighted()), [1, 2, 4, 8, 12]) > [0.2, 0.3, 0.15, 0.1, 0]).all()


# boundary


def test_boundary_by_hand():
    square = mask_of(*block(8, 8, 5))
    pixels = square.numel()
    assert float(boundary(logits_of((10, 10)), square)) * pixels == pytest.approx(-2)
    assert float(boundary(logits_of((8, 8)), square)) * pixels == pytest.approx(0, abs=1e-6)
    assert float(boundary(logits_of((10, 17)), square)) * pixels == pytest.approx(5)


@pytest.mark.parametrize("channels", [1, 3])
def test_boundary_is_the_formula_with_the_transform_of_scipy(channels):
    mask = RNG.uniform(size=(2, channels, 15, 18)) < 0.3
    logits = RNG.normal(0, 2, mask.shape)
    outside = np.array([[distance_transform_edt(~g) for g in image] for image in mask])
    inside = np.array([[distance_transform_edt(g) for g in image] for image in mask])
    expected = np.mean(expit(logits) * (outside * ~mask - (inside - 1) * mask))
    found = boundary(torch.from_numpy(logits), torch.from_numpy(mask))
    assert float(found) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("full", [False, True])
def test_what_is_absent_is_free_or_a_diagonal_away(full):
    mask = torch.full((1, 1, 3, 4), float(full))
    logits = torch.full((1, 1, 3, 4), 100.0)
    assert float(boundary(logits, mask)) == 0
    assert float(boundary(logits, mask, empty="diagonal")) == pytest.approx(-4 if full else 5)


def test_dots_2_px_wide_are_worth_nothing_to_boundary():
    dots = mask_of(*block(3, 3, 2), *block(12, 9, 2))
    right, nothing = boundary(200 * dots - 100, dots), boundary(logits_of(), dots)
    assert float(right) == pytest.approx(0, abs=1e-6)
    assert float(nothing) == pytest.approx(0, abs=1e-6)


def tied(logits, sigma_px=1.0):
    """Blur logits, so that neighbouring pixels move together as those of a network do."""
    offset = torch.arange(-4.0, 5)
    kernel = torch.exp(offset.square() / (-2 * sigma_px**2))
    kernel = kernel / kernel.sum()
    wide = pad(logits, (4,) * 4, mode="replicate")
    return conv2d(conv2d(wide, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))


def test_boundary_alone_erases_right_dots_of_2_px():
    yx = STARTS["2 px off"].points
    right = Start("right", field_of(yx), yx)

    def loss(logits, target):
        dots = draw_dots(target.points, (SIDE, SIDE), radius_px=1.0)
        return boundary(tied(logits), dots)

    (before,), _ = descend(loss, [right], steps=0)
    (after,), _ = descend(loss, [right], steps=60)
    assert before.right
    assert after.count_ratio == 0


def test_boundary_alone_finds_no_dots_of_2_px():
    def loss(logits, target):
        return boundary(logits, draw_dots(target.points, (SIDE, SIDE), radius_px=1.0))

    (after,), _ = descend(loss, [STARTS["none"]], steps=60)
    assert after.count_ratio == 0


@pytest.mark.parametrize(("empty", "left"), [("zero", math.inf), ("diagonal", 1)])
def test_boundary_removes_dots_of_empty_images_only_over_the_diagonal(empty, left):
    spec = Boundary(empty=empty)
    (after,), _ = descend(build_loss(spec), [STARTS["no annotation"]], steps=60)
    assert after.count_ratio == left


# Hausdorff by distance transforms


def test_hausdorff_by_hand():
    mask = mask_of((10, 10))
    loss = hausdorff_dt(logits_of((10, 13)), mask)
    assert float(loss) * mask.numel() == pytest.approx(2 * (1 + 9))
    assert float(hausdorff_dt(logits_of((10, 10)), mask)) == pytest.approx(0, abs=1e-6)


def test_alpha_is_the_power_of_the_distance():
    mask, wrong = mask_of((10, 10)), logits_of((10, 13))
    costs = [float(hausdorff_dt(wrong, mask, alpha=a)) * mask.numel() for a in (0.5, 1.0, 3.0)]
    assert costs == pytest.approx([2 * (1 + 3**a) for a in (0.5, 1.0, 3.0)])


def test_log_is_the_logarithm_of_1_plus_the_loss():
    logits, _, mask = random_case()
    plain = float(hausdorff_dt(logits, mask))
    assert float(hausdorff_dt(logits, mask, log=True)) == pytest.approx(math.log1p(plain))


def test_an_empty_image_costs_nothing_or_a_diagonal_where_nothing_is_above_half():
    faint = torch.zeros((1, 1, 3, 4))
    assert float(hausdorff_dt(faint, torch.zeros_like(faint))) == 0
    diagonal = hausdorff_dt(faint, torch.zeros_like(faint), empty="diagonal")
    assert float(diagonal) == pytest.approx(0.25 * (25 + 25))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("alpha", "log"), [(2.0, False), (1.0, False), (2.0, True)])
@pytest.mark.parametrize("channels", [1, 2])
def test_hausdorff_agrees_with_monai(alpha, log, channels):
    losses = pytest.importorskip("monai.losses")
    make = losses.LogHausdorffDTLoss if log else losses.HausdorffDTLoss
    mask = (torch.from_numpy(RNG.uniform(size=(3, channels, 14, 19))) < 0.1).double()
    mask[1, 0] = 0
    logits = torch.from_numpy(RNG.normal(-1, 2, mask.shape)).requires_grad_()
    expected = make(alpha=alpha, include_background=True, sigmoid=True)(logits, mask)
    found = hausdorff_dt(logits, mask, alpha=alpha, log=log)
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)
    slopes = [torch.autograd.grad(each, logits)[0] for each in (found, expected)]
    torch.testing.assert_close(*slopes, rtol=1e-6, atol=1e-9)


# all


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_gradients_are_those_of_the_value(spec):
    logits, points, mask = random_case((2, 1, 6, 7))
    points = [yx * 0.45 for yx in points]
    given = points if spec.about.compares_with == "points" else mask
    function = globals()[spec.function.split(":")[1]]
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: function(z, given, **spec.settings()), logits)


def finite(spec, logits, points, mask):
    logits = logits.clone().requires_grad_()
    given = points if spec.about.compares_with == "points" else mask
    loss = globals()[spec.function.split(":")[1]](logits, given, **spec.settings())
    loss.backward()
    assert loss.dtype in (torch.float32, torch.float64)
    assert bool(loss.isfinite())
    assert bool(logits.grad.isfinite().all())
    return float(loss.detach())


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("level", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (6, 7)])
def test_extreme_images_are_finite(spec, level, shape):
    logits = torch.full((3, 1, *shape), level)
    points = [torch.zeros((0, 2)), torch.zeros((1, 2)), torch.zeros((5, 2))]
    mask = torch.zeros_like(logits)
    mask[1, 0, 0, 0], mask[2] = 1, 1
    assert math.isfinite(finite(spec, logits, points, mask))


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_full(spec, dtype):
    logits, points, mask = random_case(dtype=dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = finite(spec, logits, points, mask)
    assert half == pytest.approx(finite(spec, logits.float(), points, mask.float()), rel=1e-6)


def test_a_point_outside_the_image_is_refused():
    with pytest.raises(ValueError, match="not inside"):
        distance_weighted(logits_of(), [torch.tensor([[3.0, 25.0]])])


@pytest.mark.parametrize("loss", [boundary, hausdorff_dt])
def test_a_mask_of_another_shape_is_refused(loss):
    with pytest.raises(ValueError, match="shape"):
        loss(logits_of(), torch.zeros((1, 1, 5, 5)))


def test_distance_weighted_ends_right_from_every_start():
    after, _ = descend(build_loss(DistanceWeighted()), list(STARTS.values()), steps=200)
    assert [outcome.start for outcome in after if not outcome.right] == []


def test_hausdorff_alone_merges_a_pair_whose_dots_touch_and_removes_no_other():
    pair = [STARTS["2 px off"], STARTS["4 px apart"]]
    (apart, touching), _ = descend(build_loss(HausdorffDT()), pair, steps=80)
    assert apart.right
    assert 0.9 < touching.count_ratio < 0.98
