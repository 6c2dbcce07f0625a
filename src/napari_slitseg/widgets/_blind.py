"""What a reader is not to see of the images: everybody in the window gets them through this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.calibration import Scale
from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._overlay import compare

if TYPE_CHECKING:
    from napari_slitseg.core.blinding import ReadingPlan

_OF_PEOPLE: Final = ("annotation", "annotation_path", "membrane", "history", "edited")
_HIDDEN: Final = "hidden in this reading"
_UNREADABLE: Final = "This image cannot be read. Go on with the next one."


class Blind:
    """A blinded reading, as the window shows it.

    Attributes
    ----------
    plan : ReadingPlan
        Order, code names and what is hidden.
    aside : dict
        What other people said of each image, by key, until the reading ends.
    """

    def __init__(self, plan: ReadingPlan) -> None:
        self.plan = plan
        self.aside: dict[int, dict[str, Any]] = {}
        self._code = {each.image: (row, each.code) for row, each in enumerate(plan.showings)}
        self._image_of: dict[int, str] = {}
        self._known: dict[int, tuple[ImageEntry, ImageEntry]] = {}

    @property
    def keys(self) -> tuple[int, ...]:
        """Images of the reading, in its order."""
        return tuple(sorted(self._image_of, key=lambda key: self._code[self._image_of[key]]))

    def has(self, key: int) -> bool:
        """Whether an image is part of the reading."""
        return key in self._image_of

    def in_order(self, entries: Sequence[ImageEntry]) -> tuple[ImageEntry, ...]:
        """Images of the reading as the reader sees them, in its order."""
        there = {entry.key: entry for entry in entries}
        return tuple(self.seen(there[key]) for key in self.keys if key in there)

    def seen(self, entry: ImageEntry) -> ImageEntry:
        """Return an image without what the reader is not to see."""
        known = self._known.get(entry.key)
        if known is None or known[0] is not entry:
            known = self._known[entry.key] = entry, self._hidden(entry)
        return known[1]

    def first_open(self, entries: Sequence[ImageEntry]) -> int | None:
        """Return the first image without points; the first of all where all have some."""
        empty = (e.key for e in entries if e.annotation is None or not len(e.annotation))
        return next(empty, entries[0].key if entries else None)

    def put_aside(self, key: int, values: dict[str, Any]) -> dict[str, Any]:
        """Keep back what others say of an image of the reading; return the rest."""
        if not self.has(key):
            return values
        kept = self.aside.setdefault(key, {})
        kept |= {name: value for name, value in values.items() if name in _OF_PEOPLE}
        return {name: value for name, value in values.items() if name not in _OF_PEOPLE}

    def take_away(self, image: str, entry: ImageEntry) -> None:
        """Take an image of the plan in, and keep what others say of it until the reading ends."""
        self._image_of[entry.key] = image
        self.aside[entry.key] = {name: getattr(entry, name) for name in _OF_PEOPLE}

    def _hidden(self, entry: ImageEntry) -> ImageEntry:
        settings = self.plan.settings
        is_failed = entry.status is Status.FAILED
        busy = entry.status in (Status.PREDICTING, Status.PREDICTED)
        values: dict[str, Any] = {
            "status": Status.READY if busy else entry.status,
            "reason": _UNREADABLE if is_failed else "",
            "annotation_path": None,
            "edited": False,
            "scores": None,
            "n_pages": 1,
        }
        if settings.renamed:
            _, code = self._code.get(self._image_of.get(entry.key, ""), (0, ""))
            values |= {"name": code, "path": None, "notices": ""}
            values |= {"scale": _without_name(entry.scale), "file_scale": None}
        if settings.scale_hidden:
            values |= {"pixel_size_nm": None, "scale": None, "file_scale": None, "notices": ""}
        if settings.model_hidden:
            values |= {"prediction": None, "overlay": _own_marks(entry)}
        return replace(entry, **values)


def _without_name(scale: Scale | None) -> Scale | None:
    """Return a scale without its source, which may name a file."""
    return scale and replace(scale, source=_HIDDEN)


def _own_marks(entry: ImageEntry) -> Any:
    """Return marks of the reader's own points, which say nothing of any other."""
    overlay, _ = compare(
        None,
        None if entry.annotation is None else entry.annotation.living,
        shape=entry.shape,
        tolerance_px=0,
        ignore_radius_px=0,
        pixel_size_nm=None,
    )
    return overlay
