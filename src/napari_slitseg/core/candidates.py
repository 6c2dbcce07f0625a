"""Find the candidates of a slit map with any detector, and stop when asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.detection import Detections, DetectorSpec, find
from napari_slitseg.core.inference_types import Cancelled


def find_candidates(
    detector: DetectorSpec,
    slit: NDArray[np.floating],
    *,
    pixel_size_nm: float,
    should_stop: Callable[[], bool] | None = None,
) -> Detections:
    """Find everything in a slit map that may be a slit (`napari_slitseg.core.detection.find`).

    Parameters
    ----------
    detector : DetectorSpec
        Which detector, with its settings.
    slit : (H, W) array of float
        Slit map in [0, 1], or anything that slices like one.
    pixel_size_nm : float
        Side of a pixel, nm.
    should_stop : callable, optional
        Asked whenever the detector reads a part of the map.

    Raises
    ------
    Cancelled
        When `should_stop` says so.
    ValueError
        If the map is not two-dimensional or leaves [0, 1].
    """
    asking = cast("NDArray[np.floating]", _Asking(slit, should_stop))
    return find(detector, asking, pixel_size_nm=pixel_size_nm)


@dataclass(frozen=True, eq=False)
class _Asking:
    """A map that asks whether to stop before it is read; it is read block by block."""

    array: NDArray[np.floating]
    should_stop: Callable[[], bool] | None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def dtype(self) -> np.dtype[np.floating]:
        return self.array.dtype

    def __getitem__(self, window: Any) -> NDArray[np.floating]:
        if self.should_stop is not None and self.should_stop():
            raise Cancelled("The prediction was cancelled.")
        part: NDArray[np.floating] = self.array[window]
        return part

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.floating]:  # noqa: FBT001
        return np.array(self[...], dtype=dtype, copy=copy)
