"""Runs side by side: curves together, the final table, and what may be said of differences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Final

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QCheckBox, QFileDialog, QLabel, QSizePolicy, QVBoxLayout, QWidget
from superqt import QFlowLayout

from napari_slitseg.pipelines.outputs import write_text
from napari_slitseg.widgets._compare_plot import ComparePlot, sign
from napari_slitseg.widgets._compare_reading import Compared, Refusal, compare_work, write_work
from napari_slitseg.widgets._compare_table import TextTable
from napari_slitseg.widgets._dock import Message
from napari_slitseg.widgets._spec_fields import small_button
from napari_slitseg.widgets._spec_words import wrapped
from napari_slitseg.widgets._thread import Runner

_NONE: Final = (
    "No runs are compared. Choose two or more in Runs and press Compare; of one run whose losses "
    "were tracked, all losses are shown."
)
_SCALE: Final = (
    "Draw each loss from 0, its lowest value, to 1, its highest. Losses with different units can "
    "then be seen together, but their heights mean nothing."
)


class CompareView(QWidget):
    """Compares runs, whether they have ended or not; reads them in a thread.

    Attributes
    ----------
    found : Compared or None
        What is shown.
    runner, writer : Runner
        Read the runs; write the files.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: Compared | None = None
        self.plots: list[ComparePlot] = []
        self.runner, self.writer = Runner(), Runner()
        self._paths: tuple[Path, ...] = ()
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.message.say(_NONE)

    def _make_widgets(self) -> None:
        self.title, self.names, self.caption = _paragraph(), _paragraph(), _paragraph()
        self.texts, self.note = _paragraph(), _paragraph()
        self.names.setAccessibleName("Marks of the lines")
        self.table = TextTable("Final table")
        self.scale = QCheckBox("Min-ma&x normalised *")
        self.scale.setToolTip(wrapped(_SCALE))
        self.again = small_button("Read again", "Read the runs anew, such that still train too.")
        self.csv_button = small_button("Export CSV…", "Write the table as CSV.")
        self.all_button = small_button(
            "Export all files…",
            wrapped(
                "Write tables, all curves, drawings and everything as JSON into a folder, as "
                "slitseg runs compare --out does."
            ),
        )
        self.message = Message()
        self.body = QWidget()

    def _lay_out(self) -> None:
        inner = QVBoxLayout(self.body)
        inner.setContentsMargins(0, 0, 0, 0)
        buttons = QWidget()
        flow = QFlowLayout(buttons)
        flow.setContentsMargins(0, 0, 0, 0)
        for made in (self.again, self.csv_button, self.all_button):
            flow.addWidget(made)
        self._curves = QVBoxLayout()
        for widget in (self.title, self.names, self.texts, self.table, self.caption, buttons):
            inner.addWidget(widget)
        inner.addWidget(self.scale)
        inner.addLayout(self._curves)
        inner.addWidget(self.note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.message)
        layout.addWidget(self.body)
        layout.addStretch()
        self.body.setVisible(False)

    def _connect(self) -> None:
        self.runner.finished.connect(self._on_answer)
        self.runner.failed.connect(self._on_failed)
        self.writer.finished.connect(self._on_written)
        self.writer.failed.connect(self.message.warn)
        self.scale.toggled.connect(self._on_scaled)
        self.again.clicked.connect(self.read_again)
        self.csv_button.clicked.connect(self.choose_csv)
        self.all_button.clicked.connect(self.choose_folder)
        for runner in (self.runner, self.writer):
            self.destroyed.connect(runner.cancel)

    def compare(self, paths: Sequence[Path]) -> None:
        """Show these runs; one alone shows all its losses."""
        self.found, self._paths = None, tuple(paths)
        self.body.setVisible(False)
        self.read_again()

    def read_again(self) -> None:
        """Read the runs anew."""
        self.message.say("Reading…")
        self.runner.start(partial(compare_work, self._paths), "Compare runs")

    def choose_csv(self) -> None:
        """Ask for a file and write the table."""
        name, _ = QFileDialog.getSaveFileName(self, "Export the table", "runs.csv", "CSV (*.csv)")
        if name:
            self.export_csv(Path(name))

    def choose_folder(self) -> None:
        """Ask for a folder and write all files."""
        if name := QFileDialog.getExistingDirectory(self, "Export all files into a folder"):
            self.export_all(Path(name))

    def export_csv(self, path: Path) -> None:
        """Write the table as CSV."""
        if self.found is None:
            return
        try:
            write_text(path, self.found.csv)
        except OSError as error:
            self.message.warn(str(error))
        else:
            self.message.say(f"Wrote {path}.")

    def export_all(self, out: Path) -> None:
        """Write the files of the comparison into a folder, in a thread."""
        if self.found is not None:
            work = partial(write_work, out, self.found.comparison)
            self.writer.start(work, "Write the comparison")

    def changeEvent(self, event: QEvent) -> None:
        """Qt: the theme changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_names()

    def _on_written(self, answer: str | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.message.warn(answer.text)
        else:
            self.message.say(answer)

    def _on_answer(self, answer: Compared | Refusal) -> None:
        if isinstance(answer, Refusal):
            self._on_failed(answer.text)
        else:
            self._show(answer)

    def _show(self, found: Compared) -> None:
        is_first, self.found = self.found is None, found
        self.message.say("")
        self.title.setText(f"<b>{escape(found.title)}</b>")
        self.texts.setText("<br>".join(escape(text) for text in found.texts))
        self.texts.setVisible(bool(found.texts))
        self.table.show_table(found.table)
        self.caption.setText(escape(found.caption))
        self.note.setText(f"* {escape(found.note)}")
        self._show_names()
        self._show_plots(found)
        if is_first:
            self.scale.setChecked(not found.share_units)
        self._on_scaled()
        self.body.setVisible(True)

    def _on_failed(self, text: str) -> None:
        self.found = None
        self.body.setVisible(False)
        self.message.warn(text)

    def _show_plots(self, found: Compared) -> None:
        for plot in self.plots:
            self._curves.removeWidget(plot)
            plot.setParent(None)
            plot.deleteLater()
        self.plots = [ComparePlot(panel) for panel in found.panels]
        for plot in self.plots:
            self._curves.addWidget(plot)
        self.scale.setVisible(any(panel.may_scale for panel in found.panels))

    def _show_names(self) -> None:
        if self.found is not None:
            ink = self.palette().color(self.foregroundRole())
            named = enumerate(self.found.names)
            told = [f"{sign(number, ink)}&nbsp;{escape(name)}" for number, name in named]
            self.names.setText(" &nbsp; ".join(told))

    def _on_scaled(self, *_: Any) -> None:
        on = self.scale.isChecked()
        for plot in self.plots:
            plot.show_scaled(on=on)
        self.note.setVisible(any(plot.panel.may_scale for plot in self.plots))


def _paragraph() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
