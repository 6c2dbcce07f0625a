"""Figures of many images as functions of sums over images, so that they can be resampled."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.metrics.scores import ImageScores

Floats = NDArray[np.float64]
Pooling = Literal["pooled", "mean over images", "mean over pairs"]

POOLINGS: Final[Mapping[Pooling, str]] = MappingProxyType(
    {
        "pooled": "counts are summed over images first, so an image with many slits weighs more",
        "mean over images": "each image weighs the same",
        "mean over pairs": "each matched pair weighs the same",
    }
)
"""How images are put together, and what that means."""


@dataclass(frozen=True)
class Figure:
    """One figure of many images.

    Attributes
    ----------
    name : str
        Its name in `PooledScores`.
    title : str
        For people.
    pooling : str
        One of `POOLINGS`.
    higher_is_better : bool or None
        None where neither is, as for a ratio of counts.
    sums : callable
        What an image adds to the sums.
    value : callable
        (B, K) sums to (B,) values, NaN where not defined.
    of_image : callable
        The figure of a single image, NaN or None where it has none.
    """

    name: str
    title: str
    pooling: Pooling
    higher_is_better: bool | None
    sums: Callable[[ImageScores], Sequence[float]]
    value: Callable[[Floats], Floats]
    of_image: Callable[[ImageScores], float | None]

    def rows(self, scores: Sequence[ImageScores]) -> Floats:
        """Return what each image adds, (N, K)."""
        return np.array([self.sums(each) for each in scores], np.float64)

    def pooled(self, scores: Sequence[ImageScores]) -> float:
        """Return the figure of images together."""
        return float(self.value(self.rows(scores).sum(axis=0, keepdims=True))[0])


def has_figure(figure: Figure, scores: Sequence[ImageScores]) -> bool:
    """Whether images together have a figure: one in nm needs every pixel size, in px one size."""
    sizes = {each.pixel_size_nm for each in scores}
    if figure.name.endswith("_nm"):
        return None not in sizes
    return not figure.name.endswith("_px") or len(sizes) == 1


def _counts(scores: ImageScores) -> tuple[int, int, int]:
    return scores.true_positive, scores.false_positive, scores.missed


def _part(part: Floats, whole: Floats, empty: float | Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, empty)


def _precision(sums: Floats) -> Floats:
    right, wrong, missed = sums.T
    return _part(right, right + wrong, np.where(missed == 0, 1.0, math.nan))


def _recall(sums: Floats) -> Floats:
    right, wrong, missed = sums.T
    return _part(right, right + missed, np.where(wrong == 0, 1.0, math.nan))


def _f1(sums: Floats) -> Floats:
    right, wrong, missed = sums.T
    return _part(2 * right, 2 * right + wrong + missed, 1.0)


def _count_ratio(sums: Floats) -> Floats:
    right, wrong, missed = sums.T
    return _part(right + wrong, right + missed, np.where(right + wrong > 0, math.inf, math.nan))


def _mean(sums: Floats) -> Floats:
    total, number = sums.T
    return _part(total, number, math.nan)


def _of_counts(
    name: str, title: str, value: Callable[[Floats], Floats], *, better: bool | None = True
) -> Figure:
    return Figure(name, title, "pooled", better, _counts, value, lambda s: getattr(s, name))


def _over_images(attribute: str, title: str, *, higher_is_better: bool = False) -> Figure:
    def sums(scores: ImageScores) -> tuple[float, float]:
        value = getattr(scores, attribute)
        return (0.0, 0.0) if value is None or math.isnan(value) else (float(value), 1.0)

    def of_image(scores: ImageScores) -> float | None:
        value: float | None = getattr(scores, attribute)
        return value

    name = f"mean_image_{attribute}"
    return Figure(name, title, "mean over images", higher_is_better, sums, _mean, of_image)


def _over_pairs(attribute: str, title: str) -> Figure:
    def sums(scores: ImageScores) -> tuple[float, float]:
        value, pairs = getattr(scores, attribute), scores.true_positive
        return (value * pairs, pairs) if pairs and value is not None else (0.0, 0.0)

    def of_image(scores: ImageScores) -> float | None:
        value: float | None = getattr(scores, attribute)
        return value

    better: bool = False
    return Figure(attribute, title, "mean over pairs", better, sums, _mean, of_image)


_ALL: Final = (
    _of_counts("f1", "F1", _f1),
    _of_counts("precision", "Precision", _precision),
    _of_counts("recall", "Recall", _recall),
    _of_counts("count_ratio", "Count ratio", _count_ratio, better=None),
    _over_images("f1", "F1", higher_is_better=True),
    _over_images("chamfer_px", "Chamfer distance (px)"),
    _over_images("chamfer_nm", "Chamfer distance (nm)"),
    _over_images("vanilla_px", "Vanilla distance (px)"),
    _over_images("vanilla_nm", "Vanilla distance (nm)"),
    _over_images("point_loss", "Point loss"),
    _over_images("proportional_point_loss", "Proportional point loss"),
    _over_pairs("localisation_px", "Localisation error (px)"),
    _over_pairs("localisation_nm", "Localisation error (nm)"),
)

FIGURES: Final[Mapping[str, Figure]] = MappingProxyType({each.name: each for each in _ALL})
"""Every figure of many images, by its name in `PooledScores`."""
