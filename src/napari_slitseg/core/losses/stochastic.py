"""The 2021 study's composite with its exact value and an estimated gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from napari_slitseg.core.losses.claims import Reading, read_claims
from napari_slitseg.core.losses.estimators import Baseline, Candidates, Rule, draw, estimate
from napari_slitseg.core.losses.perturbed import perturbation_gradient
from napari_slitseg.core.losses.study_values import (
    DetectorName,
    Empty,
    as_array,
    count_value,
    detected,
    distance_value,
    farthest,
    image_shape,
    weighted,
)
from napari_slitseg.core.losses.target import checked_points, full_precision


@full_precision
def stochastic_composite(  # noqa: PLR0913
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    alpha: float = 1.0,
    beta: float = 0.003,
    estimator: Literal["score", "perturbation"] = "score",
    samples: int = 16,
    baseline: Baseline = "counterfactual",
    noise_px: float = 1.0,
    noise_logit: float = 1.0,
    grid_px: int = 4,
    detector: DetectorName = "peaks",
    threshold: float = 0.5,
    empty: Empty = "cap",
    cap_px: float = 30.0,
    under_power: float = 3.0,
    over_power: float = 2.0,
    proportional: bool = False,
    scale: float = 10.0,
) -> Tensor:
    """Return alpha * vanilla distance + beta * point loss, with an estimated gradient.

    The value is that of `study.composite`, of the map as it is. ``backward()`` gives an estimate,
    from draws, of the gradient of its expectation over slightly different maps.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
        Raw output of the slit head.
    points : sequence of (N, 2) tensors
        Annotations (y, x) in px, one tensor an image; N may be 0.
    alpha, beta : float
        Weights of distance (px) and point loss, at least 0. With the study's 1 and 10 the number
        of points drowns their places; the defaults balance them.
    estimator : str
        "score": the claims of the map exist with their probabilities, at their positions plus
        noise, and the score function of those draws weighs their composites. "perturbation":
        antithetic Gaussian noise on a coarse grid of the logits, each map run through the real
        detector; slow, and lost in its noise on large maps.
    samples : int
        Draws an image, at least 2; an odd number counts one less for "perturbation".
    baseline : str
        What "score" subtracts to lower the variance: "counterfactual", the draw without the
        candidate in question, or "leave_one_out", the mean of the other draws.
    noise_px : float
        Standard deviation of candidates' positions, px, above 0.
    noise_logit : float
        Standard deviation of the perturbation, in logits, above 0.
    grid_px : int
        Side of the cells of the perturbation, px, at least 1.
    detector, threshold, empty, cap_px, under_power, over_power, proportional, scale
        As in `study.composite`.

    Returns
    -------
    () tensor
        At least 0. Draws come from torch's generator: ``torch.manual_seed`` repeats them. Nothing
        is drawn where no gradient is wanted. There is no second derivative.

    Raises
    ------
    ValueError
        If a point lies outside the image, there is not one list of points an image, or a number
        is outside its range.

    Notes
    -----
    The 2021 study's composite, by the score function estimator (Williams 1992) with baselines
    after Kool et al. 2019 and Foerster et al. 2018, or by evolution strategies (Salimans et al.
    2017).
    """
    _check_at_least(samples=(samples, 2), grid_px=(grid_px, 1))
    _check_above_zero(noise_px=noise_px, noise_logit=noise_logit)
    annotated = checked_points(points, logits)
    ratio = scale if proportional else None
    distance = distance_value(logits, two_way=True, squared=False, empty=empty, cap_px=cap_px)
    value = weighted(alpha, distance, beta, count_value(under_power, over_power, ratio))
    now = _values(logits, annotated, value, detector, threshold)
    limit = farthest(image_shape(logits), empty, cap_px)
    rule = Rule(alpha, beta, limit, under_power, over_power, ratio)
    sampling = Sampling(samples, noise_px, baseline)

    def score(z: Tensor, yx: Tensor) -> Tensor:
        return score_gradient(z, yx, rule, sampling)

    def perturbation(z: Tensor, yx: Tensor) -> Tensor:
        def values(maps: Tensor) -> Tensor:
            return _values(maps[:, None], [yx] * len(maps), value, detector, threshold)

        pairs = samples // 2
        return perturbation_gradient(
            z, values, pairs=pairs, noise_logit=noise_logit, grid_px=grid_px
        )

    total = now.mean()
    if not (torch.is_grad_enabled() and logits.requires_grad):
        return total
    slope = score if estimator == "score" else perturbation
    each_image = zip(logits[:, 0].detach(), annotated, strict=True)
    gradient = torch.stack([slope(*each) for each in each_image])[:, None] / len(logits)
    stated: Tensor = _Stated.apply(logits, total, gradient)  # type: ignore[no-untyped-call]
    return stated


class Sampling(NamedTuple):
    """How sets of points are drawn; as in `stochastic_composite`."""

    samples: int
    noise_px: float
    baseline: Baseline


def score_gradient(logits: Tensor, annotated: Tensor, rule: Rule, sampling: Sampling) -> Tensor:
    """Estimate the gradient of the expected composite of drawn sets by the logits of one image.

    Parameters
    ----------
    logits : (H, W) tensor
        The image.
    annotated : (M, 2) tensor
        Annotations inside the image.
    rule, sampling
        The loss of a set, and how sets are drawn.

    Returns
    -------
    (H, W) tensor
    """
    with torch.enable_grad():
        z = logits.detach().requires_grad_()
        candidates = read_candidates(z, annotated)
        if not len(candidates.logit):
            return torch.zeros_like(logits)
        draws = draw(candidates, sampling.samples)
        by_logit, by_yx = estimate(
            candidates,
            annotated,
            draws,
            rule,
            noise_px=sampling.noise_px,
            baseline=sampling.baseline,
        )
        surrogate = (by_logit * candidates.logit).sum() + (by_yx * candidates.yx).sum()
        [gradient] = torch.autograd.grad(surrogate, z)
    return gradient


def read_candidates(logits: Tensor, annotated: Tensor) -> Candidates:
    """Return the claims of one (H, W) map as candidates, differentiably."""
    claims = read_claims(logits[None, None], [annotated], Reading())
    [real] = claims.real
    logit = claims.log_exists - claims.log_absent
    return Candidates(logit=logit[0][real], yx=claims.yx[0][real])


def _values(
    logits: Tensor,
    points: Sequence[Tensor],
    value: Callable[..., float],
    detector: DetectorName,
    threshold: float,
) -> Tensor:
    found = detected(torch.sigmoid(logits.detach()), detector, threshold)
    each_image = zip(found, points, strict=True)
    return logits.new_tensor([value(each, as_array(yx)) for each, yx in each_image])


class _Stated(torch.autograd.Function):
    """A value whose gradient was worked out elsewhere."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return upstream * gradient, None, None


def _check_at_least(**least: tuple[int, int]) -> None:
    for name, (value, lowest) in least.items():
        if value < lowest:
            raise ValueError(f"{name} must be at least {lowest}, got {value}.")


def _check_above_zero(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} must be above 0, got {value}.")
