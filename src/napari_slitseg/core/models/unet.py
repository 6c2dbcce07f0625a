"""U-Net with two heads: the plain baseline to compare others with."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from napari_slitseg.core.models.base import (
    Logits,
    SegmentationModel,
    concat,
    init_weights,
    make_norm,
    pool,
)
from napari_slitseg.core.models.reach import Reach
from napari_slitseg.core.models.spec import ModelSpec


class UNet(SegmentationModel):
    """Five levels of two convolutions, skips, one decoder and a 1x1 convolution per head.

    After Ronneberger et al., MICCAI 2015, with 'same' padding, 32 channels at full resolution
    (width 1.0) and normalisation before each ReLU. 7,762,498 trainable parameters at width 1.0.

    The input (B, 1, H, W) has been normalised by the caller. In eval
    mode an output pixel sees at most 107 px before and after itself along each axis (`Reach`).
    """

    size_multiple = 16

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        channels = [spec.channels(32 * 2**level) for level in range(5)]
        pairs = list(pairwise(channels))
        self.down = nn.ModuleList(
            _double_conv(a, b, spec.norm) for a, b in [(1, channels[0]), *pairs]
        )
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in reversed(pairs))
        self.merge = nn.ModuleList(_double_conv(2 * a, a, spec.norm) for a, _ in reversed(pairs))
        self.membrane = nn.Conv2d(channels[0], 1, 1)
        self.slit = nn.Conv2d(channels[0], 1, 1)
        self.receptive_radius_px = _reach().radius_px
        init_weights(self)

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of 16."""
        features = self.down[0](image)
        skips = [features]
        for level in self.down[1:]:
            features = level(pool(features))
            skips.append(features)
        for up, merge, skip in zip(self.up, self.merge, reversed(skips[:-1]), strict=True):
            features = merge(concat(up(features), skip))
        return Logits(self.membrane(features), self.slit(features))


def _double_conv(channels_in: int, channels_out: int, norm: str) -> nn.Sequential:
    """Two times 3x3 convolution, norm, ReLU; the bias stays useful without a norm."""
    layers: list[nn.Module] = []
    for source in (channels_in, channels_out):
        conv = nn.Conv2d(source, channels_out, 3, padding=1, bias=norm == "none")
        layers += [conv, make_norm(norm, channels_out), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _reach() -> Reach:
    skips = [Reach().conv(3, 3)]
    for _ in range(4):
        skips.append(skips[-1].pool().conv(3, 3))
    decoded = skips.pop()
    while skips:
        decoded = decoded.up().join(skips.pop()).conv(3, 3)
    return decoded
