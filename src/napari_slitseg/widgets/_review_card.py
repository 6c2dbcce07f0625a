"""What is under review, in words."""

from __future__ import annotations

from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout

from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._review_keymap import Keymap
from napari_slitseg.widgets._review_walk import Walk
from napari_slitseg.widgets._review_words import (
    empty_text,
    item_facts,
    item_title,
    nothing_open_text,
)


class Card(QFrame):
    """The item under review, or why there is none.

    Attributes
    ----------
    title, facts : QLabel
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.title, self.facts = QLabel(), QLabel()
        self.title.setStyleSheet("font-weight: bold; font-size: 14px;")
        self.facts.setMinimumHeight(2 * self.facts.fontMetrics().lineSpacing())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(2)
        for each in (self.title, self.facts):
            each.setWordWrap(True)
            layout.addWidget(each)
        self.setAccessibleName("Under review")

    def show_walk(self, walk: Walk, keymap: Keymap, *, is_done: bool) -> None:
        """Say where the walk stands."""
        title, facts = card_texts(walk, keymap, is_done=is_done)
        self.title.setText(title)
        self.facts.setText(facts)


def card_texts(walk: Walk, keymap: Keymap, *, is_done: bool) -> tuple[str, str]:
    """Return title and facts of what is under review, or of why nothing is."""
    entry = walk.entry
    if entry is not None and entry.status is Status.FAILED and not entry.shape[0]:
        return f"{entry.name} could not be opened", entry.message
    if empty := empty_text(entry):
        return "Nothing to review", empty.format(add=keymap.key("add"))
    if entry is None:
        return "", ""
    if walk.item is not None:
        return item_title(walk), item_facts(entry, walk.item)
    if walk.n_open:
        return f"{walk.n_open} open in {entry.name}", f"{keymap.key('next')} shows the first."
    return _finished(entry, walk, keymap, is_done=is_done)


def _finished(entry: ImageEntry, walk: Walk, keymap: Keymap, *, is_done: bool) -> tuple[str, str]:
    told = nothing_open_text(entry, len(walk.items))
    if is_done:
        return f"{entry.name} is done", f"{told} {keymap.key('next')} goes to the next image."
    return "Nothing open", f"{told} {keymap.key('done')} marks it as done and goes on."
