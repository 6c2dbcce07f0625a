"""Losses on sets of points by name. Torch is imported when a loss is built, not before.

Losses of `LOSSES` compare a map of logits with a target, and what is said of them, such as whether
they erase, was measured by changing a map freely. A model that gives points
(`core.models.points`) has no map to change, so its losses stand in a table of their own. A training
step with such a model takes the membrane's loss from `LOSSES` and the slits' from here::

    found = model.points(image)
    slit = build_point_loss(SetPrediction())(found.points, slit_target)
    membrane = build_loss(Dice())(found.membrane, membrane_target)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from napari_slitseg.core.losses.spec_set_prediction import SetPrediction

if TYPE_CHECKING:
    from torch import Tensor

    from napari_slitseg.core.losses.target import Target
    from napari_slitseg.core.models.point_set import PointSet

    PointLoss = Callable[[PointSet, Target], Tensor]

__all__ = ["POINT_LOSSES", "SetPrediction", "build_point_loss"]

POINT_LOSSES: Mapping[str, type[SetPrediction]] = MappingProxyType(
    {SetPrediction().name: SetPrediction}
)
"""Specs of the losses on sets of points by name."""


def build_point_loss(spec: SetPrediction) -> PointLoss:
    """Return the loss as a function of points and target.

    Parameters
    ----------
    spec : SetPrediction
        The loss with its settings.

    Returns
    -------
    callable
        ``loss(points, target) -> scalar tensor``; raises ValueError where the target has no points.
    """
    from napari_slitseg.core.losses.set_prediction import set_prediction

    def loss(points: PointSet, target: Target) -> Tensor:
        if target.points is None:
            raise ValueError(f"{spec.about.title} compares with points; this target has none")
        return set_prediction(points, target.points, **spec.settings())

    return loss
