"""What the Measure dock says in words. Knows neither Qt nor napari."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from napari_slitseg.core.calibration import Scale
from napari_slitseg.widgets._measure_state import Measured

EMPTY: Final = (
    "Slit density, foot process width and membrane length of your images appear here. Open images, "
    "then predict slits or annotate them."
)
HIDDEN: Final = "Blinded reading: measures are hidden."
NOT_MEASURED: Final = "{name} is not measured yet. Press Measure this image."
NO_SCALE: Final = (
    "Scale: not known, so lengths are in px and nothing is in nm. Calibrate, or type nm/px in Load "
    "images."
)

_SLITS: Final = MappingProxyType(
    {
        "reviewed": "annotation, review done",
        "annotation": "annotation",
        "decisions and unjudged proposals": "what people decided, and proposals nobody judged",
        "proposals": "the model's proposals, which nobody judged",
        "none": "none yet",
    }
)
_MEMBRANE: Final = MappingProxyType(
    {"drawn": "drawn by a person", "model": "the model's map", "none": "none"}
)


def sources_of(measured: Measured) -> str:
    """Say where slits and membrane of an image come from."""
    editors = f" ({', '.join(measured.editors)})" if measured.editors else ""
    return (
        f"Slits: {_SLITS.get(measured.slits_from, measured.slits_from)}{editors}. "
        f"Membrane: {_MEMBRANE.get(measured.membrane_from, measured.membrane_from)}."
    )


def scale_of(scale: Scale | None) -> str:
    """Say what the scale of an image is, and where it comes from."""
    return NO_SCALE if scale is None else f"Scale: {scale}."
