"""What a person can do to the points of an annotation."""

from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Annotation, Edit, Signature, apply
from napari_slitseg.core.review import operations as op

BY = Signature("Ada", "2026-11-21T09:30:00Z")
LATER = Signature("Bob", "2026-11-22T09:30:00Z")
MODEL = "model:m@12345678"


def table(*yx: tuple[float, float], **values: object) -> PointTable:
    return PointTable.from_yx(np.array(yx, np.float64), **values)


def after(before: PointTable | None, edit: Edit) -> PointTable:
    points = apply(Annotation(before), edit).points
    assert points is not None
    return points


def detections(*yx: tuple[float, float], score: float = 0.75) -> PointTable:
    return table(*yx, score=[score] * len(yx), status="proposed", origin=MODEL)


def test_a_file_s_point_is_accepted_once() -> None:
    before = table((1, 1), (2, 2))
    once = after(before, op.accept(before, [1], BY))
    assert once.status.tolist() == ["added", "accepted"]
    assert once.editor.tolist() == ["", "Ada"]
    assert once.time.tolist() == ["", BY.time]
    assert op.accept(once, [1], LATER).is_empty


@pytest.mark.parametrize("status", ["proposed", "rejected", "deleted"])
def test_accepting_brings_back(status: str) -> None:
    before = table((1, 1), score=[0.5], status=status, origin=MODEL)
    points = after(before, op.accept(before, [0], BY))
    assert points.status.tolist() == ["accepted"]
    assert points.origin.tolist() == [MODEL]
    assert points.score.tolist() == [0.5]


def test_a_person_s_point_that_is_rejected_stays_as_a_tombstone() -> None:
    before = table((1, 1), (2, 2))
    points = after(before, op.reject(before, [0], BY))
    assert points.status.tolist() == ["rejected", "added"]
    assert points.origin.tolist() == ["human", "human"]
    assert op.reject(points, [0], LATER).is_empty


def test_a_deleted_point_stays_as_a_tombstone() -> None:
    before = table((1, 1), (2, 2))
    points = after(before, op.delete(before, [1], BY))
    assert points.status.tolist() == ["added", "deleted"]
    assert op.delete(points, [1], LATER).is_empty


def test_a_point_moves_and_keeps_being_added() -> None:
    before = table((1, 1), (2, 2), status=["added", "accepted"])
    points = after(before, op.move(before, 0, (5, 6), BY))
    points = after(points, op.move(points, 1, (7, 8), BY))
    assert points.yx.tolist() == [[5, 6], [7, 8]]
    assert points.status.tolist() == ["added", "moved"]
    assert points.editor.tolist() == ["Ada", "Ada"]
    assert op.move(points, 1, (7, 8), LATER).is_empty
