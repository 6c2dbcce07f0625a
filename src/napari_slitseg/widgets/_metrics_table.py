"""The table of scores: worst images first, its columns chosen by a person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHeaderView, QWidget

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._metrics_header import HeaderMenu
from napari_slitseg.widgets._metrics_membranes import Membranes
from napari_slitseg.widgets._score_columns import USUAL, WORST_FIRST, score_columns, summary_of
from napari_slitseg.widgets._table import EntryTable, SummaryLast, table_view
from napari_slitseg.widgets._table_view import select_keys, selected_keys

_NAME_PX: Final = 110
_NAME_SHARE: Final = 0.4
_LOWEST_PX: Final = 80
_MEMBRANE: Final = "membrane_dice"


class ScoreTable:
    """Model, order and view of the scores.

    Attributes
    ----------
    columns : tuple of Column
    model : EntryTable
    sorted : SummaryLast
    view : QTableView
    header : HeaderMenu
        Chooses the columns.
    """

    def __init__(
        self, parent: QWidget, membranes: Membranes, review_of: Callable[[int], str]
    ) -> None:
        self._membranes, self._review_of = membranes, review_of
        self._reviews: dict[int, str] = {}
        self._told: tuple[object, ...] = ()
        self.columns = score_columns(membranes, self._reviews.get)
        self.model = EntryTable(self.columns, parent)
        self.sorted = SummaryLast(parent)
        self.sorted.setSourceModel(self.model)
        self.view = table_view(self.sorted)
        self.view.setAccessibleName("Scores")
        self.view.setMinimumHeight(_LOWEST_PX)
        self.header = HeaderMenu(self.view, self.columns, _usual(()))
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        names = [column.name for column in self.columns]
        self.view.sortByColumn(names.index(WORST_FIRST), Qt.SortOrder.AscendingOrder)

    @property
    def selected(self) -> frozenset[int]:
        """Keys of the images whose rows are selected."""
        return selected_keys(self.view)

    def select(self, keys: Collection[int]) -> None:
        """Select the rows of images, and no others."""
        select_keys(self.view, keys)

    def scroll_to(self, key: int) -> None:
        """Bring the row of an image into sight."""
        if (found := self.model.row_of(key)) >= 0:
            self.view.scrollTo(self.sorted.mapFromSource(self.model.index(found, 0)))

    def show(self, scored: Sequence[ImageEntry], current: int | None) -> None:
        """Show all images as they are now."""
        reviews = {entry.key: self._review_of(entry.key) for entry in scored}
        told = (reviews, self._membranes.version)
        self._reviews.clear()
        self._reviews.update(reviews)
        self.header.set_usual(_usual(scored))
        summary = summary_of(scored, self._membranes)
        self.model.show(scored, current, summary, anew=told != self._told)
        self._told = told
        self.fit_names()

    def show_one(self, scored: Sequence[ImageEntry], current: int | None) -> None:
        """Show the current image as it is now, the others as they were."""
        held = {entry.key: entry for entry in self.model.entries}
        if held.keys() != {entry.key for entry in scored}:
            self.show(scored, current)
            return
        entries = [new if new.key == current else held[new.key] for new in scored]
        self.model.show(entries, current, self.model.summary)

    def fit_names(self) -> None:
        """Give names the room that is left, and where there is little no more than their share."""
        header, mode = self.view.horizontalHeader(), QHeaderView.ResizeMode
        shown = [n for n in range(1, header.count()) if not header.isSectionHidden(n)]
        name, room = self.view.sizeHintForColumn(0), self.view.viewport().width()
        fits = name + sum(map(header.sectionSizeHint, shown)) <= room
        header.setSectionResizeMode(0, mode.Stretch if fits else mode.Interactive)
        if not fits:
            header.resizeSection(0, min(name, max(_NAME_PX, round(_NAME_SHARE * room))))


def _usual(entries: Collection[ImageEntry]) -> list[str]:
    """Columns in sight until a person chooses; that of the membrane where there is one."""
    has_membrane = any(entry.membrane is not None for entry in entries)
    return [name for name in USUAL if has_membrane or name != _MEMBRANE]
