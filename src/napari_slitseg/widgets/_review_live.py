"""Tolerance, threshold and what is shown, while somebody reviews."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QCheckBox, QFormLayout, QVBoxLayout, QWidget

from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.widgets._cut import CutPart
from napari_slitseg.widgets._dock import row, spin
from napari_slitseg.widgets._job_fields import description_of, limits_of
from napari_slitseg.widgets._review_look import Look
from napari_slitseg.widgets._workspace import Workspace


class Live(QWidget):
    """Fields that follow the workspace, and change it.

    Attributes
    ----------
    tolerance : QDoubleSpinBox
    cut : CutPart
    lines, taken_away, goes_on : QCheckBox
    """

    def __init__(self, workspace: Workspace, do: Callable[[str], None]) -> None:
        super().__init__()
        self._workspace = workspace
        low, high = limits_of(EvaluateJob, "tolerance_nm", 1, 2000)
        self.tolerance = spin(low, high, 0, " nm", description_of(EvaluateJob, "tolerance_nm"))
        self.tolerance.setSingleStep(5)
        self.tolerance.setAccessibleName("Tolerance")
        self.tolerance.setValue(workspace.tolerance_nm)
        self.tolerance.valueChanged.connect(workspace.set_tolerance)
        self.cut = CutPart()
        self.cut.changed.connect(workspace.set_cut)
        self.lines = _check("Matched lines", "Lines from detections to their annotations.")
        self.lines.clicked.connect(lambda: do("lines"))
        self.taken_away = _check("Taken away", "Grey crosses where points were taken away.")
        self.taken_away.clicked.connect(lambda: do("taken_away"))
        self.goes_on = _check("Go on after a decision", "A decision leads to the next open item.")
        self._lay_out()
        self.follow()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("T&olerance", self.tolerance)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.cut)
        layout.addLayout(form)
        layout.addLayout(row(self.lines, self.taken_away))
        layout.addWidget(self.goes_on)

    def show_look(self, look: Look) -> None:
        """Show what of the marks is visible."""
        self.lines.setChecked(look.shows_lines)
        self.taken_away.setChecked(look.shows_gone)

    def follow(self) -> None:
        """Show what was chosen elsewhere."""
        self.tolerance.setValue(self._workspace.tolerance_nm)
        current, cut = self._workspace.current, self._workspace.cut
        prediction = None if current is None else current.prediction
        if cut is None and prediction is not None:
            cut = (prediction.threshold, prediction.min_distance_nm)
        self.cut.setEnabled(prediction is not None)
        if cut is not None:
            self.cut.show_cut(*cut)


def _check(text: str, tooltip: str) -> QCheckBox:
    made = QCheckBox(text)
    made.setToolTip(tooltip)
    return made
