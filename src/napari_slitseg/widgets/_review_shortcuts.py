"""Keys of a review in one window of napari."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.compat import isalive
from qtpy.QtCore import Qt
from qtpy.QtGui import QAction, QKeySequence, QShortcut
from qtpy.QtWidgets import QMainWindow

from napari_slitseg.widgets._review_keymap import Keymap, normal
from napari_slitseg.widgets._review_keys import BINDINGS, Binding
from napari_slitseg.widgets._review_taken import layer_keys, napari_keys

if TYPE_CHECKING:
    from napari import Viewer

_REPEATS = ("up", "down", "left", "right")


class Shortcuts:
    """Calls a function with the name of the action whose key was pressed anywhere in the window.

    While a field is typed in, letters go to the field. A key that napari or the selected layer
    needs itself is left to it.
    """

    def __init__(self, window: QMainWindow, viewer: Viewer, do: Callable[[str], None]) -> None:
        self._window = window
        self._ref = ref(viewer)
        self._do = do
        self._keymap = Keymap()
        self._main: dict[str, QShortcut] = {}
        self._also: dict[str, QShortcut] = {}
        self._active = False
        self._moving = False
        viewer.layers.selection.events.active.connect(self._on_layer)
        self.set_keymap(Keymap())

    @property
    def _viewer(self) -> Viewer:
        viewer = self._ref()
        if viewer is None:
            raise ReferenceError("The viewer was closed.")
        return viewer

    def set_keymap(self, keymap: Keymap) -> dict[str, str]:
        """Use other keys; return those that are left to others, with why."""
        self._clear()
        self._keymap = keymap
        collisions = keymap.collisions(self.taken())
        for binding in BINDINGS:
            if binding.action not in collisions:
                self._bind(self._main, binding, keymap.key(binding.action))
            self._bind(self._also, binding, keymap.also(binding.action))
        self._enable()
        return collisions

    def taken(self) -> dict[str, str]:
        """Return the keys that napari, its layers and other docks use, with what they do."""
        ours = {*map(id, self._main.values()), *map(id, self._also.values())}
        taken = {}
        for action in self._window.findChildren(QAction):
            taken[normal(_text(action.shortcut()))] = action.text().replace("&", "")
        for shortcut in self._window.findChildren(QShortcut):
            if id(shortcut) not in ours:
                taken.setdefault(normal(_text(shortcut.key())), "a key of another dock")
        taken.update(napari_keys(self._viewer))
        taken.pop("", None)
        return taken

    def set_active(self, *, active: bool) -> None:
        """Let the keys work, or rest while the dock is not to be seen."""
        self._active = active
        self._enable()

    def set_moving(self, *, moving: bool) -> None:
        """Let the keys that move a point work, or rest."""
        self._moving = moving
        self._enable()

    def close(self) -> None:
        """Give the keys back."""
        if (viewer := self._ref()) is not None:
            viewer.layers.selection.events.active.disconnect(self._on_layer)
        self._clear()

    def _bind(self, where: dict[str, QShortcut], binding: Binding, key: str) -> None:
        if not key:
            return
        shortcut = where[binding.action] = QShortcut(QKeySequence(key), self._window)
        shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
        shortcut.setAutoRepeat(binding.action.removesuffix("_far") in _REPEATS)
        shortcut.activated.connect(partial(self._do, binding.action))

    def _enable(self) -> None:
        moves = {binding.action for binding in BINDINGS if binding.while_moving}
        for action, shortcut in self._main.items():
            shortcut.setEnabled(self._active and (self._moving or action not in moves))
        used = layer_keys(self._viewer.layers.selection.active)
        for shortcut in self._also.values():
            shortcut.setEnabled(self._active and normal(_text(shortcut.key())) not in used)

    def _on_layer(self, _event: Any) -> None:
        self._enable()

    def _clear(self) -> None:
        for shortcuts in (self._main, self._also):
            for shortcut in filter(isalive, shortcuts.values()):
                shortcut.setEnabled(False)
                shortcut.setParent(None)
                shortcut.deleteLater()
            shortcuts.clear()


def _text(keys: QKeySequence) -> str:
    return str(keys.toString(QKeySequence.SequenceFormat.PortableText))
