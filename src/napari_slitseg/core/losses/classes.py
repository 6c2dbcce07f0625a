"""From logits to the probabilities of classes, and their masks."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

Activation = Literal["auto", "sigmoid", "softmax", "none"]
Classes = Literal["foreground", "all", "channels"]


def probabilities(logits: Tensor, activation: Activation) -> Tensor:
    """Return what the activation makes of (B, C, H, W) logits.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
    activation : str
        ``"sigmoid"`` of each channel, ``"softmax"`` over channels, ``"none"`` for values that are
        to be compared as they are; ``"auto"`` is sigmoid for one channel, softmax for more.

    Raises
    ------
    ValueError
        For a softmax over one channel, which would be 1 everywhere.
    """
    kind = activation_of(logits, activation)
    if kind == "sigmoid":
        return torch.sigmoid(logits)
    return logits.softmax(1) if kind == "softmax" else logits


def activation_of(logits: Tensor, activation: Activation) -> Activation:
    """Return the activation that ``"auto"`` stands for, or the one named.

    Raises
    ------
    ValueError
        For a softmax over one channel, which would be 1 everywhere.
    """
    several = logits.shape[1] > 1
    if activation == "softmax" and not several:
        raise ValueError(
            'a softmax over one channel is 1 everywhere; choose the activation "sigmoid" or "auto"'
        )
    if activation == "auto":
        return "softmax" if several else "sigmoid"
    return activation


def log_classes(logits: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the logarithms of the probabilities of two or more classes, and their masks.

    One channel is read as two classes, not and yes: the softmax over (0, logit) is the sigmoid.

    Returns
    -------
    log_p, mask : (B, K, H, W) tensors
        K is C, or 2 for C = 1; class 0 is the background.
    """
    if logits.shape[1] == 1:
        both = torch.cat([logsigmoid(-logits), logsigmoid(logits)], 1)
        return both, torch.cat([1 - mask, mask], 1)
    return logits.log_softmax(1), mask


def compared_classes(
    logits: Tensor, mask: Tensor, classes: Classes, activation: Activation
) -> tuple[Tensor, Tensor]:
    """Return probabilities and masks of the classes that an overlap is computed for.

    Parameters
    ----------
    logits, mask : (B, C, H, W) tensors
        Channel 0 of several is the background.
    classes : str
        ``"foreground"``: all but the background; ``"all"``: the background too, made of 1 - p and
        1 - g where there is only one channel; ``"channels"``: the channels as they are.
    activation : str
        See `probabilities`.

    Returns
    -------
    p, g : (B, K, H, W) tensors
    """
    p = probabilities(logits, activation)
    if classes == "channels":
        return p, mask
    if logits.shape[1] > 1:
        return (p, mask) if classes == "all" else (p[:, 1:], mask[:, 1:])
    if classes == "foreground":
        return p, mask
    return torch.cat([1 - p, p], 1), torch.cat([1 - mask, mask], 1)


def weighted_channels(values: Tensor, weights: tuple[float, ...]) -> Tensor:
    """Return (B, K, H, W) values times one weight a channel; no weights are weights of 1.

    Raises
    ------
    ValueError
        If there are weights, but not one for each channel.
    """
    if not weights:
        return values
    if len(weights) != values.shape[1]:
        raise ValueError(f"{values.shape[1]} classes but {len(weights)} weights; give one each")
    return values * values.new_tensor(weights)[:, None, None]
