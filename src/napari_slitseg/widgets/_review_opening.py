"""Open images without ever waiting for a file: it is read before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final

from psygnal import Signal

from napari_slitseg.core.image import Micrograph
from napari_slitseg.widgets._entry import Status
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._workspace import Workspace

_UNREAD: Final = (Status.WAITING, Status.FAILED)


class Opening:
    """Reads the image that is wanted in a thread, then shows it; reads the next one ahead.

    Signals: `began(name)` when a file has to be read first, `opened(key)` when the image is
    shown, `failed(text)`.
    """

    began = Signal(str)
    opened = Signal(int)
    failed = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._wanted: int | None = None
        self._ahead: int | None = None
        self.runner = Runner()
        self.runner.finished.connect(self._on_read)
        self.runner.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether an image that is wanted is still being read."""
        return self._wanted is not None

    def open(self, key: int) -> None:
        """Show an image, now or as soon as its file was read."""
        entry = self._workspace.entry(key)
        if entry.status in _UNREAD or self._workspace.is_at_hand(key):
            self._wanted = None
            self._workspace.open(key)
            self.opened.emit(key)
            return
        self._wanted = key
        self.began.emit(entry.name)
        if self._ahead != key or not self.runner.is_busy:
            self._read(key)

    def read_ahead(self, key: int | None) -> None:
        """Read an image that will be wanted soon."""
        if key is None or self.is_busy or self._ahead == key or not self._workspace.has(key):
            return
        unread = self._workspace.entry(key).status in _UNREAD
        if not unread and not self._workspace.is_at_hand(key):
            self._read(key)

    def stop(self) -> None:
        """Want nothing any more."""
        self._wanted = self._ahead = None
        self.runner.cancel()

    def _read(self, key: int) -> None:
        self._ahead = key
        work = partial(_reading, key, self._workspace.opener(key))
        self.runner.start(work, f"Open {self._workspace.entry(key).name}")

    def _on_read(self, answer: tuple[int, Micrograph]) -> None:
        key, micrograph = answer
        self._ahead = None
        self._workspace.hold(key, micrograph)
        if self._wanted == key and self._workspace.has(key):
            self.open(key)

    def _on_failed(self, reason: str) -> None:
        key, self._ahead = self._ahead, None
        if key is None or not self._workspace.has(key):
            return
        if self._wanted == key:
            self._wanted = None
            self._workspace.set_status(key, Status.FAILED, reason)
            self._workspace.open(key)
            self.failed.emit(reason)
            self.opened.emit(key)


def _reading(
    key: int, read: Callable[[], Micrograph], should_stop: Callable[[], bool]
) -> Generator[Any, None, tuple[int, Micrograph] | None]:
    """Read a file in a thread."""
    yield None
    return None if should_stop() else (key, read())
