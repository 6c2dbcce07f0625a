"""Figures of the membrane line and the slits on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from napari_slitseg.core.morphometry.image_measures import ImageMeasures
from napari_slitseg.core.morphometry.quantities import joined_px, length_px, n_slits
from napari_slitseg.core.morphometry.reasons import NO_SCALE, why_no_membrane
from napari_slitseg.core.morphometry.value import Measure, Unit, Value, no_value

_BY_DEFINITION: Final = "definition"
_DENSITY: Final = (
    "Slits on the membrane over the length of all its lines, those without a slit included."
)
_SUPER_RESOLUTION: Final = (
    "Slits per length of section. The filtration slit density of super-resolution microscopy "
    "(Artelt et al., Front Med 2018;5:292) is slit length per area seen from above; it equals "
    "pi/2 times this one where slits run in all directions alike (Buffon)."
)


def _count(
    name: str, title: str, definition: str, of: Callable[[ImageMeasures], int | float]
) -> Measure:
    """Return a figure that always has a value."""
    return Measure(
        name, title, "", definition, _BY_DEFINITION, lambda m: Value(float(of(m))), is_count=True
    )


def _length(
    name: str,
    title: str,
    definition: str,
    of: Callable[[ImageMeasures], float],
    why_none: Callable[[ImageMeasures], str] = lambda _: "",
) -> tuple[Measure, Measure]:
    """Return a length in µm and in px; `why_none` tells where there is none."""

    def in_px(measures: ImageMeasures) -> Value:
        why = why_none(measures)
        return no_value(why) if why else Value(float(of(measures)))

    def in_um(measures: ImageMeasures) -> Value:
        if measures.scale is None:
            return no_value(why_none(measures) or NO_SCALE)
        px = in_px(measures)
        return px if px.why else Value(px.value * measures.scale.nm_per_px / 1000)

    return (
        Measure(f"{name}_um", title, "µm", definition, _BY_DEFINITION, in_um),
        Measure(f"{name}_px", title, "px", definition, _BY_DEFINITION, in_px),
    )


def _density(name: str, unit: Unit, per: Callable[[ImageMeasures], float]) -> Measure:
    """Return slits over length; `per` is the length of a pixel in the unit below the slash."""

    def of(measures: ImageMeasures) -> Value:
        why = why_no_membrane(measures) or (NO_SCALE if math.isnan(per(measures)) else "")
        if why:
            return no_value(why)
        return Value(n_slits(measures) / (length_px(measures) * per(measures)))

    return Measure(name, "Slit density", unit, _DENSITY, _SUPER_RESOLUTION, of)


LINE_MEASURES: Final[tuple[Measure, ...]] = (
    *_length(
        "membrane_length",
        "Membrane length",
        "Length of all membrane lines along their curves, bridged gaps included, excluded "
        "stretches left out.",
        length_px,
        why_no_membrane,
    ),
    _count("n_lines", "Membrane lines", "Number of separate lines.", lambda m: len(m.paths)),
    *_length(
        "joined",
        "Bridged gaps",
        "Part of the membrane length that bridges gaps of the membrane as it was found or drawn.",
        joined_px,
    ),
    *_length(
        "excluded",
        "Excluded length",
        "Length of membrane line that a person excluded; in no other figure.",
        lambda m: m.excluded_px,
    ),
    _count(
        "n_slits",
        "Slits",
        "Slits on the membrane: no farther from the nearest line than the limit in the settings.",
        n_slits,
    ),
    _count(
        "n_off_line",
        "Slits off the membrane",
        "Slits farther than that from every line: counted in no other figure.",
        lambda m: int((~m.slits.is_on_line & ~m.slits.is_excluded).sum()),
    ),
    _count(
        "n_excluded",
        "Excluded slits",
        "Slits in stretches that a person excluded: counted in no other figure.",
        lambda m: int(m.slits.is_excluded.sum()),
    ),
    _density("slit_density_per_um", "1/µm", lambda m: m.nm_per_px / 1000),
    _density("slit_density_per_1000_px", "1/1000 px", lambda m: 1 / 1000),
)
"""What there is of membrane and slits."""
