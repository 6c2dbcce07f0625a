"""Walking through errors, proposals and doubts."""

from __future__ import annotations

import math
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_slitseg.core.matching import match
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Annotation, Signature, apply
from napari_slitseg.core.review import operations as op
from napari_slitseg.core.review.walk import (
    KINDS,
    ORDERS,
    Item,
    find_items,
    in_order,
    nearest_item,
    next_item,
    previous_item,
)
from napari_slitseg.core.review.way import along_the_way

BY = Signature("Ada", "2026-11-21T09:30:00Z")


def table(*yx: tuple[float, float], **values: object) -> PointTable:
    return PointTable.from_yx(np.array(yx, np.float64), **values)


def found(*yx: tuple[float, float], score: object = None) -> PointTable:
    return table(*yx, score=score, status="proposed", origin="model:m@12345678")


def after(before: PointTable | None, edit: object) -> PointTable:
    points = apply(Annotation(before), edit).points
    assert points is not None
    return points


def told(items: tuple[Item, ...]) -> list[tuple]:
    return [(i.kind, i.detection_row, i.annotation_id, i.judged) for i in items]


def test_nothing_deserves_no_look() -> None:
    empty = PointTable.empty()
    for detections in (None, empty):
        for annotation in (None, empty):
            assert find_items(detections, annotation, 5) == ()


def test_detections_alone_are_proposals() -> None:
    items = find_items(found((1, 1), (2, 2)), None, 5)
    assert told(items) == [("proposal", 0, None, False), ("proposal", 1, None, False)]


def test_detections_where_people_say_there_is_nothing_are_false_positives() -> None:
    items = find_items(found((1, 1)), PointTable.empty(), 5)
    assert told(items) == [("false positive", 0, None, False)]


def test_annotations_that_the_model_did_not_find_were_missed() -> None:
    items = find_items(PointTable.empty(), table((1, 1), (2, 2)), 5)
    assert told(items) == [("missed", None, 0, False), ("missed", None, 1, False)]


def test_nothing_was_missed_before_the_model_looked() -> None:
    assert find_items(None, table((1, 1)), 5) == ()


@pytest.mark.parametrize(("distance", "kinds"), [(5, []), (5.001, ["false positive", "missed"])])
def test_the_tolerance_is_inclusive(distance: float, kinds: list[str]) -> None:
    items = find_items(found((0, 0)), table((0, distance)), 5)
    assert [item.kind for item in items] == kinds


def test_of_two_detections_for_one_slit_one_is_false() -> None:
    items = find_items(found((0, 0), (0, 3)), table((0, 2)), 5)
    assert told(items) == [("false positive", 0, None, False)]


def test_of_two_equally_near_detections_one_is_false() -> None:
    items = find_items(found((0, 0), (0, 4)), table((0, 2)), 5)
    assert [item.kind for item in items] == ["false positive"]


def test_a_match_farther_apart_than_asked_is_an_item() -> None:
    items = find_items(found((0, 0), (9, 9), score=[0.5, 0.5]), table((0, 3), (9, 11)), 5, far_px=2)
    assert told(items) == [("far match", 0, 0, False)]
    assert items[0].distance_px == 3
    assert items[0].severity == 3 / 5
    assert items[0].yx == (0, 0)


def test_a_far_match_that_a_person_confirmed_is_judged() -> None:
    annotation = table((0, 3))
    confirmed = after(annotation, op.accept(annotation, [0], BY))
    items = find_items(found((0, 0)), confirmed, 5, far_px=2)
    assert told(items) == [("far match", 0, 0, True)]


def test_a_rejected_false_positive_is_judged_at_another_threshold_and_run_too() -> None:
    annotation = table((9, 9))
    judged = after(annotation, op.reject_detections(annotation, found((1, 1)), BY))
    assert told(find_items(found((1, 1)), judged, 2)) == [
        ("false positive", 0, 1, True),
        ("missed", None, 0, False),
    ]
    moved = find_items(found((9, 9), (1, 3), (1, 2.5), (1, 4)), judged, 2)
    assert told(moved) == [
        *(("false positive", 1, None, False), ("false positive", 3, None, False)),
        ("false positive", 2, 1, True),
    ]


def test_a_rejection_that_was_withdrawn_judges_nothing() -> None:
    judged = after(None, op.reject_detections(None, found((1, 1)), BY))
    withdrawn = after(judged, op.delete(judged, [0], BY))
    assert told(find_items(found((1, 1)), withdrawn, 2)) == [("false positive", 0, None, False)]


def test_accepting_a_missed_slit_judges_it() -> None:
    annotation = table((1, 1), (5, 5))
    judged = after(annotation, op.accept(annotation, [1], BY))
    items = find_items(PointTable.empty(), judged, 2)
    assert [(item.annotation_id, item.judged) for item in items] == [(0, False), (1, True)]


def test_what_was_made_of_the_detections_is_no_reference_unless_it_is_said_to_be() -> None:
    detections = found((1, 1), (5, 5), (9, 9))
    points = after(None, op.accept_detections(None, detections.take([0]), BY))
    points = after(points, op.reject_detections(points, detections.take([1]), BY))
    points = after(points, op.add(points, (20, 20), BY))
    items = find_items(detections, points, 2, has_reference=False)
    assert sorted(told(items), key=str) == [
        ("missed", None, 2, True),
        ("proposal", 0, 0, True),
        ("proposal", 1, 1, True),
        ("proposal", 2, None, False),
    ]
    errors = find_items(detections, points, 2)
    assert sorted(told(errors), key=str) == [
        ("false positive", 1, 1, True),
        ("false positive", 2, None, False),
        ("missed", None, 2, True),
    ]


def test_proposed_rows_of_a_file_are_proposals_with_their_detection() -> None:
    annotation = table((1, 1), (5, 5), (9, 9), status=["added", "proposed", "proposed"])
    items = find_items(found((1, 1), (5, 6)), annotation, 2)
    assert told(items) == [("proposal", 1, 1, False), ("proposal", None, 2, False)]
    assert items[0].distance_px == 1


def test_a_detection_near_a_rejected_and_a_proposed_row_belongs_to_the_rejected_one() -> None:
    annotation = table((1, 1), (1, 2), status=["rejected", "proposed"])
    items = find_items(found((1, 1.5)), annotation, 2)
    assert told(items) == [("false positive", 0, 0, True), ("proposal", None, 1, False)]


def test_the_same_items_are_equal_when_they_are_found_again() -> None:
    detections, annotation = found((0, 0), (50, 50)), table((9, 9), (20, 20), (49, 50))
    one, two = (find_items(detections, annotation, 3, far_px=0.5) for _ in range(2))
    assert one == two
    assert len(one) == 4


def test_uncertain_slits_are_items_and_set_detections_aside() -> None:
    annotation = table((1, 1), (5, 5), uncertain=[True, False])
    items = find_items(found((1, 2), (5, 5)), annotation, 2)
    assert told(items) == [("uncertain", None, 0, False)]
    near = find_items(found((1, 1), (1, 4), (5, 5)), annotation, 2, ignore_radius_px=3)
    assert told(near) == [("uncertain", None, 0, False)]


def test_tombstones_are_no_items() -> None:
    annotation = table((1, 1), (5, 5), status=["rejected", "deleted"], uncertain=[True, True])
    assert find_items(PointTable.empty(), annotation, 2) == ()


def test_a_matching_that_is_there_is_used_and_one_of_other_points_refused() -> None:
    detections, annotation = found((0, 0), (9, 9)), table((0, 3))
    matching = match(detections.yx, annotation.yx, 5)
    assert told(find_items(detections, annotation, 5, matching=matching)) == told(
        find_items(detections, annotation, 5)
    )
    with pytest.raises(ValueError, match="match them again"):
        find_items(detections.take([0]), annotation, 5, matching=matching)
    with pytest.raises(ValueError, match="matching is of other points"):
        find_items(detections, annotation, 5, matching=match(np.zeros((0, 2)), [[1, 1]], 5))


@pytest.mark.parametrize("length", [-1, np.nan])
def test_impossible_lengths_are_refused(length: float) -> None:
    with pytest.raises(ValueError, match="tolerance_px"):
        find_items(found((0, 0)), None, length)
    with pytest.raises(ValueError, match="far_px"):
        find_items(found((0, 0)), None, 5, far_px=length)


PLACES = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda yx: (yx[0] * 1.0, yx[1] * 1.1))
FEW = st.lists(PLACES, max_size=4)


def most_pairs(one: np.ndarray, other: np.ndarray, tolerance: float) -> tuple[int, float]:
    """Number and least sum of distances of the best pairs, by trying all."""
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    best = (0, 0.0)
    for size in range(len(few), 0, -1):
        sums = [
            float(distances.sum())
            for chosen in combinations(range(len(few)), size)
            for partners in permutations(range(len(many)), size)
            if (distances := np.linalg.norm(few[[*chosen]] - many[[*partners]], axis=1)).max()
            <= tolerance + 1e-9
        ]
        if sums:
            best = (size, min(sums))
            break
    return best


@settings(max_examples=40, deadline=None)
@given(FEW, FEW, FEW, st.sampled_from([0.0, 1.0, 2.0]))
def test_errors_are_judged_as_trying_all_pairs_tells(
    detected: list, slits: list, rejected: list, tolerance: float
) -> None:
    detections = PointTable.from_yx(np.array(detected, float).reshape(-1, 2))
    status = ["added"] * len(slits) + ["rejected"] * len(rejected)
    annotation = PointTable.from_yx(np.array(slits + rejected, float).reshape(-1, 2), status=status)
    items = find_items(detections, annotation, tolerance, far_px=-0.0)
    false = [item for item in items if item.kind == "false positive"]
    missed = [item for item in items if item.kind == "missed"]
    n_pairs, _ = most_pairs(detections.yx, annotation.yx[: len(slits)], tolerance)
    assert len(false) == len(detected) - n_pairs
    assert len(missed) == len(slits) - n_pairs
    places = np.array([item.yx for item in false]).reshape(-1, 2)
    n_judged, least = most_pairs(places, annotation.yx[len(slits) :], tolerance)
    judged = [item for item in false if item.judged]
    assert len(judged) == n_judged
    assert math.isclose(sum(item.distance_px for item in judged), least, abs_tol=1e-9)
    assert len({item.annotation_id for item in judged}) == n_judged
    assert all(item.annotation_id >= len(slits) for item in judged)


def many_items() -> tuple[Item, ...]:
    rng = np.random.default_rng(3)
    detections = PointTable.from_yx(
        rng.integers(0, 40, (60, 2)) * 2, score=np.round(rng.random(60), 1), status="proposed"
    )
    status = rng.choice(["added", "rejected", "proposed", "accepted"], 50).tolist()
    annotation = PointTable.from_yx(
        rng.integers(0, 40, (50, 2)) * 2, status=status, uncertain=rng.random(50) < 0.2
    )
    items = find_items(detections, annotation, 4, far_px=2)
    assert {item.kind for item in items} == set(KINDS)
    assert {item.judged for item in items} == {True, False}
    return items


@pytest.mark.parametrize("order", ORDERS)
def test_a_walk_meets_each_item_once_in_order(order: str) -> None:
    items = many_items()
    walked = []
    at = next_item(items, order=order, only_open=False)
    while at is not None:
        walked.append(at)
        at = next_item(items, at, order=order, only_open=False)
    assert tuple(walked) == in_order(items, order)
    assert sorted(map(id, walked)) == sorted(map(id, items))
    back = []
    at = previous_item(items, order=order, only_open=False)
    while at is not None:
        back.append(at)
        at = previous_item(items, at, order=order, only_open=False)
    assert back == walked[::-1]


def test_a_walk_meets_only_what_was_asked_for() -> None:
    items = many_items()
    wanted = [i for i in in_order(items) if i.kind in ("missed", "proposal") and not i.judged]
    at, walked = None, []
    while (at := next_item(items, at, kinds=("missed", "proposal"))) is not None:
        walked.append(at)
    assert walked == wanted
    assert next_item(items, kinds=()) is None


@pytest.mark.parametrize("order", ORDERS)
def test_a_walk_goes_on_where_an_item_vanished(order: str) -> None:
    items = in_order(many_items(), order)
    for at, item in enumerate(items[1:-1], start=1):
        others = items[:at] + items[at + 1 :]
        assert next_item(others, item, order=order, only_open=False) is items[at + 1]
        assert previous_item(others, item, order=order, only_open=False) is items[at - 1]


def test_orders_are_what_they_say() -> None:
    detections = found((0, 0), (0, 50), (0, 90), (50, 0), score=[0.5, 0.9, 0.2, np.nan])
    annotation = table((0, 4), (90, 90))
    items = find_items(detections, annotation, 5, far_px=3)

    def names(order: str) -> list[tuple]:
        return [(i.kind, i.detection_row) for i in in_order(items, order)]

    assert names("score")[:3] == [("false positive", 1), ("far match", 0), ("false positive", 2)]
    assert names("doubt")[:3] == [("far match", 0), ("false positive", 2), ("false positive", 1)]
    assert names("worst") == [
        *(("missed", None), ("false positive", 1), ("far match", 0)),
        *(("false positive", 2), ("false positive", 3)),
    ]


def test_by_place_means_along_the_way() -> None:
    items = in_order(many_items(), "place")
    places = np.array([item.yx for item in items])
    assert (np.diff(along_the_way(places)) >= 0).all()
    walked = np.linalg.norm(np.diff(places, axis=0), axis=1).sum()
    by_rows = places[np.lexsort(places.T[::-1])]
    assert walked < 0.5 * np.linalg.norm(np.diff(by_rows, axis=0), axis=1).sum()


def test_the_nearest_open_item_is_found() -> None:
    items = find_items(found((0, 0), (0, 50), (0, 60)), table((0, 0), (0, 40)), 5)
    nearest = nearest_item(items, (0, 58))
    assert nearest is not None
    assert nearest.yx == (0, 60)
    assert nearest_item(items, (0, 58), kinds=("missed",)).yx == (0, 40)
    assert nearest_item((), (0, 0)) is None


def test_a_walk_begins_at_a_place() -> None:
    items = find_items(found((0, 0), (40, 40), (300, 300)), None, 5)
    first, second, third = in_order(items)
    assert next_item(items, Item.at(second.yx)) is second
    assert next_item(items, second) is third
    assert previous_item(items, Item.at((10, 10))) is first


def test_the_way_goes_from_pixel_to_pixel() -> None:
    yx = np.argwhere(np.ones((32, 32), np.bool_)).astype(float)
    way = along_the_way(yx)
    steps = np.abs(np.diff(yx[np.argsort(way)], axis=0)).sum(axis=1)
    assert sorted(way.tolist()) == list(range(32 * 32))
    assert (steps == 1).all()


def test_places_outside_any_image_have_a_place_on_the_way() -> None:
    way = along_the_way(np.array([[-5, -5], [0, 0], [1e9, 1e9], [65535, 65535]]))
    assert way[0] == way[1]
    assert way[2] == way[3]
    assert len(along_the_way(np.zeros((0, 2)))) == 0


def test_the_way_is_short() -> None:
    yx = np.random.default_rng(0).uniform(0, 1500, (400, 2))
    walked = yx[np.argsort(along_the_way(yx))]
    length = np.linalg.norm(np.diff(walked, axis=0), axis=1).sum()
    shortest = 0.7124 * math.sqrt(400 * 1500**2)
    assert length < 1.6 * shortest
