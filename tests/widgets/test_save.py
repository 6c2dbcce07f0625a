"""Saving: what the window shows before, and what becomes of files that others changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QWidget

from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import read_points, write_points
from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.review import Edit, History, StripeChange
from napari_slitseg.widgets import _save
from napari_slitseg.widgets._membrane_file import MembraneFiles
from napari_slitseg.widgets._save_dialog import FileRow, SaveDialog
from napari_slitseg.widgets._save_plans import Draft, drafts_of
from napari_slitseg.widgets._work import FileRead, ToRead, read_files
from napari_slitseg.widgets._workspace import Workspace

START = [[10.0, 10], [50, 40], [60, 60]]


@pytest.fixture
def image(tmp_path: Path, pixels: np.ndarray) -> Path:
    """An annotated image in a folder with an umlaut."""
    folder = tmp_path / "Nähte 1"
    folder.mkdir()
    path = folder / "a b.png"
    Image.fromarray(pixels).save(path)
    write_points(path.with_suffix(".csv"), PointTable.from_yx(START))
    return path


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace(tolerance_nm=50)
    workspace.editor = "Ada"
    return workspace


@pytest.fixture
def parent(qtbot: Any) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def opened(workspace: Workspace, path: Path) -> int:
    """Read an image as the window does; return its key."""
    [key] = workspace.add_paths([path])
    read = list(read_files([ToRead(key, path)], lambda: False))
    file = next(each for each in read if isinstance(each, FileRead))
    workspace.set_read(
        key,
        file.micrograph,
        annotation=file.annotation,
        annotation_path=file.annotation_path,
        seen=file.seen,
    )
    return key


def draw(workspace: Workspace, key: int, ids: list[int], yx: list[list[float]]) -> None:
    workspace.edit_annotation(key, np.array(ids), np.array(yx, float))


def paint(workspace: Workspace, key: int, *rows: int) -> None:
    """Make these rows the membrane."""
    entry = workspace.entry(key)
    before = np.zeros(entry.shape, np.bool_) if entry.membrane is None else entry.membrane
    after = np.zeros(entry.shape, np.bool_)
    after[list(rows)] = True
    workspace.apply(key, Edit("paint", stripe=StripeChange.between(before, after)))


def elsewhere(path: Path, text: str) -> None:
    """Write a file in another process."""
    program = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(sys.argv[2].encode())"
    subprocess.run([sys.executable, "-c", program, str(path), text], check=True, timeout=60)


def answering(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[Draft]:
    """Answer questions as a person would who sees these drafts."""
    asked: list[Draft] = []
    monkeypatch.setattr(_save, "_ask", lambda _, drafts: asked.extend(drafts) or list(answers))
    return asked


def places(path: Path) -> list[list[float]]:
    return sorted(read_points(path).yx.tolist())


def test_a_file_changed_elsewhere_is_put_together_with_ours(
    image: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, file = opened(workspace, image), image.with_suffix(".csv")
    draw(workspace, key, [0, 1, 2], [[10, 10], [50, 40], [70, 70]])
    elsewhere(file, "axis-0,axis-1\n50,40\n60,60\n5,5\n")
    [draft] = drafts_of(workspace.entry(key), file)
    assert draft.answers[0] == "merge"
    asked = answering(monkeypatch, "merge")
    assert _save.save_annotations(parent, workspace) == "Saved a b.csv (both put together)."
    assert [each.title for each in asked] == ["a b.csv"]
    assert places(file) == [[5, 5], [50, 40], [70, 70]]
    assert not workspace.entry(key).edited

    workspace.undo(key)
    monkeypatch.setattr(_save, "_ask", lambda _, drafts: ["save"] * len(drafts))
    _save.save_annotations(parent, workspace)
    assert places(file) == [[10, 10], [50, 40], [70, 70]]


def test_a_file_changed_elsewhere_can_be_taken_over_left_or_kept_beside(
    image: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, file = opened(workspace, image), image.with_suffix(".csv")
    draw(workspace, key, [0, 1, 2], [[12, 10], [50, 40], [60, 60]])
    elsewhere(file, "axis-0,axis-1\n50,40\n")
    before = file.read_bytes()

    [draft] = drafts_of(workspace.entry(key), file)
    assert draft.plan.is_changed_elsewhere
    assert "save" not in draft.answers
    assert draft.answers[0] == "leave"
    answering(monkeypatch, "leave")
    assert "left as it is" in _save.save_annotations(parent, workspace)
    assert workspace.entry(key).edited

    answering(monkeypatch, "other")
    monkeypatch.setattr(_save, "_ask_where", lambda *_: file)
    assert "there already" in _save.save_annotations(parent, workspace)
    assert file.read_bytes() == before
    other = file.with_name("mine.csv")
    monkeypatch.setattr(_save, "_ask_where", lambda *_: other)
    assert _save.save_annotations(parent, workspace) == "Saved mine.csv (new file, 3 points)."
    assert places(other) == [[12, 10], [50, 40], [60, 60]]
    assert file.read_bytes() == before
    assert workspace.entry(key).annotation_path == other


def test_taking_over_a_file_can_be_undone(
    image: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, file = opened(workspace, image), image.with_suffix(".csv")
    draw(workspace, key, [0, 1, 2, -1], [[10, 10], [50, 40], [60, 60], [1, 1]])
    elsewhere(file, "axis-0,axis-1\n50,40\n7,7\n")
    answering(monkeypatch, "read back")
    _save.save_annotations(parent, workspace)
    entry = workspace.entry(key)
    assert entry.annotation is not None
    assert sorted(entry.annotation.living.yx.tolist()) == [[7, 7], [50, 40]]
    assert not entry.edited
    undone = workspace.undo(key)
    assert undone is not None
    assert undone.kind == "read back"
    now = workspace.entry(key).annotation
    assert now is not None
    assert sorted(now.yx.tolist()) == [[1, 1], [10, 10], [50, 40], [60, 60]]


def test_points_that_another_program_numbered_anew_are_the_same_points(
    image: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, file = opened(workspace, image), image.with_suffix(".csv")
    draw(workspace, key, [0, 1, 2, -1], [*START, [1, 1]])
    elsewhere(file, "index,axis-0,axis-1\n0,60,60\n1,50,40\n")
    answering(monkeypatch, "read back")
    _save.save_annotations(parent, workspace)
    draw(workspace, key, [1, 2], [[50, 40], [90, 70]])
    [draft] = drafts_of(workspace.entry(key), file)
    assert draft.plan.words == "~1 moved (31.6 px)"
    assert draft.plan.losses == ()
    answering(monkeypatch, "save")
    _save.save_annotations(parent, workspace)
    assert places(file) == [[50, 40], [90, 70]]


def test_a_file_that_changes_while_the_question_is_open_is_not_overwritten(
    image: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, file = opened(workspace, image), image.with_suffix(".csv")
    draw(workspace, key, [0, 1], [[12, 10], [50, 40]])

    def answer_late(_: QWidget, drafts: list[Draft]) -> list[str]:
        elsewhere(file, "axis-0,axis-1\n1,1\n")
        return ["save"] * len(drafts)

    monkeypatch.setattr(_save, "_ask", answer_late)
    told = _save.save_annotations(parent, workspace)
    assert "changed by another program just now" in told
    assert places(file) == [[1, 1]]
    assert workspace.entry(key).edited


def test_what_only_adds_to_a_file_of_ours_is_saved_without_a_question(
    image: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = image.with_suffix(".csv")
    file.write_text("axis-0,axis-1\n10,10\n50,40\n60,60\n")
    key = opened(workspace, image)
    asked = answering(monkeypatch, "save")
    draw(workspace, key, [0, 1, 2, -1], [*START, [1, 1]])
    _save.save_annotations(parent, workspace)
    assert len(asked) == 1, "somebody else wrote that file, with other columns"

    draw(workspace, key, [0, 1, 2, 3, -1], [*START, [2, 2], [5, 5]])
    told = _save.save_annotations(parent, workspace)
    assert told == "Saved a b.csv (+1 added, ~1 moved (1.4 px))."
    assert len(asked) == 1
    assert places(file) == [[2, 2], [5, 5], *START]

    draw(workspace, key, [0, 1, 2, 3], [*START, [2, 2]])
    _save.save_annotations(parent, workspace)
    assert len(asked) == 2, "a point leaves the file"
    elsewhere(file, file.read_text() + "9,9,9,,added,human,0,,\n")
    draw(workspace, key, [0, 1, 2, 3, -1], [*START, [2, 2], [7, 7]])
    _save.save_annotations(parent, workspace)
    assert len(asked) == 3, "somebody else changed it"


def test_columns_of_others_are_not_lost_by_putting_together_without_a_word(
    image: Path, workspace: Workspace, dialog_of: Callable[..., SaveDialog]
) -> None:
    draw(workspace, opened(workspace, image), [0, 1, 2, -1], [*START, [1, 1]])
    elsewhere(image.with_suffix(".csv"), "axis-0,axis-1,comment\n10,10,fine\n50,40,\n60,60,\n")
    dialog = dialog_of()
    [row] = dialog.rows
    assert row.answer == "leave"
    assert "column comment would be lost, also when both are put together" in texts(row)
    assert dialog.cancel.isDefault()


def test_what_a_model_found_is_not_saved_over(
    image: Path, workspace: Workspace, parent: QWidget
) -> None:
    found = image.with_name("a b_slits.csv")
    image.with_suffix(".csv").unlink()
    table = PointTable.from_yx(START, score=[0.9, 0.8, 0.7], origin="model:a@b", status="proposed")
    write_points(found, table)
    before = found.read_bytes()
    key = opened(workspace, image)
    assert workspace.entry(key).annotation_path == found
    draw(workspace, key, [0, 1, 2, -1], [*START, [1, 1]])
    assert "a b_annotations.csv" in _save.save_annotations(parent, workspace)
    assert found.read_bytes() == before
    assert len(read_points(image.with_name("a b_annotations.csv"))) == 4


def test_an_image_whose_file_name_was_not_chosen_is_told(
    workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = workspace.add_image(Micrograph(np.zeros((96, 80), np.uint8), 10.0, "test", "scene"))
    draw(workspace, key, [-1], [[3, 4]])
    monkeypatch.setattr(_save, "_ask_where", lambda *_: None)
    assert "scene was not saved: no file name" in _save.save_annotations(parent, workspace)
    assert workspace.entry(key).edited


def test_nothing_is_written_where_the_file_says_the_same(
    image: Path, workspace: Workspace, parent: QWidget
) -> None:
    key, file = opened(workspace, image), image.with_suffix(".csv")
    draw(workspace, key, [0, 1, 2], [[12, 10], [50, 40], [60, 60]])
    draw(workspace, key, [0, 1, 2], START)
    workspace.undo(key)
    workspace.undo(key)
    before = file.stat().st_mtime_ns
    assert workspace.entry(key).edited
    assert "say already" in _save.save_annotations(parent, workspace)
    assert not workspace.entry(key).edited
    assert file.stat().st_mtime_ns == before


def test_a_file_known_from_the_history_is_ours_after_a_restart(
    image: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, file = opened(workspace, image), image.with_suffix(".csv")
    draw(workspace, key, [0, 1, 2], [[12, 10], [50, 40], [60, 60]])
    monkeypatch.setattr(_save, "_ask", lambda _, drafts: ["save"] * len(drafts))
    _save.save_annotations(parent, workspace)
    draw(workspace, key, [0, 1, 2, -1], [[12, 10], [50, 40], [60, 60], [3, 3]])
    history = workspace.entry(key).history

    again = Workspace(tolerance_nm=50)
    [key] = again.add_paths([image])
    again.restore(key, history, edited=True, annotation_path=file)
    [draft] = drafts_of(again.entry(key), file)
    assert not draft.plan.is_changed_elsewhere
    assert draft.plan.words == "+1 added"

    elsewhere(file, "axis-0,axis-1\n99,99\n")
    [draft] = drafts_of(again.entry(key), file)
    assert draft.plan.is_changed_elsewhere
    again.restore(key, History.of(history.base), edited=True, annotation_path=file)


def test_the_membrane_is_saved_with_the_points(
    image: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = opened(workspace, image)
    file, mask = image.with_suffix(".csv"), image.with_name("a b_membrane.png")
    points = file.read_bytes()
    paint(workspace, key, 3, 4)
    told = _save.save_annotations(parent, workspace)
    assert told == "Saved a b_membrane.png (new file, membrane of 160 px)."
    assert file.read_bytes() == points
    assert np.flatnonzero(np.asarray(Image.open(mask)).any(axis=1)).tolist() == [3, 4]

    paint(workspace, key, 4, 5)
    draw(workspace, key, [0, 1, 2, -1], [*START, [1, 1]])
    asked = answering(monkeypatch, "save", "leave")
    told = _save.save_annotations(parent, workspace)
    assert [each.plan.words for each in asked] == [
        "+1 added",
        "+80 px drawn, \N{MINUS SIGN}80 px rubbed out",
    ]
    assert "Saved a b.csv" in told
    assert workspace.entry(key).edited
    monkeypatch.setattr(_save, "_ask", lambda _, drafts: ["save"] * len(drafts))
    _save.save_annotations(parent, workspace)
    assert not workspace.entry(key).edited
    assert np.flatnonzero(np.asarray(Image.open(mask)).any(axis=1)).tolist() == [4, 5]


def test_a_membrane_changed_elsewhere_since_it_was_read_is_put_together(
    image: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = image.with_name("a b_membrane.png")
    rows = np.zeros((96, 80), np.uint8)
    rows[[3, 4]] = 255
    Image.fromarray(rows).save(file)
    key = opened(workspace, image)
    MembraneFiles(workspace).open(key)
    paint(workspace, key, 3, 4, 10)
    rows[3], rows[20] = 0, 255
    Image.fromarray(rows).save(file)
    [draft] = drafts_of(workspace.entry(key), None)
    assert draft.answers[0] == "merge"
    answering(monkeypatch, "merge")
    _save.save_annotations(parent, workspace)
    assert np.flatnonzero(np.asarray(Image.open(file)).any(axis=1)).tolist() == [4, 10, 20]
    assert not workspace.entry(key).edited


def test_an_image_without_a_file_is_asked_where(
    tmp_path: Path, workspace: Workspace, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    micrograph = Micrograph(np.zeros((96, 80), np.uint8), 10.0, "test", "scene")
    key = workspace.add_image(micrograph)
    draw(workspace, key, [-1], [[3, 4]])
    file = tmp_path / "scene.csv"
    monkeypatch.setattr(_save, "_ask_where", lambda *_: file)
    told = _save.save_annotations(parent, workspace)
    assert told == "Saved scene.csv (new file, 1 point)."
    assert places(file) == [[3, 4]]
    assert not workspace.entry(key).edited

    paint(workspace, key, 3)
    told = _save.save_annotations(parent, workspace)
    assert "The membrane of scene was not saved" in told
    assert workspace.entry(key).edited


# -- the window


@pytest.fixture
def dialog_of(qtbot: Any, parent: QWidget, workspace: Workspace) -> Callable[..., SaveDialog]:
    def make(*paths: Path) -> SaveDialog:
        drafts = [
            draft
            for entry in workspace.entries
            for draft in drafts_of(entry, _save.target_of(entry))
        ]
        dialog = SaveDialog(parent, drafts)
        qtbot.addWidget(dialog)
        dialog.show()
        return dialog

    return make


def texts(row: FileRow) -> str:
    return "\n".join(each.text() for each in row.warnings)


def test_the_window_proposes_to_save_where_nothing_is_lost(
    qtbot: Any, image: Path, workspace: Workspace, dialog_of: Callable[..., SaveDialog]
) -> None:
    draw(workspace, opened(workspace, image), [0, 1, 2, -1], [*START, [1, 1]])
    dialog = dialog_of()
    [row] = dialog.rows
    assert row.warnings == []
    assert dialog.save.isDefault()
    assert row.details.isHidden()
    row.more.setFocus()
    qtbot.keyClick(row.more, Qt.Key.Key_Space)
    assert not row.details.isHidden()
    assert "added at row 1.0, column 1.0" in row.details.toPlainText()
    qtbot.keyClick(dialog.save, Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert dialog.answers == ["save"]


def test_the_window_warns_and_proposes_to_cancel_where_something_would_be_lost(
    qtbot: Any, image: Path, workspace: Workspace, dialog_of: Callable[..., SaveDialog]
) -> None:
    file = image.with_suffix(".csv")
    file.write_text("axis-0,axis-1,comment\n1,2,fine\n")
    draw(workspace, opened(workspace, image), [0, -1], [[1, 2], [5, 5]])
    dialog = dialog_of()
    assert "column comment would be lost" in texts(dialog.rows[0])
    assert dialog.cancel.isDefault()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Rejected


def test_the_window_tells_what_both_sides_did(
    image: Path, workspace: Workspace, dialog_of: Callable[..., SaveDialog]
) -> None:
    draw(workspace, opened(workspace, image), [0, 1, 2], [[12, 10], [50, 40], [60, 60]])
    elsewhere(image.with_suffix(".csv"), "axis-0,axis-1\n50,40\n60,60\n5,5\n")
    dialog = dialog_of()
    [row] = dialog.rows
    assert "There: +1 added, \N{MINUS SIGN}1 removed. Here: ~1 moved (2.0 px)." in texts(row)
    assert "you changed the point, the file removed it" in texts(row)
    assert dialog.cancel.isDefault()
    assert dialog.answers == ["leave"]
    row.choose("merge")
    assert dialog.answers == ["merge"]
    assert row.choice.currentText().startswith("Put both together")


def test_a_protected_file_can_only_be_left_or_kept_beside(
    image: Path, workspace: Workspace, dialog_of: Callable[..., SaveDialog]
) -> None:
    draw(workspace, opened(workspace, image), [0, 1, 2, -1], [*START, [1, 1]])
    image.with_suffix(".csv").chmod(0o444)
    [row] = dialog_of().rows
    assert "write-protected" in texts(row)
    assert row.choice.count() == 2
    assert row.answer == "leave"


def test_a_file_that_cannot_be_read_is_said_to_stay_and_why(
    image: Path, workspace: Workspace, dialog_of: Callable[..., SaveDialog]
) -> None:
    draw(workspace, opened(workspace, image), [0, 1, 2, -1], [*START, [1, 1]])
    elsewhere(image.with_suffix(".csv"), "axis-0,axis-1\n1,two\n")
    [row] = dialog_of().rows
    assert row.answer == "leave"
    assert "not overwritten. a b.csv, line 2" in texts(row)
    assert "lost" not in texts(row)
    assert row.words.isHidden()
    assert row.more.isHidden()
