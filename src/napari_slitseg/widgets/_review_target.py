"""What an action is about: selected points, or the item under review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._review_walk import Walk
from napari_slitseg.widgets._scoring import assumed_nm
from napari_slitseg.widgets._workspace import Workspace

YX = tuple[float, float]

NOTHING: Final = "No item is under review. Go to the next one, or click on a slit."
_SAME_NM: Final = 150.0
TOO_FAR: Final = (
    f"No other slit is within {_SAME_NM:g} nm. Select the slits with napari's tool to merge them."
)
NO_POINT: Final = "That is a detection, no annotated slit. Accept it first."


class Refused(ValueError):
    """An action that makes no sense now; the message is for the person."""


class Target:
    """Finds what an action is about."""

    def __init__(self, workspace: Workspace, walk: Walk) -> None:
        self._workspace = workspace
        self._walk = walk

    def points(self, ids: Sequence[int]) -> list[int]:
        """Return selected points, else the one under review; none where that is a detection."""
        item = self._walk.item
        if ids:
            return list(ids)
        return [] if item is None or item.annotation_id is None else [item.annotation_id]

    def some(self, ids: Sequence[int]) -> list[int]:
        """Return selected points, else the one under review; refuse where there is none."""
        chosen = self.points(ids)
        if not chosen:
            raise Refused(NOTHING if self._walk.item is None else NO_POINT)
        return chosen

    def detection(self, entry: ImageEntry) -> PointTable:
        """Return the detection under review."""
        item = self._walk.item
        if item is None or item.detection_row is None or entry.prediction is None:
            raise Refused(NOTHING)
        return entry.prediction.table.take([item.detection_row])

    def place(self) -> YX | None:
        """Where the item under review lies now, None for none."""
        entry, item = self._workspace.current, self._walk.item
        if entry is None or item is None:
            return None
        return item.yx if item.annotation_id is None else yx_of(entry, item.annotation_id)

    def detected_place(self, entry: ImageEntry) -> YX:
        """Return the place of the detection that belongs to the item, else of the nearest one."""
        item = self._walk.item
        found = PointTable.empty() if entry.prediction is None else entry.prediction.table
        if item is None or not len(found):
            raise Refused("There is no detection to move onto.")
        row = item.detection_row
        if row is None:
            row = int(np.hypot(*(found.yx - item.yx).T).argmin())
        y, x = found.yx[row].tolist()
        return y, x

    def with_neighbour(self, entry: ImageEntry, chosen: int) -> list[int]:
        """Return a point and the annotated slit nearest to it."""
        table = entry.annotation
        others = PointTable.empty() if table is None else table.take(table.is_slit)
        others = others.take(others.ids != chosen)
        if not len(others):
            raise Refused("There is no second slit to merge with.")
        away_px = np.hypot(*(others.yx - yx_of(entry, chosen)).T)
        nearest = int(away_px.argmin())
        if away_px[nearest] * (entry.pixel_size_nm or assumed_nm(entry)) > _SAME_NM:
            raise Refused(TOO_FAR)
        return [chosen, int(others.ids[nearest])]


def yx_of(entry: ImageEntry, point: int) -> YX:
    """Return the place of a point of the annotation."""
    table = PointTable.empty() if entry.annotation is None else entry.annotation
    y, x = table.yx[table.ids == point][0].tolist()
    return y, x
