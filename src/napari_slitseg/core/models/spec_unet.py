"""Specs of the U-shaped networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.models.spec import About, ModelSpec
from napari_slitseg.core.spec import setting


@dataclass(frozen=True, kw_only=True)
class ForkNetSpec(ModelSpec):
    """ForkNet.

    Parameters
    ----------
    fork_level : int
        Last level of the encoder that both heads share, 1 to 5.
    cross_link : bool
        Whether the slit branch sees a one-channel summary of the membrane branch.
    deep_residual : bool
        Whether every block below the first carries a one-channel projection of its input.
    """

    model: ClassVar[str] = "forknet:ForkNet"
    about: ClassVar[About] = About(
        title="ForkNet",
        idea="A shared encoder that forks into a membrane and a slit branch; the membrane branch "
        "gives the slit branch a one-channel summary of what it sees.",
        use_when="You start from fresh weights: made for membrane and slits in one network.",
        source="Smerkous et al., Kidney Int 2024;105:165-176; najafian-lab/fpw-dl-v1",
        parameters=13_185_946,
        recommended=True,
        diagram="""\
image -> 1 -> 2 -> 3 -+-> 4 -> 5 -> up 4 -> up 3 -> up 2 -> up 1 -> membrane
         :    :    :  |              |       :       :       :
         :    :    :  |        cross link  skips from 3, 2 and 1
         :    :    :  |              v       :       :       :
         :    :    :  +-> 4 -> 5 -> up 4 -> up 3 -> up 2 -> up 1 -> slit""",
        departures="None with the default settings: the published graph layer by layer, but for "
        "the sigmoids, which are left to the losses.",
    )
    bytes_per_px_at_width_1: ClassVar[int] = 1000

    name: Literal["forknet"] = "forknet"
    fork_level: int = setting(
        3,
        "Last level of the encoder that both heads share; deeper ones belong to one head each. "
        "3 as published; 5 leaves only the decoders apart.",
        ge=1,
        le=5,
    )
    cross_link: bool = setting(
        True, "Whether the slit branch is given a one-channel summary of the membrane branch."
    )
    deep_residual: bool = setting(
        True, "Whether each block carries a one-channel projection of its input beside its output."
    )


@dataclass(frozen=True, kw_only=True)
class UNetSpec(ModelSpec):
    """U-Net.

    Parameters
    ----------
    depth : int
        Number of poolings, 1 to 6.
    block_px : int
        Side of the blocks of pixels that become the channels of one coarse pixel, 1 to 4.
    """

    model: ClassVar[str] = "unet:UNet"
    about: ClassVar[About] = About(
        title="U-Net",
        idea="Two convolutions at each of five levels, down to 1/16 of the resolution and up "
        "again; what was seen on the way down is put beside what comes up. A 1 x 1 convolution "
        "for each head.",
        use_when="A plain baseline to compare others with.",
        source="Ronneberger et al., MICCAI 2015, arXiv:1505.04597",
        parameters=31_036_546,
        diagram="""\
image -> 64 ------------ beside ------------> 64 -+-> membrane
          \\-> 128 ------- beside -----> 128 -/    +-> slit
               \\-> 256 -- beside --> 256 -/
                    \\-> 512 .. -> 512 -/
                          \\-> 1024 -/""",
        departures="Convolutions keep the size ('same' padding), where the paper's lose their "
        "border and crop; normalisation before each ReLU, where the paper has none "
        '(norm "none"); no dropout; two heads of one channel.',
    )
    bytes_per_px_at_width_1: ClassVar[int] = 2000

    name: Literal["unet"] = "unet"
    depth: int = setting(4, "Number of times the resolution is halved; 4 as published.", ge=1, le=6)
    block_px: int = setting(
        1,
        "Side of the blocks of pixels that are put into the channels of one coarse pixel before "
        "the first level, and taken out again by the heads. 2 is about five times as fast as 1, "
        "as published, and sees twice as far.",
        ge=1,
        le=4,
    )
