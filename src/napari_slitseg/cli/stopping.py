"""Ctrl-C: once to stop after this step, twice to stop at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Final, Self

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stopper:
    """Says whether the person, or the system, asked to stop; a context manager.

    Within the block the first SIGINT or SIGTERM only sets `signal`; a second one raises
    `KeyboardInterrupt`. Calling the object is the `should_stop` of the pipelines.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """What shells expect of a program that a signal ended: 130 for Ctrl-C."""
        return 128 + (self.signal or signal.SIGINT)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
