"""The networks of the study, about as many weights in each."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor, nn

from napari_slitseg.core.models import DeepLabSpec, FCNSpec, UNetSpec, build_model
from napari_slitseg.core.models.base import Logits, SegmentationModel, init_weights, pool
from napari_slitseg.core.models.blocks import convs
from napari_slitseg.core.models.unet import UNet

_UNET: Final = UNetSpec(width=1 / 16)
_RATES: Final = (1, 2, 3)


class AddedUNet(UNet):
    """U-Net that adds what it saw on the way down, where U-Net puts it beside what comes up."""

    def __init__(self, spec: UNetSpec) -> None:
        super().__init__(spec)
        channels = [spec.channels(64 * 2**level) for level in range(spec.depth)]
        self.merge = nn.ModuleList(convs(each, each, spec.norm) for each in reversed(channels))
        init_weights(self)

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of `size_multiple`."""
        seen = [self.down[0](image)]
        for level in self.down[1:]:
            seen.append(level(pool(seen[-1])))
        features = seen.pop()
        for up, merge in zip(self.up, self.merge, strict=True):
            features = merge(up(features) + seen.pop())
        return Logits(self.membrane(features), self.slit(features))


NETWORKS: Final = MappingProxyType[str, Callable[[], SegmentationModel]](
    {
        "unet": lambda: build_model(_UNET),
        "unet, added": lambda: AddedUNet(_UNET),
        "fcn": lambda: build_model(FCNSpec(width=1 / 16, deep_channels=512)),
        "deeplabv3": lambda: build_model(DeepLabSpec(width=0.09, rates=_RATES)),
        "deeplabv3, stride 8": lambda: build_model(
            DeepLabSpec(width=0.09, rates=_RATES, output_stride=8)
        ),
    }
)


def new_network(name: str, seed: int) -> SegmentationModel:
    """Return a network with the random weights of a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return NETWORKS[name]()


def n_weights(name: str) -> int:
    """Return the number of trainable parameters."""
    return sum(each.numel() for each in new_network(name, 0).parameters())
