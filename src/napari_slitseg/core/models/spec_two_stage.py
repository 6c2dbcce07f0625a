"""Spec of the model that finds the membrane first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.models.spec import About, ModelSpec
from napari_slitseg.core.spec import setting

_STEP_PX = 16


@dataclass(frozen=True, kw_only=True)
class TwoStageSpec(ModelSpec):
    """Membrane first, then slits in windows along it.

    Parameters
    ----------
    window_px : int
        A multiple of 16.
    overlap : float
        In [0, 0.5].
    membrane_threshold : float
        In [0, 1].
    """

    model: ClassVar[str] = "two_stage:TwoStage"
    about: ClassVar[About] = About(
        title="Two stages",
        idea="A small U-Net finds the membrane; another looks for slits only in windows that hold "
        "some of it, and sees the first one's answer beside the image.",
        use_when="Large images with little membrane: empty parts cost half, and no slit is found "
        "far from a membrane.",
        source="Windowing along the membrane, Ye 2022 (after the 2021 study of distance losses)",
        parameters=3_884_722,
        diagram="""\
image --> small U-Net --> membrane
  |                          |  windows of 160 px with membrane in them
  +----------- beside -------+--> small U-Net --> slit windows --> cross-faded --> slit""",
        departures="One network each, U-Nets, where Ye trained DeepLab; windows of 160 px every "
        "112 px on a lattice fixed to the image, where Ye's 150 px follow the membrane's outline; "
        "both stages are trained at once.",
    )
    bytes_per_px_at_width_1: ClassVar[int] = 800

    name: Literal["two_stage"] = "two_stage"
    window_px: int = setting(
        160, "Side of a window, a multiple of 16.", unit="px", ge=2 * _STEP_PX, le=1024
    )
    overlap: float = setting(
        0.3,
        "Part of a window that it shares with the next; the distance between windows is rounded "
        "to a multiple of 16 px.",
        ge=0,
        le=0.5,
    )
    membrane_threshold: float = setting(
        0.1,
        "A window is looked at if the membrane's probability exceeds this anywhere in it. In "
        "training all windows are.",
        ge=0,
        le=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window_px % _STEP_PX:
            below = self.window_px // _STEP_PX * _STEP_PX
            raise ValueError(
                f"TwoStageSpec.window_px is {self.window_px}; it must be a multiple of {_STEP_PX}, "
                f"such as {below} or {below + _STEP_PX}"
            )

    @property
    def stride_px(self) -> int:
        """Distance from one window to the next, px: a multiple of 16."""
        return round(self.window_px * (1 - self.overlap) / _STEP_PX) * _STEP_PX
