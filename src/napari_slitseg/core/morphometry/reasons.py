"""Why a figure has no value, in words."""

from __future__ import annotations

from typing import Final

from napari_slitseg.core.morphometry.image_measures import ImageMeasures
from napari_slitseg.core.morphometry.quantities import n_slits

NO_SCALE: Final = (
    "The scale of this image is not known: set it with a scale bar, a photographed grating or "
    "typed nm per pixel."
)
NO_MEMBRANE: Final = "There is no membrane line in this image."
ALL_EXCLUDED: Final = "All membrane of this image is excluded."
NO_SLIT: Final = "No slit lies on the membrane of this image."
ONE_SLIT: Final = "Only one slit lies on the membrane: a width needs two on one line."
ALL_APART: Final = "No two slits lie on the same membrane line: all widths are cut off by its ends."
ONE_WIDTH: Final = "There is only one width: a standard deviation needs two."
ZERO_WIDTH: Final = (
    "Two slits lie at the same place of the line, and a width of 0 has no harmonic mean: take one "
    "of them away, or move it."
)


def why_no_membrane(measures: ImageMeasures) -> str:
    """Return why there is no length; "" where there is one."""
    if measures.paths:
        return ""
    return ALL_EXCLUDED if measures.excluded_px else NO_MEMBRANE


def why_no_slit(measures: ImageMeasures) -> str:
    """Return why there is no length for each slit; "" where there is one."""
    if measures.paths and n_slits(measures):
        return ""
    return why_no_membrane(measures) or NO_SLIT


def why_no_width(measures: ImageMeasures) -> str:
    """Return why there is no stretch between two slits; "" where there is one."""
    if measures.intervals.is_measured.any():
        return ""
    return why_no_slit(measures) or (ONE_SLIT if n_slits(measures) == 1 else ALL_APART)
