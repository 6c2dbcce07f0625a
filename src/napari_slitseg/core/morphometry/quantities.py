"""Sums and lists that figures of one image, or of many together, are made of."""

from __future__ import annotations

import numpy as np

from napari_slitseg.core.morphometry.image_measures import ImageMeasures
from napari_slitseg.core.morphometry.path import Floats


def length_px(measures: ImageMeasures) -> float:
    """Return the length of all membrane lines, bridged gaps included, px."""
    return float(sum(path.length_px for path in measures.paths))


def joined_px(measures: ImageMeasures) -> float:
    """Return the length of the bridged gaps among the lines, px."""
    return float(sum(end - start for path in measures.paths for start, end in path.joined))


def widths_px(measures: ImageMeasures) -> Floats:
    """Return the foot process widths: stretches between two slits, line by line, px."""
    return np.asarray(measures.intervals.length_px[measures.intervals.is_measured])


def ends_px(measures: ImageMeasures) -> Floats:
    """Return the stretches from a slit to an end of its line, px: widths seen in part."""
    kept = measures.intervals
    return np.asarray(kept.length_px[~kept.is_measured & (kept.kind != "empty")])


def not_measured_px(measures: ImageMeasures) -> Floats:
    """Return all stretches that are not between two slits, empty lines included, px."""
    return np.asarray(measures.intervals.length_px[~measures.intervals.is_measured])


def n_slits(measures: ImageMeasures) -> int:
    """Return how many slits lie on the membrane."""
    return int(measures.slits.is_on_line.sum())


def length_nm(measures: ImageMeasures) -> float:
    """Return the length of all membrane lines, nm; NaN where the scale is unknown."""
    return length_px(measures) * measures.nm_per_px


def widths_nm(measures: ImageMeasures) -> Floats:
    """Return the foot process widths, nm; NaN where the scale is unknown."""
    return widths_px(measures) * measures.nm_per_px


def ends_nm(measures: ImageMeasures) -> Floats:
    """Return the widths seen in part, nm; NaN where the scale is unknown."""
    return ends_px(measures) * measures.nm_per_px
