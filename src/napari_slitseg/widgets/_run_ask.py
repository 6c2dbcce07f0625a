"""Questions about runs, and what happens to them when the window closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

from napari_slitseg.widgets._save import CloseGuard

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
    """Asks, as a window closes, what becomes of the runs it started.

    Parameters
    ----------
    window : QMainWindow
    names : callable
        Names of the runs of this window that live.
    settle : callable
        Does what was answered.
    """

    def __init__(
        self,
        window: QMainWindow,
        names: Callable[[], Sequence[str]],
        settle: Callable[[Answer], None],
    ) -> None:
        super().__init__(window)
        self._window, self._names, self._settle = window, names, settle
        window.installEventFilter(self)
        for first in window.findChildren(CloseGuard):
            window.installEventFilter(first)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: True keeps the window open."""
        closing = watched is self._window and event.type() == QEvent.Type.Close
        names = self._names() if closing and self._window.isVisible() else ()
        answer = ask_on_close(self._window, names) if names else "keep"
        if answer == "stay":
            event.ignore()
            return True
        if names:
            self._settle(answer)
        return False
