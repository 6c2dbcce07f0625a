"""Every reader with every reader, as numbers on coloured cells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_slitseg.widgets._style import BLUE, SKY_BLUE

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.bootstrap import Interval
    from napari_slitseg.core.metrics.readers import PairAgreement, ReaderAgreement
    from napari_slitseg.core.metrics.readers_counts import IntraclassCorrelation

TITLES: Final = {"f1": "F1", "kappa": "Kappa"}


class Matrix(QTableWidget):
    """Agreement of all pairs; a cell chooses its pair.

    Attributes
    ----------
    chosen : signal
        Emits the names of two readers.
    """

    chosen = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Agreement of each reader with each")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            header.setHighlightSections(False)
            header.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._found: ReaderAgreement | None = None
        self._figure = "f1"
        self.currentCellChanged.connect(self._on_cell)

    def show_figure(self, found: ReaderAgreement | None, figure: str) -> None:
        """Show one figure of all pairs."""
        self._found, self._figure = found, figure
        names = () if found is None else found.readers
        self.blockSignals(True)  # noqa: FBT003
        self.setRowCount(len(names))
        self.setColumnCount(len(names))
        self.setHorizontalHeaderLabels(list(names))
        self.setVerticalHeaderLabels(list(names))
        for row, name in enumerate(names):
            self.horizontalHeaderItem(row).setToolTip(name)
        for i, one in enumerate(names):
            for j, other in enumerate(names):
                self.setItem(i, j, self._cell(one, other))
        self.blockSignals(False)  # noqa: FBT003
        self.setMinimumHeight(34 * (len(names) + 1) + 4)

    def choose(self, one: str, other: str) -> None:
        """Mark a pair."""
        if self._found is not None:
            names = self._found.readers
            self.setCurrentCell(names.index(one), names.index(other))

    def changeEvent(self, event: QEvent) -> None:
        """Qt: the theme may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.show_figure(self._found, self._figure)

    def _cell(self, one: str, other: str) -> QTableWidgetItem:
        pair = None if self._found is None or one == other else self._found.pair(one, other)
        item = QTableWidgetItem("" if one == other else "-" if pair is None else self._text(pair))
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        if pair is None:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            return item
        interval: Interval = getattr(pair, self._figure)
        item.setBackground(self._colour(interval.value))
        item.setForeground(self.palette().color(self.foregroundRole()))
        item.setToolTip(pair_text(pair, self._figure))
        return item

    def _text(self, pair: PairAgreement) -> str:
        value = getattr(pair, self._figure).value
        text = "-" if math.isnan(value) else number(value)
        return f"{text}  ({len(pair.images)})" if self._has_uneven_pairs() else text

    def _has_uneven_pairs(self) -> bool:
        """Whether pairs rest on different numbers of images, so that cells cannot be compared."""
        return self._found is not None and len({len(p.images) for p in self._found.pairs}) > 1

    def _colour(self, value: float) -> QColor:
        is_dark = self.palette().color(self.foregroundRole()).lightnessF() > 0.5
        colour = QColor(BLUE if is_dark else SKY_BLUE)
        colour.setAlphaF(0 if math.isnan(value) else 0.08 + 0.82 * min(max(value, 0.0), 1.0))
        return colour

    def _on_cell(self, row: int, column: int, _row: int, _column: int) -> None:
        if self._found is not None and row >= 0 and row != column:
            one, other = self._found.readers[row], self._found.readers[column]
            if self._found.pair(one, other) is not None:
                self.chosen.emit(one, other)


def number(value: float) -> str:
    """Write two digits, and zero without a sign."""
    return f"{value:.2f}".replace("-0.00", "0.00")


def counts_text(pair: PairAgreement, everybody: IntraclassCorrelation) -> str:
    """Say how two readers count, and all together."""
    counts, icc = pair.counts, pair.icc
    text = f"Counts differ by {counts.bias:+.1f} on average"
    if not math.isnan(counts.lower_limit):
        limits = f"{counts.lower_limit:+.1f} to {counts.upper_limit:+.1f}"
        text += f", for 95 % of images by {limits}"
    if not math.isnan(icc.value):
        text += f"; ICC(2,1) {number(icc.value)}"
        if not math.isnan(icc.low):
            text += f" ({number(icc.low)} to {number(icc.high)})"
    if not math.isnan(everybody.value) and everybody.n_readers > 2:
        n = everybody.n_images
        text += f", of all {everybody.n_readers} readers {number(everybody.value)} on {n} images"
    return f"{text}."


def pair_text(pair: PairAgreement, figure: str) -> str:
    """Say one figure of a pair with its interval."""
    from napari_slitseg.core.metrics.result import describe

    told = describe(getattr(pair, figure)).replace("-0.00 ", "0.00 ")
    return f"{' and '.join(pair.readers)}: {TITLES[figure]} {told}"
