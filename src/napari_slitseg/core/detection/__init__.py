"""Detectors: a probability map in, points with scores out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from napari_slitseg.core.detection.blobs import find_blobs_dog, find_blobs_doh, find_blobs_log
from napari_slitseg.core.detection.peaks import Detections, find_peaks

DETECTORS: Mapping[str, Callable[..., Detections]] = MappingProxyType(
    {"peaks": find_peaks, "log": find_blobs_log, "dog": find_blobs_dog, "doh": find_blobs_doh}
)
"""Detectors by name; each takes the map and keyword-only settings.

All know `threshold`, the lowest probability of a detection, and `min_distance_px`.
"""
