"""To which images a scale is given."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QGroupBox, QRadioButton, QVBoxLayout

from napari_slitseg.core.calibration import Scale
from napari_slitseg.widgets._calibrate_words import counted, given, images
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper import Keeper
from napari_slitseg.widgets._workspace import Workspace

_BEFORE: Final = (
    "What was measured here goes before the pixel sizes in the files, such as those of a camera "
    "that was set up wrongly. An image with a scale of its own keeps it."
)


class Where(QGroupBox):
    """One image, those of the list without a scale, or the whole folder."""

    changed = Signal()

    def __init__(self, workspace: Workspace, keeper: Keeper) -> None:
        super().__init__("Give it to")
        self._workspace, self._keeper = workspace, keeper
        self.this, self.without = QRadioButton(), QRadioButton()
        self.folder = QRadioButton()
        self.before_file = QCheckBox("even where a file says another pixel size")
        self.before_file.setToolTip(_BEFORE)
        self.this.setChecked(True)
        layout = QVBoxLayout(self)
        for each in (self.this, self.without, self.folder, self.before_file):
            layout.addWidget(each)
            each.toggled.connect(self.changed)
        layout.setContentsMargins(9, 9, 9, 9)
        self.before_file.setStyleSheet("margin-left: 18px;")

    def show_image(self, entry: ImageEntry | None) -> None:
        """Say what there is to choose from."""
        number = len(self._without_scale())
        folder = None if entry is None else self._keeper.scales.folder_of(entry)
        self.this.setText(f"this image ({entry.name})" if entry else "this image")
        unread = sum(not entry.shape[0] for entry in self._workspace.entries)
        self.without.setText(f"images of the list without a scale {counted(number, unread)}")
        self.without.setEnabled(bool(number))
        name = "" if folder is None else f" “{folder.name}”"
        self.folder.setText(f"all images of the folder{name}, also those that come later")
        self.folder.setEnabled(folder is not None)
        self.folder.setToolTip(str(folder or "This image has no file, so it is in no folder."))
        if not any(each.isChecked() and each.isEnabled() for each in self._choices):
            before = self.blockSignals(True)  # noqa: FBT003
            self.this.setChecked(True)
            self.blockSignals(before)
        self.before_file.setEnabled(self.folder.isChecked())

    def give(self, scale: Scale) -> str:
        """Give the chosen images a scale; return in words what was done."""
        current = self._workspace.current
        if current is None:
            return ""
        if self.folder.isChecked():
            return self._give_folder(current, scale)
        keys = [current.key] if self.this.isChecked() else self._without_scale()
        self._keeper.scales.give(keys, scale)
        return given(len(keys), 0)

    def take_back(self) -> str:
        """Take back what was said of the image or of its folder; return in words what was done."""
        current = self._workspace.current
        if current is None or self.without.isChecked():
            return ""
        if self.folder.isChecked():
            self._keeper.scales.give_folder(current.key, None)
            return "The scale of the folder is taken back."
        self._keeper.scales.give([current.key], None)
        return "The scale of this image is taken back: that of its folder or file counts."

    def can_take_back(self) -> bool:
        """Whether anything was said of what is chosen."""
        current = self._workspace.current
        if current is None or self.without.isChecked():
            return False
        if self.folder.isChecked():
            return self._keeper.scales.of_folder(current) is not None
        if current.path is None:
            return current.scale != current.file_scale
        return self._keeper.scales.has_own(current)

    def n_dropped(self, scale: Scale) -> int:
        """Return how many predictions at another pixel size would be dropped."""
        current = self._workspace.current
        if current is None:
            return 0
        keys = {current.key} if self.this.isChecked() else set(self._without_scale())
        entries = self._workspace.entries
        if not self.folder.isChecked():
            entries = tuple(entry for entry in entries if entry.key in keys)
        else:
            entries = tuple(entry for entry in entries if self._is_changed_by_folder(entry))
        return sum(
            entry.prediction is not None and entry.pixel_size_nm != scale.nm_per_px
            for entry in entries
        )

    @property
    def _choices(self) -> tuple[QRadioButton, ...]:
        return self.this, self.without, self.folder

    def _without_scale(self) -> list[int]:
        """Return images that were read and say no size."""
        entries = self._workspace.entries
        return [e.key for e in entries if e.shape[0] and e.pixel_size_nm is None]

    def _is_changed_by_folder(self, entry: ImageEntry) -> bool:
        if self._keeper.scales.has_own(entry):
            return False
        return self.before_file.isChecked() or entry.file_scale is None

    def _give_folder(self, current: ImageEntry, scale: Scale) -> str:
        scales = self._keeper.scales
        before_file = self.before_file.isChecked()
        scales.give_folder(current.key, scale, before_file=before_file)
        folder = scales.folder_of(current)
        there = [e for e in self._workspace.entries if scales.folder_of(e) == folder]
        own = sum(scales.has_own(entry) for entry in there)
        told = given(sum(entry.scale == scale for entry in there), own)
        if by_file := sum(entry.scale == entry.file_scale != scale for entry in there):
            told += f" {images(by_file).capitalize()} with a pixel size in the file: that counts."
        return told
