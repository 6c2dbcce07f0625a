"""The tables of the Measure dock: intervals of the image, images, and biopsies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from qtpy.QtCore import QModelIndex, QObject, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableView, QWidget

from napari_slitseg.widgets._measure_columns import image_columns, interval_columns
from napari_slitseg.widgets._measure_rows import ImageRow, IntervalRow
from napari_slitseg.widgets._table import KEY, EntryTable, SummaryLast, table_view
from napari_slitseg.widgets._table_column import Column
from napari_slitseg.widgets._table_view import select_keys, selected_keys

_LOWEST_PX: Final = 84
_ROWS_IN_SIGHT: Final = 0
"""Only those tell how wide a column is: each cell that is asked waits for other threads."""


class Table:
    """Model, order and view of rows that have a `key`.

    Attributes
    ----------
    model : EntryTable
    sorted : SummaryLast
    view : QTableView
    """

    def __init__(self, parent: QWidget, columns: Sequence[Column], name: str) -> None:
        self.model = EntryTable(columns, parent)
        self.sorted = SummaryLast(parent)
        self.sorted.setSourceModel(self.model)
        self.view: QTableView = table_view(self.sorted)
        self.view.setAccessibleName(name)
        self.view.setMinimumHeight(_LOWEST_PX)
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setResizeContentsPrecision(_ROWS_IN_SIGHT)

    @property
    def selected(self) -> frozenset[int]:
        """Keys of the rows that are selected."""
        return selected_keys(self.view)

    def show(self, rows: Sequence[Any], current: int | None = None) -> None:
        """Show rows."""
        self.model.show(rows, current)

    def select(self, key: int) -> None:
        """Select one row, and bring it into sight; another key than any row's selects none."""
        select_keys(self.view, {key} if key >= 0 else ())
        if (row := self.model.row_of(key)) >= 0:
            at = self.sorted.mapFromSource(self.model.index(row, 0))
            self.view.selectionModel().setCurrentIndex(
                at, self.view.selectionModel().SelectionFlag.NoUpdate
            )
            self.view.scrollTo(at)


class IntervalTable(QObject):
    """Signals of the table of intervals.

    Attributes
    ----------
    chosen : signal
        Emits the number of the interval that a person selected.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.table = Table(parent, interval_columns(), "Intervals of this image")
        self.view = self.table.view
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.selectionModel().selectionChanged.connect(self._on_selected)
        self._is_telling = False

    def show_rows(self, rows: list[IntervalRow]) -> None:
        """Show the intervals of an image."""
        self._is_telling = True
        self.table.show(rows)
        self._is_telling = False

    def select(self, interval: int) -> None:
        """Select the row of an interval, telling nobody."""
        self._is_telling = True
        self.table.select(interval)
        self._is_telling = False

    def _on_selected(self) -> None:
        keys = self.table.selected
        if keys and not self._is_telling:
            self.chosen.emit(next(iter(keys)))


class ImageTable(QObject):
    """Signals of the table of images.

    Attributes
    ----------
    opened : signal
        Emits the key of an image to open.
    selected : signal
        The selection is another one.
    """

    opened = Signal(int)
    selected = Signal()

    def __init__(self, parent: QWidget, edit: Callable[[int, str, str], bool]) -> None:
        super().__init__(parent)
        self.table = Table(parent, image_columns(edit), "Images")
        self.view = self.table.view
        self.view.clicked.connect(self._on_row)
        self.view.activated.connect(self._on_row)
        self.view.selectionModel().selectionChanged.connect(self.selected)

    @property
    def keys(self) -> frozenset[int]:
        """Images whose rows are selected."""
        return self.table.selected

    def show_rows(self, rows: Sequence[ImageRow], current: int | None) -> None:
        """Show all images."""
        self.table.show(rows, current)

    def _on_row(self, index: QModelIndex) -> None:
        """Open the image of a row, unless more rows are being added to the selection."""
        adds = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if (key := index.data(KEY)) >= 0 and not QApplication.keyboardModifiers() & adds:
            self.opened.emit(key)
