"""Ways to know a scale; the first is to type it."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QFormLayout, QLabel, QLineEdit, QWidget

from napari_slitseg.core.calibration import Scale
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._image_columns import parse_size


class Text(QLabel):
    """Wrapped text that takes the height it needs, also in a window that is low."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def show_text(self, text: str) -> None:
        """Show another text; nothing is left of the place where there is none."""
        self.setText(text)
        self.setVisible(bool(text))
        self._take_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: the same text needs more lines in less width."""
        super().resizeEvent(event)
        self._take_height()

    def _take_height(self) -> None:
        self.setMinimumHeight(self.heightForWidth(self.width()) if self.text() else 0)


class Way(QWidget):
    """A way to know a scale; `changed` tells that `scale` or `problem` may be another.

    Attributes
    ----------
    scale : Scale or None
        What it gives now.
    problem : str
        Why that is none, or what else is to be told.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.scale: Scale | None = None
        self.problem = ""

    def show_image(self, entry: ImageEntry | None) -> None:
        """Take notice of the image that is looked at."""

    def let_go(self) -> None:
        """Stop what is under way and take things off the image: the window closes."""


class TypedWay(Way):
    """Type nanometres per pixel, with where they are from."""

    def __init__(self) -> None:
        super().__init__()
        self.editor = ""
        self.size = QLineEdit()
        self.size.setPlaceholderText("such as 9.7")
        self.source = QLineEdit()
        self.source.setPlaceholderText("such as microscope's log, 8000x")
        for field, name in ((self.size, "nm per pixel"), (self.source, "Where it is from")):
            field.setAccessibleName(name)
            field.textChanged.connect(self._on_text)
        form = QFormLayout(self)
        form.addRow(Text("A scale that you know: type the side of a pixel."))
        form.addRow("nm per pixel", self.size)
        form.addRow("Known from", self.source)

    def _on_text(self) -> None:
        self.scale, self.problem = None, ""
        try:
            size = parse_size(self.size.text())
            if size is not None:
                source = self.source.text().strip() or self.editor or "by hand"
                self.scale = Scale(size, "typed", source)
        except ValueError as error:
            self.problem = str(error)
        self.changed.emit()
