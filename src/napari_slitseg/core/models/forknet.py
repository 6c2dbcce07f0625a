"""ForkNet: a shared encoder that forks into a membrane and a slit branch.

Reproduces the published Keras graph (najafian-lab/fpw-dl-v1, ``model/model.json``, MIT; Smerkous
et al., Kidney Int 2024;105:165-176) layer by layer, with logits instead of sigmoids.
"""

from __future__ import annotations

from torch import Tensor, nn

from napari_slitseg.core.models.base import (
    Conv,
    Logits,
    SegmentationModel,
    concat,
    init_weights,
    make_norm,
    pool,
)
from napari_slitseg.core.models.reach import Reach
from napari_slitseg.core.models.spec import ModelSpec


class EncoderBlock(nn.Module):
    """Two convolutions of the pooled input beside a one-channel projection of the full one."""

    def __init__(self, channels_in: int, channels_out: int, second_kernel: int = 3) -> None:
        super().__init__()
        self.residual = nn.Conv2d(channels_in, 1, 1, stride=2)
        self.conv1 = Conv(channels_in, channels_out)
        self.conv2 = Conv(channels_out, channels_out, second_kernel)

    def forward(self, full: Tensor, pooled: Tensor) -> Tensor:
        """Return (B, 1 + out, H / 2, W / 2) from `full` (B, in, H, W) and its pooled map."""
        return concat(self.residual(full), self.conv2(self.conv1(pooled)))


class DecoderBlock(nn.Module):
    """Upsampling, skip and norm, then two convolutions beside a one-channel projection."""

    def __init__(self, channels_in: int, channels_skip: int, channels_out: int, norm: str) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(channels_in, channels_out, 2, stride=2)
        self.norm = make_norm(norm, channels_out + channels_skip)
        self.residual = nn.Conv2d(channels_out + channels_skip, 1, 1)
        self.conv1 = Conv(channels_out + channels_skip, channels_out)
        self.conv2 = Conv(channels_out, channels_out)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return (B, 1 + out, 2 H, 2 W) from `features` (B, in, H, W) and `skip` (.., 2 H, 2 W)."""
        merged = self.norm(concat(self.up(features), skip))
        return concat(self.residual(merged), self.conv2(self.conv1(merged)))


class Branch(nn.Module):
    """One head's private levels 4 and 5, its decoder and its output.

    Parameters
    ----------
    channels : tuple of int
        Convolution channels of levels 1 to 5.
    norm : str
        Kind of normalisation.
    """

    def __init__(self, channels: tuple[int, ...], norm: str) -> None:
        super().__init__()
        c1, c2, c3, c4, c5 = channels
        self.level4 = EncoderBlock(c3 + 1, c4, second_kernel=2)
        self.norm5 = make_norm(norm, c4 + 1)
        self.level5 = EncoderBlock(c4 + 1, c5, second_kernel=2)
        self.up4 = DecoderBlock(c5 + 1, c4 + 1, c4, norm)
        self.join = Conv(c4 + 1, c4)
        self.up3 = DecoderBlock(c4 + 1, c3 + 1, c3, norm)
        self.up2 = DecoderBlock(c3 + 1, c2 + 1, c2, norm)
        self.up1 = DecoderBlock(c2 + 1, c1, c1, norm)
        self.head = nn.Conv2d(c1 + 1, 1, 1)

    def deep(self, quarter: Tensor, pooled: Tensor) -> Tensor:
        """Return the first decoded level (B, c4 + 1, H / 8, W / 8)."""
        eighth = self.level4(quarter, pooled)
        sixteenth = self.level5(eighth, self.norm5(pool(eighth)))
        decoded: Tensor = self.up4(sixteenth, eighth)
        return decoded

    def decode(self, eighth: Tensor, skips: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Return logits (B, 1, H, W) from the decoded level 4 and the skips of levels 1, 2, 3."""
        fine, half, quarter = skips
        logits: Tensor = self.head(self.up1(self.up2(self.up3(eighth, quarter), half), fine))
        return logits


class ForkNet(SegmentationModel):
    """Two decoders on one encoder, with a one-channel summary of the membrane given to the slits.

    Levels 1 to 3 are shared; levels 4 and 5 (at 1/8 and 1/16 of the resolution) and the decoders
    belong to one head each. At 1/8 the membrane branch passes one channel to the slit branch.
    Every block also carries a one-channel linear projection of its input. 13,185,946 trainable
    parameters at width 1.0, 833,170 at width 0.25.

    The input (B, 1, H, W) has been normalised by the caller. In eval
    mode an output pixel sees input pixels from 92 px before to 116 px after it along each axis
    (`Reach` derives it; the 2x2 convolutions of levels 4 and 5 look ahead only).
    """

    size_multiple = 16

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        c1, c2, c3, c4, _ = channels = tuple(spec.channels(32 * 2**level) for level in range(5))
        norm = spec.norm
        self.stem = nn.Sequential(
            make_norm(norm, 1), Conv(1, c1), Conv(c1, c1), make_norm(norm, c1), Conv(c1, c1)
        )
        self.norm2 = make_norm(norm, c1)
        self.level2 = EncoderBlock(c1, c2)
        self.norm3 = make_norm(norm, c2 + 1)
        self.level3 = EncoderBlock(c2 + 1, c3)
        self.norm4 = make_norm(norm, c3 + 1)
        self.membrane = Branch(channels, norm)
        self.slit_norm4 = make_norm(norm, c3 + 1)
        self.slit = Branch(channels, norm)
        self.bridge = nn.Conv2d(c4, 1, 1)
        self.bridge_norm = make_norm(norm, 1)
        self.slit_norm_joined = make_norm(norm, c4 + 1)
        self.receptive_radius_px = _reach().radius_px
        init_weights(self)

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of 16."""
        fine = self.stem(image)
        half = self.level2(fine, self.norm2(pool(fine)))
        quarter = self.level3(half, self.norm3(pool(half)))
        pooled = self.norm4(pool(quarter))
        membrane = self.membrane.deep(quarter, pooled)
        slit = self.slit.deep(quarter, self.slit_norm4(pooled))
        summary = self.bridge_norm(self.bridge(self.membrane.join(membrane)))
        joined = self.slit_norm_joined(concat(self.slit.join(slit), summary))
        skips = (fine, half, quarter)
        return Logits(self.membrane.decode(membrane, skips), self.slit.decode(joined, skips))


def _reach() -> Reach:
    """Reach of a slit logit; a membrane logit sees less, its branch having no join."""
    fine = Reach().conv(3, 3, 3)
    half = fine.pool().conv(3, 3)
    quarter = half.pool().conv(3, 3)
    eighth = quarter.pool().conv(3, 2)
    decoded = eighth.pool().conv(3, 2)
    for skip in (eighth, quarter, half, fine):
        decoded = decoded.up().join(skip).conv(3, 3)
        if skip is eighth:
            decoded = decoded.conv(3)
    return decoded
