"""The images of one viewer and what is known about them. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Signature, drawn_edit
from napari_slitseg.store import SHARED
from napari_slitseg.widgets._entry import Status
from napari_slitseg.widgets._memory import Memory
from napari_slitseg.widgets._settling import Settling
from napari_slitseg.widgets._shelf import Shelf, facts_of, without_maps

if TYPE_CHECKING:
    from napari_slitseg.core.prediction import Prediction

_BY_HAND: Final = "by hand"
_UNREAD: Final = (Status.WAITING, Status.FAILED)


class Workspace(Settling):
    """What is known of the images, at the settings that a person chose for all of them.

    Attributes
    ----------
    memory : Memory
        Gives what was kept of an image when it is read.
    wanted : int or None
        Image that a person looked at last, to be read first.
    """

    map_bytes = 2**31
    """Memory for probability maps of images that are not shown, bytes."""

    def __init__(self, tolerance_nm: float) -> None:
        super().__init__(tolerance_nm)
        self._shelf = Shelf()
        self._turn = count()
        self._turns: dict[int, int] = {}
        self.memory = Memory()
        self.wanted: int | None = None

    def add_image(self, micrograph: Micrograph, **values: Any) -> int:
        """Add an image that is in memory, with its `annotation` and so on."""
        facts = facts_of(micrograph)
        facts["notices"] = "\n".join(filter(None, (facts["notices"], values.pop("notices", ""))))
        entry = self._new(**{**facts, **values}, micrograph=micrograph)
        self._entries[entry.key] = self._resolved(entry)
        self.entries_changed.emit()
        return entry.key

    def remove(self, key: int) -> None:
        """Forget an image (its files stay); its neighbour becomes current."""
        if self.blind is not None:
            return
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
        """Look at an image; in a blinded reading only at one of it."""
        if self.blind is not None and key is not None and not self.blind.has(key):
            return
        if key != self._current:
            self._current = key
            self.settle(key)
            self.current_changed.emit(key)

    def step(self, by: int) -> None:
        """Look at the next (+1) or previous (-1) image; stays at the ends."""
        keys = [entry.key for entry in self.entries]
        if keys and self._current is not None:
            row = keys.index(self._current) + by
            self.open(keys[min(max(row, 0), len(keys) - 1)])

    def image(self, key: int) -> Micrograph:
        """Pixels of an image, read again if they were not kept; ImageReadError if that fails."""
        return self._shelf.image(self._entries[key])

    def opener(self, key: int) -> Callable[[], Micrograph]:
        """Return a function that gives an image, also in another thread."""
        return self._shelf.opener(self._entries[key])

    def is_at_hand(self, key: int) -> bool:
        """Whether an image can be shown without reading a file."""
        return self._shelf.has(self._entries[key])

    def hold(self, key: int, micrograph: Micrograph) -> None:
        """Keep the pixels of an image for a while: somebody will look at it soon."""
        if self.has(key):
            self._shelf.put(key, micrograph)

    # -- what is known about an image changes

    def set_read(self, key: int, micrograph: Micrograph, **values: Any) -> None:
        """Record what reading a file brought."""
        if self.has(key):
            self._shelf.put(key, micrograph)
            facts = facts_of(micrograph)
            if self._entries[key].page:
                facts.pop("name")
            values |= self.memory.recall(key, values, SHARED)
            if self.blind is not None:
                values = self.blind.put_aside(key, values)
            if self.track != SHARED:
                values |= self.memory.recall(key, values, self.track)
            if (scale := self.memory.scale_of(key, facts["file_scale"])) is not None:
                facts |= {"pixel_size_nm": scale.nm_per_px, "scale": scale}
            self.update(key, **{**facts, "status": Status.READY, "reason": "", **values})

    def set_status(self, key: int, status: Status, message: str = "") -> None:
        """Record where an image stands; one that was never read waits or failed."""
        if self.has(key) and (self._entries[key].shape[0] or status in _UNREAD):
            self.update(key, status=status, reason=message)

    def set_pixel_size(self, key: int, pixel_size_nm: float | None) -> None:
        """Keep and record the pixel size a person typed; None where it is unknown."""
        if self._entries[key].pixel_size_nm == pixel_size_nm or self.blind is not None:
            return
        typed = None
        if pixel_size_nm is not None:
            typed = Scale(pixel_size_nm, "typed", self.editor or _BY_HAND)
        self.memory.say_scale(key, typed)
        self.set_scale(key, typed)

    def set_scale(self, key: int, scale: Scale | None) -> None:
        """Record the scale of an image; a prediction at another pixel size is dropped."""
        entry = self._entries[key]
        size = None if scale is None else scale.nm_per_px
        if self.blind is not None or (entry.scale, entry.pixel_size_nm) == (scale, size):
            return
        values: dict[str, Any] = {"pixel_size_nm": size, "scale": scale}
        if size != entry.pixel_size_nm:
            values["prediction"] = None
            if entry.micrograph is not None:
                values["micrograph"] = entry.micrograph.with_pixel_size(size)
            if entry.status is Status.PREDICTED:
                values["status"] = Status.READY
        self.update(key, **values)

    def set_prediction(self, key: int, prediction: Prediction) -> None:
        """Record what the model found; ignored for an image that was removed or never read."""
        if self.has(key) and self._entries[key].shape[0]:
            self._turns[key] = next(self._turn)
            cut = self._choices.cut_anew(prediction)
            self.update(key, prediction=cut, status=Status.PREDICTED, reason="")
            self._let_maps_go()
            self._want([key])

    def set_found(self, key: int, prediction: Prediction) -> None:
        """Record what a detector found; ignored if another one, or other maps, came since."""
        held = self._entries[key].prediction if self.has(key) else None
        is_late = held is None or held.slit is not prediction.slit
        if not is_late and not self._choices.is_behind(prediction):
            self.update(key, prediction=self._choices.cut_anew(prediction))

    def _let_maps_go(self) -> None:
        """Keep the maps that were predicted last; slits and scores of all stay."""
        others = [entry for entry in self._entries.values() if entry.key != self._current]
        others.sort(key=lambda entry: self._turns.get(entry.key, -1), reverse=True)
        for entry, bare in without_maps(others, self.map_bytes):
            self.update(entry.key, prediction=bare, reason=self._choices.why_no_maps(bare))

    def edit_annotation(self, key: int, ids: NDArray[np.int64], yx: NDArray[np.float64]) -> None:
        """Record that a person moved, added or deleted annotated points in their layer."""
        entry = self._entries[key]
        table = PointTable.empty() if entry.annotation is None else entry.annotation
        drawn = entry.overlay.annotations.ids
        self.apply(key, drawn_edit(table, drawn, ids, yx, Signature.now(self.editor)))
