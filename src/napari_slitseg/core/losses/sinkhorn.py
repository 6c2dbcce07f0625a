"""Debiased unbalanced Sinkhorn divergence between predicted mass and points.

The dual potentials are found without gradient; by the envelope theorem they are the gradient. Mass
stays on the pixel grid: its own transport is a separable convolution, and its transport to the
points happens in a window round each point, so that cost and memory do not depend on where mass
lies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from napari_slitseg.core.losses.target import (
    at_least_one,
    checked_points,
    distances_between,
    full_precision,
    pad_points,
)

_WINDOW_BLURS = 6.0
_LEAST_LOG_MASS = -60.0
_OWN_STEPS = 16


@full_precision
def sinkhorn(  # noqa: PLR0913
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    reach_px: float = 6.0,
    blur_px: float = 1.0,
    iterations: int = 25,
    window_reaches: float = 3.0,
    support: float = 0.03,
    area_px: float = 11.34,
) -> Tensor:
    r"""Return the debiased unbalanced Sinkhorn divergence of predicted mass and points.

    .. math:: \frac{1}{n} [OT(a, b) - \frac{1}{2} OT(a, a) - \frac{1}{2} OT(b, b)
        + \frac{\varepsilon}{2} (m_a - m_b)^2]

    with cost :math:`d^2 / 2`, entropy :math:`\varepsilon` = blur² and a Kullback-Leibler penalty
    :math:`\rho` = reach² on mass that appears or disappears. a is p / A on the pixels, b is 1 at
    each point.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
    points : sequence of (N, 2) tensors
        (y, x) px, one tensor an image; N may be 0.
    reach_px : float
        Distance from which mass rather disappears and appears than moves, px.
    blur_px : float
        Distance below which masses are not told apart, px.
    iterations : int
        Number of Sinkhorn steps between mass and points, accelerated for the known damping.
    window_reaches : float
        Mass moves at most this many reaches; of a lone pair, about 1 % would still move at 3, and
        0.03 % at 4. Time grows with its square.
    support : float
        Probability below which pixels outside a dot and a half of every point are left out, so that
        faint background, which is large, does not drown the dots. 0: none.
    area_px : float
        Area A of one full dot, px².

    Returns
    -------
    scalar tensor
        Mean over images, px², at least 0 up to the error of unfinished steps. n is the number of
        points of an image, or 1 where there are none: then what is left is the cost of the mass.

    Raises
    ------
    ValueError
        If a point is outside the image or the shapes do not fit.

    References
    ----------
    Sejourne, Feydy, Vialard, Trouve and Peyre, Sinkhorn divergences for unbalanced optimal
    transport, arXiv:1910.12958.
    """
    yx, real = pad_points(checked_points(points, logits))
    log_mass = functional.logsigmoid(logits[:, 0]) - math.log(area_px)
    problem = _Problem(blur_px**2, reach_px**2, iterations)
    with torch.no_grad():
        farthest = min(window_reaches * reach_px, math.hypot(*log_mass.shape[1:]))
        windows = _windows(log_mass.shape, yx, real, math.ceil(farthest))
        radius = 1.5 * math.sqrt(area_px / math.pi)
        kept = _support(windows, torch.sigmoid(logits[:, 0]) >= support, radius)
        floored = torch.where(kept, log_mass, _LEAST_LOG_MASS).clamp(min=_LEAST_LOG_MASS)
        from_mass, from_points = _transport(problem, floored, windows, real)
        price = _price(_own_grid(problem, floored), from_mass, problem.rho)
        debt = _price(_own_points(problem, yx, real), from_points, problem.rho) * real
    return (_divergence(problem, log_mass.exp() * kept, price, debt) / at_least_one(real)).mean()


@dataclass(frozen=True)
class _Problem:
    """Entropy, price of creation and destruction (both px²), and number of steps."""

    epsilon: float
    rho: float
    iterations: int

    @property
    def damping(self) -> float:
        return self.rho / (self.rho + self.epsilon)

    def softmin(self, log_sum: Tensor) -> Tensor:
        return -self.damping * self.epsilon * log_sum


def _price(own: Tensor, other: Tensor, rho: float) -> Tensor:
    return torch.exp(-own / rho) - torch.exp(-other / rho)


def _divergence(problem: _Problem, mass: Tensor, price: Tensor, debt: Tensor) -> Tensor:
    """Return the divergence (B,); its gradient by mass weighs prices by rho + epsilon."""
    value, slope = problem.rho + problem.epsilon / 2, problem.rho + problem.epsilon
    moved = (slope * mass - (slope - value) * mass.detach()) * price
    return moved.sum((1, 2)) + value * debt.sum(dim=1)


def _own_grid(problem: _Problem, log_mass: Tensor) -> Tensor:
    """Return the potential of the mass on the grid against itself, (B, H, W).

    Each averaged step at least halves the error.
    """
    radius = math.ceil(_WINDOW_BLURS * math.sqrt(problem.epsilon))
    offset = torch.arange(-radius, radius + 1).to(log_mass)
    kernel = torch.exp(-offset.square() / (2 * problem.epsilon))
    potential = torch.zeros_like(log_mass)
    for _ in range(_OWN_STEPS):
        weights = torch.exp(log_mass + potential / problem.epsilon)
        update = problem.softmin(torch.log(_convolve(weights, kernel)))
        potential = (potential + update) / 2
    return potential


def _convolve(image: Tensor, kernel: Tensor) -> Tensor:
    radius = len(kernel) // 2
    rows = functional.conv2d(image[:, None], kernel.view(1, 1, -1, 1), padding=(radius, 0))
    return functional.conv2d(rows, kernel.view(1, 1, 1, -1), padding=(0, radius))[:, 0]


def _own_points(problem: _Problem, yx: Tensor, real: Tensor) -> Tensor:
    """Return the potential of the points against themselves, (B, M)."""
    cost = distances_between(yx).square() / (2 * problem.epsilon)
    both = real[:, None] & real[:, :, None] | torch.eye(yx.shape[1]).to(real)
    kernel = torch.where(both, -cost, -torch.inf)
    potential = yx.new_zeros(yx.shape[:2])
    for _ in range(_OWN_STEPS):
        log_sum = torch.logsumexp(kernel + potential[:, None] / problem.epsilon, dim=2)
        potential = (potential + problem.softmin(log_sum)) / 2
    return potential


@dataclass(frozen=True, eq=False)
class _Windows:
    """Pixels round each of P points: flat index and cost, (P, K); cost is inf off the image."""

    index: Tensor
    cost: Tensor


def _windows(shape: torch.Size, yx: Tensor, real: Tensor, radius: int) -> _Windows:
    image, centres = real.nonzero()[:, :1], yx[real]
    last = torch.tensor(shape[1:], device=yx.device) - 1
    side = torch.arange(-radius, radius + 1, device=yx.device)
    offset = torch.cartesian_prod(side, side)
    offset = offset[offset.square().sum(dim=1) <= radius**2]
    centre = centres.round().long().clamp(min=0).minimum(last)
    pixel = centre[:, None] + offset
    inside = ((pixel >= 0) & (pixel <= last)).all(dim=2)
    pixel = torch.where(inside[..., None], pixel, centre[:, None])
    cost = (pixel - centres[:, None]).square().sum(dim=2) / 2
    index = (image * shape[1] + pixel[..., 0]) * shape[2] + pixel[..., 1]
    return _Windows(index, torch.where(inside, cost, torch.inf))


def _support(windows: _Windows, bright: Tensor, radius: float) -> Tensor:
    near = windows.index[windows.cost <= radius**2 / 2]
    return bright.flatten().index_fill(0, near, value=True).view_as(bright)


def _transport(
    problem: _Problem, log_mass: Tensor, windows: _Windows, real: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the potentials between mass and points: (B, H, W), inf out of reach, and (B, M)."""
    contraction = problem.damping**2
    step, inertia = _acceleration(contraction)
    before = now = log_mass.new_zeros(len(windows.cost))
    on_grid = torch.full_like(log_mass, torch.inf)
    for k in range(problem.iterations):
        on_grid = _to_grid(problem, windows, now, log_mass)
        update = _to_points(problem, windows, on_grid, log_mass)
        if k == 0:
            before, now = now, update
        else:
            before, now = now, before + inertia * (step * (update - now) + now - before)
    on_grid = _to_grid(problem, windows, now, log_mass)
    on_points = log_mass.new_zeros(real.shape)
    on_points[real] = _to_points(problem, windows, on_grid, log_mass)
    return on_grid, on_points


def _acceleration(contraction: float) -> tuple[float, float]:
    """Return step and inertia of the best two-step iteration for eigenvalues in [0, contraction].

    Golub and Varga, Chebyshev semi-iterative methods, Numer. Math. 3 (1961).
    """
    radius = contraction / (2 - contraction)
    return 2 / (2 - contraction), 2 / (1 + math.sqrt(1 - radius**2))


def _to_points(problem: _Problem, windows: _Windows, on_grid: Tensor, log_mass: Tensor) -> Tensor:
    weight = log_mass + on_grid / problem.epsilon
    exponent = weight.flatten()[windows.index].sub_(windows.cost, alpha=1 / problem.epsilon)
    top = exponent.amax(dim=1)
    total = exponent.sub_(top[:, None]).exp_().sum(dim=1)
    return problem.softmin(top + torch.log(total))


def _to_grid(problem: _Problem, windows: _Windows, on_points: Tensor, log_mass: Tensor) -> Tensor:
    exponent = ((on_points[:, None] - windows.cost).div_(problem.epsilon)).flatten()
    index = windows.index.flatten()
    top = log_mass.new_full((log_mass.numel(),), -torch.inf)
    top = top.scatter_reduce_(0, index, exponent, "amax").nan_to_num_(neginf=0.0)
    total = torch.zeros_like(top).index_add_(0, index, exponent.sub_(top[index]).exp_())
    return problem.softmin(top + torch.log(total)).view_as(log_mass)
