"""Compare two models, or two people, on the same images."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from napari_slitseg.core.metrics.bootstrap import (
    Bootstrap,
    Interval,
    interval_of_sums,
    sums_of_units,
)
from napari_slitseg.core.metrics.figures import FIGURES, Figure, Floats, has_figure
from napari_slitseg.core.metrics.paired_tests import sign_test, swap_test, wilcoxon_test
from napari_slitseg.core.metrics.scores import ImageScores
from napari_slitseg.core.nearest import choices

_BY_IMAGE: Final = ("sign_p", "wilcoxon_p")
_SAME: Final = 1e-12


class NotComparable(ValueError):
    """Two sets of scores do not belong to the same images, annotations or tolerance."""


@dataclass(frozen=True)
class PairedComparison:
    """How a second set of results differs from a first on the same images.

    Parameters
    ----------
    figure : str
        Name in `FIGURES`.
    first, second : float
        The figure of all images together that have it on that side: a model that finds nothing in
        the hard images has no Chamfer distance there, so judge by the vanilla one.
    difference : Interval
        second - first of all images together, with its paired bootstrap interval: every resample
        holds the same images, or biopsies, for both.
    image_differences : dict
        second - first by image; NaN where either has no value.
    n_better, n_equal, n_worse, n_undefined : int
        Images on which the second is better, and so on; where neither way is better (count
        ratio) those on which its figure is larger. Undefined ones are in no test.
    swap_p : float
        Two-sided P of the pooled difference by swapping images, or biopsies, between the sides.
    sign_p : float
        Two-sided P of the sign test: better against worse, equal ones left out. 1 without any.
    wilcoxon_p : float
        Two-sided P of Wilcoxon's signed rank test on the differences per image, zeros left out. 1
        where all are zero.
    """

    figure: str
    first: float
    second: float
    difference: Interval
    image_differences: Mapping[str, float]
    n_better: int
    n_equal: int
    n_worse: int
    n_undefined: int
    swap_p: float
    sign_p: float
    wilcoxon_p: float

    @property
    def verdict(self) -> int:
        """1 where the second is better, -1 where it is worse, 0 where no difference was shown.

        The interval of the difference must leave 0 out, and `swap_p` must be at most what the
        confidence leaves: with few images an interval alone is too narrow, and of two alike models
        one would be called better too often (12 % with 8 images). The other P values do not count.
        """
        low, high = self.difference.low, self.difference.high
        better = FIGURES[self.figure].higher_is_better
        is_shown = (low > 0 or high < 0) and self.swap_p <= 1 - self.difference.confidence
        if better is None or not is_shown:
            return 0
        return 1 if (low > 0) is better else -1

    def to_dict(self) -> dict[str, Any]:
        """Return every figure as plain values; the differences per image are in a list."""
        names = ("figure", "first", "second", "n_better", "n_equal", "n_worse", "n_undefined")
        plain = {name: getattr(self, name) for name in (*names, "swap_p", *_BY_IMAGE, "verdict")}
        images = [
            {"image": name, "difference": value} for name, value in self.image_differences.items()
        ]
        return plain | {"difference": self.difference.to_dict(), "images": images}


def compare_paired(
    first: Mapping[str, ImageScores],
    second: Mapping[str, ImageScores],
    *,
    figure: str = "f1",
    biopsies: Mapping[str, Hashable] | None = None,
    how: Bootstrap | None = None,
) -> PairedComparison:
    """Compare two sets of scores of the same images.

    Parameters
    ----------
    first, second : mapping
        Scores by image; the same images, annotations and tolerance. Of annotations scores hold
        the numbers alone, so others of the same number pass here.
    figure : str
        Name in `FIGURES`.
    biopsies : mapping, optional
        Biopsy of each image; whole biopsies are resampled then.
    how : Bootstrap, optional

    Returns
    -------
    PairedComparison

    Raises
    ------
    NotComparable
        If the images, their numbers of annotations, pixel sizes or tolerances differ; the message
        names them.
    ValueError
        If there is no such figure, the images have none, or an image has no biopsy.
    """
    check_comparable(first, second)
    of = _figure(figure, [*first.values(), *second.values()])
    names = list(first)
    one, other = [first[name] for name in names], [second[name] for name in names]
    units = None if biopsies is None else _biopsies_of(names, biopsies)
    differences = _image_differences(of, one, other)
    return PairedComparison(
        figure=figure,
        first=of.pooled(one),
        second=of.pooled(other),
        **_pooled_difference(of, one, other, units, how or Bootstrap()),
        image_differences=dict(zip(names, differences.tolist(), strict=True)),
        **_tests(differences, sign=-1 if of.higher_is_better is False else 1),
    )


def _pooled_difference(
    figure: Figure,
    first: Sequence[ImageScores],
    second: Sequence[ImageScores],
    biopsies: Sequence[Hashable] | None,
    how: Bootstrap,
) -> dict[str, Any]:
    one, other = figure.rows(first), figure.rows(second)
    width = one.shape[1]

    def difference(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            return figure.value(sums[:, width:]) - figure.value(sums[:, :width])

    rows = np.hstack([one, other])
    before, after = sums_of_units(one, biopsies), sums_of_units(other, biopsies)
    return {
        "difference": interval_of_sums(rows, difference, biopsies=biopsies, how=how),
        "swap_p": swap_test(before, after, figure.value, n_swaps=how.n_resamples, seed=how.seed),
    }


def check_comparable(first: Mapping[str, ImageScores], second: Mapping[str, ImageScores]) -> None:
    """Refuse two sets of scores that are not of the same images, annotations and tolerance.

    Raises
    ------
    NotComparable
        The message names what differs.
    """
    if not first:
        raise NotComparable("There is no image to compare.")
    if alone := set(first) ^ set(second):
        raise NotComparable(
            f"A comparison needs the same images on both sides; only one side has {some_of(alone)}."
        )
    for what, of in _SAME_FOR_BOTH.items():
        if differ := [name for name in first if not _equal(of(first[name]), of(second[name]))]:
            raise NotComparable(
                f"The two sides were scored with different {what}, so their scores cannot be "
                f"compared: {some_of(differ)}."
            )


_SAME_FOR_BOTH: Final[Mapping[str, Callable[[ImageScores], tuple[float | None, ...]]]] = {
    "tolerances": lambda s: (s.tolerance_px,),
    "pixel sizes": lambda s: (s.pixel_size_nm,),
    "annotations": lambda s: (s.n_annotated, s.n_uncertain),
}


def _equal(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    return all(
        a == b or (a is not None and b is not None and math.isclose(a, b))
        for a, b in zip(one, other, strict=True)
    )


def some_of(names: Sequence[str] | set[str]) -> str:
    """List the first three names, and how many more there are."""
    listed = sorted(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(listed[:3]) + more


def _figure(name: str, scores: Sequence[ImageScores]) -> Figure:
    if name not in FIGURES:
        raise ValueError(f"There is no figure {name!r}; {choices(name, FIGURES, they='there are')}")
    if not has_figure(FIGURES[name], scores):
        raise ValueError(f"These images have no {name}: their pixel sizes differ or are unknown.")
    return FIGURES[name]


def _biopsies_of(names: Sequence[str], biopsies: Mapping[str, Hashable]) -> list[Hashable]:
    if lacking := [name for name in names if name not in biopsies]:
        raise ValueError(f"No biopsy is known of {some_of(lacking)}.")
    return [biopsies[name] for name in names]


def _image_differences(
    figure: Figure, first: Sequence[ImageScores], second: Sequence[ImageScores]
) -> Floats:
    one, other = (
        np.array([figure.of_image(each) for each in side], np.float64) for side in (first, second)
    )
    with np.errstate(invalid="ignore"):
        return np.where(np.isclose(one, other, rtol=0, atol=_SAME), 0.0, other - one)


def _tests(differences: Floats, *, sign: int) -> dict[str, Any]:
    """Return counts and P values; `sign` is -1 where less is better."""
    defined = sign * differences[np.isfinite(differences)]
    n_better, n_worse = int((defined > 0).sum()), int((defined < 0).sum())
    return {
        "n_better": n_better,
        "n_equal": len(defined) - n_better - n_worse,
        "n_worse": n_worse,
        "n_undefined": len(differences) - len(defined),
        "sign_p": sign_test(n_better, n_worse),
        "wilcoxon_p": wilcoxon_test(defined),
    }
