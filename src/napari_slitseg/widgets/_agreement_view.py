"""The window of agreement: readers with readers, with the shared annotation and with the model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QLabel,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.readers import Agreement
from napari_slitseg.pipelines.readers_files import write_agreement
from napari_slitseg.store import StoreError
from napari_slitseg.widgets._agreement_images import PairImages
from napari_slitseg.widgets._agreement_matrix import TITLES, Matrix, counts_text, pair_text
from napari_slitseg.widgets._agreement_plot import CountPlot
from napari_slitseg.widgets._agreement_work import compare_readers, question_of
from napari_slitseg.widgets._dock import Message, TaskBar, button, row, spin
from napari_slitseg.widgets._thread import Runner

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.readers import PairAgreement
    from napari_slitseg.widgets._session import Session

_EMPTY: Final = (
    "Agreement appears here once two have read the same images: two readers, or one reader and "
    "the shared annotation or the model."
)
_RANDOM: Final = (
    "F1: share of points that both have; from either side the same. Kappa: what F1 has beyond "
    "points set at random along the membrane, or over the image where none is drawn. "
    "docs/metrics.md tells more."
)


class AgreementView(QDialog):
    """Matrix, plot and images; computed in a thread.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Agreement of readers")
        self.setWindowFlag(Qt.WindowType.Window)
        self.session = session
        self.runner = Runner()
        self.found: Agreement | None = None
        self.pair: PairAgreement | None = None
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.resize(860, 720)
        self.show_found(None)

    def _make_widgets(self) -> None:
        self.tolerance = spin(1, 2000, 0, " nm", "Largest distance of two points of one slit.")
        self.tolerance.setValue(self.session.workspace.tolerance_nm)
        self.tolerance.setKeyboardTracking(False)
        self.figure = QComboBox()
        for name, title in TITLES.items():
            self.figure.addItem(title, name)
        self.figure.setToolTip(_RANDOM)
        self.model = QCheckBox("With the &model")
        self.model.setToolTip("The slits of the model in this window take part as a reader.")
        self.model.setChecked(True)
        self.export = button(
            "Export CSV…",
            "Write three files: NAME.csv, a row for each pair; NAME_images.csv, a row for each "
            "image of each pair; NAME.json, everything with how it was computed.",
            self.choose_export,
        )
        self.tasks = TaskBar(self.runner)
        self.message = Message()
        self.matrix = Matrix()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plot = CountPlot()
        self.images = PairImages()

    def _lay_out(self) -> None:
        label = QLabel("&Tolerance")
        label.setBuddy(self.tolerance)
        layout = QVBoxLayout(self)
        layout.addLayout(
            row(label, self.tolerance, self.figure, self.model, QLabel(), self.export, stretch=4)
        )
        layout.addWidget(self.tasks)
        layout.addWidget(self.message)
        layout.addWidget(self.matrix)
        layout.addWidget(self.words)
        below = QSplitter(Qt.Orientation.Vertical)
        below.addWidget(self.plot)
        below.addWidget(self.images)
        below.setChildrenCollapsible(False)
        layout.addWidget(below, 1)
        self.below = below

    def _connect(self) -> None:
        self.tolerance.valueChanged.connect(self.compute)
        self.model.toggled.connect(self.compute)
        self.figure.currentIndexChanged.connect(self._show_matrix)
        self.matrix.chosen.connect(self.choose_pair)
        self.plot.opened.connect(self.open_image)
        self.images.opened.connect(self.open_image)
        self.runner.finished.connect(self._on_found)
        self.runner.failed.connect(self._on_failed)
        self.runner.cancelled.connect(self._on_cancelled)
        self.runner.busy_changed.connect(self.tasks.show_busy)
        self.destroyed.connect(self.runner.cancel)

    # -- what a person does

    def open_now(self) -> None:
        """Show the window, with everything computed anew."""
        self.show()
        self.raise_()
        self.compute()

    def compute(self) -> None:
        """Compare everybody anew."""
        workspace = self.session.workspace
        try:
            project = self.session.readings.project
        except StoreError as error:
            self._on_failed(str(error))
            return
        if project is None or workspace.blind is not None:
            self._on_failed(_EMPTY)
            return
        asked = question_of(
            project.path,
            workspace.entries,
            self.tolerance.value(),
            with_model=self.model.isChecked(),
        )
        self.runner.start(partial(compare_readers, asked), "Compare readers")

    def choose_pair(self, one: str, other: str) -> None:
        """Show what two readers have in common."""
        self.pair = None if self.found is None else self.found.found.pair(one, other)
        self._show_pair()

    def open_image(self, name: str) -> None:
        """Open an image of the table in the viewer."""
        workspace, project = self.session.workspace, self.session.readings.project
        if workspace.blind is not None or project is None:
            return
        from napari_slitseg.widgets._blind_files import name_in

        named = {name_in(project, e): e.key for e in workspace.entries if e.path is not None}
        if name in named:
            workspace.open(named[name])
        else:
            self.message.warn(f"{name} is not in the list of images. Open its folder first.")

    def choose_export(self) -> None:
        """Ask for a file and write the tables."""
        name, _ = QFileDialog.getSaveFileName(
            self, "Export agreement", "agreement.csv", "CSV (*.csv)"
        )
        if name:
            self.export_csv(Path(name).with_suffix(".csv"))

    def export_csv(self, path: Path) -> None:
        """Write the tables, and how they were computed."""
        if self.found is None:
            return
        try:
            write_agreement(path, self.found)
        except (JobError, OSError) as error:
            self.message.warn(str(error))
        else:
            self.message.say(
                f"Wrote {path}, {path.stem}_images.csv and {path.stem}.json beside it."
            )

    # -- what follows

    def _on_found(self, answer: object) -> None:
        if isinstance(answer, str):
            self._on_failed(answer)
        elif isinstance(answer, Agreement):
            self.show_found(answer)

    def _on_cancelled(self) -> None:
        self._on_failed("Cancelled; nothing was compared.")

    def _on_failed(self, reason: str) -> None:
        self.show_found(None)
        self.message.say(reason)

    def show_found(self, found: Agreement | None) -> None:
        """Show an agreement; the pair that was chosen stays chosen."""
        before = None if self.pair is None else self.pair.readers
        self.found = found
        for each in (self.matrix, self.words, self.below):
            each.setVisible(found is not None)
        self.export.setEnabled(found is not None)
        self.message.say("" if found is None else "\n".join(found.notes))
        pairs = () if found is None else found.found.pairs
        self.pair = next((p for p in pairs if p.readers == before), pairs[0] if pairs else None)
        self._show_matrix()
        self._show_pair()

    def _show_matrix(self) -> None:
        figure = self.figure.currentData()
        self.matrix.show_figure(None if self.found is None else self.found.found, figure)
        if self.pair is not None:
            self.matrix.choose(*self.pair.readers)

    def _show_pair(self) -> None:
        self.plot.show_pair(self.pair)
        self.images.show_pair(self.pair)
        if self.pair is not None and self.found is not None:
            lines = [pair_text(self.pair, name) for name in TITLES]
            self.words.setText("\n".join([*lines, counts_text(self.pair, self.found.found.icc)]))
