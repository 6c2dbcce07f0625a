from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QMainWindow, QMessageBox

from napari_slitseg.core.points import read_points
from napari_slitseg.widgets import _save
from napari_slitseg.widgets._entry import Status
from napari_slitseg.widgets._workspace import Workspace


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
    desk.workspace.edit_annotation(a.key, np.array([0, 1]), np.array([[1.0, 2], [50, 40]]))
    desk.workspace.edit_annotation(b.key, np.array([-1]), np.array([[3.0, 4]]))
    before = (folder / "a.csv").read_bytes()
    desk.load.save_all()
    assert (folder / "a.csv").read_bytes() == before
    assert not (folder / "b_annotations.csv").exists()
    assert "Nothing was saved" in desk.load.message.text()

    asked = []
    monkeypatch.setattr(_save, "_may_overwrite", lambda _, paths: asked.append(paths) or True)
    desk.load.save_all()
    assert asked == [[folder / "a.csv"]]
    assert read_points(folder / "a.csv").yx.tolist() == [[1, 2], [50, 40]]
    assert read_points(folder / "b_annotations.csv").yx.tolist() == [[3, 4]]
    assert not any(entry.edited for entry in desk.workspace.entries)

    desk.workspace.edit_annotation(b.key, np.array([0]), np.array([[9.0, 9]]))

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_save, "write_points", refuse)
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
    window, workspace = QMainWindow(), Workspace()
    qtbot.addWidget(window)
    _save.CloseGuard(window, workspace)
    button = getattr(QMessageBox.StandardButton, answer)
    asked = []
    monkeypatch.setattr(
        _save, "_ask_before_closing", lambda _, names: asked.append(names) or button
    )
    key = workspace.add_image(micrograph)
    workspace.edit_annotation(key, np.array([-1]), np.array([[3.0, 4]]))
    window.show()
    assert window.close() is closes
    assert asked == [["scene"]]
    workspace.update(key, edited=False)
    assert window.close()
    assert len(asked) == 1
