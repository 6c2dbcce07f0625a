"""Groups of biopsies compared, and how sure each biopsy is, from a roll-up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from napari_slitseg.core.morphometry import (
    ROLLUP_FIGURES,
    GroupComparison,
    ImagesNeeded,
    Rollup,
    RollupFigure,
    Unit,
    compare_groups,
    images_needed,
    nesting_of,
)
from napari_slitseg.core.morphometry.precision import PRECISIONS
from napari_slitseg.pipelines.measure_rollups import confidence_of

COMPARED: Final[tuple[RollupFigure, ...]] = tuple(
    each
    for each in ROLLUP_FIGURES
    if each.name in ("slit_density_per_um", "fpw_mean_nm", "fpw_length_over_count_nm")
)
"""Figures that are compared: the more there are, the more likely one differs by chance."""

OF_BIOPSIES: Final = "mean of means of each biopsy"
"""What of each biopsy is compared: what tables show first."""


def biopsies_by_group(rolled: Rollup, figure: RollupFigure) -> dict[str, list[float]]:
    """Return the mean of means of each biopsy of each group; NaN where it has none."""
    found: dict[str, list[float]] = {unit.sample.group: [] for unit in rolled.groups}
    for unit in rolled.biopsies:
        if unit.sample.group:
            estimate = unit.estimates.get(figure.name)
            value = math.nan if estimate is None else estimate.mean.value
            found[unit.sample.group].append(value)
    return found


def comparisons(rolled: Rollup) -> list[tuple[RollupFigure, tuple[GroupComparison, ...]]]:
    """Compare all pairs of groups in each of the figures that are compared."""
    if len(rolled.groups) < 2:
        return []
    confidence = confidence_of(rolled)
    return [
        (each, compare_groups(biopsies_by_group(rolled, each), confidence=confidence))
        for each in COMPARED
    ]


def needed(unit: Unit, figure: RollupFigure) -> Sequence[ImagesNeeded]:
    """Return how many images of a biopsy the usual precisions take."""
    nesting = nesting_of(unit.rows, unit.level)
    return [images_needed(unit.rows, nesting, figure, wanted) for wanted in PRECISIONS]
