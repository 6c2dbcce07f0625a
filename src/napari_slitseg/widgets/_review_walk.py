"""Walk through the errors and proposals of the image that is shown. Knows neither Qt nor napari."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review.walk import (
    KINDS,
    Item,
    Kind,
    Order,
    find_items,
    in_order,
    next_item,
    previous_item,
)
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._job_fields import default_of
from napari_slitseg.widgets._scoring import assumed_nm
from napari_slitseg.widgets._workspace import Workspace

FAR_SHARE: Final = 0.6
"""Matches farther apart than this share of the tolerance are worth a look."""


@dataclass(frozen=True)
class Count:
    """How many items of a kind an image has."""

    open: int
    all: int


class Walk:
    """Where a person stands among the items of the current image.

    Signals: `changed()` when the items or the place among them change.

    Attributes
    ----------
    item : Item or None
        The one under review.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kinds: frozenset[Kind] = frozenset(KINDS)
        self._order: Order = "place"
        self._found: tuple[ImageEntry | None, float, tuple[Item, ...]] = (None, 0.0, ())
        self._key: int | None = None
        self.item: Item | None = None

    # -- what there is

    @property
    def entry(self) -> ImageEntry | None:
        """The image that is shown."""
        return self._workspace.current

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item of the image, judged or not, in no order."""
        entry, tolerance_nm = self.entry, self._workspace.tolerance_nm
        if entry is None:
            return ()
        if self._found[0] is not entry or self._found[1] != tolerance_nm:
            self._found = (entry, tolerance_nm, items_of(entry, tolerance_nm))
        return self._found[2]

    @property
    def kinds(self) -> frozenset[Kind]:
        """Kinds of item that are walked."""
        return self._kinds

    @property
    def order(self) -> Order:
        """In which order they are walked."""
        return self._order

    def choose(self, kinds: Iterable[Kind], order: Order) -> None:
        """Walk other kinds of item, or in another order."""
        self._kinds, self._order = frozenset(kinds), order
        self.changed.emit()

    def counts(self) -> dict[Kind, Count]:
        """How many items there are of each kind."""
        return {
            kind: Count(sum(not item.judged for item in found), len(found))
            for kind in KINDS
            for found in [[item for item in self.items if item.kind == kind]]
        }

    @property
    def n_open(self) -> int:
        """How many items of the chosen kinds nobody judged yet."""
        return sum(item.kind in self._kinds and not item.judged for item in self.items)

    def place(self) -> tuple[int, int]:
        """Which of how many of its kind the current item is; (0, 0) for none of them."""
        same = [item for item in self.items if self.item and item.kind == self.item.kind]
        ordered = in_order(same, self._order)
        if self.item is None or self.item not in ordered:
            return 0, 0
        return ordered.index(self.item) + 1, len(ordered)

    # -- where one stands

    def go_to(self, item: Item | None) -> None:
        """Put an item under review."""
        self.item = item
        self.changed.emit()

    def step(self, by: int = 1) -> Item | None:
        """Go to the next (+1) or previous (-1) open item, from the end to the beginning."""
        find = next_item if by > 0 else previous_item

        def after(item: Item | None) -> Item | None:
            return find(self.items, item, order=self._order, kinds=self._kinds)

        found = after(self.item) or after(None)
        self.go_to(found)
        return found

    def follow(self) -> None:
        """Find the item again after its image changed; another image has none yet."""
        key = None if self.entry is None else self.entry.key
        if key != self._key:
            self._key, self.item = key, None
        elif self.item is not None:
            self.item = _same(self.item, self.items) or self._moved(self.item)
        self.changed.emit()

    def take(self, annotation_id: int) -> None:
        """Go on with the point that a detection under review became."""
        if self.item is not None:
            self.item = self.item._replace(annotation_id=annotation_id)
            self.follow()

    def _moved(self, item: Item) -> Item | None:
        """Return what an item has become that is none any more; None where nothing is left."""
        entry = self.entry
        if entry is None:
            return None
        if entry.annotation is not None and item.annotation_id is not None:
            row = np.flatnonzero(entry.annotation.ids == item.annotation_id)
            return _of_row(entry.annotation, int(row[0])) if len(row) else None
        return None if entry.prediction is None else _detected(entry.prediction.table, item)

    def pick(self, yx: tuple[float, float], radius_px: float) -> Item | None:
        """Put what lies nearest to a place under review, if it is near enough."""
        found = nearest_thing(self.entry, self.items, yx, radius_px)
        if found is not None:
            self.go_to(found)
        return found


def items_of(entry: ImageEntry, tolerance_nm: float) -> tuple[Item, ...]:
    """Return everything in an image that deserves a look, judged or not."""
    prediction, matching = entry.prediction, entry.overlay.matching
    tolerance_px, ignore_radius_px = lengths_px(entry, tolerance_nm)
    is_known = matching is not None and matching.tolerance_px == tolerance_px
    return find_items(
        None if prediction is None else prediction.table,
        entry.annotation,
        tolerance_px,
        far_px=FAR_SHARE * tolerance_px,
        ignore_radius_px=ignore_radius_px,
        has_reference=has_reference(entry),
        matching=matching if is_known else None,
    )


def lengths_px(entry: ImageEntry, tolerance_nm: float) -> tuple[float, float]:
    """Return tolerance, and radius around uncertain slits in which nothing counts, in px."""
    size_nm = entry.pixel_size_nm or assumed_nm(entry)
    return tolerance_nm / size_nm, default_of(EvaluateJob, "ignore_radius_nm") / size_nm


def has_reference(entry: ImageEntry) -> bool:
    """Whether there was an annotation before the detections were judged."""
    if entry.annotation is None:
        return False
    begun_here = entry.history.state.points is entry.annotation
    return not begun_here or entry.history.base.points is not None


def nearest_thing(
    entry: ImageEntry | None, items: Iterable[Item], yx: tuple[float, float], radius_px: float
) -> Item | None:
    """Return the item, annotated slit or detection nearest to a place; None if all are far."""
    if entry is None:
        return None
    things = list(items)
    if entry.annotation is not None and len(living := _living(entry.annotation)):
        away = np.hypot(*(entry.annotation.yx[living] - yx).T)
        things.append(_of_row(entry.annotation, int(living[away.argmin()])))
    near = [(math.dist(each.yx, yx), number) for number, each in enumerate(things)]
    distance, number = min(near, default=(math.inf, 0))
    return things[number] if distance <= radius_px else None


def _living(table: PointTable) -> NDArray[np.intp]:
    return np.flatnonzero(table.is_slit)


def _of_row(table: PointTable, row: int) -> Item:
    """Return a point of the annotation as a place to look at."""
    y, x = table.yx[row].tolist()
    here = Item.at((y, x))
    return here._replace(annotation_id=int(table.ids[row]), score=float(table.score[row]))


def _detected(table: PointTable, item: Item) -> Item | None:
    """Return the detection that an item was of, if the model still finds it."""
    rows = np.flatnonzero((table.yx == item.yx).all(axis=1) & (table.score == item.score))
    if not len(rows):
        return None
    return Item.at(item.yx)._replace(detection_row=int(rows[0]), score=item.score)


def _same(item: Item, items: Iterable[Item]) -> Item | None:
    """Return the item of the same point or detection among others, which may be new ones."""
    for each in items:
        if item.annotation_id is not None and each.annotation_id == item.annotation_id:
            return each
        same_detection = item.detection_row is not None and each.detection_row is not None
        if same_detection and (each.yx, each.score) == (item.yx, item.score):
            return each
    return None
