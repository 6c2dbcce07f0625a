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
from napari_slitseg.core.morphometry.samples import (
    SamplesOfImages,
    read_samples,
    samples_from_folders,
    samples_from_names,
    samples_of,
)
from napari_slitseg.core.morphometry.samples_table import SamplesError
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
    "SamplesError",
    "SamplesOfImages",
    "SlitsChoice",
    "SlitsOnLines",
    "membrane_to_measure",
    "needs_proposals",
    "read_samples",
    "samples_from_folders",
    "samples_from_names",
    "samples_of",
    "slits_to_measure",
]
