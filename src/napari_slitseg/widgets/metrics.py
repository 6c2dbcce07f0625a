"""The dock that compares what the model found with what people annotated, image by image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import napari.viewer
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QBoxLayout, QLabel, QSplitter, QVBoxLayout

from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.widgets._dock import Dock, Message, row, spin
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._export import Scores
from napari_slitseg.widgets._job_fields import description_of, limits_of
from napari_slitseg.widgets._legend import Legend
from napari_slitseg.widgets._metrics_export import ExportButton
from napari_slitseg.widgets._metrics_idle import Idle
from napari_slitseg.widgets._metrics_membranes import Membranes
from napari_slitseg.widgets._metrics_plot import Shown
from napari_slitseg.widgets._metrics_pooled import PooledLine
from napari_slitseg.widgets._metrics_table import ScoreTable
from napari_slitseg.widgets._metrics_views import Views
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets._table import KEY

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex
    from qtpy.QtGui import QResizeEvent

_WIDE_PX: Final = 760
"""From this width the views stand beside the table, else below it."""

_SHARES: Final = (600, 400)
_SOON_MS: Final = 150

_EMPTY: Final = (
    "Scores appear here once an image has annotated slits and a prediction. "
    "Annotations are paired with images by name when you load them."
)


class MetricsDock(Dock):
    """Sortable table of the scores of all images, and views of them."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        session = session_of(viewer)
        self.workspace, self.keeper = session.workspace, session.keeper
        self.membranes = Membranes()
        self._make_widgets(viewer)
        self._lay_out()
        self._connect()
        self.refresh()

    def _make_widgets(self, viewer: napari.viewer.Viewer) -> None:
        low, high = limits_of(EvaluateJob, "tolerance_nm", 1, 2000)
        self.tolerance = spin(low, high, 0, " nm", description_of(EvaluateJob, "tolerance_nm"))
        self.tolerance.setSingleStep(5)
        self.tolerance.setValue(self.workspace.tolerance_nm)
        self.message, self.note = Message(), Message()
        self.export = ExportButton(self.to_export, self.message)
        self.scores = ScoreTable(self, self.membranes, self.keeper.review_of)
        self.table, self.sorted = self.scores.model, self.scores.sorted
        self.view = self.scores.view
        self.views = Views(self.workspace, viewer, self.scores.columns)
        self.curve = self.views.curve
        self.legend = Legend()
        self.pooled = PooledLine()
        self.table.summary_hint = self.pooled.toolTip
        self.empty = QLabel(_EMPTY)
        self.empty.setWordWrap(True)
        self.idle = Idle(self)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(_SOON_MS)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        label = QLabel("Tolerance")
        label.setBuddy(self.tolerance)
        self.top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.top.addLayout(row(label, self.tolerance, self.views.choice, stretch=2))
        self.top.addLayout(row(self.legend, self.export, stretch=0), 1)
        layout.addLayout(self.top)
        layout.addWidget(self.empty)
        layout.addWidget(self.pooled)
        self.split = QSplitter()
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.view)
        self.split.addWidget(self.views)
        self.split.setSizes(list(_SHARES))
        layout.addWidget(self.split, 1)
        layout.addWidget(self.note)
        layout.addWidget(self.message)
        self.message.say("")

    def _connect(self) -> None:
        self.tolerance.valueChanged.connect(self.workspace.set_tolerance)
        self.view.clicked.connect(self._on_row)
        self.view.activated.connect(self._on_row)
        self.view.selectionModel().selectionChanged.connect(self._show_views)
        self.timer.timeout.connect(self._catch_up)
        self.views.changed.connect(self.refresh)
        self.views.picked.connect(self._on_picked)
        self.views.marked.connect(self.scores.select)
        self.link(self.workspace.entries_changed, self.refresh_soon)
        self.link(self.workspace.entry_changed, self._on_entry)
        self.link(self.workspace.current_changed, self._on_current)
        self.link(self.workspace.settings_changed, self._on_settings)
        self.link(self.workspace.cut_changed, self._on_cut)
        self.link(self.keeper.state_changed, self.refresh_soon)

    # -- what a person does

    def _on_row(self, index: QModelIndex) -> None:
        """Open the image of a row, unless more rows are being added to the selection."""
        adds = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if (key := index.data(KEY)) >= 0 and not QApplication.keyboardModifiers() & adds:
            self.workspace.open(key)

    def _on_picked(self, key: int) -> None:
        self.scores.select({key})
        self.workspace.open(key)
        self.scores.scroll_to(key)

    # -- what happens to the images

    def _on_settings(self) -> None:
        self.tolerance.setValue(self.workspace.tolerance_nm)
        self._begin_anew()
        self.refresh()

    def _on_entry(self, key: int) -> None:
        """Show an image that changed; those that only catch up are shown together at the end."""
        current = self.workspace.current
        if not self.idle.is_busy or (current is not None and current.key == key):
            self.refresh_soon()

    def _on_cut(self, _threshold: float, _min_distance_nm: float) -> None:
        self._begin_anew()

    def _on_current(self, key: int | None) -> None:
        self.refresh_soon()
        if key is not None:
            self.scores.scroll_to(key)

    def _begin_anew(self) -> None:
        """Let the other images wait until the settings stay as they are for a moment."""
        self.idle.stop()
        self.timer.start()

    @property
    def is_up_to_date(self) -> bool:
        """Whether every image and the line of all together are as the settings are."""
        return not (self.timer.isActive() or self.idle.is_busy or self._lags())

    def _lags(self) -> bool:
        scored = self._scored()
        is_behind = self.pooled.is_behind(scored) or bool(self.membranes.missing(scored))
        return not self.workspace.is_settled or is_behind

    def _catch_up(self) -> None:
        self.idle.start(self._steps())

    def _steps(self) -> Iterator[None]:
        """Bring other images, membranes and the figures of all together up to date."""
        while self._lags():
            for key in sorted(self.workspace.stale):
                self.workspace.settle(key)
                yield
            for entry in self.membranes.missing(self._scored()):
                self.membranes.count(entry)
                yield
            self.refresh()
            yield
            yield from self.pooled.follow(self._scored())
            yield
        self.refresh()

    # -- what is shown

    def _scored(self) -> list[ImageEntry]:
        return [entry for entry in self.workspace.entries if entry.scores is not None]

    def refresh(self) -> None:
        """Show the scores as they are now; other images follow a moment after the current one."""
        scored, current = self._scored(), self.workspace.current
        if not self.timer.isActive() and not self.idle.is_busy and self._lags():
            self.timer.start()
        key = None if current is None else current.key
        if self.workspace.is_settled:
            self.scores.show(scored, key)
        else:
            self.scores.show_one(scored, key)
        blinded = self.workspace.blind is not None
        self.note.say("" if blinded else self.workspace.unscored_text)
        self.empty.setText(self.workspace.unscored_text if blinded else _EMPTY)
        for widget in (self.pooled, self.view):
            widget.setVisible(bool(scored))
        self.export.setEnabled(bool(scored))
        self.empty.setVisible(not scored)
        self._show_views()
        self.legend.show_counts({} if current is None else current.overlay.counts())

    def _show_views(self) -> None:
        current = self.workspace.current
        key = None if current is None else current.key
        self.views.show_scores(Shown(self._scored(), key, self.scores.selected), current)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: put the views where there is room."""
        super().resizeEvent(event)
        wide, box = self.width() >= _WIDE_PX, QBoxLayout.Direction
        turned = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if turned != self.split.orientation() or not event.oldSize().isValid():
            self.split.setOrientation(turned)
            self.split.setSizes(list(_SHARES))
        self.top.setDirection(box.LeftToRight if wide else box.TopToBottom)
        self.scores.fit_names()

    # -- export

    def to_export(self) -> Scores:
        """Return what is exported: every image up to date with the settings."""
        self.workspace.settle()
        return Scores(
            self.workspace.entries,
            self.workspace.tolerance_nm,
            self.membranes,
            self.keeper.review_of,
        )

    def export_to(self, path: Path) -> None:
        """Write a workbook or tables, as the name of the file tells."""
        self.export.export(path)
