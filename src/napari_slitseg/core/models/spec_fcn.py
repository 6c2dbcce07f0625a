"""Spec of the fully convolutional network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.models.spec import About, ModelSpec
from napari_slitseg.core.spec import setting


@dataclass(frozen=True, kw_only=True)
class FCNSpec(ModelSpec):
    """Fully convolutional network.

    Parameters
    ----------
    finest_stride : int
        32, 16 or 8: the finest score map that is added, px.
    upsampling : str
        ``"bilinear"`` or ``"learned"``.
    deep_channels : int
        Channels at the bottom at width 1.
    """

    model: ClassVar[str] = "fcn:FCN"
    about: ClassVar[About] = About(
        title="FCN",
        idea="The encoder of an image classifier whose last layers became convolutions. Maps of "
        "scores at 1/32, 1/16 and 1/8 of the resolution are made finer and added.",
        use_when="To compare with the first network of its kind; its maps have one value for "
        "8 x 8 px, interpolated, so slits closer than about 16 px merge.",
        source="Long, Shelhamer and Darrell, CVPR 2015, arXiv:1411.4038",
        parameters=41_464_134,
        diagram="""\
image -> 64 -> 128 -> 256 -> 512 -> 512 -> 7 x 7 -> 1 x 1 -> scores, 1/32
                       |      |                                | x 2
                       |      +---------------------> scores + -> 1/16
                       |                                       | x 2
                       +----------------------------> scores + -> 1/8 - x 8 -> logits""",
        departures="The two convolutions at the bottom have 1024 channels (deep_channels), where "
        "the paper has 4096: those were sized for 1000 classes of photographs and hold 119 of its "
        "134 million weights; the 7 x 7 kernel and with it the field of view stay. 'Same' padding "
        "where the paper pads by 100 px and crops; normalisation before each ReLU, where the paper "
        'has none (norm "none"); no dropout, no pretraining; scores of each head by itself; with '
        "learned upsampling the last step learns too, which the paper keeps bilinear.",
    )
    bytes_per_px_at_width_1: ClassVar[int] = 600

    name: Literal["fcn"] = "fcn"
    finest_stride: Literal[8, 16, 32] = setting(
        8, "Finest map of scores that is added, in px of the image; 8 gives the sharpest result."
    )
    upsampling: Literal["bilinear", "learned"] = setting(
        "bilinear",
        "How scores get finer. bilinear: interpolated. learned: transposed convolutions that start "
        "as interpolation and are trained.",
    )
    deep_channels: int = setting(
        1024, "Channels of the two convolutions at the bottom at width 1; 4096 as published.", ge=1
    )
