"""Try a batch in another process: what memory it takes, and how long.

``python -m napari_slitseg.pipelines.trial FOLDER`` is that process; `try_out` starts it, so that
the one that asks never loads torch, and the memory of a device is free again afterwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import IO, Any, Final

import psutil

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.waiting import let_waiting_threads_sleep
from napari_slitseg.events import Event, Progress
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import DataSet, write_record
from napari_slitseg.pipelines.each import describe
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.pipelines.runs.folder import RunFolder

PATIENCE_S: Final = 300.0
_RESULT: Final = "trial.json"
_LOOK_S: Final = 0.1


class TrialError(RuntimeError):
    """A batch could not be tried; the message is written for the person."""


@dataclass(frozen=True)
class Trial:
    """What two steps of a training showed.

    Attributes
    ----------
    device, precision : str
    multiple, reach_px : int
        The network works on multiples of this; how far it sees.
    batch : int
        Patches that fit at once: what the job asks for, or the largest half, quarter ... of it.
    step_seconds : float
        Time of a step with all its batches.
    patch_seconds : float
        Time to draw one patch, in one thread.
    validation_seconds_per_px : float
        Time to predict an image, for each of its pixels.
    peak_bytes, available_bytes : int
        Most memory that was in use, and what there is.
    loss : float or None
        Of the first batch; None if it is no number.
    image : str
        Validation image that was predicted with the start model.
    n_found, n_annotated : int
        Slits found in it, and annotated.
    """

    device: str
    precision: str
    multiple: int
    reach_px: int
    batch: int
    step_seconds: float
    patch_seconds: float
    validation_seconds_per_px: float
    peak_bytes: int
    available_bytes: int
    loss: float | None
    image: str
    n_found: int
    n_annotated: int


def try_out(
    job: FinetuneJob,
    data: DataSet,
    should_stop: ShouldStop = never,
    *,
    patience_s: float = PATIENCE_S,
) -> Generator[Event, None, Trial]:
    """Make two steps of a training in another process and throw them away.

    Raises
    ------
    TrialError
        If that does not work or takes too long.
    Cancelled
        If `should_stop` says so; the process is gone then.
    """
    yield Progress(done=0, total=1, message="Trying a batch")
    with TemporaryDirectory(prefix="slitseg-trial-") as home:
        folder = RunFolder(Path(home))
        write_atomically(folder.job, job.model_dump_json().encode(errors="surrogateescape"))
        write_record(folder, data)
        with folder.log.open("wb") as log:
            _run_child(folder, log, should_stop, monotonic() + patience_s)
        result = _read(folder)
    yield Progress(done=1, total=1, message="Trying a batch")
    return result


def _run_child(folder: RunFolder, log: IO[bytes], should_stop: ShouldStop, deadline: float) -> None:
    command = [sys.executable, "-m", __spec__.name, str(folder.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log) as process:
        try:
            while not _has_ended(process):
                if should_stop():
                    raise Cancelled
                if monotonic() > deadline:
                    raise TrialError("A single batch takes minutes on this device.")
        finally:
            process.kill()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_LOOK_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _read(folder: RunFolder) -> Trial:
    """Return what the process wrote; without that, what it said last."""
    try:
        found = json.loads((folder.path / _RESULT).read_text(encoding="utf-8"))
    except OSError:
        last = folder.log.read_text(errors="replace").strip().splitlines()[-1:]
        said = f" It said: {last[0]}" if last else ""
        raise TrialError(
            f"The trial ended without a result; often memory is the reason.{said}"
        ) from None
    if "error" in found:
        raise TrialError(found["error"])
    return Trial(**found)


def main(home: str) -> None:
    """Try a batch of the job in a folder; the result is a file there."""
    let_waiting_threads_sleep()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    folder = RunFolder(Path(home))
    write_atomically(folder.path / _RESULT, to_json(outcome(folder)).encode())


def outcome(folder: RunFolder) -> dict[str, Any]:
    """Return the fields of a `Trial`, or what went wrong as "error"."""
    try:
        from napari_slitseg.pipelines.training.trial_steps import measure

        return measure(folder)
    except Exception as error:  # noqa: BLE001 (whatever it is, the other process tells it)
        return {"error": describe(error)}


def limit_memory() -> None:
    """Let this process fail, not the machine, where a batch is larger than the memory."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        most = psutil.Process().memory_info().vms + psutil.virtual_memory().available
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def _end_with_parent() -> None:
    """Wait for the end of the process that holds the other end of the input."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
