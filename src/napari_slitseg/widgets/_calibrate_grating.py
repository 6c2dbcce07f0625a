"""Know a scale from a photograph of a diffraction grating."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QFileDialog, QFormLayout, QLabel, QVBoxLayout

from napari_slitseg.core.image import IMAGE_SUFFIXES
from napari_slitseg.widgets._calibrate_evidence import (
    MeasuredPhoto,
    Picture,
    measure_photo,
    words_about,
)
from napari_slitseg.widgets._calibrate_ways import Text, Way
from napari_slitseg.widgets._dock import TaskBar, button, row, spin
from napari_slitseg.widgets._thread import Runner

_HINT: Final = (
    "A photograph of a grating replica, taken at the magnification, and with the binning, of your "
    "images."
)
_USUAL: Final = 2160.0
_MOST: Final = 20_000.0


class GratingWay(Way):
    """Measure the lines in a photograph of a grating."""

    def __init__(self) -> None:
        super().__init__()
        self.path: Path | None = None
        self.runner = Runner()
        self.tasks = TaskBar(self.runner)
        self.choose = button("Photograph…", "Choose the photograph.", self.choose_file)
        self.again = button("Measure again", "With the lines per mm above.", self.measure)
        self.lines = spin(1, _MOST, 1, " lines per mm", "Of the grating; the usual one has 2160.")
        self.lines.setValue(_USUAL)
        self.picture, self.evidence = QLabel(), Text()
        self.picture.setToolTip("Middle of the photograph; its spectrum, harmonics in squares.")
        self._lay_out()
        self.lines.valueChanged.connect(self._forget)
        self.runner.busy_changed.connect(self._on_busy)
        self.runner.event.connect(self._on_step)
        self.runner.finished.connect(self._on_found)
        self.runner.failed.connect(self._on_refused)
        self._show_state()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Grating", self.lines)
        layout = QVBoxLayout(self)
        layout.addWidget(Text(_HINT))
        layout.addLayout(form)
        layout.addLayout(row(self.choose, self.again))
        for each in (self.tasks, self.picture, self.evidence):
            layout.addWidget(each)
        layout.addStretch(1)

    def choose_file(self) -> None:
        """Ask for the photograph and measure it."""
        patterns = " ".join(f"*{suffix}" for suffix in IMAGE_SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(
            self, "Photograph of a grating", "", f"Images ({patterns});;All files (*)"
        )
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Measure a photograph."""
        self.path = path
        self.measure()

    def measure(self) -> None:
        """Measure the photograph that was chosen."""
        if self.path is not None:
            self._forget()
            work = partial(measure_photo, self.path, self.lines.value())
            self.runner.start(work, f"Measure {self.path.name}")

    def let_go(self) -> None:
        """Stop measuring."""
        self.runner.cancel()

    def _forget(self) -> None:
        self.scale, self.problem = None, ""
        self.evidence.show_text("")
        self.picture.clear()
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        self.again.setEnabled(self.path is not None and not self.runner.is_busy)
        self.picture.setVisible(not self.picture.pixmap().isNull())

    def _on_busy(self, busy: bool) -> None:  # noqa: FBT001
        self.tasks.show_busy(busy)
        self._show_state()

    def _on_step(self, text: str) -> None:
        self.tasks.progress(0, 0, text)

    def _on_found(self, measured: MeasuredPhoto | str) -> None:
        if isinstance(measured, str):
            self._on_refused(measured)
            return
        self.scale, self.problem = measured.found.scale, ""
        self.evidence.show_text(words_about(measured.found))
        self.picture.setPixmap(_pixmap(measured.picture))
        self._show_state()
        self.changed.emit()

    def _on_refused(self, why: str) -> None:
        self.scale, self.problem = None, why
        self.changed.emit()


def _pixmap(picture: Picture) -> QPixmap:
    height, width, _ = picture.shape
    data = picture.tobytes()
    return QPixmap.fromImage(
        QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    )
