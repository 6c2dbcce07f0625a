"""What happens when something is asked of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QApplication, QWidget

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.asking import ask
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.keeping import command_of, delete, duplicate
from napari_slitseg.pipelines.runs.process import RunProcess, start
from napari_slitseg.pipelines.runs.status import RunStatus
from napari_slitseg.widgets import _run_ask

if TYPE_CHECKING:
    from napari_slitseg.pipelines.runs.folder import Ask

_ASKS: Final[Mapping[str, str]] = {
    "pause": "Pauses after this step.",
    "go": "Goes on.",
    "stop": "Stops, and keeps the best model.",
    "cancel": "Cancelled.",
}
_SUMMARY: Final = "summary.md"


class Desk(Protocol):
    """What actions need of the dock."""

    def show_run(self, folder: RunFolder) -> None:
        """Show the curves of a run."""

    def fill_form(self, job: FinetuneJob) -> None:
        """Show a job in the form."""

    def use_model(self, folder: RunFolder, *, predict: bool) -> str:
        """Work with the best model of a run; say so."""


class RunActions:
    """Does what is asked of runs, and remembers the processes that were started here.

    Parameters
    ----------
    parent : QWidget
        For questions.
    desk : Desk
        The dock.
    say, warn : callable
        Tell what was done, or why not.
    """

    def __init__(
        self, parent: QWidget, desk: Desk, say: Callable[[str], Any], warn: Callable[[str], Any]
    ) -> None:
        self._parent, self._desk, self._say, self._warn = parent, desk, say, warn
        self.started: dict[Path, RunProcess] = {}

    def do(self, name: str, status: RunStatus) -> None:
        """Do what is asked of a run; what goes wrong is told."""
        try:
            self._say(getattr(self, f"_{name}", self._ask)(status.folder, name) or "")
        except JobError as error:
            self._warn(str(error))

    def begin(self, folder: RunFolder) -> None:
        """Start the process of a run; raises JobError if that cannot be."""
        self.started[folder.path] = start(folder)

    def living(self) -> list[RunFolder]:
        """Return the runs that were started here and are alive."""
        return [each.folder for each in self.started.values() if each.is_living]

    def _ask(self, folder: RunFolder, name: str) -> str:
        ask(folder, cast("Ask", name))
        return f"{folder.name}: {_ASKS[name]}"

    def _cancel(self, folder: RunFolder, name: str) -> str:
        return self._ask(folder, name) if _run_ask.may_cancel(self._parent, folder.name) else ""

    def _show(self, folder: RunFolder, _: str) -> None:
        self._desk.show_run(folder)

    def _resume(self, folder: RunFolder, _: str) -> str:
        self.begin(folder)
        self._desk.show_run(folder)
        return f"{folder.name} goes on."

    def _use(self, folder: RunFolder, name: str) -> str:
        return self._desk.use_model(folder, predict=name == "predict")

    _predict = _use

    def _duplicate(self, folder: RunFolder, _: str) -> str:
        self._desk.fill_form(duplicate(folder))
        return f"The form shows the settings of {folder.name}."

    def _folder(self, folder: RunFolder, _: str) -> None:
        _open(folder.path)

    def _report(self, folder: RunFolder, _: str) -> None:
        _open(folder.report / _SUMMARY)

    def _command(self, folder: RunFolder, _: str) -> str:
        text = command_of(folder)
        clipboard: Any = QApplication.clipboard()
        clipboard.setText(text)
        return f"Copied: {text}"

    def _delete(self, folder: RunFolder, _: str) -> str:
        if not _run_ask.may_delete(self._parent, folder.name):
            return ""
        delete(folder)
        return f"{folder.name} is in the trash."


def _open(path: Path) -> None:
    if not path.exists():
        raise JobError(f"{path} is not there.")
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
