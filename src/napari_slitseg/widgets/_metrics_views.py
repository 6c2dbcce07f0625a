"""What stands beside the table of scores: one plot or list at a time, chosen from a menu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from napari_slitseg.widgets._curve_part import CurvePart, Kind
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._metrics_dots import AgreementPlot, CountPlot
from napari_slitseg.widgets._metrics_histogram import Histogram
from napari_slitseg.widgets._metrics_memory import remember, remembered
from napari_slitseg.widgets._metrics_plot import Shown
from napari_slitseg.widgets._metrics_points import PointPart, centre
from napari_slitseg.widgets._table import Column
from napari_slitseg.widgets._workspace import Workspace

TABLE_ONLY: Final = "table"
_VIEWS: Final = (
    (TABLE_ONLY, "Table only", "Nothing beside the table."),
    ("histogram", "Histogram", "How often each value of a figure occurs."),
    ("counts", "Count scatter", "Found against annotated slits of each image."),
    ("agreement", "Bland-Altman", "Difference of found and annotated slits over their mean."),
    ("recall", "Precision-recall", "All images together; drag the dot to set the threshold."),
    ("threshold", "Threshold curve", "Precision, recall and F1 at every threshold."),
    ("points", "Points of image", "What each point is; a click centres the view on it."),
)
_VIEW: Final = "view"
_CHOICE_PX: Final = 90
_CURVES: Final[dict[str, Kind]] = {"recall": "recall", "threshold": "threshold"}


class Views(QWidget):
    """The chosen view of the scores.

    Attributes
    ----------
    picked : signal
        Emits the key of an image to open.
    marked : signal
        Emits the keys of images whose rows are to be selected.
    changed : signal
        Another view was chosen.
    choice : QComboBox
        Chooses it; it stands elsewhere.
    """

    picked = Signal(int)
    marked = Signal(object)
    changed = Signal()

    def __init__(self, workspace: Workspace, viewer: Any, columns: Sequence[Column]) -> None:
        super().__init__()
        self.curve = CurvePart(workspace)
        self.histogram = Histogram(columns)
        self.counts, self.agreement = CountPlot(), AgreementPlot()
        self.points = PointPart(viewer)
        self.choice = _chooser()
        self.stack = QStackedWidget()
        for widget in (self.histogram, self.counts, self.agreement, self.curve, self.points):
            self.stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)
        self._viewer = viewer
        self.counts.picked.connect(self.picked)
        self.agreement.picked.connect(self.picked)
        self.histogram.marked.connect(self.marked)
        self.points.wanted.connect(self._centre)
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.choose(remembered(_VIEW))
        self._take()

    @property
    def chosen(self) -> str:
        """Name of the view."""
        return str(self.choice.currentData())

    def choose(self, name: Any) -> None:
        """Show another view; a name that is none changes nothing."""
        if (index := self.choice.findData(name)) >= 0:
            self.choice.setCurrentIndex(index)

    def show_scores(self, shown: Shown, current: ImageEntry | None) -> None:
        """Show the scores in the chosen view; the others wait until they are chosen."""
        self.setVisible(self.chosen != TABLE_ONLY and (bool(shown.entries) or self._tells_points()))
        if self.chosen in _CURVES:
            self.curve.show_entries(shown.entries)
        elif self._tells_points():
            self.points.show_entry(current)
        elif self.chosen != TABLE_ONLY:
            self._plot().show_scores(shown)

    def _plot(self) -> Histogram | CountPlot | AgreementPlot:
        if self.chosen == "histogram":
            return self.histogram
        return self.counts if self.chosen == "counts" else self.agreement

    def _tells_points(self) -> bool:
        return self.chosen == "points"

    def _on_choice(self) -> None:
        remember(_VIEW, self.chosen)
        self._take()
        self.changed.emit()

    def _take(self) -> None:
        self.curve.choose(_CURVES.get(self.chosen, ""))
        widgets: dict[str, QWidget] = {
            "histogram": self.histogram,
            "counts": self.counts,
            "agreement": self.agreement,
            "recall": self.curve,
            "threshold": self.curve,
            "points": self.points,
        }
        if self.chosen in widgets:
            self.stack.setCurrentWidget(widgets[self.chosen])

    def _centre(self, y: float, x: float) -> None:
        centre(self._viewer, (y, x))


def _chooser() -> QComboBox:
    choice = QComboBox()
    choice.setAccessibleName("View beside the table")
    choice.setToolTip("What stands beside the table.")
    for name, title, tooltip in _VIEWS:
        choice.addItem(title, name)
        choice.setItemData(choice.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    choice.setMinimumWidth(_CHOICE_PX)
    return choice
