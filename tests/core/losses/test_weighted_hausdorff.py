import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.probes import descend, hard_starts
from napari_slitseg.core.losses.spec_transport import WeightedHausdorff
from napari_slitseg.core.losses.weighted_hausdorff import weighted_hausdorff

NONE = torch.zeros((0, 2))


def field(*shape, seed=0, spread=2.0):
    draw = torch.Generator().manual_seed(seed)
    return spread * torch.randn(*shape, generator=draw, dtype=torch.float64) - 1


def some_points(n, height, width, seed=1):
    shares = torch.rand(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return shares * torch.tensor([height, width]) - 0.5


def by_hand(logits, yx, power, half, count_weight=0.0, area=11.34):
    p = logits.sigmoid().numpy()[0, 0]
    where = np.indices(p.shape).reshape(2, -1).T
    distance, diagonal = cdist(where, yx), np.hypot(*p.shape)
    p = p.ravel()
    result = p @ distance.min(axis=1) / (p.sum() + 1e-6)
    for g, d in zip(yx, distance.T, strict=True):
        near = np.abs(where - np.round(g)).max(axis=1) <= (half or np.inf)
        cost = ((1 - p) * diagonal + p * d)[near]
        result += np.mean(cost**power) ** (1 / power) / len(yx)
    error = abs(p.sum() / area - len(yx))
    return result + count_weight * (error - 0.5 if error > 1 else error**2 / 2) / len(yx)


@pytest.mark.parametrize("power", [-1.0, -3.0, -9.0])
@pytest.mark.parametrize("half", [None, 3.0])
@pytest.mark.parametrize("n", [1, 20])
def test_loss_is_the_formula(power, half, n):
    logits, yx = field(1, 1, 13, 11), some_points(n, 13, 11)
    settings = {"power": power, "support_px": half, "count_weight": 2.0}
    expected = by_hand(logits, yx.numpy(), power, half, 2.0)
    assert weighted_hausdorff(logits, [yx], **settings).item() == pytest.approx(expected, rel=1e-6)
    single = weighted_hausdorff(logits.float(), [yx], **settings)
    assert single.item() == pytest.approx(expected, rel=1e-5)


def test_one_sure_pixel_costs_its_distance_both_ways():
    logits = torch.full((1, 1, 1, 21), -100.0, dtype=torch.float64)
    logits[..., 4] = 100
    yx = [torch.tensor([[0.0, 10.0]])]
    value = weighted_hausdorff(logits, yx, power=-200.0, count_weight=0.0)
    assert value.item() == pytest.approx(6 + 6 * 21 ** (1 / 200), rel=1e-3)


def test_no_mass_costs_the_diagonal():
    logits = torch.full((1, 1, 30, 40), -100.0)
    yx = [torch.tensor([[10.0, 10.0], [20.0, 30.0]])]
    assert weighted_hausdorff(logits, yx, count_weight=0.0).item() == pytest.approx(50)


def test_mean_over_all_pixels_is_biased_and_a_lower_power_or_a_window_less_so():
    logits = torch.full((1, 1, 64, 64), -100.0, dtype=torch.float64)
    logits[0, 0, 30:33, 30:33] = 0.0
    yx = [torch.tensor([[31.0, 31.0]])]

    def value(**settings):
        return weighted_hausdorff(logits, yx, count_weight=0.0, **settings).item()

    assert value(power=-1.0) > value(power=-9.0) > value(power=-30.0)
    assert value(power=-9.0) > value(power=-9.0, support_px=6.0) > value(power=-9.0, support_px=2.0)


def test_window_pulls_only_from_inside():
    logits = field(1, 1, 41, 41).requires_grad_()
    yx = [torch.tensor([[20.0, 20.0]])]

    def slope(half):
        value = weighted_hausdorff(logits, yx, support_px=half, count_weight=0.0, power=-1.0)
        return torch.autograd.grad(value, logits)[0][0, 0]

    inside = torch.zeros(41, 41, dtype=torch.bool)
    inside[17:24, 17:24] = True
    one_way = weighted_hausdorff(logits, yx, support_px=0.4, count_weight=0.0, power=-1.0)
    (least,) = torch.autograd.grad(one_way, logits)
    changed = (slope(3.0) - least[0, 0]).abs() > 1e-9
    assert changed[inside].all()
    assert not changed[~inside].any()
    assert (slope(None) - least[0, 0])[~inside].abs().max() > 1e-6


def test_count_weight_and_area_ask_for_a_mass():
    logits, yx = field(1, 1, 12, 12), [some_points(2, 12, 12)]
    plain = weighted_hausdorff(logits, yx, count_weight=0.0).item()
    area = logits.sigmoid().sum().item() / 2
    right = weighted_hausdorff(logits, yx, count_weight=3.0, area_px=area)
    assert right.item() == pytest.approx(plain)
    half = weighted_hausdorff(logits, yx, count_weight=3.0, area_px=2 * area)
    assert half.item() == pytest.approx(plain + 3 * 0.5 / 2)


def test_without_points_mass_costs():
    logits = field(1, 1, 6, 8).requires_grad_()
    value = weighted_hausdorff(logits, [NONE], count_weight=0.0)
    count = logits.sigmoid().sum().item() / 11.34
    assert value.item() == pytest.approx(10 * math.log(1 + count))
    value.backward()
    assert (logits.grad > 0).all()


def test_loss_is_the_mean_of_its_images():
    logits, points = field(3, 1, 9, 8), [some_points(4, 9, 8), NONE, some_points(1, 9, 8)]
    each = [weighted_hausdorff(z[None], [yx]).item() for z, yx in zip(logits, points, strict=True)]
    assert weighted_hausdorff(logits, points).item() == pytest.approx(np.mean(each))


@pytest.mark.parametrize("half", [None, 2.0])
def test_gradient_is_right(half):
    logits = field(2, 1, 4, 5).requires_grad_()
    points = [some_points(9, 4, 5), NONE]
    assert torch.autograd.gradcheck(
        lambda z: weighted_hausdorff(z, points, support_px=half, power=-4.0), (logits,)
    )


@pytest.mark.parametrize("half", [None, 2.0])
@pytest.mark.parametrize("level", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize("shape", [(2, 1, 8, 9), (2, 1, 1, 1)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_loss_stays_finite(half, level, shape, dtype):
    logits = torch.full(shape, level, dtype=dtype, requires_grad=True)
    points = [NONE, torch.tensor([[-0.5, 0.2], [0.0, 0.0], [0.0, 0.0]])]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = weighted_hausdorff(logits, points, support_px=half)
    value.backward()
    assert value.isfinite()
    assert value >= 0
    assert logits.grad.isfinite().all()


def test_points_outside_are_refused():
    with pytest.raises(ValueError, match="not inside"):
        weighted_hausdorff(field(1, 1, 6, 7), [torch.tensor([[3.0, 6.6]])])


def test_missing_dots_grow():
    starts = [each for each in hard_starts() if each.name == "half missing"]
    (outcome,), _ = descend(
        build_loss(WeightedHausdorff()), starts, steps=40, rate=0.5, look_every=40
    )
    assert outcome.right
