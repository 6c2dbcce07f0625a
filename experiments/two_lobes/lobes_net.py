"""U-Net with 10 convolutions on the way down and 8 transposed convolutions on the way up."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from napari_slitseg.core.models.base import concat, init_weights, make_norm, pool
from napari_slitseg.core.models.blocks import convs

CHANNELS = (4, 8, 16, 32, 32)


class LobeNet(nn.Module):
    """Five levels of two convolutions; each step up is one transposed convolution that enlarges
    the map and one that joins it with what was seen on the way down.

    Batch normalisation and few channels; the poster says nothing of either.
    """  # noqa: D205

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        levels = list(pairwise(channels))
        self.down = nn.ModuleList(convs(a, b, "batch") for a, b in [(1, channels[0]), *levels])
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in reversed(levels))
        self.join = nn.ModuleList(_join(2 * a, a) for a, _ in reversed(levels))
        self.head = nn.Conv2d(channels[0], 1, 1)
        init_weights(self)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (B, 1, H, W)."""
        seen = [self.down[0](image)]
        for level in self.down[1:]:
            seen.append(level(pool(seen[-1])))
        features = seen.pop()
        for up, join in zip(self.up, self.join, strict=True):
            features = join(concat(up(features), seen.pop()))
        logits: Tensor = self.head(features)
        return logits


def _join(channels_in: int, channels_out: int) -> nn.Sequential:
    layer = nn.ConvTranspose2d(channels_in, channels_out, 3, padding=1, bias=False)
    return nn.Sequential(layer, make_norm("batch", channels_out), nn.ReLU(inplace=True))


def new_net(seed: int) -> LobeNet:
    """Return a network with the random weights of a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LobeNet()
