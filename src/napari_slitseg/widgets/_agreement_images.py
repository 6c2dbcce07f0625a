"""The images of two readers, the worst first."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.readers import ImageAgreement, PairAgreement

_VALUE: Final = Qt.ItemDataRole.UserRole
_Column = tuple[str, str, Callable[["ImageAgreement"], float | None], str]

_COLUMNS: Final[tuple[_Column, ...]] = (
    ("Matched", "Points that both set, one to one.", lambda i: i.scores.true_positive, ".0f"),
    ("F1", "2 matched / all points of both.", lambda i: i.scores.f1, ".2f"),
    ("Kappa", "What F1 has beyond chance, of what was to be had.", lambda i: i.kappa, ".2f"),
    (
        "Chamfer nm",
        "Mean distance to the nearest, both ways.",
        lambda i: i.scores.chamfer_nm,
        ".1f",
    ),
    ("Local. nm", "Mean distance of matched points.", lambda i: i.scores.localisation_nm, ".1f"),
)


class PairImages(QTableWidget):
    """A row for each image that both read; a click opens it.

    Attributes
    ----------
    opened : signal
        Emits the name of an image.
    """

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Images of two readers")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.verticalHeader().setVisible(False)
        self.cellClicked.connect(self._on_row)
        self.cellActivated.connect(self._on_row)

    def show_pair(self, pair: PairAgreement | None) -> None:
        """Show the images of two readers, those of the lowest F1 first."""
        self.setSortingEnabled(False)
        readers = ("", "") if pair is None else pair.readers
        titles = ["Image", *readers, *(title for title, _, _, _ in _COLUMNS)]
        images = () if pair is None else pair.images
        self.setColumnCount(len(titles))
        self.setHorizontalHeaderLabels(titles)
        self.setRowCount(len(images))
        for row, image in enumerate(images):
            self._fill(row, image)
        for column, (_, meaning, _, _) in enumerate(_COLUMNS, start=3):
            self.horizontalHeaderItem(column).setToolTip(meaning)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setSortingEnabled(True)
        self.sortByColumn(4, Qt.SortOrder.AscendingOrder)

    def _fill(self, row: int, image: ImageAgreement) -> None:
        scores = image.scores
        self.setItem(row, 0, QTableWidgetItem(image.name))
        values: list[tuple[Any, str]] = [(scores.n_predicted, ".0f"), (scores.n_annotated, ".0f")]
        values += [(value(image), form) for _, _, value, form in _COLUMNS]
        for column, (value, form) in enumerate(values, start=1):
            self.setItem(row, column, _Number(value, form))

    def _on_row(self, row: int, _column: int) -> None:
        self.opened.emit(self.item(row, 0).text())


class _Number(QTableWidgetItem):
    """A cell that is sorted by its value; one without a value comes first."""

    def __init__(self, value: float | None, form: str) -> None:
        is_known = value is not None and not math.isnan(value)
        super().__init__(format(value, form).replace("-0.00", "0.00") if is_known else "—")
        self.setData(_VALUE, value if is_known else -math.inf)
        self.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return bool(self.data(_VALUE) < other.data(_VALUE))
