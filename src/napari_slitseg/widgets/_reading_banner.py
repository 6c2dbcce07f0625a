"""What tells, on top of a dock, that a blinded reading goes on, and ends it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.store import StoreError
from napari_slitseg.widgets import _blind_dialog as dialogs
from napari_slitseg.widgets._dock import Dock, Message, button, row
from napari_slitseg.widgets._style import ORANGE

if TYPE_CHECKING:
    from napari_slitseg.core.blinding import ReadingPlan
    from napari_slitseg.widgets._session import Session

_LOOK: Final = f"QFrame#banner {{ border: 2px solid {ORANGE}; border-radius: 4px; }}"


class ReadingBanner(Dock):
    """Who reads which image and what is hidden; there while a reading goes on.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.workspace = session.workspace
        self.readings = session.readings
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.leave = button(
            "Leave for now",
            "Stop showing the reading; go on with it later. This is written down.",
            self.leave_now,
        )
        self.end = button("End reading…", "Unblind it for good.", self.ask_end)
        self.message = Message()
        self.message.say("")
        self._lay_out()
        self.link(self.readings.changed, self.refresh)
        self.link(self.workspace.current_changed, self.refresh_soon)
        self.link(self.workspace.entries_changed, self.refresh_soon)
        self.refresh()

    def _lay_out(self) -> None:
        frame = QFrame()
        frame.setObjectName("banner")
        frame.setStyleSheet(_LOOK)
        inside = QVBoxLayout(frame)
        inside.addWidget(self.text)
        inside.addLayout(row(self.leave, self.end))
        inside.addWidget(self.message)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)

    def leave_now(self) -> None:
        """Leave the reading, to go on later."""
        attempt(self.message, self.readings.leave)

    def ask_end(self) -> None:
        """Ask who unblinds the reading, and do it."""
        shown = self.readings.shown
        by = None if shown is None else dialogs.ask_end(self, shown.plan.reader)
        if by is not None:
            attempt(self.message, partial(self.readings.end, by))

    def refresh(self) -> None:
        """Show whether a reading goes on, and where."""
        shown = self.readings.shown
        self.setVisible(shown is not None)
        if shown is not None:
            self.text.setText(banner_text(shown.plan, *self.readings.place()))


def attempt(message: Message, act: Callable[[], object], done: str = "") -> None:
    """Do something, and say what came of it."""
    message.say("")
    try:
        act()
    except (JobError, StoreError, OSError) as error:
        message.warn(str(error))
    else:
        message.say(done)


def banner_text(plan: ReadingPlan, number: int, total: int) -> str:
    """Return what the banner says: who reads which image, and what is hidden."""
    settings = plan.settings
    hidden = {
        "names": settings.renamed,
        "the model": settings.model_hidden,
        "the scale": settings.scale_hidden,
    }
    names = [name for name, is_so in hidden.items() if is_so] + ["all scores", "other annotations"]
    told = f"{', '.join(names[:-1])} and {names[-1]} are hidden".capitalize()
    return f"<b>Blinded reading of {_plain(plan.reader)}: image {number} of {total}</b><br>{told}."


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
