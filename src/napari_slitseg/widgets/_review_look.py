"""What a review shows in the viewer: a ring, points taken away, and the camera over a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.points_table import TOMBSTONES
from napari_slitseg.widgets import _make
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._layers import Layers
from napari_slitseg.widgets._style import MARK_NM

if TYPE_CHECKING:
    from napari import Viewer

RING: Final = "under review"
GONE: Final = "points taken away"
LINES: Final = "matched pairs"
ANNOTATED: Final = "annotated slits"

_SCREEN_PX_PER_NM: Final = 0.3
_SCREEN_PX_PER_PX: Final = 3.0
_RING: Final = 1.8
_CLICK_SCREEN_PX: Final = 14.0
_OVERVIEW: Final = 0.25
_ASSUMED_NM: Final = 10.0


class Look:
    """Ring, points taken away, lines and camera of one viewer; it does not keep it alive."""

    def __init__(self, viewer: Viewer, layers: Layers) -> None:
        self._viewer = ref(viewer)
        self._layers = layers
        self._liked: float | None = None
        self._seen: int | None = None
        self.shows_gone = False
        self.shows_lines = True

    # -- marks

    def ring(self, entry: ImageEntry | None, yx: ArrayLike | None) -> None:
        """Mark a place of the image that is shown; None marks nothing."""
        if entry is not None and yx is not None:
            self._draw(RING, np.array(yx, np.float64).reshape(1, 2), _RING * _mark_px(entry))
        elif self._layers.stack.has(RING):
            self._draw(RING, np.zeros((0, 2)), 1.0)

    def gone(self, entry: ImageEntry | None) -> None:
        """Show the points that were taken away, if they are wanted."""
        table = None if entry is None else entry.annotation
        if not self.shows_gone or entry is None or table is None:
            if self._layers.stack.has(GONE):
                self._draw(GONE, np.zeros((0, 2)), 1.0)
            return
        self._draw(GONE, table.yx[np.isin(table.status, TOMBSTONES)], 0.8 * _mark_px(entry))

    def _draw(self, name: str, yx: NDArray[np.float64], size_px: float) -> None:
        with self._layers.quietly():
            _make.draw_plain(self._layers.stack.layer(name), yx, size_px)

    def lines(self) -> None:
        """Show the lines of matched pairs, or hide them."""
        if self._layers.stack.has(LINES):
            self._layers.stack.layer(LINES).visible = self.shows_lines

    # -- camera

    def centre(self, entry: ImageEntry, yx: ArrayLike) -> None:
        """Put a place in the middle, as near as the person last looked at one."""
        camera, layer = self._camera(), self._layers.stack.layer(ANNOTATED)
        scale = float(layer.scale[-1])
        near = _SCREEN_PX_PER_PX
        if entry.pixel_size_nm is not None:
            near = max(_SCREEN_PX_PER_NM * entry.pixel_size_nm, 1.0)
        now = float(camera.zoom) * scale
        if self._liked is None:
            self._liked = max(near, now)
        elif self._seen == entry.key and now > _OVERVIEW * self._liked:
            self._liked = now
        self._seen = entry.key
        camera.center = layer.data_to_world(yx)
        camera.zoom = self._liked / scale

    def _camera(self) -> Any:
        viewer = self.viewer
        return getattr(viewer, "scene", viewer).camera  # napari before 0.9

    # -- the person's hand

    @property
    def viewer(self) -> Viewer:
        """The viewer; it outlives the review."""
        viewer = self._viewer()
        if viewer is None:
            raise ReferenceError("The viewer was closed.")
        return viewer

    @property
    def is_gone(self) -> bool:
        """Whether the viewer was closed."""
        return self._viewer() is None

    def pointer(self, entry: ImageEntry) -> tuple[float, float] | None:
        """Place of the mouse in the image, None outside it."""
        return inside(self.to_pixels(self.viewer.cursor.position), entry.shape)

    def to_pixels(self, position: Sequence[float]) -> tuple[float, float]:
        """Row and column of a position in napari's world."""
        return self._layers.stack.frame.to_pixels(position)

    def radius_px(self) -> float:
        """How near to a mark a click has to be, px of the image."""
        scale = float(self._layers.stack.frame.scale[-1])
        return _CLICK_SCREEN_PX / (float(self._camera().zoom) * scale)

    def unselect(self) -> None:
        """Select no annotated point."""
        if self._layers.stack.has(ANNOTATED):
            self._layers.stack.layer(ANNOTATED).selected_data = set()

    def selected_ids(self) -> list[int]:
        """Ids of the annotated points that are selected in napari."""
        if not self._layers.stack.has(ANNOTATED):
            return []
        layer = self._layers.stack.layer(ANNOTATED)
        ids = layer.features["id"].to_numpy() if "id" in layer.features else np.zeros(0)
        rows = [row for row in sorted(layer.selected_data) if row < len(ids)]
        return [int(ids[row]) for row in rows if ids[row] >= 0]


def inside(yx: tuple[float, float], shape: tuple[int, int]) -> tuple[float, float] | None:
    """Return a place, None if it is not in an image of that shape."""
    is_in = all(-0.5 <= at < size - 0.5 for at, size in zip(yx, shape, strict=True))
    return yx if is_in else None


def _mark_px(entry: ImageEntry) -> float:
    """Diameter of a mark, px of the image."""
    return max(MARK_NM / (entry.pixel_size_nm or _ASSUMED_NM), 0.01 * max(entry.shape))


def tombstones(table: PointTable | None) -> int:
    """Return how many points were taken away."""
    return 0 if table is None else int(np.isin(table.status, TOMBSTONES).sum())
