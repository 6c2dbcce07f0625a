"""Losses by name. Torch is imported when a loss is built, not before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from napari_slitseg.core.losses.spec import About, LossSpec
from napari_slitseg.core.losses.spec_combine import WeightedSum
from napari_slitseg.core.losses.spec_distribution import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Focal,
    MeanSquaredError,
)
from napari_slitseg.core.losses.spec_expected import (
    ExpectedChamfer,
    ExpectedComposite,
    ExpectedPoint,
    OneToOne,
    PeakChamfer,
    SoftPoint,
)
from napari_slitseg.core.losses.spec_maps import (
    AdaptiveWing,
    Boundary,
    CenterNetFocal,
    DistanceWeighted,
    HausdorffDT,
    HeatmapBCE,
)
from napari_slitseg.core.losses.spec_multi_scale import MultiScaleDice
from napari_slitseg.core.losses.spec_overlap import (
    Dice,
    DiceBCE,
    FocalTversky,
    Jaccard,
    LovaszHinge,
    LovaszSoftmax,
    MSEDice,
    Tversky,
)
from napari_slitseg.core.losses.spec_study import (
    BijectiveChamfer,
    Composite,
    PointLoss,
    ProportionalPointLoss,
    StochasticComposite,
    VanillaDistance,
)
from napari_slitseg.core.losses.spec_transport import (
    Energy,
    Kernel,
    Sinkhorn,
    WeightedHausdorff,
)
from napari_slitseg.core.spec import from_table

if TYPE_CHECKING:
    from torch import Tensor

    from napari_slitseg.core.losses.target import Target

    Loss = Callable[[Tensor, Target], Tensor]

__all__ = ["LOSSES", "About", "LossSpec", "build_loss", "loss_from_dict"]

_SPECS: tuple[type[LossSpec], ...] = (
    Dice,
    Jaccard,
    Tversky,
    FocalTversky,
    MultiScaleDice,
    LovaszHinge,
    LovaszSoftmax,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Focal,
    MeanSquaredError,
    DiceBCE,
    MSEDice,
    WeightedSum,
    OneToOne,
    ExpectedComposite,
    ExpectedChamfer,
    PeakChamfer,
    ExpectedPoint,
    SoftPoint,
    DistanceWeighted,
    Kernel,
    Energy,
    Sinkhorn,
    WeightedHausdorff,
    Boundary,
    HausdorffDT,
    HeatmapBCE,
    CenterNetFocal,
    AdaptiveWing,
    VanillaDistance,
    PointLoss,
    ProportionalPointLoss,
    Composite,
    BijectiveChamfer,
    StochasticComposite,
)

LOSSES: Mapping[str, type[LossSpec]] = MappingProxyType({spec().name: spec for spec in _SPECS})
"""Specs of all losses by name, in the order of menus."""


def loss_from_dict(values: Mapping[str, Any]) -> LossSpec:
    """Build the spec of a loss from plain values such as JSON's.

    Raises
    ------
    ValueError
        If there is no loss of that name, or it has no such setting, or not that value.
    """
    return from_table(LOSSES, values, "loss")


def build_loss(spec: LossSpec) -> Loss:
    """Return the loss as a function of logits and target.

    Parameters
    ----------
    spec : LossSpec
        Which loss, with its settings.

    Returns
    -------
    callable
        ``loss(logits, target) -> scalar tensor``; raises ValueError where the target lacks what
        the loss compares with.
    """
    module, name = spec.function.split(":")
    function = getattr(import_module(f"{__name__}.{module}"), name)
    settings, wanted = spec.settings(), spec.about.compares_with

    def loss(logits: Tensor, target: Target) -> Tensor:
        given = target if wanted == "target" else getattr(target, wanted)
        if given is None:
            raise ValueError(f"{spec.about.title} compares with {wanted}; this target has none")
        result: Tensor = function(logits, given, **settings)
        return result

    return loss
