"""Questions about runs, and what happens to them when the window closes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.asking import ask
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.process import RunProcess
from napari_slitseg.widgets._close_guard import CloseGuard

if TYPE_CHECKING:
    from napari_slitseg.pipelines.runs.folder import Ask

Answer = Literal["keep", "stop", "cancel", "stay"]

_QUESTION: Final = (
    "{} still training:\n\n{}\n\nIt can go on without napari; you will find it in Runs when you "
    "come back."
)
_Buttons = QMessageBox.StandardButton


def may_cancel(parent: QWidget, name: str) -> bool:
    """Ask whether a run and its models may be thrown away."""
    return _sure(
        parent,
        "Cancel and discard?",
        f"{name} ends at once, and its models are thrown away. To keep the best one, stop it "
        "instead.",
        "Cancel and discard",
    )


def may_delete(parent: QWidget, name: str) -> bool:
    """Ask whether the folder of a run may go to the trash."""
    text = f"The folder of {name}, with its models and its report, goes to the trash."
    return _sure(parent, "Delete the run?", text, "Delete to trash")


def _sure(parent: QWidget, title: str, text: str, action: str) -> bool:
    box = QMessageBox(QMessageBox.Icon.Warning, title, text, parent=parent)
    go = box.addButton(action, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(_Buttons.No))
    box.setEscapeButton(_Buttons.No)
    box.exec()
    chosen = box.clickedButton() is go
    box.deleteLater()
    return chosen


def ask_on_close(parent: QWidget, names: Sequence[str]) -> Answer:
    """Ask what becomes of runs that train while the window closes; Esc leaves it open."""
    which = "A run is" if len(names) == 1 else f"{len(names)} runs are"
    box = QMessageBox(
        QMessageBox.Icon.Question,
        "Training goes on",
        _QUESTION.format(which, "\n".join(names)),
        parent=parent,
    )
    role = QMessageBox.ButtonRole.AcceptRole
    answers: dict[QObject, Answer] = {
        box.addButton("&Keep training", role): "keep",
        box.addButton("&Stop and keep best", role): "stop",
        box.addButton("&Cancel and discard", QMessageBox.ButtonRole.DestructiveRole): "cancel",
    }
    box.setDefaultButton(next(iter(answers)))
    box.setEscapeButton(box.addButton("&Do not close", QMessageBox.ButtonRole.RejectRole))
    box.exec()
    clicked = box.clickedButton()
    answer: Answer = next((name for button, name in answers.items() if button is clicked), "stay")
    box.deleteLater()
    return answer


class RunsGuard(QObject):
    """Asks, as a window closes, what becomes of the runs that were started in it.

    Attributes
    ----------
    started : dict
        Processes by folder: known for as long as the window, also when their dock was closed.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.started: dict[Path, RunProcess] = {}
        window.installEventFilter(self)
        for first in window.findChildren(CloseGuard):
            window.installEventFilter(first)

    def living(self) -> list[RunFolder]:
        """Return the runs of this window that are alive."""
        return [each.folder for each in self.started.values() if each.is_living]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: True keeps the window open."""
        is_closing = watched is self._window and event.type() == QEvent.Type.Close
        if not is_closing or not self._window.isVisible() or self._may_close():
            return False
        event.ignore()
        return True

    def _may_close(self) -> bool:
        living = self.living()
        answer = ask_on_close(self._window, [each.name for each in living]) if living else "keep"
        refused = self._settle(living, answer)
        if refused:
            _tell(self._window, "\n".join(refused))
        return answer != "stay" and not refused

    def _settle(self, living: Sequence[RunFolder], answer: Answer) -> list[str]:
        """End runs if that was the answer; return why some go on all the same."""
        refused = []
        for folder in living if answer in ("stop", "cancel") else ():
            try:
                ask(folder, cast("Ask", answer))
            except JobError as error:
                if self.started[folder.path].is_living:
                    refused.append(str(error))
        return refused


def guard_of(window: QMainWindow) -> RunsGuard:
    """Return the guard of a window, the same for every dock."""
    return window.findChild(RunsGuard) or RunsGuard(window)


def _tell(parent: QWidget, text: str) -> None:
    QMessageBox.warning(parent, "Training goes on", text)
