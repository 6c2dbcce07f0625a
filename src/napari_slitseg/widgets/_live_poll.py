"""Look at something again and again in another thread, without ever holding up the window."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QWidget

_FETCH_MS: Final = 30


class _Thread(ThreadPoolExecutor):
    def end(self) -> None:
        self.shutdown(wait=False, cancel_futures=True)


class Poll(QObject):
    """Calls a function now and then; what it returns comes back in the main thread.

    A call begins only when the one before has ended, so a slow disk makes answers rare, not the
    window slow.

    Attributes
    ----------
    answered : signal
        Emits what the function returned, unless another function took its place meanwhile.
    failed : signal
        Emits what went wrong, in words; it is tried again.
    """

    answered = Signal(object)
    failed = Signal(str)

    def __init__(self, every_ms: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._threads = _Thread(1, thread_name_prefix="slitseg-poll")
        self._call: Callable[[], Any] | None = None
        self._running: tuple[Callable[[], Any], Future[Any]] | None = None
        self._next, self._fetch = QTimer(self), QTimer(self)
        self._next.setInterval(every_ms)
        self._next.timeout.connect(self.now)
        self._fetch.setInterval(_FETCH_MS)
        self._fetch.timeout.connect(self._take)
        self.destroyed.connect(self._threads.end)

    def follow(self, call: Callable[[], Any] | None) -> None:
        """Call this from now on, and at once; None calls nothing any more."""
        self._call = call
        if call is None:
            self._next.stop()
            return
        self._next.start()
        self.now()

    def set_pace(self, every_ms: int) -> None:
        """Call more or less often from now on."""
        if self._next.interval() != every_ms:
            self._next.setInterval(every_ms)

    def now(self) -> None:
        """Call without waiting for the next time, unless a call is under way."""
        if self._call is not None and self._running is None:
            self._running = (self._call, self._threads.submit(self._call))
            self._fetch.start()

    def _take(self) -> None:
        if self._running is None or not self._running[1].done():
            return
        call, future = self._running
        self._running = None
        self._fetch.stop()
        if call is not self._call:
            self.now()
            return
        error = future.exception()
        if error is None:
            self.answered.emit(future.result())
        else:
            self.failed.emit(str(error) or type(error).__name__)
