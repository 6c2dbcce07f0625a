"""Figures of a report, with captions that say what is shown and of how many.

Importing this loads matplotlib: import it where a report is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from matplotlib.figure import Figure

from napari_slitseg.core.morphometry import Rollup, Unit
from napari_slitseg.core.morphometry.nested import FEW_UNITS
from napari_slitseg.pipelines.measure_comparisons import COMPARED, biopsies_by_group
from napari_slitseg.pipelines.measure_figures_convergence import (
    BAND,
    MOST_SHOWN,
    N_ORDERS,
    convergence_figure,
    units_shown,
)
from napari_slitseg.pipelines.measure_figures_images import images_figure, images_shown
from napari_slitseg.pipelines.measure_figures_units import biopsies_figure, groups_figure
from napari_slitseg.pipelines.measure_figures_widths import (
    Widths,
    is_boxes,
    upper_nm,
    widths_figure,
    widths_shown,
)
from napari_slitseg.pipelines.measure_page_table import percent
from napari_slitseg.pipelines.measure_phrases import count, scale_kinds
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult
from napari_slitseg.pipelines.measure_rollups import confidence_of


@dataclass(frozen=True)
class ReportFigure:
    """A figure that can be drawn.

    Attributes
    ----------
    name : str
        Short, of lower case letters.
    title, caption : str
        The caption says how many units are shown and what bars are.
    draw : callable
        Makes the figure; call it inside `measure_figures_style.drawing`.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]


def report_figures(result: MeasureResult, rolled: Rollup) -> Iterator[ReportFigure]:
    """Yield the figures for which there is something to show, in the order of a report."""
    rows = {row.name for row in rolled.everything.rows}
    scales = [image.measures.scale for image in result.images if image.name in rows]
    for figure in _figures(result, rolled):
        known = "" if figure.name == "images" else f" Scale from: {scale_kinds(scales)}."
        yield replace(figure, caption=f"{figure.caption}{known}")


def _figures(result: MeasureResult, rolled: Rollup) -> Iterator[ReportFigure]:
    if images := images_shown(result):
        yield _of_images(images)
    if shown := widths_shown(rolled):
        yield _of_widths(shown)
    if any(unit.rows for unit in rolled.biopsies):
        yield _of_biopsies([unit for unit in rolled.biopsies if unit.rows], rolled)
    if len(rolled.groups) > 1:
        yield _of_groups(rolled)
    if units := units_shown(rolled):
        yield _of_convergence(units, rolled)


def _of_images(images: Sequence[MeasuredImage]) -> ReportFigure:
    which = (
        "One image of each group with the mean width in the middle of its group"
        if len(images) > 1
        else "The image with the mean width in the middle of all"
    )
    has_scale = any(image.measures.scale is not None for image in images)
    known = f" Scale from: {scale_kinds(image.measures.scale for image in images)}."
    bar = f" The bar in the corner is the scale.{known}" if has_scale else ""
    n = ", ".join(str(int(image.measures.intervals.is_measured.sum())) for image in images)
    caption = (
        f"{which}, chosen among those with many foot processes. The membrane line is coloured by "
        "foot process width, as arc length between neighbouring slits (white dots); grey are "
        f"stretches cut off by an end of the line, which have no width. n = {n} widths.{bar}"
    )
    return ReportFigure("images", "Foot processes", caption, partial(images_figure, images))


def _of_widths(shown: Sequence[Widths]) -> ReportFigure:
    end = upper_nm(shown)
    n = sum(len(each.nm) for each in shown)
    n_beyond = sum(int((each.nm > end).sum()) for each in shown)
    if is_boxes(shown):
        what = "Boxes: quartiles and median; whiskers: 5 % to 95 %. Wider ones are not drawn."
    else:
        what = (
            "Solid line: median; dotted line: mean. "
            f"{count(n_beyond, 'width')} beyond the axis: in n, median and mean all the same."
        )
    caption = (
        f"Distribution of foot process widths (arc length between neighbouring slits), n = {n} in "
        f"all, pooled: every width counts once, so these are no means of means. {what} Widths of "
        "one image are not independent of each other."
    )
    return ReportFigure(
        "widths", "Foot process widths", caption, partial(widths_figure, list(shown))
    )


def _of_biopsies(biopsies: Sequence[Unit], rolled: Rollup) -> ReportFigure:
    n_images = sum(len(unit.rows) for unit in biopsies)
    caption = (
        f"n = {count(len(biopsies), 'biopsy', 'biopsies')} of "
        f"{count(n_images, 'image')} (number of images in brackets). Dots: means of means (images "
        "to glomerulus, glomeruli to biopsy); crosses: pooled over all images of the biopsy. Bars: "
        f"{percent(rolled)} intervals of the means of means over glomeruli (images, where no "
        f"glomerulus is named): dotted by Student's t where these are fewer than {FEW_UNITS}, "
        "cut off at what is possible; solid by nested bootstrap. Open dots: no interval."
    )
    return ReportFigure("biopsies", "Biopsies", caption, partial(biopsies_figure, list(biopsies)))


def _of_groups(rolled: Rollup) -> ReportFigure:
    values = {each.name: biopsies_by_group(rolled, each) for each in COMPARED}
    n = sum(unit.n_biopsies for unit in rolled.groups)
    caption = (
        f"n = {n} biopsies in {len(rolled.groups)} groups. Each dot is a biopsy (mean of "
        f"means). Thick line: mean of the biopsies; bars: its {percent(rolled)} range by "
        "Student's t over the biopsies, where there are two at least."
    )
    draw = partial(groups_figure, values, confidence_of(rolled))
    return ReportFigure("groups", "Groups", caption, draw)


def _of_convergence(units: Sequence[Unit], rolled: Rollup) -> ReportFigure:
    of = len(rolled.biopsies)
    which = (
        f" {len(units)} of {of} biopsies: those of each group with most images."
        if len(units) < of
        else ""
    )
    n = ", ".join(str(len(unit.rows)) for unit in units)
    caption = (
        "Foot process width as length over count, pooled, after so many images, against that of "
        "all images of the biopsy (in the corner of each panel), in "
        f"{N_ORDERS} random orders of the images: median (line) and the middle 95 % of the orders "
        f"(band). Dotted lines: {BAND:.0%} around the value with all images. The band closes at "
        "the last image since all orders have the same images there; that is no sign of certainty. "
        f"What is beyond {MOST_SHOWN} % is cut."
        f"{which} n = {n} images."
    )
    return ReportFigure(
        "convergence",
        "How the figure settles with more images",
        caption,
        partial(convergence_figure, list(units)),
    )
