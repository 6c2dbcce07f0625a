"""The evidence for what the program suggests, to be read beside the dock."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

_PAGES: Final = Path(__file__).parents[1] / "evidence"
_SIZE_PX: Final = (760, 560)


class EvidenceButton(QPushButton):
    """Opens a page of evidence.

    Parameters
    ----------
    text : str
        What the button says.
    page : str
        Name of a page in the package's folder of evidence.
    """

    def __init__(self, text: str, page: str) -> None:
        super().__init__(text)
        self.setToolTip("Show what was measured")
        self.page: EvidencePage | None = None
        self._name = page
        self.clicked.connect(self.open)

    def open(self) -> None:
        """Show the page in a window of its own; the docks stay usable."""
        if self.page is None:
            self.page = EvidencePage(self._name, self.window())
        self.page.show()
        self.page.raise_()
        self.page.activateWindow()


class EvidencePage(QDialog):
    """A page of evidence."""

    def __init__(self, page: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What was measured")
        self.resize(*_SIZE_PX)
        self.text = QTextBrowser()
        self.text.setMarkdown((_PAGES / f"{page}.md").read_text("utf-8"))
        self.text.setAccessibleName("What was measured")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
