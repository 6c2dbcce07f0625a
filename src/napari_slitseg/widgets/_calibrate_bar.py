"""Know a scale from the scale bar that is burnt into the image."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QFormLayout, QLabel, QLineEdit, QVBoxLayout

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import Micrograph
from napari_slitseg.widgets._calibrate_line import BarLine, line_width_px
from napari_slitseg.widgets._calibrate_ways import Text, Way
from napari_slitseg.widgets._dock import TaskBar, button, row
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._stack import Stack
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._workspace import Workspace

if TYPE_CHECKING:
    from napari_slitseg.core.calibration.scale_bar import ScaleBar

Ends = NDArray[np.float64]

_HINT: Final = (
    "Find the bar in this image or draw a line along it, drag the ends of the line to those of the "
    "bar, and type the length that is written beside it."
)
_NONE_FOUND: Final = "No scale bar was found in this image. Draw a line along it instead."
_STILL_PX: Final = 0.01
_NO_LABEL: Final = "Type the length of the bar with its unit, such as 2 µm or 500 nm."


class BarWay(Way):
    """Find or draw the scale bar, and type its length."""

    def __init__(self, workspace: Workspace, stack: Stack) -> None:
        super().__init__()
        self._workspace = workspace
        self._key: int | None = None
        self._bars: tuple[Ends, ...] = ()
        self._shown = -1
        self._found: Ends | None = None
        self.line = BarLine(stack)
        self.runner = Runner()
        self.tasks = TaskBar(self.runner)
        self.find = button("Find", "Look for a scale bar in this image.", self.look)
        self.draw = button("Draw", "Draw a line along the bar with the mouse.", self.begin)
        self.next = button("Next", "Show the next bar that was found.", self.show_next)
        self.label = QLineEdit()
        self.label.setPlaceholderText("such as 2 µm")
        self.label.setAccessibleName("Length of the bar")
        self.length = QLabel()
        self._lay_out()
        self.label.textChanged.connect(self._measure)
        self.line.changed.connect(self._measure)
        self.line.drawn.connect(self._snap)
        self.runner.busy_changed.connect(self.tasks.show_busy)
        self.runner.finished.connect(self._on_answer)
        self.runner.failed.connect(self._on_failed)
        self._measure()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Length of the bar", self.label)
        form.addRow("On the image", self.length)
        layout = QVBoxLayout(self)
        layout.addWidget(Text(_HINT))
        layout.addLayout(row(self.find, self.next, self.draw))
        layout.addWidget(self.tasks)
        layout.addLayout(form)
        layout.addStretch(1)

    def show_image(self, entry: ImageEntry | None) -> None:
        """Take the line away where another image is looked at."""
        key = None if entry is None else entry.key
        if key != self._key:
            self._key = key
            self._bars, self._shown, self._found = (), -1, None
            self.runner.cancel()
            self.line.remove()
        for each in (self.find, self.draw):
            each.setEnabled(entry is not None and bool(entry.shape[0]))
        self.next.setVisible(len(self._bars) > 1)

    def let_go(self) -> None:
        """Stop looking, and take the line off the image."""
        self.runner.cancel()
        self.line.remove()

    def look(self) -> None:
        """Look for bars in the current image."""
        if self._key is not None and self._workspace.has(self._key):
            opener = self._workspace.opener(self._key)
            self.runner.start(partial(_find, opener), "Find the scale bar")

    def begin(self) -> None:
        """Let the person draw a line."""
        self.line.draw(self._width_px)

    def show_next(self) -> None:
        """Show the next bar that was found."""
        if self._bars:
            self._shown = (self._shown + 1) % len(self._bars)
            self._show(self._bars[self._shown])

    def _show(self, ends: Ends) -> None:
        """Show a bar that was found; until it is dragged, its ends are known well."""
        self._found = ends
        self.line.show(ends, self._width_px)

    def _snap(self) -> None:
        """Lay the line that was drawn along the bar that is there."""
        if self._key is not None and self.line.ends is not None:
            opener = self._workspace.opener(self._key)
            self.runner.start(partial(_snap, opener, self.line.ends), "Find the scale bar")

    def _take(self, length_px: float, *, is_found: bool) -> None:
        label = self.label.text().strip()
        try:
            name = self._image_name
            self.scale = _scale_of(length_px, label, name, is_found=is_found) if label else None
            self.problem = "" if label else _NO_LABEL
        except ValueError as error:
            self.problem = str(error)

    @property
    def _image_name(self) -> str:
        current = self._workspace.current
        return "" if current is None else current.name

    @property
    def _width_px(self) -> float:
        current = self._workspace.current
        return 1.0 if current is None else line_width_px(current.shape)

    def _on_answer(self, answer: Any) -> None:
        if isinstance(answer, tuple):
            self._on_found(answer)
        elif answer is not None:
            self._show(answer)

    def _on_found(self, bars: tuple[Ends, ...]) -> None:
        self._bars, self._shown = bars, -1
        self.next.setVisible(len(bars) > 1)
        if bars:
            self.show_next()
        else:
            self._on_failed(_NONE_FOUND)

    def _on_failed(self, why: str) -> None:
        self.scale, self.problem = None, why
        self.changed.emit()

    def _measure(self) -> None:
        """Say what line and label give now."""
        ends = self.line.ends
        length_px = 0.0 if ends is None else float(np.hypot(*(ends[1] - ends[0])))
        self.length.setText(f"{length_px:.1f} px" if length_px else "no line yet")
        self.scale, self.problem = None, ""
        if ends is not None and length_px:
            found = self._found
            self._take(
                length_px, is_found=found is not None and np.allclose(ends, found, atol=_STILL_PX)
            )
        self.changed.emit()


def _scale_of(length_px: float, label: str, image: str, *, is_found: bool) -> Scale:
    from napari_slitseg.core.calibration.scale_bar import (
        DRAWN_END_PX,
        FOUND_END_PX,
        parse_length,
        scale_from_bar,
    )

    end_px = FOUND_END_PX if is_found else DRAWN_END_PX
    return scale_from_bar(length_px, *parse_length(label), end_px=end_px, image=image)


def _find(
    opener: Callable[[], Micrograph], should_stop: Callable[[], bool]
) -> Generator[None, None, tuple[Ends, ...]]:
    """Find bars in an image, the best first, each as both ends (2, 2) px."""
    from napari_slitseg.core.calibration.scale_bar import find_scale_bar

    pixels = opener().pixels
    yield
    return () if should_stop() else tuple(_ends(bar) for bar in find_scale_bar(pixels))


def _snap(
    opener: Callable[[], Micrograph], ends: Ends, should_stop: Callable[[], bool]
) -> Generator[None, None, Ends | None]:
    """Find the bar along which a line was drawn."""
    from napari_slitseg.core.calibration.scale_bar import snap_to_bar

    pixels = opener().pixels
    yield
    bar = None if should_stop() else snap_to_bar(pixels, *ends)
    return None if bar is None else _ends(bar)


def _ends(bar: ScaleBar) -> Ends:
    return np.array([bar.start, bar.end], np.float64)
