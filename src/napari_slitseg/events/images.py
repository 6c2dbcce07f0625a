"""What a pipeline says of images."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from napari_slitseg.events.base import Message

Reason = Literal["done", "stopped", "cancelled", "failed", "refused"]


class Started(Message):
    """Work begins on `total` items."""

    kind: Literal["started"] = "started"
    total: int = Field(ge=0)


class Progress(Message):
    """Steps done of one item (tiles of an image); `message` says which item."""

    kind: Literal["progress"] = "progress"
    done: int = Field(ge=0)
    total: int = Field(ge=0)
    message: str = ""


class Notice(Message):
    """Something the person should know; the work goes on. `item` is the image, if it is one's."""

    kind: Literal["notice"] = "notice"
    text: str
    item: str = ""


class ImageDone(Message):
    """An image is finished."""

    kind: Literal["image_done"] = "image_done"
    name: str
    path: Path
    n_slits: int = Field(ge=0)
    seconds: float = Field(ge=0)
    outputs: tuple[Path, ...] = ()


class ImageFailed(Message):
    """An image could not be worked on, and why; the others go on."""

    kind: Literal["image_failed"] = "image_failed"
    name: str
    path: Path
    reason: str


class ImageSkipped(Message):
    """There was nothing to do for an image, and why."""

    kind: Literal["image_skipped"] = "image_skipped"
    name: str
    path: Path
    reason: str


class Finished(Message):
    """The last event, always.

    Attributes
    ----------
    reason : str
        "done" (`n_failed` may be above 0), "stopped" (by the person, who keeps what is there),
        "cancelled" (what was written before stays), "failed" (the work broke off) or "refused"
        (the job cannot be done as asked; nothing was begun).
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
