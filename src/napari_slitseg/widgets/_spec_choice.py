"""One of several specs: a menu, a few words about the chosen one, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_slitseg.core.spec import Spec
from napari_slitseg.widgets._dock import row
from napari_slitseg.widgets._spec_fields import Caption, Field, simple_field, small_button
from napari_slitseg.widgets._spec_menu import SpecMenu
from napari_slitseg.widgets._spec_page import SpecPage
from napari_slitseg.widgets._spec_parts import OptionalSpec, SpecRows
from napari_slitseg.widgets._spec_words import (
    FieldInfo,
    choices_of,
    erasure_text,
    holds_specs,
    kind_of,
    title_of,
    use_text,
    wrapped,
)

_DEEPEST: Final = 2
"""How many levels of specs may hold several specs, such as sums of sums."""


class SpecChoice(QWidget):
    """A menu of specs and the settings of the chosen one; each choice keeps what was typed.

    The menu is in `head`, for the owner to place; this widget is what comes below it.

    Parameters
    ----------
    specs : mapping
        What to choose from, by name; with a single one there is no menu.
    info : FieldInfo, optional
        The setting whose field this is. Its settings are then folded away under a button.
    level : int
        How many choices this one lies in.
    """

    edited = Signal()

    def __init__(
        self, specs: Mapping[str, type[Spec]], info: FieldInfo | None = None, *, level: int = 0
    ) -> None:
        super().__init__()
        self.specs = _not_too_deep(specs, level)
        self.caption = Caption(info) if info else None
        self.menu = SpecMenu(self.specs)
        self.unfold = small_button("▸", "Show or hide the settings.")
        self.head = QWidget()
        self.about = _note()
        self.erasure = _note()
        self.pages: dict[str, SpecPage] = {}
        self._level = level + (len(specs) > 1)
        self._lay_out()
        self._fold(info)
        self._show_chosen()
        self.menu.currentIndexChanged.connect(self._on_chosen)
        self.unfold.toggled.connect(self._on_unfolded)

    @property
    def page(self) -> SpecPage:
        """Settings of the chosen spec."""
        return self.pages[self.menu.currentData()]

    def value(self) -> Spec:
        """Return the spec; raises ValueError if a setting is wrong."""
        return self.page.value()

    def setValue(self, spec: Spec) -> None:
        """Show a spec.

        Raises
        ------
        ValueError
            If it is none of those to choose from.
        """
        names = [name for name, each in self.specs.items() if each is type(spec)]
        if not names:
            raise ValueError(f"{title_of(type(spec))} cannot be chosen here")
        self.menu.choose(names[0])
        self.page.setValue(spec)

    def mark(self, *, wrong: bool) -> None:
        """Do nothing: the settings are marked one by one; wrong ones are unfolded."""
        if wrong:
            self.unfold.setChecked(True)

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        shown = [page for page in self.pages.values() if page is not self.page]
        pages = [self.page, *shown]
        return [self.menu, self.unfold, *(stop for page in pages for stop in page.stops())]

    def _lay_out(self) -> None:
        self.head.setLayout(row(self.menu, self.unfold, stretch=0))
        self.menu.setVisible(len(self.specs) > 1)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.about)
        self._layout.addWidget(self.erasure)

    def _fold(self, info: FieldInfo | None) -> None:
        """Fold the settings away if this is a field."""
        self.menu.setAccessibleName(kind_of(self.specs))
        self.unfold.setVisible(info is not None)
        if info is None or self.caption is None:
            return
        self._layout.setContentsMargins(12, 0, 0, 0)
        self.setVisible(False)
        self.caption.setBuddy(self.menu)
        self.menu.setAccessibleName(info.label)
        self.menu.setAccessibleDescription(info.setting.description)
        self.unfold.setCheckable(True)
        self.unfold.setAccessibleName(f"Settings of {info.label.lower()}")

    def _on_chosen(self) -> None:
        self._show_chosen()
        self.edited.emit()

    def _on_edited(self) -> None:
        self._tell_erasure()
        self.edited.emit()

    def _tell_erasure(self) -> None:
        """Tell what the test of the loss showed, and whether it was one with these settings."""
        told = erasure_text(self.page.spec, is_default=self.page.is_default())
        _say(self.erasure, told)

    def _on_unfolded(self, on: bool) -> None:  # noqa: FBT001
        self.unfold.setText("▾" if on else "▸")
        self.setVisible(on)

    def _show_chosen(self) -> None:
        name = self.menu.currentData()
        use = use_text(self.specs[name])
        _say(self.about, use)
        self.menu.setToolTip(wrapped(use))
        if name not in self.pages:
            self._add_page(name)
        for each, page in self.pages.items():
            page.setVisible(each == name)
        self._tell_erasure()

    def _add_page(self, name: str) -> None:
        make_field = partial(_field_of, level=self._level)
        page = SpecPage(self.specs[name], make_field, tools=len(self.specs) > 1)
        page.edited.connect(self._on_edited)
        self.pages[name] = page
        self._layout.addWidget(page)


def _field_of(info: FieldInfo, *, level: int) -> Field:
    """Return the field of a setting, for specs in specs too."""
    if not info.is_spec:
        return simple_field(info)
    field: Any
    make_field = partial(_field_of, level=level)
    make_page = partial(SpecPage, info.element, make_field, tools=False)
    if info.is_tuple:
        field = SpecRows(info, make_page)
    elif info.optional:
        field = OptionalSpec(info, make_page)
    else:
        field = SpecChoice(choices_of(info.element), info, level=level)
    result: Field = field
    return result


def _not_too_deep(specs: Mapping[str, type[Spec]], level: int) -> Mapping[str, type[Spec]]:
    """Leave out what would begin a level too many."""
    return {name: spec for name, spec in specs.items() if level < _DEEPEST or not holds_specs(spec)}


def _note() -> QLabel:
    note = QLabel()
    note.setWordWrap(True)
    note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return note


def _say(note: QLabel, text: str) -> None:
    note.setText(text)
    note.setVisible(bool(text))
