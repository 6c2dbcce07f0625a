"""Two steps of a training, measured."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import psutil
import torch

from napari_slitseg.core.checkpoint import CheckpointInfo, load_checkpoint
from napari_slitseg.core.devices import free_cached_memory, is_out_of_memory
from napari_slitseg.core.training.batch import Batch
from napari_slitseg.core.training.examples import Example, make_example
from napari_slitseg.core.training.objective import Objective
from napari_slitseg.core.training.patches import Patch, draw_patch
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import DataSet, Member, load_member, read_record
from napari_slitseg.pipelines.predict_one import open_predictor, predict_image
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training.learner import Learner
from napari_slitseg.pipelines.training.team import Team, launched
from napari_slitseg.pipelines.trial import limit_memory
from napari_slitseg.pipelines.verdict import start_model

_PATCHES: Final = 2


def measure(folder: RunFolder) -> dict[str, Any]:
    """Return the fields of a `Trial` for the job and the images in a folder.

    Raises
    ------
    ValueError, RuntimeError
        If the job cannot be done so.
    """
    job, data = folder.read_job(), read_record(folder)
    alone = job.model_copy(update={"devices": 1, "nodes": 1})
    with launched(alone, lambda: "go") as team:
        if team.device.type == "cpu":
            limit_memory()
        free = _available_bytes(team.device)
        steps = _Steps.of(job, data, team)
        found = steps.largest_batch() | {"available_bytes": free}
    return {**found, **_validation(job, data)}


@dataclass(frozen=True, eq=False)
class _Steps:
    """Steps of a job on a few patches."""

    job: FinetuneJob
    team: Team
    learner: Learner
    info: CheckpointInfo
    objective: Objective
    patches: Sequence[Patch]
    patch_seconds: float

    @classmethod
    def of(cls, job: FinetuneJob, data: DataSet, team: Team) -> _Steps:
        """Load what steps need."""
        model, info = load_checkpoint(start_model(job.start))
        member = min(data.train, key=lambda member: (not member.n_slits, _area(member)))
        example = make_example(*load_member(member, job), info, model.size_multiple)
        begin = perf_counter()
        patches = _patches(job, example, info)
        seconds = (perf_counter() - begin) / len(patches)
        objective = Objective(
            job.the_curriculum().at(0.0, total_epochs=job.epochs),
            job.dot_radius_nm / info.network_pixel_size_nm,
            has_membranes=any(member.membrane for member in data.train),
        )
        return cls(job, team, Learner(model, job, team), info, objective, patches, seconds)

    def largest_batch(self) -> dict[str, Any]:
        """Halve the batch until two steps fit, and say how they went."""
        batch = self.job.batch
        while True:
            try:
                loss = self._step(batch)
                begin = perf_counter()
                self._step(batch)
                seconds = perf_counter() - begin
            except Exception as error:
                if not is_out_of_memory(error) or batch == 1:
                    raise
                batch //= 2
                self.learner.forget_gradients()
                free_cached_memory(self.team.device)
            else:
                return self._told(batch, loss, seconds)

    def _step(self, batch: int) -> float:
        """Make a step of one batch."""
        device = self.team.device
        several = [self.patches[i % len(self.patches)] for i in range(batch)]
        learner, patches = self.learner, Batch.of(several, device)
        loss = self.objective.of(learner.wrapped(patches.pixels), patches, learner.balance).total
        self.team.fabric.backward(loss)
        learner.apply()
        learner.forget_gradients()
        return float(loss.detach())

    def _told(self, batch: int, loss: float, seconds: float) -> dict[str, Any]:
        model = self.learner.model
        n_batches = self.job.accumulation * self.job.batch / batch
        return {
            "device": _name(self.team.device),
            "precision": self.team.precision,
            "multiple": model.size_multiple,
            "reach_px": model.receptive_radius_px,
            "batch": batch,
            "step_seconds": seconds * n_batches,
            "patch_seconds": self.patch_seconds,
            "peak_bytes": _peak_bytes(self.team.device),
            "loss": loss if math.isfinite(loss) else None,
        }


def _patches(job: FinetuneJob, example: Example, info: CheckpointInfo) -> list[Patch]:
    return [
        draw_patch(
            [example],
            job.the_augmentation(),
            patch_px=job.patch_px,
            uncertain_radius_px=job.ignore_radius_nm / info.network_pixel_size_nm,
            seed=job.seed,
            epoch=0,
            index=index,
        )
        for index in range(min(job.batch, _PATCHES))
    ]


def _validation(job: FinetuneJob, data: DataSet) -> dict[str, Any]:
    """Predict the smallest validation image as the start model does."""
    member = min(data.validation, key=_area)
    image, points, _ = load_member(member, job)
    predictor = open_predictor(start_model(job.start), job.device, job.precision)
    begin = perf_counter()
    steps = predict_image(predictor, image)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            prediction = stop.value
            break
    return {
        "validation_seconds_per_px": (perf_counter() - begin) / _area(member),
        "image": member.name,
        "n_found": len(prediction.table),
        "n_annotated": int((~points.uncertain).sum()),
    }


def _area(member: Member) -> int:
    return member.shape[0] * member.shape[1]


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _available_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return int(psutil.virtual_memory().available)


def _peak_bytes(device: torch.device) -> int:
    """Most memory that was in use: on the device, or of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    info = psutil.Process().memory_info()
    if sys.platform == "win32":
        return int(info.peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
