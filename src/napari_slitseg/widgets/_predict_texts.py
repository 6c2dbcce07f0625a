"""What the Predict dock says about images, and which of them can be predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._workspace import Workspace


def can_predict(entry: ImageEntry | None) -> TypeGuard[ImageEntry]:
    """Whether there is an image and its pixels were read."""
    return entry is not None and 0 not in entry.shape


def count_text(entry: ImageEntry | None) -> str:
    """Say how many slits were found in an image, as short rich text."""
    if entry is None:
        return "Open an image first: in the Load dock, or by dragging it into napari."
    if not can_predict(entry):
        failed = entry.status is Status.FAILED
        return f"{entry.name}: {'could not be read' if failed else 'not read yet'}."
    if entry.prediction is None:
        return f"{entry.name}: not predicted yet."
    number = len(entry.prediction.table)
    return f"<b>{number} slit{'' if number == 1 else 's'}</b> found in {entry.name}"


def left_out_text(entries: Sequence[ImageEntry]) -> str:
    """Say how many images cannot be predicted, "" where all can."""
    number = sum(not can_predict(entry) for entry in entries)
    if not number:
        return ""
    was = "was" if number == 1 else "were"
    return f"{number} of {len(entries)} images {was} left out: not read yet, or not readable."


def size_text(workspace: Workspace, key: int) -> str:
    """Ask for the pixel size of an image, "" where it is known."""
    if not workspace.has(key) or workspace.entry(key).pixel_size_nm is not None:
        return ""
    return "Type the pixel size in the column nm/px of Load images, then predict again."
