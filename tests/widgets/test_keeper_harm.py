"""What may happen to files, folders and lists of images while a window edits: nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.pipelines.runs.device_queue import STATE_VARIABLE
from napari_slitseg.store import PROJECT_FILE, Project
from tests.widgets.keeping import Window
from tests.widgets.test_keeper import beside, history, images, picture, protected, same

__all__ = ["images", "protected"]


def places(window: Window, number: int = 0) -> list[list[float]]:
    return sorted(window.table(number).living.yx.tolist())


def delete_project(folder: Path) -> None:
    for file in folder.glob(f"{PROJECT_FILE}*"):
        file.unlink()


def test_a_project_that_is_deleted_is_written_again_for_all_images_of_the_window(
    images: list[Path],
) -> None:
    window = Window(*images)
    window.add(1, 1, 0)
    window.add(2, 2, 1)
    delete_project(images[0].parent)
    window.add(3, 3, 0)
    assert not window.keeper.state.kept
    window.add(4, 4, 1)
    assert window.keeper.state.kept
    found = Window(*images)
    assert places(found, 0) == [[1, 1], [3, 3]]
    assert places(found, 1) == [[2, 2], [4, 4]]
    assert all(same(history(found, n), history(window, n)) for n in (0, 1))


def test_images_that_nobody_edits_again_get_into_a_new_project_too(images: list[Path]) -> None:
    window = Window(*images)
    window.add(1, 1, 0)
    window.add(2, 2, 1)
    delete_project(images[0].parent)
    window.add(3, 3, 0)
    window.keeper.retry()
    assert window.keeper.is_kept(window.keys[1])
    assert places(Window(*images), 1) == [[2, 2]]


def test_a_project_that_an_older_copy_replaces_gets_what_it_lacks(
    images: list[Path], tmp_path: Path
) -> None:
    folder = images[0].parent
    window = Window(*images)
    window.add(1, 1)
    window.keeper.close()
    shutil.copy(folder / PROJECT_FILE, tmp_path / "copy")
    window.add(2, 2)
    window.add(3, 3)
    window.keeper.close()
    delete_project(folder)
    shutil.copy(tmp_path / "copy", folder / PROJECT_FILE)
    window.add(4, 4)
    window.keeper.retry()
    assert window.keeper.state.kept
    assert places(window) == places(Window(*images)) == [[1, 1], [2, 2], [3, 3], [4, 4]]


def test_another_project_in_the_same_place_gets_the_edits_of_the_right_image(
    images: list[Path],
) -> None:
    window = Window(*images)
    window.add(1, 1, 0)
    window.keeper.close()
    delete_project(images[0].parent)
    other = Window(images[2])
    other.add(30, 30)
    other.keeper.close()
    window.add(2, 2, 0)
    assert window.keeper.state.kept
    found = Window(*images)
    assert places(found, 0) == [[1, 1], [2, 2]]
    assert places(found, 2) == [[30, 30]]


def test_another_picture_under_the_name_of_an_annotated_one_is_told(images: list[Path]) -> None:
    window = Window(*images)
    window.add(1, 1, 0)
    window.add(2, 2, 1)
    picture(images[0], seed=99)
    found = Window(*images)
    assert places(found, 0) == [[1, 1]]
    told, other = (found.workspace.entry(key).notices for key in found.keys[:2])
    assert "was changed since it was annotated" in told
    assert "was changed" not in other


def test_a_project_begins_beside_an_image_that_is_there_only(
    images: list[Path], tmp_path: Path
) -> None:
    window = Window(images[0])
    images[0].rename(tmp_path / "away.png")
    window.add(1, 1)
    assert list(images[0].parent.glob("*.sqlite*")) == []
    state = window.keeper.state
    assert state.is_bad
    assert "is not there" in state.message
    assert not window.keeper.is_kept(window.keys[0])
    (tmp_path / "away.png").rename(images[0])
    window.keeper.retry()
    assert window.keeper.state.kept
    assert places(Window(images[0])) == [[1, 1]]


def test_an_image_whose_file_went_away_is_still_kept_in_its_project(images: list[Path]) -> None:
    window = Window(images[0])
    window.add(1, 1)
    images[0].unlink()
    window.add(2, 2)
    assert window.keeper.state.kept


def test_an_image_taken_off_the_list_unkept_is_kept_later_and_found_again(
    images: list[Path], tmp_path: Path
) -> None:
    folder = images[0].parent
    window = Window(*images)
    window.add(1, 1)
    folder.rename(tmp_path / "away")
    window.add(2, 2)
    window.workspace.remove(window.keys[0])
    assert window.keeper.unkept_images == ("a",)
    assert not window.keeper.state.kept
    (tmp_path / "away").rename(folder)
    (key,) = window.workspace.add_paths([images[0]])
    window.keys[0] = key
    window.read(key, images[0])
    assert places(window) == [[1, 1], [2, 2]]
    window.keeper.retry()
    assert window.keeper.unkept_images == ()
    assert window.keeper.state.kept
    assert places(Window(images[0])) == [[1, 1], [2, 2]]


def test_an_image_off_the_list_is_kept_as_soon_as_that_is_possible(
    images: list[Path], tmp_path: Path
) -> None:
    folder = images[0].parent
    window = Window(*images)
    window.add(1, 1)
    folder.rename(tmp_path / "away")
    window.add(2, 2)
    window.workspace.remove(window.keys[0])
    (tmp_path / "away").rename(folder)
    window.keeper.retry()
    assert window.keeper.state.kept
    assert places(Window(images[0])) == [[1, 1], [2, 2]]


def test_an_image_removed_and_added_again_has_its_annotation_and_undo(images: list[Path]) -> None:
    window = Window(*images)
    window.add(1, 1)
    window.add(2, 2)
    before = history(window)
    window.workspace.remove(window.keys[0])
    (window.keys[0],) = window.workspace.add_paths([images[0]])
    window.read(window.keys[0], images[0])
    assert same(history(window), before)


def test_an_image_that_is_renamed_while_its_folder_is_open_is_found(images: list[Path]) -> None:
    window = Window(*images)
    window.add(1, 1)
    window.workspace.add_paths([picture(images[0].with_name("new.png"), 8)])
    window.read(window.workspace.find(name="new").key, images[0].with_name("new.png"))
    images[0].rename(renamed := images[0].with_name("renamed.png"))
    (key,) = window.workspace.add_paths([renamed])
    window.read(key, renamed)
    assert window.workspace.entry(key).annotation.yx.tolist() == [[1, 1]]


def test_images_of_one_name_in_two_folders_are_kept_apart(images: list[Path]) -> None:
    below = images[0].parent / "below"
    below.mkdir()
    twin = picture(below / "a.png", 7)
    window = Window(images[0], twin)
    window.add(1, 1, 0)
    window.add(2, 2, 1)
    found = Window(images[0], twin)
    assert (places(found, 0), places(found, 1)) == ([[1, 1]], [[2, 2]])


def test_one_image_under_two_spellings_has_one_journal(
    images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(images[0].parent)
    window = Window(images[0], Path("a.png"))
    window.add(1, 1, 0)
    window.add(2, 2, 1)
    window.add(3, 3, 0)
    assert window.keeper.state.kept
    assert places(Window(images[0])) == [[1, 1], [2, 2], [3, 3]]


def test_pages_of_a_file_are_kept_apart(tmp_path: Path) -> None:
    import tifffile

    stack = np.random.default_rng(0).integers(0, 255, (2, 64, 64), dtype=np.uint8)
    tifffile.imwrite(file := tmp_path / "stack.tif", stack, photometric="minisblack")
    window = Window(file)
    second = window.workspace.add_page(window.keys[0], 1)
    window.read(second, file)
    window.keys.append(second)
    window.add(1, 1, 0)
    window.add(2, 2, 1)
    with Project.open(tmp_path, read_only=True) as project:
        numbers = [project.image_id(file, page) for page in (0, 1)]
        tables = [project.history(n, "shared")[0].state.points for n in numbers]
    assert [table.yx.tolist() for table in tables] == [[[1, 1]], [[2, 2]]]


def test_what_was_done_to_ones_new_point_follows_it_to_its_new_number(images: list[Path]) -> None:
    one, other = Window(images[0]), Window(images[0])
    one.add(1, 1)
    one.workspace.open(one.keys[0])
    other.workspace.open(other.keys[0])
    shutil.move(images[0].parent, away := images[0].parent.with_name("away"))
    other.add(2, 2)
    other.move(1, 5, 5)
    other.add(3, 3)
    other.workspace.undo(other.keys[0])
    shutil.move(away, images[0].parent)
    one.keeper.retry()
    one.add(9, 9)
    other.keeper.retry()
    assert other.keeper.state.kept
    assert "Not done" not in other.keeper.state.message
    assert places(other) == [[1, 1], [5, 5], [9, 9]]
    assert places(Window(images[0])) == [[1, 1], [5, 5], [9, 9]]


def test_two_windows_of_one_process_do_not_lose_each_others_edits(images: list[Path]) -> None:
    one, other = Window(*images), Window(*images)
    for number in range(6):
        (one, other)[number % 2].add(number, number)
    one.keeper.catch_up(one.keys[0])
    assert places(one) == places(other) == [[n, n] for n in range(6)]


def test_an_annotation_file_that_appears_later_changes_nothing_unasked(images: list[Path]) -> None:
    window = Window(images[0])
    window.add(1, 1)
    write_points(beside(images[0]), PointTable.from_yx([[40, 40]]))
    window.add(2, 2)
    found = Window(images[0])
    assert places(found) == [[1, 1], [2, 2]]
    assert "changed by another program" in found.workspace.entry(0).notices


def test_imported_points_are_not_lost_by_undoing_all(images: list[Path]) -> None:
    write_points(beside(images[0]), PointTable.from_yx([[5, 5], [6, 6]]))
    window = Window(images[0])
    window.delete(0)
    window.workspace.undo(window.keys[0])
    assert window.workspace.undo(window.keys[0]) is None
    os.unlink(beside(images[0]))
    assert places(Window(images[0])) == [[5, 5], [6, 6]]


def test_what_was_kept_elsewhere_comes_home_when_the_folder_can_be_written(
    images: list[Path], protected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = Window(*images)
    window.add(1, 1, 0)
    window.add(2, 2, 1)
    window.keeper.close()
    subprocess.run(["mount", "-o", "remount,rw,bind", protected, protected], check=True)
    with monkeypatch.context() as patch:
        patch.setenv(STATE_VARIABLE, str(tmp_path / "colleague"))
        colleague = Window(*images, editor="Bob")
        colleague.add(5, 5, 0)
        colleague.keeper.close()
    for _ in range(2):
        found = Window(*images)
        assert places(found, 0) == [[1, 1], [5, 5]]
        assert places(found, 1) == [[2, 2]]
        found.keeper.close()


_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(project: Path) -> Iterator[None]:
    """Another process holds a project for writing."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", _HOLD, str(project)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield
        process.stdin.close()


def test_edits_wait_while_another_program_holds_the_project(images: list[Path]) -> None:
    window = Window(*images)
    window.workspace.open(window.keys[0])
    window.add(1, 1)
    with held(images[0].parent / PROJECT_FILE):
        window.add(2, 2)
        window.add(3, 3, 1)
        state = window.keeper.state
        assert (state.unkept, state.is_bad) == (2, True)
        assert "holds" in state.message
        assert window.keeper.is_busy
    window.keeper.retry()
    assert window.keeper.state.kept
    assert not window.keeper.is_busy
    found = Window(*images)
    assert places(found) == [[1, 1], [2, 2]]
    assert places(found, 1) == [[3, 3]]


def test_a_project_that_is_held_while_images_are_read_is_read_later(images: list[Path]) -> None:
    first = Window(images[0])
    first.add(1, 1)
    first.keeper.close()
    with held(images[0].parent / PROJECT_FILE):
        window = Window(images[0])
        window.workspace.open(window.keys[0])
        assert places(window) == []
        assert window.keeper.is_busy
        window.add(2, 2)
        assert not window.keeper.state.kept
    time.sleep(1.1)
    window.keeper.retry()
    assert window.keeper.state.kept
    assert places(window) == places(Window(images[0])) == [[1, 1], [2, 2]]
