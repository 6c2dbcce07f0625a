"""Buttons of the Measure dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtWidgets import QBoxLayout, QCheckBox, QPushButton, QSizePolicy, QWidget

from napari_slitseg.widgets._dock import row
from napari_slitseg.widgets._measure_legend import WidthScale
from napari_slitseg.widgets._measure_widths import limit_of

if TYPE_CHECKING:
    from napari_slitseg.core.morphometry import ImageMeasures

_WIDE_PX: Final = 900
_SEEN_PX: Final = 480
_TOLD: Final = {
    "this": (
        "&Measure this image",
        "Find the membrane line of the image, and the slits on it. From then on its figures follow "
        "every change.",
    ),
    "all": (
        "Measure &all",
        "Measure every image of the list, in the background. An image needs slits and a membrane: "
        "predict slits first, or annotate it in Review.",
    ),
    "exclude": (
        "&Exclude a stretch",
        "Draw around a stretch of membrane that does not count, such as a fold or a tangential "
        "cut: press, draw and let go. Press the button again to stop drawing.",
    ),
    "include": (
        "&Include again",
        "Measure the chosen excluded stretch again. Click a stretch in the image to choose it; a "
        "single one need not be chosen.",
    ),
    "undo": ("&Undo", "Take back what was excluded or included last in this image."),
}


class Controls(QWidget):
    """What a person presses, beside each other where there is room.

    Attributes
    ----------
    this, everything : QPushButton
    exclude, include, undo : QPushButton
    visible : QCheckBox
        Whether the widths are drawn in the image.
    scale : WidthScale
    """

    def __init__(self, *more: QWidget) -> None:
        super().__init__()
        self.this, self.everything = _button("this"), _button("all")
        self.exclude, self.include, self.undo = map(_button, ("exclude", "include", "undo"))
        self.exclude.setCheckable(True)
        self.visible = QCheckBox("Sho&w widths")
        self.visible.setToolTip("Draw foot processes on the membrane, coloured by width.")
        self.visible.setChecked(True)
        self.scale = WidthScale()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(4)
        self._box.addLayout(row(self.this, self.everything, stretch=None))
        self._box.addLayout(row(self.exclude, self.include, self.undo, stretch=None))
        self._box.addLayout(row(*more, stretch=None))
        self._seen = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._seen.addWidget(self.visible)
        self._seen.addWidget(self.scale)
        self._seen.addStretch()
        self._box.addLayout(self._seen, 1)

    def show_scale(self, measures: ImageMeasures | None) -> None:
        """Show the colours in the unit of an image."""
        if measures is not None:
            self.scale.show_limit(*limit_of(measures))

    def arrange(self, width: int) -> None:
        """Put the buttons into one line where a dock is wide enough."""
        way = QBoxLayout.Direction
        for box, is_wide in ((self._box, width >= _WIDE_PX), (self._seen, width >= _SEEN_PX)):
            box.setDirection(way.LeftToRight if is_wide else way.TopToBottom)


def _button(name: str) -> QPushButton:
    text, tooltip = _TOLD[name]
    made = QPushButton(text)
    made.setToolTip(tooltip)
    return made
