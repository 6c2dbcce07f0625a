"""Spec of the U-shaped network of skip blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.models.spec import About, ModelSpec
from napari_slitseg.core.spec import setting


@dataclass(frozen=True, kw_only=True)
class MUNetSpec(ModelSpec):
    """U-shaped network of skip blocks.

    Parameters
    ----------
    skip_connections : bool
        Whether blocks add their input to their output.
    depth : int
        Twice the number of blocks of each width on the way down, and on the way up; even.
    """

    model: ClassVar[str] = "munet:MUNet"
    about: ClassVar[About] = About(
        title="mUNet",
        idea="Many small blocks that add their input to their output, down to 1/8 of the "
        "resolution and up again. On the way up, half of the channels at three places are those "
        "saved on the way down.",
        use_when="To see what skip connections do: the paths around the blocks can be cut, the "
        "depth chosen.",
        source="After mUNet of DLStudio 2 (Avinash Kak, Purdue University)",
        parameters=6_672_770,
        diagram="""\
image -> 1/2: 64 blocks --- half saved ---> 64 blocks -> membrane, slit
          \\-> 1/4: 64 blocks -- half saved --> 64 blocks -/
                \\-> 128 blocks -- half saved -> 128 blocks -/
                      \\-> 1/8 ------------------/""",
        departures="The meaning of DLStudio's network, not its slips. There, one strided "
        "convolution serves both paths of a block, here each has its own. The saved channels "
        "overwrite half of those that came up, here the blocks below compute the other half only. "
        "Its two blocks behind the third joint are the same as those before it, and the rest never "
        "run; layers are made that are not used; here each layer is used once. Its upsampling "
        "leaves three of four pixels to the bias (a transposed convolution of stride and dilation "
        "2), that of the output included; here it fills all. One image channel, two heads.",
    )
    bytes_per_px_at_width_1: ClassVar[int] = 500

    name: Literal["munet"] = "munet"
    skip_connections: bool = setting(
        True,
        "Whether blocks add their input to their output. The channels saved on the way down stay.",
    )
    depth: int = setting(
        16,
        "Even. Half of it is the number of blocks of each width, on the way down as on the way up.",
        ge=2,
        le=64,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth % 2:
            raise ValueError(f"MUNetSpec.depth is {self.depth}; give an even number")
