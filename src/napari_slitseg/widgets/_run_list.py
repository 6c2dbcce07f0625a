"""All runs in a table that keeps itself up to date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from qtpy.QtCore import QModelIndex, QPoint, Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QVBoxLayout, QWidget

from napari_slitseg.pipelines.runs.curves import time_text
from napari_slitseg.pipelines.runs.status import RunStatus
from napari_slitseg.widgets import _run_words as words
from napari_slitseg.widgets._dock import Message
from napari_slitseg.widgets._live_poll import Poll
from napari_slitseg.widgets._run_buttons import (
    RunButtons,
    compare_button,
    run_menu,
    show_comparable,
)
from napari_slitseg.widgets._run_lister import Lister, RunRow
from napari_slitseg.widgets._table import KEY, Column, EntryTable, SummaryLast, table_view

_EVERY_MS: Final = 1500
_NAMES: Final = 0.4
_NAME_PX, _GAP_PX = 100, 12
_EMPTY: Final = (
    "No runs yet. Those you start in New run, or with slitseg finetune in a terminal, appear here."
)


def _status(row: Any) -> RunStatus:
    found: RunStatus = row.status
    return found


COLUMNS: Final = (
    Column(
        "Run",
        "Name of the run and of its folder.",
        lambda r: r.status.folder.name,
        hint=lambda r: str(_status(r).folder.path),
    ),
    Column(
        "State",
        "How the run stands.",
        lambda r: r.status.state,
        hint=lambda r: words.state_hint(_status(r)),
    ),
    Column("Epoch", "Epochs done, of how many.", lambda r: r.status.epoch or None),
    Column(
        "F1",
        "Best F1 on the validation images.",
        lambda r: words.best_f1(r.status),
        lambda value: f"{value:.2f}",
    ),
    Column("Left", "Time until the last epoch.", lambda r: r.status.seconds_left, time_text),
    Column("Loss", "What is minimised for the slits.", lambda r: words.loss_text(r.job)),
    Column("Started", "When the run was made.", lambda r: r.status.created, words.started_text),
)


class RunTable(EntryTable):
    """Runs as rows; the state with its sign."""

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Qt: what a cell shows."""
        shown: Any = self.row(index.row())
        if role == Qt.ItemDataRole.DisplayRole and shown is not None:
            title = self.columns[index.column()].title
            if title == "State":
                return words.state_text(shown.status)
            if title == "Epoch":
                return words.epoch_text(shown.status) or "—"
        return super().data(index, role)

    def row(self, number: int) -> RunRow | None:
        """Return the run of a row."""
        rows: list[Any] = self._entries
        return rows[number] if number < len(rows) else None


class RunList(QWidget):
    """Table of runs, with buttons for the selected one and a menu on each.

    Attributes
    ----------
    asked : signal
        Emits the name of a wish and the status of the run.
    compared : signal
        Emits the folders of the runs to lay side by side.
    listed : signal
        Emits the rows whenever they were read.
    """

    asked = Signal(str, object)
    compared = Signal(object)
    listed = Signal(object)

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.rows: list[RunRow] = []
        self.table = RunTable(COLUMNS, self)
        self.sorted = SummaryLast(self)
        self.sorted.setSourceModel(self.table)
        self.view = table_view(self.sorted)
        self.buttons = RunButtons(("show", "pause", "stop", "resume", "use", "duplicate"))
        self.compare_button = compare_button()
        self.empty, self.message = QLabel(_EMPTY), Message()
        self.empty.setWordWrap(True)
        self.message.say("")
        self.lister = Lister((home,))
        self.poll = Poll(_EVERY_MS, self)
        self._lay_out()
        self._connect()
        self.poll.follow(self.lister.look)

    def _lay_out(self) -> None:
        self.view.setAccessibleName("Runs")
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setVisible(False)
        self.compare_button.setVisible(False)
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(False)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        parts = (self.empty, self.view, self.buttons, self.compare_button, self.message)
        for widget in parts:
            layout.addWidget(widget, int(widget is self.view))
        layout.addStretch()

    def _connect(self) -> None:
        self.poll.answered.connect(self._on_listed)
        self.poll.failed.connect(self.message.warn)
        self.buttons.asked.connect(self.asked)
        self.compare_button.clicked.connect(self._on_compare)
        self.view.doubleClicked.connect(self._on_opened)
        self.view.customContextMenuRequested.connect(self._on_menu)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._on_selected())

    def look_now(self) -> None:
        """Read the runs without waiting."""
        self.poll.now()

    def add_home(self, home: Path) -> None:
        """List the runs of another folder too."""
        self.lister.homes = tuple(dict.fromkeys([*self.lister.homes, home]))
        self.poll.now()

    def chosen(self) -> list[RunRow]:
        """Return the selected runs, from top to bottom."""
        indices = sorted(self.view.selectionModel().selectedRows(), key=lambda each: each.row())
        keys = [index.data(KEY) for index in indices]
        by_key = {row.key: row for row in self.rows}
        return [by_key[key] for key in keys if key in by_key]

    def _on_listed(self, rows: Sequence[RunRow]) -> None:
        chosen = {row.key for row in self.chosen()}
        if rows and not self.rows:
            chosen = {rows[0].key}
        self.rows = list(rows)
        shown: Any = self.rows
        self.table.show(shown, None)
        self._select(chosen)
        self.empty.setVisible(not rows)
        self.view.setVisible(bool(rows))
        self.compare_button.setVisible(bool(rows))
        self._fit_names()
        self._on_selected()
        self.listed.emit(self.rows)

    def _fit_names(self) -> None:
        """Give names the room they need, but never so much that no state is seen."""
        most = max(int(_NAMES * self.view.viewport().width()), _NAME_PX)
        self.view.setColumnWidth(0, min(self.view.sizeHintForColumn(0) + _GAP_PX, most))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: the list is wider or narrower."""
        super().resizeEvent(event)
        self._fit_names()

    def _select(self, keys: set[int]) -> None:
        """Select runs again where they have got another row."""
        if keys == {row.key for row in self.chosen()}:
            return
        self.view.clearSelection()
        model = self.view.selectionModel()
        rows = range(self.sorted.rowCount())
        for index in (self.sorted.index(number, 0) for number in rows):
            if index.data(KEY) in keys:
                model.select(index, model.SelectionFlag.Select | model.SelectionFlag.Rows)

    def _on_selected(self) -> None:
        chosen = self.chosen()
        self.buttons.show_status(chosen[0].status if len(chosen) == 1 else None)
        show_comparable(self.compare_button, [row.job for row in chosen])

    def _on_compare(self, *_: object) -> None:
        self.compared.emit([row.status.folder.path for row in self.chosen()])

    def _on_opened(self, index: QModelIndex) -> None:
        for row in self.rows:
            if row.key == index.data(KEY):
                self.asked.emit("show", row.status)

    def _on_menu(self, at: QPoint) -> None:
        chosen = self.chosen()
        if len(chosen) == 1:
            menu = run_menu(self, chosen[0].status, self.asked.emit)
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(self.view.viewport().mapToGlobal(at))
