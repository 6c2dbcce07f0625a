"""The part of a fine-tuning's form that chooses the learning rate and draws it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_slitseg.core.schedules import SCHEDULES, schedule_from_dict
from napari_slitseg.core.schedules.spec import ScheduleSpec
from napari_slitseg.widgets._finetune_losses import formula_label, show_formula
from napari_slitseg.widgets._rate_plot import RatePlot
from napari_slitseg.widgets._spec_form import SpecForm
from napari_slitseg.widgets._spec_words import title_of


class SchedulePart(QWidget):
    """Menu of schedules, the settings of one, and its curve over the steps of the training."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.form = SpecForm(SCHEDULES)
        self.form.choice.menu.setAccessibleName("Learning rate by step")
        self.formula = formula_label()
        self.plot = RatePlot()
        self.steps = QLabel()
        self.steps.setWordWrap(True)
        self._total, self._per_epoch = 100, 10
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.formula, self.form, self.plot, self.steps):
            layout.addWidget(widget)
        self.form.choice.edited.connect(self._on_edited)
        self._on_edited()

    def value(self) -> dict[str, Any]:
        """Return the schedule as plain values; raises ValueError if a setting is wrong."""
        return self.form.value().to_dict()

    def setValue(self, schedule: Mapping[str, Any]) -> None:
        """Show a schedule."""
        self.form.setValue(schedule_from_dict(schedule))
        self._on_edited()

    def summary(self) -> str:
        """Return what is chosen in a line; raises ValueError if something is wrong."""
        spec = self.form.value()
        rates = [value for name, value in spec.settings().items() if name in _RATES]
        return f"{title_of(type(spec))}, {rates[0]:g}" if rates else title_of(type(spec))

    def show_steps(self, epochs: int, per_epoch: int, *, is_exact: bool) -> None:
        """Draw the curve over so many steps."""
        self._total, self._per_epoch = epochs * per_epoch, per_epoch
        about = "" if is_exact else " The check tells how many steps an epoch has."
        self.steps.setText(
            f"{epochs:,} epochs of {per_epoch:,} steps: {self._total:,} steps.{about}"
        )
        self._draw()

    def _on_edited(self) -> None:
        if self.form.is_valid():
            show_formula(self.formula, self.form.value())
            self._draw()
        self.edited.emit()

    def _draw(self) -> None:
        spec = self.form.value() if self.form.is_valid() else None
        if isinstance(spec, ScheduleSpec):
            self.plot.setValue(spec, self._total, steps_per_epoch=self._per_epoch)


_RATES: Final = ("rate", "high")
