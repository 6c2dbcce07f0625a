"""The part of the Review dock that begins blinded readings and shows how readers agree."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMenu, QVBoxLayout

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.rows import rows_as_csv
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.store import StoreError
from napari_slitseg.widgets import _blind_dialog as dialogs
from napari_slitseg.widgets._dock import Dock, Message, button, row
from napari_slitseg.widgets._reading_banner import attempt

if TYPE_CHECKING:
    from napari_slitseg.core.blinding import ReadingPlan
    from napari_slitseg.pipelines.readers_plans import StoredReading
    from napari_slitseg.widgets._agreement_view import AgreementView
    from napari_slitseg.widgets._session import Session


class ReadingPart(Dock):
    """Begins and resumes blinded readings, gives their keys, and opens the agreement of readers.

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
        self.message = Message()
        self.message.say("")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(self.begin, self.others, self.agree, stretch=0))
        layout.addWidget(self.message)

    # -- what a person does

    def ask_begin(self) -> None:
        """Ask what is to be read, and begin."""
        asked = dialogs.ask_begin(self, self.reader, self.readings.readable())
        if asked is not None:
            self.reader = asked.reader
            attempt(
                self.message, partial(self.readings.begin, asked.reader, asked.keys, asked.settings)
            )

    def resume(self, reader: str) -> None:
        """Go on with a reading that was left."""
        attempt(self.message, partial(self.readings.resume, reader))

    def ask_key(self, plan: ReadingPlan) -> None:
        """Ask where the key goes, and write it."""
        path = dialogs.ask_key_file(self, plan.reader)
        if path is not None:
            attempt(self.message, partial(write_key, path, plan), f"Wrote {path}.")

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

    # -- what follows

    def refresh(self) -> None:
        """Show what can be done."""
        is_idle = self.readings.shown is None
        has_files = is_idle and bool(self.readings.readable())
        for each in (self.begin, self.others, self.agree):
            each.setEnabled(has_files)
        if self.view is not None and not is_idle:
            self.view.close()
        if self.readings.trouble:
            self.message.warn(self.readings.trouble)


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
