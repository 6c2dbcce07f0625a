"""The widths of the images that are selected, for the histogram. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry import ImageMeasures
from napari_slitseg.widgets._measure_controller import Measurer


def widths_told(
    measurer: Measurer, selected: Collection[int]
) -> tuple[NDArray[np.float64], float, str, str]:
    """Return widths (N,), the limit of effacement, their unit, and of which images they are.

    Of several selected images those of known scale count; one image may be in px.
    """
    current = measurer.current
    keys = sorted(selected) if len(selected) > 1 else [] if current is None else [current.key]
    measured = [measurer.measured(key) for key in keys]
    found = [each.measures for each in measured if each is not None and each.measures is not None]
    if len(keys) > 1:
        found = [each for each in found if each.scale is not None]
    of = f"{len(found)} images" if len(keys) != 1 else "" if current is None else current.name
    if not found:
        return np.zeros(0), measurer.settings.effaced_nm, "nm", of
    widths = np.concatenate([widths_of(each) for each in found])
    limit, unit = limit_of(found[0])
    return widths, limit, unit, of


def widths_of(measures: ImageMeasures) -> NDArray[np.float64]:
    """Return the foot process widths of an image, nm where its scale is known, else px."""
    factor = 1.0 if measures.scale is None else measures.nm_per_px
    return np.asarray(measures.intervals.length_px[measures.intervals.is_measured] * factor)


def limit_of(measures: ImageMeasures | None) -> tuple[float, str]:
    """Return the width from which a foot process counts as effaced, and its unit."""
    if measures is None or measures.scale is not None:
        return (1000.0 if measures is None else measures.settings.effaced_nm), "nm"
    return measures.settings.px("effaced_nm", None), "px"
