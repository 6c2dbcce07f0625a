"""Edits drawn in a layer of points."""

from __future__ import annotations

import numpy as np

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Annotation, Signature, apply, drawn_edit

BY = Signature("Ada", "2026-11-21T09:30:00Z")


def table(*yx: tuple[float, float], **values: object) -> PointTable:
    return PointTable.from_yx(np.array(yx, np.float64), **values)


def drawn(
    before: PointTable,
    ids: list[int],
    yx: list[tuple[float, float]],
    shown: list[int] | None = None,
) -> PointTable:
    positions = np.array(yx, np.float64).reshape(-1, 2)
    visible = before.ids if shown is None else np.array(shown)
    edit = drawn_edit(before, visible, np.array(ids, np.int64), positions, BY)
    points = apply(Annotation(before), edit).points
    assert points is not None
    return points


def test_points_keep_their_ids_and_say_what_happened_to_them() -> None:
    before = table((1, 1), (2, 2), (3, 3), uncertain=[False, True, False])
    after = drawn(before, [1, 2, -1], [(2, 2), (3, 4), (9, 9)])
    assert after.ids.tolist() == [0, 1, 2, 3]
    assert after.status.tolist() == ["deleted", "added", "added", "added"]
    assert after.uncertain.tolist() == [False, True, False, False]
    assert after.yx.tolist() == [[1, 1], [2, 2], [3, 4], [9, 9]]
    assert after.editor.tolist() == ["Ada", "", "Ada", "Ada"]
    assert after.time.tolist() == [BY.time, "", BY.time, BY.time]


def test_a_point_of_the_model_that_is_moved_says_so() -> None:
    before = table((1, 1), (2, 2), score=[0.5, 0.25], status="accepted", origin="model:m@12345678")
    after = drawn(before, [0, 1], [(1, 1), (2, 3)])
    assert after.status.tolist() == ["accepted", "moved"]
    assert after.origin.tolist() == ["model:m@12345678"] * 2
    assert after.score.tolist() == [0.5, 0.25]


def test_a_copied_point_becomes_a_new_one() -> None:
    after = drawn(table((1, 1)), [0, 0], [(1, 1), (5, 5)])
    assert after.ids.tolist() == [0, 1]
    assert after.origin.tolist() == ["human", "human"]
    assert after.editor.tolist() == ["", "Ada"]


def test_what_was_taken_away_is_remembered() -> None:
    before = table((1, 1), (2, 2), score=[0.5, 0.25], status="proposed", origin="model:m@12345678")
    after = drawn(before, [], [])
    assert after.status.tolist() == ["deleted", "deleted"]
    assert after.origin.tolist() == ["model:m@12345678"] * 2
    assert not after.is_slit.any()


def test_points_that_were_not_shown_stay_as_they_are() -> None:
    before = table((1, 1), (2, 2), (3, 3), status=["rejected", "added", "added"])
    after = drawn(before, [], [], shown=[0, 2])
    assert after.status.tolist() == ["rejected", "added", "deleted"]
    assert after.editor.tolist() == ["", "", "Ada"]


def test_a_layer_as_it_was_is_no_edit() -> None:
    before = table((1, 1), (2, 2))
    edit = drawn_edit(before, before.ids, before.ids, before.yx, BY)
    assert edit.is_empty
