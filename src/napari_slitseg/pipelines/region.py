"""Put the prediction of a part of an image into that of the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.candidates import find_candidates
from napari_slitseg.core.detection import Components, Detections, DetectorSpec
from napari_slitseg.core.maps import ProbabilityMaps
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.pipelines.inputs import ShouldStop, never

Region = tuple[slice, slice]
Parts = tuple[NDArray[np.floating], NDArray[np.floating], Detections]

MARGIN_PX: Final = 16
"""Predicted around a region at least, px, so that its border cuts no slit in two."""

_SIGMAS: Final = 5
"""A Gaussian reaches so many standard deviations, and a blob pruned by a neighbour no further."""


@dataclass(frozen=True, eq=False)
class Part:
    """A part of an image that is to be predicted.

    Attributes
    ----------
    region : tuple of slice
        Which part, px.
    earlier : Prediction or None
        What is known of the rest of the image. Without it, and if it is by another model, maps are
        zero outside the region. By another detector, its slits are found anew. Where its maps were
        let go, the whole image is predicted.
    """

    region: Region
    earlier: Prediction | None = None


@dataclass(frozen=True)
class Search:
    """How candidates are looked for.

    Attributes
    ----------
    detector : DetectorSpec
        With which detector.
    pixel_size_nm : float
        Side of a pixel, nm.
    should_stop : callable
        Asked while the detector reads the map.
    """

    detector: DetectorSpec
    pixel_size_nm: float
    should_stop: ShouldStop = never

    @property
    def margin_px(self) -> int:
        """How far around a region the map matters to what is found in it, px."""
        lengths_px = [
            value * (_SIGMAS if "sigma" in name else 1)
            for name, value in self.detector.in_px(self.pixel_size_nm).items()
            if name.endswith("_px")
        ]
        return max(MARGIN_PX, math.ceil(max(lengths_px, default=0)) + 1)

    @property
    def sees_all(self) -> bool:
        """Whether what is found in a region may depend on the map far from it.

        So it does on the highest response anywhere, and on how far a connected region goes on.
        """
        relative = self.detector.settings().get("relative_response", 0)
        return isinstance(self.detector, Components) or relative > 0

    def find(self, slit: NDArray[np.floating], offset_yx: tuple[int, int] = (0, 0)) -> Detections:
        """Find the candidates of a map whose first pixel lies at `offset_yx`."""
        found = find_candidates(
            self.detector, slit, pixel_size_nm=self.pixel_size_nm, should_stop=self.should_stop
        )
        return replace(found, yx=found.yx + np.array(offset_yx))


def clip_region(region: Region, shape: tuple[int, int]) -> Region:
    """Region with plain start and stop, cut off at the border of an image (H, W)."""
    rows, columns = (slice(*part.indices(n)[:2]) for part, n in zip(region, shape, strict=True))
    return rows, columns


def grow_region(region: Region, shape: tuple[int, int], margin_px: int = MARGIN_PX) -> Region:
    """Region with a margin around it, within an image (H, W); an empty one stays empty."""
    if any(part.stop <= part.start for part in region):
        return region
    rows, columns = (
        slice(max(part.start - margin_px, 0), min(part.stop + margin_px, n))
        for part, n in zip(region, shape, strict=True)
    )
    return rows, columns


def paste(
    maps: ProbabilityMaps,
    region: Region,
    shape: tuple[int, int],
    search: Search,
    earlier: Prediction | None,
) -> Parts:
    """Combine a part predicted anew with what is known of the whole image.

    Parameters
    ----------
    maps : ProbabilityMaps
        Of the grown region.
    region : tuple of slice
        Where candidates are replaced.
    shape : tuple of int
        (H, W) of the image.
    search : Search
        How the candidates of the region are found.
    earlier : Prediction or None
        Of the same image by the same model and detector; None: nothing is known elsewhere (zeros).

    Returns
    -------
    membrane, slit : (H, W) array
        New arrays; those of `earlier` are left as they are.
    found : Detections
    """
    old = None if earlier is None else (earlier.membrane, earlier.slit)
    membrane, slit = (
        _pasted(None if old is None else old[i], part, maps.offset_yx, shape)
        for i, part in enumerate((maps.membrane, maps.slit))
    )
    if search.sees_all and earlier is not None:
        return membrane, slit, search.find(slit)
    found = search.find(maps.slit, maps.offset_yx)
    new = _within(found.yx, region)
    parts = [(found.yx[new], found.score[new])]
    if earlier is not None:
        kept = ~_within(earlier.candidates.yx, region)
        parts.append((earlier.candidates.yx[kept], earlier.candidates.score[kept]))
    return membrane, slit, _best_first(parts)


def _pasted(
    old: NDArray[np.floating] | None,
    part: NDArray[np.floating],
    offset_yx: tuple[int, int],
    shape: tuple[int, int],
) -> NDArray[np.floating]:
    whole = np.zeros(shape, part.dtype) if old is None else np.array(old)
    (y, x), (height, width) = offset_yx, part.shape
    whole[y : y + height, x : x + width] = part
    return whole


def _within(yx: NDArray[np.float64], region: Region) -> NDArray[np.bool_]:
    """Which points lie on the pixels of a region."""
    low = np.array([part.start for part in region]) - 0.5
    high = np.array([part.stop for part in region]) - 0.5
    inside: NDArray[np.bool_] = np.all((yx >= low) & (yx < high), axis=1)
    return inside


def _best_first(parts: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> Detections:
    yx = np.concatenate([points for points, _ in parts])
    score = np.concatenate([scores for _, scores in parts])
    order = np.lexsort((yx[:, 1], yx[:, 0], -score))
    return Detections(yx[order], score[order])
