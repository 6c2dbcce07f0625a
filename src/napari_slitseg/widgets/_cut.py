"""The fields for threshold and smallest distance."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QFormLayout, QSlider, QWidget

from napari_slitseg.jobs import PredictJob
from napari_slitseg.widgets._dock import beside, spin
from napari_slitseg.widgets._job_fields import description_of, limits_of

_STEPS: Final = 100


class CutPart(QWidget):
    """Threshold, as a slider and as a number, and smallest distance.

    Attributes
    ----------
    changed : signal
        Emits threshold and distance (nm) when one of them is another.
    """

    changed = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.threshold = _field("threshold", 1, 3, "", 0.01)
        self.threshold.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.threshold.setFixedWidth(64)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setToolTip(self.threshold.toolTip())
        self.slider.setAccessibleName("Threshold")
        self.distance = _field("min_distance_nm", 5000, 1, " nm", 10)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("&Threshold", beside(self.slider, self.threshold))
        form.addRow("&Min. distance", self.distance)
        self.slider.valueChanged.connect(self._on_slider)
        self.threshold.valueChanged.connect(self._on_edited)
        self.distance.valueChanged.connect(self._on_edited)

    def setValue(self, threshold: float, min_distance_nm: float) -> None:
        """Show a threshold and a distance, nm."""
        self.threshold.setValue(threshold)
        self.distance.setValue(min_distance_nm)

    def show_cut(self, threshold: float, min_distance_nm: float) -> None:
        """Show what was chosen elsewhere, rounded to what the fields hold; nothing is emitted."""
        self.blockSignals(True)  # noqa: FBT003
        self.setValue(threshold, min_distance_nm)
        self.blockSignals(False)  # noqa: FBT003

    def _on_slider(self, value: int) -> None:
        self.threshold.setValue(value / _STEPS)

    def _on_edited(self) -> None:
        value = self.threshold.value()
        self.slider.blockSignals(True)  # noqa: FBT003
        self.slider.setValue(round(value * _STEPS))
        self.slider.blockSignals(False)  # noqa: FBT003
        self.changed.emit(value, self.distance.value())


def _field(name: str, high: float, decimals: int, suffix: str, step: float) -> QDoubleSpinBox:
    """Field for a number of the job; precise enough for what a model's card says."""
    low, high = limits_of(PredictJob, name, 0, high)
    field = spin(low, high, decimals, suffix, description_of(PredictJob, name))
    field.setSingleStep(step)
    return field
