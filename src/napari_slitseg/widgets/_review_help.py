"""The keys of a review, over the image."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Final

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QLabel, QWidget

from napari_slitseg.widgets._review_keymap import Keymap
from napari_slitseg.widgets._review_keys import BINDINGS, MOVING, Binding

_LOOK: Final = (
    "QLabel { background: rgba(20, 22, 28, 225); color: #F0F0F0; border-radius: 8px;"
    " padding: 10px; font-size: 12px; }"
)
_COLUMNS: Final = 2


class HelpPanel(QLabel):
    """A panel over the canvas with every key; a click closes it."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setStyleSheet(_LOOK)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAccessibleName("Keys of the review")
        self.setVisible(False)
        canvas.installEventFilter(self)

    def show_keymap(self, keymap: Keymap) -> None:
        """Show these keys."""
        self.setText(help_text(keymap))
        self._place()

    def toggle(self) -> None:
        """Appear, or disappear."""
        self.setVisible(not self.isVisible())
        self._place()
        self.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt: a click closes it."""
        event.accept()
        self.setVisible(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: stay in the middle of the canvas."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.adjustSize()
        canvas = self.parentWidget()
        if canvas is not None:
            room = canvas.rect().size() - self.size()
            self.move(max(0, room.width() // 2), max(0, room.height() // 2))


def help_text(keymap: Keymap) -> str:
    """Return all keys as a table in two columns, group by group."""
    groups = [_group(title, list(each), keymap) for title, each in groupby(BINDINGS, _group_of)]
    total = sum(len(rows) for rows in groups)
    columns: list[list[str]] = [[] for _ in range(_COLUMNS)]
    filled = 0
    for rows in groups:
        columns[min(_COLUMNS - 1, filled * _COLUMNS // total)] += rows
        filled += len(rows)
    cells = "".join(f'<td style="padding-right: 14px">{_table(rows)}</td>' for rows in columns)
    foot = "<p>Click here or press the key of this panel to close it.</p>"
    return f"<table><tr>{cells}</tr></table>{foot}"


def _group_of(binding: Binding) -> str:
    return binding.group


def _group(title: str, bindings: Sequence[Binding], keymap: Keymap) -> list[str]:
    """Rows of a group, its title first."""
    head = f'<tr><td colspan="2" style="padding-top: 4px"><b>{escape(title)}</b></td></tr>'
    if title != MOVING:
        return [head, *(_row(binding, keymap) for binding in bindings)]
    near, far = ([each.action for each in bindings[n : n + 4]] for n in (0, 4))
    rows = [_cells(_keys(near, keymap), "1 px up, down, left, right")]
    rows.append(_cells(_keys(far, keymap), "5 px"))
    return [head, *rows, *(_row(binding, keymap) for binding in bindings[8:])]


def _keys(actions: Sequence[str], keymap: Keymap) -> str:
    """Keys of several actions, briefly where they are as they were."""
    keys = [keymap.key(action) for action in actions]
    plain = [key.rpartition("+")[2] for key in keys]
    held = {key.rpartition("+")[0] for key in keys}
    if plain == ["Up", "Down", "Left", "Right"] and len(held) == 1:
        return "+".join(filter(None, [*held, "Arrows"]))
    return " ".join(keys)


def _row(binding: Binding, keymap: Keymap) -> str:
    keys = " or ".join(filter(None, [keymap.key(binding.action), keymap.also(binding.action)]))
    return _cells(keys, binding.title)


def _cells(keys: str, title: str) -> str:
    cell = f'<td style="padding-right: 8px; color: #F0E442">{escape(keys or "none")}</td>'
    return f"<tr>{cell}<td>{escape(title)}</td></tr>"


def _table(rows: Sequence[str]) -> str:
    return f"<table>{''.join(rows)}</table>"
