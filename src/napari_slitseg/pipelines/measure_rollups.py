"""The figures of glomeruli, biopsies and groups of what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from napari_slitseg.core.metrics.bootstrap_interval import Bootstrap
from napari_slitseg.core.morphometry import Rollup, roll_up, row_of
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult


def rollups_of(images: Sequence[MeasuredImage], how: Bootstrap | None = None) -> Rollup:
    """Roll images up.

    Parameters
    ----------
    images : sequence of MeasuredImage
    how : Bootstrap, optional
        Of the intervals.
    """
    return roll_up([row_of(image.name, image.sample, image.measures) for image in images], how)


def rollup_of(result: MeasureResult) -> Rollup:
    """Return the roll-up of a result, made anew where it has none."""
    known: Rollup | None = result.rollups
    return rollups_of(result.images) if known is None else known


def confidence_of(rolled: Rollup) -> float:
    """Return the confidence of the intervals of a roll-up; the usual one where it has none."""
    known = [each.mean.confidence for unit in rolled.units for each in unit.estimates.values()]
    return known[0] if known else Bootstrap().confidence
