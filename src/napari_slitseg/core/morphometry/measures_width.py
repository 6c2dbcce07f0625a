"""Figures of foot process width."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from napari_slitseg.core.morphometry.censoring import censored_mean
from napari_slitseg.core.morphometry.image_measures import ImageMeasures
from napari_slitseg.core.morphometry.intervals import SAME_PLACE_PX
from napari_slitseg.core.morphometry.path import Floats
from napari_slitseg.core.morphometry.quantities import ends_px, length_px, n_slits, widths_px
from napari_slitseg.core.morphometry.reasons import (
    NO_SCALE,
    ONE_WIDTH,
    ZERO_WIDTH,
    why_no_slit,
    why_no_width,
)
from napari_slitseg.core.morphometry.value import Measure, Value, no_value

_BY_DEFINITION: Final = "definition"
_INTERVALS: Final = (
    "Foot process width as arc length along the membrane between neighbouring slits "
    "(Smerkous et al., Kidney Int 2024;105:165-176)."
)
_OF_WIDTHS: Final = "the arc lengths along the membrane between neighbouring slits"
_LOWER_BOUND: Final = "At least so much: the longest stretch is cut off by the end of its line."
_OfPx = Callable[[ImageMeasures], Value]


def harmonic_mean(widths: Floats) -> Value:
    """Return n over the sum of 1 / width; no value where a width is (nearly) 0."""
    if (widths < SAME_PLACE_PX).any():
        return no_value(ZERO_WIDTH)
    return Value(float(len(widths) / (1 / widths).sum()))


def standard_deviation(widths: Floats) -> Value:
    """Return the standard deviation with n - 1 in the denominator; no value for one width."""
    return Value(float(widths.std(ddof=1))) if len(widths) > 1 else no_value(ONE_WIDTH)


def _of_widths(statistic: Callable[[Floats], Value]) -> _OfPx:
    """Return what computes a figure from the widths of an image, px."""

    def of(measures: ImageMeasures) -> Value:
        why = why_no_width(measures)
        return no_value(why) if why else statistic(np.sort(widths_px(measures)))

    return of


def _censored(measures: ImageMeasures) -> Value:
    why = why_no_width(measures)
    if why:
        return no_value(why)
    widths, ends = widths_px(measures), ends_px(measures)
    is_bound = ends.max(initial=0.0) > widths.max()
    return Value(censored_mean(widths, ends), note=_LOWER_BOUND if is_bound else "")


def _length_over_count(factor: float) -> _OfPx:
    def of(measures: ImageMeasures) -> Value:
        why = why_no_slit(measures)
        return no_value(why) if why else Value(factor * length_px(measures) / n_slits(measures))

    return of


def _in_both_units(
    name: str, title: str, definition: str, source: str, of_px: _OfPx
) -> tuple[Measure, Measure]:
    """Return a width in nm and in px."""

    def in_nm(measures: ImageMeasures) -> Value:
        found = of_px(measures)
        if measures.scale is None or not found.is_known:
            return no_value(found.why or NO_SCALE)
        return Value(found.value * measures.scale.nm_per_px, note=found.note)

    return (
        Measure(f"{name}_nm", title, "nm", definition, source, in_nm),
        Measure(f"{name}_px", title, "px", definition, source, of_px),
    )


def _plain(statistic: Callable[[Floats], float]) -> _OfPx:
    return _of_widths(lambda widths: Value(float(statistic(widths))))


WIDTH_MEASURES: Final[tuple[Measure, ...]] = (
    *_in_both_units(
        "fpw_mean",
        "Mean foot process width",
        f"Arithmetic mean of {_OF_WIDTHS}. Foot processes at the ends of a line are not in it, and "
        "wide ones are cut off more often, so it is too small where lines are short or effaced.",
        _INTERVALS,
        _plain(np.mean),
    ),
    *_in_both_units(
        "fpw_harmonic",
        "Harmonic mean foot process width",
        f"Harmonic mean of {_OF_WIDTHS}: n over the sum of 1 / width.",
        _BY_DEFINITION,
        _of_widths(harmonic_mean),
    ),
    *_in_both_units(
        "fpw_median",
        "Median foot process width",
        f"Median of {_OF_WIDTHS}.",
        _BY_DEFINITION,
        _plain(np.median),
    ),
    *_in_both_units(
        "fpw_std",
        "Standard deviation of foot process width",
        f"Standard deviation (n - 1) of {_OF_WIDTHS}: how they vary, not how sure the mean is.",
        _BY_DEFINITION,
        _of_widths(standard_deviation),
    ),
    *_in_both_units(
        "fpw_min",
        "Smallest foot process width",
        f"Smallest of {_OF_WIDTHS}.",
        _BY_DEFINITION,
        _plain(np.min),
    ),
    *_in_both_units(
        "fpw_max",
        "Largest foot process width",
        f"Largest of {_OF_WIDTHS}.",
        _BY_DEFINITION,
        _plain(np.max),
    ),
    *_in_both_units(
        "fpw_censored_mean",
        "Mean foot process width with those cut off by ends",
        "Product-limit (Kaplan-Meier) mean: stretches from a slit to an end of its line count as "
        "widths that are at least so long, at half weight since a line has two ends. A lower "
        "bound where the longest stretch of all is one of them.",
        "Peña, Strawderman and Hollander, J Am Stat Assoc 2001;96:1299-1315, after Kaplan and "
        "Meier, J Am Stat Assoc 1958;53:457-481; the half weight is this program's.",
        _censored,
    ),
    *_in_both_units(
        "fpw_length_over_count",
        "Foot process width as length over count",
        "Length of all membrane lines over the slits on them: 1 / slit density. Unbiased by the "
        "ends of lines, also where slits are few, since stretches without slits count.",
        "Membrane length over slits, the uncorrected form of the stereological width.",
        _length_over_count(1.0),
    ),
    *_in_both_units(
        "fpw_stereological",
        "Stereological foot process width",
        "pi/4 times membrane length over slits: corrects for the random angle between the section "
        "and the long axis of the foot processes.",
        "van den Berg et al., Kidney Int 2004;66:1901-1906; Deegens et al., Kidney Int "
        "2008;74:1568-1576; after Gundersen, Seefeldt and Østerby, Cell Tissue Res "
        "1980;205:147-155.",
        _length_over_count(math.pi / 4),
    ),
)
"""How wide foot processes are."""
