"""How the figures of a workbook were computed, in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.core.metrics.figures import POOLINGS
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.core.points import TOMBSTONES
from napari_slitseg.pipelines.score_book_images import EMPTY, METHODS, REVIEW
from napari_slitseg.pipelines.score_book_points import POINT_COLUMNS, ImagePoints
from napari_slitseg.pipelines.score_book_sheet import Sheet

Row = tuple[str, Any, Any]
_DIFFERS: Final = "not known, or not the same for all images"


def how_sheet(result: EvaluationResult, points: Sequence[ImagePoints]) -> Sheet:
    """Return settings, people's share, assumptions, and what every column means."""
    rows = [
        *_settings(result),
        *_intervals(result),
        *_people(points),
        *_assumptions(result),
        *_definitions(result),
    ]
    columns = ("About", "What", "Value or meaning")
    return Sheet("How these were computed", columns, rows, frozen=1, wrapped=True)


def _settings(result: EvaluationResult) -> Iterator[Row]:
    made = result.provenance
    yield "Made", "Date (UTC)", made.date
    for name, version in made.versions.items():
        yield "Made", f"Version of {name}", version
    yield "Made", "Version of the definitions", made.conventions
    yield "Found by", "Model", made.model or _DIFFERS
    yield "Found by", "SHA-256 of the model", made.model_sha256 or _DIFFERS
    detector = json.dumps(dict(made.detector)) if made.detector else _DIFFERS
    yield "Found by", "Detector with its settings", detector
    yield "Found by", "Threshold (lowest score of a slit)", _or(made.threshold)
    yield "Found by", "Smallest distance of two slits (nm)", _or(made.min_distance_nm)
    if made.predictions:
        yield "Found by", "Folder of the predictions", made.predictions
    if made.tolerance_px is None:
        yield "Compared", "Tolerance (nm), largest distance of a pair", _or(made.tolerance_nm)
    else:
        yield "Compared", "Tolerance (px), largest distance of a pair", made.tolerance_px
    yield "Compared", "Radius around uncertain annotations (nm)", _or(made.ignore_radius_nm)
    if made.biopsies:
        yield "Compared", "Table of biopsies", made.biopsies
    if made.job:
        yield "Made", "The whole job as JSON", json.dumps(dict(made.job))


def _intervals(result: EvaluationResult) -> Iterator[Row]:
    how = result.how
    over = "images" if result.biopsies is None else "biopsies"
    yield "Intervals", "Drawn anew", over
    yield "Intervals", "Number of resamples", how.n_resamples
    yield "Intervals", "Confidence", how.confidence
    yield "Intervals", "Method", METHODS[how.method]
    yield "Intervals", "Seed", how.seed
    for name, meaning in POOLINGS.items():
        yield "Put together", name, meaning


def _people(points: Sequence[ImagePoints]) -> Iterator[Row]:
    """How much of the annotations people set, moved or confirmed by name."""
    tables = [each.annotated for each in points]
    slits = sum(int(table.is_slit.sum()) for table in tables)
    signed = sum(int((table.is_slit & (table.time != "")).sum()) for table in tables)
    yield "Annotations", "Annotated slits, uncertain ones too", slits
    yield "Annotations", "of these set, moved or confirmed here by a person", signed
    share = signed / slits if slits else np.nan
    yield "Annotations", "their share" + ("" if slits else ": there are none"), share
    for status in TOMBSTONES:
        number = sum(int((table.status == status).sum()) for table in tables)
        yield "Annotations", f"Tombstones: {status}", number
    editors = Counter(name for table in tables for name in table.editor.tolist() if name)
    for name, number in editors.most_common():
        yield "Annotations", f"Points last edited by {name}", number


def _assumptions(result: EvaluationResult) -> Iterator[Row]:
    yield "Images", "Scored", len(result.images)
    yield "Images", "Put together on the sheet Pooled", len(result.pool)
    pool = {id(image) for image in result.pool}
    for image in result.images:
        if id(image) not in pool:
            yield "Images", image.name, "left out of Pooled: its pixel size is unknown"
    for image in result.images:
        if image.notice:
            yield "Assumptions", image.name, image.notice
    for name, reason in {**result.skipped, **result.failed}.items():
        yield "Images without scores", name, reason


def _definitions(result: EvaluationResult) -> Iterator[Row]:
    names = dict.fromkeys(name for image in result.images for name in image.to_dict())
    for name in names:
        if name in COLUMNS:
            yield "Column of Images", COLUMNS[name].title, f"{COLUMNS[name].meaning} ({name})"
    yield "Column of Images", REVIEW, "How far the review of the image is, where one is kept."
    yield "Column of Images", EMPTY, "Cells of figures that are not defined are empty; why is here."
    for title, meaning in POINT_COLUMNS.items():
        yield "Column of Points", title, meaning


def _or(value: float | None) -> float | str:
    return _DIFFERS if value is None else value
