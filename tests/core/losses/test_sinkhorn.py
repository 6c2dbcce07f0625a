import numpy as np
import pytest
import torch
from geomloss import SamplesLoss

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.probes import descend, hard_starts, pull
from napari_slitseg.core.losses.sinkhorn import sinkhorn
from napari_slitseg.core.losses.spec_transport import Sinkhorn

NONE = torch.zeros((0, 2))
EXACT = {"support": 0.0, "window_reaches": 8.0, "iterations": 200}


def field(*shape, seed=0, spread=3.0):
    draw = torch.Generator().manual_seed(seed)
    return spread * torch.randn(*shape, generator=draw, dtype=torch.float64) - 2


def some_points(n, height, width, seed=1):
    shares = torch.rand(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return shares * torch.tensor([height, width]) - 0.5


def one_dot(shape, y, x):
    rows, columns = np.indices(shape)
    inside = np.hypot(rows - y, columns - x) <= 1.9
    return torch.from_numpy(np.where(inside, 100.0, -100.0))[None, None]


def by_geomloss(logits, yx, reach, blur, area):
    rows, columns = np.indices(logits.shape[2:])
    where = torch.from_numpy(np.stack([rows.ravel(), columns.ravel()], axis=1).astype(float))
    mass = (logits.sigmoid() / area).flatten()
    reference = SamplesLoss(
        "sinkhorn", p=2, blur=blur, reach=reach, debias=True, scaling=0.995, backend="tensorized"
    )
    return reference(mass, where, torch.ones(len(yx)).to(mass), yx) / len(yx)


@pytest.mark.parametrize(("reach", "blur"), [(3.0, 1.0), (6.0, 1.0), (6.0, 0.7)])
def test_value_and_gradient_are_those_of_geomloss(reach, blur):
    logits, yx = field(1, 1, 9, 8).requires_grad_(), some_points(4, 9, 8)
    value = sinkhorn(logits, [yx], reach_px=reach, blur_px=blur, area_px=5.0, **EXACT)
    expected = by_geomloss(logits, yx, reach, blur, 5.0)
    assert value.item() == pytest.approx(expected.item(), rel=1e-4)
    (slope,) = torch.autograd.grad(value, logits)
    (theirs,) = torch.autograd.grad(expected, logits)
    # By mass, their gradient has the weight of their value (rho + eps/2) in place of rho + eps.
    theirs *= (reach**2 + blur**2) / (reach**2 + blur**2 / 2)
    assert (slope - theirs).abs().max() < 6e-3 * theirs.abs().max()


@pytest.mark.parametrize("support", [0.0, 0.03])
def test_gradient_is_right(support):
    logits = field(2, 1, 4, 5).requires_grad_()
    settings = {"support": support, "reach_px": 2.0, "iterations": 40}
    assert torch.autograd.gradcheck(
        lambda z: sinkhorn(z, [some_points(2, 4, 5), NONE], **settings), (logits,), rtol=1e-3
    )


def test_few_steps_are_nearly_all():
    logits, points = field(1, 1, 24, 24), [some_points(9, 24, 24)]
    settled = sinkhorn(logits, points, iterations=400)
    assert sinkhorn(logits, points).item() == pytest.approx(settled.item(), rel=2e-3)
    assert sinkhorn(logits, points, iterations=100).item() == pytest.approx(settled.item(), 1e-6)


def test_mass_out_of_reach_costs_its_destruction():
    """A lone full dot and a lone point pay as if the other were not there."""
    shape, yx = (9, 90), [torch.tensor([[4.0, 85.0]])]
    both = sinkhorn(one_dot(shape, 4, 4), yx, area_px=9.0)
    missed = sinkhorn(torch.full((1, 1, *shape), -100.0), yx)
    surplus = sinkhorn(one_dot(shape, 4, 4), [NONE], area_px=9.0)
    assert both.item() == pytest.approx(missed.item() + surplus.item(), rel=1e-4)
    # One point alone: f = 0, so the divergence from nothing is rho + eps / 2.
    assert missed.item() == pytest.approx(36.5, rel=1e-3)


def test_a_dot_in_reach_costs_half_its_squared_way():
    yx = [torch.tensor([[10.0, 20.0]])]
    at = [
        sinkhorn(one_dot((21, 41), 10, 20 + d), yx, area_px=9.0, reach_px=30.0, window_reaches=1.0)
        for d in (0, 4)
    ]
    assert (at[1] - at[0]).item() == pytest.approx(4**2 / 2, rel=0.02)


def test_reach_lets_mass_move_farther():
    yx = [torch.tensor([[10.0, 5.0]])]

    def rise(reach):
        at = [sinkhorn(one_dot((21, 60), 10, x), yx, reach_px=reach, area_px=9.0) for x in (25, 40)]
        return (at[1] - at[0]).item() / reach**2

    assert rise(4.0) == pytest.approx(0, abs=0.02)
    assert rise(12.0) > 0.3


def test_blur_hides_shape():
    """Two half dots to both sides of a point."""
    logits = torch.maximum(one_dot((31, 31), 15, 12), one_dot((31, 31), 15, 18))
    yx = [torch.tensor([[15.0, 15.0]])]
    sharp, blurred = (sinkhorn(logits, yx, blur_px=blur, area_px=18.0) for blur in (1.0, 6.0))
    assert blurred < sharp / 2


def test_window_limits_where_mass_moves():
    yx, logits = [torch.tensor([[4.0, 20.0]])], one_dot((9, 41), 4, 8)
    values = [sinkhorn(logits, yx, window_reaches=w, area_px=9.0) for w in (1.0, 3.0, 4.0, 6.0)]
    assert values[0] > values[1] + 1
    assert values[2].item() == pytest.approx(values[3].item(), rel=1e-3)


def test_support_leaves_faint_background_out():
    logits = torch.full((1, 1, 41, 41), -5.0, requires_grad=True)
    yx = [torch.tensor([[20.0, 20.0]])]
    sinkhorn(logits, yx).backward()
    rows, columns = np.indices((41, 41))
    near = torch.from_numpy(np.hypot(rows - 20, columns - 20) < 2.85)
    assert (logits.grad[0, 0][near] < 0).all()
    assert not logits.grad[0, 0][~near].any()
    logits.grad = None
    sinkhorn(logits, yx, support=0.0).backward()
    assert logits.grad[0, 0][~near].all()


def test_area_is_what_one_slit_has():
    logits, yx = one_dot((25, 25), 12, 12), [torch.tensor([[12.0, 12.0]])]
    values = [sinkhorn(logits, yx, area_px=area) for area in (3.0, 9.0, 27.0)]
    assert values[1] < values[0]
    assert values[1] < values[2]


def test_loss_is_the_mean_of_its_images():
    logits, points = field(3, 1, 9, 8), [some_points(4, 9, 8), NONE, some_points(1, 9, 8)]
    each = [sinkhorn(z[None], [yx]).item() for z, yx in zip(logits, points, strict=True)]
    assert sinkhorn(logits, points).item() == pytest.approx(np.mean(each))


@pytest.mark.parametrize("level", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize("shape", [(2, 1, 8, 9), (2, 1, 1, 1)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("points", [[[-0.5, 0.2], [0.0, 0.0], [0.0, 0.0]], []])
def test_loss_stays_finite(level, shape, dtype, points):
    logits = torch.full(shape, level, dtype=dtype, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = sinkhorn(logits, [NONE, torch.tensor(points)])
    value.backward()
    assert value.isfinite()
    assert value > -1e-3
    assert logits.grad.isfinite().all()


def test_single_precision_bears_extremes():
    logits = 100 * torch.sign(field(1, 1, 20, 20)).float()
    points = [some_points(6, 20, 20)]
    expected = sinkhorn(logits.double(), points).item()
    assert sinkhorn(logits, points).item() == pytest.approx(expected, rel=1e-4)


def test_empty_images_lose_their_mass():
    logits = field(1, 1, 8, 8).requires_grad_()
    sinkhorn(logits, [NONE], support=0.0).backward()
    assert (logits.grad > 0).all()


def test_points_outside_are_refused():
    with pytest.raises(ValueError, match="not inside"):
        sinkhorn(field(1, 1, 6, 7), [torch.tensor([[3.0, 6.6]])])


def test_a_displaced_dot_is_pulled():
    assert pull(build_loss(Sinkhorn()), [3, 6]).min() > 0.25


def test_missing_dots_grow():
    starts = [each for each in hard_starts() if each.name == "half missing"]
    (outcome,), _ = descend(
        build_loss(Sinkhorn(iterations=5)), starts, steps=20, rate=0.5, look_every=20
    )
    assert outcome.right
