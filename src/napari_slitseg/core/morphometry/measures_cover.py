"""Figures of how much of the membrane is covered by what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from napari_slitseg.core.morphometry.image_measures import ImageMeasures
from napari_slitseg.core.morphometry.path import Floats
from napari_slitseg.core.morphometry.quantities import (
    length_px,
    not_measured_px,
    widths_px,
)
from napari_slitseg.core.morphometry.reasons import NO_SCALE, why_no_membrane
from napari_slitseg.core.morphometry.value import Measure, Value, no_value

_BY_DEFINITION: Final = "definition"


def _share(part_px: Callable[[ImageMeasures], float]) -> Callable[[ImageMeasures], Value]:
    """Return what computes a part of the membrane's length as a share of it."""

    def of(measures: ImageMeasures) -> Value:
        why = why_no_membrane(measures)
        if why:
            return no_value(why)
        return Value(min(part_px(measures) / length_px(measures), 1.0))

    return of


def _share_in_nm(part_px: Callable[[ImageMeasures], float]) -> Callable[[ImageMeasures], Value]:
    """Return the same for a part that a limit in nm decides."""
    share = _share(part_px)
    return lambda m: no_value(why_no_membrane(m) or NO_SCALE) if m.scale is None else share(m)


def _sum_of(lengths_px: Floats) -> float:
    return float(lengths_px.sum())


def _limit_px(measures: ImageMeasures) -> float:
    return measures.settings.effaced_nm / measures.nm_per_px


def _effaced_px(measures: ImageMeasures) -> float:
    limit = _limit_px(measures)
    whole, in_part = widths_px(measures), not_measured_px(measures)
    return _sum_of(whole[whole > limit]) + _sum_of(in_part[in_part > limit])


def _undecided_px(measures: ImageMeasures) -> float:
    in_part = not_measured_px(measures)
    return _sum_of(in_part[in_part <= _limit_px(measures)])


def _n_not_measured(measures: ImageMeasures) -> int:
    return len(not_measured_px(measures))


def _censored_share(measures: ImageMeasures) -> Value:
    why = why_no_membrane(measures)
    return no_value(why) if why else Value(_n_not_measured(measures) / len(measures.intervals.line))


COVER_MEASURES: Final[tuple[Measure, ...]] = (
    Measure(
        "n_intervals",
        "Measured foot processes",
        "",
        "Stretches of membrane between two neighbouring slits: so many widths.",
        _BY_DEFINITION,
        lambda m: Value(float(len(widths_px(m)))),
        is_count=True,
    ),
    Measure(
        "n_censored",
        "Stretches cut off",
        "",
        "Stretches from a slit to an end of its line, and lines without a slit: the foot process "
        "there is at least so wide, nobody knows how wide.",
        _BY_DEFINITION,
        lambda m: Value(float(_n_not_measured(m))),
        is_count=True,
    ),
    Measure(
        "censored_fraction",
        "Share of stretches cut off",
        "",
        "Stretches cut off over all stretches, by number.",
        _BY_DEFINITION,
        _censored_share,
    ),
    Measure(
        "attachment_fraction",
        "Attachment fraction",
        "",
        "Share of the membrane length between two neighbouring slits, so covered by measurable "
        "foot processes, effaced ones included.",
        _BY_DEFINITION,
        _share(lambda m: _sum_of(widths_px(m))),
    ),
    Measure(
        "effaced_fraction",
        "Effaced fraction",
        "",
        "Share of the membrane length under foot processes wider than the limit in the settings: "
        "those between two slits, and those cut off that are longer than the limit already. At "
        "least so much: what is cut off before the limit is not in it.",
        _BY_DEFINITION,
        _share_in_nm(_effaced_px),
    ),
    Measure(
        "effacement_unknown_fraction",
        "Fraction of unknown effacement",
        "",
        "Share of the membrane length under foot processes that are cut off before the limit. The "
        "true effaced fraction lies between the effaced fraction and that plus this.",
        _BY_DEFINITION,
        _share_in_nm(_undecided_px),
    ),
)
"""How much of the membrane is covered by what."""
