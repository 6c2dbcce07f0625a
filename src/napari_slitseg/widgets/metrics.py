"""The dock that compares what the model found with what people annotated, image by image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import napari.viewer
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QBoxLayout,
    QFileDialog,
    QHeaderView,
    QLabel,
    QPushButton,
    QVBoxLayout,
)

from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.widgets._curve_part import CurvePart
from napari_slitseg.widgets._dock import Dock, Message, row, spin
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._export import write_scores
from napari_slitseg.widgets._job_fields import description_of, limits_of
from napari_slitseg.widgets._legend import Legend
from napari_slitseg.widgets._score_columns import SCORE_COLUMNS, pooled_f1, summary_of
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets._table import KEY, EntryTable, SummaryLast, table_view

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex
    from qtpy.QtGui import QResizeEvent

__all__ = ["MetricsDock", "write_scores"]

_WIDE_PX: Final = 760
"""From this width the curve stands beside the table, else below it."""

_EMPTY: Final = (
    "Scores appear here once an image has annotated slits and a prediction. "
    "Annotations are paired with images by name when you load them."
)


class MetricsDock(Dock):
    """Sortable table of the scores of all images."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.workspace = session_of(viewer).workspace
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.refresh()

    def _make_widgets(self) -> None:
        low, high = limits_of(EvaluateJob, "tolerance_nm", 1, 2000)
        self.tolerance = spin(low, high, 0, " nm", description_of(EvaluateJob, "tolerance_nm"))
        self.tolerance.setSingleStep(5)
        self.tolerance.setValue(self.workspace.tolerance_nm)
        self.export = QPushButton("Export CSV…")
        self.export.setToolTip(
            "Write three files: NAME.csv, one row an image with every figure; NAME_pooled.csv, the "
            "figures of all images together with their intervals; NAME.json, both with model, "
            "detector, threshold and tolerance."
        )
        self.curve = CurvePart(self.workspace)
        self.legend = Legend()
        self.message = Message()
        self.note = Message()
        self.pooled = QLabel()
        self.pooled.setWordWrap(True)
        self.pooled.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.empty = QLabel(_EMPTY)
        self.empty.setWordWrap(True)
        self.table = EntryTable(SCORE_COLUMNS, self)
        self.sorted = SummaryLast(self)
        self.sorted.setSourceModel(self.table)
        self.view = table_view(self.sorted)
        self.view.setAccessibleName("Scores")
        self.view.setMinimumHeight(130)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(150)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        label = QLabel("Tolerance")
        label.setBuddy(self.tolerance)
        controls = (label, self.tolerance, self.legend, self.curve.toggle, self.export)
        layout.addLayout(row(*controls, stretch=2))
        layout.addWidget(self.empty)
        layout.addWidget(self.pooled)
        self.split = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.split.addWidget(self.view, 1)
        self.split.addWidget(self.curve)
        layout.addLayout(self.split, 1)
        layout.addWidget(self.note)
        layout.addWidget(self.message)
        self.message.say("")
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._fit_names()

    def _connect(self) -> None:
        self.tolerance.valueChanged.connect(self.workspace.set_tolerance)
        self.export.clicked.connect(self.choose_export)
        self.view.clicked.connect(self._on_row)
        self.view.activated.connect(self._on_row)
        self.timer.timeout.connect(self.workspace.settle)
        self.curve.toggle.toggled.connect(self.refresh)
        self.link(self.workspace.entries_changed, self.refresh_soon)
        self.link(self.workspace.entry_changed, self.refresh_soon)
        self.link(self.workspace.current_changed, self.refresh_soon)
        self.link(self.workspace.settings_changed, self._on_settings)

    def _on_settings(self) -> None:
        self.tolerance.setValue(self.workspace.tolerance_nm)
        self.refresh()

    def _on_row(self, index: QModelIndex) -> None:
        if (key := index.data(KEY)) >= 0:
            self.workspace.open(key)

    def refresh(self) -> None:
        """Show the scores as they are now; other images follow a moment after the current one."""
        if not self.workspace.is_settled:
            self.timer.start()
        scored = [entry for entry in self.workspace.entries if entry.scores is not None]
        current = self.workspace.current
        key = None if current is None else current.key
        self.table.show(scored, key, summary_of(scored))
        self._show_pooled(scored)
        self.curve.show_entries(scored)
        self.note.say(self.workspace.unscored_text)
        self.empty.setVisible(not scored)
        self.view.setVisible(bool(scored))
        self.curve.toggle.setEnabled(bool(scored))
        self.export.setEnabled(bool(scored))
        self._fit_names()
        self.legend.show_counts({} if current is None else current.overlay.counts())

    def _show_pooled(self, scored: Sequence[ImageEntry]) -> None:
        """Say the pooled F1 in words; its interval once every image is up to date."""
        self.pooled.setVisible(bool(scored))
        if not scored or not self.workspace.is_settled:
            return
        from napari_slitseg.core.metrics.result import describe

        f1 = pooled_f1(scored)
        self.pooled.setText(f"Pooled F1 <b>{describe(f1)}</b> {f1.note}".strip())
        self.pooled.setToolTip(
            f"{COLUMNS['f1'].meaning} Pooled: of the counts of all images together."
        )

    def _fit_names(self) -> None:
        """Give names the room that is left, and where there is little as much as they need."""
        header = self.view.horizontalHeader()
        others = sum(header.sectionSizeHint(n) for n in range(1, header.count()))
        needed = self.view.sizeHintForColumn(0) + others
        mode = QHeaderView.ResizeMode
        fits = needed <= self.view.viewport().width()
        header.setSectionResizeMode(0, mode.Stretch if fits else mode.ResizeToContents)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: put the curve where there is room."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE_PX
        self.split.setDirection(
            QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        )
        self._fit_names()

    def choose_export(self) -> None:
        """Ask for a file and write the table."""
        name, _ = QFileDialog.getSaveFileName(self, "Export scores", "scores.csv", "CSV (*.csv)")
        if name:
            self.export_csv(Path(name))

    def export_csv(self, path: Path) -> None:
        """Write every figure of every image, of all together, and how they were made."""
        self.workspace.settle()
        try:
            write_scores(path, self.workspace.entries, self.workspace.tolerance_nm)
        except (OSError, ValueError) as error:
            self.message.warn(str(error))
        else:
            also = f"{path.stem}_pooled.csv and {path.stem}.json"
            self.message.say(f"Wrote {path}, with {also} beside it.")
