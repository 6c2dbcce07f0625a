"""What a review walks: kinds of item with their counts, the order, and which images."""

from __future__ import annotations

from functools import partial
from typing import Final

from qtpy.QtWidgets import QComboBox, QGridLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_slitseg.core.review.walk import KINDS, Kind
from napari_slitseg.widgets._dock import row
from napari_slitseg.widgets._review_images import Images
from napari_slitseg.widgets._review_walk import Count, Walk
from napari_slitseg.widgets._review_words import MEANINGS, SHORT, TITLES

_ORDERS: Final = {
    "place": ("By place", "A short way through the image."),
    "score": ("Highest score", "What the model is surest of comes first."),
    "doubt": ("Most doubtful", "What the model is least sure of comes first."),
    "worst": ("Worst first", "Missed slits, then false positives of high score."),
}
_IMAGES: Final = {
    "with open items": ("With open items", "Stop at images with something to judge."),
    "not reviewed": ("Not reviewed", "Stop at every image that is not marked as done."),
    "doubtful first": (
        "Doubtful first",
        "Images that are not marked as done; those in which the model is least sure, or sees no "
        "membrane, come first, and those without a prediction last.",
    ),
    "all": ("All images", "Stop at every image."),
}
_CHIP: Final = "QPushButton { padding: 3px 2px; } QPushButton:checked { font-weight: bold; }"


class Choice(QWidget):
    """Filters, order and images of a walk.

    Attributes
    ----------
    chips : dict of QPushButton
        By kind of item; those that are down are walked.
    order, which : QComboBox
    """

    def __init__(self, walk: Walk, images: Images) -> None:
        super().__init__()
        self._walk, self._images = walk, images
        self.chips = {kind: self._chip(kind) for kind in KINDS}
        self.order = _menu(_ORDERS, "Order of the walk")
        self.which = _menu(_IMAGES, "Images to stop at")
        self.order.currentIndexChanged.connect(self._on_chosen)
        self.which.currentIndexChanged.connect(self._on_which)
        grid = QGridLayout()
        grid.setSpacing(3)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        for number, chip in enumerate(self.chips.values()):
            grid.addWidget(chip, *divmod(number, 3))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(grid)
        layout.addLayout(row(self.order, self.which))

    def _chip(self, kind: Kind) -> QPushButton:
        chip = QPushButton()
        chip.setCheckable(True)
        chip.setChecked(True)
        chip.setStyleSheet(_CHIP)
        chip.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        told = f"{TITLES[kind]}: {MEANINGS[kind]} The number is of those that nobody judged yet."
        chip.setToolTip(f"<qt>{told} Walked while it is down.</qt>")
        chip.toggled.connect(partial(self._on_chosen))
        return chip

    def _on_chosen(self, *_: object) -> None:
        kinds = [kind for kind, chip in self.chips.items() if chip.isChecked()]
        self._walk.choose(kinds, self.order.currentData())

    def _on_which(self) -> None:
        self._images.which = self.which.currentData()
        self._images.neighbour()

    def show_counts(self, counts: dict[Kind, Count]) -> None:
        """Show how many items of each kind are open, of how many."""
        for kind, chip in self.chips.items():
            chip.setText(f"{SHORT[kind]} {counts[kind].open}")
            chip.setAccessibleName(
                f"{TITLES[kind]}, {counts[kind].open} of {counts[kind].all} open"
            )


def _menu(choices: dict[str, tuple[str, str]], name: str) -> QComboBox:
    menu = QComboBox()
    menu.setAccessibleName(name)
    menu.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    for value, (title, _) in choices.items():
        menu.addItem(title, value)
    lines = "<br>".join(f"<b>{title}</b>: {meaning}" for title, meaning in choices.values())
    menu.setToolTip(f"<qt>{lines}</qt>")
    return menu
