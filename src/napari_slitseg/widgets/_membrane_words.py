"""What the membrane part says."""

from __future__ import annotations

from typing import Final

from napari_slitseg.core.membrane import ASSUMED_PIXEL_SIZE_NM
from napari_slitseg.widgets._membrane import LINE, Membrane

_HINTS: Final = {
    "paint": "Drag over the image to paint. Hold Space to move the view.",
    "erase": "Drag over the stripe to take it away. Hold Space to move the view.",
    "fill": "Click to fill. Done gives the mouse back.",
    "polygon": "Click around an area; a double click fills it. Done gives the mouse back.",
}


def state_of(membrane: Membrane) -> str:
    """Say in a few words what there is of the membrane."""
    entry = membrane.entry
    if entry is None:
        return "no image"
    if not membrane.has_stripe:
        return "not drawn yet"
    return "as read from its file" if membrane.layer.files.is_read(entry) else "drawn"


def hint_of(membrane: Membrane) -> str:
    """Say what the mouse does now, and what is assumed."""
    if membrane.entry is None:
        return "Open an image to draw its membrane."
    hint = _line_hint(membrane) if membrane.tool == LINE else _HINTS.get(membrane.tool, "")
    return "\n".join(filter(None, (hint, _assumption(membrane))))


def _line_hint(membrane: Membrane) -> str:
    if not len(membrane.line.line):
        return (
            "Click along the side of the membrane where the foot processes stand; a drag moves the "
            "view."
        )
    return (
        f"{membrane.drawn_um:.2f} µm so far. Double click or Enter finishes the line, Backspace "
        "takes a corner back, Escape drops it."
    )


def _assumption(membrane: Membrane) -> str:
    entry = membrane.entry
    if entry is None or entry.pixel_size_nm is not None or not membrane.tool:
        return ""
    return (
        f"The pixel size of this image is not known: {ASSUMED_PIXEL_SIZE_NM:g} nm is assumed, so "
        f"the stripe is {membrane.width_px:.1f} px wide."
    )
