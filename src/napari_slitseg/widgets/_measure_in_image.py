"""What the Measure dock draws in the image, and what a person does there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from psygnal import Signal
from qtpy.QtCore import QObject

from napari_slitseg.widgets._clicks import Clicks
from napari_slitseg.widgets._measure_controller import Measurer
from napari_slitseg.widgets._measure_controls import Controls
from napari_slitseg.widgets._measure_lasso import Lasso
from napari_slitseg.widgets._measure_layers import IntervalLayers
from napari_slitseg.widgets._measure_rows import interval_rows
from napari_slitseg.widgets._measure_tables import IntervalTable
from napari_slitseg.widgets._session import Session

if TYPE_CHECKING:
    from napari_slitseg.core.morphometry import ImageMeasures
    from napari_slitseg.widgets._keeper_measuring import Polygons

_DRAW: Final = (
    "Draw around the stretch in the image: press the mouse button, go around it, let go. What lies "
    "inside does not count."
)


class InImage(QObject):
    """Intervals and excluded stretches of the current image, in the viewer and in the table.

    Signals: `changed()` when something is to be shown anew; `picked()` when an interval was clicked
    in the image.
    """

    changed = Signal()
    picked = Signal()

    def __init__(
        self,
        parent: QObject,
        session: Session,
        measurer: Measurer,
        parts: tuple[Controls, IntervalTable],
    ) -> None:
        super().__init__(parent)
        self._measurer, self._membrane = measurer, session.membrane
        self.controls, self.intervals = parts
        stack = session.layers.stack
        self.layers, self.lasso, self.clicks = IntervalLayers(stack), Lasso(stack), Clicks(stack)
        self._shown: ImageMeasures | None = None
        self._is_told = False
        self.controls.exclude.toggled.connect(self._on_exclude)
        self.controls.include.clicked.connect(self._on_include)
        self.controls.undo.clicked.connect(self._on_undo)
        self.controls.visible.toggled.connect(self._on_visible)
        self.intervals.chosen.connect(self._on_interval)
        self.lasso.edited.connect(self._on_edited)
        self.lasso.changed.connect(self._on_lasso)
        self.clicks.listen(self._on_click)

    def show(self, measures: ImageMeasures | None) -> None:
        """Draw the current image's intervals and excluded stretches, and list the intervals."""
        current = self._measurer.current
        self.layers.show(measures, (0, 0) if current is None else current.shape)
        self.lasso.show(() if current is None else self._measurer.kept.excluded(current.key))
        if measures is not self._shown:
            self._shown = measures
            self.intervals.show_rows(interval_rows(measures))
        self._enable()

    def leave(self) -> None:
        """Let go of the tools: another image comes."""
        self.lasso.stop()
        self.lasso.choose(-1)

    def close(self) -> None:
        """Take everything out of the image: the dock closes, and perhaps the viewer did before."""
        try:
            self.clicks.listen(None)
        except ReferenceError:
            return
        self.lasso.stop()
        self.layers.show(None, (0, 0))
        self.lasso.show(())

    # -- what a person does

    def _on_exclude(self, on: bool) -> None:  # noqa: FBT001
        if on and self._measurer.current is not None:
            self._membrane.stop()
            self.lasso.start()
        else:
            self.lasso.stop()

    def _on_edited(self, polygons: Polygons) -> None:
        if (current := self._measurer.current) is not None:
            self._measurer.set_excluded(current.key, polygons)

    def _on_include(self) -> None:
        if (current := self._measurer.current) is not None:
            self._measurer.include(current.key, max(0, self.lasso.chosen))

    def _on_undo(self) -> None:
        if (current := self._measurer.current) is not None:
            self._measurer.undo(current.key)

    def _on_visible(self, on: bool) -> None:  # noqa: FBT001
        self.layers.set_visible(visible=on)
        self.lasso.set_visible(visible=on)

    def _on_interval(self, interval: int) -> None:
        self.layers.choose(interval)
        self.layers.centre(interval)

    def _on_click(self, y: float, x: float) -> None:
        """Choose the interval, or the excluded stretch, that was clicked in the image."""
        if self.lasso.is_on or self._membrane.tool or self._measurer.current is None:
            return
        self.lasso.choose(self.lasso.at(y, x))
        interval = self.layers.at(y, x)
        self.intervals.select(interval)
        self.layers.choose(interval)
        if interval >= 0:
            self.picked.emit()
        self.changed.emit()

    def _on_lasso(self) -> None:
        """Say how to draw for as long as the mouse does."""
        if self.lasso.is_on is not self._is_told:
            self._is_told = self.lasso.is_on
            self._measurer.told.emit(_DRAW if self._is_told else "", False)  # noqa: FBT003
        self.changed.emit()

    def _enable(self) -> None:
        current, controls = self._measurer.current, self.controls
        key = -1 if current is None else current.key
        polygons = () if current is None else self._measurer.kept.excluded(key)
        controls.exclude.setEnabled(current is not None and bool(current.shape[0]))
        controls.exclude.setChecked(self.lasso.is_on)
        controls.include.setEnabled(len(polygons) == 1 or self.lasso.chosen >= 0)
        controls.undo.setEnabled(current is not None and self._measurer.can_undo(key))
