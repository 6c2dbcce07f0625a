"""What is asked of a running process, by the person or by the system."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any, Final, Self

from napari_slitseg.events import Event, RunState
from napari_slitseg.events.training import Phase
from napari_slitseg.pipelines.runs.control import read_ask
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder

_MID_WORK: Final[frozenset[Phase]] = frozenset({"training", "validating", "stopping"})


class LeaveError(BaseException):
    """Leave the work as it is, to be resumed; nothing but the process's end may catch it."""


class Wishes:
    """Says what to do next; a context manager that takes the signals of the process.

    SIGTERM, as clusters and systems send it: the state is saved, then the process leaves, and the
    run can be resumed. Ctrl-C: stop and keep the best. A second signal of either kind: leave at
    once, with the state that was saved last.

    Attributes
    ----------
    signal : int or None
        The first that came.
    asked : str
        What the person asks through the run's folder; `look` renews it.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.signal: int | None = None
        self.signal_time = 0.0
        self.asked: Ask = "go"
        self._folder = folder
        self._phase: Phase = "queued"
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            numbers = (signal.SIGINT, signal.SIGTERM)
            self._before = {each: signal.signal(each, self._on_signal) for each in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __call__(self) -> Ask:
        """Return what to do: this is the `ask` of the training.

        Raises
        ------
        LeaveError
            If the process must go and nothing is left to be saved.
        """
        if self.asked == "cancel":
            return "cancel"
        if self.is_leaving:
            if self._phase not in _MID_WORK:
                raise LeaveError
            return "pause"
        return "stop" if self.signal == signal.SIGINT else self.asked

    @property
    def is_leaving(self) -> bool:
        """Whether the system wants the process to end."""
        return self.signal == signal.SIGTERM

    @property
    def seconds_leaving(self) -> float:
        """How long ago the system said so; 0 if it has not."""
        return time.monotonic() - self.signal_time if self.is_leaving else 0.0

    def look(self) -> Ask:
        """Look at what the person asks."""
        self.asked = read_ask(self._folder)
        return self.asked

    def notice(self, event: Event) -> None:
        """Take note of the phase of the work: when paused, all is saved."""
        if isinstance(event, RunState):
            self._phase = event.phase

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.signal is not None:
            raise LeaveError
        self.signal, self.signal_time = number, time.monotonic()
