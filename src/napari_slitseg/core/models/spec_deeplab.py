"""Spec of DeepLabv3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.models.spec import About, ModelSpec
from napari_slitseg.core.spec import setting


@dataclass(frozen=True, kw_only=True)
class DeepLabSpec(ModelSpec):
    """DeepLabv3.

    Parameters
    ----------
    output_stride : int
        16 or 8.
    rates : tuple of int
        At output stride 16; twice as large at 8.
    image_pooling : str
        ``"window"``, ``"image"`` or ``"none"``.
    """

    model: ClassVar[str] = "deeplab:DeepLab"
    about: ClassVar[About] = About(
        title="DeepLabv3",
        idea="A residual encoder (layout of ResNet-18, no pretrained weights) whose last levels "
        "widen their convolutions instead of shrinking the map, and a pyramid of such convolutions "
        "that looks near and far at once.",
        use_when="Membranes that only wide surroundings tell apart; slits closer together than the "
        "output stride merge.",
        source="Chen et al., Rethinking atrous convolution for semantic image segmentation, 2017",
        parameters=15_302_338,
        diagram="""\
image -> 7x7 /2 -> pool /2 -> 64 -> 128 /2 -> 256 /2 -> 512, widened -> pyramid
pyramid: 1x1, 3x3 rates 6, 12, 18, pooled -> side by side -> 256 -+-> membrane, 16x larger
                                                                  +-> slit, 16x larger""",
        departures="The encoder is of the layout of ResNet-18 instead of ResNet-101, from random "
        "weights; the pooled view is a mean within a window instead of the whole image, and has a "
        "bias instead of a normalisation, which one value to a channel cannot have; the last level "
        "has one rate instead of a grid of three.",
    )
    bytes_per_px_at_width_1: ClassVar[int] = 400

    name: Literal["deeplabv3"] = "deeplabv3"
    output_stride: Literal[16, 8] = setting(
        16,
        "Pixels of the image for one of the coarsest map. 16: as published for training; "
        "8: finer and slower.",
    )
    rates: tuple[int, ...] = setting(
        (6, 12, 18),
        "How far apart each 3 x 3 convolution of the pyramid looks, in pixels of the map at output "
        "stride 16; at 8 they are doubled.",
        ge=1,
        le=64,
    )
    image_pooling: Literal["window", "image", "none"] = setting(
        "window",
        "What the pyramid knows of the surroundings as a whole. window: their mean as far as the "
        "largest rate sees, so that tiles agree with the whole image; image: the mean of all, as "
        "published, which differs from tile to tile; none: nothing.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.rates:
            raise ValueError("DeepLabSpec.rates is empty; give at least one")
