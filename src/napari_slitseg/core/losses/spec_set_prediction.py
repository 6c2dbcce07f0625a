"""Spec of the loss on sets of points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

from napari_slitseg.core.spec import Spec, setting


@dataclass(frozen=True, kw_only=True)
class PointAbout:
    """A loss on sets of points in words: `About` of the losses on maps without what a map shows.

    Attributes
    ----------
    title, formula, use_when, source : str
        Name in menus, LaTeX without dollar signs, one sentence, and papers.
    """

    title: str
    formula: str
    use_when: str
    source: str


@dataclass(frozen=True, kw_only=True)
class SetPrediction(Spec):
    """Set prediction: one proposed point to one annotation, the others empty.

    Attributes
    ----------
    about : PointAbout
        The loss in words.
    presets : mapping
        Named sets of values: ``"p2pnet"`` as published.
    """

    about: ClassVar[PointAbout] = PointAbout(
        title="Set prediction",
        formula=r"\frac{-\sum_{pairs}\log m-w_e\sum_{others}\log(1-m)}{n+w_e\,(N-n)}"
        r"+\frac{w_d}{n}\sum_{pairs}h(d)",
        use_when="The model gives points instead of a slit map.",
        source="Song et al., P2PNet, ICCV 2021; Carion et al., DETR, ECCV 2020",
    )

    presets: ClassVar[Mapping[str, Mapping[str, float]]] = MappingProxyType(
        {
            "p2pnet": MappingProxyType(
                {"position_cost": 0.05, "position_weight": 0.4, "rounding_px": 1000.0}
            )
        }
    )

    name: Literal["set_prediction"] = "set_prediction"
    empty_weight: float = setting(
        0.5, "Weight of a point that should be empty, where a slit counts 1.", ge=0, le=10
    )
    position_weight: float = setting(
        0.1, "Cost of one pixel between a point and its annotation.", unit="1/px", ge=0
    )
    rounding_px: float = setting(
        1.0,
        "Below this distance its cost is squared, so that exact positions come to rest.",
        unit="px",
        gt=0,
    )
    position_cost: float = setting(
        0.2,
        "What a pixel of distance costs in the choice of pairs, where a probability of 1 gains 1; "
        "low values let sure points take annotations that they cannot reach.",
        unit="1/px",
        ge=0,
    )
