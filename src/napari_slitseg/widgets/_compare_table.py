"""A table of texts that is as high as its rows."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_slitseg.widgets._compare_words import Table

_NARROWEST_PX: Final = 90


class TextTable(QTableWidget):
    """Rows with a title each; columns share the width, or scroll where they are many.

    Parameters
    ----------
    name : str
        For those who cannot see it.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(_NARROWEST_PX)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setTextElideMode(Qt.TextElideMode.ElideMiddle)

    def show_table(self, table: Table) -> None:
        """Show texts."""
        self.setRowCount(len(table.rows))
        self.setColumnCount(len(table.columns))
        self.setHorizontalHeaderLabels(table.columns)
        self.setVerticalHeaderLabels([title for title, _ in table.rows])
        for number, name in enumerate(table.columns):
            self.horizontalHeaderItem(number).setToolTip(name)
        for at, (_, cells) in enumerate(table.rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.setItem(at, column, item)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: texts wrap anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Be as high as all rows."""
        self.resizeRowsToContents()
        rows = sum(self.rowHeight(row) for row in range(self.rowCount()))
        bar = self.horizontalScrollBar()
        below = bar.sizeHint().height() if bar.maximum() else 0
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows + below + 4)
