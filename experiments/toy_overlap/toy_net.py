"""Many small networks side by side: one a run, none of which sees another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, unfold

CHANNELS, CLASSES = 4, 2
NORM_EPS = 1e-3


class SideBySide(nn.Module):
    """Two 3x3 convolutions of 4 channels with ReLU, then a 1x1 convolution to 2 classes.

    Every parameter has the runs as its first axis, so that the gradient of a sum of losses, one a
    run, is for each run that of a network trained alone.

    Parameters
    ----------
    seeds : sequence of int
        One a run; runs of one seed begin with the same kernels (Glorot uniform, biases 0).
    batch_norm : bool
        Normalise before each ReLU, by the statistics of the batch, while training and afterwards.
    """

    def __init__(self, seeds: Sequence[int], *, batch_norm: bool) -> None:
        super().__init__()
        drawn = {seed: _drawn(seed) for seed in seeds}
        by_layer = [torch.stack([drawn[seed][layer] for seed in seeds]) for layer in range(3)]
        self.kernels = nn.ParameterList(by_layer)
        self.biases = nn.ParameterList(torch.zeros(*each.shape[:2], 1) for each in by_layer)
        self.batch_norm = batch_norm
        scales = [torch.ones(len(seeds), CHANNELS, 1) for _ in range(2 * batch_norm)]
        self.scales = nn.ParameterList(scales)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (runs, B, 2, H, W) of images (runs, B, H, W)."""
        runs, batch, height, width = images.shape
        features = images[:, :, None]
        for layer in (0, 1):
            patches = unfold(features.flatten(0, 1), 3, padding=1)
            features = self._layer(patches.view(runs, batch, -1, height * width), layer)
            features = relu(features).view(runs, batch, CHANNELS, height, width)
        logits = self._weighted(features.flatten(-2), 2)
        return logits.view(runs, batch, CLASSES, height, width)

    def _layer(self, patches: Tensor, layer: int) -> Tensor:
        if not self.batch_norm:
            return self._weighted(patches, layer)
        found = self.kernels[layer][:, None] @ patches
        variance, mean = torch.var_mean(found, (1, 3), correction=0, keepdim=True)
        scale = self.scales[layer][:, None] * (variance + NORM_EPS).rsqrt()
        result: Tensor = (found - mean) * scale + self.biases[layer][:, None]
        return result

    def _weighted(self, values: Tensor, layer: int) -> Tensor:
        result: Tensor = self.kernels[layer][:, None] @ values + self.biases[layer][:, None]
        return result


def gradient_norms(gradients: Sequence[Tensor]) -> Tensor:
    """Return the length of the gradient of each run, (runs,), over all its parameters."""
    return torch.stack([each.flatten(1).square().sum(1) for each in gradients]).sum(0).sqrt()


def _drawn(seed: int) -> list[Tensor]:
    """Return the kernels of one run, (outputs, inputs x pixels) a layer."""
    random = torch.Generator().manual_seed(1000 + seed)
    layers = ((CHANNELS, 1, 9), (CHANNELS, CHANNELS, 9), (CLASSES, CHANNELS, 1))
    return [_glorot(outputs, inputs, pixels, random) for outputs, inputs, pixels in layers]


def _glorot(outputs: int, inputs: int, pixels: int, random: torch.Generator) -> Tensor:
    bound = math.sqrt(6 / (pixels * (inputs + outputs)))
    return bound * (2 * torch.rand(outputs, inputs * pixels, generator=random) - 1)
