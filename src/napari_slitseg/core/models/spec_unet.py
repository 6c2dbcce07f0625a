"""Specs of the U-shaped networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.models.spec import About, ModelSpec


@dataclass(frozen=True, kw_only=True)
class ForkNetSpec(ModelSpec):
    """ForkNet."""

    model: ClassVar[str] = "forknet:ForkNet"
    about: ClassVar[About] = About(
        title="ForkNet",
        idea="A shared encoder that forks into a membrane and a slit branch; the membrane branch "
        "gives the slit branch a one-channel summary of what it sees.",
        use_when="The default: made for membrane and slits in one network.",
        source="Smerkous et al., Kidney Int 2024;105:165-176; najafian-lab/fpw-dl-v1",
        parameters=13_185_946,
        recommended=True,
    )

    name: Literal["forknet"] = "forknet"


@dataclass(frozen=True, kw_only=True)
class UNetSpec(ModelSpec):
    """U-Net."""

    model: ClassVar[str] = "unet:UNet"
    about: ClassVar[About] = About(
        title="U-Net",
        idea="Five levels of two convolutions, skip connections by concatenation, one decoder and "
        "a 1 x 1 convolution for each head.",
        use_when="A plain baseline to compare others with.",
        source="Ronneberger et al., MICCAI 2015",
        parameters=7_762_498,
    )

    name: Literal["unet"] = "unet"
