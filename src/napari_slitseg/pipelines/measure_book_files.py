"""One row an image: where it belongs, what was measured, every figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import MEASURES, Measure, Value, figures
from napari_slitseg.core.morphometry.reasons import NO_SCALE
from napari_slitseg.core.morphometry.value import no_value
from napari_slitseg.pipelines.measure_book_people import people_columns
from napari_slitseg.pipelines.measure_book_table import Column, Table, number, with_unit
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

_NO_DOUBT: Final = "It is not known how well the scale is known."


@dataclass(frozen=True, eq=False)
class ImageFigures:
    """An image with all its figures."""

    image: MeasuredImage
    figures: dict[str, Value]

    @property
    def scale(self) -> Scale | None:
        """Its scale."""
        return self.image.measures.scale


def files_table(result: MeasureResult) -> Table:
    """Return one row an image, in the order of the result."""
    return Table("files", "Files", FILE_COLUMNS, _items(result), frozen=1)


def _items(result: MeasureResult) -> Iterator[ImageFigures]:
    for image in result.images:
        yield ImageFigures(image, figures(image.measures))


def _text(of: Callable[[MeasuredImage], str]) -> Callable[[ImageFigures], str]:
    return lambda item: of(item.image)


def _of_scale(of: Callable[[Scale], Any]) -> Callable[[ImageFigures], Any]:
    return lambda item: no_value(NO_SCALE) if item.scale is None else of(item.scale)


def _doubt(scale: Scale) -> Value:
    share = scale.relative_uncertainty
    return number(float("nan") if share is None else share, _NO_DOUBT)


def _cell(measure: Measure, item: ImageFigures) -> Any:
    found = item.figures[measure.name]
    return int(found.value) if measure.is_count else found


def _measure_column(measure: Measure) -> Column:
    return Column(
        measure.name,
        with_unit(measure.title, measure.unit),
        f"{measure.definition} Source: {measure.source.rstrip('.')}.",
        partial(_cell, measure),
    )


def sample_columns(of: Callable[[Any], Any]) -> tuple[Column, ...]:
    """Return where something belongs; `of` returns its `Sample`."""
    told = "as a person, a table or the names of the files told; empty where nobody did."
    return (
        Column("group", "Group", f"Group of the biopsy, {told}", lambda item: of(item).group),
        Column(
            "biopsy", "Biopsy", f"Biopsy, patient or animal, {told}", lambda item: of(item).biopsy
        ),
        Column("glomerulus", "Glom", f"Glomerulus, {told}", lambda item: of(item).glomerulus),
    )


def _notices(item: ImageFigures) -> str:
    """Return what there is to say of an image and of its figures, each once."""
    of_figures = [
        f"{MEASURES[name].title}: {found.note}"
        for name, found in item.figures.items()
        if found.note
    ]
    said = (*item.image.notices, *item.image.measures.notices, *of_figures)
    return " ".join(dict.fromkeys(said))


FILE_COLUMNS: Final[tuple[Column, ...]] = (
    Column("file", "File", "Path below the folder of the images.", _text(lambda i: i.name)),
    *sample_columns(lambda item: item.image.sample),
    Column("page", "Page", "Page of the file, from 0.", lambda item: item.image.page),
    Column(
        "review",
        "Review",
        "open, in progress or done; empty without one.",
        _text(lambda i: i.review),
    ),
    Column(
        "slits_from",
        "Slits from",
        "reviewed: the annotation of a review that is done. annotation: one of slits that nobody "
        "decided one by one. decisions and unjudged proposals: what people decided so far, and "
        "what a model found elsewhere. proposals: what a model found. none: nothing.",
        _text(lambda i: i.slits_from),
    ),
    Column(
        "membrane_from",
        "Membrane from",
        "drawn: by a person. model: a model's map. none: nothing.",
        _text(lambda i: i.membrane_from),
    ),
    *people_columns(lambda item: item.image.edits),
    Column("editors", "Editors", "Who, as far as known.", _text(lambda i: ", ".join(i.editors))),
    Column(
        "nm_per_px", "Scale (nm/px)", "Side of a pixel.", _of_scale(lambda s: Value(s.nm_per_px))
    ),
    Column(
        "scale_from",
        "Scale from",
        "Where the scale comes from: file, typed, table, scale bar or grating.",
        lambda item: "" if item.scale is None else item.scale.origin,
    ),
    Column(
        "scale_uncertainty",
        "Relative uncertainty of the scale",
        "Standard uncertainty of the scale as a share of it: every length in nm has it too.",
        _of_scale(_doubt),
    ),
    *map(_measure_column, MEASURES.values()),
    Column(
        "notices",
        "Notices",
        "What to know about this image.",
        _notices,
    ),
)
"""Columns of the table of images."""
