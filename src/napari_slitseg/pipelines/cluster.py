"""Work on images with the processes of a dask.distributed cluster."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic
from uuid import uuid4

from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.events import Event, Notice
from napari_slitseg.pipelines.cluster_connect import connected, look_at_workers
from napari_slitseg.pipelines.cluster_dispatch import Dispatch
from napari_slitseg.pipelines.cluster_needs import Needs, WantedModel, samples_of
from napari_slitseg.pipelines.cluster_task import Errand, Report
from napari_slitseg.pipelines.cluster_watch import Watch
from napari_slitseg.pipelines.each import Arrivals, BrokenOff
from napari_slitseg.pipelines.inputs import ShouldStop
from napari_slitseg.pipelines.workplace import ImageTask, R

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo

_POLL_S: Final = 0.2


@dataclass(frozen=True)
class Request:
    """What a run asks of a cluster: where it is, the model, and the files all must see."""

    scheduler: str
    model: WantedModel | None
    images: tuple[Path, ...]
    folders: tuple[Path, ...] = ()
    out: Path | None = None


@dataclass(frozen=True)
class OnCluster(Generic[R]):
    """A `Workplace` of many processes; images come back in the order in which they end."""

    client: Any
    errand: Errand[R]
    info: CheckpointInfo | None
    device: str
    notices: tuple[str, ...]
    should_stop: ShouldStop
    held: ExitStack
    reports: dict[Path, Report[R]] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        request: Request,
        task: ImageTask[R],
        info: CheckpointInfo | None,
        should_stop: ShouldStop,
    ) -> OnCluster[R]:
        """Reach the cluster and let its workers look at what they have.

        Raises
        ------
        JobError
            If there is no cluster, or a worker cannot be used.
        """
        with ExitStack() as stack:
            client = stack.enter_context(connected(request.scheduler))
            probe = request.out and stack.enter_context(_probe(request.out))
            needs = Needs(request.model, samples_of(request.images), request.folders, probe)
            notices, device = look_at_workers(client, needs)
            errand = Errand(task, needs)
            held = stack.pop_all()
        return cls(client, errand, info, device, tuple(notices), should_stop, held)

    def arrivals(self, images: Iterable[Path]) -> Arrivals:
        """Send all images, and return each when it ended."""
        yield from (Notice(text=text) for text in self.notices)
        dispatch = Dispatch(self.client, self.errand)
        try:
            with Watch(self.client) as watch:
                dispatch.send(images)
                while dispatch.is_busy and not self.should_stop():
                    yield from watch.notices()
                    yield from self._taken(dispatch, _POLL_S)
                yield from watch.notices()
            if dispatch.is_busy:
                dispatch.cancel()
                yield from self._taken(dispatch, 0)
                raise Cancelled
        except OSError as error:
            raise BrokenOff(f"The cluster does not answer any more: {error}") from error
        finally:
            dispatch.cancel()

    def _taken(self, dispatch: Dispatch[R], timeout_s: float) -> Iterator[Path | Event]:
        for each in dispatch.receive(timeout_s):
            if isinstance(each, Notice):
                yield each
            else:
                path, self.reports[path] = each
                yield path

    def work(self, path: Path) -> Generator[Event, None, R]:
        """Tell what happened with an image that came back."""
        report = self.reports.pop(path)
        yield from report.events
        if report.error is not None:
            raise report.error
        if report.outcome is None:
            raise BrokenOff("A worker answered nothing.")
        return report.outcome

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self.held.close()


@contextmanager
def _probe(folder: Path) -> Generator[Path]:
    """Keep a file by which workers know a folder, as long as the block lasts."""
    path = folder / f".slitseg-{uuid4().hex}.part"
    path.touch()
    try:
        yield path
    finally:
        for file in folder.glob(f"{path.stem}*{path.suffix}"):
            file.unlink(missing_ok=True)
