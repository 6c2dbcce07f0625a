"""The part of the Review dock for blinded readings and the agreement of readers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QMenu, QVBoxLayout, QWidget

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.rows import rows_as_csv
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.store import StoreError
from napari_slitseg.widgets import _blind_dialog as dialogs
from napari_slitseg.widgets._dock import Dock, Message, button, row

if TYPE_CHECKING:
    from napari_slitseg.core.blinding import ReadingPlan
    from napari_slitseg.pipelines.readers_plans import StoredReading
    from napari_slitseg.widgets._agreement_view import AgreementView
    from napari_slitseg.widgets._session import Session

_BANNER: Final = "QFrame#banner { border: 2px solid #E69F00; border-radius: 4px; }"


class ReadingPart(Dock):
    """Begins, resumes and ends blinded readings, and tells while one goes on.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.workspace = session.workspace
        self.readings = session.readings
        self.view: AgreementView | None = None
        self._make_widgets()
        self._lay_out()
        self.link(self.readings.changed, self.refresh)
        self.link(self.workspace.entries_changed, self.refresh_soon)
        self.link(self.workspace.current_changed, self.refresh_soon)
        self.refresh()

    def _make_widgets(self) -> None:
        self.reader = ""
        self.begin = button(
            "&Blinded reading…",
            "Show images to a reader under code names, in another order and without the model.",
            self.ask_begin,
        )
        self.others = button(
            "Readings ▾",
            "Go on with a reading that was left; save the key of one that is over.",
            self.open_menu,
        )
        self.menu = QMenu(self.others)
        self.agree = button(
            "Agreement…",
            "Compare readers with each other, with the shared annotation and with the model.",
            self.show_agreement,
        )
        self.banner = QLabel()
        self.banner.setWordWrap(True)
        self.banner.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.leave = button(
            "Leave for now",
            "Stop showing the reading; go on with it later. This is written down.",
            self.leave_now,
        )
        self.end = button("End reading…", "Unblind it for good.", self.ask_end)
        self.message = Message()
        self.message.say("")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.idle = QWidget()
        self.idle.setLayout(row(self.begin, self.others, self.agree, stretch=0))
        self.frame = QFrame()
        self.frame.setObjectName("banner")
        self.frame.setStyleSheet(_BANNER)
        inside = QVBoxLayout(self.frame)
        inside.addWidget(self.banner)
        inside.addLayout(row(self.leave, self.end))
        layout.addWidget(self.idle)
        layout.addWidget(self.frame)
        layout.addWidget(self.message)

    # -- what a person does

    def ask_begin(self) -> None:
        """Ask what is to be read, and begin."""
        asked = dialogs.ask_begin(self, self.reader, self.readings.readable())
        if asked is not None:
            self.reader = asked.reader
            self._try(partial(self.readings.begin, asked.reader, asked.keys, asked.settings))

    def resume(self, reader: str) -> None:
        """Go on with a reading that was left."""
        self._try(partial(self.readings.resume, reader))

    def leave_now(self) -> None:
        """Leave the reading, to go on later."""
        self._try(self.readings.leave)

    def ask_end(self) -> None:
        """Ask who unblinds the reading, and do it."""
        shown = self.readings.shown
        by = None if shown is None else dialogs.ask_end(self, shown.plan.reader)
        if by is not None:
            self._try(partial(self.readings.end, by))

    def ask_key(self, plan: ReadingPlan) -> None:
        """Ask where the key goes, and write it."""
        path = dialogs.ask_key_file(self, plan.reader)
        if path is not None:
            self._try(partial(write_key, path, plan), f"Wrote {path}.")

    def open_menu(self) -> None:
        """Open the list of readings below its button."""
        self.fill_menu()
        self.menu.popup(self.others.mapToGlobal(self.others.rect().bottomLeft()))

    def fill_menu(self) -> None:
        """List the readings of the project, with what can be done with each."""
        self.menu.clear()
        try:
            found = self.readings.here()
        except (JobError, StoreError) as error:
            self.message.warn(str(error))
            found = {}
        for reading in found.values():
            self._list(reading)
        if not found:
            self.menu.addAction("There is no reading in this folder").setEnabled(False)

    def show_agreement(self) -> None:
        """Open the window of agreement."""
        from napari_slitseg.widgets._agreement_view import AgreementView

        if self.view is None:
            self.view = AgreementView(self.session, self)
        self.view.open_now()

    def _list(self, reading: StoredReading) -> None:
        plan = reading.plan
        if plan.is_over:
            text = f"Save the key of {plan.reader} (unblinded by {plan.ended_by})…"
            self.menu.addAction(text, partial(self.ask_key, plan))
        else:
            self.menu.addAction(f"Go on with {plan.reader}", partial(self.resume, plan.reader))

    def _try(self, act: Callable[[], object], done: str = "") -> None:
        self.message.say("")
        try:
            act()
        except (JobError, StoreError, OSError) as error:
            self.message.warn(str(error))
        else:
            self.message.say(done)
        self.refresh()

    # -- what follows

    def refresh(self) -> None:
        """Show whether a reading goes on, and where."""
        shown = self.readings.shown
        self.idle.setVisible(shown is None)
        self.frame.setVisible(shown is not None)
        has_files = bool(self.readings.readable()) if shown is None else False
        self.begin.setEnabled(has_files)
        self.agree.setEnabled(has_files)
        self.others.setEnabled(has_files)
        if shown is not None:
            self.banner.setText(banner_text(shown.plan, *self.readings.place()))
            if self.view is not None:
                self.view.close()
        if self.readings.trouble:
            self.message.warn(self.readings.trouble)


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


def write_key(path: Path, plan: ReadingPlan) -> None:
    """Write which code was which image.

    Raises
    ------
    JobError
        If the reading goes on.
    OSError
        If it cannot be written; an earlier file is untouched.
    """
    try:
        rows = plan.key_rows()
    except ValueError as error:
        raise JobError(str(error)) from error
    write_atomically(path, rows_as_csv(rows).encode())


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
