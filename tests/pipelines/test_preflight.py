"""What is said of a training before it begins."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_slitseg.core.checkpoint import CheckpointInfo, save_checkpoint
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.events import Progress
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines import preflight as module
from napari_slitseg.pipelines.dataset import DataSet, collect, steps_per_epoch
from napari_slitseg.pipelines.preflight import Finding, preflight
from napari_slitseg.pipelines.preflight_costs import about_disk, about_time, about_trial, duration
from napari_slitseg.pipelines.preflight_learning import about_patches, needs_pretraining
from napari_slitseg.pipelines.preflight_parts import about_parts
from napari_slitseg.pipelines.trial import Trial, TrialError
from tests.pipelines.annotated import SHAPE, annotated, job_for
from tests.pipelines.dots import StopAfter, drain

TRIAL = Trial(
    device="cpu",
    precision="32-true",
    multiple=16,
    reach_px=90,
    batch=4,
    step_seconds=2.0,
    patch_seconds=0.001,
    validation_seconds_per_px=0.001,
    peak_bytes=2**30,
    available_bytes=4 * 2**30,
    loss=0.5,
    image="img0.png",
    n_found=3,
    n_annotated=3,
)


@pytest.fixture
def images(annotated_images: Path) -> Path:
    """Folder of six annotated images."""
    return annotated_images


@pytest.fixture
def settings(model_file: Path, tmp_path: Path) -> dict[str, Any]:
    """What every job has here."""
    return {"start": str(model_file), "runs": tmp_path / "runs"}


def card(*paths: Path, **changes: Any) -> dict[str, Finding]:
    """Findings by title, without a trial."""
    _, findings = drain(preflight(job_for(*paths, **changes), with_trial=False))
    assert len({finding.title for finding in findings}) == len(findings)
    assert [f.title for f in findings if f.status != "ok" and not f.text] == []
    return {finding.title: finding for finding in findings}


def data_of(*paths: Path, **changes: Any) -> DataSet:
    """Images of a job."""
    return drain(collect(job_for(*paths, **changes)))[1]


def test_all_is_green_where_nothing_is_wrong(images: Path, settings: dict[str, Any]) -> None:
    Image.new("L", SHAPE[::-1], 255).save(images / "img0_membrane.png")
    for number in range(1, 6):
        shutil.copy(images / "img0_membrane.png", images / f"img{number}_membrane.png")
    found = card(images, **settings)
    assert [finding for finding in found.values() if finding.status != "ok"] == []
    assert "6 annotated images with 18 slits" in found["Images"].text
    assert "All have 10 nm, as the model's" in found["Pixel size"].text
    assert "4 images to train, 1 to choose the best model, 1 to judge" in found["Split"].text
    assert "30 epochs, about 300 steps" in found["Length"].text
    assert not (images.parent / "runs").exists()


def test_images_that_are_left_out_are_named(images: Path, settings: dict[str, Any]) -> None:
    (images / "img0.csv").unlink()
    (images / "img1.png").write_bytes(b"no image")
    found = card(images, **settings)["Images"]
    assert found.status == "warn"
    assert "img0.png (It has no annotation)" in found.text
    assert "img1.png" in found.text


def test_images_without_annotation_do_not_hide_damaged_ones(
    images: Path, settings: dict[str, Any]
) -> None:
    for number in range(7):
        annotated(images, f"bare{number}").with_suffix(".csv").unlink()
    (images / "img5.png").write_bytes(b"no image")
    (images / "img4.csv").unlink()
    text = card(images, **settings)["Images"].text
    assert "bare0.png, bare1.png, bare2.png, bare3.png and 4 more (It has no annotation)" in text
    assert "img5.png (img5.png" in text
    assert "so few" in text


def test_what_is_said_of_single_files_is_on_the_card(
    images: Path, settings: dict[str, Any]
) -> None:
    write_points(images / "img1.csv", PointTable.from_yx([[5, 5], [9, 500], [20, 20]]))
    assert "Annotations" not in card(images, **settings)
    Image.new("L", (9, 9), 255).save(images / "img0_membrane.png")
    found = card(images, **settings)["Annotations"]
    assert found.status == "warn"
    assert found.text.startswith("img0.png: Its membrane is not used.")
    assert "9 x 9 px, but its image 48 x 64 px" in found.text.replace("is 48", "48")


def test_few_images_are_amber_and_too_few_red(images: Path, settings: dict[str, Any]) -> None:
    for number in range(2, 6):
        (images / f"img{number}.png").unlink()
    assert "so few" in card(images, **settings)["Images"].text
    (images / "img1.csv").unlink()
    found = card(images, **settings)
    assert found["Images"].status == "fail"
    assert "two are needed" in found["Images"].text
    assert "Loss of the slits" in found


def test_grey_values_that_are_odd_are_amber(images: Path, settings: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 255, (*SHAPE, 3), dtype=np.uint8)
    Image.fromarray(colours).save(images / "img0.png")
    assert "grey (luminance)" in card(images, **settings)["Grey values"].text
    broken = rng.random(SHAPE, dtype=np.float32)
    broken[3, 4] = np.nan
    tifffile.imwrite(annotated(images, "nan", suffix=".tif"), broken)
    (images / "img0.png").unlink()
    found = card(images, **settings)["Grey values"]
    assert found.status == "warn"
    assert "1 pixel(s) that were NaN" in found.text


def test_saturated_images_are_amber(images: Path, settings: dict[str, Any]) -> None:
    half = np.random.default_rng(0).integers(0, 255, SHAPE, dtype=np.uint8)
    half[half > 150] = 255
    Image.fromarray(half).save(images / "img3.png")
    found = card(images, **settings)["Grey values"]
    assert found.status == "warn"
    assert "black or white in img3.png" in found.text


def test_constant_and_tiny_images_are_left_out(images: Path, settings: dict[str, Any]) -> None:
    Image.new("L", SHAPE[::-1], 9).save(images / "img0.png")
    Image.new("L", (1, 1), 9).save(images / "img1.png")
    text = card(images, **settings)["Images"].text
    assert "img0.png (All its pixels have the same grey value" in text
    assert "img1.png (It is only 1 x 1 px" in text


@pytest.mark.parametrize(
    ("size_nm", "status", "says"),
    [
        (None, "warn", "taken for the model's own, 10 nm"),
        (15.0, "ok", "resampled 1.5 times"),
        (25.0, "warn", "adds no detail"),
        (4.0, "warn", "throws detail away"),
        (200.0, "fail", "cannot be brought"),
    ],
)
def test_pixel_sizes_far_from_the_models_are_said(
    size_nm: float | None, status: str, says: str, images: Path, settings: dict[str, Any]
) -> None:
    found = card(images, **settings, pixel_size_nm=size_nm)["Pixel size"]
    assert found.status == status
    assert says in found.text


def test_a_pixel_size_that_cannot_be_is_red_also_beside_an_unknown_one(
    images: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "sizes.csv").write_text("image,pixel_size_nm\nimg3,900\nimg4,10\n")
    sizes = {"pixel_size_nm": None, "pixel_sizes": tmp_path / "sizes.csv"}
    found = card(images, **settings, **sizes)["Pixel size"]
    assert found.status == "fail"
    assert "have 10 to 900 nm" in found.text
    assert "img3.png cannot be brought" in found.text


def test_images_without_slits_are_fine_up_to_a_half(images: Path, settings: dict[str, Any]) -> None:
    everywhere = (images / "img0.csv").read_bytes()
    for number in range(6):
        write_points(images / f"img{number}.csv", PointTable.empty())
    assert "None of the 6 annotated images has a slit" in card(images, **settings)["Images"].text
    expected = {}
    for number in range(6):
        (images / f"img{number}.csv").write_bytes(everywhere)
        data = data_of(images)
        n_rich = sum(member.n_slits > 0 for member in data.train)
        found = {f.title: f for f in about_parts(job_for(images), data)}
        expected[n_rich] = found["Images without slits"].status
    assert expected == {1: "warn", 2: "ok", 3: "ok", 4: "ok"}


def test_training_images_without_any_slit_are_red(images: Path) -> None:
    data = data_of(images)
    bare = tuple(replace(member, n_slits=0) for member in data.train)
    found = next(about_parts(job_for(images), replace(data, train=bare)))
    assert (found.status, found.title) == ("fail", "Images without slits")


def test_points_outside_and_dots_that_touch_are_amber(
    images: Path, settings: dict[str, Any]
) -> None:
    assert card(images, **settings)["Places of slits"].status == "ok"
    write_points(images / "img0.csv", PointTable.from_yx([[5, 5], [9, 500], [20, 20]]))
    found = card(images, **settings)["Places of slits"]
    assert (found.status, "1 annotated point outside" in found.text) == ("warn", True)
    write_points(images / "img0.csv", PointTable.from_yx([[5, 5], [20, 20]]))
    touching = card(images, **settings, dot_radius_nm=200)["Places of slits"]
    assert (touching.status, "a dot of the target is wide (400 nm)" in touching.text) == (
        "warn",
        True,
    )


def test_missing_membranes_are_amber_unless_they_are_not_trained(
    images: Path, settings: dict[str, Any]
) -> None:
    assert card(images, **settings)["Membranes"].status == "warn"
    assert card(images, **settings, membrane_weight=0)["Membranes"].status == "ok"


def test_the_same_picture_twice_is_amber(images: Path, settings: dict[str, Any]) -> None:
    shutil.copy(images / "img0.png", annotated(images, "copy"))
    found = card(images, **settings)["Doubles"]
    assert found.status == "warn"
    assert "copy.png" in found.text


def test_two_images_are_no_doubles_but_cannot_be_judged(
    images: Path, settings: dict[str, Any]
) -> None:
    found = card(images / "img0.png", images / "img1.png", **settings)
    assert found["Doubles"] == Finding("ok", "Doubles", "No picture is there twice.")
    assert (found["Split"].status, "judge it too" in found["Split"].text) == ("warn", True)


def test_many_doubles_are_told_in_short(images: Path, settings: dict[str, Any]) -> None:
    for number in range(5):
        for copy in range(8):
            name = annotated(images, f"img{number}_{copy}")
            shutil.copy(images / f"img{number}.png", name)
    text = card(images, **settings)["Doubles"].text
    assert "The same picture is there 9 times" in text
    assert "and 6 more" in text
    assert text.endswith("And 2 others like that.")


def test_leakage_between_parts_is_red(images: Path, settings: dict[str, Any]) -> None:
    both = (images / "img0.png",)
    found = card(images, **settings, validation_images=both, test_images=both)["Images"]
    assert found.status == "fail"
    assert "validation images and the test images" in found.text
    data = data_of(images)
    leaking = replace(data, test=data.train[:1])
    found = {f.title: f for f in about_parts(job_for(images), leaking)}["Split"]
    assert found.status == "fail"
    same = replace(data.test[0], content_sha256=data.train[0].content_sha256)
    found = {f.title: f for f in about_parts(job_for(images), replace(data, test=(same,)))}["Split"]
    assert (found.status, "same picture is on two sides" in found.text) == ("fail", True)


def test_one_biopsy_on_two_sides_is_amber(
    images: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    table = tmp_path / "biopsies.csv"
    table.write_text("image,biopsy\n" + "".join(f"img{i},B{i // 3}\n" for i in range(6)))
    found = card(images, **settings, biopsies=table)["Split"]
    assert (found.status, "Images of one biopsy" in found.text) == ("warn", True)
    apart = card(images, **settings, biopsies=table, split_by="biopsy")["Split"]
    assert "judge it too" in apart.text


def saved(folder: Path, name: str, **changes: Any) -> str:
    """Write an untrained model of a kind."""
    model = build_model(model_spec(name, width=0.1, **changes))
    path = folder / f"{name}.safetensors"
    save_checkpoint(path, model, CheckpointInfo(name, model.spec, Normalisation(), 10.0, 0.5, 30))
    return str(path)


def test_models_that_cannot_be_trained_are_red(
    images: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "text.safetensors").write_text("hello")
    (tmp_path / "empty run").mkdir()
    starts = {
        saved(tmp_path, "points"): "points instead of maps",
        str(tmp_path / "text.safetensors"): "text.safetensors",
        str(tmp_path / "gone.safetensors"): "There is no model",
        str(tmp_path / "empty run"): "no best model",
    }
    for start, says in starts.items():
        found = card(images, **{**settings, "start": start})["Start model"]
        assert (found.status, says in found.text, bool(found.cure)) == ("fail", True, True)


def test_a_batch_of_one_and_batch_norm_do_not_go_together(
    images: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    start = {**settings, "start": saved(tmp_path, "forknet")}
    assert card(images, **start, batch=1)["Start model"].status == "warn"
    assert card(images, **start, batch=1, batch_norm="frozen")["Start model"].status == "ok"


@pytest.mark.parametrize(
    ("changes", "title", "status", "says"),
    [
        ({"slit_loss": "focal"}, "Loss of the slits", "ok", ""),
        ({"slit_loss": "point"}, "Loss of the slits", "fail", "no gradient"),
        ({"slit_loss": "soft_point"}, "Loss of the slits", "warn", "can remove slits"),
        ({"membrane_loss": "one_to_one"}, "Loss of the membrane", "fail", "a membrane has none"),
        ({"schedule": {"name": "constant", "rate": 0.1}}, "Learning rate", "warn", "forgets"),
        ({"schedule": {"name": "constant", "rate": 1e-9}}, "Learning rate", "fail", "Nothing"),
        ({"epochs": 2}, "Length", "warn", "So few"),
        ({"schedule": {"name": "triangular2", "periods": 100}}, "Length", "warn", "only 3"),
    ],
)
def test_what_is_learned_and_how_fast_is_looked_at(
    changes: dict[str, Any],
    title: str,
    status: str,
    says: str,
    images: Path,
    settings: dict[str, Any],
) -> None:
    found = card(images, **settings, **changes)[title]
    assert (found.status, says in found.text) == (status, True), found


def test_a_full_disk_is_red_and_a_nearly_full_one_amber(
    images: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, status in ((1000, "fail"), (100 * 2**20, "warn"), (10 * 2**30, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        assert card(images, **settings)["Disk"].status == status


def test_a_folder_that_cannot_be_written_is_red(
    images: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert card(images, **settings)["Disk"].status == "fail"


def test_runs_go_into_folders_only(images: Path, settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    found = card(images, **{**settings, "runs": tmp_path / "file"})["Disk"]
    assert (found.status, "file" in found.text) == ("fail", True)


def test_room_for_previews_is_that_of_those_that_are_kept(
    images: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=300 * 2**20))
    data = data_of(images)
    long = replace(data, validation=(replace(data.validation[0], shape=(1000, 1000)),) * 9)

    def status(epochs: int) -> str:
        job = job_for(images, **settings, epochs=epochs)
        return next(about_disk(job, long, 2**20, 10.0)).status

    assert [status(epochs) for epochs in (2, 1000)] == ["ok", "warn"]
    assert status(100_000) == status(20)


def of_trial(job: FinetuneJob, **changes: Any) -> dict[str, Finding]:
    """Findings about a trial, by title."""
    return {finding.title: finding for finding in about_trial(job, replace(TRIAL, **changes))}


def test_the_trial_tells_of_memory_and_of_the_first_step(images: Path) -> None:
    job = job_for(images)
    assert {finding.status for finding in of_trial(job).values()} == {"ok"}
    half = of_trial(job, batch=2)["Memory"]
    assert (half.status, "--batch 2 --accumulation 2" in half.cure) == ("warn", True)
    assert of_trial(job, peak_bytes=4 * 2**30)["Memory"].status == "warn"
    assert of_trial(job, loss=None)["First step"].status == "fail"
    assert of_trial(job, n_found=0)["First step"].status == "ok"
    late = job_for(images, slit_loss="peak_chamfer")
    assert needs_pretraining(late)
    assert of_trial(late, n_found=0)["First step"].status == "warn"


def test_the_time_is_told_in_units_of_people(images: Path) -> None:
    job, data = job_for(images), data_of(images)
    found = about_time(job, data, TRIAL, 30)
    assert found.text == "About 63 s an epoch of 30 steps, 32 minutes in all."
    slow = about_time(job, data, replace(TRIAL, step_seconds=200.0), 30)
    assert slow.status == "warn"
    late = about_time(job, data, replace(TRIAL, patch_seconds=1000.0), 30)
    assert late.status == "warn"
    assert [duration(s) for s in (0.2, 89, 180, 5400, 86400 * 3)] == [
        "1 s",
        "89 s",
        "3 minutes",
        "1 h 30 min",
        "3.0 days",
    ]


@pytest.mark.parametrize(
    ("patch_px", "side_px", "status"),
    [(256, 500, "ok"), (250, 500, "warn"), (256, 200, "warn"), (64, 500, "warn")],
)
def test_patches_are_compared_with_images_and_network(
    patch_px: int, side_px: float, status: str, images: Path
) -> None:
    found = about_patches(job_for(images, patch_px=patch_px), side_px, 16, 90)
    assert found.status == status


@pytest.mark.parametrize(("side_px", "said"), [(20.0, 32), (100.0, 96), (31.0, 32)])
def test_a_size_of_patches_that_is_advised_can_be_given(
    side_px: float, said: int, images: Path
) -> None:
    found = about_patches(job_for(images), side_px, 16, 90)
    assert found.cure == f"Give --patch-px {said}."
    then = about_patches(job_for(images, patch_px=said), side_px, 16, 30)
    assert then.status == "ok"


def test_an_epoch_sees_each_image_about_once(images: Path) -> None:
    data = data_of(images)
    assert steps_per_epoch(job_for(images), data.train, 10.0) == 10
    assert steps_per_epoch(job_for(images, steps_per_epoch=7), data.train, 10.0) == 7
    finer = steps_per_epoch(job_for(images, patch_px=32, batch=1), data.train, 2.5)
    assert finer == 4 * SHAPE[0] * SHAPE[1] * 16 // 32**2
    assert steps_per_epoch(job_for(images, patch_px=32, batch=1), data.train, 0.5) == 200


def test_a_trial_that_fails_is_red_and_none_is_made_where_something_is_red(
    images: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> Any:
        yield Progress(done=0, total=1)
        raise TrialError("It is broken.")

    monkeypatch.setattr(module, "try_out", failing)
    _, findings = drain(preflight(job_for(images, **settings)))
    assert findings[-1].status == "fail"
    assert findings[-1].text == "It is broken."
    _, findings = drain(preflight(job_for(images, **settings, slit_loss="point")))
    assert (findings[-1].status, findings[-1].text) == ("warn", "No batch was tried.")


def test_it_stops_when_asked(images: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(Cancelled):
        drain(preflight(job_for(images, **settings), StopAfter(3)))
