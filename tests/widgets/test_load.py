from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QMainWindow, QMessageBox

from napari_slitseg.core.points import read_points
from napari_slitseg.widgets import _close_guard, _save, _save_plans
from napari_slitseg.widgets._entry import Status
from napari_slitseg.widgets._workspace import Workspace


def save_all(_, drafts) -> list[str]:
    """Answer of a person who lets everything be saved."""
    return ["save"] * len(drafts)


def cell(desk, row: int, title: str) -> str:
    number = [c.title for c in desk.load.table.columns].index(title)
    return desk.load.table.index(row, number).data()


def read(qtbot, desk, *paths: Path) -> None:
    desk.load.open_paths(paths)
    qtbot.waitUntil(lambda: not desk.load.runner.is_busy, timeout=10000)
    desk.load.refresh()


def test_a_folder_is_listed_with_its_annotations_and_its_bad_file(
    qtbot, desk, folder: Path
) -> None:
    read(qtbot, desk, folder)
    load, workspace = desk.load, desk.workspace
    assert [cell(desk, row, "Image") for row in range(3)] == ["a", "b", "broken"]
    assert [cell(desk, row, "Slits") for row in range(3)] == ["2", "—", "—"]
    assert cell(desk, 2, "Status") == "✗ failed"
    assert "broken.png" in workspace.entries[2].message
    assert "broken.png" in load.message.text()
    assert workspace.current.name == "a"
    assert load.empty.isHidden()
    assert not load.view.isHidden()

    load.next.click()
    assert workspace.current.name == "b"
    load.previous.click()
    assert workspace.current.name == "a"
    load.next.click()
    load._on_row(load.sorted.index(0, 0))
    assert workspace.current.name == "a"

    assert cell(desk, 0, "nm/px") == "? nm"
    model, at = load.table, load.table.index(0, 1)
    assert model.flags(at) & Qt.ItemFlag.ItemIsEditable
    assert model.setData(at, "8,5 nm")
    assert workspace.entries[0].pixel_size_nm == 8.5
    for wrong in ("0", "-3", "ten", "nan", "inf"):
        assert not model.setData(at, wrong)
        assert wrong in load.message.text()
    assert workspace.entries[0].pixel_size_nm == 8.5

    load.view.selectRow(2)
    load.remove_selected()
    assert [entry.name for entry in workspace.entries] == ["a", "b"]
    workspace.edit_annotation(workspace.entries[0].key, np.array([0]), np.array([[1.0, 1.0]]))
    load.refresh()
    assert cell(desk, 0, "Image") == "a *"
    assert cell(desk, 0, "Slits") == "1", "one was deleted"
    load.view.selectRow(0)
    load.remove_selected()
    assert len(workspace.entries) == 2
    assert "not saved" in load.message.text()


def test_dropped_files_pages_and_the_empty_list(qtbot, desk, tmp_path: Path) -> None:
    load, workspace = desk.load, desk.workspace
    assert not load.empty.isHidden()
    (tmp_path / "empty").mkdir()
    load.open_paths([tmp_path / "empty"])
    assert "no image" in load.message.text()

    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.arange(60, dtype=np.uint8).reshape(3, 4, 5), photometric="minisblack")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(os.fspath(path))])
    load.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    qtbot.waitUntil(lambda: workspace.current is not None, timeout=10000)
    qtbot.waitUntil(lambda: not load.runner.is_busy, timeout=10000)
    load.refresh()
    assert not load.page.isHidden()
    load.page.setValue(3)
    qtbot.waitUntil(lambda: workspace.current.status is Status.READY, timeout=10000)
    assert workspace.current.name == "stack [page 3]"
    assert workspace.image(workspace.current.key).pixels[0, 0] == 40
    assert len(workspace.entries) == 2


def test_edited_annotations_are_saved_but_never_over_a_file_unasked(
    qtbot, desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(qtbot, desk, folder)
    a, b = desk.workspace.entries[:2]
    desk.workspace.edit_annotation(a.key, np.array([0]), np.array([[1.0, 2]]))
    desk.workspace.edit_annotation(b.key, np.array([-1]), np.array([[3.0, 4]]))
    before = (folder / "a.csv").read_bytes()
    desk.load.save_all()
    assert (folder / "a.csv").read_bytes() == before
    assert not (folder / "b_annotations.csv").exists()
    assert "Nothing was saved" in desk.load.message.text()

    asked = []
    monkeypatch.setattr(
        _save, "_ask", lambda _, drafts: asked.append(drafts) or save_all(_, drafts)
    )
    desk.load.save_all()
    assert [[each.plan.path.name for each in drafts] for drafts in asked] == [
        ["a.csv", "b_annotations.csv"]
    ]
    assert asked[0][0].plan.words == "~1 moved (12.0 px), \N{MINUS SIGN}1 deleted"
    assert read_points(folder / "a.csv").yx.tolist() == [[1, 2]]
    assert read_points(folder / "b_annotations.csv").yx.tolist() == [[3, 4]]
    assert not any(entry.edited for entry in desk.workspace.entries)

    desk.workspace.edit_annotation(b.key, np.array([0]), np.array([[9.0, 9]]))

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_save_plans, "write_plan", refuse)
    desk.load.save_all()
    assert "No space left" in desk.load.message.text()
    assert desk.workspace.entry(b.key).edited


@pytest.mark.parametrize(
    ("answer", "closes"), [("Cancel", False), ("Discard", True), ("Save", False)]
)
def test_a_window_does_not_close_over_unsaved_annotations(
    qtbot, micrograph, monkeypatch: pytest.MonkeyPatch, answer: str, closes: bool
) -> None:
    """Saving is refused here, as by a full disk: the window stays."""
    window, workspace = QMainWindow(), Workspace(tolerance_nm=50)
    qtbot.addWidget(window)
    _close_guard.CloseGuard(window, workspace)
    button = getattr(QMessageBox.StandardButton, answer)
    asked = []
    monkeypatch.setattr(
        _close_guard, "_ask_before_closing", lambda _, names: asked.append(names) or button
    )
    told = []
    monkeypatch.setattr(_close_guard, "_tell", lambda _, text: told.append(text))
    key = workspace.add_image(micrograph)
    workspace.edit_annotation(key, np.array([-1]), np.array([[3.0, 4]]))
    window.show()
    assert window.close() is closes
    assert [text.splitlines()[0] for text in told] == ["Nothing was saved."] * (answer == "Save")
    assert asked == [["scene"]]
    workspace.update(key, edited=False)
    assert window.close()
    assert len(asked) == 1


def edit(workspace: Workspace, entry) -> None:
    workspace.edit_annotation(entry.key, np.array([-1]), np.array([[float(entry.key), 4]]))


def row_of(desk, name: str):
    rows = range(desk.load.sorted.rowCount())
    return next(i for r in rows if (i := desk.load.sorted.index(r, 0)).data() == name)


def test_a_click_on_an_image_that_failed_says_why_and_shows_nothing(
    qtbot, desk, folder: Path, pixels: np.ndarray
) -> None:
    read(qtbot, desk, folder)
    desk.load.message.say("")
    desk.load._on_row(row_of(desk, "broken"))
    assert desk.workspace.current.name == "broken"
    assert "broken.png" in desk.load.message.text()
    marks = next(layer for layer in desk.viewer.layers if layer.name == "annotated slits")
    assert not len(marks.data)
    marks.add([3, 3])
    assert desk.workspace.current.annotation is None
    assert [entry.edited for entry in desk.workspace.entries] == [False] * 3

    (folder / "b.png").replace(folder / "broken.png")
    read(qtbot, desk, folder / "broken.png")
    assert desk.workspace.current.status is Status.READY
    assert desk.viewer.layers["broken"].data.shape == pixels.shape


def test_after_cancelling_a_click_or_opening_again_reads_what_waits(
    qtbot, desk, folder: Path
) -> None:
    load, workspace = desk.load, desk.workspace
    load.open_paths([folder])
    load.tasks.cancel.click()
    assert "Cancelled: 3 of 3 images were not read" in load.message.text()
    load.refresh()
    assert cell(desk, 1, "Status") == "… waiting"
    load._on_row(row_of(desk, "b"))
    qtbot.waitUntil(lambda: not load.runner.is_busy, timeout=10000)
    assert [entry.status.value for entry in workspace.entries] == ["waiting", "ready", "waiting"]
    assert workspace.current.name == "b"

    load._on_row(row_of(desk, "a"))
    load.tasks.cancel.click()
    load._on_row(row_of(desk, "a"))
    qtbot.waitUntil(lambda: not load.runner.is_busy, timeout=10000)
    assert workspace.entries[0].status is Status.READY
    read(qtbot, desk, folder)
    assert [entry.status.value for entry in workspace.entries] == ["ready", "ready", "failed"]


def test_a_folder_is_listed_by_number_without_our_own_results(
    qtbot, desk, folder: Path, pixels: np.ndarray
) -> None:
    (folder / "broken.png").unlink()
    for name in ("img10", "img2", "a_maps", "a_slits", "b_annotations"):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    read(qtbot, desk, folder)
    assert [entry.name for entry in desk.workspace.entries] == ["a", "b", "img2", "img10"]


def test_a_folder_that_cannot_be_listed_is_told(
    qtbot, desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    desk.load.open_paths([folder])
    assert "Permission denied" in desk.load.message.text()
    assert desk.workspace.entries == ()
    monkeypatch.undo()


@pytest.mark.parametrize("wrong", ["0.001", "1000", "1e9"])
def test_a_pixel_size_no_microscope_has_is_refused(desk, micrograph, wrong: str) -> None:
    key = desk.workspace.add_image(micrograph)
    assert not desk.load.edit_pixel_size(key, wrong)
    assert desk.workspace.entry(key).pixel_size_nm == 10.0
    assert "0.05" in desk.load.message.text()
    assert "1000" in desk.load.message.text()
    assert desk.load.edit_pixel_size(key, "?")
    assert desk.workspace.entry(key).pixel_size_nm is None


def test_two_images_of_one_name_are_never_saved_to_one_file(
    qtbot, desk, tmp_path: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "a.tif"):
        Image.fromarray(pixels).save(tmp_path / name)
    read(qtbot, desk, tmp_path)
    one, two = desk.workspace.entries
    edit(desk.workspace, one)
    edit(desk.workspace, two)
    monkeypatch.setattr(_save, "_ask", save_all)
    desk.load.save_all()
    desk.load.save_all()
    assert [entry.edited for entry in desk.workspace.entries] == [False, True]
    file = tmp_path / "a_annotations.csv"
    assert read_points(file).yx.tolist() == [[one.key, 4]]
    said = desk.load.message.text()
    assert f"{two.path.name} was not saved" in said
    assert one.path.name in said
    assert "choose another file name" in said

    monkeypatch.setattr(_save, "_ask_where", lambda *_: file)
    desk.load.save_all()
    assert desk.workspace.entry(two.key).edited
    assert read_points(file).yx.tolist() == [[one.key, 4]]
    monkeypatch.setattr(_save, "_ask_where", lambda *_: tmp_path / "second.csv")
    desk.load.save_all()
    assert not desk.workspace.entry(two.key).edited
    assert read_points(tmp_path / "second.csv").yx.tolist() == [[two.key, 4]]
    edit(desk.workspace, desk.workspace.entry(two.key))
    desk.load.save_all()
    assert len(read_points(tmp_path / "second.csv")) == 1


def test_one_annotation_file_for_two_images_is_told_and_saved_from_one(
    qtbot, desk, folder: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(pixels).save(folder / "a.tif")
    (folder / "broken.png").unlink()
    read(qtbot, desk, folder)
    assert "a.csv was read for a.png and for a.tif" in desk.load.message.text()
    _, two = (entry for entry in desk.workspace.entries if entry.name == "a")
    assert "a.csv was read for" in two.message
    before = (folder / "a.csv").read_bytes()
    edit(desk.workspace, two)
    monkeypatch.setattr(_save, "_ask", save_all)
    desk.load.save_all()
    assert (folder / "a.csv").read_bytes() == before
    assert desk.workspace.entry(two.key).edited


def test_the_question_names_columns_that_would_be_lost(
    qtbot, desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.csv").write_text("axis-0;axis-1;comment;grade;score\n1;2;fine;3;\n")
    read(qtbot, desk, folder)
    asked = []
    monkeypatch.setattr(_save, "_ask", lambda _, drafts: asked.extend(drafts))
    edit(desk.workspace, desk.workspace.entries[0])
    desk.load.save_all()
    assert asked[0].title == "a.csv"
    assert "Its columns comment, grade would be lost." in asked[0].plan.losses
    assert "comment" in (folder / "a.csv").read_text()


@pytest.mark.parametrize("title", ["Load images", "Predict slits", "Metrics"])
def test_any_dock_guards_its_window(
    qtbot, make_napari_viewer, micrograph, monkeypatch: pytest.MonkeyPatch, title: str
) -> None:
    viewer = make_napari_viewer()
    _, dock = viewer.window.add_plugin_dock_widget("napari-slitseg", title)
    key = dock.workspace.add_image(micrograph)
    edit(dock.workspace, dock.workspace.entry(key))
    answers = []
    button = QMessageBox.StandardButton.Cancel
    monkeypatch.setattr(
        _close_guard, "_ask_before_closing", lambda _, names: answers.append(names) or button
    )
    window = viewer.window._qt_window
    window.show()
    assert not window.close()
    assert answers == [["scene"]]
    dock.workspace.update(key, edited=False)
    window.hide()
