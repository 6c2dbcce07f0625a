"""Prediction of one image and of files, with a model whose answer is known."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.spatial.distance import cdist

from napari_slitseg import __version__
from napari_slitseg.core import atomic
from napari_slitseg.core.checkpoint import CheckpointError
from napari_slitseg.core.detection import Peaks
from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.core.inference import Cancelled, InferenceError, Predictor
from napari_slitseg.core.points import PointTable, read_points
from napari_slitseg.events import (
    Event,
    Finished,
    ImageDone,
    ImageFailed,
    Notice,
    Progress,
    Started,
)
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines import record
from napari_slitseg.pipelines.fingerprints import fingerprint_of
from napari_slitseg.pipelines.predict import open_predictor, predict_files, predict_image
from napari_slitseg.pipelines.region import Part
from tests.pipelines.dots import DOTS, SHAPE, StopAfter, drain, draw_dots

EVERY_FILE = {"img1", "img2", "img10"}


@pytest.fixture(scope="module")
def predictor(model_file: Path) -> Predictor:
    return open_predictor(str(model_file), "cpu")


@pytest.fixture
def job(folder: Path, model_file: Path, tmp_path: Path) -> PredictJob:
    return PredictJob(
        images=(folder,),
        out=tmp_path / "new" / "out",
        model=str(model_file),
        pixel_size_nm=10,
        device="cpu",
    )


def dots_image(pixels: Any = None, pixel_size_nm: float | None = 10.0) -> Micrograph:
    pixels = draw_dots() if pixels is None else pixels
    return Micrograph(pixels, pixel_size_nm, "user" if pixel_size_nm else "", "dots")


def assert_found(table: PointTable, dots: Any, within_px: float = 0.1) -> None:
    assert len(table) == len(dots)
    assert cdist(table.yx, np.array(dots)).min(axis=0).max() < within_px


def last(events: list[Event]) -> Finished:
    assert [type(event) for event in events].count(Finished) == 1
    assert isinstance(events[-1], Finished)
    return events[-1]


def of_kind(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# -- one image


def test_one_image(predictor: Predictor) -> None:
    events, prediction = drain(predict_image(predictor, dots_image()))
    assert_found(prediction.table, DOTS)
    assert prediction.shape == SHAPE
    assert (prediction.threshold, prediction.min_distance_nm) == (0.5, 30)
    assert prediction.model_name == "dots"
    assert prediction.origin == f"model:dots@{predictor.info.sha256[:8]}"
    assert prediction.notices == ()
    assert {type(event) for event in events} == {Progress}
    assert (events[-1].done, events[-1].total, events[-1].message) == (1, 1, "dots")


def test_threshold_and_distance_of_the_caller_win(predictor: Predictor) -> None:
    _, none = drain(predict_image(predictor, dots_image(), threshold=1.0))
    assert len(none.table) == 0
    _, one = drain(predict_image(predictor, dots_image(), min_distance_nm=5000))
    assert len(one.table) == 1


def test_an_unknown_pixel_size_is_the_models_own_and_said(predictor: Predictor) -> None:
    events, prediction = drain(predict_image(predictor, dots_image(pixel_size_nm=None)))
    [notice] = of_kind(events, Notice)
    assert "pixel size is unknown" in notice.text
    assert notice.item == "dots"
    assert prediction.notices == (notice.text,)
    assert prediction.pixel_size_nm == 10


def test_another_pixel_size_is_resampled_and_mapped_back(predictor: Predictor) -> None:
    fine = draw_dots([(y * 2 + 0.5, x * 2 + 0.5) for y, x in DOTS], (192, 224))
    _, prediction = drain(predict_image(predictor, dots_image(fine, pixel_size_nm=5)))
    assert prediction.shape == (192, 224)
    assert_found(prediction.table, [(y * 2 + 0.5, x * 2 + 0.5) for y, x in DOTS], within_px=0.6)


def test_cancelling_raises_at_every_step(predictor: Predictor) -> None:
    asked = StopAfter(10**6)
    drain(predict_image(predictor, dots_image(), should_stop=asked))
    n_questions = 10**6 - asked.n
    assert n_questions > 3
    for n in range(n_questions):
        with pytest.raises(Cancelled):
            drain(predict_image(predictor, dots_image(), should_stop=StopAfter(n)))


def test_opening_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no model 'nothing'"):
        open_predictor("nothing")
    (tmp_path / "a.safetensors").write_bytes(b"nonsense")
    with pytest.raises(CheckpointError):
        open_predictor(tmp_path / "a.safetensors")


# -- a region of one image

WINDOW = (slice(10, 40), slice(60, 100))


def test_a_region_alone_knows_nothing_of_the_rest(predictor: Predictor) -> None:
    _, prediction = drain(predict_image(predictor, dots_image(), part=Part(WINDOW)))
    assert prediction.shape == SHAPE
    assert_found(prediction.table, [(28.0, 80.0)])
    assert prediction.slit[80:].max() == 0


def test_regions_add_up_to_the_whole(predictor: Predictor) -> None:
    _, whole = drain(predict_image(predictor, dots_image()))
    patched = None
    for rows in (slice(0, 50), slice(50, None)):
        for columns in (slice(0, 71), slice(71, None)):
            steps = predict_image(
                predictor, dots_image(), part=Part((rows, columns), patched), threshold=0.4
            )
            patched = drain(steps)[1]
    assert patched is not None
    np.testing.assert_allclose(patched.slit, whole.slit, atol=1e-4)
    np.testing.assert_allclose(patched.membrane, whole.membrane, atol=1e-4)
    assert len(patched.table) == len(DOTS)
    assert_found(patched.table, whole.table.yx, within_px=1e-3)


def test_a_region_replaces_only_its_part_of_an_earlier_prediction(predictor: Predictor) -> None:
    _, earlier = drain(predict_image(predictor, dots_image()))
    before = earlier.slit.copy()
    empty = dots_image(draw_dots(DOTS[:3]))
    _, now = drain(predict_image(predictor, empty, part=Part(WINDOW, earlier)))
    assert_found(now.table, DOTS[:3])
    np.testing.assert_array_equal(earlier.slit, before)
    assert_found(earlier.table, DOTS)


def test_an_earlier_prediction_by_another_model_is_dropped(predictor: Predictor) -> None:
    _, earlier = drain(predict_image(predictor, dots_image()))
    other = replace(earlier, model_sha256="0" * 64)
    _, now = drain(predict_image(predictor, dots_image(), part=Part(WINDOW, other)))
    assert_found(now.table, [(28.0, 80.0)])


def test_a_region_outside_the_image_is_refused(predictor: Predictor) -> None:
    for window in ((slice(200, 300), slice(0, 10)), (slice(20, 20), slice(0, 10))):
        with pytest.raises(InferenceError, match="no pixel in the image"):
            drain(predict_image(predictor, dots_image(), part=Part(window)))


# -- files


def test_files(job: PredictJob) -> None:
    events, _ = drain(predict_files(job))
    assert events[0] == Started(total=3)
    assert last(events) == Finished(reason="done", n_ok=3)
    done = of_kind(events, ImageDone)
    assert [event.name for event in done] == ["img1.png", "img2.png", "img10.png"]
    assert [event.n_slits for event in done] == [4, 1, 2]
    names = {f"{stem}_{end}" for stem in EVERY_FILE for end in ("slits.csv", "maps.tif")}
    assert set(os.listdir(job.out)) == names | {"predictions.json"}
    assert {path.name for event in done for path in event.outputs} == names


def test_the_slits_file(job: PredictJob) -> None:
    drain(predict_files(job))
    path = job.out / "img1_slits.csv"
    assert path.read_text().splitlines()[0] == "index,axis-0,axis-1,score"
    table = read_points(path)
    assert_found(table, DOTS)
    assert table.score.min() > 0.5
    assert set(table.status.tolist()) == {"proposed"}


def test_no_slits_make_a_file_without_points(job: PredictJob) -> None:
    drain(predict_files(job.model_copy(update={"threshold": 1.0})))
    assert (job.out / "img1_slits.csv").read_text().splitlines() == ["index,axis-0,axis-1,score"]


def test_the_record(job: PredictJob, folder: Path) -> None:
    drain(predict_files(job.model_copy(update={"threshold": 0.4})))
    content = json.loads((job.out / "predictions.json").read_text())
    assert PredictJob.model_validate(content["job"]) == job.model_copy(update={"threshold": 0.4})
    assert set(content["versions"]) == {"napari-slitseg", "python", "numpy", "torch"}
    assert content["versions"]["numpy"] == np.__version__
    assert content["model"]["name"] == "dots"
    assert len(content["model"]["sha256"]) == 64
    assert (content["threshold"], content["min_distance_nm"]) == (0.4, 30)
    assert content["detector"] == Peaks().to_dict()
    assert content["device"] == "cpu"
    entry = next(each for each in content["images"] if each["name"] == "img1")
    assert entry.pop("seconds") > 0
    assert entry.pop("date") >= content["date"]
    assert entry.pop("content") == fingerprint_of(folder / "img1.png")
    files = [job.out / "img1_slits.csv", job.out / "img1_maps.tif"]
    assert entry.pop("written") == {file.name: fingerprint_of(file) for file in files}
    assert entry == {
        "name": "img1",
        "file": str(folder / "img1.png"),
        "page": 0,
        "shape": list(SHAPE),
        "pixel_size_nm": 10.0,
        "pixel_size_source": "user",
        "n_slits": 4,
        "slits": "img1_slits.csv",
        "maps": "img1_maps.tif",
        "maps_format": "float16",
        "precision": "auto",
        "version": __version__,
        "model": "dots",
        "sha256": content["model"]["sha256"],
        "threshold": 0.4,
        "min_distance_nm": 30.0,
        "detector": Peaks().to_dict(),
        "notices": [],
    }


def test_an_unknown_pixel_size_is_not_recorded_as_known(job: PredictJob) -> None:
    events, _ = drain(predict_files(job.model_copy(update={"pixel_size_nm": None})))
    assert len(of_kind(events, Notice)) == 3
    entry = json.loads((job.out / "predictions.json").read_text())["images"][0]
    assert entry["pixel_size_nm"] is None
    assert "unknown" in entry["notices"][0]
    assert read_image(job.out / "img1_maps.tif").pixel_size_nm is None


def test_one_bad_file_is_reported_and_skipped(job: PredictJob, folder: Path) -> None:
    (folder / "img3.png").write_bytes(b"this is no picture")
    events, _ = drain(predict_files(job))
    [failed] = of_kind(events, ImageFailed)
    assert failed.name == "img3.png"
    assert "img3.png" in failed.reason
    assert last(events) == Finished(reason="done", n_ok=3, n_failed=1)
    content = json.loads((job.out / "predictions.json").read_text())
    assert {each["name"] for each in content["images"]} == EVERY_FILE
    assert content["failed"] == [
        {"name": "img3", "file": str(folder / "img3.png"), "reason": failed.reason}
    ]


def test_a_missing_file_and_a_reader_that_breaks_do_not_end_the_others(
    job: PredictJob, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_slitseg.pipelines import inputs

    def read(path: Path, **options: Any) -> Micrograph:
        if path.name == "img2.png":
            raise KeyError("tag 42")
        return read_image(path, **options)

    monkeypatch.setattr(inputs, "read_image", read)
    events, _ = drain(
        predict_files(job.model_copy(update={"images": (folder / "lost.png", folder)}))
    )
    reasons = {event.name: event.reason for event in of_kind(events, ImageFailed)}
    assert reasons["img2.png"] == "KeyError: 'tag 42'"
    assert "There is no file" in reasons["lost.png"]
    assert last(events).n_ok == 2


def test_the_page_taken_is_said(job: PredictJob, tmp_path: Path) -> None:
    pages = np.stack([draw_dots(DOTS[:n]) for n in (1, 3)])
    tifffile.imwrite(tmp_path / "pages.tif", pages, photometric="minisblack")
    events, _ = drain(
        predict_files(job.model_copy(update={"images": (tmp_path / "pages.tif",), "page": 1}))
    )
    [notice] = of_kind(events, Notice)
    assert "2 pages; page 1 was taken" in notice.text
    assert of_kind(events, ImageDone)[0].n_slits == 3


# -- again into the same folder


def test_running_again_replaces_the_same_and_keeps_the_others(
    job: PredictJob, folder: Path
) -> None:
    drain(predict_files(job))
    before = contents(job.out)
    again = job.model_copy(update={"images": (folder / "img1.png",), "min_distance_nm": 5000.0})
    drain(predict_files(again))
    after = contents(job.out)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"img1_slits.csv", "predictions.json"}
    content = json.loads(after["predictions.json"])
    distances = {each["name"]: each["min_distance_nm"] for each in content["images"]}
    assert distances == {"img1": 5000.0, "img2": 30.0, "img10": 30.0}
    assert content["min_distance_nm"] == 5000.0


def test_an_image_that_fails_now_keeps_its_earlier_results(job: PredictJob, folder: Path) -> None:
    drain(predict_files(job))
    before = contents(job.out)
    (folder / "img1.png").write_bytes(b"")
    drain(predict_files(job))
    assert contents(job.out)["img1_slits.csv"] == before["img1_slits.csv"]
    content = json.loads((job.out / "predictions.json").read_text())
    assert "img1" in {each["name"] for each in content["images"]}
    assert [each["name"] for each in content["failed"]] == ["img1"]


# -- refused before anything is done


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "nothing"}, "no model 'nothing'"),
        ({"device": "cuda:77"}, "not available"),
        ({"pixel_sizes": Path("nowhere.csv")}, "nowhere.csv cannot be read"),
        ({"images": (Path(os.devnull).parent,)}, "no images in the folder"),
    ],
)
def test_refusals(job: PredictJob, change: dict[str, Any], message: str) -> None:
    events, _ = drain(predict_files(job.model_copy(update=change)))
    assert len(events) == 1
    assert last(events).reason == "refused"
    assert message in last(events).message


def test_a_file_in_place_of_the_folder_is_refused(job: PredictJob, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("a file")
    events, _ = drain(predict_files(job))
    assert last(events).reason == "refused"
    assert "cannot be written to the folder" in last(events).message


def test_a_foreign_predictions_file_is_refused_and_kept(job: PredictJob) -> None:
    job.out.mkdir(parents=True)
    for text in ('{"mine": 1}', "not json", '{"format": "napari-slitseg predictions"}', "[]"):
        (job.out / "predictions.json").write_text(text)
        events, _ = drain(predict_files(job))
        assert last(events).reason == "refused"
        assert "no record of this program" in last(events).message
        assert contents(job.out) == {"predictions.json": text.encode()}


# -- cut off


def test_cancelling_keeps_what_was_finished(job: PredictJob) -> None:
    steps = predict_files(job, stop := StopAfter(10**6))
    events: list[Event] = []
    for event in steps:
        events.append(event)
        if isinstance(event, ImageDone):
            stop.n = 2
    assert last(events) == Finished(reason="cancelled", n_ok=1)
    content = json.loads((job.out / "predictions.json").read_text())
    assert [each["name"] for each in content["images"]] == ["img1"]
    assert set(os.listdir(job.out)) == {"img1_slits.csv", "img1_maps.tif", "predictions.json"}


def test_cancelled_before_the_first_image(job: PredictJob) -> None:
    events, _ = drain(predict_files(job, lambda: True))
    assert [type(event) for event in events] == [Started, Finished]
    assert last(events).reason == "cancelled"


def test_a_caller_who_walks_away_leaves_a_true_record(job: PredictJob) -> None:
    steps = predict_files(job)
    for event in steps:
        if isinstance(event, ImageDone):
            break
    steps.close()
    content = json.loads((job.out / "predictions.json").read_text())
    assert [each["name"] for each in content["images"]] == ["img1"]


def test_a_full_disk_ends_the_run_and_leaves_earlier_results(
    job: PredictJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain(predict_files(job))
    before = contents(job.out)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    events, _ = drain(predict_files(job.model_copy(update={"threshold": 0.9})))
    assert last(events).reason == "failed"
    assert last(events).n_failed == 1
    assert "No space left on device" in last(events).message
    assert contents(job.out) == before


def test_one_result_that_cannot_be_written_does_not_end_the_others(job: PredictJob) -> None:
    (job.out / "img1_maps.tif").mkdir(parents=True)
    events, _ = drain(predict_files(job))
    [failed] = of_kind(events, ImageFailed)
    assert "img1_maps.tif could not be written" in failed.reason
    assert last(events) == Finished(reason="done", n_ok=2, n_failed=1)


def test_the_record_is_saved_on_the_way(job: PredictJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_SECONDS_BETWEEN_SAVES", 0.0)
    counts = []
    for event in predict_files(job):
        if isinstance(event, ImageDone):
            content = json.loads((job.out / "predictions.json").read_text())
            counts.append(len(content["images"]))
    assert counts == [1, 2, 3]


def test_an_image_of_one_value_has_no_slits(job: PredictJob, tmp_path: Path) -> None:
    Image.new("L", (40, 30), 128).save(tmp_path / "flat.png")
    events, _ = drain(predict_files(job.model_copy(update={"images": (tmp_path / "flat.png",)})))
    assert of_kind(events, ImageDone)[0].n_slits == 0
