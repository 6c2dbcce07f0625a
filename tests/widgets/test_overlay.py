from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets._overlay import compare, edited_table
from napari_slitseg.widgets._style import MARKS


def table(*yx: tuple[float, float], **kwargs: object) -> PointTable:
    return PointTable.from_yx(np.array(yx, float).reshape(-1, 2), **kwargs)


def judged(predicted: PointTable | None, annotated: PointTable | None, tolerance_px: float = 5):
    return compare(
        predicted,
        annotated,
        shape=(100, 100),
        tolerance_px=tolerance_px,
        ignore_radius_px=10,
        pixel_size_nm=10.0,
    )


def test_each_point_gets_the_kind_it_is() -> None:
    predicted = table((10, 10), (50, 50), (80, 82))
    annotated = table((12, 10), (30, 30), (80, 80), uncertain=[False, False, True])
    overlay, scores = judged(predicted, annotated)
    assert overlay.detections.kind.tolist() == ["true positive", "false positive", "set aside"]
    assert overlay.annotations.kind.tolist() == ["matched", "missed", "uncertain"]
    assert scores is not None
    assert (scores.true_positive, scores.false_positive, scores.missed) == (1, 1, 1)


def test_a_line_leads_from_each_detection_to_its_annotation() -> None:
    overlay, _ = judged(table((50, 50), (10, 10)), table((12, 11), (90, 90)))
    np.testing.assert_allclose(overlay.lines, [[[10, 10], [2, 1]]])
    assert overlay.detections.distance_px[1] == pytest.approx(5**0.5)


def test_the_partner_is_counted_among_all_annotations_not_the_certain_ones() -> None:
    annotated = table((90, 90), (10, 10), uncertain=[True, False])
    overlay, _ = judged(table((10, 12)), annotated)
    assert overlay.annotations.kind.tolist() == ["uncertain", "matched"]
    np.testing.assert_allclose(overlay.lines, [[[10, 12], [0, -2]]])


@pytest.mark.parametrize(
    ("predicted", "annotated", "kinds"),
    [
        (None, None, []),
        (table((1, 1)), None, ["detected"]),
        (None, table((1, 1), (2, 2), uncertain=[False, True]), ["annotated", "uncertain"]),
        (table(), table((1, 1)), ["missed"]),
        (table((1, 1)), table(), ["false positive"]),
    ],
)
def test_what_is_missing_leaves_the_rest(predicted, annotated, kinds) -> None:
    overlay, scores = judged(predicted, annotated)
    assert sorted(overlay.counts().elements()) == sorted(kinds)
    assert (scores is None) == (predicted is None or annotated is None)


def test_points_that_were_rejected_are_no_annotations() -> None:
    annotated = table((10, 10), (50, 50), (80, 80), status=["rejected", "accepted", "proposed"])
    overlay, scores = judged(table((10, 10), (50, 50)), annotated)
    assert overlay.annotations.kind.tolist() == ["left out", "matched", "left out"]
    assert overlay.detections.kind.tolist() == ["false positive", "true positive"]
    assert scores.n_annotated == 1


def test_every_kind_has_a_look_of_its_own() -> None:
    scored = ("true positive", "false positive", "missed", "set aside", "uncertain", "matched")
    looks = {(MARKS[kind].symbol, MARKS[kind].filled) for kind in scored}
    colours = {MARKS[kind].colour for kind in ("true positive", "false positive", "missed")}
    assert len(looks) == len(scored)
    assert len(colours) == 3


def test_an_edit_keeps_ids_and_says_what_happened() -> None:
    before = table((1, 1), (2, 2), (3, 3), uncertain=[False, True, False])
    after = edited_table(before, np.array([1, 2, -1]), np.array([[2.0, 2], [3, 4], [9, 9]]))
    assert after.ids.tolist() == [1, 2, 3]
    assert after.status.tolist() == ["added", "added", "added"]
    assert after.uncertain.tolist() == [True, False, False]
    np.testing.assert_array_equal(after.yx, [[2, 2], [3, 4], [9, 9]])


def test_a_point_of_the_model_that_is_moved_says_so() -> None:
    before = table((1, 1), (2, 2), score=[0.5, 0.25], status="accepted", origin="model:m@12345678")
    after = edited_table(before, np.array([0, 1]), np.array([[1.0, 1], [2, 3]]))
    assert after.status.tolist() == ["accepted", "moved"]
    assert after.origin.tolist() == ["model:m@12345678"] * 2
    assert after.score.tolist() == [0.5, 0.25]


def test_a_copied_point_becomes_a_new_one() -> None:
    after = edited_table(table((1, 1)), np.array([0, 0]), np.array([[1.0, 1], [5, 5]]))
    assert after.ids.tolist() == [0, 1]
    assert after.origin.tolist() == ["human", "human"]


def test_all_points_can_be_deleted() -> None:
    after = edited_table(table((1, 1)), np.array([], np.int64), np.zeros((0, 2)))
    assert len(after) == 0
