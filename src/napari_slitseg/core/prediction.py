"""What the model made of one image: maps, candidates, and the slits at a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.detection.peaks import Detections, select
from napari_slitseg.core.points_table import PointTable


@dataclass(frozen=True, eq=False)
class Prediction:
    """Maps and slits of one image; the slits follow from the other fields.

    Parameters
    ----------
    membrane, slit : (H, W) array of float16 or float32
        Probability maps in [0, 1] at the pixels of the image.
    candidates : Detections
        All local maxima of the slit map (`napari_slitseg.core.detection.peaks.candidates`).
    threshold : float
        Lowest score of a slit, in [0, 1], inclusive.
    min_distance_nm : float
        Smallest distance between slits, nm.
    pixel_size_nm : float
        Side of a pixel the prediction was made with, nm: the image's own or the assumed one.
    model_name, model_sha256 : str
        Which model.
    notices : tuple of str
        What the person should know.

    Attributes
    ----------
    table : PointTable
        The slits, status "proposed", best first, origin ``model:<name>@<first 8 of sha256>``.

    Raises
    ------
    ValueError
        If the maps differ in shape or a number is out of range.
    """

    membrane: NDArray[np.floating]
    slit: NDArray[np.floating]
    candidates: Detections
    threshold: float
    min_distance_nm: float
    pixel_size_nm: float
    model_name: str
    model_sha256: str
    notices: tuple[str, ...] = ()
    table: PointTable = field(init=False)

    def __post_init__(self) -> None:
        if self.membrane.ndim != 2 or self.membrane.shape != self.slit.shape:
            raise ValueError(
                "Membrane and slit maps must be (H, W) arrays of one shape, got "
                f"{self.membrane.shape} and {self.slit.shape}."
            )
        if not 0 < self.pixel_size_nm < math.inf:
            raise ValueError(f"pixel_size_nm must be a positive number, got {self.pixel_size_nm}.")
        if not 0 <= self.min_distance_nm < math.inf:
            raise ValueError(
                "min_distance_nm must be a finite number of at least 0, "
                f"got {self.min_distance_nm}."
            )
        object.__setattr__(self, "table", self._select())

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the image."""
        return self.slit.shape[0], self.slit.shape[1]

    @property
    def min_distance_px(self) -> float:
        """Smallest distance between slits, px."""
        return self.min_distance_nm / self.pixel_size_nm

    @property
    def origin(self) -> str:
        """Where the points come from, as written in the table."""
        return f"model:{self.model_name}@{self.model_sha256[:8]}"

    def at(
        self,
        threshold: float | None = None,
        min_distance_nm: float | None = None,
        *,
        min_distance_px: float | None = None,
    ) -> Prediction:
        """Return the same prediction at another threshold or distance; None keeps the present one.

        Only the selection is made anew: maps and candidates are shared.

        Parameters
        ----------
        threshold : float, optional
            Lowest score of a slit, in [0, 1].
        min_distance_nm, min_distance_px : float, optional
            Smallest distance between slits; one of the two.

        Raises
        ------
        ValueError
            If both distances are given, or a number is out of range.
        """
        if min_distance_nm is not None and min_distance_px is not None:
            raise ValueError("Give the smallest distance in nm or in px, not both.")
        if min_distance_px is not None:
            min_distance_nm = min_distance_px * self.pixel_size_nm
        return replace(
            self,
            threshold=self.threshold if threshold is None else threshold,
            min_distance_nm=self.min_distance_nm if min_distance_nm is None else min_distance_nm,
        )

    def _select(self) -> PointTable:
        found = select(
            self.candidates, threshold=self.threshold, min_distance_px=self.min_distance_px
        )
        return PointTable.from_yx(
            found.yx, score=found.score, status="proposed", origin=self.origin
        )
