"""What the model made of one image: maps, candidates, and the slits at a threshold."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.candidates import find_candidates
from napari_slitseg.core.detection import Detections, DetectorSpec, Peaks, select
from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.spec_settings import brief

_MAPS_ARE_GONE: Final = (
    "Its maps were let go to save memory, so its slits stay those of {}. Predict it again to use "
    "another detector."
)


class NoMaps(ValueError):
    """The maps of a prediction were let go, and only they could answer."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """Maps and slits of one image; the slits follow from the other fields.

    Parameters
    ----------
    membrane, slit : (H, W) array of float16 or float32
        Probability maps in [0, 1] at the pixels of the image.
    candidates : Detections
        All that the detector found in the slit map (`napari_slitseg.core.detection.find`).
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
    detector : DetectorSpec
        What the candidates were found with.

    Attributes
    ----------
    table : PointTable
        The slits, status "proposed", best first, with `origin`.

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
    detector: DetectorSpec = field(default_factory=Peaks)
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
        """Where the points come from, as written in the table.

        ``model:<name>@<first 8 of sha256>``; with a detector other than the default one,
        ``detector:`` and its name, with the settings that are not its defaults as JSON, follow.
        """
        model = f"model:{self.model_name}@{self.model_sha256[:8]}"
        return model if self.detector == Peaks() else f"{model} detector:{_short(self.detector)}"

    @property
    def has_maps(self) -> bool:
        """Whether the maps are still there (`without_maps`)."""
        return self.slit.strides != (0, 0)

    def without_maps(self) -> Prediction:
        """Return the same slits and candidates without the maps, which are zero then."""
        nothing = np.broadcast_to(np.float16(0), self.shape)
        return replace(self, membrane=nothing, slit=nothing)

    def at(
        self,
        threshold: float | None = None,
        min_distance_nm: float | None = None,
        *,
        min_distance_px: float | None = None,
        detector: DetectorSpec | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Prediction:
        """Return the same prediction at another threshold or distance, or by another detector.

        None keeps the present one. Maps are shared. Without another detector only the selection
        is made anew, which is quick; another detector looks through the whole slit map.

        Parameters
        ----------
        threshold : float, optional
            Lowest score of a slit, in [0, 1].
        min_distance_nm, min_distance_px : float, optional
            Smallest distance between slits; one of the two.
        detector : DetectorSpec, optional
            What to find the candidates with; its lengths are taken at `pixel_size_nm`.
        should_stop : callable, optional
            Asked while a detector looks for candidates.

        Raises
        ------
        ValueError
            If both distances are given, or a number is out of range.
        NoMaps
            If there is another detector and the maps were let go.
        Cancelled
            When `should_stop` says so.
        """
        if min_distance_nm is not None and min_distance_px is not None:
            raise ValueError("Give the smallest distance in nm or in px, not both.")
        if min_distance_px is not None:
            min_distance_nm = min_distance_px * self.pixel_size_nm
        found = self._found_by(detector, should_stop)
        return replace(
            found,
            threshold=self.threshold if threshold is None else threshold,
            min_distance_nm=self.min_distance_nm if min_distance_nm is None else min_distance_nm,
        )

    def _found_by(
        self, detector: DetectorSpec | None, should_stop: Callable[[], bool] | None
    ) -> Prediction:
        if detector is None or detector == self.detector:
            return self
        if not self.has_maps:
            raise NoMaps(_MAPS_ARE_GONE.format(self.detector.about.title))
        found = find_candidates(
            detector, self.slit, pixel_size_nm=self.pixel_size_nm, should_stop=should_stop
        )
        return replace(self, detector=detector, candidates=found)

    def _select(self) -> PointTable:
        found = select(
            self.candidates, threshold=self.threshold, min_distance_px=self.min_distance_px
        )
        return PointTable.from_yx(
            found.yx, score=found.score, status="proposed", origin=self.origin
        )


def _short(detector: DetectorSpec) -> str:
    changed = {key: value for key, value in brief(detector).items() if key != "name"}
    return f"{detector.name}{json.dumps(changed)}" if changed else detector.name
