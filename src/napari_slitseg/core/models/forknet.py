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
from napari_slitseg.core.models.spec_unet import ForkNetSpec

LEVELS = 5
LAST_KERNELS = {2: 3, 3: 3, 4: 2, 5: 2}


class Plan:
    """Numbers of channels of a ForkNet.

    Attributes
    ----------
    wide : dict of int to int
        Channels of the convolutions of levels 1 to 5.
    out : dict of int to int
        Channels that a level of the encoder gives to the next and to the decoders.
    decoded : dict of int to int
        Channels that a level of a decoder gives to the next.
    """

    def __init__(self, spec: ForkNetSpec) -> None:
        self.spec = spec
        extra = int(spec.deep_residual)
        self.wide = {level: spec.channels(16 * 2**level) for level in range(1, LEVELS + 1)}
        self.decoded = {level: wide + extra for level, wide in self.wide.items()}
        self.out = {**self.decoded, 1: self.wide[1]}

    def norm(self, channels: int) -> nn.Module:
        """Return a normalisation layer."""
        return make_norm(self.spec.norm, channels)

    def norm_before(self, level: int) -> nn.Module:
        """Return the normalisation of the pooled input of a level."""
        return self.norm(self.out[level - 1])

    def projection(self, channels: int, stride: int = 1) -> nn.Conv2d | None:
        """Return the one-channel projection of the input of a block, if there is one."""
        return nn.Conv2d(channels, 1, 1, stride=stride) if self.spec.deep_residual else None


class EncoderBlock(nn.Module):
    """Two convolutions of the pooled input beside a one-channel projection of the full one."""

    def __init__(self, plan: Plan, level: int) -> None:
        super().__init__()
        channels_in, wide = plan.out[level - 1], plan.wide[level]
        self.residual = plan.projection(channels_in, stride=2)
        self.conv1 = Conv(channels_in, wide)
        self.conv2 = Conv(wide, wide, LAST_KERNELS[level])

    def forward(self, full: Tensor, pooled: Tensor) -> Tensor:
        """Return (B, out, H / 2, W / 2) from `full` (B, in, H, W) and its pooled map."""
        found: Tensor = self.conv2(self.conv1(pooled))
        return found if self.residual is None else concat(self.residual(full), found)


class DecoderBlock(nn.Module):
    """Upsampling, skip and norm, then two convolutions beside a one-channel projection."""

    def __init__(self, plan: Plan, level: int, channels_in: int) -> None:
        super().__init__()
        wide = plan.wide[level]
        merged = wide + plan.out[level]
        self.up = nn.ConvTranspose2d(channels_in, wide, 2, stride=2)
        self.norm = plan.norm(merged)
        self.residual = plan.projection(merged)
        self.conv1 = Conv(merged, wide)
        self.conv2 = Conv(wide, wide)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return (B, out, 2 H, 2 W) from `features` (B, in, H, W) and `skip` (.., 2 H, 2 W)."""
        merged = self.norm(concat(self.up(features), skip))
        found: Tensor = self.conv2(self.conv1(merged))
        return found if self.residual is None else concat(self.residual(merged), found)


class Branch(nn.Module):
    """One head's private levels of the encoder, its decoder and its output.

    Parameters
    ----------
    plan : Plan
        Numbers of channels.
    channels_up3 : int
        Channels that level 3 of the decoder takes from below.
    has_join : bool
        Whether a convolution follows level 4 of the decoder.
    """

    def __init__(self, plan: Plan, channels_up3: int, *, has_join: bool) -> None:
        super().__init__()
        fork = plan.spec.fork_level
        self.private = range(fork + 1, LEVELS + 1)
        for level in self.private:
            if level > fork + 1:
                self.add_module(f"norm{level}", plan.norm_before(level))
            self.add_module(f"level{level}", EncoderBlock(plan, level))
        self.up4 = DecoderBlock(plan, 4, plan.out[5])
        self.join = Conv(plan.decoded[4], plan.wide[4]) if has_join else None
        self.up3 = DecoderBlock(plan, 3, channels_up3)
        self.up2 = DecoderBlock(plan, 2, plan.decoded[3])
        self.up1 = DecoderBlock(plan, 1, plan.decoded[2])
        self.head = nn.Conv2d(plan.decoded[1], 1, 1)

    def encode(self, shared: list[Tensor], pooled: Tensor | None) -> list[Tensor]:
        """Return the maps of all levels from the shared ones and the last, pooled, for this head.

        `pooled` is None where all levels are shared.
        """
        maps = list(shared)
        for level in self.private:
            if level > self.private.start:
                pooled = self.get_submodule(f"norm{level}")(pool(maps[-1]))
            maps.append(self.get_submodule(f"level{level}")(maps[-1], pooled))
        return maps

    def decode(self, features: Tensor, maps: list[Tensor]) -> Tensor:
        """Return logits (B, 1, H, W) from what level 3 takes from below and the encoder's maps."""
        for up, skip in ((self.up3, maps[2]), (self.up2, maps[1]), (self.up1, maps[0])):
            features = up(features, skip)
        logits: Tensor = self.head(features)
        return logits


class ForkNet(SegmentationModel):
    """Two decoders on one encoder, with a one-channel summary of the membrane given to the slits.

    Levels 1 to `fork_level` (3) are shared; deeper ones, down to 5 at 1/16 of the resolution, and
    the decoders belong to one head each. At 1/8 the membrane branch passes one channel to the slit
    branch, unless `cross_link` is off. Every block also carries a one-channel linear projection of
    its input, unless `deep_residual` is off. 13,185,946 trainable parameters at width 1.0, 833,170
    at width 0.25.

    The input (B, 1, H, W) has been normalised by the caller. In eval
    mode an output pixel sees input pixels from 92 px before to 116 px after it along each axis
    (`Reach` derives it; the 2x2 convolutions of levels 4 and 5 look ahead only).
    """

    size_multiple = 16

    def __init__(self, spec: ForkNetSpec) -> None:
        super().__init__(spec)
        plan = Plan(spec)
        fork, link, first = spec.fork_level, spec.cross_link, plan.wide[1]
        self.stem = nn.Sequential(
            plan.norm(1), Conv(1, first), Conv(first, first), plan.norm(first), Conv(first, first)
        )
        self.shared = range(2, fork + 1)
        for level in self.shared:
            self.add_module(f"norm{level}", plan.norm_before(level))
            self.add_module(f"level{level}", EncoderBlock(plan, level))
        self.forks_at = fork + 1 if fork < LEVELS else None
        if self.forks_at:
            self.add_module(f"norm{self.forks_at}", plan.norm_before(self.forks_at))
        self.membrane = Branch(plan, plan.decoded[4], has_join=link)
        if self.forks_at:
            self.add_module(f"slit_norm{self.forks_at}", plan.norm_before(self.forks_at))
        joined = plan.wide[4] + int(link)
        self.slit = Branch(plan, joined, has_join=True)
        self.bridge = nn.Conv2d(plan.wide[4], 1, 1) if link else None
        self.bridge_norm = plan.norm(1) if link else None
        self.slit_norm_joined = plan.norm(joined)
        self.receptive_radius_px = _reach().radius_px
        init_weights(self)

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of 16."""
        membrane_maps, slit_maps = self._encode(image)
        membrane = self.membrane.up4(membrane_maps[4], membrane_maps[3])
        slit = self.slit.up4(slit_maps[4], slit_maps[3])
        joined = self._joined(membrane, slit)
        return Logits(
            self.membrane.decode(membrane, membrane_maps), self.slit.decode(joined, slit_maps)
        )

    def _encode(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the maps of the five levels, as each head sees them."""
        maps = [self.stem(image)]
        for level in self.shared:
            pooled = self.get_submodule(f"norm{level}")(pool(maps[-1]))
            maps.append(self.get_submodule(f"level{level}")(maps[-1], pooled))
        if self.forks_at is None:
            return maps, maps
        pooled = self.get_submodule(f"norm{self.forks_at}")(pool(maps[-1]))
        for_slit = self.get_submodule(f"slit_norm{self.forks_at}")(pooled)
        return self.membrane.encode(maps, pooled), self.slit.encode(maps, for_slit)

    def _joined(self, membrane: Tensor, slit: Tensor) -> Tensor:
        """Return what level 3 of the slit decoder takes from below, and from the membrane."""
        joined = _applied(self.slit.join, slit)
        if self.bridge is not None:
            summary = _applied(self.bridge, _applied(self.membrane.join, membrane))
            joined = concat(joined, _applied(self.bridge_norm, summary))
        normalised: Tensor = self.slit_norm_joined(joined)
        return normalised


def _applied(layer: nn.Module | None, features: Tensor) -> Tensor:
    if layer is None:
        return features
    result: Tensor = layer(features)
    return result


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
