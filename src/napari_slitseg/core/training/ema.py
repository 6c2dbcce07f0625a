"""The running mean of weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class WeightMean:
    """Exponential running mean of the weights that a model learns.

    With memory m and weights w_0 (of the start), w_1, ... it is
    ``sum_k m^(n - k) w_k / sum_k m^(n - k)``: the start counts no more than any step, so there is
    no bias towards it. Buffers and frozen weights are not averaged.

    Parameters
    ----------
    model : nn.Module
        Its present weights are the first.
    memory : float
        In (0, 1).
    """

    def __init__(self, model: nn.Module, memory: float) -> None:
        learned = {name: w for name, w in model.named_parameters() if w.requires_grad}
        self._names = list(learned)
        self._weights = [weight.detach() for weight in learned.values()]
        self._means = [weight.clone() for weight in self._weights]
        self.memory, self.number = memory, 1

    @torch.no_grad()
    def update(self) -> None:
        """Take in the present weights."""
        self.number += 1
        share = (1 - self.memory) / (1 - self.memory**self.number)
        torch._foreach_lerp_(self._means, self._weights, share)

    def tensors(self) -> dict[str, Tensor]:
        """Return the means by the names of the weights; they change with the next update."""
        return dict(zip(self._names, self._means, strict=True))

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor], number: int) -> None:
        """Go on from means of that many sets of weights."""
        torch._foreach_copy_(self._means, [tensors[name] for name in self._names])
        self.number = number
