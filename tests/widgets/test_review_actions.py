"""A review by the names of its actions, in a viewer without a window."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.points_table import TOMBSTONES
from napari_slitseg.widgets._review_controller import Reviewer
from napari_slitseg.widgets._review_figures import figures_of
from napari_slitseg.widgets._review_keys import BINDINGS
from napari_slitseg.widgets._review_walk import items_of
from napari_slitseg.widgets._review_words import item_facts, item_title
from napari_slitseg.widgets._session import session_of

FOUND = [[10, 10], [30, 10], [50, 10], [70, 30], [20, 60]]
"""The first two match, the third is far from its annotation, the last two are wrong."""
ANNOTATED = [[10, 10], [31, 10], [50, 14], [80, 60]]
"""The last one is missed."""


@pytest.fixture
def review(micrograph, predicted):
    """A reviewer of one image with errors of every kind."""
    viewer = ViewerModel()
    session = session_of(viewer)
    told: list[str] = []
    agreed: list[str] = []

    def confirm(question: str) -> bool:
        agreed.append(question)
        return True

    reviewer = Reviewer(viewer, session, confirm)
    reviewer.told.connect(lambda text, _: told.append(text))
    session.workspace.editor = "Ada"
    key = session.workspace.add_image(micrograph, annotation=PointTable.from_yx(ANNOTATED))
    session.workspace.set_prediction(key, predicted(FOUND))
    session.workspace.open(key)
    yield SimpleNamespace(
        viewer=viewer,
        session=session,
        workspace=session.workspace,
        reviewer=reviewer,
        walk=reviewer.walk,
        do=reviewer.do,
        told=told,
        asked=agreed,
        key=key,
    )
    reviewer.close()


def table_of(review) -> PointTable:
    return review.workspace.entry(review.key).annotation


def point_at(review, yx) -> str:
    """Look at what is drawn as under review."""
    assert review.walk.item is not None
    assert review.viewer.layers["under review"].data.tolist() == [list(map(float, yx))]
    return item_title(review.walk)


def test_every_key_has_an_action(review) -> None:
    for binding in BINDINGS:
        review.do(binding.action)
    with pytest.raises(KeyError):
        review.do("fly")


def test_a_walk_meets_every_error_once_and_says_what_it_is(review) -> None:
    met = []
    for _ in range(4):
        review.do("next")
        entry = review.workspace.current
        met.append((item_title(review.walk), item_facts(entry, review.walk.item)))
    assert sorted(met) == [
        ("False positive 1 of 2", "Score 0.50, nearest annotation 510 nm away"),
        ("False positive 2 of 2", "Score 0.60, nearest annotation 256 nm away"),
        ("Far match 1 of 1", "Score 0.70, 40 nm from its annotation"),
        ("Missed slit 1 of 1", "Nearest detection 316 nm away"),
    ]
    review.do("next")
    assert item_title(review.walk) == met[0][0]
    review.do("previous")
    assert item_title(review.walk) == met[-1][0]


def test_decisions_end_in_a_review_with_nothing_open_and_are_undone_bit_for_bit(review) -> None:
    before = table_of(review)
    review.do("next")
    for _ in range(10):
        kind = None if review.walk.item is None else review.walk.item.kind
        if not review.walk.n_open:
            break
        review.do({"false positive": "reject", "missed": "accept", "far match": "snap"}[kind])
    assert review.walk.n_open == 0
    after = table_of(review)
    assert int(np.isin(after.status, TOMBSTONES).sum()) == 2
    assert after.yx[2].tolist() == [50, 10]
    assert set(after.editor[after.time != ""]) == {"Ada"}
    scores = review.workspace.current.scores
    assert (scores.true_positive, scores.false_positive, scores.missed) == (3, 2, 1)
    for _ in range(4):
        review.do("undo")
    assert table_of(review) is before or table_of(review).equals(before)
    for _ in range(4):
        review.do("redo")
    assert table_of(review).equals(after)
    review.do("redo")
    assert review.told[-1] == "There is nothing to redo in this image."


def under_review(review, kind: str) -> None:
    """Go on until an item of a kind is under review."""
    for _ in range(10):
        review.do("next")
        if review.walk.item.kind == kind:
            return
    raise AssertionError(kind)


def test_a_detection_that_is_moved_step_by_step_becomes_one_slit(review) -> None:
    before = len(table_of(review))
    under_review(review, "false positive")
    start = np.array(review.walk.item.yx)
    review.do("move")
    for action in ("right", "down", "right"):
        review.do(action)
    assert len(table_of(review)) == before + 1
    assert table_of(review).yx[-1].tolist() == [start[0] + 1, start[1] + 2]
    assert item_title(review.walk) == "Annotated slit"
    assert "moved by Ada" in item_facts(review.workspace.current, review.walk.item)


def test_what_was_decided_can_be_decided_otherwise(review) -> None:
    review.reviewer.hand.goes_on = False
    before = len(table_of(review))
    under_review(review, "false positive")
    review.do("accept")
    review.do("uncertain")
    review.do("reject")
    assert table_of(review).status.tolist()[before:] == ["rejected"]
    review.do("undo")
    review.do("undo")
    review.do("undo")
    assert len(table_of(review)) == before
    review.do("accept")
    assert table_of(review).status.tolist()[before:] == ["accepted"]


def test_a_detection_below_a_new_threshold_is_under_review_no_more(review) -> None:
    under_review(review, "false positive")
    review.workspace.set_cut(0.95, 60.0)
    assert not len(review.workspace.current.prediction.table)
    assert review.walk.item is None
    before = table_of(review)
    review.do("accept")
    assert table_of(review) is before
    assert "No item is under review" in review.told[-1]


def test_a_point_whose_adding_is_undone_is_under_review_no_more(review) -> None:
    review.do("add")
    review.reviewer.hand.acts.add((70.0, 70.0))
    review.walk.pick((70.0, 70.0), 2.0)
    review.do("undo")
    assert review.walk.item is None or review.walk.item.yx != (70.0, 70.0)


def test_the_last_decision_says_that_nothing_is_left(review) -> None:
    review.do("accept_above")
    assert review.told[-1] == "Accepted 2 slits."
    for _ in range(2):
        review.do("next")
        review.do("accept")
    assert review.walk.n_open == 0
    assert review.walk.item is None


def test_accepting_by_score_and_the_walk_leave_out_the_same(review) -> None:
    unsure = np.arange(len(ANNOTATED) + 1) == len(ANNOTATED)
    table = PointTable.from_yx([*ANNOTATED, [68, 30]], uncertain=unsure)
    review.workspace.update(review.key, annotation=table)
    kinds = [item.kind for item in review.walk.items]
    assert kinds.count("false positive") == 1
    review.do("accept_above")
    assert "Accept 1 slit " in review.asked[-1]


def test_news_of_one_action_are_over_with_the_next(review) -> None:
    review.do("accept")
    assert "No item is under review" in review.told[-1]
    review.do("next")
    assert review.told[-1] == ""


def test_two_near_slits_become_one_and_far_ones_do_not(review) -> None:
    review.reviewer.hand.goes_on = False
    under_review(review, "missed")
    review.do("merge")
    assert "No other slit is within 150 nm" in review.told[-1]
    review.reviewer.hand.acts.add((80.0, 66.0))
    review.walk.pick((80.0, 66.0), 1.0)
    review.do("merge")
    table = table_of(review)
    assert table.take(table.is_slit).yx[-1].tolist() == [80.0, 63.0]
    assert int(np.isin(table.status, TOMBSTONES).sum()) == 1
    review.do("undo")
    assert table_of(review).is_slit.sum() == len(ANNOTATED) + 1


def test_a_slit_becomes_two_60_nm_apart(review) -> None:
    under_review(review, "missed")
    review.do("split")
    table = table_of(review)
    two = table.take(table.is_slit).yx
    assert {(80.0, 57.0), (80.0, 63.0)} <= set(map(tuple, two.tolist()))
    assert len(two) == len(ANNOTATED) + 1


def test_a_slit_snaps_to_its_detection_and_to_the_line_of_the_membrane(review) -> None:
    review.reviewer.hand.goes_on = False
    under_review(review, "far match")
    review.do("snap")
    assert table_of(review).yx[2].tolist() == [50, 10]
    membrane = np.zeros(review.workspace.current.shape, bool)
    membrane[20:70, 3:8] = True
    review.workspace.update(review.key, membrane=membrane)
    review.do("project")
    assert table_of(review).yx[2] == pytest.approx([50, 5], abs=0.6)


def test_figures_say_what_the_metrics_say(review) -> None:
    unsure = np.arange(len(ANNOTATED) + 1) == len(ANNOTATED)
    table = PointTable.from_yx([*ANNOTATED, [68, 30]], uncertain=unsure)
    review.workspace.update(review.key, annotation=table)
    texts = figures_of(review.workspace.current)
    assert (texts["slits"], texts["found"]) == ("4", "4")
    review.workspace.update(review.key, prediction=None)
    assert figures_of(review.workspace.current)["slits"] == "4"


def test_items_are_the_same_with_and_without_the_matching_of_the_overlay(review) -> None:
    entry = review.workspace.current
    assert entry.overlay.matching is not None
    bare = replace(entry, overlay=replace(entry.overlay, matching=None))
    for tolerance_nm in (review.workspace.tolerance_nm, 20.0):
        assert items_of(entry, tolerance_nm) == items_of(bare, tolerance_nm)


def test_images_come_most_doubtful_first_and_unpredicted_ones_last(
    review, micrograph, predicted, qtbot
) -> None:
    workspace, tour = review.workspace, review.reviewer.tour
    sure, unknown, unsure = (workspace.add_image(micrograph) for _ in range(3))
    whole = np.ones(micrograph.pixels.shape, np.float16)
    for key, score in ((sure, 0.999), (review.key, 0.8), (unsure, 0.41)):
        found = replace(predicted(FOUND, [score] * 5), membrane=whole)
        workspace.set_prediction(key, found)
    tour.images.which = "doubtful first"
    assert tour.doubts.ranked()[-1] == unknown
    assert tour.doubts.runner.is_busy
    qtbot.waitUntil(lambda: len(tour.doubts._known) == 3, timeout=20000)
    assert tour.doubts.ranked() == [unsure, review.key, sure, unknown]
    assert not tour.doubts.runner.is_busy
    assert tour.images.neighbour() == sure
    tour.images.set_done(sure, done=True)
    assert tour.images.neighbour() == unknown
    workspace.open(unknown)
    assert tour.images.neighbour() == unsure
    workspace.set_cut(0.995, 60.0)
    workspace.settle()
    tour.doubts.ranked()
    assert tour.doubts.runner.is_busy
    qtbot.waitUntil(lambda: not tour.doubts.runner.is_busy, timeout=20000)
