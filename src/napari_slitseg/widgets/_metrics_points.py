"""The points of the image in the viewer: what each is, its score, and how far its partner is."""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakSet

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal
from qtpy.QtWidgets import QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._overlay import Marks, Overlay
from napari_slitseg.widgets._style import MARKS

_LAYERS: Final = ("detected slits", "annotated slits")
_HEADINGS: Final = ("Point", "Score", "Distance (px)", "y (px)", "x (px)")
_MEANINGS: Final = (
    "What the point is.",
    "Probability; none for points that a person set.",
    "Distance to the partner of the pair.",
    "Row.",
    "Column.",
)
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ZOOM_NM: Final = 4000.0


class PointRows(QAbstractTableModel):
    """Detections, then annotations, in any order."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._overlay = Overlay()
        self._order = np.zeros(0, int)
        self._sorted_by = (-1, Qt.SortOrder.AscendingOrder)
        self._kind = np.zeros(0, object)
        self._numbers = np.zeros((0, 4))

    def show(self, overlay: Overlay) -> None:
        """Take the points of an image."""
        if overlay is self._overlay:
            return
        self.beginResetModel()
        self._overlay = overlay
        marks = (overlay.detections, overlay.annotations)
        self._kind = np.concatenate([each.kind.astype(object) for each in marks])
        self._numbers = np.concatenate([_numbers(each) for each in marks])
        self._arrange()
        self.endResetModel()

    def place(self, row: int) -> tuple[float, float]:
        """Row and column of a point, px."""
        y, x = self._numbers[self._order[row], 2:].tolist()
        return y, x

    def rows_of(self, layer: str, chosen: set[int]) -> list[int]:
        """Rows of points of a layer of the viewer, by their numbers there."""
        shift = 0 if layer == _LAYERS[0] else len(self._overlay.detections.yx)
        wanted = {shift + each for each in chosen}
        return [row for row, number in enumerate(self._order.tolist()) if number in wanted]

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Qt: number of rows."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Qt: number of columns."""
        return 0 if parent is not None and parent.isValid() else len(_HEADINGS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Qt: what a cell shows."""
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return _RIGHT
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        number = self._order[index.row()]
        if index.column() == 0:
            return MARKS[self._kind[number]].label
        value = self._numbers[number, index.column() - 1]
        digits = 2 if index.column() == 1 else 1
        return "—" if np.isnan(value) else f"{value:.{digits}f}"

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Qt: heading of a column."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return _MEANINGS[section]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Qt: a person chose an order; what has no value comes last."""
        self._sorted_by = (column, order)
        self.layoutAboutToBeChanged.emit()
        self._arrange()
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        column, order = self._sorted_by
        if column < 0:
            self._order = np.arange(len(self._kind))
        elif column == 0:
            found = np.argsort(self._kind.astype(str), kind="stable")
            self._order = found if order == Qt.SortOrder.AscendingOrder else found[::-1]
        else:
            values = self._numbers[:, column - 1]
            sign = 1 if order == Qt.SortOrder.AscendingOrder else -1
            self._order = np.argsort(sign * values, kind="stable")


class PointPart(QWidget):
    """The table; a click on a row centres the view, a point that is selected shows its row.

    Attributes
    ----------
    wanted : signal
        Emits row and column of a point to look at.
    """

    wanted = Signal(float, float)

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self._viewer = viewer
        self._heard: WeakSet[Any] = WeakSet()
        self._selected: dict[str, frozenset[int]] = {}
        self.rows = PointRows(self)
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.view = QTableView()
        self.view.setModel(self.rows)
        self.view.setAccessibleName("Points of this image")
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.view.setShowGrid(False)
        self.view.verticalHeader().setVisible(False)
        header = self.view.horizontalHeader()
        header.setResizeContentsPrecision(50)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.title)
        layout.addWidget(self.view, 1)
        self.view.clicked.connect(self._on_row)
        self.view.activated.connect(self._on_row)

    def show_entry(self, entry: ImageEntry | None) -> None:
        """Show the points of an image."""
        self.rows.show(Overlay() if entry is None else entry.overlay)
        name = "No image is open." if entry is None else f"Points of {entry.name}"
        self.title.setText(name)
        self._listen()

    def _on_row(self, index: QModelIndex) -> None:
        self.wanted.emit(*self.rows.place(index.row()))

    def _listen(self) -> None:
        """Hear of points that are selected in our layers."""
        for layer in self._viewer.layers:
            if layer.name in _LAYERS and layer not in self._heard:
                layer.events.highlight.connect(self._on_highlight)
                self._heard.add(layer)

    def _on_highlight(self, event: Any) -> None:
        layer = event.source
        chosen = frozenset(int(each) for each in layer.selected_data)
        if chosen == self._selected.get(layer.name, frozenset()):
            return
        self._selected[layer.name] = chosen
        rows = self.rows.rows_of(layer.name, set(chosen)) if not self.isHidden() else []
        if rows:
            self.view.selectRow(rows[0])
            self.view.scrollTo(self.rows.index(rows[0], 0))


def centre(viewer: Any, yx: tuple[float, float]) -> None:
    """Bring a place of the image into the middle of the view."""
    layer = next((each for each in viewer.layers if each.name in _LAYERS), None)
    if layer is not None:
        camera = getattr(viewer, "scene", viewer).camera  # napari before 0.9
        camera.center = layer.data_to_world(yx)


def _numbers(marks: Marks) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.column_stack([marks.score, marks.distance_px, marks.yx])
