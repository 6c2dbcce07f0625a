"""Losses that compare pixel by pixel: cross-entropies, focal loss, squared error."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from napari_slitseg.core.losses.classes import (
    Activation,
    activation_of,
    log_classes,
    probabilities,
    weighted_channels,
)
from napari_slitseg.core.losses.target import checked_mask, full_precision

Reduction = Literal["mean", "sum", "image_sum"]
LogActivation = Literal["auto", "sigmoid", "softmax"]


@full_precision
def binary_cross_entropy(
    logits: Tensor,
    mask: Tensor,
    *,
    pos_weight: float = 1.0,
    class_weights: tuple[float, ...] = (),
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Return the binary cross-entropy :math:`-[w g \log p + (1 - g) \log(1 - p)]`.

    Every channel is a question of its own, p = sigmoid(logit). Computed from log-sigmoids, so that
    logits of any size have a gradient.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
    mask : (B, C, H, W) tensor
        g in [0, 1]; soft masks are welcome: the lowest value is at p = g.
    pos_weight : float
        w, how many times an annotated pixel counts; 1 by default, 0 or more.
    class_weights : tuple of float
        One weight a channel, 0 or more; empty, the default, for weights of 1.
    reduction : str
        ``"mean"`` over all pixels and channels (default), ``"sum"`` over them, or ``"image_sum"``,
        the mean over images of the sums.

    Returns
    -------
    scalar tensor
        0 or more; 0 only where every pixel is certain and right. Nothing special for empty masks.

    Raises
    ------
    ValueError
        If shapes differ, or there is not one weight a channel.
    """
    g = checked_mask(mask, logits)
    cost = -(pos_weight * g * logsigmoid(logits) + (1 - g) * logsigmoid(-logits))
    return _reduced(weighted_channels(cost, class_weights), reduction)


@full_precision
def categorical_cross_entropy(
    logits: Tensor,
    mask: Tensor,
    *,
    class_weights: tuple[float, ...] = (),
    eps: float = 0.0,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Return the cross-entropy over classes :math:`-\sum_c w_c g_c \log p_c` a pixel.

    p is the softmax over channels. One channel is read as two classes, background and foreground,
    which makes it the binary cross-entropy.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
    mask : (B, C, H, W) tensor
        g in [0, 1], one channel a class; their sum is 1 in every pixel.
    class_weights : tuple of float
        One weight a class (two for C = 1), 0 or more; empty, the default, for weights of 1. The
        mean divides by the number of pixels, not by the sum of weights.
    eps : float
        Probabilities are clipped to [eps, 1 - eps], beyond which there is no gradient. 0, the
        default, is exact: computed from the log-softmax, with a gradient everywhere. Well-known
        implementations clip at 1e-7.
    reduction : str
        ``"mean"`` over pixels (default), ``"sum"`` over them, or ``"image_sum"``, the mean over
        images of the sums.

    Returns
    -------
    scalar tensor
        0 or more.

    Raises
    ------
    ValueError
        If shapes differ, or there is not one weight a class.
    """
    log_p, g = log_classes(logits, checked_mask(mask, logits))
    cost = weighted_channels(-g * _clipped(log_p, eps), class_weights)
    return _reduced(cost.sum(1), reduction)


@full_precision
def focal(
    logits: Tensor,
    mask: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float | None = 0.25,
    eps: float = 0.0,
    reduction: Reduction = "mean",
    activation: LogActivation = "auto",
) -> Tensor:
    r"""Return the focal loss :math:`-\alpha_t (1 - p_t)^\gamma \log p_t`.

    p_t is the probability of what is annotated. Easy pixels, p_t near 1, count less. gamma = 0
    (not 1) without alpha is the cross-entropy.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
    mask : (B, C, H, W) tensor
        In [0, 1]; a soft pixel counts as g of a foreground and 1 - g of a background pixel.
    gamma : float
        How much easy pixels are discounted; 2 by default, 0 or more.
    alpha : float or None
        Weight of foreground pixels, 1 - alpha that of background, in [0, 1]; .25 by default; None
        for weights of 1.
    eps : float
        Probabilities are clipped to [eps, 1 - eps], beyond which there is no gradient; 0, the
        default, is exact.
    reduction : str
        ``"mean"`` over pixels (default), ``"sum"`` over them, which grows with the image, or
        ``"image_sum"``, the mean over images of the sums.
    activation : str
        ``"sigmoid"``: every channel is a question of its own, the mean is over channels too;
        ``"softmax"``: one of several classes, the first of them background, summed over classes;
        ``"auto"`` (default): sigmoid for one channel, softmax for more.

    Returns
    -------
    scalar tensor
        0 or more.

    Raises
    ------
    ValueError
        If shapes differ, or for a softmax over one channel.

    References
    ----------
    T.-Y. Lin et al., Focal loss for dense object detection, ICCV 2017.
    """
    g = checked_mask(mask, logits)
    one = 1.0 if alpha is None else alpha
    other = 1.0 if alpha is None else 1 - alpha
    if activation_of(logits, activation) == "sigmoid":
        yes, no = _clipped(logsigmoid(logits), eps), _clipped(logsigmoid(-logits), eps)
        cost = one * g * _focal(yes, no, gamma) + other * (1 - g) * _focal(no, yes, gamma)
        return _reduced(cost, reduction)
    log_p = _clipped(logits.log_softmax(1), eps)
    cost = g * _focal(log_p, _log_complement(log_p), gamma)
    weights = (other, *[one] * (logits.shape[1] - 1))
    return _reduced(weighted_channels(cost, weights).sum(1), reduction)


@full_precision
def mean_squared_error(
    logits: Tensor,
    mask: Tensor,
    *,
    activation: Activation = "auto",
    reduction: Reduction = "mean",
) -> Tensor:
    """Return the squared difference of probabilities and mask, (p - g)^2.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
    mask : (B, C, H, W) tensor
        In [0, 1]; any finite numbers for the activation ``"none"``.
    activation : str
        ``"auto"`` (default): sigmoid for one channel, softmax for more; ``"sigmoid"``;
        ``"softmax"``; ``"none"``: the values themselves are compared.
    reduction : str
        ``"mean"`` over pixels and channels (default), ``"sum"`` over them, or ``"image_sum"``, the
        mean over images of the sums.

    Returns
    -------
    scalar tensor
        0 or more; a mean of probabilities is at most 1. Far off logits have almost no gradient.

    Raises
    ------
    ValueError
        If shapes differ, or for a softmax over one channel.
    """
    g = checked_mask(mask, logits)
    return _reduced((probabilities(logits, activation) - g).square(), reduction)


def _reduced(cost: Tensor, reduction: Reduction) -> Tensor:
    if reduction == "mean":
        return cost.mean()
    return cost.sum() if reduction == "sum" else cost.sum() / len(cost)


def _clipped(log_p: Tensor, eps: float) -> Tensor:
    return log_p.clamp(math.log(eps), math.log1p(-eps)) if eps else log_p


def _focal(log_p: Tensor, log_rest: Tensor, gamma: float) -> Tensor:
    return -torch.exp(gamma * log_rest) * log_p


def _log_complement(log_p: Tensor) -> Tensor:
    """Return log(1 - p), finite where p rounds to 1."""
    return torch.log((-torch.expm1(log_p)).clamp_min(torch.finfo(log_p.dtype).tiny))
