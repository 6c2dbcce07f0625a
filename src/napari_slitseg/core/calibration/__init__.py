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
from napari_slitseg.core.calibration.scale_bar import (
    ScaleBar,
    find_scale_bar,
    parse_length,
    scale_from_bar,
    snap_to_bar,
)

__all__ = [
    "LINES_PER_MM",
    "SCALE_KINDS",
    "FolderScale",
    "GratingScale",
    "Harmonic",
    "LineSet",
    "NoGrating",
    "Scale",
    "ScaleBar",
    "ScaleKind",
    "find_scale_bar",
    "measure_grating",
    "parse_length",
    "resolve_scale",
    "scale_from_bar",
    "snap_to_bar",
]
