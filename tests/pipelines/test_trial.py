"""A batch tried in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from PIL import Image

from napari_slitseg.core.checkpoint import CheckpointInfo, save_checkpoint
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.pipelines.dataset import DataSet, collect, write_record
from napari_slitseg.pipelines.preflight import preflight
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.trial import Trial, TrialError, main, outcome, try_out
from tests.pipelines.annotated import SHAPE, job_for
from tests.pipelines.dots import StopAfter, drain

SMALL = {"patch_px": 32, "batch": 2, "accumulation": 2, "threads": 1, "device": "cpu"}


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Tiny network that was never trained."""
    model = build_model(model_spec("forknet", width=0.05))
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_checkpoint(path, model, CheckpointInfo("tiny", model.spec, Normalisation(), 10, 0.5, 30))
    return str(path)


def data_of(images: Path) -> DataSet:
    """Images of a folder."""
    return drain(collect(job_for(images)))[1]


def children() -> list[psutil.Process]:
    """Processes that this one started and that are still there, but its screen and helper."""
    there = psutil.Process().children(recursive=True)
    not_of_a_trial = ("multiprocessing.resource_tracker", "Xvfb")
    return [p for p in there if not any(name in str(p.cmdline()) for name in not_of_a_trial)]


def test_a_real_trial_completes_the_card(annotated_images: Path, start: str) -> None:
    Image.new("L", SHAPE[::-1], 255).save(annotated_images / "img0_membrane.png")
    job = job_for(annotated_images, **SMALL, start=start, runs=annotated_images.parent)
    events, findings = drain(preflight(job))
    found = {finding.title: finding for finding in findings}
    assert [finding for finding in findings if finding.status == "fail"] == []
    assert found["Device"].text == "cpu, computing in float32."
    assert "A batch of 2 takes" in found["Memory"].text
    assert "The first loss is" in found["First step"].text
    assert "where 3 are annotated" in found["First step"].text
    assert "an epoch of 10 steps" in found["Time"].text
    assert "8 px" not in found["Patches"].text
    assert events[-1].kind == "progress"
    assert children() == []


def test_the_process_is_gone_after_stop_and_after_its_time(
    annotated_images: Path, start: str
) -> None:
    job, data = job_for(annotated_images, **SMALL, start=start), data_of(annotated_images)
    with pytest.raises(Cancelled):
        drain(try_out(job, data, StopAfter(2)))
    assert children() == []
    with pytest.raises(TrialError, match="takes minutes"):
        drain(try_out(job, data, patience_s=0.3))
    assert children() == []


def test_a_process_that_dies_is_told_of(
    annotated_images: Path, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    job = job_for(annotated_images, **SMALL, start=start)
    with pytest.raises(TrialError, match="ended without a result"):
        drain(try_out(job, data_of(annotated_images)))


def prepared(folder: Path, images: Path, **changes: Any) -> RunFolder:
    """Folder in which a trial finds what it needs."""
    run = RunFolder(folder)
    run.job.write_text(job_for(images, **{**SMALL, **changes}).model_dump_json())
    write_record(run, data_of(images))
    return run


def test_what_went_wrong_in_the_other_process_is_told(
    annotated_images: Path, start: str, tmp_path: Path
) -> None:
    run = prepared(tmp_path, annotated_images, start=start, device="cuda:77")
    assert "'cuda:77' is not available" in outcome(run)["error"]


def test_the_batch_is_halved_until_it_fits(
    annotated_images: Path, start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_slitseg.pipelines.training import trial_steps

    real = trial_steps._Steps._step

    def too_large(self: Any, batch: int) -> float:
        if batch > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(self, batch)

    monkeypatch.setattr(trial_steps._Steps, "_step", too_large)
    monkeypatch.setattr(trial_steps, "limit_memory", lambda: None)
    run = prepared(tmp_path, annotated_images, start=start, batch=8)
    found = Trial(**trial_steps.measure(run))
    assert found.batch == 2
    assert found.loss is not None
    assert found.multiple > 1
    monkeypatch.setattr(trial_steps._Steps, "_step", lambda *_: too_large(None, 3))
    with pytest.raises(torch.OutOfMemoryError):
        trial_steps.measure(run)


def test_it_ends_when_the_one_that_asked_is_killed(
    annotated_images: Path, start: str, tmp_path: Path
) -> None:
    run = prepared(tmp_path, annotated_images, start=start)
    program = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-m', '{main.__module__}', {str(run.path)!r}],"
        " stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    if parent.stdout is None:
        pytest.fail("there is no output")
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, alive = psutil.wait_procs([child], timeout=30)
    assert alive == []
    assert gone == [child]
    assert not (tmp_path / "trial.json").exists()


def test_memory_has_a_limit_in_the_other_process(tmp_path: Path) -> None:
    program = (
        "import json, resource\n"
        "from napari_slitseg.pipelines.trial import limit_memory\n"
        "limit_memory()\n"
        "print(json.dumps(resource.getrlimit(resource.RLIMIT_AS)[0]))\n"
    )
    if os.name != "posix" or sys.platform == "darwin":
        pytest.skip("this system has no limit of the memory of a process")
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, cwd=tmp_path
    )
    limit = json.loads(said.stdout)
    assert 0 < limit < psutil.virtual_memory().total + 2**36
