from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_slitseg.core.morphometry.edits import EditCounts
from napari_slitseg.core.morphometry.sources import (
    appended,
    membrane_to_measure,
    needs_proposals,
    slits_to_measure,
)
from napari_slitseg.core.points import STATUSES, PointTable

_WHEN = "2026-01-02T03:04:05+00:00"


def table(*rows: tuple[float, str], time: str = _WHEN, editor: str = "ada") -> PointTable:
    """Points on a line, by their column and status."""
    return PointTable(
        ids=np.arange(len(rows)),
        yx=np.array([(0.0, x) for x, _ in rows]).reshape(-1, 2),
        score=np.full(len(rows), np.nan),
        status=np.array([status for _, status in rows], np.str_),
        origin=np.full(len(rows), "human"),
        uncertain=np.zeros(len(rows), bool),
        editor=np.full(len(rows), editor),
        time=np.full(len(rows), time),
    )


def proposed(*columns: float) -> PointTable:
    yx = np.array([(0.0, x) for x in columns]).reshape(-1, 2)
    return PointTable.from_yx(
        yx, score=np.full(len(columns), 0.9), status="proposed", origin="model:m@12345678"
    )


def columns(points: PointTable) -> list[float]:
    return sorted(points.yx[:, 1].tolist())


def test_without_annotation_the_proposals_are_measured() -> None:
    choice = slits_to_measure(None, proposed(1, 2), is_done=False, tolerance_px=5)
    assert (choice.source, columns(choice.table)) == ("proposals", [1, 2])
    assert choice.edits == EditCounts(unjudged=2)
    assert choice.edits.edited_share == 0


def test_nothing_at_hand_is_none() -> None:
    choice = slits_to_measure(None, None, is_done=False, tolerance_px=5)
    assert (choice.source, len(choice.table)) == ("none", 0)
    assert math.isnan(choice.edits.edited_share)
    assert math.isnan(choice.edits.judged_share)


def test_of_a_finished_review_only_the_slits_of_the_annotation_count() -> None:
    said = table((0, "accepted"), (20, "rejected"), (40, "moved"), (60, "proposed"))
    choice = slits_to_measure(said, proposed(0, 20, 100), is_done=True, tolerance_px=5)
    assert (choice.source, columns(choice.table)) == ("reviewed", [0, 40])
    assert choice.edits == EditCounts(accepted=1, moved=1, taken_away=1)
    assert choice.editors == ("ada",)


def test_a_review_that_was_done_without_a_word_measures_what_the_model_found() -> None:
    choice = slits_to_measure(None, proposed(3), is_done=True, tolerance_px=5)
    assert (choice.source, columns(choice.table)) == ("proposals", [3])


def test_imported_slits_are_measured_without_proposals() -> None:
    said = appended(table((0, "added"), time=""), table((30, "added")))
    choice = slits_to_measure(said, proposed(100), is_done=False, tolerance_px=5)
    assert (choice.source, columns(choice.table)) == ("annotation", [0, 30])


def test_decisions_are_completed_by_proposals_that_nobody_judged() -> None:
    said = table((0, "accepted"), (20, "rejected"), (40, "deleted"), (60, "added"))
    found = proposed(0, 21, 44, 65, 66, 100)
    choice = slits_to_measure(said, found, is_done=False, tolerance_px=5)
    assert choice.source == "decisions and unjudged proposals"
    assert columns(choice.table) == [0, 60, 66, 100]
    assert choice.edits == EditCounts(accepted=1, added=1, taken_away=2, unjudged=2)
    assert choice.edits.edited_share == pytest.approx(3 / 6)
    assert choice.edits.judged_share == pytest.approx(4 / 6)
    assert len(set(choice.table.ids.tolist())) == 4


def test_a_tombstone_alone_still_takes_its_proposal_away() -> None:
    choice = slits_to_measure(
        table((20, "rejected")), proposed(20, 90), is_done=False, tolerance_px=5
    )
    assert columns(choice.table) == [90]
    assert choice.edits == EditCounts(taken_away=1, unjudged=1)


def test_decisions_without_a_prediction_stand_alone() -> None:
    choice = slits_to_measure(table((5, "added")), None, is_done=False, tolerance_px=5)
    assert (choice.source, columns(choice.table)) == ("annotation", [5])


def test_rows_that_are_still_proposed_are_proposals_where_there_are_no_others() -> None:
    said = table((0, "proposed"), (30, "proposed"))
    alone = slits_to_measure(said, None, is_done=False, tolerance_px=5)
    assert (alone.source, columns(alone.table)) == ("proposals", [0, 30])
    newer = slits_to_measure(said, proposed(7), is_done=False, tolerance_px=5)
    assert (newer.source, columns(newer.table)) == ("proposals", [7])
    assert alone.editors == newer.editors == ()


def test_an_annotation_without_a_point_leaves_the_proposals() -> None:
    choice = slits_to_measure(PointTable.empty(), proposed(1), is_done=False, tolerance_px=5)
    assert (choice.source, columns(choice.table)) == ("proposals", [1])
    done = slits_to_measure(PointTable.empty(), proposed(1), is_done=True, tolerance_px=5)
    assert (done.source, len(done.table)) == ("reviewed", 0)


@pytest.mark.parametrize("tolerance", [-1.0, math.nan, math.inf])
def test_an_impossible_tolerance_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance"):
        slits_to_measure(None, None, is_done=False, tolerance_px=tolerance)


_ROWS = st.lists(st.tuples(st.integers(0, 60).map(float), st.sampled_from(STATUSES)), max_size=8)


@given(_ROWS, st.lists(st.integers(0, 60), max_size=8), st.booleans(), st.integers(0, 9))
def test_counts_are_those_of_the_table_and_no_judged_place_is_counted_twice(
    rows: list[tuple[float, str]], found: list[int], is_done: bool, tolerance: int
) -> None:
    said = table(*rows)
    choice = slits_to_measure(said, proposed(*found), is_done=is_done, tolerance_px=tolerance)
    assert choice.edits.n_slits == len(choice.table)
    own = choice.table.status != "proposed"
    assert columns(choice.table.take(own)) == columns(said.take(said.is_slit))
    judged = said.take(said.status != "proposed").yx[:, 1]
    for x in choice.table.take(~own).yx[:, 1]:
        assert not is_done
        assert x in found
        assert (np.abs(judged - x) > tolerance).all()
    if not needs_proposals(said, is_done=is_done):
        without = slits_to_measure(said, None, is_done=is_done, tolerance_px=tolerance)
        assert columns(without.table) == columns(choice.table)


def test_a_drawn_membrane_goes_before_a_map() -> None:
    drawn, probability = np.zeros((2, 3), bool), np.ones((2, 3))
    assert membrane_to_measure(drawn, probability).source == "drawn"
    assert membrane_to_measure(drawn, probability).membrane is drawn
    assert membrane_to_measure(None, probability).membrane is probability
    assert membrane_to_measure(None, probability).source == "model"
    assert membrane_to_measure(None, None).membrane is None


def test_numbers_of_images_add_up() -> None:
    together = EditCounts.together([EditCounts(1, 2, 3, 4, 5), EditCounts(added=9)])
    assert together == EditCounts(10, 2, 3, 4, 5)
    assert EditCounts.together([]) == EditCounts()
