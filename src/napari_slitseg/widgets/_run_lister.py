"""Read how all runs stand. Knows no Qt; runs in a thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import JOB, RunFolder
from napari_slitseg.pipelines.runs.status import RunStatus, StatusReader


@dataclass(frozen=True)
class RunRow:
    """A run as the table shows it.

    Attributes
    ----------
    key : int
        Names the run for as long as the table lives.
    status : RunStatus
    job : FinetuneJob or None
        None where it cannot be read.
    """

    key: int
    status: RunStatus
    job: FinetuneJob | None


@dataclass
class Lister:
    """Reads how all runs stand; jobs, which never change, only once. Runs in a thread."""

    homes: tuple[Path, ...]
    _jobs: dict[Path, FinetuneJob | None] = field(default_factory=dict)
    _keys: dict[Path, int] = field(default_factory=dict)
    _readers: dict[Path, StatusReader] = field(default_factory=dict)
    _known: dict[Path, tuple[object, RunStatus]] = field(default_factory=dict)

    def look(self) -> list[RunRow]:
        """Return the runs of all folders, the newest first."""
        folders = [RunFolder(path) for home in self.homes for path in _runs_in(home)]
        found = [self._status(folder) for folder in folders]
        found.sort(key=lambda status: status.created, reverse=True)
        return [self._row(status) for status in found]

    def _status(self, folder: RunFolder) -> RunStatus:
        """Return how a run stands; one that nobody works on is read again only if it changed."""
        stamp = tuple(map(_stamp, (folder.job, folder.events, folder.control, folder.best)))
        before = self._known.get(folder.path)
        if before and before[0] == stamp and not (before[1].is_alive or folder.alive.exists()):
            return before[1]
        found = self._readers.setdefault(folder.path, StatusReader(folder)).look()
        self._known[folder.path] = (stamp, found)
        return found

    def _row(self, status: RunStatus) -> RunRow:
        path = status.folder.path
        if path not in self._jobs:
            try:
                self._jobs[path] = status.folder.read_job()
            except JobError:
                return RunRow(self._key(path), status, None)
        return RunRow(self._key(path), status, self._jobs[path])

    def _key(self, path: Path) -> int:
        return self._keys.setdefault(path, len(self._keys))


def _runs_in(home: Path) -> list[Path]:
    try:
        return [path for path in home.iterdir() if (path / JOB).exists()]
    except OSError:
        return []


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)
