"""Nanometres per pixel: from metadata, a scale bar, or a photograph of a grating."""

from napari_slitseg.core.calibration.resolve import FolderScale, resolve_scale
from napari_slitseg.core.calibration.scale import SCALE_KINDS, Scale, ScaleKind

__all__ = ["SCALE_KINDS", "FolderScale", "Scale", "ScaleKind", "resolve_scale"]
