"""How a table of images is ordered and shown."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QModelIndex, QSortFilterProxyModel, Qt
from qtpy.QtWidgets import QAbstractItemView, QTableView

from napari_slitseg.widgets._table_selection import KeptSelection

_ROWS_MEASURED: Final = 40
"""Rows that tell how wide a column is; more would make long tables slow."""


class SummaryLast(QSortFilterProxyModel):
    """Sort by value; what has no value, and the summary, come last in either order."""

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        """Qt: whether one row comes before another."""
        model = self.sourceModel()
        ascending = self.sortOrder() == Qt.SortOrder.AscendingOrder
        if model.is_summary(right.row()):
            return ascending
        if model.is_summary(left.row()):
            return not ascending
        values = model.sort_values(left.column())
        a, b = values[left.row()], values[right.row()]
        if (a is None) != (b is None):
            return (b is None) is ascending
        if a == b:
            return (left.row() < right.row()) is ascending
        return bool(a < b)


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
