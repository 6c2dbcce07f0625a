"""Sees to it that a run ends when it is asked to, whatever it is busy with."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Final, Self

from napari_slitseg.pipelines.runs.wishes import Wishes

_EVERY_S: Final = 0.1
GRACE_S: Final = 1.0
"""For a cancelled run to end by itself."""
LEAVE_S: Final = 25.0
"""For a run to save its state when the system ends it; clusters wait 30 s."""


class Watchdog:
    """Looks a few times a second at what is asked, from a thread; a context manager.

    Parameters
    ----------
    wishes : Wishes
    cancel, leave : callable
        End the process at once: because the person cancelled it, or because the system did and it
        has not left by itself.
    """

    def __init__(
        self, wishes: Wishes, cancel: Callable[[], None], leave: Callable[[], None]
    ) -> None:
        self._wishes, self._cancel, self._leave = wishes, cancel, leave
        self._end = Event()
        self._thread = Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._wishes.look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        cancelled_at: float | None = None
        while not self._end.wait(_EVERY_S):
            if self._wishes.look() != "cancel":
                cancelled_at = None
            elif cancelled_at is None:
                cancelled_at = time.monotonic()
            elif time.monotonic() - cancelled_at > GRACE_S:
                self._cancel()
            if self._wishes.seconds_leaving > LEAVE_S:
                self._leave()
