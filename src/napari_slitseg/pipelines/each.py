"""Work on many images, one after the other: what is common to all pipelines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
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


def work_on_each(
    images: Sequence[Path], work: Work, should_stop: ShouldStop
) -> Generator[Event, None, Tally]:
    """Work on images one after the other; one that fails is reported and the next one begun.

    Parameters
    ----------
    images : sequence of Path
        In this order.
    work : callable
        Does one image. `Cancelled` ends everything as cancelled; an `OutputError` that concerns
        all images (a full disk) ends everything as failed; any other error fails the image.
    should_stop : callable
        Asked before each image.

    Returns
    -------
    Tally
        The caller yields its `finished` event when all is done.
    """
    tally = Tally()
    yield Started(total=len(images))
    for path in images:
        if should_stop():
            tally.reason = "cancelled"
            return tally
        try:
            for event in work(path):
                tally.count(event)
                yield event
        except Cancelled:
            tally.reason = "cancelled"
            return tally
        except Exception as error:  # noqa: BLE001 (a reader may raise anything; the others go on)
            failed = ImageFailed(name=path.name, path=path, reason=describe(error))
            tally.count(failed)
            yield failed
            if isinstance(error, OutputError) and error.concerns_all:
                tally.reason = "failed"
                tally.message = f"No more results can be written ({error.why}); it ended early."
                return tally
    return tally


def describe(error: Exception) -> str:
    """Turn an error into a sentence; those that were not written for people show their kind."""
    text = str(error).strip()
    if text and isinstance(error, ValueError | OSError | InferenceError):
        return text
    kind = type(error).__name__
    return f"{kind}: {text}" if text else kind
