"""Windows that begin and end a blinded reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.core.blinding import ReadingSettings, check_reader
from napari_slitseg.widgets._dock import Message, button, row
from napari_slitseg.widgets._entry import ImageEntry

_KEY: Final = Qt.ItemDataRole.UserRole
_END: Final = (
    "Names, scores, the model's slits and what others annotated are shown again. This cannot be "
    "undone, and is written down with name and time. The points of {reader} stay as they are."
)


@dataclass(frozen=True)
class Asked:
    """What a person wants to read.

    Attributes
    ----------
    reader : str
    keys : tuple of int
        Images.
    settings : ReadingSettings
    """

    reader: str
    keys: tuple[int, ...]
    settings: ReadingSettings


class BeginDialog(QDialog):
    """Who reads which images, and what is hidden.

    Parameters
    ----------
    reader : str
        Name to begin with.
    entries : sequence of ImageEntry
        Images that can be read.
    parent : QWidget or None
    """

    def __init__(
        self, reader: str, entries: Sequence[ImageEntry], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Begin a blinded reading")
        self.reader = QLineEdit(reader)
        self.reader.setPlaceholderText("such as Reader B")
        self.shuffled = _check("Show them in an order of the reader's own")
        self.renamed = _check("Give them code names, such as Image 001")
        self.model_hidden = _check("Hide everything the model found")
        self.scale_hidden = _check("Hide pixel size and notices of the files", on=False)
        self.seed = QSpinBox()
        self.seed.setRange(0, 2**31 - 1)
        self.seed.setToolTip("The same seed and reader give the same order.")
        self.images = QListWidget()
        self.images.setAccessibleName("Images to read")
        self.images.setMinimumHeight(140)
        for entry in entries:
            item = QListWidgetItem(entry.name)
            item.setData(_KEY, entry.key)
            item.setCheckState(Qt.CheckState.Checked)
            self.images.addItem(item)
        self.number = QLabel()
        self.message = Message()
        self._lay_out()
        self.reader.textChanged.connect(self.refresh)
        self.images.itemChanged.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("&Reader", self.reader)
        form.addRow("&Seed", self.seed)
        ticks = row(
            self.number,
            button("All", "Tick all images.", self.tick_all),
            button("None", "Tick no image.", self.tick_none),
            stretch=0,
        )
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = self.buttons.addButton("&Begin", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        for each in (self.shuffled, self.renamed, self.model_hidden, self.scale_hidden):
            layout.addWidget(each)
        layout.addLayout(ticks)
        layout.addWidget(self.images, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)

    def tick_all(self) -> None:
        """Take all images."""
        self._tick(Qt.CheckState.Checked)

    def tick_none(self) -> None:
        """Take no image."""
        self._tick(Qt.CheckState.Unchecked)

    def asked(self) -> Asked:
        """Return what was chosen."""
        settings = ReadingSettings(
            seed=self.seed.value(),
            shuffled=self.shuffled.isChecked(),
            renamed=self.renamed.isChecked(),
            model_hidden=self.model_hidden.isChecked(),
            scale_hidden=self.scale_hidden.isChecked(),
        )
        items = [self.images.item(n) for n in range(self.images.count())]
        ticked = [each for each in items if each.checkState() == Qt.CheckState.Checked]
        keys = tuple(int(each.data(_KEY)) for each in ticked)
        return Asked(self.reader.text().strip(), keys, settings)

    def refresh(self) -> None:
        """Say what is missing, and how many images were chosen."""
        asked, total = self.asked(), self.images.count()
        self.number.setText(f"{len(asked.keys)} of {total} images")
        wrong = "" if asked.keys else "Tick the images to read."
        try:
            check_reader(asked.reader)
        except ValueError as error:
            wrong = str(error) if asked.reader else "Who reads?"
        self.message.say(wrong)
        self.go.setEnabled(not wrong)

    def _tick(self, state: Qt.CheckState) -> None:
        for number in range(self.images.count()):
            self.images.item(number).setCheckState(state)


class EndDialog(QDialog):
    """Who unblinds a reading.

    Parameters
    ----------
    reader : str
        Whose reading it is.
    parent : QWidget or None
    """

    def __init__(self, reader: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("End the blinded reading")
        self.by = QLineEdit()
        self.by.setPlaceholderText("name of whoever unblinds it")
        text = QLabel(_END.format(reader=reader))
        text.setWordWrap(True)
        form = QFormLayout()
        form.addRow("&Unblinded by", self.by)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = buttons.addButton("&Unblind", QDialogButtonBox.ButtonRole.AcceptRole)
        self.go.setEnabled(False)
        self.by.textChanged.connect(lambda name: self.go.setEnabled(bool(name.strip())))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.resize(420, self.sizeHint().height())


def ask_begin(parent: QWidget, reader: str, entries: Sequence[ImageEntry]) -> Asked | None:
    """Ask what is to be read; None where the person thought better of it."""
    dialog = BeginDialog(reader, entries, parent)
    is_wanted = bool(dialog.exec())
    asked = dialog.asked()
    dialog.deleteLater()
    return asked if is_wanted else None


def ask_end(parent: QWidget, reader: str) -> str | None:
    """Ask who unblinds; None where the person thought better of it."""
    dialog = EndDialog(reader, parent)
    is_wanted = bool(dialog.exec())
    by = dialog.by.text().strip()
    dialog.deleteLater()
    return by if is_wanted else None


def ask_key_file(parent: QWidget, reader: str) -> Path | None:
    """Ask where the key of a reading goes."""
    name, _ = QFileDialog.getSaveFileName(
        parent, f"Save the key of {reader}", f"key of {reader}.csv", "CSV (*.csv)"
    )
    return Path(name).with_suffix(".csv") if name else None


def _check(text: str, *, on: bool = True) -> QCheckBox:
    box = QCheckBox(text)
    box.setChecked(on)
    return box
