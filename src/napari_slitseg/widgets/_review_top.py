"""The head of a review: where edits are kept, who edits, how far the images have come."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QLabel, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_slitseg.widgets._dock import Message, row
from napari_slitseg.widgets._review_keeping import KeepingTexts

_LOST: Final = "QLabel { color: #FF6B5E; font-weight: bold; }"


class Elided(QLabel):
    """A line that shows its end where there is no room for all of it."""

    def __init__(self) -> None:
        super().__init__()
        self._full = ""
        self.setMinimumWidth(40)

    def say(self, text: str) -> None:
        """Show another text."""
        self._full = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: as much of the line as there is room for."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        mode = Qt.TextElideMode.ElideMiddle
        self.setText(self.fontMetrics().elidedText(self._full, mode, self.width()))


class Top(QWidget):
    """Where edits are kept, who edits, and progress.

    Attributes
    ----------
    kept : Elided
        Where edits are kept while all is well.
    news : Message
        What else there is to know about that.
    trouble : QLabel
        Red words where they are not.
    retry : QPushButton
        Tries again to keep them.
    editor : QLineEdit
        Name of the person.
    progress : QProgressBar
        Images that are reviewed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept = Elided()
        self.news = Message()
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setStyleSheet(_LOST)
        self.trouble.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.retry = QPushButton("Try again")
        self.retry.setToolTip("Try again to write what is not kept yet.")
        self.editor = QLineEdit()
        self.editor.setFixedWidth(110)
        self.editor.setPlaceholderText("Your name")
        self.editor.setAccessibleName("Who edits")
        self.editor.setToolTip("Who edits: written to every slit that you judge, move or set.")
        self.progress = QProgressBar()
        self.progress.setTextVisible(True)
        self.progress.setAccessibleName("Images reviewed")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(row(self.kept, self.editor, stretch=0))
        layout.addWidget(self.news)
        layout.addLayout(row(self.trouble, self.retry, stretch=0))
        layout.addWidget(self.progress)
        self.show_keeping(KeepingTexts())

    def show_keeping(self, state: KeepingTexts) -> None:
        """Say where edits are kept, and in red what is not."""
        self.kept.say(state.kept)
        self.news.say(state.news)
        self.trouble.setText(f"⚠ {state.trouble}" if state.trouble else "")
        for each in (self.trouble, self.retry):
            each.setVisible(bool(state.trouble))

    def show_progress(self, done: int, total: int, text: str) -> None:
        """Show how many images are reviewed, and say it."""
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)
        self.progress.setFormat(text)
