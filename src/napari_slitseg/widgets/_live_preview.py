"""The part of the live view that shows what the model finds while it learns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QLabel, QSlider, QVBoxLayout, QWidget

from napari_slitseg.events import Preview
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.widgets._dock import row
from napari_slitseg.widgets._live_layers import PreviewLayers, Shown, read_preview
from napari_slitseg.widgets._live_poll import Poll
from napari_slitseg.widgets._spec_fields import QuietCombo

_RARELY_MS = 3_600_000
_EMPTY = "No prediction of a validation image yet: the first comes with the first epoch."


class PreviewPart(QWidget):
    """A box that shows predictions as layers, a menu of images, and a slider of epochs."""

    def __init__(self, layers: PreviewLayers) -> None:
        super().__init__()
        self.layers = layers
        self._previews: tuple[Preview, ...] = ()
        self._job: FinetuneJob | None = None
        self._wanted: Preview | None = None
        self._make_widgets()
        self._lay_out()
        self.poll = Poll(_RARELY_MS, self)
        self.poll.answered.connect(self._on_read)
        self.poll.failed.connect(self._on_failed)
        self.box.toggled.connect(self._on_toggled)
        self.menu.currentIndexChanged.connect(self._on_image)
        self.slider.valueChanged.connect(self._show)

    def _make_widgets(self) -> None:
        self.box = QCheckBox("Sh&ow validation prediction")
        self.box.setToolTip(
            "Show what the model finds in a validation image as layers, and follow the epochs: so "
            "one sees whether it erases slits."
        )
        self.menu = QuietCombo()
        self.menu.setAccessibleName("Validation image")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Epoch of the prediction")
        self.slider.setPageStep(1)
        self.slider.setRange(0, 0)
        self.epoch, self.note = QLabel(), QLabel()
        self.note.setWordWrap(True)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box)
        self.controls = QWidget()
        inner = QVBoxLayout(self.controls)
        inner.setContentsMargins(16, 0, 0, 0)
        inner.addWidget(self.menu)
        inner.addLayout(row(self.slider, self.epoch, stretch=0))
        layout.addWidget(self.controls)
        layout.addWidget(self.note)
        self.controls.setVisible(False)
        self.note.setVisible(False)

    def show_previews(self, job: FinetuneJob | None, previews: Sequence[Preview]) -> None:
        """Take the previews that there are; at the last one, follow new ones."""
        if (job, tuple(previews)) == (self._job, self._previews):
            return
        follows = self.slider.value() == self.slider.maximum()
        self._job, self._previews = job, tuple(previews)
        images = list(dict.fromkeys(each.image for each in previews))
        if images != [self.menu.itemText(at) for at in range(self.menu.count())]:
            self._fill_menu(images)
        self._fill_slider(to_last=follows)
        self._show()

    def clear(self) -> None:
        """Forget the run."""
        self.box.setChecked(False)
        self.show_previews(None, ())

    def _fill_menu(self, images: Sequence[str]) -> None:
        chosen = self.menu.currentText()
        self.menu.blockSignals(True)  # noqa: FBT003
        self.menu.clear()
        self.menu.addItems(list(images))
        self.menu.setCurrentIndex(max(self.menu.findText(chosen), 0) if images else -1)
        self.menu.blockSignals(False)  # noqa: FBT003

    def _fill_slider(self, *, to_last: bool) -> None:
        last = max(len(self._of_image()) - 1, 0)
        self.slider.blockSignals(True)  # noqa: FBT003
        self.slider.setRange(0, last)
        if to_last:
            self.slider.setValue(last)
        self.slider.blockSignals(False)  # noqa: FBT003
        self.slider.setEnabled(last > 0)

    def _of_image(self) -> list[Preview]:
        return [each for each in self._previews if each.image == self.menu.currentText()]

    def _on_image(self) -> None:
        self._fill_slider(to_last=True)
        self._show()

    def _on_toggled(self, on: bool) -> None:  # noqa: FBT001
        if not on:
            self._wanted = None
            self.poll.follow(None)
            self.layers.clear()
        self._show()

    def _show(self, *_: Any) -> None:
        """Read the chosen preview in a thread, unless it is shown."""
        on, there = self.box.isChecked(), self._of_image()
        self.controls.setVisible(on and bool(there))
        self._say(_EMPTY if on and not there else "")
        if not (on and there and self._job):
            return
        wanted = there[min(self.slider.value(), len(there) - 1)]
        self.epoch.setText(f"epoch {wanted.epoch}")
        if wanted != self._wanted:
            self._wanted = wanted
            held = self.layers.shown
            same = held is not None and held.preview.source == wanted.source
            image = held.image if held and same else None
            self.poll.follow(partial(read_preview, wanted, self._job, image))

    def _on_read(self, shown: Shown) -> None:
        self.poll.follow(None)
        if self.box.isChecked() and shown.preview == self._wanted:
            self.layers.show(shown)

    def _on_failed(self, text: str) -> None:
        self.poll.follow(None)
        self._say(f"⚠ The prediction cannot be shown: {text}")

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
