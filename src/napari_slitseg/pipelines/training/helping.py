"""What processes do that help the first one."""

from __future__ import annotations

from contextlib import ExitStack

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training.begin import begin
from napari_slitseg.pipelines.training.learning import next_patches, step_once
from napari_slitseg.pipelines.training.team import Team
from napari_slitseg.pipelines.training.under_way import Training


def help_out(folder: RunFolder, job: FinetuneJob, team: Team, stack: ExitStack) -> None:
    """Do the steps that the first process calls for, until it calls no more."""
    training: Training | None = None
    while True:
        call, rate = team.wait_for_call()
        if call == "prepare":
            training = begin(folder, job, team, stack)
        elif call == "step" and training is not None:
            step_once(training, next_patches(training), rate)
            training.course.step += 1
        else:
            return
