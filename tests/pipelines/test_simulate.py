"""Simulated micrographs on disk are what the other commands take."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.image import read_image
from napari_slitseg.core.points import find_annotation, read_membrane, read_points
from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.events import Finished, ImageDone
from napari_slitseg.jobs import SimulateJob
from napari_slitseg.pipelines.simulate import simulate_files
from tests.pipelines.dots import drain


@pytest.fixture
def job(tmp_path: Path) -> SimulateJob:
    return SimulateJob(out=tmp_path / "sim", n=2, seed=7, shape=(96, 80), pixel_size_nm=12.5)


def test_everything_reads_back(job: SimulateJob) -> None:
    events, _ = drain(simulate_files(job))
    assert events[-1] == Finished(reason="done", n_ok=2)
    assert sorted(os.listdir(job.out / "images")) == ["sim_0007.tif", "sim_0008.tif"]
    path = job.out / "images" / "sim_0008.tif"
    scene = simulate(8, SceneOptions(shape=(96, 80), pixel_size_nm=12.5))
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, scene.image)
    assert image.pixel_size_nm == pytest.approx(12.5)
    annotation = find_annotation(path)
    assert annotation == job.out / "slits" / "sim_0008.csv"
    slits = read_points(annotation)
    np.testing.assert_array_equal(slits.yx, scene.slits)
    assert set(slits.status.tolist()) <= {"added"}
    membrane = read_membrane(job.out / "membrane" / "sim_0008.tif")
    np.testing.assert_array_equal(membrane, scene.membrane)
    done = [event for event in events if isinstance(event, ImageDone)]
    assert done[1].n_slits == len(scene.slits)
    assert all(output.exists() for event in done for output in event.outputs)


def test_the_same_job_writes_the_same(job: SimulateJob) -> None:
    drain(simulate_files(job))
    files = [path for path in job.out.rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    drain(simulate_files(job))
    assert {path: path.read_bytes() for path in files} == before
    assert len(files) == 7


def test_the_job_is_kept_beside(job: SimulateJob) -> None:
    drain(simulate_files(job))
    content = json.loads((job.out / "simulation.json").read_text())
    assert SimulateJob.model_validate(content["job"]) == job


def test_options_reach_the_simulator(job: SimulateJob) -> None:
    effaced = job.model_copy(update={"effacement": 1.0, "n": 1})
    events, _ = drain(simulate_files(effaced))
    scene = simulate(7, SceneOptions(shape=(96, 80), pixel_size_nm=12.5, effacement=1.0))
    assert isinstance(events[1], ImageDone)
    assert events[1].n_slits == len(scene.slits)


def test_a_file_in_the_way_is_refused(job: SimulateJob) -> None:
    job.out.write_text("a file")
    events, _ = drain(simulate_files(job))
    assert [type(event) for event in events] == [Finished]
    assert isinstance(events[0], Finished)
    assert events[0].reason == "refused"


def test_cancelling(job: SimulateJob) -> None:
    events, _ = drain(simulate_files(job, lambda: True))
    assert events[-1] == Finished(reason="cancelled")
