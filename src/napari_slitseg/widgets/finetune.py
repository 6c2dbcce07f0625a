"""The dock that trains a model further: a form, the runs, and the live view of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from weakref import ref

import napari.viewer
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QFrame,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import RunFolder, new_run, runs_folder
from napari_slitseg.pipelines.runs.status import RunStatus
from napari_slitseg.widgets._compare_view import CompareView
from napari_slitseg.widgets._dock import Dock, Message, line, row
from napari_slitseg.widgets._finetune_form import FinetuneForm
from napari_slitseg.widgets._finetune_place import Place
from napari_slitseg.widgets._finetune_words import with_labels
from napari_slitseg.widgets._live_layers import PreviewLayers
from napari_slitseg.widgets._live_view import LiveView
from napari_slitseg.widgets._preflight_card import PreflightCard
from napari_slitseg.widgets._run_actions import RunActions
from napari_slitseg.widgets._run_ask import guard_of
from napari_slitseg.widgets._run_list import RunList
from napari_slitseg.widgets._run_lister import RunRow
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets.open_workspace import inner

NEW, RUNS, LIVE, COMPARE = range(4)
_WIDEST_MINIMUM_PX: Final = 400
_WELL: Final = frozenset({"finished", "stopped", "cancelled"})
_MAY_START: Final = "Start the training in a process of its own (Alt+T)."
_MAY_NOT: Final = "Check first: a training starts when nothing must be changed."


class FinetuneDock(Dock):
    """New run, runs, the run that is shown, and runs side by side, as tabs."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = ref(getattr(viewer, "__wrapped__", viewer))
        self.session = session_of(viewer)
        self.workspace = self.session.workspace
        self._alive: set[str] = set()
        self._is_in_window = False
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.refresh()

    @property
    def viewer(self) -> napari.viewer.Viewer:
        """The viewer, which the dock does not keep alive."""
        viewer = self._viewer()
        if viewer is None:
            raise ReferenceError("The viewer was closed.")
        return viewer

    def _make_widgets(self) -> None:
        self.form = FinetuneForm(self.workspace)
        self.card = PreflightCard(self.workspace)
        self.error, self.message = Message(), Message()
        self.message.say("")
        self.check_button = QPushButton("&Check")
        self.check_button.setToolTip(
            "Look at images, losses, memory and time before anything is trained (Alt+C)."
        )
        self.start_button = QPushButton("S&tart training")
        self.runs = RunList(runs_folder())
        self.live = LiveView(PreviewLayers(self.viewer, self.session))
        self.compare = CompareView()
        self.actions = RunActions(self, self, self.message.say, self.message.warn)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)

    def _lay_out(self) -> None:
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        for widget in (self.form, line(), self.card):
            inside.addWidget(widget)
        inside.addStretch()
        new = QWidget()
        page = QVBoxLayout(new)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(_Scrolling(content), 1)
        page.addWidget(self.error)
        page.addLayout(row(self.check_button, self.start_button, stretch=1))
        self.tabs.addTab(new, "&New run")
        self.tabs.addTab(self.runs, "R&uns")
        self.tabs.addTab(_Scrolling(self.live), "L&ive")
        self.tabs.addTab(_Scrolling(self.compare), "Compare")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.message)

    def _connect(self) -> None:
        self.form.edited.connect(self.refresh_soon)
        self.card.changed.connect(self._show_buttons)
        self.check_button.clicked.connect(self.check)
        self.start_button.clicked.connect(self.start)
        self.runs.asked.connect(self._on_asked)
        self.live.asked.connect(self._on_asked)
        self.runs.compared.connect(self.show_comparison)
        self.runs.listed.connect(self._on_listed)

    # -- what a person does

    def check(self) -> None:
        """Look at what the form says, in a thread."""
        self.refresh()
        if not self.error.text():
            self.card.check(self.form.value())

    def start(self) -> None:
        """Make a run of what the form says and start its process."""
        self.refresh()
        if self.error.text() or not self.card.may_start:
            return
        try:
            folder = new_run(self.form.value())
            self.actions.begin(folder)
        except (JobError, ValueError) as error:
            self.message.warn(str(error))
            return
        self.runs.add_home(folder.path.parent)
        self.message.say(f"{folder.name} has started. The form is free for another run.")
        self.show_run(folder)

    def show_run(self, folder: RunFolder) -> None:
        """Show the curves of a run."""
        self.live.follow(folder)
        self.tabs.setCurrentIndex(LIVE)
        self.runs.look_now()

    def show_comparison(self, paths: Sequence[Path]) -> None:
        """Lay runs side by side."""
        self.compare.compare(paths)
        self.tabs.setCurrentIndex(COMPARE)

    def fill_form(self, job: FinetuneJob) -> None:
        """Show a job in the form."""
        self.form.setValue(job)
        self.tabs.setCurrentIndex(NEW)

    def use_model(self, folder: RunFolder, *, predict: bool) -> str:
        """Let the Predict dock work with the best model of a run; return what was done.

        Raises
        ------
        JobError
            If the run has no model.
        """
        if not folder.best.is_file():
            raise JobError(f"{folder.name} has no model yet: the first comes with the first epoch.")
        dock = inner(self.viewer, "Predict slits")
        path = str(folder.best)
        if dock.model.combo.findData(path) < 0:
            dock.model.combo.insertItem(0, f"Best of run {folder.name}", path)
        dock.model.choose(path)
        if predict:
            dock.predict_all()
        return f"Predict slits now works with the best model of {folder.name}."

    # -- what follows

    def refresh(self) -> None:
        """Say what is wrong in the form, and whether the check is about what it says."""
        error = self.form.error()
        self.error.warn(error)
        self.card.show_job(None if error else self.form.value())
        self._show_buttons()

    def _show_buttons(self) -> None:
        busy = self.card.runner.is_busy
        self.check_button.setEnabled(not busy and not self.error.text())
        self.start_button.setEnabled(not busy and self.card.may_start)
        self.start_button.setToolTip(_MAY_START if self.card.may_start else _MAY_NOT)
        if self.card.checked is not None and self.card.is_fresh:
            self.form.know_steps(self.card.checked.steps)

    def _on_asked(self, name: str, status: RunStatus) -> None:
        self.actions.do(name, status)
        self.runs.look_now()
        self.live.look_now()

    def _on_listed(self, rows: Sequence[RunRow]) -> None:
        """Offer what runs have made, and say when one of this window has ended."""
        best = {r.status.folder.name: r.status.folder.best for r in rows if r.status.has_model}
        self.form.start.show_runs(best)
        own = [r.status for r in rows if r.status.folder.path in self.actions.started]
        for status in own:
            if status.folder.name in self._alive and not status.is_alive:
                told = status.verdict.advice if status.verdict else status.message
                tell = self.message.say if status.state in _WELL else self.message.warn
                tell(with_labels(f"{status.folder.name}: {status.state}. {told}".strip()))
        self._alive = {status.folder.name for status in own if status.is_alive}

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: the dock appears; from now on closing its window asks about runs it started."""
        super().showEvent(event)
        window = self.window()
        if not self._is_in_window and isinstance(window, QMainWindow):
            self._is_in_window = True
            guard = guard_of(window)
            guard.started.update(self.actions.started)
            self.actions.started = guard.started
            Place(self, window)


class _Scrolling(QScrollArea):
    """Scrolls up and down what is too high; never narrower than what is in it."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        """Return a size at which nothing is cut off at the right."""
        content, bar = self.widget().minimumSizeHint(), self.verticalScrollBar().sizeHint()
        width = min(content.width() + bar.width(), _WIDEST_MINIMUM_PX)
        return QSize(width, super().minimumSizeHint().height())
