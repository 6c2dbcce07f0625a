"""Membrane line, slit density and foot process width."""

from napari_slitseg.core.morphometry.edits import EditCounts
from napari_slitseg.core.morphometry.image_measures import (
    ImageMeasures,
    IntervalKind,
    Intervals,
    SlitsOnLines,
)
from napari_slitseg.core.morphometry.path import EndKind, MembranePath
from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.core.morphometry.settings import MeasureSettings
from napari_slitseg.core.morphometry.sources import (
    MembraneChoice,
    SlitsChoice,
    membrane_to_measure,
    needs_proposals,
    slits_to_measure,
)

__all__ = [
    "EditCounts",
    "EndKind",
    "ImageMeasures",
    "IntervalKind",
    "Intervals",
    "MeasureSettings",
    "MembraneChoice",
    "MembranePath",
    "Sample",
    "SlitsChoice",
    "SlitsOnLines",
    "membrane_to_measure",
    "needs_proposals",
    "slits_to_measure",
]
