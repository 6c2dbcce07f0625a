"""Where the images of a job are worked on: in this process, or on a cluster."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from napari_slitseg.events import Event
from napari_slitseg.pipelines.each import Arrivals, one_by_one
from napari_slitseg.pipelines.inputs import ShouldStop

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo
    from napari_slitseg.core.inference import Predictor

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class ImageTask(Protocol[R_co]):
    """What is done with one image; a document that can be sent to another process."""

    def for_image(self, path: Path) -> ImageTask[R_co]:
        """Return the task with what one image needs, small enough to be sent about."""

    def __call__(
        self, path: Path, predictor: Predictor | None, should_stop: ShouldStop
    ) -> Generator[Event, None, R_co]:
        """Do it: events on the way, what came out of it, or an error that fails the image."""


class Workplace(Protocol[R_co]):
    """Takes images and hands back what came out of them."""

    @property
    def info(self) -> CheckpointInfo | None:
        """The model that is run there, if one is."""

    @property
    def device(self) -> str:
        """Where it runs."""

    def arrivals(self, images: Iterable[Path]) -> Arrivals:
        """Take images; each comes back when `work` may be called for it."""

    def work(self, path: Path) -> Generator[Event, None, R_co]:
        """Events and outcome of an image that came back, or the error that failed it."""

    def close(self) -> None:
        """Let go of everything."""


@dataclass(frozen=True)
class Here(Generic[R]):
    """Images one after the other in this process."""

    task: ImageTask[R]
    predictor: Predictor | None
    should_stop: ShouldStop

    @property
    def info(self) -> CheckpointInfo | None:
        """The model that is run, if one is."""
        return None if self.predictor is None else self.predictor.info

    @property
    def device(self) -> str:
        """Device of the model."""
        return "" if self.predictor is None else str(self.predictor.device)

    def arrivals(self, images: Iterable[Path]) -> Arrivals:
        """Return the images in their order."""
        return one_by_one(images, self.should_stop)

    def work(self, path: Path) -> Generator[Event, None, R]:
        """Do one image."""
        return self.task(path, self.predictor, self.should_stop)

    def close(self) -> None:
        """Nothing is held."""
