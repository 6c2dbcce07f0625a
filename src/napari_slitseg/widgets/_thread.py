"""Work on a person's wish that must not freeze the window; `_live_poll` looks now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from napari.qt.threading import GeneratorWorker, create_worker
from psygnal import Signal

Work = Callable[[Callable[[], bool]], Generator[Any, None, Any]]
"""Takes `should_stop`, yields events, returns an answer."""


class WorkFailed(Exception):
    """Background work failed; the message is written for the person."""


class Runner:
    """Run one piece of work at a time; a newer one drops the answers of the older.

    Signals, all in the main thread: `busy_changed(bool)`, `event(object)` for what the work
    yields, `finished(object)` with its answer, `failed(str)`, `cancelled()`. Whatever happens,
    `busy_changed(False)` comes last.
    """

    busy_changed = Signal(bool)
    event = Signal(object)
    finished = Signal(object)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(self) -> None:
        self._generation = 0
        self._stop: threading.Event | None = None
        self._worker: GeneratorWorker | None = None

    @property
    def is_busy(self) -> bool:
        """Whether work is under way."""
        return self._stop is not None

    def start(self, work: Work, title: str) -> None:
        """Start work, in place of any that is under way.

        Parameters
        ----------
        work : callable
            Called in another thread with `should_stop`, which napari also sets as it closes; a
            generator function.
        title : str
            What napari's list of tasks calls it.
        """
        self._halt()
        self._generation += 1
        stop = self._stop = threading.Event()

        def should_stop() -> bool:
            return stop.is_set() or worker.abort_requested

        worker = create_worker(
            _named(work, should_stop, title), _start_thread=False, _progress={"desc": title}
        )
        mine = partial(self._relay, self._generation)
        worker.yielded.connect(lambda value: mine(self.event, value))
        worker.returned.connect(lambda value: mine(self.finished, value))
        worker.errored.connect(lambda error: mine(self.failed, str(error)))
        worker.finished.connect(partial(self._done, self._generation))
        self._worker = worker
        self._set_busy(busy=True)
        worker.start()

    def cancel(self) -> None:
        """Stop the work; it ends at its next step and its answer is dropped."""
        if self.is_busy:
            self._halt()
            self._generation += 1
            self._clear()
            self.cancelled.emit()
            self._set_busy(busy=False)

    def _set_busy(self, *, busy: bool) -> None:
        self.busy_changed.emit(busy)

    def _halt(self) -> None:
        if self._stop is not None:
            self._stop.set()
        if self._worker is not None:
            self._worker.quit()

    def _clear(self) -> None:
        self._stop = None
        self._worker = None

    def _relay(self, generation: int, signal: Any, value: Any) -> None:
        if generation == self._generation:
            signal.emit(value)

    def _done(self, generation: int) -> None:
        if generation == self._generation and self._worker is not None:
            was_aborted = self._worker.abort_requested
            self._clear()
            if was_aborted:
                self.cancelled.emit()
            self._set_busy(busy=False)


def _named(
    work: Work, should_stop: Callable[[], bool], title: str
) -> Callable[[], Generator[Any, None, Any]]:
    """Guarded work, under the name that napari's list of tasks shows."""

    def run() -> Generator[Any, None, Any]:
        return (yield from _guarded(work, should_stop))

    run.__qualname__ = run.__name__ = title
    return run


def _guarded(work: Work, should_stop: Callable[[], bool]) -> Generator[Any, None, Any]:
    """Work whose errors all come out, also RuntimeError, which the worker would swallow."""
    try:
        return (yield from work(should_stop))
    except Exception as error:
        if should_stop():
            return None
        raise WorkFailed(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    text = str(error).strip()
    kind = type(error).__name__
    ours = type(error).__module__.startswith("napari_slitseg")
    if text and (ours or isinstance(error, ValueError | OSError)):
        return text
    return f"{kind}: {text}" if text else kind
