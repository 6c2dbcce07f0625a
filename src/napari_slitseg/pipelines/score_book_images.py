"""One row an image, and one row a figure of all images together, as sheets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any, Final

from napari_slitseg.core.metrics.agreement import CountAgreement
from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.core.metrics.figures import POOLINGS
from napari_slitseg.core.metrics.result import EvaluationResult, ImageResult, Summary
from napari_slitseg.pipelines.score_book_sheet import Sheet

REVIEW: Final = "Review"
EMPTY: Final = "Why cells are empty"
_POOLED_COLUMNS: Final = (
    *("Figure", "Value", "Interval from", "Interval to", "Confidence", "How put together"),
    *("Images", "Drawn anew", "Units drawn", "Method", "Notes"),
)
_ONE_EMPTY: Final = ("chamfer", "hausdorff", "averaged", "earth", "bijective")
METHODS: Final = MappingProxyType(
    {"bca": "BCa bootstrap (Efron 1987)", "percentile": "percentile bootstrap", "": ""}
)
"""How intervals are made, in words that a paper can use."""

_TEXTS: Final = ("image", "biopsy", "file", "annotation", "prediction", "notice")


def title_of(name: str) -> str:
    """Heading of a figure."""
    return COLUMNS[name].title if name in COLUMNS else name


def image_sheet(result: EvaluationResult, reviews: Sequence[str] = ()) -> Sheet:
    """Return every figure of every image; where cells are empty, the last column says why."""
    dicts = [image.to_dict() for image in result.images]
    names = list(dict.fromkeys(name for each in dicts for name in each))
    names = names or ["image"]
    columns = [*map(title_of, names), EMPTY]
    rows: list[list[Any]] = [
        [*(values.get(name) for name in names), why_empty(image, names)]
        for image, values in zip(result.images, dicts, strict=True)
    ]
    if reviews:
        columns.insert(1, REVIEW)
        for row, review in zip(rows, reviews, strict=True):
            row.insert(1, review)
    return Sheet("Images", columns, rows)


def why_empty(image: ImageResult, names: Sequence[str]) -> str:
    """Say for each figure that an image does not have why, "" where it has all of them."""
    values = image.to_dict()
    reasons: dict[str, list[str]] = {}
    for name in names:
        value = values.get(name)
        is_number = isinstance(value, int | float) and math.isfinite(value)
        if not is_number and not name.startswith(_TEXTS):
            reasons.setdefault(_reason(name, image, value), []).append(title_of(name))
    return "; ".join(f"{', '.join(titles)}: {why}" for why, titles in reasons.items())


def _reason(name: str, image: ImageResult, value: Any) -> str:
    scores = image.scores
    if name == "pixel_size_nm" or (name.endswith("_nm") and scores.pixel_size_nm is None):
        return "the pixel size is unknown"
    if isinstance(value, float) and math.isinf(value):
        return "infinite, as nothing is annotated"
    if name.startswith("membrane"):
        return "there is no map, or no mask, of its membrane"
    if name.startswith("localisation"):
        return "no slit was matched"
    if name == "precision":
        return "nothing was found"
    if name == "recall" or (name == "count_ratio" and scores.n_predicted == 0):
        return "nothing is annotated"
    if name.startswith(_ONE_EMPTY) and (scores.n_predicted == 0) != (scores.n_annotated == 0):
        return "nothing was found" if scores.n_predicted == 0 else "nothing is annotated"
    return "not defined for this image"


def pooled_sheet(result: EvaluationResult) -> Sheet:
    """Return the figures of all images together with their intervals."""
    return Sheet("Pooled", _POOLED_COLUMNS, list(_pooled_rows(result)))


def _pooled_rows(result: EvaluationResult) -> Iterator[list[Any]]:
    pooled = result.pooled
    if pooled is None:
        return
    how, n = POOLINGS["pooled"], pooled.n_images
    for name in ("n_annotated", "n_predicted", "true_positive", "false_positive", "missed"):
        total = [title_of(name), getattr(pooled, name), None, None, None]
        yield [*total, f"sum: {how}", n, None, None, None, "A sum; it has no interval."]
    yield from map(_summary_row, result.summary)
    yield from _agreement_rows(result.agreement[0])


def _summary_row(summary: Summary) -> list[Any]:
    found = summary.interval
    return [
        *(summary.title, found.value, found.low, found.high, found.confidence),
        f"{summary.pooling}: {POOLINGS[summary.pooling]}",
        *(
            found.n_images,
            _plural(found.unit),
            found.n_units,
            METHODS[found.method],
            _note(summary),
        ),
    ]


def _note(summary: Summary) -> str:
    found = summary.interval
    if math.isnan(found.value):
        return f"Not defined for these images. {found.note}".strip()
    if math.isinf(found.value):
        return f"Infinite, as nothing is annotated. {found.note}".strip()
    return found.note


def _agreement_rows(found: CountAgreement) -> Iterator[list[Any]]:
    """Bland and Altman's figures of the numbers of slits."""
    how = "mean over images: found less annotated, slits an image"
    for title, value, (low, high) in (
        ("Difference of counts, mean", found.bias, found.bias_range),
        ("Difference of counts, lower limit", found.lower_limit, found.lower_limit_range),
        ("Difference of counts, upper limit", found.upper_limit, found.upper_limit_range),
    ):
        ends = [title, value, low, high, found.confidence, how]
        yield [*ends, found.n_images, "images", found.n_images, "Bland and Altman", found.reason]


def _plural(unit: str) -> str:
    return {"biopsy": "biopsies"}.get(unit, f"{unit}s")
