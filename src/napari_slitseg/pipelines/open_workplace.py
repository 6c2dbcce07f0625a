"""Choose where the images of a job are worked on, as the job says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from napari_slitseg.core.bundled import bundled_models, resolve_model
from napari_slitseg.core.checkpoint import read_checkpoint_info
from napari_slitseg.jobs import EvaluateJob, PredictJob
from napari_slitseg.pipelines.cluster import OnCluster, Request
from napari_slitseg.pipelines.cluster_needs import WantedModel
from napari_slitseg.pipelines.inputs import ShouldStop
from napari_slitseg.pipelines.predict_one import open_predictor
from napari_slitseg.pipelines.workplace import Here, ImageTask, R, Workplace

_Job = TypeVar("_Job", PredictJob, EvaluateJob)


def open_workplace(
    job: PredictJob | EvaluateJob,
    task: ImageTask[R],
    images: Sequence[Path],
    should_stop: ShouldStop,
) -> Workplace[R]:
    """Make everything ready to work on images.

    Raises
    ------
    CheckpointError or InferenceError
        If the model cannot be used.
    JobError
        If the cluster cannot.
    """
    runs_model = isinstance(job, PredictJob) or job.predictions is None
    if job.scheduler is None:
        predictor = open_predictor(job.model, job.device, job.precision) if runs_model else None
        return Here(task, predictor, should_stop)
    info = read_checkpoint_info(resolve_model(job.model)) if runs_model else None
    model = None
    if info is not None:
        model = WantedModel(job.model, info.sha256, job.device, job.precision)
    request = Request(job.scheduler, model, tuple(images), _folders(job), _out(job))
    return OnCluster.open(request, task, info, should_stop)


def with_whole_paths(job: _Job) -> _Job:
    """Return a job whose paths mean the same to processes with another working folder."""
    if job.scheduler is None:
        return job
    whole = {name: _whole(value) for name, value in job}
    if job.model not in bundled_models():
        whole["model"] = str(Path(job.model).expanduser().absolute())
    if job.scheduler.endswith(".json"):
        whole["scheduler"] = str(Path(job.scheduler).expanduser().absolute())
    return job.model_copy(update=whole)


def _whole(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_whole(part) for part in value)
    return value.absolute() if isinstance(value, Path) else value


def _folders(job: PredictJob | EvaluateJob) -> tuple[Path, ...]:
    if isinstance(job, PredictJob):
        return ()
    return tuple(folder for folder in (job.annotations, job.predictions) if folder is not None)


def _out(job: PredictJob | EvaluateJob) -> Path | None:
    return job.out if isinstance(job, PredictJob) else None
