"""What the person asks for in the middle of a training."""

from __future__ import annotations

from collections.abc import Generator
from time import sleep, time
from typing import Final

from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.events import Event, Phase, RunState
from napari_slitseg.pipelines.training.saving import save
from napari_slitseg.pipelines.training.under_way import Training

_POLL_SECONDS: Final = 0.2


class Stopped(Exception):
    """The person wants no more steps, and to keep the best model."""


def phase(name: Phase, message: str = "") -> RunState:
    """Return the event that another phase begins."""
    return RunState(phase=name, time=time(), message=message)


def obey(training: Training, then: Phase = "training") -> Generator[Event, None, None]:
    """Wait while the person wants a pause, and end what is to end.

    Parameters
    ----------
    training : Training
        Its state is written before a pause, so that the program may be ended meanwhile.
    then : str
        Phase that goes on after a pause.

    Raises
    ------
    Stopped
        If no more steps are wanted.
    Cancelled
        If nothing is to be kept.
    """
    wish = training.team.ask()
    if wish == "pause":
        save(training)
        yield phase("paused")
        while (wish := training.team.ask()) == "pause":
            sleep(_POLL_SECONDS)
        yield phase(then)
    if wish == "stop":
        raise Stopped
    if wish == "cancel":
        raise Cancelled
