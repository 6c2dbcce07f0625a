"""The folder of a run: where everything is, and how a run is made."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.bundled import bundled_models
from napari_slitseg.jobs import FinetuneJob, explain
from napari_slitseg.pipelines.errors import JobError

Ask = Literal["go", "pause", "stop", "cancel"]
"""What the person wants of a run: go on, wait, stop and keep the best, or stop and keep nothing."""

JOB: Final = "job.json"
_LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class RunFolder:
    """A run on the disk.

    Attributes
    ----------
    path : Path
        The folder; it need not exist.
    """

    path: Path

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.path.name

    @property
    def job(self) -> Path:
        """What to do."""
        return self.path / JOB

    @property
    def environment(self) -> Path:
        """Machine, versions and device of the latest attempt."""
        return self.path / "env.json"

    @property
    def data(self) -> Path:
        """Files with fingerprints, and which of them train, validate and judge."""
        return self.path / "data.json"

    @property
    def events(self) -> Path:
        """Every event, one JSON line each."""
        return self.path / "events.jsonl"

    @property
    def log(self) -> Path:
        """The same for people."""
        return self.path / "log.txt"

    @property
    def control(self) -> Path:
        """What the person asks of the process that works on it."""
        return self.path / "control.json"

    @property
    def alive(self) -> Path:
        """Which process works on it, and when it last said so."""
        return self.path / "alive.json"

    @property
    def lock(self) -> Path:
        """File that is locked while a process works on it."""
        return self.path / "run.lock"

    @property
    def checkpoints(self) -> Path:
        """Folder of `last` and `best`."""
        return self.path / "checkpoints"

    @property
    def last(self) -> Path:
        """State of the training, to go on from."""
        return self.checkpoints / "last.safetensors"

    @property
    def best(self) -> Path:
        """Best model so far; an ordinary checkpoint."""
        return self.checkpoints / "best.safetensors"

    @property
    def previews(self) -> Path:
        """Folder of predictions made on the way."""
        return self.path / "previews"

    @property
    def report(self) -> Path:
        """Folder of the verdict."""
        return self.path / "report"

    @property
    def exists(self) -> bool:
        """Whether there is a run."""
        return self.job.is_file()

    def read_job(self) -> FinetuneJob:
        """Return what to do.

        Raises
        ------
        JobError
            If there is no run in the folder, or its job cannot be read.
        """
        try:
            return FinetuneJob(**json.loads(self.job.read_text(encoding="utf-8")))
        except OSError as error:
            why = error.strerror or str(error)
            raise JobError(f"{self.path} is no run: its {JOB} cannot be read ({why}).") from error
        except ValidationError as error:
            raise JobError(f"{self.job} is not valid: {explain(error)}") from error
        except (ValueError, TypeError) as error:
            raise JobError(f"{self.job} is not valid: {error}.") from error


def runs_folder(job: FinetuneJob | None = None) -> Path:
    """Return the folder in which the folders of runs are made."""
    return (job and job.runs) or Path.home() / "slitseg-runs"


def find_run(typed: Path) -> RunFolder:
    """Return the run that a person means: by its folder, or by its name in the folder of runs.

    Raises
    ------
    JobError
        If it is but a name, and nothing is called so.
    """
    path = typed.expanduser().resolve()
    by_name = RunFolder(runs_folder() / typed)
    is_name = len(typed.parts) == 1 and not (path / JOB).exists()
    if is_name and by_name.exists:
        return by_name
    if is_name and not path.exists():
        raise JobError(
            f"There is no run called {typed}, neither here nor in {runs_folder()}; slitseg runs "
            "list shows those there."
        )
    return RunFolder(path)


def new_run(job: FinetuneJob) -> RunFolder:
    """Make the folder of a run, with nothing but its job in it.

    Paths in the job become absolute, so that it can be taken up from any working folder.

    Raises
    ------
    JobError
        If the folder cannot be made.
    """
    home, job = runs_folder(job).expanduser().resolve(), _absolute(job)
    content = _content_of(job)
    base = _file_name(job.name) or f"{datetime.now():%Y-%m-%d-%H%M}-{_words_of(job)}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        folder = RunFolder(_made(home, base))
        folder.checkpoints.mkdir()
        write_atomically(folder.job, content)
    except OSError as error:
        why = error.strerror or str(error)
        raise JobError(
            f"No run can be made in {home}: {why}. Free some space or choose another folder for "
            "runs."
        ) from error
    return folder


def _content_of(job: FinetuneJob) -> bytes:
    try:
        return job.model_dump_json(indent=2).encode()
    except PydanticSerializationError as error:
        raise JobError(
            "The name of an image or folder holds bytes that are no letters, so no record of a run "
            "can name it. Rename it."
        ) from error


def _made(home: Path, base: str) -> Path:
    """Make a new folder: of that name, or with a number behind it where the name is taken."""
    number = 1
    while True:
        path = home / (base if number == 1 else f"{base}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path


def _words_of(job: FinetuneJob) -> str:
    loss = "curriculum" if job.curriculum else job.slit_loss["name"]
    return _file_name(f"{job.images[0].stem or 'images'}-{loss}")


def _file_name(text: str) -> str:
    """Return a text as a name that every system takes for a folder."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:_LONGEST_NAME]


def _absolute(job: FinetuneJob) -> FinetuneJob:
    several = {
        name: tuple(map(_resolved, getattr(job, name)))
        for name in ("images", "validation_images", "test_images")
    }
    found = {
        name: getattr(job, name) for name in ("annotations", "biopsies", "pixel_sizes", "runs")
    }
    single = {name: _resolved(path) for name, path in found.items() if path is not None}
    is_file = job.start not in bundled_models() and Path(job.start).expanduser().exists()
    start = str(_resolved(Path(job.start))) if is_file else job.start
    return job.model_copy(update={**several, **single, "start": start})


def _resolved(path: Path) -> Path:
    return path.expanduser().resolve()
