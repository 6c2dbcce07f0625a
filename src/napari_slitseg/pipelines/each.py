"""Work on many images: what is common to all pipelines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from napari_slitseg.core.inference_types import Cancelled, InferenceError
from napari_slitseg.events import (
    Event,
    Finished,
    ImageDone,
    ImageFailed,
    ImageSkipped,
    Reason,
    Started,
)
from napari_slitseg.pipelines.inputs import ShouldStop
from napari_slitseg.pipelines.outputs import OutputError

Work = Callable[[Path], Generator[Event, None, None]]
"""Does one image: yields events, `ImageDone` or `ImageSkipped` last, or raises."""

Arrivals = Generator[Path | Event, None, None]
"""Images whose turn it is, and what there is to say between them; raises `Cancelled` to stop."""


class BrokenOff(RuntimeError):
    """The work cannot go on; the message is written for the person."""


@dataclass
class Tally:
    """How the images went, and how it ended."""

    n_ok: int = 0
    n_failed: int = 0
    n_skipped: int = 0
    reason: Reason = "done"
    message: str = ""

    def count(self, event: Event) -> None:
        """Count an event that says how an image went."""
        self.n_ok += isinstance(event, ImageDone)
        self.n_failed += isinstance(event, ImageFailed)
        self.n_skipped += isinstance(event, ImageSkipped)

    def finished(self) -> Finished:
        """Return the last event."""
        return Finished(
            reason=self.reason,
            n_ok=self.n_ok,
            n_failed=self.n_failed,
            n_skipped=self.n_skipped,
            message=self.message,
        )


def one_by_one(images: Iterable[Path], should_stop: ShouldStop) -> Arrivals:
    """Images in their order; asks before each whether to stop."""
    for path in images:
        if should_stop():
            raise Cancelled
        yield path


def work_on_each(
    images: Sequence[Path], work: Work, should_stop: ShouldStop
) -> Generator[Event, None, Tally]:
    """Work on images one after the other; see `work_on_arrivals`."""
    return (yield from work_on_arrivals(len(images), one_by_one(images, should_stop), work))


def work_on_arrivals(total: int, arrivals: Arrivals, work: Work) -> Generator[Event, None, Tally]:
    """Work on images as they come; one that fails is reported and the next one begun.

    Parameters
    ----------
    total : int
        Number of images.
    arrivals : generator
        The images; events among them are passed on. It is closed at the end, however that comes.
    work : callable
        Does one image. `Cancelled` ends everything as cancelled; `BrokenOff`, or an `OutputError`
        that concerns all images (a full disk), ends everything as failed; any other error fails
        the image.

    Returns
    -------
    Tally
        The caller yields its `finished` event when all is done.
    """
    tally = Tally()
    yield Started(total=total)
    try:
        with closing(arrivals):
            for arrived in arrivals:
                steps = _attempt(arrived, work) if isinstance(arrived, Path) else (arrived,)
                for event in steps:
                    tally.count(event)
                    yield event
    except Cancelled:
        tally.reason = "cancelled"
    except BrokenOff as error:
        tally.reason, tally.message = "failed", str(error)
    return tally


def _attempt(path: Path, work: Work) -> Generator[Event, None, None]:
    """Do one image; what goes wrong with it alone is an event."""
    try:
        yield from work(path)
    except (Cancelled, BrokenOff):
        raise
    except Exception as error:
        yield ImageFailed(name=path.name, path=path, reason=describe(error))
        if isinstance(error, OutputError) and error.concerns_all:
            raise BrokenOff(
                f"No more results can be written ({error.why}); it ended early."
            ) from error


def describe(error: Exception) -> str:
    """Turn an error into a sentence; those that were not written for people show their kind."""
    text = str(error).strip()
    if text and isinstance(error, ValueError | OSError | InferenceError):
        return text
    kind = type(error).__name__
    return f"{kind}: {text}" if text else kind
