"""U-Net with two heads: the plain baseline to compare others with."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from napari_slitseg.core.models.base import (
    Logits,
    SegmentationModel,
    concat,
    init_weights,
    pool,
)
from napari_slitseg.core.models.blocks import convs
from napari_slitseg.core.models.reach import Reach
from napari_slitseg.core.models.spec_unet import UNetSpec


class UNet(SegmentationModel):
    """Levels of two convolutions, skips by concatenation, a 1x1 convolution per head.

    After Ronneberger et al., MICCAI 2015: 64 channels at full resolution, twice as many at each
    level, 2x2 up-convolutions that halve them. Unlike there, convolutions have 'same' padding, so
    that the output has the size of the input, and normalisation stands before each ReLU unless
    the norm is "none". 31,036,546 trainable parameters at width 1.0, 31,030,658 without a norm.

    The input (B, 1, H, W) has been normalised by the caller. In eval mode an output pixel sees at
    most 107 px before and after itself along each axis with four poolings (`Reach`).

    With blocks of n x n pixels all levels work at 1/n of the resolution: the first sees a block's
    pixels as channels, and the heads give a logit for each of them (pixel shuffle of Shi et al.,
    CVPR 2016).
    """

    def __init__(self, spec: UNetSpec) -> None:
        super().__init__(spec)
        channels = [spec.channels(64 * 2**level) for level in range(spec.depth + 1)]
        pairs = list(pairwise(channels))
        self.block_px, in_block = spec.block_px, spec.block_px**2
        self.down = nn.ModuleList(
            convs(a, b, spec.norm) for a, b in [(in_block, channels[0]), *pairs]
        )
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in reversed(pairs))
        self.merge = nn.ModuleList(convs(2 * a, a, spec.norm) for a, _ in reversed(pairs))
        self.membrane = nn.Conv2d(channels[0], in_block, 1)
        self.slit = nn.Conv2d(channels[0], in_block, 1)
        self.size_multiple = spec.block_px * 2**spec.depth
        self.receptive_radius_px = _reach(spec).radius_px
        init_weights(self)

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of `size_multiple`."""
        features = self.down[0](pixel_unshuffle(image, self.block_px))
        skips = [features]
        for level in self.down[1:]:
            features = level(pool(features))
            skips.append(features)
        for up, merge, skip in zip(self.up, self.merge, reversed(skips[:-1]), strict=True):
            features = merge(concat(up(features), skip))
        return Logits(self._pixels(self.membrane(features)), self._pixels(self.slit(features)))

    def _pixels(self, blocks: Tensor) -> Tensor:
        """Lay the channels (B, n * n, H / n, W / n) of blocks out as pixels (B, 1, H, W)."""
        return pixel_shuffle(blocks, self.block_px)


def _reach(spec: UNetSpec) -> Reach:
    skips = [Reach().pool(spec.block_px).conv(3, 3)]
    for _ in range(spec.depth):
        skips.append(skips[-1].pool().conv(3, 3))
    decoded = skips.pop()
    while skips:
        decoded = decoded.up().join(skips.pop()).conv(3, 3)
    return decoded.up(spec.block_px)
