"""The list of the edits of an image; a click goes back or forward to one."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_slitseg.core.review import History
from napari_slitseg.widgets._review_acts import Acts
from napari_slitseg.widgets._review_words import edit_text
from napari_slitseg.widgets._workspace import Workspace

_MOST: Final = 200
_POSITION: Final = Qt.ItemDataRole.UserRole
_UNDONE: Final = QColor("#888888")


class UndoList(QWidget):
    """Edits, the newest on top; undone ones are grey.

    Attributes
    ----------
    view : QListWidget
    """

    def __init__(self, workspace: Workspace, acts: Acts) -> None:
        super().__init__()
        self._acts = acts
        self._workspace = workspace
        self._shown: History | None = None
        self.view = QListWidget()
        self.view.setAccessibleName("Edits of this image")
        self.view.setToolTip("<qt>Double-click an edit: everything after it is undone.</qt>")
        self.view.setFixedHeight(130)
        self.view.itemActivated.connect(self._on_activated)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def follow(self) -> None:
        """Show the edits of the current image."""
        entry = self._workspace.current
        history = History() if entry is None else entry.history
        if history is self._shown or not self.isVisible():
            return
        self._shown = history
        self.view.clear()
        first = max(0, len(history.edits) - _MOST)
        for number in reversed(range(first, len(history.edits))):
            self._add(edit_text(history.edits[number]), number + 1, history.position)
        older = f"{first} older edits" if first else "As it was at first"
        self._add(older, first, history.position)

    def _add(self, text: str, position: int, now: int) -> None:
        item = QListWidgetItem(f"▸ {text}" if position == now else text)
        item.setData(_POSITION, position)
        if position > now:
            item.setForeground(_UNDONE)
        self.view.addItem(item)
        if position == now:
            self.view.setCurrentItem(item)

    def _on_activated(self, item: QListWidgetItem) -> None:
        self.go_to(int(item.data(_POSITION)))

    def go_to(self, position: int) -> None:
        """Undo or redo until so many edits are done."""
        entry = self._workspace.current
        while entry is not None and entry.history.position != position:
            back = entry.history.position > position
            if (self._acts.undo() if back else self._acts.redo()) is None:
                return
            entry = self._workspace.entry(entry.key)
