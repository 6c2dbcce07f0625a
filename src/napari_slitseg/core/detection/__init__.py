"""Detectors: a probability map in, points with scores out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from napari_slitseg.core.detection.peaks import Detections, find_peaks

DETECTORS: Mapping[str, Callable[..., Detections]] = MappingProxyType({"peaks": find_peaks})
"""Detectors by name; each takes the map and keyword-only settings."""
