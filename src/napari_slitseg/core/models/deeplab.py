"""DeepLabv3: atrous convolutions and an atrous spatial pyramid, with two heads."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from napari_slitseg.core.models.base import (
    Logits,
    SegmentationModel,
    concat,
    init_weights,
    make_norm,
)
from napari_slitseg.core.models.reach import Reach
from napari_slitseg.core.models.spec_deeplab import DeepLabSpec

_BLOCKS = 2


class DeepLab(SegmentationModel):
    """Residual encoder, atrous spatial pyramid and bilinear upsampling of the logits.

    After Chen et al. 2017 (arXiv 1706.05587). The encoder has the layout of ResNet-18 (He et al.,
    CVPR 2016): a 7 x 7 convolution, pooling, and four levels of two blocks of two convolutions.
    At output stride 16 the last level, at 8 the last two, keep their resolution and widen their
    convolutions instead, by 2 (and 4). There are no pretrained weights.

    Both heads are 1 x 1 convolutions of one pyramid, as the published network has one for all its
    classes: slits lie on the membrane, so what tells one tells the other.

    The pyramid's pooled branch has a bias instead of a normalisation: over a whole image there is
    one value to a channel, whose batch statistics are those of the batch's few images, and of
    nothing in a batch of one. ``image_pooling="window"`` takes the mean of the features within the
    largest rate (592 px wide by default; cut off at the image's border), which tiles with a halo
    of the receptive radius can know; ``"image"`` is the published mean of all, and then the model
    is not local.

    The input (B, 1, H, W) has been normalised by the caller.
    """

    size_multiple = 16

    def __init__(self, spec: DeepLabSpec) -> None:
        super().__init__(spec)
        channels = [spec.channels(64 * 2**level) for level in range(4)]
        self.stem = nn.Sequential(
            nn.Conv2d(1, channels[0], 7, stride=2, padding=3, bias=spec.norm == "none"),
            make_norm(spec.norm, channels[0]),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        sources = [channels[0], *channels[:-1]]
        layout = zip(sources, channels, _strides_and_rates(spec), strict=True)
        self.levels = nn.Sequential(*(_level(a, b, *how, spec.norm) for a, b, how in layout))
        self.pyramid = Pyramid(spec, channels[-1], spec.channels(256))
        self.membrane = nn.Conv2d(spec.channels(256), 1, 1)
        self.slit = nn.Conv2d(spec.channels(256), 1, 1)
        self.output_stride = spec.output_stride
        self.receptive_radius_px = _reach(spec).radius_px
        self.is_local = self.is_local and spec.image_pooling != "image"
        init_weights(self)

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of 16."""
        features = self.pyramid(self.levels(self.stem(image)))
        return Logits(*(self._enlarged(head(features)) for head in (self.membrane, self.slit)))

    def _enlarged(self, logits: Tensor) -> Tensor:
        return functional.interpolate(logits, scale_factor=self.output_stride, mode="bilinear")


class Block(nn.Module):
    """Two 3 x 3 convolutions beside the identity, or beside a projection where shapes differ."""

    def __init__(
        self, channels_in: int, channels_out: int, stride: int, rate: int, norm: str
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_conv(channels_in, channels_out, 3, norm, stride=stride, rate=rate),
            nn.ReLU(inplace=True),
            *_conv(channels_out, channels_out, 3, norm, rate=rate),
        )
        is_same = channels_in == channels_out and stride == 1
        projection = _conv(channels_in, channels_out, 1, norm, stride=stride)
        self.shortcut = nn.Identity() if is_same else nn.Sequential(*projection)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out, H / stride, W / stride)."""
        return functional.relu(self.body(features) + self.shortcut(features))


class Pyramid(nn.Module):
    """Parallel views of one feature map, near, far and pooled, joined by a 1 x 1 convolution.

    Parameters
    ----------
    spec : DeepLabSpec
        Rates, pooling and normalisation.
    channels_in, channels : int
        Channels of the features, and of every view and the result.
    """

    def __init__(self, spec: DeepLabSpec, channels_in: int, channels: int) -> None:
        super().__init__()
        rates = _rates(spec)
        self.views = nn.ModuleList(
            nn.Sequential(*_conv(channels_in, channels, kernel, spec.norm, rate=rate), nn.ReLU())
            for kernel, rate in [(1, 1), *((3, rate) for rate in rates)]
        )
        self.pooling, self.radius = spec.image_pooling, max(rates)
        if self.pooling != "none":
            self.pooled = nn.Conv2d(channels_in, channels, 1)
        n_views = len(self.views) + (self.pooling != "none")
        self.join = nn.Sequential(*_conv(n_views * channels, channels, 1, spec.norm), nn.ReLU())

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, channels, H, W)."""
        views = [view(features) for view in self.views]
        if self.pooling != "none":
            views.append(functional.relu(self._mean(self.pooled(features))))
        joined: Tensor = self.join(concat(*views))
        return joined

    def _mean(self, features: Tensor) -> Tensor:
        if self.pooling == "image":
            return features.mean((2, 3), keepdim=True).expand_as(features)
        return mean_within(features, self.radius)


def mean_within(features: Tensor, radius: int) -> Tensor:
    """Return the means over squares of ``2 * radius + 1``, (B, C, H, W).

    At the border the mean is over the part of the square that is in the map.
    """
    for kernel, padding in (((2 * radius + 1, 1), (radius, 0)), ((1, 2 * radius + 1), (0, radius))):
        features = functional.avg_pool2d(
            features, kernel, stride=1, padding=padding, count_include_pad=False
        )
    return features


def _conv(
    channels_in: int, channels_out: int, kernel: int, norm: str, *, stride: int = 1, rate: int = 1
) -> list[nn.Module]:
    """Return a 'same' convolution and its normalisation; the bias stays useful without one."""
    conv = nn.Conv2d(
        channels_in,
        channels_out,
        kernel,
        stride=stride,
        padding=kernel // 2 * rate,
        dilation=rate,
        bias=norm == "none",
    )
    return [conv, make_norm(norm, channels_out)]


def _level(channels_in: int, channels_out: int, stride: int, rate: int, norm: str) -> nn.Sequential:
    first = Block(channels_in, channels_out, stride, rate, norm)
    rest = (Block(channels_out, channels_out, 1, rate, norm) for _ in range(_BLOCKS - 1))
    return nn.Sequential(first, *rest)


def _strides_and_rates(spec: DeepLabSpec) -> list[tuple[int, int]]:
    if spec.output_stride == 16:
        return [(1, 1), (2, 1), (2, 1), (1, 2)]
    return [(1, 1), (2, 1), (1, 2), (1, 4)]


def _rates(spec: DeepLabSpec) -> list[int]:
    return [rate * 16 // spec.output_stride for rate in spec.rates]


def _reach(spec: DeepLabSpec) -> Reach:
    reach = Reach().conv(7).subsample().conv(3).subsample()
    for stride, rate in _strides_and_rates(spec):
        reach = reach.conv(3, dilation=rate).subsample(stride)
        reach = reach.conv(*[3] * (2 * _BLOCKS - 1), dilation=rate)
    return reach.conv(3, dilation=max(_rates(spec))).bilinear(spec.output_stride)
