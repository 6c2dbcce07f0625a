"""How a training ends, in words."""

from __future__ import annotations

import errno
import logging
from collections.abc import Generator

from napari_slitseg.core.devices import is_out_of_memory
from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.events import Alarm, Event, Finished, Notice, Reason
from napari_slitseg.pipelines.each import describe
from napari_slitseg.pipelines.outputs import OutputError
from napari_slitseg.pipelines.training.learning import NoMemory
from napari_slitseg.pipelines.training.obeying import phase
from napari_slitseg.pipelines.training.preparing import Refused
from napari_slitseg.pipelines.training.saving import NotFinite
from napari_slitseg.pipelines.training.under_way import Training
from napari_slitseg.pipelines.verdict import judge

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_FINITE = (
    "The numbers left all bounds (a loss, a gradient or a weight is infinite or no number), so "
    "the training ended; nothing of that was kept."
)
_LOWER_RATE = (
    "Start a new run with a learning rate ten times lower, or with --clip-norm 1 if it was off; it "
    "may start from this run's best model."
)
_NO_ROOM = (
    "The memory did not suffice. Close other programs and resume the run, or start a new one with "
    "a smaller --patch-px or --batch."
)


def judged(training: Training) -> Generator[Event, None, None]:
    """Compare the best model with the one the training started from."""
    if training.course.best_epoch < 0:
        return
    if training.course.best_epoch == 0:
        yield Notice(
            text="No epoch was better, on the validation images, than the model the training "
            "started from: that one is kept as the best."
        )
    yield phase("judging")
    yield from judge(
        training.folder,
        device=str(training.team.device),
        precision=training.job.precision,
        should_stop=lambda: training.team.ask() == "cancel",
    )


def finished(training: Training, reason: Reason) -> Finished:
    """Return the last event of a training that went well."""
    course, n_images = training.course, len(training.data.members)
    if course.best_epoch < 0:
        message = "Nothing was validated yet, so there is no model to keep."
    elif course.best_epoch == 0:
        message = "The model it started from is still the best one on the validation images."
    else:
        message = f"The best model is that of epoch {course.best_epoch}: {training.folder.best}"
    return Finished(reason=reason, n_ok=n_images, message=message)


def in_words(error: Exception) -> Generator[Event, None, None]:
    """Say why a training ended, and what to do: an alarm, perhaps, and the last event."""
    match error:
        case Cancelled():
            yield Finished(reason="cancelled")
        case Refused():
            yield Finished(reason="refused", message=str(error))
        case NotFinite():
            yield Alarm(name="not_finite", text=_NOT_FINITE, cure=_LOWER_RATE)
            yield Finished(reason="failed", message=f"{_NOT_FINITE} {_LOWER_RATE}")
        case OSError() if _is_full(error):
            text = f"The disk is full: {error}"
            cure = "Free some space and resume the run; it goes on from what was written last."
            yield Alarm(name="disk", text=text, cure=cure)
            yield Finished(reason="failed", message=f"{text} {cure}")
        case _ if is_out_of_memory(error):
            yield Finished(reason="failed", message=f"{_NO_ROOM} ({error})")
        case NoMemory() | OutputError():
            yield Finished(reason="failed", message=str(error))
        case _:
            logging.getLogger(__name__).error("The training failed", exc_info=error)
            yield Finished(reason="failed", message=describe(error))


def _is_full(error: OSError) -> bool:
    cause = error.__cause__ if isinstance(error, OutputError) else error
    return isinstance(cause, OSError) and cause.errno in _FULL
