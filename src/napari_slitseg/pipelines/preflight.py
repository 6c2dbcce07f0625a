"""Look at a training before it begins: whether it can work, and what it will cost."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

from napari_slitseg.core.checkpoint import CheckpointInfo, read_checkpoint_info
from napari_slitseg.events import Event, Notice
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import DataSet, collect, steps_per_epoch
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.pipelines.preflight_costs import about_disk, about_time, about_trial
from napari_slitseg.pipelines.preflight_finding import Finding
from napari_slitseg.pipelines.preflight_images import about_images, about_notices
from napari_slitseg.pipelines.preflight_learning import (
    about_losses,
    about_patches,
    about_rate,
    about_start,
)
from napari_slitseg.pipelines.preflight_parts import about_parts
from napari_slitseg.pipelines.trial import Trial, TrialError, try_out
from napari_slitseg.pipelines.verdict import start_model

__all__ = ["Finding", "preflight"]

_CURE = "Correct what is red, then look again."
_OTHER_START = "Choose a bundled model, a .safetensors file, or the folder of a run."


def preflight(
    job: FinetuneJob, should_stop: ShouldStop = never, *, with_trial: bool = True
) -> Generator[Event, None, tuple[Finding, ...]]:
    """Look at everything that decides whether a training makes sense; nothing is changed.

    Parameters
    ----------
    job : FinetuneJob
    should_stop : callable
    with_trial : bool
        Whether to try a batch in another process, which takes seconds.

    Yields
    ------
    Event
        Those of `collect` and of the trial.

    Returns
    -------
    tuple of Finding
        In the order of the work.

    Raises
    ------
    Cancelled
        If `should_stop` says so.
    """
    findings: list[Finding] = []
    start = _start(job, findings)
    info = None if start is None else start[1]
    data = yield from _images(job, info, findings, should_stop)
    findings += about_losses(job)
    if start is None or data is None:
        return tuple(findings)
    steps = steps_per_epoch(job, data.train, start[1].pixel_size_nm)
    findings += about_rate(job, steps * job.epochs)
    findings += about_disk(job, data, start[0].stat().st_size, start[1].pixel_size_nm)
    if with_trial:
        findings += yield from _tried(job, data, start[1], should_stop, findings)
    return tuple(findings)


def _start(job: FinetuneJob, findings: list[Finding]) -> tuple[Path, CheckpointInfo] | None:
    """Find the model to start from, or say what is wrong with it."""
    try:
        path = start_model(job.start)
        info = read_checkpoint_info(path)
    except (ValueError, OSError) as error:
        findings.append(Finding("fail", "Start model", _sentence(error), _OTHER_START))
        return None
    findings.append(about_start(job, info))
    return path, info


def _images(
    job: FinetuneJob,
    info: CheckpointInfo | None,
    findings: list[Finding],
    should_stop: ShouldStop,
) -> Generator[Event, None, DataSet | None]:
    """Collect the images, or say why they are not enough."""
    try:
        data, notices = yield from _collected(job, should_stop)
    except JobError as error:
        findings.append(Finding("fail", "Images", f"{error}"))
        return None
    findings += about_images(job, data, None if info is None else info.pixel_size_nm)
    findings += about_notices(data, notices)
    findings += about_parts(job, data)
    return data


def _collected(
    job: FinetuneJob, should_stop: ShouldStop
) -> Generator[Event, None, tuple[DataSet, list[Notice]]]:
    """Collect the images, and keep what was said of single ones."""
    collecting = collect(job, should_stop)
    notices: list[Notice] = []
    while True:
        try:
            event = next(collecting)
        except StopIteration as stop:
            return stop.value, notices
        if isinstance(event, Notice) and event.item:
            notices.append(event)
        yield event


def _tried(
    job: FinetuneJob,
    data: DataSet,
    info: CheckpointInfo,
    should_stop: ShouldStop,
    findings: list[Finding],
) -> Generator[Event, None, list[Finding]]:
    """Try a batch, unless something else already forbids it."""
    if any(finding.status == "fail" for finding in findings):
        return [Finding("warn", "Trial", "No batch was tried.", _CURE)]
    try:
        trial = yield from try_out(job, data, should_stop)
    except TrialError as error:
        cure = "Lower --batch or --patch-px, or choose another --device."
        return [Finding("fail", "Trial", f"{error}", cure)]
    return list(_of_trial(job, data, info, trial))


def _of_trial(
    job: FinetuneJob, data: DataSet, info: CheckpointInfo, trial: Trial
) -> Iterator[Finding]:
    own_nm = info.pixel_size_nm
    sides = [min(m.shape) * (m.pixel_size_nm or own_nm) / own_nm for m in data.train]
    yield from about_trial(job, trial)
    yield about_patches(job, min(sides), trial.multiple, trial.reach_px)
    yield about_time(job, data, trial, steps_per_epoch(job, data.train, own_nm))


def _sentence(error: BaseException) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
