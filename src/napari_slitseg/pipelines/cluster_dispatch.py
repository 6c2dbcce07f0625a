"""Send images to the workers of a cluster and take back what came of them; none is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic
from uuid import uuid4

from napari_slitseg.events import Notice
from napari_slitseg.pipelines.cluster_task import Errand, Report, run_errand
from napari_slitseg.pipelines.each import BrokenOff, describe
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.workplace import R

PREFIX: Final = "slitseg"
_FETCH_S: Final = 5


class Dispatch(Generic[R]):
    """Images under way.

    The scheduler gives the images of a worker that died to others. An image whose workers died
    too often for it (``KilledWorker``) may be innocent, another one on the same workers the cause:
    it is tried once more when no other is under way. Keys are numbered, for the scheduler begins
    with the lowest.
    """

    def __init__(self, client: Any, errand: Errand[R]) -> None:
        self._client = client
        self._run, self._numbers = uuid4().hex, count()
        self._errand = errand
        self._under_way: dict[str, tuple[Any, Path]] = {}
        self._ended: SimpleQueue[tuple[Any, Report[R] | None]] = SimpleQueue()
        self._fetched: set[str] = set()
        self._suspects: deque[Path] = deque()
        self._alone: set[Path] = set()
        self._held: list[Path] = []
        self._unfit: dict[str, str] = {}

    @property
    def is_busy(self) -> bool:
        """Whether any image has not come back."""
        return bool(self._under_way or self._suspects or self._held)

    def send(self, images: Iterable[Path], **where: Any) -> None:
        """Send images; `where` as in ``Client.map``."""
        paths = list(images)
        keys = [f"{PREFIX}-{self._run}-{next(self._numbers):08d}" for _ in paths]
        errands = [self._errand.for_image(path) for path in paths]
        futures = self._client.map(run_errand, paths, errands, key=keys, **where) if paths else []
        for future, path in zip(futures, paths, strict=True):
            self._under_way[future.key] = (future, path)
            future.add_done_callback(self._fetch)

    def receive(self, timeout_s: float) -> Iterator[Notice | tuple[Path, Report[R]]]:
        """Take what came back; waits for the first for a while.

        Raises
        ------
        BrokenOff
            If the scheduler is gone.
        """
        self._send_again()
        try:
            yield from self._take(*self._ended.get(timeout=timeout_s))
            while True:
                yield from self._take(*self._ended.get_nowait())
        except Empty:
            return

    def cancel(self) -> None:
        """Call back all images that are under way; what came back before can still be taken."""
        called_back = []
        for future, _ in list(self._under_way.values()):
            if future.key not in self._fetched:
                called_back.append(future)
                del self._under_way[future.key]
        self._suspects.clear()
        self._held.clear()
        if called_back and self._client.status == "running":
            self._client.cancel(called_back)

    def _send_again(self) -> None:
        """Send what no usable worker was there for, and a suspect if nothing else is under way."""
        if self._held:
            fit = [address for address in self._client.nthreads() if address not in self._unfit]
            held, self._held = (self._held, []) if fit else ([], self._held)
            self.send(held, workers=fit, allow_other_workers=True)
        if self._suspects and not self._under_way:
            path = self._suspects.popleft()
            self._alone.add(path)
            self.send([path])

    def _fetch(self, future: Any) -> None:
        """Take a report as soon as it is there: one that is lost with its worker is made again."""
        report: Report[R] | None = None
        try:
            report = future.result(timeout=_FETCH_S)
        except TimeoutError:
            future.add_done_callback(self._fetch)
            return
        except Exception:  # noqa: BLE001 (whatever a cluster does to an image; `_lost` tells)
            self._ended.put((future, None))
            return
        self._fetched.add(future.key)
        self._ended.put((future, report))
        future.release()

    def _take(
        self, future: Any, report: Report[R] | None
    ) -> Iterator[Notice | tuple[Path, Report[R]]]:
        if future.key not in self._under_way:
            return
        if report is None:
            yield from self._lost(future)
            return
        _, path = self._under_way.pop(future.key)
        if not report.unfit:
            yield path, report
            return
        self._held.append(path)
        if report.worker not in self._unfit:
            self._unfit[report.worker] = report.unfit
            yield Notice(text=f"The worker {report.worker} is not used. {report.unfit}")

    def _lost(self, future: Any) -> Iterator[tuple[Path, Report[R]]]:
        """Try an image alone, or give it up."""
        if future.status in ("cancelled", "lost"):
            raise BrokenOff(
                "The connection to the scheduler was lost. Start it again, then the same command: "
                "what is done is kept."
            )
        _, path = self._under_way.pop(future.key)
        if path not in self._alone:
            self._suspects.append(path)
            return
        yield path, Report("", error=JobError(_why(future.exception(timeout=_FETCH_S))))


def _why(error: Exception) -> str:
    if type(error).__name__ != "KilledWorker":
        return describe(error)
    return (
        "The workers that had it died, also when it was the only image at work; most likely it "
        "needs more memory than they have. Give them more (dask worker --memory-limit), or "
        "predict it on a larger machine."
    )
