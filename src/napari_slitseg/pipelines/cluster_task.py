"""What a worker of a cluster does with one image."""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, cast

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.events import Event, Progress
from napari_slitseg.pipelines.cluster_needs import (
    ONE_AT_A_TIME,
    Fitness,
    Needs,
    examine,
    forget,
    predictor_for,
)
from napari_slitseg.pipelines.each import describe
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.inputs import ShouldStop
from napari_slitseg.pipelines.outputs import OutputError
from napari_slitseg.pipelines.workplace import ImageTask, R


@dataclass(frozen=True)
class Errand(Generic[R]):
    """What is done with the images of a run, and what that needs."""

    task: ImageTask[R]
    needs: Needs

    def for_image(self, path: Path) -> Errand[R]:
        """Return what is sent with one image."""
        return Errand(self.task.for_image(path), self.needs)


@dataclass(frozen=True)
class Report(Generic[R]):
    """How an image went: outcome or error; or the worker is `unfit` and did not touch it."""

    worker: str
    events: tuple[Event, ...] = ()
    outcome: R | None = None
    error: Exception | None = None
    unfit: str = ""


async def examine_worker(needs: Needs) -> Fitness:
    """Look at a worker beside whatever it does."""
    return await asyncio.to_thread(examine, needs)


async def forget_run() -> None:
    """Let a worker forget what it keeps for a run."""
    await asyncio.to_thread(forget)


def run_errand(path: Path, errand: Errand[R]) -> Report[R]:
    """Do one image on a worker; what goes wrong with the image is in the report.

    A receipt beside the results keeps an image from being done twice where its worker died before
    the report was taken.
    """
    from distributed import get_worker

    worker, should_stop = get_worker(), _told_to_stop()
    with ONE_AT_A_TIME:
        if should_stop():
            raise Cancelled
        unfit = examine(errand.needs).problem
        if unfit:
            return Report(worker.address, unfit=unfit)
        receipt = errand.needs.receipt(path)
        if receipt is not None and receipt.exists():
            return cast("Report[R]", pickle.loads(receipt.read_bytes()))
        with _threads(worker.state.nthreads, wanted=errand.needs.model is not None):
            report = _report(path, errand, worker.address, should_stop)
        if receipt is not None and report.error is None:
            with suppress(OSError):
                write_atomically(receipt, pickle.dumps(report))
        return report


def _report(path: Path, errand: Errand[R], address: str, should_stop: ShouldStop) -> Report[R]:
    events: list[Event] = []
    model = errand.needs.model
    try:
        steps = errand.task(path, None if model is None else predictor_for(model), should_stop)
        while True:
            try:
                event = next(steps)
            except StopIteration as stop:
                return Report(address, tuple(events), outcome=stop.value)
            if not isinstance(event, Progress):
                events.append(event)
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 (a reader may raise anything; it is reported)
        return Report(address, tuple(events), error=_plain(error))


def _plain(error: Exception) -> Exception:
    """Return an error that every process can read."""
    return error if isinstance(error, OutputError) else JobError(describe(error))


def _told_to_stop() -> ShouldStop:
    """Whether nobody waits any more for the task that runs in this thread."""
    from distributed import get_worker

    worker = get_worker()
    tasks, key = worker.state.tasks, worker.get_current_task()

    def should_stop() -> bool:
        task: Any = tasks.get(key)
        return task is None or task.state == "cancelled"

    return should_stop


@contextmanager
def _threads(n_threads: int, *, wanted: bool) -> Generator[None]:
    """Compute with as many threads as the worker has, or OMP_NUM_THREADS if that is more."""
    if not wanted:
        yield
        return
    import torch

    before = torch.get_num_threads()
    given = os.environ.get("OMP_NUM_THREADS", "")
    torch.set_num_threads(max(n_threads, int(given) if given.isdigit() else 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)
