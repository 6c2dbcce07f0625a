"""Spec of the model that gives points instead of a slit map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.models.spec import About, ModelSpec
from napari_slitseg.core.spec import setting


@dataclass(frozen=True, kw_only=True)
class PointSpec(ModelSpec):
    """Direct coordinates.

    Parameters
    ----------
    anchors_per_side : int
        1 to 4.
    reach_px : float
        In (0, 64].
    """

    model: ClassVar[str] = "points:PointModel"
    about: ClassVar[About] = About(
        title="Direct coordinates",
        idea="No slit map: a U-shaped network proposes four points in each 8 x 8 px, each with a "
        "position and the choice between slit and empty; its slit map shows a dot for each.",
        use_when="Points, not maps, are what you want to train, one proposal to one annotation; "
        "not yet compared with maps at length.",
        source="Song et al., P2PNet, ICCV 2021; empty token of Carion et al., DETR, ECCV 2020",
        parameters=8_666_673,
        diagram="""\
image -> U-Net -+-> full resolution -----> membrane
                +-> 1/8 -+-> three 3x3 -> bounded offset -+
                         +-> three 3x3 -> slit or empty --+-> points -> dots -> slit""",
        departures="A U-Net instead of VGG16, with a membrane map beside the points; normalisation "
        "in the stacks; offsets have a limit, so that far parts of an image have no say; smooth L1 "
        "instead of squares, and distance counts four times as much in the choice of pairs.",
    )
    bytes_per_px_at_width_1: ClassVar[int] = 1100

    name: Literal["points"] = "points"
    anchors_per_side: int = setting(
        2,
        "Points proposed along each side of a cell of 8 x 8 px: 2 makes four, 4 px apart.",
        ge=1,
        le=4,
    )
    reach_px: float = setting(
        8.0,
        "How far a point can lie from where it is proposed, along each axis.",
        unit="px",
        gt=0,
        le=64,
    )
