from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from qtpy.QtWidgets import QMainWindow, QMessageBox

from napari_slitseg.core.morphometry import Sample
from napari_slitseg.store import PROJECT_FILE
from napari_slitseg.widgets import _close_guard
from tests.widgets.keeping import Window
from tests.widgets.test_keeper import images

__all__ = ["images"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What a closing window asked; the person stays."""
    asked: list[list[str]] = []
    stays = QMessageBox.StandardButton.Cancel
    monkeypatch.setattr(
        _close_guard, "_ask_before_closing", lambda _, names: asked.append(names) or stays
    )
    return asked


def shown(qtbot, window: Window) -> QMainWindow:
    main = QMainWindow()
    qtbot.addWidget(main)
    _close_guard.CloseGuard(main, window.workspace)
    main.show()
    return main


def test_a_window_of_which_everything_is_kept_closes_unasked(qtbot, images, asked) -> None:
    window = Window(*images)
    main = shown(qtbot, window)
    window.add(1, 1, 0)
    window.add(2, 2, 1)
    window.workspace.undo(window.keys[1])
    assert window.workspace.entry(window.keys[0]).edited
    assert main.close()
    assert asked == []
    assert Window(*images).table().yx.tolist() == [[1, 1]]


def test_closing_tries_once_more_to_keep_and_asks_only_if_that_fails(
    qtbot, images, asked, tmp_path: Path
) -> None:
    folder = images[0].parent
    window = Window(*images)
    main = shown(qtbot, window)
    window.add(1, 1)
    folder.rename(tmp_path / "away")
    window.add(2, 2)
    assert not main.close()
    assert asked == [["a"]]
    (tmp_path / "away").rename(folder)
    assert main.close()
    assert len(asked) == 1
    assert len(Window(*images).table()) == 2


def test_closing_asks_about_what_waits_of_an_image_off_the_list(
    qtbot, images, asked, tmp_path: Path
) -> None:
    folder = images[0].parent
    window = Window(*images)
    main = shown(qtbot, window)
    window.add(1, 1)
    folder.rename(tmp_path / "away")
    window.add(2, 2)
    window.workspace.remove(window.keys[0])
    assert not main.close()
    assert asked == [["a"]]
    (tmp_path / "away").rename(folder)
    assert main.close()


def test_a_window_keeps_by_itself_what_waited_for_another_program(
    qtbot, images, asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_close_guard, "_AGAIN_MS", 50)
    window = Window(*images)
    main = shown(qtbot, window)
    window.add(1, 1)
    with closing(sqlite3.connect(images[0].parent / PROJECT_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        window.add(2, 2)
        assert not window.keeper.state.kept
    qtbot.waitUntil(lambda: window.keeper.state.kept, timeout=20_000)
    assert main.close()
    assert asked == []


def test_closing_asks_about_excluded_stretches_and_samples_that_are_not_kept(
    qtbot, images, asked, tmp_path: Path
) -> None:
    folder = images[0].parent
    window = Window(*images)
    main, measuring = shown(qtbot, window), window.keeper.measuring
    measuring.set_sample(window.keys[0], Sample("B1"))
    assert not window.keeper.measuring.unkept
    folder.rename(tmp_path / "away")
    measuring.exclude(window.keys[0], [[[0.0, 0.0], [0.0, 9.0], [9.0, 9.0]]])
    measuring.set_sample(window.keys[1], Sample("B2"))
    assert not main.close()
    assert asked == [["a (excluded stretches)", "b (biopsy, glomerulus, group)"]]
    (tmp_path / "away").rename(folder)
    assert main.close()
    assert len(asked) == 1
    again = Window(*images).keeper.measuring
    assert [again.sample(key).biopsy for key in window.keys] == ["B1", "B2", ""]
    assert again.excluded(window.keys[0])[0].tolist() == [[0, 0], [0, 9], [9, 9]]
