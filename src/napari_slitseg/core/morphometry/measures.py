"""Every figure of an image, with its definition and source; and measuring an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from numpy.typing import ArrayLike

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry.assign import assign
from napari_slitseg.core.morphometry.excluding import CutLines, cut_out
from napari_slitseg.core.morphometry.image_measures import ImageMeasures, Intervals
from napari_slitseg.core.morphometry.intervals import intervals_of, slits_at_one_place
from napari_slitseg.core.morphometry.measures_cover import COVER_MEASURES
from napari_slitseg.core.morphometry.measures_lines import LINE_MEASURES
from napari_slitseg.core.morphometry.measures_width import WIDTH_MEASURES
from napari_slitseg.core.morphometry.path import MembranePath
from napari_slitseg.core.morphometry.settings import MeasureSettings
from napari_slitseg.core.morphometry.value import Measure, Value

MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {each.name: each for each in (*LINE_MEASURES, *WIDTH_MEASURES, *COVER_MEASURES)}
)
"""Figures of an image by name, in the order of tables."""


def figures(measures: ImageMeasures) -> dict[str, Value]:
    """Return every figure of an image, in the order of `MEASURES`."""
    return {name: measure.of(measures) for name, measure in MEASURES.items()}


def measure_paths(
    paths: Sequence[MembranePath],
    ids: ArrayLike,
    yx: ArrayLike,
    *,
    scale: Scale | None,
    settings: MeasureSettings | None = None,
    excluded: Sequence[ArrayLike] = (),
    notices: Sequence[str] = (),
) -> ImageMeasures:
    """Measure slits on membrane lines that are known.

    Parameters
    ----------
    paths : sequence of MembranePath
    ids : (N,) array_like of int
        Numbers of the slits, each once.
    yx : (N, 2) array_like of float
        Their places, px.
    scale : Scale or None
        None where it is unknown: lengths in the settings are then read at an assumed scale, and
        no figure in nm has a value.
    settings : MeasureSettings, optional
    excluded : sequence of (K, 2) array_like
        Corners of areas, (y, x) px, where membrane and slits do not count.
    notices : sequence of str
        What is to be said already.

    Raises
    ------
    ValueError
        If a slit has no number or place of its own, or an area is not made of finite corners.
    """
    settings = settings or MeasureSettings()
    lines = cut_out(paths, excluded)
    within_px = settings.px("assign_nm", None if scale is None else scale.nm_per_px)
    slits = assign(
        lines.kept, ids, yx, within_px=within_px, left_out=lines.left_out, areas=lines.areas
    )
    intervals = intervals_of(lines.kept, slits)
    return ImageMeasures(
        paths=lines.kept,
        slits=slits,
        intervals=intervals,
        scale=scale,
        settings=settings,
        excluded_px=lines.left_out_px,
        notices=(*notices, *_notices(lines, intervals)),
    )


def _notices(lines: CutLines, intervals: Intervals) -> list[str]:
    same = [
        f"Slits {first} and {last} lie at the same place of the membrane line: a foot process of "
        "width 0 is between them."
        for first, last in slits_at_one_place(intervals)
        if first != last
    ]
    return [*lines.notices, *same]
