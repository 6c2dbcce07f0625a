"""A scale is measured or typed, told to a folder's project, and found again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from pydantic import ValidationError

from napari_slitseg.core.calibration import Scale
from napari_slitseg.events import Event, Finished, ImageFailed, Notice
from napari_slitseg.jobs.base import explain
from napari_slitseg.jobs.calibrate import CalibrateJob
from napari_slitseg.pipelines.calibrate import calibrate
from napari_slitseg.pipelines.calibrate_result import CalibrateResult
from napari_slitseg.store import LISTED, PROJECT_FILE, Project
from tests.core.calibration.gratings import Look, grating


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "grating.png"
    Image.fromarray(grating(Look(shape=(400, 400)), 1)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images that say nothing of their scale, and one that says 4.85 nm."""
    folder = tmp_path / "Bilder"
    folder.mkdir()
    for name in ("a", "b"):
        Image.fromarray(np.zeros((60, 50), np.uint8)).save(folder / f"{name}.png")
    per_cm = 1e7 / 4.85
    tifffile.imwrite(
        folder / "c.tif",
        np.zeros((60, 50), np.uint8),
        resolution=(per_cm, per_cm),
        resolutionunit="CENTIMETER",
    )
    return folder


def _run(should_stop: Any = lambda: False, **fields: Any) -> tuple[CalibrateResult, list[Event]]:
    seen: list[Event] = []
    steps = calibrate(CalibrateJob(**fields), should_stop)
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            assert isinstance(seen[-1], Finished)
            return end.value, seen


def _held(result: CalibrateResult) -> dict[str, tuple[float | None, str]]:
    return {
        each.path.name: (
            None if each.scale is None else round(each.scale.nm_per_px, 1),
            each.told_by,
        )
        for each in result.images
    }


def _words(seen: list[Event]) -> str:
    return " ".join(each.text for each in seen if isinstance(each, Notice))


def _hashes(folder: Path) -> dict[str, str]:
    images = [each for each in folder.iterdir() if each.suffix in (".png", ".tif")]
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in images}


def test_a_grating_is_measured_and_told_to_a_folder(photo: Path, folder: Path) -> None:
    before = _hashes(folder)
    result, seen = _run(photo=photo, apply=folder, editor="Ada")
    assert seen[-1] == Finished(reason="done", n_ok=1)
    assert result.grating is not None
    assert _held(result) == {
        "a.png": (9.7, "folder"),
        "b.png": (9.7, "folder"),
        "c.tif": (4.9, "file"),
    }
    words = _words(seen)
    assert "3 of 3 images have another number of pixels" in words
    assert "c.tif: 4.85 nm per pixel, 0.5 times as much" in words
    with Project.open(folder, read_only=True) as project:
        kept = project.scales()[None]
    assert (kept.scale, kept.editor, kept.before_file) == (result.scale, "Ada", False)
    assert kept.scale.relative_uncertainty is not None
    assert _hashes(folder) == before


def test_what_was_told_is_listed_overruled_and_forgotten(folder: Path) -> None:
    assert _held(_run(show=folder)[0]) == {
        "a.png": (None, "none"),
        "b.png": (None, "none"),
        "c.tif": (4.9, "file"),
    }
    assert not (folder / PROJECT_FILE).exists()
    _run(nm_per_px=8, apply=folder, before_file=True)
    _run(nm_per_px=7, apply=folder, images=(folder / "b.png",))
    _, seen = _run(nm_per_px=6, apply=folder, before_file=True)
    assert "goes before that of the folder: 1." in _words(seen)
    wanted = {"a.png": (6.0, "folder"), "b.png": (7.0, "image"), "c.tif": (6.0, "folder")}
    assert _held(_run(show=folder)[0]) == wanted
    _run(forget=folder, images=(folder / "b.png",))
    assert _held(_run(show=folder)[0])["b.png"] == (6.0, "folder")
    _run(forget=folder)
    assert _held(_run(show=folder)[0])["b.png"] == (None, "none")
    with Project.open(folder, read_only=True) as project:
        assert project.scales() == {}
    _, seen = _run(forget=folder)
    assert "No scale was told of the folder" in seen[-1].message


def test_a_scale_bar_is_found_or_its_ends_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "bar.png"
    pixels = np.random.default_rng(0).integers(60, 180, (300, 400)).astype(np.uint8)
    pixels[280:286, 20:220] = 255
    Image.fromarray(pixels).save(path)
    found, seen = _run(photo=path, bar="2 um")
    assert found.scale is not None
    assert found.scale.nm_per_px == pytest.approx(10, rel=0.003)
    assert found.scale.kind == "scale bar"
    assert "from x = 19" in _words(seen)
    snapped, _ = _run(photo=path, bar="2 um", bar_from=(284, 222), bar_to=(281, 18))
    assert snapped.scale == found.scale
    typed, seen = _run(photo=path, bar="2 um", bar_from=(20, 20), bar_to=(20, 120))
    assert typed.scale is not None
    assert typed.scale.nm_per_px == 20
    assert "taken as they are" in _words(seen)


def test_tissue_and_missing_files_fail_and_nothing_is_kept(folder: Path, tmp_path: Path) -> None:
    noise = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 300), np.uint8)).save(noise)
    for fields, words in (
        ({"photo": noise}, "No grating found"),
        ({"photo": noise, "bar": "2 um"}, "No scale bar was found"),
        ({"photo": tmp_path / "nix.tif"}, "There is no file"),
    ):
        result, seen = _run(apply=folder, **fields)
        failed = [each for each in seen if isinstance(each, ImageFailed)]
        assert words in failed[0].reason
        assert seen[-1] == Finished(reason="done", n_failed=1)
        assert result.scale is None
    assert not (folder / PROJECT_FILE).exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"nm_per_px": 5, "apply": Path("nowhere")}, "no folder nowhere"),
        ({"nm_per_px": 5, "apply": "folder", "images": (Path("x.tif"),)}, "x.tif is no image of"),
        ({"forget": "folder"}, "There is no project"),
        ({"photo": Path("a.png"), "bar": "2 parsec"}, "'parsec' is no unit"),
    ],
)
def test_what_makes_no_sense_is_refused(folder: Path, fields: dict, words: str) -> None:
    given = {name: folder if value == "folder" else value for name, value in fields.items()}
    _, seen = _run(**given)
    assert len(seen) == 1
    assert seen[0].reason == "refused"
    assert words in seen[0].message


def test_a_stop_before_it_is_kept_keeps_nothing(folder: Path) -> None:
    _, seen = _run(lambda: True, nm_per_px=5, apply=folder)
    assert seen[-1].reason == "cancelled"
    assert not (folder / PROJECT_FILE).exists()


def test_a_project_that_is_damaged_is_told_and_left_alone(folder: Path) -> None:
    (folder / PROJECT_FILE).write_bytes(b"no database at all" * 100)
    _, seen = _run(nm_per_px=5, apply=folder)
    assert seen[-1].reason == "failed"
    assert (folder / PROJECT_FILE).read_bytes() == b"no database at all" * 100


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Give one of"),
        ({"photo": "a.tif", "show": "b"}, "Give one of"),
        ({"nm_per_px": 3}, "needs --apply"),
        ({"nm_per_px": 3, "apply": "d", "bar": "2 um"}, "--bar needs the image"),
        ({"photo": "a.tif", "bar": "2 um", "bar_to": (1, 2)}, "two ends"),
        ({"photo": "a.tif", "bar_from": (1, 2), "bar_to": (1, 9)}, "need its length"),
        ({"show": "d", "apply": "d"}, "without --show"),
        ({"photo": "a.tif", "images": ("b.tif",)}, "of --apply or --forget"),
        ({"photo": "a.tif", "before_file": True}, "whole folder"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(fields: dict, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CalibrateJob(**fields)
    assert words in explain(refused.value)
    assert "got" not in explain(refused.value)


def test_a_size_that_an_older_window_kept_goes_before_that_of_the_folder(folder: Path) -> None:
    with Project.create(folder) as project:
        project.add_image(folder / "a.png", 0, (60, 50), 6.0)
        project.set_scale(Scale(8.0, "grating", "g.tif"), None)
    held = _run(show=folder)[0].images[0]
    assert (held.scale, held.told_by) == (Scale(6.0, "typed", LISTED), "window")
    _run(nm_per_px=7, apply=folder, before_file=True)
    assert _held(_run(show=folder)[0])["a.png"] == (7.0, "folder")
