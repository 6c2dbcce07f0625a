"""U-shaped network of skip blocks with two heads, after DLStudio's mUNet."""

from __future__ import annotations

from torch import Tensor, nn

from napari_slitseg.core.models.base import (
    Logits,
    SegmentationModel,
    concat,
    init_weights,
    make_norm,
    pool,
)
from napari_slitseg.core.models.blocks import convs
from napari_slitseg.core.models.reach import Reach
from napari_slitseg.core.models.spec_munet import MUNetSpec


class Block(nn.Module):
    """Two 3x3 convolutions (one where the channels change), and the input added.

    Where the channels double, the input is added to both halves; where they halve, its second half
    is.

    Parameters
    ----------
    channels_in, channels_out : int
        Equal, or one twice the other.
    spec : MUNetSpec
        Settings of the model.
    resampling : type of nn.Module, optional
        `Halving` or `Doubling`; each path has one of its own.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        spec: MUNetSpec,
        resampling: type[Halving | Doubling] | None = None,
    ) -> None:
        super().__init__()
        number = 2 if channels_in == channels_out else 1
        self.channels_out = channels_out
        self.path = convs(channels_in, channels_out, spec.norm, number)
        self.resampling = resampling(channels_out) if resampling else nn.Identity()
        self.around: nn.Module | None = None
        if spec.skip_connections:
            self.around = resampling(channels_in) if resampling else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out, H, W), at half or double the size with a resampling."""
        found: Tensor = self.resampling(self.path(features))
        if self.around is None:
            return found
        around: Tensor = self.around(features)
        if around.shape[1] < self.channels_out:
            around = concat(around, around)
        return found + around[:, -self.channels_out :]


class Halving(nn.Conv2d):
    """Learned mixture of channels at every second pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 1, stride=2)


class Doubling(nn.ConvTranspose2d):
    """Learned 2x2 pixels from each one."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 2, stride=2)


class Plan:
    """How many blocks stand where, and how wide they are."""

    def __init__(self, spec: MUNetSpec) -> None:
        self.spec = spec
        self.half = spec.channels(32)
        self.narrow, self.wide = 2 * self.half, 4 * self.half
        blocks = spec.depth // 2
        self.few, self.many = blocks // 4, blocks - blocks // 4

    def blocks(self, channels: int, number: int) -> list[nn.Module]:
        """Return blocks that keep their channels."""
        return [Block(channels, channels, self.spec) for _ in range(number)]

    def ending(self, channels: int, number: int) -> list[nn.Module]:
        """Return one or more blocks, the last of which halves the channels."""
        return [*self.blocks(channels, number - 1), Block(channels, channels // 2, self.spec)]

    def rising(self, channels: int) -> list[nn.Module]:
        """Return blocks that double the resolution and halve the channels."""
        if not self.few:
            return [Block(channels, channels // 2, self.spec, Doubling)]
        return [Block(channels, channels, self.spec, Doubling), *self.ending(channels, self.few)]


class MUNet(SegmentationModel):
    """Skip blocks of 64 and 128 channels, down to 1/8 of the resolution and up again.

    After mUNet of DLStudio 2 (Avinash Kak), whose half of the channels at three places on the way
    up are those saved on the way down. What differs is in `MUNetSpec.about`.

    The input (B, 1, H, W) has been normalised by the caller.
    """

    size_multiple = 8

    def __init__(self, spec: MUNetSpec) -> None:
        super().__init__(spec)
        plan = Plan(spec)
        narrow, wide, few, many = plan.narrow, plan.wide, plan.few, plan.many
        blocks, norm = plan.blocks, spec.norm
        self.stem = nn.Sequential(nn.Conv2d(1, narrow, 3, padding=1), nn.ReLU(inplace=True))
        self.down2 = nn.Sequential(*blocks(narrow, few))
        self.down4 = nn.Sequential(
            Block(narrow, narrow, spec, Halving), *blocks(narrow, many), make_norm(norm, narrow)
        )
        self.down4_wide = nn.Sequential(
            Block(narrow, wide, spec), *blocks(wide, few), make_norm(norm, wide)
        )
        self.down8 = nn.Sequential(*blocks(wide, many), Block(wide, wide, spec, Halving))
        self.up4_wide = nn.Sequential(*plan.rising(wide))
        self.up4 = nn.Sequential(
            make_norm(norm, wide),
            *blocks(wide, many),
            Block(wide, narrow, spec),
            *plan.ending(narrow, many),
        )
        self.up2 = nn.Sequential(make_norm(norm, narrow), *plan.rising(narrow))
        self.membrane, self.slit = (
            nn.ConvTranspose2d(narrow, 1, 3, stride=2, padding=1, output_padding=1)
            for _ in range(2)
        )
        self.receptive_radius_px = _reach(plan).radius_px
        init_weights(self)

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of 8."""
        at2 = self.down2(pool(self.stem(image)))
        at4 = self.down4(at2)
        at4_wide = self.down4_wide(at4)
        features = self.up4_wide(self.down8(at4_wide))
        features = self.up4(concat(_first_half(at4_wide), features))
        features = self.up2(concat(_first_half(at4), features))
        features = concat(_first_half(at2), features)
        return Logits(self.membrane(features), self.slit(features))


def _first_half(features: Tensor) -> Tensor:
    return features[:, : features.shape[1] // 2]


def _reach(plan: Plan) -> Reach:
    few, many = [3, 3] * plan.few, [3, 3] * plan.many
    at2 = Reach().conv(3).pool().conv(*few)
    at4 = at2.conv(3, 3).subsample().conv(*many)
    at4_wide = at4.conv(3, *few)
    features = at4_wide.conv(*many, 3, 3).subsample()
    features = _risen(features, plan.few).join(at4_wide).conv(*many, 3, *many[1:])
    features = _risen(features.join(at4), plan.few).join(at2)
    return features.transposed(3, 2, 1)


def _risen(features: Reach, few: int) -> Reach:
    if not few:
        return features.conv(3).up()
    return features.conv(3, 3).up().conv(*[3, 3] * (few - 1), 3)
