"""The list of images with their measures; only rows that may look different are made anew.

Knows neither Qt nor napari.
"""

from __future__ import annotations

from collections.abc import Iterator

from napari_slitseg.widgets._measure_controller import Measurer
from napari_slitseg.widgets._measure_rows import ImageRow, image_row


class Rows:
    """Rows of all images, each made when it is needed and kept until it is marked."""

    def __init__(self, measurer: Measurer) -> None:
        self._measurer = measurer
        self._rows: dict[int, ImageRow] = {}
        self._stale: set[int] = set()
        self._dirty: set[int] = set()

    def mark(self, key: int) -> None:
        """Note that the row of an image may look different; -1 for all."""
        self._dirty |= {entry.key for entry in self._measurer.entries} if key < 0 else {key}

    @property
    def is_behind(self) -> bool:
        """Whether a row is to be made anew."""
        return bool(self._dirty) or any(e.key not in self._rows for e in self._measurer.entries)

    @property
    def stale(self) -> list[int]:
        """Images that were measured and changed since, as far as it is known by now, in order."""
        return [entry.key for entry in self._measurer.entries if entry.key in self._stale]

    @property
    def rows(self) -> list[ImageRow]:
        """Rows there are, in the order of the images."""
        keys = (entry.key for entry in self._measurer.entries)
        return [self._rows[key] for key in keys if key in self._rows]

    def catch_up(self) -> Iterator[None]:
        """Make the rows that are to be made anew, step by step."""
        for entry in self._measurer.entries:
            if entry.key in self._dirty or entry.key not in self._rows:
                self.make(entry.key)
                yield
        self._forget_left()

    def make(self, key: int) -> None:
        """Make the row of an image."""
        measurer = self._measurer
        self._dirty.discard(key)
        entry = measurer.entry(key)
        if entry is None:
            return
        is_stale = measurer.is_stale(key)
        (self._stale.add if is_stale else self._stale.discard)(key)
        self._rows[key] = image_row(
            entry, measurer.kept.sample(key), measurer.measured(key), is_stale=is_stale
        )

    def _forget_left(self) -> None:
        here = {entry.key for entry in self._measurer.entries}
        self._rows = {key: row for key, row in self._rows.items() if key in here}
        self._stale &= here
        self._dirty &= here
