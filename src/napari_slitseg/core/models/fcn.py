"""Fully convolutional network with two heads: scores of several strides, added."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from napari_slitseg.core.models.base import Logits, SegmentationModel, init_weights, pool
from napari_slitseg.core.models.blocks import bilinear_kernel, conv_norm_relu, convs
from napari_slitseg.core.models.reach import Reach
from napari_slitseg.core.models.spec_fcn import FCNSpec

CHANNELS = (64, 128, 256, 512, 512)
N_CONVS = (2, 2, 3, 3, 3)
COARSEST = 32
DEEP_KERNEL = 7


class FCN(SegmentationModel):
    """Encoder of VGG-16, and a sum of score maps for each head.

    After Long et al., CVPR 2015: FCN-8s, or FCN-16s and FCN-32s by `finest_stride`. Score maps at
    1/32, 1/16 and 1/8 of the resolution come from 1x1 convolutions; the coarser one is brought to
    the stride of the finer one and added, and the last to the size of the image.

    Departures: 'same' padding; 1024 channels at the bottom (`deep_channels`) for the paper's 4096,
    which were made for the thousand classes of the classifier it began as; no dropout; Glorot
    weights for the scores, where the paper starts with zeros on pretrained layers.

    The input (B, 1, H, W) has been normalised by the caller.
    """

    size_multiple = COARSEST

    def __init__(self, spec: FCNSpec) -> None:
        super().__init__(spec)
        wide = [spec.channels(each) for each in CHANNELS]
        deep = spec.channels(spec.deep_channels)
        self.levels = nn.ModuleList(
            convs(a, b, spec.norm, number)
            for (a, b), number in zip(pairwise([1, *wide]), N_CONVS, strict=True)
        )
        self.deep = nn.Sequential(
            *conv_norm_relu(wide[-1], deep, spec.norm, DEEP_KERNEL),
            *conv_norm_relu(deep, deep, spec.norm, 1),
        )
        strides = [stride for stride in (16, 8) if stride >= spec.finest_stride]
        sources = [deep, *(wide[{16: 3, 8: 2}[stride]] for stride in strides)]
        self.membrane, self.slit = (Scores(spec, sources) for _ in range(2))
        self.receptive_radius_px = _reach(spec.finest_stride).radius_px
        init_weights(self)
        for head in (self.membrane, self.slit):
            head.begin_as_interpolation()

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of 32."""
        maps: list[Tensor] = []
        for level in self.levels:
            maps.append(pool(level(maps[-1] if maps else image)))
        sources = [self.deep(maps[4]), maps[3], maps[2]]
        return Logits(self.membrane(sources), self.slit(sources))


class Scores(nn.Module):
    """One head: scores from each source, coarse to fine, and their sum at the size of the image.

    Parameters
    ----------
    spec : FCNSpec
        Settings of the model.
    channels : list of int
        Of the sources, the coarsest first.
    """

    def __init__(self, spec: FCNSpec, channels: list[int]) -> None:
        super().__init__()
        self.scores = nn.ModuleList(nn.Conv2d(each, 1, 1) for each in channels)
        factors = [2] * (len(channels) - 1) + [spec.finest_stride]
        upsampling = LearnedUpsampling if spec.upsampling == "learned" else BilinearUpsampling
        self.ups = nn.ModuleList(upsampling(factor) for factor in factors)

    def begin_as_interpolation(self) -> None:
        """Set what upsampling has learned to bilinear interpolation."""
        for up in self.ups:
            if isinstance(up, LearnedUpsampling):
                up.begin_as_interpolation()

    def forward(self, sources: list[Tensor]) -> Tensor:
        """Return logits (B, 1, H, W) from feature maps, the coarsest first."""
        total: Tensor = self.ups[0](self.scores[0](sources[0]))
        for score, up, source in zip(self.scores[1:], self.ups[1:], sources[1:], strict=False):
            total = up(total + score(source))
        return total


class BilinearUpsampling(nn.Module):
    """Interpolation of pixel areas, (B, C, H, W) -> (B, C, f H, f W)."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = float(factor)

    def forward(self, scores: Tensor) -> Tensor:
        """Return the scores at the finer grid."""
        return functional.interpolate(scores, scale_factor=self.factor, mode="bilinear")


class LearnedUpsampling(nn.ConvTranspose2d):
    """Transposed convolution of one channel that can interpolate, (B, 1, H, W) -> f times finer."""

    def __init__(self, factor: int) -> None:
        super().__init__(1, 1, 2 * factor, stride=factor, padding=factor // 2, bias=False)

    def begin_as_interpolation(self) -> None:
        """Set the kernel to that of bilinear interpolation."""
        self.weight.data.copy_(bilinear_kernel(self.stride[0]))


def _reach(finest_stride: int) -> Reach:
    maps = [Reach()]
    for number in N_CONVS:
        maps.append(maps[-1].conv(*[3] * number).pool())
    total = maps[5].conv(DEEP_KERNEL)
    for stride, skip in ((16, maps[4]), (8, maps[3])):
        if stride >= finest_stride:
            total = total.bilinear().join(skip)
    return total.bilinear(finest_stride)
