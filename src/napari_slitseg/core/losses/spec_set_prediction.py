"""Spec of the loss on sets of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.spec import Spec, setting


@dataclass(frozen=True, kw_only=True)
class SetPrediction(Spec):
    """Set prediction: one proposed point to one annotation, the others empty.

    Attributes
    ----------
    title, formula, use_when, source : str
        The loss in words, as `About` of the losses on maps has them.
    """

    title: ClassVar[str] = "Set prediction"
    formula: ClassVar[str] = (
        r"\frac{-\sum_{pairs}\log m-w_e\sum_{others}\log(1-m)}{n+w_e\,(N-n)}"
        r"+\frac{w_d}{n}\sum_{pairs}h(d)"
    )
    use_when: ClassVar[str] = "The model gives points instead of a slit map."
    source: ClassVar[str] = "Song et al., P2PNet, ICCV 2021; Carion et al., DETR, ECCV 2020"

    name: Literal["set_prediction"] = "set_prediction"
    empty_weight: float = setting(
        0.5, "Weight of a point that should be empty, where a slit counts 1.", ge=0, le=10
    )
    position_weight: float = setting(
        0.1, "Cost of one pixel between a point and its annotation.", unit="1/px", ge=0
    )
    rounding_px: float = setting(
        1.0,
        "Below this distance its cost is squared, so that exact positions come to rest; above all "
        "distances, the cost is P2PNet's.",
        unit="px",
        gt=0,
    )
    position_cost: float = setting(
        0.05,
        "What a pixel of distance costs in the choice of pairs, where a probability of 1 gains 1.",
        unit="1/px",
        ge=0,
    )
