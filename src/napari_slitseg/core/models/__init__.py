"""Segmentation models by name. Torch is imported when a model is built, not before."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from napari_slitseg.core.models.spec import About, ModelSpec
from napari_slitseg.core.models.spec_deeplab import DeepLabSpec
from napari_slitseg.core.models.spec_fcn import FCNSpec
from napari_slitseg.core.models.spec_munet import MUNetSpec
from napari_slitseg.core.models.spec_points import PointSpec
from napari_slitseg.core.models.spec_two_stage import TwoStageSpec
from napari_slitseg.core.models.spec_unet import ForkNetSpec, UNetSpec
from napari_slitseg.core.spec import from_table

if TYPE_CHECKING:
    from napari_slitseg.core.models.base import SegmentationModel

__all__ = [
    "MODELS",
    "About",
    "DeepLabSpec",
    "FCNSpec",
    "ForkNetSpec",
    "MUNetSpec",
    "ModelSpec",
    "PointSpec",
    "TwoStageSpec",
    "UNetSpec",
    "build_model",
    "model_from_dict",
    "model_spec",
]

_SPECS: tuple[type[ModelSpec], ...] = (
    ForkNetSpec,
    UNetSpec,
    FCNSpec,
    MUNetSpec,
    DeepLabSpec,
    TwoStageSpec,
    PointSpec,
)

MODELS: Mapping[str, type[ModelSpec]] = MappingProxyType({spec().name: spec for spec in _SPECS})
"""Specs of all models by name, in the order of menus."""

_OLD_KEY = "architecture"  # what checkpoints of the first version call the name


def model_spec(name: str, **settings: Any) -> ModelSpec:
    """Return the spec of a model with the settings given.

    Raises
    ------
    ValueError
        If there is no model of that name, or it has no such setting, or not that value.
    """
    return model_from_dict({"name": name, **settings})


def model_from_dict(values: Mapping[str, Any]) -> ModelSpec:
    """Build the spec of a model from plain values such as JSON's.

    Raises
    ------
    ValueError
        If there is no model of that name, or it has no such setting, or not that value.
    """
    if isinstance(values, Mapping):
        values = {"name" if key == _OLD_KEY else key: value for key, value in values.items()}
    return from_table(MODELS, values, "model")


def build_model(spec: ModelSpec) -> SegmentationModel:
    """Return a model with fresh random weights (torch's generator), in training mode.

    Parameters
    ----------
    spec : ModelSpec
        Which model, with its settings.
    """
    module, name = spec.model.split(":")
    model: SegmentationModel = getattr(import_module(f"{__name__}.{module}"), name)(spec)
    return model
