"""The dialog in which a person chooses the keys of a review."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QKeySequenceEdit,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.widgets._review_keymap import Keymap
from napari_slitseg.widgets._review_keys import BINDINGS

_HINT: Final = (
    "Click a field and press the key that is to do it. Keys that napari uses itself, or that mean "
    "something here already, cannot be taken."
)
_BUTTONS: Final = QDialogButtonBox.StandardButton


class KeysDialog(QDialog):
    """A field for the key of each action, checked against each other and against napari's.

    Attributes
    ----------
    fields : dict of QKeySequenceEdit
        By action.
    problem : QLabel
        Which key cannot be taken, and why.
    """

    def __init__(self, parent: QWidget, keymap: Keymap, taken: Mapping[str, str]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys of the review")
        self._taken = taken
        self.keymap = keymap
        self.fields = {binding.action: QKeySequenceEdit() for binding in BINDINGS}
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.buttons = QDialogButtonBox(_BUTTONS.Save | _BUTTONS.Cancel | _BUTTONS.RestoreDefaults)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(_BUTTONS.RestoreDefaults).clicked.connect(self._on_defaults)
        self._lay_out()
        self._show()
        self.resize(520, 560)

    def _lay_out(self) -> None:
        content = QWidget()
        grid = QGridLayout(content)
        for number, binding in enumerate(BINDINGS):
            field = self.fields[binding.action]
            field.setMaximumSequenceLength(1)
            field.setClearButtonEnabled(True)
            field.setAccessibleName(binding.title)
            field.keySequenceChanged.connect(partial(self._on_key, binding.action))
            grid.addWidget(QLabel(binding.group), number, 0)
            grid.addWidget(QLabel(binding.title), number, 1)
            grid.addWidget(field, number, 2)
        area = QScrollArea()
        area.setWidget(content)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        hint = QLabel(_HINT)
        hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        for each in (hint, area, self.problem, self.buttons):
            layout.addWidget(each)

    def _show(self) -> None:
        """Put the keys into the fields."""
        for action, field in self.fields.items():
            field.blockSignals(True)  # noqa: FBT003
            field.setKeySequence(QKeySequence(self.keymap.key(action)))
            field.blockSignals(False)  # noqa: FBT003
        self._check()

    def _on_key(self, action: str, keys: QKeySequence) -> None:
        text = keys.toString(QKeySequence.SequenceFormat.PortableText)
        self.keymap = self.keymap.with_key(action, text)
        self._check()

    def _on_defaults(self) -> None:
        self.keymap = Keymap()
        self._show()

    def _check(self) -> None:
        """Say which keys cannot be taken; nothing is saved before that is mended."""
        collisions = self.keymap.collisions(self._taken)
        self.problem.setText("\n".join(f"⚠ {why}." for why in collisions.values()))
        self.buttons.button(_BUTTONS.Save).setEnabled(not collisions)
        for action, field in self.fields.items():
            field.setStyleSheet("border: 1px solid #D55E00;" if action in collisions else "")


def ask_for_keys(parent: QWidget, keymap: Keymap, taken: Mapping[str, str]) -> Keymap | None:
    """Return the keys that a person chose, None if they cancelled."""
    dialog = KeysDialog(parent, keymap, taken)
    chosen = dialog.keymap if dialog.exec() else None
    dialog.deleteLater()
    return chosen
