"""Nanometres per pixel: from metadata, a scale bar, or a photograph of a grating."""

from napari_slitseg.core.calibration.grating import (
    LINES_PER_MM,
    GratingScale,
    Harmonic,
    LineSet,
    measure_grating,
)
from napari_slitseg.core.calibration.grating_words import NoGrating
from napari_slitseg.core.calibration.resolve import FolderScale, resolve_scale
from napari_slitseg.core.calibration.scale import SCALE_KINDS, Scale, ScaleKind

__all__ = [
    "LINES_PER_MM",
    "SCALE_KINDS",
    "FolderScale",
    "GratingScale",
    "Harmonic",
    "LineSet",
    "NoGrating",
    "Scale",
    "ScaleKind",
    "measure_grating",
    "resolve_scale",
]
