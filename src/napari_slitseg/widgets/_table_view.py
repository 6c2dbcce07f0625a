"""How a table of images is ordered, shown and selected."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from qtpy.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QSortFilterProxyModel,
    Qt,
)
from qtpy.QtWidgets import QAbstractItemView, QTableView

KEY: Final = Qt.ItemDataRole.UserRole
"""Role under which a table tells the key of the image of a row, negative for other rows."""

_ROWS_MEASURED: Final = 40
"""Rows that tell how wide a column is; more would make long tables slow."""


class SummaryLast(QSortFilterProxyModel):
    """Sort by value; what has no value, and the summary, come last in either order."""

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        """Qt: whether one row comes before another."""
        ascending = self.sortOrder() == Qt.SortOrder.AscendingOrder
        ranks = self.sourceModel().ranks(left.column(), ascending=ascending)
        return (ranks[left.row()] < ranks[right.row()]) is ascending


def table_view(model: SummaryLast) -> QTableView:
    """Return a view that selects whole rows and sorts on a click on a heading."""
    view = QTableView()
    view.setModel(model)
    view.setSortingEnabled(True)
    view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    view.setWordWrap(False)
    view.setShowGrid(False)
    view.horizontalHeader().setResizeContentsPrecision(_ROWS_MEASURED)
    view.verticalHeader().setVisible(False)
    view.verticalHeader().setDefaultSectionSize(24)
    view.setTabKeyNavigation(False)
    KeptSelection(view)
    return view


class KeptSelection(QObject):
    """Selects the same images again after the rows were made anew."""

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self._view = view
        self._keys: frozenset[int] = frozenset()
        view.model().modelAboutToBeReset.connect(self._keep)
        view.model().modelReset.connect(self._restore)

    def _keep(self) -> None:
        self._keys = selected_keys(self._view)

    def _restore(self) -> None:
        select_keys(self._view, self._keys)


def selected_keys(view: QTableView) -> frozenset[int]:
    """Images whose rows are selected."""
    rows = view.selectionModel().selectedRows()
    return frozenset(key for row in rows if (key := row.data(KEY)) is not None and key >= 0)


def select_keys(view: QTableView, keys: Collection[int]) -> None:
    """Select the rows of images, and no others."""
    model, chosen = view.model(), QItemSelection()
    last = model.columnCount() - 1
    for row in range(model.rowCount()) if keys else ():
        if model.index(row, 0).data(KEY) in keys:
            chosen.select(model.index(row, 0), model.index(row, last))
    view.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
