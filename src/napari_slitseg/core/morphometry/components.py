"""Where the variation between images comes from: biopsies, glomeruli, or images themselves."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.morphometry.sample import Sample

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Components:
    """Variances of a figure of images, in its unit squared; NaN where a level does not vary.

    Attributes
    ----------
    biopsies, glomeruli, images : float
        Between biopsies of a group, between glomeruli of a biopsy, between images of a glomerulus
        (of a biopsy where no glomerulus has two images or no name). At least 0.
    n_biopsies, n_glomeruli, n_images : int
        Images with a value, and their units.
    note : str
        Why there are none, or which level is missing; "" otherwise.
    """

    biopsies: float
    glomeruli: float
    images: float
    n_biopsies: int
    n_glomeruli: int
    n_images: int
    note: str = ""

    @property
    def shares(self) -> tuple[float, float, float]:
        """Share of biopsies, glomeruli and images in the sum; a level without a variance has 0."""
        parts = np.nan_to_num([self.biopsies, self.glomeruli, self.images])
        whole = float(parts.sum())
        biopsies, glomeruli, images = (parts / whole if whole else parts * math.nan).tolist()
        return biopsies, glomeruli, images


def components(values: ArrayLike, samples: Sequence[Sample]) -> Components:
    """Return the variance components of a figure of images.

    Groups are fixed: differences between them count nowhere. Images without the name of a biopsy
    are left out; one without the name of its glomerulus is a glomerulus of its own, unless no
    image has one: that level is left out then.

    Parameters
    ----------
    values : (N,) array_like of float
        NaN where an image has none.
    samples : sequence of N Sample

    Notes
    -----
    Analysis of variance for nested random effects with unequal numbers: sums of squares are set
    equal to their expectations, from images upwards; negative variances become 0. S. R. Searle,
    G. Casella, C. E. McCulloch, "Variance Components" (1992). With few units such variances are
    rough.
    """
    figures = np.asarray(values, np.float64)
    has_value = np.isfinite(figures) & np.array([bool(s.biopsy) for s in samples], bool)
    chosen = [sample for sample, has in zip(samples, has_value, strict=True) if has]
    figures = figures[has_value]
    has_glomeruli = any(sample.glomerulus for sample in chosen)
    group = _codes([sample.group for sample in chosen])
    biopsy = _codes([sample.biopsy for sample in chosen])
    names = [(s.biopsy, s.glomerulus or i) for i, s in enumerate(chosen)]
    glomerulus = _codes(names) if has_glomeruli else biopsy
    n_glomeruli = len({(s.biopsy, s.glomerulus) for s in chosen if s.glomerulus})
    found = _anova(figures, (glomerulus, biopsy, group))
    biopsies, glomeruli, images = found[2], found[1] if has_glomeruli else math.nan, found[0]
    return Components(
        biopsies,
        glomeruli,
        images,
        _n(biopsy),
        n_glomeruli,
        len(figures),
        _note(biopsies, glomeruli, images),
    )


def _anova(values: Floats, levels: Sequence[NDArray[np.int64]]) -> tuple[float, float, float]:
    """Return variances within the first level, between its units, and between those of the next.

    `levels` are glomerulus, biopsy and group of each image. A level without degrees of freedom
    has NaN; the level above takes it as 0.
    """
    if not len(values):
        return math.nan, math.nan, math.nan
    glomerulus, biopsy, _ = levels
    images = np.arange(len(values))
    variances: list[float] = []
    coders = (images, glomerulus, biopsy)
    for level, (inner, outer) in enumerate(zip(coders, levels, strict=True)):
        degrees = _n(inner) - _n(outer)
        if not degrees:
            variances.append(math.nan)
            continue
        squares = _between(values, inner) - _between(values, outer)
        spent = sum(
            (0.0 if math.isnan(found) else found) * _weight(unit, inner, outer)
            for found, unit in zip(variances, coders[:level], strict=True)
        )
        own = _weight(inner, inner, outer)
        variances.append(max(0.0, (squares - spent) / own))
    return variances[0], variances[1], variances[2]


def _between(values: Floats, unit: NDArray[np.int64]) -> float:
    """Return the sum of squared sums of units over their numbers of images."""
    return float((np.bincount(unit, values) ** 2 / np.bincount(unit)).sum())


def _weight(effect: NDArray[np.int64], inner: NDArray[np.int64], outer: NDArray[np.int64]) -> float:
    """Return how often the variance of an effect is in the squares between inner, within outer.

    That of sum_u (sum of images in u)^2 / n_u is the sum over u of the squared numbers of images
    of the effect's units in u, over n_u.
    """
    return _in_squares(effect, inner) - _in_squares(effect, outer)


def _in_squares(effect: NDArray[np.int64], unit: NDArray[np.int64]) -> float:
    pairs = np.unique(np.stack([unit, effect]), axis=1, return_counts=True)
    (of_unit, _), counts = pairs
    return float((counts**2 / np.bincount(unit)[of_unit]).sum())


def _codes(names: Sequence[Hashable]) -> NDArray[np.int64]:
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], np.int64)


def _n(unit: NDArray[np.int64]) -> int:
    return len(np.unique(unit))


def _note(biopsies: float, glomeruli: float, images: float) -> str:
    missing = [
        words
        for value, words in (
            (biopsies, "no group has two biopsies"),
            (glomeruli, "no biopsy has two named glomeruli"),
            (images, "no glomerulus has two images"),
        )
        if math.isnan(value)
    ]
    return f"Not known in full: {', '.join(missing)}." if missing else ""
