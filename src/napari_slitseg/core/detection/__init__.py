"""Detectors by name: a probability map in, points with scores out.

What is needed to compute is imported when a detector runs, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from napari_slitseg.core.detection.peaks import Detections, select
from napari_slitseg.core.detection.spec import (
    About,
    Components,
    DetectorSpec,
    DeterminantOfHessian,
    DifferenceOfGaussians,
    LaplacianOfGaussian,
    Peaks,
)
from napari_slitseg.core.spec import from_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "DETECTORS",
    "About",
    "Components",
    "Detections",
    "DetectorSpec",
    "DeterminantOfHessian",
    "DifferenceOfGaussians",
    "LaplacianOfGaussian",
    "Peaks",
    "detector_from_dict",
    "find",
    "select",
]

_SPECS: tuple[type[DetectorSpec], ...] = (
    Peaks,
    LaplacianOfGaussian,
    DifferenceOfGaussians,
    DeterminantOfHessian,
    Components,
)

DETECTORS: Mapping[str, type[DetectorSpec]] = MappingProxyType(
    {spec().name: spec for spec in _SPECS}
)
"""Specs of all detectors by name, in the order of menus."""


def detector_from_dict(values: Mapping[str, Any]) -> DetectorSpec:
    """Build the spec of a detector from plain values such as JSON's.

    Raises
    ------
    ValueError
        If there is no detector of that name, or it has no such setting, or not that value.
    """
    return from_table(DETECTORS, values, "detector")


def find(
    spec: DetectorSpec, probability: NDArray[np.generic], *, pixel_size_nm: float
) -> Detections:
    """Find everything in a probability map that may be a slit; `select` then applies a threshold.

    Parameters
    ----------
    spec : DetectorSpec
        Which detector, with its settings.
    probability : (H, W) array of float
        Probabilities in [0, 1], or anything that slices like such an array (`numpy.memmap`, dask,
        zarr); NaN counts as 0.
    pixel_size_nm : float
        Side of a pixel, nm.

    Returns
    -------
    Detections
        Best first, in px. The score of a detection is a probability whatever the detector, so that
        a threshold means the same for all.

    Raises
    ------
    ValueError
        If the map is not two-dimensional or leaves [0, 1].
    """
    module, name = spec.function.split(":")
    function = getattr(import_module(f"{__name__}.{module}"), name)
    found: Detections = function(probability, **spec.in_px(pixel_size_nm))
    return found
