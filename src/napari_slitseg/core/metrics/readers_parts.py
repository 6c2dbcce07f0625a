"""What the agreement of readers is made of: an image, a pair of readers, all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.metrics.agreement import CountAgreement
from napari_slitseg.core.metrics.bootstrap import Interval
from napari_slitseg.core.metrics.pooling import PooledScores, pool_scores
from napari_slitseg.core.metrics.readers_chance import point_kappa
from napari_slitseg.core.metrics.readers_counts import IntraclassCorrelation
from napari_slitseg.core.metrics.scores import ImageScores
from napari_slitseg.core.points_table import PointTable

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ReadImage:
    """One image with the points of everybody who read it.

    Parameters
    ----------
    name : str
        Of the image.
    shape : (int, int)
        Rows and columns.
    tolerance_px : float
        Largest distance of a matched pair.
    points : mapping
        Table of each reader who read it, by name; a model is a reader too. Only slits count:
        proposals and tombstones do not.
    pixel_size_nm : float or None
        Side of a pixel.
    region : (H, W) bool or None
        Where chance may put points; the whole image without one.
    biopsy : str
        Biopsy it is of; "" where not known.
    """

    name: str
    shape: tuple[int, int]
    tolerance_px: float
    points: Mapping[str, PointTable]
    pixel_size_nm: float | None = None
    region: NDArray[np.bool_] | None = None
    biopsy: str = ""


@dataclass(frozen=True)
class ImageAgreement:
    """What two readers say of one image.

    Parameters
    ----------
    name : str
        Of the image.
    scores : ImageScores
        The first reader as prediction, the second as annotation: precision is the share of the
        first one's points that the second has too, recall the other way round. F1 and distances
        are the same from either side. Points left without a partner that match an uncertain one
        of the other reader are in none of the figures, only in `n_set_aside`.
    n_by_chance : float
        Pairs to be expected of points at random, `expected_matches`.
    """

    name: str
    scores: ImageScores
    n_by_chance: float

    @property
    def kappa(self) -> float:
        """Chance-corrected agreement, `point_kappa`."""
        scores = self.scores
        return point_kappa(
            scores.true_positive, self.n_by_chance, scores.n_predicted, scores.n_annotated
        )


@dataclass(frozen=True)
class PairAgreement:
    """What two readers say of the images that both read.

    Parameters
    ----------
    readers : (str, str)
        The first and the second.
    images : tuple of ImageAgreement
        At least one.
    f1, kappa : Interval
        Of all images pooled, with bootstrap intervals over images or biopsies.
    counts : CountAgreement
        Bland and Altman: number of the first minus number of the second.
    icc : IntraclassCorrelation
        Of the two counts.
    """

    readers: tuple[str, str]
    images: tuple[ImageAgreement, ...]
    f1: Interval
    kappa: Interval
    counts: CountAgreement
    icc: IntraclassCorrelation

    @cached_property
    def pooled(self) -> PooledScores:
        """Every figure of all images together."""
        return pool_scores([each.scores for each in self.images])

    def to_dict(self) -> dict[str, Any]:
        """Return one row: readers, figures with their intervals, agreement of counts."""
        first, second = self.readers
        row: dict[str, Any] = {"first": first, "second": second}
        for name, interval in (("f1", self.f1), ("kappa", self.kappa)):
            row |= {
                name: interval.value,
                f"{name}_low": interval.low,
                f"{name}_high": interval.high,
            }
        row |= {key: v for key, v in self.pooled.to_dict().items() if key not in row}
        row |= {"n_by_chance": sum(each.n_by_chance for each in self.images)}
        row |= {"icc": self.icc.value, "icc_low": self.icc.low, "icc_high": self.icc.high}
        counts = self.counts
        row |= {"count_bias": counts.bias, "count_sd": counts.sd}
        return row | {
            "count_lower_limit": counts.lower_limit,
            "count_upper_limit": counts.upper_limit,
        }


@dataclass(frozen=True)
class ReaderAgreement:
    """All pairs of readers, and all readers together.

    Parameters
    ----------
    readers : tuple of str
        In the order of the matrix.
    pairs : tuple of PairAgreement
        Those that have an image in common.
    icc : IntraclassCorrelation
        Of the counts of all readers, over the images that all of them read.
    n_draws, seed : int
        How chance was estimated.
    """

    readers: tuple[str, ...]
    pairs: tuple[PairAgreement, ...]
    icc: IntraclassCorrelation
    n_draws: int = 100
    seed: int = 0
    _by_readers: dict[frozenset[str], PairAgreement] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_readers = {frozenset(pair.readers): pair for pair in self.pairs}
        object.__setattr__(self, "_by_readers", by_readers)

    def pair(self, one: str, other: str) -> PairAgreement | None:
        """Two readers in either order; None where they read no image in common."""
        return self._by_readers.get(frozenset((one, other)))

    def matrix(self, figure: str) -> Floats:
        """Return "f1" or "kappa" of each reader with each, (R, R); NaN without a common image."""
        result = np.full((len(self.readers),) * 2, np.nan)
        np.fill_diagonal(result, 1.0)
        for pair in self.pairs:
            i, j = (self.readers.index(name) for name in pair.readers)
            result[i, j] = result[j, i] = getattr(pair, figure).value
        return result
