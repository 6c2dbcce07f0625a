"""Read the files of the workspace: all that wait, or the one somebody looks at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._pairs import pairing_notice
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._work import FileRead, ToRead, read_files
from napari_slitseg.widgets._workspace import Workspace


class Reading:
    """Reads files in the background and puts them into the workspace."""

    def __init__(self, workspace: Workspace, runner: Runner) -> None:
        self._workspace = workspace
        self._runner = runner

    def add(self, files: Sequence[Path]) -> None:
        """List files and read those that were not read before, also those that failed."""
        for key in self._workspace.add_paths(files):
            entry = self._workspace.entry(key)
            if entry.status is Status.FAILED and not entry.shape[0]:
                self._workspace.set_status(key, Status.WAITING)
        wanted = self._workspace.wanted
        if wanted is None or not self._workspace.has(wanted):
            self.read_waiting()
        else:
            self.read_waiting(self._workspace.entry(wanted))

    def read_waiting(self, first: ImageEntry | None = None) -> None:
        """Read all that wait, one of them before the others."""
        waiting = self._waiting()
        waiting.sort(key=lambda entry: first is None or entry.key != first.key)
        self._read(waiting)

    def look_at(self, key: int | None) -> str:
        """Read an image that waits as soon as somebody looks at it; say why one has failed."""
        if key is None:
            return ""
        entry = self._workspace.entry(key)
        if entry.status is Status.WAITING and self._runner.is_busy:
            self.read_waiting(entry)
        elif entry.status is Status.WAITING:
            self._read([entry])
        return entry.message if entry.status is Status.FAILED else ""

    def take(self, read: FileRead) -> str:
        """Record a file that was read; the answer is what the person should know about it."""
        workspace = self._workspace
        if not workspace.has(read.key):
            return ""
        entry = workspace.entry(read.key)
        shared = pairing_notice(read.annotation_path, entry, workspace.entries)
        workspace.set_read(
            read.key,
            read.micrograph,
            annotation=read.annotation,
            annotation_path=read.annotation_path,
            seen=read.seen,
            notices="\n".join(text for text in (shared, read.message) if text),
        )
        if workspace.current is None:
            workspace.open(read.key)
        return shared

    def cancelled(self) -> str:
        """Say what was not read and how to read it after all."""
        left = len(self._waiting())
        if not left:
            return ""
        return (
            f"Cancelled: {left} of {len(self._workspace.entries)} images were not read. Click one "
            "in the list to read it, or open the folder or files again to read all."
        )

    def _waiting(self) -> list[ImageEntry]:
        return [entry for entry in self._workspace.entries if entry.status is Status.WAITING]

    def _read(self, entries: Sequence[ImageEntry]) -> None:
        files = [ToRead(e.key, e.path, e.page) for e in entries if e.path is not None]
        if files:
            self._runner.start(partial(read_files, files), f"Read {len(files)} images")
