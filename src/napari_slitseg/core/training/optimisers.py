"""Optimisers from their specs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import nn

from napari_slitseg.core.training.spec_optimiser import SGD, Adam, AdamW, OptimiserSpec


def make_optimiser(spec: OptimiserSpec, model: nn.Module, *, rate: float) -> torch.optim.Optimizer:
    """Return an optimiser of all parameters that are to be learned.

    Weights decay in kernels only, never in norms and biases, which have one axis: small norms
    would change what the layers after them see, and biases overfit nothing.

    Parameters
    ----------
    spec : OptimiserSpec
        Which optimiser, with its settings.
    model : nn.Module
        Parameters that need no gradient are left out.
    rate : float
        Learning rate of the first step; see `set_rate`.
    """
    learned = [each for each in model.parameters() if each.requires_grad]
    kernels = [each for each in learned if each.ndim > 1]
    others = [each for each in learned if each.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": kernels}, {"params": others, "weight_decay": 0.0}]
    return _MAKERS[type(spec)](spec, [group for group in groups if group["params"]], rate)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Make the next step one of this learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def _adam(kind: type[torch.optim.Adam]) -> Callable[..., torch.optim.Optimizer]:
    def made(spec: AdamW | Adam, groups: list[Any], rate: float) -> torch.optim.Optimizer:
        betas = (spec.beta1, spec.beta2)
        return kind(groups, lr=rate, betas=betas, weight_decay=spec.weight_decay)

    return made


def _sgd(spec: SGD, groups: list[Any], rate: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        groups,
        lr=rate,
        momentum=spec.momentum,
        nesterov=spec.nesterov and spec.momentum > 0,
        weight_decay=spec.weight_decay,
    )


_MAKERS: Final[Mapping[type[OptimiserSpec], Callable[..., torch.optim.Optimizer]]] = {
    AdamW: _adam(torch.optim.AdamW),
    Adam: _adam(torch.optim.Adam),
    SGD: _sgd,
}
