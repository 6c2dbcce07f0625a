"""Membrane line, slit density and foot process width."""

from napari_slitseg.core.morphometry.image_measures import (
    ImageMeasures,
    IntervalKind,
    Intervals,
    SlitsOnLines,
)
from napari_slitseg.core.morphometry.path import EndKind, MembranePath
from napari_slitseg.core.morphometry.settings import MeasureSettings

__all__ = [
    "EndKind",
    "ImageMeasures",
    "IntervalKind",
    "Intervals",
    "MeasureSettings",
    "MembranePath",
    "SlitsOnLines",
]
