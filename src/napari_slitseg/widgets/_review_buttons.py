"""The buttons of a review, each with its key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from qtpy.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from napari_slitseg.widgets._review_keymap import Keymap
from napari_slitseg.widgets._review_keys import BY_ACTION

LARGE: Final = (("accept", "reject"), ("previous", "next"))
SMALL: Final = (
    ("move", "snap", "project"),
    ("add", "delete", "uncertain"),
    ("merge", "split", "accept_above"),
    ("undo", "redo", "help"),
)
IMAGE: Final = (("previous_image", "done", "next_image"),)

_SHORT: Final = {
    "accept": "Accept",
    "reject": "Reject",
    "previous": "Previous",
    "next": "Next",
    "move": "Move",
    "snap": "Snap",
    "project": "On line",
    "add": "Add",
    "delete": "Delete",
    "uncertain": "Uncertain",
    "merge": "Merge",
    "split": "Split",
    "accept_above": "Accept all",
    "undo": "Undo",
    "redo": "Redo",
    "help": "Keys",
    "previous_image": "◀ Image",
    "done": "Done",
    "next_image": "Image ▶",
}
_MORE: Final = {
    "add": "Point with the mouse at the place, then press the key.",
    "accept": "Says: this is a slit. The accepted place enters the annotation.",
    "reject": "Says: this is no slit. It stays in the record as a place that was judged.",
    "delete": "Withdraws a slit that was set by mistake.",
    "snap": "Moves the annotated slit to where the model found it.",
    "project": "Moves the slit to the nearest place of the membrane's centre line.",
    "accept_above": "Asks first, with the number.",
    "done": "Marks the image as reviewed; once more takes the mark back.",
    "next": "From an image with nothing open it goes to the next image.",
}
_LOOK_LARGE: Final = "QPushButton { font-weight: bold; padding: 9px 4px; }"
_LOOK_SMALL: Final = "QPushButton { padding: 4px 2px; }"


def key_label(key: str) -> str:
    """Spell a key briefly, for a button."""
    short = {"Delete": "Del", "Backspace": "⌫", "Escape": "Esc"}
    return "+".join(
        "⇧" if part == "Shift" else short.get(part, part) for part in key.split("+")
    ).replace("⇧+", "⇧")


class ActionButton(QPushButton):
    """A button that does an action."""

    def __init__(self, action: str, do: Callable[[str], None]) -> None:
        super().__init__()
        self.action = action
        self.name = _SHORT[action]
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: do(action))
        self.setAccessibleName(BY_ACTION[action].title)
        self.show_key(Keymap())

    def show_key(self, keymap: Keymap) -> None:
        """Say which key does the same."""
        key = keymap.key(self.action)
        self.setText(f"{self.name}  {key_label(key)}" if key else self.name)
        told = f"{BY_ACTION[self.action].title} ({key or 'no key'}). {_MORE.get(self.action, '')}"
        self.setToolTip(f"<qt>{told.strip()}</qt>")


class Buttons(QWidget):
    """Rows of buttons of the same width.

    Attributes
    ----------
    by_action : dict of ActionButton
    """

    def __init__(
        self, rows: Sequence[Sequence[str]], do: Callable[[str], None], *, large: bool = False
    ) -> None:
        super().__init__()
        self.by_action: dict[str, ActionButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        for number, actions in enumerate(rows):
            for column, action in enumerate(actions):
                made = self.by_action[action] = ActionButton(action, do)
                made.setStyleSheet(_LOOK_LARGE if large else _LOOK_SMALL)
                grid.addWidget(made, number, column)
                grid.setColumnStretch(column, 1)

    def show_keys(self, keymap: Keymap) -> None:
        """Say which keys do the same."""
        for each in self.by_action.values():
            each.show_key(keymap)
