"""Keep the figures of biopsies up to date, in a thread, while somebody looks at them."""

from __future__ import annotations

from functools import partial
from typing import Final

from psygnal import Signal
from qtpy.QtCore import QObject, QTimer

from napari_slitseg.core.morphometry import Sample
from napari_slitseg.core.morphometry.image_row import ImageRow, row_of
from napari_slitseg.widgets._measure_controller import Measurer
from napari_slitseg.widgets._measure_rollup import RolledUp, roll_up_images
from napari_slitseg.widgets._thread import Runner

_SOON_MS: Final = 300


class Together(QObject):
    """What follows from all images that were measured.

    Signals: `changed()` when it is up to date, `failed(text)`.

    Attributes
    ----------
    rolled : RolledUp or None
        None before anything was measured.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject, measurer: Measurer) -> None:
        super().__init__(parent)
        self._measurer = measurer
        self._wanted: tuple[object, ...] = ()
        self._rows: dict[int, tuple[object, ImageRow]] = {}
        self.rolled: RolledUp | None = None
        self.runner = Runner()
        self.runner.finished.connect(self._on_finished)
        self.runner.failed.connect(self._on_failed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self._start)

    @property
    def is_busy(self) -> bool:
        """Whether it is on its way."""
        return self._soon.isActive() or self.runner.is_busy

    def follow(self) -> None:
        """Bring it up to date in a moment, if anything changed that it follows from."""
        if self._state() != self._wanted:
            self._soon.start()

    def stop(self) -> None:
        """End all work."""
        self._soon.stop()
        self.runner.cancel()

    def rows(self) -> list[ImageRow]:
        """Return the sums of all images that were measured."""
        found = []
        for entry in self._measurer.entries:
            measured, sample = self._measurer.measured(entry.key), self._sample(entry.key)
            if measured is None or measured.measures is None:
                continue
            of = (measured, sample, entry.name)
            known = self._rows.get(entry.key)
            if known is None or known[0] != of:
                known = self._rows[entry.key] = of, row_of(entry.name, sample, measured.measures)
            found.append(known[1])
        return found

    def _sample(self, key: int) -> Sample:
        return self._measurer.kept.sample(key)

    def _biopsy(self) -> str:
        current = self._measurer.current
        return "" if current is None else str(self._sample(current.key).biopsy)

    def _state(self) -> tuple[object, ...]:
        return (self._biopsy(), *self.rows())

    def _start(self) -> None:
        before, self._wanted = self._wanted, self._state()
        rows, rolled = self.rows(), None if self.runner.is_busy else self.rolled
        known = rolled.rollup if rolled is not None and before[1:] == self._wanted[1:] else None
        if rows:
            work = partial(roll_up_images, rows, self._biopsy(), known)
            self.runner.start(work, "Roll biopsies up")
        else:
            self._on_finished(None)

    def _on_finished(self, rolled: object) -> None:
        self.rolled = rolled if isinstance(rolled, RolledUp) else None
        self.changed.emit()

    def _on_failed(self, text: str) -> None:
        self.failed.emit(text)
