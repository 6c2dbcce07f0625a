"""What each step of a training is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from napari_slitseg.core.checkpoint import CheckpointInfo
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.models import model_spec
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.training.course import Plan

INFO = CheckpointInfo("m", model_spec("forknet"), Normalisation(), 10.0, 0.5, 30.0)


@pytest.mark.parametrize(("preprocessing", "own_nm"), [("", 10.0), ("fpw-dl-v1", 16.613)])
def test_lengths_in_nm_are_those_of_the_pixels_that_the_network_takes(
    preprocessing: str, own_nm: float
) -> None:
    job = FinetuneJob(images=(Path("images"),), dot_radius_nm=40, ignore_radius_nm=120)
    info = replace(INFO, preprocessing=preprocessing)
    plan = Plan(job, info, 10, True, job.the_curriculum(), job.the_schedule())
    assert plan.uncertain_radius_px == pytest.approx(120 / own_nm, rel=1e-4)
    assert plan.objective(0).radius_px == pytest.approx(40 / own_nm, rel=1e-4)
