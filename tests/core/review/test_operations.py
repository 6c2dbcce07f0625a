"""What a person can do to the points of an annotation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Annotation, Edit, Signature, apply
from napari_slitseg.core.review import operations as op
from napari_slitseg.core.review.walk import find_items

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


def test_moving_to_several_places_is_refused() -> None:
    with pytest.raises(ValueError, match="one place"):
        op.move(table((1, 1)), 0, [(2, 2), (3, 3)], BY)


@pytest.mark.parametrize("status", ["rejected", "deleted", "proposed"])
def test_moving_says_that_it_is_a_slit_there(status: str) -> None:
    before = table((1, 1), status=status)
    points = after(before, op.move(before, 0, (2, 2), BY))
    assert points.status.tolist() == ["moved"]


def test_points_are_added_where_nobody_said_anything() -> None:
    points = after(None, op.add(None, (3.25, 4), BY))
    assert points.yx.tolist() == [[3.25, 4]]
    assert points.status.tolist() == ["added"]
    assert points.origin.tolist() == ["human"]
    assert points.editor.tolist() == ["Ada"]
    assert points.time.tolist() == [BY.time]
    assert np.isnan(points.score).all()


def test_new_points_come_last_with_new_ids() -> None:
    before = table((1, 1), (2, 2), (3, 3)).take([2, 0])
    points = after(before, op.add(before, [(8, 8), (9, 9)], BY))
    assert points.ids.tolist() == [2, 0, 3, 4]
    assert points.yx.tolist() == [[3, 3], [1, 1], [8, 8], [9, 9]]


def test_a_key_held_down_adds_one_point() -> None:
    once = after(None, op.add(None, [(3, 4), (3, 4)], BY))
    assert len(once) == 1
    assert op.add(once, (3, 4), LATER).is_empty


def test_a_point_is_added_where_one_was_taken_away() -> None:
    before = table((1, 1), (2, 2), status=["rejected", "proposed"])
    points = after(before, op.add(before, [(1, 1), (2, 2)], BY))
    assert points.status.tolist() == ["rejected", "proposed", "added", "added"]


@pytest.mark.parametrize("yx", [(np.nan, 1), (1, np.inf), (1, 2, 3), [], 5])
def test_what_is_no_place_is_refused(yx: object) -> None:
    before = table((1, 1))
    with pytest.raises(ValueError, match="place"):
        op.add(before, yx, BY)
    with pytest.raises(ValueError, match="place"):
        op.move(before, 0, yx, BY)
    with pytest.raises(ValueError, match="place"):
        op.split(before, 0, yx, BY)


def test_doubt_can_be_told_and_taken_back() -> None:
    before = table((1, 1), (2, 2))
    doubted = after(before, op.set_uncertain(before, [1], BY, uncertain=True))
    assert doubted.uncertain.tolist() == [False, True]
    assert doubted.status.tolist() == ["added", "added"]
    assert doubted.editor.tolist() == ["", "Ada"]
    assert op.set_uncertain(doubted, [1], LATER, uncertain=True).is_empty
    sure = after(doubted, op.set_uncertain(doubted, [0, 1], LATER, uncertain=False))
    assert sure.uncertain.tolist() == [False, False]
    assert sure.editor.tolist() == ["", "Bob"]


@pytest.mark.parametrize("status", ["proposed", "rejected", "deleted"])
def test_doubting_a_proposal_or_tombstone_says_that_it_may_be_a_slit(status: str) -> None:
    before = table((1, 1), status=status)
    points = after(before, op.set_uncertain(before, [0], BY, uncertain=True))
    assert points.status.tolist() == ["accepted"]
    assert points.uncertain.tolist() == [True]


def test_an_accepted_detection_becomes_a_point() -> None:
    before = table((1, 1))
    points = after(before, op.accept_detections(before, detections((5, 5), (6, 6)), BY))
    assert points.ids.tolist() == [0, 1, 2]
    assert points.yx.tolist() == [[1, 1], [5, 5], [6, 6]]
    assert points.status.tolist() == ["added", "accepted", "accepted"]
    assert points.score.tolist()[1:] == [0.75, 0.75]
    assert points.origin.tolist() == ["human", MODEL, MODEL]
    assert points.editor.tolist() == ["", "Ada", "Ada"]
    assert op.accept_detections(points, detections((5, 5)), LATER).is_empty


def test_a_doubtful_detection_is_accepted_as_uncertain() -> None:
    edit = op.accept_detections(None, detections((5, 5)), BY, uncertain=True)
    points = after(None, edit)
    assert points.uncertain.tolist() == [True]
    assert op.accept_detections(points, detections((5, 5)), LATER, uncertain=True).is_empty


def test_a_rejected_detection_becomes_a_tombstone_once() -> None:
    points = after(None, op.reject_detections(None, detections((5, 5), (5, 5)), BY))
    assert points.status.tolist() == ["rejected"]
    assert points.origin.tolist() == [MODEL]
    assert op.reject_detections(points, detections((5, 5), score=0.25), LATER).is_empty


@pytest.mark.parametrize("status", ["rejected", "deleted"])
def test_a_detection_at_the_place_of_a_tombstone_revives_it(status: str) -> None:
    before = table((5, 5), (6, 6), score=[0.5, 0.5], status=status, origin="model:old@00000000")
    points = after(before, op.accept_detections(before, detections((6, 6)), BY))
    assert points.ids.tolist() == [0, 1]
    assert points.status.tolist() == [status, "accepted"]
    assert points.score.tolist() == [0.5, 0.75]
    assert points.origin.tolist() == ["model:old@00000000", MODEL]


def test_accepting_where_a_slit_and_a_tombstone_are_finds_the_slit() -> None:
    before = table((5, 5), (5, 5), status=["added", "rejected"])
    points = after(before, op.accept_detections(before, detections((5, 5)), BY))
    assert points.status.tolist() == ["accepted", "rejected"]
    assert points.origin.tolist() == ["human", "human"]


def test_no_detections_are_no_edit() -> None:
    none = detections()
    assert op.accept_detections(None, none, BY).is_empty
    assert op.reject_detections(table((1, 1)), none, BY).is_empty
    assert op.accept_above(None, none, 0.5, 3, BY).is_empty


def test_points_merge_at_their_mean_place() -> None:
    before = table((0, 0), (4, 8), (9, 9), (2, 4), uncertain=[True, True, False, False])
    points = after(before, op.merge(before, [0, 1, 3], BY))
    assert points.status.tolist() == ["added", "deleted", "added", "deleted"]
    assert points.yx.tolist() == [[2, 4], [4, 8], [9, 9], [2, 4]]
    assert points.uncertain.tolist() == [False, True, False, False]
    assert points.editor.tolist() == ["Ada", "Ada", "", "Ada"]


def test_merged_doubts_stay_doubts() -> None:
    before = table((0, 0), (4, 8), uncertain=[True, True], status="accepted")
    points = after(before, op.merge(before, [1, 0], BY))
    assert points.uncertain.tolist() == [True, True]
    assert points.status.tolist() == ["moved", "deleted"]


def test_a_slit_the_model_found_twice_is_merged_once_and_for_all() -> None:
    found = detections((0, 0), (0, 2))
    accepted = after(None, op.accept_detections(None, found, BY))
    points = after(accepted, op.merge(accepted, [0, 1], BY))
    assert points.status.tolist() == ["moved", "rejected"]
    items = find_items(found, points, 3)
    assert [(item.kind, item.judged) for item in items] == [("false positive", True)]


@pytest.mark.parametrize("ids", [[], [0], [0, 0]])
def test_merging_needs_two(ids: list[int]) -> None:
    with pytest.raises(ValueError, match="at least two points"):
        op.merge(table((0, 0), (1, 1)), ids, BY)


@pytest.mark.parametrize("status", ["rejected", "deleted"])
def test_what_was_taken_away_is_neither_merged_nor_split(status: str) -> None:
    before = table((0, 0), (1, 1), status=["added", status])
    with pytest.raises(ValueError, match=f"Point 1 is {status}. Accept it first to merge it"):
        op.merge(before, [0, 1], BY)
    with pytest.raises(ValueError, match=f"Point 1 is {status}. Accept it first to split it"):
        op.split(before, 1, [(2, 2), (3, 3)], BY)


def test_one_point_becomes_two() -> None:
    before = table((0, 0), (1, 1), uncertain=[True, False], status="accepted", origin=MODEL)
    points = after(before, op.split(before, 0, [(0, 1), (0, 2)], BY))
    assert points.ids.tolist() == [0, 1, 2]
    assert points.yx.tolist() == [[0, 1], [1, 1], [0, 2]]
    assert points.status.tolist() == ["moved", "accepted", "added"]
    assert points.origin.tolist() == [MODEL, MODEL, "human"]
    assert points.uncertain.tolist() == [True, False, True]


@pytest.mark.parametrize("places", [[(1, 1)], [(1, 1), (1, 1)], [(1, 1), (2, 2), (3, 3)]])
def test_splitting_needs_two_places(places: list) -> None:
    with pytest.raises(ValueError, match="two different places"):
        op.split(table((0, 0)), 0, places, BY)


def test_everything_above_a_score_is_accepted_but_what_was_judged() -> None:
    before = table(
        *((10, 10), (20, 20), (30, 30), (40, 40), (50, 50), (60, 60)),
        score=[np.nan, 0.5, 0.5, 0.75, 0.25, 0.25],
        status=["added", "rejected", "deleted", "proposed", "proposed", "proposed"],
        uncertain=[True, False, False, False, False, False],
    )
    found = table(
        *((10, 12), (20, 22), (30, 32), (60, 60), (70, 70), (80, 80), (90, 90)),
        score=[0.9, 0.9, 0.9, 0.9, 0.5, 0.49, np.nan],
        status="proposed",
        origin=MODEL,
    )
    points = after(before, op.accept_above(before, found, 0.5, 2.0, BY))
    assert points.status.tolist() == [
        *("added", "rejected", "deleted", "accepted", "proposed", "accepted"),
        *("accepted", "accepted"),
    ]
    assert points.yx[6:].tolist() == [[30, 32], [70, 70]]
    assert points.yx[5].tolist() == [60, 60]
    assert op.accept_above(points, found, 0.5, 2.0, LATER).is_empty


def test_one_judged_point_stands_for_one_detection() -> None:
    before = table((10, 10), status="rejected")
    edit = op.accept_above(before, detections((10, 11), (10, 8)), 0.5, 2.0, BY)
    assert after(before, edit).yx[1:].tolist() == [[10, 8]]


def test_two_detections_at_the_place_of_a_proposed_row_accept_it_once() -> None:
    before = table((5, 5), score=[0.75], status="proposed")
    points = after(before, op.accept_above(before, detections((5, 5), (5, 5)), 0.5, 2.0, BY))
    assert points.status.tolist() == ["accepted"]


def test_what_lies_around_an_uncertain_slit_is_not_accepted_by_score() -> None:
    before = table((10, 10), uncertain=[True])
    found = detections((10, 11), (10, 9), (10, 17))
    edit = op.accept_above(before, found, 0.5, 2.0, BY, ignore_radius_px=5)
    assert after(before, edit).yx[1:].tolist() == [[10, 17]]


def test_points_are_put_on_the_nearest_line() -> None:
    lines = [[(0, 0), (0, 10), (10, 10)], [(20, 0)], np.zeros((0, 2)), [(5, 5), (5, 5)]]
    before = table((3, 4.25), (4, 12), (-1, -1), (19, 1), (5, 6), (0, 2), (9, 4), (4, 9.5))
    points = after(before, op.project(before, range(8), lines, BY))
    expected = [(5, 5), (4, 10), (0, 0), (20, 0), (5, 5), (0, 2), (5, 5), (4, 10)]
    assert points.yx.tolist() == [list(map(float, yx)) for yx in expected]
    assert points.editor.tolist() == ["Ada"] * 5 + [""] + ["Ada"] * 2
    assert op.project(points, range(8), lines, LATER).is_empty


def test_points_are_projected_as_a_search_along_the_line_finds() -> None:
    rng = np.random.default_rng(0)
    lines = [rng.uniform(0, 100, (7, 2)), rng.uniform(0, 100, (4, 2))]
    before = PointTable.from_yx(rng.uniform(-20, 120, (40, 2)), status="accepted")
    points = after(before, op.project(before, before.ids, lines, BY))
    share = np.linspace(0, 1, 2001)[:, None]
    places = np.concatenate([a + share * (b - a) for line in lines for a, b in pairwise(line)])
    reference = np.linalg.norm(before.yx[:, None] - places, axis=2).min(axis=1)
    distance = np.linalg.norm(points.yx - before.yx, axis=1)
    assert (distance <= reference + 1e-9).all()
    assert np.allclose(distance, reference, atol=0.01)
    assert points.status.tolist() == ["moved"] * 40
    on_a_line = np.linalg.norm(points.yx[:, None] - places, axis=2).min(axis=1)
    assert (on_a_line < 0.05).all()


def test_a_proposal_on_the_line_is_still_nobody_s_slit() -> None:
    before = detections((3, 1))
    points = after(before, op.project(before, [0], [[(0, 0), (0, 9)]], BY))
    assert (points.status[0], points.yx.tolist()) == ("proposed", [[0, 1]])
    assert after(points, op.accept(points, [0], LATER)).status[0] == "accepted"


def test_tombstones_stay_where_they_are_when_points_are_projected() -> None:
    before = table((1, 1), (2, 2), status=["rejected", "deleted"])
    assert op.project(before, [0, 1], [[(0, 0), (0, 9)]], BY).is_empty


@pytest.mark.parametrize("lines", [[], [np.zeros((0, 2))]])
def test_without_a_line_nothing_is_projected(lines: list) -> None:
    with pytest.raises(ValueError, match="Draw the membrane first"):
        op.project(table((1, 1)), [0], lines, BY)


def test_a_broken_line_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        op.project(table((1, 1)), [0], [[(0, 0), (np.nan, 1)]], BY)


@pytest.mark.parametrize(
    "act",
    [
        lambda t: op.accept(t, [0, 7], BY),
        lambda t: op.reject(t, [7], BY),
        lambda t: op.delete(t, [7], BY),
        lambda t: op.move(t, 7, (1, 1), BY),
        lambda t: op.set_uncertain(t, [7], BY, uncertain=True),
        lambda t: op.merge(t, [0, 7], BY),
        lambda t: op.split(t, 7, [(1, 1), (2, 2)], BY),
        lambda t: op.project(t, [7], [[(0, 0)]], BY),
    ],
)
@pytest.mark.parametrize("before", [None, table((1, 1), (2, 2))])
def test_a_point_that_is_not_there_is_told(act, before: PointTable | None) -> None:
    with pytest.raises(ValueError, match=r"no point .*7.* Select the points again"):
        act(before)


def test_nobody_chosen_is_no_edit() -> None:
    before = table((1, 1))
    for act in (op.accept, op.reject, op.delete):
        assert act(before, [], BY).is_empty
    assert op.set_uncertain(before, [], BY, uncertain=True).is_empty
    assert op.project(before, [], [[(0, 0)]], BY).is_empty


def test_an_edit_says_what_it_was_and_whose() -> None:
    before = table((1, 1), (5, 5))
    edits = {
        "accept": op.accept(before, [0], BY),
        "reject": op.reject(before, [0], BY),
        "delete": op.delete(before, [0], BY),
        "move": op.move(before, 0, (2, 2), BY),
        "add": op.add(before, (9, 9), BY),
        "mark as uncertain": op.set_uncertain(before, [0], BY, uncertain=True),
        "merge": op.merge(before, [0, 1], BY),
        "split": op.split(before, 0, [(2, 2), (3, 3)], BY),
        "accept all above": op.accept_above(before, detections((20, 20)), 0.5, 1, BY),
        "project": op.project(before, [0], [[(0, 0)]], BY),
    }
    assert {edit.kind for edit in edits.values()} == set(edits)
    assert all((edit.editor, edit.time) == ("Ada", BY.time) for edit in edits.values())
    for edit in edits.values():
        assert np.array_equal(after(before, edit).editor != "", after(before, edit).time != "")
