"""Events: what a pipeline says while it works. Plain documents, one JSON line each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Reason = Literal["done", "cancelled", "failed", "refused"]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Started(_Message):
    """Work begins on `total` items."""

    kind: Literal["started"] = "started"
    total: int = Field(ge=0)


class Progress(_Message):
    """Steps done of one item (tiles of an image); `message` says which item."""

    kind: Literal["progress"] = "progress"
    done: int = Field(ge=0)
    total: int = Field(ge=0)
    message: str = ""


class Notice(_Message):
    """Something the person should know; the work goes on. `item` is the image, if it is one's."""

    kind: Literal["notice"] = "notice"
    text: str
    item: str = ""


class ImageDone(_Message):
    """An image is finished."""

    kind: Literal["image_done"] = "image_done"
    name: str
    path: Path
    n_slits: int = Field(ge=0)
    seconds: float = Field(ge=0)
    outputs: tuple[Path, ...] = ()


class ImageFailed(_Message):
    """An image could not be worked on, and why; the others go on."""

    kind: Literal["image_failed"] = "image_failed"
    name: str
    path: Path
    reason: str


class ImageSkipped(_Message):
    """There was nothing to do for an image, and why."""

    kind: Literal["image_skipped"] = "image_skipped"
    name: str
    path: Path
    reason: str


class Finished(_Message):
    """The last event, always.

    Attributes
    ----------
    reason : str
        "done" (`n_failed` may be above 0), "cancelled" (what was written before stays), "failed"
        (the work broke off) or "refused" (the job cannot be done as asked; nothing was begun).
    n_ok, n_failed, n_skipped : int
        Images.
    message : str
        For the person: why it failed or was refused, or what became of what was done.
    """

    kind: Literal["finished"] = "finished"
    reason: Reason
    n_ok: int = Field(default=0, ge=0)
    n_failed: int = Field(default=0, ge=0)
    n_skipped: int = Field(default=0, ge=0)
    message: str = ""


Event = Started | Progress | Notice | ImageDone | ImageFailed | ImageSkipped | Finished


def read_event(line: str | bytes) -> Event:
    """Event from its JSON line (`event.model_dump_json()`).

    Raises
    ------
    pydantic.ValidationError
        If the line is no event.
    """
    adapter: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
    return adapter.validate_json(line)
