"""Columns of a table that a person shows and hides, and the order it is sorted by at first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import QObject, QPoint, Qt
from qtpy.QtWidgets import QMenu, QTableView

from napari_slitseg.widgets._metrics_memory import remember, remembered
from napari_slitseg.widgets._table import Column

_COLUMNS: Final = "columns"


class HeaderMenu(QObject):
    """A menu on the heading of a table that chooses its columns; the first always stays.

    Parameters
    ----------
    view : QTableView
    columns : sequence of Column
    usual : sequence of str
        Names of the columns that are shown until a person chooses others.
    """

    def __init__(self, view: QTableView, columns: Sequence[Column], usual: Sequence[str]) -> None:
        super().__init__(view)
        self._view, self._columns, self._usual = view, tuple(columns), tuple(usual)
        header = view.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_wish)
        chosen = remembered(_COLUMNS)
        known = {column.name for column in columns}
        is_usable = isinstance(chosen, list) and bool(known & set(chosen))
        self._show(chosen if is_usable else self._usual)

    @property
    def shown(self) -> list[str]:
        """Names of the columns in sight, without the first."""
        pairs = list(enumerate(self._columns))[1:]
        return [column.name for n, column in pairs if not self._view.isColumnHidden(n)]

    def choose(self, names: Sequence[str] | None) -> None:
        """Show columns and remember them; None shows the usual ones again."""
        self._show(self._usual if names is None else names)
        remember(_COLUMNS, None if names is None else list(names))

    def set_usual(self, names: Sequence[str]) -> None:
        """Take other usual columns; a person's choice stays."""
        if tuple(names) != self._usual:
            is_usual = set(self.shown) == set(self._usual)
            self._usual = tuple(names)
            if is_usual and remembered(_COLUMNS) is None:
                self._show(names)

    def menu(self) -> QMenu:
        """Return the menu."""
        menu = QMenu(self._view)
        menu.setToolTipsVisible(True)
        shown = self.shown
        for column in self._columns[1:]:
            action = menu.addAction(column.title)
            action.setToolTip(column.tooltip)
            action.setCheckable(True)
            action.setChecked(column.name in shown)
            action.toggled.connect(lambda on, name=column.name: self._toggle(name, on=on))
        menu.addSeparator()
        menu.addAction("Usual columns", lambda: self.choose(None))
        menu.addAction("All columns", lambda: self.choose([c.name for c in self._columns[1:]]))
        return menu

    def _toggle(self, name: str, *, on: bool) -> None:
        wanted = {*self.shown, name} if on else {*self.shown} - {name}
        self.choose([each.name for each in self._columns if each.name in wanted])

    def _show(self, names: Sequence[str]) -> None:
        for number, column in enumerate(self._columns):
            self._view.setColumnHidden(number, number > 0 and column.name not in names)

    def _on_wish(self, at: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._view.horizontalHeader().mapToGlobal(at))
