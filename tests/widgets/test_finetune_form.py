"""The form of a fine-tuning without a window: what is typed becomes the job."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_slitseg.core.curriculum.presets import CURRICULA
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.inputs import read_pixel_sizes
from napari_slitseg.widgets import _finetune_choice
from napari_slitseg.widgets._finetune_form import MAIN, FinetuneForm
from napari_slitseg.widgets._finetune_more import GROUPS
from napari_slitseg.widgets._work import FileRead, ToRead, read_files
from napari_slitseg.widgets._workspace import Workspace
from tests.widgets.finetune_runs import annotated_images

ELSEWHERE = {
    "images",
    "start",
    "curriculum",
    "schedule",
    "optimiser",
    "augmentation",
    "membrane_loss",
    "slit_loss",
    "membrane_weight",
    "slit_weight",
}


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(50.0)


@pytest.fixture
def form(qtbot, workspace: Workspace) -> FinetuneForm:
    made = FinetuneForm(workspace)
    qtbot.addWidget(made)
    return made


def read_in(workspace: Workspace, paths: list[Path]) -> list[int]:
    """Read files into a workspace as the Load dock does."""
    keys = workspace.add_paths(paths)
    for read in read_files([ToRead(*pair) for pair in zip(keys, paths, strict=True)], bool):
        if isinstance(read, FileRead):
            values = {"annotation": read.annotation, "annotation_path": read.annotation_path}
            workspace.set_read(read.key, read.micrograph, **values)
    return keys


def test_every_setting_of_the_job_is_in_the_form(form: FinetuneForm) -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert len(grouped) == len(set(grouped))
    assert {*grouped, *MAIN, *ELSEWHERE} == set(FinetuneJob.model_fields)


def test_the_form_begins_with_what_the_job_has_by_default(form: FinetuneForm) -> None:
    form.images.setValue((Path("images"),))
    assert form.value() == FinetuneJob(images=(Path("images"),))
    assert "balanced" in form.folds["losses"].head.accessibleName()
    assert "0.0005" in form.folds["schedule"].head.accessibleName()


UNUSUAL = {
    "annotations": "notes",
    "test_images": ("t 1.png", "t2.png"),
    "validation_images": ("v.png",),
    "validation_share": 0.31,
    "test_share": 0.0,
    "split_by": "biopsy",
    "biopsies": "table.csv",
    "pixel_size_nm": 3.5e-01,
    "pixel_sizes": "sizes.csv",
    "page": 2,
    "membrane_loss": {"name": "tversky", "fp_weight": 0.3},
    "slit_loss": "focal",
    "membrane_weight": 0.25,
    "slit_weight": 2,
    "schedule": {"name": "triangular2", "low": 3.5e-06, "high": 1e-3},
    "optimiser": {"name": "sgd", "momentum": 0.8},
    "augmentation": {"name": "tem", "blur_px": 0.5},
    "epochs": 7,
    "steps_per_epoch": 33,
    "batch": 3,
    "accumulation": 5,
    "patch_px": 64,
    "dot_radius_nm": 41.5,
    "clip_norm": None,
    "ema": 0.5,
    "freeze": "encoder",
    "batch_norm": "frozen",
    "name": "my run",
    "runs": "elsewhere",
    "tolerance_nm": 60,
    "ignore_radius_nm": 0,
    "keep_best_by": "chamfer",
    "patience": 4,
    "preview_every": 0,
    "track_losses": ("dice", "focal"),
    "device": "cpu",
    "devices": 2,
    "nodes": 3,
    "precision": "bfloat16",
    "threads": 6,
    "seed": 99,
}


def test_a_job_with_everything_unusual_comes_back_as_it_was(form: FinetuneForm) -> None:
    assert {*UNUSUAL, "images", "start", "curriculum"} == set(FinetuneJob.model_fields)
    job = FinetuneJob(images=("a.png", "folder"), **UNUSUAL)
    form.setValue(job)
    assert form.value() == job
    changed = form.more.summary()
    assert "seed" in changed
    assert "optimiser" in changed


@pytest.mark.parametrize("name", CURRICULA)
def test_stages_of_losses_come_back_too(form: FinetuneForm, name: str) -> None:
    job = FinetuneJob(images=("a.png",), curriculum=name)
    form.setValue(job)
    assert form.value() == job
    assert CURRICULA[name].title in form.folds["losses"].head.accessibleName()


def test_stages_that_are_no_preset_are_kept(form: FinetuneForm) -> None:
    document = CURRICULA["dice_then_distance"].curriculum.to_dict()
    document["stages"][0]["until"] = 0.123
    job = FinetuneJob(images=("a.png",), curriculum=document)
    form.setValue(job)
    assert form.value() == job


def test_what_is_wrong_is_told_in_place(form: FinetuneForm) -> None:
    form.images.setValue((Path("images"),))
    form.more.groups["Steps"].fields["ema"].setText("1.5")
    assert form.error().startswith("Mean of weights")
    form.more.groups["Steps"].fields["ema"].setText("much")
    assert "'much' is no number" in form.error()
    assert "wrong" in form.folds["more"].head.accessibleName()
    form.more.groups["Steps"].fields["ema"].setText("0.9")
    assert not form.error()
    for head in form.losses.heads.values():
        head.weight.setValue({f"{head.head}_weight": 0.0})
    assert "nothing would be learned" in form.error()


def test_the_rate_is_drawn_for_the_steps_there_will_be(form: FinetuneForm) -> None:
    form.main.fields["epochs"].setText("8")
    form.know_steps(25)
    assert form.schedule.plot.curve.steps[-1] == 199
    assert "200 steps" in form.schedule.steps.text()
    form.more.groups["Steps"].fields["steps_per_epoch"].setText("100")
    assert form.schedule.plot.curve.steps[-1] == 799
    assert "The check tells" not in form.schedule.steps.text()


def test_images_of_the_window_are_ticked_if_they_are_annotated_and_saved(
    form: FinetuneForm, workspace: Workspace, micrograph, tmp_path: Path
) -> None:
    assert "No images in this window" in form.images.note.text()
    paths = annotated_images(tmp_path / "set", 3)
    keys = read_in(workspace, paths)
    workspace.add_image(micrograph, annotation=PointTable.from_yx([[3, 3]]))
    form.images.refresh()
    texts = [form.images.list.item(row).text() for row in range(4)]
    assert texts[0] == "image-0.png: 6 slits"
    assert "only in napari" in texts[3]
    assert form.value().images == tuple(paths)

    form.images.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert form.value().images == (paths[0], paths[2])
    assert "2 of 4" in form.images.note.text()
    form.images.tick_none()
    assert "No annotated image is ticked" in form.error()
    form.images.tick_all()

    workspace.edit_annotation(
        keys[0],
        workspace.entry(keys[0]).annotation.ids[:2],
        PointTable.from_yx([[9, 9], [20, 20]]).yx,
    )
    form.images.refresh()
    assert not form.images.save.isHidden()
    assert form.value().images == tuple(paths[1:])


def test_pixel_sizes_of_the_window_go_into_the_job(
    form: FinetuneForm, workspace: Workspace, tmp_path: Path
) -> None:
    keys = read_in(workspace, annotated_images(tmp_path / "set", 2))
    assert form.value().pixel_size_nm is None
    for key in keys:
        workspace.set_pixel_size(key, 8.0)
    assert form.value().pixel_size_nm == 8.0
    workspace.set_pixel_size(keys[0], 4.0)
    form.more.groups["Files"].fields["runs"].setValue(tmp_path / "runs")
    job = form.value()
    assert read_pixel_sizes(job.pixel_sizes) == {"image-0.png": 4.0, "image-1.png": 8.0}
    assert form.value() == job


def test_an_annotation_that_a_training_would_not_find_is_told(
    form: FinetuneForm, workspace: Workspace, tmp_path: Path
) -> None:
    (key,) = read_in(workspace, annotated_images(tmp_path / "set", 1))
    workspace.update(key, annotation_path=tmp_path / "other.csv")
    assert "other.csv" in form.error()


def test_the_best_of_an_earlier_run_can_be_the_start(
    form: FinetuneForm, tiny_model: Path, tmp_path: Path
) -> None:
    best = tmp_path / "run" / "checkpoints" / "best.safetensors"
    best.parent.mkdir(parents=True)
    best.write_bytes(tiny_model.read_bytes())
    form.images.setValue((Path("images"),))
    form.start.show_runs({"run": best})
    form.start.combo.setCurrentIndex(form.start.combo.findText("Best of run run"))
    form.start._on_activated()
    assert form.value().start == str(best)
    form.start.show_runs({})
    assert form.value().start == str(best), "a choice stays when its run is no longer listed"
    form.setValue(FinetuneJob(images=("a.png",), start=str(best.parents[1])))
    assert form.value().start == str(best)


def test_a_setting_out_of_its_limits_is_framed_and_called_as_in_the_form(
    form: FinetuneForm, workspace: Workspace, tmp_path: Path
) -> None:
    read_in(workspace, annotated_images(tmp_path, 3))
    form.images.refresh()
    field = form.more.groups["Steps"].fields["clip_norm"]
    assert form.error() == ""
    assert field.accessibleName() == "Longest gradient"
    field.setText("-1")
    assert form.error().startswith("Longest gradient: ")
    assert "border" in field.styleSheet()
    assert form.folds["more"].head.accessibleName().endswith(", wrong")
    field.setText("1")
    assert form.error() == ""
    assert "border" not in field.styleSheet()
    assert not form.folds["more"].head.accessibleName().endswith(", wrong")


def test_an_image_that_is_only_in_napari_is_seen_whole(
    form: FinetuneForm, workspace: Workspace, qtbot
) -> None:
    name = "a rather long name of a layer that came from elsewhere"
    workspace.add_image(Micrograph(np.zeros((64, 64), np.uint8), None, "test", name))
    form.images.refresh()
    form.resize(300, 600)
    with qtbot.waitExposed(form):
        form.show()
    images = form.images.list
    assert not images.horizontalScrollBar().isVisible()
    item = images.visualItemRect(images.item(0))
    assert images.viewport().rect().contains(item)
    assert "must be saved as files" in form.images.note.text()


def test_a_start_model_that_is_gone_is_never_replaced_by_another(
    form: FinetuneForm, tmp_path: Path
) -> None:
    gone = str(tmp_path / "gone.safetensors")
    bundled = form.start.model
    form.setValue(FinetuneJob(images=(tmp_path,), start=gone))
    assert form.start.model == gone
    assert form.value().start == gone
    assert "⚠" in form.start.card.text()
    form.start.show_runs({"other": tmp_path / "other.safetensors"})
    assert form.start.model == gone
    form.start.choose(bundled)
    assert form.value().start == bundled


def test_a_choice_of_a_file_that_is_broken_off_changes_nothing(
    form: FinetuneForm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "mine.safetensors"
    other.write_bytes(b"")
    form.start.choose(str(other))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    form.start.combo.setCurrentIndex(form.start.combo.count() - 1)
    form.start.combo.activated.emit(form.start.combo.count() - 1)
    assert form.start.model == str(other)


def test_what_was_found_is_not_looked_for_at_every_key(
    form: FinetuneForm, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in(workspace, annotated_images(tmp_path, 3))
    looked = []
    real = _finetune_choice.find_annotation
    monkeypatch.setattr(
        _finetune_choice, "find_annotation", lambda path: looked.append(path) or real(path)
    )
    form.images.refresh()
    assert form.error() == ""
    form.main.fields["epochs"].setText("7")
    assert form.error() == ""
    assert len(looked) == 3
