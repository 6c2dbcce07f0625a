"""Tables of a report page; part of `measure_page`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from napari_slitseg.core.morphometry import ROLLUP_FIGURES, EditCounts, Rollup, RollupFigure, Unit
from napari_slitseg.pipelines.measure_page_images import failures_table, images_table
from napari_slitseg.pipelines.measure_page_study import compared, precision, variation
from napari_slitseg.pipelines.measure_page_table import (
    NONE,
    PageTable,
    heading,
    number,
    percent,
    ranged,
)
from napari_slitseg.pipelines.measure_phrases import scale_kinds, share
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

_NO_VALUE: Final = (
    f"{NONE}: no image of the row has a value (the table of images says why), or there are fewer "
    "than two units for a range."
)
_POOLED: Final = (
    "slit_density_per_um", "fpw_mean_nm", "fpw_length_over_count_nm", "fpw_stereological_nm",
    "effaced_fraction",
)  # fmt: skip
_MEANS: Final = ("slit_density_per_um", "fpw_mean_nm", "fpw_harmonic_nm", "fpw_median_nm")


def page_tables(result: MeasureResult, rolled: Rollup) -> list[PageTable]:
    """Return the tables that have a row, in the order of a report."""
    units = [*rolled.groups, rolled.everything]
    every = [
        _pooled("Groups and all images", units, result, rolled),
        _pooled("Biopsies", rolled.biopsies, result, rolled),
        _means("Means of means: groups and all images", units, rolled),
        _means("Means of means: biopsies", rolled.biopsies, rolled),
        compared(rolled),
        precision(rolled),
        variation(rolled),
        _pooled("Glomeruli", rolled.glomeruli, result, rolled),
        images_table(result.images),
        failures_table(result),
    ]
    return [table for table in every if table.rows]


def _by_name(names: Sequence[str]) -> list[RollupFigure]:
    return [each for each in ROLLUP_FIGURES if each.name in names]


def _names(unit: Unit) -> tuple[str, str]:
    if unit.level == "glomerulus":
        return f"{unit.sample.biopsy} / {unit.name}", unit.sample.group or NONE
    of_group = "" if unit.level == "group" else unit.sample.group
    return unit.name, of_group or NONE


def _pooled(title: str, units: Sequence[Unit], result: MeasureResult, rolled: Rollup) -> PageTable:
    figures = _by_name(_POOLED)
    columns = (
        "Name", "Group", "Biopsies", "Glomeruli", "Images", "Left out", "Membrane (µm)", "Slits",
        "Edited points", "Scale from", *map(heading, figures),
    )  # fmt: skip
    note = (
        "Pooled: sums over all images of the row. In brackets "
        f"{percent(rolled)} nested bootstrap intervals: the units right below are drawn anew first "
        "(biopsies of a group, glomeruli of a biopsy), then those in them, down to images. They "
        "are too narrow where such units are few; with one there is none. Left out: images without "
        f"a scale or a membrane line. {_NO_VALUE}"
    )
    images = {image.name: image for image in result.images}
    rows = [
        (*_names(unit), *_counts(unit, images), *(_of_pooled(unit, each) for each in figures))
        for unit in units
    ]
    is_long = any(unit.level == "glomerulus" for unit in units)
    return PageTable(title, columns, tuple(rows), note, 2, is_long=is_long)


def _counts(unit: Unit, images: Mapping[str, MeasuredImage]) -> tuple[str, ...]:
    every = [images[row.name] for row in (*unit.rows, *unit.left_out)]
    scales = [images[row.name].measures.scale for row in unit.rows]
    of = EditCounts.together(image.edits for image in every)
    return (
        str(unit.n_biopsies) if unit.n_biopsies else NONE,
        str(unit.n_glomeruli) if unit.n_glomeruli else NONE,
        str(len(unit.rows)),
        str(len(unit.left_out)),
        number(unit.length_um, "µm"),
        str(unit.n_slits),
        share(of.edited_share) if of.n_slits + of.taken_away else NONE,
        scale_kinds(scales) or NONE,
    )


def _of_pooled(unit: Unit, figure: RollupFigure) -> str:
    found = unit.estimates.get(figure.name)
    if found is None:
        return NONE
    return ranged(found.pooled.value, found.pooled.low, found.pooled.high, figure.unit)


def _means(title: str, units: Sequence[Unit], rolled: Rollup) -> PageTable:
    figures = _by_name(_MEANS)
    columns = ["Name", "Group"]
    for each in figures:
        columns += [heading(each), "by Student's t"]
    rows = []
    for unit in units:
        cells: list[str] = []
        for each in figures:
            cells += _of_means(unit, each)
        rows.append((*_names(unit), *cells))
    note = (
        "Images to glomerulus, glomeruli to biopsy, biopsies to group, each with the same weight. "
        f"In brackets {percent(rolled)} nested bootstrap intervals; beside them {percent(rolled)} "
        "ranges by Student's t over the units right below, the more honest ones where these are "
        f"few. {_NO_VALUE}"
    )
    return PageTable(title, tuple(columns), tuple(rows), note, 2)


def _of_means(unit: Unit, figure: RollupFigure) -> list[str]:
    found = unit.estimates.get(figure.name)
    if found is None:
        return [NONE, NONE]
    has_range = math.isfinite(found.t_low)
    ends = f"{number(found.t_low, figure.unit)} to {number(found.t_high, figure.unit)}"
    return [
        ranged(found.mean.value, found.mean.low, found.mean.high, figure.unit),
        ends if has_range else NONE,
    ]
