"""The images of one viewer in their order. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

from psygnal import Signal

from napari_slitseg.widgets._blind import Blind
from napari_slitseg.widgets._entry import ImageEntry, Status


class Listing:
    """Images in the order they were opened, one of them current.

    Signals: `entries_changed()` when images come or go, `entry_changed(key)` when something about
    one changes, `current_changed(key or None)`.

    Attributes
    ----------
    blind : Blind or None
        What a reader is not to see; while it is there, everybody gets images through it.
    track : str
        Whose annotation is shown and edited: "shared", or that of a reader.
    """

    entries_changed = Signal()
    entry_changed = Signal(int)
    current_changed = Signal(object)

    def __init__(self) -> None:
        self._entries: dict[int, ImageEntry] = {}
        self._keys = count()
        self._current: int | None = None
        self.blind: Blind | None = None
        self.track = "shared"

    @property
    def entries(self) -> tuple[ImageEntry, ...]:
        """All images, in order; in a blinded reading its images, in its order."""
        everything = tuple(self._entries.values())
        return everything if self.blind is None else self.blind.in_order(everything)

    @property
    def current(self) -> ImageEntry | None:
        """The image being looked at."""
        return None if self._current is None else self.entry(self._current)

    def entry(self, key: int) -> ImageEntry:
        """Image of that key, as it may be seen; KeyError if it was removed."""
        return self._entries[key] if self.blind is None else self.blind.seen(self._entries[key])

    def every_entry(self) -> tuple[ImageEntry, ...]:
        """All images with all that is known, as `unblinded`."""
        return tuple(self._entries.values())

    def unblinded(self, key: int) -> ImageEntry:
        """Image of that key with all that is known: for keeping it, never for showing it."""
        return self._entries[key]

    def has(self, key: int) -> bool:
        """Whether the image is still there."""
        return key in self._entries

    def find(self, **values: Any) -> ImageEntry | None:
        """First image whose attributes have these values."""
        wanted = values.items()
        everything = self._entries.values()
        matches = (e for e in everything if all(getattr(e, k) == v for k, v in wanted))
        found = next(matches, None)
        return None if found is None else self.entry(found.key)

    def add_paths(self, paths: Iterable[Path]) -> list[int]:
        """List files that are still to be read; those listed already keep their place."""
        known: dict[Path | None, int] = {}
        for entry in self._entries.values():
            known.setdefault(entry.path, entry.key)
        keys = []
        for path in paths:
            if path not in known:
                known[path] = self._waiting(path).key
            keys.append(known[path])
        self.entries_changed.emit()
        return keys

    def _waiting(self, path: Path) -> ImageEntry:
        return self._new(name=path.stem, path=path, status=Status.WAITING)

    def add_page(self, key: int, page: int) -> int:
        """Key of another page of an image's file; listed anew unless it is already."""
        entry = self._entries[key]
        if (known := self.find(path=entry.path, page=page)) is not None:
            return known.key
        name = f"{entry.name.split(' [page')[0]} [page {page + 1}]"
        new = self._new(
            name=name, path=entry.path, page=page, n_pages=entry.n_pages, status=Status.WAITING
        )
        self.entries_changed.emit()
        return new.key

    def _new(self, **values: Any) -> ImageEntry:
        entry = ImageEntry(key=next(self._keys), **values)
        self._entries[entry.key] = entry
        return entry
