from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.core.review import EditConflict, History
from napari_slitseg.pipelines.runs.device_queue import STATE_VARIABLE
from napari_slitseg.store import PROJECT_FILE, Project
from napari_slitseg.widgets._keeper_projects import stand_in_of
from tests.widgets.keeping import Window

ROOT = Path(__file__).parents[2]


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three images in a folder; the person's own folder is elsewhere."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    (tmp_path / "images").mkdir()
    return [picture(tmp_path / "images" / f"{name}.png", seed) for seed, name in enumerate("abc")]


def picture(path: Path, seed: int = 0) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def beside(image: Path) -> Path:
    return image.with_name(f"{image.stem}_annotations.csv")


def same(one: History, other: History) -> bool:
    return (
        one.position == other.position
        and len(one.edits) == len(other.edits)
        and one.state.equals(other.state)
        and one.base.equals(other.base)
    )


def history(window: Window, number: int = 0) -> History:
    return window.workspace.entry(window.keys[number]).history


def test_looking_leaves_no_file_and_the_first_edit_begins_a_project(images: list[Path]) -> None:
    window = Window(*images)
    window.workspace.open(window.keys[0])
    assert not (images[0].parent / PROJECT_FILE).exists()
    assert window.keeper.state.project is None
    changed = Mock()
    window.keeper.state_changed.connect(changed)
    window.add(3, 4)
    assert window.keeper.state.project == images[0].parent / PROJECT_FILE
    assert window.keeper.state.kept
    assert window.keeper.state.message == ""
    assert changed.called


def test_an_edit_is_on_the_disk_before_anybody_draws_it(images: list[Path]) -> None:
    window = Window(images[0])
    heads = []

    def look(_key: int) -> None:
        with Project.open(images[0].parent, read_only=True) as project:
            heads.append(project.head(project.image_id(images[0]) or -1, "shared"))

    window.workspace.entry_changed.connect(look)
    for x in range(3):
        window.add(3, x)
    assert heads == [1, 2, 3]


def test_annotations_are_found_again_with_all_that_can_be_undone_and_redone(
    images: list[Path],
) -> None:
    write_points(beside(images[0]), PointTable.from_yx([[1.5, 2], [30, 31]]))
    window = Window(*images)
    start = window.table()
    window.add(10, 10)
    window.add(20, 20, 1)
    window.move(0, 5.25, 5)
    window.delete(1)
    window.workspace.undo(window.keys[0])
    before = history(window)
    window.keeper.close()
    again = Window(*images)
    assert same(history(again), before)
    assert again.table(1).yx.tolist() == [[20, 20]]
    assert again.workspace.entry(again.keys[2]).annotation is None
    again.workspace.redo(again.keys[0])
    assert again.table().status.tolist() == ["added", "deleted", "added"]
    while again.workspace.undo(again.keys[0]):
        pass
    assert again.table().equals(start)
    again.workspace.undo(again.keys[1])
    assert again.workspace.entry(again.keys[1]).annotation is None
    third = Window(*images)
    assert history(third).can_redo
    assert third.table().equals(start)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_process_that_is_killed_loses_nothing_that_it_had_acknowledged(
    images: list[Path],
) -> None:
    told: list[str] = []
    for seed in range(4):
        command = [sys.executable, "-m", "tests.widgets.keeping", str(images[0]), str(seed)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        lines = [process.stdout.readline() for _ in range(7 + 5 * seed)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines(keepends=True)
        process.stdout.close()
        process.wait()
        told = [line.strip() for line in lines if line.endswith("\n")]
        window = Window(images[0])
        position, total = history(window).position, window.table().yx.sum().hex()
        now = f"{position} {total}"
        if now != told[-1]:
            step_before(window)
            assert now_of(window) == told[-1]
        window.keeper.close()


def step_before(window: Window) -> None:
    """Take back the one step that may have been kept before it could be told."""
    with Project.open(window.workspace.entry(0).path.parent) as project:
        image = project.image_id(window.workspace.entry(0).path)
        last = project.records_since(image, "shared", project.head(image, "shared") - 1)[0]
    step = window.workspace.redo if last.does == "undo" else window.workspace.undo
    step(window.keys[0])


def now_of(window: Window) -> str:
    return f"{history(window).position} {window.table().yx.sum().hex()}"


def test_a_window_takes_in_what_another_one_edited_first(images: list[Path]) -> None:
    one, other = Window(images[0], editor="Ann"), Window(images[0], editor="Bob")
    one.add(1, 1)
    other.add(2, 2)
    assert other.table().yx.tolist() == [[1, 1], [2, 2]]
    assert other.table().editor.tolist() == ["Ann", "Bob"]
    one.workspace.open(one.keys[0])
    assert one.table().equals(other.table())
    assert one.keeper.state.others
    one.keeper.close()
    other.keeper.close()
    assert Window(images[0]).table().equals(other.table())


def test_an_edit_that_no_longer_fits_is_not_done_and_told(images: list[Path]) -> None:
    one, other = Window(images[0]), Window(images[0])
    one.add(1, 1)
    one.workspace.open(one.keys[0])
    one.move(0, 9, 9)
    other.workspace.open(other.keys[0])
    one.move(0, 7, 7)
    other.delete(0)
    assert other.table().yx.tolist() == [[7, 7]]
    assert other.table().status.tolist() == one.table().status.tolist()
    assert "Not done: delete" in other.keeper.state.message
    assert other.keeper.state.kept
    other.delete(0)
    assert "Not done" not in other.keeper.state.message
    one.keeper.catch_up(one.keys[0])
    assert one.table().status.tolist() == ["deleted"]


def test_undo_after_another_window_takes_back_ones_own_edit(images: list[Path]) -> None:
    one, other = Window(images[0]), Window(images[0])
    one.add(1, 1)
    one.add(2, 2)
    other.add(3, 3)
    one.workspace.undo(one.keys[0])
    assert sorted(one.table().yx[:, 0].tolist()) == [1, 3]
    assert Window(images[0]).table().equals(one.table())


def test_a_window_that_was_closed_and_stayed_goes_on(images: list[Path]) -> None:
    window = Window(images[0])
    window.workspace.open(window.keys[0])
    window.add(1, 1)
    window.keeper.close()
    assert window.keeper.is_kept(window.keys[0])
    window.add(2, 2)
    window.workspace.undo(window.keys[0])
    assert window.keeper.state.kept
    assert same(history(Window(images[0])), history(window))


def test_a_window_may_only_look(images: list[Path]) -> None:
    window = Window(images[0])
    window.add(1, 1)
    window.keeper.set_look_only()
    for act in (lambda: window.add(2, 2), lambda: window.workspace.undo(window.keys[0])):
        with pytest.raises(EditConflict, match="only looks"):
            act()
    window.keeper.set_look_only(look_only=False)
    window.add(2, 2)
    assert len(window.table()) == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_and_what_waited_is_kept_when_there_is_room(
    images: list[Path], small_disk: Path
) -> None:
    image = picture(small_disk / "a.png")
    window = Window(image)
    window.workspace.open(window.keys[0])
    window.add(1, 1)
    with open(small_disk / "filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    window.add(2, 2)
    window.add(3, 3)
    state = window.keeper.state
    assert (state.kept, state.unkept, state.is_bad) == (False, 2, True)
    assert "2 edits are not kept yet" in state.message
    assert "room" in state.message or "full" in state.message
    assert not window.keeper.is_kept(window.keys[0])
    (small_disk / "filler").unlink()
    window.keeper.retry()
    assert window.keeper.state.kept
    assert window.keeper.is_kept(window.keys[0])
    window.keeper.close()
    found = Window(image)
    assert found.table().yx.tolist() == [[1, 1], [2, 2], [3, 3]]
    found.keeper.close()


@pytest.fixture
def protected(images: list[Path]) -> Iterator[Path]:
    """The folder of images, where nobody can write: root neither."""
    folder = images[0].parent
    bound = ["mount", "--bind", str(folder), str(folder)]
    if sys.platform != "linux" or subprocess.run(bound, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    subprocess.run(["mount", "-o", "remount,ro,bind", str(folder), str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_edits_of_a_folder_that_cannot_be_written_are_kept_in_the_persons_own(
    images: list[Path], protected: Path
) -> None:
    window = Window(images[0])
    window.workspace.open(window.keys[0])
    window.add(1, 1)
    state = window.keeper.state
    assert state.kept
    assert state.project == stand_in_of(protected) / PROJECT_FILE
    assert "cannot be written" in state.message
    window.keeper.close()
    assert Window(images[0]).table().yx.tolist() == [[1, 1]]


def test_a_folder_that_is_deleted_and_comes_back_loses_nothing(images: list[Path]) -> None:
    folder = images[0].parent
    window = Window(images[0])
    window.workspace.open(window.keys[0])
    window.add(1, 1)
    shutil.move(folder, folder.with_name("away"))
    window.add(2, 2)
    assert window.keeper.state.is_bad
    assert window.keeper.state.unkept == 1
    shutil.move(folder.with_name("away"), folder)
    window.keeper.retry()
    assert window.keeper.state.kept
    assert not window.keeper.state.is_bad
    shutil.rmtree(folder)
    window.add(3, 3)
    assert not window.keeper.is_kept(window.keys[0])
    folder.mkdir()
    picture(images[0])
    window.add(4, 4)
    assert window.keeper.state.kept
    found = Window(images[0])
    assert found.table().equals(window.table())
    assert same(history(found), history(window))


def test_a_file_changed_elsewhere_is_told_and_the_journal_wins(images: list[Path]) -> None:
    csv = beside(images[0])
    write_points(csv, PointTable.from_yx([[5, 5]]))
    window = Window(images[0])
    window.add(1, 1)
    assert Window(images[0]).workspace.entry(0).notices == ""
    write_points(csv, PointTable.from_yx([[40, 40]]))
    found = Window(images[0])
    entry = found.workspace.entry(found.keys[0])
    assert entry.annotation.yx.tolist() == [[5, 5], [1, 1]]
    assert "changed by another program" in entry.notices
    assert entry.seen.table.yx.tolist() == [[5, 5]]
    assert entry.edited


def test_a_file_that_says_what_is_kept_is_no_unsaved_edit(images: list[Path]) -> None:
    window = Window(images[0])
    window.add(1, 1)
    write_points(beside(images[0]), window.table().living)
    assert not Window(images[0]).workspace.entry(0).edited


def test_an_image_without_a_file_is_kept_in_the_window_only_and_told(
    images: list[Path], micrograph
) -> None:
    window = Window(images[0])
    key = window.workspace.add_image(micrograph)
    window.workspace.open(key)
    window.workspace.edit_annotation(key, np.array([-1]), np.array([[3.0, 4]]))
    assert not window.keeper.is_kept(key)
    assert "in this window only" in window.keeper.state.message
    assert list(images[0].parent.glob("slitseg*")) == []


def test_a_renamed_image_finds_its_annotation(images: list[Path]) -> None:
    window = Window(images[0])
    window.add(1, 1)
    window.keeper.close()
    images[0].rename(renamed := images[0].with_name("renamed.png"))
    assert Window(renamed).table().yx.tolist() == [[1, 1]]
    assert Window(images[1]).workspace.entry(0).annotation is None


def test_images_below_a_project_are_kept_in_it(images: list[Path]) -> None:
    window = Window(images[0])
    window.add(1, 1)
    below = images[0].parent / "mice" / "left"
    below.mkdir(parents=True)
    deep = picture(below / "a.png", 9)
    other = Window(deep)
    other.workspace.open(other.keys[0])
    other.add(2, 2)
    assert other.keeper.state.project == images[0].parent / PROJECT_FILE
    assert not (below / PROJECT_FILE).exists()
    assert Window(deep).table().yx.tolist() == [[2, 2]]


def test_a_track_of_a_reader_begins_empty_and_is_kept_apart(images: list[Path]) -> None:
    window = Window(images[0])
    window.add(1, 1)
    window.workspace.track = "Eve"
    values = window.keeper.recall(window.keys[0], {}, "Eve")
    assert values == {}
    window.workspace.update(window.keys[0], annotation=None, history=History())
    window.add(7, 7)
    window.keeper.close()
    assert Window(images[0]).table().yx.tolist() == [[1, 1]]
    eve = Window(images[0])
    kept = eve.keeper.recall(eve.keys[0], {}, "Eve")
    assert kept["annotation"].yx.tolist() == [[7, 7]]


def test_review_status_is_kept_for_each_image(images: list[Path]) -> None:
    window = Window(*images)
    assert window.keeper.review_of(window.keys[1]) == "open"
    window.keeper.set_review(window.keys[1], "done")
    window.keeper.set_review(window.keys[2], "in progress")
    found = Window(*images)
    assert [found.keeper.review_of(key) for key in found.keys] == ["open", "done", "in progress"]
    assert set(found.keeper.reviews) == {found.keys[1], found.keys[2]}
    assert found.keeper.reviews[found.keys[1]].editor == "Ann"


@pytest.mark.parametrize("when", ["done", "left", "closed"])
def test_scores_are_kept_with_how_they_came_about(
    images: list[Path], predicted: Callable[..., Prediction], when: str
) -> None:
    window = Window(*images)
    one, two, _ = window.keys
    window.workspace.open(one)
    window.workspace.set_prediction(one, predicted([[10, 10], [40, 40]]))
    window.add(10, 12)
    if when == "done":
        window.keeper.set_review(one, "done")
    elif when == "left":
        window.workspace.open(two)
    else:
        window.keeper.close()
    with Project.open(images[0].parent, read_only=True) as project:
        [result] = project.results().values()
    assert (result.scores["true_positive"], result.scores["false_positive"]) == (1, 1)
    assert result.scores["f1"] == pytest.approx(2 / 3)
    assert result.scores["chamfer_nm"] is None, "nobody told the pixel size"
    assert (result.settings["model"], result.settings["threshold"]) == ("tiny", 0.4)


def test_the_image_tolerance_and_threshold_of_last_time_come_back(images: list[Path]) -> None:
    window = Window(*images)
    window.workspace.set_tolerance(80)
    window.workspace.set_cut(0.25, 40)
    window.workspace.open(window.keys[2])
    window.add(1, 1, 2)
    window.keeper.close()
    found = Window(*images)
    assert found.workspace.wanted == found.keys[2]
    assert found.workspace.tolerance_nm == 80
    assert found.workspace.cut == (0.25, 40)


def test_an_annotation_that_came_from_elsewhere_begins_the_journal_anew(
    images: list[Path],
) -> None:
    window = Window(images[0])
    window.add(1, 1)
    window.workspace.update(window.keys[0], annotation=PointTable.from_yx([[8, 8]]))
    window.add(9, 9)
    assert window.keeper.state.kept
    assert Window(images[0]).table().yx.tolist() == [[8, 8], [9, 9]]
