"""How each kind of point looks: a symbol and a colour that colour-blind people tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class MarkStyle:
    """Look of one kind of point.

    Attributes
    ----------
    label : str
        What the legend calls it.
    symbol : str
        A napari point symbol.
    colour : str
        Hexadecimal RGB.
    size : float
        Diameter in units of the standard diameter.
    tooltip : str
        One sentence for the legend.
    filled : bool
        Whether the inside is coloured too.
    """

    label: str
    symbol: str
    colour: str
    size: float
    tooltip: str
    filled: bool = True


SKY_BLUE: Final = "#56B4E9"
BLUISH_GREEN: Final = "#009E73"
VERMILLION: Final = "#D55E00"
YELLOW: Final = "#F0E442"
WHITE: Final = "#FFFFFF"
GREY: Final = "#BBBBBB"
ORANGE: Final = "#E69F00"
BLUE: Final = "#0072B2"

_FOUND = "Found by the model; nothing to compare with."

MARKS: Final = MappingProxyType(
    {
        "detected": MarkStyle("Detected", "disc", SKY_BLUE, 0.9, _FOUND),
        "true positive": MarkStyle(
            "True positive", "disc", SKY_BLUE, 0.65, "Found, and annotated within tolerance."
        ),
        "false positive": MarkStyle(
            "False positive", "x", VERMILLION, 1.0, "Found, but not annotated."
        ),
        "set aside": MarkStyle(
            "Set aside", "cross", GREY, 0.8, "Found near an uncertain annotation: not scored."
        ),
        "missed": MarkStyle(
            "Missed", "diamond", YELLOW, 1.5, "Annotated, but not found.", filled=False
        ),
        "matched": MarkStyle(
            "Annotated, found", "disc", WHITE, 1.3, "Annotation of a true positive.", filled=False
        ),
        "annotated": MarkStyle(
            "Annotated", "disc", WHITE, 1.25, "Annotated by a person.", filled=False
        ),
        "left out": MarkStyle(
            "Left out", "triangle_down", GREY, 1.1, "Rejected, or only proposed.", filled=False
        ),
        "uncertain": MarkStyle(
            "Uncertain",
            "square",
            GREY,
            1.1,
            "The annotator was not sure: not scored.",
            filled=False,
        ),
    }
)
"""Kinds of points by name. Detections are filled, annotations are outlines."""

MATCH_LINE: Final = ORANGE
"""Colour of the line from a detection to its annotation."""

UNDER_REVIEW: Final = BLUISH_GREEN
"""Colour of the ring around the point that is being judged."""

MEMBRANE_COLOUR: Final = BLUE
SLIT_COLOUR: Final = "#C0006A"
"""Brightest colours of the two maps. Added to grey and to each other they stay off white."""

MARK_NM: Final = 120.0
"""Standard diameter of a mark, nm."""
