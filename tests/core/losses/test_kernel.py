import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.kernel import energy, mmd
from napari_slitseg.core.losses.probes import descend, hard_starts, pull
from napari_slitseg.core.losses.spec_transport import Energy, Kernel

NONE = torch.zeros((0, 2))
BOTH = pytest.mark.parametrize("loss", [mmd, energy])


def field(*shape, seed=0, dtype=torch.float64):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype) - 1


def some_points(n, height, width, seed=1):
    shares = torch.rand(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return shares * torch.tensor([height, width]) - 0.5


def pixels(height, width):
    return np.indices((height, width)).reshape(2, -1).T


def dot(shape, y, x, sigma=1.9):
    rows, columns = np.indices(shape)
    bump = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2))
    return torch.from_numpy(-8 + 13 * bump)[None, None]


def gaussian_sum(logits, yx, sigmas, area):
    """The double sum over all pairs of signed masses."""
    where = np.concatenate([pixels(*logits.shape[2:]), yx])
    mass = np.concatenate([logits.sigmoid().numpy().ravel() / area, -np.ones(len(yx))])
    squared = cdist(where, where, "sqeuclidean")
    return np.mean([mass @ np.exp(-squared / (4 * s * s)) @ mass for s in sigmas]) / len(yx)


@pytest.mark.parametrize("sigmas", [(1.0, 2.0, 4.0, 8.0), (0.7,), (30.0, 3.0)])
def test_mmd_is_the_sum_over_all_pairs(sigmas):
    logits, yx = field(1, 1, 11, 17), some_points(5, 11, 17)
    expected = gaussian_sum(logits, yx.numpy(), sigmas, 9.0)
    result = mmd(logits, [yx], sigmas_px=sigmas, area_px=9.0)
    assert result.item() == pytest.approx(expected, rel=1e-9)
    single = mmd(logits.float(), [yx], sigmas_px=sigmas, area_px=9.0)
    assert single.item() == pytest.approx(expected, rel=1e-5)


def test_mmd_is_the_norm_of_blurred_masses_and_knows_no_borders():
    logits, yx, sigma = field(1, 1, 5, 6), torch.tensor([[0.0, 5.0], [3.3, 1.2]]), 1.5
    fine = np.arange(-12, 18, 0.25)
    rows, columns = np.meshgrid(fine, fine, indexing="ij")
    where = np.concatenate([pixels(5, 6), yx.numpy()])
    mass = np.concatenate([logits.sigmoid().numpy().ravel() / 11.34, [-1, -1]])
    blurred = sum(
        m * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2))
        for m, (y, x) in zip(mass, where, strict=True)
    ) / (2 * np.pi * sigma**2)
    norm = 4 * np.pi * sigma**2 * (blurred**2).sum() * 0.25**2 / 2
    assert mmd(logits, [yx], sigmas_px=(sigma,)).item() == pytest.approx(norm, rel=1e-6)


def test_mmd_of_a_missed_slit_is_one_and_of_a_right_dot_little():
    yx = torch.tensor([[12.0, 12.0]])
    empty = torch.full((1, 1, 25, 25), -100.0)
    assert mmd(empty, [yx]).item() == pytest.approx(1)
    disc = torch.where(dot((25, 25), 12, 12, 100)[0, 0] > 99, 1.0, -100.0).double()
    rows, columns = np.indices((25, 25))
    disc[torch.from_numpy(np.hypot(rows - 12, columns - 12) <= 1.9)] = 100.0
    assert mmd(disc[None, None], [yx], area_px=9.0).item() < 0.12


def test_mmd_of_two_missed_slits_far_apart_is_one_each():
    empty = torch.full((1, 1, 200, 200), -100.0)
    yx = torch.tensor([[5.0, 5.0], [190.0, 190.0]])
    assert mmd(empty, [yx]).item() == pytest.approx(1)


def test_small_scales_tell_small_errors_and_large_ones_large():
    yx = [torch.tensor([[20.0, 20.0]])]

    def rise(sigmas, near, far):
        values = [mmd(dot((41, 41), 20, 20 + d), yx, sigmas_px=sigmas).item() for d in (near, far)]
        return values[1] - values[0]

    assert rise((1.0,), 0, 2) > rise((8.0,), 0, 2)
    assert rise((8.0,), 8, 16) > 10 * rise((1.0,), 8, 16)


def test_area_is_what_one_slit_has():
    logits, yx = dot((25, 25), 12, 12), [torch.tensor([[12.0, 12.0]])]
    area = logits.sigmoid().sum().item()
    for loss in (mmd, energy):
        right = loss(logits, yx, area_px=area)
        assert right < loss(logits, yx, area_px=3 * area)
        assert right < loss(logits, yx, area_px=area / 3)


def energy_sum(weights, yx, q):
    where = pixels(*weights.shape)
    share = weights.ravel() / weights.sum()
    cross = share @ (cdist(where, yx) ** q).mean(axis=1)
    return 2 * cross - share @ cdist(where, where) ** q @ share - (cdist(yx, yx) ** q).mean()


@pytest.mark.parametrize("power", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("linear_weight", [0.0, 0.3])
@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.7])
def test_energy_is_the_sum_over_all_pairs(power, linear_weight, exponent):
    logits, yx = field(1, 1, 11, 17), some_points(5, 11, 17)
    p = logits.sigmoid().numpy()[0, 0]
    expected = 5 * (
        energy_sum(p**power, yx, exponent) + linear_weight * energy_sum(p, yx, exponent)
    )
    expected += 2 * np.log((1 + p.sum() / 9) / 6) ** 2
    settings = {"power": power, "linear_weight": linear_weight, "count_weight": 2, "area_px": 9.0}
    settings["exponent"] = exponent
    assert energy(logits, [yx], **settings).item() == pytest.approx(expected, rel=1e-9)
    assert energy(logits.float(), [yx], **settings).item() == pytest.approx(expected, rel=1e-5)


def test_energy_is_zero_for_one_pixel_on_its_point():
    logits = torch.full((1, 1, 7, 9), -100.0, dtype=torch.float64)
    logits[0, 0, 3, 4] = 100
    at = torch.tensor([[3.0, 4.0]])
    assert energy(logits, [at], area_px=1.0).item() == pytest.approx(0, abs=1e-9)
    moved = energy(logits, [at + torch.tensor([0.0, 3.0])], area_px=1.0, exponent=1.5)
    assert moved.item() == pytest.approx(2 * 1.3 * 3**1.5)


def test_energy_without_points_is_the_count_term():
    logits = field(1, 1, 6, 7)
    expected = math.log(1 + logits.sigmoid().sum().item() / 11.34) ** 2
    assert energy(logits, [NONE]).item() == pytest.approx(expected)
    assert energy(logits, [NONE], count_weight=0).item() == 0


def test_count_weight_raises_missing_mass():
    logits, yx = torch.full((1, 1, 20, 20), -9.0), [some_points(6, 20, 20)]
    slopes = []
    for weight in (0.0, 3.0):
        z = logits.clone().requires_grad_()
        energy(z, yx, count_weight=weight).backward()
        slopes.append(z.grad.sum().item())
    assert slopes[1] < slopes[0] - 1e-3


def test_power_keeps_background_out():
    logits, yx = dot((41, 41), 20, 20).clamp(min=-4), [torch.tensor([[20.0, 20.0]])]
    values = [energy(logits, yx, power=k, linear_weight=0, count_weight=0) for k in (1, 2, 3)]
    assert values[0] > values[1] > values[2] >= 0


def test_energy_falls_steadily_as_a_dot_comes_nearer():
    yx = [torch.tensor([[10.0, 5.0]])]
    values = [energy(dot((21, 60), 10, 5 + d), yx).item() for d in range(0, 50, 5)]
    assert np.all(np.diff(values) > 0.5)


def test_low_exponent_weighs_the_first_pixel_and_high_the_last():
    yx = [torch.tensor([[10.0, 5.0]])]

    def rise(exponent, near, far):
        values = [energy(dot((21, 60), 10, 5 + d), yx, exponent=exponent) for d in (0, near, far)]
        return (values[1] - values[0]).item() / (values[2] - values[0]).item()

    assert rise(0.5, 4, 40) > 2 * rise(1.5, 4, 40)


@BOTH
def test_loss_is_the_mean_of_its_images(loss):
    logits, points = field(3, 1, 9, 8), [some_points(4, 9, 8), NONE, some_points(1, 9, 8)]
    each = [loss(z[None], [yx]).item() for z, yx in zip(logits, points, strict=True)]
    assert loss(logits, points).item() == pytest.approx(np.mean(each))


@BOTH
def test_gradient_is_right(loss):
    logits = field(3, 1, 6, 7).requires_grad_()
    points = [some_points(3, 6, 7), NONE, some_points(1, 6, 7, seed=5)]
    assert torch.autograd.gradcheck(lambda z: loss(z, points), (logits,))


@BOTH
@pytest.mark.parametrize("level", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize("shape", [(2, 1, 8, 9), (2, 1, 1, 1)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_loss_stays_finite(loss, level, shape, dtype):
    logits = torch.full(shape, level, dtype=dtype, requires_grad=True)
    points = [NONE, torch.tensor([[-0.5, 0.2], [0.0, 0.0], [0.0, 0.0]])]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(logits, points)
    value.backward()
    assert value.isfinite()
    assert value > -1e-5
    assert logits.grad.isfinite().all()


@BOTH
def test_empty_images_lose_their_mass(loss):
    logits = field(1, 1, 8, 8).requires_grad_()
    loss(logits, [NONE]).backward()
    assert (logits.grad > 0).all()


@BOTH
def test_points_outside_are_refused(loss):
    with pytest.raises(ValueError, match="not inside"):
        loss(field(1, 1, 6, 7), [torch.tensor([[3.0, 6.6]])])


def test_energy_pulls_a_dot_from_any_distance():
    assert pull(build_loss(Energy()), [1, 4, 12, 20]).min() > 0.45


def test_mmd_erases_nothing():
    starts = [each for each in hard_starts() if each.name == "half missing"]
    outcomes, _ = descend(build_loss(Kernel()), starts, steps=50, look_every=50)
    assert [each.start for each in outcomes if each.right] == [each.name for each in starts]
