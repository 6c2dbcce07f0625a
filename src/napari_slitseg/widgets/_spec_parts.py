"""Fields for specs in a spec: one that may be missing, and several in rows."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from napari_slitseg.core.spec import Spec
from napari_slitseg.widgets._dock import row
from napari_slitseg.widgets._spec_fields import Caption, YesNo, small_button
from napari_slitseg.widgets._spec_page import SpecPage
from napari_slitseg.widgets._spec_words import FieldInfo, capital, noun_of


class OptionalSpec(QWidget):
    """A spec that is there when a box is ticked; what was set is kept while it is not."""

    edited = Signal()

    def __init__(self, info: FieldInfo, make_page: Callable[[], SpecPage]) -> None:
        super().__init__()
        self.caption = Caption(info)
        self.head = YesNo()
        self.head.setToolTip(info.tooltip)
        self.head.setAccessibleName(info.label)
        self.head.setAccessibleDescription(info.setting.description)
        self.caption.setBuddy(self.head)
        self._make_page = make_page
        self._page: SpecPage | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setVisible(False)
        self.head.toggled.connect(self._on_toggled)

    def value(self) -> Spec | None:
        """Return the spec, or None; raises ValueError if a setting is wrong."""
        return self._page.value() if self._page and self.head.isChecked() else None

    def setValue(self, value: Spec | None) -> None:
        """Show a spec, or that there is none."""
        self.head.setChecked(value is not None)
        if value is not None and self._page is not None:
            self._page.setValue(value)

    def mark(self, *, wrong: bool) -> None:
        """Do nothing: the settings are marked one by one."""

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self.head, *(self._page.stops() if self._page else [])]

    def _on_toggled(self, on: bool) -> None:  # noqa: FBT001
        if on and self._page is None:
            self._page = self._make_page()
            self._page.edited.connect(self.edited)
            self.layout().addWidget(inset(self._page))
        self.setVisible(on)
        self.edited.emit()


class SpecRows(QWidget):
    """Several specs, one below the other; the last that is left cannot be removed."""

    edited = Signal()

    def __init__(self, info: FieldInfo, make_page: Callable[[], SpecPage]) -> None:
        super().__init__()
        self.noun = noun_of(info.element)
        self.caption = Caption(info)
        self.head = None
        self.add_button = small_button(f"Add a {self.noun}", info.tooltip)
        self.add_button.clicked.connect(self.add)
        self.rows: list[SpecRow] = []
        self._make_page = make_page
        self._box = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._box)
        layout.addWidget(self.add_button)

    def value(self) -> tuple[Spec, ...]:
        """Return the specs; raises ValueError if a setting of one is wrong."""
        return tuple(each.value() for each in self.rows)

    def setValue(self, value: tuple[Spec, ...]) -> None:
        """Show specs."""
        while len(self.rows) > len(value):
            self._drop(self.rows[-1])
        while len(self.rows) < len(value):
            self._append()
        for each, spec in zip(self.rows, value, strict=True):
            each.page.setValue(spec)
        self._settle()

    def add(self) -> None:
        """Add a row with the defaults, and go there."""
        self._append()
        self._settle()
        self.rows[-1].page.stops()[0].setFocus()

    def remove(self, removed: SpecRow) -> None:
        """Remove a row."""
        self._drop(removed)
        self._settle()

    def mark(self, *, wrong: bool) -> None:
        """Do nothing: the settings are marked one by one."""

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [*(stop for each in self.rows for stop in each.stops()), self.add_button]

    def _append(self) -> None:
        added = SpecRow(self._make_page())
        added.page.edited.connect(self.edited)
        added.remove_button.clicked.connect(lambda *_: self.remove(added))
        self.rows.append(added)
        self._box.addWidget(added)

    def _drop(self, removed: SpecRow) -> None:
        self.rows.remove(removed)
        self._box.removeWidget(removed)
        removed.hide()
        removed.deleteLater()

    def _settle(self) -> None:
        """Give the rows their numbers, and tell."""
        for number, each in enumerate(self.rows, 1):
            each.show_number(self.noun, number, is_only=len(self.rows) == 1)
        self.edited.emit()


class SpecRow(QWidget):
    """One of several specs, with a heading and a button that removes it."""

    def __init__(self, page: SpecPage) -> None:
        super().__init__()
        self.page = page
        self.heading = QLabel()
        self.remove_button = small_button("Remove", "")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(self.heading, self.remove_button, stretch=0))
        layout.addWidget(inset(page))

    def value(self) -> Spec:
        """Return the spec; raises ValueError, with the number of the row, if a setting is wrong."""
        try:
            return self.page.value()
        except ValueError as error:
            raise ValueError(f"{self.heading.text()}: {error}") from error

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self.remove_button, *self.page.stops()]

    def show_number(self, noun: str, number: int, *, is_only: bool) -> None:
        """Say which row it is."""
        self.heading.setText(f"{capital(noun)} {number}")
        self.remove_button.setAccessibleName(f"Remove {noun} {number}")
        self.remove_button.setToolTip(f"Remove {noun} {number} from the list.")
        self.remove_button.setEnabled(not is_only)


def inset(inner: QWidget) -> QFrame:
    """Set a widget off from what is around it by a line on its left."""
    frame = QFrame()
    frame.setObjectName("inset")
    frame.setStyleSheet("#inset { border-left: 2px solid #808080; }")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(8, 0, 0, 0)
    layout.addWidget(inner)
    return frame
