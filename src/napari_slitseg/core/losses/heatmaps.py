"""Losses that compare probabilities with a heatmap drawn from points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid, max_pool2d

from napari_slitseg.core.losses.draw import draw_heatmap
from napari_slitseg.core.losses.target import checked_points, full_precision

Reduce = Literal["image", "batch"]
Compared = Literal["probability", "logit"]


@full_precision
def centernet_focal(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    sigma_px: float = 1.5,
    alpha: float = 2.0,
    beta: float = 4.0,
    reduce: Reduce = "image",
) -> Tensor:
    """Return the focal loss of CenterNet against Gaussians centred on pixels.

    Minus the sum of ``(1 - p)^alpha log p`` at centres and of
    ``(1 - g)^beta p^alpha log(1 - p)`` elsewhere, divided by the number of centres or by 1 if
    there is none: p the probability, g the heatmap, centres the pixels nearest to the points
    (points that share one count once). Logarithms are exact, so nothing is clamped.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
    points : sequence of (N, 2) tensors
        Annotations of each image, (y, x) px; N may be 0.
    sigma_px : float
        Standard deviation of the Gaussians.
    alpha : float
        Power that makes right predictions count less.
    beta : float
        Power that makes pixels near a centre count less as background.
    reduce : {"image", "batch"}
        Divide in each image and take the mean, or divide once for the batch as CenterNet does.

    Returns
    -------
    scalar tensor
        At least 0; 0 where p is 1 at centres and 0 elsewhere.

    Raises
    ------
    ValueError
        If points and logits do not fit, or sigma is not positive.

    Notes
    -----
    Source: Zhou et al., Objects as points, 2019, after Law & Deng, CornerNet, 2018.
    """
    yx = checked_points(points, logits)
    heat = draw_heatmap(yx, _size(logits), sigma_px=sigma_px, rounded=True).to(logits)
    centre = heat == 1
    low, high = logsigmoid(-logits), logsigmoid(logits)
    at_centre = (alpha * low).exp() * high
    elsewhere = (1 - heat) ** beta * (alpha * high).exp() * low
    loss = -torch.where(centre, at_centre, elsewhere)
    dims = (0, 1, 2, 3) if reduce == "batch" else (1, 2, 3)
    return (loss.sum(dim=dims) / centre.sum(dim=dims).clamp(min=1)).mean()


@full_precision
def heatmap_bce(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    sigma_px: float = 1.5,
    pos_weight: float = 10.0,
    weight_above: float = 0.01,
    compared: Compared = "probability",
) -> Tensor:
    """Return the cross-entropy to a heatmap, weighed up where either of them is not background.

    Mean over pixels of ``(1 + pos_weight [g >= t or q >= t]) BCE(p, g)``: p the probability, g
    the heatmap, t `weight_above` and q what is compared with it.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
    points : sequence of (N, 2) tensors
        Annotations of each image, (y, x) px; N may be 0.
    sigma_px : float
        Standard deviation of the Gaussians.
    pos_weight : float
        Additional weight of pixels that are not background.
    weight_above : float
        Lowest value that is not background.
    compared : {"probability", "logit"}
        What of the prediction is compared with `weight_above`. Spotiflow's training compares the
        logit, so that 0.01 there stands for a probability of 0.5025.

    Returns
    -------
    scalar tensor
        At least 0; lowest, above 0, where p = g.

    Raises
    ------
    ValueError
        If points and logits do not fit, or sigma is not positive.

    Notes
    -----
    Source: Dominguez Mantes et al., Spotiflow, Nature Methods 2025.
    """
    yx = checked_points(points, logits)
    heat = draw_heatmap(yx, _size(logits), sigma_px=sigma_px).to(logits)
    predicted = logits.detach()
    if compared == "probability":
        predicted = predicted.sigmoid()
    marked = (heat >= weight_above) | (predicted >= weight_above)
    entropy = binary_cross_entropy_with_logits(logits, heat, reduction="none")
    return ((1 + pos_weight * marked) * entropy).mean()


@full_precision
def adaptive_wing(  # noqa: PLR0913
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    sigma_px: float = 1.5,
    omega: float = 14.0,
    theta: float = 0.5,
    epsilon: float = 1.0,
    alpha: float = 2.1,
    pos_weight: float = 0.0,
    weight_above: float = 0.2,
) -> Tensor:
    """Return the adaptive wing loss of probabilities against a heatmap.

    With d = |g - p| and a = alpha - g, a pixel costs ``omega ln(1 + (d / epsilon)^a)`` where
    d < theta and ``A d - C`` above, A and C making value and slope continuous; times
    ``1 + pos_weight`` where g, spread by one pixel, is at least `weight_above`. Mean over pixels.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
    points : sequence of (N, 2) tensors
        Annotations of each image, (y, x) px; N may be 0.
    sigma_px : float
        Standard deviation of the Gaussians.
    omega : float
        Scale of the loss.
    theta : float
        Error above which the loss is linear.
    epsilon : float
        Error below which the curved part flattens.
    alpha : float
        Power at g = 0, above 2; at g = 1 it is less by 1, which makes small errors count more.
    pos_weight : float
        Additional weight of the foreground; 0, the default, leaves it out, and the paper's
        weighted map has 10.
    weight_above : float
        Lowest heatmap value that is foreground.

    Returns
    -------
    scalar tensor
        At least 0; 0 where p = g.

    Raises
    ------
    ValueError
        If points and logits do not fit, sigma is not positive, or alpha is not above 2.

    Notes
    -----
    Source: Wang, Bo & Fuxin, Adaptive wing loss for robust face alignment via heatmap regression,
    ICCV 2019.
    """
    if not alpha > 2:
        raise ValueError(f"alpha must be above 2, not {alpha:g}: errors at g = 1 need a slope")
    yx = checked_points(points, logits)
    heat = draw_heatmap(yx, _size(logits), sigma_px=sigma_px).to(logits)
    error = (heat - logits.sigmoid()).abs()
    power = alpha - heat
    ratio = (theta / epsilon) ** power
    slope = omega * power * ratio / (theta * (1 + ratio))
    offset = theta * slope - omega * ratio.log1p()
    curved = omega * ((error / epsilon) ** power).log1p()
    loss = torch.where(error < theta, curved, slope * error - offset)
    foreground = max_pool2d(heat, 3, stride=1, padding=1) >= weight_above
    return ((1 + pos_weight * foreground) * loss).mean()


def _size(logits: Tensor) -> tuple[int, int]:
    return logits.shape[-2], logits.shape[-1]
