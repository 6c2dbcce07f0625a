"""Predicting again into the same folder: what is skipped, what is made anew, what is kept."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tifffile
from PIL import Image

from napari_slitseg.core.checkpoint import load_checkpoint, save_checkpoint
from napari_slitseg.events import Event, Finished, ImageDone, ImageSkipped
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines import predict_file, record
from napari_slitseg.pipelines.fingerprints import fingerprint_of, is_unchanged
from napari_slitseg.pipelines.predict import predict_files
from tests.pipelines.dots import DOTS, drain, draw_dots

Change = Callable[[PredictJob], object]


@pytest.fixture
def job(tmp_path: Path, model_file: Path) -> PredictJob:
    """One image, predicted already."""
    image = tmp_path / "a.tif"
    tifffile.imwrite(image, draw_dots(), photometric="minisblack")
    job = PredictJob(
        images=(image,),
        out=tmp_path / "out",
        model=str(shutil.copy(model_file, tmp_path / "dots.safetensors")),
        pixel_size_nm=10,
        device="cpu",
    )
    assert ended(run(job)).n_ok == 1
    return job


def run(job: PredictJob, **change: Any) -> list[Event]:
    return drain(predict_files(job.model_copy(update=change)))[0]


def ended(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "done"
    return events[-1]


def why_skipped(events: list[Event]) -> str:
    [event] = [event for event in events if isinstance(event, ImageSkipped | ImageDone)]
    assert isinstance(event, ImageSkipped)
    assert ended(events) == Finished(reason="done", n_skipped=1)
    return event.reason


def slits(job: PredictJob) -> Path:
    return job.out / "a_slits.csv"


def maps(job: PredictJob) -> Path:
    return job.out / "a_maps.tif"


def entry(job: PredictJob) -> dict[str, Any]:
    [only] = json.loads((job.out / "predictions.json").read_text())["images"]
    assert isinstance(only, dict)
    return only


def change_entry(job: PredictJob, **values: Any) -> None:
    path = job.out / "predictions.json"
    content = json.loads(path.read_text())
    content["images"][0].update(values)
    path.write_text(json.dumps(content))


def edit(job: PredictJob) -> bytes:
    """Do what a person does who misses a slit."""
    with slits(job).open("a") as file:
        file.write("4,12.5,60.0,1.0\r\n")
    return slits(job).read_bytes()


# -- what is done is skipped, and only that


def other_model(job: PredictJob) -> None:
    model, info = load_checkpoint(job.model)
    model.state_dict()["slit.bias"][:] = -5.5
    save_checkpoint(Path(job.model), model, info)


def other_pixels(job: PredictJob) -> None:
    """Put an image in its place that has the same size and the same date."""
    [path] = job.images
    times = path.stat()
    other = path.with_name("b.tif")
    tifffile.imwrite(other, draw_dots(DOTS[:2]), photometric="minisblack")
    assert other.stat().st_size == times.st_size
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"device": "auto"},
        {"threshold": 0.5},
        {"min_distance_nm": 30.0},
        {"detector": {"name": "peaks"}},
    ],
    ids=str,
)
def test_what_is_done_is_skipped(job: PredictJob, change: dict[str, Any]) -> None:
    """Also where a setting is spelled out that was the default."""
    before = {path.name: fingerprint_of(path) for path in job.out.iterdir()}
    assert why_skipped(run(PredictJob.model_validate({**job.model_dump(), **change}))) == (
        "It is done already; --no-skip-done predicts it again."
    )
    assert {path.name: fingerprint_of(path) for path in job.out.iterdir()} == before


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 0.6},
        {"min_distance_nm": 31.0},
        {"detector": {"name": "log"}},
        {"detector": {"name": "peaks", "sigma_nm": 12.0}},
        {"precision": "float32"},
        {"pixel_size_nm": 11.0},
        {"pixel_size_nm": None},
        {"maps": "float32"},
        {"maps": "none"},
        {"skip_done": False},
    ],
    ids=str,
)
def test_another_setting_predicts_it_again_once(job: PredictJob, change: dict[str, Any]) -> None:
    changed = PredictJob.model_validate({**job.model_dump(), **change})
    assert ended(run(changed)).n_ok == 1
    assert ended(run(changed, skip_done=True)).n_skipped == 1


def test_a_table_of_pixel_sizes_counts_for_what_it_says(job: PredictJob, tmp_path: Path) -> None:
    table = tmp_path / "sizes.csv"
    for size, n_skipped in ((10, 1), (12, 0), (12, 1)):
        table.write_text(f"image,pixel_size_nm\na.tif,{size}\n")
        assert ended(run(job, pixel_sizes=table)).n_skipped == n_skipped


def test_another_page_predicts_it_again(job: PredictJob) -> None:
    [path] = job.images
    tifffile.imwrite(path, [draw_dots(), draw_dots(DOTS[:1])], photometric="minisblack")
    assert ended(run(job)).n_ok == 1
    assert ended(run(job, page=1)).n_ok == 1
    assert ended(run(job, page=1)).n_skipped == 1
    assert entry(job)["n_slits"] == 1


def no_record(job: PredictJob) -> None:
    (job.out / "predictions.json").unlink()


@pytest.mark.parametrize(
    "change",
    [
        other_model,
        other_pixels,
        no_record,
        lambda job: slits(job).unlink(),
        lambda job: maps(job).unlink(),
        lambda job: change_entry(job, version="0.0"),
        lambda job: change_entry(job, written=None),
        lambda job: change_entry(job, written={"a_slits.csv": 3}, content=[]),
    ],
    ids=[
        "model",
        "image",
        "record lost",
        "slits lost",
        "maps lost",
        "older version",
        "record without fingerprints",
        "record with nonsense",
    ],
)
def test_what_is_not_as_it_was_is_predicted_again_once(job: PredictJob, change: Change) -> None:
    change(job)
    assert ended(run(job)).n_ok == 1
    assert maps(job).is_file()
    assert entry(job)["written"]["a_slits.csv"] == fingerprint_of(slits(job))
    assert ended(run(job)).n_skipped == 1


def test_copies_and_new_dates_are_no_other_image(job: PredictJob, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    copy = shutil.copy(job.images[0], tmp_path / "elsewhere" / "a.tif")
    os.utime(slits(job))
    assert ended(run(job, images=(Path(copy),))).n_skipped == 1


def test_a_new_image_in_the_folder_is_all_that_is_done(folder: Path, job: PredictJob) -> None:
    assert ended(run(job, images=(folder,))).n_ok == 3
    Image.fromarray(draw_dots(DOTS[:3])).save(folder / "new.png")
    events = run(job, images=(folder,))
    assert ended(events) == Finished(reason="done", n_ok=1, n_skipped=3)
    assert [event.name for event in events if isinstance(event, ImageDone)] == ["new.png"]


# -- what a person changed, or put there, is kept


@pytest.mark.parametrize(
    "change", [{}, {"threshold": 0.6}, {"maps": "none"}, {"pixel_size_nm": 12.0}], ids=str
)
def test_slits_that_a_person_edited_are_kept(job: PredictJob, change: dict[str, Any]) -> None:
    edited, were = edit(job), maps(job).read_bytes()
    for _ in range(2):
        why = why_skipped(run(job, **change))
        assert why == (
            "a_slits.csv was changed after it was written, so it is kept. "
            "Move it away, or give --no-skip-done to replace it."
        )
        assert slits(job).read_bytes() == edited
        assert maps(job).read_bytes() == were


@pytest.mark.parametrize("change", [other_model, other_pixels])
def test_edited_slits_outlive_another_model_and_another_image(
    job: PredictJob, change: Change
) -> None:
    edited = edit(job)
    change(job)
    assert "was changed after it was written" in why_skipped(run(job))
    assert slits(job).read_bytes() == edited


@pytest.mark.parametrize("change", [no_record, lambda job: change_entry(job, written=None)])
def test_slits_that_the_record_does_not_know_are_kept(job: PredictJob, change: Change) -> None:
    edited = edit(job)
    change(job)
    why = why_skipped(run(job))
    assert "which the record there does not know" in why
    assert "--no-skip-done" in why
    assert slits(job).read_bytes() == edited


def test_maps_of_others_are_kept(job: PredictJob) -> None:
    no_record(job)
    tifffile.imwrite(maps(job), draw_dots(), photometric="minisblack")
    there = maps(job).read_bytes()
    assert "a_maps.tif" in why_skipped(run(job))
    assert maps(job).read_bytes() == there


def test_slits_edited_while_the_image_was_predicted_are_kept(
    job: PredictJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict = predict_file.predict_image

    def predict_and_edit(*args: Any, **kwargs: Any) -> Any:
        prediction = yield from predict(*args, **kwargs)
        edit(job)
        return prediction

    monkeypatch.setattr(predict_file, "predict_image", predict_and_edit)
    assert "was changed" in why_skipped(run(job, threshold=0.6))
    assert slits(job).read_text().endswith("4,12.5,60.0,1.0\n")


def test_no_skip_done_replaces_them(job: PredictJob) -> None:
    before = slits(job).read_bytes()
    edit(job)
    assert ended(run(job, skip_done=False)).n_ok == 1
    assert slits(job).read_bytes() == before
    assert ended(run(job)).n_skipped == 1


def test_results_of_a_run_that_died_before_its_record_was_saved_are_taken_for_ours(
    job: PredictJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record still tells of the results before those."""
    with monkeypatch.context() as patch:
        patch.setattr(record, "write_text", lambda *_: None)
        run(job, threshold=0.6)
    assert entry(job)["threshold"] == 0.5
    assert ended(run(job, threshold=0.6)).n_ok == 1
    assert entry(job)["threshold"] == 0.6
    assert ended(run(job, threshold=0.6)).n_skipped == 1


# -- fingerprints


def test_two_files_that_change_names_are_told_apart(tmp_path: Path) -> None:
    """Unpacked together, they have the same size and the same date."""
    one, other = tmp_path / "one", tmp_path / "other"
    for path, content in ((one, b"abc"), (other, b"xyz")):
        path.write_bytes(content)
        os.utime(path, ns=(10**18, 10**18))
    known = fingerprint_of(one)
    assert is_unchanged(one, known)
    one.rename(tmp_path / "third")
    other.rename(one)
    assert not is_unchanged(one, known)


def test_what_is_no_file_is_no_longer_what_it_was(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    known = fingerprint_of(tmp_path / "a")
    (tmp_path / "a").unlink()
    assert not is_unchanged(tmp_path / "a", known)
    (tmp_path / "a").mkdir()
    assert not is_unchanged(tmp_path / "a", known)
    assert not is_unchanged(tmp_path, {})
