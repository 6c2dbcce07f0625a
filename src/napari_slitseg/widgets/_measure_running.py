"""Measure in threads: on a person's wish, and again a moment after something changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from time import monotonic
from typing import Final

from psygnal import Signal
from qtpy.QtCore import QObject, QTimer

from napari_slitseg.widgets._measure_controller import Measurer
from napari_slitseg.widgets._measure_listing import Rows
from napari_slitseg.widgets._measure_state import Measured
from napari_slitseg.widgets._measure_work import measure_all
from napari_slitseg.widgets._metrics_idle import Idle
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._work import ItemStarted
from napari_slitseg.widgets._workspace import Workspace

_SOON_MS: Final = 120
_LATER_MS: Final = 1200
_NEWS_MS: Final = 1000
_PROGRESS_S: Final = 0.2


class Measuring(QObject):
    """Two threads: one for wishes, one that keeps up with what changes.

    Signals: `progressed(done, total, name)` of a wish, `failed(text)`, `news()` where much changes,
    now and then.
    """

    progressed = Signal(int, int, str)
    news = Signal()
    failed = Signal(str)

    def __init__(
        self, parent: QObject, workspace: Workspace, measurer: Measurer, rows: Rows
    ) -> None:
        super().__init__(parent)
        self._workspace, self._measurer, self._rows = workspace, measurer, rows
        self.wish, self.again = Runner(), Runner()
        self._idle, self._asking = Idle(self), Idle(self)
        self._soon, self._later = self._timer(_SOON_MS), self._timer(_LATER_MS)
        self._news = self._timer(_NEWS_MS)
        self._told_until = 0.0
        self._news.timeout.connect(self._on_news)
        self._soon.timeout.connect(self._follow_current)
        self._later.timeout.connect(self._follow_others)
        for runner in (self.wish, self.again):
            runner.event.connect(self._on_event)
            runner.failed.connect(self._on_failed)
        self.again.finished.connect(self.follow)

    @property
    def is_busy(self) -> bool:
        """Whether anything is measured, or will be in a moment."""
        timers = (self._soon, self._later, self._news)
        return (
            self.wish.is_busy
            or self.again.is_busy
            or self._idle.is_busy
            or self._asking.is_busy
            or any(timer.isActive() for timer in timers)
        )

    def start(self, keys: Sequence[int]) -> None:
        """Measure images, however they are."""
        images = f"{len(keys)} images" if len(keys) != 1 else "an image"
        self._asking.start(self._asked(self.wish, keys, f"Measure {images}"))

    def follow(self, _answer: object = None) -> None:
        """Measure again what changed since, the current image first."""
        current = self._measurer.current
        if current is not None and self._measurer.is_stale(current.key):
            self._soon.start()
        elif self._rows.stale and not self.again.is_busy and not self._idle.is_busy:
            self._later.start()

    def tell_later(self) -> None:
        """Tell of news in a while, once for many."""
        if not self._news.isActive():
            self._news.start()

    def stop(self) -> None:
        """End all work."""
        for timer in (self._soon, self._later, self._news):
            timer.stop()
        self._idle.stop()
        self._asking.stop()
        for runner in (self.wish, self.again):
            runner.cancel()

    def _timer(self, interval_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        return timer

    def _follow_current(self) -> None:
        current = self._measurer.current
        if self._asking.is_busy:
            self._soon.start()
        elif current is not None and self._measurer.is_stale(current.key):
            self._asking.start(self._asked(self.again, [current.key], "Measure an image again"))

    def _follow_others(self) -> None:
        if not self.wish.is_busy:
            self._idle.start(self._settled())

    def _settled(self) -> Iterator[None]:
        """Bring the images that are behind up to date with the settings, then measure them."""
        keys = self._rows.stale
        for key in keys:
            if self._workspace.has(key):
                self._workspace.settle(key)
            yield
        yield from self._asked(self.again, keys, "Measure images again")

    def _asked(self, runner: Runner, keys: Sequence[int], title: str) -> Iterator[None]:
        """See how images are now, one by one, then measure them in a thread."""
        images = []
        for key in keys:
            if self._workspace.has(key) and not self._measurer.is_hidden:
                images.append(self._measurer.to_measure(key))
            yield
        if images:
            runner.start(partial(measure_all, images), title)

    def _on_event(self, event: object) -> None:
        if isinstance(event, Measured):
            self._measurer.take([event])
        elif isinstance(event, ItemStarted) and self.wish.is_busy:
            self._tell_progress(event)

    def _tell_progress(self, event: ItemStarted) -> None:
        """Tell how far it is, a few times a second."""
        if event.number and monotonic() < self._told_until:
            return
        self._told_until = monotonic() + _PROGRESS_S
        name = self._workspace.entry(event.key).name if self._workspace.has(event.key) else ""
        self.progressed.emit(event.number, event.total, name)

    def _on_news(self) -> None:
        self.news.emit()

    def _on_failed(self, text: str) -> None:
        self.failed.emit(text)
