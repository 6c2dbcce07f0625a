"""What a person does to the points of the current image. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import (
    Annotation,
    Edit,
    EditConflict,
    Signature,
    apply,
    operations,
    points_edit,
)
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._review_target import NO_POINT, NOTHING, YX, Refused, Target, yx_of
from napari_slitseg.widgets._review_walk import Walk, lengths_px
from napari_slitseg.widgets._workspace import Workspace

Make = Callable[[ImageEntry, Signature], Edit]


class Acts:
    """Edits of the current image, done through the workspace.

    Every method returns whether something changed; what went wrong is told in words.

    Signals: `told(text, bad)`.
    """

    told = Signal(str, bool)

    def __init__(self, workspace: Workspace, walk: Walk) -> None:
        self._workspace = workspace
        self._walk = walk
        self._target = Target(workspace, walk)

    # -- judging

    def accept(self, ids: Sequence[int] = ()) -> bool:
        """Say that the item under review, or selected points, are slits."""
        return self._judge(ids, operations.accept, operations.accept_detections)

    def reject(self, ids: Sequence[int] = ()) -> bool:
        """Say that they are no slits."""
        return self._judge(ids, operations.reject, operations.reject_detections)

    def uncertain(self, ids: Sequence[int] = ()) -> bool:
        """Say that one is not sure of them, or is sure after all."""

        def make(entry: ImageEntry, by: Signature) -> Edit:
            table, chosen = entry.annotation, self._target.points(ids)
            if not chosen or table is None:
                found = self._target.detection(entry)
                return operations.accept_detections(table, found, by, uncertain=True)
            sure = bool(table.uncertain[np.isin(table.ids, chosen)].all())
            return operations.set_uncertain(table, chosen, by, uncertain=not sure)

        return self._do_to_item(make)

    def accept_above(self, score: float) -> bool:
        """Accept every detection of at least a score that nobody judged yet."""
        return self._do(lambda entry, by: self._above(entry, score, by))

    def count_above(self, score: float) -> int:
        """How many detections that would accept."""
        entry = self._workspace.current
        if entry is None or entry.prediction is None:
            return 0
        return len(self._above(entry, score, Signature()).after)

    def _above(self, entry: ImageEntry, score: float, by: Signature) -> Edit:
        if entry.prediction is None:
            raise Refused("There is no prediction yet.")
        tolerance_px, radius_px = lengths_px(entry, self._workspace.tolerance_nm)
        found = entry.prediction.table
        return operations.accept_above(
            entry.annotation, found, score, tolerance_px, by, ignore_radius_px=radius_px
        )

    def _judge(
        self, ids: Sequence[int], of_points: Callable[..., Edit], of_found: Callable[..., Edit]
    ) -> bool:
        def make(entry: ImageEntry, by: Signature) -> Edit:
            if chosen := self._target.points(ids):
                return of_points(entry.annotation, chosen, by)
            return of_found(entry.annotation, self._target.detection(entry), by)

        return self._do_to_item(make)

    # -- placing

    def move(self, yx: YX) -> bool:
        """Put the point under review elsewhere; a detection is accepted there."""

        def make(entry: ImageEntry, by: Signature) -> Edit:
            if chosen := self._target.points(()):
                return operations.move(entry.annotation, chosen[0], yx, by)
            return _accepted_at(entry.annotation, self._target.detection(entry), yx, by)

        return self._do_to_item(make)

    def nudge(self, down_px: float, right_px: float) -> bool:
        """Move the point under review a little."""
        place = self._target.place()
        if place is None:
            return self._refuse(NOTHING)
        return self.move((place[0] + down_px, place[1] + right_px))

    def snap(self) -> bool:
        """Move the annotated slit under review onto its detection, or onto the nearest one."""

        def make(entry: ImageEntry, by: Signature) -> Edit:
            chosen = self._target.points(())
            if not chosen:
                raise Refused(NO_POINT)
            return operations.move(
                entry.annotation, chosen[0], self._target.detected_place(entry), by
            )

        return self._do(make)

    def project(self, lines: Sequence[NDArray[np.float64]], ids: Sequence[int] = ()) -> bool:
        """Put the point under review, or selected ones, onto the membrane line."""
        return self._do(
            lambda entry, by: operations.project(
                entry.annotation, self._target.some(ids), lines, by
            )
        )

    # -- points come and go

    def add(self, yx: YX) -> bool:
        """Set a slit."""
        return self._do(lambda entry, by: operations.add(entry.annotation, [yx], by))

    def delete(self, ids: Sequence[int] = ()) -> bool:
        """Withdraw the point under review, or selected ones."""
        return self._do(
            lambda entry, by: operations.delete(entry.annotation, self._target.some(ids), by)
        )

    def merge(self, ids: Sequence[int] = ()) -> bool:
        """Make one of the selected points, or of the one under review and its neighbour."""

        def make(entry: ImageEntry, by: Signature) -> Edit:
            chosen = (
                list(ids)
                if len(ids) > 1
                else self._target.with_neighbour(entry, self._target.some(ids)[0])
            )
            return operations.merge(entry.annotation, chosen, by)

        return self._do(make)

    def split(self, apart_px: float) -> bool:
        """Make two of the point under review, side by side."""

        def make(entry: ImageEntry, by: Signature) -> Edit:
            chosen = self._target.some(())[0]
            y, x = yx_of(entry, chosen)
            two = [(y, x - apart_px / 2), (y, x + apart_px / 2)]
            return operations.split(entry.annotation, chosen, two, by)

        return self._do(make)

    # -- undoing

    def undo(self) -> Edit | None:
        """Take back the last edit of the image."""
        return self._step(self._workspace.undo, "undo")

    def redo(self) -> Edit | None:
        """Do again what was undone last."""
        return self._step(self._workspace.redo, "redo")

    def _step(self, step: Callable[[int], Edit | None], name: str) -> Edit | None:
        entry = self._workspace.current
        try:
            edit = None if entry is None else step(entry.key)
        except (EditConflict, ValueError) as error:
            self._refuse(str(error))
            return None
        if edit is None:
            self._refuse(f"There is nothing to {name} in this image.")
        else:
            self.told.emit(f"{name.capitalize()}: {edit.kind}.", False)  # noqa: FBT003
        return edit

    # -- parts

    def _do_to_item(self, make: Make) -> bool:
        """Do an edit; a detection under review that becomes a point stays under review as one."""
        made: list[Edit] = []

        def kept(entry: ImageEntry, by: Signature) -> Edit:
            made.append(make(entry, by))
            return made[0]

        item = self._walk.item
        done = self._do(kept)
        if done and item is not None and item.annotation_id is None and len(made[0].after) == 1:
            self._walk.take(int(made[0].after.ids[0]))
        return done

    def _do(self, make: Make) -> bool:
        """Do an edit of the current image, and tell why where that is not possible."""
        entry = self._workspace.current
        if entry is None or not entry.shape[0]:
            return self._refuse("No image is open.")
        try:
            edit = make(entry, Signature.now(self._workspace.editor))
            self._workspace.apply(entry.key, edit)
        except (EditConflict, ValueError) as error:
            return self._refuse(str(error))
        if edit.is_empty:
            self.told.emit("Nothing to change: it is so already.", False)  # noqa: FBT003
        return not edit.is_empty

    def _refuse(self, text: str) -> bool:
        self.told.emit(text, True)  # noqa: FBT003
        return False


def _accepted_at(table: PointTable | None, detection: PointTable, yx: YX, by: Signature) -> Edit:
    """Accept a detection at another place than it was found, in one edit."""
    before = PointTable.empty() if table is None else table
    accepted = operations.accept_detections(table, detection, by)
    middle = apply(Annotation(table), accepted).points or before
    moved = operations.move(middle, int(accepted.after.ids[-1]), yx, by)
    after = apply(Annotation(middle), moved).points or middle
    return points_edit("move", before, after, editor=by.editor, time=by.time)
