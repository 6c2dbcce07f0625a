"""The library's mUNet with three channels in and five out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_slitseg.core.models import MUNetSpec, build_model
from napari_slitseg.core.models.base import init_weights
from napari_slitseg.core.models.munet import Doubling

WIDTH, DEPTH = 0.25, 2
BATCH_MEMORY = 0.1


class ShapeNet(nn.Module):
    """mUNet for colours and five kinds of shapes.

    Parameters
    ----------
    skip_connections : bool
        Whether blocks add their input to their output.
    sparse : bool
        Enlarge as DLStudio does, by a transposed convolution of stride and dilation 2: values
        reach one pixel of four, the other three are the bias.
    """

    def __init__(self, *, skip_connections: bool, sparse: bool) -> None:
        super().__init__()
        spec = MUNetSpec(width=WIDTH, depth=DEPTH, skip_connections=skip_connections)
        trunk = build_model(spec)
        channels = spec.channels(64)
        trunk.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.ReLU(inplace=True))
        trunk.membrane = _head(channels, sparse=sparse)
        trunk.slit = nn.Identity()
        if sparse:
            _enlarge_sparsely(trunk)
        init_weights(trunk)
        for module in trunk.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = BATCH_MEMORY
        self.trunk = trunk

    def forward(self, images: Tensor) -> Tensor:
        """Return raw values (B, 5, H, W) of images (B, 3, H, W), sides multiples of 8."""
        return self.trunk.logits(images).membrane


def _head(channels: int, *, sparse: bool) -> nn.ConvTranspose2d:
    dilation, padding = (2, 2) if sparse else (1, 1)
    return nn.ConvTranspose2d(
        channels, 5, 3, stride=2, dilation=dilation, padding=padding, output_padding=1
    )


def _enlarge_sparsely(trunk: nn.Module) -> None:
    for module in trunk.modules():
        for name, child in module.named_children():
            if isinstance(child, Doubling):
                channels = child.in_channels
                sparse = nn.ConvTranspose2d(channels, channels, 1, stride=2, output_padding=1)
                setattr(module, name, sparse)


def new_net(seed: int, *, skip_connections: bool, sparse: bool) -> ShapeNet:
    """Return a network drawn from a seed, in training mode."""
    torch.manual_seed(seed)
    return ShapeNet(skip_connections=skip_connections, sparse=sparse)
