"""The part of the Metrics dock that writes scores to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakMethod

from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.widgets._dock import Message
from napari_slitseg.widgets._export import Scores, book_writer, write_scores
from napari_slitseg.widgets._thread import Runner

if TYPE_CHECKING:
    from collections.abc import Callable

_BOOK: Final = "Workbook (*.xlsx)"
_TABLES: Final = "CSV tables (*.csv)"
_ENDINGS: Final = {_BOOK: ".xlsx", _TABLES: ".csv"}


class ExportButton(QPushButton):
    """Asks for a file and writes a workbook, in a thread, or tables.

    Parameters
    ----------
    scores : method
        Returns what is to be written, as it is now.
    message : Message
        Where to say how it went.
    """

    def __init__(self, scores: Callable[[], Scores], message: Message) -> None:
        super().__init__("Export…")
        self._scores, self._message = WeakMethod(scores), message
        self.runner = Runner()
        self.setToolTip(
            "Write a workbook (XLSX): images, all together with intervals, every point with who "
            "set it, and how all of it was computed. Or three files: NAME.csv, one row an image; "
            "NAME_pooled.csv, all together with intervals; NAME.json, both with model, detector, "
            "threshold and tolerance."
        )
        self.clicked.connect(self.choose)
        self.runner.event.connect(self._on_sheet)
        self.runner.finished.connect(self._on_written)
        self.runner.failed.connect(message.warn)
        self.destroyed.connect(self.runner.cancel)

    def choose(self) -> None:
        """Ask for a file and write it."""
        name, kind = QFileDialog.getSaveFileName(
            self, "Export scores", "scores.xlsx", f"{_BOOK};;{_TABLES}"
        )
        if name:
            self.export(Path(name), _ENDINGS.get(kind, ""))

    def export(self, path: Path, ending: str = "") -> None:
        """Write a file of the kind its name tells, or of `ending` where it tells none.

        A file that a person chose under that very name is replaced; one whose name got its ending
        here only if it is one of ours.
        """
        try:
            path = _whole_name(path, ending)
            if path.suffix.lower() == ".xlsx":
                self.export_book(path)
            else:
                self.export_tables(path)
        except JobError as error:
            self._message.warn(str(error))

    def export_tables(self, path: Path) -> None:
        """Write every figure of every image, of all together, and how they were made."""
        try:
            write_scores(path, self._wanted())
        except (OSError, ValueError) as error:
            self._message.warn(str(error))
        else:
            also = f"{path.stem}_pooled.csv and {path.stem}.json"
            self._message.say(f"Wrote {path}, with {also} beside it.")

    def export_book(self, path: Path) -> None:
        """Write a workbook in a thread."""
        self._message.say(f"Writing {path}…")
        self.runner.start(book_writer(path, self._wanted()), "Write the workbook of scores")

    def _wanted(self) -> Scores:
        scores = self._scores()
        return Scores(()) if scores is None else scores()

    def _on_sheet(self, event: object) -> None:
        self._message.say(f"Writing {event}…")

    def _on_written(self, answer: object) -> None:
        if isinstance(answer, Path):
            self._message.say(f"Wrote {answer}.")


def _whole_name(path: Path, ending: str) -> Path:
    """Return the file to write.

    Raises
    ------
    JobError
        If its name got its ending here, and there is a file of that name that is none of ours; or
        the ending is of no file that can be written.
    """
    from napari_slitseg.pipelines.evaluation import check_replaceable

    if path.suffix.lower() in _ENDINGS.values():
        return path
    if not ending:
        raise JobError(f"{path} should end in .xlsx or .csv.")
    whole = path.with_name(path.name + ending)
    check_replaceable(whole)
    return whole
