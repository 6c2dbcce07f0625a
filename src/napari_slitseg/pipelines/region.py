"""Put the prediction of a part of an image into that of the whole."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.detection.peaks import Detections, candidates
from napari_slitseg.core.maps import ProbabilityMaps
from napari_slitseg.core.prediction import Prediction

Region = tuple[slice, slice]
Parts = tuple[NDArray[np.floating], NDArray[np.floating], Detections]

MARGIN_PX: Final = 16
"""Predicted around a region, px, so that its border cuts no slit in two."""


def clip_region(region: Region, shape: tuple[int, int]) -> Region:
    """Region with plain start and stop, cut off at the border of an image (H, W)."""
    rows, columns = (slice(*part.indices(n)[:2]) for part, n in zip(region, shape, strict=True))
    return rows, columns


def grow_region(region: Region, shape: tuple[int, int]) -> Region:
    """Region with `MARGIN_PX` around it, within an image (H, W); an empty one stays empty."""
    if any(part.stop <= part.start for part in region):
        return region
    rows, columns = (
        slice(max(part.start - MARGIN_PX, 0), min(part.stop + MARGIN_PX, n))
        for part, n in zip(region, shape, strict=True)
    )
    return rows, columns


def paste(
    maps: ProbabilityMaps, region: Region, shape: tuple[int, int], earlier: Prediction | None
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
    earlier : Prediction or None
        Of the same image by the same model; None: nothing is known elsewhere (zeros).

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
    found = candidates(maps.slit)
    yx = found.yx + np.array(maps.offset_yx)
    new = _within(yx, region)
    parts = [(yx[new], found.score[new])]
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
