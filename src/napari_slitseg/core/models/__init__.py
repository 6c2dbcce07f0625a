"""Segmentation models by name. Torch is imported when a model is built, not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_slitseg.core.models.spec import ModelSpec

if TYPE_CHECKING:
    from napari_slitseg.core.models.base import SegmentationModel

__all__ = ["MODELS", "ModelSpec", "build_model"]


def _forknet(spec: ModelSpec) -> SegmentationModel:
    from napari_slitseg.core.models.forknet import ForkNet

    return ForkNet(spec)


def _unet(spec: ModelSpec) -> SegmentationModel:
    from napari_slitseg.core.models.unet import UNet

    return UNet(spec)


MODELS: dict[str, Callable[[ModelSpec], SegmentationModel]] = {"forknet": _forknet, "unet": _unet}


def build_model(spec: ModelSpec) -> SegmentationModel:
    """Return a model with fresh random weights (torch's generator), in training mode.

    Parameters
    ----------
    spec : ModelSpec
        Architecture, width and kind of normalisation.
    """
    return MODELS[spec.architecture](spec)
