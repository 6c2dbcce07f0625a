from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets._overlay import compare
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
