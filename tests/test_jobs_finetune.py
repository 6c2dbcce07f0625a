"""The job of a fine-tuning: one document for form, command line, file and record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from napari_slitseg.core.losses.spec_combine import WeightedSum
from napari_slitseg.jobs import FinetuneJob, explain
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import RunFolder, new_run


def test_a_job_survives_json() -> None:
    job = FinetuneJob(images=("a.tif",), curriculum="dice_then_distance", slit_loss="one_to_one")
    assert FinetuneJob(**json.loads(job.model_dump_json())) == job


def test_names_become_documents_with_all_their_settings() -> None:
    job = FinetuneJob(images=("a.tif",), schedule="triangular2", augmentation="none")
    assert job.schedule["name"] == "triangular2"
    assert len(job.schedule) > 2
    assert not job.the_augmentation().flip
    assert job.the_augmentation().slit_share == 0.8


def test_a_preset_of_a_loss_is_named_behind_a_colon() -> None:
    slit = FinetuneJob(images=("a",)).the_curriculum().stages[0].losses.slit
    assert slit == WeightedSum.preset("dice_and_one_to_one")
    job = FinetuneJob(images=("a",), slit_loss={"name": "sum:dice_and_kernel", "memory": 0.5})
    assert job.the_curriculum().stages[0].losses.slit == WeightedSum.preset(
        "dice_and_kernel", memory=0.5
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"slit_loss": "dise"}, "slit_loss: there is no loss 'dise'; did you mean 'dice'?"),
        ({"slit_loss": "sum:nothing"}, "slit_loss: WeightedSum has no preset 'nothing'"),
        ({"slit_loss": 3}, "slit_loss: a loss is a document"),
        ({"track_losses": ("dise",)}, "did you mean 'dice'?"),
        ({"curriculum": "dise"}, "curriculum: there is no curriculum 'dise'"),
        ({"curriculum": {"stages": []}}, "curriculum: the last stage must go to the end"),
        ({"schedule": {"name": "cosine", "rate": -1}}, "Cosine.rate is -1; it must be above 0"),
        ({"optimiser": "lion"}, "there is no optimiser 'lion'"),
        ({"augmentation": {"name": "tem", "min_scale": 2}}, "min_scale is 2, above"),
        ({"membrane_weight": 0, "slit_weight": 0}, "both weights are 0"),
        ({"split_by": "biopsy"}, "give the table of biopsies"),
        ({"validation_share": 0.6, "test_share": 0.4}, "leave no image to train with"),
        ({"images": ()}, "images"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        FinetuneJob(**{"images": ("a.tif",), **values})  # type: ignore[arg-type]
    assert said in explain(error.value)


def test_the_global_batch_counts_all_devices() -> None:
    job = FinetuneJob(images=("a",), batch=2, accumulation=3, devices=2, nodes=2)
    assert job.global_batch == 24


def test_a_new_run_holds_its_job_with_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = new_run(FinetuneJob(images=("a.tif",), runs="runs", name="Ünsere Läufe / 1"))
    assert folder.path == tmp_path / "runs" / "Ünsere-Läufe-1"
    assert folder.read_job().images == (tmp_path / "a.tif",)
    assert folder.read_job().start == "slitseg-unet-v2"


def test_two_runs_of_one_name_get_two_folders(tmp_path: Path) -> None:
    job = FinetuneJob(images=("a.tif",), runs=tmp_path, name="mine")
    assert [new_run(job).name for _ in range(3)] == ["mine", "mine-2", "mine-3"]


def test_a_run_without_a_name_is_named_after_its_images_and_loss(tmp_path: Path) -> None:
    folder = new_run(FinetuneJob(images=("set_a",), runs=tmp_path, slit_loss="one_to_one"))
    assert folder.name.endswith("-set_a-one_to_one")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match=r"No run can be made in .*file"):
        new_run(FinetuneJob(images=("a",), runs=tmp_path / "file"))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"images": []}', '{"images": ["a"], "x": 1}'])
def test_a_job_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(JobError, match=r"job\.json is not valid"):
        RunFolder(tmp_path).read_job()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    assert not RunFolder(tmp_path).exists
    with pytest.raises(JobError, match="is no run"):
        RunFolder(tmp_path).read_job()
