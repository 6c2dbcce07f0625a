"""Fields for texts and paths of a job: all have `value()`, `setValue()` and `edited`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QLineEdit, QWidget

from napari_slitseg.widgets._dock import row
from napari_slitseg.widgets._spec_fields import small_button
from napari_slitseg.widgets._spec_words import FieldInfo

_FOLDERS: Final = frozenset({"annotations", "runs"})


class TextField(QLineEdit):
    """A text; empty where nothing was typed."""

    edited = Signal()

    def __init__(self, placeholder: str = "") -> None:
        super().__init__()
        self.setPlaceholderText(placeholder)
        self.textChanged.connect(self.edited)

    def value(self) -> Any:
        """Return the text."""
        return self.text().strip()

    def setValue(self, value: Any) -> None:
        """Show a text."""
        self.setText(str(value or ""))
        self.setCursorPosition(0)

    def mark(self, *, wrong: bool) -> None:
        """Do nothing: any text is a text."""

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self]


class NamesField(TextField):
    """Several names with commas between them."""

    def value(self) -> tuple[str, ...]:
        """Return the names."""
        return tuple(each.strip() for each in self.text().split(",") if each.strip())

    def setValue(self, value: Sequence[str]) -> None:
        """Show names."""
        super().setValue(", ".join(value))


class PathField(QWidget):
    """A file or folder, or several files, typed or chosen; empty is none."""

    edited = Signal()

    def __init__(self, info: FieldInfo) -> None:
        super().__init__()
        self.info = info
        self.line = TextField("none" if info.is_tuple else "automatic")
        self.browse = small_button("…", "Choose.")
        self.browse.setAccessibleName(f"Choose {info.label.lower()}")
        self.browse.clicked.connect(self._choose)
        self.line.edited.connect(self.edited)
        self.setLayout(row(self.line, self.browse, stretch=0))
        self.setFocusProxy(self.line)

    def value(self) -> Any:
        """Return the path, or None; several where there may be several."""
        parts = [Path(each.strip()) for each in self.line.text().split(";") if each.strip()]
        if self.info.is_tuple:
            return tuple(parts)
        return parts[0] if parts else None

    def setValue(self, value: Any) -> None:
        """Show a path, several, or none."""
        paths = value if isinstance(value, tuple) else filter(None, (value,))
        self.line.setValue("; ".join(map(str, paths)))

    def setAccessibleName(self, name: str) -> None:
        """Qt: name the line."""
        self.line.setAccessibleName(name)

    def setAccessibleDescription(self, text: str) -> None:
        """Qt: describe the line."""
        self.line.setAccessibleDescription(text)

    def mark(self, *, wrong: bool) -> None:
        """Do nothing: whether it is there is found out by the check."""

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self.line, self.browse]

    def _choose(self) -> None:
        title = self.info.label
        if self.info.is_tuple:
            self.line.setValue("; ".join(QFileDialog.getOpenFileNames(self, title)[0]))
        elif self.info.setting.name in _FOLDERS:
            self._take(QFileDialog.getExistingDirectory(self, title))
        else:
            self._take(QFileDialog.getOpenFileName(self, title, "", "Tables (*.csv)")[0])

    def _take(self, name: str) -> None:
        if name:
            self.line.setValue(name)
