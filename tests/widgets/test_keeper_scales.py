"""Scales that a person says are kept, found again, and decide which pixel size counts."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_slitseg.core.calibration import Scale
from napari_slitseg.store import PROJECT_FILE, Project
from napari_slitseg.widgets._entry import ImageEntry
from tests.widgets.keeping import Window

GRATING = Scale(9.7, "grating", "grating.tif", 0.001)


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """One image whose file says 10 nm, and two whose files say nothing."""
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    files = [tmp_path / "a.tif", tmp_path / "b.png", tmp_path / "c.png"]
    tifffile.imwrite(files[0], pixels, imagej=True, resolution=(100, 100), metadata={"unit": "um"})
    for file in files[1:]:
        Image.fromarray(pixels).save(file)
    return files


def entry(window: Window, number: int = 0) -> ImageEntry:
    return window.workspace.entry(window.keys[number])


def sizes(window: Window) -> list[float | None]:
    for each in window.workspace.entries:
        assert (each.scale and each.scale.nm_per_px) == each.pixel_size_nm
    return [each.pixel_size_nm for each in window.workspace.entries]


def test_a_typed_pixel_size_is_there_when_the_window_opens_again(images: list[Path]) -> None:
    window = Window(*images)
    assert sizes(window) == [10, None, None]
    assert str(entry(window).scale).startswith("10 nm per pixel (file: ")
    for number, size in ((0, 4.0), (1, 7.0)):
        window.workspace.set_pixel_size(window.keys[number], size)
    assert entry(window).scale == Scale(4.0, "typed", "Ann")
    window.keeper.close()
    again = Window(*images)
    assert sizes(again) == [4, 7, None]
    assert entry(again).scale == Scale(4.0, "typed", "Ann")
    assert again.workspace.image(again.keys[0]).pixel_size_nm == 4
    again.workspace.set_pixel_size(again.keys[0], None)
    assert sizes(again) == [None, 7, None]
    again.keeper.close()
    assert sizes(Window(*images)) == [10, 7, None]


def test_a_scale_of_the_folder_is_that_of_images_that_come_later(images: list[Path]) -> None:
    window = Window(*images[:2])
    window.keeper.scales.give_folder(window.keys[1], GRATING)
    assert sizes(window) == [10, 9.7]
    window.workspace.set_pixel_size(window.keys[1], 3.0)
    window.keeper.close()
    again = Window(*images)
    assert sizes(again) == [10, 3, 9.7]
    again.keeper.scales.give_folder(again.keys[2], GRATING, before_file=True)
    assert sizes(again) == [9.7, 3, 9.7]
    again.keeper.close()
    last = Window(*images)
    assert sizes(last) == [9.7, 3, 9.7]
    last.keeper.scales.give_folder(last.keys[2], None)
    assert sizes(last) == [10, 3, None]


def test_one_scale_is_said_of_many_images_at_once(images: list[Path]) -> None:
    window = Window(*images)
    window.keeper.scales.give(window.keys[1:], GRATING)
    assert sizes(window) == [10, 9.7, 9.7]
    window.keeper.close()
    with Project.open(images[0].parent, read_only=True) as project:
        kept = project.scales()
        assert [each.scale for each in kept.values()] == [GRATING, GRATING]
        assert len({each.time for each in kept.values()}) == 1
        assert [entry.what for entry in project.journal()] == [f"scale {GRATING}"] * 2


def test_a_scale_waits_while_another_program_holds_the_project(images: list[Path]) -> None:
    window = Window(*images)
    window.workspace.open(window.keys[0])
    window.workspace.set_pixel_size(window.keys[0], 4.0)
    window.keeper.close()
    path = images[0].parent / PROJECT_FILE
    window = Window(*images)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        window.workspace.set_pixel_size(window.keys[0], 5.0)
        window.workspace.set_pixel_size(window.keys[0], 6.0)
        state = window.keeper.state
        assert (state.is_bad, state.kept, state.unkept) == (True, False, 1)
        assert "not kept yet" in state.message
        assert window.keeper.is_busy
        assert window.keeper.unkept_images == ("a (its scale)",)
        assert sizes(window)[0] == 6
        other.execute("ROLLBACK")
    while window.keeper.is_busy:
        window.keeper.retry()
    assert window.keeper.state.kept
    window.keeper.close()
    assert sizes(Window(*images))[0] == 6


def test_a_window_that_only_looks_keeps_no_scale_until_it_may(images: list[Path]) -> None:
    window = Window(*images)
    window.keeper.set_look_only()
    window.workspace.set_pixel_size(window.keys[0], 4.0)
    assert "only looks" in window.keeper.state.message
    assert not (images[0].parent / PROJECT_FILE).exists()
    window.keeper.set_look_only(look_only=False)
    window.keeper.retry()
    window.keeper.close()
    assert sizes(Window(*images))[0] == 4


def test_an_image_that_was_renamed_keeps_its_scale(images: list[Path]) -> None:
    window = Window(*images)
    window.add(5, 5)
    window.workspace.set_pixel_size(window.keys[0], 4.0)
    window.keeper.close()
    moved = images[0].with_name("renamed.tif")
    os.rename(images[0], moved)
    assert sizes(Window(moved)) == [4]


def test_a_size_in_the_list_of_an_older_project_is_found_and_none_is_put_there(
    images: list[Path],
) -> None:
    with Project.create(images[0].parent) as project:
        project.add_image(images[1], 0, (64, 64), 7.0)
    window = Window(*images)
    assert sizes(window) == [10, 7, None]
    window.workspace.set_pixel_size(window.keys[2], 3.0)
    window.add(5, 5, 2)
    window.keeper.set_review(window.keys[2], "done")
    window.keeper.scales.give([window.keys[2]], None)
    assert sizes(window) == [10, 7, None]
    window.keeper.close()
    assert sizes(Window(*images)) == [10, 7, None]
    with Project.open(images[0].parent) as project:
        project.set_scale(Scale(8.0, "typed", "Ann"), None)
    assert sizes(Window(*images)) == [10, 7, 8]


def test_a_prediction_outlives_a_scale_of_the_same_size(images: list[Path], predicted) -> None:
    window = Window(*images)
    key = window.keys[0]
    window.workspace.set_prediction(key, predicted([[10, 10]]))
    window.keeper.scales.give([key], Scale(10.0, "grating", "g.tif"))
    assert entry(window).prediction is not None
    assert entry(window).scale == Scale(10.0, "grating", "g.tif")
    window.keeper.scales.give([key], GRATING)
    assert entry(window).prediction is None
