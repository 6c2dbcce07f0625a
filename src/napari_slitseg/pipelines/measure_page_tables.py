"""Tables of a report page; part of `measure_page`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from napari_slitseg.core.morphometry import ROLLUP_FIGURES, EditCounts, Rollup, RollupFigure, Unit
from napari_slitseg.pipelines.measure_page_images import failures_table, images_table
from napari_slitseg.pipelines.measure_page_study import compared, precision, variation
from napari_slitseg.pipelines.measure_page_table import NONE, PageTable, heading, number, ranged
from napari_slitseg.pipelines.measure_phrases import share
from napari_slitseg.pipelines.measure_result import MeasureResult

_POOLED: Final = (
    "slit_density_per_um", "fpw_mean_nm", "fpw_length_over_count_nm", "fpw_stereological_nm",
    "effaced_fraction",
)  # fmt: skip
_MEANS: Final = ("slit_density_per_um", "fpw_mean_nm", "fpw_harmonic_nm", "fpw_median_nm")


def page_tables(result: MeasureResult, rolled: Rollup) -> list[PageTable]:
    """Return the tables that have a row, in the order of a report."""
    edits = {image.name: image.edits for image in result.images}
    units = [*rolled.groups, rolled.everything]
    every = [
        _pooled("Groups and all images", units, edits),
        _pooled("Biopsies", rolled.biopsies, edits),
        _means("Means of means: groups and all images", units),
        _means("Means of means: biopsies", rolled.biopsies),
        compared(rolled),
        precision(rolled),
        variation(rolled),
        _pooled("Glomeruli", rolled.glomeruli, edits),
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


def _pooled(title: str, units: Sequence[Unit], edits: Mapping[str, EditCounts]) -> PageTable:
    figures = _by_name(_POOLED)
    columns = (
        "Name", "Group", "Biopsies", "Glomeruli", "Images", "Left out", "Membrane (µm)", "Slits",
        "Edited points", *map(heading, figures),
    )  # fmt: skip
    note = (
        "Pooled: sums over all images of the row. In brackets 95 % nested bootstrap intervals: the "
        "units right below are drawn anew first (biopsies of a group, glomeruli of a biopsy), then "
        "those in them, down to images. They are too narrow where such units are few; with one "
        "there is none. Left out: images without a scale or a membrane line."
    )
    rows = [
        (*_names(unit), *_counts(unit, edits), *(_of_pooled(unit, each) for each in figures))
        for unit in units
    ]
    is_long = any(unit.level == "glomerulus" for unit in units)
    return PageTable(title, columns, tuple(rows), note, 2, is_long=is_long)


def _counts(unit: Unit, edits: Mapping[str, EditCounts]) -> tuple[str, ...]:
    images = (*unit.rows, *unit.left_out)
    of = EditCounts.together(edits[row.name] for row in images if row.name in edits)
    return (
        str(unit.n_biopsies) if unit.n_biopsies else NONE,
        str(unit.n_glomeruli) if unit.n_glomeruli else NONE,
        str(len(unit.rows)),
        str(len(unit.left_out)),
        number(unit.length_um, "µm"),
        str(unit.n_slits),
        share(of.edited_share) if of.n_slits + of.taken_away else NONE,
    )


def _of_pooled(unit: Unit, figure: RollupFigure) -> str:
    found = unit.estimates.get(figure.name)
    if found is None:
        return NONE
    return ranged(found.pooled.value, found.pooled.low, found.pooled.high, figure.unit)


def _means(title: str, units: Sequence[Unit]) -> PageTable:
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
        "In brackets 95 % nested bootstrap intervals; beside them 95 % ranges by Student's t over "
        "the units right below, the more honest ones where these are few."
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
