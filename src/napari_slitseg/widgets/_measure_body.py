"""How the parts of the Measure dock stand: beside each other where there is room."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

_WIDE_PX: Final = 900
_SHARES: Final = (550, 540, 310)
_LOWEST_PX: Final = 100
_WHOLE_PX: Final = 350


class Body(QSplitter):
    """Figures, tables and plots.

    Parameters
    ----------
    figures : QWidget
        Scrolls where the dock is low.
    *parts : QWidget
        The others.
    """

    def __init__(self, figures: QWidget, *parts: QWidget) -> None:
        super().__init__()
        self.setChildrenCollapsible(False)
        self._area = _scrolling(figures)
        self._was_wide: bool | None = None
        for part in (self._area, *parts):
            self.addWidget(part)

    def arrange(self, width: int) -> None:
        """Put the parts beside each other in a wide dock, else below each other."""
        is_wide = width >= _WIDE_PX
        if is_wide is not self._was_wide:
            self._was_wide = is_wide
            way = Qt.Orientation
            self.setOrientation(way.Horizontal if is_wide else way.Vertical)
            self._area.setMinimumHeight(_LOWEST_PX if is_wide else _WHOLE_PX)
            self.setSizes(list(_SHARES))


class Low(QWidget):
    """A widget that is as low as it can be before a scroll area scrolls it."""

    def heightForWidth(self, width: int) -> int:
        """Qt: height from which on nothing need be scrolled."""
        layout = self.layout()
        return -1 if layout is None else int(layout.minimumHeightForWidth(width))


class Column(Low):
    """Parts below each other; the last one takes the room that is left."""

    def __init__(self, *parts: QWidget) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        for part in parts:
            layout.addWidget(part, int(part is parts[-1]))


def _scrolling(part: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(part)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumWidth(part.minimumSizeHint().width())
    return area
