"""Named chains from grey values to what a network takes, for models trained elsewhere.

``"fpw-dl-v1"`` is the chain of the published ForkNet (najafian-lab/fpw-dl-v1, ``configs.py`` and
``najafian/model.py``; Smerkous et al., Kidney Int 2024;105:165-176), number for number what OpenCV
computes, rounding and cutting off where it does, since that is what the network was trained on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]

TARGET_PEAK: Final = 120.0
PEAK_BINS: Final = 20
MEAN: Final = 115.83621215820312
STANDARD_DEVIATION: Final = 42.81252670288086
_BLUR: Final = np.array([14, 62, 104, 62, 14])  # Gaussian of sigma 1 in 1/256, as in OpenCV
_LANCZOS_ONE: Final = 2048


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """A field of fixed size, and how it becomes the input of a network.

    Attributes
    ----------
    name : str
        As written in checkpoints.
    field_px : tuple of int
        (H, W) of the part of a micrograph that the network sees at once, px of the pixel size in
        the checkpoint.
    input_px : tuple of int
        (H, W) of the network's input, to which the field is squeezed.
    apply : callable
        From the field, (H, W) uint8, to the input, float32.
    """

    name: str
    field_px: tuple[int, int]
    input_px: tuple[int, int]
    apply: Callable[[Grey], Floats]


def fpw_dl_v1(field: Grey) -> Floats:
    """Run the chain of fpw-dl-v1: `to_peak`, `sharpen`, `squeeze` to 640 x 640, standardise.

    Parameters
    ----------
    field : (H, W) uint8
        1104 x 1024 px in the publication.

    Returns
    -------
    (640, 640) float32
        Grey values less 115.836, divided by 42.8125, the numbers in ``model/dataprops.json``.
    """
    grey = squeeze(sharpen(to_peak(field)), (640, 640)).astype(np.float32)
    return (grey - np.float32(MEAN)) / np.float32(STANDARD_DEVIATION)


def peak_of(image: Grey) -> float:
    """Mean of the 20 most frequent grey values, the darker first where two are equally frequent.

    Parameters
    ----------
    image : array of uint8

    Returns
    -------
    float
        In [0, 255]. Where fewer than 20 values occur, the darkest of the others are counted in, as
        published.
    """
    counts = np.bincount(image.ravel(), minlength=256)
    return float(np.argsort(-counts, kind="stable")[:PEAK_BINS].mean())


def to_peak(image: Grey) -> Grey:
    """Move the `peak_of` an image towards 120: a gamma curve first, then at most 10 up or down.

    The exponent is 1 plus the peak's distance from 120 in standard deviations of the image, within
    0.8 and 1.4; 1 for a constant image. Fractions of grey values are cut off.
    """
    deviation = float(np.std(image))
    excess = (peak_of(image) - TARGET_PEAK) / deviation if deviation else 0.0
    gamma = 1.0 + min(max(excess, -0.2), 0.4)
    curve = np.array([math.pow(i / 255.0, gamma) * 255.0 for i in range(256)])
    image = np.clip(curve, 0, 255).astype(np.uint8)[image]
    shift = np.float32(np.clip(TARGET_PEAK - peak_of(image), -10, 10))
    result: Grey = np.clip(image.astype(np.float32) + shift, 0, 255).astype(np.uint8)
    return result


def sharpen(image: Grey) -> Grey:
    """Take away a tenth of the image blurred by a Gaussian of sigma 1 px (5 x 5).

    Beyond its edge the image goes on as its mirror, the edge pixel not repeated. The result is
    darker by a tenth, too, as published.
    """
    blurred = image.astype(np.int32)
    for axis in (0, 1):
        blurred = ndimage.correlate1d(blurred, _BLUR, axis, mode="mirror")
    blurred = (blurred + 2**15) >> 16
    sharp = image.astype(np.float32) - blurred.astype(np.float32) * np.float32(0.1)
    return to_eight_bits(sharp)


def squeeze(image: Grey, shape: tuple[int, int]) -> Grey:
    """Resize with OpenCV's INTER_LANCZOS4: eight pixels along each axis, no smoothing before.

    Pixel edges stay pixel edges, and the outermost pixels are repeated beyond the border.

    Parameters
    ----------
    image : (H, W) uint8
    shape : tuple of int
        (H, W) of the result.
    """
    (rows, row_weights), (columns, column_weights) = (
        _lanczos(old, new) for old, new in zip(image.shape, shape, strict=True)
    )
    half = np.einsum("yxk,xk->yx", image[:, columns].astype(np.int32), column_weights)
    total = np.einsum("ykx,yk->yx", half[rows], row_weights)
    return to_eight_bits((total + _LANCZOS_ONE**2 // 2) // _LANCZOS_ONE**2)


def to_eight_bits(grey: NDArray[Any]) -> Grey:
    """Round to the nearest of 0 to 255, halves to the even one."""
    result: Grey = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return result


def _lanczos(old: int, new: int) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Pixels read and their weights in 1/2048, (new, 8) each."""
    at = ((np.arange(new) + 0.5) * (old / new) - 0.5).astype(np.float32)
    first = np.floor(at)
    distance = (at - first)[:, None].astype(np.float64) + 3 - np.arange(8)
    weights = np.sinc(distance) * np.sinc(distance / 4)
    weights /= weights.sum(axis=1, keepdims=True)
    index = first.astype(np.intp)[:, None] + np.arange(-3, 5)
    return np.clip(index, 0, old - 1), np.rint(weights * _LANCZOS_ONE).astype(np.int32)


PREPROCESSINGS: Final[Mapping[str, Preprocessing]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Preprocessing(
                name="fpw-dl-v1", field_px=(1104, 1024), input_px=(640, 640), apply=fpw_dl_v1
            ),
        )
    }
)
"""All chains by name."""
