"""Events: what a pipeline says while it works. Plain documents, one JSON line each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from napari_slitseg.events.images import (
    Finished,
    ImageDone,
    ImageFailed,
    ImageSkipped,
    Notice,
    Progress,
    Reason,
    Started,
)
from napari_slitseg.events.training import (
    Alarm,
    Attempt,
    EpochDone,
    Figures,
    Phase,
    Preview,
    RunState,
    StepDone,
    VerdictReady,
)

__all__ = [
    "Alarm",
    "Attempt",
    "EpochDone",
    "Event",
    "Figures",
    "Finished",
    "ImageDone",
    "ImageFailed",
    "ImageSkipped",
    "Notice",
    "Phase",
    "Preview",
    "Progress",
    "Reason",
    "RunState",
    "Started",
    "StepDone",
    "VerdictReady",
    "read_event",
]

Event = (
    Started
    | Progress
    | Notice
    | ImageDone
    | ImageFailed
    | ImageSkipped
    | Attempt
    | RunState
    | StepDone
    | EpochDone
    | Alarm
    | Preview
    | VerdictReady
    | Finished
)


def read_event(line: str | bytes) -> Event:
    """Event from its JSON line (`event.model_dump_json()`).

    Raises
    ------
    pydantic.ValidationError
        If the line is no event.
    """
    adapter: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
    return adapter.validate_json(line)
