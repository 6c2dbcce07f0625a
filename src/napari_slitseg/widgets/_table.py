"""A table with one row an image, sorted by value, with a summary that stays at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from qtpy.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    Qt,
)
from qtpy.QtGui import QFont
from qtpy.QtWidgets import QWidget

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._table_column import Column, is_blank
from napari_slitseg.widgets._table_view import KEY, SummaryLast, table_view

__all__ = ["KEY", "SORT", "Column", "EntryTable", "SummaryLast", "table_view"]

_Role = Qt.ItemDataRole
SORT: Final = _Role.UserRole + 1
_SUMMARY: Final = -1
_MANY: Final = 4
_ANSWERED: Final = frozenset(
    {
        *(_Role.DisplayRole, _Role.EditRole, _Role.ToolTipRole),
        *(_Role.TextAlignmentRole, _Role.FontRole, SORT, KEY),
    }
)
"""What a cell tells; views ask for more, often."""

_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class EntryTable(QAbstractTableModel):
    """Images as rows; the summary, if there is one, is the last row.

    Attributes
    ----------
    summary_hint : callable
        Returns the tooltip of the summary.
    """

    summary_hint: Callable[[], str] = str

    def __init__(self, columns: Sequence[Column], parent: QWidget) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._entries: list[ImageEntry] = []
        self._summary: Any = None
        self._current: int | None = None
        self._ranks: dict[tuple[int, bool], list[int]] = {}

    @property
    def entries(self) -> tuple[ImageEntry, ...]:
        """Images of the rows, before any sorting."""
        return tuple(self._entries)

    @property
    def summary(self) -> Any:
        """What the last row is of, None without one."""
        return self._summary

    def show(
        self,
        entries: Sequence[ImageEntry],
        current: int | None,
        summary: Any = None,
        *,
        anew: bool = False,
    ) -> None:
        """Take new rows; views keep their place where the images are the same.

        Parameters
        ----------
        entries : sequence of ImageEntry
        current : int or None
            Key of the image that is looked at.
        summary : object, optional
            What the last row is of.
        anew : bool
            Whether more than the images changed, so that every row may look different.
        """
        same = [e.key for e in entries] == [e.key for e in self._entries]
        same = same and (summary is None) == (self._summary is None)
        changed = self._changed(entries, current) if same and not anew else []
        if not same:
            self.beginResetModel()
        self._entries, self._summary, self._current = list(entries), summary, current
        self._ranks = {}
        if not same:
            self.endResetModel()
        else:
            self._tell(list(range(self.rowCount())) if anew else changed)

    def _changed(self, entries: Sequence[ImageEntry], current: int | None) -> list[int]:
        """Rows that look different now; the summary may always."""
        moved = {self._current, current} if current != self._current else set()
        pairs = enumerate(zip(entries, self._entries, strict=True))
        rows = [row for row, (new, old) in pairs if new.key in moved or self._differ(new, old)]
        return rows if self._summary is None else [*rows, len(entries)]

    def _differ(self, new: ImageEntry, old: ImageEntry) -> bool:
        """Whether two states of an image look different; most of what changes is not shown."""
        return new is not old and any(
            column.value(new) != column.value(old) or column.told(new) != column.told(old)
            for column in self.columns
        )

    def _tell(self, rows: list[int]) -> None:
        """Tell views which rows changed, rows beside each other at once."""
        for first, last in _spans(rows):
            end = self.index(last, len(self.columns) - 1)
            self.dataChanged.emit(self.index(first, 0), end)

    def ranks(self, column: int, *, ascending: bool) -> list[int]:
        """Places of the rows in an order; what has no value, and the summary, comes last."""
        known = self._ranks.get((column, ascending))
        if known is None:
            known = self._ranks[column, ascending] = self._ranked(column, ascending=ascending)
        return known

    def _ranked(self, column: int, *, ascending: bool) -> list[int]:
        value = self.columns[column].value
        values = [value(entry) for entry in self._entries]
        rows = range(len(values))
        has = sorted(
            (row for row in rows if not is_blank(values[row])),
            key=values.__getitem__,
            reverse=not ascending,
        )
        blank = [row for row in rows if is_blank(values[row])]
        ranks = [len(values)] * self.rowCount()
        for rank, row in enumerate([*has, *blank]):
            ranks[row] = rank
        return ranks

    def row_of(self, key: int) -> int:
        """Row of an image, -1 where it has none."""
        return next((row for row, e in enumerate(self._entries) if e.key == key), -1)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Qt: number of rows."""
        if parent is not None and parent.isValid():
            return 0
        return len(self._entries) + (self._summary is not None)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Qt: number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def is_summary(self, row: int) -> bool:
        """Whether a row is the summary."""
        return row == len(self._entries)

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        """Qt: what a cell shows."""
        if role not in _ANSWERED:
            return None
        column, row = self.columns[index.column()], index.row()
        item = self._summary if self.is_summary(row) else self._entries[row]
        if role == SORT:
            return column.value(item)
        if role in (_Role.DisplayRole, _Role.EditRole):
            mean = "mean " if column.averaged and self.is_summary(row) else ""
            return mean + column.told(item)
        if role == KEY:
            return _SUMMARY if self.is_summary(row) else item.key
        if role == _Role.TextAlignmentRole and index.column():
            return _RIGHT
        if role == _Role.FontRole:
            return self._font(row)
        if role == _Role.ToolTipRole and self.is_summary(row):
            return self.summary_hint() or None
        if role == _Role.ToolTipRole and column.hint:
            return column.hint(item) or None
        return None

    def _font(self, row: int) -> QFont | None:
        """Bold for the image being looked at, bold italic for the summary."""
        is_current = not self.is_summary(row) and self._entries[row].key == self._current
        if not (is_current or self.is_summary(row)):
            return None
        font = QFont()
        font.setBold(True)
        font.setItalic(self.is_summary(row))
        return font

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> Any:
        """Qt: heading and tooltip of a column."""
        if orientation == Qt.Orientation.Horizontal:
            if role == _Role.DisplayRole:
                return self.columns[section].title
            if role == _Role.ToolTipRole:
                return self.columns[section].tooltip
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Qt: which cells can be edited."""
        flags = super().flags(index)
        if self.columns[index.column()].edit and not self.is_summary(index.row()):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: QModelIndex, value: Any, role: int = _Role.EditRole) -> bool:
        """Qt: a person edited a cell."""
        edit = self.columns[index.column()].edit
        if edit is None or role != _Role.EditRole:
            return False
        return edit(self._entries[index.row()].key, str(value))


def _spans(rows: list[int]) -> list[tuple[int, int]]:
    """First and last of rows that lie beside each other; of all where there are many such."""
    starts = [row for n, row in enumerate(rows) if n == 0 or rows[n - 1] != row - 1]
    ends = [row for n, row in enumerate(rows) if n == len(rows) - 1 or rows[n + 1] != row + 1]
    if len(starts) > _MANY:
        return [(rows[0], rows[-1])]
    return list(zip(starts, ends, strict=True))
