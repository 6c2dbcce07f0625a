"""Which images count as read by whom."""

from __future__ import annotations

from collections.abc import Sequence

from napari_slitseg.pipelines.readers_plans import readings
from napari_slitseg.store import SHARED, Project

At = tuple[int, str]
"""An image and the track of a reader."""


def tracks_in(project: Project) -> set[At]:
    """Return image and track of all that was opened in a reading, or annotated."""
    seen = {at for at, review in project.reviews().items() if review.status != "open"}
    return {*project.tracks(), *((image, track) for image, track in seen if track != SHARED)}


def tracks_read(project: Project, names: Sequence[str]) -> tuple[set[At], list[str]]:
    """Return image and track of all that these readers have read, and what there is to say.

    While a reading goes on, an image may be half read: only those marked as done count.
    """
    done = {at for at, review in project.reviews().items() if review.status == "done"}
    tracks, notes = tracks_in(project), []
    for reader, reading in readings(project).items():
        undone = {at for at in tracks if at[1] == reader} - done
        if reader not in names or not undone:
            continue
        number = "1 image" if len(undone) == 1 else f"{len(undone)} images"
        if reading.plan.is_over:
            notes.append(f"{reader} opened {number} without marking as done; that counts as read.")
        else:
            tracks -= undone
            notes.append(f"{reader} still reads: {number} not marked as done, left out.")
    return tracks, notes
