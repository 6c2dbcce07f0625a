"""Two evaluations of the same images side by side, and what may be said of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from napari_slitseg.core.metrics.figures import FIGURES, has_figure
from napari_slitseg.core.metrics.paired import (
    NotComparable,
    PairedComparison,
    check_comparable,
    compare_paired,
    some_of,
)
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.core.rows import rows_as_csv

_SHOWN: Final = ("f1", "precision", "recall", "count_ratio")
_LENGTHS: Final = ("mean_image_vanilla", "localisation")
_ROW: Final = (
    *("n_annotated", "n_predicted", "true_positive", "false_positive", "missed"),
    *("precision", "recall", "f1", "vanilla_px", "localisation_px"),
)


@dataclass(frozen=True)
class Comparison:
    """Two evaluations of the same images with the same annotations and tolerance.

    Attributes
    ----------
    names : (str, str)
        What the sides are called, the first being what the second is compared with.
    first, second : EvaluationResult
    figures : tuple of PairedComparison
        F1 first.
    """

    names: tuple[str, str]
    first: EvaluationResult
    second: EvaluationResult
    figures: tuple[PairedComparison, ...] = ()

    @property
    def verdict(self) -> str:
        """What F1 shows, in sentences; "" where nothing was compared."""
        return say_verdict(self.figures[0], self.names) if self.figures else ""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; NaN and infinity are kept."""
        return {
            "format": "napari-slitseg comparison",
            "format_version": 1,
            "names": list(self.names),
            "verdict": self.verdict,
            "figures": [each.to_dict() for each in self.figures],
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
        }

    def to_csv(self) -> str:
        """Return one row an image: the figures of either side, and the difference of F1."""
        rows, second = [], {image.name: image for image in self.second.images}
        for one in self.first.images:
            other = second[one.name]
            row: dict[str, Any] = {"image": one.name, "biopsy": one.biopsy}
            for side, image in (("first", one), ("second", other)):
                row |= {f"{name}_{side}": getattr(image.scores, name) for name in _ROW}
            rows.append(row | {"f1_difference": other.scores.f1 - one.scores.f1})
        return rows_as_csv(rows)


def compare_results(
    first: EvaluationResult, second: EvaluationResult, names: tuple[str, str]
) -> Comparison:
    """Compare two evaluations of the same images.

    Raises
    ------
    NotComparable
        If images, annotations (by number, and fingerprint where known), pixel sizes or tolerances
        differ.
    """
    one, other = first.scores, second.scores
    check_comparable(one, other)
    _check_fingerprints(first, second)
    biopsies = None
    if first.biopsies is not None:
        biopsies = {image.name: image.biopsy for image in first.images}
    figures = (
        compare_paired(one, other, biopsies=biopsies, how=first.how),
        *(
            compare_paired(one, other, figure=name, biopsies=biopsies, how=first.how)
            for name in _names(first, second)[1:]
        ),
    )
    return Comparison(names, first, second, figures)


def _check_fingerprints(first: EvaluationResult, second: EvaluationResult) -> None:
    known = {image.name: image.annotation_sha256 for image in first.images}
    changed = [
        image.name
        for image in second.images
        if known[image.name] and image.annotation_sha256 not in ("", known[image.name])
    ]
    if changed:
        raise NotComparable(
            "Files of annotations changed between the two evaluations; evaluate both sides again: "
            f"{some_of(changed)}."
        )


def _names(first: EvaluationResult, second: EvaluationResult) -> list[str]:
    scores = [image.scores for image in (*first.images, *second.images)]
    unit = "nm" if has_figure(FIGURES["localisation_nm"], scores) else "px"
    lengths = [f"{length}_{unit}" for length in _LENGTHS]
    return [*_SHOWN, *(name for name in lengths if has_figure(FIGURES[name], scores))]


def say_verdict(found: PairedComparison, names: tuple[str, str]) -> str:
    """Say what a comparison shows, and no more.

    A difference is called one only where `PairedComparison.verdict` says so; otherwise the sentence
    says that none was shown, which is not that there is none.
    """
    first, second = names
    interval, title = found.difference, FIGURES[found.figure].title
    n = interval.n_images
    images = "this 1 image" if n == 1 else f"these {n} images"
    if interval.unit == "biopsy":
        biopsies = "1 biopsy" if interval.n_units == 1 else f"{interval.n_units} biopsies"
        images = f"{images} of {biopsies}"
    counts = (
        f"{second} is better on {found.n_better}, {first} on {found.n_worse}, "
        f"equal on {found.n_equal}"
    )
    figure = f"{title} {signed(interval.value)} ({_ends(found)})"
    if found.verdict == 0:
        return f"No difference shown on {images}: {figure}; {counts}.{_but(found)}"
    better, worse = names[::-1] if found.verdict > 0 else names
    wins = found.n_better if found.verdict > 0 else found.n_worse
    return (
        f"{better} is better than {worse} on {wins} of {images}: {figure}. "
        f"{counts[0].upper()}{counts[1:]}."
    )


def _but(found: PairedComparison) -> str:
    """Say why an interval that leaves 0 out is not enough."""
    interval = found.difference
    if FIGURES[found.figure].higher_is_better is None or not (
        interval.low > 0 or interval.high < 0
    ):
        return ""
    units = {"image": "images", "biopsy": "biopsies"}[interval.unit]
    return (
        f" The interval leaves 0 out, but {interval.n_units} {units} are too few or too mixed to "
        "tell that from chance."
    )


def _ends(found: PairedComparison) -> str:
    interval = found.difference
    if math.isnan(interval.low):
        return "no interval"
    ends = f"{signed(interval.low)} to {signed(interval.high)}"
    return f"{interval.confidence * 100:g} % interval {ends}, swap test P = {found.swap_p:.2g}"


def signed(value: float, digits: int = 3) -> str:
    """Write a difference with its sign; "-" where there is none."""
    if math.isnan(value):
        return "-"
    text = f"{value:+.{digits}f}"
    return text.replace("-", "+", 1) if float(text) == 0 else text
