"""The buttons of the Measure dock that write a report, and copy the methods paragraph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final
from weakref import WeakMethod

from qtpy.QtWidgets import QApplication, QFileDialog, QPushButton

from napari_slitseg.widgets._dock import Message
from napari_slitseg.widgets._measure_result import Reported, Written, methods_told, write_report
from napari_slitseg.widgets._thread import Runner

_KINDS: Final = {
    "Workbook (*.xlsx)": ".xlsx",
    "Page with figures (*.html)": ".html",
    "Page with figures (*.pdf)": ".pdf",
    "Tables (*.csv)": ".csv",
}
_COPIED: Final = "Copied a methods paragraph of {} words. Paste it where you write."
_OTHER_KIND: Final = "{} is no kind of report. End the name in .xlsx, .html, .pdf or .csv."
_NOTHING: Final = "Nothing is measured yet. Press Measure all first."


class ReportButton(QPushButton):
    """Asks for a file and writes a report of the kind its name tells, in a thread.

    Parameters
    ----------
    wanted : method
        Returns what is to be reported, as it is now.
    message : Message
        Where to say how it went.
    """

    def __init__(self, wanted: Callable[[], Reported], message: Message) -> None:
        super().__init__("Write &report…")
        self._wanted, self._message = WeakMethod(wanted), message
        self.runner = Runner()
        self.setToolTip(
            "Write all figures of images, glomeruli, biopsies and groups: a workbook (XLSX), "
            "tables (CSV), or a page with figures for a paper (HTML, PDF). Each says who edited, "
            "which model and settings were used, and where the scale comes from."
        )
        self.clicked.connect(self.choose)
        self.runner.event.connect(self._on_event)
        self.runner.finished.connect(self._on_written)
        self.runner.failed.connect(message.warn)
        self.destroyed.connect(self.runner.cancel)

    def choose(self) -> None:
        """Ask for a file and write it."""
        name, kind = QFileDialog.getSaveFileName(
            self, "Write report", "measures.xlsx", ";;".join(_KINDS)
        )
        if name:
            path = Path(name)
            self.write(path if path.suffix else path.with_suffix(_KINDS.get(kind, ".xlsx")))

    def write(self, path: Path) -> None:
        """Write a report."""
        wanted = self._wanted()
        if path.suffix.lower() not in _KINDS.values():
            self._message.warn(_OTHER_KIND.format(path.name))
        elif wanted is not None:
            self._message.say(f"Writing {path}…")
            self.runner.start(partial(write_report, wanted(), path), "Write the report")

    def _on_event(self, event: object) -> None:
        told = getattr(event, "message", "")
        if told:
            self._message.say(f"Writing {told}…")

    def _on_written(self, answer: object) -> None:
        if isinstance(answer, Written) and answer.refused:
            self._message.warn(answer.refused if answer.files else f"Not written. {answer.refused}")
        elif isinstance(answer, Written) and answer.files:
            names = ", ".join(file.name for file in answer.files)
            self._message.say(f"Wrote {names} in {answer.files[0].parent}.")


class MethodsButton(QPushButton):
    """Copies the methods paragraph.

    Parameters
    ----------
    wanted : method
        Returns what is to be reported, as it is now.
    message : Message
        Where to say how it went.
    """

    def __init__(self, wanted: Callable[[], Reported], message: Message) -> None:
        super().__init__("&Copy methods")
        self._wanted, self._message = WeakMethod(wanted), message
        self.runner = Runner()
        self.setToolTip("Copy a paragraph for a paper's methods: how all this was measured.")
        self.clicked.connect(self.copy)
        self.runner.finished.connect(self._on_told)
        self.runner.failed.connect(message.warn)
        self.destroyed.connect(self.runner.cancel)

    def copy(self) -> None:
        """Put the paragraph together in a thread, then copy it."""
        wanted = self._wanted()
        if wanted is not None:
            self.runner.start(partial(methods_told, wanted()), "Methods paragraph")

    def _on_told(self, text: object) -> None:
        clipboard = QApplication.clipboard()
        if text and clipboard is not None:
            clipboard.setText(str(text))
        self._message.say(_COPIED.format(len(str(text).split())) if text else _NOTHING)
