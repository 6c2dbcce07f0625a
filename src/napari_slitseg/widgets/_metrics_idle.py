"""Work in the window's own thread, in slices too short to be felt."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Final

from qtpy.QtCore import QObject, QTimer

_SLICE_S: Final = 0.015


class Idle(QObject):
    """Runs an iterator step by step whenever the window has nothing else to do."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Iterator[None] = iter(())
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go_on)

    @property
    def is_busy(self) -> bool:
        """Whether work is left."""
        return self._timer.isActive()

    def start(self, work: Iterator[None]) -> None:
        """Begin work, in place of any that is left."""
        self._work = work
        self._timer.start()

    def stop(self) -> None:
        """Leave the rest of the work undone."""
        self._timer.stop()
        self._work = iter(())

    def _go_on(self) -> None:
        end, work = perf_counter() + _SLICE_S, self._work
        for _ in work:
            if perf_counter() > end or self._work is not work:
                return
        if self._work is work:
            self._timer.stop()
