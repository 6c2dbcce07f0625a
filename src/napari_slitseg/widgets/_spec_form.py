"""A form for specs, made from the specs themselves."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_slitseg.core.spec import Spec
from napari_slitseg.widgets._dock import Message
from napari_slitseg.widgets._spec_choice import SpecChoice


class SpecForm(QWidget):
    """Choose a spec and its settings; what was typed for one choice outlives a look at another.

    Parameters
    ----------
    specs : mapping
        What to choose from, by name: `LOSSES`, `SCHEDULES`, or a single spec, without a menu.
    parent : QWidget, optional
        Qt's parent.

    Attributes
    ----------
    valueChanged : signal
        Emits the spec when it is another one.
    validChanged : signal
        Emits whether there is a spec, when that changes.
    """

    valueChanged = Signal(object)
    validChanged = Signal(bool)

    def __init__(self, specs: Mapping[str, type[Spec]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = SpecChoice(specs)
        self.message = Message()
        self.message.say("")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.choice.head)
        layout.addWidget(self.choice)
        layout.addWidget(self.message)
        self.setFocusProxy(self.choice.menu)
        self._told: Spec = self.choice.value()
        self._was_valid = True
        self._is_setting = False
        self._stops: list[QWidget] = []
        self._order_stops()
        self.choice.edited.connect(self._on_edited)

    def value(self) -> Spec:
        """Return the spec.

        Raises
        ------
        ValueError
            If a setting is wrong; the message says which and why.
        """
        return self.choice.value()

    def is_valid(self) -> bool:
        """Whether every setting is right."""
        return not self.error()

    def error(self) -> str:
        """Return what is wrong, in a sentence; empty for nothing."""
        try:
            self.value()
        except ValueError as error:
            return str(error)
        return ""

    def setValue(self, spec: Spec) -> None:
        """Show a spec.

        Raises
        ------
        ValueError
            If it, or a spec in it, is none of those to choose from; the form then shows the
            last spec that it emitted.
        """
        self._is_setting = True
        try:
            self.choice.setValue(spec)
        except ValueError:
            self.choice.setValue(self._told)
            raise
        finally:
            self._is_setting = False
            self._on_edited()

    def _on_edited(self) -> None:
        if self._is_setting:
            return
        self._order_stops()
        error = self.error()
        self.message.warn(f"{error}." if error else "")
        if self._was_valid == bool(error):
            self._was_valid = not error
            self.validChanged.emit(not error)
        if not error and self.value() != self._told:
            self._told = self.value()
            self.valueChanged.emit(self._told)

    def _order_stops(self) -> None:
        """Let the tab key go from top to bottom, through fields that came later too."""
        stops = self.choice.stops()
        if stops != self._stops:
            self._stops = stops
            for before, after in pairwise(stops):
                QWidget.setTabOrder(before, after)
