"""Spec of Dice at several scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.losses.spec import About, LossSpec, Presets
from napari_slitseg.core.spec import setting


@dataclass(frozen=True, kw_only=True)
class MultiScaleDice(LossSpec):
    """One minus the Dice index of blurred maps, mean over several blurs.

    The preset ``near`` looks less far and holds the outline more.
    """

    function: ClassVar[str] = "multi_scale:multi_scale_dice"
    about: ClassVar[About] = About(
        title="Multi-scale Dice",
        family="overlap",
        formula=(
            r"\mathrm{mean}_\sigma [ 1 - \frac{2 \sum (G_\sigma p)(G_\sigma g) + s}"
            r"{\sum (G_\sigma p)^2 + \sum (G_\sigma g)^2 + s} ]"
        ),
        use_when="Masks are the target and dots lie up to 12 px beside their annotations, where "
        "Dice sees nothing; it may join two whose dots touch in the mask.",
        source="This project; Dice of Milletari et al., V-Net, 3DV 2016, after Gaussian blurs",
        compares_with="mask",
        erasure="inexact",
    )
    presets: ClassVar[Presets] = {"near": {"sigmas_px": (0.0, 1.0, 2.0, 4.0)}}

    name: Literal["multi_scale_dice"] = "multi_scale_dice"
    sigmas_px: tuple[float, ...] = setting(
        (0.0, 2.0, 4.0, 8.0),
        "Standard deviations of the Gaussians; large ones reach far, 0 keeps the outline.",
        unit="px",
        ge=0,
        le=100,
    )
    squared: bool = setting(
        default=True,
        description="Sum squares of probabilities and mask in the denominator; only then is the "
        "mask itself the best map.",
    )
    smooth: float = setting(
        0.03,
        "Area added to the fraction: keeps empty images finite; blurred dots need a small one.",
        unit="px",
        ge=0,
    )
    reduction: Literal["image", "batch", "flat"] = setting(
        "image",
        "image: one index for each image and class; batch: for each class; flat: for all together.",
    )
    classes: Literal["foreground", "all", "channels"] = setting(
        "foreground",
        "foreground: without the background; all: with it, 1 - p where there is one channel; "
        "channels: as they are.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.sigmas_px:
            raise ValueError("MultiScaleDice.sigmas_px is empty; give at least one")
