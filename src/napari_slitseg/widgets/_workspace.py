"""The images of one viewer and what is known about them. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._overlay import edited_table
from napari_slitseg.widgets._scoring import compare_entry
from napari_slitseg.widgets._shelf import Shelf, facts_of, without_maps

if TYPE_CHECKING:
    from napari_slitseg.core.prediction import Prediction

_UNREAD: Final = (Status.WAITING, Status.FAILED)
_NO_MAPS: Final = "Its maps were let go to save memory. Predict it again to see them."


class Workspace:
    """Images in the order they were opened, one of them current.

    Signals: `entries_changed()` when images come or go, `entry_changed(key)` when something about
    one changes, `current_changed(key or None)`, `settings_changed()` for the tolerance.
    """

    map_bytes = 2**31
    """Memory for probability maps of images that are not shown, bytes."""

    entries_changed = Signal()
    entry_changed = Signal(int)
    current_changed = Signal(object)
    settings_changed = Signal()

    def __init__(self, tolerance_nm: float) -> None:
        self._entries: dict[int, ImageEntry] = {}
        self._keys = count()
        self._current: int | None = None
        self._tolerance_nm = tolerance_nm
        self._cut: tuple[float, float] | None = None
        self._stale: set[int] = set()
        self._shelf = Shelf()
        self._turn = count()
        self._turns: dict[int, int] = {}

    @property
    def entries(self) -> tuple[ImageEntry, ...]:
        """All images, in order."""
        return tuple(self._entries.values())

    @property
    def current(self) -> ImageEntry | None:
        """The image being looked at."""
        return None if self._current is None else self._entries[self._current]

    @property
    def tolerance_nm(self) -> float:
        """Largest distance of a matched pair, nm."""
        return self._tolerance_nm

    @property
    def is_settled(self) -> bool:
        """Whether every image is up to date with the settings."""
        return not self._stale

    @property
    def cut(self) -> tuple[float, float] | None:
        """Threshold and minimum distance (nm) chosen for all images, None before."""
        return self._cut

    def entry(self, key: int) -> ImageEntry:
        """Image of that key; KeyError if it was removed."""
        return self._entries[key]

    def has(self, key: int) -> bool:
        """Whether the image is still there."""
        return key in self._entries

    def find(self, **values: Any) -> ImageEntry | None:
        """First image whose attributes have these values."""
        wanted = values.items()
        matches = (e for e in self.entries if all(getattr(e, k) == v for k, v in wanted))
        return next(matches, None)

    def add_paths(self, paths: Iterable[Path]) -> list[int]:
        """List files that are still to be read; those listed already keep their place."""
        keys = [(self.find(path=path) or self._waiting(path)).key for path in paths]
        self.entries_changed.emit()
        return keys

    def _waiting(self, path: Path) -> ImageEntry:
        return self._new(name=path.stem, path=path, status=Status.WAITING)

    def add_image(self, micrograph: Micrograph, **values: Any) -> int:
        """Add an image that is in memory, with its `annotation` and so on."""
        facts = facts_of(micrograph)
        facts["notices"] = "\n".join(filter(None, (facts["notices"], values.pop("notices", ""))))
        entry = self._new(**{**facts, **values}, micrograph=micrograph)
        self._entries[entry.key] = self._resolved(entry)
        self.entries_changed.emit()
        return entry.key

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

    def remove(self, key: int) -> None:
        """Forget an image (its files stay); its neighbour becomes current."""
        keys = list(self._entries)
        row = keys.index(key)
        neighbours = keys[row + 1 : row + 2] or keys[max(0, row - 1) : row]
        if self._current == key:
            self.open(neighbours[0] if neighbours else None)
        del self._entries[key]
        self._shelf.drop(key)
        self._turns.pop(key, None)
        self._stale.discard(key)
        self.entries_changed.emit()

    def open(self, key: int | None) -> None:
        """Look at an image."""
        if key != self._current:
            self._current = key
            self.settle(key)
            self.current_changed.emit(key)

    def step(self, by: int) -> None:
        """Look at the next (+1) or previous (-1) image; stays at the ends."""
        keys = list(self._entries)
        if keys and self._current is not None:
            row = keys.index(self._current) + by
            self.open(keys[min(max(row, 0), len(keys) - 1)])

    def image(self, key: int) -> Micrograph:
        """Pixels of an image, read again if they were not kept; ImageReadError if that fails."""
        return self._shelf.image(self._entries[key])

    def opener(self, key: int) -> Callable[[], Micrograph]:
        """Return a function that gives an image, also in another thread."""
        return self._shelf.opener(self._entries[key])

    # -- what is known about an image changes

    def set_read(self, key: int, micrograph: Micrograph, **values: Any) -> None:
        """Record what reading a file brought."""
        if self.has(key):
            self._shelf.put(key, micrograph)
            facts = facts_of(micrograph)
            if self._entries[key].page:
                facts.pop("name")
            self.update(key, **{**facts, "status": Status.READY, "reason": "", **values})

    def set_status(self, key: int, status: Status, message: str = "") -> None:
        """Record where an image stands; one that was never read waits or failed."""
        if self.has(key) and (self._entries[key].shape[0] or status in _UNREAD):
            self.update(key, status=status, reason=message)

    def set_pixel_size(self, key: int, pixel_size_nm: float | None) -> None:
        """Record the pixel size a person gave; the prediction for another one is dropped."""
        entry = self._entries[key]
        if entry.pixel_size_nm == pixel_size_nm:
            return
        values: dict[str, Any] = {"pixel_size_nm": pixel_size_nm, "prediction": None}
        if entry.micrograph is not None:
            values["micrograph"] = entry.micrograph.with_pixel_size(pixel_size_nm)
        if entry.status is Status.PREDICTED:
            values["status"] = Status.READY
        self.update(key, **values)

    def set_prediction(self, key: int, prediction: Prediction) -> None:
        """Record what the model found; ignored for an image that was removed or never read."""
        if self.has(key) and self._entries[key].shape[0]:
            self._turns[key] = next(self._turn)
            cut = self._cut or (prediction.threshold, prediction.min_distance_nm)
            self.update(key, prediction=prediction.at(*cut), status=Status.PREDICTED, reason="")
            self._let_maps_go()

    def _let_maps_go(self) -> None:
        """Keep the maps that were predicted last; slits and scores of all stay."""
        others = [entry for entry in self.entries if entry.key != self._current]
        others.sort(key=lambda entry: self._turns.get(entry.key, -1), reverse=True)
        for entry, bare in without_maps(others, self.map_bytes):
            self.update(entry.key, prediction=bare, reason=_NO_MAPS)

    def edit_annotation(self, key: int, ids: NDArray[np.int64], yx: NDArray[np.float64]) -> None:
        """Record that a person moved, added or deleted annotated points."""
        table = self._entries[key].annotation or PointTable.empty()
        edited = edited_table(table, ids, yx)
        if not edited.equals(table):
            self.update(key, annotation=edited, edited=True)

    def update(self, key: int, **values: Any) -> None:
        """Change attributes of an image, score it anew and tell everybody."""
        self._entries[key] = self._resolved(replace(self._entries[key], **values))
        self.entry_changed.emit(key)

    def set_tolerance(self, tolerance_nm: float) -> None:
        """Change the largest distance of a matched pair, nm; the current image follows at once."""
        if tolerance_nm != self._tolerance_nm:
            self._tolerance_nm = tolerance_nm
            self._restale()
            self.settings_changed.emit()

    def set_cut(self, threshold: float, min_distance_nm: float) -> None:
        """Change threshold and minimum distance; the current image follows at once."""
        if self._cut != (threshold, min_distance_nm):
            self._cut = (threshold, min_distance_nm)
            self._restale()

    def settle(self, key: int | None = None) -> None:
        """Bring images up to date with the settings: one, or all that are behind."""
        for each in sorted(self._stale) if key is None else {key} & self._stale:
            self._stale.discard(each)
            prediction = self._entries[each].prediction
            if prediction is not None and self._cut is not None:
                prediction = prediction.at(*self._cut)
            self.update(each, prediction=prediction)

    def _restale(self) -> None:
        self._stale = set(self._entries)
        if self._current is not None:
            self.settle(self._current)

    def _new(self, **values: Any) -> ImageEntry:
        entry = ImageEntry(key=next(self._keys), **values)
        self._entries[entry.key] = entry
        return entry

    def _resolved(self, entry: ImageEntry) -> ImageEntry:
        """Return the entry with overlay and scores that follow from the rest of it."""
        overlay, scores = compare_entry(entry, self._tolerance_nm)
        return replace(entry, overlay=overlay, scores=scores)
