"""What stands beside the tables of the Measure dock: one plot at a time, chosen from a menu."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from napari_slitseg.core.morphometry.groups import compare_groups
from napari_slitseg.widgets._dock import Message, row
from napari_slitseg.widgets._measure_plots import AXES, GroupPlot, SettlingPlot, WidthPlot
from napari_slitseg.widgets._measure_rollup import FIGURES, RolledUp

_VIEWS: Final = (
    ("widths", "Widths", "How often each foot process width occurs in the selected images."),
    ("settling", "More images", "How a figure settles as images are added, in random orders."),
    ("groups", "Groups", "Biopsies by group, with the mean of each group and its interval."),
)
_FIGURES: Final = ("fpw_mean_nm", "slit_density_per_um")
_NO_GROUPS: Final = "Write biopsies and groups in the table of images to compare them."
_NO_SETTLING: Final = "No image has a membrane and a scale yet."
_MANY: Final = 2


class Views(QWidget):
    """The chosen plot, with a sentence below it.

    Attributes
    ----------
    changed : signal
        Another plot was chosen.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.widths, self.settling, self.groups = WidthPlot(), SettlingPlot(), GroupPlot()
        self.choice = _chooser()
        self.figure = QComboBox()
        self.figure.setAccessibleName("Figure of the plot")
        for name in _FIGURES:
            self.figure.addItem("FPW" if name == _FIGURES[0] else "Slit density", name)
        self.note = Message()
        self.stack = QStackedWidget()
        for plot in (self.widths, self.settling, self.groups):
            self.stack.addWidget(plot)
        self._rolled: RolledUp | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row(self.choice, self.figure, QWidget(), stretch=2))
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.note)
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.figure.currentIndexChanged.connect(self._on_choice)
        self._on_choice()

    @property
    def chosen(self) -> str:
        """Name of the plot."""
        return str(self.choice.currentData())

    @property
    def needs_rollup(self) -> bool:
        """Whether the plot shows biopsies."""
        return self.chosen != _VIEWS[0][0]

    def show_widths(self, widths: NDArray[np.float64], limit: float, unit: str, of: str) -> None:
        """Take the widths of images, in that unit, and say of which."""
        self.widths.show_widths(widths, limit, unit)
        n = len(widths)
        self._widths_told = (
            f"{n} widths, mean {widths.mean():.0f} {unit}. Of {of}; the line is the mean, beyond "
            "the dashes foot processes are effaced."
            if n
            else f"{of}: no width between two slits."
        )
        self._tell()

    def show_rolled(self, rolled: RolledUp | None) -> None:
        """Take what follows from the images."""
        self._rolled = rolled
        self._show_rolled()

    _widths_told = ""

    def _on_choice(self) -> None:
        self.stack.setCurrentIndex(self.choice.currentIndex())
        self.figure.setVisible(self.needs_rollup)
        self._show_rolled()
        self.changed.emit()

    def _show_rolled(self) -> None:
        name = str(self.figure.currentData())
        settled = None if self._rolled is None else self._rolled.settled.get(name)
        if self.chosen == "settling":
            self.settling.show_settled(settled)
        elif self.chosen == "groups":
            self.groups.show_groups(self._rolled, name, AXES[name])
        self._tell()

    def _tell(self) -> None:
        """Say what is seen: the first sentence, with the others in the tooltip."""
        text = self._words()
        first, full_stop, more = text.partition(". ")
        self.note.say(f"{first}. […]" if more else f"{first}{full_stop}")
        self.note.setToolTip(f"<qt>{text}</qt>" if more else "")

    def _words(self) -> str:
        if self.chosen == "widths":
            return self._widths_told
        if self.chosen == "groups":
            return self._compared()
        settled = self.settling.settled
        return _NO_SETTLING if settled is None else f"{settled.name}: {settled.needed.words}"

    def _compared(self) -> str:
        """Say how groups differ, no more than is shown."""
        groups = {name: values for name, values, *_ in self.groups.groups if name}
        if len(groups) < _MANY:
            return _NO_GROUPS
        figure = FIGURES[str(self.figure.currentData())]
        found = compare_groups(groups)
        return "\n".join(each.words(figure.title, figure.unit) for each in found)


def _chooser() -> QComboBox:
    choice = QComboBox()
    choice.setAccessibleName("Plot")
    choice.setToolTip("What is plotted.")
    for name, title, tooltip in _VIEWS:
        choice.addItem(title, name)
        choice.setItemData(choice.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)
    return choice
