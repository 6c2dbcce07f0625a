"""What a person can ask of a run, as buttons and as a menu; which are open to a run now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QMenu, QPushButton, QWidget
from superqt import QFlowLayout

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs.status import ENDED, RunStatus
from napari_slitseg.widgets._spec_fields import small_button
from napari_slitseg.widgets._spec_words import wrapped


@dataclass(frozen=True)
class Wish:
    """Something that can be asked of a run.

    Attributes
    ----------
    text : str
        On the button, with & before its letter.
    tooltip : str
    is_open : callable
        Whether it can be asked of a run that stands so.
    """

    text: str
    tooltip: str
    is_open: Callable[[RunStatus], bool]


def _is_pausable(status: RunStatus) -> bool:
    return status.is_alive and status.state in ("training", "preparing", "queued")


def _is_stoppable(status: RunStatus) -> bool:
    return status.is_alive and status.state != "stopping"


def _is_cancellable(status: RunStatus) -> bool:
    return status.is_alive or status.state in ("new", "interrupted")


WISHES: Final = MappingProxyType(
    {
        "show": Wish(
            "Sh&ow", "Show the curves of the run, also of one that trains.", lambda _: True
        ),
        "pause": Wish("Paus&e", "Wait after this step; memory stays in use.", _is_pausable),
        "go": Wish("&Continue", "Go on where it waits.", lambda s: s.state == "paused"),
        "stop": Wish(
            "&Stop and keep best",
            "End the training now. The best model so far is kept and judged.",
            _is_stoppable,
        ),
        "cancel": Wish(
            "Cancel and &discard…",
            "End the training at once and throw its models away.",
            _is_cancellable,
        ),
        "resume": Wish(
            "Re&sume",
            "Go on exactly where it was saved last; a new run begins.",
            lambda s: s.can_resume,
        ),
        "use": Wish(
            "Use this mo&del",
            "Let the Predict dock work with the best model of this run.",
            lambda s: s.has_model,
        ),
        "predict": Wish(
            "Use and predict &all",
            "Let the Predict dock work with the best model, and predict every image of the window.",
            lambda s: s.has_model,
        ),
        "duplicate": Wish(
            "Duplica&te into the form",
            "Fill New run with the settings of this one.",
            lambda _: True,
        ),
        "folder": Wish("Open &folder", "Show the files of the run.", lambda _: True),
        "command": Wish(
            "Cop&y command", "Copy the command that trains the same in a terminal.", lambda _: True
        ),
        "delete": Wish(
            "Delete to tras&h…",
            "Move the folder of the run to the trash.",
            lambda s: not s.is_alive and s.state in {*ENDED, "new", "interrupted"},
        ),
    }
)
"""Everything that can be asked of one run, by name."""

_COMPARE: Final = "Show curves and final figures of the selected runs side by side."
_LOSSES: Final = "Show all losses that were tracked during this run."
_CHOOSE: Final = (
    "Select two or more runs (Ctrl or Shift and click), or one that was made with tracked losses."
)


class RunButtons(QWidget):
    """Buttons for some wishes; those that a run is not open to are not there.

    Attributes
    ----------
    asked : signal
        Emits the name of the wish and the status of the run.
    """

    asked = Signal(str, object)

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.status: RunStatus | None = None
        self._shown: set[str] | None = None
        self.buttons = {}
        self._flow = QFlowLayout(self)
        self._flow.setContentsMargins(0, 0, 0, 0)
        for name in dict.fromkeys([*names, *(["go"] if "pause" in names else [])]):
            made = small_button(WISHES[name].text, wrapped(WISHES[name].tooltip))
            made.clicked.connect(partial(self._ask, name))
            made.setParent(self)
            self.buttons[name] = made
        self.show_status(None)

    def show_status(self, status: RunStatus | None) -> None:
        """Show what can be asked of a run now."""
        self.status = status
        shown = {name for name in self.buttons if status and WISHES[name].is_open(status)}
        if shown != self._shown:
            self._arrange(shown)
        self.setVisible(bool(shown))

    def _arrange(self, shown: set[str]) -> None:
        self._shown = shown
        for name, button in self.buttons.items():
            self._flow.removeWidget(button)
            if name in shown:
                self._flow.addWidget(button)
            button.setVisible(name in shown)

    def _ask(self, name: str, *_: object) -> None:
        if self.status is not None:
            self.asked.emit(name, self.status)


def run_menu(parent: QWidget, status: RunStatus, ask: Callable[[str, RunStatus], None]) -> QMenu:
    """Return a menu of all that can be asked of a run now."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    for name, wish in WISHES.items():
        if wish.is_open(status):
            action = QAction(wish.text, menu)
            action.setToolTip(wrapped(wish.tooltip))
            action.triggered.connect(partial(_tell, ask, name, status))
            menu.addAction(action)
    return menu


def _tell(ask: Callable[[str, RunStatus], None], name: str, status: RunStatus, *_: object) -> None:
    ask(name, status)


def compare_button() -> QPushButton:
    """Return the button that compares runs."""
    made = small_button("Co&mpare", wrapped(_CHOOSE))
    made.setEnabled(False)
    return made


def show_comparable(button: QPushButton, jobs: Sequence[FinetuneJob | None]) -> None:
    """Open the button for several runs, or for one whose losses were tracked."""
    has_losses = len(jobs) == 1 and jobs[0] is not None and bool(jobs[0].track_losses)
    button.setEnabled(len(jobs) > 1 or has_losses)
    button.setToolTip(wrapped(_LOSSES if has_losses else _COMPARE if len(jobs) > 1 else _CHOOSE))
