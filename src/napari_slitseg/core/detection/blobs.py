"""Slits as blobs of a probability map: scikit-image's detectors with slit-sized scales."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from napari_slitseg.core.detection.peaks import Detections, select

__all__ = ["find_blobs_dog", "find_blobs_doh", "find_blobs_log"]


def find_blobs_log(
    probability: NDArray[np.generic],
    *,
    threshold: float = 0.5,
    min_distance_px: float = 3.0,
    response: float = 0.1,
    min_sigma_px: float = 1.0,
    max_sigma_px: float = 4.0,
    n_sigma: int = 7,
) -> Detections:
    """Detect points as maxima of the Laplacian of Gaussians, in place and in scale.

    Parameters
    ----------
    probability : (H, W) array of float
        Probabilities in [0, 1]; NaN counts as 0.
    threshold : float
        Lowest score kept, in [0, 1], inclusive, as for every other detector.
    min_distance_px : float
        A detection closer than this to a better one is dropped, px.
    response : float
        Lowest response of the filter (``threshold`` of scikit-image), above 0.
    min_sigma_px, max_sigma_px : float
        Range of the Gaussians, px; a disc of radius r answers most to r / sqrt(2).
    n_sigma : int
        Number of Gaussians in that range.

    Returns
    -------
    Detections
        Whole pixels, best first. The score is the highest probability in the 3 x 3 pixels around
        the blob. Of two blobs that overlap by more than half, scikit-image keeps the larger.

    Raises
    ------
    ValueError
        If the map is not two-dimensional or leaves [0, 1], or the threshold does, or the distance
        is negative.
    """
    from skimage.feature import blob_log

    scales = {"min_sigma": min_sigma_px, "max_sigma": max_sigma_px, "num_sigma": n_sigma}
    found = _detect(blob_log, probability, threshold=response, **scales)
    return select(found, threshold=threshold, min_distance_px=min_distance_px)


def find_blobs_dog(
    probability: NDArray[np.generic],
    *,
    threshold: float = 0.5,
    min_distance_px: float = 3.0,
    response: float = 0.1,
    min_sigma_px: float = 1.0,
    max_sigma_px: float = 4.0,
    sigma_ratio: float = 1.6,
) -> Detections:
    """Detect points as maxima of the difference of Gaussians: faster than the Laplacian.

    As `find_blobs_log`, but each Gaussian is `sigma_ratio` times as wide as the one before.
    """
    from skimage.feature import blob_dog

    scales = {"min_sigma": min_sigma_px, "max_sigma": max_sigma_px, "sigma_ratio": sigma_ratio}
    found = _detect(blob_dog, probability, threshold=response, **scales)
    return select(found, threshold=threshold, min_distance_px=min_distance_px)


def find_blobs_doh(
    probability: NDArray[np.generic],
    *,
    threshold: float = 0.5,
    min_distance_px: float = 3.0,
    response: float = 0.01,
    min_sigma_px: float = 1.0,
    max_sigma_px: float = 4.0,
    undo_shift: bool = True,
) -> Detections:
    """Detect points as maxima of the determinant of the Hessian, from box filters.

    As `find_blobs_log` with 7 scales, but positions are at halves of a pixel too. Dots closer than
    about 5 px become one blob.

    Notes
    -----
    scikit-image reports blobs too far up and to the left: by 1 px, or by 0.5 px where a third of
    the box filter's side is even and the filter itself lies 0.5 px off its centre. `undo_shift`
    moves them back.
    """
    from skimage.feature import blob_doh

    hessian: Callable[..., NDArray[np.float64]] = blob_doh

    def blobs(values: NDArray[np.float64], **settings: Any) -> NDArray[np.float64]:
        found = hessian(values, **settings)
        return _moved_back(found) if undo_shift else found

    scales = {"min_sigma": min_sigma_px, "max_sigma": max_sigma_px, "num_sigma": 7}
    found = _detect(blobs, probability, threshold=response, **scales)
    return select(found, threshold=threshold, min_distance_px=min_distance_px)


def _moved_back(blobs: NDArray[np.float64]) -> NDArray[np.float64]:
    side = (3 * blobs[:, 2]).astype(int) | 1
    odd_third = side // 3 % 2 == 1
    moved = blobs.copy()
    moved[:, :2] += np.where(odd_third, 1.0, 0.5)[:, None]
    return moved


def _detect(
    blobs: Callable[..., NDArray[np.float64]],
    probability: NDArray[np.generic],
    **settings: Any,
) -> Detections:
    """Return all blobs with their scores, best first."""
    values = _checked(probability)
    yx = np.clip(blobs(values, **settings)[:, :2], 0.0, np.array(values.shape) - 1.0)
    y, x = np.rint(yx).astype(int).T
    score = maximum_filter(values, 3, mode="nearest")[y, x]
    order = np.lexsort((yx[:, 1], yx[:, 0], -score))
    return Detections(yx[order], score[order])


def _checked(probability: NDArray[np.generic]) -> NDArray[np.float64]:
    values = np.nan_to_num(np.asarray(probability, dtype=np.float64), nan=0.0)
    if values.ndim != 2:
        raise ValueError(f"A probability map is two-dimensional (H, W), got shape {values.shape}.")
    if values.min(initial=0.0) < 0 or values.max(initial=0.0) > 1:
        raise ValueError(
            f"Probabilities must lie in [0, 1], but reach from {values.min():.4g} to "
            f"{values.max():.4g}. Apply a sigmoid to logits, or divide 8-bit maps by 255."
        )
    return values
