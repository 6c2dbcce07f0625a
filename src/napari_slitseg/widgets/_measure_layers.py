"""Intervals drawn on the membrane, in layers that are reused from image to image."""

from __future__ import annotations

from typing import Final

import numpy as np
from napari.layers import Vectors
from numpy.typing import NDArray

from napari_slitseg.core.membrane import ASSUMED_PIXEL_SIZE_NM
from napari_slitseg.core.morphometry import ImageMeasures
from napari_slitseg.widgets._measure_colours import colours_of
from napari_slitseg.widgets._measure_lines import IntervalLines, interval_at, lines_of, middle_of
from napari_slitseg.widgets._measure_make import CHOSEN, WIDTHS
from napari_slitseg.widgets._paint import at_once
from napari_slitseg.widgets._stack import Stack
from napari_slitseg.widgets._style import MARK_NM

_WIDTH: Final = 0.36
_HALO: Final = 0.75
_DASH: Final = 0.5
_REACH: Final = 1.0
"""Sizes in standard marks."""


class IntervalLayers:
    """Draws the intervals of the current image, coloured by width, and the chosen one."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._shown: ImageMeasures | None = None
        self._lines: IntervalLines | None = None
        self._chosen = -1
        self._mark_px = 1.0
        self.is_visible = True

    def show(self, measures: ImageMeasures | None, shape: tuple[int, int]) -> None:
        """Draw the intervals of an image; None draws nothing."""
        if not self._needs(measures):
            return
        self._shown, self._chosen = measures, -1
        if measures is None:
            self._lines = None
            for name in (WIDTHS, CHOSEN):
                self._give(name, np.zeros((0, 2, 2)), 1.0)
            return
        size_nm = ASSUMED_PIXEL_SIZE_NM if measures.scale is None else measures.nm_per_px
        self._mark_px = max(MARK_NM / size_nm, 0.01 * max(shape))
        self._lines = lines_of(measures, dash_px=_DASH * self._mark_px)
        colours = interval_colours(measures)[self._lines.interval]
        self._give(CHOSEN, np.zeros((0, 2, 2)), 1.0)
        self._give(WIDTHS, self._lines.pieces, _WIDTH * self._mark_px, colours)
        self.set_visible(visible=self.is_visible)

    def choose(self, interval: int) -> None:
        """Mark an interval; -1 marks none."""
        if interval == self._chosen or self._lines is None:
            return
        self._chosen = interval
        self._give(CHOSEN, self._lines.of(interval), _HALO * self._mark_px)

    def set_visible(self, *, visible: bool) -> None:
        """Show or hide the intervals."""
        self.is_visible = visible
        for name in (WIDTHS, CHOSEN):
            if self._stack.has(name):
                _show(self._stack.layer(name), visible=visible)

    def at(self, y: float, x: float) -> int:
        """Return the number of the interval at a place of the image, -1 for none."""
        if self._shown is None or not self.is_visible:
            return -1
        return interval_at(self._shown, (y, x), _REACH * self._mark_px)

    def centre(self, interval: int) -> None:
        """Bring an interval into the middle of the view."""
        if self._shown is not None and self._stack.has(WIDTHS):
            viewer = self._stack.viewer
            camera = getattr(viewer, "scene", viewer).camera  # napari before 0.9
            middle = middle_of(self._shown, interval)
            camera.center = self._stack.layer(WIDTHS).data_to_world(middle)

    def _needs(self, measures: ImageMeasures | None) -> bool:
        """Whether anything is to be drawn anew, also because the layer is gone, or was emptied."""
        if measures is not self._shown or measures is None or self._lines is None:
            return measures is not self._shown
        drawn = len(self._stack.layer(WIDTHS).data) if self._stack.has(WIDTHS) else 0
        return drawn != len(self._lines.pieces)

    def _give(
        self,
        name: str,
        pieces: NDArray[np.float64],
        width_px: float,
        colours: NDArray[np.float64] | None = None,
    ) -> None:
        if not len(pieces) and not self._stack.has(name):
            return
        layer: Vectors = self._stack.layer(name)
        _show(layer, visible=self.is_visible)
        with at_once(layer):
            layer.data = pieces.copy()
            layer.edge_width = width_px
            if colours is not None and len(pieces):
                layer.edge_color = colours
        layer.refresh(thumbnail=False)


def _show(layer: Vectors, *, visible: bool) -> None:
    """Show or hide a layer; napari draws it anew even where nothing changes."""
    if layer.visible is not visible:
        layer.visible = visible


def interval_colours(measures: ImageMeasures) -> NDArray[np.float64]:
    """Return the colour (M, 4) of each interval; grey where its width is not known."""
    intervals = measures.intervals
    width = np.where(intervals.is_measured, intervals.length_px, np.nan)
    size_nm = None if measures.scale is None else measures.nm_per_px
    return colours_of(width, measures.settings.px("effaced_nm", size_nm))
