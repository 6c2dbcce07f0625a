"""One row a glomerulus, a biopsy or a group: mean of means and pooled, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from napari_slitseg.core.metrics.bootstrap_interval import Interval
from napari_slitseg.core.morphometry import MEASURES, EditCounts, Value
from napari_slitseg.core.morphometry.rollup import Rollup, Unit
from napari_slitseg.core.morphometry.rollup_estimate import Estimate
from napari_slitseg.core.morphometry.rollup_figures import ROLLUP_FIGURES, RollupFigure
from napari_slitseg.core.morphometry.value import no_value
from napari_slitseg.pipelines.measure_book_people import people_columns
from napari_slitseg.pipelines.measure_book_table import Column, Table, number, with_unit
from napari_slitseg.pipelines.measure_phrases import SCALE_FROM, scale_kinds
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

_NO_FIGURES: Final = "No image of it has a membrane line and a scale."
_NO_VALUE: Final = "No image of it has a value."
_NO_INTERVAL: Final = "There is no interval."
_NO_T: Final = "Student's t needs two units that differ."


@dataclass(frozen=True, eq=False)
class UnitRow:
    """A unit with what people did to the slits of its images, and how their scale is known."""

    unit: Unit
    edits: EditCounts
    scale_from: str


def unit_tables(result: MeasureResult) -> tuple[Table, ...]:
    """Return the tables of glomeruli, biopsies and groups; all images are below the groups."""
    rolled: Rollup | None = result.rollups
    units: Sequence[tuple[str, str, int, Sequence[Unit]]] = (
        ("glomeruli", "Glomeruli", 3, () if rolled is None else rolled.glomeruli),
        ("biopsies", "Biopsies", 2, () if rolled is None else rolled.biopsies),
        ("groups", "Groups", 1, () if rolled is None else (*rolled.groups, rolled.everything)),
    )
    images = {image.name: image for image in result.images}
    return tuple(
        Table(
            name,
            title,
            (*_NAMES[:n_names], *_COMMON),
            [_row(unit, images) for unit in some],
            frozen=n_names,
        )
        for name, title, n_names, some in units
    )


def _row(unit: Unit, images: Mapping[str, MeasuredImage]) -> UnitRow:
    every = [images[row.name] for row in (*unit.rows, *unit.left_out)]
    scales = (images[row.name].measures.scale for row in unit.rows)
    edits = EditCounts.together(image.edits for image in every)
    return UnitRow(unit, edits, scale_kinds(scales))


def _group(item: UnitRow) -> str:
    return "all images" if item.unit.level == "all" else item.unit.sample.group


def _of_estimate(name: str, of: Callable[[Estimate], Any]) -> Callable[[UnitRow], Any]:
    def cell(item: UnitRow) -> Any:
        found = item.unit.estimates.get(name)
        return no_value(_NO_FIGURES) if found is None else of(found)

    return cell


def _value(interval: Interval) -> Value:
    return number(interval.value, interval.note or _NO_VALUE)


def _end(end: str, of: Callable[[Estimate], Interval]) -> Callable[[Estimate], Value]:
    return lambda found: number(getattr(of(found), end), of(found).note or _NO_INTERVAL)


def _shown(end: str) -> Callable[[Estimate], Value]:
    return lambda found: number(getattr(found.shown, end), found.shown.why)


def _figure_columns(figure: RollupFigure) -> list[Column]:
    mean, pooled = "mean of means", "pooled"
    of_mean: Callable[[Estimate], Interval] = lambda found: found.mean  # noqa: E731
    of_pooled: Callable[[Estimate], Interval] = lambda found: found.pooled  # noqa: E731
    parts: tuple[tuple[str, str, Callable[[Estimate], Any]], ...] = (
        ("", f", {mean}", lambda found: _value(found.mean)),
        ("_low", f", {mean}, interval from", _shown("low")),
        ("_high", f", {mean}, interval to", _shown("high")),
        ("_interval", f", {mean}, interval by", lambda found: found.shown.how),
        ("_bootstrap_low", f", {mean}, bootstrap from", _end("low", of_mean)),
        ("_bootstrap_high", f", {mean}, bootstrap to", _end("high", of_mean)),
        ("_t_low", f", {mean}, t from", lambda found: number(found.t_low, _NO_T)),
        ("_t_high", f", {mean}, t to", lambda found: number(found.t_high, _NO_T)),
        ("_pooled", f", {pooled}", lambda found: _value(found.pooled)),
        ("_pooled_low", f", {pooled}, bootstrap from", _end("low", of_pooled)),
        ("_pooled_high", f", {pooled}, bootstrap to", _end("high", of_pooled)),
        ("_file_average", ", mean over files", lambda e: number(e.file_average, _NO_VALUE)),
    )
    title = with_unit(figure.title, figure.unit)
    return [
        Column(
            figure.name + part,
            title + words,
            _MEANINGS[part] if part else f"{MEASURES[figure.name].definition} {_MEANINGS[part]}",
            _of_estimate(figure.name, of),
        )
        for part, words, of in parts
    ]


def _notes(item: UnitRow) -> str:
    """Say what to know of the figures: each sentence once."""
    found = item.unit.estimates.values()
    notes = [*(each.mean.note for each in found), *(each.note for each in found)]
    left_out = [f"{row.name}: its {row.why_none}." for row in item.unit.left_out]
    return " ".join(dict.fromkeys([note for note in notes if note] + left_out))


def _confidence(item: UnitRow) -> Any:
    known = [each.mean.confidence for each in item.unit.estimates.values()]
    return known[0] if known else no_value(_NO_FIGURES)


_MEANINGS: Final = {
    "": "Images to glomerulus, glomeruli to biopsy, biopsies to group: each has the same weight.",
    "_low": "Lower end of its interval: by Student's t where fewer than five units are right "
    "below, else by bootstrap.",
    "_high": "Upper end of that interval.",
    "_interval": "What made that interval: t or bootstrap.",
    "_bootstrap_low": "Lower end of its nested bootstrap interval; it takes five units.",
    "_bootstrap_high": "Upper end of its nested bootstrap interval; it takes five units.",
    "_t_low": "Lower end by Student's t over the units right below: more honest where these are "
    "few. Cut off at what is possible.",
    "_t_high": "Upper end by Student's t over the units right below, cut off likewise.",
    "_pooled": "From sums over all images, so long membranes weigh more.",
    "_pooled_low": "Lower end of the nested bootstrap interval of the pooled figure.",
    "_pooled_high": "Upper end of the nested bootstrap interval of the pooled figure.",
    "_file_average": "Plain mean over images, whatever glomerulus or biopsy they belong to.",
}

_NAMES: Final = (
    Column("group", "Group", "Name of the group.", _group),
    Column("biopsy", "Biopsy", "Name of the biopsy.", lambda item: item.unit.sample.biopsy),
    Column("glomerulus", "Glom", "Glomerulus.", lambda item: item.unit.sample.glomerulus),
)
_COMMON: Final[tuple[Column, ...]] = (
    Column(
        "n_images", "Images", "Images with a membrane line and a scale.", lambda i: len(i.unit.rows)
    ),
    Column(
        "n_left_out",
        "Images left out",
        "Images without a membrane line or without a scale: in no figure here.",
        lambda i: len(i.unit.left_out),
    ),
    Column("n_glomeruli", "Glomeruli", "Glomeruli of known name.", lambda i: i.unit.n_glomeruli),
    Column("n_biopsies", "Biopsies", "Biopsies of known name.", lambda i: i.unit.n_biopsies),
    *people_columns(lambda item: item.edits),
    Column("scale_from", "Scale from", SCALE_FROM, lambda item: item.scale_from),
    Column(
        "membrane_length_um", "Membrane length (µm)", "Of all images.", lambda i: i.unit.length_um
    ),
    Column("n_slits", "Slits", "On that membrane.", lambda i: i.unit.n_slits),
    Column("n_intervals", "Measured foot processes", "Widths.", lambda i: i.unit.n_widths),
    *(column for figure in ROLLUP_FIGURES for column in _figure_columns(figure)),
    Column("confidence", "Confidence", "Of the intervals.", _confidence),
    Column("drawn", "Units drawn", "What the intervals draw anew first.", lambda i: i.unit.drawn),
    Column("notes", "Notes", "What to know of these figures.", _notes),
)
"""Columns of every table of units."""
