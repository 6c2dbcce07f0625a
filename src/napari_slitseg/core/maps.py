"""Probability maps, in memory or, when they are large, in temporary files."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

HEADS = ("membrane", "slit")


@dataclass(frozen=True, eq=False)
class ProbabilityMaps:
    """What a model says about an image, or a window of it, at the image's own pixels.

    Attributes
    ----------
    membrane, slit : (H, W) float32, or float16 in temporary files when large
        Probabilities in [0, 1]. Files vanish with the arrays.
    offset_yx : tuple of int
        Place of the maps' first pixel in the image, px.
    """

    membrane: NDArray[np.floating]
    slit: NDArray[np.floating]
    offset_yx: tuple[int, int] = (0, 0)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of each map, px."""
        height, width = self.slit.shape
        return height, width


class MapWriter:
    """Sums up what tiles contribute to the maps of one window.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the maps, px.
    offset_yx : tuple of int
        Place of the maps in the image, px.
    memory_limit_bytes : int
        Maps that take more than this as float32 go to temporary files as float16.

    Raises
    ------
    OSError
        If the maps do not fit on the disk of the temporary folder.
    """

    def __init__(
        self, shape: tuple[int, int], offset_yx: tuple[int, int], memory_limit_bytes: int
    ) -> None:
        self.shape, self.offset_yx = shape, offset_yx
        n_bytes = len(HEADS) * shape[0] * shape[1] * 4
        self._arrays: list[NDArray[np.float32]] = []
        self._files: list[IO[bytes]] = []
        if n_bytes <= memory_limit_bytes:
            self._arrays = [np.zeros(shape, np.float32) for _ in HEADS]
        else:
            _check_disk(n_bytes // 2)
            self._files = [_sparse_file(shape) for _ in HEADS]

    def add(self, window: tuple[slice, slice], values: NDArray[np.float32]) -> None:
        """Add a tile's weighted probabilities.

        Parameters
        ----------
        window : tuple of slice
            Their place in the image, px.
        values : (2, h, w) float32
            Membrane and slit.
        """
        rows, columns = (
            slice(part.start - first, part.stop - first)
            for part, first in zip(window, self.offset_yx, strict=True)
        )
        for array, value in zip(self._open(), values, strict=True):
            array[rows, columns] = np.minimum(array[rows, columns] + value, 1)

    def finish(self) -> ProbabilityMaps:
        """Hand the maps over; the writer is spent."""
        membrane, slit = self._open()
        self.close()
        return ProbabilityMaps(membrane, slit, self.offset_yx)

    def close(self) -> None:
        """Let go of the files; they vanish unless their maps have been handed over."""
        for file in self._files:
            file.close()

    def _open(self) -> list[NDArray[np.floating]]:
        """Map the files anew each time, so that pages written before leave the memory."""
        if not self._files:
            return list(self._arrays)
        return [np.memmap(file, np.float16, "r+", shape=self.shape) for file in self._files]


def _sparse_file(shape: tuple[int, int]) -> IO[bytes]:
    """Zeros in a file that the system deletes when nothing refers to it, even after a crash."""
    file = tempfile.TemporaryFile(prefix="slitseg-")  # noqa: SIM115
    file.truncate(shape[0] * shape[1] * 2)
    return file


def _check_disk(n_bytes: int) -> None:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise OSError(
            f"The probability maps need {n_bytes / 1e9:.1f} GB in the temporary folder {folder}, "
            f"which has {free / 1e9:.1f} GB left; free some or set TMPDIR to another folder."
        )
