from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from napari_slitseg.core.image import ImageReadError, Micrograph, read_image
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Signature, operations
from napari_slitseg.widgets._entry import Status
from napari_slitseg.widgets._overlay import Marks
from napari_slitseg.widgets._scoring import compare_entry
from napari_slitseg.widgets._workspace import Workspace


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(tolerance_nm=50)


def names(workspace: Workspace) -> list[str]:
    return [entry.name for entry in workspace.entries]


def test_files_are_listed_once_and_keep_their_order(workspace: Workspace) -> None:
    keys = workspace.add_paths([Path("b.png"), Path("a.png")])
    assert workspace.add_paths([Path("a.png"), Path("c.png")])[0] == keys[1]
    assert names(workspace) == ["b", "a", "c"]
    assert {entry.status for entry in workspace.entries} == {Status.WAITING}


def test_stepping_stops_at_the_ends(workspace: Workspace, micrograph: Micrograph) -> None:
    keys = [workspace.add_image(micrograph) for _ in range(3)]
    workspace.step(1)
    assert workspace.current is None
    workspace.open(keys[1])
    seen = Mock()
    workspace.current_changed.connect(seen)
    for by, expected in ((1, keys[2]), (1, keys[2]), (-1, keys[1]), (-5, keys[0])):
        workspace.step(by)
        assert workspace.current.key == expected
    assert seen.call_count == 3


@pytest.mark.parametrize(("removed", "then"), [(0, 1), (1, 2), (2, 1)])
def test_removing_the_current_image_opens_its_neighbour(
    workspace: Workspace, micrograph: Micrograph, removed: int, then: int
) -> None:
    keys = [workspace.add_image(micrograph) for _ in range(3)]
    workspace.open(keys[removed])
    workspace.remove(keys[removed])
    assert workspace.current.key == keys[then]


def test_removing_the_last_image_leaves_none(workspace: Workspace, micrograph: Micrograph) -> None:
    key = workspace.add_image(micrograph)
    workspace.open(key)
    workspace.remove(key)
    assert workspace.current is None
    assert workspace.entries == ()


def test_scores_follow_prediction_and_annotation(workspace, micrograph, predicted) -> None:
    key = workspace.add_image(micrograph, annotation=PointTable.from_yx([[10, 10], [50, 50]]))
    assert workspace.entry(key).scores is None
    workspace.set_prediction(key, predicted([[10, 12], [80, 60]]))
    entry = workspace.entry(key)
    assert entry.status is Status.PREDICTED
    assert (entry.scores.true_positive, entry.scores.missed) == (1, 1)
    workspace.edit_annotation(key, entry.annotation.ids[:1], entry.annotation.yx[:1])
    assert workspace.entry(key).scores.missed == 0
    assert workspace.entry(key).edited


def test_the_tolerance_is_in_nm(workspace, micrograph, predicted) -> None:
    key = workspace.add_image(micrograph, annotation=PointTable.from_yx([[10, 10]]))
    workspace.set_prediction(key, predicted([[10, 15]]))
    assert workspace.entry(key).scores.true_positive == 1
    workspace.open(key)
    workspace.set_tolerance(49)
    assert workspace.entry(key).scores.true_positive == 0


def test_without_a_pixel_size_that_of_the_prediction_counts(
    workspace, micrograph, predicted
) -> None:
    unknown = micrograph.with_pixel_size(None)
    key = workspace.add_image(unknown, annotation=PointTable.from_yx([[10, 10]]))
    workspace.set_prediction(key, predicted([[10, 15]], pixel_size_nm=20))
    scores = workspace.entry(key).scores
    assert scores.tolerance_px == 2.5
    assert scores.chamfer_nm is None


def test_the_current_image_follows_the_threshold_at_once_and_others_later(
    workspace, micrograph, predicted
) -> None:
    keys = [workspace.add_image(micrograph) for _ in range(2)]
    for key in keys:
        workspace.set_prediction(key, predicted([[10, 10], [50, 50]], [0.9, 0.5]))
    workspace.open(keys[0])
    workspace.set_cut(0.7, 60)
    assert [len(e.prediction.table) for e in workspace.entries] == [1, 2]
    assert not workspace.is_settled
    workspace.settle()
    assert [len(e.prediction.table) for e in workspace.entries] == [1, 1]
    assert workspace.is_settled


def test_an_image_is_brought_up_to_date_when_it_is_opened(workspace, micrograph, predicted) -> None:
    keys = [workspace.add_image(micrograph) for _ in range(2)]
    workspace.set_prediction(keys[1], predicted([[10, 10], [50, 50]], [0.9, 0.5]))
    workspace.open(keys[0])
    workspace.set_cut(0.7, 60)
    workspace.open(keys[1])
    assert len(workspace.current.prediction.table) == 1


def test_a_new_prediction_comes_at_the_chosen_threshold(workspace, micrograph, predicted) -> None:
    key = workspace.add_image(micrograph)
    workspace.set_cut(0.7, 60)
    workspace.set_prediction(key, predicted([[10, 10], [50, 50]], [0.9, 0.5]))
    assert workspace.entry(key).prediction.threshold == 0.7


def test_another_pixel_size_drops_the_prediction_but_no_annotation(
    workspace, micrograph, predicted
) -> None:
    key = workspace.add_image(micrograph, annotation=PointTable.from_yx([[10, 10]]))
    workspace.set_prediction(key, predicted([[10, 15]]))
    workspace.set_pixel_size(key, 5.0)
    entry = workspace.entry(key)
    assert entry.prediction is None
    assert entry.status is Status.READY
    assert len(entry.annotation) == 1
    assert workspace.image(key).pixel_size_nm == 5.0
    assert workspace.opener(key)().pixel_size_nm == 5.0


def test_answers_for_a_removed_image_are_dropped(workspace, micrograph, predicted) -> None:
    key = workspace.add_image(micrograph)
    workspace.remove(key)
    workspace.set_prediction(key, predicted([[1, 1]]))
    workspace.set_read(key, micrograph)
    workspace.set_status(key, Status.FAILED)
    assert workspace.entries == ()


def test_images_of_files_are_read_again_when_they_were_let_go(
    workspace: Workspace, folder: Path, pixels: np.ndarray
) -> None:
    (key,) = workspace.add_paths([folder / "a.png"])
    workspace.set_read(key, read_image(folder / "a.png"))
    _look_at_others(workspace, folder)
    np.testing.assert_array_equal(workspace.image(key).pixels, pixels)
    _look_at_others(workspace, folder)
    (folder / "a.png").unlink()
    with pytest.raises(ImageReadError, match=r"a\.png"):
        workspace.opener(key)()


def _look_at_others(workspace: Workspace, folder: Path) -> None:
    for number in range(3):
        path = folder / f"other{number}.png"
        path.write_bytes((folder / "b.png").read_bytes())
        workspace.image(workspace.add_paths([path])[0])


def test_each_page_is_an_image_of_its_own(workspace: Workspace, folder: Path) -> None:
    (key,) = workspace.add_paths([folder / "a.png"])
    workspace.set_read(key, replace(read_image(folder / "a.png"), n_pages=3))
    page = workspace.add_page(key, 2)
    assert workspace.add_page(page, 2) == page
    assert workspace.add_page(page, 0) == key
    assert workspace.entry(page).name == "a [page 3]"
    workspace.set_read(page, read_image(folder / "a.png"))
    assert workspace.entry(page).name == "a [page 3]"


def test_maps_are_let_go_when_they_take_too_much_memory(workspace, micrograph, predicted) -> None:
    one = predicted([[10, 10]])
    workspace.map_bytes = 3 * (one.slit.nbytes + one.membrane.nbytes)
    keys = [workspace.add_image(micrograph) for _ in range(6)]
    workspace.open(keys[0])
    for key in keys:
        workspace.set_prediction(key, predicted([[10, 10]]))
    kept = [bool(entry.prediction.slit.any()) for entry in workspace.entries]
    assert kept == [True, False, False, True, True, True]
    assert [len(entry.prediction.table) for entry in workspace.entries] == [1] * 6
    assert "Predict it again" in workspace.entries[1].message


def test_maps_of_the_images_predicted_last_are_kept_whatever_their_place(
    workspace, micrograph, predicted
) -> None:
    one = predicted([[10, 10]])
    workspace.map_bytes = one.slit.nbytes + one.membrane.nbytes
    first, second, third = (workspace.add_image(micrograph) for _ in range(3))
    workspace.open(workspace.add_image(micrograph))
    for key in (third, second, first, second):
        workspace.set_prediction(key, predicted([[10, 10]]))
    kept = [bool(workspace.entry(key).prediction.slit.any()) for key in (first, second, third)]
    assert kept == [False, True, False]


def test_what_the_reader_noticed_stays(workspace, micrograph, predicted) -> None:
    noticed = replace(micrograph, notices=("The pixels are not square.",))
    key = workspace.add_image(noticed, notices="The annotation was not read.")
    for status in (Status.PREDICTING, Status.FAILED, Status.READY):
        workspace.set_status(key, status, "reason" if status is Status.FAILED else "")
        message = workspace.entry(key).message
        assert "not square" in message
        assert "annotation was not read" in message
        assert ("reason" in message) == (status is Status.FAILED)
    workspace.set_prediction(key, predicted([[10, 10]]))
    assert "not square" in workspace.entry(key).message


def test_an_image_that_was_never_read_is_never_predicted(workspace, predicted) -> None:
    (key,) = workspace.add_paths([Path("a.png")])
    workspace.set_prediction(key, predicted([[10, 10]]))
    for status in (Status.PREDICTING, Status.READY, Status.PREDICTED):
        workspace.set_status(key, status)
    assert workspace.entry(key).prediction is None
    assert workspace.entry(key).status is Status.WAITING


def assert_same_marks(one: Marks, other: Marks) -> None:
    for field in fields(Marks):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_after_each_decision_overlay_and_scores_are_those_of_comparing_all_anew(
    predicted, micrograph
) -> None:
    rng = np.random.default_rng(0)
    yx = rng.uniform(0, 80, (60, 2))
    workspace = Workspace(tolerance_nm=50)
    key = workspace.add_image(micrograph, annotation=PointTable.from_yx(yx[:40]))
    workspace.set_prediction(key, predicted(yx[10:] + rng.normal(size=(50, 2))))
    by = Signature("Ann", "2026")
    acts = (
        lambda table, row, _: operations.reject_detections(table, row, by),
        lambda table, row, _: operations.accept_detections(table, row, by),
        lambda table, _, point: operations.move(table, point, rng.uniform(0, 80, 2), by),
        lambda table, _, point: operations.delete(table, [point], by),
        lambda table, _, point: operations.set_uncertain(table, [point], by, uncertain=True),
    )
    for step in range(42):
        table = workspace.entry(key).annotation
        found = workspace.entry(key).prediction.table
        row = found.take([rng.integers(len(found))])
        if step % 6 == 5:
            workspace.undo(key)
        else:
            workspace.apply(key, acts[step % 6](table, row, int(rng.choice(table.living.ids))))
        entry = workspace.entry(key)
        overlay, scores = compare_entry(entry, 50)
        assert entry.scores == scores
        np.testing.assert_array_equal(entry.overlay.lines, overlay.lines)
        assert_same_marks(entry.overlay.detections, overlay.detections)
        assert_same_marks(entry.overlay.annotations, overlay.annotations)
