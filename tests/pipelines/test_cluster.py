"""Work on a cluster of real processes: workers that die, images that kill, calling back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import dask
import pytest
from distributed import Client, LocalCluster
from distributed.utils import get_mp_context
from PIL import Image

from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.events import (
    Event,
    Finished,
    ImageDone,
    ImageFailed,
    ImageSkipped,
    Notice,
    Progress,
    Started,
)
from napari_slitseg.jobs import EvaluateJob, PredictJob
from napari_slitseg.pipelines import cluster, cluster_connect
from napari_slitseg.pipelines.cluster_needs import Needs
from napari_slitseg.pipelines.evaluate import evaluate
from napari_slitseg.pipelines.predict import predict_files
from tests.pipelines.dots import DOTS, drain, draw_dots

pytestmark = pytest.mark.skipif(os.name == "nt", reason="workers are killed with SIGKILL")

N_IMAGES = 12
PATIENCE_S = 120
IMPORTED = "napari_slitseg.pipelines.predict"

IN_THE_WORKERS = """
import os, signal, time
from napari_slitseg.pipelines import cluster_needs, inputs, predict_file

from napari_slitseg.core.image import read_image
from napari_slitseg.pipelines.outputs import write_slits

def read(path, **options):
    if path.name.startswith("poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    gate = path.parent / "gate.txt"
    if gate.exists() and not has_ticket(path.parent, int(gate.read_text())):
        path.with_suffix(".reached").write_text(str(os.getpid()))
        while gate.exists():
            time.sleep(0.02)
    return read_image(path, **options)

def has_ticket(folder, n_tickets):
    for number in range(n_tickets):
        try:
            (folder / f"{number}.ticket").touch(exist_ok=False)
            return True
        except FileExistsError:
            pass
    return False

def write(path, table):
    with open(path.parent.parent / "written.txt", "a") as log:
        log.write(path.name + "\\n")
    write_slits(path, table)

inputs.read_image, predict_file.write_slits = read, write
if "UNFIT" in os.environ:
    cluster_needs.__version__ = "0.0"
"""
"""As long as gate.txt lies beside the images, only as many as it says are read, the rest waits."""


@pytest.fixture(scope="module")
def preload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("preload") / "in_the_workers.py"
    path.write_text(IN_THE_WORKERS)
    return path


@pytest.fixture(scope="module")
def quick_starts() -> Iterator[None]:
    """Worker processes are forks of one that has imported everything."""
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        get_mp_context().set_forkserver_preload(["distributed.nanny", "torch", IMPORTED])
        yield
    forkserver._forkserver._stop()


@pytest.fixture(scope="module")
def scheduler(preload: Path, quick_starts: None) -> Iterator[str]:
    """Address of the scheduler of two worker processes, which are started again when they die."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
            preload=[str(preload)],
        ) as started,
    ):
        yield started.scheduler_address


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(N_IMAGES):
        Image.fromarray(draw_dots(DOTS[: 1 + number % 4])).save(folder / f"img{number}.png")
    return folder


@pytest.fixture
def job(images: Path, model_file: Path, tmp_path: Path, scheduler: str) -> PredictJob:
    return PredictJob(
        images=(images,),
        out=tmp_path / "out",
        model=str(model_file),
        pixel_size_nm=10,
        device="cpu",
        scheduler=scheduler,
    )


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    deadline = monotonic() + PATIENCE_S
    while monotonic() < deadline:
        if found := condition():
            return found
        sleep(0.02)
    raise TimeoutError(f"{what} did not come")


def close_gate(images: Path, *, after: int) -> None:
    (images / "gate.txt").write_text(str(after))


def open_gate(images: Path) -> None:
    (images / "gate.txt").unlink()


def reached(images: Path) -> list[Path]:
    return [path for path in images.glob("*.reached") if path.read_text()]


def of_kind(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def results(folder: Path) -> dict[str, bytes]:
    """Contents of all results; the record and the rubbish of killed workers aside."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name != "predictions.json" and not path.name.startswith(".")
    }


def entries(folder: Path) -> dict[str, Any]:
    images = json.loads((folder / "predictions.json").read_text())["images"]
    assert len({entry["name"] for entry in images}) == len(images)
    return {entry["name"]: entry for entry in images}


@contextmanager
def failures_allowed(scheduler: str, allowed: int) -> Iterator[None]:
    """Deaths of workers that an image survives as long as the block lasts."""

    def allow(number: int, dask_scheduler: Any) -> int:
        before, dask_scheduler.allowed_failures = dask_scheduler.allowed_failures, number
        return int(before)

    with Client(scheduler, set_as_default=False) as client:
        before = client.run_on_scheduler(allow, allowed)
        try:
            yield
        finally:
            client.run_on_scheduler(allow, before)


def here(job: PredictJob, out: Path) -> PredictJob:
    return job.model_copy(update={"scheduler": None, "out": out})


def refusal(job: PredictJob | EvaluateJob) -> str:
    steps = predict_files(job) if isinstance(job, PredictJob) else evaluate(job)
    [event] = drain(steps)[0]
    assert isinstance(event, Finished)
    assert event.reason == "refused"
    return event.message


# -- nothing is lost


def test_a_killed_worker_costs_no_image_and_a_rerun_skips_what_is_done_or_edited(
    job: PredictJob, images: Path, tmp_path: Path
) -> None:
    (images / "bad.png").write_bytes(b"this is no picture")
    close_gate(images, after=4)
    events: list[Event] = []
    victim = ""
    for event in predict_files(job):
        events.append(event)
        if isinstance(event, ImageDone) and not victim:
            at_work = wait_for(partial(reached, images), "an image at work")[0]
            victim = at_work.stem
            os.kill(int(at_work.read_text()), signal.SIGKILL)
            open_gate(images)
    assert events[0] == Started(total=N_IMAGES + 1)
    assert events[-1] == Finished(reason="done", n_ok=N_IMAGES, n_failed=1)
    [failed] = of_kind(events, ImageFailed)
    assert failed.name == "bad.png"
    assert "bad.png" in failed.reason
    [died] = [e.text for e in of_kind(events, Notice) if "died" in e.text]
    assert "given to others" in died
    assert not of_kind(events, Progress)
    names = Counter(event.path.stem for event in of_kind(events, ImageDone))
    assert names == {f"img{n}": 1 for n in range(N_IMAGES)}
    assert victim in names
    assert set(entries(job.out)) == set(names)
    written = (tmp_path / "written.txt").read_text().split()
    assert sorted(written) == sorted(f"{name}_slits.csv" for name in names)

    drain(predict_files(here(job, tmp_path / "plain")))
    assert results(job.out) == results(tmp_path / "plain")
    assert_same_entries(entries(job.out), entries(tmp_path / "plain"))

    (images / "bad.png").unlink()
    record = (job.out / "predictions.json").read_bytes()
    again, _ = drain(predict_files(job))
    assert again[-1] == Finished(reason="done", n_skipped=N_IMAGES)
    assert len(of_kind(again, ImageSkipped)) == N_IMAGES
    assert (tmp_path / "written.txt").read_text().split() == written
    assert (job.out / "predictions.json").read_bytes() == record
    assert_edited_slits_are_kept(job, images / "img0.png")


def assert_edited_slits_are_kept(job: PredictJob, image: Path) -> None:
    slits = job.out / f"{image.stem}_slits.csv"
    slits.write_text(edited := slits.read_text() + "9,12.5,60.0,1.0\n")
    edited_too = job.model_copy(update={"images": (image,), "threshold": 0.6})
    kept, _ = drain(predict_files(edited_too))
    assert kept[-1] == Finished(reason="done", n_skipped=1)
    assert "was changed after it was written" in of_kind(kept, ImageSkipped)[0].reason
    assert slits.read_text() == edited


def assert_same_entries(one: dict[str, Any], other: dict[str, Any]) -> None:
    """All that is said of images is the same, but for when and how long."""
    for name, entry in one.items():
        for key in ("date", "seconds"):
            del entry[key], other[name][key]
        for side in (entry, other[name]):
            for file in side["written"].values():
                del file["mtime_ns"], file["ctime_ns"]
    assert one == other


def test_an_image_that_kills_every_worker_fails_alone(
    images: Path, tmp_path: Path, scheduler: str
) -> None:
    """Scoring files needs no model, so workers are quick to come back: they die twice."""
    for stem in ("poison", "img0", "img1", "img2"):
        for folder in ("slits", "found"):
            (tmp_path / folder).mkdir(exist_ok=True)
            write_points(tmp_path / folder / f"{stem}.csv", PointTable.from_yx(DOTS))
    (images / "poison.png").write_bytes((images / "img0.png").read_bytes())
    job = EvaluateJob(
        images=tuple(images / f"{stem}.png" for stem in ("poison", "img0", "img1", "img2")),
        annotations=tmp_path / "slits",
        predictions=tmp_path / "found",
        pixel_size_nm=10,
        scheduler=scheduler,
    )
    with failures_allowed(scheduler, 0):
        events, table = drain(evaluate(job))
    reasons = {event.name: event.reason for event in of_kind(events, ImageFailed)}
    assert events[-1] == Finished(reason="done", n_ok=3, n_failed=1), reasons
    [failed] = of_kind(events, ImageFailed)
    assert failed.name == "poison.png"
    assert "more memory" in failed.reason
    assert table.failed == {"poison.png": failed.reason}
    assert [image.name for image in table.images] == ["img0.png", "img1.png", "img2.png"]
    deaths = [event for event in of_kind(events, Notice) if "died" in event.text]
    assert len(deaths) == 2


def test_calling_back_keeps_what_was_done_and_frees_the_workers(
    job: PredictJob, images: Path, scheduler: str
) -> None:
    close_gate(images, after=3)
    stop = threading.Event()
    events: list[Event] = []
    for event in predict_files(job, stop.is_set):
        events.append(event)
        if len(of_kind(events, ImageDone)) == 3:
            wait_for(lambda: len(reached(images)) == 2, "two images at work")
            stop.set()
    assert events[-1] == Finished(reason="cancelled", n_ok=3)
    done = {event.path.stem for event in of_kind(events, ImageDone)}
    assert set(entries(job.out)) == done
    open_gate(images)

    def images_at_work() -> int:
        def count(dask_worker: Any) -> int:
            return len(dask_worker.state.executing) + len(dask_worker.state.tasks)

        return sum(client.run(count).values())

    with Client(scheduler, set_as_default=False) as client:
        wait_for(lambda: not images_at_work(), "the end of all work")
    assert set(results(job.out)) == {
        f"{stem}_{end}" for stem in done for end in ("slits.csv", "maps.tif")
    }
    assert not list(job.out.glob(".*"))
    events, _ = drain(predict_files(job))
    assert events[-1] == Finished(reason="done", n_ok=N_IMAGES - 3, n_skipped=3)


def test_a_worker_that_comes_late_and_does_not_fit_is_not_used(
    job: PredictJob, images: Path, preload: Path, scheduler: str
) -> None:
    close_gate(images, after=0)
    command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--no-dashboard"]
    options = ["--no-nanny", "--nthreads", "8", "--preload", str(preload)]
    steps = predict_files(job)
    events: list[Event] = [next(steps)]
    environment = {**os.environ, "UNFIT": "1"}
    with (
        subprocess.Popen(
            [*command, *options], env=environment, stderr=subprocess.DEVNULL
        ) as worker,
        Client(scheduler, set_as_default=False) as client,
    ):
        try:
            client.wait_for_workers(3, timeout=PATIENCE_S)
            wait_for(lambda: any(isinstance(e, Notice) for e in take(steps, events)), "the notice")
            open_gate(images)
            events += steps
        finally:
            worker.kill()
    assert events[-1] == Finished(reason="done", n_ok=N_IMAGES)
    [notice] = [event.text for event in of_kind(events, Notice) if "not used" in event.text]
    assert "Install the same version" in notice
    assert set(entries(job.out)) == {f"img{n}" for n in range(N_IMAGES)}


def take(steps: Iterator[Event], events: list[Event]) -> list[Event]:
    events.append(next(steps))
    return events


# -- evaluation


def test_an_evaluation_is_the_same_as_here(
    job: PredictJob, images: Path, tmp_path: Path, scheduler: str
) -> None:
    (tmp_path / "slits").mkdir()
    for number in range(N_IMAGES - 2):
        write_points(tmp_path / "slits" / f"img{number}.csv", PointTable.from_yx(DOTS[:2]))
    settings = {"model": job.model, "device": "cpu", "pixel_size_nm": 10, "further": True}
    scoring = EvaluateJob(images=(images,), scheduler=scheduler, **settings)
    events, there = drain(evaluate(scoring))
    plain, here_ = drain(evaluate(EvaluateJob(images=(images,), **settings)))
    assert events[-1] == plain[-1] == Finished(reason="done", n_ok=N_IMAGES - 2, n_skipped=2)
    one, other = there.to_dict(), here_.to_dict()
    for side in (one, other):
        del side["provenance"]
    assert one == other
    assert len(there.images) == N_IMAGES - 2
    assert there.curve is not None


# -- what is refused


def test_no_scheduler_answers(job: PredictJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_connect, "CONNECT_S", 0.5)
    message = refusal(job.model_copy(update={"scheduler": "tcp://127.0.0.1:9"}))
    assert "No scheduler answers at tcp://127.0.0.1:9" in message
    assert "dask scheduler" in message


def test_a_scheduler_file(job: PredictJob, images: Path, tmp_path: Path, scheduler: str) -> None:
    file = tmp_path / "scheduler.json"
    long_name = images / f"{'x' * 240}.png"
    (images / "img0.png").rename(long_name)
    change = {"scheduler": str(file), "images": (long_name,)}
    assert "is no scheduler file" in refusal(job.model_copy(update=change))
    file.write_text(json.dumps({"address": scheduler}))
    events, _ = drain(predict_files(job.model_copy(update=change)))
    assert events[-1] == Finished(reason="done", n_ok=1)


def test_only_a_scheduler_needs_the_library_for_clusters(
    job: PredictJob, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("distributed", "dask"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "napari-slitseg[cluster]" in refusal(job)
    one = here(job, tmp_path / "plain").model_copy(update={"images": (images / "img0.png",)})
    assert drain(predict_files(one))[0][-1] == Finished(reason="done", n_ok=1)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"version": "9.9"}, ("here is 9.9", "Install the same version")),
        ({"files": ((Path("/nowhere/a.png"), 3),)}, ("see the image /nowhere/a.png", "shared")),
        ({"folders": (Path("/nowhere"),)}, ("see the folder /nowhere", "shared")),
        ({"probe": Path("/nowhere/probe")}, ("folder /nowhere is not the one here", "shared")),
    ],
)
def test_workers_that_do_not_fit(
    job: PredictJob, changed: Any, words: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def needs(model: Any, files: Any, folders: Any, probe: Any) -> Needs:
        return Needs(**{"model": model, "files": files, "folders": folders, **changed})

    monkeypatch.setattr(cluster, "Needs", needs)
    message = refusal(job)
    assert message.startswith("The worker tcp://")
    assert all(word in message for word in words)
    assert results(job.out) == {}


def test_a_device_that_the_workers_lack(job: PredictJob) -> None:
    assert "'cuda:7' is not available" in refusal(job.model_copy(update={"device": "cuda:7"}))


# -- processes of our own


def test_ctrl_c_in_the_terminal_ends_the_processes_of_this_machine_too(
    job: PredictJob, images: Path, preload: Path
) -> None:
    close_gate(images, after=N_IMAGES - 2)
    command = [sys.executable, "-m", "napari_slitseg", "predict", str(images), "--out"]
    options = ["--model", job.model, "--pixel-size-nm", "10", "--device", "cpu"]
    line = [*command, str(job.out), *options, "--scheduler", "local:2"]
    environment = {**os.environ, "DASK_DISTRIBUTED__WORKER__PRELOAD": str([str(preload)])}
    said = []
    with subprocess.Popen(
        line, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment
    ) as process:
        too_late = threading.Timer(PATIENCE_S, os.killpg, (process.pid, signal.SIGKILL))
        too_late.start()
        assert process.stderr is not None
        for text in process.stderr:
            said.append(text)
            if f"[{N_IMAGES - 2}/" in text:
                wait_for(lambda: len(reached(images)) == 2, "two images at work")
                os.killpg(process.pid, signal.SIGINT)
        too_late.cancel()
    assert process.returncode == 130, said
    assert said[-1].startswith(f"Cancelled: {N_IMAGES - 2} done"), said
    at_work = {path.stem for path in reached(images)}
    assert set(entries(job.out)) == {f"img{n}" for n in range(N_IMAGES)} - at_work
    wait_for(lambda: not group_lives(process.pid), "the end of all processes")


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
