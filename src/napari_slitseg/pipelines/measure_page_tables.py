"""Tables of a report page; part of `measure_page`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from napari_slitseg.core.morphometry import ROLLUP_FIGURES, EditCounts, Estimate, Rollup, Unit
from napari_slitseg.core.morphometry.nested import FEW_UNITS
from napari_slitseg.pipelines.measure_page_images import failures_table, images_table
from napari_slitseg.pipelines.measure_page_study import compared, precision, variation
from napari_slitseg.pipelines.measure_page_table import (
    NONE,
    PageTable,
    heading,
    number,
    percent,
    short_range,
    told_once,
    without,
)
from napari_slitseg.pipelines.measure_phrases import scale_kinds, share
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

_NO_VALUE: Final = f"{NONE}: no image of the row has a value; the table of images says why."
_SHOWN: Final = {
    "slit_density_per_um": "Slits/µm",
    "fpw_mean_nm": "Mean FPW",
    "fpw_length_over_count_nm": "Length/slits",
    "fpw_stereological_nm": "Stereol. FPW",
    "effaced_fraction": "Effaced",
}
_FIGURES: Final = tuple(each for each in ROLLUP_FIGURES if each.name in _SHOWN)
_HOW: Final = "Figures"
_FULL: Final = {
    "Glom.": "glomeruli",
    "Left out": "images without a scale or a membrane line",
    "Length (µm)": "of the membrane",
    "Edited": "share of points that people set, moved or took away",
    **{_SHOWN[each.name]: heading(each) for each in _FIGURES},
}
_SAID: Final = {
    "group": ("Group",),
    "all": ("Group",),
    "biopsy": ("Biopsies",),
    "glomerulus": ("Biopsies", "Glom."),
}


def page_tables(result: MeasureResult, rolled: Rollup) -> list[PageTable]:
    """Return the tables that have a row, in the order of a report."""
    units = [*rolled.groups, rolled.everything]
    every = [
        _units("Groups and all images", units, result, rolled),
        _units("Biopsies", rolled.biopsies, result, rolled),
        compared(rolled),
        precision(rolled),
        variation(rolled),
        _units("Glomeruli", rolled.glomeruli, result, rolled),
        images_table(result.images),
        failures_table(result),
    ]
    return [table for table in every if table.rows]


def _names(unit: Unit) -> tuple[str, str]:
    if unit.level == "glomerulus":
        return f"{unit.sample.biopsy} / {unit.name}", unit.sample.group or NONE
    of_group = "" if unit.level == "group" else unit.sample.group
    return unit.name, of_group or NONE


def _units(title: str, units: Sequence[Unit], result: MeasureResult, rolled: Rollup) -> PageTable:
    columns = (
        "Name", "Group", "Scale from", "Biopsies", "Glom.", "Images", "Left out", "Length (µm)",
        "Slits", "Edited", _HOW, *_SHOWN.values(),
    )  # fmt: skip
    images = {image.name: image for image in result.images}
    rows = tuple((*_names(unit), *_counts(unit, images), *_figures(unit)) for unit in units)
    is_long = any(unit.level == "glomerulus" for unit in units)
    table = PageTable(title, columns, rows, _note(rolled), 3, is_long=is_long, full=_FULL)
    said = {name for unit in units for name in _SAID[unit.level]}
    plain = told_once(without(table, tuple(said)), ("Group", "Left out", "Edited"))
    return _scale_once(plain, {_kind(image) for image in result.images})


def _kind(image: MeasuredImage) -> str:
    return "unknown" if image.measures.scale is None else image.measures.scale.kind


def _scale_once(table: PageTable, kinds: set[str]) -> PageTable:
    """Say in a note how scales are known where that is the same in all images."""
    if len(kinds) != 1:
        return table
    note = f"Scale from: {min(kinds)}, in all images. {table.note}"
    return replace(without(table, ("Scale from",)), note=note)


def _note(rolled: Rollup) -> str:
    return (
        "First line: mean of means (images to glomerulus, glomeruli to biopsy, biopsies to group, "
        f"each with the same weight), with its {percent(rolled)} interval: t is Student's, over "
        f"the units right below where these are fewer than {FEW_UNITS}; otherwise it is a nested "
        "bootstrap interval, for which these units are drawn anew first, then those in them. One "
        "unit, or units that are all alike, have no interval. Second line: pooled, from "
        "sums over all images, with a bootstrap interval where there are "
        f"{FEW_UNITS} units. FPW: foot process width, nm. {_NO_VALUE}"
    )


def _figures(unit: Unit) -> list[str]:
    """Return how the figures come about, then each figure: mean of means above, pooled below."""
    found = [unit.estimates[each.name] for each in _FIGURES if each.name in unit.estimates]
    if not found:
        return [NONE] * (1 + len(_FIGURES))
    hows = {each.shown.how for each in found} - {""}
    is_one = len(hows) == 1
    by = f" ({min(hows)})" if is_one else ""
    has_pooled = any(math.isfinite(each.pooled.low) for each in found)
    names = f"mean{by}\npooled{' (bootstrap)' if has_pooled else ''}"
    return [names, *(_cell(each, names_how=not is_one) for each in found)]


def _cell(found: Estimate, *, names_how: bool) -> str:
    shown, unit = found.shown, found.figure.unit
    by = shown.how if names_how else ""
    mean = short_range(found.mean.value, (shown.low, shown.high), unit, by)
    return f"{mean}\n{short_range(found.pooled.value, (found.pooled.low, found.pooled.high), unit)}"


def _counts(unit: Unit, images: Mapping[str, MeasuredImage]) -> tuple[str, ...]:
    every = [images[row.name] for row in (*unit.rows, *unit.left_out)]
    scales = [images[row.name].measures.scale for row in unit.rows]
    of = EditCounts.together(image.edits for image in every)
    return (
        scale_kinds(scales) or NONE,
        str(unit.n_biopsies) if unit.n_biopsies else NONE,
        str(unit.n_glomeruli) if unit.n_glomeruli else NONE,
        str(len(unit.rows)),
        str(len(unit.left_out)),
        number(unit.length_um, "µm"),
        str(unit.n_slits),
        share(of.edited_share) if of.n_slits + of.taken_away else NONE,
    )
