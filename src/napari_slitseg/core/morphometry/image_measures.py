"""What was measured in one image: lines, slits on them, and the intervals between slits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry.path import Floats, MembranePath
from napari_slitseg.core.morphometry.settings import MeasureSettings

IntervalKind = Literal["measured", "border", "free", "fork", "excluded", "empty"]
"""Between two slits; or from a slit to an end of that kind (the foot process goes on, nobody knows
how far: a censored width); or a whole line without a slit."""


@dataclass(frozen=True, eq=False)
class SlitsOnLines:
    """Slits and where on the lines they lie; in the order in which they came.

    Attributes
    ----------
    ids : (N,) int64
    yx : (N, 2) float64, px
    line : (N,) int64
        Index of the nearest line; -1 where none is near enough.
    arc : (N,) float64
        Place along that line, px; NaN without one.
    distance_px : (N,) float64
        To the nearest line, near enough or not; infinite where there is no line at all.
    is_excluded : (N,) bool
        In a stretch that a person excluded; `line` is -1 then.
    """

    ids: NDArray[np.int64]
    yx: Floats
    line: NDArray[np.int64]
    arc: Floats
    distance_px: Floats
    is_excluded: NDArray[np.bool_]

    @property
    def is_on_line(self) -> NDArray[np.bool_]:
        """Which slits count."""
        return np.asarray(self.line >= 0)


@dataclass(frozen=True, eq=False)
class Intervals:
    """Stretches of the lines between neighbouring slits, line by line, in order.

    Together they cover every line exactly once.

    Attributes
    ----------
    line : (M,) int64
        Index of the line.
    start, end : (M,) float64
        Arc where it begins and ends, px; on a loop the end may lie beyond the loop's length.
    kind : (M,) str
        An `IntervalKind`: only "measured" ones are foot process widths.
    first, last : (M,) int64
        Ids of the slits on either side; -1 at an end.
    """

    line: NDArray[np.int64]
    start: Floats
    end: Floats
    kind: NDArray[np.str_]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @property
    def length_px(self) -> Floats:
        """Length of each, px."""
        return np.asarray(self.end - self.start)

    @property
    def is_measured(self) -> NDArray[np.bool_]:
        """Which lie between two slits."""
        return np.asarray(self.kind == "measured")


@dataclass(frozen=True, eq=False)
class ImageMeasures:
    """One image, measured; its figures are in `MEASURES`.

    Attributes
    ----------
    paths : tuple of MembranePath
        Membrane lines, without excluded stretches.
    slits : SlitsOnLines
    intervals : Intervals
    scale : Scale or None
        None where it is unknown: no figure has a value in nm then.
    settings : MeasureSettings
    excluded_px : float
        Length of membrane that a person excluded, px.
    notices : tuple of str
        Sentences that the person should see.
    """

    paths: tuple[MembranePath, ...]
    slits: SlitsOnLines
    intervals: Intervals
    scale: Scale | None
    settings: MeasureSettings
    excluded_px: float = 0.0
    notices: tuple[str, ...] = ()

    @property
    def nm_per_px(self) -> float:
        """Side of a pixel, nm; NaN where it is unknown."""
        return float("nan") if self.scale is None else self.scale.nm_per_px
