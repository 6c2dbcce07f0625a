"""Findings about what a training costs: device, memory, time, space."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import DataSet, Member
from napari_slitseg.pipelines.preflight_finding import Finding, counted
from napari_slitseg.pipelines.preflight_learning import needs_pretraining
from napari_slitseg.pipelines.runs.folder import runs_folder
from napari_slitseg.pipelines.trial import Trial

PREVIEW_IMAGES: Final = 3
PREVIEWS_KEPT: Final = 20
_GIB: Final = 2**30
_KEPT_IN_MEMORY: Final = 2 * _GIB
_BYTES_OF_EXAMPLE: Final = 8
_BYTES_OF_PREVIEW: Final = 2
_TENSORS_OF_STATE: Final = 4
_COPIES_WHILE_WRITING: Final = 2
_SPARE_BYTES: Final = 100 * 2**20
_LONG_S: Final = 24 * 3600
_PRECISIONS: Final = {
    "32-true": "float32",
    "bf16-mixed": "bfloat16 where that is enough",
    "16-mixed": "float16 where that is enough",
}


def about_trial(job: FinetuneJob, trial: Trial) -> Iterator[Finding]:
    """Say what the trial of a batch showed, but for the time."""
    numbers = _PRECISIONS.get(trial.precision, trial.precision)
    yield Finding("ok", "Device", f"{trial.device}, computing in {numbers}.")
    yield _memory(job, trial)
    yield _first_loss(job, trial)


def about_time(job: FinetuneJob, data: DataSet, trial: Trial, steps: int) -> Finding:
    """Say how long an epoch and all of them take.

    Parameters
    ----------
    job : FinetuneJob
    data : DataSet
    trial : Trial
    steps : int
        Of an epoch.
    """
    pixels = sum(height * width for height, width in (m.shape for m in data.validation))
    n_patches = job.batch * job.accumulation
    drawing = trial.patch_seconds * n_patches / max(1, (os.cpu_count() or 1) - 1)
    step = max(trial.step_seconds, drawing)
    epoch = steps * step + pixels * trial.validation_seconds_per_px
    text = f"About {duration(epoch)} an epoch of {counted(steps, 'step')}, "
    text += f"{duration(epoch * job.epochs)} in all."
    if epoch * job.epochs > _LONG_S:
        return Finding(
            "warn",
            "Time",
            text,
            "Lower --epochs or --steps-per-epoch, or train on a graphics card.",
        )
    return Finding("ok", "Time", text)


def about_disk(
    job: FinetuneJob, data: DataSet, model_bytes: int, model_nm: float
) -> Iterator[Finding]:
    """Compare the space that there is with what checkpoints, previews and patches need."""
    home = _existing(runs_folder(job).expanduser().resolve())
    if not (home.is_dir() and os.access(home, os.W_OK)):
        yield Finding(
            "fail",
            "Disk",
            f"Nothing can be written to {home}.",
            "Choose another folder with --runs.",
        )
        return
    states = (_TENSORS_OF_STATE + 1) * model_bytes * _COPIES_WHILE_WRITING
    yield _space("Disk", home, states + _preview_bytes(job, data.validation), "--runs")
    examples = _example_bytes(data.members, model_nm)
    if examples > _KEPT_IN_MEMORY:
        yield _space("Disk for patches", Path(tempfile.gettempdir()), examples, "TMPDIR")


def duration(seconds: float) -> str:
    """Return a time in the units that people use: "40 s", "3 minutes", "1 h 30 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} minutes"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours / 24:.1f} days"


def _memory(job: FinetuneJob, trial: Trial) -> Finding:
    text = f"A batch of {trial.batch} takes {_size(trial.peak_bytes)}"
    text += f" of {_size(trial.available_bytes)} that are free."
    if trial.batch < job.batch:
        n = -(-job.batch // trial.batch) * job.accumulation
        return Finding(
            "warn",
            "Memory",
            f"A batch of {job.batch} does not fit. {text}",
            f"Give --batch {trial.batch} --accumulation {n}, which learns the same more slowly; "
            "the run does so by itself otherwise.",
        )
    if trial.peak_bytes > 0.9 * trial.available_bytes:
        return Finding(
            "warn",
            "Memory",
            f"{text} That is close to the limit.",
            "Lower --batch and raise --accumulation by as much.",
        )
    return Finding("ok", "Memory", text)


def _first_loss(job: FinetuneJob, trial: Trial) -> Finding:
    seen = (
        f"The start model finds {counted(trial.n_found, 'slit')} in {trial.image}, where "
        f"{trial.n_annotated} are annotated."
    )
    if trial.loss is None:
        return Finding(
            "fail",
            "First step",
            "The loss of the first batch is no number.",
            "Choose another loss, or --precision float32.",
        )
    if trial.n_annotated and not trial.n_found and needs_pretraining(job):
        return Finding(
            "warn",
            "First step",
            f"{seen} The loss of the slits only moves what is there already.",
            "Begin with another loss, such as sum:dice_and_one_to_one, or with a curriculum.",
        )
    return Finding("ok", "First step", f"{seen} The first loss is {trial.loss:.3g}.")


def _space(title: str, place: Path, needed: int, setting: str) -> Finding:
    free = shutil.disk_usage(place).free
    text = f"{_size(free)} are free in {place}, and about {_size(needed)} are needed."
    cure = f"Free some space, or choose another place ({setting})."
    if free < needed:
        return Finding("fail", title, text, cure)
    if free < 2 * needed + _SPARE_BYTES:
        return Finding("warn", title, text, cure)
    return Finding("ok", title, text)


def _preview_bytes(job: FinetuneJob, members: Sequence[Member]) -> int:
    if not job.preview_every:
        return 0
    areas = (height * width for height, width in (m.shape for m in members[:PREVIEW_IMAGES]))
    times = min(PREVIEWS_KEPT, 1 + job.epochs // job.preview_every) + 1
    return times * sum(areas) * _BYTES_OF_PREVIEW


def _example_bytes(members: Sequence[Member], model_nm: float) -> int:
    sizes = [(member.shape, (member.pixel_size_nm or model_nm) / model_nm) for member in members]
    pixels = sum(height * width * scale**2 for (height, width), scale in sizes)
    return round(pixels * _BYTES_OF_EXAMPLE)


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if os.path.exists(each))


def _size(number: float) -> str:
    return f"{number / _GIB:.1f} GiB" if number >= _GIB else f"{number / 2**20:.0f} MiB"
