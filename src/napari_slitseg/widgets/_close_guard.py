"""Ask before a window closes over what is kept nowhere."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

from napari_slitseg.widgets._save import save_annotations
from napari_slitseg.widgets._workspace import Workspace

_AGAIN_MS: Final = 2000
_LEFT: Final = (
    "Not saved yet, so the window stays open. Discard, when it closes next, lets go of:\n"
)


class CloseGuard(QObject):
    """Sees that all is kept; asks before a window closes over what is neither kept nor saved."""

    def __init__(self, window: QMainWindow, workspace: Workspace) -> None:
        super().__init__(window)
        self._window = window
        self._workspace = workspace
        window.installEventFilter(self)
        self._again = QTimer(self, interval=_AGAIN_MS)
        self._again.timeout.connect(self._try_again)
        self._again.start()

    def _try_again(self) -> None:
        """Keep what could not be kept while another program held the project."""
        if self._workspace.memory.is_busy:
            self._workspace.memory.retry()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: True keeps the window open."""
        is_closing = watched is self._window and event.type() == QEvent.Type.Close
        if not is_closing or not self._window.isVisible():
            return False
        if self._may_close():
            self._workspace.memory.close()
            return False
        event.ignore()
        return True

    def _may_close(self) -> bool:
        names = self._unkept()
        if not names:
            return True
        answer = _ask_before_closing(self._window, names)
        if answer == QMessageBox.StandardButton.Save:
            told = save_annotations(self._window, self._workspace)
            left = self._unkept()
            if left:
                _tell(self._window, "\n\n".join((told, _LEFT + "\n".join(left))))
            return not left
        return bool(answer == QMessageBox.StandardButton.Discard)

    def _unkept(self) -> list[str]:
        """Names of images of which something is neither in a project nor in a file."""
        workspace, memory = self._workspace, self._workspace.memory
        edited = [each for each in workspace.entries if workspace.unblinded(each.key).edited]
        if any(not memory.is_kept(entry.key) for entry in edited) or memory.unkept_images:
            memory.retry()
        here = [entry.name for entry in edited if not memory.is_kept(entry.key)]
        return [*here, *memory.unkept_images]


def _tell(parent: QWidget, text: str) -> None:
    QMessageBox.warning(parent, "Not all is saved", text)


def _ask_before_closing(parent: QWidget, names: list[str]) -> QMessageBox.StandardButton:
    buttons = QMessageBox.StandardButton
    return QMessageBox.question(
        parent,
        "Save before closing?",
        "What you said of these images is not saved:\n\n" + "\n".join(names),
        buttons.Save | buttons.Discard | buttons.Cancel,
        buttons.Save,
    )
