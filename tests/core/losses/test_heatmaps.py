"""Losses that compare with a heatmap."""

import math

import numpy as np
import pytest
import torch
from scipy.special import expit

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.draw import draw_heatmap
from napari_slitseg.core.losses.heatmaps import adaptive_wing, centernet_focal, heatmap_bce
from napari_slitseg.core.losses.probes import descend, hard_starts, pull
from napari_slitseg.core.losses.spec_maps import AdaptiveWing, CenterNetFocal, HeatmapBCE
from napari_slitseg.core.targets import heatmap

RNG = np.random.default_rng(5)
LOSSES = {
    "centernet_focal": centernet_focal,
    "heatmap_bce": heatmap_bce,
    "adaptive_wing": adaptive_wing,
}
SPECS = [
    CenterNetFocal(),
    CenterNetFocal(reduce="batch"),
    HeatmapBCE(),
    HeatmapBCE.preset("spotiflow"),
    AdaptiveWing(),
    AdaptiveWing.preset("weighted_map"),
]
NONE = torch.zeros((0, 2))
PIXEL = [torch.zeros((1, 2))]


def logit(p):
    return math.log(p / (1 - p))


def pixel_of(p):
    """Return the logit of p as an image of one pixel."""
    return torch.full((1, 1, 1, 1), logit(p), dtype=torch.float64)


def random_case(shape=(2, 1, 13, 17), dtype=torch.float64):
    logits = torch.from_numpy(RNG.normal(-1, 2, shape)).to(dtype)
    points = [torch.from_numpy(RNG.uniform(0, 12, (n, 2))) for n in (4, 0)]
    return logits, points


def value(spec, logits, points):
    return LOSSES[spec.name](logits, points, **spec.settings())


# CenterNet


def test_centernet_by_hand():
    assert float(centernet_focal(pixel_of(0.8), PIXEL)) == pytest.approx(-(0.2**2) * math.log(0.8))
    empty = centernet_focal(pixel_of(0.8), [NONE])
    assert float(empty) == pytest.approx(-(0.8**2) * math.log(0.2))


def test_centernet_spares_the_neighbour_of_a_centre():
    pair = torch.tensor([[[[100.0, 0.0]]]], dtype=torch.float64)
    near = math.exp(-0.5)
    expected = -((1 - near) ** 4) * 0.5**2 * math.log(0.5)
    assert float(centernet_focal(pair, PIXEL, sigma_px=1)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("reduce", ["image", "batch"])
def test_centernet_agrees_with_a_pixel_by_pixel_sum(reduce):
    logits, points = random_case()
    points[1] = torch.tensor([[3.2, 4.9]])
    sums, counts = [], []
    for z, yx in zip(logits.numpy()[:, 0], points, strict=True):
        centres = {(round(y), round(x)) for y, x in yx.tolist()}
        total = 0.0
        for (y, x), each in np.ndenumerate(expit(z)):
            square = min((y - a) ** 2 + (x - b) ** 2 for a, b in centres)
            heat = math.exp(-square / 2 / 1.2**2) if square <= (4 * 1.2) ** 2 else 0
            if (y, x) in centres:
                total -= (1 - each) ** 1.5 * math.log(each)
            else:
                total -= (1 - heat) ** 3 * each**1.5 * math.log(1 - each)
        sums.append(total)
        counts.append(len(centres))
    ratio = np.array(sums) / counts
    expected = sum(sums) / sum(counts) if reduce == "batch" else ratio.mean()
    found = centernet_focal(logits, points, sigma_px=1.2, alpha=1.5, beta=3, reduce=reduce)
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_a_point_between_pixels_still_has_a_centre():
    logits = torch.full((1, 1, 9, 9), -100.0)
    logits[0, 0, 4, 4] = logits[0, 0, 4, 5] = 100
    wrong = centernet_focal(logits, [torch.tensor([[4.0, 4.6]])], sigma_px=0.2)
    assert float(wrong) == pytest.approx(100, rel=0.01)
    missed = centernet_focal(torch.full((1, 1, 9, 9), -100.0), [torch.tensor([[4.5, 4.5]])])
    assert float(missed) == pytest.approx(100, rel=1e-5)


def test_a_larger_alpha_makes_nearly_right_predictions_count_less():
    costs = [float(centernet_focal(pixel_of(0.9), PIXEL, alpha=a)) for a in (0, 1, 2)]
    assert costs == pytest.approx([-math.log(0.9) * 0.1**a for a in (0, 1, 2)])


def test_a_larger_beta_or_sigma_spares_more_around_a_centre():
    logits, points = torch.zeros((1, 1, 9, 9)), [torch.tensor([[4.0, 4.0]])]
    by_beta = [float(centernet_focal(logits, points, beta=b)) for b in (0, 2, 4, 8)]
    by_sigma = [float(centernet_focal(logits, points, sigma_px=s)) for s in (0.5, 1.5, 3)]
    assert by_beta == sorted(by_beta, reverse=True)
    assert by_sigma == sorted(by_sigma, reverse=True)


# heatmap cross-entropy


@pytest.mark.parametrize("compared", ["probability", "logit"])
def test_heatmap_bce_agrees_with_numpy(compared):
    logits, points = random_case()
    z = logits.numpy()
    heat = np.stack([heatmap(yx, z.shape[-2:], 1.5) for yx in points])[:, None].astype(float)
    p = expit(z)
    entropy = -(heat * np.log(p) + (1 - heat) * np.log(1 - p))
    marked = (heat >= 0.05) | ((p if compared == "probability" else z) >= 0.05)
    found = heatmap_bce(logits, points, pos_weight=7, weight_above=0.05, compared=compared)
    assert float(found) == pytest.approx(np.mean(entropy * np.where(marked, 8, 1)), rel=1e-6)


@pytest.mark.parametrize(
    ("p", "by_probability", "by_logit"), [(0.005, 1, 1), (0.4, 11, 1), (0.6, 11, 11)]
)
def test_a_logit_is_not_taken_for_a_probability_unless_asked(p, by_probability, by_logit):
    plain = -math.log(1 - p)
    found = heatmap_bce(pixel_of(p), [NONE]), heatmap_bce(pixel_of(p), [NONE], compared="logit")
    assert [float(each) / plain for each in found] == pytest.approx([by_probability, by_logit])


def test_heatmap_bce_is_lowest_at_the_heatmap():
    points = [torch.tensor([[4.3, 4.6]], dtype=torch.float64)]
    heat = draw_heatmap(points, (9, 9), sigma_px=1.5).double()
    heat = heat.clamp(1e-9, 1 - 1e-9)
    logits = torch.logit(heat).requires_grad_()
    heatmap_bce(logits, points).backward()
    assert float(logits.grad.abs().max()) < 1e-8


def test_weight_and_its_limit_move_the_loss_as_they_say():
    logits, points = random_case()
    by_weight = [float(heatmap_bce(logits, points, pos_weight=w)) for w in (0, 5, 10)]
    by_limit = [float(heatmap_bce(logits, points, weight_above=t)) for t in (0.01, 0.1, 0.9)]
    assert by_weight[2] - by_weight[1] == pytest.approx(by_weight[1] - by_weight[0])
    assert by_weight == sorted(by_weight)
    assert by_limit == sorted(by_limit, reverse=True)


def test_a_larger_sigma_widens_what_bce_wants():
    ring = torch.full((1, 1, 9, 9), -3.0)
    ring[0, 0, 4, 6] = 3
    costs = [
        float(heatmap_bce(ring, [torch.tensor([[4.0, 4.0]])], sigma_px=s, pos_weight=0))
        for s in (0.5, 1.0, 1.5)
    ]
    ring[0, 0, 4, 6] = -3
    without = [
        float(heatmap_bce(ring, [torch.tensor([[4.0, 4.0]])], sigma_px=s, pos_weight=0))
        for s in (0.5, 1.0, 1.5)
    ]
    gains = np.array(without) - costs
    assert (np.diff(gains) > 0).all()


# adaptive wing


def test_adaptive_wing_by_hand():
    small = adaptive_wing(pixel_of(0.8), PIXEL)
    assert float(small) == pytest.approx(14 * math.log(1 + 0.2**1.1), rel=1e-6)
    background = adaptive_wing(pixel_of(0.2), [NONE])
    assert float(background) == pytest.approx(14 * math.log(1 + 0.2**2.1), rel=1e-6)
    slope = 14 / (1 + 0.5**1.1) * 1.1 * 0.5**0.1
    offset = 0.5 * slope - 14 * math.log(1 + 0.5**1.1)
    large = adaptive_wing(pixel_of(0.1), PIXEL)
    assert float(large) == pytest.approx(0.9 * slope - offset, rel=1e-6)


def wing(error, heat, omega, theta, epsilon, alpha):
    power = alpha - heat
    if error < theta:
        return omega * math.log1p((error / epsilon) ** power)
    a = omega / (1 + (theta / epsilon) ** power) * power * (theta / epsilon) ** (power - 1)
    a /= epsilon
    return a * error - (theta * a - omega * math.log1p((theta / epsilon) ** power))


@pytest.mark.parametrize("settings", [(14, 0.5, 1, 2.1), (8, 0.3, 0.5, 2.5)])
def test_adaptive_wing_agrees_with_the_paper_pixel_by_pixel(settings):
    logits, points = random_case()
    heat = np.stack([heatmap(yx, logits.shape[-2:], 1.5) for yx in points])[:, None]
    error = np.abs(heat - expit(logits.numpy()))
    pixels = [wing(e, h, *settings) for e, h in zip(error.flat, heat.flat, strict=True)]
    names = dict(zip(("omega", "theta", "epsilon", "alpha"), settings, strict=True))
    found = adaptive_wing(logits, points, **names)
    assert float(found) == pytest.approx(np.mean(pixels), rel=1e-6)


def test_value_and_slope_are_continuous_at_theta():
    z = torch.tensor([logit(0.5 - 1e-7), logit(0.5 + 1e-7)], dtype=torch.float64)
    below, above = z.view(2, 1, 1, 1, 1).unbind()
    values, slopes = [], []
    for each in (below, above):
        each = each.clone().requires_grad_()
        loss = adaptive_wing(each, PIXEL)
        values.append(float(loss.detach()))
        slopes.append(float(torch.autograd.grad(loss, each)[0]))
    assert values[0] == pytest.approx(values[1], abs=1e-5)
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-5)


def test_every_parameter_of_adaptive_wing_moves_the_loss_as_it_says():
    def cost(p, **settings):
        return float(adaptive_wing(pixel_of(p), PIXEL, **settings))

    assert cost(0.8, omega=28) == pytest.approx(2 * cost(0.8))
    assert cost(0.8, epsilon=0.5) > cost(0.8, epsilon=1) > cost(0.8, epsilon=2)
    assert cost(0.8, alpha=2.1) > cost(0.8, alpha=2.6)
    assert cost(0.8, theta=0.3) == cost(0.8, theta=0.6)
    assert cost(0.5, theta=0.3) != pytest.approx(cost(0.5, theta=0.6))


def test_small_errors_count_more_at_a_peak_than_in_the_background():
    peak = adaptive_wing(pixel_of(0.9), PIXEL)
    background = adaptive_wing(pixel_of(0.1), [NONE])
    assert float(peak) > 5 * float(background)


def test_the_weighted_map_covers_the_foreground_and_one_pixel_around_it():
    logits = torch.zeros((1, 1, 1, 15), dtype=torch.float64)
    points = [torch.tensor([[0.0, 7.0]])]
    foreground = np.exp(-((np.arange(15) - 7.0) ** 2) / 2 / 1.5**2) >= 0.2
    marked = np.convolve(foreground, [1, 1, 1], "same") > 0
    heat = heatmap([(0, 7)], (1, 15), 1.5)[0]
    pixels = np.array([wing(abs(h - 0.5), h, 14, 0.5, 1, 2.1) for h in heat.astype(float)])
    found = adaptive_wing(logits, points, pos_weight=10)
    assert float(found) == pytest.approx(np.mean(pixels * (1 + 10 * marked)), rel=1e-6)
    fewer = adaptive_wing(logits, points, pos_weight=10, weight_above=0.9)
    assert float(fewer) < float(found)


def test_alpha_must_leave_a_slope_at_peaks():
    with pytest.raises(ValueError, match="above 2"):
        adaptive_wing(pixel_of(0.5), PIXEL, alpha=2)


# all


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_gradients_are_those_of_the_value(spec):
    logits, points = random_case((2, 1, 6, 7))
    points = [yx * 0.45 for yx in points]
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: value(spec, z, points), logits)


def finite(spec, logits, points):
    logits = logits.clone().requires_grad_()
    loss = value(spec, logits, points)
    loss.backward()
    assert loss.dtype in (torch.float32, torch.float64)
    assert bool(loss.isfinite())
    assert bool(logits.grad.isfinite().all())
    return float(loss.detach())


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("level", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (6, 7)])
def test_extreme_images_are_finite(spec, level, shape):
    every = torch.cartesian_prod(*(torch.arange(float(side)) for side in shape))
    points = [NONE, torch.zeros((1, 2)), torch.zeros((5, 2)), every]
    assert math.isfinite(finite(spec, torch.full((4, 1, *shape), level), points))


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_full(spec, dtype):
    logits, points = random_case(dtype=dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = finite(spec, logits, points)
    assert half == pytest.approx(finite(spec, logits.float(), points), rel=1e-6)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_point_outside_the_image_is_refused(spec):
    with pytest.raises(ValueError, match="not inside"):
        value(spec, pixel_of(0.5), [torch.tensor([[0.0, 2.0]])])


@pytest.mark.parametrize(
    ("spec", "steps"), [(CenterNetFocal(), 120), (HeatmapBCE(), 60), (AdaptiveWing(), 60)]
)
def test_heatmap_losses_end_right_from_every_start(spec, steps):
    after, _ = descend(build_loss(spec), hard_starts(), steps=steps)
    assert [outcome.start for outcome in after if not outcome.right] == []


@pytest.mark.parametrize("spec", [CenterNetFocal(), HeatmapBCE(), AdaptiveWing()], ids=str)
def test_heatmap_losses_pull_over_3_px_and_not_over_12(spec):
    near, middle, far = pull(build_loss(spec), [1, 3, 12])
    assert near > 0.4
    assert middle > 0.3
    assert abs(far) < 0.05
