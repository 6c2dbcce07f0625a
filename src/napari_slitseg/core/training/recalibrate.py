"""Statistics of batch norms, anew, for the weights that are there now."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from napari_slitseg.core.training.freezing import batch_norms


@torch.no_grad()
def recalibrate(
    model: nn.Module, batches: Iterable[Tensor], forward: Callable[[Tensor], object]
) -> None:
    """Replace the running statistics of batch norms by the means over some batches.

    Running means lag behind weights that change quickly, and those of averaged weights were never
    taken. Norms whose weights need no gradient belong to a frozen part and keep theirs.

    Parameters
    ----------
    model : nn.Module
        In eval mode; it is so afterwards.
    batches : iterable of (B, 1, H, W) tensors
        As in training, of more than one pixel.
    forward : callable
        Runs the model on a batch, in the precision wanted.

    Notes
    -----
    As "precise BN" (Y. Wu and J. Johnson, Rethinking "Batch" in BatchNorm, 2021), with the plain
    mean over batches.
    """
    norms = [
        norm for norm in batch_norms(model) if norm.weight is None or norm.weight.requires_grad
    ]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    try:
        for batch in batches:
            forward(batch)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
